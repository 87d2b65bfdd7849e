"""Grades a prediction against measured facts, and scores the ones that are resolved. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from studyapp.errors import SettingError, printable
from studyapp.lab.protocol import Choice, Fact, Question

EXACT = ("census", "exact")  # methods whose figures need no interval
FEW = 20  # scored predictions below which their mean is mostly luck

Answer: TypeAlias = str | tuple[float, float]
"""The text of a choice, or an 80% range (low, high)."""


class Verdict(StrEnum):
    RIGHT = "right"
    WRONG = "wrong"
    UNRESOLVED = "unresolved"


def check_answer(question: Question, answer: Answer, confidence: float | None = None) -> None:
    """Raise SettingError unless *answer* fits the question.

    *confidence* in a choice of k lies between 1/k (guessing) and 1; a range has none, it is 80%.
    """
    if question.kind == "number":
        if isinstance(answer, str) or not all(map(math.isfinite, answer)) or answer[0] > answer[1]:
            raise SettingError(f"{answer!r} is not a range; give two numbers, the lower one first.")
        return
    texts = [choice.text for choice in question.choices]
    if answer not in texts:
        shown = printable(str(answer))
        listed = " or ".join(f"“{text}”" for text in texts)
        raise SettingError(f"{shown} is not an answer; it must be {listed}.")
    guess = 1 / len(texts)
    # a confidence typed as 33% in a choice of three means guessing
    if confidence is not None and not math.floor(guess * 100) / 100 <= confidence <= 1:
        raise SettingError(
            f"confidence = {confidence:.0%} is not allowed; it must be from {guess:.0%} to 100%."
        )


def grade(question: Question, answer: Answer, facts: Sequence[Fact]) -> Verdict:
    """Return whether the answer is right, wrong, or not settled by the facts (RULES: Predictions).

    A fact that is missing, or has no interval without being exact, settles nothing.
    Raises SettingError for an answer that does not fit the question.
    """
    check_answer(question, answer)
    if not isinstance(answer, str):
        return _grade_range(answer, interval(question.fact, facts))
    chosen = next(choice for choice in question.choices if choice.text == answer)
    if question.kind == "arms":
        return _grade_arm(chosen, interval(chosen.fact or question.fact, facts))
    return _grade_choice(question, chosen, facts)


def _grade_range(answer: tuple[float, float], measured: tuple[float, float] | None) -> Verdict:
    if measured is None:
        return Verdict.UNRESOLVED
    if answer[0] <= measured[0] and measured[1] <= answer[1]:
        return Verdict.RIGHT
    apart = measured[1] < answer[0] or answer[1] < measured[0]
    return Verdict.WRONG if apart else Verdict.UNRESOLVED


def _grade_arm(chosen: Choice, measured: tuple[float, float] | None) -> Verdict:
    """Grade one of several arms: a difference of exactly 0 is a tie, which nobody wins."""
    if measured is None:
        return Verdict.UNRESOLVED
    low = 0.0 if chosen.low is None else chosen.low
    if measured[0] > low:
        return Verdict.RIGHT
    return Verdict.WRONG if measured[1] < low else Verdict.UNRESOLVED


def _grade_choice(question: Question, chosen: Choice, facts: Sequence[Fact]) -> Verdict:
    """Grade a choice among ranges that may share an end: there, the one named first is true."""
    measured = interval(chosen.fact or question.fact, facts)
    if measured is None:
        return Verdict.UNRESOLVED
    for choice in question.choices:
        own = interval(choice.fact or question.fact, facts)
        if own is not None and _range(choice)[0] <= own[0] and own[1] <= _range(choice)[1]:
            return Verdict.RIGHT if choice is chosen else Verdict.WRONG
    low, high = _range(chosen)
    return Verdict.WRONG if measured[1] < low or high < measured[0] else Verdict.UNRESOLVED


def _range(choice: Choice) -> tuple[float, float]:
    return (
        -math.inf if choice.low is None else choice.low,
        math.inf if choice.high is None else choice.high,
    )


def interval(name: str, facts: Sequence[Fact]) -> tuple[float, float] | None:
    """Return the interval of a fact, both ends its value if it is exact; None if it has none."""
    for fact in facts:
        if fact.name == name:
            if fact.low is not None and fact.high is not None:
                return fact.low, fact.high
            return (fact.value, fact.value) if fact.method in EXACT else None
    return None


@dataclass(frozen=True, slots=True)
class Scores:
    """How well confidence fitted: the mean of (p - hit)² over n predictions, lower is better.

    `guessing` is what saying 1/k each time would score; both are None of none. `hits` were right,
    and `promised` is how many the confidences, added up, said would be.
    """

    mean: float | None
    guessing: float | None
    n: int
    hits: int
    promised: float

    @property
    def few(self) -> bool:
        """Whether the mean may be luck."""
        return self.n < FEW


def score(confidence: float, grade: Verdict) -> float | None:
    """Return (p - hit)² (Brier 1950), None if unresolved."""
    return None if grade is Verdict.UNRESOLVED else _brier(confidence, grade)


def _brier(confidence: float, grade: Verdict) -> float:
    return (confidence - (grade is Verdict.RIGHT)) ** 2


def guessing(choices: int) -> float:
    """Return the expected score of picking one of k at random and saying 1/k: (1/k)(1 - 1/k)."""
    return (1 / choices) * (1 - 1 / choices)


def scores(predictions: Sequence[tuple[float, int, Verdict]]) -> Scores:
    """Score (confidence, number of choices, grade) of each prediction; unresolved ones are out."""
    kept = [one for one in predictions if one[2] is not Verdict.UNRESOLVED]
    n, hits = len(kept), sum(graded is Verdict.RIGHT for _, _, graded in kept)
    promised = math.fsum(confidence for confidence, _, _ in kept)
    if not n:
        return Scores(None, None, n, hits, promised)
    mean = math.fsum(_brier(confidence, graded) for confidence, _, graded in kept) / n
    guesses = math.fsum(guessing(choices) for _, choices, _ in kept) / n
    return Scores(mean, guesses, n, hits, promised)


def held(grades: Sequence[Verdict]) -> tuple[int, int]:
    """Return (h, n) for "your ranges held h of n"; 80% of them should. Unresolved ones are out."""
    return grades.count(Verdict.RIGHT), len(grades) - grades.count(Verdict.UNRESOLVED)
