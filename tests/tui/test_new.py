"""A card of one's own: what is written is there again, whatever ended the writing."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual import events
from textual.widgets import Input, TextArea

from screen import NARROW, arrives, lines, settled, shows, tells, until
from studyapp.errors import RefusedError, StudyError
from studyapp.study.desk import Desk
from studyapp.tui import places
from studyapp.tui.screens.new import NewScreen
from studyapp.tui.screens.review import ReviewScreen
from studyapp.tui.screens.today import TodayScreen


@pytest.fixture
def draft(tmp_path: Path) -> Path:
    return tmp_path / "data" / "studyapp" / "drafts" / "new-1.md"


def said(draft: Path) -> str:
    return draft.read_text() if draft.exists() else ""


def written(app) -> tuple[str, str]:
    page = app.screen
    return page.query_one(Input).value, page.query_one(TextArea).text


async def test_a_draft_survives_esc_and_is_gone_once_saved(
    make_app, open_today, draft: Path
) -> None:
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        await pilot.press("n")
        await arrives(pilot, NewScreen)
        await pilot.press(*"Why?", "tab", *"As", "enter", *"so", "escape")
        await tells(pilot, "Kept as a draft; a new card goes on with it.")
        await arrives(pilot, TodayScreen)
        await shows(pilot, "one is begun")
        await pilot.press("n")
        await arrives(pilot, NewScreen)
        assert written(app) == ("Why?", "As\nso")
        await pilot.press(*" it is", "shift+tab", *" Tell")  # both go on where they ended
        await until(pilot, lambda: written(app) == ("Why? Tell", "As\nso it is"))
        await pilot.press("ctrl+s")
        await arrives(pilot, TodayScreen)
        await until(pilot, lambda: not draft.exists())
        await pilot.press("n")
        await arrives(pilot, NewScreen)
        assert written(app) == ("", "")
        await shows(pilot, "▸ Question")
        await pilot.press("tab", *"As")
        await shows(pilot, "▸ Answer")
        await pilot.press("escape", "n")
        await shows(pilot, "▸ Question")
        await pilot.press(*"Why?", "enter", *"!")
        await until(pilot, lambda: written(app) == ("Why?", "As!"))
        await pilot.press(*["backspace"] * 3, "shift+tab", *["backspace"] * 4, "escape")
        await arrives(pilot, TodayScreen)
    assert not draft.exists()


ANYWHERE = {
    "C": "chapter 1 of test",  # the chapter started last
    "C enter": "section 1.1 of test",
    "c enter": "chapter 1 of test",
    "slash q 0 1 enter": "section 1.1 of test",
    "J": "chapter 1 of test",
}


async def test_a_card_is_written_from_anywhere_and_one_is_there_again(make_app, open_today) -> None:
    """It belongs where one was, if that was in the course."""
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        for keys, home in ANYWHERE.items():
            await pilot.press(*keys.split())
            await settled(pilot)
            page, seen = app.screen, lines(pilot)
            assert page is not app.today
            await pilot.press("n")
            await arrives(pilot, NewScreen)
            await shows(pilot, f"goes to {home}")
            await pilot.press("escape")
            await settled(pilot)
            assert (app.screen, lines(pilot)) == (page, seen), keys
            while app.screen is not app.today:
                await pilot.press("escape")
                await settled(pilot)


async def test_u_takes_back_a_card_that_was_just_written(
    make_app, open_today, draft: Path, tmp_path: Path
) -> None:
    """Its text is a draft again. What is done since goes first."""
    app = make_app()
    mine = tmp_path / "data" / "studyapp" / "packs" / "mine"
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        await pilot.press("n", *"Why?", "tab", *"So", "ctrl+s")
        await tells(
            pilot, "it comes first of its new cards. u takes it back while the app is open."
        )
        await arrives(pilot, TodayScreen)
        await pilot.press("u")
        await tells(pilot, "Undone: the new card. Its text is a draft again.")
        assert not list(mine.glob("*.md"))
        assert said(draft) == "Why?\nSo"
        await shows(pilot, "one is begun")
        await pilot.press("u")
        await tells(pilot, "There is nothing to undo.")
        await pilot.press("enter")
        await shows(pilot, "What does Term 0 mean?")
        await pilot.press("n")
        await arrives(pilot, NewScreen)
        await pilot.press("ctrl+s")
        await arrives(pilot, ReviewScreen)
        await pilot.press("enter", "3")
        await shows(pilot, "What does Term 1 mean?")
        await pilot.press("u")
        await tells(pilot, "Undone: Good.")  # the card is older than that
        await shows(pilot, "What does Term 0 mean?")
    assert any("Why?" in path.read_text() for path in mine.glob("*.md"))


async def test_what_cannot_be_taken_back_is_told_once_and_what_may_be_later_stays(
    make_app, open_today
) -> None:
    """So neither keeps what is older from being taken back for ever, nor is lost too soon."""
    fails = [RefusedError("A page has changed since."), StudyError("The disk is full.")]

    def take_back(_: Desk) -> str:
        raise fails.pop()

    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        app.wrote(lambda _: "Undone: the oldest.")
        app.wrote(take_back)
        await pilot.press("u")
        await tells(pilot, "The disk is full.")
        await pilot.press("u")
        await tells(pilot, "A page has changed since.")
        await pilot.press("u")
        await tells(pilot, "Undone: the oldest.")


async def test_u_in_a_review_takes_back_the_card_written_there(
    make_app, open_today, draft: Path
) -> None:
    """What was ticked and shown of the one on the screen stays."""
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        await pilot.press("enter", "enter")
        await shows(pilot, "Meaning number 0.")
        await pilot.press("n", *"Why?", "tab", *"So", "ctrl+s")
        await arrives(pilot, ReviewScreen)
        await pilot.press("u")
        await tells(pilot, "Undone: the new card.")
        await shows(pilot, "Meaning number 0.", "1 again")
        assert said(draft) == "Why?\nSo"


async def test_a_draft_survives_ctrl_q_and_a_crash(make_app, open_today, draft: Path) -> None:
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        await pilot.press("n")
        await arrives(pilot, NewScreen)
        await pilot.press(*"Why")
        await until(pilot, lambda: said(draft) == "Why", what="the draft of what is typed")
        await shows(pilot, "kept as a draft")
        await pilot.press(*" not?", "ctrl+q")
        await until(pilot, lambda: not app.is_running)
    assert draft.read_text() == "Why not?"


async def test_what_is_pasted_is_kept_though_it_cannot_be_saved_as_a_card(
    make_app, open_today, draft: Path
) -> None:
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        await pilot.press("n")
        await arrives(pilot, NewScreen)
        app.screen.query_one(Input).post_message(events.Paste("One line\nand another \ud83d"))
        await until(pilot, lambda: "another" in written(app)[0])
        await pilot.press("ctrl+s")
        await tells(pilot, "A card needs a question and an answer.")
        await pilot.press("escape")
        await arrives(pilot, TodayScreen)
    assert draft.read_text().startswith("One line and another")


async def test_a_draft_that_another_window_wrote_stays(make_app, open_today, draft: Path) -> None:
    one, other = make_app(), make_app()
    async with one.run_test(size=NARROW) as pilot, other.run_test(size=NARROW) as second:
        for window in (pilot, second):
            await open_today(window)
            window.app.open(places.NewCard())
            await arrives(window, NewScreen)
        await pilot.press(*"Mine?")
        await until(pilot, lambda: said(draft) == "Mine?")
        await second.press(*"Yours")
        await shows(second, "Mine?")  # the other window's text, with this one's below
        await second.press("?", "escape")
        await arrives(second, TodayScreen)
        await pilot.press(*" Still", "escape")
        await arrives(pilot, TodayScreen)
    text = draft.read_text()
    assert ("Yours?" in text, "Mine? Still" in text) == (True, True), text


async def test_a_disk_that_takes_nothing_is_told_and_nothing_is_left(
    make_app, open_today, draft: Path
) -> None:
    draft.parent.parent.mkdir(parents=True, exist_ok=True)
    draft.parent.write_text("no folder")
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        await pilot.press("n")
        await arrives(pilot, NewScreen)
        await pilot.press(*"Why?", "escape")
        await tells(pilot, "Not saved yet: ")
        assert isinstance(app.screen, NewScreen)
        draft.parent.unlink()
        await pilot.press("escape")
        await arrives(pilot, TodayScreen)
    assert draft.read_text() == "Why?"


async def test_saving_waits_for_the_letters_before_it(
    make_app, open_today, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All keys are there at once, as when one types fast on a slow machine."""
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        app.open(places.NewCard())
        await arrives(pilot, NewScreen)
        await pilot.press(*"Who", "tab")
        for key in (*"Marvin_Minsky", "ctrl+s"):
            app.post_message(events.Key(key, key if len(key) == 1 else None))
        await tells(pilot, "Saved")
    assert "Marvin_Minsky" in next((tmp_path / "data").rglob("packs/mine/**/*.md")).read_text()
