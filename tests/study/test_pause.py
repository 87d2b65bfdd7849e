"""Pausing: nothing of it comes, no memory changes, and going on brings no flood."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import Engine, insert, select

from studyapp.commands.main import main
from studyapp.config import Settings
from studyapp.errors import StudyError
from studyapp.memory.state import Rating
from studyapp.store import log, tables
from studyapp.store.engine import reading, writing
from studyapp.study import aside, dates, library, note, pause, prompt, review, today, tracker
from studyapp.study.counts import Counts
from studyapp.study.plan import FIVE
from studyapp.study.sitting import Sitting
from studyapp.study.undo import newest, undo
from tests_support import START, Clock, desk_of

ROOMY = Settings(minutes_a_day=600, new_a_day=99)


def change(engine: Engine, clock: Clock, chapter: int | None, *, resume: bool = False) -> None:
    with writing(engine) as connection:
        (pause.resume if resume else pause.pause)(connection, chapter, clock(), learner=1)


def held(engine: Engine, learner: int = 1) -> list[int]:
    with reading(engine) as connection:
        return sorted(pause.paused(connection, learner=learner))


def overview(engine: Engine, clock: Clock, settings: Settings = ROOMY) -> today.Overview:
    with reading(engine) as connection:
        return today.overview(connection, clock(), settings, learner=1)


def memories(engine: Engine) -> list[object]:
    with reading(engine) as connection:
        return list(connection.execute(select(tables.memory).order_by(tables.memory.c.card_id)))


@pytest.fixture
def learnt(engine: Engine, clock: Clock) -> Engine:
    """Both chapters are started, and all of their cards were met."""
    with writing(engine) as connection:
        library.start_chapter(connection, 2, clock(), learner=1)
    sitting = Sitting(desk_of(engine, clock, ROOMY))
    while sitting.view is not None:
        clock.forward(seconds=5)
        sitting.rate(Rating.EASY)
    return engine


def test_nothing_of_a_paused_chapter_comes_or_is_counted(learnt: Engine, clock: Clock) -> None:
    clock.forward(days=40)
    before, kept = overview(learnt, clock), memories(learnt)
    change(learnt, clock, 1)
    told = overview(learnt, clock)
    first, second = told.chapters
    assert (first.counts, first.waiting, first.paused) == (Counts(), 0, clock().date())
    assert second == before.chapters[1]
    assert told.counts == second.counts == Counts(review=4)
    assert (before.forecast[0], told.forecast[0], sum(told.forecast)) == (19, 4, 4)
    assert told.paused is None  # the other one goes on
    five = Sitting(desk_of(learnt, clock), FIVE)
    while five.view is not None:
        assert five.view.chapter_id == 2
        five.rate(Rating.GOOD)
    with pytest.raises(
        StudyError, match=r"^Chapter 1 is paused since 2026-12-30; studyapp resume 1"
    ):
        library.check_chapter(desk_of(learnt, clock), "1")
    assert [
        row for row in memories(learnt) if row.card_id in {one.card_id for one in kept[:15]}
    ] == (kept[:15])


def test_no_new_card_comes_and_undo_takes_the_pause_back(engine: Engine, clock: Clock) -> None:
    before = overview(engine, clock)
    assert before.counts.new
    change(engine, clock, None)
    told = overview(engine, clock)
    assert (told.counts, told.paused, told.next_chapter) == (Counts(), clock().date(), None)
    assert told.tomorrow is not None
    assert told.tomorrow.counts == Counts()
    with writing(engine) as connection:
        found = newest(connection, clock(), learner=1)
        assert found is not None
        assert found.told == "pausing the whole course"
        undone = undo(connection, clock(), learner=1)
    assert undone is not None
    assert (undone.what, undone.card) == ("pausing the whole course", None)
    assert overview(engine, clock) == before


def test_the_newest_event_of_a_chapter_counts(engine: Engine, clock: Clock) -> None:
    change(engine, clock, 2)
    clock.forward(days=1)
    change(engine, clock, None)
    with reading(engine) as connection:  # the second has been paused since before
        assert sorted(pause.paused(connection, learner=1).values()) == [
            START.date(),
            clock().date(),
        ]
    change(engine, clock, 1, resume=True)
    assert held(engine) == [2]
    with writing(engine) as connection:
        undone = undo(connection, clock(), learner=1)
    assert undone is not None
    assert undone.what == "going on with chapter 1"
    assert held(engine) == [1, 2]
    for chapter in (1, None):
        with pytest.raises(StudyError, match=r"^(Chapter 1|The course) is paused already"):
            change(engine, clock, chapter)
    change(engine, clock, None, resume=True)
    assert held(engine) == []
    for chapter in (1, None):
        with pytest.raises(StudyError, match=r"^(Chapter 1|The course) is not paused\.$"):
            change(engine, clock, chapter, resume=True)


@pytest.mark.parametrize("chapter", [1, None])
def test_going_on_brings_no_flood(chapter: int | None, learnt: Engine, clock: Clock) -> None:
    """What is overdue comes back within each day's time, the rest waits; memories are as before."""
    settings = Settings(minutes_a_day=2, new_a_day=0)
    change(learnt, clock, chapter)
    kept = memories(learnt)
    clock.forward(days=90)
    assert overview(learnt, clock, settings).waiting == 0
    change(learnt, clock, chapter, resume=True)
    assert memories(learnt) == kept
    told = overview(learnt, clock, settings)
    assert (told.counts.total, told.waiting) == (8, 11)  # of two minutes, at 15 seconds each
    days = []
    while told.counts.total or told.waiting:
        assert told.minutes <= settings.minutes_a_day
        sitting = Sitting(desk_of(learnt, clock, settings))
        while sitting.view is not None:
            clock.forward(seconds=15)
            sitting.rate(Rating.EASY)
        days.append(len(sitting.done))
        clock.forward(days=1)
        told = overview(learnt, clock, settings)
    assert days == [8, 8, 3]


def test_two_devices_and_two_learners(engine: Engine, clock: Clock) -> None:
    """What another device has paused, by pack and number, is paused here; for that learner."""
    with writing(engine) as connection:
        connection.execute(insert(tables.learner).values(id=2, name="Anna"))
    change(engine, clock, None)
    clock.forward(hours=1)
    with writing(engine) as connection:
        device = log.device_of(connection, b"other device 16.", "other", clock())
        event = {"uid": log.new_uid(), "learner_id": 1, "kind": "resume", "device_id": device}
        when = {"at": clock(), "offset": 0, "day": clock().date(), "epoch": 0, "stamp": clock()}
        payload = {"pack": "test", "chapter": 2}
        connection.execute(insert(tables.event).values(**event, **when, payload=payload))
    assert (held(engine), held(engine, 2)) == ([1], [])
    clock.forward(hours=1)
    change(engine, clock, 2)
    assert held(engine) == [1, 2]


def test_a_pause_that_a_wrong_clock_dated_is_redated(learnt: Engine, clock: Clock) -> None:
    clock.forward(days=400)
    change(learnt, clock, 1)
    sitting = Sitting(desk_of(learnt, clock, ROOMY))
    sitting.rate(Rating.GOOD)
    clock.forward(days=-399)
    with writing(learnt) as connection:
        assert (found := dates.ahead(connection, clock(), learner=1))
        assert found.entries == 2
    dates.redate(desk_of(learnt, clock))
    with reading(learnt) as connection:
        assert pause.paused(connection, learner=1) == {1: clock().date()}
        assert dates.ahead(connection, clock(), learner=1) is None


def test_a_sitting_goes_on_without_what_was_paused_meanwhile(learnt: Engine, clock: Clock) -> None:
    clock.forward(days=40)
    sitting = Sitting(desk_of(learnt, clock, ROOMY))
    assert sitting.view is not None
    chapter = sitting.view.chapter_id
    change(learnt, clock, chapter)
    sitting.come_back()
    assert sitting.view is not None
    assert sitting.view.chapter_id != chapter


def test_a_card_is_told_as_paused_and_no_text_stops_for_it(learnt: Engine, clock: Clock) -> None:
    clock.forward(days=40)
    with writing(learnt) as connection:
        review.suspend(connection, 1, clock(), learner=1)
        review.mark(connection, 2, clock(), learner=1)
        review.forget(connection, 7, clock(), learner=1)
    change(learnt, clock, 1)
    with reading(learnt) as connection:
        rows = aside.read(connection, clock(), leech_lapses=8, learner=1)
        card = tables.card.c
        name, note_id = connection.execute(
            select(tables.note.c.name, tables.note.c.id)
            .join(tables.card, card.note_id == tables.note.c.id)
            .where(card.id == 7)
        ).one()
        view = note.read(connection, note_id, learner=1)
        section = tracker.read_course(connection, learner=1).sections[0].id
        (standing,) = prompt.standings(connection, section, {name}, clock(), learner=1).values()
    assert [one.told(clock(), {}) for one in rows] == ["to mend, paused 30 Dec", "suspended"]
    assert view is not None
    assert view.told(view.cards[0], clock(), {}, leech_lapses=8) == "paused 30 Dec"
    assert not standing.met
    assert standing.aside


def test_the_commands(tmp_path: Path, only_pack: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STUDYAPP_DB", str(tmp_path / "learner.db"))

    def run(*words: str, code: int = 0) -> str:
        result = CliRunner().invoke(main, list(words))
        assert result.exit_code == code, result.output
        return result.output

    assert run("resume", code=1) == "Error: The course is not paused.\n"
    (told,) = json.loads(run("pause", "1", "--json"))
    assert (told["name"], len(told["paused"])) == ("1", len("2026-11-20"))
    assert f"  1 Chapter 1: paused since {told['paused']}\n" in run("due")
    due = json.loads(run("due", "--json"))
    assert (due["new"], [row["paused"] for row in due["chapters"]]) == (0, [told["paused"], None])
    assert "is paused since" in run("review", "--plain", "--chapter", "1", code=1)
    assert run("pause").splitlines() == [f"{n}: paused since {told['paused']}" for n in (1, 2)]
    goes_on = "goes on: what is overdue comes within each day's time."
    assert run("resume", "1").splitlines() == [
        f"Chapter 1 {goes_on}",
        f"2: paused since {told['paused']}",
    ]
    assert run("resume", "2") == f"Chapter 2 {goes_on}\n"
    run("pause")
    assert run("resume") == f"The course {goes_on}\n"
    assert "no chapter 7" in run("pause", "7", code=1)
    assert json.loads(run("due", "--json"))["new"] == 10
