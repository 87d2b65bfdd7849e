"""AsciiDoc as Markdown, line by line: its headings, lists, pictures and links. Of a list that
describes, what asks becomes a question with its answer, and a term an item of a list.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from studyapp.notes import outline, wording
from studyapp.notes.card import outside_code

_ENDINGS = (".adoc", ".asciidoc", ".asc")
_SAYS_SO = re.compile(r"={2,6}[ \t]+[^\s=]|\[(?:qanda|horizontal|glossary)\b[^\[\]]*\][ \t]*$")
_HEADING = re.compile(r"(={1,6})[ \t]+([^\s=].*)")
_ATTRIBUTE = re.compile(r":!?[\w-]+!?:(?:[ \t]|$)")
_STYLE = re.compile(r"\[(?P<name>[\w.#%]*)[^\[\]]*\][ \t]*$")
_COMMENT = re.compile(r"//(?!/)")
_DELIMITER = re.compile(r"(?:={4,}|\*{4,}|_{4,}|--)[ \t]*$")
_ENTRY = re.compile(
    r"[ \t]*(?![-*.][ \t])(?P<term>\S(?:.{0,300}?\S)??)(?P<mark>:{2,4}|;;)"
    r"(?:[ \t]+(?P<said>\S.*))?[ \t]*$"
)
_ITEM = re.compile(r"[ \t]*(?P<mark>\*{1,5}|\.{1,5})[ \t]+(?P<said>\S.*)")
_PICTURE = re.compile(r"\bimage::?([^\s\[\]]{1,500})\[([^\[\]\n]{0,300})\]")
_LINK = re.compile(r"(?:\blink:([^\s\[\]]{1,2000})|\b(https?://[^\s\[\]]{1,2000}))\[([^\[\]\n]+)\]")
_IsCode = Callable[[int], bool]


def is_one(lines: Sequence[str], path: Path) -> bool:
    """Whether a text is AsciiDoc, by its name or what stands in it."""
    if path.suffix.lower() in _ENDINGS:
        return True
    return any(map(_SAYS_SO.match, lines)) and not outline.has_heading(lines)


def as_markdown(lines: Sequence[str]) -> list[str]:
    """The lines of a text in which code stands in fences; one of them may have become several."""
    is_code, found = outline.Outline(lines).is_code, list(lines)
    style, at = "", 0
    while at < len(lines):
        line = lines[at]
        if is_code(at) or not line.strip():
            at += 1
            continue
        if said := _STYLE.match(line):
            style, found[at] = said["name"], ""
        elif _ENTRY.match(line):
            end = _end(lines, at, is_code)
            found[at:end] = _described(lines, at, end, is_code, asks=style == "qanda")
            style, at = "", end
            continue
        else:
            found[at], style = _line(line), ""
        at += 1
    return found


def _line(line: str) -> str:
    if heading := _HEADING.match(line):
        said = heading[2].rstrip()
        bare = said.rstrip("=")
        said = bare.rstrip() if bare != bare.rstrip() else said
        return f"{'#' * len(heading[1])} {_inline(said)}"
    if _ATTRIBUTE.match(line) or _COMMENT.match(line) or _DELIMITER.match(line):
        return ""
    if line.strip() == "+":
        return ""
    if item := _ITEM.match(line):
        indent, mark = "   " * (len(item["mark"]) - 1), "-" if item["mark"][0] == "*" else "1."
        return f"{indent}{mark} {_inline(item['said'])}"
    return _inline(line)


def _inline(line: str) -> str:
    return outside_code(line, lambda piece: _LINK.sub(_link, _PICTURE.sub(r"![\2](\1)", piece)))


def _link(found: re.Match[str]) -> str:
    return f"[{found[3]}]({found[1] or found[2]})"


def _end(lines: Sequence[str], at: int, is_code: _IsCode) -> int:
    """The line after the list that begins there: up to a heading, or plain text below a blank."""
    end = at + 1
    while end < len(lines):
        line = lines[end]
        if is_code(end) or not line.strip():
            end += 1
            continue
        before = lines[end - 1].strip()
        if _HEADING.match(line) or (_STYLE.match(line) and before != "+"):
            break
        goes_on = line[0] in " \t" or _ENTRY.match(line) or _ITEM.match(line)
        if not (goes_on or before or is_code(end - 1)):
            break
        end += 1
    while not lines[end - 1].strip():
        end -= 1
    return end


def _described(
    lines: Sequence[str], first: int, end: int, is_code: _IsCode, *, asks: bool
) -> list[str]:
    """A list of terms and what they mean, or of questions if one of them *asks*."""
    entries = {
        at: entry
        for at in range(first, end)
        if not is_code(at) and (entry := _ENTRY.match(lines[at]))
    }
    outer = {at for at, entry in entries.items() if entry["mark"] == entries[first]["mark"]}
    asks = asks or any(wording.is_asked(entries[at]["term"]) for at in outer)
    found, waits = list[str](), -1  # for what a term means
    for at in range(first, end):
        line = lines[at]
        if at in outer:
            term, said = _inline(entries[at]["term"]), _inline(entries[at]["said"] or "")
            found.append(f"\nQ: {term}\nAnswer: {said}" if asks else f"- **{term}**: {said}")
            waits = -1 if said else len(found) - 1
        elif waits >= 0 and line.strip() and not is_code(at):
            found[waits] += _line(line.strip())
            found.append("")
            waits = -1
        else:
            said = line if is_code(at) else _line(line if _ITEM.match(line) else line.strip())
            if entry := entries.get(at):
                said = f"- **{_inline(entry['term'])}**: {_inline(entry['said'] or '')}"
            found.append(said if asks or not said.strip() else f"  {said}")
    return [*found[:-1], f"{found[-1]}\n\n---\n"] if asks else found
