"""What lets a card in: the learner has started its chapter, or its section."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, exists, or_, select

from studyapp.store import tables

card = tables.card.c
chapter = tables.chapter.c
section = tables.section.c


def let_in(
    chapter_id: ColumnElement[int], section_id: ColumnElement[Any], *, learner: int
) -> ColumnElement[bool]:
    """Condition on columns of the enclosing query: cards of that chapter and section are let in."""
    whole = tables.chapter_progress.alias("started_chapter").c
    part = tables.section_progress.alias("started_section").c
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
    )


def is_let_in(connection: Connection, card_id: int, *, learner: int) -> bool:
    """Whether a card has been let in."""
    found = select(card.id).where(
        card.id == card_id, let_in(card.chapter_id, card.section_id, learner=learner)
    )
    return connection.scalar(found) is not None


def is_started(connection: Connection, chapter_id: int, *, learner: int) -> bool:
    """Whether anything of a chapter is let in: all of it, or a section."""
    found = (
        select(chapter.id)
        .outerjoin(tables.section, section.chapter_id == chapter.id)
        .where(chapter.id == chapter_id, let_in(chapter.id, section.id, learner=learner))
        .limit(1)
    )
    return connection.scalar(found) is not None
