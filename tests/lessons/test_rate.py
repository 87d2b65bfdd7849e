"""rate: each network is trained as plain torch would, and the effects are those it teaches."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cache

import pytest
import torch
from torch import nn

from lessons import rate
from studyapp.lab.protocol import Fact, LessonEvent, Metric, Progress, Result, Value
from studyapp.lab.seeds import generators, lead_fact, stack
from studyapp.lab.wording import true_of

DEFAULTS = {knob.name: knob.default for knob in rate.LESSON.knobs}
SMALL = {"steps": 10, "seeds": 2}
ENDS = [
    (knob.name, end) for knob in rate.LESSON.knobs for end in knob.choices or (knob.low, knob.high)
]


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """As the app does on two cores: with more, threads wait for each other on a busy machine."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"WIDTH": 4, "BATCH": 4, "TEST": 30, "LOOKS": 1}.items():
        monkeypatch.setattr(rate, name, value)


def events(seed: int = 0, **knobs: Value) -> list[LessonEvent]:
    return list(rate.run(DEFAULTS | knobs, "cpu", seed))


def facts(seed: int = 0, **knobs: Value) -> dict[str, Fact]:
    result = events(seed, **knobs)[-1]
    assert isinstance(result, Result)
    return {fact.name: fact for fact in result.facts}


def told(found: dict[str, Fact], **knobs: Value) -> str:
    return " ".join(true_of(rate.LESSON.meaning, tuple(found.values()), DEFAULTS | knobs))


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize(("name", "end"), ENDS)
def test_every_knob_works_at_both_ends(name: str, end: Value) -> None:
    if name in ("steps", "seeds"):
        end = min(int(end), 20)
    stream = events(**(SMALL | {name: end}))
    assert isinstance(stream[-1], Result)
    found = {fact.name: fact for fact in stream[-1].facts}
    assert {choice.fact for choice in rate.LESSON.question.choices} <= set(found)
    assert all(math.isfinite(fact.value) for fact in found.values())
    assert {fact.low is None for fact in found.values()} >= {name == "seeds" and end == 1}
    steps = int((SMALL | {name: end})["steps"])
    done = [event.done for event in stream if isinstance(event, Progress)]
    assert done == list(range(steps + 1))
    for arm in rate.ARMS.values():
        series = [e for e in stream if isinstance(e, Metric) and e.series == f"rate: {arm:g}"]
        assert (series[0].step, series[-1].step) == (0, steps)


@pytest.mark.usefixtures("short")
def test_the_same_seed_gives_the_same_events_and_another_does_not() -> None:
    first = events(seed=3, **SMALL)
    assert events(seed=3, **SMALL) == first
    assert events(seed=4, **SMALL) != first


@pytest.mark.usefixtures("short")
def test_a_seed_comes_out_the_same_however_many_run_beside_it() -> None:
    def right(seeds: int) -> torch.Tensor:
        own = generators(0, seeds)
        digits, networks = rate.Digits(own, 1.0), rate.Networks(own, False, "cpu")
        for _ in range(10):
            networks.learn(*digits.batch())
        return rate.look(networks, digits).loss

    most = right(5)
    for seeds in (1, 2):
        assert torch.equal(right(seeds), most[:, :seeds])


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_each_network_is_trained_as_plain_torch_would(optimizer: str) -> None:
    batched = rate.Networks(generators(7, 2), optimizer == "adam", "cpu")
    starts = stack(rate.Net, generators(7, 2))
    batches = [rate.Digits(generators(7, 2), 1.0).batch() for _ in range(5)]
    for x, y in batches:
        batched.learn(x, y)
    for at in (1e-3, 0.1):
        net = rate.Net()
        with torch.no_grad():
            for name, parameter in net.named_parameters():
                parameter.copy_(starts[name][1])
        ways = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}
        plain = ways[optimizer](net.parameters(), at)
        for x, y in batches:
            plain.zero_grad()
            nn.functional.cross_entropy(net(x[1]), y[1]).backward()
            plain.step()
        row = 2 * rate.RATES.index(at) + 1  # the second seed's
        for name, parameter in net.named_parameters():
            assert torch.allclose(batched.weights[name][row], parameter, atol=1e-6)


@pytest.mark.usefixtures("short")
def test_no_picture_is_learned_from_and_tested_on() -> None:
    digits = rate.Digits(generators(1, 2), 16.0)
    x, y = (torch.cat(parts, 1) for parts in zip(*digits.parts(), strict=True))
    assert y.shape == (2, 30)
    assert x.max() == 16
    for seed in range(2):
        seen = {tuple(row) for row in digits.x[seed, : rate.TRAIN].tolist()}
        assert sum(tuple(row) in seen for row in x[seed].tolist()) == 0
    drawn, _ = digits.batch()
    for seed in range(2):
        known = digits.x[seed, : rate.TRAIN]
        assert all((known == row).all(1).any() for row in drawn[seed])


@pytest.mark.usefixtures("short")
def test_a_network_that_is_not_finite_reads_nothing_and_is_dead() -> None:
    own = generators(0, 2)
    digits, networks = rate.Digits(own, 1.0), rate.Networks(own, False, "cpu")
    with torch.no_grad():
        networks.weights["last.bias"][0] = math.nan
    seen = rate.look(networks, digits)
    assert (seen.right[0, 0], seen.dead[0, 0], seen.sound[0, 0]) == (0, True, False)
    assert seen.sound.sum() == seen.sound.numel() - 1
    found = {fact.name: fact for fact in rate.facts(seen, seen.loss)}
    assert found["not_finite"].value == 0.5


def test_a_lead_is_over_the_best_rival_and_misses_no_more_often_for_their_number() -> None:
    own, rivals = [3.0, 5.0, 4.0], [[1.0, 2.0, 1.5], [2.5, 4.0, 3.0]]
    fact = lead_fact("lead", own, rivals, "points", "draws")
    assert fact.value == pytest.approx(2.5 / 3)
    assert fact.low is not None
    assert fact.high is not None
    single = lead_fact("lead", own, rivals[1:], "points", "draws")
    assert single.low is not None
    assert fact.low < single.low < fact.value < fact.high
    assert "2 rivals" in fact.method
    assert lead_fact("lead", rivals[0], [own], "points", "draws").value == pytest.approx(-2.5)
    alone = lead_fact("lead", [2.0], [[1.0], [3.0]], "points", "draws")
    assert (alone.value, alone.low, alone.n) == (-1, None, 1)


@pytest.fixture
def few_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate, "TEST", 100)
    monkeypatch.setattr(rate, "LOOKS", 1)


@cache
def early() -> dict[str, Fact]:
    return facts(steps=60, seeds=3)


@pytest.mark.usefixtures("few_tests")
def test_the_slow_have_not_arrived_and_the_fast_are_dead() -> None:
    found = early()
    assert found["score_thousandth"].value < 0.2
    assert found["fell_thousandth"].low is not None
    assert found["fell_thousandth"].low > 0
    assert found["score_one"].value > 0.8
    assert found["dead_ten"].value > 0.8
    assert found["silent_ten"].value > 0.9 > 0.3 > found["silent_one"].value
    assert found["not_finite"].value == 0
    assert "1 reads the most" in told(found, steps=60)
    assert "is only slow" in told(found, steps=60)


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
@pytest.mark.parametrize("pixels", ["0-1", "0-16"])
def test_there_is_always_a_next_thing_to_try(optimizer: str, pixels: str) -> None:
    knobs = DEFAULTS | {"optimizer": optimizer, "pixels": pixels, "steps": 50}
    assert true_of(rate.LESSON.next, (), knobs) or optimizer == "adam"


@pytest.mark.usefixtures("few_tests")
def test_another_optimizer_has_another_best_rate() -> None:
    adam = facts(steps=60, seeds=3, optimizer="adam")
    assert adam["best_rate"].value < 0.1 < early()["best_rate"].value
    assert adam["score_hundredth"].value > 0.7 > 0.3 > adam["score_one"].value
    assert early()["score_hundredth"].value < 0.3
