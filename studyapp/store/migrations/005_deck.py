"""Decks: chapters with a name and no number.

SQLite cannot take NOT NULL from a column, so the table is made anew from its own text, whatever
columns it has by now; the rows that name a chapter wait for it until the end of the transaction.
"""

from __future__ import annotations

from sqlalchemy import Connection, text

from studyapp.errors import StoreError

_NEEDED, _OPTIONAL = "number INTEGER NOT NULL", "number INTEGER"


def upgrade(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        _make_anew(connection)
    else:
        connection.execute(text("ALTER TABLE chapter ALTER COLUMN number DROP NOT NULL"))
    connection.execute(
        text("CREATE UNIQUE INDEX uq_chapter_deck ON chapter (pack, title) WHERE number IS NULL")
    )


def _make_anew(connection: Connection) -> None:
    made = connection.scalar(text("SELECT sql FROM sqlite_master WHERE name = 'chapter'")) or ""
    if _NEEDED not in made:
        raise StoreError("The table chapter is not as this program made it; nothing was changed.")
    connection.execute(text("PRAGMA defer_foreign_keys = ON"))
    connection.execute(text("CREATE TABLE former AS SELECT * FROM chapter"))
    connection.execute(text("DROP TABLE chapter"))
    connection.execute(text(made.replace(_NEEDED, _OPTIONAL)))
    connection.execute(text("INSERT INTO chapter SELECT * FROM former"))
    connection.execute(text("DROP TABLE former"))
