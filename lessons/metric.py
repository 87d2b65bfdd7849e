"""metric: why is a network not trained on the error rate, which is what one cares about?

A linear classifier, one layer without a bias, has learned the ten digits. Each of its weights in
turn is nudged, a step upwards, and put back. What to watch: in how many of these nudges does the
loss move, and in how many the error rate? A search can only descend what moves.

Then two searches start from the same networks and try the same directions on the same pictures.
They differ in one thing: one descends the loss, the other the error rate. How steep a direction is
they find out by trying: a step along it, a step against it, and the difference ÷ twice the step.

All numbers are of 64 bits: a nudge of a millionth moves the loss by less than 32 bits can show.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from lessons.digits import load_digits
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
from studyapp.lab.seeds import generators, mean_fact, median_fact

CLASSES = 10
STEPS, RATE = 200, 0.5  # of the classifier that is nudged, from weights of 0
ALONG = 20  # steps either way along one weight, for the plot
TRAIN, BATCH = 1000, 200  # pictures that a seed searches with, and those of one step; the rest test
SEARCH_STEPS, DIRECTIONS, START = 60, 32, 0.01  # START: the SD of the weights a search begins with
LOOK_EVERY = 5
DRAWN = "split, start and directions; all from 1,797 digits, no other handwriting"


# Data.


def load() -> tuple[Tensor, Tensor]:
    """Return x (1797, pixels) from 0 to 1 and labels (1797): 61 of 64 pixels, with the digits.

    The others are 0 in every picture: a weight that multiplies nothing but 0 moves nothing.
    """
    images, labels = load_digits()
    x = images.flatten(1).double()  # (1797, 64)
    return x[:, x.sum(0) > 0], labels


# The two measures, of scores z (…, n, 10) for labels (n) or (…, n).


def cross_entropy(z: Tensor, labels: Tensor) -> Tensor:
    """Return the mean loss (…,): how little of its probability a network gives to the labels."""
    of_label = z.gather(-1, labels.expand(z.shape[:-1])[..., None])[..., 0]  # (…, n)
    return (z.logsumexp(-1) - of_label).mean(-1)


def error_rate(z: Tensor, labels: Tensor) -> Tensor:
    """Return what share of the pictures is taken for another digit (…,)."""
    return (z.argmax(-1) != labels).double().mean(-1)


MEASURES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "loss": cross_entropy,
    "error": error_rate,
}


# One weight at a time.


def train(x: Tensor, labels: Tensor) -> Tensor:
    """Return weights (pixels, 10) that have descended the loss on all pictures."""
    weights = torch.zeros(x.shape[1], CLASSES, dtype=x.dtype, device=x.device)
    targets = F.one_hot(labels, CLASSES)  # (n, 10)
    for _ in range(STEPS):
        wrong = (x @ weights).softmax(1) - targets  # (n, 10): the slope of the loss by the scores
        weights -= RATE * (x.T @ wrong) / len(x)
    return weights


def nudges(x: Tensor, labels: Tensor, z: Tensor, step: float) -> Iterator[dict[str, Tensor]]:
    """Yield by how much each measure moves (10,) if a pixel's weights are nudged, one at a time.

    A weight multiplies one pixel and adds to the score of one digit. So a nudge adds step × pixel
    to one column of the scores z (n, 10), and leaves the rest as it was, to the last bit.
    """
    one_digit = torch.eye(CLASSES, dtype=z.dtype, device=z.device)[:, None]  # (10, 1, 10)
    # Ten times the same: so both means are added up in one order, and what differs has moved.
    same = z + 0 * one_digit  # (10, n, 10)
    before = {name: measure(same, labels) for name, measure in MEASURES.items()}  # (10,) each
    for pixel in x.T:  # (n,)
        nudged = z + step * pixel[:, None] * one_digit  # (10, n, 10)
        yield {name: measure(nudged, labels) - before[name] for name, measure in MEASURES.items()}


def along(x: Tensor, labels: Tensor, z: Tensor, step: float) -> Iterator[Metric]:
    """Yield how the measures, summed over pictures, change along one weight: the steepest one."""
    slopes = x.T @ (z.softmax(1) - F.one_hot(labels, CLASSES))  # (pixels, 10)
    pixel, digit = divmod(int(slopes.abs().argmax()), CLASSES)
    for steps in range(-ALONG, ALONG + 1):
        moved = z.clone()
        moved[:, digit] += steps * step * x[:, pixel]
        for name, title in (("loss", "sum of losses"), ("error", "wrong pictures")):
            change = MEASURES[name](moved, labels) - MEASURES[name](z, labels)
            yield Metric(steps * step, f"along one weight: {title}", len(x) * float(change))


# The two searches. S seeds search side by side, each with its own pictures and random numbers.


class Searches:
    """S networks twice over: what they see is the same, what they descend is not."""

    def __init__(
        self, x: Tensor, labels: Tensor, step: float, rate: float, rngs: Sequence[torch.Generator]
    ) -> None:
        self.x, self.labels, self.step, self.rate, self.rngs = x, labels, step, rate, rngs
        orders = torch.stack([torch.randperm(len(x), generator=rng) for rng in rngs])  # (S, 1797)
        self.train, test = orders[:, :TRAIN], orders[:, TRAIN:]
        self.x_test, self.y_test = self.pictures(test)
        start = START * self.normal(1)[:, 0]  # (S, pixels, 10)
        self.weights = {name: start.clone() for name in MEASURES}
        self.silent: list[Tensor] = []  # by step, (S,): of how many directions the error says 0

    def pictures(self, index: Tensor) -> tuple[Tensor, Tensor]:
        """Return the pictures at index (S, n): x (S, n, pixels) and labels (S, n)."""
        return self.x[index.to(self.x.device)], self.labels[index.to(self.x.device)]

    def normal(self, count: int) -> Tensor:
        """Return *count* draws of all weights for each seed: (S, count, pixels, 10)."""
        shape = (count, self.x.shape[1], CLASSES)
        draws = [torch.randn(shape, generator=rng, dtype=self.x.dtype) for rng in self.rngs]
        return torch.stack(draws).to(self.x.device)

    def advance(self) -> None:
        """Try random directions, and go down each as far as it is steep."""
        draws = [torch.randint(TRAIN, (BATCH,), generator=rng) for rng in self.rngs]
        x, labels = self.pictures(self.train.gather(1, torch.stack(draws)))  # (S, 200, pixels)
        directions = self.normal(DIRECTIONS)  # (S, 32, pixels, 10)
        ahead = self.step * (x[:, None] @ directions)  # (S, 32, 200, 10): added to the scores
        for name, measure in MEASURES.items():
            z = (x @ self.weights[name])[:, None]  # (S, 1, 200, 10)
            up, down = measure(z + ahead, labels[:, None]), measure(z - ahead, labels[:, None])
            slopes = (up - down) / (2 * self.step)  # (S, 32)
            descent = (slopes[..., None, None] * directions).mean(1)  # (S, pixels, 10)
            self.weights[name] -= self.rate * descent
        self.silent.append((slopes == 0).double().mean(1))  # of the error, which comes last

    def accuracies(self) -> dict[str, list[float]]:
        """Return by measure what share of its test pictures each seed reads right."""
        return {
            name: (1 - error_rate(self.x_test @ weights, self.y_test)).tolist()
            for name, weights in self.weights.items()
        }


def run(knobs: Mapping[str, Value], device: str, seed: int) -> Iterator[LessonEvent]:
    """Nudge every weight of one network, then search with many."""
    step, rate = float(knobs["step"]), float(knobs["rate"])
    device = "cpu" if device == "mps" else device  # MPS has no numbers of 64 bits
    x, labels = (each.to(device) for each in load())  # (1797, 61), (1797)
    total = x.shape[1] + SEARCH_STEPS
    yield Progress(0, total)
    z = x @ train(x, labels)  # (1797, 10)
    yield Remark(
        f"A network that errs on {error_rate(z, labels):.1%}; now its weights, one by one."
    )
    moves = []
    for done, moved in enumerate(nudges(x, labels, z, step), 1):
        moves.append(moved)
        yield Progress(done, total)
    yield from along(x, labels, z, step)

    searches = Searches(x, labels, step, rate, generators(seed, int(knobs["seeds"])))
    for done in range(SEARCH_STEPS + 1):
        if done % LOOK_EVERY == 0 or done == SEARCH_STEPS:
            right = searches.accuracies()
            for name, title in (("loss", "the loss"), ("error", "the error rate")):
                yield Metric(done, f"accuracy: descending {title}", *mean_interval(right[name]))
        yield Progress(x.shape[1] + done, total)
        if done < SEARCH_STEPS:
            searches.advance()
    yield Result((*facts_of_nudges(moves, labels), *facts_of_searches(searches)))


# Facts.


def facts_of_nudges(moves: Sequence[Mapping[str, Tensor]], labels: Tensor) -> Iterator[Fact]:
    """How many nudges move each measure, and by how much at most. All are counted: no interval."""
    told = "every weight of one network, on the pictures it was trained on: nothing is drawn"
    for name in MEASURES:
        moved = torch.cat([each[name] for each in moves])  # (610,)
        n, unit = len(moved), f"of {len(moved)} nudges"
        count = int((moved != 0).sum())
        yield Fact(f"{name}_moved", count, unit, None, None, n, "census", told)
        if name == "error":  # in pictures: the least by which it can move is one of them
            most = round(float(moved.abs().max()) * len(labels))
            yield Fact("most_pictures", most, "pictures", None, None, n, "census", told)


def facts_of_searches(searches: Searches) -> Iterator[Fact]:
    """What each search reads right in the end, how far they are apart, and what one did not see."""
    right = searches.accuracies()
    gaps = [100 * (one - other) for one, other in zip(right["loss"], right["error"], strict=True)]
    yield mean_fact("loss_search", right["loss"], "of new pictures", DRAWN)
    yield mean_fact("error_search", right["error"], "of new pictures", DRAWN)
    yield mean_fact("search_gap", gaps, "points", DRAWN)
    silent = torch.stack(searches.silent).mean(0)  # (S,), many of them close to 1: a skewed share
    yield median_fact("silent_share", silent, "of directions, median", DRAWN)


LESSON = Lesson(
    name="metric",
    version=1,
    title="Why not train on the error rate?",
    question=Question(
        text=(
            "A network of one layer has learned to read ten digits: 61 pixels × 10 digits make 610 "
            "weights, on average 0.3 away from 0. One weight is raised by {step} and put back, "
            "then the next one, until each has had its turn. Of these 610 nudges, how many change "
            "the error rate on the network's 1,797 pictures (what share of them it reads wrong)?"
        ),
        kind="choice",
        fact="error_moved",
        unit="of 610 nudges",
        told="the error rate moves in {}",
        choices=(
            Choice("none", high=0.5),
            Choice("1 to 60", low=0.5, high=60.5),
            Choice("61 to 305, up to half of them", low=60.5, high=305.5),
            Choice("more than 305", low=305.5),
        ),
    ),
    knobs=(
        Knob(
            "step",
            "float",
            0.001,
            0.000001,
            0.5,
            help=(
                "by how much a weight is nudged, and how far the searches try each direction; "
                "0.001 is small beside a weight, and a slope is what is found over small steps"
            ),
        ),
        Knob(
            "rate",
            "float",
            0.5,
            0.0001,
            5.0,
            help=(
                "how far both searches go along a slope that they have found; 0.5 suits the loss, "
                "the error rate gets further with less"
            ),
        ),
        Knob(
            "seeds",
            "int",
            16,
            1,
            64,
            gpu=64,
            help=(
                "repetitions of the searches, each with pictures, start and directions of its own; "
                "four times as many halve an interval; the nudges are counted once"
            ),
        ),
    ),
    topics=("loss", "metric", "accuracy", "error-rate"),
    run=run,
    axes=(
        Axes("change of the weight", "change: wrong pictures, losses (nats)", "along one weight"),
        Axes("step of the search", "share of new pictures read right", "accuracy"),
    ),
    meaning=(
        When(
            "Not one nudge moved the error rate; the loss moved in {fact:loss_moved}. So whoever "
            "watches the error rate cannot tell a better weight from a worse one.",
            fact="error_moved",
            high=0.0,
        ),
        When(
            "The error rate moved in {fact:error_moved}, the loss in {fact:loss_moved}. It moves "
            "in lumps of one picture, here of {fact:most_pictures} at most, where an answer "
            "changes from one digit to another. In the other nudges it says nothing.",
            fact="error_moved",
            low=1.0,
            high=305.0,
        ),
        When(
            "Over steps this large the error rate does move, in {fact:error_moved}; the loss in "
            "{fact:loss_moved}. But what is found {step} away says less and less about the place "
            "where the network stands.",
            fact="error_moved",
            low=306.0,
        ),
        When(
            "All 610 were counted, on one network and its own pictures: so there is no interval. "
            "With many more pictures some of them would be nearer to the edge between two answers, "
            "and smaller nudges would move the error rate, by smaller lumps."
        ),
        When(
            "Two searches tried the same directions on the same pictures. The one that descends "
            "the loss ends with {fact:loss_search} read right, the one that descends the error "
            "rate with {fact:error_search}; guessing reads 0.1. They are apart by "
            "{fact:search_gap} (search_gap).",
            fact="search_gap",
            low=0.0,
        ),
        When(
            "Here the search that descends the error rate reads more: {fact:error_search} against "
            "{fact:loss_search}. At a rate of {rate} the loss's gentle slopes lead nowhere in 60 "
            "steps, while lumps ÷ a tiny step are steep: it is the rate that decides, not the "
            "measure.",
            fact="search_gap",
            high=0.0,
            knobs={"rate": (0.0001, 0.05)},
        ),
        When(
            "In {fact:silent_share}, the error rate was the same a step ahead and a step back "
            "(silent_share). Where it differs, by a picture, that is divided by a tiny step: a "
            "rare kick in place of a slope.",
            fact="silent_share",
            low=0.5,
        ),
        When(
            "The rate suits the loss. With a smaller one the kicks are gentler, and the search "
            "that descends the error rate gets further, if not as far as the other.",
            fact="search_gap",
            low=0.0,
            knobs={"step": (0.0005, 0.01), "rate": (0.1, 1.0)},
        ),
        When(
            "In most directions some picture crosses over a step this large (silent_share is "
            "{fact:silent_share}), so the error rate gives an answer, if a coarse one.",
            fact="silent_share",
            high=0.5,
            knobs={"step": (0.03, 0.5)},
        ),
        When(
            "None of this is against the error rate as a metric. To judge a network it is what one "
            "wants to know; it only cannot say which way to go."
        ),
    ),
    next=(
        When(
            "Set step to 0.1: how many nudges move the error rate then, and does the search that "
            "descends it get anywhere?",
            knobs={"step": (0.000001, 0.01)},
        ),
        When(
            "Set step to 0.000001: is there a nudge so small that the loss does not see it?",
            knobs={"step": (0.0001, 0.5)},
        ),
        When(
            "Set rate to 0.0005: the kicks are a thousandth as hard. How far does the search that "
            "descends the error rate come, and the other one?",
            knobs={"step": (0.0001, 0.01), "rate": (0.01, 5.0)},
        ),
        When(
            "Set rate back to 0.5: which of the two searches needed it?",
            knobs={"rate": (0.0001, 0.05)},
        ),
    ),
    mechanism=(
        When(
            "A picture is right or wrong by its largest score alone. A small nudge leaves the "
            "largest where it was, so the answer stays."
        ),
        When(
            "The loss hangs on every score. A nudge changes one score of each picture that has ink "
            "in that pixel, so the loss moves."
        ),
        When(
            "The error rate moves only where two scores change places, in lumps of one picture. "
            "Between such places it is flat."
        ),
        When("A search needs to be told which way is down. Where nothing moves, no way is."),
    ),
)
