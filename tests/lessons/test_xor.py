"""xor: each start learns as if it stood alone, and what can be done by hand is not always found."""

from __future__ import annotations

import math
from collections.abc import Iterator

import pytest
import torch
from torch import nn

from lessons import xor
from studyapp.lab.protocol import Fact, LessonEvent, Metric, Progress, Result, Value
from studyapp.lab.seeds import generators
from studyapp.lab.wording import true_of

DEFAULTS = {knob.name: knob.default for knob in xor.LESSON.knobs}
SMALL = {"steps": 20, "seeds": 3}
ENDS = [
    (knob.name, end) for knob in xor.LESSON.knobs for end in knob.choices or (knob.low, knob.high)
]


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """As the app does on two cores: with more, threads wait for each other on a busy machine."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def events(seed: int = 0, **knobs: Value) -> list[LessonEvent]:
    return list(xor.run(DEFAULTS | knobs, "cpu", seed))


def facts(**knobs: Value) -> dict[str, Fact]:
    result = events(**knobs)[-1]
    assert isinstance(result, Result)
    return {fact.name: fact for fact in result.facts}


def told(found: dict[str, Fact], **knobs: Value) -> str:
    return " ".join(true_of(xor.LESSON.meaning, tuple(found.values()), DEFAULTS | knobs))


@pytest.mark.parametrize(("name", "end"), ENDS)
def test_every_knob_works_at_both_ends(name: str, end: Value) -> None:
    if name in ("steps", "seeds"):
        end = min(int(end), 30)
    stream = events(**(SMALL | {name: end}))
    assert isinstance(stream[-1], Result)
    found = {fact.name: fact for fact in stream[-1].facts}
    assert all(math.isfinite(fact.value) for fact in found.values())
    alone = (name, end) == ("seeds", 1)
    assert (found["solved"].low is None) == alone
    unsolved = found["stuck"].value + found["on_the_way"].value
    assert unsolved == pytest.approx(1 - found["solved"].value)
    assert ("by_hand" in found) == (end not in ("and", "or"))
    steps = int((SMALL | {name: end})["steps"])
    done = [event.done for event in stream if isinstance(event, Progress)]
    assert done == list(range(steps + 1))
    metrics = [event for event in stream if isinstance(event, Metric)]
    curve = [event for event in metrics if event.series == "solved"]
    assert (curve[0].step, curve[-1].step) == (0, steps)
    assert (curve[0].low is None) == alone
    bars = [event for event in metrics if event.series == "cases right"]
    assert [bar.step for bar in bars] == [4, 3, 2, 1, 0]
    assert sum(bar.value for bar in bars) == pytest.approx(1)


def test_the_same_seed_gives_the_same_events_and_another_does_not() -> None:
    first = events(seed=3, **SMALL)
    assert events(seed=3, **SMALL) == first
    assert events(seed=4, **SMALL) != first


def test_a_start_comes_out_the_same_however_many_run_beside_it() -> None:
    def scores(seeds: int) -> torch.Tensor:
        return xor.start(3, "tanh", generators(0, seeds), "cpu")(torch.tensor(xor.CORNERS))

    assert torch.equal(scores(1), scores(5)[:1])


@pytest.mark.parametrize("hidden", [0, 3])
def test_each_start_learns_as_plain_torch_would(
    hidden: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    networks = xor.start(hidden, "tanh", generators(5, 2), "cpu")
    sizes = [(2, hidden), (hidden, 1)] if hidden else [(2, 1)]
    layers = [nn.Linear(*size) for size in sizes]
    alone = nn.Sequential(*layers[:1], *[nn.Tanh(), *layers[1:]][: 2 * bool(hidden)])
    with torch.no_grad():
        for layer, weight, shift in zip(
            layers, networks.weights[::2], networks.weights[1::2], strict=True
        ):
            layer.weight.copy_(weight[1].T)
            layer.bias.copy_(shift[1, 0])
    # The lesson's own loop, which takes the networks that it is given.
    monkeypatch.setattr(xor, "start", lambda *_: networks)
    list(xor.run(DEFAULTS | {"hidden": hidden, "steps": 12, "seeds": 2}, "cpu", 5))
    x, truth = torch.tensor(xor.CORNERS), torch.tensor(xor.GATES["xor"])
    for _ in range(12):
        loss = nn.functional.binary_cross_entropy_with_logits(alone(x)[:, 0], truth)
        own = list(alone.parameters())
        with torch.no_grad():
            for parameter, gradient in zip(own, torch.autograd.grad(loss, own), strict=True):
                parameter -= 0.5 * gradient
    assert torch.allclose(networks(x)[1], alone(x)[:, 0], atol=1e-5)


def test_starts_are_those_of_a_linear_layer() -> None:
    networks = xor.start(8, "tanh", generators(1, 300), "cpu")
    for weight, inputs in zip(networks.weights, (2, 2, 8, 8), strict=True):
        assert weight.abs().max().item() == pytest.approx(inputs**-0.5, rel=0.02)
        assert weight.mean().item() == pytest.approx(0, abs=0.1 * inputs**-0.5)


def test_the_gates_are_what_they_are_called() -> None:
    pairs = [(a > 0, b > 0) for a, b in xor.CORNERS]
    assert [truth > 0 for truth in xor.GATES["xor"]] == [a != b for a, b in pairs]
    assert [truth > 0 for truth in xor.GATES["and"]] == [a and b for a, b in pairs]
    assert [truth > 0 for truth in xor.GATES["or"]] == [a or b for a, b in pairs]


@pytest.mark.parametrize("activation", ["tanh", "relu", "sigmoid", "none"])
def test_two_units_set_by_hand_do_it_and_a_line_leaves_one_case_out(activation: str) -> None:
    x, truth = torch.tensor(xor.CORNERS), torch.tensor(xor.GATES["xor"])

    def right(hidden: int) -> int:
        return int(xor.corners_right(xor.by_hand(hidden, activation)(x), truth))

    assert [right(hidden) for hidden in (0, 1)] == [3, 3]
    assert right(2) == (3 if activation == "none" else 4)
    if activation == "none":  # of all lines, as exactly as a grid of directions and limits tells
        angles = torch.linspace(0, math.tau, 73)
        scores = torch.stack([angles.cos(), angles.sin()], 1) @ x.T  # (73, 4)
        lines = scores[:, None] - torch.linspace(-1.5, 1.5, 31)[:, None]  # (73, 31, 4)
        assert int(xor.corners_right(lines.flatten(0, 1), truth).max()) == 3


def test_what_can_be_done_is_not_always_found_and_more_units_help() -> None:
    few = facts(steps=150, seeds=150)
    assert few["by_hand"].value == 4
    assert 0.45 < few["solved"].value < 0.7
    assert few["two_right"].value > 0.25
    assert "is one thing" in told(few)
    many = facts(steps=150, seeds=100, hidden=8)
    assert many["solved"].low is not None
    assert many["solved"].low > 0.9
    assert "happen to lie well" in told(many, hidden=8)
    relu = facts(steps=150, seeds=150, activation="relu")
    assert relu["three_right"].value > relu["two_right"].value


@pytest.mark.parametrize("knobs", [{"hidden": 0}, {"hidden": 1}, {"activation": "none"}])
def test_what_cannot_be_done_is_never_found(knobs: dict[str, Value]) -> None:
    found = facts(steps=60, seeds=100, **knobs)
    assert found["solved"].value == 0
    assert found["by_hand"].value == 3
    assert "none can" in told(found, **knobs)


def test_what_a_line_can_do_is_always_found_without_a_hidden_layer() -> None:
    for gate in ("and", "or"):
        knobs = {"gate": gate, "hidden": 0}
        found = facts(steps=60, seeds=100, **knobs)
        assert found["solved"].value == 1
        assert f"{gate} is what a straight line can do" in told(found, **knobs)


def test_slow_starts_are_told_from_stuck_ones() -> None:
    slow = facts(steps=200, seeds=60, rate=0.05)
    assert slow["on_the_way"].value > 0.1
    right, fell = torch.tensor([4, 3, 2, 2]), torch.tensor([0.0, 0.5, 0.009, 0.0])
    found = {fact.name: fact for fact in xor.facts(right, fell, 2, "tanh", "xor")}
    assert [found[name].value for name in ("solved", "on_the_way", "stuck")] == [0.25, 0.25, 0.5]


def test_there_is_always_a_next_thing_to_try() -> None:
    for knob in xor.LESSON.knobs:
        for end in knob.choices or (knob.low, knob.high):
            assert true_of(xor.LESSON.next, (), DEFAULTS | {knob.name: end})
