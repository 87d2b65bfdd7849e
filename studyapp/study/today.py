"""Today at a glance: what is due by chapter, how long it takes, what comes next, what waits."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, case, func, select

from studyapp.config import Settings
from studyapp.memory.clock import study_day
from studyapp.memory.state import State
from studyapp.notes.note import chapter_label, chapter_name
from studyapp.store import owner, tables
from studyapp.study import (
    absence,
    aside,
    backlog,
    capture,
    queue,
    retention,
    stats,
    tracker,
    words,
)
from studyapp.study.absence import Absence
from studyapp.study.admission import meant
from studyapp.study.backlog import Backlog
from studyapp.study.chapter import namesakes, typed
from studyapp.study.counts import Counts
from studyapp.study.dates import Ahead, ahead
from studyapp.study.exam import Stage
from studyapp.study.fading import has_fading
from studyapp.study.forecast import forecast
from studyapp.study.library import read_draft
from studyapp.study.pause import paused
from studyapp.study.questionnaire import history as questionnaire
from studyapp.study.questionnaire.history import Waiting
from studyapp.study.queue import Fewer, Queue
from studyapp.study.retention import Goal
from studyapp.study.rewording import Reworded, untold
from studyapp.study.stats import Share

card = tables.card.c
chapter = tables.chapter.c
chapter_progress = tables.chapter_progress.c
memory = tables.memory.c


@dataclass(frozen=True, slots=True)
class ChapterRow:
    """One chapter on Today. `introduced` of `cards` have been rated at least once."""

    id: int
    pack: str
    number: int | None  # None of a deck
    title: str
    of: str | None  # its pack, if another has a chapter that is called like it
    started: bool
    paused: date | None  # since when
    counts: Counts
    waiting: int
    introduced: int
    cards: int
    for_exam: bool = False  # the exam that is planned lets its cards in, started or not

    @property
    def begun(self) -> bool:
        """Whether there is something of it that can be paused: of others it is not told."""
        return self.started or self.introduced > 0

    @property
    def name(self) -> str:
        return chapter_name(self.number, self.title, self.of)

    @property
    def label(self) -> str:
        return chapter_label(self.title, self.of)


@dataclass(frozen=True, slots=True)
class Tomorrow:
    """What the next study day will ask if nothing happens meanwhile."""

    counts: Counts
    minutes: float


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything that Today shows. `waiting` reviews are beyond the day's budget, `siblings` wait
    for another card of their family, and `fewer` new ones may come than a day has; `tomorrow` is
    told once nothing is left. Beyond the day's time there is `more`; five questions have what is
    `fading`. Of the day's time `spent` seconds are gone, beside those in what is `apart` from it.
    `ahead` says what is dated in the future, `absence` that the learner is back after a while. What
    adds a line to the menu or changes one is here, so that none moves once it is seen: an `attempt`
    that is open, how far the `course` is, what is `aside`, a `draft` of a card that is being
    written, what the `caught` ones ask that wait to be accepted, notes that an upgrade has
    `reworded`. The `budget` is the day's time in minutes; `exam` says how far the way
    to one is, `backlog` when nothing waits."""

    day: date
    counts: Counts
    waiting: int
    siblings: int
    fewer: Fewer
    more: bool
    fading: bool
    minutes: float
    spent: float
    apart: float
    tomorrow: Tomorrow | None
    forecast: list[int]
    retention: Share  # of the last 7 study days …
    goal: Goal  # … and what is aimed for, of their cards
    streak: int
    chapters: tuple[ChapterRow, ...]
    ahead: Ahead | None
    absence: Absence | None
    attempt: Waiting | None
    course: str  # "12 of 110 sections done; next 1.4 Three areas"
    aside: str  # "2 cards: 1 to mend, 2 suspended"
    draft: bool
    caught: tuple[str, ...]
    reworded: tuple[Reworded, ...]
    budget: int
    exam: Stage | None
    backlog: Backlog | None

    @property
    def begun(self) -> bool:
        """Whether the learner has met a card."""
        return any(row.introduced for row in self.chapters)

    @property
    def next_chapter(self) -> ChapterRow | None:
        """The first chapter with cards that is not started yet, nor let in for an exam, nor
        paused."""
        return next(
            (
                row
                for row in self.chapters
                if row.cards and not (row.started or row.for_exam or row.paused)
            ),
            None,
        )

    @property
    def paused(self) -> date | None:
        """Since when no card comes, if all chapters with cards are paused."""
        held = [row.paused for row in self.chapters if row.cards]
        return max((since for since in held if since), default=None) if all(held) else None


def overview(
    connection: Connection, now: datetime, settings: Settings, *, learner: int
) -> Overview:
    today = study_day(now)
    line = queue.load(connection, now, settings, learner=learner)
    behind = backlog.read(connection, line, learner=learner)
    counts = line.counts()
    following = None if counts.total else tomorrow(connection, now, settings, learner=learner)
    since = today - timedelta(days=6)  # of the last seven days, whichever weekday it is
    return Overview(
        today,
        counts,
        line.waiting,
        line.siblings,
        line.fewer,
        _has_more(connection, line, now, settings, learner=learner),
        has_fading(connection, now, learner=learner),
        line.pace.minutes(counts),
        line.pace.spent,
        line.pace.apart,
        following,
        _forecast(connection, line, settings, following, learner=learner),
        stats.retention(connection, since, today, learner=learner),
        retention.goal(connection, since, today, learner=learner),
        stats.streak(connection, today, learner=learner, rest_days=settings.rest_days),
        tuple(_chapters(connection, line, depth=settings.depth, learner=learner)),
        ahead(connection, now, learner=learner),
        absence.read(connection, line, behind, learner=learner),
        questionnaire.waiting(connection, learner=learner),
        _course(connection, depth=settings.depth, learner=learner),
        aside.tally(
            aside.read(connection, now, leech_lapses=settings.leech_lapses, learner=learner)
        ),
        bool(read_draft(learner=learner)),
        capture.asked(connection, learner=learner),
        untold(connection, learner=learner),
        line.minutes_a_day(settings),
        line.stage,
        behind,
    )


def fewer_words(wanted: int, fewer: Fewer) -> list[str]:
    """Why fewer new cards come than the *wanted* of a day, in one line; none where as many do."""
    if fewer.behind:
        return ["no new card comes while reviews wait"]
    if fewer.met == wanted:  # all that there were to be
        return []
    reasons = (
        (fewer.met, "met already"),
        (fewer.late, "beyond today's time"),
        (fewer.alike, "too like another one of today"),
        (fewer.missing, "not let in yet"),
    )
    told = ", ".join(f"{number} {why}" for number, why in reasons if number)
    return [f"of {words.count(wanted, 'new card')} a day: {told}"] if told else []


def due(
    connection: Connection, now: datetime, settings: Settings, *, learner: int
) -> dict[str, Any]:
    """What is due after limits, in all and by chapter, as `studyapp due --json` prints it."""
    line = queue.load(connection, now, settings, learner=learner)
    behind = backlog.read(connection, line, learner=learner)
    away = absence.read(connection, line, behind, learner=learner)
    return asdict(line.counts()) | {
        "waiting": line.waiting,
        "siblings": line.siblings,
        "absence": away and away.as_json(line.minutes_a_day(settings)),
        "backlog": behind and behind.as_json(),
        "exam": line.stage and line.stage.as_json(),
        "tomorrow": asdict(tomorrow(connection, now, settings, learner=learner).counts),
        "chapters": [
            {
                "pack": row.pack,
                "chapter": row.number,
                "title": row.title,
                "name": typed(row.number, row.title, row.of),
                "started": row.begun,
                "paused": row.paused and row.paused.isoformat(),
                **asdict(row.counts),
            }
            for row in _chapters(connection, line, depth=settings.depth, learner=learner)
        ],
    }


def due_in_all(connection: Connection, now: datetime, settings: Settings, *, learner: int) -> int:
    """How many cards `due` counts, with those of missed predictions that come back now."""
    late = _missed_late(connection, study_day(now), learner=learner)
    return queue.load(connection, now, settings, also=late, learner=learner).counts().total


def tomorrow(
    connection: Connection, now: datetime, settings: Settings, *, learner: int
) -> Tomorrow:
    """What the next study day will ask if nothing happens until then."""
    then = now + timedelta(days=1)
    late = _missed_late(connection, study_day(then), learner=learner)
    line = queue.load(connection, then, settings, also=late, learner=learner)
    counts = line.counts()
    return Tomorrow(counts, line.pace.minutes(counts))


def coming(
    connection: Connection, now: datetime, settings: Settings, *, learner: int
) -> tuple[list[int], float]:
    """The forecast as `overview` has it, and the seconds that each of its cards takes."""
    line = queue.load(connection, now, settings, learner=learner)
    done = not line.counts().total
    following = tomorrow(connection, now, settings, learner=learner) if done else None
    return _forecast(connection, line, settings, following, learner=learner), line.pace.review


def _course(connection: Connection, *, depth: str, learner: int) -> str:
    course = tracker.read_course(connection, depth=depth, learner=learner)
    following = course.next_section
    told = f"{course.progress} done"
    return f"{told}; next {following.number} {following.title}" if following else told


def _has_more(
    connection: Connection, line: Queue, now: datetime, settings: Settings, *, learner: int
) -> bool:
    """Whether as much time again has a card that the day has not."""
    if line.counts().total:
        return line.waiting > 0
    return queue.load(connection, now, settings, more=1, learner=learner).counts().total > 0


def _missed_late(connection: Connection, day: date, *, learner: int) -> set[int]:
    """Cards of confident misses that come back on *day*."""
    column = tables.prediction.c
    made = select(column.run_id).where(column.learner_id == learner, column.card_id.is_not(None))
    if connection.scalar(made.limit(1)) is None:
        return set()
    from studyapp.study.lab.misses import missed_late  # takes longer than the counts of Today

    return missed_late(connection, day, learner=learner)


def _forecast(
    connection: Connection,
    line: Queue,
    settings: Settings,
    following: Tomorrow | None,
    *,
    learner: int,
) -> list[int]:
    days = forecast(connection, line, settings, learner=learner)
    if following is not None:  # which is exact
        days[1] = following.counts.learning + following.counts.review
    return days


def _chapters(connection: Connection, line: Queue, *, depth: str, learner: int) -> list[ChapterRow]:
    cards = {
        chapter_id: (total, introduced or 0)
        for chapter_id, total, introduced in connection.execute(
            select(
                card.chapter_id,
                func.count(),
                func.count(case((memory.state != State.NEW, 1))),
            )
            .outerjoin(
                tables.memory,
                and_(memory.card_id == card.id, memory.learner_id == learner),
            )
            .where(card.missing_since.is_(None), owner.visible(card, learner=learner), meant(depth))
            .group_by(card.chapter_id)
        )
    }
    packs, held = namesakes(connection, learner=learner), paused(connection, learner=learner)
    chapters = connection.execute(
        select(chapter.id, chapter.pack, chapter.number, chapter.title, chapter_progress.started_at)
        .outerjoin(
            tables.chapter_progress,
            and_(chapter_progress.chapter_id == chapter.id, chapter_progress.learner_id == learner),
        )
        .where(owner.theirs(chapter, learner=learner))
        .order_by(*tables.IN_ORDER)
    )
    of_exam = (line.exam.chapters if line.exam is not None else None) or ()
    return [
        ChapterRow(
            chapter_id,
            pack,
            number,
            title,
            packs.get(chapter_id),
            started is not None,
            held.get(chapter_id),
            line.counts(chapter_id),
            line.waiting_of(chapter_id),
            introduced=cards.get(chapter_id, (0, 0))[1],
            cards=cards.get(chapter_id, (0, 0))[0],
            for_exam=chapter_id in of_exam,
        )
        for chapter_id, pack, number, title, started in chapters
        if number is not None or chapter_id in cards  # a deck that was renamed is no longer one
    ]
