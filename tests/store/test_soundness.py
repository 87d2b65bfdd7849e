"""Values as their columns are written, told by SQL: whatever it passes over can be read."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, select
from sqlalchemy.exc import OperationalError

from studyapp.memory.state import Rating
from studyapp.store import soundness, tables
from studyapp.store.engine import reading, writing
from studyapp.study import review
from tests_support import Clock

GARBLED = "CAST(x'32303236ff' AS TEXT)"
TIMES = [
    *("'soon'", "''", "5", "2460000.5", "x'41'", GARBLED, "'2026-02-30 10:00:00'"),
    *("'2026-11-20 24:00:00.000000'", "'2026-11-20 10:60:00'", "'2026-13-20'"),
    *("'2026-11-20 10:00:00.12345 '", "'2026-11-20 10:00:00.12345x'"),
]
DAYS = ["'soon'", "''", "5", "x'41'", GARBLED, "'2026-02-30'", "'2026-1-5'"]
ODD = [
    *(("device", "made_at", value) for value in TIMES),
    *(("review", "last_day_before", value) for value in DAYS),
    *(("note", "tags", value) for value in ("'{'", "''", "CAST(x'22ff22' AS BLOB)")),
    *(("device", name, GARBLED) for name in ("name", "own", "uid")),
    ("note", "tags", "CAST(x'22ff22' AS TEXT)"),
    ("review", "stability_after", GARBLED),
]


@pytest.fixture
def studied(engine: Engine, only_pack: Path, clock: Clock) -> Engine:
    """A database in which a card was rated."""
    with writing(engine) as connection:
        review.answer(connection, 1, None, Rating.GOOD, clock(), learner=1)
    return engine


def is_plain(connection: Connection, name: str) -> bool:
    return soundness.is_plain(connection, tables.METADATA.tables[name])


def is_read(connection: Connection, name: str) -> bool:
    try:
        connection.execute(select(tables.METADATA.tables[name])).all()
    except (OperationalError, ValueError, TypeError):
        return False
    return True


@pytest.mark.parametrize(("table", "column", "value"), ODD)
def test_a_value_that_cannot_be_read_is_not_plain(
    studied: Engine, table: str, column: str, value: str
) -> None:
    with writing(studied) as connection:
        connection.exec_driver_sql(f"UPDATE {table} SET {column} = {value}")
        assert (is_read(connection, table), is_plain(connection, table)) == (False, False)


def test_what_the_app_writes_is_plain(studied: Engine) -> None:
    """Else each examination would take as long as if nobody had looked in SQL."""
    with reading(studied) as connection:
        assert [name for name in tables.METADATA.tables if not is_plain(connection, name)] == []


@pytest.mark.parametrize("value", ["'2026-11-20'", "'2026-11-20 09:00:59.999999'", "NULL"])
def test_times_of_every_length_are_plain(studied: Engine, value: str) -> None:
    with writing(studied) as connection:
        connection.exec_driver_sql(f"UPDATE note SET missing_since = {value}")
        assert (is_read(connection, "note"), is_plain(connection, "note")) == (True, True)
