"""What asks nearly what is asked here already, of all that a learner has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, select

from studyapp.notes.likeness import Likeness
from studyapp.notes.note import chapter_name
from studyapp.store import owner, tables

note = tables.note.c
chapter = tables.chapter.c


def twins(
    connection: Connection, asked: Sequence[str], *, learner: int, drafts: Sequence[str] = ()
) -> Iterator[str]:
    """For each of the questions *asked* the first note that asks nearly the same, with its place,
    or else the first of the *drafts*; empty if there is none."""
    rows = (
        connection.execute(
            select(note.prompt, chapter.number.label("chapter_number"), chapter.title, chapter.pack)
            .join(tables.chapter, chapter.id == note.chapter_id)
            .where(owner.visible_of_all(learner=learner), note.missing_since.is_(None))
        ).all()
        if asked
        else ()
    )
    alike = Likeness[str]([*(row.prompt for row in rows), *drafts, *asked])
    for row in rows:
        alike.add(row.prompt, asks_here(row))
    for text in drafts:
        alike.add(text, f"{text} (a draft)")
    for text in asked:
        yield next(alike.near(text), "")


def asks_here(row: Any) -> str:
    """What a note asks, with its place: *row* has its pack, the chapter's title, and its number as
    `chapter_number`."""
    return f"{row.prompt} ({chapter_name(row.chapter_number, row.title, row.pack)})"
