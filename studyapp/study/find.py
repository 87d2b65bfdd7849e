"""Find notes by their words, however they are written."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import Connection, String, cast, select

from studyapp.notes.card import uncovered, written_out
from studyapp.store import owner, tables

note = tables.note.c
chapter = tables.chapter.c
variant = tables.variant.c

# Combining classes below are no accents but parts of a letter: が is another one than か.
LIMIT = 50  # notes that a search shows
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


class _Case(NamedTuple):
    """A note, or one of its variants, with its words as they are compared."""

    text: Any  # the row of the note or the variant
    of: Any  # the row of the note
    question: str
    rest: str

    def has(self, wanted: Sequence[str]) -> bool:
        return all(word in self.question or word in self.rest for word in wanted)

    def found(self) -> Found:
        return Found(
            self.of.id,
            self.text.prompt,
            self.text.front or "",
            uncovered(self.text.answer),
            tuple(_points(self.text.points)),
            tuple(_list(self.of.synonyms)),
            self.of.number,
            self.of.kind,
        )


@dataclass(frozen=True, slots=True)
class Index:
    """What a learner can find: the words of all notes that they see, in book order."""

    _notes: Sequence[_Case] = ()
    _variants: Mapping[int, Sequence[_Case]] = field(default_factory=dict)  # by id of the note

    def find(self, words: str, *, limit: int = LIMIT) -> list[Found]:
        """Notes that contain every word of *words* in question, synonyms, answer, points, id or
        tags, whatever their case and accents; those with a hit in the question first, then those
        that have them as words of their own, then in book order, then those of which only a variant
        has them: it is what is shown of these. No words find nothing."""
        wanted = folded(words).split()
        if not wanted:
            return []
        asked, answered, varied = list[_Case](), list[_Case](), list[_Case]()
        for case in self._notes:
            if case.has(wanted):
                in_question = all(word in case.question for word in wanted)
                (asked if in_question else answered).append(case)
            else:
                others = self._variants.get(case.of.id, ())
                varied += [one for one in others if one.has(wanted)][:1]
        whole = [re.compile(rf"(?<!\w){re.escape(word)}(?!\w)") for word in wanted]
        asked.sort(key=lambda case: _parts(whole, case.question))
        for cases in (answered, varied):
            cases.sort(key=lambda case: _parts(whole, f"{case.question}\n{case.rest}"))
        return [case.found() for case in [*asked, *answered, *varied][:limit]]


def read(connection: Connection, *, learner: int) -> Index:
    """The words of all notes that the learner sees."""
    visible = (note.missing_since.is_(None), owner.visible(note, learner=learner))
    rows = connection.execute(
        select(
            note.id,
            note.prompt,
            note.front,
            note.answer,
            _raw(note.points),
            _raw(note.synonyms),
            _raw(note.tags),
            note.name,
            note.kind,
            chapter.number,
        )
        .join(tables.chapter, chapter.id == note.chapter_id)
        .where(*visible)
        .order_by(*tables.IN_ORDER, note.path, note.line)
    ).all()
    notes = {row.id: row for row in rows}
    cases = connection.execute(
        select(
            variant.note_id,
            variant.prompt,
            variant.front,
            variant.answer,
            _raw(variant.points),
        )
        .join(tables.note, note.id == variant.note_id)
        .where(*visible)
        .order_by(variant.note_id, variant.position)
    ).all()
    variants: dict[int, list[_Case]] = {}
    for row in cases:
        if row.note_id in notes:  # a sync may have come in between
            variants.setdefault(row.note_id, []).append(_case(row, notes[row.note_id]))
    return Index([_case(row, row) for row in rows], variants)


def find(connection: Connection, words: str, *, limit: int = LIMIT, learner: int) -> list[Found]:
    """What `Index.find` finds now."""
    return read(connection, learner=learner).find(words, limit=limit)


def _parts(words: Sequence[re.Pattern[str]], text: str) -> int:
    """How many of the words stand in *text* only as parts of others."""
    return sum(word.search(text) is None for word in words)


def folded(text: str) -> str:
    """*text* as it is compared: without case and accents, one form for what Unicode has several
    of."""
    if text.isascii():
        return text.lower()
    parts = unicodedata.normalize("NFKD", text.casefold())
    return "".join(one for one in parts if unicodedata.combining(one) < _ACCENTS_FROM).casefold()


def _case(text: Any, of: Any) -> _Case:
    """The words of the row *text*, which is the note *of* or a variant of it."""
    question = [text.prompt, text.front or ""]
    rest = [uncovered(text.answer), *_points(text.points)]
    if text is of:
        question += _list(of.synonyms)
        rest += [of.name, *_list(of.tags)]
    return _Case(text, of, folded("\n".join(question)), folded("\n".join(rest)))


def _raw(column: Any) -> Any:
    """A column of JSON as text: most of these lists are empty, and to decode them all was half of
    the time that it takes to read the words."""
    return cast(column, String).label(column.name)


def _list(raw: str) -> list[Any]:
    return [] if raw == "[]" else list(json.loads(raw))


def _points(raw: str) -> list[str]:
    return [str(point["text"]) for point in _list(raw)]
