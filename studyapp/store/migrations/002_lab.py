"""The lab: runs, the predictions made before them, and the facts that they measured."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Connection,
    DateTime,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    UniqueConstraint,
)

_TABLES = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# These are there already; the foreign keys below need their names.
Table("learner", _TABLES, Column("id", Integer, primary_key=True))
Table("card", _TABLES, Column("id", Integer, primary_key=True))

_RUN = Table(
    "run",
    _TABLES,
    Column("id", Integer, primary_key=True),
    Column("uid", LargeBinary(16), nullable=False, unique=True),
    Column("learner_id", Integer, ForeignKey("learner.id"), nullable=False),
    Column("lesson", String, nullable=False),
    Column("pack", String, nullable=False),
    Column("version", Integer, nullable=False),
    Column("knobs", JSON, nullable=False),
    Column("canonical", String, nullable=False),
    Column("seeds", Integer),
    Column("seed", Integer),
    Column("device", String),
    Column("python", String),
    Column("torch", String),
    Column("threads", Integer),
    Column("seconds", Double, nullable=False),
    Column("outcome", String, nullable=False),
    Column("started_at", DateTime, nullable=False),
    Column("finished_at", DateTime, nullable=False),
    Column("offset", Integer, nullable=False),
    Index(None, "learner_id", "lesson"),
)
_PREDICTION = Table(
    "prediction",
    _TABLES,
    Column("id", Integer, primary_key=True),
    Column("learner_id", Integer, ForeignKey("learner.id"), nullable=False),
    Column("run_id", Integer, ForeignKey("run.id"), nullable=False, unique=True),
    Column("question", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("answer", String),
    Column("low", Double),
    Column("high", Double),
    Column("choices", Integer, nullable=False),
    Column("confidence", Double),
    Column("naive", Boolean, nullable=False),
    Column("grade", String),
    Column("score", Double),
    Column("card_id", Integer, ForeignKey("card.id")),
)
_FACT = Table(
    "fact",
    _TABLES,
    Column("id", Integer, primary_key=True),
    Column("learner_id", Integer, ForeignKey("learner.id"), nullable=False),
    Column("run_id", Integer, ForeignKey("run.id"), nullable=False),
    Column("name", String, nullable=False),
    Column("value", Double, nullable=False),
    Column("unit", String, nullable=False),
    Column("low", Double),
    Column("high", Double),
    Column("n", Integer, nullable=False),
    Column("method", String, nullable=False),
    Column("varies", String, nullable=False),
    UniqueConstraint("run_id", "name"),
)


def upgrade(connection: Connection) -> None:
    _TABLES.create_all(connection, tables=[_RUN, _PREDICTION, _FACT])
