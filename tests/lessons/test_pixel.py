"""pixel: its comparisons are numpy's, a moved digit stays whole, and simple ways win at times."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import pytest
import torch

from lessons import pixel
from studyapp.lab.protocol import Fact, LessonEvent, Metric, Progress, Result, Value
from studyapp.lab.seeds import generators
from studyapp.lab.wording import true_of

DEFAULTS = {knob.name: knob.default for knob in pixel.LESSON.knobs}
SMALL = {"k": 2, "steps": 10, "seeds": 2}
ENDS = [
    (knob.name, end) for knob in pixel.LESSON.knobs for end in knob.choices or (knob.low, knob.high)
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
    monkeypatch.setattr(pixel, "TEST", 2)
    monkeypatch.setattr(pixel, "BATCH", 8)
    monkeypatch.setattr(pixel, "LOOKS", 2)


def events(seed: int = 0, **knobs: Value) -> list[LessonEvent]:
    return list(pixel.run(DEFAULTS | knobs, "cpu", seed))


def facts(**knobs: Value) -> dict[str, Fact]:
    result = events(**knobs)[-1]
    assert isinstance(result, Result)
    return {fact.name: fact for fact in result.facts}


def told(found: dict[str, Fact], **knobs: Value) -> str:
    return " ".join(true_of(pixel.LESSON.meaning, tuple(found.values()), DEFAULTS | knobs))


def low(fact: Fact) -> float:
    assert fact.low is not None
    return fact.low


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize(("name", "end"), ENDS)
def test_every_knob_works_at_both_ends(name: str, end: Value) -> None:
    if name in ("steps", "seeds"):
        end = min(int(end), 12)
    stream = events(**(SMALL | {name: end}))
    assert isinstance(stream[-1], Result)
    found = {fact.name: fact for fact in stream[-1].facts}
    assert {choice.fact for choice in pixel.LESSON.question.choices} <= set(found)
    assert all(math.isfinite(fact.value) for fact in found.values())
    assert all((fact.low is None) == ((name, end) == ("seeds", 1)) for fact in found.values())
    assert ("cost_cnn" in found) == (name == "shift" and end == 2)
    done = [event.done for event in stream if isinstance(event, Progress)]
    assert done == list(range(int((SMALL | {name: end})["steps"]) + 1))
    assert {event.series for event in stream if isinstance(event, Metric)} == set(
        pixel.ARMS.values()
    )


@pytest.mark.usefixtures("short")
def test_the_same_seed_gives_the_same_events_and_another_does_not() -> None:
    knobs = SMALL | {"shift": 1}
    first = events(seed=3, **knobs)
    assert events(seed=3, **knobs) == first
    assert events(seed=4, **knobs) != first


@pytest.mark.usefixtures("short")
def test_a_seed_comes_out_the_same_however_many_run_beside_it() -> None:
    def scores(seeds: int) -> dict[str, list[float]]:
        contest = pixel.Contest(DEFAULTS | {"k": 3, "shift": 1, "seeds": seeds}, "cpu", 0)
        for _ in range(5):
            contest.learn()
        tests = contest.tests["moved"]
        return contest.compared(tests) | contest.trained(tests)

    few, many = scores(2), scores(5)
    assert few == {arm: values[:2] for arm, values in many.items()}


@pytest.mark.parametrize("shift", [1, 2])
def test_a_moved_digit_is_whole_and_goes_each_of_four_ways(shift: int) -> None:
    ink = torch.rand(60, 2, 8, 8, generator=generators(0, 1)[0]) + 0.5
    fields = pixel.moved(pixel.framed(ink), shift, generators(0, 2))
    assert fields.shape == (60, 2, 12, 12)
    corners = set()
    for picture, field in zip(ink.flatten(0, 1), fields.flatten(0, 1), strict=True):
        top, left = (field.sum(axis).gt(0).int().argmax().item() for axis in (1, 0))
        assert torch.equal(field[top : top + 8, left : left + 8], picture)
        corners.add((top - 2, left - 2))
    assert corners == {(-shift, 0), (shift, 0), (0, -shift), (0, shift)}
    assert not torch.equal(fields[:, 0] > 0, fields[:, 1] > 0)


@pytest.mark.parametrize("digits", ["ten", "3-7"])
def test_the_comparisons_are_those_of_numpy(digits: str) -> None:
    contest = pixel.Contest(DEFAULTS | {"digits": digits, "k": 4, "seeds": 2}, "cpu", 0)
    found = contest.compared(contest.tests["still"])
    for seed in range(2):
        x, y, tests = (
            each[:, seed].numpy() for each in (contest.x, contest.y, contest.tests["still"])
        )
        averages = np.stack([x[y == label].mean(0) for label in range(contest.classes)])
        for arm, pictures, names in (
            ("mean", averages, np.arange(contest.classes)),
            ("neighbour", x, y),
        ):
            apart = np.sqrt(((tests[:, None] - pictures) ** 2).mean((2, 3)))  # RMSE
            right = names[apart.argmin(1)] == contest.labels[:, seed].numpy()
            assert found[arm][seed] == pytest.approx(right.mean())
    assert sorted(set(contest.labels.flatten().tolist())) == list(range(contest.classes))


@pytest.mark.usefixtures("short")
def test_no_picture_is_learned_from_and_read() -> None:
    contest = pixel.Contest(DEFAULTS | {"seeds": 2}, "cpu", 0)
    for seed in range(2):
        learned = {tuple(each) for each in contest.x[:, seed].flatten(1).tolist()}
        tests = contest.tests["still"][:, seed].flatten(1).tolist()
        assert not learned.intersection(map(tuple, tests))


@pytest.mark.usefixtures("short")
def test_with_one_picture_of_each_two_ways_are_the_same() -> None:
    found = facts(**(SMALL | {"k": 1}))
    assert found["score_mean"].value == found["score_neighbour"].value
    words = told(found, k=1)
    assert "are the same way" in words
    assert "mean image reads the most" not in words
    assert "trains nothing, reads the most" not in words


def test_a_pixel_aside_costs_every_way_much_and_the_cnn_less(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pixel, "TEST", 10)
    monkeypatch.setattr(pixel, "BATCH", 50)
    monkeypatch.setattr(pixel, "LOOKS", 1)
    knobs = {"k": 8, "steps": 30, "seeds": 4, "shift": 1}
    found = facts(**knobs)
    for arm in pixel.ARMS:
        assert low(found[f"cost_{arm}"]) > 15
    assert found["cost_cnn"].value < found["cost_linear"].value
    assert "forgives a little" in told(found, **knobs)


def test_there_is_always_a_next_thing_to_try() -> None:
    for knob in pixel.LESSON.knobs:
        for end in knob.choices or (knob.low, knob.high):
            assert true_of(pixel.LESSON.next, (), DEFAULTS | {knob.name: end})


def test_with_many_pictures_a_neighbour_reads_more_than_an_average() -> None:
    contest = pixel.Contest(DEFAULTS | {"seeds": 3}, "cpu", 0)
    found = contest.compared(contest.tests["still"])
    assert sum(found["mean"]) / 3 == pytest.approx(0.90, abs=0.03)
    assert sum(found["neighbour"]) / 3 == pytest.approx(0.986, abs=0.015)


def test_the_words_say_who_won() -> None:
    def said(best: str) -> str:
        shares = {arm: [0.5, 0.6, 0.55] for arm in pixel.ARMS} | {best: [0.8, 0.9, 0.84]}
        found = {fact.name: fact for fact in pixel.facts(shares, None)}
        assert low(found[f"lead_{best}"]) > 0
        return told(found)

    assert "The mean image reads the most" in said("mean")
    assert "which trains nothing, reads the most" in said("neighbour")
    assert "Linear reads the most" in said("linear")
    assert "The CNN reads the most" in said("cnn")
    assert "behind even the mean image" in said("mean")
