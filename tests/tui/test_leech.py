"""A card that keeps slipping: how it went, and each way out of it, which can be taken back."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import select

from pictures import Pictures
from screen import NARROW, WIDE, arrives, hides, shows, tells
from studyapp.config import Settings
from studyapp.memory.state import Rating
from studyapp.store import tables
from studyapp.store.memory import read_memory
from studyapp.study import review
from studyapp.tui import places
from studyapp.tui.screens.find import FindScreen
from studyapp.tui.screens.leech import LeechScreen
from studyapp.tui.screens.new import NewScreen
from studyapp.tui.screens.section import SectionScreen
from studyapp.tui.screens.split import SplitScreen


def card_of(app, name: str) -> int:
    card, note = tables.card.c, tables.note.c
    with app.desk.reading() as connection:
        found = select(card.id).join(tables.note, note.id == card.note_id).where(note.name == name)
        return int(connection.scalars(found).one())


def make_slip(app, clock, name: str) -> int:
    """Learn a card, forget it three times, and come to a day on which it is due."""
    card = card_of(app, name)
    for rating in (Rating.EASY, *[Rating.AGAIN, Rating.GOOD] * 3):
        with app.desk.writing() as connection:
            last = read_memory(connection, card, learner=1).last_review
            review.answer(connection, card, last, rating, clock(), learner=1)
        clock.forward(days=1 if rating is Rating.AGAIN else 2)
    return card


def is_suspended(app, card: int) -> bool:
    with app.desk.reading() as connection:
        return read_memory(connection, card, learner=1).suspended


def mine(tmp_path: Path) -> str:
    files = (tmp_path / "data" / "studyapp" / "packs" / "mine").glob("*.md")
    return "\n".join(one.read_text() for one in files)


async def open_leech(pilot, clock) -> int:
    card = make_slip(pilot.app, clock, "q00")
    await pilot.press("a")
    await shows(pilot, "What is q00?")
    await pilot.press("H")
    await arrives(pilot, LeechScreen)
    return card


async def test_what_happened_stands_beside_what_was_expected(make_app, open_today, clock) -> None:
    app = make_app(settings=Settings(leech_lapses=3))
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        await open_leech(pilot, clock)
        await shows(pilot, "Keeps slipping: 3 lapses, 0.2 expected.", "remembered ●✗●✗●✗●")
        await shows(pilot, "W edit here", "K split", "& tell apart", "@ suspend", "R section 1.1")
        await hides(pilot, "experiment")
        await pilot.press("at")
        await tells(pilot, "Suspended; u takes it back.")
        await shows(pilot, "suspended, keeps slipping")
        await pilot.press("u")
        await hides(pilot, "suspended, keeps slipping")
        await pilot.press("R")
        await arrives(pilot, SectionScreen)
        await pilot.press("escape")
        await arrives(pilot, LeechScreen)


async def test_as_much_of_its_past_is_drawn_as_there_is_room_for(
    make_app, open_today, clock
) -> None:
    """A hundred reviews, of which every tenth was forgotten, the newest for one."""
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        card = card_of(app, "q00")
        for number in range(1, 101):
            clock.forward(days=1)
            rating = Rating.GOOD if number % 10 else Rating.AGAIN
            with app.desk.writing() as connection:
                last = read_memory(connection, card, learner=1).last_review
                review.answer(connection, card, last, rating, clock(), learner=1)
        app.open(places.Leech(card))
        await arrives(pilot, LeechScreen)
        for size, room in ((NARROW, 64), (WIDE, 87)):
            await pilot.resize_terminal(*size)
            signs = ("●" * 9 + "✗") * 10
            await shows(pilot, f"remembered {signs[-room:]}", f"the newest {room} of 100 reviews;")


async def test_a_card_that_says_one_thing_says_why_it_is_not_split(make_app, open_today) -> None:
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        card, note = tables.card.c, tables.note.c
        of = select(card.id).join(tables.note, note.id == card.note_id).where(note.name == "t0")
        with app.desk.reading() as connection:
            term = connection.scalars(of).first()
        app.open(places.Leech(term))
        await arrives(pilot, LeechScreen)
        await hides(pilot, "K split")
        await pilot.press("K")
        await tells(
            pilot, "It says one thing, in one point or sentence: there is nothing to split."
        )


async def test_a_card_is_split_and_put_together_again(
    make_app, open_today, clock, tmp_path: Path
) -> None:
    app = make_app(settings=Settings(leech_lapses=3))
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        card = await open_leech(pilot, clock)
        await pilot.press("K")
        await arrives(pilot, SplitScreen)
        await shows(pilot, "What is q00? (1 of 2)", "- second of q00")
        await pilot.press("ctrl+home", "down", "X", "escape")
        await tells(pilot, "Kept as a draft; K goes on with it.")
        await pilot.press("K")
        await shows(pilot, "X")
        await pilot.press("ctrl+s")
        await tells(pilot, "2 cards in section 1.1 of test, the old one is set aside; u takes it")
        await arrives(pilot, LeechScreen)
        await shows(pilot, "What is q00? (1 of 2)", "suspended, keeps slipping")
        assert is_suspended(app, card)
        assert "- [ ] second of q00" in mine(tmp_path)
        await pilot.press("u")
        await tells(pilot, "Undone: the split. Its text is a draft again.")
        await hides(pilot, "(1 of 2)")
        assert not is_suspended(app, card)
        assert "q00" not in mine(tmp_path)
        await pilot.press("K")
        await shows(pilot, "X")


async def test_a_split_of_nothing_says_that_nothing_was_saved(make_app, open_today, clock) -> None:
    app = make_app(settings=Settings(leech_lapses=3))
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        card = await open_leech(pilot, clock)
        await pilot.press("K")
        await shows(pilot, "What is q00? (1 of 2)")
        await pilot.press("f7", "backspace", "ctrl+s")
        await tells(pilot, "No card is written here, so nothing was saved; the old one stays.")
        await arrives(pilot, LeechScreen)
        assert not is_suspended(app, card)


async def test_a_card_tells_it_from_what_it_is_taken_for(
    make_app, open_today, clock, tmp_path: Path
) -> None:
    app = make_app(settings=Settings(leech_lapses=3))
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        await open_leech(pilot, clock)
        await pilot.press("ampersand")
        await arrives(pilot, FindScreen)
        await shows(pilot, "Which one is it taken for?")
        await pilot.press(*"q00", "enter")
        await tells(pilot, "This is the card itself")
        await pilot.press("backspace", "1", "enter")
        await arrives(pilot, NewScreen)
        await shows(pilot, "What tells “What is q00?” from “What is q01?”?", "first of q01")
        await pilot.press("ctrl+s")
        await tells(pilot, "u takes it back while the app is open.")
        await arrives(pilot, LeechScreen)
        assert "tags: contrast" in mine(tmp_path)
        await pilot.press("u")
        await tells(pilot, "Undone: the new card. Its text is a draft again.")
        assert "contrast" not in mine(tmp_path)


async def test_a_leech_is_told_of_with_the_key_that_leads_to_it(
    make_app, open_today, clock
) -> None:
    app = make_app(settings=Settings(leech_lapses=3))
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        card = card_of(app, "q00")
        for rating in [Rating.AGAIN] * 5:
            with app.desk.writing() as connection:
                last = read_memory(connection, card, learner=1).last_review
                review.answer(connection, card, last, rating, clock(), learner=1)
        clock.forward(days=1)
        await pilot.press("enter", "enter")
        await shows(pilot, "What is q00?")
        await pilot.press("1")
        await tells(pilot, "smaller ones. H shows how it went.")
        await pilot.press("H")
        await shows(pilot, "Keeps slipping: 6 times Again", "What is q00?")
        await pilot.press("escape", "escape")
        await shows(pilot, "H what slips")
        await pilot.press("H")
        await arrives(pilot, LeechScreen)


async def test_pictures_of_a_card_that_slips(
    make_app, open_today, clock, pictures: Pictures
) -> None:
    app = make_app(settings=Settings(leech_lapses=3))
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        await open_leech(pilot, clock)
        await pictures(pilot, sizes=(NARROW, (60, 20)))
        await pilot.press("K")
        await arrives(pilot, SplitScreen)
        await pictures(pilot, sizes=(NARROW, (60, 20)), name="split-")


async def test_a_case_is_shown_with_the_question_that_lists_have(
    make_app, open_today, clock, content: Path
) -> None:
    path = content / "1" / "questionnaire.md"
    case = "<!-- variant -->\n\n### Another case?\n\nAs well.\n\n- [ ] the same\n\n## What is q01?"
    path.write_text(path.read_text().replace("## What is q01?", case, 1))
    app = make_app(settings=Settings(leech_lapses=3))
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        await open_leech(pilot, clock)
        await shows(pilot, "Another case?", "A case of “What is q00?”, whose turn it is; a split")
