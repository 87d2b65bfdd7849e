"""A live plot of one panel: curves with bands over seeds, or a histogram with a mark.

Imports numpy with textual-plot, so it is imported when a plot is first shown.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from textual.app import ComposeResult
from textual.color import Color
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static
from textual_plot import HiResMode, PlotWidget
from textual_plot.axis_formatter import NumericAxisFormatter

from studyapp.tui.series import Panel, Series, in_words, number

LETTERS = "abcdefghijkl"
COLOURS = 6
BAND = 0.35  # how much of a line's colour its band has

Values = NDArray[np.float64]


class ShortNumbers(NumericAxisFormatter):
    """Ticks at round numbers, in few letters. *log*: the axis holds powers of ten."""

    def __init__(self, *, log: bool = False) -> None:
        super().__init__()
        self._log = log

    def get_ticks(self, min_: float, max_: float, max_ticks: int = 8) -> list[float]:
        if self._log and max_ - min_ > 1:
            whole = list(range(math.ceil(min_), math.floor(max_) + 1))
            return [float(power) for power in whole[:: 1 + len(whole) // max_ticks]]
        return super().get_ticks(min_, max_, max_ticks)

    def get_labels_for_ticks(self, ticks: Sequence[float]) -> list[str]:
        return [number(10**tick if self._log else round(tick, 12)) for tick in ticks]


class Plot(PlotWidget, can_focus=False, inherit_bindings=False):
    """The drawing itself; no keys, no frame that shouts."""

    COMPONENT_CLASSES = {f"plot--{n}" for n in range(COLOURS)}  # noqa: RUF012
    DEFAULT_CSS = """
    Plot {
        height: 1fr; min-height: 6;
        & > .plot--axis { color: $foreground 25%; }
        & > .plot--tick { color: $foreground 60%; text-style: none; }
        & > .plot--0 { color: $accent; }
        & > .plot--1 { color: $primary; }
        & > .plot--2 { color: $success; }
        & > .plot--3 { color: $error; }
        & > .plot--4 { color: $warning; }
        & > .plot--5 { color: $foreground; }
    }
    """

    def __init__(self) -> None:
        super().__init__(allow_pan_and_zoom=False)
        self.set_reactive(PlotWidget.margin_top, 0)
        self.set_reactive(PlotWidget.margin_bottom, 1)
        self.set_reactive(PlotWidget.margin_left, 7)
        self._panel: Panel | None = None
        self._log = False
        self.set_x_formatter(ShortNumbers())

    def colour(self, index: int) -> Color:
        return self.get_component_styles(f"plot--{index % COLOURS}").color

    def show(self, panel: Panel, log: bool) -> None:
        """Draw *panel* instead of what is there."""
        self._panel, self._log = panel, log
        self.clear()
        self.set_y_formatter(ShortNumbers(log=log))
        if panel.bars:
            self._draw_bars(panel)
        else:
            self._draw_curves(panel, log)

    def notify_style_update(self) -> None:
        super().notify_style_update()
        if self._panel is not None and self.is_mounted:
            self.show(self._panel, self._log)  # another theme has other colours

    def _draw_bars(self, panel: Panel) -> None:
        (series,) = panel.series
        points = series.ordered()
        steps = [point.step for point in points]
        values = [point.value for point in points]
        gap = min((b - a for a, b in zip(steps, steps[1:], strict=False)), default=1.0)
        marked = [mark.ordered()[0].step for mark in panel.marks]
        self.set_xlimits(*_limits([steps[0] - gap, steps[-1] + gap, *marked]))
        self.set_ylimits(0.0, max(*values, 0.0) * 1.05 or 1.0)
        style = self.colour(0).hex
        self.bar(steps, values, width=gap * 0.9, bar_style=style, hires_mode=HiResMode.HALFBLOCK)
        for index, step in enumerate(marked, 1):
            self.add_v_line(step, line_style=f"bold {self.colour(index + 4).hex}")

    def _draw_curves(self, panel: Panel, log: bool) -> None:
        drawn = [_arrays(series, log) for series in panel.series]
        steps = np.concatenate([line[0] for line in drawn])
        ends = np.concatenate([part for line in drawn for part in line[1:]])
        if not len(steps):
            return
        self.set_xlimits(*_limits(steps[[steps.argmin(), steps.argmax()]].tolist()))
        low, high = _limits([float(np.nanmin(ends)), float(np.nanmax(ends))])
        self.set_ylimits(low - 0.04 * (high - low), high + 0.04 * (high - low))
        columns = max(2 * (self.size.width - self.margin_left), 20)
        background = self.background_colors[1]
        for index, line in enumerate(drawn):
            tint = background.blend(self.colour(index), BAND).hex
            self._draw_band(*line, columns, low, tint)
        for index, (x, y, _, _) in enumerate(drawn):
            style = self.colour(index).hex
            if len(x) > columns:
                kept = np.unique(np.linspace(0, len(x) - 1, columns).round().astype(int))
                x, y = x[kept], y[kept]
            self.plot(x, y, line_style=style, hires_mode=HiResMode.BRAILLE)
        for index, (x, y, _, _) in enumerate(drawn):
            if len(x):
                style = f"bold {self.colour(index).hex}"
                self.scatter(x[-1:], y[-1:], marker=LETTERS[index], marker_style=style)

    def _draw_band(
        self, x: Values, _: Values, low: Values, high: Values, columns: int, bottom: float, tint: str
    ) -> None:
        """Fill from low to high: a line that goes up and down in every column of dots."""
        known = np.isfinite(high)
        if known.sum() < 2:
            return
        at = np.linspace(x[known][0], x[known][-1], columns)
        low = np.where(np.isfinite(low), low, bottom)  # on a log scale it may reach below any
        ends = np.stack([np.interp(at, x[known], side[known]) for side in (low, high)], 1)
        ends[1::2] = ends[1::2, ::-1]
        self.plot(np.repeat(at, 2), ends.reshape(-1), line_style=tint, hires_mode=HiResMode.BRAILLE)


class PlotPanel(Vertical):
    """A plot under its title, with the newest number of each series in words."""

    DEFAULT_CSS = """
    PlotPanel { height: 1fr; min-height: 8; margin-top: 1;
        & > Static { height: auto; } }
    """

    def compose(self) -> ComposeResult:
        yield Static("", classes="legend")
        yield Plot()

    def show(self, panel: Panel, log: bool | None) -> None:
        """Draw *panel*; *log* None leaves the scale to what the values need."""
        scale = not panel.bars and (panel.wants_log if log is None else log)
        plot = self.query_one(Plot)
        parts: list[str | Content | tuple[str, str]] = [(panel.title, "bold")]
        parts.append(("  log scale" if scale else "", "dim"))
        if panel.bars:
            parts.append(("  share of each bin", "dim"))
            parts += [
                Content.assemble("   ", ("│", plot.colour(5).hex), f" {mark.name} at ")
                + number(mark.ordered()[0].step)
                for mark in panel.marks
            ]
        else:
            parts += [self._entry(plot, index, one) for index, one in enumerate(panel.series)]
            if scale and (told := panel.left_out()):
                parts.append((f"\n{told}", "$text-warning"))
        self.query_one(".legend", Static).update(Content.assemble(*parts))
        plot.show(panel, scale)

    def _entry(self, plot: Plot, index: int, series: Series) -> Content:
        name = series.name.removeprefix(f"{series.name.partition(': ')[0]}: ")
        letter = (LETTERS[index], f"bold {plot.colour(index).hex}")
        return Content.assemble("   ", letter, f" {name} {in_words(series)}")


def _arrays(series: Series, log: bool) -> tuple[Values, Values, Values, Values]:
    """Step, value, low and high of the points that can be drawn; nan where there is no band."""
    points = [point for point in series.ordered() if point.value > 0 or not log]
    table = np.array(
        [
            [math.nan if value is None else value for value in (p.step, p.value, p.low, p.high)]
            for p in points
        ],
        dtype=np.float64,
    ).reshape(-1, 4)
    if log:
        table[:, 1:] = np.log10(np.where(table[:, 1:] > 0, table[:, 1:], np.nan))
    return table[:, 0], table[:, 1], table[:, 2], table[:, 3]


def _limits(values: Sequence[float]) -> tuple[float, float]:
    """Return the ends of an axis that holds *values*, apart even if they are all the same."""
    low, high = min(values), max(values)
    if high - low > 1e-9 * max(abs(low), abs(high)):
        return low, high
    room = abs(low) * 0.1 or 1.0
    return low - room, high + room
