"""Take back what the learner did last: a rating, a grade with its review, or another action."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from studyapp.memory.fold import FROM_ELSEWHERE, EventKind
from studyapp.memory.state import Rating
from studyapp.store import log, tables
from studyapp.study import dates, words
from studyapp.study.questionnaire import response

review = tables.review.c
event = tables.event.c

_NOBODYS = (
    EventKind.RETRACT.value,
    EventKind.CHANGED.value,
    EventKind.IMPORT.value,
    EventKind.CAUGHT_UP.value,
)
_ASKING = (EventKind.ASK.value, EventKind.UNASK.value)


@dataclass(frozen=True, slots=True)
class Undone:
    """What was taken back: a rating or, where that is None, another action in words.

    `card` is None where no card was concerned. A `grade` was given in a questionnaire: its question
    is open there again, and belongs in no queue.
    """

    card: int | None
    what: str
    rating: Rating | None = None
    grade: bool = False


def undo(connection: Connection, now: datetime, *, learner: int) -> Undone | None:
    """Take back the newest rating or other action that still counts; None if there is none."""
    times = log.read_timelines(connection, learner=learner)
    rated = log.newest(
        connection,
        tables.review,
        review.kind.not_in([kind.value for kind in FROM_ELSEWHERE]),
        log.not_retracted(),
        learner=learner,
        times=times,
    )
    done = log.newest(
        connection,
        tables.event,
        event.kind.not_in(_NOBODYS),
        log.not_retracted(event),
        learner=learner,
        times=times,
    )
    graded = response.newest(connection, learner=learner, times=times)
    found = max(
        (one for one in (rated, done, graded) if one is not None),
        key=lambda one: one[0],
        default=None,
    )
    if found is None:
        return None
    row = found[1]
    if found is graded:
        scheduled = response.take_back(connection, row, now, learner=learner)
        return Undone(scheduled, f"the grade {row.grade!r}", grade=True)
    if row.card_id is None:
        cards = dates.cards_of(connection, row.payload, learner=learner)
        log.log_dates(connection, EventKind.RETRACT, now, cards, target=row.uid, learner=learner)
        return Undone(None, "the new dates")
    if found is done and row.kind in _ASKING:
        return _take_back_asking(connection, row, now, learner=learner)
    if found is done and row.kind == EventKind.SET_DUE:
        cause = _rated_with(connection, row, learner=learner)
        if cause is not None:
            entries = [(row.card_id, row.uid), (row.card_id, cause.uid)]
            log.retract_all(connection, entries, now, learner=learner)
            given = Rating(cause.rating)
            return Undone(row.card_id, given.name.capitalize(), given)
    log.log_event(connection, row.card_id, EventKind.RETRACT, now, target=row.uid, learner=learner)
    if found is rated:
        rating = Rating(row.rating)
        return Undone(row.card_id, rating.name.capitalize(), rating)
    return Undone(row.card_id, row.kind)


def _rated_with(connection: Connection, row: Row[Any], *, learner: int) -> Row[bytes, int] | None:
    """The rating that set this due date, in the same go."""
    return connection.execute(
        select(review.uid, review.rating).where(
            review.learner_id == learner,
            review.card_id == row.card_id,
            review.device_id == row.device_id,
            review.at == row.at,
            log.not_retracted(),
        )
    ).first()


def _take_back_asking(
    connection: Connection, row: Row[Any], now: datetime, *, learner: int
) -> Undone:
    """Take back what was asked for in one go, which no queue has to show."""
    together = connection.execute(
        select(event.card_id, event.uid).where(
            event.learner_id == learner,
            event.kind == row.kind,
            event.device_id == row.device_id,
            event.at == row.at,
            log.not_retracted(event),
        )
    ).all()
    targets = {one.card_id: one.uid for one in together}
    log.log_each(connection, EventKind.RETRACT, now, targets, learner=learner)
    longer = " no longer" if row.kind == EventKind.UNASK else ""
    return Undone(None, f"asking{longer} for {words.count(len(targets), 'card')}")
