"""The formats that notes can be written in, by name, and which of them a file's ending means."""

from __future__ import annotations

from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import Protocol, cast

from studyapp.notes.foreign import Foreign
from studyapp.notes.outgoing import Lost, Told

# By the names that their readers have (`notes/formats.py`).
WRITERS = {
    "anki": "studyapp.notes.ankipackage",
    "anki-text": "studyapp.notes.ankitable",
    "hashcards": "studyapp.notes.hashdeck",
    "obsidian": "studyapp.notes.obsidianpage",
}


class Writer(Protocol):
    """A module that writes one format."""

    def write(self, path: Path, foreign: Foreign, now: datetime, told: Told) -> Lost:
        """Write all that the format can carry to *path*, and say what it cannot: of notes that
        are asked, asked both ways or hide texts, and of nothing else. Raises OSError."""

    def is_ours(self, path: Path) -> bool:
        """Whether a file of the format was written here: what others write is not written over.
        Raises OSError."""


def writer(name: str) -> Writer:
    """The writer of a format, imported when it is needed."""
    return cast(Writer, import_module(WRITERS[name]))
