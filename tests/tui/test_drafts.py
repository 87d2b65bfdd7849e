"""Drafts of cards wait on Today, are changed where they stand, and are cards once accepted."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual import events

from pictures import Pictures
from screen import NARROW, WIDE, arrives, hides, settled, shows, tells
from studyapp.study import capture, inbox
from studyapp.study.capture import Caught
from studyapp.tui.keys import HELD
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


async def test_del_held_down_deletes_one_draft(
    make_app, open_today, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("studyapp.tui.app.HELD", HELD)
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        capture.add(app.desk, CAUGHT)
        await pilot.press("J")
        await shows(pilot, "3 drafts")
        for seconds in (0.0, 0.03, 0.06):
            key = events.Key("delete", None)
            key.time = 1000.0 + seconds
            app.post_message(key)
            await shows(pilot, "2 drafts")
        await settled(pilot)
        await shows(pilot, "2 drafts")


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


async def test_all_that_was_not_understood_can_be_read(
    make_app, open_today, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pictures: Pictures
) -> None:
    """More than a screen holds, each with its file and line, below drafts and without any."""
    monkeypatch.setattr(inbox, "SETTLED", 0.0)
    place = tmp_path / "data" / "studyapp" / "inbox"
    place.mkdir(parents=True)
    parts = "".join(f"# Part {at}\n\nNothing {at} here.\n\n" for at in range(12))
    (place / "notes.md").write_text(f"## What is a trie?\n\nA tree.\n\n{parts}")
    (place / "prose.md").write_text("Nothing is asked here.\n")
    async with make_app().run_test(size=NARROW) as pilot:
        await open_today(pilot)
        await tells(pilot, "1 draft from notes.md; 13 parts of the inbox not understood; J on")
        await pilot.press("J")
        await shows(pilot, "What is a trie?", "13 remarks below", "A tree.", "⏎ accept")
        await pictures(pilot, sizes=(NARROW, WIDE), name="remarks-")
        for at in range(12):
            await pilot.press("down")
            await shows(pilot, f"notes.md: line {7 + 4 * at}: prose: this asks nothing and defines")
        await hides(pilot, "⏎ accept", "del delete")
        await pilot.press("end")
        await shows(pilot, "Left in the inbox: prose.md is text in which nothing asks")
        await pilot.press("ctrl+s")  # all drafts, wherever one is
        await tells(pilot, "A card of chapter 1 of test")
        await shows(pilot, "No draft waits.", "13 remarks below", "notes.md: line 51: prose")
        await pilot.press("home")
        await shows(pilot, "notes.md: line 7: prose")
