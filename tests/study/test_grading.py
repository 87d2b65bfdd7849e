"""What ticks propose: a pure function, on tables."""

from __future__ import annotations

import pytest

from studyapp.memory.state import Rating
from studyapp.notes.note import Point
from studyapp.study.grading import complete, partly, propose, worth_typing

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


@pytest.mark.parametrize(
    ("points", "ticked", "need", "is_partly"),
    [
        ([CORE, CORE], set(), None, False),
        ([CORE, CORE], {0}, None, True),
        ([CORE, CORE], {0, 1}, None, False),
        ([CORE, EXTRA], {1}, None, False),
        ([CORE] * 3, {0}, 2, True),
        ([CORE] * 3, {0, 2}, 2, False),
        ([], set(), None, False),
    ],
)
def test_partly_is_some_of_a_full_answer_and_not_all(
    points: list[Point], ticked: set[int], need: int | None, is_partly: bool
) -> None:
    assert partly(points, ticked, need) is is_partly


@pytest.mark.parametrize(
    ("points", "stability", "is_worth_it"),
    [
        ([CORE, CORE], 6.9, True),
        ([CORE, CORE], 7.0, False),
        ([CORE, CORE], None, False),
        ([CORE, EXTRA], 1.0, False),
        ([], 1.0, False),
    ],
)
def test_typing_is_worth_it_for_several_points_that_are_not_firm(
    points: list[Point], stability: float | None, is_worth_it: bool
) -> None:
    assert worth_typing(points, stability) is is_worth_it
