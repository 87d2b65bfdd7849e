"""The tracker by keys and as pictures: the tree, a section as a page, ticks and the own note."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select
from textual.pilot import Pilot
from textual.widgets import TextArea

from studyapp.config import Settings
from studyapp.memory.state import Rating
from studyapp.store import tables
from studyapp.store.engine import reading, writing
from studyapp.study import library, queue, review, tracker
from studyapp.study.tracker import Course, CourseSection
from studyapp.tui.app import StudyApp
from studyapp.tui.screens.find import FindScreen
from studyapp.tui.screens.section import CoursePage, SectionScreen
from studyapp.tui.screens.today import TodayScreen
from studyapp.tui.screens.tracker import TrackerScreen
from studyapp.tui.screens.writing import SAVE_AFTER
from studyapp.tui.widgets.contents import Contents
from studyapp.tui.widgets.section import SectionView
from tests_support import question, questionnaire, until

NARROW, WIDE = (80, 24), (140, 40)
THEMES = ["textual-dark", "textual-light"]
TITLES = {
    1: (
        "1.1 A beginning",
        "1.2 What is machine learning?",
        "1.3 The software: tensors, notebooks, and a title that is far too long for one line",
    ),
    2: ("2.1 Gathering data", "2.2 From data to a model"),
}
TEXT = r"""Two lines of our own on this, with `code`, *stress* and $\alpha^2$. They are long enough
to be broken in a narrow window.

```python
learn.fit(1)
```

- a point, and where to [run it](lesson:nothing)
- another
"""
LECTURE = """---
pack: test
part: 1. Deep learning in practice
chapter: 1
title: Your journey
kind: reading
lecture: 2
video: https://www.youtube.com/watch?v=abc
---

## 02:55 Two kinds of task

A category, or a quantity.

<!-- section: 1.2 -->

## 1:04:50 What is held back, told at such a length that the line has to be broken

A random fifth.

<!-- section: 1.2 -->
"""


@pytest.fixture
def course(only_pack: Path) -> Path:
    """Chapters 1 and 2 with sections and two cards in each, chapter 3 with one card only."""
    for path in list(only_pack.rglob("*.md")):
        path.unlink()
    names = {1: "Your journey", 2: "From model to production", 3: "Ethics"}
    for chapter, titles in TITLES.items():
        notes = [
            question(f"q{title[0]}-{title[2]}-{n}", chapter=chapter).replace(
                f"section: {chapter}.1", f"section: {title[:3]}"
            )
            for title in titles
            for n in range(2)
        ]
        (only_pack / f"q{chapter}.md").write_text(questionnaire(*notes, chapter=chapter))
        (only_pack / f"r{chapter}.md").write_text(
            questionnaire(*(f"## {title}\n\n{TEXT}" for title in titles), chapter=chapter).replace(
                "kind: questionnaire", "kind: reading"
            )
        )
    (only_pack / "q3.md").write_text(questionnaire(question("q3", chapter=3), chapter=3))
    for path in only_pack.glob("*.md"):
        text = path.read_text()
        for chapter, name in names.items():
            text = text.replace(f"title: Chapter {chapter}", f"title: {name}")
        part = "2. Applications" if "3" in path.name else "1. Deep learning in practice"
        path.write_text(text.replace("part: 1. Part", f"part: {part}"))
    (only_pack / "lecture.md").write_text(LECTURE)
    return only_pack


@pytest.fixture
def open_tracker(course: Path, open_today) -> Callable[[Pilot[None]], object]:
    async def run(pilot: Pilot[None]) -> None:
        await open_today(pilot)
        pilot.app.push_screen(TrackerScreen())
        await open_today(pilot)

    return run


def lines(app: StudyApp) -> str:
    """What is on the screen, as text."""
    return "\n".join(strip.text for strip in app.screen._compositor.render_strips())


def line(app: StudyApp, words: str) -> str:
    """The one line of the screen with *words* in it."""
    (found,) = [one for one in lines(app).split("\n") if words in one]
    return found


def toasts(app: StudyApp) -> str:
    return " ".join(toast.message for toast in app._notifications)


def page(app: StudyApp) -> CoursePage:
    assert isinstance(app.screen, CoursePage)
    return app.screen


def here(app: StudyApp) -> str:
    """Where the keys go: the number of a section or chapter, or the title of a part."""
    entry = page(app).entry
    assert entry is not None
    return str(getattr(entry, "number", getattr(entry, "title", "")))


def kept(app: StudyApp) -> Course:
    """The course as the database has it."""
    assert app.desk is not None
    with reading(app.desk.engine) as connection:
        return tracker.read_course(connection, learner=1)


def section(app: StudyApp, number: str) -> CourseSection:
    return next(one for one in kept(app).sections if one.number == number)


def let_in(app: StudyApp) -> set[str]:
    """The sections whose new cards are in the queue, for each the notes' names begin so."""
    card, note = tables.card.c, tables.note.c
    assert app.desk is not None
    with reading(app.desk.engine) as connection:
        roomy = Settings(minutes_a_day=600, new_a_day=99)
        items = queue.load(connection, app.clock(), roomy, learner=1)._main
        names = connection.scalars(
            select(note.name)
            .join(tables.card, card.note_id == note.id)
            .where(card.id.in_([item.card for item in items]))
        ).all()
    return {name[1:4].replace("-", ".") for name in names}


# the tree


async def test_it_opens_at_what_is_next_with_the_rest_folded(make_app, open_tracker) -> None:
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_tracker(pilot)
        assert here(app) == "1.1"
        assert "Course" in lines(app).split("\n")[0]
        assert lines(app).split("\n")[0].rstrip().endswith("0 of 5 sections done")
        assert "[ ] 1.1 A beginning" in line(app, "1.1")
        assert line(app, "1.1").rstrip().endswith("next")
        assert "0 of 3" in line(app, "1 Your journey")
        assert "started" in line(app, "1 Your journey")
        assert "2.1 Gathering data" not in lines(app)
        assert line(app, "3 Ethics").rstrip().endswith("no sections")


async def test_after_some_sections_it_opens_further_on(make_app, open_tracker, open_today) -> None:
    first = make_app()
    async with first.run_test(size=NARROW) as pilot:
        await open_tracker(pilot)
        await pilot.press("x", "down", "x", "down", "x")
    second = make_app()
    async with second.run_test(size=NARROW) as pilot:
        await open_tracker(pilot)
        assert here(second) == "2.1"
        assert "3 of 5 sections done" in lines(second)
        assert "1.1 A beginning" not in lines(second)


async def test_moving_folding_and_the_ends(make_app, open_tracker) -> None:
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_tracker(pilot)
        await pilot.press("up")
        assert here(app) == "1"
        await pilot.press("enter")
        assert "1.1 A beginning" not in lines(app)
        await pilot.press("down", "space")
        assert here(app) == "2"
        assert "2.1 Gathering data" in lines(app)
        await pilot.press("end")
        assert here(app) == "3"
        await pilot.press("home")
        assert here(app) == "1. Deep learning in practice"
        await pilot.press("enter")
        assert "Your journey" not in lines(app)
        await pilot.press("j", "k", "pagedown")
        assert here(app) == "3"
        await pilot.press("pageup")
        assert here(app) == "1. Deep learning in practice"


async def test_what_is_folded_stays_folded_after_a_change(make_app, open_tracker) -> None:
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_tracker(pilot)
        await pilot.press("up", "enter", "down", "o")
        assert "1.1 A beginning" not in lines(app)
        assert "started" in line(app, "From model to production")
        assert here(app) == "2"


async def test_the_mouse_works_too(make_app, open_tracker, open_today) -> None:
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_tracker(pilot)
        await pilot.click(Contents, offset=(8, 5))  # the line of chapter 2
        assert here(app) == "2"
        assert "2.1 Gathering data" in lines(app)
        await pilot.click(Contents, offset=(8, 7))
        await open_today(pilot)
        assert isinstance(app.screen, SectionScreen)
        assert here(app) == "2.2"


# ticks


async def test_x_ticks_starts_and_moves_what_is_next(make_app, open_tracker) -> None:
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_tracker(pilot)
        await pilot.press("x")
        assert "[x] 1.1 A beginning" in line(app, "1.1")
        assert line(app, "1.2").rstrip().endswith("next")
        assert "1 of 5 sections done" in lines(app)
        assert "1 of 3" in line(app, "1 Your journey")
        assert (section(app, "1.1").done, here(app)) == (True, "1.1")
        await pilot.press("x")
        assert "[ ] 1.1 A beginning" in line(app, "1.1")
        assert not section(app, "1.1").done


async def test_done_in_a_chapter_that_is_not_started_lets_its_cards_in(
    make_app, open_tracker
) -> None:
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_tracker(pilot)
        await pilot.press("end", "up", "up", "enter", "down", "down", "x")
        assert here(app) == "2.2"
        assert let_in(app) == {"1.1", "1.2", "1.3", "2.2"}
        assert "2.2 is done, and so lets its 2 cards in." in toasts(app)


async def test_plus_and_minus_are_familiarity(make_app, open_tracker) -> None:
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_tracker(pilot)
        await pilot.press("minus")
        assert section(app, "1.1").familiarity is None
        await pilot.press("plus")
        assert section(app, "1.1").familiarity == 0
        await pilot.press(*["plus", "equals_sign"] * 6)
        assert section(app, "1.1").familiarity == 10
        await pilot.press("minus", "minus", "minus")
        assert "7/10" in line(app, "1.1")
        await pilot.press(*["minus"] * 8)
        assert section(app, "1.1").familiarity is None
        assert "/10" not in lines(app)


async def test_o_starts_a_section_and_takes_it_back(make_app, open_tracker) -> None:
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_tracker(pilot)
        assert let_in(app) == {"1.1", "1.2", "1.3"}
        await pilot.press("end", "up", "up", "enter", "down", "o")
        assert here(app) == "2.1"
        assert line(app, "2.1").rstrip().endswith("started")
        assert "1 started" in line(app, "From model")
        assert let_in(app) == {"1.1", "1.2", "1.3", "2.1"}
        assert "Section 2.1 is started: 2 new cards, a few a day." in toasts(app)
        await pilot.press("o")
        assert let_in(app) == {"1.1", "1.2", "1.3"}
        assert "Section 2.1 lets no more new cards in." in toasts(app)


async def test_o_on_a_chapter_starts_the_whole_of_it_and_takes_it_back(
    make_app, open_tracker
) -> None:
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_tracker(pilot)
        await pilot.press("end", "up", "up", "o")
        assert let_in(app) == {"1.1", "1.2", "1.3", "2.1", "2.2"}
        await pilot.press("end", "o")
        assert "Chapter 3 is started: 1 new card, a few a day." in toasts(app)
        assert "3" in let_in(app)
        await pilot.press("up", "up", "o")
        assert let_in(app) == {"1.1", "1.2", "1.3", "3"}


async def test_o_on_a_section_of_a_chapter_started_as_a_whole_says_so(
    make_app, open_tracker
) -> None:
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_tracker(pilot)
        await pilot.press("o")
        assert "Chapter 1 was started as a whole, and section 1.1 with it." in toasts(app)
        assert section(app, "1.1").started


async def test_a_busy_database_says_so_and_changes_nothing(
    make_app, open_tracker, tmp_path: Path
) -> None:
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_tracker(pilot)
        other = sqlite3.connect(tmp_path / "app.db")
        other.execute("BEGIN IMMEDIATE")
        await pilot.press("x", "plus")
        assert toasts(app).count("is locked by another program") == 2
        assert "[ ] 1.1 A beginning" in line(app, "1.1")
        other.rollback()
        other.close()
        assert (section(app, "1.1").done, section(app, "1.1").familiarity) == (False, None)
        await pilot.press("x")
        assert section(app, "1.1").done


# reading and watching


async def test_enter_reads_on_through_the_course(make_app, open_tracker, open_today) -> None:
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_tracker(pilot)
        await pilot.press("down", "enter")
        await open_today(pilot)
        assert isinstance(app.screen, SectionScreen)
        assert "Chapter 1 · Your journey" in lines(app)
        assert "1.2 What is machine learning?" in lines(app)
        assert "0 of 2 cards known · 2 lecture moments below" in lines(app)
        assert "stress and α²" in lines(app)
        await pilot.press("x", "plus")
        assert "done today · familiarity 0/10" in lines(app)
        assert "1 of 3 sections done" in lines(app)
        for _ in range(3):
            if here(app) == "1.2":
                await pilot.press("enter")
                await open_today(pilot)
        assert here(app) == "1.3"
        assert page(app).view.scroll_y == 0
        await pilot.press("end", "space")
        await open_today(pilot)
        assert here(app) == "2.1"
        assert "not started: o lets its 2 cards in" in lines(app)
        await pilot.press("escape")
        await open_today(pilot)
        assert isinstance(app.screen, TrackerScreen)
        assert here(app) == "2.1"  # the cursor has come along


async def test_scrolling_a_section(make_app, open_tracker, open_today) -> None:
    app = make_app()
    async with app.run_test(size=(60, 14)) as pilot:
        await open_tracker(pilot)
        await pilot.press("down", "enter")
        await open_today(pilot)
        view = page(app).view
        for key, there in (("down", 1), ("j", 2), ("up", 1), ("k", 0)):
            await pilot.press(key)
            await pilot.pause()
            assert view.scroll_y == there
        await pilot.press("end")
        await pilot.pause()
        assert view.scroll_y == view.max_scroll_y > 2
        await pilot.press("home", "pagedown")
        await pilot.pause()
        assert view.scroll_y > 2
        await pilot.press("pageup")
        await pilot.pause()
        assert view.scroll_y == 0


async def test_the_end_of_the_course_is_one_sentence(make_app, open_tracker, open_today) -> None:
    app = make_app()
    async with app.run_test(size=WIDE) as pilot:
        await open_tracker(pilot)
        await pilot.press("end", "up", "up", "enter", "down", "down", "enter")
        await open_today(pilot)
        assert here(app) == "2.2"
        await pilot.press("enter")
        assert "This is the last section." in toasts(app)
        assert here(app) == "2.2"


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_w_opens_the_video_at_the_selected_moment(
    make_app, open_tracker, open_today, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(StudyApp, "open_url", lambda self, url, **kw: opened.append(url))
    app = make_app()
    async with app.run_test(size=size) as pilot:
        await open_tracker(pilot)
        await pilot.press("w")  # no lecture comes to 1.1
        assert opened == []
        await pilot.press("down", "w")
        assert opened == ["https://www.youtube.com/watch?v=abc&t=175s"]
        assert "Lecture 2 at 02:55: https://www.youtube.com/watch?v=abc&t=175s" in toasts(app)
        await pilot.press("enter")
        await open_today(pilot)
        await pilot.press("end", "right")
        await open_today(pilot)
        assert "▸ lecture 2  1:04:50  What is held back" in lines(app)
        assert "A random fifth." in lines(app)
        await pilot.press("right", "w")
        assert opened[1:] == ["https://www.youtube.com/watch?v=abc&t=3890s"]
        await pilot.press("left", "left", "w")
        assert opened[2:] == opened[:1]


async def test_a_lecture_without_an_address_says_so(
    make_app, open_tracker, course: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(StudyApp, "open_url", lambda self, url, **kw: opened.append(url))
    text = (course / "lecture.md").read_text()
    (course / "lecture.md").write_text(text.replace("video: https://www.youtube.com", "x: y"))
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_tracker(pilot)
        await pilot.press("down", "w")
        assert "Lecture 2 has no address here." in toasts(app)
        assert opened == []


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_c_opens_the_chapters_questionnaire(
    make_app, open_tracker, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]
) -> None:
    asked: list[int] = []
    monkeypatch.setattr(StudyApp, "open", lambda self, place: asked.append(place.number))
    app = make_app()
    async with app.run_test(size=size) as pilot:
        await open_tracker(pilot)
        await pilot.press("c", "end", "c", "home", "c")  # a part has no questionnaire
        assert asked == [1, 3]
        await pilot.press("down", "down", "enter")
        await pilot.pause()
        assert isinstance(app.screen, SectionScreen)
        await pilot.press("c")
        assert asked == [1, 3, 1]


async def test_find_and_back(make_app, open_tracker) -> None:
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_tracker(pilot)
        await pilot.press("slash")
        assert isinstance(app.screen, FindScreen)
        await pilot.press("escape", "q")
        assert isinstance(app.screen, TodayScreen)


async def test_an_experiment_behind_a_link_that_is_not_installed_is_one_sentence(
    make_app, open_tracker, open_today
) -> None:
    app = make_app()
    async with app.run_test(size=WIDE) as pilot:
        await open_tracker(pilot)
        row = next(at for at, one in enumerate(lines(app).split("\n")) if "run it" in one)
        column = lines(app).split("\n")[row].index("run it")
        await pilot.click(offset=(column + 1, row))
        assert "nothing" in toasts(app)


async def test_cards_learned_in_between_are_known_on_coming_back(make_app, open_tracker) -> None:
    app = make_app()
    async with app.run_test(size=WIDE) as pilot:
        await open_tracker(pilot)
        assert "0 of 2 cards known" in lines(app)
        await pilot.press("slash")
        with writing(app.desk.engine) as connection:
            item = queue.load(connection, app.clock(), Settings(), learner=1).next(app.clock())
            assert item is not None
            review.answer(connection, item.card, None, Rating.GOOD, app.clock(), learner=1)
        await pilot.press("escape")
        assert "1 of 2 cards known" in lines(app)


# the own note


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_an_own_note_takes_all_letters_and_survives_reopening(
    make_app, open_tracker, open_today, size: tuple[int, int]
) -> None:
    first = make_app()
    async with first.run_test(size=size) as pilot:
        await open_tracker(pilot)
        await pilot.press("down", "t")
        await open_today(pilot)
        await pilot.press(*"x+-1owcq/ **why**", "enter", "tab", *"é")
        assert "esc leave the note" in lines(first)
        await pilot.press("escape")
        assert section(first, "1.2").own == "x+-1owcq/ **why**\n    é"
        assert "x+-1owcq/ why" in lines(first)  # read as Markdown again
        await pilot.press("escape")
        await open_today(pilot)
        if size == NARROW:
            assert isinstance(first.screen, TrackerScreen)
            assert line(first, "1.2").rstrip().endswith("✎")
    second = make_app()
    async with second.run_test(size=size) as pilot:
        await open_tracker(pilot)
        await pilot.press("down", "t")
        await open_today(pilot)
        box = second.screen.query_one(TextArea)
        assert box.text == "x+-1owcq/ **why**\n    é"
        await pilot.press(*"!!", "ctrl+s")
        assert section(second, "1.2").own.endswith("é!!")


async def test_what_is_typed_is_kept_before_a_second_has_passed(
    make_app, open_tracker, open_today
) -> None:
    """What another connection reads is what a program that is killed now leaves behind."""
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_tracker(pilot)
        await pilot.press("t")
        await open_today(pilot)
        await pilot.press(*"one ")
        await pilot.pause(0.9)
        assert section(app, "1.1").own == "one "
        typed = "one "
        for letter in "two three four":  # without a pause, it is saved all the same
            await pilot.press(letter)
            typed += letter
            await pilot.pause(0.08)
        assert len(section(app, "1.1").own) >= len("one two")
        await pilot.pause(0.9)
        assert section(app, "1.1").own == typed


async def test_leaving_in_the_middle_of_a_word_keeps_it(make_app, open_tracker, open_today) -> None:
    first = make_app()
    async with first.run_test(size=WIDE) as pilot:
        await open_tracker(pilot)
        await pilot.press("t", *"half a wo", "ctrl+q")
    second = make_app()
    async with second.run_test(size=WIDE) as pilot:
        await open_tracker(pilot)
        assert section(second, "1.1").own == "half a wo"
        assert "half a wo" in lines(second)


async def test_a_click_on_another_section_keeps_the_note_where_it_belongs(
    make_app, open_tracker, open_today
) -> None:
    app = make_app()
    async with app.run_test(size=WIDE) as pilot:
        await open_tracker(pilot)
        await pilot.press("t", *"of the first")
        await pilot.click(Contents, offset=(8, 0))  # the part, which folds
        assert section(app, "1.1").own == "of the first"
        assert not page(app).view.editing
        assert [one.own for one in kept(app).sections[1:]] == [""] * 4


async def test_a_note_waits_for_a_busy_database_and_says_so_once(
    make_app, open_tracker, open_today, tmp_path: Path
) -> None:
    app = make_app()
    async with app.run_test(size=WIDE) as pilot:
        await open_tracker(pilot)
        other = sqlite3.connect(tmp_path / "app.db")
        other.execute("BEGIN IMMEDIATE")
        await pilot.press("t", *"wait")
        await pilot.pause(3 * SAVE_AFTER)
        assert toasts(app).count("Not saved yet: ") == 1
        await pilot.press("escape")
        assert page(app).view.editing  # it cannot be left unsaved
        other.rollback()
        other.close()
        await pilot.pause(2 * SAVE_AFTER)
        assert section(app, "1.1").own == "wait"
        await pilot.press("escape")
        assert not page(app).view.editing


async def test_a_note_that_is_emptied_is_gone(make_app, open_tracker, open_today) -> None:
    app = make_app()
    async with app.run_test(size=WIDE) as pilot:
        await open_tracker(pilot)
        await pilot.press("t", *"ab", "escape")
        assert "your note" in lines(app)
        assert "✎" in line(app, "[ ] 1.1")
        await pilot.press("t", "backspace", "backspace", "escape")
        assert section(app, "1.1").own == ""
        assert "your note" not in lines(app)
        assert "✎" not in lines(app)


async def test_a_chapter_has_no_note_and_no_tick(make_app, open_tracker) -> None:
    app = make_app()
    async with app.run_test(size=WIDE) as pilot:
        await open_tracker(pilot)
        before = kept(app)
        await pilot.press("up", "x", "t", "plus", "w", "right")
        assert kept(app) == before
        assert not page(app).view.editing
        assert "Chapter 1 · Your journey" in lines(app)
        assert "0 of 3 sections done · 6 cards · started" in lines(app)


async def test_the_narrow_tree_becomes_two_columns_when_there_is_room(
    make_app, open_tracker
) -> None:
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_tracker(pilot)
        assert not app.screen.query_one(SectionView).display
        await pilot.resize_terminal(*WIDE)
        await until(pilot, lambda: "Two lines of our own" in lines(app))
        assert app.screen.query_one(SectionView).display


async def test_without_content_it_says_what_to_do(
    make_app, open_tracker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(library, "installed_roots", list)
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_tracker(pilot)
        assert "No sections here yet: install a pack with reading notes, then run" in lines(app)
        await pilot.press("x", "o", "t", "w", "c", "plus", "enter", "up", "down")
        assert isinstance(app.screen, TrackerScreen)
        await pilot.press("q")
        assert isinstance(app.screen, TodayScreen)


# pictures


def use(app: StudyApp) -> None:
    """Some days of an ordinary learner."""
    assert app.desk is not None
    with writing(app.desk.engine) as connection:
        sections = tracker.read_course(connection, learner=1).sections
        tracker.set_done(connection, sections[0].id, True, app.clock(), learner=1)
        tracker.set_familiarity(connection, sections[0].id, 10, now=app.clock(), learner=1)
        tracker.set_familiarity(connection, sections[1].id, 3, now=app.clock(), learner=1)
        tracker.write_note(
            connection,
            sections[1].id,
            "Ask what *weights* are.\n\n- `f(x, w)`",
            now=app.clock(),
            learner=1,
        )
        tracker.start_section(connection, sections[3].id, app.clock(), learner=1)


@pytest.fixture(
    params=[(size, theme) for size in (NARROW, WIDE) for theme in THEMES],
    ids=lambda p: f"{p[0][0]}x{p[0][1]}-{p[1].split('-')[1]}",
)
def look(request, course: Path, make_app, open_today, snap_compare):
    """Compare the tracker of a learner, after some keys, with its picture."""
    size, theme = request.param

    def compare(*keys: str) -> bool:
        async def run(pilot: Pilot[None]) -> None:
            await open_today(pilot)
            assert isinstance(pilot.app, StudyApp)
            use(pilot.app)
            pilot.app.push_screen(TrackerScreen())
            await open_today(pilot)
            for key in keys:
                await pilot.press(key)
                await pilot.pause()
            await open_today(pilot)

        return snap_compare(
            make_app(settings=Settings(theme=theme)), terminal_size=size, run_before=run
        )

    return compare


def test_tracker(look) -> None:
    assert look()


def test_tracker_on_a_chapter(look) -> None:
    assert look("end", "up", "up")


def test_tracker_section(look) -> None:
    assert look("enter", "x")


def test_tracker_moments(look) -> None:
    assert look("enter", "end", "right")


def test_tracker_note(look) -> None:
    assert look("t", "enter", *"Mine.")


def test_tracker_help(look) -> None:
    assert look("question_mark")


def test_tracker_without_sections(look, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "installed_roots", list)
    monkeypatch.setitem(globals(), "use", lambda app: None)
    assert look()


@pytest.mark.parametrize("size", [(20, 5), (40, 12)])
def test_tracker_in_small_terminals(make_app, open_tracker, snap_compare, size) -> None:
    assert snap_compare(make_app(), terminal_size=size, run_before=open_tracker)


def test_tracker_without_colour(
    make_app, open_tracker, snap_compare, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")

    async def run(pilot: Pilot[None]) -> None:
        await open_tracker(pilot)
        await pilot.press("x", "down", "plus")

    assert snap_compare(make_app(), terminal_size=NARROW, run_before=run)
