"""The first schema: content, memory, the two logs, parameters, progress."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Connection,
    Date,
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

Table(
    "chapter",
    _TABLES,
    Column("id", Integer, primary_key=True),
    Column("pack", String, nullable=False),
    Column("number", Integer, nullable=False),
    Column("part", String, nullable=False),
    Column("title", String, nullable=False),
    UniqueConstraint("pack", "number"),
)
Table(
    "learner",
    _TABLES,
    Column("id", Integer, primary_key=True),
    Column("name", String, nullable=False),
)
Table(
    "root",
    _TABLES,
    Column("path", String, primary_key=True),
    Column("stamp", String, nullable=False),
    Column("read_at", DateTime, nullable=False),
)
Table(
    "schema_version",
    _TABLES,
    Column("version", Integer, primary_key=True),
    Column("applied_at", DateTime, nullable=False),
)
Table(
    "chapter_progress",
    _TABLES,
    Column("learner_id", Integer, ForeignKey("learner.id"), primary_key=True),
    Column("chapter_id", Integer, ForeignKey("chapter.id"), primary_key=True),
    Column("started_at", DateTime, nullable=False),
)
Table(
    "note",
    _TABLES,
    Column("id", Integer, primary_key=True),
    Column("uid", LargeBinary(16), nullable=False, unique=True),
    Column("chapter_id", Integer, ForeignKey("chapter.id"), nullable=False),
    Column("name", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("style", String, nullable=False),
    Column("prompt", String, nullable=False),
    Column("answer", String, nullable=False),
    Column("points", JSON, nullable=False),
    Column("family", String),
    Column("tags", JSON, nullable=False),
    Column("section", String),
    Column("number", Integer),
    Column("as_of", Integer),
    Column("need", Integer),
    Column("synonyms", JSON, nullable=False),
    Column("sources", JSON, nullable=False),
    Column("path", String, nullable=False),
    Column("line", Integer, nullable=False),
    Column("last", Integer, nullable=False),
    Column("missing_since", DateTime),
    Index(None, "chapter_id"),
)
Table(
    "parameters",
    _TABLES,
    Column("id", Integer, primary_key=True),
    Column("uid", LargeBinary(16), nullable=False, unique=True),
    Column("learner_id", Integer, ForeignKey("learner.id"), nullable=False),
    Column("at", DateTime, nullable=False),
    Column("weights", JSON, nullable=False),
    Column("desired_retention", Double, nullable=False),
    Column("learning_steps", JSON, nullable=False),
    Column("relearning_steps", JSON, nullable=False),
    Column("maximum_interval", Integer, nullable=False),
)
Table(
    "section",
    _TABLES,
    Column("id", Integer, primary_key=True),
    Column("chapter_id", Integer, ForeignKey("chapter.id"), nullable=False),
    Column("number", String, nullable=False),
    Column("title", String, nullable=False),
    Column("text", String, nullable=False),
    Column("path", String, nullable=False),
    Column("line", Integer, nullable=False),
    Column("position", Integer, nullable=False),
    Column("missing_since", DateTime),
    UniqueConstraint("chapter_id", "number"),
)
Table(
    "card",
    _TABLES,
    Column("id", Integer, primary_key=True),
    Column("uid", LargeBinary(16), nullable=False, unique=True),
    Column("note_id", Integer, ForeignKey("note.id"), nullable=False),
    Column("chapter_id", Integer, ForeignKey("chapter.id"), nullable=False),
    Column("side", String, nullable=False),
    Column("family", String, nullable=False),
    Column("position", Integer, nullable=False),
    Column("opener", Integer),
    Column("missing_since", DateTime),
    UniqueConstraint("note_id", "side"),
    Index(None, "chapter_id", "position"),
)
Table(
    "event",
    _TABLES,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("uid", LargeBinary(16), nullable=False, unique=True),
    Column("learner_id", Integer, ForeignKey("learner.id"), nullable=False),
    Column("card_id", Integer, ForeignKey("card.id"), nullable=False),
    Column("kind", String, nullable=False),
    Column("at", DateTime, nullable=False),
    Column("offset", Integer, nullable=False),
    Column("day", Date, nullable=False),
    Column("target", LargeBinary(16)),
    Column("until", Date),
    Index(None, "card_id", "learner_id"),
    Index(None, "target"),
)
Table(
    "memory",
    _TABLES,
    Column("learner_id", Integer, ForeignKey("learner.id"), primary_key=True),
    Column("card_id", Integer, ForeignKey("card.id"), primary_key=True),
    Column("state", Integer, nullable=False),
    Column("step", Integer),
    Column("stability", Double),
    Column("difficulty", Double),
    Column("due", Date),
    Column("due_at", DateTime),
    Column("cause", String),
    Column("first_day", Date),
    Column("last_day", Date),
    Column("last_review", LargeBinary(16)),
    Column("reviews", Integer, nullable=False),
    Column("lapses", Integer, nullable=False),
    Column("agains", Integer, nullable=False),
    Column("expected_lapses", Double, nullable=False),
    Column("suspended", Boolean, nullable=False),
    Column("buried_until", Date),
    Index(None, "learner_id", "due"),
    Index(None, "learner_id", "last_day"),
)
Table(
    "review",
    _TABLES,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("uid", LargeBinary(16), nullable=False, unique=True),
    Column("learner_id", Integer, ForeignKey("learner.id"), nullable=False),
    Column("card_id", Integer, ForeignKey("card.id"), nullable=False),
    Column("kind", String, nullable=False),
    Column("rating", Integer, nullable=False),
    Column("at", DateTime, nullable=False),
    Column("offset", Integer, nullable=False),
    Column("day", Date, nullable=False),
    Column("duration", Integer, nullable=False),
    Column("state_before", Integer, nullable=False),
    Column("stability_before", Double),
    Column("difficulty_before", Double),
    Column("state_after", Integer, nullable=False),
    Column("stability_after", Double),
    Column("difficulty_after", Double),
    Index(None, "card_id", "learner_id"),
    Index(None, "learner_id", "day"),
)


def upgrade(connection: Connection) -> None:
    _TABLES.create_all(connection)
    connection.execute(_TABLES.tables["learner"].insert().values(name="me"))
