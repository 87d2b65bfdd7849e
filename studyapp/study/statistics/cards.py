"""How the cards that were met stand now: intervals, stability, difficulty, retrievability."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, Connection, case, func, select

from studyapp.memory.state import State
from studyapp.store import log, owner, tables
from studyapp.store.engine import days_since

memory = tables.memory.c
card = tables.card.c

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
    """Counted where the rows are, in one pass: there may be very many cards."""
    passed = days_since(connection, memory.last_day, today)
    waits = passed - days_since(connection, memory.due, today)
    # The offset keeps a database from reckoning the days anew for each edge that they are held to.
    met = (
        select(
            waits.label("waits"),
            memory.stability.label("stability"),
            memory.difficulty.label("difficulty"),
            (passed / memory.stability).label("passed"),
        )
        .join_from(tables.memory, tables.card, card.id == memory.card_id)
        .where(
            memory.learner_id == learner,
            memory.state != State.NEW,
            memory.stability > 0,
            card.missing_since.is_(None),
            owner.theirs(card, learner=learner),
        )
        .offset(0)
        .subquery()
        .c
    )
    model = log.in_force(connection, learner=learner).model
    # The powers that retrievability is made of are not in each database, but what it falls with is.
    longest = tuple(model.interval(1.0, edge) for edge in reversed(RECALL))
    sides = (
        _place(met.waits, DAYS),
        _place(met.stability, DAYS),
        _place(met.difficulty, DIFFICULTY),
        _place(met.passed, longest, at_most=True),
    )
    named = [one.label(f"place_{at}") for at, one in enumerate(sides)]
    # Asked of the dates themselves, SQLite would go through the cards in the order of one.
    places = select(*named).where(met.waits.is_not(None)).subquery().c
    rows = connection.execute(select(*places, func.count()).group_by(*places)).all()
    waiting, stability, difficulty, forgotten = (_counts(rows, at) for at in range(4))
    return Standing(
        _distribution(DAYS, waiting),
        _distribution(DAYS, stability),
        _distribution(DIFFICULTY, difficulty),
        Distribution(RECALL, _distribution(RECALL, forgotten).counts[::-1]),
    )


def _place(value: ColumnElement[Any], edges: Edges, *, at_most: bool = False) -> ColumnElement[int]:
    """Between which of the *edges* a value lies; *at_most*: one that is an edge, below it."""
    below = [value <= edge if at_most else value < edge for edge in edges]
    return case(*((one, at) for at, one in enumerate(below)), else_=len(edges))


def _counts(rows: Sequence[Any], at: int) -> Counter[int]:
    found = Counter[int]()
    for row in rows:
        found[row[at]] += row[-1]
    return found


def _distribution(edges: Edges, counts: Counter[int]) -> Distribution:
    return Distribution(edges, tuple(counts[place] for place in range(len(edges) + 1)))
