"""A table of reviews (RULES: Fitting): CSV with a line of names, be it with semicolons, tabs or |,
or JSON Lines.

A row is a review: `card_id`, `review_rating` (1 to 4), `review_time` (ISO 8601, or seconds or
milliseconds since 1970), and where they are known `study_day` and `kind`. py-fsrs writes such, with
`review_duration`. A row that is something else is refused with its line.
"""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

from studyapp.errors import StudyError, printable
from studyapp.memory.clock import study_day
from studyapp.memory.fold import CRAMMED, ReviewKind
from studyapp.study.fit.rows import Rows, Told
from studyapp.study.fit.unused import Unused

_MARKS, _MARKS_TOLD = ",;\t|", "commas, semicolons, tabs or |"
_LONGEST = 1 << 16  # bytes of a line
_NEEDED = ("card_id", "review_rating", "review_time")
_READ = (*_NEEDED, "study_day", "kind")
_APART = 2  # days that a study day and the date of its instant, in UTC, can be apart
_FIRST, _LAST = (datetime(year, 1, 1, tzinfo=UTC).timestamp() for year in (1980, 2200))
_MILLISECONDS = 1e11  # since 1970, as which a number beyond this is read
_SHOWN = 40  # characters of a value that is refused
_Row: TypeAlias = Mapping[str, Any]


def read(path: Path, rows: Rows, told: Told) -> None:
    """Add the reviews of a table. Raises StudyError without the path."""
    size = max(1, path.stat().st_size)
    with path.open("rb") as file:
        head = file.read(512).lstrip(b"\xef\xbb\xbf \t\r\n")
        is_json = head.startswith(b"{")
        if head.startswith(b"["):
            raise StudyError("it is a JSON array; give one object a line, without brackets")
        if b"\r" in head and b"\n" not in head:
            raise StudyError("its lines end with CR alone; save it with those of Unix or Windows")
        file.seek(0)
        lines = _Lines(file, lambda done: told(done / size))
        for row in (_json_rows if is_json else _csv_rows)(lines):
            try:
                _add(rows, row)
            except (ValueError, OverflowError) as error:
                raise lines.wrong(str(error)) from None


class _Lines:
    """The lines of a text, each no longer than a review can be."""

    def __init__(self, file: BinaryIO, told: Callable[[int], None]) -> None:
        self._file, self._told = file, told
        self.number = 0

    def __iter__(self) -> Iterator[str]:
        while line := self._file.readline(_LONGEST):
            self.number += 1
            if len(line) == _LONGEST:
                raise self.wrong("it is too long for a review")
            if self.number % 10_000 == 0:
                self._told(self._file.tell())
            try:
                yield line.decode("utf-8-sig" if self.number == 1 else "utf-8")
            except UnicodeDecodeError:
                raise self.wrong("it is not UTF-8 text") from None

    def wrong(self, why: str) -> StudyError:
        return StudyError(f"line {self.number}: {why}")


def _csv_rows(lines: _Lines) -> Iterator[_Row]:
    first = next((line for line in lines if line.strip()), "")
    try:
        mark, names = _head(first)
        if missing := [name for name in _NEEDED if name not in names]:
            between = f" between {_MARKS_TOLD}" if missing[0] in first else ""
            raise lines.wrong(f"it is to name the columns, and names no {missing[0]}{between}")
        _check_once(lines, names)
        for row in csv.reader(lines, delimiter=mark):
            if row:
                yield dict(zip(names, row, strict=False))
    except csv.Error:
        raise lines.wrong("it is not CSV") from None


def _head(line: str) -> tuple[str, list[str]]:
    """What stands between the columns, and their names: what makes most of the names that are
    needed is meant."""
    heads = [
        (mark, [name.strip() for name in next(csv.reader([line], delimiter=mark), ())])
        for mark in _MARKS
    ]
    return max(heads, key=lambda head: len({*_NEEDED} & {*head[1]}))


def _check_once(lines: _Lines, names: Sequence[str]) -> None:
    """Of two columns with one name nobody can say which is meant."""
    if twice := [name for name in _READ if names.count(name) > 1]:
        raise lines.wrong(f"it names {twice[0]} twice")


def _json_rows(lines: _Lines) -> Iterator[_Row]:
    def made(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(found := dict(pairs)) < len(pairs):
            _check_once(lines, [name for name, _ in pairs])
        return found

    for line in lines:
        if not line.strip():
            continue
        row = None
        with suppress(ValueError, RecursionError):
            row = json.loads(line, object_pairs_hook=made)
        if not isinstance(row, dict):
            raise lines.wrong("it is not a JSON object")
        yield row


def _add(rows: Rows, row: _Row) -> None:
    for name in _NEEDED:
        if row.get(name) in (None, ""):
            raise ValueError(f"it has no {name}")
    if _kind(row) in CRAMMED:
        rows.leave_out(Unused.CRAMMED)
        return
    at = _instant(row["review_time"])
    rows.add(str(row["card_id"]), at.timestamp(), _day(row, at), _rating(row))


def _kind(row: _Row) -> ReviewKind:
    kind = row.get("kind") or ReviewKind.STUDY
    try:
        return ReviewKind(kind)
    except ValueError:
        raise _not_so(row, "kind", f"one of {', '.join(ReviewKind)}") from None


def _rating(row: _Row) -> int:
    number = _number(row["review_rating"])
    if number not in (1, 2, 3, 4):
        raise _not_so(row, "review_rating", "1, 2, 3 or 4")
    return int(number)


def _instant(value: Any) -> datetime:
    """A time as it is written; one without a zone is of this machine's."""
    number = _number(value)
    if number is None:
        try:
            at = datetime.fromisoformat(str(value).strip())
        except ValueError:
            raise ValueError(f"review_time is {_shown(value)}, which is no time") from None
    else:
        seconds = number / 1000 if number > _MILLISECONDS else number
        at = datetime.fromtimestamp(min(max(seconds, 0), _LAST), UTC)
    if not _FIRST <= at.timestamp() < _LAST:
        raise ValueError(f"review_time is {_shown(value)}, which is not of our time")
    return at


def _day(row: _Row, at: datetime) -> date:
    """The study day; where the row has none, that of this machine's zone, as programs keep times
    in UTC."""
    told = row.get("study_day")
    if told in (None, ""):
        return study_day(at.astimezone() if not at.utcoffset() else at)
    try:
        day = date.fromisoformat(str(told).strip())
    except ValueError:
        raise _not_so(row, "study_day", "a date such as 2026-11-20") from None
    if abs((day - at.astimezone(UTC).date()).days) > _APART:
        raise _not_so(row, "study_day", f"that of its review_time, {_shown(row['review_time'])}")
    return day


def _number(value: Any) -> float | None:
    if isinstance(value, bool):
        return None
    try:
        number = float(value)
    except (ValueError, TypeError):
        return None
    return number if math.isfinite(number) else None


def _not_so(row: _Row, name: str, right: str) -> ValueError:
    return ValueError(f"{name} is {_shown(row[name])}; it must be {right}")


def _shown(value: Any) -> str:
    text = printable(str(value)).replace("\n", " ")
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
