"""What mastery asks of all cards that it is told of, kept with each: whether its chapter's
questionnaire asks for it, and whether it was missed when it was last rated."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Connection, MetaData, Table, false, text
from sqlalchemy.schema import CreateColumn

_METADATA = MetaData()
_TABLES = (
    Table(
        "card",
        _METADATA,
        Column("in_questionnaire", Boolean, nullable=False, server_default=false()),
    ),
    Table("memory", _METADATA, Column("missed", Boolean, nullable=False, server_default=false())),
)
_ASKED = (
    "UPDATE card SET in_questionnaire = TRUE WHERE side <> 'reversed' AND note_id IN "
    "(SELECT id FROM note WHERE kind = 'question' AND CAST(tags AS VARCHAR) NOT LIKE '%\"apart\"%')"
)
_MISSED = (
    "UPDATE memory SET missed = TRUE WHERE EXISTS "
    "(SELECT 1 FROM review WHERE review.uid = memory.last_review AND rating = 1)"
)


def upgrade(connection: Connection) -> None:
    for table in _TABLES:
        for column in table.columns:
            spelled = CreateColumn(column).compile(dialect=connection.dialect)
            connection.execute(text(f"ALTER TABLE {table.name} ADD COLUMN {spelled}"))
    connection.execute(text(_ASKED))
    connection.execute(text(_MISSED))
