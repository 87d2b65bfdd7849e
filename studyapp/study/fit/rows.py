"""Reviews from a file as they are collected, for the readers of all formats."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from studyapp.errors import StudyError
from studyapp.memory.histories import Reviews, plain
from studyapp.study.fit.unused import Unused

MOST = 5_000_000  # reviews
_AHEAD = timedelta(days=1)  # that a clock, or a zone that is not told, may be
Told = Callable[[float], None]


class Log(NamedTuple):
    """The reviews of a file, and how many of its rows are left out."""

    reviews: Reviews
    left_out: Mapping[str, int]  # by `Unused`


class Rows:
    """Reviews as they come, then in the order of their instants, each once."""

    def __init__(self, now: datetime) -> None:
        self._cards: dict[object, int] = {}
        self._columns = tuple(array("q") for _ in range(3))
        self._at = array("d")
        self._latest = (now + _AHEAD).timestamp()
        self._left_out = Counter[str]()

    def add(self, card: object, at: float, day: date, rating: int) -> None:
        """One review; *at* is in seconds. Raises StudyError for one too many."""
        if at > self._latest:
            self.leave_out(Unused.TO_COME)
            return
        if len(self._at) >= MOST:
            raise StudyError(f"it has more than {MOST:,} reviews")
        number = self._cards.setdefault(card, len(self._cards))
        for column, value in zip(self._columns, (number, day.toordinal(), rating), strict=True):
            column.append(value)
        self._at.append(at)

    def leave_out(self, why: Unused) -> None:
        """One row that does not count."""
        self._left_out[why] += 1

    def log(self) -> Log:
        card, day, rating = (np.array(column, np.int64) for column in self._columns)
        at = np.array(self._at)
        order = np.argsort(at, kind="stable")
        if (np.diff(at[order]) == 0).any():
            order = order[~_again(at[order], card[order], rating[order])]
        reviews = plain(card[order], day[order], rating[order])
        repeated = Counter[str]({Unused.REPEATED: len(at) - len(order)})
        return Log(reviews, self._left_out + repeated)  # none of a kind is no entry


def _again(*columns: NDArray[Any]) -> NDArray[np.bool_]:
    """Which rows are the same in all *columns* as one before."""
    order, again = np.lexsort(columns), np.zeros(len(columns[0]), bool)
    same = [np.diff(column[order]) == 0 for column in columns]
    again[order[1:]] = np.logical_and.reduce(same)
    return again
