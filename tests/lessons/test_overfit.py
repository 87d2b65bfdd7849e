"""overfit: the batched run is plain training, seed by seed, and shows the effects it teaches."""

from __future__ import annotations

import math
from collections.abc import Iterator
from hashlib import sha256

import pytest
import torch
from torch import nn

from lessons import overfit
from studyapp.lab import seeds as shared
from studyapp.lab.protocol import Fact, LessonEvent, Metric, Progress, Remark, Result, Value
from studyapp.lab.seeds import generators, stack
from studyapp.lab.wording import true_of

DEFAULTS = {knob.name: knob.default for knob in overfit.LESSON.knobs}
SMALL = {"n": 33, "width": 5, "seeds": 3}
ENDS = [
    (knob.name, end)
    for knob in overfit.LESSON.knobs
    for end in knob.choices or (knob.low, knob.high)
]
SETS, MEASURES = ("train", "validation", "test"), ("loss", "error")
CURVES = {f"{name} {measure}" for name in SETS for measure in MEASURES}
MARKS = {"lowest test loss", "lowest test error"}


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """As the app does on two cores: with more, threads wait for each other on a busy machine."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def trained_once() -> Iterator[None]:
    """Train networks of the same start, data and decay once: the looks would be the same, and to
    train them is nearly all that a run at full size costs."""
    train, kept = overfit.train, dict[tuple[object, ...], list[overfit.Look]]()

    def train_once(
        weights: overfit.Weights,
        data: dict[str, overfit.Examples],
        width: int,
        decay: float,
        device: str,
    ) -> Iterator[overfit.Look]:
        tensors = [*weights.values(), *(part for each in data.values() for part in each)]
        of = width, decay, *(sha256(each.detach().numpy().tobytes()).digest() for each in tensors)
        if of not in kept:
            kept[of] = list(train(weights, data, width, decay, device))
        yield from kept[of]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(overfit, "train", train_once)
        yield


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overfit, "EPOCHS", 10)
    monkeypatch.setattr(overfit, "TEST", 50)
    monkeypatch.setattr(overfit, "VALIDATION", 21)


def events(seed: int = 0, **knobs: Value) -> list[LessonEvent]:
    return list(overfit.run(DEFAULTS | knobs, "cpu", seed))


def facts(seed: int = 0, **knobs: Value) -> dict[str, Fact]:
    result = events(seed, **knobs)[-1]
    assert isinstance(result, Result)
    return {fact.name: fact for fact in result.facts}


def plainly(knobs: dict[str, Value], seed: int) -> dict[str, float]:
    """Train one seed as anyone would: nn.Sequential, AdamW, BCE, the best epoch by validation."""
    (own,) = generators(seed, 1)
    data = overfit.draw(int(knobs["n"]), float(knobs["flips"]), own)
    width = int(knobs["width"])
    starts = stack(lambda: overfit.Net(width), [own])
    net = nn.Sequential(
        nn.Linear(overfit.DIMENSIONS, width),
        nn.ReLU(),
        nn.Linear(width, width),
        nn.ReLU(),
        nn.Linear(width, 1),
        nn.Flatten(0),
    )
    with torch.no_grad():
        for parameter, start in zip(net.parameters(), starts.values(), strict=True):
            parameter.copy_(start[0])
    decay = float(knobs["weight_decay"])
    optimizer = torch.optim.AdamW(net.parameters(), lr=overfit.RATE, weight_decay=decay)
    measure = nn.BCEWithLogitsLoss()
    history = []
    for epoch in range(overfit.EPOCHS + 1):
        if epoch % overfit.EVERY == 0:
            look: dict[str, float] = {}
            for name, (x, sides, _) in data.items():
                with torch.no_grad():
                    logits = net(x)
                look[f"{name} loss"] = measure(logits, (sides + 1) / 2).item()
                look[f"{name} error"] = ((logits > 0) != (sides > 0)).float().mean().item()
            history.append((look[f"validation {knobs['stop']}"], epoch, look))
        optimizer.zero_grad()
        x, sides, _ = data["train"]
        measure(net(x), (sides + 1) / 2).backward()
        optimizer.step()
    best = min(history, key=lambda each: each[:2])
    stopped, final = best[2], history[-1][2]
    losses = [look["test loss"] for *_, look in history]
    errors = [look["test error"] for *_, look in history]
    return {
        "best_epoch": best[1],
        "loss_ratio": final["test loss"] / stopped["test loss"],
        "final_loss": final["test loss"],
        "train_loss": final["train loss"],
        "stored_share": float(final["train error"] == 0),
        "stopped_error": stopped["test error"],
        "final_error": final["test error"],
        "error_gap": 100 * (final["test error"] - stopped["test error"]),
        "floor": data["test"][2].float().mean().item(),
        "epochs_apart": overfit.EVERY * (errors.index(min(errors)) - losses.index(min(losses))),
    }


@pytest.mark.parametrize(
    ("n", "decay", "stop"), [(64, 0.0, "loss"), (64, 3.0, "error"), (300, 0.0, "loss")]
)
def test_each_seed_is_trained_as_plain_torch_would(
    monkeypatch: pytest.MonkeyPatch, n: int, decay: float, stop: str
) -> None:
    monkeypatch.setattr(overfit, "EPOCHS", 40)
    knobs = DEFAULTS | {"n": n, "weight_decay": decay, "stop": stop, "seeds": 1}
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
    assert [e for e in stream if isinstance(e, Progress)][-1] == Progress(10, 10)
    assert {event.series for event in stream if isinstance(event, Metric)} >= CURVES | MARKS


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
    "knobs",
    [
        {"n": 33, "width": 5},
        {"n": 33, "width": 5, "weight_decay": 2.0},
        {"n": 64},
        {"n": 300, "width": 32},  # in two passes
    ],
)
def test_a_seed_does_not_depend_on_how_many_run_beside_it(
    monkeypatch: pytest.MonkeyPatch, knobs: dict[str, Value]
) -> None:
    def every_seed(seeds: int) -> list[list[float]]:
        """Return what each mean is taken of."""
        seen: list[list[float]] = []
        for module in (overfit, shared):  # the curves', the facts'
            monkeypatch.setattr(
                module, "mean_interval", lambda rows: (seen.append(rows), (0.0, None, None))[1]
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
    assert [e.text for e in stream if isinstance(e, Remark)] == [
        "141 weights learn from 33 examples; an epoch is one step on all."
    ]


@pytest.mark.usefixtures("short")
def test_sixteen_times_the_seeds_make_the_interval_four_times_narrower() -> None:
    def width(seeds: int) -> float:
        fact = facts(seed=1, **(SMALL | {"seeds": seeds}))["final_error"]
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
    assert series == CURVES | MARKS | {f"test {name}, no decay" for name in MEASURES}


@pytest.mark.usefixtures("short")
def test_the_marks_stand_where_the_mean_of_the_test_curve_is_lowest() -> None:
    points = [event for event in events(**SMALL) if isinstance(event, Metric)]
    for measure in MEASURES:
        curve = [each for each in points if each.series == f"test {measure}"]
        (mark,) = (each for each in points if each.series == f"lowest test {measure}")
        lowest = min(curve, key=lambda each: (each.value, each.step))
        assert (mark.step, mark.value) == (lowest.step, pytest.approx(lowest.value))


def apart(fact: Fact, low: float, high: float) -> bool:
    """Return whether the interval lies wholly outside low to high."""
    assert fact.low is not None
    assert fact.high is not None
    return fact.high < low or fact.low > high


def told(found: dict[str, Fact], **knobs: Value) -> str:
    return " ".join(true_of(overfit.LESSON.meaning, tuple(found.values()), DEFAULTS | knobs))


@pytest.mark.parametrize(
    ("name", "low", "high", "words"),
    [
        ("error_gap", 2.0, 3.0, "Going on cost"),
        ("error_gap", 0.5, 1.5, "Going on cost"),  # a point or not, it is resolved
        ("error_gap", -4.6, -0.97, "stopping that cost"),
        ("error_gap", -0.5, 0.8, "less than a point, either way"),
        ("stored_share", 0.8, 1.0, "only by storing them"),
        ("stored_share", 0.0, 0.2, "have not stored them all"),
        ("loss_ratio", 1.3, 4.0, "sure of its mistakes"),
        ("loss_ratio", 0.9, 1.1, "hardly higher than where one stops, or lower"),
        ("below_share", 0.8, 1.0, "no sign of overfitting by itself"),
        ("below_share", 0.0, 0.2, "in fewer than half"),
        ("decay_loss", -1.0, -0.5, "kept the network from being so sure"),
        ("decay_loss", 0.1, 0.2, "raised the final test loss"),
    ],
)
def test_each_way_it_can_come_out_is_told(name: str, low: float, high: float, words: str) -> None:
    """And of two that exclude each other one alone."""
    fact = Fact(name, (low + high) / 2, "", low, high, 32, "student t", "")
    with_it, without = (true_of(overfit.LESSON.meaning, one, DEFAULTS) for one in ((fact,), ()))
    assert [words in one for one in with_it if one not in without] == [True]


@pytest.mark.parametrize("knobs", [{"flips": 0.0}, {"n": 64, "seeds": 32}, {"flips": 0.4}, {}])
def test_there_is_always_a_next_thing_to_try(knobs: dict[str, Value]) -> None:
    assert true_of(overfit.LESSON.next, (), DEFAULTS | {"seeds": 32} | knobs)


def test_without_wrong_labels_there_is_no_floor_to_tell() -> None:
    texts = [true_of(overfit.LESSON.meaning, (), DEFAULTS | {"flips": at}) for at in (0.0, 0.2)]
    clean, flipped = (" ".join(one) for one in texts)
    assert "No label is wrong" in clean
    assert "and the floor" not in clean
    assert "and the floor" in flipped


def test_no_band_of_a_loss_or_an_error_reaches_below_0() -> None:
    drawn = overfit.point(5, "train error", torch.tensor([0.0, 0.0, 0.03]))
    assert drawn.low == 0
    assert drawn.value == pytest.approx(0.01)
    assert overfit.point(5, "train error", torch.tensor([0.03])).low is None


@pytest.mark.slow
@pytest.mark.usefixtures("trained_once")
def test_training_on_costs_test_error() -> None:
    found = facts()
    assert not apart(found["error_gap"], 4.3, 5.3)
    assert found["error_gap"].low > 1  # so "higher" is right
    assert found["train_loss"].value < 0.001
    assert found["stored_share"].value == 1
    assert not apart(found["floor"], 0.2, 0.2)
    assert found["stopped_error"].low > found["floor"].high
    assert found["loss_ratio"].low > 3
    assert found["worse_share"].low > 0.75
    assert found["below_share"].low > 0.75
    assert found["epochs_apart"].low > 0  # the loss turns first
    for words in ("Going on cost", "only by storing", "of its mistakes", "two different"):
        assert words in told(found)


@pytest.mark.slow
@pytest.mark.usefixtures("trained_once")
def test_with_few_examples_it_matters_by_what_one_stops() -> None:
    loss, error = (facts(n=64, seeds=128, stop=stop) for stop in ("loss", "error"))
    assert not apart(loss["error_gap"], -2.8, -1.6)
    assert loss["error_gap"].high < -1  # "lower" is right
    assert "stopping that cost" in told(loss, n=64, stop="loss")
    assert not apart(error["error_gap"], 0.2, 0.9)
    assert error["error_gap"].high < 1  # "the same" is right
    assert error["error_gap"].low > 0
    assert "less than a point, either way" in told(error, n=64, stop="error")
    assert loss["final_error"] == error["final_error"]


@pytest.mark.slow
@pytest.mark.usefixtures("trained_once")
def test_without_flips_there_is_no_effect() -> None:
    found = facts(flips=0.0)
    assert found["floor"].value == 0
    assert not apart(found["error_gap"], 0.0, 0.3)
    assert found["error_gap"].low > -1  # "the same" is right
    assert found["error_gap"].high < 1
    assert "storing" not in told(found, flips=0.0)


@pytest.mark.slow
@pytest.mark.usefixtures("trained_once")
def test_decay_helps_the_loss_sooner_than_the_error() -> None:
    some, much = facts(weight_decay=3.0), facts(weight_decay=10.0)
    assert some["decay_loss"].high < -1
    assert some["final_loss"].value == pytest.approx(1.31, abs=0.1)
    assert not apart(some["decay_error"], -0.6, 0.0)
    assert "hardly noticed" in told(some, weight_decay=3.0)
    assert not apart(much["decay_error"], -3.7, -2.9)
    assert "lowered the final test error" in told(much, weight_decay=10.0)
