"""Where the entries of all devices stand, whatever the clocks there said.

The rule is that of `memory/stamp.py`; which stamps it goes by is found by steps through indexes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Connection,
    Table,
    bindparam,
    func,
    literal,
    select,
    union_all,
)

from studyapp.memory.fold import EventKind
from studyapp.memory.stamp import Cap, Place, Setback, Stamp, Timeline
from studyapp.store import tables

event = tables.event.c
device = tables.device.c

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
        select(event.payload, *order_of(event)).where(
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
                    *order_of(column),
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


def end(
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
    former = end(connection, device_id, first=True, learner=learner)
    while former is not None:
        epoch = former.epoch
        begun = end(connection, device_id, above=epoch, first=True, learner=learner)
        if begun is None:
            break
        newest = end(connection, device_id, epoch, learner=learner)
        beyond = end(connection, device_id, epoch, after=begun.time, first=True, learner=learner)
        before = end(connection, device_id, epoch, until=begun.time, learner=learner)
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


def order_of(column: Any) -> tuple[Any, ...]:
    return column.device_id, column.epoch, column.stamp
