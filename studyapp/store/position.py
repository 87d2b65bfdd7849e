"""Where notes and their cards stand in the book, a learner's own between those that are there."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, func, select

from studyapp.notes.card import MEANING_TO_TERM, sides
from studyapp.notes.note import ContentFile, Note, NoteKind, chapter_place
from studyapp.store import tables
from studyapp.store.source import Source, rows_of, stands

_STRIDE = 1000  # between the positions of two installed cards there is room for own ones


@dataclass(frozen=True, slots=True)
class Planned:
    """A note that is to be written: as it was read, its row and its cards as they are kept, and the
    place in the book and the depth of each side that it has now."""

    uid: bytes
    page: ContentFile
    note: Note
    row: Any  # None: a new one
    cards: Mapping[str, Any]
    sides: Mapping[str, tuple[int, str | None]]


def plan(connection: Connection, source: Source, kept: Mapping[bytes, Any]) -> Iterator[Planned]:
    """One owner's notes in book order, an own one between those that stand."""
    cards: dict[int, dict[str, Any]] = {}
    for made in connection.execute(rows_of(tables.card, source.owner)):
        cards.setdefault(made.note_id, {})[made.side] = made
    position = 0
    step = _STRIDE if source.owner is None else 1
    in_order: list[tuple[Any, _Standing | bytes]] = [
        (one.place, one) for one in _standing(connection, source)
    ]
    for uid, (page, note) in source.notes.items():
        in_order.append((_place(page.pack, page.chapter, page.title, note), uid))
    for _, one in sorted(in_order, key=itemgetter(0)):
        if isinstance(one, _Standing):
            position = position if one.end is None else one.end
            continue
        page, note = source.notes[one]
        row = kept.get(one)
        theirs = {} if row is None else cards.get(row.id, {})
        sides = dict[str, tuple[int, str | None]]()
        for side, depth in _depths(note, theirs).items():
            position += step
            sides[side] = (position, depth)
        yield Planned(one, page, note, row, theirs, sides)


def _depths(note: Note, kept: Collection[str]) -> dict[str, str | None]:
    """The sides that a note has, with their depths."""
    depths: dict[str, str | None] = dict.fromkeys(sides(note), note.depth.value)
    if note.kind is NoteKind.TERM and not note.reverse and MEANING_TO_TERM in kept:
        depths[MEANING_TO_TERM] = None  # who has begun it goes on with it
    return depths


@dataclass(frozen=True, slots=True)
class _Standing:
    """What is there whatever is written now: where in the book, and where its cards end."""

    place: tuple[Any, ...]
    end: int | None  # None: it has no card


def _standing(connection: Connection, source: Source) -> list[_Standing]:
    """What the notes of *source* go between: for an own one the installed ones of its chapter, and
    those of the learner's own that were not read; of other chapters their ends are enough."""
    if source.owner is None:
        return []
    note, card, chapter = tables.note.c, tables.card.c, tables.chapter.c
    places = {
        row.id: (row.pack, chapter_place(row.number, row.title))
        for row in connection.execute(select(tables.chapter))
    }
    theirs = {
        (page.pack, chapter_place(page.chapter, page.title)) for page, _ in source.notes.values()
    }
    near = [one for one, place in places.items() if place in theirs]
    end = select(func.max(card.position)).where(
        card.note_id == note.id, card.missing_since.is_(None)
    )
    rows = connection.execute(
        select(note.section, note.kind, note.path, note.line)
        .add_columns(chapter.pack, chapter.number, chapter.title)
        .add_columns(end.scalar_subquery().label("end"))
        .join(tables.chapter, chapter.id == note.chapter_id)
        .where(*stands(source), note.chapter_id.in_(near))
    )
    among = [_Standing(_place(row.pack, row.number, row.title, row), row.end) for row in rows]
    last = (  # looked for from the end of each chapter: to compare all its cards takes long
        select(card.position)
        .join(tables.note, note.id == card.note_id)
        .where(card.chapter_id == chapter.id, card.missing_since.is_(None), *stands(source))
        .order_by(card.position.desc())
        .limit(1)
    ).scalar_subquery()
    ends = connection.execute(select(chapter.id, last).where(chapter.id.not_in(near)))
    far = (_Standing((*places[one], (math.inf,)), end) for one, end in ends if end is not None)
    return [*among, *far]


def _place(pack: str, chapter: int | None, title: str, note: Any) -> tuple[Any, ...]:
    """Book order, of a note or of its row: by chapter and section; a term comes before the
    questions that use it."""
    section = tuple(int(part) for part in (note.section or f"{chapter or 0}.0").split("."))
    term = NoteKind(note.kind) is NoteKind.TERM
    return (pack, chapter_place(chapter, title), section, not term, str(note.path), note.line)
