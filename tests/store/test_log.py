"""The stored memory is the fold of the stored log, whatever the learner does."""

from __future__ import annotations

import tempfile
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from sqlalchemy import Engine, event, func, insert, select, update

from histories import Step, live, of_four_cards, steps
from studyapp.config import Settings
from studyapp.memory.clock import study_day
from studyapp.memory.fold import EventKind, Review, fold, in_force
from studyapp.memory.scheduler import Parameters
from studyapp.memory.state import Memory, Rating, State
from studyapp.store import log, parameters, record, tables
from studyapp.store.database import connect
from studyapp.store.engine import reading, writing
from studyapp.store.memory import read_memory
from studyapp.study import learner as learners
from studyapp.study import library, review
from studyapp.study.undo import undo
from tests_support import Clock, desk_of


def stored_equals_fold(engine: Engine) -> None:
    with reading(engine) as connection:
        history = parameters.read_history(connection, learner=1)
        for card_id, uid in connection.execute(select(tables.card.c.id, tables.card.c.uid)):
            kept = read_memory(connection, card_id, learner=1)
            assert kept == fold(record.read_log(connection, card_id, learner=1), uid, history)


def missed(engine: Engine) -> list[int]:
    """The cards whose last rating was Again, which is what is kept of them."""
    last, memory = tables.review.c, tables.memory.c
    query = select(memory.card_id).order_by(memory.card_id)
    again = query.join(tables.review, last.uid == memory.last_review).where(
        last.rating == Rating.AGAIN
    )
    with reading(engine) as connection:
        found = list(connection.scalars(again))
        assert found == connection.scalars(query.where(memory.missed)).all()
    return found


@settings(max_examples=25, deadline=None)
@given(steps)
def test_stored_memory_is_the_fold_of_the_log(
    actions: list[Step],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.db"
        path.write_bytes(of_four_cards())
        engine = connect(str(path))
        # The law is not about the disk, so its examples need not wait for it.
        event.listen(engine, "connect", lambda raw, _: raw.execute("PRAGMA synchronous = OFF"))
        live(engine, Clock(), actions)
        stored_equals_fold(engine)
        missed(engine)
        engine.dispose()


@pytest.mark.parametrize("steps_left", [True, False])
def test_an_again_is_kept_wherever_it_leaves_the_card(
    steps_left: bool, engine: Engine, clock: Clock
) -> None:
    """In review, if there are no steps or the learner says afterwards that they know it."""
    with writing(engine) as connection:
        if not steps_left:
            log.adopt(connection, Parameters(relearning_steps=()), clock(), learner=1)
        for rating in (Rating.EASY, Rating.AGAIN):
            clock.forward(days=20)
            seen = read_memory(connection, 1, learner=1).last_review
            review.answer(connection, 1, seen, rating, clock(), learner=1)
        if steps_left:
            log.log_event(connection, 1, EventKind.KNOW, clock(), learner=1)
        review.answer(connection, 2, None, Rating.EASY, clock(), learner=1)
        assert read_memory(connection, 1, learner=1).state is State.REVIEW
    assert missed(engine) == [1]


def test_undo_goes_back_to_the_very_beginning(engine: Engine, clock: Clock) -> None:
    rated = []
    for number in range(5):
        with writing(engine) as connection:
            before = read_memory(connection, 1, learner=1)
            rated.append(before)
            review.answer(
                connection, 1, before.last_review, Rating(number % 4 + 1), clock(), learner=1
            )
        clock.forward(days=number + 1)
    for before in reversed(rated):
        with writing(engine) as connection:
            undone = undo(connection, clock.forward(seconds=1), learner=1)
            assert undone is not None
            assert read_memory(connection, 1, learner=1) == before
    with writing(engine) as connection:
        assert undo(connection, clock(), learner=1) is None
        assert read_memory(connection, 1, learner=1) == Memory()
        assert connection.scalar(select(func.count()).select_from(tables.review)) == 5


@pytest.mark.parametrize("ahead", [timedelta(minutes=5), timedelta(hours=3), timedelta(days=900)])
def test_a_clock_set_back_keeps_the_order_of_the_log(
    engine: Engine, clock: Clock, ahead: timedelta
) -> None:
    with writing(engine) as connection:
        review.answer(connection, 1, None, Rating.AGAIN, clock() + ahead, learner=1)
        seen = read_memory(connection, 1, learner=1).last_review
        after = review.answer(connection, 1, seen, Rating.GOOD, clock(), learner=1).memory
        entries = record.read_log(connection, 1, learner=1)
    ratings = [entry.rating for entry in in_force(entries) if isinstance(entry, Review)]
    assert ratings == [Rating.AGAIN, Rating.GOOD]
    assert after.last_day == study_day(clock())
    stored_equals_fold(engine)


def test_a_retraction_in_the_middle_mends_the_cache_of_what_follows(
    engine: Engine, clock: Clock
) -> None:
    for days in (0, 2, 11):
        with writing(engine) as connection:
            seen = read_memory(connection, 1, learner=1).last_review
            review.answer(connection, 1, seen, Rating.GOOD, clock.forward(days=days), learner=1)
    with writing(engine) as connection:
        first = record.read_log(connection, 1, learner=1)[0]
        log.log_event(connection, 1, EventKind.RETRACT, clock(), target=first.uid, learner=1)
        states = connection.scalars(
            select(tables.review.c.state_before).order_by(tables.review.c.at)
        ).all()
    assert states[1] == 0
    stored_equals_fold(engine)


def test_another_learners_fast_clock_moves_no_date_and_no_stamp(
    engine: Engine, clock: Clock
) -> None:
    with writing(engine) as connection:
        anna = learners.make(connection, "Anna")
        review.answer(connection, 2, None, Rating.GOOD, clock() + timedelta(days=3), learner=anna)
        after = review.answer(connection, 1, None, Rating.GOOD, clock(), learner=1).memory
        stamps = connection.execute(
            select(tables.review.c.stamp, tables.review.c.epoch).where(
                tables.review.c.learner_id == 1
            )
        ).all()
    assert after.last_day == study_day(clock())
    assert [tuple(row) for row in stamps] == [(log.utc(clock()), 0)]


def test_a_rating_takes_no_more_statements_than_it_must(engine: Engine, clock: Clock) -> None:
    """The card with its memory, the parameters, the device, its newest stamp; then memory and
    review are written. Other devices cost one more."""
    rate(engine, clock)
    assert statements(engine, clock) == 6
    with writing(engine) as connection:
        connection.execute(
            insert(tables.device).values(uid=b"d" * 16, name="other", made_at=clock(), own=False)
        )
    assert statements(engine, clock) == 7


def rate(engine: Engine, clock: Clock) -> None:
    with writing(engine) as connection:
        seen = read_memory(connection, 1, learner=1).last_review
        review.answer(connection, 1, seen, Rating.GOOD, clock.forward(days=1), learner=1)


def statements(engine: Engine, clock: Clock) -> int:
    with writing(engine) as connection:
        seen = read_memory(connection, 1, learner=1).last_review
        done = list[str]()
        event.listen(connection, "before_cursor_execute", lambda *told: done.append(told[2]))
        review.answer(connection, 1, seen, Rating.GOOD, clock.forward(days=1), learner=1)
    return len(done)


def test_the_newest_stamp_is_found_through_an_index(engine: Engine, clock: Clock) -> None:
    done = list[tuple[str, tuple[object, ...]]]()
    with writing(engine) as connection:
        event.listen(
            connection, "before_cursor_execute", lambda *told: done.append((told[2], told[3]))
        )
        log.head(connection, clock(), learner=1)
        plans = [
            row[3]
            for statement, values in list(done)
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
        ]
    looked_up = [plan for plan in plans if plan.startswith("SEARCH")]
    assert len(looked_up) == 6
    assert all("USING" in plan and "learner_id=? AND device_id=?" in plan for plan in looked_up)
    assert not [plan for plan in plans if "TEMP B-TREE" in plan]


def test_two_settings_files_on_one_database_do_not_take_turns(
    engine: Engine, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may lie on a server, or in a folder that two machines share."""

    def opened(folder: str, goal: float) -> int:
        monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / folder))
        clock.forward(hours=1)
        library.apply_settings(desk_of(engine, clock, Settings(desired_retention=goal)))
        with reading(engine) as connection:
            return len(parameters.read_history(connection, learner=1)) - 1

    assert [opened("a", 0.85), opened("b", 0.92)] == [1, 2]
    assert [opened("a", 0.85), opened("b", 0.92), opened("a", 0.85)] == [2, 2, 2]
    assert [opened("a", 0.8), opened("b", 0.92)] == [3, 3]
    with reading(engine) as connection:
        assert parameters.in_force(connection, learner=1).desired_retention == 0.8


def test_what_settings_applied_before_files_had_names_is_read(engine: Engine, clock: Clock) -> None:
    library.apply_settings(desk_of(engine, clock, Settings(desired_retention=0.85)))
    with writing(engine) as connection:
        connection.execute(update(tables.device_settings).values(applied={"maximum_interval": 9}))
    for _ in range(2):
        library.apply_settings(desk_of(engine, clock, Settings(desired_retention=0.85)))
    with reading(engine) as connection:
        assert len(parameters.read_history(connection, learner=1)) == 2
        kept = connection.scalars(select(tables.device_settings.c.applied)).one()
    assert [told["desired_retention"] for told in kept.values()] == [0.85]


def test_two_settings_files_on_one_log_do_not_take_turns(engine: Engine, clock: Clock) -> None:
    """What a device's own file says enters the history when that file has changed."""

    def opened(goal: float) -> int:
        desk = desk_of(engine, clock, Settings(desired_retention=goal))
        clock.forward(hours=1)
        library.apply_settings(desk)
        with desk.reading() as connection:
            return len(parameters.read_history(connection, learner=1)) - 1

    def on(own: bytes) -> None:
        with writing(engine) as connection:
            device = tables.device
            connection.execute(update(device).values(own=device.c.uid == own))

    assert [opened(0.85), opened(0.85)] == [1, 1]
    with writing(engine) as connection:
        first = connection.scalars(select(tables.device.c.uid)).one()
        connection.execute(
            insert(tables.device).values(uid=b"d" * 16, name="other", made_at=clock(), own=False)
        )
    on(b"d" * 16)
    assert [opened(0.92), opened(0.92)] == [2, 2]
    for _ in range(3):
        on(first)
        assert opened(0.85) == 2
        on(b"d" * 16)
        assert opened(0.92) == 2
    on(first)
    assert opened(0.8) == 3
    with reading(engine) as connection:
        assert parameters.in_force(connection, learner=1).desired_retention == 0.8
