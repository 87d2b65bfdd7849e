"""Cards that were met: those that are due, and what else of them a day may ask."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import date
from itertools import chain

from sqlalchemy import ColumnElement, Connection, Select, or_, select

from studyapp.memory.scheduler import Parameters
from studyapp.memory.state import State
from studyapp.store import owner, tables
from studyapp.study.exam import Exam
from studyapp.study.family import TOLD_APART, term_of
from studyapp.study.pause import paused
from studyapp.study.pile import Item

memory = tables.memory.c
card = tables.card.c


def due_items(
    connection: Connection,
    today: date,
    parameters: Parameters,
    chapter_id: int | None,
    also: Collection[int],
    *,
    learner: int,
) -> Iterator[Item]:
    """Cards in learning or review that are due today or earlier, steps later today included."""
    conditions = [memory.due <= today]
    if also:
        conditions = [or_(memory.due <= today, memory.card_id.in_(also))]
    if chapter_id is not None:
        conditions.append(card.chapter_id == chapter_id)
    return rated_items(connection, today, parameters, *conditions, learner=learner)


def spare_items(
    connection: Connection,
    today: date,
    parameters: Parameters,
    chapter_id: int | None,
    planned: Exam,
    *,
    learner: int,
) -> list[Item]:
    """What an exam is about and is not due, the least likely to be remembered first."""
    conditions = [memory.due > today, memory.last_day < today, *of_chapters(planned.chapters)]
    if chapter_id is not None:
        conditions.append(card.chapter_id == chapter_id)
    known = rated_items(connection, today, parameters, *conditions, learner=learner)
    return sorted(
        (replace(item, spare=True) for item in known), key=lambda item: item.retrievability
    )


def rated_items(
    connection: Connection,
    today: date,
    parameters: Parameters,
    *conditions: ColumnElement[bool],
    learner: int,
) -> Iterator[Item]:
    """Cards that have been rated and are neither suspended, buried nor paused."""
    rows = connection.execute(
        select(
            memory.card_id,
            card.family,
            card.chapter_id,
            memory.state,
            memory.due_at,
            memory.stability,
            memory.last_day,
            *TOLD_APART,
        )
        .join(tables.card, card.id == memory.card_id)
        .where(
            memory.learner_id == learner,
            memory.state != State.NEW,
            *conditions,
            *is_open(today, paused(connection, learner=learner), learner=learner),
        )
        .execution_options(yield_per=500)
    )
    every = chain.from_iterable(rows.partitions())  # row by row takes longer
    for card_id, family, of_chapter, state, due_at, stability, last_day, *apart in every:
        if last_day is None or stability is None:
            continue  # only a rated card has a due date
        yield Item(
            card_id,
            family,
            of_chapter,
            State(state),
            due_at,
            parameters.forgetting_curve(stability, last_day, today),
            last_day == today,
            term_of(today, *apart),
        )


def families_due(connection: Connection, today: date, *, learner: int) -> Select[str]:
    """The families of which a card is due today, or waits for time."""
    return (
        select(card.family)
        .join(tables.memory, memory.card_id == card.id)
        .where(
            memory.learner_id == learner,
            memory.state != State.NEW,
            memory.due <= today,
            *is_open(today, paused(connection, learner=learner), learner=learner),
        )
    )


def in_use(held: Collection[int], *, learner: int) -> tuple[ColumnElement[bool], ...]:
    """Conditions on a card with a memory: not suspended, of none of the chapters *held* by a pause,
    text still there, the learner's to see."""
    return (
        memory.suspended.is_(False),
        *of_others(held),
        card.missing_since.is_(None),
        owner.theirs(card, learner=learner),
    )


def is_open(today: date, held: Collection[int], *, learner: int) -> tuple[ColumnElement[bool], ...]:
    """Conditions: in use, and not buried."""
    return (
        *in_use(held, learner=learner),
        or_(memory.buried_until.is_(None), memory.buried_until <= today),
    )


def of_others(held: Collection[int]) -> list[ColumnElement[bool]]:
    """The condition that a card is of another chapter than those that are *held*."""
    return [card.chapter_id.not_in(list(held))] if held else []


def of_chapters(chapters: Collection[int] | None) -> list[ColumnElement[bool]]:
    """The condition that a card is of one of these chapters, if an exam names some."""
    return [] if chapters is None else [card.chapter_id.in_(chapters)]
