"""Variants: other cases of a question, written anew whenever the content is read."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Connection, ForeignKey, Integer, MetaData, String, Table

_METADATA = MetaData(
    naming_convention={
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)
_NOTE = Table("note", _METADATA, Column("id", Integer, primary_key=True))
_VARIANT = Table(
    "variant",
    _METADATA,
    Column("note_id", Integer, ForeignKey("note.id"), primary_key=True),
    Column("key", String, primary_key=True),
    Column("position", Integer, nullable=False),
    Column("prompt", String, nullable=False),
    Column("front", String),
    Column("answer", String, nullable=False),
    Column("points", JSON, nullable=False),
    Column("need", Integer),
)


def upgrade(connection: Connection) -> None:
    _VARIANT.create(connection)
