"""How long cards take, and what of a day's time they have taken (RULES: what enters, when)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, and_, or_, select

from studyapp.memory.fold import CRAMMED, ReviewKind
from studyapp.memory.state import State
from studyapp.store import record, tables
from studyapp.study.counts import Counts

_PACE_SAMPLE = 500  # newest reviews from which the learner's pace is taken …
_PACE_FEWEST = 20  # … as far as so many tell it
# Milliseconds; pauses are left out before it is logged, but not in logs of before nor elsewhere.
_LONGEST = 300_000
# What is shown apart from the day's time: the learner chose it beside what was due.
_APART = (ReviewKind.ATTEMPT, ReviewKind.INTERVIEW, *CRAMMED)
# Before there are own reviews: 15 s is a usual review in Anki; a new card is read, thought about,
# and comes back within the day.
_REVIEW_SECONDS, _NEW_SECONDS = 15.0, 45.0

review = tables.review.c


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
    is_here = review.kind == ReviewKind.STUDY.value
    is_timed = and_(review.kind == ReviewKind.IMPORT.value, review.duration > 0)
    recent = connection.execute(
        select(
            review.card_id,
            review.effective_day.label("day"),
            review.duration,
            (review.state_before == State.NEW).label("new"),
            is_here.label("here"),
        )
        .where(
            review.learner_id == learner,
            or_(is_here, is_timed),
            review.effective_day < today,
        )
        .order_by(review.effective_day.desc(), review.stamp.desc(), review.uid.desc())
        .limit(_PACE_SAMPLE)
    ).all()
    spent = connection.execute(
        select(review.kind, review.duration).where(
            review.learner_id == learner, review.effective_day == today, record.not_retracted()
        )
    ).all()
    begun = {(row.card_id, row.day): row.here for row in recent if row.new}
    first_days, later = Counter[tuple[int, date]](), list[tuple[int, bool]]()
    for row in recent:
        if (row.card_id, row.day) in begun:
            first_days[row.card_id, row.day] += counted(row.duration)
        else:
            later.append((counted(row.duration), row.here))
    known, new = _mean(later), _mean([(ms, begun[one]) for one, ms in first_days.items()])
    return Pace(
        known or _REVIEW_SECONDS,
        new or _NEW_SECONDS,
        sum(counted(ms) for kind, ms in spent if kind not in _APART),
        sum(counted(ms) for kind, ms in spent if kind in _APART),
        known is not None,
        new is not None,
    )


def counted(duration: int) -> int:
    """What a rating counts for, of the *duration* that its card was shown; both milliseconds."""
    return min(max(0, duration), _LONGEST)


def of_the_day(kind: ReviewKind) -> bool:
    """Whether a rating of this *kind* is part of the day's time."""
    return kind not in _APART


def _mean(durations: Sequence[tuple[int, bool]]) -> float | None:
    """Seconds, from milliseconds of which it is said whether they were measured here; None of too
    few."""
    for some in ([ms for ms, here in durations if here], [ms for ms, _ in durations]):
        if len(some) >= _PACE_FEWEST:
            return max(1.0, sum(some) / len(some) / 1000)
    return None
