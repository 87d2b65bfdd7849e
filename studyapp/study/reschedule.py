"""New dates for cards in review, as the weights that are in force now have them.

Adopted weights move no date by themselves: the learner sees first what it would come to.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

from sqlalchemy import Connection, select

from studyapp.config import Settings
from studyapp.memory.clock import study_day
from studyapp.memory.fold import EventKind
from studyapp.memory.scheduler import Parameters
from studyapp.memory.state import Cause, State
from studyapp.store import log, tables
from studyapp.study import queue, words
from studyapp.study.desk import Desk
from studyapp.study.pause import paused
from studyapp.study.queue import Queue

card = tables.card.c
memory = tables.memory.c

AHEAD = 14  # days for which the work is told
_DAY = timedelta(days=1)
_OWN = (Cause.RATED, Cause.IMPORTED, Cause.RESCHEDULED)  # dates that came from an interval


@dataclass(frozen=True, slots=True)
class Preview:
    """The cards whose date would be another, how many of them come sooner, and the cards that
    today asks and that fall due on each of the days after it, as it is and as it would be. What is
    due and is `held` for another day, before and after, falls due tomorrow. The weights and the
    goal that make it so are in use `since` a day, or were adopted just now."""

    days: Mapping[int, date]
    sooner: int
    before: tuple[int, ...]
    after: tuple[int, ...]
    held: tuple[int, int] = (0, 0)
    since: date | None = None

    def told(self) -> str:
        """What rescheduling comes to, in a line."""
        return self._told("Rescheduled")

    def offer(self, today: date) -> str:
        """The same after a fit, with whose weights they are, if not those that it has found."""
        if self.since is None:
            return self.told()
        return self._told(
            f"By the weights and the goal in use since {words.day(self.since, today)}"
        )

    def _told(self, lead: str) -> str:
        if not self.days:
            return "No date would be another"
        sooner, later = words.count(self.sooner, "card"), len(self.days) - self.sooner
        before, after = self.held
        held = f" ({before:,} → {after:,} more wait for another day)" if any(self.held) else ""
        return (
            f"{lead}, {sooner} would come sooner and {later:,} later: "
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
    connection: Connection, now: datetime, settings: Settings, *, adopted: bool, learner: int
) -> Preview | None:
    """What is to be told of dates after a fit, by weights that were *adopted* just now or by those
    in use: None where no date would be another, or where those are the first, which made them."""
    since = None if adopted else _in_use_since(connection, now, learner=learner)
    if not adopted and since is None:
        return None
    found = preview(connection, now, settings, learner=learner)
    return replace(found, since=since) if found.days else None


def _in_use_since(connection: Connection, now: datetime, *, learner: int) -> date | None:
    """The day from which intervals are reckoned as they are; None if it was never otherwise."""
    history = log.read_history(connection, learner=learner)
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
    parameters = log.in_force(connection, learner=learner)
    rows: Iterable[Any] = connection.execute(
        select(*log.MEMORY_COLUMNS, memory.card_id, card.uid, card.chapter_id)
        .join(tables.card, card.id == memory.card_id)
        .where(
            memory.learner_id == learner,
            memory.due.is_not(None),
            memory.suspended.is_(False),
            card.missing_since.is_(None),
        )
    )
    before, wanted, uids = dict[int, date](), dict[int, date](), dict[int, bytes]()
    resting, away = paused(connection, learner=learner), set[int]()
    for row in rows:
        kept = log.as_memory(row)
        assert kept.due is not None, "it was asked for"
        before[row.card_id] = kept.due
        if row.chapter_id in resting:
            away.add(row.card_id)
        if kept.state is State.REVIEW and kept.cause in _OWN and kept.last_day is not None:
            uids[row.card_id] = row.uid
            wanted[row.card_id] = kept.last_day + _DAY * parameters.interval(kept, row.uid)
    line = queue.load(connection, now, settings, learner=learner)
    room = max(1, line.room)
    in_order = dict(sorted(wanted.items(), key=lambda it: (it[1], uids[it[0]])))
    days = {
        one: day
        for one, day in _spread(before, in_order, today, room).items()
        if day != max(before[one], today)
    }
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


def _spread(
    before: Mapping[int, date], wanted: Mapping[int, date], today: date, room: int
) -> dict[int, date]:
    """The wanted dates, which come in order. What would be overdue at once goes to the first days
    with *room*, and none later than it is due anyway."""
    days = {
        one: max(day, today) for one, day in wanted.items() if day > today or before[one] <= today
    }
    late = [one for one in wanted if one not in days]
    settled = {**before, **days}
    load = Counter(day for one, day in settled.items() if one in days or one not in wanted)
    day, taken = today, sum(count for on, count in load.items() if on <= today)
    for one in late:
        while taken >= room:
            day += _DAY
            taken = load[day]
        days[one] = min(day, before[one])
        taken += 1
    return days


def _loads(due: Mapping[int, date], line: Queue) -> tuple[int, ...]:
    """The cards of each day: what *line* does not ask today comes tomorrow at the earliest."""
    asked, tomorrow = line.due(), line.today + _DAY
    load = Counter(max(day, tomorrow) for one, day in due.items() if one not in asked)
    return (len(asked), *(load[line.today + _DAY * ahead] for ahead in range(1, AHEAD)))
