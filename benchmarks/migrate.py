"""From each schema that there has been to today's, whole, with as many cards as one could have.

    python benchmarks/migrate.py [CARDS]

A database of each earlier schema with CARDS cards (100,000), nearly four reviews each, is brought
up to date, with the backup before. Then it is sound, has as many rows as before and no orphan, and
the logs of the first cards fold to what they folded to. Exit code 1 if not.
"""

from __future__ import annotations

import os
import sqlite3
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "support"))

import formers
from studyapp.store import migrations
from studyapp.store.database import open_database

COUNTED = ("note", "card", "review", "event", "memory", "parameters")


def counts(database: Path) -> list[int]:
    with closing(sqlite3.connect(database)) as base:
        return [base.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in COUNTED]


def is_sound(database: Path) -> bool:
    with closing(sqlite3.connect(database)) as base:
        return (
            base.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            and base.execute("PRAGMA foreign_key_check").fetchall() == []
        )


def main(cards: int = 100_000) -> int:
    faults = 0
    for version in sorted(migrations.steps())[:-1]:
        with tempfile.TemporaryDirectory() as name:
            os.environ.update({f"XDG_{one}_HOME": name for one in ("DATA", "CONFIG", "STATE")})
            database = Path(name) / "a.db"
            formers.make(database, version, cards)
            before, begun = counts(database), time.perf_counter()
            open_database(str(database)).dispose()
            took, size = time.perf_counter() - begun, database.stat().st_size / 1e6
            whole = (
                counts(database) == before
                and is_sound(database)
                and formers.folded(database) == formers.BEFORE
            )
            faults += not whole
            print(
                f"schema {version:2}: {cards:,} cards, {before[2]:,} reviews, {size:.0f} MB: "
                f"{took:.1f} s with the backup before, {'whole' if whole else 'NOT WHOLE'}",
                flush=True,
            )
    print(f"{faults} faults")
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
