"""What a study day came to has how long its cards had waited, so that each is held against the goal
by which its date was found. It is counted anew.
"""

from __future__ import annotations

from sqlalchemy import Column, Connection, Date, ForeignKey, Integer, MetaData, String, Table

_METADATA = MetaData(
    naming_convention={
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)
_LEARNER = Table("learner", _METADATA, Column("id", Integer, primary_key=True))
_TALLY = Table(
    "tally",
    _METADATA,
    Column("learner_id", Integer, ForeignKey("learner.id"), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("ratings", Integer, nullable=False),
    Column("reviews", Integer, nullable=False),
    Column("told", Integer, nullable=False),
    Column("hits", Integer, nullable=False),
    Column("waits", String, nullable=False),
)


def upgrade(connection: Connection) -> None:
    _TALLY.drop(connection)
    _TALLY.create(connection)
