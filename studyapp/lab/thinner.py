"""Thins out what a fast lesson says, so that a plot can keep up with it."""

from __future__ import annotations

import math
from collections import Counter

from studyapp.lab.protocol import Metric

INTERVAL = 1 / 20  # seconds between two points of a curve
FREE = 100  # points of a series that always pass, and bars that a histogram may have


class Thinner:
    """Lets one point of each series through per INTERVAL, and keeps the last one for the end.

    The first FREE points of a series pass in any case, so that a profile of some bars is whole.
    A series that goes back to an earlier step is a histogram, drawn again: there, each of up to
    FREE steps passes once per INTERVAL. Times are in seconds, of any clock.
    """

    def __init__(self) -> None:
        self._count: Counter[str] = Counter()
        self._last: dict[str, float] = {}  # step
        self._bars: dict[str, set[float]] = {}  # steps of the histograms
        self._sent: dict[tuple[str, float | None], float] = {}  # when
        self._kept: dict[tuple[str, float | None], Metric] = {}

    def passes(self, metric: Metric, now: float) -> bool:
        """Return whether the point goes through now; if not, it is kept for `rest`."""
        key = (metric.series, self._bar(metric.series, metric.step))
        self._count[metric.series] += 1
        free = self._count[metric.series] <= FREE
        if free or now - self._sent.get(key, -math.inf) >= INTERVAL:
            self._sent[key] = now
            self._kept.pop(key, None)
            return True
        self._kept[key] = metric
        return False

    def rest(self) -> list[Metric]:
        """Return what is left to send at the end: the last point of each curve and of each bar."""
        rest = list(self._kept.values())
        self._kept.clear()
        return rest

    def _bar(self, series: str, step: float) -> float | None:
        """Return the step if it is a bar of a histogram, None if it is a point of a curve."""
        if step <= self._last.get(series, -math.inf) and series not in self._bars:
            self._bars[series] = set()
            if (kept := self._kept.pop((series, None), None)) is not None:
                self._bars[series].add(kept.step)
                self._kept[series, kept.step] = kept
        self._last[series] = step
        bars = self._bars.get(series)
        if bars is None or (step not in bars and len(bars) >= FREE):
            return None
        bars.add(step)
        return step
