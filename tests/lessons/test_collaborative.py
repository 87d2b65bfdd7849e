"""collaborative: the world is as the knobs say, and every number is the one of ridge regression."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cache
from itertools import product

import numpy as np
import pytest
import torch

from lessons import collaborative
from studyapp.lab.protocol import Fact, LessonEvent, Metric, Progress, Result, Value
from studyapp.lab.seeds import generators
from studyapp.lab.wording import true_of

LESSON = collaborative.LESSON
DEFAULTS = {knob.name: knob.default for knob in LESSON.knobs}
ENDS = [(knob.name, end) for knob in LESSON.knobs for end in (knob.low, knob.high)]


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """As the app does on two cores: with more, threads wait for each other on a busy machine."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few people and few steps; all films, for the knobs count them."""
    for name, value in {"PEOPLE": 12, "NEW": 3, "STEPS": 6, "LOOK_EVERY": 3}.items():
        monkeypatch.setattr(collaborative, name, value)


def events(seed: int = 0, **knobs: Value) -> list[LessonEvent]:
    return list(collaborative.run(DEFAULTS | knobs, "cpu", seed))


@cache
def facts(**knobs: Value) -> dict[str, Fact]:
    """What a run at full size measures, of few seeds and with longer and fewer steps."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {"STEPS": 90, "RATE": 0.1, "LOOK_EVERY": 90}.items():
            patch.setattr(collaborative, name, value)
        result = events(**({"seeds": 4} | knobs))[-1]
    assert isinstance(result, Result)
    return {fact.name: fact for fact in result.facts}


def told(**knobs: Value) -> str:
    return " ".join(true_of(LESSON.meaning, tuple(facts(**knobs).values()), DEFAULTS | knobs))


def least(**knobs: Value) -> str:
    """The model that misses by least."""
    found = facts(**knobs)
    return min(collaborative.ARMS, key=lambda arm: found[f"miss_{arm}"].value)


@pytest.mark.parametrize(("name", "end"), ENDS)
def test_every_knob_works_at_both_ends(small: None, name: str, end: Value) -> None:
    if name == "seeds":
        end = min(int(end), 16)
    stream = events(**({"seeds": 2} | {name: end}))
    assert isinstance(stream[-1], Result)
    for fact in stream[-1].facts:
        assert math.isfinite(fact.value), fact.name
        if fact.low is not None and fact.high is not None:
            assert fact.low <= fact.value <= fact.high
        else:
            assert fact.method == "exact" or end == 1
    progress = [event for event in stream if isinstance(event, Progress)]
    assert (progress[0].done, progress[-1], len(progress)) == (0, Progress(6, 6), 8)


def test_the_same_seed_gives_the_same_events_whatever_runs_beside_it(small: None) -> None:
    first = events(seed=3, seeds=3)
    assert events(seed=3, seeds=3) == first
    assert events(seed=4, seeds=3) != first
    many, few = (fitted("five", count, steps=6)[0].predict() for count in (3, 1))
    assert torch.allclose(many[:1], few, atol=1e-5)


def fitted(
    kind: str, seeds: int, steps: int, decay: float = 5.0, **knobs: int
) -> tuple[collaborative.Model, collaborative.Tables]:
    rngs = generators(3, seeds)
    tables = collaborative.draw(knobs.get("traits", 3), knobs.get("ratings", 40), rngs)
    model = collaborative.Model(collaborative.KINDS[kind], tables, rngs)
    for _ in range(steps):
        model.learn(decay)
    return model, tables


@pytest.mark.parametrize("traits", [0, 1, 4])
def test_the_match_hangs_on_so_many_traits_and_is_as_large_as_told(
    traits: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collaborative, "NOISE", 0.0)
    stars, seen = collaborative.draw(traits, 17, generators(0, 25))
    assert (seen.sum(2) == 17).all()
    table = stars.double().numpy()
    rows, columns = table.mean(2, keepdims=True), table.mean(1, keepdims=True)
    match = table - rows - columns + table.mean((1, 2), keepdims=True)
    assert np.linalg.matrix_rank(match[0, :20], tol=1e-3) == traits
    assert match.var() == pytest.approx(0.36 if traits else 0, abs=0.04)
    assert table.mean() == pytest.approx(3.5, abs=0.06)
    if not traits:
        assert rows.var(1).mean() == pytest.approx(0.16, abs=0.015)
        assert columns.var(2).mean() == pytest.approx(0.25, abs=0.02)


def test_noise_comes_to_what_is_told() -> None:
    rngs = generators(0, 4)
    stars = collaborative.draw(0, 17, rngs).stars.double()
    rest = stars - stars.mean(1, keepdim=True) - stars.mean(2, keepdim=True)
    assert float(rest.std()) == pytest.approx(0.7, abs=0.01)


@pytest.mark.parametrize(("kind", "decay"), [("biases", 2.0), ("five", 5.0), ("dot_one", 5.0)])
def test_each_persons_numbers_are_those_of_ridge_regression_on_the_films_numbers(
    kind: str, decay: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collaborative, "PEOPLE", 20)
    model, _ = fitted(kind, 2, steps=300, decay=decay)
    biased = collaborative.KINDS[kind].biased
    numbers = [each.detach().double().numpy() for each in (model.people, model.films)]
    generous, good = (each.detach().double().numpy() for each in (model.generous, model.good))
    for table, person in product(range(2), range(20)):
        seen = model.seen[table, person].numpy() > 0
        stars = model.stars[table].double().numpy()
        average = stars[model.seen[table].numpy() > 0].mean()
        y = stars[person, seen] - average - good[table, 0, seen]
        x = numbers[1][table][seen]
        mine = numbers[0][table, person]
        if biased:
            x, mine = np.column_stack([x, np.ones(len(x))]), [*mine, generous[table, person, 0]]
        best = np.linalg.solve(x.T @ x + decay * np.eye(x.shape[1]), x.T @ y)
        assert mine == pytest.approx(best, abs=0.01)
    assert biased or not (generous.any() or good.any())


def test_misses_are_those_of_numpy_and_of_what_was_held_out(small: None) -> None:
    model, tables = fitted("five", 2, steps=6)
    models = {"five": model}
    found = collaborative.look(models) | collaborative.newcomers(models, tables)
    said, stars = model.predict().detach().numpy(), tables.stars.numpy()
    known, new = stars[:, :12, :100] - said, tables.seen.numpy() > 0
    average = model.average.numpy()
    good, generous = model.good.detach().numpy(), model.generous.detach().numpy()
    misses = {
        "five": [each[~seen] for each, seen in zip(known, new, strict=True)],
        "learned_five": [each[seen] for each, seen in zip(known, new, strict=True)],
        "new_person": stars[:, 12:, :100] - average - good,
        "new_person_average": stars[:, 12:, :100] - average,
        "new_film": stars[:, :12, 100:] - average - generous,
    }
    assert set(found) == set(misses)
    for name, each in misses.items():
        expected = [float(np.sqrt(np.square(one).mean())) for one in each]
        assert found[name].tolist() == pytest.approx(expected, abs=1e-4)


def test_nothing_is_said_beyond_the_ratings_that_are_known(small: None) -> None:
    model, _ = fitted("biases", 2, steps=0)
    with torch.no_grad():
        model.good += torch.linspace(-40, 40, 100)
    for said, stars, seen in zip(model.say(), model.stars, model.seen, strict=True):
        known = stars[seen > 0]
        assert (said.min(), said.max()) == (known.min(), known.max())


def test_ahead_is_who_misses_by_less_and_a_tie_is_no_lead() -> None:
    misses = {name: torch.tensor([1.0, 1.1, 1.3]) for name in collaborative.KINDS}
    misses |= {f"learned_{name}": misses[name] for name in ("five", "fifty")}
    misses |= dict.fromkeys(("new_person", "new_person_average", "new_film"), misses["one"])
    misses["fifty"] = misses["one"] - torch.tensor([0.1, 0.2, 0.3])
    found = {fact.name: fact for fact in collaborative.facts(misses, 3)}
    assert found["lead_fifty"].value == pytest.approx(0.2)
    assert found["lead_one"].value == pytest.approx(-0.2)
    assert found["gain_fifty"].value == pytest.approx(0.2)
    assert found["gain_of_biases_fifty"].value == pytest.approx(0.2)
    assert (found["gain_one"].low, found["gain_one"].high) == (0, 0)
    assert found["best_new_person"].value == pytest.approx((0.49 + 0.36 + 0.16) ** 0.5)
    assert found["best_new_film"].value == pytest.approx((0.49 + 0.36 + 0.25) ** 0.5)
    flat = {fact.name: fact for fact in collaborative.facts(misses, 0)}
    assert flat["best_new_person"].value == pytest.approx((0.49 + 0.16) ** 0.5)


def test_at_the_defaults_five_factors_are_enough_and_fifty_too_many() -> None:
    found = facts()
    assert least() == "five"
    assert found["gain_biases"].low > 0.1
    assert found["gain_of_biases_one"].low > 0.05
    assert found["miss_five"].low > found["noise"].value
    assert found["learned_fifty"].high < found["learned_five"].low < found["noise"].value
    new = found["miss_new_person"]
    assert found["miss_five"].high < new.low < found["best_new_person"].value + 0.06
    assert new.value < found["miss_new_person_average"].value
    for text in ("5 factors are the least off", "noise, by heart", "match of tastes"):
        assert text in told()
    assert "Nothing holds" not in told()


def test_without_a_match_no_factor_helps() -> None:
    assert least(traits=0) == "biases"
    assert all(facts(traits=0)[f"gain_{arm}"].high < 0 for arm in ("one", "five", "fifty"))
    assert "There is no match here" in told(traits=0)
    assert "match of tastes" not in told(traits=0)


def test_without_decay_fifty_factors_learn_by_heart() -> None:
    found = facts(decay=0.0)
    assert found["learned_fifty"].high < 0.05
    assert found["gain_fifty"].high < -0.05
    assert "Nothing holds the numbers down" in told(decay=0.0)
    assert "noise, by heart" not in told(decay=0.0)


def test_a_strong_decay_leaves_the_biases() -> None:
    found = facts(decay=50.0)
    assert found["learned_fifty"].value == pytest.approx(found["learned_five"].value, abs=0.001)
    assert abs(found["gain_fifty"].value) < 0.0005
    assert "more than a match can stand up to" in told(decay=50.0)


def test_one_seed_has_no_interval_and_the_curves_end_at_the_facts(small: None) -> None:
    for seeds in (1, 2):
        stream = events(seeds=seeds)
        assert isinstance(stream[-1], Result)
        found = {fact.name: fact for fact in stream[-1].facts}
        last = {event.series: event for event in stream if isinstance(event, Metric)}
        for name in ("biases", "fifty", "dot_five"):
            fact, point = found[f"miss_{name}"], last[collaborative.TITLES[name]]
            assert (point.step, point.value, point.low) == (6, fact.value, fact.low)
            assert (fact.low is None) == (seeds == 1)


def test_there_is_always_a_next_thing_to_try() -> None:
    for traits, ratings, decay in product((0, 1, 10, 11, 20), (5, 40, 90), (0.0, 0.7, 5.0, 50.0)):
        knobs = DEFAULTS | {"traits": traits, "ratings": ratings, "decay": decay}
        assert true_of(LESSON.next, (), knobs), knobs
