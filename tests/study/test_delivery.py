"""An import can be looked at, picked from, stopped and taken back, with nothing left of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import func, select

from studyapp.errors import CancelledError, StudyError
from studyapp.notes import formats
from studyapp.notes.foreign import Foreign, ForeignNote, ForeignReview, Media, Moment
from studyapp.store import record, tables
from studyapp.store.database import open_database
from studyapp.study import delivery, folder, imports, library
from studyapp.study.desk import Desk
from studyapp.study.imports import Source
from tests_support import Clock, desk_of

AT = datetime(2026, 11, 1, 9, tzinfo=UTC)
CAT, DOG = (ForeignNote(name, f"What is {name}?", f"{name} ![](media/a.png)") for name in "cd")
SAID = Foreign(
    (CAT, DOG),
    reviews=tuple(
        ForeignReview(one.guid, "answer", AT, AT.date(), 3, Moment.LEARNING) for one in (CAT, DOG)
    ),
    media=(Media("a.png", lambda: b"\x89PNG"),),
)
ANIMALS = Source(Path("animals.apkg"), "anki", SAID)


@pytest.fixture
def desk(tmp_path: Path, only_pack: Path, clock: Clock) -> Iterator[Desk]:
    made = open_database(str(tmp_path / "own.db"))
    desk = desk_of(made, clock)
    library.refresh(desk)
    yield desk
    made.dispose()


def through(done: int, of: int) -> None:
    assert 0 <= done < of


def held(desk: Desk) -> tuple[set[str], int, int]:
    """Files of own packs, notes that are there, reviews that count."""
    packs = library.own_packs()
    files = {str(one.relative_to(packs)) for one in packs.rglob("*") if one.is_file()}
    note, review = tables.note, tables.review
    with desk.reading() as connection:
        notes = select(func.count()).select_from(note).where(note.c.missing_since.is_(None))
        reviews = select(func.count()).select_from(review).where(record.not_retracted())
        return files, connection.scalar(notes) or 0, connection.scalar(reviews) or 0


def test_all_of_an_import_is_taken_back_and_comes_again(desk: Desk) -> None:
    before = held(desk)
    done = delivery.bring(desk, ANIMALS, through)
    whole = held(desk)
    files, notes, reviews = whole
    assert (files, notes - before[1], reviews) == (
        {"animals/animals.md", "animals/media/a.png"},
        2,
        2,
    )
    assert delivery.take_back(desk, done) == "Undone: the import of animals.apkg (2 notes)."
    assert held(desk) == before
    delivery.bring(desk, ANIMALS, through)
    assert held(desk) == whole


def test_what_was_there_before_stays_when_a_second_import_is_taken_back(desk: Desk) -> None:
    delivery.bring(desk, delivery.without(ANIMALS, {"d"}), through)
    before = held(desk)
    assert before[2] == 1  # and none of the note that was left out
    silent = replace(ANIMALS, foreign=replace(SAID, reviews=()))
    done = delivery.bring(desk, silent, through)
    page = library.own_packs() / "animals" / "animals.md"
    assert page.read_text().count("## ") == 2
    page.write_bytes(page.read_bytes() + b"\n")  # which says nothing else
    assert delivery.take_back(desk, done) == "Undone: the import of animals.apkg (1 note)."
    assert held(desk) == before


def test_what_was_edited_since_stays_alone_when_an_import_is_taken_back(desk: Desk) -> None:
    """With what it shows and what was rated there; the rest goes, also what was only moved."""
    owl = replace(DOG, guid="o", question="What is o?", answer="o", deck=("Other",))
    before = held(desk)
    first = replace(ANIMALS, foreign=replace(SAID, notes=(*SAID.notes, owl)))
    delivery.bring(desk, first, through)
    page, other = (library.own_packs() / "animals" / name for name in ("animals.md", "other.md"))
    moved = tuple(replace(one, deck=("Other",), answer="new") for one in first.foreign.notes)
    second = replace(ANIMALS, foreign=replace(SAID, notes=moved))
    done = delivery.bring(desk, second, through)
    text = other.read_text()
    other.write_text(f"{text.replace('new', 'mine', 1)}\n## Own? {{#own}}\n\nYes.\n")
    told = delivery.take_back(desk, done)
    assert told.endswith("notes), but for what was changed since: “What is o?”.")
    assert (page.read_text().count("media/a.png"), other.read_text().count("## ")) == (2, 2)
    assert "mine" in other.read_text()
    assert "new" not in other.read_text()
    page.write_text(page.read_text().replace("c ![]", "mine ![]"))
    told_first = imports.take_back(desk, ANIMALS.path)  # the one before it, by its own receipt
    assert sorted(told_first.stays) == ["“What is c?”", "“What is o?”"]
    files, notes, reviews = held(desk)
    assert files == {"animals/animals.md", "animals/other.md", "animals/media/a.png"}
    assert (notes - before[1], reviews) == (3, 1)  # with a note of one's own
    assert imports.take_back(desk, ANIMALS.path).pages == 0


def test_nothing_is_left_of_an_import_that_is_stopped(desk: Desk) -> None:
    """At the first look and at the last ones, and between two notes of many."""

    def stop(at: float, done: int, of: int) -> None:
        if done / of >= at:
            raise CancelledError("Stopped; nothing was changed.")

    before = held(desk)
    many = replace(SAID, notes=tuple(replace(CAT, guid=f"c{n}") for n in range(101)))
    for source, step in (
        (ANIMALS, 0),
        (replace(ANIMALS, foreign=many), 0.15),
        (ANIMALS, 0.5),
        (ANIMALS, 0.75),
    ):
        with pytest.raises(CancelledError):
            delivery.bring(desk, source, partial(stop, step))
        assert held(desk) == before
    assert not list(library.own_packs().parent.glob(".packs.*"))


def test_a_fault_of_ours_is_a_sentence_and_of_a_folder_it_leaves_the_other_files(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault = tmp_path / "vault"
    vault.mkdir()
    (vault / "bad.md").write_text("bad")
    (vault / "good.md").write_text("What is X?\n\nY\n")
    real = formats.read

    def failing(path: Path) -> tuple[str, Foreign]:
        if path.name == "bad.md":
            raise RuntimeError("secret")
        return real(path)

    monkeypatch.setattr(formats, "read", failing)
    found = delivery.look(desk, vault, lambda: None)
    assert [note.question for note, _ in found.new] == ["What is X?"]
    (told,) = found.told.problems
    assert "by a fault of studyapp's own: RuntimeError" in told.message
    with pytest.raises(StudyError, match=r"bad\.md is not taken, by a fault .* The report is in"):
        delivery.look(desk, vault / "bad.md", lambda: None)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("/a/b", "/a/b"),
        ("/a//b/c d", "/b/c d"),
        ("~/a/'/b/c d'", "/b/c d"),
        ('"~/b c"', "~/b c"),
        ("/a/~/b", "~/b"),
        ("a/~b", "a/~b"),
        ("a'b/c", "a'b/c"),
        ("/a/b'", "/a/b'"),
    ],
)
def test_a_whole_path_behind_another_begins_anew(typed: str, meant: str) -> None:
    assert folder.meant(typed) == meant


def test_a_path_is_completed_as_one_types_it(tmp_path: Path) -> None:
    for name in ("Notes", "news", ".git"):
        (tmp_path / name).mkdir()
    for name in ("b.md", "nothing.md", ".hidden"):
        (tmp_path / name).write_text("")

    def offered(typed: str) -> list[str]:
        return [one.name for one in folder.entries(typed)]

    assert offered(f"{tmp_path}/") == ["news/", "Notes/", "b.md", "nothing.md"]
    assert offered(f"{tmp_path}/no") == ["Notes/", "nothing.md"]
    assert offered(f"{tmp_path}/.") == [".git/", ".hidden"]
    assert offered("~/NE") == ["news/"]
    assert offered(f"{tmp_path}/none/") == offered("~nobody/") == offered("a\0/") == []
