"""What the log says about the learner: retention with its interval, streak."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, case, func, select

from studyapp import interval
from studyapp.config import DEPTHS, WEEKDAYS
from studyapp.memory.clock import study_day
from studyapp.memory.fold import CRAMMED
from studyapp.memory.scheduler import is_leech
from studyapp.memory.state import Rating, State
from studyapp.store import owner, record, tables
from studyapp.study.admission import meant
from studyapp.study.recall import telling

FEW = 20  # reviews below which a share is mostly luck
_WEEK = 7  # days of use
_AT_ONCE = 16  # days that are looked up: most streaks are short

review = tables.review.c
memory = tables.memory.c
card = tables.card.c


@dataclass(frozen=True, slots=True)
class Share:
    """A share of n with its 95% Wilson interval; all None when n is 0."""

    value: float | None
    low: float | None
    high: float | None
    n: int

    @property
    def tells(self) -> bool:
        """Whether it rests on enough to be told of a part of what there is."""
        return self.n >= FEW


@dataclass(frozen=True, slots=True)
class Pooled(Share):
    """A share of n that come in clusters, whose members may be alike, with an interval that takes
    those of a cluster together; they tell as much as so many that are independent. One cluster has
    no interval."""

    worth: float

    @property
    def tells(self) -> bool:
        return self.worth >= FEW


@dataclass(frozen=True, slots=True)
class Stats:
    """Totals; `cards` are those that the learner is to know, by what they are, and `deeper` come
    only if they are asked for."""

    reviews: int
    cards: dict[str, int]
    deeper: int
    true_retention: Share
    streak: int
    suspended: int
    leeches: int

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def counts() -> ColumnElement[bool]:
    """Whether a row of `review` is one wherever reviews are counted: a cram is none."""
    return review.kind.not_in([kind.value for kind in CRAMMED])


def share(hits: int, n: int) -> Share:
    """A share with Wilson's interval."""
    return Share(*interval.wilson(hits, n), n) if n else Share(None, None, None, 0)


def pooled(clusters: Iterable[tuple[int, int]]) -> Pooled:
    """A share of what comes in clusters, hits and n of each; one without any tells nothing."""
    some = [(hits, n) for hits, n in clusters if n]
    if not some:
        return Pooled(None, None, None, 0, 0.0)
    worth = interval.effective_size(some)
    return Pooled(*interval.clustered_share(some), sum(n for _, n in some), worth)


def stats(
    connection: Connection,
    now: datetime,
    *,
    learner: int,
    leech_lapses: int,
    rest_days: tuple[str, ...] = (),
    depth: str = DEPTHS[0],
) -> Stats:
    """Totals for one learner; retention over the last 30 study days."""
    today = study_day(now)
    # To ask each of many reviews whether it was taken back takes longer than all else here.
    made, taken_back = (
        connection.scalar(select(func.count(review.uid)).where(which, counts())) or 0
        for which in (
            review.learner_id == learner,
            review.uid.in_(record.retracted(learner=learner)),
        )
    )
    reviews = made - taken_back
    mine = and_(memory.card_id == card.id, memory.learner_id == learner)
    every, total = connection.execute(
        select(func.count(), func.count(case((meant(depth), 1))))
        .select_from(tables.card)
        .outerjoin(tables.memory, mine)
        .where(card.missing_since.is_(None), owner.visible(card, learner=learner))
    ).one()
    known, learning = _begun(connection, today, learner=learner)
    cards = {"new": total - known, "learning": learning, "review": known - learning}
    suspended = _count(connection, memory.suspended.is_(True), learner=learner)
    leech = is_leech(memory.lapses, memory.agains, leech_lapses)
    leeches = _count(connection, leech, learner=learner)
    return Stats(
        reviews,
        cards,
        every - total,
        retention(connection, today - timedelta(days=29), today, learner=learner),
        streak(connection, today, learner=learner, rest_days=rest_days),
        suspended,
        leeches,
    )


def _begun(connection: Connection, today: date, *, learner: int) -> tuple[int, int]:
    """How many cards were rated or known, and how many of them come again on the day of their last
    rating, which is what `due` calls learning."""
    learning = case((and_(memory.last_day == today, memory.due <= today), 1))
    known, steps = connection.execute(
        select(func.count(), func.count(learning))
        .select_from(tables.memory)
        .join(tables.card, card.id == memory.card_id)
        .where(
            memory.learner_id == learner,
            memory.state != State.NEW,
            card.missing_since.is_(None),
            owner.theirs(card, learner=learner),
        )
    ).one()
    return known, steps


def retention(connection: Connection, first: date, last: date, *, learner: int) -> Share:
    """True retention: of the reviews that tell recall, the share that was not Again."""
    remembered = case((review.rating > Rating.AGAIN, 1))
    hits, n = connection.execute(
        select(func.count(remembered), func.count()).where(
            *telling(learner=learner), review.effective_day.between(first, last)
        )
    ).one()
    return share(hits, n)


def streak(
    connection: Connection, today: date, *, learner: int, rest_days: tuple[str, ...] = ()
) -> int:
    """Study days in a row up to today (or yesterday, while today is young). A rest day
    neither counts nor breaks it."""
    days, next_day, before = 0, today, timedelta(days=1)
    with closing(_studied(connection, today, learner=learner)) as studied:
        for day in studied:
            while next_day != day:
                if next_day != today and WEEKDAYS[next_day.weekday()] not in rest_days:
                    return days
                next_day -= before
            days, next_day = days + 1, day - before
    return days


def is_beginner(connection: Connection, today: date, *, learner: int) -> bool:
    """Whether the learner has rated on fewer than seven days before today, be it elsewhere."""
    with closing(_studied(connection, today - timedelta(days=1), learner=learner)) as studied:
        return len(list(islice(studied, _WEEK))) < _WEEK


def last_day(connection: Connection, today: date, *, learner: int) -> date | None:
    """The newest study day before today."""
    with closing(_studied(connection, today - timedelta(days=1), learner=learner)) as studied:
        return next(studied, None)


def _studied(connection: Connection, last: date, *, learner: int) -> Generator[date, None, None]:
    """The study days up to *last* on which something was rated, wherever, a cram too, the newest
    first, each looked up from the one after it: to read all reviews of a month takes ten times as
    long. No more of them are looked up than are asked for."""
    newest = (
        select(review.effective_day)
        .where(review.learner_id == learner, record.not_retracted())
        .order_by(review.effective_day.desc())
        .limit(1)
    )
    until = newest.where(review.effective_day <= last).scalar_subquery()
    days = select(until.label("day")).cte("days", recursive=True)
    before = newest.where(review.effective_day < days.c.day).correlate(days).scalar_subquery()
    days = days.union_all(select(before).where(days.c.day.is_not(None)))
    query = select(days.c.day).execution_options(yield_per=_AT_ONCE)
    with closing(connection.scalars(query)) as found:
        for day in found:
            if day is not None:
                yield day


def _count(connection: Connection, condition: Any, *, learner: int) -> int:
    """How many of the cards whose text is there."""
    return (
        connection.scalar(
            select(func.count())
            .select_from(tables.memory)
            .join(tables.card, card.id == memory.card_id)
            .where(memory.learner_id == learner, card.missing_since.is_(None), condition)
        )
        or 0
    )
