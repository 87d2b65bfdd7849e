"""Questions answered inside a section's text: a first review like any, and new cards of the day."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Engine, select, update

from studyapp.config import Settings
from studyapp.errors import AlreadyRatedError
from studyapp.memory.fold import ReviewKind
from studyapp.memory.state import Rating, State
from studyapp.store import tables
from studyapp.store.engine import reading, writing
from studyapp.store.memory import read_memory
from studyapp.study import library, prompt, queue, review, words
from studyapp.study.desk import Desk
from studyapp.study.prompt import Asked, Standing
from studyapp.study.sitting import Sitting
from studyapp.study.undo import undo
from tests_support import Clock, desk_of

NAMES = ("q03", "q07", "nothing", "t1")  # t1 has two cards


@pytest.fixture
def desk(engine: Engine, clock: Clock) -> Desk:
    return desk_of(engine, clock)


def standings(desk: Desk, names: tuple[str, ...] = NAMES) -> dict[str, Standing]:
    with reading(desk.engine) as connection:
        section = connection.scalars(select(tables.section.c.id)).first()
        assert section is not None
        return prompt.standings(connection, section, names, desk.now(), learner=desk.learner)


def ask(desk: Desk, name: str) -> Asked:
    with reading(desk.engine) as connection:
        one = standings(desk)[name].card
        return prompt.ask(connection, one, desk.now(), desk.settings, learner=desk.learner)


def rate(desk: Desk, name: str, rating: Rating = Rating.GOOD) -> review.Answered:
    return prompt.rate(desk, ask(desk, name), rating, timedelta(seconds=20))


def new_today(desk: Desk, settings: Settings) -> int:
    with reading(desk.engine) as connection:
        return queue.load(connection, desk.now(), settings, learner=1).counts().new


def test_notes_that_are_not_there_or_have_two_cards_are_left_out(desk: Desk) -> None:
    found = standings(desk)
    assert set(found) == {"q03", "q07"}
    assert all(one.new for one in found.values())


def test_a_rating_is_a_review_in_study_and_a_new_card_of_the_day(desk: Desk) -> None:
    settings = Settings(new_a_day=3)
    assert new_today(desk, settings) == 3
    answered = rate(desk, "q03")
    assert new_today(desk, settings) == 2
    assert not standings(desk)["q03"].new
    assert standings(desk)["q07"].new
    with reading(desk.engine) as connection:
        row = connection.execute(select(tables.review)).one()
        card = standings(desk)["q03"].card
        assert (row.card_id, row.kind, row.rating) == (card, ReviewKind.STUDY, Rating.GOOD)
        assert row.duration == 20_000
        assert read_memory(connection, card, learner=1) == answered.memory


@pytest.mark.parametrize("rating", Rating)
def test_each_button_gives_what_it_says(desk: Desk, clock: Clock, rating: Rating) -> None:
    promised = words.wait(ask(desk, "q03").options(clock())[rating], clock())
    assert words.wait(rate(desk, "q03", rating).memory, clock()) == promised


def test_its_step_comes_in_the_queue_though_its_chapter_is_not_started(
    engine: Engine, desk: Desk, clock: Clock
) -> None:
    with writing(engine) as connection:
        connection.execute(update(tables.chapter_progress).values(started_at=None))
    rate(desk, "q03", Rating.AGAIN)
    clock.forward(hours=1)
    with reading(engine) as connection:
        counts = queue.load(connection, clock(), Settings(), learner=1).counts()
    assert (counts.new, counts.learning, counts.review) == (0, 1, 0)


def test_undo_asks_again(desk: Desk) -> None:
    rate(desk, "q03")
    with desk.writing() as connection:
        undone = undo(connection, desk.now(), learner=1)
    assert undone is not None
    assert undone.card == standings(desk)["q03"].card
    assert standings(desk)["q03"].new


def test_what_is_set_aside_or_known_is_not_asked(desk: Desk, clock: Clock) -> None:
    cards = {name: one.card for name, one in standings(desk).items()}
    with desk.writing() as connection:
        review.suspend(connection, cards["q03"], clock(), learner=1)
        review.bury(connection, cards["q07"], clock(), learner=1)
    assert all(one.aside and not one.new for one in standings(desk).values())
    clock.forward(days=1)
    assert standings(desk)["q07"].new
    with desk.writing() as connection:
        review.know(connection, cards["q07"], clock(), learner=1)
    assert standings(desk)["q07"].met


def test_a_second_window_writes_nothing(desk: Desk) -> None:
    asked = ask(desk, "q03")
    rate(desk, "q03")
    with pytest.raises(AlreadyRatedError):
        prompt.rate(desk, asked, Rating.EASY, timedelta(0))
    with reading(desk.engine) as connection:
        assert len(connection.execute(select(tables.review)).all()) == 1


def test_a_copy_of_ones_own_stands_for_the_note(desk: Desk) -> None:
    asked = ask(desk, "q03")
    path, _ = library.editable(desk, asked.view)
    path.write_text(path.read_text().replace("It is q03.", "In my own words: first of q03."))
    library.edited(desk, asked.view)
    assert "In my own words" in ask(desk, "q03").view.note.answer


def test_a_sitting_goes_on_without_what_was_rated_in_the_reading(desk: Desk) -> None:
    sitting = Sitting(desk)
    assert sitting.view is not None
    front, new = sitting.view.id, sitting.counts.new
    sitting.come_back()
    assert sitting.view.id == front
    assert sitting.counts.new == new
    with desk.writing() as connection:
        review.answer(connection, front, None, Rating.AGAIN, desk.now(), learner=1)
    sitting.come_back()
    assert sitting.view is not None
    assert sitting.view.id != front
    assert sitting.view.memory.state is State.NEW
    assert sitting.counts.learning == 1
