"""Thinning: never faster than promised, never without the end."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from studyapp.lab.protocol import Metric
from studyapp.lab.thinner import FREE, INTERVAL, Thinner

pauses = st.sampled_from([0.0, 0.001, 0.02, 0.049, 0.051, 0.2])
counts = st.integers(1, 3 * FREE)


def feed(
    points: list[Metric], waits: list[float]
) -> tuple[list[tuple[Metric, float]], list[Metric]]:
    """Feed points with the waits before them, again and again; return (point, time) and rest."""
    thinner, now, live = Thinner(), 0.0, []
    for i, metric in enumerate(points):
        now += waits[i % len(waits)]
        if thinner.passes(metric, now):
            live.append((metric, now))
    return live, thinner.rest()


@given(counts, st.lists(pauses, min_size=1))
def test_a_curve_shows_one_point_per_interval_and_its_end(count: int, waits: list[float]) -> None:
    points = [Metric(i, "loss", -i) for i in range(count)]
    live, rest = feed(points, waits)
    assert [metric for metric, _ in live[:FREE]] == points[:FREE]
    times = [now for _, now in live[FREE - 1 :]]
    assert all(after - before >= INTERVAL * 0.999 for before, after in pairwise(times))
    shown = [*(metric for metric, _ in live), *rest]
    assert shown[-1] == points[-1]
    assert [metric.step for metric in shown] == sorted({metric.step for metric in shown})


@given(counts, st.lists(st.sampled_from("ab"), min_size=1))
def test_one_series_does_not_thin_another(count: int, names: list[str]) -> None:
    points = [Metric(i, names[i % len(names)], i) for i in range(count)]
    live, rest = feed(points, [0.01])
    for series in names:
        own = [metric for metric in points if metric.series == series]
        if own:
            shown = [metric for metric, _ in live if metric.series == series]
            assert own[-1] in shown[-1:] + rest
            assert len(shown) >= min(len(own), FREE)


@given(st.integers(1, FREE), st.integers(1, 12), st.lists(pauses, min_size=1))
def test_a_histogram_ends_with_its_newest_bars_however_often_it_is_drawn(
    bars: int, times: int, waits: list[float]
) -> None:
    points = [Metric(bar / 7, "bars", i) for i in range(times) for bar in range(bars)]
    live, rest = feed(points, waits)
    shown = {metric.step: metric.value for metric in [*(metric for metric, _ in live), *rest]}
    assert shown == {bar / 7: times - 1 for bar in range(bars)}
    seconds = sum(waits[i % len(waits)] for i in range(len(points)))
    assert len(live) <= FREE + bars * (1 + seconds / INTERVAL)


@given(st.integers(FREE, 3 * FREE), st.integers(0, FREE), counts)
def test_a_curve_that_starts_again_ends_with_its_last_point(
    first: int, back: int, second: int
) -> None:
    steps = [*range(first), *range(back, back + second)]
    points = [Metric(step, "loss", i) for i, step in enumerate(steps)]
    live, rest = feed(points, [0.0001])
    newest = {metric.step: metric.value for metric in points}
    shown = {metric.step: metric.value for metric in [*(metric for metric, _ in live), *rest]}
    assert shown[points[-1].step] == points[-1].value
    assert all(
        value == newest[step]
        for step, value in shown.items()
        if step < back + min(second, FREE - 1)
    )


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=400))
def test_steps_in_any_order_stay_bounded_and_keep_the_last(steps: list[int]) -> None:
    points = [Metric(step, "noise", i) for i, step in enumerate(steps)]
    live, rest = feed(points, [0.0001])
    assert len(live) <= FREE + (FREE + 1) * 2
    assert len(rest) <= FREE + 1
    assert points[-1] in [*(metric for metric, _ in live), *rest]


def test_a_long_flood_keeps_little() -> None:
    live, rest = feed([Metric(i, "a", i) for i in range(100_000)], [1e-5])
    assert len(live) <= FREE + 1 / INTERVAL + 1
    assert [metric.step for metric in rest] == [99_999]
