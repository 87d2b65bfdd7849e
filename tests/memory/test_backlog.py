"""How long a backlog lasts, held against learners who forget by chance."""

from __future__ import annotations

import random
from datetime import date, timedelta
from itertools import pairwise
from statistics import mean

import pytest

from studyapp.memory.backlog import Known, lasts
from studyapp.memory.clock import noon
from studyapp.memory.scheduler import Parameters
from studyapp.memory.state import LATER_RATINGS, Memory, Rating, State

DAYS = 183
TODAY = date(2026, 11, 30)


def days(cards: list[Known], room: float, new: int = 0) -> int | None:
    """In how many days *cards* that are due today do not wait any more."""
    return lasts(((0, one) for one in cards), [room] * DAYS, [new] * DAYS, Parameters())


def driven(cards: list[Known], room: int, seed: int) -> int:
    """The same, of a learner who forgets as the schedule reckons."""
    draw, parameters, day = random.Random(seed), Parameters(), TODAY
    every = [memory_of(one) for one in cards]
    while True:
        due = [index for index, one in enumerate(every) if one.due and one.due <= day]
        if day > TODAY and len(due) <= room:
            return (day - TODAY).days
        known = {index: parameters.retrievability(every[index], day) or 0 for index in due}
        shown = 0
        for index in sorted(due, key=lambda one: -known[one]):
            if shown >= room:
                break
            passed = draw.choices(list(Rating)[1:], LATER_RATINGS)[0]
            rating = passed if draw.random() < known[index] else Rating.AGAIN
            while True:
                every[index] = parameters.review(
                    every[index], rating, noon(day), card=bytes([index % 256]), uid=b"", day=day
                )
                shown += 1
                if every[index].state is State.REVIEW:
                    break
                rating = Rating.GOOD
        day += timedelta(days=1)


def memory_of(card: Known) -> Memory:
    rated = TODAY + timedelta(days=card.rated)
    return Memory(
        State.REVIEW,
        stability=card.stability,
        difficulty=card.difficulty,
        due=TODAY,
        first_day=rated,
        last_day=rated,
    )


def young(number: int, goal: float = 0.9) -> list[Known]:
    draw = random.Random(number)
    return [
        Known(-draw.randrange(10, 40), draw.uniform(1, 4), draw.uniform(5, 9), goal)
        for _ in range(number)
    ]


def firm(number: int) -> list[Known]:
    draw = random.Random(number)
    return [Known(-draw.randrange(30, 60), draw.uniform(20, 60), 5.0, 0.9) for _ in range(number)]


def test_what_nobody_forgets_takes_each_day_what_it_has_room_for() -> None:
    sure = [Known(-1, 1e6, 5.0, 0.9)] * 100
    assert days(sure, 10) == 9  # when the last ten come, none waits
    assert days(sure, 100) == 1
    assert days(sure, 0) is None


@pytest.mark.parametrize(
    ("cards", "room"),
    [(young(120), 14), (young(120), 20), (firm(150), 20), ([*young(80), *firm(80)], 16)],
)
def test_it_lasts_as_long_as_it_does_for_those_who_forget_by_chance(
    cards: list[Known], room: int
) -> None:
    told, true = days(cards, room), mean(driven(cards, room, seed) for seed in range(6))
    assert told is not None
    assert told > len(cards) / room
    assert told == pytest.approx(true, rel=0.15, abs=1)


def test_what_more_comes_back_than_there_is_time_for_lasts_on() -> None:
    told = [days(young(200), room) for room in (6, 20, 30, 40, 60)]
    assert told[0] is None
    later = [one for one in told if one is not None]
    assert len(later) == 4
    assert all(more < less for less, more in pairwise(later))
    sparing = days(young(200, goal=0.8), 20)
    assert sparing is not None
    assert sparing < later[0]  # as what is answered comes back later


def test_new_cards_take_time_that_the_others_wait_for() -> None:
    told = [days(young(100), 20, new) or DAYS for new in (0, 2)]
    assert told[0] < told[1] < DAYS


def test_a_sample_tells_what_all_would() -> None:
    few, many = days(young(300), 20), days(young(300) * 10, 200)
    assert few is not None
    assert many == pytest.approx(few, rel=0.15)
