r"""JSON that somebody else wrote. Its escapes can name half a surrogate pair, which is a character
nowhere: no file, digest or database takes it. No other text that is read here can have one, so what
it becomes is decided in this place alone: U+FFFD, as where text is typed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from studyapp.notes.note import Problem

_MAY_BE = re.compile(r"\\u[dD][89a-fA-F]")
# Each escape whole, so that no backslash of one before it begins another.
_ESCAPE = re.compile(
    r"\\(?:u[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2}"
    r"|(?P<half>u[dD][89a-fA-F][\da-fA-F]{2})|.)",
    re.DOTALL,
)


def mended(text: str, path: Path) -> tuple[str, tuple[Problem, ...]]:
    """JSON without halves of characters, and a problem that tells of them. Its length stays."""
    if not _MAY_BE.search(text):
        return text, ()
    halves = [found.start() for found in _ESCAPE.finditer(text) if found["half"]]
    if not halves:
        return text, ()
    more = f", and {len(halves) - 1} more" if len(halves) > 1 else ""
    told = f"half a character is here{more}, which is none: read as \ufffd"
    line = text.count("\n", 0, halves[0]) + 1
    return "".join(_pieces(text, halves)), (Problem(path, line, told),)


def loads(said: str | bytes) -> Any:
    """The value of JSON, its halves of characters replaced. Raises ValueError if it is none, or is
    nested too deeply."""
    text = said if isinstance(said, str) else said.decode("utf-8", "replace")
    try:
        return json.loads(mended(text, Path())[0])
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _pieces(text: str, halves: list[int]) -> Iterator[str]:
    end = 0
    for start in halves:
        yield text[end:start]
        yield r"\ufffd"
        end = start + len(r"\ufffd")
    yield text[end:]
