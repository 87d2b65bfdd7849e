"""overfit: is a network better on new data when it trains to the end, or when it stops early?

A small network learns a linear rule from examples of which some carry the wrong label. What to
watch: the train loss keeps falling towards zero, which it can only do by storing the wrong labels
too, while the validation loss turns upwards. Every seed draws a rule, data and a start of its
own; all seeds train at once, in one batch of matrices.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from studyapp.lab.interval import mean_interval, wilson
from studyapp.lab.protocol import (
    Choice,
    Event,
    Fact,
    Knob,
    Lesson,
    Metric,
    Note,
    Progress,
    Question,
    Result,
    Value,
)

EPOCHS = 300
RATE = 3e-3
DIMENSIONS = 20
TEST, VALIDATION = 2000, 200  # examples
EVERY = 3  # epochs from one point of a curve to the next: on a GPU reading back costs most


def draw(knobs: Mapping[str, Value], seed: int, index: int) -> list[NDArray[Any]]:
    """Draw all that is random in one seed: x, y, flipped, then weight and bias of three layers.

    x is (examples, DIMENSIONS): test, then validation, then training. y and flipped are
    (examples,); flipped marks the labels that the true rule gets wrong. The generator is numpy's,
    on the CPU, and this seed's alone: so seed 7 is the same problem on every device and however
    many seeds run beside it.
    """
    generator = np.random.default_rng((seed, index))
    rule = generator.standard_normal(DIMENSIONS)
    x = generator.standard_normal((TEST + VALIDATION + int(knobs["n"]), DIMENSIONS))
    flipped = generator.random(len(x)) < float(knobs["flips"])
    parts = [x, (x @ rule > 0) != flipped, flipped]
    width = int(knobs["width"])
    for fan_in, fan_out in ((DIMENSIONS, width), (width, width), (width, 1)):
        for shape in ((fan_in, fan_out), (1, fan_out)):
            parts.append(generator.uniform(-1, 1, shape) / fan_in**0.5)
    return [part.astype(np.float32) for part in parts]


def forward(weights: Sequence[Tensor], x: Tensor) -> Tensor:
    """Return the logits (seeds, examples) of one network per seed: two hidden layers of ReLU."""
    w1, b1, w2, b2, w3, b3 = weights
    hidden = torch.baddbmm(b1, x, w1).relu_()
    hidden = torch.baddbmm(b2, hidden, w2).relu_()
    return (hidden * w3.mT).sum(2) + b3.squeeze(2)  # one column: faster than a matrix product


def loss(logits: Tensor, y: Tensor) -> Tensor:
    """Return each seed's mean cross-entropy.

    Written out because torch's own rounds the last few numbers of a tensor differently, so that
    a seed's result would depend on how many seeds stand behind it.
    """
    softplus = logits.relu() + torch.log1p(torch.exp(-logits.abs()))
    return (softplus - logits * y).mean(1)


def error(logits: Tensor, y: Tensor) -> Tensor:
    """Return each seed's share of wrong answers."""
    return ((logits > 0) != (y > 0.5)).float().mean(1)


def train(knobs: Mapping[str, Value], device: str, seed: int, seeds: int) -> Iterator[Event]:
    """Train all seeds to the end; stream the curves, then the facts."""
    decay = float(knobs["weight_decay"])
    arms = (decay, 0.0) if decay else (0.0,)  # decay is paired with the same seeds without it
    # Arms side by side, so that a seed lies at the same place in memory in every batch: the last
    # bits of a matrix product depend on that too.
    draws = [each for index in range(seeds) for each in [draw(knobs, seed, index)] * len(arms)]
    parts = [torch.from_numpy(np.stack(part)).to(device) for part in zip(*draws, strict=True)]
    cuts = (TEST, TEST + VALIDATION)
    x_test, x_held_out, x_train = (x.contiguous() for x in torch.tensor_split(parts[0], cuts, 1))
    y_test, y_held_out, y_train = (y.contiguous() for y in torch.tensor_split(parts[1], cuts, 1))
    floor = parts[2][:, :TEST].mean(1)
    weights = [weight.requires_grad_() for weight in parts[3:]]
    optimizer = torch.optim.Adam(weights, lr=RATE)
    kept = 1 - RATE * torch.tensor(arms, device=device).repeat(seeds)[:, None, None]

    lowest = torch.full_like(floor, torch.inf)  # validation loss so far, and what went with it
    best_epoch, train_at_best = torch.zeros_like(floor), torch.zeros_like(floor)
    best = [weight.detach().clone() for weight in weights]
    for epoch in range(EPOCHS + 1):
        logits = forward(weights, x_train)
        train_loss = loss(logits, y_train)
        with torch.no_grad():
            held_out = forward(weights, x_held_out)
            held_out_loss = loss(held_out, y_held_out)
            lower = held_out_loss < lowest
            lowest = torch.where(lower, held_out_loss, lowest)
            best_epoch = torch.where(lower, float(epoch), best_epoch)
            train_at_best = torch.where(lower, train_loss, train_at_best)
            for stopped, weight in zip(best, weights, strict=True):
                stopped.copy_(torch.where(lower[:, None, None], weight, stopped))
        if epoch % EVERY == 0 or epoch == EPOCHS:
            yield Progress(epoch, EPOCHS)
            for name, values in (
                ("train loss", train_loss),
                ("validation loss", held_out_loss),
                ("train error", error(logits, y_train)),
                ("validation error", error(held_out, y_held_out)),
            ):
                for arm, rate in enumerate(arms):
                    series = name if rate == decay else f"{name}, no decay"
                    rows = values[arm :: len(arms)].tolist()
                    yield Metric(epoch, series, *mean_interval(rows))
        if epoch < EPOCHS:
            # The sum: a mean would divide every seed's gradient by the number of seeds.
            gradients = torch.autograd.grad(train_loss.sum(), weights)
            with torch.no_grad():
                for weight, gradient in zip(weights, gradients, strict=True):
                    weight *= kept  # rate × decay per step, as in AdamW
                    weight.grad = gradient
            optimizer.step()

    with torch.no_grad():
        at_best, at_end = forward(best, x_test), forward(weights, x_test)
    stopped_error, final_error = error(at_best, y_test), error(at_end, y_test)
    stopped_loss, final_loss = loss(at_best, y_test), loss(at_end, y_test)
    varies = f"{seeds} draws of rule, data and start" if seeds > 1 else "one draw, no interval"

    def mean(name: str, values: Tensor, unit: str = "") -> Fact:
        value, low, high = mean_interval(values[:: len(arms)].tolist())
        return Fact(name, value, unit, low, high, seeds, "student t", varies)

    def share(name: str, hits: Tensor) -> Fact:
        value, low, high = wilson(int(hits[:: len(arms)].sum()), seeds)
        if seeds == 1:
            return Fact(name, value, "of seeds", None, None, seeds, "wilson", varies)
        return Fact(name, value, "of seeds", low, high, seeds, "wilson", varies)

    facts = [
        mean("error_gap", 100 * (final_error - stopped_error), "points"),
        mean("stopped_error", stopped_error),
        mean("final_error", final_error),
        mean("floor", floor),
        share("worse_share", final_error > stopped_error),
        mean("loss_gap", final_loss - stopped_loss),
        mean("loss_ratio", final_loss / stopped_loss, "times"),
        mean("stopped_loss", stopped_loss),
        mean("final_loss", final_loss),
        mean("train_loss", train_loss.detach()),
        mean("best_epoch", best_epoch, "epochs"),
        share("below_share", train_at_best < lowest),
    ]
    if decay:
        facts += [  # with decay minus without it, its neighbour
            mean("decay_error", 100 * (final_error - final_error.roll(-1)), "points"),
            mean("decay_loss", final_loss - final_loss.roll(-1)),
        ]
    yield Result(tuple(facts))


def run(knobs: Mapping[str, Value], device: str, seed: int) -> Iterator[Event]:
    """Run the experiment; where a GPU's memory is too small, with half the seeds and a note."""
    seeds = int(knobs["seeds"])
    while True:
        try:
            yield from train(knobs, device, seed, seeds)
            return
        except torch.OutOfMemoryError:
            if seeds == 1:
                raise
        seeds //= 2  # outside the except: its traceback would keep the first try's memory
        yield Note(f"The GPU has too little memory: starting again with {seeds} seeds.")


LESSON = Lesson(
    name="overfit",
    version=1,
    title="Does longer training help?",
    question=Question(
        text=(
            "A network trains for 300 epochs on a few hundred examples, every fifth with a wrong "
            "label. Compared with stopping at the lowest validation loss, the error on the test "
            "set at the end is …"
        ),
        kind="choice",
        fact="error_gap",
        unit="points",
        choices=(
            Choice("lower", high=-1.0),
            Choice("the same, within ±1 point", low=-1.0, high=1.0),
            Choice("higher", low=1.0),
        ),
    ),
    knobs=(
        Knob(
            "n",
            "int",
            256,
            32,
            1024,
            help=(
                "training examples; 256 are few enough to be stored one by one and enough to "
                "learn the rule from"
            ),
        ),
        Knob(
            "flips",
            "float",
            0.2,
            0.0,
            0.4,
            help=(
                "share of wrong labels, in the test set too; at 0.2 the rule is still easy to "
                "see, and what is stored instead of learned shows"
            ),
        ),
        Knob(
            "weight_decay",
            "float",
            0.0,
            0.0,
            10.0,
            help=(
                "each step shrinks the weights by rate × decay; the penalty is not in the plotted "
                "loss; 0 shows training by itself, more trains the same seeds without it as well"
            ),
        ),
        Knob(
            "width",
            "int",
            64,
            4,
            256,
            help="units in each hidden layer; 64 can store 256 labels, 4 cannot",
        ),
        Knob(
            "seeds",
            "int",
            32,
            1,
            1024,
            gpu=256,
            help=(
                "independent repetitions, trained at once; with 32 the interval is narrow enough "
                "to tell one point, four times as many halve it"
            ),
        ),
    ),
    topics=("overfitting", "memorising", "early-stopping", "validation-set"),
    run=run,
    meaning=(
        "Where the train loss has gone to almost zero, the network has stored the wrong labels "
        "too, and each of them costs it on new data. The test loss suffers far more than the test "
        "error, because the network is not just wrong but sure of it. A train loss below the "
        "validation loss is no sign of this by itself: it is there in most seeds already at the "
        "best epoch. Read the gap beside both errors and the floor: with more examples the "
        "stopped error falls faster than the final one, so the gap grows although nothing got "
        "worse."
    ),
    next=(
        "Set flips to 0: nothing false to store, and the effect goes. Set n to 64: too few "
        "examples to learn the rule early, and the sign turns round. Then try weight_decay 3 and "
        "10: the loss is helped sooner than the error."
    ),
)
