"""Drafts of cards wait on Today, are changed where they stand, and are cards once accepted."""

from __future__ import annotations

from pathlib import Path

import pytest

from pictures import Pictures
from screen import NARROW, WIDE, arrives, hides, shows, tells
from studyapp.study import capture, inbox
from studyapp.study.capture import Caught
from studyapp.tui.screens.drafts import DraftsScreen
from studyapp.tui.screens.rewrite import RewriteScreen
from studyapp.tui.screens.today import TodayScreen

CAUGHT = (
    Caught("Why is the sky blue?", "Short waves are **scattered** more.", "https://a.b/c"),
    Caught("What is Q01", "It."),
    Caught("Who found that out?"),
)


async def test_drafts_are_accepted_one_by_one_or_all(
    make_app, open_today, pictures: Pictures
) -> None:
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        await pilot.press("J")
        await arrives(pilot, DraftsScreen)
        await shows(pilot, "No draft waits. `studyapp add` keeps a question as one")
        await pictures(pilot, sizes=((60, 20),), name="none-")
        capture.add(app.desk, CAUGHT)
        await pilot.press("escape")
        await shows(pilot, "3 drafts wait J Why is the sky blue? and 2 more")
        await pilot.resize_terminal(*NARROW)
        await pilot.press("J")
        await arrives(pilot, DraftsScreen)
        await shows(pilot, "goes to chapter 1 of test", "nearly: What is q01?", "no answer yet")
        await pictures(pilot, sizes=((60, 20), NARROW, WIDE))
        await pilot.press("enter")
        await tells(pilot, "A card of chapter 1 of test; u takes it back while the app is open.")
        await shows(pilot, "2 drafts")
        await hides(pilot, "Why is the sky blue?")
        await pilot.press("u")
        await tells(pilot, "Undone: 1 is a draft again.")
        await shows(pilot, "3 drafts", "Why is the sky blue?")
        await pilot.press("down", "delete")
        await tells(pilot, "Deleted; u brings it back while the app is open.")
        await hides(pilot, "What is Q01")
        await pilot.press("u")
        await shows(pilot, "What is Q01")
        await pilot.press("end", "enter")
        await tells(pilot, "A card needs an answer; write it first.")
        await pilot.press("W")
        await arrives(pilot, RewriteScreen)
        await pilot.press("x", "ctrl+s")  # before its heading
        await tells(pilot, "Not saved: the line above says why.")
        await arrives(pilot, RewriteScreen)
        await pilot.press("backspace", "down", "down", "end", "enter", "enter", *"She.", "ctrl+s")
        await arrives(pilot, DraftsScreen)
        await shows(pilot, "She.")
        await pilot.press("ctrl+s")
        await tells(
            pilot,
            "3 cards of chapter 1 of test; u takes it back while the app is open. Nearly this",
        )
        await shows(pilot, "No draft waits.")
        await pilot.press("escape")
        await arrives(pilot, TodayScreen)
        await hides(pilot, "wait  ")
        await pilot.press("u")
        await tells(pilot, "Undone: 3 are drafts again.")
        await shows(pilot, "3 drafts wait")


async def test_what_is_put_into_the_inbox_is_told_and_shown(
    make_app, open_today, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "SETTLED", 0.0)
    place = tmp_path / "data" / "studyapp" / "inbox"
    place.mkdir(parents=True)
    (place / "notes.md").write_text("## What is a trie?\n\nA tree.\n\n## What is a heap?\n\nOne.\n")
    (place / "zero.bin").write_bytes(b"\0")
    async with make_app().run_test(size=NARROW) as pilot:
        await open_today(pilot)
        await tells(pilot, "2 drafts from notes.md; 1 part of the inbox not understood; J on Today")
        await shows(pilot, "2 drafts wait")
        await pilot.press("J")
        await shows(pilot, "Left in the inbox: zero.bin is of no format", "What is a heap?")
