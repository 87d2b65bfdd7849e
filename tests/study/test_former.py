"""A kill while several files change leaves packs and database as before it, or as after it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import func, select

from studyapp import disk
from studyapp.commands.main import main
from studyapp.errors import StudyError
from studyapp.notes.foreign import Foreign, ForeignNote, ForeignReview, Media, Moment
from studyapp.store import backup, record, tables
from studyapp.store.database import open_database
from studyapp.store.engine import reading
from studyapp.study import former, imports, library, tagging
from studyapp.study.desk import Desk
from studyapp.study.imports import Source
from tests_support import Clock, desk_of

PATH = Path("words.txt")


def source(*answers: str) -> Source:
    notes = [
        ForeignNote(f"g{n}", f"What is {n}?", answer, deck=(f"Deck {n % 2}",))
        for n, answer in enumerate(answers)
    ]
    at = datetime(2026, 11, 1, 9, tzinfo=UTC)
    rated = ForeignReview("g0", "answer", at, at.date(), 3, Moment.LEARNING)
    picture = Media("dog.png", lambda: answers[0].encode())
    return Source(PATH, "test", Foreign(tuple(notes), reviews=(rated,), media=(picture,)))


@pytest.fixture(autouse=True)
def no_backups(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each import makes one, which takes longer than the import."""
    monkeypatch.setattr(backup, "make", lambda *_, **__: None)


@pytest.fixture
def home(tmp_path: Path, only_pack: Path, clock: Clock) -> Path:
    """The folder with all that a learner has, whose packs are of one import."""
    folder = library.own_packs().parent
    folder.mkdir(parents=True)
    engine = open_database(str(folder / "study.db"))
    library.refresh(desk_of(engine, clock))
    imports.bring(desk_of(engine, clock), [source("one", "two")])
    engine.dispose()
    return folder


def found(home: Path, clock: Clock) -> tuple[dict[str, bytes], list[str], int, int]:
    """What a start finds: the files of the packs, what the database says of their notes, how many
    reviews count, and that nothing else was left."""
    engine = open_database(str(home / "study.db"))
    library.refresh(desk_of(engine, clock))
    with reading(engine) as connection:
        note = tables.note.c
        answers = connection.scalars(
            select(note.answer)
            .where(note.learner_id == 1, note.missing_since.is_(None))
            .order_by(note.answer)
        ).all()
        decks = connection.scalar(
            select(func.count(tables.chapter.c.id)).where(tables.chapter.c.number.is_(None))
        )
        counted = select(func.count()).select_from(tables.review).where(record.not_retracted())
        reviews = connection.scalar(counted)
    engine.dispose()
    packs = library.own_packs()
    assert not former.is_left(packs)
    files = {str(path.relative_to(packs)): path for path in packs.rglob("*") if path.is_file()}
    said = {name: path.read_bytes() for name, path in files.items()}
    return said, list(answers), decks or 0, reviews or 0


def bring(desk: Desk) -> None:
    imports.bring(desk, [source("one now", "two now", "three")])


def take_back(desk: Desk) -> None:
    imports.take_back(desk, PATH)


def tag(desk: Desk) -> None:
    note = tables.note.c
    with desk.reading() as connection:
        notes = connection.scalars(select(note.id).where(note.learner_id == 1)).all()
    tagging.tag(desk, notes, tagging.parse("exam"))


@pytest.mark.parametrize("deed", [bring, take_back, tag])
def test_a_kill_at_any_moment_leaves_it_as_before_or_as_after(
    deed: Callable[[Desk], None],
    home: Path,
    tmp_path: Path,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A kill leaves the files as they are: so they are kept at each moment, and looked at then."""
    states, replacing, remove = list[Path](), disk.replacing, disk.remove

    def keep() -> None:
        states.append(tmp_path / f"killed {len(states)}")
        shutil.copytree(home, states[-1])

    @contextmanager
    def writing(path: Path, *, shared: bool = False) -> Iterator[Path]:
        if path.is_relative_to(library.own_packs()):
            half = path.with_name(f".{path.name}.abcd1234.tmp")
            disk.make_folder(path.parent)
            half.write_text("half")
            keep()
            half.unlink()
        with replacing(path, shared=shared) as draft:
            yield draft
        keep()

    def removing(path: Path) -> None:
        keep()
        remove(path)
        keep()

    before = found(home, clock)
    engine = open_database(str(home / "study.db"))
    with monkeypatch.context() as patch:
        patch.setattr(disk, "replacing", writing)
        patch.setattr(disk, "remove", removing)
        deed(desk_of(engine, clock))
    engine.dispose()
    after = found(home, clock)
    assert before != after
    seen = []
    for state in states:
        shutil.rmtree(home)
        shutil.copytree(state, home)
        seen.append(found(home, clock))
    assert len(seen) > 4
    assert [one in (before, after) for one in seen] == [True] * len(seen)
    assert before in seen
    assert after in seen
    turn = seen.index(after)
    assert seen == [before] * turn + [after] * (len(seen) - turn)


def test_what_somebody_has_saved_since_a_kill_stays(
    home: Path, tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed before the database has it, the rest is put back; killed after that, nothing is."""
    page, read_in, remove = (
        library.own_packs() / "words" / "deck-0.md",
        library.read_in,
        disk.remove,
    )

    def reading_in(*given: Any, **options: Any) -> Any:
        shutil.copytree(home, tmp_path / "early")
        return read_in(*given, **options)

    def removing(path: Path) -> None:
        shutil.copytree(home, tmp_path / "late", dirs_exist_ok=True)
        remove(path)

    def started(state: str) -> str:
        """What a command says, once somebody has saved that page."""
        shutil.rmtree(home)
        shutil.copytree(tmp_path / state, home)
        page.write_text(page.read_text().replace("one now", "one of mine"))
        return CliRunner().invoke(main, ["--db", str(home / "study.db"), "due"]).output

    said, answers, *_ = found(home, clock)
    engine = open_database(str(home / "study.db"))
    with monkeypatch.context() as patch:
        patch.setattr(library, "read_in", reading_in)
        patch.setattr(disk, "remove", removing)
        bring(desk_of(engine, clock))
    engine.dispose()
    told = f"{page} was saved after a change of it was cut off, and stays as it is"
    assert f"{told}; what it said before that change is in deck-0.md~.\n" in started("early")
    files, answers, *_ = found(home, clock)
    assert answers == ["one of mine", "three", "two"]
    assert files.pop("words/deck-0.md~") == said["words/deck-0.md"]
    assert files == said | {"words/deck-0.md": page.read_bytes()}
    assert "was saved" not in started("late")
    assert found(home, clock)[1] == ["one of mine", "three", "two now"]


def test_what_fails_is_put_back_with_its_pictures(
    home: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = found(home, clock)
    engine = open_database(str(home / "study.db"))

    def fail(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(library, "read_in", fail)
        with pytest.raises(KeyboardInterrupt):
            imports.bring(desk_of(engine, clock), [source("one now", "two", "three")])
    with monkeypatch.context() as patch:
        patch.setattr(former.shutil, "copyfile", lambda *_: (_ for _ in ()).throw(OSError(28, "x")))
        with pytest.raises(StudyError, match="cannot be written"):
            imports.bring(desk_of(engine, clock), [source("one now", "two", "three")])
    engine.dispose()
    assert found(home, clock) == before


def test_imports_are_taken_back_one_after_the_other(
    home: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    engine = open_database(str(home / "study.db"))
    desk = desk_of(engine, clock)
    with monkeypatch.context() as patch:
        patch.setattr(library, "read_in", fail)
        with pytest.raises(KeyboardInterrupt):
            bring(desk)  # nothing of this one is known later
    bring(desk)
    page = library.own_packs() / "words" / "deck-0.md"
    said = page.read_text()
    page.write_text(f"{said}\n```\n## No note {{#none}}\n```\n")  # which cannot be told apart
    with pytest.raises(StudyError, match=r"deck-0[.]md has changed since"):
        imports.take_back(desk, PATH)
    page.write_text(said)
    told = [imports.take_back(desk, PATH) for _ in range(3)]
    assert [(one.pages, one.log.reviews) for one in told] == [(3, 0), (3, 1), (0, 0)]
    engine.dispose()
    assert found(home, clock)[:2] == ({}, [])
