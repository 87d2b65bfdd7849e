"""Numbers that agree: on Today, in a sitting, at its end, in `due`, tomorrow, in the forecast."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, or_, select

from studyapp.config import Settings
from studyapp.errors import StudyError
from studyapp.memory.clock import study_day
from studyapp.memory.fold import ReviewKind
from studyapp.memory.scheduler import Parameters
from studyapp.memory.state import Rating, State
from studyapp.store import log, sync, tables
from studyapp.store.engine import reading, writing
from studyapp.store.memory import read_memory
from studyapp.study import exam, pause, queue, review, stats, today
from studyapp.study.counts import Counts
from studyapp.study.grading import Grade
from studyapp.study.library import start_chapter
from studyapp.study.plan import FIVE, ahead, cram
from studyapp.study.questionnaire.attempt import Attempt
from studyapp.study.queue import Fewer
from studyapp.study.sitting import Sitting
from studyapp.study.today import Overview
from tests_support import Clock, desk_of, question, questionnaire

memory = tables.memory.c


@pytest.fixture
def families(engine: Engine, content: Path, clock: Clock) -> Engine:
    """The content with families of three among it, and terms that are told apart."""
    twins = (question(f"f{n}", family=f"twins{n % 4}") for n in range(12))
    apart = question("contrast", family="terms").replace("family:", "tags: contrast, family:")
    (content / "1" / "families.md").write_text(questionnaire(*twins, apart))
    terms = (f"## {name} {{#{name}}}\n\n{name}.\n\n<!-- family: terms -->" for name in "abc")
    (content / "1" / "terms.md").write_text(
        questionnaire(*terms).replace("kind: questionnaire", "kind: jargon")
    )
    with writing(engine) as connection:
        sync.sync(connection, [content], clock())
    return engine


def overview(engine: Engine, clock: Clock, settings: Settings) -> Overview:
    with reading(engine) as connection:
        return today.overview(connection, clock(), settings, learner=1)


def held(sitting: Sitting) -> tuple[Counts, int, int]:
    return sitting.counts, sitting.waiting, sitting.siblings


def of_today(engine: Engine, clock: Clock, settings: Settings) -> tuple[Counts, int, int]:
    told = overview(engine, clock, settings)
    return told.counts, told.waiting, told.siblings


def all_due(engine: Engine, clock: Clock) -> int:
    """Cards that are due by their dates alone, of chapters that go on."""
    day, card = study_day(clock()), tables.card.c
    with reading(engine) as connection:
        held = pause.paused(connection, learner=1)
        found = connection.scalar(
            select(func.count()).where(
                memory.card_id.in_(select(card.id).where(card.chapter_id.not_in(list(held)))),
                memory.due <= day,
                memory.state != State.NEW,
                memory.suspended.is_(False),
                or_(memory.buried_until.is_(None), memory.buried_until <= day),
            )
        )
    return found or 0


def is_explained(told: Overview, settings: Settings) -> bool:
    """Whether each new card that does not come today has its reason; to an exam there is none."""
    fewer = told.fewer
    if told.exam is not None:
        return fewer == Fewer()
    if fewer.behind:
        return told.waiting > 0 == told.counts.new
    lacking = fewer.met + fewer.late + fewer.alike + fewer.missing
    return told.counts.new + lacking == settings.new_a_day


def study_a_while(sitting: Sitting, clock: Clock, draw: random.Random) -> Iterator[bool]:
    """Rate, set aside and undo until the queue is empty or one has had enough; at each card says
    whether it comes as it would if one sat down anew."""
    for _ in range(draw.choice((0, 3, 12, 200))):
        if sitting.view is None:
            return
        clock.forward(seconds=draw.choice((2, 8, 30, 90)))
        chance = draw.random()
        if chance > 0.94:  # the card is in front again, be there time or not, until it is rated
            sitting.undo()
        elif chance < 0.04:
            sitting.bury()
        elif chance < 0.06:
            sitting.suspend()
        elif chance < 0.12 and sitting.view.memory.state is State.NEW:
            sitting.know()
        else:
            sitting.rate(draw.choices(list(Rating), (2, 1, 6, 1))[0])
        yield chance <= 0.94


def take_back_what_was_rated_elsewhere(
    sitting: Sitting, engine: Engine, clock: Clock, draw: random.Random
) -> None:
    """A new card that a section's text asked, say: in front it has the place of another one."""
    card = tables.card.c
    met = select(memory.card_id).where(memory.state != State.NEW)
    with writing(engine) as connection:
        new = connection.scalars(select(card.id).where(card.id.not_in(met)).order_by(card.id)).all()
        if not new:
            return
        review.answer(connection, draw.choice(new), None, Rating.GOOD, clock(), learner=1)
    sitting.refresh()
    sitting.undo()
    counts = of_today(engine, clock, sitting.desk.settings)[0]
    assert sitting.counts.total == counts.total + (not counts.new)
    sitting.refresh()


def choose_a_while(engine: Engine, clock: Clock, settings: Settings, draw: random.Random) -> None:
    """Now and then some of what can be chosen, whose end says what Today does; a cram leaves all
    that Today counts as it was."""
    chosen, before = draw.choice((cram(), ahead(3), None)), of_today(engine, clock, settings)
    if chosen is None:
        return
    sitting = Sitting(desk_of(engine, clock, settings), chosen)
    for _ in range(draw.choice((2, 5, 100))):
        if sitting.view is not None:
            clock.forward(seconds=draw.choice((2, 8)))
            sitting.rate(draw.choices(list(Rating), (2, 1, 6, 1))[0])
    after, summary = of_today(engine, clock, settings), sitting.summary()
    assert (summary.left, summary.waiting, summary.siblings) == after
    assert chosen.changes or after == before


def plan_or_not(engine: Engine, clock: Clock, draw: random.Random) -> None:
    """An exam some days ahead, about something; now and then it is called off."""
    ahead = study_day(clock()) + timedelta(days=draw.randint(1, 5))
    chapters = draw.choice(((), (1,), (2,), (1, 2)))
    with suppress(StudyError), writing(engine) as connection:
        if draw.random() < 0.2:
            exam.call_off(connection, clock(), learner=1)
        elif draw.random() < 0.7:
            exam.plan(connection, ahead, draw.choice((1, 2, 5)), chapters, clock(), learner=1)


def pause_or_go_on(engine: Engine, clock: Clock, draw: random.Random) -> None:
    """Now and then, a chapter or all of them."""
    change = draw.choice((pause.pause, pause.resume, pause.resume))
    with suppress(StudyError), writing(engine) as connection:
        change(connection, draw.choice((None, 1, 2)), clock(), learner=1)


@pytest.mark.parametrize(("seed", "is_exam"), [(0, False), (1, False), (4, True), (5, True)])
def test_every_place_tells_the_same(
    seed: int, is_exam: bool, families: Engine, clock: Clock
) -> None:
    """Over random days: a sitting counts what Today counts; what is due is all there, in the queue
    or waiting; and tomorrow asks what was announced, today's rest with it. To an exam, too, where
    cards are asked that are not due."""
    draw = random.Random(seed)
    settings = Settings(minutes_a_day=draw.choice((1, 2, 5, 20)), new_a_day=draw.choice((3, 10)))
    announced = None
    with writing(families) as connection:
        start_chapter(connection, 2, clock(), learner=1)
    start = Sitting(desk_of(families, clock, Settings(minutes_a_day=600, new_a_day=99)))
    while start.view is not None:
        clock.forward(seconds=3)
        start.rate(draw.choice((Rating.GOOD, Rating.GOOD, Rating.EASY)))
    clock.forward(days=draw.choice((3, 12)))
    for _ in range(5):
        told = overview(families, clock, settings)
        if announced is not None:
            assert told.counts == announced
        pause_or_go_on(families, clock, draw)
        if is_exam:
            plan_or_not(families, clock, draw)
        choose_a_while(families, clock, settings, draw)
        assert is_explained(overview(families, clock, settings), settings)
        sitting = Sitting(desk_of(families, clock, settings))
        take_back_what_was_rated_elsewhere(sitting, families, clock, draw)
        for as_anew in study_a_while(sitting, clock, draw):
            counts, waiting, siblings = held(sitting)
            if as_anew:
                assert (counts, waiting, siblings) == of_today(families, clock, settings)
            due = counts.total - counts.new - sitting.spare
            assert all_due(families, clock) == due + waiting + siblings
        summary = sitting.summary()
        assert (summary.left, summary.waiting, summary.siblings) == held(sitting)
        told = overview(families, clock, settings)
        assert (told.exam.spare if told.exam else 0) == sitting.spare
        assert told.forecast[0] == told.counts.learning + told.counts.review
        assert is_explained(told, settings)
        if told.tomorrow is None:
            assert told.forecast[1] == summary.coming
        announced = summary.tomorrow.counts
        if told.tomorrow is not None:
            assert told.tomorrow == summary.tomorrow
            assert told.forecast[1] == announced.learning + announced.review
        with reading(families) as connection:
            due = today.due(connection, clock(), settings, learner=1)
            in_all = today.due_in_all(connection, clock(), settings, learner=1)
        assert in_all == due["new"] + due["learning"] + due["review"] == told.counts.total
        assert due["tomorrow"]["new"] == announced.new
        assert sum(row["review"] for row in due["chapters"]) == due["review"] == told.counts.review
        clock.forward(days=1)


@pytest.mark.parametrize("seed", range(4))
def test_the_day_keeps_its_time(seed: int, families: Engine, clock: Clock) -> None:
    """However long cards take, a sitting ends when the day's time is gone, steps aside; what it
    leaves, Today does not offer."""
    draw = random.Random(seed)
    settings = Settings(minutes_a_day=2, new_a_day=10)
    roomy = Settings(minutes_a_day=600, new_a_day=99)
    start = Sitting(desk_of(families, clock, roomy))
    while start.view is not None:
        start.rate(Rating.GOOD)
        clock.forward(minutes=11)
        start.refresh()
    clock.forward(days=40)
    seconds = (4, 15, 50)[seed % 3]
    sitting = Sitting(desk_of(families, clock, settings))
    while sitting.view is not None:
        clock.forward(seconds=seconds)
        sitting.rate(draw.choice((Rating.GOOD, Rating.EASY)))
    told = overview(families, clock, settings)
    assert told.counts.total == 0
    if told.waiting:
        assert 120 - told.spent < 15
    assert told.spent < 120 + seconds
    with reading(families) as connection:
        assert queue.load(connection, clock(), settings, learner=1, more=1).counts().total or (
            not told.waiting
        )


def test_undo_counts_a_card_that_a_section_asked_among_those_of_the_day(
    engine: Engine, clock: Clock
) -> None:
    settings = Settings(new_a_day=4)
    with writing(engine) as connection:
        last = connection.scalars(select(func.max(tables.card.c.id))).one()
        review.answer(connection, last, None, Rating.GOOD, clock(), learner=1)
    sitting = Sitting(desk_of(engine, clock, settings))
    sitting.rate(Rating.EASY)
    sitting.undo()
    sitting.undo()
    assert sitting.view is not None
    assert sitting.view.id == last
    assert sitting.counts == Counts(new=4) == of_today(engine, clock, settings)[0]


def test_what_was_known_costs_nothing_of_the_days_new_cards(engine: Engine, clock: Clock) -> None:
    sitting = Sitting(desk_of(engine, clock, Settings(new_a_day=4)))
    for _ in range(5):
        sitting.know()
    assert sitting.counts == Counts(new=4)
    sitting.rate(Rating.EASY)
    assert sitting.counts == Counts(new=3)
    assert of_today(engine, clock, Settings(new_a_day=4))[0] == Counts(new=3)


@pytest.mark.parametrize("ahead", [timedelta(hours=3), timedelta(days=1095)])
@pytest.mark.parametrize("act", ["rate", "bury", "setting"])
def test_what_was_done_while_the_clock_was_ahead_takes_nothing_of_the_day(
    act: str, ahead: timedelta, engine: Engine, clock: Clock
) -> None:
    desk = desk_of(engine, clock, Settings(new_a_day=4))
    clock.now += ahead
    sitting = Sitting(desk)
    if act == "rate":
        sitting.rate(Rating.GOOD)
        sitting.undo()
    elif act == "bury":
        sitting.bury()
        sitting.undo()
    else:
        with writing(engine) as connection:
            log.adopt(connection, Parameters(desired_retention=0.8), clock(), learner=1)
    clock.now += timedelta(minutes=1) - ahead
    sitting = Sitting(desk)
    assert sitting.counts == Counts(new=4)
    promised = sitting.options()[Rating.EASY].due
    assert sitting.rate(Rating.EASY).memory.due == promised
    assert promised is not None
    assert promised - study_day(clock()) < timedelta(days=60)
    assert Sitting(desk).counts == Counts(new=3)
    with reading(engine) as connection:
        assert stats.streak(connection, study_day(clock()), learner=1) == 1


@pytest.mark.parametrize("kind", [ReviewKind.ATTEMPT, ReviewKind.INTERVIEW, ReviewKind.CRAM])
def test_an_attempt_pushes_nothing_out_of_the_day(
    kind: ReviewKind, engine: Engine, clock: Clock
) -> None:
    settings = Settings(minutes_a_day=2, new_a_day=0)
    with writing(engine) as connection:
        for card in range(7, 15):
            review.answer(connection, card, None, Rating.EASY, clock(), learner=1)
    clock.forward(days=60)
    before = overview(engine, clock, settings)
    assert before.counts.review == 8
    with writing(engine) as connection:
        seen = read_memory(connection, 7, learner=1).last_review
        review.answer(
            connection,
            7,
            seen,
            Rating.GOOD,
            clock(),
            kind=kind,
            duration=timedelta(minutes=4),
            learner=1,
        )
    after = overview(engine, clock, settings)
    assert (after.waiting, after.spent, after.apart) == (0, 0, 240)
    assert after.counts.review == (8 if kind is ReviewKind.CRAM else 7)


def test_pauses_are_left_out_and_long_work_is_not(engine: Engine, clock: Clock) -> None:
    sitting = Sitting(desk_of(engine, clock))
    for _ in range(6):  # writing for three minutes
        clock.forward(seconds=30)
        sitting.touched()
    clock.forward(hours=2)
    sitting.rate(Rating.EASY)
    clock.forward(hours=-3)
    sitting.touched()
    clock.forward(seconds=10)
    sitting.rate(Rating.EASY)
    assert [one.milliseconds for one in sitting.done] == [240_000, 10_000]


def test_five_minutes_stay_five_when_the_clock_is_set_back(engine: Engine, clock: Clock) -> None:
    with writing(engine) as connection:
        for card in range(7, 15):
            review.answer(connection, card, None, Rating.EASY, clock(), learner=1)
    clock.forward(days=9)
    sitting = Sitting(desk_of(engine, clock), FIVE)
    clock.forward(seconds=10)
    sitting.touched()
    clock.forward(hours=-1)
    sitting.rate(Rating.GOOD)
    clock.forward(minutes=4)
    assert not sitting.over
    clock.forward(minutes=1)
    assert sitting.over


def test_a_questionnaire_leaves_pauses_out(engine: Engine, clock: Clock) -> None:
    attempt = Attempt(desk_of(engine, clock), 1)
    for text in ("It", "It is"):
        clock.forward(seconds=40)
        attempt.write(text)
    clock.forward(hours=3)
    attempt.reveal()
    clock.forward(hours=-1)
    attempt.grade(Grade.GOT)
    assert overview(engine, clock, Settings()).apart == 40 + 40 + 60


def test_a_card_that_undo_brings_makes_its_sibling_wait(families: Engine, clock: Clock) -> None:
    with reading(families) as connection:
        family = tables.card.c.family == "test:twins0"
        early, late = connection.scalars(select(tables.card.c.id).where(family)).all()[:2]
    with writing(families) as connection:
        review.answer(connection, early, None, Rating.GOOD, clock(), learner=1)
        clock.forward(days=1)
        review.answer(connection, late, None, Rating.EASY, clock(), learner=1)
    clock.forward(days=60)
    settings = Settings(new_a_day=0)
    with writing(families) as connection:
        seen = read_memory(connection, late, learner=1).last_review
        review.answer(connection, late, seen, Rating.GOOD, clock(), learner=1)
    sitting = Sitting(desk_of(families, clock, settings))
    assert held(sitting) == (Counts(), 0, 1)
    sitting.undo()
    assert sitting.view is not None
    assert sitting.view.id == late  # though the other one is more overdue
    sitting.rate(Rating.GOOD)
    assert held(sitting) == (Counts(), 0, 1) == of_today(families, clock, settings)
