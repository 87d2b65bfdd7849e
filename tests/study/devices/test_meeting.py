"""Whatever becomes of the files, devices that have exchanged all are equal, and nothing is missing.

benchmarks/devices.py does the same for as long as one likes.
"""

from __future__ import annotations

import random
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from meeting import ACTIONS, World


class Devices(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.place = tempfile.TemporaryDirectory()

    @initialize(seed=st.integers(0, 2**32))
    def begin(self, seed: int) -> None:
        self.world = World(Path(self.place.name), random.Random(seed))

    @rule(what=st.sampled_from(ACTIONS), number=st.integers(0, 2))
    def act(self, what: str, number: int) -> None:
        self.world.step(what, number)

    def teardown(self) -> None:
        if hasattr(self, "world"):
            self.world.settle()
            self.world.check()
            self.world.close()
        self.place.cleanup()


TestDevices = Devices.TestCase
TestDevices.settings = settings(max_examples=3, stateful_step_count=50)
