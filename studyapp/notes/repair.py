"""The ids that are missing in a content file, written where they belong."""

from __future__ import annotations

import bisect
import codecs
import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path

from studyapp import disk
from studyapp.errors import printable
from studyapp.notes.markdown import parsed
from studyapp.notes.note import FileKind
from studyapp.notes.page import entry, structure
from studyapp.notes.page.file import File, Gap
from studyapp.notes.slug import own_id, slug

_PARTS = ("point", "cloze")  # whose ids need only differ within a note


def fix(path: Path, taken: set[str] | None = None, *, own: bool = False) -> int:
    """Write the ids that are missing in a file and return how many; all else stays as it was.

    *taken* holds the ids that the other files of the folder use, and is given the new ones. Notes
    of a learner's *own* get ids that no other device makes (see `own_id`). A file without a page
    (see `markdown.read`) is not touched. Raises StudyError if it cannot be written.
    """
    page, file = parsed(path)
    if page is None or not file.gaps:
        return 0
    taken = set() if taken is None else taken
    taken |= {note.id for note in page.notes}
    taken |= _marks(file)
    text = _filled(file, file.gaps, taken, own=own)
    disk.write(path, (codecs.BOM_UTF8 if file.bom else b"") + text.encode())
    return sum(bool(gap.text) for gap in file.gaps)


def with_parts_named(text: str) -> str:
    """*text*, which is of questions, with an id for each hidden text, and each point of an items
    note, that has none; all else stays as it was."""
    file, kind = File(Path(), text), FileKind.QUESTIONNAIRE
    entry.notes(file, structure.chunks(file, 0, kind), kind)
    gaps = [gap for gap in file.gaps if gap.default in _PARTS]
    return _filled(file, gaps, _marks(file), own=False) if gaps else text


def lacks_ids(path: Path) -> bool:
    """Whether `fix` would write in this file."""
    page, file = parsed(path)
    return page is not None and bool(file.gaps)


def _marks(file: File) -> set[str]:
    return {mark for line in file.lines for mark in re.findall(r"\{#([a-z0-9-]+)\}", line)}


def _filled(file: File, gaps: Iterable[Gap], taken: set[str], *, own: bool) -> str:
    """The source of a file with ids in its *gaps*, which are *taken* from then on."""
    filled = [(gap, gap.before + _id_of(gap, taken, own=own) + gap.after) for gap in gaps]
    lines = re.findall(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+", file.source)
    # From the end backwards, so that the columns before stay true.
    for gap, text in sorted(filled, key=lambda item: item[0].place, reverse=True):
        line = lines[gap.line - 1]
        column = _in_source(line, gap.column)
        lines[gap.line - 1] = line[:column] + text + line[column:]
    return "".join(lines)


def _id_of(gap: Gap, taken: set[str], *, own: bool) -> str:
    if not own or gap.default in _PARTS or not gap.text:
        return slug(gap.text, taken, gap.default) if gap.text else ""
    taken.add(made := own_id(gap.text, taken))
    return made


def _in_source(line: str, column: int) -> int:
    """Where a column of a line as it is kept, printable and composed, is in its source."""

    def kept(end: int) -> int:
        return len(unicodedata.normalize("NFC", printable(line[:end])))

    if printable(line) == line and unicodedata.is_normalized("NFC", line):
        return min(column, len(line))

    place = bisect.bisect_left(range(len(line)), column, key=kept)
    while place < len(line) and kept(place + 1) == column and printable(line[place]):
        place += 1  # an accent that is one character with the letter before it
    return place
