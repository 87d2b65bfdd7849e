"""The points of a note: the items of its task lists."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from studyapp.notes.note import Point
from studyapp.notes.page.file import Chunk, File
from studyapp.notes.page.identifier import identify
from studyapp.notes.page.oversight import to_line

if TYPE_CHECKING:
    from markdown_it.token import Token

_TASK = re.compile(r"\[[ xX]\](?:\s+(.*))?$", re.DOTALL)
_EXTRA = re.compile(r"extra:\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Task:
    """A point, its first line, and the place where an id would go; `bare` if none is there."""

    point: Point
    first: int
    line: int
    column: int
    bare: bool


def tasks(file: File, chunk: Chunk) -> tuple[list[Task], set[int]]:
    """The points of a note, and the numbers of the lines that they take."""
    tasks: list[Task] = []
    taken: set[int] = set()
    names: set[str] = set()
    for index, token in enumerate(chunk.tokens):
        if token.type != "list_item_open" or token.level != 1 or token.markup not in "-*+":
            continue
        paragraph, inline = chunk.tokens[index + 1 : index + 3]
        match = _TASK.match(inline.content) if paragraph.type == "paragraph_open" else None
        if match is None or token.map is None or paragraph.map is None:
            continue
        first = token.map[0] + 1
        taken.update(range(first, token.map[1] + 1))
        _report_below_point(file, chunk.tokens, index)
        text, name = identify(file, first, match[1] or "")
        extra = _EXTRA.match(text)
        text = text[extra.end() :] if extra else text
        if not text:
            file.report(first, "the point is empty")
            continue
        if name in names:
            file.report(first, f"the id {name} is used already in this note")
        names |= {name} if name else set()
        line = paragraph.map[1]
        point = Point(text, extra is not None, name or None)
        column = len(file.lines[line - 1].rstrip())
        tasks.append(Task(point, first, line, column, bare=name is None))
    return tasks, taken


def _report_below_point(file: File, tokens: Sequence[Token], item: int) -> None:
    """What follows the paragraph of the point whose item opens at *item*, but for comments."""
    end = item
    while (tokens[end].type, tokens[end].level) != ("list_item_close", 1):
        end += 1
    inside = tokens[item + 4 : end]
    below = [it for it in inside if it.map and not it.content.lstrip().startswith("<!--")]
    if below and below[0].map:
        first = below[0].map[0] + 1
        last = max(it.map[1] for it in below if it.map)
        while not file.lines[last - 1].strip():
            last -= 1
        told = f"a point is one paragraph; what is below it is not read{to_line(first, last)}"
        file.report(first, told)
