"""Kill -9 anywhere loses nothing that was shown as saved."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from killing import kill_once
from studyapp.store.database import open_database


@pytest.mark.slow
@pytest.mark.parametrize("batch", range(4))
def test_twenty_kills_lose_nothing(batch: int, tmp_path: Path) -> None:
    """Four batches of five, so that they can run side by side."""
    settings = tmp_path / "config" / "studyapp" / "settings.toml"
    settings.parent.mkdir(parents=True)
    settings.write_text("new_a_day = 999\nminutes_a_day = 600\n")
    chance = random.Random(batch)
    shown = kept = 0
    for number in range(5):
        saved, found = kill_once(tmp_path / f"{number // 2}.db", chance)
        shown, kept = shown + saved, kept + found
    assert kept >= shown > 0


@pytest.mark.slow
def test_a_kill_while_the_database_is_made_leaves_one_that_opens(tmp_path: Path) -> None:
    for number in range(6):
        db = tmp_path / f"{number}.db"
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "studyapp", "--db", str(db), "due"],
            stdout=subprocess.DEVNULL,
        )
        while not db.exists() and process.poll() is None:
            time.sleep(0.001)
        time.sleep(0.01 * number)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        open_database(str(db)).dispose()
