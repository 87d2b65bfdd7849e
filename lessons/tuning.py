"""tuning: is the best of many settings as good as its validation score says?

Whoever tunes tries many settings, scores each on the same validation rows and keeps the best. What
to watch: the score of the one that is kept so far, on those rows and on rows that no choice has
seen. The more are tried, the further apart the two may come.

The settings are of two kinds. `coins` answer yes or no by the flip of a coin, so that none is worth
more than another: a simulation. `tumours` are small models that tell malignant from benign tumours
by measurements of their cells; their settings do differ. Which measurements a model may use and how
far its weights are held down is drawn anew for each try.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from studyapp.lab.interval import mean_interval
from studyapp.lab.protocol import (
    Axes,
    Choice,
    Fact,
    Knob,
    Lesson,
    LessonEvent,
    Metric,
    Progress,
    Question,
    Remark,
    Result,
    Value,
    When,
)
from studyapp.lab.seeds import generators, mean_fact

NEW_FLIPS = 10_000  # new rows of a coin: its score there is all but the one in the long run
TRAIN, LEAST_NEW = 60, 100  # tumours to learn from; those that must be left as new ones
MEASUREMENTS, USED = 30, 0.3  # of each tumour; the share of them that a setting uses
WEAKEST, STRONGEST = -3, 3  # how far weights are held down: 10 to the power of these
LOOKS = 50  # points of the curves
AT_ONCE = 2000  # models that are solved together, of all seeds: they bound the memory
DRAWN = {
    "coins": "flips: a simulation",
    "tumours": "rows and settings; all from the same 569 tumours, no other hospital",
}

Tried = tuple[Tensor, Tensor]  # what share is right, on validation rows and on new ones: (S, tries)


# Coins.


def toss(tries: int, rows: int, rngs: Sequence[torch.Generator]) -> Tried:
    """Score coins: how many of n flips are right is a binomial number, with a chance of 1/2."""
    shares = []
    for flips in (rows, NEW_FLIPS):
        count, half = torch.full((tries,), float(flips)), torch.full((tries,), 0.5)
        hits = [torch.binomial(count, half, generator=rng) for rng in rngs]  # (tries,) each
        shares.append(torch.stack(hits) / flips)  # (S, tries)
    return shares[0], shares[1]


def luck(tries: int, rows: int) -> float:
    """Return by how much the best of *tries* coins is above 1/2 on *rows* flips, in the long run.

    The best has more than k right unless all have k or fewer; and a number is, on average, the sum
    of the chances that it is more than 0, more than 1, ….
    """
    best, fewer = 0.0, 0.0
    for k in range(rows):
        ways = math.lgamma(rows + 1) - math.lgamma(k + 1) - math.lgamma(rows - k + 1)  # log of them
        fewer += math.exp(ways - rows * math.log(2))  # the chance that one coin has k or fewer
        best += 1 - min(1.0, fewer) ** tries
    return round(best / rows - 0.5, 9)  # the digits that logarithms leave


# Tumours.


def load() -> tuple[Tensor, Tensor]:
    """Return the measurements of the tumours (569, 30), and 1 for malignant, else -1 (569,)."""
    with np.load(Path(__file__).with_name("data") / "tumours.npz") as data:
        features, malignant = data["features"], data["malignant"]
    return torch.from_numpy(features), torch.from_numpy(malignant).double() * 2 - 1


class Tumours:
    """S splits of the tumours, each with settings of its own, tried side by side."""

    def __init__(self, tries: int, rows: int, rngs: Sequence[torch.Generator], device: str) -> None:
        features, sides = load()
        most = len(sides) - TRAIN - LEAST_NEW
        if rows > most:
            raise ValueError(
                f"Of {len(sides)} tumours {TRAIN} are learned from and at least {LEAST_NEW} are "
                f"new: with models = tumours, rows must be from 20 to {most}."
            )
        self.rows = rows
        orders = torch.stack([torch.randperm(len(sides), generator=rng) for rng in rngs])  # (S, n)
        self.x, self.y = features[orders].to(device), sides[orders].to(device)  # (S, n, 30), (S, n)
        train = self.x[:, :TRAIN]  # each measurement is set to mean 0 and SD 1, by these rows alone
        self.x = (self.x - train.mean(1, keepdim=True)) / train.std(1, keepdim=True)
        used = [torch.rand(tries, MEASUREMENTS, generator=rng) < USED for rng in rngs]
        powers = [torch.rand(tries, generator=rng, dtype=self.x.dtype) for rng in rngs]
        self.used = torch.stack(used).to(device)  # (S, tries, 30)
        self.held = 10 ** (WEAKEST + (STRONGEST - WEAKEST) * torch.stack(powers).to(device))

    def score(self, some: slice) -> Tried:
        """Fit a model with each of *some* settings; return what share it gets right.

        A model adds up measurements × weights, and says malignant where that is above 0. It is a
        ridge regression: the weights solve (xᵀx + held · 1) w = xᵀy, so that the sum of squared
        misses + held × the sum of squared weights is as small as can be.
        """
        x, y = self.x[:, :TRAIN], self.y[:, :TRAIN]  # (S, 60, 30), (S, 60)
        middle = y.mean(1, keepdim=True)  # (S, 1): what is said where all measurements are average
        masked = x[:, None] * self.used[:, some, None]  # (S, tries, 60, 30)
        transposed = masked.transpose(2, 3)  # (S, tries, 30, 60)
        ridge = self.held[:, some, None, None] * torch.eye(MEASUREMENTS).to(x)
        right_hand = transposed @ (y - middle)[:, None, :, None]  # (S, tries, 30, 1)
        weights = torch.linalg.solve(transposed @ masked + ridge, right_hand)[..., 0]
        said = self.x[:, TRAIN:] @ weights.transpose(1, 2) + middle[..., None]  # (S, others, tries)
        right = (said > 0) == (self.y[:, TRAIN:, None] > 0)
        validation, new = right[:, : self.rows], right[:, self.rows :]
        return validation.double().mean(1), new.double().mean(1)


# Loop.


def score_all(knobs: Mapping[str, Value], device: str, seed: int) -> Iterator[Tried]:
    """Yield the scores of the settings in the order in which they are tried, some at a time."""
    tries, rows = int(knobs["tries"]), int(knobs["rows"])
    rngs = generators(seed, int(knobs["seeds"]))
    some = max(1, min(tries // LOOKS, AT_ONCE // len(rngs)))
    if knobs["models"] == "coins":
        validation, new = toss(tries, rows, rngs)
        yield from zip(torch.split(validation, some, 1), torch.split(new, some, 1), strict=True)
        return
    tumours = Tumours(tries, rows, rngs, device)
    for first in range(0, tries, some):
        validation, new = tumours.score(slice(first, first + some))
        yield validation.cpu(), new.cpu()


def run(knobs: Mapping[str, Value], device: str, seed: int) -> Iterator[LessonEvent]:
    """Try one setting after another; stream the scores of the best so far, then the facts."""
    tries, rows, models = int(knobs["tries"]), int(knobs["rows"]), str(knobs["models"])
    device = "cpu" if device == "mps" else device  # MPS has no numbers of 64 bits
    yield Progress(0, tries)
    yield Remark(f"Each setting is scored on the same {rows:,} validation rows.")
    parts: list[Tried] = []
    for part in score_all(knobs, device, seed):
        parts.append(part)
        validation, new = joined(parts)
        done = validation.shape[1]
        kept = keep(validation, new)
        yield Progress(done, tries)
        for title, scores in zip(("the validation rows", "new rows"), kept, strict=True):
            yield Metric(done, f"score: best so far, on {title}", *mean_interval(scores.tolist()))
    yield Result(tuple(facts(*joined(parts), models, rows)))


def joined(parts: Sequence[Tried]) -> Tried:
    """Return the scores of all that were tried: (S, tries) twice."""
    validation, new = zip(*parts, strict=True)
    return torch.cat(validation, 1), torch.cat(new, 1)


def keep(validation: Tensor, new: Tensor) -> Tried:
    """Return both scores (S,) of what each seed keeps: of equals, the one tried first."""
    best = validation.argmax(1, keepdim=True)  # (S, 1)
    return validation.gather(1, best)[:, 0], new.gather(1, best)[:, 0]


# Facts.


def facts(validation: Tensor, new: Tensor, models: str, rows: int) -> Iterator[Fact]:
    """Yield what the kept setting seems and is worth, beside one that is picked blindly."""
    best, kept = keep(validation, new)  # (S,) both
    blind, blind_new = validation.mean(1), new.mean(1)  # (S,): all that were tried, on average

    def mean(name: str, values: Tensor, unit: str) -> Fact:
        return mean_fact(name, values, unit, DRAWN[models])

    yield mean("gap", 100 * (best - kept), "points")
    if models == "coins":
        exact = 100 * luck(validation.shape[1], rows)
        told = "computed by a formula, for coins"
        yield Fact("gap_exact", exact, "points", None, None, rows, "exact", told)
    yield mean("best_score", best, "of validation rows")
    yield mean("new_score", kept, "of new rows")
    # The control: what a setting comes to that is picked without a look at its score.
    yield mean("blind_gap", 100 * (blind - blind_new), "points")
    yield mean("blind_score", blind_new, "of new rows")
    yield mean("gain", 100 * (kept - blind_new), "points")


LESSON = Lesson(
    name="tuning",
    version=1,
    title="Is the best as good as its score?",
    question=Question(
        text=(
            "You try out settings, {tries} in all, score each on the same {rows} validation rows, "
            "keep the best and then look how it does on new rows. models = {models} (coins: a "
            "setting answers yes or no by the flip of a coin; tumours: it is a small model that "
            "tells malignant from benign, after learning from 60 tumours). By how many points is "
            "the kept one's validation score above its score on new rows? (A point is one row of a "
            "hundred that is right.)"
        ),
        kind="choice",
        fact="gap",
        unit="points",
        told="the kept validation score is too high by {}",
        choices=(
            Choice("less than 1", high=1.0),
            Choice("1 to 3", low=1.0, high=3.0),
            Choice("3 to 7", low=3.0, high=7.0),
            Choice("more than 7", low=7.0),
        ),
    ),
    knobs=(
        Knob(
            "models",
            "choice",
            "coins",
            choices=("coins", "tumours"),
            help=(
                "coins are worth nothing, so that all that they gain is luck; tumours: settings do "
                "differ, in which of 30 measurements they use and how far they hold the weights "
                "down"
            ),
        ),
        Knob("tries", "int", 100, 1, 1000, help="settings that are tried; 1 is no choice at all"),
        Knob(
            "rows",
            "int",
            200,
            20,
            5000,
            help="validation rows; of the tumours at most 409, as 60 are learned from and 100 new",
        ),
        Knob(
            "seeds",
            "int",
            256,
            1,
            512,
            gpu=512,
            help=(
                "repetitions, each with rows and settings of its own; four times as many halve an "
                "interval"
            ),
        ),
    ),
    topics=("validation-set", "test-set", "hyperparameters"),
    run=run,
    axes=(Axes("settings tried", "share of rows right", "score"),),
    meaning=(
        When(
            "In the long run each coin is right on half of the rows. The best of {tries} is right "
            "on {fact:best_score}, and on {fact:new_score}: the difference, {fact:gap} (gap), is "
            "luck that was picked out by choosing.",
            fact="gap",
            low=1.0,
            knobs={"models": ("coins",)},
        ),
        When(
            "The kept model is right on {fact:best_score}, and on {fact:new_score}: its score was "
            "too good by {fact:gap} (gap). Part of what made it the best of {tries} was luck with "
            "these {rows} rows.",
            fact="gap",
            low=0.0,
            knobs={"models": ("tumours",), "tries": (2, 1000)},
        ),
        When(
            "And yet the tuning helped. On new rows the kept model is right more often than one "
            "that is picked blindly, by {fact:gain} (gain). So choose by the validation score, and "
            "measure what you have chosen on other rows.",
            fact="gain",
            low=0.0,
            knobs={"models": ("tumours",), "tries": (2, 1000)},
        ),
        When(
            "There was nothing to choose: no coin is better than another, so the kept one does on "
            "new rows what one does that is picked blindly (gain is {fact:gain}).",
            knobs={"models": ("coins",), "tries": (2, 1000)},
        ),
        When(
            "One try is no choice. A validation score that has chosen nothing is neither too high "
            "nor too low on average; here it is off by {fact:gap} (gap), which is chance.",
            knobs={"tries": (1, 1)},
        ),
        When(
            "Here the score of the kept one is too good by less than a point: {fact:gap} (gap).",
            fact="gap",
            high=1.0,
            knobs={"tries": (2, 1000)},
        ),
        When(
            "The control: the validation scores of all that were tried, good and bad, chose "
            "nothing. On average they are off by {fact:blind_gap} (blind_gap), which is chance.",
            knobs={"tries": (2, 1000)},
        ),
        When(
            "Of coins a formula tells the gap in the long run: {fact:gap_exact} (gap_exact). They "
            "are a simulation; what they show of tuning is how much luck alone can do.",
            knobs={"models": ("coins",)},
        ),
        When(
            "The intervals are about other rows and settings of the same 569 tumours, not about "
            "another hospital's.",
            knobs={"models": ("tumours",)},
        ),
    ),
    next=(
        When(
            "Set tries to 1: what is left of the gap if nothing is chosen?",
            knobs={"tries": (2, 1000)},
        ),
        When(
            "Set tries to 1,000: do ten times as many tries make ten times the gap?",
            knobs={"models": ("coins",), "tries": (1, 200)},
        ),
        When(
            "Set rows to 5,000: how much luck do more validation rows leave?",
            knobs={"models": ("coins",), "rows": (20, 1000), "tries": (2, 1000)},
        ),
        When(
            "Set models to tumours, rows to 50 and tries to 200: here settings differ. Is there "
            "still a gap, and does tuning help?",
            knobs={"models": ("coins",)},
        ),
        When(
            "Set rows to 400: which gets smaller, the gap or the gain?",
            knobs={"models": ("tumours",), "rows": (20, 200), "tries": (2, 1000)},
        ),
        When(
            "Set rows to 20 and predict both, gap and gain.",
            knobs={"models": ("tumours",), "rows": (100, 409), "tries": (2, 1000)},
        ),
    ),
    mechanism=(
        When("A validation score is what a setting is worth, plus or minus luck with these rows."),
        When(
            "Keeping the highest score favours the settings that were lucky. The more are tried, "
            "the luckier is the luckiest."
        ),
        When(
            "The more validation rows, the less luck a score has room for, and the less there is "
            "to pick out."
        ),
        When(
            "Settings that differ in worth are chosen by their worth, too: so tuning can help, and "
            "its score flatter.",
            knobs={"models": ("tumours",)},
        ),
    ),
)
