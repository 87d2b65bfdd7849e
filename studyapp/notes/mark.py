"""The comment by which a note that went to a text of cards is known when it comes back from there.

Such texts have no names for their cards. The comment stands on a line of its own above the card,
where neither hashcards nor Obsidian takes it for a part of one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote, unquote

_MARK = re.compile(r"<!-- studyapp: (?P<guid>[^\s,]{1,200})(?P<back>, reversed)? -->[ \t]*")


class Mark(NamedTuple):
    """What a note is called, the line of the comment, and whether this is its other side."""

    guid: str
    at: int
    back: bool


def spelled(guid: str) -> str:
    """A guid as one word that no comment ends in."""
    return quote(guid, safe="").replace("-", "%2D")


def written(guid: str, *, back: bool = False) -> str:
    return f"<!-- studyapp: {spelled(guid)}{', reversed' if back else ''} -->"


def is_in(path: Path) -> bool:
    """Whether a card of a text went there from here. Raises OSError."""
    return is_marked(path.read_bytes().decode("utf-8", "replace").splitlines())


def is_marked(lines: Sequence[str]) -> bool:
    """The same of its lines."""
    return any(map(_MARK.fullmatch, lines))


def above(lines: Sequence[str], at: int) -> Mark | None:
    """The mark right above line *at*, but for blank lines."""
    at -= 1
    while at >= 0 and not lines[at].strip():
        at -= 1
    found = _MARK.fullmatch(lines[at]) if at >= 0 else None
    return Mark(unquote(found["guid"]), at, bool(found["back"])) if found else None
