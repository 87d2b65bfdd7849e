"""approximate: side by side each network is one of its own, and lines draw lines."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import pytest
import torch
from torch import nn

from lessons import approximate
from studyapp.lab.protocol import Fact, LessonEvent, Metric, Progress, Result, Value
from studyapp.lab.seeds import generators
from studyapp.lab.wording import true_of

DEFAULTS = {knob.name: knob.default for knob in approximate.LESSON.knobs}
SMALL = {"steps": 100, "seeds": 2}
ENDS = [
    (knob.name, end)
    for knob in approximate.LESSON.knobs
    for end in knob.choices or (knob.low, knob.high)
]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Few looks; and one thread, for with more they wait for each other on a busy machine."""
    monkeypatch.setattr(approximate, "LOOKS", 2)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def events(seed: int = 0, **knobs: Value) -> list[LessonEvent]:
    return list(approximate.run(DEFAULTS | knobs, "cpu", seed))


def facts(**knobs: Value) -> dict[str, Fact]:
    result = events(**knobs)[-1]
    assert isinstance(result, Result)
    return {fact.name: fact for fact in result.facts}


def told(found: dict[str, Fact], **knobs: Value) -> str:
    return " ".join(true_of(approximate.LESSON.meaning, tuple(found.values()), DEFAULTS | knobs))


@pytest.mark.parametrize(("name", "end"), ENDS)
def test_every_knob_works_at_both_ends(name: str, end: Value) -> None:
    if name in ("steps", "seeds"):
        end = min(int(end), {"steps": 120, "seeds": 8}[name])
    stream = events(**(SMALL | {name: end}))
    assert isinstance(stream[-1], Result)
    found = {fact.name: fact for fact in stream[-1].facts}
    assert all(math.isfinite(fact.value) for fact in found.values())
    assert approximate.LESSON.question.fact in found
    steps = int((SMALL | {name: end})["steps"])
    done = [event.done for event in stream if isinstance(event, Progress)]
    assert done == list(range(steps + 1))
    series = {event.series for event in stream if isinstance(event, Metric)}
    assert len(series) == len(approximate.WIDTHS) + 3
    for name in ("curve", "8 units", "64 units"):
        places = [e.step for e in stream if isinstance(e, Metric) and e.series == f"drawn: {name}"]
        assert places == sorted(places)
        assert (places[0], places[-1]) == (-approximate.REACH, approximate.REACH)


def test_the_same_seed_gives_the_same_events_and_another_does_not() -> None:
    first = events(seed=3, **SMALL)
    assert events(seed=3, **SMALL) == first
    assert events(seed=4, **SMALL) != first


@pytest.mark.parametrize("relu", [True, False])
def test_each_network_is_a_plain_one_that_learns_as_if_it_stood_alone(relu: bool) -> None:
    together = approximate.Networks(generators(5, 2), relu)
    width, at = 4, 1 + 2  # its units stand after those of 1 and 2
    alone = nn.Sequential(
        nn.Linear(1, width), nn.ReLU() if relu else nn.Identity(), nn.Linear(width, 1)
    )
    with torch.no_grad():
        own = slice(at, at + width)
        alone[0].weight.copy_(together.slopes[1, own, None])
        alone[0].bias.copy_(together.shifts[1, own])
        alone[2].weight.copy_(together.weights[1, None, own])
        alone[2].bias.copy_(together.heights[1, 2:3])
    x = approximate.inside()
    y = approximate.curve(x, 2)
    adams = [torch.optim.Adam(net.parameters(), 0.01) for net in (together, alone)]
    for _ in range(10):
        losses = (
            approximate.squares(together(x), y).sum(),
            (alone(x[:, None])[:, 0] - y).square().mean(),
        )
        for adam, loss in zip(adams, losses, strict=True):
            adam.zero_grad()
            loss.backward()
            adam.step()
    assert torch.allclose(together(x)[1, :, 2], alone(x[:, None])[:, 0], atol=1e-5)


def test_starts_are_those_of_a_linear_layer() -> None:
    networks = approximate.Networks(generators(1, 400), relu=True)
    at = 0
    for index, width in enumerate(approximate.WIDTHS):
        own = slice(at, at + width)
        bound = width**-0.5
        for drawn, most in (
            (networks.slopes[:, own], 1),
            (networks.weights[:, own], bound),
            (networks.heights[:, index], bound),
        ):
            assert drawn.abs().max().item() == pytest.approx(most, rel=0.05)
            assert drawn.mean().item() == pytest.approx(0, abs=0.15 * most)
        at += width
    assert at == networks.own.shape[0]
    few = approximate.Networks(generators(1, 3), relu=True)
    assert torch.equal(networks.weights[:3], few.weights)


def test_the_curve_and_the_best_line_are_as_a_formula_says() -> None:
    x = approximate.inside()
    assert (x[0], x[-1], len(x)) == (-1, 1, approximate.POINTS)
    for waves in (1, 2, 4):
        y = approximate.curve(x, waves).numpy()
        line = np.polynomial.Polynomial.fit(x.numpy(), y, 1)
        miss = float(np.sqrt(np.mean((y - line(x.numpy())) ** 2)))
        assert approximate.line_miss(x, torch.from_numpy(y)) == pytest.approx(miss, abs=1e-6)
        assert ((y[:-1] < 0) & (y[1:] >= 0)).sum() >= waves - 1
    assert approximate.line_miss(x, approximate.curve(x, 0)) == 0
    beyond = approximate.outside()
    assert len(beyond) == approximate.POINTS
    assert beyond.abs().min() > 1
    assert beyond.abs().max() == approximate.REACH


def test_what_is_needed_is_the_smallest_width_that_is_close_or_else_128() -> None:
    misses = torch.full((6, 7), 0.5)
    misses[:5, 3] = 0.05  # 8 units
    misses[0, 1] = 0.09  # 2 units
    found = {fact.name: fact for fact in approximate.facts(misses, misses, 0.6)}
    needed = found["units_needed"]
    assert (needed.low, needed.value, needed.high) == (2, 8, 128)
    assert found["close_8"].value == pytest.approx(5 / 6)
    assert found["close_64"].value == 0


def test_the_words_are_those_of_the_outcome() -> None:
    near, far = torch.full((6, 7), 0.05), torch.full((6, 7), 2.0)

    def said(misses: torch.Tensor, off: torch.Tensor, **knobs: Value) -> str:
        found = {fact.name: fact for fact in approximate.facts(misses, off, 0.6)}
        return told(found, **knobs)

    assert "Half of the starts took" in said(near, far)
    assert "goes straight on" in said(near, far)
    assert "to go straight on is right" in said(near, near, waves=0)
    assert "A theorem says" in said(far, far)
    assert "A theorem says" not in said(far, far, activation="none")
    assert "is a straight line, however many" in said(far, far, activation="none")


def test_without_an_activation_any_number_of_units_is_the_best_line() -> None:
    found = facts(activation="none", steps=250, seeds=6)
    assert found["miss_64"].value == pytest.approx(found["miss_line"].value, abs=0.01)
    assert found["units_needed"].value == 128
    words = told(found, activation="none")
    assert "is a straight line, however many" in words
    assert "A theorem" not in words


def test_more_units_miss_by_less_and_outside_none_is_right() -> None:
    found = facts(waves=1, steps=200, seeds=6)
    assert found["miss_64"].value < 0.1 < found["miss_2"].value
    assert found["outside_64"].value > 5 * found["miss_64"].value
    line = facts(waves=0, steps=200, seeds=6)
    assert line["miss_8"].value < 0.1
    assert line["outside_64"].value < 0.3


def test_there_is_always_a_next_thing_to_try() -> None:
    for knob in approximate.LESSON.knobs:
        for end in knob.choices or (knob.low, knob.high):
            assert true_of(approximate.LESSON.next, (), DEFAULTS | {knob.name: end})
