"""In which order entries were made, on one device and across several, whatever their clocks said.

A device stamps its entries so that they stay in order on it: by (epoch, time). What several devices
wrote is ordered by place: the stamp's time, put right where that device's clock was wrong.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from copy import copy
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate
from typing import NamedTuple

LEAD = timedelta(minutes=10)  # a stamp may be so far ahead of the wall clock
_TICK = timedelta(microseconds=1)
_LONGEST = timedelta(days=14)  # nobody studies longer with a clock that was ahead from the start


class Stamp(NamedTuple):
    """Where an entry stands on its device. `time` is UTC."""

    epoch: int
    time: datetime


class Place(NamedTuple):
    """Where an entry stands among those of all devices; a tie is broken by its uid."""

    time: datetime  # corrected, UTC
    was: datetime  # before another device caught up with it
    epoch: int
    stamp: datetime


class Cap(NamedTuple):
    """That another device, at `time`, had all entries up to a stamp: they were before that."""

    until: Stamp
    time: datetime


@dataclass(frozen=True, slots=True)
class Setback:
    """That a device's clock was set back, so that `epoch` began; all other times are stamps."""

    epoch: int
    first: datetime  # of this epoch
    newest: datetime  # of the epoch before
    beyond: datetime | None  # the earliest of the epoch before that is later than `first`
    before: datetime | None  # the newest of the epoch before that is not


class Timeline:
    """The time of one device, put right from its setbacks alone.

    When a clock is set back, either it had been ahead or it is now behind. It had been ahead if
    what it left behind stands apart: the gap before it is no shorter than its own length. Then that
    is moved to just before the new epoch. Else the clock is behind, and what follows waits just
    after the epoch before until its stamps have caught up. So no order on a device changes, and a
    setback is judged by entries that were there when it happened: later ones change no verdict.

    What another device has caught up with goes to just before it did, in the same order.
    """

    def __init__(self, setbacks: Iterable[Setback] = (), caps: Iterable[Cap] = ()) -> None:
        self._caps = tuple(caps)
        ordered = sorted(setbacks, key=lambda one: one.epoch)
        self._epochs = [one.epoch for one in ordered]
        bounds = list[datetime]()  # between an epoch and the next
        for one in ordered:
            bounds.append(_bound(one, bounds[-1] if bounds else None))
        # No epoch reaches beyond a later one's beginning.
        self._bounds = list(accumulate(reversed(bounds), min))[::-1]

    def __eq__(self, other: object) -> bool:
        """Whether every stamp has the same place."""
        return isinstance(other, Timeline) and self._told() == other._told()

    __hash__ = None  # type: ignore[assignment]

    def _told(self) -> tuple[object, ...]:
        return self._epochs, self._bounds, set(self._caps)

    def place(self, stamp: Stamp) -> Place:
        """Never decreases with the stamp."""
        time, index = stamp.time, bisect_right(self._epochs, stamp.epoch)
        if index > 0:
            time = max(time, self._bounds[index - 1])
        if index < len(self._bounds):
            time = min(time, self._bounds[index])
        was = time
        for cap in self._caps:
            if stamp <= cap.until:
                time = min(time, cap.time - _TICK)
        return Place(time, was, stamp.epoch, stamp.time)

    def capped(self, caps: Iterable[Cap]) -> Timeline:
        """The same, with other caps."""
        other = copy(self)
        other._caps = tuple(caps)
        return other


def following(newest: Stamp | None, now: datetime) -> Stamp:
    """The stamp of an entry made at *now*, after a device's *newest* one.

    It is the wall clock, or just after the newest if the clock stands still or was set back by
    some minutes. More than that begins a new epoch at the wall clock.
    """
    if newest is None:
        return Stamp(0, now)
    if newest.time > now + LEAD:
        return Stamp(newest.epoch + 1, now)
    return Stamp(newest.epoch, max(now, newest.time + _TICK))


def _bound(one: Setback, last: datetime | None) -> datetime:
    """The time that parts the two epochs; *last* is the one before it."""
    if one.beyond is None:  # of a copy that has only a part of the log
        return one.first
    before = max((time for time in (one.before, last) if time is not None), default=None)
    length = one.newest - one.beyond
    apart = length <= (_LONGEST if before is None else one.beyond - before)
    return one.first if apart else one.newest
