"""Kill -9 at a random moment while two devices meet in a folder, 100 times.

    python benchmarks/meeting_kill.py [TIMES]

One of them is killed while it reviews, then each while it writes its file or folds the other's in.
After each kill the database must be sound and every memory the fold of its log; in the end both
must have the same reviews and the same memories.
"""

from __future__ import annotations

import os
import random
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "support"))

from killing import kill_meeting, kill_once, meet, memories


def main(times: int = 100) -> None:
    chance = random.Random()
    with tempfile.TemporaryDirectory() as name:
        os.environ["XDG_DATA_HOME"] = os.environ["XDG_CONFIG_HOME"] = name
        folder = Path(name) / "shared"
        folder.mkdir()
        settings = Path(name) / "studyapp" / "settings.toml"
        settings.parent.mkdir()
        settings.write_text(f'new_a_day = 999\nminutes_a_day = 600\ndevices = "{folder}"\n')
        databases = [Path(name) / f"{number}.db" for number in range(2)]
        longest = max(meet(db) for db in databases)
        shown = done = 0
        while done < times:
            one = chance.choice(databases)
            shown += kill_once(one, chance, cards=3)[0]
            for db in databases:
                kill_meeting(db, chance, longest)
            done += 3
        for db in databases * 2:
            meet(db)
        (rated, kept), (others, theirs) = map(memories, databases)
        assert rated == others, "the devices have other reviews"
        assert kept == theirs, "the devices have other memories"
        assert len(rated) >= shown, f"{shown} were shown as saved, {len(rated)} are kept"
    print(f"{done} kills: {shown} ratings shown as saved, {len(rated)} on both devices, none lost")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
