"""The tracker by keys and as pictures: the tree, a section as a page, ticks and the own note."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import pytest
from sqlalchemy import select
from textual.pilot import Pilot
from textual.widgets import TextArea

from pictures import Pictures
from screen import NARROW, SIZES, WIDE, arrives, hides, lines, settled, shows, tells, until
from studyapp.config import Settings
from studyapp.memory.state import Rating
from studyapp.store import tables
from studyapp.store.engine import reading, writing
from studyapp.study import library, queue, review, tracker
from studyapp.study.library import Home
from studyapp.study.tracker import Course, CourseSection
from studyapp.tui.app import StudyApp
from studyapp.tui.screens.find import FindScreen
from studyapp.tui.screens.section import CoursePage, SectionScreen
from studyapp.tui.screens.today import TodayScreen
from studyapp.tui.screens.tracker import TrackerScreen
from studyapp.tui.screens.writing import SAVE_AFTER
from studyapp.tui.widgets.contents import Contents
from studyapp.tui.widgets.section import SectionView
from tests_support import question, questionnaire

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


def line(app: StudyApp, words: str) -> str:
    """The one line of the screen with *words* in it; nothing where there is none, or more."""
    found = [one for one in lines(app).split("\n") if words in one]
    return found[0].rstrip() if len(found) == 1 else ""


def page(app: StudyApp) -> CoursePage:
    assert isinstance(app.screen, CoursePage)
    return app.screen


def here(app: StudyApp) -> str:
    """Where the keys go: the number of a section or chapter, or the title of a part."""
    entry = page(app).entry
    assert entry is not None
    return str(getattr(entry, "number", getattr(entry, "title", "")))


async def stands(pilot: Pilot[None], at: str) -> None:
    """Wait until all is done and the keys go to this section, chapter or part."""
    app = pilot.app
    assert isinstance(app, StudyApp)
    await settled(pilot)
    await until(pilot, lambda: here(app) == at, what=f"the cursor at {at}")


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
        waiting = queue.load(connection, app.clock(), roomy, learner=1)
        cards = set()
        while item := waiting.next(app.clock()):
            cards.add(item.card)
            waiting.drop(item.card)
        names = connection.scalars(
            select(note.name).join(tables.card, card.note_id == note.id).where(card.id.in_(cards))
        ).all()
    return {name[1:4].replace("-", ".") for name in names}


# the tree


async def test_it_opens_at_what_is_next_with_the_rest_folded(make_app, open_tracker) -> None:
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_tracker(pilot)
        await stands(pilot, "1.1")
        await until(pilot, lambda: "Course" in lines(app).split("\n")[0])
        await until(
            pilot, lambda: lines(app).split("\n")[0].rstrip().endswith("0 of 5 sections done")
        )
        await until(pilot, lambda: "[ ] 1.1 A beginning" in line(app, "1.1"))
        await until(pilot, lambda: line(app, "1.1").endswith("next"))
        await until(pilot, lambda: "0 of 3" in line(app, "1 Your journey"))
        await until(pilot, lambda: "started" in line(app, "1 Your journey"))
        await hides(pilot, "2.1 Gathering data")
        await until(pilot, lambda: line(app, "3 Ethics").endswith("no sections"))


async def test_after_some_sections_it_opens_further_on(make_app, open_tracker, open_today) -> None:
    first = make_app()
    async with first.run_test(size=NARROW) as pilot:
        await open_tracker(pilot)
        await pilot.press("x", "down", "x", "down", "x")
        await shows(pilot, "3 of 5 sections done")
    second = make_app()
    async with second.run_test(size=NARROW) as pilot:
        await open_tracker(pilot)
        await stands(pilot, "2.1")
        await shows(pilot, "3 of 5 sections done")
        await hides(pilot, "1.1 A beginning")


async def test_moving_folding_and_the_ends(make_app, open_tracker) -> None:
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_tracker(pilot)
        await pilot.press("up")
        await stands(pilot, "1")
        await pilot.press("enter")
        await hides(pilot, "1.1 A beginning")
        await pilot.press("down", "space")
        await stands(pilot, "2")
        await shows(pilot, "2.1 Gathering data")
        await pilot.press("end")
        await stands(pilot, "3")
        await pilot.press("home")
        await stands(pilot, "1. Deep learning in practice")
        await shows(pilot, "1. Deep learning in practice")
        await pilot.press("enter")
        await hides(pilot, "Your journey")
        await pilot.press("j", "k", "pagedown")
        await stands(pilot, "3")
        await pilot.press("pageup")
        await stands(pilot, "1. Deep learning in practice")


async def test_the_headings_of_what_is_chosen_are_in_sight(make_app, open_tracker) -> None:
    app = make_app()
    async with app.run_test(size=(60, 12)) as pilot:
        await open_tracker(pilot)
        await pilot.press("down", "down", "down", "enter", "end")
        await stands(pilot, "3")
        await hides(pilot, "Deep learning in practice")
        await pilot.press(*["up"] * 7)
        await stands(pilot, "1.1")
        await shows(pilot, "Deep learning in practice", "1 Your journey")


async def test_what_is_folded_stays_folded_after_a_change(make_app, open_tracker) -> None:
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_tracker(pilot)
        await pilot.press("up", "enter", "down", "o")
        await hides(pilot, "1.1 A beginning")
        await until(pilot, lambda: "started" in line(app, "From model to production"))
        await stands(pilot, "2")


async def test_the_mouse_works_too(make_app, open_tracker, open_today) -> None:
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_tracker(pilot)
        await pilot.click(Contents, offset=(8, 5))  # the line of chapter 2
        await stands(pilot, "2")
        await shows(pilot, "2.1 Gathering data")
        await pilot.click(Contents, offset=(8, 7))
        await open_today(pilot)
        await arrives(pilot, SectionScreen)
        await stands(pilot, "2.2")


# ticks


async def test_x_ticks_starts_and_moves_what_is_next(make_app, open_tracker) -> None:
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_tracker(pilot)
        await pilot.press("x")
        await until(pilot, lambda: "[x] 1.1 A beginning" in line(app, "1.1"))
        await until(pilot, lambda: line(app, "1.2").endswith("next"))
        await shows(pilot, "1 of 5 sections done")
        await until(pilot, lambda: "1 of 3" in line(app, "1 Your journey"))
        await until(pilot, lambda: (section(app, "1.1").done, here(app)) == (True, "1.1"))
        await pilot.press("x")
        await until(pilot, lambda: "[ ] 1.1 A beginning" in line(app, "1.1"))
        await until(pilot, lambda: not section(app, "1.1").done)


async def test_done_in_a_chapter_that_is_not_started_lets_its_cards_in(
    make_app, open_tracker
) -> None:
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_tracker(pilot)
        await pilot.press("end", "up", "up", "enter", "down", "down", "x")
        await stands(pilot, "2.2")
        await until(pilot, lambda: let_in(app) == {"1.1", "1.2", "1.3", "2.2"})
        await tells(pilot, "2.2 is done, and so lets its 2 cards in.")


async def test_plus_and_minus_are_familiarity(make_app, open_tracker) -> None:
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_tracker(pilot)
        await pilot.press("underscore")
        await until(pilot, lambda: section(app, "1.1").familiarity == 0)
        await pilot.press("underscore")
        await until(pilot, lambda: section(app, "1.1").familiarity is None)
        await pilot.press("plus")
        await until(pilot, lambda: section(app, "1.1").familiarity == 1)
        await pilot.press(*["plus", "equals_sign"] * 6)
        await until(pilot, lambda: section(app, "1.1").familiarity == 10)
        await pilot.press("underscore", "underscore", "underscore")
        await until(pilot, lambda: "7/10" in line(app, "1.1"))
        await pilot.press(*["underscore"] * 8)
        await until(pilot, lambda: section(app, "1.1").familiarity is None)
        await hides(pilot, "/10")
        await tells(pilot, "Familiar: 7 of 10.")
        await tells(pilot, "Familiar: not said.", 2)
        await pilot.press("u")
        await tells(pilot, "Undone: how familiar section 1.1 is.")
        await until(pilot, lambda: section(app, "1.1").familiarity == 0)


async def test_o_starts_a_section_and_takes_it_back(make_app, open_tracker) -> None:
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_tracker(pilot)
        await until(pilot, lambda: let_in(app) == {"1.1", "1.2", "1.3"})
        await pilot.press("end", "up", "up", "enter", "down")
        await shows(pilot, "o start")
        await pilot.press("o")
        await stands(pilot, "2.1")
        await shows(pilot, "o stop")
        await until(pilot, lambda: line(app, "2.1 Gathering").endswith("started"))
        await until(pilot, lambda: "1 started" in line(app, "From model"))
        await until(pilot, lambda: let_in(app) == {"1.1", "1.2", "1.3", "2.1"})
        await tells(pilot, "Section 2.1 is started: 2 new cards, a few a day.")
        await pilot.press("o")
        await until(pilot, lambda: let_in(app) == {"1.1", "1.2", "1.3"})
        await tells(pilot, "Section 2.1 lets no more new cards in.")
        await pilot.press("u")
        await tells(pilot, "Undone: stopping section 2.1.")
        await until(pilot, lambda: let_in(app) == {"1.1", "1.2", "1.3", "2.1"})
        await pilot.press("u")
        await tells(pilot, "Undone: starting section 2.1.")
        await until(pilot, lambda: let_in(app) == {"1.1", "1.2", "1.3"})
        await pilot.press("u")
        await tells(pilot, "Nothing done here is left to take back.")


async def test_a_learner_may_begin_with_a_section_of_any_chapter(make_app, open_tracker) -> None:
    """Chapter 1 is stopped before it was begun; Today, the questionnaire and a card of one's own
    go by what lets cards in."""
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_tracker(pilot)
        await pilot.press("home", "down", "o")
        await until(pilot, lambda: let_in(app) == set())
        await pilot.press("end", "up", "up", "enter", "down", "o")
        await until(pilot, lambda: let_in(app) == {"2.1"})
        await pilot.press("escape")
        await arrives(pilot, TodayScreen)
        await shows(pilot, "Welcome", "Chapter 2 is ready:")
        await shows(pilot, "2 cards today", "Questionnaire, chapter 2")
        assert app.desk is not None
        library.new_question(app.desk, "Where does it go?", "Here.")
        with reading(app.desk.engine) as connection:
            prompt, chapter = tables.note.c.prompt, tables.note.c.chapter_id
            own = select(tables.chapter.c.number).join(tables.note, chapter == tables.chapter.c.id)
            assert connection.scalars(own.where(prompt == "Where does it go?")).all() == [2]
        beside = Home("test", "1. Deep learning in practice", 2, "From model to production", "2.2")
        library.new_question(app.desk, "And beside a card of 2.2?", "There.", beside)
        assert [section(app, one).cards.own for one in ("2.1", "2.2")] == [0, 1]
        assert kept(app).chapters[1].cards.own == 2
        assert "y.w" in let_in(
            app
        )  # my-where…, of no section: it comes as anything of the chapter does
    again = make_app()
    async with again.run_test(size=NARROW) as pilot:
        await shows(pilot, "Chapter 2 is ready:")


async def test_o_on_a_chapter_starts_the_whole_of_it_and_takes_it_back(
    make_app, open_tracker
) -> None:
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_tracker(pilot)
        await pilot.press("end", "up", "up", "o")
        await until(pilot, lambda: let_in(app) == {"1.1", "1.2", "1.3", "2.1", "2.2"})
        await pilot.press("end", "o")
        await tells(pilot, "Chapter 3 is started: 1 new card, a few a day.")
        await shows(pilot, "o stop")
        await until(pilot, lambda: "3" in let_in(app))
        await pilot.press("up", "up", "o")
        await until(pilot, lambda: let_in(app) == {"1.1", "1.2", "1.3", "3"})
        await pilot.press("u")
        await until(pilot, lambda: let_in(app) == {"1.1", "1.2", "1.3", "2.1", "2.2", "3"})
        await pilot.press("u")
        await tells(pilot, "Undone: starting chapter 3.")
        await until(pilot, lambda: let_in(app) == {"1.1", "1.2", "1.3", "2.1", "2.2"})


async def test_o_on_a_section_of_a_chapter_started_as_a_whole_says_so(
    make_app, open_tracker
) -> None:
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_tracker(pilot)
        await shows(pilot, "1.1 ")
        await hides(pilot, "o start", "o stop")
        await pilot.press("o")
        await tells(pilot, "Chapter 1 was started as a whole, and section 1.1 with it.")
        await until(pilot, lambda: section(app, "1.1").started)


async def test_a_busy_database_says_so_and_changes_nothing(
    make_app, open_tracker, tmp_path: Path
) -> None:
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_tracker(pilot)
        other = sqlite3.connect(tmp_path / "app.db")
        other.execute("BEGIN IMMEDIATE")
        await pilot.press("x", "plus")
        await tells(pilot, "is locked by another program", 2)
        await until(pilot, lambda: "[ ] 1.1 A beginning" in line(app, "1.1"))
        other.rollback()
        other.close()
        await until(
            pilot,
            lambda: (section(app, "1.1").done, section(app, "1.1").familiarity) == (False, None),
        )
        await pilot.press("x")
        await until(pilot, lambda: section(app, "1.1").done)


# reading and watching


async def test_enter_reads_on_through_the_course(make_app, open_tracker, open_today) -> None:
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_tracker(pilot)
        await pilot.press("down", "enter")
        await open_today(pilot)
        await arrives(pilot, SectionScreen)
        await shows(pilot, "Chapter 1 · Your journey")
        await shows(pilot, "1.2 What is machine learning?")
        await shows(pilot, "0 of 2 cards met · 2 lecture moments below")
        await shows(pilot, "stress and α²")
        await pilot.press("x", "plus")
        await shows(pilot, "done today · familiarity 1/10")
        await shows(pilot, "1 of 3 sections done")
        for _ in range(3):
            if here(app) == "1.2":
                await pilot.press("enter")
                await open_today(pilot)
        await stands(pilot, "1.3")
        await until(pilot, lambda: page(app).view.scroll_y == 0)
        await pilot.press("end", "space")
        await open_today(pilot)
        await stands(pilot, "2.1")
        await shows(pilot, "not started: o lets its 2 cards in")
        await pilot.press("escape")
        await open_today(pilot)
        await arrives(pilot, TrackerScreen)
        await stands(pilot, "2.1")  # the cursor has come along


async def test_scrolling_a_section(make_app, open_tracker, open_today) -> None:
    app = make_app()
    async with app.run_test(size=(60, 14)) as pilot:
        await open_tracker(pilot)
        await pilot.press("down", "enter")
        await open_today(pilot)
        view = page(app).view

        async def scrolled(there: int) -> None:
            await until(pilot, lambda: view.scroll_y == there, what=f"line {there} on top")

        for key, there in (("down", 1), ("j", 2), ("up", 1), ("k", 0)):
            await pilot.press(key)
            await scrolled(there)
        await pilot.press("end")
        await until(pilot, lambda: view.scroll_y == view.max_scroll_y > 2)
        await pilot.press("home")
        await scrolled(0)
        await pilot.press("pagedown")
        await until(pilot, lambda: view.scroll_y > 2)
        await pilot.press("pageup")
        await scrolled(0)


async def test_the_end_of_the_course_is_one_sentence(make_app, open_tracker, open_today) -> None:
    app = make_app()
    async with app.run_test(size=WIDE) as pilot:
        await open_tracker(pilot)
        await pilot.press("end", "up", "up", "enter", "down", "down", "enter")
        await open_today(pilot)
        await stands(pilot, "2.2")
        await pilot.press("enter")
        await tells(pilot, "This is the last section.")
        await stands(pilot, "2.2")


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
        await settled(pilot)
        assert opened == []
        await pilot.press("down", "w")
        await tells(pilot, "02:55: https://www.youtube.com/watch?v=abc&t=175s; w again opens it.")
        assert opened == []  # nothing that was not shown before
        await pilot.press("w")
        await until(pilot, lambda: opened == ["https://www.youtube.com/watch?v=abc&t=175s"])
        await tells(pilot, "Lecture 2 at 02:55: https://www.youtube.com/watch?v=abc&t=175s")
        await pilot.press("enter")
        await open_today(pilot)
        await pilot.press("end", "right")
        await open_today(pilot)
        await shows(pilot, "▸ lecture 2  1:04:50  What is held back")
        await shows(pilot, "A random fifth.")
        await pilot.press("w")
        await settled(pilot)
        assert opened[1:] == ["https://www.youtube.com/watch?v=abc&t=3890s"]
        await pilot.press("left", "w")
        await until(pilot, lambda: opened[2:] == opened[:1])


@pytest.mark.parametrize("address", ["", "javascript:alert(1)", "file:///etc/passwd", "-x"])
async def test_a_lecture_without_an_address_in_the_web_says_so(
    make_app, open_tracker, course: Path, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(StudyApp, "open_url", lambda self, url, **kw: opened.append(url))
    text = (course / "lecture.md").read_text()
    if not address:
        (course / "lecture.md").write_text(text.replace("video: https://www.youtube.com", "x: y"))
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_tracker(pilot)
        if address:  # as a database from elsewhere may have it
            with writing(app.desk.engine) as connection:
                connection.execute(tables.moment.update().values(video=address))
            await pilot.press("escape", "C")
            await settled(pilot)
        await pilot.press("down", "w")
        await tells(pilot, "Lecture 2 has no address here.")
        assert opened == []


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_c_opens_the_chapters_questionnaire(
    make_app, open_tracker, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]
) -> None:
    asked: list[int] = []
    monkeypatch.setattr(StudyApp, "open", lambda self, place: asked.append(place.chapter))
    app = make_app()
    async with app.run_test(size=size) as pilot:
        await open_tracker(pilot)
        await pilot.press("c", "end", "c", "home", "c")  # a part has no questionnaire
        await settled(pilot)
        assert asked == [1, 3]
        await pilot.press("down", "down", "enter")
        await arrives(pilot, SectionScreen)
        await pilot.press("c")
        await until(pilot, lambda: asked == [1, 3, 1])


async def test_find_and_back(make_app, open_tracker) -> None:
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_tracker(pilot)
        await pilot.press("slash")
        await arrives(pilot, FindScreen)
        await pilot.press("escape", "q")
        await arrives(pilot, TodayScreen)


async def test_an_experiment_behind_a_link_that_is_not_installed_is_one_sentence(
    make_app, open_tracker, open_today
) -> None:
    app = make_app()
    async with app.run_test(size=WIDE) as pilot:
        await open_tracker(pilot)
        row = next(at for at, one in enumerate(lines(app).split("\n")) if "run it" in one)
        column = lines(app).split("\n")[row].index("run it")
        await pilot.click(offset=(column + 1, row))
        await tells(pilot, "nothing")


async def test_cards_learned_in_between_are_known_on_coming_back(make_app, open_tracker) -> None:
    app = make_app()
    async with app.run_test(size=WIDE) as pilot:
        await open_tracker(pilot)
        await shows(pilot, "0 of 2 cards met")
        await pilot.press("slash")
        await arrives(pilot, FindScreen)
        with writing(app.desk.engine) as connection:
            item = queue.load(connection, app.clock(), Settings(), learner=1).next(app.clock())
            assert item is not None
            review.answer(connection, item.card, None, Rating.GOOD, app.clock(), learner=1)
        await pilot.press("escape")
        await shows(pilot, "1 of 2 cards met")
        await pilot.press("home", "down", "o", "down")
        await shows(pilot, "1 of 2 cards met · not started: o lets its other 1 in")


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
        await shows(pilot, "esc leave the note")
        await pilot.press("escape")
        await until(pilot, lambda: section(first, "1.2").own == "x+-1owcq/ **why**\n    é")
        await shows(pilot, "x+-1owcq/ why")  # read as Markdown again
        await pilot.press("escape")
        await open_today(pilot)
        if size == NARROW:
            await arrives(pilot, TrackerScreen)
            await until(pilot, lambda: line(first, "1.2").endswith("✎"))
    second = make_app()
    async with second.run_test(size=size) as pilot:
        await open_tracker(pilot)
        await pilot.press("down", "t")
        await open_today(pilot)
        box = second.screen.query_one(TextArea)
        assert box.text == "x+-1owcq/ **why**\n    é"
        await pilot.press(*"!!", "ctrl+s")
        await until(pilot, lambda: section(second, "1.2").own.endswith("é!!"))


async def test_what_is_typed_is_kept_before_a_second_has_passed(
    make_app, open_tracker, open_today
) -> None:
    """What another connection reads is what a program that is killed now leaves behind."""
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_tracker(pilot)
        await pilot.press("t")
        await open_today(pilot)
        assert SAVE_AFTER < 1  # what is promised
        await pilot.press(*"one ")
        await until(pilot, lambda: section(app, "1.1").own == "one ")
        typed = "one "
        while section(app, "1.1").own == "one " and len(typed) < 100:  # saved without a pause
            await pilot.press("a")
            typed += "a"
            await pilot.pause(SAVE_AFTER / 6)
        assert len("one ") < len(section(app, "1.1").own) <= len(typed) < 100
        await until(pilot, lambda: section(app, "1.1").own == typed)


async def test_leaving_in_the_middle_of_a_word_keeps_it(make_app, open_tracker, open_today) -> None:
    first = make_app()
    async with first.run_test(size=WIDE) as pilot:
        await open_tracker(pilot)
        await pilot.press("t", *"half a wo", "ctrl+q")
        await until(pilot, lambda: not first.is_running)
    second = make_app()
    async with second.run_test(size=WIDE) as pilot:
        await open_tracker(pilot)
        await until(pilot, lambda: section(second, "1.1").own == "half a wo")
        await shows(pilot, "half a wo")


async def test_a_click_on_another_section_keeps_the_note_where_it_belongs(
    make_app, open_tracker, open_today
) -> None:
    app = make_app()
    async with app.run_test(size=WIDE) as pilot:
        await open_tracker(pilot)
        await pilot.press("t", *"of the first")
        await pilot.click(Contents, offset=(8, 0))  # the part, which folds
        await until(pilot, lambda: section(app, "1.1").own == "of the first")
        await until(pilot, lambda: not page(app).view.editing)
        await until(pilot, lambda: [one.own for one in kept(app).sections[1:]] == [""] * 4)


async def test_a_note_waits_for_a_busy_database_and_says_so_once(
    make_app, open_tracker, open_today, tmp_path: Path
) -> None:
    app = make_app()
    async with app.run_test(size=WIDE) as pilot:
        await open_tracker(pilot)
        other = sqlite3.connect(tmp_path / "app.db")
        other.execute("BEGIN IMMEDIATE")
        await pilot.press("t", *"wait")
        await tells(pilot, "Not saved yet: ", 1)
        await pilot.pause(3 * SAVE_AFTER)  # it is tried again, and not told again
        await tells(pilot, "Not saved yet: ", 1)
        await pilot.press("escape")
        await settled(pilot)
        assert page(app).view.editing  # it cannot be left unsaved
        other.rollback()
        other.close()
        await until(pilot, lambda: section(app, "1.1").own == "wait")
        await pilot.press("escape")
        await until(pilot, lambda: not page(app).view.editing)


async def test_a_note_that_is_emptied_is_gone(make_app, open_tracker, open_today) -> None:
    app = make_app()
    async with app.run_test(size=WIDE) as pilot:
        await open_tracker(pilot)
        await pilot.press("t", *"ab", "escape")
        await shows(pilot, "your note")
        await until(pilot, lambda: "✎" in line(app, "[ ] 1.1"))
        await pilot.press("t", "backspace", "backspace", "escape")
        await until(pilot, lambda: section(app, "1.1").own == "")
        await hides(pilot, "your note")
        await hides(pilot, "✎")


async def test_a_chapter_has_no_note_and_no_tick(make_app, open_tracker) -> None:
    app = make_app()
    async with app.run_test(size=WIDE) as pilot:
        await open_tracker(pilot)
        before = kept(app)
        await pilot.press("up", "x", "t", "plus", "w", "right")
        await settled(pilot)
        assert kept(app) == before
        await until(pilot, lambda: not page(app).view.editing)
        await shows(pilot, "Chapter 1 · Your journey")
        await shows(pilot, "0 of 3 sections done · 6 cards · started")


async def test_the_narrow_tree_becomes_two_columns_when_there_is_room(
    make_app, open_tracker
) -> None:
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_tracker(pilot)
        await until(pilot, lambda: not app.screen.query_one(SectionView).display)
        await pilot.resize_terminal(*WIDE)
        await shows(pilot, "Two lines of our own")
        await until(pilot, lambda: app.screen.query_one(SectionView).display)


@pytest.mark.parametrize("size", [(60, 20), NARROW])
async def test_a_title_that_is_cut_in_the_tree_is_whole_below_it(
    make_app, open_tracker, size
) -> None:
    whole = "1.3 The software: tensors, notebooks, and a title that is far too long for one line"
    app = make_app()
    async with app.run_test(size=size) as pilot:
        await open_tracker(pilot)
        await shows(pilot, "1.3 The software")
        await hides(pilot, "for one line")
        await pilot.press("down", "down")
        await shows(pilot, whole)
        await pilot.resize_terminal(*WIDE)
        await hides(pilot, whole)  # there the page beside it has it
        await pilot.resize_terminal(*size)
        await shows(pilot, whole)
        await pilot.press("up")
        await hides(pilot, whole)


async def test_without_content_it_says_what_to_do(
    make_app, open_tracker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(library, "installed_roots", list)
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_tracker(pilot)
        await shows(pilot, "No sections here yet: install a pack with reading notes, then run")
        await pilot.press("x", "o", "t", "w", "c", "plus", "enter", "up", "down")
        await arrives(pilot, TrackerScreen)
        await pilot.press("q")
        await arrives(pilot, TodayScreen)


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


@pytest.fixture
def look(course: Path, make_app, open_today, pictures: Pictures) -> Callable[..., Awaitable[None]]:
    """Compare the tracker of a learner, after some keys, with its pictures."""

    async def compare(
        *keys: str,
        sizes: Sequence[tuple[int, int]] = SIZES,
        light: bool = False,
        use: Callable[[StudyApp], None] | None = use,
    ) -> None:
        app = make_app()
        async with app.run_test(size=sizes[0], notifications=True) as pilot:
            await open_today(pilot)
            if use is not None:
                use(app)
            app.push_screen(TrackerScreen())
            await settled(pilot)
            for key in keys:
                await pilot.press(key)
                await settled(pilot)
            await pictures(pilot, sizes=sizes, light=light)

    return compare


each_size = pytest.mark.parametrize("size", SIZES, ids=["80x24", "140x40"])
"""For keys that do other things where there is room for both columns."""


async def test_tracker(look) -> None:
    await look()


async def test_tracker_on_a_chapter(look) -> None:
    await look("end", "up", "up")


@each_size
async def test_tracker_section(look, size) -> None:
    await look("enter", "x", sizes=[size], light=size == NARROW)


@each_size
async def test_tracker_moments(look, size) -> None:
    await look("enter", "end", "right", sizes=[size])


@each_size
async def test_tracker_note(look, size) -> None:
    await look("t", "enter", *"Mine.", sizes=[size])


async def test_tracker_help(look) -> None:
    await look("question_mark")


async def test_tracker_without_sections(look, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "installed_roots", list)
    await look(use=None)


async def test_tracker_in_small_terminals(look) -> None:
    await look(sizes=[(40, 12), (20, 5)], use=None)


async def test_tracker_without_colour(look, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    await look("x", "down", "plus", sizes=[NARROW], use=None)
