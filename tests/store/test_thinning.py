"""Which backups stay as they grow old."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from studyapp.store.thinning import ASKED, kept

START = datetime(2026, 11, 20, 9, 0)


@dataclass(frozen=True)
class Made:
    made: datetime
    reason: str = "daily"


def ago(backups: Sequence[Made], now: datetime) -> list[int]:
    return [(now.date() - one.made.date()).days for one in kept(backups, now)]


def test_all_of_a_day_then_daily_weekly_monthly() -> None:
    hours = [Made(START - timedelta(hours=hour)) for hour in range(24 * 400)]
    days = ago(hours, START)
    assert days.count(0) + days.count(1) == 24
    assert [day for day in days if 1 < day < 14] == list(range(2, 14))
    weeks = [day for day in days if 14 <= day < 62]
    assert weeks == [19, 20, 26, 33, 40, 47, 51, 54, 61]  # Sundays, and the ends of two months
    assert [f"{START - timedelta(days=day):%d %b %y}" for day in days if day >= 62] == [
        *("31 Aug 26", "31 Jul 26", "30 Jun 26", "31 May 26", "30 Apr 26", "31 Mar 26"),
        *("28 Feb 26", "31 Jan 26", "31 Dec 25", "30 Nov 25", "31 Oct 25"),
    ]


def test_the_last_one_before_a_migration_stays_until_there_is_another() -> None:
    old = Made(START - timedelta(days=100), "migration")
    daily = [Made(old.made + timedelta(hours=1 + 24 * day)) for day in range(100)]
    assert old in kept([old, *daily], START)
    assert old not in kept([old, *daily, Made(START, "migration")], START)


def test_what_the_learner_asked_for_is_theirs_to_remove() -> None:
    asked = [Made(START - timedelta(days=200, hours=hour), ASKED) for hour in range(5)]
    assert kept(asked, START) == asked


def test_one_that_a_wrong_clock_dated_ahead_stays() -> None:
    ahead, now = Made(START + timedelta(days=365)), Made(START)
    assert kept([now, ahead], START) == [ahead, now]


made = st.builds(
    Made,
    st.integers(0, 500 * 24 * 60).map(lambda minutes: START + timedelta(minutes=minutes)),
    st.sampled_from(["daily", "import", "migration"]),
)
backups = st.lists(made, min_size=1, max_size=40, unique_by=lambda one: one.made)
later = st.integers(0, 300 * 24).map(lambda hours: timedelta(hours=hours))


@given(backups, later)
def test_the_newest_stays_and_few_others(found: list[Made], after: timedelta) -> None:
    newest = max(found, key=lambda one: one.made)
    now = newest.made + after
    stay = kept(found, now)
    assert stay[0] == newest
    old = [one for one in stay if now - one.made >= timedelta(days=1)]
    months = {(one.made.year, one.made.month) for one in found}
    assert len(old) <= 14 + 10 + len(months) + 3
    assert {(one.made.year, one.made.month) for one in stay} == months


@given(backups, later)
def test_thinned_each_time_is_what_is_thinned_at_once(found: list[Made], after: timedelta) -> None:
    """So none goes before its time, whenever the folder was looked at."""
    there = list[Made]()
    for one in sorted(found, key=lambda one: one.made):
        there = kept([*there, one], one.made)
    now = max(one.made for one in found) + after
    assert kept(there, now) == kept(found, now)
