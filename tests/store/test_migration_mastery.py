"""Migration 30: what mastery asks of a card is kept of those of before as well."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import select

import formers
from studyapp.store import tables
from studyapp.store.database import open_database
from studyapp.store.engine import reading

LAST_OF_2 = "(SELECT last_review FROM memory WHERE card_id = 2)"


def test_what_was_missed_last_is_kept(tmp_path: Path) -> None:
    path, memory = tmp_path / "a.db", tables.memory.c
    formers.make(path, 29)
    with closing(sqlite3.connect(path)) as base, base:
        assert base.execute(f"UPDATE review SET rating = 1 WHERE uid = {LAST_OF_2}").rowcount == 1
        base.execute("UPDATE memory SET last_review = NULL WHERE card_id = 3")
    engine = open_database(str(path))
    with reading(engine) as connection:
        kept = connection.execute(select(memory.card_id, memory.missed)).all()
    engine.dispose()
    assert sorted(kept) == [(1, False), (2, True), (3, False)]


def test_what_the_questionnaire_asks_is_kept(tmp_path: Path) -> None:
    path, card = tmp_path / "a.db", tables.card.c
    formers.make(path, 29, 5)
    with closing(sqlite3.connect(path)) as base, base:
        base.execute("UPDATE note SET kind = 'question', tags = '[\"apartment\"]'")
        base.execute("UPDATE note SET kind = 'term' WHERE id = 1")
        base.execute('UPDATE note SET tags = \'["x", "apart"]\' WHERE id = 2')
        base.execute("UPDATE card SET side = 'reversed' WHERE id = 3")
    engine = open_database(str(path))
    with reading(engine) as connection:
        kept = connection.execute(select(card.id, card.in_questionnaire)).all()
    engine.dispose()
    assert sorted(kept) == [(1, False), (2, False), (3, False), (4, True), (5, True)]
