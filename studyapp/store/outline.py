"""What notes hang on, as it was read: chapters, their sections, the moments of lectures."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, or_, select, update

from studyapp.notes.note import ChapterKey, chapter_key
from studyapp.store import tables
from studyapp.store.source import Source, rows_of
from studyapp.store.upsert import Row, upsert


def write_chapters(connection: Connection, source: Source) -> dict[tuple[str, ChapterKey], int]:
    """The ids of the owner's chapters. What is installed is everybody's; else each learner has a
    chapter of their own, which is everybody's once it comes with a pack and nobody else has one."""
    table, rows = tables.chapter, dict[tuple[str, ChapterKey], dict[int | None, Any]]()
    for one in connection.execute(select(table)):
        rows.setdefault((one.pack, chapter_key(one.number, one.title)), {})[one.learner_id] = one
    ids = dict[tuple[str, ChapterKey], int]()
    for page in source.pages:
        key = (page.pack, page.key)
        kept = rows.get(key, {})
        row = kept.get(source.owner) or kept.get(None)
        if source.owner is None and len(kept) == 1:
            row = next(iter(kept.values()))
        values = {"part": page.part, "title": page.title, "learner_id": source.owner}
        if row is not None and row.learner_id is None and source.owner is not None:
            ids[key] = row.id
        elif row is None and key in ids:  # made by another page
            connection.execute(update(table).where(table.c.id == ids[key]).values(**values))
        else:
            named = {"pack": page.pack, "number": page.chapter, "title": page.title}
            made = Row(row, values, {**named, "learner_id": source.owner})
            [(ids[key], _)] = upsert(connection, table, [made])
    return ids


def write_sections(
    connection: Connection,
    source: Source,
    chapters: Mapping[tuple[str, ChapterKey], int],
    now: datetime,
) -> dict[tuple[int, str], int]:
    """Returns the id of each section that is there for this owner, by chapter and number, in book
    order. A section of a pack is not written over."""
    table = tables.section
    kept = {(row.chapter_id, row.number): row for row in connection.execute(select(table))}
    rows = dict[tuple[int, str], Row]()
    for page in source.pages:
        for position, section in enumerate(page.sections):
            key = (chapters[page.pack, page.key], section.number)
            row = kept.get(key)
            if row is not None and source.owner is not None and row.learner_id != source.owner:
                continue
            values = {
                "title": section.title,
                "text": section.text,
                "path": str(section.path),
                "line": section.line,
                "position": position,
                "missing_since": None,
                "learner_id": source.owner,
            }
            rows[key] = Row(row, values, {"chapter_id": key[0], "number": key[1]})
    ids = (section_id for section_id, _ in upsert(connection, table, list(rows.values())))
    seen = dict(zip(rows, ids, strict=True))
    for key, row in kept.items():
        if key in seen:
            continue
        if row.learner_id is None and source.owner is not None:
            if row.missing_since is None:
                seen[key] = row.id
        elif row.learner_id == source.owner:
            if source.gone or source.hidden.has(Path(row.path), row.number):
                seen[key] = row.id
            elif row.missing_since is None:
                connection.execute(
                    update(table).where(table.c.id == row.id).values(missing_since=now)
                )
    return seen


def write_moments(
    connection: Connection, source: Source, chapters: Mapping[tuple[str, ChapterKey], int]
) -> None:
    """Nothing personal hangs on a moment, so they are simply written anew; but those that may be
    where nothing could be read stay."""
    chapter, section = tables.chapter.c, tables.section.c
    sections = {
        (pack, number): section_id
        for pack, number, section_id in connection.execute(
            select(chapter.pack, section.number, section.id)
            .join(tables.chapter, chapter.id == section.chapter_id)
            .where(
                section.missing_since.is_(None),
                or_(section.learner_id.is_(None), section.learner_id == source.owner),
            )
        )
    }
    pages = {
        (chapters[page.pack, page.key], page.lecture or 0): page
        for page in source.pages
        if page.moments or page.lecture
    }
    read = {page.path for page in source.pages}
    unread = any(problem.path not in read for problem in source.problems)
    gone = list[dict[str, int]]()
    for row in connection.execute(rows_of(tables.moment, source.owner)):
        home = pages.get((row.chapter_id, row.lecture))
        if home is None:
            stays = unread
        else:
            there = any(one.seconds == row.seconds for one in home.moments)
            stays = not there and source.hidden.has(home.path, row.title)
        if not stays:
            gone.append({"of": row.id})
    rows = [
        {
            "chapter_id": chapters[page.pack, page.key],
            "section_id": sections.get((page.pack, moment.section or "")),
            "lecture": page.lecture or 0,
            "seconds": moment.seconds,
            "title": moment.title,
            "text": moment.text,
            "video": page.video,
            "learner_id": source.owner,
        }
        for page in source.pages
        for moment in page.moments
    ]
    if gone:
        connection.execute(delete(tables.moment).where(tables.moment.c.id == bindparam("of")), gone)
    if rows:
        connection.execute(insert(tables.moment), rows)
