"""What a failed program says of the reviews, and of its report."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from sqlalchemy import Engine

from studyapp import config
from studyapp.memory.state import Rating
from studyapp.study import review
from studyapp.study.crash import told
from studyapp.study.sitting import Sitting
from tests_support import Clock, desk_of


@pytest.fixture
def rated(engine: Engine, clock: Clock) -> tuple[bytes, ...]:
    """The reviews of a sitting."""
    desk = desk_of(engine, clock)
    sitting = Sitting(desk)
    for rating in (Rating.GOOD, Rating.AGAIN, Rating.GOOD):
        sitting.rate(rating)
        clock.forward(seconds=9)
    engine.dispose()
    return tuple(desk.at(0.1).rated)


def line(database: Path, rated: tuple[bytes, ...] = ()) -> str:
    return told(RuntimeError("secret"), str(database), rated).splitlines()[1]


def test_each_review_of_the_session_is_looked_for(tmp_path: Path, rated: tuple[bytes, ...]) -> None:
    safe = "Your reviews are safe: the database "
    assert len(set(rated)) == 3
    assert line(tmp_path / "study.db", rated) == (
        f"{safe}is sound and has the last 3 reviews of this session."
    )
    assert line(tmp_path / "study.db") == f"{safe}was checked and is sound."
    lost = line(tmp_path / "study.db", (*rated, os.urandom(16)))
    assert lost == "1 review of this session cannot be found; `studyapp doctor` says more."


def test_a_transaction_that_failed_is_no_review(engine: Engine, clock: Clock) -> None:
    desk = desk_of(engine, clock)

    def rate() -> None:
        with desk.writing() as connection:
            review.answer(connection, 1, None, Rating.GOOD, clock(), learner=1)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        rate()
    assert not desk.rated


def test_a_damaged_database_is_said_to_be(tmp_path: Path, rated: tuple[bytes, ...]) -> None:
    database = tmp_path / "study.db"
    whole = database.read_bytes()
    database.write_bytes(whole[:4096] + b"\x07" * (len(whole) - 4096))
    assert "is damaged" in line(database, rated)
    assert line(database, rated).endswith("`studyapp doctor` says more.")


def test_where_no_report_can_be_written_that_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "state").write_text("a file where the folder should be")
    last = told(RuntimeError("secret"), str(tmp_path / "none.db")).splitlines()[2]
    assert last.startswith("No report of it could be written: ")
    assert not config.log_folder().exists()
    monkeypatch.setattr("studyapp.study.crash.report", None)
    last = told(RuntimeError("secret"), str(tmp_path / "none.db")).splitlines()[2]
    assert last.startswith("No report of it could be written (TypeError, studyapp/study/crash.py:")
