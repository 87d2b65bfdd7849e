"""A content file as it is read: its lines, its chunks, and what is found wrong or missing in them.

Line numbers count from 1, columns from 0.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from studyapp.errors import printable
from studyapp.notes.note import Problem

if TYPE_CHECKING:
    from markdown_it.token import Token

FIX = "`studyapp check --fix` writes one"


@dataclass(frozen=True, slots=True)
class Gap:
    """Where an id is missing: `before` + slug of `text` + `after` belongs at this place.

    Without text it is a part of a table's new column.
    """

    line: int
    column: int
    before: str
    after: str
    text: str
    default: str = "note"

    @property
    def place(self) -> tuple[int, int]:
        return self.line, self.column


class File:
    """A file's lines, and what is found wrong or missing while they are read."""

    def __init__(self, path: Path, source: str, *, bom: bool = False) -> None:
        self.path = path
        self.source = source
        self.bom = bom
        text = re.sub(r"\r\n?", "\n", source)
        # As composed characters: the same text, whatever system saved it.
        self.lines = unicodedata.normalize("NFC", printable(text)).split("\n")
        self.problems: list[Problem] = []
        self.gaps: list[Gap] = []
        if "\0" in text:
            self.report(text.count("\n", 0, text.index("\0")) + 1, "there is a NUL character here")

    def report(self, line: int, message: str) -> None:
        self.problems.append(Problem(self.path, line, printable(message)))


@dataclass(frozen=True, slots=True)
class Chunk:
    """Lines `start` to `end` (from 0, the end excluded) with their tokens.

    `title` is the heading's text; None for a table of terms and for what no note claims.
    """

    start: int
    end: int
    tokens: Sequence[Token]
    title: str | None = None
    table: bool = False


def opened(path: Path) -> File:
    """The file at *path*; without lines, but for a problem, if it cannot be read."""
    try:
        str(path).encode()
        data = path.read_bytes()
    except (OSError, UnicodeEncodeError) as error:
        told = error.strerror if isinstance(error, OSError) else "its name is not UTF-8"
        file = File(path, "")
        file.report(1, f"the file cannot be read: {told}")
        return file
    return decoded(path, data)


def decoded(path: Path, data: bytes) -> File:
    """The same as if *data* were what it holds."""
    bom = data.startswith(codecs.BOM_UTF8)
    data = data.removeprefix(codecs.BOM_UTF8)
    try:
        return File(path, data.decode(), bom=bom)
    except UnicodeDecodeError as error:
        before = data[: error.start].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        file = File(path, "")
        file.report(
            before.count(b"\n") + 1,
            f"the byte 0x{data[error.start]:02x} is not UTF-8; save the file as UTF-8",
        )
        return file


def lines_of(file: File) -> list[str]:
    """As they stand in the file, but for how they end."""
    return re.sub(r"\r\n?", "\n", file.source).split("\n")
