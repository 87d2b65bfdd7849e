"""Migration 4: the logs are searched by learner, and nothing in them changes."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import inspect, select, text

from studyapp.memory.state import Rating
from studyapp.store import log, migrations, sync, tables
from studyapp.store.database import open_database
from studyapp.store.engine import reading, writing
from studyapp.study import review
from tests_support import Clock

NEW = {"ix_review_learner_id_id", "ix_event_learner_id_id"}


def test_an_older_database_gains_the_indexes_and_keeps_its_log(
    tmp_path: Path, content: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, known = str(tmp_path / "a.db"), migrations.steps()
    with monkeypatch.context() as patch:
        patch.setattr(migrations, "steps", lambda: {n: known[n] for n in (1, 2, 3)})
        engine = open_database(path)
        with writing(engine) as connection:
            sync.sync(connection, [content], clock())
            review.answer(connection, 1, None, Rating.GOOD, clock(), learner=1)
            review.bury(connection, 2, clock(), learner=1)
            rows = connection.execute(select(tables.review)).all()
        assert not NEW & indexes(engine)
        engine.dispose()
    engine = open_database(path)
    assert indexes(engine) >= NEW
    with reading(engine) as connection:
        assert connection.execute(select(tables.review)).all() == rows
    engine.dispose()
    assert (tmp_path / "backups" / "a-before-004.db").exists()


def test_the_stamp_reads_one_entry_of_each_log(engine) -> None:
    """However many others there are: the search is by the index that ends with the order."""
    for table in (tables.review, tables.event):
        query = (
            select(table.c.at)
            .where(table.c.learner_id == 1)
            .order_by(table.c.id.desc())
            .limit(1)
            .compile(engine, compile_kwargs={"literal_binds": True})
        )
        with reading(engine) as connection:
            plan = connection.execute(text(f"EXPLAIN QUERY PLAN {query}")).all()
        index = f"ix_{table.name}_learner_id_id"
        assert [row.detail for row in plan] == [
            f"SEARCH {table.name} USING INDEX {index} (learner_id=?)"
        ]


def test_a_clock_ahead_is_ones_own(engine, clock: Clock) -> None:
    """Entries of a learner come after each other, whatever the clock of another has said."""
    with writing(engine) as connection:
        connection.execute(text("INSERT INTO learner VALUES (2, 'somebody')"))
        ahead = clock.forward(days=1000)
        review.answer(connection, 1, None, Rating.GOOD, ahead, learner=1)
        now = clock.forward(days=-1000)
        assert log.stamp(connection, now, learner=1) > ahead
        assert log.stamp(connection, now, learner=2) == now


def indexes(engine) -> set[str]:
    found = inspect(engine)
    return {str(index["name"]) for name in ("review", "event") for index in found.get_indexes(name)}
