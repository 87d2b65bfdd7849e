"""The exam that a learner studies for: its day, its chapters, and the minutes of each day."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Column,
    Connection,
    Date,
    DateTime,
    ForeignKey,
    Integer,
    MetaData,
    Table,
)

_METADATA = MetaData(
    naming_convention={
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)
_LEARNER = Table("learner", _METADATA, Column("id", Integer, primary_key=True))
_EXAM = Table(
    "exam",
    _METADATA,
    Column("learner_id", Integer, ForeignKey("learner.id"), primary_key=True),
    Column("day", Date),
    Column("planned_on", Date),
    Column("minutes", Integer),
    Column("chapters", JSON),
    Column("changed_at", DateTime, nullable=False),
)


def upgrade(connection: Connection) -> None:
    _EXAM.create(connection)
