"""Several windows and commands at once on one database: nothing lost, nothing twice, no deadlock.

Each has connections of its own, as a process has; SQLite's locks know no difference.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from threading import Barrier, Thread

from deeds import Place, check, furnish
from studyapp.errors import AlreadyRatedError, ChangedError
from studyapp.memory.state import Rating
from studyapp.study import library
from studyapp.study.desk import Desk
from studyapp.study.doctor.examination import examine
from studyapp.study.questionnaire.attempt import Attempt
from studyapp.study.sitting import Sitting
from tests_support import chapter_of

TIMES = 8


def review(desk: Desk, saved: list[bytes]) -> None:
    sitting = Sitting(desk)
    for _ in range(TIMES):
        try:
            saved.append(sitting.rate(Rating.AGAIN).logged[0])
        except (AlreadyRatedError, ChangedError):  # the other window was quicker
            continue


def answer(desk: Desk, saved: list[bytes]) -> None:
    attempt = Attempt(desk, chapter_of(desk.engine, "1"))
    for number in range(TIMES):
        attempt.go_to(number)
        attempt.write(f"answer {number}")


def read_content(desk: Desk, saved: list[bytes]) -> None:
    for number in range(TIMES // 2):
        library.new_question(desk, f"What is new {number}?", f"It is {number}.")


def command(desk: Desk, saved: list[bytes]) -> None:
    for _ in range(TIMES // 4):
        desk.back_up("asked")
        library.refresh(desk, force=True)
        found = examine(str(desk.engine.url.database), desk.now())
        assert not [one for one in found.inside if one.check == "memories"]


def test_all_at_once(tmp_path: Path, only_pack: Path) -> None:
    furnish(tmp_path / "place")
    place = Place(tmp_path / "place")
    before = place.look()
    works: list[Callable[[Desk, list[bytes]], None]] = [
        review, review, answer, read_content, command,
    ]  # fmt: skip
    saved, faults, start = list[bytes](), list[BaseException](), Barrier(len(works))

    def live(work: Callable[[Desk, list[bytes]], None]) -> None:
        desk = place.open()
        try:
            start.wait()
            work(desk, saved)
        except BaseException as error:
            faults.append(error)
        finally:
            desk.close()

    threads = [Thread(target=live, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    found = place.look()
    check(place.database)
    with closing(sqlite3.connect(place.database)) as plain:
        kept = [uid for (uid,) in plain.execute("SELECT uid FROM review")]
    assert len(saved) >= TIMES
    assert set(saved) <= set(kept)
    assert len(kept) == len(saved) + before["reviews"]
    assert found["cards"] == before["cards"] + TIMES // 2
    assert found["backups"] == TIMES // 4
    for number in range(TIMES):
        assert found[f"answer What is q{number:02}?"].endswith(f"answer {number}")
