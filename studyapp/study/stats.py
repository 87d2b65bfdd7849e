"""What the log says about the learner: retention with its interval, streak, forecast."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, select

from studyapp.config import WEEKDAYS
from studyapp.lab import interval
from studyapp.memory.clock import study_day
from studyapp.memory.fold import ReviewKind
from studyapp.memory.state import Rating, State
from studyapp.store import log, owner, tables

FORECAST_DAYS = 14
NOT_RECALL = (ReviewKind.CRAM.value, ReviewKind.IMPORT.value)

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


@dataclass(frozen=True, slots=True)
class Stats:
    reviews: int
    cards: dict[str, int]
    true_retention: Share
    streak: int
    suspended: int
    leeches: int

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def share(hits: int, n: int) -> Share:
    """A share with Wilson's interval."""
    return Share(*interval.wilson(hits, n), n) if n else Share(None, None, None, 0)


def stats(
    connection: Connection,
    now: datetime,
    *,
    learner: int,
    leech_lapses: int = 8,
    rest_days: tuple[str, ...] = (),
) -> Stats:
    """Totals for one learner; retention over the last 30 study days."""
    today = study_day(now)
    reviews = connection.scalar(
        select(func.count()).where(review.learner_id == learner, log.not_retracted())
    )
    cards = dict.fromkeys(("new", "learning", "review", "relearning"), 0)
    known = connection.execute(
        select(memory.state, func.count())
        .join(tables.card, card.id == memory.card_id)
        .where(
            memory.learner_id == learner,
            card.missing_since.is_(None),
            owner.theirs(card, learner=learner),
        )
        .group_by(memory.state)
    )
    for state, count in known:
        cards[State(state).name.lower()] = count
    there = (card.missing_since.is_(None), owner.visible(card, learner=learner))
    total = connection.scalar(select(func.count()).where(*there)) or 0
    cards["new"] = total - cards["learning"] - cards["review"] - cards["relearning"]
    suspended = _count(connection, memory.suspended.is_(True), learner=learner)
    leeches = _count(connection, memory.lapses >= leech_lapses, learner=learner)
    return Stats(
        reviews or 0,
        cards,
        retention(connection, today - timedelta(days=29), today, learner=learner),
        streak(connection, today, learner=learner, rest_days=rest_days),
        suspended,
        leeches,
    )


def retention(connection: Connection, first: date, last: date, *, learner: int) -> Share:
    """True retention: of the reviews of cards in review, the first of a card in a study day,
    the share that was remembered (not Again)."""
    rows = connection.execute(
        select(review.card_id, review.effective_day, review.rating)
        .where(
            review.learner_id == learner,
            review.effective_day.between(first, last),
            review.state_before == State.REVIEW,
            review.kind.not_in(NOT_RECALL),
            log.not_retracted(),
        )
        .order_by(review.epoch.desc(), review.stamp.desc(), review.uid.desc())
    )
    earliest = {(card_id, day): rating for card_id, day, rating in rows}
    hits = sum(rating > Rating.AGAIN for rating in earliest.values())
    return share(hits, len(earliest))


def streak(
    connection: Connection, today: date, *, learner: int, rest_days: tuple[str, ...] = ()
) -> int:
    """Study days in a row up to today (or yesterday, while today is young). A rest day
    neither counts nor breaks it."""
    days, day = 0, today
    while True:
        if _studied(connection, day, learner=learner):
            days += 1
        elif day != today and WEEKDAYS[day.weekday()] not in rest_days:
            return days
        day -= timedelta(days=1)


def forecast(connection: Connection, today: date, *, learner: int) -> list[int]:
    """Cards that fall due on each of the next 14 study days, the overdue ones today."""
    rows = connection.execute(
        select(memory.due, func.count())
        .join(tables.card, card.id == memory.card_id)
        .where(
            memory.learner_id == learner,
            memory.due < today + timedelta(days=FORECAST_DAYS),
            memory.suspended.is_(False),
            card.missing_since.is_(None),
            owner.theirs(card, learner=learner),
        )
        .group_by(memory.due)
    )
    days = [0] * FORECAST_DAYS
    for due, count in rows:
        if due is not None:
            days[max(0, (due - today).days)] += count
    return days


def _studied(connection: Connection, day: date, *, learner: int) -> bool:
    found = connection.scalar(
        select(review.id)
        .where(
            review.learner_id == learner,
            review.effective_day == day,
            review.kind != ReviewKind.IMPORT.value,
            log.not_retracted(),
        )
        .limit(1)
    )
    return found is not None


def _count(connection: Connection, condition: Any, *, learner: int) -> int:
    return (
        connection.scalar(select(func.count()).where(memory.learner_id == learner, condition)) or 0
    )
