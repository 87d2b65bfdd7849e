"""SQLite's indexes for what is browsed by: tags, and the few cards that are suspended,
buried or slip."""

from __future__ import annotations

from sqlalchemy import Connection, text

_INDEXES = (
    "ix_note_tags ON note (tags)",
    "ix_memory_lapses ON memory (learner_id, card_id) WHERE lapses >= 4 OR agains >= 4",
    "ix_memory_suspended ON memory (learner_id, card_id) WHERE suspended IS 1",
    "ix_memory_buried_until ON memory (learner_id, buried_until) WHERE buried_until IS NOT NULL",
)


def upgrade(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        for index in _INDEXES:
            connection.execute(text(f"CREATE INDEX {index}"))
