"""metric: nudges and slopes are those of plain torch, and the texts follow what they find."""

from __future__ import annotations

import math
from collections.abc import Iterator

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from lessons import metric
from studyapp.lab.grade import Verdict, grade
from studyapp.lab.protocol import Fact, LessonEvent, Metric, Progress, Result, Value
from studyapp.lab.seeds import generators
from studyapp.lab.wording import true_of

DEFAULTS = {knob.name: knob.default for knob in metric.LESSON.knobs}
ENDS = [(knob.name, end) for knob in metric.LESSON.knobs for end in (knob.low, knob.high)]
PIXELS, PICTURES = 12, 60


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """As the app does on two cores: with more, threads wait for each other on a busy machine."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metric, "load", few)
    monkeypatch.setattr(metric, "TRAIN", 40)
    monkeypatch.setattr(metric, "SEARCH_STEPS", 3)
    monkeypatch.setattr(metric, "DIRECTIONS", 3)


def few() -> tuple[Tensor, Tensor]:
    """Pictures in which every pixel has ink somewhere, as in the whole set."""
    generator = torch.Generator().manual_seed(9)
    x = torch.rand(PICTURES, PIXELS, generator=generator, dtype=torch.float64)
    return x, torch.arange(PICTURES) % 10


def events(seed: int = 0, **knobs: Value) -> list[LessonEvent]:
    return list(metric.run(DEFAULTS | {"seeds": 3} | knobs, "cpu", seed))


def facts(seed: int = 0, **knobs: Value) -> dict[str, Fact]:
    result = events(seed, **knobs)[-1]
    assert isinstance(result, Result)
    return {fact.name: fact for fact in result.facts}


def told(found: dict[str, Fact], **knobs: Value) -> str:
    return " ".join(true_of(metric.LESSON.meaning, tuple(found.values()), DEFAULTS | knobs))


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize(("name", "end"), ENDS)
def test_every_knob_works_at_both_ends(name: str, end: Value) -> None:
    stream = events(**{name: end})
    result = stream[-1]
    assert isinstance(result, Result)
    for fact in result.facts:
        assert math.isfinite(fact.value)
        if fact.low is not None and fact.high is not None:
            assert fact.low <= fact.high
    total = PIXELS + metric.SEARCH_STEPS
    assert [e for e in stream if isinstance(e, Progress)][-1] == Progress(total, total)


@pytest.mark.usefixtures("short")
def test_the_same_seed_gives_the_same_events_on_any_number_of_threads() -> None:
    first = events(seed=3)
    torch.set_num_threads(2)
    assert events(seed=3) == first
    other = facts(seed=4)
    assert other["loss_search"] != facts(seed=3)["loss_search"]
    assert other["error_moved"] == facts(seed=3)["error_moved"]  # nothing is drawn for it


@pytest.mark.usefixtures("short")
def test_a_seed_does_not_depend_on_how_many_run_beside_it() -> None:
    def right(seeds: int) -> list[list[float]]:
        searches = metric.Searches(*few(), 0.1, 0.5, generators(2, seeds))
        for _ in range(4):
            searches.advance()
        return [*searches.accuracies().values(), torch.stack(searches.silent).T.tolist()]

    many = right(5)
    for seeds in (1, 2):
        assert right(seeds) == [rows[:seeds] for rows in many]


@pytest.mark.usefixtures("short")
def test_one_seed_has_no_interval_and_a_census_never() -> None:
    for seeds in (1, 8):
        found = facts(seeds=seeds)
        counted = {name for name, fact in found.items() if fact.method == "census"}
        assert counted == {"loss_moved", "error_moved", "most_pictures"}
        assert all((fact.low is None) == (fact.n == 1) for fact in found.values() if fact.n < 9)
        assert {found[name].low for name in counted} == {None}


def test_a_nudge_is_a_weight_that_is_changed() -> None:
    x, labels = few()
    weights, step = metric.train(x, labels), 0.3
    moved = [
        torch.stack(list(each.values()), 1) for each in metric.nudges(x, labels, x @ weights, step)
    ]

    def measured(weights: Tensor) -> Tensor:
        z = x @ weights
        wrong = (z.argmax(1) != labels).double().mean()
        return torch.stack([F.cross_entropy(z, labels), wrong])

    for index in range(PIXELS * 10):
        nudged = weights.clone()
        nudged.view(-1)[index] += step
        change = measured(nudged) - measured(weights)
        assert torch.cat(moved)[index].tolist() == pytest.approx(change.tolist(), abs=1e-12)
    assert 0 < int((torch.cat(moved)[:, 1] != 0).sum()) < PIXELS * 10


def test_a_weight_that_multiplies_only_0_moves_nothing_not_even_by_rounding() -> None:
    x, labels = few()
    x[:, 3] = 0
    moved = list(metric.nudges(x, labels, x @ metric.train(x, labels), 0.3))
    assert [bool(each["loss"].any()) for each in moved] == [pixel != 3 for pixel in range(PIXELS)]


def test_training_descends_the_loss_as_autograd_would(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metric, "STEPS", 3)
    x, labels = few()
    weights = torch.zeros(PIXELS, 10, dtype=torch.float64, requires_grad=True)
    for _ in range(3):
        (slope,) = torch.autograd.grad(F.cross_entropy(x @ weights, labels), weights)
        weights = (weights - metric.RATE * slope).detach().requires_grad_()
    assert torch.allclose(metric.train(x, labels), weights)


@pytest.mark.usefixtures("short")
def test_what_a_search_finds_out_by_trying_is_the_slope_that_autograd_knows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(metric, "DIRECTIONS", 1500)  # so that their mean comes near to the gradient
    monkeypatch.setattr(metric, "BATCH", 200)
    searches = metric.Searches(*few(), 1e-4, 1.0, generators(5, 1))
    before = searches.weights["loss"].clone()
    searches.advance()
    found = (before - searches.weights["loss"])[0]
    weights = before[0].requires_grad_()
    rng = generators(5, 1)[0]  # the same draws: split, start, batch
    order = torch.randperm(PICTURES, generator=rng)[: metric.TRAIN]
    torch.randn((1, PIXELS, 10), generator=rng, dtype=torch.float64)
    batch = order[torch.randint(metric.TRAIN, (metric.BATCH,), generator=rng)]
    x, labels = few()
    (slope,) = torch.autograd.grad(F.cross_entropy(x[batch] @ weights, labels[batch]), weights)
    cosine = F.cosine_similarity(found.flatten(), slope.flatten(), dim=0)
    assert float(cosine) > 0.94
    assert float(found.norm() / slope.norm()) == pytest.approx(1, abs=0.1)


@pytest.mark.usefixtures("short")
def test_the_plot_along_one_weight_has_stairs_of_one_picture_and_a_smooth_curve() -> None:
    points = [e for e in events(step=0.1) if isinstance(e, Metric) and "along" in e.series]
    stairs = [e.value for e in points if e.series.endswith("wrong pictures")]
    assert stairs == pytest.approx([round(value) for value in stairs])
    assert len(set(map(round, stairs))) > 1
    smooth = [e.value for e in points if e.series.endswith("losses")]
    assert len(set(smooth)) == len(smooth) == 2 * metric.ALONG + 1


def test_each_number_of_nudges_makes_one_choice_true() -> None:
    def right(count: int) -> list[str]:
        fact = Fact("error_moved", count, "", None, None, 610, "census", "")
        question = metric.LESSON.question
        return [
            c.text for c in question.choices if grade(question, c.text, [fact]) == Verdict.RIGHT
        ]

    assert [len(right(count)) for count in range(611)] == [1] * 611
    assert right(0) == ["none"]
    assert right(60) == ["1 to 60"]
    assert right(306) == ["more than 305"]


@pytest.mark.slow
def test_no_small_nudge_moves_the_error_rate_and_the_search_that_descends_it_goes_nowhere() -> None:
    found = facts(seeds=6)
    assert (found["loss_moved"].value, found["error_moved"].value) == (610, 0)
    assert found["loss_search"].low > 0.87
    assert found["error_search"].high < 0.2
    assert found["silent_share"].low > 0.9
    for words in ("Not one nudge", "They are apart", "a rare kick"):
        assert words in told(found)
    large = facts(step=0.1, seeds=6)
    assert large["error_moved"].value == pytest.approx(160, abs=2)
    assert large["error_search"].low > 0.7
    assert large["search_gap"].low > 0  # still behind
    assert "lumps of one picture" in told(large, step=0.1)
    assert "a coarse one" in told(large, step=0.1)
    slow = facts(rate=0.001, seeds=6)
    assert "it is the rate that decides" in told(slow, rate=0.001)
