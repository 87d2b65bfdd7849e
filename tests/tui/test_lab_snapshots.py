"""Each screen of the lab as pictures, of a run that is scripted."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

import pytest

from labpack import install, write_reference
from pictures import Pictures
from recording import Recording, finished
from screen import NARROW, SIZES, WIDE, hides, settled, shows
from studyapp.lab import catalog, runner
from studyapp.lab.protocol import Value
from studyapp.store.engine import writing
from studyapp.study.lab import predictions, runs
from studyapp.tui import places
from studyapp.tui.app import StudyApp
from studyapp.tui.screens import lesson as lesson_module

Look = Callable[..., Awaitable[None]]


def keep_run(app: StudyApp, n: int) -> None:
    """A run of an earlier time, predicted to be higher."""
    lesson = app.catalog.lesson("probe")
    knobs = {knob.name: knob.default for knob in lesson.knobs} | {"n": n}
    assert app.desk is not None
    with writing(app.desk.engine) as connection:
        made = predictions.predict(connection, lesson, {"n": n}, "higher", 0.8, learner=1)
        outcome = finished(lesson, knobs)
        runs.keep(connection, lesson, {"n": n}, outcome, app.clock(), app.clock(), made, learner=1)


@pytest.fixture
def scripts(monkeypatch: pytest.MonkeyPatch) -> list[Recording]:
    """The runs that were started, the newest last."""
    started: list[Recording] = []

    async def start(
        lesson: catalog.Declaration, given: dict[str, Value], *, reviews: bytes | None
    ) -> Recording:
        started.append(Recording(lesson, given, waiting=True))
        return started[-1]

    monkeypatch.setattr(runner, "start", start)
    monkeypatch.setattr(
        lesson_module, "monotonic", lambda: started[-1].monotonic() if started else 0.0
    )
    return started


@pytest.fixture
def look(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    only_pack: Path,
    make_app,
    open_today,
    pictures: Pictures,
    scripts: list[Recording],
) -> Look:
    """Compare the lab, after some keys, with its pictures; `run` and `end` are steps as well, and
    *then* has further keys and what is narrow after them, by name."""
    package = install(tmp_path, monkeypatch, "probe", "amount")
    write_reference(package, "probe")

    async def compare(
        *steps: str,
        sizes: Sequence[tuple[int, int]] = SIZES,
        light: bool = False,
        lesson: str = "probe",
        before: Sequence[int] = (),
        knobs: Mapping[str, str] | None = None,
        then: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        app = make_app()
        async with app.run_test(size=sizes[0], notifications=True) as pilot:
            await open_today(pilot)
            for n in before:
                keep_run(app, n)
            if lesson:
                app.open(places.Lesson(app.catalog.lesson(lesson), knobs))
                await settled(pilot)
            for step in steps:
                if step == "run":
                    await pilot.press("enter")
                    await shows(pilot, "40%")
                elif step == "drawn":
                    await shows(pilot, "train loss")
                elif step == "end":
                    scripts[-1].go_on.set()
                    await shows(pilot, "What happened, and why?")
                    await pilot.press("escape")
                    await hides(pilot, "What happened")
                elif step == "why":
                    scripts[-1].go_on.set()
                    await shows(pilot, "What happened, and why?")
                else:
                    await pilot.press(step)
            await pictures(pilot, sizes=sizes, light=light)
            for name, more in (then or {}).items():
                await pilot.press(*more)
                await pictures(pilot, sizes=[NARROW], name=f"{name}-")

    return compare


async def test_list(look) -> None:
    await look("l", lesson="", before=[30])


async def test_before(look) -> None:
    await look("up", "right")


async def test_during(look) -> None:
    await look("up", "run")


async def test_the_learner_explains(look) -> None:
    await look("up", "run", "why", "N", "o", "i", "s", "e")


async def test_the_points_of_the_mechanism(look) -> None:
    await look("up", "run", "why", "enter", "b", sizes=[NARROW])


async def test_the_last_run_beside_the_next(look) -> None:
    await look("up", "run", "end", "s", "9")


async def test_after_right(look) -> None:
    await look("up", "run", "end")


async def test_after_wrong_beside_an_earlier_run(look) -> None:
    await look("up", "run", "end", before=[30], knobs={"n": "9"}, light=True)


async def test_history(look) -> None:
    await look("H", before=[30, 9])


async def test_knobs(look) -> None:
    then = {"data": ("down",), "seeds": ("down",)}
    await look("s", "9", "down", "x", sizes=[NARROW], then=then)


async def test_range(look) -> None:
    await look("3", "down", "5", lesson="amount", sizes=[NARROW], then={"low": ("up",)})


async def test_log_scale_of_the_second_plot(look) -> None:
    await look("up", "run", "drawn", "p", "g", sizes=[NARROW])


async def test_without_colour(look, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    await look("up", "run", "drawn", sizes=[NARROW])


async def test_source(look) -> None:
    await look("v", "pagedown", sizes=[NARROW])


async def test_a_small_terminal(look) -> None:
    await look("up", "run", "end", sizes=[(40, 12)])


async def test_a_narrow_question(look) -> None:
    await look("up", sizes=[(40, 24)])


async def test_two_runs_side_by_side(look) -> None:
    await look("up", "run", "end", "s", "9", "escape", "up", "run", "drawn", sizes=[WIDE])
