"""What is done with many cards at once is one entry to the learner, and is taken back as one."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import Connection, Engine, select

from studyapp.errors import StudyError
from studyapp.memory.clock import study_day
from studyapp.memory.fold import EventKind
from studyapp.memory.state import Memory, State
from studyapp.store import tables
from studyapp.store.engine import writing
from studyapp.store.memory import read_memory
from studyapp.study import review, selection
from studyapp.study.selection import Done
from studyapp.study.undo import newest, undo
from tests_support import Clock

CARDS = (1, 2, 3, 4)


def stand(connection: Connection) -> list[Memory]:
    return [read_memory(connection, one, learner=1) for one in CARDS]


def test_each_deed_is_done_where_it_says_something_new_and_undone_as_one(
    engine: Engine, clock: Clock
) -> None:
    """One card is suspended and another buried before; two are known."""
    with writing(engine) as connection:
        now, day = clock(), study_day(clock())
        review.suspend(connection, 1, now, learner=1)
        review.bury(connection, 2, now, learner=1)
        for one in (3, 4):
            review.know(connection, one, now, learner=1)
        before = stand(connection)
        for deed, done in (
            (selection.suspend, Done(EventKind.SUSPEND, 3)),
            (selection.bury, Done(EventKind.BURY, 2)),
            (selection.bring_back, Done(EventKind.UNSUSPEND, 2)),
            (selection.mark, Done(EventKind.MARK, 4)),
            (selection.forget, Done(EventKind.FORGET, 2)),
        ):
            assert deed(connection, CARDS, now, learner=1) == done
            told = newest(connection, now, learner=1)
            assert told is not None
            assert told.told.endswith(f" ({done.cards} cards)"), told
            assert undo(connection, now, learner=1)
            assert stand(connection) == before, deed
        later = day + timedelta(days=9)
        assert selection.set_due(connection, CARDS, later, now, learner=1).cards == 2
        assert [one.due for one in stand(connection)] == [None, None, later, later]
        undo(connection, now, learner=1)
        assert stand(connection) == before
        kinds = select(tables.event.c.kind).where(tables.event.c.kind == EventKind.SET_DUE.value)
        assert len(connection.scalars(kinds).all()) == 2  # the log keeps what was taken back


def test_what_was_done_one_by_one_is_taken_back_one_by_one(engine: Engine, clock: Clock) -> None:
    """Though the clock stood still meanwhile."""
    with writing(engine) as connection:
        for one in CARDS:
            selection.suspend(connection, [one], clock(), learner=1)
        undone = undo(connection, clock(), learner=1)
        assert undone is not None
        assert (undone.card, undone.what) == (4, "suspending")
        assert [one.suspended for one in stand(connection)] == [True, True, True, False]
        assert all(one.state is State.NEW for one in stand(connection))


def test_a_day_is_a_number_or_a_date_that_is_not_past(clock: Clock) -> None:
    assert selection.day_of(" 3 ", clock(), 100) == date(2026, 11, 23)
    assert selection.day_of("2027-01-31", clock(), 100) == date(2027, 1, 31)
    for typed in ("", "-1", "soon", "2026-11-19", "٣x"):
        with pytest.raises(StudyError, match="Give a number of days"):
            selection.day_of(typed, clock(), 100)


def test_no_day_is_farther_than_a_card_may_wait(clock: Clock) -> None:
    assert selection.day_of("100", clock(), 100) == date(2027, 2, 28)
    for typed in ("101", "2027-03-01", "9" * 9, "9999-12-31"):
        with pytest.raises(
            StudyError, match=r"^\S+ is too far: maximum_interval ends at 100 days\.$"
        ):
            selection.day_of(typed, clock(), 100)
