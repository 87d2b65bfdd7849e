"""Work with an open database: transactions, locks, and one clear sentence when something fails.

What only one database has is here (checkpoints, error codes), in `database` (pragmas, locks) and in
`backup`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import date
from functools import partial
from itertools import chain
from pathlib import Path
from threading import RLock
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import (
    JSON,
    ColumnElement,
    Connection,
    Date,
    Engine,
    Select,
    String,
    cast,
    func,
    literal,
    type_coerce,
)
from sqlalchemy.exc import DBAPIError

from studyapp.errors import StoreError, printable
from studyapp.journal import journal, kind
from studyapp.store import watch

LOCK_PATIENCE = 0.25  # seconds that the app's own thread may wait for a lock
LONG_PATIENCE = 30.0  # a command or a worker may wait longer
WAL_LIMIT = 16 * 2**20
_AT_ONCE = 500  # rows: one by one they take longer, and those that are kept longer still
_PASSING = 2 * 1024  # KiB of pages that are kept of what is gone through once
# The options by which `database` knows a write transaction, and whose it is
PATIENCE, WHOSE = "studyapp_patience", "studyapp_whose"
RATED = "studyapp_rated"  # and this, by which `log` tells of the reviews that are written in it
_TURNS: WeakKeyDictionary[Engine, Any] = WeakKeyDictionary()  # a lock for each, among threads
_BUSY = ("55P03", "40P01", "40001")  # PostgreSQL's lock not available, deadlock, serialization


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A connection for queries."""
    with explained(engine), engine.connect() as connection:
        yield connection


@contextmanager
def writing(
    engine: Engine,
    *,
    patience: float = LONG_PATIENCE,
    whose: int | None = None,
    rated: list[bytes] | None = None,
) -> Iterator[Connection]:
    """A transaction that holds the write lock from its first moment; commits unless it raises.

    SQLite has one lock; in PostgreSQL it is that of the learner *whose* rows alone are written,
    and everybody's if it is None. Raises LockedError if another program keeps the lock for
    *patience* seconds. *rated* gets the uids of the reviews that are logged.
    """
    with _turn(engine, patience), explained(engine), engine.connect() as connection:
        connection = connection.execution_options(
            **{PATIENCE: patience, WHOSE: whose, RATED: rated}
        )
        with connection.begin():
            yield connection


@contextmanager
def _turn(engine: Engine, patience: float) -> Iterator[None]:
    """Wait for the threads of this program that write, so that no other one is blamed for them."""
    lock = _TURNS.setdefault(engine, RLock())
    if not lock.acquire(timeout=patience):
        raise LockedError("studyapp itself is still writing; try again in a moment.")
    try:
        yield
    finally:
        lock.release()


@contextmanager
def explained(engine: Engine) -> Iterator[None]:
    """Turn the driver's errors into a StoreError that a learner understands."""
    try:
        yield
    except (DBAPIError, sqlite3.DatabaseError, UnicodeDecodeError) as error:
        raise _explain(engine, error) from error


def is_garbled(error: object) -> bool:
    """Whether the driver met bytes that are no text: in a value, or in the name of a table, which
    it cannot even put in its own message."""
    return isinstance(error, UnicodeDecodeError) or "Could not decode" in str(error)


class LockedError(StoreError):
    """Another program is writing; the same call may succeed a moment later."""


def checkpoint(engine: Engine, *, mode: str = "PASSIVE") -> None:
    """Move the write-ahead log into the database (SQLite; elsewhere nothing to do).

    Called when idle, never on the path of a rating. The empty write afterwards pays for the
    header of the next log now, so that a rating costs one fsync.
    """
    if engine.dialect.name != "sqlite":
        return
    with writing(engine) as connection:
        watch.grow(connection)
    with explained(engine), engine.connect() as connection:
        connection.exec_driver_sql(f"PRAGMA wal_checkpoint({mode})")
    with writing(engine) as connection:
        connection.exec_driver_sql("UPDATE schema_version SET version = version")


def tidy(engine: Engine, *, above: int = WAL_LIMIT) -> None:
    """Empty a write-ahead log of more than *above* bytes, off the path of a rating.

    If that cannot be now, as another program is writing, a later call does it: nothing is lost.
    """
    if wal_size(engine) > above:
        with suppress(StoreError):
            checkpoint(engine)


def wal_size(engine: Engine) -> int:
    """Bytes in the write-ahead log; 0 where there is none."""
    path = engine.url.database
    if engine.dialect.name != "sqlite" or not path:
        return 0
    wal = Path(f"{path}-wal")
    return wal.stat().st_size if wal.exists() else 0


def days_since(connection: Connection, day: ColumnElement[Any], today: date) -> ColumnElement[Any]:
    """The days from *day*, a column, to *today*, which each database reckons in its own way."""
    if connection.dialect.name == "sqlite":
        return func.julianday(today) - func.julianday(day)
    return literal(today, Date) - day


def written(connection: Connection, column: ColumnElement[Any]) -> ColumnElement[str]:
    """A day, a moment or JSON as text; in SQLite they are kept so. Days and moments are of one
    width, and sorted as they are."""
    if connection.dialect.name == "sqlite":
        return type_coerce(column, String)
    if isinstance(column.type, JSON):
        return cast(column, String)
    if isinstance(column.type, Date):
        return func.to_char(column, "YYYY-MM-DD")
    return func.to_char(func.timezone("UTC", column), "YYYY-MM-DD HH24:MI:SS.US")


def plainly(connection: Connection, query: Select[Any]) -> Iterator[tuple[Any, ...]]:
    """The rows of many numbers as the driver has them: SQLAlchemy, which has nothing to do for
    these, would take a fifth of the time that it takes to find them."""
    cursor = connection.execute(query).cursor
    return chain.from_iterable(iter(partial(cursor.fetchmany, _AT_ONCE), []))


def passed(connection: Connection, column: ColumnElement[int]) -> ColumnElement[int]:
    """A *column* of numbers for which SQLite uses no index: where most rows are wanted, to pass the
    others takes less than to look each of them up."""
    return column + 0 if connection.dialect.name == "sqlite" else column


def changes(connection: Connection) -> tuple[int, int] | None:
    """What is another once anything was written, by whom ever; only what the same connection said
    can be compared. None where it cannot be told: by a server, or while this one writes."""
    options = connection.get_execution_options()
    if connection.dialect.name != "sqlite" or PATIENCE in options:
        return None
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection), "only SQLite runs in this process"
    by_others = connection.exec_driver_sql("PRAGMA data_version").scalar_one()
    return by_others, driver.total_changes


def go_through(connection: Connection) -> None:
    """Tell SQLite that what this connection reads from now on is gone through once: to keep many
    pages of it would only take memory."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(f"PRAGMA cache_size = -{_PASSING}")


@contextmanager
def asked(connection: Connection, **functions: Callable[[int], float | None]) -> Iterator[None]:
    """Let SQLite call these *functions* of one number by their names."""
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection), "only SQLite runs in this process"
    for name, function in functions.items():
        driver.create_function(name, 1, function)
    try:
        yield
    finally:
        for name in functions:
            driver.create_function(name, 1, None)


def days_before(connection: Connection, day: ColumnElement[Any], days: int) -> ColumnElement[Any]:
    """The day so many *days* before *day*, a column."""
    if connection.dialect.name == "sqlite":
        return func.date(day, f"-{days} days")
    return day - days


def _explain(engine: Engine, error: Exception) -> StoreError:
    cause = getattr(error, "orig", None) or error
    journal.warning("database: %s", kind(cause))
    text = str(cause)
    if engine.dialect.name != "sqlite":
        name = engine.url.render_as_string(hide_password=True)
        if getattr(cause, "sqlstate", None) in _BUSY:
            return _locked(name)
        return StoreError(f"{name}: {printable(' '.join(text.split())).rstrip('.?')}.")
    name = engine.url.database or ":memory:"
    if "locked" in text or "busy" in text:
        return _locked(name)
    if "readonly" in text or "read-only" in text:
        return StoreError(f"{name} is read-only; studyapp needs to write to it and its folder.")
    if is_garbled(cause):  # which bytes is not told: they may be the learner's
        text = "malformed text"
    if "not a database" in text or "malformed" in text or "disk image" in text:
        return StoreError(
            f"{name} is not a studyapp database or is damaged ({text}); nothing was changed. "
            "Restore a backup or name another file with --db."
        )
    if "unable to open" in text:
        return StoreError(f"{name} cannot be opened; check that its folder exists and is writable.")
    if "full" in text and isinstance(cause, sqlite3.OperationalError):
        return StoreError(f"{name} cannot be written: the disk is full.")
    if "I/O" in text:
        return StoreError(f"{name} cannot be read or written ({text}); look after the disk.")
    return StoreError(f"{name}: {text}.")


def _locked(name: str) -> LockedError:
    return LockedError(f"{name} is locked by another program; close it or try again.")
