"""The log inside an Anki package or collection (RULES: Fitting).

A package is a zip, of which `meta` tells the version; the newest are compressed with zstd. Packages
of later versions also hold a collection for older programs that asks to update, which is never
taken instead. Only the table of reviews is read, and only as numbers.
"""

from __future__ import annotations

import sqlite3
import tempfile
import time
import zipfile
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import zstandard

from studyapp.errors import StudyError
from studyapp.memory.clock import study_day
from studyapp.memory.histories import Reviews
from studyapp.study.fit.rows import MOST, Rows, Told

_ZIP, _SQLITE = b"PK\x03\x04", b"SQLite format 3\0"
_BY_META = {
    b"\x08\x01": "collection.anki2",
    b"\x08\x02": "collection.anki21",
    b"\x08\x03": "collection.anki21b",
}
_MOST_BYTES = 2 << 30  # of a collection
_CHUNK = 1 << 20
_MORSEL = 1 << 10  # of what is compressed, perhaps to a tenth of a thousandth
_MOST_SECONDS = 120.0  # to read the reviews in
_STEPS = 1_000_000  # of SQLite's machine between two looks at the clock
_LEARN, _REVIEW, _FILTERED, _MANUAL = 0, 1, 3, 4  # types of reviews
_LAST_TIME = 7_258_118_400_000  # milliseconds: the year 2200


def recognises(head: bytes) -> bool:
    return head.startswith((_ZIP, _SQLITE))


def read(path: Path, told: Told) -> Reviews:
    """The reviews of a package or a collection. Raises StudyError without the path."""
    with path.open("rb") as file:
        if file.read(len(_ZIP)) != _ZIP:
            return _reviews(path, told)
    with tempfile.TemporaryDirectory(prefix="studyapp-") as folder:
        collection = Path(folder) / "collection"
        try:
            with zipfile.ZipFile(path) as package, collection.open("wb") as out:
                _unpack(package, out)
        except (zipfile.BadZipFile, zipfile.LargeZipFile, EOFError, ValueError) as error:
            raise StudyError(f"it is a damaged zip ({error})") from None
        except (RuntimeError, NotImplementedError):
            raise StudyError("it is a zip that is encrypted, or packed in an unknown way") from None
        except zstandard.ZstdError:
            raise StudyError("its collection is damaged: it cannot be decompressed") from None
        return _reviews(collection, told)


def _unpack(package: zipfile.ZipFile, out: IO[bytes]) -> None:
    """Write the collection of a package to *out*, whatever size the package says it has."""
    name, size = _collection(package), 0
    with package.open(name) as packed:
        for chunk in _decompressed(packed) if name.endswith("b") else _chunks(packed, _CHUNK):
            size += len(chunk)
            if size > _MOST_BYTES:
                raise StudyError(f"its collection is larger than {_MOST_BYTES >> 30} GiB")
            out.write(chunk)


def _decompressed(packed: IO[bytes]) -> Iterator[bytes]:
    stream = zstandard.ZstdDecompressor().decompressobj()
    for chunk in _chunks(packed, _MORSEL):
        yield stream.decompress(chunk)
        if stream.eof:
            return
    raise StudyError("its collection is damaged: it ends too soon")


def _chunks(file: IO[bytes], size: int) -> Iterator[bytes]:
    while chunk := file.read(size):
        yield chunk


def _collection(package: zipfile.ZipFile) -> str:
    names = set(package.namelist())
    if "meta" in names:
        with package.open("meta") as file:
            name = _BY_META.get(file.read(2))
        if name is None:
            raise StudyError("it is a package of a version that is not known here")
    else:
        name = "collection.anki21" if "collection.anki21" in names else "collection.anki2"
    if name not in names:
        raise StudyError("it is a zip without a collection of Anki's")
    return name


def _reviews(collection: Path, told: Told) -> Reviews:
    until = time.monotonic() + _MOST_SECONDS
    try:
        uri = f"{collection.absolute().as_uri()}?mode=ro"
        with closing(sqlite3.connect(uri, uri=True)) as connection:
            connection.execute("PRAGMA trusted_schema = OFF")
            connection.set_progress_handler(lambda: time.monotonic() > until, _STEPS)
            _check(connection)
            return _rows(connection, told)
    except (sqlite3.Error, UnicodeDecodeError) as error:
        raise StudyError(f"its database cannot be read ({error})") from None


def _check(connection: sqlite3.Connection) -> None:
    """That the reviews are a plain table: nothing of a stranger's is computed."""
    kinds = connection.execute(
        "SELECT type, upper(sql) FROM sqlite_master WHERE name = 'revlog'"
    ).fetchall()
    if not kinds:
        raise StudyError("it is a database without reviews of Anki's")
    if any(kind != "table" or "VIRTUAL" in sql or " AS " in sql for kind, sql in kinds):
        raise StudyError("its reviews are no plain table")


def _rows(connection: sqlite3.Connection, told: Told) -> Reviews:
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
    return rows.arrays()


def _numbers(connection: sqlite3.Connection) -> Iterator[tuple[int, ...]]:
    for row in connection.execute(
        "SELECT cid, id, ease, type, factor, lastIvl FROM revlog ORDER BY id"
    ):
        if not all(isinstance(value, int) for value in row):
            raise StudyError("a review of it has something else than numbers")
        yield row
