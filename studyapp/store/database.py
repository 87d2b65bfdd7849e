"""Open a database, made or migrated if need be; with SQLite's pragmas and its write lock."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url

from studyapp.errors import StoreError, printable
from studyapp.store import migrations
from studyapp.store.engine import PATIENCE, explained


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
    path = "://" not in url
    if path:
        _check_path(Path(url))
    try:
        # A path is no part of a URL: ?, % and # may be in it.
        parsed = URL.create("sqlite", database=url) if path else make_url(url)
        sqlite = parsed.get_backend_name() == "sqlite"
        engine = create_engine(parsed)
    except Exception as error:  # SQLAlchemy raises many kinds for a bad URL or a missing driver
        raise StoreError(f"{printable(url)} is not a database URL: {error}") from error
    if sqlite:
        event.listen(engine, "connect", _set_pragmas)
        event.listen(engine, "begin", _begin)
    return engine


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
    patience = connection.get_execution_options().get(PATIENCE)
    if patience is None:
        connection.exec_driver_sql("BEGIN")
    else:
        connection.exec_driver_sql(f"PRAGMA busy_timeout = {round(patience * 1000)}")
        connection.exec_driver_sql("BEGIN IMMEDIATE")
