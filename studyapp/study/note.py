"""A note with its cards: what it says, and how each of them stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from sqlalchemy import Connection, select

from studyapp.notes.card import written_out
from studyapp.notes.note import chapter_title
from studyapp.store import owner, tables
from studyapp.study import aside
from studyapp.study.card import CardView, as_note, load, read_variants
from studyapp.study.chapter import namesakes
from studyapp.study.pause import paused

card = tables.card.c
chapter = tables.chapter.c
note = tables.note.c


@dataclass(frozen=True, slots=True)
class NoteView:
    """A note as a screen needs it. `text` is Markdown, with its other cases below; a note to do has
    no cards."""

    note: int  # its id
    text: str
    place: str
    path: Path
    source: str
    cards: tuple[CardView, ...]
    marked: frozenset[int]  # ids of the cards that are marked to be mended
    paused: date | None  # since when its chapter is

    def told(
        self, view: CardView, now: datetime, held: Mapping[int, str], *, leech_lapses: int
    ) -> str:
        """How one of its cards stands, in words."""
        marked = view.id in self.marked
        why = aside.why(view.memory, now, marked=marked, leech_lapses=leech_lapses)
        return aside.told(view.memory, why, now, self.paused, held.get(view.id))


def of_card(connection: Connection, card_id: int) -> int:
    """The note that a card is of."""
    return connection.execute(select(card.note_id).where(card.id == card_id)).scalar_one()


def read(connection: Connection, note_id: int, *, learner: int) -> NoteView | None:
    """The note with this id or, once there is a copy of the learner's own, that; None of one that
    has gone."""
    named = select(note.uid).where(note.id == note_id).scalar_subquery()
    row = connection.execute(
        select(tables.note, chapter.number.label("chapter"), chapter.title)
        .join(tables.chapter, chapter.id == note.chapter_id)
        .where(
            note.uid == named,
            note.missing_since.is_(None),
            owner.visible(note, learner=learner),
        )
    ).one_or_none()
    if row is None:
        return None
    text = as_note(row, read_variants(connection, [row.id]).get(row.id, ()))
    cases = [text, *(text.shown(one.key) for one in text.variants)]
    written = [
        written_out(
            one.prompt,
            one.front,
            one.answer,
            (point.text for point in one.points),
            one.synonyms,
        )
        for one in cases
    ]
    ids = connection.scalars(
        select(card.id)
        .where(card.note_id == row.id, card.missing_since.is_(None))
        .order_by(card.position, card.uid)
    ).all()
    return NoteView(
        row.id,
        "\n\n---\n\n".join(written),
        chapter_title(
            row.chapter,
            row.title,
            pack=namesakes(connection, learner=learner).get(row.chapter_id),
        ),
        text.path,
        f"{text.path.parent.name}/{text.path.name}:{text.line}",
        tuple(load(connection, one, learner=learner) for one in ids),
        frozenset(aside.marked(connection, learner=learner)),
        paused(connection, learner=learner).get(row.chapter_id),
    )
