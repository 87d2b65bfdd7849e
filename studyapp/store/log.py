"""The review and event logs, and the memory that is their fold."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, fields, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from math import isclose
from types import MappingProxyType
from typing import Any, NamedTuple, TypeVar
from uuid import uuid4

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Connection,
    Select,
    Table,
    and_,
    bindparam,
    case,
    delete,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    text,
    union,
    union_all,
    update,
)

from studyapp.memory import fold
from studyapp.memory.clock import study_day
from studyapp.memory.fold import Adopted, Entry, EventKind, ReviewKind
from studyapp.memory.scheduler import Parameters
from studyapp.memory.stamp import Cap, Place, Setback, Stamp, Timeline, following
from studyapp.memory.state import Cause, Memory, Rating, State
from studyapp.store import tables, tally
from studyapp.store.engine import RATED, asked

review = tables.review.c
event = tables.event.c
retract = tables.event.alias("retract").c
memory = tables.memory.c
card = tables.card.c
adopted = tables.parameters.c
device = tables.device.c

_T = TypeVar("_T")
_BATCH = 200  # cards whose logs are read at once, or entries that are written


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
_DEVICES = select(device.id, device.uid, device.own)
_ADOPTED = select(tables.parameters).where(adopted.learner_id == bindparam("whose"))
_NEW_REVIEW = insert(tables.review)
_NEW_MEMORY = insert(tables.memory)
_CHANGE_STATE = _CHANGE_MEMORY.where(memory.stability.is_not(None)).values(
    stability=bindparam("new_s"), difficulty=bindparam("new_d")
)
_CHANGE_STATES = text(
    "UPDATE memory NOT INDEXED SET stability = coalesce(new_stability(card_id), stability), "
    "difficulty = coalesce(new_difficulty(card_id), difficulty) "
    "WHERE learner_id = :whose AND stability IS NOT NULL"
)
_STAMPED: tuple[Any, ...] = tuple(
    table.c
    for table in (
        tables.review,
        tables.event,
        tables.parameters,
        tables.attempt,
        tables.response,  # when it was graded
        tables.run,
    )
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
    newest = _end(connection, own, learner=learner)
    stamp = following(newest, utc(now))
    left = newest if newest is not None and stamp.epoch > newest.epoch else None
    made = Head(own, utc(now), offset, study_day(now), stamp, len(devices) == 1, left)
    ahead = _ahead(connection, devices, stamp, learner=learner)
    if ahead:  # what the others have written goes before this: it may pass a third one's entries
        before = read_timelines(connection, learner=learner)
        _insert_event(connection, None, EventKind.CAUGHT_UP, made, payload=ahead, learner=learner)
        cards = moved(
            connection, before, read_timelines(connection, learner=learner), learner=learner
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
        newest = None if one.own else _end(connection, one.id, learner=learner)
        if newest is None or (newest.epoch == 0 and newest.time < stamp.time):
            continue
        place = read_timelines(connection, learner=learner).of(one.id).place(newest)
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
            **_cache(before, after),
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


def device_of(connection: Connection, uid: bytes, name: str, now: datetime) -> int:
    """The id of another device than this one, which is made if it is not known."""
    known = connection.scalar(select(device.id).where(device.uid == uid))
    if known is not None:
        return known
    made = insert(tables.device).values(uid=uid, name=name, made_at=utc(now), own=False)
    return connection.execute(made.returning(device.id)).scalar_one()


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
    times = read_timelines(connection, learner=learner)
    history = _read_history(connection, times, learner=learner)
    line, coming = times.of(device_id), defaultdict[int, list[Entry]](list)
    is_straight = line == Timeline()  # an entry without a place stands where its instant is
    every: list[tuple[int, Entry]] = [*((card_id, entry) for card_id, entry, _ in reviews), *events]
    for card_id, entry in every:
        place = None if is_straight else line.place(Stamp(0, entry.at))
        coming[card_id].append(replace(entry, place=place) if place else entry)
    caches = dict[bytes, dict[str, Any]]()
    for cards in _batches(sorted(coming)):
        caches |= _refold(connection, cards, history, times, coming, learner=learner)[1]
    whose = {"learner_id": learner, "device_id": device_id, "epoch": 0}
    for rated in _batches(reviews):
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
    for told in _batches(events):
        rows = [{**whose, **_entry(*one), "payload": one[1].payload} for one in told]
        connection.execute(insert(tables.event), rows)


def uncached() -> dict[str, Any]:
    """What a review keeps of before and after until it is folded."""
    return _cache(Memory(), Memory())


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


def new_uid() -> bytes:
    return uuid4().bytes


def utc(now: datetime) -> datetime:
    return now.astimezone(UTC)


def read_timelines(connection: Connection, *, learner: int) -> Timelines:
    """The time of each device, as the learner's entries tell it."""
    set_back = (
        select(column.epoch)
        .where(column.learner_id == learner, column.device_id == device.id, column.epoch > 0)
        .limit(1)
        .scalar_subquery()
        for column in _STAMPED
    )
    rows = connection.execute(
        select(device.id, device.uid, func.coalesce(*set_back).label("broken"))
    ).all()
    times = Timelines(
        {
            row.id: Timeline(
                _setbacks(connection, row.id, learner=learner) if row.broken is not None else ()
            )
            for row in rows
        }
    )
    return _capped(connection, times, rows, learner=learner) if len(rows) > 1 else times


def _capped(
    connection: Connection, straight: Timelines, devices: Sequence[Any], *, learner: int
) -> Timelines:
    """What one device has caught up with was before that, be that itself moved or not."""
    caught = connection.execute(
        select(event.payload, *_order_of(event)).where(
            event.learner_id == learner,
            event.card_id.is_(None),
            event.kind == EventKind.CAUGHT_UP.value,
        )
    ).all()
    ids = {row.uid.hex(): row.id for row in devices}
    times, before = straight, dict[int, list[Cap]]()
    for _ in caught:  # each moves others at most; a chain is no longer than there are
        caps: dict[int, list[Cap]] = {}
        for row in caught:
            at = times.place(row).time
            for uid, (epoch, time) in (row.payload or {}).items():
                if uid in ids:
                    until = Stamp(epoch, datetime.fromisoformat(time))
                    caps.setdefault(ids[uid], []).append(Cap(until, at))
        if caps == before:
            break
        times, before = straight.capped(caps), caps
    return times


class Timelines:
    """Where an entry of any device stands."""

    def __init__(self, known: Mapping[int, Timeline]) -> None:
        self._known = known

    def of(self, device_id: int) -> Timeline:
        return self._known[device_id]

    def changed(self, other: Timelines) -> list[int]:
        """The devices that are known to both and whose time is another there."""
        return [one for one, line in self._known.items() if other._known.get(one, line) != line]

    def place(self, row: Any) -> Place:
        """The place of a row with a device, an epoch and a stamp."""
        return self.of(row.device_id).place(Stamp(row.epoch, row.stamp))

    def capped(self, caps: Mapping[int, Sequence[Cap]]) -> Timelines:
        return Timelines({one: line.capped(caps.get(one, ())) for one, line in self._known.items()})


def moved(
    connection: Connection, before: Timelines, after: Timelines, *, learner: int
) -> set[int] | None:
    """The cards with an entry that stands elsewhere *after* than *before*, as entries of another
    device have come in; None if parameters do, which all memories hang on."""
    found = set[int]()
    for device_id in before.changed(after):
        for table in (tables.parameters, tables.event, tables.review):
            column, whole = table.c, table is tables.parameters
            rows = connection.execute(
                select(
                    literal(None) if whole else column.card_id,
                    literal("") if table is tables.review or whole else column.kind,
                    *_order_of(column),
                ).where(column.learner_id == learner, column.device_id == device_id)
            )
            for card_id, kind, *_order in rows:
                stamp = Stamp(*_order[1:])
                if before.of(device_id).place(stamp) == after.of(device_id).place(stamp):
                    continue
                if whole or kind == EventKind.REDATE:
                    return None
                if card_id is not None:
                    found.add(card_id)
    return found


def in_order(connection: Connection, rows: Iterable[Any], *, learner: int) -> list[Any]:
    """Rows with a uid, a device, an epoch and a stamp, the oldest first."""
    rows = list(rows)
    if len(rows) < 2:
        return rows
    times = read_timelines(connection, learner=learner)
    return sorted(rows, key=lambda row: (times.place(row), row.uid))


def newest(
    connection: Connection,
    table: Table[Any],
    *conditions: ColumnElement[bool],
    learner: int,
    times: Timelines,
) -> tuple[Place, Any] | None:
    """The learner's newest row of *table* that meets the conditions, with its place."""
    column, found = table.c, list[Any]()
    for one in connection.scalars(select(device.id)).all():
        found += connection.execute(
            select(table)
            .where(
                column.learner_id == learner,
                column.device_id == one,
                column.stamp.is_not(None),
                *conditions,
            )
            .order_by(column.epoch.desc(), column.stamp.desc())
            .limit(1)
        ).all()
    placed = [(times.place(row), row) for row in found]
    return max(placed, key=lambda pair: pair[0], default=None)


def _end(
    connection: Connection,
    device_id: int,
    epoch: int | None = None,
    *,
    above: int | None = None,
    until: datetime | None = None,
    after: datetime | None = None,
    first: bool = False,
    learner: int,
) -> Stamp | None:
    """The newest (or first) stamp of a device, in one statement and by steps through the index;
    of one *epoch*, of those *above* one, *until* or *after* a stamp."""
    given = {"epoch": epoch, "above": above, "until": until, "after": after}
    told = {name: value for name, value in given.items() if value is not None}
    rows = connection.execute(
        _ends(frozenset(told), first), {"whose": learner, "device": device_id, **told}
    )
    return (min if first else max)((Stamp(*row) for row in rows), default=None)


@cache  # a rating asks this, and to put it together takes longer than to answer it
def _ends(told: frozenset[str], first: bool) -> CompoundSelect[Any]:
    """The newest (or first) stamp in each table, of the learner :whose and by the names *told*."""
    ends = []
    for column in _STAMPED:
        conditions = {
            "epoch": column.epoch == bindparam("epoch"),
            "above": column.epoch > bindparam("above"),
            "until": column.stamp <= bindparam("until", type_=tables.UTCDateTime),
            "after": column.stamp > bindparam("after", type_=tables.UTCDateTime),
        }
        order = (column.epoch, column.stamp)
        end = (
            select(column.epoch, column.stamp)
            .where(
                column.learner_id == bindparam("whose"),
                column.device_id == bindparam("device"),
                column.stamp.is_not(None),
                *(conditions[name] for name in sorted(told)),
            )
            .order_by(*(order if first else (one.desc() for one in order)))
            .limit(1)
            .subquery()
            .c
        )
        ends.append(select(end.epoch, end.stamp))
    return union_all(*ends)


def _setbacks(connection: Connection, device_id: int, *, learner: int) -> list[Setback]:
    found = list[Setback]()
    former = _end(connection, device_id, first=True, learner=learner)
    while former is not None:
        epoch = former.epoch
        begun = _end(connection, device_id, above=epoch, first=True, learner=learner)
        if begun is None:
            break
        newest = _end(connection, device_id, epoch, learner=learner)
        beyond = _end(connection, device_id, epoch, after=begun.time, first=True, learner=learner)
        before = _end(connection, device_id, epoch, until=begun.time, learner=learner)
        assert newest is not None, "its first entry is one"
        found.append(
            Setback(
                begun.epoch,
                begun.time,
                newest.time,
                beyond and beyond.time,
                before and before.time,
            )
        )
        former = begun
    return found


def read_log(connection: Connection, card_id: int, *, learner: int) -> list[Entry]:
    """Every entry of one card's log, retracted ones included, in no particular order."""
    times = read_timelines(connection, learner=learner)
    return _read_logs(connection, [card_id], times, learner=learner)[card_id]


def read_logs(
    connection: Connection, cards: Sequence[int], *, learner: int
) -> Iterator[tuple[int, list[Entry]]]:
    """`read_log` of each of many *cards*."""
    times = read_timelines(connection, learner=learner)
    for some in _batches(cards):
        yield from _read_logs(connection, some, times, learner=learner).items()


def _read_logs(
    connection: Connection, cards: Sequence[int], times: Timelines, *, learner: int
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
            *_order_of(review),
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
            *_order_of(event),
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
    times = read_timelines(connection, learner=learner)
    rows = connection.execute(
        select(tables.event).where(event.learner_id == learner, event.card_id.is_(None))
    )
    found = fold.in_force(_as_event(row, times) for row in rows)
    return [one for one in found if isinstance(one, fold.Event)]


def _as_event(row: Any, times: Timelines) -> fold.Event:
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


def _order_of(column: Any) -> tuple[Any, ...]:
    return column.device_id, column.epoch, column.stamp


def refold(
    connection: Connection, card_id: int, history: Sequence[Adopted], *, learner: int
) -> Memory:
    """Compute a card's memory from its log, store it with the cache in its reviews, return it."""
    times = read_timelines(connection, learner=learner)
    memories, _ = _refold(connection, [card_id], history, times, learner=learner)
    return memories[card_id]


def refold_all(connection: Connection, cards: Iterable[int], *, learner: int) -> None:
    """Compute the memories of *cards* anew."""
    wanted = list(cards)
    if not wanted:
        return
    times = read_timelines(connection, learner=learner)
    history = _read_history(connection, times, learner=learner)
    for some in _batches(wanted):
        _refold(connection, some, history, times, learner=learner)


def _batches(every: Sequence[_T]) -> Iterator[Sequence[_T]]:
    return (every[start : start + _BATCH] for start in range(0, len(every), _BATCH))


def _refold(
    connection: Connection,
    cards: Sequence[int],
    history: Sequence[Adopted],
    times: Timelines,
    coming: Mapping[int, Sequence[Entry]] = MappingProxyType({}),
    *,
    learner: int,
) -> tuple[dict[int, Memory], dict[bytes, dict[str, Any]]]:
    """Fold *cards* anew, with what is *coming* to their logs, by card, and not there yet; returns
    their memories, and by uid what their reviews are to keep."""
    logs = _read_logs(connection, cards, times, learner=learner)
    uids = _uids(connection, cards)
    caches, memories = dict[bytes, dict[str, Any]](), dict[int, Memory]()
    for card_id, entries in logs.items():
        entries += coming.get(card_id, ())
        memories[card_id], cached = _replayed(entries, uids[card_id], history)
        caches |= cached
    _write_caches(connection, cards, caches, learner=learner)
    _write_memories(connection, memories, learner=learner)
    return memories, caches


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
    for row in _read_caches(connection, cards, learner=learner):
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


def _read_caches(connection: Connection, cards: Sequence[int], *, learner: int) -> Sequence[Any]:
    """Card and uid of each review of *cards*, and what it keeps (`_CACHED`)."""
    columns = (review.card_id, review.uid, *(getattr(review, name) for name in _CACHED))
    return connection.execute(
        select(*columns).where(review.learner_id == learner, review.card_id.in_(cards))
    ).all()


def _uids(connection: Connection, cards: Sequence[int]) -> dict[int, bytes]:
    return dict(connection.execute(select(card.id, card.uid).where(card.id.in_(cards))).all())


def _replayed(
    entries: Iterable[Entry], uid: bytes, history: Sequence[Adopted]
) -> tuple[Memory, dict[bytes, dict[str, Any]]]:
    """The memory of a card, and what each of its reviews that count is to have cached."""
    caches = dict[bytes, dict[str, Any]]()
    before = after = Memory()
    for entry, after in fold.replay(entries, uid, history):
        if isinstance(entry, fold.Review):
            caches[entry.uid] = {"effective_day": fold.day_of(entry), **_cache(before, after)}
        before = after
    return after, caches


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
    times = read_timelines(connection, learner=learner)
    for start in range(0, len(cards), _BATCH):
        told(start, len(cards))
        some = cards[start : start + _BATCH]
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


def begun(connection: Connection, *, learner: int) -> list[int]:
    """The cards that are there and of which the learner has a log or a memory."""
    parts = (
        select(column.card_id).where(column.learner_id == learner, column.card_id.is_not(None))
        for column in (memory, review, event)
    )
    known = select(card.id).where(card.id.in_(union(*parts)))
    return sorted(connection.scalars(known))


def _compare(
    connection: Connection,
    cards: Sequence[int],
    history: Sequence[Adopted],
    times: Timelines,
    found: Drift,
    *,
    learner: int,
) -> None:
    uids, logs = _uids(connection, cards), _read_logs(connection, cards, times, learner=learner)
    folded = {one: _replayed(entries, uids[one], history) for one, entries in logs.items()}
    stored = _stored(connection, cards, learner=learner)
    for one, (value, _) in folded.items():
        kept = stored.get(one, Memory())
        if kept is None or (
            kept != value and not _alike(asdict(kept).values(), asdict(value).values())
        ):
            found.memories.append(one)
    wrong = {
        row.card_id
        for row in _read_caches(connection, cards, learner=learner)
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


def not_retracted(entry: Any = review) -> Any:
    """Condition on a row of a log (in the enclosing query) that nothing has taken it back."""
    return ~exists().where(retract.target == entry.uid, retract.kind == EventKind.RETRACT.value)


def retracted(*, learner: int) -> Select[bytes | None]:
    """The uids of what the learner has taken back."""
    return select(event.target).where(
        event.learner_id == learner, event.kind == EventKind.RETRACT.value
    )


def read_history(connection: Connection, *, learner: int) -> tuple[Adopted, ...]:
    """The parameters that were in force, oldest first, beginning with the defaults."""
    return _read_history(connection, None, learner=learner)


def _read_history(
    connection: Connection, times: Timelines | None, *, learner: int
) -> tuple[Adopted, ...]:
    rows = connection.execute(select(tables.parameters).where(adopted.learner_id == learner)).all()
    if not rows:
        return fold.DEFAULTS
    times = times or read_timelines(connection, learner=learner)
    placed = sorted(((times.place(row), row) for row in rows), key=lambda it: (it[0], it[1].uid))
    return fold.DEFAULTS + tuple(
        Adopted(row.at, row.uid, _as_parameters(row), place) for place, row in placed
    )


def in_force(connection: Connection, *, learner: int) -> Parameters:
    """The newest parameters."""
    rows = connection.execute(_ADOPTED, {"whose": learner}).all()
    if len({row.device_id for row in rows}) > 1:
        return read_history(connection, learner=learner)[-1].parameters
    newest = max(rows, key=lambda row: (row.epoch, row.stamp), default=None)
    return Parameters() if newest is None else _as_parameters(newest)


def _as_parameters(row: Any) -> Parameters:
    return Parameters(
        tuple(row.weights),
        row.desired_retention,
        tuple(timedelta(seconds=step) for step in row.learning_steps),
        tuple(timedelta(seconds=step) for step in row.relearning_steps),
        row.maximum_interval,
    )


def perhaps_missed(connection: Connection, *, learner: int) -> ColumnElement[bytes | None]:
    """Of a row of `memory` the uid of the last review, null where its rating cannot be Again: to
    look up those of many cards takes longer than all else of them. A rating that leaves a card in
    review is not Again, unless there were times without steps."""
    rows = connection.execute(
        select(adopted.learning_steps, adopted.relearning_steps).where(
            adopted.learner_id == learner
        )
    )
    if not all(learning and relearning for learning, relearning in rows):
        return memory.last_review
    passed = and_(memory.state == State.REVIEW, memory.cause == Cause.RATED.value)
    return case((passed, None), else_=memory.last_review)


def read_fits(connection: Connection, *, learner: int) -> list[dict[str, Any]]:
    """What each fit of the weights came to (`adopt`), the oldest first."""
    rows = connection.execute(
        select(tables.parameters).where(adopted.learner_id == learner, adopted.fit.is_not(None))
    )
    return [row.fit for row in in_order(connection, rows.all(), learner=learner)]


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
        others = _write_states(connection, states, learner=learner)
        refold_all(connection, sorted(others), learner=learner)


def _write_states(connection: Connection, states: States, *, learner: int) -> set[int]:
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


def applied_settings(connection: Connection, file: str, *, learner: int) -> dict[str, Any] | None:
    """What a settings *file* of this device last put in force; None if it never did."""
    return _applied(connection, learner=learner).get(file)


def keep_settings(
    connection: Connection, file: str, applied: dict[str, Any], *, learner: int
) -> None:
    """Keep that the settings of a *file* of this device were put in force."""
    own = connection.scalars(select(device.id).where(device.own.is_(True))).one()
    every = {**_applied(connection, learner=learner), file: applied}
    kept = tables.device_settings.c
    changed = connection.execute(
        update(tables.device_settings)
        .where(kept.device_id == own, kept.learner_id == learner)
        .values(applied=every)
    )
    if not changed.rowcount:
        connection.execute(
            insert(tables.device_settings).values(device_id=own, learner_id=learner, applied=every)
        )


def _applied(connection: Connection, *, learner: int) -> dict[str, dict[str, Any]]:
    """By file what its settings put in force: of a database that lies on a server, or that two
    machines open in turn, there are several."""
    kept = tables.device_settings.c
    found = connection.scalar(
        select(kept.applied)
        .join(tables.device, device.id == kept.device_id)
        .where(device.own.is_(True), kept.learner_id == learner)
    )
    # Before there were names of files, the settings themselves stood here.
    return {file: told for file, told in (found or {}).items() if isinstance(told, dict)}


def _cache(before: Memory, after: Memory) -> dict[str, Any]:
    return {
        "last_day_before": before.last_day,
        "state_before": int(before.state),
        "stability_before": before.stability,
        "difficulty_before": before.difficulty,
        "state_after": int(after.state),
        "stability_after": after.stability,
        "difficulty_after": after.difficulty,
    }


_CACHED = ("effective_day", *_cache(Memory(), Memory()))  # what a review keeps of the fold
