"""shift: pictures are changed as they are said to be, and the confidence does not notice."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cache

import pytest
import torch

from lessons import shift
from lessons.digits import load_digits
from lessons.pixel import framed
from studyapp.lab.protocol import Fact, LessonEvent, Metric, Progress, Result, Value
from studyapp.lab.wording import true_of

DEFAULTS = {knob.name: knob.default for knob in shift.LESSON.knobs}
SMALL = {"steps": 2, "seeds": 2}
ENDS = [
    (knob.name, end) for knob in shift.LESSON.knobs for end in knob.choices or (knob.low, knob.high)
]
NO_CHANGE = {"rotation": 0.0, "shift": 0, "noise": 0.0, "invert": "no"}


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """As the app does on two cores: with more, threads wait for each other on a busy machine."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"TEST": 2, "BATCH": 8, "LOOKS": 1, "ANGLES": (0, 90)}.items():
        monkeypatch.setattr(shift, name, value)


def events(seed: int = 0, **knobs: Value) -> list[LessonEvent]:
    return list(shift.run(DEFAULTS | knobs, "cpu", seed))


def facts(**knobs: Value) -> dict[str, Fact]:
    result = events(**knobs)[-1]
    assert isinstance(result, Result)
    return {fact.name: fact for fact in result.facts}


def told(found: dict[str, Fact], **knobs: Value) -> str:
    return " ".join(true_of(shift.LESSON.meaning, tuple(found.values()), DEFAULTS | knobs))


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize(("name", "end"), ENDS)
def test_every_knob_works_at_both_ends(name: str, end: Value) -> None:
    if name in ("steps", "seeds"):
        end = min(int(end), 5)
    stream = events(**(SMALL | {name: end}))
    assert isinstance(stream[-1], Result)
    found = {fact.name: fact for fact in stream[-1].facts}
    assert all(math.isfinite(fact.value) for fact in found.values())
    assert all((fact.low is None) == ((name, end) == ("seeds", 1)) for fact in found.values())
    for share in ("score", "confidence", "sure_wrong"):  # no share is below 0 or above 1
        assert 0 <= (found[share].low or 0) <= (found[share].high or 1) <= 1
    assert found["gap"].value == pytest.approx(
        100 * (found["confidence"].value - found["score"].value)
    )
    steps = int((SMALL | {name: end})["steps"])
    done = [event.done for event in stream if isinstance(event, Progress)]
    assert done == sorted(done)
    assert set(done) == set(range(steps + len(shift.ANGLES) + 1))
    metrics = [event for event in stream if isinstance(event, Metric)]
    for series in ("unchanged: plain", "changed: augmented"):
        points = [event.step for event in metrics if event.series == series]
        assert (points[0], points[-1]) == (0, steps)
    assert [e.step for e in metrics if e.series == "turned: plain, confidence"] == [0, 90]


@pytest.mark.usefixtures("short")
def test_the_same_seed_gives_the_same_events_and_another_does_not() -> None:
    knobs = SMALL | {"noise": 0.1}
    first = events(seed=3, **knobs)
    assert events(seed=3, **knobs) == first
    assert events(seed=4, **knobs) != first


@pytest.mark.usefixtures("short")
def test_a_seed_comes_out_the_same_however_many_run_beside_it() -> None:
    def right(seeds: int) -> torch.Tensor:
        readers = shift.Readers(DEFAULTS | {"seeds": seeds, "noise": 0.2}, "cpu", 0)
        for _ in range(3):
            readers.learn()
        return torch.stack(
            [
                readers.asked(arm, readers.tests["changed"], readers.labels).confidence
                for arm in shift.ARMS
            ]
        )

    assert torch.allclose(right(2), right(4)[:, :2], atol=1e-6)


def digits(count: int) -> torch.Tensor:
    images, _ = load_digits()
    return framed(images[: 2 * count].unflatten(0, (count, 2)))  # (count, 2, 12, 12)


def test_pictures_are_turned_against_the_clock_and_moved_to_the_right() -> None:
    fields = digits(3)
    for quarters in range(3):
        expected = torch.rot90(fields, quarters, (2, 3))
        assert torch.allclose(shift.turned(fields, 90.0 * quarters), expected, atol=1e-5)
    for pixels in range(3):
        expected = fields.roll(pixels, 3)  # nothing is lost: the margin is as wide
        assert torch.allclose(shift.turned(fields, 0.0, pixels), expected, atol=1e-5)
    both = shift.turned(fields, 90.0, 1)  # turned first, then moved
    assert torch.allclose(both, torch.rot90(fields, 1, (2, 3)).roll(1, 3), atol=1e-5)


def test_each_picture_is_moved_by_its_own() -> None:
    fields = digits(2)
    degrees = torch.tensor([[0.0, 90.0], [180.0, 0.0]])
    down = torch.tensor([[0.0, 0.0], [0.0, 2.0]])
    each = shift.moved(fields, degrees, torch.zeros(2, 2), down)
    assert torch.allclose(each[0, 0], fields[0, 0], atol=1e-5)
    assert torch.allclose(each[0, 1], torch.rot90(fields[0, 1]), atol=1e-5)
    assert torch.allclose(each[1, 0], torch.rot90(fields[1, 0], 2), atol=1e-5)
    assert torch.allclose(each[1, 1], fields[1, 1].roll(2, 0), atol=1e-5)


def test_what_the_other_knobs_do_to_a_picture() -> None:
    fields, noise = digits(2), torch.full((2, 2, 12, 12), 2.0)
    same = shift.changed(fields, noise, DEFAULTS | NO_CHANGE)
    assert torch.allclose(same, fields, atol=1e-5)
    other = shift.changed(fields, noise, DEFAULTS | NO_CHANGE | {"invert": "yes", "noise": 0.1})
    assert torch.allclose(other, 1.2 - fields, atol=1e-5)


@pytest.mark.usefixtures("short")
def test_both_arms_begin_alike_and_none_is_tested_on_what_it_learned_from() -> None:
    readers = shift.Readers(DEFAULTS | {"seeds": 2}, "cpu", 0)
    plain, augmented = (readers.networks[arm].state_dict() for arm in shift.ARMS)
    assert all(torch.equal(plain[name], augmented[name]) for name in plain)
    for seed in range(2):
        learned = {tuple(each) for each in readers.x[:, seed].flatten(1).tolist()}
        tests = readers.tests["unchanged"][:, seed].flatten(1).tolist()
        assert not learned.intersection(map(tuple, tests))


def test_what_is_counted_of_answers() -> None:
    readers = shift.Readers(DEFAULTS | {"seeds": 2}, "cpu", 0)
    scores = torch.zeros(2, 2, 10)
    scores[0, 0, 3] = scores[0, 1, 3] = scores[1, 0, 5] = 20.0  # sure; the last is torn
    readers.networks["plain"] = lambda pictures: scores
    answers = readers.asked("plain", torch.zeros(2, 2), torch.tensor([[3, 3], [4, 0]]))
    assert answers.right.tolist() == [0.5, 1.0]
    assert answers.sure_wrong.tolist() == [0.5, 0.0]
    assert answers.confidence.tolist() == pytest.approx([1.0, 0.55])


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"TEST": 10, "BATCH": 50, "LOOKS": 1, "ANGLES": (0, 90)}.items():
        monkeypatch.setattr(shift, name, value)


@cache
def turned() -> dict[str, Fact]:
    return facts(steps=45, seeds=3)


@pytest.mark.usefixtures("quick")
def test_turned_by_a_quarter_little_is_read_and_surely() -> None:
    found = turned()
    assert found["score_unchanged"].value > 0.75
    assert abs(found["gap_unchanged"].value) < 15
    assert found["score"].value < 0.35
    assert found["gap"].low is not None
    assert found["gap"].low > 25
    assert found["sure_wrong"].value > 0.15
    assert "by far less than what it reads" in told(found)


@pytest.mark.usefixtures("short")
def test_where_nothing_is_changed_nothing_is_shown() -> None:
    knobs = NO_CHANGE | SMALL
    still = facts(**knobs)
    assert still["gap"].value == pytest.approx(still["gap_unchanged"].value, abs=1e-3)
    assert still["score"].value == still["score_unchanged"].value
    assert still["gain"].value == pytest.approx(-still["cost"].value)
    assert "Nothing was changed" in told(still, **knobs)


@pytest.mark.slow
@pytest.mark.usefixtures("quick")
def test_augmenting_prepares_for_what_it_shows() -> None:
    moved = facts(**NO_CHANGE | {"shift": 1, "steps": 60, "seeds": 8})
    assert moved["gain"].low is not None
    assert moved["gain"].low > 0
    assert "gains" in told(moved)


def test_the_words_are_those_of_the_outcome() -> None:
    def said(right: float, confidence: float, gain: float) -> str:
        spread = torch.tensor([-0.01, 0.0, 0.01])
        plain = shift.Answers(right + spread, confidence + spread / 2, 0.2 + spread)
        other = plain._replace(right=right + gain + spread / 3)
        looks = {
            (arm, kind): answers
            for arm, answers in zip(shift.ARMS, (plain, other), strict=True)
            for kind in ("unchanged", "changed")
        }
        return told({fact.name: fact for fact in shift.facts(looks)})

    sure, fitting, modest = (said(0.5, confidence, 0.2) for confidence in (0.9, 0.52, 0.3))
    assert "too sure by" in sure
    assert "not far above" in fitting
    assert "less sure than it could be" in modest
    assert "gains" in sure
    assert "gains nothing" in said(0.5, 0.9, -0.1)
    assert "It has a price" in said(0.5, 0.9, -0.1)


def test_there_is_always_a_next_thing_to_try() -> None:
    for knob in shift.LESSON.knobs:
        for end in knob.choices or (knob.low, knob.high):
            assert true_of(shift.LESSON.next, (), DEFAULTS | {knob.name: end})
