"""What ticks propose: a pure function, on tables."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studyapp.memory.clock import study_day
from studyapp.memory.scheduler import Parameters
from studyapp.memory.state import Memory, Rating, State
from studyapp.notes.note import Point
from studyapp.study.grading import complete, lapses_partly, partly, propose, worth_typing
from studyapp.study.review import preview

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
        ([], set(), None, Rating.GOOD),
    ],
)
def test_proposals(
    points: list[Point], ticked: set[int], need: int | None, proposed: Rating | None
) -> None:
    assert propose(points, ticked, need) is proposed
    if ticked or not points:
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


@pytest.mark.parametrize("state", list(State))
def test_only_a_card_in_review_lapses_partly(state: State) -> None:
    assert lapses_partly(state, [CORE, CORE], {0}) is (state is State.REVIEW)
    assert not lapses_partly(state, [CORE, CORE], {0, 1})


@given(
    st.lists(st.tuples(st.sampled_from(Rating), st.integers(0, 90)), max_size=8),
    st.sets(st.integers(0, 2)),
)
def test_no_button_names_a_longer_time_than_the_next(
    history: list[tuple[Rating, int]], ticked: set[int]
) -> None:
    memory, now, parameters = Memory(), datetime(2026, 1, 1, 9, tzinfo=UTC), Parameters()
    for rating, days in history:
        memory = preview(memory, rating, now, b"card", parameters)
        now += timedelta(days=days, minutes=11)
    halfway = lapses_partly(memory.state, [CORE] * 3, ticked)
    tomorrow = study_day(now) + timedelta(days=1) if halfway else None
    first = preview(memory, Rating.AGAIN, now, b"card", parameters, due_on=tomorrow)
    others = [
        preview(memory, one, now, b"card", parameters) for one in Rating if one is not Rating.AGAIN
    ]
    waits = [_falls_due(one) for one in (first, *others)]
    assert waits == sorted(waits)


def _falls_due(memory: Memory) -> tuple[date, datetime]:
    """A step of today falls due at its time, and before all that comes on a later day."""
    assert memory.due is not None
    return memory.due, memory.due_at or datetime.max.replace(tzinfo=UTC)


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
