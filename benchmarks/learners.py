"""Many learners at once on one PostgreSQL server.

    python benchmarks/learners.py [LEARNERS] [SEED] [SECONDS]

LEARNERS (20) rate for SECONDS (60), each in a process of their own with two windows in two threads,
which now and then want the same card; some of what is rated is taken back, and one of the learners
reads the content anew meanwhile. Then each rating that was told as saved must be there once, of two
windows only one may have had a card, and every memory must be the fold of its log. A deadlock, an
error of the server or anything lost is a fault: exit code 1.
"""

from __future__ import annotations

import multiprocessing
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from multiprocessing.queues import SimpleQueue
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "support"))

from sqlalchemy import Engine, func, select

import postgresql
from studyapp.config import Settings
from studyapp.errors import AlreadyRatedError, ChangedError
from studyapp.memory.state import Rating
from studyapp.store import record, sync, tables
from studyapp.store.database import connect, open_database
from studyapp.store.drift import drift
from studyapp.store.engine import LockedError, reading, writing
from studyapp.store.memory import begun
from studyapp.study import learner as learners
from studyapp.study import library
from studyapp.study.sitting import Sitting
from tests_support import Clock, desk_of, question, questionnaire

QUESTIONS, WINDOWS = 60, 2
ENDLESS = Settings(new_a_day=10**6, minutes_a_day=10**6)


class Told(NamedTuple):
    """What a learner was told: ratings saved and taken back, how often another window had been
    quicker, how often the lock was waited for in vain, and what should never be."""

    learner: int
    saved: int
    undone: int
    refused: int
    locked: int
    faults: tuple[str, ...]


def study(url: str, learner: int, seed: int, until: float, say: SimpleQueue[Told]) -> None:
    """One learner's process: windows that rate until the time is over."""
    engine = connect(url)
    counted, faults = [Counter[str]() for _ in range(WINDOWS)], list[str]()
    windows = [
        threading.Thread(
            target=window, args=(learner, faults, engine, random.Random(seed + n), until, counts)
        )
        for n, counts in enumerate(counted)
    ]
    for one in windows:
        one.start()
    for one in windows:
        one.join()
    engine.dispose()
    summed = sum(counted, Counter[str]())
    names = ("saved", "undone", "refused", "locked")
    say.put(Told(learner, *(summed[name] for name in names), tuple(faults)))


def window(learner: int, faults: list[str], *given: Any) -> None:
    """A window of that learner; whatever ends it but the time is a fault."""
    try:
        rate(learner, *given)
    except Exception as error:
        faults.append(f"learner {learner}: {error!r}")


def rate(
    learner: int, engine: Engine, chance: random.Random, until: float, counted: Counter[str]
) -> None:
    clock = Clock()
    sitting = Sitting(desk_of(engine, clock, ENDLESS, learner=learner, patience=2.0))
    while time.monotonic() < until:
        clock.forward(seconds=5)
        try:
            if sitting.view is None:
                clock.forward(days=1)
                sitting.refresh()
            elif chance.random() < 0.05:
                undone = sitting.undo()
                counted["undone"] += undone is not None
            else:
                sitting.rate(Rating(chance.randint(1, 4)))
                counted["saved"] += 1
        except (AlreadyRatedError, ChangedError):
            counted["refused"] += 1
        except LockedError:
            counted["locked"] += 1


def read_again(url: str, folder: Path, until: float) -> int:
    """Read content that changes, which waits for every learner; how often it could be."""
    engine, times = connect(url), 0
    while time.monotonic() < until:
        time.sleep(2)
        write(folder, f"text {times}")
        try:
            with writing(engine, patience=2.0) as connection:
                sync.sync(connection, [folder], Clock()())
            times += 1
        except LockedError:
            continue
    engine.dispose()
    return times


def write(folder: Path, text: str) -> None:
    notes = (question(f"q{n:02}", text=f"It is {text}.") for n in range(QUESTIONS))
    (folder / "questions.md").write_text(questionnaire(*notes))


def judge(url: str, told: list[Told]) -> list[str]:
    """What the database says otherwise than the learners were told."""
    faults, review = [fault for one in told for fault in one.faults], tables.review.c
    engine = connect(url)
    with reading(engine) as connection:
        for one in told:
            mine = review.learner_id == one.learner
            kept = connection.scalar(select(func.count()).where(mine)) or 0
            counting = (
                connection.scalar(select(func.count()).where(mine, record.not_retracted())) or 0
            )
            if (kept, kept - counting) != (one.saved, one.undone):
                faults.append(
                    f"learner {one.learner}: {one.saved} saved and {one.undone} undone, but "
                    f"{kept} are there, {kept - counting} of them taken back"
                )
            cards = begun(connection, learner=one.learner)
            if (found := drift(connection, cards, learner=one.learner)) != ([], [], []):
                faults.append(f"learner {one.learner}: not the fold of the log: {found}")
    engine.dispose()
    return faults


def main(count: int = 20, seed: int = 0, seconds: int = 60) -> int:
    with tempfile.TemporaryDirectory() as name, postgresql.running(uuid4().hex) as server:
        folder, database = Path(name), server.make()
        url = server.url(database)
        write(folder, "as it was")
        engine = open_database(url)
        with writing(engine) as connection:
            made = [1, *(learners.make(connection, f"Learner {n}") for n in range(2, count + 1))]
            sync.sync(connection, [folder], Clock()())
            for learner in made:
                library.start_chapter(connection, 1, Clock()(), learner=learner)
        engine.dispose()
        context = multiprocessing.get_context("fork")
        say, until = context.SimpleQueue(), time.monotonic() + seconds
        processes = [
            context.Process(target=study, args=(url, one, seed + 1000 * one, until, say))
            for one in made
        ]
        for process in processes:
            process.start()
        synced = read_again(url, folder, until)
        told = [say.get() for _ in processes]
        for process in processes:
            process.join()
        faults = judge(url, told)
        deadlocks = server.deadlocks(database)
        server.drop(database)
    print(*faults, sep="\n", end="\n" * bool(faults))
    saved, undone, refused, locked = (
        sum(column) for column in zip(*(one[1:5] for one in told), strict=True)
    )
    print(
        f"{count} learners for {seconds} s, seed {seed}: {saved:,} ratings saved, {undone:,} taken "
        f"back, {refused:,} refused as another window was quicker, {locked} told that the database "
        f"is locked; content read anew {synced} times; {deadlocks} deadlocks, {len(faults)} faults"
    )
    return bool(faults or deadlocks)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
