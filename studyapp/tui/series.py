"""What a run says while it goes on, kept for drawing: every point, how far it is, its notes."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from studyapp.lab.lines import Restarted
from studyapp.lab.protocol import Axes, Metric, Progress, Remark
from studyapp.study import words

SPAN = 1000  # largest ÷ smallest: curves that span more are drawn on a log scale
MOST = 12  # series that are kept; a plot of more cannot be read


@dataclass(slots=True)
class Series:
    """The points of one series by step; a later value at the same step replaces the earlier one.

    `bars`: it went back to an earlier step, so it is a histogram that is drawn again and again.
    """

    name: str
    points: dict[float, Metric] = field(default_factory=dict)
    bars: bool = False
    _last: float = -math.inf

    def add(self, metric: Metric) -> None:
        self.bars = self.bars or metric.step < self._last
        self._last = metric.step
        self.points[metric.step] = metric

    def ordered(self) -> list[Metric]:
        return [self.points[step] for step in sorted(self.points)] if self.bars else self._curve()

    def _curve(self) -> list[Metric]:
        return list(self.points.values())  # its steps only ever rise


@dataclass(frozen=True, slots=True)
class Panel:
    """Series that are drawn in one plot. `marks` are single points that stand in a histogram.

    `title` is what curves have in common; empty if that is nothing. `bars` says how it is drawn,
    once and for all: a series of it may turn out to be a histogram while it is on the screen.
    """

    title: str
    series: tuple[Series, ...]
    marks: tuple[Series, ...] = ()
    bars: bool = False

    @property
    def wants_log(self) -> bool:
        """Whether a log scale shows what a linear one hides. Once true, it stays true."""
        values = [point.value for series in self.series for point in series.points.values()]
        if self.bars or not values or min(values) <= 0:
            return False
        return max(values) > SPAN * min(values)

    def left_out(self) -> str:
        """Say which points a log scale cannot show; empty if it shows all."""
        told = []
        for series in self.series:
            hidden = sum(point.value <= 0 for point in series.points.values())
            if hidden:
                told.append(f"{words.count(hidden, 'point')} of {series.name}")
        return f"Not above 0, so not on a log scale: {', '.join(told)}." if told else ""


class Live:
    """Collects the events of one run. Times are seconds of any one clock."""

    def __init__(self, started: float) -> None:
        self.started = started
        self.notes: list[str] = []
        self.progress: Progress | None = None
        self.version = 0  # of the points; a plot is drawn again when it has changed
        self._series: dict[str, Series] = {}
        self._left_out: set[str] = set()
        self._from: tuple[Progress, float] | None = None  # where the present stage began

    def add(self, message: Metric | Progress | Remark | Restarted, now: float) -> None:
        if isinstance(message, Metric):
            self._add_point(message)
        elif isinstance(message, Restarted):
            self._series.clear()
            self._left_out.clear()
            self.version += 1
        elif isinstance(message, Progress):
            self._add_progress(message, now)
        else:
            self.notes.append(message.text)

    def _add_point(self, metric: Metric) -> None:
        series = self._series.get(metric.series)
        if series is None:
            if len(self._series) == MOST:
                if len(self._left_out) < 1000:
                    self._left_out.add(metric.series)
                return
            series = self._series[metric.series] = Series(metric.series)
        series.add(metric)
        self.version += 1

    def _add_progress(self, progress: Progress, now: float) -> None:
        old = self.progress
        if old is None or progress.total != old.total or progress.done < old.done:
            self._from = progress, now
        self.progress = progress

    @property
    def left_out(self) -> int:
        """How many series are not drawn, because there are too many."""
        return len(self._left_out)

    def share(self) -> float | None:
        """How much is done, from 0 to 1; None if the run has not said."""
        if self.progress is None or self.progress.total <= 0:
            return None
        return min(1.0, max(0.0, self.progress.done / self.progress.total))

    def left(self, now: float) -> float | None:
        """Seconds left at the pace of this stage; None before there is a pace."""
        if self.progress is None or self._from is None:
            return None
        first, since = self._from
        done = self.progress.done - first.done
        if done <= 0 or now <= since:
            return None
        return max(0.0, (now - since) * (self.progress.total - self.progress.done) / done)

    def panels(self) -> list[Panel]:
        """Sort the series into plots: each histogram its own, curves by what they measure."""
        every = list(self._series.values())
        histograms = [series for series in every if series.bars]
        marks = [one for one in every if not one.bars and histograms and len(one.points) == 1]
        curves = [one for one in every if not one.bars and one not in marks]
        panels = [Panel(one.name, (one,), tuple(marks), bars=True) for one in histograms]
        return panels + _by_measure(curves)


def _by_measure(curves: list[Series]) -> list[Panel]:
    shared = Counter(_last_word(one.name) for one in curves if ": " not in one.name)
    groups: dict[str, list[Series]] = {}
    for one in curves:
        prefix, colon, _ = one.name.partition(": ")
        word = _last_word(one.name)
        title = prefix if colon else word if shared[word] > 1 else ""
        groups.setdefault(title, []).append(one)
    return [Panel(title, tuple(members)) for title, members in groups.items()]


def named(panel: Panel, declared: Sequence[Axes]) -> Axes:
    """The axes of a plot: those declared for it, else for all plots, else by its own words."""
    for title in (panel.title, ""):
        for axes in declared:
            if axes.plot == title:
                return axes
    alone = panel.series[0].name if len(panel.series) == 1 else "value"
    return Axes("step", panel.title or alone)


def _last_word(name: str) -> str:
    """What a series measures: "loss" in "train loss" and in "train loss, no decay"."""
    return name.partition(", ")[0].rpartition(" ")[2]


def number(value: float) -> str:
    """A value with three digits, as an axis or a legend shows it: 0.002, 2.31, 1,230, 20k, 1M."""
    rounded = float(f"{value:.3g}")
    for size, smallest, unit in ((1e9, 1e9, "G"), (1e6, 1e6, "M"), (1e3, 1e4, "k")):
        if abs(rounded) >= smallest:
            return words.minus(f"{rounded / size:g}{unit}")
    text = f"{rounded:,.0f}" if abs(rounded) >= 1000 else f"{rounded:g}"
    return words.minus(text)


def in_words(series: Series) -> str:
    """The newest value of a series with its band."""
    newest = next(reversed(series.points.values()))
    if newest.low is None or newest.high is None:
        return number(newest.value)
    return f"{number(newest.value)} [{number(newest.low)}, {number(newest.high)}]"
