"""Many notes are tagged at once: in files of one's own, all of them or none, and taken back."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from studyapp.errors import ContentError, StudyError
from studyapp.store import tables
from studyapp.study import library, rewriting, tagging
from studyapp.study.desk import Desk
from tests_support import Clock, desk_of, question, questionnaire

note = tables.note.c
OTHER = (
    "---\npack: mine\ndeck: Dogs\nkind: questionnaire\n---\n\n## el perro {#dog}\n\nthe dog\n\n"
    "<!-- card: both, tags: Animal  exam -->\n"
)
TERMS = (
    "---\npack: mine\ndeck: Terms\nkind: jargon\n---\n\n| Term | Meaning | Id |\n|---|---|---|\n"
    "| AGI | all of it | agi |\n"
)


@pytest.fixture
def desk(engine: Engine, clock: Clock, only_pack: Path) -> Desk:
    """With one note of a pack, and own ones in three files."""
    mine = library.own_packs() / "mine"
    mine.mkdir(parents=True)
    (mine / "a.md").write_text(questionnaire(question("one"), question("two"), pack="mine"))
    (mine / "b.md").write_text(OTHER)
    (mine / "c.md").write_text(TERMS)
    desk = desk_of(engine, clock)
    library.refresh(desk)
    return desk


def tags(desk: Desk) -> dict[str, list[str]]:
    with desk.reading() as connection:
        return {
            row.name: list(row.tags) for row in connection.execute(select(note.name, note.tags))
        }


def ids(desk: Desk, *names: str) -> list[int]:
    with desk.reading() as connection:
        return list(connection.scalars(select(note.id).where(note.name.in_(names))))


def files() -> dict[str, str]:
    return {path.name: path.read_text() for path in (library.own_packs() / "mine").iterdir()}


def test_tags_are_put_on_and_taken_off_in_all_files_and_taken_back(desk: Desk) -> None:
    before, installed = files(), {*tags(desk)} - {"one", "two", "dog", "agi"}
    chosen = ids(desk, "one", "dog", *installed)
    done = tagging.tag(desk, chosen, tagging.parse("EXAM next -animal"))
    assert done.notes == 2
    found = tags(desk)
    assert (found["one"], found["two"], found["dog"]) == (["EXAM", "next"], [], ["exam", "next"])
    assert installed
    assert not any("EXAM" in found[name] for name in installed)
    again = tagging.tag(desk, chosen, tagging.parse("Next"))
    assert (again.notes, again.now) == (0, {})
    odd = tagging.tag(desk, ids(desk, "two"), tagging.parse("e\u0301te\u0301\ud800 c::d `x` a:b"))
    assert tags(desk)["two"] == ["été?", "c::d", "`x`", "a:b"]
    rewriting.put_back(desk, odd, "the tags")
    rewriting.put_back(desk, done, "the tags")
    assert files() == before
    assert tags(desk)["dog"] == ["Animal", "exam"]


def test_of_several_files_all_are_written_or_none(desk: Desk) -> None:
    """A row of a table has no place for tags."""
    before = files()
    with pytest.raises(ContentError, match="a row of a table"):
        tagging.tag(desk, ids(desk, "one", "agi"), tagging.parse("exam"))
    assert files() == before


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("", "Give tags, as in apply exam"),
        ("  ", "Give tags"),
        ("a,b", "a,b can be no tag: a tag has no comma"),
        ("<b>", "<b> can be no tag: a tag has no comma, no space, no < and no >"),
        ("exam -", "- can be no tag: a minus takes the tag off that stands right behind it"),
        ("--", "-- can be no tag: a tag begins with no minus"),
        ("--exam", "--exam can be no tag: a tag begins with no minus"),
        ("a--b", "a--b can be no tag: a tag begins with no minus, and has no two dashes"),
        ("x" * 101, "it has 101 characters, and 100 are the most"),
    ],
)
def test_what_can_be_no_tag_is_told(typed: str, told: str) -> None:
    with pytest.raises(StudyError, match=re.escape(told)):
        tagging.parse(typed)
