"""Anki's notes in text: a record a line, below `#key:value` lines that say what its columns are.

Quotes work as in any CSV. A record that begins with # is a comment. Without such lines the first
row may name the columns, or the first column asks (`notes/sheet.py`). Which columns ask and which
answer depends on the type of note: one that hides texts asks for these, a reversed one asks both
ways, one that is optionally so if its last field says anything, and of any other the first column
asks.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from studyapp.notes import ankifield, ankigap, columns, sheet, written
from studyapp.notes.card import halves, with_extra
from studyapp.notes.encoding import text_of
from studyapp.notes.foreign import Foreign, ForeignNote, Media
from studyapp.notes.note import CardStyle, Problem

_KEY = re.compile(r"#([a-z ]{2,20}):(.*)")
_SEPARATORS = {
    "tab": "\t", "pipe": "|", "semicolon": ";", "colon": ":", "comma": ",", "space": " ",
    "\\t": "\t",
}  # fmt: skip
_GUESSED = "\t;,|"
_UNNAMED = "what stands behind the second cell here is read as part of the answer"
_NAME_THEM = "a first row such as question, answer, tags says what each column is"
_COLUMNS = ("guid column", "notetype column", "deck column", "tags column")
_KEYS = {"separator", "html", "tags", "columns", "notetype", "deck", *_COLUMNS, "if matches"}
_REVERSED = re.compile(r"revers|both ways|umgekehrt|inverti|invers|inversé", re.IGNORECASE)
_OPTIONAL = re.compile(r"optional|opcional|opzional|optionnel", re.IGNORECASE)
_CLOZE = re.compile(r"cloze|lückentext|texte à trous", re.IGNORECASE)
_HIDES = re.compile(r"\{\{c[0-9,]++::")
_HTML = re.compile(
    r"<br ?/?>|<img src=|<(?P<name>b|i|u|div|span|sub|sup)\b[^<>]*>[^<>\t]+</(?P=name)>"
)
_ELSEWHERE = "a picture or a sound, which only a package has with it"
_TOO_LONG = f"a field is longer than {ankifield.LONGEST:,} characters; not read"
_OCCLUDED = re.compile(r"\{\{c[0-9,]++::image-occlusion:")


@dataclass
class _Head:
    """What the first lines say; `end` is the line that follows them."""

    said: dict[str, str] = field(default_factory=dict)
    end: int = 0
    unknown: list[tuple[int, str]] = field(default_factory=list)

    @property
    def is_html(self) -> bool:
        return self.said.get("html", "false").lower() == "true"

    def column(self, name: str) -> int:
        """The place of a column of its own, −1 if there is none."""
        said = self.said.get(name, "").strip()
        return int(said) - 1 if said.isdecimal() and len(said) < 4 and int(said) else -1


def recognises(head: bytes, path: Path) -> bool:
    """Whether a text has a head of Anki's, is a table of notes, or has as many tabs on nearly each
    of its lines."""
    text = head.decode("utf-8-sig", "ignore")
    if "\0" in text:
        return False
    lines = re.sub(r"\r\n?", "\n", text).split("\n")
    if _head(lines).end:
        return True
    if table := sheet.of_head(head, path):
        return table.is_sure
    tabs = [line.count("\t") for line in lines[:-1] or lines if line.strip()]
    return (
        bool(tabs)
        and tabs[0] > 0
        and 10 * tabs.count(tabs[0]) >= 9 * len(tabs)
        and all(not line.startswith((" ", "\t")) for line in lines)
    )


def read(path: Path) -> Foreign:
    """Read a text file of Anki's. Raises StudyError if it cannot be read, or is no text."""
    return parse(text_of(path), path)


def parse(text: str, path: Path) -> Foreign:
    """The notes in *text*; nothing in it makes this raise."""
    lines = re.sub(r"\r\n?", "\n", text).split("\n")
    head, pictures = _head(lines), dict[str, bytes]()
    if not head.end and any("\t" in line and _HTML.search(line) for line in lines):
        head.said["html"] = "true"  # Anki before 2.1.54, which wrote no head
    if head.is_html:
        text, pictures = written.lifted("\n".join(lines))
        lines = text.split("\n")
    table = None if head.end else sheet.look(lines, path)
    lines, sign = sheet.parted(lines)
    if sign:
        head.said["separator"] = sign
    reading = _Reading(head, path, table)
    reading.within = pictures.keys()
    for line, record in reading.records(lines):
        reading.take(line, record)
    media = tuple(Media(name, partial(bytes, data)) for name, data in pictures.items())
    return replace(reading.found(), media=media)


def of_named(records: Iterable[tuple[int, Mapping[str, str]]], path: Path) -> Foreign:
    """The notes of records with their lines, each of which names its own fields, of which the first
    asks and the second answers. Nothing in them makes this raise."""
    reading = _Reading(_Head({"columns": ""}), path)
    for line, record in records:
        reading.name(list(record))
        reading.take(line, list(record.values()))
    return reading.found()


def said(kind: str, fields: Sequence[str]) -> ForeignNote | None:
    """What a note with these *fields* says as a record, its type being called *kind*; None if that
    is not one note."""
    reading = _Reading(_Head({"html": "true", "notetype": kind}), Path())
    reading.take(1, [written.lifted(field)[0] for field in fields])
    return reading.notes[0] if len(reading.notes) == 1 else None


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

    def __init__(self, head: _Head, path: Path, table: sheet.Sheet | None = None) -> None:
        self.head, self.path, self.table = head, path, table
        self.notes: list[ForeignNote] = []
        self.problems = [
            Problem(path, at + 1, f"#{key}: is no key of such a file") for at, key in head.unknown
        ]
        self.html = head.is_html
        self.tags = tuple(head.said.get("tags", "").split())
        self.special = {name: head.column(name) for name in _COLUMNS}
        self.names: list[str] = []
        self.topics: list[int] = []  # columns of which each cell is one tag
        self.within: Set[str] = set()  # the names of pictures that are written into the text
        self.lost: dict[str, list[int]] = {}
        self.unnamed: list[int] = []  # lines with more cells than a question and an answer
        self.met: dict[str, int] = {}
        self.said: dict[tuple[str, str, str], tuple[int, int]] = {}
        self.taken = 0  # records, several of which may be on one line

    def report(self, line: int, message: str) -> None:
        self.problems.append(Problem(self.path, line, message))

    def name(self, names: list[str]) -> None:
        """Take the fields of the records that follow for what they are called."""
        self.names, self.topics = names, columns.topics(names)
        self.special["deck column"] = columns.deck(names)

    def separator(self, lines: Sequence[str]) -> str:
        said = self.head.said.get("separator", "")
        if said:
            sign = _SEPARATORS.get(said.lower(), said)
            if len(sign) == 1 and sign not in '"\r\n':
                return sign
            self.report(1, f"{said[:20]!r} separates nothing; one sign does, or its name")
        if self.table is not None:
            return self.table.sign
        first = next((line for line in lines if line.strip() and not line.startswith("#")), "")
        return max(_GUESSED, key=lambda sign: (first.count(sign) > 0, -_GUESSED.index(sign)))

    def records(self, lines: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
        """The records with their lines; an unfinished quote is one record up to the end."""
        body = lines[self.head.end :]
        separator = self.separator(body)
        if names := self.head.said.get("columns"):
            self.names = next(csv.reader([names], delimiter=separator), [])
        begins = False

        def said() -> Iterator[str]:
            nonlocal begins
            for line in body:
                comment, begins = begins and self._is_comment(line), False
                yield "\n" if comment else f"{line}\n"

        is_quoted = self.table is None or self.table.is_quoted
        rows = csv.reader(said(), delimiter=separator, quotechar=sheet.QUOTES[is_quoted])
        while True:
            line, begins = self.head.end + rows.line_num + 1, True
            try:
                record = next(rows, None)
            except csv.Error as error:
                is_long = "limit" in str(error)
                self.report(line, _TOO_LONG if is_long else "this record cannot be read")
                continue
            if record is None:
                return
            if record and record[-1].endswith("\n") and rows.line_num == len(body):
                self.report(line, "a quote in this record has no end; all below is in it")
            if not any(cell.strip() for cell in record):
                continue
            if self.table is None:
                yield line, record
                continue
            record = sheet.shorn(record, self.table.width)
            if self.table.names == tuple(record) and not self.names:
                self.head.said["columns"] = ""
                self.name(self.table.ordered(record))
                if settings := ", ".join(record[at] for at in self.table.settings):
                    self.report(line, f"not kept, how its program asks and calls them: {settings}")
            elif why := self.table.why_unread(record):
                self.report(line, why)
            else:
                yield line, self.table.ordered(record)

    def _is_comment(self, line: str) -> bool:
        """Whether a record is none: in a table of its own, one that has no columns."""
        return line.startswith("#") and (self.table is None or self.table.sign not in line)

    def take(self, line: int, record: list[str]) -> None:
        """Make a note of a record."""
        self.taken += 1
        if max(map(len, record)) > ankifield.LONGEST:
            self.report(line, _TOO_LONG)
            return
        own = {name: _cell(record, place) for name, place in self.special.items()}
        places = [at for at in range(len(record)) if at not in self.special.values()]
        if "tags column" not in self.head.said and "columns" in self.head.said:
            tagged = [at for at in range(len(record)) if columns.has_tags(self._name(at))]
            places = [at for at in places if at not in tagged]
            own["tags column"] = " ".join(record[at] for at in tagged)
        places = [at for at in places if at not in self.topics]
        tags = ("_".join(_cell(record, at).split()) for at in self.topics)
        own["tags column"] = " ".join([own["tags column"], *tags])
        kind = own["notetype column"] or self.head.said.get("notetype", "")
        fields = [record[at] for at in places]
        if not any(cell.strip() for cell in fields):
            self.report(line, "a record without a text")
            return
        if any(map(str.strip, fields[2:])) and not (self.names or kind or self.head.end):
            self.unnamed.append(line)
        if any(map(_OCCLUDED.search, fields)):
            self.report(line, "a picture of which parts are hidden takes its package")
            return
        cloze = bool(_HIDES.search("".join(fields))) and (not kind or bool(_CLOZE.search(kind)))
        if not self.html:
            fields = [ankifield.as_html(cell) for cell in fields]
        elif self.table is not None and self.table.options:
            fields[0] = fields[0].replace("\n", "<br>")
        if cloze and (told := ankigap.unread(fields[0])):
            self.report(line, told)
        names = [self._name(at) for at in places]
        both = bool(_REVERSED.search(kind))
        if both and (place := _switch(kind, names)):
            both = any(cell.strip() for cell in fields[place : place + 1])
            del fields[place : place + 1], names[place : place + 1]
        first, rest = ankifield.parted(fields[0]) if cloze else (ankifield.read(fields[0]), ())
        read = [first, *map(ankifield.read, fields[1:])]
        for one in read:
            for lost in (*one.lost, *([_ELSEWHERE] if one.media - self.within else [])):
                self.lost.setdefault(lost, []).append(line)
        answer = _joined(names, [one.text for one in read])
        keep = partial(self._keep, line, own, kind)
        if cloze and (first.hidden or rest):
            if first.hidden:
                keep("", with_extra(first.text, answer), CardStyle.CLOZE)
            self._asked(line, fields[0], rest, answer, keep)
        elif first.text:
            keep(first.text, answer, CardStyle.BOTH if both and answer else CardStyle.ANSWER)
        else:
            told = f"; not read: {sheet.begun([answer])}" if answer else ""
            self.report(line, f"the first field, which asks, is empty{told}")

    def _asked(
        self, line: int, said: str, numbers: Sequence[int], answer: str, keep: Callable[..., None]
    ) -> None:
        """A question for each of the *numbers* whose gaps cannot be hidden here."""
        few = ankigap.few(numbers, said)
        if len(few) < len(numbers):
            self.report(line, ankigap.left_out(len(numbers) - len(few)))
        for number in few:
            question = ankifield.read(ankigap.covered(said, number)).text
            shown = ankifield.read(ankigap.shown(said, number)).text
            keep(question, f"{shown}\n\n{answer}".strip(), CardStyle.ANSWER, mark=f"/c{number}")

    def _keep(
        self,
        line: int,
        own: dict[str, str],
        kind: str,
        front: str,
        answer: str,
        style: CardStyle,
        *,
        mark: str = "",
    ) -> None:
        deck = own["deck column"] or self.head.said.get("deck", "")
        tags = (*self.tags, *own["tags column"].split())
        guid = own["guid column"].strip()
        if guid:
            guid += mark
        else:
            former, there = self.said.setdefault((kind, front, answer), (self.taken, line))
            if former != self.taken:
                self.report(line, f"this note is on line {there} already, word for word")
                return
            said = front or "\n\n".join(halves(answer))  # its name from before there were halves
            key = f"{kind}: {' '.join(said.split())}"
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

    def found(self) -> Foreign:
        for lost, lines in sorted(self.lost.items()):
            more = f", and in {len(lines) - 1} more" if len(lines) > 1 else ""
            self.report(lines[0], f"left out here{more}: {lost}")
        if self.unnamed:
            more = f", and in {len(self.unnamed) - 1:,} more" if len(self.unnamed) > 1 else ""
            self.report(self.unnamed[0], f"{_UNNAMED}{more}: {_NAME_THEM}")
        return Foreign(tuple(self.notes), problems=tuple(sorted(self.problems)))


def _cell(record: Sequence[str], place: int) -> str:
    return record[place].strip() if 0 <= place < len(record) else ""


def _switch(kind: str, names: Sequence[str]) -> int:
    """The place of the field that has a note asked both ways if it says anything, where its type
    leaves that open; 0 if there is none, or it cannot be told."""
    if not _OPTIONAL.search(kind):
        return 0
    named = (at for at, name in enumerate(names) if at > 1 and _REVERSED.search(name))
    return next(named, 2 if len(names) <= 3 else 0)


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
