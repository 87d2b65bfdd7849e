"""Pictures beside a text come along with its notes, and no other file does."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from studyapp.notes import formats, media
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
    taken = {one.name: one.read() for one in found.media}
    assert taken == {"a b.png": b"\x89PNG", "a b-2.png": b"\x89PNG2", "c.mp3": b"ID3"}
    (told,) = found.problems
    assert (told.line, told.message) == (
        5,
        "the picture '/site/d.png' is not in the folder of this file, and not taken along",
    )


@pytest.mark.parametrize(
    ("shown", "name"),
    [
        ("![x](file:///etc/passwd)", "file:///etc/passwd"),
        ('<img src="file:///a/b.png">', "file:///a/b.png"),
        (r"![](C:\pics\a.png)", r"C:\pics\a.png"),
        ("![[/abs/p.png]]", "/abs/p.png"),
        ("![](https://a.b/c.png) ![](//cdn.b/c.png) ![]({{ site }}/c.png)", ""),
    ],
)
def test_a_picture_from_outside_is_not_taken_and_told(folder: Path, shown: str, name: str) -> None:
    found = read(folder / "a.md", f"## What?\n\n{shown}\n")
    assert found.media == ()
    told = f"the picture {name!r} is not in the folder of this file, and not taken along"
    assert [(one.line, one.message) for one in found.problems] == [(1, told)] * bool(name)


@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("d (1).png", "<d (1).png>"),
        ("e(2).png", "e(2).png"),
        ("f_g.png", "f\\_g.png 'title'"),
        ("50%#h.png", "50%25%23h.png"),
    ],
)
def test_an_odd_name_is_found_and_led_to(folder: Path, name: str, target: str) -> None:
    (folder / name).write_bytes(b"\x89PNG")
    found = read(folder / "a.md", f"## What?\n\n![x]({target})\n")
    assert [one.name for one in found.media] == [name]
    (led,) = map(media.target, media.LINK.finditer(found.notes[0].answer))
    assert media.path_of(led) == f"media/{name}"


def test_a_picture_within_the_text_becomes_a_file(folder: Path) -> None:
    data = b"\x89PNG" + bytes(40_000)
    address = f"data:image/png;base64,{base64.b64encode(data).decode()}"
    html = f"<img alt='a b' src='{address}'/> <img src='a b.png'>"
    spoilt = "![y](data:image/png;base64,odd)"
    text = f"## What?\n\n![x]({address})\n\n## Which?\n\n{html} {spoilt}\n"
    found = read(folder / "a.md", text)
    name = next(one.name for one in found.media if one.read() == data)
    assert [note.answer for note in found.notes] == [
        f"![x](media/{name})",
        f"![a b](media/{name}) ![](media/a%20b.png) y",
    ]
    assert {one.name for one in found.media} == {name, "a b.png"}
    assert ["not there, or damaged" in one.message for one in found.problems] == [True]


@pytest.mark.parametrize("target", ["../out.png", "key.txt", "gone.png", "attachments", "x" * 900])
def test_no_other_file_is_taken(folder: Path, target: str) -> None:
    found = read(folder / "a.md", f"## What?\n\n![x]({target})\n")
    assert found.media == ()
    assert found.notes[0].answer == f"![x]({target})"
    assert [(one.line, "not taken along" in one.message) for one in found.problems] == [(1, True)]


def test_a_sound_that_a_link_leads_to_comes_along_or_is_told(folder: Path) -> None:
    found = read(
        folder / "a.md",
        "## What?\n\n[x](attachments/c.mp3) [sound:attachments/c.mp3] [y](gone.mp3)\n",
    )
    assert found.notes[0].answer == (
        "[x](media/c.mp3) [attachments/c.mp3](media/c.mp3) [y](gone.mp3)"
    )
    assert [one.message for one in found.problems] == [
        "the sound 'gone.mp3' is not in the folder of this file, and not taken along"
    ]


@pytest.mark.parametrize(
    ("name", "data", "why"),
    [
        ("p.png", b"", "it is empty"),
        ("p.png", b"text", "it is no picture"),
        ("p.png", b"<svg><script>1</script></svg>", "it is no picture"),
        ("p.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "it is damaged"),
        ("p.svg", b"<svg onload='x()'></svg>", "it is no drawing, or one that runs or fetches"),
        ("p.wav", b"RIFFxx", "it is damaged"),
        ("p.mp3", b"words", "it is no sound"),
    ],
)
def test_what_is_not_what_it_is_called_is_left_out(
    folder: Path, name: str, data: bytes, why: str
) -> None:
    (folder / name).write_bytes(data)
    found = read(folder / "a.md", f"## What?\n\n![]({name})\n")
    assert found.media == ()
    assert [f"is left out: {why}" in one.message for one in found.problems] == [True]


def test_a_link_that_leads_out_is_not_followed(folder: Path) -> None:
    (folder / "link.png").symlink_to(folder.parent / "out.png")
    assert read(folder / "a.md", "## What?\n\n![](link.png)\n").media == ()


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("hashcards", "Q: a\nA: ![](a%20b.png)\n"),
        ("hashcards", "Q: a\nA: <img src='a%20b.png'>\n"),
        ("obsidian", "a::![[a b.png]]\n"),
    ],
)
def test_cards_of_other_programs_have_theirs(folder: Path, form: str, text: str) -> None:
    found = read(folder / "a.md", text, form)
    assert [one.name for one in found.media] == ["a b.png"]
    assert found.notes[0].answer == "![](media/a%20b.png)"
