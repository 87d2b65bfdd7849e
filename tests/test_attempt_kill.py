"""Kill -9 while an answer is written loses nothing that was there for a second.

That every letter reaches the disk within that time, a second connection proves in
tests/tui/test_attempt.py; here are one real kill, and the ends that are no kill at all.
"""

from __future__ import annotations

import random
import signal
from pathlib import Path

import pytest

from typing_kill import Terminal, kill_once, resumed


@pytest.mark.slow
def test_a_real_kill_loses_no_letter_older_than_a_second(tmp_path: Path) -> None:
    sent, old, kept = kill_once(tmp_path / "study.db", random.Random(), seconds=3)
    assert sent >= kept >= old > 0


def test_a_closed_terminal_loses_no_letter_at_all(tmp_path: Path) -> None:
    """Nor does a program that is told to end; the second one goes on with the first one's text."""
    database, text = tmp_path / "study.db", ""
    for end, letters in ((signal.SIGHUP, "qqq"), (signal.SIGTERM, "jjj")):
        with Terminal(database, "quiz", "1") as terminal:
            terminal.wait_for("── your ")
            terminal.send("t")
            terminal.wait_for(letters, terminal.send(letters))
            terminal.kill(end)
        text += letters
        assert resumed(database).current.text == text


def test_a_program_ends_whose_terminal_takes_nothing_any_more(tmp_path: Path) -> None:
    """Its loop waits to draw, so that it cannot even hear that it should close."""
    hurried = "from studyapp.tui import app; app._CLOSING = 1; from studyapp.__main__ import main"
    with Terminal(tmp_path / "study.db", program=("-c", f"{hurried}; main()")) as terminal:
        terminal.wait_for("Press")
        terminal.freeze("?q" * 150)
