"""The plan to an exam: how a day's time is spent so that much is known on the day.

New cards come first, at a pace that has met all of them by two thirds of the way; then what is due;
then, for what is left of the time, what is least likely to be known. benchmarks/exam.md says how
much that is worth, and against what it was chosen: where time is short, new cards that take all of
it, or reviews that begin with what is forgotten anyway, cost learners who forget fast.
"""

from __future__ import annotations

import math

_MET = 2 / 3  # of the way, by which every card is met
_LATE = 1 / 3  # of what is left, once that is over
_NEW = 3 / 4  # of a day's time that new cards may take from what is due


def days_to_meet(whole: int, left: int) -> int:
    """Days over which what is unmet is spread, *left* days before the exam, of the *whole* that
    there were when it was planned; once two thirds of these are over, a third of what is left."""
    on_time = left - (whole - math.floor(_MET * whole))
    return on_time if on_time > 0 else max(math.ceil(_LATE * left), 1)


def pace(unmet: int, whole: int, left: int) -> int:
    """How many new cards a day has, of those *unmet* when it began: what a day that was missed had
    is spread over the others."""
    return math.ceil(unmet / days_to_meet(whole, left)) if left > 0 else 0


def reach(unmet: int, whole: int, left: int, most: int) -> tuple[int, int]:
    """In how many days those *unmet* are met if no day has time for more than *most*, and how many
    of them are not when the exam comes."""
    for ahead in range(left):
        if not unmet:
            return ahead, 0
        unmet -= min(unmet, most, pace(unmet, whole, left - ahead))
    return left, unmet


def most_new(time: float, new: float) -> int:
    """How many new cards, *new* seconds each, come before what is due on a day of so much *time*;
    beyond these they have what is left."""
    return int(_NEW * time / new)
