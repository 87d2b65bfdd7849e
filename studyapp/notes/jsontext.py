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
_TOKEN = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[{}]', re.DOTALL)


class Object(dict[str, Any]):
    """An object of JSON: the line on which it begins, and the names that it has more than once, of
    which the last one holds."""

    __slots__ = ("line", "twice")

    def __init__(self, pairs: list[tuple[str, Any]], line: int = 1) -> None:
        super().__init__(pairs)
        self.line = line
        names = [name for name, _ in pairs] if len(self) < len(pairs) else []
        self.twice = tuple(name for name in self if names.count(name) > 1) if names else ()


class Lines(list[Any]):
    """Values of JSON Lines, and the line of each."""

    __slots__ = ("numbers",)

    def __init__(self, found: list[tuple[int, Any]]) -> None:
        super().__init__(value for _, value in found)
        self.numbers = tuple(line for line, _ in found)


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


def located(text: str, line: int = 1) -> Any:
    """The value of JSON that begins on a *line*, of which each object is an `Object`, and a number
    is as it is written. Raises ValueError if it is none, and RecursionError."""
    begins = _begins(text, line)

    def made(pairs: list[tuple[str, Any]]) -> Object:
        return Object(pairs, next(begins, line))

    return json.loads(
        text, object_pairs_hook=made, parse_int=str, parse_float=str, parse_constant=str
    )


def _begins(text: str, line: int) -> Iterator[int]:
    """The lines on which objects begin, in the order in which they end, as they are made."""
    begun, at = list[int](), 0
    for token in _TOKEN.finditer(text):
        if token[0] == "{":
            line, at = line + text.count("\n", at, token.start()), token.start()
            begun.append(line)
        elif token[0] == "}" and begun:
            yield begun.pop()


def _pieces(text: str, halves: list[int]) -> Iterator[str]:
    end = 0
    for start in halves:
        yield text[end:start]
        yield r"\ufffd"
        end = start + len(r"\ufffd")
    yield text[end:]
