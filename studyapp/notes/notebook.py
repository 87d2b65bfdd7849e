"""A notebook's notes: what its Markdown cells say, read as a learner's own notes.

What is said in one cell may be answered in the next. Cells of code are not read. The line of a note
is where its text stands in the notebook's file.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from studyapp.errors import StudyError
from studyapp.notes import picture, prose
from studyapp.notes.foreign import Foreign
from studyapp.notes.outline import Outline

_NESTED = "its JSON is nested too deeply"


def recognises(head: bytes, path: Path) -> bool:
    """Whether a file begins as a notebook's JSON does; its cells may come after anything else."""
    text = head.decode("utf-8-sig", "ignore").lstrip()
    return text.startswith("{") and ('"cells"' in text or '"nbformat"' in text)


def read(path: Path) -> Foreign:
    """Read a notebook. Raises StudyError if it cannot be read, or is none."""
    text = prose.text_of(path)
    try:
        found = json.loads(text)
    except ValueError as error:
        raise StudyError(f"{path} is not a notebook: {error}.") from error
    except RecursionError:
        raise StudyError(f"{path} is not a notebook: {_NESTED}.") from None
    cells = found.get("cells") if isinstance(found, dict) else None
    if cells is None and isinstance(found, dict):  # before version 4
        sheets = found.get("worksheets")
        first = sheets[0] if isinstance(sheets, list) and sheets else None
        cells = first.get("cells") if isinstance(first, dict) else None
    if not isinstance(cells, list):
        raise StudyError(f"{path} is not a notebook: it has no list of cells.")
    lines, numbers = list[str](), list[int]()
    for line, number in _lines(cells, _Finder(text)):
        lines.append(line)
        numbers.append(number)
    return picture.gathered(prose.parse_lines(lines, numbers, path), path)


def _lines(cells: list[Any], finder: _Finder) -> Iterator[tuple[str, int]]:
    """The lines of the Markdown cells with their lines in the file, and an empty one after each.

    Code that a cell does not close ends with the cell.
    """
    for cell in cells:
        if not isinstance(cell, dict) or cell.get("cell_type") != "markdown":
            continue
        source = cell.get("source")
        pieces = source if isinstance(source, list) else [source]
        said = list[tuple[str, int]]()
        for piece in pieces:
            if isinstance(piece, str):
                number = finder.line_of(piece)
                said += [(line, number) for line in piece.removesuffix("\n").splitlines() or [""]]
        yield from said
        outline = Outline([line for line, _ in said])
        if outline.unclosed and said:
            mark = outline.lines[outline.unclosed[0]].strip()
            yield (mark[: len(mark) - len(mark.lstrip("`~"))] or ""), said[-1][1]
        yield "", finder.line


class _Finder:
    """Finds the lines of a JSON file in which strings stand that come in its order."""

    def __init__(self, text: str) -> None:
        self.text, self.at, self.line = text, 0, 1

    def line_of(self, piece: str) -> int:
        """The line of the next string that says *piece*; if it cannot be found, the last one's."""
        for ascii_only in (False, True):
            place = self.text.find(json.dumps(piece, ensure_ascii=ascii_only), self.at)
            if place >= 0:
                self.line += self.text.count("\n", self.at, place)
                self.at = place
                break
        return self.line
