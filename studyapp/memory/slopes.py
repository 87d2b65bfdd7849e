"""FSRS-6 over a tree of histories: what it predicts, and how that changes with the weights.

The derivatives of stability and difficulty by the 21 weights are carried forward from review to
review, so one pass gives the loss, its gradient and the Fisher information, exactly. What a review
does is reckoned first, and its slopes from the same terms if they are asked for: to follow the
model alone takes a quarter of the time. The weights go by their numbers here, as they do in
`model`:

     0-3  stability after a first rating        4, 5  difficulty after it
     6, 7  change of difficulty                 8-10  stability after success
    11-14  stability after a lapse            15, 16  … after Hard, after Easy
    17-19  stability within a day                 20  decay of the forgetting curve
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import exp
from math import log as ln
from typing import NamedTuple, TypeAlias

import numpy as np

from studyapp.memory.histories import Bools, Floats, Ints, Level, Tree
from studyapp.memory.model import DEFAULT_WEIGHTS, EASIEST, HARDEST, LEAST_STABILITY

_WEIGHTS = len(DEFAULT_WEIGHTS)
_OF_DIFFICULTY = slice(4, 8)
_LEAST_LOSS = 1e-9  # chance of a lapse, which no day can be without
_HARD, _GOOD, _EASY = 2, 3, 4


Numbers: TypeAlias = Sequence[float]  # the weights; faster than those of an array, one by one


class Point(NamedTuple):
    """The model at the nodes of one level: `recalled` is the chance there was, of those that were
    reviewed on a later day; stability and difficulty are as the review leaves them."""

    recalled: Floats
    stability: Floats
    difficulty: Floats


class Measure(NamedTuple):
    """Of all scored reviews: the sum of the log losses, its gradient, the information; and the
    model at each level, as `follow` has it."""

    loss: float
    gradient: Floats
    information: Floats
    points: Sequence[Point]


def follow(tree: Tree, weights: Floats) -> Iterator[Point]:
    """The model at each level, the roots first."""
    w = weights.tolist()
    stability, difficulty = _begin(tree, w)
    yield Point(np.empty(0), stability, difficulty)
    for level in tree.levels:
        stability, difficulty = stability[level.parent], difficulty[level.parent]
        curve = _forget(w, level, stability)
        steps = _steps(w, level, stability, difficulty, curve.lapsed)
        stability = _kept(steps)
        difficulty = _bounded(_harder(w, difficulty, level.rating))
        yield Point(curve.recalled, stability, difficulty)


def loss(tree: Tree, points: Sequence[Point]) -> float:
    """The sum of the log losses of all scored reviews."""
    levels = zip(tree.levels, points[1:], strict=True)
    return sum(_loss(level, _chance(level, point.recalled)) for level, point in levels)


def measure(tree: Tree, weights: Floats) -> Measure:
    """How well the model under *weights* predicts the scored reviews, and where it would better."""
    return measure_each([tree], weights)[0]


def measure_each(trees: Sequence[Tree], weights: Floats) -> list[Measure]:
    """The same of some *trees* whose nodes are the same, with other numbers of reviews: the slopes,
    which take the most of it, are carried once."""
    w, sums, tree = weights.tolist(), [_Sums() for _ in trees], trees[0]
    stability, difficulty = _begin(tree, w)
    by, harder_by = _begin_slopes(tree, w, difficulty)
    points = [Point(np.empty(0), stability, difficulty)]
    for number, level in enumerate(tree.levels):
        stability, difficulty = stability[level.parent], difficulty[level.parent]
        by, harder_by = by.take(level.parent, axis=1), harder_by.take(level.parent, axis=1)
        curve = _forget(w, level, stability)
        forgets = curve.slopes()
        slope = by[:, level.same :] * forgets.by_stability
        slope[20] += forgets.by_decay
        for sum_of, of in zip(sums, trees, strict=True):
            sum_of.add(of.levels[number], curve, slope if of is trees[-1] else slope.copy())
        steps = _steps(w, level, stability, difficulty, curve.lapsed)
        _carry(level, steps, forgets, by, harder_by)
        stability = _kept(steps)
        difficulty = _carry_difficulty(w, level, difficulty, harder_by)
        points.append(Point(curve.recalled, stability, difficulty))
    return [Measure(one.loss, one.gradient, one.information, points) for one in sums]


class _Sums:
    """What is summed over the levels of a tree."""

    def __init__(self) -> None:
        self.loss, self.gradient = 0.0, np.zeros(_WEIGHTS)
        self.information = np.zeros((_WEIGHTS, _WEIGHTS))

    def add(self, level: Level, curve: _Curve, slope: Floats) -> None:
        """A level's scored reviews; *slope* is that of their chances of recall, and is used up."""
        count, chance = level.reviews[level.same :], _chance(level, curve.recalled)
        self.loss += _loss(level, chance)
        away = count / chance
        away[level.lapsed - level.same :] *= -1
        self.gradient += slope @ away
        slope *= np.sqrt(count / (curve.recalled * curve.lapsed))
        self.information += slope @ slope.T  # of one array, so BLAS does half of it


def _chance(level: Level, recalled: Floats) -> Floats:
    """How likely what happened at each scored node was."""
    chance, split = recalled.copy(), level.lapsed - level.same
    chance[:split] = np.maximum(1 - chance[:split], _LEAST_LOSS)
    return chance


def _loss(level: Level, chance: Floats) -> float:
    return -float(level.reviews[level.same :] @ np.log(chance))


def _begin(tree: Tree, w: Numbers) -> tuple[Floats, Floats]:
    rating, stability, difficulty = tree.roots
    stability = np.where(np.isnan(stability), np.array(w[:4])[rating - 1], stability)
    first = _bounded(_first(w, rating))
    difficulty = np.where(np.isnan(difficulty), first, difficulty)
    return np.maximum(stability, LEAST_STABILITY), difficulty


def _begin_slopes(tree: Tree, w: Numbers, difficulty: Floats) -> tuple[Floats, Floats]:
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


def _first(w: Numbers, rating: Ints) -> Floats:
    """Difficulty after a first rating, out of its bounds perhaps."""
    first: Floats = w[4] - np.exp(w[5] * (rating - 1)) + 1
    return first


def _easiest(w: Numbers) -> float:
    """The same after Easy, to which each later difficulty is drawn."""
    return w[4] - exp(w[5] * (_EASY - 1)) + 1


def _harder(w: Numbers, difficulty: Floats, rating: Ints) -> Floats:
    """Difficulty after a later rating, out of its bounds perhaps."""
    moved = (rating - _GOOD) * (w[6] / 9)
    harder: Floats = difficulty + moved * (difficulty - HARDEST)
    harder *= 1 - w[7]
    harder += w[7] * _easiest(w)
    return harder


def _bounded(difficulty: Floats) -> Floats:
    """The same array, brought within the bounds of difficulties."""
    np.maximum(difficulty, EASIEST, out=difficulty)
    np.minimum(difficulty, HARDEST, out=difficulty)
    return difficulty


def _carry_difficulty(w: Numbers, level: Level, difficulty: Floats, by: Floats) -> Floats:
    """Difficulty after the review; its derivatives are carried on in place."""
    after = _harder(w, difficulty, level.rating)
    moves = (level.rating - _GOOD) / 9
    room = HARDEST - difficulty
    by *= (1 - w[7]) * (1 + w[6] * moves)
    _add(by[0], w[7])
    _add(by[1], -w[7] * 3 * exp(3 * w[5]))
    _add(by[2], (w[7] - 1) * room * moves)
    _add(by[3], _easiest(w) - (difficulty - room * w[6] * moves))
    outside = (after < EASIEST) | (after > HARDEST)
    if outside.any():
        by[:, outside] = 0
    return _bounded(after)


class _Forgets(NamedTuple):
    """How a chance of recall changes with stability and with decay."""

    by_stability: Floats
    by_decay: Floats


class _Curve(NamedTuple):
    """The forgetting curve: the chances of recall and of a lapse, and the terms they are of."""

    decay: float
    factor: float
    stability: Floats
    grown: Floats
    log: Floats
    recalled: Floats
    lapsed: Floats

    def slopes(self) -> _Forgets:
        by_decay = (self.factor + 1) * ln(0.9) / self.decay**2  # of the factor
        pull = self.decay * self.recalled * (self.grown - 1) / self.grown
        return _Forgets(
            pull / self.stability, -self.recalled * self.log - pull * (by_decay / self.factor)
        )


def _forget(w: Numbers, level: Level, stability: Floats) -> _Curve:
    """That of the nodes that were reviewed on a later day."""
    decay, stability = w[20], stability[level.same :]
    factor = 0.9 ** (-1 / decay) - 1
    grown = 1 + factor * level.days[level.same :] / stability
    log = np.log(grown)
    recalled = np.exp(-decay * log)
    lapsed = np.maximum(1 - recalled, _LEAST_LOSS)
    return _Curve(decay, factor, stability, grown, log, recalled, lapsed)


def _steps(
    w: Numbers, level: Level, stability: Floats, difficulty: Floats, lapsed: Floats
) -> list[_Step]:
    """What the reviews of a level do to stability, by those of its three kinds that it has: of the
    last levels most have one, and an empty array takes as long as a short one."""
    same, split = level.same, level.lapsed - level.same
    again, well = slice(same, level.lapsed), slice(level.lapsed, None)
    found = list[_Step]()
    if same:
        found.append(_within_a_day(w, stability[:same], level.rating[:same]))
    if split:
        found.append(_lapse(w, stability[again], difficulty[again], lapsed[:split]))
    if level.lapsed < len(level.parent):
        rating = level.rating[well]
        found.append(_success(w, stability[well], difficulty[well], lapsed[split:], rating))
    return found


def _kept(steps: Sequence[_Step]) -> Floats:
    """The stability that these leave."""
    stability: Floats = np.concatenate([step.after for step in steps])
    np.maximum(stability, LEAST_STABILITY, out=stability)
    return stability


def _carry(
    level: Level, steps: Sequence[_Step], forgets: _Forgets, by: Floats, harder_by: Floats
) -> None:
    """Carry the derivatives of stability over the reviews of a level, in place."""
    start = 0
    for step in steps:
        here = slice(start, start := start + len(step.after))
        slopes, slope = step.slopes(), by[:, here]
        if slopes.by_recalled is None:
            slope *= slopes.by_stability
        else:
            later = slice(here.start - level.same, here.stop - level.same)
            slope *= slopes.by_stability + slopes.by_recalled * forgets.by_stability[later]
            _add(slope[20], slopes.by_recalled * forgets.by_decay[later])
        if slopes.by_difficulty is not None:
            _add(slope[_OF_DIFFICULTY], slopes.by_difficulty * harder_by[:, here])
        for number, own in slopes.by_weight.items():
            _add(slope[number], own)
        low = step.after < LEAST_STABILITY
        if low.any():
            slope[:, low] = 0


class _Slopes(NamedTuple):
    """How a stability after a review changes with what it comes from."""

    by_stability: Floats
    by_weight: Mapping[int, Floats]
    by_difficulty: Floats | None = None
    by_recalled: Floats | None = None


def _add(to: Floats, more: Floats | float) -> None:
    """Add in place: `to[row] += more` copies the row onto itself once it is done."""
    to += more


class _WithinADay(NamedTuple):
    """A later review of a study day. What was remembered never gets weaker by it: it is `kept`."""

    w: Numbers
    moved: Floats
    log: Floats
    growth: Floats
    kept: Bools
    after: Floats

    def slopes(self) -> _Slopes:
        w, change = self.w, np.where(self.kept, 0, self.after)
        return _Slopes(
            self.growth * np.where(self.kept, 1, 1 - w[19]),
            {17: change * self.moved, 18: change * w[17], 19: -change * self.log},
        )


def _within_a_day(w: Numbers, stability: Floats, rating: Ints) -> _WithinADay:
    moved = rating.astype(float) - (_GOOD - w[18])
    log = np.log(stability)
    growth = np.exp(w[17] * moved - w[19] * log)
    kept = (rating >= _HARD) & (growth < 1)
    growth[kept] = 1
    return _WithinADay(w, moved, log, growth, kept, stability * growth)


class _Lapse(NamedTuple):
    """A review that was forgotten: of the stability there is left what is `forgotten`, as the
    formula is called, or a share of what it was if that is less."""

    w: Numbers
    stability: Floats
    difficulty: Floats
    lapsed: Floats
    log_difficulty: Floats
    log_stability: Floats
    scale: Floats
    power: Floats
    share: float
    forgotten: Floats
    after: Floats

    def slopes(self) -> _Slopes:
        w, capped = self.w, self.after < self.forgotten
        change = np.where(capped, 0, self.forgotten)
        grown = np.where(capped, 0, self.scale * self.power)
        most = self.after - change
        return _Slopes(
            np.where(capped, self.share, grown * w[13] / (1 + self.stability)),
            {
                11: change / w[11],
                12: -change * self.log_difficulty,
                13: grown * self.log_stability,
                14: change * self.lapsed,
                17: -most * w[18],
                18: -most * w[17],
            },
            -change * w[12] / self.difficulty,
            -change * w[14],
        )


def _lapse(w: Numbers, stability: Floats, difficulty: Floats, lapsed: Floats) -> _Lapse:
    log_difficulty, log_stability = np.log(difficulty), np.log(1 + stability)
    scale = w[11] * np.exp(w[14] * lapsed - w[12] * log_difficulty)
    power = np.exp(w[13] * log_stability)
    share = exp(-w[17] * w[18])
    forgotten = scale * (power - 1)
    return _Lapse(
        w,
        stability,
        difficulty,
        lapsed,
        log_difficulty,
        log_stability,
        scale,
        power,
        share,
        forgotten,
        np.minimum(forgotten, stability * share),
    )


class _Success(NamedTuple):
    """A review that was remembered: the less likely that was, the more is gained."""

    w: Numbers
    stability: Floats
    difficulty: Floats
    lapsed: Floats
    rating: Ints
    log: Floats
    plain: Floats
    factor: Floats
    rated: Floats
    after: Floats

    def slopes(self) -> _Slopes:
        w, rated = self.w, self.rated
        gain = rated * self.factor
        steep = gain + self.plain * self.factor
        return _Slopes(
            1 + gain * (1 - w[9]) / self.stability,
            {
                8: gain,
                9: -gain * self.log,
                10: steep * self.lapsed,
                15: np.where(self.rating == _HARD, rated, 0),
                16: np.where(self.rating == _EASY, rated, 0),
            },
            -gain / (11 - self.difficulty),
            -steep * w[10],
        )


def _success(
    w: Numbers, stability: Floats, difficulty: Floats, lapsed: Floats, rating: Ints
) -> _Success:
    log = np.log(stability)
    plain = np.exp(w[8] + (1 - w[9]) * log) * (11 - difficulty)
    factor = np.array([1.0, 1.0, w[15], 1.0, w[16]])[rating]
    rated = plain * (np.exp(w[10] * lapsed) - 1)
    after = stability + rated * factor
    return _Success(w, stability, difficulty, lapsed, rating, log, plain, factor, rated, after)


_Step: TypeAlias = _WithinADay | _Lapse | _Success
