"""The learners of a database, told apart by their names."""

from __future__ import annotations

import hashlib
from unicodedata import normalize

from sqlalchemy import Connection, insert, select

from studyapp.errors import StudyError, printable
from studyapp.store import tables

FIRST = 1  # the one that every database is made with, who studies where no name is given
LONGEST = 40  # characters of a name
_LONGEST_FOLDER = 200  # bytes; a file system takes 255

learner = tables.learner.c


def checked(name: str) -> str:
    """A name as it is kept: trimmed, in composed characters.

    Raises StudyError unless it has 1 to 40 characters, all of them printable.
    """
    kept = normalize("NFC", name).strip()
    if not kept or len(kept) > LONGEST or not kept.isprintable():
        raise StudyError(
            f"{_shown(name)} is not a learner's name; give 1 to {LONGEST} printable characters."
        )
    return kept


def find(connection: Connection, name: str) -> int:
    """The id of the learner *name*, whatever the case. Raises StudyError if there is none."""
    name, known = checked(name), _known(connection)
    found = known.get(name.casefold())
    if found is None:
        names = ", ".join(one for one, _ in known.values())
        raise StudyError(
            f"There is no learner {_shown(name)}; known so far: {names}. --new makes a new one."
        )
    return found[1]


def make(connection: Connection, name: str) -> int:
    """Make a learner and return the id, in the caller's transaction.

    Raises StudyError if there is one of this name.
    """
    name, known = checked(name), _known(connection)
    if name.casefold() in known:
        raise StudyError(f"There is a learner {_shown(name)} already; leave out --new.")
    return connection.execute(
        insert(tables.learner).values(name=name).returning(learner.id)
    ).scalar_one()


def name_of(connection: Connection, *, learner: int) -> str:
    return connection.scalars(
        select(tables.learner.c.name).where(tables.learner.c.id == learner)
    ).one()


def as_folder(name: str) -> str:
    """A name for a folder that no other learner's name comes to, on any system."""
    kept = "".join(
        sign if sign.isalnum() or sign in " -_" else "".join(f"%{it:02X}" for it in sign.encode())
        for sign in name.casefold()
    )
    if len(kept.encode()) <= _LONGEST_FOLDER:
        return kept
    return f"{kept[:20]}%{hashlib.blake2b(name.casefold().encode(), digest_size=16).hexdigest()}"


def _known(connection: Connection) -> dict[str, tuple[str, int]]:
    """Name and id by the name in one case, in the order of the names."""
    rows = connection.execute(select(learner.name, learner.id).order_by(learner.name))
    return {name.casefold(): (name, number) for name, number in rows}


def _shown(name: str) -> str:
    text = printable(repr(name))
    return text if len(text) <= 60 else text[:57] + "…"
