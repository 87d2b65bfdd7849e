"""Days that are evened out: by the load, apart from siblings, with lighter weekdays."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from statistics import fmean, pvariance

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studyapp.memory.scheduler import Parameters, seed_of
from studyapp.memory.spread import Shares, even
from studyapp.memory.state import Memory, Rating, State

MONDAY = date(2026, 11, 30)
FIRST = MONDAY.toordinal()
DAYS = 110
AT_ONCE = Parameters().without_steps


@given(
    st.integers(1, 400),
    st.integers(1, 30),
    st.dictionaries(st.integers(0, 60).map(lambda one: FIRST + one), st.integers(0, 90)),
    st.text(max_size=9),
    st.sets(st.integers(0, 60).map(lambda one: FIRST + one)),
    st.dictionaries(st.integers(0, 6), st.sampled_from([0.0, 0.5])),
)
def test_one_of_the_days_that_can_be_avoided_is(
    low: int, many: int, load: dict[int, int], seed: str, apart: set[int], shares: dict[int, float]
) -> None:
    days = range(low, low + many)
    chosen = even(days, MONDAY, load, seed, apart=apart, shares=shares)
    assert chosen in days
    assert chosen == even(days, MONDAY, dict(load), seed, apart=apart, shares=shares)
    free = [one for one in days if shares.get((MONDAY + timedelta(days=one)).weekday(), 1)]
    assert chosen in (free or days)
    alone = [one for one in free or days if FIRST + one not in apart]
    assert chosen in (alone or free or days)


def test_the_day_with_the_fewest_is_chosen_and_chance_decides_between_equals() -> None:
    load = {FIRST + one: 9 for one in range(60)}
    drawn = {even(range(18, 25), MONDAY, load, str(seed), shares={}) for seed in range(80)}
    assert drawn == set(range(18, 25))
    load[FIRST + 20] = 5
    assert {even(range(18, 25), MONDAY, load, str(seed), shares={}) for seed in range(9)} == {20}
    light = {(MONDAY + timedelta(days=23)).weekday(): 0.5}
    load[FIRST + 23] = 3  # which is as six elsewhere
    assert even(range(18, 25), MONDAY, load, "", shares=light) == 20


def test_what_is_farther_off_is_not_chosen_for_being_not_yet_known() -> None:
    """The load falls by three cards a day, as that of days to come does."""
    load = {FIRST + one: 300 - 3 * one for one in range(60)}
    drawn = Counter(even(range(18, 25), MONDAY, load, str(seed), shares={}) for seed in range(140))
    assert len(drawn) == 7
    assert max(drawn.values()) < 40


def study(shares: Shares | None) -> tuple[Counter[date], float]:
    """Cards on each day of a learner who meets four a day, and how long intervals are beside those
    that are not spread; without *shares* by the fuzz alone."""
    chance, due, lengths = random.Random(7), dict[date, list[int]](), list[float]()
    memories, load, asked = dict[int, Memory](), Counter[int](), Counter[date]()
    for day in (MONDAY + timedelta(days=number) for number in range(DAYS)):
        new = range(len(memories), len(memories) + 4)
        coming = due.pop(day, [])
        asked[day] = len(coming)
        for number in (*coming, *new):
            card, before = number.to_bytes(16, "big"), memories.get(number, Memory())
            recalled = chance.random() < (AT_ONCE.retrievability(before, day) or 0.8)
            rating = Rating.GOOD if recalled else Rating.AGAIN
            now = datetime.combine(day, time(12), UTC)
            after = AT_ONCE.review(before, rating, now, card=card, uid=b"")
            assert after.state is State.REVIEW
            may = AT_ONCE.allowed(before, after)
            wait = (after.due - day).days if after.due else 0
            if shares is not None:
                wait = even(may, day, load, seed_of(card, before), shares=shares)
                after = AT_ONCE.review(before, rating, now, card=card, uid=b"", interval=wait)
            assert wait in may
            lengths.append(wait / fmean(may))
            memories[number] = after
            on = day + timedelta(days=wait)
            load[on.toordinal()] += 1
            due.setdefault(on, []).append(number)
    return asked, fmean(lengths)


def unevenness(asked: Counter[date]) -> float:
    """How much a day's cards differ from those of the two weeks around it."""
    cards = [asked[day] for day in sorted(asked)][30:]
    return pvariance([one - fmean(cards[at : at + 15]) for at, one in enumerate(cards[7:-7])])


def test_a_learners_days_are_more_even_and_lighter_where_wanted() -> None:
    drawn, _ = study(None)
    spread, long = study({})
    assert unevenness(spread) < unevenness(drawn) / 2
    assert long == pytest.approx(1, abs=0.03)  # no longer than they were
    light, _ = study({5: 0.5, 6: 0.0})
    on = [fmean([light[day] for day in light if day.weekday() == one][6:]) for one in range(7)]
    assert on[5] < 0.75 * fmean(on[:5])
    assert on[6] < 0.5 * fmean(on[:5])
