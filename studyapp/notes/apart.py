"""What stands in a text of Obsidian and is no text of a card: maths, comments, addresses, tables.

A sign that parts question and answer elsewhere parts nothing there. Which lines it is, and the same
text with other signs in its place, so that offsets and lines stay.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from studyapp.notes.card import CODE_SPAN, FENCE, outside_code, without_code

_COMMENT = (
    r"(?<!\\)<!--(?:(?!<!--|-->)[\s\S])*+-->|^[ \t>]*+%%(?:(?!%%)[\s\S])*+%%[ \t]*$"
    r"|%%(?:(?!%%).)*+%%"
)
_MATHS = (
    r"(?<!\\)\$\$(?:(?!\$\$|\n[ \t>]*\n)[\s\S])*+\$\$"
    r"|(?<![\\$\w])\$(?![\s$:])[^$\n]++(?<![\s\\])\$(?![\d$])"
)
_GAP = rf"\{{\{{c[\d,]++::(?:(?:{_MATHS}|(?!\{{\{{c\d|\}}\}})[^\n])*+\}}\}})?"  # of Anki's
_LINK = r"\{\{[^{}\n]*+\}\}|\[\[[^\[\]\n]*+\]\]|\[[^\[\]\n]*+\]\([^()\n]*+\)|<[A-Za-z/][^<>\n]*+>|\bhttps?://\S+"
_SHOWN = re.compile(f"{_COMMENT}|{_MATHS}", re.MULTILINE)
_IN_LINE = re.compile(f"{CODE_SPAN.pattern}|{_COMMENT}|{_MATHS}|{_GAP}|{_LINK}", re.MULTILINE)
_HIDDEN = re.compile(_COMMENT, re.MULTILINE)
_FORMULA = re.compile(_MATHS, re.MULTILINE)
_PARTS = re.compile(r":(?=:)")
_QUIET = re.compile(r":(?:\\|\{\})(?=:)|=\\(?==)|;\\(?=;)")
_HIDES = re.compile(r"=(?==)")
_HINTS = re.compile(r";(?=;)")
_DELIMITER = re.compile(r"\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?")


def covered(line: str) -> str:
    """A line with other signs in place of its code, maths, comments, gaps and links."""
    return _IN_LINE.sub(_cover, line)


def shown(text: str) -> str:
    """Lines with other signs in place of their code, maths and comments."""
    return _SHOWN.sub(_cover, without_code(text))


def quiet(text: str, *, hides: bool = False) -> str:
    """A text that shows the same, but in which no `::` parts what stands before it; in one that
    *hides* texts no `==` begins one, nor `;;` a hint. In maths a backslash would be a blank; code
    stays as it is."""

    def prose(piece: str) -> str:
        piece = _PARTS.sub(r":\\", piece)
        return _HINTS.sub(r";\\", _HIDES.sub(r"=\\", piece)) if hides else piece

    def change(piece: str) -> str:
        said, end = list[str](), 0
        for maths in _FORMULA.finditer(piece):
            said += [prose(piece[end : maths.start()]), _PARTS.sub(":{}", maths[0])]
            end = maths.end()
        return "".join([*said, prose(piece[end:])])

    return outside_code(text, change) if "::" in text or hides else text


def aloud(text: str) -> str:
    """What was `quiet`, as it was before."""
    if "\\" not in text and ":{}:" not in text:
        return text
    return outside_code(text, lambda piece: _QUIET.sub(lambda found: found[0][0], piece))


def may_part(text: str) -> bool:
    """Whether a `::` in code may part a line all the same: the plugin counts the backticks before
    it and behind it, and knows no code else than in a fence."""
    for line in FENCE.sub("", text).split("\n"):
        at = line.find("::")
        if at >= 0 and not (line.count("`", 0, at) % 2 and line.count("`", at) % 2):
            return True
    return False


def comments(lines: Sequence[str]) -> set[int]:
    """The lines, counted from 0, of comments that have several."""
    return set(_several(_HIDDEN, without_code("\n".join(lines))))


def formulas(lines: Sequence[str]) -> set[int]:
    """The lines of comments and formulas that have several."""
    return set(_several(_SHOWN, without_code("\n".join(lines))))


def rows(lines: Sequence[str]) -> set[int]:
    """The lines that are rows of a table: below a head and its rule, or between two bars."""
    found, inside = set[int](), False
    lines = [line.strip(" \t>") for line in lines]
    for at, line in enumerate(lines):
        inside = inside and "|" in line
        if "|" in line and _DELIMITER.fullmatch(line) and at and "|" in lines[at - 1]:
            found.add(at - 1)
            inside = True
        if inside or (len(line) > 1 and line.startswith("|") and line.endswith("|")):
            found.add(at)
    return found


def _several(mark: re.Pattern[str], text: str) -> Iterator[int]:
    at = line = 0
    for found in mark.finditer(text):
        line += text.count("\n", at, found.start())
        at = found.start()
        if count := found[0].count("\n"):
            yield from range(line, line + count + 1)


def _cover(found: re.Match[str]) -> str:
    return re.sub(r"\S", "\ufffc", found[0])
