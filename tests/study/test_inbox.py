"""What is put into the inbox becomes drafts and is put aside; what is not understood is told."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from ankipack import collection
from studyapp.config import Settings, shown
from studyapp.notes import formats
from studyapp.notes.foreign import ForeignNote
from studyapp.store.database import open_database
from studyapp.study import capture, imports, inbox, library
from studyapp.study.desk import Desk
from studyapp.study.inbox import Inbox, Taken
from tests_support import Clock, desk_of

NOTES = "## What is a trie?\n\nA tree ![](t.png) of letters.\n\n## What is a heap?\n\nAn array.\n"
TABLE = "\n| a | b |\n|---|---|\n| c | d |\n"


@pytest.fixture
def desk(
    tmp_path: Path, only_pack: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Desk]:
    monkeypatch.setattr(inbox, "SETTLED", 0.0)
    made = open_database(str(tmp_path / "own.db"))
    desk = desk_of(made, clock)
    library.refresh(desk)
    yield desk
    made.dispose()


def put(desk: Desk, name: str, text: str | bytes) -> Path:
    path = inbox.folder(desk) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def waiting(desk: Desk) -> list[str]:
    return [one.note.prompt for one in capture.read(desk).kept]


def test_a_file_becomes_drafts_once_and_lies_in_done(desk: Desk) -> None:
    watch = Inbox(desk)
    assert watch.look() == Taken()
    put(desk, "t.png", b"\x89PNG")
    path = put(desk, "notes.md", NOTES)
    assert watch.look() == Taken(2, ("notes.md",))
    (caught,) = library.drafts().iterdir()
    twice = caught.with_name(f"{caught.stem}-b.md")  # as another window wrote at the same moment
    twice.write_bytes(caught.read_bytes())
    assert waiting(desk) == ["What is a trie?", "What is a heap?"]
    done = path.parent / "done"
    assert [one.name for one in done.iterdir()] == ["notes.md"]
    assert watch.look() == Taken()
    trie, _ = capture.read(desk).kept
    capture.accept(desk, [trie])
    (own,) = (library.own_packs() / "mine").glob("*.md")
    assert "A tree ![](media/t.png) of letters." in own.read_text()
    assert (own.parent / "media" / "t.png").read_bytes() == b"\x89PNG"
    put(desk, "notes.md", NOTES)  # a draft and a card by now
    put(desk, "t.png", b"\x89PNG another")
    put(desk, "new.md", "## What is it?\n\n![](t.png)\n")
    assert watch.look() == Taken(1, ("new.md", "notes.md"))
    assert sorted(waiting(desk)) == ["What is a heap?", "What is it?"]
    assert sorted(one.name for one in done.iterdir()) == ["new.md", "notes-2.md", "notes.md"]
    (it,) = [one for one in capture.read(desk).kept if one.note.prompt == "What is it?"]
    (shown_as,) = {one.name for one in (own.parent / "media").iterdir()} - {"t.png"}
    assert it.note.answer == f"![](media/{shown_as})"


def test_what_is_not_understood_is_told_with_its_line_and_never_lost(desk: Desk) -> None:
    put(desk, "part.md", NOTES + TABLE)
    put(desk, "zero.bin", b"\0\1\2")
    prose = put(desk, "prose.md", "Nothing is asked here.\n")
    watch = Inbox(desk)
    taken = watch.look()
    assert (taken.drafts, taken.files) == (2, ("part.md",))
    part, nothing, zero = taken.unread
    assert part.startswith("part.md: line ")
    assert nothing.startswith("Left in the inbox: prose.md")
    assert zero.startswith("Left in the inbox: zero.bin is of no format that can be read")
    done = prose.parent / "done"
    assert (done / "part.md.unread.txt").read_text().strip() == part.removeprefix("part.md: ")
    assert {one.name for one in prose.parent.iterdir()} == {"done", "prose.md", "zero.bin"}
    assert watch.look() == Taken()  # as long as they are as they were
    prose.write_text("What is it?\n\nThat is asked here.\n\n## Why?\n\nSo.\n")
    assert watch.look().files == ("prose.md",)


def test_a_fault_with_one_file_leaves_that_file_and_takes_the_others(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, text = capture.add_foreign, "## What is a trie?\n\nA tree of letters.\n"

    def failing(desk: Desk, notes: Sequence[ForeignNote], path: Path) -> tuple[int, object]:
        if path.name == "bad.md":
            raise RuntimeError("secret")
        return real(desk, notes, path)

    monkeypatch.setattr(capture, "add_foreign", failing)
    bad = put(desk, "bad.md", text)
    put(desk, "good.md", text)
    watch = Inbox(desk)
    taken = watch.look()
    assert (taken.drafts, taken.files) == (1, ("good.md",))
    (told,) = taken.unread
    assert told.startswith(
        "Left in the inbox: bad.md is not taken, by a fault of studyapp's own: R"
    )
    assert "The report is in" in told
    assert "secret" not in told
    assert bad.exists()
    assert watch.look() == Taken()


def test_a_folder_is_read_like_a_file_once_all_of_it_is_there(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(desk, "trees/media/t.png", b"\x89PNG")
    put(desk, "trees/notes.md", NOTES.replace("t.png", "media/t.png"))
    put(desk, "trees/old/more.md", "## What is a B-tree?\n\n![](far.png)\n")
    put(desk, "trees/.obsidian/app.json", "{}")
    put(desk, "pictures/t.png", b"\x89PNG")  # a text that shows it may come
    watch = Inbox(desk)
    monkeypatch.setattr(inbox, "SETTLED", 3600.0)
    assert watch.look() == Taken()
    monkeypatch.setattr(inbox, "SETTLED", 0.0)
    taken = watch.look()
    assert (taken.drafts, taken.files) == (3, ("trees",))
    assert taken.unread[0].startswith("trees: old/more.md, line 1: the picture")
    assert waiting(desk) == ["What is a trie?", "What is a heap?", "What is a B-tree?"]
    place = inbox.folder(desk)
    assert {str(one.relative_to(place)) for one in place.glob("*/*")} >= {
        "done/trees",
        "done/trees.unread.txt",
        "pictures/t.png",
    }
    prose = put(desk, "prose/a.md", "Nothing is asked here.\n")
    empty = put(desk, "prose/b.md", "")
    first, second = watch.look().unread  # each with its reason
    assert first.startswith("Left in the inbox: prose: a.md: not read: it is text in which nothing")
    assert second == "Left in the inbox: prose: b.md: not read: it is empty."
    assert watch.look() == Taken()
    prose.write_text("## Why?\n\nSo.\n")
    empty.unlink()
    assert watch.look() == Taken(1, ("prose",))


def test_what_is_a_card_already_is_no_draft_of_another_format_either(desk: Desk) -> None:
    page = "---\npack: other\ndeck: Trees\nkind: {}\n---\n\n## {} {{#{}}}\n\nA tree.\n"
    put(desk, "a.md", page.format("questionnaire", "What is a trie?", "trie"))
    put(desk, "b.md", page.format("jargon", "Heap", "heap"))
    assert Inbox(desk).look() == Taken(2, ("a.md", "b.md"))
    kept = capture.read(desk).kept
    assert {one.note.id: one.note.kind.value for one in kept} == {
        "trie": "question",
        "heap": "term",
    }
    capture.accept(desk, kept)
    put(desk, "a.md", page.format("questionnaire", "What is a trie?", "trie"))
    assert Inbox(desk).look() == Taken(0, ("a.md",))


def test_what_an_import_would_bring_is_told_in_its_figures(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = inbox.folder(desk) / "words.anki2"
    path.parent.mkdir(parents=True)
    collection(path)
    with closing(sqlite3.connect(path)) as base, base:  # of which no card is made here
        base.execute("UPDATE notes SET flds = ? WHERE guid = 'g10'", ("word " * 12_000 + "\x1fa",))
    (told,) = (one for one in Inbox(desk).look().unread if "importing it" in one)
    monkeypatch.setattr(type(desk), "back_up", lambda *_, **__: None)
    done = path.parent / "done" / path.name
    (made,) = imports.bring(desk, [imports.Source(done, *formats.read(done))])
    assert (made.reviews, made.schedules) == (2, 4)
    assert told == "words.anki2: 2 reviews and 4 schedules not taken over; importing it does so"


def test_a_file_that_is_still_written_or_has_no_place_to_go_stays(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "SETTLED", 3600.0)
    path = put(desk, "notes.md", NOTES)
    assert Inbox(desk).look() == Taken()
    monkeypatch.setattr(inbox, "SETTLED", 0.0)
    for name in (".hidden.md", "notes.md.part", "other.md~"):
        put(desk, name, NOTES)
    (path.parent / "done").write_text("no folder")
    (told,) = Inbox(desk).look().unread
    assert "done cannot be made" in told
    assert waiting(desk) == []
    assert path.read_text() == NOTES
    os.unlink(path.parent / "done")
    assert Inbox(desk).look().files == ("notes.md",)
    assert len(list(path.parent.iterdir())) == 4


@pytest.mark.parametrize("name", ["a.md", "b.png", "c"])
def test_a_pipe_is_told_once_and_never_read(desk: Desk, name: str) -> None:
    watch = Inbox(desk)
    put(desk, "notes.md", NOTES)
    os.mkfifo(inbox.folder(desk) / name)
    taken = watch.look()
    assert (taken.drafts, taken.files) == (2, ("notes.md",))
    (told,) = (one for one in taken.unread if "t.png" not in one)
    assert told.startswith(f"Left in the inbox: {name} cannot be read: it is a pipe")
    assert watch.look() == Taken()


def test_each_learner_has_a_folder_unless_a_setting_names_one(desk: Desk, tmp_path: Path) -> None:
    assert shown(inbox.folder(desk) / "a.md").endswith("/inbox/…")
    desk.current.settings = Settings(inbox=str(tmp_path / "stick"))
    assert Inbox(desk).look() == Taken()
    assert not (tmp_path / "stick").exists()
    put(desk, "notes.md", NOTES)
    assert Inbox(desk).look().drafts == 2
    assert capture.read(replace(desk, learner=2)).kept == ()
