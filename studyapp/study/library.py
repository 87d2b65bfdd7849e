"""The content a learner has: installed packs and their own, kept in step with the database."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, insert, select

from studyapp import packs
from studyapp.config import Settings, data_folder
from studyapp.errors import StudyError
from studyapp.memory.scheduler import Parameters
from studyapp.notes.note import FileKind, NoteKind
from studyapp.store import log, tables
from studyapp.store.database import open_database
from studyapp.store.engine import reading, writing
from studyapp.store.fingerprint import is_current

if TYPE_CHECKING:
    from studyapp.store.sync import SyncReport
    from studyapp.study.card import CardView

GROUP = "studyapp.content"
OWN_PACK = "mine"  # copies of notes that the learner edited; they shadow the originals


def open_study(url: str, settings: Settings, now: datetime) -> tuple[Engine, SyncReport | None]:
    """Open the database at *url*, read what has changed in the content, put the settings in force.

    Returns the engine and the report of the sync, None if no file had changed.
    """
    engine = open_database(url)
    try:
        report = refresh(engine, now)
        apply_settings(engine, settings, now)
    except BaseException:
        engine.dispose()
        raise
    return engine, report


def roots() -> list[Path]:
    """Folders to read, in order: installed packs, then the learner's own, `mine` last."""
    own = own_packs()
    folders = sorted(path for path in own.iterdir() if path.is_dir()) if own.is_dir() else []
    return installed_roots() + sorted(folders, key=lambda path: path.name == OWN_PACK)


def installed_roots() -> list[Path]:
    """The content folders of the installed packs."""
    return [pack.folder for pack in packs.installed(GROUP) if pack.folder is not None]


def own_packs() -> Path:
    return data_folder() / "packs"


def refresh(engine: Engine, now: datetime, *, force: bool = False) -> SyncReport | None:
    """Read the content if a file has changed since the last time; None if none has."""
    folders = roots()
    with reading(engine) as connection:
        if not force and is_current(connection, folders):
            return None
    from studyapp.store.sync import sync  # and the readers of all formats with it

    with writing(engine) as connection:
        first = connection.scalar(select(tables.chapter.c.id).limit(1)) is None
        report = sync(connection, folders, now)
        if first:
            _start_first_chapter(connection, now)
    return report


def apply_settings(engine: Engine, settings: Settings, now: datetime, learner: int = 1) -> None:
    """Put the schedule's settings in force; the fitted weights stay."""
    with reading(engine) as connection:
        kept = log.read_history(connection, learner)[-1]
    wanted = Parameters(
        kept.parameters.weights,
        settings.desired_retention,
        settings.learning_steps,
        settings.relearning_steps,
        settings.maximum_interval,
    )
    if wanted != kept.parameters:
        with writing(engine) as connection:
            log.adopt(connection, learner, wanted, now)


def editable(view: CardView) -> tuple[Path, int]:
    """File and line at which the learner edits a card's note.

    An installed pack is never written to: its note is copied with the same id to `packs/mine`,
    whose copy then shadows it.
    """
    from studyapp.notes import markdown

    note, own = view.note, own_packs()
    if own in note.path.parents:
        return note.path, note.line
    target = own / OWN_PACK / f"chapter-{view.chapter}-{note.kind.value}s.md"
    return target, add_note(
        target,
        view.pack,
        view.part,
        view.chapter,
        view.chapter_title,
        markdown.excerpt(note),
        note.kind,
    )


def add_note(
    path: Path, pack: str, part: str, chapter: int, title: str, text: str, kind: NoteKind
) -> int:
    """Append a note's *text* to a content file of the learner's own; returns its first line."""
    page = FileKind.JARGON if kind is NoteKind.TERM else FileKind.QUESTIONNAIRE
    old = path.read_text("utf-8") if path.exists() else ""
    if not old:
        old = (
            f"---\npack: {pack}\npart: {_quoted(part)}\nchapter: {chapter}\n"
            f"title: {_quoted(title)}\nkind: {page.value}\n---\n"
        )
    before = old.rstrip("\n") + "\n\n"
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_suffix(".new")
    scratch.write_text(before + text.strip() + "\n", "utf-8")
    scratch.replace(path)
    return before.count("\n") + 1


def new_question(engine: Engine, question: str, answer: str, now: datetime) -> None:
    """Keep a question of the learner's own in the chapter they started last.

    Raises StudyError if a field is empty, nothing is started, or the text is not one note.
    """
    from studyapp.notes import markdown

    question, answer = " ".join(question.split()), answer.strip()
    if not question or not answer:
        raise StudyError("A card needs a question and an answer.")
    chapter, chapter_progress = tables.chapter.c, tables.chapter_progress.c
    with reading(engine) as connection:
        row = connection.execute(
            select(chapter.pack, chapter.part, chapter.number, chapter.title)
            .join(tables.chapter_progress, chapter_progress.chapter_id == chapter.id)
            .order_by(chapter_progress.started_at.desc(), chapter.number.desc())
            .limit(1)
        ).one_or_none()
        taken = set(connection.scalars(select(tables.note.c.name)))
    if row is None:
        raise StudyError("Start a chapter first; a card of your own belongs to one.")
    name = markdown.slug(f"my {question}", taken)
    path = own_packs() / OWN_PACK / f"chapter-{row.number}-questions.md"
    text = f"## {question} {{#{name}}}\n\n{answer}"
    add_note(path, row.pack, row.part, row.number, row.title, text, NoteKind.QUESTION)
    refresh(engine, now)


def check_chapter(engine: Engine, number: int) -> None:
    """Raises StudyError if there is no chapter *number*."""
    with reading(engine) as connection:
        require_chapter(connection, number)


def require_chapter(connection: Connection, number: int) -> list[int]:
    """Ids of chapter *number*, one for each pack that has it. Raises StudyError if none does."""
    chapter = tables.chapter.c
    ids = connection.scalars(select(chapter.id).where(chapter.number == number)).all()
    if not ids:
        known = connection.execute(select(chapter.number, chapter.title)).all()
        if not known:
            raise StudyError(f"There is no chapter {number}, nor any other yet.")
        nearest, title = min(known, key=lambda row: (abs(row.number - number), row.number))
        raise StudyError(f"There is no chapter {number}; the nearest is {nearest}, {title}.")
    return list(ids)


def start_chapter(connection: Connection, number: int, now: datetime, learner: int = 1) -> None:
    """Let a chapter's cards in. Raises StudyError for a chapter that there is not."""
    ids = require_chapter(connection, number)
    started = set(
        connection.scalars(
            select(tables.chapter_progress.c.chapter_id).where(
                tables.chapter_progress.c.learner_id == learner
            )
        )
    )
    for chapter_id in ids:
        if chapter_id not in started:
            connection.execute(
                insert(tables.chapter_progress).values(
                    learner_id=learner, chapter_id=chapter_id, started_at=log.utc(now)
                )
            )


def _quoted(text: str) -> str:
    """A string as YAML reads it back: JSON's quoting is a part of YAML's."""
    return json.dumps(text, ensure_ascii=False)


def _start_first_chapter(connection: Connection, now: datetime, learner: int = 1) -> None:
    chapter = tables.chapter.c
    first = connection.scalar(select(chapter.number).order_by(chapter.number).limit(1))
    if first is not None:
        start_chapter(connection, first, now, learner)
