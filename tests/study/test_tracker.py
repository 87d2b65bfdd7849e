"""The tracker: the tree, what starting lets in, ticks, notes, and the minute of a video."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, event, insert, select

from studyapp.config import Settings
from studyapp.errors import StudyError
from studyapp.memory.state import Rating
from studyapp.store import sync, tables
from studyapp.store.database import open_database
from studyapp.store.engine import reading, writing
from studyapp.store.memory import read_memory
from studyapp.study import admission, queue, review, tracker
from studyapp.study.library import start_chapter
from studyapp.study.tracker import Course, CourseMoment, CourseSection, video_at
from tests_support import START, Clock, question, questionnaire

ROOMY = Settings(minutes_a_day=600, new_a_day=999)
VIDEO = "https://www.youtube.com/watch?v=abc"
LECTURE = f"""---
pack: test
part: 1. Part
chapter: 1
title: Chapter 1
kind: reading
lecture: 3
video: {VIDEO}
---

## 00:30 What is new

<!-- section: 1.2 -->

## 1:02:05 Back to it

*Words* on it.

<!-- section: 1.2 -->

## 1:10:00 On to the next

<!-- section: 2.1 -->
"""

sharing = settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def reading_page(*titles: str, chapter: int) -> str:
    text = "\n\n".join(f"## {title}\n\nText of {title}." for title in titles)
    return questionnaire(text, chapter=chapter).replace("kind: questionnaire", "kind: reading")


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """Chapters 1 and 2 with sections, two cards in each, and 3 without; a lecture on 1 and 2."""
    root = tmp_path / "course"
    root.mkdir()
    for chapter, sections in ((1, ("1.1", "1.2", "1.10")), (2, ("2.1", "2.2"))):
        notes = [
            question(f"q{number.replace('.', '-')}-{n}", chapter=chapter).replace(
                f"section: {chapter}.1", f"section: {number}"
            )
            for number in sections
            for n in range(2)
        ]
        (root / f"q{chapter}.md").write_text(questionnaire(*notes, chapter=chapter))
        titles = [f"{number} Section {number}" for number in reversed(sections)]
        (root / f"r{chapter}.md").write_text(reading_page(*titles, chapter=chapter))
    (root / "q3.md").write_text(questionnaire(question("last", chapter=3), chapter=3))
    for path in root.glob("?3.md"):
        path.write_text(path.read_text().replace("part: 1. Part", "part: 2. Other"))
    (root / "lecture.md").write_text(LECTURE)
    return root


@pytest.fixture
def engine(tmp_path: Path, course: Path, clock: Clock) -> Iterator[Engine]:
    """A database that has read `course`, with nothing started."""
    engine = open_database(str(tmp_path / "study.db"))
    with writing(engine) as connection:
        report = sync.sync(connection, [course], clock())
    assert report.problems == ()
    yield engine
    engine.dispose()


def tree(engine: Engine, learner: int = 1) -> Course:
    with reading(engine) as connection:
        return tracker.read_course(connection, learner=learner)


def at(engine: Engine, number: str) -> CourseSection:
    return next(one for one in tree(engine).sections if one.number == number)


def do(engine: Engine, action: Callable[..., None], number: str, *values: object) -> None:
    section = at(engine, number).id
    with writing(engine) as connection:
        when = {} if action in (tracker.start_section, tracker.set_done) else {"now": START}
        action(connection, section, *values, **when, learner=1)


def let_in(engine: Engine, clock: Clock) -> list[str]:
    """The numbers of the sections whose new cards the queue has, once for each card."""
    card, section = tables.card.c, tables.section.c
    found = []
    with reading(engine) as connection:
        line = queue.load(connection, clock(), ROOMY, learner=1)
        while (item := line.next(clock())) is not None:
            line.drop(item.card)
            query = (
                select(section.number)
                .join(tables.card, card.section_id == section.id)
                .where(card.id == item.card)
            )
            found.append(connection.scalar(query) or "none")
    return found


# the tree


def test_the_tree_is_in_book_order_with_its_cards_and_moments(engine: Engine) -> None:
    course = tree(engine)
    assert [part.title for part in course.parts] == ["1. Part", "2. Other"]
    assert [chapter.number for chapter in course.chapters] == [1, 2, 3]
    assert [one.number for one in course.sections] == ["1.1", "1.2", "1.10", "2.1", "2.2"]
    assert [chapter.new for chapter in course.chapters] == [6, 4, 1]
    assert {(one.new, one.known) for one in course.sections} == {(2, 0)}
    first = course.sections[0]
    assert (first.title, first.text) == ("Section 1.1", "Text of 1.1 Section 1.1.")
    assert (first.started, first.done, first.own, first.moments) == (False, False, "", ())
    assert first.familiarity is None
    assert [(one.time, one.title) for one in course.sections[1].moments] == [
        ("00:30", "What is new"),
        ("1:02:05", "Back to it"),
    ]
    moment = course.sections[1].moments[1]
    assert moment == CourseMoment(3, 3725, "Back to it", "*Words* on it.", VIDEO)
    assert moment.address == f"{VIDEO}&t=3725s"
    assert CourseMoment(3, 1, "", "", None).address is None


def test_an_empty_database_has_an_empty_course(tmp_path: Path) -> None:
    engine = open_database(str(tmp_path / "empty.db"))
    assert (tree(engine).parts, tree(engine).next_section) == ((), None)
    assert str(tree(engine).progress) == "0 of 0 sections"


def test_the_tree_is_read_in_six_queries_and_five_with_its_cards_known(engine: Engine) -> None:
    seen: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *given: seen.append(given[2]))
    with reading(engine) as connection:
        counts = tracker.count_cards(connection, learner=1)
        seen.clear()
        quick = tracker.read_course(connection, counts, learner=1)
        assert sum(sql.startswith("SELECT") for sql in seen) == 5
        seen.clear()
        assert tracker.read_course(connection, learner=1) == quick
    assert sum(sql.startswith("SELECT") for sql in seen) == 6


def test_known_cards_are_those_that_were_rated(engine: Engine, clock: Clock) -> None:
    with writing(engine) as connection:
        start_chapter(connection, 1, clock(), learner=1)
        item = queue.load(connection, clock(), ROOMY, learner=1).next(clock())
        assert item is not None
        review.answer(connection, item.card, None, Rating.GOOD, clock(), learner=1)
    assert (at(engine, "1.1").new, at(engine, "1.1").known) == (1, 1)
    assert (at(engine, "1.2").new, at(engine, "1.2").known) == (2, 0)
    assert [(one.new, one.known) for one in tree(engine).chapters] == [(5, 1), (4, 0), (1, 0)]


def test_another_learner_has_a_tracker_of_their_own(engine: Engine, clock: Clock) -> None:
    with writing(engine) as connection:
        connection.execute(insert(tables.learner).values(id=2, name="two"))
        first = tracker.read_course(connection, learner=1).sections[0].id
        tracker.set_done(connection, first, True, clock(), learner=2)
        tracker.write_note(connection, first, "mine", now=clock(), learner=2)
    assert str(tree(engine).progress) == "0 of 5 sections"
    assert str(tree(engine, 2).progress) == "1 of 5 sections"
    assert (at(engine, "1.1").own, tree(engine, 2).sections[0].own) == ("", "mine")


def test_a_section_that_has_gone_stays_for_its_own_note_only(
    engine: Engine, course: Path, clock: Clock
) -> None:
    do(engine, tracker.write_note, "1.2", "keep this")
    do(engine, tracker.set_done, "1.2", True, clock())
    do(engine, tracker.set_done, "1.10", True, clock())
    (course / "r1.md").write_text(reading_page("1.1 Section 1.1", chapter=1))
    with writing(engine) as connection:
        sync.sync(connection, [course], clock())
    assert [(one.number, one.gone) for one in tree(engine).chapters[0].sections] == [
        ("1.1", False),
        ("1.2", True),
    ]
    assert at(engine, "1.2").own == "keep this"
    assert str(tree(engine).chapters[0].progress) == "0 of 1 section"
    do(engine, tracker.set_done, "1.1", True, clock())
    assert tree(engine).next_section == at(engine, "2.1")


@sharing
@given(done=st.sets(st.integers(0, 4)))
def test_what_is_next_is_the_first_that_is_not_done(
    engine: Engine, clock: Clock, done: set[int]
) -> None:
    with writing(engine) as connection:
        for place, section in enumerate(tracker.read_course(connection, learner=1).sections):
            tracker.set_done(connection, section.id, place in done, clock(), learner=1)
    course = tree(engine)
    left = [place for place in range(5) if place not in done]
    assert course.next_section == (course.sections[left[0]] if left else None)
    assert (course.progress.done, course.progress.total) == (len(done), 5)
    assert sum(one.progress.done for one in course.chapters) == len(done)
    assert sum(one.progress.total for one in course.parts) == 5


# starting


def test_starting_a_section_lets_its_cards_in_and_no_others(engine: Engine, clock: Clock) -> None:
    assert let_in(engine, clock) == []
    do(engine, tracker.start_section, "2.2", clock())
    do(engine, tracker.start_section, "1.10", clock())
    assert let_in(engine, clock) == ["1.10", "1.10", "2.2", "2.2"]
    assert [one.number for one in tree(engine).sections if one.started] == ["1.10", "2.2"]
    do(engine, tracker.stop_section, "1.10")
    assert let_in(engine, clock) == ["2.2", "2.2"]
    assert not at(engine, "1.10").started


@sharing
@given(
    sections=st.sets(st.sampled_from(["1.1", "1.2", "1.10", "2.1", "2.2"])),
    chapters=st.sets(st.sampled_from([1, 2, 3])),
)
def test_queue_questionnaire_and_course_agree_on_what_is_let_in(
    engine: Engine, clock: Clock, sections: set[str], chapters: set[int]
) -> None:
    with writing(engine) as connection:
        for table in (tables.section_progress, tables.chapter_progress):
            connection.execute(table.delete())
        for number in chapters:
            start_chapter(connection, number, clock(), learner=1)
    for name in sections:
        do(engine, tracker.start_section, name, clock())
    card, section = tables.card.c, tables.section.c
    with reading(engine) as connection:
        rows = connection.execute(
            select(card.id, section.number).outerjoin(tables.section, section.id == card.section_id)
        ).all()
        asked = sorted(
            number or "none"
            for card_id, number in rows
            if admission.is_let_in(connection, card_id, depth="core", learner=1)
        )
        begun = {
            chapter.number
            for chapter in tree(engine).chapters
            if admission.is_started(connection, chapter.id, learner=1)
        }
    assert sorted(let_in(engine, clock)) == asked
    shown = {one.number for one in tree(engine).sections if one.started}
    assert shown == set(asked) - {"none"}
    assert ("none" in asked) == (3 in chapters)
    assert begun == chapters | {int(name[0]) for name in sections}


def test_stopping_leaves_what_was_met(engine: Engine, clock: Clock) -> None:
    do(engine, tracker.start_section, "1.1", clock())
    with writing(engine) as connection:
        item = queue.load(connection, clock(), ROOMY, learner=1).next(clock())
        assert item is not None
        review.answer(connection, item.card, None, Rating.GOOD, clock(), learner=1)
    do(engine, tracker.stop_section, "1.1")
    clock.forward(days=30)
    assert let_in(engine, clock) == ["1.1"]
    with reading(engine) as connection:
        assert read_memory(connection, item.card, learner=1).reviews == 1


def test_starting_again_keeps_the_first_time(engine: Engine, clock: Clock) -> None:
    started = select(tables.section_progress.c.started_at)
    do(engine, tracker.start_section, "1.1", clock())
    with reading(engine) as connection:
        first = connection.scalar(started)
    clock.forward(days=3)
    do(engine, tracker.start_section, "1.1", clock())
    do(engine, tracker.set_done, "1.1", True, clock())
    with reading(engine) as connection:
        assert connection.scalars(started).all() == [first]


def test_a_chapter_started_as_a_whole_starts_all_of_its_sections(
    engine: Engine, clock: Clock
) -> None:
    do(engine, tracker.start_section, "1.2", clock())
    with writing(engine) as connection:
        start_chapter(connection, 1, clock(), learner=1)
    assert [one.started for one in tree(engine).sections] == [True, True, True, False, False]
    with pytest.raises(StudyError, match=r"^Chapter 1 was started as a whole, and section 1\.10"):
        do(engine, tracker.stop_section, "1.10")
    with writing(engine) as connection:
        tracker.stop_chapter(connection, 1, now=clock(), learner=1)
    assert [one.number for one in tree(engine).sections if one.started] == ["1.2"]
    assert let_in(engine, clock) == ["1.2", "1.2"]


# what a learner says of a section


def test_done_starts_and_not_done_leaves_started(engine: Engine, clock: Clock) -> None:
    do(engine, tracker.set_done, "1.2", True, clock())
    assert at(engine, "1.2").done_at == clock()
    assert let_in(engine, clock) == ["1.2", "1.2"]
    do(engine, tracker.set_done, "1.2", False, clock())
    section = at(engine, "1.2")
    assert (section.done, section.started) == (False, True)


@sharing
@given(value=st.none() | st.integers(-3, 14))
def test_familiarity_goes_from_0_to_10_or_is_not_said(engine: Engine, value: int | None) -> None:
    do(engine, tracker.set_familiarity, "1.1", 4)
    if value is None or 0 <= value <= 10:
        do(engine, tracker.set_familiarity, "1.1", value)
        assert at(engine, "1.1").familiarity == value
    else:
        with pytest.raises(StudyError, match=f"^Familiarity goes from 0 to 10, not {value}.$"):
            do(engine, tracker.set_familiarity, "1.1", value)
        assert at(engine, "1.1").familiarity == 4
    assert not at(engine, "1.1").started  # saying how well one knows it lets nothing in


@sharing
@given(
    text=st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=200)
)
def test_an_own_note_is_kept_to_the_letter_with_unix_line_ends(engine: Engine, text: str) -> None:
    do(engine, tracker.write_note, "1.1", text)
    kept = at(engine, "1.1").own
    assert "\r" not in kept
    assert kept == "\n".join(text.replace("\r\n", "\n").split("\r"))


def test_what_not_every_database_takes_is_a_question_mark(engine: Engine) -> None:
    do(engine, tracker.write_note, "1.1", "a\0b\ud800")
    assert at(engine, "1.1").own == "a?b?"


def test_one_thing_said_leaves_the_others(engine: Engine, clock: Clock) -> None:
    do(engine, tracker.write_note, "1.1", "a\r\nb\rc")
    do(engine, tracker.set_familiarity, "1.1", 10)
    do(engine, tracker.set_done, "1.1", True, clock())
    do(engine, tracker.set_familiarity, "1.1", 0)
    section = at(engine, "1.1")
    assert (section.own, section.familiarity, section.done) == ("a\nb\nc", 0, True)


# videos


@pytest.mark.parametrize(
    ("address", "wanted"),
    [
        ("https://www.youtube.com/watch?v=Ab-c", "https://www.youtube.com/watch?v=Ab-c&t=123s"),
        (
            "https://m.youtube.com/watch?t=7s&v=Ab&list=PL%2F1",
            "https://m.youtube.com/watch?v=Ab&list=PL%2F1&t=123s",
        ),
        ("https://youtube.com/live/Ab", "https://youtube.com/live/Ab?t=123s"),
        ("https://www.youtube.com/watch?v=Ab#t=9", "https://www.youtube.com/watch?v=Ab&t=123s"),
        ("https://youtu.be/Ab", "https://youtu.be/Ab?t=123"),
        ("https://youtu.be/Ab?si=x&t=3677", "https://youtu.be/Ab?si=x&t=123"),
        ("https://example.org/a.mp4", "https://example.org/a.mp4#t=123"),
        ("https://example.org/a.mp4?k=1&t=2", "https://example.org/a.mp4?k=1&t=2#t=123"),
        ("https://example.org/a.mp4#t=4", "https://example.org/a.mp4#t=123"),
        ("https://example.org/a.mp4#track=2", "https://example.org/a.mp4#track=2&t=123"),
        ("https://notyoutube.com/watch?v=Ab", "https://notyoutube.com/watch?v=Ab#t=123"),
        ("https://[half", "https://[half"),
    ],
)
def test_the_address_of_a_video_at_a_time(address: str, wanted: str) -> None:
    assert video_at(address, 123) == wanted


@given(
    st.sampled_from(["https://www.youtube.com/watch", "https://youtu.be/x", "http://a.org/b.mp4"]),
    st.lists(st.from_regex(r"[a-z]{1,3}=[A-Za-z0-9%+.~-]{0,5}", fullmatch=True), max_size=4),
    st.integers(0, 20_000),
    st.integers(0, 20_000),
)
def test_the_last_time_counts(site: str, pairs: list[str], one: int, other: int) -> None:
    address = f"{site}?{'&'.join(pairs)}" if pairs else site
    assert video_at(video_at(address, one), other) == video_at(address, other)


# the course that ships


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    engine = open_database(str(tmp_path_factory.mktemp("shipped") / "study.db"))
    with writing(engine) as connection:
        sync.sync(connection, [Path(__file__).parents[2] / "content"], Clock()())
    with reading(engine) as connection:
        yield connection
    engine.dispose()


def test_the_chapters_have_the_tree_of_the_book(shipped: Connection) -> None:
    course = tracker.read_course(shipped, learner=1)
    assert [part.title[:3] for part in course.parts] == ["1. ", "2. "]
    numbers = {one.number: len(one.sections) for one in course.chapters}
    assert numbers == {1: 21, 2: 17, 3: 22, 4: 18, 5: 18, 6: 10, 8: 14}
    assert all(one.text for one in course.sections)


def test_lecture_2_leads_to_its_sections_by_the_minute(shipped: Connection) -> None:
    sections = {one.number: one for one in tracker.read_course(shipped, learner=1).sections}
    assert [one.time for one in sections["1.19"].moments] == ["09:07", "12:09"]
    jargon = sections["1.17"].moments[0]
    assert jargon.address == "https://www.youtube.com/watch?v=BvHmRx14HQ8&t=1880s"
    assert sum(len(one.moments) for one in sections.values()) == 23
