"""What the built-in lessons declare for any run: how it comes about, and what the plots show."""

from __future__ import annotations

import importlib
import re
from itertools import product

import pytest

from studyapp.lab import catalog
from studyapp.lab.catalog import Declaration
from studyapp.lab.protocol import Knob, Metric, Value
from studyapp.study.lab.facts import mechanism
from studyapp.tui.series import Live, named

LESSONS = {
    lesson.name: lesson for lesson in catalog.read().lessons if lesson.module.startswith("lessons.")
}
FIGURE = re.compile(r"\{fact:(\w+)\}")
SMALL: dict[str, tuple[dict[str, Value], dict[str, int]]] = {  # knobs, and constants of the module
    "null": ({"n": 9, "worlds": 1000}, {"REPEATS": 200, "SHUFFLES": 99}),
    "overfit": ({"n": 32, "width": 4, "seeds": 2}, {"EPOCHS": 10, "TEST": 20, "VALIDATION": 20}),
    "transfer": (
        {"k": 1, "seeds": 2},
        {"PRETRAIN_STEPS": 2, "STEPS": 2, "HEAD_STEPS": 1, "PROBE_STEPS": 1},
    ),
}
TITLES = {
    "overfit": ("train loss", "test loss", "validation loss", "test error", "lowest test error"),
    "transfer": ("from scratch", "head, then all", "0–4 left: all, high rate"),
    "null": ("p", "exact p"),
}


def some(knob: Knob) -> list[Value]:
    """Values of a knob that a text may tell apart."""
    if knob.kind == "choice":
        return [f"{one}x" if one.endswith(":") else one for one in knob.choices]
    return [one for one in (knob.low, knob.default, knob.high) if one is not None]


def combined(lesson: Declaration) -> list[dict[str, Value]]:
    """Every combination of what the points are conditioned on, the rest at the defaults."""
    names = {name for when in lesson.mechanism for name in when.knobs}
    asked = [knob for knob in lesson.knobs if knob.name in names]
    values = product(*(some(knob) for knob in asked))
    return [dict(zip((knob.name for knob in asked), row, strict=True)) for row in values]


@pytest.mark.parametrize("name", ["null", "overfit", "transfer"])
def test_two_to_four_points_are_true_of_any_run(name: str) -> None:
    lesson = LESSONS[name]
    for values in combined(lesson):
        points = mechanism(lesson, values, ())
        assert 2 <= len(points) <= 4, values
        assert len(set(points)) == len(points)


def measured(name: str, **given: Value) -> set[str]:
    """The names of what a small run measures."""
    knobs, constants = SMALL[name]
    module = importlib.import_module(f"lessons.{name}")
    with pytest.MonkeyPatch.context() as patch:
        for constant, value in constants.items():
            patch.setattr(module, constant, value)
        defaults = {knob.name: knob.default for knob in module.LESSON.knobs}
        *_, result = module.run(defaults | knobs | given, "cpu", 0)
    return {fact.name for fact in result.facts}


@pytest.mark.parametrize(
    ("name", "others"),
    [("null", [{"slope": 0.0}]), ("overfit", [{"weight_decay": 3.0}]), ("transfer", [])],
)
def test_every_figure_that_a_meaning_tells_is_measured(
    name: str, others: list[dict[str, Value]]
) -> None:
    lesson = LESSONS[name]
    assert not isinstance(lesson.meaning, str)
    named = {fact for when in lesson.meaning for fact in FIGURE.findall(when.text)}
    decided = {when.fact for when in (*lesson.meaning, *lesson.next) if when.fact}
    assert named
    assert named | decided <= set().union(*(measured(name, **one) for one in [{}, *others]))


@pytest.mark.parametrize("name", TITLES)
def test_every_plot_has_axes_that_the_lesson_declares(name: str) -> None:
    live = Live(0.0)
    for series in TITLES[name]:
        live.add(Metric(0, series, 1.0), 0.0)
    axes = [named(panel, LESSONS[name].axes) for panel in live.panels()]
    assert all(one in LESSONS[name].axes for one in axes)
    assert len({one.y for one in axes}) == len(axes)
