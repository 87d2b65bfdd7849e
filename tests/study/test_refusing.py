"""A disk that is full, broken or read-only: a thing is done, or nothing is and a sentence told."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from itertools import count
from pathlib import Path

import pytest
from refusing import closed_folder, files, kept, no_room, refused_call

from studyapp.config import Current, Settings, data_folder, load, settings_path
from studyapp.errors import ContentError, StudyError
from studyapp.lab.catalog import Catalog
from studyapp.memory.state import Rating
from studyapp.notes import markdown
from studyapp.notes.foreign import Foreign, ForeignNote
from studyapp.study import imports, library, tracker
from studyapp.study.desk import Desk
from studyapp.study.imports import Source
from studyapp.study.questionnaire import post
from studyapp.study.questionnaire.attempt import Attempt
from studyapp.study.sitting import Sitting
from tests_support import Clock, chapter_of, question, questionnaire

CODES = (errno.ENOSPC, errno.EIO, errno.EROFS, errno.EACCES)
ROOMS = (0, 1, 24, 4000)  # bytes: before a frame, in its head, in its page


@pytest.fixture
def desk(only_pack: Path, tmp_path: Path, clock: Clock) -> Iterator[Desk]:
    settings = Settings(new_a_day=999, minutes_a_day=600)
    made, _ = library.open_study(str(tmp_path / "app.db"), Current(settings), clock, None)
    yield made
    made.close()


class Learner:
    """What one does that is written, each time something else."""

    def __init__(self, desk: Desk, folder: Path) -> None:
        self.desk, self.folder = desk, folder
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


BOTH = ["add_card", "edit_note", "bring"]
LOGGED = ["rate", "undo", "write_answer", "write_own_note", "sync", *BOTH]
FILED = ["change_setting", "write_draft", "export", *BOTH]


@pytest.mark.parametrize("name", LOGGED)
def test_a_log_that_cannot_grow(name: str, desk: Desk, tmp_path: Path) -> None:
    """At each frame that it is written in, until there is room for all."""
    learner = Learner(desk, tmp_path)
    learner.rate()()
    for room in rooms():
        what = learner.prepared(name)
        if is_done(learner, what, no_room(desk.engine, room)):
            return


@pytest.mark.parametrize("name", FILED)
def test_a_file_that_cannot_be_written(name: str, desk: Desk, tmp_path: Path) -> None:
    """At each call that changes a file, for one reason after the other, until there are no more."""
    learner = Learner(desk, tmp_path)
    learner.rate()()
    for number in count(1):
        what = learner.prepared(name)
        with refused_call(number, CODES[number % len(CODES)]) as came:
            is_done(learner, what, nullcontext())
        if came() < number:
            return


def rooms() -> Iterator[int]:
    """Sizes to which the log may grow, frame by frame and within each."""
    for frame in range(250):
        yield from (frame * 4120 + part for part in ROOMS)
    pytest.fail("It never came to an end.")


def is_done(
    learner: Learner, what: Callable[[], object], fault: AbstractContextManager[None]
) -> bool:
    """Do it under a fault: whether it was done. If not, a sentence is told and all is as it was."""
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
    assert (kept(learner.desk.engine), files(learner.folder)) == before
    return False


def test_settings_and_content_that_may_not_be_looked_at(only_pack: Path) -> None:
    for folder, read in (
        (settings_path().parent, load),
        (only_pack, lambda: markdown.read_folder(only_pack / "1")),
    ):
        with closed_folder(folder), pytest.raises(StudyError, match="cannot be read: Permission"):
            read()


@pytest.mark.parametrize("name", FILED)
@pytest.mark.parametrize("folder", ["data", "packs", "mine", "drafts", "config"])
def test_a_folder_that_may_not_be_looked_into(
    folder: str, name: str, desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where even asking whether a file is there fails."""
    learner = Learner(desk, tmp_path)
    if name != "export":
        learner.prepared(name)()
    what, mine = learner.prepared(name), library.own_packs() / "mine"
    closed = {
        "data": data_folder(),
        "packs": mine.parent,
        "mine": mine,
        "drafts": data_folder() / "drafts",
        "config": settings_path().parent,
    }
    is_done(learner, what, closed_folder(closed[folder]))
