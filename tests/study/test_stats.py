"""Figures about the learner, each with its interval."""

from __future__ import annotations

import random
from datetime import date, timedelta

import pytest
from sqlalchemy import Engine, event, insert, select, update

from studyapp.config import Settings
from studyapp.memory.clock import study_day
from studyapp.memory.fold import ReviewKind
from studyapp.memory.state import Memory, Rating, State
from studyapp.store import tables
from studyapp.store.engine import reading, writing
from studyapp.store.memory import read_memory
from studyapp.study import queue, review, stats, words
from studyapp.study.forecast import forecast
from studyapp.study.stats import Share, share
from studyapp.study.summary import leech_line
from studyapp.study.undo import undo
from tests_support import Clock


def rate(engine: Engine, card: int, clock: Clock, rating: Rating) -> None:
    with writing(engine) as connection:
        seen = read_memory(connection, card, learner=1).last_review
        review.answer(connection, card, seen, rating, clock(), learner=1)


def test_retention_counts_the_first_review_of_a_card_in_review(
    engine: Engine, clock: Clock
) -> None:
    for card in (1, 2, 3):
        rate(engine, card, clock, Rating.GOOD)  # introductions do not count
    clock.forward(days=3)
    rate(engine, 1, clock, Rating.AGAIN)
    clock.forward(minutes=11)
    rate(engine, 1, clock, Rating.GOOD)  # relearning does not count
    rate(engine, 2, clock, Rating.HARD)
    rate(engine, 3, clock, Rating.EASY)
    today = study_day(clock())
    with reading(engine) as connection:
        kept = stats.retention(connection, today, today, learner=1)
        assert (kept.value, kept.n) == (pytest.approx(2 / 3), 3)
    with writing(engine) as connection:
        undo(connection, clock(), learner=1)
    with reading(engine) as connection:
        assert stats.retention(connection, today, today, learner=1).n == 2


def totals(engine: Engine, clock: Clock, leech_lapses: int) -> stats.Stats:
    with reading(engine) as connection:
        return stats.stats(connection, clock(), leech_lapses=leech_lapses, learner=1)


@pytest.mark.parametrize("seed", range(3))
def test_stats_and_the_warning_agree_on_what_a_leech_is(
    seed: int, engine: Engine, clock: Clock
) -> None:
    """Whoever was warned of a card finds it counted, until it was learned after six Agains."""
    draw, threshold = random.Random(seed), 2 + seed % 3
    warned: dict[int, str] = {}
    for _ in range(120):
        card = draw.choice((1, 2, 3, 4))
        again = draw.random() < (0.35, 0.6, 0.8)[seed % 3]
        with writing(engine) as connection:
            before = read_memory(connection, card, learner=1)
            answered = review.answer(
                connection,
                card,
                before.last_review,
                Rating.AGAIN if again else draw.choice(list(Rating)[1:]),
                clock(),
                leech_lapses=threshold,
                learner=1,
            )
        if answered.memory.state is State.REVIEW and warned.get(card) == "agains":
            del warned[card]
        if answered.leech and answered.memory.lapses > before.lapses:
            warned[card] = "lapses"
        elif answered.leech:
            warned.setdefault(card, "agains")
        assert totals(engine, clock, threshold).leeches == len(warned)
        clock.forward(days=draw.choice((0, 0, 0, 1, 9, 60)), minutes=11)
    assert warned


def test_cards_whose_text_is_gone_are_counted_nowhere(engine: Engine, clock: Clock) -> None:
    for card in (1, 2):
        for _ in range(6):
            rate(engine, card, clock, Rating.AGAIN)
        with writing(engine) as connection:
            review.suspend(connection, card, clock(), learner=1)
    before = totals(engine, clock, 8)
    assert (before.leeches, before.suspended) == (2, 2)
    with writing(engine) as connection:
        connection.execute(
            update(tables.card).where(tables.card.c.id == 1).values(missing_since=clock())
        )
    after = totals(engine, clock, 8)
    assert (after.leeches, after.suspended) == (1, 1)
    assert sum(after.cards.values()) == sum(before.cards.values()) - 1


@pytest.mark.parametrize(
    ("memory", "told"),
    [
        (Memory(lapses=8, agains=1, expected_lapses=2.6), "8 lapses, 2.6 expected"),
        (Memory(agains=6), "6 times Again and not learned yet"),
        (Memory(lapses=3, agains=7, expected_lapses=2), "7 times Again and not learned yet"),
    ],
)
def test_the_warning_says_what_made_the_leech(memory: Memory, told: str) -> None:
    assert told in leech_line(memory)


def test_rest_days_do_not_break_a_streak(engine: Engine, clock: Clock) -> None:
    """START is a Friday; the learner rests on Sundays."""
    for day in range(6):
        if day != 2:
            rate(engine, 1 + day, clock, Rating.GOOD)
        clock.forward(days=1)
    today = study_day(clock())
    with reading(engine) as connection:
        assert stats.streak(connection, today, learner=1) == 3
        assert stats.streak(connection, today, rest_days=("sun",), learner=1) == 5
        assert stats.streak(connection, today + timedelta(days=1), learner=1) == 0


def test_a_streak_passes_over_what_was_taken_back_and_counts_what_was_rated_elsewhere(
    engine: Engine, clock: Clock
) -> None:
    for day in range(6):
        rate(engine, 1 + day, clock, Rating.GOOD)
        with writing(engine) as connection:
            if day == 1:
                undo(connection, clock(), learner=1)
            if day == 3:
                kind = update(tables.review).values(kind=ReviewKind.IMPORT.value)
                connection.execute(kind.where(tables.review.c.effective_day == study_day(clock())))
        clock.forward(days=1)
    with reading(engine) as connection:
        today = study_day(clock())
        assert stats.streak(connection, today, learner=1) == 4
        assert stats.streak(connection, today, rest_days=("sat",), learner=1) == 5


def test_a_beginner_has_reviewed_on_fewer_than_seven_days_before(
    engine: Engine, clock: Clock
) -> None:
    def beginner() -> bool:
        with reading(engine) as connection:
            return stats.is_beginner(connection, study_day(clock()), learner=1)

    for day in range(7):
        assert beginner()
        rate(engine, day + 1, clock, Rating.EASY)
        rate(engine, day + 10, clock, Rating.EASY)
        assert beginner()  # all day long
        clock.forward(days=1 + day)
    assert not beginner()
    for left in (False, True):  # the other rating of the seventh day, then that day's last
        with writing(engine) as connection:
            undo(connection, clock(), learner=1)
        assert beginner() is left
    rate(engine, 1, clock, Rating.GOOD)
    with writing(engine) as connection:
        kind = update(tables.review).values(kind=ReviewKind.IMPORT.value)
        connection.execute(kind.where(tables.review.c.effective_day == study_day(clock())))
    clock.forward(days=1)
    assert not beginner()  # whoever rated elsewhere knows what the four keys mean


def test_a_streak_of_years_is_asked_for_in_a_few_queries(engine: Engine, clock: Clock) -> None:
    first = study_day(clock())
    with writing(engine) as connection:
        review.answer(connection, 1, None, Rating.GOOD, clock(), learner=1)
        columns = [column for column in tables.review.c if column.name not in ("id", "uid")]
        kept = connection.execute(select(*columns)).one()._mapping
        for ago in range(1, 1000):
            if ago != 900:
                at = {"uid": ago.to_bytes(16), "effective_day": first - timedelta(days=ago)}
                connection.execute(insert(tables.review).values({**kept, **at}))
    asked = 0

    def ask(*_: object) -> None:
        nonlocal asked
        asked += 1

    event.listen(engine, "before_cursor_execute", ask)
    with reading(engine) as connection:
        assert stats.streak(connection, first, learner=1) == 900
    assert asked <= 8


def coming(engine: Engine, clock: Clock, settings: Settings | None = None) -> list[int]:
    with reading(engine) as connection:
        settings = settings or Settings()
        line = queue.load(connection, clock(), settings, learner=1)
        return forecast(connection, line, settings, learner=1)


def test_the_forecast_puts_the_overdue_on_today(engine: Engine, clock: Clock) -> None:
    rate(engine, 1, clock, Rating.GOOD)
    rate(engine, 2, clock, Rating.EASY)
    clock.forward(days=4)
    days = coming(engine, clock)
    assert (days[0], sum(days), len(days)) == (1, 2, 14)


def test_the_forecast_puts_what_is_buried_on_the_day_it_comes(engine: Engine, clock: Clock) -> None:
    rate(engine, 1, clock, Rating.EASY)
    clock.forward(days=30)
    with writing(engine) as connection:
        review.bury(connection, 1, clock(), learner=1)
    days = coming(engine, clock)
    assert days[:2] == [0, 1]
    with reading(engine) as connection:
        due = [
            queue.load(connection, at, Settings(new_a_day=0), learner=1).counts().total
            for at in (clock(), clock.forward(days=1))
        ]
    assert due == days[:2]


@pytest.mark.parametrize(
    ("days", "text"),
    [(1, "1 d"), (30, "30 d"), (31, "1.0 mo"), (90, "3.0 mo"), (366, "1.0 y"), (1000, "2.7 y")],
)
def test_spans_are_short(days: int, text: str) -> None:
    assert words.span(timedelta(days=days)) == text


def test_a_date_has_its_year_where_it_is_another() -> None:
    today, far = date(2026, 11, 18), date(2027, 1, 2)
    assert (words.day(today, today), words.day(far, today)) == ("Wed 18 Nov", "Sat 2 Jan 2027")
    assert (words.short_day(today, today), words.short_day(today)) == ("18 Nov", "18 Nov 2026")
    assert words.short_day(far, today) == "2 Jan 2027"


def test_a_number_has_one_sign_and_one_comma() -> None:
    assert (words.minus("-1.5"), words.minus("2e-07")) == ("−1.5", "2e−07")
    assert words.count(12345, "card") == "12,345 cards"


def test_small_spans_and_counts() -> None:
    assert words.span(timedelta(seconds=5)) == "1 m"
    assert words.span(timedelta(minutes=10)) == "10 m"
    assert words.span(timedelta(hours=5)) == "5 h"
    assert (words.count(1, "card"), words.count(2, "card")) == ("1 card", "2 cards")
    assert words.bars([0, 1, 2, 4]) == "▁▃▄█" or words.bars([0, 1, 2, 4]) == "▁▃▅█"
    assert words.bars([0, 0]) == "▁▁"
    assert words.percent(share(9, 10)) == "90% [60, 98]"
    assert share(0, 0) == Share(None, None, None, 0)
    assert words.percent(share(0, 0)) == "–"
