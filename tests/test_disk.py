"""Files are written whole or not at all, wherever their path leads."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from studyapp import disk
from studyapp.errors import StudyError


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


def test_a_new_file_has_the_mode_of_any_other(tmp_path: Path) -> None:
    disk.write(tmp_path / "a", "")
    (tmp_path / "b").write_text("")
    assert (tmp_path / "a").stat().st_mode == (tmp_path / "b").stat().st_mode


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
