"""How long a card takes this learner."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection, Engine, insert, select

from studyapp.config import Settings
from studyapp.memory.clock import study_day
from studyapp.memory.state import Rating, State
from studyapp.store import log, tables
from studyapp.store.engine import writing
from studyapp.study.pace import Pace, read_pace
from studyapp.study.sitting import Sitting
from studyapp.study.undo import undo
from tests_support import Clock, desk_of

SHOWN = ((State.NEW, 10), (State.LEARNING, 6), (State.REVIEW, 8))  # seconds each


def row(connection: Connection, clock: Clock, state: State, seconds: int) -> dict[str, Any]:
    at = clock.forward(seconds=60)
    return {
        "uid": log.new_uid(),
        "learner_id": 1,
        "card_id": connection.scalars(select(tables.card.c.id)).first(),
        "kind": "study",
        "rating": Rating.GOOD,
        "device_id": connection.scalars(select(tables.device.c.id)).one(),
        "at": at,
        "offset": 0,
        "day": study_day(at),
        "epoch": 0,
        "stamp": log.utc(at),
        "duration": 1000 * seconds,
        "effective_day": study_day(at),
        "state_before": state,
        "state_after": State.REVIEW,
    }


def test_new_cards_are_looked_for_beyond_the_reviews_that_hide_them(
    engine: Engine, clock: Clock
) -> None:
    with writing(engine) as connection:
        for _ in range(20):
            connection.execute(insert(tables.review), row(connection, clock, *SHOWN[0]))
            clock.forward(days=1)
        many = [row(connection, clock, *SHOWN[2]) for _ in range(600)]
        connection.execute(insert(tables.review), many)
        clock.forward(days=1)
        found = read_pace(connection, study_day(clock()), learner=1)
    assert (found.new, found.review) == pytest.approx((10, 8))


def test_what_was_taken_back_tells_no_pace(engine: Engine, clock: Clock) -> None:
    sitting = Sitting(desk_of(engine, clock, Settings(new_a_day=30, minutes_a_day=600)))
    rated = 0
    while rated < 20:
        clock.forward(seconds=5)
        sitting.rate(Rating.EASY)
        rated += 1
        with writing(engine) as connection:
            assert undo(connection, clock(), learner=1) is not None
        sitting = Sitting(desk_of(engine, clock, Settings(new_a_day=30, minutes_a_day=600)))
    clock.forward(days=1)
    with writing(engine) as connection:
        assert read_pace(connection, study_day(clock()), learner=1) == Pace()


def test_a_new_card_takes_what_its_first_day_took(engine: Engine, clock: Clock) -> None:
    """With or without steps that bring it back; what comes on later days is a review."""
    with writing(engine) as connection:
        for number in range(20):
            steps = SHOWN[: 1 + number % 2]
            rows = [row(connection, clock, *shown) for shown in steps]
            connection.execute(insert(tables.review), rows)
            clock.forward(days=1)
            connection.execute(insert(tables.review), row(connection, clock, *SHOWN[2]))
            clock.forward(days=1)
        found = read_pace(connection, study_day(clock()), learner=1)
    assert (found.new, found.review) == pytest.approx((10 + 6 / 2, 8))
    assert (found.is_own_new, found.is_own_review) == (True, True)
