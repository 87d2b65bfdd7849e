"""The pictures and sounds that a text of a pack shows: which file each is, and how large.

A text is a stranger's: it names no file but pictures and sounds of its own pack, and what they say
of themselves is looked at before anything is made of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from studyapp.errors import printable
from studyapp.notes import raster
from studyapp.notes.plain import parse

if TYPE_CHECKING:
    from markdown_it.tree import SyntaxTreeNode

FOLDER = "media"  # where what comes along with notes lies, beside their file
NOT_THERE = "not there"
LARGEST = 200 << 20  # bytes of a picture or a sound
_LONGEST_NAME = 200  # bytes of a file's name
DRAWN = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".bmp")  # what says its size in its first bytes
PICTURES = (*DRAWN, ".svg", ".avif", ".tif", ".tiff", ".ico")
SOUNDS = (  # and what moves, too
    *(".mp3", ".ogg", ".oga", ".opus", ".wav", ".flac", ".m4a", ".aac", ".spx", ".3gp"),
    *(".mp4", ".webm", ".mov", ".mkv", ".avi", ".mpg", ".mpeg", ".ogv"),
)
_HEAD = 256 << 10  # bytes in which a photograph says its size, behind a preview of itself
_ENDINGS = "|".join(one[1:] for one in SOUNDS)
_SHOWN = re.compile(rf"!\[|\]\(\s*<?[^()<>\n]+\.(?:{_ENDINGS})\b", re.IGNORECASE)
# The address in a link or a picture, with the spaces in it that many write; what may follow it.
ADDRESS = (
    r"[ \t]*(?:<(?P<within>[^<>\n]+)>"
    r"|(?P<bare>(?:\\.|\((?:\\.|[^\s()<>\\])*\)|[^\s()<>\\]|[ \t]+(?=[^\s\"'()]))+))"
)
TITLE = r"(?:[ \t]+(?:\"[^\"\n]*\"|'[^'\n]*'|\([^()\n]*\)))?[ \t]*"
LINK = re.compile(rf"(?<=\]\(){ADDRESS}(?={TITLE}\))")
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
# Where in a photograph (JPEG) its size stands: in any of these segments, but for tables.
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


@dataclass(frozen=True, slots=True)
class Shelf:
    """Where what a text shows may lie: beside its `file`, and never out of the `pack`."""

    file: Path
    pack: Path


@dataclass(frozen=True, slots=True)
class Medium:
    """A picture or a sound as a text names it. `file` is None of one that cannot be opened here;
    `trouble` says why it cannot, or cannot be drawn. `size` is in pixels."""

    kind: str  # image or sound
    name: str
    file: Path | None = None
    trouble: str = ""
    size: tuple[int, int] | None = None

    @property
    def is_drawn(self) -> bool:
        """Whether the picture can be drawn, as far as it says itself."""
        return self.file is not None and self.size is not None and not self.trouble

    @property
    def told(self) -> str:
        """The medium in words, where it is not drawn."""
        size = "{:,}×{:,}".format(*self.size) if self.size and not self.trouble else ""
        return f"[{self.kind}: {', '.join(filter(None, (self.name, size, self.trouble)))}]"


def shows(text: str) -> bool:
    """Whether there may be a picture or a sound in *text*; of most texts this is all that is
    asked."""
    return bool(_SHOWN.search(text))


def shown(text: str) -> Iterator[SyntaxTreeNode]:
    """The nodes of *text* that show a picture or a sound."""
    if shows(text):
        yield from filter(is_medium, parse(text).walk())


def is_medium(node: SyntaxTreeNode) -> bool:
    """Whether a node shows a picture, or leads to a sound."""
    if node.type == "link":
        address = address_of(node)
        return path_of(address).lower().endswith(SOUNDS) and not is_elsewhere(address)
    return node.type == "image"


def look(node: SyntaxTreeNode, shelf: Shelf | None) -> Medium:
    """What a node of a text on this *shelf* shows, as far as its file says before it is opened."""
    address, said = address_of(node), node.content or "".join(one.content for one in node.children)
    kind = "sound" if path_of(address).lower().endswith(SOUNDS) else "image"
    last = address if is_elsewhere(address) else path_of(address).rpartition("/")[2]
    name = printable(" ".join((said or last).split()))
    if is_elsewhere(address):  # nothing is fetched; who wants to see it goes there
        return Medium(kind, name, trouble=printable(address) if said else "")
    if shelf is None or not address:
        return Medium(kind, name)
    found = place(address, shelf)
    if isinstance(found, str):
        return Medium(kind, name, trouble=found)
    if kind == "sound":
        return Medium(kind, name, found)
    if found.suffix.lower() not in DRAWN:
        return Medium(kind, name, found)
    size = _size(found, found.stat().st_mtime_ns)
    if size is None:
        return Medium(kind, name, found, "cannot be drawn")
    if size[0] * size[1] > raster.MOST:
        return Medium(kind, name, found, "too large to be drawn: {:,}×{:,}".format(*size), size)
    return Medium(kind, name, found, size=size)


def is_elsewhere(address: str) -> bool:
    """Whether an address is in the web, or of something that only its author's site knows."""
    try:
        return bool(urlsplit(address).scheme or urlsplit(address).netloc)
    except ValueError:
        return True


def place(address: str, shelf: Shelf) -> Path | str:
    """The file that *address* names; else why there is none, in a few words."""
    path = path_of(address)
    try:
        file = (shelf.file.parent / path).resolve()
        if not file.is_relative_to(shelf.pack.resolve()):
            return "not in its pack"
        if file.suffix.lower() not in (*PICTURES, *SOUNDS):
            return "no picture or sound"
        if not file.is_file():
            return NOT_THERE
        return file if file.stat().st_size <= LARGEST else "too large"
    except (OSError, ValueError, RuntimeError):  # a name that no file can have, links in a circle
        return NOT_THERE


def file_of(address: str, shelf: Shelf) -> Path | None:
    """The file in its pack to which *address* leads, whatever it is but a text of the pack; None if
    there is none."""
    if is_elsewhere(address):
        return None
    try:
        file = (shelf.file.parent / path_of(address)).resolve()
        inside = file.is_relative_to(shelf.pack.resolve())
        return file if inside and file.is_file() and file.suffix != ".md" else None
    except (OSError, ValueError, RuntimeError):  # as in `place`
        return None


def target(link: re.Match[str]) -> str:
    """Where a `LINK` leads, as a reader of Markdown takes it."""
    return unescape(_ESCAPED.sub(r"\1", link["within"] or link["bare"]))


def address_of(node: SyntaxTreeNode) -> str:
    """Where a picture or a link leads, as its text says."""
    return str(node.attrs.get("src" if node.type == "image" else "href", ""))


def path_of(address: str) -> str:
    """An address without what a page of the web would have behind it."""
    return unquote(re.split(r"[?#]", address, maxsplit=1)[0])


def is_name(name: str) -> bool:
    """Whether *name* is that of a file in a folder itself, which nothing takes for a note."""
    return (
        name == printable(name)
        and not set(name) & set('/\\:*?"<>|\n\t')
        and not name.startswith(".")
        and not name.casefold().endswith((".md", ".tmp"))
        and 0 < len(name.encode("utf-8", "replace")) <= _LONGEST_NAME
        and name == name.strip()
    )


@lru_cache(maxsize=256)
def _size(file: Path, _changed: int) -> tuple[int, int] | None:
    """Width and height of a picture in pixels, as its first bytes say; None if they do not."""
    try:
        with file.open("rb") as opened:
            size = pixels(opened.read(_HEAD))
    except OSError:
        return None
    return size if size and all(size) else None


def pixels(head: bytes) -> tuple[int, int] | None:
    """Width and height that the first bytes of a PNG, GIF, BMP, WebP or JPEG say.

    By hand, as what reads pictures takes longer to load than a card may take to be shown.
    """
    if head[:8] == b"\x89PNG\r\n\x1a\n" and head[12:16] == b"IHDR" and len(head) >= 24:
        return int.from_bytes(head[16:20]), int.from_bytes(head[20:24])
    if head[:6] in (b"GIF87a", b"GIF89a") and len(head) >= 10:
        return _little(head[6:8]), _little(head[8:10])
    if head[:2] == b"BM" and len(head) >= 26:
        height = int.from_bytes(head[22:26], "little", signed=True)  # below 0: from top to bottom
        return _little(head[18:22]), abs(height)
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP" and len(head) >= 30:
        return _webp(head)
    return _jpeg(head) if head[:2] == b"\xff\xd8" else None


def _webp(head: bytes) -> tuple[int, int] | None:
    match head[12:16]:
        case b"VP8X":
            return _little(head[24:27]) + 1, _little(head[27:30]) + 1
        case b"VP8L":
            bits = _little(head[21:25])
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        case b"VP8 ":
            return _little(head[26:28]) & 0x3FFF, _little(head[28:30]) & 0x3FFF
    return None


def _jpeg(head: bytes) -> tuple[int, int] | None:
    at = 2
    while at + 9 <= len(head) and head[at] == 0xFF:
        if head[at + 1] in _FRAMES:
            return int.from_bytes(head[at + 7 : at + 9]), int.from_bytes(head[at + 5 : at + 7])
        at += 1 if head[at + 1] == 0xFF else 2 + int.from_bytes(head[at + 2 : at + 4])
    return None


def _little(part: bytes) -> int:
    return int.from_bytes(part, "little")
