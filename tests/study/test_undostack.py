"""What is taken back of files and of the log, in one order, whatever other windows do meanwhile."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import Engine, insert, select

from studyapp.memory.fold import EventKind
from studyapp.memory.state import Memory
from studyapp.store import log, tables
from studyapp.store.memory import read_memory
from studyapp.study import library, removal, review, rewriting, selection, split, tagging
from studyapp.study.card import load
from studyapp.study.desk import Desk
from studyapp.study.grading import Grade
from studyapp.study.questionnaire.attempt import Attempt
from studyapp.study.rewriting import Rewriting
from studyapp.study.undo import uid_of_newest, undo
from studyapp.study.undostack import UndoStack
from tests_support import Clock, chapter_of, desk_of, question, questionnaire

NAMES = ("one", "two", "three", "four", "five")


@pytest.fixture
def desk(engine: Engine, clock: Clock, only_pack: Path) -> Desk:
    """With five own notes in a file."""
    path().parent.mkdir(parents=True)
    path().write_text(questionnaire(*map(question, NAMES), pack="mine"))
    desk = desk_of(engine, clock)
    library.refresh(desk)
    return desk


def path() -> Path:
    return library.own_packs() / "mine" / "a.md"


def there() -> set[str]:
    said = path().read_text() if path().exists() else ""
    return {name for name in NAMES if f"{{#{name}}}" in said}


def card_of(desk: Desk, name: str) -> int:
    note, card = tables.note.c, tables.card.c
    with desk.reading() as connection:
        found = select(card.id).join(tables.note, note.id == card.note_id).where(note.name == name)
        return connection.scalars(found).one()


def known(desk: Desk, name: str) -> Memory:
    card = card_of(desk, name)
    with desk.reading() as connection:
        return read_memory(connection, card, learner=1)


def log_of(desk: Desk, deed: Callable[..., object], name: str = "one") -> None:
    """Do this to a card, in whichever window."""
    card = card_of(desk, name)
    with desk.writing() as connection:
        deed(connection, [card], desk.now(), learner=1)


suspend, mark = partial(log_of, deed=selection.suspend), partial(log_of, deed=selection.mark)


def rewrite(desk: Desk, deed: Callable[..., Rewriting], name: str) -> Rewriting:
    with desk.reading() as connection:
        note = tables.note.c
        found = connection.scalars(select(note.id).where(note.name == name)).all()
    return deed(desk, found)


delete = partial(rewrite, deed=removal.remove)
tag = partial(rewrite, deed=partial(tagging.tag, change=tagging.parse("exam")))


def in_window(stack: UndoStack, done: Rewriting, what: str = "the deletion") -> None:
    stack.add(partial(rewriting.put_back, done=done, what=what), done)


def take_back(desk: Desk, stack: UndoStack) -> str:
    """What `u` does in the window of this stack."""
    if (last := stack.next()) is not None:
        told = last.take_back(desk)
        stack.drop(last)
        return told
    with desk.writing() as connection:
        undone = undo(connection, desk.now(), learner=1)
    return f"Undone: {undone.what}." if undone else "There is nothing to undo."


def as_before(desk: Desk, after: bytes | None) -> None:
    """Have the only record as a program of before has kept it."""
    (record,) = path().parents[1].with_name(".packs.undo").glob("*.json")
    said = json.loads(record.read_bytes())
    del said["moment"]
    record.with_name("000000001.json").write_text(
        json.dumps(said | {"after": after and after.hex()})
    )
    record.unlink()


def newest(desk: Desk) -> bytes:
    event = tables.event.c
    with desk.reading() as connection:
        return connection.scalars(select(event.uid).order_by(event.id.desc())).first() or b""


@pytest.mark.parametrize("kept", ["window", "later", "before"])
@pytest.mark.parametrize(("deed", "what"), [(delete, "the deletion"), (tag, "the tags")])
def test_it_is_next_though_what_was_the_newest_before_it_is_taken_back(
    desk: Desk, kept: str, deed: Callable[..., Rewriting], what: str, clock: Clock
) -> None:
    """In the window where it was done, in another session, and as a program of before kept it."""
    before, stack = path().read_text(), UndoStack(desk)
    mark(desk, name="two")
    clock.forward(minutes=1)
    suspend(desk)
    uid = newest(desk)
    done = deed(desk, name="four")
    other = UndoStack(desk)
    if kept == "window":
        in_window(stack, done, what)
    elif kept == "before":
        as_before(desk, uid)
    clock.forward(minutes=1)
    with desk.writing() as connection:
        undo(connection, clock(), learner=1)
    assert not known(desk, "one").suspended
    here = stack if kept == "window" else UndoStack(desk)
    assert take_back(desk, here) == f"Undone: {what}."
    assert path().read_text() == before
    for one in (here, other):  # it is gone there, too
        assert one.next() is None
    assert take_back(desk, here) == "Undone: marking to be mended later."
    assert take_back(desk, here) == "There is nothing to undo."


@pytest.mark.parametrize("kept", ["window", "before"])
def test_what_was_done_since_is_taken_back_first_though_the_clock_stands_still(
    desk: Desk, kept: str
) -> None:
    """And though it was nothing that counts that was in the log before."""
    stack = UndoStack(desk)
    done = delete(desk, name="four")
    if kept == "before":
        as_before(desk, None)
        stack = UndoStack(desk)
    else:
        in_window(stack, done)
    suspend(desk)
    assert take_back(desk, stack) == "Undone: suspending."
    assert take_back(desk, stack) == "Undone: the deletion."


def test_each_of_several_comes_in_its_turn_whatever_is_taken_back_between(
    desk: Desk, clock: Clock
) -> None:
    stack = UndoStack(desk)
    for name in NAMES[:3]:
        suspend(desk, name=name)
        in_window(stack, delete(desk, name=name))
        if name == "two":  # another window takes that back, and the mark at its instant stays
            mark(desk, name="five")
            with desk.writing() as connection:
                log.retract(connection, card_of(desk, "two"), _suspended(desk), clock(), learner=1)
    assert [take_back(desk, stack) for _ in range(7)] == [
        "Undone: the deletion.",
        "Undone: suspending.",
        "Undone: marking to be mended later.",
        "Undone: the deletion.",
        "Undone: the deletion.",
        "Undone: suspending.",
        "There is nothing to undo.",
    ]
    assert there() == set(NAMES)


def _suspended(desk: Desk) -> bytes:
    event = tables.event.c
    mine = (event.card_id == card_of(desk, "two"), event.kind == EventKind.SUSPEND.value)
    with desk.reading() as connection:
        return connection.scalars(select(event.uid).where(*mine)).one()


@pytest.mark.parametrize("back", [timedelta(minutes=5), timedelta(hours=3)])
def test_a_clock_that_was_set_back_since_changes_no_order(
    desk: Desk, clock: Clock, back: timedelta
) -> None:
    suspend(desk)
    clock.forward(hours=4)
    stack = UndoStack(desk)
    in_window(stack, delete(desk, name="four"))
    clock.now -= back
    mark(desk, name="two")
    for one in (stack, UndoStack(desk)):
        assert one.next() is None
    told = ["marking to be mended later", "the deletion", "suspending"]
    assert [take_back(desk, stack) for _ in told] == [f"Undone: {one}." for one in told]


@pytest.mark.parametrize(("hours", "is_next"), [(-3, True), (-1, False)])
def test_what_another_device_did_has_its_place_by_when_it_was_done(
    desk: Desk, clock: Clock, hours: int, is_next: bool
) -> None:
    """Though it comes here later than the deletion; what was known before it was before it."""
    _elsewhere(desk, clock, hours=6, uid=b"k" * 16)
    stack = UndoStack(desk)
    in_window(stack, delete(desk, name="four"))
    assert stack.next() is not None
    clock.forward(hours=2)
    _elsewhere(desk, clock, hours=hours, uid=b"n" * 16)
    with desk.writing() as connection:
        card = card_of(desk, "one")
        log.retract(connection, card, b"k" * 16, clock(), learner=1)
    assert (stack.next() is not None) is is_next
    assert (UndoStack(desk).next() is not None) is is_next


def _elsewhere(desk: Desk, clock: Clock, *, hours: int, uid: bytes) -> None:
    """Another device has suspended a card."""
    at, card = log.utc(clock() + timedelta(hours=hours)), card_of(desk, "one")
    with desk.writing() as connection:
        device = connection.scalar(
            insert(tables.device)
            .values(uid=uuid4().bytes, name="other", made_at=at, own=False)
            .returning(tables.device.c.id)
        )
        connection.execute(
            insert(tables.event).values(
                uid=uid,
                learner_id=1,
                card_id=card,
                kind=EventKind.SUSPEND.value,
                device_id=device,
                epoch=0,
                stamp=at,
                at=at,
                offset=0,
                day=at.date(),
            )
        )


def test_a_grade_that_was_the_newest_and_is_taken_back_loses_nothing(
    desk: Desk, clock: Clock
) -> None:
    """Its answer has no place in the log any more."""
    mark(desk, name="two")
    clock.forward(minutes=1)
    attempt = Attempt(desk, chapter_of(desk.engine, "test:1"))
    attempt.write("So.")
    attempt.grade(Grade.GOT)
    with desk.reading() as connection:
        graded = uid_of_newest(connection, learner=1)
    delete(desk, name="four")
    as_before(desk, graded)
    for _ in range(2):
        assert UndoStack(desk).next() is not None
        attempt.undo()
    assert UndoStack(desk).next() is not None


def test_what_another_window_does_is_taken_back_here_in_its_turn(desk: Desk) -> None:
    """And is told of once: what it has taken back itself is not there."""
    one, other = UndoStack(desk), UndoStack(desk)
    suspend(desk)
    in_window(one, delete(desk, name="four"))
    suspend(desk, name="two")
    assert take_back(desk, other) == "Undone: suspending."
    in_window(other, delete(desk, name="five"))
    assert take_back(desk, one) == "Undone: the deletion."  # of the other one
    assert "four" not in there() >= {"five"}
    assert take_back(desk, other) == "Undone: the deletion."
    assert there() == set(NAMES)
    for stack in (one, other):
        assert stack.next() is None
    in_window(one, delete(desk, name="three"))  # whose record is not taken for the first one's
    assert take_back(desk, other) == "Undone: the deletion."
    assert there() == set(NAMES)


def test_a_page_knows_what_was_done_since_it_was_opened(desk: Desk) -> None:
    """At whichever instant, and not because another window takes something older back."""
    suspend(desk)
    stack = UndoStack(desk)
    in_window(stack, delete(desk, name="four"))
    opened = stack.sight()
    assert (stack.has(), stack.has(opened)) == (True, False)
    mark(desk, name="two")
    assert stack.has(opened)
    take_back(desk, stack)
    assert not stack.has(opened)
    in_window(stack, delete(desk, name="five"))
    assert stack.has(opened)
    for _ in range(2):
        take_back(desk, stack)
    assert (stack.has(), stack.has(opened)) == (True, False)
    take_back(desk, stack)
    assert (stack.has(), stack.has(opened)) == (False, False)


def test_a_split_takes_back_its_own_suspension_and_nothing_else(desk: Desk) -> None:
    mark(desk, name="two")
    with desk.reading() as connection:
        view = load(connection, card_of(desk, "one"), learner=1)
    text = split.named(desk, "## One? \n\nSo.\n\n## Two?\n\nSo.")
    for elsewhere in (False, True):
        made = split.save(desk, view, text)
        with desk.writing() as connection:
            if elsewhere:  # another window takes it back
                undo(connection, desk.now(), learner=1)
            else:
                review.mark(connection, card_of(desk, "three"), desk.now(), learner=1)
        assert split.take_back(desk, made) == "Undone: the split. Its text is a draft again."
        with desk.writing() as connection:
            undone = undo(connection, desk.now(), learner=1)
        assert not known(desk, "one").suspended
        assert undone is not None
        assert undone.what == "marking to be mended later"
