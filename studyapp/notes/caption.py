"""How a report calls a note where a source has no lines: its id would tell nobody which it is."""

from __future__ import annotations

from studyapp.notes.plain import plain

_BEGINS, _SHORT = 400, 60  # characters of a front that are looked at, and that are shown


def named(text: str) -> str:
    """A note by how its front, Markdown, begins."""
    words = " ".join(plain(text[:_BEGINS]).split())
    if not words:
        return "a note without words"
    return f"“{words}”" if len(words) <= _SHORT else f"“{words[:_SHORT].rsplit(' ', 1)[0]} …”"
