"""Migrations 11 and 27: memories of before are folded anew once, each learner's when they come."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from importlib import import_module
from pathlib import Path

import pytest
from sqlalchemy import Engine, insert, select, text

from studyapp.config import Current, Settings
from studyapp.memory import scheduler
from studyapp.memory.state import Memory, Rating
from studyapp.store import migrations, passage, sync, tables
from studyapp.store.database import open_database
from studyapp.store.engine import reading, writing
from studyapp.store.memory import read_memory
from studyapp.study import library, review
from tests_support import ZONE, Clock

# After these a program of before had some cards wait no longer than the last time.
SLOWLY = (Rating.HARD, Rating.AGAIN, Rating.GOOD, Rating.HARD)
CARDS = range(7, 19)
# Columns that the program of today asks for, and no schema of before has.
ASKED_FOR = {
    "parameters": ("fit JSON",),
    "note": ("guid VARCHAR",),
    "review": ("interval INTEGER", "retention DOUBLE"),
    "card": ("in_questionnaire BOOLEAN DEFAULT 0 NOT NULL",),
    "memory": ("missed BOOLEAN DEFAULT 0 NOT NULL",),
}


def asked_for() -> list[tuple[str, str]]:
    return [(table, column) for table, columns in ASKED_FOR.items() for column in columns]


@pytest.fixture
def before(tmp_path: Path, content: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A database of before the rule, with the reviews of two learners."""
    path, known = tmp_path / "a.db", migrations.steps()
    with monkeypatch.context() as patch:
        patch.setattr(migrations, "steps", lambda: {n: known[n] for n in known if n < 11})
        patch.setattr(scheduler, "_interval", lambda memory: 0)
        patch.setattr(passage, "write", lambda *_: None)  # no schema of before has them
        engine = open_database(str(path))
        with writing(engine) as connection:
            for table, column in asked_for():
                connection.execute(text(f"ALTER TABLE {table} ADD COLUMN {column}"))
            sync.sync(connection, [content], clock())
            connection.execute(insert(tables.learner).values(name="Anna"))
            for learner in (1, 2):
                for card in CARDS:
                    day = clock().date()
                    for rating in SLOWLY:
                        now = datetime.combine(day, time(9), ZONE)
                        seen = read_memory(connection, card, learner=learner)
                        after = review.answer(
                            connection, card, seen.last_review, rating, now, learner=learner
                        ).memory
                        day = max(after.due or day, day + timedelta(days=1))
            for table, column in asked_for():
                connection.execute(text(f"ALTER TABLE {table} DROP COLUMN {column.split()[0]}"))
        engine.dispose()
    return path


def memories(engine: Engine, learner: int) -> dict[int, Memory]:
    with reading(engine) as connection:
        return {card: read_memory(connection, card, learner=learner) for card in CARDS}


def marked(engine: Engine) -> list[int]:
    with reading(engine) as connection:
        return list(connection.scalars(select(tables.stale.c.learner_id).order_by("learner_id")))


def test_memories_are_folded_anew_when_their_learner_comes(before: Path, clock: Clock) -> None:
    engine = open_database(str(before))
    assert marked(engine) == [1, 2]
    former, others = memories(engine, 1), memories(engine, 2)
    library.open_desk(str(before), Current(Settings()), clock, None).close()
    now = memories(engine, 1)
    changed = [card for card in CARDS if now[card] != former[card]]
    assert changed
    assert len(changed) < len(CARDS)
    for card in changed:
        due, kept = now[card].due, former[card].due
        assert due is not None
        assert kept is not None
        assert due == kept + timedelta(days=1)
    assert marked(engine) == [2]
    assert memories(engine, 2) == others
    library.open_desk(str(before), Current(Settings()), clock, "Anna").close()
    assert marked(engine) == []
    assert memories(engine, 2) != others
    engine.dispose()


def test_what_is_interrupted_is_done_the_next_time(
    before: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    engine = open_database(str(before))
    former = memories(engine, 1)
    with monkeypatch.context() as patch:
        patch.setattr("studyapp.store.memory._write_memories", fail)
        with pytest.raises(KeyboardInterrupt):
            library.open_desk(str(before), Current(Settings()), clock, None)
    assert (marked(engine), memories(engine, 1)) == ([1, 2], former)
    library.open_desk(str(before), Current(Settings()), clock, None).close()
    assert marked(engine) == [2]
    assert memories(engine, 1) != former
    engine.dispose()


def test_those_of_before_intervals_were_kept_apart_are_folded_anew(
    engine: Engine, clock: Clock
) -> None:
    with writing(engine) as connection:
        connection.execute(insert(tables.learner).values(name="Anna"))
        review.answer(connection, 1, None, Rating.GOOD, clock(), learner=1)
        import_module(migrations.steps()[27]).upgrade(connection)
    assert marked(engine) == [1]
