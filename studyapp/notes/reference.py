"""Links and footnotes whose other half stands elsewhere in a text, brought to where they are used.

A note goes its own way, so what is defined at the end of a file would be in the last answer, and
missing from all others.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from studyapp.notes.card import outside_code

_DEFINES = re.compile(
    r" {0,3}\[(?P<id>\^?[^\[\]\n]{1,100})\]:[ \t]*"
    r"(?:(?P<link><[^<>\n]+>|\S+)(?P<title>[ \t]+(?:\"[^\"\n]*\"|'[^'\n]*'|\([^()\n]*\)))?[ \t]*$"
    r"|(?P<said>\S.*))"
)
_LINK = re.compile(
    r"(?<!\\)(?P<text>\[(?P<said>[^\[\]\n]{0,300})\])(?:\[(?P<id>[^\[\]\n^]{0,100})\]|(?![\[(:{]))"
)
_NOTE = re.compile(r"\[(\^[^\[\]\n]{1,100})\]")


@dataclass(frozen=True, slots=True)
class Definition:
    """What an id stands for: the address of a link, or the lines of a footnote; its lines."""

    said: str
    first: int
    end: int


def definitions(lines: Sequence[str], is_code: Callable[[int], bool]) -> dict[str, Definition]:
    """What a text defines, by ids; one that is there twice is defined where it stands."""
    found, times = dict[str, Definition](), Counter[str]()
    for at, line in enumerate(lines):
        match = None if is_code(at) or "]:" not in line else _DEFINES.match(line)
        if match is None or not (match["link"] or match["id"].startswith("^")):
            continue
        key, end = _key(match["id"]), at + 1
        said = line[match.start("link") if match["link"] else match.start("said") :].strip()
        if key.startswith("^"):
            while end < len(lines) and lines[end].startswith(("  ", "\t")) and lines[end].strip():
                end += 1
            said = "\n".join([said, *lines[at + 1 : end]])
        found[key] = Definition(said, at, end)
        times[key] += 1
    return {key: one for key, one in found.items() if times[key] == 1}


def resolved(
    question: str, answer: str, known: Mapping[str, Definition], used: set[str]
) -> tuple[str, str]:
    """A note's sides with the addresses of their links, and their footnotes below the answer. What
    was *used* is added there."""

    def link(found: re.Match[str]) -> str:
        key = _key(found["id"] or found["said"])
        if key not in known or key.startswith("^"):
            return found[0]
        used.add(key)
        return f"{found['text']}({known[key].said})"

    question, answer = (
        outside_code(side, lambda piece: _LINK.sub(link, piece)) for side in (question, answer)
    )
    notes = dict.fromkeys(_key(mark) for mark in _NOTE.findall(f"{question}\n{answer}"))
    below = [f"[{key}]: {known[key].said}" for key in notes if key in known]
    used.update(key for key in notes if key in known)
    return question, "\n\n".join(filter(None, [answer, "\n".join(below)]))


def _key(said: str) -> str:
    return " ".join(said.casefold().split())
