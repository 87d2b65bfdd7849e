"""Migration 2: a database from before the lab gains its tables and loses nothing."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import Engine, inspect, text

from studyapp.store import backup, migrations
from studyapp.store.database import open_database
from studyapp.store.engine import reading, writing

NEW = {"run", "prediction", "fact"}


@pytest.fixture
def before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A database of version 1 with a second learner in it."""
    path = tmp_path / "a.db"
    known = migrations.steps()
    with monkeypatch.context() as patch:
        patch.setattr(migrations, "steps", lambda: {1: known[1]})
        engine = open_database(str(path))
        with writing(engine) as connection:
            connection.execute(text("INSERT INTO learner VALUES (2, 'somebody')"))
        engine.dispose()
    return path


def tables(engine: Engine) -> set[str]:
    return set(inspect(engine).get_table_names())


def test_an_older_database_gains_the_tables_and_keeps_its_rows(before: Path) -> None:
    old = sqlite3.connect(before)
    names = {row[0] for row in old.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    old.close()
    assert not names & NEW
    engine = open_database(str(before))
    assert tables(engine) >= names | NEW
    with reading(engine) as connection:
        assert connection.scalar(text("SELECT count(*) FROM learner")) == 2
        assert migrations.current(connection) == max(migrations.steps())
    engine.dispose()
    (kept,) = backup.listed(before)[0]
    assert (kept.manifest.reason, kept.manifest.content.schema) == ("migration", 1)


def test_a_run_needs_a_learner_and_a_fact_a_run(before: Path) -> None:
    """The foreign keys lead to the tables of version 1."""
    engine = open_database(str(before))
    found = {
        (table, key["referred_table"])
        for table in NEW
        for key in inspect(engine).get_foreign_keys(table)
        if key["referred_table"] != "device"  # of version 4
    }
    engine.dispose()
    assert found == {
        ("run", "learner"),
        ("prediction", "learner"),
        ("prediction", "run"),
        ("prediction", "card"),
        ("fact", "learner"),
        ("fact", "run"),
    }
