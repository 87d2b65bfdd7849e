"""Ask for cards that go deeper than new cards do by themselves, and take it back."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, and_, select

from studyapp.memory.fold import EventKind
from studyapp.store import log, owner, tables
from studyapp.study import words
from studyapp.study.admission import deeper
from studyapp.study.desk import Desk
from studyapp.study.pause import paused

card = tables.card.c
memory = tables.memory.c


@dataclass(frozen=True, slots=True)
class Deeper:
    """Ids of new cards that come only when they are asked for: those that wait, and those asked
    for; `paused` with their chapter or not."""

    waiting: tuple[int, ...] = ()
    asked: tuple[int, ...] = ()
    paused: bool = False

    def __bool__(self) -> bool:
        return bool(self.waiting or self.asked)


def of_note(note_id: int) -> ColumnElement[bool]:
    return card.note_id == note_id


def of_section(section_id: int) -> ColumnElement[bool]:
    return card.section_id == section_id


def of_chapter(chapter_id: int) -> ColumnElement[bool]:
    return card.chapter_id == chapter_id


def find(connection: Connection, where: ColumnElement[bool], *, depth: str, learner: int) -> Deeper:
    """The deeper cards of a note, a section or a chapter, in book order."""
    rows = connection.execute(
        select(card.id, card.chapter_id, memory.asked)
        .outerjoin(tables.memory, and_(memory.card_id == card.id, memory.learner_id == learner))
        .where(
            where,
            deeper(depth),
            card.missing_since.is_(None),
            owner.visible(card, learner=learner),
        )
        .order_by(card.position)
    ).all()
    held = paused(connection, learner=learner) if rows else {}
    return Deeper(
        tuple(row.id for row in rows if not row.asked),
        tuple(row.id for row in rows if row.asked),
        bool(held) and all(row.chapter_id in held for row in rows),
    )


def ask(desk: Desk, where: ColumnElement[bool]) -> Deeper:
    """Ask for the deeper cards that wait or, if none does, take back what was asked for; returns
    them as they are then. It is one action, which is undone as one."""
    now, learner, depth = desk.now(), desk.learner, desk.settings.depth
    with desk.writing() as connection:
        found = find(connection, where, depth=depth, learner=learner)
        kind = EventKind.ASK if found.waiting else EventKind.UNASK
        cards = dict.fromkeys(found.waiting or found.asked)
        log.log_each(connection, kind, now, cards, learner=learner)
        return find(connection, where, depth=depth, learner=learner)


def told(found: Deeper) -> str:
    """What an `ask` has come to, as the learner reads it."""
    if found.asked:
        cards = words.count(len(found.asked), "new card")
        when = "once the chapter goes on" if found.paused else "within the day's limits"
        return f"Asked for: {cards}, {when}."
    return f"{words.count(len(found.waiting), 'card')} asked for no longer."
