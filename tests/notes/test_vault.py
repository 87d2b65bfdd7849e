"""A folder of notes comes in as one, each file by its own format."""

from __future__ import annotations

from pathlib import Path

import pytest

from studyapp.errors import StudyError
from studyapp.notes import formats


@pytest.fixture
def vault(tmp_path: Path) -> Path:
    root = tmp_path / "vault"
    (root / "Biology").mkdir(parents=True)
    (root / ".obsidian").mkdir()
    (root / ".obsidian" / "x.md").write_text("a::b\n")
    (root / "a.md").write_text("Q: a\nA: b ![](p.png)\n")
    (root / "p.png").write_bytes(b"one")
    (root / "Biology" / "cells.md").write_text(
        "Q: a\nA: c ![](p.png)\n---\nQ: What?\nA: This.\n", "utf-8"
    )
    (root / "Biology" / "p.png").write_bytes(b"two")
    (root / "Biology" / "tag.md").write_text(
        "#flashcards/es\nperro::dog <!--SR:!2026-01-10,4,250-->\n"
    )
    (root / "Biology" / "plain.md").write_text("Nothing is asked here.\n")
    (root / "own.md").write_text("## Why?\n\nSo.\n")
    return root


def test_each_file_is_read_by_its_own_format(vault: Path) -> None:
    name, found = formats.read(vault)
    assert name == "hashcards"
    assert [(one.question, one.answer, one.deck) for one in found.notes] == [
        ("a", "b ![](media/p.png)", ("a",)),
        ("Why?", "So.", ("own",)),
        ("a", "c ![](media/p-2.png)", ("Biology", "cells")),
        ("What?", "This.", ("Biology", "cells")),
        ("perro", "dog", ("es",)),
    ]
    assert len({note.guid for note in found.notes}) == 5
    assert [(one.name, one.read()) for one in found.media] == [
        ("p.png", b"one"),
        ("p-2.png", b"two"),
    ]
    assert [one.guid for one in found.schedules] == ["answer: perro"]
    (problem,) = found.problems
    assert problem.path.name == "plain.md"
    assert "not read: " in problem.message


def test_a_folder_without_notes_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="is a folder without a file that can be read here"):
        formats.read(tmp_path)
