"""Whether a fit is adopted: the procedure is judged, on days that it has not seen (RULES: Fitting).

The weights are fitted to the earlier part of the log and compared, on the later part, with the
defaults and with the fit that was adopted last, as that was trained before the split: adopted
weights themselves have seen the later part, and a candidate could not be better. One whose first
stabilities are out of order, as an older version could leave them, is no rival: it is to go. What
is adopted is the refit on everything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

import numpy as np

from studyapp.memory import evaluate
from studyapp.memory.evaluate import Difference, Outcomes, Score
from studyapp.memory.fit import fit_each
from studyapp.memory.histories import Floats, Reviews
from studyapp.memory.model import DEFAULT_WEIGHTS, Weights, is_ordered
from studyapp.memory.slopes import Point, follow

FEWEST = 200  # reviews, below which nothing is fitted
FEWEST_LATER = 30  # scored reviews of the later part
_EARLIER = 0.8  # share of the scored reviews in the earlier part
_DEFAULTS = np.array(DEFAULT_WEIGHTS)
Told = Callable[[float], None]


class Former(NamedTuple):
    """The fit that was adopted last, as trained on the days up to `until`."""

    weights: Weights
    until: int


class InForce(NamedTuple):
    """Fitted weights in force `since` a day, which have seen the first so many `reviews`."""

    weights: Weights
    since: date
    reviews: int


class InUse(NamedTuple):
    """How weights in force predict the later reviews, of which they have `seen` so many."""

    score: Score
    since: date
    seen: int

    def as_json(self) -> dict[str, Any]:
        return {**self.score._asdict(), "since": self.since.isoformat(), "seen": self.seen}


@dataclass(frozen=True, slots=True)
class Judgement:
    """What came of a fit to so many `reviews`. `parameters` are what all of them come to, adopted
    or not. Scores are those of the later part, after the day `until`; `fitted` is that of
    `earlier`, the weights of the earlier part alone, which the next comparison needs as well. All
    are None where the log is too short. `difference` is that of the mean log losses, the fit's less
    that of what it is compared with: below 0 the fit is better. `unchanged`: the refit is in force
    already. `in_use` is what was in force before, if not the defaults. `points` is the model under
    adopted weights at each level of the log's histories."""

    reviews: int
    parameters: Weights | None
    adopted: bool
    reason: str
    default: Score | None = None
    average: Score | None = None
    moving_average: Score | None = None
    fitted: Score | None = None
    in_use: InUse | None = None
    difference: Difference | None = None
    later: int = 0
    until: int | None = None
    earlier: Weights | None = None
    unchanged: bool = False
    points: Sequence[Point] = field(default=(), compare=False, repr=False)

    def as_json(self) -> dict[str, Any]:
        """What `studyapp fit --json` prints."""
        told: dict[str, Any] = {"reviews": self.reviews}
        for name in ("parameters", "earlier"):
            weights = getattr(self, name)
            told[name] = None if weights is None else list(weights)
        for name in ("default", "average", "moving_average", "fitted", "difference"):
            value = getattr(self, name)
            told[name] = None if value is None else value._asdict()
        told["in_use"] = None if self.in_use is None else self.in_use.as_json()
        told["later"] = self.later
        unchanged = {"unchanged": self.unchanged}
        return {**told, **unchanged, "adopted": self.adopted, "reason": self.reason}


def judge(
    reviews: Reviews,
    former: Former | None = None,
    kept: InForce | None = None,
    told: Told = lambda share: None,
) -> Judgement:
    """Fit the log and decide. *kept* is in force; None: the defaults. *told* hears which share is
    done."""
    if reviews.rated < FEWEST:
        return Judgement(reviews.rated, None, False, _FEW)
    tree = reviews.tree
    found = evaluate.outcomes(reviews, tree)
    until = split(found)
    is_later = found.day > until
    if is_later.sum() < FEWEST_LATER or is_later.all():
        return Judgement(reviews.rated, None, False, _TOO_SHORT)
    both = [tree.of_first(reviews.until(until)), tree]
    earlier, refit = fit_each(both, lambda passes: told(passes / (passes + 3)))
    later = found.take(is_later)

    def predicted(points: Iterable[Point]) -> Floats:
        return evaluate.predictions(tree, list(points), later.row)

    since = int(np.argmax(is_later))
    chances = {
        "default": predicted(follow(tree, _DEFAULTS)),
        "average": evaluate.average(found.remembered)[is_later],
        "moving_average": evaluate.moving_average(found.remembered, since)[is_later[since:]],
        "fitted": predicted(earlier.points),
    }
    bins = evaluate.bins_of(reviews, later.row)

    def scored(chance: Floats) -> Score:
        return evaluate.score(chance, later.remembered, bins)

    scores = {name: scored(chance) for name, chance in chances.items()}
    in_use = None
    if kept is not None:
        score = scored(predicted(follow(tree, np.array(kept.weights))))
        seen = int((np.cumsum(~reviews.given)[later.row] <= kept.reviews).sum())
        in_use = InUse(score, kept.since, seen)
    rival, name = chances["default"], "the defaults"
    if former is not None and former.until <= until and is_ordered(former.weights):
        before = predicted(follow(tree, np.array(former.weights)))
        if evaluate.losses(before, later.remembered).mean() <= scores["default"].log_loss:
            rival, name = before, "the fit before"

    def compared(rival: Floats) -> Difference:
        gap = evaluate.losses(chances["fitted"], later.remembered)
        return evaluate.difference(gap - evaluate.losses(rival, later.remembered), later)

    apart, parameters = compared(rival), tuple(refit.weights.tolist())
    unchanged = parameters == (DEFAULT_WEIGHTS if kept is None else kept.weights)
    adopted = apart.value <= 0 and not later.is_of_one_card and not unchanged
    if unchanged:  # itself is no rival
        apart, name = compared(chances["default"]), "the defaults"
    return Judgement(
        reviews.rated,
        parameters,
        adopted,
        _reason(apart, later, name, unchanged=unchanged),
        **scores,
        in_use=in_use,
        difference=apart,
        later=len(later.row),
        until=until,
        earlier=tuple(earlier.weights.tolist()),
        unchanged=unchanged,
        points=refit.points if adopted else (),
    )


def split(found: Outcomes) -> int:
    """The last day of the earlier part: no day is divided."""
    first_later = int(_EARLIER * len(found.day))
    return int(np.partition(found.day, first_later)[first_later]) - 1 if len(found.day) else 0


_FEW = f"too few, as a fit begins with {FEWEST}"
_TOO_SHORT = "too few on later days, as one part is fitted and judged by the other"


def _reason(apart: Difference, later: Outcomes, rival: str, *, unchanged: bool) -> str:
    """The comparison in a line."""
    word, sign = ("lower", -1) if apart.value <= 0 else ("higher", 1)
    if apart.low is not None and apart.high is not None:
        ends = sorted((sign * apart.low, sign * apart.high))
        interval = f" [{_figure(ends[0])}, {_figure(ends[1])}]"
    else:
        interval = f" (no interval, as {_why_none(later)})"
    same = "the log says the same as at the fit before: " if unchanged else ""
    return (
        f"{same}log loss on the later {len(later.row):,} is {word} by "
        f"{_figure(sign * apart.value)}{interval} than with {rival}"
    )


def _why_none(later: Outcomes) -> str:
    if later.is_of_one_card:
        return "all are of one card"
    return f"none of them was {'remembered' if later.remembered.max() == 0 else 'forgotten'}"


def _figure(value: float) -> str:
    """A figure as the app writes it: .0123, or −.0123."""
    return ("−" if value < 0 else "") + f"{abs(value):.4f}".removeprefix("0")
