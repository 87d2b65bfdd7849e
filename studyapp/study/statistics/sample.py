"""The newest reviews, one by one, and what they say of hours, of time, of chapters and of tags.

Not all of a long log: the newest tell of the learner as they are, and are read at once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, case, select

from studyapp.interval import median_interval
from studyapp.memory.clock import local
from studyapp.memory.fold import ReviewKind
from studyapp.memory.state import Rating, State
from studyapp.notes.note import chapter_name
from studyapp.store import log, tables
from studyapp.study.chapter import namesakes
from studyapp.study.recall import NO_OUTCOMES, outcome
from studyapp.study.stats import Share, share

MOST = 10_000  # reviews

review = tables.review.c
card = tables.card.c
note = tables.note.c
chapter = tables.chapter.c


class Reviewed(NamedTuple):
    """One review at the learner's `hour`; `tells` whether it is one that tells what is remembered,
    and `in_queue` whether its time is that of a card among cards."""

    day: date
    stamp: datetime
    hour: int
    seconds: float
    chapter: int
    tags: tuple[str, ...]
    new: bool
    in_queue: bool
    tells: bool
    remembered: bool
    stability: float | None
    since: date | None


@dataclass(frozen=True, slots=True)
class Named:
    """What was remembered of one chapter or tag."""

    name: str
    remembered: Share


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


def read(connection: Connection, first: date, *, learner: int) -> list[Reviewed]:
    """The newest reviews made here since *first*, the newest first; neither what was crammed nor
    what was taken back."""
    rows = connection.execute(
        select(
            review.effective_day,
            review.stamp,
            review.at,
            review.offset,
            review.duration,
            review.kind,
            review.state_before,
            review.rating,
            case((outcome(), 1), else_=0).label("tells"),
            review.stability_before,
            review.last_day_before,
            card.chapter_id,
            note.tags,
        )
        .join(tables.card, card.id == review.card_id)
        .join(tables.note, note.id == card.note_id)
        .where(
            review.learner_id == learner,
            review.effective_day >= first,
            review.kind.not_in([kind.value for kind in NO_OUTCOMES]),
            log.not_retracted(),
        )
        .order_by(review.effective_day.desc(), review.stamp.desc(), review.uid.desc())
        .limit(MOST)
    )
    return [_reviewed(row) for row in rows]


def _reviewed(row: Any) -> Reviewed:
    return Reviewed(
        row.effective_day,
        row.stamp,
        local(row.at, timedelta(seconds=row.offset)).hour,
        row.duration / 1000,
        row.chapter_id,
        tuple(row.tags),
        row.state_before == State.NEW,
        row.kind == ReviewKind.STUDY.value,
        bool(row.tells),
        row.rating > Rating.AGAIN,
        row.stability_before,
        row.last_day_before,
    )


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
    """What a card takes in the queue, one that is *new* or one that comes back. A rating without
    a time was not made by a hand."""
    times = [one.seconds for one in reviews if one.in_queue and one.new is new and one.seconds > 0]
    return Pace(*median_interval(times), len(times)) if times else Pace(None, None, None, 0)


def chapters(connection: Connection, reviews: Iterable[Reviewed], *, learner: int) -> list[Named]:
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
        _told((chapter_name(number, title, packs.get(of)), found[of]) for of, number, title in rows)
    )


def tags(reviews: Iterable[Reviewed]) -> list[Named]:
    """What was remembered of each tag, the one with the most reviews first."""
    found = defaultdict[str, list[Reviewed]](list)
    for one in reviews:
        for tag in one.tags:
            found[tag].append(one)
    return sorted(_told(found.items()), key=lambda one: (-one.remembered.n, one.name))


def _told(groups: Iterable[tuple[str, Sequence[Reviewed]]]) -> Iterator[Named]:
    for name, reviews in groups:
        remembered = _remembered(reviews)
        if remembered.n:
            yield Named(name, remembered)


def _remembered(reviews: Sequence[Reviewed]) -> Share:
    telling = [one.remembered for one in reviews if one.tells]
    return share(sum(telling), len(telling))
