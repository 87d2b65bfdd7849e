"""The log inside an Anki package or collection (RULES: Fitting): only the table of reviews is read,
and only as numbers."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from studyapp.errors import StudyError
from studyapp.memory.clock import study_day
from studyapp.notes import collection
from studyapp.study.fit.rows import MOST, Rows, Told
from studyapp.study.fit.unused import Unused

recognises = collection.recognises

_REVIEW, _FILTERED, _MANUAL, _RESCHEDULED = 1, 3, 4, 5  # types of reviews
_LAST_TIME = 7_258_118_400_000  # milliseconds: the year 2200


def read(path: Path, rows: Rows, told: Told) -> None:
    """Add the reviews of a package or a collection. Raises StudyError without the path."""
    with collection.opened(path) as package:
        collection.check_tables(package.connection, ["revlog"])
        _add(package.connection, rows, told)


def _add(connection: sqlite3.Connection, rows: Rows, told: Told) -> None:
    met = dict[int, int]()  # how often a card has begun anew; not there: unknown
    whole = min(MOST, connection.execute("SELECT count(*) FROM revlog").fetchone()[0]) or 1
    for number, (card, at, ease, kind, factor, former) in enumerate(_numbers(connection)):
        if number % 10_000 == 0:
            told(number / whole)
        if kind == _MANUAL and not (ease or factor):  # "forget"
            met[card] = met.get(card, 0) + 1
            continue
        if why := _why_not(card in met, ease, kind, factor, former):
            rows.leave_out(why)
            continue
        begun = met.setdefault(card, 0)
        if not 0 < at < _LAST_TIME:
            raise StudyError(f"a review is of the time {at}, which there is not")
        seconds = at / 1000
        day = study_day(datetime.fromtimestamp(seconds, UTC).astimezone())
        rows.add((card, begun), seconds, day, ease)


def _why_not(begun: bool, ease: int, kind: int, factor: int, former: int) -> Unused | None:
    """Why a row does not count; *begun* says whether one of its card came before."""
    if not ease and kind in (_MANUAL, _RESCHEDULED):
        return Unused.BY_HAND
    if kind == _FILTERED and not factor:
        return Unused.CRAMMED
    if not 1 <= ease <= 4:
        return Unused.UNRATED
    # What went before has been deleted, so its memory is not known.
    return Unused.NO_BEGINNING if not begun and kind == _REVIEW and former > 0 else None


def _numbers(connection: sqlite3.Connection) -> Iterator[tuple[int, ...]]:
    for row in connection.execute(
        "SELECT cid, id, ease, type, factor, lastIvl FROM revlog ORDER BY id"
    ):
        if not all(isinstance(value, int) for value in row):
            raise StudyError("a review of it has something else than numbers")
        yield row
