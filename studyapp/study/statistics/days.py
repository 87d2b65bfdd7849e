"""What each study day came to: how many reviews, and what was remembered.

The one query here goes through all reviews of a year; all else about days is made of what it finds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby

from sqlalchemy import ColumnElement, Connection, and_, case, func, select

from studyapp.memory.state import Rating
from studyapp.store import log, tables
from studyapp.study.recall import outcome
from studyapp.study.stats import Share, counts, share

review = tables.review.c


@dataclass(frozen=True, slots=True)
class Day:
    """A study day with `reviews`, none where all was crammed, of which `told` told what is
    remembered: `hits` was."""

    day: date
    reviews: int
    told: int
    hits: int


@dataclass(frozen=True, slots=True)
class Period:
    """A day, week or month from `first` on: reviews, days of study, and the share remembered."""

    first: date
    reviews: int
    days: int
    remembered: Share


def read(connection: Connection, first: date, last: date, *, learner: int) -> list[Day]:
    """The days from *first* to *last* that have a rating which nothing has taken back: a cram
    is no review, but its day is one of study."""
    within = review.effective_day.between(first, last)
    found = _sums(connection, within, learner=learner)
    # To ask each of many reviews whether it was taken back takes longer than all else here.
    taken_back = review.uid.in_(log.retracted(learner=learner))
    back = _sums(connection, within, taken_back, learner=learner)
    left = {
        day: tuple(
            all_ - less for all_, less in zip(sums, back.get(day, (0, 0, 0, 0)), strict=True)
        )
        for day, sums in found.items()
    }
    return [Day(day, *sums) for day, (rated, *sums) in sorted(left.items()) if rated]


def _sums(
    connection: Connection, *conditions: ColumnElement[bool], learner: int
) -> dict[date, tuple[int, int, int, int]]:
    """Of each day: ratings, reviews, those that told, and those of them that were remembered."""
    missed = and_(review.rating == Rating.AGAIN, outcome())  # fewer to look at than what was not
    rows = connection.execute(
        select(
            review.effective_day,
            func.count(),
            func.count(case((counts(), 1))),
            func.count(case((outcome(), 1))),
            func.count(case((missed, 1))),
        )
        .where(review.learner_id == learner, *conditions)
        .group_by(review.effective_day)
    )
    return {
        day: (rated, reviews, told, told - misses) for day, rated, reviews, told, misses in rows
    }


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
    return Period(first, sum(one.reviews for one in days), len(days), share(hits, told))
