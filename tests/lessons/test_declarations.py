"""What the built-in lessons declare for any run: how it comes about, and what the plots show."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from itertools import product

import pytest
import torch

from studyapp.lab import catalog
from studyapp.lab.catalog import Declaration
from studyapp.lab.protocol import Knob, Metric, Value
from studyapp.study.lab.facts import mechanism
from studyapp.tui.series import Live, named

LESSONS = {
    lesson.name: lesson for lesson in catalog.read().lessons if lesson.module.startswith("lessons.")
}
FIGURE = re.compile(r"\{fact:(\w+)\}")
# Knobs, and constants of the module.
SMALL: dict[str, tuple[dict[str, Value], dict[str, float]]] = {
    "approximate": ({"steps": 100, "seeds": 2}, {"LOOKS": 1}),
    "collaborative": ({"seeds": 2}, {"PEOPLE": 10, "NEW": 2, "STEPS": 2}),
    "confounder": ({"n": 10, "studies": 1000}, {"POINTS": 2}),
    "feedback": ({"days": 10, "seeds": 20}, {}),
    "gpu": ({"size": 16, "large": 256, "rounds": 6}, {"LONG": 1e-6, "TAKES": 1}),
    "memory": ({"reviews": 400, "seeds": 2}, {}),
    "metric": ({"seeds": 2}, {"STEPS": 5, "SEARCH_STEPS": 1, "DIRECTIONS": 2}),
    "null": ({"n": 9, "worlds": 1000}, {"REPEATS": 200, "SHUFFLES": 99}),
    "overfit": ({"n": 32, "width": 4, "seeds": 2}, {"EPOCHS": 10, "TEST": 20, "VALIDATION": 20}),
    "pixel": ({"k": 1, "steps": 10, "seeds": 2}, {"TEST": 2, "LOOKS": 1}),
    "rate": ({"steps": 10, "seeds": 2}, {"TEST": 20, "BATCH": 4, "LOOKS": 1}),
    "shift": (
        {"steps": 2, "seeds": 2},
        {"TEST": 2, "BATCH": 4, "LOOKS": 1, "ANGLES": (0,)},
    ),
    "time": ({"seeds": 20, "ahead": 20}, {}),
    "transfer": (
        {"k": 1, "seeds": 2},
        {"PRETRAIN_STEPS": 2, "STEPS": 2, "HEAD_STEPS": 1, "PROBE_STEPS": 1},
    ),
    "tuning": ({"tries": 3, "rows": 20, "seeds": 2}, {}),
    "xor": ({"steps": 10, "seeds": 2}, {}),
}
OTHERS: dict[str, list[dict[str, Value]]] = {  # knobs at which there are other figures
    "gpu": [{"device": "cpu:0"}],  # a stand-in for a GPU: it is not called "cpu"
    "memory": [{"reviews": 1000}],  # a quarter of them is enough
    "null": [{"slope": 0.0}],
    "overfit": [{"weight_decay": 3.0}],
    "pixel": [{"shift": 1}],
    "tuning": [{"models": "tumours"}],
}
TITLES = {
    "approximate": ("miss: 1 unit", "miss: 64 units", "drawn: curve", "drawn: 8 units"),
    "collaborative": ("held out: biases", "learned: biases", "dot product: 1 factor"),
    "confounder": ("alone", "adjusted"),
    "feedback": ("share: mean", "share: true"),
    "gpu": ("rate: pure Python", "rate: torch, CPU"),
    "memory": ("gain: over the defaults", "remembered: fitted model"),
    "metric": ("along one weight: sum of losses", "accuracy: descending the loss"),
    "null": ("p", "exact p"),
    "overfit": ("train loss", "test loss", "validation loss", "test error", "lowest test error"),
    "pixel": ("mean image", "nearest neighbour", "linear", "CNN"),
    "rate": ("rate: 0.001", "rate: 1"),
    "shift": ("unchanged: plain", "changed: plain", "turned: plain, right"),
    "time": ("one series: true", "miss: future"),
    "transfer": ("from scratch", "head, then all", "0–4 left: all, high rate"),
    "tuning": ("score: best so far, on new rows",),
    "xor": ("solved", "loss: middle start"),
}


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """As the app does on two cores: with more, threads wait for each other on a busy machine."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


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


@pytest.mark.parametrize("name", SMALL)
def test_two_to_four_points_are_true_of_any_run(name: str) -> None:
    lesson = LESSONS[name]
    for values in combined(lesson):
        points = mechanism(lesson, values, ())
        assert 2 <= len(points) <= 4, values
        assert len(set(points)) == len(points)


def measured(name: str, device: object = "cpu", **given: Value) -> set[str]:
    """The names of what a small run measures."""
    knobs, constants = SMALL[name]
    module = importlib.import_module(f"lessons.{name}")
    with pytest.MonkeyPatch.context() as patch:
        for constant, value in constants.items():
            patch.setattr(module, constant, value)
        defaults = {knob.name: knob.default for knob in module.LESSON.knobs}
        *_, result = module.run(defaults | knobs | given, device, 0)
    return {fact.name for fact in result.facts}


@pytest.mark.parametrize("name", SMALL)
def test_every_figure_that_a_meaning_tells_is_measured(name: str) -> None:
    lesson = LESSONS[name]
    assert not isinstance(lesson.meaning, str)
    named = {fact for when in lesson.meaning for fact in FIGURE.findall(when.text)}
    decided = {when.fact for when in (*lesson.meaning, *lesson.next) if when.fact}
    assert named
    assert named | decided <= set().union(
        *(measured(name, **one) for one in [{}, *OTHERS.get(name, [])])
    )


@pytest.mark.parametrize("name", TITLES)
def test_every_plot_has_axes_that_the_lesson_declares(name: str) -> None:
    live = Live(0.0)
    for series in TITLES[name]:
        live.add(Metric(0, series, 1.0), 0.0)
    axes = [named(panel, LESSONS[name].axes) for panel in live.panels()]
    assert all(one in LESSONS[name].axes for one in axes)
    assert len({one.y for one in axes}) == len(axes)
