"""The exam that a learner studies for: its plan, kept until the day is over (RULES: Exams)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, insert, select, update

from studyapp.config import Settings
from studyapp.errors import StudyError
from studyapp.memory.clock import study_day
from studyapp.memory.exam import days_to_meet
from studyapp.notes.note import chapter_key
from studyapp.store import log, owner, tables
from studyapp.study import words

FARTHEST = 730  # days to an exam
MINUTES = range(1, 601)  # a day may have; as the setting

chapter = tables.chapter.c
exam = tables.exam.c


@dataclass(frozen=True, slots=True)
class Exam:
    """An exam on a `day`, planned on another, with so many `minutes` of study a day until then.

    It is about the `chapters` with these ids; None means all that is started.
    """

    day: date
    planned_on: date
    minutes: int
    chapters: frozenset[int] | None = None

    @property
    def whole(self) -> int:
        """Days to it when it was planned."""
        return (self.day - self.planned_on).days

    def left(self, today: date) -> int:
        """Days to it."""
        return (self.day - today).days


def in_force(connection: Connection, today: date, *, learner: int) -> Exam | None:
    """The exam that is planned, until its day is over."""
    row = connection.execute(
        select(tables.exam).where(exam.learner_id == learner, exam.day >= today)
    ).one_or_none()
    if row is None or row.day is None or row.planned_on is None or row.minutes is None:
        return None
    named = [(one["pack"], one["chapter"]) for one in row.chapters or ()]
    chapters = _found(connection, named, learner=learner) if named else None
    # Another device's day may be a day ahead.
    return Exam(row.day, min(row.planned_on, today), row.minutes, chapters)


def plan(
    connection: Connection,
    day: date,
    minutes: int,
    chapters: Collection[int],
    now: datetime,
    *,
    learner: int,
) -> Exam:
    """Study for an exam on *day* from now on, in the *chapters* with these ids, or in all that is
    started where there are none. A plan to the same day goes on from where it began.

    Raises StudyError if that day is not to come, or too far.
    """
    today = study_day(now)
    check_day(day, today)
    if minutes not in MINUTES:
        raise StudyError(f"{minutes} minutes a day: give {MINUTES[0]} to {MINUTES[-1]}.")
    before = in_force(connection, today, learner=learner)
    begun = before.planned_on if before is not None and before.day == day else today
    rows = connection.execute(
        select(chapter.pack, chapter.number, chapter.title)
        .where(chapter.id.in_(chapters))
        .order_by(*tables.IN_ORDER)
    )
    named = [{"pack": row.pack, "chapter": chapter_key(row.number, row.title)} for row in rows]
    values = {"day": day, "planned_on": begun, "minutes": minutes, "chapters": named}
    _keep(connection, values, now, learner=learner)
    return Exam(day, begun, minutes, frozenset(chapters) if chapters else None)


def call_off(connection: Connection, now: datetime, *, learner: int) -> None:
    """Study as without an exam again. Raises StudyError if there is none."""
    if in_force(connection, study_day(now), learner=learner) is None:
        raise StudyError("No exam is planned.")
    values = dict.fromkeys(("day", "planned_on", "minutes", "chapters"))
    _keep(connection, values, now, learner=learner)


def check_day(day: date, today: date) -> None:
    """Raises StudyError unless an exam can be planned for that day."""
    if day <= today:
        raise StudyError(f"{day} is not ahead; an exam is planned for tomorrow or later.")
    if (day - today).days > FARTHEST:
        raise StudyError(f"{day} is too far; an exam is planned up to two years ahead.")


def _keep(
    connection: Connection, values: dict[str, object], now: datetime, *, learner: int
) -> None:
    values = {**values, "changed_at": log.utc(now)}
    kept = connection.scalar(select(exam.learner_id).where(exam.learner_id == learner))
    if kept is None:
        connection.execute(insert(tables.exam).values(learner_id=learner, **values))
    else:
        connection.execute(update(tables.exam).where(exam.learner_id == learner).values(**values))


def _found(
    connection: Connection, named: Collection[tuple[str, int | str]], *, learner: int
) -> frozenset[int]:
    """The ids of the chapters that are *named*; what is not here is left out."""
    rows = connection.execute(
        select(chapter.id, chapter.pack, chapter.number, chapter.title).where(
            owner.theirs(chapter, learner=learner)
        )
    )
    return frozenset(
        row.id for row in rows if (row.pack, chapter_key(row.number, row.title)) in named
    )


@dataclass(frozen=True, slots=True)
class Stage:
    """A study day on the way to an `exam`: of the cards `unmet` when it began `new` are to be met,
    and of those that it asks now `spare` are not due."""

    exam: Exam
    today: date
    unmet: int
    new: int
    spare: int

    def told(self) -> str:
        """Exam on Fri 18 Dec, in 19 days: 14 new cards a day until Tue 8 Dec."""
        left = self.exam.left(self.today)
        if not left:
            return "The exam is today: no new cards, and what fades most beside what is due"
        on = f"Exam on {words.day(self.exam.day, self.today)}, in {words.count(left, 'day')}"
        if not self.unmet:
            return f"{on}: every card is met"
        until = self.today + timedelta(days=days_to_meet(self.exam.whole, left))
        pace = words.count(self.new, "new card")
        return f"{on}: {pace} a day until {words.day(until, self.today)}, as time allows"

    def as_json(self) -> dict[str, Any]:
        return {
            "day": self.exam.day.isoformat(),
            "days": self.exam.left(self.today),
            "minutes": self.exam.minutes,
            "unmet": self.unmet,
            "new": self.new,
            "spare": self.spare,
            "told": self.told(),
        }


def day_of(connection: Connection, settings: Settings, today: date, *, learner: int) -> date | None:
    """The day that mastery is forecast for: that of the exam that is planned, else as it is set."""
    planned = in_force(connection, today, learner=learner)
    return planned.day if planned is not None else settings.exam_on
