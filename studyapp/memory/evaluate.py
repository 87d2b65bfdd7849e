"""How well a model predicts what was remembered, and how sure one can be of a difference.

Beside it, two rules without any memory: the learner's average so far, and a moving average. They
know a good day, not which card fades, and can schedule nothing.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from studyapp.interval import t_quantile
from studyapp.memory.histories import Bools, Floats, Ints, Reviews, Tree
from studyapp.memory.slopes import follow

_SURE = 1e-7  # no chance is nearer to 0 or 1
_EVEN = (1.0, 2.0)  # the average begins as if one of two had been remembered
_START, _RATE = 1.2, 0.3  # of the moving average, in logits
_AGAIN = 1


class Score(NamedTuple):
    """`log_loss` is the mean; `rmse_bins` how far from what happened, in bins of reviews with a
    like past; `auc` how often a remembered one was called likelier than a forgotten one (None if
    there is none of either)."""

    log_loss: float
    rmse_bins: float
    auc: float | None


class Difference(NamedTuple):
    """A mean difference with its 95% interval; without one where there is a single card."""

    value: float
    low: float | None
    high: float | None


class Outcomes(NamedTuple):
    """The scored reviews in the order of the log: their cards and days, whether they were
    remembered, and a number for the bin of reviews with a like past."""

    row: Ints
    card: Ints
    day: Ints
    remembered: Floats
    bin: Ints


def outcomes(reviews: Reviews, tree: Tree) -> Outcomes:
    row = np.flatnonzero(tree.scored)
    remembered = (reviews.rating[row] != _AGAIN).astype(float)
    return Outcomes(row, reviews.card[row], reviews.day[row], remembered, _bins(reviews, row))


def predictions(tree: Tree, weights: Floats) -> Floats:
    """The chance of recall at each scored review, in the order of the log."""
    chance = np.full(len(tree.level), np.nan)
    for number, point in enumerate(follow(tree, weights)):
        if not number:
            continue
        level = tree.levels[number - 1]
        here = np.flatnonzero(tree.level == number)
        here = here[tree.node[here] >= level.same]
        chance[here] = point.recalled[tree.node[here] - level.same]
    return _within_reason(chance[tree.scored])


def average(remembered: Floats) -> Floats:
    """The learner's average before each review."""
    hits, n = _EVEN
    before = np.cumsum(remembered) - remembered
    chance: Floats = (hits + before) / (n + np.arange(len(remembered)))
    return chance


def moving_average(remembered: Floats) -> Floats:
    """An average that forgets, before each review."""
    level, chances = _START, list[float]()
    for one in remembered.tolist():
        chance = 1 / (1 + math.exp(-level))
        chances.append(chance)
        level += _RATE * (one - chance)
    return _within_reason(np.array(chances))


def losses(chance: Floats, remembered: Floats) -> Floats:
    """The log loss of each review."""
    loss: Floats = -np.log(np.where(remembered > 0, chance, 1 - chance))
    return loss


def _within_reason(chance: Floats) -> Floats:
    kept: Floats = np.clip(chance, _SURE, 1 - _SURE)
    return kept


def score(chance: Floats, remembered: Floats, bins: Ints) -> Score:
    return Score(
        float(losses(chance, remembered).mean()),
        _rmse(chance, remembered, bins),
        _auc(chance, remembered),
    )


def difference(values: Floats, card: Ints) -> Difference:
    """The mean of *values*, one a review, with an interval for reviews of a card that go together
    (the residuals are summed by card before they are squared: Liang & Zeger 1986)."""
    mean = float(values.mean())
    _, cluster = np.unique(card, return_inverse=True)
    sums = np.bincount(cluster, values - mean)
    cards = len(sums)
    if cards < 2:
        return Difference(mean, None, None)
    deviation = np.sqrt((sums @ sums) * cards / (cards - 1)) / len(values)
    half = t_quantile(0.975, cards - 1) * float(deviation)
    return Difference(mean, mean - half, mean + half)


def _rmse(chance: Floats, remembered: Floats, bins: Ints) -> float:
    _, inverse = np.unique(bins, return_inverse=True)
    count = np.bincount(inverse)
    off = np.bincount(inverse, chance - remembered)
    return float(np.sqrt((off * off / count).sum() / count.sum()))


def _auc(chance: Floats, remembered: Floats) -> float | None:
    """Mann and Whitney's statistic, ties by half."""
    hits = remembered.sum()
    misses = len(remembered) - hits
    if not hits or not misses:
        return None
    _, inverse, count = np.unique(chance, return_inverse=True, return_counts=True)
    rank = np.cumsum(count) - (count - 1) / 2
    above = rank[inverse][remembered > 0].sum() - hits * (hits + 1) / 2
    return float(above / (hits * misses))


def _bins(reviews: Reviews, row: Ints) -> Ints:
    """Bins as the field has them (Ye et al., SRS benchmark): by the logarithms of the days since
    the review before, of the reviews so far, and of the lapses."""
    order = np.argsort(reviews.card, kind="stable")
    card, day = reviews.card[order], reviews.day[order]
    days = np.diff(day, prepend=day[:1])
    new = np.diff(card, prepend=card[:1] - 1) != 0
    days[new] = 0
    later = days > 0
    lapsed = later & (reviews.rating[order] == _AGAIN)
    number, lapses = _within(later, new) + 1, _within(lapsed, new) - lapsed
    found = (
        _rung(np.maximum(days, 1), 3.62) * 10_000
        + _rung(number, 1.89) * 100
        + np.where(lapses > 0, 1 + _rung(np.maximum(lapses, 1), 1.73), 0)
    )
    bins = np.empty(len(order), np.int64)
    bins[order] = found
    return bins[row]


def _within(counted: Bools, new: Bools) -> Ints:
    """How many of each card were *counted* up to and with each row."""
    total = np.cumsum(counted)
    start = np.flatnonzero(new)
    before: Ints = total[start] - counted[start]
    count: Ints = total - np.repeat(before, np.diff(np.append(start, len(new))))
    return count


def _rung(values: Ints, base: float) -> Ints:
    rung: Ints = np.floor(np.log(values) / np.log(base)).astype(np.int64)
    return rung
