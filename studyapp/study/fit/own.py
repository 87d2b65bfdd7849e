"""A learner's log as the fit reads it, and what it makes of each card (RULES: Fitting).

A history begins anew where a card was forgotten, was called known, or came from elsewhere with a
state: what `memory/fold.py::apply` makes of an entry is said here once more, for arrays.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from math import nan
from typing import Any, NamedTuple

import numpy as np
from sqlalchemy import ColumnElement, Connection, String, select, type_coerce

from studyapp.memory import fold
from studyapp.memory.fold import CRAMMED, EventKind
from studyapp.memory.histories import Reviews, grow, plain
from studyapp.memory.model import Weights
from studyapp.memory.scheduler import KNOWN_DAYS
from studyapp.memory.slopes import follow
from studyapp.memory.state import Rating, State
from studyapp.store import log, tables

review = tables.review.c
event = tables.event.c

_LAST_DAY = date.max.toordinal()
_BEGINNINGS = (EventKind.FORGET.value, EventKind.KNOW.value, EventKind.IMPORT.value)


@dataclass(frozen=True, slots=True)
class Own:
    """The reviews of a learner, and the cards whose memory they do not tell alone."""

    reviews: Reviews
    apart: frozenset[int]


class _Row(NamedTuple):
    """An entry that changes a memory, as `Reviews` has it."""

    card: int
    day: int
    rating: int
    begins: bool = False
    given: bool = False
    stability: float = nan
    difficulty: float = nan


def read(connection: Connection, *, learner: int) -> Own:
    """The reviews that count, each card's in the order of the log; crammed ones do not."""
    begun = _cards(connection, event, event.kind.in_(_BEGINNINGS), learner=learner)
    if _is_straight(connection, learner=learner):
        most = _reviews(connection, begun, learner=learner)
    else:
        begun |= _cards(connection, review, learner=learner)
        most = plain(*np.empty((3, 0), np.int64))
    rows, apart = list[_Row](), set[int]()
    for card_id, entries in log.read_logs(connection, sorted(begun), learner=learner):
        rows += _folded(card_id, entries, apart)
    return Own(_together(most, _arrays(rows)), frozenset(apart))


def _is_straight(connection: Connection, *, learner: int) -> bool:
    """Whether the log stands in the order of its stamps, each entry with the day that it keeps: no
    clock was ever set back, and no date put right."""
    moved = select(event.uid).where(
        event.learner_id == learner,
        event.kind.in_((EventKind.REDATE.value, EventKind.CAUGHT_UP.value)),
    )
    set_back = (
        select(column.uid).where(column.learner_id == learner, column.epoch > 0)
        for column in (review, event)
    )
    return all(connection.scalar(query.limit(1)) is None for query in (moved, *set_back))


def _cards(
    connection: Connection, column: Any, *conditions: ColumnElement[bool], learner: int
) -> set[int]:
    rows = select(column.card_id).where(column.learner_id == learner, *conditions)
    return set(connection.scalars(rows))


def _reviews(connection: Connection, others: set[int], *, learner: int) -> Reviews:
    """The reviews of a straight log, all but those of *others*. There may be very many: values are
    taken as the database gives them."""
    rows = connection.execute(
        select(review.card_id, type_coerce(review.effective_day, String), review.rating)
        .where(
            review.learner_id == learner,
            review.kind.not_in([kind.value for kind in CRAMMED]),
            review.uid.not_in(log.retracted(learner=learner)),
        )
        .order_by(review.stamp, review.uid)
    ).all()
    cards, days, ratings = zip(*rows, strict=True) if rows else ((), (), ())
    ordinals = {day: date.fromisoformat(str(day)).toordinal() for day in set(days)}
    card = np.array(cards, np.int64)
    day = np.array([ordinals[day] for day in days], np.int64)
    kept = ~np.isin(card, list(others))
    return plain(card[kept], day[kept], np.array(ratings, np.int64)[kept])


def _together(some: Reviews, others: Reviews) -> Reviews:
    """Both, by day; the order of each card stays, though a day may be before the one before it."""
    if not len(others):
        return some
    both = Reviews(
        *(
            np.concatenate([getattr(some, name), getattr(others, name)])
            for name in Reviews.__slots__
        )
    )
    by_card = np.argsort(both.card, kind="stable")
    card, latest = both.card[by_card], np.empty(len(both), np.int64)
    apart = np.cumsum(np.diff(card, prepend=card[0]) != 0) * _LAST_DAY
    latest[by_card] = np.maximum.accumulate(both.day[by_card] + apart) - apart
    return both.take(np.argsort(latest, kind="stable"))


def _folded(card_id: int, entries: Iterable[fold.Entry], apart: set[int]) -> Iterator[_Row]:
    """The rows of one card from its whole log."""
    begins, reviews, day = True, 0, 0
    for entry in fold.in_force(entries):
        day_of = fold.day_of(entry).toordinal()
        if isinstance(entry, fold.Review):
            if entry.kind not in CRAMMED:
                yield _Row(card_id, day_of, int(entry.rating), begins)
                begins, reviews, day = False, reviews + 1, day_of
        elif entry.kind is EventKind.FORGET:
            begins, reviews = True, 0
        elif entry.kind is EventKind.KNOW:
            yield _Row(card_id, day_of, int(Rating.EASY), True, True, float(KNOWN_DAYS))
            begins, day = False, day_of
        elif entry.kind is EventKind.IMPORT and entry.payload is not None:
            kept = entry.payload
            if kept["state"] == State.NEW:
                begins, reviews = True, 0
                continue
            is_whole = kept["stability"] is None and reviews >= kept["reps"]
            if is_whole and not begins:
                if day_of != day:  # the log goes on, on another day than it says
                    apart.add(card_id)
            else:
                yield _given(card_id, day_of, {**kept, "difficulty": None} if is_whole else kept)
                day = day_of
            begins, reviews = False, kept["reps"]


def _given(card_id: int, day: int, kept: Mapping[str, Any]) -> _Row:
    """What another program kept of a card, as `memory/fold.py::apply` takes it."""
    stability, difficulty = kept["stability"], kept["difficulty"]
    if stability is None:
        stability = float(kept.get("interval", 0)) or nan
    return _Row(
        card_id,
        day,
        int(Rating.GOOD),
        True,
        True,
        stability,
        nan if difficulty is None else difficulty,
    )


def _arrays(rows: list[_Row]) -> Reviews:
    kinds = (np.int64, np.int64, np.int64, bool, bool, float, float)
    return Reviews(
        *(np.array([row[column] for row in rows], kind) for column, kind in enumerate(kinds))
    )


def states(own: Own, weights: Weights) -> dict[int, tuple[float, float]]:
    """Stability and difficulty of each card under *weights*, but for those that stand apart."""
    tree = grow(own.reviews)
    points = list(follow(tree, np.array(weights)))
    _, from_the_end = np.unique(own.reviews.card[::-1], return_index=True)
    last = len(own.reviews) - 1 - from_the_end
    card, level, node = own.reviews.card[last], tree.level[last], tree.node[last]
    found: dict[int, tuple[float, float]] = {}
    for number, point in enumerate(points):
        here = np.flatnonzero(level == number)
        at = node[here]
        pairs = zip(point.stability[at].tolist(), point.difficulty[at].tolist(), strict=True)
        found.update(zip(card[here].tolist(), pairs, strict=True))
    return {one: state for one, state in found.items() if one not in own.apart}
