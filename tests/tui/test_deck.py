"""A deck by keys: wherever a chapter shows its number, a deck shows its name."""

from __future__ import annotations

import pytest

from screen import NARROW, WIDE, shows, told, until
from studyapp.study import library

DECK = (
    '---\npack: spanish\ndeck: "ES::Animals"\nkind: questionnaire\n---\n\n'
    "## el perro {#perro}\n\nthe dog\n\n<!-- card: both -->\n\n"
    "## el gato {#gato}\n\nas it is drawn\n\n<!-- answer -->\n\nthe cat\n"
)


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_a_deck_is_started_studied_and_asked(
    make_app, open_today, only_pack, size: tuple[int, int]
) -> None:
    path = library.own_packs() / "spanish" / "animals.md"
    path.parent.mkdir(parents=True)
    path.write_text(DECK)
    for old in only_pack.rglob("*.md"):
        old.unlink()
    app = make_app()
    async with app.run_test(size=size) as pilot:
        await open_today(pilot)
        await shows(pilot, "Deck ES::Animals is ready:")
        await pilot.press("enter")
        await shows(pilot, "deck ES::Animals", "el perro")
        await pilot.press("enter")
        await shows(pilot, "the dog")
        await pilot.press("4", "escape", "enter")
        await shows(pilot, "ES::Animals")
        await pilot.press("C")
        await shows(pilot, "spanish", "ES::Animals", "started")
        await pilot.press("down", "o")
        await until(pilot, lambda: "Deck ES::Animals lets no more new cards in" in told(pilot))
        await shows(pilot, "1 of 3 met")  # which come, like those that were imported with dates
        await pilot.press("o")
        await until(pilot, lambda: "Deck ES::Animals is started" in told(pilot))
        await pilot.press("c")
        await shows(pilot, "Deck ES::Animals", "2 questions")
        await pilot.press("enter")
        await shows(pilot, "ES::Animals", "el perro")


async def test_a_deck_waits_behind_the_chapters(make_app, open_today, only_pack) -> None:
    (only_pack / "2" / "questionnaire.md").unlink()
    (only_pack / "deck.md").write_text(DECK)
    app = make_app()
    async with app.run_test(size=WIDE) as pilot:
        await open_today(pilot)
        await shows(pilot, "Chapter 1 is ready:", "Start deck ES::Animals")
        await pilot.press("o")
        await until(
            pilot,
            lambda: (
                told(pilot) == "Deck ES::Animals is open; u closes it again while the app is open."
            ),
        )
        await shows(pilot, "Questionnaire, chapter 1")
        await pilot.press("slash")
        await pilot.press(*"perro")
        await shows(pilot, "el perro")
        await pilot.press("home", *("delete",) * 5, *"drawn")
        await shows(pilot, "el gato", "as it is drawn", "the cat")
