"""Whether a SQLite file is whole: as the file itself tells it, and by SQLite's own checks."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Connection,
    Date,
    Float,
    Integer,
    LargeBinary,
    String,
    Table,
    inspect,
    text,
)

from studyapp.store import tables
from studyapp.store.engine import is_garbled

_MAGIC = b"SQLite format 3\0"
_HEADER = 100  # bytes
_AT_ONCE = 1000  # rows in memory
_PIECE = 2**20  # bytes
_MAPPED = 2**40  # more than a database has
_OF_AN_INDEX = re.compile(r" (?:in|from) index ")


def broken(path: Path) -> str | None:
    """What keeps the file at *path* from being a database, as words that follow its name; None if
    its header and its size say nothing against it. Raises OSError if it cannot be read to its
    end."""
    size = path.stat().st_size
    with path.open("rb", buffering=0) as file:
        head = file.read(_HEADER)
        while file.read(_PIECE):
            pass
    if not size:
        return "is empty"
    if len(head) < _HEADER or not head.startswith(_MAGIC):
        return "is no SQLite database"
    page, pages = int.from_bytes(head[16:18]), int.from_bytes(head[28:32])
    whole = (65536 if page == 1 else page) * pages
    counted = head[24:28] == head[92:96]  # else nobody has kept the number of pages
    if counted and size < whole and not _pending(path):
        return f"is cut off: {size:,} of its {whole:,} bytes are there"
    return None


def _pending(path: Path) -> bool:
    """Whether a write-ahead log may hold the rest of it."""
    wal = path.with_name(f"{path.name}-wal")
    return wal.exists() and wal.stat().st_size > 0


def complaints(connection: Connection) -> list[str]:
    """What SQLite's integrity check says, nothing if all is well; raises its errors.

    It looks up each row in each index, here and there in the file: mapped into memory that takes a
    fifth less. Not for longer, as an error of the disk would then end the program (`broken`)."""
    try:
        connection.exec_driver_sql(f"PRAGMA mmap_size = {_MAPPED}")
        found = [str(row[0]) for row in connection.exec_driver_sql("PRAGMA integrity_check")]
    finally:
        connection.exec_driver_sql("PRAGMA mmap_size = 0")
    return [] if found == ["ok"] else found


def is_plain(connection: Connection, table: Table[Any]) -> bool:
    """Whether each value of *table* is as its column is written; one that is not may be readable
    all the same. SQL tells in a third of the time that it takes to make values our own. But text
    goes through the driver: to SQL any bytes are text."""
    odd = " OR ".join(_oddities(table))
    texts = [f'"{one.name}"' for one in table.columns if isinstance(one.type, String | JSON)]
    query = f'SELECT {", ".join([*texts, odd or "0"])} FROM "{table.name}"'
    with closing(connection.exec_driver_sql(query)) as result:
        try:
            while rows := result.cursor.fetchmany(_AT_ONCE):
                if any(row[-1] for row in rows):
                    return False
        except sqlite3.OperationalError as error:
            if not is_garbled(error):
                raise
            return False
    return True


def _oddities(table: Table[Any]) -> Iterator[str]:
    """What is true of an odd row. To reckon with dates takes the longest, and most are the one that
    a column of their kind before them has."""
    dates = dict[type, str]()
    for column in table.columns:
        odd, name, kind = _oddity(column), f'"{column.name}"', type(column.type)
        if isinstance(column.type, Date | tables.UTCDateTime):
            first = dates.setdefault(kind, name)
            odd = odd if first == name else f"{name} IS NOT {first} AND ({odd})"
        if odd:
            yield odd


def _oddity(column: Column[Any]) -> str:
    """The SQL that is true of a value that the column is never written with. SQLite orders numbers
    before texts, and these before bytes; it moves a 30th of February only if it is to reckon."""
    name, kind = f'"{column.name}"', column.type
    if isinstance(kind, Integer | Float | Boolean):
        return f"{name} >= ''"
    if isinstance(kind, LargeBinary):
        return f"{name} < x''"
    if isinstance(kind, Date):
        return f"date({name}, '+0 days') IS NOT {name}"
    if isinstance(kind, tables.UTCDateTime):
        day, hour, last = (f"substr({name}, {part})" for part in ("1, 10", "12, 2", "-1"))
        return f"date({name}, '+0 days') IS NOT {day} OR {hour} > '23' OR {last} < '0'"
    if isinstance(kind, JSON):
        return f"{name} >= x'' OR NOT json_valid({name})"
    return ""


def gaps(connection: Connection) -> Iterator[str]:
    """A sentence for each table and column that is not there, as this program has them."""
    seen = inspect(connection)
    there = set(seen.get_table_names())
    for name, table in sorted(tables.METADATA.tables.items()):
        if name not in there:
            yield f"There is no table {name}."
            continue
        columns = {column["name"] for column in seen.get_columns(name)}
        for column in sorted(set(table.c.keys()) - columns):
            yield f"Table {name} has no column {column}."


def is_of_indexes(found: list[str]) -> bool:
    """Whether all complaints are about indexes, which can be made anew from their tables."""
    return all(_OF_AN_INDEX.search(one) for one in found)


def rebuild_indexes(connection: Connection) -> None:
    connection.exec_driver_sql("REINDEX")


def is_quickly_sound(connection: Connection) -> bool:
    """The same without looking at what indexes hold: a fraction of the time."""
    return connection.exec_driver_sql("PRAGMA quick_check(1)").scalar() == "ok"


class Link(NamedTuple):
    """A column that is to name a row of another table."""

    table: str
    column: str


def broken_links(connection: Connection) -> dict[Link, list[int]]:
    """The rows (by rowid) whose link leads nowhere, by column."""
    found: dict[Link, list[int]] = {}
    columns: dict[str, dict[int, str]] = {}
    for table, row, _parent, number in connection.exec_driver_sql("PRAGMA foreign_key_check"):
        if table not in columns:
            keys = connection.exec_driver_sql(f'PRAGMA foreign_key_list("{table}")')
            columns[table] = {key[0]: key[3] for key in keys}
        found.setdefault(Link(table, columns[table][number]), []).append(row)
    return found


def drop_rows(connection: Connection, link: Link, rows: list[int]) -> None:
    query = text(f'DELETE FROM "{link.table}" WHERE rowid = :row')
    connection.execute(query, [{"row": row} for row in rows])


def cut_links(connection: Connection, link: Link, rows: list[int]) -> None:
    """Have the rows name nothing instead of what is not there."""
    query = text(f'UPDATE "{link.table}" SET "{link.column}" = NULL WHERE rowid = :row')
    connection.execute(query, [{"row": row} for row in rows])
