"""Many rows that are inserted, or updated where they are others than before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Table, bindparam, insert, select, update


class Row(NamedTuple):
    """A row as it is kept, None if it is new, what it is to have, and what a new one has, too."""

    kept: Any
    values: Mapping[str, Any]
    key: Mapping[str, Any]

    @property
    def change(self) -> str:
        if self.kept is None:
            return "added"
        same = all(getattr(self.kept, name) == value for name, value in self.values.items())
        return "" if same else "changed"


def upsert(connection: Connection, table: Table[Any], rows: Sequence[Row]) -> list[tuple[int, str]]:
    """Insert or update rows that have the same values; returns of each its id and "added",
    "changed" or ""."""
    changes = [row.change for row in rows]
    ids = iter(_insert(connection, table, [row for row in rows if row.kept is None]))
    changed = [
        {"of": row.kept.id, **row.values}
        for row, change in zip(rows, changes, strict=True)
        if change == "changed"
    ]
    update_each(connection, table.c.id, changed)
    return [
        (next(ids) if row.kept is None else row.kept.id, change)
        for row, change in zip(rows, changes, strict=True)
    ]


def _insert(connection: Connection, table: Table[Any], rows: Sequence[Row]) -> list[int]:
    """Insert new rows, whose keys tell them from all others; returns their ids. To have each
    returned as it is made takes SQLite a statement for each."""
    if not rows:
        return []
    connection.execute(insert(table), [{**row.key, **row.values} for row in rows])
    names = list(rows[0].key)
    columns = [table.c[name] for name in names]
    some = columns[0].in_({row.key[names[0]] for row in rows})
    made = {
        tuple(key): made
        for made, *key in connection.execute(select(table.c.id, *columns).where(some))
    }
    return [made[tuple(row.key.values())] for row in rows]


def update_each(connection: Connection, key: Any, rows: Sequence[Mapping[str, Any]]) -> None:
    """Update, with what else each of *rows* has, where the column *key* is what it is `of`."""
    if rows:
        connection.execute(update(key.table).where(key == bindparam("of")), rows)
