"""Kill -9 at random moments of all that is written.

    python benchmarks/kill.py [KILLS] [SEED]

Each kill is of a process that does one kind of work. What it had shown as done must be there; the
step that it was at is done, or is not; where files go with the database, the same again does the
rest. The database opens, is sound, and has every memory as the fold of its log; whatever has the
name of a backup is one. One kill in fifty is of the real command, and one of the real app on a
terminal, where letters are typed; the others are of children of this process. Exit code 1 if
anything was lost.
"""

from __future__ import annotations

import os
import random
import sys
import tempfile
import time
from collections import defaultdict
from functools import cache
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "support"))

import deeds
import killing
import typing_kill
from killing import Killed
from studyapp.store import migrations
from studyapp.study import library

EVERY = 50  # kills, of which one is of each real program, which take longer
TELL = 5.0  # seconds

REAL = {"the command": killing.kill_once, "the app": typing_kill.kill_once}
_installed = library.installed_roots


@cache
def trade(folder: Path, what: str) -> killing.Trade:
    """A kind of work, or the migration from a schema, in a place of which each kill has a copy."""
    work = deeds.WORKS.get(what, deeds.migrating)
    place = folder / what
    deeds.furnish(place)
    if work is deeds.migrating:
        deeds.make_former(place, int(what.split()[-1]))
    return killing.Trade(place, work)


def be_real(folder: Path) -> None:
    """Let other programs have folders of their own, and this one the content that they have."""
    for name in ("DATA", "CONFIG", "CACHE", "STATE"):
        os.environ[f"XDG_{name}_HOME"] = str(folder)
    library.installed_roots = _installed
    settings = folder / "studyapp" / "settings.toml"
    settings.parent.mkdir(exist_ok=True)
    settings.write_text("new_a_day = 999\nminutes_a_day = 600\n")


def main(kills: int = 1000, seed: int = 0) -> int:
    chance, faults, told, begun = random.Random(seed), list[str](), 0.0, time.monotonic()
    schemas = [f"migrating from {number}" for number in sorted(migrations.steps())[:-1]]
    counted = defaultdict[str, Killed](Killed)
    with tempfile.TemporaryDirectory() as name:
        for number in range(kills):
            what = chance.choice([*deeds.WORKS, chance.choice(schemas)])
            try:
                if number % EVERY < len(REAL):
                    what = list(REAL)[number % EVERY]
                    be_real(Path(name))
                    REAL[what](Path(name) / f"{what}.db", chance)
                    counted[what] += Killed(1)
                else:
                    counted[what] += trade(Path(name), what).kill(chance)
            except AssertionError as error:
                faults.append(f"kill {number}, {what}: {error}")
                print(faults[-1], flush=True)
            if time.monotonic() > told + TELL:
                told = time.monotonic()
                print(f"{number + 1:,} of {kills:,} kills, {len(faults)} faults", flush=True)
    for what, of in sorted(counted.items()):
        print(f"{what:20} {of}")
    took, summed = time.monotonic() - begun, sum(counted.values(), Killed())
    print(f"{summed}; {len(faults)} faults, in {took:.0f} s with seed {seed}")
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
