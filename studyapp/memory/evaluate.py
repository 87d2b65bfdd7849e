"""How well a model predicts what was remembered, and how sure one can be of a difference.

Beside it, two rules without any memory: the learner's average so far, and a moving average. They
know a good day, not which card fades, and can schedule nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from studyapp.interval import t_quantile
from studyapp.memory.histories import Bools, Floats, Ints, Reviews, Tree
from studyapp.memory.slopes import Point

_SURE = 1e-7  # no chance is nearer to 0 or 1
_EVEN = (1.0, 2.0)  # the average begins as if one of two had been remembered
_START, _RATE = 1.2, 0.3  # of the moving average, in logits
_LASTING = 5000  # reviews, after which it has forgotten
_AGAIN = 1


class Score(NamedTuple):
    """`log_loss` is the mean; `rmse_bins` how far from what happened, in bins of reviews with a
    like past; `auc` how often a remembered one was called likelier than a forgotten one (None if
    there is none of either)."""

    log_loss: float
    rmse_bins: float
    auc: float | None


class Difference(NamedTuple):
    """A mean difference with its 95% interval; without one where there is a single card, or all
    came out alike."""

    value: float
    low: float | None
    high: float | None


class Outcomes(NamedTuple):
    """The scored reviews in the order of the log: their cards and days, and whether they were
    remembered."""

    row: Ints
    card: Ints
    day: Ints
    remembered: Floats

    def take(self, which: Bools) -> Outcomes:
        """Some of them."""
        return Outcomes(self.row[which], self.card[which], self.day[which], self.remembered[which])

    @property
    def is_of_one_card(self) -> bool:
        return bool((self.card == self.card[:1]).all())

    @property
    def rarer(self) -> int:
        """How many were forgotten, or remembered if these are fewer."""
        remembered = int(self.remembered.sum())
        return min(remembered, len(self.remembered) - remembered)


def outcomes(reviews: Reviews, tree: Tree) -> Outcomes:
    row = np.flatnonzero(tree.scored)
    remembered = (reviews.rating[row] != _AGAIN).astype(float)
    return Outcomes(row, reviews.card[row], reviews.day[row], remembered)


def predictions(tree: Tree, points: Sequence[Point], row: Ints) -> Floats:
    """The chance of recall at each *row* of the log that is scored; *points* are the model at each
    level of the tree."""
    chances = [np.full(len(tree.roots.rating), np.nan)]
    for level, point in zip(tree.levels, points[1:], strict=True):
        chances += [np.full(level.same, np.nan), point.recalled]
    return _within_reason(np.concatenate(chances)[tree.node[row]])


def stabilities(tree: Tree, points: Sequence[Point], row: Ints) -> Floats:
    """The stability that the card had before each *row* of the log, which is no card's first."""
    before = [np.full(len(tree.roots.rating), np.nan)]
    before += [
        point.stability[level.parent] for level, point in zip(tree.levels, points, strict=False)
    ]
    stability: Floats = np.concatenate(before)[tree.node[row]]
    return stability


def average(remembered: Floats) -> Floats:
    """The learner's average before each review."""
    hits, n = _EVEN
    before = np.cumsum(remembered) - remembered
    chance: Floats = (hits + before) / (n + np.arange(len(remembered)))
    return chance


def moving_average(remembered: Floats, since: int = 0) -> Floats:
    """An average that forgets, before each review from number *since* on. It begins only as long
    before that as it could remember."""
    begin = max(0, since - _LASTING)
    level, chances, exp = _START, list[float](), math.exp
    for one in remembered[begin:].tolist():
        chance = 1 / (1 + exp(-level))
        chances.append(chance)
        level += _RATE * (one - chance)
    return _within_reason(np.array(chances[since - begin :]))


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


def difference(values: Floats, of: Outcomes) -> Difference:
    """The mean of *values*, one a review, with an interval for reviews of a card that go together
    (the residuals are summed by card before they are squared: Liang & Zeger 1986). How far they
    spread is known by as few as came out the rarer way, so Student's t has no more degrees of
    freedom than those: by the number of cards, with one lapse up to 30% of intervals missed."""
    mean = float(values.mean())
    _, cluster = np.unique(of.card, return_inverse=True)
    sums = np.bincount(cluster, values - mean)
    cards = len(sums)
    freedom = min(cards - 1, of.rarer)
    if freedom < 1:
        return Difference(mean, None, None)
    deviation = np.sqrt((sums @ sums) * cards / (cards - 1)) / len(values)
    half = t_quantile(0.975, freedom) * float(deviation)
    return Difference(mean, mean - half, mean + half)


def _rmse(chance: Floats, remembered: Floats, bins: Ints) -> float:
    count, off = np.bincount(bins), np.bincount(bins, chance - remembered)
    return float(np.sqrt((off * off / np.maximum(count, 1)).sum() / len(bins)))


def _auc(chance: Floats, remembered: Floats) -> float | None:
    """Mann and Whitney's statistic, ties by half."""
    hits, misses = np.sort(chance[remembered > 0]), np.sort(chance[remembered == 0])
    if not len(hits) or not len(misses):
        return None
    below = np.searchsorted(hits, misses) + np.searchsorted(hits, misses, side="right")
    return 1 - float(below.mean()) / (2 * len(hits))


def bins_of(reviews: Reviews, row: Ints) -> Ints:
    """A number for each *row* that reviews with a like past have in common. Bins are as the field
    has them (Ye et al., SRS benchmark): by the logarithms of the days since the review before, of
    the reviews so far, and of the lapses."""
    order = reviews.by_card
    days = np.diff(reviews.day[order], prepend=0)
    new = np.diff(reviews.card[order], prepend=-1) != 0
    days[new] = 0
    later = days > 0
    lapsed = later & (reviews.rating[order] == _AGAIN)
    wanted = np.zeros(len(order), bool)
    wanted[row] = True
    at = np.flatnonzero(wanted[order])
    start = np.flatnonzero(new)[np.cumsum(new)[at] - 1]  # of the card
    lapses = _before(lapsed, start, at)
    bins = np.empty(len(order), np.int64)
    bins[order[at]] = (
        _rung(np.maximum(days[at], 1), 3.62) * 10_000
        + _rung(_before(later, start, at) + later[at] + 1, 1.89) * 100
        + np.where(lapses > 0, 1 + _rung(np.maximum(lapses, 1), 1.73), 0)
    )
    return bins[row]


def _before(counted: Bools, start: Ints, at: Ints) -> Ints:
    """How many were *counted* from *start* on and before *at*, which are positions."""
    total = np.append(0, np.cumsum(counted))
    count: Ints = total[at] - total[start]
    return count


def _rung(values: Ints, base: float) -> Ints:
    """The whole powers of *base* in each of *values*, of which there are few that differ."""
    every = np.arange(1, values.max(initial=1) + 1)
    rung: Ints = np.floor(np.log(every) / np.log(base)).astype(np.int64)
    return rung[values - 1]
