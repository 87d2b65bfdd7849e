"""New cards: those that are let in, the order in which they come, and how many have come."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import closing
from datetime import date
from itertools import chain, zip_longest
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, case, func, or_, select, union_all

from studyapp.config import Settings
from studyapp.memory.scheduler import UNLOCK_DAYS
from studyapp.memory.state import Cause, State
from studyapp.notes.note import NoteKind, Point
from studyapp.store import owner, tables
from studyapp.study.admission import let_in
from studyapp.study.due import of_chapters, of_others
from studyapp.study.exam import Exam
from studyapp.study.grading import core
from studyapp.study.pause import paused
from studyapp.study.pile import Item

memory = tables.memory.c
card = tables.card.c
chapter = tables.chapter.c
note = tables.note.c


def new_items(
    connection: Connection,
    today: date,
    chapter_id: int | None,
    settings: Settings,
    planned: Exam | None,
    *,
    learner: int,
) -> Generator[Item, None, None]:
    """The new cards that are let in, pack by pack in book order: chapter by chapter, so that no
    more of them are read than are wanted, however many there are."""
    opener = tables.memory.alias("opener").c
    query = (
        all_new(connection, settings, planned, card.id, card.family, learner=learner)
        .outerjoin(
            opener.stability.table,
            and_(opener.card_id == card.opener, opener.learner_id == learner),
        )
        .where(
            or_(memory.buried_until.is_(None), memory.buried_until <= today),
            or_(card.opener.is_(None), opener.stability >= UNLOCK_DAYS),
        )
        .order_by(card.position)
        .execution_options(yield_per=100)
    )
    for one in _in_order(connection, chapter_id, learner=learner):
        with closing(connection.execute(query.where(card.chapter_id == one))) as rows:
            for card_id, family in rows:
                yield Item(card_id, family, one, State.NEW)


def all_new(
    connection: Connection,
    settings: Settings,
    planned: Exam | None,
    *columns: ColumnElement[Any],
    learner: int,
) -> Select[Any]:
    """The new cards that are let in, or that an exam is about, today or on a later day."""
    chapters = planned.chapters if planned is not None else None
    mine = and_(memory.card_id == card.id, memory.learner_id == learner)
    return (
        select(*columns)
        .select_from(tables.card)
        .join(tables.chapter, chapter.id == card.chapter_id)
        .outerjoin(tables.memory, mine)
        .where(
            or_(
                memory.card_id.is_(None),
                and_(memory.state == State.NEW, memory.suspended.is_(False)),
            ),
            *of_others(paused(connection, learner=learner)),
            *of_chapters(chapters),
            let_in(settings.depth, also=chapters, learner=learner),
            card.missing_since.is_(None),
            owner.visible(card, learner=learner),
        )
    )


def count_new(connection: Connection, settings: Settings, planned: Exam, *, learner: int) -> int:
    """How many cards an exam is about that are not met yet."""
    every = all_new(connection, settings, planned, func.count(), learner=learner)
    return connection.scalar(every) or 0


def introduced(
    connection: Connection, since: date, today: date, planned: Exam | None, *, learner: int
) -> int:
    """How many new cards the days *since* then have had, of those that a *planned* exam is about,
    if it is; what was called known, and what an experiment has taught, cost nothing to learn."""
    prediction = tables.prediction.c
    made = (  # of an installed note it covers one, which may be new today, too
        select(card.id)
        .join(tables.prediction, prediction.card_id == card.id)
        .where(prediction.learner_id == learner, card.learner_id == learner)
    )
    of = []
    if planned is not None and planned.chapters is not None:
        theirs = select(card.id).where(*of_chapters(planned.chapters))
        of.append(memory.card_id.in_(theirs))
    return (
        connection.scalar(
            select(func.count()).where(
                memory.learner_id == learner,
                memory.last_day >= since,
                memory.first_day.between(since, today),
                func.coalesce(memory.cause, "") != Cause.KNOWN,
                memory.card_id.not_in(made),
                *of,
            )
        )
        or 0
    )


def _in_order(connection: Connection, chapter_id: int | None, *, learner: int) -> Sequence[int]:
    """The chapters that are not paused, or one of them alone, in the order of their new cards."""
    held = paused(connection, learner=learner)
    query = select(chapter.id).order_by(
        chapter.number.is_(None),
        _place_of_pack(connection, learner=learner),
        *tables.IN_ORDER[1:],
    )
    found = connection.scalars(query).all()
    return [one for one in found if one not in held and chapter_id in (None, one)]


def in_book_order(connection: Connection, *, learner: int) -> tuple[ColumnElement[Any], ...]:
    """The order in which new cards come, in a query of cards and their chapters."""
    place = _place_of_pack(connection, learner=learner)
    return chapter.number.is_(None), place, *tables.IN_ORDER[1:], card.position


def _place_of_pack(connection: Connection, *, learner: int) -> ColumnElement[Any]:
    """Where a chapter's pack comes, in a query of chapters: what the learner began first goes on
    first, instead of the beginning of one pack in the middle of another."""
    whole, part = tables.chapter_progress.c, tables.section_progress.c
    section = tables.section.c
    begun = union_all(
        select(chapter.pack, whole.started_at)
        .join(tables.chapter_progress, whole.chapter_id == chapter.id)
        .where(whole.learner_id == learner),
        select(chapter.pack, part.started_at)
        .join(tables.section, section.chapter_id == chapter.id)
        .join(tables.section_progress, part.section_id == section.id)
        .where(part.learner_id == learner),
    ).subquery()
    packs = connection.scalars(
        select(begun.c.pack)
        .where(begun.c.started_at.is_not(None))
        .group_by(begun.c.pack)
        .order_by(func.min(begun.c.started_at), begun.c.pack)
    ).all()
    places = {pack: place for place, pack in enumerate(packs)}
    return case(places, value=chapter.pack, else_=len(places)) if places else chapter.pack


def easy_first(connection: Connection, new: list[Item]) -> list[Item]:
    """What a chapter's first section teaches, and what is of no section, in the order of the book;
    then terms and questions in turn, of each what takes the fewest points first. So a first day is
    no list of terms, and its hard questions come to a learner who has warmed up."""
    if len(new) < 2:
        return new
    rows = connection.execute(
        select(card.id, note.kind, note.section, note.points, note.need)
        .join(tables.note, note.id == card.note_id)
        .where(card.id.in_([item.card for item in new]))
    )
    told = {row.id: row for row in rows}

    def is_first(item: Item) -> bool:
        return (told[item.card].section or ".1").endswith(".1")

    def effort(item: Item) -> int:
        row = told[item.card]
        return core([Point(**point) for point in row.points], row.need)

    first = [item for item in new if is_first(item)]
    others = sorted((item for item in new if not is_first(item)), key=effort)
    terms = [item for item in others if told[item.card].kind == NoteKind.TERM]
    questions = [item for item in others if told[item.card].kind != NoteKind.TERM]
    in_turn = chain.from_iterable(zip_longest(terms, questions))
    return [*first, *(item for item in in_turn if item is not None)]
