"""Open the database: pragmas, transactions, locks, and one clear sentence when it will not open.

What only SQLite has (pragmas, checkpoints, the online backup) is in this module alone.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DatabaseError, OperationalError

from studyapp import disk
from studyapp.errors import StoreError, printable
from studyapp.store import migrations

LOCK_PATIENCE = 0.25  # seconds that the app's own thread may wait for a lock
LONG_PATIENCE = 30.0  # a command or a worker may wait longer
WAL_LIMIT = 16 * 2**20
_PATIENCE = "studyapp_patience"


def open_database(url: str) -> Engine:
    """Open, and if need be create or migrate, the database at *url* (a path or SQLAlchemy URL).

    Raises StoreError with one sentence if it is a folder, locked, corrupt, read-only, or newer
    than this program; the file is then left as it was.
    """
    engine = connect(url)
    try:
        with explained(engine):
            migrations.upgrade(engine)
    except StoreError:
        engine.dispose()
        raise
    return engine


def connect(url: str) -> Engine:
    """An engine for *url* whose write transactions begin with a lock."""
    if "://" not in url:
        _check_path(Path(url))
        url = f"sqlite:///{url}"
    try:
        parsed = make_url(url)
        sqlite = parsed.get_backend_name() == "sqlite"
        engine = create_engine(parsed)
    except Exception as error:  # SQLAlchemy raises many kinds for a bad URL or a missing driver
        raise StoreError(f"{printable(url)} is not a database URL: {error}") from error
    if sqlite:
        event.listen(engine, "connect", _set_pragmas)
        event.listen(engine, "begin", _begin)
    return engine


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A connection for queries."""
    with explained(engine), engine.connect() as connection:
        yield connection


@contextmanager
def writing(engine: Engine, *, patience: float = LONG_PATIENCE) -> Iterator[Connection]:
    """A transaction that holds the write lock from its first moment; commits unless it raises.

    Raises LockedError if another program keeps the lock for *patience* seconds.
    """
    with explained(engine), engine.connect() as connection:
        connection = connection.execution_options(**{_PATIENCE: patience})
        with connection.begin():
            yield connection


@contextmanager
def explained(engine: Engine) -> Iterator[None]:
    """Turn the driver's errors into a StoreError that a learner understands."""
    try:
        yield
    except (DatabaseError, sqlite3.DatabaseError) as error:
        raise _explain(engine, error) from error


class LockedError(StoreError):
    """Another program is writing; the same call may succeed a moment later."""


def checkpoint(engine: Engine, *, mode: str = "PASSIVE") -> None:
    """Move the write-ahead log into the database (SQLite; elsewhere nothing to do).

    Called when idle, never on the path of a rating. The empty write afterwards pays for the
    header of the next log now, so that a rating costs one fsync.
    """
    if engine.dialect.name != "sqlite":
        return
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
    wal = Path(f"{path}-wal")
    return wal.stat().st_size if path and wal.exists() else 0


def backup(engine: Engine, target: Path) -> None:
    """Copy a SQLite database, consistent while others write (the online backup)."""
    with disk.replacing(target) as draft, engine.connect() as connection:
        source = connection.connection.driver_connection
        assert isinstance(source, sqlite3.Connection)
        copy = sqlite3.connect(draft)
        try:
            source.backup(copy)
        finally:
            copy.close()


def _check_path(path: Path) -> None:
    if path.is_dir():
        raise StoreError(
            f"{path} is a folder; name a database file in it, such as {path / 'studyapp.db'}."
        )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"The folder of {path} cannot be made: {error.strerror}.") from error


def _set_pragmas(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # transactions are begun by _begin, not by the driver
    cursor = connection.cursor()
    for pragma in (
        "journal_mode = WAL",
        "synchronous = FULL",
        "wal_autocheckpoint = 0",
        "foreign_keys = ON",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: Connection) -> None:
    patience = connection.get_execution_options().get(_PATIENCE)
    if patience is None:
        connection.exec_driver_sql("BEGIN")
    else:
        connection.exec_driver_sql(f"PRAGMA busy_timeout = {round(patience * 1000)}")
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _explain(engine: Engine, error: Exception) -> StoreError:
    text = str(getattr(error, "orig", None) or error)
    name = engine.url.render_as_string(hide_password=True).removeprefix("sqlite:///")
    if "locked" in text or "busy" in text:
        return LockedError(f"{name} is locked by another program; close it or try again.")
    if "readonly" in text or "read-only" in text:
        return StoreError(f"{name} is read-only; studyapp needs to write to it and its folder.")
    if "not a database" in text or "malformed" in text or "disk image" in text:
        return StoreError(
            f"{name} is not a studyapp database or is damaged ({text}); nothing was changed. "
            "Restore a backup or name another file with --db."
        )
    if "unable to open" in text:
        return StoreError(f"{name} cannot be opened; check that its folder exists and is writable.")
    if "full" in text and isinstance(error, OperationalError):
        return StoreError(f"{name} cannot be written: the disk is full.")
    return StoreError(f"{name}: {text}.")
