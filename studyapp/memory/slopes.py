"""FSRS-6 over a tree of histories: what it predicts, and how that changes with the weights.

The derivatives of stability and difficulty by the 21 weights are carried forward from review to
review, so one pass gives the loss, its gradient and the Fisher information, exactly. The weights go
by their numbers here, as they do in `model`:

     0-3  stability after a first rating        4, 5  difficulty after it
     6, 7  change of difficulty                 8-10  stability after success
    11-14  stability after a lapse            15, 16  … after Hard, after Easy
    17-19  stability within a day                 20  decay of the forgetting curve
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np

from studyapp.memory.histories import Floats, Ints, Level, Tree
from studyapp.memory.model import DEFAULT_WEIGHTS, EASIEST, HARDEST, LEAST_STABILITY

_WEIGHTS = len(DEFAULT_WEIGHTS)
_OF_DIFFICULTY = slice(4, 8)
_LEAST_LOSS = 1e-9  # chance of a lapse, which no day can be without
_HARD, _GOOD, _EASY = 2, 3, 4


class Measure(NamedTuple):
    """Of all scored reviews: the sum of the log losses, its gradient, the information."""

    loss: float
    gradient: Floats
    information: Floats


class Point(NamedTuple):
    """The model at the nodes of one level: `recalled` is the chance there was, of those that were
    reviewed on a later day; stability and difficulty are as the review leaves them."""

    recalled: Floats
    stability: Floats
    difficulty: Floats


class _Curve(NamedTuple):
    """The chance of recall, that of a lapse, and how the first changes with stability and decay."""

    recalled: Floats
    lapsed: Floats
    by_stability: Floats
    by_decay: Floats


class _Step(NamedTuple):
    """A stability after a review, and how it changes with what it comes from."""

    stability: Floats
    by_stability: Floats
    by_difficulty: Floats | None = None
    by_recalled: Floats | None = None
    by_weight: Mapping[int, Floats] = {}


def follow(tree: Tree, weights: Floats) -> Iterator[Point]:
    """The model at each level, the roots first."""
    stability, difficulty = _begin(tree, weights)
    yield Point(np.empty(0), stability, difficulty)
    for level in tree.levels:
        before, difficulty = stability[level.parent], difficulty[level.parent]
        curve = _forget(weights, level.days[level.same :], before[level.same :])
        steps = _steps(weights, level, before, difficulty, curve)
        stability = np.concatenate([step.stability for _, step in steps])
        np.maximum(stability, LEAST_STABILITY, out=stability)
        difficulty = np.clip(_harder(weights, difficulty, level.rating), EASIEST, HARDEST)
        yield Point(curve.recalled, stability, difficulty)


def measure(tree: Tree, weights: Floats) -> Measure:
    """How well the model under *weights* predicts the scored reviews, and where it would better."""
    loss, gradient = 0.0, np.zeros(_WEIGHTS)
    information = np.zeros((_WEIGHTS, _WEIGHTS))
    stability, difficulty = _begin(tree, weights)
    by, harder_by = _begin_slopes(tree, weights, difficulty)
    for level in tree.levels:
        stability, difficulty = stability[level.parent], difficulty[level.parent]
        by, harder_by = by.take(level.parent, axis=1), harder_by.take(level.parent, axis=1)
        curve = _forget(weights, level.days[level.same :], stability[level.same :])
        slope = by[:, level.same :] * curve.by_stability
        slope[20] += curve.by_decay
        count, split = level.reviews[level.same :], level.lapsed - level.same
        chance = np.concatenate([curve.lapsed[:split], curve.recalled[split:]])
        loss -= float(count @ np.log(chance))
        away = count / chance
        away[split:] *= -1
        gradient += slope @ away
        information += (slope * (count / (curve.recalled * curve.lapsed))) @ slope.T
        stability = _carry(weights, level, stability, difficulty, curve, by, harder_by)
        difficulty = _carry_difficulty(weights, level, difficulty, harder_by)
    return Measure(loss, gradient, information)


def _begin(tree: Tree, w: Floats) -> tuple[Floats, Floats]:
    rating, stability, difficulty = tree.roots
    stability = np.where(np.isnan(stability), w[rating - 1], stability)
    first = np.clip(_first(w, rating), EASIEST, HARDEST)
    difficulty = np.where(np.isnan(difficulty), first, difficulty)
    return np.maximum(stability, LEAST_STABILITY), difficulty


def _begin_slopes(tree: Tree, w: Floats, difficulty: Floats) -> tuple[Floats, Floats]:
    """Derivatives at the roots: of stability by all weights, of difficulty by its own four."""
    roots = tree.roots
    by = np.zeros((_WEIGHTS, len(roots.rating)))
    free = np.flatnonzero(np.isnan(roots.stability))
    by[roots.rating[free] - 1, free] = 1
    harder_by = np.zeros((4, len(roots.rating)))
    inside = np.isnan(roots.difficulty) & (difficulty > EASIEST) & (difficulty < HARDEST)
    harder_by[0] = inside
    harder_by[1] = inside * (1 - roots.rating) * np.exp(w[5] * (roots.rating - 1))
    return by, harder_by


def _first(w: Floats, rating: Ints | int) -> Floats:
    """Difficulty after a first rating, out of its bounds perhaps."""
    first: Floats = w[4] - np.exp(w[5] * (rating - 1)) + 1
    return first


def _harder(w: Floats, difficulty: Floats, rating: Ints) -> Floats:
    """Difficulty after a later rating, out of its bounds perhaps."""
    moved = difficulty - (HARDEST - difficulty) * w[6] * (rating - 3) / 9
    harder: Floats = w[7] * _first(w, _EASY) + (1 - w[7]) * moved
    return harder


def _carry_difficulty(w: Floats, level: Level, difficulty: Floats, by: Floats) -> Floats:
    """Difficulty after the review; its derivatives are carried on in place."""
    after = _harder(w, difficulty, level.rating)
    moves = (level.rating - 3) / 9
    room = HARDEST - difficulty
    easy = _first(w, _EASY)
    by *= (1 - w[7]) * (1 + w[6] * moves)
    by[0] += w[7]
    by[1] -= w[7] * 3 * np.exp(3 * w[5])
    by[2] -= (1 - w[7]) * room * moves
    by[3] += easy - (difficulty - room * w[6] * moves)
    outside = (after < EASIEST) | (after > HARDEST)
    if outside.any():
        by[:, outside] = 0
        np.clip(after, EASIEST, HARDEST, out=after)
    return after


def _forget(w: Floats, days: Floats, stability: Floats) -> _Curve:
    decay = w[20]
    factor = 0.9 ** (-1 / decay) - 1
    by_decay = (factor + 1) * np.log(0.9) / decay**2  # of the factor
    passed = factor * days / stability
    log = np.log1p(passed)
    recalled = np.exp(-decay * log)
    lapsed = np.maximum(-np.expm1(-decay * log), _LEAST_LOSS)
    pull = recalled * passed / (1 + passed)
    return _Curve(
        recalled,
        lapsed,
        decay * pull / stability,
        -recalled * log - decay * pull * (by_decay / factor),
    )


def _steps(
    w: Floats, level: Level, stability: Floats, difficulty: Floats, curve: _Curve
) -> list[tuple[slice, _Step]]:
    """What the reviews of a level do to stability, by its three kinds."""
    today = slice(0, level.same)
    again = slice(level.same, level.lapsed)
    well = slice(level.lapsed, len(level.parent))
    split = level.lapsed - level.same
    return [
        (today, _within_a_day(w, stability[today], level.rating[today])),
        (again, _lapse(w, stability[again], difficulty[again], curve.lapsed[:split])),
        (
            well,
            _success(
                w, stability[well], difficulty[well], curve.lapsed[split:], level.rating[well]
            ),
        ),
    ]


def _carry(
    w: Floats,
    level: Level,
    stability: Floats,
    difficulty: Floats,
    curve: _Curve,
    by: Floats,
    harder_by: Floats,
) -> Floats:
    """Stability after the review; its derivatives are carried on in place."""
    after = np.empty_like(stability)
    for nodes, step in _steps(w, level, stability, difficulty, curve):
        after[nodes] = step.stability
        slope = step.by_stability
        if step.by_recalled is not None:
            later = slice(nodes.start - level.same, nodes.stop - level.same)
            slope = slope + step.by_recalled * curve.by_stability[later]
        by[:, nodes] *= slope
        if step.by_recalled is not None:
            by[20, nodes] += step.by_recalled * curve.by_decay[later]
        if step.by_difficulty is not None:
            by[_OF_DIFFICULTY, nodes] += step.by_difficulty * harder_by[:, nodes]
        for number, slope in step.by_weight.items():
            by[number, nodes] += slope
    low = after < LEAST_STABILITY
    if low.any():
        by[:, low] = 0
        after[low] = LEAST_STABILITY
    return after


def _within_a_day(w: Floats, stability: Floats, rating: Ints) -> _Step:
    moved = rating - 3 + w[18]
    log = np.log(stability)
    growth = np.exp(w[17] * moved - w[19] * log)
    kept = (rating >= _HARD) & (growth < 1)  # what was remembered never gets weaker by it
    growth[kept] = 1
    after = stability * growth
    change = np.where(kept, 0, after)
    return _Step(
        after,
        growth * np.where(kept, 1, 1 - w[19]),
        by_weight={17: change * moved, 18: change * w[17], 19: -change * log},
    )


def _lapse(w: Floats, stability: Floats, difficulty: Floats, lapsed: Floats) -> _Step:
    log_difficulty, log_stability = np.log(difficulty), np.log1p(stability)
    scale = w[11] * np.exp(w[14] * lapsed - w[12] * log_difficulty)
    power = np.exp(w[13] * log_stability)
    forgotten = scale * (power - 1)
    ceiling = float(np.exp(-w[17] * w[18]))
    capped = stability * ceiling < forgotten
    after = np.where(capped, stability * ceiling, forgotten)
    change = np.where(capped, 0, forgotten)
    grown = np.where(capped, 0, scale * power)
    most = np.where(capped, after, 0)
    return _Step(
        after,
        np.where(capped, ceiling, grown * w[13] / (1 + stability)),
        -change * w[12] / difficulty,
        -change * w[14],
        {
            11: change / w[11],
            12: -change * log_difficulty,
            13: grown * log_stability,
            14: change * lapsed,
            17: -most * w[18],
            18: -most * w[17],
        },
    )


def _success(
    w: Floats, stability: Floats, difficulty: Floats, lapsed: Floats, rating: Ints
) -> _Step:
    log = np.log(stability)
    plain = np.exp(w[8] + (1 - w[9]) * log) * (11 - difficulty)
    factor = np.array([1.0, 1.0, w[15], 1.0, w[16]])[rating]
    spaced = np.expm1(w[10] * lapsed)
    gain = plain * spaced * factor
    steep = plain * factor * (spaced + 1)
    return _Step(
        stability + gain,
        1 + gain * (1 - w[9]) / stability,
        -gain / (11 - difficulty),
        -steep * w[10],
        {
            8: gain,
            9: -gain * log,
            10: steep * lapsed,
            15: np.where(rating == _HARD, plain * spaced, 0),
            16: np.where(rating == _EASY, plain * spaced, 0),
        },
    )
