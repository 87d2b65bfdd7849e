"""Which of the intervals that the fuzz allows a card gets: the one that evens out the days.

Of what will be due on a later day not all is known yet, so the farthest day would nearly always
have the fewest cards, and intervals would grow: by a ninth in a simulated year, with recall half a
point lower. So a day is held against the trend of the days around it, which leaves intervals as
long as they were.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping
from datetime import date

_AROUND = 7  # days on each side that tell the trend

Shares = Mapping[int, float]  # by weekday, of what a day would have: 0 is none that can be avoided


def even(
    days: range,
    today: date,
    load: Mapping[int, int],
    seed: str,
    *,
    apart: Collection[int] = (),
    shares: Shares,
) -> int:
    """One of the intervals *days*, by the *load* of each day, cards that are due; days are told by
    their ordinals. Those that are to have none are avoided, and then those of the card's siblings,
    to be kept *apart*; *seed* decides between days that differ by less than a card."""
    first, middle = today.toordinal(), (days[0] + days[-1]) // 2
    around = range(max(1, min(days[0], middle - _AROUND)), max(days[-1], middle + _AROUND) + 1)
    full = {one: float(load.get(first + one, 0)) for one in around}
    if shares:  # as if each day were to have as many as others
        share = {one: shares.get((first + one - 1) % 7, 1.0) for one in around}
        full = {one: cards / share[one] for one, cards in full.items() if share[one]}
    wanted = [one for one in days if one in full] or list(days)
    wanted = [one for one in wanted if first + one not in apart] or wanted
    if len(wanted) > 1:
        rise = _rise(full)
        above = [round(full.get(one, 0.0) - rise * one) for one in wanted]
        least = min(above)
        wanted = [one for one, cards in zip(wanted, above, strict=True) if cards == least]
    return wanted[int(random.Random(seed).random() * len(wanted)) if len(wanted) > 1 else 0]


def _rise(full: Mapping[int, float]) -> float:
    """By how many cards a day these rise: the slope of least squares."""
    mean = sum(full) / (len(full) or 1)
    squares = sum((one - mean) ** 2 for one in full)
    return sum((one - mean) * cards for one, cards in full.items()) / (squares or 1.0)
