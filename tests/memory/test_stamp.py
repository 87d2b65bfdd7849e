"""Stamps keep the order of a device; places put several devices in one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studyapp.memory.stamp import LEAD, Setback, Stamp, Timeline, following

START = datetime(2026, 3, 1, 9, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
jumps = st.lists(
    st.sampled_from(
        [timedelta(0), MINUTE, HOUR, DAY, 30 * DAY, -MINUTE, -HOUR, -3 * DAY, -9 * DAY]
    ),
    max_size=40,
)


def stamped(walls: list[datetime]) -> list[Stamp]:
    stamps = list[Stamp]()
    for wall in walls:
        stamps.append(following(stamps[-1] if stamps else None, wall))
    return stamps


def timeline(stamps: list[Stamp]) -> Timeline:
    """Of a whole log, as the store reads it."""
    setbacks = []
    for epoch in range(1, max(stamp.epoch for stamp in stamps) + 1):
        first = min(stamp.time for stamp in stamps if stamp.epoch == epoch)
        before = [stamp.time for stamp in stamps if stamp.epoch == epoch - 1]
        setbacks.append(
            Setback(
                epoch,
                first,
                max(before),
                min((time for time in before if time > first), default=None),
                max((time for time in before if time <= first), default=None),
            )
        )
    return Timeline(setbacks)


def walls(*parts: tuple[timedelta, timedelta, timedelta]) -> list[datetime]:
    """Readings of a clock: each part (first, last, step) after START."""
    found = []
    for first, last, step in parts:
        at = first
        while at <= last:
            found.append(START + at)
            at += step
    return found


def test_a_stamp_is_the_wall_clock_unless_that_was_set_back() -> None:
    newest = Stamp(2, START)
    assert following(None, START) == Stamp(0, START)
    assert following(newest, START + HOUR) == Stamp(2, START + HOUR)
    tick = timedelta(microseconds=1)
    for wall in (START, START - MINUTE, START - LEAD):
        assert following(newest, wall) == Stamp(2, START + tick)
    assert following(newest, START - LEAD - tick) == Stamp(3, START - LEAD - tick)


@given(jumps)
def test_no_clock_changes_the_order_on_a_device(steps: list[timedelta]) -> None:
    wall, readings = START, [START]
    for step in steps:
        wall += step
        readings.append(wall)
    stamps = stamped(readings)
    assert stamps == sorted(set(stamps))
    places = [timeline(stamps).place(stamp) for stamp in stamps]
    assert places == sorted(set(places))


@given(jumps, st.integers(1, 40))
def test_a_setback_is_judged_once(steps: list[timedelta], cut: int) -> None:
    """What is written later in the newest epoch changes the place of nothing that is there."""
    wall, readings = START, [START]
    for step in steps:
        wall += step
        readings.append(wall)
    stamps = stamped(readings)
    early = stamps[:cut]
    if early[-1].epoch == stamps[-1].epoch:
        places = [timeline(early).place(stamp) for stamp in early]
        assert places == [timeline(stamps).place(stamp) for stamp in early]


@pytest.mark.parametrize("error", [3 * DAY, 365 * DAY])
def test_what_a_fast_clock_wrote_goes_before_what_came_next(error: timedelta) -> None:
    year = 400 * DAY
    stamps = stamped(
        walls(
            (timedelta(0), year, DAY),
            (year + error, year + error + HOUR, 10 * MINUTE),
            (year + 2 * HOUR, year + 3 * DAY, 5 * HOUR),
        )
    )
    assert stamps[-1].epoch == 1
    right = START + year + 2 * HOUR
    for stamp in stamps:
        place = timeline(stamps).place(stamp)
        assert place.time == (stamp.time if stamp.epoch or stamp.time < right else right)


@pytest.mark.parametrize("error", [5 * DAY, 365 * DAY, 20000 * DAY])
def test_what_a_slow_clock_wrote_comes_after_what_was_there(error: timedelta) -> None:
    """As of a machine without a battery; nothing of the year before is moved."""
    year = 400 * DAY
    stamps = stamped(
        walls(
            (timedelta(0), year, DAY),
            (year - error, year - error + HOUR, 10 * MINUTE),
            (year + 2 * HOUR, year + 3 * DAY, 5 * HOUR),
        )
    )
    assert stamps[-1].epoch == 1
    newest = START + year
    for stamp in stamps:
        assert timeline(stamps).place(stamp).time == max(
            stamp.time, newest if stamp.epoch else stamp.time
        )
