"""null: how often would chance alone give a t as large as the one observed?

Cities differ in temperature T and in R, how many people one person infects. A line was fitted,
R = 1.99 − 0.023·T; its t is slope ÷ standard error, the SD that scatter gives slopes. In a chance
world the same cities have an R that has nothing to do with T, and a line is fitted all the same.

What to watch: the share of chance worlds whose |t| is at least as large as the observed one. That
is the p-value, and it closes in on the exact one, which a formula gives. Worlds are compared by t
and not by slope: more scatter makes steeper slopes, so that each world's slope is divided by the
error which its own points show.

Series: `p` over the worlds so far with its band, and `exact p`. `chance` is a histogram: step is
a value of t, the middle of a bin, and value the share of worlds in it. `observed` stands in it,
and as far out in the `other direction`.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from statistics import NormalDist
from typing import TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from studyapp.lab.interval import clopper_pearson, mean_interval, t_quantile, t_tail
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

SD = 8.0  # of the temperatures, °C
REPEATS = 20_000  # further studies of the same cities
SHUFFLES = 99_999  # of the one study's R; with R as it was, 100,000 orders
POINTS = 50  # of the curve of p, at least
BINS = 41  # of the histogram of t
CPU, GPU = 2_000_000, 50_000_000  # random numbers at once: what a cache holds, what fills a GPU
LEAST = 1e-300  # a float below this is on its way to 0, and no p is 0

Floats: TypeAlias = NDArray[np.float64]
Found: TypeAlias = NDArray[np.float32]  # by each of REPEATS studies: (REPEATS,)


# Data: one study.


def temperatures(n: int) -> Floats:
    """Return n temperatures (n,) as a normal distribution has them, with the mean 0 by symmetry.

    They are spread, not drawn, so that p does not hang on their luck: of five, the first is where
    a tenth of the distribution lies below, the second where three tenths do.
    """
    below = [(i + 0.5) / n for i in range(n)]  # of five: .1, .3, .5, .7, .9
    x = np.array([NormalDist().inv_cdf(share) for share in below])  # (n,)
    return x * (SD / float(x.std(ddof=1)))


class Study:
    """The fitted line as the knobs set it, and what formulas say of it: nothing here is drawn."""

    def __init__(self, n: int, slope: float, scatter: float) -> None:
        self.n, self.slope, self.scatter = n, slope, scatter
        self.x = temperatures(n)  # (n,)
        self.df = n - 2  # degrees of freedom: of n numbers, height and slope of the line take two
        # A slope is Σxy ÷ Σx². Variances add up, so scatter gives Σxy the SD scatter × √Σx².
        self.error = scatter / float(self.x @ self.x) ** 0.5  # the slope's standard error
        self.t = slope / self.error
        self.p = p_exact(self.t, self.df)
        self.limit = t_quantile(0.975, self.df)  # in 5% of chance worlds t is beyond it, up or down


def p_exact(t: float, df: int) -> float:
    """Return the share of all chance worlds whose |t| is as large, by Student's formula."""
    return max(LEAST, 2 * t_tail(abs(t), df))


def observe(x: Floats, slope: float, scatter: float, rng: np.random.Generator) -> Floats:
    """Return one study's R (n,), its mean taken off, with exactly this fitted slope and scatter."""
    noise = rng.standard_normal(len(x))  # (n,)
    noise -= noise.mean()
    noise -= x * float(noise @ x / (x @ x))  # take off its own slope, Σxy ÷ Σx²: the rest has none
    noise *= scatter / float(noise @ noise / (len(x) - 2)) ** 0.5  # its SD is now the scatter
    return slope * x + noise


# Model: a line through each of very many studies of the same cities.


def fit(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Fit a line to each study, a row of y (studies, n) over x (n,), and return slopes and t.

    Least squares as for one study: slope = Σxy ÷ Σx², since x has the mean 0, and
    t = slope ÷ standard error, where error² = variance about the line ÷ Σx².
    """
    sum_xx = x @ x  # ()
    slopes = y @ x / sum_xx  # (studies,)
    residuals = y - y.mean(1, keepdim=True) - slopes[:, None] * x  # (studies, n): off the lines
    variances = residuals.square().sum(1) / (len(x) - 2)  # (studies,)
    errors = (variances / sum_xx).sqrt()  # (studies,)
    return slopes, slopes / errors


def draw_noise(studies: int, x: Tensor, generator: torch.Generator) -> Iterator[Tensor]:
    """Yield how far each city lies off the true line, (batch, n), a batch of studies at a time.

    The SD is 1: here the unit of R is the true scatter. t is the same in any unit.
    """
    numbers = CPU if x.device.type == "cpu" else GPU
    most = max(1, min(numbers // len(x), studies // POINTS))
    for done in range(0, studies, most):
        shape = (min(most, studies - done), len(x))
        yield torch.randn(shape, generator=generator, device=x.device)


# Loops: chance worlds, the study done again, the study shuffled.


def chance_worlds(
    study: Study, x: Tensor, worlds: int, generator: torch.Generator
) -> Generator[LessonEvent, None, int]:
    """Fit a line in every chance world; yield what to plot, return in how many |t| is as large."""
    edge = float(max(5, np.ceil(abs(study.t)) + 1))  # the histogram goes from -edge to edge
    middles = ((np.arange(BINS) + 0.5) * (2 * edge / BINS) - edge).tolist()  # of its bars
    done, hits, bins = 0, 0, np.zeros(BINS)
    for batch, noise in enumerate(draw_noise(worlds, x, generator), 1):
        _, t = fit(x, noise)  # (batch,): R is the noise alone, and has nothing to do with x
        done += len(t)
        hits += int((t.abs() >= abs(study.t)).sum())
        bins += torch.histc(t, BINS, -edge, edge).cpu().numpy()  # (BINS,): how many t are in each
        yield Progress(done, worlds)
        yield Metric(done, "p", *p_simulated(hits, done))
        yield Metric(done, "exact p", study.p)
        if batch % 5 == 0 or done == worlds:
            shares = (bins / done).tolist()
            # From the right: a series whose steps go back is drawn as bars.
            for middle, share in reversed(list(zip(middles, shares, strict=True))):
                yield Metric(middle, "chance", share)
            yield Metric(study.t, "observed", max(shares))
            yield Metric(-study.t, "other direction", max(shares))
    return hits


def p_simulated(hits: int, count: int) -> tuple[float, float, float]:
    """Return (p, low, high) from hits among count worlds.

    The observed study is one more world, and a hit: so p is never 0 (Davison & Hinkley 1997, 4.2).
    The interval is of the share of all worlds, and exact.
    """
    _, low, high = clopper_pearson(hits, count)
    return (hits + 1) / (count + 1), low, high


def repeat(x: Tensor, slopes: Floats, generator: torch.Generator) -> tuple[Found, Found]:
    """Study the cities once for each of these true slopes; return the slopes and t found.

    All slopes are in units of the true scatter (per °C), as the noise is.
    """
    true = torch.tensor(slopes, dtype=x.dtype, device=x.device)[:, None]  # (REPEATS, 1)
    found, ts, done = [], [], 0
    for noise in draw_noise(len(slopes), x, generator):  # (batch, n)
        slope, t = fit(x, true[done : done + len(noise)] * x + noise)  # (batch,) both
        found.append(slope)
        ts.append(t)
        done += len(noise)
    return torch.cat(found).cpu().numpy(), torch.cat(ts).cpu().numpy()


def open_slopes(study: Study, rng: np.random.Generator) -> Floats:
    """Draw REPEATS true slopes that this study leaves open, in units of their true scatters.

    A fitted scatter ÷ the true one varies as √(χ² ÷ df), where χ² is a sum of df squared normal
    numbers; a fitted slope lies off the true one by error × a normal number. As no slope
    and no scatter is likelier beforehand, both are read backwards, from what was fitted to what
    may be true.
    """
    scatters = study.scatter / np.sqrt(rng.chisquare(study.df, REPEATS) / study.df)  # (REPEATS,)
    errors = study.error * scatters / study.scatter  # (REPEATS,), of a slope at that true scatter
    slopes: Floats = study.slope + errors * rng.standard_normal(REPEATS)  # (REPEATS,)
    return slopes / scatters


def shuffle(x: Floats, y: Floats, rng: np.random.Generator) -> int:
    """Deal the study's R out to its cities anew, SHUFFLES times; count how often |t| is as large.

    That leaves no relation but chance, and needs no normal distribution. The numbers stay, so that
    Σx² and the spread of R do, and the steeper the line, the less is left off it: t is as large
    where the slope is, and the slope where Σxy is.
    """
    as_large = abs(y @ x) * (1 - 1e-12)  # a tie counts, however it is rounded
    hits, most = 0, max(1, CPU // len(x))
    for done in range(0, SHUFFLES, most):
        rows = np.broadcast_to(y, (min(most, SHUFFLES - done), len(x)))  # (shuffles, n), all alike
        shuffled = rng.permuted(rows, axis=1)  # (shuffles, n), each row in an order of its own
        hits += int((np.abs(shuffled @ x) >= as_large).sum())
    return hits


def run(knobs: Mapping[str, Value], device: str, seed: int) -> Iterator[LessonEvent]:
    """Observe one study, shuffle it, do it again, and set it against chance worlds."""
    study = Study(int(knobs["n"]), float(knobs["slope"]), float(knobs["scatter"]))
    worlds = int(knobs["worlds"])
    yield Progress(0, worlds)
    rng = np.random.default_rng(seed)
    y = observe(study.x, study.slope, study.scatter, rng)  # (n,)
    shuffled = shuffle(study.x, y, rng)
    # From here on the device draws: to move the numbers of every world would cost more than all the
    # rest. So a GPU draws other worlds than a CPU, and the two agree within the band.
    generator = torch.Generator(device).manual_seed(seed)
    x = torch.tensor(study.x, dtype=torch.float32, device=device)  # (n,)
    # Done again as if the fitted line were the truth; then replicated: the true line is unknown.
    slopes, ts = repeat(x, np.full(REPEATS, study.slope / study.scatter), generator)
    _, replicated = repeat(x, open_slopes(study, rng), generator)
    hits = yield from chance_worlds(study, x, worlds, generator)
    yield Result(
        (
            *facts_of_p(study, hits, worlds, shuffled),
            *facts_of_line(study),
            *facts_of_repeats(study, study.scatter * slopes, ts, replicated),  # slopes of R again
        )
    )


# Facts: name, value, unit, low, high, n, how the interval was made, and what it covers.


def facts_of_p(study: Study, hits: int, worlds: int, shuffled: int) -> Iterator[Fact]:
    """How often chance alone gives a t as large: counted, by a formula, and by shuffling."""
    varies = f"{worlds:,} chance worlds: simulation error only, nothing about another sample"
    p, low, high = p_simulated(hits, worlds)
    yield Fact("p_value", p, "of chance worlds", low, high, worlds, "clopper-pearson", varies)
    varies = "computed by a formula" if study.p > LEAST else "it is below this number"
    yield Fact("p_exact", study.p, "of chance worlds", None, None, study.n, "exact", varies)
    varies = f"{SHUFFLES:,} shuffles of this one sample: simulation error only"
    p, low, high = p_simulated(shuffled, SHUFFLES)
    yield Fact("permutation_p", p, "of shuffles", low, high, SHUFFLES, "clopper-pearson", varies)


def facts_of_line(study: Study) -> Iterator[Fact]:
    """How steep the line is, and which other slopes go with these cities; what the knobs set."""
    varies = f"the scatter of {study.n} cities about the line, at these temperatures"
    half = study.limit * study.error  # of the interval
    for name, degrees, unit in (("slope", 1, "R per °C"), ("change_per_20", 20, "R per 20 °C")):
        low, high = degrees * (study.slope - half), degrees * (study.slope + half)
        yield Fact(name, degrees * study.slope, unit, low, high, study.n, "student t", varies)
    yield Fact("t", study.t, "", None, None, study.n, "exact", "set by the knobs")
    yield Fact("residual_sd", study.scatter, "R", None, None, study.n, "exact", "set by the knobs")


def facts_of_repeats(study: Study, slopes: Found, ts: Found, replicated: Found) -> Iterator[Fact]:
    """What further studies find, if the line is the truth and if the truth is open (*replicated*).

    A study is significant if its |t| is beyond the limit: then its p is below .05.
    """
    truth = f"{REPEATS:,} repeated studies, were the line the truth"
    replications = f"{REPEATS:,} replications"
    varies = f"{truth}: simulation error only"
    significant = np.abs(ts) >= study.limit  # (REPEATS,)
    # Power: how many find the slope. If there is none, as many are false alarms.
    name = "power" if study.slope else "false_alarms"
    yield share(name, significant, "of repeated studies", varies)
    # How far p varies: 5% of the studies are below p_05, half below p_50, 95% below p_95.
    ways = (("p", ts, f"of {truth}, 90%"), ("replication", replicated, f"of {replications} 90%"))
    for prefix, t, of_these in ways:
        for percent in (5, 50, 95):  # a small p is a large |t|
            p = p_exact(float(np.quantile(np.abs(t), (100 - percent) / 100)), study.df)
            name = f"{prefix}_{percent:02}"
            told = f"{of_these} lie from 05 to 95"
            yield Fact(name, p, "", None, None, REPEATS, "quantile", told)
    if study.slope:  # How many replications find it, in the same direction.
        same = replicated * np.sign(study.t) >= study.limit  # (REPEATS,)
        told = f"{replications}, true slopes drawn from the interval: simulation error only"
        yield share("replicated", same, "of replications", told)
    if study.slope and significant.sum() > 1:  # What one would believe who saw these studies alone.
        times = slopes[significant] / study.slope  # (significant,): slope found ÷ true slope
        mean, low, high = mean_interval(np.abs(times).tolist())
        yield Fact("exaggeration", mean, "times", low, high, len(times), "student t", varies)
        yield share("wrong_sign", times < 0, "of significant", varies)


def share(name: str, hits: NDArray[np.bool_], unit: str, varies: str) -> Fact:
    """Return in what share of studies something holds, with its exact interval."""
    value, low, high = clopper_pearson(int(hits.sum()), len(hits))
    return Fact(name, value, unit, low, high, len(hits), "clopper-pearson", varies)


LESSON = Lesson(
    name="null",
    version=2,
    title="Could the slope be chance?",
    question=Question(
        text=(
            "In {n} cities the straight line that fits temperature and R best (R is how many "
            "people one infected person infects) has a slope of {slope} per °C, and the cities "
            "miss it by about {scatter}, their SD. Imagine a chance world: the same temperatures "
            "(SD 8 °C), as much scatter, normally distributed, but R has nothing to do with them. "
            "A line through such cities tilts a little all the same. In what share of chance "
            "worlds does it tilt at least as much for its scatter (that is its t), up or down?"
        ),
        kind="choice",
        fact="p_value",
        unit="of chance worlds",
        told="in simulation, chance alone tilts a line this much in {}",
        choices=(
            Choice("fewer than 1 in 1000", high=0.001),
            Choice("1 in 1000 to 1 in 100", low=0.001, high=0.01),
            Choice("1 in 100 to 1 in 20", low=0.01, high=0.05),
            Choice("more than 1 in 20", low=0.05),
        ),
    ),
    knobs=(
        Knob("n", "int", 100, 5, 1000, help="cities; the study that this follows had 100"),
        Knob(
            "scatter",
            "float",
            0.5,
            0.1,
            2.0,
            help="SD of R about the line; the study's R = 1.99 − 0.023·T does not tell it",
        ),
        Knob("slope", "float", -0.023, -0.1, 0.1, help="change of R per °C; the study's is −0.023"),
        Knob(
            "worlds",
            "int",
            1_000_000,
            1_000,
            100_000_000,
            gpu=100_000_000,
            help=(
                "chance worlds; four times as many halve the band of p; a hundred million are for "
                "a GPU (on a CPU, minutes)"
            ),
        ),
    ),
    topics=("null-hypothesis", "p-value", "power", "significance", "practical-importance"),
    run=run,
    axes=(
        Axes("chance worlds", "share with a t as large"),
        Axes("t of a chance world", "share of the chance worlds", "chance"),
    ),
    meaning=(
        # By the exact p: the counted one may leave it open which of these is true.
        When(
            "Chance alone hardly ever tilts a line this much for its scatter: in fewer than "
            "{fact:p_exact} (p_exact); a smaller p is not computed. So either there is a relation, "
            "or something rare has happened, or the cities do not scatter as was assumed.",
            fact="p_exact",
            high=1e-300,
        ),
        When(
            "Chance alone hardly ever tilts a line this much for its scatter: in {fact:p_exact}. "
            "That share is p, here by a formula (p_exact). So either there is a relation, or "
            "something rare has happened, or the cities do not scatter as was assumed.",
            fact="p_exact",
            low=1.1e-300,
            high=0.01,
        ),
        When(
            "Chance alone tilts a line this much for its scatter rarely, but it does: in "
            "{fact:p_exact}. That share is p, here by a formula (p_exact).",
            fact="p_exact",
            low=0.01,
            high=0.05,
        ),
        When(
            "Chance alone tilts a line this much for its scatter often: in {fact:p_exact}. That "
            "share is p, here by a formula (p_exact). It does not show that there is no relation: "
            "these cities go with any change in the interval below, and 0 is only one of them.",
            fact="p_exact",
            low=0.05,
            high=0.9999,
        ),
        When(
            "A level line: in every chance world it tilts at least as much, so p is 1. That does "
            "not show that there is no relation: these cities go with any change in the interval "
            "below, and 0 is only one of them.",
            fact="p_exact",
            low=0.9999,
        ),
        When(
            "p says nothing about how large the effect is. That is change_per_20: "
            "{fact:change_per_20}."
        ),
        When(
            "p_value comes from counting worlds, the observed cities among them, so it is never 0. "
            "Its band is simulation error alone: more worlds narrow it around p_exact, and say "
            "nothing more about the cities."
        ),
        When(
            "Call a study significant if its p is below .05. Were this line the truth, "
            "{fact:power} would be (power).",
            fact="power",
        ),
        When(
            "So most such studies would not be: 'not significant' does not mean 'no effect'.",
            fact="power",
            high=0.5,
        ),
        When(
            "Those that are significant are too steep on average, {fact:exaggeration} the truth "
            "(exaggeration): the filter lets only the steep ones through.",
            fact="exaggeration",
            low=1.1,
        ),
        When("Some of them even have the wrong sign.", fact="wrong_sign", low=0.001),
        When(
            "With no slope at all there is nothing to find, and a p below .05 ('significant') "
            "still comes out in about one study of 20 (false_alarms): that is what the limit of "
            ".05 means.",
            knobs={"slope": (0.0, 0.0)},
        ),
        When(
            "Were the study done again, and nothing else known, its p would lie between "
            "{fact:replication_05} and {fact:replication_95} in nine cases of ten: that is how "
            "little one p tells of the next.",
            fact="p_exact",
            low=1e-100,  # far below, no next p is anything but small, and the ends cannot be told
        ),
    ),
    next=(
        When(
            "Set scatter to 0.8 and n to 10, and read power, exaggeration and wrong_sign.",
            fact="exaggeration",
            knobs={"n": (30, 1000)},
        ),
        When(
            "Set n to 100 or more at the same slope and scatter: what do power and exaggeration "
            "become?",
            fact="exaggeration",
            knobs={"n": (5, 29)},
        ),
        When(
            "Set slope to 0: in what share of studies is p below .05 then (false_alarms), and why "
            "in that many?",
            fact="exaggeration",
        ),
        When(
            "Set slope to −0.023, scatter to 0.8 and n to 10, and read power, exaggeration and "
            "wrong_sign.",
            knobs={"slope": (0.0, 0.0)},
        ),
        When("Then answer: p = .05; how likely is it that there is no relation? Can p tell that?"),
    ),
    mechanism=(
        When(
            "In a chance world R has nothing to do with T, and yet a line fitted to it is not "
            "exactly flat: the scatter of the cities tilts it."
        ),
        When(
            "t compares the slope with the tilt that scatter alone gives. A slope that is not 0 "
            "stands out more with more cities, or with less scatter about the line."
        ),
        When(
            "p is counted in worlds without a relation. So it cannot say how likely it is that "
            "there is none."
        ),
        When(
            "More worlds make that share more exact. About the slope only more data can say more."
        ),
    ),
)
