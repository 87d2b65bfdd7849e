"""Migration 31: what was kept of days lacks how long cards had waited, and is counted anew."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import date
from pathlib import Path

import formers
from studyapp.store import tally
from studyapp.store.database import open_database
from studyapp.store.engine import reading
from studyapp.study.statistics import days
from tests_support import Clock, desk_of


def test_days_are_counted_anew(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    formers.make(path, 30)
    with closing(sqlite3.connect(path)) as base, base:
        (day,) = base.execute("SELECT max(effective_day) FROM review").fetchone()
        base.execute("INSERT INTO tally VALUES (1, ?, 7, 7, 7, 7)", (day,))
        base.execute("INSERT INTO tallied VALUES (1, 1000, 1000)")
    engine, on = open_database(str(path)), date.fromisoformat(day)
    days.keep(desk_of(engine, Clock()), on, on)
    with reading(engine) as connection:
        kept = tally.read(connection, date.min, date.max, learner=1)
        assert kept == days.count(connection, [on], learner=1)
        assert 0 < kept[on].ratings != 7
    engine.dispose()
