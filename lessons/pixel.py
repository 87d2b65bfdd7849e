"""pixel: does a network read digits better than pictures that are laid on top of each other?

Four ways learn from the same labelled pictures:

- mean       averages the pictures of each digit, and names the digit whose average is nearest;
- neighbour  keeps all pictures, and names the digit of the nearest one;
- linear     trains a weight for each pixel and digit;
- cnn        trains a small convolutional network.

Near is what has a small root mean squared difference, pixel by pixel. The first two have nothing
to train.

What to watch: whether the trained ways pass the flat lines of the other two, and by how much. Then
move the pictures to be read by a pixel, which no eye would mind.

Series: `mean image`, `nearest neighbour`, `linear` and `CNN` over the steps of training.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from lessons.digits import load_digits, split
from lessons.pictures import accuracy_interval, gap_fact, share_fact
from lessons.transfer import accuracy, at_rest, descend, layer
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
    Result,
    Value,
    When,
)
from studyapp.lab.seeds import generators, lead_fact, stack

TEST, BATCH = 60, 100  # pictures of each digit; of a step
MARGIN = 2  # pixels around the 8×8 of a digit: a moved one stays whole
SIDE = 8 + 2 * MARGIN
RATES = {"linear": 3e-2, "cnn": 5e-3}  # of Adam
LOOKS = 10  # at the test pictures, beside the first
ARMS = {"mean": "mean image", "neighbour": "nearest neighbour", "linear": "linear", "cnn": "CNN"}
DRAWN = "splits and starts; all from 1,797 digits by the same 13 writers"
Shares = dict[str, list[float]]  # by arm, of each seed: what share of the pictures it reads right


# Data: pictures (n, S, 12, 12) of S seeds, each with a split of its own, and labels (n, S).


def framed(images: Tensor) -> Tensor:
    """Put the digits into the middle of a larger field of zeros."""
    return F.pad(images, (MARGIN,) * 4)


def moved(fields: Tensor, shift: int, rngs: Sequence[torch.Generator]) -> Tensor:
    """Move each digit by *shift* pixels: up, down, left or right, as its seed's generator says."""
    n = len(fields)
    ways = torch.stack([torch.randint(4, (n,), generator=rng) for rng in rngs], 1)  # (n, S)
    steps = ((-shift, 0), (shift, 0), (0, -shift), (0, shift))
    each = torch.stack([fields.roll(step, (2, 3)) for step in steps])  # (4, n, S, 12, 12)
    index = ways[None, ..., None, None].expand(1, *fields.shape)
    return each.gather(0, index)[0]


# Two ways with nothing to train.


def means(x: Tensor, y: Tensor, classes: int) -> tuple[Tensor, Tensor]:
    """Return the average picture of each class (C, S, 12, 12) and its label (C, S)."""
    of_class = F.one_hot(y, classes).to(x.dtype)  # (n, S, C): 1 for the class that a picture is of
    sums = torch.einsum("nsc,nshw->cshw", of_class, x)
    counts = of_class.sum(0).T[..., None, None]  # (C, S, 1, 1)
    return sums / counts, torch.arange(classes, device=x.device)[:, None].expand(-1, x.shape[1])


def nearest(x: Tensor, y: Tensor, tests: Tensor) -> Tensor:
    """Return for each test picture (m, S, 12, 12) the label of the picture nearest to it, (m, S).

    The smallest root mean squared difference is the smallest distance: they differ by a factor.
    """
    named = []
    for seed in range(x.shape[1]):
        apart = torch.cdist(tests[:, seed].flatten(1), x[:, seed].flatten(1))  # (m, n)
        named.append(y[apart.argmin(1), seed])
    return torch.stack(named, 1)


# Two networks. Those of S seeds are one, in which every seed has channels of its own.


class Network(nn.Module):
    """Layers of convolutions, the last of which gives a score for each of the classes."""

    def __init__(self, classes: int, *layers: nn.Module) -> None:
        super().__init__()
        self.layers, self.classes = nn.Sequential(*layers), classes

    def forward(self, x: Tensor) -> Tensor:  # (n, S, 12, 12)
        output: Tensor = self.layers(x)  # (n, C·S, 1, 1)
        return output.view(len(output), -1, self.classes)  # (n, S, C)


def linear(s: int, classes: int) -> Network:
    """A convolution as large as the picture is a linear layer: one weight a pixel and class."""
    return Network(classes, layer(s, 1, classes, size=SIDE))


def cnn(s: int, classes: int) -> Network:
    return Network(
        classes,
        layer(s, 1, 16, size=3, pad=1),  # (n, 16·S, 12, 12)
        nn.MaxPool2d(2),  # (n, 16·S, 6, 6): the largest of each 2×2 square
        nn.ReLU(),
        layer(s, 16, 32, size=3, pad=1),  # (n, 32·S, 6, 6)
        nn.MaxPool2d(2),  # (n, 32·S, 3, 3)
        nn.ReLU(),
        layer(s, 32, 64, size=3),  # (n, 64·S, 1, 1)
        nn.ReLU(),
        layer(s, 64, classes, size=1),  # (n, C·S, 1, 1)
    )


NETWORKS = {"linear": linear, "cnn": cnn}


def start(arm: str, classes: int, rngs: Sequence[torch.Generator], device: str) -> Network:
    """Return the networks of all seeds as one, each drawn from its seed's generator."""
    weights = stack(lambda: NETWORKS[arm](1, classes), rngs)  # (S, channels, …) each
    networks = NETWORKS[arm](len(rngs), classes)
    networks.load_state_dict({name: each.flatten(0, 1) for name, each in weights.items()})
    return networks.to(memory_format=torch.channels_last).to(device)


# Loop.


class Contest:
    """S seeds that learn side by side: their pictures, and the four ways to read others."""

    def __init__(self, knobs: Mapping[str, Value], device: str, seed: int) -> None:
        self.rngs = generators(seed, int(knobs["seeds"]))
        digits = (3, 7) if knobs["digits"] == "3-7" else tuple(range(10))
        self.classes, self.device = len(digits), device
        images, labels = load_digits()  # (1797, 8, 8), (1797)
        train, test = split(labels, digits, int(knobs["k"]), TEST, self.rngs)  # (n, S), (m, S)
        places = torch.tensor([digits.index(one) if one in digits else 0 for one in range(10)])
        classes = places[labels]  # (1797,): which of the digits; of others nobody asks
        still = framed(images[test])  # (m, S, 12, 12)
        self.x, self.y = framed(images[train]).to(device), classes[train].to(device)
        shift = int(knobs["shift"])
        self.tests = {"still": still.to(device)}
        if shift:
            self.tests["moved"] = moved(still, shift, self.rngs).to(device)
        self.labels = classes[test].to(device)
        self.networks = {arm: start(arm, self.classes, self.rngs, device) for arm in NETWORKS}
        self.adams = {
            arm: torch.optim.Adam(network.parameters(), RATES[arm])
            for arm, network in self.networks.items()
        }

    def learn(self) -> None:
        """Take a step of both networks, on the same pictures."""
        n = len(self.x)
        if n > BATCH:
            draws = [torch.randint(n, (BATCH,), generator=rng) for rng in self.rngs]
            rows = torch.stack(draws, 1).to(self.device)  # (BATCH, S)
        else:
            rows = torch.arange(n, device=self.device)[:, None].expand(-1, len(self.rngs))  # all
        seeds = torch.arange(len(self.rngs), device=self.device)  # so each seed takes its own
        x = self.x[rows, seeds].contiguous(memory_format=torch.channels_last)
        for arm, network in self.networks.items():
            descend(self.adams[arm], network(x), self.y[rows, seeds])

    def compared(self, tests: Tensor) -> Shares:
        """Return what the two ways with nothing to train read right."""
        averages, names = means(self.x, self.y, self.classes)
        named = {
            "mean": nearest(averages, names, tests),
            "neighbour": nearest(self.x, self.y, tests),
        }
        return {
            arm: (each == self.labels).cpu().double().mean(0).tolist()
            for arm, each in named.items()
        }

    def trained(self, tests: Tensor) -> Shares:
        """Return what the networks read right by now."""
        return {
            arm: accuracy(at_rest(network, tests), self.labels)
            for arm, network in self.networks.items()
        }


def run(knobs: Mapping[str, Value], device: str, seed: int) -> Iterator[LessonEvent]:
    """Compare pictures, train networks beside that, then tell who read what."""
    torch.backends.cudnn.deterministic = True  # same seed, same facts
    steps = int(knobs["steps"])
    yield Progress(0, steps)
    contest = Contest(knobs, device, seed)
    asked = "moved" if "moved" in contest.tests else "still"
    tests = contest.tests[asked]
    fixed = contest.compared(tests)
    yield from curves(0, fixed | contest.trained(tests))
    for step in range(1, steps + 1):
        contest.learn()
        yield Progress(step, steps)
        if step % max(1, steps // LOOKS) == 0 or step == steps:
            shares = fixed | contest.trained(tests)
            yield from curves(step, shares)
    still = contest.tests["still"]
    before = contest.compared(still) | contest.trained(still) if asked == "moved" else None
    yield Result(tuple(facts(shares, before)))


def curves(step: int, shares: Shares) -> Iterator[Metric]:
    for arm, series in ARMS.items():
        yield Metric(step, series, *accuracy_interval(shares[arm]))


# Facts.


def facts(shares: Shares, still: Shares | None) -> Iterator[Fact]:
    """Yield leads and shares; and what moving cost, where *still* has the shares without it."""
    points = {arm: [100 * share for share in shares[arm]] for arm in ARMS}
    for arm, own in points.items():
        rivals = [other for name, other in points.items() if name != arm]
        yield lead_fact(f"lead_{arm}", own, rivals, "points", DRAWN)
    for arm in ARMS:
        yield share_fact(f"score_{arm}", shares[arm], DRAWN)
    yield gap_fact("gap_cnn", shares["cnn"], shares["mean"], DRAWN)
    for arm, unmoved in (still or {}).items():
        yield gap_fact(f"cost_{arm}", unmoved, shares[arm], DRAWN)


LESSON = Lesson(
    name="pixel",
    version=1,
    title="Does a network beat the mean image?",
    question=Question(
        text=(
            "Four ways learn to read handwritten digits (8×8 pixels) from k = {k} labelled "
            "pictures of each, with digits = {digits} (ten: 0 to 9; 3-7: only 3 and 7). Linear and "
            "CNN train for {steps} steps, the others only compare pictures. Which of them reads "
            "the most other pictures right, each moved by {shift} pixels (up, down, left or right)?"
        ),
        kind="arms",
        fact="lead_neighbour",
        unit="points",
        told="the lead over the best other way is {}",
        choices=(
            Choice(
                "mean image: the digit whose average picture is nearest",
                low=0.0,
                fact="lead_mean",
            ),
            Choice(
                "nearest neighbour: the digit of the one labelled picture that is nearest",
                low=0.0,
                fact="lead_neighbour",
            ),
            Choice(
                "linear: a trained weight for each pixel and digit",
                low=0.0,
                fact="lead_linear",
            ),
            Choice("CNN: a small convolutional network", low=0.0, fact="lead_cnn"),
        ),
    ),
    knobs=(
        Knob("digits", "choice", "ten", choices=("ten", "3-7"), help="which are to be told apart"),
        Knob(
            "k",
            "int",
            100,
            1,
            100,
            help="labelled pictures of each digit; what is read are 60 others of each",
        ),
        Knob(
            "shift",
            "int",
            0,
            0,
            2,
            help=(
                "pixels by which each digit to be read is moved, in one of four directions; those "
                "learned from stay in the middle of their 12×12 fields, and none loses ink"
            ),
        ),
        Knob(
            "steps",
            "int",
            200,
            10,
            2000,
            help=(
                "of training, each on 100 pictures, or on all if there are fewer; more of them "
                "help the CNN longer than linear"
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
                "repetitions, each with a split and starts of its own; 16 tell a lead to about a "
                "point"
            ),
        ),
    ),
    topics=("pixel-similarity", "baseline", "rmse"),
    run=run,
    axes=(Axes("step of linear and CNN", "share read right"),),
    meaning=(
        When(
            "The mean image reads the most: it is ahead of the best other way by "
            "{fact:lead_mean} (lead_mean).",
            fact="lead_mean",
            low=0.000001,
        ),
        When(
            "The nearest neighbour, which trains nothing, reads the most: it is ahead of the best "
            "other way by {fact:lead_neighbour} (lead_neighbour).",
            fact="lead_neighbour",
            low=0.000001,
        ),
        When(
            "Linear reads the most: it is ahead of the best other way by {fact:lead_linear} "
            "(lead_linear).",
            fact="lead_linear",
            low=0.000001,
        ),
        When(
            "The CNN reads the most: it is ahead of the best other way by {fact:lead_cnn} "
            "(lead_cnn).",
            fact="lead_cnn",
            low=0.000001,
        ),
        When(
            "With one picture of each digit, its average is that picture: mean image and nearest "
            "neighbour are the same way, and neither can be ahead of the other.",
            knobs={"k": (1, 1)},
        ),
        When(
            "Say what a network adds to the simplest way, not only what it reads: the mean image "
            "reads {fact:score_mean} (score_mean), and the CNN {fact:gap_cnn} more (gap_cnn).",
            fact="gap_cnn",
            low=0.0,
        ),
        When(
            "The CNN is behind even the mean image: {fact:gap_cnn} (gap_cnn). With k = {k} there "
            "is little to learn features from, while an average needs few pictures.",
            fact="gap_cnn",
            high=0.0,
        ),
        When(
            "Moving the digits cost the mean image {fact:cost_mean}, the nearest neighbour "
            "{fact:cost_neighbour}, linear {fact:cost_linear} and the CNN {fact:cost_cnn} "
            "(cost_…). All of them compare what stands at the same pixel; only the CNN takes the "
            "largest of some neighbours, and that forgives a little.",
            fact="cost_mean",
            low=0.0,
            knobs={"shift": (1, 2)},
        ),
        When(
            "Among two digits that differ so much nearly everything is right, and what is left to "
            "win is small: there a simple way is enough.",
            fact="score_neighbour",
            low=0.97,
            knobs={"digits": ("3-7",)},
        ),
        When(
            "The same 13 people wrote what is learned from and what is read, and no picture says "
            "who. A nearest neighbour can find one by the same hand, so with new writers it may "
            "be worth less: this was not measured. The intervals are about other splits and "
            "starts, not about other handwriting; a lead whose interval holds 0 is not told apart "
            "from none."
        ),
    ),
    next=(
        When(
            "Set steps to 800: was the CNN only short of training?",
            knobs={"k": (20, 100), "shift": (0, 0), "steps": (10, 400), "digits": ("ten",)},
        ),
        When(
            "Set k to 5, then to 1: which way needs the fewest pictures?",
            knobs={"k": (20, 100), "shift": (0, 0)},
        ),
        When(
            "Set k to 100: which way gains the most from more pictures?",
            knobs={"k": (1, 19), "shift": (0, 0)},
        ),
        When(
            "Set shift to 1, then to 2: what is left of each way if the digits move by a pixel?",
            knobs={"shift": (0, 0)},
        ),
        When(
            "Set shift to 2: who is ahead now, and would you rely on it?",
            knobs={"shift": (1, 1)},
        ),
        When(
            "Set digits to 3-7, the two that are told apart in chapter 4: is a network needed for "
            "that?",
            knobs={"digits": ("ten",), "shift": (0, 0)},
        ),
        When(
            "Set digits to 3-7: what does moving cost where only two are to be told apart?",
            knobs={"digits": ("ten",), "shift": (1, 2)},
        ),
        When(
            "Set digits to ten: how much more do eight more digits ask of each way?",
            knobs={"digits": ("3-7",)},
        ),
    ),
    mechanism=(
        When(
            "An average keeps what all pictures of a digit share and blurs the ways to write it. "
            "So one average stands for all of these, where a nearest neighbour keeps each."
        ),
        When(
            "A nearest neighbour needs a labelled picture much like the one to be read: it gains "
            "as long as there are more of them."
        ),
        When(
            "A network has to find its weights from the same pictures. Where these are few, or "
            "much alike already, there is little that it can find and a comparison cannot."
        ),
        When(
            "A difference pixel by pixel asks what stands at the same place. One step aside, the "
            "strokes meet paper, and the same digit is far away.",
            knobs={"shift": (1, 2)},
        ),
    ),
)
