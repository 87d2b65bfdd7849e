"""Plans of a sitting: five questions in five minutes; cram, ahead and custom study are plans."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection, Engine, select

from studyapp.config import Settings
from studyapp.errors import StudyError
from studyapp.memory.clock import study_day
from studyapp.memory.fold import ReviewKind
from studyapp.memory.state import Rating
from studyapp.store import log, tables
from studyapp.store.engine import reading, writing
from studyapp.study import queue, review, stats
from studyapp.study.plan import DUE, FIVE, End, Plan
from studyapp.study.sitting import Sitting
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


def ask(sitting: Sitting, rating: Rating = Rating.GOOD) -> list[int]:
    shown = []
    while sitting.view is not None:
        shown.append(sitting.view.id)
        sitting.rate(rating)
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
    shown = ask(Sitting(desk_of(seen, clock), FIVE))
    families = dict(cards(seen))
    assert len(shown) == len({families[card_id] for card_id in shown}) == 5
    assert [kept[card_id] for card_id in shown] == sorted(kept[card_id] for card_id in shown)
    missing = set(kept) - set(shown)
    asked = {families[card_id] for card_id in shown}
    faintest = max(kept[card_id] for card_id in shown)
    assert all(kept[c] >= faintest for c in missing if families[c] not in asked)


def test_nothing_new_and_nothing_rated_today(engine: Engine, clock: Clock) -> None:
    assert Sitting(desk_of(engine, clock), FIVE).view is None
    first, _ = cards(engine)[0]
    with writing(engine) as connection:
        review.answer(connection, first, None, Rating.GOOD, clock(), learner=1)
    assert Sitting(desk_of(engine, clock), FIVE).view is None
    clock.forward(days=1)
    assert ask(Sitting(desk_of(engine, clock), FIVE)) == [first]


def test_again_does_not_come_back_within_the_five(seen: Engine, clock: Clock) -> None:
    shown = ask(Sitting(desk_of(seen, clock), FIVE), Rating.AGAIN)
    assert len(set(shown)) == len(shown) == 5
    with reading(seen) as connection:
        logged = connection.scalars(
            select(tables.review.c.kind).order_by(tables.review.c.id.desc()).limit(5)
        ).all()
    assert set(logged) == {"interview"}


def test_running_out_of_time_grades_nothing(seen: Engine, clock: Clock) -> None:
    sitting = Sitting(desk_of(seen, clock), FIVE)
    sitting.rate(Rating.GOOD)
    assert not sitting.over
    clock.forward(minutes=5)
    assert sitting.over
    assert sitting.view is not None
    before = sitting.view.memory
    with pytest.raises(StudyError, match="Time is up"):
        sitting.rate(Rating.GOOD)
    with reading(seen) as connection:
        assert log.read_memory(connection, sitting.view.id, learner=1) == before
    assert sitting.summary().cards == 1


def test_five_more_get_five_more_minutes(seen: Engine, clock: Clock) -> None:
    sitting = Sitting(desk_of(seen, clock), FIVE)
    first = ask(sitting)
    clock.forward(minutes=9)
    sitting.go_on()
    assert sitting.ends == clock() + timedelta(minutes=5)
    assert len(first) == len(ask(sitting)) == 5


def test_the_summary_counts_what_is_due_in_all(seen: Engine, clock: Clock) -> None:
    sitting = Sitting(desk_of(seen, clock), FIVE)
    ask(sitting)
    assert sitting.summary().left.total > 0


def all_seen(
    connection: Connection, now: datetime, settings: Settings, *, more: int, learner: int
) -> queue.Queue:
    """Whatever has been met, due or not."""
    return queue.fading(connection, now, learner=learner)


def memories(engine: Engine) -> list[object]:
    with reading(engine) as connection:
        return list(connection.execute(select(tables.memory).order_by(tables.memory.c.card_id)))


def kinds(engine: Engine) -> list[str]:
    with reading(engine) as connection:
        return list(connection.scalars(select(tables.review.c.kind).order_by(tables.review.c.at)))


def test_cram_leaves_every_memory_alone_and_tells_nothing(seen: Engine, clock: Clock) -> None:
    before, day = memories(seen), study_day(clock())
    sitting = Sitting(desk_of(seen, clock), Plan(ReviewKind.CRAM, all_seen))
    asked = sitting.counts.total
    assert asked > 5
    number = 0
    while sitting.view is not None:
        kept = sitting.view.memory
        assert set(sitting.options().values()) == {kept}
        assert sitting.rate(RATINGS[number % 4]).memory == kept
        number += 1
    assert number == asked
    assert memories(seen) == before
    assert kinds(seen)[-asked:] == ["cram"] * asked
    assert sitting.summary().remembered.n == 0
    with reading(seen) as connection:
        assert stats.retention(connection, day, day, learner=1).n == 0
        due = queue.load(connection, clock(), Settings(), learner=1).counts()
    assert due == Sitting(desk_of(seen, clock), DUE).counts
    assert sitting.summary().left == due
    assert sitting.undo() is not None
    assert memories(seen) == before
    assert sitting.view is not None


def test_what_was_crammed_is_not_asked_again_in_a_queue_that_is_read_again(
    seen: Engine, clock: Clock
) -> None:
    sitting = Sitting(desk_of(seen, clock), Plan(ReviewKind.CRAM, all_seen, End(cards=3)))
    first = sitting.view
    assert first is not None
    sitting.rate(Rating.AGAIN)
    sitting.refresh()
    rest = ask(sitting)
    sitting.go_on()
    asked = [first.id, *rest, *ask(sitting)]
    assert len(set(asked)) == len(asked) == 6
    assert sitting.undo() is not None
    assert sitting.view is not None
    assert sitting.view.id == asked[-1]


def test_a_new_card_that_is_crammed_stays_new(engine: Engine, clock: Clock) -> None:
    sitting = Sitting(desk_of(engine, clock), Plan(ReviewKind.CRAM, DUE.load))
    sitting.rate(Rating.GOOD)
    assert (memories(engine), kinds(engine)) == ([], ["cram"])


def test_ahead_is_a_review_of_its_kind(seen: Engine, clock: Clock) -> None:
    sitting = Sitting(desk_of(seen, clock), Plan(ReviewKind.AHEAD, all_seen, End(cards=2)))
    foreseen = sitting.options()[Rating.GOOD]
    assert sitting.view is not None
    first = sitting.view.id
    after = sitting.rate(Rating.GOOD).memory
    assert (after.due, after.stability) == (foreseen.due, foreseen.stability)
    with reading(seen) as connection:
        assert log.read_memory(connection, first, learner=1) == after
    ask(sitting)
    assert kinds(seen)[-2:] == ["ahead", "ahead"]
    assert len(sitting.done) == 2


def test_custom_study_ends_after_so_many_cards_and_goes_on_with_as_many(
    seen: Engine, clock: Clock
) -> None:
    sitting = Sitting(desk_of(seen, clock), Plan(ReviewKind.STUDY, DUE.load, End(cards=3)))
    assert sitting.ends is None
    first = sitting.view
    assert first is not None
    sitting.rate(Rating.AGAIN)
    sitting.refresh()  # what was begun keeps its step, and takes no other card's place
    assert len(ask(sitting, Rating.EASY)) == 3
    assert len({done.card for done in sitting.done}) == 3
    sitting.go_on()
    assert len(ask(sitting, Rating.EASY)) == 3
    assert len({done.card for done in sitting.done}) == 6
    assert set(kinds(seen)[-7:]) == {"study"}


def test_time_alone_can_end_a_sitting(seen: Engine, clock: Clock) -> None:
    plan = Plan(ReviewKind.STUDY, DUE.load, End(time=timedelta(minutes=2)))
    sitting = Sitting(desk_of(seen, clock), plan)
    total = sitting.counts.total
    sitting.rate(Rating.EASY)
    assert (sitting.counts.total, sitting.over) == (total - 1, False)
    clock.forward(minutes=2)
    with pytest.raises(StudyError, match="Time is up"):
        sitting.rate(Rating.EASY)
    assert kinds(seen).count("study") == len(cards(seen)) + 1
