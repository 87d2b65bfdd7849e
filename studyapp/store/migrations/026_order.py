"""Indexes that have memories in the orders in which they are browsed; SQLite's own of cards."""

from __future__ import annotations

from sqlalchemy import Connection, text

_INDEXES = (
    "ix_memory_stability_difficulty_reviews_learner_id_card_id ON memory "
    "(stability, difficulty, reviews, learner_id, card_id)",
    "ix_memory_lapses_learner_id_card_id ON memory (lapses, learner_id, card_id)",
)


def upgrade(connection: Connection) -> None:
    for index in _INDEXES:
        connection.execute(text(f"CREATE INDEX {index}"))
    if connection.dialect.name == "sqlite":
        there = "card (id) WHERE missing_since IS NULL AND position > -1"
        connection.execute(text(f"CREATE INDEX ix_card_there ON {there}"))
