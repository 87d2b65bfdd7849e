"""What went out from here is known when it comes back, and changed only if it was changed there."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select

from studyapp.memory.state import Rating
from studyapp.notes import formats, writers
from studyapp.notes.deck import note_id
from studyapp.notes.foreign import Foreign, ForeignNote, Media, Stage
from studyapp.notes.note import CardStyle
from studyapp.notes.outgoing import Lost
from studyapp.store import backup, record, tables
from studyapp.store.database import open_database
from studyapp.store.engine import reading, writing
from studyapp.store.memory import read_memory
from studyapp.study import exports, imports, library, review, selection, sent
from studyapp.study.chapter import find
from studyapp.study.imports import Imported, Source
from studyapp.study.undo import undo
from tests_support import Clock, desk_of, questionnaire

MIXED = """
## What is it? {#plain}

It is ![a dog](dog.png), wrapped over
two lines, see [more](fact:overfit.gap).

A second paragraph.

- [ ] one point
- [ ] extra: another

<!-- section: 3.1, family: f, tags: one two, as-of: 2026 -->
<!-- source: Somebody 2020 -->

## Which ones? {#items}

- [ ] a first {#i-one}
- [ ] a second {#i-two}

<!-- card: items -->

## Which is hidden? {#cloze}

The ==sum=={#s} of ==two=={#t}.

---

Added up.

<!-- card: cloze -->

## Both? {#both}

Each.

<!-- card: both -->
"""
OWN = ForeignNote("Bx#,>-q]", "el gato", "the cat", card=CardStyle.BOTH, deck=("ES",))
FORMATS = {"hashcards": ".md", "anki": ".apkg", "anki-text": ".txt", "obsidian": ".md"}


@pytest.fixture(autouse=True)
def no_backups(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each import makes one, which takes longer than the import."""
    monkeypatch.setattr(backup, "make", lambda *_, **__: None)


@pytest.fixture
def make(
    tmp_path: Path, only_pack: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[str], Engine]]:
    """A study of its own, with a pack of which the third chapter has a note of each style."""
    (only_pack / "3").mkdir()
    (only_pack / "3" / "dog.png").write_bytes(b"\x89PNG")
    (only_pack / "3" / "questionnaire.md").write_text(questionnaire(MIXED, chapter=3))
    shutil.rmtree(only_pack / "2")
    (only_pack / "1" / "questionnaire.md").unlink()
    made = []

    def make(name: str) -> Engine:
        monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / name))
        made.append(open_database(str(tmp_path / f"{name}.db")))
        library.refresh(desk_of(made[-1], clock))
        return made[-1]

    yield make
    for engine in made:
        engine.dispose()


def card(engine: Engine, name: str, side: str = "answer") -> int:
    with reading(engine) as connection:
        return connection.scalars(
            select(tables.card.c.id)
            .join(tables.note, tables.note.c.id == tables.card.c.note_id)
            .where(tables.note.c.name == name, tables.card.c.side == side)
        ).one()


def study(engine: Engine, clock: Clock) -> None:
    """Rate some cards on some days, one of them by mistake."""
    with writing(engine) as connection:
        library.let_in(connection, [find(connection, "3", learner=1)], clock(), learner=1)
    for name, side, rating in (
        ("plain", "answer", Rating.GOOD),
        ("items", "item:i-two", Rating.HARD),
        ("cloze", "cloze:t", Rating.EASY),
        ("both", "reversed", Rating.AGAIN),
        ("t1", "meaning", Rating.GOOD),
    ):
        clock.forward(days=1, minutes=3)
        with writing(engine) as connection:
            review.answer(connection, card(engine, name, side), None, rating, clock(), learner=1)
    with writing(engine) as connection:
        one = card(engine, "items", "item:i-one")
        review.answer(connection, one, None, Rating.AGAIN, clock(), learner=1)
        undo(connection, clock(), learner=1)


def write(engine: Engine, clock: Clock, path: Path, form: str) -> Lost:
    with reading(engine) as connection:
        ids = exports.chapters_of(connection, None, learner=1)
        made = exports.collect(connection, ids, clock(), learner=1)
    return exports.save(path, form, made, clock(), lambda *_: None)[0]


def bring(engine: Engine, clock: Clock, path: Path) -> Imported:
    (done,) = imports.bring(desk_of(engine, clock), [Source(path, *formats.read(path))])
    return done


def stands(engine: Engine) -> dict[tuple[str, str], tuple[object, ...]]:
    """How each card that was met stands, by note and side, with how often it was rated."""
    note, known = tables.note.c, tables.card.c
    with reading(engine) as connection:
        rows = connection.execute(
            select(note.name, known.side, known.id).join(tables.note, note.id == known.note_id)
        ).all()
        counts = dict(
            connection.execute(
                select(tables.review.c.card_id, func.count())
                .where(record.not_retracted())
                .group_by(tables.review.c.card_id)
            ).all()
        )
        found = {}
        for row in rows:
            memory = read_memory(connection, row.id, learner=1)
            if row.id in counts or memory.state:
                figure = round(memory.stability or 0, 3)
                state = (memory.state, memory.due, memory.last_day, figure, memory.reviews)
                found[row.name, row.side] = (*state, counts.get(row.id, 0))
    return found


def test_a_file_that_is_as_it_went_takes_no_newer_edit_back(
    make: Callable[[str], Engine], clock: Clock, tmp_path: Path
) -> None:
    """On the device that wrote it. Elsewhere it may be newer, as what has become of it may be."""
    engine = make("here")
    paths = [tmp_path / f"{form}{ending}" for form, ending in FORMATS.items()]
    for path in paths:
        write(engine, clock, path, path.stem)
    sent.keep(library.own_packs(), paths)
    text = "## Both? {#both}\n\nEach, once edited.\n\n<!-- card: both -->"
    home = library.Home("test", "1. Part", 3, "Chapter 3")
    library.keep_note(desk_of(engine, clock), home, "both", text)
    kept = texts(library.own_packs())
    assert "once edited" in str(kept)
    for path in paths:
        done = bring(engine, clock, path)
        assert (done.changed, texts(library.own_packs())) == (0, kept)
        assert done.problems[-1].message.endswith("and as here: 1 note")
    paths[0].write_text(paths[0].read_text() + "\n")
    assert bring(engine, clock, paths[0]).changed == 1


def texts(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.rglob("*.md")}


def test_what_comes_back_as_it_went_changes_nothing(
    make: Callable[[str], Engine], clock: Clock, tmp_path: Path
) -> None:
    engine = make("here")
    study(engine, clock)
    said = "red, as it is [said](media/röd%20ton.mp3)"
    red = ForeignNote("g2", "rojo", said, deck=OWN.deck, tags=("colour",))
    sound = Media("röd ton.mp3", lambda: b"ID3 sound")
    came = Foreign((OWN, red), media=(sound,))
    imports.bring(desk_of(engine, clock), [Source(Path("es.txt"), "test", came)])
    with writing(engine) as connection:
        one = card(engine, note_id(OWN.guid), "reversed")
        review.answer(connection, one, None, Rating.GOOD, clock(), learner=1)
        for name in (note_id("g2"), "t2"):  # of the pack of that name, and of another
            side = "answer" if name != "t2" else "meaning"
            aside = [card(engine, name, side)]
            selection.suspend(connection, aside, clock(), learner=1)
        selection.suspend(connection, [card(engine, "plain")], clock(), learner=1)
    mine = library.own_packs() / "es" / "es.md"
    mine.write_text(mine.read_text().replace("the cat", "the cat, in my words"))
    library.refresh(desk_of(engine, clock))
    clock.forward(hours=1)
    before = stands(engine)
    # One has the name of the pack that the notes have come with, the others have not.
    for name, form in zip(("one", "es", "es", "two"), FORMATS, strict=True):
        path = tmp_path / f"{name}{FORMATS[form]}"
        write(engine, clock, path, form)
        done = bring(engine, clock, path)
        assert (done.questions, done.changed, done.reviews, done.schedules) == ((), 0, 0, 0)
        assert done.known
        assert all("picture" in one.message for one in done.problems)  # which did not go out
    write(engine, clock, path := tmp_path / "aside.apkg", "anki")
    form, foreign = formats.read(path)
    met = [one for one in foreign.schedules if one.stage is not Stage.NEW]
    suspended = tuple(replace(one, suspended=True) for one in met)
    source = Source(path, form, replace(foreign, schedules=suspended))
    (done,) = imports.bring(desk_of(engine, clock), [source])
    alone = sum(not one.suspended for one in met)
    told = f"suspended or buried there alone, and as before here: {alone} cards of yours"
    assert 1 < alone < len(met)
    assert told in [one.message for one in done.problems]
    assert stands(engine) == before
    assert set(texts(library.own_packs())) == {"es.md"}


def test_an_empty_study_gets_memory_and_log(
    make: Callable[[str], Engine], clock: Clock, tmp_path: Path
) -> None:
    here = make("here")
    study(here, clock)
    path = tmp_path / "all.apkg"
    write(here, clock, path, "anki")
    there = make("there")
    done = bring(there, clock, path)
    assert (done.questions, done.changed, done.reviews) == ((), 0, 5)
    assert {key: value[:3] for key, value in stands(there).items()} == {
        key: value[:3] for key, value in stands(here).items()
    }
    assert [value[-1] for value in stands(there).values()] == [1] * 5
    assert bring(there, clock, path).known
    write(there, clock, path, "anki")  # and on its way back it doubles nothing
    assert bring(here, clock, path).known


def test_what_was_changed_there_is_changed_here(
    make: Callable[[str], Engine], clock: Clock, tmp_path: Path
) -> None:
    engine = make("here")
    imports.bring(desk_of(engine, clock), [Source(Path("es.txt"), "test", Foreign((OWN,)))])
    path = tmp_path / "cards.md"
    write(engine, clock, path, "hashcards")
    text = path.read_text()
    for old, new in (
        ("A second paragraph.", "Another one."),
        ("- one point", "- a new point\n- one point"),
        ("A: the cat", "A: a cat"),
        ("What is it?", "What is it, really?"),
        ("The [sum]", "The whole [sum]"),
    ):
        assert old in text
        text = text.replace(old, new)
    path.write_text(text)
    folder = tmp_path / "folder"
    folder.mkdir()
    path = path.rename(folder / path.name)
    done = bring(engine, clock, folder)
    assert (done.questions, done.changed) == ((), 2)
    told = [(one.path, one.message) for one in done.problems if "cannot" in one.message]
    assert told[0][0] == path  # and not the folder
    assert [message for _, message in told] == [
        "changed there, which cannot be taken over; it stays as it is here: “Which is hidden?”"
    ]
    copy = texts(library.own_packs() / "mine")["chapter-3-questions.md"]
    assert copy.endswith(
        "## What is it, really? {#plain}\n\n"
        "It is ![a dog](dog.png), wrapped over\ntwo lines, see [more](fact:overfit.gap).\n\n"
        "Another one.\n\n- [ ] a new point\n- [ ] one point\n- [ ] extra: another\n\n"
        "<!-- section: 3.1, family: f, tags: one two, as-of: 2026 -->\n"
        "<!-- source: Somebody 2020 -->\n"
    )
    assert "\n\na cat\n\n" in texts(library.own_packs() / "es")["es.md"]
    with reading(engine) as connection:
        rows = connection.execute(select(tables.note.c.prompt, tables.note.c.learner_id)).all()
    assert ("What is it, really?", 1) in [tuple(row) for row in rows]
    write(engine, clock, path, "hashcards")
    assert bring(engine, clock, path).known


def test_what_is_said_beside_a_picture_changes_without_it(
    make: Callable[[str], Engine], clock: Clock, tmp_path: Path
) -> None:
    engine, path = make("here"), tmp_path / "cards.md"
    dog = ForeignNote("dog", "el perro", "the dog ![](media/d.png)", deck=("ES",))
    came = Foreign((dog,), media=(Media("d.png", lambda: b"\x89PNG"),))
    imports.bring(desk_of(engine, clock), [Source(Path("es.txt"), "test", came)])
    write(engine, clock, path, "hashcards")
    path.write_text(path.read_text().replace("A: the dog", "A: a dog"))
    assert bring(engine, clock, path).reworded == ("el perro",)
    assert "\n\na dog ![](media/d.png)\n" in texts(library.own_packs() / "es")["es.md"]


def test_a_hidden_text_keeps_its_card(
    make: Callable[[str], Engine], clock: Clock, tmp_path: Path
) -> None:
    engine = make("here")
    path = tmp_path / "cards.apkg"
    write(engine, clock, path, "anki")
    found = formats.read(path)[1]
    notes = [
        replace(one, answer=one.answer.replace("The ==sum==", "That ==sum=="))
        for one in found.notes
    ]
    writers.writer("anki").write(path, replace(found, notes=tuple(notes)), clock(), lambda *_: None)
    assert bring(engine, clock, path).changed == 1
    copy = texts(library.own_packs() / "mine")["chapter-3-questions.md"]
    assert (
        "\n\nThat ==sum=={#s} of ==two=={#t}.\n\n---\n\nAdded up.\n\n<!-- card: cloze -->" in copy
    )
    assert bring(engine, clock, path).known


def test_a_note_of_another_program_goes_back_under_its_name(
    make: Callable[[str], Engine], clock: Clock, tmp_path: Path
) -> None:
    engine = make("here")
    path = tmp_path / "es.apkg"
    writers.writer("anki").write(path, Foreign((OWN,)), clock(), lambda *_: None)
    bring(engine, clock, path)
    lost = write(engine, clock, path, "anki")
    assert [n for (_, told), n in lost.items() if "Anki keeps its own text" in told] == [1]
    assert OWN.guid in {one.guid for one in formats.read(path)[1].notes}
    with reading(engine) as connection:
        names = connection.scalars(select(tables.note.c.name)).all()
    assert names.count(note_id(OWN.guid)) == 1


def test_a_heading_that_was_made_here_stays_here(
    make: Callable[[str], Engine], clock: Clock, tmp_path: Path
) -> None:
    engine = make("here")
    table, code = "| k | v |\n| --- | --- |\n| 1 | ? |", "```\nprint(1)\n```"
    notes = [ForeignNote(one, one, "old", deck=("ES",)) for one in (table, code)]
    bring_as = Source(Path("es.txt"), "test", Foreign(tuple(notes)))
    imports.bring(desk_of(engine, clock), [bring_as])
    assert "## k v 1 ? {#" in texts(library.own_packs() / "es")["es.md"]
    with reading(engine) as connection:
        ids = exports.chapters_of(connection, "es", learner=1)
        made = exports.collect(connection, ids, clock(), learner=1)
    for name, form in zip(("es", "one", "es", "two"), FORMATS, strict=True):
        path = tmp_path / f"{name}{FORMATS[form]}"
        exports.save(path, form, made, clock(), lambda *_: None)
        found = formats.read(path)[1].notes
        assert [one.question for one in found] == [table, code]
        assert bring(engine, clock, path).known
    text = path.read_text()
    path.write_text(text.replace("old", "new").replace("print(1)", "print(2)"))
    assert bring(engine, clock, path).changed == 2
    assert "## print(2) {#" in (kept := texts(library.own_packs() / "es")["es.md"])
    assert kept.count("\n\nnew\n\n") == 2
    assert bring(engine, clock, path).known


def test_a_heading_made_of_a_hidden_text_does_not_go_out_once_that_is_edited(
    make: Callable[[str], Engine], clock: Clock, tmp_path: Path
) -> None:
    engine, path = make("here"), tmp_path / "cards.md"
    said = "The ==sum=={#s} of both sides is even."
    cloze = ForeignNote("sum", "", said, card=CardStyle.CLOZE, deck=("ES",))
    imports.bring(desk_of(engine, clock), [Source(Path("es.txt"), "test", Foreign((cloze,)))])
    page = library.own_packs() / "es" / "es.md"

    def sent(old: str, new: str) -> str:
        text = page.read_text()
        assert old in text
        page.write_text(text.replace(old, new))
        library.refresh(desk_of(engine, clock))
        write(engine, clock, path, "hashcards")
        return path.read_text()

    text = sent("is even.\n", "is odd.\n")
    assert "C: The [sum] of both sides is odd." in text
    assert "is even" not in text
    assert "Which one?" in sent("## The … of both sides is even.", "## Which one?")
