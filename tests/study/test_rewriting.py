"""What others write in the files of one's own notes stays, whatever Find does and takes back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from studyapp import disk
from studyapp.errors import RefusedError, StudyError
from studyapp.notes import amendment
from studyapp.store import tables
from studyapp.study import library, removal, rewriting, rewritten, tagging
from studyapp.study.desk import Desk
from studyapp.study.rewriting import Rewriting
from tests_support import Clock, desk_of, question, questionnaire

NAMES = ("one", "two", "three", "four")
NEW = question("new")
HEAD = questionnaire(NEW, pack="mine").removesuffix(NEW)


@pytest.fixture
def desk(engine: Engine, clock: Clock, only_pack: Path) -> Desk:
    """With four own notes in a file, and ten in another."""
    path().parent.mkdir(parents=True)
    path().write_text(questionnaire(*map(question, NAMES), pack="mine"))
    many = (question(f"many{number}") for number in range(library.MANY))
    path("b").write_text(questionnaire(*many, pack="mine"))
    desk = desk_of(engine, clock)
    library.refresh(desk)
    return desk


def path(name: str = "a") -> Path:
    return library.own_packs() / "mine" / f"{name}.md"


def files() -> dict[str, str]:
    return {one.name: one.read_text() for one in path().parent.iterdir()}


def ids(desk: Desk, names: Sequence[str]) -> list[int]:
    note = tables.note.c
    with desk.reading() as connection:
        return list(connection.scalars(select(note.id).where(note.name.in_(names))))


def delete(desk: Desk, *names: str) -> Rewriting:
    return removal.remove(desk, ids(desk, names))


def tag(desk: Desk, *names: str) -> Rewriting:
    return tagging.tag(desk, ids(desk, names), tagging.parse("exam"))


def tags(desk: Desk) -> dict[str, list[str]]:
    """Of the notes that are there."""
    note = tables.note.c
    wanted = select(note.name, note.tags).where(
        note.path == str(path()), note.missing_since.is_(None)
    )
    with desk.reading() as connection:
        return {name: list(found) for name, found in connection.execute(wanted)}


@pytest.mark.parametrize("gone", [("one", "three"), NAMES])
def test_what_was_deleted_comes_back_where_it_was_into_a_file_that_goes_on(
    desk: Desk, gone: tuple[str, ...]
) -> None:
    before = path().read_text()
    done = delete(desk, *gone)
    assert path().exists() is (gone != NAMES)  # a head alone would be a problem of our own making
    assert library.refresh(desk, force=True).problems == ()
    path().write_text(f"{path().read_text()}\n{NEW}" if path().exists() else HEAD + NEW)
    library.refresh(desk)
    assert sorted(tags(desk)) == sorted({*NAMES, "new"} - {*gone})
    assert rewriting.put_back(desk, done, "the deletion") == "Undone: the deletion."
    assert sorted(tags(desk)) == sorted({*NAMES, "new"})
    said = path().read_text()
    assert said.replace(f"\n{NEW}", "").replace(NEW, "").rstrip() == before.rstrip()


def test_it_comes_back_though_its_file_has_gone_and_not_twice(desk: Desk) -> None:
    done = delete(desk, "one", "two")
    path().unlink()
    library.refresh(desk)
    rewriting.put_back(desk, done, "the deletion")
    assert path().read_text() == questionnaire(question("one"), question("two"), pack="mine")
    done = delete(desk, "one", "two")
    path().write_text(questionnaire(question("two"), NEW, pack="mine"))
    rewriting.put_back(desk, done, "the deletion")
    assert path().read_text() == questionnaire(question("one"), question("two"), NEW, pack="mine")


def test_it_comes_back_at_the_end_where_a_table_goes_on_by_then(tmp_path: Path) -> None:
    """Behind its row the note would cut the table in two."""
    table = "| Term | Meaning | Id |\n|---|---|---|\n| AGI | all of it | agi |\n"
    head = f"---\npack: mine\ndeck: Terms\nkind: jargon\n---\n\n{table}"
    note, page = "## Loss {#loss}\n\nHow wrong it is.\n", tmp_path / "terms.md"
    page.write_text(f"{head}| NN | a net | nn |\n")
    said = amendment.restored(page, f"{head}\n{note}".encode(), ["loss"])
    assert said == f"{head}| NN | a net | nn |\n\n{note}"


def test_a_note_with_a_template_comes_back_though_its_lines_are_others(tmp_path: Path) -> None:
    note = f"{question('one')}\n\n<!-- template\n```python\na = 1\n```\n-->\n"
    page, before = tmp_path / "a.md", questionnaire(note, question("two"))
    page.write_text(before)
    page.write_text(amendment.without(page, ["one"]))
    assert page.read_text() == questionnaire(question("two"))
    page.write_text(questionnaire(NEW, question("two")))
    said = amendment.restored(page, before.encode(), ["one"])
    assert note.strip() in said
    assert NEW.strip() in said


def test_only_the_tags_are_taken_back_and_what_was_tagged_since_stays(desk: Desk) -> None:
    tagging.tag(desk, ids(desk, ["two"]), tagging.parse("old"))
    done = tag(desk, "one", "two", "three")
    tagging.tag(desk, ids(desk, ["two"]), tagging.parse("since"))
    delete(desk, "three")
    path().write_text(f"{path().read_text()}\n{NEW}")
    assert rewriting.put_back(desk, done, "the tags") == "Undone: the tags."
    assert tags(desk) == {"one": [], "two": ["old", "since"], "four": [], "new": []}


def test_what_finds_no_place_lies_beside_the_file_and_the_others_come_back(desk: Desk) -> None:
    before, done = files(), delete(desk, "one", "many3")
    path().write_text("Now a letter.\n")
    told = rewriting.put_back(desk, done, "the deletion")
    assert told.startswith(f"Undone: the deletion. Not in {path()}: ")
    assert told.endswith(" What it said before is in a.md~.")
    assert files() == {"a.md": "Now a letter.\n", "a.md~": before["a.md"], "b.md": before["b.md"]}


def test_a_later_session_takes_back_what_was_done_the_last_first(desk: Desk) -> None:
    before = files()
    delete(desk, "one")
    tag(desk, "two", "many3")
    delete(desk, *NAMES[1:])
    for left in ("the deletion of 3 notes", "the tags of 2 notes", "the deletion of 1 note"):
        other = desk_of(desk.engine, desk.clock)
        last = rewritten.read(other)[-1]
        assert last.told == left
        last.take_back(other)
        with pytest.raises(RefusedError, match="another window has done it"):
            last.take_back(desk)
    assert (files(), rewritten.read(desk)) == (before, [])


def test_what_was_cut_off_or_cannot_be_read_is_no_deed_of_an_earlier_session(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = delete(desk, "one")
    assert done.record is not None
    said = done.record.read_bytes()
    rewriting.put_back(desk, done, "the deletion")
    done.record.write_bytes(said)  # as if it had been killed before it was done
    done.record.with_name("7.json").write_text("{")
    assert rewritten.read(desk) == []


@pytest.mark.parametrize("deed", [delete, tag])
def test_what_is_saved_during_the_backup_stays(
    deed: Callable[..., Rewriting], desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def save(*_: object, **__: object) -> None:
        text = path("b").read_text().replace("section: 1.1", "section: 1.1, tags: mine")
        path("b").write_text(f"{text}\n{NEW}")

    monkeypatch.setattr(Desk, "back_up", save)
    deed(desk, *(f"many{number}" for number in range(library.MANY)))
    said = path("b").read_text()
    assert said.rstrip().endswith(NEW.rstrip())
    assert said.count("tags: mine exam") == (library.MANY if deed is tag else 0)


def test_what_is_saved_at_the_last_moment_stays_and_nothing_else_is_done(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, flush = files(), disk.flush

    def saving(there: Path) -> None:
        flush(there)
        if there.name.startswith(".b.md."):
            path("b").write_text(before["b.md"] + NEW)

    with monkeypatch.context() as patch:
        patch.setattr(disk, "flush", saving)
        with pytest.raises(StudyError, match=r"b\.md was changed just now, so nothing was done"):
            delete(desk, "one", "many3")
    assert files() == {"a.md": before["a.md"], "b.md": before["b.md"] + NEW}
