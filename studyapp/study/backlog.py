"""A backlog that a day's time does not hold: when none of it waits any more, and when with a little
more time a day.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection

from studyapp.study import words
from studyapp.study.forecast import caught_up
from studyapp.study.queue import FORECAST_DAYS, Queue

MORE = 5  # minutes a day


@dataclass(frozen=True, slots=True)
class Backlog:
    """On the day `until` no review waits for time any more, on the day `sooner` with more minutes a
    day; None where that is too far to tell."""

    today: date
    until: date | None
    sooner: date | None

    def told(self) -> str:
        """by about Thu 3 Dec none waits, with 5 minutes more a day by Tue 1 Dec."""
        if self.until is None:
            last = self._named(self.today + timedelta(days=FORECAST_DAYS - 1))
            more = f"none by about {self._named(self.sooner)}" if self.sooner else "as well"
            return f"some wait until after {last}, with {MORE} minutes more a day {more}"
        told = f"by about {self._named(self.until)} none waits"
        if self.sooner is None or self.sooner >= self.until:
            return told
        return f"{told}, with {MORE} minutes more a day by {self._named(self.sooner)}"

    def _named(self, day: date | None) -> str:
        return words.day(day, day) if day is not None else ""

    def as_json(self) -> dict[str, Any]:
        until, sooner = (day and day.isoformat() for day in (self.until, self.sooner))
        return {"until": until, "minutes_more": MORE, "sooner": sooner, "told": self.told()}


def read(connection: Connection, line: Queue, *, learner: int) -> Backlog | None:
    """What becomes of the reviews of *line*, today's queue, that wait; None if none does."""
    if not line.waiting:
        return None
    days = (caught_up(connection, line, line.rooms(more), learner=learner) for more in (0, MORE))
    until, sooner = (None if one is None else line.today + timedelta(days=one) for one in days)
    return Backlog(line.today, until, sooner)
