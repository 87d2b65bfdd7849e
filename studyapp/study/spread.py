"""When cards that are rated come again: on the days that have the fewest (RULES: Time).

What is chosen is logged with the rating, as it follows from what is due just then, of which another
device knows nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection, and_, bindparam, func, select, union

from studyapp.config import LOADS, WEEKDAYS, Settings
from studyapp.memory.clock import study_day
from studyapp.memory.fold import CRAMMED, Chosen, ReviewKind
from studyapp.memory.scheduler import Parameters, margin, seed_of
from studyapp.memory.spread import Shares, even
from studyapp.memory.state import Memory, Rating, State
from studyapp.store import tables
from studyapp.store.parameters import in_force
from studyapp.study import retention, review
from studyapp.study.pause import paused

card = tables.card.c
memory = tables.memory.c

# Put together once: each time, at a rating, would take longer than the answer.
_LOAD = (
    select(memory.due, func.count())
    .where(memory.learner_id == bindparam("whose"), memory.due > bindparam("today"))
    .group_by(memory.due)
)
# What has a date and does not come on it is few, so that it is counted apart: looked for among all
# that have one, it would take ten times as long.
_aside = tables.memory.alias("aside").c
_away = (
    union(
        select(_aside.card_id).where(
            _aside.learner_id == bindparam("whose"), _aside.suspended.is_(True)
        ),
        select(card.id).where(card.chapter_id.in_(bindparam("paused", expanding=True))),
        select(card.id).where(card.missing_since.is_not(None)),
    )
    .subquery("away")
    .c
)
_OUT = (
    select(memory.due, func.count())
    .select_from(_away.card_id.table)
    .outerjoin(  # so that these are gone through, and not all memories
        tables.memory,
        and_(memory.card_id == _away.card_id, memory.learner_id == bindparam("whose")),
    )
    .group_by(memory.due)
)
_SIBLINGS = select(memory.due).where(
    memory.learner_id == bindparam("whose"),
    memory.card_id.in_(
        select(card.id).where(card.family == bindparam("family"), card.missing_since.is_(None))
    ),
    memory.suspended.is_(False),
    memory.card_id != bindparam("card"),
)


class Option(NamedTuple):
    """What a rating comes with, and the memory that it leads to."""

    chosen: Chosen
    after: Memory


@dataclass(frozen=True, slots=True)
class Spread:
    """What an interval is chosen by: the `load` of each day to come, by its ordinal, in cards that
    are due on it, which is kept in step with what is rated; the `shares` of it that weekdays are to
    have; and what chapters, by id, have of their `own` as desired retention."""

    parameters: Parameters
    load: Counter[int]
    shares: Shares
    own: Mapping[int, float]

    @classmethod
    def read(
        cls, connection: Connection, now: datetime, settings: Settings, *, learner: int
    ) -> Spread:
        """How it is now."""
        load = _load(connection, study_day(now), learner=learner)
        shares = {WEEKDAYS.index(day): LOADS[share] for day, share in settings.light_days}
        own = retention.own(connection, learner=learner)
        return cls(in_force(connection, learner=learner), load, shares, own)

    def aiming(self, connection: Connection, *, learner: int) -> Spread:
        """The same with what chapters have of their own by now: another window may have set it."""
        own = retention.own(connection, learner=learner)
        return self if own == self.own else replace(self, own=own)

    def options(
        self,
        before: Memory,
        now: datetime,
        card_uid: bytes,
        chapter: int,
        *,
        apart: Collection[int] = (),
        kind: ReviewKind = ReviewKind.STUDY,
        ratings: Sequence[Rating] = tuple(Rating),
        kept: Mapping[Rating, Chosen] | None = None,
    ) -> dict[Rating, Option]:
        """What each of the *ratings*, the worst first, would make of a card in the *chapter* with
        this id: a better one never waits less, and Good and Easy wait a day longer than what is
        worse, if they can. The days *apart* are those of the card's siblings. What was chosen
        before is *kept*."""
        found, changes = dict[Rating, Option](), kind not in CRAMMED
        own = self.own.get(chapter) if changes else None
        for rating in ratings:
            chosen = Chosen(None, own) if kept is None else kept[rating]
            after = review.preview(
                before, rating, now, card_uid, self.parameters, kind, chosen=chosen
            )
            found[rating] = Option(chosen, after)
        if kept is None and changes:
            self._choose(found, before, study_day(now), card_uid, own, apart)
        return found

    def _choose(
        self,
        found: dict[Rating, Option],
        before: Memory,
        today: date,
        card_uid: bytes,
        own: float | None,
        apart: Collection[int],
    ) -> None:
        """Put in what was *found* the intervals that are chosen, each longer than those before."""
        aiming = self.parameters.aiming(own)
        room = _room(
            {
                rating: aiming.allowed(before, option.after)
                for rating, option in found.items()
                if option.after.state is State.REVIEW
            }
        )
        seed, least = seed_of(card_uid, before), 0
        for rating, (_, after) in found.items():
            if days := room.get(rating):
                start = min(max(days.start, least + margin(rating)), aiming.maximum_interval)
                days = range(start, max(start + 1, days.stop))
                wait = even(days, today, self.load, seed, apart=apart, shares=self.shares)
                after = replace(after, due=today + timedelta(days=wait))
                found[rating] = Option(Chosen(wait, own), after)
            if after.due is not None and after.due_at is None:
                least = max(least, (after.due - today).days)

    def rated(self, before: Memory, after: Memory) -> None:
        """A card has another date now."""
        for memory, cards in ((before, -1), (after, 1)):
            if memory.due is not None:
                self.load[memory.due.toordinal()] += cards


def _room(may: Mapping[Rating, range]) -> dict[Rating, range]:
    """The days of each rating without the last ones, where better ratings need them to be apart."""
    room, last = dict[Rating, range](), date.max.toordinal()
    for rating in sorted(may, reverse=True):
        days = may[rating]
        last = max(days[0], min(days[-1], last))
        room[rating] = range(days[0], last + 1)
        last -= margin(rating)
    return room


def _load(connection: Connection, today: date, *, learner: int) -> Counter[int]:
    """How many cards come on each day after today, by its ordinal."""
    held = list(paused(connection, learner=learner))
    due = connection.execute(_LOAD, {"whose": learner, "today": today})
    out = connection.execute(_OUT, {"whose": learner, "paused": held})
    dated, away = (
        Counter({day.toordinal(): cards for day, cards in rows if day is not None})
        for rows in (due, out)
    )
    return dated - away


def siblings(connection: Connection, card_id: int, family: str, *, learner: int) -> frozenset[int]:
    """The days, by their ordinals, on which other cards of its family are due."""
    wanted = {"whose": learner, "card": card_id, "family": family}
    days = connection.scalars(_SIBLINGS, wanted)
    return frozenset(day.toordinal() for day in days if day is not None)
