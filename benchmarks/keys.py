"""Keys pressed at random: no crash, and no card changed but by a key that says so.

    python benchmarks/keys.py [KEYS] [SEED]

100,000 keys are posted to the app itself, over all of its screens, on the shipped content and two
lessons whose runs are played. An entry of a card's log must follow a key whose action may write one
(`studyapp/tui/keys.py::CHANGING`) and is active where it is pressed. The tests press 300 of them.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "support"))

import pytest
from pressing import Pressed, PressedApp, play, press

import labpack
from studyapp.config import Settings
from studyapp.lab import runner
from studyapp.tui import app as app_module


async def pressed(folder: Path, number: int, seed: int) -> Pressed:
    now = datetime(2026, 11, 20, 9).astimezone()
    app = PressedApp(str(folder / "keys.db"), Settings(new_a_day=300), clock=lambda: now)
    async with app.run_test(size=(60, 20)):
        while app.desk is None:
            await asyncio.sleep(0.05)
        return await press(app, number, seed)


def main(number: int = 100_000, seed: int = 1) -> None:
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        folder = Path(name)
        for variable in ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"):
            patch.setenv(variable, name)
        patch.setenv("EDITOR", "true")
        patch.chdir(folder)
        labpack.install(folder, patch, "probe", "amount")
        patch.setattr(runner, "start", play)
        patch.setattr(app_module, "HELD", 0.0)
        started = time.monotonic()
        found = asyncio.run(pressed(folder, number, seed))
    took = time.monotonic() - started
    print(f"{number:,} keys, seed {seed}, {took:.0f} s: {len(found.faults)} faults")
    for counts in (found.screens, found.entries):
        print("  " + ", ".join(f"{name} {count:,}" for name, count in counts.most_common()))
    print(*found.faults[:20], sep="\n")
    sys.exit(bool(found.faults))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
