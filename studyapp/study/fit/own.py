"""A learner's log as the fit reads it, and what it makes of each card (RULES: Fitting).

A history begins anew where a card was forgotten, was called known, or came from elsewhere with a
state: what `memory/fold.py::apply` makes of an entry is said here once more, for arrays.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import nan
from typing import Any, NamedTuple

import numpy as np
from sqlalchemy import ColumnElement, Connection, select

from studyapp.memory import fold
from studyapp.memory.fold import CRAMMED, EventKind
from studyapp.memory.histories import Reviews, grow
from studyapp.memory.model import Weights
from studyapp.memory.scheduler import KNOWN_DAYS
from studyapp.memory.slopes import follow
from studyapp.memory.state import Rating, State
from studyapp.store import log, tables

review = tables.review.c
event = tables.event.c

_BEGINNINGS = (EventKind.FORGET.value, EventKind.KNOW.value, EventKind.IMPORT.value)


@dataclass(frozen=True, slots=True)
class Own:
    """The reviews of a learner, and the cards whose memory they do not tell alone."""

    reviews: Reviews
    apart: frozenset[int]


class _Row(NamedTuple):
    """An entry that changes a memory; `place` orders it."""

    place: Any
    card: int
    day: int
    rating: int
    begins: bool = False
    given: bool = False
    stability: float = nan
    difficulty: float = nan


def read(connection: Connection, *, learner: int) -> Own:
    """The reviews that count, in the order of the log; crammed ones do not."""
    begun = _cards(connection, event, event.kind.in_(_BEGINNINGS), learner=learner)
    redated = select(event.uid).where(
        event.learner_id == learner, event.kind == EventKind.REDATE.value
    )
    rows, apart = list[_Row](), set[int]()
    if connection.scalar(redated.limit(1)) is not None:  # the columns do not tell the new places
        begun |= _cards(connection, review, learner=learner)
    else:
        rows += _plain(connection, begun, learner=learner)
    for card_id, entries in log.read_logs(connection, sorted(begun), learner=learner):
        rows += _folded(card_id, entries, apart)
    rows.sort(key=lambda row: row.place)
    return Own(_arrays(rows), frozenset(apart))


def _cards(
    connection: Connection, column: Any, *conditions: ColumnElement[bool], learner: int
) -> set[int]:
    rows = select(column.card_id).where(column.learner_id == learner, *conditions)
    return set(connection.scalars(rows))


def _plain(connection: Connection, others: set[int], *, learner: int) -> Iterator[_Row]:
    """The reviews of cards that were only ever reviewed, or undone, all but those of *others*."""
    rows = connection.execute(
        select(
            review.card_id,
            review.effective_day,
            review.rating,
            review.uid,
            review.device_id,
            review.epoch,
            review.stamp,
        ).where(
            review.learner_id == learner,
            review.kind.not_in([kind.value for kind in CRAMMED]),
            review.uid.not_in(log.retracted(learner=learner)),
        )
    )
    times = log.read_timelines(connection, learner=learner)
    for row in rows:
        if row.card_id in others:
            continue
        yield _Row(
            (times.place(row), row.uid), row.card_id, row.effective_day.toordinal(), row.rating
        )


def _folded(card_id: int, entries: Iterable[fold.Entry], apart: set[int]) -> Iterator[_Row]:
    """The rows of one card from its whole log."""
    begins, reviews, day = True, 0, 0
    for entry in fold.in_force(entries):
        place, day_of = (fold.place_of(entry), entry.uid), fold.day_of(entry).toordinal()
        if isinstance(entry, fold.Review):
            if entry.kind not in CRAMMED:
                yield _Row(place, card_id, day_of, int(entry.rating), begins)
                begins, reviews, day = False, reviews + 1, day_of
        elif entry.kind is EventKind.FORGET:
            begins, reviews = True, 0
        elif entry.kind is EventKind.KNOW:
            yield _Row(place, card_id, day_of, int(Rating.EASY), True, True, float(KNOWN_DAYS))
            begins, day = False, day_of
        elif entry.kind is EventKind.IMPORT and entry.payload is not None:
            kept = entry.payload
            if kept["state"] == State.NEW:
                begins, reviews = True, 0
                continue
            if kept["stability"] is None and reviews >= kept["reps"] and not begins:
                if day_of != day:  # the log goes on, on another day than it says
                    apart.add(card_id)
            else:
                yield _given(place, card_id, day_of, kept)
                day = day_of
            begins, reviews = False, kept["reps"]


def _given(place: Any, card_id: int, day: int, kept: Mapping[str, Any]) -> _Row:
    """What another program kept of a card, as `memory/fold.py::apply` takes it."""
    stability, difficulty = kept["stability"], kept["difficulty"]
    if stability is None:
        stability = float(kept.get("interval", 0)) or nan
    return _Row(
        place,
        card_id,
        day,
        int(Rating.GOOD),
        True,
        True,
        stability,
        nan if difficulty is None else difficulty,
    )


def _arrays(rows: list[_Row]) -> Reviews:
    card, day, rating = (
        np.array([row[column] for row in rows], np.int64).reshape(-1) for column in (1, 2, 3)
    )
    begins, given = (np.array([row[column] for row in rows], bool) for column in (4, 5))
    stability, difficulty = (np.array([row[column] for row in rows], float) for column in (6, 7))
    return Reviews(card, day, rating, begins, given, stability, difficulty)


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
