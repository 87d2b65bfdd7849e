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
    "NOT EXISTS (SELECT 1 FROM event taken WHERE taken.target = former.uid"
    " AND taken.kind = 'retract')"
)
_BEFORE = (
    "SELECT max(former.{day}) FROM {table} former"
    " WHERE former.card_id = review.card_id AND former.learner_id = review.learner_id"
    " AND former.kind {kind} AND (former.epoch < review.epoch OR (former.epoch = review.epoch"
    " AND (former.stamp < review.stamp OR (former.stamp = review.stamp"
    f" AND former.uid < review.uid)))) AND {_COUNTS}"
)
_RATED = _BEFORE.format(day="effective_day", table="review", kind="<> 'cram'")
_KNOWN = _BEFORE.format(day="day", table="event", kind="= 'know'")
_IS_KNOWN = "card_id IN (SELECT card_id FROM event WHERE kind = 'know')"


def upgrade(connection: Connection) -> None:
    for table in _ADDED:
        for column in table.columns:
            spelled = CreateColumn(column).compile(dialect=connection.dialect)
            connection.execute(text(f"ALTER TABLE {table.name} ADD COLUMN {spelled}"))
    connection.execute(text(f"UPDATE review SET last_day_before = ({_RATED})"))
    later = f"(last_day_before IS NULL OR ({_KNOWN}) > last_day_before)"
    connection.execute(
        text(f"UPDATE review SET last_day_before = ({_KNOWN}) WHERE {_IS_KNOWN} AND {later}")
    )
