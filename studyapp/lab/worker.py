"""Runs one lesson in a process of its own: a request in a file, events as JSON lines on stdout.

Started by the runner as `python -P -m studyapp.lab.worker FILE`. File descriptor 1 becomes stderr,
so that whatever a lesson or a library prints disturbs no event.
"""

from __future__ import annotations

import ast
import contextlib
import ctypes
import faulthandler
import importlib
import importlib.util
import json
import math
import os
import platform
import signal
import sys
import threading
import time
import traceback
from dataclasses import dataclass, fields
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from studyapp.errors import StudyError
from studyapp.lab.lines import LONGEST, Cancelled, Failed, Finished, Message, Restarted, encode
from studyapp.lab.protocol import Fact, Lesson, Metric, Progress, Remark, Result, Value
from studyapp.lab.thinner import INTERVAL, Thinner
from studyapp.lab.typed import build

NOTES = 100  # the most that one run may say
SENTENCE = 1000  # letters of what is said when it fails


@dataclass(frozen=True, slots=True)
class Request:
    """What to run. `given` names the knobs that the learner set; the others may follow the device.

    `device` is "auto", "cpu", "cuda" or "mps"; `path` is the source that the catalog read.
    """

    module: str
    path: str
    knobs: dict[str, Value]
    given: tuple[str, ...]
    device: str
    seed: int
    threads: int


class StopRequested(BaseException):
    """SIGTERM arrived. Not an Exception: a lesson's `except Exception` must not swallow it."""


class Stream:
    """Writes messages to the runner, no more of them than a plot can take."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._thinner = Thinner()
        self._progress: Progress | None = None  # not sent yet
        self._progress_sent = -math.inf
        self._diverged: set[str] = set()
        self._notes = 0
        self._busy = False
        self._stopped = False

    def metric(self, metric: Metric) -> None:
        """Send the point, now or at the end, unless it is one of very many."""
        value = _number(metric.value)
        if math.isfinite(value):
            low, high = _bound(metric.low), _bound(metric.high)
            point = Metric(_plain(metric.step), metric.series, value, low, high)
            if self._thinner.passes(point, time.monotonic()):
                self.send(point)
        elif metric.series not in self._diverged:
            self._diverged.add(metric.series)
            self.note(
                f"{metric.series} diverged at step {metric.step:g}: "
                "points that are not finite numbers are left out."
            )

    def progress(self, progress: Progress) -> None:
        """Send how far the run is, at most once per INTERVAL."""
        self._progress = Progress(int(progress.done), int(progress.total))
        if time.monotonic() - self._progress_sent >= INTERVAL:
            self._progress_sent = time.monotonic()
            self.send(self._progress)
            self._progress = None

    def note(self, text: str) -> None:
        """Send a sentence, one of at most NOTES."""
        self._notes += 1
        if self._notes <= NOTES:
            self.send(Remark(text))
        elif self._notes == NOTES + 1:
            self.send(Remark("There are more notes; they are left out."))

    def restart(self) -> None:
        """Forget what was drawn, and let the reader forget it."""
        self._thinner, self._progress = Thinner(), None
        self._diverged.clear()
        self.send(Restarted())

    def send(self, message: Message) -> None:
        """Write one line whole. A stop that arrives meanwhile is raised after it."""
        line = (encode(message) + "\n").encode()
        self._busy = True
        try:
            while line:
                line = line[os.write(self._fd, line) :]
        finally:
            self._busy = False
        if self._stopped:
            raise StopRequested

    def end(self, message: Message) -> None:
        """Send what is waiting and the last message; from here on there is nothing to stop."""
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        self._stopped = False
        with contextlib.suppress(BrokenPipeError):  # the runner reads no longer
            for point in self._thinner.rest():
                self.send(point)
            if self._progress is not None:
                self.send(self._progress)
            self.send(message)

    def stop(self, _number: int, _frame: FrameType | None) -> None:
        """Handle SIGTERM."""
        if not self._busy:
            raise StopRequested
        self._stopped = True


def main() -> NoReturn:
    """Run the request that the command line names and exit."""
    started = time.monotonic()
    stream = Stream(os.dup(1))
    os.dup2(2, 1)
    faulthandler.enable()
    _ask_to_die_with_parent()
    signal.signal(signal.SIGTERM, stream.stop)
    lesson = "the experiment"
    try:
        request = read_request(Path(sys.argv[1]))
        threading.Thread(target=_wait_for_parent, daemon=True).start()
        lesson = request.module.rpartition(".")[2]
        stream.end(execute(request, stream, started))
    except (StopRequested, KeyboardInterrupt):
        stream.end(Cancelled())
    except BaseException as error:  # whatever a lesson can raise ends here, in one sentence
        if isinstance(error, MemoryError):
            traceback.clear_frames(error.__traceback__)  # room to say so
        traceback.print_exc()
        stream.end(Failed(sentence(error, lesson)))
    sys.stderr.flush()
    os._exit(0)  # a lesson's threads and a library's clean-up could hang here


def read_request(file: Path) -> Request:
    """Read the request and remove its file: a lesson finds an empty folder, or what it is given."""
    text = file.read_bytes()
    file.unlink()
    return build(Request, json.loads(text))


def execute(request: Request, stream: Stream, started: float) -> Finished:
    """Load the lesson, run it to its Result and return the record of it."""
    uses_torch = _uses_torch(Path(request.path))
    stream.note(f"loading {'torch' if uses_torch else request.module}")
    lesson = load(request)
    device = choose_device(request.device, uses_torch)
    torch = _prepare_torch(request.threads) if uses_torch else None
    knobs = dict(request.knobs)
    if device != "cpu":
        knobs |= {
            knob.name: knob.gpu
            for knob in lesson.knobs
            if knob.gpu is not None and knob.name not in request.given
        }
    while (facts := attempt(lesson, knobs, device, request.seed, stream)) is None:
        knobs["seeds"] = half = int(knobs["seeds"]) // 2
        stream.restart()
        told = "1 seed" if half == 1 else f"{half:,} seeds"
        stream.note(f"There is too little memory: starting again with {told}.")
    finished = Finished(
        lesson=lesson.name,
        version=lesson.version,
        facts=facts,
        knobs=knobs,
        seed=request.seed,
        device=device,
        threads=request.threads,
        seconds=round(time.monotonic() - started, 3),
        python=platform.python_version(),
        torch=None if torch is None else str(torch.__version__),
    )
    if len(encode(finished)) >= LONGEST:  # the runner would pass over the line
        raise ValueError(f"The result of {lesson.name} is too large to be kept.")
    return finished


def attempt(
    lesson: Lesson, knobs: dict[str, Value], device: str, seed: int, stream: Stream
) -> tuple[Fact, ...] | None:
    """Run the lesson to its Result and return its facts; None if half the seeds may fit."""
    try:
        for event in lesson.run(dict(knobs), device, seed):
            match event:
                case Metric():
                    stream.metric(event)
                case Progress():
                    stream.progress(event)
                case Remark():
                    stream.note(event.text)
                case Result():
                    return check_facts(event)
                case _:
                    raise ValueError(f"{lesson.name} yielded {event!r:.60}, which is no event.")
    except Exception as error:
        seeds = knobs.get("seeds")
        if not _is_out_of_memory(error) or not isinstance(seeds, int) or seeds < 2:
            raise
        traceback.clear_frames(error.__traceback__)  # they hold what filled the memory
        return None
    raise ValueError(f"{lesson.name} ended without a result.")


def load(request: Request) -> Lesson:
    """Import the lesson; refuse any file but the one whose declaration the learner saw."""
    spec = importlib.util.find_spec(request.module)
    if spec is None or spec.origin is None:
        raise ValueError(f"There is no module {request.module}.")
    if not os.path.samefile(spec.origin, request.path):
        raise ValueError(f"{request.module} is at {spec.origin}, not at {request.path}.")
    lesson = importlib.import_module(request.module).LESSON
    if not isinstance(lesson, Lesson):
        raise ValueError(f"LESSON of {request.module} is not a Lesson.")
    return lesson


def choose_device(wanted: str, uses_torch: bool) -> str:
    """Return the device to run on: the one that is wanted, or the first of cuda, mps, cpu."""
    there = _devices() if uses_torch or wanted not in ("auto", "cpu") else ["cpu"]
    if wanted == "auto":
        return there[0]
    if wanted not in there:
        raise ValueError(
            f"There is no device {wanted} on this machine; there is {' and '.join(there)}."
        )
    return wanted


def check_facts(result: Result) -> tuple[Fact, ...]:
    """Return the facts as plain numbers. Raises ValueError if one of them is not a figure."""
    facts = tuple(_fact(fact) for fact in result.facts)
    if not facts:
        raise ValueError("The result has no facts.")
    if len({fact.name for fact in facts}) < len(facts):
        raise ValueError("The result has two facts of the same name.")
    return facts


def sentence(error: BaseException, lesson: str) -> str:
    """Return what happened, for the learner. Lessons raise ValueError with a sentence of theirs."""
    first = str(error).strip().partition("\n")[0][:SENTENCE]
    if _is_out_of_memory(error):
        return f"{lesson} ran out of memory: try smaller knobs, or fewer seeds."
    if isinstance(error, SystemExit):
        return f"{lesson} ended without a result."
    if isinstance(error, ValueError | StudyError) and first:
        return first
    return f"{lesson} stopped: {type(error).__name__}{f': {first}' if first else ''}"


def _is_out_of_memory(error: BaseException) -> bool:
    # torch.OutOfMemoryError on a GPU; on the CPU torch raises a RuntimeError that says so
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    text = str(error).strip().partition("\n")[0]
    return isinstance(error, RuntimeError) and (
        "can't allocate memory" in text or "out of memory" in text
    )


def _fact(fact: Fact) -> Fact:
    values = {field.name: _plain(getattr(fact, field.name)) for field in fields(Fact)}
    try:
        checked = build(Fact, values)
    except ValueError as error:
        raise ValueError(f"The figure {fact.name} cannot be kept: {error}.") from None
    low, high = checked.low, checked.high
    if (low is None) != (high is None):
        raise ValueError(f"The figure {fact.name} has half an interval.")
    if low is not None and high is not None and low > high:
        raise ValueError(f"The interval of {fact.name} is upside down.")
    return checked


def _plain(value: Any) -> Any:
    """Return a number of numpy or torch as Python's own."""
    return value.item() if hasattr(value, "item") else value


def _number(value: Any) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf


def _bound(bound: Any) -> float | None:
    return None if bound is None or not math.isfinite(number := _number(bound)) else number


def _uses_torch(path: Path) -> bool:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add((node.module or "").partition(".")[0])
    return bool(names & {"torch", "torchvision"})


def _devices() -> list[str]:
    import torch

    there = ["cuda"] if torch.cuda.is_available() else []
    return [*there, *(["mps"] if torch.backends.mps.is_available() else []), "cpu"]


def _prepare_torch(threads: int) -> Any:
    import torch

    torch.set_num_threads(threads)
    torch.backends.cuda.matmul.allow_tf32 = False  # ten bits of a number are not a measurement
    torch.backends.cudnn.allow_tf32 = False
    return torch


def _wait_for_parent() -> None:
    """Kill this process and its children once stdin, where nothing ever comes, ends: then the
    runner is gone."""
    with contextlib.suppress(OSError):
        while os.read(0, 4096):
            pass
    if os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)


def _ask_to_die_with_parent() -> None:
    """Have Linux do the same where a call into C holds the interpreter's lock."""
    with contextlib.suppress(AttributeError, OSError):  # there is no prctl elsewhere
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


_PR_SET_PDEATHSIG = 1  # linux/prctl.h


if __name__ == "__main__":
    main()
