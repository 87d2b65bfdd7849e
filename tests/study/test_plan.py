"""Plans of a sitting: five questions in five minutes; cram, ahead and custom study are plans."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, insert, select, update

from studyapp.config import Settings
from studyapp.errors import StudyError
from studyapp.memory.clock import study_day
from studyapp.memory.fold import ReviewKind
from studyapp.memory.scheduler import Parameters
from studyapp.memory.state import Rating
from studyapp.store import log, sync, tables
from studyapp.store.engine import reading, writing
from studyapp.store.memory import read_memory
from studyapp.store.parameters import read_history
from studyapp.study import aside, offer, queue, review, stats
from studyapp.study.fading import fading
from studyapp.study.plan import (
    DUE,
    FIVE,
    GROUNDED,
    LEECHES,
    TO_MEND,
    End,
    Plan,
    ahead,
    cram,
)
from studyapp.study.sitting import Sitting
from studyapp.study.summary import summary_lines
from studyapp.study.undo import Newest, undo
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
        parameters = read_history(connection, learner=1)[-1].parameters
        kept = {
            card_id: parameters.retrievability(
                read_memory(connection, card_id, learner=1), clock().date()
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
        assert read_memory(connection, sitting.view.id, learner=1) == before
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
    return fading(connection, now, learner=learner)


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
        assert read_memory(connection, first, learner=1) == after
    ask(sitting)
    assert kinds(seen)[-2:] == ["ahead", "ahead"]
    assert len(sitting.done) == 2


def test_a_cram_asks_all_that_was_met_of_a_chapter_once(seen: Engine, clock: Clock) -> None:
    """Siblings too, and what was rated today, but nothing that is set aside."""
    (first, _), (second, _), *_ = cards(seen)
    with writing(seen) as connection:
        review.suspend(connection, first, clock(), learner=1)
        last = read_memory(connection, second, learner=1).last_review
        review.answer(connection, second, last, Rating.AGAIN, clock(), learner=1)
    sitting = Sitting(desk_of(seen, clock), cram(1))
    shown = ask(sitting, Rating.AGAIN)
    assert sorted(shown) == sorted(card for card, _ in cards(seen) if card != first)
    families = [dict(cards(seen))[card] for card in shown]
    each = len(set(families))
    assert len(families[:each]) == len(set(families[:each])) < len(families)
    assert not sitting.has_more
    assert Sitting(desk_of(seen, clock), cram(2)).view is None


@pytest.mark.parametrize("plan", [cram(), ahead(100), FIVE, LEECHES, TO_MEND])
def test_a_chosen_sitting_takes_back_what_it_did_and_nothing_else(
    plan: Plan, seen: Engine, clock: Clock
) -> None:
    """A review of before would be rated as a cram, marks of before are what it asks."""
    for card, _ in cards(seen)[::5]:
        with writing(seen) as connection:
            last = read_memory(connection, card, learner=1).last_review
            for _ in range(5):
                last = review.answer(
                    connection, card, last, Rating.AGAIN, clock(), learner=1
                ).memory.last_review
            soon = study_day(clock()) + timedelta(days=5)
            review.set_due(connection, card, soon, clock(), learner=1)
            review.mark(connection, card, clock(), learner=1)
    clock.forward(days=1)
    before, sitting = standing(seen), Sitting(desk_of(seen, clock), plan)
    assert sitting.view is not None
    first = sitting.view.id
    sitting.mark()
    sitting.rate(Rating.AGAIN)
    if sitting.view is not None:
        sitting.suspend()
    clock.forward(minutes=1)
    if not plan.changes:
        shown = sitting.view and sitting.view.id
        sitting.ask_missed()
        undone = sitting.undo()
        assert undone is not None
        assert undone.what == "another date"
        assert (sitting.view and sitting.view.id) == shown  # which the cram has asked
    while (found := newest_of(sitting)) is not None:
        undone = sitting.undo()
        assert undone is not None
        assert undone.what in found.told
    assert standing(seen) == before
    assert sitting.view is not None
    assert sitting.view.id == first
    for refused in (sitting.newest, sitting.undo):
        with pytest.raises(StudyError, match="undo it on Today"):
            refused()
    assert standing(seen) == before
    assert sitting.view.id == first


def standing(engine: Engine) -> tuple[list[object], set[int]]:
    """All that a sitting may have changed of cards."""
    with reading(engine) as connection:
        return memories(engine), aside.marked(connection, learner=1)


def newest_of(sitting: Sitting) -> Newest | None:
    """What it would take back; None where that is not for it."""
    try:
        return sitting.newest()
    except StudyError:
        return None


def test_a_cram_that_is_taken_back_elsewhere_is_not_asked_as_a_review(
    engine: Engine, clock: Clock
) -> None:
    with writing(engine) as connection:
        review.answer(connection, 1, None, Rating.EASY, clock(), learner=1)
    before = memories(engine)
    assert ask(Sitting(desk_of(engine, clock), cram())) == [1]
    today = Sitting(desk_of(engine, clock))
    undone = today.undo()
    assert undone is not None
    assert (undone.card, undone.rating) == (1, Rating.GOOD)
    assert today.view is not None
    assert today.view.id != 1
    assert memories(engine) == before


def test_what_a_cram_has_missed_can_be_made_due(seen: Engine, clock: Clock) -> None:
    sitting = Sitting(desk_of(seen, clock), cram(1))
    sitting.rate(Rating.AGAIN, due_on=sitting.tomorrow())
    sitting.rate(Rating.GOOD)
    assert [one.card for one in sitting.done][:1] == sitting.missed
    assert "No rating of a cram changes your schedule." in summary_lines(sitting.summary(), clock())
    before = memories(seen)
    sitting.ask_missed()
    with reading(seen) as connection:
        assert read_memory(connection, sitting.missed[0], learner=1).due == study_day(clock())
    with writing(seen) as connection:
        undo(connection, clock(), learner=1)
    assert memories(seen) == before


def test_ahead_asks_what_comes_soon_with_the_days_that_have_passed(
    seen: Engine, clock: Clock
) -> None:
    clock.forward(days=-6)
    with reading(seen) as connection:
        known = {card: read_memory(connection, card, learner=1) for card, _ in cards(seen)}
    today = study_day(clock())
    soon = {card for card, one in known.items() if one.due and 0 < (one.due - today).days <= 9}
    families = dict(cards(seen))
    asked = {families[card] for card, one in known.items() if one.due and one.due <= today}
    sitting = Sitting(desk_of(seen, clock), ahead(9))
    assert sitting.view is not None
    before = sitting.view.memory
    after = sitting.rate(Rating.GOOD).memory
    expected = Parameters().review(
        before, Rating.GOOD, clock(), card=sitting.done[0].view.uid, uid=b""
    )
    assert (after.stability, after.last_day) == (expected.stability, today)
    assert after.due is not None
    assert (after.due - today).days in Parameters().allowed(before, after)
    shown = [sitting.done[0].card, *ask(sitting)]
    assert set(shown) <= soon
    assert {families[card] for card in shown} == {families[card] for card in soon} - asked
    assert "new dates for" in " ".join(summary_lines(sitting.summary(), clock()))


def test_ahead_makes_no_card_wait_that_is_due_today(engine: Engine, clock: Clock) -> None:
    (one, family), (other, _), (third, _) = cards(engine)[:3]
    today = study_day(clock())
    with writing(engine) as connection:
        column = tables.card.c
        connection.execute(update(tables.card).where(column.id == other).values(family=family))
        for card, days in ((one, 2), (other, 3), (third, 3)):
            review.answer(connection, card, None, Rating.EASY, clock(), learner=1)
            review.set_due(connection, card, today + timedelta(days=days), clock(), learner=1)
    clock.forward(days=2)
    assert ask(Sitting(desk_of(engine, clock), ahead(1))) == [third]
    with writing(engine) as connection:  # which is not asked, and need not wait
        review.suspend(connection, one, clock(), learner=1)
    assert ask(Sitting(desk_of(engine, clock), ahead(1))) == [other]


def test_what_slips_and_what_is_to_mend_are_asked_alone(seen: Engine, clock: Clock) -> None:
    (first, family), *others = cards(seen)
    second = next(card for card, of in others if of != family)
    for plan in (LEECHES, TO_MEND, GROUNDED):
        assert Sitting(desk_of(seen, clock), plan).view is None
    with writing(seen) as connection:
        for _ in range(5):
            last = read_memory(connection, first, learner=1).last_review
            review.answer(connection, first, last, Rating.AGAIN, clock(), learner=1)
        review.mark(connection, second, clock(), learner=1)
    assert Sitting(desk_of(seen, clock), LEECHES).view is None  # it was rated today
    clock.forward(days=1)
    assert ask(Sitting(desk_of(seen, clock), LEECHES)) == [first]
    assert ask(Sitting(desk_of(seen, clock), TO_MEND)) == [second]
    assert kinds(seen)[-2:] == ["ahead", "ahead"]


def test_an_offer_says_why_it_asks_no_more(seen: Engine, content: Path, clock: Clock) -> None:
    """Two of a family and another one: what was rated today, and what waits for one like it."""
    path = content / "1" / "questionnaire.md"
    ends = [f"- [ ] extra: second of q0{number}\n\n<!-- section: 1.1" for number in range(3)]
    text = path.read_text()
    for end, family in zip(ends, ("twins", "twins", "other"), strict=True):
        text = text.replace(end, f"{end}, family: {family}")
    path.write_text(text)
    card, note = tables.card.c, tables.note.c
    with writing(seen) as connection:
        sync.sync(connection, [content], clock())
        of = select(note.name, card.id).join(tables.note, note.id == card.note_id)
        ids = {name: one for name, one in connection.execute(of) if name in ("q00", "q01", "q02")}
        for one in ids.values():
            review.mark(connection, one, clock(), learner=1)

    def told() -> str:
        with reading(seen) as connection:
            offers = offer.read(connection, clock(), Settings(), learner=1)
        return next(one.told for one in offers if one.plan is TO_MEND)

    def rate(name: str) -> None:
        with writing(seen) as connection:
            last = read_memory(connection, ids[name], learner=1).last_review
            review.answer(connection, ids[name], last, Rating.GOOD, clock(), learner=1)

    assert told() == "2 cards, about 1 minute; 1 waits for a card like it"
    rate("q01")
    assert told() == "1 card, about 1 minute; 1 rated today; 1 waits for a card like it"
    rate("q02")
    assert told() == "nothing to ask now; 2 rated today; 1 waits for a card like it"


def test_what_an_experiment_of_today_grounds_is_asked(
    seen: Engine, content: Path, clock: Clock
) -> None:
    """What links it, and what names it by a tag; nothing on the next day."""
    path = content / "1" / "questionnaire.md"
    text = path.read_text().replace("It is q00.", "[It](lesson:probe) is q00.")
    comment = "- [ ] extra: second of q01\n\n<!-- section: 1.1"
    path.write_text(text.replace(comment, f"{comment}, tags: topic:probe"))
    with writing(seen) as connection:
        sync.sync(connection, [content], clock())
        keep_run(connection, "probe", clock())
        keep_run(connection, "another", clock())
    asked = Sitting(desk_of(seen, clock), GROUNDED)
    names = {asked.view.note.id} if asked.view else set()
    asked.rate(Rating.GOOD)
    names |= {asked.view.note.id} if asked.view else set()
    asked.rate(Rating.GOOD)
    assert (names, asked.view) == ({"q00", "q01"}, None)
    clock.forward(days=1)
    assert Sitting(desk_of(seen, clock), GROUNDED).view is None


def keep_run(connection: Connection, lesson: str, now: datetime) -> None:
    connection.execute(
        insert(tables.run).values(
            uid=log.new_uid(),
            learner_id=1,
            lesson=lesson,
            pack="test",
            version=1,
            knobs={},
            canonical="{}",
            seconds=1.0,
            outcome="result",
            started_at=log.utc(now),
            finished_at=log.utc(now),
            offset=0,
            day=study_day(now),
        )
    )


def test_an_offer_says_what_its_sitting_asks(seen: Engine, clock: Clock) -> None:
    settings = Settings()
    with reading(seen) as connection:
        offers = offer.read(connection, clock(), settings, learner=1)
    assert [one.name for one in offers][-1] == "Cram chapter 1"
    for one in offers:
        sitting = Sitting(desk_of(seen, clock), one.plan)
        assert sitting.counts.total == one.cards
        assert one.told.startswith("nothing to ask now") == (sitting.view is None)
        assert one.plan.name


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
