"""A database that another program writes over where it lies, while it is open."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from studyapp.errors import StoreError
from studyapp.store import backup, restore, watch
from studyapp.store.backup import Reason
from studyapp.store.database import open_database
from studyapp.store.engine import checkpoint, reading, writing

REPLACED = r"a\.db was replaced or removed by another program; nothing was written\."


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A database that was used before."""
    path = tmp_path / "a.db"
    engine = open_database(str(path))
    add(engine, "first")
    checkpoint(engine)
    engine.dispose()
    return path


@pytest.fixture
def engine(path: Path) -> Iterator[Engine]:
    """As the app has it open, with a row that is in the file and one that is in its log."""
    engine = open_database(str(path))
    add(engine, "second")
    checkpoint(engine)
    add(engine, "third")
    yield engine
    engine.dispose()


def add(engine: Engine, name: str) -> None:
    with writing(engine) as connection:
        connection.execute(
            text("INSERT INTO root (path, stamp, read_at) VALUES (:name, :stamp, '2026-01-01')"),
            {"name": name, "stamp": "x" * 20_000},
        )


def rows(path: Path) -> list[str]:
    """What whoever opens it next finds, which is whole."""
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return [name for (name,) in connection.execute("SELECT path FROM root ORDER BY id")]


def copied(path: Path, target: Path) -> Path:
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(target)) as made:
        source.backup(made)
    return target


def another(path: Path) -> Path:
    engine = open_database(str(path))
    add(engine, "of another")
    checkpoint(engine)
    engine.dispose()
    return path


@pytest.mark.parametrize("kind", ["older", "another", "nothing", "text"])
def test_what_lies_there_now_is_never_written_over(path: Path, tmp_path: Path, kind: str) -> None:
    """Not when the database is closed, either: SQLite empties its log then."""
    copy = tmp_path / "b.db"
    if kind == "another":
        another(copy)
    elif kind == "older":
        shutil.copy(path, copy)
    else:
        copy.write_bytes(b"" if kind == "nothing" else b"no database, but a text\n" * 1000)
    engine = open_database(str(path))
    add(engine, "second")
    checkpoint(engine)
    add(engine, "third")
    with path.open("r+b") as file:  # as cp does: the file stays, its bytes do not
        file.write(copy.read_bytes())
        file.truncate()
    there = path.read_bytes()
    for _ in range(2):
        with pytest.raises(StoreError, match=REPLACED):
            add(engine, "lost")
        with pytest.raises(StoreError, match=REPLACED), reading(engine) as connection:
            connection.execute(text("SELECT 1"))
    engine.dispose()
    assert path.read_bytes() == there
    assert [one.name for one in tmp_path.glob("a.db*")] == ["a.db"]
    if kind == "older":
        assert rows(path) == ["first"]
        again = open_database(str(path))
        add(again, "after")
        again.dispose()
        assert rows(path) == ["first", "after"]


def test_what_changes_nothing_is_no_fault(path: Path, engine: Engine, tmp_path: Path) -> None:
    """Another time, another program that empties the log, a copy of what is there."""
    path.touch()
    add(engine, "fourth")
    other = open_database(str(path))
    add(other, "fifth")
    checkpoint(other)
    with reading(other) as reader:  # so that the log can be emptied in part
        reader.execute(text("SELECT * FROM root")).all()
        add(engine, "sixth")
        checkpoint(engine)
        add(engine, "seventh")
    other.dispose()
    file = tmp_path / "same.db"
    shutil.copy(path, file)
    shutil.copyfile(file, path)
    checkpoint(engine)
    add(engine, "eighth")
    engine.dispose()
    names = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth")
    assert rows(path) == list(names)


def test_going_back_is_seen_and_gone_on_with(path: Path, engine: Engine) -> None:
    """What a backup holds says less than the file, and a much older one nothing."""
    made = backup.make(path, backup.folder_of(path), Reason.ASKED, datetime.now(UTC))
    for _ in range(2):
        add(engine, "fourth")
        checkpoint(engine)
        restore.restore(path, made.path, datetime.now(UTC))
        checkpoint(engine)
        add(engine, "after")
        checkpoint(engine)
        add(engine, "and after")
    engine.dispose()
    assert rows(path) == ["first", "second", "third", "after", "and after"]


def test_a_file_that_grows_while_its_log_is_emptied_is_the_same(path: Path, tmp_path: Path) -> None:
    """Its first page, which says how many there are to be, is written before the last ones."""
    engine = open_database(str(path))
    for number in range(20):
        add(engine, f"row {number}")
    with writing(engine) as connection:
        watch.grow(connection)
    emptied = tmp_path / "emptied.db"
    for end in ("", "-wal"):
        shutil.copy(f"{path}{end}", f"{emptied}{end}")
    with closing(sqlite3.connect(emptied)) as connection:
        connection.execute("PRAGMA wal_checkpoint")
        (page,) = connection.execute("PRAGMA page_size").fetchone()
    assert emptied.stat().st_size > path.stat().st_size
    with path.open("r+b") as file:
        file.write(emptied.read_bytes()[:page])
    add(engine, "last")
    engine.dispose()
    names = [f"row {number}" for number in range(20)]
    assert rows(path) == ["first", *names, "last"]
