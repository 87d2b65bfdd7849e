"""transfer: does what a network learned on the digits 0–4 help it to read 5–9?

What to watch: a body (two convolutions and a layer), under a head (a layer that gives each digit a
score), learns 0–4; then 5–9 come with k labels each. Four arms learn them side by side, from the
same pictures and in the same 120 steps:

- scratch        a new body, everything at the high rate;
- frozen         the learned body as it is, only a new head on top;
- head_then_all  the new head alone first, then everything, the body at a low rate;
- all            the learned body and a new head, everything at the high rate.

The knob `placing` is half of the lesson. While 0–4 are learned every picture gets a new place in
its field at every step. What does the body learn from that? And can a new body learn it from the
few pictures of 5–9, if each keeps one place, or if each gets a new one at every step, too? And what
is left of the lead if all digits stand in the middle of their fields?

Watch 0–4, too, after 5–9: what does a body that moved still read of them, under the old head, which
was put aside, and under a new one that is fitted on the same body?
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import replace

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from lessons import pictures
from lessons.digits import load_digits, split
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
PROBE_STEPS, PROBE_RATE = 200, 3e-2  # of a new head for 0–4; 1,600 steps gain half a point
LOOK_EVERY = 10
TOGETHER = {"cpu": 16}  # seeds side by side, elsewhere 64: what a CPU's cache has room for
DRAWN = "splits, places, noise and starts; all from 1,797 digits, no other handwriting"

ARMS = {
    "scratch": "from scratch",
    "frozen": "frozen body",
    "head_then_all": "head, then all",
    "all": "all, high rate",
}
MOVED = ("head_then_all", "all")  # the arms that change a learned body
# What is plotted, by fact: each arm on 5–9; on 0–4 the moved ones, under the old head.
SERIES = {f"score_{arm}": name for arm, name in ARMS.items()} | {
    f"old_{arm}": f"0–4 left: {ARMS[arm]}" for arm in MOVED
}
Shares = dict[str, list[float]]  # by fact, for each seed: what share of pictures it reads right


def plan(head_steps: int, rate: float, head_rate: float, ratio: float) -> dict[str, pictures.Plan]:
    """Return when each arm's head and body learn at which rates: {from this step on: (head, body)}.

    A body at rate 0 is frozen.
    """
    all_high, head_alone, body_slower = (rate, rate), (head_rate, 0.0), (rate, ratio * rate)
    return {
        "scratch": {0: all_high},
        "frozen": {0: head_alone},
        "head_then_all": {0: head_alone, head_steps: body_slower},
        "all": {0: all_high},
    }


# Data. S seeds learn side by side, each from its own splits, places and noise.


def place(images: Tensor, noise: float, centred: bool, rngs: Sequence[torch.Generator]) -> Tensor:
    """Put each of the (n, S, 8, 8) images somewhere into a noisy field: (n, S, 16, 16)."""
    n, s = images.shape[:2]
    if centred:
        top = left = torch.full((n, s), 4)  # (n, S)
    else:
        draws = [torch.randint(9, (2, n), generator=rng) for rng in rngs]  # 0 to 8, (2, n) each
        top, left = torch.stack(draws, 2)  # (n, S) both
    # The pixels of a field, line after line, are numbered 0 to 255. In its top left corner a digit
    # takes the pixels 0 to 7, 16 to 23, …; a place further right adds 1 to them, one down 16. To
    # the pixels so found scatter writes the digit, into a field of zeros.
    corner = torch.cat([FIELD * line + torch.arange(8) for line in range(8)])  # (64,)
    pixels = corner + (FIELD * top + left)[..., None]  # (n, S, 64)
    fields = torch.zeros(n, s, FIELD * FIELD).scatter(2, pixels, images.flatten(2))  # (n, S, 256)
    speckle = [torch.randn(n, FIELD, FIELD, generator=rng) for rng in rngs]  # (n, 16, 16) each
    return fields.view(n, s, FIELD, FIELD) + noise * torch.stack(speckle, 1)


# Model. The networks of S seeds are one, in which every seed has channels of its own.


def layer(s: int, inputs: int, outputs: int, size: int, stride: int = 1, pad: int = 0) -> nn.Conv2d:
    """Return the convolutions of S seeds as one. Its channels are those of seed 0, of seed 1, ….

    An output channel is a weighted sum of what a size×size window shows of the input channels, with
    the same weights wherever it lies: it moves by *stride*, over a picture with *pad* zeros around.
    groups=S lets the outputs of a seed see the inputs of that seed alone, as if it stood alone.
    """
    return nn.Conv2d(s * inputs, s * outputs, size, stride, pad, groups=s)


class Networks(nn.Module):
    """S bodies and their heads. (Where S is 1 torch rounds otherwise, but it is the same network.)

    The last layer of the body and the head are as large as their pictures, 2×2 and 1×1: they are
    linear layers, written as convolutions because these know groups.
    """

    def __init__(self, s: int) -> None:
        super().__init__()
        self.body = nn.Sequential(  # (n, S, 16, 16): a picture for each seed
            layer(s, 1, 16, size=5, stride=2, pad=2),  # (n, 16·S, 8, 8)
            nn.ReLU(),
            layer(s, 16, 32, size=3, pad=1),  # (n, 32·S, 8, 8)
            nn.MaxPool2d(4),  # (n, 32·S, 2, 2): the largest of each 4×4 square
            nn.ReLU(),  # before the pooling it would do the same to sixteen times the numbers
            layer(s, 32, 64, size=2),  # (n, 64·S, 1, 1): 64 features of each picture
            nn.ReLU(),
        )
        self.head = layer(s, 64, 5, size=1)  # (n, 5·S, 1, 1): a score for each class

    def forward(self, x: Tensor) -> Tensor:
        return scores(self.head, self.body(x))  # (n, S, 5)


def scores(head: nn.Module, features: Tensor) -> Tensor:
    """Return the score of each class, (n, S, 5), from features (n, 64·S, 1, 1)."""
    output: Tensor = head(features)  # (n, 5·S, 1, 1)
    return output.view(len(output), -1, 5)


def start(rngs: Sequence[torch.Generator], device: str) -> Networks:
    """Return new networks, each drawn from the generator of its seed."""
    # With groups an output has weights for its own seed's inputs only: so the shapes agree.
    weights = stack(lambda: Networks(1), rngs)  # (S, channels, …) each
    side_by_side = {name: each.flatten(0, 1) for name, each in weights.items()}  # (S·channels, …)
    networks = Networks(len(rngs))
    networks.load_state_dict(side_by_side)
    # Where a pixel's channels are next to each other in memory, a CPU takes half the time.
    return networks.to(memory_format=torch.channels_last).to(device)


@torch.no_grad()
def at_rest(net: nn.Module, x: Tensor) -> Tensor:
    """Return what a network that does not learn makes of x, a part at a time to save memory."""
    return torch.cat([net(part) for part in torch.split(x, 100)])


def accuracy(output: Tensor, y: Tensor) -> list[float]:
    """Return what share of its pictures each seed reads right, from (n, S, 5) scores."""
    return (output.argmax(-1) == y).double().mean(0).tolist()


# Steps.


def optimizer(networks: Networks, head_rate: float, body_rate: float) -> torch.optim.Optimizer:
    """Return a new Adam at these rates. A body at rate 0 is frozen: it needs no gradients."""
    networks.body.requires_grad_(body_rate > 0)
    groups = [
        {"params": networks.head.parameters(), "lr": head_rate},
        {"params": networks.body.parameters(), "lr": body_rate},
    ]
    return torch.optim.Adam(groups)


def descend(adam: torch.optim.Optimizer, output: Tensor, y: Tensor) -> None:
    """Take a step down the cross-entropy of (n, S, 5) scores, given the (n, S) labels."""
    n = len(y)
    # The mean over a seed's pictures, but the SUM over seeds: a seed's weights have no part in the
    # losses of the others, so their gradient is that of its own loss. A mean over seeds would
    # divide it by S.
    output, y = output.flatten(0, 1), y.flatten()  # (n·S, 5), (n·S,)
    loss = F.cross_entropy(output, y, reduction="sum") / n  # ()
    adam.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    adam.step()


class Block:
    """S seeds that learn side by side: their pictures, their networks and what these read right."""

    def __init__(
        self, knobs: Mapping[str, Value], rngs: Sequence[torch.Generator], device: str
    ) -> None:
        self.rngs, self.device = rngs, device
        self.noise, self.placing = float(knobs["noise"]), knobs["placing"]
        self.rates = plan(HEAD_STEPS, RATE, HEAD_RATE, float(knobs["ratio"]))
        self.images, self.labels = load_digits()  # (1797, 8, 8), (1797)
        labels, k = self.labels, int(knobs["k"])
        self.old, old_test = split(labels, OLD, OLD_LABELS, OLD_TEST, rngs)  # (700, S), (180, S)
        self.new, new_test = split(labels, NEW, k, NEW_TEST, rngs)  # (5k, S), (400, S)
        self.old_test, self.new_test = self.placed(old_test), self.placed(new_test)  # for all looks
        self.learned = start(rngs, device)
        self.adam = optimizer(self.learned, RATE, RATE)

    def placed(self, index: Tensor) -> tuple[Tensor, Tensor]:
        """Place the digits at *index* (n, S) once more; return the fields and their classes."""
        images = self.images[index]  # (n, S, 8, 8)
        x = place(images, self.noise, self.placing == "centred", self.rngs)  # (n, S, 16, 16)
        x = x.contiguous(memory_format=torch.channels_last)  # as the weights are
        y = self.labels[index] % 5  # (n, S): 0 to 4, for 5 to 9, too
        return x.to(self.device), y.to(self.device)

    def learn_old(self) -> None:
        """Take a step on 0–4: each seed on a batch of its pictures, all in new places."""
        draws = [torch.randint(len(self.old), (PRETRAIN_BATCH,), generator=r) for r in self.rngs]
        # From each seed's column of self.old gather takes the rows that this seed has drawn.
        drawn = self.old.gather(0, torch.stack(draws, 1))  # (32, S)
        x, y = self.placed(drawn)  # (32, S, 16, 16), (32, S)
        descend(self.adam, self.learned(x), y)

    def begin_new(self) -> None:
        """Begin every arm with the same new head, on a new body or on the learned one."""
        self.fresh = start(self.rngs, self.device)
        self.arms: dict[str, Networks] = {}
        self.adams: dict[str, torch.optim.Optimizer] = {}
        for arm in ARMS:
            self.arms[arm] = deepcopy(self.fresh if arm == "scratch" else self.learned)
            self.arms[arm].head = deepcopy(self.fresh.head)

    def learn_new(self, step: int) -> None:
        """Take a step on 5–9 in every arm, on the same pictures: all that are labelled."""
        if step == 0 or self.placing == "anew":
            self.x, self.y = self.placed(self.new)  # (5k, S, 16, 16), (5k, S)
        for arm, networks in self.arms.items():
            if step in self.rates[arm]:  # A new Adam: an old one remembers earlier gradients.
                self.adams[arm] = optimizer(networks, *self.rates[arm][step])
            descend(self.adams[arm], networks(self.x), self.y)

    def look(self) -> Shares:
        """Test every arm on 5–9, and on 0–4 the bodies that move, under the old head."""
        (x_old, y_old), (x_new, y_new) = self.old_test, self.new_test
        shares = {"old_before": accuracy(at_rest(self.learned, x_old), y_old)}
        for arm, networks in self.arms.items():
            shares[f"score_{arm}"] = accuracy(at_rest(networks, x_new), y_new)
        for arm in MOVED:
            features = at_rest(self.arms[arm].body, x_old)  # (180, 64·S, 1, 1)
            shares[f"old_{arm}"] = accuracy(scores(self.learned.head, features), y_old)
        return shares

    def probes(self) -> Shares:
        """Forgotten, or only moved? What new heads, all fitted alike, make of each body on 0–4."""
        x, y = self.placed(self.old)  # (700, S, 16, 16), (700, S)
        head = start(self.rngs, self.device).head
        probed = {"untouched": self.learned, "random": self.fresh}
        probed |= {arm: self.arms[arm] for arm in MOVED}
        return {
            f"probe_{name}": probe(networks.body, head, x, y, *self.old_test)
            for name, networks in probed.items()
        }


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


# Loop.


def digits(
    knobs: Mapping[str, Value], device: str, seed: int
) -> Generator[LessonEvent, None, Shares]:
    """Learn 0–4, then 5–9 in every arm; stream the curves and return the last shares.

    All blocks take a step before any takes the next, so that the curves are those of all seeds.
    """
    rngs, together = generators(seed, int(knobs["seeds"])), TOGETHER.get(device, 64)
    passes = len(ARMS) * 5 * int(knobs["k"])  # pictures in a step on 5–9: they take the time
    done, total = 0, PRETRAIN_STEPS * PRETRAIN_BATCH + STEPS * passes
    yield Remark(f"Learning 0–4 first: {PRETRAIN_STEPS} steps of {PRETRAIN_BATCH} pictures.")
    starts = range(0, len(rngs), together)
    blocks = [Block(knobs, rngs[first : first + together], device) for first in starts]
    for _ in range(PRETRAIN_STEPS):
        yield Progress(done, total)
        for block in blocks:
            block.learn_old()
        done += PRETRAIN_BATCH

    for block in blocks:
        block.begin_new()
    for step in range(STEPS):
        yield Progress(done, total)
        if step % LOOK_EVERY == 0:
            shares = joined([block.look() for block in blocks])
            if step == 0:
                known = sum(shares["old_before"]) / len(rngs)
                yield Remark(f"It reads {known:.0%} of new pictures of 0–4. Now 5–9, four ways.")
            yield from curves(step, shares)
        for block in blocks:
            block.learn_new(step)
        done += passes
    shares = joined([block.look() | block.probes() for block in blocks])
    yield Progress(done, total)
    yield from curves(STEPS, shares)
    return shares


def joined(blocks: Sequence[Shares]) -> Shares:
    """Return the shares of all seeds: the first block's, then the next one's, …."""
    return {name: [share for block in blocks for share in block[name]] for name in blocks[0]}


def curves(step: int, shares: Shares) -> Iterator[Metric]:
    """Yield the next point of every curve, the mean over seeds with its band."""
    for name, series in SERIES.items():
        yield Metric(step, series, *pictures.accuracy_interval(shares[name]))


# Facts.


def facts(shares: Shares, drawn: str, tests: int = 0) -> Iterator[Fact]:
    """Yield the shares read right, the gaps to scratch, the leads, and what became of 0–4.

    *tests*: of how many pictures each is a share, if of so few that intervals widen; else 0.
    """
    for name, values in shares.items():
        yield pictures.share_fact(name, values, drawn, tests)
    for arm in ARMS:
        if arm != "scratch":
            ones, others = shares[f"score_{arm}"], shares["score_scratch"]
            yield pictures.gap_fact(f"gap_{arm}", ones, others, drawn, tests)
    for arm in ARMS:
        yield lead(arm, shares, drawn, tests)
    if "old_before" in shares:  # Of 0–4: what the old head no longer reads, what a new one cannot.
        for arm, name in (("all", ""), ("head_then_all", "_head_then_all")):
            forgotten = pictures.points(shares["old_before"], shares[f"old_{arm}"])
            lost = pictures.points(shares["probe_untouched"], shares[f"probe_{arm}"])
            yield mean_fact(f"forgetting{name}", forgotten, "points", drawn)
            yield mean_fact(f"lost{name}", lost, "points", drawn)


def lead(arm: str, shares: Shares, drawn: str, tests: int = 0) -> Fact:
    """Return how far *arm* is ahead of the best of the others, in points; negative if behind.

    Which of the others is best is only estimated, so all three differences have to be inside their
    intervals at once. At 95% each, one of them is outside in up to 15% of runs; so each may miss a
    third of 5% (Bonferroni). Then the lead, the lowest of the differences, lies between the lowest
    low end and the lowest high end.
    """
    own = shares[f"score_{arm}"]
    rivals = [shares[f"score_{other}"] for other in ARMS if other != arm]
    fact = pictures.gap_fact(f"lead_{arm}", own, max(rivals, key=sum), drawn, tests)
    if fact.n == 1:
        return fact
    intervals = [pictures.gap_interval(own, rival, tests, 1 - 0.05 / 3) for rival in rivals]
    low = min(low for _, low, _ in intervals if low is not None)
    high = min(high for _, _, high in intervals if high is not None)
    return replace(fact, low=low, high=high, method=f"{fact.method}, Bonferroni over 3 rivals")


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
    found, tests = yield from pictures.compare(knobs, arms, ARMS, device, seed)
    shares = {f"score_{arm}": values for arm, values in found.items()}
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
        told="the lead over the best other way is {}",
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
            "labelled pictures of 5–9 keep one place each, so a new body sees fewer than the "
            "learned one has: head, then all is ahead of scratch by "
            "{fact:gap_head_then_all} (gap_head_then_all).",
            fact="gap_head_then_all",
            low=0.0,
            knobs={"data": ("digits",), "placing": ("once",)},
        ),
        When(
            "Placed anew at every step, the pictures of 5–9 teach a new body about places "
            "themselves, and head, then all is behind scratch: {fact:gap_head_then_all} "
            "(gap_head_then_all).",
            fact="gap_head_then_all",
            high=0.0,
            knobs={"data": ("digits",), "placing": ("anew",)},
        ),
        When(
            "The body of head, then all moves at {ratio} of the high rate, and so stays nearer to "
            "what was made for 0–4.",
            fact="gap_head_then_all",
            high=0.0,
            knobs={"data": ("digits",), "placing": ("anew",), "ratio": (0.000001, 0.5)},
        ),
        When(
            "At ratio 0 the body of head, then all keeps still, and all it has was made for 0–4.",
            fact="gap_head_then_all",
            high=0.0,
            knobs={"data": ("digits",), "placing": ("anew",), "ratio": (0.0, 0.0)},
        ),
        When(
            "In the middle of its field no digit needs tolerance of places, so the body has "
            "learned none. The frozen body is behind scratch, {fact:gap_frozen} (gap_frozen), "
            "which is called negative transfer: features made for 0–4 serve 5–9 worse than what "
            "the new labels teach.",
            fact="gap_frozen",
            high=0.0,
            knobs={"data": ("digits",), "placing": ("centred",)},
        ),
        When(
            "The frozen body is behind scratch, {fact:gap_frozen} (gap_frozen): from k = {k} a new "
            "body learns more than a new head makes of the old one's features.",
            fact="gap_frozen",
            high=0.0,
            knobs={"data": ("digits",), "placing": ("once", "anew")},
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
            "{fact:probe_random} on one that has learned nothing (probe_random). The old head lost "
            "{fact:forgetting} (forgetting); what a new one reads all the same had only moved to "
            "where the old one does not look.",
            fact="forgetting",
            low=0.0,
        ),
        When(
            "On the body of all, high rate, {fact:lost} of 0–4 are out of a new head's reach, too "
            "(lost).",
            fact="lost",
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
