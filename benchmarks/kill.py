"""Kill -9 at a random moment of a review, 200 times.

    python benchmarks/kill.py [TIMES]

Every rating that was shown as saved must be there, the integrity check must pass, and every stored
memory must be the fold of its log. The check itself is the one of the tests.
"""

from __future__ import annotations

import os
import random
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "support"))

from killing import kill_once


def main(times: int = 200) -> None:
    chance = random.Random()
    shown = kept = 0
    with tempfile.TemporaryDirectory() as name:
        os.environ["XDG_DATA_HOME"] = os.environ["XDG_CONFIG_HOME"] = name
        settings = Path(name) / "studyapp" / "settings.toml"
        settings.parent.mkdir()
        settings.write_text("new_a_day = 999\nminutes_a_day = 600\n")
        for number in range(times):
            saved, found = kill_once(Path(name) / f"{number // 2}.db", chance)
            shown, kept = shown + saved, kept + found
    print(f"{times} kills: {shown} ratings shown as saved, {kept} kept, none lost")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
