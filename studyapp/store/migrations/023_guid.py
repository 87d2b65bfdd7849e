"""What the program that a note came from calls it, so that it goes out under the same name."""

from __future__ import annotations

from sqlalchemy import Column, Connection, MetaData, String, Table, text
from sqlalchemy.schema import CreateColumn

_NOTE = Table("note", MetaData(), Column("guid", String))


def upgrade(connection: Connection) -> None:
    spelled = CreateColumn(_NOTE.c.guid).compile(dialect=connection.dialect)
    connection.execute(text(f"ALTER TABLE note ADD COLUMN {spelled}"))
