"""null: how often would chance alone give a slope as steep as the one observed?

Cities differ in temperature and in R, the number of people that one person infects. A line was
fitted: R = 1.99 − 0.023·T. In a chance world the cities keep their temperatures, R has nothing to
do with them and is normal around one mean; a line is fitted all the same. What to watch: the share
of chance worlds at least as extreme as the observed study, which is the p-value.

Worlds are compared by |t|: each has a slope and a scatter of its own, as in linregress. Slopes
alone, at one known scatter, would give the p-value of another test, far off for few cities.

Series: `p` over the worlds so far, with its band. `chance` is a histogram: step is the middle of
a bin, a value of t, and value the share of worlds in it; it is drawn again as worlds come in.
`observed` marks the study in it: step is its t, value the height of the tallest bin.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from statistics import NormalDist

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from studyapp.lab.interval import mean_interval, t_quantile, wilson
from studyapp.lab.protocol import (
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
)

SD = 8.0  # of the temperatures, °C
REPEATS = 20_000  # studies of the same cities
PERMUTATIONS = 99_999
CPU, GPU = 2_000_000, 50_000_000  # random numbers at once: what a cache holds, what fills a GPU
POINTS = 50  # of the curve of p, at least
BINS = 41


def temperatures(n: int) -> NDArray[np.float64]:
    """Return n temperatures in °C from their mean: quantiles of a normal, with an SD of exactly SD.

    By design and not by lot, so that the p-value depends on the knobs alone.
    """
    x = np.array([NormalDist().inv_cdf((i + 0.5) / n) for i in range(n)])
    return x * (SD / float(x.std(ddof=1)))


def observe(
    x: NDArray[np.float64], slope: float, scatter: float, generator: np.random.Generator
) -> NDArray[np.float64]:
    """Return one study's R, from its mean, whose fitted slope and residual SD are as given."""
    noise = generator.standard_normal(len(x))
    noise -= noise.mean()
    noise -= x * float(noise @ x / (x @ x))
    noise *= scatter / float(noise @ noise / (len(x) - 2)) ** 0.5
    return noise + slope * x


def fit(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Fit a line to each row of y (studies, n) on x (n), centred. Return slopes and their t."""
    spread = x @ x
    slope = y @ x / spread
    residual = y - y.mean(1, keepdim=True) - slope[:, None] * x
    variance = residual.square().sum(1) / (len(x) - 2)
    return slope, slope / (variance / spread).sqrt()


def studies(
    x: Tensor, slope: float, scatter: float, count: int, generator: torch.Generator
) -> Iterator[tuple[Tensor, Tensor]]:
    """Simulate count studies of the same cities and fit each; yield slopes and t in batches."""
    numbers = CPU if x.device.type == "cpu" else GPU
    most = max(1, min(numbers // len(x), count // POINTS))
    for done in range(0, count, most):
        shape = (min(most, count - done), len(x))
        noise = torch.randn(shape, generator=generator, device=x.device)
        yield fit(x, slope * x + scatter * noise)


def permute(
    x: NDArray[np.float64], y: NDArray[np.float64], generator: np.random.Generator
) -> tuple[int, int]:
    """Shuffle y among the cities PERMUTATIONS times; return (k + 1, B + 1), whose ratio is p.

    The data as they came count as one of the shuffles, so p is never 0. Shuffling keeps the
    scatter of y, so that comparing slopes is comparing t.
    """
    observed = abs(y @ x) * (1 - 1e-12)  # rounding must not split a tie
    hits, most = 1, max(1, CPU // len(x))
    for done in range(0, PERMUTATIONS, most):
        shape = (min(most, PERMUTATIONS - done), len(x))
        shuffled = generator.permuted(np.broadcast_to(y, shape), axis=1)
        hits += int((np.abs(shuffled @ x) >= observed).sum())
    return hits, PERMUTATIONS + 1


def run(knobs: Mapping[str, Value], device: str, seed: int) -> Iterator[LessonEvent]:
    """Observe one study, repeat it, shuffle it, and set it against chance worlds."""
    n, worlds = int(knobs["n"]), int(knobs["worlds"])
    slope, scatter = float(knobs["slope"]), float(knobs["scatter"])
    yield Progress(0, worlds)
    cities = temperatures(n)
    error = scatter / float(cities @ cities) ** 0.5  # standard error of the slope
    observed, critical = slope / error, t_quantile(0.975, n - 2)
    x = torch.tensor(cities, dtype=torch.float32, device=device)
    # On the device: to move the numbers of every world would cost more than all the rest. So a
    # GPU draws other worlds than a CPU, and the two agree within the band.
    generator = torch.Generator(device).manual_seed(seed)

    # The same study again and again, if the line and the scatter were the truth.
    repeats = list(studies(x, slope, scatter, REPEATS, generator))
    slopes, ts = (np.array(torch.cat(part).tolist()) for part in zip(*repeats, strict=True))
    significant = np.abs(ts) >= critical
    spread = np.quantile(np.abs(ts), (0.95, 0.5, 0.05))  # a large t is a small p

    # The same cities with R shuffled among them. One small study: the CPU will do.
    chance = np.random.default_rng(seed)
    permutation = permute(cities, observe(cities, slope, scatter, chance), chance)

    # Chance worlds: no slope. Their scatter does not matter to t.
    limits = torch.tensor([abs(observed), *spread], dtype=torch.float32, device=device)
    edge = float(max(5, np.ceil(abs(observed)) + 1))
    middles = (np.arange(BINS) + 0.5) * (2 * edge / BINS) - edge
    done, extreme, bins = 0, np.zeros(len(limits), int), np.zeros(BINS)
    for batch, (_, t) in enumerate(studies(x, 0.0, 1.0, worlds, generator), 1):
        done += len(t)
        extreme += (t.abs()[:, None] >= limits).sum(0).cpu().numpy()
        bins += torch.histc(t, BINS, -edge, edge).cpu().numpy()
        yield Progress(done, worlds)
        yield Metric(done, "p", *wilson(int(extreme[0]), done))
        if batch % 5 == 0 or done == worlds:
            # From the right: steps that go back say from the first on that these are bars.
            for middle, count in zip(middles[::-1].tolist(), bins[::-1].tolist(), strict=True):
                yield Metric(middle, "chance", count / done)
            yield Metric(observed, "observed", float(bins.max()) / done)

    def share(name: str, hits: int, count: int, unit: str, varies: str) -> Fact:
        value, low, high = wilson(hits, count)
        return Fact(name, value, unit, low, high, count, "wilson", varies)

    def exact(name: str, value: float, unit: str = "") -> Fact:
        return Fact(name, value, unit, None, None, n, "exact", "nothing: the study is made so")

    def steepness(name: str, degrees: float, unit: str) -> Fact:
        half = critical * error
        low, high = degrees * (slope - half), degrees * (slope + half)
        return Fact(name, degrees * slope, unit, low, high, n, "student t", of_cities)

    of_cities = f"the scatter of {n} cities about the line, at these temperatures"
    of_worlds = f"{worlds:,} chance worlds: simulation error only, nothing about another sample"
    of_shuffles = f"{PERMUTATIONS:,} shuffles of this one sample: simulation error only"
    of_repeats = f"{REPEATS:,} repeated studies, were the line the truth: simulation error only"
    of_spread = f"a spread over {REPEATS:,} repeated studies, not an estimate"
    facts = [
        share("p_value", int(extreme[0]), worlds, "of chance worlds", of_worlds),
        share("permutation_p", *permutation, "of shuffles", of_shuffles),
        steepness("slope", 1, "R per °C"),
        steepness("change_per_20", 20, "R per 20 °C"),
        exact("t", observed),
        exact("residual_sd", scatter, "R"),
        share("power", int(significant.sum()), REPEATS, "of repeated studies", of_repeats),
    ]
    for name, k in zip(("p_05", "p_50", "p_95"), extreme[1:].tolist(), strict=True):
        p = (k + 1) / (worlds + 1)  # no number of chance worlds shows that a p is 0
        facts.append(Fact(name, p, "", None, None, REPEATS, "quantile", of_spread))
    if slope and significant.any():
        found = slopes[significant] / slope
        size, low, high = mean_interval(np.abs(found).tolist())
        facts += [
            Fact("exaggeration", size, "times", low, high, len(found), "student t", of_repeats),
            share("wrong_sign", int((found < 0).sum()), len(found), "of significant", of_repeats),
        ]
    yield Result(tuple(facts))


LESSON = Lesson(
    name="null",
    version=1,
    title="Could the slope be chance?",
    question=Question(
        text=(
            "Over 100 cities with temperatures of SD 8 °C a line was fitted: R = 1.99 − 0.023·T; "
            "the cities scatter about it with an SD of 0.5. If there were no relation and the "
            "model held, in what share of chance worlds would the slope be at least this steep, "
            "in either direction?"
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
        Knob("n", "int", 100, 5, 1000, help="cities; 100 as in the study"),
        Knob(
            "scatter",
            "float",
            0.5,
            0.1,
            2.0,
            help=(
                "SD of R about the line, which the formula does not tell; at 0.5 the answer is "
                "clear, near 0.9 it is on the edge of 0.05"
            ),
        ),
        Knob("slope", "float", -0.023, -0.1, 0.1, help="change of R per °C; -0.023 as published"),
        Knob(
            "worlds",
            "int",
            1_000_000,
            1_000,
            100_000_000,
            gpu=100_000_000,
            help=(
                "chance worlds; a million fix this p to a tenth of itself in about a second on a "
                "CPU, a hundred million are for a GPU (on a CPU, minutes)"
            ),
        ),
    ),
    topics=("null-hypothesis", "p-value", "power", "significance", "practical-importance"),
    run=run,
    meaning=(
        "The p-value is the share of worlds without any relation that look at least as extreme "
        "as the data. It depends on the scatter, which the formula does not give, and it says "
        "nothing about the size of the effect: for that, read the change per 20 °C with its "
        "interval. Its band here is simulation error alone; the same study repeated would give "
        "p-values as far apart as p_05 and p_95. And where the power is low, 'not significant' "
        "is not 'no effect', while what does come out significant is too steep."
    ),
    next=(
        "Set scatter to 0.8 and n to 10, and read power, exaggeration and wrong_sign. Set slope "
        "to 0: what does the power become, and why that? Then answer: p = .05; how likely is it "
        "that there is no relation? It cannot be read from p: p starts from there being none, "
        "and how likely that was to begin with is not in the data."
    ),
)
