"""Boxes with a title that asks, as programs that make sites of Markdown have them, as callouts.

!!! question "Why?"        :::{dropdown} Why?        .. admonition:: Why?
    So.                    So.                          So.
                           :::
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from studyapp.notes import wording

_INDENTED = re.compile(
    r"(?:(?:!{3}|\?{3}\+?)[ \t]++[\w -]{0,60}\"([^\"\n]+)\"|\.\. [\w-]{1,60}::[ \t]+(\S.*))[ \t]*"
)
_FENCED = re.compile(
    r":{3,}[ \t]*(?:(?:\{[\w-]{1,60}\}|[\w-]{1,60})(?:[ \t]+([^\s\[{].*)|\[([^\]\n]+)\])"
    r"|\{[^{}\"\n]{0,300}title=\"([^\"\n]+)\"[^{}\n]*\})[ \t]*"
)
_CLOSES = re.compile(r"(:{3,})[ \t]*")
_OPTION = re.compile(r"[ \t]*:[\w-]{1,60}:(?:[ \t]|$)")


def as_callouts(lines: Sequence[str], is_code: Callable[[int], bool]) -> list[str]:
    """As many texts, with each such box as a quote that begins with its title. One that does not
    end, or holds nothing, is its title."""
    found, at, closings = list(lines), 0, dict[str, list[int]]()
    for place in range(len(lines) - 1, -1, -1):
        if (closes := _CLOSES.fullmatch(lines[place])) and not is_code(place):
            closings.setdefault(closes[1], []).append(place)
    while at < len(lines):
        end, line = at + 1, lines[at]
        fenced = _FENCED.fullmatch(line) if not is_code(at) else None
        box = fenced or (_INDENTED.fullmatch(line) if not is_code(at) else None)
        title = next(filter(None, box.groups()), "") if box else ""
        if wording.is_asked(title):
            fence = line[: len(line) - len(line.lstrip(":"))]
            end = _closing(closings.get(fence, []), at) if fenced else _end(lines, at)
            found[at:end] = _quoted(title, lines[at + 1 : end]) if end > at + 1 else [title]
        at = end
    return found


def _closing(places: list[int], at: int) -> int:
    """The line after the first of the *places*, the last of which is the first, below *at*."""
    while places and places[-1] <= at:
        places.pop()
    return places[-1] + 1 if places else at + 1


def _end(lines: Sequence[str], at: int) -> int:
    """Where what is indented below a line ends."""
    end = last = at + 1
    while end < len(lines) and (lines[end][:1] in (" ", "\t") or not lines[end].strip()):
        last = end + 1 if lines[end].strip() else last
        end += 1
    return last


def _quoted(title: str, body: Sequence[str]) -> list[str]:
    """A callout of a box that has the *body*, without its options and the line that closes it."""
    lines, is_head = [f"\n> [!question] {title}"], True
    depth = min((len(one) - len(one.lstrip()) for one in body if one.strip()), default=0)
    for line in body:
        is_head = is_head and (not line.strip() or _OPTION.match(line) is not None)
        said = ">" if is_head else f"> {line[depth:]}".rstrip()
        lines.append("" if _CLOSES.fullmatch(line) else said)
    return lines
