"""Kill -9 at a random moment while an answer is being written, 50 times.

    python benchmarks/attempt_kill.py [TIMES]

Every character that had been on the screen for a second must be in the resumed attempt, and
nothing that was never typed. The check itself is the one of the tests.
"""

from __future__ import annotations

import os
import random
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "support"))

from typing_kill import kill_once


def main(times: int = 50) -> None:
    chance = random.Random()
    kills = []
    with tempfile.TemporaryDirectory() as name:
        os.environ["XDG_DATA_HOME"] = os.environ["XDG_CONFIG_HOME"] = name
        for number in range(times):
            kills.append(kill_once(Path(name) / f"{number // 10}.db", chance))
    sent, old, kept = (sum(column) for column in zip(*kills, strict=True))
    print(
        f"{times} kills: {sent} characters typed, {old} of them on the screen for a second, "
        f"{kept} kept, none of the {old} lost"
    )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
