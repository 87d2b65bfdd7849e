"""How long the doctor takes on a large database, and what of it is the fold of the log.

    python benchmarks/doctor.py [CARDS] [REVIEWS] [PYTHON]

Makes a database of CARDS cards (100,000) with REVIEWS reviews each (5) in a temporary folder and
has the doctor look at it, twice: the second time it knows what it found well. Beside it stand
SQLite's own check of the same file and, if PYTHON is one that can import anki, Anki's check of a
collection of the same cards and ratings. Anki folds no log and has no files to hold its notes
against, so what it can be compared with is the doctor's look at the database as one. Nor does it
compare indexes with their tables: it makes them anew. The figures are in `trust.md`.
"""

from __future__ import annotations

import os
import random
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from operator import itemgetter
from pathlib import Path
from typing import Any

from sqlalchemy import func, insert, select

from studyapp.memory.fold import Review, ReviewKind
from studyapp.memory.state import Rating
from studyapp.store import log, soundness, tables
from studyapp.store.database import connect_to_read, open_database
from studyapp.store.drift import drift
from studyapp.store.engine import reading, writing
from studyapp.store.memory import begun, refold_all
from studyapp.store.sync import sync
from studyapp.study import library
from studyapp.study.doctor import schema
from studyapp.study.doctor.examination import examine
from studyapp.study.doctor.finding import chart

DAYS = (0, 2, 9, 30, 90, 200, 400)  # of a card's reviews
SPREAD = 300  # days over which cards are begun
PAGE, AT_ONCE = 500, 1000  # notes in a file; rows that are written at once


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
    """Read the pack, and review each of its cards, in the order of time as life has it; returns the
    number of reviews."""
    engine, start = open_database(str(database)), datetime.now().astimezone()
    start -= timedelta(days=SPREAD + DAYS[reviews - 1] + 1)
    chance, rows = random.Random(0), list[dict[str, Any]]()
    with writing(engine) as connection:
        sync(connection, [root], start)
        device = connection.scalars(select(tables.device.c.id)).one()
        cards = connection.scalars(select(tables.card.c.id)).all()
        # As many are begun on each day, so that a small study has no days without a review.
        for card, place in zip(cards, chance.sample(range(len(cards)), len(cards)), strict=True):
            share = (place + chance.random()) / len(cards)
            begun = start + timedelta(days=SPREAD * share)
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
            rows += [row(device, card, one) for one in entries]
        rows.sort(key=itemgetter("stamp"))
        for first in range(0, len(rows), AT_ONCE):
            connection.execute(insert(tables.review), rows[first : first + AT_ONCE])
        every = connection.scalars(select(tables.card.c.id)).all()
        refold_all(connection, every, learner=1)
        number = connection.scalar(select(func.count()).select_from(tables.review))
    engine.dispose()
    return number or 0


def row(device: int, card: int, entry: Review) -> dict[str, Any]:
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


def seconds(work: Callable[[], object]) -> tuple[float, float]:
    """By the clock, and of all processors together."""
    begun, used = time.perf_counter(), processors()
    work()
    return time.perf_counter() - begun, processors() - used


def processors() -> float:
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in both)


def checked(database: Path) -> None:
    with closing(sqlite3.connect(database)) as plain:
        assert plain.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def as_one(database: Path, now: datetime) -> None:
    """What the doctor says of the database as one: pages, indexes, tables, values, links."""
    assert soundness.broken(database) is None
    engine = connect_to_read(str(database))
    assert engine is not None
    with reading(engine) as connection:
        at = chart(connection, now, lambda *told: None, database)
        with schema.values_ahead(engine, at) as values:
            checks = (schema.pages, schema.structure, values, schema.copies, schema.indexes)
            for check in (*checks, schema.device, schema.links, schema.runs):
                assert not list(check(at))
    engine.dispose()


ANKI = """
import sqlite3, sys, time
from anki.collection import AddNoteRequest, Collection
database, path = sys.argv[1:]
log = sqlite3.connect(database).execute(
    "SELECT card_id, rating, CAST(strftime('%s', at) * 1000 AS INTEGER) FROM review"
).fetchall()
names = sorted({card for card, *_ in log})
col = Collection(path)
kind, deck = col.models.by_name("Basic"), col.decks.id("Large")
for first in range(0, len(names), 2000):
    made = []
    for name in names[first : first + 2000]:
        note = col.new_note(kind)
        note.fields = [f"What is {name}?", f"It is {name}."]
        made.append(AddNoteRequest(note, deck))
    col.add_notes(made)
of = dict(zip(names, col.db.list("SELECT id FROM cards ORDER BY id")))
col.close()
with sqlite3.connect(path) as plain:
    taken = set()
    for card, rating, at in log:
        while at in taken:
            at += 1
        taken.add(at)
        row = (at, of[card], -1, rating, 10, 10, 2500, 9000, 1)
        plain.execute("INSERT INTO revlog VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
    plain.execute("UPDATE cards SET type = 2, queue = 2, due = 100, ivl = 10, factor = 2500")
plain.close()
col = Collection(path)
for _ in range(2):  # the first time it adds what it misses
    begun, used = time.perf_counter(), time.process_time()
    col.fix_integrity()
    took = time.perf_counter() - begun, time.process_time() - used
print(*took)
"""


def anki(python: str, database: Path) -> tuple[float, float]:
    """What Anki's check takes, by the clock and of the processors."""
    words = [python, "-c", ANKI, str(database), str(database.with_name("collection.anki2"))]
    done = subprocess.run(words, check=True, capture_output=True, text=True)
    took, used = done.stdout.split()[-2:]
    return float(took), float(used)


def folded(database: Path) -> None:
    engine = open_database(str(database))
    with reading(engine) as connection:
        cards = begun(connection, learner=1)
        assert drift(connection, cards, learner=1) == ([], [], [])
    engine.dispose()


def main() -> None:
    given = sys.argv[1:]
    cards, reviews = (int(one) for one in [*given, *("100000", "5")[len(given) :]][:2])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        homes = {f"XDG_{one}_HOME": name for one in ("DATA", "CONFIG", "STATE", "CACHE")}
        os.environ.update(homes)
        root, database = pack(folder, cards), folder / "large.db"
        library.installed_roots = lambda: [root]
        number = study(database, root, reviews)
        size = database.stat().st_size / 1e6
        print(f"{cards:,} cards, {number:,} reviews, {size:.0f} MB")
        now = datetime.now().astimezone()
        if len(given) > 2:
            print(
                "{:6.1f} s {:6.1f} s of processors  Anki's check".format(*anki(given[2], database))
            )
        for what, work in (
            ("SQLite's integrity check", lambda: checked(database)),
            ("the doctor, of the database as one", lambda: as_one(database, now)),
            ("memories against the log", lambda: folded(database)),
            ("the doctor, all of it", lambda: examine(str(database), now)),
            ("the doctor, once more", lambda: examine(str(database), now)),
        ):
            took, used = seconds(work)
            print(f"{took:6.1f} s {used:6.1f} s of processors  {what}", flush=True)


if __name__ == "__main__":
    main()
