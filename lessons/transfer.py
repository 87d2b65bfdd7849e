"""Transfer: does what a network learned on the digits 0–4 help it to read 5–9?

What to watch: a body (two convolutions and a layer) learns 0–4. Then 5–9 come with k labels each,
and four networks run side by side on the same images:

- scratch        new weights, everything at the high rate;
- frozen         the learned body as it is, only a new head on top;
- head_then_all  the new head alone first, then everything, the body at a low rate;
- all            the learned body and a new head, everything at the high rate.

Every arm gets the same 120 steps, each on all of its 5k images; "high" is scratch's own rate. The
order of the arms belongs to this budget: at k = 60, head_then_all is behind scratch after 120 steps
and no longer after 480. Also watch how much of 0–4 each moved body still knows, under its old head,
which is kept aside: forgetting.

The digits sit at random places in a noisy field. Centred and clean they show nothing: no arm beats
scratch there.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from lessons import pictures
from studyapp.lab.interval import mean_interval
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

FIELD = 16  # pixels on a side; a digit takes 8
PRETRAIN_STEPS, PRETRAIN_BATCH, PRETRAIN_SHARE = 600, 32, 0.8
STEPS, HEAD_STEPS = 120, 40  # of every arm; of these, head_then_all's first stage
RATE, HEAD_RATE = 2e-3, 1e-2  # the high rate; a head on a fixed body
TEST_PER_CLASS = 80
LOOK_EVERY = 10

NAMES = {
    "scratch": "from scratch",
    "frozen": "frozen body",
    "head_then_all": "head, then all",
    "all": "all, high rate",
}
MOVED = ("head_then_all", "all")  # the arms that change a learned body


def plan(
    steps: int, head_steps: int, rate: float, head_rate: float, ratio: float
) -> dict[str, list[pictures.Stage]]:
    """Return each arm's stages: (steps, rate of the head, rate of the body)."""
    return {
        "scratch": [(steps, rate, rate)],
        "frozen": [(steps, head_rate, 0.0)],
        "head_then_all": [(head_steps, head_rate, 0.0), (steps - head_steps, rate, ratio * rate)],
        "all": [(steps, rate, rate)],
    }


# Data. S seeds at once: every tensor begins with the seed, and seed i draws from generator i alone,
# so that its numbers do not depend on how many seeds run beside it. (A single seed is convolved by
# another routine, which rounds otherwise.)

Generators = Sequence[torch.Generator]


def load_digits() -> tuple[Tensor, Tensor]:
    """Return the UCI digits: images (1797, 8, 8) from 0 to 1, labels (1797,)."""
    with np.load(Path(__file__).with_name("data") / "digits.npz") as data:
        images, labels = data["images"], data["labels"]
    return torch.from_numpy(images).float() / 16, torch.from_numpy(labels).long()


def place(images: Tensor, noise: float, generators: Generators) -> Tensor:
    """Return (S, n, 16, 16): each of the (S, n, 8, 8) images at a random place in a noisy field."""
    s, n = images.shape[:2]
    corner = torch.stack([torch.randint(9, (2, n), generator=g) for g in generators])
    rows = corner[:, 0, :, None, None] + torch.arange(8)[:, None]
    columns = corner[:, 1, :, None, None] + torch.arange(8)
    seed, nth = torch.arange(s)[:, None, None, None], torch.arange(n)[:, None, None]
    canvas = torch.zeros(s, n, FIELD, FIELD)
    canvas[seed, nth, rows, columns] = images
    speckle = torch.stack([torch.randn(n, FIELD, FIELD, generator=g) for g in generators])
    return canvas + noise * speckle


def split_old(labels: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Return the indices of the images of 0–4 to pretrain on, and of those held out."""
    old = torch.where(labels < 5)[0]
    old = old[torch.randperm(len(old), generator=generator)]
    count = int(PRETRAIN_SHARE * len(old))
    return old[:count], old[count:]


def split_new(labels: Tensor, k: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Return the indices of k images of each of 5–9 to train on, and of 80 of each to test on."""
    orders = []
    for digit in range(5, 10):
        index = torch.where(labels == digit)[0]
        orders.append(index[torch.randperm(len(index), generator=generator)])
    train = torch.cat([order[:k] for order in orders])
    return train, torch.cat([order[-TEST_PER_CLASS:] for order in orders])


# Model.

Layers = Sequence[tuple[tuple[int, ...], int]]  # (shape, fan-in)
CONVOLUTIONS: Layers = (((16, 1, 5, 5), 25), ((16,), 25), ((32, 16, 3, 3), 144), ((32,), 144))
BODY: Layers = (*CONVOLUTIONS, ((64, 128), 128), ((64,), 128))
HEAD: Layers = (((64, 5), 64), ((1, 5), 64))


def start(layers: Layers, generators: Generators, device: str) -> list[Tensor]:
    """Return new weights, (S, *shape) each, uniform within ±1/√(fan-in)."""
    weights = []
    for shape, fan_in in layers:
        uniform = torch.stack([torch.rand(shape, generator=g) for g in generators])
        weights.append(((2 * uniform - 1) / fan_in**0.5).to(device).requires_grad_())
    return weights


def copy(weights: Sequence[Tensor]) -> list[Tensor]:
    return [weight.detach().clone().requires_grad_() for weight in weights]


def features(body: Sequence[Tensor], images: Tensor) -> Tensor:
    """Return what S bodies make of their (S, n, 16, 16) images: (S, n, 64).

    A convolution takes the seeds as groups of its channels; vmap does so too, with more copies.
    With the channels last a CPU takes half the time: the pooling, a tenth.
    """
    s, n = images.shape[:2]
    w1, b1, w2, b2, w3, b3 = body
    x = images.transpose(0, 1)
    if x.device.type == "cpu":
        x = x.contiguous(memory_format=torch.channels_last)
    x = F.conv2d(x, w1.flatten(0, 1), b1.flatten(), stride=2, padding=2, groups=s).relu_()
    x = F.max_pool2d(F.conv2d(x, w2.flatten(0, 1), padding=1, groups=s), 4)
    # bias and ReLU after the pooling: the same, on a sixteenth of the numbers
    x = F.relu(x.reshape(n, s, -1, 4).transpose(0, 1) + b2[:, None, :, None])
    return F.relu(torch.baddbmm(b3[:, None], x.flatten(2), w3.mT))


def logits(head: Sequence[Tensor], seen: Tensor) -> Tensor:
    return torch.baddbmm(head[1], seen, head[0])


def loss(output: Tensor, labels: Tensor) -> Tensor:
    """Cross-entropy, the mean over images but the SUM over seeds: a mean would divide the rate."""
    total = F.cross_entropy(output.flatten(0, 1), labels.flatten(), reduction="sum")
    return total / labels.shape[1]


def accuracy(head: Sequence[Tensor], seen: Tensor, labels: Tensor) -> list[float]:
    """Return the share of its images that each seed reads right from their features."""
    with torch.no_grad():
        right = logits(head, seen).argmax(-1) == labels
    return right.cpu().double().mean(1).tolist()


# Loop.


class Adam:
    """Moves weights down the slope of a loss by the rule of Kingma and Ba (2015).

    torch.optim has it too, but takes 1.5 s to load.
    """

    def __init__(self, *groups: tuple[Sequence[Tensor], float]) -> None:
        """Take groups of weights and their rate; at rate 0 they stay what they are."""
        self._rates = [rate for weights, rate in groups if rate for _ in weights]
        self._weights = [weight for weights, rate in groups if rate for weight in weights]
        self._means = [torch.zeros_like(weight) for weight in self._weights]
        self._squares = [torch.zeros_like(weight) for weight in self._weights]
        self._steps = 0

    def step(self, total: Tensor) -> None:
        """Take one step against *total*, the summed loss."""
        slopes = torch.autograd.grad(total, self._weights)
        self._steps += 1
        with torch.no_grad():
            for weight, slope, mean, square, rate in zip(
                self._weights, slopes, self._means, self._squares, self._rates, strict=True
            ):
                mean.lerp_(slope, 0.1)
                square.mul_(0.999).addcmul_(slope, slope, value=0.001)
                root = (square / (1 - 0.999**self._steps)).sqrt_().add_(1e-8)
                weight.addcdiv_(mean, root, value=-rate / (1 - 0.9**self._steps))


def pretrain(
    body: list[Tensor],
    head: list[Tensor],
    images: Tensor,
    labels: Tensor,
    noise: float,
    generators: Generators,
) -> Iterator[None]:
    """Train on random batches of (S, n, 8, 8) *images*, placed anew each time; yield each step."""
    adam = Adam((head, RATE), (body, RATE))
    seed, n = torch.arange(len(images))[:, None], images.shape[1]
    for _ in range(PRETRAIN_STEPS):
        pick = torch.stack([torch.randint(n, (PRETRAIN_BATCH,), generator=g) for g in generators])
        x = place(images[seed, pick], noise, generators).to(body[0].device)
        output, answers = logits(head, features(body, x)), labels[seed, pick].to(x.device)
        adam.step(loss(output, answers))
        yield


def fit(
    body: list[Tensor],
    head: list[Tensor],
    images: Tensor,
    labels: Tensor,
    stages: Sequence[pictures.Stage],
) -> Iterator[None]:
    """Train through *stages*, each step on all (S, n, 16, 16) *images*; yield each step."""
    for steps, head_rate, body_rate in stages:
        fixed = None if body_rate else features(body, images).detach()
        adam = Adam((head, head_rate), (body, body_rate))
        for _ in range(steps):
            seen = features(body, images) if fixed is None else fixed
            adam.step(loss(logits(head, seen), labels))
            yield


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the arms came to: per arm, one accuracy for each seed.

    `kept` is the accuracy on 0–4: "before", and of each arm in MOVED afterwards.
    """

    scores: Mapping[str, Sequence[float]]
    kept: Mapping[str, Sequence[float]]
    varies: str


def digits(
    k: int, noise: float, ratio: float, seeds: int, device: str, seed: int
) -> Generator[LessonEvent, None, Outcome]:
    """Run all arms on the digits, S seeds at once."""
    generators = [torch.Generator().manual_seed(seed * 1000 + i) for i in range(seeds)]
    images, labels = load_digits()

    def pick(indices: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        index = torch.stack(list(indices))
        return images[index], labels[index]

    def placed(indices: Sequence[Tensor], first: int) -> tuple[Tensor, Tensor]:
        x, y = pick(indices)
        return place(x, noise, generators).to(device), (y - first).to(device)

    old = [split_old(labels, g) for g in generators]
    old_images, old_labels = placed([held_out for _, held_out in old], 0)
    learned, old_head = start(BODY, generators, device), start(HEAD, generators, device)
    # Progress counts the images that pass through a moving body: they take the time.
    step_cost = 3 * 5 * k
    total = PRETRAIN_STEPS * PRETRAIN_BATCH + STEPS * step_cost
    yield Remark(f"Learning 0–4 first: {PRETRAIN_STEPS} steps of {PRETRAIN_BATCH} images.")
    pool = pick([train for train, _ in old])
    for step, _ in enumerate(pretrain(learned, old_head, *pool, noise, generators), 1):
        yield Progress(step * PRETRAIN_BATCH, total)
    with torch.no_grad():
        before = accuracy(old_head, features(learned, old_images), old_labels)
    known = mean_interval(before)[0]
    yield Remark(f"It reads {known:.0%} of new images of 0–4. Now 5–9 with k = {k}, four ways.")

    new = [split_new(labels, k, g) for g in generators]
    x, y = placed([train for train, _ in new], 5)
    new_images, new_labels = placed([held_out for _, held_out in new], 5)
    fresh, head = start(BODY, generators, device), start(HEAD, generators, device)
    bodies = {arm: copy(fresh if arm == "scratch" else learned) for arm in NAMES}
    heads = {arm: copy(head) for arm in NAMES}

    with torch.no_grad():
        fixed = features(learned, new_images)  # frozen: they stay what they are

    @torch.no_grad()
    def look() -> tuple[dict[str, list[float]], dict[str, list[float]]]:
        seen = {arm: features(bodies[arm], new_images) for arm in NAMES if arm != "frozen"}
        seen["frozen"] = fixed
        return (
            {arm: accuracy(heads[arm], seen[arm], new_labels) for arm in NAMES},
            {
                arm: accuracy(old_head, features(bodies[arm], old_images), old_labels)
                for arm in MOVED
            },
        )

    def curves(step: int) -> Iterator[Metric]:
        for arm, values in scores.items():
            yield Metric(step, NAMES[arm], *pictures.share_interval(values))
        for arm, values in kept.items():
            yield Metric(step, f"0–4 left: {NAMES[arm]}", *pictures.share_interval(values))

    scores, kept = look()
    yield from curves(0)
    stages = plan(STEPS, HEAD_STEPS, RATE, HEAD_RATE, ratio)
    arms = [fit(bodies[arm], heads[arm], x, y, stages[arm]) for arm in NAMES]
    for step, _ in enumerate(zip(*arms, strict=True), 1):
        yield Progress(total - (STEPS - step) * step_cost, total)
        if step % LOOK_EVERY == 0 or step == STEPS:
            scores, kept = look()
            yield from curves(step)
    return Outcome(
        scores,
        {"before": before, **kept},
        f"{seeds} draws of splits, places, noise and starts from 1,797 digits; not handwriting"
        if seeds > 1
        else "one draw: no interval",
    )


# Facts.


def facts(outcome: Outcome) -> Iterator[Fact]:
    """Yield the scores, the gaps to scratch, the leads and what is left of 0–4."""

    def fact(name: str, values: Sequence[float], unit: str = "") -> Fact:
        mean, low, high = mean_interval(values) if unit else pictures.share_interval(values)
        method = "student t" if low is not None else "one draw: no interval"
        return Fact(name, mean, unit, low, high, len(values), method, outcome.varies)

    scores, kept = outcome.scores, outcome.kept
    for arm in NAMES:
        yield fact(f"score_{arm}", scores[arm])
    for arm in ("frozen", *MOVED):
        yield fact(f"gap_{arm}", points(scores[arm], scores["scratch"]), "points")
    for arm in NAMES:
        yield lead(arm, scores, outcome.varies)
    if not kept:  # pictures: what ImageNet's body forgot could be measured on ImageNet alone
        return
    for arm in ("before", *MOVED):
        yield fact(f"old_{arm}", kept[arm])
    yield fact("forgetting", points(kept["before"], kept["all"]), "points")
    lost = points(kept["before"], kept["head_then_all"])
    yield fact("forgetting_head_then_all", lost, "points")


def points(values: Sequence[float], minus: Sequence[float]) -> list[float]:
    """Return the differences in percentage points, paired by seed."""
    return [100 * (a - b) for a, b in zip(values, minus, strict=True)]


def lead(arm: str, scores: Mapping[str, Sequence[float]], varies: str) -> Fact:
    """Return how far *arm* is ahead of the best of the others, in points; negative if behind.

    Which of the others is best is not known, only estimated: so the intervals of the differences
    to each of them hold together (Bonferroni), and the lowest ends bound the lowest difference.
    """
    rivals = [points(scores[arm], scores[other]) for other in scores if other != arm]
    intervals = [mean_interval(values, 1 - 0.05 / len(rivals)) for values in rivals]
    lows = [low for _, low, _ in intervals if low is not None]
    highs = [high for _, _, high in intervals if high is not None]
    return Fact(
        name=f"lead_{arm}",
        value=min(mean for mean, _, _ in intervals),
        unit="points",
        low=min(lows, default=None),
        high=min(highs, default=None),
        n=len(rivals[0]),
        method="student t, Bonferroni over 3 rivals" if lows else "one draw: no interval",
        varies=varies,
    )


def run(knobs: Mapping[str, Value], device: str, seed: int) -> Iterator[LessonEvent]:
    """Yield the events of one run; the last is the Result.

    Raises ValueError, one sentence for the learner, if pictures are missing or unusable.
    """
    torch.backends.cudnn.deterministic = True  # same seed, same facts
    k, ratio, data = int(knobs["k"]), float(knobs["ratio"]), str(knobs["data"])
    if data == "digits":
        noise, seeds = float(knobs["noise"]), int(knobs["seeds"])
        while True:
            try:
                outcome = yield from digits(k, noise, ratio, seeds, device, seed)
                break
            except torch.OutOfMemoryError:
                if seeds == 1:
                    raise
            seeds //= 2  # outside the except, whose traceback keeps the first try's memory
            yield Remark(f"The GPU has too little memory; again with {seeds} seeds.")
    else:
        repeats = int(knobs["repeats"])
        arms = plan(pictures.STEPS, pictures.HEAD_STEPS, pictures.RATE, pictures.HEAD_RATE, ratio)
        scores = yield from pictures.compare(data, k, arms, NAMES, repeats, device, seed)
        outcome = Outcome(
            scores,
            {},
            f"{repeats} draws of pictures, heads and batches; not the weights from ImageNet"
            if repeats > 1
            else "one draw: no interval",
        )
    yield Result(tuple(facts(outcome)))


LESSON = Lesson(
    name="transfer",
    version=2,
    title="What is a learned body worth?",
    question=Question(
        text=(
            "A network has learned one set of classes: the digits 0–4, unless you take pictures. "
            "Now new classes, the digits 5–9, come with k labels each (5, unless you change it). "
            "Which way of training reads the most new images of the new classes right?"
        ),
        kind="arms",
        fact="lead_head_then_all",
        unit="points",
        choices=(
            Choice(
                "from scratch: new weights, everything at the high rate",
                low=0.0,
                fact="lead_scratch",
            ),
            Choice(
                "frozen body: only a new head is trained",
                low=0.0,
                fact="lead_frozen",
            ),
            Choice(
                "head, then all: the new head alone first, then the body too, at a low rate",
                low=0.0,
                fact="lead_head_then_all",
            ),
            Choice(
                "all, high rate: learned body and new head, both at the high rate",
                low=0.0,
                fact="lead_all",
            ),
        ),
    ),
    knobs=(
        Knob(
            "k",
            "int",
            5,
            1,
            60,
            help=(
                "labels per class; with 5 there is too little to learn a body from, with 60 there "
                "is enough"
            ),
        ),
        Knob(
            "noise",
            "float",
            0.1,
            0.0,
            1.0,
            help=(
                "standard deviation of the noise on the digits, whose ink is 1; at 0.1 they are "
                "still easy to see"
            ),
        ),
        Knob(
            "ratio",
            "float",
            0.25,
            0.0,
            1.0,
            help=(
                "head, then all: the body's learning rate ÷ the head's; 0.25 lets the body follow "
                "and forget little, 0 keeps it fixed, 1 is the high rate"
            ),
        ),
        Knob(
            "seeds",
            "int",
            16,
            1,
            256,
            gpu=64,
            help=(
                "independent repetitions with the digits, trained at once; with 16 a gap is known "
                "to about 3 points, four times as many halve that"
            ),
        ),
        Knob(
            "repeats",
            "int",
            5,
            1,
            32,
            gpu=10,
            help=(
                "the same with pictures (folder, pets), one after another: few, because a "
                "ResNet-18 takes minutes on a CPU"
            ),
        ),
        Knob(
            "data",
            "choice",
            "digits",
            choices=("digits", "folder:", "pets"),
            help=(
                "digits come with the app; folder:PATH takes your own pictures, a subfolder for "
                "each class; pets tells cats from dogs (fetches 800 MB once). Both of these put a "
                "head on a ResNet-18 that has learned ImageNet (fetches 45 MB once)"
            ),
        ),
    ),
    topics=("transfer-learning", "fine-tuning", "head", "frozen-layers", "catastrophic-forgetting"),
    run=run,
    meaning=(
        "With 5 labels a learned body is worth more than anything 25 images can teach: all three "
        "arms that keep it beat scratch. With more labels the frozen body becomes the limit, and "
        "moving it at the high rate wins. That costs the old task: the body forgets a good part of "
        "0–4, while a new head trained first and a low rate keep most of it. All of this is at one "
        "budget, 120 steps for every arm."
    ),
    next=(
        "Set k to 20 and to 60 and watch the frozen body fall behind. Set ratio to 1: is it the "
        "low rate that keeps 0–4, or that the new head was trained first? Then try your own "
        "pictures with data = folder:PATH."
    ),
)
