"""The lab: what the learner thought had happened in a run, before they read its meaning."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Connection, MetaData, String, Table, text
from sqlalchemy.schema import CreateColumn

_RUN = Table(
    "run",
    MetaData(),
    Column("explanation", String),
    Column("explanation_ticked", JSON),
)


def upgrade(connection: Connection) -> None:
    for column in _RUN.columns:
        spelled = CreateColumn(column).compile(dialect=connection.dialect)
        connection.execute(text(f"ALTER TABLE run ADD COLUMN {spelled}"))
