"""Do memory, file handles and latency rise in a process that goes on reviewing?

    python benchmarks/slope.py [REVIEWS] [SEED]

REVIEWS (50,000) through the use cases, and one in 25 of them through the app by keys. Of each
fiftieth of them: the median processor time of a rating, the memory (RSS), the open file handles.
After the first tenth, while caches fill, a line is fitted. Its slope is told with the 95% interval,
as what it comes to in the whole run. A figure rises if that interval lies above a hundredth of its
mean. Exit code 1 if one does.
"""

from __future__ import annotations

import asyncio
import gc
import os
import random
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "support"))

import pytest
from scipy.stats import t
from sqlalchemy import event

from screen import NARROW, until
from studyapp.config import Current, Settings
from studyapp.memory.state import Rating
from studyapp.store.engine import tidy
from studyapp.study import library
from studyapp.study.sitting import Sitting
from studyapp.tui.app import StudyApp
from studyapp.tui.screens.review import ReviewScreen
from tests_support import Clock, question, questionnaire

CARDS, POINTS = 1000, 50
SHARE = 25  # of the reviews, one of so many is done by keys
FROM = 0.1  # of all; before, caches fill
EXCUSED = 0.01  # of the mean, in the whole run
TELL = 5.0  # seconds
ENDLESS = Settings(new_a_day=40, minutes_a_day=1000)


@dataclass
class Series:
    """What was measured at the end of each stretch of reviews."""

    name: str
    stretch: int
    took: list[float] = field(default_factory=list)
    done: list[int] = field(default_factory=list)
    measured: dict[str, list[float]] = field(default_factory=dict)
    told: float = 0.0

    def add(self, seconds: float) -> None:
        """One review, which took so long."""
        self.took.append(1000 * seconds)
        if len(self.took) == self.stretch:
            gc.collect()
            self.done.append(self.stretch * (len(self.done) + 1))
            for what, figure in (
                ("latency, ms", statistics.median(self.took)),
                ("memory, MB", _memory()),
                ("file handles", float(len(os.listdir("/proc/self/fd")))),
            ):
                self.measured.setdefault(what, []).append(figure)
            self.took.clear()
            if time.monotonic() > self.told + TELL:
                self.told = time.monotonic()
                now = ", ".join(f"{what} {of[-1]:.2f}" for what, of in self.measured.items())
                print(f"{self.done[-1]:,} {self.name}: {now}", flush=True)

    def judge(self) -> bool:
        """Say how each figure changes; whether one rises."""
        rises, first = False, round(FROM * POINTS)
        for what, of in self.measured.items():
            slope, half = fitted(self.done[first:], of[first:])
            mean, run = statistics.fmean(of[first:]), self.done[-1]
            low, high = run * (slope - half), run * (slope + half)
            rises |= low > EXCUSED * mean
            print(
                f"{self.name}, {run:,}: {what}: mean {mean:.2f}, in the whole run "
                f"{run * slope:+.2f} [{low:+.2f}, {high:+.2f}], at most {high / mean:+.1%}"
            )
        return rises


def fitted(xs: list[int], ys: list[float]) -> tuple[float, float]:
    """The slope of the line through these points, and half of its 95% interval."""
    count, x, y = len(xs), statistics.fmean(xs), statistics.fmean(ys)
    spread = sum((one - x) ** 2 for one in xs)
    slope = sum((one - x) * (other - y) for one, other in zip(xs, ys, strict=True)) / spread
    left = sum((b - y - slope * (a - x)) ** 2 for a, b in zip(xs, ys, strict=True)) / (count - 2)
    return slope, float(t.ppf(0.975, count - 2)) * (left / spread) ** 0.5


def _memory() -> float:
    resident = int(Path("/proc/self/statm").read_text().split()[1])
    return resident * os.sysconf("SC_PAGE_SIZE") / 1e6


def by_use_cases(database: Path, reviews: int, chance: random.Random) -> bool:
    clock, series = Clock(), Series("through the use cases", reviews // POINTS)
    desk, _ = library.open_study(str(database), Current(ENDLESS), clock, None)
    event.listen(desk.engine, "connect", lambda raw, _: raw.execute("PRAGMA synchronous = OFF"))
    desk.engine.dispose()
    sitting = Sitting(desk)
    for number in range(reviews):
        while sitting.view is None:
            tidy(desk.engine, above=0)
            clock.forward(days=1)
            sitting = Sitting(desk)
        clock.forward(seconds=9)
        rating = Rating(chance.choices((1, 2, 3, 4), (2, 1, 6, 1))[0])
        begun = time.process_time()
        sitting.rate(rating)
        series.add(time.process_time() - begun)
        if number % 100 == 99:
            tidy(desk.engine)  # as the app does when its log has grown
    desk.close()
    return series.judge()


async def by_keys(database: Path, reviews: int, chance: random.Random) -> bool:
    clock, series = Clock(), Series("by keys", reviews // POINTS)
    app = StudyApp(str(database), ENDLESS, clock=clock)
    async with app.run_test(size=NARROW) as pilot:
        await until(pilot, lambda: app.desk is not None)
        for _ in range(reviews):
            while not _asks(app):
                await pilot.pause()
                if not isinstance(app.screen, ReviewScreen):
                    clock.now += timedelta(hours=8)
                    await pilot.press("enter")
            begun = time.process_time()
            clock.forward(seconds=9)
            await pilot.press("space", chance.choices("1234", (2, 1, 6, 1))[0])
            series.add(time.process_time() - begun)
    return series.judge()


def _asks(app: StudyApp) -> bool:
    return isinstance(app.screen, ReviewScreen) and app.screen.sitting.view is not None


def furnish(folder: Path) -> None:
    content = folder / "content"
    content.mkdir()
    notes = (question(f"q{number:04}") for number in range(CARDS))
    (content / "questionnaire.md").write_text(questionnaire(*notes))
    for name in ("DATA", "CONFIG", "CACHE", "STATE"):
        os.environ[f"XDG_{name}_HOME"] = str(folder)
    library.installed_roots = lambda: [content]


def main(reviews: int = 50_000, seed: int = 0) -> int:
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        furnish(Path(name))
        patch.setattr("studyapp.tui.app.HELD", 0.0)
        patch.setattr("studyapp.tui.app.BURST", 0.0)
        rises = by_use_cases(Path(name) / "a.db", reviews, chance)
        rises |= asyncio.run(by_keys(Path(name) / "b.db", reviews // SHARE, chance))
    print("something rises" if rises else "nothing rises")
    return rises


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
