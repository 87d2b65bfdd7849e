"""The lab's commands as a script runs them, with lessons that end at once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

import studyapp
from processes import gone, hear_control_c, wait_until_asleep
from studyapp import config
from studyapp.commands.main import main
from studyapp.errors import StoreError
from studyapp.lab import reference, runner
from studyapp.store.database import open_database
from studyapp.store.engine import reading
from studyapp.study.lab import runs
from studyapp.study.lab.facts import Ending

ROOT = Path(studyapp.__file__).parents[1]
LESSON = """
from studyapp.lab.protocol import *

def run(knobs, device, seed):
{body}

LESSON = Lesson(
    name="{name}",
    version=3,
    title="A probe",
    question={question},
    knobs=(Knob("n", "int", 5, 1, 100, help="draws"){seeds}),
    topics=("probes", "gaps"),
    run=run,
    meaning="It means something.",
    next="Try n = 9.",
    mechanism=(When("It was drawn."), When("Few draws tell {{n}}.", knobs={{"n": (1, 9)}})),
)
"""
CHOICE = """Question("It is …", "choice", "gap", (Choice("lower", high=-1),
    Choice("the same, ±1 point", -1, 1), Choice("higher", 1)), "points")"""
NUMBER = 'Question("How much?", "number", "gap")'
SEEDS = ', Knob("seeds", "int", 4, 1, 64, gpu=32)'
PLAY = """
    yield Remark("half way")
    yield Progress(1, 2)
    yield Metric(1, "loss", 0.5)
    yield Result((Fact("gap", knobs["n"], "points", 4, 6.5, knobs["seeds"], "student t", "draws"),))
"""
BODIES = {
    "probe": PLAY,
    "broken": "    raise ValueError('No pictures.')\n    yield",
    "endless": "    import time\n    yield Metric(0, 'loss', 1)\n    time.sleep(60)",
}
FACT = {
    "name": "gap",
    "value": 5,
    "unit": "points",
    "low": 4,
    "high": 6.5,
    "n": 4,
    "method": "student t",
    "varies": "draws",
}


@pytest.fixture(autouse=True)
def pack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Install the lessons above, and two that differ in one thing; returns their folder."""
    site = tmp_path / "site"
    folder = site / "probes"
    info = site / "probes-1.dist-info"
    for path in (folder, info):
        path.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: probes\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[studyapp.lessons]\nprobes = probes\n")
    (folder / "__init__.py").write_text("")
    config.save(config.settings_path(), "trusted", ("probes 1",))
    for name, body in BODIES.items():
        write(folder, name, body)
    write(folder, "amount", PLAY, question=NUMBER)
    write(folder, "single", PLAY, seeds=",")
    monkeypatch.setattr(sys, "path", [*sys.path, str(site)])
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(site), str(ROOT)]))
    return folder


def write(
    folder: Path, name: str, body: str, *, question: str = CHOICE, seeds: str = SEEDS
) -> None:
    text = LESSON.format(name=name, body=body, question=question, seeds=seeds)
    (folder / f"{name}.py").write_text(text)


@pytest.fixture(autouse=True)
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "learner.db"
    monkeypatch.setenv("STUDYAPP_DB", str(path))
    return path


def lab(*words: str) -> Result:
    return CliRunner().invoke(main, ["lab", *words])


def lines(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def kept(database: Path, lesson: str) -> tuple[runs.Run, ...]:
    engine = open_database(str(database))
    with reading(engine) as connection:
        found = runs.history(connection, lesson, learner=1)
    engine.dispose()
    return found


def test_list_and_show_have_one_shape() -> None:
    (every,) = lines(lab("list", "--json"))
    probe = next(lesson for lesson in every if lesson["name"] == "probe")
    assert list(probe) == ["name", "version", "title", "question", "knobs", "topics"]
    assert (probe["version"], probe["topics"]) == (3, ["probes", "gaps"])
    assert probe["question"]["choices"][0]["text"] == "lower"
    assert [(knob["name"], knob["default"]) for knob in probe["knobs"]] == [("n", 5), ("seeds", 4)]
    assert lines(lab("show", "probe", "--json")) == [[probe]]
    assert "probe: A probe (probes, gaps)\n" in lab("list").stdout
    shown = lab("show", "probe").stdout
    assert "It is …\n  lower\n  the same, ±1 point\n  higher\n" in shown
    assert "  n = 5 (a whole number from 1 to 100); draws\n" in shown


def test_a_broken_lesson_is_reported_beside_the_others(pack: Path) -> None:
    (pack / "wrong.py").write_text("LESSON = Lesson(name=name())")
    listed = lab("list")
    assert listed.exit_code == 0
    assert "wrong.py:1: Lesson(…) needs run=run" in listed.stderr
    assert "probe: A probe" in listed.stdout
    problem = "Lesson(…) needs run=run, a function of this module"
    checked = lab("check", "wrong")  # by its file's name, as it has none of its own
    assert (checked.exit_code, checked.stdout) == (1, f"{pack / 'wrong.py'}:1: {problem}\n")
    assert lines(lab("check", "wrong", "--json")) == [
        {"problems": [{"path": str(pack / "wrong.py"), "line": 1, "message": problem}], "lacks": []}
    ]
    every = lab("check")
    assert every.exit_code == 1
    assert f"{problem}\n" in every.stdout
    assert "probe: only a run can tell whether the defaults settle the question" in every.stdout
    assert "null: nothing is missing.\n" in every.stdout


def test_a_run_prints_an_event_a_line_and_is_kept(database: Path) -> None:
    words = ["run", "probe", "--knob", "n=5", "--predict", "higher", "--device", "cpu", "--json"]
    result = lab(*words)
    assert result.exit_code == 0, result.output
    *events, last = lines(result)
    assert [event["event"] for event in events] == ["note", "note", "progress", "metric"]
    assert events[1]["text"] == "half way"
    assert last["event"] == "result"
    assert last["facts"] == [FACT]
    assert (last["prediction"], last["grade"], last["version"]) == ("higher", "right", 3)
    assert (last["knobs"], last["device"]) == ({"n": 5, "seeds": 4}, "cpu")
    assert last["seconds"] > 0
    (run,) = kept(database, "probe")
    assert (run.outcome, run.seeds, run.facts[0].value) == (Ending.RESULT, 4, 5)
    assert run.prediction is not None
    assert (run.prediction.prediction.naive, run.prediction.score) == (True, None)
    again = lines(lab("run", "probe", "--seeds", "2", "--json"))[-1]
    assert (again["prediction"], again["grade"]) == (None, None)
    assert again["knobs"] == {"n": 5, "seeds": 2}
    assert [run.seeds for run in kept(database, "probe")] == [2, 4]


def test_a_run_in_words() -> None:
    result = lab("run", "probe", "--predict", "the same")
    assert result.stdout == (
        "It is …\n"
        "You said the same, ±1 point. Wrong. It was: higher.\n"
        "Over draws:\n"
        "  gap  +5.0 points [4.0, 6.5]\n"
        "What it means:\n- It means something.\n"
        "How it comes about:\n- It was drawn.\n- Few draws tell 5.\n"
        "Next: Try n = 9.\n"
    )
    assert result.stderr == "loading probes.probe\nhalf way\n"


def test_a_range_is_predicted_with_two_dots(database: Path) -> None:
    last = lines(lab("run", "amount", "--predict", "-1..6.5", "--json"))[-1]
    assert (last["prediction"], last["grade"]) == ([-1, 6.5], "right")
    (run,) = kept(database, "amount")
    assert run.prediction is not None
    assert run.prediction.prediction.answer == (-1, 6.5)


@pytest.fixture
def no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        pytest.fail("a worker was started")

    monkeypatch.setattr(runner, "_spawn", refuse)


REFUSED = {
    "run prob": "There is no experiment 'prob'; did you mean probe?",
    "run zzz": "There is no experiment 'zzz'; there is amount, ",
    "show zzz": "There is no experiment 'zzz'; there is",
    "reference probe zzz": "There is no experiment 'zzz'; there is",
    "run probe --knob n=0": "n = 0 is not allowed; it must be a whole number from 1 to 100.",
    "run probe --knob n=1.5": "n = 1.5 is not allowed; it must be a whole number from 1 to 100.",
    "run probe --knob n=": "n = '' is not allowed",
    "run probe --knob n": "n is not a setting; write KNOB=VALUE.",
    "run probe --knob m=3": "There is no knob 'm'; there is n, seeds.",
    "run probe --seeds 65": "seeds = 65 is not allowed; it must be a whole number from 1 to 64.",
    "run probe --seeds two": "seeds = two is not allowed; it must be a whole number from 1 to 64.",
    "run probe --seeds 2 --knob seeds=3": "seeds is given twice.",
    "run probe --knob n=2 --knob n=2": "n is given twice.",
    "run single --seeds 2": "There is no knob 'seeds'; there is n.",
    "run probe --predict maybe": "maybe is not an answer; it must be “lower” or “the same",
    "run probe --predict h..l": "h..l is not an answer",
    "run probe --predict=": "is not an answer; it must be",  # the beginning of every choice
    "run amount --predict 3": "3 is not a range; write LOW..HIGH, such as 0.1..0.3.",
    "run amount --predict 6..3": "is not a range; give two numbers, the lower one first",
}


@pytest.mark.parametrize("words", [["run", "probe"], ["reference", "probe"]])
def test_the_code_of_another_distribution_runs_once_it_is_trusted(words: list[str]) -> None:
    config.save(config.settings_path(), "trusted", None)
    refused = lab(*words)
    assert refused.exit_code == 1
    assert "probe (distribution probes, version 1) runs its own code here" in refused.stderr
    assert "--trust lets it, from now on." in refused.stderr
    assert lab(*words, "--trust").exit_code == 0
    assert lab(*words).exit_code == 0


@pytest.mark.usefixtures("no_worker")
def test_every_mistake_is_one_sentence_before_anything_starts(database: Path) -> None:
    for words, sentence in REFUSED.items():
        result = lab(*words.split(), *(["--json"] if words.startswith("run") else []))
        assert result.exit_code == 1, words
        assert result.stderr.startswith("Error: "), words
        assert sentence in result.stderr, words
        assert result.stderr.count("\n") == 1, words
        assert result.stdout == "", words
    assert lab("run", "probe", "--device", "tpu").exit_code == 2
    assert not database.exists()


def test_a_run_that_fails_says_why_and_is_kept(database: Path) -> None:
    result = lab("run", "broken", "--predict", "higher", "--json")
    assert result.exit_code == 1
    last = lines(result)[-1]
    assert (last["event"], last["message"]) == ("error", "No pictures.")
    told = lab("run", "broken")
    assert told.exit_code == 1
    assert told.stderr.splitlines()[-1] == "Error: No pictures."
    assert [run.outcome for run in kept(database, "broken")] == [Ending.FAILED] * 2
    assert [run.facts for run in kept(database, "broken")] == [(), ()]


def test_a_database_that_refuses_does_not_cost_the_result(monkeypatch: pytest.MonkeyPatch) -> None:
    def locked(*_: object, **__: object) -> None:
        raise StoreError("learner.db is locked by another program.")

    monkeypatch.setattr(runs, "keep", locked)
    result = lab("run", "probe", "--predict", "higher", "--json")
    assert result.exit_code == 1
    assert lines(result)[-1]["grade"] == "right"
    assert result.stderr == "Error: learner.db is locked by another program.\n"


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start the command as a process of its own."""
    processes = []

    def start(*words: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "studyapp", "lab", *words],
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=hear_control_c,
        )
        processes.append(process)
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def workers(parent: int) -> list[int]:
    """The processes that *parent* started and that still run."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == parent and fields[0] != "Z":
            found.append(int(path.parent.name))
    return found


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks for the worker in /proc")
def test_control_c_cancels_and_leaves_no_process(
    started: Callable[..., subprocess.Popen[str]], database: Path
) -> None:
    process = started("run", "endless", "--json")
    assert process.stdout is not None
    while json.loads(process.stdout.readline())["event"] != "metric":
        pass
    (worker,) = workers(process.pid)
    wait_until_asleep(process.pid)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out.splitlines(), err) == (130, ['{"event": "cancelled"}'], "")
    assert gone(worker)
    (run,) = kept(database, "endless")
    assert (run.outcome, run.facts) == (Ending.CANCELLED, ())


def test_a_run_stopped_before_its_figures_are_shown_spends_nothing(
    started: Callable[..., subprocess.Popen[str]], database: Path
) -> None:
    """As lines there are no curves: only the result would have been seen."""
    process = started("run", "endless", "--predict", "higher")
    assert process.stderr is not None
    assert process.stderr.readline() == "loading probes.endless\n"
    wait_until_asleep(process.pid)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (130, "Cancelled.\n")
    (run,) = kept(database, "endless")
    assert run.outcome is Ending.UNSEEN


def test_a_kill_leaves_the_prediction_locked(
    started: Callable[..., subprocess.Popen[str]], database: Path
) -> None:
    process = started("run", "endless", "--predict", "higher", "--json")
    assert process.stdout is not None
    while json.loads(process.stdout.readline())["event"] != "metric":
        pass
    process.kill()
    process.wait()
    (run,) = kept(database, "endless")
    assert run.outcome is Ending.CANCELLED
    assert run.prediction is not None
    assert run.prediction.prediction.naive
    assert run.prediction.grade is None


def test_reference_figures_come_from_runs_at_the_defaults(pack: Path, database: Path) -> None:
    result = lab("reference", "probe", "amount", "--json")
    assert result.exit_code == 0, result.output
    said = lines(result)
    assert [(line["lesson"], line["event"]) for line in said if line["event"] == "result"] == [
        ("probe", "result"),
        ("amount", "result"),
    ]
    written = reference.read(pack / reference.FILE)
    assert sorted(written) == ["amount", "probe"]
    assert (written["probe"].knobs, written["probe"].device) == ({"n": 5, "seeds": 4}, "cpu")
    assert not database.exists()  # nobody's own run
    told = lab("reference", "probe").stdout
    assert told.startswith("probe: 1 figure in ")


def test_a_reference_that_fails_keeps_what_was_measured(pack: Path) -> None:
    result = lab("reference", "probe", "broken", "amount")
    assert result.exit_code == 1
    assert result.stderr == "Error: No pictures.\n"
    assert sorted(reference.read(pack / reference.FILE)) == ["probe"]


def test_figures_that_cannot_be_written_are_told(
    pack: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "write_bytes", refuse)
    result = lab("reference", "probe")
    assert result.exit_code == 1
    file = pack / reference.FILE
    assert result.stderr == f"Error: {file} cannot be written: Permission denied.\n"
