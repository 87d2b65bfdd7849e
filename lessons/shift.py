"""shift: pictures change after training. How many are still read right, and how sure is the answer?

A small convolutional network learns to read centred, upright digits. Then the pictures are turned,
moved, made noisy or inverted. What to watch: its confidence, which is the probability that it gives
to the digit it names. A reader that knew when it cannot read would become unsure as it reads less.

Beside it the same network learns from the same pictures augmented: each time turned and moved by
chance. What does that gain on changed pictures, and what does it cost on the unchanged ones?

Series: `unchanged: …` and `changed: …` over the steps of training; `turned: …` over the degrees by
which the pictures are turned, all else unchanged.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator, Mapping
from typing import NamedTuple

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from lessons.digits import load_digits, split
from lessons.pictures import accuracy_interval, share_fact
from lessons.pixel import SIDE, framed, start
from lessons.transfer import at_rest, descend
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
from studyapp.lab.seeds import generators, mean_fact

TRAIN, TEST, BATCH = 100, 40, 100  # pictures of each digit; of a step
RATE = 5e-3  # of Adam
LOOKS = 8  # at the test pictures, beside the first
ANGLES = tuple(range(0, 181, 15))  # of the last plot
SOME = 4  # it takes every fourth test picture
SURE = 0.9  # a confidence above counts as sure
ARMS = ("plain", "augmented")
LAST = torch.channels_last  # how pixels lie in memory: convolutions are faster so
DRAWN = "splits, starts, batches and noise; all from 1,797 digits by the same 13 writers"


# Data: pictures (n, S, 12, 12) of S seeds.


def moved(fields: Tensor, degrees: Tensor, right: Tensor, down: Tensor) -> Tensor:
    """Turn each picture against the clock, then move it by so many pixels: (n, S) of each.

    Between pixels it takes what lies around, by distance; what comes in at the edge is 0.
    """
    angle = degrees * math.pi / 180
    cos, sin = angle.cos(), angle.sin()
    # grid_sample asks for each place of the result where it comes from: places run from −1 to 1.
    x, y = 2 * right / SIDE, 2 * down / SIDE
    rows = ((cos, -sin, sin * y - cos * x), (sin, cos, -sin * x - cos * y))
    ways = torch.stack([torch.stack(row, -1) for row in rows], -2).flatten(0, 1)  # (n·S, 2, 3)
    flat = fields.flatten(0, 1)[:, None]  # (n·S, 1, 12, 12)
    places = F.affine_grid(ways, list(flat.shape), align_corners=False)
    return F.grid_sample(flat, places, align_corners=False)[:, 0].view(fields.shape)


def turned(fields: Tensor, degrees: float, right: float = 0.0) -> Tensor:
    """Turn all pictures alike and move them to the right."""
    all_alike = fields.new_ones(fields.shape[:2])
    return moved(fields, degrees * all_alike, right * all_alike, 0 * all_alike)


def changed(fields: Tensor, noise: Tensor, knobs: Mapping[str, Value]) -> Tensor:
    """Turn and move the pictures, swap ink and paper, and add noise, as the knobs say."""
    fields = turned(fields, float(knobs["rotation"]), float(knobs["shift"]))
    fields = 1 - fields if knobs["invert"] == "yes" else fields
    return fields + float(knobs["noise"]) * noise


# Model and loop.


class Answers(NamedTuple):
    """What each seed's network says of its pictures: (S,) each."""

    right: Tensor  # the share read right
    confidence: Tensor  # the mean probability of the digit that it names
    sure_wrong: Tensor  # the share read wrong with a confidence above SURE


Looks = dict[tuple[str, str], Answers]  # by arm, and by "unchanged" or "changed"


class Readers:
    """The networks of S seeds, of either arm, with what they learn from and are tested on."""

    def __init__(self, knobs: Mapping[str, Value], device: str, seed: int) -> None:
        self.rngs, self.device = generators(seed, int(knobs["seeds"])), device
        self.degrees = float(knobs["augment"])
        images, labels = load_digits()  # (1797, 8, 8), (1797)
        train, test = split(labels, range(10), TRAIN, TEST, self.rngs)  # (n, S), (m, S)
        noise = torch.stack([torch.randn(len(test), SIDE, SIDE, generator=g) for g in self.rngs], 1)
        self.x, self.y = framed(images[train]).to(device), labels[train].to(device)
        still = framed(images[test]).to(device)  # (m, S, 12, 12)
        self.tests = {"unchanged": still, "changed": changed(still, noise.to(device), knobs)}
        self.labels = labels[test].to(device)
        states = [rng.get_state() for rng in self.rngs]
        self.networks = {}
        for arm in ARMS:  # both from the same starts
            for rng, state in zip(self.rngs, states, strict=True):
                rng.set_state(state)
            self.networks[arm] = start("cnn", 10, self.rngs, device)
        self.adams = {
            arm: torch.optim.Adam(network.parameters(), RATE)
            for arm, network in self.networks.items()
        }

    def learn(self) -> None:
        """Take a step of both arms, on the same pictures: as they are, and turned and moved."""
        draws = [torch.randint(len(self.x), (BATCH,), generator=rng) for rng in self.rngs]
        chance = [2 * torch.rand(3, BATCH, generator=rng) - 1 for rng in self.rngs]  # from −1 to 1
        rows = torch.stack(draws, 1).to(self.device)  # (BATCH, S)
        degrees, right, down = torch.stack(chance, 2).to(self.device)  # (BATCH, S) each
        seeds = torch.arange(len(self.rngs), device=self.device)  # so each seed takes its own
        x, y = self.x[rows, seeds], self.y[rows, seeds]
        for arm, pictures in (
            ("plain", x),
            ("augmented", moved(x, self.degrees * degrees, right, down)),
        ):
            network = self.networks[arm]
            descend(self.adams[arm], network(pictures.contiguous(memory_format=LAST)), y)

    @torch.no_grad()
    def asked(self, arm: str, pictures: Tensor, labels: Tensor) -> Answers:
        """Return what the networks of an arm say of pictures (m, S, 12, 12)."""
        chances = at_rest(self.networks[arm], pictures).softmax(-1)  # (m, S, 10)
        confidence, named = (each.cpu() for each in chances.max(-1))  # (m, S)
        wrong = named != labels.cpu()
        each = (~wrong, confidence, wrong & (confidence > SURE))
        return Answers(*(values.double().mean(0) for values in each))


def look(readers: Readers, done: Progress) -> Generator[Progress, None, Looks]:
    """Return what both arms say of both kinds of test pictures; *done* says that it goes on."""
    looks = {}
    for arm in ARMS:
        for kind, pictures in readers.tests.items():
            looks[arm, kind] = readers.asked(arm, pictures, readers.labels)
            yield done
    return looks


def run(knobs: Mapping[str, Value], device: str, seed: int) -> Iterator[LessonEvent]:
    """Train both arms side by side, change the pictures, then tell what is read, and how surely."""
    torch.backends.cudnn.deterministic = True  # same seed, same facts
    steps = int(knobs["steps"])
    total = steps + len(ANGLES)
    yield Progress(0, total)
    readers = Readers(knobs, device, seed)
    looks = yield from look(readers, Progress(0, total))
    yield from curves(0, looks)
    for step in range(1, steps + 1):
        readers.learn()
        yield Progress(step, total)
        if step % max(1, steps // LOOKS) == 0 or step == steps:
            looks = yield from look(readers, Progress(step, total))
            yield from curves(step, looks)
    for index, angle in enumerate(ANGLES, 1):
        yield from at_angle(readers, angle)
        yield Progress(steps + index, total)
    yield Result(tuple(facts(looks)))


def curves(step: int, looks: Looks) -> Iterator[Metric]:
    for (arm, kind), answers in looks.items():
        yield Metric(step, f"{kind}: {arm}", *accuracy_interval(answers.right.tolist()))


def at_angle(readers: Readers, angle: int) -> Iterator[Metric]:
    """Yield what is read of pictures that are turned, and how sure the plain network is of it."""
    pictures = turned(readers.tests["unchanged"][::SOME], angle)
    for arm in ARMS:
        answers = readers.asked(arm, pictures, readers.labels[::SOME])
        yield Metric(angle, f"turned: {arm}, right", *accuracy_interval(answers.right.tolist()))
        if arm == "plain":
            sure = accuracy_interval(answers.confidence.tolist())
            yield Metric(angle, f"turned: {arm}, confidence", *sure)


# Facts.


def facts(looks: Looks) -> Iterator[Fact]:
    """Yield what is read and how surely, before and after the change; and what augmenting does."""
    plain, home = looks["plain", "changed"], looks["plain", "unchanged"]
    other, other_home = looks["augmented", "changed"], looks["augmented", "unchanged"]
    yield mean_fact("gap", 100 * (plain.confidence - plain.right), "points", DRAWN)
    yield share_fact("score", plain.right.tolist(), DRAWN)
    yield share_fact("confidence", plain.confidence.tolist(), DRAWN)
    yield share_fact("sure_wrong", plain.sure_wrong.tolist(), DRAWN)
    yield mean_fact("gap_unchanged", 100 * (home.confidence - home.right), "points", DRAWN)
    yield share_fact("score_unchanged", home.right.tolist(), DRAWN)
    yield share_fact("confidence_unchanged", home.confidence.tolist(), DRAWN)
    yield mean_fact("gain", 100 * (other.right - plain.right), "points", DRAWN)
    yield mean_fact("cost", 100 * (home.right - other_home.right), "points", DRAWN)
    yield mean_fact("gap_augmented", 100 * (other.confidence - other.right), "points", DRAWN)


LESSON = Lesson(
    name="shift",
    version=1,
    title="Does a network know when it cannot read?",
    question=Question(
        text=(
            "A convolutional network learns to read centred, upright digits (8×8 pixels, 100 of "
            "each) in {steps} steps. Then it is shown other pictures, all turned by {rotation}° "
            "(against the clock), moved by {shift} pixels, with noise of SD {noise} (full ink is "
            "1) and inverted = {invert}. Its confidence is the probability that it gives to the "
            "digit it names. By how much is its confidence, on average, above the share that it "
            "reads right?"
        ),
        kind="choice",
        fact="gap",
        unit="points",
        told="its confidence is off the share that it reads right by {}",
        choices=(
            Choice("by less than 10 points, or not at all", high=10.0),
            Choice("by 10 to 40 points", low=10.0, high=40.0),
            Choice("by 40 to 70 points", low=40.0, high=70.0),
            Choice("by more than 70 points", low=70.0),
        ),
    ),
    knobs=(
        Knob(
            "rotation",
            "float",
            90.0,
            0.0,
            180.0,
            help="degrees by which every picture is turned after training; a phone held sideways",
        ),
        Knob("shift", "int", 0, 0, 2, help="pixels by which every picture is moved to the right"),
        Knob("noise", "float", 0.0, 0.0, 1.0, help="SD of what is added to every pixel"),
        Knob("invert", "choice", "no", choices=("no", "yes"), help="swap ink and paper"),
        Knob(
            "augment",
            "float",
            30.0,
            0.0,
            180.0,
            help=(
                "the second network learns from pictures turned by up to so many degrees either "
                "way, and moved by up to a pixel: 30 leaves every digit what it is"
            ),
        ),
        Knob(
            "steps",
            "int",
            200,
            10,
            2000,
            help="of training, each on 100 pictures; at 200 the plain network has learned most",
        ),
        Knob(
            "seeds",
            "int",
            8,
            1,
            64,
            gpu=64,
            help="repetitions, each with a split and start of its own; 8 tell the gap to 3 points",
        ),
    ),
    topics=("domain-shift", "calibration", "data-augmentation", "out-of-domain-data"),
    run=run,
    axes=(
        Axes("step", "share of unchanged pictures read right", "unchanged"),
        Axes("step", "share of changed pictures read right", "changed"),
        Axes("degrees turned", "share read right; confidence", "turned"),
    ),
    meaning=(
        When(
            "It reads {fact:score} of the changed pictures right and is {fact:confidence} sure on "
            "average: too sure by {fact:gap} (gap). Of unchanged ones it read "
            "{fact:score_unchanged} and was {fact:confidence_unchanged} sure. Its confidence falls "
            "by far less than what it reads, if it falls at all.",
            fact="gap",
            low=10.0,
        ),
        When(
            "Its confidence of {fact:confidence} is not far above the share read right, "
            "{fact:score}, or below it: here it tells about how much is read.",
            fact="gap",
            low=-10.0,
            high=10.0,
        ),
        When(
            "It is less sure than it could be: {fact:confidence} on average, while {fact:score} is "
            "read right.",
            fact="gap",
            high=-10.0,
        ),
        When(
            "Nothing was changed here: this is how well confidence fits where new pictures are as "
            "those learned from.",
            knobs={
                "rotation": (0.0, 0.0),
                "shift": (0, 0),
                "noise": (0.0, 0.0),
                "invert": ("no",),
            },
        ),
        When(
            "{fact:sure_wrong} of the pictures are read wrong with more than 90% confidence "
            "(sure_wrong): a limit of 90% would let them pass.",
            fact="sure_wrong",
            low=0.05,
        ),
        When(
            "Learning from augmented pictures gains {fact:gain} on the changed ones (gain).",
            fact="gain",
            low=0.0,
        ),
        When(
            "On these pictures learning from augmented ones gains nothing: {fact:gain} (gain). It "
            "prepares for what it shows, and for little else.",
            fact="gain",
            high=0.0,
        ),
        When(
            "It has a price: as many steps read fewer of the unchanged pictures, by {fact:cost} "
            "(cost).",
            fact="cost",
            low=0.0,
        ),
        When(
            "The augmented network is too sure as well, by {fact:gap_augmented} (gap_augmented).",
            fact="gap_augmented",
            low=10.0,
        ),
        When(
            "Turned by half a circle, a 6 is a 9: some of the answers that count as wrong here are "
            "what anybody would say.",
            knobs={"rotation": (165.0, 180.0)},
        ),
        When(
            "The intervals are about other splits and starts with the same 1,797 digits. Other "
            "writers would be one more change, of which nothing here tells."
        ),
    ),
    next=(
        When(
            "Set rotation to 0: how well does confidence fit where nothing has changed?",
            knobs={
                "rotation": (1.0, 180.0),
                "shift": (0, 0),
                "noise": (0.0, 0.0),
                "invert": ("no",),
            },
        ),
        When(
            "Set augment to 180: what does the second network gain now on turned pictures, and "
            "what does it pay?",
            knobs={"rotation": (31.0, 180.0), "augment": (0.0, 90.0)},
        ),
        When(
            "Set rotation to 20, within what augmenting shows: gain and cost?",
            knobs={"rotation": (31.0, 180.0), "augment": (20.0, 90.0)},
        ),
        When(
            "Set rotation to 0 and noise to 0.25: does augmenting by turns and moves help against "
            "something else?",
            knobs={"noise": (0.0, 0.0)},
        ),
        When(
            "Set invert to yes: every eye still reads these digits. And the network?",
            knobs={"invert": ("no",)},
        ),
        When(
            "Set steps to 1000: is the cost of augmenting still there after more steps?",
            knobs={"steps": (10, 500)},
        ),
        When(
            "Set invert to no and rotation to 45: between upright and lying, where does its "
            "confidence begin to mislead?",
            knobs={"invert": ("yes",)},
        ),
    ),
    mechanism=(
        When(
            "Training rewards a network for high probabilities on pictures such as it learns from. "
            "Nothing tells it what to say of others."
        ),
        When(
            "Its probabilities are shared out among ten digits and add up to 1: there is no answer "
            "for “this is none of what I know”."
        ),
        When(
            "A changed picture still has strokes that speak for some digit, and the scores that "
            "they add up to may be as large as ever, so the probability is near 1."
        ),
        When(
            "Augmenting makes turned and moved pictures part of what is learned from. That takes "
            "steps, and room, that unchanged pictures would have had."
        ),
    ),
)
