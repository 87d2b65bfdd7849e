"""The model of memory, FSRS-6: the seam behind which another one can take its place.

What a weight stands for is known here, and in `slopes` where the model is differentiated; every
rule beyond takes stabilities, difficulties and chances of recall. The arithmetic is py-fsrs's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property

import fsrs
from fsrs.scheduler import LOWER_BOUNDS_PARAMETERS, UPPER_BOUNDS_PARAMETERS

NAME = "FSRS-6"
Weights = tuple[float, ...]
DEFAULT_WEIGHTS: Weights = tuple(fsrs.Scheduler().parameters)
LOWEST: Weights = tuple(LOWER_BOUNDS_PARAMETERS)
HIGHEST: Weights = tuple(UPPER_BOUNDS_PARAMETERS)
# How far the weights of learners lie apart: the prior of a fit. Rounded from the deviations over
# thousands of learners that are published with FSRS-6 (Ye et al. 2025).
SPREAD: Weights = (
    *(6.4, 9.7, 17.6, 27.9),
    *(0.57, 0.28, 0.6, 0.12),
    *(0.39, 0.18, 0.33),
    *(0.3, 0.09, 0.16, 0.57),
    *(0.25, 1.03),
    *(0.31, 0.32, 0.14),
    0.27,
)
LEAST_STABILITY = 0.001  # days
EASIEST, HARDEST = 1.0, 10.0  # of difficulties


def checked(weights: Sequence[float]) -> Weights:
    """Weights that are to be taken from elsewhere. Raises ValueError if there cannot be such."""
    bounds = zip(weights, LOWEST, HIGHEST, strict=True)
    if not all(low <= weight <= high for weight, low, high in bounds):
        raise ValueError("a weight is out of its bounds")
    return tuple(map(float, weights))


@dataclass(frozen=True)
class Model:
    """The model under one learner's weights."""

    weights: Weights = DEFAULT_WEIGHTS

    @cached_property
    def _decay(self) -> float:
        return -self.weights[20]

    @cached_property
    def _factor(self) -> float:
        return float(0.9 ** (1 / self._decay)) - 1

    def recall(self, stability: float, days: float) -> float:
        """Probability of recall of what had a *stability* (days) so many *days* ago."""
        recalled: float = (1 + self._factor * days / stability) ** self._decay
        return recalled

    def interval(self, stability: float, retention: float) -> float:
        """Days until recall of what has a *stability* is as likely as *retention*."""
        waited: float = stability / self._factor * (retention ** (1 / self._decay) - 1)
        return waited

    def stepping(
        self,
        desired_retention: float,
        learning_steps: Sequence[timedelta],
        relearning_steps: Sequence[timedelta],
        maximum_interval: int,
    ) -> fsrs.Scheduler:
        """What takes a card from state to state. Its own fuzz is off: it is of a global generator,
        and may go past its own bound."""
        return fsrs.Scheduler(
            parameters=self.weights,
            desired_retention=desired_retention,
            learning_steps=tuple(learning_steps),
            relearning_steps=tuple(relearning_steps),
            maximum_interval=maximum_interval,
            enable_fuzzing=False,
        )
