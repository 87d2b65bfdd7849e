"""Depths: which new cards come by themselves, what is asked for, and that no memory is lost."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as sharing
from hypothesis import strategies as st
from sqlalchemy import Engine, select

from studyapp import config
from studyapp.config import Settings
from studyapp.memory.state import Memory, Rating, State
from studyapp.notes.note import Depth
from studyapp.store import sync, tables
from studyapp.store.database import open_database
from studyapp.store.engine import reading, writing
from studyapp.store.memory import read_memory
from studyapp.study import asking, queue, review, stats, today, tracker
from studyapp.study.grading import Grade
from studyapp.study.library import start_chapter
from studyapp.study.mastery import outlooks
from studyapp.study.questionnaire.attempt import Attempt
from studyapp.study.questionnaire.promise import DEEPER
from studyapp.study.sitting import Sitting
from studyapp.study.undo import undo
from tests_support import Clock, desk_of, question, questionnaire

SHIPPED = Path(__file__).parents[2] / "content"
DEPTHS = [str(one) for one in Depth]
# Of each section two questions of each depth: core, more, history, core, …
SECTIONS = ("1.1", "1.2", "2.1")
NAMES = [f"q{section.replace('.', '-')}-{n}" for section in SECTIONS for n in range(6)]

card = tables.card.c
note = tables.note.c
memory = tables.memory.c


def depth_of(name: str) -> str:
    return DEPTHS[int(name[-1]) % 3]


def section_of(name: str) -> str:
    return name[1:4].replace("-", ".")


def roomy(depth: str = "core") -> Settings:
    return Settings(minutes_a_day=600, new_a_day=999, depth=depth)


@pytest.fixture
def deep(tmp_path: Path) -> Path:
    root = tmp_path / "deep"
    root.mkdir()
    for chapter in (1, 2):
        notes = [
            question(name, chapter=chapter).replace(
                f"section: {chapter}.1", f"section: {section_of(name)}, depth: {depth_of(name)}"
            )
            for name in NAMES
            if name[1] == str(chapter)
        ]
        (root / f"q{chapter}.md").write_text(questionnaire(*notes, chapter=chapter))
        titles = [f"## {one} Title\n\nText." for one in SECTIONS if one[0] == str(chapter)]
        page = questionnaire(*titles, chapter=chapter)
        (root / f"r{chapter}.md").write_text(page.replace("kind: questionnaire", "kind: reading"))
    return root


@pytest.fixture
def engine(tmp_path: Path, deep: Path, clock: Clock) -> Iterator[Engine]:
    """A database that has read `deep`, with nothing started."""
    engine = open_database(str(tmp_path / "study.db"))
    read(engine, clock, deep)
    yield engine
    engine.dispose()


def read(engine: Engine, clock: Clock, root: Path) -> None:
    with writing(engine) as connection:
        assert sync.sync(connection, [root], clock()).problems == ()


def start(engine: Engine, clock: Clock, chapter: int = 1) -> None:
    with writing(engine) as connection:
        start_chapter(connection, chapter, clock(), learner=1)


def ids(engine: Engine) -> dict[str, int]:
    """The note of each name."""
    with reading(engine) as connection:
        return dict(connection.execute(select(note.name, note.id)).all())


def card_of(engine: Engine, name: str) -> int:
    with reading(engine) as connection:
        query = select(card.id).join(tables.note, note.id == card.note_id)
        return connection.scalars(query.where(note.name == name)).one()


def rate(engine: Engine, clock: Clock, name: str, rating: Rating = Rating.GOOD) -> None:
    with writing(engine) as connection:
        review.answer(connection, card_of(engine, name), None, rating, clock(), learner=1)


def new(engine: Engine, clock: Clock, depth: str = "core") -> set[str]:
    """The names of the new cards that the queue has."""
    with reading(engine) as connection:
        line = queue.load(connection, clock(), roomy(depth), learner=1)
        cards = set()
        while (item := line.next(clock())) is not None:
            line.drop(item.card)
            cards |= {item.card} if item.state is State.NEW else set()
        query = select(note.name).join(tables.card, card.note_id == note.id)
        return set(connection.scalars(query.where(card.id.in_(cards))))


def ask(engine: Engine, clock: Clock, *names: str) -> None:
    known = ids(engine)
    for name in names:
        asking.ask(desk_of(engine, clock), asking.of_note(known[name]))


# new cards


def test_the_setting_knows_the_depths_that_notes_have() -> None:
    assert list(config.DEPTHS) == DEPTHS
    assert Settings().depth == Depth.CORE


@sharing(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    depth=st.sampled_from(DEPTHS),
    sections=st.sets(st.sampled_from(SECTIONS)),
    chapters=st.sets(st.sampled_from([1, 2])),
    asked=st.sets(st.sampled_from([name for name in NAMES if depth_of(name) != "core"])),
    begun=st.sets(st.sampled_from(NAMES), max_size=6),
)
def test_new_cards_announced_are_new_cards_let_in(
    engine: Engine,
    clock: Clock,
    depth: str,
    sections: set[str],
    chapters: set[int],
    asked: set[str],
    begun: set[str],
) -> None:
    """Of a course page, of Today, of the totals, at every depth: what the queue lets in."""
    with writing(engine) as connection:
        for table in ("section_progress", "chapter_progress", "memory", "review", "event"):
            connection.execute(tables.METADATA.tables[table].delete())
        for number in chapters:
            start_chapter(connection, number, clock(), learner=1)
        for row in tracker.read_course(connection, learner=1).sections:
            if row.number in sections:
                tracker.start_section(connection, row.id, clock(), learner=1)
    ask(engine, clock, *sorted(asked))
    for name in sorted(begun):
        rate(engine, clock, name)
    clock.forward(days=1)  # the families of what was rated are free again
    open_ = sections | {one for one in SECTIONS if int(one[0]) in chapters}
    far = DEPTHS.index(depth)
    meant = {one for one in NAMES if DEPTHS.index(depth_of(one)) <= far or one in asked}
    wanted = {one for one in meant if section_of(one) in open_ or one in asked} - begun

    assert new(engine, clock, depth) == wanted
    with reading(engine) as connection:
        course = tracker.read_course(connection, depth=depth, learner=1)
        rows = today.overview(connection, clock(), roomy(depth), learner=1)
        total = stats.stats(connection, clock(), leech_lapses=8, depth=depth, learner=1)
    for section in course.sections:
        here = {one for one in wanted if section_of(one) == section.number}
        if section.started:
            assert section.new == len(here)
        of_section = {one for one in NAMES if section_of(one) == section.number}
        assert section.new == len((meant & of_section) - begun)
        assert section.known == len(begun & of_section)
        assert section.cards.deeper == len(of_section - meant - begun)
    assert rows.counts.new == len(wanted)
    assert {row.number: (row.cards, row.introduced) for row in rows.chapters} == {
        number: (
            len([one for one in meant | begun if one[1] == str(number)]),
            len([one for one in begun if one[1] == str(number)]),
        )
        for number in (1, 2)
    }
    assert total.cards["new"] == len(meant - begun)


def test_mastery_is_of_what_the_learner_is_to_know(engine: Engine, clock: Clock) -> None:
    def questions(depth: str) -> int:
        with reading(engine) as connection:
            found = outlooks(connection, clock(), chapters=(1,), depth=depth, learner=1)
        (outlook,) = found.values()
        return outlook.now.questions

    start(engine, clock)
    assert [questions(depth) for depth in DEPTHS] == [4, 8, 12]
    ask(engine, clock, "q1-1-1")
    assert questions("core") == 5


# asking


def test_asking_lets_a_card_in_and_is_taken_back(engine: Engine, clock: Clock) -> None:
    start(engine, clock)
    core = {name for name in NAMES if depth_of(name) == "core" and name[1] == "1"}
    assert new(engine, clock) == core
    ask(engine, clock, "q1-1-1")
    assert new(engine, clock) == core | {"q1-1-1"}
    ask(engine, clock, "q1-1-1")
    assert new(engine, clock) == core
    ask(engine, clock, "q2-1-2")  # of a chapter that is not started
    assert new(engine, clock) == core | {"q2-1-2"}


def test_what_was_begun_is_not_asked_for_and_not_taken_back(engine: Engine, clock: Clock) -> None:
    desk, name = desk_of(engine, clock), "q1-1-1"
    ask(engine, clock, name)
    rate(engine, clock, name)
    before = log_of(engine, name)
    assert not asking.ask(desk, asking.of_note(ids(engine)[name]))
    assert log_of(engine, name) == before


def log_of(engine: Engine, name: str) -> Memory:
    with reading(engine) as connection:
        return read_memory(connection, card_of(engine, name), learner=1)


def test_a_suspended_card_is_not_asked_for(engine: Engine, clock: Clock) -> None:
    desk = desk_of(engine, clock, Settings())
    with reading(engine) as connection:
        section = tracker.read_course(connection, learner=1).sections[0]
        where = asking.of_section(section.id)
        waiting = asking.find(connection, where, depth="core", learner=1).waiting
    with writing(engine) as connection:
        review.suspend(connection, waiting[0], clock(), learner=1)
        section = tracker.read_course(connection, learner=1).sections[0]
    assert (len(waiting), section.cards.deeper) == (4, 3)
    done = asking.ask(desk, where)
    assert (done.asked, done.waiting) == (waiting[1:], ())
    assert asking.told(done) == "Asked for: 3 new cards, within the day's limits."


def test_asking_for_a_section_is_undone_as_one(engine: Engine, clock: Clock) -> None:
    desk = desk_of(engine, clock)
    with reading(engine) as connection:
        section = tracker.read_course(connection, learner=1).sections[0]
    assert section.cards.deeper == 4
    ask(engine, clock, "q1-1-1")
    clock.forward(minutes=1)
    assert len(asking.ask(desk, asking.of_section(section.id)).asked) == 4
    with desk.writing() as connection:
        undone = undo(connection, clock(), learner=1)
    assert undone is not None
    assert (undone.card, undone.what) == (None, "asking for 3 cards")
    assert new(engine, clock) == {"q1-1-1"}


def test_a_sitting_puts_no_card_first_whose_asking_was_undone(engine: Engine, clock: Clock) -> None:
    start(engine, clock)
    ask(engine, clock, "q1-1-5")
    sitting = Sitting(desk_of(engine, clock, roomy()))
    sitting.undo()
    assert sitting.view is not None
    assert sitting.view.note.id == "q1-1-0"
    assert sitting.counts.new == 4


def test_each_learner_asks_for_themselves(engine: Engine, clock: Clock) -> None:
    with writing(engine) as connection:
        connection.execute(tables.learner.insert().values(id=2, name="other"))
        start_chapter(connection, 1, clock(), learner=2)
    ask(engine, clock, "q1-1-1")
    with reading(engine) as connection:
        counts = queue.load(connection, clock(), roomy(), learner=2).counts()
        assert tracker.read_course(connection, learner=2).sections[0].cards.asked == 0
    assert counts.new == 4


# questionnaires


@pytest.mark.parametrize("given_", [Grade.GOT, Grade.MISSED])
def test_an_attempt_schedules_no_card_that_nobody_asked_for(
    engine: Engine, clock: Clock, given_: Grade
) -> None:
    start(engine, clock)
    attempt = Attempt(desk_of(engine, clock), 1)
    place = [one.note.id for one in attempt.questions].index("q1-1-1")
    attempt.go_to(place)
    assert set(attempt.promises().values()) == {DEEPER}
    assert not attempt.grade(given_)
    assert log_of(engine, "q1-1-1") == Memory()
    attempt.undo()
    ask(engine, clock, "q1-1-1")
    attempt.go_to(place)
    assert attempt.grade(given_)
    assert log_of(engine, "q1-1-1").reviews == 1


# the content as it is


@pytest.fixture(scope="module")
def former(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The course as it was before notes had depths."""
    root = tmp_path_factory.mktemp("former")
    for path in SHIPPED.rglob("*.md"):
        text = path.read_text("utf-8")
        for pattern in (r", (?:depth|reverse): \w+", r"(?:depth|reverse): \w+, "):
            text = re.sub(pattern, "", text)
        there = root / path.relative_to(SHIPPED)
        there.parent.mkdir(exist_ok=True)
        there.write_text(text, "utf-8")
    return root


def test_who_had_reviewed_400_cards_keeps_each_memory_and_each_due_card(
    former: Path, tmp_path: Path, clock: Clock
) -> None:
    engine = open_database(str(tmp_path / "study.db"))
    read(engine, clock, former)
    start(engine, clock)
    with writing(engine) as connection:
        assert set(connection.scalars(select(card.depth))) == {"core"}
        cards = connection.scalars(select(card.id)).all()
        for card_id in random.Random(3).sample(list(cards), 400):
            rating = Rating(card_id % 4 + 1)
            review.answer(connection, card_id, None, rating, clock(), learner=1)
            clock.forward(seconds=40)
    memories, coming = kept(engine), [due(engine, clock, days) for days in (0, 3, 10, 60)]
    read(engine, clock, SHIPPED)
    assert kept(engine) == memories
    assert len(memories) == 400
    assert [due(engine, clock, days) for days in (0, 3, 10, 60)] == coming
    assert len(coming[-1]) > 200
    engine.dispose()


def kept(engine: Engine) -> dict[int, Memory]:
    with reading(engine) as connection:
        known = connection.scalars(select(memory.card_id)).all()
        return {one: read_memory(connection, one, learner=1) for one in known}


def due(engine: Engine, clock: Clock, days: int) -> list[int]:
    """The reviews that a sitting has in so many days, in order."""
    at = clock() + timedelta(days=days)
    with reading(engine) as connection:
        line = queue.load(connection, at, Settings(minutes_a_day=600, new_a_day=0), learner=1)
    found = []
    while (item := line.next(at)) is not None:
        found.append(item.card)
        line.drop(item.card)
    return found
