"""Imported reviews tell what was remembered, too: what is kept of days is counted anew."""

from __future__ import annotations

from sqlalchemy import Connection, text


def upgrade(connection: Connection) -> None:
    connection.execute(text("DELETE FROM tally"))
