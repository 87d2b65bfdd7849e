"""The retention that a chapter has of its own: shown, kept with each rating, taken back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Engine, select, update

from studyapp.config import Settings
from studyapp.errors import StudyError
from studyapp.memory.clock import study_day
from studyapp.memory.fold import EventKind
from studyapp.memory.state import Rating
from studyapp.store import log, tables
from studyapp.store.engine import reading, writing
from studyapp.store.memory import read_memory, refold_all
from studyapp.store.parameters import in_force
from studyapp.study import exam, rehearsal, reschedule, retention, review, today
from studyapp.study.desk import Desk
from studyapp.study.sitting import Sitting
from studyapp.study.statistics import sentences, year
from studyapp.study.undo import newest, undo
from tests_support import Clock, desk_of

ALL = Settings(new_a_day=20, minutes_a_day=60)


def aim(engine: Engine, clock: Clock, wanted: float | None, chapter: int = 1) -> str:
    with writing(engine) as connection:
        return retention.aim(connection, chapter, wanted, clock.forward(seconds=1), learner=1)


def easy(engine: Engine, clock: Clock) -> int:
    """Days that a new card waits which is easy."""
    due = Sitting(desk_of(engine, clock, ALL)).options()[Rating.EASY].due
    assert due is not None
    return (due - study_day(clock())).days


def study(engine: Engine, clock: Clock, rating: Rating = Rating.EASY) -> None:
    sitting = Sitting(desk_of(engine, clock, ALL))
    while sitting.view is not None:
        clock.forward(seconds=9)
        sitting.rate(rating)


def due_of(engine: Engine) -> dict[int, object]:
    with reading(engine) as connection:
        memory = tables.memory.c
        rows = connection.execute(select(memory.card_id, memory.due, memory.stability))
        return {row.card_id: (row.due, row.stability) for row in rows}


def test_a_chapters_cards_come_as_often_as_it_says(engine: Engine, clock: Clock) -> None:
    usual = easy(engine, clock)
    told = aim(engine, clock, 0.97)
    assert told == "Chapter 1: 97% is to be remembered, from each card's next rating on."
    assert easy(engine, clock) <= usual / 2
    study(engine, clock)
    kept, row = due_of(engine), tables.review.c
    with writing(engine) as connection:
        assert set(connection.scalars(select(row.retention))) == {0.97}
        # What was rated is as it was: whatever the chapter wants now, wherever the card has gone.
        retention.aim(connection, 1, 0.7, clock.forward(seconds=1), learner=1)
        connection.execute(update(tables.card).values(chapter_id=2))
        refold_all(connection, list(kept), learner=1)
    assert due_of(engine) == kept


def test_a_sitting_goes_by_it_from_the_next_card_on(engine: Engine, clock: Clock) -> None:
    sitting = Sitting(desk_of(engine, clock, ALL))
    shown = sitting.options()[Rating.EASY]
    aim(engine, clock, 0.97)  # in another window
    assert sitting.rate(Rating.EASY).memory.due == shown.due
    sitting.rate(Rating.EASY)
    with reading(engine) as connection:
        row = tables.review.c
        assert connection.scalars(select(row.retention).order_by(row.id)).all() == [None, 0.97]


def test_it_is_taken_back_or_away_and_another_chapter_has_none(
    engine: Engine, clock: Clock
) -> None:
    usual = easy(engine, clock)
    aim(engine, clock, 0.95, chapter=2)
    assert easy(engine, clock) == usual
    aim(engine, clock, 0.95)
    aim(engine, clock, 0.8)
    aim(engine, clock, 0.8)  # again, which is no event
    with writing(engine) as connection:
        assert retention.own(connection, learner=1) == {1: 0.8, 2: 0.95}
        assert retention.own(connection, learner=2) == {}
        last = newest(connection, clock(), learner=1)
        assert last is not None
        assert last.told == "what is to be remembered of chapter 1"
        undo(connection, clock.forward(seconds=1), learner=1)
        assert retention.own(connection, learner=1) == {1: 0.95, 2: 0.95}
    assert aim(engine, clock, None).startswith("Chapter 1 is remembered as all else")
    assert easy(engine, clock) == usual


UNREADABLE: tuple[Any, ...] = (
    {"pack": "fastai"},
    [],
    {"pack": "fastai", "chapter": [1], "retention": 5},
    "x",
    None,
)


def test_what_cannot_be_read_counts_nowhere_and_can_be_taken_back(
    engine: Engine, clock: Clock
) -> None:
    aim(engine, clock, 0.95)
    with writing(engine) as connection:
        for payload in UNREADABLE:
            at = clock.forward(seconds=1)
            log.log_of_no_card(connection, EventKind.RETENTION, at, payload=payload, learner=1)
        assert retention.own(connection, learner=1) == {1: 0.95}
        undone = undo(connection, clock.forward(seconds=1), learner=1)
        assert undone is not None
        assert undone.what == "what cannot be read"


def asked_again(engine: Engine, clock: Clock, days: int) -> float:
    """The goal that is told of the day on which all cards come again, after so many *days*."""
    clock.forward(days=days)
    with writing(engine) as connection:
        for card in due_of(engine):
            seen = read_memory(connection, card, learner=1).last_review
            review.answer(connection, card, seen, Rating.GOOD, clock(), learner=1)
    return goal_told(desk_of(engine, clock, ALL))


def goal_told(desk: Desk) -> float:
    """That of today: on the year's page, and beside what was remembered."""
    on, found = study_day(desk.now()), year.of_desk(desk)
    with reading(desk.engine) as connection:
        told = retention.goal(connection, on, on, learner=1).share
        week = today.overview(connection, desk.now(), ALL, learner=1).goal
    assert told == found.days[-1].goal
    assert week.share == told
    return told


def adopt(engine: Engine, clock: Clock, wanted: float) -> None:
    with writing(engine) as connection:
        parameters = replace(in_force(connection, learner=1), desired_retention=wanted)
        log.adopt(connection, parameters, clock.forward(seconds=1), learner=1)


def test_a_review_is_held_against_the_goal_that_its_date_was_found_by(
    engine: Engine, clock: Clock
) -> None:
    """One that was set since, be it on the same day, says nothing of it."""
    study(engine, clock)
    clock.forward(days=1)
    adopt(engine, clock, 0.8)
    assert asked_again(engine, clock, 30) == 0.9
    clock.forward(days=1)
    adopt(engine, clock, 0.95)
    assert asked_again(engine, clock, 150) == 0.8
    adopt(engine, clock, 0.7)
    assert goal_told(desk_of(engine, clock, ALL)) == 0.8
    found = year.of_desk(desk_of(engine, clock, ALL))
    assert [one.goal for one in found.months if one.remembered.n] == [0.9, 0.8]
    assert found.goal == found.chapters[0].goal == pytest.approx(0.85)
    assert "; goal 85% on average." in sentences.remembered(found)


def test_a_chapters_own_goal_is_for_its_cards_from_their_next_rating_on(
    engine: Engine, clock: Clock
) -> None:
    study(engine, clock)
    clock.forward(days=1)
    with writing(engine) as connection:  # a third of them is of the other chapter
        cards = connection.scalars(select(tables.memory.c.card_id)).all()
        its = tables.card.c.id.in_(cards[: len(cards) // 3])
        connection.execute(update(tables.card).where(its).values(chapter_id=2))
    aim(engine, clock, 0.97, chapter=2)
    assert asked_again(engine, clock, 30) == 0.9
    clock.forward(days=1)
    adopt(engine, clock, 0.8)
    aim(engine, clock, None, chapter=2)
    wanted = 0.9 + 0.07 * (len(cards) // 3) / len(cards)
    assert asked_again(engine, clock, 150) == pytest.approx(wanted)
    found = year.of_desk(desk_of(engine, clock, ALL))
    assert [one.goal for one in found.chapters] == pytest.approx([0.9, (0.9 + 0.97) / 2])
    on = study_day(clock())
    with reading(engine) as connection:
        assert f"goal {wanted:.0%} on average" == retention.goal(connection, on, on, learner=1).told
    assert asked_again(engine, clock, 300) == 0.8


def test_dates_that_were_moved_to_a_goal_are_held_against_it(engine: Engine, clock: Clock) -> None:
    study(engine, clock)
    asked_again(engine, clock, 30)
    clock.forward(days=1)
    adopt(engine, clock, 0.8)
    desk = desk_of(engine, clock, ALL)
    clock.forward(days=1)
    assert reschedule.move(desk).days
    clock.forward(days=1)
    adopt(engine, clock, 0.95)
    assert asked_again(engine, clock, 150) == 0.8
    adopt(engine, clock, 0.9)
    with writing(engine) as connection:  # no date was moved to what is wanted today
        days = reschedule.preview(connection, clock(), ALL, learner=1).days
        reschedule.reschedule(connection, days, clock.forward(seconds=1), learner=1)
    assert goal_told(desk) == 0.8


def test_dates_move_to_where_it_has_them_and_else_stay(engine: Engine, clock: Clock) -> None:
    study(engine, clock)
    with writing(engine) as connection:
        assert not reschedule.preview(connection, clock(), ALL, learner=1).days
        retention.aim(connection, 1, 0.97, clock(), learner=1)
        found = reschedule.preview(connection, clock(), ALL, learner=1)
    assert found.sooner == len(found.days) == len(due_of(engine))


def test_what_is_simulated_keeps_to_it(engine: Engine, clock: Clock) -> None:
    """Of a chapter that is all there is, what the others desire changes nothing."""
    study(engine, clock)
    ahead = exam.until(study_day(clock()), 30, 20)

    def minutes(own: float | None) -> tuple[list[float], list[str]]:
        aim(engine, clock, own)
        with reading(engine) as connection:
            read = rehearsal.read(connection, ahead, clock(), ALL, learner=1)
        found = rehearsal.tradeoff(read)
        curve = [one["minutes"]["value"] for one in found["curve"]]
        return curve, exam.tradeoff_lines(found)

    (least, *_, most), lines = minutes(None)
    assert least < most
    assert not any("chapter 1" in line for line in lines)
    curve, lines = minutes(0.95)
    assert set(curve) == {most}
    assert "Whatever is desired of the others: chapter 1 95%." in lines


def test_what_is_typed_is_a_share() -> None:
    assert [retention.read(typed) for typed in ("95", "95 %", "0.95", " .95 ", "")] == [
        *[0.95] * 4,
        None,
    ]
    for typed in ("5", "100", "1", "much", "nan", "0.999"):
        with pytest.raises(StudyError, match="give a share from 70% to 99%, or none"):
            retention.read(typed)
