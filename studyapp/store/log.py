"""What is added to the logs of reviews, events and parameters, each with a head that places it.

The memories that hang on a new entry are folded anew with it, in the transaction of the caller.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple
from uuid import uuid4

from sqlalchemy import Connection, exists, insert, or_, select

from studyapp.memory import fold
from studyapp.memory.clock import study_day
from studyapp.memory.fold import Entry, EventKind
from studyapp.memory.scheduler import Parameters
from studyapp.memory.stamp import Stamp, Timeline, following
from studyapp.memory.state import Memory
from studyapp.store import tables, timeline
from studyapp.store.engine import RATED
from studyapp.store.memory import (
    NONE,
    States,
    begun,
    cache_of,
    refold,
    refold_all,
    refold_batch,
    uncached,
    write_memory,
    write_states,
)
from studyapp.store.parameters import in_force, read_history, read_history_by
from studyapp.store.record import batches

review = tables.review.c
event = tables.event.c
memory = tables.memory.c
adopted = tables.parameters.c
device = tables.device.c

# Put together once: each time, at a rating, would take longer than the answer.
_DEVICES = select(device.id, device.uid, device.own)
_NEW_REVIEW = insert(tables.review)


class Head(NamedTuple):
    """What every new entry of the log has (see `tables`). `alone`: there is no other device.
    `left`: the newest stamp of the epoch before, if this entry begins another. `moved`: so that it
    could come last, what other devices have written stands elsewhere now."""

    device_id: int
    at: datetime
    offset: timedelta
    day: date
    stamp: Stamp
    alone: bool
    left: Stamp | None
    moved: bool = False

    def columns(self) -> dict[str, Any]:
        return {
            "device_id": self.device_id,
            "at": self.at,
            "offset": int(self.offset.total_seconds()),
            "day": self.day,
            **self.order(),
        }

    def order(self) -> dict[str, Any]:
        """The columns that say where it stands."""
        return {
            "device_id": self.device_id,
            "epoch": self.stamp.epoch,
            "stamp": self.stamp.time,
        }


def head(connection: Connection, now: datetime, *, learner: int) -> Head:
    """The head of the next entry of this database's own device, at *now* in the learner's zone."""
    offset = now.utcoffset()
    assert offset is not None, "now carries the learner's zone"
    devices = connection.execute(_DEVICES).all()
    own = next(row.id for row in devices if row.own)
    newest = timeline.end(connection, own, learner=learner)
    stamp = following(newest, utc(now))
    left = newest if newest is not None and stamp.epoch > newest.epoch else None
    made = Head(own, utc(now), offset, study_day(now), stamp, len(devices) == 1, left)
    ahead = _ahead(connection, devices, stamp, learner=learner)
    if ahead:  # what the others have written goes before this: it may pass a third one's entries
        before = timeline.read_timelines(connection, learner=learner)
        _insert_event(connection, None, EventKind.CAUGHT_UP, made, payload=ahead, learner=learner)
        cards = timeline.moved(
            connection,
            before,
            timeline.read_timelines(connection, learner=learner),
            learner=learner,
        )
        again = begun(connection, learner=learner) if cards is None else sorted(cards)
        refold_all(connection, again, learner=learner)
        return made._replace(stamp=following(stamp, utc(now)), left=None, moved=True)
    return made


def _ahead(
    connection: Connection, devices: Sequence[Any], stamp: Stamp, *, learner: int
) -> dict[str, list[Any]]:
    """The newest stamps of the devices whose entries would come after a new one with *stamp*,
    though they are there already: a clock of theirs is ahead."""
    found = {}
    for one in devices:
        newest = None if one.own else timeline.end(connection, one.id, learner=learner)
        if newest is None or (newest.epoch == 0 and newest.time < stamp.time):
            continue
        place = timeline.read_timelines(connection, learner=learner).of(one.id).place(newest)
        if place.time >= stamp.time:
            found[one.uid.hex()] = [newest.epoch, newest.time.isoformat()]
    return found


def settle(connection: Connection, head: Head, *, learner: int) -> None:
    """To be called once an entry is in the log. If it began a new epoch, what was stamped ahead
    now goes before what other devices wrote since, and is folded anew."""
    if head.left is None or head.alone:
        return
    ahead = [
        (
            column.learner_id == learner,
            column.device_id == head.device_id,
            column.epoch == head.left.epoch,
            column.stamp > head.stamp.time,
        )
        for column in (review, event, adopted)
    ]
    caught = event.kind == EventKind.CAUGHT_UP.value  # which others' entries hang on
    if connection.scalar(select(or_(exists().where(*ahead[2]), exists().where(*ahead[1], caught)))):
        queries = [select(memory.card_id).where(memory.learner_id == learner)]
    else:
        queries = [
            select(column.card_id).where(*of)
            for column, of in zip((review, event), ahead, strict=False)
        ]
    found = {card_id for query in queries for card_id in connection.scalars(query)}
    refold_all(connection, sorted(found - {None}), learner=learner)


def append_review(
    connection: Connection,
    card_id: int,
    entry: fold.Review,
    head: Head,
    *,
    before: Memory,
    after: Memory,
    duration: int,
    variant: str | None = None,
    arm: str | None = None,
    learner: int,
) -> None:
    """Log one rating and store the memory *after* it: no entry that is there comes later (see
    `head`). *duration* is in milliseconds; *arm* is that of a trial in which it was answered."""
    connection.execute(
        _NEW_REVIEW,
        {
            "uid": entry.uid,
            "learner_id": learner,
            "card_id": card_id,
            "kind": entry.kind.value,
            "rating": int(entry.rating),
            "duration": duration,
            "variant": variant,
            "arm": arm,
            **entry.chosen._asdict(),
            "effective_day": head.day,
            **head.columns(),
            **cache_of(before, after),
        },
    )
    rated: list[bytes] | None = connection.get_execution_options().get(RATED)
    if rated is not None:
        rated.append(entry.uid)
    if after != before:  # cram leaves it alone
        write_memory(connection, card_id, after, learner=learner)
    settle(connection, head, learner=learner)
    if head.moved:  # the memory before it, which the button was drawn from, is another now
        refold_all(connection, [card_id], learner=learner)


def log_event(
    connection: Connection,
    card_id: int,
    kind: EventKind,
    now: datetime,
    *,
    target: bytes | None = None,
    day: date | None = None,
    payload: Mapping[str, Any] | None = None,
    uid: bytes | None = None,
    learner: int,
) -> tuple[fold.Event, Memory]:
    """Log an event of *now*, an aware datetime, with the *day* that it lasts until or sets;
    returns it with the memory that it leads to. It has a *uid* of its own if other devices log the
    same by themselves."""
    entry = _append_event(
        connection,
        card_id,
        kind,
        now,
        target=target,
        until=day,
        payload=payload,
        uid=uid,
        learner=learner,
    )
    return entry, refold(
        connection, card_id, read_history(connection, learner=learner), learner=learner
    )


def log_each(
    connection: Connection,
    kind: EventKind,
    now: datetime,
    cards: Mapping[int, bytes | None],
    *,
    learner: int,
) -> None:
    """Log an event of each of *cards*, with what it targets, and fold them anew."""
    for card_id, target in cards.items():
        _append_event(connection, card_id, kind, now, target=target, learner=learner)
    refold_all(connection, cards, learner=learner)


def log_together(
    connection: Connection,
    now: datetime,
    events: Iterable[tuple[int, EventKind, date | None]],
    *,
    learner: int,
) -> None:
    """Log events of many cards, each with the day that it lasts until or sets, as what was done in
    one go: they have one stamp, by which they are taken back together (`study/undo.py::undo`)."""
    made = head(connection, now, learner=learner)
    shared = {"learner_id": learner, **made.columns()}
    rows = [
        {"uid": new_uid(), "card_id": card_id, "kind": kind.value, "until": day, **shared}
        for card_id, kind, day in events
    ]
    if rows:
        connection.execute(insert(tables.event), rows)
        settle(connection, made, learner=learner)
        refold_all(connection, sorted({row["card_id"] for row in rows}), learner=learner)


def retract(
    connection: Connection, card_id: int, uid: bytes, now: datetime, *, learner: int
) -> None:
    """Take back an entry of a card, unless it is."""
    this = (event.learner_id == learner, event.kind == EventKind.RETRACT.value)
    if not connection.scalar(select(exists().where(event.target == uid, *this))):
        log_event(connection, card_id, EventKind.RETRACT, now, target=uid, learner=learner)


def retract_all(
    connection: Connection, entries: Sequence[tuple[int, bytes]], now: datetime, *, learner: int
) -> None:
    """Take back many entries, given by card and uid, and fold their cards anew."""
    made = head(connection, now, learner=learner)
    shared = {"learner_id": learner, "kind": EventKind.RETRACT.value, **made.columns()}
    rows = [
        {"uid": new_uid(), "card_id": card_id, "target": uid, **shared} for card_id, uid in entries
    ]
    if rows:
        connection.execute(insert(tables.event), rows)
        settle(connection, made, learner=learner)
        refold_all(connection, sorted({card_id for card_id, _ in entries}), learner=learner)


def log_of_no_card(
    connection: Connection,
    kind: EventKind,
    now: datetime,
    cards: Iterable[int] = (),
    *,
    target: bytes | None = None,
    payload: Mapping[str, Any] | None = None,
    learner: int,
) -> None:
    """Log what is of no single card (a redate, a pause, the retraction of one), and fold *cards*
    anew."""
    _append_event(connection, None, kind, now, target=target, payload=payload, learner=learner)
    refold_all(connection, cards, learner=learner)


def log_foreign(
    connection: Connection,
    device_id: int,
    reviews: Sequence[tuple[int, fold.Review, int]],
    events: Sequence[tuple[int, fold.Event]],
    *,
    learner: int,
) -> None:
    """Log what another program has logged of cards, each review with the milliseconds that it took,
    at the places of their instants; and fold those cards anew. They are folded first: so each
    review is written once, with what it keeps of the fold."""
    times = timeline.read_timelines(connection, learner=learner)
    history = read_history_by(connection, times, learner=learner)
    line, coming = times.of(device_id), defaultdict[int, list[Entry]](list)
    is_straight = line == Timeline()  # an entry without a place stands where its instant is
    every: list[tuple[int, Entry]] = [*((card_id, entry) for card_id, entry, _ in reviews), *events]
    for card_id, entry in every:
        place = None if is_straight else line.place(Stamp(0, entry.at))
        coming[card_id].append(replace(entry, place=place) if place else entry)
    caches = dict[bytes, dict[str, Any]]()
    for cards in batches(sorted(coming)):
        caches |= refold_batch(connection, cards, history, times, coming, learner=learner)[1]
    whose = {"learner_id": learner, "device_id": device_id, "epoch": 0}
    for rated in batches(reviews):
        rows = [
            {
                **whose,
                **_entry(card_id, entry),
                "rating": int(entry.rating),
                "duration": duration,
                **(caches.get(entry.uid) or {"effective_day": fold.day_of(entry), **uncached()}),
            }
            for card_id, entry, duration in rated
        ]
        connection.execute(_NEW_REVIEW, rows)
    for told in batches(events):
        rows = [{**whose, **_entry(*one), "payload": one[1].payload} for one in told]
        connection.execute(insert(tables.event), rows)


def _entry(card_id: int, entry: Entry) -> dict[str, Any]:
    return {
        "uid": entry.uid,
        "card_id": card_id,
        "kind": entry.kind.value,
        "at": entry.at,
        "offset": int(entry.offset.total_seconds()),
        "day": fold.day_of(entry),
        "stamp": entry.at,
    }


def adopt(
    connection: Connection,
    parameters: Parameters,
    now: datetime,
    *,
    fit: Mapping[str, Any] | None = None,
    states: States = NONE,
    learner: int,
) -> None:
    """Put *parameters* in force from *now* on. Due dates stay; new weights recompute the rest.

    *fit* is what a fit came to, which is kept whether its weights are adopted or not. *states* are
    the stabilities and difficulties of cards under the new weights, as far as they are known: a
    fold of each card takes longer than others may wait for the lock.
    """
    former = in_force(connection, learner=learner)
    if former == parameters and fit is None:
        return
    values = asdict(parameters)
    for name in ("learning_steps", "relearning_steps"):
        values[name] = [int(step.total_seconds()) for step in values[name]]
    made = head(connection, now, learner=learner)
    columns = made.columns()
    del columns["offset"]
    connection.execute(
        insert(tables.parameters).values(
            uid=new_uid(), learner_id=learner, fit=fit, **columns, **values
        )
    )
    settle(connection, made, learner=learner)
    if former.weights != parameters.weights:
        others = write_states(connection, states, learner=learner)
        refold_all(connection, sorted(others), learner=learner)


def _append_event(
    connection: Connection,
    card_id: int | None,
    kind: EventKind,
    now: datetime,
    *,
    target: bytes | None = None,
    until: date | None = None,
    payload: Mapping[str, Any] | None = None,
    uid: bytes | None = None,
    learner: int,
) -> fold.Event:
    made = head(connection, now, learner=learner)
    entry = _insert_event(
        connection,
        card_id,
        kind,
        made,
        target=target,
        until=until,
        payload=payload,
        uid=uid,
        learner=learner,
    )
    settle(connection, made, learner=learner)
    return entry


def _insert_event(
    connection: Connection,
    card_id: int | None,
    kind: EventKind,
    made: Head,
    *,
    target: bytes | None = None,
    until: date | None = None,
    payload: Mapping[str, Any] | None = None,
    uid: bytes | None = None,
    learner: int,
) -> fold.Event:
    entry = fold.Event(
        uid or new_uid(), made.at, made.offset, kind, target, until, payload, made.day
    )
    connection.execute(
        insert(tables.event).values(
            uid=entry.uid,
            learner_id=learner,
            card_id=card_id,
            kind=kind.value,
            target=target,
            until=until,
            payload=payload,
            **made.columns(),
        )
    )
    return entry


def device_of(connection: Connection, uid: bytes, name: str, now: datetime) -> int:
    """The id of another device than this one, which is made if it is not known."""
    known = connection.scalar(select(device.id).where(device.uid == uid))
    if known is not None:
        return known
    made = insert(tables.device).values(uid=uid, name=name, made_at=utc(now), own=False)
    return connection.execute(made.returning(device.id)).scalar_one()


def new_uid() -> bytes:
    return uuid4().bytes


def utc(now: datetime) -> datetime:
    return now.astimezone(UTC)
