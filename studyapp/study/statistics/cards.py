"""How the cards that were met stand now: intervals, stability, difficulty, retrievability."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from itertools import pairwise
from typing import Any, TypeAlias

from sqlalchemy import CTE, ColumnElement, Connection, func, or_, select, union_all

from studyapp.memory.state import State
from studyapp.store import tables
from studyapp.store.engine import days_before, days_since
from studyapp.store.parameters import in_force

memory = tables.memory.c
card = tables.card.c
note = tables.note.c

Edges: TypeAlias = tuple[float, ...]

DAYS: Edges = (3, 7, 21, 60, 180, 365)
DIFFICULTY: Edges = (3, 5, 7, 9)  # from 1 to 10
RECALL: Edges = (0.5, 0.7, 0.8, 0.9, 0.95)


@dataclass(frozen=True, slots=True)
class Distribution:
    """How many cards are below the first of the `edges`, from each to the next, and above."""

    edges: Edges
    counts: tuple[int, ...]

    @property
    def n(self) -> int:
        return sum(self.counts)


@dataclass(frozen=True, slots=True)
class Standing:
    """The cards that were met and whose text is there, suspended ones as well. An interval is from
    the last rating to the day on which a card comes; retrievability is of today."""

    intervals: Distribution
    stability: Distribution
    difficulty: Distribution
    retrievability: Distribution


def read(connection: Connection, today: date, *, learner: int) -> Standing:
    """What lies in a range is counted in an index, for each day that cards have: to look at all of
    them takes three times as long. What is no card any more is looked at and taken off."""
    model = in_force(connection, learner=learner).model
    # How long an interval may be so that recall is as likely: powers are not in each database.
    longest = tuple(model.interval(1.0, edge) for edge in RECALL)
    lost = _lost(connection, learner=learner)

    def when_recalled(last_day: ColumnElement[Any]) -> list[ColumnElement[Any]]:
        passed = days_since(connection, last_day, today)
        return [passed / most for most in longest]

    def when_rated(due: ColumnElement[Any]) -> list[ColumnElement[Any]]:
        return [days_before(connection, due, int(edge) - 1) for edge in reversed(DAYS)]

    stable, difficult = _by_itself(connection, learner=learner)
    counted = partial(_counted, connection, learner=learner)
    return Standing(
        _distribution(
            DAYS,
            counted(memory.due, memory.last_day, when_rated)[::-1],
            (bisect_right(DAYS, (one.due - one.last_day).days) for one in lost),
        ),
        _distribution(
            DAYS,
            stable,
            (bisect_right(DAYS, one.stability) for one in lost),
        ),
        _distribution(
            DIFFICULTY,
            difficult,
            (bisect_right(DIFFICULTY, one.difficulty) for one in lost),
        ),
        _distribution(
            RECALL,
            counted(memory.last_day, memory.stability, when_recalled),
            (
                sum(one.stability >= (today - one.last_day).days / most for most in longest)
                for one in lost
            ),
        ),
    )


def _counted(
    connection: Connection,
    day: ColumnElement[Any],
    value: ColumnElement[Any],
    edges: Callable[[ColumnElement[Any]], Sequence[ColumnElement[Any]]],
    *,
    learner: int,
) -> list[int]:
    """How many of the learner's cards that were met have a *value* below the first of the *edges*
    of their *day*, from each to the next, and above."""
    days = _days(day, learner=learner).c
    ranges = _ranges(value, edges(days.day))
    cards = (
        select(func.count())
        .where(memory.learner_id == learner, day == days.day, *within)
        .correlate(days.day.table)
        .scalar_subquery()
        for within in ranges
    )
    found = connection.execute(select(*map(func.sum, cards)).select_from(days.day.table)).one()
    return [int(one or 0) for one in found]


def _days(day: ColumnElement[Any], *, learner: int) -> CTE:
    """The days that the learner's cards have, and null; each is looked up from the one before it,
    as to go through all cards for them takes longer than to count."""
    first = select(func.min(day)).where(memory.learner_id == learner)
    days = select(first.scalar_subquery().label("day")).cte("days", recursive=True)
    following = first.where(day > days.c.day).correlate(days).scalar_subquery()
    return days.union_all(select(following).where(days.c.day.is_not(None)))


def _by_itself(connection: Connection, *, learner: int) -> tuple[list[int], list[int]]:
    """How many cards that were met there are between the edges of stability, and of difficulty: an
    index that begins with the one has the other beside it, so that it is gone through once."""
    # Asked for the learner as it is, SQLite would look each card up in another index.
    mine = func.coalesce(memory.learner_id, learner) == learner
    below = [func.count().filter(memory.difficulty < edge) for edge in DIFFICULTY]
    each = [
        connection.execute(select(*below, func.count()).where(mine, *within)).one()
        for within in _ranges(memory.stability, DAYS)
    ]
    upto = [sum(ranges) for ranges in zip(*each, strict=True)]
    return [one[-1] for one in each], [more - fewer for fewer, more in pairwise((0, *upto))]


def _ranges(value: ColumnElement[Any], limits: Sequence[Any]) -> list[list[ColumnElement[bool]]]:
    """That a *value* is below the first of *limits*, from each to the next, or above."""
    return [
        [value < limits[0]],
        *([value >= low, value < high] for low, high in pairwise(limits)),
        [value >= limits[-1]],
    ]


def _lost(connection: Connection, *, learner: int) -> Sequence[Any]:
    """What was met and is no card of the learner's any more."""
    others = or_(note.learner_id < learner, note.learner_id > learner)
    gone = (
        select(card.id).where(card.missing_since.is_not(None)),
        # Its note says whose a card is, and has an index.
        select(card.id).join(tables.note, note.id == card.note_id).where(others),
    )
    return connection.execute(
        select(memory.last_day, memory.due, memory.stability, memory.difficulty).where(
            memory.learner_id == learner,
            memory.state != State.NEW,
            memory.card_id.in_(union_all(*gone)),
        )
    ).all()


def _distribution(edges: Edges, counts: Iterable[int], lost: Iterable[int]) -> Distribution:
    """*counts*, but for those in whose places some are *lost*."""
    gone = Counter(lost)
    return Distribution(edges, tuple(count - gone[at] for at, count in enumerate(counts)))
