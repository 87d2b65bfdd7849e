"""Databases of earlier schemas, made by the migrations of their time and filled with plain SQL."""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine

from studyapp.memory.fold import fold
from studyapp.memory.model import DEFAULT_WEIGHTS
from studyapp.memory.state import Cause, Memory, State
from studyapp.store import migrations, record
from studyapp.store.database import connect, open_database
from studyapp.store.engine import reading
from studyapp.store.parameters import read_history

START = datetime(2026, 3, 1, 20, 0, tzinfo=UTC)
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


def make(path: Path, version: int, cards: int = len(CARDS)) -> None:
    """A database of an earlier schema with a log, parameters and, where it knows them, an attempt
    with an answer, a run, and progress. More *cards* than three have the same log as those."""
    path.touch()  # or a test's new database would be a copy of one that is up to date
    migrate(path, min(version, FILLED))
    with closing(sqlite3.connect(path)) as base, base:
        base.execute("PRAGMA foreign_keys = ON")
        fill(base, version)
        for number in range(len(CARDS), cards):
            _copy(base, number)
        assert base.execute("PRAGMA foreign_key_check").fetchall() == []
    migrate(path, version)


def _copy(base: sqlite3.Connection, number: int) -> None:
    """One more card, with the log and the memory of one of the first."""
    former, card = number % len(CARDS) + 1, number + 1
    shift = 1000 * card  # of what is numbered
    for table, uids, changed in (
        ("note", "uid", {"name": f"'q{card}'"}),
        ("card", "uid", {"note_id": card, "family": f"'test:q{card}'", "position": card}),
        ("review", "uid", {"card_id": card}),
        ("event", "uid", {"card_id": card}),
        ("memory", None, {"card_id": card}),
    ):
        columns = [row[1] for row in base.execute(f"PRAGMA table_info({table})")]
        new = {"id": card if table in ("note", "card") else f"{shift} + id", **changed}
        if uids:
            new["uid"] = f"CAST(substr(hex(uid), -8) || '{card:08}' AS BLOB)"
        if table == "event":
            new["target"] = new["uid"].replace("(uid)", "(target)")
        of = {"note": "id", "card": "id", "memory": "learner_id = 1 AND card_id"}.get(
            table, f"id < {1000 * len(CARDS)} AND card_id"
        )
        values = ", ".join(str(new.get(column, column)) for column in columns)
        base.execute(f"INSERT INTO {table} SELECT {values} FROM {table} WHERE {of} = ?", (former,))


def schema(path: Path) -> str:
    """All tables and indexes of a database, as SQL."""
    with closing(sqlite3.connect(path)) as base:
        made = base.execute("SELECT sql FROM sqlite_master WHERE sql <> '' ORDER BY type, name")
        return "".join(f"{sql};\n" for (sql,) in made)


def migrate(path: Path, last: int) -> None:
    """Bring a database up to that schema, or make one of it."""
    known = {number: name for number, name in migrations.steps().items() if number <= last}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(migrations, "steps", lambda: known)
        open_database(str(path)).dispose()


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
    for number, memory in enumerate(BEFORE, 1):
        base.execute(
            "INSERT INTO memory (learner_id, card_id, state, stability, difficulty, due, cause, "
            "first_day, last_day, last_review, reviews, lapses, agains, expected_lapses, suspended)"
            " VALUES (1, ?, 2, ?, ?, ?, 'rated', ?, ?, ?, ?, ?, 0, ?, FALSE)",
            (number, memory.stability, memory.difficulty, str(memory.due), str(memory.first_day),
             str(memory.last_day), memory.last_review, memory.reviews, memory.lapses,
             memory.expected_lapses),
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
        history = read_history(connection, learner=1)
        return [
            fold(record.read_log(connection, number, learner=1), uid, history)
            for number, uid in enumerate(CARDS, 1)
        ]
