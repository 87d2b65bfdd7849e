"""Installed notes that say something else than when the learner met them: told once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, delete, select

from studyapp.notes.note import chapter_title
from studyapp.store import owner, tables

chapter = tables.chapter.c
note = tables.note.c
rewording = tables.rewording.c


@dataclass(frozen=True, slots=True)
class Reworded:
    """A note that an upgrade has changed."""

    note: int  # its id
    prompt: str
    place: str


def untold(connection: Connection, *, learner: int) -> tuple[Reworded, ...]:
    """The changed notes of which the learner has not been told, in book order; one that is no
    longer there, or has a copy of their own, is none."""
    rows = connection.execute(
        select(note.id, note.prompt, chapter.number, chapter.title)
        .join(tables.rewording, rewording.note_id == note.id)
        .join(tables.chapter, chapter.id == note.chapter_id)
        .where(
            rewording.learner_id == learner,
            note.missing_since.is_(None),
            owner.visible(note, learner=learner),
        )
        .order_by(*tables.IN_ORDER, note.path, note.line)
    )
    return tuple(Reworded(row.id, row.prompt, chapter_title(row.number, row.title)) for row in rows)


def tell(connection: Connection, told: Iterable[Reworded], *, learner: int) -> None:
    """The learner has been told of these, and is not again."""
    connection.execute(
        delete(tables.rewording).where(
            rewording.learner_id == learner, rewording.note_id.in_([one.note for one in told])
        )
    )
