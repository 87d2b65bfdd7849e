"""Whatever one does on one device, in any order, is what a simple model of it comes to.

benchmarks/model.py does a hundred thousand things.
"""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from machine import Machine


@pytest.mark.parametrize("seed", range(2))
def test_anything_in_any_order(seed: int, tmp_path: Path, only_pack: Path) -> None:
    machine = Machine(tmp_path / "place", random.Random(seed))
    for _ in range(50):
        machine.step()
    machine.compare_counts()
    machine.compare_all()
    machine.close()
