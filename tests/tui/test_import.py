"""Notes are brought along from a file that one finds, looks into, picks from, and can take back."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from textual.widgets import Input

from pictures import Pictures
from screen import NARROW, PATIENCE, WIDE, arrives, hides, shows, tells
from studyapp.store.backup import Progress
from studyapp.study import delivery
from studyapp.study.delivery import Delivery, Preview
from studyapp.study.desk import Desk
from studyapp.study.imports import Source
from studyapp.tui.screens.attempt import AttemptScreen
from studyapp.tui.screens.bring import ImportScreen
from studyapp.tui.screens.today import TodayScreen

NOTES = (
    "# Notes\n\nJust a remark.\n\n## What is q01?\n\nIt.\n\n## What is a trie?\n\nA tree."
    "\n\n## What is a heap?\n\n## What is $\\alpha$?\n\nA letter, **the first**.\n"
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the app is started."""
    made = tmp_path / "Documents"
    (made / "old").mkdir(parents=True)
    (made / "notes.md").write_text(NOTES)
    (made / "old" / "zero.bin").write_bytes(b"\0")
    monkeypatch.chdir(made)
    return made


async def test_notes_are_looked_at_picked_and_taken_back(
    make_app, open_today, folder: Path, tmp_path: Path, pictures: Pictures
) -> None:
    app = make_app()
    packs = tmp_path / "data" / "studyapp" / "packs" / "notes"
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        await pilot.press("Q")
        await arrives(pilot, ImportScreen)
        await shows(pilot, "~/Documents/", "old/", "notes.md")
        await pictures(pilot, sizes=(NARROW,), name="files-")
        await pilot.press("enter")
        await shows(pilot, "~/Documents/old/", "zero.bin")
        await pilot.press("enter")
        await tells(pilot, "zero.bin is of no format that can be read here")
        await pilot.press(*["backspace"] * 12, *"N", "down", "up", "tab")
        assert app.screen.query_one(Input).value == "~/Documents/notes.md"
        await pilot.press("enter")
        await shows(pilot, "4 of 4 new notes", "nearly: What is q01? (chapter 1 of test)")
        await shows(pilot, "line 3: prose: this asks", "(no answer yet)", "1 remark below")
        await pictures(pilot, sizes=((60, 20), NARROW, WIDE))
        await pilot.press("ctrl+a")
        await shows(pilot, "0 of 4 new notes", "[ ] What is a trie?")
        await hides(pilot, "^s import")
        await pilot.press("ctrl+a", "x")
        await shows(pilot, "3 of 4 new notes", "[ ] What is q01?", "[x] What is a trie?")
        await pilot.press("ctrl+s")
        await tells(pilot, "3 new notes with 3 cards; u takes it back while the app is open.")
        await arrives(pilot, TodayScreen)
        await shows(pilot, "notes")
        (page,) = packs.glob("*.md")
        assert ("trie" in page.read_text(), "q01" in page.read_text()) == (True, False)
        await pilot.press("u")
        await tells(pilot, "Undone: the import of notes.md (3 notes).")
        assert not list(packs.glob("*.md"))


async def test_a_question_in_other_words_is_told_before_it_is_the_same_note(
    make_app, open_today, folder: Path
) -> None:
    text = "- What does a crop do?\n    - it keeps seeds for later\n- Is it red?\n    - yes\n"
    (folder / "notes.md").write_text(text)
    async with make_app().run_test(size=NARROW) as pilot:
        await open_today(pilot)
        await pilot.press("Q", "down", "enter")
        await shows(pilot, "2 of 2 new notes")
        await pilot.press("ctrl+s")
        await arrives(pilot, TodayScreen)
        (folder / "notes.md").write_text(
            text.replace("What does", "What use has").replace(" do?", "?")
        )
        await pilot.press("Q", "down", "enter")
        await shows(pilot, "0 new notes", "a new wording of: What does a crop do?")


async def test_what_is_told_of_a_folder_names_the_file(make_app, open_today, folder: Path) -> None:
    (folder / "old" / "page.html").write_text("<h2>What is a page?</h2><p>A text.</p>")
    (folder / "old" / "b.csv").write_text("question,answer\nWhat is a row?,A line.\n")
    async with make_app().run_test(size=NARROW) as pilot:
        await open_today(pilot)
        await pilot.press("Q")
        await shows(pilot, "^s whole folder")
        await pilot.press("ctrl+s")
        await shows(pilot, "Import Documents", "6 of 6 new notes", "2 remarks below")
        await shows(pilot, "What is a trie?  notes.md, line 9, heading")
        await shows(pilot, "What is a row?  old/b.csv, line 2")
        await shows(pilot, "What is a page?  old/page.html, line 1, heading")
        await pilot.press("end")
        await shows(pilot, "notes.md, line 3: prose: this asks", "old: of no kind that is read")


async def test_answers_from_elsewhere_are_seen_picked_and_judged_as_an_attempt(
    make_app, open_today, folder: Path, pictures: Pictures
) -> None:
    asked = "\n\n".join(f"## {at}. What is q0{at}?\n\nMine {at}." for at in range(4))
    asked += "\n\n## What is the meaning of life?\n\n42.\n"
    (folder / "notes.md").write_text(asked)
    async with make_app().run_test(size=NARROW) as pilot:
        await open_today(pilot)
        await pilot.press("Q", "down", "enter")
        await shows(pilot, "4 answers to questions of chapter 1 are in it", "c as answers")
        await pilot.press("x", "c")
        await shows(pilot, "4 of 4 answers", "[x] What is q00?", "is What is q00? (the same words)")
        await shows(pilot, "Mine 0.", "1 remark below")
        await pilot.press("end")
        await shows(pilot, "line 17: no question of the chapter: What is the meaning of life?")
        await pictures(pilot, sizes=(NARROW,), name="answers-")
        await pilot.press("ctrl+a")
        await shows(pilot, "0 of 4 answers")
        await hides(pilot, "^s import", "c as answers")
        await pilot.press("escape")  # which takes none
        await shows(pilot, "4 of 5 new notes", "[ ] What is q00?")
        await pilot.press("c", "ctrl+a", "home", "down", "x")
        await shows(pilot, "3 of 4 answers", "[ ] What is q01?")
        await pilot.press("ctrl+s")
        await tells(pilot, "3 answers taken; u on Today takes them back while the app is open.")
        await arrives(pilot, AttemptScreen)
        await shows(pilot, "What is q00?", "Mine 0.")
        await pilot.press("u")
        await tells(pilot, "Its answers came from a file: u on Today takes them back")
        await pilot.press("escape", "escape")
        await arrives(pilot, TodayScreen)
        await pilot.press("Q", "down", "enter", "c")
        await shows(pilot, "4 of 4 answers")
        await hides(pilot, "would end")  # the open attempt is the file's own
        await pilot.press("ctrl+s")
        await tells(pilot, "1 answer taken;")
        await arrives(pilot, AttemptScreen)
        await pilot.press("escape", "escape")
        await arrives(pilot, TodayScreen)
        await pilot.press("Q", "down", "enter")
        await shows(pilot, "5 of 5 new notes")
        await hides(pilot, "as answers")  # they are there already
        await pilot.press("escape", "escape", "u")
        await tells(pilot, "Undone: 4 answers to chapter 1.")


async def test_an_open_attempt_ends_only_if_that_is_said_twice(
    make_app, open_today, folder: Path
) -> None:
    for name in ("a.md", "notes.md"):
        asked = "\n\n".join(f"## What is q0{at}?\n\n{name} {at}." for at in range(3))
        (folder / name).write_text(asked)
    async with make_app().run_test(size=NARROW) as pilot:
        await open_today(pilot)
        await pilot.press("Q", "down", "enter", "c", "ctrl+s")
        await arrives(pilot, AttemptScreen)
        await pilot.press("escape", "escape")
        await arrives(pilot, TodayScreen)
        await pilot.press("Q", "down", "down", "enter", "c")
        await shows(pilot, "3 answered, would end.")
        await pilot.press("ctrl+s")
        await tells(pilot, "These answers come if you press ctrl+s once more.")
        await pilot.press("ctrl+s")
        await arrives(pilot, AttemptScreen)
        await shows(pilot, "notes.md 0.")


async def test_an_import_that_takes_long_is_stopped(
    make_app, open_today, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, read = threading.Event(), threading.Event()

    def far(desk: Desk, path: Path, stop: Callable[[], None]) -> Preview:
        found = look(desk, path, stop)
        assert path.is_dir() or path.name != "notes.md" or read.wait(PATIENCE)
        return found

    def slow(desk: Desk, source: Source, progress: Progress) -> Delivery:
        def wait(done: int, of: int) -> None:
            progress(done, of)
            assert asked.wait(PATIENCE)

        return bring(desk, source, wait)

    look, bring = delivery.look, delivery.bring
    monkeypatch.setattr(delivery, "look", far)
    monkeypatch.setattr(delivery, "bring", slow)
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        await pilot.press("Q")
        await arrives(pilot, ImportScreen)
        await pilot.press("down", "enter")
        await shows(pilot, "Reading …; esc stops it.")
        reading = [one for one in app.workers if one.group == "import"]
        await pilot.press("escape")
        await shows(pilot, "~/Documents/notes.md")
        await pilot.press(*["backspace"] * len("notes.md"))
        await shows(pilot, "^s whole folder")
        await pilot.press("ctrl+s")
        await shows(pilot, "Import Documents", "4 of 4 new notes")
        read.set()  # what was stopped is read at last, and nobody wants it
        await app.workers.wait_for_complete(reading)
        await shows(pilot, "Import Documents", "4 of 4 new notes")
        await pilot.press("ctrl+s")
        await shows(pilot, "Importing: 0%; esc stops it.")
        await pilot.press("escape")
        await shows(pilot, "Stopping …")
        asked.set()
        await tells(pilot, "Stopped; nothing was changed.")
        await shows(pilot, "4 of 4 new notes", "^s import")
        (folder / "many.md").write_text("".join(f"## Q {n}?\n\nA.\n\n" for n in range(502)))
        await pilot.press("escape")
        await shows(pilot, "~/Documents/", "^s whole folder")
        await pilot.press(*"many.md", "enter")
        await shows(pilot, "502 of 502 new notes")
        await pilot.press("end")
        await shows(pilot, "and 2 more, which come with them")
        await pilot.press("ctrl+a")
        await shows(pilot, "0 of 502 new notes", "and 2 more, which are left out")
        await pilot.press("escape", "escape")
        await arrives(pilot, TodayScreen)
    assert not list((tmp_path / "data" / "studyapp" / "packs").rglob("*.md"))
