"""feedback: each policy does what it says, and the worlds end where the urn's theory has them."""

from __future__ import annotations

import math
from collections.abc import Iterator

import pytest
import torch

from lessons import feedback
from studyapp.lab.protocol import Fact, LessonEvent, Metric, Progress, Result, Value
from studyapp.lab.seeds import generators
from studyapp.lab.wording import true_of

DEFAULTS = {knob.name: knob.default for knob in feedback.LESSON.knobs}
SMALL = {"days": 60, "seeds": 30}
ENDS = [
    (knob.name, end)
    for knob in feedback.LESSON.knobs
    for end in knob.choices or (knob.low, knob.high)
]


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """As the app does on two cores: with more, threads wait for each other on a busy machine."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def events(seed: int = 0, **knobs: Value) -> list[LessonEvent]:
    return list(feedback.run(DEFAULTS | knobs, "cpu", seed))


def facts(**knobs: Value) -> dict[str, Fact]:
    result = events(**knobs)[-1]
    assert isinstance(result, Result)
    return {fact.name: fact for fact in result.facts}


def told(found: dict[str, Fact], **knobs: Value) -> str:
    return " ".join(true_of(feedback.LESSON.meaning, tuple(found.values()), DEFAULTS | knobs))


@pytest.mark.parametrize(("name", "end"), ENDS)
def test_every_knob_works_at_both_ends(name: str, end: Value) -> None:
    if name in ("days", "seeds"):
        end = min(int(end), 130)
    stream = events(**(SMALL | {name: end}))
    assert isinstance(stream[-1], Result)
    found = {fact.name: fact for fact in stream[-1].facts}
    assert all(math.isfinite(fact.value) for fact in found.values())
    settled = name in ("first", "second") and end == 0
    assert (found["excess"].method == "exact") == settled
    assert (found["excess"].low is None) == (settled or (name, end) == ("seeds", 1))
    days = int((SMALL | {name: end})["days"])
    done = [event.done for event in stream if isinstance(event, Progress)]
    assert done == list(range(days + 1))
    metrics = [event for event in stream if isinstance(event, Metric)]
    mean = [event for event in metrics if event.series == "share: mean"]
    assert (mean[0].step, mean[-1].step) == (0, days)
    bars = [event.value for event in metrics if event.series == "worlds by share"]
    assert len(bars) == feedback.BARS
    assert sum(bars) == pytest.approx(1)


def test_the_same_seed_gives_the_same_events_and_another_does_not() -> None:
    first = events(seed=3, **SMALL)
    assert events(seed=3, **SMALL) == first
    assert events(seed=4, **SMALL) != first


def test_a_world_comes_out_the_same_however_many_are_beside_it() -> None:
    def records(seeds: int) -> torch.Tensor:
        worlds = feedback.Worlds(DEFAULTS, generators(0, seeds), "cpu")
        for drawn in worlds.draw(50):
            worlds.day(drawn)
        return worlds.records

    assert torch.equal(records(1), records(6)[:1])


def test_the_choices_leave_no_outcome_open() -> None:
    edges = [(choice.low, choice.high) for choice in feedback.LESSON.question.choices]
    assert edges[0][0] is None
    assert edges[-1][1] is None
    assert [high for _, high in edges[:-1]] == [low for low, _ in edges[1:]]


def worlds(policy: str, *records: tuple[int, int]) -> feedback.Worlds:
    """Worlds with these records, where patrols find more in the first area."""
    knobs = DEFAULTS | {"policy": policy, "rate_1": 0.8, "rate_2": 0.5}
    made = feedback.Worlds(knobs, generators(0, len(records)), "cpu")
    made.records = torch.tensor(records).float()
    return made


def test_where_a_patrol_goes() -> None:
    records = (0, 0), (3, 1), (1, 3), (2, 2), (4, 0)
    for policy in ("proportional", "corrected"):
        assert worlds(policy, *records).chances().tolist() == [0.5, 0.75, 0.25, 0.5, 1]
    assert worlds("greedy", *records).chances().tolist() == [0.5, 1, 0, 0.5, 1]


@pytest.mark.parametrize(
    ("policy", "after"),
    [
        ("proportional", [[4, 1], [3, 2], [3, 1], [4, 1]]),
        ("greedy", [[4, 1], [4, 1], [3, 1], [4, 1]]),
        ("corrected", [[3, 1], [3, 2], [3, 1], [4, 1]]),
    ],
)
def test_what_a_day_adds(policy: str, after: list[list[int]]) -> None:
    """Of records (3, 1) the first area's share is 3/4, so 1/4 of its finds count if corrected."""
    made = worlds(policy, *[(3, 1)] * 4)
    sent = torch.tensor([0.7, 0.76, 0.7, 0.0])  # to the first area below 0.75
    met = torch.tensor([0.1, 0.1, 0.9, 0.7])  # found below the area's rate
    kept = torch.tensor([0.3, 0.3, 0.1, 0.2])
    made.day(torch.stack([sent, met, kept]))
    assert made.records.tolist() == after


def test_records_do_not_correct_themselves_and_a_correction_does() -> None:
    year = facts(seeds=300)
    assert year["true_share"].value == pytest.approx(2 / 3)
    assert 0.74 < year["share"].value < 0.78
    assert "is recorded more because it is patrolled more" in told(year)
    quick = {"first": 1, "second": 1, "days": 400, "seeds": 300}
    assert facts(**quick)["excess"].low > 15
    corrected = facts(**quick, policy="corrected")
    assert corrected["excess"].value == pytest.approx(0, abs=2)
    assert "near its true share" in told(corrected, **quick, policy="corrected")


def test_with_equal_rates_the_mean_stays_and_the_worlds_come_apart_as_a_beta_says() -> None:
    """A Pólya urn: from (1, 1) each share is as likely as any other (Eggenberger & Pólya 1923)."""
    knobs = {"rate_1": 1.0, "rate_2": 1.0, "first": 1, "second": 1, "days": 300, "seeds": 500}
    found = facts(**knobs)
    assert found["share"].value == pytest.approx(0.5, abs=0.04)
    assert found["far_off"].value == pytest.approx(0.8, abs=0.06)
    assert "by luck or as a head start" in told(found, **knobs)
    assert found["recorded"].value == 302


def test_greedy_sends_all_to_one_area_and_a_head_start_says_to_which() -> None:
    lottery = facts(policy="greedy", days=60, seeds=300)
    assert lottery["all_to_one"].value > 0.97
    assert lottery["share"].value == pytest.approx(2 / 3, abs=0.09)
    sure = facts(**SMALL, policy="greedy", first=11)
    assert (sure["share"].value, sure["share"].method, sure["share"].low) == (1, "exact", None)
    assert facts(**SMALL, policy="greedy", second=11)["share"].value == 0
    assert "arithmetic" in told(sure, policy="greedy", first=11)


def test_an_area_without_a_record_is_never_found_out() -> None:
    found = facts(**SMALL, first=0)
    assert (found["share"].value, found["share"].method) == (0, "exact")
    assert "stays at none" in told(found, first=0)
    nowhere = facts(days=200, seeds=60, first=0, second=0)
    assert (nowhere["all_to_one"].value, nowhere["share"].method) == (1, "student t")


def test_there_is_always_a_next_thing_to_try() -> None:
    for knob in feedback.LESSON.knobs:
        for end in knob.choices or (knob.low, knob.high):
            assert true_of(feedback.LESSON.next, (), DEFAULTS | {knob.name: end})
