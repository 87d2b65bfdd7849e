"""Find notes by their words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select

from studyapp.store import owner, tables

note = tables.note.c
chapter = tables.chapter.c

_FRONT = func.coalesce(note.front, "")  # what is null would be neither found nor not


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
    """Notes that contain every word of *words* in question, answer or tags; those with a hit in
    the question first, then in book order. No words find nothing."""
    wanted = words.split()
    if not wanted:
        return []
    in_question = and_(*(_in(word, note.prompt, _FRONT) for word in wanted))
    anywhere = and_(*(_in(word, note.prompt, _FRONT, note.answer, note.name) for word in wanted))
    rows = connection.execute(
        select(note.id, note.prompt, note.front, note.answer, chapter.number, note.kind)
        .join(tables.chapter, chapter.id == note.chapter_id)
        .where(anywhere, note.missing_since.is_(None), owner.visible(note, learner=learner))
        .order_by(in_question.desc(), *tables.IN_ORDER, note.path, note.line)
        .limit(limit)
    )
    return [
        Found(found, prompt, front or "", answer, number, kind)
        for found, prompt, front, answer, number, kind in rows
    ]


def _in(word: str, *columns: Any) -> ColumnElement[bool]:
    return or_(*(column.icontains(word, autoescape=True) for column in columns))
