"""Notes that an upgrade has changed, until the learners who know them have been told."""

from __future__ import annotations

from sqlalchemy import Column, Connection, ForeignKey, Integer, MetaData, Table

_METADATA = MetaData(
    naming_convention={
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)
_LEARNER = Table("learner", _METADATA, Column("id", Integer, primary_key=True))
_NOTE = Table("note", _METADATA, Column("id", Integer, primary_key=True))
_REWORDING = Table(
    "rewording",
    _METADATA,
    Column("learner_id", Integer, ForeignKey("learner.id"), primary_key=True),
    Column("note_id", Integer, ForeignKey("note.id"), primary_key=True),
)


def upgrade(connection: Connection) -> None:
    _REWORDING.create(connection)
