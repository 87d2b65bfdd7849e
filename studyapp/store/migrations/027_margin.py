"""Learners whose memories are to be folded anew: all that have any, since an interval counts, too,
that is longer than the fuzz could draw, to be apart from that of a worse rating."""

from __future__ import annotations

from sqlalchemy import Connection, text


def upgrade(connection: Connection) -> None:
    marked = "SELECT learner_id FROM stale"
    connection.execute(
        text(
            "INSERT INTO stale SELECT DISTINCT learner_id, 'margin' FROM memory "
            f"WHERE learner_id NOT IN ({marked})"
        )
    )
