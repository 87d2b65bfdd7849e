"""Kill -9 while an answer is written loses nothing that was there for a second."""

from __future__ import annotations

import random
import signal
from pathlib import Path

import pytest

from typing_kill import Terminal, kill_once, resumed


@pytest.mark.slow
@pytest.mark.parametrize("batch", range(2))
def test_ten_kills_lose_no_letter_older_than_a_second(batch: int, tmp_path: Path) -> None:
    """Two batches of five, so that they can run side by side; each resumes one attempt."""
    chance = random.Random(batch)
    kills = [kill_once(tmp_path / "study.db", chance) for _ in range(5)]
    assert sum(old for _, old, _ in kills) > 20


@pytest.mark.parametrize("end", [signal.SIGHUP, signal.SIGTERM])
def test_a_closed_terminal_loses_no_letter_at_all(tmp_path: Path, end: signal.Signals) -> None:
    database = tmp_path / "study.db"
    with Terminal(database, "quiz", "1") as terminal:
        terminal.wait_for("── your ")
        terminal.send("t")
        terminal.wait_for("qqq", terminal.send("qqq"))
        terminal.kill(end)
    assert resumed(database).current.text == "qqq"
