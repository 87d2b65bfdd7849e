"""The end of a sitting: what was gained, what is next, when; and what `u` would take back."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from studyapp.config import Settings
from studyapp.errors import StudyError
from studyapp.memory.state import Rating
from studyapp.store import sync
from studyapp.store.engine import reading, writing
from studyapp.store.memory import read_memory
from studyapp.store.parameters import in_force
from studyapp.study import library, review, stats, summary
from studyapp.study.counts import Counts
from studyapp.study.grading import Grade
from studyapp.study.plan import FIVE
from studyapp.study.questionnaire.attempt import Attempt
from studyapp.study.sitting import Sitting
from studyapp.study.summary import summary_lines
from studyapp.study.undo import newest, undo
from tests_support import Clock, desk_of, question, questionnaire

NO_NEW = Settings(new_a_day=0)


def rate(engine: Engine, card: int, clock: Clock, *ratings: Rating) -> None:
    for rating in ratings:
        with writing(engine) as connection:
            seen = read_memory(connection, card, learner=1).last_review
            review.answer(connection, card, seen, rating, clock(), learner=1)
        clock.forward(days=1)


def lines(sitting: Sitting) -> list[str]:
    return summary_lines(sitting.summary(), sitting.desk.now())


def test_what_was_remembered_stands_beside_what_was_expected(engine: Engine, clock: Clock) -> None:
    for card in (7, 8, 9):
        rate(engine, card, clock, Rating.EASY)
    clock.forward(days=40)
    sitting = Sitting(desk_of(engine, clock, NO_NEW))
    expected = 0.0
    for rating in (Rating.GOOD, Rating.AGAIN, Rating.HARD):
        assert sitting.view is not None
        with reading(engine) as connection:
            kept = in_force(connection, learner=1)
        expected += kept.retrievability(sitting.view.memory, sitting._day) or 0
        sitting.rate(rating)
    sitting.rate(Rating.GOOD)  # the step of the second tells nothing
    told = sitting.summary()
    assert told.expected == pytest.approx(expected)
    assert 0 < expected < 3
    assert f"Remembered 2 of the 3 cards that came back; {expected:.1f}" in lines(sitting)[
        1
    ].replace(" were expected.", "")


def test_what_today_calls_reviews_is_what_came_back(engine: Engine, clock: Clock) -> None:
    """Also what is to be learned again: partly and due today, or a step left over night."""
    for card in (7, 8, 9):
        rate(engine, card, clock, Rating.EASY)
    clock.forward(days=20)
    rate(engine, 7, clock, Rating.GOOD)
    clock.forward(days=-1)
    with writing(engine) as connection:
        tomorrow = clock().date() + timedelta(days=1)
        for card, due_on in ((8, tomorrow), (9, None), (10, None)):
            seen = read_memory(connection, card, learner=1).last_review
            rated = (card, seen, Rating.AGAIN, clock())
            review.answer(connection, *rated, due_on=due_on, learner=1)
    clock.forward(days=1)
    desk = desk_of(engine, clock, NO_NEW)
    with reading(engine) as connection:
        totals = stats.stats(connection, clock(), leech_lapses=8, learner=1)
    sitting = Sitting(desk)
    assert sitting.counts == Counts(review=3)
    assert (totals.cards["review"], totals.cards["learning"]) == (4, 0), "with card 7"
    sitting.rate(Rating.AGAIN)
    assert sitting.counts == Counts(review=2, learning=1)
    while sitting.view is not None:
        sitting.rate(Rating.GOOD)
    told = sitting.summary()
    assert told.remembered.n == 3
    assert lines(sitting)[0].startswith("3 cards, 4 ratings, in about")
    with reading(engine) as connection:
        kept = stats.retention(connection, clock().date(), clock().date(), learner=1)
    assert kept == told.remembered


def test_what_was_hard_and_is_better_is_named(engine: Engine, clock: Clock) -> None:
    slipping = (Rating.EASY, Rating.AGAIN, Rating.GOOD, Rating.AGAIN, Rating.GOOD, Rating.GOOD)
    rate(engine, 7, clock, *slipping)
    rate(engine, 8, clock, Rating.EASY)
    clock.forward(days=30)
    sitting = Sitting(desk_of(engine, clock, NO_NEW))
    while sitting.view is not None:
        sitting.rate(Rating.GOOD)
    assert sitting.summary().better == ("What is q00?",)
    assert "Hard before, better now: “What is q00?”." in lines(sitting)
    clock.forward(days=300)
    again = Sitting(desk_of(engine, clock, NO_NEW))
    while again.view is not None:
        again.rate(Rating.GOOD)
    assert again.summary().better == ()  # it is told once


def test_days_in_a_row_and_tomorrow_are_told(engine: Engine, clock: Clock) -> None:
    """It is Friday; the learner studies on Saturday and Monday, too."""
    settings = Settings(new_a_day=2, rest_days=("sun",))
    for days in (1, 2, 1):
        sitting = Sitting(desk_of(engine, clock, settings))
        while sitting.view is not None:
            clock.forward(seconds=30)
            sitting.rate(Rating.EASY)
        told = lines(sitting)
        clock.forward(days=days)
    assert "3 study days in a row, Sun off." in told
    assert told[-1] == "Tomorrow: 2 new cards, about 2 minutes."


def test_the_order_is_called_what_it_is(engine: Engine, clock: Clock) -> None:
    for card in range(7, 17):
        rate(engine, card, clock, Rating.GOOD)
    clock.forward(days=90)
    sitting = Sitting(desk_of(engine, clock, Settings(minutes_a_day=1)))
    while sitting.view is not None:
        clock.forward(seconds=15)
        sitting.rate(Rating.EASY)
    told = " ".join(lines(sitting))
    assert "Today's time is used up. 6 reviews wait for another day: what you remember best" in told


def test_a_miss_names_the_experiment_that_grounds_it(
    engine: Engine, content: Path, clock: Clock
) -> None:
    text = question("grounded", text="It [rises](fact:overfit.error_gap).")
    (content / "1" / "grounded.md").write_text(questionnaire(text))
    with writing(engine) as connection:
        sync.sync(connection, [content], clock())
    sitting = Sitting(desk_of(engine, clock, Settings(new_a_day=99, minutes_a_day=99)))
    rating = Rating.EASY
    while sitting.view is not None and rating is not Rating.AGAIN:
        rating = Rating.AGAIN if sitting.view.note.id == "grounded" else Rating.EASY
        sitting.rate(rating)
    assert sitting.summary().experiment == "overfit"
    assert "Worth doing next: the experiment overfit" in " ".join(lines(sitting))
    sitting.undo()
    assert sitting.summary().experiment is None


def test_a_questionnaire_that_waits_is_the_next_thing(engine: Engine, clock: Clock) -> None:
    desk = desk_of(engine, clock, NO_NEW)
    attempt = Attempt(desk, 1)
    attempt.reveal()
    attempt.grade(Grade.GOT)
    told = list[str]()
    for _ in range(3):
        told.append(" ".join(lines(Sitting(desk))))
        clock.forward(days=1)
    assert "Worth doing next: the questionnaire of chapter 1, 1 of 12 answered." in told[0]
    assert "Worth doing next: section " in told[1]
    assert "Worth doing next" not in told[2]


def test_five_questions_end_with_what_is_due(engine: Engine, clock: Clock) -> None:
    rate(engine, 7, clock, Rating.EASY)
    sitting = Sitting(desk_of(engine, clock, Settings(new_a_day=3)), FIVE)
    while sitting.view is not None:
        sitting.rate(Rating.GOOD)
    told = lines(sitting)
    assert "Still due today: 3 new cards." in told
    assert told[-1].startswith("Tomorrow, if you stop here: ")
    assert told[-1].endswith(" minutes.")


def test_an_end_tells_what_the_chart_has_of_tomorrow(engine: Engine, clock: Clock) -> None:
    """While something is left today, what comes if it waits is more than what the chart has."""
    rate(engine, 7, clock, Rating.EASY)
    clock.forward(days=40)
    sitting = Sitting(desk_of(engine, clock, Settings(new_a_day=3)))
    assert sitting.counts == Counts(new=3, review=1)
    told = lines(sitting)[-1]
    assert told.startswith("Tomorrow, if you stop here: 1 review and 3 new cards, ")
    assert told.endswith(" minutes. If you finish today's: no review.")
    while sitting.view is not None:
        sitting.rate(Rating.EASY)
    assert "The one card that came back was remembered." in lines(sitting)


def test_siblings_are_named(engine: Engine, clock: Clock) -> None:
    held = summary.held_words(1, 2, left=3)
    assert held[0].startswith("1 review waits for another day")
    assert held[1].startswith(
        "2 cards wait for another day: some of today's give their answers away"
    )
    assert summary.held_words(0, 2, left=0) == []  # for who is done it changes nothing


def test_what_undo_would_take_back_is_told(engine: Engine, clock: Clock) -> None:
    def told() -> tuple[str, int] | None:
        with reading(engine) as connection:
            found = newest(connection, clock(), learner=1)
        return found and (found.told, (clock().date() - found.day).days)

    assert told() is None
    rate(engine, 7, clock, Rating.GOOD)
    assert told() == ("Good on “What is q00?”", 1)
    with writing(engine) as connection:
        review.suspend(connection, 8, clock(), learner=1)
    assert told() == ("suspending on “What is q01?”", 0)
    attempt = Attempt(desk_of(engine, clock), 1)
    clock.forward(minutes=1)
    attempt.reveal()
    attempt.grade(Grade.MISSED)
    assert (told() or ("",))[0].startswith("the grade 'missed' on “")
    for _ in range(2):
        with writing(engine) as connection:
            undo(connection, clock(), learner=1)
    assert told() == ("Good on “What is q00?”", 1)


def test_a_chapter_that_is_not_started_says_so(engine: Engine, clock: Clock) -> None:
    desk = desk_of(engine, clock)
    library.check_chapter(desk, "1")
    with pytest.raises(StudyError, match="Chapter 2 is not started, so no card of it comes"):
        library.check_chapter(desk, "2")
    rate(engine, 20, clock, Rating.GOOD)  # one of its cards was met
    library.check_chapter(desk, "2")
