"""The logs read back: the entries of a card with their places, and which do not count."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any, TypeVar

from sqlalchemy import Connection, Select, exists, or_, select

from studyapp.memory import fold
from studyapp.memory.fold import Entry, EventKind, ReviewKind
from studyapp.memory.state import Rating
from studyapp.store import tables, timeline

review = tables.review.c
event = tables.event.c
retract = tables.event.alias("retract").c

_T = TypeVar("_T")
BATCH = 200  # cards whose logs are read at once, or entries that are written


def read_log(connection: Connection, card_id: int, *, learner: int) -> list[Entry]:
    """Every entry of one card's log, retracted ones included, in no particular order."""
    times = timeline.read_timelines(connection, learner=learner)
    return entries_of(connection, [card_id], times, learner=learner)[card_id]


def read_logs(
    connection: Connection, cards: Sequence[int], *, learner: int
) -> Iterator[tuple[int, list[Entry]]]:
    """`read_log` of each of many *cards*."""
    times = timeline.read_timelines(connection, learner=learner)
    for some in batches(cards):
        yield from entries_of(connection, some, times, learner=learner).items()


def entries_of(
    connection: Connection, cards: Sequence[int], times: timeline.Timelines, *, learner: int
) -> dict[int, list[Entry]]:
    reviews = connection.execute(
        select(
            review.card_id,
            review.uid,
            review.at,
            review.offset,
            review.rating,
            review.kind,
            review.day,
            review.interval,
            review.retention,
            review.arm,
            *timeline.order_of(review),
        ).where(review.card_id.in_(cards), review.learner_id == learner)
    )
    events = connection.execute(
        select(
            event.card_id,
            event.uid,
            event.at,
            event.offset,
            event.kind,
            event.target,
            event.until,
            event.payload,
            event.day,
            *timeline.order_of(event),
        ).where(or_(event.card_id.in_(cards), event.card_id.is_(None)), event.learner_id == learner)
    )
    logs: dict[int, list[Entry]] = {card_id: [] for card_id in cards}
    for row in reviews:
        logs[row.card_id].append(
            fold.Review(
                row.uid,
                row.at,
                timedelta(seconds=row.offset),
                Rating(row.rating),
                ReviewKind(row.kind),
                row.day,
                times.place(row),
                fold.Chosen(row.interval, row.retention),
                row.arm,
            )
        )
    for row in events:
        entry = _as_event(row, times)
        for card_id in cards if row.card_id is None else [row.card_id]:
            logs[card_id].append(entry)
    return logs


def of_no_card(connection: Connection, *, learner: int) -> list[fold.Event]:
    """The events of no card that count, the oldest first, with their dates put right."""
    times = timeline.read_timelines(connection, learner=learner)
    rows = connection.execute(
        select(tables.event).where(event.learner_id == learner, event.card_id.is_(None))
    )
    found = fold.in_force(_as_event(row, times) for row in rows)
    return [one for one in found if isinstance(one, fold.Event)]


def _as_event(row: Any, times: timeline.Timelines) -> fold.Event:
    return fold.Event(
        row.uid,
        row.at,
        timedelta(seconds=row.offset),
        EventKind(row.kind),
        row.target,
        row.until,
        row.payload,
        row.day,
        times.place(row),
    )


def not_retracted(entry: Any = review) -> Any:
    """Condition on a row of a log (in the enclosing query) that nothing has taken it back."""
    return ~exists().where(retract.target == entry.uid, retract.kind == EventKind.RETRACT.value)


def retracted(*, learner: int) -> Select[bytes | None]:
    """The uids of what the learner has taken back."""
    return select(event.target).where(
        event.learner_id == learner, event.kind == EventKind.RETRACT.value
    )


def batches(every: Sequence[_T]) -> Iterator[Sequence[_T]]:
    return (every[start : start + BATCH] for start in range(0, len(every), BATCH))
