"""Take back what the learner did last: a rating, a grade with its review, or another action."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from studyapp.memory.fold import EventKind, ReviewKind
from studyapp.memory.state import Rating
from studyapp.store import log, tables
from studyapp.study.questionnaire import response

review = tables.review.c
event = tables.event.c


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
    newest_review = connection.execute(
        select(review.at, review.uid, review.card_id, review.rating)
        .where(
            review.learner_id == learner,
            review.kind != ReviewKind.IMPORT.value,
            log.not_retracted(),
        )
        .order_by(review.day.desc(), review.id.desc())
        .limit(1)
    ).one_or_none()
    newest_event = connection.execute(
        select(event.at, event.uid, event.card_id, event.kind)
        .where(
            event.learner_id == learner,
            event.kind.not_in((EventKind.RETRACT.value, EventKind.CHANGED.value)),
            log.not_retracted(event),
        )
        .order_by(event.day.desc(), event.id.desc())
        .limit(1)
    ).one_or_none()
    graded = response.newest(connection, learner=learner)
    logged = [row.at for row in (newest_review, newest_event) if row]
    if graded and all(at < graded.graded_at for at in logged):
        scheduled = response.take_back(connection, graded, now, learner=learner)
        return Undone(scheduled, f"the grade {graded.grade!r}", grade=True)
    if newest_review and not (newest_event and newest_event[:2] > newest_review[:2]):
        _, uid, card_id, number = newest_review
        rating = Rating(number)
        undone = Undone(card_id, rating.name.capitalize(), rating)
    elif newest_event:
        _, uid, card_id, kind = newest_event
        undone = Undone(card_id, kind)
    else:
        return None
    log.log_event(connection, card_id, EventKind.RETRACT, now, target=uid, learner=learner)
    return undone
