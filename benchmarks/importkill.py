"""Kill -9 at random moments of an import: the packs and the database are as before, or as after.

    python benchmarks/importkill.py [KILLS] [NOTES] [SEED]

A file of NOTES notes in three decks, with two reviews and a schedule each, is brought, and once
more with every note changed. A child of this process does it and is killed; then the study is
opened as at any start, and what it has is held against what was told (`tests/support/killing.py`).
Exit code 1 if anything was half done.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "support"))

import deeds
import killing
from killing import Killed


def main(kills: int = 200, notes: int = 5000, seed: int = 0) -> int:
    chance, done, faults = random.Random(seed), Killed(), 0
    with tempfile.TemporaryDirectory() as name:
        place = Path(name) / "place"
        deeds.furnish(place)
        trade = killing.Trade(place, partial(deeds.importing, brought=notes))
        for number in range(kills):
            begun = time.monotonic()
            try:
                done += trade.kill(chance)
            except AssertionError as error:
                faults += 1
                print(f"kill {number}: {str(error)[:1000]}", flush=True)
            print(f"kill {number}: {time.monotonic() - begun:.0f} s", file=sys.stderr, flush=True)
    print(f"importing {notes:,} notes: {done}; {faults} half done")
    return int(faults > 0)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
