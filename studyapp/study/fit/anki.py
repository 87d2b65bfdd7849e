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
from studyapp.study.fit.rows import MOST, Log, Rows, Told

recognises = collection.recognises

_LEARN, _REVIEW, _FILTERED, _MANUAL = 0, 1, 3, 4  # types of reviews
_LAST_TIME = 7_258_118_400_000  # milliseconds: the year 2200


def read(path: Path, told: Told) -> Log:
    """The reviews of a package or a collection. Raises StudyError without the path."""
    with collection.opened(path) as package:
        collection.check_tables(package.connection, ["revlog"])
        return _rows(package.connection, told)


def _rows(connection: sqlite3.Connection, told: Told) -> Log:
    rows, met = Rows(), dict[int, int]()  # how often a card has begun anew; not there: unknown
    whole = min(MOST, connection.execute("SELECT count(*) FROM revlog").fetchone()[0]) or 1
    for number, (card, at, ease, kind, factor, former) in enumerate(_numbers(connection)):
        if number % 10_000 == 0:
            told(number / whole)
        if not ease:
            if kind == _MANUAL and not factor:  # "forget"
                met[card] = met.get(card, 0) + 1
            continue
        if (kind == _FILTERED and not factor) or not 1 <= ease <= 4:  # crammed, or nonsense
            continue
        if card not in met and kind == _REVIEW and former > 0:
            continue  # what went before has been deleted, so its memory is not known
        begun = met.setdefault(card, 0)
        if not 0 < at < _LAST_TIME:
            raise StudyError(f"a review is of the time {at}, which there is not")
        seconds = at / 1000
        day = study_day(datetime.fromtimestamp(seconds, UTC).astimezone())
        rows.add((card, begun), seconds, day, ease)
    return rows.log()


def _numbers(connection: sqlite3.Connection) -> Iterator[tuple[int, ...]]:
    for row in connection.execute(
        "SELECT cid, id, ease, type, factor, lastIvl FROM revlog ORDER BY id"
    ):
        if not all(isinstance(value, int) for value in row):
            raise StudyError("a review of it has something else than numbers")
        yield row
