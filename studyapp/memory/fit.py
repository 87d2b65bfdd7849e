"""The weights that a log of reviews makes likeliest, from a prior at the defaults.

Levenberg and Marquardt's method within bounds, and with the first stabilities in the order of their
ratings: a log tells nothing of a rating that it lacks, and Easy would come sooner than Good. Exact
gradient and Fisher information come from one pass over the tree of histories. The first steps look
at the beginnings of histories alone, which many cards share: half of the nodes tell of three
quarters of the reviews. From there one or two passes over all of it are enough. The prior keeps
what a short log does not tell; with it the fit of a few hundred reviews is no worse than the
defaults.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import replace
from typing import NamedTuple, TypeAlias, TypeVar

import numpy as np

from studyapp.memory.histories import Floats, Tree
from studyapp.memory.model import DEFAULT_WEIGHTS, FIRST, HIGHEST, LOWEST, SPREAD
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
_TURNS = 100  # at most, in search of a step; mostly one or two
_FREE = -1e-6  # nats for a unit of a weight: a fence that costs less is let go
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


def _fences() -> tuple[Floats, Floats]:
    """What holds weights in: each row times the weights is no less than its end. Of the first
    stabilities the least has a lower bound and the greatest an upper one, so that no row follows
    from others."""
    every, first = np.eye(len(_CENTRE)), np.arange(len(_CENTRE))[FIRST]
    above, below = first[1:], first[:-1]
    rows = np.delete(every, above, 0), -np.delete(every, below, 0), np.diff(every[first], axis=0)
    ends = np.delete(_LOW, above), -np.delete(_HIGH, below), np.zeros(len(above))
    return np.concatenate(rows), np.concatenate(ends)


_FENCES, _ENDS = _fences()


def fit(tree: Tree, start: Floats | None = None) -> Fit:
    """The weights that make the *tree* likeliest. Who knows some that are near gives them as its
    *start*."""
    if start is not None:
        start = _within(start)
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
            near = _within(weights + step)
            there = measure(tree, near) if promised >= enough else None
            points = there.points if there else list(follow(tree, near))
            reached = (there.loss if there else loss(tree, points)) + _prior(near)
            gained, passes = here.loss - reached, passes + 1
            if gained > 0:
                break
            # It went too far: to where a parabola through what is known has its lowest point.
            shorter = slope / (2 * (slope + gained))
            step, slope, promised = step * shorter, slope * shorter, -slope * shorter / 2
        else:
            break
        weights = near
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
    """The damped Newton step that stays within the fences: to where its parabola is lowest there,
    by the active-set method (Nocedal and Wright 2006, section 16.5). A fence is active once it
    stops the step, until the parabola is lower inside."""
    damped = here.information + damping * np.diag(np.diag(here.information))
    room, step = _FENCES @ weights - _ENDS, np.zeros(len(weights))
    active = (room <= 0) & (_FENCES @ here.gradient > 0)
    for _ in range(_TURNS):
        along, held = _FENCES[active], np.flatnonzero(active)
        aim, costs = _lowest(damped, here.gradient, along, -room[active])
        way = _FENCES @ (aim - step)
        ahead = np.flatnonzero(~active & (way < 0))
        reach = np.maximum(room[ahead] + _FENCES[ahead] @ step, 0) / -way[ahead]
        if (reach < 1).any():
            step += reach.min() * (aim - step)
            active[ahead[reach.argmin()]] = True
            continue
        step = aim
        if (costs >= _FREE).all():
            break
        active[held[costs.argmin()]] = False
    return step


def _lowest(curved: Floats, gradient: Floats, along: Floats, ends: Floats) -> tuple[Floats, Floats]:
    """The step to where a parabola is lowest *along* some fences, which end so far away; and what
    each of them costs: below 0 it is lower inside."""
    size, held = len(gradient), len(along)
    system = np.zeros((size + held, size + held))
    system[:size, :size], system[:size, size:], system[size:, :size] = curved, -along.T, along
    solved = np.append(-gradient, ends)
    solved[:] = np.linalg.solve(system, solved)
    return solved[:size], solved[size:]


def _within(weights: Floats) -> Floats:
    """The same without what rounding has moved beyond a fence."""
    inside: Floats = np.clip(weights, _LOW, _HIGH)
    inside[FIRST] = np.maximum.accumulate(inside[FIRST])
    return inside
