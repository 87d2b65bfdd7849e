"""Org as Markdown, line by line: its headings, quotes and links, without what is said of a heading
alone: tags, a state, drawers and dates.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from studyapp.notes.card import outside_code
from studyapp.notes.outline import Outline, dedented, has_heading

_SAYS_SO = re.compile(r"[ \t]*(?:#\+\w+:|:PROPERTIES:)|\*+[ \t].*:drill:(?:\w+:)*[ \t]*$")
_HEADING = re.compile(r"(\*+)[ \t]+(\S.*)")
_STATE = re.compile(r"(?:(?:TODO|DONE|NEXT|WAITING|CANCELLED)[ \t]+)?(?:\[#\w\][ \t]+)?")
_TAGS = re.compile(r"(?:^|[ \t]):([\w@#%:]+):[ \t]*$")
_DRAWER = re.compile(r"[ \t]*:[\w-]+:[ \t]*$")
_ENDS = re.compile(r"[ \t]*:END:[ \t]*$", re.IGNORECASE)
_PROPERTY = re.compile(r"[ \t]*:([\w-]+):[ \t]*(.*)")
_DATES = re.compile(r"[ \t]*(?:(?:SCHEDULED|DEADLINE|CLOSED):[ \t]*[<\[][^<>\[\]]*[>\]][ \t]*)+$")
_COMMENT = re.compile(r"[ \t]*#(?:[ \t]|$)")
_QUOTES = re.compile(r"[ \t]*#\+(begin|end)_(?:quote|verse)\b", re.IGNORECASE)
_LINK = re.compile(r"\[\[([^\[\]\n]{1,2000})\](?:\[([^\[\]\n]{1,500})\])?\]")
_PICTURE = re.compile(r".*\.(?:png|jpe?g|gif|svg|webp)", re.IGNORECASE)
_BOUNDS = r"(?<![^\s('\"-]){0}(?![\s{0}])([^{0}\n]{{0,200}}[^\s{0}]){0}(?![^\s)'\".,:;!?-])"
_VERBATIM, _CODE = (re.compile(_BOUNDS.format(sign)) for sign in "=~")
_BOLD = re.compile(_BOUNDS.format(r"\*"))


@dataclass(frozen=True, slots=True)
class Entry:
    """A heading on line `at`, counted from 0; what is below it goes up to the next, at `end`."""

    at: int
    end: int
    level: int
    title: str
    tags: frozenset[str]
    properties: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Org:
    """A text as Markdown, in as many lines as it had; its headings; which lines had dates."""

    lines: list[str]
    entries: list[Entry] = field(default_factory=list)
    dated: list[int] = field(default_factory=list)


def is_one(lines: Sequence[str], path: Path) -> bool:
    """Whether a text is Org, by its name or what stands in it."""
    if path.suffix.lower() == ".org":
        return True
    return any(map(_SAYS_SO.match, lines)) and not has_heading(lines)


def read(lines: Sequence[str]) -> Org:
    """A text of Org in which code stands in fences."""
    is_code = Outline(lines).is_code
    heads = {
        at: found
        for at, line in enumerate(lines)
        if line.startswith("*") and not is_code(at) and (found := _HEADING.match(line))
    }
    org = Org(list(lines))
    places = [*heads, len(lines)]
    _section(org, 0, places[0], is_code)
    for at, end in pairwise(places):
        stars, title = heads[at].groups()
        tags = _TAGS.search(title)
        said = _inline(_STATE.sub("", title[: tags.start()] if tags else title, count=1).strip())
        org.lines[at] = f"{'#' * min(len(stars), 6)} {said}"
        properties = _section(org, at + 1, end, is_code)
        names = frozenset(tags[1].lower().split(":") if tags else ())
        org.entries.append(Entry(at, end, len(stars), said, names, properties))
    return org


def _section(org: Org, first: int, end: int, is_code: Callable[[int], bool]) -> dict[str, str]:
    """Write the lines between two headings as Markdown; the properties that they have."""
    properties, at, in_quote = dict[str, str](), first, False
    last = max((at for at in range(first, end) if _ENDS.match(org.lines[at])), default=-1)
    while at < end:
        line = org.lines[at]
        if is_code(at):
            pass
        elif at < last and _DRAWER.match(line):
            after = next(to + 1 for to in range(at, end) if _ENDS.match(org.lines[to]))
            for place in range(at, after):
                if found := _PROPERTY.match(org.lines[place]):
                    properties[found[1].upper()] = found[2].strip()
                org.lines[place] = ""
            at = after
            continue
        elif _DATES.match(line):
            org.dated.append(at)
            org.lines[at] = ""
        elif _COMMENT.match(line):
            org.lines[at] = ""
        elif found := _QUOTES.match(line):
            in_quote = found[1].lower() == "begin"
            org.lines[at] = ""
        else:
            org.lines[at] = f"> {_inline(line.strip())}" if in_quote else _inline(line)
        at += 1
    org.lines[first:end] = dedented(org.lines[first:end])
    return properties


def _inline(line: str) -> str:
    if not any(sign in line for sign in "[=~*"):
        return line
    line = outside_code(line, lambda piece: _VERBATIM.sub(r"`\1`", piece))
    line = outside_code(line, lambda piece: _CODE.sub(r"`\1`", piece))
    return outside_code(line, lambda piece: _BOLD.sub(r"**\1**", _LINK.sub(_link, piece)))


def _link(found: re.Match[str]) -> str:
    to, said = found[1].removeprefix("file:"), found[2]
    if _PICTURE.fullmatch(to):
        return f"![{said or ''}](<{to}>)" if " " in to else f"![{said or ''}]({to})"
    return f"[{said or to}](<{to}>)" if " " in to else f"[{said or to}]({to})"
