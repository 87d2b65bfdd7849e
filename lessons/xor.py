"""xor: a network that can solve a problem is trained from many starts; how often does it?

Two inputs, each −1 (false) or 1 (true): four corners of a square. XOR is true at two opposite ones,
and no straight line has these two on one side and the others on the other. Two hidden units are
enough to do it, and the weights can be set by hand. What to watch: whether gradient descent finds
such weights by itself, from a thousand random starts, and whether a start that does not is slow or
stuck.

Series: `solved` is the share of starts with all four cases right; `loss: …` the middle start, and
the one that nine in ten are better than; `cases right` is a histogram of what the starts end with.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from studyapp.lab.interval import clopper_pearson
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
from studyapp.lab.seeds import generators, share_fact

CORNERS = ((-1.0, -1.0), (-1.0, 1.0), (1.0, -1.0), (1.0, 1.0))
GATES = {"xor": (0.0, 1.0, 1.0, 0.0), "and": (0.0, 0.0, 0.0, 1.0), "or": (0.0, 1.0, 1.0, 1.0)}
ACTIVATIONS = {"tanh": torch.tanh, "relu": torch.relu, "sigmoid": torch.sigmoid}
LOOKS = 20  # at all starts, beside the first
FALLING = 0.01  # nats: by how much a loss falls in the last tenth of the steps, if it goes on
DRAWN = "starts; the four cases are the same"


# Model: of S starts, side by side.


class Networks:
    """S networks with one hidden layer or none. The sign of what they put out is the answer."""

    def __init__(self, weights: Sequence[Tensor], activation: str) -> None:
        self.weights = [each.requires_grad_() for each in weights]
        self.activation = ACTIVATIONS.get(activation)

    def __call__(self, x: Tensor) -> Tensor:  # (n, 2)
        """Return the score of each corner, (S, n): above 0 stands for true."""
        first, shift, *last = self.weights  # (S, 2, H), (S, 1, H)
        out = torch.baddbmm(shift, x.expand(len(first), -1, -1), first)  # (S, n, H)
        if last:
            hidden = self.activation(out) if self.activation else out
            out = torch.baddbmm(last[1], hidden, last[0])  # (S, n, 1)
        return out.squeeze(-1)


def start(hidden: int, activation: str, rngs: Sequence[torch.Generator], device: str) -> Networks:
    """Draw weights as nn.Linear does, evenly between ∓1 ÷ √inputs, each start from its own."""
    shapes = [(2, hidden or 1), (1, hidden or 1)]
    bounds = [2**-0.5] * 2
    if hidden:
        shapes += [(hidden, 1), (1, 1)]
        bounds += [hidden**-0.5] * 2
    draws = [[2 * torch.rand(shape, generator=rng) - 1 for shape in shapes] for rng in rngs]
    stacked = [torch.stack(layer) for layer in zip(*draws, strict=True)]  # (S, …) each
    scaled = [bound * each for bound, each in zip(bounds, stacked, strict=True)]
    return Networks([each.to(device) for each in scaled], activation)


def by_hand(hidden: int, activation: str) -> Networks:
    """Return one network whose weights are set by hand, to get as much of XOR right as it can.

    Both its hidden units add the inputs up. That sum is 0 where the inputs differ, else ∓2, and
    what the two make of it together is the same on both sides of 0. With fewer units, or without
    an activation, there is nothing better than a line, which leaves out one corner.
    """
    if hidden < 2 or activation not in ACTIVATIONS:
        line = [[[1.0], [1.0]]], [[1.0]]  # "at least one is true"
        return Networks([torch.tensor(each) for each in line], activation)
    # relu: max(0, s) + max(0, −s) = |s|. The others rise between −1 and 1, the middle, most.
    signs, shift = ([1.0, -1.0], [0.0, 0.0]) if activation == "relu" else ([1.0, 1.0], [1.0, -1.0])
    weights = torch.tensor([[signs, signs]]), torch.tensor([[shift]])
    last = torch.tensor([[-1.0], [-1.0]] if activation == "relu" else [[1.0], [-1.0]])[None]
    net = Networks([*weights, last, torch.zeros(1, 1, 1)], activation)
    with torch.no_grad():  # the limit lies halfway between where the inputs agree and differ
        same, other, *_ = net(torch.tensor(CORNERS))[0]
    return Networks([*weights, last, -((same + other) / 2).view(1, 1, 1)], activation)


# Loop.


def losses(scores: Tensor, truth: Tensor) -> Tensor:
    """Return the mean cross-entropy of each start over the corners, (S,)."""
    wanted = truth.expand_as(scores)
    return F.binary_cross_entropy_with_logits(scores, wanted, reduction="none").mean(1)


def corners_right(scores: Tensor, truth: Tensor) -> Tensor:
    """Return how many corners each start gets right, (S,)."""
    return ((scores > 0) == (truth > 0)).sum(1)


def run(knobs: Mapping[str, Value], device: str, seed: int) -> Iterator[LessonEvent]:
    """Train from all starts side by side; stream how many have solved it, then the facts."""
    steps, rate = int(knobs["steps"]), float(knobs["rate"])
    hidden, activation, gate = int(knobs["hidden"]), str(knobs["activation"]), str(knobs["gate"])
    yield Progress(0, steps)
    networks = start(hidden, activation, generators(seed, int(knobs["seeds"])), device)
    x = torch.tensor(CORNERS, device=device)
    truth = torch.tensor(GATES[gate], device=device)
    before = torch.zeros(0)
    for step in range(steps):
        scores = networks(x)
        loss = losses(scores, truth)  # (S,)
        if step % max(1, steps // LOOKS) == 0:
            yield from curves(step, scores.detach(), loss.detach(), truth)
        if step == 9 * steps // 10:
            before = loss.detach()
        # The SUM: a start has no part in the loss of another. A mean would divide the rate by S.
        gradients = torch.autograd.grad(loss.sum(), networks.weights)
        with torch.no_grad():
            for weights, gradient in zip(networks.weights, gradients, strict=True):
                weights -= rate * gradient
        yield Progress(step + 1, steps)
    with torch.no_grad():
        scores = networks(x)
    loss = losses(scores, truth)
    yield from curves(steps, scores, loss, truth)
    right = corners_right(scores, truth).cpu()
    yield from histogram(right)
    yield Result(tuple(facts(right, (before - loss).cpu(), hidden, activation, gate)))


def curves(step: int, scores: Tensor, loss: Tensor, truth: Tensor) -> Iterator[Metric]:
    """Yield the share of starts that have solved it, and how large their losses are."""
    solved = corners_right(scores, truth) == 4
    share, low, high = clopper_pearson(int(solved.sum()), len(solved))
    band = (low, high) if len(solved) > 1 else (None, None)
    yield Metric(step, "solved", share, *band)
    for title, part in (("middle start", 0.5), ("nine in ten are better", 0.9)):
        yield Metric(step, f"loss: {title}", float(loss.quantile(part)))


def histogram(right: Tensor) -> Iterator[Metric]:
    """Yield which share of starts ends with how many corners right."""
    for count in range(4, -1, -1):  # from the right: a series whose steps go back is drawn as bars
        yield Metric(count, "cases right", float((right == count).double().mean()))


# Facts.


def facts(right: Tensor, fell: Tensor, hidden: int, activation: str, gate: str) -> Iterator[Fact]:
    """Yield how many starts solved it, and how it is with the others.

    *right* (S,) has their corners right, *fell* (S,) by how much the last tenth lowered their loss.
    """
    yield share_fact("solved", right == 4, "of starts", DRAWN)
    yield share_fact("three_right", right == 3, "of starts", DRAWN)
    yield share_fact("two_right", right == 2, "of starts", DRAWN)
    yield share_fact("stuck", (right < 4) & (fell < FALLING), "of starts", DRAWN)
    yield share_fact("on_the_way", (right < 4) & (fell >= FALLING), "of starts", DRAWN)
    if gate == "xor":
        net = by_hand(hidden, activation)
        most = corners_right(net(torch.tensor(CORNERS)), torch.tensor(GATES["xor"]))
        told = "weights set by hand"
        yield Fact("by_hand", float(most), "of 4 cases", None, None, 4, "exact", told)


LESSON = Lesson(
    name="xor",
    version=1,
    title="Does training find what a network can do?",
    question=Question(
        text=(
            "Two inputs are −1 (false) or 1 (true). A network with hidden = {hidden} units in one "
            "hidden layer (0: none; activation = {activation}) learns gate = {gate} (xor: exactly "
            "one is true; and: both are; or: at least one is) in {steps} steps of gradient descent "
            "at a rate of {rate}, each on all four cases. It is started from many random weights. "
            "How many of the starts end with all four cases right?"
        ),
        kind="choice",
        fact="solved",
        unit="of starts",
        told="all four cases were right in the end in {}",
        choices=(
            Choice("none, or at most 1 in 100", high=0.01),
            Choice("up to half of them", low=0.01, high=0.5),
            Choice("a half to nine in ten", low=0.5, high=0.9),
            Choice("more than nine in ten", low=0.9),
        ),
    ),
    knobs=(
        Knob(
            "hidden",
            "int",
            2,
            0,
            8,
            help="units in the hidden layer; two are the fewest with which XOR can be done",
        ),
        Knob(
            "activation",
            "choice",
            "tanh",
            choices=("tanh", "relu", "sigmoid", "none"),
            help="of the hidden units; none: what they add up to is passed on as it is",
        ),
        Knob(
            "gate",
            "choice",
            "xor",
            choices=("xor", "and", "or"),
            help="what is to be learned; a straight line can do and and or",
        ),
        Knob(
            "rate",
            "float",
            0.5,
            0.001,
            10.0,
            help="learning rate; from 0.1 to 2 it hardly matters, so what fails is not its fault",
        ),
        Knob(
            "steps",
            "int",
            1500,
            10,
            10_000,
            help="of training; at 1500 hardly a start is on the way any more",
        ),
        Knob(
            "seeds",
            "int",
            1000,
            1,
            10_000,
            gpu=10_000,
            help="starts; 1000 tell a share to about three points",
        ),
    ),
    topics=("nonlinearity", "hidden-layer", "perceptron", "universal-approximation"),
    run=run,
    axes=(
        Axes("step", "share of starts with all cases right"),
        Axes("step", "loss: cross-entropy (guessing: 0.69)", "loss"),
        Axes("cases right, of 4", "share of the starts", "cases right"),
    ),
    meaning=(
        When(
            "Weights set by hand get {fact:by_hand} right (by_hand), so a network of this size can "
            "do it. From a random start gradient descent finds such weights in {fact:solved} "
            "(solved). That a network can is one thing, that training gets there another.",
            fact="solved",
            low=0.01,
            high=0.9,
            knobs={
                "gate": ("xor",),
                "hidden": (2, 8),
                "activation": ("tanh", "relu", "sigmoid"),
            },
        ),
        When(
            "Weights set by hand get {fact:by_hand} right (by_hand), and gradient descent finds "
            "such weights by itself in {fact:solved} (solved).",
            fact="solved",
            low=0.9,
            knobs={
                "gate": ("xor",),
                "hidden": (2, 8),
                "activation": ("tanh", "relu", "sigmoid"),
            },
        ),
        When(
            "With more units than the two it takes, more of the starts happen to lie well.",
            fact="solved",
            low=0.5,
            knobs={
                "gate": ("xor",),
                "hidden": (3, 8),
                "activation": ("tanh", "relu", "sigmoid"),
            },
        ),
        When(
            "No start solved it, and none can: without an activation, layers add up to one line, "
            "and no line gets more than {fact:by_hand} right (by_hand). Neither more starts nor "
            "more steps would help.",
            fact="solved",
            high=0.05,
            knobs={"gate": ("xor",), "activation": ("none",)},
        ),
        When(
            "No start solved it, and none can: with fewer than two units the border between true "
            "and false is one straight line, and no line gets more than {fact:by_hand} right "
            "(by_hand). Neither more starts nor more steps would help.",
            fact="solved",
            high=0.05,
            knobs={
                "gate": ("xor",),
                "hidden": (0, 1),
                "activation": ("tanh", "relu", "sigmoid"),
            },
        ),
        When(
            "{gate} is what a straight line can do, and {fact:solved} (solved) got there: where a "
            "line is enough, training does not fail.",
            fact="solved",
            low=0.9,
            knobs={"gate": ("and", "or")},
        ),
        When(
            "The others are stuck, not slow: in {fact:stuck} (stuck) a case is wrong and the last "
            "tenth of the steps lowered the loss by less than 0.01.",
            fact="stuck",
            low=0.02,
            knobs={
                "gate": ("xor",),
                "hidden": (2, 8),
                "activation": ("tanh", "relu", "sigmoid"),
                "rate": (0.05, 3.0),
                "steps": (500, 10_000),
            },
        ),
        When(
            "Some are only slow: in {fact:on_the_way} (on_the_way) a case is wrong and the loss is "
            "still falling. More steps or a higher rate would show what becomes of them.",
            fact="on_the_way",
            low=0.02,
            knobs={"rate": (0.001, 3.0)},
        ),
        When(
            "At a rate this high the steps are leaps: they can throw a start to where its units "
            "are flat, and no slope leads back. Compare the share with that at 0.5 to see what of "
            "it is the rate's fault.",
            knobs={
                "gate": ("xor",),
                "hidden": (2, 8),
                "activation": ("tanh", "relu", "sigmoid"),
                "rate": (5.0, 10.0),
            },
        ),
        When(
            "The interval is about other starts drawn in the same way, with plain gradient "
            "descent. Weights drawn otherwise, or another optimizer, give another share."
        ),
    ),
    next=(
        When(
            "Set hidden to 3, then to 8: what do units do for training that nobody needs to solve "
            "it?",
            knobs={
                "gate": ("xor",),
                "hidden": (2, 2),
                "activation": ("tanh", "relu", "sigmoid"),
            },
        ),
        When(
            "Set steps to 5000: do the starts that failed only need more time?",
            knobs={
                "gate": ("xor",),
                "hidden": (2, 8),
                "activation": ("tanh", "relu", "sigmoid"),
                "steps": (10, 4000),
            },
        ),
        When(
            "Set activation to relu: two ReLUs can do it as well. Do as many starts find it, and "
            "how many cases have the others right?",
            knobs={"gate": ("xor",), "hidden": (2, 8), "activation": ("tanh",)},
        ),
        When(
            "Set hidden to 0: what is the most that a network without a hidden layer gets right?",
            knobs={"gate": ("xor",), "hidden": (1, 8)},
        ),
        When(
            "Set hidden to 2: what does a second unit make possible?",
            knobs={"gate": ("xor",), "hidden": (0, 1)},
        ),
        When(
            "Set gate to and: can a network without a hidden layer do that?",
            knobs={"gate": ("xor",), "hidden": (0, 0)},
        ),
        When(
            "Set activation to tanh: what does a bend between the layers add?",
            knobs={
                "gate": ("xor",),
                "hidden": (1, 8),
                "activation": ("relu", "sigmoid", "none"),
            },
        ),
        When(
            "Set gate to xor: what is it that a straight line cannot do there?",
            knobs={"gate": ("and", "or")},
        ),
    ),
    mechanism=(
        When(
            "Take a weighted sum of the inputs. Its values in the two cases where they differ add "
            "up to the same as those where they agree. XOR asks for a sum above a limit in the "
            "first two and below it in the others, so no straight line will do.",
            knobs={"gate": ("xor",)},
        ),
        When(
            "Hidden units with an activation make new features of the inputs, such as “both are "
            "alike”. In terms of these a straight line is enough, if there are two of them.",
            knobs={"gate": ("xor",), "activation": ("tanh", "relu", "sigmoid")},
        ),
        When(
            "Without an activation a weighted sum of weighted sums is again one weighted sum.",
            knobs={"activation": ("none",)},
        ),
        When(
            "True and false lie on two sides of a straight line here, so a weighted sum with the "
            "right sign in each case exists.",
            knobs={"gate": ("and", "or")},
        ),
        When(
            "Gradient descent goes downhill from where it starts and sees no further. From some "
            "starts the way down ends where the loss hardly falls any more and cases are wrong.",
            knobs={"gate": ("xor",), "activation": ("tanh", "relu", "sigmoid")},
        ),
        When(
            "What a network can do is a matter of all its weights; what training finds, of the "
            "ones that lie downhill of its start.",
        ),
    ),
)
