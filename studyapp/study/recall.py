"""Reviews that tell what a learner remembers: of cards in review, the first of a card in a study
day, on a later day than the one on which it was rated or known before.

So a second review of a day tells nothing, nor does the questionnaire of a card learned that day.
"""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, exists, func, or_, select

from studyapp.memory.fold import EventKind, ReviewKind
from studyapp.memory.state import Memory, Rating, State
from studyapp.store import log, tables

NO_OUTCOMES = (ReviewKind.CRAM, ReviewKind.IMPORT)

review = tables.review.c


class Recalled(NamedTuple):
    """One outcome of a card that had a `stability` (days) from the day `since` on."""

    card: int
    day: date
    remembered: bool  # not Again
    stability: float
    since: date


def tells_recall(kind: ReviewKind, before: Memory, day: date) -> bool:
    """Whether a rating on *day* of a card with the memory *before* tells what is remembered."""
    return (
        kind not in NO_OUTCOMES
        and before.state is State.REVIEW
        and before.last_day is not None
        and before.last_day < day
    )


def recalls(
    connection: Connection,
    *conditions: ColumnElement[bool],
    limit: int | None = None,
    learner: int,
) -> list[Recalled]:
    """The reviews that tell what is remembered, the newest first; *conditions* are on `review`.

    Crammed and imported ones are no outcomes; an import is a rating to count from. At most *limit*
    are looked at.
    """
    rated, known = tables.review.alias("rated").c, tables.event.alias("known").c
    of_card = and_(
        rated.card_id == review.card_id,
        # + 0: a card has few reviews; the index on learner and day would lead through a whole day.
        rated.learner_id + 0 == learner,
        rated.kind != ReviewKind.CRAM.value,
        log.not_retracted(rated),
    )
    known_card = and_(
        known.card_id == review.card_id,
        known.learner_id == learner,
        known.kind == EventKind.KNOW.value,
        log.not_retracted(known),
    )
    sooner = or_(
        rated.stamp < review.stamp, and_(rated.stamp == review.stamp, rated.uid < review.uid)
    )
    newest = [
        select(func.max(day))
        .where(condition, day < review.effective_day)
        .correlate(tables.review)
        .scalar_subquery()
        for day, condition in ((rated.effective_day, of_card), (known.day, known_card))
    ]
    rows = connection.execute(
        select(
            review.card_id,
            review.effective_day,
            review.rating,
            review.stability_before,
            *newest,
        )
        .where(
            review.learner_id == learner,
            review.state_before == State.REVIEW,
            review.kind.not_in([kind.value for kind in NO_OUTCOMES]),
            log.not_retracted(),
            ~exists().where(of_card, rated.effective_day == review.effective_day, sooner),
            ~exists().where(
                known_card, known.day == review.effective_day, known.stamp < review.stamp
            ),
            *conditions,
        )
        .order_by(review.effective_day.desc(), review.stamp.desc(), review.uid.desc())
        .limit(limit)
    )
    found = []
    for card, day, rating, stability, *days in rows:
        since = max((day for day in days if day is not None), default=None)
        if since is not None and stability is not None:
            found.append(Recalled(card, day, rating > Rating.AGAIN, stability, since))
    return found
