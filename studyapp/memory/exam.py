"""The plan to an exam: how a day's time is spent so that much is known on the day.

New cards come first, at a pace that has met all of them by two thirds of the way; then what is due;
then, for what is left of the time, what is least likely to be known. benchmarks/exam.md says how
much that is worth, and against what it was chosen: where time is short, new cards that take all of
it, or reviews that begin with what is forgotten anyway, cost learners who forget fast.
"""

from __future__ import annotations

_NEW = 3 / 4  # of a day's time that new cards may take from what is due


def pace(unmet: int, cards: int, whole: int, left: int) -> int:
    """How many new cards a day has, *left* days before the exam, of those *unmet* when it began:
    of the *cards* that there were when it was planned, *whole* days before it.

    They are spread over the days until two thirds of the way. Who has missed days right before
    that is not asked for all of them at once: no day has more than the first one had, or than a
    third of the days that are left needs.
    """
    if left <= 0:
        return 0
    first_days = max(2 * whole // 3, 1)
    on_time = max(first_days - (whole - left), 1)
    late = _share(left, 3)
    return min(_share(unmet, on_time), max(_share(cards, first_days), _share(unmet, late)))


def _share(whole: int, parts: int) -> int:
    """What the first of so many *parts* has, if they are whole numbers."""
    return -(-whole // parts)


def reach(unmet: int, cards: int, whole: int, left: int, most: int) -> tuple[int, int]:
    """In how many days those *unmet* are met if no day has time for more than *most*, and how many
    of them are not when the exam comes. The others are those of `pace`."""
    for ahead in range(left):
        if not unmet:
            return ahead, 0
        unmet -= min(unmet, most, pace(unmet, cards, whole, left - ahead))
    return left, unmet


def most_new(time: float, new: float) -> int:
    """How many new cards, *new* seconds each, come before what is due on a day of so much *time*;
    beyond these they have what is left."""
    return int(_NEW * time / new)
