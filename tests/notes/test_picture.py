"""Pictures beside a text come along with its notes, and no other file does."""

from __future__ import annotations

from pathlib import Path

import pytest

from studyapp.notes import formats
from studyapp.notes.foreign import Foreign


def read(path: Path, text: str, form: str = "notes") -> Foreign:
    path.write_text(text)
    return formats.read(path, form)[1]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "notes"
    (folder / "attachments").mkdir(parents=True)
    (folder / "a b.png").write_bytes(b"\x89PNG")
    (folder / "attachments" / "a b.png").write_bytes(b"\x89PNG2")
    (folder / "attachments" / "c.mp3").write_bytes(b"ID3")
    (folder / "key.txt").write_bytes(b"secret")
    (tmp_path / "out.png").write_bytes(b"\x89PNG")
    return folder


def test_what_lies_beside_comes_along(folder: Path) -> None:
    found = read(
        folder / "a.md",
        '## What?\n\n![one](a%20b.png "title") ![](attachments/a%20b.png) `![](a b.png)`\n\n'
        "## Which?\n\n![[c.mp3|200]] ![](https://a.b/c.png) ![](/site/d.png) ![](a%20b.png)\n",
    )
    assert [note.answer for note in found.notes] == [
        "![one](media/a%20b.png) ![](media/a%20b-2.png) `![](a b.png)`",
        "![](media/c.mp3) ![](https://a.b/c.png) ![](/site/d.png) ![](media/a%20b.png)",
    ]
    media = {one.name: one.read() for one in found.media}
    assert media == {"a b.png": b"\x89PNG", "a b-2.png": b"\x89PNG2", "c.mp3": b"ID3"}
    assert found.problems == ()


@pytest.mark.parametrize("target", ["../out.png", "key.txt", "gone.png", "attachments", "x" * 900])
def test_no_other_file_is_taken(folder: Path, target: str) -> None:
    found = read(folder / "a.md", f"## What?\n\n![x]({target})\n")
    assert found.media == ()
    assert found.notes[0].answer == f"![x]({target})"
    assert [(one.line, "not taken along" in one.message) for one in found.problems] == [(1, True)]


def test_a_link_that_leads_out_is_not_followed(folder: Path) -> None:
    (folder / "link.png").symlink_to(folder.parent / "out.png")
    assert read(folder / "a.md", "## What?\n\n![](link.png)\n").media == ()


@pytest.mark.parametrize(
    ("form", "text"),
    [("hashcards", "Q: a\nA: ![](a%20b.png)\n"), ("obsidian", "a::![[a b.png]]\n")],
)
def test_cards_of_other_programs_have_theirs(folder: Path, form: str, text: str) -> None:
    found = read(folder / "a.md", text, form)
    assert [one.name for one in found.media] == ["a b.png"]
    assert found.notes[0].answer == "![](media/a%20b.png)"
