"""The learner's own reviews for an experiment that is about them: as numbers, without names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studyapp.lab.catalog import Declaration

if TYPE_CHECKING:
    from studyapp.study.desk import Desk


def packed(desk: Desk, lesson: Declaration) -> bytes | None:
    """What the lesson's process gets of the desk's learner: the reviews that a fit would read, or
    None if the lesson gets none. To be called in a thread that may wait: it loads NumPy."""
    if not lesson.is_given_reviews:
        return None
    from studyapp.lab import memory
    from studyapp.study.fit import own

    with desk.reading() as connection:
        return memory.pack(own.read(connection, learner=desk.learner).reviews)
