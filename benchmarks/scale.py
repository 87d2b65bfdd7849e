"""Does what an app does now and then cost more, the more there is?

    python benchmarks/scale.py [NOTES] [REVIEWS_PER_NOTE] [DECK]

Makes two studies, of 1,000 notes and of NOTES (20,000), with REVIEWS_PER_NOTE (11) each, in decks
of DECK notes (500), and has both do the same: what Today adds to its lines, once for as many
chapters as have room in a terminal of 80 × 24 and once for those of 140 × 40, the streak, reading
the content after one more note of the learner's own, taking a rating back. Tells the median
processor time of each, and how many times that of the small study it is. Both studies have a review
on each of the same days, for the streak takes as long as it is.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path

import doctor
from sqlalchemy import select

from studyapp.config import Current, Settings
from studyapp.memory.clock import study_day
from studyapp.memory.state import Rating
from studyapp.store import tables
from studyapp.store.engine import checkpoint
from studyapp.study import library
from studyapp.study.desk import Desk
from studyapp.study.prospect import prospect
from studyapp.study.sitting import Sitting
from studyapp.study.stats import streak
from studyapp.study.undo import undo

TIMES, SMALL = 9, 1000
doctor.DAYS = (0, 1, 3, 7, 14, 30, 60, 100, 150, 210, 280)
ROOM = {"Today adds, 80 × 24": 4, "Today adds, 140 × 40": 21}  # chapters
TOLD = (*ROOM, "the streak", "one more note", "taking back")


@contextmanager
def study(folder: Path, notes: int, each: int) -> Iterator[Desk]:
    """A study of that many notes, all of them reviewed *each* times."""
    folder.mkdir()
    os.environ.update({f"XDG_{one}_HOME": str(folder) for one in ("DATA", "CONFIG", "STATE")})
    root, database = doctor.pack(folder, notes), folder / "study.db"
    library.installed_roots = lambda: [root]
    print(f"{notes:,} notes, {doctor.study(database, root, each):,} reviews", flush=True)
    desk, _ = library.open_study(
        str(database), Current(Settings()), lambda: datetime.now().astimezone(), None
    )
    with desk.writing() as connection:
        for chapter in connection.scalars(select(tables.chapter.c.id)).all():
            library.start_chapter(connection, chapter, desk.now(), learner=1)
    checkpoint(desk.engine)
    yield desk
    desk.close()


def seconds(work: Callable[[], object]) -> float:
    """Of the processor."""
    begun = time.process_time()
    work()
    return time.process_time() - begun


def one_more(desk: Desk, number: int) -> float:
    """A note of one's own in a file, and the content read."""
    packs = library.packs_of(desk)
    if not any(packs.rglob("*.md")):
        library.new_question(desk, "What is the first one?", "This.")
    with next(packs.rglob("*.md")).open("a") as text:
        text.write(f"\n## What is of my own, the {number}th? {{#own{number}}}\n\nIt is {number}.\n")
    return seconds(lambda: library.refresh(desk))


def taken_back(desk: Desk) -> float:
    sitting = Sitting(desk)
    assert sitting.view is not None
    sitting.rate(Rating.GOOD)

    def take_back() -> None:
        with desk.writing() as connection:
            assert undo(connection, desk.now(), learner=1) is not None

    return seconds(take_back)


def figures(desk: Desk) -> dict[str, float]:
    now, found = desk.now(), dict[str, list[float]]()

    def told(room: int) -> None:
        with desk.reading() as connection:
            chapters = connection.scalars(select(tables.chapter.c.id).limit(room))
            prospect(connection, now, desk.settings, frozenset(chapters), learner=1)

    def days() -> None:
        with desk.reading() as connection:
            streak(connection, study_day(now), learner=1)

    for number in range(TIMES):
        took = (
            *(seconds(partial(told, room)) for room in ROOM.values()),
            *(seconds(days), one_more(desk, number), taken_back(desk)),
        )
        for name, one in zip(TOLD, took, strict=True):
            found.setdefault(name, []).append(1000 * one)
    return {name: statistics.median(of[1:]) for name, of in found.items()}


def main(notes: int = 20_000, each: int = 11, deck: int = 500) -> None:
    doctor.PAGE = deck
    with tempfile.TemporaryDirectory() as name:
        with study(Path(name) / "small", SMALL, each) as desk:
            small = figures(desk)
        with study(Path(name) / "large", notes, each) as desk:
            large = figures(desk)
    for what in TOLD:
        ratio = large[what] / small[what]
        print(f"{what:20} {small[what]:8.2f} ms {large[what]:8.2f} ms {ratio:6.1f} times")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
