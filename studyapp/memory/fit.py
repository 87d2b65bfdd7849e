"""The weights that a log of reviews makes likeliest, from a prior at the defaults.

Levenberg and Marquardt's method with bounds: exact gradient and Fisher information come from one
pass over the tree of histories. The first steps look at the beginnings of histories alone, which
many cards share: half of the nodes tell of three quarters of the reviews. From there one or two
passes over all of it are enough. The prior keeps what a short log does not tell; with it the fit
of a few hundred reviews is no worse than the defaults.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import replace
from typing import NamedTuple, TypeAlias, TypeVar

import numpy as np

from studyapp.memory.histories import Bools, Floats, Tree
from studyapp.memory.model import DEFAULT_WEIGHTS, HIGHEST, LOWEST, SPREAD
from studyapp.memory.slopes import Measure, Point, follow, loss, measure, measure_each

_PASSES = 40  # at most; a fit takes about five, three of them over beginnings alone
_SMALL = 0.2  # nats of the whole log: a step that promises less is not worth its pass
# Nats a review: a step that promises less leaves a twentieth of it, so is the last.
_LAST = 2e-4
_LAST_OF_BEGINNINGS = 5e-4
_BEGINNING = 0.5  # share of the nodes that are beginnings
_CALM = 1e-3  # damping to begin with
_CENTRE, _LOW, _HIGH = np.array(DEFAULT_WEIGHTS), np.array(LOWEST), np.array(HIGHEST)
_PRECISION = 2 / np.array(SPREAD) ** 2
Told = Callable[[int], None]
T = TypeVar("T")
Steps: TypeAlias = Generator[int, None, T]  # says after each pass how many are done


class Fit(NamedTuple):
    """`loss` is that of all reviews together with what the prior adds. `information` has the prior,
    too, and is of these weights or of those before the last step. `points` is the model at each
    level of histories."""

    weights: Floats
    loss: float
    information: Floats
    passes: int
    points: Sequence[Point]


def fit(tree: Tree, start: Floats | None = None) -> Fit:
    """The weights that make the *tree* likeliest. Who knows some that are near gives them as its
    *start*."""
    if start is not None:
        start = np.clip(start, _LOW, _HIGH)
        return _ended(_descend(tree, start, measure(tree, start), _LAST))
    return fit_each([tree])[0]


def fit_each(trees: Sequence[Tree], told: Told = lambda passes: None) -> list[Fit]:
    """What `fit_in_steps` comes to; *told* hears how many passes are done."""
    return _ended(fit_in_steps(trees), told)


def fit_in_steps(trees: Sequence[Tree]) -> Steps[list[Fit]]:
    """The weights that make each of *trees* likeliest, whose nodes are the same: what is near for
    the first is near for all, so from there one pass measures them together."""
    beginnings = _beginnings(trees[0])
    begun = measure(beginnings, _CENTRE)
    near = yield from _descend(beginnings, _CENTRE, begun, _LAST_OF_BEGINNINGS)
    passes, fits = near.passes, list[Fit]()
    for tree, measured in zip(trees, measure_each(trees, near.weights), strict=True):
        found = yield from _descend(tree, near.weights, measured, _LAST, passes)
        fits.append(found._replace(passes=near.passes + found.passes))
        passes += found.passes
    return fits


def _ended(steps: Steps[T], told: Told = lambda passes: None) -> T:
    try:
        while True:
            told(next(steps))
    except StopIteration as end:
        found: T = end.value
        return found


def _beginnings(tree: Tree) -> Tree:
    """The first levels alone."""
    nodes = np.cumsum([np.count_nonzero(level.reviews) for level in tree.levels])
    few = int(np.searchsorted(nodes, _BEGINNING * nodes[-1:].sum())) + 1
    return replace(tree, levels=tree.levels[:few])


def _descend(
    tree: Tree, weights: Floats, begun: Measure, last: float, before: int = 0
) -> Steps[Fit]:
    """Step after step from what is *begun* with, until one promises too little. One that promises
    less than *last* nats a review needs no slopes where it leads, so a short log is followed to its
    very end. There were so many passes *before*."""
    enough = last * sum(float(level.reviews[level.same :].sum()) for level in tree.levels)
    here, passes, damping = _posterior(begun, weights), 1, _CALM
    while passes < _PASSES:
        step = _step(weights, here, damping)
        slope = float(here.gradient @ step)
        promised = -slope - float(step @ here.information @ step) / 2
        while promised >= _SMALL and passes < _PASSES:
            yield before + passes
            there = measure(tree, weights + step) if promised >= enough else None
            points = there.points if there else list(follow(tree, weights + step))
            reached = (there.loss if there else loss(tree, points)) + _prior(weights + step)
            gained, passes = here.loss - reached, passes + 1
            if gained > 0:
                break
            # It went too far: to where a parabola through what is known has its lowest point.
            shorter = slope / (2 * (slope + gained))
            step, slope, promised = step * shorter, slope * shorter, -slope * shorter / 2
        else:
            break
        weights = weights + step
        if there is None and gained > 0.7 * promised:
            return Fit(weights, reached, here.information, passes, points)
        here = _posterior(there or measure(tree, weights), weights)
        damping *= 0.3 if gained > 0.7 * promised else 2 if gained < 0.3 * promised else 1
    return Fit(weights, here.loss, here.information, passes, here.points)


def _prior(weights: Floats) -> float:
    away = weights - _CENTRE
    return float(away @ (_PRECISION * away)) / 2


def _posterior(measured: Measure, weights: Floats) -> Measure:
    return measured._replace(
        loss=measured.loss + _prior(weights),
        gradient=measured.gradient + _PRECISION * (weights - _CENTRE),
        information=measured.information + np.diag(_PRECISION),
    )


def _step(weights: Floats, here: Measure, damping: float) -> Floats:
    """The damped Newton step that stays within the bounds. What would leave them stops there, and
    the rest is solved anew; what is at a bound and pulled outwards stays."""
    damped = here.information + damping * np.diag(np.diag(here.information))
    free = ~_held(weights, here.gradient)
    step = np.zeros(len(weights))
    while free.any():
        pull = here.gradient + here.information @ np.where(free, 0, step)
        step[free] = np.linalg.solve(damped[np.ix_(free, free)], -pull[free])
        inside = np.clip(weights + step, _LOW, _HIGH) - weights
        out = free & (inside != step)
        out &= np.abs(inside - step) > 1e-12
        if not out.any():
            break
        step[out] = inside[out]
        free &= ~out
    return np.clip(weights + step, _LOW, _HIGH) - weights


def _held(weights: Floats, gradient: Floats) -> Bools:
    held: Bools = ((weights <= _LOW) & (gradient > 0)) | ((weights >= _HIGH) & (gradient < 0))
    return held
