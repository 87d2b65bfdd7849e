"""What was done that is in no log, such as a deletion: when, and what takes it back.

It has no entry, so its place among entries is kept beside it: up to where the log of each device
went by then. That stays true whatever is taken back of the log, and whatever the clocks say.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, select

from studyapp.memory.stamp import Stamp, following
from studyapp.store import log, tables, timeline
from studyapp.study.desk import Desk

device = tables.device.c
response = tables.response.c

_FIRST = Stamp(0, datetime.min.replace(tzinfo=UTC))
_UID = 16  # bytes


class Moment(NamedTuple):
    """When something was done on a `device`, given by its uid: `ends` has the newest stamp of each
    device that was known then, and `stamp` is that which an entry would have had."""

    device: bytes
    stamp: Stamp
    ends: Mapping[bytes, Stamp]

    @property
    def order(self) -> tuple[Stamp, Stamp]:
        """What sorts the moments of one device."""
        return self.ends.get(self.device, _FIRST), self.stamp

    def knew(self, connection: Connection, entry: Any, *, learner: int) -> bool:
        """Whether an *entry* of the log, or a graded answer, was made before: it was there by then,
        or has come since from another device, where it was made earlier."""
        devices = {row.id: row.uid for row in connection.execute(select(device.id, device.uid))}
        uid = devices[entry.device_id]
        if uid in self.ends and Stamp(entry.epoch, entry.stamp) <= self.ends[uid]:
            return True
        if uid == self.device:
            return False
        times = timeline.read_timelines(connection, learner=learner)
        then = self.stamp.time
        for one, its in devices.items():
            if its == self.device:
                then = times.of(one).place(self.stamp).time
        return times.place(entry).time < then

    def as_json(self) -> dict[str, Any]:
        ends = {uid.hex(): _as_json(end) for uid, end in self.ends.items()}
        return {"device": self.device.hex(), "stamp": _as_json(self.stamp), "ends": ends}


@dataclass(frozen=True, slots=True, eq=False)
class Unlogged:
    """What was done at a `moment`; `take_back` takes it back and says so. Other windows and later
    sessions find it by the name of its `record`, where it is `told` with its study `day`. Once
    `is_gone`, one of them has taken it back."""

    moment: Moment
    take_back: Callable[[Desk], str]
    told: str = ""
    day: date | None = None
    record: str = ""
    is_gone: Callable[[], bool] = lambda: False


def moment(connection: Connection, now: datetime, *, learner: int) -> Moment:
    """The moment at *now*, in the order of what is in the log."""
    rows = connection.execute(select(device.id, device.uid, device.own)).all()
    found = {row.uid: timeline.end(connection, row.id, learner=learner) for row in rows}
    own = next(row.uid for row in rows if row.own)
    ends = {uid: end for uid, end in found.items() if end is not None}
    return Moment(own, following(ends.get(own), log.utc(now)), ends)


def from_json(said: Mapping[str, Any]) -> Moment:
    """A moment as `Moment.as_json` keeps it. Raises ValueError, KeyError or TypeError."""
    ends = {bytes.fromhex(uid): _from_json(end) for uid, end in said["ends"].items()}
    return Moment(bytes.fromhex(said["device"]), _from_json(said["stamp"]), ends)


def right_after(connection: Connection, named: bytes | None, *, learner: int) -> Moment:
    """The moment right after what was next to be taken back is *named*, as programs before kept it:
    an entry by its uid, a grade by the number of its answer and its instant, None if nothing was.

    Raises ValueError if that is not in the log.
    """
    rows = connection.execute(select(device.id, device.uid, device.own)).all()
    own = next(row.uid for row in rows if row.own)
    if named is None:
        return Moment(own, _FIRST, {})
    row = _entry(connection, named, learner=learner)
    if row is not None:
        uid = next(one.uid for one in rows if one.id == row.device_id)
        stamp = Stamp(row.epoch, row.stamp)
        return Moment(uid, stamp, {uid: stamp})
    if len(named) == _UID:
        raise ValueError("no entry has this uid")
    # A grade that was taken back since has no stamp any more, but had one of its instant.
    stamp = Stamp(0, datetime.fromisoformat(named.decode().partition(" ")[2]))
    return Moment(own, stamp, {own: stamp})


def _entry(connection: Connection, named: bytes, *, learner: int) -> Row[Any] | None:
    if len(named) == _UID:
        for table in (tables.review, tables.event):
            this = (table.c.uid == named, table.c.learner_id == learner)
            if (row := connection.execute(select(table).where(*this)).one_or_none()) is not None:
                return row
        return None
    number, _, at = named.decode().partition(" ")
    graded = (response.id == int(number), response.graded_at == datetime.fromisoformat(at))
    return connection.execute(
        select(tables.response).where(*graded, response.learner_id == learner)
    ).one_or_none()


def _as_json(stamp: Stamp) -> list[Any]:
    return [stamp.epoch, stamp.time.isoformat()]


def _from_json(said: Any) -> Stamp:
    epoch, time = said
    return Stamp(int(epoch), datetime.fromisoformat(time))
