"""Which cards were missed when they were last rated: mastery asks it of all that it is told of."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Connection, MetaData, Table, false, text
from sqlalchemy.schema import CreateColumn

_MEMORY = Table(
    "memory", MetaData(), Column("missed", Boolean, nullable=False, server_default=false())
)


def upgrade(connection: Connection) -> None:
    spelled = CreateColumn(_MEMORY.c.missed).compile(dialect=connection.dialect)
    connection.execute(text(f"ALTER TABLE memory ADD COLUMN {spelled}"))
    again = "SELECT 1 FROM review WHERE review.uid = memory.last_review AND rating = 1"
    connection.execute(text(f"UPDATE memory SET missed = TRUE WHERE EXISTS ({again})"))
