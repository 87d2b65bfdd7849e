"""The script for a machine with a GPU: the same code runs here, small and on the CPU."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LESSONS = (
    "approximate",
    "collaborative",
    "confounder",
    "feedback",
    "gpu",
    "memory",
    "metric",
    "null",
    "overfit",
    "pixel",
    "rate",
    "shift",
    "time",
    "transfer",
    "tuning",
    "xor",
)


@pytest.mark.slow
def test_every_lesson_is_run_with_more_and_more_repetitions() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "benchmarks" / "gpu.py"), "--device", "cpu", "--small"],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
    )
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in done.stdout.splitlines()
        if line.startswith("| ") and not line.startswith("| lesson")
    ]
    counts = {name: [row[2] for row in rows if row[0] == name] for name in LESSONS}
    assert counts == {
        "approximate": ["1", "2", "4"],
        "collaborative": ["1", "2", "4"],
        "confounder": ["1,000", "2,000", "4,000"],
        "feedback": ["1", "2", "4"],
        "gpu": ["6"],
        "memory": ["1", "2", "4"],
        "metric": ["1", "2", "4"],
        "null": ["1,000", "2,000", "4,000", "100,000"],
        "overfit": ["1", "2", "4"],
        "time": ["1", "2", "4"],
        "pixel": ["1", "2", "4"],
        "rate": ["1", "2", "4"],
        "shift": ["1", "2", "4"],
        "transfer": ["1", "2", "4"],
        "tuning": ["1", "2", "4"],
        "xor": ["1", "2", "4"],
    }
    assert all(row[1] == "cpu" and float(row[3]) >= 0 for row in rows)
    assert "torch" in done.stdout
    decided = {row[0]: row[5].partition(" ")[0] for row in rows}
    assert decided == {
        "approximate": "units_needed",
        "collaborative": "lead_five",
        "confounder": "looks_causal",
        "feedback": "excess",
        "gpu": "speedup",
        "memory": "lead_fitted",
        "metric": "error_moved",
        "null": "p_value",
        "overfit": "error_gap",
        "time": "ratio",
        "pixel": "lead_neighbour",
        "rate": "lead_one",
        "shift": "gap",
        "transfer": "lead_head_then_all",
        "tuning": "gap",
        "xor": "solved",
    }
