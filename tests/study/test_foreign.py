"""Reviews and schedules from elsewhere: in the log, once, in their own time."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import pytest
from sqlalchemy import Engine, func, select

from studyapp.config import Settings
from studyapp.memory.clock import study_day
from studyapp.memory.fold import ReviewKind, fold
from studyapp.memory.model import DEFAULT_WEIGHTS
from studyapp.memory.state import Cause, Memory, Rating, State
from studyapp.notes.deck import note_id
from studyapp.notes.foreign import (
    Foreign,
    ForeignNote,
    ForeignReview,
    Moment,
    Schedule,
    Stage,
)
from studyapp.notes.note import CardStyle
from studyapp.store import backup, log, owner, record, tables, tally
from studyapp.store.database import open_database
from studyapp.store.drift import drift
from studyapp.store.engine import reading, writing
from studyapp.store.memory import read_memory
from studyapp.store.parameters import read_history
from studyapp.study import dates, foreign, imports, library, queue, review, stats
from studyapp.study import learner as learners
from studyapp.study.foreign import Attached
from studyapp.study.imports import Imported, Source
from studyapp.study.pace import read_pace
from studyapp.study.recall import recalls
from studyapp.study.statistics import days, year
from studyapp.study.undo import undo
from tests_support import START, Clock, chapter_of, desk_of

CAT = ForeignNote("cat", "el gato", "the cat", deck=("ES",))
DOG = ForeignNote("dog", "el perro", "the dog", card=CardStyle.BOTH, deck=("ES",))
NOTES = (CAT, DOG)
FIRST = datetime(2026, 9, 1, 18, 30, tzinfo=UTC)
PATH = Path("words.apkg")


@pytest.fixture
def own(tmp_path: Path, only_pack: Path, clock: Clock) -> Iterator[Engine]:
    made = open_database(str(tmp_path / "own.db"))
    library.refresh(desk_of(made, clock))
    yield made
    made.dispose()


def rated(days: float, rating: int = 3, guid: str = "cat", side: str = "answer") -> ForeignReview:
    at = FIRST + timedelta(days=days)
    kind = Moment.REVIEW if days else Moment.LEARNING
    return ForeignReview(guid, side, at, at.date(), rating, kind, timedelta(seconds=7))


LOG = (rated(0), rated(2), rated(9), rated(30, 1), rated(31))
STATE = Schedule(
    "cat",
    "answer",
    Stage.REVIEW,
    due=date(2026, 11, 23),
    last=(FIRST + timedelta(days=31)).date(),
    interval=52,
    stability=48.5,
    difficulty=6.5,
    reps=5,
    lapses=1,
)


def bring(
    engine: Engine,
    clock: Clock,
    reviews: tuple[ForeignReview, ...] = (),
    schedules: tuple[Schedule, ...] = (),
    *,
    learner: int = 1,
    dry_run: bool = False,
) -> Imported:
    source = Source(PATH, "anki", Foreign(NOTES, schedules, reviews))
    desk = desk_of(engine, clock, learner=learner)
    (done,) = imports.bring(desk, [source], dry_run=dry_run)
    return done


def card_of(engine: Engine, guid: str = "cat", side: str = "answer", learner: int = 1) -> int:
    card, note = tables.card.c, tables.note.c
    with reading(engine) as connection:
        return connection.scalars(
            select(card.id)
            .join(tables.note, note.id == card.note_id)
            .where(
                note.name == note_id(guid),
                card.side == side,
                owner.visible(card, learner=learner),
            )
        ).one()


def memory_of(engine: Engine, guid: str = "cat", side: str = "answer", learner: int = 1) -> Memory:
    card_id = card_of(engine, guid, side, learner)
    with reading(engine) as connection:
        kept = read_memory(connection, card_id, learner=learner)
        entries = record.read_log(connection, card_id, learner=learner)
        uid = connection.scalars(select(tables.card.c.uid).where(tables.card.c.id == card_id)).one()
        assert kept == fold(entries, uid, read_history(connection, learner=learner))
        assert not any(drift(connection, [card_id], learner=learner))
    return kept


def rows(engine: Engine) -> tuple[int | None, int | None]:
    with reading(engine) as connection:
        return (
            connection.scalar(select(func.count()).select_from(tables.review)),
            connection.scalar(select(func.count()).select_from(tables.event)),
        )


def rate(engine: Engine, clock: Clock, rating: Rating = Rating.GOOD) -> Memory:
    with writing(engine) as connection:
        card_id = card_of(engine)
        seen = read_memory(connection, card_id, learner=1).last_review
        return review.answer(connection, card_id, seen, rating, clock(), learner=1).memory


def test_a_log_makes_the_memory_that_it_would_have_made_here(own: Engine, clock: Clock) -> None:
    done = bring(own, clock, LOG)
    assert (done.reviews, done.schedules, done.problems, done.known) == (5, 0, (), False)
    memory = memory_of(own)
    assert (memory.state, memory.reviews, memory.lapses) == (State.REVIEW, 5, 1)
    assert (memory.first_day, memory.last_day) == (date(2026, 9, 1), date(2026, 10, 2))
    with reading(own) as connection:
        column, device = tables.review.c, tables.device.c
        kept = connection.execute(
            select(column.at, column.stamp, column.day, column.duration, column.kind, device.name)
            .join(tables.device, device.id == column.device_id)
            .order_by(column.at)
        ).all()
    assert kept[0] == (FIRST, FIRST, date(2026, 9, 1), 7000, "import", "anki")
    assert len(kept) == 5


def test_the_stored_state_is_right_and_what_is_rated_here_goes_on_from_it(
    own: Engine, clock: Clock
) -> None:
    done = bring(own, clock, LOG, (STATE,))
    assert (done.reviews, done.schedules) == (5, 1)
    memory = memory_of(own)
    assert (memory.state, memory.due, memory.cause) == (State.REVIEW, STATE.due, Cause.IMPORTED)
    assert (memory.stability, memory.difficulty) == (48.5, 6.5)
    assert (memory.reviews, memory.lapses, memory.last_day) == (5, 1, STATE.last)
    assert memory.first_day == date(2026, 9, 1)
    clock.forward(days=3)
    with reading(own) as connection:
        line = queue.load(
            connection, clock(), Settings(), chapter_id=chapter_of(own, "ES"), learner=1
        )
    assert line.counts().review == 1
    after = rate(own, clock)
    assert after.stability is not None
    assert after.stability > 48.5
    assert after == memory_of(own)


def test_the_same_file_adds_nothing_and_takes_nothing_back(own: Engine, clock: Clock) -> None:
    bring(own, clock, LOG, (STATE,))
    clock.forward(days=3)
    after, kept = rate(own, clock), rows(own)
    clock.forward(days=1)
    again = bring(own, clock, LOG, (STATE,))
    assert (again.reviews, again.schedules, again.known) == (0, 0, True)
    assert rows(own) == kept
    assert memory_of(own) == after


def test_a_newer_file_adds_what_is_new_and_an_older_one_changes_nothing(
    own: Engine, clock: Clock
) -> None:
    bring(own, clock, LOG[:3], (replace(STATE, last=rated(9).day, reps=3, lapses=0),))
    newer = bring(own, clock, LOG, (STATE,))
    assert (newer.reviews, newer.schedules) == (2, 1)
    memory = memory_of(own)
    assert (memory.due, memory.reviews) == (STATE.due, 5)
    older = bring(own, clock, LOG[:3], (replace(STATE, last=rated(9).day, reps=3, lapses=0),))
    assert older.known
    postponed = replace(STATE, due=date(2027, 1, 1))  # on the same day, without a review
    assert bring(own, clock, LOG, (postponed,)).schedules == 1
    assert memory_of(own).due == date(2027, 1, 1)
    assert bring(own, clock, LOG, (STATE,)).schedules == 1
    assert memory_of(own) == memory


def test_a_schedule_without_a_log_is_enough(own: Engine, clock: Clock) -> None:
    plain = replace(STATE, stability=None, difficulty=None)
    bring(own, clock, schedules=(plain, replace(STATE, guid="dog", side="reversed")))
    memory = memory_of(own)
    assert (memory.stability, memory.due, memory.last_day) == (52.0, STATE.due, STATE.last)
    assert memory.difficulty is not None
    assert 1 <= memory.difficulty <= 10
    assert memory_of(own, "dog", "reversed").stability == 48.5
    assert memory_of(own, "dog") == Memory()
    clock.forward(days=3)
    assert rate(own, clock).reviews == 6


def test_a_whole_log_gives_the_stability_that_its_source_does_not_keep(
    own: Engine, clock: Clock
) -> None:
    """A log that was cut does not: its interval tells more."""
    plain = replace(STATE, stability=None, difficulty=None)
    bring(own, clock, LOG)
    folded = memory_of(own)
    bring(own, clock, LOG, (plain,))
    assert memory_of(own).stability == folded.stability
    bring(own, clock, LOG, (replace(plain, reps=40),))
    assert memory_of(own).stability == 52.0


def test_what_is_set_aside_there_is_set_aside_here(own: Engine, clock: Clock) -> None:
    new = Schedule("dog", "answer", Stage.NEW, suspended=True)
    buried = replace(STATE, buried=True)
    assert bring(own, clock, schedules=(new, buried)).schedules == 2
    assert memory_of(own, "dog").suspended
    assert memory_of(own).buried_until == date(2026, 11, 21)
    with reading(own) as connection:
        line = queue.load(
            connection, clock(), Settings(), chapter_id=chapter_of(own, "ES"), learner=1
        )
    assert line.counts().total == 1  # the other side of the dog
    clock.forward(days=5)
    assert bring(own, clock, schedules=(new, buried)).known
    plain = Schedule("dog", "reversed", Stage.NEW)
    assert bring(own, clock, schedules=(plain,)).known
    awake = replace(new, suspended=False)
    assert bring(own, clock, schedules=(awake, plain)).known  # written without its schedules
    assert memory_of(own, "dog").suspended
    assert bring(own, clock, schedules=(awake, buried)).schedules == 1
    assert not memory_of(own, "dog").suspended


def test_what_a_source_does_not_know_stays_as_it_is(own: Engine, clock: Clock) -> None:
    dog = Schedule("dog", "answer", Stage.NEW, suspended=True)
    bring(own, clock, schedules=(replace(STATE, buried=True), dog))
    said = [replace(one, lapses=None, suspended=None, buried=None) for one in (STATE, dog)]
    assert bring(own, clock, schedules=said).known
    assert memory_of(own).buried_until == date(2026, 11, 21)
    clock.forward(days=3)
    bring(own, clock, schedules=(replace(STATE, suspended=True),))
    assert bring(own, clock, schedules=said).known
    rated = replace(said[0], last=date(2026, 11, 21), due=date(2027, 3, 1), reps=6)
    assert bring(own, clock, schedules=(rated, said[1])).schedules == 1
    memory = memory_of(own)
    assert (memory.due, memory.reviews, memory.lapses) == (rated.due, 6, 1)
    assert memory_of(own).suspended
    assert memory_of(own, "dog").suspended


def test_a_card_that_its_source_forgot_is_new_here(own: Engine, clock: Clock) -> None:
    bring(own, clock, LOG, (Schedule("cat", "answer", Stage.NEW),))
    assert memory_of(own) == Memory(cause=Cause.FORGOTTEN)
    rate(own, clock)
    kept = memory_of(own)
    # A file that was written without its schedules has only new cards.
    assert bring(own, clock, schedules=(Schedule("cat", "answer", Stage.NEW),)).known
    assert memory_of(own) == kept


def test_a_step_of_elsewhere_is_due_on_its_day(own: Engine, clock: Clock) -> None:
    step = Schedule("cat", "answer", Stage.LEARNING, due=date(2026, 11, 20), reps=1)
    bring(own, clock, schedules=(step,))
    with reading(own) as connection:
        line = queue.load(
            connection, clock(), Settings(), chapter_id=chapter_of(own, "ES"), learner=1
        )
    assert line.counts().learning == 1
    assert rate(own, clock).reviews == 2


def test_ratings_of_elsewhere_tell_what_those_of_here_would(own: Engine, clock: Clock) -> None:
    """All but the first and what was crammed."""
    crammed = replace(rated(20, 1), kind=Moment.CRAM)
    bring(own, clock, (*LOG, crammed), (STATE,))
    assert memory_of(own).lapses == 1
    first, second = (FIRST.date() + timedelta(days=at) for at in (0, 2))
    with writing(own) as connection:
        kinds = connection.scalars(select(tables.review.c.kind)).all()
        assert kinds.count(ReviewKind.IMPORTED_CRAM.value) == 1
        found = recalls(connection, learner=1)
        assert [one.remembered for one in found] == [True, False, True, True]
        assert (found[-1].since, found[-1].day) == (first, second)
        assert found[-1].stability == DEFAULT_WEIGHTS[2]  # the first of Good
        assert stats.streak(connection, date(2026, 10, 2), learner=1) == 2
        assert undo(connection, clock(), learner=1) is None
    clock.forward(days=3)
    rate(own, clock, Rating.AGAIN)
    with writing(own) as connection:
        one = recalls(connection, learner=1)[0]
        assert (one.since, one.stability, one.remembered) == (STATE.last, 48.5, False)
        assert undo(connection, clock(), learner=1) is not None
        assert undo(connection, clock(), learner=1) is None


def test_what_lacks_its_beginning_was_remembered_and_not_predicted(
    own: Engine, clock: Clock
) -> None:
    """Of its state there is a prediction again, for what comes after it."""
    bring(own, clock, LOG[1:], (STATE,))  # four of five
    for rated_here in (0, 1):
        with reading(own) as connection:
            kept = stats.retention(connection, FIRST.date(), study_day(clock()), learner=1)
            assert (kept.n, len(recalls(connection, learner=1))) == (3 + rated_here, rated_here)
        whole = year.of_desk(desk_of(own, clock)).calibration.whole
        assert (whole.remembered.n if whole else 0) == rated_here
        clock.forward(days=3)
        rate(own, clock)
    bring(own, clock, LOG, (STATE,))  # with what was left out before
    with reading(own) as connection:
        assert len(recalls(connection, learner=1)) == 4 + 2


def test_what_days_came_to_follows_an_import_there_and_back(own: Engine, clock: Clock) -> None:
    desk = desk_of(own, clock)
    for do, told in (
        (lambda: None, 0),
        (lambda: bring(own, clock, LOG, (STATE,)), 4),
        (lambda: bring(own, clock, LOG, (STATE,)), 4),
        (lambda: imports.take_back(desk, PATH), 0),
        (lambda: bring(own, clock, LOG, (STATE,)), 4),
    ):
        do()
        assert sum(one.told for one in year.of_desk(desk).days) == told
        with reading(own) as connection:
            kept = tally.read(connection, date.min, date.max, learner=1)
            assert len(kept) == 364
            assert kept == days.count(connection, sorted(kept), learner=1)


def test_the_pace_is_that_of_elsewhere_until_there_is_one_of_here(
    own: Engine, clock: Clock
) -> None:
    """Of its 20 reviews that were timed, and of those of here; 20 of these tell it alone."""
    timed = [replace(rated(at), duration=timedelta(seconds=at % 2 * 8)) for at in range(1, 43)]
    bring(own, clock, tuple(timed))
    for rated_here in range(21):
        with reading(own) as connection:
            found = read_pace(connection, study_day(clock()), learner=1)
        both = (20 * 8 + 30 * rated_here) / (20 + rated_here)
        assert found.review == pytest.approx(both if rated_here < 20 else 30.0)
        with writing(own) as connection:
            of, spent = card_of(own), timedelta(seconds=30)
            seen = read_memory(connection, of, learner=1).last_review
            review.answer(connection, of, seen, Rating.GOOD, clock(), duration=spent, learner=1)
        clock.forward(days=1)


def test_a_cram_of_elsewhere_is_beside_the_days_time_too(own: Engine, clock: Clock) -> None:
    today = study_day(clock())
    made = [
        replace(rated(at), at=clock(), day=today, guid=of) for at, of in ((0, "cat"), (1, "dog"))
    ]
    bring(own, clock, (made[0], replace(made[1], kind=Moment.CRAM)))
    with reading(own) as connection:
        found = read_pace(connection, today, learner=1)
    assert (found.taken, found.taken_apart) == (7000, 7000)


def test_what_cannot_be_is_left_out_and_told(own: Engine, clock: Clock) -> None:
    wrong = (
        rated(1, guid="no"),
        rated(1, side="cloze:x"),
        rated(1, rating=0),
        replace(rated(1), at=datetime(2026, 9, 2, 8)),  # where?
        replace(rated(1), at=datetime(9999, 12, 31, 23, 59, tzinfo=UTC)),
    )
    states = (replace(STATE, stability=float("nan"), difficulty=-3.0, reps=-1, interval=10**9),)
    done = bring(own, clock, (*wrong, *LOG), (*states, replace(STATE, guid="no")))
    assert [one.message for one in done.problems] == [
        "3 of the reviews and schedules are of cards that are not here",
        "3 of the reviews and schedules have a date or a rating that cannot be",
    ]
    assert (done.reviews, done.schedules) == (5, 1)
    memory = memory_of(own)
    assert memory.stability is not None
    assert memory.stability > 0


def test_a_dry_run_counts_and_changes_nothing(own: Engine, clock: Clock) -> None:
    unknown = rated(1, guid="no")
    done = bring(own, clock, (*LOG, unknown), (STATE,), dry_run=True)
    assert (done.reviews, done.schedules, len(done.problems)) == (5, 1, 1)
    assert rows(own) == (0, 0)
    with reading(own) as connection:
        assert connection.scalar(select(func.count()).select_from(tables.device)) == 1
    bring(own, clock, LOG, (STATE,))
    assert bring(own, clock, LOG, (STATE,), dry_run=True).known


def test_each_learner_has_what_they_brought(own: Engine, clock: Clock) -> None:
    with writing(own) as connection:
        anna = learners.make(connection, "Anna")
    bring(own, clock, LOG, (STATE,))
    assert (bring(own, clock, LOG[:2], learner=anna).reviews, rows(own)) == (2, (7, 1))
    assert memory_of(own).reviews == 5
    assert memory_of(own, learner=anna).reviews == 2
    with reading(own) as connection:  # and the deck is started for each
        for learner in (1, anna):
            deck = chapter_of(own, "ES", learner=learner)
            line = queue.load(connection, clock(), Settings(), chapter_id=deck, learner=learner)
            assert line.counts().new == 1, learner


def test_an_import_that_fails_logs_nothing(
    own: Engine, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = log.log_foreign

    def fail(*given: Any, **named: Any) -> None:
        write(*given, **named)
        raise OSError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(log, "log_foreign", fail)
        with pytest.raises(OSError, match="full"):
            bring(own, clock, LOG, (STATE,))
    assert rows(own) == (0, 0)
    done = bring(own, clock, LOG, (STATE,))
    assert (done.reviews, done.schedules) == (5, 1)
    with reading(own) as connection:
        line = queue.load(
            connection, clock(), Settings(), chapter_id=chapter_of(own, "ES"), learner=1
        )
    assert line.counts().new == 1  # the deck is started


def test_only_what_the_last_import_has_logged_is_taken_back(
    own: Engine, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backup, "make", lambda *_, **__: None)
    bring(own, clock, LOG[:3])
    first = memory_of(own)
    bring(own, clock, LOG, (STATE,))
    for logged, left in ((Attached(2, 1), first), (Attached(3), Memory()), (Attached(), Memory())):
        assert imports.take_back(desk_of(own, clock), PATH).log == logged
        assert memory_of(own) == left


def test_an_import_is_taken_back_and_may_come_again(own: Engine, clock: Clock) -> None:
    bring(own, clock, LOG, (STATE,))
    clock.forward(days=3)
    rate(own, clock)
    whole = memory_of(own)
    gone = imports.take_back(desk_of(own, clock), PATH)
    assert (gone.log.reviews, gone.log.schedules) == (5, 1)
    memory = memory_of(own)
    assert (memory.reviews, memory.first_day) == (1, date(2026, 11, 23))
    assert imports.take_back(desk_of(own, clock), PATH).log == foreign.Attached()
    again = bring(own, clock, LOG, (STATE,))
    assert (again.reviews, again.schedules) == (5, 1)
    assert memory_of(own) == whole
    assert bring(own, clock, LOG, (STATE,)).known


def test_a_source_whose_clock_was_ahead_moves_nothing_of_here(own: Engine, clock: Clock) -> None:
    """It is told like any other entry of the future, and its dates can be put right."""
    wrong = rated(400)
    bring(own, clock, (*LOG, wrong))
    memory_of(own)
    clock.forward(days=1)
    after = rate(own, clock)
    assert after == memory_of(own)
    assert after.due is not None
    with reading(own) as connection:
        told = dates.ahead(connection, clock(), learner=1)
    assert told == dates.Ahead(1, wrong.day)
    dates.redate(desk_of(own, clock))
    assert memory_of(own).last_day == date(2026, 11, 21)
    clock.forward(days=1)
    assert rate(own, clock).last_day == date(2026, 11, 22)
    assert bring(own, clock, (*LOG, wrong)).known
    # Another one of that clock stands where the first does, before what was rated here since.
    last = memory_of(own).last_review
    assert bring(own, clock, (*LOG, wrong, rated(399))).reviews == 1
    assert memory_of(own).last_review == last


def test_two_devices_make_the_same_entries_of_one_file(
    own: Engine, tmp_path: Path, clock: Clock
) -> None:
    """So their logs merge without doubles."""
    other = open_database(str(tmp_path / "other.db"))
    library.refresh(desk_of(other, clock))
    twice = (*LOG, replace(LOG[2], rating=1))  # at one instant
    found = []
    for engine in (own, other):
        bring(engine, clock, twice, (STATE,))
        with reading(engine) as connection:
            tables_of = (tables.review, tables.event, tables.device)
            found.append([set(connection.scalars(select(one.c.uid))) for one in tables_of])
    other.dispose()
    here, there = found
    assert here[:2] == there[:2]
    assert len(here[0]) == len(twice)
    with reading(own) as connection:
        card = connection.scalars(select(tables.card.c.uid).where(tables.card.c.id == card_of(own)))
        first = uuid5(UUID(bytes=card.one()), f"\0{FIRST.astimezone(UTC).isoformat()} 0")
    assert first.bytes in here[0]
    assert len(here[2] & there[2]) == 1  # the source; each has a device of its own


@pytest.mark.parametrize("seed", range(4))
def test_in_whatever_order_files_come_the_log_is_the_same(
    seed: int, own: Engine, tmp_path: Path, clock: Clock
) -> None:
    """Parts of one history, in any order and several times, with ratings of here in between: one
    memory, which is the fold."""
    draw = random.Random(seed)
    whole = tuple(rated(2.5 * number, draw.randint(1, 4)) for number in range(12))
    rate_at = draw.randrange(4)
    ends = []
    for order in (False, True):
        engine = own if order else open_database(str(tmp_path / "other.db"))
        now = Clock(START)
        library.refresh(desk_of(engine, now))
        bring(engine, now)
        for step in range(4):
            if step == rate_at:
                at = Clock(FIRST + timedelta(days=33, minutes=1))
                rate(engine, at, Rating.HARD)
            part = tuple(one for one in whole if draw.random() < 0.5)
            bring(engine, now, part)
        bring(engine, now, whole)
        memory = memory_of(engine)
        assert memory.last_review is not None
        ends.append(replace(memory, last_review=b""))
        engine.dispose()
    assert ends[0] == ends[1]
