"""What lets a card in: its chapter or section was started and it goes no deeper than wanted, or the
learner asked for it.

`let_in`, `meant` and `deeper` are conditions in queries of cards that join the learner's memory of
each, if there is one. *depth* is the setting: how deep new cards go.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, exists, false, func, or_, select

from studyapp.memory.state import Cause, State
from studyapp.notes.note import Depth
from studyapp.store import tables

card = tables.card.c
chapter = tables.chapter.c
memory = tables.memory.c
section = tables.section.c

_BEGUN = or_(
    func.coalesce(memory.state, State.NEW) != State.NEW,
    func.coalesce(memory.cause, "") == Cause.FORGOTTEN,  # new again, as the learner wanted
)


def let_in(depth: str, *, learner: int, also: Collection[int] | None = None) -> ColumnElement[bool]:
    """Condition: the card, if it is new, comes. Chapters of *also* count as started."""
    return or_(
        and_(
            or_(_within(depth), _BEGUN),
            or_(
                card.chapter_id.in_(also or ()),
                started(card.chapter_id, card.section_id, learner=learner),
            ),
        ),
        memory.asked.is_(True),
    )


def meant(depth: str) -> ColumnElement[bool]:
    """Condition: the card is one that the learner is to know, once its chapter is started; what
    there is to learn is counted in these."""
    return or_(_within(depth), _BEGUN, memory.asked.is_(True))


def deeper(depth: str) -> ColumnElement[bool]:
    """Condition: the card is new and comes only when it is asked for, be that done or not. One that
    is suspended does not come then either."""
    suspended = func.coalesce(memory.suspended, false())
    return and_(~_within(depth), card.depth.is_not(None), ~_BEGUN, ~suspended)


def _within(depth: str) -> ColumnElement[bool]:
    order = list(Depth)
    return card.depth.in_(order[: order.index(Depth(depth)) + 1])


def started(
    chapter_id: ColumnElement[int], section_id: ColumnElement[Any], *, learner: int
) -> ColumnElement[bool]:
    """Condition on columns of the enclosing query: that chapter, or section, was started; of no
    section, that anything of the chapter was."""
    whole = tables.chapter_progress.alias("started_chapter").c
    part = tables.section_progress.alias("started_section").c
    some = tables.section_progress.alias("started_some").c
    of = tables.section.alias("of_some").c
    return or_(
        exists().where(
            whole.chapter_id == chapter_id,
            whole.learner_id == learner,
            whole.started_at.is_not(None),
        ),
        exists().where(
            part.section_id == section_id,
            part.learner_id == learner,
            part.started_at.is_not(None),
        ),
        and_(
            section_id.is_(None),
            exists().where(
                of.chapter_id == chapter_id,
                some.section_id == of.id,
                some.learner_id == learner,
                some.started_at.is_not(None),
            ),
        ),
    )


def is_let_in(connection: Connection, card_id: int, *, depth: str, learner: int) -> bool:
    """Whether a card comes if it is new."""
    return _meets(connection, card_id, let_in(depth, learner=learner), learner=learner)


def is_meant(connection: Connection, card_id: int, *, depth: str, learner: int) -> bool:
    """Whether a card is one that the learner is to know."""
    return _meets(connection, card_id, meant(depth), learner=learner)


def _meets(
    connection: Connection, card_id: int, condition: ColumnElement[bool], *, learner: int
) -> bool:
    found = (
        select(card.id)
        .outerjoin(tables.memory, and_(memory.card_id == card.id, memory.learner_id == learner))
        .where(card.id == card_id, condition)
    )
    return connection.scalar(found) is not None


def is_started(connection: Connection, chapter_id: int, *, learner: int) -> bool:
    """Whether anything of a chapter was started: all of it, or a section."""
    found = (
        select(chapter.id)
        .outerjoin(tables.section, section.chapter_id == chapter.id)
        .where(chapter.id == chapter_id, started(chapter.id, section.id, learner=learner))
        .limit(1)
    )
    return connection.scalar(found) is not None
