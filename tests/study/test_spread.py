"""Intervals that are chosen by what is due: shown, logged, kept on every device."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, select

from studyapp.config import Settings
from studyapp.memory.clock import study_day
from studyapp.memory.fold import Chosen
from studyapp.memory.model import DEFAULT_WEIGHTS, HIGHEST, LOWEST
from studyapp.memory.scheduler import Parameters
from studyapp.memory.state import Memory, Rating, State
from studyapp.store import sync, tables
from studyapp.store.engine import reading, writing
from studyapp.store.memory import read_memory, refold_all
from studyapp.study import pause, review
from studyapp.study.card import load
from studyapp.study.sitting import Sitting
from studyapp.study.spread import Option, Spread, siblings
from tests_support import START, Clock, desk_of

EASY = 8  # days of a new card that was easy, give or take some


WEIGHTS = st.tuples(*(st.floats(low, high) for low, high in zip(LOWEST, HIGHEST, strict=True)))
STEPS = st.sampled_from([(), (timedelta(minutes=10),), (timedelta(minutes=1), timedelta(days=3))])
PARAMETERS = st.builds(
    Parameters,
    st.one_of(
        st.just(DEFAULT_WEIGHTS),
        WEIGHTS,  # whoever has put them in force
        WEIGHTS.map(lambda some: (*sorted(some[:4]), *some[4:])),  # as a fit makes them
    ),
    st.floats(0.7, 0.99),
    STEPS,
    STEPS,
    st.sampled_from([3, 30, 36500]),
)
HISTORIES = st.lists(st.tuples(st.sampled_from(list(Rating)), st.integers(-9, 40)), max_size=6)


def waits(options: dict[Rating, Option], today: date) -> dict[Rating, int]:
    """The days of each rating; none where a step within the day comes first."""
    found = {}
    for rating, (_, after) in options.items():
        assert after.due is not None
        found[rating] = (after.due - today).days if after.due_at is None else 0
    return found


@given(PARAMETERS, HISTORIES, st.lists(st.integers(1, 60)))
@settings(max_examples=60)
def test_what_a_card_is_offered_is_in_the_order_of_the_ratings(
    parameters: Parameters, history: list[tuple[Rating, int]], others: list[int]
) -> None:
    """And Hard, Good and Easy a day apart: with any weights, loads and steps, early or late."""
    now, uid, before = START, bytes(16), Memory()
    for rating, late in (*history, (Rating.GOOD, 0)):
        today = study_day(now)
        load = Counter(today.toordinal() + other for other in others)
        offered = Spread(parameters, load, {6: 0.0}, {}).options(before, now, uid, 1)
        found, longest = waits(offered, today), parameters.maximum_interval
        assert list(found.values()) == sorted(found.values())
        for one, (chosen, after) in offered.items():
            drawn = parameters.review(before, one, now, card=uid, uid=b"")
            assert (after.stability, after.difficulty) == (drawn.stability, drawn.difficulty)
            assert review.preview(before, one, now, uid, parameters, chosen=chosen) == after
            if after.state is State.REVIEW:
                own = parameters.allowed(before, after)
                worse = found.get(Rating(one - 1), 0) if one > 1 else 0
                least = min(worse + (one > Rating.HARD), longest)
                assert least <= found[one] <= max(least, own[-1])
                assert found[one] >= own[0]
        before = offered[rating].after
        now += timedelta(days=max(0, found[rating] + late))


def test_ratings_are_apart_in_the_days_that_the_fuzz_has() -> None:
    """A second review of a day that makes no difference: none waits longer than it could."""
    indifferent = Parameters((*DEFAULT_WEIGHTS[:17], 0.0, *DEFAULT_WEIGHTS[18:]))
    today = study_day(START)
    before = replace(indifferent.known(Memory(), today), stability=9.0)
    before = replace(before, due=today + timedelta(days=9))
    found = Spread(indifferent, Counter(), {}, {}).options(before, START, bytes(16), 1)
    assert list(waits(found, today).values())[1:] == [9, 10, 11]


def answer_others(engine: Engine, clock: Clock, due: date, of: int) -> None:
    """Other windows: so many other cards come on the same day."""
    with writing(engine) as connection:
        chosen = Chosen((due - study_day(clock())).days)
        for card in range(5, 5 + of):
            done = review.answer(
                connection, card, None, Rating.EASY, clock(), chosen=chosen, learner=1
            )
            assert done.memory.due == due


def test_a_button_gives_what_it_says_whatever_falls_due_meanwhile(
    engine: Engine, clock: Clock
) -> None:
    sitting = Sitting(desk_of(engine, clock))
    shown = sitting.options()
    due = shown[Rating.EASY].due
    assert due is not None
    assert sitting.view is not None
    card = sitting.view.id
    answer_others(engine, clock, due, 6)
    other = Sitting(desk_of(engine, clock))
    assert other.view is not None
    assert other.view.id == card
    assert other.options()[Rating.EASY].due != due  # which has more than others now
    sitting.come_back()  # from another page, where the queue is read again
    assert sitting.options()[Rating.EASY] == shown[Rating.EASY]
    (uid,) = sitting.rate(Rating.EASY).logged
    row = tables.review.c
    with reading(engine) as connection:
        kept = connection.scalars(select(row.interval).where(row.uid == uid)).one()
        assert read_memory(connection, card, learner=1).due == due
    assert due == study_day(clock()) + timedelta(days=kept)
    with writing(engine) as connection:
        refold_all(connection, [card], learner=1)
        assert read_memory(connection, card, learner=1).due == due


def test_what_does_not_come_is_no_load(engine: Engine, clock: Clock, content: Path) -> None:
    due = study_day(clock()) + timedelta(days=EASY)
    answer_others(engine, clock, due, 4)

    def load() -> int:
        with reading(engine) as connection:
            spread = Spread.read(connection, clock(), Settings(), learner=1)
        return spread.load[due.toordinal()]

    assert load() == 4
    with writing(engine) as connection:
        review.suspend(connection, 5, clock.forward(seconds=1), learner=1)
    assert load() == 3
    (content / "1" / "jargon.md").unlink()
    with writing(engine) as connection:
        sync.sync(connection, [content], clock())
    assert load() == 2
    with writing(engine) as connection:
        pause.pause(connection, 1, clock.forward(seconds=1), learner=1)
    assert load() == 0


def test_cards_that_are_alike_go_to_different_days(engine: Engine, clock: Clock) -> None:
    """Ten new cards that are easy at once have six days; no better rating comes sooner."""
    sitting, due = Sitting(desk_of(engine, clock, Settings(minutes_a_day=60))), Counter[date]()
    while sitting.view is not None:
        days = [option.due for option in sitting.options().values()]
        assert days == sorted(days, key=lambda day: day or date.min)
        due[sitting.rate(Rating.EASY).memory.due or date.min] += 1
    assert sum(due.values()) == 10
    assert max(due.values()) - min(due.values()) <= 1
    assert len(due) >= 4


def test_a_shown_card_says_whether_it_has_siblings(engine: Engine, clock: Clock) -> None:
    card = tables.card
    with writing(engine) as connection:
        first, other = connection.scalars(select(card.c.id).limit(2)).all()

        def related(changed: int, **values: object) -> list[bool]:
            connection.execute(card.update().where(card.c.id == changed).values(values))
            return [load(connection, one, learner=1).has_siblings for one in (first, other)]

        related(first, family="one")
        assert related(other, family="two") == [False, False]
        assert related(other, family="one") == [True, True]
        assert related(other, missing_since=clock()) == [False, True]


def test_a_card_keeps_away_from_its_siblings_and_from_light_days(
    engine: Engine, clock: Clock
) -> None:
    now, today = clock(), study_day(clock())
    card, family = tables.card.c, tables.card.c.family
    with writing(engine) as connection:
        first, other = connection.execute(
            select(card.id, card.uid, family).where(card.chapter_id == 1).limit(2)
        ).all()
        rated = review.answer(connection, first.id, None, Rating.EASY, now, learner=1).memory
        connection.execute(
            tables.card.update().where(card.id == other.id).values(family=first.family)
        )
        assert rated.due is not None
        apart = siblings(connection, other.id, first.family, learner=1)
        assert apart == {rated.due.toordinal()}
        assert siblings(connection, first.id, first.family, learner=1) == set()
        review.suspend(connection, first.id, clock.forward(seconds=1), learner=1)
        assert siblings(connection, other.id, first.family, learner=1) == set()
        review.suspend(connection, first.id, clock.forward(seconds=1), learner=1)
        light = Settings(light_days=((rated.due.strftime("%a").lower(), "minimum"),))
        known = [
            Spread.read(connection, now, settings, learner=1) for settings in (Settings(), light)
        ]
    elsewhere = {(today + timedelta(days=one)).toordinal(): 9 for one in range(1, 30)}
    for spread in known:
        spread.load.clear()
        spread.load.update(elsewhere | {rated.due.toordinal(): 0})

    def due(spread: Spread, apart: frozenset[int] = frozenset()) -> date | None:
        return spread.options(Memory(), now, other.uid, 1, apart=apart)[Rating.EASY].after.due

    assert due(known[0]) == rated.due
    assert due(known[0], apart) != rated.due
    assert due(known[1]) != rated.due
