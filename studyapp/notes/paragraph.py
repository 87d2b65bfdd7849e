"""Paragraphs of Markdown on one line each, for a box that wraps them itself, and back.

Who writes in an editor breaks lines at a hundred columns or so; in a box that is narrower each of
them would be broken once more, a word or two below every line.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from studyapp.errors import printable
from studyapp.notes.plain import parse

if TYPE_CHECKING:
    from markdown_it.tree import SyntaxTreeNode


def joined(text: str) -> tuple[str, dict[str, str]]:
    """*text* with each paragraph on one line where that says the same, and what these lines were.

    Left as they are: code, tables, formulas, comments, quotes, lines that are to end where they
    end, and a paragraph that would read like another line of the text.
    """
    if printable(text) != text:  # the parser would count other lines
        return text, {}
    lines, former = text.split("\n"), dict[str, str]()
    for first, behind in reversed(_paragraphs(parse(text))):
        before = "\n".join(lines[first:behind])
        line = " ".join([lines[first].rstrip(), *map(str.strip, lines[first + 1 : behind])])
        if line not in lines and former.get(line, before) == before:
            former[line] = before
            lines[first:behind] = [line]
    return "\n".join(lines), former


def parted(text: str, former: Mapping[str, str]) -> str:
    """The way back from `joined`: what was not changed since has its lines again."""
    return "\n".join(former.get(line, line) for line in text.split("\n"))


def _paragraphs(tree: SyntaxTreeNode) -> list[tuple[int, int]]:
    """Where paragraphs of several lines begin and end that can be joined."""
    found: list[tuple[int, int]] = []
    for child in tree.children:
        if child.type == "paragraph":
            first, behind = child.map or (0, 0)
            ends = any(one.type == "hardbreak" for one in child.walk())
            found += [(first, behind)] if behind > first + 1 and not ends else []
        elif child.type != "blockquote":
            found += _paragraphs(child)
    return found
