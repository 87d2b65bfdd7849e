"""Questionnaires and the tracker: attempts, sections with progress, lecture moments, sights."""

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
    text,
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
for _name in ("learner", "chapter", "section", "note"):
    Table(_name, _TABLES, Column("id", Integer, primary_key=True))

_NEW = [
    Table(
        "moment",
        _TABLES,
        Column("id", Integer, primary_key=True),
        Column("chapter_id", Integer, ForeignKey("chapter.id"), nullable=False),
        Column("section_id", Integer, ForeignKey("section.id")),
        Column("lecture", Integer, nullable=False),
        Column("seconds", Integer, nullable=False),
        Column("title", String, nullable=False),
        Column("text", String, nullable=False),
        Column("video", String),
        Index(None, "section_id"),
    ),
    Table(
        "section_progress",
        _TABLES,
        Column("learner_id", Integer, ForeignKey("learner.id"), primary_key=True),
        Column("section_id", Integer, ForeignKey("section.id"), primary_key=True),
        Column("started_at", DateTime),
        Column("done_at", DateTime),
        Column("familiarity", Integer),
        Column("text", String, nullable=False),
    ),
    Table(
        "attempt",
        _TABLES,
        Column("id", Integer, primary_key=True),
        Column("uid", LargeBinary(16), nullable=False, unique=True),
        Column("learner_id", Integer, ForeignKey("learner.id"), nullable=False),
        Column("chapter_id", Integer, ForeignKey("chapter.id"), nullable=False),
        Column("pretest", Boolean, nullable=False),
        Column("started_at", DateTime, nullable=False),
        Column("offset", Integer, nullable=False),
        Column("finished_at", DateTime),
        Column("note_id", Integer, ForeignKey("note.id")),
        Index(None, "learner_id", "chapter_id"),
    ),
    Table(
        "response",
        _TABLES,
        Column("id", Integer, primary_key=True),
        Column("learner_id", Integer, ForeignKey("learner.id"), nullable=False),
        Column("attempt_id", Integer, ForeignKey("attempt.id"), nullable=False),
        Column("note_id", Integer, ForeignKey("note.id"), nullable=False),
        Column("text", String, nullable=False),
        Column("ticked", JSON, nullable=False),
        Column("points", Integer, nullable=False),
        Column("hits", Integer, nullable=False),
        Column("confidence", Double),
        Column("flagged", Boolean, nullable=False),
        Column("revealed_at", DateTime),
        Column("grade", String),
        Column("graded_at", DateTime),
        Column("entries", JSON, nullable=False),
        Column("changed_at", DateTime, nullable=False),
        UniqueConstraint("attempt_id", "note_id"),
        Index(None, "learner_id", "note_id"),
        Index(None, "learner_id", "graded_at"),
    ),
    Table(
        "sight",
        _TABLES,
        Column("learner_id", Integer, ForeignKey("learner.id"), primary_key=True),
        Column("lesson", String, primary_key=True),
        Column("at", DateTime, nullable=False),
    ),
]


def upgrade(connection: Connection) -> None:
    _TABLES.create_all(connection, tables=_NEW)
    connection.execute(
        text(
            "ALTER TABLE card ADD COLUMN section_id INTEGER "
            "CONSTRAINT fk_card_section_id REFERENCES section (id)"
        )
    )
    # The sections of the cards come with the content, which is read again at once.
    connection.execute(text("DELETE FROM root"))
