"""Nothing is a dead end: what is set aside, marked or found leads to its card."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from pathlib import Path

import pytest
from sqlalchemy import select
from textual import events
from textual.widgets import Input

from pictures import Pictures
from screen import NARROW, arrives, hides, settled, shows, tells, until
from studyapp.store import tables
from studyapp.study import library, review
from studyapp.study.sitting import Sitting
from studyapp.study.undo import undo
from studyapp.tui import places
from studyapp.tui.app import StudyApp
from studyapp.tui.screens.aside import AsideScreen
from studyapp.tui.screens.find import FindScreen
from studyapp.tui.screens.note import NoteScreen
from studyapp.tui.screens.review import ReviewScreen
from studyapp.tui.screens.summary import SummaryScreen
from studyapp.tui.screens.today import TodayScreen


def set_aside(app) -> None:
    """Three cards: one buried, one suspended, one marked."""
    sitting = Sitting(app.desk)
    sitting.bury()
    sitting.suspend()
    sitting.mark()


async def test_each_card_that_is_set_aside_leads_back(make_app, open_today) -> None:
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        await pilot.press("a")
        await arrives(pilot, AsideScreen)
        await shows(pilot, "Nothing is out of the way")
        await hides(pilot, "choose")
        await pilot.press("escape")
        await arrives(pilot, TodayScreen)
        set_aside(app)
        app.today.refresh_overview()
        await shows(pilot, "1 to mend, 1 suspended, 1 buried")
        await pilot.press("a")
        await arrives(pilot, AsideScreen)
        await shows(pilot, "buried, new · chapter 1", "m mend later", "@ suspend")
        await hides(pilot, "bring back")  # of the one that is only marked
        await pilot.press("down")
        await shows(pilot, "B bring back")
        await pilot.press("B")
        await tells(pilot, "Brought back; u takes it back.")
        await shows(pilot, "1 to mend, 1 buried")
        await pilot.press("u")
        await tells(pilot, "Undone: bringing back.")
        await shows(pilot, "1 to mend, 1 suspended, 1 buried")
        await shows(pilot, "B bring back")  # the cursor is on the card that is there again
        await pilot.press("u")  # what was done elsewhere stays
        await tells(pilot, "Nothing done here is left to take back; u on Today goes further back.")
        await shows(pilot, "1 to mend, 1 suspended, 1 buried")
        await pilot.press("B")
        await tells(pilot, "Brought back; u takes it back.", 2)
        with app.desk.writing() as connection:  # another window is quicker
            undo(connection, app.desk.now(), learner=1)
        await pilot.press("u")
        await tells(pilot, "Nothing done here is left to take back; u on Today", 2)
        await shows(pilot, "1 to mend, 1 suspended, 1 buried")
        await pilot.press("end", "enter")
        await arrives(pilot, NoteScreen)
        await shows(pilot, "buried, new", "B bring back")
        await pilot.press("B", "escape")
        await arrives(pilot, AsideScreen)
        await shows(pilot, "1 to mend, 1 suspended")
        await pilot.press("home", "m")
        await shows(pilot, "1 card: suspended")
        await hides(pilot, "to mend")


async def test_a_found_note_shows_its_cards_and_comes_back(make_app, open_today) -> None:
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        await pilot.press("slash", *"TERM 1", "enter")
        await arrives(pilot, NoteScreen)
        await shows(
            pilot, "Meaning number 1", "term → meaning  new", "meaning → term  new", "2 cards"
        )
        await pilot.press("j", "at")
        await tells(pilot, "Suspended; u takes it back.")
        await shows(pilot, "meaning → term  suspended", "term → meaning  new")
        await pilot.press("B", "minus")
        await shows(pilot, "meaning → term  buried, new")
        await pilot.press("m")
        await shows(pilot, "meaning → term  to mend, buried, new")
        await pilot.press("u", "u", "u")
        await shows(pilot, "meaning → term  suspended")
        await pilot.press("escape")
        await arrives(pilot, FindScreen)
        assert app.screen.query_one(Input).value == "TERM 1"


async def test_when_a_card_is_due_is_seen_at_its_note(make_app, open_today) -> None:
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        sitting = Sitting(app.desk)
        first = sitting.view
        assert first is not None
        with app.desk.writing() as connection:
            review.know(connection, first.id, app.desk.now(), learner=1)
            note = connection.scalar(
                select(tables.card.c.note_id).where(tables.card.c.id == first.id)
            )
        app.open(places.Note(note))
        await shows(pilot, "due in 30 d, on Sun 20 Dec")


async def test_a_mark_comes_back_after_the_sitting_with_the_editor_one_key_away(
    make_app, open_today, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    editor = tmp_path / "editor.py"
    editor.write_text(
        "import pathlib, sys\npath = pathlib.Path(sys.argv[-1])\n"
        "path.write_text(path.read_text().replace('Meaning number', 'Mended number'))\n"
    )
    monkeypatch.setenv("EDITOR", f"{sys.executable} {editor}")
    monkeypatch.setattr(StudyApp, "suspend", lambda self: nullcontext())
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        await pilot.press("enter")
        await arrives(pilot, ReviewScreen)
        await pilot.press("m")
        await tells(pilot, "Marked to be mended later; m takes it off.")
        await pilot.press("enter", "m", "m", "3", "escape")
        await arrives(pilot, SummaryScreen)
        await shows(pilot, "1 card to mend: a shows it.")
        await pilot.press("a")
        await arrives(pilot, AsideScreen)
        await shows(pilot, "Term 0", "to mend, due in 2 d, on Sun 22 Nov")
        await hides(pilot, "choose")
        await pilot.press("E")
        await settled(pilot)
        await pilot.press("enter")
        await arrives(pilot, NoteScreen)
        await shows(pilot, "Mended number 0", "to mend, due in 2 d, on Sun 22 Nov")
        await pilot.press("escape", "m")
        await shows(pilot, "Nothing is out of the way")
        await pilot.press("escape")
        await arrives(pilot, SummaryScreen)


async def test_pictures_of_what_is_set_aside(make_app, open_today, pictures: Pictures) -> None:
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        set_aside(app)
        await pilot.press("a")
        await arrives(pilot, AsideScreen)
        await pilot.press("down")
        await pictures(pilot, sizes=(NARROW, (60, 20)), light=True)


async def test_pictures_of_a_note(make_app, open_today, pictures: Pictures) -> None:
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        set_aside(app)
        await pilot.press("slash", *"term 1", "enter")
        await arrives(pilot, NoteScreen)
        await pictures(pilot, sizes=(NARROW, (60, 20)))


async def test_a_review_goes_on_with_what_its_note_has_become(make_app, open_today) -> None:
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        await pilot.press("enter", "enter")
        await shows(pilot, "Meaning number 0", "1 again")
        await pilot.press("slash", *"term 0", "enter")
        await arrives(pilot, NoteScreen)
        await pilot.press("escape")
        await arrives(pilot, FindScreen)
        await pilot.press("escape")
        await arrives(pilot, ReviewScreen)
        await shows(pilot, "Meaning number 0", "1 again")  # nothing has changed
        await pilot.press("slash", *"term 0", "enter")
        await arrives(pilot, NoteScreen)
        await pilot.press("at", "escape")
        await arrives(pilot, FindScreen)
        await pilot.press("escape")
        await arrives(pilot, ReviewScreen)
        await shows(pilot, "What does Term 1 mean?")
        await hides(pilot, "1 again")


async def test_enter_opens_what_was_typed_though_all_came_in_one_piece(
    make_app, open_today
) -> None:
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        app.open(places.Find())
        await until(pilot, lambda: isinstance(app.screen, FindScreen) and app.screen.focused)
        for key in (*"q07", "enter"):
            app.post_message(events.Key(key, key if len(key) == 1 else None))
        await arrives(pilot, NoteScreen)
        await shows(pilot, "It is q07.")
        await pilot.press("escape")
        await arrives(pilot, FindScreen)
        await pilot.press(*"zzz", "enter")
        await shows(pilot, "Nothing has all these words.")
        await hides(pilot, "open")


async def test_what_was_typed_stays_when_the_note_is_edited_meanwhile(make_app, open_today) -> None:
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        sitting = Sitting(app.desk)
        app.open(places.Review(sitting))
        await arrives(pilot, ReviewScreen)
        await pilot.press("t", *"my own words", "escape")
        await pilot.press("slash")
        await arrives(pilot, FindScreen)
        view = sitting.view
        assert view is not None
        path, _ = library.editable(app.desk, view)
        path.write_text(path.read_text().replace("Meaning number 0", "Another meaning"))
        library.edited(app.desk, view)
        await pilot.press("escape")
        await arrives(pilot, ReviewScreen)
        await shows(pilot, "my own words")
        await pilot.press("enter")
        await shows(pilot, "my own words", "Another meaning")
