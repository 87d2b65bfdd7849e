"""The newest reviews, one by one, and what they say of hours, of time, of chapters and of tags.

Not all of a long log: the newest tell of the learner as they are, and are read at once.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from itertools import chain, starmap
from typing import NamedTuple

from sqlalchemy import Connection, DateTime, String, case, cast, literal, select, type_coerce

from studyapp.interval import median_interval
from studyapp.memory.fold import ReviewKind
from studyapp.memory.state import Rating, State
from studyapp.notes.note import chapter_name
from studyapp.store import record, tables
from studyapp.study.chapter import namesakes
from studyapp.study.recall import Model, outcome
from studyapp.study.retention import Aims
from studyapp.study.stats import Share, counts, share

MOST = 5_000  # reviews: what is remembered of as many is known to within a point
_IN_QUEUE = {ReviewKind.STUDY.value, ReviewKind.IMPORT.value}  # whose time is that of a card

_east = cache(lambda seconds: timedelta(seconds=seconds))  # of few zones

review = tables.review.c
card = tables.card.c
note = tables.note.c
chapter = tables.chapter.c


class Reviewed(NamedTuple):
    """One review, made `at` an instant and so many seconds east of UTC; `tells` whether it is one
    that tells what is remembered, and `by` the index of the model that predicted then."""

    card: int
    day: date
    at: datetime
    offset: int
    milliseconds: int
    kind: str
    new: bool
    tells: bool
    by: int
    remembered: bool
    stability: float | None
    since: date | None
    chapter: int
    tags: str  # as JSON

    @property
    def hour(self) -> int:
        """The learner's."""
        return (self.at + _east(self.offset)).hour


@dataclass(frozen=True, slots=True)
class Named:
    """What was remembered of one chapter or tag, and what was aimed for."""

    name: str
    remembered: Share
    goal: float


@dataclass(frozen=True, slots=True)
class Pace:
    """The median of the seconds that a card takes, of n; all None when n is 0, no interval below
    six."""

    seconds: float | None
    low: float | None
    high: float | None
    n: int


@dataclass(frozen=True, slots=True)
class Hour:
    """Reviews of one hour of the day, whatever the day, what was remembered of those that tell it,
    and how long a card took that came back."""

    hour: int
    reviews: int
    remembered: Share
    pace: Pace


def read(
    connection: Connection, first: date, last: date, models: Sequence[Model], *, learner: int
) -> list[Reviewed]:
    """The newest reviews from *first* to *last*, the newest first; neither what was crammed nor
    what was taken back. The *models* are those that were in force, in their order."""
    changes = [(review.stamp >= one.since, at) for at, one in enumerate(models) if at]
    by = case(*reversed(changes), else_=0) if changes else literal(0)
    rows = connection.execute(
        select(
            review.card_id,
            review.effective_day,
            type_coerce(review.at, DateTime),  # a zone would take as long as all else of a row
            review.offset,
            review.duration,
            review.kind,
            review.state_before == State.NEW,
            outcome(),
            by,
            review.rating > Rating.AGAIN,
            review.stability_before,
            review.last_day_before,
            card.chapter_id,
            cast(note.tags, String),  # most are alike
        )
        .join(tables.card, card.id == review.card_id)
        .join(tables.note, note.id == card.note_id)
        .where(
            review.learner_id == learner,
            review.effective_day.between(first, last),
            counts(),
            record.not_retracted(),
        )
        .order_by(review.effective_day.desc(), review.stamp.desc())
        .limit(MOST)
        .execution_options(yield_per=500)
    )
    return list(starmap(Reviewed, chain.from_iterable(rows.partitions())))


def hours(reviews: Iterable[Reviewed]) -> list[Hour]:
    """The hours that have any, in the order of a study day."""
    found = defaultdict[int, list[Reviewed]](list)
    for one in reviews:
        found[one.hour].append(one)
    return [
        Hour(hour, len(found[hour]), _remembered(found[hour]), pace(found[hour], new=False))
        for hour in sorted(found, key=lambda hour: (hour - 4) % 24)
    ]


def pace(reviews: Iterable[Reviewed], *, new: bool) -> Pace:
    """What a card takes among others, here or where it was imported from, one that is *new* or one
    that comes back. A rating without a time was not made by a hand, or not timed."""
    times = [
        one.milliseconds / 1000
        for one in reviews
        if one.kind in _IN_QUEUE and one.new is new and one.milliseconds > 0
    ]
    return Pace(*median_interval(times), len(times)) if times else Pace(None, None, None, 0)


def chapters(
    connection: Connection, reviews: Iterable[Reviewed], aims: Aims, *, learner: int
) -> list[Named]:
    """What was remembered of each chapter, in the order of the book."""
    found = defaultdict[int, list[Reviewed]](list)
    for one in reviews:
        found[one.chapter].append(one)
    packs = namesakes(connection, learner=learner)
    rows = connection.execute(
        select(chapter.id, chapter.number, chapter.title)
        .where(chapter.id.in_(list(found)))
        .order_by(*tables.IN_ORDER)
    )
    return list(
        _told(
            ((chapter_name(number, title, packs.get(of)), found[of]) for of, number, title in rows),
            aims,
        )
    )


def tags(reviews: Iterable[Reviewed], aims: Aims) -> list[Named]:
    """What was remembered of each tag, the one with the most reviews first."""
    alike, found = defaultdict[str, list[Reviewed]](list), defaultdict[str, list[Reviewed]](list)
    for one in reviews:
        alike[one.tags].append(one)
    for tags_of, some in alike.items():
        for tag in json.loads(tags_of):
            found[tag] += some
    return sorted(_told(found.items(), aims), key=lambda one: (-one.remembered.n, one.name))


def _told(groups: Iterable[tuple[str, Sequence[Reviewed]]], aims: Aims) -> Iterator[Named]:
    for name, reviews in groups:
        remembered = _remembered(reviews)
        if remembered.n:
            asked = (
                (one.chapter, one.since, one.day)
                for one in reviews
                if one.tells and one.since is not None
            )
            yield Named(name, remembered, aims.over(asked))


def _remembered(reviews: Sequence[Reviewed]) -> Share:
    telling = [one.remembered for one in reviews if one.tells]
    return share(sum(telling), len(telling))
