"""SQLite's index of the few cards whose text has gone."""

from __future__ import annotations

from sqlalchemy import Connection, text


def upgrade(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        few = "card (missing_since) WHERE missing_since IS NOT NULL"
        connection.execute(text(f"CREATE INDEX ix_card_missing_since ON {few}"))
