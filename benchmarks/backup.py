"""How long a backup of 100,000 cards takes, against a plain copy of the file, and going back to it.

    python benchmarks/backup.py [CARDS]

Each card has five reviews. Everything is on the disk when it counts, the plain copy as well.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from sqlite3 import connect


def fill(database: Path, cards: int) -> None:
    """Cards whose texts are as long as those of the course, each reviewed five times."""
    from studyapp.store.database import open_database

    open_database(str(database)).dispose()
    at = "2026-11-20 09:00:00.000000"
    with closing(connect(database)) as base, base:
        base.execute("INSERT INTO chapter VALUES (1, 'bench', 1, 'Part', 'Chapter', NULL)")
        base.executemany(
            "INSERT INTO note (id, uid, chapter_id, name, kind, style, prompt, answer, points, "
            "tags, reverse, synonyms, sources, path, line, last) VALUES (?, ?, 1, ?, 'question', "
            "'answer', ?, ?, '[]', '[]', 1, '[]', '[]', 'a.md', 1, 9)",
            (
                (n, os.urandom(16), f"q{n}", f"What is {n}, and why?", _text(n))
                for n in range(1, cards + 1)
            ),
        )
        base.executemany(
            "INSERT INTO card (id, uid, note_id, chapter_id, side, family, position) "
            "VALUES (?, ?, ?, 1, 'answer', ?, ?)",
            ((n, os.urandom(16), n, f"bench:q{n}", n) for n in range(1, cards + 1)),
        )
        base.executemany(
            "INSERT INTO review (uid, learner_id, card_id, kind, rating, device_id, at, offset, "
            "day, epoch, stamp, duration, effective_day, state_before, state_after) "
            "VALUES (?, 1, ?, 'study', 3, 1, ?, 0, '2026-11-20', 0, ?, 5000, '2026-11-20', 0, 2)",
            ((os.urandom(16), n % cards + 1, at, at) for n in range(5 * cards)),
        )


def _text(number: int) -> str:
    words = ("weights", "loss", "layer", "gradient", "batch", "model", "data", "error", "rate")
    return " ".join(words[(number * 7 + n * n) % len(words)] + str(number % 97) for n in range(60))


def copied(database: Path, target: Path) -> None:
    with database.open("rb") as source, target.open("wb") as copy:
        while piece := source.read(2**20):
            copy.write(piece)
        copy.flush()
        os.fsync(copy.fileno())


def timed(what: Callable[[], object]) -> tuple[str, object]:
    """How long it took, and how much of that this program computed."""
    started, computed = time.perf_counter(), time.process_time()
    found = what()
    took = time.perf_counter() - started
    return f"{took:.1f} s ({time.process_time() - computed:.1f} s computing)", found


def main(cards: int = 100_000) -> None:
    with tempfile.TemporaryDirectory() as name:
        os.environ["XDG_DATA_HOME"] = os.environ["XDG_CONFIG_HOME"] = name
        from studyapp.store import backup, restore

        database, now = Path(name) / "a.db", datetime.now(UTC)
        fill(database, cards)
        folder = backup.folder_of(database)
        plain, _ = timed(lambda: copied(database, Path(name) / "plain.db"))
        made, found = timed(lambda: backup.make(database, folder, "asked", now))
        assert isinstance(found, backup.Backup)
        back, _ = timed(lambda: restore.restore(database, found.path, now))
        size = database.stat().st_size
        print(f"{cards:,} cards, {size / 1e6:.0f} MB; as a zip {found.size / 1e6:.0f} MB")
        print(f"plain copy {plain}; backup {made}")
        print(f"going back, with a backup of how it is {back}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
