"""A table of terms: a note in each row, and where the ids belong that its rows lack."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from studyapp.notes.note import Note, NoteKind
from studyapp.notes.page.comment import without_comments
from studyapp.notes.page.field import fields_of
from studyapp.notes.page.file import FIX, Chunk, File, Gap
from studyapp.notes.page.identifier import checked_id

_PIPE = re.compile(r"(?<!\\)\|")
_ROW_KEYS = ("synonyms", "family", "section", "depth", "reverse", "changed")
_COLUMNS = ("term", "meaning", "id", *_ROW_KEYS)


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell's text, and where it is between its pipes."""

    text: str
    start: int
    end: int


def cells(line: str) -> list[Cell]:
    """Split a row as GitHub's tables do: at every pipe that has no backslash before it."""
    end = len(line.rstrip(" \t"))
    start = len(line) - len(line.lstrip(" \t"))
    bounds = [match.start() for match in _PIPE.finditer(line, start, end)]
    if bounds and bounds[0] == start:
        start = bounds.pop(0) + 1
    if bounds and bounds[-1] == end - 1:
        end = bounds.pop()
    starts, ends = [start, *(bound + 1 for bound in bounds)], [*bounds, end]
    return [
        Cell(line[a:b].strip(" \t").replace("\\|", "|"), a, b)
        for a, b in zip(starts, ends, strict=True)
    ]


def terms(file: File, chunk: Chunk) -> list[Note | None]:
    """The notes of a table, row by row; None for one that cannot be identified."""
    header = chunk.start + 1
    names = [cell.text.lower() for cell in cells(file.lines[chunk.start])]
    for position, name in enumerate(names):
        if name not in _COLUMNS:
            file.report(header, f"unknown column {name}; the columns are {', '.join(_COLUMNS)}")
        elif name in names[:position]:
            file.report(header, f"the column {name} is there twice")
    rows = [(n + 1, cells(file.lines[n])) for n in range(chunk.start + 2, chunk.end)]
    ragged = any(len(cells) > len(names) for _, cells in rows)
    found = [_row(file, line, names, cells) for line, cells in rows]
    # A cell too many would be taken for an id if a column were added.
    if "id" in names or not ragged:
        file.gaps += _table_gaps(file, chunk, names, rows, found)
    return [note if note and note.id else None for note in found]


def _row(file: File, line: int, names: Sequence[str], cells: Sequence[Cell]) -> Note | None:
    """A row as a note, whose id is empty where it is missing; None if it cannot be read."""
    if len(cells) > len(names):
        message = f"the row has {len(cells)} cells, its table {len(names)} columns; "
        file.report(line, message + "a pipe within a cell is written \\|")
        return None
    texts = [without_comments(cell.text).strip() for cell in cells]
    values = dict(zip(names, texts, strict=False))
    prompt, name = values.get("term", ""), values.get("id", "")
    if not prompt:
        file.report(line, "the row has no term")
        return None
    if not name:
        file.report(line, f"the term has no id; {FIX}")
    elif not checked_id(file, line, name):
        return None
    fields = fields_of(file, line, [(key, values[key]) for key in _ROW_KEYS if values.get(key)])
    answer = values.get("meaning", "")
    return Note(name, NoteKind.TERM, prompt, answer, file.path, line, line, **fields)


def _table_gaps(
    file: File,
    chunk: Chunk,
    names: Sequence[str],
    rows: Sequence[tuple[int, Sequence[Cell]]],
    found: Sequence[Note | None],
) -> list[Gap]:
    """Where the ids of a table's rows belong, in a new last column if there is none."""
    place = names.index("id") if "id" in names else len(names)
    gaps = []
    for (line, cells), note in zip(rows, found, strict=True):
        if note is None or note.id:
            continue
        if place < len(cells):
            cell = cells[place]
            after = " " if cell.start == cell.end else ""
            gaps.append(Gap(line, cell.start, " ", after, note.prompt, "term"))
        else:
            missing = " |" * (place - len(cells))
            gaps.append(_at_end(file, line, f"{missing} ", " ", note.prompt))
    if gaps and "id" not in names:
        gaps.append(_at_end(file, chunk.start + 1, " Id", " ", ""))
        gaps.append(_at_end(file, chunk.start + 2, "---", "", ""))
    return gaps


def _at_end(file: File, line: int, before: str, after: str, text: str) -> Gap:
    """A new last cell, in the row's own manner: with a pipe at its end or without."""
    row = file.lines[line - 1].rstrip(" \t")
    if re.search(r"(?<!\\)\|$", row):
        return Gap(line, len(row), before, f"{after}|", text, "term")
    return Gap(line, len(row), f" |{before}", "", text, "term")
