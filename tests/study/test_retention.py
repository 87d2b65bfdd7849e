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
from studyapp.store.memory import refold_all
from studyapp.store.parameters import in_force
from studyapp.study import exam, rehearsal, reschedule, retention, stats, today
from studyapp.study.sitting import Sitting
from studyapp.study.statistics import year
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


def test_statistics_hold_each_review_against_its_own_card_and_day(
    engine: Engine, clock: Clock
) -> None:
    study(engine, clock)
    clock.forward(days=12)
    study(engine, clock)
    with writing(engine) as connection:  # a third of them is of the other chapter
        on = study_day(clock())
        cards = connection.scalars(select(tables.memory.c.card_id)).all()
        moved = cards[: len(cards) // 3]
        connection.execute(
            update(tables.card).where(tables.card.c.id.in_(moved)).values(chapter_id=2)
        )
        assert stats.retention(connection, on, on, learner=1).n == len(cards)
        assert retention.goal(connection, on, on, learner=1) == 0.9
        retention.aim(connection, 2, 0.97, clock(), learner=1)
        wanted = 0.9 + 0.07 * len(moved) / len(cards)
        assert year.read(connection, clock(), ALL, learner=1).goal == pytest.approx(wanted)
        assert today.overview(connection, clock(), ALL, learner=1).goal == pytest.approx(wanted)
        lower = replace(in_force(connection, learner=1), desired_retention=0.8)
        log.adopt(connection, lower, clock.forward(days=1), learner=1)
        retention.aim(connection, 2, None, clock.forward(seconds=1), learner=1)
        found = year.read(connection, clock(), ALL, learner=1)
        assert today.overview(connection, clock(), ALL, learner=1).goal == pytest.approx(wanted)
    assert found.goal == pytest.approx(wanted)  # the day was studied for what was wanted then
    assert [one.goal for one in found.months] == pytest.approx([0.9, wanted])
    assert [one.goal for one in found.chapters] == pytest.approx([0.9, 0.97])


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
