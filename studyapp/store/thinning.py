"""Which backups are kept as they grow old: all of a day, then one a day, a week and a month."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from datetime import date, datetime, timedelta
from typing import Protocol, TypeVar

ASKED = "asked"  # the reason of one that the learner asked for: only they remove it
_ALL = timedelta(days=1)
_PERIODS: tuple[tuple[int | None, Callable[[date], Hashable]], ...] = (
    (14, lambda day: day),
    (62, lambda day: day.isocalendar()[:2]),
    (None, lambda day: (day.year, day.month)),
)  # for how many days one of each of these periods is kept; None: for ever


class Dated(Protocol):
    """What can be thinned."""

    @property
    def made(self) -> datetime:
        """When it was made, on the learner's wall clock."""

    @property
    def reason(self) -> str: ...


T = TypeVar("T", bound=Dated)


def kept(backups: Iterable[T], now: datetime) -> list[T]:
    """The backups to keep at *now*, on the same wall clock, the newest first.

    Of each period the newest is kept, and of each reason as well: the last one before a migration
    stays until there is another. One that a wrong clock dated ahead counts as new.
    """
    found, covered = list[T](), set[Hashable]()
    for one in sorted(backups, key=lambda it: it.made, reverse=True):
        covers = {("reason", one.reason)} | _periods(one.made.date(), now.date())
        if one.reason == ASKED or now - one.made < _ALL or covers - covered:
            found.append(one)
        covered |= covers
    return found


def _periods(day: date, today: date) -> set[Hashable]:
    """Those of which a backup of *day* may be the one that stays."""
    age = (today - day).days
    return {
        (number, period(day))
        for number, (days, period) in enumerate(_PERIODS)
        if days is None or age < days
    }
