"""Fronts of several parts, and when a card was rated or known before each of its reviews.

The latter is a cache of the fold, so reviews of before are given what their log says in stamps.
"""

from __future__ import annotations

from sqlalchemy import Column, Connection, Date, MetaData, String, Table, text
from sqlalchemy.schema import CreateColumn

_TABLES = MetaData()
_ADDED = (
    Table("note", _TABLES, Column("front", String)),
    Table("review", _TABLES, Column("last_day_before", Date)),
)

_COUNTS = (
    "NOT EXISTS (SELECT 1 FROM event taken WHERE taken.target = entry.uid"
    " AND taken.kind = 'retract')"
)
_ENTRY = "SELECT uid, learner_id, card_id, epoch, stamp, CASE WHEN {counts} THEN {day} END AS day"
_ENTRIES = (
    _ENTRY.format(counts=f"kind <> 'cram' AND {_COUNTS}", day="effective_day")
    + " FROM review entry UNION ALL "
    + _ENTRY.format(counts=_COUNTS, day="day")
    + " FROM event entry WHERE kind = 'know'"
)
# Read once: where each review looks for those before it, SQLite may go through all of a learner's.
_BEFORE = (
    "SELECT uid, max(day) OVER (PARTITION BY learner_id, card_id ORDER BY epoch, stamp, uid"
    f" ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS day FROM ({_ENTRIES}) entries"
)


def upgrade(connection: Connection) -> None:
    for table in _ADDED:
        for column in table.columns:
            spelled = CreateColumn(column).compile(dialect=connection.dialect)
            connection.execute(text(f"ALTER TABLE {table.name} ADD COLUMN {spelled}"))
    connection.execute(
        text(
            f"UPDATE review SET last_day_before = former.day FROM ({_BEFORE}) former"
            " WHERE former.uid = review.uid"
        )
    )
