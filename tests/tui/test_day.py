"""A day from Today to its end, by keys: its time, what waits, what comes next, what is undone."""

from __future__ import annotations

import re
import threading
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from textual.containers import VerticalScroll

from screen import NARROW, PATIENCE, WIDE, arrives, hides, lines, settled, shows, tells, until
from studyapp.config import Settings
from studyapp.store import tables
from studyapp.store.engine import reading
from studyapp.study import prospect, today
from studyapp.study.grading import Grade
from studyapp.study.questionnaire.attempt import Attempt
from studyapp.tui.screens.attempt import AttemptScreen
from studyapp.tui.screens.new import NewScreen
from studyapp.tui.screens.review import ReviewScreen
from studyapp.tui.screens.summary import SummaryScreen
from studyapp.tui.screens.today import TodayScreen
from tests_support import Clock, question, questionnaire

SMALL = (60, 20)


async def test_undo_on_today_asks_before_it_takes_back_what_is_older(
    make_app, open_today, clock: Clock
) -> None:
    app = make_app(settings=Settings(new_a_day=2))
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        await pilot.press("enter", "enter", "4", "enter", "4")
        await arrives(pilot, SummaryScreen)
        await shows(pilot, "Tomorrow: 2 new cards, about 2 minutes.")
        await pilot.press("escape")
        await shows(pilot, "tomorrow: 0 review, 2 new")
        clock.forward(days=2)
        await pilot.press("u")
        await tells(pilot, "u once more takes back Easy on “Term 1”, on Friday.")
        assert not isinstance(app.screen, ReviewScreen)
        await pilot.press("u")
        await until(pilot, lambda: isinstance(app.screen, ReviewScreen))
        assert app.screen.sitting.view.note.id == "t1"
        await pilot.press("u")
        await tells(pilot, "u once more takes back Easy on “Term 0”, on Friday.")
        assert app.screen.sitting.view.note.id == "t1"
        await pilot.press("enter", "u")  # which is not once more
        await tells(pilot, "u once more takes back Easy on “Term 0”, on Friday.", 2)
        await pilot.press("u")
        await tells(pilot, "Undone: Easy.", 2)
        assert app.screen.sitting.view.note.id == "t0"


async def test_time_at_the_keys_counts_and_a_pause_does_not(
    make_app, open_today, clock: Clock
) -> None:
    app = make_app(settings=Settings(new_a_day=1))
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, ReviewScreen))
        for key, seconds in (("t", 50), ("y", 50), ("ctrl+s", 50), ("4", 7200)):
            await settled(pilot)
            clock.forward(seconds=seconds)
            await pilot.press(key)
        await arrives(pilot, SummaryScreen)
        with reading(app.desk.engine) as connection:
            taken = connection.scalars(select(tables.review.c.duration)).all()
        assert taken == [210_000]
        await pilot.press("escape")
        await shows(pilot, "4 of 20 minutes used")


async def test_the_questionnaire_that_waits_is_a_key_away_at_the_end(
    make_app, open_today, clock: Clock
) -> None:
    app = make_app(settings=Settings(new_a_day=2))
    async with app.run_test(size=(60, 20)) as pilot:
        await open_today(pilot)
        attempt = Attempt(app.desk, 1)
        attempt.reveal()
        attempt.grade(Grade.PARTLY)
        await pilot.press("enter", "enter", "4")
        await arrives(pilot, SummaryScreen)
        await shows(pilot, "Worth doing next: the questionnaire of chapter 1,", "Tomorrow: ")
        await pilot.press("c")
        await until(pilot, lambda: isinstance(app.screen, AttemptScreen))


async def test_undo_on_today_closes_what_was_opened_there(make_app, open_today) -> None:
    app = make_app(settings=Settings(new_a_day=99, minutes_a_day=99))
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        await pilot.press("o")
        await tells(pilot, "Chapter 2 is open: Chapter 2; u closes it again while the app is open.")
        await shows(pilot, "19 cards today")
        await pilot.press("u")
        await tells(pilot, "Chapter 2 is closed again.")
        await shows(pilot, "15 cards today")
        await pilot.press("o", "u", "o")  # keys are about what is true then
        await tells(
            pilot, "Chapter 2 is open: Chapter 2; u closes it again while the app is open.", 3
        )
        await shows(pilot, "19 cards today")
        await pilot.press("enter", "enter", "4", "escape", "escape", "u")
        await until(pilot, lambda: isinstance(app.screen, ReviewScreen))
        assert app.screen.sitting.view.note.id == "t0"
        assert app.screen.sitting.counts.new == 19
        await pilot.press("u")
        await tells(pilot, "Chapter 2 is closed again.", 3)
        assert app.screen.sitting.counts.new == 15


async def test_why_fewer_new_cards_come_is_told(make_app, open_today) -> None:
    app = make_app(settings=Settings(new_a_day=4))
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        await shows(pilot, "4 cards today")
        await hides(pilot, "new cards a day")
        await pilot.press("enter", "enter", "4", "escape", "escape")
        await shows(pilot, "0 review 0 learning 3 new", "of 4 new cards a day: 1 met already")
        await shows(pilot, "no card came back in the last 7 days")  # it may be a Monday
        await pilot.press("question_mark", "end")  # learning is no state of a card
        await shows(pilot, "as learning what", "In Find is:learn is what is in its steps")


async def test_the_ends_of_a_menu_are_its_first_and_last_line(make_app, open_today) -> None:
    app = make_app()
    async with app.run_test(size=SMALL) as pilot:
        await open_today(pilot)
        await pilot.press("end", "enter")
        await arrives(pilot, NewScreen)
        await pilot.press("escape", "home", "enter")
        await arrives(pilot, ReviewScreen)
        await pilot.press("escape", "c")
        await shows(pilot, "Set the day of the exam")
        await pilot.press("end", "enter")
        await shows(pilot, "70 to 99%, or none to be as all else")


async def test_the_key_that_chooses_stands_beside_what_is_chosen(make_app, open_today) -> None:
    """Which stays so when one comes back from elsewhere, but not after a sitting."""
    app = make_app(settings=Settings(new_a_day=2))
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        await pilot.press("enter", "enter", "4", "enter", "4", "escape")
        await shows(pilot, "⏎ y")
        await pilot.press("down", "C", "escape")
        await shows(pilot, "⏎ c")
        await hides(pilot, "⏎ y")
        await pilot.press("y", "escape")
        await arrives(pilot, TodayScreen)
        await shows(pilot, "⏎ y")


async def test_days_in_a_row_are_told_in_the_same_words_everywhere(
    make_app, open_today, clock: Clock
) -> None:
    row = "2 study days in a row, Sun off"
    app = make_app(settings=Settings(new_a_day=1, rest_days=("sun",)))
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        for days in (1, 0):  # on Friday and on Saturday
            await pilot.press("enter", "enter", "4")
            await arrives(pilot, SummaryScreen)
            clock.forward(days=days)
            await pilot.press("escape")
            await arrives(pilot, TodayScreen)
        await shows(pilot, f"Sat 21 Nov · {row}")
        await pilot.press("u", "enter", "4")
        await shows(pilot, f"{row}.")


async def test_what_comes_later_moves_no_row(
    make_app, open_today, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = threading.Event()

    def late(*of: Any, **options: Any) -> prospect.Prospect:
        assert known.wait(PATIENCE)
        return found(*of, **options)

    found = prospect.prospect
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        attempt = Attempt(app.desk, 1)
        attempt.reveal()
        attempt.grade(Grade.PARTLY)
        monkeypatch.setattr("studyapp.study.prospect.prospect", late)
        app.today.refresh_overview()
        await pilot.press("C", "escape")
        await shows(
            pilot, "Continue questionnaire 1", "1 of all 12 answered", "0 of 1 section", "…"
        )
        before = lines(pilot).splitlines()
        known.set()
        await shows(pilot, "1 of 12")
        after = lines(pilot).splitlines()
        assert [one[:40].split("  ")[0] for one in before] == [
            one[:40].split("  ")[0] for one in after
        ]


async def test_who_comes_back_to_today_sees_no_figure_of_before(
    make_app, open_today, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = threading.Event()

    def overview(*of: Any, **options: Any) -> today.Overview:
        assert counted.wait(PATIENCE)
        return found(*of, **options)

    found = today.overview
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        await shows(pilot, "10 cards today", "0 due, 10 new")
        monkeypatch.setattr("studyapp.study.today.overview", overview)
        await pilot.press("enter", "enter", "4", "escape", "escape")
        await shows(pilot, "counting …")
        assert "10 cards" not in lines(pilot)
        assert "10 new" not in lines(pilot)
        counted.set()
        await shows(pilot, "0 due, 9 new")


async def test_the_end_of_a_sitting_says_how_it_stands_when_one_comes_back_to_it(
    make_app, open_today
) -> None:
    app = make_app(settings=Settings(new_a_day=2))
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        await pilot.press("enter", "m", "enter", "4", "enter", "4")
        await shows(pilot, "1 card to mend: a shows it.")
        await pilot.press("a", "m", "escape")
        await arrives(pilot, SummaryScreen)
        await hides(pilot, "to mend")


async def test_a_key_that_would_do_nothing_is_not_offered(
    make_app, open_today, clock: Clock
) -> None:
    app = make_app(settings=Settings(new_a_day=15, minutes_a_day=99))
    async with app.run_test(size=WIDE) as pilot:
        await open_today(pilot)
        await hides(pilot, "Five questions", "f five")  # nothing was met
        await pilot.press("enter", *("enter", "4") * 14)
        await pilot.press("escape")
        await shows(pilot, "Still due today: 1 new card.", "y more")
        await hides(pilot, "f five")  # all was met today
        await pilot.press("y", "enter", "4")
        await shows(pilot, "15 cards in about")
        await hides(pilot, "y more")  # there is no further card
        await pilot.press("escape")
        await shows(pilot, "you are done for today")
        await hides(pilot, "Study more new cards", "y more today")
        clock.forward(days=1)
        await pilot.press("slash", "escape")
        await shows(pilot, "Five questions, five minutes")
        await pilot.press("f", "escape", "o", "enter", "enter", "4", "escape")
        await shows(pilot, "1 card in about", "f five")
        await pilot.press("f")
        await shows(pilot, "1 of 5")


async def test_who_comes_back_after_weeks_is_told_so_on_that_day_alone(
    make_app, open_today, clock: Clock
) -> None:
    app = make_app(settings=Settings(new_a_day=1))
    async with app.run_test(size=SMALL) as pilot:
        await open_today(pilot)
        await pilot.press("enter", "enter", "4")
        await arrives(pilot, SummaryScreen)
        clock.forward(days=20)
        await pilot.press("escape")
        await shows(pilot, "Back after 3 weeks: nothing is lost.", "fits in today's 20 minutes.")
        await pilot.press("enter", "enter", "4", "escape")
        await arrives(pilot, SummaryScreen)
        clock.forward(days=1)
        await pilot.press("escape")
        await shows(pilot, "Fri 11 Dec")
        await hides(pilot, "Back after")


async def test_why_a_sibling_waits_is_said_where_it_is_first_counted(
    make_app, open_today, only_pack: Path, clock: Clock
) -> None:
    pair = (question(name, family="pair") for name in ("one", "two"))
    (only_pack / "1" / "jargon.md").unlink()
    (only_pack / "1" / "questionnaire.md").write_text(questionnaire(*pair))
    app = make_app()
    async with app.run_test(size=SMALL) as pilot:
        await open_today(pilot)
        for days in (1, 30):  # the second one comes a day later
            await pilot.press("enter", "enter", "4")
            await arrives(pilot, SummaryScreen)
            clock.forward(days=days)
            await pilot.press("escape")
            await arrives(pilot, TodayScreen)
        await shows(pilot, "1 review", "1 of the 2 cards that are due comes today; cards whose")
        await hides(pilot, "for another day")  # it is said once


async def test_mastery_is_told_of_the_chapters_that_come_into_sight(
    make_app, open_today, only_pack: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To tell it of all of them would have who comes back wait for what they do not see."""
    for number in range(3, 33):
        text = questionnaire(question(f"r{number}", chapter=number), chapter=number)
        (only_pack / f"{number}.md").write_text(text)
    asked, tell = list[int](), prospect.prospect

    def counted(*given: Any, learner: int) -> prospect.Prospect:
        asked.append(len(given[-1]))
        return tell(*given, learner=learner)

    monkeypatch.setattr(prospect, "prospect", counted)
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        await until(pilot, lambda: asked)
        assert asked[0] < 16
        await pilot.resize_terminal(80, 34)
        await until(pilot, lambda: re.search(r" 5 Chapter 5 .* 0 of 1 ", lines(pilot)))
        assert asked[-1] < 30
        app.screen.query_one(VerticalScroll).scroll_end(animate=False)
        await until(pilot, lambda: re.search(r"32 Chapter 32 .* 0 of 1 ", lines(pilot)))
        await settled(pilot)
        assert "32 Chapter 32 " in lines(pilot), "what comes later leaves the page where it is"
