"""Several devices: their files, what of the logs is in them, and versions of what is no log."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Connection,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
)

_METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)
_LEARNER = Table("learner", _METADATA, Column("id", Integer, primary_key=True))
_MADE = (
    Table(
        "peer",
        _METADATA,
        Column("uid", LargeBinary(16), primary_key=True),
        Column("name", String, nullable=False),
        Column("done", BigInteger, nullable=False),
        Column("tail", String, nullable=False),
        Column("seen", String, nullable=False),
        Column("entries", Integer, nullable=False),
        Column("torn", Integer, nullable=False),
        Column("refused", Integer, nullable=False),
        Column("newest", DateTime),
    ),
    Table(
        "told",
        _METADATA,
        Column("log", String, primary_key=True),
        Column("upto", BigInteger, nullable=False),
    ),
    Table(
        "waiting",
        _METADATA,
        Column("uid", LargeBinary(16), primary_key=True),
        Column("peer_uid", LargeBinary(16), nullable=False),
        Column("why", String, nullable=False),
        Column("line", String, nullable=False),
    ),
    Table(
        "version",
        _METADATA,
        Column("uid", LargeBinary(16), primary_key=True),
        Column("learner_id", Integer, ForeignKey("learner.id"), nullable=False),
        Column("key", String, nullable=False),
        Column("value", JSON, nullable=False),
        Column("stamp", DateTime),
        Column("replaces", JSON, nullable=False),
        Column("replaced", Boolean, nullable=False),
        Column("shown", Boolean, nullable=False),
        Column("told", Boolean, nullable=False),
        Index(None, "learner_id", "key"),
        Index(None, "told"),
    ),
)


def upgrade(connection: Connection) -> None:
    for table in _MADE:
        table.create(connection)
