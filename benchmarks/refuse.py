"""A disk that is full, broken, read-only or forbidden, at each point of all that is written.

    python benchmarks/refuse.py [POINTS] [SEED]

Each action of the tests is done under faults: every call that changes a file fails in turn with
ENOSPC, EIO, EROFS and EACCES; the database's log may grow only so far; and no file may be larger
than some size, so that a real write fails in its midst. At each point the action is done, or one
sentence says that it is not and the database and all files are as they were. If that sentence says
that the same again does the rest, it does. POINTS (600) is of how many a fault came, at least.
Exit code 1 if anything was lost.
"""

from __future__ import annotations

import errno
import random
import sys
import tempfile
import time
import traceback
from collections import Counter
from contextlib import AbstractContextManager, nullcontext
from itertools import count
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "support"))

import deeds
from refusing import (
    CODES,
    IN_BOTH,
    IN_FILES,
    IN_LOG,
    Learner,
    is_done,
    no_larger,
    no_room,
    refused_call,
)

ACTIONS = (*IN_LOG, *IN_FILES, *IN_BOTH, "empty_log")
SIZES = 6  # that are drawn for an action each time
FRAME = 4120  # bytes
TELL = 5.0  # seconds


class Trial:
    """Actions under faults, and what came of them."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.points, self.wrong, self.told = Counter[str](), list[str](), 0.0

    def go_through(self, learner: Learner, name: str) -> None:
        """All faults of one action."""
        for code in self.chance.sample(CODES, len(CODES)):
            for number in count(1):
                what = learner.prepared(name)
                with refused_call(number, code) as came:
                    self.hold(learner, name, what, nullcontext(), errno.errorcode[code])
                if came() < number:
                    break
                self.points[name] += 1
        for number in range(SIZES):
            size = self.chance.choice((0, 1000, 60_000, 600_000)) * self.chance.random()
            room = number * FRAME + self.chance.randrange(FRAME)
            for fault in (no_larger(round(size)), no_room(learner.desk.engine, room)):
                what = learner.prepared(name)
                told = f"{size:.0f} bytes or a log of {room} more"
                self.points[name] += not self.hold(learner, name, what, fault, told)

    def hold(
        self,
        learner: Learner,
        name: str,
        what: Any,
        fault: AbstractContextManager[Any],
        told: str,
    ) -> bool:
        """Do an action under a fault; whether it was done all the same."""
        try:
            done = is_done(learner, what, fault)
        except Exception:
            self.wrong.append(f"{name}, {told}: {traceback.format_exc()[-1500:]}")
            print(self.wrong[-1], flush=True)
            done = True
        if time.monotonic() > self.told + TELL:
            self.told = time.monotonic()
            print(f"{self.points.total():,} points, {len(self.wrong)} faults", flush=True)
        return done


def main(points: int = 600, seed: int = 0) -> int:
    trial, begun = Trial(random.Random(seed)), time.monotonic()
    while trial.points.total() < points:
        for name in ACTIONS:
            with tempfile.TemporaryDirectory() as folder:
                deeds.furnish(Path(folder))
                desk = deeds.Place(Path(folder)).open()
                trial.go_through(Learner(desk, Path(folder)), name)
                desk.close()
    print(", ".join(f"{name} {times}" for name, times in trial.points.most_common()))
    took = time.monotonic() - begun
    print(
        f"{trial.points.total():,} points in {took:.0f} s, seed {seed}: {len(trial.wrong)} faults"
    )
    return bool(trial.wrong)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
