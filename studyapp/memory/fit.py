"""The weights that a log of reviews makes likeliest, from a prior at the defaults.

Levenberg and Marquardt's method with bounds: exact gradient and Fisher information come from one
pass over the tree of histories, so three to five passes are enough. The prior keeps what a short
log does not tell; with it the fit of a few hundred reviews is no worse than the defaults.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from studyapp.memory.histories import Bools, Floats, Tree
from studyapp.memory.model import DEFAULT_WEIGHTS, HIGHEST, LOWEST, SPREAD
from studyapp.memory.slopes import Measure, measure

_PASSES = 40  # at most; a fit takes about five
_SMALL = 0.2  # nats of the whole log: a step that promises less is not worth its pass
_CALM = 1e-3  # damping to begin with
_CENTRE, _LOW, _HIGH = np.array(DEFAULT_WEIGHTS), np.array(LOWEST), np.array(HIGHEST)
_PRECISION = 2 / np.array(SPREAD) ** 2


class Fit(NamedTuple):
    """`loss` is that of all reviews together with what the prior adds; `information` as well."""

    weights: Floats
    loss: float
    information: Floats
    passes: int


def fit(
    tree: Tree, start: Floats = _CENTRE, told: Callable[[int], None] = lambda passes: None
) -> Fit:
    """The weights that make the *tree* likeliest. *told* hears how many passes are done."""
    weights = np.clip(start, _LOW, _HIGH)
    here, passes, damping = _posterior(tree, weights), 1, _CALM
    while passes < _PASSES:
        step = _step(weights, here, damping)
        slope = float(here.gradient @ step)
        promised = -slope - float(step @ here.information @ step) / 2
        while promised >= _SMALL and passes < _PASSES:
            told(passes)
            there, passes = _posterior(tree, weights + step), passes + 1
            gained = here.loss - there.loss
            if gained > 0:
                break
            # It went too far: to where a parabola through what is known has its lowest point.
            shorter = slope / (2 * (slope + gained))
            step, slope, promised = step * shorter, slope * shorter, -slope * shorter / 2
        else:
            break
        weights, here = weights + step, there
        damping *= 0.3 if gained > 0.7 * promised else 2 if gained < 0.3 * promised else 1
    return Fit(weights, here.loss, here.information, passes)


def _posterior(tree: Tree, weights: Floats) -> Measure:
    loss, gradient, information = measure(tree, weights)
    away = weights - _CENTRE
    return Measure(
        loss + float(away @ (_PRECISION * away)) / 2,
        gradient + _PRECISION * away,
        information + np.diag(_PRECISION),
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
