"""Files are written whole or not at all, wherever their path leads."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from studyapp import disk
from studyapp.commands import count
from studyapp.config import Current, Settings
from studyapp.errors import StudyError
from studyapp.study import library
from studyapp.study.sitting import Sitting
from tests_support import Clock


def test_a_file_is_replaced_and_its_folder_made(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "a.md"
    disk.write(path, "é\n")
    disk.write(path, b"two\r\n")
    assert path.read_bytes() == b"two\r\n"
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("exists", [True, False])
def test_a_link_stays_a_link(exists: bool, tmp_path: Path) -> None:
    target, link = tmp_path / "elsewhere" / "settings.toml", tmp_path / "settings.toml"
    target.parent.mkdir()
    if exists:
        target.write_text("old")
    link.symlink_to(target)
    disk.write(link, "new")
    assert link.is_symlink()
    assert target.read_text() == "new"


@pytest.mark.parametrize("mode", [0o600, 0o644, 0o664])
def test_a_file_keeps_its_mode(mode: int, tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("old")
    path.chmod(mode)
    disk.write(path, "new")
    assert path.stat().st_mode & 0o777 == mode


def test_a_new_file_and_its_folders_are_for_their_owner_alone(tmp_path: Path) -> None:
    disk.write(tmp_path / "new" / "folder" / "a", "")
    assert modes(tmp_path / "new") == {"new": 0o700, "folder": 0o700, "a": 0o600}


def test_what_is_to_be_shared_has_the_mode_of_any_other(tmp_path: Path) -> None:
    disk.write(tmp_path / "new" / "folder" / "a", "", shared=True)
    (tmp_path / "usual").mkdir()
    (tmp_path / "b").write_text("")
    usual, of_file = ((tmp_path / name).stat().st_mode & 0o777 for name in ("usual", "b"))
    assert modes(tmp_path / "new") == {"new": usual, "folder": usual, "a": of_file}


def test_what_the_app_writes_is_for_the_learner_alone(
    only_pack: Path, tmp_path: Path, clock: Clock
) -> None:
    """Settings, drafts, notes, copies of installed ones and what is remembered of the queue."""
    database = str(tmp_path / "app.db")
    desk, _ = library.open_study(database, Current(Settings()), clock, None)
    desk.change("theme", "nord")
    library.write_draft("half a card", "", 0.0, learner=1)
    library.new_question(desk, "What is new?", "This.")
    view = Sitting(desk).view
    assert view is not None
    _, text = library.read_edit(desk, view)
    library.write_edit(desk, view, text, text.replace("Meaning", "The meaning"), text, 0.0)
    library.edited(desk, view)
    desk.close()
    count.due(database, None, clock())
    written = [one for name in ("data", "config", "cache") for one in (tmp_path / name).rglob("*")]
    assert {one.suffix for one in written if one.is_file()} >= {".toml", ".md", ""}
    assert [one for one in written if one.stat().st_mode & 0o077] == []


def modes(path: Path) -> dict[str, int]:
    """The modes of what is at *path* and below it."""
    return {one.name: one.stat().st_mode & 0o777 for one in (path, *path.rglob("*"))}


@pytest.mark.parametrize("call", ["os.fsync", "pathlib.Path.replace", "pathlib.Path.write_bytes"])
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EROFS])
def test_what_fails_is_one_sentence_and_changes_nothing(
    call: str, code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.md"
    path.write_text("old")

    def refuse(*_: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(call, refuse)
    with pytest.raises(StudyError, match=f"a.md cannot be written: {os.strerror(code)}"):
        disk.write(path, "new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_in_the_way_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="cannot be written"):
        disk.write(tmp_path, "new")
    (tmp_path / "file").write_text("")
    with pytest.raises(StudyError, match="cannot be written"):
        disk.write(tmp_path / "file" / "below", "new")


def test_a_draft_given_up_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("old")
    with pytest.raises(TypeError), disk.replacing(path) as draft:
        draft.write_bytes("no bytes")  # type: ignore[arg-type]
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
