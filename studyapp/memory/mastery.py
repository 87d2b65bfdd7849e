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
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import compress
from operator import mul
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
_LEAST, _MOST = CERTAIN / (1 - CERTAIN), (1 - CERTAIN) / CERTAIN  # odds
_FARTHEST = 50.0  # a term that no learner's outcomes come to, and that can be reckoned with
_Z = 1.959963984540054  # 97.5% quantile of the normal distribution


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
        if not all(abs(term) < _FARTHEST for term in (shift, slope, stretch)):
            raise ValueError("no learner is that far off")
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
        return _tells(self.introduced, self.questions)


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


class _Cards(NamedTuple):
    """Cards that were passed when last rated, each figure of them by itself: one step for all of
    them takes half as long as all steps of one card after the other."""

    stabilities: list[float]
    waited: list[float]  # days since that rating

    def odds(self, parameters: Parameters, ahead: int) -> list[float]:
        """Of having been forgotten so many days *ahead*, as it is predicted."""
        waited = self.waited
        if min(waited) + ahead < 0:  # a clock was wrong
            waited = [max(one, -ahead) for one in waited]
        return parameters.model.forgotten(self.stabilities, waited, ahead)

    def scales(self, calibration: Calibration) -> list[float]:
        """What these odds to the power of slope are multiplied by, to be this learner's."""
        shift, slope, stretch = calibration.terms
        scale = math.exp((slope - 1) * USUAL - shift)
        return [scale * (one / USUAL_DAYS) ** -stretch for one in self.stabilities]


@dataclass(frozen=True, slots=True)
class Questions:
    """A chapter's questions as its mastery needs them, as they are today: how many of how many are
    `introduced`, and the cards that count by how many their question has."""

    introduced: int
    questions: int
    parts: Mapping[int, _Cards]

    @property
    def tells(self) -> bool:
        """As of a Mastery."""
        return _tells(self.introduced, self.questions)

    @classmethod
    def of(cls, cards: Iterable[tuple[Hashable, float | None, float | None]]) -> Questions:
        """From the chapter's cards: the question of each, its stability in days, None if it was
        never rated, and the days since its last rating, None if that was Again too. Leave suspended
        ones out."""
        asking, met = list[Hashable](), set[Hashable]()
        passed, stabilities, waited = list[Hashable](), list[float](), list[float]()
        for question, stability, days in cards:
            asking.append(question)
            if stability is not None:
                met.add(question)
                if days is not None:
                    passed.append(question)
                    stabilities.append(stability)
                    waited.append(days)
        numbers = Counter(asking)
        of_question, parts = [*map(numbers.__getitem__, passed)], dict[int, _Cards]()
        for number in set(of_question):
            here = [one == number for one in of_question]
            parts[number] = _Cards([*compress(stabilities, here)], [*compress(waited, here)])
        return cls(len(met), len(numbers), parts)


def mastery(
    questions: Questions,
    parameters: Parameters,
    shares: PointShares,
    calibration: Calibration,
    today: date,
    on: date | None = None,
) -> Mastery:
    """Mastery of the chapter that has *questions* *today*, without review until the study day *on*,
    or until tomorrow if that is later.

    Raises ValueError if there is no question.
    """
    ahead = max(((on or today) - today).days, 1)
    (value,) = expected(questions, parameters, shares, calibration, (ahead,))
    gap = shares.passed.mean - shares.failed.mean
    reach, passed, failed, chance = 0.0, 0.0, 0.0, 0.0
    shifted = sloped = stretched = 0.0  # questions recalled more for each term of the correction
    for number, cards in questions.parts.items():
        odds = cards.odds(parameters, ahead)
        recalled = _recalled(odds, cards.scales(calibration), calibration.slope)
        open_ = [p * (1 - p) for p in recalled]
        sure, pull = sum(recalled), sum(open_) / number
        passed += sure / number
        failed += (len(recalled) - sure) / number
        shifted += pull
        sloped += sum(map(mul, open_, (-math.log(_bounded(one)) - USUAL for one in odds))) / number
        lasting = (math.log(one / USUAL_DAYS) for one in cards.stabilities)
        stretched += sum(map(mul, open_, lasting)) / number
        chance += gap**2 * pull / number  # each card is recalled or not by itself
        reach += len(recalled) / number  # exactly 1 for a whole question, so a full score is inside
    # The spread of shares is a whole question's: its points do not become surer by being on several
    # cards.
    chance += passed * shares.passed.spread**2 + failed * shares.failed.spread**2
    pulled = (shifted, sloped, stretched)
    unknown = (
        gap**2 * _dot(_times(calibration.covariance, pulled), pulled)
        + (passed * shares.passed.error) ** 2
        + (failed * shares.failed.error) ** 2
    )
    n = questions.questions
    half = _Z * math.sqrt(chance + unknown) / n
    low, high = max(0.0, value - half), min(reach / n, value + half)
    return Mastery(value, low, high, questions.introduced, n, today + timedelta(days=ahead))


def expected(
    questions: Questions,
    parameters: Parameters,
    shares: PointShares,
    calibration: Calibration,
    aheads: Sequence[int],
) -> list[float]:
    """The value of mastery so many days ahead, for each of *aheads*: Today, which shows those of
    many chapters, needs no interval, and that is most of the work.

    Raises ValueError if there is no question.
    """
    if not questions.questions:
        raise ValueError("mastery needs at least one question")
    a, b = shares.passed.mean, shares.failed.mean
    worth, reach = [0.0 for _ in aheads], 0.0
    for number, cards in questions.parts.items():
        scales, all_ = cards.scales(calibration), len(cards.stabilities)
        reach += all_ / number
        for at, ahead in enumerate(aheads):
            odds = cards.odds(parameters, ahead)
            passed = sum(_recalled(odds, scales, calibration.slope))
            worth[at] += (passed * a + (all_ - passed) * b) / number
    return [min(one, reach) / questions.questions for one in worth]


def _recalled(odds: Iterable[float], scales: Iterable[float], slope: float) -> list[float]:
    """The chance of recall as `Calibration.recall` has it, of each of some cards."""
    least, most = _LEAST, _MOST
    return [
        1 / (1 + scale * (one if least < one < most else _bounded(one)) ** slope)
        for one, scale in zip(odds, scales, strict=True)
    ]


def _bounded(odds: float) -> float:
    return min(max(odds, _LEAST), _MOST)


def _tells(introduced: int, questions: int) -> bool:
    return introduced >= min(FEW, questions)


def _share(seen: Sequence[float], prior: float) -> PointShare:
    n = PRIOR_RESPONSES + len(seen)
    mean = (PRIOR_RESPONSES * prior + math.fsum(seen)) / n
    squares = PRIOR_RESPONSES * (prior * (1 - prior) / POINTS + (mean - prior) ** 2)
    squares += math.fsum((share - mean) ** 2 for share in seen)
    return PointShare(mean, math.sqrt(squares / n), math.sqrt(squares) / n)


def _features(retrievability: float, stability: float) -> Vector:
    """What shift, slope and stretch are multiplied by."""
    return 1.0, _odds(retrievability), math.log(stability / USUAL_DAYS)


def _odds(retrievability: float) -> float:
    r = min(max(retrievability, CERTAIN), 1 - CERTAIN)
    return math.log(r / (1 - r)) - USUAL


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
