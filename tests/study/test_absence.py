"""The first day back after a while: what is told of it, and whether its day comes true."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from studyapp.config import Settings
from studyapp.memory.clock import study_day
from studyapp.memory.scheduler import Parameters
from studyapp.memory.state import Memory, Rating, State
from studyapp.store import sync, tables
from studyapp.store.engine import reading, writing
from studyapp.store.memory import write_memory
from studyapp.study import exam, today
from studyapp.study.sitting import Sitting
from studyapp.study.today import Overview
from tests_support import Clock, desk_of, question, questionnaire

SHORT = Settings(minutes_a_day=4, new_a_day=0)
ROOMY = Settings(minutes_a_day=600, new_a_day=999)


def overview(engine: Engine, clock: Clock, settings: Settings) -> Overview:
    with reading(engine) as connection:
        return today.overview(connection, clock(), settings, learner=1)


def study(engine: Engine, clock: Clock, settings: Settings, draw: random.Random) -> None:
    """A day's sitting, 15 seconds a card; of these so many are forgotten as are to be expected."""
    sitting = Sitting(desk_of(engine, clock, settings))
    while (view := sitting.view) is not None:
        known = Parameters().retrievability(view.memory, study_day(clock()))
        clock.forward(seconds=15)
        sitting.rate(Rating.AGAIN if draw.random() > (known or 1.0) else Rating.GOOD)


@pytest.fixture
def learnt(engine: Engine, content: Path, clock: Clock) -> Engine:
    """60 cards that were seen on two days."""
    notes = (question(f"b{number}") for number in range(45))
    (content / "1" / "more.md").write_text(questionnaire(*notes))
    with writing(engine) as connection:
        sync.sync(connection, [content], clock())
    for _ in range(2):
        study(engine, clock, ROOMY, random.Random(0))
        clock.forward(days=3)
    return engine


def test_the_day_on_which_nothing_waits_comes_true(learnt: Engine, clock: Clock) -> None:
    """The forecast, which takes no card as forgotten, would promise it earlier."""
    clock.forward(days=37)
    view, draw = overview(learnt, clock, SHORT), random.Random(0)
    assert view.absence is not None
    assert (view.absence.days, view.absence.due) == (40, 60)
    assert view.absence.until is not None
    while overview(learnt, clock, SHORT).waiting:
        study(learnt, clock, SHORT, draw)
        clock.now = clock.now.replace(hour=9, minute=0)
        clock.forward(days=1)
    assert abs((clock().date() - view.absence.until).days) <= 1
    assert sum(view.forecast[:4]) == 60
    assert (view.absence.until - view.day).days > 3


def test_an_absence_is_told_on_the_first_day_alone(learnt: Engine, clock: Clock) -> None:
    clock.forward(days=3)
    assert overview(learnt, clock, SHORT).absence is None  # a few days are nothing to speak of
    clock.forward(days=15)
    view = overview(learnt, clock, SHORT)
    assert view.absence is not None
    told = view.absence.told(4)
    assert told.startswith(
        "Back after 3 weeks: nothing is lost. 60 cards are due, and come over the next days within "
        "4 minutes a day: first those you remember best, which take the least to keep; by about "
    )
    assert " none waits, with 5 minutes more a day by " in told
    assert told.endswith(". New cards come after that.")
    backlog = view.backlog
    assert backlog is not None
    assert view.day < backlog.sooner < backlog.until == view.absence.until
    roomy = overview(learnt, clock, ROOMY).absence
    assert roomy is not None
    assert roomy.told(600) == (
        "Back after 3 weeks: nothing is lost. All that is due fits in today's 600 minutes."
    )
    held = replace(roomy, due=90, siblings=44)
    assert held.told(600) == (
        "Back after 3 weeks: nothing is lost. 46 of the 90 cards that are due come today; "
        "cards whose answers these give away come on other days."
    )
    study(learnt, clock, SHORT, random.Random(0))
    assert overview(learnt, clock, SHORT).absence is not None
    clock.forward(days=1)
    assert overview(learnt, clock, SHORT).absence is None


def test_with_an_exam_new_cards_do_not_wait_and_the_day_comes_true(
    learnt: Engine, content: Path, clock: Clock
) -> None:
    notes = (question(f"c{number}", chapter=2) for number in range(18))
    (content / "2" / "more.md").write_text(questionnaire(*notes, chapter=2))
    clock.forward(days=20)
    with writing(learnt) as connection:
        sync.sync(connection, [content], clock())
        day = study_day(clock()) + timedelta(days=9)
        exam.plan(connection, day, 6, (1, 2), clock(), learner=1)
    view, draw = overview(learnt, clock, SHORT), random.Random(0)
    assert view.counts.new >= 4  # which take a third of the time
    assert view.absence is not None
    assert view.backlog is not None
    assert view.backlog.until is not None
    assert view.absence.told(6).endswith(f"{view.backlog.told()}. The plan to the exam goes on.")
    while overview(learnt, clock, SHORT).waiting:
        study(learnt, clock, SHORT, draw)
        clock.now = clock.now.replace(hour=9, minute=0)
        clock.forward(days=1)
    assert abs((clock().date() - view.backlog.until).days) <= 1
    assert (view.backlog.until - view.day).days > 3


@pytest.fixture
def young(engine: Engine, content: Path, clock: Clock) -> Engine:
    """80 hard cards of a few days each that have been due for weeks."""
    notes = (question(f"b{number}") for number in range(60))
    (content / "1" / "more.md").write_text(questionnaire(*notes))
    draw, day = random.Random(0), study_day(clock())
    with writing(engine) as connection:
        sync.sync(connection, [content], clock())
        for one in connection.scalars(select(tables.card.c.id)).all():
            rated = day - timedelta(days=draw.randrange(15, 30))
            memory = Memory(
                State.REVIEW,
                stability=draw.uniform(1, 4),
                difficulty=draw.uniform(6, 9),
                due=rated + timedelta(days=3),
                first_day=rated,
                last_day=rated,
            )
            write_memory(connection, one, memory, learner=1)
    return engine


def test_what_comes_back_meanwhile_is_reckoned_with(young: Engine, clock: Clock) -> None:
    """What is answered of young cards is due again while the others wait."""
    short = replace(SHORT, minutes_a_day=3)
    view, draw = overview(young, clock, short), random.Random(0)
    assert view.backlog is not None
    assert view.backlog.until is not None
    assert view.backlog.sooner is not None
    assert not any(view.forecast[7:])  # which takes it as done
    while overview(young, clock, short).waiting:
        study(young, clock, short, draw)
        clock.now = clock.now.replace(hour=9, minute=0)
        clock.forward(days=1)
    assert abs((clock().date() - view.backlog.until).days) <= 3
    assert (view.backlog.until - view.day).days > 14
    assert view.backlog.sooner < view.backlog.until - timedelta(days=7)


def test_what_is_too_far_to_tell_says_so(
    young: Engine, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("studyapp.study.backlog.FARTHEST", 60)
    minute = overview(young, clock, replace(SHORT, minutes_a_day=1)).backlog
    assert minute is not None
    told = "some will wait half a year from now, with 5 minutes more a day"
    assert minute.told().startswith(f"{told} none by about ")
    assert replace(minute, sooner=None).told() == f"{told} as well"
    later = replace(minute, until=date(2027, 2, 3), sooner=date(2026, 12, 24))
    assert later.told() == (
        "by about Wed 3 Feb 2027 none waits, with 5 minutes more a day by Thu 24 Dec"
    )
