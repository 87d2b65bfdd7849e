"""The newest entry of a learner's log is found at once, however long the logs of others are."""

from __future__ import annotations

from sqlalchemy import Column, Connection, Index, Integer, MetaData, Table

_TABLES = MetaData(naming_convention={"ix": "ix_%(table_name)s_%(column_0_N_name)s"})

# These are there already.
_LOGS = [
    Table(name, _TABLES, Column("id", Integer), Column("learner_id", Integer))
    for name in ("review", "event")
]
_NEW = [Index(None, log.c.learner_id, log.c.id) for log in _LOGS]


def upgrade(connection: Connection) -> None:
    for index in _NEW:
        index.create(connection)
