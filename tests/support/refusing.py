"""A disk that refuses: a call on a file that fails, or a database whose log cannot grow; and all
that a learner does that is written there."""

from __future__ import annotations

import errno
import os
import resource
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, select, update

import formers
from studyapp import disk, journal
from studyapp.errors import ContentError, StudyError
from studyapp.lab.catalog import Catalog
from studyapp.memory.clock import study_day
from studyapp.memory.state import Rating
from studyapp.notes.foreign import Foreign, ForeignNote
from studyapp.store import migrations, tables
from studyapp.store.database import open_database
from studyapp.store.engine import checkpoint, reading, wal_size
from studyapp.study import (
    answer,
    dates,
    exam,
    imports,
    library,
    removal,
    review,
    selection,
    tracker,
)
from studyapp.study.backup import restored
from studyapp.study.desk import Desk
from studyapp.study.doctor.examination import examine, mend
from studyapp.study.grading import Grade
from studyapp.study.imports import Source
from studyapp.study.questionnaire import post
from studyapp.study.questionnaire.attempt import Attempt
from studyapp.study.sitting import Sitting
from tests_support import chapter_of, question, questionnaire

CODES = (errno.ENOSPC, errno.EIO, errno.EROFS, errno.EACCES)
CALLS: tuple[tuple[Any, str], ...] = (
    (disk, "mkstemp"),
    (os, "fsync"),
    (Path, "write_bytes"),
    (Path, "chmod"),
    (Path, "replace"),
    (Path, "mkdir"),
    (Path, "unlink"),
)


@contextmanager
def refused_call(number: int, code: int) -> Iterator[Callable[[], int]]:
    """Let the call of this *number* that changes files fail with *code*; yields how many came."""
    came = 0

    def guarded(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*given: Any, **named: Any) -> Any:
            nonlocal came
            came += 1
            if came == number:
                raise OSError(code, os.strerror(code))
            return real(*given, **named)

        return call

    with pytest.MonkeyPatch.context() as patch:
        for owner, name in CALLS:
            patch.setattr(owner, name, guarded(getattr(owner, name)))
        yield lambda: came


@contextmanager
def closed_folder(folder: Path) -> Iterator[None]:
    """Let nobody look at what is in *folder*, as if its mode were 000 (root would not mind)."""

    def guarded(real: Callable[..., Any], inside: bool) -> Callable[..., Any]:
        def call(path: Path, *given: Any, **named: Any) -> Any:
            if folder in path.parents or (inside and path == folder):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
            return real(path, *given, **named)

        return call

    with pytest.MonkeyPatch.context() as patch:
        for name in ("stat", "open", "mkdir", "unlink", "replace"):
            patch.setattr(Path, name, guarded(getattr(Path, name), inside=False))
        patch.setattr(Path, "iterdir", guarded(Path.iterdir, inside=True))
        yield


def no_room(engine: Engine, room: int) -> AbstractContextManager[None]:
    """Let the database's log grow by no more than *room* bytes: a real write fails after them."""
    return no_larger(wal_size(engine) + room)


@contextmanager
def no_larger(limit: int) -> Iterator[None]:
    """Let no file become larger than so many bytes, or be written beyond them."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def kept(engine: Engine) -> dict[str, list[Any]]:
    """All that the database holds."""
    with reading(engine) as connection:
        return {
            table.name: sorted(map(repr, connection.execute(table.select())))
            for table in tables.METADATA.sorted_tables
        }


def files(folder: Path) -> dict[Path, bytes]:
    """All files below *folder*, but for the database, drafts that were given up, and backups: one
    that was made before what failed stays."""
    kinds = (".tmp", ".db", ".db-wal", ".db-shm")
    found = (
        one
        for one in folder.rglob("*")
        if one.is_file() and one.suffix not in kinds and one.parent.name != "backups"
    )
    return {one: one.read_bytes() for one in found}


class Learner:
    """What one does that is written, each time something else. What an action returns is to be done
    under a fault; what comes before it is not."""

    def __init__(self, desk: Desk, folder: Path) -> None:
        self.desk, self.folder = desk, folder
        self.database = Path(str(desk.engine.url.database))
        self.number = count(1)
        self.sitting = Sitting(desk)
        self.attempt = Attempt(desk, chapter_of(desk.engine, "1"))

    def prepared(self, name: str) -> Callable[[], object]:
        """What is to be done, without what comes before it."""
        text = f"text {next(self.number)}"
        return getattr(self, name)(text)

    def rate(self, _: str = "") -> Callable[[], object]:
        return lambda: self.sitting.rate(Rating.GOOD)

    def undo(self, _: str) -> Callable[[], object]:
        return self.sitting.undo

    def write_answer(self, text: str) -> Callable[[], object]:
        return lambda: self.attempt.write(text)

    def write_own_note(self, text: str) -> Callable[[], object]:
        def write() -> None:
            with self.desk.writing() as connection:
                section = tracker.read_course(connection, {}, learner=1).sections[0].id
                now = self.desk.now()
                tracker.write_note(connection, section, text, now=now, learner=1)

        return write

    def sync(self, text: str) -> Callable[[], object]:
        file = library.installed_roots()[0] / "more.md"
        file.write_text(questionnaire(question(text.replace(" ", ""))))
        return lambda: library.refresh(self.desk)

    def change_setting(self, text: str) -> Callable[[], object]:
        return lambda: self.desk.change("theme", text)

    def write_draft(self, text: str) -> Callable[[], object]:
        said = library.read_draft(learner=1)
        return lambda: library.write_draft(text, said, 0.0, learner=1)

    def add_card(self, text: str) -> Callable[[], object]:
        return lambda: library.new_question(self.desk, f"What is {text}?", "This.")

    def edit_note(self, text: str) -> Callable[[], object]:
        self.sitting.reload_card()
        view = self.sitting.view
        assert view is not None
        said, before = library.read_edit(self.desk, view)
        library.write_edit(self.desk, view, said, f"{said.rstrip()}\n\n{text}\n", before, 0.0)
        return lambda: library.edited(self.desk, view)

    def bring(self, text: str) -> Callable[[], object]:
        note = ForeignNote(text, f"What is {text}?", "This.", deck=("Deck",))
        source = Source(Path("words.txt"), "words", Foreign(notes=(note,)))
        return lambda: imports.bring(self.desk, [source])

    def export(self, text: str) -> Callable[[], object]:
        self.attempt.write(text)
        with self.desk.reading() as connection:
            found = chapter_of(self.desk.engine, "1")
            made = post.compose(connection, found, Catalog((), ()), learner=1)
        return lambda: post.save(self.folder / "post.md", made)

    def keep(self, _: str) -> Callable[[], object]:
        return lambda: self.desk.back_up("asked")

    def go_back(self, _: str) -> Callable[[], object]:
        made = self.desk.back_up("asked")
        assert made is not None
        self.write_own_note("since then")()
        self.write_draft("since then")()
        return lambda: restored(self.database, made.path, self.desk.now())

    def mend(self, _: str) -> Callable[[], object]:
        url, now = str(self.database), self.desk.now()
        with self.desk.writing() as connection:
            connection.execute(update(tables.memory).values(reviews=99))
        found = examine(url, now)
        return lambda: mend(url, found, now)

    def redate(self, _: str) -> Callable[[], object]:
        now = self.desk.now()
        with self.desk.writing() as connection:
            ahead = now + timedelta(days=400)
            review.bury(connection, 1, ahead, learner=1)
        return lambda: dates.redate(self.desk)

    def plan_exam(self, _: str) -> Callable[[], object]:
        day = study_day(self.desk.now()) + timedelta(days=next(self.number))

        def plan() -> None:
            with self.desk.writing() as connection:
                exam.plan(connection, day, 20, (), self.desk.now(), learner=1)

        return plan

    def mark_many(self, _: str) -> Callable[[], object]:
        """Those that are marked already are so no longer: many change each time."""
        now, cards = self.desk.now(), range(1, library.MANY + 1)

        def mark(connection: Connection, some: Sequence[int]) -> selection.Done:
            return selection.mark(connection, some, now, learner=1)

        return lambda: selection.do(self.desk, mark, cards)

    def delete_note(self, text: str) -> Callable[[], object]:
        library.new_question(self.desk, f"What is {text}?", "This.")
        note = tables.note.c
        with self.desk.reading() as connection:
            made = connection.scalars(select(note.id).where(note.prompt == f"What is {text}?"))
            notes = made.all()
        return lambda: removal.remove(self.desk, notes)

    def grade(self, _: str) -> Callable[[], object]:
        following = self.attempt.next_open()
        if following is None:
            self.attempt = Attempt(self.desk, self.attempt.chapter_id)
        self.attempt.go_to(following or 0)
        return lambda: self.attempt.grade(Grade.GOT)

    def write_edit(self, text: str) -> Callable[[], object]:
        self.sitting.reload_card()
        view = self.sitting.view
        assert view is not None
        said, before = library.read_edit(self.desk, view)
        new = f"{said.rstrip()}\n\n{text}\n"
        return lambda: library.write_edit(self.desk, view, said, new, before, 0.0)

    def type_answer(self, text: str) -> Callable[[], object]:
        view = self.sitting.view
        assert view is not None
        return lambda: answer.write(view, text, answer.read(view, learner=1), 0.0, learner=1)

    def empty_log(self, text: str) -> Callable[[], object]:
        self.write_own_note(text)()
        return lambda: checkpoint(self.desk.engine)

    def write_log_file(self, text: str) -> Callable[[], object]:
        journal.end()

        def write() -> None:
            journal.begin("a test")
            journal.journal.info("a line")
            journal.end()

        return write

    def report(self, text: str) -> Callable[[], object]:
        return lambda: journal.report(ValueError(text))

    def migrate(self, _: str) -> Callable[[], object]:
        former = self.folder / "former" / f"{next(self.number)}.db"
        former.parent.mkdir(exist_ok=True)
        formers.make(former, min(migrations.steps()))

        def migrate() -> None:
            open_database(str(former)).dispose()
            assert formers.folded(former) == formers.BEFORE

        return migrate


IN_LOG = ("rate", "undo", "write_answer", "write_own_note", "sync", "grade", "plan_exam")
IN_FILES = (
    "change_setting",
    "write_draft",
    "export",
    "keep",
    "go_back",
    "write_edit",
    "type_answer",
    "write_log_file",
    "report",
    "migrate",
)
IN_BOTH = ("add_card", "edit_note", "bring", "delete_note", "mend", "redate", "mark_many")


def is_done(
    learner: Learner, what: Callable[[], object], fault: AbstractContextManager[None]
) -> bool:
    """Do it under a fault: whether it was done. If not, a sentence is told and all is as it was,
    unless it says that the same again does the rest."""
    before = kept(learner.desk.engine), files(learner.folder)
    try:
        with fault:
            what()
    except StudyError as error:
        told, refused = str(error), type(error)
    else:
        return True
    assert told.endswith(".") or refused is ContentError
    assert "\n" not in told
    if told.endswith("again does the rest."):
        what()
    else:
        assert (kept(learner.desk.engine), files(learner.folder)) == before
    return False
