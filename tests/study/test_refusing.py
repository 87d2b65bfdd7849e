"""A disk that is full, broken or read-only: a thing is done, or nothing is and a sentence told.

benchmarks/refuse.py goes through all reasons and sizes.
"""

from __future__ import annotations

import errno
import tempfile
from collections.abc import Iterator
from contextlib import nullcontext
from itertools import count
from pathlib import Path

import pytest

from refusing import (
    CODES,
    IN_BOTH,
    IN_FILES,
    IN_LOG,
    Learner,
    closed_folder,
    is_done,
    no_room,
    refused_call,
)
from studyapp.commands import draw
from studyapp.config import Current, Settings, data_folder, load, settings_path
from studyapp.errors import StudyError
from studyapp.notes import markdown
from studyapp.study import library
from studyapp.study.desk import Desk
from studyapp.study.doctor.examination import examine
from studyapp.study.fit import child
from tests_support import START, Clock

DEAR = (
    "go_back",
    "migrate",
    "mend",
    "redate",
    "keep",
    "mark_many",
)  # of which each fifth call is enough here
FILED = ("change_setting", "write_draft", "export", *IN_BOTH[:3])
ROOMS = (0, 1, 24, 4000)  # bytes: before a frame, in its head, in its page


@pytest.fixture
def desk(only_pack: Path, tmp_path: Path, clock: Clock) -> Iterator[Desk]:
    settings = Settings(new_a_day=999, minutes_a_day=600)
    made, _ = library.open_study(str(tmp_path / "app.db"), Current(settings), clock, None)
    yield made
    made.close()


@pytest.mark.parametrize("name", [*IN_LOG, *IN_BOTH[:3]])
def test_a_log_that_cannot_grow(name: str, desk: Desk, tmp_path: Path) -> None:
    """At each frame that it is written in, until there is room for all."""
    learner = Learner(desk, tmp_path)
    learner.rate()()
    for room in rooms():
        what = learner.prepared(name)
        if is_done(learner, what, no_room(desk.engine, room)):
            return


@pytest.mark.parametrize("name", [*IN_FILES, *IN_BOTH])
def test_a_file_that_cannot_be_written(name: str, desk: Desk, tmp_path: Path) -> None:
    """At each call that changes a file, for one reason after the other, until there are no more."""
    learner = Learner(desk, tmp_path)
    learner.rate()()
    for number in count(1, 5 if name in DEAR else 1):
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


def test_settings_and_content_that_may_not_be_looked_at(only_pack: Path) -> None:
    for folder, read in (
        (settings_path().parent, load),
        (only_pack, lambda: markdown.read_folder(only_pack / "1")),
    ):
        with closed_folder(folder), pytest.raises(StudyError, match="cannot be read: Permission"):
            read()


def test_no_folder_takes_a_temporary_file(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where all of the disk is full."""

    def refuse() -> None:
        raise FileNotFoundError(errno.ENOENT, "No usable temporary directory found")

    monkeypatch.setattr(tempfile, "gettempdir", refuse)
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setattr(tempfile, "_get_default_tempdir", refuse)
    found = "\n".join(map(str, examine(str(tmp_path / "app.db"), desk.now()).around))
    assert "folders: There is no folder in which temporary files can be written." in found
    for begin in (lambda: child.of_file(tmp_path / "log.csv", START), lambda: draw.execute([{}])):
        with pytest.raises(StudyError, match=r"cannot be (started|run): No usable temporary"):
            begin()


@pytest.mark.parametrize("name", FILED)
@pytest.mark.parametrize("folder", ["data", "packs", "mine", "drafts", "config"])
def test_a_folder_that_may_not_be_looked_into(
    folder: str, name: str, desk: Desk, tmp_path: Path
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
