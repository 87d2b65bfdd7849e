"""Versions of what is no log: which there are, which have been replaced, what they come to.

A version names those that it replaces. The ones that nobody has replaced are the heads of their
key; what is shown is a function of the heads alone, so that all devices come to the same, in
whatever order the versions reach them. Here a value is any JSON; who calls knows what it means.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, insert, or_, select, update

from studyapp.store import field, log, tables
from studyapp.store.field import Check, NewerError, as_json
from studyapp.store.line import VERSION, Line

version = tables.version.c

_BATCH = 500
_FIELDS: dict[str, Check] = {
    "key": lambda value: _key(value),
    "value": lambda value: value,
    "stamp": field.moment,
    "replaces": field.listed(field.uid),
}
_RECORD = field.record(_FIELDS)
_LONGEST_KEY = 4000


def _key(value: Any) -> str:
    if not isinstance(value, str) or not value.isascii() or len(value) > _LONGEST_KEY:
        raise ValueError("no key")
    return value


class Head(NamedTuple):
    """One of the versions that count; the newest of several is the one with the greatest stamp."""

    stamp: datetime
    uid: bytes
    value: Any


@dataclass(frozen=True, slots=True)
class Heads:
    """What there is of a key: the versions that are shown here and those that should be, the newest
    first."""

    shown: tuple[Head, ...] = ()
    wanted: tuple[Head, ...] = ()

    @property
    def settled(self) -> bool:
        return self.shown == self.wanted


def checked(line: Line) -> dict[str, Any]:
    """The fields of a version. Raises NewerError, ValueError (see studyapp.store.entry)."""
    if line.version > VERSION:
        raise NewerError(str(line.version))
    found: dict[str, Any] = _RECORD(line.data)
    return found


def heads(connection: Connection, *, learner: int) -> dict[str, Heads]:
    """All keys of a learner that have a version."""
    rows = connection.execute(
        select(
            version.key, version.uid, version.value, version.stamp, version.replaced, version.shown
        )
        .where(
            version.learner_id == learner, or_(version.replaced.is_(False), version.shown.is_(True))
        )
        .order_by(version.key)
    )
    shown, wanted = dict[str, list[Head]](), dict[str, list[Head]]()
    for row in rows:
        one = Head(row.stamp, row.uid, row.value)
        if row.shown:
            shown.setdefault(row.key, []).append(one)
        if not row.replaced:
            wanted.setdefault(row.key, []).append(one)
    return {
        key: Heads(_newest_first(shown.get(key, ())), _newest_first(wanted.get(key, ())))
        for key in shown.keys() | wanted.keys()
    }


def has_unsettled(connection: Connection, beginning: str, *, learner: int) -> bool:
    """Whether something other should be shown of a key with this *beginning* than is shown."""
    found = select(version.uid).where(
        version.learner_id == learner,
        version.key.startswith(beginning, autoescape=True),
        version.replaced == version.shown,
    )
    return connection.scalar(found.limit(1)) is not None


def _newest_first(found: Iterable[Head]) -> tuple[Head, ...]:
    return tuple(sorted(found, key=lambda one: one[:2], reverse=True))


def make(
    connection: Connection,
    key: str,
    value: Any,
    stamp: datetime,
    former: Sequence[Head],
    *,
    learner: int,
) -> Head:
    """Keep what the learner has made of a thing here, in place of the *former* versions, which are
    what they saw."""
    made = Head(stamp, log.new_uid(), value)
    gone = [one.uid for one in former]
    unknown = connection.scalars(  # elsewhere: whoever hears of this one has to know of theirs, too
        select(version.replaces).where(version.uid.in_(gone), version.told.is_(False))
    )
    replaces = dict.fromkeys(
        [one.hex() for one in gone] + [one for some in unknown for one in some]
    )
    _insert(
        connection, [_row(made.uid, key, value, stamp, list(replaces), told=False)], learner=learner
    )
    connection.execute(update(tables.version).where(version.uid.in_(gone)).values(replaced=True))
    settle(connection, {key: [made]}, learner=learner)
    return made


def settle(connection: Connection, shown: Mapping[str, Sequence[Head]], *, learner: int) -> None:
    """Keep that these heads are what is shown of each key here; what was replaced is forgotten."""
    for keys in _lots(shown):
        of_keys = (version.learner_id == learner, version.key.in_(keys))
        uids = [one.uid for key in keys for one in shown[key]]
        connection.execute(
            update(tables.version)
            .where(*of_keys, or_(version.uid.in_(uids), version.shown.is_(True)))
            .values(shown=version.uid.in_(uids))
        )
        connection.execute(
            update(tables.version)
            .where(*of_keys, version.replaced.is_(True), version.shown.is_(False))
            .values(value=None)
        )


def _lots(shown: Mapping[str, Sequence[Head]]) -> Iterator[list[str]]:
    """The keys in lots for one statement each, which takes so many parameters and no more."""
    some, heads = list[str](), 0
    for key, of_key in shown.items():
        if some and len(some) + heads + len(of_key) > _BATCH:
            yield some
            some, heads = [], 0
        some.append(key)
        heads += len(of_key)
    if some:
        yield some


def arrive(
    connection: Connection, found: Sequence[tuple[bytes, Mapping[str, Any]]], *, learner: int
) -> None:
    """Add the versions of other devices, and what they replace, be it here or still on its way."""
    named = {one for uid, fields in found for one in (uid, *fields["replaces"])}
    rows = _rows(connection, named)
    fresh = dict[bytes, dict[str, Any]]()
    for uid, fields in found:
        key = fields["key"]
        if uid not in rows:
            told = [one.hex() for one in fields["replaces"]]
            rows[uid] = learner, key
            fresh[uid] = _row(uid, key, fields["value"], fields["stamp"], told, told=True)
    gone = set[bytes]()
    for _, fields in found:
        for uid in fields["replaces"]:
            if uid not in rows:
                rows[uid] = learner, fields["key"]
                fresh[uid] = _row(uid, fields["key"], None, None, [], told=True)
            if rows[uid] == (learner, fields["key"]):
                gone.add(uid)
    for uid in gone & fresh.keys():
        fresh[uid] |= {"replaced": True, "value": None}
    _insert(connection, list(fresh.values()), learner=learner)
    for some in _batches(sorted(gone - fresh.keys())):
        of = version.uid.in_(some)
        connection.execute(update(tables.version).where(of).values(replaced=True))
        unseen = version.shown.is_(False)
        connection.execute(update(tables.version).where(of, unseen).values(value=None))


def _row(
    uid: bytes,
    key: str,
    value: Any,
    stamp: datetime | None,
    replaces: list[str],
    *,
    told: bool,
) -> dict[str, Any]:
    return {
        "uid": uid,
        "key": key,
        "value": value,
        "stamp": stamp,
        "replaces": replaces,
        "replaced": False,
        "shown": False,
        "told": told,
    }


def _insert(connection: Connection, rows: list[dict[str, Any]], *, learner: int) -> None:
    if rows:
        connection.execute(insert(tables.version).values(learner_id=learner), rows)


def _rows(connection: Connection, uids: Iterable[bytes]) -> dict[bytes, tuple[int, str]]:
    """Learner and key of the versions that are known."""
    found = dict[bytes, tuple[int, str]]()
    for some in _batches(sorted(uids)):
        query = select(version.uid, version.learner_id, version.key).where(version.uid.in_(some))
        found |= {uid: (learner, key) for uid, learner, key in connection.execute(query)}
    return found


def _batches(uids: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    return (uids[start : start + _BATCH] for start in range(0, len(uids), _BATCH))


def untold(connection: Connection) -> Iterator[Line]:
    """The versions of all learners that no file of the folder has yet. One that was replaced by
    then needs none: what replaces it names what it replaced."""
    rows = connection.execute(_select().where(version.told.is_(False), version.replaced.is_(False)))
    for row in rows:
        yield _as_line(row, row.replaces)


def every(connection: Connection) -> Iterator[Line]:
    """All heads, each with all that has been replaced of its key."""
    gone = dict[tuple[int, str], list[str]]()
    rows = select(version.learner_id, version.key, version.uid).where(version.replaced.is_(True))
    for learner, key, uid in connection.execute(rows):
        gone.setdefault((learner, key), []).append(uid.hex())
    for row in connection.execute(_select().where(version.replaced.is_(False))):
        yield _as_line(row, gone.get((row.learner_id, row.key), []))


def _select() -> Any:
    return (
        select(tables.version, tables.learner.c.name.label("learner"))
        .join(tables.learner, tables.learner.c.id == version.learner_id)
        .order_by(version.stamp, version.uid)
    )


def _as_line(row: Any, replaces: Sequence[str]) -> Line:
    data = {
        "key": row.key,
        "value": row.value,
        "stamp": as_json(row.stamp),
        "replaces": list(replaces),
    }
    return Line("version", row.uid, row.learner, data)


def keep_told(connection: Connection, uids: Iterable[bytes]) -> None:
    """Keep that these versions, of any learner, are in the folder; replaced ones need not be."""
    connection.execute(
        update(tables.version)
        .where(version.told.is_(False), version.replaced.is_(True))
        .values(told=True)
    )
    for some in _batches(sorted(uids)):
        connection.execute(update(tables.version).where(version.uid.in_(some)).values(told=True))
