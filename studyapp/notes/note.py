"""What a content file says: notes with their points, sections, moments, pages, and problems."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import TypeAlias
from uuid import NAMESPACE_URL, UUID, uuid5

from studyapp.errors import printable

_PACKS = uuid5(NAMESPACE_URL, "studyapp:pack")


# What tells a chapter from others of its pack: its number; a deck has none and goes by its name.
ChapterKey: TypeAlias = int | str


def chapter_key(number: int | None, title: str) -> ChapterKey:
    return title if number is None else number


def chapter_place(number: int | None, title: str) -> tuple[bool, int, str]:
    """Sorts chapters by number, then decks by name."""
    return number is None, number or 0, title if number is None else ""


def chapter_name(number: int | None, title: str, pack: str | None = None) -> str:
    """chapter 3, deck Spanish; chapter 3 of fastai, if its *pack* is to tell it from another."""
    name = f"deck {title}" if number is None else f"chapter {number}"
    return name if pack is None else f"{name} of {pack}"


def chapter_title(
    number: int | None, title: str, after: str | None = None, pack: str | None = None
) -> str:
    """chapter 3 · Its title, deck Spanish; with something else *after* the dot if it is given."""
    after = title if after is None and number is not None else after
    return chapter_name(number, title, pack) + (f" · {after}" if after else "")


def chapter_label(title: str, pack: str | None) -> str:
    """The title as a list shows it, behind the *pack* that is to tell it from another."""
    return title if pack is None else f"{pack}: {title}"


APART = "apart"  # a tag: asked in reviews alone, in no questionnaire


class NoteKind(StrEnum):
    QUESTION = "question"
    TERM = "term"


class CardStyle(StrEnum):
    """How a note is asked; the `card:` key of its comment."""

    ANSWER = "answer"  # question → answer; a term is asked in both directions
    ITEMS = "items"  # one card per point, the other points visible
    CLOZE = "cloze"  # one card per ==hidden== text
    BOTH = "both"  # heading → text and text → heading, each as it stands
    ORDER = "order"  # put a numbered list in order
    DO = "do"  # something to do; no card


class Depth(StrEnum):
    """How long a note deserves to be remembered."""

    CORE = "core"  # for years
    MORE = "more"  # worth knowing: in questionnaires, Find and the reading; a card when asked for
    HISTORY = "history"  # names and dates


class FileKind(StrEnum):
    QUESTIONNAIRE = "questionnaire"
    JARGON = "jargon"
    READING = "reading"


@dataclass(frozen=True, slots=True)
class Point:
    """One thing that an answer says; extra points are not needed for a Good."""

    text: str
    extra: bool = False
    id: str | None = None  # required in an `items` note, where each point is a card


@dataclass(frozen=True, slots=True)
class Variant:
    """Another case of a question, with an answer and points of its own.

    `key` tells it from the others of its note; a review names what was shown by it. `path` and
    `line` are where it is written.
    """

    key: str
    prompt: str
    answer: str
    points: tuple[Point, ...]
    need: int | None = None
    path: Path = Path()
    line: int = 0
    front: str = ""  # what the question says below its heading


@dataclass(frozen=True, slots=True)
class Template:
    """What an author draws variants from (see `studyapp.notes.template`), as it is written from
    the line `line` on. No reader runs it."""

    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Note:
    """One piece of knowledge: a question with its answer, or a term with its meaning.

    `prompt` is the heading: the question or the term. A question may go on in Markdown below it,
    its `front`; `answer` is Markdown without points and comments.
    `line` and `last` are the first and last line of the note in `path`, counted from 1.
    """

    id: str
    kind: NoteKind
    prompt: str
    answer: str
    path: Path
    line: int
    last: int
    points: tuple[Point, ...] = ()
    card: CardStyle = CardStyle.ANSWER
    number: int | None = None  # the question's number in the book
    family: str | None = None
    tags: tuple[str, ...] = ()
    section: str | None = None  # "1.19"
    as_of: int | None = None  # the year in which a dated answer was true
    need: int | None = None  # "any five of many": how many points make a Good
    synonyms: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    long: str | None = None  # why the answer needs more than 120 words
    depth: Depth = Depth.CORE
    book: int | None = (
        None  # the question of the book's own questionnaire that this is, or is part of
    )
    reverse: bool = True  # of a term: whether the meaning is shown and the term asked for, too
    changed: str | None = None  # the month, 2026-12, of an edit that its cards come again for
    origin: str | None = None  # what it was when it was imported (see studyapp.notes.deck)
    guid: str | None = None  # what the program that it came from calls it
    variants: tuple[Variant, ...] = ()  # other cases of a question; its own text is one, too
    template: Template | None = None
    front: str = ""  # what the question says below its heading

    def shown(self, key: str | None) -> Note:
        """The note as it is with the text of the variant *key*; without such a one, its own."""
        found = next((one for one in self.variants if one.key == key), None)
        if found is None:
            return self
        return replace(
            self,
            prompt=found.prompt,
            front=found.front,
            answer=found.answer,
            points=found.points,
            need=found.need,
        )

    @property
    def question(self) -> str:
        """All that is asked, as Markdown."""
        return f"{self.prompt}\n\n{self.front}" if self.front else self.prompt

    @property
    def in_questionnaire(self) -> bool:
        """Whether it is one of its chapter's questions. What is kept apart is for reviews alone, as
        a card that tells two others from each other."""
        return self.kind is NoteKind.QUESTION and APART not in self.tags


@dataclass(frozen=True, slots=True)
class Section:
    """One entry of a chapter's table of contents with our reading notes as Markdown."""

    number: str  # "1.19"
    title: str
    text: str
    path: Path
    line: int


@dataclass(frozen=True, slots=True)
class Moment:
    """What a lecture comes to at one time, with our note on it as Markdown."""

    seconds: int  # from the lecture's beginning
    title: str
    section: str | None  # "1.19"; of any chapter of the pack
    text: str
    path: Path
    line: int


@dataclass(frozen=True, slots=True)
class ContentFile:
    """One content file. Errors in it are in the problems that come beside it.

    A reading page has sections or, if it is about a lecture, moments. A deck has notes alone; its
    part is its pack.
    """

    path: Path
    pack: str
    part: str  # "1. Deep learning in practice"
    chapter: int | None  # of a lecture: the one in which it begins; None of a deck
    title: str  # the chapter's, or the deck's name
    kind: FileKind
    notes: tuple[Note, ...] = ()
    sections: tuple[Section, ...] = ()
    lecture: int | None = None
    video: str | None = None  # the lecture's address
    moments: tuple[Moment, ...] = ()

    @property
    def key(self) -> ChapterKey:
        return chapter_key(self.chapter, self.title)

    @property
    def place(self) -> tuple[bool, int, str]:
        return chapter_place(self.chapter, self.title)


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """What is wrong in a content file, and where."""

    path: Path
    line: int
    message: str

    def __str__(self) -> str:
        line = f":{self.line}" if self.line else ""  # a package has none
        return printable(f"{self.path}{line}: {self.message}")


def note_uid(pack: str, note_id: str) -> UUID:
    """Identity of a note. Rewording, moving or renaming its file does not change it."""
    return uuid5(_pack_uid(pack), note_id)


@lru_cache(maxsize=32)  # most are of the same few packs
def _pack_uid(pack: str) -> UUID:
    return uuid5(_PACKS, pack)


def card_uid(note: UUID, side: str) -> UUID:
    """Identity of one side of a note (see `studyapp.notes.card`)."""
    return uuid5(note, side)
