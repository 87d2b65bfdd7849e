"""Change a card's text without leaving it, and without another program."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select
from textual import events

from pictures import Pictures
from screen import NARROW, WIDE, arrives, hides, lines, settled, shows, tells, until
from studyapp.config import Settings
from studyapp.store import tables
from studyapp.study import library, removal
from studyapp.tui.screens.note import NoteScreen
from studyapp.tui.screens.review import ReviewScreen
from studyapp.tui.screens.rewrite import RewriteScreen

SIZE = NARROW


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data" / "studyapp"


def mine(data: Path) -> list[str]:
    return [path.read_text() for path in sorted((data / "packs" / "mine").glob("*.md"))]


def drafts(data: Path) -> list[Path]:
    return list((data / "drafts").glob("*")) if (data / "drafts").exists() else []


async def test_a_card_is_changed_on_the_spot_and_its_copy_in_place(
    make_app, open_today, only_pack: Path, data: Path, pictures: Pictures
) -> None:
    before = (only_pack / "1" / "jargon.md").read_text()
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await open_today(pilot)
        await pilot.press("enter", "t", *"mine", "ctrl+s")
        await shows(pilot, "Meaning number 0.")
        await pilot.press("W")
        await arrives(pilot, RewriteScreen)
        await shows(pilot, "## Term 0 {#t0}", "Meaning number 0.")
        await pictures(pilot, sizes=((60, 20), NARROW, WIDE))  # with a preview where there is room
        await pilot.press("down", "down", *"Term 0 ")
        await shows(pilot, "Line 1: the meaning contains its own term, Term 0.")
        await pilot.press("ctrl+s")
        await tells(pilot, "Not saved: the line above says why.")
        await pilot.press(*["backspace"] * 7, "ctrl+s")  # as it is: no copy is made
        await arrives(pilot, ReviewScreen)
        assert mine(data) == []
        for word in ("Indeed", "Surely"):
            await pilot.press("W")
            await arrives(pilot, RewriteScreen)
            await pilot.press("down", "down", *f"{word} ", "ctrl+s")
            await arrives(pilot, ReviewScreen)
            await shows(pilot, f"{word} ", "mine", "── answer", "1 again")  # where one was
        await shows(pilot, "Surely Indeed Meaning number 0.")
        await pilot.press("3")
        await shows(pilot, "What does Term 1 mean?")
    (copy,) = mine(data)
    assert copy.count("{#t0}") == 1
    assert drafts(data) == []
    assert (only_pack / "1" / "jargon.md").read_text() == before


async def test_lines_that_an_author_has_broken_are_not_broken_again(
    make_app, open_today, only_pack: Path, data: Path
) -> None:
    """A paragraph fills the box at any width; what is not changed keeps its lines."""
    wide = "word " * 19 + "end"
    text = f"{wide}\n{wide}\n\nAnother {wide}\n{wide}"
    path = only_pack / "1" / "jargon.md"
    path.write_text(path.read_text().replace("Meaning number 0.", text))
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await open_today(pilot)
        await pilot.press("enter", "enter", "W")
        await arrives(pilot, RewriteScreen)
        for width, least in ((80, 60), (60, 40), (140, 55)):
            await pilot.resize_terminal(width, 24)
            await settled(pilot)
            rows = [row.split("▎")[0].strip(" ▊▔▁") for row in lines(pilot).splitlines()]
            first = next(at for at, row in enumerate(rows) if row.startswith("word word"))
            paragraph = rows[first : rows.index("", first)]
            assert all(len(row) > least for row in paragraph[:-1]), paragraph
        await pilot.press("ctrl+s")  # as it is: no copy is made
        await arrives(pilot, ReviewScreen)
        assert mine(data) == []
        await pilot.press("W")
        await arrives(pilot, RewriteScreen)
        await pilot.press("down", "down", *"Changed ", "ctrl+s")
        await arrives(pilot, ReviewScreen)
    (copy,) = mine(data)
    assert f"Changed {wide} {wide}\n\nAnother {wide}\n{wide}\n" in copy


async def test_an_own_note_is_changed_between_its_neighbours(
    make_app, open_today, data: Path
) -> None:
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await open_today(pilot)
        for name in ("One", "Two", "Three"):
            await pilot.press("n", *f"{name}?", "tab", *f"{name}.", "ctrl+s")
            await tells(pilot, "it comes first of its new cards.")
            await settled(pilot)
        await pilot.press("slash", *"two", "enter")
        await arrives(pilot, NoteScreen)
        await pilot.press("W")
        await arrives(pilot, RewriteScreen)
        await pilot.press("down", "down", "end", *" Twice.", "ctrl+s")
        await arrives(pilot, NoteScreen)
        await shows(pilot, "Twice.")
    (text,) = mine(data)
    read = [line for line in text.split("\n") if line and not line.startswith("#")]
    assert read[-3:] == ["One.", "Two. Twice.", "Three."]
    assert text.count("## ") == 3
    assert text.count("\n\n") == 6  # one empty line above and below each heading


async def test_what_check_would_say_of_it_in_its_pack_is_said_while_it_is_typed(
    make_app, open_today, data: Path
) -> None:
    app = make_app()
    async with app.run_test(size=WIDE) as pilot:
        await open_today(pilot)
        for name in ("One", "Two"):
            library.new_question(app.desk, f"{name}?", f"{name}.")
        before = mine(data)
        await pilot.press("slash", *"two", "enter")
        await arrives(pilot, NoteScreen)
        await pilot.press("W")
        await arrives(pilot, RewriteScreen)
        await pilot.press("down", "down", "end", "enter", *"![x](nope.png)")
        await shows(pilot, "Line 4: the image nope.png is not there.")
        await pilot.press("ctrl+s")
        await tells(pilot, "Not saved: the line above says why.")
        await pilot.press(*["backspace"] * 15, *["up"] * 2, "home", *["right"] * 3)
        await pilot.press(*["delete"] * 3, *"One")
        await shows(pilot, "Line 1: the same question is already at", ".md:9.")
        assert mine(data) == before
        await pilot.press(*["backspace"] * 3, *"Three", "ctrl+s")
        await arrives(pilot, NoteScreen)
        await shows(pilot, "Three?")


async def test_what_is_no_note_any_more_stays_a_draft(make_app, open_today, data: Path) -> None:
    app = make_app(settings=Settings(new_a_day=1))
    async with app.run_test(size=SIZE) as pilot:
        await open_today(pilot)
        await pilot.press("enter", "W")
        await tells(pilot, "The note has the answer in it: ⏎ shows that first.")
        await pilot.press("enter", "W")
        await arrives(pilot, RewriteScreen)
        await pilot.press(*["down"] * 9, "enter", *"```", "enter", "ctrl+s")
        await shows(pilot, "Line 5: the code fence that begins here is never closed.")
        await tells(pilot, "Not saved: the line above says why.")
        await settled(pilot)
        await arrives(pilot, RewriteScreen)
        await shows(pilot, "kept as a draft")
        await pilot.press("escape")
        await tells(pilot, "Kept as a draft; W goes on with it, and emptying the box drops it.")
        await arrives(pilot, ReviewScreen)
        assert len(drafts(data)) == 1
        await pilot.press("escape", "a")
        await shows(pilot, "edit not kept (W goes on with it), new")
        await pilot.press("W")
        await arrives(pilot, RewriteScreen)
        await shows(pilot, "```")
        await pilot.press("f7", "delete")
        await shows(pilot, "no draft")
        await pilot.press("escape")
        await tells(pilot, "No draft is kept; the note stays as it was.")
        assert drafts(data) == []
        await pilot.press("escape", "enter", "enter")
        await arrives(pilot, ReviewScreen)
        await pilot.press("W")
        await arrives(pilot, RewriteScreen)
        await shows(pilot, "## Term 0 {#t0}")
        await pilot.press(
            *["down"] * 9, "enter", *"```", "enter", *"x = 1", "enter", *"```", "ctrl+s"
        )
        await arrives(pilot, ReviewScreen)
        await shows(pilot, "x = 1")
    assert drafts(data) == []
    assert len(mine(data)) == 1


async def test_what_only_its_file_can_say_is_not_opened(make_app, open_today, data: Path) -> None:
    """A row of a table of one's own, which has no heading."""
    home = data / "packs" / "own"
    home.mkdir(parents=True)
    (home / "jargon.md").write_text(
        "---\npack: own\ndeck: Rows\nkind: jargon\n---\n\n"
        "| Term | Meaning | Id |\n|---|---|---|\n| Dough | flour and water | dough |\n"
    )
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await open_today(pilot)
        await pilot.press("slash", *"dough", "enter")
        await arrives(pilot, NoteScreen)
        await pilot.press("W")
        await tells(pilot, "a row of a table is changed in its file")
        await arrives(pilot, NoteScreen)
        assert drafts(data) == []


async def test_a_file_that_was_changed_meanwhile_is_not_overwritten(
    make_app, open_today, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await open_today(pilot)
        await pilot.press("n", *"One?", "tab", *"One.", "ctrl+s")
        await tells(pilot, "it comes first of its new cards.")
        await pilot.press("slash", *"one?", "enter")
        await arrives(pilot, NoteScreen)
        await pilot.press("W")
        await arrives(pilot, RewriteScreen)
        (path,) = (data / "packs" / "mine").glob("*.md")
        path.write_text(path.read_text().replace("One.", "Another program's."))
        await pilot.press("down", "down", *"Mine.")
        await tells(pilot, "both texts are kept")
        await shows(pilot, "Another program's.", "Mine.One.")  # who writes goes on there
        await settled(pilot)
        await until(pilot, lambda: not app.screen.draft.waiting)  # nor comes a saving in between
        monkeypatch.setattr("studyapp.tui.screens.writing.SAVE_AFTER", 600.0)
        (draft,) = drafts(data)
        draft.write_text(f"{draft.read_text()}\nMore.\n")  # as another window
        await pilot.press("space", "ctrl+s")
        await tells(pilot, "both texts are kept", 2)
        await arrives(pilot, RewriteScreen)  # what the learner has not seen is not saved
        await shows(pilot, "More.")
        await pilot.press("ctrl+s")
        await arrives(pilot, NoteScreen)
    said = path.read_text()
    assert said.endswith("Another program's.\n\nMine. One.\n\nMore.\n")
    assert said.count("## One?") == 1


async def test_a_note_that_another_window_has_deleted_is_told_as_that(
    make_app, open_today, data: Path
) -> None:
    """Not by what was wrong with the text before."""
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await open_today(pilot)
        await pilot.press("n", *"One?", "tab", *"One.", "ctrl+s")
        await tells(pilot, "it comes first of its new cards.")
        await pilot.press("slash", *"one?", "enter")
        await arrives(pilot, NoteScreen)
        await pilot.press("W")
        await arrives(pilot, RewriteScreen)
        text = app.screen.box.text
        await pilot.press("x")
        await shows(pilot, "Line 1: a note begins with a heading")
        note = tables.note.c
        with app.desk.reading() as connection:
            mine = connection.scalars(select(note.id).where(note.learner_id == 1)).all()
        removal.remove(app.desk, mine)
        app.post_message(events.Key("f7", None))
        app.post_message(events.Paste(text.replace("One.", "Two.")))
        await hides(pilot, "Line 1: a note begins with a heading")
        await shows(pilot, "Two.")
        await pilot.press("ctrl+s")
        await tells(pilot, "is no longer here")
        assert all("line above" not in one for one in app.heard)
        await arrives(pilot, RewriteScreen)  # where the text still is


async def test_a_comment_goes_only_if_that_is_meant(
    make_app, open_today, only_pack: Path, data: Path
) -> None:
    """What an import wrote in it has to stay; the rest is told before it is lost."""
    path = data / "packs" / "mine" / "a.md"
    path.parent.mkdir(parents=True)
    head, _, _ = (only_pack / "1" / "questionnaire.md").read_text().partition("\n## ")
    brought = "guid: a, origin: 0123456789abcdef"
    notes = [
        f"## {name}? {{#{name}}}\n\nOne.\n\n<!-- tags: kept{of} -->\n"
        for name, of in (("mine", ""), ("brought", f", {brought}"))
    ]
    path.write_text(f"{head}\n" + "\n".join(notes))
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await open_today(pilot)
        await pilot.press("slash", *"brought", "enter")
        await arrives(pilot, NoteScreen)
        await pilot.press("W")
        await arrives(pilot, RewriteScreen)
        await pilot.press("f7", *"## B? {#brought}", "enter", *"a <!-- b")
        await shows(pilot, f"Line 2: <!-- {brought} --> must stay")
        await pilot.press("ctrl+s")
        await tells(pilot, "Not saved: the line above says why.")
        await pilot.press("escape", "escape", "escape", "slash", *"mine", "enter")
        await arrives(pilot, NoteScreen)
        await shows(pilot, "mine?")
        await pilot.press("W")
        await arrives(pilot, RewriteScreen)
        await pilot.press("f7", *"## M? {#mine}", "enter", *"a <!-- b", "ctrl+s")
        await shows(pilot, "Line 2: the comment that begins here is never closed")
        await pilot.press(*["backspace"] * 6, "ctrl+s")
        await tells(pilot, "Its comment is gone, with tags: kept; ctrl+s again saves it so.")
        assert path.read_text().count("tags: kept") == 2
        await pilot.press("ctrl+s")
        await arrives(pilot, NoteScreen)
        await shows(pilot, "M?")
    assert "## M? {#mine}\na \n\n" in path.read_text()
    assert brought in path.read_text()
