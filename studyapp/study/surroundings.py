"""What a note that is written here has around it, for `check` to hold it against that.

The other notes come from the database, which is in step with the files: to read all files of a
large pack takes seconds.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import select

from studyapp.notes.note import CardStyle, ContentFile, FileKind, Note, NoteKind, Section
from studyapp.notes.prompt import find
from studyapp.store import tables
from studyapp.study.card import as_note
from studyapp.study.desk import Desk

if TYPE_CHECKING:
    from studyapp.notes.check import Around
    from studyapp.notes.media import Shelf

note = tables.note.c
chapter = tables.chapter.c
section = tables.section.c


def read(
    desk: Desk,
    page: ContentFile,
    root: Path,
    text: str | None = None,
    *,
    but: Collection[str] = (),
    also: Sequence[Shelf] = (),
) -> Around:
    """What notes of a *page* in the pack's folder *root* have around them, *but* those with these
    ids, which are what is written; *also* is where else what they show may lie.

    Only a *text* that links to an experiment needs their facts; without one, any may.
    """
    from studyapp.lab import reference
    from studyapp.notes import check
    from studyapp.notes.media import Shelf

    pages = _pages(desk, page, root, but)
    asked = check.Asked([*pages, page])
    for other in pages:
        for one in other.notes:
            asked.add(other, one)
    return check.Around(
        (Shelf(page.path, root), *also),
        asked,
        _contents(desk, page, root),
        facts=reference.facts() if text is None or check.cites(text) else None,
    )


def asking(desk: Desk, page: ContentFile, root: Path, name: str) -> list[ContentFile]:
    """The sections in the folder *root* whose text asks the note *name* of the pack of a *page*,
    each as a file, and what else they ask."""
    with desk.reading() as connection:
        rows = connection.execute(
            select(tables.section)
            .join(tables.chapter, chapter.id == section.chapter_id)
            .where(
                section.missing_since.is_(None),
                section.text.contains(f"(note:{name})", autoescape=True),
                chapter.pack == page.pack,
            )
            .order_by(section.path, section.line)
        ).all()
        told = [
            Section(row.number, row.title, row.text, Path(row.path), row.line)
            for row in rows
            if _is_below(row.path, root)
        ]
        names = {one.note for part in told for one in find(part.text)} - {name}
        others = connection.execute(
            select(tables.note)
            .join(tables.chapter, chapter.id == note.chapter_id)
            .where(
                note.learner_id == desk.learner,
                note.missing_since.is_(None),
                note.name.in_(names),
                chapter.pack == page.pack,
            )
        ).all()
    notes = tuple(as_note(row) for row in others if _is_below(row.path, root))
    return [replace(page, notes=notes, sections=tuple(told))] if told else []


def _pages(desk: Desk, page: ContentFile, root: Path, but: Collection[str]) -> list[ContentFile]:
    """The other notes of the pack in the folder, as far as they ask."""
    columns = (note.name, note.kind, note.style, note.prompt, note.front, note.family)
    with desk.reading() as connection:
        rows = connection.execute(
            select(*columns, note.path, note.line, chapter.number, chapter.title)
            .join(tables.chapter, chapter.id == note.chapter_id)
            .where(
                note.learner_id == desk.learner,
                note.missing_since.is_(None),
                chapter.pack == page.pack,
            )
            .order_by(*tables.IN_ORDER, note.path, note.line)
        ).all()
    path, found = lru_cache(Path), dict[tuple[str, int | None, str], list[Note]]()
    for row in rows:
        if row.name not in but and _is_below(row.path, root):
            one = Note(
                row.name,
                NoteKind(row.kind),
                row.prompt,
                "",
                path(row.path),
                row.line,
                row.line,
                card=CardStyle(row.style),
                family=row.family,
                front=row.front or "",
            )
            found.setdefault((row.path, row.number, row.title), []).append(one)
    kind = FileKind.QUESTIONNAIRE
    return [
        ContentFile(path(name), page.pack, page.part, number, title, kind, tuple(notes))
        for (name, number, title), notes in found.items()
    ]


def _contents(desk: Desk, page: ContentFile, root: Path) -> frozenset[str]:
    """The chapter's sections, if the folder tells any: all of them, as one that an installed pack
    has, too, is known as that pack's alone."""
    with desk.reading() as connection:
        rows = connection.execute(
            select(section.number, section.path)
            .join(tables.chapter, chapter.id == section.chapter_id)
            .where(
                section.missing_since.is_(None),
                chapter.pack == page.pack,
                chapter.number == page.chapter,
            )
        ).all()
    is_told = any(_is_below(row.path, root) for row in rows)
    return frozenset(row.number for row in rows if is_told)


def _is_below(path: str, root: Path) -> bool:
    return path.startswith(f"{root}{os.sep}")
