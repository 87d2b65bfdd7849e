"""Migration 30: a card that was missed when it was last rated is kept as one, of before as well."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import select

import formers
from studyapp.store import tables
from studyapp.store.database import open_database
from studyapp.store.engine import reading

MISSED = (
    "UPDATE review SET rating = 1 WHERE uid = (SELECT last_review FROM memory WHERE card_id = 2)"
)


def test_what_was_missed_last_is_kept(tmp_path: Path) -> None:
    path, memory = tmp_path / "a.db", tables.memory.c
    formers.make(path, 29)
    with closing(sqlite3.connect(path)) as base, base:
        assert base.execute(MISSED).rowcount == 1
        base.execute("UPDATE memory SET last_review = NULL WHERE card_id = 3")
    engine = open_database(str(path))
    with reading(engine) as connection:
        kept = connection.execute(select(memory.card_id, memory.missed)).all()
    engine.dispose()
    assert sorted(kept) == [(1, False), (2, True), (3, False)]
