"""Each screen of the lab as a picture: 80×24 and 140×40, light and dark."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from pathlib import Path

import pytest
from textual.pilot import Pilot

from labpack import install, write_reference
from studyapp.config import Settings
from studyapp.lab import catalog, runner
from studyapp.lab.lines import Finished, Message
from studyapp.lab.protocol import Fact, Metric, Progress, Value
from studyapp.store.engine import writing
from studyapp.study.lab import predictions, runs
from studyapp.tui import places
from studyapp.tui.app import StudyApp
from studyapp.tui.screens import lesson as lesson_module
from studyapp.tui.screens.lesson import LessonScreen, Phase

SIZES = [(80, 24), (140, 40)]
THEMES = ["textual-dark", "textual-light"]
LOOKS = [(size, theme) for size in SIZES for theme in THEMES]


def finished(lesson: catalog.Declaration, knobs: Mapping[str, Value]) -> Finished:
    gap = 4.7 if int(knobs["n"]) >= 10 else -3.1
    over = "32 draws of data and start"
    facts = (
        Fact("stopped_error", 0.307, "", 0.291, 0.323, 32, "student t", over),
        Fact("gap", gap, "points", gap - 0.8, gap + 0.8, 32, "student t", over),
        Fact("floor", 0.2, "", None, None, 32, "exact", "nothing: it is set so"),
    )
    return Finished(
        lesson.name, lesson.version, facts, dict(knobs), 0, "cpu", 1, 6.0, "3.11", "2.11"
    )


def keep_run(app: StudyApp, n: int) -> None:
    """A run of an earlier time, predicted to be higher."""
    lesson = app.catalog.lesson("probe")
    knobs = {knob.name: knob.default for knob in lesson.knobs} | {"n": n}
    assert app.desk is not None
    with writing(app.desk.engine) as connection:
        made = predictions.predict(connection, lesson, {"n": n}, "higher", 0.8, learner=1)
        outcome = finished(lesson, knobs)
        runs.keep(connection, lesson, {"n": n}, outcome, app.clock(), app.clock(), made, learner=1)


class Scripted:
    """A run that plays what a lesson would say, and waits in the middle until it is told."""

    pid = 0

    def __init__(self, lesson: catalog.Declaration, knobs: dict[str, Value]) -> None:
        self._lesson = lesson
        self._knobs = {knob.name: knob.default for knob in lesson.knobs} | knobs
        self.seconds = 0.0
        self.go_on = asyncio.Event()

    def monotonic(self) -> float:
        return self.seconds

    async def events(self) -> AsyncIterator[Message]:
        yield Progress(0, 20)
        for message in self._curves(0, 9):
            yield message
        self.seconds = 4.0
        yield Progress(8, 20)
        await self.go_on.wait()
        for message in self._curves(9, 21):
            yield message
        yield self._result()

    def _curves(self, start: int, stop: int) -> list[Message]:
        points: list[Message] = []
        for epoch in range(start, stop):
            train, held_out = math.exp(-epoch / 4), 0.6 + epoch / 20
            points += [
                Metric(epoch, "train loss", train, train * 0.8, train * 1.2),
                Metric(epoch, "validation loss", held_out, held_out - 0.15, held_out + 0.15),
                Metric(epoch, "accuracy", 0.5 + epoch / 50, 0.45 + epoch / 50, 0.55 + epoch / 50),
            ]
        return points

    def _result(self) -> Finished:
        return finished(self._lesson, self._knobs)

    async def cancel(self) -> None:
        self.go_on.set()

    def close(self) -> None:
        pass


@pytest.fixture
def scripts(monkeypatch: pytest.MonkeyPatch) -> list[Scripted]:
    """The runs that were started, the newest last."""
    started: list[Scripted] = []

    async def start(lesson: catalog.Declaration, given: dict[str, Value]) -> Scripted:
        started.append(Scripted(lesson, given))
        return started[-1]

    monkeypatch.setattr(runner, "start", start)
    monkeypatch.setattr(
        lesson_module, "monotonic", lambda: started[-1].monotonic() if started else 0.0
    )
    return started


async def drawn(pilot: Pilot[None], phase: Phase) -> None:
    """Wait until the experiment is in a phase and its plots show the newest point."""
    screen = pilot.app.screen
    assert isinstance(screen, LessonScreen)
    for _ in range(2000):
        await pilot.pause(0.01)
        share = screen._live.share() if phase is Phase.RUNNING else 1
        if screen._phase is phase and share and screen._draw_plots():
            break
    else:
        pytest.fail("the plots never came")
    screen._tick()
    await pilot.pause()
    await pilot.pause()


@pytest.fixture
def look(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    only_pack: Path,
    make_app,
    open_today,
    snap_compare,
    scripts: list[Scripted],
) -> Callable[..., bool]:
    """Compare the lab, after some keys, with its picture; `run` and `stop` are steps as well."""
    package = install(tmp_path, monkeypatch, "probe", "amount")
    write_reference(package, "probe")

    def compare(
        *steps: str,
        look: tuple[tuple[int, int], str] = LOOKS[0],
        lesson: str = "probe",
        before: Sequence[int] = (),
        knobs: Mapping[str, str] | None = None,
    ) -> bool:
        app = make_app(settings=Settings(theme=look[1]))

        async def act(pilot: Pilot[None]) -> None:
            await open_today(pilot)
            for n in before:
                keep_run(app, n)
            if lesson:
                app.open(places.Lesson(app.catalog.lesson(lesson), knobs))
                await pilot.pause()
                await pilot.pause()
            for step in steps:
                if step == "end":
                    scripts[-1].go_on.set()
                    await drawn(pilot, Phase.AFTER)
                elif step == "run":
                    await pilot.press("enter")
                    await drawn(pilot, Phase.RUNNING)
                else:
                    await pilot.press(step)
            await pilot.pause()

        return snap_compare(app, terminal_size=look[0], run_before=act)

    return compare


looks = pytest.mark.parametrize(
    "one", LOOKS, ids=[f"{size[0]}x{size[1]}-{theme.split('-')[1]}" for size, theme in LOOKS]
)


@looks
def test_list(look, one) -> None:
    assert look("l", lesson="", before=[30], look=one)


@looks
def test_before(look, one) -> None:
    assert look("up", "right", look=one)


@looks
def test_during(look, one) -> None:
    assert look("up", "run", look=one)


@looks
def test_after_right(look, one) -> None:
    assert look("up", "run", "end", look=one)


@looks
def test_after_wrong_beside_an_earlier_run(look, one) -> None:
    assert look("up", "run", "end", before=[30], knobs={"n": "9"}, look=one)


@looks
def test_history(look, one) -> None:
    assert look("h", before=[30, 9], look=one)


def test_knobs(look) -> None:
    assert look("k", "9", "down", "x")


def test_range(look) -> None:
    assert look("3", "down", "5", lesson="amount")


def test_log_scale_of_the_second_plot(look) -> None:
    assert look("up", "run", "p", "g")


def test_without_colour(look, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert look("up", "run")


def test_source(look) -> None:
    assert look("v", "pagedown")


def test_a_small_terminal(look) -> None:
    assert look("up", "run", "end", look=((40, 12), THEMES[0]))


def test_a_narrow_question(look) -> None:
    assert look("up", look=((40, 24), THEMES[0]))
