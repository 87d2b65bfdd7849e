"""What Markdown has escaped is found by how it is shown: its lines are added to what is searched.

They are made of what is there, as to read all content anew would take minutes where there is much.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from sqlalchemy import (
    Column,
    Connection,
    Integer,
    MetaData,
    String,
    Table,
    bindparam,
    or_,
    select,
    text,
    update,
)

from studyapp.notes.letters import folded
from studyapp.notes.plaintext import shown_otherwise

_PASSAGE = Table(
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


def upgrade(connection: Connection) -> None:
    write = (
        update(_PASSAGE)
        .where(_PASSAGE.c.id == bindparam("of"))
        .values(question=bindparam("asks"), rest=bindparam("says"))
    )
    is_indexed = _is_indexed(connection)
    for rows in _changed(connection):
        ids = {"ids": json.dumps([row["of"] for row in rows])}
        if is_indexed:
            connection.execute(text(_FORGET), ids)
        connection.execute(write, rows)
        if is_indexed:
            connection.execute(text(_HEAR), ids)


def _is_indexed(connection: Connection) -> bool:
    """Whether there is an index, and a SQLite that can write it."""
    if connection.dialect.name != "sqlite":
        return False
    there = "SELECT 1 FROM sqlite_master WHERE name = 'passage_index'"
    known = "SELECT sqlite_compileoption_used('ENABLE_FTS5')"
    return bool(connection.scalar(text(there)) and connection.scalar(text(known)))


def _changed(connection: Connection) -> Iterator[list[dict[str, object]]]:
    """The passages that say more than they did, in batches."""
    columns = (_PASSAGE.c.question, _PASSAGE.c.rest)
    may = (of.contains(sign, autoescape=True) for of in columns for sign in ("\\", "&"))
    ids = connection.scalars(select(_PASSAGE.c.id).where(or_(*may))).all()
    for start in range(0, len(ids), _BATCH):
        some = select(_PASSAGE).where(_PASSAGE.c.id.in_(ids[start : start + _BATCH]))
        rows = list[dict[str, object]]()
        for one in connection.execute(some).all():
            asks, says = _found_by(one.question), _found_by(one.rest)
            if (asks, says) != (one.question, one.rest):
                rows.append({"of": one.id, "asks": asks, "says": says})
        if rows:
            yield rows


def _found_by(said: str) -> str:
    return "\n".join([said, *map(folded, shown_otherwise(said))])
