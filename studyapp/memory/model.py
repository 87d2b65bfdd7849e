"""The model of memory, FSRS-6: the seam behind which another one can take its place.

What a weight stands for is known here, and in `slopes` where the model is differentiated; every
rule beyond takes stabilities, difficulties and chances of recall. The arithmetic is py-fsrs's.
`Crowd` does it for many cards at once and loads NumPy, which no process that answers a key may.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import fsrs
from fsrs.scheduler import LOWER_BOUNDS_PARAMETERS, UPPER_BOUNDS_PARAMETERS

if TYPE_CHECKING:
    from studyapp.memory.histories import Floats, Ints

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
FIRST = slice(0, 4)  # of the weights: stability after a first Again, Hard, Good, Easy
LEAST_STABILITY = 0.001  # days
EASIEST, HARDEST = 1.0, 10.0  # of difficulties


def checked(weights: Sequence[float]) -> Weights:
    """Weights that are to be taken from elsewhere. Raises ValueError if there cannot be such."""
    bounds = zip(weights, LOWEST, HIGHEST, strict=True)
    if not all(low <= weight <= high for weight, low, high in bounds):
        raise ValueError("a weight is out of its bounds")
    return tuple(map(float, weights))


def is_ordered(weights: Sequence[float]) -> bool:
    """Whether a first rating that is better makes no stability that is less."""
    first = weights[FIRST]
    return all(worse <= better for worse, better in pairwise(first))


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

    def forgotten(
        self, stabilities: Iterable[float], waited: Iterable[float], ahead: int
    ) -> list[float]:
        """The odds that what has these *stabilities* and has *waited* so long will be forgotten
        some days *ahead* (all in days): Today asks of all cards of all decks on its page."""
        factor, power = self._factor, -self._decay
        return [
            (1 + factor * (days + ahead) / stability) ** power - 1
            for stability, days in zip(stabilities, waited, strict=True)
        ]

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


class Crowd:
    """The model over arrays of cards, for simulations.

    Each weight is a number, or an array of the learners' own that is broadcast over their cards.
    """

    def __init__(self, weights: Sequence[Any]) -> None:
        self._weights = tuple(weights)
        self._decay = -self._weights[20]
        self._factor = 0.9 ** (1 / self._decay) - 1

    def recall(self, stability: Floats, days: Floats | Ints) -> Floats:
        """As `Model.recall`."""
        recalled: Floats = (1 + self._factor * days / stability) ** self._decay
        return recalled

    def interval(self, stability: Floats, retention: Floats) -> Floats:
        """As `Model.interval`."""
        waited: Floats = stability / self._factor * (retention ** (1 / self._decay) - 1)
        return waited

    def first(self, rating: Ints) -> tuple[Floats, Floats]:
        """Stability and difficulty after a first rating."""
        import numpy as np

        stability = np.choose(rating - 1, self._weights[:4])
        difficulty = np.clip(self._first_difficulty(rating), EASIEST, HARDEST)
        return np.maximum(stability, LEAST_STABILITY), difficulty

    def after(
        self, stability: Floats, difficulty: Floats, days: Floats | Ints, rating: Ints
    ) -> tuple[Floats, Floats]:
        """Stability and difficulty after a rating so many *days* after the last one."""
        import numpy as np

        lapsed = 1 - self.recall(stability, days)
        longer = self._success(stability, difficulty, lapsed, rating)
        later = np.where(rating > 1, longer, self._lapse(stability, difficulty, lapsed))
        same_day = self._within_a_day(stability, rating)
        stability = np.maximum(np.where(days < 1, same_day, later), LEAST_STABILITY)
        return stability, self._harder(difficulty, rating)

    def _success(
        self, stability: Floats, difficulty: Floats, lapsed: Floats, rating: Ints
    ) -> Floats:
        import numpy as np

        w = self._weights
        slow, easy = np.where(rating == 2, w[15], 1.0), np.where(rating == 4, w[16], 1.0)
        gain = np.exp(w[8]) * (11 - difficulty) * stability ** -w[9] * np.expm1(w[10] * lapsed)
        longer: Floats = stability * (1 + gain * slow * easy)
        return longer

    def _lapse(self, stability: Floats, difficulty: Floats, lapsed: Floats) -> Floats:
        import numpy as np

        w = self._weights
        left = w[11] * difficulty ** -w[12] * ((stability + 1) ** w[13] - 1)
        fallen: Floats = np.minimum(
            left * np.exp(w[14] * lapsed), stability / np.exp(w[17] * w[18])
        )
        return fallen

    def _within_a_day(self, stability: Floats, rating: Ints) -> Floats:
        import numpy as np

        w = self._weights
        growth = np.exp(w[17] * (rating - 3 + w[18])) * stability ** -w[19]
        kept: Floats = stability * np.where(rating > 1, np.maximum(growth, 1), growth)
        return kept

    def _harder(self, difficulty: Floats, rating: Ints) -> Floats:
        import numpy as np

        w = self._weights
        moved = difficulty - w[6] * (rating - 3) * (10 - difficulty) / 9
        drawn = w[7] * self._first_difficulty(np.int64(4)) + (1 - w[7]) * moved
        kept: Floats = np.clip(drawn, EASIEST, HARDEST)
        return kept

    def _first_difficulty(self, rating: Any) -> Any:
        import numpy as np

        return self._weights[4] - np.exp(self._weights[5] * (rating - 1)) + 1
