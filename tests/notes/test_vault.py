"""A folder of notes comes in as one, each file by its own format."""

from __future__ import annotations

import json
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
    (root / "p.png").write_bytes(b"\x89PNGone")
    (root / "Biology" / "cells.md").write_text(
        "Q: a\nA: c ![](p.png)\n---\nQ: What?\nA: This.\n", "utf-8"
    )
    (root / "Biology" / "p.png").write_bytes(b"\x89PNGtwo")
    (root / "Biology" / "tag.md").write_text(
        "#flashcards/es\nperro::dog <!--SR:!2026-01-10,4,250-->\n"
    )
    (root / "Biology" / "plain.md").write_text("Nothing is asked here.\n")
    (root / "own.md").write_text("## Why?\n\nSo. ![](p.png)\n")
    (root / "words.CSV").write_text("a,b\n")
    return root


def test_each_file_is_read_by_its_own_format(vault: Path) -> None:
    name, found = formats.read(vault)
    assert name == "hashcards"
    assert [(one.question, one.answer, one.deck) for one in found.notes] == [
        ("a", "b ![](media/p.png)", ("a",)),
        ("Why?", "So. ![](media/p.png)", ("own",)),
        ("a", "c ![](media/p-2.png)", ("Biology", "cells")),
        ("What?", "This.", ("Biology", "cells")),
        ("perro", "dog", ("es",)),
    ]
    assert len({note.guid for note in found.notes}) == 5
    assert [(one.name, one.read()) for one in found.media] == [
        ("p.png", b"\x89PNGone"),
        ("p-2.png", b"\x89PNGtwo"),
    ]
    assert [one.guid for one in found.schedules] == ["answer: perro"]
    plain, table = found.problems
    assert (plain.path.name, table.path.name) == ("plain.md", "words.CSV")
    assert "not read: " in plain.message
    assert "import it alone" in table.message


def test_notebooks_and_plain_texts_are_notes_too(tmp_path: Path) -> None:
    cell = {"cell_type": "markdown", "source": ["## What is a heap?\n", "\n", "A tree."]}
    (tmp_path / "a.ipynb").write_text(json.dumps({"nbformat": 4, "cells": [cell]}))
    (tmp_path / "b.TXT").write_text("1. What is a trie?\n\n    A tree.\n")
    (tmp_path / "c.png").write_bytes(b"1")
    (tmp_path / "d.md").write_text("## 00:31:20 - Terms to know\n\n* Heap - a tree\n")
    _, found = formats.read(tmp_path)
    assert [one.question for one in found.notes] == ["What is a heap?", "What is a trie?", "Heap"]
    assert not found.problems
    assert [(one.seconds, one.line, one.path) for one in found.lecture] == [
        (1880, 1, tmp_path / "d.md")
    ]


def test_files_of_no_kind_that_is_read_are_named(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("## What is a heap?\n\nA tree.\n")
    for name in ("b.bin", "c.pdf", "d.xyz", "e.png", "f.db", ".g", "h.bin", "README.md"):
        (tmp_path / name).write_bytes(b"1")
    told = [(one.path.name, one.message) for one in formats.read(tmp_path)[1].problems]
    said = "not read with a folder: b.bin, c.pdf, d.xyz and 1 more"
    assert told == [(tmp_path.name, said)]


def test_a_folder_without_notes_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="is a folder without a file that can be read here"):
        formats.read(tmp_path)


def test_what_lies_elsewhere_in_the_folder_comes_along_and_nothing_outside_of_it(
    tmp_path: Path,
) -> None:
    """Obsidian names a file that is embedded by its name alone."""
    root = tmp_path / "vault"
    for folder in ("sub", "files"):
        (root / folder).mkdir(parents=True)
    for name in ("files/a.png", "b.png", "sub/b.png", "../out.png"):
        (root / name).write_bytes(b"\x89PNG" + name.encode())
    (root / "link.png").symlink_to(tmp_path / "out.png")
    (root / "sub" / "n.md").write_text(
        "Q: a\nA: ![[a.png]] ![](../b.png) ![](b.png) ![[link.png]] ![](../../out.png)\n"
    )
    found = formats.read(root)[1]
    assert found.notes[0].answer == (
        "![](media/a.png) ![](media/b-2.png) ![](media/b.png) ![[link.png]] ![](../../out.png)"
    )
    taken = {one.name: one.read()[4:].decode() for one in found.media}
    assert taken == {"b.png": "sub/b.png", "a.png": "files/a.png", "b-2.png": "b.png"}
    assert ["not taken along" in one.message for one in found.problems] == [True, True]


def test_files_of_org_and_asciidoc_are_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "a.org").write_text("* What is a?\nIt a.\n")
    (tmp_path / "b.adoc").write_text("== What is b?\n\nIt b.\n")
    _, found = formats.read(tmp_path)
    assert {note.question for note in found.notes} == {"What is a?", "What is b?"}
