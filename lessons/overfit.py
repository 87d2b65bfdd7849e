"""overfit: is a network better on new data when it trains to the end, or when it stops early?

A small network learns a linear rule from examples of which some carry the wrong label. What to
watch: the train loss, and whether test loss and test error turn upwards, and at the same epoch.
The loss asks how sure the network is of what it gets wrong, the error only how often it is wrong:
so it may matter which of them one stops by.

An epoch is one step on all training examples. Every seed draws a rule, data and a start of its
own; all seeds train at once. Whoever stops early chooses the epoch by the validation set and is
judged by the test set: the lowest test error itself would flatter.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

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
from studyapp.lab.seeds import (
    Weights,
    generators,
    mean_fact,
    median_fact,
    per_seed,
    share_fact,
    stack,
)

EPOCHS, RATE = 300, 3e-3
EVERY = 5  # epochs from one look at the losses and errors to the next; one stops at a look
DIMENSIONS = 20
DRAWN = "rule, data and start"  # in each seed
TEST, VALIDATION = 1000, 200  # examples
AT_ONCE = 2**14  # numbers of a layer, in each seed: they fit a core's cache, and bound memory

Look = dict[str, Tensor]  # by curve ("test loss") what each seed has at one time: (S,)


# Data: of one seed, then of S.


class Examples(NamedTuple):
    """n examples of one seed. Of S seeds together each shape begins with S."""

    x: Tensor  # (n, 20)
    sides: Tensor  # (n,): the labels, +1 or -1
    wrong: Tensor  # (n,): is this label wrong?


def draw(n: int, flips: float, generator: torch.Generator) -> dict[str, Examples]:
    """Draw a rule of one seed, and examples of it for each of the three sets."""
    rule = torch.randn(DIMENSIONS, generator=generator)  # (20,)
    data = {}
    for name, count in (("test", TEST), ("validation", VALIDATION), ("train", n)):
        x = torch.randn(count, DIMENSIONS, generator=generator)  # (n, 20)
        above = x @ rule > 0  # (n,): on which side the rule puts each
        wrong = torch.rand(count, generator=generator) < flips  # (n,)
        labelled_above = above != wrong  # (n,): a wrong label says the other side
        data[name] = Examples(x, torch.where(labelled_above, 1.0, -1.0), wrong)
    return data


def stacked(seeds: Sequence[Examples], device: str) -> Examples:
    """Return the examples of S seeds as one: x (S, n, 20), sides (S, n), wrong (S, n)."""
    fields = zip(*seeds, strict=True)  # every x, every sides, every wrong
    return Examples(*(torch.stack(field).to(device) for field in fields))


# Model: of one seed.


class Net(nn.Module):
    """Two hidden layers and one output: above 0 for the side +1, and the farther out the surer."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Linear(DIMENSIONS, width)
        self.second = nn.Linear(width, width)
        self.last = nn.Linear(width, 1)

    def forward(self, x: Tensor) -> Tensor:  # (n, 20)
        x = self.first(x).relu()  # (n, width)
        x = self.second(x).relu()  # (n, width)
        # This is self.last(x), written out: torch would add up in another order if there is one
        # seed only, and a seed is to come out the same, to the last bit, whatever runs beside it.
        return (x * self.last.weight).sum(1) + self.last.bias  # (n,)


def cross_entropy(margins: Tensor) -> Tensor:
    """Return the loss of each example, -log sigmoid(margin), which is log(1 + exp(-margin)).

    A margin is output × side, above 0 where the network is right; its sigmoid is the probability
    that the network gives to the label. Where it is far below 0, exp(-margin) overflows; there
    log(1 + exp(margin)) - margin is the same. torch's own function rounds the last few numbers of a
    tensor otherwise, and with more seeds these are other numbers.
    """
    return torch.log(1 + torch.exp(-margins.abs())) - margins.clamp(max=0)


# Loop: the same for S seeds.


def train(
    weights: Weights, data: Mapping[str, Examples], width: int, decay: float, device: str
) -> Iterator[Look]:
    """Train the *weights* of S networks in place; every few epochs yield how they do by then."""
    predict = per_seed(Net(width).to(device))  # from weights and x (S, n, 20) to outputs (S, n)
    # AdamW is Adam that at every step also shrinks each weight, by RATE · decay of itself.
    optimizer = torch.optim.AdamW(weights.values(), lr=RATE, weight_decay=decay)
    n = data["train"].x.shape[1]
    size, parts = AT_ONCE // width, {}  # examples pass in parts, which take less memory
    for name, each in data.items():
        xs, sides = torch.split(each.x, size, 1), torch.split(each.sides, size, 1)
        parts[name] = list(zip(xs, sides, strict=True))  # (S, part, 20) with (S, part)
    for epoch in range(EPOCHS + 1):
        if epoch % EVERY == 0:
            look = {}
            with torch.no_grad():
                for name, pairs in parts.items():
                    margins = torch.cat([predict(weights, x) * side for x, side in pairs], 1)
                    look[f"{name} error"] = (margins <= 0).float().mean(1)  # (S, n) to (S,)
                    look[f"{name} loss"] = cross_entropy(margins).mean(1)  # (S,)
            yield look
        if epoch < EPOCHS:
            for x, side in parts["train"]:
                # The mean over a seed's examples, but the SUM over seeds: a seed's weights have no
                # part in the losses of the others, so their gradient is that of its own loss. A
                # mean over seeds would divide it by S.
                loss = cross_entropy(predict(weights, x) * side).sum() / n  # ()
                loss.backward()  # type: ignore[no-untyped-call]  # gradients of the parts add up
            optimizer.step()
            optimizer.zero_grad()


def run(knobs: Mapping[str, Value], device: str, seed: int) -> Iterator[LessonEvent]:
    """Train all seeds to the end; stream the curves, then the facts."""
    n, width, seeds = int(knobs["n"]), int(knobs["width"]), int(knobs["seeds"])
    decay, stop = float(knobs["weight_decay"]), str(knobs["stop"])
    yield Progress(0, EPOCHS)
    rngs = generators(seed, seeds)
    draws = [draw(n, float(knobs["flips"]), rng) for rng in rngs]
    data = {name: stacked([one[name] for one in draws], device) for name in draws[0]}
    del draws  # as large as the data
    weights = stack(lambda: Net(width), rngs, device)  # (S, …) each
    numbers = sum(each[0].numel() for each in weights.values())
    yield Remark(f"{numbers:,} weights learn from {n:,} examples; an epoch is one step on all.")

    arms = [train(weights, data, width, decay, device)]
    if decay:  # a second arm: the same start and data without it
        same = {name: each.detach().clone().requires_grad_() for name, each in weights.items()}
        arms.append(train(same, data, width, 0.0, device))
    looks: list[tuple[Look, ...]] = []  # by look and arm
    for look in zip(*arms, strict=True):  # a look at each arm: all train up to it
        epoch = EVERY * len(looks)
        looks.append(look)
        yield Progress(epoch, EPOCHS)
        for name, values in look[0].items():
            yield point(epoch, name, values)
            if decay and name.startswith("test"):
                yield point(epoch, f"{name}, no decay", look[1][name])
    curves = [  # by arm and name, (looks, S) each
        {name: torch.stack([look[arm][name] for look in looks]).cpu() for name in looks[0][arm]}
        for arm in range(len(arms))
    ]
    for name in ("test loss", "test error"):
        means = curves[0][name].mean(1)  # (looks,)
        yield Metric(EVERY * int(means.argmin()), f"lowest {name}", float(means.min()))
    yield Result(tuple(facts(curves, stop, data["test"].wrong.float().mean(1))))


def point(epoch: int, series: str, values: Tensor) -> Metric:
    """Return the mean over seeds; its band ends at 0, below which no loss or error lies."""
    mean, low, high = mean_interval(values.tolist())
    return Metric(epoch, series, mean, None if low is None else max(low, 0.0), high)


# Facts.


def facts(curves: Sequence[dict[str, Tensor]], stop: str, floor: Tensor) -> Iterator[Fact]:
    """Yield the facts of the first arm, and of its difference to the second if there is one.

    *curves* are (looks, S), by arm and name; *floor* (S,) is the share of wrong test labels.
    """
    best = curves[0][f"validation {stop}"].argmin(0)  # (S,): at which look each seed stops
    seeds = torch.arange(len(best))  # (S,): so the next line takes one look of each seed
    stopped = {name: curve[best, seeds] for name, curve in curves[0].items()}  # (S,) each
    final = {name: curve[-1] for name, curve in curves[0].items()}  # (S,) each

    def mean(name: str, values: Tensor, unit: str = "") -> Fact:
        return mean_fact(name, values, unit, DRAWN)

    def share(name: str, hits: Tensor) -> Fact:
        return share_fact(name, hits, "of seeds", DRAWN)

    def median(name: str, values: Tensor, unit: str) -> Fact:  # of what is skewed
        return median_fact(name, values, unit, DRAWN)

    # Error on new data, where one stops and at the end. A point is one more of a hundred wrong.
    yield mean("error_gap", 100 * (final["test error"] - stopped["test error"]), "points")
    yield mean("stopped_error", stopped["test error"])
    yield mean("final_error", final["test error"])
    yield mean("floor", floor)  # the error of the true rule
    yield share("worse_share", final["test error"] > stopped["test error"])
    # The loss on new data: how sure the network is of its mistakes counts, too.
    yield mean("loss_gap", final["test loss"] - stopped["test loss"])
    yield mean("loss_ratio", final["test loss"] / stopped["test loss"], "times")
    yield mean("final_loss", final["test loss"])
    # Has it stored the training examples: is every one right at the end, by its label?
    yield median("train_loss", final["train loss"], "median")
    yield share("stored_share", final["train error"] == 0)
    # When one stops; and how much later than the test loss the test error is lowest.
    yield median("best_epoch", EVERY * best.float(), "epochs, median")
    apart = curves[0]["test error"].argmin(0) - curves[0]["test loss"].argmin(0)  # (S,) looks
    yield median("epochs_apart", EVERY * apart.float(), "epochs, median")
    # Is the train loss below the validation loss even where one stops?
    yield share("below_share", stopped["train loss"] < stopped["validation loss"])
    if len(curves) > 1:  # What weight decay changes at the end: with it minus without it.
        plain = {name: curve[-1] for name, curve in curves[1].items()}  # (S,) each
        yield mean("decay_error", 100 * (final["test error"] - plain["test error"]), "points")
        yield mean("decay_loss", final["test loss"] - plain["test loss"])


LESSON = Lesson(
    name="overfit",
    version=3,
    title="Does longer training help?",
    question=Question(
        text=(
            "Each example is 20 numbers, and a hidden rule puts it on one of two sides: that is "
            "its label. Of all labels, those of the validation and test sets too, each is wrong "
            "with a chance of {flips:%}. A network with two hidden layers of {width} units trains "
            "on {n} examples for 300 epochs; an epoch is one step on all of them. Compared with "
            "stopping at the lowest validation {stop}, the error on the test set at the end (in "
            "points: how many of a hundred are wrong) is …"
        ),
        kind="choice",
        fact="error_gap",
        unit="points",
        told="from the stop to the end the test error changed by {}",
        choices=(
            Choice("lower", high=-1.0),
            Choice("the same, within ±1 point", low=-1.0, high=1.0),
            Choice("higher", low=1.0),
        ),
    ),
    knobs=(
        Knob("n", "int", 256, 32, 1024, help="training examples"),
        Knob(
            "flips",
            "float",
            0.2,
            0.0,
            0.4,
            help="chance that a label is wrong, in the test set too",
        ),
        Knob(
            "weight_decay",
            "float",
            0.0,
            0.0,
            10.0,
            help=(
                "each step shrinks the weights by this × the rate, 0.003; the penalty is not in "
                "the plotted loss; above 0 the same seeds train without it as well"
            ),
        ),
        Knob(
            "width",
            "int",
            64,
            4,
            256,
            help="units in each hidden layer; 64 make 5,569 weights, 4 make 109",
        ),
        Knob(
            "stop",
            "choice",
            "loss",
            choices=("loss", "error"),
            help=(
                "stop where the validation loss is lowest, or where the validation error is; the "
                "test error is compared with that of the end"
            ),
        ),
        # 192 of the largest networks, with decay and without, stay below 1.5 GB; 256 take 1.7.
        Knob(
            "seeds",
            "int",
            32,
            1,
            192,
            gpu=192,
            help=(
                "repetitions, each with a rule, data and start of its own, trained at once; four "
                "times as many halve an interval"
            ),
        ),
    ),
    topics=("overfitting", "memorising", "early-stopping", "validation-set"),
    run=run,
    axes=(
        Axes("epoch", "loss: cross-entropy (guessing: 0.69)", "loss"),
        Axes("epoch", "error: share that is wrong", "error"),
    ),
    meaning=(
        When(
            "Going on cost test error: {fact:error_gap} (error_gap). Whoever stopped at the lowest "
            "validation {stop} is wrong less often on new data.",
            fact="error_gap",
            low=0.0,
        ),
        When(
            "Here it was stopping that cost test error: from there to the end it changed by "
            "{fact:error_gap} (error_gap). Whoever went on is wrong less often.",
            fact="error_gap",
            high=0.0,
        ),
        When(
            "For the error it makes less than a point, either way: {fact:error_gap} (error_gap).",
            fact="error_gap",
            low=-1.0,
            high=1.0,
        ),
        When("A gap whose interval holds 0 is not told apart from none."),
        When(
            "Read the gap beside both errors, {fact:stopped_error} where one stops and "
            "{fact:final_error} at the end (0.01 is a point), and the floor, {fact:floor}: that "
            "share of the test labels is wrong, so even the true rule has this error.",
            knobs={"flips": (0.000001, 0.4)},
        ),
        When(
            "Read the gap beside both errors, {fact:stopped_error} where one stops and "
            "{fact:final_error} at the end (0.01 is a point). No label is wrong, so the true rule "
            "has an error of 0.",
            knobs={"flips": (0.0, 0.0)},
        ),
        When(
            "At the end most seeds get every training example right by its label (stored_share). "
            "Where labels are wrong that is possible only by storing them.",
            fact="stored_share",
            low=0.5,
            knobs={"flips": (0.1, 0.4)},
        ),
        When(
            "At the end most seeds still get training examples wrong by their labels "
            "(stored_share): they have not stored them all.",
            fact="stored_share",
            high=0.5,
        ),
        When(
            "The test loss is {fact:loss_ratio} as high at the end as where one stops "
            "(loss_ratio): it asks also how sure the network is, and it is sure of its mistakes, "
            "too.",
            fact="loss_ratio",
            low=1.2,
        ),
        When(
            "The test loss at the end is hardly higher than where one stops, or lower: "
            "{fact:loss_ratio} that (loss_ratio).",
            fact="loss_ratio",
            high=1.2,
        ),
        When(
            "In most seeds the test loss was lowest before the test error was (epochs_apart): "
            "stopping by the loss and stopping by the error are two different rules.",
            fact="epochs_apart",
            low=1.0,
            knobs={"flips": (0.1, 0.4)},
        ),
        When(
            "A train loss below the validation loss is no sign of overfitting by itself: most "
            "seeds had it already where one would have stopped (below_share).",
            fact="below_share",
            low=0.5,
        ),
        When(
            "Where one would have stopped, the train loss was below the validation loss in fewer "
            "than half of the seeds (below_share).",
            fact="below_share",
            high=0.5,
        ),
        When(
            "The decay kept the network from being so sure: it changed the final test loss by "
            "{fact:decay_loss} (decay_loss).",
            fact="decay_loss",
            high=0.0,
        ),
        When(
            "The decay raised the final test loss: {fact:decay_loss} (decay_loss).",
            fact="decay_loss",
            low=0.0,
        ),
        When(
            "The decay lowered the final test error by more than a point: {fact:decay_error} "
            "(decay_error).",
            fact="decay_error",
            high=-1.0,
        ),
        When(
            "The final test error hardly noticed the decay: {fact:decay_error} (decay_error).",
            fact="decay_error",
            low=-1.0,
            high=1.0,
        ),
        When(
            "The decay raised the final test error by more than a point: {fact:decay_error} "
            "(decay_error).",
            fact="decay_error",
            low=1.0,
        ),
    ),
    next=(
        When(
            "Set flips to 0: what is left of the gap where no label is wrong?",
            knobs={"flips": (0.000001, 0.4)},
        ),
        When(
            "Set flips to 0.4, with 192 seeds: do twice as many wrong labels as at the start make "
            "the gap twice as large?",
            knobs={"flips": (0.0, 0.0)},
        ),
        When(
            "Set n to 64 and seeds to 192 (32 are too few there), once with stop = loss and once "
            "with stop = error. By which of the two would you stop?",
            knobs={"n": (65, 1024), "flips": (0.1, 0.4), "weight_decay": (0.0, 0.0)},
        ),
        When(
            "Set seeds to 192 (32 are too few at n = {n}), once with stop = loss and once with "
            "stop = error. By which of the two would you stop?",
            knobs={
                "n": (32, 64),
                "flips": (0.1, 0.4),
                "weight_decay": (0.0, 0.0),
                "seeds": (1, 191),
            },
        ),
        When(
            "Set n to 512 (32 seeds are enough): does the gap grow or shrink? Then look which of "
            "the two has moved, the end or the stop.",
            knobs={"n": (129, 400), "flips": (0.1, 0.4), "weight_decay": (0.0, 0.0)},
        ),
        When(
            "Try weight_decay 3, then 10 (32 seeds are enough): which of them helps the loss, "
            "which the error?",
            knobs={"n": (256, 256), "flips": (0.2, 0.2), "weight_decay": (0.0, 0.0)},
        ),
        When(
            "A seed is one repetition with a rule, data and start of its own. With more of them "
            "every interval is narrower.",
            knobs={"seeds": (1, 31)},
        ),
    ),
    mechanism=(
        When(
            "Training follows the loss on its own examples, and what is peculiar to them lowers "
            "it just as the rule does."
        ),
        When(
            "A wrong label does not follow from the rule. The network can fit it only by storing "
            "the example, and that can mislead it about new ones nearby.",
            knobs={"flips": (0.000001, 0.4)},
        ),
        When(
            "The loss asks how sure the network is, the error only which side it takes. Growing "
            "surer of an answer that is wrong already raises the loss alone: so the loss can rise "
            "earlier and further than the error."
        ),
        When(
            "Where to stop is chosen by 200 validation examples, which are other ones than the "
            "test set has: they tell the best epoch roughly, not exactly."
        ),
    ),
)
