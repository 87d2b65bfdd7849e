"""What a foreign file brings becomes a pack with decks, and comes again without doing harm."""

from __future__ import annotations

import gc
import json
import signal
import threading
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from io import StringIO
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import Engine, select

from studyapp.commands.main import main
from studyapp.commands.opening import stoppable
from studyapp.config import Settings
from studyapp.errors import StudyError
from studyapp.memory.state import Rating, State
from studyapp.notes import check, formats, markdown
from studyapp.notes.deck import note_id
from studyapp.notes.foreign import (
    Answers,
    Foreign,
    ForeignNote,
    ForeignReview,
    GivenAnswer,
    Media,
    Moment,
)
from studyapp.notes.note import CardStyle
from studyapp.store import backup, owner, tables
from studyapp.store.database import open_database
from studyapp.store.engine import reading, writing
from studyapp.store.memory import read_memory
from studyapp.study import card as cards
from studyapp.study import imports, library, provenance, queue, recognition, review, today, tracker
from studyapp.study.chapter import find as find_chapter
from studyapp.study.imports import Imported, Source
from studyapp.study.plan import due
from studyapp.study.questionnaire.attempt import Attempt
from studyapp.study.questionnaire.post import compose
from studyapp.study.sitting import Sitting
from tests_support import Clock, chapter_of, desk_of, search

DOG = ForeignNote(
    "g1", "el perro", "the dog ![](media/dog.png)", card=CardStyle.BOTH, deck=("ES", "Animals")
)
CAT = ForeignNote("g2", "el gato", "the cat", deck=("ES", "Animals"))
RED = ForeignNote("g3", "rojo", "red", deck=("ES", "Colours"))
PICTURE = Media("dog.png", lambda: b"\x89PNG")
PATH = Path("Spanish words.txt")
Run = Callable[..., tuple[str, int]]


@pytest.fixture
def own(tmp_path: Path, only_pack: Path, clock: Clock) -> Iterator[Engine]:
    """A database that the library keeps in step, with the one pack installed."""
    made = open_database(str(tmp_path / "own.db"))
    library.refresh(desk_of(made, clock))
    yield made
    made.dispose()


def bring(
    engine: Engine, clock: Clock, *notes: ForeignNote, dry_run: bool = False, path: Path = PATH
) -> Imported:
    source = Source(path, "test", Foreign(notes, media=(PICTURE,)))
    (done,) = imports.bring(desk_of(engine, clock), [source], dry_run=dry_run)
    return done


def card_of(engine: Engine, guid: str, side: str = "answer") -> int:
    with reading(engine) as connection:
        return connection.scalars(
            select(tables.card.c.id)
            .join(tables.note, tables.note.c.id == tables.card.c.note_id)
            .where(tables.note.c.name == note_id(guid), tables.card.c.side == side)
        ).one()


def test_notes_become_a_pack_whose_decks_are_started(own: Engine, clock: Clock) -> None:
    done = bring(own, clock, DOG, CAT, RED)
    assert (len(done.questions), done.cards, done.problems, done.known) == (3, 4, (), False)
    root = library.own_packs() / "spanish-words"
    assert {path.name for path in root.iterdir()} == {"es-animals.md", "es-colours.md", "media"}
    assert (root / "media" / "dog.png").read_bytes() == b"\x89PNG"
    with reading(own) as connection:
        course = tracker.read_course(connection, learner=1)
        rows = today.overview(connection, clock(), Settings(), learner=1).chapters
        line = queue.load(connection, clock(), Settings(new_a_day=999), learner=1)
        animals = find_chapter(connection, "ES::Animals", learner=1)
        decks = queue.load(
            connection, clock(), Settings(new_a_day=999), chapter_id=animals, learner=1
        )
        view = cards.load(connection, card_of(own, "g1", "reversed"), learner=1)
    assert [(part.title, [one.name for one in part.chapters]) for part in course.parts][-1] == (
        "spanish-words",
        ["deck ES::Animals", "deck ES::Colours"],
    )
    started = {row.title: (row.started, row.cards) for row in rows}
    assert started["ES::Animals"] == (True, 3)
    assert list(started)[-2:] == ["ES::Animals", "ES::Colours"]  # after the chapters
    assert decks.counts().new == 2  # one of a family
    shown = []
    while (item := line.next(clock())) is not None:
        shown.append(item.card)
        line.drop(item.card)
    assert shown[-3:] == [card_of(own, guid) for guid in ("g1", "g2", "g3")]
    assert view.place == "deck ES::Animals"
    assert (view.face.front, view.face.back) == (DOG.answer, "el perro")


def test_a_file_costs_the_reading_of_its_own_pack_and_no_search_for_garbage(
    own: Engine, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    bring(own, clock, DOG)
    read, searched, real = list[str](), list[bool](), markdown.read_folder

    def read_folder(root: Path) -> Any:
        read.append(root.name)
        searched.append(gc.isenabled())
        return real(root)

    monkeypatch.setattr(markdown, "read_folder", read_folder)
    bring(own, clock, RED, path=Path("Verbs.txt"))
    assert read == ["verbs"]
    assert searched == [False]
    assert gc.isenabled()


def test_the_same_file_again_changes_nothing(own: Engine, clock: Clock) -> None:
    bring(own, clock, DOG, CAT)
    with writing(own) as connection:
        animals = find_chapter(connection, "ES::Animals", learner=1)
        tracker.stop_chapter(connection, animals, now=clock(), learner=1)
    again = bring(own, clock, DOG, CAT)
    assert (again.questions, again.cards, again.changed, again.known) == ((), 0, 0, True)
    with reading(own) as connection:
        rows = today.overview(connection, clock(), Settings(), learner=1).chapters
    assert [row.started for row in rows if row.id == animals] == [False]


def test_a_changed_file_keeps_what_is_remembered(own: Engine, clock: Clock) -> None:
    bring(own, clock, CAT)
    card_id = card_of(own, "g2")
    with writing(own) as connection:
        review.answer(connection, card_id, None, Rating.EASY, clock(), learner=1)
    done = bring(own, clock, replace(CAT, question="el gato (m.)", deck=("ES", "Pets")), RED)
    assert (done.changed, len(done.questions)) == (1, 1)
    assert card_of(own, "g2") == card_id
    with reading(own) as connection:
        assert cards.load(connection, card_id, learner=1).place == "deck ES::Pets"
        assert read_memory(connection, card_id, learner=1).state is State.REVIEW
        names = [row.title for row in tracker.read_course(connection, learner=1).chapters]
    assert "ES::Animals" not in names  # it has no cards left
    assert {"ES::Pets", "ES::Colours"} <= set(names)


def places(engine: Engine) -> dict[str, str]:
    """Pack and deck of each note, by what it asks."""
    chapter = tables.chapter.c
    with reading(engine) as connection:
        rows = connection.execute(
            select(tables.note.c.prompt, chapter.pack, chapter.title)
            .join(tables.chapter, chapter.id == tables.note.c.chapter_id)
            .where(tables.note.c.guid.is_not(None))
        ).all()
    return {row.prompt: f"{row.pack}/{row.title}" for row in rows}


def test_a_file_under_another_name_goes_where_most_of_it_is(own: Engine, clock: Clock) -> None:
    bring(own, clock, DOG, CAT)
    page = library.own_packs() / "spanish-words" / "es-animals.md"
    page.write_text(page.read_text().replace("ES::Animals", "Pets"))
    library.refresh(desk_of(own, clock))
    cow, mill = replace(CAT, guid="g4", question="la vaca"), replace(RED, question="el molino")
    other = Path("Spanish (2).apkg")
    for dry_run in (True, False):
        done = bring(own, clock, DOG, CAT, cow, dry_run=dry_run, path=other)
        assert (done.home, len(done.questions)) == ("spanish-words", 1)
    assert places(own) == dict.fromkeys(("el perro", "el gato", "la vaca"), "spanish-words/Pets")
    again = bring(own, clock, DOG, CAT, cow, path=other)
    assert (again.home, again.questions, again.known) == ("", (), True)
    assert bring(own, clock, DOG, CAT, cow, mill, path=other).home == "spanish-words"
    assert places(own)["el molino"] == "spanish-words/ES::Colours"


def test_a_file_of_which_half_is_known_is_one_of_its_own(own: Engine, clock: Clock) -> None:
    bring(own, clock, DOG, CAT)
    other = Path("other.apkg")
    new = [replace(RED, guid=f"n{n}", question=f"n{n}") for n in range(3)]
    assert bring(own, clock, DOG, CAT, *new[:2], path=other).home == ""
    assert bring(own, clock, DOG, CAT, *new, path=other).home == ""  # its own has some by now
    assert places(own)["n2"] == "other/ES::Colours"
    third = bring(own, clock, DOG, CAT, *new, RED, path=Path("third.apkg"))
    assert (third.home, places(own)["rojo"]) == ("other", "other/ES::Colours")


def test_a_dry_run_changes_nothing(own: Engine, clock: Clock) -> None:
    done = bring(own, clock, DOG, CAT, dry_run=True)
    assert (len(done.questions), done.cards) == (2, 3)
    assert not library.own_packs().exists()
    with reading(own) as connection:
        assert search(connection, "perro", learner=1) == []


@pytest.mark.parametrize(
    "name", ["../x.png", "/etc/x", "a\\b.png", "", ".hidden", "x.md", "a\x1b.png", "x" * 300, "a\n"]
)
def test_a_picture_stays_in_its_folder(own: Engine, clock: Clock, name: str) -> None:
    media = Media(name, lambda: b"x")
    source = Source(PATH, "test", Foreign((CAT,), media=(media,)))
    (done,) = imports.bring(desk_of(own, clock), [source])
    assert ["is no name" in one.message for one in done.problems] == [True]
    root = library.own_packs() / "spanish-words"
    assert [path.name for path in root.rglob("*")] == ["es-animals.md"]


def test_a_pack_is_never_that_of_edited_notes(own: Engine, clock: Clock) -> None:
    assert provenance.folder(Path("packs"), Path("x/Mine.apkg")).name == "mine-2"
    assert provenance.folder(Path("packs"), Path("…")).name == "notes"


def test_answers_and_notes_come_in_one_go(own: Engine, clock: Clock) -> None:
    answers = Answers("test", 1, (GivenAnswer("q00", "Mine.", 4), GivenAnswer("no", "x", 9)))
    sources = [
        Source(Path("a.md"), "post", Foreign(answers=answers)),
        Source(PATH, "test", Foreign((CAT,))),
    ]
    first, second = imports.bring(desk_of(own, clock), sources)
    (given,), (cat,) = first.questions, second.questions
    assert (given.question, given.answer, given.line) == ("What is q00?", "Mine.", 4)
    assert (cat.question, cat.answer, cat.line) == ("el gato", "the cat", 0)
    assert [(one.line, one.message) for one in first.problems] == [
        (9, "there is no question 'no' in chapter 1")
    ]


def test_a_deck_goes_by_its_name(own: Engine, clock: Clock) -> None:
    bring(own, clock, DOG, CAT)
    desk = desk_of(own, clock)
    animals = library.check_chapter(desk, "ES::Animals")
    with pytest.raises(StudyError, match=r"no deck 'ES'; there is only ES::Animals\."):
        library.check_chapter(desk, "ES")
    assert Sitting(desk, due(animals)).counts.new == 2
    attempt = Attempt(desk, animals)
    assert (attempt.number, attempt.place) == (None, "deck ES::Animals")
    with reading(own) as connection, pytest.raises(StudyError, match="is a deck"):
        compose(connection, animals, None, learner=1)  # type: ignore[arg-type]


def test_a_card_of_ones_own_goes_to_a_chapter_and_not_to_the_newest_deck(
    own: Engine, clock: Clock
) -> None:
    clock.forward(days=1)
    bring(own, clock, CAT)
    library.new_question(desk_of(own, clock), "Why?", "Because.")
    with reading(own) as connection:
        (found,) = search(connection, "because", learner=1)
    assert found.chapter == 1


def views(own: Engine) -> dict[str, cards.CardView]:
    """A card of each pack as the first learner sees it."""
    with reading(own) as connection:
        seen = owner.visible(tables.card.c, learner=1)
        ids = connection.scalars(select(tables.card.c.id).where(seen)).all()
        found = [cards.load(connection, card_id, learner=1) for card_id in ids]
    return {view.pack: view for view in found}


def test_an_edited_note_of_a_deck_stays_in_it(own: Engine, only_pack: Path, clock: Clock) -> None:
    """Even if a chapter's file has the same name, or another pack the same chapter."""
    head = "---\npack: {}\n{}kind: questionnaire\n---\n\n## Why {}? {{#w}}\n\nSo.\n"
    (only_pack / "deck.md").write_text(head.format("a", "deck: Chapter 1\n", "a"))
    chapter = "part: P\nchapter: 1\ntitle: T\n"
    (only_pack / "other.md").write_text(head.format("b", chapter, "b"))
    library.refresh(desk_of(own, clock))
    cards_of = views(own)
    desk = desk_of(own, clock)
    for pack in ("a", "b", "test"):
        path, line = library.editable(desk, cards_of[pack])
        lines = path.read_text().split("\n")
        assert lines[line - 1].startswith("## ")
        path.write_text("\n".join([*lines[: line + 1], f"Mine of {pack}."]))
        library.edited(desk, cards_of[pack])
    mine = library.own_packs() / "mine"
    assert "Mine of a." in (mine / "deck-chapter-1-questions.md").read_text()
    assert len(list(mine.iterdir())) == 3
    told = {pack: view for pack, view in views(own).items() if pack in ("a", "b")}
    assert {pack: view.note.answer for pack, view in told.items()} == {
        "a": "Mine of a.",
        "b": "Mine of b.",
    }
    assert told["a"].place == "deck Chapter 1"


def test_a_deck_needs_no_points_and_may_say_things_alike(own: Engine, clock: Clock) -> None:
    long = replace(CAT, guid="long", question="A long one?", answer="word " * 200)
    bring(own, clock, DOG, CAT, long, replace(CAT, guid="alike", question="el gato m"))
    findings = check.check([library.own_packs() / "spanish-words"], clock().date())
    assert findings.problems == ()
    assert [(one.chapter, one.title) for one in findings.chapters] == [(None, "ES::Animals")]


def test_nothing_is_brought_or_taken_back_without_a_backup(
    own: Engine, clock: Clock, tmp_path: Path
) -> None:
    folder = tmp_path / "backups"
    bring(own, clock, CAT, dry_run=True)
    assert not folder.exists()
    folder.write_text("in the way")
    with pytest.raises(StudyError, match="No backup was made: "):
        bring(own, clock, CAT)
    assert not library.own_packs().exists()
    folder.unlink()
    bring(own, clock, CAT)
    (kept,), _ = backup.listed(tmp_path / "own.db")
    assert kept.manifest.reason == "import"
    assert kept.manifest.content.counts["cards"] == 22
    imports.take_back(desk_of(own, clock), PATH)
    assert len(backup.listed(tmp_path / "own.db")[0]) == 2


def test_a_dry_run_names_what_asks_nearly_the_same(own: Engine, clock: Clock) -> None:
    """Of another file; the same note of the same file is no new one."""
    asked = replace(CAT, question="How do you say in Spanish that a cat sleeps?", line=7)
    bring(own, clock, asked, DOG)
    assert bring(own, clock, asked, DOG, dry_run=True).twins == ()
    again = replace(asked, guid="g9", question="How do you say in Spanish that cat sleeps")
    other = Source(Path("Other.txt"), "test", Foreign((again, RED)))
    (done,) = imports.bring(desk_of(own, clock), [other], dry_run=True)
    assert done.twins == ((again, f"{asked.question} (deck ES::Animals of spanish-words)"),)


def test_what_has_no_place_here_yet_is_told(own: Engine, clock: Clock, tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_text(
        "## 1:02 - Why?\n\nSo.\n\n## Plan\n\n"
        "|Part|Chapter|Section|\n|-|-|-|\n|1. A|1. B|C|\n| | |D|\n"
    )
    source = Source(path, *formats.read(path))
    (done,) = imports.bring(desk_of(own, clock), [source], dry_run=True)
    assert [(one.line, one.message) for one in done.problems] == [
        (1, "a time of a lecture, not kept: 01:02 Why?"),
        (9, "a row of a course's plan, not kept: 1. A · 1. B · C"),
        (10, "a row of a course's plan, not kept: 1. A · 1. B · D"),
    ]


@pytest.fixture
def run(only_pack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """`studyapp import` of files below the folder of the test; what it says and ends with."""
    monkeypatch.setattr(backup, "make", lambda *_, **__: None)
    monkeypatch.chdir(tmp_path)

    def command(*words: str) -> tuple[str, int]:
        done = CliRunner().invoke(main, ["--db", str(tmp_path / "cli.db"), "import", *words])
        return done.output, done.exit_code

    return command


def test_a_note_of_a_folder_is_told_with_its_file(run: Run, tmp_path: Path) -> None:
    (tmp_path / "notes" / "sub").mkdir(parents=True)
    shape = "- {}\n    - it grinds seeds with grit\n- {}\n    - yes\n"
    first, second = tmp_path / "notes" / "a.md", tmp_path / "notes" / "sub" / "b.md"
    first.write_text(shape.format("What does a crop do?", "Is the crop of an old hen red?"))
    second.write_text(shape.format("What does a gizzard do?", "Is red a colour?"))
    (tmp_path / "other.md").write_text("## Is the crop of an old hen red today?\n\nNo.\n")
    run("other.md")
    said, code = run("notes", "--dry-run")
    assert code == 0
    first_of, second_of = ("    line 1, question in a list", "    line 3, question in a list")
    assert f"  a.md\n{first_of}: What does a crop do?\n      - it grinds seeds with" in said
    assert f"      - yes\n  sub/b.md\n{first_of}: What does a gizzard do?\n" in said
    assert f"{second_of}: Is red a colour?\n      - yes\n" in said
    hen = "Is the crop of an old hen red"
    assert f"  a.md, line 3: {hen}?: nearly this is here: {hen} today?" in said
    told = json.loads(run("notes", "--dry-run", "--json")[0])
    places = [("notes/a.md", 1), ("notes/a.md", 3), ("notes/sub/b.md", 1), ("notes/sub/b.md", 3)]
    assert [(one["path"], one["line"]) for one in told["notes"]] == places
    assert told["twins"][0]["path"] == "notes/a.md"
    run("notes")
    second.write_text(shape.format("What use is a gizzard?", "Is red a colour?"))
    said, _ = run("notes", "--dry-run")
    new = "What use is a gizzard?: a new wording of: What does a gizzard do?"
    assert f"  sub/b.md, line 1: {new}" in said
    (wording,) = json.loads(run("notes", "--dry-run", "--json")[0])["wordings"]
    assert wording["path"] == "notes/sub/b.md"


def test_notes_of_a_pack_of_ours_are_told_with_their_files(run: Run, tmp_path: Path) -> None:
    page = "---\npack: p\ndeck: {0}\nkind: questionnaire\n---\n\n## Why {0}? {{#{0}}}\n\nSo.\n"
    (tmp_path / "p").mkdir()
    for name in ("a", "b"):
        (tmp_path / "p" / f"{name}.md").write_text(page.format(name))
    with zipfile.ZipFile(tmp_path / "p.zip", "w") as packed:
        for name in ("a.md", "b.md"):
            packed.write(tmp_path / "p" / name, f"p/{name}")
    assert "  a.md\n    line 7: Why a?\n      So.\n  b.md\n" in run("p", "--dry-run")[0]
    assert "  p/a.md\n    line 7: Why a?\n      So.\n" in run("p.zip", "--dry-run")[0]
    assert "dry run: nothing was changed)\n  line 7: Why a?\n" in run("p/a.md", "--dry-run")[0]


def test_of_several_files_each_that_can_be_is_imported(run: Run, tmp_path: Path) -> None:
    """Whether it is its text that fails or what becomes of it."""
    (tmp_path / "a.md").write_text("## What is a?\n\nIt.\n")
    (tmp_path / "none.md").write_text("")
    (tmp_path / "post.md").write_text(
        "<!-- studyapp post: pack test, chapter 99 -->\n\n<!-- answer: q -->\n\n> Mine.\n"
    )
    (tmp_path / "z.md").write_text("## What is z?\n\nIt.\n")
    alone, code = run("none.md")
    assert (alone, code) == ("Error: none.md is empty.\n", 1)
    assert run("post.md")[0].startswith("Error: ")
    files = ("a.md", "none.md", "post.md", "z.md")
    for words in (("--dry-run",), ()):
        said, code = run(*files, *words)
        assert code == 1
        for name in ("a.md", "z.md"):
            assert f"{name}: 1 new note with 1 card" in said
        assert "none.md: not imported: it is empty.\n" in said
        assert said.count("none.md") == 1
        assert "post.md: not imported: " in said
        assert "post.md: 0 answers" not in said
    told = json.loads(run(*files, "--json")[0])
    assert {one["path"] for one in told["problems"]} == {"none.md", "post.md"}
    assert {page.parent.name for page in library.own_packs().rglob("*.md")} == {"a", "z"}
    (page,) = (library.own_packs() / "a").glob("*.md")
    page.write_text(f"{page.read_text()}\n```\n## No note {{#none}}\n```\n")
    said, code = run("--undo", "a.md", "z.md")
    assert code == 1
    assert "a.md: not taken back: " in said
    assert "z.md: 0 reviews and 0 schedules taken back; 1 file as before" in said
    said, code = run("none.md", "post.md")  # one of which can be read
    assert (said.count(".md: not imported: "), code) == (2, 1)
    gone, code = run("none.md", "no.md")
    assert (gone.count("not imported: it "), code) == (2, 1)


def test_of_several_attempts_each_that_can_be_is_brought(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("## What is q00?\n\nMine.\n")
    (tmp_path / "b.md").write_text("## What is nobody's?\n\nMine.\n")
    (tmp_path / "none.md").write_text("")
    said, code = run("none.md", "b.md", "a.md", "--as-attempt", "--yes")
    assert code == 1
    assert "Answers to 1 question of chapter 1" in said
    assert "none.md: not imported: it is empty." in said
    assert "b.md: not imported: " in said


def test_the_commands_take_a_deck(
    only_pack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STUDYAPP_DB", str(tmp_path / "cli.db"))

    class Fake:
        @staticmethod
        def recognises(head: bytes, path: Path) -> bool:
            return head.startswith(b"cat")

        @staticmethod
        def read(path: Path) -> Foreign:
            at = datetime(2026, 10, 1, 8, tzinfo=UTC)
            rated = ForeignReview("g2", "answer", at, at.date(), 3, Moment.LEARNING)
            said = replace(CAT, answer=f"the {path.read_text()}")
            return Foreign((said,), reviews=(rated,))

    monkeypatch.setitem(formats.FORMATS, "fake", "")
    known = formats.reader
    monkeypatch.setattr(formats, "reader", lambda name: Fake if name == "fake" else known(name))
    path = tmp_path / "words.txt"
    path.write_text("cat")

    def run(*words: str, code: int = 0) -> str:
        result = CliRunner().invoke(main, words)
        assert result.exit_code == code, result.output
        return result.output

    told = json.loads(run("import", str(path), "--dry-run", "--json"))
    assert (told["format"], told["cards"]) == ("fake", 1)
    cat = {"question": "el gato", "answer": "the cat", "path": str(path), "line": 0}
    assert told["notes"] == [cat]
    dry = run("import", str(path), "--dry-run")
    assert "0 to change, 1 review to log, 0 schedules to take over (dry run" in dry
    assert "  el gato\n    the cat\n" in dry
    assert (told["reviews"], told["schedules"]) == (1, 0)
    assert (
        "words.txt: 1 new note with 1 card, 0 changed, 1 review logged, 0 schedules taken over\n"
        in run("import", str(path))
    )
    assert "(imported before)" in run("import", str(path))
    path.write_text("cat here")
    assert "  changed: el gato\n" in run("import", str(path), "--dry-run")
    assert json.loads(run("import", str(path), "--dry-run", "--json"))["changed"] == ["el gato"]
    path.write_text("cat")
    (page,) = library.own_packs().rglob("*.md")
    text = page.read_text()
    page.write_text(f"{text}\n```\n## No note {{#none}}\n```\n")
    assert f"{page} has changed since" in run("import", "--undo", str(path), code=1)
    page.write_text(text)
    told_back = "words.txt: 1 review and 0 schedules taken back"
    assert f"{told_back}; 1 file as before" in run("import", "--undo", str(path))
    assert not page.parent.exists()
    none = "words.txt: nothing is taken back, as no import of it is known here"
    assert none in run("import", "--undo", str(path))
    assert "1 new note with 1 card" in run("import", str(path))
    assert "neither" in run("import", "--undo", "--dry-run", str(path), code=2)
    assert "  ES::Animals: 1 review, 0 learning, 0 new" in run("due")
    last = json.loads(run("due", "--json"))["chapters"][-1]
    assert (last["chapter"], last["title"]) == (None, "ES::Animals")
    assert "deck ES::Animals" in run("quiz", "ES::Animals", "--plain")
    assert json.loads(run("quiz", "ES::Animals", "--json"))["chapter"] is None
    assert "no deck" in run("review", "--chapter", "ES", "--plain", code=1)


@pytest.mark.parametrize("pressed", [1, 2])  # the second does not wait for the next step
@pytest.mark.parametrize(("module", "step"), [(recognition, "parted"), (library, "read_in")])
def test_ctrl_c_leaves_nothing_of_a_file_behind(
    module: Any,
    step: str,
    pressed: int,
    own: Engine,
    clock: Clock,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Terminal(StringIO):
        def isatty(self) -> bool:
            return True

    files = [tmp_path / "one.md", tmp_path / "two.md"]
    for path in files:
        path.write_text(f"## What is {path.stem}?\n\nIt.\n")
    monkeypatch.setattr(backup, "make", lambda *_, **__: None)
    monkeypatch.setattr("sys.__stderr__", terminal := Terminal())
    work, calls = getattr(module, step), count(1)

    def interrupted(*given: Any, **options: Any) -> Any:
        done = work(*given, **options)
        for _ in range(pressed if next(calls) == len(files) else 0):
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
        return done

    # Where the tests run in the background, they have inherited that SIGINT is ignored.
    inherited = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with monkeypatch.context() as patch:
            patch.setattr(module, step, interrupted)
            command = ["--db", str(tmp_path / "own.db"), "import", *map(str, files)]
            told = CliRunner().invoke(main, command)
    finally:
        signal.signal(signal.SIGINT, inherited)
    stopped = f"Stopped; nothing of {files[1]} was taken over, and the others before it were."
    assert told.exit_code == 130
    assert (stopped if pressed == 1 else "Cancelled.") in told.output
    assert "Importing: 37%" in terminal.getvalue()
    assert "Importing: stops at its next step; ctrl+c once more" in terminal.getvalue()
    library.refresh(desk_of(own, clock))
    with reading(own) as connection:
        assert search(connection, "What is one?")
        assert not search(connection, "What is two?")
    assert [path.name for path in library.own_packs().rglob("*") if path.is_file()] == ["one.md"]


def test_ctrl_c_that_comes_too_late_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with stoppable("Importing") as heard:
        heard(3, 4)
        signal.raise_signal(signal.SIGINT)  # and there is no step any more
    assert capsys.readouterr().err == "It was too late to stop: all of it is done.\n"


def test_a_question_of_several_parts_is_shown_whole(own: Engine, clock: Clock) -> None:
    asked = "What is printed?\n\n```python\nprint(6 * 7)\n```"
    bring(own, clock, replace(CAT, question=asked, answer="42"))
    with reading(own) as connection:
        view = cards.load(connection, card_of(own, "g2"), learner=1)
        (found,) = search(connection, "print(6", learner=1)
        by_both = search(connection, "printed print(6 42", learner=1)
    assert (view.face.front, view.face.back) == (asked, "42")
    assert (found.prompt, found.front) == ("What is printed?", "```python\nprint(6 * 7)\n```")
    assert by_both == [found]
    attempt = Attempt(desk_of(own, clock), chapter_of(own, "ES::Animals"))
    assert attempt.current.face.front == asked
