"""Migration 28: what was kept of days is counted anew, as imported reviews tell more now."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import formers
from studyapp.store.database import open_database


def test_what_was_kept_of_days_is_counted_anew(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    formers.make(path, 27, 5)
    for kept in (1, 0):
        with closing(sqlite3.connect(path)) as base, base:
            if kept:
                base.execute("INSERT INTO tally VALUES (1, '2026-03-01', 3, 3, 0, 0)")
            assert base.execute("SELECT count(*) FROM tally").fetchone() == (kept,)
        open_database(str(path)).dispose()
