"""The year in figures: through its sheets by key, in any window, and when there is nothing yet."""

from __future__ import annotations

import random
from datetime import timedelta
from pathlib import Path

import pytest

from pictures import Pictures
from screen import NARROW, WIDE, arrives, hides, shows
from studyapp import config
from studyapp.config import Settings
from studyapp.errors import StudyError
from studyapp.memory.clock import study_day
from studyapp.memory.state import Rating
from studyapp.store.memory import read_memory
from studyapp.study import exam, library, review
from studyapp.study.desk import Desk
from studyapp.study.grading import Grade
from studyapp.study.library import start_chapter
from studyapp.study.questionnaire.attempt import Attempt
from studyapp.study.statistics import year
from studyapp.study.statistics.sample import Pace
from studyapp.tui import year as drawn
from studyapp.tui.screens.statistics import StatisticsScreen
from studyapp.tui.screens.today import TodayScreen
from tests_support import Clock

SHEETS = (
    ("Remembered", "By month", "By week, from"),
    ("Ahead", "The next 14 days", "Cards a day"),
    ("The year", "Studied on", "days of the last 365", "Mon"),
    ("Cards", "with an interval of 21 days and more", "Interval", "under 3 d"),
    (
        "Time",
        "A card that comes back, later that day too, takes",
        "All reviews by hour, and the median seconds",
        "09:00",
    ),
    ("Predictions", "Predicted", "weights in force here then", "90% to 95%"),
    ("Answers", "Ticked, but not in your words: too few to say", "80% sure", "asked again"),
    ("Topics", "Chapters", "chapter 1"),
)


def test_what_is_not_drawn_is_told_with_where_it_is() -> None:
    assert drawn._left_out(range(53), range(14), "earlier") == (
        "and 39 earlier, in studyapp stats --json"
    )
    assert drawn._left_out(range(14), range(14), "earlier") == ""


def test_an_hour_in_which_no_timed_card_came_back_has_no_median() -> None:
    assert drawn._median(Pace(None, None, None, 0)) == "–"
    assert drawn._median(Pace(6.0, None, None, 3)) == "few"
    assert drawn._median(Pace(6.0, 5.0, 7.0, 327)) == " 6.0 s"


@pytest.fixture
def studied(tmp_path: Path, only_pack: Path, clock: Clock) -> None:
    """Three months of study in the mornings; of each five days one is left out."""
    draw = random.Random(1)
    desk, _ = library.open_study(str(tmp_path / "app.db"), config.Current(Settings()), clock, None)
    with desk.writing() as connection:
        start_chapter(connection, 1, clock(), learner=1)
    answered(desk, clock)
    for day in range(90):
        clock.forward(days=1)
        with desk.writing() as connection:
            for card in range(1, 13) if day % 5 else ():
                before = read_memory(connection, card, learner=1)
                if before.due is None or before.due <= clock().date():
                    review.answer(
                        connection,
                        card,
                        before.last_review,
                        draw.choice((Rating.AGAIN, *[Rating.GOOD] * 4)),
                        clock(),
                        duration=timedelta(seconds=draw.randrange(4, 30)),
                        learner=1,
                    )
    desk.close()


def answered(desk: Desk, clock: Clock) -> None:
    """A guess, and an attempt a day later."""
    for pretest in (True, False):
        attempt = Attempt(desk, 1, anew=True, pretest=pretest)
        for _ in range(3):
            attempt.be_sure(0.8)
            attempt.write("It is the first of them.")
            attempt.reveal()
            attempt.tick(frozenset() if pretest else frozenset({0}))
            attempt.grade(Grade.MISSED if pretest else Grade.GOT)
        clock.forward(days=1)


async def test_through_all_sheets_and_back(
    make_app, open_today, studied: None, pictures: Pictures
) -> None:
    app = make_app(settings=Settings(rest_days=("sun",)))
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        await pilot.press("percent_sign")
        await arrives(pilot, StatisticsScreen)
        for number, (title, *texts) in enumerate(SHEETS, 1):
            await shows(pilot, f"{title} · {number} of 8", *texts)
            if title == "Remembered":
                await hides(pilot, "←")
                await pictures(pilot, sizes=(NARROW, WIDE))
            elif title in ("The year", "Cards"):
                at = (60, 20) if title == "The year" else WIDE
                await pictures(pilot, sizes=[at], name=f"{number}-")
            await pilot.press("right")
        await hides(pilot, "→")  # it ends here
        await shows(pilot, "Topics · 8 of 8")
        await pilot.press("left")
        await shows(pilot, "Answers · 7 of 8")
        await pilot.press("escape")
        await arrives(pilot, TodayScreen)
        with app.desk.writing() as connection:
            day = study_day(app.clock()) + timedelta(days=9)
            exam.plan(connection, day, 20, (), app.clock(), learner=1)
        await pilot.press("percent_sign")
        await arrives(pilot, StatisticsScreen)
        await pilot.press("right")
        await shows(pilot, "Ahead · 2 of 8", "with the plan to your exam: ", "spare minutes")


async def test_a_sheet_that_is_longer_than_the_window_is_scrolled(
    make_app, open_today, studied: None
) -> None:
    app = make_app()
    async with app.run_test(size=(60, 20)) as pilot:
        await open_today(pilot)
        await pilot.press("percent_sign")
        await shows(pilot, "Remembered · 1 of 8")
        await pilot.press("end")
        await hides(pilot, "By month")
        await shows(pilot, "By day: too few to say.")  # once, not of each
        await pilot.press("right")
        await shows(pilot, "The next 14 days")  # from its beginning
        await pilot.press("percent_sign")  # it leads back as well
        await arrives(pilot, TodayScreen)


async def test_nothing_yet(make_app, open_today) -> None:
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        await pilot.press("percent_sign")
        await shows(pilot, "No card has come back yet on a later day.")
        for told in (
            "No card that was met comes in the next 14 days.",
            "Nothing was reviewed in the last year.",
            "No card was met yet.",
            "No time was measured yet.",
            "for which there was a prediction.",
            "No answer was written and ticked yet.",
            "No card has come back yet on a later day.",
        ):
            await pilot.press("right")
            await shows(pilot, told)


async def test_what_cannot_be_counted_is_one_sentence(
    make_app, open_today, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise StudyError("It cannot be read.")

    monkeypatch.setattr(year, "read", fail)
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        await pilot.press("percent_sign")
        await shows(pilot, "It cannot be read.")
        await pilot.press("right", "left", "end", "escape")
        await arrives(pilot, TodayScreen)
