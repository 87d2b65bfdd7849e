"""Predicted recall beside what happened, at the moment of each review.

What was predicted is not computed anew from the whole log: each review keeps the stability that the
card had before it, and by the weights that were in force then that is a retrievability. So it tells
how predictions were when they were made, and of what was imported how they would have been here;
what the weights of today are off by, mastery tells.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from studyapp.memory.fold import ReviewKind
from studyapp.study.recall import Model
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
    """The bins that have a review, and all of them together, None without any; so many of these
    were predicted by the weights that are in force."""

    bins: tuple[Bin, ...]
    whole: Bin | None
    by_these: int


class _Outcome(NamedTuple):
    predicted: float
    remembered: bool


def calibration(
    reviews: Iterable[Reviewed], models: Sequence[Model], without: Collection[int] = ()
) -> Calibration:
    """How recall was predicted by whichever of the *models* was in force at each of the *reviews*;
    *without* what was imported of these cards, as it had no prediction that tells (`cut_short`)."""
    recalls, last = [one.parameters.model.recall for one in models], len(models) - 1
    outcomes, by_these = list[_Outcome](), 0
    for one in reviews:
        if not one.tells or one.stability is None or one.since is None:
            continue
        if one.card in without and one.kind == ReviewKind.IMPORT:
            continue
        predicted = recalls[one.by](one.stability, (one.day - one.since).days)
        outcomes.append(_Outcome(predicted, one.remembered))
        by_these += one.by == last
    found: dict[int, list[_Outcome]] = {}
    for outcome in outcomes:
        found.setdefault(bisect_right(EDGES, outcome.predicted), []).append(outcome)
    limits = (0.0, *EDGES, 1.0)
    bins = [_bin(limits[at], limits[at + 1], found[at]) for at in sorted(found)]
    whole = _bin(0.0, 1.0, outcomes) if outcomes else None
    return Calibration(tuple(bins), whole, by_these)


def _bin(low: float, high: float, outcomes: list[_Outcome]) -> Bin:
    predicted = sum(one.predicted for one in outcomes) / len(outcomes)
    return Bin(low, high, predicted, share(sum(one.remembered for one in outcomes), len(outcomes)))
