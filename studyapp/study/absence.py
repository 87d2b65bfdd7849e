"""Coming back after a week or more: how long it was, what is due, and when none of it waits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection

from studyapp.study import stats, words
from studyapp.study.backlog import Backlog
from studyapp.study.queue import Queue

_LONG = 7  # days since the last study day from which it is told


@dataclass(frozen=True, slots=True)
class Absence:
    """It was `days` since the learner studied last. Of the `due` cards `waiting` do not fit in this
    day's time, and `siblings` come on other days than those that give their answers away; the
    `backlog` says until when. With an `exam` ahead new cards do not wait for that."""

    days: int
    due: int
    waiting: int
    siblings: int
    backlog: Backlog | None
    exam: bool = False

    @property
    def until(self) -> date | None:
        """The day from which none waits for time; None if that is too far to tell."""
        return self.backlog.until if self.backlog is not None else None

    def told(self, minutes: int) -> str:
        """That nothing is lost, what comes when, and why so; *minutes* is the day's time."""
        back = f"Back after {words.stretch(self.days)}: nothing is lost."
        if not self.waiting and self.siblings:
            today = self.due - self.siblings
            return (
                f"{back} {today:,} of the {words.count(self.due, 'card')} that are due "
                f"{'comes' if today == 1 else 'come'} today; cards whose answers these give "
                "away come on other days."
            )
        if not self.waiting:
            return f"{back} All that is due fits in today's {words.count(minutes, 'minute')}."
        after = "The plan to the exam goes on." if self.exam else "New cards come after that."
        told = self.backlog.told() if self.backlog is not None else ""
        until = f"; {told}" if told else ""
        return (
            f"{back} {words.count(self.due, 'card')} are due, and come over the next days within "
            f"{words.count(minutes, 'minute')} a day: first those you remember best, which take "
            f"the least to keep{until}. {after}"
        )

    def as_json(self, minutes: int) -> dict[str, Any]:
        until = self.until and self.until.isoformat()
        return {"days": self.days, "due": self.due, "until": until, "told": self.told(minutes)}


def read(
    connection: Connection, line: Queue, backlog: Backlog | None, *, learner: int
) -> Absence | None:
    """The absence that ends today, *line* being today's queue with its *backlog*; None on a usual
    day, and where nothing is due."""
    counts = line.counts()
    now = counts.review + counts.learning + line.waiting - line.spare
    last = stats.last_day(connection, line.today, learner=learner) if now else None
    if last is None or (line.today - last).days < _LONG:
        return None
    return Absence(
        (line.today - last).days,
        now + line.siblings,
        line.waiting,
        line.siblings,
        backlog,
        line.exam is not None,
    )
