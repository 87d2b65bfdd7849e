"""What a changed note means for those who know it: cards that come once more, and a word of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import Connection, exists, func, insert, select

from studyapp.memory.clock import study_day
from studyapp.memory.fold import EventKind
from studyapp.memory.state import Cause, State
from studyapp.notes.edit import changed_sides
from studyapp.notes.note import Note, Point
from studyapp.store import log, tables
from studyapp.store.position import Planned

_AGAIN_A_DAY = 10  # changed cards that fall due on one day: some minutes of its time


def bring_back(
    connection: Connection, whose: int | None, one: Planned, now: datetime, *, asks_anew: bool
) -> int:
    """Make the cards of a note due whose change is announced, and those that may ask something
    else than when they were rated if they do; returns how many."""
    due, note, row = 0, one.note, one.row
    if asks_anew and row is not None:
        sides_changed = differing_sides(note, row.points, row.answer, one.cards)
        changed = [one.cards[side].id for side in sides_changed]
        text = _asked(note) if whose is None else None
        due += make_due(connection, changed, now, text=text)
    if note.changed is not None:
        ids = [made.id for made in one.cards.values()]
        due += make_due(connection, ids, now, month=note.changed)
    return due


def differing_sides(
    note: Note, before: Sequence[Mapping[str, Any]], answer: str, kept: Iterable[str]
) -> list[str]:
    """The cards that ask for something else than with the points and the answer of *before*."""
    points = [Point(point["text"], point["extra"], point["id"]) for point in before]
    return changed_sides(note, points, answer, kept)


def said(text: Any) -> str:
    """The words of question and answer, of a note or of its row."""
    points = [one.text if isinstance(one, Point) else one["text"] for one in text.points]
    return "\n".join([text.prompt, text.front or "", text.answer, *points])


def _asked(note: Note) -> str:
    """What an installed note says and asks for, the same on every device that has this text."""
    core = [point.text for point in note.points if not point.extra]
    return sha256("\n".join([said(note), *core]).encode()).hexdigest()


def keep_to_tell(connection: Connection, notes: Sequence[int]) -> None:
    """Have each learner be told who has met a card of these notes, that they say something else."""
    memory, card, rewording = tables.memory.c, tables.card.c, tables.rewording.c
    untold = ~exists().where(
        rewording.learner_id == memory.learner_id, rewording.note_id == card.note_id
    )
    met = (
        select(memory.learner_id, card.note_id)
        .join(tables.card, card.id == memory.card_id)
        .where(card.note_id.in_(notes), memory.state != State.NEW, untold)
        .distinct()
    )
    rows = [dict(row._mapping) for row in connection.execute(met)] if notes else []
    if rows:
        connection.execute(insert(tables.rewording), rows)


def make_due(
    connection: Connection,
    cards: Iterable[int],
    now: datetime,
    *,
    whose: int | None = None,
    text: str | None = None,
    month: str | None = None,
) -> int:
    """Make cards that were rated come once more, in the log of each learner who did, or of one;
    returns how many. They are spread over days, so that an edit of a chapter fills none.

    Once for the *text* of an installed note (`_asked`), and for the *month* of an announced change,
    then only those that were rated in it or before. All devices of a learner read that by
    themselves, so the event has the same uid on each (`store/entry.py::Arrival`).
    """
    memory, card, person = tables.memory.c, tables.card.c, tables.learner.c
    count, why = 0, month or text
    for card_id in cards:
        rated = (
            select(memory.learner_id, memory.due, memory.last_day, card.uid, person.name)
            .join(tables.card, card.id == memory.card_id)
            .join(tables.learner, person.id == memory.learner_id)
            .where(memory.card_id == card_id, memory.due.is_not(None))
        )
        if whose is not None:
            rated = rated.where(memory.learner_id == whose)
        for learner, due, last, of_card, name in connection.execute(rated).all():
            uid = uuid5(UUID(bytes=of_card), f"{name.casefold()} {why}").bytes if why else None
            payload = None if month is None else {"month": month}
            if why and _is_told(connection, card_id, uid, payload, learner=learner):
                continue
            if month is not None and last is not None and f"{last:%Y-%m}" > month:
                continue
            day = _free_day(connection, study_day(now), due or study_day(now), learner=learner)
            log.log_event(
                connection,
                card_id,
                EventKind.CHANGED,
                now,
                day=day,
                payload=payload,
                uid=uid,
                learner=learner,
            )
            count += 1
    return count


def _is_told(
    connection: Connection,
    card_id: int,
    uid: bytes | None,
    payload: Mapping[str, Any] | None,
    *,
    learner: int,
) -> bool:
    """Whether this change is in the log of a card, maybe from before it had a uid of its own."""
    event = tables.event.c
    told = select(event.uid, event.payload).where(
        event.card_id == card_id,
        event.learner_id == learner,
        event.kind == EventKind.CHANGED.value,
    )
    return any(
        row.uid == uid or (payload is not None and row.payload == payload)
        for row in connection.execute(told)
    )


def _free_day(connection: Connection, today: date, due: date, *, learner: int) -> date:
    """The first day with room for one more changed card, but not after the card is *due*."""
    memory = tables.memory.c
    taken = dict(
        connection.execute(
            select(memory.due, func.count())
            .where(
                memory.learner_id == learner,
                memory.cause == Cause.CHANGED.value,
                memory.due >= today,
            )
            .group_by(memory.due)
        ).all()
    )
    day = today
    while day < due and taken.get(day, 0) >= _AGAIN_A_DAY:
        day += timedelta(days=1)
    return day
