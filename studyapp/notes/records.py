"""Notes in JSON, and in JSON Lines: objects whose keys say, as the columns of a table do, what asks
and what answers (`notes/record.py`), wherever they lie in it.

What holds several lists of them has a deck for each. An object whose keys ask is one of pairs, and
so is one that is called as vocabulary. All else that lies beside notes is told.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from studyapp.errors import StudyError
from studyapp.notes import ankitext, columns, glossary, jsontext, record, sheet, wording
from studyapp.notes.encoding import text_of
from studyapp.notes.foreign import Foreign
from studyapp.notes.jsontext import Lines, Object
from studyapp.notes.note import Problem
from studyapp.notes.notebook import Finder
from studyapp.notes.record import Record

_BEGINS = 4_000  # characters in which the first object names its keys
_KEY = re.compile(r'"([^"\\\n]{1,60})"\s*:')
_LINES = (".jsonl", ".ndjson")
_BEGUN = re.compile(r"[\[{]\s*[\[{\"]")
_ANNOUNCED = re.compile(r"\b(?:flash ?cards|cards|quiz|questions|faq)\b", re.IGNORECASE)
_TITLES = ("name", "title", "topic", "chapter", "section", "subject", "unit", "lesson")
_NO_NOTES = "it has no list of objects with a question and an answer each"
_ASKED_BY_KEY = "term"  # beside whatever answers
_MAY_PAIR = (
    "its names may be questions and what they say answers, which cannot be seen for sure: call the "
    "file glossary, or write a list of objects with a question and an answer each"
)


def recognises(head: bytes, path: Path) -> bool:
    """Whether a file is called as JSON is and begins so, or begins with an object whose keys ask
    and answer."""
    text = head.decode("utf-8-sig", "ignore").lstrip()[:_BEGINS]
    if path.suffix.lower() in (".json", *_LINES):
        return text.startswith(("[", "{"))
    names = columns.named(list(dict.fromkeys(_KEY.findall(text))))
    return _BEGUN.match(text) is not None and columns.sides(names, []) is not None


def read(path: Path) -> Foreign:
    """Read the notes in JSON. Raises StudyError if it cannot be read, or has none."""
    text, halves = jsontext.mended(text_of(path), path)
    try:
        said, broken = _parsed(text, path)
        reading = _Reading(text)
        found = reading.look(said, 1, is_announced=_announces(path.stem))
    except RecursionError:
        raise StudyError(f"{path} is not read: its JSON is nested too deeply.") from None
    if not found.records or (found.is_one and found.records[0].asks.casefold() in _TITLES):
        raise StudyError(f"{path}{_why_none(said)}")
    _leave_numbers(found.records)
    first = _first_option(found.records)
    read = ankitext.of_named(((one.line, one.fields(first)) for one in found.records), path)
    others = (*found.told, *_stray(found.records, first), *_played(found))
    told = (Problem(path, line, message) for line, message in others)
    return replace(read, problems=tuple(sorted((*read.problems, *halves, *broken, *told))))


def _parsed(text: str, path: Path) -> tuple[Any, list[Problem]]:
    """The value of JSON, or of each line a value; and which lines have none."""
    try:
        return jsontext.located(text), []
    except ValueError as error:
        values, problems = Lines([]), list[Problem]()
        if path.suffix.lower() in _LINES or str(error).startswith("Extra data"):
            values, problems = _by_line(text, path)
        if not any(isinstance(one, dict | list) for one in values):
            raise StudyError(f"{path} is not JSON: {error}.") from error
        return values, problems


def _by_line(text: str, path: Path) -> tuple[Lines, list[Problem]]:
    """The values of lines, behind which a comma may stand as in a list."""
    values, problems = list[tuple[int, Any]](), list[Problem]()
    for at, line in enumerate(text.split("\n"), 1):
        try:
            said = line.strip().rstrip(",")
            values += [(at, jsontext.located(said, at))] if said else []
        except ValueError:
            told = f"this line is not JSON; not read: {sheet.begun([line])}"
            problems.append(Problem(path, at, told))
    return Lines(values), problems


def _why_none(said: Any) -> str:
    one = said[0] if isinstance(said, list) and said else said
    if isinstance(one, dict) and sheet.is_log(one):
        return " is a log of reviews, not of notes: `studyapp fit --log` reads it."
    may_pair = isinstance(said, dict) and len(said) > 1 and all(map(record.is_plain, said.values()))
    return f" has no notes that can be read: {_MAY_PAIR if may_pair else _NO_NOTES}."


def _first_option(records: Sequence[Record]) -> int:
    """Whether options are counted from 0 or from 1. A number past the last one tells neither."""
    counting = [one for one in records if one.numbers]
    counting = [one for one in counting if max(one.numbers) <= len(one.options.texts)]
    is_from_0 = any(0 in one.numbers for one in counting) or (
        bool(counting)
        and all(one.is_counted for one in counting)
        and all(max(one.numbers) < len(one.options.texts) for one in counting)
    )
    return 0 if is_from_0 else 1


def _leave_numbers(records: Sequence[Record]) -> None:
    """Take what only numbers the records for a setting of a program."""
    keys = dict.fromkeys(key for one in records for key in one.others)
    for key in filter(lambda key: columns.may_number(columns.named([key])[0]), keys):
        if not columns.counts([one.others.get(key, "") for one in records]):
            continue
        for one in records:
            if one.others.pop(key, ""):
                one.settings = (*one.settings, key)


def _stray(records: Sequence[Record], first: int) -> Iterator[tuple[int, str]]:
    for one in records:
        if said := one.stray(first):
            yield one.line, f"the answer names none of the options: {sheet.begun(said)}"


def _played(found: _Found) -> Iterator[tuple[int, str]]:
    """What of the records says how a program asks them."""
    said = list(dict.fromkeys(name for one in found.records for name in one.settings))
    if said:
        line = next(one.line for one in found.records if one.settings)
        yield line, f"not kept, how its program asks and calls them: {', '.join(said)}"


def _announces(name: str) -> bool:
    """Whether what is called so holds pairs of words, or questions and answers."""
    words = re.sub(r"[_-]+", " ", name)
    return bool(glossary.NAMED.search(words) or _ANNOUNCED.search(words))


@dataclass(slots=True)
class _Found:
    """The notes that were found within a value, what is told of the rest with its lines, whether it
    is one note itself, and what it is called."""

    records: list[Record] = field(default_factory=list)
    told: list[tuple[int, str]] = field(default_factory=list)
    is_one: bool = False
    name: str = ""

    def add(self, other: _Found, deck: str = "") -> None:
        for one in other.records if deck else ():
            one.deck = (deck, *one.deck)
        self.records += other.records
        self.told += other.told


class _Reading:
    """What is looked at of a file's values, in their order."""

    def __init__(self, text: str) -> None:
        self.finder = Finder(text)

    def look(self, value: Any, line: int, *, is_announced: bool = False) -> _Found:
        if isinstance(value, Object):
            return self._object(value, is_announced=is_announced)
        if isinstance(value, list):
            return self._list(value, line, is_announced=is_announced)
        return _Found()

    def _list(self, values: list[Any], line: int, *, is_announced: bool) -> _Found:
        if values and all(isinstance(one, list) and len(one) > 1 for one in values):
            return self._table(values, line, is_announced=is_announced)
        lines = values.numbers if isinstance(values, Lines) else [line] * len(values)
        each = [(one, at, self.look(one, at)) for one, at in zip(values, lines, strict=True)]
        known = {record.asks for *_, within in each for record in within.records if within.is_one}
        found = _Found()
        if not any(within.records for *_, within in each):
            return found
        is_parted = sum(bool(within.records) and not within.is_one for *_, within in each) > 1
        for one, at, within in each:
            if not within.records:
                within = _alone(one, known, at)
            found.add(within, within.name if is_parted and not within.is_one else "")
        return found

    def _table(self, rows: list[list[Any]], line: int, *, is_announced: bool) -> _Found:
        """Rows of cells, of which the first may name the columns."""
        head, found = list(map(record.text, rows[0])), _Found()
        is_named = (
            len(set(head)) == len(head) and columns.sides(columns.named(head), []) is not None
        )
        asking = sum(wording.is_asked(record.text(row[0])) for row in rows)
        if not is_named and not (
            {*map(len, rows)} == {2} and (is_announced or 2 * asking >= len(rows))
        ):
            return found
        for row in rows[is_named:]:
            cells = list(map(record.text, row))
            at = self.finder.line_of(cells[0])
            if len(row) > len(head):
                found.told.append((at, f"more cells than names; not read: {sheet.begun(cells)}"))
                continue
            names = head if is_named else ["question", "answer"]
            found.add(_alone(Object(list(zip(names, row, strict=False)), at), {names[0]}, at))
        return found

    def _object(self, value: Object, *, is_announced: bool) -> _Found:
        if across := self._across(value):
            return across
        own = record.of(value)
        parts = {
            key: self.look(one, value.line, is_announced=_announces(key))
            for key, one in value.items()
            if own is None or key == own.asks or key not in own.used
        }
        parts = {key: within for key, within in parts.items() if within.records}
        if own is not None and (own.asks in parts or (parts and own.asks.casefold() in _TITLES)):
            own = None
        if own is not None:
            return self._one(value, own, parts)
        if not parts:
            pairs = self._pairs(value, is_announced=is_announced)
            return pairs or self._by_key(value) or _Found()
        found = _Found(name=_name(value))
        has_deck = any(map(columns.is_of_deck, columns.named(list(value))))
        is_parted = not has_deck and sum(not within.is_one for within in parts.values()) > 1
        for key, within in parts.items():
            found.add(within, key if is_parted and not within.is_one else "")
        self._finish(found, value, parts)
        return found

    def _one(self, value: Object, own: Record, parts: dict[str, _Found]) -> _Found:
        own.others = {key: said for key, said in own.others.items() if key not in parts}
        found = _Found([own], is_one=not parts)
        found.told += [*_twice(value), *_uneven(value, own)]
        for within in parts.values():
            found.add(within)
        return found

    def _finish(
        self, found: _Found, value: Object, read: Sequence[str] | dict[str, _Found]
    ) -> None:
        """The deck that an object names for all that it holds, and what else it says."""
        decks = [key for key in value if columns.is_of_deck(columns.named([key])[0])]
        for key in decks:
            for one in found.records:
                one.deck = (*record.text(value[key]).split("::"), *one.deck)
        found.told += _twice(value)
        known = {*read, *decks, *(key for key in value if key.casefold() in _TITLES)}
        others = [key for key, said in value.items() if key not in known and record.text(said)]
        if others:
            found.told.append((value.line, f"not read here: {sheet.begun(others)}"))

    def _across(self, value: Object) -> _Found | None:
        """Two lists, of which each item of one asks and that of the other answers."""
        keys = list(value)
        sides = columns.sides(columns.named(keys), []) or ()
        lists = [value[keys[at]] for at in sides if isinstance(value[keys[at]], list)]
        if len(lists) < 2 or not len(lists[0]) == len(lists[1]) > 1 or not record.is_plain(lists):
            return None
        found = _Found()
        names = [keys[at] for at in sides]
        for said in zip(*lists, strict=True):
            one = Object(list(zip(names, said, strict=True)), value.line)
            found.add(_alone(one, {names[0]}, value.line))
        self._finish(found, value, names)
        return found

    def _pairs(self, value: Object, *, is_announced: bool) -> _Found | None:
        """An object whose names ask, and what they say answers."""
        said = {
            key: one
            for key, one in value.items()
            if record.is_plain(one) and record.text(one) and key.casefold() not in _TITLES
        }
        asking = sum(map(wording.is_asked, said))
        is_sure = (asking > 0 and 2 * asking >= len(said)) or (is_announced and len(said) > 1)
        if not is_sure:
            return None
        found = _Found()
        for key, one in said.items():
            line = max(value.line, self.finder.line_of(key))
            pair = Object([("question", key), ("answer", one)], line)
            found.add(_alone(pair, {"question"}, line))
        self._finish(found, value, list(said))
        return found

    def _by_key(self, value: Object) -> _Found | None:
        """An object of objects that answer, and have what asks for their names."""
        within = {key: one for key, one in value.items() if isinstance(one, Object)}
        lone = len(within) == 1 and not all(map(wording.is_asked, within))
        answering = [key for key, one in within.items() if _answers(one)]
        if not within or lone or len(answering) < len(within):
            return None
        found = _Found()
        for key, one in within.items():
            asked = Object([(_ASKED_BY_KEY, key), *one.items()], one.line)
            found.add(_alone(asked, {_ASKED_BY_KEY}, one.line))
        self._finish(found, value, answering)
        return found


def _alone(one: Any, known: set[str], line: int) -> _Found:
    """An object that asks at least; what is none is told."""
    if isinstance(one, Object):
        own = record.of(one, known)
        if own is not None:
            return _Found([own], _twice(one), is_one=True)
        said = [f"{key}: {record.text(value)}" for key, value in one.items()]
        return _Found(
            told=[(one.line, f"this object has no question; not read: {sheet.begun(said)}")]
        )
    begun = sheet.begun([record.text(one)])
    return _Found(told=[(line, f"this is no object; not read: {begun}")] if begun else [])


def _answers(one: Object) -> bool:
    names = columns.named(list(one))
    return any(map(glossary.answers, names)) and not any(map(glossary.asks, names))


def _twice(value: Object) -> list[tuple[int, str]]:
    told = "is there twice in this object; only the last one is read"
    return [(value.line, f"{name[:60]!r} {told}") for name in value.twice]


def _uneven(value: Object, own: Record) -> Iterator[tuple[int, str]]:
    """That several questions and several answers are one note, as they are not as many."""
    asked, given = (value.get(key) for key in (own.asks, own.answers))
    if not isinstance(asked, list) or not isinstance(given, list) or own.options.texts:
        return
    if len(asked) > 1 and len(asked) != len(given):
        counts = f"{len(asked)} in {own.asks!r} and {len(given)} in {own.answers!r}"
        yield value.line, f"read as one note, as these lists do not match: {counts}"


def _name(value: Object) -> str:
    said = (record.text(value[key]) for key in value if key.casefold() in _TITLES)
    return " ".join(next(said, "").split())
