"""The review and event logs, and the memory that is their fold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, fields
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, Row, bindparam, delete, exists, insert, select, update

from studyapp.memory import fold
from studyapp.memory.clock import study_day
from studyapp.memory.fold import Adopted, Entry, EventKind, ReviewKind
from studyapp.memory.scheduler import Parameters
from studyapp.memory.state import Cause, Memory, Rating, State
from studyapp.store import tables

review = tables.review.c
event = tables.event.c
memory = tables.memory.c
card = tables.card.c
adopted = tables.parameters.c

MEMORY_COLUMNS = tuple(getattr(memory, field.name) for field in fields(Memory))
_TICK = timedelta(microseconds=1)
_NEWEST = [  # built once: they are on the path of a rating
    select(column.at)
    .where(column.learner_id == bindparam("learner"))
    .order_by(column.id.desc())
    .limit(1)
    for column in (review, event, adopted)
]


def read_memory(connection: Connection, card_id: int, *, learner: int) -> Memory:
    """The stored memory of a card; a new one if there is none."""
    row = connection.execute(
        select(*MEMORY_COLUMNS).where(memory.learner_id == learner, memory.card_id == card_id)
    ).one_or_none()
    return as_memory(row) if row else Memory()


def as_memory(row: Row[Any]) -> Memory:
    """A row whose first columns are MEMORY_COLUMNS."""
    values = dict(zip((field.name for field in fields(Memory)), row, strict=False))
    values["state"] = State(values["state"])
    values["cause"] = Cause(values["cause"]) if values["cause"] else None
    return Memory(**values)


def write_memory(connection: Connection, card_id: int, value: Memory, *, learner: int) -> None:
    row = {name: getattr(value, name) for name in Memory.__slots__}
    changed = connection.execute(
        update(tables.memory)
        .where(memory.learner_id == learner, memory.card_id == card_id)
        .values(**row)
    )
    if not changed.rowcount:
        connection.execute(insert(tables.memory).values(learner_id=learner, card_id=card_id, **row))


def append_review(
    connection: Connection,
    card_id: int,
    entry: fold.Review,
    *,
    before: Memory,
    after: Memory,
    duration: int,
    learner: int,
) -> None:
    """Log one rating. *duration* is in milliseconds."""
    connection.execute(
        insert(tables.review).values(
            uid=entry.uid,
            learner_id=learner,
            card_id=card_id,
            kind=entry.kind.value,
            rating=int(entry.rating),
            at=entry.at,
            offset=int(entry.offset.total_seconds()),
            day=study_day(entry.now),
            duration=duration,
            **_cache(before, after),
        )
    )


def append_event(connection: Connection, card_id: int, entry: fold.Event, *, learner: int) -> None:
    connection.execute(
        insert(tables.event).values(
            uid=entry.uid,
            learner_id=learner,
            card_id=card_id,
            kind=entry.kind.value,
            at=entry.at,
            offset=int(entry.offset.total_seconds()),
            day=study_day(entry.now),
            target=entry.target,
            until=entry.day,
        )
    )


def log_event(
    connection: Connection,
    card_id: int,
    kind: EventKind,
    now: datetime,
    *,
    target: bytes | None = None,
    day: date | None = None,
    learner: int,
) -> tuple[fold.Event, Memory]:
    """Log an event of *now*, an aware datetime; returns it with the memory that it leads to."""
    offset = now.utcoffset()
    assert offset is not None, "now carries the learner's zone"
    entry = fold.Event(
        new_uid(), stamp(connection, now, learner=learner), offset, kind, target, day
    )
    append_event(connection, card_id, entry, learner=learner)
    return entry, refold(
        connection, card_id, read_history(connection, learner=learner), learner=learner
    )


def new_uid() -> bytes:
    return uuid4().bytes


def utc(now: datetime) -> datetime:
    return now.astimezone(UTC)


def stamp(connection: Connection, now: datetime, *, learner: int) -> datetime:
    """*now* in UTC, or just after the learner's newest entry if the clock was set back."""
    newest: list[datetime | None] = [
        connection.scalar(query, {"learner": learner}) for query in _NEWEST
    ]
    return max([utc(now), *(at + _TICK for at in newest if at is not None)])


def read_log(connection: Connection, card_id: int, *, learner: int) -> list[Entry]:
    """Every entry of one card's log, retracted ones included, in no particular order."""
    reviews = connection.execute(
        select(review.uid, review.at, review.offset, review.rating, review.kind).where(
            review.card_id == card_id, review.learner_id == learner
        )
    )
    events = connection.execute(
        select(event.uid, event.at, event.offset, event.kind, event.target, event.until).where(
            event.card_id == card_id, event.learner_id == learner
        )
    )
    return [
        *(
            fold.Review(uid, at, timedelta(seconds=offset), Rating(rating), ReviewKind(kind))
            for uid, at, offset, rating, kind in reviews
        ),
        *(
            fold.Event(uid, at, timedelta(seconds=offset), EventKind(kind), target, until)
            for uid, at, offset, kind, target, until in events
        ),
    ]


def refold(
    connection: Connection, card_id: int, history: Sequence[Adopted], *, learner: int
) -> Memory:
    """Compute a card's memory from its log, store it with the cache in its reviews, return it."""
    uid = connection.scalars(select(card.uid).where(card.id == card_id)).one()
    before = after = Memory()
    for entry, after in fold.replay(read_log(connection, card_id, learner=learner), uid, history):
        if isinstance(entry, fold.Review):
            connection.execute(
                update(tables.review).where(review.uid == entry.uid).values(**_cache(before, after))
            )
        before = after
    if after == Memory():
        connection.execute(
            delete(tables.memory).where(memory.learner_id == learner, memory.card_id == card_id)
        )
    else:
        write_memory(connection, card_id, after, learner=learner)
    return after


def not_retracted(entry: Any = review) -> Any:
    """Condition on a row of a log (in the enclosing query) that nothing has taken it back."""
    retract = tables.event.alias("retract").c
    return ~exists().where(retract.target == entry.uid, retract.kind == EventKind.RETRACT.value)


def read_history(connection: Connection, *, learner: int) -> tuple[Adopted, ...]:
    """The parameters that were in force, oldest first, beginning with the defaults."""
    rows = connection.execute(
        select(tables.parameters)
        .where(tables.parameters.c.learner_id == learner)
        .order_by(tables.parameters.c.at, tables.parameters.c.uid)
    )
    history = tuple(
        Adopted(
            row.at,
            row.uid,
            Parameters(
                tuple(row.weights),
                row.desired_retention,
                tuple(timedelta(seconds=step) for step in row.learning_steps),
                tuple(timedelta(seconds=step) for step in row.relearning_steps),
                row.maximum_interval,
            ),
        )
        for row in rows
    )
    return fold.DEFAULTS + history


def adopt(connection: Connection, parameters: Parameters, now: datetime, *, learner: int) -> None:
    """Put *parameters* in force from *now* on. Due dates stay; new weights recompute the rest."""
    newest = read_history(connection, learner=learner)[-1]
    if newest.parameters == parameters:
        return
    values = asdict(parameters)
    for name in ("learning_steps", "relearning_steps"):
        values[name] = [int(step.total_seconds()) for step in values[name]]
    connection.execute(
        insert(tables.parameters).values(
            uid=new_uid(), learner_id=learner, at=stamp(connection, now, learner=learner), **values
        )
    )
    if newest.parameters.weights != parameters.weights:
        history = read_history(connection, learner=learner)
        for card_id in connection.scalars(
            select(memory.card_id).where(memory.learner_id == learner)
        ).all():
            refold(connection, card_id, history, learner=learner)


def _cache(before: Memory, after: Memory) -> dict[str, Any]:
    return {
        "state_before": int(before.state),
        "stability_before": before.stability,
        "difficulty_before": before.difficulty,
        "state_after": int(after.state),
        "stability_after": after.stability,
        "difficulty_after": after.difficulty,
    }
