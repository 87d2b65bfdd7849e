"""confounder: how often does a variable that does nothing look like a cause?

Studies of cities ask whether temperature moves R, how many people one infected person infects. In
the world they are drawn from it does not. But there is a third variable: as a confounder it moves
both, as a collider it is moved by both. Each study fits R to temperature, once with the third left
out and once with it in the regression; and once more in cities whose temperature is dealt out by
lot, as a randomised experiment would do it.

What to watch: the share of studies with p < .05. Chance alone gives one in twenty. What lies above
is the third's doing, or that of whoever put it in.

Series: `alone`, `adjusted` and `randomised`, shares over the studies so far with their bands.
`slopes` is a histogram of what the studies asked about find; `true effect` stands in it at 0.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from studyapp.lab.interval import clopper_pearson, mean_interval, t_quantile
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

PULL = 0.5  # what an SD of a cause adds to its effect, whose own scatter has an SD of 1
POINTS = 50  # of a curve, at least
BINS, EDGE = 41, 1.0  # of the histogram of slopes, from -EDGE to EDGE
CPU, GPU = 500_000, 20_000_000  # cities at once: what a cache holds, what fills a GPU
WAYS = ("alone", "adjusted", "randomised")

Floats: TypeAlias = NDArray[np.float64]


class Cities(NamedTuple):
    """Of many studies what each measured in its n cities: (studies, n) each."""

    temperature: Tensor
    r: Tensor
    third: Tensor  # as measured: with an error, if the knobs ask for one
    dealt: Tensor  # temperatures dealt out by lot; those of no city here, they move nothing


# Data.


def draw(shape: tuple[int, int], knobs: Mapping[str, Value], source: torch.Generator) -> Cities:
    """Draw cities of a world in which temperature does nothing to R.

    Temperature and the third have SD 1 and the correlation `r`; R and the third share PULL.
    """

    def normal() -> Tensor:
        return torch.randn(shape, generator=source, device=source.device)

    along = float(knobs["r"])
    rest = (1 - along**2) ** 0.5  # variances add up: r² of the one, and this squared of the other
    if knobs["third"] == "confounder":
        third = normal()
        temperature = along * third + rest * normal()
        r = PULL * third + normal()
    else:  # a collider
        temperature, r = normal(), normal()
        # Of what temperature leaves open, R moves a part, as a confounder would move it of R.
        third = along * temperature + rest * (PULL * r + normal()) / (1 + PULL**2) ** 0.5
    measured = third + float(knobs["noise"]) * normal()
    return Cities(temperature, r, measured, normal())


# Model: a line through each of many studies, with the third in the regression or without.


def without(third: Tensor, y: Tensor) -> Tensor:
    """Return how far each y lies off the line that fits it best to *third*: (studies, n) each."""
    third = third - third.mean(1, keepdim=True)
    y = y - y.mean(1, keepdim=True)
    slopes = (third * y).sum(1) / third.square().sum(1)  # (studies,)
    return y - slopes[:, None] * third


def fit(x: Tensor, y: Tensor, df: int) -> tuple[Tensor, Tensor]:
    """Return slope and t of the least-squares line through each study: (studies,) both.

    slope = Σxy ÷ Σx², x from its mean; t = slope ÷ standard error, error² = variance about the
    line ÷ Σx². Of n cities *df* numbers are left for the variance.
    """
    x = x - x.mean(1, keepdim=True)
    y = y - y.mean(1, keepdim=True)
    sum_xx = x.square().sum(1)  # (studies,)
    slopes = (x * y).sum(1) / sum_xx  # (studies,)
    variances = (y - slopes[:, None] * x).square().sum(1) / df  # (studies,)
    return slopes, slopes / (variances / sum_xx).sqrt()


def fits(cities: Cities) -> dict[str, tuple[Tensor, Tensor]]:
    """Return slopes and t of each way of asking.

    To put the third into a regression is to take off temperature and off R what a line on the third
    says of them, and to fit what is left (Frisch and Waugh 1933): a slope among cities that are
    alike in it. One number more is spent on that line.
    """
    temperature, r, third, dealt = cities
    n = r.shape[1]
    return {
        "alone": fit(temperature, r, n - 2),
        "adjusted": fit(without(third, temperature), without(third, r), n - 3),
        "randomised": fit(dealt, r, n - 2),
    }


# Loop.


def run(knobs: Mapping[str, Value], device: str, seed: int) -> Iterator[LessonEvent]:
    """Do all studies, a batch at a time; stream the shares so far, then the facts."""
    n, studies = int(knobs["n"]), int(knobs["studies"])
    yield Progress(0, studies)
    # The device draws, since moving the numbers would cost more than all the rest: a GPU's cities
    # are others than a CPU's.
    source = torch.Generator(device).manual_seed(seed)
    limits = {way: t_quantile(0.975, n - (3 if way == "adjusted" else 2)) for way in WAYS}
    most = max(1, min((CPU if device == "cpu" else GPU) // n, studies // POINTS))
    asked = "alone" if knobs["adjust"] == "no" else "adjusted"
    found: dict[str, list[Tensor]] = {way: [] for way in WAYS}  # slopes
    hits, bins = dict.fromkeys(WAYS, 0), np.zeros(BINS)
    for done in range(0, studies, most):
        shape = (min(most, studies - done), n)
        for way, (slopes, ts) in fits(draw(shape, knobs, source)).items():
            found[way].append(slopes.cpu())
            hits[way] += int((ts.abs() > limits[way]).sum())
        so_far = done + shape[0]
        bins += torch.histc(found[asked][-1], BINS, -EDGE, EDGE).numpy()  # (BINS,)
        yield Progress(so_far, studies)
        for way in WAYS:
            yield Metric(so_far, way, *clopper_pearson(hits[way], so_far))
        yield from histogram(bins / so_far)
    slopes_of = {way: torch.cat(parts) for way, parts in found.items()}  # (studies,) each
    yield Result(tuple(facts(asked, hits, slopes_of)))


def histogram(shares: Floats) -> Iterator[Metric]:
    """Yield the bars of the slopes found, and the true slope, 0, as high as the highest."""
    middles = (np.arange(BINS) + 0.5) * (2 * EDGE / BINS) - EDGE
    # From the right: a series whose steps go back is drawn as bars.
    for middle, share in zip(middles[::-1].tolist(), shares[::-1].tolist(), strict=True):
        yield Metric(middle, "slopes", share)
    yield Metric(0, "true effect", float(shares.max()))


# Facts.


def facts(asked: str, hits: Mapping[str, int], slopes: Mapping[str, Tensor]) -> Iterator[Fact]:
    """Yield how often temperature looks causal, and how steep the line is on average."""
    studies = len(slopes[asked])
    varies = f"{studies:,} simulated studies: simulation error only"

    def share(name: str, way: str) -> Fact:
        value, low, high = clopper_pearson(hits[way], studies)
        return Fact(name, value, "of studies", low, high, studies, "clopper-pearson", varies)

    yield share("looks_causal", asked)
    for way in WAYS:
        yield share(f"share_{way}", way)
    for way in WAYS:  # the true slope is 0
        mean, low, high = mean_interval(slopes[way].tolist())
        unit = "R per SD"
        yield Fact(f"slope_{way}", mean, unit, low, high, studies, "student t", varies)


LESSON = Lesson(
    name="confounder",
    version=1,
    title="Does it look like a cause?",
    question=Question(
        text=(
            "In a simulated world temperature does nothing to R (how many people one infected "
            "person infects). A third variable, here a {third}, correlates with temperature by "
            "{r}: a confounder moves both temperature and R, a collider is moved by both. Studies "
            "of {n} cities fit R to temperature by a straight line. Do they adjust for the third? "
            "Here: {adjust} (yes puts it into the regression, measured with an error of {noise} "
            "SD). In what share of the studies does temperature look like a cause, with p below "
            ".05?"
        ),
        kind="choice",
        fact="looks_causal",
        unit="of studies",
        told="temperature, which does nothing, looked like a cause in {}",
        choices=(
            Choice("at most 1 in 10", high=0.1),
            Choice("1 in 10 to 1 in 4", low=0.1, high=0.25),
            Choice("1 in 4 to 1 in 2", low=0.25, high=0.5),
            Choice("more than 1 in 2", low=0.5),
        ),
    ),
    knobs=(
        Knob(
            "third",
            "choice",
            "confounder",
            choices=("confounder", "collider"),
            help=(
                "confounder: it moves temperature and R, as building closely might; collider: both "
                "move it, as they might move how much is written about a city"
            ),
        ),
        Knob(
            "adjust",
            "choice",
            "no",
            choices=("no", "yes"),
            help="which regression the prediction is about; both are always shown",
        ),
        Knob(
            "r",
            "float",
            0.6,
            0.0,
            0.95,
            help=(
                "correlation of temperature and the third, 0 for none; at 1 they could not be told "
                "apart, and nothing could be adjusted"
            ),
        ),
        Knob("n", "int", 100, 10, 1000, help="cities in each study"),
        Knob(
            "noise",
            "float",
            0.0,
            0.0,
            3.0,
            help=(
                "SD of the error with which the third is measured, in SDs of the third; 0 is exact"
            ),
        ),
        Knob(
            "studies",
            "int",
            20_000,
            1_000,
            1_000_000,
            gpu=1_000_000,
            help="simulated studies; at 20,000 a share is known to less than a point",
        ),
    ),
    topics=("confounder", "collider", "multivariate-model", "randomised-experiment"),
    run=run,
    axes=(
        Axes("studies so far", "share with p < .05"),
        Axes("slope found (R per SD)", "share of the studies", "slopes"),
    ),
    meaning=(
        When(
            "Temperature does nothing here, and alone in the regression it looks like a cause in "
            "{fact:share_alone} (share_alone). The third variable makes cities warm and raises R, "
            "so the two go together: the association is real, and warm cities do have a higher R. "
            "Only it is no effect: whoever warmed a city would not change its R.",
            fact="share_alone",
            low=0.1,
            knobs={"third": ("confounder",)},
        ),
        When(
            "With the third in the regression that sinks to {fact:share_adjusted} "
            "(share_adjusted), what the limit of .05 leaves to chance: cities are compared that "
            "are alike in it.",
            fact="share_adjusted",
            high=0.07,
            knobs={"third": ("confounder",), "r": (0.2, 0.95), "noise": (0.0, 0.0)},
        ),
        When(
            "Measured with error, the third can be adjusted for only partly: the mean slope sinks "
            "from {fact:slope_alone} to {fact:slope_adjusted} (slope_adjusted), where the truth "
            "is 0, and temperature still looks like a cause in {fact:share_adjusted}.",
            fact="slope_adjusted",
            low=0.0,
            knobs={"third": ("confounder",), "r": (0.1, 0.95), "noise": (0.1, 3.0)},
        ),
        When(
            "Alone in the regression, temperature looks like a cause in {fact:share_alone} "
            "(share_alone), as chance has it. Adjusted for the collider it does in "
            "{fact:share_adjusted} (share_adjusted), with a mean slope of {fact:slope_adjusted}: "
            "here the adjusting made an association that was not there.",
            fact="share_adjusted",
            low=0.1,
            knobs={"third": ("collider",)},
        ),
        When(
            "At r = 0 the third has nothing to do with temperature, and neither leaving it out nor "
            "putting it in can mislead: about one study in 20 has p < .05, as the limit says.",
            knobs={"r": (0.0, 0.0)},
        ),
        When(
            "More cities do not mend this: the slope stays where it is, {fact:slope_alone} "
            "(slope_alone), and only p becomes smaller.",
            fact="slope_alone",
            low=0.05,
            knobs={"third": ("confounder",)},
        ),
        When(
            "Were temperature dealt out by lot, it would look like a cause in "
            "{fact:share_randomised} (share_randomised), without any adjusting, and whether "
            "anybody had thought of the third or not."
        ),
        When(
            "This is a simulation: its intervals tell how exactly it was counted, not how often "
            "real studies mislead."
        ),
    ),
    next=(
        When(
            "Set adjust to yes: what is left of it once the third is in the regression?",
            knobs={"third": ("confounder",), "adjust": ("no",), "r": (0.000001, 0.95)},
        ),
        When(
            "Set noise to 1 with adjust = yes: how much does a badly measured confounder help?",
            knobs={
                "third": ("confounder",),
                "adjust": ("yes",),
                "noise": (0.0, 0.0),
                "r": (0.000001, 0.95),
            },
        ),
        When(
            "Set third to collider with adjust = yes: the same regression, the same correlations. "
            "Does adjusting help here, too?",
            knobs={"third": ("confounder",), "adjust": ("yes",), "r": (0.000001, 0.95)},
        ),
        When(
            "Set n to 1000: do more cities protect from the third variable?",
            knobs={"third": ("confounder",), "n": (10, 500), "r": (0.000001, 0.95)},
        ),
        When(
            "Set adjust to yes: what does a regression say that has in it what both move?",
            knobs={"third": ("collider",), "adjust": ("no",), "r": (0.000001, 0.95)},
        ),
        When(
            "Set third back to confounder: alone and adjusted change places. Could the data have "
            "told you which of the two it is?",
            knobs={"third": ("collider",), "adjust": ("yes",), "r": (0.000001, 0.95)},
        ),
        When(
            "Set r to 0.3, then to 0.9: from which correlation on are most studies misled?",
            knobs={"r": (0.0, 0.0)},
        ),
    ),
    mechanism=(
        When(
            "A confounder moves both: cities where it is high are warm and have a high R. So a "
            "line through warm and cold cities rises, although the one does nothing to the other.",
            knobs={"third": ("confounder",), "r": (0.000001, 0.95)},
        ),
        When(
            "A regression with the confounder in it compares cities that are alike in it. What it "
            "did to both is then the same everywhere, and drops out.",
            knobs={"third": ("confounder",), "r": (0.000001, 0.95)},
        ),
        When(
            "Among cities that are alike in a collider, one that is colder must have got there by "
            "a higher R. So the two go together there, although they do not in all cities.",
            knobs={"third": ("collider",), "r": (0.000001, 0.95)},
        ),
        When(
            "Where the third is measured with error, cities that seem alike in it are not quite, "
            "and part of what it does stays.",
            knobs={"noise": (0.000001, 3.0), "r": (0.000001, 0.95)},
        ),
        When(
            "At r = 0 the third has nothing to do with temperature. It is one more source of "
            "scatter in R, or one more number in the regression, and tilts no line for good.",
            knobs={"r": (0.0, 0.0)},
        ),
        When(
            "p asks whether chance alone could tilt a line as much. An association that a third "
            "variable makes is no chance: more cities only make it surer."
        ),
    ),
)
