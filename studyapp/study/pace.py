"""How long cards take, and what of a day's time they have taken (RULES: what enters, when)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, Select, and_, case, func, or_, select

from studyapp.memory.fold import CRAMMED, ReviewKind
from studyapp.memory.state import State
from studyapp.store import record, tables
from studyapp.study.counts import Counts

_PACE_SAMPLE = 500  # newest reviews from which the learner's pace is taken …
_PACE_FEWEST = 20  # … as far as so many tell it
_PACE_LOOKED = 2000  # newest ratings among which new cards are looked for, as most are of others
# Milliseconds; pauses are left out before it is logged, but not in logs of before nor elsewhere.
_LONGEST = 300_000
# What is shown apart from the day's time: the learner chose it beside what was due.
_APART = (ReviewKind.ATTEMPT, ReviewKind.INTERVIEW, *CRAMMED)
# Before there are own reviews: 15 s is a usual review in Anki; a new card is read, thought about,
# and comes back within the day.
_REVIEW_SECONDS, _NEW_SECONDS = 15.0, 45.0

review = tables.review.c
_NEWEST_FIRST = review.effective_day.desc(), review.stamp.desc(), review.uid.desc()


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds that a card takes this learner, as the days before tell, and the milliseconds that
    today has taken already: of the day's time, and in what is apart from it. What is not their own
    is usual."""

    review: float = _REVIEW_SECONDS
    new: float = _NEW_SECONDS
    taken: int = 0
    taken_apart: int = 0
    is_own_review: bool = False
    is_own_new: bool = False

    @property
    def spent(self) -> float:
        """Seconds of the day's time."""
        return self.taken / 1000

    @property
    def apart(self) -> float:
        """Seconds in what is apart from it."""
        return self.taken_apart / 1000

    def minutes(self, counts: Counts) -> float:
        return ((counts.learning + counts.review) * self.review + counts.new * self.new) / 60


def read_pace(connection: Connection, today: date, *, learner: int) -> Pace:
    """Mean seconds of the newest reviews of the days before, and of new cards, all showings of
    their first day. Of these, imported ones count, as far as their source has timed them, while
    fewer than 20 are of here; the usual seconds until 20 are there. Today's own change nothing, so
    that what was planned in the morning stands."""
    spent = connection.execute(
        select(review.kind, review.duration).where(
            review.learner_id == learner,
            review.effective_day == today,
            record.not_retracted(),
        )
    ).all()
    recent = connection.execute(
        _shown(today, learner=learner).order_by(*_NEWEST_FIRST).limit(_PACE_SAMPLE)
    ).all()
    begun = {(one.card_id, one.day): bool(one.here) for one in recent if one.new}
    later, spells = list[tuple[float, bool]](), defaultdict[tuple[int, date], float](float)
    for one in recent:
        if (first_day := (one.card_id, one.day)) in begun:
            spells[first_day] += one.seconds
        else:
            later.append((one.seconds, bool(one.here)))
    first_days = [(seconds, begun[one]) for one, seconds in spells.items()]
    if len(first_days) < _PACE_FEWEST:  # else those among the reviews will do, at half the cost
        first_days = _first_days(connection, today, learner=learner)
    known, new = _mean(later), _mean(first_days)
    return Pace(
        known or _REVIEW_SECONDS,
        new or _NEW_SECONDS,
        sum(counted(ms) for kind, ms in spent if kind not in _APART),
        sum(counted(ms) for kind, ms in spent if kind in _APART),
        known is not None,
        new is not None,
    )


def _first_days(connection: Connection, today: date, *, learner: int) -> list[tuple[float, bool]]:
    """Of the new cards among the newest ratings the seconds of all showings on their first day, and
    whether these were here."""
    newest = (
        select(review.card_id, review.effective_day.label("day"), review.state_before)
        .where(review.learner_id == learner, review.effective_day < today)
        .order_by(*_NEWEST_FIRST)
        .limit(_PACE_LOOKED)
    ).subquery()
    begun = (
        select(newest.c.card_id, newest.c.day)
        .where(newest.c.state_before == State.NEW)
        .distinct()
        .subquery()
    )
    of_them = and_(begun.c.card_id == review.card_id, begun.c.day == review.effective_day)
    shown = _shown(today, learner=learner)
    each = shown.join(begun, of_them).subquery().c
    rows = connection.execute(
        select(func.sum(each.seconds), func.max(each.here))
        .group_by(each.card_id, each.day)
        .having(func.max(each.new) == 1)
    )
    return [(seconds, bool(here)) for seconds, here in rows]


def _shown(today: date, *, learner: int) -> Select[Any]:
    """Ratings of the days before that tell how long a card takes, and what they tell of it."""
    is_here = review.kind == ReviewKind.STUDY.value
    is_timed = and_(review.kind == ReviewKind.IMPORT.value, review.duration > 0)
    longest = (review.duration > _LONGEST, _LONGEST)
    shown = case(longest, (review.duration < 0, 0), else_=review.duration)
    return select(
        review.card_id,
        review.effective_day.label("day"),
        (shown / 1000.0).label("seconds"),
        case((review.state_before == State.NEW, 1), else_=0).label("new"),
        case((is_here, 1), else_=0).label("here"),
    ).where(
        review.learner_id == learner,
        or_(is_here, is_timed),
        review.effective_day < today,
        record.not_retracted(),
    )


def counted(duration: int) -> int:
    """What a rating counts for, of the *duration* that its card was shown; both milliseconds."""
    return min(max(0, duration), _LONGEST)


def of_the_day(kind: ReviewKind) -> bool:
    """Whether a rating of this *kind* is part of the day's time."""
    return kind not in _APART


def _mean(shown: Sequence[tuple[float, bool]]) -> float | None:
    """The mean of seconds of which it is said whether they were measured here; None of too few."""
    for some in ([seconds for seconds, here in shown if here], [seconds for seconds, _ in shown]):
        if len(some) >= _PACE_FEWEST:
            return max(1.0, sum(some) / len(some))
    return None
