"""Questions inside a section's text, by keys: asked in place, answered, passed, taken back."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select
from textual.pilot import Pilot

from pictures import Pictures
from screen import NARROW, WIDE, arrives, hides, settled, shows, tells, until
from studyapp.config import Settings
from studyapp.store import tables
from studyapp.store.engine import reading
from studyapp.study import queue
from studyapp.study.counts import Counts
from studyapp.tui import places
from studyapp.tui.app import StudyApp
from studyapp.tui.screens.review import ReviewScreen
from studyapp.tui.screens.section import SectionScreen
from studyapp.tui.screens.summary import SummaryScreen
from studyapp.tui.screens.today import TodayScreen
from studyapp.tui.screens.tracker import TrackerScreen
from tests_support import Clock, question, questionnaire

LONG = " ".join(f"Sentence {n} of the explanation comes before what is asked." for n in range(30))
FIRST = f"{LONG}\n\n[Why the first?](note:first)\n\nBetween the two.\n"
TEXT = f"## 1.1 Ideas\n\n{FIRST}\n[Why the second?](note:second)\n\nThe end of it.\n"


@pytest.fixture
def asking(only_pack: Path) -> Path:
    """Two sections; the first one's text asks two questions, of which one is long to answer."""
    for path in list(only_pack.rglob("*.md")):
        path.unlink()
    answer = " ".join(f"Reason {n} is one of many." for n in range(20))
    (only_pack / "q.md").write_text(
        questionnaire(
            question("first", text=answer),
            f"{question('second')}\n<!-- source: A study, 2020 -->",
            question("third"),
        )
    )
    (only_pack / "r.md").write_text(
        questionnaire(TEXT, "## 1.2 More\n\nAnother text.").replace("questionnaire", "reading")
    )
    return only_pack


@pytest.fixture
def open_section(asking: Path, open_today):
    async def run(pilot: Pilot[None]) -> None:
        await open_today(pilot)
        pilot.app.open(places.Course())  # type: ignore[attr-defined]
        await arrives(pilot, TrackerScreen)
        await pilot.press("enter")
        await arrives(pilot, SectionScreen)

    return run


def ratings(app: StudyApp) -> list[tuple[str, int, int]]:
    """What is logged and counts: note, rating, milliseconds."""
    assert app.desk is not None
    review, event = tables.review.c, tables.event.c
    with reading(app.desk.engine) as connection:
        gone = select(event.target).where(event.target.is_not(None))
        rows = connection.execute(
            select(tables.note.c.name, review.rating, review.duration)
            .join(tables.card, tables.card.c.id == review.card_id)
            .join(tables.note, tables.note.c.id == tables.card.c.note_id)
            .where(review.uid.not_in(gone))
            .order_by(review.stamp)
        ).all()
    return [tuple(row) for row in rows]


async def test_the_text_stops_to_ask_and_goes_on_once_it_is_rated(
    make_app, open_section, clock: Clock, pictures: Pictures
) -> None:
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_section(pilot)
        await shows(pilot, "Sentence 0", "⏎ go on")
        await hides(pilot, "What is first?", "Between the two.")
        clock.forward(seconds=40)
        await pilot.press("space")
        await shows(pilot, "What is first?", "⏎ show answer", "→ later")
        clock.forward(seconds=7)
        await pilot.press("3")  # not before the answer is there
        await pilot.press("space")
        await shows(pilot, "What is first?", "Reason 0", "first of first", "1 again")
        await shows(pilot, "⏎ how to rate")
        await pilot.press("down", "x")
        await shows(pilot, "[x] first of first", "3 good ◂", "⏎ good")
        await pictures(pilot, sizes=(NARROW,))
        await pilot.press("space")
        await shows(pilot, "✓ Why the first?", "Between the two.", "What is second?")
        await hides(pilot, "Reason 0", "The end of it.")
        assert ratings(app) == [("first", 3, 7000)]
        await pilot.press("space")
        await shows(pilot, "It is second.", "A study, 2020")
        await pilot.press("1")
        await shows(pilot, "✓ Why the second?", "The end of it.")
        await until(
            pilot, lambda: [one[:2] for one in ratings(app)] == [("first", 3), ("second", 1)]
        )
        with reading(app.desk.engine) as connection:
            line = queue.load(connection, app.clock(), app.desk.settings, learner=1)
        assert line.counts() == Counts(new=1, learning=1)
        await pilot.press("right")
        await shows(pilot, "1.2 More", "Another text.")
        await pilot.press("left")
        await shows(pilot, "1.1 Ideas")
        await pilot.press("left")
        await tells(pilot, "This is the first section.")


async def test_u_asks_again_and_right_reads_on_without(make_app, open_section) -> None:
    app = make_app()
    async with app.run_test(size=WIDE) as pilot:
        await open_section(pilot)
        await shows(pilot, "What is first?")
        await pilot.press("space", "4")
        await shows(pilot, "✓ Why the first?", "What is second?")
        await pilot.press("u")
        await tells(pilot, "Undone: Easy.")
        await shows(pilot, "What is first?")
        await hides(pilot, "Why the first?")
        assert ratings(app) == []
        await pilot.press("right")
        await shows(pilot, "? Why the first?", "What is second?")
        await pilot.press("space", "space")
        await tells(pilot, "1-4 say how well you knew it; → reads on without.")
        await pilot.press("right")
        await shows(pilot, "? Why the second?", "The end of it.")
        assert ratings(app) == []
        await pilot.press("escape")
        await arrives(pilot, TrackerScreen)
        await pilot.press("pagedown")  # beside the tree all can be read
        await shows(pilot, "? Why the first?", "The end of it.")
        await pilot.press("enter")
        await arrives(pilot, SectionScreen)
        await shows(pilot, "What is first?")


async def test_while_the_text_asks_no_key_is_about_the_section_behind(
    make_app, open_section, open_today
) -> None:
    """A hand that is at a card, and with this one there is nothing to tick, changes no section."""
    app = make_app()
    async with app.run_test(size=WIDE) as pilot:
        await open_section(pilot)
        for before in ((), ("space",)):  # the question, then its answer
            await pilot.press(*before, "minus", "underscore", "plus", "x", "x", "c")
            await settled(pilot)
            await arrives(pilot, SectionScreen)
            assert (app.screen.section.done, app.screen.section.familiarity) == (False, None)
            assert app.focused is None
            await hides(pilot, "done today", "familiarity", "esc leave")
            await pilot.press("t", *"1 o3 ")  # the note, which takes all letters
            await shows(pilot, "esc leave")
            await pilot.press("escape")
            await settled(pilot)
            assert ratings(app) == []
        await pilot.press("3", "right", "plus", "x", "t", *"u 1 x", "escape")
        await shows(pilot, "done today", "familiarity 1/10", "1 o3 1 o3 u 1 x")
        assert [one[:2] for one in ratings(app)] == [("first", 3)]


async def test_a_review_reads_the_section_and_goes_on_without_what_it_asked(
    make_app, open_today, asking: Path
) -> None:
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        await pilot.press("enter")
        await arrives(pilot, ReviewScreen)
        await shows(pilot, "What is first?", "1 of 3")
        await pilot.press("R")
        await arrives(pilot, SectionScreen)
        await shows(pilot, "1.1 Ideas")
        await pilot.press("escape")
        await arrives(pilot, ReviewScreen)
        await shows(pilot, "What is first?", "1 of 3")
        await pilot.press("R")
        await arrives(pilot, SectionScreen)
        await pilot.press("end", "space", "4", "right", "escape")
        await arrives(pilot, ReviewScreen)
        await shows(pilot, "What is second?", "1 of 2")
        await pilot.press("space", "3")
        await shows(pilot, "What is third?")
        assert [one[0] for one in ratings(app)] == ["first", "second"]


async def test_what_another_window_rated_is_told_and_passed(make_app, open_section) -> None:
    first, second = make_app(), make_app()
    async with first.run_test(size=WIDE) as pilot:
        await open_section(pilot)
        await pilot.press("space")
        async with second.run_test(size=WIDE) as other:
            await open_section(other)
            await other.press("space", "3")
            await shows(other, "✓ Why the first?")
        await pilot.press("1")
        await tells(pilot, "This card was already rated in another window; here is the next.")
        await shows(pilot, "✓ Why the first?", "What is second?")
        assert [one[:2] for one in ratings(first)] == [("first", 3)]


async def test_a_sitting_whose_last_card_the_section_asked_is_over(
    make_app, open_today, asking: Path
) -> None:
    app = make_app(settings=Settings(new_a_day=1))
    async with app.run_test(size=WIDE) as pilot:
        await open_today(pilot)
        await pilot.press("enter")
        await arrives(pilot, ReviewScreen)
        await pilot.press("R")
        await arrives(pilot, SectionScreen)
        await pilot.press("space", "4", "right", "escape")
        await arrives(pilot, SummaryScreen)
        await pilot.press("escape")
        await arrives(pilot, TodayScreen)
