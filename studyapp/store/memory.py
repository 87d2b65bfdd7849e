"""The memory of a card as it is kept: the fold of its log, and what each review keeps of that."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import date
from types import MappingProxyType
from typing import Any, NamedTuple

from sqlalchemy import (
    Connection,
    and_,
    bindparam,
    delete,
    insert,
    select,
    text,
    union,
    update,
)

from studyapp.memory import fold
from studyapp.memory.fold import Adopted, Entry
from studyapp.memory.state import Cause, Memory, State
from studyapp.store import tables, tally, timeline
from studyapp.store.engine import asked
from studyapp.store.parameters import read_history_by
from studyapp.store.record import batches, entries_of

review = tables.review.c
event = tables.event.c
memory = tables.memory.c
card = tables.card.c


class States(NamedTuple):
    """Stability and difficulty of cards, of the same in both, by their ids."""

    stability: dict[int, float]
    difficulty: dict[int, float]


NONE = States({}, {})

MEMORY_COLUMNS = tuple(getattr(memory, field.name) for field in fields(Memory))
# Put together once: each time, at a rating, would take longer than the answer.
_OF_CARD = (memory.learner_id == bindparam("whose"), memory.card_id == bindparam("card"))
_READ_MEMORY = select(*MEMORY_COLUMNS).where(*_OF_CARD)
_READ_CARD = (
    select(card.uid, *MEMORY_COLUMNS)
    .outerjoin(
        tables.memory, and_(memory.card_id == card.id, memory.learner_id == bindparam("whose"))
    )
    .where(card.id == bindparam("card"))
)
_CHANGE_MEMORY = update(tables.memory).where(*_OF_CARD)
_NEW_MEMORY = insert(tables.memory)
_CHANGE_STATE = _CHANGE_MEMORY.where(memory.stability.is_not(None)).values(
    stability=bindparam("new_s"), difficulty=bindparam("new_d")
)
_CHANGE_STATES = text(
    "UPDATE memory NOT INDEXED SET stability = coalesce(new_stability(card_id), stability), "
    "difficulty = coalesce(new_difficulty(card_id), difficulty) "
    "WHERE learner_id = :whose AND stability IS NOT NULL"
)


def read_memory(connection: Connection, card_id: int, *, learner: int) -> Memory:
    """The stored memory of a card; a new one if there is none."""
    row = connection.execute(_READ_MEMORY, {"whose": learner, "card": card_id}).one_or_none()
    return as_memory(row) if row else Memory()


def read_card(connection: Connection, card_id: int, *, learner: int) -> tuple[bytes, Memory]:
    """The uid of a card, and the stored memory of it; a new one if there is none."""
    uid, *row = connection.execute(_READ_CARD, {"whose": learner, "card": card_id}).one()
    return uid, Memory() if row[0] is None else as_memory(row)


def as_memory(row: Sequence[Any]) -> Memory:
    """A row whose first columns are MEMORY_COLUMNS."""
    values = dict(zip(Memory.__slots__, row, strict=False))
    values["state"] = State(values["state"])
    values["cause"] = Cause(values["cause"]) if values["cause"] else None
    return Memory(**values)


def write_memory(connection: Connection, card_id: int, value: Memory, *, learner: int) -> None:
    row = {name: getattr(value, name) for name in Memory.__slots__}
    changed = connection.execute(_CHANGE_MEMORY, {"whose": learner, "card": card_id, **row})
    if not changed.rowcount:
        connection.execute(_NEW_MEMORY, {"learner_id": learner, "card_id": card_id, **row})


def begun(connection: Connection, *, learner: int) -> list[int]:
    """The cards that are there and of which the learner has a log or a memory."""
    parts = (
        select(column.card_id).where(column.learner_id == learner, column.card_id.is_not(None))
        for column in (memory, review, event)
    )
    known = select(card.id).where(card.id.in_(union(*parts)))
    return sorted(connection.scalars(known))


def refold(
    connection: Connection, card_id: int, history: Sequence[Adopted], *, learner: int
) -> Memory:
    """Compute a card's memory from its log, store it with the cache in its reviews, return it."""
    times = timeline.read_timelines(connection, learner=learner)
    memories, _ = refold_batch(connection, [card_id], history, times, learner=learner)
    return memories[card_id]


def refold_all(connection: Connection, cards: Iterable[int], *, learner: int) -> None:
    """Compute the memories of *cards* anew."""
    wanted = list(cards)
    if not wanted:
        return
    times = timeline.read_timelines(connection, learner=learner)
    history = read_history_by(connection, times, learner=learner)
    for some in batches(wanted):
        refold_batch(connection, some, history, times, learner=learner)


def refold_batch(
    connection: Connection,
    cards: Sequence[int],
    history: Sequence[Adopted],
    times: timeline.Timelines,
    coming: Mapping[int, Sequence[Entry]] = MappingProxyType({}),
    *,
    learner: int,
) -> tuple[dict[int, Memory], dict[bytes, dict[str, Any]]]:
    """Fold *cards* anew, with what is *coming* to their logs, by card, and not there yet; returns
    their memories, and by uid what their reviews are to keep."""
    logs = entries_of(connection, cards, times, learner=learner)
    uids = uids_of(connection, cards)
    caches, memories = dict[bytes, dict[str, Any]](), dict[int, Memory]()
    for card_id, entries in logs.items():
        entries += coming.get(card_id, ())
        memories[card_id], cached = replayed(entries, uids[card_id], history)
        caches |= cached
    _write_caches(connection, cards, caches, learner=learner)
    _write_memories(connection, memories, learner=learner)
    return memories, caches


def replayed(
    entries: Iterable[Entry], uid: bytes, history: Sequence[Adopted]
) -> tuple[Memory, dict[bytes, dict[str, Any]]]:
    """The memory of a card, and what each of its reviews that count is to have cached."""
    caches = dict[bytes, dict[str, Any]]()
    before = after = Memory()
    for entry, after in fold.replay(entries, uid, history):
        if isinstance(entry, fold.Review):
            caches[entry.uid] = {"effective_day": fold.day_of(entry), **cache_of(before, after)}
        before = after
    return after, caches


def uids_of(connection: Connection, cards: Sequence[int]) -> dict[int, bytes]:
    return dict(connection.execute(select(card.id, card.uid).where(card.id.in_(cards))).all())


def _write_memories(
    connection: Connection, memories: Mapping[int, Memory], *, learner: int
) -> None:
    whose = memory.learner_id == learner
    kept = set(
        connection.scalars(select(memory.card_id).where(whose, memory.card_id.in_(list(memories))))
    )
    gone = [card_id for card_id in kept if memories[card_id] == Memory()]
    if gone:
        connection.execute(delete(tables.memory).where(whose, memory.card_id.in_(gone)))
    known, new = list[dict[str, Any]](), list[dict[str, Any]]()
    for card_id, value in memories.items():
        if value != Memory():
            row = {name: getattr(value, name) for name in Memory.__slots__}
            (known if card_id in kept else new).append({"of": card_id, **row})
    if known:
        named: dict[str, Any] = {name: bindparam(name) for name in Memory.__slots__}
        one = memory.card_id == bindparam("of")
        connection.execute(update(tables.memory).where(whose, one).values(**named), known)
    if new:
        connection.execute(
            insert(tables.memory).values(learner_id=learner, card_id=bindparam("of")), new
        )


def _write_caches(
    connection: Connection,
    cards: Sequence[int],
    caches: Mapping[bytes, dict[str, Any]],
    *,
    learner: int,
) -> None:
    """Write what the reviews of *cards* are to keep where it is another than they do: of most it is
    the same. What was counted of their days no longer holds."""
    changed, days = list[dict[str, Any]](), set[date]()
    for row in read_caches(connection, cards, learner=learner):
        values = caches.get(row.uid)
        if values is not None and tuple(row[2:]) != tuple(values.values()):
            changed.append({"of": row.uid, **values})
            days |= {row.effective_day, values["effective_day"]}
    if changed:
        named: dict[str, Any] = {name: bindparam(name) for name in _CACHED}
        connection.execute(
            update(tables.review).where(review.uid == bindparam("of")).values(**named), changed
        )
        tally.forget(connection, days, learner=learner)


def read_caches(connection: Connection, cards: Sequence[int], *, learner: int) -> Sequence[Any]:
    """Card and uid of each review of *cards*, and what it keeps (`_CACHED`)."""
    columns = (review.card_id, review.uid, *(getattr(review, name) for name in _CACHED))
    return connection.execute(
        select(*columns).where(review.learner_id == learner, review.card_id.in_(cards))
    ).all()


def uncached() -> dict[str, Any]:
    """What a review keeps of before and after until it is folded."""
    return cache_of(Memory(), Memory())


def cache_of(before: Memory, after: Memory) -> dict[str, Any]:
    return {
        "last_day_before": before.last_day,
        "state_before": int(before.state),
        "stability_before": before.stability,
        "difficulty_before": before.difficulty,
        "state_after": int(after.state),
        "stability_after": after.stability,
        "difficulty_after": after.difficulty,
    }


_CACHED = ("effective_day", *cache_of(Memory(), Memory()))  # what a review keeps of the fold


def write_states(connection: Connection, states: States, *, learner: int) -> set[int]:
    """Write what new weights have made of the cards that are not new; returns those of them whose
    *states* are not known."""
    begun = memory.learner_id == learner, memory.stability.is_not(None)
    if not states.stability:
        return set(connection.scalars(select(memory.card_id).where(*begun)))
    if connection.dialect.name == "sqlite":
        return _change_states(connection, states, learner=learner)
    rows = [
        {"whose": learner, "card": card_id, "new_s": stability, "new_d": difficulty}
        for (card_id, stability), difficulty in zip(
            states.stability.items(), states.difficulty.values(), strict=True
        )
    ]
    connection.execute(_CHANGE_STATE, rows)
    return set(connection.scalars(select(memory.card_id).where(*begun))) - states.stability.keys()


def _change_states(connection: Connection, states: States, *, learner: int) -> set[int]:
    """The same where the database asks for the states of each card itself, going through the table
    once: there may be very many, and to look each of them up takes as long again. An index that
    begins with the stability is made anew, as to move each card in it takes longer. One that begins
    with the learner stays: of those that begin alike SQLite likes the newest best."""
    others = set[int]()

    class Known(dict[int, float]):
        def __missing__(self, card_id: int) -> None:
            others.add(card_id)

    known = {f"new_{name}": Known(of).__getitem__ for name, of in states._asdict().items()}
    moved = [one for one in tables.memory.indexes if one.columns[0] is memory.stability]
    for index in moved:
        index.drop(connection)
    with asked(connection, **known):
        connection.execute(_CHANGE_STATES, {"whose": learner})
    for index in moved:
        index.create(connection)
    return others
