"""time: does a model that was judged on days taken out at random do as well in the future?

What happens next often resembles what has just happened. What to watch: a model that says for each
day the mean of the nearest days that it knows, judged in three ways. A random split takes a fifth
of the known days out at random, so that each has known days on both sides. The last stretch takes
out the last fifth instead. And then comes the future, after all known days: that is what the model
is for.

All of it is a simulation, in which the past is as the knobs say: each day's noise is `ar` of the
day before's plus something new, and a season comes and goes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from studyapp.lab.interval import mean_interval, ratio_interval
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
from studyapp.lab.seeds import generators, mean_fact, varies

KNOWN, LONGEST = 400, 100  # days that are known; days after them
HELD_OUT = 80  # a fifth of the known days
PERIOD = 60  # days from one height of the season to the next
SHOWN = 50  # days of one series before the future begins, and as many after, for the plot
AT_ONCE = 64  # series that are worked on together: they bound the memory
DRAWN = "series and split: a simulation"


# Data: S series of 500 days, each from its own generator.


class Series(NamedTuple):
    """S series: y (S, 500), and an order of the known days (S, 400), drawn for the random split."""

    y: Tensor
    order: Tensor


def draw(ar: float, season: float, rngs: Sequence[torch.Generator]) -> Series:
    """Draw a series for each generator. The noise of a day has the mean 0 and the SD 1."""
    days = torch.arange(KNOWN + LONGEST)  # (500,)
    shocks = torch.stack([torch.randn(len(days), generator=rng) for rng in rngs])  # (S, 500)
    phases = torch.stack([torch.rand(1, generator=rng) for rng in rngs])  # (S, 1)
    order = torch.stack([torch.randperm(KNOWN, generator=rng) for rng in rngs])  # (S, 400)
    noise = shocks.clone()
    for day in range(1, len(days)):  # variances add up: ar² of the day before + what is new is 1
        noise[:, day] = ar * noise[:, day - 1] + math.sqrt(1 - ar**2) * shocks[:, day]
    waves = season * torch.sin(2 * math.pi * (days / PERIOD + phases))  # (S, 500)
    return Series(noise + waves, order)


# Model: the mean of the nearest days.


def predict(y: Tensor, known: Tensor, asked: Tensor, neighbours: int) -> Tensor:
    """Return what is said of the days *asked* (S, m) by one who knows those in *known* (S, n).

    Of two days equally near the earlier one counts as nearer.
    """
    apart = asked[:, :, None] - known[:, None]  # (S, m, n) days
    away = apart.abs() + 0.25 * (apart < 0)
    nearest = away.topk(neighbours, largest=False).indices  # (S, m, k): which of the known ones
    values = y.gather(1, known)[:, None].expand_as(away)  # (S, m, n)
    return values.gather(2, nearest).mean(2)


class Ways(NamedTuple):
    """How far off the model is, |said − true|, judged in three ways: (S, days) each."""

    random: Tensor
    stretch: Tensor
    future: Tensor


def judge(series: Series, neighbours: int, ahead: int) -> tuple[Ways, Tensor, Tensor]:
    """Judge in three ways; return also what was said of random days (S, 80) and of the future."""
    y, order = series
    days = torch.arange(KNOWN + ahead, device=y.device).expand(len(y), -1)  # (S, 400 + ahead)
    early, late = days[:, : KNOWN - HELD_OUT], days[:, KNOWN - HELD_OUT : KNOWN]
    some = order[:, :HELD_OUT].sort(1).values
    rest, known, later = order[:, HELD_OUT:], days[:, :KNOWN], days[:, KNOWN:]
    said = [
        predict(y, knows, asked, neighbours)
        for knows, asked in ((rest, some), (early, late), (known, later))
    ]
    truths = [y.gather(1, asked) for asked in (some, late, later)]
    misses = [(one - truth).abs() for one, truth in zip(said, truths, strict=True)]
    return Ways(*misses), said[0], said[2]


# Loop.


def run(knobs: Mapping[str, Value], device: str, seed: int) -> Iterator[LessonEvent]:
    """Judge the model on every series, a few at a time; stream a look at one, then the facts."""
    ar, season = float(knobs["ar"]), float(knobs["season"])
    neighbours, ahead = int(knobs["neighbours"]), int(knobs["ahead"])
    rngs = generators(seed, int(knobs["seeds"]))
    yield Progress(0, len(rngs))
    yield Remark("A simulation: what the series are made of is set by the knobs.")
    parts = []
    for first in range(0, len(rngs), AT_ONCE):
        series = draw(ar, season, rngs[first : first + AT_ONCE])
        series = Series(*(each.to(device) for each in series))
        ways, filled_in, forecast = judge(series, neighbours, ahead)
        if not first:
            yield from one_series(series, filled_in, forecast)
        parts.append(ways)
        yield Progress(min(first + AT_ONCE, len(rngs)), len(rngs))
    ways = Ways(*(torch.cat(way).cpu() for way in zip(*parts, strict=True)))
    yield from curves(ways)
    yield Result(tuple(facts(ways)))


def one_series(series: Series, filled_in: Tensor, forecast: Tensor) -> Iterator[Metric]:
    """Yield the first series, what was said of its random days, and of its future."""
    some = series.order[0, :HELD_OUT].sort().values.tolist()
    later = range(KNOWN, KNOWN + forecast.shape[1])
    shown = range(max(0, KNOWN - SHOWN), min(KNOWN + SHOWN, later.stop))
    for day in shown:
        yield Metric(day, "one series: true", float(series.y[0, day]))
    for title, days, said in (("filled in", some, filled_in), ("forecast", later, forecast)):
        for day, value in zip(days, said[0].tolist(), strict=True):
            if day in shown:
                yield Metric(day, f"one series: {title}", value)


def curves(ways: Ways) -> Iterator[Metric]:
    """Yield how far off forecasts are by how far ahead they look; beside it both splits."""
    ahead = ways.future.shape[1]
    for day in range(ahead):
        yield Metric(day + 1, "miss: future", *mean_interval(ways.future[:, day].tolist()))
    for title, misses in (("random split", ways.random), ("last stretch", ways.stretch)):
        for day in dict.fromkeys((1, ahead)):
            yield Metric(day, f"miss: {title}", *mean_interval(misses.mean(1).tolist()))


# Facts.


def facts(ways: Ways) -> Iterator[Fact]:
    """Yield how far off the model is on average, judged in each way, and how these compare."""
    random, stretch, future = (misses.double().mean(1) for misses in ways)  # (S,) each
    yield ratio("ratio", future, random)
    yield ratio("stretch_ratio", future, stretch)
    for name, misses in (("random", random), ("stretch", stretch), ("future", future)):
        yield mean_fact(f"{name}_miss", misses, "SD", DRAWN)


def ratio(name: str, future: Tensor, split: Tensor) -> Fact:
    """Return the mean miss in the future ÷ that of a split, both over all series.

    Not the mean of each series' own ratio: that would count those most in which the split had luck.
    """
    value, low, high = ratio_interval(future.tolist(), split.tolist())
    n = len(future)
    method = "fieller" if low is not None else "too few for an interval"
    return Fact(name, value, "times", low, high, n, method, varies(n, DRAWN))


LESSON = Lesson(
    name="time",
    version=1,
    title="Does a random split foresee the future?",
    question=Question(
        text=(
            "A model knows 400 days of a series and is to forecast the next {ahead}. Of any day it "
            "says the mean of the {neighbours} nearest days that it knows. Each day's noise is "
            "{ar} of the day before's plus something new; a season, {season} × the noise's SD "
            "high, comes and goes every 60 days. To judge the model, a fifth of the known days is "
            "taken out at random and predicted from the rest. How large is its miss in the future, "
            "on average, beside its miss on those random days?"
        ),
        kind="choice",
        fact="ratio",
        unit="times",
        told="the miss in the future is {} that on random days",
        choices=(
            Choice("less than 1.2 times as large", high=1.2),
            Choice("1.2 to 2 times", low=1.2, high=2.0),
            Choice("2 to 6 times", low=2.0, high=6.0),
            Choice("more than 6 times", low=6.0),
        ),
    ),
    knobs=(
        Knob(
            "ar",
            "float",
            0.9,
            0.0,
            0.98,
            help=(
                "how much of a day's noise is left on the next day; at 0 no day has to do with "
                "another, at 0.9 a fortnight forgets three quarters, as sales or the weather may"
            ),
        ),
        Knob(
            "season",
            "float",
            1.0,
            0.0,
            3.0,
            help="how high the season is, in SDs of the noise; the model does not know of it",
        ),
        Knob("neighbours", "int", 3, 1, 40, help="nearest known days of which the mean is said"),
        Knob(
            "ahead",
            "int",
            100,
            1,
            100,
            help="how many days ahead the model is used; the last stretch, held out, is 80 days",
        ),
        Knob(
            "seeds",
            "int",
            1024,
            1,
            2048,
            gpu=2048,
            help="repetitions, each a series of its own; four times as many halve an interval",
        ),
    ),
    topics=("validation-set", "time-series", "random-split"),
    run=run,
    axes=(
        Axes("day", "value (SD of the noise is 1)", "one series"),
        Axes("days ahead", "|said − true|, in SD of the noise", "miss"),
    ),
    meaning=(
        When(
            "On average the model is off by {fact:future_miss} in the future and by "
            "{fact:random_miss} on days taken out at random: {fact:ratio} as much (ratio). The "
            "random split was too kind.",
            fact="ratio",
            low=1.2,
        ),
        When(
            "Here a random split tells what the future brings, or nearly: the miss there is "
            "{fact:ratio} that on random days (ratio).",
            fact="ratio",
            low=0.8,
            high=1.2,
        ),
        When(
            "With ar and season at 0 no day has anything to do with another, so that neighbours "
            "give nothing away, at random places or before the future.",
            knobs={"ar": (0.0, 0.0), "season": (0.0, 0.0)},
        ),
        When(
            "The last stretch, held out whole, comes near: the miss in the future is "
            "{fact:stretch_ratio} its own (stretch_ratio).",
            fact="stretch_ratio",
            low=0.8,
            high=1.25,
        ),
        When(
            "It is still too kind, as it looks 80 days ahead at most, and the model is used "
            "{ahead} days ahead.",
            fact="stretch_ratio",
            low=1.0,
            knobs={"ahead": (81, 100)},
        ),
        When(
            "The last stretch is too severe: the miss in the future is {fact:stretch_ratio} its "
            "own (stretch_ratio). It looks as far as 80 days ahead, the model as far as {ahead}. "
            "A fair split looks as far ahead as use does.",
            fact="stretch_ratio",
            high=1.0,
            knobs={"ahead": (1, 79)},
        ),
        When(
            "This is a simulation. How kind a random split is to real data depends on how much one "
            "day tells of the next, and on how far ahead the model is used."
        ),
    ),
    next=(
        When(
            "Set ar and season to 0: is a random split wrong where no day has to do with another?",
            knobs={"ar": (0.01, 0.98)},
        ),
        When(
            "Set ahead to 10: which of the two splits is nearer to the truth then?",
            knobs={"ahead": (80, 100), "ar": (0.01, 0.98)},
        ),
        When(
            "Set ahead to 80, as long as the last stretch: what becomes of stretch_ratio?",
            knobs={"ahead": (1, 79), "ar": (0.01, 0.98)},
        ),
        When(
            "Set neighbours to 40: why is the random split less kind to a model that takes so "
            "many?",
            knobs={"neighbours": (1, 10), "ar": (0.01, 0.98)},
        ),
        When(
            "Set season to 1 and leave ar at 0: which of the two does a random split give away?",
            knobs={"ar": (0.0, 0.0), "season": (0.0, 0.0)},
        ),
    ),
    mechanism=(
        When(
            "Around a day that was taken out at random the model knows the days before and after. "
            "In the future it knows none of the days around."
        ),
        When(
            "The more a day is like its neighbours, the more is given away by knowing them.",
            knobs={"ar": (0.01, 0.98)},
        ),
        When(
            "Where each day is drawn anew, its neighbours give nothing away.",
            knobs={"ar": (0.0, 0.0), "season": (0.0, 0.0)},
        ),
        When(
            "The further ahead a forecast looks, the less do the last known days tell. So a split "
            "is fair if it looks as far ahead as the model will."
        ),
    ),
)
