"""Depths: how deep a note and its cards go, what was asked for, the book's own questionnaire; and
which terms are told apart.

What a row says of itself is the default until its text is read anew, which the change of the
fingerprint brings about.
"""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Integer,
    MetaData,
    String,
    Table,
    false,
    text,
    true,
)
from sqlalchemy.schema import CreateColumn

_CORE = text("'core'")
_TABLES = (
    Table(
        "note",
        MetaData(),
        Column("depth", String, nullable=False, server_default=_CORE),
        Column("book", Integer),
        Column("reverse", Boolean, nullable=False, server_default=true()),
    ),
    Table(
        "card",
        MetaData(),
        Column("depth", String, server_default=_CORE),
        Column("contrast", Boolean, nullable=False, server_default=false()),
    ),
    Table("memory", MetaData(), Column("asked", Boolean, nullable=False, server_default=false())),
    Table("attempt", MetaData(), Column("book", Boolean, nullable=False, server_default=false())),
)


def upgrade(connection: Connection) -> None:
    for table in _TABLES:
        for column in table.columns:
            spelled = CreateColumn(column).compile(dialect=connection.dialect)
            connection.execute(text(f"ALTER TABLE {table.name} ADD COLUMN {spelled}"))
