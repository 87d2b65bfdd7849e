"""Migrations: from every earlier schema with a log in it, whole and interrupted at each statement.

The databases of before are made by the migrations of their time and filled with plain SQL.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, event, inspect, select, text

from postgresql import Server
from studyapp.errors import StoreError
from studyapp.memory.fold import fold
from studyapp.memory.model import DEFAULT_WEIGHTS
from studyapp.memory.state import Cause, Memory, State
from studyapp.store import backup, log, migrations, tables
from studyapp.store.database import connect, open_database
from studyapp.store.engine import reading, writing

START = datetime(2026, 3, 1, 20, 0, tzinfo=UTC)
EARLIER = [number for number in migrations.steps() if number < max(migrations.steps())]
CARDS = [bytes([number]) * 16 for number in range(1, 4)]

# (hours since START, card, rating or kind of event, days until what it sets); clocks of all kinds
ENTRIES: list[tuple[float, int, int | str, int | None]] = [
    (0, 1, 1, None),
    (0.2, 1, 3, None),
    (0.3, 2, 3, None),
    (0.4, 3, "know", None),
    (13, 1, "bury", 1),
    (49, 1, 3, None),
    (50, 2, "suspend", None),
    (300, 1, 1, None),
    (300.2, 1, 2, None),
    (700, 2, "unsuspend", None),
    (701, 2, 4, None),
    (702, 3, "set due", 3),
    (800, 3, 3, None),
    (801, 3, 1, None),  # taken back below
    (9000, 1, 3, None),  # the clock was a year ahead
    (9000.001, 2, 3, None),
]


def text_of(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%S.%f")


@pytest.fixture(params=EARLIER)
def former(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A database of an earlier schema with a log, parameters and, where it knows them, an attempt
    with an answer, a run, and progress."""
    version = request.param
    path = tmp_path / "a.db"
    known = migrations.steps()

    def migrate(last: int) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(migrations, "steps", lambda: {n: known[n] for n in known if n <= last})
            open_database(str(path)).dispose()

    migrate(min(version, FILLED))
    base = sqlite3.connect(path)
    base.execute("PRAGMA foreign_keys = ON")
    fill(base, version)
    base.commit()
    assert base.execute("PRAGMA foreign_key_check").fetchall() == []
    base.close()
    migrate(version)
    return path


class OnServer:
    """Takes the same statements on PostgreSQL."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def execute(self, statement: str, values: tuple[object, ...] = ()) -> None:
        spelled = re.sub(r"'[^']*'|\?", lambda it: "%s" if it[0] == "?" else it[0], statement)
        self._connection.exec_driver_sql(spelled, values)


FILLED = 3  # the newest schema that `fill` knows; newer ones are made from it


def fill(base: sqlite3.Connection | OnServer, version: int) -> None:
    at = text_of(START)
    base.execute(
        "INSERT INTO chapter (id, pack, number, part, title) "
        "VALUES (1, 'test', 1, '1. Part', 'Chapter 1')"
    )
    base.execute(
        "INSERT INTO chapter_progress (learner_id, chapter_id, started_at) VALUES (1, 1, ?)", (at,)
    )
    base.execute("INSERT INTO section VALUES (1, 1, '1.1', 'S', 'Prose', 'b.md', 1, 0, NULL)")
    base.execute("INSERT INTO root VALUES ('somewhere', 'stamp', ?)", (at,))
    for number, uid in enumerate(CARDS, 1):
        base.execute(
            "INSERT INTO note VALUES (?, ?, 1, ?, 'question', 'answer', 'What?', 'That.', '[]', "
            "NULL, '[]', '1.1', NULL, NULL, NULL, '[]', '[]', 'a.md', 1, 2, NULL)",
            (number, bytes([100 + number]) * 16, f"q{number}"),
        )
        base.execute(
            "INSERT INTO card (id, uid, note_id, chapter_id, side, family, position) "
            "VALUES (?, ?, ?, 1, 'answer', ?, ?)",
            (number, uid, number, f"test:q{number}", number),
        )
    for number, (hours, card, what, days) in enumerate(ENTRIES, 1):
        now = START + timedelta(hours=hours)
        uid, local = number.to_bytes(16, "big"), now + timedelta(hours=2)
        day = (local - timedelta(hours=4)).date()
        if isinstance(what, int):
            base.execute(
                "INSERT INTO review VALUES (?, ?, 1, ?, 'study', ?, ?, 7200, ?, 4000, "
                "0, NULL, NULL, 1, NULL, NULL)",
                (number, uid, card, what, text_of(now), day.isoformat()),
            )
        else:
            until = None if days is None else (day + timedelta(days=days)).isoformat()
            base.execute(
                "INSERT INTO event VALUES (?, ?, 1, ?, ?, ?, 7200, ?, NULL, ?)",
                (number, uid, card, what, text_of(now), day.isoformat(), until),
            )
    taken_back = (14).to_bytes(16, "big")
    late = START + timedelta(hours=801.1)
    base.execute(
        "INSERT INTO event VALUES (99, ?, 1, 3, 'retract', ?, 7200, ?, ?, NULL)",
        (b"r" * 16, text_of(late), late.date().isoformat(), taken_back),
    )
    weights = [weight * 1.1 for weight in DEFAULT_WEIGHTS[:3]] + list(DEFAULT_WEIGHTS[3:])
    for number, (hours, values, goal) in enumerate(
        [(1, list(DEFAULT_WEIGHTS), 0.85), (500, weights, 0.92)], 1
    ):
        base.execute(
            "INSERT INTO parameters VALUES (?, ?, 1, ?, ?, ?, '[600]', '[600]', 36500)",
            (number, bytes([200 + number]) * 16, text_of(START + timedelta(hours=hours)),
             json.dumps(values), goal),
        )  # fmt: skip
    if version >= 2:
        base.execute(
            "INSERT INTO run VALUES (1, ?, 1, 'gap', 'test', 1, '{}', '{}', 3, 0, 'cpu', '3', '2', "
            "1, 2.5, 'result', ?, ?, 7200)",
            (b"u" * 16, at, at),
        )
        for number, name in enumerate(("error", "accuracy"), 1):
            base.execute(
                "INSERT INTO fact VALUES (?, 1, 1, ?, 1.5, 'points', 1.0, 2.0, 3, 't', 'seeds')",
                (number, name),
            )
        base.execute(
            "INSERT INTO prediction VALUES (1, 1, 1, 'Q?', 'choice', 'higher', NULL, NULL, 3, 0.8, "
            "TRUE, 'wrong', 0.64, 1)"
        )
    if version >= 3:
        base.execute(
            "INSERT INTO attempt VALUES (1, ?, 1, 1, FALSE, ?, 7200, NULL, 2)", (b"t" * 16, at)
        )
        base.execute(
            "INSERT INTO response VALUES (1, 1, 1, 2, 'mine', '[]', 0, 0, NULL, FALSE, ?, "
            "'got it', ?, "
            "'[]', ?)",
            (at, at, at),
        )
        base.execute("INSERT INTO section_progress VALUES (1, 1, ?, NULL, 5, 'note')", (at,))
        base.execute("INSERT INTO sight VALUES (1, 'gap', ?)", (at,))


# What the last program before migration 4 folded these logs to.
BEFORE = [
    Memory(
        state=State.REVIEW,
        stability=6.8334855090924735,
        difficulty=9.17395939499737,
        due=date(2027, 3, 16),
        cause=Cause.RATED,
        first_day=date(2026, 3, 1),
        last_day=date(2027, 3, 11),
        last_review=(15).to_bytes(16, "big"),
        reviews=6,
        lapses=1,
        expected_lapses=0.5087490063728543,
    ),
    Memory(
        state=State.REVIEW,
        stability=541.1901128502403,
        difficulty=1.0,
        due=date(2028, 4, 25),
        cause=Cause.RATED,
        first_day=date(2026, 3, 1),
        last_day=date(2027, 3, 11),
        last_review=(16).to_bytes(16, "big"),
        reviews=3,
        expected_lapses=0.5574237681336995,
    ),
    Memory(
        state=State.REVIEW,
        stability=130.16478319544825,
        difficulty=1.0,
        due=date(2026, 7, 6),
        cause=Cause.RATED,
        first_day=date(2026, 3, 1),
        last_day=date(2026, 4, 4),
        last_review=(13).to_bytes(16, "big"),
        reviews=1,
        expected_lapses=0.10882697703662192,
    ),
]


def folded(path: Path) -> list[Memory]:
    engine = connect(str(path))
    found = folded_in(engine)
    engine.dispose()
    return found


def folded_in(engine: Engine) -> list[Memory]:
    with reading(engine) as connection:
        history = log.read_history(connection, learner=1)
        return [
            fold(log.read_log(connection, number, learner=1), uid, history)
            for number, uid in enumerate(CARDS, 1)
        ]


def dump(path: Path) -> list[str]:
    base = sqlite3.connect(path)
    lines = list(base.iterdump())
    base.close()
    return lines


def test_no_migration_changes_a_fold(former: Path) -> None:
    open_database(str(former)).dispose()
    assert folded(former) == BEFORE
    base = sqlite3.connect(former)
    assert base.execute("PRAGMA foreign_key_check").fetchall() == []
    assert base.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    base.close()


def test_what_else_was_kept_is_still_there(former: Path) -> None:
    kept = sqlite3.connect(former)
    names = [row[0] for row in kept.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    before = {
        name: kept.execute(f"SELECT * FROM {name}").fetchall()
        for name in names
        if name not in ("root", "schema_version")
    }
    columns = {name: _columns(kept, name) for name in before}
    kept.close()
    open_database(str(former)).dispose()
    base = sqlite3.connect(former)
    for name, rows in before.items():
        there = ", ".join(f'"{column}"' for column in columns[name] if column != "id")
        order = [index for index, column in enumerate(columns[name]) if column != "id"]
        wanted = sorted(tuple(row[index] for index in order) for row in rows)
        found = base.execute(f'SELECT {there} FROM "{name}"').fetchall()
        assert sorted(found, key=repr) == sorted(wanted, key=repr), name
    device = base.execute("SELECT count(*), max(own), max(length(uid)) FROM device").fetchone()
    assert device == (1, 1, 16)
    base.close()


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
            if statement % 7 == 1:  # a second try
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


def test_reviews_of_before_know_when_their_card_was_met_last(former: Path) -> None:
    """As the fold says it, which writes it from now on."""
    engine = open_database(str(former))
    column = tables.review.c
    with writing(engine) as connection:
        kept = dict(connection.execute(select(column.uid, column.last_day_before)).all())
        log.refold_all(connection, range(1, len(CARDS) + 1), learner=1)
        tells = select(column.uid, column.last_day_before).where(
            column.state_before == State.REVIEW, log.not_retracted()
        )
        told = dict(connection.execute(tells).all())
    engine.dispose()
    assert {uid: kept[uid] for uid in told} == told
    after_know = (13).to_bytes(16, "big")
    assert told[after_know] == date(2026, 3, 1)
    assert len(told) > 4
