"""transfer: does what a network learned on the digits 0–4 help it to read 5–9?

What to watch: a body (two convolutions and a layer) learns 0–4, then 5–9 come with k labels each.
Four arms learn them side by side, from the same pictures and in the same 120 steps:

- scratch        a new body, everything at the high rate;
- frozen         the learned body as it is, only a new head on top;
- head_then_all  the new head alone first, then everything, the body at a low rate;
- all            the learned body and a new head, everything at the high rate.

The knob `placing` is half of the lesson. While 0–4 are learned every picture gets a new place in
its field at every step. What does a body learn of that, and who else can: if the few pictures of
5–9 keep one place each, if they get a new one at every step, too, or if all digits stand in the
middle of their fields?

Watch 0–4, too, after 5–9: what does a body that moved still read of them, under the old head, which
was put aside, and under a new one that is fitted on the same body?
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from lessons import pictures
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
from studyapp.lab.seeds import generators, mean_fact, stack

FIELD = 16  # pixels on a side; a digit takes 8
OLD, NEW = range(5), range(5, 10)  # the digits of the two tasks
OLD_LABELS, OLD_TEST, NEW_TEST = 140, 36, 80  # pictures of each digit
PRETRAIN_STEPS, PRETRAIN_BATCH = 600, 32
STEPS, HEAD_STEPS = 120, 40  # of every arm; of these, the head alone in head_then_all
RATE, HEAD_RATE = 2e-3, 1e-2  # the high rate; a head on a body that stands still
PROBE_STEPS, PROBE_RATE = 200, 3e-2  # eight times as many read half a point more
LOOK_EVERY = 10
TOGETHER = {"cpu": 16}  # seeds side by side: what a CPU's cache and memory have room for
DRAWN = "splits, places, noise and starts; all from 1,797 digits, no other handwriting"

ARMS = {
    "scratch": "from scratch",
    "frozen": "frozen body",
    "head_then_all": "head, then all",
    "all": "all, high rate",
}
MOVED = ("head_then_all", "all")  # the arms that change a learned body
SERIES = {f"score_{arm}": name for arm, name in ARMS.items()} | {
    f"old_{arm}": f"0–4 left: {ARMS[arm]}" for arm in MOVED
}
COUNTED = " or counts, the wider"  # where each is a share of few pictures
Shares = dict[str, list[float]]  # by fact: what share of its pictures each seed reads right


def plan(head_steps: int, rate: float, head_rate: float, ratio: float) -> dict[str, pictures.Plan]:
    """Return for each arm from which step on its head and its body learn at which rates."""
    return {
        "scratch": {0: (rate, rate)},
        "frozen": {0: (head_rate, 0.0)},
        "head_then_all": {0: (head_rate, 0.0), head_steps: (rate, ratio * rate)},
        "all": {0: (rate, rate)},
    }


# Data. S seeds learn side by side, each from its own splits, places and noise.


def load_digits() -> tuple[Tensor, Tensor]:
    """Return the UCI digits: images (1797, 8, 8) from 0 to 1, labels (1797)."""
    with np.load(Path(__file__).with_name("data") / "digits.npz") as data:
        images, labels = data["images"], data["labels"]
    return torch.from_numpy(images).float() / 16, torch.from_numpy(labels).long()


def split(
    labels: Tensor, digits: range, train: int, test: int, rngs: Sequence[torch.Generator]
) -> tuple[Tensor, Tensor]:
    """Return the indices of *train* pictures of each digit, and of *test* others of each."""
    seeds = []
    for rng in rngs:
        orders = [torch.where(labels == digit)[0] for digit in digits]
        orders = [order[torch.randperm(len(order), generator=rng)] for order in orders]
        seeds.append(torch.cat([o[:train] for o in orders] + [o[-test:] for o in orders]))
    index = torch.stack(seeds, 1)  # (5·train + 5·test, S)
    return index[: 5 * train], index[5 * train :]


def place(images: Tensor, noise: float, centred: bool, rngs: Sequence[torch.Generator]) -> Tensor:
    """Put each of the (n, S, 8, 8) images somewhere into a noisy field: (n, S, 16, 16)."""
    n, s = images.shape[:2]
    corner = torch.full((2, n, s), 4)  # top and left of each digit
    if not centred:
        draws = [torch.randint(9, (2, n), generator=rng) for rng in rngs]  # (2, n) each
        corner = torch.stack(draws, 2)  # (2, n, S)
    rows, columns = corner[..., None] + torch.arange(8)  # (n, S, 8) each
    nth, seed = torch.arange(n)[:, None, None, None], torch.arange(s)[:, None, None]
    fields = torch.zeros(n, s, FIELD, FIELD)
    fields[nth, seed, rows[..., None], columns[..., None, :]] = images
    speckle = [torch.randn(n, FIELD, FIELD, generator=rng) for rng in rngs]  # (n, 16, 16) each
    return fields + noise * torch.stack(speckle, 1)


# Model. S networks are one in which every seed has a group of channels to itself.


class Networks(nn.Module):
    """S bodies and their heads; with s = 1 a network like any other.

    That one is convolved by another routine, which rounds otherwise; of two or more, seed i comes
    out the same to the last bit.
    """

    def __init__(self, s: int) -> None:
        super().__init__()
        self.body = nn.Sequential(  # (n, S, 16, 16): a picture for each seed
            nn.Conv2d(s, 16 * s, 5, stride=2, padding=2, groups=s),  # (n, 16·S, 8, 8)
            nn.ReLU(),
            nn.Conv2d(16 * s, 32 * s, 3, padding=1, groups=s),  # (n, 32·S, 8, 8)
            nn.MaxPool2d(4),  # (n, 32·S, 2, 2)
            nn.ReLU(),  # before the pooling it would do the same to sixteen times the numbers
            nn.Conv2d(32 * s, 64 * s, 2, groups=s),  # (n, 64·S, 1, 1): all that is left of it
            nn.ReLU(),
        )
        self.head = nn.Conv2d(64 * s, 5 * s, 1, groups=s)  # (n, 5·S, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        return scores(self.head, self.body(x))


def scores(head: nn.Module, features: Tensor) -> Tensor:
    """Return the score of each class, (n, S, 5), from features (n, 64·S, 1, 1)."""
    output: Tensor = head(features)
    return output.view(len(output), -1, 5)


def start(rngs: Sequence[torch.Generator], device: str) -> Networks:
    """Return new networks, each drawn from the generator of its seed."""
    networks = Networks(len(rngs))
    weights = stack(lambda: Networks(1), rngs)  # (S, channels, …) each
    networks.load_state_dict({name: rows.flatten(0, 1) for name, rows in weights.items()})
    # with the channels last a CPU takes half the time
    return networks.to(memory_format=torch.channels_last).to(device)


@torch.no_grad()
def at_rest(net: nn.Module, x: Tensor) -> Tensor:
    """Return what a network that does not learn makes of x, a part at a time to save memory."""
    return torch.cat([net(part) for part in torch.split(x, 100)])


def accuracy(output: Tensor, y: Tensor) -> list[float]:
    """Return what share of its pictures each seed reads right, from (n, S, 5) scores."""
    return (output.argmax(-1) == y).double().mean(0).tolist()


# Loop.


def optimizer(networks: Networks, head_rate: float, body_rate: float) -> torch.optim.Optimizer:
    """Return Adam at these rates; a body at rate 0 is frozen."""
    networks.body.requires_grad_(body_rate > 0)
    groups = [
        {"params": networks.head.parameters(), "lr": head_rate},
        {"params": networks.body.parameters(), "lr": body_rate},
    ]
    return torch.optim.Adam(groups)


def descend(adam: torch.optim.Optimizer, output: Tensor, y: Tensor) -> None:
    """Take a step down the cross-entropy of (n, S, 5) scores, given the (n, S) labels."""
    # A mean over the pictures but a sum over the seeds: none may slow down the others.
    loss = F.cross_entropy(output.flatten(0, 1), y.flatten(), reduction="sum") / len(y)
    adam.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    adam.step()


def learn(
    knobs: Mapping[str, Value], rngs: Sequence[torch.Generator], device: str
) -> Iterator[tuple[int, Shares]]:
    """Learn 0–4, then 5–9 in four ways; yield the step and what the seeds read right by then.

    The steps of 0–4 come before 0. Between looks there is nothing to tell: the shares are {}.
    """
    k, noise, ratio = int(knobs["k"]), float(knobs["noise"]), float(knobs["ratio"])
    placing = knobs["placing"]
    images, labels = load_digits()  # (1797, 8, 8), (1797)

    def pick(index: Tensor) -> tuple[Tensor, Tensor]:
        """Return the pictures (n, S, 16, 16), placed once more, and their labels (n, S)."""
        x = place(images[index], noise, placing == "centred", rngs)
        x = x.contiguous(memory_format=torch.channels_last)
        return x.to(device), (labels[index] % 5).to(device)

    old, old_test = split(labels, OLD, OLD_LABELS, OLD_TEST, rngs)  # (700, S), (180, S)
    new, new_test = split(labels, NEW, k, NEW_TEST, rngs)  # (5k, S), (400, S)
    x_old, y_old = pick(old_test)
    x_new, y_new = pick(new_test)

    learned = start(rngs, device)
    adam = optimizer(learned, RATE, RATE)
    for step in range(-PRETRAIN_STEPS, 0):
        yield step, {}
        draws = [torch.randint(len(old), (PRETRAIN_BATCH,), generator=rng) for rng in rngs]
        x, y = pick(old.gather(0, torch.stack(draws, 1)))  # (32, S, 16, 16), (32, S)
        descend(adam, learned(x), y)
    del adam, x, y

    fresh = start(rngs, device)
    arms = {arm: deepcopy(fresh if arm == "scratch" else learned) for arm in ARMS}
    for networks in arms.values():
        networks.head = deepcopy(fresh.head)

    def look() -> Shares:
        shares = {"old_before": accuracy(at_rest(learned, x_old), y_old)}
        for arm, networks in arms.items():
            shares[f"score_{arm}"] = accuracy(at_rest(networks, x_new), y_new)
        for arm in MOVED:  # under the old head, which was put aside
            features = at_rest(arms[arm].body, x_old)  # (180, 64·S, 1, 1)
            shares[f"old_{arm}"] = accuracy(scores(learned.head, features), y_old)
        return shares

    rates = plan(HEAD_STEPS, RATE, HEAD_RATE, ratio)
    adams = {}
    for step in range(STEPS):
        yield step, look() if step % LOOK_EVERY == 0 else {}
        if step == 0 or placing == "anew":
            x, y = pick(new)  # (5k, S, 16, 16), (5k, S)
        for arm, networks in arms.items():
            if step in rates[arm]:
                adams[arm] = optimizer(networks, *rates[arm][step])
            descend(adams[arm], networks(x), y)

    adams.clear()  # each seed waits here for the others: only what is needed stays in memory
    learned.zero_grad()
    for networks in arms.values():
        networks.zero_grad()

    def probes() -> Shares:
        """Forgotten, or only moved? What new heads, all fitted alike, can make of each body."""
        x, y = pick(old)  # (700, S, 16, 16), (700, S)
        head = start(rngs, device).head
        bodies = {"untouched": learned, "random": fresh} | {arm: arms[arm] for arm in MOVED}
        return {
            f"probe_{name}": probe(networks.body, head, x, y, x_old, y_old)
            for name, networks in bodies.items()
        }

    yield STEPS, look() | probes()


def probe(
    body: nn.Module, head: nn.Module, x: Tensor, y: Tensor, x_test: Tensor, y_test: Tensor
) -> list[float]:
    """Fit a copy of *head* on a body that stands still; return what it reads right."""
    head = deepcopy(head)
    features, features_test = at_rest(body, x), at_rest(body, x_test)  # (n, 64·S, 1, 1)
    adam = torch.optim.Adam(head.parameters(), PROBE_RATE)
    for _ in range(PROBE_STEPS):
        descend(adam, scores(head, features), y)
    return accuracy(scores(head, features_test), y_test)


def digits(
    knobs: Mapping[str, Value], device: str, seed: int
) -> Generator[LessonEvent, None, Shares]:
    """Run all seeds, some side by side at a time; stream their curves, return the last shares."""
    rngs = generators(seed, int(knobs["seeds"]))
    together = TOGETHER.get(device, 64)
    runs = [
        learn(knobs, rngs[first : first + together], device)
        for first in range(0, len(rngs), together)
    ]
    images = 20 * int(knobs["k"])  # of four arms in a step; images are what takes the time
    total = PRETRAIN_STEPS * PRETRAIN_BATCH + STEPS * images
    yield Remark(f"Learning 0–4 first: {PRETRAIN_STEPS} steps of {PRETRAIN_BATCH} pictures.")
    for parts in zip(*runs, strict=True):
        step, told = parts[0]
        left = -step * PRETRAIN_BATCH + STEPS * images if step < 0 else (STEPS - step) * images
        yield Progress(total - left, total)
        shares = {name: [share for _, part in parts for share in part[name]] for name in told}
        if step == 0:
            known = sum(shares["old_before"]) / len(rngs)
            yield Remark(f"It reads {known:.0%} of new pictures of 0–4. Now 5–9, four ways.")
        for name, series in SERIES.items():
            if name in shares:
                yield Metric(step, series, *pictures.accuracy_interval(shares[name]))
    return shares


# Facts.


def facts(shares: Shares, drawn: str, few: int = 0) -> Iterator[Fact]:
    """Yield the shares read right, the gaps to scratch, the leads, and what became of 0–4.

    *few*: of how many pictures each is a share, where these are so few that it matters.
    """
    for name, values in shares.items():
        fact = mean_fact(name, values, "", drawn)
        _, low, high = pictures.accuracy_interval(values, few)
        how = "student t or clopper-pearson, the wider" if few and fact.n > 1 else fact.method
        yield replace(fact, low=low, high=high, method=how)
    for arm in ARMS:
        if arm != "scratch":
            ones, others = shares[f"score_{arm}"], shares["score_scratch"]
            fact = mean_fact(f"gap_{arm}", points(ones, others), "points", drawn)
            _, low, high = gap_in_points(ones, others, few)
            how = f"student t{COUNTED}" if few and fact.n > 1 else fact.method
            yield replace(fact, low=low, high=high, method=how)
    for arm in ARMS:
        yield lead(arm, shares, drawn, few)
    if "old_before" in shares:
        for arm, name in (("all", ""), ("head_then_all", "_head_then_all")):
            forgotten = points(shares["old_before"], shares[f"old_{arm}"])
            lost = points(shares["probe_untouched"], shares[f"probe_{arm}"])
            yield mean_fact(f"forgetting{name}", forgotten, "points", drawn)
            yield mean_fact(f"lost{name}", lost, "points", drawn)


def points(values: Sequence[float], minus: Sequence[float]) -> list[float]:
    """Return the differences in percentage points, paired by seed."""
    return [100 * (a - b) for a, b in zip(values, minus, strict=True)]


def gap_in_points(
    ones: Sequence[float], others: Sequence[float], few: int, level: float = 0.95
) -> tuple[float, float | None, float | None]:
    """Return (mean, low, high) of the paired differences, in percentage points."""
    mean, low, high = pictures.gap_interval(ones, others, few, level)
    if low is None or high is None:
        return 100 * mean, None, None
    return 100 * mean, 100 * low, 100 * high


def lead(arm: str, shares: Shares, drawn: str, few: int = 0) -> Fact:
    """Return how far *arm* is ahead of the best of the others, in points; negative if behind.

    Which of the others is best is not known, only estimated: so the intervals of the differences
    to each of them hold together (Bonferroni), and the lowest ends bound the lowest difference.
    """
    own = shares[f"score_{arm}"]
    rivals = [shares[f"score_{other}"] for other in ARMS if other != arm]
    closest = max(rivals, key=sum)
    fact = mean_fact(f"lead_{arm}", points(own, closest), "points", drawn)
    if fact.n == 1:
        return fact
    intervals = [gap_in_points(own, rival, few, 1 - 0.05 / len(rivals)) for rival in rivals]
    low = min(low for _, low, _ in intervals if low is not None)
    high = min(high for _, _, high in intervals if high is not None)
    how = f"student t{COUNTED if few else ''}, Bonferroni over 3 rivals"
    return replace(fact, low=low, high=high, method=how)


def run(knobs: Mapping[str, Value], device: str, seed: int) -> Iterator[LessonEvent]:
    """Yield the events of one run; the last is the Result.

    Raises ValueError, one sentence for the learner, if pictures are missing or unusable.
    """
    torch.backends.cudnn.deterministic = True  # same seed, same facts
    if knobs["data"] == "digits":
        shares = yield from digits(knobs, device, seed)
        yield Result(tuple(facts(shares, DRAWN)))
        return
    ratio = float(knobs["ratio"])
    arms = plan(pictures.HEAD_STEPS, pictures.RATE, pictures.HEAD_RATE, ratio)
    scores, tests = yield from pictures.compare(knobs, arms, ARMS, device, seed)
    shares = {f"score_{arm}": values for arm, values in scores.items()}
    yield Result(tuple(facts(shares, pictures.DRAWN, tests)))


LESSON = Lesson(
    name="transfer",
    version=3,
    title="What is a learned body worth?",
    question=Question(
        text=(
            "A network's body finds features, its head turns them into classes. Both have learned "
            "the digits 0–4, each somewhere in a larger, noisy field (with pictures: ImageNet). "
            "Now come k = {k} labelled pictures of each of 5–9 (or of your folders, or of cats and "
            "dogs); placing = {placing} (once: each of them keeps its place; anew: a new place at "
            "every step; centred: all digits in the middle). Which way of training reads the most "
            "new pictures of the new classes right?"
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
                "head, then all: the new head alone first, then the body too, at ratio × that rate",
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
            "placing",
            "choice",
            "once",
            choices=("once", "anew", "centred"),
            help=(
                "digits only. Each digit (8×8) lies in a noisy field (16×16). once: a labelled "
                "picture of 5–9 keeps the place and the noise that it was given; anew: it gets new "
                "ones at every step, as 0–4 did before; centred: every digit, of 0–4 too, is in "
                "the middle of its field"
            ),
        ),
        Knob("k", "int", 5, 1, 60, help="labelled pictures of each new class"),
        Knob(
            "noise",
            "float",
            0.1,
            0.0,
            1.0,
            help=(
                "SD of the noise on the fields, where full ink is 1; at 0.1 the digits are still "
                "easy to see"
            ),
        ),
        Knob(
            "ratio",
            "float",
            0.25,
            0.0,
            1.0,
            help=(
                "head, then all: the body's learning rate ÷ the head's, once the head has been "
                "trained alone; 0 keeps the body fixed, 1 is the high rate"
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
                "repetitions with the digits, each with splits, places, noise and starts of its "
                "own; with 16 a gap is known to about 3 points, four times as many halve that"
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
    axes=(
        Axes("step on 5–9 (pictures: repeat)", "share read right"),
        Axes("step on 5–9", "share of 0–4 read right by the old head", "0–4 left"),
    ),
    meaning=(
        When(
            "From scratch reads the most: it is ahead of the best other way by {fact:lead_scratch} "
            "(lead_scratch).",
            fact="lead_scratch",
            low=0.0,
        ),
        When(
            "The frozen body reads the most: it is ahead of the best other way by "
            "{fact:lead_frozen} (lead_frozen).",
            fact="lead_frozen",
            low=0.0,
        ),
        When(
            "Head, then all reads the most: it is ahead of the best other way by "
            "{fact:lead_head_then_all} (lead_head_then_all).",
            fact="lead_head_then_all",
            low=0.0,
        ),
        When(
            "All, high rate reads the most: it is ahead of the best other way by {fact:lead_all} "
            "(lead_all).",
            fact="lead_all",
            low=0.0,
        ),
        When(
            "While it learned 0–4 the body saw every picture at a new place at every step. The "
            "labelled pictures of 5–9 keep one place each, so a new body sees few places and a "
            "learned one has seen them all: head, then all is ahead of scratch by "
            "{fact:gap_head_then_all} (gap_head_then_all).",
            fact="gap_head_then_all",
            low=0.0,
            knobs={"data": ("digits",), "placing": ("once",)},
        ),
        When(
            "Placed anew at every step, the pictures of 5–9 teach a new body about places "
            "themselves, and head, then all is behind scratch: {fact:gap_head_then_all} "
            "(gap_head_then_all). Its body moves at {ratio} of the high rate, and so stays nearer "
            "to what was made for 0–4.",
            fact="gap_head_then_all",
            high=0.0,
            knobs={"data": ("digits",), "placing": ("anew",), "ratio": (0.000001, 0.5)},
        ),
        When(
            "Placed anew at every step, the pictures of 5–9 teach a new body about places "
            "themselves, and head, then all is behind scratch: {fact:gap_head_then_all} "
            "(gap_head_then_all). At ratio 0 its body keeps still, and all it has was made for "
            "0–4.",
            fact="gap_head_then_all",
            high=0.0,
            knobs={"data": ("digits",), "placing": ("anew",), "ratio": (0.0, 0.0)},
        ),
        When(
            "In the middle of its field no digit needs tolerance of places, so the body has none "
            "to bring along. The frozen body is behind scratch, {fact:gap_frozen} (gap_frozen), "
            "which is called negative transfer: features made for 0–4 serve 5–9 worse than what "
            "the new labels teach.",
            fact="gap_frozen",
            high=0.0,
            knobs={"data": ("digits",), "placing": ("centred",)},
        ),
        When(
            "The frozen body is behind scratch, {fact:gap_frozen} (gap_frozen): with k = {k} it is "
            "the body that is short of something, and a new head cannot add it.",
            fact="gap_frozen",
            high=0.0,
            knobs={"data": ("digits",), "placing": ("once",)},
        ),
        When(
            "Of the two ways that train everything at the high rate, the one with the learned "
            "body reads more, {fact:gap_all} (gap_all): a good start helps even a body that is "
            "free to leave it.",
            fact="gap_all",
            low=0.0,
        ),
        When(
            "Of the two ways that train everything at the high rate, the one with the learned "
            "body reads fewer: {fact:gap_all} (gap_all).",
            fact="gap_all",
            high=0.0,
        ),
        When(
            "Forgotten, or only moved? Of 0–4 the network read {fact:old_before} right. After all, "
            "high rate it reads {fact:old_all} with the old head, which had been put aside, and "
            "{fact:probe_all} with a new head fitted on the same body to 700 pictures of 0–4. Such "
            "a head reads {fact:probe_untouched} on the body as it was (probe_untouched), and "
            "{fact:probe_random} on one that has learned nothing (probe_random). So of "
            "{fact:forgetting} that the old head lost (forgetting), {fact:lost} are out of a new "
            "head's reach, too (lost); the rest had moved to where the old head does not look.",
            fact="forgetting",
            low=0.0,
        ),
        When(
            "A gap whose interval holds 0 is not told apart from none. Guessing reads 0.2. Every "
            "way had the same 120 steps; with another budget the order may be another. The "
            "intervals are about other draws from the same 1,797 digits, not about other people's "
            "handwriting.",
            knobs={"data": ("digits",)},
        ),
        When(
            "A gap whose interval holds 0 is not told apart from none, and where nearly every "
            "picture is read right a gap of 0 says little. Every way had the same 30 steps; with "
            "another budget the order may be another.",
            knobs={"data": ("folder:", "pets")},
        ),
    ),
    next=(
        When(
            "Set placing to anew, and predict again: which of the three ways with a learned body "
            "is ahead of scratch then? (At k = 5, 16 seeds are enough for two of them.)",
            knobs={"data": ("digits",), "placing": ("once",)},
        ),
        When(
            "Set placing to centred: nobody needs to know about places. What is a learned body "
            "worth now? (At k = 5, 16 seeds are enough, but for the last way.)",
            knobs={"data": ("digits",), "placing": ("once", "anew")},
        ),
        When(
            "16 seeds may leave it open whether scratch or all, high rate reads the most; take 64.",
            knobs={"data": ("digits",), "placing": ("anew",), "k": (5, 5), "seeds": (1, 63)},
        ),
        When(
            "Set k to 60: does a frozen body gain as much from more labels as a new one does? "
            "(16 seeds are enough.)",
            knobs={"data": ("digits",), "placing": ("once",), "k": (1, 20)},
        ),
        When(
            "Set ratio to 1: is it the low rate that keeps 0–4, or that the new head was trained "
            "first? (At k = 5, 16 seeds are enough.)",
            knobs={"data": ("digits",), "placing": ("once",), "ratio": (0.000001, 0.5)},
        ),
        When(
            "Set ratio to 1: was it the low rate that held back head, then all on 5–9? (At k = 5, "
            "16 seeds tell to about 3 points.)",
            knobs={"data": ("digits",), "placing": ("anew",), "ratio": (0.000001, 0.5)},
        ),
        When(
            "Then try your own pictures with data = folder:PATH.",
            knobs={"data": ("digits",)},
        ),
        When(
            "Try a larger k: from how many labels on is scratch no longer behind?",
            fact="gap_head_then_all",
            low=0.0,
            knobs={"data": ("folder:", "pets")},
        ),
    ),
    mechanism=(
        When(
            "While it learned 0–4 the body saw each picture at many places. Pictures of 5–9 that "
            "keep one place each cannot show a new body as many.",
            knobs={"data": ("digits",), "placing": ("once",)},
        ),
        When(
            "Placed anew at every step, the pictures of 5–9 show a new body many places, too: that "
            "is no longer something only the learned body has seen.",
            knobs={"data": ("digits",), "placing": ("anew",)},
        ),
        When(
            "All digits stand in the middle of their fields. There is nothing to learn about "
            "places, so the learned body brings along only what tells 0–4 apart.",
            knobs={"data": ("digits",), "placing": ("centred",)},
        ),
        When(
            "A frozen body offers the features it has. A new head can weigh them anew, and cannot "
            "add any."
        ),
        When(
            "A body that may move can fit the new task better, and the same steps can take it "
            "away from where its old head could read what it had learned first."
        ),
    ),
)
