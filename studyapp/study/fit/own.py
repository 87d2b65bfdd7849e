"""A learner's log as the fit reads it, and what it makes of each card (RULES: Fitting).

A history begins anew where a card was forgotten, was called known, or came from elsewhere with a
state: what `memory/fold.py::apply` makes of an entry is said here once more, for arrays.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from math import nan
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import (
    ColumnElement,
    Connection,
    LargeBinary,
    String,
    cast,
    exists,
    func,
    or_,
    select,
)

from studyapp.memory import evaluate, fold
from studyapp.memory.fold import CRAMMED, EventKind
from studyapp.memory.histories import COLUMNS, Floats, Ints, Reviews, plain
from studyapp.memory.mastery import Recall
from studyapp.memory.model import Weights
from studyapp.memory.scheduler import KNOWN_DAYS
from studyapp.memory.slopes import Point, follow
from studyapp.memory.state import Rating, State
from studyapp.store import record, tables
from studyapp.store.engine import passed, written
from studyapp.store.memory import States
from studyapp.study.recall import Recalled

review = tables.review.c
event = tables.event.c
device = tables.device.c

_LAST_DAY = date.max.toordinal()
_NONE = plain(*np.empty((3, 0), np.int64))
_NO_STAMPS = np.empty(0, "S26")
_TIME = "datetime64[us]"  # as stamps are kept
_BEGINNINGS = (EventKind.FORGET.value, EventKind.KNOW.value, EventKind.IMPORT.value)


@dataclass(frozen=True, slots=True)
class Own:
    """The reviews of a learner, and the cards whose memory they do not tell alone."""

    reviews: Reviews
    apart: frozenset[int]


class _Row(NamedTuple):
    """An entry that changes a memory, as `Reviews` has it, and where it stands in the log."""

    time: datetime  # UTC
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
        most, stamps = _reviews(connection, begun, learner=learner)
    else:
        begun |= _cards(connection, review, learner=learner)
        most, stamps = _NONE, _NO_STAMPS
    rows, apart = list[_Row](), set[int]()
    for card_id, entries in record.read_logs(connection, sorted(begun), learner=learner):
        rows += _folded(card_id, entries, apart)
    return Own(_together(most, stamps, rows) if rows else most, frozenset(apart))


def _is_straight(connection: Connection, *, learner: int) -> bool:
    """Whether the log stands in the order of its stamps, each entry with the day that it keeps: no
    clock was ever set back, and no date put right."""
    moved = select(event.uid).where(
        event.learner_id == learner,
        event.kind.in_((EventKind.REDATE.value, EventKind.CAUGHT_UP.value)),
    )
    set_back = (  # device by device, as the index has them
        exists().where(
            column.learner_id == learner, column.device_id == device.id, column.epoch > 0
        )
        for column in (review, event)
    )
    queries = (moved, select(device.id).where(or_(*set_back)))
    return all(connection.scalar(query.limit(1)) is None for query in queries)


def _cards(
    connection: Connection, column: Any, *conditions: ColumnElement[bool], learner: int
) -> set[int]:
    rows = select(column.card_id).where(column.learner_id == learner, *conditions)
    return set(connection.scalars(rows))


def _reviews(
    connection: Connection, others: set[int], *, learner: int
) -> tuple[Reviews, NDArray[np.bytes_]]:
    """The reviews of a straight log, all but those of *others*, with their stamps. They are sorted
    here: that takes less than to have the database do so, which has to where two have one stamp."""
    told = _told(connection, learner=learner)
    rated = np.fromstring(told.rated, np.int64, sep=",")
    if not len(rated):
        return _NONE, _NO_STAMPS
    stamps, order = _cut(told.stamps, len(rated)), None
    if not (stamps[1:] > stamps[:-1]).all():  # they do not lie in their order
        order = np.argsort(stamps, kind="stable")
        if (stamps[order[1:]] == stamps[order[:-1]]).any():
            told, order = _told(connection, review.stamp, review.uid, learner=learner), None
            rated = np.fromstring(told.rated, np.int64, sep=",")
            stamps = _cut(told.stamps, len(rated))
    most = plain(rated // 4, _ordinals(told.days, len(rated)), rated % 4 + 1)
    if order is not None:
        most, stamps = most.take(order), stamps[order]
    if others:
        is_other = np.isin(most.card, list(others))
        most, stamps = most.take(~is_other), stamps[~is_other]
    return most, stamps


class _Told(NamedTuple):
    """The columns of many reviews, each as one text in bytes: a database joins them in a fraction
    of the time that it takes to make a value of each, and bytes need not be made text and back."""

    rated: bytes  # card and rating in one number, between commas
    days: bytes  # of one width, as stamps are
    stamps: bytes


def _told(connection: Connection, *order: ColumnElement[Any], learner: int) -> _Told:
    taken_back = record.retracted(learner=learner)
    whose = passed(connection, review.learner_id) == learner
    wanted = [whose, *(review.kind != kind.value for kind in CRAMMED)]
    if connection.scalar(taken_back.limit(1)) is not None:
        wanted.append(review.uid.not_in(taken_back))
    rows = (
        select(
            cast(review.card_id * 4 + review.rating - 1, String).label("rated"),
            written(connection, review.effective_day).label("day"),
            written(connection, review.stamp).label("stamp"),
        )
        .where(*wanted)
        .order_by(*order)
        .subquery()
        .c
    )
    joined = (
        cast(func.aggregate_strings(column, between), LargeBinary)
        for column, between in ((rows.rated, ","), (rows.day, ""), (rows.stamp, ""))
    )
    return _Told(*(text or b"" for text in connection.execute(select(*joined)).one()))


def _cut(text: bytes, parts: int) -> NDArray[np.bytes_]:
    """A *text* of parts of one width."""
    return np.frombuffer(text, f"S{len(text) // parts}")


def _ordinals(days: bytes, count: int) -> Ints:
    """The number of each day. Many that follow each other are the same."""
    each = _cut(days, count)
    first = np.flatnonzero(np.append([True], each[1:] != each[:-1]))
    ordinals = [date.fromisoformat(one.decode()).toordinal() for one in each[first].tolist()]
    return np.repeat(np.array(ordinals, np.int64), np.diff(np.append(first, count)))


def _together(most: Reviews, stamps: NDArray[np.bytes_], rows: Sequence[_Row]) -> Reviews:
    """Both, by day, and within a day in the order of the log; that of each card stays, though a day
    may be before the one before it."""
    others, times = _arrays(rows), [row.time.replace(tzinfo=None) for row in rows]
    both = Reviews(
        *(np.concatenate([getattr(most, name), getattr(others, name)]) for name in COLUMNS)
    )
    time = np.concatenate([stamps.astype(_TIME), np.array(times, _TIME)])
    by_card = both.by_card
    card, latest = both.card[by_card], np.empty(len(both), np.int64)
    apart = np.cumsum(np.diff(card, prepend=card[0]) != 0) * _LAST_DAY
    latest[by_card] = np.maximum.accumulate(both.day[by_card] + apart) - apart
    return both.take(np.lexsort((time, latest)))


def _folded(card_id: int, entries: Iterable[fold.Entry], apart: set[int]) -> Iterator[_Row]:
    """The rows of one card from its whole log."""
    begins, reviews, day = True, 0, 0
    for entry in fold.in_force(entries):
        time, day_of = fold.place_of(entry).time, fold.day_of(entry).toordinal()
        if isinstance(entry, fold.Review):
            if entry.kind not in CRAMMED:
                yield _Row(time, card_id, day_of, int(entry.rating), begins)
                begins, reviews, day = False, reviews + 1, day_of
        elif entry.kind is EventKind.FORGET:
            begins, reviews = True, 0
        elif entry.kind is EventKind.KNOW:
            yield _Row(time, card_id, day_of, int(Rating.EASY), True, True, float(KNOWN_DAYS))
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
                kept = {**kept, "difficulty": None} if is_whole else kept
                yield _given(time, card_id, day_of, kept)
                day = day_of
            begins, reviews = False, kept["reps"]


def _given(time: datetime, card_id: int, day: int, kept: Mapping[str, Any]) -> _Row:
    """What another program kept of a card, as `memory/fold.py::apply` takes it."""
    stability, difficulty = kept["stability"], kept["difficulty"]
    if stability is None:
        stability = float(kept.get("interval", 0)) or nan
    return _Row(
        time,
        card_id,
        day,
        int(Rating.GOOD),
        True,
        True,
        stability,
        nan if difficulty is None else difficulty,
    )


def _arrays(rows: Sequence[_Row]) -> Reviews:
    kinds = (np.int64, np.int64, np.int64, bool, bool, float, float)
    columns = zip(COLUMNS, kinds, strict=True)
    return Reviews(
        *(np.array([getattr(row, name) for row in rows], kind) for name, kind in columns)
    )


def replayed(own: Own, points: Sequence[Point], outcomes: Iterable[Recalled]) -> list[Recall]:
    """The *outcomes* as the model of the *points* would have predicted them, oldest first. What its
    weights were fitted to they have seen, but for how far off they are that is all there is."""
    reviews, tree = own.reviews, own.reviews.tree
    row = np.flatnonzero(tree.scored & ~np.isin(reviews.card, list(own.apart)))
    wanted = [one.card * _LAST_DAY + one.day.toordinal() for one in outcomes]
    row = row[np.isin(reviews.card[row] * _LAST_DAY + reviews.day[row], wanted)]
    chances, before = (
        of(tree, points, row).tolist() for of in (evaluate.predictions, evaluate.stabilities)
    )
    remembered = (reviews.rating[row] > Rating.AGAIN).tolist()
    return list(map(Recall, chances, before, remembered))


def states(own: Own, weights: Weights, points: Sequence[Point] = ()) -> States:
    """What *weights* make of each card, but for those that stand apart. The model is followed for
    it, unless it was: *points* are what that has come to."""
    reviews, tree = own.reviews, own.reviews.tree
    card = reviews.card[reviews.by_card]
    last = reviews.by_card[np.append(np.diff(card) != 0, True)[: len(card)]]
    last = last[(tree.node[last] >= 0) & ~np.isin(reviews.card[last], list(own.apart))]
    points = points or list(follow(tree, np.array(weights)))
    cards, nodes = reviews.card[last].tolist(), tree.node[last]

    def of_cards(levels: Iterable[Floats]) -> dict[int, float]:
        return dict(zip(cards, np.concatenate([*levels])[nodes].tolist(), strict=True))

    return States(
        of_cards(point.stability for point in points),
        of_cards(point.difficulty for point in points),
    )
