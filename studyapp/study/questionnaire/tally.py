"""What an attempt has come to so far."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from studyapp.study.grading import Grade, told
from studyapp.study.questionnaire.attempt import Asked


@dataclass(frozen=True, slots=True)
class Tally:
    """Grades of an attempt. `said` of `wanted` core points were said in the `ticked` answers.

    `skipped` are the questions without a grade, `flagged` those to come back to: numbers from 1.
    """

    grades: dict[Grade, int]
    said: int
    wanted: int
    ticked: int
    skipped: tuple[int, ...]
    flagged: tuple[int, ...]


def tally(questions: Sequence[Asked]) -> Tally:
    """Count what was judged."""
    said = wanted = ticked = 0
    for one in questions:
        if one.grade is not None:
            hits, full = told(one.face.points, one.ticked, one.note.need, one.grade)
            said, wanted, ticked = said + hits, wanted + full, ticked + bool(full)
    return Tally(
        dict(Counter(one.grade for one in questions if one.grade is not None)),
        said,
        wanted,
        ticked,
        tuple(number for number, one in enumerate(questions, 1) if one.grade is None),
        tuple(number for number, one in enumerate(questions, 1) if one.flagged),
    )
