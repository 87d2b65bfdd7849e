"""Finding by how cards stand, and what is done with many of them at once, by keys."""

from __future__ import annotations

from pathlib import Path
from threading import Event
from typing import Any

import pytest
from sqlalchemy import select
from textual import events

from pictures import Pictures
from screen import NARROW, WIDE, arrives, hides, settled, shows, tells
from studyapp.store import tables
from studyapp.study import library, removal, selection
from studyapp.study.undo import undo
from studyapp.tui.keys import HELD
from studyapp.tui.screens.find import FindScreen, Results
from studyapp.tui.screens.note import NoteScreen
from studyapp.tui.screens.rewrite import RewriteScreen
from studyapp.tui.screens.today import TodayScreen
from tests_support import Clock

KEYS = {":": "colon", " ": "space", "-": "minus", ">": "greater_than_sign", "*": "asterisk"}


def typed(text: str) -> list[str]:
    return [KEYS.get(one, one) for one in text]


@pytest.fixture
def own(tmp_path: Path, only_pack: Path) -> Path:
    """A file of the learner's own, with two notes of chapter 1."""
    path = library.own_packs() / "mine" / "a.md"
    path.parent.mkdir(parents=True)
    head, _, _ = (only_pack / "1" / "questionnaire.md").read_text().partition("\n## ")
    path.write_text(f"{head}\n## Mine, one? {{#m1}}\n\nOne.\n\n## Mine, two? {{#m2}}\n\nTwo.\n")
    return path


async def test_many_cards_are_set_aside_and_taken_back_in_one(
    make_app, open_today, pictures: Pictures
) -> None:
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        await pilot.press("slash", *typed("is:nwe"))
        await shows(pilot, "is:nwe: a card is due, new, learn")
        await pilot.press(*["backspace"] * 2, *typed("ew -q00 -tag:no"))
        await shows(pilot, "18 found", "tag:no: no note has this tag.")
        await pilot.press(*["backspace"] * 8)
        await hides(pilot, "no note has this tag")
        await shows(pilot, "18 found")
        await pilot.press("tab", "down", "x", "x")
        await shows(pilot, "18 found · 2 marked")
        await pilot.press("at")
        await tells(pilot, "Suspended: 4 cards; u takes it back.")  # of two terms
        await pilot.press("at")
        await tells(pilot, "They are suspended already.")
        await pictures(pilot, sizes=(NARROW, WIDE, (60, 20)))
        await pilot.press("slash", *["backspace"] * 8, *typed("suspended"))
        await shows(pilot, "2 found")
        await pilot.press("tab", "u")
        await tells(pilot, "Undone: suspending (4 cards).")
        await shows(pilot, "No card is so.")


@pytest.mark.parametrize("size", [NARROW, (WIDE[0], 20)])
async def test_the_chosen_line_is_in_sight_at_the_end_of_a_long_list(
    make_app, open_today, size: tuple[int, int]
) -> None:
    app = make_app()
    async with app.run_test(size=size) as pilot:
        await open_today(pilot)
        await pilot.press("slash", *typed("is:new"))
        await shows(pilot, " found")
        await pilot.press("tab", "end")
        await settled(pilot)
        results, box = app.screen.query_one(Results), app.screen.query_one("#results")
        assert results.option_count > results.size.height
        assert results.highlighted == results.option_count - 1
        assert box.region.contains_region(results.region)


async def test_keys_in_one_piece_go_to_the_list_that_those_before_them_lead_to(
    make_app, open_today
) -> None:
    """Typed faster than a search is made: what is done is done with what was asked for."""
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        await pilot.press("slash")
        await arrives(pilot, FindScreen)
        for key in (*"is:new", "tab", "ctrl+a", "at"):
            app.simulate_key(key)
        await tells(pilot, "Suspended: 22 cards; u takes it back.")
        for key in ("u", "slash", *" what", "tab", "at"):
            app.simulate_key(key)
        await tells(pilot, "Suspended: 1 card; u takes it back.")


async def test_as_many_as_are_shown_are_all_unless_there_are_more(
    make_app, open_today, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`end` goes to the last that there is, not to the last that was read."""
    app = make_app()
    for limit, told in ((19, "19 found"), (12, "more than 12 found")):
        monkeypatch.setattr("studyapp.tui.screens.find.LIMIT", limit)
        async with app.run_test(size=NARROW) as pilot:
            await open_today(pilot)
            await pilot.press("slash", *typed("is:new"))
            await shows(pilot, told)
            await pilot.press("tab", "end")
            await hides(pilot, "more than")
            await shows(pilot, "19 found")
            results = app.screen.query_one(Results)
            assert results.highlighted == 18
            row = results.region.y + results.highlighted - results.scroll_offset.y
            assert results.region.y <= row < results.region.bottom
        app = make_app()


async def test_of_very_many_the_key_for_the_end_says_that_it_goes_on(
    make_app, open_today, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("studyapp.tui.screens.find.LIMIT", 12)
    monkeypatch.setattr("studyapp.tui.screens.find._TO_END", 4)
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        await pilot.press("slash", *typed("is:new"), "tab", "end")
        await tells(pilot, "16 are listed; the key again goes on from there.")
        assert app.screen.query_one(Results).highlighted == 15
        await pilot.press("end")
        await shows(pilot, "19 found")
        assert app.screen.query_one(Results).highlighted == 18


async def test_what_is_marked_is_acted_on_though_no_longer_found(
    make_app, open_today, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is done to many takes a while, and is told by then."""
    app, go_on, do = make_app(), Event(), selection.do

    def slowly(*given: Any) -> selection.Done:
        assert go_on.wait(60)
        return do(*given)

    monkeypatch.setattr(selection, "do", slowly)
    monkeypatch.setattr("studyapp.tui.screens.find.SOON", 0.01)
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        await pilot.press("slash", *typed("term -is:suspended"))
        await shows(pilot, "3 found")
        await pilot.press("tab", "ctrl+a", "at")
        await shows(pilot, "Writing …")
        go_on.set()
        await tells(pilot, "Suspended: 6 cards; u takes it back.")
        await shows(pilot, "0 found · 3 marked")
        await pilot.press("at")
        await tells(pilot, "They are suspended already.")
        await pilot.press("number_sign")
        await tells(pilot, "3 notes of a pack keep their tags")
        await pilot.press("x")
        await tells(pilot, "Nothing that is found here can be chosen.")
        await pilot.press("B")
        await tells(pilot, "Brought back: 6 cards; u takes it back.")
        await shows(pilot, "3 found · 3 marked")
        await pilot.press("at", "ctrl+a")
        await shows(pilot, "0 found")
        await hides(pilot, "marked", "3 found")
        acting = ("I", "N", "at", "minus", "number_sign", "delete", "W", "E", "H", "m", "ctrl+a")
        await pilot.press(*acting)
        told = "Nothing that is found here can be chosen."
        await tells(pilot, told, 1 + len(acting))


async def test_all_that_was_found_gets_a_date_and_is_sorted_by_it(
    make_app, open_today, pictures: Pictures
) -> None:
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        await pilot.press("enter", "enter", "4", "enter", "3", "slash", *typed("term"))
        await arrives(pilot, FindScreen)
        await shows(pilot, "3 found")
        await pictures(pilot, sizes=(NARROW,), name="words-")
        await pilot.press("tab", "ctrl+a")
        await shows(pilot, "3 marked")
        await pilot.press("I", *typed("soon"), "enter")
        await tells(pilot, "Give a number of days, 0 for today")
        await pictures(pilot, sizes=(NARROW,), name="day-")
        await pilot.press(*["backspace"] * 4, *typed("40"), "enter")
        await tells(
            pilot, "Another date: 2 cards; u takes it back. 4 cards are new and have no date;"
        )
        await shows(pilot, "1.3 mo")
        await pilot.press("N")
        await tells(pilot, "New again: 2 cards; u takes it back. 4 cards are new already.")
        await hides(pilot, "1.3 mo")
        await pilot.press("u")
        await tells(pilot, "Undone: forgetting (2 cards).")
        await pilot.press("z")
        await shows(pilot, "by due date", "1.3 mo")
        await pilot.press("enter")
        await arrives(pilot, NoteScreen)


async def test_what_nothing_is_done_to_is_told_with_the_reason(
    make_app, open_today, own: Path
) -> None:
    """A card that is so already, and a note that has none."""
    with own.open("a") as file:
        file.write("\n## Mine, to do {#m3}\n\n<!-- card: do -->\n\nDo it.\n")
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        await pilot.press("slash", *typed("mine"))
        await shows(pilot, "3 found")
        await pilot.press("tab", "at")
        await tells(pilot, "Suspended: 1 card; u takes it back.")
        await pilot.press("ctrl+a")
        await shows(pilot, "3 marked")
        for key, told in (
            ("at", "Suspended: 1 card; u takes it back. 1 card is suspended already."),
            ("B", "Brought back: 2 cards; u takes it back."),
            ("B", "None of them is suspended or buried."),
        ):
            await pilot.press(key)
            await tells(pilot, f"{told} 1 note has no card.")


async def test_of_marked_notes_those_of_a_pack_are_told_beside_those_that_are_tagged(
    make_app, open_today, own: Path
) -> None:
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        await pilot.press("slash", *typed("mine or q01 or q02"))
        await shows(pilot, "4 found")
        await pilot.press("tab", "ctrl+a")
        await shows(pilot, "4 marked")
        kept = "2 notes of a pack keep their tags; you can tag your own."
        for told in ("Tagged: 2 notes; u takes it back.", "Their tags are so already."):
            await pilot.press("number_sign", *typed("exam"), "enter")
            await tells(pilot, f"{told} {kept}")
        await pilot.press("delete")
        await tells(
            pilot,
            "Deleted: 2 notes; u puts them back. "
            "2 notes of a pack cannot be deleted; @ sets aside.",
        )


async def test_notes_of_ones_own_are_tagged_deleted_and_put_back(
    make_app, open_today, own: Path, pictures: Pictures
) -> None:
    before = own.read_text()
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        await pilot.press("slash", *typed("q01"))
        await shows(pilot, "1 found")
        await pilot.press("tab", "u")
        await tells(pilot, "Nothing done here is left to take back.")
        await hides(pilot, "further")  # there is nothing
        await pilot.press("delete")
        await tells(pilot, "1 note of a pack cannot be deleted; @ sets aside.")
        await pilot.press("number_sign")
        await tells(pilot, "1 note of a pack keeps its tags; you can tag your own.")
        await pilot.press("slash", *["backspace"] * 3, *typed("mine"))
        await shows(pilot, "2 found")
        await pilot.press("tab", "ctrl+a")
        await shows(pilot, "2 marked")
        await pilot.press("number_sign", *typed("a, b"), "enter")
        await tells(pilot, "a, can be no tag")
        await pictures(pilot, sizes=(NARROW,), name="tags-")
        await pilot.press(*["backspace"] * 4, *typed("exam Soon"), "enter")
        await tells(pilot, "Tagged: 2 notes; u takes it back.")
        await pilot.press("number_sign", *typed("soon -draft"), "enter")
        await tells(pilot, "Their tags are so already.")
        await pilot.press("slash", *["backspace"] * 4, *typed("tag:soo"))
        await shows(pilot, "tag:soo: no note has this tag; the nearest is Soon.")
        await pilot.press("n")
        await shows(pilot, "2 found")
        await pilot.press("tab", "number_sign", *typed("-SOON"), "enter")
        await tells(pilot, "Tagged: 1 note; u takes it back.")
        await shows(pilot, "1 found", "Mine, two?")
        await pilot.press("u")
        await tells(pilot, "Undone: the tags.")
        await shows(pilot, "2 found")
        await pilot.press("u")
        await tells(pilot, "Undone: the tags.", 2)
        assert own.read_text() == before
        await shows(pilot, "tag:soon: no note has this tag.")
        await pilot.press(*["backspace"] * 8, *typed("mine"))
        await shows(pilot, "2 found")
        await pilot.press("tab", "delete")
        await tells(pilot, "Deleted: 1 note; u puts it back.")
        await shows(pilot, "1 found", "Mine, two?")
        assert "m1" not in own.read_text()
        await pilot.press("u")
        await tells(pilot, "Undone: the deletion.")
        await shows(pilot, "2 found", "Mine, one?")
        assert own.read_text() == before
        await pilot.press("ctrl+a")
        await shows(pilot, "2 marked")
        await pilot.press("delete")
        await shows(pilot, "Nothing has all these words.")
        await pilot.press("n", *typed("why"), "tab", *typed("so"), "ctrl+s")
        await arrives(pilot, FindScreen)
        await pilot.press("u")
        await tells(pilot, "Undone: the new card.")
        assert not own.exists() or "##" not in own.read_text()
        await pilot.press("u")
        await tells(pilot, "Undone: the deletion.", 2)
        await shows(pilot, "2 found", "Mine, one?")
        assert own.read_text() == before
        await pilot.press("delete", "escape", "u")  # at once, and from another page
        await arrives(pilot, TodayScreen)
        await tells(pilot, "Undone: the deletion.", 3)
        assert own.read_text() == before
        await pilot.press("slash", *typed("mine"), "tab")
        await shows(pilot, "2 found", "Mine, one?")
        await pilot.press("W")
        await arrives(pilot, RewriteScreen)
        await settled(pilot)


async def test_del_held_down_deletes_once_and_leaves_what_is_of_a_pack(
    make_app, open_today, own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("studyapp.tui.app.HELD", HELD)
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        await pilot.press("slash", *typed("mine or q01"))
        await shows(pilot, "3 found")
        await pilot.press("tab", "x", "x")
        await shows(pilot, "2 marked")
        for seconds in (0.0, 0.03, 0.06):
            key = events.Key("delete", None)
            key.time = 1000.0 + seconds
            app.post_message(key)
            await tells(
                pilot, "Deleted: 1 note; u puts it back. 1 note of a pack cannot be deleted;"
            )
            await shows(pilot, "2 found")
        await settled(pilot)
        await shows(pilot, "2 found")


async def test_a_deletion_is_taken_back_in_a_later_session(
    make_app, open_today, own: Path, clock: Clock
) -> None:
    before = own.read_text()
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        await pilot.press("slash", *typed("mine"))
        await shows(pilot, "2 found")
        await pilot.press("tab", "ctrl+a")
        await shows(pilot, "2 marked")
        await pilot.press("delete")
        await shows(pilot, "Nothing has all these words.")
    assert not own.exists()
    clock.forward(days=1)
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        await pilot.press("u")
        await tells(pilot, "u once more takes back the deletion of 2 notes, yesterday.")
        assert not own.exists()
        await pilot.press("u")
        await tells(pilot, "Undone: the deletion.")
        assert own.read_text() == before
        await pilot.press("u")
        await tells(pilot, "There is nothing to undo.")


def note_of(app: Any, name: str) -> int:
    note = tables.note.c
    with app.desk.reading() as connection:
        return connection.scalars(select(note.id).where(note.name == name)).one()


def suspended(app: Any) -> set[str]:
    note, card, memory = tables.note.c, tables.card.c, tables.memory.c
    found = (
        select(note.name)
        .join(tables.card, card.note_id == note.id)
        .join(tables.memory, memory.card_id == card.id)
        .where(memory.suspended)
    )
    with app.desk.reading() as connection:
        return set(connection.scalars(found))


async def test_a_deletion_comes_back_though_another_window_has_taken_back_what_was_before_it(
    make_app, open_today, own: Path
) -> None:
    before = own.read_text()
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        await pilot.press("slash", *typed("mine"))
        await shows(pilot, "2 found")
        await pilot.press("tab", "m", "escape", "slash", *typed("mine"), "tab")
        await shows(pilot, "2 found")
        await pilot.press("at")
        await tells(pilot, "Suspended: 1 card; u takes it back.")
        await pilot.press("delete")
        await tells(pilot, "Deleted: 1 note; u puts it back.")
        with app.desk.writing() as connection:  # another window
            undo(connection, app.desk.now(), learner=1)
        await pilot.press("u")
        await tells(pilot, "Undone: the deletion.")
        assert own.read_text() == before
        await pilot.press("u")  # what was marked before this page was there
        await tells(pilot, "Nothing done here is left to take back; u on Today goes further back.")
        await pilot.press("at")
        await tells(pilot, "Suspended: 1 card; u takes it back.", 2)
        with app.desk.writing() as connection:
            undo(connection, app.desk.now(), learner=1)
        await pilot.press("u")
        await tells(pilot, "Nothing done here is left to take back;", 2)
        removal.remove(app.desk, [note_of(app, "m2")])
        await pilot.press("escape", "u")
        await tells(pilot, "Undone: the deletion.", 2)
        assert own.read_text() == before
        await pilot.press("u")
        await tells(pilot, "Undone: marking to be mended later.")


async def test_nothing_is_done_to_what_another_window_has_deleted(
    make_app, open_today, own: Path
) -> None:
    """What is marked is what is there, and what is not seen to be gone is told."""
    with own.open("a") as file:
        file.writelines(f"\n## Mine, {name}? {{#{name}}}\n\nSo.\n" for name in ("m3", "m4"))
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        await pilot.press("slash", *typed("mine"))
        await shows(pilot, "4 found")
        await pilot.press("tab", "ctrl+a")
        await shows(pilot, "4 found · 4 marked")
        removal.remove(app.desk, [note_of(app, "m1")])
        await pilot.press("at")
        await tells(
            pilot,
            "Suspended: 3 cards; u takes it back. 1 card is gone, as the text was deleted.",
        )
        assert suspended(app) == {"m2", "m3", "m4"}
        await shows(pilot, "3 found · 3 marked")
        removal.remove(app.desk, [note_of(app, "m2")])
        await pilot.press("down", "enter")
        await arrives(pilot, NoteScreen)
        await pilot.press("escape")
        await shows(pilot, "2 found · 2 marked")
        await pilot.press("B")
        await tells(pilot, "Brought back: 2 cards; u takes it back.")
        removal.remove(app.desk, [note_of(app, "m3")])
        await pilot.press("number_sign", *typed("exam"), "enter")
        await tells(pilot, "Tagged: 1 note; u takes it back.")
        await shows(pilot, "1 found · 1 marked")
        removal.remove(app.desk, [note_of(app, "m4")])
        await pilot.press("at")
        await tells(pilot, "1 card is gone, as the text was deleted.")
        assert "already" not in app.told[0]
        assert suspended(app) == {"m2"}
        await shows(pilot, "Nothing has all these words.")


async def test_nothing_is_done_to_the_only_note_once_it_is_gone(
    make_app, open_today, own: Path
) -> None:
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        await pilot.press("slash", *typed("one"))
        await shows(pilot, "1 found")
        await pilot.press("tab")
        removal.remove(app.desk, [note_of(app, "m1")])
        await pilot.press("delete")
        await tells(pilot, "What was chosen is gone, as its text was deleted.")
        await hides(pilot, "1 found", "pack")
