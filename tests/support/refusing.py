"""A disk that refuses: a call on a file that fails, or a database whose log cannot grow."""

from __future__ import annotations

import errno
import os
import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from studyapp import disk
from studyapp.store import tables
from studyapp.store.engine import reading, wal_size

CALLS: tuple[tuple[Any, str], ...] = (
    (disk, "mkstemp"),
    (os, "fsync"),
    (Path, "write_bytes"),
    (Path, "chmod"),
    (Path, "replace"),
    (Path, "mkdir"),
    (Path, "unlink"),
)


@contextmanager
def refused_call(number: int, code: int) -> Iterator[Callable[[], int]]:
    """Let the call of this *number* that changes files fail with *code*; yields how many came."""
    came = 0

    def guarded(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*given: Any, **named: Any) -> Any:
            nonlocal came
            came += 1
            if came == number:
                raise OSError(code, os.strerror(code))
            return real(*given, **named)

        return call

    with pytest.MonkeyPatch.context() as patch:
        for owner, name in CALLS:
            patch.setattr(owner, name, guarded(getattr(owner, name)))
        yield lambda: came


@contextmanager
def closed_folder(folder: Path) -> Iterator[None]:
    """Let nobody look at what is in *folder*, as if its mode were 000 (root would not mind)."""

    def guarded(real: Callable[..., Any], inside: bool) -> Callable[..., Any]:
        def call(path: Path, *given: Any, **named: Any) -> Any:
            if folder in path.parents or (inside and path == folder):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
            return real(path, *given, **named)

        return call

    with pytest.MonkeyPatch.context() as patch:
        for name in ("stat", "open", "mkdir", "unlink", "replace"):
            patch.setattr(Path, name, guarded(getattr(Path, name), inside=False))
        patch.setattr(Path, "iterdir", guarded(Path.iterdir, inside=True))
        yield


@contextmanager
def no_room(engine: Engine, room: int) -> Iterator[None]:
    """Let the database's log grow by no more than *room* bytes: a real write fails after them."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (wal_size(engine) + room, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def kept(engine: Engine) -> dict[str, list[Any]]:
    """All that the database holds."""
    with reading(engine) as connection:
        return {
            table.name: sorted(map(repr, connection.execute(table.select())))
            for table in tables.METADATA.sorted_tables
        }


def files(folder: Path) -> dict[Path, bytes]:
    """All files below *folder*, but for the database, drafts that were given up, and backups: one
    that was made before what failed stays."""
    kinds, backups = (".tmp", ".db", ".db-wal", ".db-shm"), folder / "backups"
    found = (
        one
        for one in folder.rglob("*")
        if one.is_file() and one.suffix not in kinds and one.parent != backups
    )
    return {one: one.read_bytes() for one in found}
