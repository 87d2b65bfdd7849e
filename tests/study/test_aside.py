"""What is out of the way is in one list, and comes back from it."""

from __future__ import annotations

import random
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, delete, select

from studyapp.config import Settings
from studyapp.errors import StudyError
from studyapp.memory.clock import study_day
from studyapp.memory.state import Rating
from studyapp.store import sync, tables
from studyapp.store.engine import reading, writing
from studyapp.store.memory import read_memory, refold_all
from studyapp.study import aside, library, review
from studyapp.study.aside import Why
from studyapp.study.plan import DUE
from studyapp.study.sitting import Sitting
from studyapp.study.undo import undo
from tests_support import Clock, desk_of, question, questionnaire


def listed(engine: Engine, clock: Clock, learner: int = 1) -> dict[str, tuple[Why, ...]]:
    with reading(engine) as connection:
        found = aside.read(connection, clock(), leech_lapses=8, learner=learner)
    return {one.prompt: one.why for one in found}


def take_back(engine: Engine, clock: Clock) -> str | None:
    with writing(engine) as connection:
        undone = undo(connection, clock.forward(seconds=1), learner=1)
    return undone and undone.what


def prompt(sitting: Sitting) -> str:
    assert sitting.view is not None
    return sitting.view.note.prompt


def test_what_is_set_aside_is_listed_by_its_reason(engine: Engine, clock: Clock) -> None:
    sitting = Sitting(desk_of(engine, clock, Settings()))
    expected = dict[str, tuple[Why, ...]]()
    for act, why in ((sitting.bury, Why.BURIED), (sitting.suspend, Why.SUSPENDED)):
        expected[prompt(sitting)] = (why,)
        act()
    for _ in range(6):  # Again without graduating
        slipping = sitting.view
        assert slipping is not None
        with writing(engine) as connection:
            last = read_memory(connection, slipping.id, learner=1).last_review
            now = clock.forward(minutes=11)
            review.answer(connection, slipping.id, last, Rating.AGAIN, now, learner=1)
    expected[slipping.note.prompt] = (Why.LEECH,)
    sitting.refresh()
    sitting.undo()  # the sixth Again
    assert list(listed(engine, clock).values()) == [(Why.SUSPENDED,), (Why.BURIED,)]
    sitting.rate(Rating.AGAIN)
    assert listed(engine, clock) == expected
    assert list(listed(engine, clock).values()) == [(Why.SUSPENDED,), (Why.BURIED,), (Why.LEECH,)]
    clock.forward(days=1)
    assert Why.BURIED not in {one for why in listed(engine, clock).values() for one in why}
    assert not listed(engine, clock, learner=2)


def test_a_card_comes_back_from_the_list_and_that_is_taken_back(
    engine: Engine, clock: Clock
) -> None:
    sitting = Sitting(desk_of(engine, clock, Settings()))
    assert sitting.view is not None
    card, asked = sitting.view.id, prompt(sitting)
    sitting.bury()
    clock.forward(seconds=1)
    with writing(engine) as connection:
        review.suspend(connection, card, clock(), learner=1)
    assert listed(engine, clock) == {asked: (Why.SUSPENDED, Why.BURIED)}
    clock.forward(seconds=1)
    with writing(engine) as connection:
        assert review.bring_back(connection, card, clock(), learner=1) == 2
    assert not listed(engine, clock)
    assert prompt(Sitting(desk_of(engine, clock))) == asked
    assert [take_back(engine, clock) for _ in range(2)] == ["bringing back"] * 2
    assert listed(engine, clock) == {asked: (Why.SUSPENDED, Why.BURIED)}
    with writing(engine) as connection:
        connection.execute(delete(tables.memory))
        refold_all(connection, connection.scalars(select(tables.card.c.id)).all(), learner=1)
    assert listed(engine, clock) == {asked: (Why.SUSPENDED, Why.BURIED)}


def test_undoing_what_brought_a_card_back_shows_another_one(engine: Engine, clock: Clock) -> None:
    sitting = Sitting(desk_of(engine, clock))
    assert sitting.view is not None
    card, asked = sitting.view.id, prompt(sitting)
    sitting.suspend()
    clock.forward(seconds=1)
    with writing(engine) as connection:
        review.bring_back(connection, card, clock(), learner=1)
    clock.forward(seconds=1)
    sitting.refresh()
    assert prompt(sitting) == asked
    sitting.undo()
    assert prompt(sitting) != asked


def test_a_mark_is_put_on_and_off_and_changes_nothing_of_the_card(
    engine: Engine, clock: Clock
) -> None:
    sitting = Sitting(desk_of(engine, clock))
    asked, before = prompt(sitting), sitting.options()
    assert sitting.mark()
    assert listed(engine, clock) == {asked: (Why.MARKED,)}
    assert (prompt(sitting), sitting.options()) == (asked, before)
    clock.forward(seconds=1)
    assert not sitting.mark()
    assert not listed(engine, clock)
    assert take_back(engine, clock) == "marking no longer"
    assert listed(engine, clock) == {asked: (Why.MARKED,)}
    sitting.rate(Rating.GOOD)  # the promise on the button holds, marked or not
    clock.forward(seconds=1)
    other = prompt(sitting)
    assert sitting.undo().rating is Rating.GOOD  # type: ignore[union-attr]
    assert sitting.undo().mark  # type: ignore[union-attr]
    assert prompt(sitting) == asked != other
    assert not listed(engine, clock)


def test_the_tally_is_in_words(engine: Engine, clock: Clock) -> None:
    sitting = Sitting(desk_of(engine, clock))
    sitting.mark()
    sitting.bury()
    sitting.bury()
    with reading(engine) as connection:
        found = aside.read(connection, clock(), leech_lapses=8, learner=1)
    assert aside.tally(found) == "2 cards: 1 to mend, 2 buried"
    assert aside.tally(found[:1]) == "1 card: to mend, buried"
    assert aside.tally([]) == ""
    assert [one.told(clock(), {}) for one in found] == ["to mend, buried, new", "buried, new"]


def test_a_card_that_does_not_come_today_says_what_it_waits_for(
    engine: Engine, content: Path, clock: Clock
) -> None:
    twins = ("f0", "f1")
    (content / "1" / "family.md").write_text(
        questionnaire(*(question(name, family="twins") for name in twins))
    )
    with writing(engine) as connection:
        sync.sync(connection, [content], clock())
        rows = connection.execute(select(tables.note.c.name, tables.card.c.id).join(tables.card))
        cards = {name: card for name, card in rows if name in (*twins, "q00", "q01")}
        for card in cards.values():
            review.mark(connection, card, clock(), learner=1)
            now = clock.forward(minutes=1)
            review.answer(connection, card, None, Rating.GOOD, now, learner=1)
        now = clock.forward(days=9)
        review.bury(connection, cards["q01"], now, learner=1)

    def told(minutes: int) -> dict[str, str]:
        settings = Settings(minutes_a_day=minutes)
        with reading(engine) as connection:
            found = aside.read(connection, now, leech_lapses=8, learner=1)
            due = [(one.card, one.memory) for one in found]
            held = aside.held(connection, due, now, settings, learner=1)
        names = {card: name for name, card in cards.items()}
        return {names[one.card]: one.told(now, held) for one in found}

    came, waits = "to mend, due now", "to mend, waits for a card like it"
    assert told(20) == {"f0": came, "f1": waits, "q00": came, "q01": "to mend, buried"}
    with writing(engine) as connection:
        last = read_memory(connection, cards["f0"], learner=1).last_review
        now, took = clock.forward(minutes=2), timedelta(minutes=2)
        review.answer(connection, cards["f0"], last, Rating.GOOD, now, duration=took, learner=1)
    assert told(1)["f1"] == waits
    assert told(1)["q00"] == "to mend, waits for time"


@pytest.mark.usefixtures("only_pack")
def test_an_edit_that_could_not_be_kept_is_listed_until_it_is(engine: Engine, clock: Clock) -> None:
    desk = desk_of(engine, clock)
    view = Sitting(desk).view
    assert view is not None
    path, _ = library.editable(desk, view)
    text = path.read_text()
    path.write_text("This is no note any more.\n")
    with pytest.raises(StudyError, match="no longer the one note"):
        library.edited(desk, view)
    assert listed(engine, clock) == {view.note.prompt: (Why.DRAFT,)}
    assert not listed(engine, clock, learner=2)
    assert library.editable(desk, view)[0] == path  # one goes on with it
    path.write_text(text)
    library.edited(desk, view)
    assert not listed(engine, clock)
    assert prompt(Sitting(desk)) == view.note.prompt  # it is there as before


@pytest.mark.usefixtures("only_pack")
def test_a_sitting_sees_what_another_page_has_done_to_its_card(
    engine: Engine, clock: Clock
) -> None:
    desk = desk_of(engine, clock)
    sitting = Sitting(desk)
    view = sitting.view
    assert view is not None
    assert not sitting.look_again()
    path, _ = library.editable(desk, view)
    path.write_text(path.read_text().replace("Meaning number 0", "Another meaning"))
    library.edited(desk, view)  # to a copy, with a card of its own
    assert sitting.look_again()
    assert sitting.view is not None
    assert (sitting.view.uid, sitting.view.id == view.id) == (view.uid, False)
    assert "Another meaning" in sitting.view.face.back
    with writing(engine) as connection:
        review.bury(connection, sitting.view.id, clock(), learner=1)
    assert sitting.look_again()
    assert sitting.view is not None
    assert sitting.view.uid != view.uid


@pytest.mark.parametrize("seed", range(3))
def test_what_is_set_aside_is_in_the_list_and_in_no_queue(
    engine: Engine, clock: Clock, seed: int
) -> None:
    chance = random.Random(seed)
    settings = Settings(new_a_day=99, minutes_a_day=999)
    acts = (review.suspend, review.bury, review.bring_back, review.mark, undo)
    with reading(engine) as connection:
        cards = connection.scalars(select(tables.card.c.id).order_by(tables.card.c.uid)).all()[:6]
    for _ in range(40):
        act, now = chance.choice(acts), clock.forward(minutes=1)
        with writing(engine) as connection:
            if act is undo:
                undo(connection, now, learner=1)
            else:
                act(connection, chance.choice(cards), now, learner=1)
        if chance.random() < 0.1:
            clock.forward(days=1)
        with reading(engine) as connection:
            found = aside.read(connection, clock(), leech_lapses=8, learner=1)
            marks = aside.marked(connection, learner=1)
            memories = {one: read_memory(connection, one, learner=1) for one in cards}
            queue = DUE.load(connection, clock(), settings, more=0, learner=1)
        out = {one.card for one in found if {Why.SUSPENDED, Why.BURIED} & {*one.why}}
        today = study_day(clock())
        assert out == {
            one
            for one, memory in memories.items()
            if memory.suspended or (memory.buried_until and memory.buried_until > today)
        }
        assert {one.card for one in found} == out | marks
        asked = set[int]()
        while (item := queue.next(clock())) is not None:
            asked.add(item.card)
            queue.drop(item.card)
        assert not asked & out
        assert asked
