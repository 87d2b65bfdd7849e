"""Notes as in the book, in an index; and SQLite's own of the few cards that are not in review."""

from __future__ import annotations

from sqlalchemy import Connection, text


def upgrade(connection: Connection) -> None:
    connection.execute(text("DROP INDEX IF EXISTS ix_note_chapter_id"))
    connection.execute(
        text("CREATE INDEX ix_note_chapter_id_path_line ON note (chapter_id, path, line)")
    )
    if connection.dialect.name == "sqlite":
        few = "memory (learner_id, card_id) WHERE state <> 2"
        connection.execute(text(f"CREATE INDEX ix_memory_state ON {few}"))
