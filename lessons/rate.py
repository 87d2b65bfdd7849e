"""rate: which learning rate wins, and what becomes of a network whose rate is far from it?

A small network learns to read digits. Twelve learning rates, from 0.0001 to 30, begin from the same
start and see the same pictures in the same order: all that differs is how long their steps are.

What to watch: the slow ones at the left, that have not arrived yet, and the cliff at the right.
Does a network fall off it with an error or a NaN, or quietly? And how far from the cliff is the
best rate?

Series: `rate: 0.001` and so on, five rates step by step; `by rate` is a histogram over all twelve,
whose step is the power of ten of the rate.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from lessons import pictures
from lessons.digits import load_digits
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
from studyapp.lab.seeds import (
    Weights,
    generators,
    lead_fact,
    mean_fact,
    median_fact,
    per_seed,
    share_fact,
    stack,
)

RATES = (1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)
ARMS = {"thousandth": 1e-3, "hundredth": 1e-2, "tenth": 0.1, "one": 1.0, "ten": 10.0}
WIDTH, BATCH = 64, 64
TRAIN, TEST = 1000, 500  # pictures of each seed
LOOKS = 10  # at the test pictures, beside the first
AT_ONCE = 100  # test pictures: the hidden layers of all of them would fill the memory
DRAWN = "splits, starts and batches; all from 1,797 digits, no other handwriting"


# Data: of S seeds, each with a split of its own.


class Digits:
    """Pictures (S, n, 64) and labels (S, n) to learn from and to be tested on."""

    def __init__(self, seeds: Sequence[torch.Generator], ink: float) -> None:
        images, labels = load_digits()  # (1797, 8, 8) from 0 to 1, (1797)
        order = torch.stack([torch.randperm(len(images), generator=rng) for rng in seeds])
        index = order[:, : TRAIN + TEST]  # (S, n)
        self.seeds = seeds
        self.x, self.y = ink * images.flatten(1)[index], labels[index]  # (S, n, 64), (S, n)

    def batch(self) -> tuple[Tensor, Tensor]:
        """Draw BATCH train pictures for each seed: (S, 64, 64), (S, 64)."""
        drawn = [torch.randint(TRAIN, (BATCH,), generator=rng) for rng in self.seeds]
        rows = torch.stack(drawn)  # (S, BATCH)
        seed = torch.arange(len(rows))[:, None]  # (S, 1): so each seed takes from its own pictures
        return self.x[seed, rows], self.y[seed, rows]

    def parts(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield the test pictures of all seeds, a part at a time."""
        x, y = self.x[:, TRAIN:], self.y[:, TRAIN:]
        yield from zip(torch.split(x, AT_ONCE, 1), torch.split(y, AT_ONCE, 1), strict=True)


# Model: of one seed at one rate.


class Net(nn.Module):
    """A hidden layer of ReLUs, and a score for each digit."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(64, WIDTH)
        self.last = nn.Linear(WIDTH, 10)

    def forward(self, x: Tensor) -> Tensor:  # (n, 64)
        scores: Tensor = self.last(self.first(x).relu())  # (n, 10)
        return scores


class Networks:
    """R·S networks: those of all seeds at the first rate, at the second, …, each with its rate."""

    def __init__(self, seeds: Sequence[torch.Generator], adam: bool, device: str) -> None:
        starts = stack(Net, seeds)  # (S, …) each
        self.weights: Weights = {
            name: rows.detach().repeat(len(RATES), *[1] * (rows.dim() - 1)).to(device)
            for name, rows in starts.items()
        }
        for rows in self.weights.values():
            rows.requires_grad_()
        self.rates = torch.tensor(RATES, device=device).repeat_interleave(len(seeds))  # (R·S,)
        self.predict = per_seed(Net().to(device))
        self.device, self.adam, self.steps = device, adam, 0
        self.means = {name: torch.zeros_like(rows) for name, rows in self.weights.items()}
        self.squares = {name: torch.zeros_like(rows) for name, rows in self.weights.items()}

    def scores(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Show every rate the seeds' pictures; return scores (R·S, n, 10), labels (R·S, n)."""
        x = x.to(self.device).repeat(len(RATES), 1, 1)  # (R·S, n, 64)
        y = y.to(self.device).repeat(len(RATES), 1)
        return self.predict(self.weights, x), y

    def silent(self, x: Tensor) -> Tensor:
        """Return which hidden units give 0 for all of the seeds' pictures: (R·S, WIDTH)."""
        x = x.to(self.device).repeat(len(RATES), 1, 1)  # (R·S, n, 64)
        weight, bias = self.weights["first.weight"], self.weights["first.bias"]
        return (torch.baddbmm(bias[:, None], x, weight.mT) <= 0).all(1)

    def learn(self, x: Tensor, y: Tensor) -> None:
        """Take one step on these pictures."""
        loss = cross_entropy(*self.scores(x, y))  # (R·S,)
        # The SUM, since a network has no part in the loss of the others: a mean would divide every
        # learning rate by their number.
        gradients = torch.autograd.grad(loss.sum(), list(self.weights.values()))
        self.steps += 1
        with torch.no_grad():
            for (name, rows), gradient in zip(self.weights.items(), gradients, strict=True):
                step = self.adapted(name, gradient) if self.adam else gradient
                rows -= self.rates.view(-1, *[1] * (rows.dim() - 1)) * step

    def adapted(self, name: str, gradient: Tensor) -> Tensor:
        """Return Adam's step at rate 1 (Kingma and Ba 2015): mean gradient ÷ its usual size."""
        mean = self.means[name].lerp_(gradient, 0.1)
        square = self.squares[name].lerp_(gradient.square(), 0.001)
        # Both began at 0, and are too small by these factors so far.
        mean, square = mean / (1 - 0.9**self.steps), square / (1 - 0.999**self.steps)
        return mean / (square.sqrt() + 1e-8)


def cross_entropy(scores: Tensor, labels: Tensor) -> Tensor:
    """Return the mean loss of each network over its pictures, (R·S,)."""
    each = F.cross_entropy(scores.flatten(0, 1), labels.flatten(), reduction="none")  # (R·S·n,)
    return each.view(labels.shape).mean(1)


# Loop.


class Look(NamedTuple):
    """How the networks do on new pictures, by rate and seed: (R, S) each."""

    right: Tensor  # the share read right
    loss: Tensor
    dead: Tensor  # does it call every picture by one name?
    sound: Tensor  # are all its scores finite numbers?
    silent: Tensor  # the share of hidden units that give 0 for every picture


@torch.no_grad()
def look(networks: Networks, digits: Digits) -> Look:
    """Test all networks. One with a score that is no finite number reads nothing, and is dead."""
    scores, labels, silent = [], [], []
    for x, y in digits.parts():
        output, label = networks.scores(x, y)
        scores.append(output)
        labels.append(label)
        silent.append(networks.silent(x))  # (R·S, WIDTH)
    output, label = torch.cat(scores, 1).cpu(), torch.cat(labels, 1).cpu()  # (R·S, n, 10), (R·S, n)
    sound, names = output.isfinite().flatten(1).all(1), output.argmax(-1)  # (R·S,), (R·S, n)
    right = (names == label).double().mean(1) * sound  # (R·S,)
    dead = (names == names[:, :1]).all(1) | ~sound  # (R·S,)
    silence = torch.stack(silent).all(0).cpu().double().mean(1)  # (R·S,)
    each = (right, cross_entropy(output, label), dead, sound, silence)
    return Look(*(values.view(len(RATES), -1) for values in each))


def curves(step: int, right: Tensor) -> Iterator[Metric]:
    """Yield the next point of each arm, and the share at every rate."""
    for rate in ARMS.values():
        values = right[RATES.index(rate)].tolist()
        yield Metric(step, f"rate: {rate:g}", *pictures.accuracy_interval(values))
    # From the right: a series whose steps go back is drawn as bars.
    for rate, value in reversed(list(zip(RATES, right.mean(1).tolist(), strict=True))):
        yield Metric(math.log10(rate), "by rate", value)


def run(knobs: Mapping[str, Value], device: str, seed: int) -> Iterator[LessonEvent]:
    """Train at all rates side by side; stream what they read right, then the facts."""
    steps, seeds = int(knobs["steps"]), generators(seed, int(knobs["seeds"]))
    yield Progress(0, steps)
    digits = Digits(seeds, 16.0 if knobs["pixels"] == "0-16" else 1.0)
    networks = Networks(seeds, knobs["optimizer"] == "adam", device)
    yield Remark(f"{len(RATES)} rates, each from the same {len(seeds)} starts; guessing reads 0.1.")
    first = look(networks, digits)
    yield from curves(0, first.right)
    for step in range(1, steps + 1):
        networks.learn(*digits.batch())
        yield Progress(step, steps)
        if step % max(1, steps // LOOKS) == 0 and step < steps:
            yield from curves(step, look(networks, digits).right)
    last = look(networks, digits)
    yield from curves(steps, last.right)
    yield Result(tuple(facts(last, first.loss - last.loss)))


# Facts.


def facts(last: Look, fell: Tensor) -> Iterator[Fact]:
    """Yield leads and shares of the arms, and how it is with the ends; *fell* is (R, S)."""
    scores = {arm: last.right[RATES.index(rate)] for arm, rate in ARMS.items()}  # (S,) each
    for arm, own in scores.items():
        rivals = [(100 * other).tolist() for name, other in scores.items() if name != arm]
        yield lead_fact(f"lead_{arm}", (100 * own).tolist(), rivals, "points", DRAWN)
    for arm, own in scores.items():
        yield pictures.share_fact(f"score_{arm}", own.tolist(), DRAWN)
    yield pictures.share_fact("score_three", last.right[RATES.index(3.0)].tolist(), DRAWN)
    best = torch.tensor(RATES, dtype=torch.double)[last.right.argmax(0)]  # (S,), of all twelve
    yield median_fact("best_rate", best, "median", DRAWN)
    # Slow, or broken? How far the loss on new pictures is below that of the start.
    yield mean_fact("fell_thousandth", fell[RATES.index(1e-3)], "nats", DRAWN)
    for arm in ("one", "ten"):  # of many seeds all units are silent: a mean would be skewed
        own = last.silent[RATES.index(ARMS[arm])]
        yield median_fact(f"silent_{arm}", own, "of units, median", DRAWN)
    yield share_fact("dead_ten", last.dead[RATES.index(10.0)], "of seeds", DRAWN)
    yield share_fact("not_finite", ~last.sound.all(0), "of seeds", DRAWN)  # at whichever rate


LESSON = Lesson(
    name="rate",
    version=1,
    title="Which learning rate wins?",
    question=Question(
        text=(
            "A network with a hidden layer of 64 units learns to read handwritten digits (8×8 "
            "pixels, in the range {pixels}) in {steps} steps, each on 64 of 1,000 pictures, "
            "with optimizer = {optimizer} (sgd: a step is rate × gradient; adam: the gradient is "
            "divided by its usual size first). Which learning rate reads the most new pictures "
            "right?"
        ),
        kind="arms",
        fact="lead_one",
        unit="points",
        told="the lead over the best other of these rates is {}",
        choices=(
            Choice("0.001", low=0.0, fact="lead_thousandth"),
            Choice("0.01", low=0.0, fact="lead_hundredth"),
            Choice("0.1", low=0.0, fact="lead_tenth"),
            Choice("1", low=0.0, fact="lead_one"),
            Choice("10", low=0.0, fact="lead_ten"),
        ),
    ),
    knobs=(
        Knob(
            "steps",
            "int",
            200,
            10,
            5000,
            help="of training; at 200 the best rate has arrived and the slow ones have not",
        ),
        Knob(
            "optimizer",
            "choice",
            "sgd",
            choices=("sgd", "adam"),
            help="sgd: a step is rate × gradient; adam: rate × gradient ÷ its usual size",
        ),
        Knob(
            "pixels",
            "choice",
            "0-1",
            choices=("0-1", "0-16"),
            help="full ink is 1, or 16 as in the data's own files: the pictures are the same",
        ),
        Knob(
            "seeds",
            "int",
            16,
            1,
            128,
            gpu=128,
            help=(
                "repetitions, each with a split, start and batches of its own; 16 tell rates apart "
                "that differ by a point or two"
            ),
        ),
    ),
    topics=("learning-rate", "gradient-descent", "divergence", "learning-rate-finder"),
    run=run,
    axes=(
        Axes("step", "share read right", "rate"),
        Axes("learning rate, as a power of ten", "share read right", "by rate"),
    ),
    meaning=(
        When(
            "0.001 reads the most: it is ahead of the best other by {fact:lead_thousandth} "
            "(lead_thousandth).",
            fact="lead_thousandth",
            low=0.0,
        ),
        When(
            "0.01 reads the most: it is ahead of the best other by {fact:lead_hundredth} "
            "(lead_hundredth).",
            fact="lead_hundredth",
            low=0.0,
        ),
        When(
            "0.1 reads the most: it is ahead of the best other by {fact:lead_tenth} (lead_tenth).",
            fact="lead_tenth",
            low=0.0,
        ),
        When(
            "1 reads the most: it is ahead of the best other by {fact:lead_one} (lead_one).",
            fact="lead_one",
            low=0.0,
        ),
        When(
            "10 reads the most: it is ahead of the best other by {fact:lead_ten} (lead_ten).",
            fact="lead_ten",
            low=0.0,
        ),
        When(
            "0.001 looks broken at {fact:score_thousandth}, and is only slow: its loss on new "
            "pictures has fallen by {fact:fell_thousandth} (fell_thousandth), and would go on.",
            fact="fell_thousandth",
            low=0.0,
            knobs={"optimizer": ("sgd",), "pixels": ("0-1",), "steps": (10, 500)},
        ),
        When(
            "The best rate stands beside a cliff: 3 reads {fact:score_three} (score_three), which "
            "is as good as guessing.",
            fact="score_three",
            high=0.2,
            knobs={"optimizer": ("sgd",), "pixels": ("0-1",)},
        ),
        When(
            "At 10, {fact:dead_ten} call every picture by one name (dead_ten), and "
            "in the hidden layer {fact:silent_ten} give 0 for every picture (silent_ten; at 1: "
            "{fact:silent_one}).",
            fact="dead_ten",
            low=0.5,
        ),
        When(
            "Nothing crashed, and a score that is no finite number (NaN) came up in "
            "{fact:not_finite} (not_finite), whatever the rate: who waits for a NaN is not warned.",
            fact="not_finite",
            high=0.25,
        ),
        When(
            "It is the same data, network and starts. Adam divides the gradient by its usual size, "
            "and of all twelve rates the best is {fact:best_rate} (best_rate): a rate means "
            "something only together with its optimizer.",
            fact="best_rate",
            high=0.1,
            knobs={"optimizer": ("adam",)},
        ),
        When(
            "The pictures are the same, only their numbers are 16 times as large, and of all "
            "twelve rates the best is {fact:best_rate} (best_rate): gradients grow with what is "
            "put in. That is one reason to normalise inputs.",
            fact="best_rate",
            high=0.2,
            knobs={"optimizer": ("sgd",), "pixels": ("0-16",)},
        ),
        When(
            "A lead whose interval holds 0 is not told apart from none. The intervals are about "
            "other splits, starts and batches from the same 1,797 digits, not about other people's "
            "handwriting."
        ),
    ),
    next=(
        When(
            "Set steps to 2000: which of the slow rates arrive, and what is left of the lead?",
            knobs={"steps": (10, 500), "optimizer": ("sgd",), "pixels": ("0-1",)},
        ),
        When(
            "Set optimizer to adam, and predict again: does the same rate win?",
            knobs={"optimizer": ("sgd",), "pixels": ("0-1",)},
        ),
        When(
            "Set pixels to 0-16 and seeds to 64 (16 are too few there): the same pictures in other "
            "numbers. Where is the cliff now?",
            knobs={"optimizer": ("sgd",), "pixels": ("0-1",)},
        ),
        When(
            "Set pixels to 0-16 as well: does Adam care how large the numbers are?",
            knobs={"optimizer": ("adam",), "pixels": ("0-1",)},
        ),
        When(
            "Set optimizer to adam: does it care how large the numbers are?",
            knobs={"optimizer": ("sgd",), "pixels": ("0-16",)},
        ),
        When(
            "Set steps to 20: with hardly any time, is it worth to go nearer to the cliff?",
            knobs={"steps": (100, 5000)},
        ),
        When(
            "A seed is one repetition with a split, start and batches of its own. With more of "
            "them every interval is narrower.",
            knobs={"seeds": (1, 15)},
        ),
    ),
    mechanism=(
        When(
            "A step moves each weight by rate × gradient. With a small rate the steps are right in "
            "direction and too short to arrive in the time there is.",
            knobs={"optimizer": ("sgd",)},
        ),
        When(
            "Adam divides each gradient by its usual size: a step moves a weight by about the "
            "rate itself, however steep the loss is.",
            knobs={"optimizer": ("adam",)},
        ),
        When(
            "The gradient tells the slope at one place. A step that is too long ends where it no "
            "longer holds, and the loss there may be higher than before."
        ),
        When(
            "A step can throw a hidden unit so far that its ReLU gives 0 for every picture. Then "
            "its gradient is 0, too, and no later step brings it back."
        ),
    ),
)
