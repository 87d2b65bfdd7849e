"""approximate: how many units does it take until a network draws a curve?

Networks with one hidden layer of 1, 2, 4, … 64 units learn a curve from 100 points of it. A unit
with a ReLU is flat up to some place and a slope from there on, or the other way round: what a
network draws is straight between the places where its units begin. That with enough of them it
could draw any curve is a theorem. How many are enough for training, which has to find the places?

What to watch: the misses of the widths over the steps, and at the end what is drawn, also where no
point was given.

Series: `miss: 2 units` and so on over the steps, the median over starts. At the end, over x, the
`drawn: curve` beside the `drawn: 8 units` and `drawn: 64 units` of the first start.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from statistics import median

import torch
from torch import Tensor, nn

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
from studyapp.lab.seeds import generators, median_fact, share_fact

WIDTHS = (1, 2, 4, 8, 16, 32, 64)
DRAWN_ONES = (8, 64)  # widths whose curves are drawn
POINTS = 100  # from -1 to 1, evenly; as many lie outside
REACH = 2.0  # outside is from 1 to here, and from -1 to minus this
CLOSE = 0.1  # a smaller miss is a fit; the wave's height is 1
RATE = 1e-2  # of Adam; it falls to 0 in a straight line
LOOKS = 40
DRAWN = "starts; the points are the same"


# Data.


def curve(x: Tensor, waves: int) -> Tensor:
    """Return a sine with so many waves between -1 and 1; with none, the straight line y = x."""
    return torch.sin(math.pi * waves * x) if waves else x.clone()


def inside() -> Tensor:
    return torch.linspace(-1, 1, POINTS)


def outside() -> Tensor:
    """Return as many places where no point is given, half of them on either side."""
    right = torch.linspace(1, REACH, POINTS // 2 + 1)[1:]  # 1 itself is inside
    return torch.cat([-right.flip(0), right])


def line_miss(x: Tensor, y: Tensor) -> float:
    """Return by how much the best straight line misses the points, as root mean square."""
    columns = torch.stack([torch.ones_like(x), x], 1).double()  # (n, 2)
    best = torch.linalg.lstsq(columns, y.double()).solution
    return round(float((y.double() - columns @ best).square().mean().sqrt()), 9)


# Model: the networks of all widths, of all starts.


class Networks(nn.Module):
    """S starts of every width. The hidden units of all widths stand side by side, 127 a start.

    Which of them a width adds up is said by `own`: so they are seven networks that have nothing to
    do with each other, at the price of one.
    """

    own: Tensor

    def __init__(self, rngs: Sequence[torch.Generator], relu: bool) -> None:
        super().__init__()
        units = sum(WIDTHS)
        own = torch.zeros(units, len(WIDTHS))  # (127, 7)
        widths = torch.tensor([k for k in WIDTHS for _ in range(k)])  # (127,): of each unit's layer
        own[torch.arange(units), torch.tensor(WIDTHS).log2().long()[widths.log2().long()]] = 1
        self.register_buffer("own", own)
        self.relu = relu

        def drawn(count: int, bounds: Tensor) -> nn.Parameter:
            """Draw as nn.Linear does: evenly between ∓1 ÷ √inputs."""
            each = [2 * torch.rand(count, generator=rng) - 1 for rng in rngs]
            return nn.Parameter(torch.stack(each) * bounds)

        self.slopes = drawn(units, torch.ones(()))  # (S, 127)
        self.shifts = drawn(units, torch.ones(()))
        self.weights = drawn(units, widths.float() ** -0.5)
        self.heights = drawn(len(WIDTHS), torch.tensor(WIDTHS).float() ** -0.5)  # (S, 7)

    def forward(self, x: Tensor) -> Tensor:  # (n,)
        """Return what each network draws at the places x: (S, n, 7)."""
        hidden = x[:, None] * self.slopes[:, None] + self.shifts[:, None]  # (S, n, 127)
        hidden = hidden.relu() if self.relu else hidden
        return (hidden * self.weights[:, None]) @ self.own + self.heights[:, None]


def squares(drawn: Tensor, y: Tensor) -> Tensor:
    """Return the mean squared miss of each network, (S, 7)."""
    return (drawn - y[:, None]).square().mean(1)


# Loop.


def run(knobs: Mapping[str, Value], device: str, seed: int) -> Iterator[LessonEvent]:
    """Train all widths from all starts; stream their misses, then what they draw and the facts."""
    steps, waves = int(knobs["steps"]), int(knobs["waves"])
    yield Progress(0, steps)
    networks = Networks(generators(seed, int(knobs["seeds"])), knobs["activation"] == "relu")
    networks.to(device)
    x, beyond = inside().to(device), outside().to(device)
    y = curve(x, waves)
    adam = torch.optim.Adam(networks.parameters(), RATE)
    for step in range(1, steps + 1):
        # The SUM over starts and widths: a network has no part in the miss of another.
        loss = squares(networks(x), y).sum()
        adam.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        adam.param_groups[0]["lr"] = RATE * (1 - (step - 1) / steps)
        adam.step()
        yield Progress(step, steps)
        if step % max(1, steps // LOOKS) == 0 or step == steps:
            with torch.no_grad():
                misses = squares(networks(x), y).sqrt().cpu()  # (S, 7)
            for width, each in zip(WIDTHS, misses.T.tolist(), strict=True):
                # Without a band: seven of them, as wide as starts differ, would hide each other.
                yield Metric(step, f"miss: {units(width)}", median(each))
    with torch.no_grad():
        off = squares(networks(beyond), curve(beyond, waves)).sqrt().cpu()  # (S, 7)
        everywhere = torch.linspace(-REACH, REACH, 100, device=device)
        drawn = networks(everywhere)[0].cpu()  # (100, 7), by the first start
    yield from picture(everywhere.cpu(), curve(everywhere, waves).cpu(), drawn)
    yield Result(tuple(facts(misses, off, line_miss(x.cpu(), y.cpu()))))


def units(width: int) -> str:
    return f"{width} units" if width > 1 else "1 unit"


def picture(x: Tensor, y: Tensor, drawn: Tensor) -> Iterator[Metric]:
    """Yield the curve over x, and what two of the networks draw, (n, 7)."""
    series = {"curve": y} | {units(k): drawn[:, WIDTHS.index(k)] for k in DRAWN_ONES}
    for name, heights in series.items():
        for place, height in zip(x.tolist(), heights.tolist(), strict=True):
            yield Metric(place, f"drawn: {name}", height)


# Facts.


def facts(misses: Tensor, off: Tensor, line: float) -> Iterator[Fact]:
    """Yield how many units it takes, and the misses inside (S, 7) and outside (S, 7).

    A start that no width makes close counts as if it took 128.
    """
    close = torch.cat([misses < CLOSE, torch.ones(len(misses), 1, dtype=torch.bool)], 1)  # (S, 8)
    needed = torch.tensor((*WIDTHS, 2 * WIDTHS[-1]))[close.int().argmax(1)]  # (S,), the first close
    yield median_fact("units_needed", needed.double(), "units", DRAWN)
    for width in (2, 8, 64):
        own = misses[:, WIDTHS.index(width)].double()
        yield median_fact(f"miss_{width}", own, "median", DRAWN)
    for width in (8, 64):
        hits = misses[:, WIDTHS.index(width)] < CLOSE
        yield share_fact(f"close_{width}", hits, "of starts", DRAWN)
    yield median_fact("outside_64", off[:, -1].double(), "median", DRAWN)
    told = "the best straight line, by a formula"
    yield Fact("miss_line", line, "", None, None, POINTS, "exact", told)


LESSON = Lesson(
    name="approximate",
    version=1,
    title="How many units draw a curve?",
    question=Question(
        text=(
            "A curve has {waves} waves between −1 and 1 (a sine of height 1; with 0 waves it is a "
            "straight line) and is given by 100 points. Networks with one hidden layer of 1, 2, 4, "
            "8, 16, 32 or 64 units (activation = {activation}; relu: negative sums become 0; none: "
            "sums stay as they are) train on them for {steps} steps, from many starts. How many "
            "units does it take until at least half of the starts miss the points by less than "
            "0.1 (root mean square)?"
        ),
        kind="choice",
        fact="units_needed",
        unit="units",
        told="half of the starts took at most {}",
        choices=(
            Choice("at most 4", high=6.0),
            Choice("8", low=6.0, high=12.0),
            Choice("16 to 64", low=12.0, high=96.0),
            Choice("more than 64, if any number will do", low=96.0),
        ),
    ),
    knobs=(
        Knob("waves", "int", 2, 0, 4, help="between −1 and 1; 0 is the straight line y = x"),
        Knob(
            "activation",
            "choice",
            "relu",
            choices=("relu", "none"),
            help="of the hidden units; none: what they add up to is passed on as it is",
        ),
        Knob(
            "steps",
            "int",
            2000,
            100,
            20_000,
            help="of training on all points; at 2000 the misses have nearly stopped falling",
        ),
        Knob(
            "seeds",
            "int",
            32,
            1,
            256,
            gpu=256,
            help="starts of every width; four times as many halve an interval",
        ),
    ),
    topics=("universal-approximation-theorem", "relu", "hidden-layer"),
    run=run,
    axes=(
        Axes("step", "miss: root mean square", "miss"),
        Axes("x (points lie from −1 to 1)", "height", "drawn"),
    ),
    meaning=(
        When(
            "Half of the starts took at most {fact:units_needed} (units_needed): 2 units miss by "
            "{fact:miss_2}, 8 by {fact:miss_8} and 64 by {fact:miss_64}.",
            fact="units_needed",
            high=96.0,
        ),
        When(
            "Not even 64 units were enough: 2 miss by {fact:miss_2}, 8 by {fact:miss_8} and 64 by "
            "{fact:miss_64} (128 stands for more than 64). A theorem says that enough units can "
            "draw any such curve, but neither how many nor that training finds them.",
            fact="units_needed",
            low=96.0,
            knobs={"activation": ("relu",)},
        ),
        When(
            "With 8 units {fact:close_8} come close (close_8): so 8 can do it, and from most "
            "starts training does not find the places for their bends. Spare units raise the "
            "chance that enough of them lie well.",
            fact="close_8",
            low=0.0001,
            high=0.6,
        ),
        When(
            "Without an activation a network is a straight line, however many units it has: 64 "
            "miss by {fact:miss_64}, and the best line of all misses by {fact:miss_line} "
            "(miss_line).",
            fact="miss_64",
            low=0.1,
            knobs={"activation": ("none",)},
        ),
        When(
            "Outside the points, from 1 to 2 and from −1 to −2, 64 units miss by {fact:outside_64} "
            "(outside_64), more than a flat line at 0 would (0.71): beyond its last bend a network "
            "of ReLUs goes straight on, and nothing told it that the curve turns.",
            fact="outside_64",
            low=0.71,
            knobs={"activation": ("relu",), "waves": (1, 4)},
        ),
        When(
            "Outside the points 64 units miss by only {fact:outside_64} (outside_64): to go "
            "straight on is right for a straight line. That the network is right there is luck of "
            "the curve, not knowledge.",
            fact="outside_64",
            high=0.3,
            knobs={"waves": (0, 0)},
        ),
        When(
            "The intervals are about other starts on the same 100 points of one curve, in one "
            "dimension and without noise: another curve needs another number."
        ),
    ),
    next=(
        When(
            "Set activation to none: how much do 64 units then do that 1 does not?",
            knobs={"activation": ("relu",), "waves": (1, 4)},
        ),
        When(
            "Set waves to 1, then to 4: do twice as many waves need twice as many units?",
            knobs={"activation": ("relu",), "waves": (2, 2)},
        ),
        When(
            "Set waves to 2: do twice as many waves need twice as many units?",
            knobs={"activation": ("relu",), "waves": (0, 1)},
        ),
        When(
            "Set steps to 10000: are there too few units, or too few steps?",
            knobs={"activation": ("relu",), "waves": (3, 4), "steps": (100, 5000)},
        ),
        When(
            "Set waves to 0: what happens outside if the curve is a straight line?",
            knobs={"activation": ("relu",), "waves": (1, 4)},
        ),
        When(
            "Set activation to relu: what do the bends add?",
            knobs={"activation": ("none",)},
        ),
    ),
    mechanism=(
        When(
            "A ReLU is flat on one side of a place and straight on the other. So what a network "
            "draws is straight between such places: each unit adds one bend.",
            knobs={"activation": ("relu",)},
        ),
        When(
            "Where the bends begin lie by chance, and training moves them only while the points "
            "they reach pull at them. With more units, enough of them lie where they are needed.",
            knobs={"activation": ("relu",)},
        ),
        When(
            "Without an activation each unit is a straight line, and a sum of straight lines is a "
            "straight line.",
            knobs={"activation": ("none",)},
        ),
        When(
            "Training lowers the miss at the points. Where there are none, nothing is asked of the "
            "network, and it goes on as its last piece does."
        ),
    ),
)
