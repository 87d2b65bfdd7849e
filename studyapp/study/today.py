"""Today at a glance: what is due by chapter, how long it takes, what comes next."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, select

from studyapp.config import Settings
from studyapp.memory.clock import study_day
from studyapp.memory.state import State
from studyapp.store import models
from studyapp.study import queue, stats
from studyapp.study.queue import Counts
from studyapp.study.stats import Share

card = models.Card.__table__.c
chapter = models.Chapter.__table__.c
note = models.Note.__table__.c
memory = models.Memory.__table__.c


@dataclass(frozen=True, slots=True)
class ChapterRow:
    """One chapter on Today. `introduced` of `cards` have been rated at least once."""

    number: int
    title: str
    started: bool
    counts: Counts
    introduced: int
    cards: int
    questions: int
    terms: int


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything that Today shows. `waiting` reviews are beyond the day's budget."""

    day: date
    counts: Counts
    waiting: int
    minutes: float
    forecast: list[int]
    retention: Share  # of the last 7 study days
    streak: int
    chapters: tuple[ChapterRow, ...]

    @property
    def next_chapter(self) -> ChapterRow | None:
        """The first chapter not started yet."""
        return next((row for row in self.chapters if not row.started), None)


def overview(
    connection: Connection, now: datetime, settings: Settings, *, learner: int = 1
) -> Overview:
    today = study_day(now)
    line = queue.load(connection, now, settings, learner=learner)
    counts = line.counts()
    return Overview(
        today,
        counts,
        line.waiting,
        line.pace.minutes(counts),
        stats.forecast(connection, today, learner=learner),
        stats.retention(connection, today - timedelta(days=6), today, learner=learner),
        stats.streak(connection, today, learner=learner, rest_days=settings.rest_days),
        tuple(_chapters(connection, line, learner)),
    )


def due(
    connection: Connection, now: datetime, settings: Settings, *, learner: int = 1
) -> dict[str, Any]:
    """What is due after limits, in all and by chapter, as `studyapp due --json` prints it."""
    line = queue.load(connection, now, settings, learner=learner)
    return asdict(line.counts()) | {
        "chapters": [
            {"chapter": row.number, "title": row.title, **asdict(row.counts)}
            for row in _chapters(connection, line, learner)
        ]
    }


def _chapters(connection: Connection, line: queue.Queue, learner: int) -> list[ChapterRow]:
    started = set(
        connection.scalars(
            select(models.ChapterProgress.chapter_id).where(
                models.ChapterProgress.learner_id == learner
            )
        )
    )
    cards = _by_chapter(
        connection,
        select(card.chapter_id, func.count())
        .where(card.missing_since.is_(None))
        .group_by(card.chapter_id),
    )
    introduced = _by_chapter(
        connection,
        select(card.chapter_id, func.count())
        .join(models.Memory, memory.card_id == card.id)
        .where(
            memory.learner_id == learner,
            memory.state != State.NEW,
            card.missing_since.is_(None),
        )
        .group_by(card.chapter_id),
    )
    notes: dict[tuple[int, str], int] = {
        (row[0], row[1]): row[2]
        for row in connection.execute(
            select(note.chapter_id, note.kind, func.count())
            .where(note.missing_since.is_(None))
            .group_by(note.chapter_id, note.kind)
        )
    }
    return [
        ChapterRow(
            row.number,
            row.title,
            row.id in started,
            line.counts(row.number),
            introduced.get(row.id, 0),
            cards.get(row.id, 0),
            notes.get((row.id, "question"), 0),
            notes.get((row.id, "term"), 0),
        )
        for row in connection.execute(
            select(models.Chapter.__table__).order_by(chapter.number, chapter.pack)
        )
    ]


def _by_chapter(connection: Connection, query: Any) -> dict[int, int]:
    return dict(connection.execute(query).all())
