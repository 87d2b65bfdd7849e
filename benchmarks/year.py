"""How long a year's statistics take with 100,000 cards and 900,000 reviews, beside Anki's graphs.

    python benchmarks/year.py [CARDS] [DATABASE] [--anki PYTHON]

Makes the database, unless there is one at DATABASE: a log of a year in the order of its days, nine
reviews a card, each of which comes after the interval before it. With PYTHON, one that can import
anki, the same log is put in a collection, and Anki's `graphs` of 365 days take turns with ours.
Told are seconds of the processor in one thread, which another program's work does not change, as
medians of nine; what the first time takes, when nothing is kept yet of days that are over; and what
each part of ours takes.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

from answer import BATCH, _card, _memory, _note, _review
from sqlalchemy import Engine, delete, insert

from studyapp.config import Current, Settings
from studyapp.memory.clock import study_day
from studyapp.store import tables
from studyapp.store.database import open_database
from studyapp.store.engine import checkpoint, reading, writing

EACH = 9  # reviews of a card
TIMES = 9
WAITS = (1, 3, 7, 15, 25, 35, 45, 60)  # days between them, more or less
FIRST_DAYS = 150  # on one of which each card is met
AHEAD = 40  # days that a card comes in, on average: each day asks as many as it did


def batches(rows: Sequence[Any]) -> Iterator[Sequence[Any]]:
    return (rows[start : start + BATCH] for start in range(0, len(rows), BATCH))


def planned(cards: int, now: datetime) -> list[tuple[datetime, int, int, date | None]]:
    """When each card is rated, the how manieth time, and the day before, in the order of time."""
    chance, found = random.Random(1), []
    for card in range(1, cards + 1):
        days = [chance.randrange(FIRST_DAYS)]
        for wait in WAITS:
            days.append(days[-1] + max(1, round(wait * chance.uniform(0.8, 1.2))))
        times = [
            now.replace(hour=0) - timedelta(days=364 - day, seconds=-chance.gauss(15, 3) * 3600)
            for day in days
        ]
        found.append((times[0], card, 0, None))
        for number, (before, at) in enumerate(pairwise(times), 1):
            found.append((at, card, number, study_day(before)))
    return sorted(found, key=lambda one: one[0])


def fill(engine: Engine, cards: int) -> None:
    """A learner of a year."""
    now, chance = datetime.now(UTC), random.Random(2)
    with writing(engine) as connection:
        for number in range(1, 21):
            about = {"id": number, "pack": "big", "number": number, "part": "1. Big"}
            connection.execute(insert(tables.chapter).values(title=f"Chapter {number}", **about))
    tags = [["apply"], ["contrast", "topic:overfit"], []]
    for ids in batches(range(1, cards + 1)):
        with writing(engine) as connection:
            notes = [_note(card, cards) | {"tags": tags[card % 3]} for card in ids]
            connection.execute(insert(tables.note), notes)
            connection.execute(insert(tables.card), [_card(card, cards) for card in ids])
    last = dict[int, date]()
    for rows in batches(planned(cards, now)):
        made = []
        for at, card, number, before in rows:
            last[card] = day = study_day(at)
            stability = (day - before).days * chance.uniform(0.7, 1.6) if before else None
            made.append(
                _review(card, number, at, chance)
                | {"last_day_before": before, "stability_before": stability}
                | {"state_before": 2 if number else 0}
            )
        with writing(engine) as connection:
            connection.execute(insert(tables.review), made)
    today = study_day(now)
    for ids in batches(range(1, cards + 1)):
        with writing(engine) as connection:
            connection.execute(
                insert(tables.memory),
                [
                    _memory(
                        card,
                        today + timedelta(days=int(chance.expovariate(1 / AHEAD))),
                        last[card],
                        chance.uniform(5, 300),
                        EACH,
                    )
                    | {"difficulty": chance.uniform(1, 10)}
                    for card in ids
                ],
            )


def ours(database: Path) -> Iterator[float]:
    """What it takes each time that it is asked for, the first time with nothing kept of days."""
    from studyapp.study.desk import Desk
    from studyapp.study.statistics import year

    engine = open_database(str(database))
    desk = Desk(engine, Current(Settings()), lambda: datetime.now().astimezone(), learner=1)
    with desk.writing() as connection:
        connection.execute(delete(tables.tally))
    while True:
        begun = time.process_time()
        json.dumps(year.of_desk(desk).as_json())
        yield time.process_time() - begun


def parts(database: Path) -> None:
    """What each part takes, on one line each."""
    from studyapp.study import today
    from studyapp.study.recall import models
    from studyapp.study.statistics import answers, cards, days, sample, year

    now = datetime.now().astimezone()
    on, settings = study_day(now), Settings()
    first = on - year.LONG
    with reading(open_database(str(database))) as connection:
        predicting = models(connection, learner=1)
        works: dict[str, Callable[[], Any]] = {
            "days": lambda: days.read(connection, first, on, learner=1),
            "the newest reviews": lambda: sample.read(connection, first, on, predicting, learner=1),
            "the forecast of Today": lambda: today.coming(connection, now, settings, learner=1),
            "cards": lambda: cards.read(connection, on, learner=1),
            "answers": lambda: answers.read(connection, learner=1),
        }
        for name, work in works.items():
            took = []
            for _ in range(TIMES):
                begun = time.process_time()
                work()
                took.append(time.process_time() - begun)
            print(f"  {median(took):.3f} s  {name}")


MADE = """
import sqlite3, sys
from anki.collection import AddNoteRequest, Collection
database, path = sys.argv[1:]
log = sqlite3.connect(database).execute(
    "SELECT card_id, rating, CAST(strftime('%s', at) * 1000 AS INTEGER), duration, "
    "julianday(effective_day) - julianday(last_day_before) FROM review ORDER BY id"
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
    taken, rows = set(), []
    for card, rating, at, duration, days in log:
        while at in taken:
            at += 1
        taken.add(at)
        rows.append((at, of[card], -1, rating, 10, int(days or 0), 2500, duration, bool(days)))
    plain.executemany("INSERT INTO revlog VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
    plain.execute("UPDATE cards SET type=2, queue=2, due=100+id%200, ivl=10, factor=2500, reps=9")
plain.close()
"""
ASKED = """
import sys, time
from anki.collection import Collection
col = Collection(sys.argv[1])
for _ in sys.stdin:
    begun = time.process_time()
    col._backend.graphs(search="", days=365)
    print(time.process_time() - begun, flush=True)
"""


def anki(python: str, collection: Path, left: ExitStack) -> Iterator[float]:
    """What Anki's graphs take each time that they are asked for."""
    words = [python, "-c", ASKED, str(collection)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    asked = left.enter_context(subprocess.Popen(words, text=True, **pipes))  # type: ignore[call-overload]
    while True:
        asked.stdin.write("\n")
        asked.stdin.flush()
        yield float(asked.stdout.readline())


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("cards", nargs="?", type=int, default=100_000)
    parser.add_argument("database", nargs="?", type=Path)
    parser.add_argument("--anki")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, ExitStack() as left:
        os.environ.update({f"XDG_{one}_HOME": name for one in ("CONFIG", "DATA", "STATE")})
        database = given.database or Path(name) / "year.db"
        if not database.exists():
            engine = open_database(str(database))
            fill(engine, given.cards)
            checkpoint(engine, mode="TRUNCATE")
            engine.dispose()
        print(f"a year of {given.cards:,} cards, {given.cards * EACH:,} reviews")
        mine, theirs = ours(database), None
        if given.anki:
            collection = database.with_suffix(".anki2")
            if not collection.exists():
                words = [given.anki, "-c", MADE, str(database), str(collection)]
                subprocess.run(words, check=True, stdout=sys.stderr)
            theirs = anki(given.anki, collection, left)
        print(f"{next(mine):.3f} s  ours the first time, and what is imported")
        theirs and next(theirs)
        pairs = [(next(mine), next(theirs) if theirs else None) for _ in range(TIMES)]
        print(f"{median(pair[0] for pair in pairs):.3f} s  ours, from the database to JSON")
        parts(database)
        if theirs:
            print(f"{median(pair[1] for pair in pairs):.3f} s  Anki's graphs")
            print(f"{median(one / other for one, other in pairs):.2f}    ours to Anki's")


if __name__ == "__main__":
    main()
