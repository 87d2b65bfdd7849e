"""What ticks propose: a pure function, on tables."""

from __future__ import annotations

import pytest

from studyapp.memory.state import Rating
from studyapp.notes.note import Point
from studyapp.study.grading import complete, propose

CORE, EXTRA = Point("core"), Point("extra", extra=True)


@pytest.mark.parametrize(
    ("points", "ticked", "need", "proposed"),
    [
        ([CORE, CORE], set(), None, None),
        ([CORE, CORE], {0}, None, Rating.AGAIN),
        ([CORE, CORE], {0, 1}, None, Rating.GOOD),
        ([CORE, EXTRA], {0}, None, Rating.GOOD),
        ([CORE, EXTRA], {1}, None, Rating.AGAIN),
        ([EXTRA, EXTRA], {0}, None, Rating.GOOD),
        ([CORE] * 9, {0, 1, 2, 3}, 5, Rating.AGAIN),
        ([CORE] * 9, {0, 2, 4, 6, 8}, 5, Rating.GOOD),
        ([CORE] * 3, {0, 1, 2}, 5, Rating.GOOD),
        ([], set(), None, None),
    ],
)
def test_proposals(
    points: list[Point], ticked: set[int], need: int | None, proposed: Rating | None
) -> None:
    assert propose(points, ticked, need) is proposed
    if ticked:
        assert complete(points, ticked, need) is (proposed is Rating.GOOD)
