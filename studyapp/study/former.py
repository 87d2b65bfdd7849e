"""Files that change together with the database: all of them, or none if the program is killed.

What they said before lies beside the packs, from when the database is locked until it has
committed. Whoever comes to it later, and has the lock, knows that nobody is at work there any more:
either the database has read the new files, or they are put back. What somebody has saved meanwhile
is neither as before nor as it was to be: it stays.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

from sqlalchemy import Connection, select

from studyapp import disk
from studyapp.errors import StudyError
from studyapp.store import tables

_LIST = "list.json"


class Former:
    """What the files of a learner's *packs* said before; to be entered before the transaction, so
    that it is left after it. If that fails, all is put back."""

    def __init__(self, packs: Path) -> None:
        self.packs, self.folder, self.begun = packs, folder_of(packs), False

    def __enter__(self) -> Former:
        return self

    def keep(self, connection: Connection, becoming: Mapping[Path, str]) -> None:
        """Keep what files say, before they are written; the database is locked by now. *becoming*
        has the digest of what each is to say. Raises StudyError if that cannot be."""
        entries, self.begun = [], True
        try:
            disk.make_folder(self.folder)
            for number, (path, becomes) in enumerate(becoming.items()):
                name = str(number) if path.exists() else None
                if name is not None:
                    shutil.copyfile(path, self.folder / name)
                    disk.flush(self.folder / name)
                place = str(path.relative_to(self.packs))
                entries.append({"path": place, "former": name, "becomes": becomes})
        except OSError as error:
            raise StudyError(f"{self.folder} cannot be written: {error.strerror}.") from error
        stamps = _stamps(connection, {_root(self.packs, path) for path in becoming})
        disk.write(self.folder / _LIST, json.dumps({"stamps": stamps, "files": entries}))

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if not self.begun:
            return
        with suppress(StudyError):  # else whoever comes next does it
            if error is not None and (kept := _read(self.packs)) is not None:
                _put_back(self.packs, kept)
            _forget(self.packs)


class _Entry(NamedTuple):
    path: Path
    former: Path | None  # where it lies what the file said; None if there was none
    becomes: str  # the digest of what it was to say

    @property
    def is_as_before(self) -> bool:
        return disk.said(self.path) == (self.former and self.former.read_bytes())

    @property
    def is_written(self) -> bool:
        return disk.digest(disk.said(self.path)) == self.becomes


class _Kept(NamedTuple):
    stamps: dict[str, str]  # of the packs, as the database had read them
    entries: list[_Entry]


def folder_of(packs: Path) -> Path:
    """Where it lies what the files of *packs* said before."""
    return packs.with_name(f".{packs.name}.former")


def is_left(packs: Path) -> bool:
    """Whether somebody is at work on *packs*, or was killed at it."""
    return folder_of(packs).is_dir()


def recover(connection: Connection, packs: Path) -> tuple[str, ...]:
    """Finish what was killed, in a transaction that nobody else can be in. What somebody has saved
    since then stays, in a sentence each that says where the text from before is. Raises StudyError
    if a file cannot be written."""
    told: tuple[str, ...] = ()
    if not is_left(packs):
        return told
    with suppress(FileNotFoundError):  # who has committed right now, is tidying up without the lock
        kept = _read(packs)  # nothing was written yet if there is no list
        if kept is not None and not _is_committed(connection, kept):
            told = tuple(map(_told, _put_back(packs, kept)))
    _forget(packs)
    return told


def _is_committed(connection: Connection, kept: _Kept) -> bool:
    """Whether the database has read the packs since: who reads them has either written those files
    or recovered what was left of them."""
    return _stamps(connection, set(map(Path, kept.stamps))) != kept.stamps


def _stamps(connection: Connection, roots: set[Path]) -> dict[str, str]:
    """How the database has read these packs, empty for one that it has not."""
    read = dict(connection.execute(select(tables.root.c.path, tables.root.c.stamp)).all())
    return {str(root): read.get(str(root), "") for root in roots}


def _root(packs: Path, path: Path) -> Path:
    """The pack that a file is in."""
    return packs / path.relative_to(packs).parts[0]


def _read(packs: Path) -> _Kept | None:
    folder = folder_of(packs)
    if not (folder / _LIST).is_file():
        return None
    kept = json.loads((folder / _LIST).read_text("utf-8"))
    entries = [
        _Entry(
            packs / one["path"], folder / one["former"] if one["former"] else None, one["becomes"]
        )
        for one in kept["files"]
    ]
    return _Kept(kept["stamps"], entries)


def _put_back(packs: Path, kept: _Kept) -> list[_Entry]:
    """Put back what was written; returns the files that say something else again."""
    others = []
    for entry in kept.entries:
        for draft in disk.drafts(entry.path):  # what was being written just then
            disk.remove(draft)
        if not entry.is_as_before and not entry.is_written:
            others.append(entry)
        elif entry.former is None:
            remove(packs, entry.path)
        elif not entry.is_as_before:
            disk.write(entry.path, entry.former.read_bytes())
    return others


def remove(packs: Path, path: Path) -> None:
    """Remove a file, if it is there, and the folders that it alone was in."""
    disk.remove(path)
    for folder in (path.parent, path.parent.parent):
        with suppress(OSError):  # it has other files, or is none of a pack's
            if folder != packs and folder.is_relative_to(packs):
                folder.rmdir()


def _told(entry: _Entry) -> str:
    """What becomes of a file that somebody has saved; what it said before lies beside it then."""
    told = f"{entry.path} was saved after a change of it was cut off, and stays as it is"
    if entry.former is None:
        return f"{told}."
    copy = disk.beside(entry.path)
    disk.write(copy, entry.former.read_bytes())
    return f"{told}; what it said before that change is in {copy.name}."


def _forget(packs: Path) -> None:
    disk.remove(folder_of(packs) / _LIST)  # what it names is not to be put back any more
    shutil.rmtree(folder_of(packs), ignore_errors=True)
