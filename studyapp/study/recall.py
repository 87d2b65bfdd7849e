"""Reviews that tell what a learner remembers: the first of a card in a study day, on a later day
than the one on which it was rated or known before.

Today counts the same cards as reviews (`queue.Queue.counts`), and weights are fitted to the same:
a night is an interval, whether the card had been learned before it or not. So a second review of a
day tells nothing, nor does the questionnaire of a card learned that day.
"""

from __future__ import annotations

from datetime import date, datetime
from itertools import pairwise
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, select

from studyapp.memory.fold import CRAMMED, EPOCH, FROM_ELSEWHERE, ReviewKind, place_of
from studyapp.memory.scheduler import Parameters
from studyapp.memory.state import Memory, Rating, State
from studyapp.store import log, tables

NO_OUTCOMES = {*CRAMMED, *FROM_ELSEWHERE}

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
        and before.state is not State.NEW
        and before.last_day is not None
        and before.last_day < day
    )


def outcome() -> ColumnElement[bool]:
    """The same as a condition on a row of `review`."""
    return and_(
        review.state_before != State.NEW,
        review.last_day_before < review.effective_day,
        review.kind.not_in([kind.value for kind in NO_OUTCOMES]),
    )


def telling(*, learner: int) -> tuple[ColumnElement[bool], ...]:
    """As conditions on a row of `review`: the learner's, and nothing has taken it back."""
    return review.learner_id == learner, outcome(), log.not_retracted()


class Model(NamedTuple):
    """The parameters in force, since when their weights are, and the entry that brought these, None
    of the first: a stability of before is of another model."""

    parameters: Parameters
    since: datetime
    by: bytes | None


def model_now(connection: Connection, *, learner: int) -> Model:
    history = log.read_history(connection, learner=learner)
    since = [
        (place_of(new).time, new.uid)
        for old, new in pairwise(history)
        if old.parameters.weights != new.parameters.weights
    ]
    return Model(history[-1].parameters, *max(since, default=(EPOCH, None)))


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
    rows = connection.execute(
        select(
            review.card_id,
            review.effective_day,
            review.rating,
            review.stability_before,
            review.last_day_before,
        )
        .where(*telling(learner=learner), *conditions)
        .order_by(review.effective_day.desc(), review.stamp.desc(), review.uid.desc())
        .limit(limit)
    )
    return [
        Recalled(card, day, rating > Rating.AGAIN, stability, since)
        for card, day, rating, stability, since in rows
        if stability is not None and since is not None
    ]
