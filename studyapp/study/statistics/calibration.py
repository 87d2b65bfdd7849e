"""Predicted recall beside what happened, at the moment of each review.

What was predicted is not computed anew from the whole log: each review keeps the stability that the
card had before it, and of the parameters in force that is a retrievability. So only reviews since
the weights last changed count, as where mastery is corrected.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from studyapp.memory.scheduler import Parameters
from studyapp.study.statistics.sample import Reviewed
from studyapp.study.stats import Share, share

EDGES = (0.5, 0.7, 0.8, 0.85, 0.9, 0.95)  # finer where reviews happen


@dataclass(frozen=True, slots=True)
class Bin:
    """Reviews whose predicted recall was from `low` to `high`, `predicted` on average, and the
    share of them that was remembered."""

    low: float
    high: float
    predicted: float
    remembered: Share


@dataclass(frozen=True, slots=True)
class Calibration:
    """The bins that have a review, and all of them together; None without any."""

    bins: tuple[Bin, ...]
    whole: Bin | None


class _Outcome(NamedTuple):
    predicted: float
    remembered: bool


def calibration(reviews: Iterable[Reviewed], parameters: Parameters) -> Calibration:
    """How recall was predicted by the weights of *parameters*, which are in force."""
    recall = parameters.model.recall
    outcomes = [
        _Outcome(
            recall(one.stability, (one.day - one.since).days),
            one.remembered,
        )
        for one in reviews
        if one.tells and one.by_these and one.stability is not None and one.since is not None
    ]
    found: dict[int, list[_Outcome]] = {}
    for outcome in outcomes:
        found.setdefault(bisect_right(EDGES, outcome.predicted), []).append(outcome)
    limits = (0.0, *EDGES, 1.0)
    bins = [_bin(limits[at], limits[at + 1], found[at]) for at in sorted(found)]
    return Calibration(tuple(bins), _bin(0.0, 1.0, outcomes) if outcomes else None)


def _bin(low: float, high: float, outcomes: list[_Outcome]) -> Bin:
    predicted = sum(one.predicted for one in outcomes) / len(outcomes)
    return Bin(low, high, predicted, share(sum(one.remembered for one in outcomes), len(outcomes)))
