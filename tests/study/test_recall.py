"""Which reviews tell what is remembered: the log and the memory say the same."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from studyapp.memory.clock import study_day
from studyapp.memory.fold import Review, ReviewKind, replay
from studyapp.memory.state import Memory, Rating
from studyapp.store import record
from studyapp.store.engine import reading, writing
from studyapp.store.memory import read_memory
from studyapp.store.parameters import read_history
from studyapp.study import review, stats
from studyapp.study.questionnaire.attempt import Attempt, Grade
from studyapp.study.recall import recalls, tells_recall
from studyapp.study.sitting import Sitting
from studyapp.study.undo import undo
from tests_support import Clock, desk_of


def rate(engine: Engine, card: int, clock: Clock, rating: Rating, kind: ReviewKind) -> None:
    with writing(engine) as connection:
        seen = read_memory(connection, card, learner=1).last_review
        review.answer(connection, card, seen, rating, clock(), kind=kind, learner=1)


def act(engine: Engine, clock: Clock, draw: random.Random) -> None:
    """One thing that a learner may do with one of three cards."""
    card = draw.choice((1, 2, 3))
    what = draw.choice(("rate",) * 6 + ("know", "forget", "bury", "undo"))
    if what == "rate":
        kinds = [kind for kind in ReviewKind if kind is not ReviewKind.CRAM]
        rate(engine, card, clock, draw.choice(list(Rating)), draw.choice([*kinds, *ReviewKind]))
        return
    with writing(engine) as connection:
        if what == "undo":
            undo(connection, clock(), learner=1)
        else:
            getattr(review, what)(connection, card, clock(), learner=1)


@pytest.mark.parametrize("seed", range(8))
def test_the_log_and_the_memory_say_the_same(seed: int, engine: Engine, clock: Clock) -> None:
    draw = random.Random(seed)
    for _ in range(100):
        act(engine, clock, draw)
        clock.forward(days=draw.choice((0, 0, 1, 12)), minutes=draw.choice((1, 11, 300)))
    expected = []
    with reading(engine) as connection:
        history = read_history(connection, learner=1)
        for card in (1, 2, 3):
            before = Memory()
            for entry, after in replay(record.read_log(connection, card, learner=1), b"", history):
                if isinstance(entry, Review):
                    day = study_day(entry.now)
                    if tells_recall(entry.kind, before, day):
                        remembered = entry.rating is not Rating.AGAIN
                        expected.append((card, day, remembered, before.last_day))
                before = after
        found = recalls(connection, learner=1)
    assert len(expected) > 5
    assert sorted((one.card, one.day, one.remembered, one.since) for one in found) == sorted(
        expected
    )


def test_the_questionnaire_of_what_was_learned_today_tells_nothing(
    engine: Engine, clock: Clock
) -> None:
    sitting = Sitting(desk_of(engine, clock))
    learned = 0
    while sitting.view is not None and learned < 5:
        sitting.rate(Rating.EASY)
        learned += 1
    attempt = Attempt(desk_of(engine, clock), 1)
    while not attempt.finished:
        attempt.grade(Grade.GOT)
    today = study_day(clock())
    with reading(engine) as connection:
        assert stats.retention(connection, today, today, learner=1).n == 0
    clock.forward(days=3)
    attempt = Attempt(desk_of(engine, clock), 1, anew=True)
    attempt.grade(Grade.MISSED)
    with reading(engine) as connection:
        kept = stats.retention(connection, today, today + timedelta(days=3), learner=1)
    assert (kept.value, kept.n) == (0.0, 1)


def test_what_was_called_known_today_tells_nothing_before_tomorrow(
    engine: Engine, clock: Clock
) -> None:
    with writing(engine) as connection:
        review.know(connection, 1, clock(), learner=1)
    rate(engine, 1, clock, Rating.GOOD, ReviewKind.ATTEMPT)
    with writing(engine) as connection:
        review.know(connection, 2, clock(), learner=1)
    clock.forward(days=30)
    rate(engine, 2, clock, Rating.GOOD, ReviewKind.STUDY)
    with reading(engine) as connection:
        found = recalls(connection, learner=1)
    assert [(one.card, one.stability) for one in found] == [(2, 30.0)]
    assert (found[0].day - found[0].since).days == 30
