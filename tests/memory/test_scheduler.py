"""The scheduler: equal to py-fsrs at study-day times, and true to its laws."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta, timezone
from math import isclose

import fsrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from studyapp.memory.clock import noon, rollover, study_day
from studyapp.memory.model import DEFAULT_WEIGHTS
from studyapp.memory.scheduler import Parameters, became_leech, fuzz, is_leech
from studyapp.memory.state import Memory, Rating, State

CARD = b"0123456789abcdef"
EAST = timezone(timedelta(hours=2))
ratings = st.sampled_from(list(Rating))
histories = st.lists(st.tuples(ratings, st.integers(0, 400)), min_size=1, max_size=12)


def at(day: int, hour: int = 9) -> datetime:
    return datetime(2026, 1, 1, hour, tzinfo=EAST) + timedelta(days=day)


def run(history: list[tuple[Rating, int]], parameters: Parameters) -> list[Memory]:
    """Memories after each (rating, days since the one before)."""
    memory, day, memories = Memory(), 0, []
    for rating, gap in history:
        day += gap
        memory = parameters.review(memory, rating, at(day), card=CARD, uid=bytes([day % 256]))
        memories.append(memory)
    return memories


@given(histories, st.floats(0.7, 0.99))
def test_equals_py_fsrs_at_study_day_times(
    history: list[tuple[Rating, int]], retention: float
) -> None:
    parameters = Parameters(desired_retention=retention)
    peer = fsrs.Scheduler(
        desired_retention=retention,
        learning_steps=parameters.learning_steps,
        relearning_steps=parameters.relearning_steps,
        enable_fuzzing=False,
    )
    card, day, former = fsrs.Card(card_id=1), 0, 0
    for (rating, gap), memory in zip(history, run(history, parameters), strict=True):
        day += gap
        when = noon(study_day(at(day)))
        card, _ = peer.review_card(card, fsrs.Rating(rating), review_datetime=when)
        assert (memory.stability, memory.difficulty) == (card.stability, card.difficulty)
        assert (memory.state.value, memory.step) == (card.state.value, card.step)
        interval = (card.due - when).days
        if memory.state is State.REVIEW:
            assert memory.due is not None
            seed = f"{CARD.hex()}:{memory.reviews - 1}"
            wait = (memory.due - study_day(at(day))).days
            assert wait == fuzz(interval, seed, 36500, former)
            former = wait
        else:
            former = 0
            assert memory.due_at == at(day) + (card.due - when)


@pytest.mark.parametrize(
    ("history", "stability", "difficulty", "days"),
    [
        ([(3, 0)], 2.3065, 2.1181, 2),
        ([(4, 0)], 8.2956, 1.0, 8),
        ([(3, 0), (3, 2), (3, 11)], 46.2802, 2.1043, 46),
        ([(3, 0), (3, 2), (1, 11)], 1.5383, 7.3922, 0),
    ],
)
def test_golden_sequences(
    history: list[tuple[int, int]], stability: float, difficulty: float, days: int
) -> None:
    """Figures of py-fsrs 6.3.2 with the default weights, kept so that a change is noticed."""
    memory = run([(Rating(rating), gap) for rating, gap in history], Parameters())[-1]
    assert memory.stability == pytest.approx(stability, abs=1e-4)
    assert memory.difficulty == pytest.approx(difficulty, abs=1e-4)
    assert memory.due is not None
    total = sum(gap for _, gap in history)
    wait = (memory.due - study_day(at(total))).days
    assert abs(wait - days) <= max(2, round(days * 0.1))  # fuzz


def test_an_evening_and_the_next_morning_are_a_day_apart() -> None:
    """Twelve hours that cross 04:00 count as a day; py-fsrs alone would floor them to none."""
    first = Parameters().review(Memory(), Rating.AGAIN, at(0, 22), card=CARD, uid=b"1")
    same_day = Parameters().review(first, Rating.GOOD, at(0, 23), card=CARD, uid=b"2")
    next_day = Parameters().review(first, Rating.GOOD, at(1, 8), card=CARD, uid=b"2")
    assert same_day.stability is not None
    assert next_day.stability is not None
    assert next_day.stability > 5 * same_day.stability


@given(st.floats(0.1, 5000), st.integers(0, 5000))
def test_the_forgetting_curve_is_that_of_py_fsrs(stability: float, elapsed: int) -> None:
    day = date(2026, 1, 1)
    later = day + timedelta(days=elapsed)
    card = fsrs.Card(stability=stability, last_review=noon(day), state=fsrs.State.Review)
    theirs = fsrs.Scheduler().get_card_retrievability(card, noon(later))
    assert isclose(Parameters().forgetting_curve(stability, day, later), theirs, rel_tol=1e-12)


@given(st.integers(1, 5000))
def test_after_as_many_days_as_its_stability_a_card_is_recalled_at_90_percent(days: int) -> None:
    day = date(2026, 1, 1)
    r = Parameters().forgetting_curve(days, day, day + timedelta(days=days))
    assert isclose(r, 0.9, rel_tol=1e-9)


@given(histories, st.integers(0, 1000))
def test_retrievability_falls_from_one(history: list[tuple[Rating, int]], later: int) -> None:
    memory = run(history, Parameters())[-1]
    assert memory.last_day is not None
    now = Parameters().retrievability(memory, memory.last_day)
    then = Parameters().retrievability(memory, memory.last_day + timedelta(days=later))
    assert now == 1.0
    assert then is not None
    assert 0 < then <= now
    assert Parameters().retrievability(Memory(), date(2026, 1, 1)) is None


@given(st.integers(1, 36500), st.text(max_size=20), st.integers(1, 36500))
def test_fuzz_stays_in_its_bounds(days: int, seed: str, maximum: int) -> None:
    days = min(days, maximum)
    fuzzed = fuzz(days, seed, maximum)
    assert 1 <= fuzzed <= maximum
    assert fuzzed == fuzz(days, seed, maximum)
    if days <= 2:
        assert fuzzed == days
    else:
        widest = 1 + 0.15 * 4.5 + 0.1 * 13 + 0.05 * max(0, days - 20)
        assert abs(fuzzed - days) <= widest + 0.5


@given(st.integers(1, 400), st.text(max_size=9), st.integers(0, 500), st.integers(1, 500))
def test_fuzz_takes_nothing_of_what_was_gained(
    days: int, seed: str, former: int, maximum: int
) -> None:
    days = min(days, maximum)
    free, fuzzed = fuzz(days, seed, maximum), fuzz(days, seed, maximum, former)
    assert fuzzed <= maximum
    if days > former:
        assert fuzzed == max(free, former + 1)
    else:
        assert free <= fuzzed <= former or fuzzed == free
        assert fuzzed in (free, former)
    longest = max(fuzz(days, str(number), maximum) for number in range(60))
    if days > 2 and days <= former <= longest:
        assert fuzzed >= former


def test_remembered_in_time_no_card_comes_sooner_than_last_time() -> None:
    """Whatever the draw: where the interval itself grows, what is shown grows."""
    for number in range(300):
        memory = Memory()
        for _ in range(6):
            day = memory.due or date(2026, 1, 1)
            now = datetime.combine(day, time(9), UTC)
            before = memory
            uid = number.to_bytes(16, "big")
            memory = Parameters().review(memory, Rating.GOOD, now, card=uid, uid=b"")
            if before.state is State.REVIEW:
                assert memory.due is not None
                assert before.due is not None
                assert before.last_day is not None
                assert memory.due - day > before.due - before.last_day


def test_fuzz_spreads_cards_that_were_learned_together() -> None:
    assert len({fuzz(30, f"card {number}", 36500) for number in range(100)}) >= 5


@given(histories, st.integers(1, 50))
def test_no_interval_exceeds_the_maximum(history: list[tuple[Rating, int]], maximum: int) -> None:
    for memory in run(history, Parameters(maximum_interval=maximum)):
        assert memory.due is not None
        assert memory.last_day is not None
        assert (memory.due - memory.last_day).days <= maximum


@given(histories)
def test_better_ratings_never_come_back_sooner(history: list[tuple[Rating, int]]) -> None:
    before = run(history, Parameters())[-1]
    assert before.due is not None
    now = datetime.combine(before.due, datetime.min.time(), EAST) + timedelta(hours=12)
    due = [Parameters().review(before, rating, now, card=CARD, uid=b"x").due for rating in Rating]
    assert due == sorted(due, key=lambda day: day or date.max)


def test_a_step_falls_due_at_real_time_and_may_cross_the_rollover() -> None:
    late = datetime(2026, 1, 2, 3, 55, tzinfo=EAST)
    memory = Parameters().review(Memory(), Rating.AGAIN, late, card=CARD, uid=b"1")
    assert memory.due_at == late + timedelta(minutes=10)
    assert (memory.last_day, memory.due) == (date(2026, 1, 1), date(2026, 1, 2))


@pytest.mark.parametrize("days", [1, 400])
def test_a_rating_before_the_last_day_counts_from_its_own_day(days: int) -> None:
    """One that a wrong clock dated in the future does not push the next real one there, too."""
    memory = run([(Rating.GOOD, 0), (Rating.GOOD, 500)], Parameters())[-1]
    wrong = Parameters().review(memory, Rating.GOOD, at(500 + days), card=CARD, uid=b"w")
    after = Parameters().review(wrong, Rating.GOOD, at(500), card=CARD, uid=b"x")
    assert wrong.due is not None
    again = replace(wrong, last_day=memory.last_day, due=wrong.due - timedelta(days=days))
    same_day = Parameters().review(again, Rating.GOOD, at(500), card=CARD, uid=b"x")
    assert (after.last_day, after.due) == (memory.last_day, same_day.due)
    assert after.stability == same_day.stability


def test_known_is_confirmed_after_30_days() -> None:
    for goal in (0.8, 0.9, 0.95):
        memory = Parameters(desired_retention=goal).known(Memory(), date(2026, 1, 1))
        assert (memory.due, memory.stability) == (date(2026, 1, 31), 30.0)
        assert Parameters().retrievability(memory, date(2026, 1, 31)) == pytest.approx(0.9)


def test_a_leech_is_told_at_8_lapses_then_every_4() -> None:
    told = [
        lapses
        for lapses in range(1, 25)
        if became_leech(Memory(lapses=lapses - 1), Memory(lapses=lapses), 8)
    ]
    assert told == [8, 12, 16, 20, 24]


def test_six_agains_without_graduating_make_a_leech() -> None:
    memories = [Memory(), *run([(Rating.AGAIN, 0)] * 8, Parameters())]
    told = [n for n in range(1, 9) if became_leech(memories[n - 1], memories[n], 8)]
    assert told == [6]
    assert is_leech(memories[6].lapses, memories[6].agains, 8)
    assert not is_leech(memories[5].lapses, memories[5].agains, 8)
    good = Parameters().review(memories[5], Rating.GOOD, at(0), card=CARD, uid=b"g")
    assert good.agains == 0


def test_lapses_are_set_against_what_was_expected() -> None:
    memory = run([(Rating.GOOD, 0), (Rating.GOOD, 2), (Rating.AGAIN, 11)], Parameters())[-1]
    assert memory.lapses == 1
    assert 0.1 < memory.expected_lapses < 0.3


def test_the_study_day_runs_from_four_to_four() -> None:
    assert study_day(datetime(2026, 3, 1, 3, 59, tzinfo=EAST)) == date(2026, 2, 28)
    assert study_day(datetime(2026, 3, 1, 4, 0, tzinfo=EAST)) == date(2026, 3, 1)
    night = datetime(2026, 3, 1, 1, 0, tzinfo=EAST)
    assert rollover(night) == datetime(2026, 3, 1, 4, 0, tzinfo=EAST)
    assert noon(date(2026, 3, 1)) == datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_there_are_21_weights() -> None:
    assert len(DEFAULT_WEIGHTS) == 21
