"""What a run says, as it is kept for drawing."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.content import Content

from studyapp.lab.lines import Restarted
from studyapp.lab.protocol import Metric, Progress, Remark
from studyapp.tui.flow import GAP, Flow
from studyapp.tui.series import MOST, Live, Panel, in_words, number


def played(*messages: Metric | Progress | Remark | Restarted) -> Live:
    live = Live(0.0)
    for second, message in enumerate(messages):
        live.add(message, float(second))
    return live


def titles(live: Live) -> list[tuple[str, list[str]]]:
    return [(panel.title, [one.name for one in panel.series]) for panel in live.panels()]


def test_a_panel_stays_what_it_was_when_a_curve_turns_out_to_be_bars() -> None:
    rising = [Metric(step, "chance", 1) for step in range(3)]
    live = played(Metric(1, "p", 0.5), *rising, Metric(1, "observed", 2))
    before = live.panels()
    live.add(Metric(0, "chance", 1), 9.0)
    assert [(panel.bars, len(panel.series)) for panel in before] == [(False, 3)]
    assert [panel.bars for panel in before] == [False]
    assert [panel.bars for panel in live.panels()] == [True]


def test_a_run_that_begins_again_is_drawn_from_the_start_and_no_histogram() -> None:
    twice = [Metric(step, "train loss", 1) for step in range(3)]
    live = played(*twice, Remark("again"), Restarted(), *twice[:2])
    (panel,) = live.panels()
    assert not panel.bars
    assert panel.series[0].ordered() == twice[:2]
    assert live.notes == ["again"]


def test_curves_are_sorted_by_what_they_measure() -> None:
    names = ["train loss", "validation loss", "train error", "validation error"]
    live = played(*(Metric(0, name, 1) for name in [*names, "train loss, no decay"]))
    assert titles(live) == [
        ("loss", ["train loss", "validation loss", "train loss, no decay"]),
        ("error", ["train error", "validation error"]),
    ]
    arms = ["from scratch", "frozen body", "head, then all", "all, high rate"]
    kept = ["0–4 left: head, then all", "0–4 left: all, high rate"]
    live = played(*(Metric(0, name, 1) for name in [*arms, *kept]))
    assert titles(live) == [("", arms), ("0–4 left", kept)]


def test_a_series_that_goes_back_is_a_histogram_with_the_lone_point_as_its_mark() -> None:
    first = [Metric(step, "chance", 1.0) for step in (-1, 0, 1)]
    again = [Metric(step, "chance", 2.0) for step in (1, -1, 0)]
    curve = [Metric(step, "p", 0.5) for step in (1, 2)]
    mark = Metric(0.5, "observed", 3.0)
    live = played(*first, mark, *curve, *again, mark)
    (histogram, curves) = live.panels()
    assert (histogram.title, histogram.bars) == ("chance", True)
    assert [point.value for point in histogram.series[0].ordered()] == [2.0, 2.0, 2.0]
    assert [point.step for point in histogram.series[0].ordered()] == [-1, 0, 1]
    assert [one.name for one in histogram.marks] == ["observed"]
    assert [one.name for one in curves.series] == ["p"]


@given(st.lists(st.tuples(st.integers(0, 9), st.floats(0, 1)), min_size=1))
def test_a_later_value_at_the_same_step_replaces_the_earlier(points) -> None:
    live = played(*(Metric(step, "a", value) for step, value in points))
    ((panel),) = live.panels()
    shown = {point.step: point.value for point in panel.series[0].ordered()}
    assert shown == dict(points)


def panel(*values: float) -> Panel:
    return played(*(Metric(step, "loss", value) for step, value in enumerate(values))).panels()[0]


def test_a_log_scale_is_proposed_where_a_linear_one_would_hide_a_curve() -> None:
    assert panel(2.0, 0.5, 0.0019).wants_log
    assert not panel(2.0, 0.5, 0.0021).wants_log
    assert not panel(2.0, 0.0).wants_log


def test_points_that_a_log_scale_cannot_show_are_told() -> None:
    assert panel(2.0, 1.0).left_out() == ""
    told = "Not above 0, so not on a log scale: {} of loss."
    assert panel(2.0, 0.0).left_out() == told.format("1 point")
    assert panel(2.0, 0.0, -1.0).left_out() == told.format("2 points")


def test_time_left_is_counted_from_where_the_stage_began() -> None:
    live = Live(0.0)
    assert (live.share(), live.left(1.0)) == (None, None)
    live.add(Progress(0, 100), 5.0)
    assert live.left(5.0) is None
    live.add(Progress(25, 100), 6.0)
    assert (live.share(), live.left(6.0)) == (0.25, 3.0)
    live.add(Progress(0, 7), 7.0)  # the next stage
    assert live.left(8.0) is None
    live.add(Progress(3, 0), 9.0)
    assert live.share() is None


def test_too_many_series_are_counted_and_not_kept() -> None:
    live = played(*(Metric(0, f"s{n}", 1) for n in range(MOST + 5)))
    assert sum(len(panel.series) for panel in live.panels()) == MOST
    assert live.left_out == 5


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (0.00211, "0.00211"),
        (-2.314, "−2.31"),
        (1234, "1,230"),
        (9999, "10k"),
        (999_999, "1M"),
        (20_000, "20k"),
        (-1_500_000, "−1.5M"),
        (1e-9, "1e−09"),
    ],
)
def test_numbers_are_short(value: float, text: str) -> None:
    assert number(value) == text


def test_the_newest_number_has_its_band() -> None:
    live = played(Metric(0, "loss", 2.0), Metric(1, "loss", 1.0, 0.9, 1.1))
    assert in_words(live.panels()[0].series[0]) == "1 [0.9, 1.1]"
    assert math.isclose(live.panels()[0].series[0].points[0].value, 2.0)


@given(st.lists(st.text("ab ", min_size=1, max_size=12), min_size=1), st.integers(1, 40))
def test_pieces_of_a_legend_stay_whole(pieces: list[str], width: int) -> None:
    lines = [line.plain for line in Flow([*map(Content, pieces)]).lines(width)]
    assert GAP.join(lines) == GAP.join(pieces)
    assert all(len(line) <= width or line in pieces for line in lines)
