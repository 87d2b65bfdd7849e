"""How long a search takes at each key with 100,000 cards and 900,000 reviews.

    python benchmarks/find.py [CARDS] [REVIEWS_PER_CARD] [DATABASE]

Makes the database, unless there is one at DATABASE, of what the built-in content says: each note is
sentences of it, put together at random. Then words are typed letter by letter, and each key is a
search as the app makes it. Beside it stand the same searches without the index, some conditions on
cards, and the search in the app: from the key to the list on the screen, with the time that the
app's own thread was busy for it.
"""

from __future__ import annotations

import asyncio
import gc
import os
import random
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import answer
from sqlalchemy import Connection, Engine, bindparam, text, update

import content
from studyapp.config import Current, Settings
from studyapp.errors import StudyError
from studyapp.notes.markdown import read_folder
from studyapp.store import passage, tables
from studyapp.store.database import open_database
from studyapp.store.engine import LOCK_PATIENCE, checkpoint, reading, writing
from studyapp.study.find import find
from studyapp.study.order import Order

TYPED = 60  # words that are typed
PHRASES = ("what is overfitting", "learning rate", "validation set loss", "gradient or momentum")
CONDITIONS = (
    *("is:due", "is:due loss", "chapter:3 weights", "-is:new data", "prop:s>200 layer"),
    *(
        "rated:30:1",
        "tag:apply",
        "is:suspended",
        "prop:r<.8",
        "is:due -loss",
        "is:leech",
        "pack:big",
    ),
    *("is:review", "is:buried", "tag:nope", "chapter:3", "is:mine"),
    *("is:new", "loss or weights", "-loss -weights", "is:leech or is:suspended", "prop:d>9.9"),
    *("rated:7 loss", "-rated:30", "tag:apply loss", "prop:lapses>3 loss"),
)
SET_ASIDE, SLIPPING, LISTS = 400, 900, 600  # cards, cards, lists of tags


def sentences() -> list[str]:
    """What the built-in content says, sentence by sentence."""
    pages, _ = read_folder(Path(content.__file__).parent)
    texts = [one for page in pages for note in page.notes for one in (note.prompt, note.answer)]
    cut = [one.strip() for said in texts for one in re.split(r"(?<=[.?!:])\s+|\n+", said)]
    return sorted({one for one in cut if 20 < len(one) < 300})


def fill(engine: Engine, cards: int, each: int) -> None:
    """A learner of some years, whose notes say something."""
    answer.fill(engine, cards, each)
    said, chance, note = sentences(), random.Random(2), tables.note.c
    with writing(engine) as connection:
        for start in range(1, cards + 1, answer.BATCH):
            rows = [
                {
                    "of": one,
                    "asks": f"{chance.choice(said)} {one}",
                    "says": " ".join(chance.choices(said, k=3)),
                }
                for one in range(start, min(start + answer.BATCH, cards + 1))
            ]
            connection.execute(
                update(tables.note)
                .where(note.id == bindparam("of"))
                .values(prompt=bindparam("asks"), answer=bindparam("says")),
                rows,
            )
        set_apart(connection, cards, chance)
    begun = time.perf_counter()
    with writing(engine) as connection:
        passage.write(connection)
    print(f"all passages written in {time.perf_counter() - begun:.0f} s")


def set_apart(connection: Connection, cards: int, chance: random.Random) -> None:
    """Some cards are suspended, some slip, and two notes of five have tags."""
    memory, note = tables.memory.c, tables.note.c
    names = ["apply", "contrast", "exam", *(f"topic::{number}" for number in range(150))]
    lists = [chance.sample(names, chance.randint(1, 3)) for _ in range(LISTS)]
    every = range(1, cards + 1)
    for number, values in ((SET_ASIDE, {"suspended": True}), (SLIPPING, {"lapses": 9})):
        some = chance.sample(every, min(number, cards))
        connection.execute(update(tables.memory).where(memory.card_id.in_(some)).values(**values))
    connection.execute(
        update(tables.note).where(note.id == bindparam("of")).values(tags=bindparam("named")),
        [
            {"of": one, "named": chance.choice(lists)}
            for one in chance.sample(every, max(1, cards * 2 // 5))
        ],
    )


def keys(typed: Sequence[str]) -> list[str]:
    """All that stands in the field while these are typed, key by key."""
    return [one[:end] for one in typed for end in range(1, len(one) + 1)]


def words() -> list[str]:
    known = sorted({one for said in sentences() for one in re.findall(r"[a-z]{4,}", said)})
    return [*random.Random(3).sample(known, TYPED), *PHRASES]


Took = list[tuple[float, float]]  # milliseconds by the clock, and of the thread that worked


def timed(engine: Engine, typed: Sequence[str], order: Order = Order.MATCH) -> Took:
    """How long each search took."""
    took, now = Took(), datetime.now().astimezone()
    for one in typed:
        with reading(engine) as connection:
            begun, used = time.perf_counter(), time.thread_time()
            with suppress(StudyError):  # what is typed so far may mean nothing
                find(connection, one, now, Settings(), order=order, learner=1)
            took.append(since(begun, used))
    return took


def since(begun: float, used: float) -> tuple[float, float]:
    return (time.perf_counter() - begun) * 1000, (time.thread_time() - used) * 1000


def told(name: str, took: Took) -> None:
    """By the clock and, as another program may have the processor, by the time that it was had."""
    print(f"{name} ({len(took)})")
    for what, times in zip(("by the clock", "of the thread"), zip(*took, strict=True), strict=True):
        ordered = sorted(times)
        print(
            f"  {what}: p50 {statistics.median(times):.1f} ms, "
            f"p95 {ordered[int(len(ordered) * 0.95)]:.1f} ms, most {ordered[-1]:.0f} ms",
            flush=True,
        )


async def in_the_app(engine: Engine, db: Path) -> None:
    """From a letter to the list that it leads to."""
    from textual.widgets import Input

    from studyapp.study.desk import Desk
    from studyapp.study.undostack import UndoStack
    from studyapp.tui import places
    from studyapp.tui.app import StudyApp, now
    from studyapp.tui.screens.find import FindScreen

    app, took = StudyApp(str(db), Settings()), Took()
    app._open = lambda: None  # type: ignore[method-assign,assignment] - opened above
    async with app.run_test(size=(80, 24)) as pilot:
        app.desk = Desk(engine, Current(Settings()), now, learner=1, patience=LOCK_PATIENCE)
        app._unlogged = UndoStack(app.desk)
        gc.freeze()  # as the app does once it is open
        app.open(places.Find())
        await pilot.pause(1)
        screen = app.screen
        assert isinstance(screen, FindScreen)
        for word in ("overfitting", "regularisation", "validation", "momentum"):
            screen.query_one("#words", Input).value = ""
            await pilot.pause(1)
            for end, letter in enumerate(word, 1):
                painted, begun, used = asyncio.Event(), time.perf_counter(), time.thread_time()
                app.simulate_key(letter)
                while screen._wanted[0] != word[:end] or screen._stale or screen._searching:
                    await asyncio.sleep(0.0005)
                screen.call_after_refresh(painted.set)
                await painted.wait()
                took.append(since(begun, used))
    told("from a key to its list, in the app, whose own thread is told", took)


def without_index(engine: Engine) -> Iterator[None]:
    with writing(engine) as connection:
        connection.execute(text("DROP TABLE passage_index"))
    yield
    with writing(engine) as connection:
        passage.index_anew(connection)


def main(cards: int = 100_000, each: int = 9, kept: str = "") -> None:
    with tempfile.TemporaryDirectory() as folder:
        db = Path(kept or f"{folder}/large.db")
        os.environ.update({f"XDG_{one}_HOME": folder for one in ("CONFIG", "DATA", "STATE")})
        new = not db.exists()
        engine = open_database(str(db))
        if new:
            fill(engine, cards, each)
            checkpoint(engine, mode="TRUNCATE")
        typed = keys(words())
        timed(engine, typed[:20])
        told("words, key by key (limit: p95 10 ms)", timed(engine, typed))
        long = [one for one in typed if len(one) > 2][:100]
        told("conditions, key by key (limit: p95 10 ms)", timed(engine, keys(CONDITIONS)))
        for one in CONDITIONS:
            told(one, timed(engine, [one] * 7))
        for order in (Order.DUE, Order.STABILITY, Order.LAPSES):
            told(f"words {order}", timed(engine, long[:20], order))
            told(f"conditions {order}", timed(engine, CONDITIONS, order))
        asyncio.run(in_the_app(engine, db))
        for _ in without_index(engine):
            told("of the same words without the index", timed(engine, long))
        told("and with it", timed(engine, long))
        engine.dispose()


if __name__ == "__main__":
    given = sys.argv[1:]
    main(*map(int, given[:2]), *given[2:])
