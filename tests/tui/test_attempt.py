"""The questionnaire: keyboard walks through each state, and its pictures."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from textual import events
from textual.pilot import Pilot

from labpack import install, write_reference
from pictures import Pictures
from screen import NARROW, SIZES, arrives, hides, settled, shows, strips, tells, until
from studyapp import config
from studyapp.config import Current, Settings
from studyapp.store import log, tables
from studyapp.store.database import connect
from studyapp.store.engine import reading, writing
from studyapp.store.parameters import in_force
from studyapp.study import library
from studyapp.study.grading import Grade
from studyapp.study.questionnaire.attempt import Asked, Attempt, Mark
from studyapp.study.questionnaire.response import LONGEST
from studyapp.tui.app import StudyApp
from studyapp.tui.screens.attempt import AttemptScreen
from studyapp.tui.screens.compare import CompareScreen
from studyapp.tui.screens.find import FindScreen
from studyapp.tui.screens.help import HelpScreen
from studyapp.tui.screens.lesson import LessonScreen
from studyapp.tui.screens.tally import TallyScreen
from studyapp.tui.screens.today import TodayScreen
from studyapp.tui.screens.writing import SAVE_AFTER
from studyapp.tui.widgets.answer import AnswerBox
from studyapp.tui.widgets.grades import GradeButton
from studyapp.tui.widgets.keybar import KeyBar
from studyapp.tui.widgets.points import PointLine, Points
from studyapp.tui.widgets.questions import Questions
from tests_support import Clock, question, questionnaire

SMALL, LARGE = SIZES

OVERFITTING = """## What is overfitting, and how do you notice it while you train? {#overfitting}

The model stores its training examples instead of what they share. So the training loss keeps
falling while results on unseen data stop improving or get worse. In an experiment the
[gap of the test errors](fact:probe.gap) said the same.

- [ ] the training loss falls on and on
- [ ] results on unseen data stop improving, or get worse
- [ ] extra: it begins sooner with few examples and wrong labels, which leave more to store

<!-- number: 2, section: 1.1, as-of: 2026 -->
<!-- source: Prechelt 1998, Early stopping, but when? -->
"""
DO = """## Open a notebook, type `1+1` into a cell and run it. {#notebook}

Press Shift+Enter. The answer appears below the cell.

<!-- number: 3, section: 1.1, card: do -->
"""
START = "t", "It stores its training examples.", "ctrl+s"


@pytest.fixture
def pack(only_pack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Chapter 1: a plain question, one with a figure, something to do, and a plain one."""
    write_reference(install(tmp_path, monkeypatch, "probe"), "probe")
    numbered = [
        question(name).replace("section: 1.1", f"number: {number}, section: 1.1")
        for name, number in (("a tensor", 1), ("a loss", 4))
    ]
    notes = [text.replace("{#a ", "{#") for text in numbered]
    (only_pack / "1" / "questionnaire.md").write_text(
        questionnaire(notes[0], OVERFITTING, DO, notes[1])
    )
    (only_pack / "1" / "jargon.md").unlink()
    return only_pack


Open = Callable[..., Awaitable[AttemptScreen]]


@pytest.fixture
def open_attempt(pack: Path, open_today, settle) -> Open:
    """Open chapter 1's questionnaire, at one of its questions."""

    async def begin(
        pilot: Pilot[None], at: int = 0, *, chapter: int = 1, anew: bool = False
    ) -> AttemptScreen:
        app = pilot.app
        assert isinstance(app, StudyApp)
        await open_today(pilot)
        assert app.desk is not None
        attempt = Attempt(app.desk, chapter, anew=anew)
        attempt.go_to(at)
        screen = AttemptScreen(attempt)
        app.push_screen(screen)
        await settle(pilot)
        return screen

    return begin


async def keys(pilot: Pilot[None], *steps: str) -> None:
    """Press keys and let all be done; a step with a space in it is put into the box at once."""
    for step in steps:
        if " " in step:
            await paste(pilot, step)
        else:
            await pilot.press(step)
    await settled(pilot)


async def paste(pilot: Pilot[None], text: str) -> None:
    pilot.app.post_message(events.Paste(text))
    await settled(pilot)


def box(pilot: Pilot[None]) -> AnswerBox:
    return pilot.app.screen.query_one(AnswerBox)


def footer(pilot: Pilot[None]) -> str:
    return str(pilot.app.screen.query_one(KeyBar).render())


def hint(pilot: Pilot[None]) -> str:
    return str(pilot.app.screen.query_one("Grades").border_title or "").strip()


def doubts(pilot: Pilot[None]) -> list[str]:
    """The points with a mark of doubt."""
    shown = [str(line.render()) for line in pilot.app.screen.query(PointLine)]
    return [text[2:7] for text in shown if text.endswith("?")]


def grades(pilot: Pilot[None]) -> list[str]:
    return [str(button.content) for button in pilot.app.screen.query(GradeButton)]


def current(pilot: Pilot[None]) -> Asked:
    assert isinstance(pilot.app.screen, AttemptScreen)
    return pilot.app.screen.attempt.current


def number(pilot: Pilot[None]) -> int:
    assert isinstance(pilot.app.screen, AttemptScreen)
    return pilot.app.screen.attempt.index + 1


def kept(pilot: Pilot[None], column: Any = tables.response.c.text, row: int = 0) -> Any:
    """What another program finds of the newest (or *row*-th newest) answer."""
    app = pilot.app
    assert isinstance(app, StudyApp)
    engine = connect(app.db)
    with reading(engine) as connection:
        found = connection.scalars(select(column).order_by(tables.response.c.id.desc())).all()
    engine.dispose()
    return found[row] if len(found) > row else ""


async def stands(pilot: Pilot[None], at: int, rated: int | None = None) -> None:
    """Wait for the question of this number, with so many reviews kept."""
    await until(
        pilot,
        lambda: number(pilot) == at and rated in (None, reviews(pilot)),
        what=f"question {at}, {rated} reviews kept",
    )


def reviews(pilot: Pilot[None]) -> int:
    app = pilot.app
    assert isinstance(app, StudyApp)
    assert app.desk is not None
    with reading(app.desk.engine) as connection:
        return connection.scalar(select(func.count()).select_from(tables.review)) or 0


# the way through


async def test_a_whole_questionnaire_by_keys(make_app, open_attempt: Open, open_today) -> None:
    async with make_app().run_test(size=SMALL) as pilot:
        screen = await open_attempt(pilot)
        await keys(pilot, "t", "It is a tensor.", "escape", "enter")
        await shows(pilot, "It is a tensor.")
        await keys(pilot, "x", "enter")  # all core points: got it is proposed and accepted
        await stands(pilot, 2, 1)
        await keys(pilot, *START, "2")
        await stands(pilot, 3, 2)
        await keys(pilot, "D")
        await stands(pilot, 4, 2)
        await keys(pilot, "space", "1")
        await arrives(pilot, TallyScreen)
        await shows(
            pilot,
            "All 4 questions judged.",
            "got it    1",
            "partly    1",
            "missed    1",
            "done      1",
            "Core points: 1 of 2 (50%) in 2 answers.",
            "Missed or partly: 2 come back in your reviews.",
        )
        assert screen.attempt.finished
        await keys(pilot, "enter")
        await open_today(pilot)
        await arrives(pilot, TodayScreen)


async def test_one_key_writes_and_going_on_reveals(make_app, open_attempt: Open) -> None:
    async with make_app().run_test(size=SMALL) as pilot:
        await open_attempt(pilot)
        await keys(pilot, "t", "x")
        await until(pilot, lambda: box(pilot).has_focus)
        await keys(pilot, "escape", "enter")
        await until(pilot, lambda: (current(pilot).revealed, current(pilot).text) == (True, "x"))
        await until(pilot, lambda: not box(pilot).has_focus)
        await keys(pilot, "space")  # nothing is ticked: nothing is judged
        await tells(pilot, "1-3, or tick what you said.")
        await stands(pilot, 1, 0)


async def test_revealing_brings_points_in_sight_and_going_on_ends_in_a_grade(
    make_app, open_attempt: Open
) -> None:
    async with make_app().run_test(size=SMALL) as pilot:
        await open_attempt(pilot, 1)
        await keys(pilot, *START)
        await shows(pilot, "── reference", "which leave more to store")
        await pilot.resize_terminal(80, 16)
        await settled(pilot)
        await keys(pilot, "escape")
        await open_attempt(pilot, 1)
        await shows(pilot, "── reference", "more to store")
        await keys(pilot, "i")
        await hides(pilot, "when?")  # the last words of all, in the sources
        await keys(pilot, "a", "b", "pageup", "pageup")
        for key in ("space", "enter", "space", "enter"):
            if number(pilot) == 2:
                await keys(pilot, key)
        await stands(pilot, 3, 1)


async def test_the_footer_and_help_name_the_letters_that_there_are(
    make_app, open_attempt: Open
) -> None:
    async with make_app().run_test(size=LARGE) as pilot:
        await open_attempt(pilot)
        await shows(pilot, "→ next", "S sure")
        assert "←" not in footer(pilot), "there is no question before"
        await keys(pilot, "enter")
        await shows(pilot, "a-b tick", "1-3 judge")
        await keys(pilot, "right", "enter")
        await shows(pilot, "a-c tick", "←→ next")
        await keys(pilot, "question_mark")
        await shows(pilot, "a-c  Tick the point of that letter", "1-3  Judge: missed, partly")
        await keys(pilot, "escape", "right")
        assert "tick" not in footer(pilot), "what is to be done has no points"


async def test_a_key_is_named_for_what_it_does_next(make_app, open_attempt: Open) -> None:
    async with make_app().run_test(size=LARGE) as pilot:
        await open_attempt(pilot)
        await shows(pilot, "F flag")
        await keys(pilot, "F")
        await shows(pilot, "F unflag", "⚑ flagged")
        await keys(pilot, "F")
        await hides(pilot, "F unflag", "⚑ flagged")


async def test_letters_tick_and_change_nothing_else(make_app, open_attempt: Open) -> None:
    async with make_app().run_test(size=SMALL) as pilot:
        screen = await open_attempt(pilot, 1)
        await keys(pilot, "space", "c", "a")
        await until(pilot, lambda: current(pilot).ticked == {0, 2})
        await keys(pilot, *"cdefghijkmopsvwyz")
        await until(pilot, lambda: current(pilot).ticked == {0})
        await stands(pilot, 2, 0)
        assert pilot.app.screen is screen
        assert not current(pilot).flagged


async def test_space_reveals_and_an_empty_box_says_so(make_app, open_attempt: Open) -> None:
    async with make_app().run_test(size=SMALL) as pilot:
        await open_attempt(pilot)
        await keys(pilot, "space")
        await shows(pilot, "It is a tensor.")
        await shows(pilot, "Nothing written: answered in your head.")
        await keys(pilot, "3")
        await until(pilot, lambda: reviews(pilot) == 1)


async def test_the_box_takes_every_letter(make_app, open_attempt: Open) -> None:
    async with make_app().run_test(size=SMALL) as pilot:
        await open_attempt(pilot)
        await keys(pilot, "t", *"umpgdxcfohlrtq?", "space", *"1234/", "enter", "tab", "left", "y")
        await until(pilot, lambda: box(pilot).text == "umpgdxcfohlrtq? 1234/\n   y ")
        await until(pilot, lambda: reviews(pilot) == 0)
        await keys(pilot, "ctrl+s")
        await until(pilot, lambda: kept(pilot) == "umpgdxcfohlrtq? 1234/\n   y ")
        await keys(pilot, "t", "x")  # after revealing the box can be scrolled, not changed
        await until(pilot, lambda: kept(pilot) == "umpgdxcfohlrtq? 1234/\n   y ")
        await until(pilot, lambda: current(pilot).ticked == {0})


async def test_letters_that_come_in_one_piece_with_the_key_before_are_not_lost(
    make_app, open_attempt: Open
) -> None:
    """As over a slow line: nothing is awaited between the keys."""
    async with make_app().run_test(size=SMALL) as pilot:
        await open_attempt(pilot)

        def send(*keys: str) -> None:
            for key in keys:
                pilot.app.post_message(events.Key(key, key if len(key) == 1 else None))

        send("right", "t", *"fcomul", "enter", *"qd")
        await until(pilot, lambda: (number(pilot), box(pilot).text) == (2, "fcomul\nqd"))
        await settled(pilot)
        send("x", "y", "ctrl+s", "1")
        await until(pilot, lambda: (kept(pilot), current(pilot).revealed) == ("fcomul\nqdxy", True))
        await settled(pilot)
        assert reviews(pilot) == 0, "what was not seen yet is not judged"


async def test_a_grade_needs_the_answer_first(make_app, open_attempt: Open) -> None:
    async with make_app().run_test(size=SMALL) as pilot:
        await open_attempt(pilot)
        await keys(pilot, "1", "2", "3", "D", "x", "a", "space")
        await stands(pilot, 1, 0)


async def test_ticks_propose_and_enter_accepts(make_app, open_attempt: Open) -> None:
    async with make_app().run_test(size=LARGE) as pilot:
        await open_attempt(pilot, 1)
        await keys(pilot, "space", "enter")
        await stands(pilot, 2)  # no ticks: nothing is proposed
        await keys(pilot, "down", "down", "down", "x")
        await until(pilot, lambda: grades(pilot)[0].startswith("1 missed ◂ point missing\n"))
        await keys(pilot, "b")
        await until(pilot, lambda: grades(pilot)[1].startswith("2 partly ◂ point missing\n"))
        await keys(pilot, "up", "up", "x")
        await until(pilot, lambda: grades(pilot)[2].startswith("3 got it ◂ all core points\n"))
        await until(pilot, lambda: current(pilot).ticked == {0, 1, 2})
        await keys(pilot, "a", "enter")
        await until(
            pilot, lambda: (number(pilot), kept(pilot, tables.response.c.grade)) == (3, "partly")
        )


async def test_the_grades_say_what_they_do(make_app, open_attempt: Open) -> None:
    async with make_app().run_test(size=SMALL) as pilot:
        await open_attempt(pilot)
        await keys(pilot, "space")
        assert grades(pilot) == [
            "1 missed\n  again in 10 m",
            "2 partly\n  tomorrow",
            "3 got it\n  2 d",
        ]


async def test_skip_and_come_back(make_app, open_attempt: Open) -> None:
    async with make_app().run_test(size=SMALL) as pilot:
        await open_attempt(pilot)
        await keys(pilot, "left")
        await stands(pilot, 1)
        await keys(pilot, "t", "half an ", "escape", "right", "right", "left", "left")
        await until(pilot, lambda: (number(pilot), box(pilot).text) == (1, "half an "))
        await keys(pilot, "t", "answer ")
        await until(pilot, lambda: box(pilot).text == "half an answer ")
        await keys(pilot, "escape", "right", "right", "right", "right")
        await arrives(pilot, TallyScreen)
        await shows(pilot, "0 of all 4 questions judged.")
        await shows(pilot, "Not judged yet: 1, 2, 3, 4.")
        await keys(pilot, "left")
        await stands(pilot, 4)
        await keys(pilot, "right", "enter")
        await stands(pilot, 1)


async def test_flag_and_confidence(make_app, open_attempt: Open) -> None:
    async with make_app().run_test(size=SMALL) as pilot:
        await open_attempt(pilot)
        await keys(pilot, "F")
        await shows(pilot, "⚑ flagged")
        await keys(pilot, "S", "S", "S", "S")
        await shows(pilot, "your answer · 80% sure")
        await keys(pilot, "S", "S", "S")
        await until(pilot, lambda: current(pilot).confidence is None)
        await keys(pilot, "S", "F", "space", "S")  # only before the answer
        await until(pilot, lambda: kept(pilot, tables.response.c.confidence) == 0.5)
        await hides(pilot, "⚑")


@pytest.mark.parametrize("size", SIZES)
async def test_the_list_jumps(make_app, open_attempt: Open, size) -> None:
    async with make_app().run_test(size=size) as pilot:
        await open_attempt(pilot)
        asking = pilot.app.screen.query_one("#asking")
        await keys(pilot, "t", "some thing", "escape", "F", "L")
        await shows(pilot, "✎⚑  1  What is a tensor?")
        await shows(pilot, "·   2  What is overfitting, and how")
        assert asking.display is (size == LARGE)
        await until(pilot, lambda: "go there" in footer(pilot))
        await until(pilot, lambda: "sure" not in footer(pilot))
        await keys(pilot, "down", "down", "1")
        await until(pilot, lambda: kept(pilot) == "some thing")  # being saved moves nothing
        await keys(pilot, "enter")
        await stands(pilot, 3, 0)
        assert asking.display
        await keys(pilot, "L", "home", "escape")
        await stands(pilot, 3)
        await until(pilot, lambda: pilot.app.screen.query_one(Questions).highlighted == 2)


async def test_the_mouse_works_too(make_app, open_attempt: Open) -> None:
    async with make_app().run_test(size=LARGE) as pilot:
        await open_attempt(pilot)
        await pilot.click(Questions, offset=(10, 2))
        await stands(pilot, 2)
        await pilot.click(AnswerBox)
        await until(pilot, lambda: box(pilot).has_focus)
        await keys(pilot, "ctrl+s")
        await pilot.click(PointLine)
        await until(pilot, lambda: current(pilot).ticked == {0})
        await pilot.click("#grade-partly")
        await stands(pilot, 3, 1)
        await keys(pilot, "left")
        await pilot.click(PointLine)  # judged: the ticks stand
        await until(pilot, lambda: current(pilot).ticked == {0})
        await until(pilot, lambda: pilot.app.screen.query_one(Points).ticked == {0})


async def test_something_to_do_is_marked_done_with_a_note(make_app, open_attempt: Open) -> None:
    async with make_app().run_test(size=SMALL) as pilot:
        await open_attempt(pilot, 2)
        await shows(pilot, "Press Shift+Enter.", "D done")
        await hides(pilot, "how to judge", "got it")
        await until(pilot, lambda: not pilot.app.screen.query_one(Points).ticked)
        await keys(pilot, "space", "1", "3")  # neither revealed nor judged
        await stands(pilot, 3)
        await keys(pilot, "t", "I saw 2", "ctrl+s", "escape", "D")
        await stands(pilot, 4, 0)
        await keys(pilot, "left")
        await shows(pilot, "I saw 2")
        await shows(pilot, "Done.")
        await until(
            pilot,
            lambda: (kept(pilot), kept(pilot, tables.response.c.grade)) == ("I saw 2", "done"),
        )


async def test_a_judged_question_shows_its_grade_and_enter_goes_on(
    make_app, open_attempt: Open
) -> None:
    async with make_app().run_test(size=SMALL) as pilot:
        await open_attempt(pilot)
        await keys(pilot, "space", "x", "2", "left")
        await shows(pilot, "You judged it: partly.")
        await shows(pilot, "[x]")
        await keys(pilot, "x", "1", "t")
        await stands(pilot, 1, 1)
        await keys(pilot, "enter")
        await stands(pilot, 2)


async def test_undo_takes_back_grade_and_review(make_app, open_attempt: Open) -> None:
    async with make_app().run_test(size=SMALL) as pilot:
        await open_attempt(pilot)
        await keys(pilot, "space", "x", "3", "space", "1")
        await until(pilot, lambda: reviews(pilot) == 2)
        await keys(pilot, "right", "u")
        await stands(pilot, 2)
        await tells(pilot, "Undone: missed, question 2.")
        await until(
            pilot, lambda: (current(pilot).revealed, current(pilot).mark) == (True, Mark.OPEN)
        )
        await keys(pilot, "u")
        await until(pilot, lambda: (number(pilot), current(pilot).ticked) == (1, {0}))
        await keys(pilot, "u", "3")
        await until(pilot, lambda: current(pilot).note.id == "overfitting")


async def test_undo_from_the_summary(make_app, open_attempt: Open) -> None:
    async with make_app().run_test(size=SMALL) as pilot:
        await open_attempt(pilot)
        await keys(pilot, "space", "3", "space", "3", "D", "space", "3")
        await arrives(pilot, TallyScreen)
        await keys(pilot, "u")
        await stands(pilot, 4)
        await tells(pilot, "question 4 is open again")
        await keys(pilot, "1")
        await arrives(pilot, TallyScreen)
        await shows(pilot, "missed    1")


async def test_help_and_find(make_app, open_attempt: Open) -> None:
    async with make_app().run_test(size=LARGE) as pilot:
        await open_attempt(pilot)
        await keys(pilot, "question_mark")
        await arrives(pilot, HelpScreen)
        await shows(pilot, "How sure you are: 50%, 60%, … 100%, not said")
        await keys(pilot, "escape", "slash")
        await arrives(pilot, FindScreen)
        await keys(pilot, "escape")
        await stands(pilot, 1)


@pytest.mark.parametrize(
    ("steps", "shown", "hidden"),
    [
        (
            (),
            ("write", "reveal", "next", "sure", "list", "flag"),
            ("how to judge", "judge", "tick"),
        ),
        (("t",), ("reveal", "leave the box"), ("write", "next", "list", "back", "flag")),
        (
            ("space",),
            ("how to judge", "judge", "tick", "next"),
            ("reveal", "sure", "undo", "got it"),
        ),
        (("space", "x"), ("got it", "judge", "tick"), ("reveal", "write", "how to judge")),
        (("space", "3", "left"), ("next open", "undo"), ("judge", "tick", "got it", "sure")),
        (("right", "right"), ("write", "done"), ("reveal", "judge", "sure")),
        (("L",), ("go there", "choose", "back"), ("write", "flag", "next")),
    ],
)
async def test_the_footer_shows_the_keys_that_work(
    make_app, open_attempt: Open, steps, shown, hidden
) -> None:
    async with make_app().run_test(size=LARGE) as pilot:
        await open_attempt(pilot)
        await keys(pilot, *steps)
        await until(pilot, lambda: all(f" {word}" in footer(pilot) for word in shown))
        words = footer(pilot).split("  ")
        told = [" ".join(part.split()[1:]) for part in words] + footer(pilot).split()
        assert not set(hidden) & set(told)


# evidence and earlier answers


async def test_the_experiment_behind_an_answer(make_app, open_attempt: Open) -> None:
    async with make_app().run_test(size=LARGE) as pilot:
        await open_attempt(pilot, 1)
        await keys(pilot, "space")
        await shows(pilot, "predict first (l)")  # there is room for all of the reference
        await until(pilot, lambda: "figure" in footer(pilot))
        await keys(pilot, "r")
        await shows(pilot, "+5.0 points [4.2, 5.8]")
        await until(pilot, lambda: "figure" not in footer(pilot))
        await keys(pilot, "l")
        await arrives(pilot, LessonScreen)
        await keys(pilot, "escape")
        await stands(pilot, 2)


def answer(app: StudyApp, clock: Clock, text: str, grade: Grade, at: int = 0) -> None:
    """An attempt of another time, in which only one question was answered."""
    desk, _ = library.open_study(app.db, Current(Settings()), clock, None)
    attempt = Attempt(desk, 1, anew=True)
    attempt.go_to(at)
    attempt.write(text)
    attempt.reveal()
    attempt.grade(grade)
    desk.close()


async def test_earlier_answers_beside_the_new_one(
    make_app, open_attempt: Open, clock: Clock
) -> None:
    app = make_app()
    answer(app, clock, "My **first** idea.", Grade.MISSED)
    clock.forward(days=8)
    answer(app, clock, "My second idea.", Grade.PARTLY)
    clock.forward(days=2)
    async with app.run_test(size=LARGE) as pilot:
        await open_attempt(pilot, anew=True)
        await keys(pilot, "H")
        await arrives(pilot, AttemptScreen)  # only once one has answered
        await until(pilot, lambda: "earlier" not in footer(pilot))
        await keys(pilot, "t", "What I say now.", "ctrl+s", "H")
        await arrives(pilot, CompareScreen)
        await shows(pilot, "What I say now.")
        await shows(pilot, "My first idea.")
        await shows(pilot, "on Fri 20 Nov · missed")
        await keys(pilot, "left", "right", "right")
        await shows(pilot, "My second idea.")
        await shows(pilot, "on Saturday · partly")
        await keys(pilot, "left")
        await shows(pilot, "My first idea.")
        await keys(pilot, "escape", "3", "H")
        await stands(pilot, 2)  # no earlier answers to this one


async def test_an_earlier_answer_to_another_case_stands_below_its_question(
    pack: Path, make_app, open_attempt: Open, clock: Clock
) -> None:
    path, other = pack / "1" / "questionnaire.md", "### And in a ship's hold?\n\nA box."
    text = path.read_text().replace(OVERFITTING, f"<!-- variant -->\n\n{other}\n\n{OVERFITTING}")
    path.write_text(text)
    app = make_app()
    answer(app, clock, "My first idea.", Grade.MISSED)
    clock.forward(days=8)
    async with app.run_test(size=LARGE) as pilot:
        await open_attempt(pilot, anew=True)
        await shows(pilot, "And in a ship's hold?")
        await keys(pilot, "t", "What I say now.", "ctrl+s")
        await shows(pilot, "A box.")
        await keys(pilot, "H")
        await arrives(pilot, CompareScreen)
        await shows(pilot, "What is a tensor?")
        await shows(pilot, "And in a ship's hold?")
        await shows(pilot, "My first idea.")


# keeping


async def test_a_left_attempt_is_resumed_where_it_was(
    make_app, open_attempt: Open, clock: Clock
) -> None:
    async with make_app().run_test(size=SMALL) as pilot:
        await open_attempt(pilot)
        await keys(pilot, "space", "3", "t", "some thing", "escape", "S", "space", "x")
        await keys(pilot, "right", "escape")
        await arrives(pilot, TodayScreen)
    clock.forward(days=21)
    async with make_app().run_test(size=SMALL) as pilot:
        await open_attempt(pilot, 2)
        attempt = Attempt(pilot.app.desk, 1)
        assert attempt.index == 2
        assert attempt.questions[0].grade is Grade.GOT
        await keys(pilot, "left")
        await until(pilot, lambda: (box(pilot).text, current(pilot).ticked) == ("some thing", {0}))
        await shows(pilot, "50% sure")
        await hides(pilot, "training loss keeps")  # that was shown on another day
        await keys(pilot, "space")
        await shows(pilot, "training loss keeps")
        await until(pilot, lambda: grades(pilot)[1].startswith("2 partly ◂"))
        await until(pilot, lambda: not box(pilot).has_focus)


async def test_what_is_typed_is_saved_at_a_pause(make_app, open_attempt: Open) -> None:
    async with make_app().run_test(size=SMALL) as pilot:
        await open_attempt(pilot)
        await keys(pilot, "t", "one two")
        await until(pilot, lambda: kept(pilot) == "one two")
        await until(pilot, lambda: box(pilot).has_focus)


async def test_what_is_typed_is_saved_while_typing_goes_on(make_app, open_attempt: Open) -> None:
    async with make_app().run_test(size=SMALL) as pilot:
        await open_attempt(pilot)
        await keys(pilot, "t")
        typed = 0
        while not kept(pilot) and typed < 100:  # never a pause as long as the timer's
            await pilot.press("a")
            typed += 1
            await pilot.pause(SAVE_AFTER / 4)
        assert SAVE_AFTER < 1  # what is promised
        assert 1 <= len(kept(pilot)) <= typed < 100


@pytest.mark.parametrize("last", [("ctrl+q",), ("escape", "escape"), ("escape", "right")])
async def test_leaving_in_any_way_keeps_the_last_letter(
    make_app, open_attempt: Open, tmp_path: Path, last: tuple[str, ...]
) -> None:
    app = make_app()
    async with app.run_test(size=SMALL) as pilot:
        await open_attempt(pilot)
        await keys(pilot, "t", "to the last ", "z", *last)
    engine = connect(str(tmp_path / "app.db"))
    with reading(engine) as connection:
        assert connection.scalar(select(tables.response.c.text)) == "to the last z"
    engine.dispose()


async def test_a_locked_database_loses_nothing(
    make_app, open_attempt: Open, tmp_path: Path
) -> None:
    async with make_app().run_test(size=SMALL) as pilot:
        await open_attempt(pilot)
        other = connect(str(tmp_path / "app.db"))
        with writing(other):
            await keys(pilot, "t", "wait for me")
            await until(pilot, lambda: "Not saved yet:" in hint(pilot))
            await keys(pilot, "escape", "right", "space")
            await stands(pilot, 1)  # what is not kept is not left
            await until(pilot, lambda: box(pilot).text == "wait for me")
            await tells(pilot, "is locked by another program")
        await until(pilot, lambda: (kept(pilot), hint(pilot)) == ("wait for me", ""))
        await keys(pilot, "space")
        with writing(other):
            await keys(pilot, "3")
        await stands(pilot, 1, 0)
        other.dispose()
        await keys(pilot, "3")
        await stands(pilot, 2, 1)


async def test_another_windows_goal_is_shown_first_and_its_grade_stands(
    make_app, open_attempt: Open, clock: Clock
) -> None:
    async with make_app().run_test(size=SMALL) as pilot:
        screen = await open_attempt(pilot)
        await keys(pilot, "space")
        assert grades(pilot)[2] == "3 got it\n  2 d"
        with writing(screen.attempt.desk.engine) as connection:
            weights = in_force(connection, learner=1)
            log.adopt(connection, replace(weights, desired_retention=0.99), clock(), learner=1)
        await keys(pilot, "3")
        await tells(pilot, "see the grades again")
        await until(pilot, lambda: grades(pilot)[2] == "3 got it\n  tomorrow")
        assert reviews(pilot) == 0
        other = Attempt(screen.attempt.desk, 1)
        other.grade(Grade.PARTLY)
        await keys(pilot, "3")
        await tells(pilot, "already graded in another window")
        await shows(pilot, "You judged it: partly.")
        await until(pilot, lambda: reviews(pilot) == 1)


async def test_two_windows_write_to_one_answer(make_app, open_attempt: Open) -> None:
    async with make_app().run_test(size=SMALL) as pilot:
        screen = await open_attempt(pilot)
        other = Attempt(screen.attempt.desk, 1)
        await keys(pilot, "t")
        other.write("From the other one.")
        await keys(pilot, "from this", "escape")
        await until(
            pilot, lambda: kept(pilot) == box(pilot).text == "From the other one.\n\nfrom this"
        )
        await tells(pilot, "both texts are kept")
        other.reload()
        other.grade(Grade.GOT)
        await keys(pilot, "t", " too late", "escape")
        await tells(pilot, "already graded in another window")
        await shows(pilot, "You judged it: got it.")
        await until(
            pilot, lambda: kept(pilot) == box(pilot).text == "From the other one.\n\nfrom this"
        )


async def test_the_app_does_not_close_over_what_is_not_saved(
    make_app, open_attempt: Open, tmp_path: Path
) -> None:
    app = make_app()
    async with app.run_test(size=SMALL) as pilot:
        await open_attempt(pilot)
        other = connect(str(tmp_path / "app.db"))
        with writing(other):
            await keys(pilot, "t", "wait for me", "ctrl+q")
            await tells(pilot, "ctrl+q again closes without it")
            assert app.is_running
        other.dispose()
        await keys(pilot, "ctrl+q")
        await until(pilot, lambda: not app.is_running)
        await until(pilot, lambda: kept(pilot) == "wait for me")


@pytest.mark.parametrize(
    "lost",
    [
        Path.unlink,
        lambda path: path.rename(f"{path}.other"),
        lambda path: path.write_text("written over where it lies"),
    ],
)
async def test_a_database_that_is_replaced_is_noticed_and_nothing_typed_is_lost(
    make_app,
    open_attempt: Open,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    lost: Callable[[Path], object],
) -> None:
    monkeypatch.setattr("studyapp.tui.app.LOOK", 0.05)
    app = make_app()
    async with app.run_test(size=SMALL) as pilot:
        await open_attempt(pilot)
        lost(tmp_path / "app.db")
        await tells(pilot, "app.db was replaced or removed by another program; nothing was written")
        await keys(pilot, "t", "my words", "ctrl+q")
        await tells(pilot, "ctrl+q again closes without it; what you typed is then a file in")
        await keys(pilot, "ctrl+q")
        await until(pilot, lambda: not app.is_running)
    (found,) = config.found_folder().iterdir()
    assert found.read_text() == "my words"


async def test_letters_of_no_width_are_taken(make_app, open_attempt: Open) -> None:
    async with make_app().run_test(size=SMALL) as pilot:
        await open_attempt(pilot)
        await keys(pilot, "t")
        for letter in "a\u200cb\u200d":
            box(pilot).post_message(events.Key(letter, letter))
        await until(pilot, lambda: len(box(pilot).text) == 4)
        await keys(pilot, "escape")
        await until(pilot, lambda: kept(pilot) == "a\u200cb\u200d")


async def test_the_second_grade_of_a_day_is_kept_only(
    make_app, open_attempt: Open, clock: Clock
) -> None:
    app = make_app()
    answer(app, clock, "This morning.", Grade.GOT)
    async with app.run_test(size=SMALL) as pilot:
        await open_attempt(pilot, anew=True)
        await keys(pilot, "space")
        await until(pilot, lambda: grades(pilot)[0] == "1 missed\n  kept, not scheduled")
        await keys(pilot, "1")
        await tells(pilot, "Kept, not scheduled again today.")
        await stands(pilot, 2, 1)


async def test_a_pretest_says_what_it_does(make_app, open_attempt: Open) -> None:
    async with make_app().run_test(size=SMALL) as pilot:
        await open_attempt(pilot, chapter=2)
        await shows(pilot, "pretest")
        await keys(pilot, "space")
        assert grades(pilot) == [
            "1 missed\n  when you start it",
            "2 partly\n  when you start it",
            "3 got it\n  2 d",
        ]
        await until(
            pilot,
            lambda: hint(pilot) == "pretest: a new card that you miss stays new",
        )
        await keys(pilot, "1")
        await tells(pilot, "comes once you have started its section")
        await until(pilot, lambda: reviews(pilot) == 0)


async def test_words_and_ticks_that_disagree(make_app, open_attempt: Open) -> None:
    async with make_app().run_test(size=LARGE) as pilot:
        await open_attempt(pilot, 1)
        await keys(pilot, "t", "Results on unseen data stop improving", "ctrl+s")
        await until(pilot, lambda: (doubts(pilot), hint(pilot)) == ([], ""))
        await keys(pilot, "a")
        await until(pilot, lambda: doubts(pilot) == ["a [x]", "b [ ]"])
        await until(pilot, lambda: hint(pilot) == "? your words and this tick disagree")
        await keys(pilot, "b")
        await until(pilot, lambda: doubts(pilot) == ["a [x]"])
        await keys(pilot, "a")
        await until(pilot, lambda: (doubts(pilot), hint(pilot)) == ([], ""))


# long answers


async def test_an_answer_of_40_lines_at_80_by_24(make_app, open_attempt: Open) -> None:
    async with make_app().run_test(size=SMALL) as pilot:
        await open_attempt(pilot, 1)
        await keys(pilot, "t")
        await paste(pilot, "\n".join(f"line {number} of a long answer" for number in range(1, 41)))
        await shows(pilot, "line 40 of")
        await hides(pilot, "line 5 of")
        await keys(pilot, "pageup", "pageup", "pageup", "pageup", "pageup")
        await shows(pilot, "line 1 of")
        await keys(pilot, "ctrl+s")
        await shows(pilot, "── reference ──")
        await shows(pilot, "3 got it")
        await keys(pilot, "down", "down", "down")
        await shows(pilot, "▸ c [ ] extra:")
        await shows(pilot, "3 got it")
        await keys(pilot, "i", "pagedown")
        await shows(pilot, "The model stores its training examples")
        await keys(pilot, "t", *["down"] * 60)  # the box can be read again to its end
        await keys(pilot, "escape", "pageup", "pageup")
        await shows(pilot, "line 40 of")


async def test_the_cursor_is_always_in_view(make_app, open_attempt: Open) -> None:
    """Also right after a letter or a line that adds a row at the bottom."""
    async with make_app().run_test(size=SMALL) as pilot:
        await open_attempt(pilot)
        await keys(pilot, "t")
        await paste(pilot, "a row of words\n" * 30 + "x" * 70)

        def in_view() -> bool:
            row = box(pilot).cursor_screen_offset.y - box(pilot).region.y
            return 0 <= row < box(pilot).size.height

        for key in (*"yyyyyyyyyyy", "enter", "enter", "enter", "up", "z"):
            await pilot.press(key)
            await until(pilot, in_view)


@pytest.mark.parametrize("between", ["", "\n", " "])
async def test_an_answer_of_100_000_characters(make_app, open_attempt: Open, between: str) -> None:
    """In one word, in lines, and in one line of many words."""
    text = between.join(["learning."[: 10 - len(between)]] * LONGEST)[:LONGEST]
    async with make_app().run_test(size=SMALL) as pilot:
        await open_attempt(pilot)
        await keys(pilot, "t")
        await paste(pilot, text[:-2])
        await keys(pilot, "y", "z")
        await until(pilot, lambda: box(pilot).text == text[:-2] + "yz")
        await shows(pilot, "yz")
        await keys(pilot, "q")
        await until(
            pilot,
            lambda: (
                hint(pilot) == "Not put in: an answer has 100,000 characters at most (100,001)."
            ),
        )
        await paste(pilot, "more")
        await keys(pilot, "escape")
        await until(pilot, lambda: kept(pilot) == text[:-2] + "yz")
        await keys(pilot, "right", "left", "space", "x", "3")
        await stands(pilot, 2, 1)


async def test_a_pasted_answer_that_is_too_long_is_refused_whole(
    make_app, open_attempt: Open
) -> None:
    async with make_app().run_test(size=SMALL) as pilot:
        await open_attempt(pilot)
        await keys(pilot, "t", "short one")
        await paste(pilot, "x" * LONGEST)
        await until(pilot, lambda: box(pilot).text == "short one")
        await until(pilot, lambda: "at most (100,009)" in hint(pilot))
        await keys(pilot, "y")
        await until(pilot, lambda: hint(pilot) == "")


async def test_a_long_line_shows_cursor_and_selection(make_app, open_attempt: Open) -> None:
    async with make_app().run_test(size=SMALL) as pilot:
        await open_attempt(pilot)
        await keys(pilot, "t")
        await paste(pilot, "many words " * 300)
        await keys(pilot, "A", "left", "shift+left", "shift+left", "shift+left")
        await shows(pilot, "words A")
        row = next(strip for strip in strips(pilot) if "words A" in strip.text)
        grounds = {segment.text: segment.style.bgcolor for segment in row if segment.style}
        cursor, selected, plain = grounds["d"], grounds["s "], grounds["A "]
        assert len({cursor, selected, plain}) == 3
        await keys(pilot, "delete")
        await until(pilot, lambda: box(pilot).text.endswith("many worA"))


async def test_control_characters_do_not_reach_the_terminal(
    make_app, open_attempt: Open, clock: Clock
) -> None:
    app = make_app()
    desk, _ = library.open_study(app.db, Current(Settings()), clock, None)
    attempt = Attempt(desk, 1)
    attempt.write("red \x1b[31m alert \u202e and on" + "\x1b" + "x" * 3000)
    desk.close()
    async with app.run_test(size=SMALL) as pilot:
        await open_attempt(pilot)
        await hides(pilot, "\x1b")
        await hides(pilot, "\u202e")
        await shows(pilot, "red \ufffd[31m alert")
        await keys(pilot, "t")
        await paste(pilot, "\x1b[2J\r\nclean")
        await keys(pilot, "escape")
        await until(
            pilot, lambda: kept(pilot).startswith("red \x1b[31m alert")
        )  # nothing is changed behind one's back
        await until(pilot, lambda: kept(pilot).endswith("x[2J\nclean"))


@pytest.mark.parametrize("size", SIZES)
async def test_nothing_shifts_when_the_reference_appears(
    make_app, open_attempt: Open, size
) -> None:
    async with make_app().run_test(size=size) as pilot:
        await open_attempt(pilot, 1)
        await keys(pilot, *START[:2], "escape")

        def places() -> list[object]:
            """Where all is; what scrolls, on its sheet."""
            screen = pilot.app.screen
            down = (0, round(screen.query_one("#sheet").scroll_y))
            moving = [
                screen.query_one(name).region.translate(down)
                for name in ("#question", "#your-rule", "#text")
            ]
            still = [screen.query_one(name).region for name in ("Grades", "Questions")]
            return [*moving, *still]

        before = places()
        await keys(pilot, "space")
        assert places() == before
        await keys(pilot, "x")
        assert places()[3:] == before[3:]


async def test_too_small_a_terminal_is_one_sentence(make_app, open_attempt: Open) -> None:
    async with make_app().run_test(size=SMALL) as pilot:
        await open_attempt(pilot)
        await keys(pilot, "t")
        await pilot.resize_terminal(30, 8)
        await shows(pilot, "Too small: studyapp")
        await keys(pilot, "it is kept", "escape")
        await until(pilot, lambda: kept(pilot) == "it is kept")
        await pilot.resize_terminal(*SMALL)
        await shows(pilot, "it is kept")


# pictures


@pytest.fixture
def look(make_app, open_attempt: Open, pictures: Pictures) -> Callable[..., Awaitable[None]]:
    """Compare the questionnaire, after some keys, with its pictures, and *then*, after more, with a
    narrow one."""

    async def compare(
        *steps: str,
        at: int = 1,
        app: StudyApp | None = None,
        sizes: Sequence[tuple[int, int]] = SIZES,
        light: bool = False,
        then: Sequence[str] = (),
        **options: Any,
    ) -> None:
        async with (app or make_app()).run_test(size=sizes[0], notifications=True) as pilot:
            await open_attempt(pilot, at, **options)
            await keys(pilot, *steps)
            await pictures(pilot, sizes=sizes, light=light)
            if then:
                await keys(pilot, *then)
                await pictures(pilot, sizes=[NARROW], name="then-")

    return compare


async def test_picture_of_an_open_question(look) -> None:
    await look()


async def test_picture_of_an_answer_being_written(look) -> None:
    await look("S", "S", "S", "F", "t", "It stores its training examples\n\n- and noise")


async def test_picture_of_a_revealed_answer(look) -> None:
    await look(*START, then=["t"])  # into the box, which can be scrolled


async def test_picture_of_ticks_that_the_words_do_not_bear_out(look) -> None:
    await look(*START, "x", light=True)


async def test_picture_of_a_judged_question(look) -> None:
    await look(*START, "down", "x", "1", "left")


async def test_picture_of_something_to_do(look) -> None:
    await look(at=2)


async def test_picture_of_the_list(look) -> None:
    await look("space", "1", "D", "F", "L", "home", "down")


async def test_picture_of_a_pretest(look) -> None:
    await look("space", at=0, chapter=2)


async def test_picture_of_the_outcome(look) -> None:
    steps = ("space", "x", "3", *START, "down", "x", "2", "D", "F", "right")
    await look(*steps, at=0)


async def test_picture_of_earlier_answers(look, make_app, clock: Clock) -> None:
    app = make_app()
    answer(app, clock, "It learns the noise, e.g.\n\n- labels\n- marks", Grade.MISSED, at=1)
    clock.forward(days=3)
    await look(*START, "2", "left", "H", app=app, anew=True)


async def test_picture_of_a_long_answer(look) -> None:
    text = "\n".join(f"line {number} of a long answer" for number in range(1, 41))
    await look("t", text, "ctrl+s")


async def test_picture_of_other_sizes(look) -> None:
    await look(*START, "down", "x", sizes=[(40, 12), (100, 30)])


async def test_picture_without_colour(look, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    await look("space", "2", *START, "down", "x", "F", at=0, sizes=[LARGE])


async def test_a_tick_belongs_to_the_question_it_was_pressed_on(
    make_app, open_attempt: Open
) -> None:
    """All keys are there at once: the tick, and the one that turns to another question."""
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await open_attempt(pilot, 1)
        await keys(pilot, *START[:2], "escape", "space")
        first = app.screen.attempt.current
        for key in ("a", "right"):
            app.post_message(events.Key(key, key if len(key) == 1 else None))
        await until(pilot, lambda: app.screen.attempt.current is not first)
        await settled(pilot)
        ticks = [one.ticked for one in app.screen.attempt.questions[1:3]]
        assert ticks == [frozenset({0}), frozenset()]


async def test_keys_are_alive_whatever_is_pressed_before_an_answer_has_its_place(
    make_app, open_attempt: Open
) -> None:
    app = make_app()
    async with app.run_test(size=(60, 20)) as pilot:
        await open_attempt(pilot, 1)
        for letter in "i think none is needed":
            app.post_message(events.Key("space" if letter == " " else letter, letter))
        await pilot.press("escape", "question_mark")
        await arrives(pilot, HelpScreen)
