"""Kill -9 anywhere loses nothing that was shown as saved.

A kill takes a process's memory and leaves its files: what another connection reads is what would
be left. So the law is proven at every step by a second connection, and by one real kill of each
kind; benchmarks/kill.py kills a thousand times.
"""

from __future__ import annotations

import io
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import Engine, event

from deeds import WORKS, furnish
from killing import Killed, Trade, check_whole, kill_once
from studyapp.commands.main import main
from studyapp.store import migrations
from studyapp.store.database import open_database


@pytest.fixture(autouse=True)
def made_databases() -> None:
    """Databases as they are made, no copies: they are killed on the way."""


def write_settings(folder: Path) -> None:
    settings = folder / "config" / "studyapp" / "settings.toml"
    settings.parent.mkdir(parents=True)
    settings.write_text("new_a_day = 999\nminutes_a_day = 600\n")


def saved(db: Path) -> int:
    """The ratings that another program finds."""
    other = sqlite3.connect(db)
    (count,) = other.execute("SELECT count(*) FROM review").fetchone()
    other.close()
    return int(count)


class Learner(io.RawIOBase):
    """Reveals and rates, and looks at the database each time a line is asked for."""

    def __init__(self, db: Path, ratings: str) -> None:
        self._db = db
        self._lines = iter("".join(f"\n{rating}" for rating in ratings))
        self.given = 0
        self.found: list[tuple[int, int]] = []

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        if size == 0:  # whether these are bytes
            return b""
        self.found.append((self.given, saved(self._db)))
        line = next(self._lines, "")
        self.given += line.isdigit()
        return line.replace("\n", "").encode() + b"\n" if line else b""


def test_a_rating_is_saved_before_the_next_line_is_asked_for(
    tmp_path: Path, only_pack: Path
) -> None:
    write_settings(tmp_path)
    db = tmp_path / "study.db"
    learner = Learner(db, "3124" * 15)
    done = CliRunner().invoke(main, ["--db", str(db), "review", "--plain"], input=learner)
    assert done.exit_code == 0, done.output
    assert all(given == found for given, found in learner.found)
    assert learner.given > 15
    check_whole(db)


def test_a_kill_at_any_statement_while_the_database_is_made_leaves_one_that_opens(
    tmp_path: Path,
) -> None:
    db = tmp_path / "study.db"
    statements = 0
    left: dict[tuple[tuple[str, bytes], ...], int] = {}  # what a kill leaves, after which statement

    def look(*_: Any) -> None:
        nonlocal statements
        statements += 1
        files = sorted(path for path in tmp_path.glob("study.db*") if path.suffix != ".db-shm")
        left.setdefault(tuple((path.name, path.read_bytes()) for path in files), statements)

    event.listen(Engine, "after_cursor_execute", look)
    try:
        open_database(str(db)).dispose()
    finally:
        event.remove(Engine, "after_cursor_execute", look)
    assert statements > 100
    # Before the first, and after each but the last, behind which comes no statement.
    assert len(left) == len(migrations.steps())
    for files, statement in left.items():
        folder = tmp_path / f"kill {statement}"
        folder.mkdir()
        for name, content in files:  # but for the -shm, an index of the log, which is made anew
            (folder / name).write_bytes(content)
        open_database(str(folder / db.name)).dispose()
        check_whole(folder / db.name)


@pytest.mark.slow
def test_a_real_kill_loses_no_rating(tmp_path: Path) -> None:
    write_settings(tmp_path)
    shown, kept = kill_once(tmp_path / "study.db", random.Random(), cards=3)
    assert kept >= shown >= 2


@pytest.mark.slow
def test_a_real_kill_of_any_work_leaves_it_as_before_the_step_or_as_after(
    tmp_path: Path, only_pack: Path
) -> None:
    furnish(tmp_path / "place")
    done = Killed()
    for work in WORKS.values():
        done += Trade(tmp_path / "place", work).kill(random.Random())
    assert done.times == len(WORKS)


@pytest.mark.slow
def test_a_real_kill_while_the_database_is_made_leaves_one_that_opens(tmp_path: Path) -> None:
    db = tmp_path / "study.db"
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "studyapp", "--db", str(db), "due"],
        stdout=subprocess.DEVNULL,
    )
    while not db.exists() and process.poll() is None:
        time.sleep(0.001)
    os.kill(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    open_database(str(db)).dispose()
    check_whole(db)
