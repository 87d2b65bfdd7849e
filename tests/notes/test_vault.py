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
    table, plain = found.problems
    assert (table.path.name, plain.path.name) == ("words.CSV", "plain.md")
    assert table.message.startswith("not read: it may be a table of notes")
    assert plain.message.startswith("not read: it is text in which nothing asks")


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
    (tmp_path / "sub").mkdir()
    many = [f"sub/{at}.pdf" for at in range(21)]
    for name in ("b.bin", "c.pdf", "e.png", "f.db", ".g", "h.bin", "i.zip", "sub/j.xyz", *many):
        (tmp_path / name).write_bytes(b"1")
    told = [(one.path.name, one.message) for one in formats.read(tmp_path)[1].problems]
    assert told == [
        ("i.zip", "a package is not read with a folder; import it by itself"),
        (tmp_path.name, "of no kind that is read in a folder: b.bin, h.bin, c.pdf"),
        ("sub", "of no kind that is read in a folder: all 21 files of .pdf, j.xyz"),
    ]


def test_why_a_file_is_not_read_names_it_once_and_what_would_be_read_once(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("## What is a heap?\n\nA tree.\n")
    for name in ("b.md", "c.md"):
        (tmp_path / name).write_text("Nothing is asked here.\n")
    (tmp_path / "d.md").write_text("\n\n| a, b | c |\n|---|---|\n| d, e | f |\n")
    (tmp_path / "e.md").write_text("")
    first, second, table, empty = formats.read(tmp_path)[1].problems
    none = "not read: it is text in which nothing asks, hides or surely defines anything."
    assert first.message.startswith(f"{none} Read are, for example")
    assert (second.message, empty.message) == (none, "not read: it is empty.")
    assert (table.line, table.message[:31]) == (3, "not read: up to line 5: this ta")


def test_what_is_read_alone_is_read_in_a_folder_too(tmp_path: Path) -> None:
    """Each by its own reader, and each note knows its file."""
    texts = {
        "a.html": "<h2>What is a?</h2><p>It a.</p>",
        "b.json": '[{"question": "What is b?", "answer": "It b."}]',
        "c.csv": "question,answer\nWhat is c?,It c.\n",
        "d.tsv": "What is d?\tIt d.\n",
        "e.org": "* What is e?\nIt e.\n",
        "f.adoc": "== What is f?\n\nIt f.\n",
        "g.text": "## What is g?\n\nIt g.\n",
        "sub/README.md": "## What is h?\n\nIt h.\n",
    }
    (tmp_path / "sub").mkdir()
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
        assert len(formats.read(tmp_path / name)[1].notes) == 1
    _, found = formats.read(tmp_path)
    assert not found.problems
    assert [(one.question, one.answer, one.path) for one in found.notes] == [
        (f"What is {letter}?", f"It {letter}.", tmp_path / name)
        for letter, name in zip("abcdefgh", texts, strict=True)
    ]


def test_what_goes_to_no_pack_of_notes_is_told_in_a_folder(tmp_path: Path) -> None:
    page = "---\npack: p\ndeck: D\nkind: questionnaire\n---\n\n## Why? {#why}\n\nSo.\n"
    (tmp_path / "a.txt").write_text(page)
    (tmp_path / "b.md").write_text("## What is b?\n\nIt b.\n")
    (tmp_path / "c.md").write_text(
        "<!-- studyapp post: pack p, chapter 1 -->\n\n### 1. Q\n\n<!-- answer: q -->\n\n> Mine.\n"
    )
    _, found = formats.read(tmp_path)
    by_itself = "is not read with a folder; import it by itself"
    assert [(one.path.name, one.message) for one in found.problems] == [
        ("a.txt", f"content of our format {by_itself}"),
        ("c.md", f"a post of answers {by_itself}"),
    ]
    assert [one.question for one in found.notes] == ["What is b?"]


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
