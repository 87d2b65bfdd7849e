"""Anki's notes in text: a record a line, below `#key:value` lines that say what its columns are.

Quotes work as in any CSV. A record that begins with # is a comment. Which columns ask and which
answer depends on the type of note: one that hides texts asks for these, a reversed one asks both
ways, and of any other the first column asks.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from studyapp.notes import ankifield, prose
from studyapp.notes.foreign import Foreign, ForeignNote
from studyapp.notes.note import CardStyle, Problem

_KEY = re.compile(r"#([a-z ]{2,20}):(.*)")
_SEPARATORS = {
    "tab": "\t", "pipe": "|", "semicolon": ";", "colon": ":", "comma": ",", "space": " ",
    "\\t": "\t",
}  # fmt: skip
_GUESSED = "\t;,|"
_COLUMNS = ("guid column", "notetype column", "deck column", "tags column")
_KEYS = {"separator", "html", "tags", "columns", "notetype", "deck", *_COLUMNS, "if matches"}
_REVERSED = re.compile(r"revers|both ways|umgekehrt|inverti|invers|inversé", re.IGNORECASE)
_CLOZE = re.compile(r"cloze|lückentext|texte à trous", re.IGNORECASE)
_HIDES = re.compile(r"\{\{c\d{1,3}::")


@dataclass
class _Head:
    """What the first lines say; `end` is the line that follows them."""

    said: dict[str, str] = field(default_factory=dict)
    end: int = 0
    unknown: list[tuple[int, str]] = field(default_factory=list)

    def column(self, name: str) -> int:
        """The place of a column of its own, −1 if there is none."""
        said = self.said.get(name, "").strip()
        return int(said) - 1 if said.isdecimal() and 0 < int(said) < 1000 else -1


def recognises(head: bytes, path: Path) -> bool:
    """Whether a text has a head of Anki's, or as many tabs on nearly each of its lines."""
    text = head.decode("utf-8-sig", "ignore")
    if "\0" in text:
        return False
    lines = re.sub(r"\r\n?", "\n", text).split("\n")
    if _head(lines).end:
        return True
    tabs = [line.count("\t") for line in lines[:-1] or lines if line.strip()]
    return (
        bool(tabs)
        and tabs[0] > 0
        and 10 * tabs.count(tabs[0]) >= 9 * len(tabs)
        and all(not line.startswith((" ", "\t")) for line in lines)
    )


def read(path: Path) -> Foreign:
    """Read a text file of Anki's. Raises StudyError if it cannot be read, or is no text."""
    return parse(prose.text_of(path), path)


def parse(text: str, path: Path) -> Foreign:
    """The notes in *text*; nothing in it makes this raise."""
    lines = re.sub(r"\r\n?", "\n", text).split("\n")
    reading = _Reading(_head(lines), path)
    for line, record in reading.records(lines):
        reading.take(line, record)
    reading.tell_lost()
    return Foreign(tuple(reading.notes), problems=tuple(sorted(reading.problems)))


def _head(lines: Sequence[str]) -> _Head:
    head = _Head()
    for at, line in enumerate(lines):
        found = _KEY.fullmatch(line)
        if found is None or (found[1] not in _KEYS and not head.said):
            break
        if found[1] in _KEYS:
            head.said[found[1]] = (
                found[2].strip(" ") if found[1] == "separator" else found[2].strip()
            )
        else:
            head.unknown.append((at, found[1]))
        head.end = at + 1
    return head


class _Reading:
    """The notes that have been found in the records of a file."""

    def __init__(self, head: _Head, path: Path) -> None:
        self.head, self.path = head, path
        self.notes: list[ForeignNote] = []
        self.problems = [
            Problem(path, at + 1, f"#{key}: is no key of such a file") for at, key in head.unknown
        ]
        self.html = head.said.get("html", "false").lower() == "true"
        self.tags = tuple(head.said.get("tags", "").split())
        self.special = {name: head.column(name) for name in _COLUMNS}
        self.names: list[str] = []
        self.lost: dict[str, list[int]] = {}
        self.met: dict[str, int] = {}
        self.said: dict[tuple[str, str, str], int] = {}

    def report(self, line: int, message: str) -> None:
        self.problems.append(Problem(self.path, line, message))

    def separator(self, lines: Sequence[str]) -> str:
        said = self.head.said.get("separator", "")
        if said:
            sign = _SEPARATORS.get(said.lower(), said)
            if len(sign) == 1 and sign not in '"\r\n':
                return sign
            self.report(1, f"{said[:20]!r} separates nothing; one sign does, or its name")
        first = next((line for line in lines if line.strip() and not line.startswith("#")), "")
        return max(_GUESSED, key=lambda sign: (first.count(sign) > 0, -_GUESSED.index(sign)))

    def records(self, lines: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
        """The records with their lines; an unfinished quote is one record up to the end."""
        body = lines[self.head.end :]
        separator = self.separator(body)
        if columns := self.head.said.get("columns"):
            self.names = next(csv.reader([columns], delimiter=separator), [])
        begins = False

        def said() -> Iterator[str]:
            nonlocal begins
            for line in body:
                comment, begins = begins and line.startswith("#"), False
                yield "\n" if comment else f"{line}\n"

        rows = csv.reader(said(), delimiter=separator, quotechar='"')
        while True:
            line, begins = self.head.end + rows.line_num + 1, True
            try:
                record = next(rows, None)
            except csv.Error as error:
                self.report(line, f"this record cannot be read ({error})")
                continue
            if record is None:
                return
            if record and record[-1].endswith("\n") and rows.line_num == len(body):
                self.report(line, "a quote in this record has no end; all below is in it")
            if any(cell.strip() for cell in record):
                yield line, record

    def take(self, line: int, record: list[str]) -> None:
        """Make a note of a record."""
        if max(map(len, record)) > ankifield.LONGEST:
            self.report(line, f"a field is longer than {ankifield.LONGEST:,} characters; not read")
            return
        own = {name: _cell(record, place) for name, place in self.special.items()}
        places = [at for at in range(len(record)) if at not in self.special.values()]
        if "tags column" not in self.head.said and "columns" in self.head.said:
            places = [at for at in places if self._name(at).casefold() != "tags"]
            own["tags column"] = " ".join(
                record[at] for at in range(len(record)) if self._name(at).casefold() == "tags"
            )
        kind = own["notetype column"] or self.head.said.get("notetype", "")
        fields = [record[at] for at in places]
        if not any(cell.strip() for cell in fields):
            self.report(line, "a record without a text")
            return
        cloze = bool(_HIDES.search("".join(fields))) and (not kind or bool(_CLOZE.search(kind)))
        read = [
            ankifield.read(cell, html=self.html, cloze=cloze and not at)
            for at, cell in enumerate(fields)
        ]
        for one in read:
            for lost in one.lost:
                self.lost.setdefault(lost, []).append(line)
        front, answer = (
            read[0].text,
            _joined([self._name(at) for at in places], [one.text for one in read]),
        )
        style = CardStyle.BOTH if _REVERSED.search(kind) and answer else CardStyle.ANSWER
        if cloze and read[0].hidden:
            front, answer, style = "", f"{front}\n\n{answer}".strip(), CardStyle.CLOZE
        elif not front:
            self.report(line, "the first field, which asks, is empty")
            return
        self._keep(line, own, kind, front, answer, style)

    def _keep(
        self, line: int, own: dict[str, str], kind: str, front: str, answer: str, style: CardStyle
    ) -> None:
        deck = own["deck column"] or self.head.said.get("deck", "")
        tags = (*self.tags, *own["tags column"].split())
        guid = own["guid column"].strip()
        if not guid:
            former = self.said.setdefault((kind, front, answer), line)
            if former != line:
                self.report(line, f"this note is on line {former} already, word for word")
                return
            key = f"{kind}: {' '.join((front or answer).split())}"
            self.met[key] = nth = self.met.get(key, 0) + 1
            guid = key if nth == 1 else f"{key} ({nth})"
        path = tuple(part.strip() for part in deck.split("::") if part.strip())
        self.notes.append(
            ForeignNote(
                guid,
                front,
                answer,
                card=style,
                deck=path,
                tags=tuple(dict.fromkeys(tags)),
                line=line,
            )
        )

    def _name(self, at: int) -> str:
        return self.names[at].strip() if at < len(self.names) else ""

    def tell_lost(self) -> None:
        for lost, lines in sorted(self.lost.items()):
            more = f", and in {len(lines) - 1} more" if len(lines) > 1 else ""
            self.report(lines[0], f"left out here{more}: {lost}")


def _cell(record: Sequence[str], place: int) -> str:
    return record[place].strip() if 0 <= place < len(record) else ""


def _joined(names: Sequence[str], texts: Sequence[str]) -> str:
    """The fields after the first; with more than one, each under its name if that is known."""
    if len(texts) == 2:
        return texts[1]
    parts = [
        f"**{name}**\n\n{text}" if name and at > 1 else text
        for at, (name, text) in enumerate(zip(names, texts, strict=True))
        if at and text
    ]
    return "\n\n".join(parts)
