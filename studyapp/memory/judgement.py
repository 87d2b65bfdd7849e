"""Whether a fit is adopted: the procedure is judged, on days that it has not seen (RULES: Fitting).

The weights are fitted to the earlier part of the log and compared, on the later part, with the
defaults and with the fit that was adopted last, as that was trained before the split: adopted
weights themselves have seen the later part, and a candidate could not be better. What is adopted
is the refit on everything.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from studyapp.memory import evaluate
from studyapp.memory.evaluate import Difference, Outcomes, Score
from studyapp.memory.fit import fit
from studyapp.memory.histories import Bools, Floats, Reviews, grow
from studyapp.memory.model import DEFAULT_WEIGHTS, Weights

FEWEST = 200  # reviews, below which nothing is fitted
_FEWEST_LATER = 30  # scored reviews of the later part
_EARLIER = 0.8  # share of the scored reviews in the earlier part
_DEFAULTS = np.array(DEFAULT_WEIGHTS)
Told = Callable[[float], None]


class Former(NamedTuple):
    """The fit that was adopted last, as trained on the days up to `until`."""

    weights: Weights
    until: int


@dataclass(frozen=True, slots=True)
class Judgement:
    """What came of a fit to so many `reviews`. Scores are those of the later part, after the day
    `until`; None where the log is too short. `difference` is that of the mean log losses, the
    fit's less that of what it is compared with: below 0 the fit is better. `earlier` are the
    weights of the earlier part alone, for the next comparison."""

    reviews: int
    parameters: Weights
    adopted: bool
    reason: str
    default: Score | None = None
    average: Score | None = None
    moving_average: Score | None = None
    fitted: Score | None = None
    difference: Difference | None = None
    later: int = 0
    until: int | None = None
    earlier: Weights | None = None

    def as_json(self) -> dict[str, Any]:
        """What `studyapp fit --json` prints."""
        told: dict[str, Any] = {"reviews": self.reviews, "parameters": list(self.parameters)}
        for name in ("default", "average", "moving_average", "fitted", "difference"):
            value = getattr(self, name)
            told[name] = None if value is None else value._asdict()
        told["later"] = self.later
        return {**told, "adopted": self.adopted, "reason": self.reason}


def judge(
    reviews: Reviews,
    former: Former | None = None,
    kept: Weights = DEFAULT_WEIGHTS,
    told: Told = lambda share: None,
) -> Judgement:
    """Fit the log and decide. *kept* stay in force otherwise. *told* hears which share is done."""
    if reviews.rated < FEWEST:
        return Judgement(reviews.rated, kept, False, _FEW)
    tree = grow(reviews)
    found = evaluate.outcomes(reviews, tree)
    until = _split(found)
    later = found.day > until
    if later.sum() < _FEWEST_LATER or later.all():
        return Judgement(reviews.rated, kept, False, _TOO_SHORT)
    earlier = fit(grow(reviews.until(until)), told=_share(told, 0.0)).weights
    weights = fit(tree, earlier, told=_share(told, 0.5)).weights
    chances = {
        "default": evaluate.predictions(tree, _DEFAULTS),
        "average": evaluate.average(found.remembered),
        "moving_average": evaluate.moving_average(found.remembered),
        "fitted": evaluate.predictions(tree, earlier),
    }
    scores = {
        name: evaluate.score(chance[later], found.remembered[later], found.bin[later])
        for name, chance in chances.items()
    }
    rival, name = chances["default"], "the defaults"
    if former is not None and former.until <= until:
        before = evaluate.predictions(tree, np.array(former.weights))
        if _loss(before, found, later) <= scores["default"].log_loss:
            rival, name = before, "the fit before"
    gap = _losses(chances["fitted"], found, later) - _losses(rival, found, later)
    apart = evaluate.difference(gap, found.card[later])
    adopted = apart.value <= 0
    return Judgement(
        reviews.rated,
        tuple(weights.tolist()) if adopted else kept,
        adopted,
        _reason(apart, int(later.sum()), name),
        **scores,
        difference=apart,
        later=int(later.sum()),
        until=until,
        earlier=tuple(earlier.tolist()),
    )


def _split(found: Outcomes) -> int:
    """The last day of the earlier part: no day is divided."""
    days = np.sort(found.day)
    return int(days[int(_EARLIER * len(days))]) - 1 if len(days) else 0


def _losses(chance: Floats, found: Outcomes, later: Bools) -> Floats:
    return evaluate.losses(chance[later], found.remembered[later])


def _loss(chance: Floats, found: Outcomes, later: Bools) -> float:
    return float(_losses(chance, found, later).mean())


def _share(told: Told, start: float) -> Callable[[int], None]:
    """Progress of one of two fits, which take about five passes each."""
    return lambda passes: told(start + 0.5 * passes / (passes + 2))


_FEW = f"too few, as a fit begins with {FEWEST}"
_TOO_SHORT = "too few on later days, as one part is fitted and judged by the other"


def _reason(apart: Difference, later: int, rival: str) -> str:
    """The comparison in a line."""
    if (apart.value, apart.low) == (0, 0):
        return f"the log says the same as it did at {rival}"
    word, sign = ("lower", -1) if apart.value <= 0 else ("higher", 1)
    interval = ""
    if apart.low is not None and apart.high is not None:
        ends = sorted((sign * apart.low, sign * apart.high))
        interval = f" [{_figure(ends[0])}, {_figure(ends[1])}]"
    return (
        f"log loss on the later {later:,} is {word} by {_figure(sign * apart.value)}{interval} "
        f"than with {rival}"
    )


def _figure(value: float) -> str:
    """A figure as the app writes it: .0123, or −.0123."""
    return ("−" if value < 0 else "") + f"{abs(value):.4f}".removeprefix("0")
