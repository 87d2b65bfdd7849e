"""Whether content files have changed since they were read; light, as every start asks it."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import Connection, or_, select

from studyapp.notes.folder import files
from studyapp.notes.variant import beside
from studyapp.store import tables

_DERIVATION = "3"  # raise it when the cards made from the same text change


def is_current(connection: Connection, roots: Sequence[Path], *, whose: int | None = None) -> bool:
    """Whether the database has read exactly these *roots* as they now are; own ones of others than
    the learner *whose* they are do not count."""
    root = tables.root.c
    kept = dict(
        connection.execute(
            select(root.path, root.stamp).where(
                or_(root.learner_id.is_(None), root.learner_id == whose)
            )
        ).all()
    )
    return kept == {str(root): fingerprint(root) for root in roots}


def fingerprint(root: Path) -> str:
    """Changes whenever a content file below *root* does; empty if there is no such folder."""
    if not root.is_dir():
        return ""
    digest, above = hashlib.blake2b(_DERIVATION.encode(), digest_size=16), os.path.join(root, "")
    for path in map(os.fspath, files(root)):  # a Path for each step would take most of the time
        for one in (path, beside(path)):
            try:
                stat = os.stat(one)
                told = f"{stat.st_size}\0{stat.st_mtime_ns}"
            except OSError:  # nothing beside it, a link that leads nowhere, or it has just gone
                told = ""
            name = f"{one.removeprefix(above)}\0{told}\n"
            digest.update(name.encode("utf-8", "surrogateescape"))
    return digest.hexdigest()
