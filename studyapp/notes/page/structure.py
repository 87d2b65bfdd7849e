"""The blocks of a content file, as markdown-it finds them, and where they cut it into chunks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from studyapp.notes.note import FileKind
from studyapp.notes.page import table
from studyapp.notes.page.file import Chunk, File
from studyapp.notes.page.oversight import (
    report_long,
    report_misread,
    report_unclosed,
    report_unused,
    to_line,
)
from studyapp.notes.plain import DEEPEST, keep_footnotes

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_block import StateBlock
    from markdown_it.token import Token

_HEADINGS = {
    "#": "a # heading within a note: a note begins with ##, a heading in its text with ###",
    "-": "a line of - right below text makes that text a heading: leave an empty line between",
    "=": "a line of = right below text makes that text a heading: leave an empty line between",
}


@cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    options = {"maxNesting": DEEPEST}
    parser = MarkdownIt("commonmark", options).enable("table").disable(["inline", "text_join"])
    keep_footnotes(parser)
    plain_first(parser)
    return parser


def plain_first(parser: MarkdownIt) -> None:
    """Have a block be read at once that is seen by how its lines begin, as most are: a paragraph
    each line of which begins with a letter, a heading or HTML with an empty line below it. No other
    rule takes any of them, or ends such a paragraph, so none need be asked about every line."""
    from markdown_it.rules_block import heading, html_block, paragraph

    def read(state: StateBlock, start: int, end: int, silent: bool) -> bool:
        begins, source = state.bMarks, state.src
        first = source[begins[start] + state.tShift[start]]
        if first in "#<":  # and no head of a table, which has a line below it
            rule = heading if first == "#" else html_block
            return state.isEmpty(start + 1) and rule(state, start, end, silent)
        line = start
        while line < state.lineMax and not state.isEmpty(line):
            if not source[begins[line] + state.tShift[line]].isalpha():
                return False
            line += 1
        return not state.is_code_block(start) and paragraph(state, start, end, silent)

    parser.block.ruler.before("table", "plain", read)


def chunks(file: File, skip: int, kind: FileKind | None) -> list[Chunk]:
    """Cut a file below its first *skip* lines at its `##` headings and its tables of terms."""
    targets: dict[str, Any] = {}
    tokens = _parser().parse("\n" * skip + "\n".join(file.lines[skip:]) + "\n", targets)
    report_unclosed(file, tokens)
    report_misread(file, tokens)
    cuts: list[tuple[int, int, str | None, bool]] = [(skip, 0, None, False)]
    for index, token in enumerate(tokens):
        if token.level or token.map is None:
            continue
        first, end = token.map
        if token.type == "heading_open" and token.markup == "##":
            cuts.append((first, index, tokens[index + 1].content, False))
        elif token.type == "heading_open" and token.markup in _HEADINGS:
            if cuts[-1][2] is not None:
                file.report(first + 1, _HEADINGS[token.markup])
        elif token.type == "table_open" and kind is FileKind.JARGON:
            names = [cell.text.lower() for cell in table.cells(file.lines[first])]
            if {"term", "meaning"} <= set(names):
                after = _after(tokens, index, "table_close")
                cuts += [(first, index, None, True), (end, after, None, False)]
            elif cuts[-1][2] is None:
                told = "a table of terms needs the columns Term and Meaning"
                file.report(first + 1, f"{told}: not read{to_line(first + 1, end)}")
    ends = [*cuts[1:], (len(file.lines), len(tokens), None, False)]
    chunks = [
        Chunk(first, ends[n][0], tokens[index : ends[n][1]], title, table)
        for n, (first, index, title, table) in enumerate(cuts)
    ]
    report_long(file, chunks)
    report_unused(file, chunks, targets)
    return chunks


def _after(tokens: Sequence[Token], index: int, kind: str) -> int:
    return next(n for n in range(index, len(tokens)) if tokens[n].type == kind) + 1


def opening(text: str) -> tuple[str, str]:
    """The line that *text* begins with, and what follows it: its first paragraph up to a break, or
    its first heading. No line if it begins with anything else."""
    if text[:1].isalpha() and text.isprintable():  # one line that is nothing else
        return text.removesuffix("\\").strip(), ""
    first, inline = [*_parser().parse(text), None, None][:2]
    if first is None or inline is None or first.map is None or first.map[0] > 0:
        return "", text
    end, lines = first.map[1], text.split("\n")
    if first.type == "heading_open":
        return inline.content, "\n".join(lines[end:]).strip("\n")
    if first.type != "paragraph_open":
        return "", text
    broken = (n for n in range(1, end) if re.search(r"(?: {2}|\\)$", lines[n - 1]))
    end = next(broken, end)
    line = " ".join(part.removesuffix("\\").strip() for part in lines[:end])
    return line, "\n".join(lines[end:]).strip("\n").lstrip(" ")
