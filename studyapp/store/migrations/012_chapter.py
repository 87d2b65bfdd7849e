"""Chapters of learners' own: two learners may have one of the same name, each with a title.

SQLite cannot change a constraint, so the table is made anew from its own text, whatever columns it
has by now; the rows that name a chapter wait for it until the end of the transaction.
"""

from __future__ import annotations

from sqlalchemy import Connection, text

from studyapp.errors import StoreError

_FORMER = "CONSTRAINT uq_chapter_pack_number UNIQUE (pack, number)"
_UNIQUE = "CONSTRAINT uq_chapter_pack_number_learner_id UNIQUE (pack, number, learner_id)"

_INDEXES = (
    "uq_chapter_deck ON chapter (pack, title, learner_id) WHERE number IS NULL",
    "uq_chapter_installed ON chapter (pack, number) WHERE learner_id IS NULL",
    "uq_chapter_installed_deck ON chapter (pack, title) "
    "WHERE number IS NULL AND learner_id IS NULL",
)


def upgrade(connection: Connection) -> None:
    connection.execute(text("DROP INDEX uq_chapter_deck"))
    if connection.dialect.name == "sqlite":
        _make_anew(connection)
    else:
        connection.execute(text("ALTER TABLE chapter DROP CONSTRAINT uq_chapter_pack_number"))
        connection.execute(text(f"ALTER TABLE chapter ADD {_UNIQUE}"))
    for index in _INDEXES:
        connection.execute(text(f"CREATE UNIQUE INDEX {index}"))


def _make_anew(connection: Connection) -> None:
    made = connection.scalar(text("SELECT sql FROM sqlite_master WHERE name = 'chapter'")) or ""
    if _FORMER not in made:
        raise StoreError("The table chapter is not as this program made it; nothing was changed.")
    connection.execute(text("PRAGMA defer_foreign_keys = ON"))
    connection.execute(text("CREATE TABLE former AS SELECT * FROM chapter"))
    connection.execute(text("DROP TABLE chapter"))
    connection.execute(text(made.replace(_FORMER, _UNIQUE)))
    connection.execute(text("INSERT INTO chapter SELECT * FROM former"))
    connection.execute(text("DROP TABLE former"))
