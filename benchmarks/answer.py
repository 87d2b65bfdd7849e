"""The path of a rating with 100,000 cards and 900,000 reviews.

    python benchmarks/answer.py [CARDS] [REVIEWS_PER_CARD] [RATINGS]

Prints: open to first due card, rating key to next card painted (p50, p95), CPU of the thread per
answer, and fsyncs per rating, counted by strace where it is installed.
"""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine, insert

from studyapp.config import Current, Settings
from studyapp.memory.clock import study_day
from studyapp.memory.state import Rating, State
from studyapp.store import tables
from studyapp.store.database import connect, open_database
from studyapp.store.engine import LOCK_PATIENCE, checkpoint, writing

BATCH = 5000
SETTINGS = Settings(minutes_a_day=600, new_a_day=50)
REVIEWED_EVERY = timedelta(days=30)


def fill(engine: Engine, cards: int, each: int) -> None:
    """A learner of some years: every card in review, one in fifty due today."""
    chance = random.Random(1)
    now = datetime.now(UTC)
    today = study_day(now)
    with writing(engine) as connection:
        for number in range(1, 21):
            connection.execute(
                insert(tables.chapter).values(
                    id=number, pack="big", number=number, part="1. Big", title=f"Chapter {number}"
                )
            )
            connection.execute(
                insert(tables.chapter_progress).values(
                    learner_id=1, chapter_id=number, started_at=now, changed_at=now
                )
            )
    for start in range(0, cards, BATCH):
        ids = range(start + 1, min(start + BATCH, cards) + 1)
        with writing(engine) as connection:
            connection.execute(insert(tables.note), [_note(card, cards) for card in ids])
            connection.execute(insert(tables.card), [_card(card, cards) for card in ids])
            memories, reviews = [], []
            for card in ids:
                due = (
                    today - timedelta(days=1)
                    if card % 50 == 0
                    else (today + timedelta(days=chance.randrange(1, 200)))
                )
                stability = chance.uniform(5, 300)
                last = min(due - timedelta(days=int(stability)), today - timedelta(days=1))
                memories.append(_memory(card, due, last, stability, each))
                for number in range(each):
                    at = now - REVIEWED_EVERY * (each - number) - timedelta(seconds=card % 40000)
                    reviews.append(_review(card, number, at, chance))
            connection.execute(insert(tables.memory), memories)
            connection.execute(insert(tables.review), reviews)


def _chapter(card: int, cards: int) -> int:
    return 1 + (card - 1) * 20 // cards


def _note(card: int, cards: int) -> dict[str, object]:
    return {
        "id": card,
        "uid": b"note" + card.to_bytes(12, "big"),
        "chapter_id": _chapter(card, cards),
        "name": f"n{card}",
        "kind": "question",
        "style": "answer",
        "prompt": f"What follows from fact number {card}, and why does it matter in practice?",
        "answer": "Two sentences that stand alone. They say *why* the answer is true.",
        "points": [{"text": "the first point", "extra": False, "id": None}],
        "family": None,
        "tags": [],
        "section": None,
        "number": None,
        "as_of": None,
        "need": None,
        "synonyms": [],
        "sources": [],
        "path": "/big/a.md",
        "line": card,
        "last": card,
    }


def _card(card: int, cards: int) -> dict[str, object]:
    return {
        "id": card,
        "uid": b"card" + card.to_bytes(12, "big"),
        "note_id": card,
        "chapter_id": _chapter(card, cards),
        "side": "answer",
        "in_questionnaire": True,
        "family": f"big:n{card}",
        "position": card,
    }


def _memory(card: int, due: object, last: object, stability: float, n: int) -> dict[str, object]:
    return {
        "learner_id": 1,
        "card_id": card,
        "state": int(State.REVIEW),
        "step": None,
        "stability": stability,
        "difficulty": 5.0,
        "due": due,
        "due_at": None,
        "cause": "rated",
        "first_day": last,
        "last_day": last,
        "last_review": _uid(card, n - 1),
        "reviews": n,
        "lapses": 0,
        "agains": 0,
        "expected_lapses": 0.5,
        "suspended": False,
    }


def _review(card: int, number: int, at: datetime, chance: random.Random) -> dict[str, object]:
    return {
        "uid": _uid(card, number),
        "learner_id": 1,
        "card_id": card,
        "kind": "study",
        "rating": chance.choice((1, 3, 3, 3, 3, 4)),
        "device_id": 1,
        "at": at,
        "offset": 0,
        "day": study_day(at),
        "epoch": 0,
        "stamp": at,
        "effective_day": study_day(at),
        "last_day_before": study_day(at - REVIEWED_EVERY) if number else None,
        "duration": chance.randrange(3000, 30000),
        "state_before": 2,
        "stability_before": 10.0,
        "difficulty_before": 5.0,
        "state_after": 2,
        "stability_after": 20.0,
        "difficulty_after": 5.0,
    }


def _uid(card: int, number: int) -> bytes:
    return card.to_bytes(8, "big") + number.to_bytes(8, "big")


async def in_the_app(db: Path, ratings: int) -> None:
    """Open to the first due card, then rate: from the key to the paint of the next card."""
    from studyapp.study.desk import Desk
    from studyapp.study.sitting import Sitting
    from studyapp.tui import places
    from studyapp.tui.app import StudyApp, now

    started = time.perf_counter()
    engine = connect(str(db))
    desk = Desk(engine, Current(SETTINGS), now, learner=1, patience=LOCK_PATIENCE)
    sitting = Sitting(desk)
    opened = time.perf_counter() - started
    print(f"open to first due card: {opened * 1000:.0f} ms, {sitting.counts.total} due")
    app = StudyApp(str(db), SETTINGS)
    app._open = lambda: None  # type: ignore[method-assign,assignment] - opened above
    wall, cpu = [], []
    async with app.run_test(size=(80, 24)) as pilot:
        app.desk = desk
        checkpoint(engine)
        app.open(places.Review(sitting))
        await pilot.pause(1)
        for number in range(min(ratings + 5, sitting.counts.total - 1)):
            await pilot.press("enter")
            await pilot.pause()
            painted = asyncio.Event()
            before = sitting.view
            key = str(Rating(number % 4 + 1).value)
            start, busy = time.perf_counter(), time.thread_time()
            app.simulate_key(key)
            while sitting.view is before:
                await asyncio.sleep(0)
            app.screen.call_after_refresh(painted.set)
            await painted.wait()
            if number >= 5:
                wall.append(time.perf_counter() - start)
                cpu.append(time.thread_time() - busy)
    quantiles = statistics.quantiles(wall, n=20)
    print(
        f"key to next card painted: p50 {statistics.median(wall) * 1000:.1f} ms, "
        f"p95 {quantiles[18] * 1000:.1f} ms (limit 50), {len(wall)} ratings"
    )
    print(f"thread CPU for answer and paint: median {statistics.median(cpu) * 1000:.1f} ms")
    engine.dispose()


def answers(db: Path, ratings: int) -> None:
    """Rate in this process, without a screen; strace counts from outside."""
    from studyapp.study.desk import Desk
    from studyapp.study.sitting import Sitting
    from studyapp.tui.app import now

    engine = connect(str(db))
    checkpoint(engine)
    sitting = Sitting(Desk(engine, Current(SETTINGS), now, learner=1))
    os.write(1, b"ratings begin\n")
    busy = time.thread_time()
    for number in range(ratings):
        sitting.rate(Rating(number % 4 + 1))
    busy = time.thread_time() - busy
    os.write(1, b"ratings end\n")
    print(f"thread CPU per answer, next card loaded: {busy / ratings * 1000:.2f} ms")
    os._exit(0)  # closing checkpoints; that is not part of a rating


def count_fsyncs(db: Path, ratings: int) -> None:
    if not shutil.which("strace"):
        print("fsyncs per rating: strace is not installed")
        return
    with tempfile.NamedTemporaryFile("r") as trace:
        subprocess.run(
            [
                "strace",
                "-f",
                "-e",
                "trace=fsync,fdatasync,write",
                "-o",
                trace.name,
                sys.executable,
                __file__,
                "--answers",
                str(db),
                str(ratings),
            ],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        lines = trace.read().splitlines()
    marks = [index for index, line in enumerate(lines) if '"ratings ' in line]
    syncs = sum("sync(" in line for line in lines[marks[0] : marks[1]])
    print(f"fsyncs per rating: {syncs / ratings:g} ({syncs} for {ratings})")


def main(cards: int = 100_000, each: int = 9, ratings: int = 200) -> None:
    with tempfile.TemporaryDirectory() as folder:
        db = Path(folder) / "big.db"
        os.environ["XDG_CONFIG_HOME"] = folder
        engine = open_database(str(db))
        started = time.perf_counter()
        fill(engine, cards, each)
        checkpoint(engine, mode="TRUNCATE")
        engine.dispose()
        size = db.stat().st_size / 2**20
        print(
            f"{cards} cards, {cards * each} reviews, {size:.0f} MiB, "
            f"made in {time.perf_counter() - started:.0f} s"
        )
        asyncio.run(in_the_app(db, ratings))
        subprocess.run([sys.executable, __file__, "--answers", str(db), str(ratings)], check=True)
        count_fsyncs(db, ratings)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--answers"]:
        answers(Path(sys.argv[2]), int(sys.argv[3]))
    else:
        main(*map(int, sys.argv[1:]))
