"""What a learner has that is no log, thing by thing: as other devices hear of it, and put in force.

Each thing has a key that names it on every device: what it is, whose, which side of it. Two devices
may have changed the same side of the same thing. Of a text both stay, the newest first; of two
instants at which something was done the earlier counts, unless it was undone; of anything else the
newest.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from sqlalchemy import Connection, Table, delete, exists, insert, or_, select, update

from studyapp.notes.note import chapter_key
from studyapp.store import entry, field, owner, tables
from studyapp.store.field import Check, as_json
from studyapp.study.grading import Grade
from studyapp.study.lab.facts import Ending

attempt = tables.attempt.c
chapter = tables.chapter.c
device = tables.device.c
fact = tables.fact.c
note = tables.note.c
prediction = tables.prediction.c
response = tables.response.c
run = tables.run.c
section = tables.section.c

Key = tuple[Any, ...]  # what it is, whose, which side


class Item(NamedTuple):
    """One side of a thing as it is here, and when it was changed, if that is known."""

    key: Key
    value: Any
    at: datetime | None


def as_text(key: Key) -> str:
    return json.dumps(key, separators=(",", ":"))


def as_key(text: str) -> Key:
    """Raises ValueError."""
    try:
        key = json.loads(text)
    except RecursionError as error:
        raise ValueError("no key") from error
    if not isinstance(key, list) or as_text(tuple(key)) != text:
        raise ValueError("no key")
    return tuple(key)


Join = Callable[[Sequence[Any]], Any]


def newest(values: Sequence[Any]) -> Any:
    return values[0]


def earliest(values: Sequence[Any]) -> Any:
    """Whether something was done is as it was said last, and when as early as anybody says."""
    return values[0] and min(value for value in values if value)


def joined(values: Sequence[Any]) -> Any:
    """All texts, the newest first; one that another has in it as a whole does not come twice."""
    texts = list(dict.fromkeys(value for value in values if value))
    return "\n\n".join(
        one for one in texts if not any(one != other and _has(other, one) for other in texts)
    )


def _has(text: str, part: str) -> bool:
    return f"\n\n{part}\n\n" in f"\n\n{text}\n\n"


@dataclass(frozen=True, slots=True)
class _Side:
    check: Check
    join: Join = newest
    empty: Any = None  # as it is before anything was done
    said: bool = False  # that it is there says that it was done, and undone if it is empty


class _Read(Protocol):
    """Yields whose thing it is, its sides as columns, and when it was changed."""

    def __call__(
        self, connection: Connection, *, learner: int
    ) -> Iterator[tuple[Key, Any, datetime | None]]: ...


class _Write(Protocol):
    def __call__(
        self,
        connection: Connection,
        whose: Key,
        side: str,
        value: Any,
        at: datetime,
        *,
        learner: int,
    ) -> bool: ...


@dataclass(frozen=True, slots=True)
class _Thing:
    """How a kind of thing is read, and put in force; that is False where it has no place yet."""

    whose: Sequence[Check]  # what is in its key
    sides: Mapping[str, _Side]
    read: _Read
    write: _Write


def side_of(key: Key) -> _Side:
    """What a key is about. Raises ValueError if it is none of ours, NewerError if it may be one of
    a newer studyapp."""
    if len(key) < 2 or not isinstance(key[0], str) or not isinstance(key[-1], str):
        raise ValueError("no key")
    thing = _THINGS.get(key[0])
    if thing is None or key[-1] not in thing.sides:
        raise field.NewerError(key[0][:40])
    whose = key[1:-1]
    if len(whose) != len(thing.whose):
        raise ValueError("no key")
    for check, one in zip(thing.whose, whose, strict=True):
        check(one)
    return thing.sides[key[-1]]


def canonical(key: Key, value: Any) -> Any:
    """A value of another device as it would be written here. Raises ValueError."""
    side = side_of(key)
    return None if value is None and side.empty is None else plain(side.check(value))


def plain(value: Any) -> Any:
    """Values of columns, together or alone, as JSON."""
    if isinstance(value, dict):
        return {name: plain(one) for name, one in value.items()}
    return [plain(one) for one in value] if isinstance(value, list) else as_json(value)


def come_to(key: Key, values: Sequence[Any]) -> Any:
    """What versions come to, the newest first; without one a side is empty."""
    side = side_of(key)
    value = side.join(values) if values else side.empty
    return side.empty if value is None or value == "" else value


def read(connection: Connection, *, learner: int) -> Iterator[Item]:
    """Every side of everything that is here."""
    for name, thing in _THINGS.items():
        seen = set[Key]()
        for whose, row, at in thing.read(connection, learner=learner):
            if whose not in seen:
                seen.add(whose)
                for side in thing.sides:
                    yield Item((name, *whose, side), plain(row[side]), at)


def write(connection: Connection, key: Key, value: Any, at: datetime, *, learner: int) -> bool:
    """Put in force what versions come to, the newest of which is of *at*; False if there is nothing
    yet that it is about: then it waits."""
    side = side_of(key)
    kept = None if value is None and side.empty is None else side.check(value)
    return _THINGS[key[0]].write(connection, key[1:-1], key[-1], kept, at, learner=learner)


def _put(
    connection: Connection,
    table: Table[Any],
    of: Mapping[str, Any],
    values: Mapping[str, Any],
    fresh: Mapping[str, Any] | None,
    at: datetime | None = None,
) -> bool:
    """Write *values* into the row *of*; one that is not there is made with what is *fresh*, or not
    at all. When it was changed moves only forward."""
    where = [table.c[name] == one for name, one in of.items()]
    row = connection.execute(select(table).where(*where)).one_or_none()
    if at is not None:
        kept = None if row is None else row.changed_at
        values = {**values, "changed_at": at if kept is None else max(kept, at)}
    if row is not None:
        connection.execute(update(table).where(*where).values(**values))
    elif fresh is None:
        return False
    else:
        connection.execute(insert(table).values(**{**fresh, **values, **of}))
    return True


# Progress in the course


def _chapter_id(connection: Connection, pack: str, key: Any, *, learner: int) -> int | None:
    named = chapter.number == key if isinstance(key, int) else chapter.title == key
    deck = [] if isinstance(key, int) else [chapter.number.is_(None)]
    found: int | None = connection.scalar(
        select(chapter.id)
        .where(chapter.pack == pack, named, *deck, owner.theirs(chapter, learner=learner))
        .order_by(chapter.learner_id.is_not(None))
        .limit(1)
    )
    return found


def _read_chapters(connection: Connection, *, learner: int) -> Iterator[Any]:
    progress = tables.chapter_progress.c
    for row in connection.execute(
        select(
            progress.started_at, progress.changed_at, chapter.pack, chapter.number, chapter.title
        )
        .join(tables.chapter, chapter.id == progress.chapter_id)
        .where(progress.learner_id == learner)
        .order_by(chapter.learner_id.is_not(None))
    ):
        yield (row.pack, chapter_key(row.number, row.title)), row._mapping, row.changed_at


def _write_chapter(
    connection: Connection, whose: Key, side: str, value: Any, at: datetime, *, learner: int
) -> bool:
    found = _chapter_id(connection, *whose, learner=learner)
    of = {"learner_id": learner, "chapter_id": found}
    table = tables.chapter_progress
    return found is not None and _put(connection, table, of, {side: value}, {}, at)


def _read_sections(connection: Connection, *, learner: int) -> Iterator[Any]:
    progress = tables.section_progress
    for row in connection.execute(
        select(progress, chapter.pack, chapter.number.label("of"), chapter.title, section.number)
        .join(tables.section, section.id == progress.c.section_id)
        .join(tables.chapter, chapter.id == section.chapter_id)
        .where(progress.c.learner_id == learner)
        .order_by(chapter.learner_id.is_not(None), section.learner_id.is_not(None))
    ):
        key = chapter_key(row.of, row.title)
        yield (row.pack, key, row.number), row._mapping, row.changed_at


def _write_section(
    connection: Connection, whose: Key, side: str, value: Any, at: datetime, *, learner: int
) -> bool:
    pack, key, number = whose
    found = connection.scalar(
        select(section.id).where(
            section.chapter_id == _chapter_id(connection, pack, key, learner=learner),
            section.number == number,
            owner.theirs(section, learner=learner),
        )
    )
    of = {"learner_id": learner, "section_id": found}
    table = tables.section_progress
    return found is not None and _put(connection, table, of, {side: value}, {"text": ""}, at)


def _read_sights(connection: Connection, *, learner: int) -> Iterator[Any]:
    sight = tables.sight.c
    for row in connection.execute(select(tables.sight).where(sight.learner_id == learner)):
        yield (row.lesson,), row._mapping, row.at


def _write_sight(
    connection: Connection, whose: Key, side: str, value: Any, at: datetime, *, learner: int
) -> bool:
    of = {"learner_id": learner, "lesson": whose[0]}
    return _put(connection, tables.sight, of, {side: value or at}, {})


_PLAN: dict[str, Check] = {
    "day": field.day,
    "planned_on": field.day,
    "minutes": field.whole(1, 600),
    "chapters": field.listed(
        field.record({"pack": field.word, "chapter": entry.chapter_name}), 10_000
    ),
}


def _read_exams(connection: Connection, *, learner: int) -> Iterator[Any]:
    exam = tables.exam.c
    for row in connection.execute(select(tables.exam).where(exam.learner_id == learner)):
        plan = {name: row._mapping[name] for name in _PLAN}
        yield (), {"plan": None if row.day is None else plan}, row.changed_at


def _write_exam(
    connection: Connection, whose: Key, side: str, value: Any, at: datetime, *, learner: int
) -> bool:
    values = dict.fromkeys(_PLAN) if value is None else value
    return _put(connection, tables.exam, {"learner_id": learner}, values, {}, at)


# Attempts and their answers

_ORDER: dict[str, Check] = {
    "device": field.optional(field.uid),
    "epoch": field.optional(field.whole(0, 2**31 - 1)),
    "stamp": field.optional(field.moment),
}


def _order(connection: Connection, value: Mapping[str, Any]) -> dict[str, Any]:
    """Where it stands in the order of the log, as columns."""
    known = value["device"]
    found = None if known is None else entry.device_id(connection, known)
    return {"device_id": found, "epoch": value["epoch"], "stamp": value["stamp"]}


_MADE: dict[str, Check] = {
    "pack": field.word,
    "chapter": entry.chapter_name,
    "pretest": field.switch,
    "book": field.switch,
    "started_at": field.moment,
    "offset": field.whole(-86_400, 86_400),
    "day": field.optional(field.day),
    **_ORDER,
}


def _read_attempts(connection: Connection, *, learner: int) -> Iterator[Any]:
    for row in connection.execute(
        select(
            tables.attempt,
            chapter.pack,
            chapter.number,
            chapter.title,
            device.uid.label("device"),
            note.uid.label("note"),
        )
        .join(tables.chapter, chapter.id == attempt.chapter_id)
        .outerjoin(tables.device, device.id == attempt.device_id)
        .outerjoin(tables.note, note.id == attempt.note_id)
        .where(attempt.learner_id == learner)
    ):
        made = {**row._mapping, "chapter": chapter_key(row.number, row.title)}
        sides = {**row._mapping, "made": {name: made[name] for name in _MADE}}
        yield (row.uid.hex(),), sides, row.changed_at


def _write_attempt(
    connection: Connection, whose: Key, side: str, value: Any, at: datetime, *, learner: int
) -> bool:
    of = {"learner_id": learner, "uid": bytes.fromhex(whose[0])}
    if side == "made":
        found = value and _chapter_id(connection, value["pack"], value["chapter"], learner=learner)
        if not found:
            return False
        names = ("pretest", "book", "started_at", "offset", "day")
        values = {name: value[name] for name in names} | _order(connection, value)
        return _put(connection, tables.attempt, of, {**values, "chapter_id": found}, {}, at)
    if side == "note" and value is not None:
        value = _note_id(connection, value, learner=learner)
        if value is None:
            return False
    column = "note_id" if side == "note" else side
    return _put(connection, tables.attempt, of, {column: value}, None, at)


def _note_id(connection: Connection, uid: bytes, *, learner: int) -> int | None:
    found: int | None = connection.scalar(
        select(note.id)
        .where(note.uid == uid, owner.theirs(note, learner=learner))
        .order_by(
            (note.learner_id.is_not(None) & note.missing_since.is_(None)).desc(),
            note.learner_id.is_not(None),
        )
        .limit(1)
    )
    return found


_GRADE: dict[str, Check] = {
    "grade": field.among(set(Grade)),
    "graded_at": field.moment,
    "entries": field.listed(field.as_written(field.uid), 1000),
    "points": field.whole(0, 10_000),
    "hits": field.whole(0, 10_000),
    **_ORDER,
}
_UNGRADED: dict[str, Any] = {
    "grade": None,
    "graded_at": None,
    "entries": [],
    "points": 0,
    "hits": 0,
    "device_id": None,
    "epoch": None,
    "stamp": None,
}
_EMPTY = {"text": "", "ticked": [], "flagged": False, **_UNGRADED}


def _read_responses(connection: Connection, *, learner: int) -> Iterator[Any]:
    for row in connection.execute(
        select(
            tables.response,
            attempt.uid.label("of"),
            note.uid.label("note"),
            device.uid.label("device"),
        )
        .join(tables.attempt, attempt.id == response.attempt_id)
        .join(tables.note, note.id == response.note_id)
        .outerjoin(tables.device, device.id == response.device_id)
        .where(response.learner_id == learner)
    ):
        given = {name: row._mapping[name] for name in _GRADE}
        sides = {**row._mapping, "grade": None if row.grade is None else given}
        yield (row.of.hex(), row.note.hex()), sides, row.changed_at


def _write_response(
    connection: Connection, whose: Key, side: str, value: Any, at: datetime, *, learner: int
) -> bool:
    of_attempt = connection.scalar(
        select(attempt.id).where(
            attempt.uid == bytes.fromhex(whose[0]), attempt.learner_id == learner
        )
    )
    of_note = _note_id(connection, bytes.fromhex(whose[1]), learner=learner)
    if of_attempt is None or of_note is None:
        return False
    values = {side: value}
    if side == "grade":
        if value is not None and not _are_logged(connection, value["entries"], learner=learner):
            return False
        values = dict(_UNGRADED)
        if value is not None:
            names = ("grade", "graded_at", "entries", "points", "hits")
            values = {name: value[name] for name in names} | _order(connection, value)
    of = {"learner_id": learner, "attempt_id": of_attempt, "note_id": of_note}
    return _put(connection, tables.response, of, values, _EMPTY, at)


def _are_logged(connection: Connection, entries: Sequence[str], *, learner: int) -> bool:
    """Whether all that a grade has written to the logs is here: else it could not be taken back."""
    return all(
        connection.scalar(
            select(
                or_(
                    *(
                        exists().where(
                            table.c.uid == bytes.fromhex(uid),
                            table.c.learner_id == learner,
                            table.c.card_id.is_not(None),
                        )
                        for table in (tables.review, tables.event)
                    )
                )
            )
        )
        for uid in entries
    )


# Runs

_FACT: dict[str, Check] = {
    "name": field.word,
    "value": field.number(),
    "unit": field.text,
    "low": field.optional(field.number()),
    "high": field.optional(field.number()),
    "n": field.whole(0, 2**31 - 1),
    "method": field.text,
    "varies": field.text,
    "position": field.whole(0, 10_000),
}
_PREDICTION: dict[str, Check] = {
    "question": field.text,
    "kind": field.text,
    "answer": field.optional(field.text),
    "low": field.optional(field.number()),
    "high": field.optional(field.number()),
    "choices": field.whole(0, 1000),
    "confidence": field.optional(field.number(0, 1)),
    "naive": field.switch,
    "grade": field.optional(field.text),
    "score": field.optional(field.number()),
}
_WORD, _SMALL = field.optional(field.text), field.optional(field.whole(0, 2**31 - 1))
_RUN: dict[str, Check] = {
    "lesson": field.word,
    "pack": field.word,
    "version": field.whole(0, 2**31 - 1),
    "knobs": field.mapped(field.word, field.plain),
    "canonical": field.text,
    "seeds": _SMALL,
    "seed": field.optional(field.whole(-(2**31), 2**31 - 1)),
    "computed_on": _WORD,
    "python": _WORD,
    "torch": _WORD,
    "threads": _SMALL,
    "seconds": field.number(0, 1e9),
    "outcome": field.among(set(Ending)),
    "started_at": field.moment,
    "finished_at": field.moment,
    "offset": field.whole(-86_400, 86_400),
    "day": field.optional(field.day),
    **_ORDER,
    "facts": field.listed(field.record(_FACT), 1000),
    "prediction": field.optional(field.record(_PREDICTION)),
}


def _read_runs(connection: Connection, *, learner: int) -> Iterator[Any]:
    facts = dict[int, list[Any]]()
    mine = select(tables.fact).where(fact.learner_id == learner).order_by(fact.position, fact.name)
    for row in connection.execute(mine):
        facts.setdefault(row.run_id, []).append({name: row._mapping[name] for name in _FACT})
    said = {
        row.run_id: row._mapping
        for row in connection.execute(
            select(tables.prediction, tables.card.c.uid.label("card"))
            .outerjoin(tables.card, tables.card.c.id == prediction.card_id)
            .where(prediction.learner_id == learner)
        )
    }
    for row in connection.execute(
        select(tables.run, device.uid.label("of_device"))
        .outerjoin(tables.device, device.id == run.device_id)
        .where(run.learner_id == learner)
    ):
        made = said.get(row.id)
        extra = {
            "computed_on": row.device,
            "device": row.of_device,
            "facts": facts.get(row.id, []),
            "prediction": made and {name: made[name] for name in _PREDICTION},
        }
        record = {name: extra[name] if name in extra else row._mapping[name] for name in _RUN}
        sides = {**row._mapping, "made": record, "card": made and made["card"]}
        yield (row.uid.hex(),), sides, row.finished_at


def _write_run(
    connection: Connection, whose: Key, side: str, value: Any, at: datetime, *, learner: int
) -> bool:
    of = {"learner_id": learner, "uid": bytes.fromhex(whose[0])}
    known = connection.scalar(select(run.id).where(run.uid == of["uid"], run.learner_id == learner))
    if side == "made":
        return value is not None and _write_made(connection, of, value, learner=learner)
    if known is None:
        return False
    if side != "card":
        return _put(connection, tables.run, of, {side: value}, None)
    card_id = None
    if value is not None:
        card_id = entry.cards_of(connection, [value], learner=learner).get(value)
        if card_id is None:
            return False
    whose_run = {"learner_id": learner, "run_id": known}
    return _put(connection, tables.prediction, whose_run, {"card_id": card_id}, None)


def _write_made(
    connection: Connection, of: Mapping[str, Any], value: Mapping[str, Any], *, learner: int
) -> bool:
    apart = {*_ORDER, "computed_on", "facts", "prediction"}
    values = {name: one for name, one in value.items() if name not in apart}
    values |= {"device": value["computed_on"], **_order(connection, value)}
    _put(connection, tables.run, of, values, {})
    run_id = connection.scalars(select(run.id).where(run.uid == of["uid"])).one()
    connection.execute(delete(tables.fact).where(fact.run_id == run_id))
    mine = {"learner_id": learner, "run_id": run_id}
    if value["facts"]:
        connection.execute(insert(tables.fact), [{**mine, **one} for one in value["facts"]])
    if value["prediction"] is not None:
        _put(connection, tables.prediction, mine, value["prediction"], {})
    return True


_WHEN = _Side(field.moment, earliest)
_TEXT = _Side(field.text, joined, "")
_UID: Check = field.as_written(field.uid)
_THINGS: dict[str, _Thing] = {
    "chapter": _Thing(
        (field.word, entry.chapter_name),
        {"started_at": _Side(field.moment, earliest, said=True)},  # the first one starts by itself
        _read_chapters,
        _write_chapter,
    ),
    "section": _Thing(
        (field.word, entry.chapter_name, field.word),
        {
            "started_at": _WHEN,
            "done_at": _WHEN,
            "familiarity": _Side(field.whole(0, 10)),
            "text": _TEXT,
        },
        _read_sections,
        _write_section,
    ),
    "sight": _Thing((field.word,), {"at": _WHEN}, _read_sights, _write_sight),
    "exam": _Thing((), {"plan": _Side(field.record(_PLAN))}, _read_exams, _write_exam),
    "attempt": _Thing(
        (_UID,),
        {
            "made": _Side(field.record(_MADE)),
            "finished_at": _Side(field.moment),
            "note": _Side(field.uid),
        },
        _read_attempts,
        _write_attempt,
    ),
    "response": _Thing(
        (_UID, _UID),
        {
            "text": _TEXT,
            "ticked": _Side(field.listed(field.word, 1000), newest, []),
            "confidence": _Side(field.number(0, 1)),
            "flagged": _Side(field.switch, newest, False),
            "revealed_at": _WHEN,
            "variant": _Side(field.word),
            "grade": _Side(field.record(_GRADE)),
        },
        _read_responses,
        _write_response,
    ),
    "run": _Thing(
        (_UID,),
        {
            "made": _Side(field.record(_RUN)),
            "explanation": _Side(field.text, joined),
            "explanation_ticked": _Side(field.mapped(field.text, field.switch)),
            "card": _Side(field.uid),
        },
        _read_runs,
        _write_run,
    ),
}
