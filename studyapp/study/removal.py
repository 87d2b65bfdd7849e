"""Delete notes of the learner's own, many at once.

What is deleted is text in files; the cards go with it, out of every queue, and their log stays. So
it comes back with all that was known of it, from here, from a backup, or written anew with its id:
the texts alone come back, into the file as it is by then.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

from studyapp.study import rewriting, words
from studyapp.study.desk import Desk
from studyapp.study.rewriting import Rewriting

WHAT = "deletion"  # in a record


def remove(desk: Desk, notes: Collection[int], *, kept: bool = True) -> Rewriting:
    """Delete those of *notes* that are the learner's own, all or none (`rewriting.rewrite`), and a
    file with them that has no other. A later session can put them back if that is *kept*."""
    from studyapp.notes import amendment

    def text_of(path: Path, rows: Sequence[Any]) -> str | None:
        return amendment.left(path, [row.name for row in rows])

    with desk.reading() as connection:
        mine = rewriting.own(connection, notes, learner=desk.learner)
    return rewriting.rewrite(desk, mine, text_of, back_of, {"kind": WHAT} if kept else None)


def back_of(path: Path, rows: Sequence[Any], before: bytes) -> str:
    """What a file is to say that has notes again which were deleted."""
    from studyapp.notes import amendment

    return amendment.restored(path, before, [row.name for row in rows])


def told(removed: Rewriting, undo: str) -> str:
    """What was deleted, as the learner reads it; *undo* is the key that takes it back."""
    them = "it" if removed.notes == 1 else "them"
    return f"Deleted: {words.count(removed.notes, 'note')}; {undo} puts {them} back."
