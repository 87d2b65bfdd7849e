"""The plan to an exam, and the simulation that it is told by."""

from __future__ import annotations

import math
from datetime import timedelta
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from studyapp.memory import exam
from studyapp.memory.histories import Bools, Floats, Ints
from studyapp.memory.mastery import Calibration
from studyapp.memory.model import DEFAULT_WEIGHTS, Crowd
from studyapp.memory.rehearsal import (
    Day,
    Doubted,
    Effort,
    Figure,
    Habits,
    Known,
    Material,
    Paced,
    Policy,
    Same,
    Usual,
    minutes_a_day,
    rehearse,
    share,
    share_kept,
)
from studyapp.memory.scheduler import Parameters
from studyapp.memory.state import Memory, Rating
from tests_support import Clock

CROWD = Crowd(DEFAULT_WEIGHTS)
SURE = ((0.01, 0.0, 0.0), (0.0, 0.01, 0.0), (0.0, 0.0, 0.01))


@given(st.lists(st.tuples(st.sampled_from(list(Rating)), st.integers(0, 400)), min_size=1))
def test_a_crowd_remembers_as_the_scheduler_does(history: list[tuple[Rating, int]]) -> None:
    clock, memory, parameters = Clock(), Memory(), Parameters()
    stability, difficulty = CROWD.first(np.array([history[0][0]]))
    for number, (rating, days) in enumerate(history):
        if number:
            clock.now += timedelta(days=days)
            gap, rated = np.array([days]), np.array([int(rating)])
            chance = parameters.retrievability(memory, clock().date())
            assert CROWD.recall(stability, gap)[0] == pytest.approx(chance)
            stability, difficulty = CROWD.after(stability, difficulty, gap, rated)
        memory = parameters.review(memory, rating, clock(), card=b"", uid=b"")
        assert stability[0] == pytest.approx(memory.stability)
        assert difficulty[0] == pytest.approx(memory.difficulty)
    assert memory.stability is not None
    waited = parameters.model.interval(memory.stability, 0.9)
    assert CROWD.interval(stability, 0.9)[0] == pytest.approx(waited)


@given(st.integers(1, 1000), st.integers(1, 200))
def test_all_are_met_by_two_thirds_of_the_way(cards: int, whole: int) -> None:
    """At the slowest pace that does it: what is unmet, over the days until then."""
    unmet, paces = cards, list[int]()
    for left in range(whole, -1, -1):
        paces.append(exam.pace(unmet, cards, whole, left))
        on_time = int(2 / 3 * whole) - (whole - left)
        assert on_time <= 0 or paces[-1] == math.ceil(unmet / on_time)
        unmet -= paces[-1]
        assert unmet == 0 or whole - left + 1 < max(int(2 / 3 * whole), 1)
    assert paces == sorted(paces, reverse=True)  # no day has more than the one before
    assert paces[-1] == 0  # none comes on the day itself


@st.composite
def behind(draw: st.DrawFn) -> tuple[int, int, int, int]:
    """Unmet cards of all, days left of all, however many were missed."""
    cards, whole = draw(st.integers(1, 1000)), draw(st.integers(1, 200))
    return draw(st.integers(1, cards)), cards, whole, draw(st.integers(1, whole))


@given(behind())
def test_a_day_that_is_missed_is_spread_over_what_remains(
    way: tuple[int, int, int, int],
) -> None:
    """It lowers nothing, and raises what the next day has by no more than its share of the missed
    one, unless that is less than the first day of the plan had."""
    unmet, cards, whole, left = way
    missed, then = exam.pace(unmet, cards, whole, left), exam.pace(unmet, cards, whole, left - 1)
    first = exam.pace(cards, cards, whole, whole)
    remain = max(int(2 / 3 * whole) - (whole - left) - 1, math.ceil((left - 1) / 3))
    assert 0 < missed <= unmet
    if left > 1:
        assert missed <= then <= max(first, missed + math.ceil(missed / remain))


@given(behind())
def test_who_goes_on_meets_all_before_the_exam_and_never_more_a_day(
    way: tuple[int, int, int, int],
) -> None:
    unmet, cards, whole, left = way
    paces = []
    for ahead in range(left):
        assert exam.pace(unmet - 1, cards, whole, left - ahead) <= exam.pace(
            unmet, cards, whole, left - ahead
        )
        paces.append(exam.pace(unmet, cards, whole, left - ahead))
        unmet -= paces[-1]
    assert unmet == 0
    assert paces == sorted(paces, reverse=True)


def test_what_was_missed_is_spread_over_what_is_left() -> None:
    on_time, after_a_week = exam.pace(60, 60, 30, 30), exam.pace(60, 60, 30, 23)
    assert (on_time, after_a_week) == (3, 5)
    assert exam.pace(60, 60, 30, 9) == 20  # two thirds are over: within three of the nine days
    assert exam.pace(60, 60, 30, 1) == 60
    before_two_thirds = [exam.pace(200, 200, 30, left) for left in (15, 13, 12, 11, 10, 9)]
    assert before_two_thirds == [40, 40, 50, 50, 50, 67]  # neither 100 nor 200, and then 50


@pytest.mark.parametrize(
    ("most", "met"), [(99, (20, 0)), (3, (20, 0)), (2, (30, 0)), (1, (30, 30)), (0, (30, 60))]
)
def test_what_the_time_of_a_day_reaches(most: int, met: tuple[int, int]) -> None:
    assert exam.reach(60, 60, 30, 30, most) == met


class Sure:
    """Learners who remember everything, or nothing."""

    def __init__(self, chance: float) -> None:
        self._chance = chance
        self.asked: list[Bools] = []

    def chance(self, day: Day) -> Floats:
        return np.full(day.new.shape, self._chance)

    def ratings(self, day: Day) -> Ints:
        return np.where(day.new | (self._chance > 0), 3, 1)

    def learn(self, day: Day, asked: Bools, rating: Ints) -> None:
        self.asked.append(asked)


def days_of(
    policy: Policy, material: Material, learners: Sure, minutes: float, days: int
) -> tuple[Known, np.ndarray]:
    """What is known in the end, and how many cards each day asked."""
    known = rehearse(
        material,
        learners,
        policy,
        CROWD,
        days=days,
        seconds=np.full(2, minutes * 60),
        effort=Effort(10.0, 30.0),
        luck=np.random.default_rng(1),
    )
    return known, np.array([asked.sum(axis=1) for asked in learners.asked])


def test_a_day_asks_what_its_time_has() -> None:
    plenty, met = days_of(Paced(60, 9, 9), Material.fresh(60), Sure(1.0), 10, 9)
    assert plenty.met[:, 0].tolist() == [10, 20, 30, 40, 50, 60, 60, 60, 60]
    assert met[0].tolist() == [10, 10]
    assert (met[6:] == 60).all()  # ten minutes have sixty reviews: what is left of them is used
    assert plenty.expected.tolist() == [1.0, 1.0]
    short, _ = days_of(Paced(60, 9, 9), Material.fresh(60), Sure(1.0), 2, 9)
    new = np.diff(short.met[:, 0], prepend=0)
    assert new.tolist()[:4] == [4, 4, 3, 3]  # once something is due, it has a quarter of the time
    assert short.expected[0] == short.met[-1, 0] / 60


def test_what_is_missed_takes_its_step() -> None:
    fresh = Material.fresh(30)
    known = fresh._replace(
        stability=np.full(30, 5.0), difficulty=np.full(30, 5.0), last=np.full(30, -9.0)
    )
    _, asked = days_of(Usual(), known._replace(due=np.zeros(30)), Sure(0.0), 4, 1)
    assert asked[0].tolist() == [12, 12]  # 240 seconds, twice 10 each
    _, asked = days_of(Usual(), known._replace(due=np.zeros(30)), Sure(1.0), 4, 1)
    assert asked[0].tolist() == [24, 24]
    _, asked = days_of(Usual(), known._replace(due=np.ones(30)), Sure(1.0), 4, 1)
    assert asked[0].tolist() == [0, 0]  # only an exam asks what is not due
    _, asked = days_of(Paced(0, 5, 5), known._replace(due=np.ones(30)), Sure(1.0), 4, 1)
    assert asked[0].tolist() == [24, 24]


def test_one_of_a_family_a_day_and_openers_first() -> None:
    material = Material.fresh(6)._replace(
        family=np.array([0, 0, 0, 1, 2, 2]), opener=np.array([-1, -1, -1, -1, -1, 4])
    )
    learners = Sure(1.0)
    days_of(Usual(), material, learners, 60, 3)
    assert [np.flatnonzero(asked[0]).tolist() for asked in learners.asked[:2]] == [[0, 3, 4], [1]]


def test_what_another_card_holds_back_is_told_from_what_the_time_does_not_reach() -> None:
    """Card 3 has an opener that was met and is not firm, 5 one that was not met, and 6 is of the
    family of one that was."""
    material = Material.fresh(7)._replace(
        opener=np.array([-1, -1, -1, 0, -1, 4, -1]), family=np.array([0, 1, 2, 3, 4, 5, 1])
    )
    known, _ = days_of(Usual(new_a_day=1), material, Sure(1.0), 60, 2)
    assert np.flatnonzero(known.unmet[0]).tolist() == [2, 3, 4, 5, 6]
    assert np.flatnonzero(known.held[0]).tolist() == [3, 5, 6]


def test_without_an_exam_a_backlog_comes_first() -> None:
    due = Material.fresh(20)._replace(
        stability=np.r_[np.full(10, 5.0), np.full(10, np.nan)],
        difficulty=np.full(20, 5.0),
        last=np.r_[-np.arange(1.0, 11), np.full(10, np.nan)],
        due=np.r_[np.zeros(10), np.full(10, np.inf)],
    )
    learners = Sure(1.0)
    days_of(Usual(), due, learners, 1, 1)
    assert np.flatnonzero(learners.asked[0][0]).tolist() == [0, 1, 2, 3, 4, 5]
    days_of(Usual(new_a_day=3), due, learners, 10, 1)
    assert np.flatnonzero(learners.asked[1][0]).tolist() == [*range(10), 10, 11, 12]


def foreseen(trust: Calibration, minutes: float) -> Figure:
    rng = np.random.default_rng(3)
    known = rehearse(
        Material.fresh(60),
        Doubted(trust, Habits.of(), 40, Same(rng, 1)),
        Paced(60, 20, 20),
        CROWD,
        days=20,
        seconds=np.full(40, minutes * 60),
        effort=Effort(),
        luck=rng,
    )
    return share(known)


def test_who_put_the_clock_back_remembers_what_was_asked_on_days_to_come() -> None:
    none, met = np.array([-1]), np.array([True])
    ahead = Material(
        np.array([0.2]), np.array([5.0]), np.array([300.0]), np.array([301.0]), none, none, met
    )
    luck = Same(np.random.default_rng(1), 1)
    doubted = Doubted(Calibration(covariance=SURE), Habits.of(), 2, luck)
    known = rehearse(
        ahead,
        doubted,
        Usual(),
        CROWD,
        days=3,
        seconds=np.full(2, 600.0),
        effort=Effort(10.0, 30.0),
        luck=luck,
    )
    assert (known.expected > 0.9).all()


def test_a_curve_differs_by_the_minutes_alone() -> None:
    """Few learners, whose luck would say more than ten minutes do, if it were not the same."""
    minutes, luck = (5, 15, 15, 400, 500), Same(np.random.default_rng(5), 5)
    known = rehearse(
        Material.fresh(60),
        Doubted(Calibration(), Habits.of(), 20, luck),
        Paced(60, 20, 20),
        CROWD,
        days=20,
        seconds=np.repeat(np.array(minutes) * 60.0, 20),
        effort=Effort(),
        luck=luck,
    )
    short, usual, again, plenty, more = known.expected.reshape(5, 20)
    assert (short < usual).mean() > 0.8
    assert usual.tolist() == again.tolist()
    assert plenty.tolist() == more.tolist()  # all there is has its time
    drawn = known.drawn.reshape(5, 20)
    assert drawn[1].tolist() == drawn[2].tolist() != drawn[0].tolist()


def test_who_is_known_better_is_told_more() -> None:
    nobody = foreseen(Calibration(), 5)
    known = foreseen(Calibration(covariance=SURE), 5)
    assert nobody.low < known.low < known.value < known.high <= nobody.high
    forgetful = foreseen(Calibration(shift=-1.5, covariance=SURE), 5)
    assert forgetful.value < known.low
    short = foreseen(Calibration(covariance=SURE), 1)
    assert short.high < known.low


def test_habits_are_the_learners_own_once_there_are_some() -> None:
    usual, own = Habits.of(), Habits.of([0, 0, 900, 0], [0, 900, 0])
    assert usual.first.sum() == pytest.approx(1)
    assert own.first[2] > 0.9 > usual.first[2]
    assert own.passed[1] > 0.95


def test_few_learners_reach_as_far_as_is_likely() -> None:
    """Whatever is drawn, each tenth of what is likely has one of ten."""
    card, no = np.ones((10, 1)), np.zeros((10, 1), bool)
    day = Day(9, 0.9 * card, 9 * card, 10 * card, 5 * card, 9 * card, no, ~no, card[0], Effort())
    tenths = [NormalDist(0, 0.5).inv_cdf((tenth + 0.5) / 10) for tenth in range(10)]
    for seed in range(3):
        luck = Same(np.random.default_rng(seed), 1)
        chance = Doubted(Calibration(), Habits.of(), 10, luck, doubt=1.0).chance(day)[:, 0]
        assert sorted(np.log(chance / (1 - chance) / 9)) == pytest.approx(tenths)
        certain = Doubted(Calibration(), Habits.of(), 10, luck, doubt=0.0).chance(day)
        assert certain == pytest.approx(0.9 * card)
    twenty = np.arange(20.0)  # of whom the first and the last stand for 2.5 of 100 on either side
    assert share(Known(*[twenty] * 6)) == (9.5, pytest.approx(0), pytest.approx(19))


def alone(retention: float, cards: int, days: int, a_day: int) -> tuple[float, float]:
    """Minutes a day and the recall in the end of who forgets as the weights say: each card goes
    from one of its dates to the next, by itself."""
    rng, habits = np.random.default_rng(11), Habits.of()
    learned = np.arange(cards) // a_day
    rating = rng.choice(4, cards, p=habits.first) + 1
    stability, difficulty = CROWD.first(rating)
    seconds, last, running = 30.0 * (learned < days).sum(), learned, learned < days
    step = rating < 3
    while running.any():
        again = CROWD.after(stability, difficulty, np.zeros(1), np.array([3]))
        stability, difficulty = np.where(step, again, (stability, difficulty))
        wait = np.maximum(np.rint(CROWD.interval(stability, np.array(retention))), 1)
        running = running & (last + wait < days)
        chance = CROWD.recall(stability, wait)
        passed = rng.choice(3, cards, p=habits.passed) + 2
        rating = np.where(rng.random(cards) < chance, passed, 1)
        after = CROWD.after(stability, difficulty, wait, rating)
        stability, difficulty = np.where(running, after, (stability, difficulty))
        last = np.where(running, last + wait, last)
        step = running & (rating == 1)
        seconds += (running * np.where(rating == 1, 20.0, 10.0)).sum()
    recall = CROWD.recall(stability, days - last)
    return seconds / days / 60, recall[learned < days].mean()


@pytest.mark.parametrize("retention", [0.7, 0.9])
def test_who_is_not_doubted_forgets_as_the_weights_say(retention: float) -> None:
    luck = Same(np.random.default_rng(2), 1)
    sure = rehearse(
        Material.fresh(60),
        Doubted(Calibration(), Habits.of(), 30, luck, doubt=0.0),
        Usual(retention, new_a_day=2),
        CROWD,
        days=90,
        seconds=np.full(30, 36000.0),
        effort=Effort(10.0, 30.0),
        luck=luck,
    )
    minutes, recall = alone(retention, 60 * 200, 90, 2 * 200)
    assert minutes_a_day(sure, sure).value == pytest.approx(minutes / 200, rel=0.02)
    assert share_kept(sure, sure).value == pytest.approx(recall, abs=0.005)
