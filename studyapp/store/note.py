"""Notes as they were read, with their cards and variants; what has gone is marked as missing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, delete, insert, or_, select

from studyapp.notes.card import MEANING_TO_TERM, REVERSED
from studyapp.notes.edit import is_same
from studyapp.notes.note import ChapterKey, ContentFile, Note, NoteKind, card_uid
from studyapp.store import tables
from studyapp.store.change import bring_back, keep_to_tell, said
from studyapp.store.position import Planned, plan
from studyapp.store.source import Source, family_of, rows_of, told_apart
from studyapp.store.upsert import Row, update_each, upsert

_BATCH = 500  # notes that are written at once


@dataclass
class Tally:
    added: int = 0
    changed: int = 0
    restored: int = 0
    unchanged: int = 0
    new_cards: int = 0
    due_again: int = 0
    written: list[int] = field(default_factory=list)  # the notes that say something else now
    renamed: list[tuple[int, int]] = field(default_factory=list)

    def count(self, note_id: int, change: str, row: Any) -> None:
        """Count a note that was written over its *row*, if it had one."""
        if change:
            self.written.append(note_id)
        if change and row is not None and row.missing_since is not None:
            change = "restored"
        match change:
            case "added":
                self.added += 1
            case "changed":
                self.changed += 1
            case "restored":
                self.restored += 1
            case _:
                self.unchanged += 1


def write_notes(
    connection: Connection,
    source: Source,
    roots: Mapping[Path, int],
    chapters: Mapping[tuple[str, ChapterKey], int],
    sections: Mapping[tuple[int, str], int],
    now: datetime,
    tally: Tally,
    *,
    heard: bool,
) -> None:
    """Write one owner's notes and their cards."""
    kept = {row.uid: row for row in connection.execute(rows_of(tables.note, source.owner))}
    cases = _variants(connection, source.owner)
    contrasts = told_apart(connection, source)
    # What a pack has of no section comes with the first one; a learner's own is of the chapter.
    in_order_of_book = reversed(list(sections.items()) if source.owner is None else ())
    first = {chapter: section for (chapter, _), section in in_order_of_book}
    planned = plan(connection, source, kept)
    while some := list(islice(planned, _BATCH)):
        written = upsert(
            connection,
            tables.note,
            [_note_row(one, source, roots, chapters[one.page.pack, one.page.key]) for one in some],
        )
        ids = [note_id for note_id, _ in written]
        others = _write_variants(connection, dict(zip(ids, some, strict=True)), cases)
        places = []
        for one in some:
            chapter, family = chapters[one.page.pack, one.page.key], family_of(one.page, one.note)
            places.append(
                {
                    "chapter_id": chapter,
                    "section_id": sections.get(
                        (chapter, one.note.section or ""), first.get(chapter)
                    ),
                    "learner_id": source.owner,
                    "family": family,
                    "contrast": one.note.kind is NoteKind.TERM and family in contrasts,
                }
            )
        tally.new_cards += _write_cards(connection, zip(some, ids, places, strict=True), now)
        reworded = list[int]()
        for one, (note_id, change) in zip(some, written, strict=True):
            change = change or ("changed" if note_id in others else "")
            tally.count(note_id, change, one.row)
            asks_anew = bool(change) and not heard
            tally.due_again += bring_back(connection, source.owner, one, now, asks_anew=asks_anew)
            if change and one.row is not None and not is_same(said(one.row), said(one.note)):
                reworded.append(note_id)
        if source.owner is None:
            keep_to_tell(connection, reworded)
    tally.renamed += _renamed(source, kept, chapters, roots)


def _renamed(
    source: Source,
    kept: Mapping[bytes, Any],
    chapters: Mapping[tuple[str, ChapterKey], int],
    roots: Mapping[Path, int],
) -> Iterator[tuple[int, int]]:
    """The chapters, of those of notes as they were *kept*, that have none left since all that did
    not go are in one that had none before."""
    before = {uid: row.chapter_id for uid, row in kept.items() if row.missing_since is None}
    now = {uid: chapters[page.pack, page.key] for uid, (page, _) in source.notes.items()}
    unread = {roots[root] for root in roots if str(root) in source.unread}
    had = set(before.values())
    have = {*now.values(), *(row.chapter_id for row in kept.values() if row.root_id in unread)}
    for old in had - have:
        went = {now[uid] for uid, chapter in before.items() if chapter == old and uid in now}
        if len(went) == 1 and not went & had:
            yield old, went.pop()


def _note_row(one: Planned, source: Source, roots: Mapping[Path, int], chapter: int) -> Row:
    place = {
        "chapter_id": chapter,
        "root_id": roots[source.root_of[one.uid]],
        "missing_since": None,
    }
    key = {"uid": one.uid, "learner_id": source.owner}
    return Row(one.row, {**_note_values(one.page, one.note), **place}, key)


def _note_values(page: ContentFile, note: Note) -> dict[str, Any]:
    return {
        "name": note.id,
        "kind": note.kind.value,
        "style": note.card.value,
        "prompt": note.prompt,
        "front": note.front or None,
        "answer": note.answer,
        "points": [asdict(point) for point in note.points],
        "family": note.family,
        "tags": list(note.tags),
        "section": note.section,
        "number": note.number,
        "as_of": note.as_of,
        "need": note.need,
        "depth": note.depth.value,
        "book": note.book,
        "reverse": note.reverse,
        "synonyms": list(note.synonyms),
        "sources": list(note.sources),
        "guid": note.guid,
        "path": str(page.path),
        "line": note.line,
        "last": note.last,
    }


def _variants(connection: Connection, whose: int | None) -> dict[int, list[dict[str, Any]]]:
    """What one owner's notes have, by the id of the note."""
    table, found = tables.variant.c, dict[int, list[dict[str, Any]]]()
    ids = rows_of(tables.note, whose).with_only_columns(tables.note.c.id)
    for row in connection.execute(
        select(tables.variant).where(table.note_id.in_(ids)).order_by(table.note_id, table.position)
    ):
        found.setdefault(row.note_id, []).append(dict(row._mapping))
    return found


def _write_variants(
    connection: Connection,
    notes: Mapping[int, Planned],
    kept: Mapping[int, list[dict[str, Any]]],
) -> set[int]:
    """Keep the variants that notes have now, by the ids of the notes; returns those of which they
    are others than before."""
    changed = {
        note_id: values
        for note_id, one in notes.items()
        if (values := _variant_values(note_id, one.note)) != kept.get(note_id, [])
    }
    gone = [{"of": note_id} for note_id in changed if note_id in kept]
    if gone:
        of = tables.variant.c.note_id == bindparam("of")
        connection.execute(delete(tables.variant).where(of), gone)
    rows = [row for values in changed.values() for row in values]
    if rows:
        connection.execute(insert(tables.variant), rows)
    return set(changed)


def _variant_values(note_id: int, note: Note) -> list[dict[str, Any]]:
    return [
        {
            "note_id": note_id,
            "key": one.key,
            "position": position,
            "prompt": one.prompt,
            "front": one.front or None,
            "answer": one.answer,
            "points": [asdict(point) for point in one.points],
            "need": one.need,
        }
        for position, one in enumerate(note.variants)
    ]


def _write_cards(
    connection: Connection,
    notes: Iterable[tuple[Planned, int, Mapping[str, Any]]],
    now: datetime,
) -> int:
    """Write the cards of notes, each given with its id and with what all its cards have; returns
    how many are new."""
    rows, opened, gone = list[Row](), list[int](), list[dict[str, Any]]()
    for one, note_id, common in notes:
        for index, (side, (position, depth)) in enumerate(one.sides.items()):
            row = one.cards.get(side)
            key: dict[str, Any] = {"note_id": note_id, "side": side}
            if row is None:
                key["uid"] = card_uid(UUID(bytes=one.uid), side).bytes
            opener = None
            if side == MEANING_TO_TERM and index:
                opened.append(len(rows))
                opener = None if row is None else row.opener  # till the ids are known
            own = {
                "position": position,
                "depth": depth,
                "opener": opener,
                "in_questionnaire": one.note.in_questionnaire and side != REVERSED,
                "missing_since": None,
            }
            rows.append(Row(row, {**common, **own}, key))
        gone += (
            {"of": old.id, "missing_since": now}
            for side, old in one.cards.items()
            if side not in one.sides and old.missing_since is None
        )
    written = upsert(connection, tables.card, rows)
    ids = [card_id for card_id, _ in written]
    openers = [
        {"of": ids[at], "opener": ids[at - 1]}
        for at in opened
        if rows[at].values["opener"] != ids[at - 1]
    ]
    update_each(connection, tables.card.c.id, openers)
    update_each(connection, tables.card.c.id, gone)
    return sum(change == "added" for _, change in written)


def mark_missing(connection: Connection, source: Source, now: datetime) -> int:
    """Mark the owner's notes whose text has gone, and their cards; returns how many notes.

    What cannot be read hides its notes; that is no reason to retire them. Of roots that were not
    read none has gone.
    """
    table, root = tables.note.c, tables.root.c
    unread = select(root.id).where(root.path.in_(source.unread))
    there = (
        rows_of(tables.note, source.owner)
        .with_only_columns(table.id, table.uid, table.path, table.name)
        .where(
            table.missing_since.is_(None),
            or_(table.root_id.is_(None), table.root_id.not_in(unread)),
        )
    )
    gone = [
        {"of": row.id, "missing_since": now}
        for row in connection.execute(there)
        if row.uid not in source.notes and not source.hidden.has(Path(row.path), row.name)
    ]
    update_each(connection, table.id, gone)
    update_each(connection, tables.card.c.note_id, gone)
    return len(gone)
