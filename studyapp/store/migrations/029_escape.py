"""What Markdown has escaped is found by how it is shown: its lines are added to what is searched.

They are made of what is there, as to read all content anew would take minutes where there is much.
"""

from __future__ import annotations

from sqlalchemy import Connection, or_, select

from studyapp.notes.letters import folded
from studyapp.notes.plaintext import shown_otherwise
from studyapp.store.migrations.searched import PASSAGE, rewrite


def upgrade(connection: Connection) -> None:
    columns = (PASSAGE.c.question, PASSAGE.c.rest)
    may = (of.contains(sign, autoescape=True) for of in columns for sign in ("\\", "&"))
    ids = connection.scalars(select(PASSAGE.c.id).where(or_(*may))).all()
    rewrite(connection, ids, _found_by)


def _found_by(said: str) -> str:
    return "\n".join([said, *map(folded, shown_otherwise(said))])
