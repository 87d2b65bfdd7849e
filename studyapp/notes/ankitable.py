"""Anki's notes as text, written: a record a line below a head that says what its columns are.

The types are those that every Anki has, so that nothing needs to be made there first. All is
quoted: a record that begins with # would be a comment (`notes/ankitext.py` reads it).
"""

from __future__ import annotations

import csv
from datetime import datetime
from pathlib import Path

from studyapp.notes import ankihtml
from studyapp.notes.card import halves
from studyapp.notes.foreign import Foreign, ForeignNote
from studyapp.notes.note import CardStyle
from studyapp.notes.outgoing import LEFT_OUT, STEP, Lost, Told, kept_here

_HEAD = (
    "#separator:tab\n#html:true\n#guid column:1\n#notetype column:2\n#deck column:3\n"
    "#tags column:6\n"
)
_TYPES = {
    CardStyle.ANSWER: "Basic",
    CardStyle.BOTH: "Basic (and reversed card)",
    CardStyle.CLOZE: "Cloze",
}


def write(path: Path, foreign: Foreign, now: datetime, told: Told) -> Lost:
    """Write the notes to *path*; says what is not in it. Raises OSError."""
    lost = kept_here(foreign)
    lost["file", f"beside a note, {LEFT_OUT}"] = len(foreign.media)  # Anki has a folder of its own
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(_HEAD)
        rows = csv.writer(file, delimiter="\t", lineterminator="\n", quoting=csv.QUOTE_ALL)
        for at, note in enumerate(foreign.notes):
            if at % STEP == 0:
                told(at, len(foreign.notes))
            row = [note.guid, _TYPES[note.card], "::".join(note.deck), *_fields(note, lost)]
            rows.writerow([*row, " ".join(note.tags)])
    return lost


def is_ours(path: Path) -> bool:
    """Whether a text was written here: Anki has the same head, and quotes no guid below it. Raises
    OSError."""
    with path.open("rb") as file:
        begins = file.read(len(_HEAD) + 1)
    return begins in (_HEAD.encode(), f'{_HEAD}"'.encode())


def _fields(note: ForeignNote, lost: Lost) -> tuple[str, str]:
    if note.card is not CardStyle.CLOZE:
        return ankihtml.field(note.question), ankihtml.field(note.answer)
    if note.question:
        lost["heading", "of a hidden text, put in the text"] += 1
    text, extra = halves(note.answer)
    hiding = ankihtml.hiding("\n\n".join(filter(None, [note.question, text])))
    return hiding, ankihtml.field(extra)
