"""null: how often would chance alone give a t as large as the one observed?

Cities differ in temperature T and in R, the number of people that one person infects. A line was
fitted, R = 1.99 − 0.023·T; its t is the slope divided by the slope's standard error. In a chance
world the same cities have an R that has nothing to do with T, and a line is fitted all the same.

What to watch: the share of chance worlds whose |t| is at least as large as the observed one. That
is the p-value, and it closes in on the exact one, which a formula gives. Worlds are compared by t
and not by slope, because each has a scatter of its own that is known only from its own residuals.

Series: `p` over the worlds so far with its band, and `exact p`. `chance` is a histogram: step is
a value of t, the middle of a bin, and value the share of worlds in it. `observed` stands in it,
and as far out in the `other direction`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from statistics import NormalDist

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
REPEATS = 20_000  # studies of the same cities
SHUFFLES = 99_999
CPU, GPU = 2_000_000, 50_000_000  # random numbers at once: what a cache holds, what fills a GPU
POINTS = 50  # of the curve of p, at least
BINS = 41
LEAST = 1e-300  # a float below this is on its way to 0, and no p is 0


# Data: one study.


def temperatures(n: int) -> NDArray[np.float64]:
    """Return n temperatures, their mean taken off: quantiles of a normal, so no lot decides p."""
    x = np.array([NormalDist().inv_cdf((i + 0.5) / n) for i in range(n)])  # (n,)
    return x * (SD / float(x.std(ddof=1)))


def observe(
    x: NDArray[np.float64], slope: float, scatter: float, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Return one study's R (n,), its mean taken off, with exactly this fitted slope and scatter."""
    noise = rng.standard_normal(len(x))  # (n,)
    noise -= noise.mean()
    noise -= x * float(noise @ x / (x @ x))  # what a line could explain of it
    noise *= scatter / float(noise @ noise / (len(x) - 2)) ** 0.5
    return noise + slope * x


# Model: a line through each of very many studies.


def fit(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Fit a line to each row of y (studies, n) on x (n,), and return slopes and t."""
    spread = x @ x  # ()
    slope = y @ x / spread  # (studies,)
    residual = y - y.mean(1, keepdim=True) - slope[:, None] * x  # (studies, n)
    variance = residual.square().sum(1) / (len(x) - 2)  # (studies,)
    return slope, slope / (variance / spread).sqrt()


def studies(
    x: Tensor, slopes: Tensor, count: int, generator: torch.Generator
) -> Iterator[tuple[Tensor, Tensor]]:
    """Simulate count studies with a scatter of 1, fit each, and yield slopes and t in batches.

    *slopes* (count,) or (1,) are the true ones. t does not depend on the unit of R.
    """
    numbers = CPU if x.device.type == "cpu" else GPU
    most = max(1, min(numbers // len(x), count // POINTS))
    for done in range(0, count, most):
        now = slopes if len(slopes) == 1 else slopes[done : done + most]  # (studies,)
        shape = (min(most, count - done), len(x))
        noise = torch.randn(shape, generator=generator, device=x.device)  # (studies, n)
        yield fit(x, now[:, None] * x + noise)


def shuffle(x: NDArray[np.float64], y: NDArray[np.float64], rng: np.random.Generator) -> int:
    """Return in how many of SHUFFLES |t| is as large as observed, with y shuffled among the cities.

    Shuffling keeps the scatter of y, so that to compare slopes is to compare t.
    """
    observed = abs(y @ x) * (1 - 1e-12)  # rounding must not split a tie
    hits, most = 0, max(1, CPU // len(x))
    for done in range(0, SHUFFLES, most):
        shape = (min(most, SHUFFLES - done), len(x))
        shuffled = rng.permuted(np.broadcast_to(y, shape), axis=1)  # (shuffles, n)
        hits += int((np.abs(shuffled @ x) >= observed).sum())
    return hits


def p_exact(t: float, df: int) -> float:
    """Return the share of all chance worlds whose |t| is as large, by Student's formula."""
    return max(LEAST, 2 * t_tail(abs(t), df))


def p_simulated(hits: int, count: int) -> tuple[float, float, float]:
    """Return (p, low, high) from hits among count worlds.

    The observed study is one more world, and a hit: so p is never 0 (Davison & Hinkley 1997, 4.2).
    The interval is of the share of all worlds, and exact.
    """
    _, low, high = clopper_pearson(hits, count)
    return (hits + 1) / (count + 1), low, high


# Loop.


def run(knobs: Mapping[str, Value], device: str, seed: int) -> Iterator[LessonEvent]:
    """Observe one study, repeat and replicate it, shuffle it, and set it against chance worlds."""
    n, count = int(knobs["n"]), int(knobs["worlds"])
    slope, scatter = float(knobs["slope"]), float(knobs["scatter"])
    yield Progress(0, count)
    cities, df, rng = temperatures(n), n - 2, np.random.default_rng(seed)
    error = scatter / float(cities @ cities) ** 0.5  # standard error of the slope
    observed, critical = slope / error, t_quantile(0.975, df)
    exact = p_exact(observed, df)
    shuffled = shuffle(cities, observe(cities, slope, scatter, rng), rng)
    x = torch.tensor(cities, dtype=torch.float32, device=device)  # (n,)
    # On the device: to move the numbers of every world would cost more than all the rest. So a
    # GPU draws other worlds than a CPU, and the two agree within the band.
    generator = torch.Generator(device).manual_seed(seed)

    def again(slopes: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Study the cities REPEATS times where these slopes are true; return slopes and t found."""
        true = torch.tensor(slopes / scatter, dtype=torch.float32, device=device)
        found, ts = zip(*studies(x, true, REPEATS, generator), strict=True)
        return scatter * torch.cat(found).cpu().numpy(), torch.cat(ts).cpu().numpy()

    # Were the fitted line the truth.
    slopes, ts = again(np.array([slope]))  # (REPEATS,) both
    significant = np.abs(ts) >= critical
    # A replication: the true line is not the fitted one. Slope and scatter are drawn from what
    # the study leaves open, without other knowledge; in units of the true scatter.
    ratio = np.sqrt(rng.chisquare(df, REPEATS) / df)  # (REPEATS,) fitted scatter ÷ true one
    _, again_ts = again(slope * ratio + error * rng.standard_normal(REPEATS))

    # Chance worlds: no slope.
    edge = float(max(5, np.ceil(abs(observed)) + 1))
    middles = ((np.arange(BINS) + 0.5) * (2 * edge / BINS) - edge)[::-1]
    done, extreme, bins = 0, 0, np.zeros(BINS)
    no_slope = torch.zeros(1, device=device)
    for batch, (_, t) in enumerate(studies(x, no_slope, count, generator), 1):
        done += len(t)
        extreme += int((t.abs() >= abs(observed)).sum())
        bins += torch.histc(t, BINS, -edge, edge).cpu().numpy()
        yield Progress(done, count)
        yield Metric(done, "p", *p_simulated(extreme, done))
        yield Metric(done, "exact p", exact)
        if batch % 5 == 0 or done == count:
            # From the right: steps that go back say from the first on that these are bars.
            for middle, inside in zip(middles.tolist(), bins[::-1].tolist(), strict=True):
                yield Metric(middle, "chance", inside / done)
            yield Metric(observed, "observed", float(bins.max()) / done)
            yield Metric(-observed, "other direction", float(bins.max()) / done)

    # Facts.

    def share(name: str, hits: NDArray[np.bool_], unit: str, varies: str) -> Fact:
        interval = clopper_pearson(int(hits.sum()), len(hits))
        return Fact(name, interval[0], unit, *interval[1:], len(hits), "clopper-pearson", varies)

    def p(name: str, hits: int, of: int, unit: str, varies: str) -> Fact:
        value, low, high = p_simulated(hits, of)
        return Fact(name, value, unit, low, high, of, "clopper-pearson", varies)

    def given(name: str, value: float, unit: str, how: str) -> Fact:
        return Fact(name, value, unit, None, None, n, "exact", how)

    def steepness(name: str, degrees: float, unit: str) -> Fact:
        low, high = degrees * (slope - critical * error), degrees * (slope + critical * error)
        varies = f"the scatter of {n} cities about the line, at these temperatures"
        return Fact(name, degrees * slope, unit, low, high, n, "student t", varies)

    def quantiles(prefix: str, found: NDArray[np.float64], varies: str) -> Iterator[Fact]:
        # a large t is a small p
        for percent, rank in (("05", 0.95), ("50", 0.5), ("95", 0.05)):
            value = p_exact(float(np.quantile(np.abs(found), rank)), df)
            yield Fact(f"{prefix}_{percent}", value, "", None, None, REPEATS, "quantile", varies)

    of_worlds = f"{count:,} chance worlds: simulation error only, nothing about another sample"
    of_shuffles = f"{SHUFFLES:,} shuffles of this one sample: simulation error only"
    of_repeats = f"{REPEATS:,} repeated studies, were the line the truth: simulation error only"
    of_same = (
        f"{REPEATS:,} replications, true slopes drawn from the interval: simulation error only"
    )
    below = "computed by a formula" if exact > LEAST else "it is below this number"
    facts = [
        p("p_value", extreme, count, "of chance worlds", of_worlds),
        given("p_exact", exact, "of chance worlds", below),
        p("permutation_p", shuffled, SHUFFLES, "of shuffles", of_shuffles),
        steepness("slope", 1, "R per °C"),
        steepness("change_per_20", 20, "R per 20 °C"),
        given("t", observed, "", "set by the knobs"),
        given("residual_sd", scatter, "R", "set by the knobs"),
        # Where there is nothing to find, a significant study is no power.
        share("power" if slope else "false_alarms", significant, "of repeated studies", of_repeats),
        *quantiles(
            "p",
            ts,
            f"of {REPEATS:,} repeated studies, were the line the truth, 90% lie from _05 to _95",
        ),
        *quantiles("replication", again_ts, f"of {REPEATS:,} replications 90% lie from _05 to _95"),
    ]
    if slope:
        same = again_ts * np.sign(observed) >= critical  # (REPEATS,) significant, the same way
        facts.append(share("replicated", same, "of replications", of_same))
    if slope and significant.sum() > 1:
        found = slopes[significant] / slope  # (significant,)
        size, low, high = mean_interval(np.abs(found).tolist())
        facts += [
            Fact("exaggeration", size, "times", low, high, len(found), "student t", of_repeats),
            share("wrong_sign", found < 0, "of significant", of_repeats),
        ]
    yield Result(tuple(facts))


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
        When("Some of them even have the wrong sign (wrong_sign).", fact="wrong_sign", low=0.001),
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
