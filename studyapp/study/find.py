"""Find notes by their words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from unicodedata import normalize

from sqlalchemy import ColumnElement, Connection, and_, func, not_, or_, select

from studyapp.notes.card import uncovered
from studyapp.notes.note import CardStyle
from studyapp.store import owner, tables

note = tables.note.c
chapter = tables.chapter.c
variant = tables.variant.c

# What is null would be neither found nor not.
_FRONT = func.coalesce(note.front, "")
_CASE_FRONT = func.coalesce(variant.front, "")


@dataclass(frozen=True, slots=True)
class Found:
    """One note that has all the words. `front` (what the question says below its heading) and
    `answer` are its Markdown."""

    note: int
    prompt: str
    front: str
    answer: str
    chapter: int | None  # its number; None of a deck
    kind: str


def find(connection: Connection, words: str, *, limit: int = 50, learner: int) -> list[Found]:
    """Notes that contain every word of *words* in question, answer or id, whatever their case and
    form of Unicode; those with a hit in the question first, then in book order, then those of
    which only a variant has them: it is what is shown of these. No words find nothing."""
    wanted = normalize("NFC", words).split()
    if not wanted:
        return []
    anywhere = _have(wanted, note.prompt, _FRONT, note.answer, note.name)
    visible = (note.missing_since.is_(None), owner.visible(note, learner=learner))
    columns = (chapter.number, note.kind, note.style)
    rows = connection.execute(
        select(note.id, note.prompt, _FRONT, note.answer, *columns)
        .join(tables.chapter, chapter.id == note.chapter_id)
        .where(anywhere, *visible)
        .order_by(_have(wanted, note.prompt, _FRONT).desc(), *tables.IN_ORDER, note.path, note.line)
        .limit(limit)
    ).all()
    others = connection.execute(
        select(note.id, variant.prompt, _CASE_FRONT, variant.answer, *columns)
        .join(tables.chapter, chapter.id == note.chapter_id)
        .join(tables.variant, variant.note_id == note.id)
        .where(_have(wanted, variant.prompt, _CASE_FRONT, variant.answer), not_(anywhere), *visible)
        .order_by(*tables.IN_ORDER, note.path, note.line, variant.position)
    )
    first = {row.id: row for row in reversed(others.all())}
    return [
        Found(
            found,
            prompt,
            front or "",
            uncovered(answer) if style == CardStyle.CLOZE else answer,
            number,
            kind,
        )
        for found, prompt, front, answer, number, kind, style in [*rows, *reversed(first.values())][
            :limit
        ]
    ]


def _have(wanted: Sequence[str], *texts: Any) -> ColumnElement[bool]:
    """Whether the texts have all these words between them."""
    return and_(*(or_(*(_contains(text, word) for text in texts)) for word in wanted))


def _contains(text: Any, word: str) -> ColumnElement[bool]:
    """SQLite knows the case of ASCII letters alone, so a word is looked for in each."""
    forms = {word, word.lower(), word.upper(), word.capitalize()}
    return or_(*(text.icontains(form, autoescape=True) for form in sorted(forms)))
