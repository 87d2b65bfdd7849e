"""What stands in a learner's text and belongs to no note: comments, and links that only lead about
in the file itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from studyapp.notes.card import CODE_SPAN, FENCE

_OPENS = re.compile(
    rf"{FENCE.pattern}|{CODE_SPAN.pattern}|(?<!\\)(?P<opens><!--)|^[ \t>]*+(?P<aside>%%)",
    re.MULTILINE,
)
_LINE_ENDS = re.compile(r"[ \t]*$", re.MULTILINE)
_LINK = re.compile(
    r"\[(?P<said>[^\[\]\n]{0,300})\]\(<?#[^()\n]{0,2000}\)"
    r"|<a\b[^<>\n]{0,300}\bhref=[\"']?#[^<>\n]{0,300}>(?P<text>[^<>\n]{0,300})</a>",
    re.IGNORECASE,
)
_TAG = re.compile(r"</?[a-z]\w{0,9}\b[^<>\n]{0,300}>", re.IGNORECASE)
_BACK = re.compile(
    r"[⬆↑🔝⏫☝🔼⤴]|\b(?:back|top|contents|toc|index|inhalt|inhaltsverzeichnis|zurück|nach oben"
    r"|volver|arriba|retour|sommaire|наверх)\b|回到|返回|顶部|目录|目次",
    re.IGNORECASE,
)
_ITEM = re.compile(r"[ \t>]*+(?:[-*+•]|\d{1,4}[.)])[ \t]++(?P<said>\S.*)")


@dataclass(frozen=True, slots=True)
class Comment:
    """What a comment says, and which lines of the text it is on, counted from 0."""

    said: str
    first: int
    last: int


def without_comments(lines: Sequence[str]) -> tuple[list[str], list[Comment]]:
    """The lines without comments, of Markdown and around whole lines of Obsidian's, and these."""
    text = "\n".join(lines)
    pieces, comments = list[str](), list[Comment]()
    closed = {mark: text.rfind(mark) for mark in ("-->", "%%")}
    kept = at = line = 0
    while found := _OPENS.search(text, at):
        at = found.end()
        ends = _end(text, found, closed)
        if ends < 0:
            continue
        line += text.count("\n", kept, found.start())
        count = text.count("\n", found.start(), ends)
        comments.append(
            Comment(text[at:ends].removesuffix("-->").removesuffix("%%"), line, line + count)
        )
        pieces += [text[kept : found.start()], "\n" * count]
        kept = at = ends
        line += count
    if not comments:
        return list(lines), comments
    left = "".join([*pieces, text[kept:]]).split("\n")
    return [
        after if after == before else after.rstrip()
        for before, after in zip(lines, left, strict=True)
    ], comments


def _end(text: str, opens: re.Match[str], closed: Mapping[str, int]) -> int:
    """Where the comment ends that begins there, −1 if it does not, or if it is none; the last place
    where one is *closed* is known."""
    closes = "-->" if opens["opens"] else "%%" if opens["aside"] else ""
    if not closes or closed[closes] < opens.end():
        return -1
    end = text.find(closes, opens.end()) + len(closes)
    return end if opens["opens"] or _LINE_ENDS.match(text, end) else -1


def links(lines: Sequence[str], is_code: Callable[[int], bool]) -> list[int]:
    """The lines that lead to another place of the file and say nothing else: back to its top, or
    from a list of its contents."""
    found, run = list[int](), list[int]()
    for at, line in enumerate([*lines, "."]):
        if at == len(lines) or (line.strip() and (is_code(at) or not _is_entry(line))):
            found += run if len(run) > 1 else ()
            run = []
        elif line.strip():
            run.append(at)
        if at < len(lines) and at not in run and not is_code(at) and _is_back(line):
            found.append(at)
    return sorted({*found})


def _is_entry(line: str) -> bool:
    """Whether a line is an item of a list, and a link within the file alone."""
    item = _ITEM.fullmatch(line)
    return item is not None and _LINK.fullmatch(item["said"].strip("*_ \t")) is not None


def _is_back(line: str) -> bool:
    links = [found["said"] or found["text"] or "" for found in _LINK.finditer(line)]
    if not links or line.lstrip().startswith("#"):
        return False
    rest = _TAG.sub("", _LINK.sub("", line))
    return re.search(r"\w", rest) is None and all(map(_BACK.search, links))
