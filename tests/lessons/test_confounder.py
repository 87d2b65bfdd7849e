"""confounder: its regressions are numpy's, its shares the noncentral t's, its slopes algebra's."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cache

import numpy as np
import pytest
import torch
from scipy import stats

from lessons import confounder
from studyapp.lab.interval import clopper_pearson
from studyapp.lab.protocol import Fact, LessonEvent, Metric, Progress, Result, Value
from studyapp.lab.wording import true_of

DEFAULTS = {knob.name: knob.default for knob in confounder.LESSON.knobs}
SMALL = {"n": 12, "studies": 1000}
ENDS = [
    (knob.name, end)
    for knob in confounder.LESSON.knobs
    for end in knob.choices or (knob.low, knob.high)
]
SURE = 0.9999  # so that another machine's random numbers do not fail a test by bad luck


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Few points of a curve; and one thread, for with more they wait for each other."""
    monkeypatch.setattr(confounder, "POINTS", 4)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def events(seed: int = 0, **knobs: Value) -> list[LessonEvent]:
    return list(confounder.run(DEFAULTS | knobs, "cpu", seed))


@cache
def facts(**knobs: Value) -> dict[str, Fact]:
    result = events(**({"studies": 6000} | knobs))[-1]
    assert isinstance(result, Result)
    return {fact.name: fact for fact in result.facts}


def told(**knobs: Value) -> str:
    found = tuple(facts(**knobs).values())
    return " ".join(true_of(confounder.LESSON.meaning, found, DEFAULTS | knobs))


def share_holds(fact: Fact, expected: float) -> bool:
    _, low, high = clopper_pearson(round(fact.value * fact.n), fact.n, SURE)
    return low <= expected <= high


@pytest.mark.parametrize(("name", "end"), ENDS)
def test_every_knob_works_at_both_ends(name: str, end: Value) -> None:
    if name == "studies":
        end = min(int(end), 2000)  # a million are for a GPU
    stream = events(**(SMALL | {name: end}))
    assert isinstance(stream[-1], Result)
    for fact in stream[-1].facts:
        assert fact.low is not None
        assert fact.high is not None
        assert -math.inf < fact.low <= fact.value <= fact.high < math.inf
    studies = int((DEFAULTS | SMALL | {name: end})["studies"])
    progress = [event for event in stream if isinstance(event, Progress)]
    assert (progress[0].done, progress[-1]) == (0, Progress(studies, studies))
    assert len(progress) > confounder.POINTS


def test_the_same_seed_gives_the_same_events_and_another_does_not() -> None:
    first = events(seed=3, **SMALL)
    assert events(seed=3, **SMALL) == first
    assert events(seed=4, **SMALL) != first


@pytest.mark.parametrize("third", ["confounder", "collider"])
def test_each_regression_is_the_one_of_linear_algebra(third: str) -> None:
    knobs = DEFAULTS | {"third": third, "noise": 0.5}
    cities = confounder.draw((8, 15), knobs, torch.Generator().manual_seed(1))
    cities = confounder.Cities(*(each.double() for each in cities))
    columns = {
        "alone": (cities.temperature,),
        "adjusted": (cities.temperature, cities.third),
        "randomised": (cities.dealt,),
    }
    for way, (slopes, ts) in confounder.fits(cities).items():
        for study in range(8):
            x = np.column_stack([np.ones(15), *(each[study].numpy() for each in columns[way])])
            y = cities.r[study].numpy()
            best, rest, _, _ = np.linalg.lstsq(x, y)
            covariance = np.linalg.inv(x.T @ x) * rest[0] / (15 - x.shape[1])
            assert slopes[study].item() == pytest.approx(best[1])
            assert ts[study].item() == pytest.approx(best[1] / covariance[1, 1] ** 0.5)


@pytest.mark.parametrize("third", ["confounder", "collider"])
def test_the_world_is_as_the_knobs_say(third: str) -> None:
    knobs = DEFAULTS | {"third": third, "r": 0.8}
    cities = confounder.draw((100, 1000), knobs, torch.Generator().manual_seed(1))
    found = np.corrcoef([each.flatten().numpy() for each in cities])
    pull = confounder.PULL / (1 + confounder.PULL**2) ** 0.5  # as a correlation
    expected = np.eye(4)
    expected[0, 2] = expected[2, 0] = 0.8
    expected[1, 2] = expected[2, 1] = pull if third == "confounder" else 0.6 * pull
    expected[0, 1] = expected[1, 0] = 0.8 * pull if third == "confounder" else 0
    assert found == pytest.approx(expected, abs=0.015)


def expected_share(n: int, slope: float, rest: float) -> float:
    """How often a slope is significant whose temperatures are drawn anew in each study."""
    limit = stats.t.ppf(0.975, n - 2)
    squares = stats.chi2(n - 1).ppf((np.arange(100) + 0.5) / 100)  # Σ(x - mean)², evenly
    shift = slope * np.sqrt(squares) / rest
    beyond = stats.nct.sf(limit, n - 2, shift) + stats.nct.cdf(-limit, n - 2, shift)
    return float(beyond.mean())


@pytest.mark.parametrize(("n", "r"), [(100, 0.6), (20, 0.9), (100, 0.0)])
def test_a_confounder_misleads_as_often_as_the_formula_says_and_adjusting_mends_it(
    n: int, r: float
) -> None:
    found = facts(n=n, r=r)
    slope = confounder.PULL * r
    rest = (1 + confounder.PULL**2 - slope**2) ** 0.5
    assert share_holds(found["share_alone"], expected_share(n, slope, rest))
    assert share_holds(found["share_adjusted"], 0.05)
    assert share_holds(found["share_randomised"], 0.05)
    assert found["slope_alone"].value == pytest.approx(slope, abs=0.015)
    assert found["slope_adjusted"].value == pytest.approx(0, abs=0.015)
    assert found["looks_causal"].value == found["share_alone"].value


def test_at_the_defaults_most_studies_are_misled() -> None:
    assert share_holds(facts()["share_alone"], 0.7773)  # by an integral over the temperatures
    assert "the association is real" in told()
    assert "sinks to" in told()
    assert "only partly" not in told()
    assert "neither leaving it out" in told(r=0.0)
    assert "the association is real" not in told(r=0.0)


def test_a_confounder_that_is_measured_with_error_is_adjusted_for_only_partly() -> None:
    found = facts(noise=1.0, adjust="yes")
    # The slope of R on temperature and measured third, from their variances and covariances.
    expected = np.linalg.solve([[1, 0.6], [0.6, 2]], [0.3, 0.5])[0]
    assert found["slope_adjusted"].value == pytest.approx(expected, abs=0.015)
    assert found["looks_causal"].value == found["share_adjusted"].value
    assert 0.25 < found["looks_causal"].value < 0.5
    assert "only partly" in told(noise=1.0, adjust="yes")


def test_adjusting_for_a_collider_makes_an_association() -> None:
    found = facts(third="collider", adjust="yes")
    assert share_holds(found["share_alone"], 0.05)
    assert found["looks_causal"].low is not None
    assert found["looks_causal"].low > 0.75
    assert found["slope_adjusted"].high is not None
    assert found["slope_adjusted"].high < -0.3
    assert "that was not there" in told(third="collider", adjust="yes")


def test_the_stream_ends_at_the_facts() -> None:
    stream = events(adjust="yes", **SMALL)
    assert isinstance(stream[-1], Result)
    found = {fact.name: fact for fact in stream[-1].facts}
    last = {event.series: event for event in stream if isinstance(event, Metric)}
    for way in confounder.WAYS:
        fact = found[f"share_{way}"]
        assert last[way] == Metric(1000, way, fact.value, fact.low, fact.high)
    bars = [event for event in stream if isinstance(event, Metric) and event.series == "slopes"]
    bars = bars[-confounder.BINS :]
    assert 0.9 < sum(bar.value for bar in bars) <= 1 + 1e-9  # a few slopes lie beyond the edges
    middle = sum(bar.step * bar.value for bar in bars)
    assert middle == pytest.approx(found["slope_adjusted"].value, abs=0.03)
    assert last["true effect"].step == 0


def test_there_is_always_a_next_thing_to_try() -> None:
    for third in ("confounder", "collider"):
        for adjust in ("no", "yes"):
            for r in (0.0, 0.6):
                knobs = DEFAULTS | {"third": third, "adjust": adjust, "r": r}
                assert true_of(confounder.LESSON.next, (), knobs), knobs
