"""Comments: where they begin and end, what they say, and the lines below a heading without them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from studyapp.notes.card import CODE_SPAN
from studyapp.notes.page.file import Chunk, File

# A comment that begins a line may contain empty lines; one within a paragraph may not.
SPAN = re.compile(
    r"^[ \t>]*(?P<block><!--(?s:.*?)-->)|(?<!\\)"
    r"(?P<inline><!--(?s:(?:(?!\n[ \t]*\n).)*?)-->)|" + CODE_SPAN.pattern,
    re.MULTILINE,
)
GONE = "\0"  # stands for a removed character; a file's own NUL is taken out before
_EMPTY = re.compile(r"\n[ \t]*\n")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of an answer; `marked` still has a sign for each character that was removed."""

    number: int
    marked: str

    @property
    def text(self) -> str:
        return self.marked.replace(GONE, "").rstrip() if GONE in self.marked else self.marked


def split(file: File, chunk: Chunk) -> tuple[list[tuple[int, str]], list[Line]]:
    """The comments below a heading, each with its line, and the lines with them blotted out."""
    first = chunk.start + 1
    lines = file.lines[first : chunk.end]
    plain = list(lines)
    for token in chunk.tokens:
        if token.type in ("fence", "code_block") and token.map:
            for number in range(*token.map):
                plain[number - first] = "\ufffc" * len(lines[number - first])
    text, searched = "\n".join(lines), "\n".join(plain)
    comments, blotted, end = [], [], 0
    begin, last = _first_mark(searched), _last_comment(searched)
    for match in SPAN.finditer(searched, begin, last):
        group = "block" if match["block"] else "inline"
        if not match[group]:
            continue
        start, stop = match.span(group)
        line = first + 1 + text.count("\n", 0, start)
        comments.append((line, " ".join(match[group][4:-3].split())))
        gone = "\n".join(GONE * len(line) for line in text[start:stop].split("\n"))
        blotted += [text[end:start], gone]
        end = stop
    blotted.append(text[end:])
    marked = "".join(blotted).split("\n") if lines else []
    return comments, [Line(number, line) for number, line in enumerate(marked, first + 1)]


def kept(lines: Sequence[Line], taken: set[int]) -> list[Line]:
    """The answer's lines, trimmed; what was taken out of its midst leaves one empty line."""
    kept: list[Line] = []
    gap = True
    for line in lines:
        empty = not line.text.strip()
        if line.number in taken or (GONE in line.marked and not line.text.strip(" \t>")):
            gap = True
        elif not (gap and empty):
            if gap and kept and kept[-1].text.strip():
                kept.append(Line(line.number, ""))
            kept.append(line)
            gap = False
    while kept and not kept[-1].text.strip():
        kept.pop()
    return [*kept[:-1], Line(kept[-1].number, kept[-1].marked.rstrip())] if kept else []


def without_comments(text: str) -> str:
    """A heading or a cell without the comments in it."""
    if "-->" not in text:
        return text
    end = _last_comment(text)
    found = SPAN.sub(lambda it: "" if it["block"] or it["inline"] else it[0], text[:end])
    return found + text[end:]


def unclosed(text: str) -> Iterator[int]:
    """The line of a paragraph, from 0, in which a comment begins that does not end in it, if one
    does: what was to be hidden is shown, and keys in it are not read."""
    if "<!--" in text:
        end = _last_comment(text)
        said = SPAN.sub(_blotted, text[:end]) + CODE_SPAN.sub(_blotted, text[end:])
        if found := re.search(r"(?<!\\)<!--", said):
            yield said.count("\n", 0, found.start())


def _last_comment(text: str) -> int:
    """Where the paragraph of the last comment ends, behind which none has to be looked for: each
    that is open would be followed to the end of the text."""
    last = text.rfind("-->")
    if last < 0:
        return 0
    gap = _EMPTY.search(text, last)
    return gap.start() if gap else len(text)


def _first_mark(text: str) -> int:
    """Where the line begins that has the first comment or code span, above which is neither."""
    marks = [at for at in (text.find("<!--"), text.find("`")) if at >= 0]
    return text.rfind("\n", 0, min(marks)) + 1 if marks else len(text)


def _blotted(match: re.Match[str]) -> str:
    return re.sub(r"[^\n]", GONE, match[0])
