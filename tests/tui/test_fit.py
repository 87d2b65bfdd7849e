"""A fit by itself is told, and dates move if the learner wants it."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import func, select

from forgetting import log_of, rate
from screen import NARROW, hides, shows, tells, until
from studyapp import config
from studyapp.config import Settings
from studyapp.errors import StudyError
from studyapp.store import tables
from studyapp.store.engine import reading
from studyapp.store.parameters import read_fits
from studyapp.study import library
from studyapp.tui.widgets.menu import Menu
from tests_support import Clock

REVIEWS = log_of(260, 7, new_a_day=2, most=22)


@pytest.fixture
def study(tmp_path: Path, only_pack: Path, clock: Clock) -> Path:
    """A learner of 22 cards who has reviewed often enough for a fit."""
    database = tmp_path / "app.db"
    desk, _ = library.open_study(str(database), config.Current(Settings()), clock, None)
    rate(desk.engine, clock, REVIEWS)
    desk.close()
    return database


async def test_a_fit_by_itself_is_told_and_its_dates_are_offered(
    make_app, open_today, study: Path
) -> None:
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        await tells(pilot, "The schedule is fitted to you now, as that predicts your later reviews")
        await shows(pilot, "Move dates to weights and goal", "sooner")
        menu = app.screen.query_one(Menu)
        names = [one.id for one in menu.options]
        await pilot.press(*["down"] * names.index("reschedule"), "enter")
        await tells(pilot, "moved; u takes it back.")
        await hides(pilot, "Move dates to weights and goal")
        with reading(app.desk.engine) as connection:
            assert [fit["adopted"] for fit in read_fits(connection, learner=1)] == [True]
            moved = select(func.count()).where(tables.memory.c.cause == "rescheduled")
            count = connection.scalar(moved)
            assert count
        await pilot.press("u")
        await tells(pilot, f"Undone: the new dates of {count} card")
        await shows(pilot, "Move dates to weights and goal", "sooner")  # which can be done again
        with reading(app.desk.engine) as connection:
            assert connection.scalar(moved) == 0
    again = make_app()  # the log has not grown since
    async with again.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        await shows(pilot, "Move dates to weights and goal", "sooner")
        assert "fitted to you" not in " ".join(again.heard)


async def test_dates_are_offered_at_each_start_for_two_weeks_from_a_new_goal_and_told_by_a_key(
    make_app, open_today, study: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    from studyapp.study.fit import adoption

    monkeypatch.setattr(adoption, "is_time", lambda *_, **__: False)
    strict, offer = Settings(desired_retention=0.97), "Move dates to weights and goal"
    for days in (0, 13):
        clock.forward(days=days)
        async with make_app(settings=strict).run_test(size=NARROW) as pilot:
            await open_today(pilot)
            await shows(pilot, offer, "sooner")
    clock.forward(days=1)
    async with (app := make_app(settings=strict)).run_test(size=NARROW) as pilot:
        await open_today(pilot)
        await pilot.app.workers.wait_for_complete()
        await hides(pilot, offer)
        await pilot.press("ctrl+p", *"dates")
        await shows(pilot, "Reschedule dates  ^d")
        await pilot.press("escape", "ctrl+d")
        await shows(pilot, offer, "sooner")
        with reading(app.desk.engine) as connection:
            moved = select(func.count()).where(tables.memory.c.cause == "rescheduled")
            assert connection.scalar(moved) == 0
        await pilot.press("enter")
        await tells(pilot, "moved; u takes it back.")
        await hides(pilot, offer)
        await pilot.press("ctrl+d")
        await tells(pilot, "No date would move.")


@pytest.mark.parametrize("overnight", [False, True])
async def test_a_log_that_has_grown_while_the_app_is_open_is_fitted_once_on_today(
    make_app,
    open_today,
    study: Path,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    overnight: bool,
) -> None:
    """As after an import; or where Today itself is left open."""
    from studyapp.study.fit import adoption

    real, grown = adoption.is_time, False
    monkeypatch.setattr(adoption, "is_time", lambda *one, **of: grown and real(*one, **of))
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        await pilot.app.workers.wait_for_complete()
        if overnight:
            clock.forward(days=1)
        else:
            await pilot.press("l")
        assert "fitted to you" not in " ".join(app.heard)
        grown = True
        if overnight:
            app.today._look_at_the_day()
        else:
            await pilot.press("escape")
        await tells(pilot, "The schedule is fitted to you now, as that predicts your later reviews")
        with reading(app.desk.engine) as connection:
            assert len(read_fits(connection, learner=1)) == 1


async def test_a_fit_that_fails_is_told_once_and_tried_at_the_next_start(
    make_app, open_today, study: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from studyapp.study.fit import child

    def failing(desk: object) -> object:
        raise StudyError("The fit cannot be started: it is full.")

    monkeypatch.setattr(child, "of_desk", failing)
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        await tells(pilot, "The fit cannot be started: it is full.")
        app.today._fit_by_itself()
        await pilot.app.workers.wait_for_complete()
        assert app.heard.count("The fit cannot be started: it is full.") == 1


async def test_an_app_that_is_closed_ends_the_fit(
    make_app, study: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from studyapp.study.fit import child

    ended = list[bool]()
    real = child.Child.cancel
    monkeypatch.setattr(child.Child, "cancel", lambda one: (ended.append(True), real(one))[1])
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await until(pilot, lambda: app.today._fitting is not None)
    assert ended
    desk, _ = library.open_study(str(study), config.Current(Settings()), app.clock, None)
    with desk.reading() as connection:
        assert len(read_fits(connection, learner=1)) <= 1
    desk.close()
