"""Open a database, made or migrated if need be; how SQLite and PostgreSQL begin and lock."""

from __future__ import annotations

import re
import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url

from studyapp import disk
from studyapp.errors import StoreError, printable
from studyapp.store import migrations
from studyapp.store.engine import PATIENCE, WHOSE, explained, reading
from studyapp.store.watch import Watch

_URL = re.compile(r"[\w+]+://")  # what begins otherwise is a path, whatever signs it has
_PASSWORD = re.compile(r"(?<=:)(?!//)[^:@]*(?=@)")
_CACHE = 32 * 1024  # KiB at most: a search looks all over the file, at each key
_LOCKS = 0x53747564  # the first half of our advisory locks' keys: other programs have others
_FOR_ALL = 0  # the second half, where it is not a learner's id


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


def open_to_read(url: str) -> Engine | None:
    """Open the database at *url* for queries alone; None if there is none, or an empty file.

    It neither makes nor migrates one, and waits for no lock. Raises StoreError with one sentence
    if it is a folder, locked, corrupt, or not of this program's version.
    """
    engine = connect_to_read(url)
    if engine is None:
        return None
    try:
        with reading(engine) as connection:
            if migrations.is_made(connection):
                return engine
    except StoreError:
        engine.dispose()
        raise
    engine.dispose()
    return None


def connect_to_read(url: str) -> Engine | None:
    """An engine that only reads what is at *url*, whatever its version; None if there is no file.

    Raises StoreError for a folder.
    """
    engine = _engine(url)
    path = engine.url.database
    if engine.dialect.name == "sqlite":
        if not path or not disk.is_there(Path(path)):
            return None
        _refuse_folder(Path(path))
        event.listen(engine, "do_connect", _connect_to_read)
    return engine


def connect(url: str) -> Engine:
    """An engine for *url* whose write transactions begin with a lock."""
    if not _URL.match(url):
        _check_path(Path(url))
    engine = _engine(url)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _set_pragmas)
    return engine


def _engine(url: str) -> Engine:
    try:
        parsed = make_url(url) if _URL.match(url) else URL.create("sqlite", database=url)
        on_server = parsed.get_backend_name() == "postgresql"
        # A server may have been restarted since a connection was last used. The one that was used
        # last comes first, as it still has what was read.
        in_memory = parsed.database in (None, "", ":memory:") and not on_server
        order: dict[str, Any] = {} if in_memory else {"pool_use_lifo": True}
        engine = create_engine(parsed, pool_pre_ping=on_server, **order)
    except Exception as error:  # SQLAlchemy raises many kinds for a bad URL or a missing driver
        shown = _PASSWORD.sub("***", printable(url))
        if isinstance(error, ImportError):  # of psycopg, or of the libpq that it needs
            raise StoreError(
                f"There is no driver for {shown}; PostgreSQL's comes with "
                "pip install 'studyapp[postgresql]', for postgresql+psycopg://…."
            ) from error
        raise StoreError(f"{shown} is not a database URL: {error}") from error
    if on_server:
        event.listen(engine, "begin", _begin_on_server)
    elif engine.dialect.name == "sqlite":
        if not in_memory:
            watch = Watch(str(parsed.database))
            event.listen(engine, "connect", watch.opened)
            event.listen(engine, "close", watch.closed)
            event.listen(engine, "begin", watch.check)
            event.listen(engine, "engine_disposed", watch.disposed)
        event.listen(engine, "begin", _begin)
    else:  # nothing would keep two windows from rating one card
        raise StoreError(f"A database is SQLite or PostgreSQL, not {engine.dialect.name}.")
    return engine


def _refuse_folder(path: Path) -> None:
    if path.is_dir():
        raise StoreError(
            f"{path} is a folder; name a database file in it, such as {path / 'studyapp.db'}."
        )


def _check_path(path: Path) -> None:
    _refuse_folder(path)
    try:
        disk.make_folder(path.parent)
    except OSError as error:
        raise StoreError(f"The folder of {path} cannot be made: {error.strerror}.") from error
    if str(path) != ":memory:":
        with suppress(OSError):  # it is there, or SQLite says what is wrong
            path.touch(disk.PRIVATE, exist_ok=False)  # its write-ahead log takes the same mode


def _connect_to_read(_dialect: object, _record: object, words: list[Any], _options: object) -> Any:
    """A connection that no query makes a file with, nor waits with for another program."""
    return sqlite3.connect(
        f"{Path(words[0]).absolute().as_uri()}?mode=ro",
        uri=True,
        timeout=0,
        check_same_thread=False,
    )


def _set_pragmas(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # transactions are begun by _begin, not by the driver
    cursor = connection.cursor()
    for pragma in (
        "journal_mode = WAL",
        "synchronous = FULL",
        "wal_autocheckpoint = 0",
        "foreign_keys = ON",
        f"cache_size = -{_CACHE}",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: Connection) -> None:
    """By the driver itself: to hand it these takes SQLAlchemy longer than to carry them out, and
    each rating and each card that is shown begins one."""
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    patience = connection.get_execution_options().get(PATIENCE)
    if patience is None:
        driver.execute("BEGIN")
    else:
        driver.execute(f"PRAGMA busy_timeout = {round(patience * 1000)}")
        driver.execute("BEGIN IMMEDIATE")


def _begin_on_server(connection: Connection) -> None:
    """Lock as SQLite does, but that learners do not wait for each other: each has a lock, and who
    writes for all waits for every one of them. A reader sees one state, that of its first query."""
    options = connection.get_execution_options()
    patience, whose = options.get(PATIENCE), options.get(WHOSE)
    if patience is None:
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        return
    lock = "SELECT pg_advisory_xact_lock"
    locks = (
        f"{lock}({_LOCKS}, {_FOR_ALL})"
        if whose is None
        else f"{lock}_shared({_LOCKS}, {_FOR_ALL}); {lock}({_LOCKS}, {int(whose)})"
    )
    timeout = max(1, round(patience * 1000))  # 0 would be for ever
    connection.exec_driver_sql(f"SET LOCAL lock_timeout = {timeout}; {locks}")
