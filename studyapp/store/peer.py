"""What is known of the files of the devices: how far each was read, and what waits of it."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, delete, func, insert, select, update

from studyapp.store import entry, line, log, tables

peer = tables.peer.c
waiting = tables.waiting.c
device = tables.device.c

_BATCH = 500
_MOST = 64 * 2**20  # characters that wait of one file


@dataclass(frozen=True, slots=True)
class Peer:
    """A device's file, as far as it was read; of the own one, written (see `tables`)."""

    uid: bytes
    name: str = ""
    done: int = 0
    tail: str = ""
    seen: str = ""
    entries: int = 0
    torn: int = 0
    refused: int = 0
    newest: datetime | None = None

    def anew(self) -> Peer:
        """The same, before anything of it was read."""
        return Peer(self.uid, self.name)

    def is_read(self, path: Path) -> bool:
        """Whether the file is what it was when it was read to its end, or to a torn line."""
        return self.seen == seen(path)

    def goes_on(self, path: Path) -> bool:
        """Whether what was read is still the beginning of the file. If not, or if there was
        something torn, which may be whole by now, all of it is read again."""
        return not self.torn and line.ends_with(path, self.done, self.tail)

    def at_end(self, path: Path) -> Peer:
        return replace(self, seen=seen(path))


def seen(path: Path) -> str:
    stat = path.stat()
    return f"{stat.st_size} {stat.st_mtime_ns}"


def read(connection: Connection) -> dict[bytes, Peer]:
    rows = connection.execute(select(tables.peer))
    return {row.uid: Peer(**row._mapping) for row in rows}


def keep(connection: Connection, one: Peer) -> None:
    values = asdict(one)
    changed = connection.execute(update(tables.peer).where(peer.uid == one.uid).values(**values))
    if not changed.rowcount:
        connection.execute(insert(tables.peer).values(**values))


def keep_newest(connection: Connection, one: Peer) -> None:
    """Keep of when the newest entry is that the file ever had."""
    if one.newest is not None and not is_older(one, entry.marks(connection)):
        entry.keep_told(connection, {_newest(one.uid): _microseconds(one.newest)})


def is_older(one: Peer, marks: Mapping[str, int]) -> bool:
    """Whether a file has been put back to what it was before it was read: what it had is here."""
    known = marks.get(_newest(one.uid), 0)
    return known > (0 if one.newest is None else _microseconds(one.newest))


def _newest(uid: bytes) -> str:
    return f"newest/{uid.hex()}"


def _parted(uid: bytes) -> str:
    return f"parted/{uid.hex()}"


def _microseconds(at: datetime) -> int:
    return (at - datetime.fromtimestamp(0, UTC)) // timedelta(microseconds=1)


def own(connection: Connection) -> tuple[bytes, str]:
    """Uid and name of this database's own device."""
    uid, name = connection.execute(select(device.uid, device.name).where(device.own)).one()
    return uid, name


def renew(connection: Connection, now: datetime) -> None:
    """Make this the database of a new device, for which what the settings of each learner have put
    in force goes on to hold: whoever else writes as the old one gives its stamps once more."""
    settings = tables.device_settings.c
    former = connection.execute(select(device.id, device.name).where(device.own)).first()
    connection.execute(update(tables.device).where(device.own).values(own=False))
    name = former.name if former else platform.node()
    made = insert(tables.device).values(
        uid=log.new_uid(), name=name, made_at=log.utc(now), own=True
    )
    own = connection.execute(made.returning(device.id)).scalar_one()
    if former is not None:
        of_former = update(tables.device_settings).where(settings.device_id == former.id)
        connection.execute(of_former.values(device_id=own))


def part(connection: Connection, now: datetime) -> None:
    """Renew, as another copy of this database goes on as the old device; what is here stays."""
    former, _ = own(connection)
    renew(connection, now)
    entry.keep_told(connection, {_parted(former): 1})


def has_parted(connection: Connection, uid: bytes) -> bool:
    """Whether a device was this one until it parted from another copy of its database."""
    return _parted(uid) in entry.marks(connection)


def call(connection: Connection, uid: bytes, name: str, now: datetime) -> None:
    """Keep what a device is called; one that is known by a name keeps it."""
    log.device_of(connection, uid, name, now)
    nameless = (device.uid == uid, device.name == "")
    connection.execute(update(tables.device).where(*nameless).values(name=name))


def wait(connection: Connection, lines: Sequence[tuple[bytes, bytes, str, bytes]]) -> None:
    """Keep lines that nothing can be made of yet: uid, whose file, why, and as they stand there."""
    known = set[bytes]()
    uids = [uid for uid, *_ in lines]
    for start in range(0, len(uids), _BATCH):
        some = waiting.uid.in_(uids[start : start + _BATCH])
        known.update(connection.scalars(select(waiting.uid).where(some)))
    rows = {
        uid: {"uid": uid, "peer_uid": of, "why": why, "line": text.decode()}
        for uid, of, why, text in lines
        if uid not in known
    }
    if rows:
        connection.execute(insert(tables.waiting), list(rows.values()))


def has_room(connection: Connection, uid: bytes) -> bool:
    """Whether more of a file may wait here; what does not stays in the file."""
    size = select(func.sum(func.length(waiting.line))).where(waiting.peer_uid == uid)
    return (connection.scalar(size) or 0) < _MOST


def waiting_lines(connection: Connection) -> list[str]:
    """The lines that wait, as they stand in their files."""
    return list(connection.scalars(select(waiting.line)))


def waits_no_longer(connection: Connection, uids: Iterable[bytes]) -> None:
    wanted = list(uids)
    for start in range(0, len(wanted), _BATCH):
        some = waiting.uid.in_(wanted[start : start + _BATCH])
        connection.execute(delete(tables.waiting).where(some))
