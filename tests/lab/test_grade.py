"""Grading, as RULES says: inside is right, apart is wrong, all else is unresolved."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studyapp.errors import SettingError
from studyapp.lab.grade import (
    Scores,
    Verdict,
    check_answer,
    grade,
    guessing,
    held,
    score,
    scores,
)
from studyapp.lab.protocol import Choice, Fact, Question

RIGHT, WRONG, UNRESOLVED = Verdict.RIGHT, Verdict.WRONG, Verdict.UNRESOLVED
SAME = Question(
    "Lower, the same or higher?",
    "choice",
    "gap",
    (Choice("lower", high=-1), Choice("the same", -1, 1), Choice("higher", 1)),
)
RANGE = Question("How many?", "number", "gap")
ARMS = Question(
    "Which wins?",
    "arms",
    "gap_b",
    (Choice("a", 0, fact="gap_a"), Choice("b", 0, fact="gap_b"), Choice("c", fact="gap_c")),
)


def fact(
    low: float | None, high: float | None, name: str = "gap", method: str = "student t"
) -> Fact:
    value = 0.0 if low is None or high is None else (low + high) / 2
    return Fact(name, value, "points", low, high, 8, method, "8 draws")


@pytest.mark.parametrize(
    ("low", "high", "lower", "same", "higher"),
    [
        (3.9, 5.5, WRONG, WRONG, RIGHT),
        (-4.3, -1.9, RIGHT, WRONG, WRONG),
        (-0.2, 0.8, WRONG, RIGHT, WRONG),
        (0.5, 1.5, WRONG, UNRESOLVED, UNRESOLVED),
        (-1.5, 0, UNRESOLVED, UNRESOLVED, WRONG),
        (-2, 2, UNRESOLVED, UNRESOLVED, UNRESOLVED),
        (1, 2, WRONG, WRONG, RIGHT),  # touches "the same" and lies inside "higher"
        (-1, 1, WRONG, RIGHT, WRONG),
        (1, 1, WRONG, RIGHT, WRONG),  # the shared end belongs to the choice named first
        (-1, -1, RIGHT, WRONG, WRONG),
        (None, None, UNRESOLVED, UNRESOLVED, UNRESOLVED),  # one seed
    ],
)
def test_choices(low: float, high: float, lower: Verdict, same: Verdict, higher: Verdict) -> None:
    graded = [grade(SAME, choice.text, [fact(low, high)]) for choice in SAME.choices]
    assert graded == [lower, same, higher]


@pytest.mark.parametrize(
    ("answer", "low", "high", "expected"),
    [
        ((2, 8), 3.9, 5.5, RIGHT),
        ((3.9, 5.5), 3.9, 5.5, RIGHT),
        ((4, 8), 3.9, 5.5, UNRESOLVED),
        ((4, 5), 3.9, 5.5, UNRESOLVED),
        ((6, 8), 3.9, 5.5, WRONG),
        ((-1, 3), 3.9, 5.5, WRONG),
        ((0, 1), None, None, UNRESOLVED),
    ],
)
def test_ranges(answer: tuple[float, float], low: float, high: float, expected: Verdict) -> None:
    assert grade(RANGE, answer, [fact(low, high)]) is expected


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ((2, 5), (-5, -2), [RIGHT, WRONG]),
        ((-1, 4), (-4, 1), [UNRESOLVED, UNRESOLVED]),
        ((0, 4), (-4, 0), [UNRESOLVED, UNRESOLVED]),
        ((0, 0), (0, 0), [UNRESOLVED, UNRESOLVED]),  # a tie: nobody wins
    ],
)
def test_arms(a: tuple[float, float], b: tuple[float, float], expected: list[Verdict]) -> None:
    facts = [fact(*a, name="gap_a"), fact(*b, name="gap_b"), fact(-9, -8, name="gap_c")]
    assert [grade(ARMS, name, facts) for name in "abc"] == [*expected, WRONG]


@pytest.mark.parametrize("method", ["census", "exact"])
def test_a_census_is_a_point(method: str) -> None:
    assert grade(SAME, "the same", [fact(None, None, method=method)]) is RIGHT
    assert grade(SAME, "higher", [fact(None, None, method=method)]) is WRONG
    assert grade(RANGE, (-1, 1), [fact(None, None, method=method)]) is RIGHT


def test_a_missing_fact_settles_nothing() -> None:
    assert grade(SAME, "higher", []) is UNRESOLVED
    assert grade(ARMS, "b", [fact(1, 2)]) is UNRESOLVED


intervals = st.tuples(st.floats(-5, 5), st.floats(-5, 5)).map(lambda pair: tuple(sorted(pair)))


@given(intervals)
def test_at_most_one_choice_is_right_and_then_the_others_are_wrong(
    interval: tuple[float, float],
) -> None:
    grades = [grade(SAME, choice.text, [fact(*interval)]) for choice in SAME.choices]
    assert grades.count(RIGHT) <= 1
    assert RIGHT not in grades or grades.count(WRONG) == 2
    assert grades.count(WRONG) < 3


@given(intervals, intervals, intervals)
def test_a_narrower_interval_never_turns_right_into_wrong(
    outer: tuple[float, float], inner: tuple[float, float], answer: tuple[float, float]
) -> None:
    low, high = max(outer[0], inner[0]), min(outer[1], inner[1])
    if low <= high:
        before = grade(RANGE, answer, [fact(*outer)])
        assert before in (UNRESOLVED, grade(RANGE, answer, [fact(low, high)]))


@pytest.mark.parametrize(
    ("question", "answer", "message"),
    [
        (SAME, "faster", "faster is not an answer; it must be “lower” or “the same” or “higher”"),
        (SAME, (1.0, 2.0), "is not an answer"),
        (RANGE, "higher", "is not a range"),
        (RANGE, (2.0, 1.0), "is not a range"),
        (RANGE, (0.0, math.nan), "is not a range"),
    ],
)
def test_an_answer_to_another_question_is_refused(
    question: Question, answer: str | tuple[float, float], message: str
) -> None:
    with pytest.raises(SettingError, match=message):
        grade(question, answer, [fact(1, 2)])


@pytest.mark.parametrize("confidence", [0.33, 1 / 3, 0.8, 1])
def test_confidence_runs_from_guessing_to_certainty(confidence: float) -> None:
    check_answer(SAME, "lower", confidence)


@pytest.mark.parametrize("confidence", [0, 0.32, 1.01, math.nan])
def test_no_other_confidence_is_taken(confidence: float) -> None:
    with pytest.raises(SettingError, match="must be from 33% to 100%"):
        check_answer(SAME, "lower", confidence)


def test_scores() -> None:
    assert score(0.8, RIGHT) == pytest.approx(0.04)
    assert score(0.8, WRONG) == pytest.approx(0.64)
    assert score(0.8, UNRESOLVED) is None
    assert guessing(3) == pytest.approx(2 / 9)
    predictions = [(0.8, 3, RIGHT)] * 15 + [(0.8, 2, WRONG)] * 4 + [(0.9, 2, UNRESOLVED)] * 30
    assert scores(predictions[-30:]) == Scores(None, None, 0, 0, 0)
    assert scores(predictions[:1]) == Scores(pytest.approx(0.04), pytest.approx(2 / 9), 1, 1, 0.8)
    few, made = scores(predictions), scores([*predictions, (0.8, 2, WRONG)])
    assert ((few.n, few.few), (made.n, made.few)) == ((19, True), (20, False))
    assert made.mean == pytest.approx((15 * 0.04 + 5 * 0.64) / 20)
    assert made.guessing == pytest.approx((15 * 2 / 9 + 5 / 4) / 20)


@given(st.integers(2, 9), st.floats(0, 1))
def test_guessing_is_what_a_guess_scores_on_average(k: int, confidence: float) -> None:
    expected = score(confidence, RIGHT) / k + score(confidence, WRONG) * (1 - 1 / k)  # type: ignore[operator]
    assert guessing(k) <= expected + 1e-12  # saying 1/k is the best that a guesser can do
    assert score(1 / k, RIGHT) / k + score(1 / k, WRONG) * (1 - 1 / k) == pytest.approx(guessing(k))  # type: ignore[operator]


def test_ranges_held() -> None:
    assert held([RIGHT] * 9 + [WRONG] * 5 + [UNRESOLVED] * 3) == (9, 14)
    assert held([]) == (0, 0)
