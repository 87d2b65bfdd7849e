"""null: its p-values are scipy's, its power is the formula's, and it says what it cannot know."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cache

import numpy as np
import pytest
import torch
from scipy import stats

from lessons import null
from studyapp.lab.interval import clopper_pearson, wilson
from studyapp.lab.protocol import Fact, LessonEvent, Metric, Progress, Result, Value
from studyapp.lab.wording import true_of

DEFAULTS = {knob.name: knob.default for knob in null.LESSON.knobs}
SMALL = {"n": 9, "worlds": 1000}
ENDS = [(knob.name, end) for knob in null.LESSON.knobs for end in (knob.low, knob.high)]
SURE = 0.9999  # so that another machine's random numbers do not fail a test by bad luck


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """As the app does on two cores: with more, threads wait for each other on a busy machine."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(null, "REPEATS", 500)
    monkeypatch.setattr(null, "SHUFFLES", 499)


def events(seed: int = 0, **knobs: Value) -> list[LessonEvent]:
    return list(null.run(DEFAULTS | knobs, "cpu", seed))


def facts(seed: int = 0, **knobs: Value) -> dict[str, Fact]:
    result = events(seed, **knobs)[-1]
    assert isinstance(result, Result)
    return {fact.name: fact for fact in result.facts}


def sure(fact: Fact) -> tuple[float, float]:
    """Return the interval of a share at SURE, from the counts behind the fact."""
    simulated = fact.name in ("p_value", "permutation_p")  # there, the study is one world more
    hits = fact.value * (fact.n + 1) - 1 if simulated else fact.value * fact.n
    return clopper_pearson(round(hits), fact.n, SURE)[1:]


def holds(fact: Fact, expected: float) -> bool:
    low, high = sure(fact)
    return low <= expected <= high


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize(("name", "end"), ENDS)
def test_every_knob_works_at_both_ends(name: str, end: Value) -> None:
    if (name, end) == ("worlds", 100_000_000):
        end = 2_000_000  # the rest is for a GPU
    stream = events(**(SMALL | {name: end}))
    result = stream[-1]
    assert isinstance(result, Result)
    for fact in result.facts:
        assert math.isfinite(fact.value)
        if fact.low is not None and fact.high is not None:
            assert -math.inf < fact.low <= fact.high < math.inf
    worlds = int((DEFAULTS | SMALL | {name: end})["worlds"])
    assert [e for e in stream if isinstance(e, Progress)][-1] == Progress(worlds, worlds)


@pytest.mark.usefixtures("short")
def test_the_fact_that_decides_is_measured() -> None:
    question = null.LESSON.question
    assert question.fact in facts(**SMALL)
    edges = [(choice.low, choice.high) for choice in question.choices]
    assert edges[0][0] is None
    assert edges[-1][1] is None
    assert [high for _, high in edges[:-1]] == [low for low, _ in edges[1:]]


@pytest.mark.usefixtures("short")
def test_the_same_seed_gives_the_same_events_on_any_number_of_threads() -> None:
    first = events(seed=3, worlds=30_000)
    torch.set_num_threads(2)
    assert events(seed=3, worlds=30_000) == first
    assert events(seed=4, worlds=30_000) != first


@pytest.mark.parametrize("n", [5, 10, 100])
@pytest.mark.parametrize("slope", [-0.05, -0.023, 0.0, 0.04])
def test_the_observed_study_is_as_the_knobs_say(n: int, slope: float) -> None:
    x = null.temperatures(n)
    assert x.mean() == pytest.approx(0, abs=1e-12)
    assert x.std(ddof=1) == pytest.approx(null.SD)
    y = null.observe(x, slope, 0.7, np.random.default_rng(1))
    line = stats.linregress(x, y)
    assert line.slope == pytest.approx(slope, abs=1e-12)
    residual = y - line.slope * x - line.intercept
    assert (residual @ residual / (n - 2)) ** 0.5 == pytest.approx(0.7)


def test_lines_are_fitted_as_linregress_does() -> None:
    x, generator = null.temperatures(12), np.random.default_rng(2)
    y = 5 + 0.03 * x + generator.standard_normal((20, 12))
    slopes, ts = null.fit(torch.from_numpy(x), torch.from_numpy(y))
    for row, slope, t in zip(y, slopes.tolist(), ts.tolist(), strict=True):
        line = stats.linregress(x, row)
        assert slope == pytest.approx(line.slope)
        assert t == pytest.approx(line.slope / line.stderr)


@pytest.mark.parametrize(("n", "slope"), [(5, 0.09), (10, 0.06), (100, 0.01), (100, -0.023)])
def test_p_is_that_of_linregress_and_of_permutation_test(n: int, slope: float) -> None:
    found = facts(seed=1, n=n, slope=slope, worlds=200_000)
    x = null.temperatures(n)
    y = null.observe(x, slope, 0.5, np.random.default_rng(1))
    line = stats.linregress(x, y)
    assert holds(found["p_value"], line.pvalue)
    assert found["p_exact"].value == pytest.approx(line.pvalue, rel=1e-9)
    assert found["t"].value == pytest.approx(line.slope / line.stderr)
    half = stats.t.ppf(0.975, n - 2) * line.stderr
    assert found["slope"].low == pytest.approx(slope - half)
    assert found["change_per_20"].high == pytest.approx(20 * (slope + half))

    shuffled = stats.permutation_test(
        (y,),
        lambda y, axis=-1: (y * x).sum(axis=axis),
        permutation_type="pairings",
        n_resamples=19_999,  # at n = 5 all 120 are taken, and p is exact
        batch=2000,
        vectorized=True,
        rng=0,
    )
    many, exact = len(shuffled.null_distribution), (shuffled.pvalue,) * 3
    _, low, high = exact if n == 5 else wilson(round(shuffled.pvalue * many), many, SURE)
    ours = found["permutation_p"]
    our_low, our_high = sure(ours)
    assert our_low <= high
    assert our_high >= low


@pytest.mark.usefixtures("short")
def test_no_p_is_ever_0() -> None:
    stream = events(n=1000, slope=0.1, scatter=0.1, worlds=1000)
    assert isinstance(stream[-1], Result)
    found = {fact.name: fact for fact in stream[-1].facts}
    assert found["permutation_p"].value == 1 / 500
    assert found["p_value"].value == 1 / 1001
    assert (found["p_value"].low, found["p_value"].high) == clopper_pearson(0, 1000)[1:]
    every = [fact for name, fact in found.items() if name[:2] == "p_" or "replication_" in name]
    assert len(every) == 8
    assert all(fact.value > 0 for fact in every)
    curves = [e for e in stream if isinstance(e, Metric) and e.series in ("p", "exact p")]
    assert all(metric.value > 0 for metric in curves)


def test_one_in_twenty_is_significant_when_there_is_no_slope() -> None:
    found = facts(n=5, slope=0.0, worlds=100_000)
    assert "power" not in found
    assert holds(found["false_alarms"], 0.05)  # with z in place of t it would be 0.145
    assert "replicated" not in found
    assert found["p_05"].value == pytest.approx(0.05, abs=0.01)
    assert found["p_95"].value == pytest.approx(0.95, abs=0.01)
    assert {"exaggeration", "wrong_sign"}.isdisjoint(found)


@pytest.mark.parametrize(("n", "reference"), [(10, 0.10), (30, 0.22), (100, 0.62), (200, 0.89)])
def test_power_is_that_of_the_noncentral_t(n: int, reference: float) -> None:
    power = facts(n=n, scatter=0.8, worlds=1000)["power"]
    limit = stats.t.ppf(0.975, n - 2)
    shift = 0.023 * null.SD * (n - 1) ** 0.5 / 0.8
    exact = stats.nct.sf(limit, n - 2, shift) + stats.nct.cdf(-limit, n - 2, shift)
    assert holds(power, exact)
    assert power.value == pytest.approx(reference, abs=0.02)


def test_what_is_significant_at_low_power_is_too_steep_and_at_times_of_the_wrong_sign() -> None:
    found = facts(n=10, scatter=0.8, worlds=1000)
    assert found["exaggeration"].value == pytest.approx(3, abs=0.5)
    assert found["wrong_sign"].value == pytest.approx(0.055, abs=0.02)
    assert found["exaggeration"].n == round(found["power"].value * null.REPEATS)


def test_p_varies_widely_when_the_study_is_repeated() -> None:
    found = facts(scatter=0.8, worlds=1000)
    exact = stats.nct(98, found["t"].value)
    for name, rank in (("p_05", 0.05), ("p_50", 0.5), ("p_95", 0.95)):
        limit = float(stats.t.isf(found[name].value / 2, 98))  # p is below where |t| is above
        assert exact.sf(limit) + exact.cdf(-limit) == pytest.approx(rank, abs=0.01)
    assert found["p_05"].value < 0.001  # not floored at 1 of 1000 worlds


@pytest.mark.parametrize(("n", "scatter"), [(6, 0.3), (100, 0.8)])
def test_a_replication_is_the_next_study_where_nothing_else_is_known(
    n: int, scatter: float
) -> None:
    found = facts(n=n, scatter=scatter, worlds=1000)
    # Step by step: scatter and slope that the study leaves open, then the next study's slope and t.
    rng, df, count = np.random.default_rng(8), n - 2, 200_000
    error = scatter / (null.SD * (n - 1) ** 0.5)
    true_scatter = scatter / np.sqrt(rng.chisquare(df, count) / df)
    true_slope = rng.normal(-0.023, error * true_scatter / scatter)
    slope = rng.normal(true_slope, error * true_scatter / scatter)
    t = slope / (error * true_scatter / scatter * np.sqrt(rng.chisquare(df, count) / df))
    limit = stats.t.ppf(0.975, df)
    low, high = sure(found["replicated"])
    assert low - 0.005 <= float((t < -limit).mean()) <= high + 0.005
    for name, rank in (("05", 0.05), ("50", 0.5), ("95", 0.95)):
        p = 2 * stats.t.sf(np.abs(t), df)
        below = float((p <= found[f"replication_{name}"].value).mean())
        assert below == pytest.approx(rank, abs=0.015)
    assert found["replication_95"].value > found["p_95"].value  # wider than were the line the truth
    assert found["replication_05"].value < found["p_05"].value


@pytest.mark.usefixtures("short")
def test_a_hundred_times_the_worlds_make_the_band_ten_times_narrower() -> None:
    def width(worlds: int) -> float:
        fact = facts(scatter=1.5, worlds=worlds)["p_value"]
        assert fact.low is not None
        assert fact.high is not None
        return fact.high - fact.low

    assert width(1000) / width(100_000) == pytest.approx(10, rel=0.2)


@pytest.mark.usefixtures("short")
def test_the_stream_ends_at_the_facts() -> None:
    stream = events(scatter=0.8, worlds=5000)
    assert isinstance(stream[-1], Result)
    last = {event.series: event for event in stream if isinstance(event, Metric)}
    found = {fact.name: fact for fact in stream[-1].facts}
    p = found["p_value"]
    assert last["p"] == Metric(5000, "p", p.value, p.low, p.high)
    bins = [event for event in stream if isinstance(event, Metric) and event.series == "chance"]
    bins = bins[-null.BINS :]
    assert sum(metric.value for metric in bins) == pytest.approx(1, abs=0.01)
    assert last["observed"].step == pytest.approx(found["t"].value)
    assert last["exact p"].value == found["p_exact"].value
    assert min(m.step for m in bins) < last["observed"].step < max(m.step for m in bins)


def test_memory_is_bounded_however_many_the_worlds() -> None:
    x = torch.from_numpy(null.temperatures(1000))
    generator = torch.Generator().manual_seed(0)
    assert next(null.draw_noise(100_000_000, x, generator)).numel() <= null.CPU


@pytest.mark.slow
def test_a_million_worlds_at_the_defaults() -> None:
    found = facts()
    assert holds(found["p_value"], 2 * stats.t.sf(abs(found["t"].value), 98))
    assert found["p_value"].high < 0.001  # so the first choice is right
    assert found["permutation_p"].low <= found["p_value"].high
    assert found["permutation_p"].high >= found["p_value"].low


def told(**knobs: Value) -> tuple[str, ...]:
    values = DEFAULTS | knobs
    return true_of(null.LESSON.meaning, tuple(facts(**knobs).values()), values)


def test_what_it_means_follows_the_facts() -> None:
    @cache
    def meaning(**knobs: Value) -> tuple[str, ...]:
        return told(worlds=30_000, **knobs)

    def says(words: str, **knobs: Value) -> bool:
        return any(words in text for text in meaning(**knobs))

    assert says("hardly ever")
    assert not says("hardly ever", scatter=0.8)
    assert says("rarely, but it does", scatter=0.8)
    assert says("does not show that there is no relation", n=10, scatter=0.8)
    for words in ("most such studies would not", "too steep", "wrong sign"):
        assert says(words, n=10, scatter=0.8)
        assert not says(words)
    assert says("nothing to find", slope=0.0)
    assert not says("nothing to find")


@pytest.mark.usefixtures("short")
def test_where_p_is_too_small_or_1_the_meaning_says_so() -> None:
    tiny = " ".join(told(n=1000, slope=-0.1, scatter=0.1, worlds=1000))
    assert "in fewer than" in tiny
    assert "nine cases of ten" not in tiny  # both ends would be the least number there is
    assert "nine cases of ten" in " ".join(told(worlds=1000))
    level = " ".join(told(slope=0.0, worlds=1000))
    assert "in every chance world" in level
    assert "tilts a line this much" not in level


@pytest.mark.usefixtures("short")
def test_one_sentence_on_p_is_true_even_where_the_count_leaves_it_open() -> None:
    found = facts(n=100, scatter=0.68, worlds=1000)
    assert found["p_value"].low < 0.01 < found["p_value"].high
    texts = told(n=100, scatter=0.68, worlds=1000)
    assert sum("Chance alone" in text for text in texts) == 1
