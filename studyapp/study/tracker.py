"""How far a learner has come in the course: part → chapter → section, and what is next."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit, urlunsplit

from sqlalchemy import Connection, Row, and_, case, func, insert, or_, select, update

from studyapp.config import DEPTHS
from studyapp.errors import StudyError
from studyapp.memory.state import State
from studyapp.notes.note import chapter_name
from studyapp.store import log, owner, tables
from studyapp.study import words
from studyapp.study.admission import deeper, meant, started
from studyapp.study.chapter import namesakes
from studyapp.study.draft import merged, storable
from studyapp.study.pause import paused

FAMILIAR = 10  # the highest familiarity; the lowest is 0, and there may be none


class Cards(NamedTuple):
    """Cards of a place in the course: `new` ones are still to be met, `known` ones have been rated.
    What goes deeper comes only when it is asked for: `deeper` waits for that, `asked` is among the
    new ones. The learner has written `own` of them."""

    new: int = 0
    known: int = 0
    deeper: int = 0
    asked: int = 0
    own: int = 0


class Marks(NamedTuple):
    """What a learner has set on a section: what `put_back` takes."""

    started_at: datetime | None = None
    done_at: datetime | None = None
    familiarity: int | None = None


CardCounts = Mapping[int, Mapping[int | None, Cards]]

chapter = tables.chapter.c
section = tables.section.c
moment = tables.moment.c
card = tables.card.c
memory = tables.memory.c
chapter_progress = tables.chapter_progress.c
section_progress = tables.section_progress.c


@dataclass(frozen=True, slots=True)
class Completion:
    """Sections done of those there are."""

    done: int
    total: int

    def __str__(self) -> str:
        return f"{self.done} of {words.count(self.total, 'section')}"


@dataclass(frozen=True, slots=True)
class CourseMoment:
    """What a lecture comes to at one time. `text` is Markdown."""

    lecture: int
    seconds: int  # from the lecture's beginning
    title: str
    text: str
    video: str | None  # address of the lecture

    @property
    def time(self) -> str:
        """31:20 or 1:02:48."""
        return words.moment(self.seconds)

    @property
    def address(self) -> str | None:
        """Where the video is, at this moment; only in the web, as another address runs programs."""
        is_web = self.video and re.match(r"https?://", self.video, re.IGNORECASE)
        return video_at(self.video, self.seconds) if self.video and is_web else None


@dataclass(frozen=True, slots=True)
class CourseSection:
    """One section with what the learner has made of it. `text` and `own` are Markdown.

    `started` is true for every section of a chapter that was started as a whole.
    """

    id: int
    number: str
    title: str
    text: str
    gone: bool  # no longer in the content; kept here for the learner's own note
    started: bool
    done_at: datetime | None
    familiarity: int | None
    own: str
    cards: Cards
    moments: tuple[CourseMoment, ...]
    path: Path

    @property
    def new(self) -> int:
        return self.cards.new

    @property
    def known(self) -> int:
        return self.cards.known

    @property
    def done(self) -> bool:
        return self.done_at is not None


@dataclass(frozen=True, slots=True)
class Chapter:
    """One chapter. `started` says that it was started as a whole.

    Its cards are those of its sections and those of none.
    """

    id: int
    number: int | None  # None of a deck
    title: str
    part: str
    of: str | None  # its pack, if another has a chapter that is called like it
    started: bool
    paused: date | None  # since when
    cards: Cards
    sections: tuple[CourseSection, ...]

    @property
    def new(self) -> int:
        return self.cards.new

    @property
    def known(self) -> int:
        return self.cards.known

    @property
    def name(self) -> str:
        return chapter_name(self.number, self.title, self.of)

    @property
    def begun(self) -> bool:
        """Whether there is something of it that can be paused: of others it is not told."""
        return self.started or self.known > 0 or any(one.started for one in self.sections)

    @property
    def progress(self) -> Completion:
        return _progress(self.sections)


@dataclass(frozen=True, slots=True)
class Part:
    title: str
    chapters: tuple[Chapter, ...]

    @property
    def progress(self) -> Completion:
        return _progress(one for chapter in self.chapters for one in chapter.sections)


@dataclass(frozen=True, slots=True)
class Course:
    """The whole table of contents in book order."""

    parts: tuple[Part, ...]

    @property
    def chapters(self) -> tuple[Chapter, ...]:
        return tuple(one for part in self.parts for one in part.chapters)

    @property
    def sections(self) -> tuple[CourseSection, ...]:
        return tuple(one for chapter in self.chapters for one in chapter.sections)

    @property
    def progress(self) -> Completion:
        return _progress(self.sections)

    @property
    def next_section(self) -> CourseSection | None:
        """The first in book order that is not done."""
        return next((one for one in self.sections if not (one.done or one.gone)), None)


def read_course(
    connection: Connection,
    counts: CardCounts | None = None,
    *,
    depth: str = DEPTHS[0],
    learner: int,
) -> Course:
    """The table of contents with the learner's progress, in six queries.

    Nearly all of its time goes into counting cards; *counts* are those of an earlier call, which
    stay true while the learner only ticks, starts and notes.
    """
    if counts is None:
        counts = count_cards(connection, depth=depth, learner=learner)
    moments = _read_moments(connection, learner=learner)
    rows: dict[int, list[Row[Any]]] = {}
    for row in _read_sections(connection, learner=learner):
        rows.setdefault(row.chapter_id, []).append(row)
    packs, held = namesakes(connection, learner=learner), paused(connection, learner=learner)
    chapters = list[tuple[str, Chapter]]()
    for found in connection.execute(
        select(
            chapter.id,
            chapter.pack,
            chapter.number,
            chapter.title,
            chapter.part,
            chapter_progress.started_at,
        )
        .outerjoin(
            tables.chapter_progress,
            and_(chapter_progress.chapter_id == chapter.id, chapter_progress.learner_id == learner),
        )
        .where(owner.theirs(chapter, learner=learner))
        .order_by(*tables.IN_ORDER)
    ):
        of_chapter = counts.get(found.id, {})
        if found.number is None and not of_chapter:
            continue  # a deck that was renamed, or whose text has gone
        sections = tuple(
            CourseSection(
                row.id,
                row.number,
                row.title,
                row.text,
                gone=row.missing_since is not None,
                started=row.started,
                done_at=row.done_at,
                familiarity=row.familiarity,
                own=row.own or "",
                cards=of_chapter.get(row.id, Cards()),
                moments=tuple(moments.get(row.id, ())),
                path=Path(row.path),
            )
            for row in sorted(rows.get(found.id, ()), key=lambda row: _place(row.number))
        )
        made = Chapter(
            found.id,
            found.number,
            found.title,
            found.part,
            packs.get(found.id),
            found.started_at is not None,
            held.get(found.id),
            Cards(*map(sum, zip(*of_chapter.values(), strict=True))),
            sections,
        )
        chapters.append((found.pack, made))
    parts = groupby(chapters, lambda one: (one[0], one[1].part))
    return Course(tuple(Part(title, tuple(made for _, made in of)) for (_, title), of in parts))


def find_section(
    connection: Connection, chapter_id: int, number: str | None, *, learner: int
) -> CourseSection | None:
    """The section of a chapter with this number, its cards not counted; None if there is none."""
    course = read_course(connection, {}, learner=learner)
    sections = (one.sections for one in course.chapters if one.id == chapter_id)
    return next((it for found in sections for it in found if it.number == number), None)


def count_cards(connection: Connection, *, depth: str = DEPTHS[0], learner: int) -> CardCounts:
    """Cards by chapter and section; None stands for cards of no section."""
    known = func.count(case((memory.state != State.NEW, 1)))
    asked = func.count(case((memory.asked.is_(True) & deeper(depth), 1)))
    rows = connection.execute(
        select(
            card.chapter_id,
            card.section_id,
            func.count(case((meant(depth), 1))) - known,
            known,
            func.count(case((deeper(depth), 1))) - asked,
            asked,
            func.count(case((owner.written(learner=learner) & meant(depth), 1))),
        )
        .outerjoin(tables.memory, and_(memory.card_id == card.id, memory.learner_id == learner))
        .where(card.missing_since.is_(None), owner.visible(card, learner=learner))
        .group_by(card.section_id, card.chapter_id)  # the other way round takes half as long again
    )
    counts: dict[int, dict[int | None, Cards]] = {}
    for chapter_id, section_id, *cards in rows:
        counts.setdefault(chapter_id, {})[section_id] = Cards(*cards)
    return counts


def start_section(connection: Connection, section_id: int, now: datetime, *, learner: int) -> None:
    """Let a section's cards in; one that is started stays as it was."""
    kept = connection.scalar(
        select(section_progress.started_at).where(
            section_progress.section_id == section_id, section_progress.learner_id == learner
        )
    )
    if kept is None:
        _put(connection, section_id, now, started_at=log.utc(now), learner=learner)


def stop_section(connection: Connection, section_id: int, *, now: datetime, learner: int) -> None:
    """Let no more new cards of a section in; those that were met stay.

    Raises StudyError if its chapter was started as a whole.
    """
    row = connection.execute(
        select(
            section.number,
            chapter.number.label("chapter"),
            chapter.title,
            chapter_progress.started_at,
        )
        .join(tables.chapter, chapter.id == section.chapter_id)
        .outerjoin(
            tables.chapter_progress,
            and_(chapter_progress.chapter_id == chapter.id, chapter_progress.learner_id == learner),
        )
        .where(section.id == section_id)
    ).one()
    if row.started_at is not None:
        raise StudyError(
            f"Chapter {row.chapter} was started as a whole, and section {row.number} with it."
        )
    _put(connection, section_id, now, started_at=None, learner=learner)


def stop_chapter(connection: Connection, chapter_id: int, *, now: datetime, learner: int) -> None:
    """Let no more new cards of a chapter in but those of sections started one by one."""
    connection.execute(
        update(tables.chapter_progress)
        .where(chapter_progress.learner_id == learner, chapter_progress.chapter_id == chapter_id)
        .values(started_at=None, changed_at=log.utc(now))
    )


def set_done(
    connection: Connection, section_id: int, done: bool, now: datetime, *, learner: int
) -> None:
    """Tick a section, or take the tick off. Done starts it, too: who has read it wants its cards;
    taking the tick off leaves it started."""
    if done:
        start_section(connection, section_id, now, learner=learner)
    _put(connection, section_id, now, done_at=log.utc(now) if done else None, learner=learner)


def set_familiarity(
    connection: Connection,
    section_id: int,
    familiarity: int | None,
    *,
    now: datetime,
    learner: int,
) -> None:
    """Keep how familiar a section is to the learner, 0 to 10, or None for not said.

    Raises StudyError for any other number.
    """
    if familiarity is not None and familiarity not in range(FAMILIAR + 1):
        raise StudyError(f"Familiarity goes from 0 to {FAMILIAR}, not {familiarity}.")
    _put(connection, section_id, now, familiarity=familiarity, learner=learner)


def read_marks(connection: Connection, section_id: int, *, learner: int) -> Marks:
    """What is set on a section now, to put it back later."""
    row = connection.execute(
        select(
            section_progress.started_at, section_progress.done_at, section_progress.familiarity
        ).where(section_progress.section_id == section_id, section_progress.learner_id == learner)
    ).first()
    return Marks(*row) if row else Marks()


def put_back(
    connection: Connection, section_id: int, marks: Marks, *, now: datetime, learner: int
) -> None:
    """Set a section as it was when *marks* were read."""
    _put(connection, section_id, now, learner=learner, **marks._asdict())


def write_note(
    connection: Connection,
    section_id: int,
    text: str,
    before: str | None = None,
    *,
    now: datetime,
    learner: int,
) -> str:
    """Keep the own note on a section, Markdown with line ends of LF. Returns what is kept:
    if it no longer says *before*, another window has written in between: both texts are kept.
    """
    kept = connection.scalar(
        select(section_progress.text).where(
            section_progress.section_id == section_id, section_progress.learner_id == learner
        )
    )
    text = storable(text)
    if before is not None:
        text = merged(kept, before, text)
    _put(connection, section_id, now, text=text, learner=learner)
    return text


def video_at(address: str, seconds: int) -> str:
    """The address of a video at a time; what else it says stays as it was.

    YouTube takes the time in the query; for any other site it is a media fragment
    (https://www.w3.org/TR/media-frags/).
    """
    try:
        parts = urlsplit(address)
    except ValueError:  # https://[…: not an address, so there is no place for a time in it
        return address
    host = (parts.hostname or "").removeprefix("www.").removeprefix("m.")
    if host not in ("youtube.com", "youtu.be"):
        return urlunsplit(parts._replace(fragment=_timed(parts.fragment, f"t={seconds}")))
    time = f"t={seconds}s" if host == "youtube.com" else f"t={seconds}"
    return urlunsplit(
        parts._replace(query=_timed(parts.query, time), fragment=_timed(parts.fragment))
    )


def _timed(pairs: str, *time: str) -> str:
    """`a=1&t=5` without its time, or with another one."""
    kept = [pair for pair in pairs.split("&") if pair and pair.partition("=")[0] != "t"]
    return "&".join([*kept, *time])


def _progress(sections: Iterable[CourseSection]) -> Completion:
    there = [one for one in sections if not one.gone]
    return Completion(sum(one.done for one in there), len(there))


def _place(number: str) -> tuple[int, ...]:
    return tuple(map(int, number.split(".")))


def _read_sections(connection: Connection, *, learner: int) -> Iterable[Row[Any]]:
    """Sections of the content, and those that have gone from it with a note of the learner's."""
    return connection.execute(
        select(
            section.id,
            section.chapter_id,
            section.number,
            section.title,
            section.text,
            section.path,
            section.missing_since,
            section_progress.done_at,
            section_progress.familiarity,
            section_progress.text.label("own"),
            started(section.chapter_id, section.id, learner=learner).label("started"),
        )
        .outerjoin(
            tables.section_progress,
            and_(section_progress.section_id == section.id, section_progress.learner_id == learner),
        )
        .where(
            or_(section.missing_since.is_(None), section_progress.text != ""),
            owner.theirs(section, learner=learner),
        )
    )


def _read_moments(connection: Connection, *, learner: int) -> dict[int, list[CourseMoment]]:
    moments: dict[int, list[CourseMoment]] = {}
    for row in connection.execute(
        select(
            moment.section_id,
            moment.lecture,
            moment.seconds,
            moment.title,
            moment.text,
            moment.video,
        )
        .where(moment.section_id.is_not(None), owner.theirs(moment, learner=learner))
        .order_by(moment.lecture, moment.seconds)
    ):
        moments.setdefault(row.section_id, []).append(CourseMoment(*row[1:]))
    return moments


def _put(
    connection: Connection, section_id: int, now: datetime, *, learner: int, **values: Any
) -> None:
    values["changed_at"] = log.utc(now)
    changed = connection.execute(
        update(tables.section_progress)
        .where(section_progress.section_id == section_id, section_progress.learner_id == learner)
        .values(**values)
    )
    if not changed.rowcount:
        connection.execute(
            insert(tables.section_progress).values(
                **{"text": ""} | values, section_id=section_id, learner_id=learner
            )
        )
