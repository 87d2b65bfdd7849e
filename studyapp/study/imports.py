"""What comes from foreign files: answers into an attempt, notes into a pack of the learner's own.

A reader (`notes/formats.py`) has said what there is; here it becomes ours. A pack is text: its
files are written, and then read like any other content.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from studyapp import disk
from studyapp.errors import printable
from studyapp.notes import deck, markdown
from studyapp.notes.foreign import Foreign, Media
from studyapp.notes.likeness import Likeness
from studyapp.notes.note import Problem, chapter_name
from studyapp.store import owner, tables
from studyapp.study import foreign, library, words
from studyapp.study.desk import Desk
from studyapp.study.foreign import Attached
from studyapp.study.questionnaire import post

MEDIA = "media"  # the folder in a pack
_LONGEST_NAME = 200  # bytes of a file's name


@dataclass(frozen=True, slots=True)
class Source:
    """A file that has been read, by the reader of its format."""

    path: Path
    format: str
    foreign: Foreign


@dataclass(frozen=True, slots=True)
class Imported:
    """What one file gave: questions with their answers and lines, own notes on sections, cards.

    `known`: it was imported before, and nothing was changed. `changed` notes were there already
    and have another text now. `reviews` and `schedules` are those that the log has now and had
    not. `problems` are the reader's, too. `twins` are, of a dry run, the new notes that ask
    nearly what is asked here already: line, question, and that one with its place.
    """

    source: Source
    questions: tuple[tuple[str, str, int], ...] = ()
    own_notes: int = 0
    cards: int = 0
    changed: int = 0
    reviews: int = 0
    schedules: int = 0
    known: bool = False
    problems: tuple[Problem, ...] = ()
    twins: tuple[tuple[int, str, str], ...] = ()


def bring(desk: Desk, sources: Sequence[Source], *, dry_run: bool = False) -> list[Imported]:
    """Take over what the files hold; with *dry_run* only say what that would be.

    Answers go to one attempt a file, all files in one transaction. Notes go to the pack that is
    named after their file, whose new decks are started, and their reviews and schedules to the log,
    in one transaction a file. A file that is imported again brings what has changed in it; what the
    learner has edited stays. Before anything changes there is a backup. Raises StudyError if that
    cannot be made, the chapter of answers is not here, or a file cannot be written.
    """
    if not dry_run:
        desk.back_up("import")
    done = _restore(desk, sources, dry_run=dry_run)
    for index, source in enumerate(sources):
        if source.foreign.notes:
            done[index] = _bring_notes(desk, source, dry_run=dry_run)
    return done


def take_back(desk: Desk, source: Source) -> Attached:
    """Take back the reviews and schedules that the notes of a file have brought; its notes stay,
    and so do the ratings of here. Imported again, they come again. Raises StudyError if there
    can be no backup first."""
    desk.back_up("import")
    root = pack_folder(library.packs_of(desk), source.path)
    planned = deck.plan(root, source.foreign.notes, source.path)
    with desk.writing() as connection:
        return foreign.take_back(connection, planned, root.name, desk.now(), learner=desk.learner)


def _restore(desk: Desk, sources: Sequence[Source], *, dry_run: bool) -> list[Imported]:
    done = []
    with desk.writing() as connection:
        for source in sources:
            problems, answers = _told(source), source.foreign.answers
            if answers is None:
                done.append(Imported(source, problems=problems))
                continue
            kept = post.restore(connection, source.path, answers, desk.now(), learner=desk.learner)
            done.append(
                Imported(
                    source,
                    kept.questions,
                    kept.notes,
                    known=kept.known,
                    problems=(*problems, *kept.problems),
                )
            )
        if dry_run:
            connection.rollback()
    return done


def _bring_notes(desk: Desk, source: Source, *, dry_run: bool) -> Imported:
    packs = library.packs_of(desk)
    root = pack_folder(packs, source.path)
    planned = deck.plan(root, source.foreign.notes, source.path)
    problems = [*_told(source), *planned.problems]
    media = dict(_media(root, source, problems))
    with ExitStack() as opened:
        for path in () if dry_run else planned.files:
            opened.enter_context(disk.put_back(path))
        connection = opened.enter_context(desk.reading() if dry_run else desk.writing(for_all=True))
        if not dry_run:
            _write(media, planned)
            _read_in(connection, packs, root.name, planned, desk.now(), learner=desk.learner)
        attached = foreign.attach(
            connection,
            source.foreign,
            planned,
            root.name,
            source.format,
            desk.now(),
            learner=desk.learner,
            dry_run=dry_run,
        )
        twins = tuple(_twins(connection, planned, learner=desk.learner)) if dry_run else ()
    problems += (Problem(source.path, 0, told) for told in _left_out(attached))
    new = (planned.files, media, planned.problems, attached.reviews, attached.schedules)
    return Imported(
        source,
        tuple((note.question, note.answer, note.line) for note in planned.added),
        cards=planned.cards,
        changed=planned.changed,
        reviews=attached.reviews,
        schedules=attached.schedules,
        known=not any(new),
        problems=tuple(problems),
        twins=twins,
    )


def _twins(
    connection: Connection, planned: deck.Pack, *, learner: int
) -> Iterator[tuple[int, str, str]]:
    """The new notes that ask nearly what a note asks that is here already."""
    if not planned.added:
        return
    note, chapter = tables.note.c, tables.chapter.c
    rows = connection.execute(
        select(note.prompt, chapter.number, chapter.title, chapter.pack)
        .join(tables.chapter, chapter.id == note.chapter_id)
        .where(owner.visible_of_all(learner=learner), note.missing_since.is_(None))
    ).all()
    asked = [(one, one.question or one.answer) for one in planned.added]
    alike = Likeness[Any]([row.prompt for row in rows] + [text for _, text in asked])
    for row in rows:
        alike.add(row.prompt, row)
    for one, text in asked:
        twin = next(alike.near(text), None)
        if twin is not None:
            place = chapter_name(twin.number, twin.title, twin.pack)
            yield one.line, one.question, f"{twin.prompt} ({place})"


def _told(source: Source) -> tuple[Problem, ...]:
    """What the reader could not read, and what it has read for which there is no place yet."""
    read, untaken = source.foreign, list[Problem]()
    if read.lecture:
        told = f"{words.count(len(read.lecture), 'time')} of a lecture read, but not kept"
        untaken.append(Problem(source.path, read.lecture[0].line, told))
    if read.tracker:
        told = f"{words.count(len(read.tracker), 'row')} of a course's plan read, but not kept"
        untaken.append(Problem(source.path, read.tracker[0].line, told))
    return (*read.problems, *untaken)


def _write(media: Mapping[Path, Media], planned: deck.Pack) -> None:
    for path, one in media.items():
        disk.write(path, one.read())
    for path, text in planned.files.items():
        disk.write(path, text)


def _read_in(
    connection: Connection,
    packs: Path,
    pack: str,
    planned: deck.Pack,
    now: datetime,
    *,
    learner: int,
) -> None:
    """Read what was written, and start the decks that are new with it."""
    if library.is_read(connection, packs, learner=learner):
        return
    chapter = tables.chapter.c
    of_pack = select(chapter.id, chapter.title).where(
        chapter.pack == pack, chapter.number.is_(None)
    )
    before = {row.id for row in connection.execute(of_pack)}
    library.read_in(connection, packs, now, learner=learner)
    rows = connection.execute(of_pack).all()
    new = [row.id for row in rows if row.id not in before and row.title in planned.decks]
    library.let_in(connection, new, now, learner=learner)


def _left_out(attached: Attached) -> Iterator[str]:
    some = "of the reviews and schedules"
    if attached.unknown:
        yield f"{attached.unknown:,} {some} are of cards that are not here"
    if attached.impossible:
        yield f"{attached.impossible:,} {some} have a date or a rating that cannot be"


def pack_folder(packs: Path, path: Path) -> Path:
    """The folder among a learner's *packs* for the notes of a file: named after it, but never that
    of edited notes."""
    name = markdown.slug(path.stem, {library.OWN_PACK}, "notes")
    return packs / name


def _media(root: Path, source: Source, problems: list[Problem]) -> Iterator[tuple[Path, Media]]:
    """The pictures and sounds that are not there yet, each with the file that it goes to."""
    for one in source.foreign.media:
        if not _is_name(one.name):
            told = f"{one.name!r} is no name that a picture or a sound can have here"
            problems.append(Problem(source.path, 0, printable(told)))
            continue
        path = root / MEDIA / one.name
        with suppress(OSError):
            if path.read_bytes() == one.read():
                continue
        yield path, one


def _is_name(name: str) -> bool:
    """Whether *name* is that of a file in the folder itself, which nothing takes for a note."""
    return (
        name == printable(name)
        and not set(name) & set('/\\:*?"<>|\n\t')
        and not name.startswith(".")
        and not name.casefold().endswith((".md", ".tmp"))
        and 0 < len(name.encode("utf-8", "replace")) <= _LONGEST_NAME
        and name == name.strip()
    )
