"""Five questions in five minutes: which ones, and what running out of time does."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Engine, select

from studyapp.errors import StudyError
from studyapp.memory.state import Rating
from studyapp.store import log, tables
from studyapp.store.engine import reading, writing
from studyapp.study import review
from studyapp.study.interview import Interview
from tests_support import Clock, desk_of

RATINGS = (Rating.AGAIN, Rating.HARD, Rating.GOOD, Rating.EASY)


@pytest.fixture
def seen(engine: Engine, clock: Clock) -> Engine:
    """Every card of chapter 1 rated, then ten days without study."""
    with writing(engine) as connection:
        for number, (card_id, family) in enumerate(cards(engine)):
            review.answer(connection, card_id, None, RATINGS[number % 4], clock(), learner=1)
            assert family
    clock.forward(days=10)
    return engine


def cards(engine: Engine) -> list[tuple[int, str]]:
    with reading(engine) as connection:
        rows = connection.execute(
            select(tables.card.c.id, tables.card.c.family).where(tables.card.c.chapter_id == 1)
        )
        return [(card_id, family) for card_id, family in rows]


def ask(interview: Interview, rating: Rating = Rating.GOOD) -> list[int]:
    shown = []
    while interview.view is not None:
        shown.append(interview.view.id)
        interview.rate(rating)
    return shown


def test_the_five_that_fade_most_one_of_a_family(seen: Engine, clock: Clock) -> None:
    with reading(seen) as connection:
        parameters = log.read_history(connection, learner=1)[-1].parameters
        kept = {
            card_id: parameters.retrievability(
                log.read_memory(connection, card_id, learner=1), clock().date()
            )
            for card_id, _ in cards(seen)
        }
    shown = ask(Interview(desk_of(seen, clock)))
    families = dict(cards(seen))
    assert len(shown) == len({families[card_id] for card_id in shown}) == 5
    assert [kept[card_id] for card_id in shown] == sorted(kept[card_id] for card_id in shown)
    missing = set(kept) - set(shown)
    asked = {families[card_id] for card_id in shown}
    faintest = max(kept[card_id] for card_id in shown)
    assert all(kept[c] >= faintest for c in missing if families[c] not in asked)


def test_nothing_new_and_nothing_rated_today(engine: Engine, clock: Clock) -> None:
    assert Interview(desk_of(engine, clock)).view is None
    first, _ = cards(engine)[0]
    with writing(engine) as connection:
        review.answer(connection, first, None, Rating.GOOD, clock(), learner=1)
    assert Interview(desk_of(engine, clock)).view is None
    clock.forward(days=1)
    assert ask(Interview(desk_of(engine, clock))) == [first]


def test_again_does_not_come_back_within_the_five(seen: Engine, clock: Clock) -> None:
    shown = ask(Interview(desk_of(seen, clock)), Rating.AGAIN)
    assert len(set(shown)) == len(shown) == 5
    with reading(seen) as connection:
        kinds = connection.scalars(
            select(tables.review.c.kind).order_by(tables.review.c.id.desc()).limit(5)
        ).all()
    assert set(kinds) == {"interview"}


def test_running_out_of_time_grades_nothing(seen: Engine, clock: Clock) -> None:
    interview = Interview(desk_of(seen, clock))
    interview.rate(Rating.GOOD)
    assert not interview.over
    clock.forward(minutes=5)
    assert interview.over
    assert interview.view is not None
    before = interview.view.memory
    with pytest.raises(StudyError, match="Time is up"):
        interview.rate(Rating.GOOD)
    with reading(seen) as connection:
        assert log.read_memory(connection, interview.view.id, learner=1) == before
    assert interview.summary().cards == 1


def test_five_more_get_five_more_minutes(seen: Engine, clock: Clock) -> None:
    interview = Interview(desk_of(seen, clock))
    first = ask(interview)
    clock.forward(minutes=9)
    interview.go_on()
    assert interview.ends == clock() + timedelta(minutes=5)
    assert len(first) == len(ask(interview)) == 5


def test_the_summary_counts_what_is_due_in_all(seen: Engine, clock: Clock) -> None:
    interview = Interview(desk_of(seen, clock))
    ask(interview)
    assert interview.summary().left.total > 0
