"""Where a plot puts the letters of its curves, and what its axes say."""

from __future__ import annotations

import numpy as np
from textual.app import App, ComposeResult

from studyapp.lab.protocol import Metric
from studyapp.tui.series import Panel, Series, number
from studyapp.tui.widgets.plot import Line, Plot, PlotPanel, letter_places
from tests.support.screen import lines, until


def line(*points: tuple[float, float]) -> Line:
    x, y = np.array(points, dtype=np.float64).reshape(-1, 2).T
    none = np.full(len(x), np.nan)
    return x, y, none, none


def test_a_letter_stands_at_the_end_of_its_curve() -> None:
    apart = [line((0, 1), (10, 1)), line((0, 5), (10, 5)), line()]
    assert letter_places(apart, 3, 0.5) == [1, 1, None]


def test_no_letter_hides_another() -> None:
    steps = range(0, 101, 10)
    close = [line(*((x, 1.0) for x in steps)), line(*((x, 1.01) for x in steps))]
    mark = line((90, 1.0))  # a single point, which cannot give way
    places = letter_places([*close, mark], 15, 0.5)
    ends = [
        float(one[0][at]) for one, at in zip([*close, mark], places, strict=True) if at is not None
    ]
    assert ends == [70, 50, 90]


def test_a_curve_without_a_free_point_keeps_its_end() -> None:
    assert letter_places([line((0, 1), (1, 1)), line((0, 1), (1, 1))], 5, 1) == [1, 1]


class OnePlot(App[None]):
    """A curve from one value to another, and nothing else."""

    def __init__(self, low: float, high: float, log: bool) -> None:
        super().__init__()
        ends = Metric(0, "loss", low), Metric(high - low, "loss", high)
        self._shown = Panel("", (Series("loss", {one.step: one for one in ends}),)), log

    def compose(self) -> ComposeResult:
        yield PlotPanel(shown=self._shown)

    def labels(self) -> list[str]:
        """What the axis on the left says, from below."""
        rows = lines(self).splitlines()
        return [row[:6].strip() for row in reversed(rows) if row[7:8] == "┫"]


def read(label: str) -> float:
    units = {"k": "e3", "M": "e6", "−": "-", ",": ""}
    return float("".join(units.get(sign, sign) for sign in label))


RANGES = (
    *((0, 10.0**power, False) for power in range(-4, 5)),
    *((0, 0.7 * 10.0**power, False) for power in range(-3, 2)),
    *((-0.3, 0.3, False), (-5, 1, False), (0.93, 1.04, False), (9000, 11000, False)),
    *((10.0**power, 1e4, True) for power in range(-4, 4)),
    *((0.1, 0.9, True), (0.02, 0.9, True), (0.45, 0.75, True)),
)


async def test_each_label_of_an_axis_is_one_number() -> None:
    for low, high, log in RANGES:
        app = OnePlot(low, high, log)
        async with app.run_test(size=(60, 12)) as pilot:
            await until(pilot, lambda app=app: len(app.labels()) > 1, what=f"{low} to {high}")
            labels = app.labels()
        values = [read(label) for label in labels]
        assert labels == [number(value) for value in values]
        assert values == sorted(set(values))
        assert log or low > 0 or 0 in values


async def test_a_plot_whose_parts_are_gone_already_is_not_drawn_again() -> None:
    app = OnePlot(0, 1, log=False)
    async with app.run_test(size=(60, 12)) as pilot:
        await until(pilot, lambda: len(app.labels()) > 1, what="the axis")
        plot = app.query_one(Plot)
        await plot.query("*").remove()
        plot.notify_style_update()  # as of a page that is restyled while the plot leaves it
        await pilot.resize_terminal(70, 14)
        await plot.remove()
        app.query_one(PlotPanel).on_resize()
        assert app.is_running
