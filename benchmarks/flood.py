"""Key → paint in the app while an experiment floods it with a million events.

    python benchmarks/flood.py [RUNS]

A real process on a pseudo-terminal, at 80×24 and 140×40. While the flood is on, the key that opens
the help is pressed again and again; the time runs until the help is on the terminal. The same keys
without a run stand beside it. The limit is 100 ms.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "support"))

import pytest

import labpack
from studyapp.lab import catalog
from typing_kill import Terminal

SIZES = ((80, 24), (140, 40))
PRESSES = 10
HELP, DRAWN, ENDED = "Keys that work here", "esc cancel", "Right."


def press(terminal: Terminal) -> float:
    """Open the help and close it again; milliseconds until it was there."""
    before = time.monotonic()
    painted = terminal.send("?")
    took = terminal.wait_for(HELP, painted) - before
    terminal.send("\x1b")
    time.sleep(0.15)
    return 1000 * took


def once(folder: Path, size: tuple[int, int], place: int) -> tuple[list[float], list[float]]:
    """Milliseconds of each press without a run, and during the flood."""
    with Terminal(folder / "a.db", size=size) as terminal:
        terminal.wait_for("Experiments")
        terminal.wait_for("flood", terminal.send("l"))
        painted = terminal.send("\x1b[B" * place + "\r")
        terminal.wait_for("A small network trains for 20 epochs", painted)
        still = [press(terminal) for _ in range(PRESSES)]
        painted = terminal.send("\x1b[A\r")
        terminal.wait_for(DRAWN, painted)
        flooded: list[float] = []
        while len(flooded) < PRESSES:
            flooded.append(press(terminal))
            if ENDED in terminal.since(painted):
                return still, flooded[:-1]  # the last one may have come after the end
    return still, flooded


def told(name: str, size: tuple[int, int], times: list[float]) -> str:
    p95 = sorted(times)[int(0.95 * (len(times) - 1))]
    return (
        f"{size[0]}×{size[1]:<4} {name:9} {len(times):4} presses  median "
        f"{statistics.median(times):5.0f}  p95 {p95:5.0f}  max {max(times):5.0f} ms"
    )


def main(runs: int = 5) -> None:
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        folder = Path(name)
        for variable in ("XDG_DATA_HOME", "XDG_CONFIG_HOME"):
            patch.setenv(variable, name)
        place = sum(lesson.name < "flood" for lesson in catalog.read().lessons)
        (labpack.install(folder, patch, "flood") / labpack.ENOUGH).touch()
        for size in SIZES:
            still, flooded = [], []
            for _ in range(runs):
                calm, busy = once(folder, size, place)
                still += calm
                flooded += busy
            print(told("no run", size, still), flush=True)
            print(told("flood", size, flooded), flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
