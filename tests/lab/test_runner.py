"""Real worker processes: whatever a lesson does, the app lives and says one sentence."""

from __future__ import annotations

import asyncio
import inspect
import os
import signal
import subprocess
import sys
import tempfile
import textwrap
from collections import Counter
from collections.abc import AsyncGenerator, Callable
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from processes import gone, hear_control_c
from studyapp.errors import SettingError, StudyError
from studyapp.lab import runner
from studyapp.lab.catalog import Declaration
from studyapp.lab.lines import Cancelled, Failed, Finished, Message, Restarted
from studyapp.lab.protocol import Fact, Knob, Metric, Progress, Remark

Probe = Callable[[str], Declaration]


async def collect(started: runner.LiveRun) -> list[Message]:
    return [message async for message in started.events()]


async def play(lesson: Declaration, **given: object) -> list[Message]:
    return await collect(await runner.start(lesson, given, "cpu"))


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the runner makes its temporary folders."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


async def test_a_run_says_what_it_loads_then_events_then_its_record(
    probe: Probe, folders: Path
) -> None:
    lesson = probe(
        """
        import os
        assert not os.listdir(), "the working directory is not fresh"
        open("rubbish", "w").close()
        print("a stray print")
        os.system("echo another one")
        yield Progress(1, knobs["n"])
        yield Metric(1, "loss", 0.5, 0.25, 0.75)
        yield Remark("half way")
        yield Result(({FACT}, Fact("threads", int(os.environ["OMP_NUM_THREADS"]), "", None, None,
                      1, "exact", os.environ["OMP_WAIT_POLICY"])))
        """
    )
    *events, last = await play(lesson, n=7)
    assert events == [
        Remark("loading probes.probe"),
        Progress(1, 7),
        Metric(1, "loss", 0.5, 0.25, 0.75),
        Remark("half way"),
    ]
    assert isinstance(last, Finished)
    assert last.facts[0] == Fact("count", 5, "points", 4, 6.5, 4, "student t", "4 draws")
    assert (last.facts[1].value, last.facts[1].varies) == (last.threads, "PASSIVE")
    assert (last.lesson, last.version, last.device, last.seed) == ("probe", 3, "cpu", 0)
    assert last.knobs == {"n": 7, "seeds": 4}
    assert last.python == sys.version.partition(" ")[0]
    assert last.torch is None
    assert last.seconds > 0
    assert list(folders.iterdir()) == []


# body of the lesson, its last words
ENDINGS = {
    "a sentence of its own": ("raise ValueError('n = 3 is too few.\\nmore')", "n = 3 is too few."),
    "an error": ("yield 1 / 0", "probe stopped: ZeroDivisionError: division by zero"),
    "an error without words": ("raise KeyError()", "probe stopped: KeyError"),
    "no result": ("yield Remark('done')", "probe ended without a result."),
    "no events": ("return None", "probe stopped: TypeError: 'NoneType' object is not iterable"),
    "no event": ("yield 'hello'", "probe yielded 'hello', which is no event."),
    "sys.exit": ("import sys; yield sys.exit(0)", "probe ended without a result."),
    "os._exit": ("import os; yield os._exit(0)", "probe ended without a result."),
    "exit code": (
        "import os; os.write(2, b'Oh dear.\\n'); yield os._exit(3)",
        "probe stopped with exit code 3: Oh dear.",
    ),
    "killed": (
        "import os; yield Metric(0, 'a', 1); os.kill(os.getpid(), 9)",
        "probe was killed, perhaps because memory ran out.",
    ),
    "segfault": (
        "import ctypes; yield ctypes.string_at(0)",
        "probe crashed (signal 11: Segmentation fault).",
    ),
    "out of memory": (
        "import resource; resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))\n"
        "yield Remark(str(len(bytearray(1 << 34))))",
        "probe ran out of memory: try smaller knobs, or fewer seeds.",
    ),
    "out of memory bit by bit": (
        "import resource; resource.setrlimit(resource.RLIMIT_AS, (1 << 28, 1 << 28))\n"
        "kept = []\n"
        "while True: kept.append([0.5] * 1000)\n"
        "yield",
        "probe ran out of memory: try smaller knobs, or fewer seeds.",
    ),
    "NaN in a fact": (
        "yield Result((Fact('gap', float('nan'), '', None, None, 1, 'exact', ''),))",
        "The figure gap cannot be kept: value of Fact: nan is not a finite number.",
    ),
    "infinity in an interval": (
        "yield Result((Fact('gap', 1, '', 0, float('inf'), 1, 'exact', ''),))",
        "The figure gap cannot be kept: high of Fact: inf is not a finite number.",
    ),
    "half an interval": (
        "yield Result((Fact('gap', 1, '', 0, None, 1, 'exact', ''),))",
        "The figure gap has half an interval.",
    ),
    "an interval upside down": (
        "yield Result((Fact('gap', 1, '', 2, 0, 1, 'exact', ''),))",
        "The interval of gap is upside down.",
    ),
    "a fact twice": (
        "yield Result(({FACT}, {FACT}))",
        "The result has two facts of the same name.",
    ),
    "no facts": ("yield Result(())", "The result has no facts."),
    "a huge result": (
        "yield Result(({FACT}, Fact('a' * (1 << 20), 1, '', None, None, 1, 'exact', '')))",
        "The result of probe is too large to be kept.",
    ),
    "a sentence without end": ("raise ValueError('No. ' * (1 << 20))", "No. " * 250),
}


@pytest.mark.parametrize("case", ENDINGS)
async def test_a_run_that_fails_ends_in_one_sentence_and_no_facts(
    case: str, probe: Probe, folders: Path
) -> None:
    body, message = ENDINGS[case]
    lines = body if "yield" in body or "return" in body else f"{body}\nyield"
    *_, last = await play(probe(lines))
    assert isinstance(last, Failed)
    assert last.message == message
    assert list(folders.iterdir()) == []


PACKS = {
    "a module that is not there": (
        "probe.py",
        "import gone_since\n",
        "probe stopped: ModuleNotFoundError: No module named 'gone_since'",
    ),
    "a package that raises": (
        "__init__.py",
        "raise RuntimeError('Oh.')\n",
        "probe stopped: RuntimeError: Oh.",
    ),
}


@pytest.mark.parametrize("case", PACKS)
async def test_a_pack_that_cannot_be_imported_is_one_sentence(case: str, probe: Probe) -> None:
    name, line, message = PACKS[case]
    lesson = probe("yield")
    file = lesson.path.with_name(name)
    file.write_text(line + file.read_text())
    *_, last = await play(lesson)
    assert isinstance(last, Failed)
    assert last.message == message


async def test_whatever_a_lesson_does_besides_its_result_counts(
    probe: Probe, folders: Path
) -> None:
    """It prints, leaves files, forks and says what is too long to be a line, all at once."""
    lesson = probe(
        """
        import os, sys, time
        print("x" * 3_000_000)
        sys.stderr.write("x" * 3_000_000)
        os.makedirs("deep/down")
        open("deep/down/rubbish", "w").write("x" * 1_000_000)
        child = os.fork()
        if not child:
            time.sleep(60)
        yield Remark("x" * 3_000_000)
        yield Metric(1, "x" * 3_000_000, 1)
        yield Result((Fact("count", child, "", None, None, 1, "exact", ""),))
        """
    )
    *events, last = await play(lesson)
    assert events == [
        Remark("loading probes.probe"),
        Remark("probe sent 2 lines that could not be read."),
    ]
    assert isinstance(last, Finished)
    assert gone(int(last.facts[0].value))
    assert list(folders.iterdir()) == []


HUNGRY = """
import resource
resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
yield Metric(0, "loss", knobs["seeds"])
kept = [bytearray((1 << 28)) for _ in range(knobs["seeds"])]
yield Metric(1, "loss", knobs["seeds"])
yield Result(({FACT},))
"""


async def test_out_of_memory_a_run_begins_again_with_half_the_seeds(probe: Probe) -> None:
    *events, last = await play(probe(HUNGRY), seeds=9)
    assert events[1:] == [
        *(
            event
            for seeds, told in ((9, "4 seeds"), (4, "2 seeds"))
            for event in (
                Metric(0, "loss", seeds),
                Restarted(),
                Remark(f"There is too little memory: starting again with {told}."),
            )
        ),
        Metric(0, "loss", 2),
        Metric(1, "loss", 2),
    ]
    assert isinstance(last, Finished)
    assert last.knobs["seeds"] == 2  # what was run, not what was asked for


@pytest.mark.parametrize(
    "error",
    [
        "MemoryError()",
        'RuntimeError("[enforce fail] DefaultCPUAllocator: can\'t allocate memory: 9 bytes")',
        "type('OutOfMemoryError', (RuntimeError,), {})('CUDA out of memory.')",
    ],
)
async def test_memory_is_short_in_several_words(error: str, probe: Probe) -> None:
    *events, last = await play(probe(f"yield Remark('here')\nraise {error}"), seeds=2)
    assert [event for event in events if event == Remark("here")] == [Remark("here")] * 2
    assert isinstance(last, Failed)
    assert last.message == "probe ran out of memory: try smaller knobs, or fewer seeds."


async def test_another_error_is_not_tried_again(probe: Probe) -> None:
    *events, last = await play(probe("yield Remark('here')\nraise ValueError('No.')"), seeds=2)
    assert events.count(Remark("here")) == 1
    assert last == Failed("No.", last.details if isinstance(last, Failed) else "")


async def test_the_end_of_stderr_is_kept_for_whoever_wants_to_know(
    probe: Probe, caplog: pytest.LogCaptureFixture
) -> None:
    lesson = probe(
        """
        import sys
        sys.stderr.write("x" * 300_000 + "\\x1b[31m the cause")
        yield 1 / 0
        """
    )
    *_, last = await play(lesson)
    assert isinstance(last, Failed)
    assert "x[31m the cause" in last.details
    assert last.details.rstrip().endswith("ZeroDivisionError: division by zero")
    assert len(last.details) <= 1 << 16
    assert caplog.messages == ["probe failed with 0: ZeroDivisionError"]


async def test_a_series_that_diverges_is_noted_once_and_left_out(probe: Probe) -> None:
    lesson = probe(
        """
        for step in range(6):
            yield Metric(step, "loss", float("nan") if step > 2 else 1.0, 0, float("inf"))
            yield Metric(step, "error", 10 ** 400 if step == 4 else 1.0)
        yield Result(({FACT},))
        """
    )
    *events, last = await play(lesson)
    notes = [event.text for event in events if isinstance(event, Remark)]
    assert notes[1:] == [
        "loss diverged at step 3: points that are not finite numbers are left out.",
        "error diverged at step 4: points that are not finite numbers are left out.",
    ]
    points = [event for event in events if isinstance(event, Metric)]
    assert [p.step for p in points if p.series == "loss"] == [0, 1, 2]
    assert [p.step for p in points if p.series == "error"] == [0, 1, 2, 3, 5]
    assert {p.high for p in points} == {None}
    assert isinstance(last, Finished)


async def test_rubbish_on_the_pipe_is_counted_and_the_result_still_counts(probe: Probe) -> None:
    lesson = probe(
        """
        import os
        pipe = max(int(fd) for fd in os.listdir("/dev/fd") if os.path.exists(f"/dev/fd/{fd}")
                   and "pipe" in os.readlink(f"/dev/fd/{fd}"))
        def say(text):
            while text:
                text = text[os.write(pipe, text):]
        say(b"Hello\\n{}\\n[1]\\n\\xff\\xfe\\n" + b'{"event": "metric", "step": NaN}\\n')
        say(b'{"event": "result", "facts": []}\\n' + b"[" * 100_000 + b"\\n")
        say(b"y" * (3 << 20) + b"\\n")
        yield Result(({FACT},))
        """
    )
    *_, note, last = await play(lesson)
    assert note == Remark("probe sent 8 lines that could not be read.")
    assert isinstance(last, Finished)


async def test_notes_do_not_flood(probe: Probe) -> None:
    lesson = probe(
        """
        for i in range(5000):
            yield Remark(f"note {i}")
        yield Result(({FACT},))
        """
    )
    *events, _ = await play(lesson)
    assert len(events) < 110
    assert events[-1] == Remark("There are more notes; they are left out.")


FLOOD = """
    for i in range({count}):
        yield Metric(i, "a", i)
        yield Metric(i, "b", -i)
        yield Progress(i, {count})
    for i in range(60):
        yield Metric(i, "bars", i)
    yield Result(({{FACT}},))
    """


@pytest.mark.parametrize("count", [20_000, pytest.param(500_000, marks=pytest.mark.slow)])
async def test_a_flood_is_thinned_and_ends_with_the_last_points(count: int, probe: Probe) -> None:
    lesson = probe(FLOOD.format(count=count))
    *events, last = await play(lesson)
    assert isinstance(last, Finished)
    points = [event for event in events if isinstance(event, Metric)]
    drawn = Counter(point.series for point in points)
    assert drawn["a"] <= 100 + 20 * last.seconds + 2
    assert [p.value for p in points if p.series == "a"][-1] == count - 1
    assert [p.value for p in points if p.series == "b"][-1] == 1 - count
    assert sorted(p.step for p in points if p.series == "bars") == list(range(60))
    assert [e for e in events if isinstance(e, Progress)][-1] == Progress(count - 1, count)


@pytest.mark.slow
async def test_a_flood_of_lines_keeps_nobody_waiting(probe: Probe) -> None:
    """Around the thinning: each series is new, so each of the points arrives."""
    lesson = probe(
        """
        for i in range(100_000):
            yield Metric(i, str(i), 1)
        yield Result(({FACT},))
        """
    )
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    started = await runner.start(lesson, {}, "cpu")
    beside = asyncio.ensure_future(others())
    count = longest = since = 0
    async for message in started.events():
        count += isinstance(message, Metric)
        since = 0 if turns else since + 1
        turns = 0
        longest = max(longest, since)
    beside.cancel()
    assert count == 100_000
    assert longest < 1000  # events between two turns of the event loop


async def test_a_slow_reader_stops_the_worker_not_the_memory(probe: Probe, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    lesson = probe(
        f"""
        for i in range(10_000):
            yield Metric(i, str(i), 1)
        open({str(mark)!r}, "w").close()
        yield Result(({{FACT}},))
        """
    )
    started = await runner.start(lesson, {}, "cpu")
    events = started.events()
    await anext(events)
    await asyncio.sleep(0.5)  # time enough to write all, were there room
    assert not mark.exists()
    assert sum([isinstance(event, Metric) async for event in events]) == 10_000
    assert mark.exists()


HANGS = {
    "asleep": "time.sleep(60)",
    "at work": "while True: pass",
    "deaf": "signal.signal(signal.SIGTERM, signal.SIG_IGN)\ntime.sleep(60)",
    "catching everything": """
        while True:
            try:
                time.sleep(60)
            except BaseException:
                pass
        """,
    "in C with the interpreter's lock": "ctypes.PyDLL(None).sleep(60)",
    "writing": "while True: yield Metric(0, str(time.time()), 1)",
}


@pytest.mark.parametrize("case", HANGS)
async def test_a_run_that_hangs_can_be_cancelled(case: str, probe: Probe, folders: Path) -> None:
    body = textwrap.dedent(HANGS[case])
    lesson = probe(f"import ctypes, signal, time\nyield Metric(0, 'a', 1)\n{body}\nyield")
    started = await runner.start(lesson, {}, "cpu")
    messages = []
    async for message in started.events():
        messages.append(message)
        if message == Metric(0, "a", 1):
            await asyncio.sleep(0.1)  # let it hang
            await started.cancel()
    assert messages[-1] == Cancelled()
    assert gone(started.pid)
    assert list(folders.iterdir()) == []


async def test_points_that_wait_are_not_lost_by_cancelling(probe: Probe) -> None:
    lesson = probe(
        """
        import time
        for i in range(150):
            yield Metric(i, "a", i)
        yield Remark("now")
        time.sleep(60)
        """
    )
    started = await runner.start(lesson, {}, "cpu")
    messages = []
    async for message in started.events():
        messages.append(message)
        if message == Remark("now"):
            await started.cancel()
    assert messages[-2:] == [Metric(149, "a", 149), Cancelled()]


async def test_leaving_the_events_early_leaves_nothing_behind(probe: Probe, folders: Path) -> None:
    started = await runner.start(probe("import time\nyield time.sleep(60)"), {}, "cpu")
    events = started.events()
    assert await anext(events) == Remark("loading probes.probe")
    assert len(list(folders.iterdir())) == 1
    await events.aclose()
    assert gone(started.pid)
    assert list(folders.iterdir()) == []


async def test_a_run_that_nobody_follows_can_be_closed(probe: Probe, folders: Path) -> None:
    started = await runner.start(probe("import time\nyield time.sleep(60)"), {}, "cpu")
    started.close()
    assert gone(started.pid)
    assert list(folders.iterdir()) == []


async def test_what_a_lesson_started_ends_with_it(probe: Probe) -> None:
    lesson = probe(
        """
        import subprocess
        child = subprocess.Popen(["sleep", "60"], pass_fds=[max_fd()])
        yield Result((Fact("count", child.pid, "", None, None, 1, "exact", ""),))
        """.replace("max_fd()", "3")
    )
    *_, last = await play(lesson)
    assert isinstance(last, Finished)
    assert gone(int(last.facts[0].value))


async def test_a_process_that_fled_and_holds_the_pipe_is_not_waited_for(probe: Probe) -> None:
    lesson = probe(
        """
        import subprocess
        child = subprocess.Popen(["sleep", "60"], pass_fds=[3], start_new_session=True)
        yield Result((Fact("count", child.pid, "", None, None, 1, "exact", ""),))
        """
    )
    *_, last = await play(lesson)
    assert isinstance(last, Finished)
    os.kill(int(last.facts[0].value), signal.SIGKILL)


WAITING = """
import asyncio
from studyapp.lab import catalog, runner

async def main():
    started = await runner.start(catalog.read().lesson("probe"), {}, "cpu")
    async for message in started.events():
        print(started.pid, flush=True)

asyncio.run(main())
"""
COMMAND = """
from studyapp.lab import catalog, runner

for message in runner.run(catalog.read().lesson("probe"), {}, "cpu"):
    print(getattr(message, "step", ""), flush=True)
"""


def interrupt(app: str, how: signal.Signals) -> int:
    """Start an app, send it a signal once it has seen two events, and return the worker's pid."""
    with subprocess.Popen(
        [sys.executable, "-c", app],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        preexec_fn=hear_control_c,
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        pid = int(process.stdout.readline())
        process.send_signal(how)
        process.wait()
        return pid


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("hang", ["time.sleep(60)", "ctypes.PyDLL(None).sleep(60)"])
def test_no_process_outlives_the_app(
    how: signal.Signals, hang: str, probe: Probe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    probe(f"import ctypes, time\nyield Metric(0, 'a', 1)\n{hang}")
    assert gone(interrupt(WAITING, how))
    if how is signal.SIGINT:  # the others leave an app no time to tidy up
        assert not list(tmp_path.glob("studyapp-*"))


def test_ctrl_c_ends_a_command_and_its_worker(
    probe: Probe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    probe("import os, time\nyield Metric(os.getpid(), 'a', 1)\ntime.sleep(60)")
    assert gone(interrupt(COMMAND, signal.SIGINT))
    assert not list(tmp_path.glob("studyapp-*"))


async def test_the_worker_ends_when_its_stdin_does(probe: Probe) -> None:
    """As it does everywhere, with or without prctl, when the app is gone."""
    started = await runner.start(probe("import time\nyield time.sleep(60)"), {}, "cpu")
    async for message in started.events():
        if isinstance(message, Remark):
            assert started._process.stdin is not None
            started._process.stdin.close()
    assert gone(started.pid)


def test_the_file_that_runs_is_the_one_that_was_read(
    probe: Probe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lesson = probe("yield Result(({FACT},))")
    decoy = tmp_path / "decoy"
    (decoy / "probes").mkdir(parents=True)
    (decoy / "probes" / "probe.py").write_text("raise SystemExit('the wrong one')")
    (decoy / "probes" / "__init__.py").touch()
    monkeypatch.chdir(decoy)
    assert isinstance(list(runner.run(lesson, {}, "cpu"))[-1], Finished)
    monkeypatch.setenv("PYTHONPATH", f"{decoy}{os.pathsep}{os.environ['PYTHONPATH']}")
    *_, last = runner.run(lesson, {}, "cpu")
    assert isinstance(last, Failed)
    assert last.message == (f"probes.probe is at {decoy}/probes/probe.py, not at {lesson.path}.")


def test_without_an_event_loop_events_come_one_by_one(probe: Probe, folders: Path) -> None:
    lesson = probe("yield Metric(0, 'a', 1)\nyield Result(({FACT},))")
    kinds = [type(message) for message in runner.run(lesson, {}, "cpu", seed=5)]
    assert kinds == [Remark, Metric, Finished]
    endless = runner.run(lesson, {"n": 2}, "cpu")
    assert next(endless) == Remark("loading probes.probe")
    endless.close()  # type: ignore[attr-defined]
    assert list(folders.iterdir()) == []


class Spoken:
    """Stands for a LiveRun that has three things to say; says whether it was left open."""

    def __init__(self) -> None:
        self.open = False

    async def events(self) -> AsyncGenerator[Message, None]:
        self.open = True
        try:
            for step in range(3):
                await asyncio.sleep(0)
                yield Metric(step, "a", 1)
        finally:
            self.open = False


@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning")
def test_control_c_ends_a_run_wherever_it_comes(
    probe: Probe, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At each line of Python on the way from one message to the next, asyncio's included."""
    lesson, spoken = probe("yield"), Spoken()

    async def start(*_: object) -> Spoken:
        return spoken

    monkeypatch.setattr(runner, "start", start)
    loop = asyncio.new_event_loop()
    asyncios = (loop.run_until_complete, loop.create_task, asyncio.Runner.close)
    ours = (runner.run, inspect.unwrap(runner._control_c_after))
    traced = {function.__code__ for function in asyncios + ours}
    loop.close()
    line, seen, is_through = 0, 0, False

    def trace(frame: FrameType, event: str, _: object) -> Any:
        nonlocal seen
        if frame.f_code not in traced:
            return None
        seen += event == "line"
        if event == "line" and seen == line:
            signal.raise_signal(signal.SIGINT)
        return trace

    former = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        while not is_through:
            line, seen = line + 1, 0
            messages = runner.run(lesson, {}, "cpu")
            sys.settrace(trace)
            try:
                assert [message.step for message in messages] == [0, 1, 2]
                is_through = True
            except KeyboardInterrupt:
                pass
            finally:
                sys.settrace(None)
            assert not spoken.open
    finally:
        signal.signal(signal.SIGINT, former)
    assert line > 50


@pytest.mark.parametrize(
    ("given", "device", "message"),
    [
        ({"n": 101}, "cpu", r"n = 101 is not allowed; it must be a whole number from 1 to 100\."),
        ({"m": 1}, "cpu", r"There is no knob 'm'; there is n, seeds\."),
        ({}, "gpu", r"device = gpu is not allowed; it must be auto, cpu, cuda or mps\."),
    ],
)
async def test_nothing_starts_with_a_bad_knob_or_device(
    given: dict[str, object], device: str, message: str, probe: Probe, folders: Path
) -> None:
    with pytest.raises(SettingError, match=message):
        await runner.start(probe("yield"), given, device)
    assert list(folders.iterdir()) == []


def with_knobs(lesson: Declaration, count: int) -> Declaration:
    knobs = [Knob(f"a_knob_with_a_rather_long_name_{n}", "int", n, 0, count) for n in range(count)]
    return replace(lesson, knobs=tuple(knobs))


async def test_a_request_can_be_larger_than_a_pipe(probe: Probe, folders: Path) -> None:
    lesson = probe("yield Result((Fact('n', len(knobs), '', None, None, 1, 'exact', ''),))")
    *_, last = await collect(await runner.start(with_knobs(lesson, 5000), {}, "cpu"))
    assert isinstance(last, Finished)
    assert last.facts[0].value == 5000
    assert list(folders.iterdir()) == []


async def test_the_learners_reviews_are_laid_beside_a_lesson_of_ours_alone(
    probe: Probe, folders: Path
) -> None:
    """What a stranger's lesson asks for, or one of ours that does not ask, is not there."""
    lesson = probe("import os; yield Remark(str(os.listdir())); yield Result(({FACT},))")
    asking = replace(lesson, reviews=True)
    for one, found in (
        (asking, ["reviews.npz"]),
        (replace(asking, origin="probes 1"), []),
        (lesson, []),
    ):
        started = await runner.start(one, {}, "cpu", reviews=b"numbers")
        _, remark, last = await collect(started)
        assert remark == Remark(str(found))
        assert isinstance(last, Finished)
        assert list(folders.iterdir()) == []


async def test_a_worker_that_reads_nothing_holds_nobody_up(
    probe: Probe, folders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def deaf(folder: Path, threads: int) -> subprocess.Popen[bytes]:
        assert (folder / runner.REQUEST).stat().st_size > 1 << 17
        pipe = subprocess.PIPE
        return subprocess.Popen(
            ["sleep", "60"], stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True
        )

    def held_up(*_: object) -> None:
        raise TimeoutError("the event loop waits for the worker")

    monkeypatch.setattr(runner, "_spawn", deaf)
    before = signal.signal(signal.SIGALRM, held_up)
    signal.alarm(60)
    try:
        started = await runner.start(with_knobs(probe("yield"), 5000), {}, "cpu")
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
    started.close()
    assert gone(started.pid)
    assert list(folders.iterdir()) == []


async def test_a_folder_that_cannot_be_made_is_one_sentence(
    probe: Probe, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(**_: object) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tempfile, "mkdtemp", full)
    with pytest.raises(StudyError, match=r"^probe cannot be started: No space left on device\.$"):
        await runner.start(probe("yield"), {}, "cpu")


async def test_a_folder_that_cannot_be_written_is_one_sentence(
    probe: Probe, folders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(file: Path, request: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(runner, "_write_request", full)
    with pytest.raises(StudyError, match=r"^probe cannot be started: No space left on device\.$"):
        await runner.start(probe("yield"), {}, "cpu")
    assert list(folders.iterdir()) == []


def test_the_request_is_what_the_worker_reads(probe: Probe) -> None:
    lesson = probe("yield Result((Fact('count', seed, '', None, None, 1, 'exact', device),))")
    *_, last = runner.run(lesson, {}, seed=11)
    assert isinstance(last, Finished)
    assert (last.facts[0].value, last.facts[0].varies) == (11, "cpu")
