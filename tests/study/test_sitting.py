"""A sitting: rate, undo, set aside, sum up; and two windows on one database."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, event, func, select

from studyapp.config import Settings
from studyapp.errors import AlreadyRatedError, ChangedError, StudyError
from studyapp.memory.clock import study_day
from studyapp.memory.fold import fold
from studyapp.memory.state import Rating, State
from studyapp.store import log, record, sync, tables
from studyapp.store.engine import reading, writing
from studyapp.store.memory import read_memory
from studyapp.store.parameters import in_force
from studyapp.study import review, words
from studyapp.study.pace import read_pace
from studyapp.study.sitting import Sitting
from tests_support import Clock, desk_of, question, questionnaire


def sit(engine: Engine, clock: Clock, **changed: int) -> Sitting:
    return Sitting(desk_of(engine, clock, Settings(**changed)))


def shown(sitting: Sitting) -> str:
    assert sitting.view is not None
    return sitting.view.note.id


def test_each_button_gives_exactly_its_interval(engine: Engine, clock: Clock) -> None:
    sitting = sit(engine, clock)
    for rating in (*Rating, *Rating):
        promised = words.wait(sitting.options()[rating], clock())
        answered = sitting.rate(rating)
        assert words.wait(answered.memory, clock()) == promised


def test_a_changed_answer_says_so_once(engine: Engine, content: Path, clock: Clock) -> None:
    for _ in range(10):
        sit(engine, clock).rate(Rating.EASY)
    clock.forward(days=1)
    path = content / "1" / "questionnaire.md"
    path.write_text(path.read_text().replace("first of q00", "another of q00"))
    with writing(engine) as connection:
        sync.sync(connection, [content], clock())
    sitting = sit(engine, clock, new_a_day=0)
    assert shown(sitting) == "q00"
    assert sitting.view is not None
    assert sitting.view.place == "chapter 1 · 1.1 The only section · answer changed"
    sitting.rate(Rating.GOOD)
    assert sitting.view is None
    clock.forward(days=200)
    places = set()
    sitting = sit(engine, clock, new_a_day=0)
    while sitting.view is not None:
        places.add(sitting.view.place)
        sitting.rate(Rating.EASY)
    assert "chapter 1 · 1.1 The only section" in places
    assert not any("changed" in place for place in places)


def test_undo_brings_back_card_count_and_place(engine: Engine, clock: Clock) -> None:
    sitting = sit(engine, clock)
    trail = []
    for rating in (Rating.GOOD, Rating.AGAIN, Rating.HARD, Rating.EASY):
        trail.append((shown(sitting), sitting.counts, len(sitting.done)))
        sitting.rate(rating)
        clock.forward(seconds=9)
    for before in reversed(trail):
        undone = sitting.undo()
        assert undone is not None
        assert (shown(sitting), sitting.counts, len(sitting.done)) == before
    assert sitting.undo() is None


def test_undo_shows_its_card_though_a_step_is_due(engine: Engine, clock: Clock) -> None:
    sitting = sit(engine, clock)
    sitting.rate(Rating.AGAIN)
    wanted = shown(sitting)
    sitting.rate(Rating.EASY)
    clock.forward(minutes=11)
    sitting.undo()
    assert shown(sitting) == wanted
    sitting.rate(Rating.EASY)
    assert sitting.view is not None
    assert sitting.view.memory.state is State.LEARNING


def test_a_suspended_card_that_undo_shows_is_asked_once(engine: Engine, clock: Clock) -> None:
    sitting = sit(engine, clock)
    assert sitting.view is not None
    card, wanted = sitting.view.id, shown(sitting)
    sitting.rate(Rating.AGAIN)
    with writing(engine) as connection:
        review.suspend(connection, card, clock.forward(seconds=1), learner=1)
        review.bury(connection, card, clock.forward(seconds=1), learner=1)
    sitting.undo()
    assert shown(sitting) == wanted
    sitting.rate(Rating.AGAIN)
    assert sitting.counts.learning == 0


def test_bringing_back_a_card_that_was_set_aside_elsewhere_asks_it_not_before_its_day(
    engine: Engine, clock: Clock
) -> None:
    sitting = sit(engine, clock)
    assert sitting.view is not None
    card = sitting.view.id
    sitting.rate(Rating.EASY)  # and so not today
    before = sitting.view.id
    with writing(engine) as connection:
        review.suspend(connection, card, clock.forward(seconds=1), learner=1)
    undone = sitting.undo()
    assert undone is not None
    assert undone.what == "suspending"
    assert sitting.view.id == before


def test_undo_works_after_a_restart(engine: Engine, clock: Clock) -> None:
    sitting = sit(engine, clock)
    first = shown(sitting)
    sitting.rate(Rating.EASY)
    later = sit(engine, clock)
    assert shown(later) != first
    later.undo()
    assert shown(later) == first
    assert later.view is not None
    assert later.view.memory.state is State.NEW


@pytest.mark.parametrize("what", ["know", "goal", "suspend"])
def test_a_rating_gives_what_its_button_says_or_nothing(
    what: str, engine: Engine, clock: Clock
) -> None:
    """Whatever another window has done to the card or to the schedule; one key repeats."""
    left, right = sit(engine, clock), sit(engine, clock)
    card = shown(left)
    clock.forward(seconds=5)
    if what == "know":
        right.know()
    elif what == "suspend":
        right.suspend()
    else:
        with writing(engine) as connection:
            kept = in_force(connection, learner=1)
            log.adopt(connection, replace(kept, desired_retention=0.8), clock(), learner=1)
    with pytest.raises(ChangedError, match="has changed in another window"):
        left.rate(Rating.EASY)
    assert left.done == []
    if what == "suspend":
        assert shown(left) != card
    assert what == "suspend" or shown(left) == card
    promised = left.options()[Rating.EASY]
    assert left.rate(Rating.EASY).memory.due == promised.due


def test_a_bury_and_a_sync_in_another_window_refuse_nothing(
    engine: Engine, content: Path, clock: Clock
) -> None:
    for _ in range(10):
        sit(engine, clock).rate(Rating.EASY)
    clock.forward(days=1)
    left, right = sit(engine, clock, new_a_day=3), sit(engine, clock, new_a_day=3)
    right.bury()
    path = content / "1" / "questionnaire.md"
    path.write_text(path.read_text().replace("first of q0", "another of q0"))
    with writing(engine) as connection:
        assert sync.sync(connection, [content], clock()).due_again
    promised = left.options()[Rating.HARD]
    assert left.rate(Rating.HARD).memory.due == promised.due


def test_what_was_asked_for_beyond_a_days_time_ends_with_the_day(
    engine: Engine, clock: Clock
) -> None:
    sitting = sit(engine, clock, new_a_day=2)
    for _ in range(2):
        sitting.rate(Rating.EASY)
    assert sitting.view is None
    sitting.go_on()
    assert sitting.counts.new == 2
    clock.forward(days=1)
    sitting.refresh()
    assert sitting.counts.new == 2
    assert sit(engine, clock, new_a_day=2).counts == sitting.counts


def test_two_windows_the_second_rating_is_refused(engine: Engine, clock: Clock) -> None:
    left, right = sit(engine, clock), sit(engine, clock)
    card = shown(left)
    assert card == shown(right)
    left.rate(Rating.GOOD)
    with pytest.raises(AlreadyRatedError, match="already rated in another window"):
        right.rate(Rating.AGAIN)
    assert shown(right) == shown(left) != card
    assert right.done == []
    for _ in range(20):  # whoever comes second skips on, until both queues are empty
        for window in (left, right):
            if window.view is not None:
                with suppress(AlreadyRatedError):
                    window.rate(Rating.GOOD)
    with reading(engine) as connection:
        reviews = connection.scalar(select(func.count()).select_from(tables.review))
        assert reviews == len(left.done) + len(right.done)
        cards = connection.execute(select(tables.card.c.id, tables.card.c.uid)).all()
        for card_id, uid in cards:
            assert read_memory(connection, card_id, learner=1) == fold(
                record.read_log(connection, card_id, learner=1), uid
            )


def test_set_aside_and_back(engine: Engine, clock: Clock) -> None:
    sitting = sit(engine, clock)
    for action in (sitting.bury, sitting.suspend, sitting.know):
        card = shown(sitting)
        action()
        assert shown(sitting) != card
        undone = sitting.undo()
        assert undone is not None
        assert shown(sitting) == card
    sitting.rate(Rating.AGAIN)
    clock.forward(minutes=11)
    sitting.refresh()
    with pytest.raises(StudyError, match="Only a new card"):
        sitting.know()


def test_a_pause_and_a_clock_that_went_back_count_as_they_do_for_the_day(
    engine: Engine, clock: Clock
) -> None:
    sitting = sit(engine, clock, new_a_day=3)
    for seconds in (7200, -3600, 20):  # two hours away; an hour back
        clock.forward(seconds=seconds)
        sitting.rate(Rating.EASY)
    assert sitting.summary().spent.total_seconds() == 60 + 0 + 20
    durations = select(tables.review.c.duration).order_by(tables.review.c.id)
    with reading(engine) as connection:
        assert list(connection.scalars(durations)) == [60_000, 0, 20_000]
        pace = read_pace(connection, study_day(clock()), learner=1)
    assert pace.spent == 80


def test_the_summary_is_honest(engine: Engine, clock: Clock) -> None:
    sitting = sit(engine, clock, new_a_day=3)
    for rating in (Rating.GOOD, Rating.EASY, Rating.GOOD):
        clock.forward(seconds=20)
        sitting.rate(rating)
    assert sitting.view is None
    summary = sitting.summary()
    assert summary.cards == 3
    assert summary.remembered.n == 0  # new cards were learned, not remembered
    assert summary.spent.total_seconds() == 60
    assert summary.ratings == {Rating.GOOD: 2, Rating.EASY: 1}
    clock.forward(days=4)
    sitting = sit(engine, clock, new_a_day=0)
    sitting.rate(Rating.AGAIN)
    sitting.rate(Rating.GOOD)
    summary = sitting.summary()
    assert (summary.remembered.value, summary.remembered.n) == (0.5, 2)
    assert summary.left.learning == 1
    assert summary.next_step is not None


def test_a_sitting_that_runs_past_four_goes_on_with_the_new_day(
    engine: Engine, clock: Clock
) -> None:
    sitting = sit(engine, clock, new_a_day=2)
    sitting.rate(Rating.GOOD)
    clock.forward(hours=20)
    sitting.rate(Rating.GOOD)
    assert sitting.counts.new == 1  # the day has two, and one was rated after the rollover
    with writing(engine) as connection:
        days = connection.scalars(select(tables.review.c.day).order_by(tables.review.c.id)).all()
    assert (days[1] - days[0]).days == 1


def test_partly_said_is_due_tomorrow_and_taken_back_in_one_go(engine: Engine, clock: Clock) -> None:
    sitting = sit(engine, clock)
    before, at, left = sitting.view, shown(sitting), sitting.counts
    assert before is not None
    answered = sitting.rate(Rating.AGAIN, due_on=sitting.tomorrow())
    assert (answered.memory.due, answered.memory.due_at) == (sitting.tomorrow(), None)
    assert sitting.counts.total == left.total - 1  # no step of today brings it back
    assert (sitting.done[0].said, sitting.summary().partly) == ("partly", 1)
    undone = sitting.undo()
    assert undone is not None
    assert (undone.what, undone.rating) == ("Again", Rating.AGAIN)
    assert (shown(sitting), sitting.counts, sitting.done) == (at, left, [])
    assert sitting.view is not None
    assert sitting.view.memory == before.memory
    assert sitting.undo() is None


@contextmanager
def counting_steps(engine: Engine) -> Iterator[Callable[[], int]]:
    """How many tens of steps SQLite's machine takes meanwhile: each row that a statement looks at
    takes some, whether it comes back or not, and on any computer the same."""
    made = 0

    def tick() -> int:
        nonlocal made
        made += 1
        return 0

    def listen(connection: Connection, *_: object) -> None:
        raw = connection.connection.dbapi_connection
        assert isinstance(raw, sqlite3.Connection)
        raw.set_progress_handler(tick, 10)

    event.listen(engine, "before_cursor_execute", listen)
    yield lambda: made
    event.remove(engine, "before_cursor_execute", listen)


def test_undo_costs_the_same_however_many_notes_there_are(
    engine: Engine, content: Path, clock: Clock
) -> None:
    """Ten times as many made it take ten times as long, as each was looked at for a new card."""
    costs = []
    for notes in (200, 2000):
        many = (question(f"n{number}") for number in range(notes))
        (content / "1" / "many.md").write_text(questionnaire(*many))
        with writing(engine) as connection:
            sync.sync(connection, [content], clock())
        sitting = Sitting(desk_of(engine, clock, Settings(new_a_day=5)))
        sitting.rate(Rating.GOOD)
        with counting_steps(engine) as made:
            sitting.undo()
        costs.append(made())
    assert costs[0] > 50
    assert costs[1] < 1.2 * costs[0]
