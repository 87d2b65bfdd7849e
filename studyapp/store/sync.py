"""Content files → database. Never deletes: what has gone is marked, and returns with its memory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, delete, insert, select, update

from studyapp.memory.clock import study_day
from studyapp.memory.fold import EventKind
from studyapp.notes import markdown
from studyapp.notes.card import MEANING_TO_TERM, REVERSED, sides
from studyapp.notes.note import (
    CardStyle,
    ChapterKey,
    ContentFile,
    Note,
    Problem,
    card_uid,
    chapter_key,
    note_uid,
)
from studyapp.store import log, tables
from studyapp.store.fingerprint import fingerprint


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What a sync did. `missing_roots` are folders that were not there: they change nothing."""

    added: int = 0
    changed: int = 0
    restored: int = 0
    missing: int = 0
    unchanged: int = 0
    new_cards: int = 0
    due_again: int = 0  # cards whose points have changed since they were last rated
    problems: tuple[Problem, ...] = ()
    missing_roots: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        values = asdict(self)
        values["problems"] = [
            {"path": str(problem.path), "line": problem.line, "message": problem.message}
            for problem in self.problems
        ]
        values["missing_roots"] = list(self.missing_roots)
        return values


@dataclass
class _Tally:
    added: int = 0
    changed: int = 0
    restored: int = 0
    unchanged: int = 0
    new_cards: int = 0
    due_again: int = 0
    seen: set[bytes] = field(default_factory=set)


def sync(connection: Connection, roots: Sequence[Path], now: datetime) -> SyncReport:
    """Read the content of *roots* into the database, in one transaction of the caller's.

    A later root shadows an earlier one note by note. A note is known by its uid alone, so
    rewording, moving and renaming keep its memory. If a root is missing, nothing is marked as
    missing at all, since its notes may only be out of reach.
    """
    pages: list[ContentFile] = []
    problems: list[Problem] = []
    stamps = {root: fingerprint(root) for root in roots}
    for root, stamp in stamps.items():
        if stamp:
            found, wrong = markdown.read_folder(root)
            pages.extend(found)
            problems.extend(wrong)
    gone = tuple(str(root) for root, stamp in stamps.items() if not stamp)
    chapters = _write_chapters(connection, pages)
    sections = _write_sections(connection, pages, chapters, now, keep=bool(gone))
    if not gone:
        _write_moments(connection, pages, chapters)
    tally = _write_notes(connection, _shadowed(pages), chapters, sections, now)
    # A file that cannot be read hides its notes; that is no reason to retire them.
    unread = {str(problem.path) for problem in problems}
    missing = 0 if gone else _mark_missing(connection, tally.seen, unread, now)
    _write_roots(connection, stamps, now)
    return SyncReport(
        tally.added,
        tally.changed,
        tally.restored,
        missing,
        tally.unchanged,
        tally.new_cards,
        tally.due_again,
        tuple(problems),
        gone,
    )


def _shadowed(pages: Iterable[ContentFile]) -> dict[bytes, tuple[ContentFile, Note]]:
    return {
        note_uid(page.pack, note.id).bytes: (page, note) for page in pages for note in page.notes
    }


def _write_chapters(
    connection: Connection, pages: Iterable[ContentFile]
) -> dict[tuple[str, ChapterKey], int]:
    table = tables.chapter
    kept = {
        (row.pack, chapter_key(row.number, row.title)): row
        for row in connection.execute(select(table))
    }
    ids = {key: row.id for key, row in kept.items()}
    for page in pages:
        key, values = (page.pack, page.key), {"part": page.part, "title": page.title}
        row = kept.get(key)
        if key not in ids:
            ids[key] = connection.execute(
                insert(tables.chapter)
                .values(pack=page.pack, number=page.chapter, **values)
                .returning(table.c.id)
            ).scalar_one()
        elif row is not None and (row.part, row.title) != (page.part, page.title):
            connection.execute(update(tables.chapter).where(table.c.id == row.id).values(**values))
    return ids


def _write_sections(
    connection: Connection,
    pages: Iterable[ContentFile],
    chapters: Mapping[tuple[str, ChapterKey], int],
    now: datetime,
    *,
    keep: bool,
) -> dict[tuple[int, str], int]:
    """Returns the id of each section that is there, by chapter and number, in book order."""
    table = tables.section
    kept = {(row.chapter_id, row.number): row for row in connection.execute(select(table))}
    seen: dict[tuple[int, str], int] = {}
    for page in pages:
        for position, section in enumerate(page.sections):
            key = (chapters[page.pack, page.key], section.number)
            values = {
                "title": section.title,
                "text": section.text,
                "path": str(section.path),
                "line": section.line,
                "position": position,
                "missing_since": None,
            }
            seen[key], _ = _upsert(
                connection,
                tables.section,
                kept.get(key),
                values,
                {"chapter_id": key[0], "number": key[1]},
            )
    for key, row in kept.items():
        if key not in seen and row.missing_since is None and not keep:
            connection.execute(
                update(tables.section).where(table.c.id == row.id).values(missing_since=now)
            )
        elif keep:
            seen.setdefault(key, row.id)
    return seen


def _write_moments(
    connection: Connection,
    pages: Iterable[ContentFile],
    chapters: Mapping[tuple[str, ChapterKey], int],
) -> None:
    """Nothing personal hangs on a moment, so they are simply written anew."""
    chapter, section = tables.chapter.c, tables.section.c
    sections = {
        (pack, number): section_id
        for pack, number, section_id in connection.execute(
            select(chapter.pack, section.number, section.id)
            .join(tables.chapter, chapter.id == section.chapter_id)
            .where(section.missing_since.is_(None))
        )
    }
    connection.execute(delete(tables.moment))
    for page in pages:
        for moment in page.moments:
            connection.execute(
                insert(tables.moment).values(
                    chapter_id=chapters[page.pack, page.key],
                    section_id=sections.get((page.pack, moment.section or "")),
                    lecture=page.lecture or 0,
                    seconds=moment.seconds,
                    title=moment.title,
                    text=moment.text,
                    video=page.video,
                )
            )


def _write_notes(
    connection: Connection,
    notes: Mapping[bytes, tuple[ContentFile, Note]],
    chapters: Mapping[tuple[str, ChapterKey], int],
    sections: Mapping[tuple[int, str], int],
    now: datetime,
) -> _Tally:
    table = tables.note
    kept = {row.uid: row for row in connection.execute(select(table))}
    cards: dict[int, dict[str, Any]] = {}
    for made in connection.execute(select(tables.card)):
        cards.setdefault(made.note_id, {})[made.side] = made
    first = {chapter: section for (chapter, _), section in reversed(list(sections.items()))}
    tally, position = _Tally(), 0
    in_order = sorted(notes.items(), key=lambda item: _place(*item[1]))
    for uid, (page, note) in in_order:
        chapter = chapters[page.pack, page.key]
        values = {**_note_values(page, note), "chapter_id": chapter, "missing_since": None}
        row = kept.get(uid)
        note_id, change = _upsert(connection, tables.note, row, values, {"uid": uid})
        if change and row is not None and row.missing_since is not None:
            change = "restored"
        match change:
            case "added":
                tally.added += 1
            case "changed":
                tally.changed += 1
            case "restored":
                tally.restored += 1
            case _:
                tally.unchanged += 1
        tally.seen.add(uid)
        kept_cards = cards.get(note_id, {})
        place = {
            "chapter_id": chapter,
            "section_id": sections.get((chapter, note.section or ""), first.get(chapter)),
        }
        position = _write_cards(
            connection, page, note, note_id, place, kept_cards, position, now, tally
        )
        if change and row is not None:
            sides_changed = _changed_sides(note, row.points, kept_cards)
            changed = [kept_cards[side].id for side in sides_changed]
            tally.due_again += _make_due(connection, changed, now)
    return tally


def _changed_sides(
    note: Note, before: Sequence[Mapping[str, Any]], kept: Iterable[str]
) -> list[str]:
    """The cards that ask for something else since a point changed."""
    old = {point["id"]: point["text"].split() for point in before}
    new = {point.id: point.text.split() for point in note.points}
    if note.card is CardStyle.ITEMS:
        changed = {f"item:{key}" for key, text in new.items() if old.get(key, text) != text}
        return [side for side in kept if side in changed]
    was = sorted((point["extra"], point["text"].split()) for point in before)
    now = sorted((point.extra, point.text.split()) for point in note.points)
    asked = set(sides(note)) - {REVERSED}  # which shows no points
    return [] if was == now else [side for side in kept if side in asked]


def _make_due(connection: Connection, cards: Iterable[int], now: datetime) -> int:
    """Make cards that were rated come once more, in the learner's log; returns how many."""
    memory, count = tables.memory.c, 0
    for card_id in cards:
        rated = connection.scalars(
            select(memory.learner_id).where(memory.card_id == card_id, memory.due.is_not(None))
        ).all()
        for learner in rated:
            log.log_event(
                connection, card_id, EventKind.CHANGED, now, day=study_day(now), learner=learner
            )
            count += 1
    return count


def _write_cards(
    connection: Connection,
    page: ContentFile,
    note: Note,
    note_id: int,
    place: Mapping[str, Any],
    kept: Mapping[str, Any],
    position: int,
    now: datetime,
    tally: _Tally,
) -> int:
    family = f"{page.pack}:{note.family or note.id}"
    opener: int | None = None
    names = sides(note)
    for side in names:
        position += 1
        values = {
            **place,
            "family": family,
            "position": position,
            "opener": opener if side == MEANING_TO_TERM else None,
            "missing_since": None,
        }
        uid = card_uid(note_uid(page.pack, note.id), side).bytes
        card_id, change = _upsert(
            connection,
            tables.card,
            kept.get(side),
            values,
            {"uid": uid, "note_id": note_id, "side": side},
        )
        tally.new_cards += change == "added"
        opener = card_id
    for side, old in kept.items():
        if side not in names and old.missing_since is None:
            connection.execute(
                update(tables.card).where(tables.card.c.id == old.id).values(missing_since=now)
            )
    return position


def _upsert(
    connection: Connection,
    table: Table[Any],
    row: Any,
    values: Mapping[str, Any],
    key: Mapping[str, Any],
) -> tuple[int, str]:
    """Insert or update one row; returns its id and "added", "changed" or ""."""
    if row is None:
        made = connection.execute(insert(table).values(**key, **values).returning(table.c.id))
        return made.scalar_one(), "added"
    if all(getattr(row, name) == value for name, value in values.items()):
        return row.id, ""
    connection.execute(update(table).where(table.c.id == row.id).values(**values))
    return row.id, "changed"


def _mark_missing(connection: Connection, seen: set[bytes], unread: set[str], now: datetime) -> int:
    """Mark the notes whose text has gone, and their cards; returns how many notes."""
    table = tables.note.c
    rows = connection.execute(
        select(table.id, table.uid, table.path).where(table.missing_since.is_(None))
    )
    gone = [row.id for row in rows if row.uid not in seen and row.path not in unread]
    for note_id in gone:
        connection.execute(update(tables.note).where(table.id == note_id).values(missing_since=now))
        connection.execute(
            update(tables.card).where(tables.card.c.note_id == note_id).values(missing_since=now)
        )
    return len(gone)


def _write_roots(connection: Connection, stamps: Mapping[Path, str], now: datetime) -> None:
    connection.execute(delete(tables.root))
    for root, stamp in stamps.items():
        connection.execute(insert(tables.root).values(path=str(root), stamp=stamp, read_at=now))


def _place(page: ContentFile, note: Note) -> tuple[Any, ...]:
    """Book order: by chapter and section; a term comes before the questions that use it."""
    section = tuple(int(part) for part in (note.section or f"{page.chapter or 0}.0").split("."))
    return (page.pack, page.place, section, note.kind.value != "term", str(page.path), note.line)


def _note_values(page: ContentFile, note: Note) -> dict[str, Any]:
    return {
        "name": note.id,
        "kind": note.kind.value,
        "style": note.card.value,
        "prompt": note.prompt,
        "answer": note.answer,
        "points": [asdict(point) for point in note.points],
        "family": note.family,
        "tags": list(note.tags),
        "section": note.section,
        "number": note.number,
        "as_of": note.as_of,
        "need": note.need,
        "synonyms": list(note.synonyms),
        "sources": list(note.sources),
        "path": str(page.path),
        "line": note.line,
        "last": note.last,
    }
