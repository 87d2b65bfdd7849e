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
)

EPOCHS = 300
RATE = 3e-3
DIMENSIONS = 20
TEST, VALIDATION = 2000, 200  # examples
CACHE = 2**18  # numbers of a hidden layer that a core has room for nearby
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


def layers(flat: Tensor, width: int) -> list[Tensor]:
    """Return weight and bias of three layers: views of all of a seed's numbers in one row.

    flat is (seeds, numbers): one optimizer step and one copy serve all layers at once.
    """
    shapes = [(DIMENSIONS, width), (1, width), (width, width), (1, width), (width, 1), (1, 1)]
    sizes = [rows * columns for rows, columns in shapes]
    parts = zip(torch.split(flat, sizes, 1), shapes, strict=True)
    return [part.view(-1, *shape) for part, shape in parts]


def forward(weights: Sequence[Tensor], x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return what one network per seed makes of its x: two hidden layers of ReLU, then logits.

    x is (seeds, examples, DIMENSIONS); a layer's output (seeds, examples, width), the logits
    (seeds, examples).
    """
    w1, b1, w2, b2, w3, b3 = weights
    first = torch.baddbmm(b1, x, w1).relu_()
    second = torch.baddbmm(b2, first, w2).relu_()
    logits = (second * w3.mT).sum(2) + b3.squeeze(2)  # one column: faster than a matrix product
    return first, second, logits


def backward(
    weights: Sequence[Tensor], x: Tensor, first: Tensor, second: Tensor, slope: Tensor
) -> list[Tensor]:
    """Return the gradients, one for each of *weights*, given the loss's slope along the logits.

    The chain rule by hand, from the last layer to the first: the same as autograd's, in less
    time and memory. *first* and *second*, which nobody needs any more, become what flows back.
    """
    _, _, w2, _, w3, _ = weights
    slope = slope[:, None]
    to_w3, to_b3 = torch.bmm(slope, second), slope.sum(2, keepdim=True)
    # The sign of what a ReLU let through is its own slope: 1, and 0 where it let nothing through.
    back = second.sign_().mul_(w3.mT).mul_(slope.mT)
    to_w2, to_b2 = torch.bmm(first.mT, back), back.sum(1)
    back = torch.bmm(back, w2.mT).mul_(first.sign_())
    to_w1, to_b1 = torch.bmm(x.mT, back), back.sum(1)
    return [to_w1, to_b1, to_w2, to_b2, to_w3, to_b3]


def passes(
    x_held_out: Tensor, side_held_out: Tensor, x: Tensor, side: Tensor, *weights: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Pass validation examples forwards, training examples forwards and back.

    Return the margins of both, (seeds, examples) each: logits times +1 or -1, the side that is
    right, so positive where the answer is. And the loss's slope along each of a seed's numbers,
    (seeds, numbers).
    """
    held_out = forward(weights, x_held_out)[-1] * side_held_out
    first, second, logits = forward(weights, x)
    training = logits * side
    # Of each seed's own mean: a mean over all would divide by the number of seeds as well.
    slope = side / -side.shape[1] / (1 + training.exp())
    gradients = backward(weights, x, first, second, slope)
    return held_out, training, torch.cat([part.flatten(1) for part in gradients], 1)


def adam(flat: Tensor, slope: Tensor, mean: Tensor, square: Tensor, step: int) -> None:
    """Move *flat* down its *slope* by the rule of Kingma and Ba (2015), in place.

    mean and square are the running means of slope and slope², step counts from 1. Written out
    because torch.optim takes as long to load as this whole experiment to run.
    """
    mean.lerp_(slope, 0.1)
    square.mul_(0.999).addcmul_(slope, slope, value=0.001)
    root = (square / (1 - 0.999**step)).sqrt_().add_(1e-8)
    flat.addcdiv_(mean, root, value=-RATE / (1 - 0.9**step))


def losses(margins: Tensor) -> Tensor:
    """Return the cross-entropy of each example.

    Written out because torch's own rounds the last few numbers of a tensor differently, so that
    a seed's result would depend on how many seeds stand behind it.
    """
    return torch.log(1 + torch.exp(-margins.abs())) - margins.clamp(max=0)


def error(margins: Tensor) -> Tensor:
    """Return each seed's share of wrong answers."""
    return (margins <= 0).float().mean(1)


def train(knobs: Mapping[str, Value], device: str, seed: int, seeds: int) -> Iterator[LessonEvent]:
    """Train all seeds to the end; stream the curves, then the facts."""
    n, width, decay = int(knobs["n"]), int(knobs["width"]), float(knobs["weight_decay"])
    arms = (decay, 0.0) if decay else (0.0,)  # decay is paired with the same seeds without it
    # Arms side by side, so that a seed lies at the same place in memory in every batch: the last
    # bits of a matrix product depend on that too.
    draws = [each for index in range(seeds) for each in [draw(knobs, seed, index)] * len(arms)]
    x, y, flipped, *starts = (
        torch.from_numpy(np.stack(part)).to(device) for part in zip(*draws, strict=True)
    )
    cuts = (TEST, TEST + VALIDATION)
    x_test, x_held_out, x_train = (part.contiguous() for part in x.tensor_split(cuts, 1))
    side_test, side_held_out, side_train = (2 * y - 1).tensor_split(cuts, 1)
    floor = flipped[:, :TEST].mean(1)
    flat = torch.cat([start.flatten(1) for start in starts], 1)
    weights = layers(flat, width)
    # A CPU takes a few seeds at a time, so that the way back finds in its cache what it needs.
    together = max(1, CACHE // (n * width)) if device == "cpu" else len(x)
    parts = (x_held_out, side_held_out, x_train, side_train, *weights)
    blocks = list(zip(*(torch.split(part, together) for part in parts), strict=True))
    mean_slope, mean_square = torch.zeros_like(flat), torch.zeros_like(flat)
    kept = 1 - RATE * torch.tensor(arms, device=device).repeat(seeds)[:, None]

    lowest = torch.full_like(floor, torch.inf)  # validation loss so far, and what went with it
    best_epoch, train_at_best = torch.zeros_like(floor), torch.zeros_like(floor)
    best = flat.clone()
    for epoch in range(EPOCHS + 1):
        passed = zip(*(passes(*block) for block in blocks), strict=True)
        held_out, training, slope = map(torch.cat, passed)
        held_out_loss, train_loss = losses(held_out).mean(1), losses(training).mean(1)
        lower = held_out_loss < lowest
        lowest = torch.where(lower, held_out_loss, lowest)
        best_epoch = torch.where(lower, float(epoch), best_epoch)
        train_at_best = torch.where(lower, train_loss, train_at_best)
        best.lerp_(flat, lower.float()[:, None])  # the one (1) or the other (0)
        if epoch % EVERY == 0 or epoch == EPOCHS:
            yield Progress(epoch, EPOCHS)
            for name, values in (
                ("train loss", train_loss),
                ("validation loss", held_out_loss),
                ("train error", error(training)),
                ("validation error", error(held_out)),
            ):
                for arm, rate in enumerate(arms):
                    series = name if rate == decay else f"{name}, no decay"
                    rows = values[arm :: len(arms)].tolist()
                    yield Metric(epoch, series, *mean_interval(rows))
        if epoch < EPOCHS:
            if decay:
                flat *= kept  # rate × decay per step, as in AdamW
            adam(flat, slope, mean_slope, mean_square, epoch + 1)

    at_best = forward(layers(best, width), x_test)[-1] * side_test
    at_end = forward(weights, x_test)[-1] * side_test
    stopped_error, final_error = error(at_best), error(at_end)
    stopped_loss, final_loss = losses(at_best).mean(1), losses(at_end).mean(1)
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
        mean("train_loss", train_loss),
        mean("best_epoch", best_epoch, "epochs"),
        share("below_share", train_at_best < lowest),
    ]
    if decay:
        facts += [  # with decay minus without it, its neighbour
            mean("decay_error", 100 * (final_error - final_error.roll(-1)), "points"),
            mean("decay_loss", final_loss - final_loss.roll(-1)),
        ]
    yield Result(tuple(facts))


def run(knobs: Mapping[str, Value], device: str, seed: int) -> Iterator[LessonEvent]:
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
        yield Remark(f"The GPU has too little memory: starting again with {seeds} seeds.")


LESSON = Lesson(
    name="overfit",
    version=2,
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
