"""Content files → database. Never deletes: what has gone is marked, and returns with its memory."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import date, datetime, timedelta
from functools import cached_property
from hashlib import sha256
from itertools import islice, takewhile
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple
from unicodedata import normalize
from uuid import UUID, uuid5

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    String,
    Table,
    bindparam,
    cast,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    update,
)

from studyapp.memory.clock import study_day
from studyapp.memory.fold import EventKind
from studyapp.memory.state import Cause, State
from studyapp.notes import markdown
from studyapp.notes.card import MEANING_TO_TERM, sides
from studyapp.notes.edit import changed_sides, is_same
from studyapp.notes.note import (
    ChapterKey,
    ContentFile,
    Note,
    NoteKind,
    Point,
    Problem,
    card_uid,
    chapter_key,
    chapter_place,
    note_uid,
)
from studyapp.store import log, owner, passage, tables
from studyapp.store.fingerprint import fingerprint

_AGAIN_A_DAY = 10  # changed cards that fall due on one day: some minutes of its time
_CONTRAST = "contrast"  # the tag of a note that tells the terms of its family apart
_BATCH = 500  # notes that are written at once
_STRIDE = 1000  # between the positions of two installed cards there is room for own ones


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What a sync did. `missing_roots` are folders that were not there: they change nothing.
    `left_alone` says which files a change that was killed would have put back, had nobody saved
    them since."""

    added: int = 0
    changed: int = 0
    restored: int = 0
    missing: int = 0
    unchanged: int = 0
    new_cards: int = 0
    due_again: int = 0  # cards whose points have changed since they were last rated
    problems: tuple[Problem, ...] = ()
    missing_roots: tuple[str, ...] = ()
    renamed: tuple[tuple[int, int], ...] = ()  # a chapter that is called otherwise: ids then, now
    left_alone: tuple[str, ...] = ()

    def counts(self) -> str:
        """What it did in numbers, as the log file has it."""
        values = {one.name: getattr(self, one.name) for one in fields(self)}
        numbers = {k: len(v) if isinstance(v, tuple) else v for k, v in values.items()}
        return ", ".join(f"{number} {name}" for name, number in numbers.items() if number)

    def as_json(self) -> dict[str, Any]:
        values = asdict(self)
        values["problems"] = [
            {"path": str(problem.path), "line": problem.line, "message": problem.message}
            for problem in self.problems
        ]
        values["missing_roots"] = list(self.missing_roots)
        del values["renamed"]  # which another database would number otherwise
        return values


@dataclass
class _Tally:
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


@dataclass(frozen=True)
class _Source:
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


def sync(
    connection: Connection,
    roots: Sequence[Path],
    now: datetime,
    *,
    own: Sequence[Path] = (),
    whose: int | None = None,
    changed_only: bool = False,
    heard: bool = False,
) -> SyncReport:
    """Read the content of the installed *roots*, and of the *own* ones of the learner *whose* they
    are, into the database, in one transaction of the caller's. What is another learner's own stays
    as it is.

    A later root shadows an earlier one note by note, and an own one the installed ones for its
    learner. A note is known by its uid alone, so rewording, moving and renaming keep its memory.
    If a root is missing, nothing of its owner is marked as missing, since its notes may only be
    out of reach. With *changed_only* a root that is as the database has it is not read, where what
    has changed leaves it as it is: a new card costs the reading of the pack that it is in.
    """
    stamps = {root: fingerprint(root) for root in (*roots, *own)}
    same = _same(connection, roots, own, stamps, whose) if changed_only else frozenset()
    installed = _read(roots, None, stamps, same)
    sources = [installed] if not roots or not installed.unread else []
    if whose is not None:
        mine = _read(own, whose, stamps, same)
        if mine.unread and not _stands_alone(connection, mine):
            mine = _read(own, whose, stamps)
        sources.append(mine)
    ids = _write_roots(connection, sources, now)
    tally, missing = _Tally(), 0
    for source in sources:
        chapters = _write_chapters(connection, source)
        sections = _write_sections(connection, source, chapters, now)
        if not source.gone:
            _write_moments(connection, source, chapters)
        _write_notes(connection, source, ids, chapters, sections, now, tally, heard=heard)
        if not source.gone:
            missing += _mark_missing(connection, source, now)
    passage.write(connection, tally.written)
    texts = {source.owner: source.notes for source in sources}
    for moved in owner.settle(connection):
        text = texts.get(moved.learner, {}).get(moved.uid)
        if text is None:
            if installed.unread:
                installed = _read(roots, None, stamps)
            text = installed.notes.get(moved.uid)
        if text is not None and not heard:
            sides_changed = _changed_sides(text[1], moved.points, moved.answer, moved.cards)
            changed = [moved.cards[side] for side in sides_changed]
            tally.due_again += _make_due(connection, changed, now, whose=moved.learner)
    return SyncReport(
        tally.added,
        tally.changed,
        tally.restored,
        missing,
        tally.unchanged,
        tally.new_cards,
        tally.due_again,
        tuple(problem for source in sources for problem in source.problems),
        tuple(path for source in sources for path in source.gone),
        tuple(tally.renamed),
    )


def _same(
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
    more = (connection.scalar(_of(one, whose).limit(1)) for one in (tables.section, tables.moment))
    if not theirs.keys() <= {str(root) for root in own} or any(more):
        before = []
    return frozenset(map(str, roots)).union(before)


def _stands_alone(connection: Connection, source: _Source) -> bool:
    """Whether what was read leaves the owner's other roots as they are: no note has gone that may
    be in one of them, and none tells their terms apart."""
    table, root = tables.note.c, tables.root.c
    read = select(root.id).where(root.learner_id == source.owner, root.path.not_in(source.unread))
    known = connection.execute(
        _of(tables.note, source.owner)
        .with_only_columns(table.uid, table.tags)
        .where(table.missing_since.is_(None), or_(table.root_id.is_(None), table.root_id.in_(read)))
    ).all()
    tags = [*(row.tags for row in known), *(note.tags for _, note in source.notes.values())]
    gone = any(row.uid not in source.notes for row in known)
    return not gone and not any(_CONTRAST in one for one in tags)


def _read(
    roots: Sequence[Path],
    whose: int | None,
    stamps: Mapping[Path, str],
    same: frozenset[str] = frozenset(),
) -> _Source:
    """Read one owner's *roots*, but for those that are the *same*."""
    unread = same.intersection(map(str, roots))
    source = _Source(whose, {root: stamps[root] for root in roots}, [], {}, {}, [], unread)
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


def _write_chapters(connection: Connection, source: _Source) -> dict[tuple[str, ChapterKey], int]:
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
            made = _Row(row, values, {**named, "learner_id": source.owner})
            [(ids[key], _)] = _upsert(connection, table, [made])
    return ids


def _write_sections(
    connection: Connection,
    source: _Source,
    chapters: Mapping[tuple[str, ChapterKey], int],
    now: datetime,
) -> dict[tuple[int, str], int]:
    """Returns the id of each section that is there for this owner, by chapter and number, in book
    order. A section of a pack is not written over."""
    table = tables.section
    kept = {(row.chapter_id, row.number): row for row in connection.execute(select(table))}
    rows = dict[tuple[int, str], _Row]()
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
            rows[key] = _Row(row, values, {"chapter_id": key[0], "number": key[1]})
    ids = (section_id for section_id, _ in _upsert(connection, table, list(rows.values())))
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


def _write_moments(
    connection: Connection, source: _Source, chapters: Mapping[tuple[str, ChapterKey], int]
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
    for row in connection.execute(_of(tables.moment, source.owner)):
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


@dataclass(frozen=True, slots=True)
class _Standing:
    """What is there whatever is written now: where in the book, and where its cards end."""

    place: tuple[Any, ...]
    end: int | None  # None: it has no card


def _standing(connection: Connection, source: _Source) -> list[_Standing]:
    """What the notes of *source* go between: for an own one the installed ones of its chapter, and
    those of the learner's own that were not read; of other chapters their ends are enough."""
    if source.owner is None:
        return []
    note, card, chapter = tables.note.c, tables.card.c, tables.chapter.c
    places = {
        row.id: (row.pack, chapter_place(row.number, row.title))
        for row in connection.execute(select(tables.chapter))
    }
    theirs = {
        (page.pack, chapter_place(page.chapter, page.title)) for page, _ in source.notes.values()
    }
    near = [one for one, place in places.items() if place in theirs]
    end = select(func.max(card.position)).where(
        card.note_id == note.id, card.missing_since.is_(None)
    )
    rows = connection.execute(
        select(note.section, note.kind, note.path, note.line)
        .add_columns(chapter.pack, chapter.number, chapter.title)
        .add_columns(end.scalar_subquery().label("end"))
        .join(tables.chapter, chapter.id == note.chapter_id)
        .where(*_stands(source), note.chapter_id.in_(near))
    )
    among = [_Standing(_place(row.pack, row.number, row.title, row), row.end) for row in rows]
    last = (  # looked for from the end of each chapter: to compare all its cards takes long
        select(card.position)
        .join(tables.note, note.id == card.note_id)
        .where(card.chapter_id == chapter.id, card.missing_since.is_(None), *_stands(source))
        .order_by(card.position.desc())
        .limit(1)
    ).scalar_subquery()
    ends = connection.execute(select(chapter.id, last).where(chapter.id.not_in(near)))
    far = (_Standing((*places[one], (math.inf,)), end) for one, end in ends if end is not None)
    return [*among, *far]


def _stands(source: _Source) -> tuple[ColumnElement[bool], ...]:
    """What is true of a note that is installed, or of a root of the owner's that was not read."""
    note, root = tables.note.c, tables.root.c
    unread = select(root.id).where(root.learner_id == source.owner, root.path.in_(source.unread))
    return note.missing_since.is_(None), or_(note.learner_id.is_(None), note.root_id.in_(unread))


def _told_apart(connection: Connection, source: _Source) -> set[str]:
    """The families whose terms a note tells apart, of those that were read or stand."""
    note, chapter = tables.note.c, tables.chapter.c
    read = {_family(page, one) for page, one in source.notes.values() if _CONTRAST in one.tags}
    if source.owner is None:
        return read
    rows = connection.execute(
        select(chapter.pack, note.family, note.name, note.tags)
        .join(tables.chapter, chapter.id == note.chapter_id)
        .where(*_stands(source), cast(note.tags, String).contains(_CONTRAST))
    )
    return read | {f"{one.pack}:{one.family or one.name}" for one in rows if _CONTRAST in one.tags}


@dataclass(frozen=True, slots=True)
class _Planned:
    """A note that is to be written: as it was read, its row and its cards as they are kept, and the
    place in the book and the depth of each side that it has now."""

    uid: bytes
    page: ContentFile
    note: Note
    row: Any  # None: a new one
    cards: Mapping[str, Any]
    sides: Mapping[str, tuple[int, str | None]]


def _planned(
    connection: Connection, source: _Source, kept: Mapping[bytes, Any]
) -> Iterator[_Planned]:
    """One owner's notes in book order, an own one between those that stand."""
    cards: dict[int, dict[str, Any]] = {}
    for made in connection.execute(_of(tables.card, source.owner)):
        cards.setdefault(made.note_id, {})[made.side] = made
    position = 0
    step = _STRIDE if source.owner is None else 1
    in_order: list[tuple[Any, _Standing | bytes]] = [
        (one.place, one) for one in _standing(connection, source)
    ]
    for uid, (page, note) in source.notes.items():
        in_order.append((_place(page.pack, page.chapter, page.title, note), uid))
    for _, one in sorted(in_order, key=itemgetter(0)):
        if isinstance(one, _Standing):
            position = position if one.end is None else one.end
            continue
        page, note = source.notes[one]
        row = kept.get(one)
        theirs = {} if row is None else cards.get(row.id, {})
        sides = dict[str, tuple[int, str | None]]()
        for side, depth in _depths(note, theirs).items():
            position += step
            sides[side] = (position, depth)
        yield _Planned(one, page, note, row, theirs, sides)


def _depths(note: Note, kept: Collection[str]) -> dict[str, str | None]:
    """The sides that a note has, with their depths."""
    depths: dict[str, str | None] = dict.fromkeys(sides(note), note.depth.value)
    if note.kind is NoteKind.TERM and not note.reverse and MEANING_TO_TERM in kept:
        depths[MEANING_TO_TERM] = None  # who has begun it goes on with it
    return depths


def _write_notes(
    connection: Connection,
    source: _Source,
    roots: Mapping[Path, int],
    chapters: Mapping[tuple[str, ChapterKey], int],
    sections: Mapping[tuple[int, str], int],
    now: datetime,
    tally: _Tally,
    *,
    heard: bool,
) -> None:
    """Write one owner's notes and their cards."""
    kept = {row.uid: row for row in connection.execute(_of(tables.note, source.owner))}
    cases = _variants(connection, source.owner)
    contrasts = _told_apart(connection, source)
    # What a pack has of no section comes with the first one; a learner's own is of the chapter.
    in_order_of_book = reversed(list(sections.items()) if source.owner is None else ())
    first = {chapter: section for (chapter, _), section in in_order_of_book}
    planned = _planned(connection, source, kept)
    while some := list(islice(planned, _BATCH)):
        written = _upsert(
            connection,
            tables.note,
            [_note_row(one, source, roots, chapters[one.page.pack, one.page.key]) for one in some],
        )
        ids = [note_id for note_id, _ in written]
        others = _write_variants(connection, dict(zip(ids, some, strict=True)), cases)
        places = []
        for one in some:
            chapter, family = chapters[one.page.pack, one.page.key], _family(one.page, one.note)
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
            tally.due_again += _bring_back(connection, source.owner, one, now, asks_anew=asks_anew)
            if change and one.row is not None and not is_same(said(one.row), said(one.note)):
                reworded.append(note_id)
        if source.owner is None:
            _keep_to_tell(connection, reworded)
    tally.renamed += _renamed(source, kept, chapters, roots)


def _bring_back(
    connection: Connection, whose: int | None, one: _Planned, now: datetime, *, asks_anew: bool
) -> int:
    """Make the cards of a note due whose change is announced, and those that may ask something
    else than when they were rated if they do; returns how many."""
    due, note, row = 0, one.note, one.row
    if asks_anew and row is not None:
        sides_changed = _changed_sides(note, row.points, row.answer, one.cards)
        changed = [one.cards[side].id for side in sides_changed]
        text = _asked(note) if whose is None else None
        due += _make_due(connection, changed, now, text=text)
    if note.changed is not None:
        ids = [made.id for made in one.cards.values()]
        due += _make_due(connection, ids, now, month=note.changed)
    return due


def _renamed(
    source: _Source,
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


def _variants(connection: Connection, whose: int | None) -> dict[int, list[dict[str, Any]]]:
    """What one owner's notes have, by the id of the note."""
    table, found = tables.variant.c, dict[int, list[dict[str, Any]]]()
    ids = _of(tables.note, whose).with_only_columns(tables.note.c.id)
    for row in connection.execute(
        select(tables.variant).where(table.note_id.in_(ids)).order_by(table.note_id, table.position)
    ):
        found.setdefault(row.note_id, []).append(dict(row._mapping))
    return found


def _write_variants(
    connection: Connection,
    notes: Mapping[int, _Planned],
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


def _of(table: Table[Any], whose: int | None) -> Select[Any]:
    """The rows of one owner."""
    column = table.c.learner_id
    return select(table).where(column.is_(None) if whose is None else column == whose)


def _changed_sides(
    note: Note, before: Sequence[Mapping[str, Any]], answer: str, kept: Iterable[str]
) -> list[str]:
    """The cards that ask for something else than with the points and the answer of *before*."""
    points = [Point(point["text"], point["extra"], point["id"]) for point in before]
    return changed_sides(note, points, answer, kept)


def said(text: Any) -> str:
    """The words of question and answer, of a note or of its row."""
    points = [one.text if isinstance(one, Point) else one["text"] for one in text.points]
    return "\n".join([text.prompt, text.front or "", text.answer, *points])


def _asked(note: Note) -> str:
    """What an installed note says and asks for, the same on every device that has this text."""
    core = [point.text for point in note.points if not point.extra]
    return sha256("\n".join([said(note), *core]).encode()).hexdigest()


def _keep_to_tell(connection: Connection, notes: Sequence[int]) -> None:
    """Have each learner be told who has met a card of these notes, that they say something else."""
    memory, card, rewording = tables.memory.c, tables.card.c, tables.rewording.c
    untold = ~exists().where(
        rewording.learner_id == memory.learner_id, rewording.note_id == card.note_id
    )
    met = (
        select(memory.learner_id, card.note_id)
        .join(tables.card, card.id == memory.card_id)
        .where(card.note_id.in_(notes), memory.state != State.NEW, untold)
        .distinct()
    )
    rows = [dict(row._mapping) for row in connection.execute(met)] if notes else []
    if rows:
        connection.execute(insert(tables.rewording), rows)


def _make_due(
    connection: Connection,
    cards: Iterable[int],
    now: datetime,
    *,
    whose: int | None = None,
    text: str | None = None,
    month: str | None = None,
) -> int:
    """Make cards that were rated come once more, in the log of each learner who did, or of one;
    returns how many. They are spread over days, so that an edit of a chapter fills none.

    Once for the *text* of an installed note (`_asked`), and for the *month* of an announced change,
    then only those that were rated in it or before. All devices of a learner read that by
    themselves, so the event has the same uid on each (`store/entry.py::Arrival`).
    """
    memory, card, person = tables.memory.c, tables.card.c, tables.learner.c
    count, why = 0, month or text
    for card_id in cards:
        rated = (
            select(memory.learner_id, memory.due, memory.last_day, card.uid, person.name)
            .join(tables.card, card.id == memory.card_id)
            .join(tables.learner, person.id == memory.learner_id)
            .where(memory.card_id == card_id, memory.due.is_not(None))
        )
        if whose is not None:
            rated = rated.where(memory.learner_id == whose)
        for learner, due, last, of_card, name in connection.execute(rated).all():
            uid = uuid5(UUID(bytes=of_card), f"{name.casefold()} {why}").bytes if why else None
            payload = None if month is None else {"month": month}
            if why and _is_told(connection, card_id, uid, payload, learner=learner):
                continue
            if month is not None and last is not None and f"{last:%Y-%m}" > month:
                continue
            day = _free_day(connection, study_day(now), due or study_day(now), learner=learner)
            log.log_event(
                connection,
                card_id,
                EventKind.CHANGED,
                now,
                day=day,
                payload=payload,
                uid=uid,
                learner=learner,
            )
            count += 1
    return count


def _is_told(
    connection: Connection,
    card_id: int,
    uid: bytes | None,
    payload: Mapping[str, Any] | None,
    *,
    learner: int,
) -> bool:
    """Whether this change is in the log of a card, maybe from before it had a uid of its own."""
    event = tables.event.c
    told = select(event.uid, event.payload).where(
        event.card_id == card_id,
        event.learner_id == learner,
        event.kind == EventKind.CHANGED.value,
    )
    return any(
        row.uid == uid or (payload is not None and row.payload == payload)
        for row in connection.execute(told)
    )


def _free_day(connection: Connection, today: date, due: date, *, learner: int) -> date:
    """The first day with room for one more changed card, but not after the card is *due*."""
    memory = tables.memory.c
    taken = dict(
        connection.execute(
            select(memory.due, func.count())
            .where(
                memory.learner_id == learner,
                memory.cause == Cause.CHANGED.value,
                memory.due >= today,
            )
            .group_by(memory.due)
        ).all()
    )
    day = today
    while day < due and taken.get(day, 0) >= _AGAIN_A_DAY:
        day += timedelta(days=1)
    return day


def _write_cards(
    connection: Connection,
    notes: Iterable[tuple[_Planned, int, Mapping[str, Any]]],
    now: datetime,
) -> int:
    """Write the cards of notes, each given with its id and with what all its cards have; returns
    how many are new."""
    rows, opened, gone = list[_Row](), list[int](), list[dict[str, Any]]()
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
            own = {"position": position, "depth": depth, "opener": opener, "missing_since": None}
            rows.append(_Row(row, {**common, **own}, key))
        gone += (
            {"of": old.id, "missing_since": now}
            for side, old in one.cards.items()
            if side not in one.sides and old.missing_since is None
        )
    written = _upsert(connection, tables.card, rows)
    ids = [card_id for card_id, _ in written]
    openers = [
        {"of": ids[at], "opener": ids[at - 1]}
        for at in opened
        if rows[at].values["opener"] != ids[at - 1]
    ]
    _update(connection, tables.card.c.id, openers)
    _update(connection, tables.card.c.id, gone)
    return sum(change == "added" for _, change in written)


class _Row(NamedTuple):
    """A row as it is kept, None if it is new, what it is to have, and what a new one has, too."""

    kept: Any
    values: Mapping[str, Any]
    key: Mapping[str, Any]

    @property
    def change(self) -> str:
        if self.kept is None:
            return "added"
        same = all(getattr(self.kept, name) == value for name, value in self.values.items())
        return "" if same else "changed"


def _upsert(
    connection: Connection, table: Table[Any], rows: Sequence[_Row]
) -> list[tuple[int, str]]:
    """Insert or update rows that have the same values; returns of each its id and "added",
    "changed" or ""."""
    changes = [row.change for row in rows]
    ids = iter(_insert(connection, table, [row for row in rows if row.kept is None]))
    changed = [
        {"of": row.kept.id, **row.values}
        for row, change in zip(rows, changes, strict=True)
        if change == "changed"
    ]
    _update(connection, table.c.id, changed)
    return [
        (next(ids) if row.kept is None else row.kept.id, change)
        for row, change in zip(rows, changes, strict=True)
    ]


def _insert(connection: Connection, table: Table[Any], rows: Sequence[_Row]) -> list[int]:
    """Insert new rows, whose keys tell them from all others; returns their ids. To have each
    returned as it is made takes SQLite a statement for each."""
    if not rows:
        return []
    connection.execute(insert(table), [{**row.key, **row.values} for row in rows])
    names = list(rows[0].key)
    columns = [table.c[name] for name in names]
    some = columns[0].in_({row.key[names[0]] for row in rows})
    made = {
        tuple(key): made
        for made, *key in connection.execute(select(table.c.id, *columns).where(some))
    }
    return [made[tuple(row.key.values())] for row in rows]


def _update(connection: Connection, key: Any, rows: Sequence[Mapping[str, Any]]) -> None:
    """Update, with what else each of *rows* has, where the column *key* is what it is `of`."""
    if rows:
        connection.execute(update(key.table).where(key == bindparam("of")), rows)


def _mark_missing(connection: Connection, source: _Source, now: datetime) -> int:
    """Mark the owner's notes whose text has gone, and their cards; returns how many notes.

    What cannot be read hides its notes; that is no reason to retire them. Of roots that were not
    read none has gone.
    """
    table, root = tables.note.c, tables.root.c
    unread = select(root.id).where(root.path.in_(source.unread))
    there = (
        _of(tables.note, source.owner)
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
    _update(connection, table.id, gone)
    _update(connection, tables.card.c.note_id, gone)
    return len(gone)


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


def _write_roots(
    connection: Connection, sources: Sequence[_Source], now: datetime
) -> dict[Path, int]:
    """Keep which roots these owners have, and their stamps; returns the ids."""
    root, note = tables.root.c, tables.note.c
    kept = {row.path: row for row in connection.execute(select(tables.root))}
    ids: dict[Path, int] = {}
    for source in sources:
        for path, stamp in source.stamps.items():
            values = {"learner_id": source.owner, "stamp": stamp, "read_at": now}
            row = _Row(kept.get(str(path)), values, {"path": str(path)})
            [(ids[path], _)] = _upsert(connection, tables.root, [row])
    owners = {source.owner for source in sources}
    left = [
        row.id for row in kept.values() if row.learner_id in owners and row.id not in ids.values()
    ]
    connection.execute(update(tables.note).where(note.root_id.in_(left)).values(root_id=None))
    connection.execute(delete(tables.root).where(root.id.in_(left)))
    return ids


def _family(page: ContentFile, note: Note) -> str:
    return f"{page.pack}:{note.family or note.id}"


def _place(pack: str, chapter: int | None, title: str, note: Any) -> tuple[Any, ...]:
    """Book order, of a note or of its row: by chapter and section; a term comes before the
    questions that use it."""
    section = tuple(int(part) for part in (note.section or f"{chapter or 0}.0").split("."))
    term = NoteKind(note.kind) is NoteKind.TERM
    return (pack, chapter_place(chapter, title), section, not term, str(note.path), note.line)


def _note_row(one: _Planned, source: _Source, roots: Mapping[Path, int], chapter: int) -> _Row:
    place = {
        "chapter_id": chapter,
        "root_id": roots[source.root_of[one.uid]],
        "missing_since": None,
    }
    key = {"uid": one.uid, "learner_id": source.owner}
    return _Row(one.row, {**_note_values(one.page, one.note), **place}, key)


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
