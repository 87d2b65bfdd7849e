"""A questionnaire over time: attempts, what changed, mastery, and the day of the exam."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import Engine, select

from studyapp.errors import StudyError
from studyapp.memory.clock import study_day
from studyapp.memory.state import Rating
from studyapp.store import tables
from studyapp.store.engine import reading, writing
from studyapp.store.memory import read_memory
from studyapp.study import review
from studyapp.study.grading import Grade
from studyapp.study.mastery import outlooks
from studyapp.study.questionnaire import chapter
from studyapp.study.questionnaire import history as questionnaire
from studyapp.study.questionnaire.attempt import Attempt
from studyapp.study.questionnaire.chapter import ChapterView, exam_day
from tests_support import Clock, desk_of


def begin(engine: Engine, clock: Clock, number: int = 1, *, anew: bool = False) -> Attempt:
    return Attempt(desk_of(engine, clock), number, anew=anew)


def seen(engine: Engine, clock: Clock, number: int = 1, on: date | None = None) -> ChapterView:
    with reading(engine) as connection:
        return chapter.view(connection, number, clock(), on=on, learner=1)


def grade(attempt: Attempt, *grades: Grade, ticked: frozenset[int] = frozenset({0})) -> None:
    for given in grades:
        attempt.tick(ticked if given is Grade.GOT else frozenset())
        attempt.grade(given)


def test_attempts_newest_first_with_their_share_of_points(engine: Engine, clock: Clock) -> None:
    grade(begin(engine, clock), Grade.GOT, Grade.MISSED, Grade.PARTLY)
    clock.forward(days=9)
    grade(begin(engine, clock, anew=True), Grade.GOT, Grade.GOT)
    newest, oldest = seen(engine, clock).attempts
    assert (oldest.answered, oldest.hits, oldest.points) == (
        3,
        1,
        2,
    )  # without ticks, partly tells nothing
    assert oldest.grades == {Grade.GOT: 1, Grade.MISSED: 1, Grade.PARTLY: 1}
    assert (newest.share, newest.day - oldest.day) == (1.0, timedelta(days=9))
    assert (newest.finished, oldest.finished) == (False, True)


def test_what_changed_counts_only_what_was_judged_twice(engine: Engine, clock: Clock) -> None:
    grade(begin(engine, clock), Grade.MISSED, Grade.GOT, Grade.PARTLY, Grade.GOT)
    clock.forward(days=1)
    grade(begin(engine, clock, anew=True), Grade.PARTLY, Grade.MISSED, Grade.PARTLY)
    found = seen(engine, clock).changed
    assert found is not None
    assert found.better == ("What is q00?",)
    assert found.worse == ("What is q01?",)
    assert found.same == 1


def test_an_attempt_without_an_answer_does_not_count(engine: Engine, clock: Clock) -> None:
    looked_at = begin(engine, clock)
    looked_at.reveal()
    looked_at.flag()
    clock.forward(days=15)
    again = begin(engine, clock)
    assert (again.id, again.begun) == (looked_at.id, True)
    assert again.opening.startswith("A new attempt begins")
    with reading(engine) as connection:
        assert questionnaire.waiting(connection, learner=1) is None
    assert seen(engine, clock).attempts == ()


def test_what_waits_is_the_attempt_that_was_left_last(engine: Engine, clock: Clock) -> None:
    grade(begin(engine, clock), Grade.GOT, Grade.GOT)
    clock.forward(days=2)
    begin(engine, clock, 2).write("a start")
    with reading(engine) as connection:
        found = questionnaire.waiting(connection, learner=1)
    assert found is not None
    assert (found.chapter, found.answered, found.questions) == (2, 1, 4)
    assert found.others == ("chapter 1",)
    assert [one.name for one in seen(engine, clock).elsewhere] == ["chapter 2"]
    assert found.newest == study_day(clock())
    grade(begin(engine, clock, 2), *[Grade.GOT] * 4)
    with reading(engine) as connection:
        found = questionnaire.waiting(connection, learner=1)
    assert found is not None
    assert (found.chapter, found.answered, found.questions) == (1, 2, 12)


def test_mastery_is_zero_unseen_and_falls_without_review(engine: Engine, clock: Clock) -> None:
    before = seen(engine, clock).outlook
    assert before is not None
    assert (before.now.value, before.now.introduced, before.now.questions) == (0, 0, 12)
    grade(begin(engine, clock), *[Grade.GOT] * 6, Grade.MISSED)
    after = seen(engine, clock).outlook
    assert after is not None
    assert (after.now.introduced, after.now.day) == (7, study_day(clock()) + timedelta(days=1))
    assert 0.3 < after.now.value < 0.5  # six of twelve
    assert after.later.value < after.now.value
    assert after.later.day == study_day(clock()) + timedelta(days=30)


def test_a_card_rated_again_last_counts_nothing(engine: Engine, clock: Clock) -> None:
    grade(begin(engine, clock), Grade.GOT)
    one = seen(engine, clock).outlook
    clock.forward(days=10)
    grade(begin(engine, clock, anew=True), Grade.MISSED)
    none = seen(engine, clock).outlook
    assert one is not None
    assert none is not None
    assert one.now.value > 0
    assert none.now.value == 0


def test_suspended_questions_are_left_out(engine: Engine, clock: Clock) -> None:
    grade(begin(engine, clock), *[Grade.GOT] * 2)
    before = seen(engine, clock).outlook
    with writing(engine) as connection:
        card_id = connection.scalars(
            select(tables.card.c.id)
            .join(tables.note, tables.note.c.id == tables.card.c.note_id)
            .where(tables.note.c.name == "q11")
        ).one()
        review.suspend(connection, card_id, clock(), learner=1)
    after = seen(engine, clock).outlook
    assert before is not None
    assert after is not None
    assert (before.now.questions, after.now.questions) == (12, 11)
    assert after.now.value > before.now.value


def test_a_learner_who_forgets_more_is_told_less(engine: Engine, clock: Clock) -> None:
    """The same memory, after reviews that went worse than predicted."""
    attempt = begin(engine, clock)
    grade(attempt, *[Grade.GOT] * 12)
    with reading(engine) as connection:
        fresh = outlooks(connection, clock(), chapters=(1,), learner=1)[1].now
        rows = connection.execute(
            select(tables.card.c.id, tables.memory.c.due).join(
                tables.memory, tables.memory.c.card_id == tables.card.c.id
            )
        ).all()
    clock.forward(days=max((due - study_day(clock())).days for _, due in rows))
    with writing(engine) as connection:
        for number, (card_id, _) in enumerate(rows):
            kept = read_memory(connection, card_id, learner=1)
            rating = Rating.GOOD if number % 2 else Rating.AGAIN
            review.answer(connection, card_id, kept.last_review, rating, clock(), learner=1)
            if rating is Rating.AGAIN:
                kept = read_memory(connection, card_id, learner=1)
                review.answer(
                    connection, card_id, kept.last_review, Rating.GOOD, clock(), learner=1
                )
    with reading(engine) as connection:
        after = outlooks(connection, clock(), chapters=(1,), learner=1)[1].now
    assert after.value < fresh.value - 0.03
    assert after.low <= after.value <= after.high


def test_a_forecast_for_a_date_of_choice(engine: Engine, clock: Clock) -> None:
    grade(begin(engine, clock), *[Grade.GOT] * 4)
    day = study_day(clock()) + timedelta(days=90)
    found = seen(engine, clock, on=day).outlook
    assert found is not None
    assert found.later.day == day
    usual = seen(engine, clock).outlook
    assert usual is not None
    assert found.later.value < usual.later.value


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("2026-11-20", "2026-11-20 is not ahead; a forecast needs a date from tomorrow on."),
        ("2025-01-01", "2025-01-01 is not ahead; a forecast needs a date from tomorrow on."),
        ("tomorrow", "'tomorrow' is not a date; write one like 2027-01-31."),
        ("2026-13-01", "'2026-13-01' is not a date; write one like 2027-01-31."),
    ],
)
def test_a_date_that_cannot_be_is_refused(text: str, sentence: str, clock: Clock) -> None:
    with pytest.raises(StudyError) as refused:
        exam_day(text, clock())
    assert str(refused.value) == sentence


def test_a_date_ahead_is_taken_and_nothing_is_none(clock: Clock) -> None:
    assert exam_day(" 2026-11-21 ", clock()) == date(2026, 11, 21)
    assert exam_day("", clock()) is None
