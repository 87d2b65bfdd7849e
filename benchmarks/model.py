"""Many thousands of things done on one device, in any order, beside a simple model of it.

    python benchmarks/model.py [OPERATIONS] [SEED]

After each what it came to, after every third what is due and how it is counted, and after every
thirtieth all memories and all texts must be the model's. A life of LIFE operations ends and another
one begins. Exit code 1 at the first difference,
with the last things that were done.
"""

from __future__ import annotations

import os
import random
import sys
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "support"))

from machine import Machine

LIFE = 1000
TELL = 5.0  # seconds


def live(folder: Path, seed: int, operations: int, counted: Counter[str], begun: float) -> None:
    """One life; raises AssertionError where the two differ."""
    made, told = Machine(folder, random.Random(seed)), time.monotonic()
    try:
        for _ in range(operations):
            made.step()
            counted[made.trail[-1].split(maxsplit=2)[2].split(" ")[0]] += 1
            if time.monotonic() > told + TELL:
                told = time.monotonic()
                took = told - begun
                print(f"{counted.total():,} operations in {took:.0f} s, no difference", flush=True)
        made.compare_all()
    except Exception:
        print(*made.trail, sep="\n")
        raise
    finally:
        made.close()


def main(operations: int = 100_000, seed: int = 0) -> int:
    os.fsync = lambda _: None  # this is not about the disk
    counted, begun, number = Counter[str](), time.monotonic(), 0
    while counted.total() < operations:
        with tempfile.TemporaryDirectory() as name:
            try:
                rest = min(LIFE, operations - counted.total())
                live(Path(name), seed * 1_000_000 + number, rest, counted, begun)
            except Exception:
                traceback.print_exc()
                print(f"a difference in life {number} of seed {seed}")
                return 1
        number += 1
    print(", ".join(f"{count:,} {what}" for what, count in counted.most_common()))
    took = time.monotonic() - begun
    print(f"{operations:,} operations in {took:.0f} s, seed {seed}: no difference")
    return 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
