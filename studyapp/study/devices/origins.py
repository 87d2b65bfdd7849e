"""What notes say in the Anki that they came from (`notes/origin.py`), as other devices hear of it.

A note of Anki's is known by the folder of its pack and its guid, a type by the folder and its id. A
device has in its file what is of notes that it has; the file goes with the last of them.
"""

from __future__ import annotations

import re
import zlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from studyapp import disk
from studyapp.errors import StudyError
from studyapp.notes import ankimodel, origin
from studyapp.notes.origin import Origins
from studyapp.store import entry, field, log, tables, version
from studyapp.store.version import Heads
from studyapp.study.devices import notes, state
from studyapp.study.library import own_roots

note = tables.note.c
root = tables.root.c

THING = "origin"
BROKEN = "it cannot be read"
_NOTE, _TYPE = "note", "type"
_GUID = re.compile(r"\S{1,64}")
_ID = re.compile(r"-?\d{1,19}")
_REFUSED = (ValueError, KeyError, TypeError, AttributeError, OverflowError)


def is_one(key: state.Key) -> bool:
    return key[:1] == (THING,)


def canonical(key: state.Key, value: Any) -> Any:
    """A value of another device as it would be written here. Raises ValueError."""
    if len(key) != 4 or not all(isinstance(one, str) for one in key):
        raise ValueError("no key")
    _, folder, kind, name = key
    notes.file_name(folder)
    try:
        if kind == _NOTE and _GUID.fullmatch(name):
            found = origin.row(origin.original(value))
        elif kind == _TYPE and _ID.fullmatch(name):
            found = ankimodel.model(int(name), value)
        else:
            raise ValueError("no key")
    except _REFUSED as error:
        raise ValueError("nothing of Anki's") from error
    if found != value:
        raise ValueError("nothing that is written here")
    for text in _texts(found):
        field.text(text)
    return found


def _texts(value: Any) -> Iterator[str]:
    """All texts in a value of JSON, at most a few levels deep."""
    if isinstance(value, str):
        yield value
    for one in value.values() if isinstance(value, dict) else ():
        yield from _texts(one)
    for one in value if isinstance(value, list) else ():
        yield from _texts(one)


def come_to(key: state.Key, values: Sequence[Any]) -> Any:
    """What versions come to, the newest first: what the newest package of Anki's had. None without
    one."""
    when = "changed" if key[2] == _NOTE else "mod"
    return max(values, key=lambda one: int(one[when])) if values else None


def _key(folder: str, kind: str, name: str) -> str:
    return state.as_text((THING, folder, kind, name))


class _Notes(NamedTuple):
    """The folder of a pack, and the guids of the notes in it that came from elsewhere."""

    path: Path
    guids: set[str]

    def mark(self) -> int:
        """Another number for another state of the file, and for other notes."""
        return zlib.crc32(f"{notes.mark_of(self.path)} {sorted(self.guids)}".encode())


Packs = Mapping[str, _Notes]  # by the names of their folders


def packs_with_notes(connection: Connection, packs: Path, *, learner: int) -> Packs:
    """The learner's packs that have notes from elsewhere, or the file."""
    found = {one: _Notes(one / origin.FILE, set()) for one in own_roots(packs)}
    for folder, guid in connection.execute(
        select(root.path, note.guid)
        .join(tables.note, note.root_id == root.id)
        .where(note.learner_id == learner, note.missing_since.is_(None), note.guid.is_not(None))
    ):
        if guid and (one := found.get(Path(folder))):
            one.guids.add(guid)
    return {folder.name: one for folder, one in found.items() if one.guids or one.path.is_file()}


def marks(found: Packs, *, learner: int) -> dict[str, int]:
    """A mark of each pack that stays the same while nothing of it changes."""
    return {f"{THING}/{learner}/{folder}": one.mark() for folder, one in found.items()}


def marks_of(connection: Connection, *, learner: int) -> dict[str, int]:
    """The marks when the packs were looked at last (`store/entry.py::keep_told`)."""
    kept = entry.marks(connection)
    return {name: mark for name, mark in kept.items() if name.startswith(f"{THING}/{learner}/")}


def changes(
    found: Packs, known: Mapping[str, Heads], now: datetime
) -> Iterator[tuple[str, Any, datetime]]:
    """What an import has written here since, by key, and when. A file that cannot be read says
    nothing; one that has less takes nothing away."""
    for folder, pack in found.items():
        with suppress(ValueError, StudyError):
            here = origin.parsed(disk.said(pack.path) or b"{}") if pack.guids else Origins()
            at = log.utc(notes.changed_at(pack.path, now))
            for key, value in _values(folder, here):
                heads = known.get(key, Heads())
                shown = come_to(state.as_key(key), [one.value for one in heads.shown])
                if value not in (shown, *(one.value for one in heads.wanted)):
                    yield key, value, at


def _values(folder: str, here: Origins) -> Iterator[tuple[str, Any]]:
    """What a file has, by key, but for what no other device would take; types first, without which
    a note says nothing."""
    types = ((_TYPE, str(of), one) for of, one in here.types.items())
    rows = ((_NOTE, guid, origin.row(one)) for guid, one in here.notes.items())
    for kind, name, value in (*types, *rows):
        with suppress(ValueError):
            yield _key(folder, kind, name), canonical((THING, folder, kind, name), value)


class Due(NamedTuple):
    """What a file is to say, None if it is to go; and the mark that it had when it was read."""

    path: Path
    mark: int
    text: str | None


def due(found: Packs, known: Mapping[str, Heads]) -> tuple[list[Due], set[str]]:
    """The files that are to be others, and the folders of those that cannot be read."""
    wanted = _wanted(known)
    made, broken = list[Due](), set[str]()
    for folder, pack in found.items():
        mark = notes.mark_of(pack.path)
        try:
            said = disk.said(pack.path)
            here = origin.parsed(said) if said else Origins()
        except (ValueError, StudyError):
            broken.add(folder)
            continue
        whole = _without_gone(
            here.plus(_of_notes(wanted[folder], pack.guids)), pack, wanted[folder]
        )
        if not pack.guids and here.notes.keys() <= wanted[folder].notes.keys():
            made += [Due(pack.path, mark, None)] if said is not None else []
        elif whole != here:
            made.append(Due(pack.path, mark, origin.written(whole)))
    return made, broken


def _wanted(known: Mapping[str, Heads]) -> Mapping[str, Origins]:
    """What versions come to, by folder."""
    found = defaultdict[str, Origins](lambda: Origins({}, {}))
    types, rows = defaultdict[str, dict[int, Any]](dict), defaultdict[str, dict[str, Any]](dict)
    for text, heads in known.items():
        key = state.as_key(text)
        value = come_to(key, [one.value for one in heads.wanted])
        if value is None:
            continue
        if key[2] == _TYPE:
            types[key[1]][int(key[3])] = ankimodel.model(int(key[3]), value)
        else:
            rows[key[1]][key[3]] = origin.original(value)
    for folder in types.keys() | rows.keys():
        found[folder] = Origins(types[folder], rows[folder]).sound
    return found


def _of_notes(wanted: Origins, guids: set[str]) -> Origins:
    """What of it is of these notes of here."""
    here = {base for guid, (base, _) in wanted.parts.items() if guid in guids}
    rows = {base: one for base, one in wanted.notes.items() if base in here}
    return Origins(wanted.types, rows) if rows else Origins()


def _without_gone(whole: Origins, pack: _Notes, wanted: Origins) -> Origins:
    """What a file is to have, without notes that are not here and that others know, with whom they
    can come again."""
    here = {base for guid, (base, _) in whole.parts.items() if guid in pack.guids}
    rows = {
        base: one for base, one in whole.notes.items() if base in here or base not in wanted.notes
    }
    return whole if len(rows) == len(whole.notes) else Origins(whole.types, rows)


def put(one: Due) -> bool:
    """Write a file, or remove it, unless somebody else has written it meanwhile."""
    if notes.mark_of(one.path) != one.mark:
        return False
    if one.text is None:
        disk.remove(one.path)
    else:
        disk.write(one.path, one.text)
    return True


def in_the_way(connection: Connection, packs: Path, *, learner: int) -> dict[Path, str]:
    """The files into which something of other devices is to come, and which are not ours to
    write."""
    known = version.heads(connection, learner=learner)
    waits = {state.as_key(text)[1] for text, one in of_origins(known).items() if not one.settled}
    if not waits:
        return {}
    found = packs_with_notes(connection, packs, learner=learner)
    _, broken = due(found, {})
    return {found[folder].path: BROKEN for folder in sorted(broken & waits)}


def of_origins(heads: Mapping[str, Heads]) -> dict[str, Heads]:
    return {text: one for text, one in heads.items() if is_one(state.as_key(text))}
