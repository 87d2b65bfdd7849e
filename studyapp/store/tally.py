"""What study days that are over came to, kept so that a year need not be counted each time.

A tally is no part of the log: it can be thrown away, and no device tells another of one. It holds
as long as the rows that it sums are as they were. Whether others have come, or have been taken
back, shows in the numbers of the rows that are newer than it, so that a rating writes nothing for
it; who changes what a review keeps says so (`forget`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from typing import NamedTuple

from sqlalchemy import Connection, delete, func, insert, select, update

from studyapp.memory.fold import EventKind
from studyapp.store import tables

review = tables.review.c
event = tables.event.c
tally = tables.tally.c
tallied = tables.tallied.c


class Sums(NamedTuple):
    """Of a study day: ratings, reviews, those that told what is remembered, and what was. `waits`
    are, as JSON, pairs in order: days that a card had waited which told, and how many had."""

    ratings: int = 0
    reviews: int = 0
    told: int = 0
    hits: int = 0
    waits: str = "[]"


def read(connection: Connection, first: date, last: date, *, learner: int) -> dict[date, Sums]:
    """What is kept of the days from *first* to *last* and still holds."""
    outdated = _outdated(connection, learner=learner)
    rows = connection.execute(
        select(tally.day, tally.ratings, tally.reviews, tally.told, tally.hits, tally.waits).where(
            tally.learner_id == learner, tally.day.between(first, last)
        )
    )
    return {
        day: Sums(ratings, reviews, told, hits, waits)
        for day, ratings, reviews, told, hits, waits in rows
        if day not in outdated
    }


def settle(connection: Connection, *, learner: int) -> None:
    """Leave out what no longer holds: what is kept from now on in this transaction is of the log as
    it is."""
    forget(connection, _outdated(connection, learner=learner), learner=learner)
    ends = {
        "review_id": connection.scalar(select(func.max(review.id))) or 0,
        "event_id": connection.scalar(select(func.max(event.id))) or 0,
    }
    mine = tallied.learner_id == learner
    if not connection.execute(update(tables.tallied).where(mine).values(**ends)).rowcount:
        connection.execute(insert(tables.tallied).values(learner_id=learner, **ends))


def keep(connection: Connection, days: Mapping[date, Sums], *, learner: int) -> None:
    """Keep what *days* came to, of which nothing is kept; after `settle`."""
    rows = [{"learner_id": learner, "day": day, **sums._asdict()} for day, sums in days.items()]
    if rows:
        connection.execute(insert(tables.tally), rows)


def forget(connection: Connection, days: Collection[date], *, learner: int) -> None:
    """What *days* came to is to be counted anew."""
    if days:
        theirs = (tally.learner_id == learner, tally.day.in_(list(days)))
        connection.execute(delete(tables.tally).where(*theirs))


def _outdated(connection: Connection, *, learner: int) -> set[date]:
    """The days of reviews that have come, or were taken back, since something was kept last."""
    row = connection.execute(
        select(tallied.review_id, tallied.event_id).where(tallied.learner_id == learner)
    ).one_or_none()
    if row is None:
        return set()
    # Asked for a column as it is, SQLite would go through all rows of the learner.
    come = select(review.effective_day).where(
        review.id > row.review_id, func.coalesce(review.learner_id, learner) == learner
    )
    back = (
        select(review.effective_day)
        .join(tables.event, event.target == review.uid)
        .where(
            event.id > row.event_id,
            event.kind == EventKind.RETRACT.value,
            func.coalesce(event.learner_id, learner) == learner,
        )
    )
    return {day for query in (come, back) for day in connection.scalars(query.distinct())}
