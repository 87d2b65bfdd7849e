"""What an author may have overlooked: text of no note, what never ends, what is not shown."""

from __future__ import annotations

import bisect
import itertools
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from studyapp.notes.note import FileKind
from studyapp.notes.page import comment
from studyapp.notes.page.comment import unclosed
from studyapp.notes.page.file import Chunk, File
from studyapp.notes.page.frontmatter import Head
from studyapp.notes.page.identifier import MARK
from studyapp.notes.plain import DEEPEST, LONGEST, is_tangled

if TYPE_CHECKING:
    from markdown_it.token import Token

_NO_SPACE = re.compile(r" {0,3}(#{2,6})[^#\s]")
_CELLS = ("th_open", "td_open")  # in which there are no comments
# What CommonMark lets run on over empty lines and headings until its own end.
_HTML = [
    (re.compile(begin, re.IGNORECASE), re.compile(close, re.IGNORECASE), what)
    for begin, close, what in (
        (r"<!--", r"-->", "comment"),
        (r"<(?:script|pre|style|textarea)(?=[\s>]|$)", r"</(?:script|pre|style|textarea)>", "tag"),
        (r"<\?", r"\?>", "<? instruction"),
        (r"<!\[CDATA\[", r"\]\]>", "<![CDATA[ section"),
        (r"<![A-Z]", r">", "<! declaration"),
    )
]
_BEGINNINGS = {
    FileKind.QUESTIONNAIRE: ("question", "one begins with ## and a space"),
    FileKind.JARGON: ("term", "one begins with ## and a space, or is a row below Term and Meaning"),
    FileKind.READING: ("section", "one begins like ## 1.19 Title"),
    "lecture": ("moment", "one begins like ## 31:20 Title"),
}


def report_unclosed(file: File, tokens: Sequence[Token]) -> None:
    """Code and HTML that never end."""
    for token in tokens:
        if token.map is None:
            continue
        first, end = token.map
        if token.type == "fence":
            indent = "[ \t>]*" if token.level else " {0,3}"
            close = f"{indent}{re.escape(token.markup)}{token.markup[0]}*[ \t]*$"
            if end - first < 2 or not re.match(close, file.lines[end - 1]):
                file.report(first + 1, "the code fence that begins here is never closed")
        elif token.type == "html_block":
            text = token.content.lstrip()
            for begins, ends, what in _HTML:
                if begins.match(text) and not ends.search(text):
                    file.report(first + 1, f"the {what} that begins here is never closed")


def report_misread(file: File, tokens: Sequence[Token]) -> None:
    """What was perhaps meant as the beginning of a note, and what is too deep to be shown."""
    for token, following in itertools.pairwise(tokens):
        if token.type == "heading_open" and (token.level or len(token.markup) > 2) and token.map:
            if MARK.search(following.content.rstrip()):
                told = "this heading has an id but begins no note: a note begins with ## on its own"
                file.report(token.map[0] + 1, told)
        elif token.type == "paragraph_open" and token.map:
            for at, line in enumerate(file.lines[slice(*token.map)], token.map[0] + 1):
                if found := _NO_SPACE.match(line):
                    file.report(at, f"no heading: a space is missing after {found[1]}")
        if following.type == "inline" and following.map and is_tangled(following.content):
            told = (
                "this paragraph is too long, or has too many [ or <!: it is shown as it is written"
            )
            file.report(following.map[0] + 1, told)
        elif following.type == "inline" and following.map and token.type not in _CELLS:
            for at in unclosed(following.content):
                told = "the comment that begins here is never closed; \\<!-- is text"
                file.report(following.map[0] + at + 1, told)
    deepest = next((it for it in tokens if it.map and it.level >= DEEPEST - 1), None)
    if deepest is not None and deepest.map:
        told = "lists and quotes are nested too deep here: what is within is not shown"
        file.report(deepest.map[0] + 1, told)


def report_long(file: File, chunks: Sequence[Chunk]) -> None:
    """What has too many characters to be shown as Markdown."""
    for chunk in chunks:
        size = sum(len(line) + 1 for line in file.lines[chunk.start : chunk.end])
        if size > LONGEST and not chunk.table:
            told = f"{size:,} characters are too many: over {LONGEST:,} are shown as written"
            file.report(chunk.start + 1, told)


def report_unused(file: File, chunks: Sequence[Chunk], targets: Mapping[str, Any]) -> None:
    """Addresses, as in `[name]: https://…`, that no link of their own note leads to."""
    given = [*targets.get("references", {}).values(), *targets.get("duplicate_refs", [])]
    firsts = sorted(target["map"][0] for target in given)
    for chunk in chunks if firsts else ():
        found = firsts[
            bisect.bisect_left(firsts, chunk.start) : bisect.bisect_left(firsts, chunk.end)
        ]
        if not found:
            continue
        text = "\n".join(file.lines[chunk.start : chunk.end]).casefold()
        uses = Counter(re.findall(r"\[[^\[\]]+\]", text))
        names = [re.search(r"\[[^\[\]]+\]", file.lines[first].casefold()) for first in found]
        uses.subtract(name[0] for name in names if name)
        for first, name in zip(found, names, strict=True):
            if name is None or uses[name[0]] < 1:
                told = f"not shown, as no link of this note uses it: {file.lines[first].strip()}"
                file.report(first + 1, told)


def report_unread(file: File, chunks: Sequence[Chunk], head: Head) -> None:
    """Text that belongs to no note; a title above all of them and comments are for the author."""
    what, begins = _BEGINNINGS[(head.timed and "lecture") or head.kind or ""]
    found = any(chunk.table or chunk.title is not None for chunk in chunks)
    first_unread = 0
    for chunk in chunks:
        if chunk.table or chunk.title is not None:
            continue
        silent = _silent(chunk, titled=found, tables=head.kind is FileKind.JARGON)
        _, lines = comment.split(file, replace(chunk, start=chunk.start - 1))
        unread = [it.number for it in lines if it.text.strip() and it.number - 1 not in silent]
        if unread and found:
            upto = to_line(unread[0], unread[-1])
            file.report(unread[0], f"not read{upto}, as it belongs to no {what}: {begins}")
        first_unread = first_unread or min(unread, default=0)
    # A table of other columns, an empty front matter: then that is told.
    if not found and (first_unread or not file.problems):
        file.report(first_unread or 1, f"there is no {what} in this file: {begins}")


def _silent(chunk: Chunk, *, titled: bool, tables: bool) -> set[int]:
    """The lines, from 0, of rules and of what is told elsewhere or only names what follows."""
    lines: set[int] = set()
    for at, token in enumerate(chunk.tokens):
        title = titled and not at and token.type == "heading_open" and token.markup in "#="
        table = tables and token.type == "table_open"  # told by structure.chunks: it lacks a column
        if token.map and not token.level and (title or table or token.type == "hr"):
            lines.update(range(*token.map))
    return lines


def to_line(first: int, last: int) -> str:
    """Ends what is said of lines from the *first* on."""
    return f" to line {last}" if last > first else ""
