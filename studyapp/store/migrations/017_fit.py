"""What a fit of the weights came to, kept with the parameters that it left in force."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Connection, MetaData, Table, text
from sqlalchemy.schema import CreateColumn

_PARAMETERS = Table("parameters", MetaData(), Column("fit", JSON))


def upgrade(connection: Connection) -> None:
    spelled = CreateColumn(_PARAMETERS.c.fit).compile(dialect=connection.dialect)
    connection.execute(text(f"ALTER TABLE parameters ADD COLUMN {spelled}"))
