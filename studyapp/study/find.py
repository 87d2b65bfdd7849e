"""Find notes by their words."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, and_, or_, select

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
    """Notes that contain every word of *words* in question, answer or tags; those with a hit in
    the question first, then in book order. No words find nothing."""
    wanted = words.split()
    if not wanted:
        return []
    in_prompt = and_(*(note.prompt.icontains(word, autoescape=True) for word in wanted))
    anywhere = and_(
        *(
            or_(
                note.prompt.icontains(word, autoescape=True),
                note.answer.icontains(word, autoescape=True),
                note.name.icontains(word, autoescape=True),
            )
            for word in wanted
        )
    )
    rows = connection.execute(
        select(note.id, note.prompt, note.answer, chapter.number, note.kind)
        .join(tables.chapter, chapter.id == note.chapter_id)
        .where(anywhere, note.missing_since.is_(None), owner.visible(note, learner=learner))
        .order_by(in_prompt.desc(), *tables.IN_ORDER, note.path, note.line)
        .limit(limit)
    )
    return [Found(*row) for row in rows]
