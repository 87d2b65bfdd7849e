"""Find notes by their words."""

from __future__ import annotations

from dataclasses import dataclass
from unicodedata import normalize

from sqlalchemy import ColumnElement, Connection, and_, or_, select

from studyapp.notes.card import uncovered
from studyapp.notes.note import CardStyle
from studyapp.store import owner, tables

note = tables.note.c
chapter = tables.chapter.c


@dataclass(frozen=True, slots=True)
class Found:
    """One note that has all the words. `answer` is its Markdown."""

    note: int
    prompt: str
    answer: str
    chapter: int | None  # its number; None of a deck
    kind: str


def find(connection: Connection, words: str, *, limit: int = 50, learner: int) -> list[Found]:
    """Notes that contain every word of *words* in question, answer or id, whatever their case and
    form of Unicode; those with a hit in the question first, then in book order. No words find
    nothing."""
    wanted = normalize("NFC", words).split()
    if not wanted:
        return []
    in_prompt = and_(*(_contains(note.prompt, word) for word in wanted))
    anywhere = and_(
        *(
            or_(*(_contains(text, word) for text in (note.prompt, note.answer, note.name)))
            for word in wanted
        )
    )
    rows = connection.execute(
        select(note.id, note.prompt, note.answer, chapter.number, note.kind, note.style)
        .join(tables.chapter, chapter.id == note.chapter_id)
        .where(anywhere, note.missing_since.is_(None), owner.visible(note, learner=learner))
        .order_by(in_prompt.desc(), *tables.IN_ORDER, note.path, note.line)
        .limit(limit)
    )
    return [
        Found(id_, prompt, uncovered(answer) if style == CardStyle.CLOZE else answer, number, kind)
        for id_, prompt, answer, number, kind, style in rows
    ]


def _contains(text: ColumnElement[str], word: str) -> ColumnElement[bool]:
    """SQLite knows the case of ASCII letters alone, so a word is looked for in each."""
    forms = {word, word.lower(), word.upper(), word.capitalize()}
    return or_(*(text.icontains(form, autoescape=True) for form in sorted(forms)))
