"""What study days that are over came to, which is counted when it is first asked for; and indexes
in which the cards of a day are counted.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Date,
    ForeignKey,
    Integer,
    MetaData,
    Table,
    text,
)

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
)
_TALLIED = Table(
    "tallied",
    _METADATA,
    Column("learner_id", Integer, ForeignKey("learner.id"), primary_key=True),
    Column("review_id", BigInteger, nullable=False),
    Column("event_id", BigInteger, nullable=False),
)


def upgrade(connection: Connection) -> None:
    _TALLY.create(connection)
    _TALLIED.create(connection)
    for former, wanted in (("due", ("due", "last_day")), ("last_day", ("last_day", "stability"))):
        connection.execute(text(f"DROP INDEX IF EXISTS ix_memory_learner_id_{former}"))
        name, columns = "_".join(wanted), ", ".join(wanted)
        on = f"memory (learner_id, {columns})"
        connection.execute(text(f"CREATE INDEX ix_memory_learner_id_{name} ON {on}"))
