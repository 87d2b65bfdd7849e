"""overfit: the batched run is plain training, seed by seed, and shows the effects it teaches."""

from __future__ import annotations

import math
from collections.abc import Iterator

import pytest
import torch

from lessons import overfit
from studyapp.lab.protocol import Fact, LessonEvent, Metric, Progress, Remark, Result, Value

DEFAULTS = {knob.name: knob.default for knob in overfit.LESSON.knobs}
SMALL = {"n": 33, "width": 5, "seeds": 3}
ENDS = [(knob.name, end) for knob in overfit.LESSON.knobs for end in (knob.low, knob.high)]
CURVES = {"train loss", "validation loss", "train error", "validation error"}


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """As the app does on two cores: with more, threads wait for each other on a busy machine."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overfit, "EPOCHS", 7)
    monkeypatch.setattr(overfit, "TEST", 50)
    monkeypatch.setattr(overfit, "VALIDATION", 21)


def events(seed: int = 0, **knobs: Value) -> list[LessonEvent]:
    return list(overfit.run(DEFAULTS | knobs, "cpu", seed))


def facts(seed: int = 0, **knobs: Value) -> dict[str, Fact]:
    result = events(seed, **knobs)[-1]
    assert isinstance(result, Result)
    return {fact.name: fact for fact in result.facts}


def plainly(knobs: dict[str, Value], seed: int) -> dict[str, float]:
    """Train one seed as anyone would: nn.Sequential, AdamW, the best state kept by validation."""
    x, y, _, *starts = (torch.from_numpy(part) for part in overfit.draw(knobs, seed, 0))
    test, cut = slice(0, overfit.TEST), overfit.TEST + overfit.VALIDATION
    held_out, train = slice(overfit.TEST, cut), slice(cut, None)
    width = int(knobs["width"])
    net = torch.nn.Sequential(
        torch.nn.Linear(overfit.DIMENSIONS, width),
        torch.nn.ReLU(),
        torch.nn.Linear(width, width),
        torch.nn.ReLU(),
        torch.nn.Linear(width, 1),
    )
    with torch.no_grad():
        for parameter, start in zip(net.parameters(), starts, strict=True):
            parameter.copy_(start.T.reshape(parameter.shape))
    decay = float(knobs["weight_decay"])
    optimizer = torch.optim.AdamW(net.parameters(), lr=overfit.RATE, weight_decay=decay)
    measure = torch.nn.BCEWithLogitsLoss()
    history = []
    for epoch in range(overfit.EPOCHS + 1):
        optimizer.zero_grad()
        loss = measure(net(x[train]).squeeze(1), y[train])
        with torch.no_grad():
            validation = measure(net(x[held_out]).squeeze(1), y[held_out]).item()
            logits = net(x[test]).squeeze(1)
            error = ((logits > 0) != (y[test] > 0.5)).float().mean().item()
            history.append((validation, epoch, measure(logits, y[test]).item(), error))
        if epoch < overfit.EPOCHS:
            loss.backward()
            optimizer.step()
    _, best_epoch, stopped_loss, stopped_error = min(history)
    return {
        "best_epoch": best_epoch,
        "stopped_loss": stopped_loss,
        "final_loss": history[-1][2],
        "train_loss": loss.item(),
        "stopped_error": stopped_error,
        "final_error": history[-1][3],
        "error_gap": 100 * (history[-1][3] - stopped_error),
    }


@pytest.mark.parametrize("decay", [0.0, 3.0])
def test_each_seed_is_trained_as_plain_torch_would(
    monkeypatch: pytest.MonkeyPatch, decay: float
) -> None:
    monkeypatch.setattr(overfit, "EPOCHS", 40)
    knobs = DEFAULTS | {"n": 64, "width": 64, "weight_decay": decay, "seeds": 1}
    measured = {name: fact.value for name, fact in facts(seed=5, **knobs).items()}
    expected = plainly(knobs, seed=5)
    assert expected["best_epoch"] < overfit.EPOCHS  # else stopping is not put to the test
    assert {name: measured[name] for name in expected} == pytest.approx(expected, rel=1e-3)


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize(("name", "end"), ENDS)
def test_every_knob_works_at_both_ends(name: str, end: Value) -> None:
    stream = events(**(SMALL | {name: end}))
    result = stream[-1]
    assert isinstance(result, Result)
    for fact in result.facts:
        assert math.isfinite(fact.value)
        if fact.low is not None and fact.high is not None:
            assert -math.inf < fact.low <= fact.high < math.inf
    assert [e for e in stream if isinstance(e, Progress)][-1] == Progress(7, 7)
    assert {event.series for event in stream if isinstance(event, Metric)} >= CURVES


@pytest.mark.usefixtures("short")
def test_the_fact_that_decides_is_measured() -> None:
    question = overfit.LESSON.question
    assert question.fact in facts(**SMALL)
    edges = [(choice.low, choice.high) for choice in question.choices]
    assert edges[0][0] is None
    assert edges[-1][1] is None
    assert [high for _, high in edges[:-1]] == [low for low, _ in edges[1:]]


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize("decay", [0.0, 2.0])
def test_the_same_seed_gives_the_same_events_on_any_number_of_threads(decay: float) -> None:
    first = events(seed=3, weight_decay=decay, **SMALL)
    torch.set_num_threads(2)
    assert events(seed=3, weight_decay=decay, **SMALL) == first
    assert events(seed=4, weight_decay=decay, **SMALL) != first


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize(
    "knobs", [{"n": 33, "width": 5}, {"n": 33, "width": 5, "weight_decay": 2.0}, {"n": 64}]
)
def test_a_seed_does_not_depend_on_how_many_run_beside_it(
    monkeypatch: pytest.MonkeyPatch, knobs: dict[str, Value]
) -> None:
    def every_seed(seeds: int) -> list[list[float]]:
        """Return what each mean is taken of."""
        seen: list[list[float]] = []
        monkeypatch.setattr(
            overfit, "mean_interval", lambda rows: (seen.append(rows), (0.0, None, None))[1]
        )
        facts(seeds=seeds, **knobs)
        return seen

    monkeypatch.setattr(overfit, "EPOCHS", 60)  # time for a difference in the last bit to grow
    most = every_seed(37)
    for seeds in (1, 2, 3, 16):
        assert every_seed(seeds) == [rows[:seeds] for rows in most]


@pytest.mark.usefixtures("short")
def test_one_seed_has_no_interval() -> None:
    stream = events(**(SMALL | {"seeds": 1}))
    assert isinstance(stream[-1], Result)
    assert {(fact.low, fact.high, fact.n) for fact in stream[-1].facts} == {(None, None, 1)}
    assert {(m.low, m.high) for m in stream if isinstance(m, Metric)} == {(None, None)}


@pytest.mark.usefixtures("short")
def test_sixteen_times_the_seeds_make_the_interval_four_times_narrower() -> None:
    def width(seeds: int) -> float:
        fact = facts(**(SMALL | {"seeds": seeds}))["final_error"]
        assert fact.low is not None
        assert fact.high is not None
        return fact.high - fact.low

    assert width(32) / width(512) == pytest.approx(4, rel=0.25)


@pytest.mark.usefixtures("short")
def test_decay_is_compared_with_the_same_seeds_without_it() -> None:
    without, beside = facts(**SMALL), facts(weight_decay=5.0, **SMALL)
    assert set(beside) - set(without) == {"decay_error", "decay_loss"}
    difference = beside["final_loss"].value - without["final_loss"].value
    assert difference != 0
    assert beside["decay_loss"].value == pytest.approx(difference, rel=1e-4)
    difference = 100 * (beside["final_error"].value - without["final_error"].value)
    assert beside["decay_error"].value == pytest.approx(difference, abs=1e-4)
    series = {m.series for m in events(weight_decay=5.0, **SMALL) if isinstance(m, Metric)}
    assert series == CURVES | {f"{name}, no decay" for name in CURVES}


@pytest.mark.usefixtures("short")
def test_too_little_memory_halves_the_seeds_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    forward = overfit.forward

    def room_for_three(weights: list[torch.Tensor], x: torch.Tensor) -> torch.Tensor:
        if len(x) > 3:
            raise torch.OutOfMemoryError
        return forward(weights, x)

    monkeypatch.setattr(overfit, "forward", room_for_three)
    stream = events(**(SMALL | {"seeds": 12}))
    notes = [event.text for event in stream if isinstance(event, Remark)]
    assert [text.split()[-2:] for text in notes] == [["6", "seeds."], ["3", "seeds."]]
    assert isinstance(stream[-1], Result)
    assert {fact.n for fact in stream[-1].facts} == {3}
    monkeypatch.setattr(
        overfit, "forward", lambda weights, x: room_for_three(weights, x.repeat(9, 1, 1))
    )
    with pytest.raises(torch.OutOfMemoryError):
        events(**(SMALL | {"seeds": 2}))


def apart(fact: Fact, low: float, high: float) -> bool:
    """Return whether the interval lies wholly outside low to high."""
    assert fact.low is not None
    assert fact.high is not None
    return fact.high < low or fact.low > high


@pytest.mark.slow
def test_training_on_costs_test_error() -> None:
    found = facts()
    assert not apart(found["error_gap"], 3.9, 5.5)
    assert found["error_gap"].low > 1  # so "higher" is right
    assert found["train_loss"].value < 0.001
    assert not apart(found["floor"], 0.2, 0.2)
    assert found["stopped_error"].low > found["floor"].high
    assert found["loss_ratio"].low > 3
    assert found["worse_share"].low > 0.75
    assert found["below_share"].low > 0.75


@pytest.mark.slow
def test_with_few_examples_the_sign_turns_round() -> None:
    found = facts(n=64, seeds=64)
    assert not apart(found["error_gap"], -4.3, -1.9)
    assert found["error_gap"].high < 0


@pytest.mark.slow
def test_without_flips_there_is_no_effect() -> None:
    found = facts(flips=0.0)
    assert found["floor"].value == 0
    assert not apart(found["error_gap"], 0.0, 0.3)
    assert apart(found["error_gap"], 1.0, math.inf)  # "the same" is right
    assert apart(found["error_gap"], -math.inf, -1.0)


@pytest.mark.slow
def test_decay_helps_the_loss_sooner_than_the_error() -> None:
    some, much = facts(weight_decay=3.0, seeds=16), facts(weight_decay=10.0, seeds=16)
    assert some["decay_loss"].high < -1
    assert some["final_loss"].value == pytest.approx(1.29, abs=0.1)
    assert not apart(some["decay_error"], -1.0, 0.0)  # hardly anything yet
    assert some["decay_error"].low > much["decay_error"].high
    assert not apart(much["decay_error"], -3.4, -2.4)
