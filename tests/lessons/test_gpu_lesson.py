"""gpu: every way gives the same product, and times become rates, ratios and words."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping

import pytest
import torch

from lessons import gpu
from studyapp.lab.protocol import Fact, LessonEvent, Metric, Progress, Remark, Result, Value
from studyapp.lab.wording import true_of

DEFAULTS = {knob.name: knob.default for knob in gpu.LESSON.knobs}
ENDS = [(knob.name, end) for knob in gpu.LESSON.knobs for end in (knob.low, knob.high)]
STAND_IN = "cpu:0"  # a device that is not called "cpu", and is there on every machine
# A product of n × n takes a call and n³ calculations: seconds of each.
COSTS = {
    gpu.PYTHON: (0.0, 1e-7),
    gpu.CPU: (2e-6, 1e-11),
    gpu.GPU: (1e-5, 1e-13),
    gpu.COPIED: (1e-4, 1e-12),
}


@pytest.fixture
def costs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is timed: a measurement takes what COSTS say, the first in a round thrice that."""

    def ways(
        a: torch.Tensor, _: torch.Tensor, device: str, in_python: bool
    ) -> dict[str, Callable[[], int]]:
        names = [gpu.CPU, *([gpu.PYTHON] if in_python else [])]
        return {name: lambda: len(a) for name in (COSTS if device != "cpu" else names)}

    def measure(
        found: Mapping[str, Callable[[], int]], takes: int, _: str
    ) -> Iterator[dict[str, float]]:
        for take in range(takes):
            slow = 3.0 if take % gpu.TAKES == 0 else 1.0
            times = {name: COSTS[name][0] + n() ** 3 * COSTS[name][1] for name, n in found.items()}
            yield {name: slow * each for name, each in times.items()}

    monkeypatch.setattr(gpu, "ways", ways)
    monkeypatch.setattr(gpu, "measure", measure)


def events(device: str = "cpu", **knobs: Value) -> list[LessonEvent]:
    return list(gpu.run(DEFAULTS | {"rounds": 6} | knobs, device, 0))


def facts(device: str = "cpu", **knobs: Value) -> dict[str, Fact]:
    result = events(device, **knobs)[-1]
    assert isinstance(result, Result)
    return {fact.name: fact for fact in result.facts}


def told(found: dict[str, Fact], **knobs: Value) -> str:
    return " ".join(true_of(gpu.LESSON.meaning, tuple(found.values()), DEFAULTS | knobs))


@pytest.mark.usefixtures("costs")
@pytest.mark.parametrize(("name", "end"), ENDS)
def test_every_knob_works_at_both_ends(name: str, end: Value) -> None:
    stream = events(**({"large": 256} | {name: end}))
    result = stream[-1]
    assert isinstance(result, Result)
    found = {fact.name: fact for fact in result.facts}
    assert gpu.LESSON.question.fact in found
    for fact in found.values():
        assert math.isfinite(fact.value)
        assert fact.method == "census" or fact.low <= fact.value <= fact.high
    done = [event for event in stream if isinstance(event, Progress)]
    assert done[-1].done == done[-1].total


@pytest.mark.parametrize("device", ["cpu", STAND_IN])
def test_every_way_gives_the_same_product(device: str) -> None:
    a, b = (torch.randn(7, 7, generator=torch.Generator().manual_seed(seed)) for seed in (1, 2))
    found = gpu.ways(a, b, device, in_python=True)
    on_gpu = {gpu.GPU, gpu.COPIED} if device != "cpu" else set()
    assert set(found) == {gpu.PYTHON, gpu.CPU} | on_gpu
    for product in found.values():
        assert torch.allclose(torch.as_tensor(product()), a @ b, atol=1e-5)
    assert gpu.PYTHON not in gpu.ways(a, b, device, in_python=False)


def test_the_ways_take_turns_once_each_is_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []

    def seconds(product: gpu.Product, count: int, _: str) -> float:
        assert count == 1  # as a product takes longer than a measurement has to
        product()
        return 1.0

    monkeypatch.setattr(gpu, "seconds", seconds)
    found = {name: lambda name=name: made.append(name) for name in (gpu.PYTHON, gpu.CPU)}
    assert list(gpu.measure(found, 3, "cpu")) == [{gpu.PYTHON: 1.0, gpu.CPU: 1.0}] * 3
    assert made[4:] == [gpu.PYTHON, gpu.CPU] * 3


def test_what_is_short_is_measured_often_enough_to_last(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(gpu, "seconds", lambda _, count, __: asked.append(count) or gpu.LONG / 40.5)
    list(gpu.measure({gpu.CPU: lambda: None}, 1, "cpu"))
    assert asked == [1, 41]


def test_all_ways_are_measured_for_as_long_as_the_slowest_takes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = []

    def seconds(product: gpu.Product, count: int, _: str) -> float:
        asked.append(count)
        return 5.0 if product() else 0.5

    monkeypatch.setattr(gpu, "seconds", seconds)
    list(gpu.measure({gpu.CPU: lambda: False, gpu.PYTHON: lambda: True}, 2, "cpu"))
    assert asked == [1, 1, 10, 1, 10, 1]


@pytest.mark.usefixtures("costs")
def test_rates_and_ratios_are_of_the_shortest_measurement_of_a_round() -> None:
    found = facts()
    python, call, each = 100**3 * 1e-7, 2e-6, 1e-11
    assert found["python_rate"].value == pytest.approx(2 * 100**3 / python / 1e9)
    assert found["speedup"].value == pytest.approx(python / (call + 100**3 * each))
    assert found["small_rate"].value == pytest.approx(2 * 4**3 / (call + 4**3 * each) / 1e9)
    assert found["large_rate"].value == pytest.approx(2 * 1024**3 / (call + 1024**3 * each) / 1e9)
    assert {found[name].n for name in found if name != "gpus"} == {6}


@pytest.mark.usefixtures("costs")
def test_without_a_gpu_nothing_is_told_of_one() -> None:
    stream = events()
    found = facts()
    assert (found["gpus"].value, found["gpus"].method) == (0, "census")
    assert not {name for name in found if name.startswith("gpu_")}
    assert "nothing was measured of one" in told(found)
    assert [e.text for e in stream if isinstance(e, Remark)] == [
        "No GPU is used: nothing is told of one."
    ]
    assert {e.series for e in stream if isinstance(e, Metric)} == {
        f"rate: {name}" for name in (gpu.PYTHON, gpu.CPU)
    }


@pytest.mark.usefixtures("costs")
def test_a_gpu_wins_where_there_is_much_to_do_and_loses_where_there_is_little() -> None:
    found = facts(STAND_IN)
    assert found["gpus"].value == 1
    assert found["gpu_speedup"].value > found["gpu_copied_speedup"].value > 1
    assert found["gpu_small_speedup"].value < 1
    texts = told(found)
    assert "if they have to be brought there" in texts
    assert "the GPU loses" in texts
    assert "nothing was measured" not in texts


@pytest.mark.usefixtures("costs")
def test_the_smallest_product_is_faster_in_python() -> None:
    assert "Python is faster" in told(facts(small=1), small=1)
    assert "Python is faster" not in told(facts())


@pytest.mark.usefixtures("costs")
def test_the_curves_are_drawn_by_the_power_of_two_and_python_stops_where_it_is_asked_to() -> None:
    points = [e for e in events(size=100, large=256) if isinstance(e, Metric)]
    steps = {name: [p.step for p in points if p.series == f"rate: {name}"] for name in COSTS}
    assert steps[gpu.CPU] == pytest.approx([0, 1, 2, 3, 4, 5, 6, math.log2(100), 7, 8])
    assert steps[gpu.PYTHON] == pytest.approx([0, 1, 2, 3, 4, 5, 6, math.log2(100)])


def test_the_choices_leave_no_ratio_open() -> None:
    edges = [(choice.low, choice.high) for choice in gpu.LESSON.question.choices]
    assert edges[0][0] is None
    assert edges[-1][1] is None
    assert [high for _, high in edges[:-1]] == [low for low, _ in edges[1:]]


@pytest.mark.slow
def test_a_real_run_of_small_products_ends_with_facts() -> None:
    found = facts(size=16, large=64)
    assert found["speedup"].value > 1
    assert all(fact.value > 0 for name, fact in found.items() if name != "gpus")
