"""From a key to its letter on the screen, in the box of a questionnaire with a long answer.

    python benchmarks/attempt_typing.py [LETTERS]

A real process on a pseudo-terminal of 80×24, saving on the side as always. Prints the median and
the 95th percentile for an empty box, 40 lines, and 100,000 characters in many lines and in one.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "support"))

from studyapp.config import Current, Settings
from studyapp.study.library import open_study
from studyapp.study.questionnaire.attempt import Attempt
from studyapp.study.questionnaire.response import LONGEST
from studyapp.tui.app import now
from typing_kill import Terminal

WORDS = "the model learns what its examples share and not their noise "
PAUSE = 0.12  # seconds between two letters: 100 words a minute


def texts(room: int) -> dict[str, str]:
    """Answers with room left for so many letters."""
    many = (WORDS * LONGEST)[: LONGEST - room]
    return {
        "empty": "",
        "40 lines": "\n".join([WORDS] * 40),
        "100,000 characters in lines of 60": "\n".join(
            many[start : start + 60] for start in range(0, len(many), 61)
        ),
        "100,000 characters in one line": many,
    }


def measure(db: Path, text: str, letters: int) -> list[float]:
    """Seconds from each key to its letter."""
    desk, _ = open_study(str(db), Current(Settings()), now, None)
    Attempt(desk, 1, anew=True).write(text)
    desk.close()
    took = []
    with Terminal(db, "quiz", "1") as terminal:
        terminal.wait_for("your answer")
        terminal.wait_for("leave the box", terminal.send("t"))
        time.sleep(1)
        for number in range(letters):
            letter = "QZXJKV"[number % 6]
            start = time.monotonic()
            took.append(terminal.wait_for(letter, terminal.send(letter)) - start)
            time.sleep(PAUSE)
    return took


def main(letters: int = 60) -> None:
    with tempfile.TemporaryDirectory() as name:
        os.environ["XDG_DATA_HOME"] = os.environ["XDG_CONFIG_HOME"] = name
        for told, text in texts(letters + 1).items():
            took = sorted(measure(Path(name) / "study.db", text, letters))
            p50, p95 = statistics.median(took), took[int(0.95 * len(took))]
            print(f"{told:<36}{1000 * p50:6.0f} ms  p95 {1000 * p95:5.0f} ms", flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
