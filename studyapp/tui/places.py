"""Where one can go in the app. A page names a place; only the app knows the page for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from studyapp.lab.catalog import Declaration
    from studyapp.study.capture import Kept
    from studyapp.study.card import CardView
    from studyapp.study.library import Home
    from studyapp.study.questionnaire.attempt import Asked, Attempt, Earlier
    from studyapp.study.rewording import Reworded as RewordedNote
    from studyapp.study.sitting import Sitting
    from studyapp.study.tracker import CourseSection


@dataclass(frozen=True, slots=True)
class Review:
    """The queue, card by card."""

    sitting: Sitting


@dataclass(frozen=True, slots=True)
class Summary:
    """What a sitting came to."""

    sitting: Sitting


@dataclass(frozen=True, slots=True)
class Course:
    """The table of contents with the learner's progress."""


@dataclass(frozen=True, slots=True)
class Section:
    """One section of the course, to read."""

    section: CourseSection


@dataclass(frozen=True, slots=True)
class Chapter:
    """How a chapter's questionnaire has gone; with *resume* its attempt on top at once."""

    chapter: int  # its id
    name: str
    resume: bool = False


@dataclass(frozen=True, slots=True)
class Questionnaire:
    """An attempt, question by question."""

    attempt: Attempt


@dataclass(frozen=True, slots=True)
class Tally:
    """Where an attempt stands."""

    attempt: Attempt


@dataclass(frozen=True, slots=True)
class Compare:
    """An answer beside *earlier* ones to the same question, the newest first."""

    asked: Asked
    earlier: Sequence[Earlier]


@dataclass(frozen=True, slots=True)
class Lab:
    """All experiments, or those behind a card; a single one of a card is shown at once."""

    lessons: Sequence[Declaration] | None = None


@dataclass(frozen=True, slots=True)
class Lesson:
    """One experiment, with *values* for its knobs to begin with."""

    lesson: Declaration
    values: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """The source of an experiment."""

    lesson: Declaration


@dataclass(frozen=True, slots=True)
class History:
    """The earlier runs of an experiment."""

    lesson: Declaration


@dataclass(frozen=True, slots=True)
class Trial:
    """The trial on one's own memory."""


@dataclass(frozen=True, slots=True)
class Find:
    """Notes by their words; or one of them, to tell the card *apart* from it."""

    apart: CardView | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """A note with its cards; *note* is its id."""

    note: int


@dataclass(frozen=True, slots=True)
class Aside:
    """The cards that are out of the way."""


@dataclass(frozen=True, slots=True)
class Backups:
    """The backups that there are."""


@dataclass(frozen=True, slots=True)
class Custom:
    """What can be studied beside what the day asks."""


@dataclass(frozen=True, slots=True)
class Exam:
    """The plan to an exam."""


@dataclass(frozen=True, slots=True)
class Statistics:
    """A year of study in figures."""


@dataclass(frozen=True, slots=True)
class Reworded:
    """The notes that an upgrade has changed."""

    notes: Sequence[RewordedNote]


@dataclass(frozen=True, slots=True)
class Rewrite:
    """The text of a note, to be changed: a card's, or a draft's."""

    of: CardView | Kept


@dataclass(frozen=True, slots=True)
class NewCard:
    """A card of one's own. Where it is written *beside* another, it belongs where that one does,
    and may tell that one *apart* from a third; else it belongs to its *home*, if it has one."""

    beside: CardView | None = None
    apart: CardView | None = None
    home: Home | None = None


@dataclass(frozen=True, slots=True)
class Drafts:
    """Drafts of cards that wait to be accepted."""


@dataclass(frozen=True, slots=True)
class Import:
    """Notes to be brought along from files."""


@dataclass(frozen=True, slots=True)
class Leech:
    """How a card has gone, and what can be done about it; *card* is its id."""

    card: int


@dataclass(frozen=True, slots=True)
class Split:
    """Own cards made of a card's points."""

    card: CardView


Place = (
    Review
    | Summary
    | Course
    | Section
    | Chapter
    | Questionnaire
    | Tally
    | Compare
    | Lab
    | Lesson
    | Source
    | History
    | Trial
    | Find
    | Note
    | Aside
    | Backups
    | Custom
    | Exam
    | Statistics
    | Reworded
    | Rewrite
    | NewCard
    | Drafts
    | Import
    | Leech
    | Split
)
