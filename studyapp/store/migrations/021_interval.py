"""What each rating came with: the interval that was chosen for it, and the retention that it is
for. Families are looked up, as their cards are kept apart."""

from __future__ import annotations

from sqlalchemy import Column, Connection, Double, Index, Integer, MetaData, String, Table, text
from sqlalchemy.schema import CreateColumn

_METADATA = MetaData(naming_convention={"ix": "ix_%(table_name)s_%(column_0_N_name)s"})
_REVIEW = Table("review", _METADATA, Column("interval", Integer), Column("retention", Double))
_CARD = Table("card", _METADATA, Column("family", String))


def upgrade(connection: Connection) -> None:
    for column in _REVIEW.c:
        spelled = CreateColumn(column).compile(dialect=connection.dialect)
        connection.execute(text(f"ALTER TABLE review ADD COLUMN {spelled}"))
    Index(None, _CARD.c.family).create(connection)
