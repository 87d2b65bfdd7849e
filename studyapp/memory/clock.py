"""Study days: the learner's local date from 04:00 to 04:00."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

DAY_START = timedelta(hours=4)
_NOON = time(12)


def study_day(now: datetime) -> date:
    """The study day of *now*, an aware datetime in the learner's own zone."""
    return (now.replace(tzinfo=None) - DAY_START).date()


def local(at: datetime, offset: timedelta) -> datetime:
    """The learner's wall clock, naive, at instant *at* and UTC *offset*."""
    return at.astimezone(UTC).replace(tzinfo=None) + offset


def noon(day: date) -> datetime:
    """The instant that stands for a study day in py-fsrs: differences are whole days."""
    return datetime.combine(day, _NOON, UTC)


def rollover(now: datetime) -> datetime:
    """The instant at which the study day after that of *now* begins, in the zone of *now*."""
    return datetime.combine(study_day(now) + timedelta(days=1), time(4), now.tzinfo)
