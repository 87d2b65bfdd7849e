"""New dates for cards in review, as the weights that are in force now have them.

Adopted weights move no date by themselves: the learner sees first what it would come to.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

from sqlalchemy import Connection, select

from studyapp.config import Settings
from studyapp.memory.clock import study_day
from studyapp.memory.fold import EventKind
from studyapp.memory.scheduler import Parameters, margin, seed_of
from studyapp.memory.spread import even
from studyapp.memory.state import Cause, Memory, Rating, State
from studyapp.store import log, tables
from studyapp.store.memory import MEMORY_COLUMNS, as_memory
from studyapp.store.parameters import read_history
from studyapp.study import queue, words
from studyapp.study.desk import Desk
from studyapp.study.pause import paused
from studyapp.study.queue import Queue
from studyapp.study.spread import Spread

card = tables.card.c
memory = tables.memory.c

AHEAD = 14  # days for which the work is told, and for which moving dates is offered
_DAY = timedelta(days=1)
_MARGINS = sum(map(margin, Rating))  # days by which an interval may be longer, to be apart
_OWN = (Cause.RATED, Cause.IMPORTED, Cause.RESCHEDULED)  # dates that came from an interval


@dataclass(frozen=True, slots=True)
class Preview:
    """The cards whose date would be another, how many of them come sooner, and the cards that
    today asks and that fall due on each of the days after it, as it is and as it would be. What is
    due and is `held` for another day, before and after, falls due tomorrow. Of what is offered, the
    weights and the goal that make it so are in use `since` a day."""

    days: Mapping[int, date]
    sooner: int
    before: tuple[int, ...]
    after: tuple[int, ...]
    held: tuple[int, int] = (0, 0)
    since: date | None = None

    def told(self) -> str:
        """What rescheduling would come to, in a line."""
        return self._would("Rescheduled")

    def offer(self, today: date) -> str:
        """The same with the day since which weights and goal are in use, if not since *today*."""
        if self.since in (None, today):
            return self.told()
        return self._would(
            f"By the weights and the goal in use since {words.day(self.since, today)}"
        )

    def done(self) -> str:
        """What rescheduling has come to, in a line."""
        if not self.days:
            return "No date had to move"
        sooner, later = self._cards()
        return f"{sooner} moved to an earlier day and {later} to a later one: {self._loads()}"

    def _would(self, lead: str) -> str:
        if not self.days:
            return "No date would move"
        sooner, later = self._cards()
        return f"{lead}, {sooner} would come sooner and {later} later: {self._loads()}"

    def _cards(self) -> tuple[str, str]:
        """How many there are of each kind."""
        return words.count(self.sooner, "card"), f"{len(self.days) - self.sooner:,}"

    def _loads(self) -> str:
        before, after = self.held
        held = f" ({before:,} → {after:,} more wait for another day)" if any(self.held) else ""
        return (
            f"today {self.before[0]:,} → {self.after[0]:,}{held}, in {AHEAD} days "
            f"{sum(self.before):,} → {sum(self.after):,}"
        )

    def short(self) -> str:
        """The same as a line of a menu tells it."""
        later = len(self.days) - self.sooner
        return f"{self.sooner:,} sooner, {later:,} later; today {self.before[0]} → {self.after[0]}"

    def as_json(self) -> dict[str, Any]:
        return {
            "sooner": self.sooner,
            "later": len(self.days) - self.sooner,
            "before": list(self.before),
            "after": list(self.after),
            "held": list(self.held),
        }


def offered(
    connection: Connection, now: datetime, settings: Settings, *, learner: int
) -> Preview | None:
    """What is to be told of dates without being asked: None where no date would be another, where
    weights and goal are the first, which made them, and once they have been in use for so long that
    who has left the dates alone wants them so."""
    since = _in_use_since(connection, now, learner=learner)
    if since is None or (study_day(now) - since).days >= AHEAD:
        return None
    found = preview(connection, now, settings, learner=learner)
    return replace(found, since=since) if found.days else None


def _in_use_since(connection: Connection, now: datetime, *, learner: int) -> date | None:
    """The day from which intervals are reckoned as they are; None if it was never otherwise."""
    history = read_history(connection, learner=learner)
    changes = [
        after.at
        for before, after in pairwise(history)
        if _reckoning(before.parameters) != _reckoning(after.parameters)
    ]
    return study_day(changes[-1].astimezone(now.tzinfo)) if changes else None


def _reckoning(parameters: Parameters) -> tuple[object, ...]:
    """All that an interval of days hangs on beside the memory."""
    return parameters.weights, parameters.desired_retention, parameters.maximum_interval


def preview(connection: Connection, now: datetime, settings: Settings, *, learner: int) -> Preview:
    """What `reschedule` would do now."""
    today = study_day(now)
    rows: Iterable[Any] = connection.execute(
        select(*MEMORY_COLUMNS, memory.card_id, card.uid, card.family, card.chapter_id)
        .join(tables.card, card.id == memory.card_id)
        .where(
            memory.learner_id == learner,
            memory.due.is_not(None),
            memory.suspended.is_(False),
            card.missing_since.is_(None),
        )
    )
    calendar = _Calendar(today, Spread.read(connection, now, settings, learner=learner))
    before, moving = dict[int, date](), list[_Card]()
    resting, away = paused(connection, learner=learner), set[int]()
    for row in rows:
        kept = as_memory(row)
        assert kept.due is not None, "it was asked for"
        before[row.card_id] = kept.due
        if row.chapter_id in resting:
            away.add(row.card_id)
        one = _Card(row.card_id, row.uid, row.family, kept, kept.due, row.chapter_id not in resting)
        calendar.read(one)
        if others := calendar.others(one, row.chapter_id):
            moving.append(replace(one, days=others))
    line = queue.load(connection, now, settings, learner=learner)
    days = calendar.moved(moving, max(1, line.room))
    sooner = sum(day < before[one] for one, day in days.items())
    then = queue.load(
        connection,
        now,
        settings,
        also={one for one, day in days.items() if day <= today},
        without={one for one, day in days.items() if day > today},
        learner=learner,
    )
    return Preview(
        days,
        sooner,
        _loads({one: day for one, day in before.items() if one not in away}, line),
        _loads({one: day for one, day in {**before, **days}.items() if one not in away}, then),
        (line.waiting + line.siblings, then.waiting + then.siblings),
    )


def move(desk: Desk) -> Preview:
    """Move all dates that would be another to where they would be, after a backup; returns what
    that came to. Raises StudyError, with nothing moved, if the backup cannot be made."""
    with desk.writing() as connection:
        found = preview(connection, desk.now(), desk.settings, learner=desk.learner)
        if found.days:
            desk.back_up("change")
        reschedule(connection, found.days, desk.now(), learner=desk.learner)
    return found


def reschedule(
    connection: Connection, days: Mapping[int, date], now: datetime, *, learner: int
) -> int:
    """Give cards the dates of a `Preview`, in one go that is taken back in one; returns how
    many."""
    events = [(one, EventKind.RESCHEDULE, day) for one, day in days.items()]
    log.log_together(connection, now, events, learner=learner)
    return len(days)


@dataclass(frozen=True, slots=True)
class _Card:
    """A card that has a date: its memory, whether it `counts` among those of a day, as it does
    unless it is paused, and the `days` that it may have instead, told by how far off they are."""

    id: int
    uid: bytes
    family: str
    memory: Memory
    due: date
    counts: bool
    days: range = range(0)

    @property
    def middle(self) -> int:
        return self.days[len(self.days) // 2]


@dataclass(frozen=True, slots=True)
class _Calendar:
    """What each day has while cards move from one to another, by its ordinal: the load, as `spread`
    has it, today's beside it, and the cards of each family."""

    today: date
    spread: Spread
    families: defaultdict[str, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))

    def read(self, one: _Card) -> None:
        """A card of which the load knows, unless it is due by now."""
        self.families[one.family][self._on(one.due)] += 1
        if one.due <= self.today:
            self.spread.load[self._on(one.due)] += one.counts

    def others(self, one: _Card, chapter_id: int) -> range:
        """The days that a card may have instead of its own; none if that is one of them, or if it
        did not come from an interval."""
        kept, nothing = one.memory, range(0)
        if kept.state is not State.REVIEW or kept.cause not in _OWN or kept.last_day is None:
            return nothing
        aiming = self.spread.parameters.aiming(self.spread.own.get(chapter_id))
        days, gone = aiming.possible(kept), (self.today - kept.last_day).days
        if (one.due - kept.last_day).days in range(days.start, days.stop + _MARGINS):
            return nothing
        return range(days.start - gone, days.stop - gone)

    def moved(self, moving: Iterable[_Card], room: int) -> dict[int, date]:
        """The dates that cards get. In the order of what they are to have, each leaves the middle
        of its days for that of them, from tomorrow on, which a rating would choose by now. What
        would be overdue at once goes to the first days with *room*, and none later than it is due
        anyway."""
        in_order = sorted(moving, key=lambda one: (one.middle, one.uid))
        late = [one for one in in_order if one.days[-1] < 1 and one.due > self.today]
        others = [one for one in in_order if one.days[-1] >= 1]
        for one in (*late, *others):
            self._put(one, one.due, -1)
        for one in others:
            self._put(one, self._day(max(1, one.middle)))
        days = {one.id: self._evened(one) for one in others}
        return days | self._fitted(late, room)

    def _evened(self, one: _Card) -> date:
        self._put(one, self._day(max(1, one.middle)), -1)
        ahead = even(
            range(max(1, one.days.start), one.days.stop),
            self.today,
            self.spread.load,
            seed_of(one.uid, one.memory),
            apart=+self.families[one.family],
            shares=self.spread.shares,
        )
        self._put(one, self._day(ahead))
        return self._day(ahead)

    def _fitted(self, late: Sequence[_Card], room: int) -> dict[int, date]:
        days, first = dict[int, date](), self.today
        last = max((one.due for one in late), default=first)
        for one in late:
            while first < last and not self._has_room(first, room):
                first += _DAY
            apart, day = +self.families[one.family], first
            while day < one.due and (day.toordinal() in apart or not self._has_room(day, room)):
                day += _DAY
            days[one.id] = min(day, one.due)
            self._put(one, days[one.id])
        return {one.id: days[one.id] for one in late if days[one.id] != one.due}

    def _has_room(self, day: date, room: int) -> bool:
        return self.spread.load[day.toordinal()] < room * self.spread.shares.get(day.weekday(), 1)

    def _put(self, one: _Card, day: date, cards: int = 1) -> None:
        self.families[one.family][self._on(day)] += cards
        self.spread.load[self._on(day)] += cards * one.counts

    def _on(self, day: date) -> int:
        """What is overdue is today's."""
        return max(day, self.today).toordinal()

    def _day(self, ahead: int) -> date:
        return self.today + _DAY * ahead


def _loads(due: Mapping[int, date], line: Queue) -> tuple[int, ...]:
    """The cards of each day: what *line* does not ask today comes tomorrow at the earliest."""
    asked, tomorrow = line.due(), line.today + _DAY
    load = Counter(max(day, tomorrow) for one, day in due.items() if one not in asked)
    return (len(asked), *(load[line.today + _DAY * ahead] for ahead in range(1, AHEAD)))
