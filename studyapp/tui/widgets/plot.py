"""A live plot of one panel: curves with bands over seeds, or a histogram with a mark.

Imports numpy with textual-plot, so it is imported when a plot is first shown.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from textual.app import ComposeResult
from textual.color import Color
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.strip import Strip
from textual.widgets import Static
from textual_hires_canvas import Canvas
from textual_plot import HiResMode, PlotWidget
from textual_plot.axis_formatter import NumericAxisFormatter
from textual_plot.plot_widget import Legend

from studyapp.lab.protocol import Axes
from studyapp.tui.flow import Flow
from studyapp.tui.series import Panel, Series, in_words, named, number

LETTERS = "abcdefghijkl"
COLOURS = 6
MOST_TICKS = 8
LABEL = 8  # columns that a label of the x axis takes, with the space beside it
BAND = 0.35  # how much of a line's colour its band has

Values: TypeAlias = NDArray[np.float64]
Line: TypeAlias = tuple[Values, Values, Values, Values]
"""Step, value, low and high of the points that can be drawn; nan where there is no band."""


class ShortNumbers(NumericAxisFormatter):
    """Ticks at round numbers, in few letters. *log*: the axis holds powers of ten.

    No more than there is *room* for: of a label that another is written over, letters are left.
    """

    def __init__(self, room: int, *, log: bool = False) -> None:
        super().__init__()
        self._most = max(1, min(room, MOST_TICKS))
        self._log = log

    def get_ticks(self, min_: float, max_: float, max_ticks: int = MOST_TICKS) -> list[float]:
        most = min(self._most, max_ticks)
        if not self._log:
            return _round_numbers(min_, max_, most)
        powers = range(math.ceil(min_), math.floor(max_) + 1)
        if len(powers) > 1:
            return [float(power) for power in powers[:: math.ceil(len(powers) / most)]]
        apart = list[float]()  # round numbers crowd at the upper end
        for tick in _round_numbers(10**min_, 10**max_, most):
            if tick > 0 and (not apart or math.log10(tick) - apart[-1] >= (max_ - min_) / most):
                apart.append(math.log10(tick))
        return apart

    def get_labels_for_ticks(self, ticks: Sequence[float]) -> list[str]:
        return [number(10**tick if self._log else tick) for tick in ticks]


class Plot(PlotWidget, can_focus=False, inherit_bindings=False):
    """The drawing itself; no keys, no frame that shouts."""

    COMPONENT_CLASSES = {f"plot--{n}" for n in range(COLOURS)}  # noqa: RUF012
    DEFAULT_CSS = """
    Plot {
        height: 1fr; min-height: 6;
        & > .plot--axis { color: $foreground 15%; }
        & > .plot--tick { color: $foreground 60%; text-style: none; }
        & > .plot--0 { color: $accent; }
        & > .plot--1 { color: $primary; }
        & > .plot--2 { color: $success; }
        & > .plot--3 { color: $error; }
        & > .plot--4 { color: $warning; }
        & > .plot--5 { color: $foreground; }
    }
    """

    class Ready(Message):
        """It can be drawn on."""

    def __init__(self) -> None:
        super().__init__(allow_pan_and_zoom=False)
        self.set_reactive(PlotWidget.margin_top, 0)
        self.set_reactive(PlotWidget.margin_bottom, 1)
        self.set_reactive(PlotWidget.margin_left, 7)
        self._panel: Panel | None = None
        self._log = False

    def on_mount(self) -> None:
        for canvas in self.query(Canvas):
            _fill_lines(canvas)
        self.post_message(self.Ready())

    def colour(self, index: int) -> Color:
        return self.get_component_styles(f"plot--{index % COLOURS}").color

    def show(self, panel: Panel, log: bool) -> None:
        """Draw *panel* instead of what is there."""
        self._panel, self._log = panel, log
        if not self.query(Legend):
            return  # one that is taken away loses its parts first, and may be restyled after that
        self.clear()
        columns = self.size.width - self.margin_left - 2  # inside the frame
        rows = self.size.height - self.margin_bottom - 2
        self.set_x_formatter(ShortNumbers(columns // LABEL))
        self.set_y_formatter(ShortNumbers(rows - 1, log=log))
        if panel.bars:
            self._draw_bars(panel)
        else:
            self._draw_curves(panel, log)

    def on_resize(self) -> None:
        self._draw_again()  # a band is as fine as there are columns

    def notify_style_update(self) -> None:
        super().notify_style_update()
        if self.is_mounted:
            self._draw_again()  # another theme has other colours

    def _draw_again(self) -> None:
        if self._panel is not None:
            self.show(self._panel, self._log)

    def _draw_bars(self, panel: Panel) -> None:
        (series,) = panel.series
        points = series.ordered()
        steps = [point.step for point in points]
        values = [point.value for point in points]
        gap = min((b - a for a, b in pairwise(steps)), default=1.0)
        marked = [mark.ordered()[0].step for mark in panel.marks]
        self.set_xlimits(*_limits([steps[0] - gap, steps[-1] + gap, *marked]))
        self.set_ylimits(0.0, max(*values, 0.0) * 1.05 or 1.0)
        style = self.colour(0).hex
        self.bar(steps, values, width=gap, bar_style=style, hires_mode=HiResMode.HALFBLOCK)
        for index, step in enumerate(marked, 1):
            self.add_v_line(step, line_style=f"bold {self.colour(index + 4).hex}")

    def _draw_curves(self, panel: Panel, log: bool) -> None:
        drawn = [_arrays(series, log) for series in panel.series]
        steps = np.concatenate([line[0] for line in drawn])
        ends = np.concatenate([part for line in drawn for part in line[1:]])
        if not len(steps):
            return
        start, end = _limits([float(steps.min()), float(steps.max())])
        self.set_xlimits(start, end + 0.02 * (end - start))  # room for the letters
        low, high = _limits([float(np.nanmin(ends)), float(np.nanmax(ends))])
        self.set_ylimits(low - 0.04 * (high - low), high + 0.04 * (high - low))
        columns = max(2 * (self.size.width - self.margin_left), 20)
        background = self.background_colors[1]
        for index, line in enumerate(drawn):
            tint = background.blend(self.colour(index), BAND).hex
            self._draw_band(line, columns, low, tint)
        for index, (x, y, _, _) in enumerate(drawn):
            style = self.colour(index).hex
            if len(x) > columns:
                kept = np.unique(np.linspace(0, len(x) - 1, columns).round().astype(int))
                x, y = x[kept], y[kept]
            self.plot(x, y, line_style=style, hires_mode=HiResMode.BRAILLE)
        width = 3 * (end - start) / max(self.size.width - self.margin_left, 20)
        height = 1.1 * (high - low) / max(self.size.height - self.margin_bottom, 5)
        for index, at in enumerate(letter_places(drawn, width, height)):
            if at is not None:
                x, y, _, _ = drawn[index]
                style = f"bold {self.colour(index).hex}"
                self.scatter(x[at:][:1], y[at:][:1], marker=LETTERS[index], marker_style=style)

    def _draw_band(self, line: Line, columns: int, bottom: float, tint: str) -> None:
        """Fill from low to high: a line that goes up and down in every column of dots."""
        x, _, low, high = line
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
        & > Static { height: auto; }
        & > .x { height: 1; color: $text-muted; text-align: right; } }
    """

    def __init__(
        self, axes: Sequence[Axes] = (), shown: tuple[Panel, bool | None] | None = None
    ) -> None:
        """*axes* are those that the lesson declares; *shown* is drawn as soon as it can be."""
        super().__init__()
        self._axes = axes
        self._shown = shown

    def compose(self) -> ComposeResult:
        yield Static("", classes="legend", markup=False)
        yield Plot()
        yield Static("", classes="x", markup=False)

    def on_resize(self) -> None:
        if self._shown is not None and self.is_ready:  # not one that is being taken away
            self.show(*self._shown)

    def on_plot_ready(self) -> None:
        self.on_resize()

    @property
    def is_ready(self) -> bool:
        """Whether it can be drawn on."""
        return all(bool(self.query(kind)) for kind in (Plot, Static)) and all(
            one.is_mounted for one in self.children
        )

    def show(self, panel: Panel, log: bool | None) -> None:
        """Draw *panel*; *log* None leaves the scale to what the values need."""
        self._shown = panel, log
        scale = not panel.bars and (panel.wants_log if log is None else log)
        plot = self.query_one(Plot)
        axes = named(panel, self._axes)
        parts = [Content.styled(f"↑ {axes.y}", "bold")]
        if panel.bars:
            bar = Content.styled("│", plot.colour(5).hex)
            parts += [
                bar + f" {mark.name} at {number(mark.ordered()[0].step)}" for mark in panel.marks
            ]
        else:
            parts += [self._entry(plot, index, one) for index, one in enumerate(panel.series)]
            parts += [Content.styled("log scale", "dim")] if scale else []
        legend = Content("\n").join(Flow(parts).lines(self.size.width))
        if scale and (told := panel.left_out()):
            legend += Content.styled(f"\n{told}", "$text-warning")
        self.query_one(".legend", Static).update(legend)
        self.query_one(".x", Static).update(f"{axes.x} →")
        plot.show(panel, scale)

    def _entry(self, plot: Plot, index: int, series: Series) -> Content:
        name = series.name.removeprefix(f"{series.name.partition(': ')[0]}: ")
        letter = Content.styled(LETTERS[index], f"bold {plot.colour(index).hex}")
        return letter + f" {name} {in_words(series)}"


def letter_places(lines: Sequence[Line], width: float, height: float) -> list[int | None]:
    """Return at which of its points each curve has its letter: at its end, or as near to it as no
    other letter is, which takes *width* by *height*. None for a curve without points."""
    places: list[int | None] = [None] * len(lines)
    taken: list[tuple[float, float]] = []
    # those of a single point cannot give way
    for index in sorted(range(len(lines)), key=lambda one: len(lines[one][0]) > 1):
        x, y, _, _ = lines[index]
        if not len(x):
            continue
        free = np.full(len(x), True)
        for across, up in taken:
            free &= (np.abs(x - across) >= width) | (np.abs(y - up) >= height)
        at = int(np.flatnonzero(free)[-1]) if free.any() else len(x) - 1
        places[index] = at
        taken.append((float(x[at]), float(y[at])))
    return places


def _fill_lines(canvas: Canvas) -> None:
    """Give lines that the canvas does not have yet a style: without one, NO_COLOR is a crash."""
    drawn = canvas.render_line

    def render_line(y: int) -> Strip:
        strip = drawn(y)
        return strip if strip.cell_length else Strip.blank(canvas.size.width, canvas.rich_style)

    setattr(canvas, "render_line", render_line)  # noqa: B010 - mypy knows it as a method


def _arrays(series: Series, log: bool) -> Line:
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


def _round_numbers(low: float, high: float, most: int) -> list[float]:
    """Return the multiples of 1, 2 or 5 times a power of ten from *low* to *high*, of the smallest
    step that fits into the range at most *most* times."""
    power = math.floor(math.log10((high - low) / most))
    steps = (Decimal(digit).scaleb(power) for digit in (1, 2, 5, 10))
    step = next(step for step in steps if (high - low) // float(step) <= most)
    first, last = math.ceil(low / float(step) - 1e-9), math.floor(high / float(step) + 1e-9)
    return [float(times * step) for times in range(first, last + 1)]  # 0 is 0, and 0.3 is 0.3


def _limits(values: Sequence[float]) -> tuple[float, float]:
    """Return the ends of an axis that holds *values*, apart even if they are all the same."""
    low, high = min(values), max(values)
    if high - low > 1e-9 * max(abs(low), abs(high)):
        return low, high
    room = abs(low) * 0.1 or 1.0
    return low - room, high + room
