"""What notes say in the Anki that they came from, to the letter, so that they can go back as such.

Our text has less than Anki's fields: no colours, no hints, no field that several cards share. So
the fields are kept in a file beside the notes, and with them a digest of what each note said here
when they were read. It says whether the fields say it still; without the file, a note goes to Anki
like one of ours.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from unicodedata import normalize

from studyapp.notes import ankimodel
from studyapp.notes.ankimodel import Model
from studyapp.notes.note import Note

FILE = "anki.json"
OURS = 1767225600000  # the types of notes that we write have the next ids
_OURS = range(OURS + 1, OURS + 10)
EASE = 2500  # thousandths, with which Anki begins
EASES = range(1300, 1 << 16)
_TIMES = range(1 << 40)
_MARK = re.compile(r"(?:/c?\d{1,3})?")
_SAID = re.compile(r"[0-9a-f]{16}-[0-9a-f]{16}")


@dataclass(frozen=True, slots=True)
class Original:
    """A note of Anki's: its type, the second in which it was changed there, its tags and fields,
    and which cards of its type it has. It is one note here or several, each called after its guid
    and a mark: `says` has the digest of each by its mark, empty in what was just read. `changed` is
    None once it says something else here. `eases` are those of SM-2, in thousandths, by the cards'
    places, where they are not the one that Anki begins with."""

    type: int
    changed: int | None
    tags: str
    fields: tuple[str, ...]
    places: tuple[int, ...]
    says: Mapping[str, str]
    eases: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Origins:
    """Notes of Anki's by their guids, and their types by the ids of these."""

    types: Mapping[int, Model] = field(default_factory=dict)
    notes: Mapping[str, Original] = field(default_factory=dict)

    @cached_property
    def parts(self) -> Mapping[str, tuple[str, str]]:
        """Guid and mark in Anki of each note of here, by its own guid."""
        return {guid + mark: (guid, mark) for guid, one in self.notes.items() for mark in one.says}

    @property
    def sound(self) -> Origins:
        """Without what Anki would not take back: a type that is none, a note with other fields than
        its type, a number that there cannot be."""
        types = {of: one for of, one in self.types.items() if ankimodel.is_sound(one)}
        notes = {
            guid: one
            for guid, one in self.notes.items()
            if one.type in types
            and len(one.fields) == len(types[one.type]["flds"])
            and one.changed in _TIMES
            and all(map(_MARK.fullmatch, one.says))
        }
        return Origins(types, notes)

    def plus(self, other: Origins) -> Origins:
        """With the notes of another one, which are newer, and no type without a note."""
        notes = {**self.notes, **other.notes}
        types, used = {**self.types, **other.types}, {one.type for one in notes.values()}
        return Origins({of: one for of, one in types.items() if of in used}, notes)


def is_ours(of: int) -> bool:
    """Whether a type of notes is one of those that we write, which need nothing kept."""
    return of in _OURS


def said(note: Note) -> str:
    """What a note asks and what it answers, a digest of each."""
    points = (f"{'+' if one.extra else '-'} {one.text}" for one in note.points)
    asks = (note.kind.value, note.card.value, note.prompt, note.front, *note.synonyms)
    return f"{_digest(*asks)}-{_digest(note.answer, *points, str(note.as_of))}"


def changes(before: str, now: str) -> tuple[bool, bool]:
    """Whether what is asked is another, and whether the answer is."""
    (asked, answered), (asks, answers) = before.split("-"), now.split("-")
    return asked != asks, answered != answers


def _digest(*said: str) -> str:
    text = normalize("NFC", "\0".join(said)).encode("utf-8", "replace")
    return hashlib.blake2b(text, digest_size=8).hexdigest()


def written(origins: Origins) -> str:
    """The file, with a note a line, the same for the same notes."""
    types = json.dumps({str(of): one for of, one in origins.types.items()}, sort_keys=True)
    notes = sorted(origins.notes.items())
    lines = (f"{json.dumps(guid)}: {json.dumps(row(one))}" for guid, one in notes)
    rows = ",\n".join(lines)
    return f'{{"types": {types},\n"notes": {{\n{rows}\n}}}}\n'


def row(one: Original) -> dict[str, Any]:
    """A note as JSON."""
    eases = {str(place): ease for place, ease in one.eases.items()}
    return {
        **({"eases": eases} if eases else {}),
        "type": one.type,
        "changed": one.changed,
        "tags": one.tags,
        "places": list(one.places),
        "says": dict(one.says),
        "fields": list(one.fields),
    }


def read(text: bytes | None) -> Origins:
    """What a file says; nothing of what cannot be read, as each note does without it."""
    try:
        return parsed(text) if text else Origins()
    except ValueError:
        return Origins()


def parsed(text: bytes) -> Origins:
    """What a file says. Raises ValueError for one that was not written here."""
    try:
        found = json.loads(text)
        types = {int(of): ankimodel.model(int(of), one) for of, one in found["types"].items()}
        notes = {guid: original(one) for guid, one in found["notes"].items()}
        return Origins(types, notes).sound
    except (KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise ValueError("no notes of Anki's") from error


def original(row: Mapping[str, Any]) -> Original:
    """A note as `row` has it. Raises ValueError, KeyError, TypeError, AttributeError or
    OverflowError for anything else."""
    says = {mark: one for mark, one in row["says"].items() if _SAID.fullmatch(one)}
    head = (int(row["type"]), int(row["changed"]), str(row["tags"]))
    fields = tuple(map(str, row["fields"]))
    "".join((head[2], *fields)).encode()  # fails for half a character, which no database takes
    found = {int(place): int(ease) for place, ease in row.get("eases", {}).items()}
    eases = {place: ease for place, ease in found.items() if ease in EASES}
    return Original(*head, fields, tuple(map(int, row["places"])), says, eases)
