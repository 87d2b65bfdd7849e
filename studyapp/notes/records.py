"""Notes in JSON: a list of objects whose keys say, as the columns of a table do, what asks and what
answers (`notes/columns.py`)."""

from __future__ import annotations

import csv
import io
import json
import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from studyapp.errors import StudyError
from studyapp.notes import ankitext, columns
from studyapp.notes.encoding import text_of
from studyapp.notes.foreign import Foreign
from studyapp.notes.notebook import Finder

_BEGINS = 4_000  # characters in which the first object names its keys
_KEY = re.compile(r'"([^"\\\n]{1,60})"\s*:')
_LINE = re.compile(r"\bline (\d+)")


def recognises(head: bytes, path: Path) -> bool:
    """Whether a file of JSON begins with an object whose keys ask and answer."""
    text = head.decode("utf-8-sig", "ignore").lstrip()[:_BEGINS]
    if path.suffix.lower() != ".json" or not text.startswith(("[", "{")):
        return False
    return _asks(list(dict.fromkeys(_KEY.findall(text))))


def read(path: Path) -> Foreign:
    """Read a list of objects. Raises StudyError if it cannot be read, or is none."""
    text = text_of(path)
    try:
        said = json.loads(text)
    except ValueError as error:
        raise StudyError(f"{path} is not JSON: {error}.") from error
    except RecursionError:
        raise StudyError(f"{path} is not read: its JSON is nested too deeply.") from None
    objects = _objects(said)
    names = list(dict.fromkeys(key for one in objects for key in one))
    if not _asks(names):
        told = "it has no list of objects with a question and an answer each"
        raise StudyError(f"{path} has no notes that can be read: {told}.")
    return _read(objects, names, text, path)


def _asks(names: Sequence[str]) -> bool:
    return columns.sides(columns.named(names), []) is not None


def _objects(said: Any) -> list[dict[str, Any]]:
    """The objects of a list, or of the first list that an object has."""
    if isinstance(said, dict):
        said = next((one for one in said.values() if isinstance(one, list)), [])
    return [one for one in said if isinstance(one, dict)] if isinstance(said, list) else []


def _read(
    objects: Sequence[dict[str, Any]], names: Sequence[str], text: str, path: Path
) -> Foreign:
    """The objects as rows of a table, whose lines are theirs in the *text*."""
    table, finder = io.StringIO(), Finder(text)
    rows = csv.writer(table, lineterminator="\n", quoting=csv.QUOTE_ALL)
    rows.writerow(names)
    begins, lines, count = [1], [1], table.getvalue().count("\n")
    for one in objects:
        cells = [_cell(one.get(name)) for name in names]
        begins.append(count + 1)
        lines.append(max(map(finder.line_of, filter(None, cells)), default=finder.line))
        rows.writerow(cells)
        count += 1 + sum(cell.count("\n") for cell in cells)

    def line(number: int) -> int:
        return lines[bisect_right(begins, number) - 1]

    found = ankitext.parse(table.getvalue(), path)
    problems = (
        replace(
            one,
            line=line(one.line),
            message=_LINE.sub(lambda said: f"line {line(int(said[1]))}", one.message),
        )
        for one in found.problems
    )
    notes = tuple(replace(one, line=line(one.line)) for one in found.notes)
    return replace(found, notes=notes, problems=tuple(problems))


def _cell(said: Any) -> str:
    """What a value says; a list is one thing below the other."""
    if isinstance(said, list):
        return "\n".join(filter(None, map(_cell, said)))
    if isinstance(said, (str, int, float)):
        return re.sub(r"\r\n?", "\n", str(said))
    return ""
