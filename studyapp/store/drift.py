"""Whether the memories that are kept are still the fold of the log; nothing is written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from math import isclose
from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from studyapp.memory.fold import Adopted
from studyapp.memory.state import Memory
from studyapp.store import tables, timeline
from studyapp.store.memory import MEMORY_COLUMNS, as_memory, read_caches, replayed, uids_of
from studyapp.store.parameters import read_history
from studyapp.store.record import BATCH, entries_of

memory = tables.memory.c


class Drift(NamedTuple):
    """Cards whose log and whose stored memory say different things."""

    memories: list[int]  # their memory is another
    caches: list[int]  # what a review keeps of before and after is
    unreadable: list[int]  # their log has an entry that nothing can be made of


def drift(
    connection: Connection,
    cards: Sequence[int],
    told: Callable[[int, int], None] = lambda done, of: None,
    *,
    learner: int,
) -> Drift:
    """Hold all that is stored of a learner's memories of *cards* against the fold of their log;
    nothing is written. *told* hears how many cards are done, of how many."""
    found = Drift([], [], [])
    history = read_history(connection, learner=learner)
    times = timeline.read_timelines(connection, learner=learner)
    for start in range(0, len(cards), BATCH):
        told(start, len(cards))
        some = cards[start : start + BATCH]
        try:
            _compare(connection, some, history, times, found, learner=learner)
        except _UNREADABLE:  # which of them it is shows one by one
            for one in some:
                try:
                    _compare(connection, [one], history, times, found, learner=learner)
                except _UNREADABLE:
                    found.unreadable.append(one)
    return found


_UNREADABLE = (ValueError, KeyError, TypeError, AttributeError)  # what a fold of nonsense raises


def _compare(
    connection: Connection,
    cards: Sequence[int],
    history: Sequence[Adopted],
    times: timeline.Timelines,
    found: Drift,
    *,
    learner: int,
) -> None:
    uids, logs = uids_of(connection, cards), entries_of(connection, cards, times, learner=learner)
    folded = {one: replayed(entries, uids[one], history) for one, entries in logs.items()}
    stored = _stored(connection, cards, learner=learner)
    for one, (value, _) in folded.items():
        kept = stored.get(one, Memory())
        if kept is None or (
            kept != value and not _alike(asdict(kept).values(), asdict(value).values())
        ):
            found.memories.append(one)
    wrong = {
        row.card_id
        for row in read_caches(connection, cards, learner=learner)
        if (cached := folded[row.card_id][1].get(row.uid)) is not None
        and not _alike(row[2:], cached.values())
    }
    found.caches.extend(sorted(wrong))


def _stored(
    connection: Connection, cards: Sequence[int], *, learner: int
) -> dict[int, Memory | None]:
    """The memories as they are kept, by card; None for one that cannot be read."""
    query = select(memory.card_id, *MEMORY_COLUMNS).where(
        memory.learner_id == learner, memory.card_id.in_(cards)
    )
    try:
        return {row[0]: as_memory(row[1:]) for row in connection.execute(query)}
    except _UNREADABLE:
        if len(cards) == 1:
            return {cards[0]: None}
        return {
            number: value
            for one in cards
            for number, value in _stored(connection, [one], learner=learner).items()
        }


def _alike(stored: Iterable[Any], folded: Iterable[Any]) -> bool:
    """Whether the same is stored; another machine may round the last digit of a power otherwise."""
    return all(
        one == other
        or (isinstance(one, float) and isinstance(other, float) and isclose(one, other))
        for one, other in zip(stored, folded, strict=True)
    )
