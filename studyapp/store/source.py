"""What was read of one owner's roots, and which of them are as the database has them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import takewhile
from pathlib import Path
from typing import Any
from unicodedata import normalize

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    String,
    Table,
    cast,
    delete,
    or_,
    select,
    update,
)

from studyapp.notes import markdown
from studyapp.notes.note import ContentFile, Note, Problem, note_uid
from studyapp.store import tables
from studyapp.store.upsert import Row, upsert

_CONTRAST = "contrast"  # the tag of a note that tells the terms of its family apart


@dataclass(frozen=True)
class Source:
    """What was read of one owner's roots. The later of two roots has a note that both have."""

    owner: int | None  # a learner; None: installed
    stamps: dict[Path, str]
    pages: list[ContentFile]
    notes: dict[bytes, tuple[ContentFile, Note]]
    root_of: dict[bytes, Path]
    problems: list[Problem]
    unread: frozenset[str]  # roots that are as the database has them

    @property
    def gone(self) -> list[str]:
        return [str(root) for root, stamp in self.stamps.items() if not stamp]

    @cached_property
    def hidden(self) -> _Hidden:
        return _Hidden({problem.path for problem in self.problems})


class _Hidden:
    """What is still in a file of *unread* ones, or may be; each is opened once."""

    def __init__(self, unread: set[Path]) -> None:
        self._unread = unread
        self._texts: dict[Path, str | None] = {}

    def has(self, path: Path, name: str) -> bool:
        """Whether the file at *path* cannot be read, or has *name* somewhere, an id or a title."""
        if self._unread.isdisjoint((path, *path.parents)):
            return False
        if path not in self._texts:
            try:
                self._texts[path] = normalize("NFC", path.read_text("utf-8"))
            except (OSError, UnicodeDecodeError):
                self._texts[path] = None
        text = self._texts[path]
        return text is None or re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text) is not None


def read_roots(
    roots: Sequence[Path],
    whose: int | None,
    stamps: Mapping[Path, str],
    same: frozenset[str] = frozenset(),
) -> Source:
    """Read one owner's *roots*, but for those that are the *same*."""
    unread = same.intersection(map(str, roots))
    source = Source(whose, {root: stamps[root] for root in roots}, [], {}, {}, [], unread)
    for root, stamp in source.stamps.items():
        if not stamp or str(root) in unread:
            continue
        pages, problems = markdown.read_folder(root)
        source.pages.extend(pages)
        source.problems.extend(problems)
        for page in pages:
            for note in page.notes:
                uid = note_uid(page.pack, note.id).bytes
                source.notes[uid] = (page, note)
                source.root_of[uid] = root
    return source


def same_roots(
    connection: Connection,
    roots: Sequence[Path],
    own: Sequence[Path],
    stamps: Mapping[Path, str],
    whose: int | None,
) -> frozenset[str]:
    """The roots that are as the database has them, up to the first that is not: it may hide notes
    of those before. Of installed ones all or none, and of *own* ones none if a section or a moment
    is in one, as these are written as a whole."""
    kept: dict[int | None, dict[str, str]] = {}
    for row in connection.execute(select(tables.root)):
        kept.setdefault(row.learner_id, {})[row.path] = row.stamp
    if kept.get(None, {}) != {str(root): stamps[root] for root in roots}:
        return frozenset()
    theirs = kept.get(whose, {})
    before = [str(root) for root in takewhile(lambda at: theirs.get(str(at)) == stamps[at], own)]
    more = (
        connection.scalar(rows_of(one, whose).limit(1)) for one in (tables.section, tables.moment)
    )
    if not theirs.keys() <= {str(root) for root in own} or any(more):
        before = []
    return frozenset(map(str, roots)).union(before)


def stands_alone(connection: Connection, source: Source) -> bool:
    """Whether what was read leaves the owner's other roots as they are: no note has gone that may
    be in one of them, and none tells their terms apart."""
    table, root = tables.note.c, tables.root.c
    read = select(root.id).where(root.learner_id == source.owner, root.path.not_in(source.unread))
    known = connection.execute(
        rows_of(tables.note, source.owner)
        .with_only_columns(table.uid, table.tags)
        .where(table.missing_since.is_(None), or_(table.root_id.is_(None), table.root_id.in_(read)))
    ).all()
    tags = [*(row.tags for row in known), *(note.tags for _, note in source.notes.values())]
    gone = any(row.uid not in source.notes for row in known)
    return not gone and not any(_CONTRAST in one for one in tags)


def stands(source: Source) -> tuple[ColumnElement[bool], ...]:
    """What is true of a note that is installed, or of a root of the owner's that was not read."""
    note, root = tables.note.c, tables.root.c
    unread = select(root.id).where(root.learner_id == source.owner, root.path.in_(source.unread))
    return note.missing_since.is_(None), or_(note.learner_id.is_(None), note.root_id.in_(unread))


def told_apart(connection: Connection, source: Source) -> set[str]:
    """The families whose terms a note tells apart, of those that were read or stand."""
    note, chapter = tables.note.c, tables.chapter.c
    read = {family_of(page, one) for page, one in source.notes.values() if _CONTRAST in one.tags}
    if source.owner is None:
        return read
    rows = connection.execute(
        select(chapter.pack, note.family, note.name, note.tags)
        .join(tables.chapter, chapter.id == note.chapter_id)
        .where(*stands(source), cast(note.tags, String).contains(_CONTRAST))
    )
    return read | {f"{one.pack}:{one.family or one.name}" for one in rows if _CONTRAST in one.tags}


def family_of(page: ContentFile, note: Note) -> str:
    return f"{page.pack}:{note.family or note.id}"


def rows_of(table: Table[Any], whose: int | None) -> Select[Any]:
    """The rows of one owner."""
    column = table.c.learner_id
    return select(table).where(column.is_(None) if whose is None else column == whose)


def write_roots(
    connection: Connection, sources: Sequence[Source], now: datetime
) -> dict[Path, int]:
    """Keep which roots these owners have, and their stamps; returns the ids."""
    root, note = tables.root.c, tables.note.c
    kept = {row.path: row for row in connection.execute(select(tables.root))}
    ids: dict[Path, int] = {}
    for source in sources:
        for path, stamp in source.stamps.items():
            values = {"learner_id": source.owner, "stamp": stamp, "read_at": now}
            row = Row(kept.get(str(path)), values, {"path": str(path)})
            [(ids[path], _)] = upsert(connection, tables.root, [row])
    owners = {source.owner for source in sources}
    left = [
        row.id for row in kept.values() if row.learner_id in owners and row.id not in ids.values()
    ]
    connection.execute(update(tables.note).where(note.root_id.in_(left)).values(root_id=None))
    connection.execute(delete(tables.root).where(root.id.in_(left)))
    return ids
