"""A pack in our own format goes out as it is, and comes in whole, or note by note."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import Engine, select

from studyapp.commands.main import main
from studyapp.errors import StudyError
from studyapp.notes import formats, media
from studyapp.store import backup, tables
from studyapp.store.database import open_database
from studyapp.store.engine import reading
from studyapp.study import exports, imports, library, native
from studyapp.study.imports import Imported, Source
from studyapp.study.receipt import Receipt
from tests_support import Clock, desk_of

DECK = """---
pack: spanish
deck: "ES"
kind: questionnaire
---

## el perro {#perro}

the dog ![](media/dog.png) and ![](../outside.png)

<!-- card: both, guid: a%2Cb, origin: 0123456789abcdef -->

## el gato {#gato}

the cat

<!-- variant -->

### la gata?

the cat, too

- [ ] the cat
"""


@pytest.fixture(autouse=True)
def no_backups(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each import makes one, which takes longer than the import."""
    monkeypatch.setattr(backup, "make", lambda *_, **__: None)


@pytest.fixture
def own(tmp_path: Path, only_pack: Path, clock: Clock) -> Iterator[Engine]:
    made = open_database(str(tmp_path / "own.db"))
    library.refresh(desk_of(made, clock))
    yield made
    made.dispose()


@pytest.fixture
def friend(tmp_path: Path) -> Path:
    """A pack of somebody else, with a picture beside it and one that is not."""
    folder = tmp_path / "friend"
    (folder / "media").mkdir(parents=True)
    (folder / "es.md").write_text(DECK)
    (folder / "media" / "dog.png").write_bytes(b"\x89PNG")
    (tmp_path / "outside.png").write_bytes(b"secret")
    return folder


def bring(engine: Engine, clock: Clock, path: Path) -> Imported:
    (done,) = imports.bring(desk_of(engine, clock), [Source(path, *formats.read(path))])
    return done


def write(engine: Engine, path: Path) -> int:
    with reading(engine) as connection:
        ids = exports.chapters_of(connection, None, learner=1)
        return native.save(connection, path, ids, learner=1)[0]


def files(folder: Path) -> dict[str, bytes]:
    found = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def test_a_pack_that_is_not_here_comes_as_it_is_and_goes_so(
    own: Engine, clock: Clock, friend: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = bring(own, clock, friend)
    assert (len(done.questions), done.cards, done.changed, done.known) == (2, 3, 0, False)
    assert files(library.own_packs() / "spanish") == files(friend)
    with reading(own) as connection:
        started = connection.scalars(
            select(tables.chapter.c.title).join(
                tables.chapter_progress,
                tables.chapter_progress.c.chapter_id == tables.chapter.c.id,
            )
        ).all()
    assert "ES" in started
    for _ in range(2):
        assert write(own, tmp_path / "all.zip") == 21  # those of the installed pack, too
    shutil.copy(tmp_path / "all.zip", tmp_path / "other.zip")
    with zipfile.ZipFile(tmp_path / "other.zip", "a") as packed:
        packed.comment = b""
    with pytest.raises(StudyError, match=r"other[.]zip is there already"):
        write(own, tmp_path / "other.zip")
    done = bring(own, clock, tmp_path / "all.zip")
    assert (done.questions, done.changed, done.known, done.problems) == ((), 0, True, ())
    assert files(library.own_packs()) == {f"spanish/{n}": it for n, it in files(friend).items()}
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "there"))
    there = open_database(str(tmp_path / "there.db"))
    library.refresh(desk_of(there, clock))
    assert len(bring(there, clock, tmp_path / "all.zip").questions) == 2
    assert files(library.own_packs() / "spanish") == files(friend)
    there.dispose()


def test_only_what_is_another_text_there_is_changed(
    own: Engine, clock: Clock, friend: Path, tmp_path: Path
) -> None:
    bring(own, clock, friend)
    path = tmp_path / "out"
    write(own, path)
    (path / "es.md").write_text(
        DECK.replace("the dog", "a dog") + "\n## el pez {#pez}\n\nthe fish\n"
    )
    text = (path / "1" / "questionnaire.md").read_text()
    (path / "1" / "questionnaire.md").write_text(text.replace("It is q03.", "It was q03."))
    reading_page = (path / "1" / "reading.md").read_text()
    (path / "1" / "reading.md").write_text(reading_page.replace("Prose.", "Other prose."))
    done = bring(own, clock, path)
    assert ([one.question for one in done.questions], done.changed) == (["el pez"], 2)
    assert [one.message.split(":")[0] for one in done.problems] == ["1/reading.md"]
    kept = files(library.own_packs())
    assert kept["spanish/es.md"].decode() == DECK.replace("the dog", "a dog")
    assert b"It was q03." in kept["mine/chapter-1-questions.md"]
    assert b"{#q04}" not in kept["mine/chapter-1-questions.md"]
    assert b"{#pez}" in kept["mine/deck-es-questions.md"]
    assert bring(own, clock, path).changed == 0


def test_of_a_pack_without_a_note_that_can_be_read_nothing_is_written(
    own: Engine, clock: Clock, friend: Path
) -> None:
    (friend / "es.md").write_text(DECK.replace(" {#perro}", "").partition("## el gato")[0])
    for _ in range(2):
        done = bring(own, clock, friend)
        assert (done.questions, done.known, done.receipt) == ((), False, Receipt())
        assert "has no {#id}" in done.problems[0].message
        assert files(library.own_packs()) == {}


def change(path: Path, *pairs: tuple[str, str]) -> None:
    text = path.read_text()
    for old, new in pairs:
        text = text.replace(old, new)
    path.write_text(text)


def test_an_older_file_takes_no_newer_edit_back(
    own: Engine, clock: Clock, friend: Path, tmp_path: Path
) -> None:
    """Where both have changed, ours stays; what was taken over once more, is no edit."""
    bring(own, clock, friend)
    write(own, tmp_path / "out")
    page, theirs = library.own_packs() / "spanish" / "es.md", tmp_path / "out" / "es.md"
    change(page, ("the dog", "our dog"))
    library.refresh(desk_of(own, clock))
    kept = files(library.own_packs())
    for path in (tmp_path / "out", friend):
        done = bring(own, clock, path)
        assert (done.changed, done.receipt, len(done.problems)) == (0, Receipt(), 1)
        assert done.problems[0].message.endswith("and as here: 1 note")
    change(theirs, ("the dog", "their dog"), ("the cat\n\n<!--", "their cat\n\n<!--"))
    done = bring(own, clock, tmp_path / "out")
    assert done.reworded == ("el gato",)
    assert [one.message for one in done.problems] == [
        "“el perro”: the note has changed, and so has yours (es.md, line 7), which stays"
    ]
    imports.take_back(desk_of(own, clock), tmp_path / "out")
    assert files(library.own_packs()) == kept
    bring(own, clock, tmp_path / "out")
    change(theirs, ("their cat", "another cat"))
    assert bring(own, clock, tmp_path / "out").reworded == ("el gato",)
    assert "another cat" in page.read_text()
    change(page, ("another cat", "our cat"))
    library.refresh(desk_of(own, clock))
    assert bring(own, clock, tmp_path / "out").changed == 0


ODD = {  # a name, and how a text may write it
    "a b.png": "media/a%20b.png",
    "c d ü.png": "<media/c d ü.png>",
    "e f.png": "media/e f.png",
    "ü é.png": "media/%C3%BC%20%C3%A9.png",
    "g(1).png": "media/g(1).png",
    "h (2).png": "<media/h (2).png>",
    "i_j.png": "media/i\\_j.png",
    "k&l.png": "media/k&amp;l.png",
    "50%.png": "media/50%.png",
    "m%20n.png": "media/m%2520n.png",
    "o#p.png": "media/o%23p.png",
    "q.tar.jpeg": 'media/q.tar.jpeg "a title"',
    "r.mp3": "media/r.mp3",
}


@pytest.fixture
def odd(own: Engine, clock: Clock, tmp_path: Path) -> dict[str, bytes]:
    """The pictures of a pack that is here, by their names."""
    folder = tmp_path / "odd"
    (folder / "media").mkdir(parents=True)
    shown = (f"![]({said})" for said in ODD.values())
    for name in ODD:
        (folder / "media" / name).write_bytes(b"\x89PNG" + name.encode())
    (folder / "odd.md").write_text(
        f"---\npack: odd\ndeck: Odd\nkind: questionnaire\n---\n\n## Q {{#q}}\n\n{' '.join(shown)}\n"
    )
    bring(own, clock, folder)
    return {name: b"\x89PNG" + name.encode() for name in ODD}


def test_a_picture_with_an_odd_name_goes_wherever_its_note_goes(
    own: Engine, clock: Clock, odd: dict[str, bytes], tmp_path: Path
) -> None:
    kept = files(library.own_packs() / "odd")
    assert {name.removeprefix("media/") for name in kept} == {*odd, "odd.md"}
    with reading(own) as connection:
        ids = exports.chapters_of(connection, "odd", learner=1)
        made = exports.collect(connection, ids, clock(), learner=1)
        for name in ("folder", "zip.zip"):
            native.save(connection, tmp_path / name, ids, learner=1)
    assert files(tmp_path / "folder") == kept
    assert {one.name: one.data for one in formats.read(tmp_path / "zip.zip")[1].native} == kept
    for form in ("anki", "hashcards", "obsidian"):
        path = tmp_path / form / "x"
        exports.save(path, form, made, clock(), lambda *_: None)
        found = formats.read(path, form)[1]
        assert {one.name: one.read() for one in found.media} == odd, form
        led = map(media.path_of, map(media.target, media.LINK.finditer(found.notes[0].answer)))
        assert {one.removeprefix("media/") for one in led} == odd.keys(), form


def zipped(path: Path, **members: str) -> Path:
    with zipfile.ZipFile(path, "w") as packed:
        for name, text in members.items():
            packed.writestr(name.replace("__", "../"), text)
    return path


@pytest.mark.parametrize("broken", ["name", "empty", "cut", "none"])
def test_a_zip_that_may_not_be_is_one_sentence(tmp_path: Path, broken: str) -> None:
    name = "__b.md" if broken == "name" else "c.md"
    path = zipped(tmp_path / "x.zip", **{"a.md": DECK, name: "x"})
    if broken == "empty":  # a name ends where its zero is
        path.write_bytes(path.read_bytes().replace(b"c.md", b"\0.md"))
    if broken == "cut":
        path.write_bytes(path.read_bytes()[:-30])
    if broken == "none":
        path = tmp_path / "nowhere.md"
    with pytest.raises(StudyError, match=r"leads out of it|damaged zip|cannot be read"):
        formats.read(path, "native")
    assert not (tmp_path.parent / "b.md").exists()


def test_the_command(only_pack: Path, tmp_path: Path, friend: Path) -> None:
    def run(*said: str) -> str:
        done = CliRunner().invoke(main, ["--db", str(tmp_path / "study.db"), *said])
        assert done.exit_code in (0, 1), done.output
        return done.output

    assert "2 new notes with 3 cards, 0 changed" in run("import", str(friend))
    out = tmp_path / "out"
    assert "out: 2 notes (native)" in run(
        "export", str(out), "--format", "native", "--chapter", "ES"
    )
    assert files(out) == files(friend)
    assert "there already" in run("export", str(out), "--format", "native", "--chapter", "ES")
    assert "(imported before)" in run("import", str(out / "es.md"))


def test_a_pack_that_is_called_alike_has_a_folder_of_its_own(
    own: Engine, clock: Clock, friend: Path, tmp_path: Path
) -> None:
    bring(own, clock, friend)
    other = tmp_path / "other"
    other.mkdir()
    (other / "es.md").write_text(DECK.replace("pack: spanish", "pack: Spanish"))
    bring(own, clock, other)
    kept = files(library.own_packs())
    assert kept["spanish/es.md"].decode() == DECK
    assert b"pack: Spanish" in kept["spanish-2/es.md"]


def test_a_zip_that_unpacks_to_too_much_is_refused_unread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("a.md", "---\npack: a\nkind: questionnaire\n---\n")
        packed.writestr("b.png", bytes(3 << 20))
    monkeypatch.setattr("studyapp.notes.native._MOST_BYTES", 1 << 20)
    monkeypatch.setattr(zipfile.ZipFile, "open", lambda *_: pytest.fail("it was unpacked"))
    with pytest.raises(StudyError, match="is larger than"):
        formats.reader("native").read(path)
