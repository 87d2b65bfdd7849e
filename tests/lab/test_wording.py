"""A learner reads what is true of their run, with their knobs in it, and nothing else."""

from __future__ import annotations

import pytest

from studyapp.lab import wording
from studyapp.lab.protocol import Fact, Value, When

KNOBS: dict[str, Value] = {"n": 1000, "flips": 0.2, "slope": -0.023, "data": "folder:/home/me"}


def fact(low: float | None, high: float | None, method: str = "student t") -> Fact:
    value = 0.0 if low is None or high is None else (low + high) / 2
    return Fact("gap", value, "points", low, high, 8, method, "8 draws")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("of {n} cities", "of 1,000 cities"),
        ("{flips:%} wrong, {flips} in all", "20% wrong, 0.2 in all"),
        ("a slope of {slope}", "a slope of −0.023"),
        ("{data}", "folder:/home/me"),
        ("{gone} and {} stay, {{n}} too", "{gone} and {} stay, {1,000} too"),
        ("nothing", "nothing"),
    ],
)
def test_a_field_is_the_value_of_its_knob(text: str, expected: str) -> None:
    assert wording.filled(text, KNOBS) == expected


@pytest.mark.parametrize(
    ("when", "facts", "true"),
    [
        (When("x"), [], True),
        (When("x", "gap", low=0), [fact(0, 2)], True),
        (When("x", "gap", low=0), [fact(-0.1, 2)], False),  # not resolved
        (When("x", "gap", high=0), [fact(-0.1, 2)], False),
        (When("x", "gap", high=0), [fact(-3, -1)], True),
        (When("x", "gap", low=0), [fact(0, 0)], False),  # a tie
        (When("x", "gap", high=0), [fact(0, 0)], False),
        (When("x", "gap", low=-1), [fact(0, 0)], True),
        (When("x", "gap", low=-1, high=1), [fact(-0.5, 0.9)], True),
        (When("x", "gap", low=-1, high=1), [fact(-0.5, 1.1)], False),
        (When("x", "gap", low=0), [], False),
        (When("x", "gap"), [fact(-3, 3)], True),
        (When("x", "gap", low=-1), [fact(None, None)], False),  # one seed shows nothing
        (When("x", "gap", low=-1), [fact(None, None, "exact")], True),
        (When("x", knobs={"flips": (0.0, 0.0)}), [], False),
        (When("x", knobs={"flips": (0.1, 0.2)}), [], True),
        (When("x", knobs={"flips": (0.1, 0.2), "n": (1, 9)}), [], False),
        (When("x", knobs={"data": ("digits",)}), [], False),
        (When("x", knobs={"data": ("digits", "folder:")}), [], True),
        (When("x", "gap", low=0, knobs={"flips": (0.1, 0.2)}), [fact(-2, -1)], False),
        (When("x", knobs={"gone": (0, 1)}), [], False),
    ],
)
def test_a_text_holds_where_its_whole_condition_does(
    when: When, facts: list[Fact], true: bool
) -> None:
    assert wording.holds(when, facts, KNOBS) is true


def test_the_texts_that_are_true_come_in_order_and_filled_in() -> None:
    texts = (
        When("With n = {n} it rose.", "gap", low=0),
        When("It fell.", "gap", high=0),
        When("Look at both."),
    )
    assert wording.true_of(texts, [fact(1, 2)], KNOBS) == (
        "With n = 1,000 it rose.",
        "Look at both.",
    )
