"""What the questionnaire's screen asks of an attempt: place, promises, tally, a fresh look."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, select

from studyapp.errors import AlreadyRatedError, ChangedError
from studyapp.store import log, sync, tables
from studyapp.store.database import open_database
from studyapp.store.engine import reading, writing
from studyapp.store.memory import read_memory
from studyapp.store.parameters import in_force
from studyapp.study import retention, words
from studyapp.study.grading import Grade
from studyapp.study.library import start_chapter
from studyapp.study.questionnaire.attempt import Attempt, Mark
from studyapp.study.questionnaire.promise import KEPT, WAITS
from studyapp.study.questionnaire.tally import tally
from tests_support import Clock, desk_of, question, questionnaire

ITEMS = """## Which three? {#three}

These three.

- [ ] first {#one}
- [ ] second {#two}
- [ ] third {#last}

<!-- card: items, section: 1.1 -->
"""
DO = "## Open a notebook. {#open}\n\nPress shift and enter.\n\n<!-- card: do -->\n"


@pytest.fixture
def engine(tmp_path: Path, clock: Clock) -> Iterator[Engine]:
    """Chapter 1 is started, chapter 2 is not; both have one question of each kind."""
    root = tmp_path / "pack"
    for chapter in (1, 2):
        (root / str(chapter)).mkdir(parents=True)
        notes = [question("plain", chapter=chapter), ITEMS, DO]
        if chapter == 2:
            notes = [note.replace("{#", "{#b-").replace("1.1", "2.1") for note in notes]
        (root / str(chapter) / "questions.md").write_text(questionnaire(*notes, chapter=chapter))
        (root / str(chapter) / "reading.md").write_text(
            questionnaire(f"## {chapter}.1 A section\n\nProse.", chapter=chapter).replace(
                "questionnaire", "reading"
            )
        )
    engine = open_database(str(tmp_path / "study.db"))
    with writing(engine) as connection:
        sync.sync(connection, [root], clock())
        start_chapter(connection, 1, clock(), learner=1)
    yield engine
    engine.dispose()


def begin(engine: Engine, clock: Clock, chapter: int = 1) -> Attempt:
    return Attempt(desk_of(engine, clock), chapter, anew=True)


def first_due(attempt: Attempt, note_id: int) -> str:
    """When the first card of a note comes back, in the words of a promise."""
    memory, card = tables.memory.c, tables.card.c
    with reading(attempt.desk.engine) as connection:
        ids = connection.scalars(
            select(card.id)
            .join(tables.memory, memory.card_id == card.id)
            .where(card.note_id == note_id)
        ).all()
        memories = [read_memory(connection, card_id, learner=1) for card_id in ids]
    now = attempt.desk.clock()
    soonest = min(memories, key=lambda one: (one.due, one.due_at or now))
    told = words.wait(soonest, now)
    return f"again in {told}" if soonest.due_at else "tomorrow" if told == "1 d" else told


def test_points_of_a_list_come_back_on_days_of_their_own(engine: Engine, clock: Clock) -> None:
    due = tables.memory.c.due
    for days in (0, 2, 12):
        clock.forward(days=days)
        attempt = begin(engine, clock)
        attempt.go_to(1)
        attempt.grade(Grade.GOT)
    with reading(engine) as connection:
        dates = connection.scalars(select(due)).all()
    assert len(dates) == len(set(dates)) == 3


@settings(
    deadline=None,
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    chapter=st.sampled_from([1, 2]),
    index=st.sampled_from([0, 1]),
    history=st.lists(
        st.tuples(st.sampled_from([Grade.MISSED, Grade.PARTLY, Grade.GOT]), st.integers(1, 40)),
        max_size=4,
    ),
    ticked=st.frozensets(st.integers(0, 2)),
    chosen=st.sampled_from([Grade.MISSED, Grade.PARTLY, Grade.GOT]),
)
def test_each_grade_does_exactly_what_was_promised(
    engine: Engine,
    clock: Clock,
    chapter: int,
    index: int,
    history: list[tuple[Grade, int]],
    ticked: frozenset[int],
    chosen: Grade,
) -> None:
    for grade, days in history:
        attempt = begin(engine, clock, chapter)
        attempt.go_to(index)
        attempt.grade(grade)
        clock.forward(days=days)
    attempt = begin(engine, clock, chapter)
    attempt.go_to(index)
    attempt.reveal()
    points = len(attempt.current.face.points)
    attempt.tick(frozenset(tick for tick in ticked if tick < points))
    told, note_id = attempt.promises()[chosen], attempt.current.note_id
    if attempt.grade(chosen):
        assert told == first_due(attempt, note_id)
    else:
        assert told == WAITS
    clock.forward(days=41)


@pytest.mark.parametrize("elsewhere", ["retention", "weights"])
def test_a_grade_leads_to_what_was_shown_or_is_refused(
    engine: Engine, clock: Clock, elsewhere: str
) -> None:
    begin(engine, clock).grade(Grade.GOT)
    clock.forward(days=30)
    attempt = begin(engine, clock)
    note_id, told = attempt.current.note_id, attempt.promises()
    with writing(engine) as connection:
        now = clock.forward(seconds=9)
        if elsewhere == "retention":
            retention.aim(connection, 1, 0.97, now, learner=1)
        else:
            kept = in_force(connection, learner=1)
            log.adopt(connection, replace(kept, desired_retention=0.97), now, learner=1)
    if elsewhere == "weights":
        with pytest.raises(ChangedError, match="see the grades again"):
            attempt.grade(Grade.GOT)
        assert attempt.current.grade is None
        assert attempt.promises()[Grade.GOT] != told[Grade.GOT]
        told = attempt.promises()
    attempt.grade(Grade.GOT)
    assert told[Grade.GOT] == first_due(attempt, note_id)


def test_a_second_grade_of_the_day_is_promised_to_be_kept_only(
    engine: Engine, clock: Clock
) -> None:
    begin(engine, clock).grade(Grade.GOT)
    again = begin(engine, clock)
    assert set(again.promises().values()) == {KEPT}
    assert not again.grade(Grade.MISSED)


def test_what_is_missed_in_a_pretest_waits_and_what_is_known_is_scheduled(
    engine: Engine, clock: Clock
) -> None:
    pretest = begin(engine, clock, 2)
    told = pretest.promises()
    assert (told[Grade.MISSED], told[Grade.PARTLY]) == (WAITS, WAITS)
    assert told[Grade.GOT] == "2 d"


def test_something_to_do_promises_nothing(engine: Engine, clock: Clock) -> None:
    attempt = begin(engine, clock)
    attempt.go_to(2)
    assert attempt.promises() == {}


def test_place_is_the_section_or_else_the_chapter(engine: Engine, clock: Clock) -> None:
    attempt = begin(engine, clock)
    assert attempt.place == "chapter 1 · 1.1 A section"
    attempt.go_to(2)
    assert attempt.place == "chapter 1 · Chapter 1"


def test_an_attempt_resumes_at_the_next_open_question_even_if_it_is_the_first(
    engine: Engine, clock: Clock
) -> None:
    attempt = begin(engine, clock)
    attempt.go_to(1)
    attempt.grade(Grade.GOT)
    attempt.go_to(2)
    attempt.grade(Grade.DONE)
    attempt.go_to(2)
    attempt.leave()
    assert Attempt(desk_of(engine, clock), 1).index == 0


def test_reload_shows_what_another_window_did(engine: Engine, clock: Clock) -> None:
    left = begin(engine, clock)
    right = Attempt(desk_of(engine, clock), 1)
    right.grade(Grade.PARTLY)
    with pytest.raises(AlreadyRatedError):
        left.grade(Grade.GOT)
    left.reload()
    assert (left.index, left.current.mark) == (0, Mark.PARTLY)


def test_tally(engine: Engine, clock: Clock) -> None:
    attempt = begin(engine, clock)
    empty = tally(attempt.questions)
    assert (empty.grades, empty.wanted, empty.skipped) == ({}, 0, (1, 2, 3))
    attempt.tick(frozenset({1}))  # the extra point alone
    attempt.grade(Grade.PARTLY)
    attempt.flag()
    attempt.tick(frozenset({0, 2}))
    attempt.grade(Grade.GOT)
    found = tally(attempt.questions)
    assert found.grades == {Grade.PARTLY: 1, Grade.GOT: 1}
    assert (found.said, found.wanted, found.ticked) == (2, 4, 2)
    assert (found.skipped, found.flagged) == ((3,), (2,))


@pytest.mark.parametrize(
    ("given_", "said", "wanted"), [(Grade.MISSED, 0, 1), (Grade.PARTLY, 0, 0), (Grade.GOT, 0, 0)]
)
def test_without_ticks_only_a_missed_answer_tells_of_points(
    engine: Engine, clock: Clock, given_: Grade, said: int, wanted: int
) -> None:
    attempt = begin(engine, clock)
    attempt.grade(given_)
    found = tally(attempt.questions)
    assert (found.said, found.wanted) == (said, wanted)
