"""Cards that come only when they are asked for, and the book's own questionnaire, by keys."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pictures import Pictures
from screen import NARROW, arrives, hides, settled, shows, tells, words
from studyapp.config import Settings
from studyapp.study.questionnaire.attempt import Attempt
from studyapp.tui import places
from studyapp.tui.screens.attempt import AttemptScreen
from studyapp.tui.screens.chapter import ChapterScreen
from studyapp.tui.screens.find import FindScreen
from studyapp.tui.screens.tracker import TrackerScreen


@pytest.fixture(autouse=True)
def deep(only_pack: Path) -> None:
    """Of 12 questions q07 to q11 go deeper; the book itself asks q08, q02 and q03, in this order;
    the last two are parts of one question."""
    path = only_pack / "1" / "questionnaire.md"
    head, *notes = path.read_text().split("## ")
    for number, note in enumerate(notes):
        said = {2: ", book: 2", 3: ", book: 2", 8: ", book: 1"}.get(number, "")
        said += ", depth: more" if number > 6 else ""
        notes[number] = note.replace("section: 1.1", f"section: 1.1{said}")
    path.write_text("## ".join([head, *notes]))


async def test_a_card_is_asked_for_where_its_note_is_found(make_app, open_today) -> None:
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        await pilot.press("slash", *"q01")
        await arrives(pilot, FindScreen)
        await shows(pilot, "It is q01.")
        await hides(pilot, "ask for its card")  # it comes by itself
        await pilot.press("backspace", "9")
        await shows(pilot, "It is q09.", "^o ask for its card")
        await pilot.press("ctrl+o")
        await tells(pilot, "Asked for: 1 new card, within the day's limits.")
        await shows(pilot, "^o asked for: take it back")
        await pilot.press("ctrl+o")
        await tells(pilot, "1 card asked for no longer.")
        await shows(pilot, "^o ask for its card")


async def test_a_section_asks_for_its_cards_and_today_takes_it_back(make_app, open_today) -> None:
    app = make_app()
    async with app.run_test(size=(140, 40)) as pilot:
        await open_today(pilot)
        await shows(pilot, "0 of 7")
        app.open(places.Course())
        await arrives(pilot, TrackerScreen)
        await shows(pilot, "5 more cards if you ask: A")
        await pilot.press("A")
        await shows(pilot, "5 of them asked for: A takes them back", "0 of 18 cards met")
        await shows(pilot, "A ask no longer")
        await pilot.press("escape")
        await open_today(pilot)
        await pilot.press("u")
        await tells(pilot, "Undone: asking for 5 cards.")
        app.open(places.Course())
        await shows(pilot, "5 more cards if you ask: A")
        await pilot.press("enter", "A")  # on the section's own page
        await shows(pilot, "A ask no longer")
        await pilot.press("u")
        await tells(pilot, "Undone: asking for 5 cards.", 2)
        await pilot.press("P", "A")
        await tells(pilot, "Asked for: 5 new cards, once the chapter goes on.")


ALL = re.compile(r"(\d+) questions\b(?! of the book)|of (?:all )?(\d+) answered|\d+ of all (\d+)\b")
TO_KNOW = re.compile(r"(\d+) to know|1 Chapter 1 [░█]+ (?:few yet )?\d+ of (\d+) ")


async def test_each_screen_tells_the_same_number_of_questions(
    make_app, open_today, only_pack: Path
) -> None:
    """What is to do is one of them, and what goes deeper; to know is told apart, everywhere as
    many."""
    path = only_pack / "1" / "questionnaire.md"
    path.write_text(path.read_text() + "\n## Open it. {#do}\n\nDo.\n\n<!-- card: do -->\n")
    app, found = make_app(settings=Settings(new_a_day=2)), dict[str, tuple[set[int], set[int]]]()
    async with app.run_test(size=NARROW) as pilot:

        async def look(*needed: str) -> None:
            """Read the page; words that are *needed* say that it is whole."""
            await shows(pilot, *needed)
            found[f"{type(app.screen).__name__}: {needed[0]}"] = tuple(
                {int(one) for match in told.findall(words(pilot)) for one in match if one}
                for told in (ALL, TO_KNOW)
            )

        await open_today(pilot)
        await look("0 of 7")
        await pilot.press("c")
        await look("to know", "Begin the questionnaire")
        await pilot.press("enter")
        await look("0 judged")
        await pilot.press("enter", "3", "escape")
        await look("Go on with", "Begin a new attempt")
        await pilot.press("escape")
        await look("1 of 7", "Continue questionnaire")
        await pilot.press("enter", "enter", "4")
        await look("Worth doing next")
        attempt = Attempt(app.desk, 1)
        app.open(places.Tally(attempt))
        await look("judged")
        found["the command"] = {int(one) for one in ALL.findall(attempt.opening)[0] if one}, set()
    assert {number for every, _ in found.values() for number in every} == {13}, found
    assert {number for _, known in found.values() for number in known} == {7}, found
    assert all(every or known for every, known in found.values()), found


async def test_the_books_own_questionnaire_begins_with_its_key(
    make_app, open_today, pictures: Pictures
) -> None:
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        app.open(places.Chapter(1, "chapter 1"))
        await arrives(pilot, ChapterScreen)
        await shows(pilot, "12 questions, 7 to know", "introduced 0 of the 7 to know")
        await shows(pilot, "To know: core questions (setting depth)", "all 12 questions")
        await shows(pilot, "Begin the book's own", "2 questions of the book, in 3 parts")
        await pilot.press("T")
        await arrives(pilot, AttemptScreen)
        await shows(pilot, "What is q08?", "1 of the book's 3 · 0 judged")
        await hides(pilot, "A ask")  # not before the answer is there
        await pilot.press("space")
        await shows(pilot, "A ask", "when you ask", "its card comes only if you ask for it: A")
        await pictures(pilot, sizes=(NARROW,))
        await pilot.press("A")
        await shows(pilot, "again in 10 m", "A ask no longer")
        await pilot.press("A")
        await shows(pilot, "when you ask")
        await pilot.press("3")
        await tells(pilot, "Kept; its card comes only if you ask for it.")
        await shows(pilot, "What is q02?", "2 of the book's 3 · 1 judged")
        for leads in (("right",), ("L", "down", "enter")):  # to a question whose card comes anyway
            await pilot.press("u")
            await shows(pilot, "What is q08?", "its card comes only if you ask for it: A")
            await pilot.press(*leads)
            await shows(pilot, "What is q02?")
            await hides(pilot, "its card comes only")
            await pilot.press("left", "3")
            await shows(pilot, "What is q02?")
        await pilot.press("escape")
        await shows(pilot, "1 of the book's 3 answered")
        await settled(pilot)
