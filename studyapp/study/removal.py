"""Delete notes of the learner's own, many at once, and put them back.

What is deleted is text in files; the cards go with it, out of every queue, and their log stays. So
it comes back with all that was known of it, from here, from a backup, or written anew with its id.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, select

from studyapp import disk
from studyapp.errors import StudyError
from studyapp.store import tables
from studyapp.study import library, words
from studyapp.study.desk import Desk

note = tables.note.c


@dataclass(frozen=True, slots=True)
class Removal:
    """What was deleted: how many notes, and what each file said `before` and says `now`."""

    notes: int
    before: Mapping[Path, bytes]
    now: Mapping[Path, bytes]


def own(connection: Connection, notes: Collection[int], *, learner: int) -> list[int]:
    """Those of *notes* that are in files of the learner's own; what packs have stays theirs."""
    mine = (note.learner_id == learner, note.missing_since.is_(None))
    return list(connection.scalars(select(note.id).where(note.id.in_(notes), *mine)))


def remove(desk: Desk, notes: Collection[int]) -> Removal:
    """Delete those of *notes* that are the learner's own; many are in a backup first.

    All or none: raises StudyError, with the files as they were, if one cannot be.
    """
    from studyapp.notes import markdown

    with desk.reading() as connection:
        ids = own(connection, notes, learner=desk.learner)
        rows = connection.execute(select(note.path, note.name).where(note.id.in_(ids))).all()
    files = dict[Path, list[str]]()
    for row in rows:
        files.setdefault(Path(row.path), []).append(row.name)
    texts = {path: markdown.without(path, names).encode() for path, names in files.items()}
    if len(rows) >= library.MANY:
        desk.back_up("change")
    before = _exchange(desk, texts)
    return Removal(len(rows), before, texts)


def put_back(desk: Desk, removed: Removal) -> None:
    """Have the files say what they did before. Raises StudyError if one says something else by
    now, and for what keeps it from being written."""
    for path, now in removed.now.items():
        if _read(path) != now:
            raise StudyError(
                f"{path} has changed since, so the notes are not put back; a backup has them."
            )
    _exchange(desk, removed.before)


def told(removed: Removal, undo: str) -> str:
    """What was deleted, as the learner reads it; *undo* is the key that takes it back."""
    return f"Deleted: {words.count(removed.notes, 'note')}; {undo} puts them back."


def _exchange(desk: Desk, texts: Mapping[Path, bytes]) -> dict[Path, bytes]:
    """Write *texts* and read them in; returns what the files said. If one fails, none has
    changed."""
    before = dict[Path, bytes]()
    with ExitStack() as stack:
        for path, text in texts.items():
            before[path] = _read(path)
            stack.enter_context(disk.put_back(path))
            disk.write(path, text)
        library.refresh(desk)
    return before


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise StudyError(f"{path} cannot be read: {error.strerror or error}.") from error
