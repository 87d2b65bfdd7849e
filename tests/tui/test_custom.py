"""Choosing what to study: each plan says what it comes to, and its end what it did."""

from __future__ import annotations

from datetime import timedelta

from pressing import post
from sqlalchemy import select

from pictures import Pictures
from screen import NARROW, arrives, hides, shows, tells, until
from studyapp.config import Settings
from studyapp.memory.clock import study_day
from studyapp.memory.state import Rating
from studyapp.store import tables
from studyapp.study import review
from studyapp.study.sitting import Sitting
from studyapp.tui.screens.custom import CustomScreen
from studyapp.tui.screens.review import ReviewScreen
from studyapp.tui.screens.summary import SummaryScreen
from studyapp.tui.screens.today import TodayScreen
from studyapp.tui.widgets.menu import Menu


def meet(app, clock, days: int) -> None:
    """Meet the first four cards, each a question of its own, which come back after *days*."""
    sitting = Sitting(app.desk)
    for _ in range(4):
        assert sitting.view is not None
        card, rated = sitting.view.id, sitting.rate(Rating.EASY)
        day = study_day(clock()) + timedelta(days=days)
        with app.desk.writing() as connection:
            review.set_due(connection, card, day, clock(), learner=1)
        assert rated.memory.due is not None
    clock.forward(days=1)


def kept(app) -> list[object]:
    with app.desk.reading() as connection:
        return list(connection.execute(select(tables.memory).order_by(tables.memory.c.card_id)))


async def test_a_cram_changes_nothing_but_what_one_wants(make_app, open_today, clock) -> None:
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        meet(app, clock, days=3)
        before = kept(app)
        await pilot.press("h")
        await arrives(pilot, CustomScreen)
        await shows(
            pilot, "Ahead: due tomorrow nothing to ask now", "Cram chapter 1 4 cards, about"
        )
        await pilot.press("end", "enter")
        await arrives(pilot, ReviewScreen)
        await shows(pilot, "cram · 1 of 4")
        await pilot.press("enter")
        await shows(pilot, "as is")
        await pilot.press("1")
        await shows(pilot, "cram · 2 of 4")
        await pilot.press("u")
        await tells(pilot, "Undone: Again.")
        await shows(pilot, "cram · 1 of 4")
        await pilot.press("u", "u")  # what was done before would be asked as a cram
        await tells(pilot, "not done in this sitting; undo it on Today.")
        await pilot.press("enter", "1")
        await shows(pilot, "cram · 2 of 4")
        for _ in range(3):
            await pilot.press("enter", "3")
        await arrives(pilot, SummaryScreen)
        await shows(
            pilot, "No rating of a cram changes your schedule.", "1 missed: I makes them due today"
        )
        await hides(pilot, "y go on")
        assert kept(app) == before
        await pilot.press("I")
        await shows(pilot, "1 missed: due today", "Still due today: 1 review")
        await shows(pilot, "changes your schedule; what was missed is due today.")
        await pilot.press("u")
        await tells(pilot, "Undone: another date.")
        await shows(pilot, "1 missed: I makes them due today")
        assert kept(app) == before


async def test_what_comes_soon_is_reviewed_ahead(make_app, open_today, clock) -> None:
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        meet(app, clock, days=3)
        post(app, "h", "enter")  # in one piece: it is counted in between
        await shows(pilot, "ahead · 1 of 4")
        await pilot.press("enter", "3", "enter", "1", "escape")
        await arrives(pilot, SummaryScreen)
        await shows(pilot, "Your schedule has new dates for 2 cards; 1 of them today.")
        await pilot.press("h")
        await shows(pilot, "Ahead: due within 3 days 2 cards, about")
        await pilot.press("escape")
        await arrives(pilot, TodayScreen)


async def test_nothing_to_ask_is_said_and_cannot_be_chosen(make_app, open_today) -> None:
    app = make_app(settings=Settings(keys=(("custom", "Z"),)))
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        await pilot.press("Z")
        await shows(pilot, "Cram a chapter nothing to ask now", "What keeps slipping nothing to")
        await pilot.press("down", "enter")
        await arrives(pilot, CustomScreen)
        await pilot.press("Z")
        await arrives(pilot, TodayScreen)


async def test_who_is_done_for_today_can_choose(make_app, open_today, clock) -> None:
    app = make_app(settings=Settings(new_a_day=1))
    clock.forward(days=2)  # on which an end tells of the course
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        await pilot.press("enter", "enter", "4")
        await arrives(pilot, SummaryScreen)
        await shows(pilot, "Worth doing next: section 1.1")
        await pilot.press("enter")
        await arrives(pilot, TodayScreen)
        await shows(pilot, "Nothing: you are done for today.", "Choose what to study h")
        await pilot.press("down", "enter")
        await shows(pilot, "Cram chapter 1 1 card, about 1 minute")
        await pilot.press("end", "enter", "enter", "3")
        await arrives(pilot, SummaryScreen)
        await shows(pilot, "No rating of a cram changes your schedule.")
        await hides(pilot, "Worth doing next")  # which was told today
        await pilot.press("enter")
        await arrives(pilot, TodayScreen)
        await until(pilot, lambda: app.screen.query_one(Menu).highlighted == 0)


async def test_pictures_of_what_can_be_chosen(
    make_app, open_today, clock, pictures: Pictures
) -> None:
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        meet(app, clock, days=3)
        await pilot.press("h")
        await shows(pilot, "Cram chapter 1")
        await pictures(pilot, sizes=(NARROW, (60, 20)))
