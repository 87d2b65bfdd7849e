"""Mastery of a chapter: the share of points to expect if its questionnaire were asked on a day.

A card that was passed when last rated is worth R·a + (1 - R)·b: a and b are the learner's mean
shares of core points after passing and after failing, R is retrievability, corrected by how far
it has been off for this learner. A card unseen, or rated Again last, is worth 0. A question is
worth the mean of its cards, a chapter the mean of its questions.

The 95% interval is for the points of one such questionnaire. It holds chance (what is recalled,
what is then said) and what is not known about the learner: a, b and the correction.
benchmarks/mastery.md counts how often it holds for learners that follow FSRS and others.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, NamedTuple, TypeAlias

from studyapp.memory.scheduler import Parameters

Vector: TypeAlias = tuple[float, float, float]
Matrix: TypeAlias = tuple[Vector, Vector, Vector]

PASSED, FAILED = 0.95, 0.4  # shares of points before a learner has shown their own …
PRIOR_RESPONSES = 5  # … and the responses that these count for: five of their own weigh as much
POINTS = 3  # core points of a usual question, for the spread of a share before any is seen
FEW = 5  # questions introduced, below which one rating makes or undoes the figure
RECENT = 1000  # outcomes that pin a calibration down; older ones tell of an older learner
_PARTS = 4  # quarters of these that are told apart
SLOPE_SD = 0.5  # prior deviations: of the shift and the slope …
STRETCH_SD = 0.25  # … and of what a stability longer by a factor of e changes
USUAL = math.log(0.9 / 0.1)  # corrections are centred where reviews happen: R = .9 …
USUAL_DAYS = 10.0  # … at a stability of 10 days
CERTAIN = 1e-4  # no prediction is surer than this
_Z = 1.959963984540054  # 97.5% quantile of the normal distribution


class Standing(NamedTuple):
    """What mastery needs of a card. `missed`: its last rating was Again."""

    stability: float | None  # in days; None for a card never rated
    last_day: date | None
    missed: bool = False


class Recall(NamedTuple):
    """What was predicted of a card in review, and whether it was recalled: the first rating of a
    study day alone, with retrievability and stability as they were before it."""

    retrievability: float
    stability: float
    recalled: bool


@dataclass(frozen=True, slots=True)
class PointShare:
    """A learner's share of core points: the mean, the standard deviation of one response, and
    that of the mean itself, which is what more responses bring down."""

    mean: float
    spread: float
    error: float


@dataclass(frozen=True, slots=True)
class PointShares:
    passed: PointShare
    failed: PointShare


@dataclass(frozen=True, slots=True)
class Calibration:
    """How predicted retrievability R becomes this learner's chance of recall, in logits:

        logit .9 + shift + slope · (logit R - logit .9) + stretch · ln(stability / 10 days)

    Shift and slope are Cox's (1958); stretch is for a schedule whose errors pile up as intervals
    grow. `covariance` is of the three. The defaults correct nothing and know nothing yet, as they
    come from no `outcomes`.
    """

    shift: float = 0.0
    slope: float = 1.0
    stretch: float = 0.0
    covariance: Matrix = (
        (SLOPE_SD**2, 0.0, 0.0),
        (0.0, SLOPE_SD**2, 0.0),
        (0.0, 0.0, STRETCH_SD**2),
    )
    outcomes: int = 0

    def recall(self, retrievability: float, stability: float) -> float:
        """The chance of recall where *retrievability* is predicted at a *stability* in days."""
        return _logistic(USUAL + _dot(self.terms, _features(retrievability, stability)))

    @property
    def terms(self) -> Vector:
        return self.shift, self.slope, self.stretch

    def as_json(self) -> dict[str, Any]:
        return {"terms": self.terms, "covariance": self.covariance, "outcomes": self.outcomes}

    @classmethod
    def of_json(cls, kept: Mapping[str, Any]) -> Calibration:
        """The inverse of `as_json`. Raises ValueError, TypeError or KeyError for anything else."""
        shift, slope, stretch = map(float, kept["terms"])
        first, second, third = (_vector(row) for row in kept["covariance"])
        return cls(shift, slope, stretch, (first, second, third), int(kept["outcomes"]))


_NOTHING = Calibration()


@dataclass(frozen=True, slots=True)
class Mastery:
    """The share of points expected on `day`, with its 95% interval; show it where it `tells`, and
    beside "introduced `introduced` of `questions`"."""

    value: float
    low: float
    high: float
    introduced: int
    questions: int
    day: date

    @property
    def tells(self) -> bool:
        """Whether enough was introduced to say something of the chapter, not of its last card."""
        return self.introduced >= min(FEW, self.questions)


def shares(responses: Iterable[tuple[bool, float]]) -> PointShares:
    """The learner's shares from graded responses, each (passed, share of core points).

    As if PRIOR_RESPONSES responses with the prior's mean and spread had come before. A learner who
    says more after failing than after passing has shown nothing yet: b never exceeds a.
    """
    told: dict[bool, list[float]] = {True: [], False: []}
    for passed, share in responses:
        told[passed].append(share)
    a, b = _share(told[True], PASSED), _share(told[False], FAILED)
    return PointShares(a, PointShare(min(a.mean, b.mean), b.spread, b.error))


def calibration(outcomes: Iterable[Recall], before: Calibration = _NOTHING) -> Calibration:
    """How far off predictions have been, from a learner's RECENT newest outcomes, oldest first; or
    from these and what those *before* them have told.

    Bayesian logistic regression in one pass: an outcome moves the estimate by how much it
    surprises and takes away what it tells from the covariance (a Laplace approximation at each
    step). The slope is never below 0, for a memory that is left alone does not improve.
    """
    estimate, covariance, told = before.terms, before.covariance, before.outcomes
    for retrievability, stability, recalled in outcomes:
        told += 1
        at = _features(retrievability, stability)
        p = _logistic(USUAL + _dot(estimate, at))
        weight = p * (1 - p)
        gain = _times(covariance, at)
        scale = 1 + weight * _dot(gain, at)
        estimate = _moved(estimate, gain, (recalled - p) / scale)
        covariance = _shrunk(covariance, gain, weight / scale)
        if estimate[1] < 0:  # the nearest estimate that is allowed, as the covariance measures it
            estimate = _moved(estimate, covariance[1], -estimate[1] / covariance[1][1])
    shift, slope, stretch = estimate
    return Calibration(shift, max(0.0, slope), stretch, covariance, told)


def calibrations(outcomes: Sequence[Recall]) -> list[Calibration]:
    """What to go on from: of all these outcomes, oldest first, and of ever fewer of the newest, for
    when others have come after them."""
    parts = (outcomes[part * len(outcomes) // _PARTS :] for part in range(_PARTS))
    return [calibration(part) for part in parts if part]


def mastery(
    questions: Sequence[Sequence[Standing]],
    parameters: Parameters,
    shares: PointShares,
    calibration: Calibration,
    today: date,
    on: date | None = None,
) -> Mastery:
    """Mastery of the chapter that has *questions*, each a sequence of its cards, without review
    until the study day *on*, or until tomorrow if that is later.

    Leave suspended notes out. Raises ValueError if there is no question, or one has no card.
    """
    if not questions or not all(questions):
        raise ValueError("mastery needs at least one question, and a card of each")
    day = max(on or today, today + timedelta(days=1))
    a, b = shares.passed.mean, shares.failed.mean
    gap, a_spread, b_spread = a - b, shares.passed.spread**2, shares.failed.spread**2
    shift, slope, stretch = calibration.terms
    recall = parameters.model.recall  # as `forgetting_curve` has it: Today asks of many cards
    introduced, reach, passed, failed, chance = 0, 0.0, 0.0, 0.0, 0.0
    shifted = sloped = stretched = 0.0  # questions recalled more for each term of the correction
    for cards in questions:
        weight, counted, met = 1 / len(cards), 0, False
        for stability, last_day, missed in cards:
            met = met or stability is not None
            if missed or stability is None or last_day is None:
                continue
            counted += 1
            days = (day - last_day).days
            _, odds, lasting = _features(recall(stability, days if days > 0 else 0), stability)
            p = _logistic(USUAL + (shift + slope * odds + stretch * lasting))
            passed += weight * p
            failed += weight * (1 - p)
            pull = weight * p * (1 - p)
            shifted += pull
            sloped += pull * odds
            stretched += pull * lasting
            # Each card is recalled or not by itself. The spread of shares is a whole question's:
            # its points do not become surer by being on several cards.
            chance += weight * (pull * gap**2 + p * a_spread + (1 - p) * b_spread)
        introduced += met
        reach += counted / len(cards)  # exactly 1 for a whole question, so a full score is inside
    pulled = (shifted, sloped, stretched)
    unknown = (
        gap**2 * _dot(_times(calibration.covariance, pulled), pulled)
        + (passed * shares.passed.error) ** 2
        + (failed * shares.failed.error) ** 2
    )
    n = len(questions)
    value = min((passed * a + failed * b) / n, reach / n)
    half = _Z * math.sqrt(chance + unknown) / n
    low, high = max(0.0, value - half), min(reach / n, value + half)
    return Mastery(value, low, high, introduced, n, day)


def _share(seen: Sequence[float], prior: float) -> PointShare:
    n = PRIOR_RESPONSES + len(seen)
    mean = (PRIOR_RESPONSES * prior + math.fsum(seen)) / n
    squares = PRIOR_RESPONSES * (prior * (1 - prior) / POINTS + (mean - prior) ** 2)
    squares += math.fsum((share - mean) ** 2 for share in seen)
    return PointShare(mean, math.sqrt(squares / n), math.sqrt(squares) / n)


def _features(retrievability: float, stability: float) -> Vector:
    """What shift, slope and stretch are multiplied by."""
    r = retrievability
    if not CERTAIN < r < 1 - CERTAIN:
        r = min(max(r, CERTAIN), 1 - CERTAIN)
    return 1.0, math.log(r / (1 - r)) - USUAL, math.log(stability / USUAL_DAYS)


def _vector(row: Iterable[Any]) -> Vector:
    one, two, three = map(float, row)
    return one, two, three


def _logistic(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x > -700 else 0.0  # exp would overflow


def _dot(a: Vector, b: Vector) -> float:
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def _times(matrix: Matrix, vector: Vector) -> Vector:
    a, b, c = matrix
    return _dot(a, vector), _dot(b, vector), _dot(c, vector)


def _moved(a: Vector, by: Vector, times: float) -> Vector:
    return a[0] + times * by[0], a[1] + times * by[1], a[2] + times * by[2]


def _shrunk(matrix: Matrix, by: Vector, times: float) -> Matrix:
    """*matrix* less *times* the outer product of *by* with itself."""
    a, b, c = matrix
    return (
        _moved(a, by, -times * by[0]),
        _moved(b, by, -times * by[1]),
        _moved(c, by, -times * by[2]),
    )
