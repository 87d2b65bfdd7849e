"""Kill a real review process at a random moment and hold what it showed against what is kept."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

from sqlalchemy import func, select

from studyapp.memory.fold import fold
from studyapp.store import log, tables
from studyapp.store.database import open_database
from studyapp.store.engine import reading


def kill_once(db: Path, chance: random.Random, *, cards: int = 1) -> tuple[int, int]:
    """Start `studyapp review --plain` on *db*, feed it ratings, kill -9 it at some moment
    after that many *cards* have come.

    Returns (ratings shown as saved, ratings kept by this process). A rating was shown as saved
    when the card after it was printed. Raises AssertionError if one of them is lost, the database
    fails its integrity check, or a stored memory is not the fold of its log.
    """
    before = _kept(db)
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "studyapp", "--db", str(db), "review", "--plain"],
        cwd=db.parent,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("".join(f"\n{chance.choice('1234')}\n" for _ in range(500)))
    process.stdin.flush()
    printed: list[str] = []
    begun = threading.Event()

    def read() -> None:
        assert process.stdout is not None
        for line in process.stdout:
            printed.append(line)
            come = sum(" left]" in one for one in printed)
            if come >= cards or line.startswith("Tomorrow:"):
                begun.set()

    reader = threading.Thread(target=read)
    reader.start()
    assert begun.wait(60), f"{cards} cards never came, but:\n{''.join(printed)}"
    time.sleep(chance.uniform(0, 0.3))
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    reader.join()
    come = sum(" left]" in line for line in printed)
    ended = any(line.startswith("Tomorrow:") for line in printed)
    shown = come if ended else max(0, come - 1)
    kept = _kept(db) - before
    assert kept >= shown, f"{shown} ratings were shown as saved, {kept} are kept"
    check_whole(db)
    return shown, kept


def kill_meeting(db: Path, chance: random.Random, longest: float) -> None:
    """Start `studyapp devices` on *db*, which folds in what other devices have written, kill -9 it
    within its *longest* seconds, and check what it leaves."""
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "studyapp", "--db", str(db), "devices"],
        cwd=db.parent,
        stdout=subprocess.DEVNULL,
    )
    time.sleep(chance.uniform(0, longest))
    process.kill()
    process.wait()
    check_whole(db)


def meet(db: Path) -> float:
    """Run `studyapp devices` on *db* to its end; returns how long it took."""
    begun = time.monotonic()
    subprocess.run(
        [sys.executable, "-P", "-m", "studyapp", "--db", str(db), "devices"],
        cwd=db.parent,
        stdout=subprocess.DEVNULL,
        check=True,
    )
    return time.monotonic() - begun


def memories(db: Path) -> tuple[set[bytes], dict[bytes, object]]:
    """The uids of all reviews of a database, and its memories by the uids of their cards."""
    engine = open_database(str(db))
    with reading(engine) as connection:
        uids = set(connection.scalars(select(tables.review.c.uid)))
        cards = connection.execute(select(tables.card.c.id, tables.card.c.uid)).all()
        found: dict[bytes, object] = {
            uid: log.read_memory(connection, card_id, learner=1) for card_id, uid in cards
        }
    engine.dispose()
    return uids, found


def check_whole(db: Path) -> None:
    """The file is sound, and every stored memory is the fold of its log."""
    plain = sqlite3.connect(db)
    assert plain.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    plain.close()
    engine = open_database(str(db))
    with reading(engine) as connection:
        history = log.read_history(connection, learner=1)
        for card_id, uid in connection.execute(select(tables.card.c.id, tables.card.c.uid)).all():
            entries = log.read_log(connection, card_id, learner=1)
            assert log.read_memory(connection, card_id, learner=1) == fold(entries, uid, history)
    engine.dispose()


def _kept(db: Path) -> int:
    if not db.exists():
        return 0
    engine = open_database(str(db))
    with reading(engine) as connection:
        count = connection.scalar(select(func.count()).select_from(tables.review)) or 0
    engine.dispose()
    return count
