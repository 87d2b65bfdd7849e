"""time: each way to judge the model knows what it may, and they differ as they should."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import pytest
import torch

from lessons import time
from studyapp.lab.protocol import Fact, LessonEvent, Metric, Progress, Result, Value
from studyapp.lab.seeds import generators
from studyapp.lab.wording import true_of

DEFAULTS = {knob.name: knob.default for knob in time.LESSON.knobs}
ENDS = [(knob.name, end) for knob in time.LESSON.knobs for end in (knob.low, knob.high)]


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """As the app does on two cores: with more, threads wait for each other on a busy machine."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "KNOWN", 60)
    monkeypatch.setattr(time, "HELD_OUT", 12)


def events(seed: int = 0, **knobs: Value) -> list[LessonEvent]:
    return list(time.run(DEFAULTS | {"seeds": 20} | knobs, "cpu", seed))


def facts(seed: int = 0, **knobs: Value) -> dict[str, Fact]:
    result = events(seed, **knobs)[-1]
    assert isinstance(result, Result)
    return {fact.name: fact for fact in result.facts}


def told(found: dict[str, Fact], **knobs: Value) -> str:
    return " ".join(true_of(time.LESSON.meaning, tuple(found.values()), DEFAULTS | knobs))


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize(("name", "end"), ENDS)
def test_every_knob_works_at_both_ends(name: str, end: Value) -> None:
    stream = events(**{name: end} | ({"ahead": 2} if end == 2048 else {}))
    result = stream[-1]
    assert isinstance(result, Result)
    for fact in result.facts:
        assert math.isfinite(fact.value)
        if fact.low is not None and fact.high is not None:
            assert fact.low <= fact.high
        assert (fact.low is None) == (fact.n == 1)
    seeds = int((DEFAULTS | {"seeds": 20, name: end})["seeds"])
    assert [e for e in stream if isinstance(e, Progress)][-1] == Progress(seeds, seeds)
    assert time.LESSON.question.fact in {fact.name for fact in result.facts}


@pytest.mark.usefixtures("short")
def test_the_same_seed_gives_the_same_events_whatever_runs_beside_it() -> None:
    first = events(seed=3)
    torch.set_num_threads(2)
    assert events(seed=3) == first
    assert events(seed=4) != first
    many, one = (time.draw(0.5, 1.0, generators(3, count)) for count in (70, 1))
    together, alone = (time.judge(series, 2, 9)[0] for series in (many, one))
    assert [way[:1].tolist() for way in together] == [way.tolist() for way in alone]


def test_the_choices_leave_no_ratio_open() -> None:
    edges = [(choice.low, choice.high) for choice in time.LESSON.question.choices]
    assert edges[0][0] is None
    assert edges[-1][1] is None
    assert [high for _, high in edges[:-1]] == [low for low, _ in edges[1:]]


def test_a_day_is_said_to_be_as_the_nearest_known_ones_are() -> None:
    y = torch.tensor([[0.0, 1.0, 2.0, 3.0, 10.0, 20.0]])
    known, asked = torch.tensor([[4, 0, 3, 1]]), torch.tensor([[2, 5, 0]])
    # Of day 2 the days 1 and 3 are equally near: the earlier one counts as nearer.
    assert time.predict(y, known, asked, 1).tolist() == [[1.0, 10.0, 0.0]]
    assert time.predict(y, known, asked, 2).tolist() == [[2.0, 6.5, 0.5]]


@pytest.mark.usefixtures("short")
def test_each_way_knows_only_what_it_may() -> None:
    series = time.draw(0.9, 1.0, generators(1, 2))
    ways, _, _ = time.judge(series, 3, 7)
    y, order = series.y.numpy(), series.order.numpy()

    def miss(row: int, known: np.ndarray, asked: np.ndarray) -> list[float]:
        found = []
        for day in sorted(asked):
            near = sorted(known, key=lambda other: (abs(other - day), other))[:3]
            found.append(abs(np.mean([y[row, other] for other in near]) - y[row, day]))
        return found

    for row in range(2):
        expected = (
            miss(row, order[row, 12:], order[row, :12]),
            miss(row, np.arange(48), np.arange(48, 60)),
            miss(row, np.arange(60), np.arange(60, 67)),
        )
        for way, values in zip(ways, expected, strict=True):
            assert way[row].tolist() == pytest.approx(values, abs=1e-5)


def test_the_series_are_what_the_knobs_say() -> None:
    y = time.draw(0.8, 0.0, generators(2, 60)).y
    assert float(y.var()) == pytest.approx(1, abs=0.1)
    assert float((y[:, 1:] * y[:, :-1]).mean()) == pytest.approx(0.8, abs=0.1)
    season = time.draw(0.8, 2.0, generators(2, 60)).y - y  # the same noise below it
    assert float(season.max()) == pytest.approx(2, abs=0.01)
    assert torch.allclose(season[:, 60:], season[:, :-60], atol=1e-4)
    assert float(season[:, 0].std()) > 1  # no two begin at the same height


@pytest.mark.usefixtures("short")
def test_the_plots_show_one_series_and_misses_by_how_far_ahead() -> None:
    stream = events(ahead=5)
    assert isinstance(stream[-1], Result)
    points = [event for event in stream if isinstance(event, Metric)]
    assert [p.step for p in points if p.series == "miss: future"] == [1, 2, 3, 4, 5]
    split = [p for p in points if p.series == "miss: random split"]
    found = {fact.name: fact for fact in stream[-1].facts}["random_miss"]
    assert [p.value for p in split] == pytest.approx([found.value] * 2, rel=1e-5)
    forecast = [p.step for p in points if p.series == "one series: forecast"]
    assert forecast == [60, 61, 62, 63, 64]
    assert all(10 <= p.step < 60 for p in points if p.series == "one series: filled in")
    assert [p.step for p in points if p.series == "one series: true"] == list(range(10, 65))


def test_a_random_split_is_too_kind_and_white_noise_gives_nothing_away() -> None:
    found = facts(seeds=128)
    assert found["ratio"].low > 3.5
    assert found["ratio"].high < 5.5
    assert "too kind" in told(found)
    white = facts(seeds=64, ar=0.0, season=0.0)
    low, high = white["ratio"].low, white["ratio"].high
    assert low < 1 < high or abs(white["ratio"].value - 1) < 2 * (high - low)
    assert "no day has anything to do" in told(white, ar=0.0, season=0.0)
    near = facts(seeds=64, ahead=10)
    assert near["stretch_ratio"].high < 0.8
    assert "too severe" in told(near, ahead=10)


@pytest.mark.slow
def test_a_stretch_as_long_as_the_future_tells_the_truth() -> None:
    assert facts(seeds=1024, ahead=80)["stretch_ratio"].value == pytest.approx(1, abs=0.06)
    found = facts(seeds=1024)
    assert found["ratio"].low < 4.3
    assert found["ratio"].high > 4.1
    assert 0.97 < facts(seeds=1024, ar=0.0, season=0.0)["ratio"].value < 1.03
