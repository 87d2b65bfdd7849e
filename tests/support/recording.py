"""Runs that are played instead of made: what a lesson's process says, at the runner's seam.

That real processes say so is proven in tests/lab; here the app is what is tested.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Mapping, Sequence

from studyapp.lab.catalog import Declaration
from studyapp.lab.lines import Cancelled, Failed, Finished, Message
from studyapp.lab.protocol import Fact, Metric, Progress, Remark, Value

LAST_WORDS = {
    "broken": "no pictures in the folder",
    "crash": "crash crashed (signal 11: Segmentation fault).",
    "memory": "memory was killed, perhaps because memory ran out.",
    "nan": "The figure stopped_error cannot be kept: value of Fact: nan is not a finite number.",
}
DIVERGED = "train loss diverged at step 7: points that are not finite numbers are left out."


def finished(lesson: Declaration, knobs: Mapping[str, Value]) -> Finished:
    """What the lessons of labpack measure at these knobs."""
    gap = 4.7 if int(knobs["n"]) >= 10 else -3.1
    over = "32 draws of data and start"
    facts = (
        Fact("stopped_error", 0.307, "", 0.291, 0.323, 32, "student t", over),
        Fact("gap", gap, "points", gap - 0.8, gap + 0.8, 32, "student t", over),
        Fact("floor", 0.2, "", None, None, 32, "exact", "it is set so"),
    )
    return Finished(
        lesson.name, lesson.version, facts, dict(knobs), 0, "cpu", 1, 6.0, "3.11", "2.11"
    )


def curves(start: int, stop: int) -> list[Message]:
    points: list[Message] = []
    for epoch in range(start, stop):
        train, held_out = math.exp(-epoch / 4), 0.6 + epoch / 20
        points += [
            Metric(epoch, "train loss", train, train * 0.8, train * 1.2),
            Metric(epoch, "validation loss", held_out, held_out - 0.15, held_out + 0.15),
            Metric(epoch, "accuracy", 0.5 + epoch / 50, 0.45 + epoch / 50, 0.55 + epoch / 50),
        ]
    return points


def histogram() -> list[Message]:
    steps = [step / 2 for step in range(-8, 9)]
    bars = [Metric(step, "chance", math.exp(-step * step / 2)) for step in steps]
    return [*bars, *bars, Metric(-2.6, "observed", 1)]


class Recording:
    """A run that plays what its lesson would say. *waiting*, it stops in the middle until it is
    told to go on, or to stop; *loading*, it does so before it has shown anything."""

    pid = 0

    def __init__(
        self,
        lesson: Declaration,
        knobs: Mapping[str, Value],
        *,
        waiting: bool = False,
        loading: bool = False,
    ) -> None:
        self._lesson = lesson
        self._knobs = {knob.name: knob.default for knob in lesson.knobs} | dict(knobs)
        self.seconds = 0.0
        self.closed = self.cancelled = False
        self.go_on = asyncio.Event()
        self._loading = loading
        if not (waiting or loading):
            self.go_on.set()

    def monotonic(self) -> float:
        return self.seconds

    async def events(self) -> AsyncIterator[Message]:
        if self._loading:
            yield Remark("loading torch")
            await self.go_on.wait()
            if self.cancelled:
                yield Cancelled()
                return
        yield Progress(0, 20)
        for message in self._half(0, 9):
            yield message
        self.seconds = 4.0
        yield Progress(8, 20)
        await self.go_on.wait()
        if self.cancelled:
            yield Cancelled()
            return
        for message in self._half(9, 21):
            yield message
        if self._lesson.name in LAST_WORDS:
            yield Failed(LAST_WORDS[self._lesson.name])
        else:
            yield finished(self._lesson, self._knobs)

    def _half(self, start: int, stop: int) -> Sequence[Message]:
        if self._lesson.name == "bars":
            return histogram()
        if self._lesson.name == "sick" and start:
            return [Remark(DIVERGED), *curves(start, stop)]
        return curves(start, stop)

    async def cancel(self) -> None:
        self.cancelled = True
        self.go_on.set()

    def close(self) -> None:
        self.closed = True
