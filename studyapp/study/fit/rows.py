"""Reviews from a file as they are collected, for the readers of all formats."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from datetime import date

import numpy as np

from studyapp.errors import StudyError
from studyapp.memory.histories import Reviews, plain

MOST = 5_000_000  # reviews
Told = Callable[[float], None]


class Rows:
    """Reviews as they come, then in the order of their instants."""

    def __init__(self) -> None:
        self._cards: dict[object, int] = {}
        self._columns = tuple(array("q") for _ in range(3))
        self._at = array("d")

    def add(self, card: object, at: float, day: date, rating: int) -> None:
        """One review; *at* is in seconds. Raises StudyError for one too many."""
        if len(self._at) >= MOST:
            raise StudyError(f"it has more than {MOST:,} reviews")
        number = self._cards.setdefault(card, len(self._cards))
        for column, value in zip(self._columns, (number, day.toordinal(), rating), strict=True):
            column.append(value)
        self._at.append(at)

    def arrays(self) -> Reviews:
        order = np.argsort(np.array(self._at), kind="stable")
        card, day, rating = (np.array(column, np.int64)[order] for column in self._columns)
        return plain(card, day, rating)
