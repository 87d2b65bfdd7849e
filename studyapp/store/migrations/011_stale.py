"""Learners whose memories are to be folded anew: all that have any, since the fuzz takes nothing
any more of what an interval has gained.

It is done when a learner's desk is opened (`study.library.open_desk`), by the program as it is
then, whatever tables later migrations make.
"""

from __future__ import annotations

from sqlalchemy import Column, Connection, ForeignKey, Integer, MetaData, String, Table, text

_METADATA = MetaData(
    naming_convention={
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)
_LEARNER = Table("learner", _METADATA, Column("id", Integer, primary_key=True))
_STALE = Table(
    "stale",
    _METADATA,
    Column("learner_id", Integer, ForeignKey("learner.id"), primary_key=True),
    Column("reason", String, nullable=False),
)


def upgrade(connection: Connection) -> None:
    _STALE.create(connection)
    connection.execute(text("INSERT INTO stale SELECT DISTINCT learner_id, 'fuzz' FROM memory"))
