"""A lock between the programs of one machine, which the system lets go of with its holder."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from studyapp import disk
from studyapp.errors import StoreError
from studyapp.store.engine import LockedError


@contextmanager
def held(path: Path, patience: float) -> Iterator[None]:
    """Hold the lock that the file at *path* is. Raises LockedError if another program holds it for
    *patience* seconds, StoreError if there can be none."""
    try:
        path.touch(disk.PRIVATE)
        lock = sqlite3.connect(path, timeout=patience, isolation_level=None)
    except (OSError, sqlite3.Error) as error:
        raise StoreError(f"{path} cannot be written: {error}.") from error
    with closing(lock):
        try:
            lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.Error as error:
            raise LockedError(f"Another program holds {path} ({error}).") from error
        yield
