"""tuning: coins gain what the formula says, tumours are scored as plain ridge regression would."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy import stats

from lessons import tuning
from studyapp.lab.protocol import Fact, LessonEvent, Metric, Progress, Result, Value
from studyapp.lab.seeds import generators
from studyapp.lab.wording import true_of

DEFAULTS = {knob.name: knob.default for knob in tuning.LESSON.knobs}
SMALL = {"tries": 12, "rows": 30, "seeds": 5}
ENDS = [
    (models, knob.name, end)
    for models in ("coins", "tumours")
    for knob in tuning.LESSON.knobs
    for end in (knob.low, knob.high)
    if end is not None and (models, end) != ("tumours", 5000)
]


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """As the app does on two cores: with more, threads wait for each other on a busy machine."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def events(seed: int = 0, **knobs: Value) -> list[LessonEvent]:
    return list(tuning.run(DEFAULTS | knobs, "cpu", seed))


def facts(seed: int = 0, **knobs: Value) -> dict[str, Fact]:
    result = events(seed, **knobs)[-1]
    assert isinstance(result, Result)
    return {fact.name: fact for fact in result.facts}


def told(found: dict[str, Fact], **knobs: Value) -> str:
    return " ".join(true_of(tuning.LESSON.meaning, tuple(found.values()), DEFAULTS | knobs))


@pytest.mark.parametrize(("models", "name", "end"), ENDS)
def test_every_knob_works_at_both_ends(models: str, name: str, end: Value) -> None:
    few = {"tries": 2} if end == 512 else {"seeds": 2} if end == 1000 else {}
    knobs = SMALL | few | {"models": models, name: end}
    stream = events(**knobs)
    result = stream[-1]
    assert isinstance(result, Result)
    for fact in result.facts:
        assert math.isfinite(fact.value)
        if fact.low is not None and fact.high is not None:
            assert fact.low <= fact.high
    tries = int(knobs["tries"])
    assert [e for e in stream if isinstance(e, Progress)][-1] == Progress(tries, tries)
    assert tuning.LESSON.question.fact in {fact.name for fact in result.facts}


@pytest.mark.parametrize("models", ["coins", "tumours"])
def test_the_same_seed_gives_the_same_events_whatever_runs_beside_it(models: str) -> None:
    knobs = SMALL | {"models": models}
    first = events(seed=3, **knobs)
    torch.set_num_threads(2)
    assert events(seed=3, **knobs) == first
    assert events(seed=4, **knobs) != first
    many, few = (
        tuning.joined(list(tuning.score_all(knobs | {"seeds": n}, "cpu", 3))) for n in (5, 1)
    )
    assert [each[:1].tolist() for each in many] == [each.tolist() for each in few]


def test_one_seed_has_no_interval() -> None:
    found = facts(**(SMALL | {"seeds": 1}))
    assert {(fact.low, fact.high) for fact in found.values()} == {(None, None)}
    assert {name for name, fact in found.items() if fact.method == "exact"} == {"gap_exact"}


def test_the_choices_leave_no_gap_open_but_one() -> None:
    edges = [(choice.low, choice.high) for choice in tuning.LESSON.question.choices]
    assert edges[0][0] is None
    assert edges[-1][1] is None
    assert [high for _, high in edges[:-1]] == [low for low, _ in edges[1:]]


@pytest.mark.parametrize(("tries", "rows"), [(1, 20), (3, 20), (100, 200), (1000, 5000)])
def test_the_luck_of_the_best_coin_is_that_of_the_binomial(tries: int, rows: int) -> None:
    all_below = stats.binom.cdf(np.arange(rows), rows, 0.5) ** tries
    assert tuning.luck(tries, rows) == pytest.approx((1 - all_below).sum() / rows - 0.5, abs=1e-8)


def test_coins_come_to_what_the_formula_says_and_choosing_gains_nothing() -> None:
    for tries, rows in ((100, 200), (10, 20)):
        found = facts(tries=tries, rows=rows, seeds=512)
        gap, exact = found["gap"], found["gap_exact"].value
        assert gap.value == pytest.approx(exact, abs=2 * (gap.high - gap.low))  # 8 standard errors
        assert abs(found["gain"].value) < 2 * (found["gain"].high - found["gain"].low)
        assert abs(found["blind_gap"].value) < 2 * (
            found["blind_gap"].high - found["blind_gap"].low
        )
    texts = told(facts())
    assert "luck that was picked out" in texts
    assert "no coin is better" in texts
    assert "helped" not in texts


def test_tumours_are_scored_as_ridge_regression_in_numpy_would() -> None:
    tries, rows, rng = 4, 40, generators(6, 1)[0]
    validation, new = tuning.Tumours(tries, rows, generators(6, 1), "cpu").score(slice(1, tries))
    features, sides = (each.numpy() for each in tuning.load())
    order = torch.randperm(len(sides), generator=rng).numpy()
    used = (torch.rand(tries, 30, generator=rng) < tuning.USED).numpy()
    held = 10 ** (6 * torch.rand(tries, generator=rng, dtype=torch.float64).numpy() - 3)
    x, y = features[order], sides[order]
    x = (x - x[:60].mean(0)) / x[:60].std(0, ddof=1)
    for column, setting in enumerate(range(1, tries)):
        some = x[:, used[setting]]
        rooted = np.sqrt(held[setting]) * np.eye(some.shape[1])  # as rows that pull weights to 0
        rows_and_pull = np.vstack([some[:60], rooted])
        targets = np.append(y[:60] - y[:60].mean(), np.zeros(len(rooted)))
        weights = np.linalg.lstsq(rows_and_pull, targets, rcond=None)[0]
        right = (some @ weights + y[:60].mean() > 0) == (y > 0)
        assert float(validation[0, column]) == pytest.approx(right[60 : 60 + rows].mean())
        assert float(new[0, column]) == pytest.approx(right[60 + rows :].mean())


def test_the_one_that_is_kept_was_best_on_the_validation_rows_and_tried_first() -> None:
    validation = torch.tensor([[0.5, 0.9, 0.9], [0.7, 0.2, 0.1]])
    new = torch.tensor([[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]])
    assert [each.tolist() for each in tuning.keep(validation, new)] == [
        pytest.approx([0.9, 0.7]),
        pytest.approx([0.2, 0.4]),
    ]


def test_the_curves_end_at_the_facts() -> None:
    stream = events(**SMALL)
    assert isinstance(stream[-1], Result)
    last = {event.series: event for event in stream if isinstance(event, Metric)}
    found = {fact.name: fact for fact in stream[-1].facts}
    for series, name in (("the validation rows", "best_score"), ("new rows", "new_score")):
        point = last[f"score: best so far, on {series}"]
        assert (point.step, point.value, point.low) == (12, found[name].value, found[name].low)


def test_more_rows_than_there_are_tumours_is_one_sentence() -> None:
    with pytest.raises(ValueError, match=r"rows must be from 20 to 409\.$"):
        events(models="tumours", rows=410)


def test_the_tumours_are_those_that_the_readme_names() -> None:
    features, sides = tuning.load()
    assert (features.shape, int((sides > 0).sum())) == ((569, 30), 212)
    raw = features.numpy().tobytes() + (sides > 0).numpy().tobytes()
    readme = (Path(tuning.__file__).parent / "data" / "README.md").read_text("utf-8")
    assert hashlib.sha256(raw).hexdigest() in re.findall(r"`([0-9a-f]{64})`", readme)


def test_tuning_flatters_and_helps() -> None:
    knobs: dict[str, Value] = {"models": "tumours", "rows": 50, "tries": 40, "seeds": 48}
    found = facts(**knobs)
    assert found["gap"].low > 2
    assert found["gain"].low > 0.5
    assert found["blind_gap"].low < 0 < found["blind_gap"].high
    texts = told(found, **knobs)
    assert "too good by" in texts
    assert "And yet the tuning helped" in texts
    assert "no choice" in told(facts(tries=1, seeds=8), tries=1)


@pytest.mark.slow
def test_two_hundred_settings_on_fifty_rows() -> None:
    found = facts(models="tumours", rows=50, tries=200)
    assert found["gap"].low < 5.7
    assert found["gap"].high > 4.6
    assert found["best_score"].low > 0.97
    assert found["new_score"].value == pytest.approx(0.937, abs=0.01)
    assert found["gain"].low > 1
