"""Entries of the logs on their way to other devices and back: a review, an event, parameters.

They are known by their uids, wherever they were made; cards, devices and learners by theirs and by
names, as each database numbers its own. What comes in is checked field by field and added once; the
memories that it concerns are folded anew in the same transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Table, delete, func, insert, select, update

from studyapp.memory.fold import EventKind, ReviewKind
from studyapp.memory.scheduler import Parameters
from studyapp.memory.state import Memory, Rating, State
from studyapp.store import log, owner, tables, timeline
from studyapp.store.field import (
    Check,
    NewerError,
    among,
    as_json,
    as_written,
    day,
    listed,
    mapped,
    moment,
    number,
    optional,
    record,
    switch,
    uid,
    whole,
    word,
)
from studyapp.store.line import VERSION, Line
from studyapp.store.memory import begun, refold_all, uncached

card = tables.card.c
device = tables.device.c
told = tables.told.c

LOGS = {"review": tables.review, "event": tables.event, "parameters": tables.parameters}
_MOST = 2**31 - 1
_HEAD: dict[str, Check] = {
    "device": uid,
    "at": moment,
    "day": day,
    "epoch": whole(0, _MOST),
    "stamp": moment,
}
_OFFSET = whole(-86_400, 86_400)
_COUNT = whole(0, 10**6)
_RETENTION = number(0.7, 0.99)
_CHOSEN = ("interval", "retention")  # of a review (see studyapp.memory.fold.Chosen)
_DAY_TEXT, _MOMENT_TEXT, _UID_TEXT = as_written(day), as_written(moment), as_written(uid)
_STATE = {  # of an import (see studyapp.memory.fold.Event)
    "state": whole(min(State), max(State)),
    "stability": optional(number(1e-6, 1e6)),
    "difficulty": optional(number(1, 10)),
    "interval": whole(0, 36_500),
    "due": _DAY_TEXT,
    "reps": _COUNT,
    "lapses": _COUNT,
    "suspended": switch,
    "buried_until": optional(_DAY_TEXT),
}


def chapter_name(value: Any) -> int | str:
    """The number of a chapter, or the name of a deck."""
    kept: int | str = whole(1, 10**6)(value) if isinstance(value, int) else word(value)
    return kept


def _strata(value: Any) -> list[Any]:
    """The cards of a trial: of each chapter and depth its families, each card once."""
    found: list[Any] = listed(listed(listed(_UID_TEXT)))(value)
    cards = [one for stratum in found for family in stratum for one in family]
    empty = [some for stratum in found for some in (stratum, *stratum) if not some]
    if not cards or empty or len(cards) > min(len(set(cards)), 10_000):
        raise ValueError("no cards of a trial")
    return found


_PAYLOADS: dict[str, Check] = {
    EventKind.IMPORT: record(_STATE, lacking=("interval", "lapses", "suspended", "buried_until")),
    EventKind.REDATE: mapped(_UID_TEXT, lambda value: _pair(value, _MOMENT_TEXT, _DAY_TEXT)),
    EventKind.CAUGHT_UP: mapped(
        _UID_TEXT, lambda value: _pair(value, whole(0, _MOST), _MOMENT_TEXT)
    ),
    EventKind.PAUSE: optional(record({"pack": word, "chapter": chapter_name})),
    EventKind.RESUME: optional(record({"pack": word, "chapter": chapter_name})),
    EventKind.RETENTION: record(
        {"pack": word, "chapter": chapter_name, "retention": optional(_RETENTION)}
    ),
    EventKind.TRIAL: record(
        {
            "form": word,
            "answer": word,
            "confidence": optional(number(0, 1)),
            "strata": _strata,
        }
    ),
    EventKind.TRIAL_STOP: record({"trial": _UID_TEXT}),
    EventKind.TRIAL_OUT: record({"trial": _UID_TEXT}),
    EventKind.TRIAL_ARM: record({"trial": _UID_TEXT, "arm": word}),
    EventKind.CHANGED: optional(record({"month": word})),
}
_OF_NO_MEMORY = (
    EventKind.PAUSE,
    EventKind.RESUME,
    EventKind.RETENTION,
    EventKind.TRIAL,
    EventKind.TRIAL_STOP,
)
_OF_NO_CARD = (EventKind.RETRACT, EventKind.REDATE, EventKind.CAUGHT_UP, *_OF_NO_MEMORY)
_STEPS = listed(whole(60, 7 * 86_400), 20)
_WEIGHTS = listed(number(), 21)
_FIT = {  # what a fit came to (see studyapp.study.fit.adoption)
    "reviews": whole(0, _MOST),
    "adopted": switch,
    "until": optional(_DAY_TEXT),
    "earlier": optional(_WEIGHTS),
    "difference": optional(listed(optional(number()), 10)),
    "calibrations": listed(
        record(
            {
                "terms": listed(number(), 3),
                "covariance": listed(listed(number(), 3), 3),
                "outcomes": whole(0, _MOST),
            }
        ),
        10,
    ),
}
_FIELDS = {
    "review": record(
        {
            **_HEAD,
            "card": uid,
            "offset": _OFFSET,
            "kind": among(set(ReviewKind)),
            "rating": whole(min(Rating), max(Rating)),
            "duration": whole(0, _MOST),
            "variant": optional(word),
            "arm": optional(word),
            "interval": optional(whole(1, 36_500)),
            "retention": optional(_RETENTION),
        },
        lacking=_CHOSEN,  # as in files from before they were chosen
    ),
    "event": record(
        {
            **_HEAD,
            "card": optional(uid),
            "offset": _OFFSET,
            "kind": among(set(EventKind)),
            "target": optional(uid),
            "until": optional(day),
            "payload": lambda value: value,  # by its kind
        }
    ),
    "parameters": record(
        {
            **_HEAD,
            "weights": _WEIGHTS,
            "desired_retention": _RETENTION,
            "learning_steps": _STEPS,
            "relearning_steps": _STEPS,
            "maximum_interval": whole(1, 36_500),
            "fit": optional(record(_FIT, lacking=("calibrations",))),
        },
        lacking=("fit",),  # as in files from before it was told
    ),
}


def _pair(value: Any, first: Check, second: Check) -> list[Any]:
    if not isinstance(value, list) or len(value) != 2:
        raise ValueError("no pair")
    return [first(value[0]), second(value[1])]


def checked(line: Line) -> dict[str, Any]:
    """The fields of an entry as the database has them. Raises NewerError for what a newer studyapp
    may know, ValueError for what no studyapp has written."""
    if line.version > VERSION:
        raise NewerError(str(line.version))
    found: dict[str, Any] = _FIELDS[line.kind](line.data)
    if line.kind == "event":
        kind = EventKind(found["kind"])
        found["payload"] = _payload(kind, found["payload"])
        if found["card"] is None and kind not in _OF_NO_CARD:
            raise ValueError("an event of no card")
        if (found["target"] is None) is (kind is EventKind.RETRACT):
            raise ValueError("a target where there is none, or none")
    if line.kind == "parameters":
        found.setdefault("fit", None)
        _try(found)
    return found


def is_readable(kind: EventKind, payload: Any) -> bool:
    """Whether what an event of this kind carries is something that a studyapp has written."""
    try:
        _payload(kind, payload)
    except ValueError:
        return False
    return True


def _payload(kind: EventKind, value: Any) -> Any:
    check: Check = _PAYLOADS.get(kind, _nothing)
    return check(value)


def _nothing(value: Any) -> None:
    if value is not None:
        raise ValueError("a payload where there is none")


def _try(found: Mapping[str, Any]) -> None:
    """Schedule once with these parameters: what cannot be is refused by who would compute it."""
    learning, relearning = (
        tuple(timedelta(seconds=one) for one in found[name])
        for name in ("learning_steps", "relearning_steps")
    )
    made = Parameters(
        tuple(found["weights"]),
        found["desired_retention"],
        learning,
        relearning,
        found["maximum_interval"],
    )
    made.review(Memory(), Rating.GOOD, found["at"], card=b"", uid=b"")


def untold(connection: Connection) -> Iterator[tuple[str, int, Line]]:
    """The entries of all learners that no file of the folder has yet: the log, the number of the
    row, the line."""
    known = marks(connection)
    for name, table in LOGS.items():
        rows = connection.execute(_select(table).where(table.c.id > known.get(name, 0)))
        for row in rows:
            yield name, row.id, _as_line(name, row)


def every(connection: Connection) -> Iterator[tuple[str, int, Line]]:
    """All entries of all learners, whatever has been told."""
    for name, table in LOGS.items():
        for row in connection.execute(_select(table)):
            yield name, row.id, _as_line(name, row)


def _select(table: Table[Any]) -> Any:
    found = (
        select(table, device.uid.label("device"), tables.learner.c.name.label("learner"))
        .join(tables.device, device.id == table.c.device_id)
        .join(tables.learner, tables.learner.c.id == table.c.learner_id)
        .order_by(table.c.id)
    )
    if "card_id" not in table.c:
        return found
    return found.add_columns(card.uid.label("card")).outerjoin(
        tables.card, card.id == table.c.card_id
    )


def _as_line(name: str, row: Any) -> Line:
    data = {one: as_json(row._mapping[one]) for one in _NAMES[name]}
    line, told = Line(name, row.uid, row.learner, data), _CHOSEN if name == "review" else ()
    chosen = {one: value for one in told if (value := row._mapping[one]) is not None}
    return replace(line, data=data | chosen, version=VERSION) if chosen else line


_NAMES = {
    "review": (
        *_HEAD,
        *("card", "offset", "kind", "rating", "duration", "variant", "arm"),
    ),
    "event": (*_HEAD, *("card", "offset", "kind", "target", "until", "payload")),
    "parameters": (
        *_HEAD,
        *("weights", "desired_retention", "learning_steps", "relearning_steps"),
        *("maximum_interval", "fit"),
    ),
}


def are_known(connection: Connection, uids: Iterable[bytes]) -> bool:
    """Whether all of these entries and versions, of any learner, are in the database or wait in
    it."""
    left = set(uids)
    for table in (*LOGS.values(), tables.version, tables.waiting):
        left -= _known(connection, table.c.uid, list(left))
    return not left


def marks(connection: Connection) -> dict[str, int]:
    """Up to which row each log is in the folder; and whatever else was kept with `keep_told`. That
    goes by the numbers of rows, for it is of this database alone: its own are never given again."""
    return dict(connection.execute(select(told.log, told.upto)).all())


def keep_told(connection: Connection, upto: Mapping[str, int]) -> None:
    """Keep that the logs are in the folder up to these rows."""
    known = marks(connection)
    for name, end in upto.items():
        if name not in known:
            connection.execute(insert(tables.told).values(log=name, upto=end))
        elif end != known[name]:
            connection.execute(update(tables.told).where(told.log == name).values(upto=end))


def forget_told(connection: Connection, names: Iterable[str]) -> None:
    """Forget marks of what is not there any more."""
    for name in names:
        connection.execute(delete(tables.told).where(told.log == name))


def keep_all_told(connection: Connection) -> None:
    """Keep that the folder has all that there is now, of every learner: the newest entries came
    from it."""
    ends = {name: select(func.max(table.c.id)) for name, table in LOGS.items()}
    keep_told(connection, {name: connection.scalar(end) or 0 for name, end in ends.items()})


def is_all_told(connection: Connection) -> bool:
    """Whether the folder has every learner's entries: in between, a window may have made one."""
    known = marks(connection)
    return all(
        (connection.scalar(select(func.max(table.c.id))) or 0) <= known.get(name, 0)
        for name, table in LOGS.items()
    )


@dataclass
class Arrival:
    """Entries of one learner that come in together, in the caller's transaction, and what they
    concern; `finish` folds that anew."""

    connection: Connection
    learner: int
    devices: dict[bytes, int] = field(default_factory=dict)
    cards: set[int] = field(default_factory=set)
    targets: list[bytes] = field(default_factory=list)  # of retractions that are of no card
    all_cards: bool = False

    def __post_init__(self) -> None:
        self._before = timeline.read_timelines(self.connection, learner=self.learner)

    def add(self, name: str, entries: Sequence[tuple[bytes, dict[str, Any]]]) -> dict[bytes, str]:
        """Add the entries of one log that are not there, each with its checked fields. Returns the
        uids of those that wait for their card."""
        table, found = LOGS[name], _earliest(entries)
        known = _known(self.connection, table.c.uid, list(found))
        fresh = {uid_: one for uid_, one in found.items() if uid_ not in known}
        if name == "event":
            self._make_earlier({uid_: found[uid_] for uid_ in known})
        wanted = {one["card"] for one in fresh.values() if one.get("card")}
        ids = cards_of(self.connection, wanted, learner=self.learner)
        waiting, rows = dict[bytes, str](), list[dict[str, Any]]()
        for uid_, one in fresh.items():
            if one.get("card") and one["card"] not in ids:
                waiting[uid_] = "card"
            else:
                rows.append(self._row(name, uid_, one, ids))
        if rows:
            self.connection.execute(insert(table), rows)
        return waiting

    def _make_earlier(self, known: Mapping[bytes, dict[str, Any]]) -> None:
        """Of an event that devices have logged by themselves (`store/change.py::make_due`) the
        earliest stays, on each of them."""
        event = tables.event.c
        for some in _batches(list(known)):
            for row in self.connection.execute(
                select(tables.event, device.uid.label("device"))
                .join(tables.device, device.id == event.device_id)
                .where(
                    event.uid.in_(some),
                    event.kind == EventKind.CHANGED.value,
                    event.learner_id == self.learner,
                )
            ).all():
                one = known[row.uid]
                if one["kind"] == row.kind and _age(one) < (row.at, row.device):
                    values = {name: one[name] for name in (*_HEAD, "offset", "until")}
                    values["device_id"] = self.device(values.pop("device"))
                    self.connection.execute(
                        update(tables.event).where(event.id == row.id).values(**values)
                    )
                    self.cards.add(row.card_id)

    def _row(
        self, name: str, uid_: bytes, one: Mapping[str, Any], ids: Mapping[bytes, int]
    ) -> dict[str, Any]:
        row = {
            **one,
            "uid": uid_,
            "learner_id": self.learner,
            "device_id": self.device(one["device"]),
        }
        del row["device"]
        if name == "parameters":
            self.all_cards = True
            return row
        row["card_id"] = ids.get(row.pop("card") or b"")
        if row["card_id"] is not None:
            self.cards.add(row["card_id"])
        elif row["kind"] == EventKind.REDATE:
            self.all_cards = True
        elif row["kind"] == EventKind.RETRACT:
            self.targets.append(row["target"])
        if name == "review":
            row = {**dict.fromkeys(_CHOSEN), **row, "effective_day": one["day"], **uncached()}
        return row

    def device(self, uid_: bytes) -> int:
        """The id of a device."""
        if uid_ not in self.devices:
            self.devices[uid_] = device_id(self.connection, uid_)
        return self.devices[uid_]

    def finish(self) -> None:
        """Fold anew what has changed: the cards of what came, and those whose entries now stand
        elsewhere in the order of all."""
        connection, learner = self.connection, self.learner
        after = timeline.read_timelines(connection, learner=learner)
        moved = timeline.moved(connection, self._before, after, learner=learner)
        if self.all_cards or moved is None or self._takes_dates_back():
            cards: Iterable[int] = begun(connection, learner=learner)
        else:
            cards = sorted(self.cards | moved)
        refold_all(connection, cards, learner=learner)

    def _takes_dates_back(self) -> bool:
        """Whether a retraction of no card is of what moves memories, or of what is not here yet."""
        event = tables.event.c
        known = select(event.uid).where(
            event.uid.in_(self.targets),
            event.kind.in_([kind.value for kind in _OF_NO_MEMORY]),
            event.learner_id == self.learner,
        )
        return bool(set(self.targets) - set(self.connection.scalars(known)))


def device_id(connection: Connection, uid_: bytes, name: str = "") -> int:
    """The id of a device, which is made if it is not known; its name may come later."""
    at = connection.scalar(select(func.max(device.made_at)))
    assert at is not None, "a database has a device of its own"
    return log.device_of(connection, uid_, name, at)


def cards_of(connection: Connection, uids: Iterable[bytes], *, learner: int) -> dict[bytes, int]:
    """The cards that the learner's log hangs on, by uid: of a note's own copy while it is there,
    else of the installed one."""
    found = dict[bytes, tuple[bool, bool, int]]()
    for some in _batches(list(uids)):
        rows = connection.execute(
            select(card.uid, card.id, card.learner_id, tables.note.c.missing_since)
            .join(tables.note, tables.note.c.id == card.note_id)
            .where(card.uid.in_(some), owner.theirs(card, learner=learner))
        )
        for row in rows:
            copied = row.learner_id is not None
            rank = (copied and row.missing_since is None, not copied, row.id)
            found[row.uid] = max(found.get(row.uid, rank), rank)
    return {uid_: rank[2] for uid_, rank in found.items()}


_BATCH = 500


def _age(one: Mapping[str, Any]) -> tuple[Any, bytes]:
    """By which the earliest of several entries with one uid is found."""
    return one["at"], one["device"]


def _earliest(entries: Iterable[tuple[bytes, dict[str, Any]]]) -> dict[bytes, dict[str, Any]]:
    found = dict[bytes, dict[str, Any]]()
    for uid_, one in entries:
        if uid_ not in found or _age(one) < _age(found[uid_]):
            found[uid_] = one
    return found


def _batches(uids: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    return (uids[start : start + _BATCH] for start in range(0, len(uids), _BATCH))


def _known(connection: Connection, column: Any, uids: Sequence[bytes]) -> set[bytes]:
    found = set[bytes]()
    for some in _batches(uids):
        found.update(connection.scalars(select(column).where(column.in_(some))))
    return found
