"""Anki's packages and collections, opened to be read: which database is meant, and the media.

A package is a zip, of which `meta` tells the version; the newest are compressed with zstd. Packages
of later versions also hold a collection for older programs that asks to update, which is never
taken instead. Whatever a package says of itself, no more than so many bytes are unpacked, nothing
is written but one temporary file, and of the database only plain tables are read.
"""

from __future__ import annotations

import sqlite3
import tempfile
import time
import zipfile
from collections.abc import Collection as Names
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import zstandard

from studyapp.errors import StudyError
from studyapp.notes import jsontext, written
from studyapp.notes.protobuf import message

_ZIP, _SQLITE = b"PK\x03\x04", b"SQLite format 3\0"
_BY_META = {
    b"\x08\x01": "collection.anki2",
    b"\x08\x02": "collection.anki21",
    b"\x08\x03": "collection.anki21b",
}
MOST_BYTES = 2 << 30  # of a collection
MOST_MEDIA = 8 << 30
_MOST_MEDIUM = 200 << 20  # of a picture or a sound
_MOST_MAP = 64 << 20  # of the names of all of them
_MOST_VALUE = 16 << 20  # of one value of the database
_CHUNK = 1 << 20
_MORSEL = 1 << 10  # of what is compressed, perhaps to a tenth of a thousandth
_MOST_SECONDS = 120.0  # to read the database in
_STEPS = 1_000_000  # of SQLite's machine between two looks at the clock


@dataclass(frozen=True, slots=True)
class Package:
    """An opened package: its database, and which member of the zip each medium is."""

    connection: sqlite3.Connection
    media: dict[str, str]


def recognises(head: bytes) -> bool:
    """Whether a file is a zip or a database; which one, its content tells."""
    return head.startswith((_ZIP, _SQLITE))


@contextmanager
def opened(path: Path) -> Iterator[Package]:
    """Open a package, or a collection alone. Raises StudyError without the path, here or within."""
    with path.open("rb") as file:
        if file.read(len(_ZIP)) != _ZIP:
            log = path.with_name(f"{path.name}-wal")
            if log.exists() and log.stat().st_size:
                raise StudyError("it is open in Anki: what it says last is not in it; close Anki")
            with database(path) as connection:
                yield Package(connection, {})
            return
    with tempfile.TemporaryDirectory(prefix="studyapp-") as folder:
        collection = Path(folder) / "collection"
        with _damage_told(), zipfile.ZipFile(path) as package:
            name = _collection(package)
            with collection.open("wb") as out:
                for chunk in _member(package, name, MOST_BYTES, packed=name.endswith("b")):
                    out.write(chunk)
            media = _media(package, newest=name.endswith("b"))
        with database(collection) as connection:
            yield Package(connection, media)


def medium(path: Path, member: str) -> bytes:
    """A picture or a sound of a package. Raises StudyError if it is damaged or too large."""
    try:
        with _damage_told(), zipfile.ZipFile(path) as package:
            packed = _collection(package).endswith("b")
            return b"".join(_member(package, member, _MOST_MEDIUM, packed=packed))
    except (StudyError, OSError, KeyError) as error:
        raise StudyError(f"{path} has a picture or a sound that cannot be read: {error}.") from None


def check_media(path: Path, members: Mapping[str, str]) -> dict[str, str]:
    """What is wrong with pictures and sounds of a package, by their names; that all of them can be
    unpacked, and are not too large together. Raises StudyError without the path."""
    size, wrong = 0, dict[str, str]()
    with _damage_told(), zipfile.ZipFile(path) as package:
        packed = _collection(package).endswith("b")
        for name, member in members.items():
            data, own = bytearray(), 0
            for chunk in _member(package, member, _MOST_MEDIUM, packed=packed):
                size += len(chunk)
                own += len(chunk)
                data += chunk
                if len(data) > 4 * _CHUNK:
                    del data[_CHUNK:-_CHUNK]
                if size > MOST_MEDIA:
                    raise StudyError(f"its media are larger than {MOST_MEDIA >> 30} GiB together")
            if why := written.trouble(name, bytes(data), own):
                wrong[name] = why
    return wrong


def check_tables(connection: sqlite3.Connection, names: Names[str]) -> None:
    """That these are plain tables: nothing of a stranger's is computed. Raises StudyError."""
    for name in names:
        kinds = connection.execute(
            "SELECT type, upper(sql) FROM sqlite_master WHERE name = ?", (name,)
        ).fetchall()
        if not kinds:
            raise StudyError(f"it is a database without the table {name}")
        if any(kind != "table" or "VIRTUAL" in sql or " AS " in sql for kind, sql in kinds):
            raise StudyError(f"its table {name} is no plain table")


@contextmanager
def _damage_told() -> Iterator[None]:
    try:
        yield
    except (zipfile.BadZipFile, zipfile.LargeZipFile, EOFError, ValueError) as error:
        raise StudyError(f"it is a damaged zip ({error})") from None
    except (RuntimeError, NotImplementedError):
        raise StudyError("it is a zip that is encrypted, or packed in an unknown way") from None
    except zstandard.ZstdError:
        raise StudyError("it is damaged: a part of it cannot be decompressed") from None


@contextmanager
def database(path: Path) -> Iterator[sqlite3.Connection]:
    """A stranger's database, to be read only. Raises StudyError without the path."""
    until = time.monotonic() + _MOST_SECONDS
    try:
        uri = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
        with closing(sqlite3.connect(uri, uri=True)) as connection:
            connection.execute("PRAGMA trusted_schema = OFF")
            connection.execute("PRAGMA cell_size_check = ON")
            connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _MOST_VALUE)
            connection.set_progress_handler(lambda: time.monotonic() > until, _STEPS)
            connection.create_collation("unicase", _unicase)
            yield connection
    except (sqlite3.Error, UnicodeDecodeError, OverflowError) as error:
        raise StudyError(f"its database cannot be read ({error})") from None


def _unicase(one: str, other: str) -> int:
    """How Anki compares names; its tables cannot be read without."""
    one, other = one.casefold(), other.casefold()
    return (one > other) - (one < other)


def _collection(package: zipfile.ZipFile) -> str:
    """The name of the collection that is meant."""
    names = set(package.namelist())
    bad = next((name for name in names if ".." in name or name[:1] in ("/", "\\")), None)
    if bad is not None:
        raise StudyError(f"it has a file that would lie outside of it: {bad[:60]!r}")
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


def _member(package: zipfile.ZipFile, name: str, most: int, *, packed: bool) -> Iterator[bytes]:
    """A file of a package in pieces, no more than *most* bytes, whatever the zip says it has."""
    size = 0
    with package.open(name) as file:
        for chunk in _decompressed(file) if packed else _chunks(file, _CHUNK):
            size += len(chunk)
            if size > most:
                shown = f"{most >> 30} GiB" if most >= 1 << 30 else f"{most >> 20} MiB"
                raise StudyError(f"its file {name[:60]} is larger than {shown}")
            yield chunk


def _decompressed(packed: IO[bytes]) -> Iterator[bytes]:
    stream = zstandard.ZstdDecompressor().decompressobj()
    for chunk in _chunks(packed, _MORSEL):
        yield stream.decompress(chunk)
        if stream.eof:
            return
    raise StudyError("it is damaged: a part of it ends too soon")


def _chunks(file: IO[bytes], size: int) -> Iterator[bytes]:
    while chunk := file.read(size):
        yield chunk


# --- media ------------------------------------------------------------------------------------


def _media(package: zipfile.ZipFile, *, newest: bool) -> dict[str, str]:
    """The members of the zip by the names of the media."""
    if "media" not in package.namelist():
        return {}
    said = b"".join(_member(package, "media", _MOST_MAP, packed=newest))
    names = _entries(said) if newest else _json_names(said)
    bad = next(
        (name for name in names if set(name) & set("/\\\0") or name in ("", ".", "..")), None
    )
    if bad is not None:
        raise StudyError(f"it has a picture that would lie outside of its folder: {bad[:60]!r}")
    there = set(package.namelist())
    return {name: member for name, member in names.items() if member in there}


def _json_names(said: bytes) -> dict[str, str]:
    try:
        found = jsontext.loads(said or b"{}")
    except ValueError:
        raise StudyError("its list of media is damaged") from None
    if not isinstance(found, dict) or not all(isinstance(name, str) for name in found.values()):
        raise StudyError("its list of media is damaged")
    return {name: member for member, name in found.items()}


def _entries(said: bytes) -> dict[str, str]:
    names = dict[str, str]()
    for place, entry in enumerate(value for field, value in message(said) if field == 1):
        if not isinstance(entry, bytes):
            raise StudyError("its list of media is damaged")
        name = next((value for field, value in message(entry) if field == 1), b"")
        if not isinstance(name, bytes):
            raise StudyError("its list of media is damaged")
        names[name.decode("utf-8", "replace")] = str(place)
    return names
