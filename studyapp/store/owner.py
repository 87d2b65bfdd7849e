"""Whose content it is: what is installed belongs to all, a learner's own packs to that learner.

A learner's own copy of an installed note has the same uid, and stands for it: what the learner has
logged hangs on the copy while it is there, and on the installed one once it has gone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    delete,
    exists,
    func,
    or_,
    select,
    update,
)

from studyapp.store import tables
from studyapp.store.memory import refold_all

note = tables.note.c
card = tables.card.c
# With their columns, which two threads that are the first to ask for them at once would find half.
_base, _own = tables.note.alias("base").c, tables.note.alias("own").c


@dataclass(frozen=True, slots=True)
class Moved:
    """That a learner's log went from the cards of one note to those of another of the same uid."""

    uid: bytes
    learner: int
    points: list[Any]  # of the note that it came from
    answer: str  # of that note
    cards: dict[str, int]  # ids by side


def visible(column: Any, *, learner: int) -> ColumnElement[bool]:
    """Condition on a note or a card: the learner's, or installed and without a copy of theirs."""
    note_id = column.id if column is note else column.note_id
    return and_(theirs(column, learner=learner), note_id.not_in(_copied(learner=learner)))


def visible_of_all(*, learner: int) -> ColumnElement[bool]:
    """The same of a note, for a query that looks through most notes: SQLite, which does not know
    how many there are, would look each up in an index of learners."""
    whose = func.coalesce(note.learner_id, learner)
    return and_(whose == learner, note.id.not_in(_copied(learner=learner)))


def _copied(*, learner: int) -> Select[int]:
    """The installed notes of which the learner has a copy."""
    return (
        select(_base.id)
        .join(_own.uid.table, _own.uid == _base.uid)
        .where(
            _own.learner_id == learner,
            _own.missing_since.is_(None),
            _base.learner_id.is_(None),
        )
    )


def theirs(column: Any, *, learner: int) -> ColumnElement[bool]:
    """Condition on content: installed, or the learner's own."""
    return or_(column.learner_id.is_(None), column.learner_id == learner)


def written(*, learner: int) -> ColumnElement[bool]:
    """Condition on a card: of a note that the learner wrote, and that no pack has."""
    installed = tables.card.alias("installed").c
    return and_(
        card.learner_id == learner,
        ~exists().where(installed.uid == card.uid, installed.learner_id.is_(None)),
    )


def claim(connection: Connection, home: Path, *, learner: int) -> None:
    """Give a learner what was read from below *home* when content had no owner yet."""
    for table in (tables.note, tables.section):
        column = table.c
        unowned = [column.learner_id.is_(None)]
        if table is tables.note:
            unowned.append(note.root_id.is_(None))  # before the path: compared first
        below = column.path.startswith(f"{home}/", autoescape=True)
        connection.execute(update(table).where(*unowned, below).values(learner_id=learner))
    mine = select(note.id).where(note.learner_id == learner)
    connection.execute(
        update(tables.card)
        .where(card.learner_id.is_(None), card.note_id.in_(mine))
        .values(learner_id=learner)
    )


def settle(connection: Connection) -> Iterator[Moved]:
    """Have each learner's log hang on the cards that they see; yields what was moved."""
    copies = select(note.uid).where(note.learner_id.is_not(None))
    versions: dict[bytes, list[Any]] = {}
    for row in connection.execute(
        select(note.id, note.uid, note.learner_id, note.missing_since, note.points, note.answer)
        .where(note.uid.in_(copies))
        .order_by(note.learner_id)
    ):
        versions.setdefault(row.uid, []).append(row)
    learners = connection.scalars(select(tables.learner.c.id)).all()
    for uid, rows in versions.items():
        for learner in learners if len(rows) > 1 else ():
            seen = _seen(rows, learner=learner)
            for row in rows:
                if seen is not None and row is not seen:
                    cards = _move(connection, row.id, seen.id, learner=learner)
                    if cards:
                        yield Moved(uid, learner, row.points, row.answer, cards)


def _seen(rows: list[Any], *, learner: int) -> Any:
    """The version of a note that a learner sees."""
    own = next((row for row in rows if row.learner_id == learner), None)
    installed = next((row for row in rows if row.learner_id is None), None)
    return own if own is not None and own.missing_since is None else installed or own


def _move(connection: Connection, source: int, target: int, *, learner: int) -> dict[str, int]:
    """Move what a learner has at one note to another; returns the cards that it came to."""
    for table in (tables.response, tables.attempt):
        connection.execute(
            update(table)
            .where(table.c.note_id == source, table.c.learner_id == learner)
            .values(note_id=target)
        )
    query = select(card.side, card.id).where(card.note_id.in_((source, target)))
    former = dict(connection.execute(query.where(card.note_id == source)).all())
    moved = {}
    for side, card_id in connection.execute(query.where(card.note_id == target)).all():
        if side in former and _move_card(connection, former[side], card_id, learner=learner):
            moved[side] = card_id
    return moved


def _move_card(connection: Connection, source: int, target: int, *, learner: int) -> bool:
    found = False
    for table in (tables.review, tables.event, tables.prediction):
        changed = connection.execute(
            update(table)
            .where(table.c.card_id == source, table.c.learner_id == learner)
            .values(card_id=target)
        )
        found = found or bool(changed.rowcount)
    if found:
        memory = tables.memory.c
        connection.execute(
            delete(tables.memory).where(memory.card_id == source, memory.learner_id == learner)
        )
        refold_all(connection, [target], learner=learner)
    return found
