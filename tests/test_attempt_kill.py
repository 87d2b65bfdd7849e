"""Kill -9 while an answer is written loses nothing that was there for a second."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from typing_kill import kill_once


@pytest.mark.slow
@pytest.mark.parametrize("batch", range(2))
def test_ten_kills_lose_no_letter_older_than_a_second(batch: int, tmp_path: Path) -> None:
    """Two batches of five, so that they can run side by side; each resumes one attempt."""
    chance = random.Random(batch)
    kills = [kill_once(tmp_path / "study.db", chance) for _ in range(5)]
    assert sum(old for _, old, _ in kills) > 20
