"""Before much changes at once there is a backup of how it was; without it nothing does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from refusing import files, kept
from studyapp.config import Current, Settings
from studyapp.memory.state import Rating
from studyapp.notes.foreign import Foreign, ForeignNote
from studyapp.store import archive, backup, log, tables
from studyapp.store.database import connect
from studyapp.store.parameters import in_force
from studyapp.study import dates, imports, library, removal, reschedule, review, selection
from studyapp.study.desk import Desk
from studyapp.study.imports import Source
from studyapp.study.selection import Done
from tests_support import Clock, question, questionnaire

CARDS = range(1, library.MANY + 1)


@pytest.fixture
def desk(only_pack: Path, tmp_path: Path, clock: Clock) -> Iterator[Desk]:
    made, _ = library.open_study(str(tmp_path / "app.db"), Current(Settings()), clock, None)
    yield made
    made.close()


def suspend(desk: Desk, cards: range) -> Done:
    return selection.do(
        desk, lambda connection, some: selection.suspend(connection, some, desk.now(), learner=1),
        cards,
    )  # fmt: skip


def to_suspend(desk: Desk) -> Callable[[], object]:
    return lambda: suspend(desk, CARDS)


def to_delete(desk: Desk) -> Callable[[], object]:
    path = library.own_packs() / "mine" / "a.md"
    path.parent.mkdir(parents=True)
    path.write_text(questionnaire(*(question(f"mine{number}") for number in CARDS), pack="mine"))
    library.refresh(desk)
    with desk.reading() as connection:
        found = select(tables.note.c.id).where(tables.note.c.learner_id == 1)
        notes = connection.scalars(found).all()
    return lambda: removal.remove(desk, notes)


def to_redate(desk: Desk) -> Callable[[], object]:
    with desk.writing() as connection:
        review.bury(connection, 1, desk.now() + timedelta(days=400), learner=1)
    return lambda: dates.redate(desk)


def to_reschedule(desk: Desk) -> Callable[[], object]:
    with desk.writing() as connection:
        for card in CARDS:
            review.answer(connection, card, None, Rating.EASY, desk.now(), learner=1)
        goal = replace(in_force(connection, learner=1), desired_retention=0.97)
        log.adopt(connection, goal, desk.now(), learner=1)
    return lambda: reschedule.move(desk)


def to_import(desk: Desk) -> Callable[[], object]:
    note = ForeignNote("one", "What is one?", "This.", deck=("Deck",))
    source = Source(Path("words.txt"), "words", Foreign(notes=(note,)))
    return lambda: imports.bring(desk, [source])


@pytest.mark.parametrize("prepare", [to_suspend, to_delete, to_redate, to_reschedule, to_import])
def test_how_it_was_is_kept_or_nothing_changes(
    prepare: Callable[[Desk], Callable[[], object]],
    desk: Desk,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise backup.BackupError("No backup was made: no room.")

    what = prepare(desk)
    before = kept(desk.engine), files(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(backup, "make", refuse)
        with pytest.raises(backup.BackupError):
            what()
    assert (kept(desk.engine), files(tmp_path)) == before
    what()
    assert kept(desk.engine) != before[0]
    made, *_ = backup.named(
        tmp_path / "backups", "app"
    )  # a deletion is read in: that makes one, too
    place = tmp_path / "unpacked"
    place.mkdir()
    archive.unpack(made.path, place, lambda size: None)
    engine = connect(str(place / archive.DATABASE))
    assert kept(engine) == before[0]
    engine.dispose()


def test_what_changes_few_cards_makes_none(desk: Desk, tmp_path: Path) -> None:
    """Of ten that are given one is not suspended yet."""
    suspend(desk, range(1, library.MANY))
    assert suspend(desk, CARDS).cards == 1
    assert not (tmp_path / "backups").exists()
