"""What one device of a learner has comes to the others, through files in a folder and no more."""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from meeting import Device, World, assert_alike, device, meet, sharing, shown
from studyapp.errors import StudyError
from studyapp.memory.fold import EventKind
from studyapp.memory.scheduler import DEFAULT_WEIGHTS
from studyapp.memory.state import Rating
from studyapp.store import backup, entry, line, log, peer, tables, version
from studyapp.store.engine import reading
from studyapp.store.line import Line
from studyapp.store.memory import read_memory
from studyapp.store.parameters import in_force, read_fits
from studyapp.study import learner as learners
from studyapp.study import library, review, tracker
from studyapp.study.devices import exchange, notes
from studyapp.study.devices.overview import overview
from studyapp.study.trial import course
from studyapp.study.undo import undo
from tests_support import question, questionnaire


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with sharing(tmp_path / "world", devices=2) as made:
        yield made


def rate(one: Device, card: int = 1, rating: Rating = Rating.GOOD) -> None:
    with one.desk.writing() as connection:
        seen = read_memory(connection, card, learner=1).last_review
        review.answer(connection, card, seen, rating, one.clock.forward(minutes=1), learner=1)


def write(one: Device, text: str) -> None:
    with one.desk.writing() as connection:
        section = tracker.find_section(connection, 1, "1.1", learner=1)
        assert section is not None
        at = one.clock.forward(minutes=1)
        tracker.write_note(connection, section.id, text, section.own, now=at, learner=1)


def text_of(one: Device) -> str:
    with reading(one.engine) as connection:
        section = tracker.find_section(connection, 1, "1.1", learner=1)
    assert section is not None
    return section.own


def own_file(one: Device) -> Path:
    with reading(one.engine) as connection:
        return one.folder / line.name_of(peer.own(connection)[0])


def count(one: Device, table: Any) -> int:
    with reading(one.engine) as connection:
        return connection.scalar(select(func.count()).select_from(table)) or 0


def assert_equal(one: Device, other: Device) -> None:
    with one.at_home():
        here = shown(one)
    with other.at_home():
        assert_alike(here, shown(other))


def test_what_one_device_rated_is_known_to_the_other_bit_for_bit(world: World) -> None:
    one, other = world.devices
    rate(one)
    rate(one, rating=Rating.AGAIN)
    rate(one, 2)
    with one.desk.writing() as connection:
        undo(connection, one.clock(), learner=1)
        review.suspend(connection, 3, one.clock(), learner=1)
    meet(one)
    assert meet(other).heard > 0
    assert_equal(one, other)
    assert len(shown(other)["memories"]) == 2
    assert meet(other).heard == 0


def test_what_a_fit_came_to_is_known_to_the_other_and_older_files_have_none(world: World) -> None:
    one, other = world.devices
    with one.desk.writing() as connection:
        before = in_force(connection, learner=1)
        log.adopt(connection, before, one.clock(), fit=FIT, learner=1)
        learner = learners.name_of(connection, learner=1)
    meet(one)
    older = replace(parameters(), learner=learner)
    (one.folder / line.name_of(os.urandom(16))).write_bytes(line.written(older))
    meet(other)
    with reading(other.engine) as connection:
        assert read_fits(connection, learner=1) == [FIT]
    assert count(other, tables.parameters) == 2


def test_a_trial_has_the_same_arms_on_each_device(world: World) -> None:
    """What is done with it on one holds on the other, and is taken back there, too."""
    one, other = world.devices
    with one.desk.writing() as connection:
        cards = connection.scalars(select(tables.card.c.uid)).all()
        strata = [[[uid.hex()] for uid in cards]]
        begun, payload = one.clock(), TRIAL | {"strata": strata}
        log.log_of_no_card(connection, EventKind.TRIAL, begun, payload=payload, learner=1)
        course.leave_out(connection, cards[0], one.clock.forward(minutes=1), learner=1)
        given = course.change(connection, cards[1], one.clock.forward(minutes=1), learner=1)
    meet(one)
    other.clock.forward(hours=1)
    meet(other)
    with reading(one.engine) as here, reading(other.engine) as there:
        trial = course.read(there, learner=1)
        assert trial == course.read(here, learner=1)
    assert trial is not None
    assert [*trial.out] == [cards[0]]
    assert trial.changed == {cards[1]: given}
    assert trial.arm(cards[2]) is trial.dealt[cards[2]]
    with other.desk.writing() as connection:
        undo(connection, other.clock(), learner=1)
    meet(other)
    meet(one)
    with reading(one.engine) as connection:
        assert course.running(connection, learner=1).changed == {}


def test_a_rating_writes_no_file(world: World) -> None:
    one, _ = world.devices
    meet(one)
    before = own_file(one).read_bytes()
    rate(one)
    assert own_file(one).read_bytes() == before
    exchange.tell(one.desk)
    assert own_file(one).read_bytes() != before
    assert own_file(one).stat().st_mode & 0o777 == 0o600


def test_a_new_device_begins_from_the_folder_alone(world: World) -> None:
    one, other = world.devices
    for card in (1, 2, 3):
        rate(one, card)
    write(one, "mine")
    with one.desk.writing() as connection:
        tracker.stop_chapter(connection, 1, now=one.clock(), learner=1)
    other.clock.forward(days=1)
    meet(one)
    meet(other)
    assert_equal(one, other)
    assert text_of(other) == "mine"


def test_what_was_written_on_a_new_device_before_it_met_the_others_stays(world: World) -> None:
    one, other = world.devices
    write(one, "of one")
    meet(one)
    write(other, "of the new one")
    meet(other)
    meet(one)
    assert set(text_of(other).split("\n\n")) == {"of one", "of the new one"}
    assert text_of(one) == text_of(other)


def test_how_it_was_before_a_device_met_the_others_is_in_a_backup(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without one they do not meet. Where nothing was done yet there is nothing to keep."""

    def refuse(*_: object, **__: object) -> None:
        raise backup.BackupError("No backup was made: no room.")

    one, other = world.devices
    write(one, "of one")
    meet(one)
    write(other, "of the new one")
    with monkeypatch.context() as patch:
        patch.setattr(backup, "make", refuse)
        with pytest.raises(backup.BackupError):
            meet(other)
    assert text_of(other) == "of the new one"
    meet(other)
    rate(one, 1)
    meet(one)
    meet(other)
    made = [backup.named(it.home / "backups", "study") for it in (one, other)]
    assert [[it.reason for it in some] for some in made] == [[], ["change"]]


def test_both_texts_stay_the_newest_first(world: World) -> None:
    one, other = world.devices
    write(one, "common")
    meet(one)
    meet(other)
    write(one, "of one")
    other.clock.forward(hours=1)
    write(other, "of the other")
    for _ in range(2):
        meet(one)
        meet(other)
    assert text_of(one) == text_of(other) == "of the other\n\nof one"
    write(one, "both, tidied up")
    meet(one)
    meet(other)
    assert text_of(other) == "both, tidied up"


def test_what_was_written_on_the_way_is_added_and_not_lost(world: World) -> None:
    """A version has come that stands for what is here, which another window has changed since."""
    one, other = world.devices
    write(one, "first")
    meet(one)
    meet(other)
    write(other, "second")
    meet(other)
    write(one, "first and more")
    meet(one)
    meet(other)
    assert set(text_of(one).split("\n\n")) == {"first and more", "second"}
    assert text_of(one) == text_of(other)


def test_own_notes_travel_as_files_and_a_conflict_keeps_both(world: World) -> None:
    one, other = world.devices
    home = library.Home("test", "1. Part", 1, "Chapter 1")
    with one.at_home() as desk:
        library.keep_note(desk, home, "own-a", "## Own? {#own-a}\n\nFirst.\n\n- [ ] a point")
    meet(one)
    meet(other)
    path = other.mine / "chapter-1-questions.md"
    assert path.read_text() == (one.mine / path.name).read_text()
    for it, new in ((one, "Of one."), (other, "Of the other.")):
        file = it.mine / path.name
        file.write_text(file.read_text().replace("First.", new))
        os.utime(file, (1_800_000_000 + len(new), 1_800_000_000 + len(new)))
    for _ in range(2):
        meet(one)
        meet(other)
    text = path.read_text()
    assert text == (one.mine / path.name).read_text()
    assert "Of one." in text
    assert "Of the other." in text
    assert text.count("{#own-a}") == 1
    with other.at_home() as desk, desk.reading() as connection:
        own = tables.note.c.name == "own-a"
        (points,) = connection.scalars(select(tables.note.c.points).where(own))
    assert [point["text"] for point in points] == ["a point"]


def test_a_note_that_was_taken_out_goes_and_one_whose_file_is_lost_comes_back(
    world: World,
) -> None:
    one, other = world.devices
    home = library.Home("test", "1. Part", 1, "Chapter 1")
    with one.at_home() as desk:
        for name in ("own-a", "own-b"):
            library.keep_note(desk, home, name, f"## {name}? {{#{name}}}\n\nYes.")
    meet(one)
    meet(other)
    path = other.mine / "chapter-1-questions.md"
    path.write_text(path.read_text().partition("## own-b")[0])
    meet(other)
    meet(one)
    assert "own-b" not in (one.mine / path.name).read_text()
    assert "own-a" in (one.mine / path.name).read_text()
    (one.mine / path.name).unlink()
    meet(one)
    assert "own-a" in (one.mine / path.name).read_text()
    meet(other)
    assert "own-a" in path.read_text()


@pytest.mark.parametrize("was_told", [True, False])
def test_a_note_that_came_and_went_unheard_leaves_its_log_on_every_device(
    world: World, was_told: bool
) -> None:
    one, other = world.devices
    home = library.Home("test", "1. Part", 1, "Chapter 1")
    text = "## A? {#own-a}\n\nYes.\n\n- [ ] b\n- [ ] extra: c\n\n<!-- family: f -->"
    with one.at_home() as desk:
        rate(one, library.keep_note(desk, home, "own-a", text))
    if was_told:
        meet(one)
    path = one.mine / "chapter-1-questions.md"
    whole = path.read_text()
    path.write_text(whole.partition("## A?")[0])
    meet(one)
    meet(other)
    assert (count(other, tables.review), count(other, tables.waiting)) == (1, 0)
    there = other.mine / path.name
    assert not there.exists()  # a page goes with its last note
    meet(other)
    meet(one)
    assert "own-a" not in path.read_text()
    assert_equal(one, other)
    path.write_text(whole)
    meet(one)
    meet(other)
    assert "own-a" in there.read_text()
    assert_equal(one, other)


def test_a_device_that_died_while_a_note_passed_does_not_bring_it_back(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = world.devices
    home = library.Home("test", "1. Part", 1, "Chapter 1")
    with one.at_home() as desk:
        rate(one, library.keep_note(desk, home, "own-a", "## A? {#own-a}\n\nYes."))
    path = one.mine / "chapter-1-questions.md"
    path.write_text(path.read_text().partition("## A?")[0])
    meet(one)
    real = notes.put

    def put(*given: Any, **named: Any) -> Any:
        real(*given, **named)
        raise KeyboardInterrupt

    with monkeypatch.context() as dying:
        dying.setattr(notes, "put", put)
        with pytest.raises(KeyboardInterrupt):
            meet(other)
    there = other.mine / path.name
    assert "own-a" in there.read_text()
    meet(other)
    meet(one)
    assert "own-a" not in path.read_text()
    assert not there.exists()
    assert_equal(one, other)


def test_an_edit_elsewhere_makes_a_card_due_once_and_not_once_a_device(world: World) -> None:
    one, other = world.devices
    home = library.Home("test", "1. Part", 1, "Chapter 1")
    with one.at_home() as desk:
        card = library.keep_note(desk, home, "own-a", "## A? {#own-a}\n\nYes.\n\n- [ ] old")
    rate(one, card)
    meet(one)
    meet(other)
    path = one.mine / "chapter-1-questions.md"
    path.write_text(path.read_text().replace("- [ ] old", "- [ ] quite another thing"))
    one.clock.forward(days=1)
    meet(one)
    meet(other)
    changed = tables.event.c.kind == "answer changed"
    with reading(other.engine) as connection:
        found = connection.scalar(select(func.count()).where(changed))
    assert found == 1
    assert_equal(one, other)


def test_an_upgrade_on_each_device_makes_a_card_due_once(world: World) -> None:
    one, other = world.devices
    rate(one, rating=Rating.EASY)
    meet(one)
    meet(other)
    content = world.content / "1.md"
    content.write_text(content.read_text().replace("first of q0", "quite another thing"))
    for number, it in enumerate((other, one)):  # before they have heard of each other
        it.clock.forward(days=1 + number)
        with it.at_home() as desk:
            library.refresh(desk)
    rate(one, rating=Rating.EASY)
    for _ in range(2):
        meet(one)
        meet(other)
    assert count(one, tables.event) == count(other, tables.event) == 1
    assert_equal(one, other)
    with reading(one.engine) as connection:
        (made,) = connection.scalars(
            select(tables.device.c.own)
            .join(tables.event, tables.event.c.device_id == tables.device.c.id)
            .where(tables.event.c.kind == "answer changed")
        )
    assert not made  # the first device's


def test_a_review_of_a_card_that_is_not_here_waits_for_its_content(
    world: World, tmp_path: Path
) -> None:
    one, other = world.devices
    more = world.content / "3.md"
    more.write_text(questionnaire(question("late", chapter=3), chapter=3))
    with one.at_home() as desk:
        library.refresh(desk)
        with desk.reading() as connection:
            found = connection.scalar(
                select(tables.card.c.id)
                .join(tables.note, tables.note.c.id == tables.card.c.note_id)
                .where(tables.note.c.name == "late")
            )
    assert found is not None
    rate(one, found)
    meet(one)
    text = more.read_text()
    more.unlink()
    meet(other)
    assert count(other, tables.review) == 0
    (who,) = [one for one in overview(other.desk).devices if not one.own]
    assert who.waiting == {"card": 1}
    own_file(one).unlink()  # what waits is here, whatever becomes of the file
    more.write_text(text)
    meet(other)
    assert count(other, tables.review) == 1
    assert count(other, tables.waiting) == 0


def test_a_line_of_a_newer_studyapp_waits_for_an_upgrade(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = world.devices
    with monkeypatch.context() as newer:
        newer.setattr(line, "VERSION", 3)
        newer.setattr(Line.__init__, "__defaults__", (3,))
        rate(one)
        meet(one)
    meet(other)
    assert count(other, tables.review) == 0
    (who,) = [one for one in overview(other.desk).devices if not one.own]
    assert who.waiting["newer"] >= 1
    for module in (line, entry, version):
        monkeypatch.setattr(module, "VERSION", 3)
    meet(other)
    assert count(other, tables.review) == 1


def test_a_torn_end_waits_and_a_torn_middle_is_told_and_made_good(world: World) -> None:
    one, other = world.devices
    for card in (1, 2, 3):
        rate(one, card)
    meet(one)
    path, whole = own_file(one), own_file(one).read_bytes()
    path.write_bytes(whole[: whole.rindex(b'"kind":"review"') + 50])
    meet(other)
    assert count(other, tables.review) == 2
    at = whole.rindex(b'"kind":"review"')
    path.write_bytes(whole[:at] + b"######" + whole[at + 6 :])
    meet(other)
    (who,) = [one for one in overview(other.desk).devices if not one.own]
    assert who.torn == 1
    assert count(other, tables.review) == 2
    path.write_bytes(whole)
    meet(other)
    (who,) = [one for one in overview(other.desk).devices if not one.own]
    assert (who.torn, who.left) == (0, 0)
    assert count(other, tables.review) == 3
    assert_equal(one, other)


@pytest.mark.parametrize("left", [0.0, 0.5, None])
def test_an_own_file_that_is_older_or_gone_is_made_good(world: World, left: float | None) -> None:
    one, other = world.devices
    rate(one)
    write(one, "mine")
    meet(one)
    path, whole = own_file(one), own_file(one).read_bytes()
    if left is None:
        path.unlink()
    else:
        path.write_bytes(whole[: int(len(whole) * left)])
    rate(one, 2)
    meet(one)
    assert line.parsed(path.read_bytes().split(b"\n")[0]) is not None
    meet(other)
    assert_equal(one, other)
    size = path.stat().st_size
    meet(one)
    assert path.stat().st_size == size


@pytest.mark.parametrize("kind", ["a folder", "full"])
def test_an_own_file_that_cannot_be_written_keeps_nobody_from_reading(
    world: World, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """Once it can be, it gets what is new here, and not what came from the others meanwhile."""
    one, other = world.devices
    meet(one)
    rate(one)
    rate(other, 2)
    meet(other)
    own, aside = own_file(one), one.home / "aside"
    with monkeypatch.context() as patch:
        if kind == "full":
            patch.setattr(os, "write", full)
        else:
            own.rename(aside)
            own.mkdir()
        for card in (2, 3):
            met = meet(one)
            assert own.name in met.trouble
            assert met.trouble.endswith("your other devices hear nothing of what is new here.")
            assert count(one, tables.review) == card
            rate(one, 3) if card == 2 else rate(other, 3)
    if kind != "full":
        own.rmdir()
        aside.rename(own)
    assert not meet(one).trouble
    lines = [it.line for it in line.read(own) if it.line is not None and it.line.kind == "review"]
    assert len({it.uid for it in lines}) == 2
    meet(other)
    meet(one)
    assert count(one, tables.review) == 4
    assert_equal(one, other)


def full(handle: int, text: bytes) -> int:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_line_ends_that_a_tool_has_changed_are_no_fault(world: World) -> None:
    one, other = world.devices
    rate(one)
    meet(one)
    path = own_file(one)
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    meet(other)
    assert count(other, tables.review) == 1
    assert not any(who.torn for who in overview(other.desk).devices)
    meet(one)
    assert meet(one).told == 0
    rate(one, 2)
    meet(one)
    meet(other)
    assert_equal(one, other)


def test_a_folder_that_is_not_there_is_one_sentence(world: World) -> None:
    one, _ = world.devices
    rate(one)
    one.folder.rename(one.folder.with_name("elsewhere"))
    with pytest.raises(StudyError, match="where your devices meet"):
        meet(one)
    one.folder.with_name("elsewhere").rename(one.folder)
    assert meet(one).told > 0


def test_after_going_back_the_folder_brings_again_what_was_done_since(
    world: World, tmp_path: Path
) -> None:
    from studyapp.store import backup, restore

    one, other = world.devices
    rate(one)
    meet(one)
    database = one.home / "study.db"
    with one.at_home():
        kept = backup.make(database, backup.folder_of(database), "asked", one.clock())
    rate(one, 2)
    meet(one)
    with one.at_home():
        restore.restore(database, kept.path, one.clock.forward(minutes=1))
    assert count(one, tables.review) == 1
    rate(one, 3)
    meet(one)
    assert count(one, tables.review) == 3
    meet(other)
    assert_equal(one, other)
    assert len(overview(one.desk).devices) == 3


@pytest.mark.parametrize("had_met", [True, False])
def test_a_copied_database_becomes_a_device_of_its_own(
    world: World, tmp_path: Path, had_met: bool
) -> None:
    one, other = world.devices
    rate(one)
    if had_met:
        meet(one)
    one.engine.dispose()
    home = tmp_path / "copy"
    home.mkdir()
    shutil.copy(one.home / "study.db", home)
    copied = device(home, one.clock)
    copied.folder, copied.desk = one.folder, replace(copied.desk, current=one.desk.current)
    for number, it in enumerate((one, copied)):
        rate(it, 2 + number)
        write(it, f"of {number}")
        meet(it)
    for it in (one, copied, other, one):
        rate(it, 4)
        meet(it)
    for it in (copied, other):
        meet(it)
    assert count(other, tables.review) == 7
    for it in (one, copied):
        assert_equal(it, other)
    assert set(text_of(one).split("\n\n")) == {"of 0", "of 1"}
    assert len({own_file(it) for it in world.devices} | {own_file(copied)}) == 3
    copied.engine.dispose()


def test_after_going_back_an_empty_folder_gets_all_there_is(world: World) -> None:
    from studyapp.store import backup, restore

    one, other = world.devices
    rate(one)
    write(one, "mine")
    meet(one)
    database = one.home / "study.db"
    with one.at_home():
        kept = backup.make(database, backup.folder_of(database), "asked", one.clock())
        restore.restore(database, kept.path, one.clock.forward(minutes=1))
    for path in one.folder.iterdir():
        path.unlink()
    meet(one)
    meet(other)
    assert_equal(one, other)
    assert text_of(other) == "mine"


def test_what_is_too_long_for_a_line_keeps_nothing_else_back(world: World) -> None:
    one, other = world.devices
    write(one, "x" * (line.LONGEST + 1))
    rate(one)
    meet(one)
    rate(one, 2)
    meet(one)
    meet(other)
    assert count(other, tables.review) == 2


def test_each_entry_is_its_learners(world: World) -> None:
    one, other = world.devices
    with one.desk.writing(for_all=True) as connection:
        anna = learners.make(connection, "Anna")
        review.answer(connection, 1, None, Rating.EASY, one.clock(), learner=anna)
    rate(one, 2)
    meet(one)
    with other.desk.writing(for_all=True) as connection:
        learners.make(connection, "Somebody else")
    meet(other)
    with reading(other.engine) as connection:
        whose = learners.find(connection, "anna")
        assert whose != anna
        assert read_memory(connection, 1, learner=whose).reviews == 1
        assert read_memory(connection, 1, learner=1).reviews == 0


def test_what_is_rated_while_the_others_are_folded_in_goes_into_the_file(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = world.devices
    rate(one)
    meet(one)
    real = exchange._Meeting.tell

    def tell(meeting: exchange._Meeting) -> None:
        """Between writing and folding in, another window rates."""
        real(meeting)
        if count(other, tables.review) == 0:
            rate(other, 2)

    monkeypatch.setattr(exchange._Meeting, "tell", tell)
    meet(other)
    meet(one)
    assert_equal(one, other)
    assert count(one, tables.review) == 2


def test_an_entry_that_makes_the_fold_raise_is_refused_alone(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = world.devices
    for card in (1, 2, 3):
        rate(one, card)
    meet(one)
    real = entry.Arrival.finish

    def finish(arrival: entry.Arrival) -> None:
        if 2 in arrival.cards:
            raise OverflowError
        real(arrival)

    monkeypatch.setattr(entry.Arrival, "finish", finish)
    meet(other)
    assert count(other, tables.review) == 2
    (who,) = [one for one in overview(other.desk).devices if not one.own]
    assert who.refused == 1


UID = "0123456789abcdef" * 2


def data(**other: Any) -> dict[str, Any]:
    """A review as it should be, but for some fields."""
    return {
        "device": UID,
        "at": "2026-11-20T07:00:00+00:00",
        "day": "2026-11-20",
        "epoch": 0,
        "stamp": "2026-11-20T07:00:00+00:00",
        "card": UID,
        "offset": 7200,
        "kind": "study",
        "rating": 3,
        "duration": 0,
        "variant": None,
        "arm": None,
    } | other


def event(kind: str, **other: Any) -> Line:
    fields = {k: v for k, v in data().items() if k not in ("rating", "duration", "variant", "arm")}
    plain = {"kind": kind, "target": None, "until": None, "payload": None}
    return Line("event", os.urandom(16), "me", fields | plain | other)


FIT = {
    "reviews": 300,
    "adopted": True,
    "until": "2026-11-20",
    "earlier": list(DEFAULT_WEIGHTS),
    "difference": [-0.01, None, None],
    "calibrations": [{"terms": [0.1, 1, 0], "covariance": [[0.1, 0, 0]] * 3, "outcomes": 200}],
}


TRIAL = {"form": "typing", "answer": "typed", "confidence": 0.8, "strata": [[[UID]]]}


def parameters(**other: Any) -> Line:
    fields = {name: data()[name] for name in ("device", "at", "day", "epoch", "stamp")}
    plain = {
        "weights": list(DEFAULT_WEIGHTS),
        "desired_retention": 0.9,
        "learning_steps": [600],
        "relearning_steps": [600],
        "maximum_interval": 100,
    }
    return Line("parameters", os.urandom(16), "me", fields | plain | other)


def a_version(key: Any, value: Any, **other: Any) -> Line:
    told = {"key": key, "value": value, "stamp": "2026-11-20T07:00:00+00:00", "replaces": []}
    return Line("version", os.urandom(16), "me", told | other)


def note(
    file: str,
    text: str = "## X {#x}\n\nY",
    folder: str = "mine",
    pack: str = "test",
    **other: Any,
) -> Line:
    value = {"file": file, "part": "1. Part", "chapter": 1, "title": "Chapter 1"}
    value |= {"kind": "questionnaire", "line": 1, "text": text} | other
    return a_version(json.dumps(["note", folder, pack, "x", "text"], separators=(",", ":")), value)


REFUSED = [
    Line("review", os.urandom(16), "me", data(rating=5)),
    Line("review", os.urandom(16), "me", data(rating=True)),
    Line("review", os.urandom(16), "me", data(rating=10**30)),
    Line("review", os.urandom(16), "me", data(at="2026-11-20T07:00:00")),
    Line("review", os.urandom(16), "me", data(at="9999-12-31T23:59:59-23:59")),
    Line("review", os.urandom(16), "me", data(day="0001-01-01")),
    Line("review", os.urandom(16), "me", data(card="../../x")),
    Line("review", os.urandom(16), "me", data(variant="\0")),
    Line("review", os.urandom(16), "me", data(variant="\ud800")),
    Line("review", os.urandom(16), "me", data(variant="\x1b]0;x\x07")),
    Line("review", os.urandom(16), "me", data(arm="x" * 1000)),
    Line("review", os.urandom(16), "me", data(more=1)),
    Line("review", os.urandom(16), "me", []),
    Line("review", os.urandom(16), "\x1b[31m", data()),
    event("retract"),
    event("import", payload={"state": 2}),
    event("import", payload=[]),
    event("redate", card=None, payload={"x": ["2026-11-20", 1]}),
    event("caught up", card=None, payload={UID: [0]}),
    event("pause", card=None, payload={"pack": "\x1b]0;x\x07", "chapter": 1}),
    event("suspend", card=None),
    event("trial", card=None, payload=TRIAL | {"strata": [[[UID], [UID]]]}),  # dealt twice
    event("trial", card=None, payload=TRIAL | {"strata": [[[UID], []]]}),
    event("trial", card=None, payload=TRIAL | {"confidence": 2}),
    event("out of the trial", payload={}),
    parameters(weights=[1e300] * 21),
    parameters(fit={}),
    parameters(fit={**FIT, "earlier": ["x"] * 21}),
    parameters(fit={**FIT, "more": 1}),
    a_version('["section","test",1,"1.1","familiarity"]', 11),
    a_version('["section","test",1,"1.1","text"]', None),
    a_version('["section"]', "x"),
    a_version("[" * 3000, "x"),
    a_version('["response","x","y","text"]', "x"),
    a_version('["section","test",1,"1.1","text"]', "x", replaces=["x"]),
    note("../../../escaped.md"),
    note("/escaped.md"),
    note("a\\..\\escaped.md"),
    note(".hidden.md"),
    note("con.md"),
    note("x.py"),
    note("a/b/c/d/e.md"),
    note("chapter-1-questions.md/x.md"),
    note("x.md", folder=".."),
    note("x.md", text="no heading"),
    note("x.md", text="## X {#x}\n\nY\n\n## Z {#z}\n\nA second one."),
    note("x.md", text="## X {#other}\n\nY"),
    note("x.md", chapter=0),
    note("x.md", title="a\nkind: reading"),
    note("x.md", pack="a\nkind: reading"),
    note("x.md", pack="a: b # c"),
]


def test_what_no_studyapp_writes_is_refused_and_told(world: World) -> None:
    one, other = world.devices
    rate(one)
    meet(one)
    good = own_file(one).read_bytes()
    hostile = world.devices[0].folder / line.name_of(os.urandom(16))
    mine = [line.written(one) for one in REFUSED]
    broken = [
        b"{}\n",
        b"\xff\xfe\n",
        b'{"v":1,"sum":"0123456789abcdef"}\n',
        b"[" * 100_000 + b"\n",
    ]
    hostile.write_bytes(b"".join([*mine, *broken]) + good)
    (world.devices[0].folder / "notes.txt").write_text("somebody else's")
    before = {path for path in other.home.rglob("*") if "meeting" not in path.parts}
    meet(other)
    (who,) = [one for one in overview(other.desk).devices if one.refused]
    assert (who.refused, who.torn) == (len(REFUSED), len(broken))
    assert count(other, tables.review) == 1
    after = {path for path in other.home.rglob("*") if "meeting" not in path.parts}
    assert {path.name for path in after - before} <= {".study.db.devices"}
    assert not list(other.home.parent.rglob("escaped*"))


def test_versions_that_replace_each_other_change_nothing(world: World) -> None:
    one, _ = world.devices
    write(one, "mine")
    meet(one)
    with reading(one.engine) as connection:
        learner = learners.name_of(connection, learner=1)
        (uid,) = connection.scalars(
            select(tables.version.c.uid).where(tables.version.c.key.contains("text"))
        )
    key = '["section","test",1,"1.1","text"]'
    made = [replace(a_version(key, text), learner=learner) for text in ("x", "y", "z")]
    first, second, third = (it.uid for it in made)
    told = ([uid, first], [third], [second])
    lines = [
        replace(it, data={**it.data, "replaces": [one.hex() for one in gone]})
        for it, gone in zip(made, told, strict=True)
    ]
    (one.folder / line.name_of(os.urandom(16))).write_bytes(b"".join(map(line.written, lines)))
    for _ in range(2):
        meet(one)
    assert text_of(one) == "mine"
    write(one, "mine again")
    meet(one)
    assert text_of(one) == "mine again"


def test_a_link_in_the_folder_is_not_followed(world: World, tmp_path: Path) -> None:
    one, other = world.devices
    rate(one)
    meet(one)
    aside = tmp_path / "aside.jsonl"
    own_file(one).rename(aside)
    own_file(one).symlink_to(aside)
    assert meet(other).heard == 0
    before = aside.read_bytes()
    rate(one, 2)
    assert "is no file of this device" in meet(one).trouble
    assert aside.read_bytes() == before


def test_a_note_that_cannot_be_written_waits_alone_and_its_file_is_named(world: World) -> None:
    one, _ = world.devices
    meet(one)
    with reading(one.engine) as connection:
        learner = learners.name_of(connection, learner=1)
    one.mine.mkdir(parents=True, exist_ok=True)
    in_the_way, binary = one.mine / "taken", one.mine / "binary.md"
    in_the_way.write_text("A file.")
    binary.write_bytes(b"\xff\xfe\xff")
    long = "\u65e5" * 90 + ".md"  # 270 bytes
    files = {"a": "taken/a.md", "b": long, "c": "binary.md", "d": "good.md"}
    lines = [
        a_version(
            json.dumps(["note", "mine", "test", name, "text"], separators=(",", ":")),
            {**note(file).data["value"], "text": f"## X {{#{name}}}\n\nY"},
        )
        for name, file in files.items()
    ]
    lines.append(a_version('["section","test",1,"1.1","text"]', "comes in"))
    told = b"".join(line.written(replace(it, learner=learner)) for it in lines)
    (one.folder / line.name_of(os.urandom(16))).write_bytes(told)
    meet(one)
    assert text_of(one) == "comes in"
    assert "{#d}" in (one.mine / "good.md").read_text()
    assert (binary.read_bytes(), (one.mine / "binary-2.md").exists()) == (b"\xff\xfe\xff", True)
    with one.at_home() as desk:
        found = overview(desk).in_the_way
    assert found == {
        one.mine / "taken" / "a.md": "Not a directory",
        one.mine / long: "File name too long",
    }
    in_the_way.unlink()
    meet(one)
    assert "{#a}" in (one.mine / "taken" / "a.md").read_text()


@pytest.mark.parametrize("end", [".sync-conflict-20261120-080000-ABCDEFG", " (conflicted copy 1)"])
def test_a_copy_of_a_conflict_is_read_and_may_be_removed(world: World, end: str) -> None:
    one, other = world.devices
    rate(one)
    meet(one)
    path = own_file(one)
    rate(one, 2)
    meet(one)
    copy = path.with_name(f"{path.stem}{end}.jsonl")
    whole = path.read_bytes()
    copy.write_bytes(whole)
    path.write_bytes(whole[: whole.index(b'"review"')].rpartition(b"\n")[0] + b"\n")
    meet(other)
    assert count(other, tables.review) == 2
    assert copy.name in [it.name for it in overview(other.desk).devices]
    meet(one)  # which relies on no copy
    assert path.read_bytes().count(b'"review"') == 2
    copy.unlink()
    meet(other)
    assert len(overview(other.desk).devices) == 2


def test_a_file_that_is_older_than_what_was_read_is_told(world: World) -> None:
    one, other = world.devices
    rate(one)
    meet(one)
    former = own_file(one).read_bytes()
    rate(one, 2)
    meet(one)
    for content, is_older in ((own_file(one).read_bytes(), False), (former, True)):
        own_file(one).write_bytes(content)
        meet(other)
        (who,) = [it for it in overview(other.desk).devices if not it.own]
        assert who.older is is_older
    assert "older than what was read" in " ".join(who.problems())
    meet(one)
    meet(other)
    assert not any(it.older for it in overview(other.desk).devices)


def test_notes_say_what_they_come_to_whoever_asks() -> None:
    key = ("note", "mine", "test", "x", "text")
    place = {"file": "x.md", "part": "P", "chapter": 1, "title": "T"}
    place |= {"kind": "questionnaire", "line": 1}
    new, old = "## X {#x}\n\nNew.\n\n- [ ] a", "## X {#x}\n\nOld.\n\n- [ ] b\n\n<!-- tags: t -->"
    told = notes.come_to(key, [{**place, "text": new}, {**place, "text": old}])["text"]
    assert told == f"{new}\n\n> X\n>\n> Old.\n>\n> - b"
    again = notes.come_to(key, [{**place, "text": told}, {**place, "text": old}])["text"]
    assert again == told
    gone = notes.come_to(key, [{**place, "text": None}, {**place, "text": old}])["text"]
    assert gone == old


def test_clocks_that_are_a_year_apart_change_no_order_on_a_device(world: World) -> None:
    one, other = world.devices
    other.clock.forward(days=365)
    rate(other)
    rate(other, rating=Rating.AGAIN)
    other.clock.forward(days=-365)
    meet(other)
    rate(one, 2)
    meet(one)
    rate(one)
    meet(one)
    meet(other)
    assert_equal(one, other)
    with reading(one.engine) as connection:
        assert read_memory(connection, 1, learner=1).reviews == 3
