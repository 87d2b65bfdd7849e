"""Find notes by their words, however they are written."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, select

from studyapp.notes.card import uncovered, written_out
from studyapp.store import owner, tables

note = tables.note.c
chapter = tables.chapter.c
variant = tables.variant.c

# Combining classes below are no accents but parts of a letter: が is another one than か.
_ACCENTS_FROM = 10


@dataclass(frozen=True, slots=True)
class Found:
    """One note that has all the words. `front` (what the question says below its heading),
    `answer` and `points` are its Markdown."""

    note: int
    prompt: str
    front: str
    answer: str
    points: tuple[str, ...]
    synonyms: tuple[str, ...]
    chapter: int | None  # its number; None of a deck
    kind: str

    @property
    def text(self) -> str:
        """All of it as Markdown."""
        return written_out(self.prompt, self.front, self.answer, self.points, self.synonyms)


@dataclass(frozen=True, slots=True)
class _Case:
    """A note, or one of its variants, with its words as they are compared."""

    found: Found
    question: str
    rest: str

    def has(self, wanted: Sequence[str]) -> bool:
        return all(word in self.question or word in self.rest for word in wanted)


@dataclass(frozen=True, slots=True)
class Index:
    """What a learner can find: the words of all notes that they see, in book order."""

    _notes: tuple[_Case, ...] = ()
    _variants: dict[int, list[_Case]] = field(default_factory=dict)

    def find(self, words: str, *, limit: int = 50) -> list[Found]:
        """Notes that contain every word of *words* in question, synonyms, answer, points, id or
        tags, whatever their case and accents; those with a hit in the question first, then in book
        order, then those of which only a variant has them: it is what is shown of these. No words
        find nothing."""
        wanted = folded(words).split()
        if not wanted:
            return []
        asked, answered, varied = list[Found](), list[Found](), list[Found]()
        for case in self._notes:
            if case.has(wanted):
                in_question = all(word in case.question for word in wanted)
                (asked if in_question else answered).append(case.found)
            else:
                others = self._variants.get(case.found.note, ())
                varied += [one.found for one in others if one.has(wanted)][:1]
        return [*asked, *answered, *varied][:limit]


def read(connection: Connection, *, learner: int) -> Index:
    """The words of all notes that the learner sees."""
    visible = (note.missing_since.is_(None), owner.visible(note, learner=learner))
    own = (note.name, note.tags, note.synonyms, chapter.number, note.kind)
    rows = connection.execute(
        select(note.id, note.prompt, note.front, note.answer, note.points, *own)
        .join(tables.chapter, chapter.id == note.chapter_id)
        .where(*visible)
        .order_by(*tables.IN_ORDER, note.path, note.line)
    ).all()
    notes = {row.id: row for row in rows}
    cases = connection.execute(
        select(variant.note_id, variant.prompt, variant.front, variant.answer, variant.points)
        .join(tables.note, note.id == variant.note_id)
        .where(*visible)
        .order_by(variant.note_id, variant.position)
    ).all()
    variants: dict[int, list[_Case]] = {}
    for row in cases:
        if row.note_id in notes:  # a sync may have come in between
            variants.setdefault(row.note_id, []).append(_case(row, notes[row.note_id]))
    return Index(tuple(_case(row, row) for row in rows), variants)


def find(connection: Connection, words: str, *, limit: int = 50, learner: int) -> list[Found]:
    """What `Index.find` finds now."""
    return read(connection, learner=learner).find(words, limit=limit)


def folded(text: str) -> str:
    """*text* as it is compared: without case and accents, one form for what Unicode has several
    of."""
    if text.isascii():
        return text.lower()
    parts = unicodedata.normalize("NFKD", text.casefold())
    return "".join(one for one in parts if unicodedata.combining(one) < _ACCENTS_FROM).casefold()


def _case(text: Row[Any], of: Row[Any]) -> _Case:
    """The words of the row *text*, which is the note *of* or a variant of it."""
    points = tuple(str(point["text"]) for point in text.points)
    front, answer = text.front or "", uncovered(text.answer)
    synonyms = tuple(of.synonyms)
    found = Found(of.id, text.prompt, front, answer, points, synonyms, of.number, of.kind)
    question, rest = [text.prompt, front], [answer, *points]
    if text is of:
        question += synonyms
        rest += [of.name, *of.tags]
    return _Case(found, folded("\n".join(question)), folded("\n".join(rest)))
