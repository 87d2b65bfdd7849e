"""Content files → database. Never deletes: what has gone is marked, and returns with its memory."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import date, datetime, timedelta
from functools import cached_property
from hashlib import sha256
from itertools import takewhile
from operator import itemgetter
from pathlib import Path
from typing import Any
from unicodedata import normalize
from uuid import UUID, uuid5

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    String,
    Table,
    cast,
    delete,
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
        _of(tables.note, source.owner).where(
            table.missing_since.is_(None), or_(table.root_id.is_(None), table.root_id.in_(read))
        )
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
            place = {"pack": page.pack, "number": page.chapter}
            ids[key], _ = _upsert(connection, table, row, values, place)
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
    seen: dict[tuple[int, str], int] = {}
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
            seen[key], _ = _upsert(
                connection, table, row, values, {"chapter_id": key[0], "number": key[1]}
            )
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
    for row in connection.execute(_of(tables.moment, source.owner)).all():
        home = pages.get((row.chapter_id, row.lecture))
        if home is None:
            stays = unread
        else:
            there = any(one.seconds == row.seconds for one in home.moments)
            stays = not there and source.hidden.has(home.path, row.title)
        if not stays:
            connection.execute(delete(tables.moment).where(tables.moment.c.id == row.id))
    for page in source.pages:
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
                    learner_id=source.owner,
                )
            )


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
    ends = connection.execute(
        select(note.chapter_id, func.max(card.position))
        .join(tables.card, card.note_id == note.id)
        .where(*_stands(source), note.chapter_id.not_in(near), card.missing_since.is_(None))
        .group_by(note.chapter_id)
    )
    return [*among, *(_Standing((*places[one], (math.inf,)), last) for one, last in ends)]


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
    """Write one owner's notes and their cards, an own one between those that stand."""
    kept = {row.uid: row for row in connection.execute(_of(tables.note, source.owner))}
    cases = _variants(connection, source.owner)
    cards: dict[int, dict[str, Any]] = {}
    for made in connection.execute(_of(tables.card, source.owner)):
        cards.setdefault(made.note_id, {})[made.side] = made
    standing = _standing(connection, source)
    contrasts = _told_apart(connection, source)
    # What a pack has of no section comes with the first one; a learner's own is of the chapter.
    in_order_of_book = reversed(list(sections.items()) if source.owner is None else ())
    first = {chapter: section for (chapter, _), section in in_order_of_book}
    position = 0
    step = _STRIDE if source.owner is None else 1
    in_order: list[tuple[Any, _Standing | bytes]] = [(one.place, one) for one in standing]
    for uid, (page, note) in source.notes.items():
        in_order.append((_place(page.pack, page.chapter, page.title, note), uid))
    for _, one in sorted(in_order, key=itemgetter(0)):
        if isinstance(one, _Standing):
            position = position if one.end is None else one.end
            continue
        uid, (page, note) = one, source.notes[one]
        chapter = chapters[page.pack, page.key]
        values = {
            **_note_values(page, note),
            "chapter_id": chapter,
            "root_id": roots[source.root_of[uid]],
            "missing_since": None,
        }
        row = kept.get(uid)
        key = {"uid": uid, "learner_id": source.owner}
        note_id, change = _upsert(connection, tables.note, row, values, key)
        if _write_variants(connection, note_id, note, cases.get(note_id, [])):
            change = change or "changed"
        if change:
            tally.written.append(note_id)
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
        kept_cards = cards.get(note_id, {})
        place = {
            "chapter_id": chapter,
            "section_id": sections.get((chapter, note.section or ""), first.get(chapter)),
            "learner_id": source.owner,
            "contrast": note.kind is NoteKind.TERM and _family(page, note) in contrasts,
        }
        position = _write_cards(
            connection, page, note, note_id, place, kept_cards, position, step, now, tally
        )
        if change and row is not None:
            sides_changed = _changed_sides(note, row.points, row.answer, kept_cards)
            changed = [] if heard else [kept_cards[side].id for side in sides_changed]
            text = _asked(note) if source.owner is None else None
            tally.due_again += _make_due(connection, changed, now, text=text)
            if source.owner is None and not is_same(said(row), said(note)):
                _keep_to_tell(connection, note_id)
        if note.changed is not None:
            ids = [made.id for made in kept_cards.values()]
            tally.due_again += _make_due(connection, ids, now, month=note.changed)
    tally.renamed += _renamed(source, kept, chapters, roots)


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
    connection: Connection, note_id: int, note: Note, kept: list[dict[str, Any]]
) -> bool:
    """Keep the variants that a note has now; returns whether they are others than before."""
    values = [
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
    if values == kept:
        return False
    connection.execute(delete(tables.variant).where(tables.variant.c.note_id == note_id))
    if values:
        connection.execute(insert(tables.variant), values)
    return True


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


def _keep_to_tell(connection: Connection, note_id: int) -> None:
    """Have each learner be told who has met a card of this note, that it says something else."""
    memory, card, rewording = tables.memory.c, tables.card.c, tables.rewording.c
    untold = select(rewording.learner_id).where(rewording.note_id == note_id)
    met = (
        select(memory.learner_id)
        .join(tables.card, card.id == memory.card_id)
        .where(
            card.note_id == note_id,
            memory.state != State.NEW,
            memory.learner_id.not_in(untold),
        )
        .distinct()
    )
    for learner in connection.scalars(met).all():
        connection.execute(insert(tables.rewording).values(learner_id=learner, note_id=note_id))


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
    page: ContentFile,
    note: Note,
    note_id: int,
    place: Mapping[str, Any],
    kept: Mapping[str, Any],
    position: int,
    step: int,
    now: datetime,
    tally: _Tally,
) -> int:
    family = _family(page, note)
    opener: int | None = None
    depths: dict[str, str | None] = dict.fromkeys(sides(note), note.depth.value)
    if note.kind is NoteKind.TERM and not note.reverse and MEANING_TO_TERM in kept:
        depths[MEANING_TO_TERM] = None  # who has begun it goes on with it
    for side, depth in depths.items():
        position += step
        values = {
            **place,
            "family": family,
            "position": position,
            "depth": depth,
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
        if side not in depths and old.missing_since is None:
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
        made = connection.execute(insert(table).returning(table.c.id), {**key, **values})
        return made.scalar_one(), "added"
    if all(getattr(row, name) == value for name, value in values.items()):
        return row.id, ""
    connection.execute(update(table).where(table.c.id == row.id), values)
    return row.id, "changed"


def _mark_missing(connection: Connection, source: _Source, now: datetime) -> int:
    """Mark the owner's notes whose text has gone, and their cards; returns how many notes.

    What cannot be read hides its notes; that is no reason to retire them. Of roots that were not
    read none has gone.
    """
    table, root = tables.note.c, tables.root.c
    unread = select(root.id).where(root.path.in_(source.unread))
    there = _of(tables.note, source.owner).where(
        table.missing_since.is_(None), or_(table.root_id.is_(None), table.root_id.not_in(unread))
    )
    gone = [
        row.id
        for row in connection.execute(there)
        if row.uid not in source.notes and not source.hidden.has(Path(row.path), row.name)
    ]
    for note_id in gone:
        connection.execute(update(tables.note).where(table.id == note_id).values(missing_since=now))
        connection.execute(
            update(tables.card).where(tables.card.c.note_id == note_id).values(missing_since=now)
        )
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
            ids[path], _ = _upsert(
                connection, tables.root, kept.get(str(path)), values, {"path": str(path)}
            )
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
