"""New dates of many cards at once: spread as those of ratings are."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import Connection, Engine, select

from studyapp.config import Settings
from studyapp.memory.clock import study_day
from studyapp.memory.fold import Chosen
from studyapp.memory.model import DEFAULT_WEIGHTS
from studyapp.memory.scheduler import Parameters
from studyapp.memory.state import Rating
from studyapp.store import log, tables
from studyapp.store.engine import writing
from studyapp.store.memory import read_card, read_memory
from studyapp.store.parameters import in_force
from studyapp.study import pause, review
from studyapp.study.reschedule import Preview, preview, reschedule
from studyapp.study.spread import Spread
from tests_support import Clock

EASY = 8  # days of a new card that was easy
ALL = Settings(minutes_a_day=60)
card = tables.card.c


@pytest.fixture
def easy(engine: Engine, clock: Clock) -> Engine:
    """All cards come on one day, and the goal has changed since: they may come on seven."""
    with writing(engine) as connection:
        for one in connection.scalars(select(card.id)).all():
            at, chosen = clock.forward(seconds=1), Chosen(EASY)
            review.answer(connection, one, None, Rating.EASY, at, chosen=chosen, learner=1)
        goal = replace(in_force(connection, learner=1), desired_retention=0.8)
        log.adopt(connection, goal, clock.forward(seconds=1), learner=1)
    return engine


def found(connection: Connection, clock: Clock, settings: Settings = ALL) -> Preview:
    return preview(connection, clock(), settings, learner=1)


def uneven(cards: Counter[date]) -> int:
    return max(cards.values()) - min(cards.values())


def test_new_dates_are_evened_out_and_those_of_siblings_apart(easy: Engine, clock: Clock) -> None:
    with writing(easy) as connection:
        dates = found(connection, clock)
        assert dates == found(connection, clock)  # of which no chance is
        kept = {one: read_memory(connection, one, learner=1) for one in dates.days}
        possible = in_force(connection, learner=1).possible
        for one, memory in kept.items():
            assert memory.last_day is not None
            assert (dates.days[one] - memory.last_day).days in possible(memory)
        family = dict(connection.execute(select(card.id, card.family)).all())
        assert dates.sooner == 0
        assert len(dates.days) == len(family)
        assert uneven(Counter(dates.days.values())) <= 1
        assert len(set(dates.days.values())) == 7
        together = Counter((day, family[one]) for one, day in dates.days.items())
        assert set(together.values()) == {1}
        assert reschedule(connection, dates.days, clock(), learner=1) == len(dates.days)
        due = {one: read_memory(connection, one, learner=1).due for one in dates.days}
        assert due == dates.days
        assert not found(connection, clock).days


def test_new_dates_keep_off_light_days_and_what_does_not_come_takes_no_place(
    easy: Engine, clock: Clock
) -> None:
    with writing(easy) as connection:
        days = sorted(set(found(connection, clock).days.values()))
        light = Settings(light_days=((days[3].strftime("%a").lower(), "minimum"),))
        dates = found(connection, clock, light)
        assert days[3] not in dates.days.values()
        assert uneven(Counter(dates.days.values())) <= 1
        pause.pause(connection, 2, clock.forward(seconds=1), learner=1)
        dates = found(connection, clock)
        held = set(connection.scalars(select(card.id).where(card.chapter_id == 2)))
        assert held < dates.days.keys()
        asked = Counter(day for one, day in dates.days.items() if one not in held)
        assert uneven(asked) <= 1


def test_what_waits_longer_to_be_apart_stays(engine: Engine, clock: Clock) -> None:
    alike = Parameters((0.2, 2.0, 2.0, 2.0, *DEFAULT_WEIGHTS[4:]), learning_steps=())
    with writing(engine) as connection:
        log.adopt(connection, alike, clock(), learner=1)
        uid, memory = read_card(connection, 1, learner=1)
        spread = Spread.read(connection, clock(), ALL, learner=1)
        chosen = spread.options(memory, clock(), uid, 1)[Rating.EASY].chosen
        assert chosen.interval == 4  # after a Hard of 2 days and a Good of 3
        clock.forward(seconds=1)
        review.answer(connection, 1, None, Rating.EASY, clock(), chosen=chosen, learner=1)
        assert not found(connection, clock).days
        goal = replace(alike, desired_retention=0.7)
        log.adopt(connection, goal, clock.forward(seconds=1), learner=1)
        assert found(connection, clock).days.keys() == {1}


def test_what_would_be_overdue_goes_to_days_with_room_that_are_not_light(
    easy: Engine, clock: Clock
) -> None:
    """After a week nearly all are to have come by now; a day has four, and tomorrow none."""
    today = study_day(clock.forward(days=7))
    tomorrow = (today + timedelta(days=1)).strftime("%a").lower()
    settings = Settings(minutes_a_day=1, light_days=((tomorrow, "minimum"),))
    with writing(easy) as connection:
        later = found(connection, clock)
        reschedule(connection, later.days, clock(), learner=1)
        strict = replace(in_force(connection, learner=1), desired_retention=0.97)
        log.adopt(connection, strict, clock.forward(seconds=1), learner=1)
        dates = found(connection, clock, settings)
        load = Counter((day - today).days for day in dates.days.values())
        assert dates.sooner == len(dates.days)
        assert (load[0], load[1], load[2]) == (4, 0, 4)
        reschedule(connection, dates.days, clock(), learner=1)
        assert not found(connection, clock, settings).days
