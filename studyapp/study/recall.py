"""Reviews that tell what a learner remembers: the first of a card in a study day, on a later day
than the one on which it was rated or known before.

Today counts the same cards as reviews (`queue.Queue.counts`), and weights are fitted to the same:
a night is an interval, whether the card had been learned before it or not. So a second review of a
day tells nothing, nor does the questionnaire of a card learned that day. One that was imported
tells as much as one of here.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, func, select

from studyapp.memory.fold import CRAMMED, EPOCH, EventKind, ReviewKind, place_of
from studyapp.memory.scheduler import Parameters
from studyapp.memory.state import Memory, Rating, State
from studyapp.store import record, tables
from studyapp.store.parameters import read_history

review = tables.review.c
event = tables.event.c
memory = tables.memory.c


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
        kind not in CRAMMED
        and before.state is not State.NEW
        and before.last_day is not None
        and before.last_day < day
    )


def outcome() -> ColumnElement[bool]:
    """The same as a condition on a row of `review`."""
    return and_(
        review.state_before != State.NEW,
        review.last_day_before < review.effective_day,
        review.kind.not_in([kind.value for kind in CRAMMED]),
    )


def telling(*, learner: int) -> tuple[ColumnElement[bool], ...]:
    """As conditions on a row of `review`: the learner's, and nothing has taken it back."""
    return review.learner_id == learner, outcome(), record.not_retracted()


class Model(NamedTuple):
    """Parameters, since when their weights were in force, and the entry that brought these, None
    of the first: a stability of before is of another model."""

    parameters: Parameters
    since: datetime
    by: bytes | None


def models(connection: Connection, *, learner: int) -> list[Model]:
    """One for each time that the weights were changed, in their order: the last is in force."""
    first, *later = read_history(connection, learner=learner)
    found = [Model(first.parameters, EPOCH, None)]
    for new in later:
        if new.parameters.weights == found[-1].parameters.weights:
            found[-1] = found[-1]._replace(parameters=new.parameters)
        else:
            found.append(Model(new.parameters, place_of(new).time, new.uid))
    return found


def recalls(
    connection: Connection,
    *conditions: ColumnElement[bool],
    limit: int | None = None,
    learner: int,
) -> list[Recalled]:
    """The reviews that tell what is remembered and for which there was a prediction, the newest
    first; *conditions* are on `review`. At most *limit* are looked at."""
    rows = connection.execute(
        select(
            review.card_id,
            review.effective_day,
            review.rating,
            review.stability_before,
            review.last_day_before,
            review.kind == ReviewKind.IMPORT.value,
        )
        .where(*telling(learner=learner), *conditions)
        .order_by(review.effective_day.desc(), review.stamp.desc(), review.uid.desc())
        .limit(limit)
    ).all()
    cut = cut_short(connection, {card for card, *_, imported in rows if imported}, learner=learner)
    return [
        Recalled(card, day, rating > Rating.AGAIN, stability, since)
        for card, day, rating, stability, since, imported in rows
        if stability is not None and since is not None and not (imported and card in cut)
    ]


def cut_short(connection: Connection, cards: Collection[int], *, learner: int) -> set[int]:
    """Of these *cards*, which were imported, those whose log lacks its beginning: their source has
    counted more reviews than there are. What it then logged has no prediction to be held against,
    as none began with what the card was."""
    if not cards:
        return set()
    # To ask each review whether it was taken back takes ten times as long as to count both.
    its = (review.card_id == memory.card_id, review.learner_id == learner)
    made = select(func.count()).where(*its)
    taken_back = select(func.count(event.target.distinct())).where(
        *its,
        event.card_id == memory.card_id,
        event.learner_id == learner,
        event.kind == EventKind.RETRACT.value,
        event.target == review.uid,
    )
    made, taken_back = (one.correlate(tables.memory) for one in (made, taken_back))
    rows = select(memory.card_id).where(
        memory.learner_id == learner,
        memory.card_id.in_(cards),
        memory.reviews > made.scalar_subquery() - taken_back.scalar_subquery(),
    )
    return set(connection.scalars(rows))
