"""A backlog that a day's time does not hold: when none of it waits any more, and when with a little
more time a day.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import tee
from typing import Any

from sqlalchemy import Connection, select

from studyapp.memory.backlog import Known, lasts
from studyapp.memory.scheduler import Parameters
from studyapp.store import tables
from studyapp.store.parameters import in_force
from studyapp.study import retention, words
from studyapp.study.due import in_use
from studyapp.study.pause import paused
from studyapp.study.queue import Queue
from studyapp.study.retention import Goals

MORE = 5  # minutes a day
FARTHEST = 183  # days: half a year

card = tables.card.c
memory = tables.memory.c


@dataclass(frozen=True, slots=True)
class Backlog:
    """On the day `until` no review waits for time any more, on the day `sooner` with more minutes a
    day; None where that is more than half a year away."""

    today: date
    until: date | None
    sooner: date | None

    def told(self) -> str:
        """by about Thu 3 Dec none waits, with 5 minutes more a day by Tue 1 Dec."""
        if self.until is None:
            more = f"none by about {self._named(self.sooner)}" if self.sooner else "as well"
            return f"some will wait half a year from now, with {MORE} minutes more a day {more}"
        told = f"by about {self._named(self.until)} none waits"
        if self.sooner is None or self.sooner >= self.until:
            return told
        return f"{told}, with {MORE} minutes more a day by {self._named(self.sooner)}"

    def _named(self, day: date) -> str:
        return words.day(day, self.today)

    def as_json(self) -> dict[str, Any]:
        until, sooner = (day and day.isoformat() for day in (self.until, self.sooner))
        return {"until": until, "minutes_more": MORE, "sooner": sooner, "told": self.told()}


def read(connection: Connection, line: Queue, *, learner: int) -> Backlog | None:
    """What becomes of the reviews of *line*, today's queue, that wait; None if none does."""
    if not line.waiting:
        return None
    parameters = in_force(connection, learner=learner)
    found = list[date | None]()
    with closing(_known(connection, line.today, parameters, learner=learner)) as cards:
        for more, same in zip((0, MORE), tee(cards), strict=True):
            days = line.days(more, FARTHEST + 1)
            rooms = [len(line.due()), *(day.room for day in days[1:])]
            ahead = lasts(same, rooms, [day.new for day in days], parameters)
            found.append(None if ahead is None else line.today + timedelta(days=ahead))
    return Backlog(line.today, *found)


def _known(
    connection: Connection, today: date, parameters: Parameters, *, learner: int
) -> Generator[tuple[int, Known], None, None]:
    """Cards that were met, as they are due, with in how many days. No more is read than is asked
    for, as there may be very many."""
    goals = Goals(parameters.desired_retention, retention.own(connection, learner=learner))
    query = (
        select(memory.due, memory.last_day, memory.stability, memory.difficulty, card.chapter_id)
        .join(tables.card, card.id == memory.card_id)
        .where(
            memory.learner_id == learner,
            memory.due <= today + timedelta(days=FARTHEST),
            *in_use(paused(connection, learner=learner), learner=learner),
        )
        .order_by(memory.due)
        .execution_options(yield_per=500)
    )
    with closing(connection.execute(query)) as rows:
        for due, last_day, stability, difficulty, chapter_id in rows:
            assert due, "it was asked for"
            if last_day is None or stability is None or difficulty is None:
                continue  # only a rated card has a due date
            rated = min(0, (last_day - today).days)  # a clock may have been wrong
            yield (due - today).days, Known(rated, stability, difficulty, goals.of(chapter_id))
