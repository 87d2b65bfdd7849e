"""A picture that is written into a text is a file of its own; what is none is left out and told."""

from __future__ import annotations

import base64
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ankipack import collection
from studyapp.notes import ankitext, apkg, formats, media, written
from studyapp.notes.foreign import Foreign

DOT = b"\x89PNG\r\n\x1a\n" + bytes(90_000)  # longer than a field may be
SMALL = b"\x89PNG."
DRAWING = b"<svg xmlns='http://www.w3.org/2000/svg'><path d='M0 0'/><use href='#a'/></svg>"


def address(data: bytes, kind: str = "png", head: str = ";base64") -> str:
    return f"data:image/{kind}{head},{base64.b64encode(data).decode()}"


def name(data: bytes) -> str:
    found = written.read(address(data))
    assert found is not None
    return found[0]


@pytest.mark.parametrize(
    ("data", "ending"),
    [
        (DOT, ".png"),
        (b"\xff\xd8\xff\xe0", ".jpg"),
        (b"GIF89a", ".gif"),
        (b"RIFF....WEBP", ".webp"),
        (b"BM..", ".bmp"),
        (DRAWING, ".svg"),
        (b"<?xml version='1.0'?>\n" + DRAWING, ".svg"),
    ],
    ids=("png", "jpg", "gif", "webp", "bmp", "svg", "xml"),
)
def test_a_picture_is_what_its_first_bytes_say(data: bytes, ending: str) -> None:
    for kind in ("png", "svg+xml"):
        found = written.read(address(data, kind, ";charset=utf-8;base64"))
        assert found is not None
        assert (Path(found[0]).suffix, found[1]) == (ending, data)
        assert media.is_name(found[0])
    assert written.read("data:image/svg+xml,%3Csvg%3E%3C/svg%3E") is not None


@pytest.mark.parametrize(
    "said",
    [
        "data:image/png;base64,odd!",
        "data:image/png;base64,",
        address(b"no picture"),
        address(b"\x89PNG").replace("image", "text"),
        address(b"<svg onload='x()'></svg>", "svg+xml"),
        address(b"<svg><script>x()</script></svg>", "svg+xml"),
        address(b"<svg><a href='javascript:x()'/></svg>", "svg+xml"),
        address(b"<svg><a xlink:href='http://a.b'/></svg>", "svg+xml"),
        address(b"<svg><style>a{fill:url(http://a.b)}</style></svg>", "svg+xml"),
        address(b"<!DOCTYPE svg [<!ENTITY a 'b'>]><svg/>", "svg+xml"),
        address(b"<svg><foreignObject/></svg>", "svg+xml"),
        "data:text/html,<script>",
    ],
    ids=range(12),
)
def test_what_is_damaged_runs_or_is_no_picture_is_none(said: str) -> None:
    assert written.read(said) is None


def in_package(path: Path, front: str) -> Foreign:
    collection(path)
    with closing(sqlite3.connect(path)) as base, base:
        base.execute("UPDATE notes SET flds = ? || char(31) || 'b' || char(31)", (front,))
    return apkg.read(path)


def in_text(path: Path, front: str) -> Foreign:
    return ankitext.parse(f'#html:true\n"{front.replace(chr(34), chr(34) * 2)}"\tb\n', path)


@pytest.mark.parametrize("read", [in_package, in_text])
def test_fields_of_anki_give_theirs(tmp_path: Path, read: Callable[[Path, str], Foreign]) -> None:
    spoilt = '<img src="data:image/png,x">'
    found = read(tmp_path / "a.anki2", f'q <img src="{address(DOT)}"> {spoilt}')
    assert found.notes[0].question == f"q ![](media/{name(DOT)})"
    assert {one.name: one.read() for one in found.media}[name(DOT)] == DOT
    assert any("a picture within the text" in one.message for one in found.problems)


@pytest.mark.parametrize("mark", ["![x]({})", "<IMG alt='x' SRC='{}'>", '<img alt="x" src="{}"/>'])
@pytest.mark.parametrize(
    ("form", "text"),
    [("notes", "## Q?\n\n{}\n"), ("hashcards", "Q: Q?\nA: {}\n"), ("obsidian", "> Q?::{}\n")],
)
def test_texts_of_other_formats_give_theirs(
    tmp_path: Path, form: str, text: str, mark: str
) -> None:
    path = tmp_path / "a.md"
    path.write_text(text.format(mark.format(address(SMALL))))
    found = formats.read(path, form)[1]
    assert [one.answer for one in found.notes] == [f"![x](media/{name(SMALL)})"]
    assert [one.read() for one in found.media] == [SMALL]


@settings(max_examples=60, derandomize=True, deadline=None)
@given(
    st.lists(st.sampled_from(["data:image/", "png", ";base64", ",", "iVBORw0=", "%", "\n", "'"]))
)
def test_no_address_is_too_broken(pieces: list[str]) -> None:
    text, found = written.lifted("".join(pieces))
    assert all(one in text for one in found)
