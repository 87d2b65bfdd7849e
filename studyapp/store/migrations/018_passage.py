"""What notes say, folded to be searched, with SQLite's index of it.

The passages are made of the notes when the content is read next, which is now: no folder counts as
read any more.
"""

from __future__ import annotations

from sqlalchemy import (
    Column,
    Connection,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    text,
)

_METADATA = MetaData(
    naming_convention={
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)
_NOTE = Table("note", _METADATA, Column("id", Integer, primary_key=True))
_PASSAGE = Table(
    "passage",
    _METADATA,
    Column("id", Integer, primary_key=True),
    Column("note_id", Integer, ForeignKey("note.id"), nullable=False),
    Column("key", String, nullable=False),
    Column("question", String, nullable=False),
    Column("rest", String, nullable=False),
    UniqueConstraint("note_id", "key"),
)


def _knows_trigrams(connection: Connection) -> bool:
    """Else what is searched is looked through."""
    if connection.dialect.name != "sqlite":
        return False
    return bool(connection.scalar(text("SELECT sqlite_compileoption_used('ENABLE_FTS5')")))


def upgrade(connection: Connection) -> None:
    _PASSAGE.create(connection)
    if _knows_trigrams(connection):
        connection.execute(
            text(
                "CREATE VIRTUAL TABLE passage_index USING fts5(question, rest, content='passage', "
                "content_rowid='id', tokenize='trigram case_sensitive 1', detail=none)"
            )
        )
    connection.execute(text("UPDATE root SET stamp = 'as of before'"))
