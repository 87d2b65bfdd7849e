"""How long the doctor takes on a large database, and what of it is the fold of the log.

    python benchmarks/doctor.py [CARDS] [REVIEWS]

Makes a database of CARDS cards (100,000) with REVIEWS reviews each (5) in a temporary folder and
has the doctor look at it; SQLite's own check of the same file stands beside it. To compare with
Anki, time its check of a collection of as many cards and reviews.
"""

from __future__ import annotations

import os
import random
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import func, insert, select

from studyapp.memory.fold import Review, ReviewKind
from studyapp.memory.state import Rating
from studyapp.store import log, tables
from studyapp.store.database import open_database
from studyapp.store.engine import reading, writing
from studyapp.store.sync import sync
from studyapp.study import library
from studyapp.study.doctor.examination import examine

DAYS = (0, 2, 9, 30, 90, 200, 400)  # of a card's reviews
SPREAD = 300  # days over which cards are begun
PAGE = 500  # notes in a file


def pack(folder: Path, cards: int) -> Path:
    """A pack of that many questions, of one card each."""
    root = folder / "pack"
    root.mkdir()
    for first in range(0, cards, PAGE):
        notes = "\n\n".join(
            f"## What is {n}? {{#n{n}}}\n\nIt is {n}.\n\n- [ ] it is {n}"
            for n in range(first, min(cards, first + PAGE))
        )
        head = f"---\npack: large\ndeck: Deck {first // PAGE}\nkind: questionnaire\n---\n\n"
        (root / f"{first}.md").write_text(head + notes + "\n")
    return root


def study(database: Path, root: Path, reviews: int) -> int:
    """Read the pack, and review each of its cards; returns the number of reviews."""
    engine, start = open_database(str(database)), datetime.now().astimezone()
    start -= timedelta(days=SPREAD + DAYS[reviews - 1] + 1)
    chance = random.Random(0)
    with writing(engine) as connection:
        sync(connection, [root], start)
        device = connection.scalars(select(tables.device.c.id)).one()
        for card in connection.scalars(select(tables.card.c.id)).all():
            begun = start + timedelta(seconds=chance.random() * SPREAD * 86400)
            entries = [
                Review(
                    os.urandom(16),
                    log.utc(begun + timedelta(days=day)),
                    timedelta(0),
                    Rating(chance.choices((1, 2, 3, 4), (1, 1, 7, 1))[0]),
                    ReviewKind.STUDY,
                )
                for day in DAYS[:reviews]
            ]
            connection.execute(insert(tables.review), [row(device, card, one) for one in entries])
        every = connection.scalars(select(tables.card.c.id)).all()
        log.refold_all(connection, every, learner=1)
        number = connection.scalar(select(func.count()).select_from(tables.review))
    engine.dispose()
    return number or 0


def row(device: int, card: int, entry: Review) -> dict[str, object]:
    return {
        "uid": entry.uid,
        "learner_id": 1,
        "card_id": card,
        "kind": entry.kind.value,
        "rating": int(entry.rating),
        "device_id": device,
        "at": entry.at,
        "offset": 0,
        "day": entry.at.date(),
        "epoch": 0,
        "stamp": entry.at,
        "duration": 9000,
        "effective_day": entry.at.date(),
        "state_before": 0,
        "state_after": 0,
    }


def seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def checked(database: Path) -> None:
    with closing(sqlite3.connect(database)) as plain:
        assert plain.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def folded(database: Path) -> None:
    engine = open_database(str(database))
    with reading(engine) as connection:
        cards = log.begun(connection, learner=1)
        assert log.drift(connection, cards, learner=1) == ([], [], [])
    engine.dispose()


def main() -> None:
    cards, reviews = (int(one) for one in [*sys.argv[1:], "100000", "5"][:2])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ.update({f"XDG_{one}_HOME": name for one in ("DATA", "CONFIG", "STATE")})
        root, database = pack(folder, cards), folder / "large.db"
        library.installed_roots = lambda: [root]
        number = study(database, root, reviews)
        size = database.stat().st_size / 1e6
        print(f"{cards:,} cards, {number:,} reviews, {size:.0f} MB")
        now = datetime.now().astimezone()
        for what, work in (
            ("SQLite's integrity check", lambda: checked(database)),
            ("memories against the log", lambda: folded(database)),
            ("the doctor, all of it", lambda: examine(str(database), now)),
        ):
            print(f"{seconds(work):6.1f} s  {what}", flush=True)


if __name__ == "__main__":
    main()
