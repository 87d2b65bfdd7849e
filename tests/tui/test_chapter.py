"""The chapter page, the interview and Today's ways into them, by keys and as pictures."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from sqlalchemy import func, select
from textual import events

from pictures import Pictures
from screen import NARROW, arrives, hides, settled, shows, tells, until
from studyapp import config
from studyapp.config import Current, Settings
from studyapp.store import tables
from studyapp.store.engine import reading
from studyapp.study import library
from studyapp.study.grading import Grade
from studyapp.study.questionnaire.attempt import Attempt
from studyapp.study.undo import undo
from studyapp.tui import places
from studyapp.tui.screens.attempt import AttemptScreen
from studyapp.tui.screens.chapter import ChapterScreen
from studyapp.tui.screens.review import ReviewScreen
from studyapp.tui.screens.summary import SummaryScreen
from studyapp.tui.screens.today import TodayScreen
from studyapp.tui.widgets.answer import AnswerBox
from tests_support import Clock

GRADES = (Grade.GOT, Grade.PARTLY, Grade.MISSED, Grade.GOT)


@pytest.fixture
def tried(tmp_path: Path, only_pack: Path, clock: Clock) -> None:
    """Two attempts at chapter 1, the second one open, ten days apart."""
    clock.forward(days=-12)
    desk, _ = library.open_study(str(tmp_path / "app.db"), Current(Settings()), clock, None)
    for count in (12, 7):
        attempt = Attempt(desk, 1)
        for number in range(count):
            attempt.write("A few words.")
            given = GRADES[(number + count) % 4]
            attempt.tick(frozenset({0}) if given is Grade.GOT else frozenset())
            attempt.grade(given)
        clock.forward(days=10)
    clock.forward(days=-8)
    desk.close()


async def open_chapter(pilot, open_today, number: int = 1) -> None:
    await open_today(pilot)
    pilot.app.open(places.Chapter(number, f"chapter {number}"))
    await arrives(pilot, ChapterScreen)
    await settled(pilot)


async def test_the_page_tells_mastery_attempts_and_changes(make_app, open_today, tried) -> None:
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await open_chapter(pilot, open_today)
        await shows(pilot, "introduced 12 of the 12 to know", "without review until then")
        await shows(pilot, "7 of 12  ", "12 of 12  ", "Since the attempt before")


async def test_a_pretest_says_what_it_asks_and_that_it_can_be_left(make_app, open_today) -> None:
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await open_chapter(pilot, open_today)
        await shows(pilot, "all 12 questions, before you read the chapter; stop when you")
        await pilot.press("G", "t", *"A guess", "escape", "escape")
        await shows(pilot, "1 of all 12 answered, a pretest")
        await open_chapter(pilot, open_today, 2)
        await shows(pilot, "all 4 questions; a pretest: the chapter is not started; stop when you")


async def test_of_a_few_cards_no_mastery_is_told(make_app, open_today, only_pack: Path) -> None:
    """A first bad rating takes nothing away: until then there was no figure."""
    (only_pack / "1" / "jargon.md").unlink()
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await open_today(pilot)
        for rating in "31":
            await pilot.press("enter", "enter", rating, "escape", "escape")
            await shows(pilot, "few yet")
        await open_chapter(pilot, open_today)
        await shows(pilot, "Mastery too few yet to say: introduced 2 of the 12 to know")
        await hides(pilot, "Mastery: the share", "% [")


async def test_an_exam_day_is_kept_and_can_be_taken_away(make_app, open_today, tried) -> None:
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await open_chapter(pilot, open_today)
        await pilot.press("d", *"2026-12-24", "enter")
        await open_today(pilot)
        await shows(pilot, "Thu 24 Dec, without review")
        assert "exam_on = 2026-12-24" in config.settings_path().read_text()
        await pilot.press("escape")
        await open_today(pilot)
        await shows(pilot, "tomorrow → Thu 24 Dec")
        await open_chapter(pilot, open_today)
        await pilot.press("d", *["backspace"] * 10, "enter")
        await open_today(pilot)
        assert "exam_on" not in config.settings_path().read_text()


async def test_what_is_wrong_in_a_box_is_one_sentence_and_changes_nothing(
    make_app, open_today, tried
) -> None:
    app = make_app()
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await open_chapter(pilot, open_today)
        await pilot.press("d", *"2026-11-01", "enter")
        await tells(pilot, "2026-11-01 is not ahead; a forecast needs a date from tomorrow on.")
        assert not config.settings_path().exists()
        await pilot.press("escape")
        await shows(pilot, "Set how much to remember ! 90%, as all else")
        await pilot.press("exclamation_mark", *"950", "enter")
        await tells(pilot, "'950': give a share from 70% to 99%, or none.")
        await pilot.press("backspace", "enter")
        await tells(pilot, "Chapter 1: 95% is to be remembered, from each card's next rating on.")
        await shows(pilot, "Set how much to remember ! 95%, all else 90%")
        await pilot.press("u")
        await tells(pilot, "Undone: what is to be remembered of chapter 1.")
        await shows(pilot, "Set how much to remember ! 90%, as all else")
        await pilot.press("u")
        await tells(pilot, "Nothing done here is left to take back; u on Today goes further back.")
        await pilot.press("exclamation_mark", *"95", "enter")
        await shows(pilot, "Set how much to remember ! 95%, all else 90%")
        with app.desk.writing() as connection:  # another window is quicker
            undo(connection, app.desk.now(), learner=1)
        await pilot.press("u")
        await tells(pilot, "Nothing done here is left to take back; u on Today", 2)
        await shows(pilot, "Set how much to remember ! 90%, as all else")
        await pilot.press("exclamation_mark", "escape")
        await settled(pilot)
        assert isinstance(app.screen, ChapterScreen), "escape leaves the box first"
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, ChapterScreen))


async def test_today_continues_the_attempt_and_comes_back_by_its_chapter(
    make_app, open_today, tried
) -> None:
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await open_today(pilot)
        await shows(pilot, "7 of all 12 answered")
        await pilot.press("c")
        await open_today(pilot)
        await arrives(pilot, AttemptScreen)
        await pilot.press("escape")
        await open_today(pilot)
        await arrives(pilot, ChapterScreen)
        await pilot.press("escape")
        await arrives(pilot, TodayScreen)
        await shows(pilot, "7 of all 12 answered")
        for key in "ctz":  # in one piece
            app.post_message(events.Key(key, key))
        await until(pilot, lambda: app.screen.query_one(AnswerBox).text == "z")


async def test_p_begins_a_pretest_of_a_chapter_that_is_started(make_app, open_today) -> None:
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await open_chapter(pilot, open_today)
        await hides(pilot, "begin anew")  # the first is begun by another key
        await pilot.press("G")
        await arrives(pilot, AttemptScreen)
        await shows(pilot, "pretest")
        await pilot.press("space", "1", "escape")
        await open_today(pilot)
        await shows(pilot, "Fri 20 Nov  pretest")
        await hides(pilot, "G pretest")  # it goes on as one
        await pilot.press("escape")
        await shows(pilot, "Continue pretest 1")


async def test_a_new_attempt_begins_with_r(make_app, open_today, tried, tmp_path: Path) -> None:
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await open_chapter(pilot, open_today)
        await pilot.press("O")
        await arrives(pilot, AttemptScreen)
        await shows(pilot, "1 of all 12 · 0 judged")


async def test_the_quiz_command_opens_the_attempt_and_says_which(
    make_app, open_today, tried
) -> None:
    app = make_app(quiz="1")
    async with app.run_test(size=(80, 24)) as pilot:
        await open_today(pilot)
        await arrives(pilot, AttemptScreen)
        await tells(pilot, "The attempt of Wed 18 Nov goes on: 7 of all 12 answered.")


async def test_no_open_attempt_is_hidden_by_one_of_another_chapter(
    make_app, open_today, tried
) -> None:
    app = make_app(quiz="2")
    async with app.run_test(size=(80, 24)) as pilot:
        await open_today(pilot)
        await tells(pilot, "A new pretest begins: all 4 questions. The chapter is not started.")
        await pilot.press("enter", "1", "escape")
        await shows(pilot, "Continue pretest 2", "also open: chapter 1")
        await pilot.press("c", "escape")
        await arrives(pilot, ChapterScreen)
        await shows(pilot, "1 of all 4 answered, a pretest", "Go on with chapter 1")
        await pilot.press("down", "down", "enter")
        await shows(pilot, "of all 12 · 7 judged")


async def test_the_name_of_an_attempt_stands_apart_from_its_figures(
    make_app, open_today, clock: Clock, tmp_path: Path
) -> None:
    desk, _ = library.open_study(str(tmp_path / "app.db"), Current(Settings()), clock, None)
    Attempt(desk, 1, pretest=True).write("A few words.")
    desk.close()
    clock.forward(days=60)  # another year, which is named
    async with make_app().run_test(size=(140, 40)) as pilot:
        await open_chapter(pilot, open_today)
        await shows(pilot, "Fri 20 Nov 2026 pretest 1 of 12 0 0 0")
        await pilot.resize_terminal(80, 24)
        await shows(pilot, "Fri 20 Nov 2026 pretest 1 of 12 0 0 0")
        await pilot.resize_terminal(60, 24)
        await shows(pilot, "Fri 20 Nov 2026 pretest 1 of 12 answered; 0 got it")


async def test_what_was_done_has_a_column_where_something_is_to_be_done(
    make_app, open_today, tried, only_pack: Path, tmp_path: Path, clock: Clock
) -> None:
    async with make_app().run_test(size=NARROW) as pilot:
        await open_chapter(pilot, open_today)
        await shows(pilot, "got it partly missed points")
    path = only_pack / "1" / "questionnaire.md"
    path.write_text(path.read_text() + "\n## Try it. {#try}\n\nAs you like.\n\n<!-- card: do -->\n")
    desk, _ = library.open_study(str(tmp_path / "app.db"), Current(Settings()), clock, None)
    attempt = Attempt(desk, 1)
    attempt.go_to([one.to_do for one in attempt.questions].index(True))
    attempt.grade(Grade.DONE)
    desk.close()
    async with make_app().run_test(size=NARROW) as pilot:
        await open_chapter(pilot, open_today)
        await shows(pilot, "got it partly missed done points", "8 of 13 4 2 1 1")


async def test_an_unknown_chapter_says_which_is_nearest(make_app, open_today) -> None:
    app = make_app(quiz="5")
    async with app.run_test(size=(80, 24)) as pilot:
        await open_today(pilot)
        await until(
            pilot, lambda: app.failure == "There is no chapter 5; the nearest is 2, Chapter 2."
        )


async def test_five_questions(make_app, open_today, tried) -> None:
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await open_today(pilot)
        await pilot.press("f")
        for number in range(1, 6):
            await shows(pilot, f"{number} of 5 · 5:00 left")
            await arrives(pilot, ReviewScreen)
            await pilot.press("enter", "1")
        await arrives(pilot, SummaryScreen)
        assert app.desk is not None
        with reading(app.desk.engine) as connection:
            count = select(func.count()).where(tables.review.c.kind == "interview")
            assert connection.scalar(count) == 5


async def test_time_that_runs_out_grades_nothing(make_app, open_today, tried, clock: Clock) -> None:
    app = make_app()
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await open_today(pilot)
        await pilot.press("f", "enter")
        await shows(pilot, "1 again")
        clock.forward(minutes=5)
        await pilot.press("3")
        await arrives(pilot, SummaryScreen)
        await tells(pilot, "not graded")
        with reading(app.desk.engine) as connection:
            count = select(func.count()).where(tables.review.c.kind == "interview")
            assert connection.scalar(count) == 0


async def test_nothing_seen_yet_offers_no_interview(make_app, open_today) -> None:
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await open_today(pilot)
        await pilot.press("f")
        await until(pilot, lambda: not isinstance(app.screen, ReviewScreen | SummaryScreen))


@pytest.fixture
def look(make_app, open_today, pictures: Pictures) -> Callable[..., Awaitable[None]]:
    async def compare(number: int, *keys: str, light: bool = False) -> None:
        async with make_app().run_test(size=NARROW, notifications=True) as pilot:
            await open_chapter(pilot, open_today, number)
            await pilot.press(*keys)
            await pictures(pilot, light=light)

    return compare


async def test_picture_of_a_chapter_in_use(look, tried) -> None:
    await look(1)


async def test_picture_of_a_chapter_not_tried_yet(look) -> None:
    await look(2)


async def test_picture_of_the_exam_day(look, tried) -> None:
    await look(1, "d", *"2026-1", light=True)
