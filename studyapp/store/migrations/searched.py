"""What is searched, written anew by a migration: passages, and SQLite's index of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

from sqlalchemy import (
    Column,
    Connection,
    Integer,
    MetaData,
    String,
    Table,
    bindparam,
    select,
    text,
    update,
)

PASSAGE = Table(
    "passage",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("question", String),
    Column("rest", String),
)
_BATCH = 500
# The index forgets by being told what the passage said.
_FORGET = (
    "INSERT INTO passage_index (passage_index, rowid, question, rest) "
    "SELECT 'delete', id, question, rest FROM passage WHERE id IN "
    "(SELECT value FROM json_each(:ids))"
)
_HEAR = (
    "INSERT INTO passage_index (rowid, question, rest) SELECT id, question, rest FROM passage "
    "WHERE id IN (SELECT value FROM json_each(:ids))"
)


def rewrite(connection: Connection, ids: Sequence[int], made: Callable[[str], str]) -> None:
    """Have the passages *ids* say what is *made* of what they say, in batches."""
    write = (
        update(PASSAGE)
        .where(PASSAGE.c.id == bindparam("of"))
        .values(question=bindparam("asks"), rest=bindparam("says"))
    )
    is_indexed = _is_indexed(connection)
    for start in range(0, len(ids), _BATCH):
        some = select(PASSAGE).where(PASSAGE.c.id.in_(ids[start : start + _BATCH]))
        rows = list[dict[str, object]]()
        for one in connection.execute(some).all():
            asks, says = made(one.question), made(one.rest)
            if (asks, says) != (one.question, one.rest):
                rows.append({"of": one.id, "asks": asks, "says": says})
        if not rows:
            continue
        changed = {"ids": json.dumps([row["of"] for row in rows])}
        if is_indexed:
            connection.execute(text(_FORGET), changed)
        connection.execute(write, rows)
        if is_indexed:
            connection.execute(text(_HEAR), changed)


def _is_indexed(connection: Connection) -> bool:
    """Whether there is an index, and a SQLite that can write it."""
    if connection.dialect.name != "sqlite":
        return False
    there = "SELECT 1 FROM sqlite_master WHERE name = 'passage_index'"
    known = "SELECT sqlite_compileoption_used('ENABLE_FTS5')"
    return bool(connection.scalar(text(there)) and connection.scalar(text(known)))
