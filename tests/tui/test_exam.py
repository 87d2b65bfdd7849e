"""The page of the exam: what a plan comes to, keeping it, and calling it off."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from threading import Event

import pytest

from pictures import Pictures
from screen import NARROW, arrives, hides, shows, tells, until
from studyapp.errors import CancelledError
from studyapp.memory.clock import study_day
from studyapp.store.engine import reading, writing
from studyapp.study import exam
from studyapp.study.fit import child
from studyapp.tui.screens.exam import ExamScreen
from studyapp.tui.screens.today import TodayScreen
from tests_support import Clock

FOUND = {
    "day": "2026-12-18",
    "days": 28,
    "minutes": 20,
    "chapters": ["chapter 1", "chapter 2"],
    "cards": 112,
    "unmet": 88,
    "met": 100,
    "left_out": [{"chapter": "chapter 2", "section": "2.4", "cards": 12, "why": "time"}],
    "share": {"value": 0.84, "low": 0.8, "high": 0.88},
    "curve": [
        {"minutes": 10, "value": 0.55, "low": 0.5, "high": 0.6},
        {"minutes": 20, "value": 0.84, "low": 0.8, "high": 0.88},
        {"minutes": 40, "value": 0.93, "low": 0.9, "high": 1.0},
    ],
    "enough": 40,
    "usual": {"value": 0.71, "low": 0.6, "high": 0.8},
    "learners": 60,
    "outcomes": 300,
    "basis": {
        "review": 12.4,
        "own_review": True,
        "new": 45.0,
        "own_new": False,
        "ratings": 340,
        "usual_ratings": 100,
    },
}


class Foreseen:
    """A forecast that is done at once, or never."""

    def __init__(self, asked: list[exam.Exam], planned: exam.Exam) -> None:
        asked.append(planned)

    def result(self, told: Callable[[float], None]) -> dict[str, object]:
        return FOUND

    def cancel(self) -> None:
        pass


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[exam.Exam]:
    """The plans of which it was asked what they come to."""
    found = list[exam.Exam]()
    monkeypatch.setattr(child, "of_exam", lambda desk, planned: Foreseen(found, planned))
    return found


def plan(app, days: int) -> None:
    with writing(app.desk.engine) as connection:
        day = study_day(app.clock()) + timedelta(days=days)
        exam.plan(connection, day, 20, (1, 2), app.clock(), learner=1)


async def open_page(pilot) -> None:
    await pilot.press("e")
    await arrives(pilot, ExamScreen)


async def type_day(pilot, day: object) -> None:
    await pilot.press("end", "ctrl+u", *str(day))


async def test_a_plan_is_asked_about_kept_and_called_off(make_app, open_today, asked) -> None:
    app = make_app()
    day = study_day(app.clock()) + timedelta(days=9)
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        await open_page(pilot)
        await shows(pilot, "none planned", "study for it", "such as 2027-01-31")
        await pilot.press("ctrl+s")
        await tells(pilot, "Give the day first")
        await hides(pilot, "call off")
        await type_day(pilot, "tomorrow")
        await pilot.press("enter")
        await tells(pilot, "'tomorrow' is not a date")
        await type_day(pilot, day)
        await pilot.press("tab", "9", "enter")
        await tells(pilot, "There is no chapter 9")
        await pilot.press("backspace", *"1,2", "enter")
        await shows(
            pilot,
            "about chapters 1 and 2",
            "84% [80, 88]",
            "without the plan 71% [60, 80]",
            "▸  20 min",
        )
        await until(pilot, lambda: len(asked) == 1)
        assert asked[0] == exam.Exam(day, study_day(app.clock()), 20, frozenset({1, 2}))
        with reading(app.desk.engine) as connection:
            assert exam.in_force(connection, day, learner=1) is None  # it was only asked about
        await pilot.press("ctrl+s")
        await tells(pilot, "Kept: each day follows it until then.")
        await shows(pilot, "planned for", "call off")
        await pilot.press("escape")
        await arrives(pilot, TodayScreen)
        await shows(pilot, "Exam on", "in 9 days")
        await open_page(pilot)
        await shows(pilot, day.isoformat(), "1,2", "84% [80, 88]")
        await pilot.press("ctrl+n")
        await tells(pilot, "Called off: each day is as before.")
        await shows(pilot, "none planned")
        await pilot.press("escape")
        await hides(pilot, "Exam on")


async def test_figures_are_not_taken_for_those_of_other_fields(make_app, open_today, asked) -> None:
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        plan(app, 9)
        await open_page(pilot)
        await shows(pilot, "84% [80, 88]")
        await hides(pilot, "foreseen before")
        await pilot.press("tab", "end", *",99")
        before = "Below is what was foreseen before"
        await shows(pilot, f"There is no chapter 99; the nearest is 2, Chapter 2. {before}.")
        await pilot.press(*["backspace"] * 3, "tab", "5")
        await shows(pilot, f"{before}; ⏎ foresees this.")
        assert pilot.app.screen.query_one("#found").has_class("-old")
        await pilot.press("backspace")
        await hides(pilot, before)
        await pilot.press("5", "enter")
        await until(pilot, lambda: len(asked) == 2)
        await hides(pilot, before)


async def test_a_page_that_is_left_open_goes_on_to_the_next_day(
    make_app, open_today, asked, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("studyapp.tui.screens.exam.A_WHILE", 0.05)
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        plan(app, 2)
        await open_page(pilot)
        await shows(pilot, "84% [80, 88]", "planned for", "call off")
        clock.forward(days=1)
        await shows(pilot, "Below is what was foreseen before; ⏎ foresees this.", "planned for")
        await pilot.press("enter")
        await hides(pilot, "foreseen before")
        clock.forward(days=2)
        await shows(pilot, "is not ahead", "none planned")
        await hides(pilot, "call off")


async def test_a_plan_that_another_window_has_called_off_is_none_here(
    make_app, open_today, asked
) -> None:
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        plan(app, 9)
        await open_page(pilot)
        await shows(pilot, "planned for")
        with writing(app.desk.engine) as connection:
            exam.call_off(connection, app.clock(), learner=1)
        await pilot.press("ctrl+n")
        await tells(pilot, "No exam is planned.")
        await shows(pilot, "none planned")


class Endless(Foreseen):
    """A forecast that goes on until it is ended."""

    def __init__(self) -> None:
        self.ended = Event()

    def result(self, told: Callable[[float], None]) -> dict[str, object]:
        told(0.4)
        self.ended.wait()
        raise CancelledError

    def cancel(self) -> None:
        self.ended.set()


async def test_a_page_that_is_left_ends_what_it_has_asked(
    make_app, open_today, monkeypatch: pytest.MonkeyPatch
) -> None:
    endless = Endless()
    monkeypatch.setattr(child, "of_exam", lambda desk, planned: endless)
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        plan(app, 99)
        await open_page(pilot)
        await shows(pilot, "simulating … 40%")
        await pilot.press("escape")
        await arrives(pilot, TodayScreen)
        await until(pilot, endless.ended.is_set)


async def test_picture_of_a_plan(make_app, open_today, asked, pictures: Pictures) -> None:
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        plan(app, 28)
        await open_page(pilot)
        await shows(pilot, "84% [80, 88]")
        await pictures(pilot)
        for field in ("chapters", "minutes"):
            await pilot.press("tab")
            await pictures(pilot, sizes=(NARROW,), name=f"{field}-")
