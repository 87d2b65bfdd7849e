"""Pausing by keys: on Today the course, in the course a chapter; seen where it is, and undone."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.events import Key

from screen import NARROW, SIZES, arrives, hides, shows, tells, until
from studyapp.study import pause
from studyapp.study.undo import undo
from studyapp.tui.screens.summary import SummaryScreen
from studyapp.tui.screens.tracker import TrackerScreen
from tests_support import Clock, question, questionnaire


@pytest.mark.parametrize("size", SIZES)
async def test_the_course_is_paused_and_goes_on(make_app, open_today, size) -> None:
    app = make_app()
    async with app.run_test(size=size) as pilot:
        await open_today(pilot)
        await shows(pilot, "10 cards today")
        await pilot.press("P")
        await tells(pilot, "The course is paused: no card of it comes until it goes on.")
        await shows(pilot, "Nothing: the course is paused", "paused 20 Nov", "not started")
        await shows(pilot, "Let the course go on", "paused since Fri 20 Nov")
        await hides(pilot, "Start reviewing", "new cards today", "Start chapter")
        await pilot.press("enter")
        await tells(pilot, "The course goes on: what is overdue comes within each day's time.")
        await shows(pilot, "10 cards today")
        await pilot.press("P", "u")
        await tells(pilot, "Undone: pausing the whole course.")
        await shows(pilot, "10 cards today")


async def test_the_same_key_twice_pauses_and_lets_go_on(make_app, open_today) -> None:
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        await pilot.press("P", "P")  # the second one before all is counted anew
        await tells(pilot, "The course goes on: what is overdue comes within each day's time.")


async def test_in_the_course_the_log_says_what_the_key_does(make_app, open_today) -> None:
    """Not the page, which is of before another key, or another window."""
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        app.push_screen(TrackerScreen())
        await shows(pilot, "1.1 The only section")
        for key in ("P", "P", "P"):
            app.post_message(Key(key, key))
        await tells(pilot, "Chapter 1 goes on: what is overdue comes within each day's time.")
        await shows(pilot, "paused 20 Nov")
        with app.desk.writing() as connection:  # as another window does
            pause.resume(connection, 1, app.clock(), learner=1)
        await pilot.press("P")
        paused = "Chapter 1 is paused: no card of it comes until it goes on."
        await until(pilot, lambda: app.heard[-1] == paused)
        await shows(pilot, "paused 20 Nov")


async def test_five_questions_ask_nothing_of_a_paused_course(
    make_app, open_today, clock: Clock
) -> None:
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        await pilot.press("enter", "space", "4", "escape")
        await arrives(pilot, SummaryScreen)
        clock.forward(days=1)
        await pilot.press("escape")
        await shows(pilot, "Five questions, five minutes")
        await pilot.press("P")
        await shows(pilot, "Let the course go on")
        await hides(pilot, "Five questions, five minutes")


async def test_a_chapter_is_paused_in_the_course(make_app, open_today) -> None:
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        app.push_screen(TrackerScreen())
        await shows(pilot, "1.1 The only section")
        await pilot.press("P")  # on a section it is the chapter's
        await tells(pilot, "Chapter 1 is paused: no card of it comes until it goes on.")
        await shows(pilot, "1 Chapter 1", "paused 20 Nov")
        await pilot.press("down", "P", "o")  # what is not started has nothing to pause
        await tells(pilot, "Chapter 2 is started: 4 new cards, a few a day.")
        await pilot.press("P")
        await shows(pilot, "2 Chapter 2", "paused 20 Nov")
        await pilot.press("u")
        await tells(pilot, "Undone: pausing chapter 2.")
        await pilot.press("u")
        await tells(pilot, "Undone: starting chapter 2.")
        await pilot.press("u")
        await tells(pilot, "Undone: pausing chapter 1.")
        await hides(pilot, "paused 20 Nov")
        await pilot.press("o", "P")
        await shows(pilot, "2 Chapter 2", "paused 20 Nov")
        with app.desk.writing() as connection:  # another window is quicker
            undo(connection, app.desk.now(), learner=1)
        await pilot.press("u")  # that goes on to what is no entry
        await tells(pilot, "Undone: starting chapter 2.", 2)
        await pilot.press("up", "enter")
        await shows(pilot, "Prose.")
        await pilot.press("P", "u", "P", "P")
        await tells(pilot, "Chapter 1 goes on: what is overdue comes within each day's time.")
        await pilot.press("escape")
        await hides(pilot, "paused 20 Nov")


async def test_today_says_which_chapter_is_paused(make_app, open_today) -> None:
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        await pilot.press("enter", "enter")
        await shows(pilot, "3 good")
        await pilot.press("3", "escape", "escape", "C")
        await shows(pilot, "1.1 The only section")
        await pilot.press("P", "escape")
        await shows(pilot, "chapter 1 is paused since Fri 20", "Nov; in the course it can go on")


async def test_chapters_that_are_called_the_same_name_their_packs(
    make_app, open_today, only_pack: Path
) -> None:
    (only_pack / "other.md").write_text(questionnaire(question("o"), pack="other"))
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        await shows(pilot, "1 other: Chapter 1", "1 test: Chapter 1", "2 Chapter 2")
        await shows(pilot, "Questionnaire, chapter 1      c      other: Chapter 1")
        await pilot.press("C")
        await shows(pilot, "1 other: Chapter 1", "1 test: Chapter 1", "2 Chapter 2")
