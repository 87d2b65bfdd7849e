"""Three devices of one learner, whose files come late, twice, torn, as older copies or not at all.

    python benchmarks/devices.py [OPERATIONS] [SEED]

Worlds of some hundred operations each: reviews, undo, events, texts, ticks, answers, notes, clocks
set wrong. In the end of each all is exchanged, and all devices must be equal: memories bit for bit,
logs, texts, ticks; and nothing that was shown as saved may be missing. The model is the tests'.
"""

from __future__ import annotations

import os
import random
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "support"))

from meeting import ACTIONS, World

LENGTH = 400  # operations of a world


def main(operations: int = 2000, seed: int = 1) -> None:
    os.environ["STUDYAPP_LOG"] = "off"
    begun, done = time.monotonic(), 0
    for number in range(-(-operations // LENGTH)):
        chance = random.Random(f"{seed} {number}")
        with tempfile.TemporaryDirectory() as name:
            os.environ["XDG_CONFIG_HOME"] = os.environ["XDG_CACHE_HOME"] = name
            world = World(Path(name), chance)
            for _ in range(LENGTH):
                world.step(chance.choice(ACTIONS), chance.randrange(len(world.devices)))
            world.settle()
            try:
                world.check()
            except AssertionError as error:
                raise AssertionError(f"world {number} of seed {seed}: {error}") from error
            world.close()
        done += LENGTH
        if number % 10 == 9 or done >= operations:
            each = done / (time.monotonic() - begun)
            print(f"{done:,} operations, {each:.0f} a second: all devices equal, nothing missing")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
