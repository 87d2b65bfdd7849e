"""What a text may show: pictures and sounds of its own pack, as their first bytes say they are."""

from __future__ import annotations

from datetime import date
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from studyapp.notes.check import check
from studyapp.notes.media import Shelf, look, pixels, shown, shows


def saved(form: str, mode: str = "RGB", **options: object) -> bytes:
    made = BytesIO()
    Image.new(mode, (123, 45)).save(made, form, **options)
    return made.getvalue()


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    pack = tmp_path / "pack"
    (pack / "1" / "media").mkdir(parents=True)
    for name in ("a b.png", "c#d.png"):
        (pack / "1" / "media" / name).write_bytes(saved("PNG"))
    (pack / "above.gif").write_bytes(saved("GIF"))
    (pack / "1" / "broken.png").write_bytes(saved("PNG")[:20])
    (pack / "1" / "huge.bmp").write_bytes(saved("BMP")[:18] + b"\xff\xff\0\0" * 2 + bytes(40))
    (pack / "1" / "x.svg").write_text("<svg/>")
    (pack / "1" / "x.mp3").write_bytes(b"ID3")
    (pack / "1" / "notes.md").write_text("")
    (pack / "1" / "out.png").symlink_to(tmp_path / "secret.png")
    (tmp_path / "secret.png").write_bytes(saved("PNG"))
    return Shelf(pack / "1" / "notes.md", pack)


@pytest.mark.parametrize(
    ("text", "told", "there"),
    [
        ("![one *two*](<media/a b.png> 'title')", "[image: one *two*, 123×45]", True),
        ("![](media/a%20b.png)", "[image: a b.png, 123×45]", True),
        ("![n](media/c%23d.png)", "[image: n, 123×45]", True),
        ("![n](../above.gif#part)", "[image: n, 123×45]", True),
        ("![n](x.svg)", "[image: n]", True),
        ("[n](x.mp3)", "[sound: n]", True),
        ("![](x.mp3)", "[sound: x.mp3]", True),
        ("![n](broken.png)", "[image: n, cannot be drawn]", True),
        ("![n](huge.bmp)", "[image: n, too large to be drawn: 65,535×65,535]", True),
        ("![n](gone.png)", "[image: n, not there]", False),
        ("![n](../../secret.png)", "[image: n, not in its pack]", False),
        ("![n](/etc/passwd)", "[image: n, not in its pack]", False),
        ("![n](out.png)", "[image: n, not in its pack]", False),
        ("![n](notes.md)", "[image: n, no picture or sound]", False),
        ("![n](media)", "[image: n, no picture or sound]", False),
        (f"![n]({'x' * 900}.png)", "[image: n, not there]", False),
        ("![n](a%00.png)", "[image: n, not there]", False),
        ("![n](https://a.b/c.png)", "[image: n, https://a.b/c.png]", False),
    ],
)
def test_what_a_text_shows(shelf: Shelf, text: str, told: str, there: bool) -> None:
    (node,) = shown(f"See {text}, `{text}`.")
    medium = look(node, shelf)
    assert (medium.told, medium.file is not None) == (told, there)


def test_what_leads_elsewhere_is_a_link(shelf: Shelf) -> None:
    text = "[n](fact:overfit.error_gap) [n](https://a.b/c.mp3) [n](note:a-note) [n](a.md)"
    assert not list(shown(text))
    assert not shows("[n](fact:overfit.error_gap) a[n] (x.mp3)")


@pytest.mark.parametrize(
    "head",
    [
        *(saved(form) for form in ("PNG", "JPEG", "GIF", "BMP", "WEBP")),
        saved("WEBP", lossless=True),
        saved("WEBP", "RGBA"),
        saved("JPEG", progressive=True, exif=b"Exif\0\0" + bytes(50_000)),
    ],
    ids=lambda head: str(len(head)),
)
def test_the_first_bytes_say_the_size(head: bytes) -> None:
    assert pixels(head) == (123, 45)
    for length in range(0, 64, 3):
        pixels(head[:length])  # whatever is missing


def test_check_names_what_is_not_there_with_its_line(shelf: Shelf) -> None:
    shelf.file.write_text(
        "---\npack: birds\ndeck: Birds\nkind: questionnaire\n---\n\n## Which? {#which}\n\n"
        "![there](<media/a b.png>) [call](x.mp3) ![web](https://a.b/c.png)\n\n"
        "![two](media/a%20bc.png)\n\n<!-- answer -->\n\n`![code](gone.png)`\n\n"
        "[call](gone.mp3) ![](../../secret.png)\n\n- [ ] ![](gone.gif)\n"
    )
    found = check([shelf.pack], date(2026, 11, 29), own=[shelf.pack])
    assert [(one.line, one.message) for one in found.problems] == [
        (11, "the image media/a%20bc.png is not there"),
        (17, "the image ../../secret.png is not in its pack"),
        (17, "the sound gone.mp3 is not there"),
        (19, "the image gone.gif is not there"),
    ]
