"""What each study day came to: how many reviews, and what was remembered.

The one query here goes through all reviews of a day. What it finds of days that are over is kept
(`store/tally.py`), so that a year is summed from its days; all else about them is made of that.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from operator import sub
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, case, func, select

from studyapp.errors import StoreError
from studyapp.memory.state import Rating
from studyapp.store import record, tables, tally
from studyapp.store.tally import Sums
from studyapp.study.desk import Desk
from studyapp.study.recall import outcome
from studyapp.study.retention import Aims, mean
from studyapp.study.stats import Share, counts, share

_AT_ONCE = 28  # days

review = tables.review.c


@dataclass(frozen=True, slots=True)
class Day:
    """A study day with `reviews`, none where all was crammed, of which `told` told what is
    remembered: `hits` was, and the `goal` is what was aimed for then."""

    day: date
    reviews: int
    told: int
    hits: int
    goal: float


@dataclass(frozen=True, slots=True)
class Period:
    """A day, week or month from `first` on: reviews, days of study, the share remembered, and what
    was aimed for."""

    first: date
    reviews: int
    days: int
    remembered: Share
    goal: float


def read(connection: Connection, first: date, last: date, *, learner: int) -> list[Day]:
    """The days from *first* to *last* that have a rating which nothing has taken back: a cram
    is no review, but its day is one of study. What is kept of them is not counted."""
    found = tally.read(connection, first, last, learner=learner)
    days = [day for day in _span(first, last) if day not in found]
    found |= count(connection, days, learner=learner)
    goals = Aims.read(connection, learner=learner).by_day(connection, found, learner=learner)
    return [
        Day(day, sums.reviews, sums.told, sums.hits, goals[day])
        for day, sums in sorted(found.items())
        if sums.ratings
    ]


def keep(desk: Desk, first: date, last: date) -> None:
    """Keep what the days from *first* to *last* came to, which are over, as far as it is not kept
    yet or holds no longer; a few days at a time, so that no rating waits for it. If that cannot be
    now, what is read is counted."""
    with suppress(StoreError):
        while True:
            with desk.reading() as connection:
                kept = tally.read(connection, first, last, learner=desk.learner)
            if len(kept) > (last - first).days:
                return
            with desk.writing() as connection:
                tally.settle(connection, learner=desk.learner)
                kept = tally.read(connection, first, last, learner=desk.learner)
                days = [day for day in _span(first, last) if day not in kept][:_AT_ONCE]
                found = count(connection, days, learner=desk.learner)
                tally.keep(connection, found, learner=desk.learner)


class _Part(NamedTuple):
    """Of the ratings of a study day those of cards that were asked last on the same day: how many
    they are, how many reviews, how many told what is remembered, and how many of these missed."""

    ratings: int = 0
    reviews: int = 0
    told: int = 0
    missed: int = 0


def count(connection: Connection, days: Sequence[date], *, learner: int) -> dict[date, Sums]:
    """What each of *days* came to, from the log; they are in order."""
    parts = dict[tuple[date, date | None], _Part]()
    for first, last in _runs(days):
        parts |= _parts(connection, first, last, learner=learner)
    # To ask each of many reviews whether it was taken back takes longer than all else here.
    taken_back = review.uid.in_(record.retracted(learner=learner))
    gone = _parts(connection, days[0], days[-1], taken_back, learner=learner) if days else {}
    found: dict[date, list[tuple[date | None, _Part]]] = {day: [] for day in days}
    for (day, since), part in parts.items():
        found[day].append((since, _Part(*map(sub, part, gone.get((day, since), _Part())))))
    return {day: _summed(day, of_day) for day, of_day in found.items()}


def _parts(
    connection: Connection,
    first: date,
    last: date,
    *conditions: ColumnElement[bool],
    learner: int,
) -> dict[tuple[date, date | None], _Part]:
    """The parts of the days from *first* to *last*, by when their cards were asked last."""
    missed = and_(review.rating == Rating.AGAIN, outcome())  # fewer to look at than what was not
    rows = connection.execute(
        select(
            review.effective_day,
            review.last_day_before,
            func.count(),
            func.count(case((counts(), 1))),
            func.count(case((outcome(), 1))),
            func.count(case((missed, 1))),
        )
        .where(review.learner_id == learner, review.effective_day.between(first, last), *conditions)
        .group_by(review.effective_day, review.last_day_before)
    )
    return {(day, since): _Part(*numbers) for day, since, *numbers in rows}


def _summed(day: date, parts: Sequence[tuple[date | None, _Part]]) -> Sums:
    whole = _Part(*(sum(part[at] for _, part in parts) for at in range(len(_Part._fields))))
    waits = sorted(
        ((day - since).days, part.told) for since, part in parts if since is not None and part.told
    )
    hits = whole.told - whole.missed
    return Sums(whole.ratings, whole.reviews, whole.told, hits, json.dumps(waits))


def _span(first: date, last: date) -> Iterator[date]:
    return (first + timedelta(days=ahead) for ahead in range((last - first).days + 1))


def _runs(days: Sequence[date]) -> Iterator[tuple[date, date]]:
    """The first and the last of those of *days* that follow each other."""
    for _, group in groupby(enumerate(days), lambda one: one[1] - timedelta(days=one[0])):
        run = [day for _, day in group]
        yield run[0], run[-1]


def monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def first_of_month(day: date) -> date:
    return day.replace(day=1)


def same(day: date) -> date:
    return day


def periods(days: Sequence[Day], begins: Callable[[date], date]) -> list[Period]:
    """The days put together by what each of them *begins* with, the oldest first; those in which
    nothing was rated are left out."""
    return [
        _together(first, list(group)) for first, group in groupby(days, lambda one: begins(one.day))
    ]


def _together(first: date, days: Iterable[Day]) -> Period:
    days = list(days)
    told, hits = sum(one.told for one in days), sum(one.hits for one in days)
    remembered = share(hits, told)
    return Period(first, sum(one.reviews for one in days), len(days), remembered, goal(days))


def goal(days: Sequence[Day]) -> float:
    """What was aimed for in all of these, on average over what tells what was remembered."""
    telling = [(one.goal, one.told) for one in days if one.told]
    return mean(telling) if telling else days[-1].goal
