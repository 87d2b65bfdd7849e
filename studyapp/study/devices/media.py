"""Pictures and sounds that a learner's own notes show, beside the files in which devices meet.

Each lies there under a digest of its place in the packs and one of what it is: it is written once,
whole, and no two devices write one of them otherwise. Which of them a place has now is a version
(`store/version.py`): the digest of its bytes, and those that it had before, so that what is older
is known as such wherever it comes from. Nothing in the folder is believed: names are made here, of
the learner's own notes, and bytes count if they come to their digest.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from glob import escape
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import select

from studyapp import disk
from studyapp.errors import StudyError
from studyapp.journal import journal
from studyapp.notes import media, origin
from studyapp.notes.media import Shelf
from studyapp.store import entry, field, line, log, tables, version
from studyapp.store.version import Head, Heads
from studyapp.study import former, library, original
from studyapp.study import learner as learners
from studyapp.study.card import as_note
from studyapp.study.desk import Desk
from studyapp.study.devices import notes, state

note = tables.note.c
root = tables.root.c

FOLDER = "media"
THING = "media"
_NAME = re.compile(r"(?P<place>[0-9a-f]{32})-(?P<digest>[0-9a-f]{32})\.[a-z0-9]{1,5}")
_DEEPEST = 5  # names in a place
_FORMER = 20  # digests that a place is known to have had
_DIGESTS = field.listed(field.as_written(field.uid), _FORMER)
_AT_ONCE = 500  # versions in one transaction


class _OtherError(Exception):
    """What came is not what its name says."""


class _Shown(NamedTuple):
    """A file that a note shows, the key of its versions, and the digest of its place."""

    path: Path
    key: str
    place: str


def is_one(key: state.Key) -> bool:
    return key[:1] == (THING,)


def canonical(key: state.Key, value: Any) -> Any:
    """A value of another device as it would be written here: the digests of a file, the newest
    first. Raises ValueError."""
    names = key[1:]
    if not 2 <= len(names) <= _DEEPEST or not all(isinstance(one, str) for one in names):
        raise ValueError("no key")
    found = _DIGESTS(value)
    if not all(map(media.is_name, names)) or not found or len(set(found)) < len(found):
        raise ValueError("no file")
    return found


def come_to(heads: Sequence[Head]) -> list[str]:
    """What versions of a file come to, the newest first: the first that no other knows as a former
    one. Nothing without a version."""
    values = [one.value for one in heads]
    first = values[:1]
    current = [it for it in values if not any(it[0] in other[1:] for other in values)]
    return next(iter(current or first), [])


def exchange(desk: Desk, folder: Path, stop: Callable[[], bool]) -> bool:
    """Put what the learner's notes show into the *folder*, and take out of it what they show and
    have not, or have older. What cannot be now is left for the next time. Returns whether the
    others are to hear of something."""
    if former.is_left(library.packs_of(desk)):  # an import is at work: it writes these, too
        return False
    there, shown = _there(folder / FOLDER), shown_now(desk)
    digests, is_new = _looked_at(desk, shown)
    known, done = _known(desk), list[_Shown]()
    for one in shown:
        if stop():
            break
        wanted, here = come_to(known.get(one.key, Heads()).wanted), digests.get(one.key, "")
        try:
            if here:
                _put(one, here, folder / FOLDER)
            if here not in wanted[:1] and (here or not os.path.lexists(one.path)):
                here = _take(one, wanted, there[one.place], here)
            if here in wanted[:1]:
                done.append(one)
        except (OSError, StudyError) as error:
            journal.info("devices: a file of a note stays where it is: %s", type(error).__name__)
    _settle(desk, known, done)
    return is_new


def shown_now(desk: Desk) -> list[_Shown]:
    """What the learner's own notes show."""
    return list(dict.fromkeys(_shown(desk)))


def let_go(desk: Desk, before: Sequence[_Shown]) -> None:
    """Remove of what notes have shown *before* what none shows now, as others have taken them out.
    What has not gone to others as it is, stays."""
    packs, now = library.packs_of(desk).resolve(), {one.path for one in shown_now(desk)}
    with desk.reading() as connection:
        marks = entry.marks(connection)
    gone = [
        one
        for one in before
        if one.path not in now and marks.get(_mark_name(one, desk)) == notes.mark_of(one.path) != 0
    ]
    for one in gone:
        with suppress(StudyError):  # it is in nobody's way
            former.remove(packs, one.path)
    if gone:
        with desk.writing() as connection:
            entry.forget_told(connection, {_mark_name(one, desk) for one in gone})


def _known(desk: Desk) -> dict[str, Heads]:
    with desk.reading() as connection:
        found = version.heads(connection, learner=desk.learner)
    return {text: one for text, one in found.items() if is_one(state.as_key(text))}


def _mark_name(one: _Shown, desk: Desk) -> str:
    return f"{THING}/{desk.learner}/{one.place}"


def _looked_at(desk: Desk, shown: Sequence[_Shown]) -> tuple[dict[str, str], bool]:
    """The digests of the files that are here, by key, and whether versions were made, of what is
    another than it was. Files that are as they were are not read."""
    known, made, digests = _known(desk), list[tuple[_Shown, list[str]]](), dict[str, str]()
    with desk.reading() as connection:
        marks = entry.marks(connection)
    for one in shown:
        heads = known.get(one.key, Heads())
        before, wanted = come_to(heads.shown), come_to(heads.wanted)
        if before and marks.get(_mark_name(one, desk)) == notes.mark_of(one.path):
            digests[one.key] = before[0]
            continue
        try:
            digest = digests[one.key] = _digest(one.path)
        except OSError:  # it is not here
            continue
        if digest not in ((*before[:1], *wanted[:1]) if before else wanted):
            former = (it for head in heads.shown for it in head.value if it != digest)
            made.append((one, [digest, *dict.fromkeys(former)][:_FORMER]))
    for start in range(0, len(made), _AT_ONCE):
        with desk.writing() as connection:
            for one, value in made[start : start + _AT_ONCE]:
                shown_here = known.get(one.key, Heads()).shown
                at = log.utc(notes.changed_at(one.path, desk.now()))
                version.make(connection, one.key, value, at, shown_here, learner=desk.learner)
    return digests, bool(made)


def _settle(desk: Desk, known: dict[str, Heads], done: Sequence[_Shown]) -> None:
    """Keep that these files are what they are to be."""
    for start in range(0, len(done), _AT_ONCE):
        with desk.writing() as connection:
            some = done[start : start + _AT_ONCE]
            keys = (one.key for one in some if not known[one.key].settled)
            shown = {key: known[key].wanted for key in keys}
            version.settle(connection, shown, learner=desk.learner)
            marks = {_mark_name(one, desk): notes.mark_of(one.path) for one in some}
            entry.keep_told(connection, marks)


def _there(folder: Path) -> dict[str, list[Path]]:
    """What lies in the folder, by place."""
    found = defaultdict[str, list[Path]](list)
    with suppress(OSError):  # none of the devices has put anything there yet
        for path in folder.iterdir():
            name = _NAME.fullmatch(path.name)
            if name is not None and line.is_plain(path) and path.stat().st_size <= media.LARGEST:
                found[name["place"]].append(path)
    return found


def _shown(desk: Desk) -> Iterator[_Shown]:
    """What the learner's own notes show of their packs, here or in Anki, be it there or not."""
    with desk.reading() as connection:
        whose = learners.name_of(connection, learner=desk.learner).casefold()
        rows = connection.execute(
            select(tables.note, root.path.label("folder"))
            .join(tables.root, root.id == note.root_id)
            .where(note.learner_id == desk.learner, note.missing_since.is_(None))
        ).all()
    packs = library.packs_of(desk).resolve()
    paths = [path for row in rows for path in _paths(row, packs)]
    for folder in sorted({Path(row.folder) for row in rows if row.guid}):
        paths += _paths_in_anki(folder, packs)
    for path in paths:
        parts = path.relative_to(packs).parts
        if 2 <= len(parts) <= _DEEPEST and all(map(media.is_name, parts)):
            place = f"{whose}\0{'/'.join(parts)}"
            digest = hashlib.blake2b(place.encode(), digest_size=16).hexdigest()
            yield _Shown(path, state.as_text((THING, *parts)), digest)


def _paths(row: Any, packs: Path) -> Iterator[Path]:
    """The files that the text of a note shows."""
    said = as_note(row)
    text = "\n".join([said.question, said.answer, *(one.text for one in said.points)])
    for found in media.LINK.finditer(text) if "](" in text else ():
        path = _place(media.target(found), Shelf(said.path, Path(row.folder)), packs)
        if path is not None:
            yield path


def _paths_in_anki(folder: Path, packs: Path) -> Iterator[Path]:
    """The files that the fields of a pack's notes and their types show."""
    with suppress(OSError, StudyError):
        beside = (folder / media.FOLDER).resolve()
        if beside.is_relative_to(packs):
            for name in sorted(original.shown(origin.read(disk.said(folder / origin.FILE)))):
                if media.is_name(name) and _is_plain_or_none(beside / name):
                    yield beside / name


def _is_plain_or_none(path: Path) -> bool:
    return line.is_plain(path) or not os.path.lexists(path)


def _place(address: str, shelf: Shelf, packs: Path) -> Path | None:
    """Where a file is, or would be, that a note shows of its own pack; None for any other."""
    found = media.place(address, shelf) if address and not media.is_elsewhere(address) else ""
    if isinstance(found, str) and found != media.NOT_THERE:
        return None
    with suppress(OSError, ValueError, RuntimeError):  # a name that no file can have
        path = (shelf.file.parent / media.path_of(address)).resolve()
        return path if path.is_relative_to(packs) else None
    return None


def _put(shown: _Shown, digest: str, folder: Path) -> None:
    """Put a file into the folder, unless it is there: one as large under its name is taken for
    it."""
    path = folder / f"{shown.place}-{digest}{shown.path.suffix.lower()}"
    if os.path.lexists(path) and not line.is_plain(path):
        return
    size = _size(shown.path)
    if _NAME.fullmatch(path.name) and _size(path) != size <= media.LARGEST:
        with disk.replacing(path) as draft:
            shutil.copyfile(shown.path, draft)


def _size(path: Path) -> int:
    """In bytes; -1 of what is not there."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return -1


def _take(shown: _Shown, wanted: Sequence[str], there: Sequence[Path], here: str) -> str:
    """Take what is *wanted* for a file, if it is there and is what it says; where nothing is
    *here*, also what it was before, or else the newest. Returns the digest of what is here then.
    Bytes that are no former state of it stay beside the file."""
    for one in _in_turn(wanted[:1] if here else wanted, there, alone=bool(here)):
        digest = one.stem.partition("-")[2]
        with suppress(_OtherError), disk.replacing(shown.path) as draft:
            shutil.copyfile(one, draft)
            if one.suffix != shown.path.suffix.lower() or _digest(draft) != digest:
                raise _OtherError
            if here and (now := _digest(shown.path)) not in wanted:
                _keep(shown.path, now)
            return digest
    return here


def _in_turn(wanted: Sequence[str], there: Sequence[Path], *, alone: bool) -> Iterator[Path]:
    """What lies in the folder for a place, the best first; *alone* what is wanted."""
    by_digest = {one.stem.partition("-")[2]: one for one in there}
    yield from (by_digest[one] for one in wanted if one in by_digest)
    if not alone:
        newest = sorted(there, key=lambda path: (path.stat().st_mtime, path.name), reverse=True)
        yield from (one for one in newest if one.stem.partition("-")[2] not in wanted)


def _keep(path: Path, digest: str) -> None:
    """Keep a file under another name beside it, unless it is there."""
    names = path.parent.glob(f"{escape(path.name)}~*")
    if not any(line.is_plain(one) and _digest(one) == digest for one in names):
        copy = disk.beside(path)
        shutil.copyfile(path, copy)
        disk.flush(copy)
        journal.info("devices: a picture or a sound was changed twice; both are kept")


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()
