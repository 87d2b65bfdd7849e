"""Migrations: from every earlier schema with a log in it, whole and interrupted at each statement.

The databases of before are made by the migrations of their time and filled with plain SQL.
"""

from __future__ import annotations

import importlib
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Engine, event, inspect, select, text

import formers
from formers import BEFORE, CARDS, OnServer, fill, folded, folded_in
from postgresql import Server
from studyapp.errors import StoreError
from studyapp.memory.state import State
from studyapp.store import backup, migrations, passage, record, sync, tables
from studyapp.store.database import connect, open_database
from studyapp.store.engine import reading, writing
from studyapp.store.memory import refold_all
from tests_support import Clock, search

EARLIER = [number for number in migrations.steps() if number < max(migrations.steps())]


@pytest.fixture(params=EARLIER)
def former(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A database of an earlier schema."""
    path = tmp_path / "a.db"
    formers.make(path, request.param, 100)
    return path


def dump(path: Path) -> list[str]:
    base = sqlite3.connect(path)
    lines = list(base.iterdump())
    base.close()
    return lines


def test_a_schema_that_there_has_been_stays_as_it_is_kept(tmp_path: Path) -> None:
    """Databases of it are out there: whoever changes a migration changes none of them."""
    for number in migrations.steps():
        kept = Path(__file__).parent / "schemas" / f"{number:03}.sql"
        formers.migrate(tmp_path / "a.db", number)
        made = formers.schema(tmp_path / "a.db")
        if not kept.exists():
            kept.write_text(made)
            pytest.fail(f"The new schema is written to {kept.name}, and stays.")
        assert made.split() == kept.read_text().split(), number


def test_no_migration_changes_what_was_kept(former: Path) -> None:
    """Not a fold, nor a row; and the reviews of before know when their card was met last."""
    before, columns = rows_in(former)
    engine = open_database(str(former))
    assert folded(former) == BEFORE
    with closing(sqlite3.connect(former)) as base:
        assert base.execute("PRAGMA foreign_key_check").fetchall() == []
        assert base.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        for name, rows in before.items():
            there = ", ".join(f'"{column}"' for column in columns[name] if column != "id")
            order = [index for index, column in enumerate(columns[name]) if column != "id"]
            wanted = sorted(tuple(row[index] for index in order) for row in rows)
            found = base.execute(f'SELECT {there} FROM "{name}"').fetchall()
            assert sorted(found, key=repr) == sorted(wanted, key=repr), name
        device = base.execute("SELECT count(*), max(own), max(length(uid)) FROM device").fetchone()
        assert device == (1, 1, 16)
    kept, told = last_met(engine)
    engine.dispose()
    assert {uid: kept[uid] for uid in told} == told
    after_know = (13).to_bytes(16, "big")
    assert told[after_know] == date(2026, 3, 1)
    assert len(told) > 4


def rows_in(path: Path) -> tuple[dict[str, list[tuple[object, ...]]], dict[str, list[str]]]:
    """All rows, and the names of the columns, of each table that no migration makes anew."""
    with closing(sqlite3.connect(path)) as base:
        tables = base.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        names = [name for (name,) in tables if name not in ("root", "schema_version")]
        rows = {name: base.execute(f"SELECT * FROM {name}").fetchall() for name in names}
        return rows, {name: _columns(base, name) for name in names}


def last_met(engine: Engine) -> tuple[dict[bytes, date | None], dict[bytes, date | None]]:
    """The day on which the card of each review was met before: as it was kept, and as the fold says
    it, which writes it from now on."""
    column = tables.review.c
    with writing(engine) as connection:
        kept = dict(connection.execute(select(column.uid, column.last_day_before)).all())
        refold_all(connection, range(1, len(CARDS) + 1), learner=1)
        tells = select(column.uid, column.last_day_before).where(
            column.state_before == State.REVIEW, record.not_retracted()
        )
        return kept, dict(connection.execute(tells).all())


def _columns(base: sqlite3.Connection, table: str) -> list[str]:
    return [row[1] for row in base.execute(f"PRAGMA table_info({table})")]


def interrupted(former: Path, statement: int) -> bool:
    """Migrate, with an error at the *statement*th one; whether there were so many."""
    engine = connect(str(former))
    event.listen(engine, "connect", lambda raw, _: raw.execute("PRAGMA synchronous = OFF"))
    done = 0

    def fail(*_: object) -> None:
        nonlocal done
        done += 1
        if done == statement:
            raise sqlite3.OperationalError("disk I/O error")

    event.listen(engine, "before_cursor_execute", fail)
    try:
        migrations.upgrade(engine)
    except (sqlite3.OperationalError, StoreError):
        return True
    finally:
        engine.dispose()
    return False


def test_a_migration_that_is_interrupted_leaves_the_database_as_it_was(
    former: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At each statement of the next migration in turn; a second try gets through them all. The
    databases that are one migration younger tell of those after it."""
    monkeypatch.setattr(backup, "make", lambda *_: None)  # of which other tests tell
    copy, before = former.read_bytes(), _stable(dump(former))
    statement = 1
    with only_to_the_next(former):
        while interrupted(former, statement):
            assert _stable(dump(former)) == before
            if statement & (statement - 1) == 0:  # a second try, at 1, 2, 4, 8, …
                with pytest.MonkeyPatch.context() as patch:
                    patch.setattr(migrations, "steps", ALL_STEPS)
                    open_database(str(former)).dispose()
                assert folded(former) == BEFORE
            statement += 1
            for leftover in former.parent.glob("a.db-*"):
                leftover.unlink()
            former.write_bytes(copy)
    assert statement > 5
    open_database(str(former)).dispose()
    assert folded(former) == BEFORE


ALL_STEPS = migrations.steps


@contextmanager
def only_to_the_next(path: Path) -> Iterator[None]:
    """A program that knows one migration more than the database at *path*."""
    base = sqlite3.connect(path)
    (version,) = base.execute("SELECT max(version) FROM schema_version").fetchone()
    base.close()
    following = min(number for number in ALL_STEPS() if number > version)
    known = {number: name for number, name in ALL_STEPS().items() if number <= following}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(migrations, "steps", lambda: known)
        yield


def _stable(lines: list[str]) -> list[str]:
    """Without the moments at which migrations were applied, and the device's random uid."""
    new = ('INTO "schema_version"', 'INTO "device"')
    return [line for line in lines if not any(one in line for one in new)]


# on a server


@pytest.fixture(params=[1, 3])
def on_the_server(request: pytest.FixtureRequest, server: Server) -> Iterator[str]:
    """The name of a database of an earlier schema with the same in it."""
    name = server.make()
    engine = connect(server.url(name))
    migrate_to(request.param, engine)
    with writing(engine) as connection:
        fill(OnServer(connection), request.param)
    engine.dispose()
    yield name
    server.drop(name)


def migrate_to(last: int, engine: Engine) -> None:
    known = migrations.steps()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(migrations, "steps", lambda: {n: known[n] for n in known if n <= last})
        migrations.upgrade(engine)


def shape(engine: Engine) -> dict[str, list[str]]:
    """The columns of each table, and how many rows it has."""
    tables = inspect(engine)
    with reading(engine) as connection:
        return {
            name: [
                *(str(column["name"]) for column in tables.get_columns(name)),
                str(connection.scalar(text(f"SELECT count(*) FROM {name}"))),
            ]
            for name in tables.get_table_names()
        }


def test_no_migration_changes_a_fold_on_a_server(server: Server, on_the_server: str) -> None:
    with server.engine(on_the_server) as engine:
        before = shape(engine)
        migrations.upgrade(engine)
        assert folded_in(engine) == BEFORE
        after = shape(engine)
        for name in set(before) - {"root", "schema_version"}:
            assert set(before[name][:-1]) <= set(after[name]), name
            assert before[name][-1] == after[name][-1], name
        with writing(engine) as connection:  # numbers go on where they were
            connection.execute(text("INSERT INTO learner (name) VALUES ('Anna')"))
            connection.execute(
                text(
                    "INSERT INTO device (uid, name, made_at, own) "
                    "VALUES ('other', 'other', '2026-01-01', FALSE)"
                )
            )


@contextmanager
def counted(engine: Engine, fail_at: int | None = None) -> Iterator[Callable[[], int]]:
    """Count the statements meanwhile; the *fail_at*th fails."""
    done = 0

    def count(*_: object) -> None:
        nonlocal done
        done += 1
        if done == fail_at:
            raise sqlite3.OperationalError("out of memory")

    event.listen(engine, "before_cursor_execute", count)
    yield lambda: done
    event.remove(engine, "before_cursor_execute", count)


def test_a_migration_that_is_interrupted_leaves_a_server_as_it_was(
    server: Server, on_the_server: str
) -> None:
    """At some statements from the first to the last; a second try gets through."""
    with server.engine(on_the_server) as engine, counted(engine) as statements:
        missing = migrations.upgrade(engine)
        step = statements() // 4
    with server.engine(on_the_server) as engine:
        stages = [shape(engine)]
        for number in missing:
            migrate_to(number, engine)
            stages.append(shape(engine))
    for statement in range(step, 4 * step, step):
        with server.engine(on_the_server) as engine:
            with counted(engine, statement), pytest.raises(StoreError, match="out of memory"):
                migrations.upgrade(engine)
            assert shape(engine) in stages
            migrations.upgrade(engine)
            assert folded_in(engine) == BEFORE


def test_a_sqlite_without_such_an_index_looks_through_all(
    tmp_path: Path, content: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    step = importlib.import_module("studyapp.store.migrations.018_passage")
    monkeypatch.setattr(step, "_knows_trigrams", lambda connection: False)
    monkeypatch.setattr(passage, "can_index", lambda connection: False)
    engine = open_database(str(tmp_path / "a.db"))
    with writing(engine) as connection:
        sync.sync(connection, [content], clock())
        assert not passage.is_indexed(connection)
        assert passage.unindexed(connection) == 0
        assert [one.prompt for one in search(connection, "q07")] == ["What is q07?"]
    engine.dispose()
