"""Two texts that ask the same: each keeps its answer, and a file is known by its name."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import Engine, select

from studyapp.commands.main import main
from studyapp.memory.state import Rating
from studyapp.notes import formats, markdown
from studyapp.notes.foreign import ForeignNote
from studyapp.notes.reworded import Wording
from studyapp.store import backup, tables
from studyapp.store.database import open_database
from studyapp.store.engine import reading, writing
from studyapp.study import capture, imports, library, review
from studyapp.study.imports import Imported, Source
from tests_support import Clock, desk_of

# What each reader of texts makes a note of: a question and an answer.
SHAPES = {
    "notes": (".md", "# Cells\n\n- What is X?\n    - {}\n"),
    "anki-text": (".tsv", "What is X?\t{}\n"),
    "hashcards": (".md", "Q: What is X?\nA: {}\n"),
    "obsidian": (".md", "What is X?::{}\n"),
}
Bring = Callable[..., Imported]


@pytest.fixture
def own(
    tmp_path: Path, only_pack: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Engine]:
    """A study without backups: each takes longer than an import."""
    monkeypatch.setattr(backup, "make", lambda *_, **__: None)
    made = open_database(str(tmp_path / "own.db"))
    library.refresh(desk_of(made, clock))
    yield made
    made.dispose()


@pytest.fixture
def bring(own: Engine, clock: Clock, tmp_path: Path) -> Bring:
    def bring(name: str, text: str, form: str | None = None) -> Imported:
        (path := tmp_path / name).parent.mkdir(exist_ok=True)
        path.write_text(text)
        top = tmp_path / Path(name).parts[0]
        source = Source(path := top, *formats.read(path, form))
        (done,) = imports.bring(desk_of(own, clock), [source])
        return done

    return bring


def packs() -> dict[str, str]:
    """All that the packs say, by their names."""
    return {
        folder.name: "\n".join(page.read_text() for page in sorted(folder.glob("*.md")))
        for folder in library.own_packs().iterdir()
    }


@pytest.mark.parametrize("form", SHAPES)
def test_another_file_that_asks_the_same_has_a_note_of_its_own(bring: Bring, form: str) -> None:
    ending, shape = SHAPES[form]
    bring(f"bio{ending}", shape.format("first answer"), form)
    done = bring(f"chem{ending}", shape.format("second answer"), form)
    assert (len(done.questions), done.changed) == (1, 0)
    assert [(one.question, twin.split(" (")[0]) for one, twin in done.twins] == [
        ("What is X?", "What is X?")
    ]
    assert ("first answer" in packs()["bio"], "second answer" in packs()["chem"]) == (True, True)
    assert bring(f"copy{ending}", shape.format("first answer"), form).known
    assert "copy" not in packs()
    for name, other in (("bio", "second answer"), ("chem", "first answer")):
        done = bring(f"{name}{ending}", shape.format(other), form)  # each what the other had
        assert (done.questions, done.changed) == ((), 1)
        assert other in packs()[name]


def test_files_of_one_name_have_packs_of_their_own(
    own: Engine, clock: Clock, tmp_path: Path
) -> None:
    _, shape = SHAPES["notes"]

    def bring(name: str, answer: str) -> Imported:
        (path := tmp_path / name / "notes.md").parent.mkdir(exist_ok=True)
        path.write_text(f"{shape.format(answer)}- What is {name}?\n    - a subject\n")
        (done,) = imports.bring(desk_of(own, clock), [Source(path, *formats.read(path))])
        return done

    def has(**answers: str) -> bool:
        said = packs()
        return said.keys() == {name.replace("_", "-") for name in answers} and all(
            answer in said[name.replace("_", "-")] for name, answer in answers.items()
        )

    bring("bio", "first")
    done = bring("chem", "second")
    assert (len(done.questions), done.changed, done.gone) == (2, 0, 0)
    assert done.home == "chem-notes"
    assert has(notes="first", chem_notes="second")
    assert bring("bio", "third").reworded == bring("chem", "fourth").reworded == ("What is X?",)
    assert has(notes="third", chem_notes="fourth")
    (tmp_path / "bio" / "notes.md").unlink()
    (tmp_path / "chem").rename(tmp_path / "chemistry")
    path = tmp_path / "chemistry" / "notes.md"
    path.write_text(path.read_text().replace("fourth", "fifth"))
    (done,) = imports.bring(desk_of(own, clock), [Source(path, *formats.read(path))])
    assert (done.questions, done.reworded) == ((), ("What is X?",))
    assert has(notes="third", chem_notes="fifth")
    imports.take_back(desk_of(own, clock), path)
    assert has(notes="third", chem_notes="fourth")
    bring("physics", "sixth")  # half of its notes are those of the file that is gone
    assert has(notes="third", chem_notes="fourth", physics_notes="sixth")


def test_a_copy_of_a_file_is_known_though_its_notes_were_edited_here(bring: Bring) -> None:
    _, shape = SHAPES["notes"]
    bring("bio.md", shape.format("an answer"))
    (page,) = (library.own_packs() / "bio").glob("*.md")
    page.write_text(page.read_text().replace("an answer", "my own words"))
    assert bring("copy.md", shape.format("an answer")).known
    assert "my own words" in packs()["bio"]


# Three notes, of which the first is asked in other words later.
CELLS = "- {}\n    - Water moves through a membrane\n- What is Y?\n    - {}\n- Why Z?\n    - so\n"
OSMOSIS = ("What is osmosis?", "What is osmosis in a cell?")


@pytest.mark.parametrize("name", ["copy.md", "all/bio.md", "all/cells.md"])
def test_a_note_in_other_words_is_known_in_another_file(bring: Bring, name: str) -> None:
    for asked in OSMOSIS:
        bring("bio.md", CELLS.format(asked, "one"))
    assert bring(name, CELLS.format(OSMOSIS[1], "one")).known
    assert packs().keys() == {"bio"}
    done = bring("other.md", CELLS.format(OSMOSIS[1], "two").replace("Water moves", "It moves"))
    assert [one.question for one in done.questions] == [OSMOSIS[1], "What is Y?"]
    assert [one.question for one, _ in done.twins] == [OSMOSIS[1], "What is Y?"]
    assert ("It moves" in packs()["bio"], "It moves" in packs()["other"]) == (False, True)


@pytest.mark.parametrize(("old", "new"), [("bio.md", "cells.md"), ("all/bio.md", "all/cells.md")])
def test_a_renamed_file_keeps_its_notes(bring: Bring, tmp_path: Path, old: str, new: str) -> None:
    for asked in OSMOSIS:
        bring(old, CELLS.format(asked, "one"))
    before = sorted(re.findall(r"\{#(\w+)\}", "".join(packs().values())))
    (tmp_path / old).unlink()
    done = bring(new, CELLS.format(OSMOSIS[1], "two"))
    assert (done.questions, done.gone) == ((), 0)
    assert "What is Y?" in done.reworded
    assert sorted(re.findall(r"\{#(\w+)\}", "".join(packs().values()))) == before
    assert bring(new, CELLS.format(OSMOSIS[1], "two")).known


def test_a_file_that_has_some_notes_of_one_that_is_gone_is_another(
    bring: Bring, tmp_path: Path
) -> None:
    bring("bio.md", CELLS.format(OSMOSIS[0], "one"))
    (tmp_path / "bio.md").unlink()
    done = bring("chem.md", CELLS.format("What is an acid?", "two"))  # a third of it is the same
    assert ([one.question for one in done.questions], done.home) == (
        ["What is an acid?", "What is Y?"],
        "",
    )
    assert "one" in packs()["bio"]


def test_what_a_file_no_longer_has_is_told_and_stays(bring: Bring) -> None:
    _, shape = SHAPES["notes"]
    text = shape.format("an answer")
    assert bring("bio.md", f"{text}- What is Y?\n    - another\n").gone == 0
    done = bring("bio.md", text.replace("What is X", "Who was Z"))
    assert (len(done.questions), done.gone) == (1, 2)
    assert "What is X?" in packs()["bio"]
    assert bring("other.md", text.replace("What", "Why")).gone == 0


def test_a_file_of_a_folder_keeps_its_note_whichever_others_ask_the_same(
    bring: Bring, tmp_path: Path
) -> None:
    _, shape = SHAPES["notes"]
    bring("all/bio.md", shape.format("of bio"))

    def answers() -> dict[str, list[str]]:
        pages = (library.own_packs() / "all").glob("*.md")
        return {
            page.stem: [note.answer.strip("- ") for note in markdown.read(page)[0].notes]
            for page in pages
        }

    done = bring("all/algae.md", shape.format("of algae"))  # which is read first
    assert (len(done.questions), done.changed) == (1, 0)
    assert answers() == {"bio": ["of bio"], "algae": ["of algae"]}
    assert bring("all/algae.md", shape.format("of algae")).known
    (tmp_path / "all" / "bio.md").unlink()
    assert bring("all/algae.md", shape.format("new")).reworded == ("What is X?",)
    assert answers() == {"bio": ["of bio"], "algae": ["new"]}
    (tmp_path / "all" / "algae.md").unlink()
    done = bring("all/moved.md", shape.format("of bio"))
    assert done.questions == ()
    assert answers() == {"bio": [], "algae": ["new"], "moved": ["of bio"]}


def test_a_draft_that_asks_the_same_and_answers_otherwise_is_another(
    own: Engine, clock: Clock
) -> None:
    desk = desk_of(own, clock)

    def add(name: str, guid: str, answer: str) -> int:
        note = ForeignNote(guid, "What is X?", answer)
        return capture.add_foreign(desk, [note], Path(name))[0]

    drafts = [("a.md", "one"), ("b.md", "two"), ("b.md", "three"), ("b.md", "four")]
    assert [add(name, "question: what is x?", said) for name, said in drafts] == [1] * 4
    for name, said in (("c.md", "one"), ("b.md", "three")):
        assert add(name, "question: what is x?", said) == 0
    assert [add(name, "g1", said) for name, said in drafts] == [1, 0, 0, 0]


def test_what_is_known_of_a_note_in_other_words_stays_and_it_goes_back_whole(
    own: Engine, clock: Clock, bring: Bring, tmp_path: Path
) -> None:
    old, new = "What does a gizzard do?", "What use is a gizzard?"
    text = f"# Birds\n\n- {old}\n    - it grinds seeds with grit\n- Why?\n    - so\n"
    bring("bio.md", text)

    def note_of(question: str) -> str:
        (page,) = (library.own_packs() / "bio").glob("*.md")
        (found,) = (one.id for one in markdown.read(page)[0].notes if one.prompt == question)
        return found

    known = note_of(old)

    def memory() -> object:
        of_card = tables.memory.join(tables.card).join(tables.note)
        asked = select(tables.memory, tables.card.c.uid).select_from(of_card)
        with reading(own) as connection:
            (row,) = connection.execute(asked.where(tables.note.c.name == known)).all()
            return row

    with writing(own) as connection:
        of_note = tables.card.join(tables.note)
        card = connection.scalar(
            select(tables.card.c.id).select_from(of_note).where(tables.note.c.name == known)
        )
        review.answer(connection, card, None, Rating.GOOD, clock(), learner=1)
    before = memory()
    done = bring("bio.md", text.replace(old, new))
    assert (done.questions, done.reworded, done.gone) == ((), (new,), 0)
    assert done.wordings == (Wording(3, new, old),)
    assert (note_of(new), memory()) == (known, before)
    (again,) = imports.bring(desk_of(own, clock), [done.source], dry_run=True)
    assert (again.known, again.wordings) == (True, ())
    imports.take_back(desk_of(own, clock), tmp_path / "bio.md")
    assert (note_of(old), memory()) == (known, before)


def test_the_command_says_what_is_a_new_wording(
    only_pack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backup, "make", lambda *_, **__: None)
    path, old = tmp_path / "bio.md", ("What does a gizzard do?", "Is red a colour?")
    shape = "- {}\n    - it grinds seeds with grit\n- {}\n    - yes\n"

    def run(*words: str) -> str:
        said = CliRunner().invoke(
            main, ["--db", str(tmp_path / "cli.db"), "import", str(path), *words]
        )
        assert said.exit_code == 0, said.output
        return said.output

    path.write_text(shape.format(*old))
    run()
    path.write_text(shape.format("What use is a gizzard?", "Does it rain?"))
    told = (
        f"  line 1: What use is a gizzard?: a new wording of: {old[0]}\n"
        f"  line 3: Does it rain?: perhaps a new wording of what is here as before: {old[1]}\n"
    )
    assert told in run("--dry-run")
    first, _ = json.loads(run("--dry-run", "--json"))["wordings"]
    new = {"line": 1, "question": "What use is a gizzard?", "before": old[0], "sure": True}
    assert first == {"path": str(path), **new}
    assert told in run()
    assert "wording" not in run()
