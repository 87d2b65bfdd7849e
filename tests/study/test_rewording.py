"""Which notes an upgrade has changed for a learner, who is told once."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, insert, select

from studyapp.memory.state import Rating
from studyapp.notes.note import card_uid, note_uid
from studyapp.store import sync, tables
from studyapp.store.engine import reading, writing
from studyapp.study import review, rewording
from tests_support import Clock, questionnaire


def card_of(connection: Connection, name: str) -> int:
    """The id of a question's card."""
    uid = card_uid(note_uid("test", name), "answer").bytes
    return connection.scalars(select(tables.card.c.id).where(tables.card.c.uid == uid)).one()


def meet(engine: Engine, clock: Clock, *names: str, learner: int = 1) -> None:
    """Rate the card of each of these notes."""
    with writing(engine) as connection:
        for name in names:
            card = card_of(connection, name)
            review.answer(connection, card, None, Rating.GOOD, clock(), learner=learner)


def edit(content: Path, old: str, new: str) -> None:
    path = content / "1" / "questionnaire.md"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def read(engine: Engine, clock: Clock, content: Path, *own: Path) -> None:
    with writing(engine) as connection:
        sync.sync(connection, [content], clock(), own=own, whose=1)


def untold(engine: Engine, learner: int = 1) -> list[str]:
    with reading(engine) as connection:
        return [one.prompt for one in rewording.untold(connection, learner=learner)]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("What is q00?", "What was q00?", True),
        ("It is q00.", "It may be q00, and more.", True),
        ("It is q00.", "```python\nprint('q00')\n```", True),
        ("first of q00", "the first of all q00", True),
        ("extra: second of q00", "second of q00", False),  # the same words
        ("It is q00.", "It  is Q00!", False),
        ("first of q00", "frist of q00", False),  # a slip of the pen
        ("section: 1.1", "section: 1.1, tags: new", False),
        ("What is q01?", "What was q01?", False),  # not met
        ("What is q02?", "What was q02?", False),  # new still, though suspended
    ],
)
def test_only_other_words_of_what_was_met_are_told(
    engine: Engine, content: Path, clock: Clock, old: str, new: str, told: bool
) -> None:
    meet(engine, clock, "q00")
    with writing(engine) as connection:
        review.suspend(connection, card_of(connection, "q02"), clock(), learner=1)
    edit(content, old, new)
    read(engine, clock, content)
    assert len(untold(engine)) == told


def test_each_learner_is_told_once_of_what_they_have_met(
    engine: Engine, content: Path, clock: Clock
) -> None:
    with writing(engine) as connection:
        anna = connection.execute(
            insert(tables.learner).values(name="Anna").returning(tables.learner.c.id)
        ).scalar_one()
    meet(engine, clock, "q03", "q00")
    meet(engine, clock, "q01", "q03", learner=anna)
    edit(content, "What is", "What was")
    read(engine, clock, content)
    assert untold(engine) == ["What was q00?", "What was q03?"]
    edit(content, "What was q00", "What may be q00")  # once more, before the learner has come
    read(engine, clock, content)
    with writing(engine) as connection:
        found = rewording.untold(connection, learner=1)
        rewording.tell(connection, found[:1], learner=1)
    assert found[0].place == "chapter 1 · Chapter 1"
    assert untold(engine) == ["What was q03?"]
    assert untold(engine, anna) == ["What was q01?", "What was q03?"]
    (content / "1" / "questionnaire.md").unlink()
    read(engine, clock, content)
    assert untold(engine) == untold(engine, anna) == []


def test_what_a_learner_has_edited_is_no_upgrade(
    engine: Engine, content: Path, clock: Clock, tmp_path: Path
) -> None:
    meet(engine, clock, "q00")
    mine = tmp_path / "mine"
    mine.mkdir()
    for answer in ("In my words.", "In my own and better words."):
        note = f"## What is q00? {{#q00}}\n\n{answer}\n\n- [ ] first of q00\n"
        (mine / "a.md").write_text(questionnaire(note))
        read(engine, clock, content, mine)
        assert untold(engine) == []
    edit(content, "It is q00.", "It may be q00, and more.")  # which their copy stands for
    read(engine, clock, content, mine)
    assert untold(engine) == []
