"""What a file of another kind holds, before any of it is ours: the value that every reader returns.

A reader says what is there and where; what becomes of it is decided in `study/imports.py`. A
note is known by its `guid`: what its source calls it, the same whenever the file is read again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from pathlib import Path

from studyapp.notes.note import CardStyle, ContentFile, NoteKind, Point, Problem
from studyapp.notes.origin import Origins


@dataclass(frozen=True, slots=True)
class ForeignNote:
    """One note in Markdown. What its style of `card` asks for is as in `notes.note.Note`.

    The first paragraph of `question` becomes the heading, the rest is its front; a cloze note
    without one gets its text's beginning. The `deck` is its path from the outermost, empty if the
    source has none. `line` is counted from 1; 0 in a source without lines; in a folder, `path` is
    its file. `shape` says what a reader of free text took it for, `number` the one that the
    question has there.
    """

    guid: str
    question: str
    answer: str = ""
    kind: NoteKind = NoteKind.QUESTION
    card: CardStyle = CardStyle.ANSWER
    points: tuple[Point, ...] = ()
    deck: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    line: int = 0
    shape: str = ""
    number: int | None = None
    path: Path | None = None


class Stage(StrEnum):
    NEW = "new"
    LEARNING = "learning"
    REVIEW = "review"
    RELEARNING = "relearning"


@dataclass(frozen=True, slots=True)
class Schedule:
    """What the source knows of one card: the `side` (see `notes.card.sides`) of a note.

    Stability is in days; it and difficulty (1 to 10) are None where the source keeps none of FSRS,
    `lapses`, `suspended` and `buried` where it knows no such thing: of these it says nothing.
    """

    guid: str
    side: str
    stage: Stage
    due: date | None = None  # a study day
    last: date | None = None  # the study day of the last review
    interval: int = 0  # days
    stability: float | None = None
    difficulty: float | None = None
    reps: int = 0
    lapses: int | None = 0
    suspended: bool | None = False
    buried: bool | None = False


class Moment(StrEnum):
    """What a card was when it was rated; a cram changed nothing of its schedule."""

    LEARNING = "learning"
    REVIEW = "review"
    RELEARNING = "relearning"
    CRAM = "cram"


@dataclass(frozen=True, slots=True)
class ForeignReview:
    """One rating that the source logged. `at` has a zone; `day` is the source's study day."""

    guid: str
    side: str
    at: datetime
    day: date
    rating: int  # 1 to 4: Again, Hard, Good, Easy
    kind: Moment
    duration: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class Media:
    """A picture or a sound, read when it is asked for. Notes link to it as `media/NAME`."""

    name: str
    read: Callable[[], bytes]


@dataclass(frozen=True, slots=True)
class GivenAnswer:
    """A learner's answer to the question `note` (an id), and its line in the file; `variant` says
    which of its variants was asked."""

    note: str
    text: str
    line: int
    variant: str | None = None


@dataclass(frozen=True, slots=True)
class SectionNote:
    """What a learner wrote on a section ("1.19"), and its line in the file."""

    section: str
    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Answers:
    """Answers to questions that we have: no new notes. An empty answer or own note is not in it."""

    pack: str
    chapter: int
    answers: tuple[GivenAnswer, ...] = ()
    notes: tuple[SectionNote, ...] = ()


@dataclass(frozen=True, slots=True)
class LectureNote:
    """What a learner wrote under a time of a lecture, in seconds from its beginning; its line, and
    in a folder its file."""

    seconds: int
    title: str
    text: str
    line: int
    path: Path | None = None


@dataclass(frozen=True, slots=True)
class TrackerRow:
    """A row of a table in which a learner keeps track of a course; its line, and in a folder its
    file."""

    part: str
    chapter: str
    section: str
    line: int
    path: Path | None = None


@dataclass(frozen=True, slots=True)
class NativeFile:
    """A file of a pack in our own format: its name in the folder, what it holds to the letter, and
    where it is a content file, its page and what it says of each note by its id."""

    name: str
    data: bytes
    page: ContentFile | None
    texts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Foreign:
    """What was read from one file; `problems` say what was not, with line and reason. `origins` are
    what notes say in Anki, of those that it can have back as they came."""

    notes: tuple[ForeignNote, ...] = ()
    schedules: tuple[Schedule, ...] = ()
    reviews: tuple[ForeignReview, ...] = ()
    media: tuple[Media, ...] = ()
    answers: Answers | None = None
    lecture: tuple[LectureNote, ...] = ()
    tracker: tuple[TrackerRow, ...] = ()
    native: tuple[NativeFile, ...] = ()
    origins: Origins = field(default_factory=Origins)
    problems: tuple[Problem, ...] = ()
