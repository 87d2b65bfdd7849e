"""Kill -9 at a random moment, and hold what was shown as saved against what is kept: a process of
`studyapp review`, and children of this one that do one kind of work each."""

from __future__ import annotations

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import func, select

import deeds
from studyapp.memory.fold import fold
from studyapp.store import record, tables
from studyapp.store.database import open_database
from studyapp.store.engine import reading
from studyapp.store.memory import read_memory
from studyapp.store.parameters import read_history


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
            if come >= cards or line.startswith("Tomorrow"):
                begun.set()

    reader = threading.Thread(target=read)
    reader.start()
    assert begun.wait(60), f"{cards} cards never came, but:\n{''.join(printed)}"
    time.sleep(chance.uniform(0, 0.3))
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    reader.join()
    come = sum(" left]" in line for line in printed)
    ended = any(line.startswith("Tomorrow") for line in printed)
    shown = come if ended else max(0, come - 1)
    kept = _kept(db) - before
    assert kept >= shown, f"{shown} ratings were shown as saved, {kept} are kept"
    check_whole(db)
    return shown, kept


def check_whole(db: Path) -> None:
    """The file is sound, and every stored memory is the fold of its log."""
    plain = sqlite3.connect(db)
    assert plain.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    plain.close()
    engine = open_database(str(db))
    with reading(engine) as connection:
        history = read_history(connection, learner=1)
        for card_id, uid in connection.execute(select(tables.card.c.id, tables.card.c.uid)).all():
            entries = record.read_log(connection, card_id, learner=1)
            assert read_memory(connection, card_id, learner=1) == fold(entries, uid, history)
    engine.dispose()


def _kept(db: Path) -> int:
    if not db.exists():
        return 0
    engine = open_database(str(db))
    with reading(engine) as connection:
        count = connection.scalar(select(func.count()).select_from(tables.review)) or 0
    engine.dispose()
    return count


class Killed(NamedTuple):
    """How many were killed, how many of them in the midst of a step, how many steps had been shown
    as done before, and how often the same again had to do the rest."""

    times: int = 0
    midst: int = 0
    steps: int = 0
    again: int = 0

    def __add__(self, other: object) -> Killed:
        assert isinstance(other, Killed)
        return Killed(*map(sum, zip(self, other, strict=True)))

    def __str__(self) -> str:
        return (
            f"{self.times:5,} kills, {self.midst:4,} in the midst of a step; {self.steps:6,} steps "
            f"shown as done before, all there; {self.again:3,} done again"
        )


class Trade:
    """One kind of work, done in children of this process that are killed at random moments.

    A child has everything imported and nothing open: it opens the database as a program does that
    starts, and says of each step when it begins and when it is done.
    """

    def __init__(self, furnished: Path, work: deeds.Work) -> None:
        self._furnished, self._work = furnished, work
        self._long = 0.0  # seconds, the longest that was seen of it
        self._before = self._seen()

    def _seen(self) -> deeds.Found:
        with tempfile.TemporaryDirectory() as name:
            return self._copy(Path(name)).look()

    def _copy(self, folder: Path) -> deeds.Place:
        shutil.copytree(self._furnished, folder / "place")
        return deeds.Place(folder / "place")

    def kill(self, chance: random.Random) -> Killed:
        """Let it be done anew, kill it once, and hold what is left against what was told. Raises
        AssertionError if that is neither as before nor as after the step it was at."""
        while True:
            with tempfile.TemporaryDirectory() as name:
                place = self._copy(Path(name))
                plan = self._work(place, chance, self._before)
                moment = chance.random() * self._long if self._long else None
                begun = time.monotonic()
                told = _killed(place, plan, moment)
                if told is None:  # it was quicker than the longest
                    self._long = max(self._long, time.monotonic() - begun)
                else:
                    again = self._judge(place, plan, *told)
                    return Killed(1, told[0] - told[1], told[1], again)

    def _judge(self, place: deeds.Place, plan: deeds.Plan, begun: int, done: int) -> bool:
        """Hold what is left against what was told; whether something had to be done again."""
        before = dict(self._before)
        for step in plan[:done]:
            before = _changed(before, step)
        at = plan[done] if begun > done else deeds.Step(lambda _: None)
        after, found = _changed(before, at), place.look()
        deeds.check_file(place.database)
        again = at.many and found not in (before, after)
        if again:
            names = {*before, *after, *found}
            assert all(_some(before.get(n), after.get(n), found.get(n)) for n in names), _told(
                before, after, found
            )
            desk = place.open()
            at.do(desk)
            desk.close()
            before, found = after, place.look()
            deeds.check_file(place.database)
        assert found in (before, after), _told(before, after, found)
        return again


def _some(before: object, after: object, found: object) -> bool:
    """Whether what is found is as before or as after, or a count between the two."""
    counts = [one or 0 for one in (before, found, after)]
    if all(isinstance(one, int) for one in counts):
        return counts in (sorted(counts), sorted(counts, reverse=True))
    return found in (before, after)


def _changed(found: deeds.Found, step: deeds.Step) -> deeds.Found:
    return {name: value for name, value in {**found, **step.changes}.items() if value}


def _told(before: deeds.Found, after: deeds.Found, found: deeds.Found) -> str:
    names = sorted(
        name
        for name in {*before, *after, *found}
        if not before.get(name) == after.get(name) == found.get(name)
    )
    return "; ".join(
        f"{name}: was {before.get(name)!r}, was to be {after.get(name)!r}, is {found.get(name)!r}"
        for name in names
    )


def _killed(place: deeds.Place, plan: deeds.Plan, moment: float | None) -> tuple[int, int] | None:
    """Carry out a plan in a child and kill it after *moment* seconds, if that is given: how many
    steps it had begun, and done by then; None if it had done all. Raises what the child raises."""
    told, say = os.pipe()
    child = os.fork()
    if not child:
        os.close(told)
        _carry_out(place, plan, say)
    os.close(say)
    try:
        if moment is not None:
            time.sleep(moment)
            os.kill(child, signal.SIGKILL)
        with open(told, "rb") as heard:
            said = heard.read().decode(errors="replace")
    finally:
        _, status = os.waitpid(child, 0)
    steps, _, error = said.partition("!")
    assert not error, error
    if os.WIFEXITED(status):
        return None
    return steps.count("<"), steps.count(">")


def _carry_out(place: deeds.Place, plan: deeds.Plan, say: int) -> None:
    """The child's life."""
    try:
        desk = place.open()
        for step in plan:
            os.write(say, b"<")
            step.do(desk)
            os.write(say, b">")
        desk.close()
    except BaseException:
        os.write(say, f"!{traceback.format_exc()[-3000:]}".encode())
    finally:
        os._exit(0)
