"""Every lesson at its smallest, one after another: from the keyboard, then by `studyapp lab run`.

    python benchmarks/lab.py

In one app the lab is walked from top to bottom: whole numbers are set to their lowest, an answer is
predicted, the run is waited for and left. Then each is a command. It ends with 1 if a run has no
result, or if a process or a folder of one is left. That takes a minute and a half of a processor,
most of it to load torch, which is why no test does it. What torch itself keeps in the folder for
temporary files is not looked at.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "support"))

import pytest
from textual.pilot import Pilot

from screen import arrives, settled, shows, until
from studyapp.config import Settings
from studyapp.lab import catalog
from studyapp.lab.catalog import Declaration
from studyapp.study.lab.facts import Ending
from studyapp.study.lab.runs import history
from studyapp.tui import app as app_module
from studyapp.tui.app import StudyApp
from studyapp.tui.screens.lab import LabScreen
from studyapp.tui.screens.lesson import LessonScreen, Phase

ENDED = (Phase.EXPLAINING.value, Phase.AFTER.value)


def smallest(lesson: Declaration) -> dict[str, str]:
    """The knobs that count something, at their lowest."""
    return {knob.name: f"{knob.low:.0f}" for knob in lesson.knobs if knob.kind == "int"}


async def play(pilot: Pilot[None], lesson: Declaration) -> str:
    """Set the knobs, predict, run and come back to the lab, by keys alone; return how it ended."""
    await pilot.press("enter")
    await arrives(pilot, LessonScreen)
    await pilot.press("s")
    small = smallest(lesson)
    for knob in lesson.knobs:
        if knob.name in small:
            await pilot.press("home", "shift+end", *small[knob.name])
        await pilot.press("down")
    await pilot.press("escape")
    await settled(pilot)
    await pilot.press("up", "enter")
    await until(pilot, lambda: any(map(pilot.app.screen.has_class, ENDED)), what=lesson.name)
    await settled(pilot)
    if pilot.app.screen.has_class(Phase.EXPLAINING.value):
        await pilot.press("escape")
        await until(pilot, lambda: pilot.app.screen.has_class(Phase.AFTER.value))
    await settled(pilot)
    await pilot.press("escape")
    await arrives(pilot, LabScreen)
    app = pilot.app
    assert isinstance(app, StudyApp)
    assert app.desk is not None
    with app.desk.reading() as connection:
        runs = history(connection, lesson.name, learner=app.desk.learner)
    assert [str(runs[0].knobs[name]) for name in small] == list(small.values())
    return str(runs[0].outcome.value)


async def by_keys(folder: Path, lessons: tuple[Declaration, ...]) -> list[tuple[str, float]]:
    """How each lesson ended from the keyboard, and in how many seconds."""
    app = StudyApp(str(folder / "keys.db"), Settings())
    found = []
    async with app.run_test(size=(100, 40)) as pilot:
        await until(pilot, lambda: app.desk is not None)
        await settled(pilot)
        await pilot.press("l")
        await arrives(pilot, LabScreen)
        await shows(pilot, lessons[0].title)
        for lesson in lessons:
            started = time.monotonic()
            found.append((await play(pilot, lesson), time.monotonic() - started))
            await pilot.press("down")
    return found


def by_command(lesson: Declaration) -> tuple[str, float]:
    """How a lesson ended as a command, and in how many seconds."""
    knobs = [f"--knob={name}={value}" for name, value in smallest(lesson).items()]
    command = [sys.executable, "-m", "studyapp", "lab", "run", lesson.name, *knobs]
    started = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True)
    ended = Ending.FAILED if done.returncode else Ending.RESULT
    return ended.value, time.monotonic() - started


def left(folder: Path) -> list[str]:
    """What was started with *folder* as its home and still runs, and the folders of runs."""
    found = [f"the folder {path.name}" for path in (folder / "runs").glob("studyapp-*")]
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if os.fsencode(folder) in (process / "environ").read_bytes():
                found.append(f"process {process.name}")
        except OSError:  # another one's, or gone by now
            continue
    return found


@contextmanager
def apart() -> Iterator[Path]:
    """A folder that is the learner's home for a while, where runs have their folders, too."""
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        folder = Path(name)
        (folder / "runs").mkdir()
        for variable in ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"):
            patch.setenv(variable, name)
        patch.setenv("STUDYAPP_DB", str(folder / "commands.db"))
        patch.setenv("TMPDIR", str(folder / "runs"))
        patch.setattr(tempfile, "tempdir", str(folder / "runs"))
        patch.setattr(app_module, "HELD", 0.0)
        patch.setattr(app_module, "BURST", 0.0)
        yield folder


def main() -> None:
    with apart() as folder:
        lessons = catalog.read().lessons
        keys = asyncio.run(by_keys(folder, lessons))
        commands = [by_command(lesson) for lesson in lessons]
        remains = left(folder)
    print("| lesson | from the keyboard | s | by command | s |\n|---|---|---|---|---|")
    for lesson, (key, slow), (command, quick) in zip(lessons, keys, commands, strict=True):
        print(f"| {lesson.name} | {key} | {slow:.1f} | {command} | {quick:.1f} |")
    print(f"\nLeft behind: {', '.join(remains) or 'nothing'}.")
    ended = {ending for ending, _ in (*keys, *commands)}
    sys.exit(bool(remains) or ended != {Ending.RESULT.value})


if __name__ == "__main__":
    main()
