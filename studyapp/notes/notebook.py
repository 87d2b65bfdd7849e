"""A notebook's notes: what its cells say, read as a learner's own notes.

What is said in one cell may be answered in the next. A cell of code is a piece of code there: it
may belong to an answer, and never asks. What code has put out, and raw cells, are told. The line of
a note is where its text stands in the notebook's file.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from studyapp.errors import StudyError
from studyapp.notes import jsontext, picture, prose, wording
from studyapp.notes.caption import named
from studyapp.notes.encoding import text_of
from studyapp.notes.foreign import Foreign
from studyapp.notes.note import Problem
from studyapp.notes.outline import Outline, fence
from studyapp.notes.picture import ATTACHED

_LINE = re.compile(r"\bline (?=\d)")
_NAMES = re.compile(r'"(?:cells|worksheets|nbformat)"\s*:')
_NESTED = "its JSON is nested too deeply"


def recognises(head: bytes, path: Path) -> bool:
    """Whether a file begins as a notebook's JSON does; its cells may come after anything else."""
    text = head.decode("utf-8-sig", "ignore").lstrip()
    return text.startswith("{") and _NAMES.search(text) is not None


def read(path: Path) -> Foreign:
    """Read a notebook. Raises StudyError if it cannot be read, or is none."""
    text, halves = jsontext.mended(text_of(path), path)
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
    passed: dict[str, list[int]] = {}
    for line, number in _lines(cells, Finder(text), _language(found), passed):
        lines.append(line)
        numbers.append(number)
    attached = dict(_attached(cells))
    read = picture.gathered(prose.parse_lines(lines, numbers, path), path, attached)
    read = replace(read, problems=(*read.problems, *_told(passed, path)))
    read = _by_cell(read) if _is_one_line(text) else read
    return replace(read, problems=tuple(sorted((*read.problems, *halves))))


def _is_one_line(text: str) -> bool:
    return "\n" not in text.strip()


def _by_cell(read: Foreign) -> Foreign:
    """What was read of a file that is one line: what counted as lines are its cells."""
    problems = (
        replace(one, line=1, message=f"cell {one.line}: {_LINE.sub('cell ', one.message)}")
        for one in read.problems
    )
    return replace(
        read,
        notes=tuple(replace(one, line=1) for one in read.notes),
        lecture=tuple(replace(one, line=1) for one in read.lecture),
        tracker=tuple(replace(one, line=1) for one in read.tracker),
        problems=tuple(problems),
    )


def _language(notebook: dict[str, Any]) -> str:
    """What the code is written in, as a fence says it."""
    said: Any = notebook
    for key in ("metadata", "language_info", "name"):
        said = said.get(key) if isinstance(said, dict) else None
    return said if isinstance(said, str) and re.fullmatch(r"[\w+#-]{1,20}", said) else ""


def _told(passed: Mapping[str, list[int]], path: Path) -> Iterator[Problem]:
    """One problem for each kind of what is passed over, by its lines."""
    for kind, lines in passed.items():
        more = f", and in {len(lines) - 1} more cells" if len(lines) > 1 else ""
        yield Problem(path, lines[0], f"not read here{more}: {kind}")


def _attached(cells: list[Any]) -> Iterator[tuple[str, str]]:
    """The pictures that hang on cells, in base 64, by the addresses that `_lines` gives them."""
    for at, cell in enumerate(cells):
        hung = cell.get("attachments") if isinstance(cell, dict) else None
        for name, kinds in hung.items() if isinstance(hung, dict) else ():
            for said in kinds.values() if isinstance(kinds, dict) else ():
                text = "".join(map(str, said)) if isinstance(said, list) else said
                if isinstance(text, str):
                    yield f"{ATTACHED}{at}/{name}", text


def _lines(
    cells: list[Any], finder: Finder, language: str, passed: dict[str, list[int]]
) -> Iterator[tuple[str, int]]:
    """The lines of the cells with their lines in the file, and an empty one after each; what is
    *passed* over, by its kind, with its lines.

    Code that a cell of Markdown does not close ends with the cell. A picture that hangs on a cell
    has its number in the address, as two cells may call theirs the same.
    """
    asked = ""  # by the last cell
    for at, cell in enumerate(cells):
        kind = cell.get("cell_type") if isinstance(cell, dict) else None
        if not isinstance(kind, str):
            continue
        finder.begin(at + 1)
        said = list(_said(cell, finder))
        has_words = any(line.strip() for line, _ in said)
        if kind == "markdown":
            mark = f"{ATTACHED}{at}/"
            said = [(line.replace(ATTACHED, mark), number) for line, number in said]
            outline = Outline([line for line, _ in said])
            if outline.unclosed and said:
                opens = outline.lines[outline.unclosed[0]].strip()
                said.append((opens[: len(opens) - len(opens.lstrip("`~"))] or "", said[-1][1]))
        elif kind == "code" and has_words:
            ticks = fence("\n".join(line for line, _ in said))
            said = [(ticks + language, said[0][1]), *said, (ticks, said[-1][1])]
        elif has_words:
            below = f", below {named(asked)}" if wording.is_asked(asked) else ""
            told = f"a cell of the kind {kind[:20]!r}{below}"
            passed.setdefault(told, []).append(said[0][1])
            said = []
        asked = next((line for line, _ in reversed(said) if line.strip()), "").strip(" \t#*_")
        yield from said
        yield "", finder.line
        if kind == "code" and cell.get("outputs"):
            passed.setdefault("what code has put out", []).append(finder.line)


def _said(cell: dict[str, Any], finder: Finder) -> Iterator[tuple[str, int]]:
    """The lines of a cell; before version 4, code is called otherwise."""
    source = cell.get("source", cell.get("input"))
    for piece in source if isinstance(source, list) else [source]:
        if isinstance(piece, str):
            number = finder.line_of(piece)
            for line in piece.removesuffix("\n").splitlines() or [""]:
                yield line, number


class Finder:
    """Finds the lines of a JSON file in which strings stand that come in its order."""

    def __init__(self, text: str) -> None:
        self.text, self.at, self.line = text, 0, 1
        self.is_one_line = _is_one_line(text)

    def begin(self, cell: int) -> None:
        """Go on with a *cell*, by its number, which counts as its line where all is one line."""
        if self.is_one_line:
            self.line = cell

    def line_of(self, piece: str) -> int:
        """The line of the next string that says *piece*; if it cannot be found, the last one's."""
        if self.is_one_line:
            return self.line
        for ascii_only in (False, True):
            place = self.text.find(json.dumps(piece, ensure_ascii=ascii_only), self.at)
            if place >= 0:
                self.line += self.text.count("\n", self.at, place)
                self.at = place
                break
        return self.line
