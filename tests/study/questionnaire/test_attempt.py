"""Attempts: what a grade does to memory, exactly, and that one undo takes everything back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, func, select

from studyapp.config import Settings
from studyapp.errors import AlreadyRatedError, StudyError
from studyapp.memory.clock import study_day
from studyapp.memory.fold import fold
from studyapp.memory.state import Cause, Memory, Rating, State
from studyapp.notes.note import Point
from studyapp.store import record, sync, tables
from studyapp.store.engine import reading, writing
from studyapp.store.memory import read_memory
from studyapp.store.parameters import read_history
from studyapp.study import queue, review
from studyapp.study.grading import Grade, propose_grade
from studyapp.study.library import start_chapter
from studyapp.study.mastery import outlooks
from studyapp.study.questionnaire import chapter
from studyapp.study.questionnaire import history as questionnaires
from studyapp.study.questionnaire.attempt import Attempt, Mark
from studyapp.study.questionnaire.promise import STAYS
from studyapp.study.sitting import Sitting
from studyapp.study.summary import summary_lines
from studyapp.study.undo import undo
from tests_support import Clock, chapter_of, desk_of, question, questionnaire

ITEMS = (
    "## Which three? {#three}\n\n- [ ] one thing {#one}\n- [ ] two things {#two}\n"
    "- [ ] three things {#drei}\n\n<!-- section: 1.1, card: items -->"
)
CLOZE = "## Fill in {#fill}\n\nThe ==loss== is what ==SGD== lowers.\n\n<!-- card: cloze -->"
BOTH = "## el perro {#perro}\n\nthe dog\n\n- [ ] a dog\n\n<!-- section: 1.1, card: both -->"
DO = "## Run the cell {#run}\n\nOpen it and run it.\n\n<!-- card: do -->"


@pytest.fixture
def attempt(engine: Engine, clock: Clock) -> Attempt:
    return Attempt(desk_of(engine, clock), 1)


def begin(
    engine: Engine,
    clock: Clock,
    number: int = 1,
    *,
    anew: bool = False,
    pretest: bool | None = None,
) -> Attempt:
    return Attempt(desk_of(engine, clock), number, anew=anew, pretest=pretest)


def read_again(engine: Engine, content: Path, clock: Clock) -> None:
    with writing(engine) as connection:
        sync.sync(connection, [content], clock())


def add(engine: Engine, content: Path, clock: Clock, *notes: str) -> None:
    (content / "1" / "more.md").write_text(questionnaire(*notes))
    read_again(engine, content, clock)


def show(attempt: Attempt, name: str) -> None:
    attempt.go_to([one.note.id for one in attempt.questions].index(name))


def memory_of(engine: Engine, name: str, side: str = "answer") -> Memory:
    with reading(engine) as connection:
        card_id = connection.scalars(
            select(tables.card.c.id)
            .join(tables.note, tables.note.c.id == tables.card.c.note_id)
            .where(tables.note.c.name == name, tables.card.c.side == side)
        ).one()
        kept = read_memory(connection, card_id, learner=1)
        uid = connection.scalars(select(tables.card.c.uid).where(tables.card.c.id == card_id)).one()
        history = read_history(connection, learner=1)
        assert kept == fold(record.read_log(connection, card_id, learner=1), uid, history)
    return kept


def reviews(engine: Engine) -> list[tuple[str, int]]:
    with reading(engine) as connection:
        rows = connection.execute(
            select(tables.review.c.kind, tables.review.c.rating)
            .where(record.not_retracted(tables.review.c))
            .order_by(tables.review.c.id)
        )
        return [(kind, rating) for kind, rating in rows]


CORE, EXTRA = Point("core"), Point("extra", extra=True)


@pytest.mark.parametrize(
    ("points", "ticked", "need", "grade"),
    [
        ([], [], None, Grade.GOT),
        ([CORE, CORE], [], None, None),
        ([CORE, CORE], [0], None, Grade.PARTLY),
        ([CORE, CORE], [0, 1], None, Grade.GOT),
        ([CORE, CORE, EXTRA], [0, 1], None, Grade.GOT),
        ([CORE, CORE, EXTRA], [2], None, Grade.MISSED),
        ([EXTRA], [0], None, Grade.GOT),
        ([CORE] * 5, [0, 3], 2, Grade.GOT),
        ([CORE] * 5, [0], 2, Grade.PARTLY),
        ([CORE], [0], 5, Grade.GOT),
    ],
)
def test_the_proposed_grade(
    points: Sequence[Point], ticked: list[int], need: int | None, grade: Grade | None
) -> None:
    assert propose_grade(points, ticked, need) is grade


@given(
    extra=st.lists(st.booleans(), max_size=6),
    ticked=st.frozensets(st.integers(0, 5)),
    more=st.integers(0, 5),
)
def test_one_more_tick_never_lowers_the_proposal(
    extra: list[bool], ticked: frozenset[int], more: int
) -> None:
    points = [Point("p", extra=one) for one in extra]
    order = [Grade.MISSED, Grade.PARTLY, Grade.GOT]
    before, after = propose_grade(points, ticked), propose_grade(points, ticked | {more})
    if before and after:
        assert order.index(before) <= order.index(after)


def test_got_it_goes_straight_to_an_interval_of_days(engine, attempt, clock: Clock) -> None:
    attempt.reveal()
    assert attempt.grade(Grade.GOT)
    kept = memory_of(engine, "q00")
    assert kept.state is State.REVIEW
    assert kept.due is not None
    assert kept.due > study_day(clock())
    assert reviews(engine) == [("attempt", 3)]


def test_missed_is_relearned_now(engine, attempt, clock: Clock) -> None:
    attempt.grade(Grade.MISSED)
    kept = memory_of(engine, "q00")
    assert (kept.state, kept.due) == (State.LEARNING, study_day(clock()))
    assert kept.due_at == clock() + timedelta(minutes=10)
    with reading(engine) as connection:
        assert queue.load(connection, clock(), Settings(), learner=1).counts().learning == 1


def test_partly_comes_on_the_next_study_day(engine, attempt, clock: Clock) -> None:
    attempt.grade(Grade.PARTLY)
    kept = memory_of(engine, "q00")
    tomorrow = study_day(clock()) + timedelta(days=1)
    assert (kept.due, kept.due_at, kept.cause) == (tomorrow, None, Cause.SET)
    assert kept.reviews == 1
    with reading(engine) as connection:
        assert queue.load(connection, clock(), Settings(), learner=1).counts().learning == 0
    clock.forward(days=1)
    with reading(engine) as connection:
        assert queue.load(connection, clock(), Settings(), learner=1).counts().review == 1


def test_a_lapse_counts_from_the_cards_actual_state(engine, clock: Clock) -> None:
    begin(engine, clock).grade(Grade.GOT)
    clock.forward(days=30)
    again = begin(engine, clock, anew=True)
    again.grade(Grade.MISSED)
    kept = memory_of(engine, "q00")
    assert (kept.state, kept.lapses) == (State.RELEARNING, 1)


def test_a_card_takes_one_attempt_a_study_day(engine, clock: Clock) -> None:
    assert begin(engine, clock).grade(Grade.MISSED)
    before = memory_of(engine, "q00")
    second = begin(engine, clock, anew=True)
    second.write("better now")
    assert not second.grade(Grade.GOT)
    assert memory_of(engine, "q00") == before
    show(second, "q00")
    assert second.current.mark is Mark.GOT
    clock.forward(days=1)
    assert begin(engine, clock, anew=True).grade(Grade.GOT)


def test_undo_takes_back_grade_review_and_due_date_together(engine, attempt) -> None:
    attempt.write("my words")
    attempt.tick(frozenset({1}))
    attempt.grade(Grade.PARTLY)
    undone = attempt.undo()
    assert undone is not None
    assert (undone.text, undone.ticked, undone.grade) == ("my words", frozenset({1}), None)
    assert memory_of(engine, "q00") == Memory()
    assert reviews(engine) == []
    assert attempt.undo() is None
    assert attempt.grade(Grade.GOT), "and the day is free again"


def test_undo_in_review_takes_back_a_grade_whole(engine, attempt, clock: Clock) -> None:
    with writing(engine) as connection:
        card_id = connection.scalars(
            select(tables.card.c.id).where(tables.card.c.side == "meaning").limit(1)
        ).one()
        review.answer(connection, card_id, None, Rating.GOOD, clock(), learner=1)
    attempt.grade(Grade.PARTLY)
    attempt.grade(Grade.MISSED)
    told = []
    for _ in range(4):
        with writing(engine) as connection:
            undone = undo(connection, clock.forward(seconds=1), learner=1)
        told.append(undone and undone.what)
    assert told == ["the grade 'missed'", "the grade 'partly'", "Good", None]
    assert reviews(engine) == []
    assert memory_of(engine, "q00") == Memory()
    assert begin(engine, clock).count(Mark.OPEN) == 12


def test_ticks_map_onto_the_items(engine, content: Path, clock: Clock) -> None:
    add(engine, content, clock, ITEMS)
    attempt = begin(engine, clock)
    show(attempt, "three")
    attempt.tick(frozenset({0, 2}))
    assert attempt.current.proposed is Grade.PARTLY
    attempt.grade(Grade.PARTLY)
    states = [memory_of(engine, "three", f"item:{key}").state for key in ("one", "two", "drei")]
    assert states == [State.REVIEW, State.LEARNING, State.REVIEW]
    tomorrow = study_day(clock()) + timedelta(days=1)
    assert memory_of(engine, "three", "item:two").due == tomorrow
    attempt.undo()
    assert memory_of(engine, "three", "item:one") == Memory()


def test_hidden_texts_are_points(engine, content: Path, clock: Clock) -> None:
    add(engine, content, clock, CLOZE)
    attempt = begin(engine, clock)
    show(attempt, "fill")
    asked = attempt.current
    assert "loss" not in asked.face.front
    assert "SGD" not in asked.face.front
    assert [point.text for point in asked.face.points] == ["loss", "SGD"]
    attempt.tick(frozenset({1}))
    attempt.grade(Grade.MISSED)
    assert memory_of(engine, "fill", "cloze:1").state is State.LEARNING
    assert memory_of(engine, "fill", "cloze:2").state is State.REVIEW


def test_a_question_asks_for_one_of_two_sides(engine, content: Path, clock: Clock) -> None:
    (content / "1" / "both.md").write_text(questionnaire(BOTH, chapter=3))
    read_again(engine, content, clock)
    third = chapter_of(engine, "3")
    with writing(engine) as connection:
        start_chapter(connection, third, clock(), learner=1)
    attempt = begin(engine, clock, third)
    assert attempt.current.face.front == "el perro"
    attempt.grade(Grade.GOT)
    assert memory_of(engine, "perro").state is State.REVIEW
    assert memory_of(engine, "perro", "reversed") == Memory()
    with reading(engine) as connection:
        (found,) = outlooks(connection, clock(), chapters=(third,), learner=1).values()
    assert found.now.value > 0.9  # the side that was not asked for takes nothing from it


def test_something_to_do_is_done_with_a_note(engine, content: Path, clock: Clock) -> None:
    add(engine, content, clock, DO)
    attempt = begin(engine, clock)
    show(attempt, "run")
    with pytest.raises(StudyError, match="mark it done"):
        attempt.grade(Grade.GOT)
    attempt.write("It took four minutes.")
    assert not attempt.grade(Grade.DONE)
    assert reviews(engine) == []
    with writing(engine) as connection:
        undone = undo(connection, clock(), learner=1)
    assert undone is not None
    assert (undone.card, undone.what) == (None, "the grade 'done'")
    with pytest.raises(StudyError, match="one to judge"):
        attempt.grade(Grade.DONE)


def test_a_pretest_keeps_what_is_missed_for_later(engine, clock: Clock) -> None:
    attempt = begin(engine, clock, 2)
    assert attempt.pretest
    assert not attempt.grade(Grade.MISSED)
    assert attempt.grade(Grade.GOT)
    assert memory_of(engine, "r0") == Memory()
    assert memory_of(engine, "r1").state is State.REVIEW
    with writing(engine) as connection:
        start_chapter(connection, 2, clock(), learner=1)
    assert not attempt.grade(Grade.MISSED), "it stays a pretest"
    assert memory_of(engine, "r2") == Memory()


def test_an_empty_pretest_is_none_once_its_chapter_is_started(engine, clock: Clock) -> None:
    left = begin(engine, clock, 2)
    assert left.pretest
    assert begin(engine, clock, 2).id == left.id, "nothing was done in it, so it is no second one"
    with writing(engine) as connection:
        start_chapter(connection, 2, clock(), learner=1)
    now = begin(engine, clock, 2)
    assert not now.pretest
    assert now.opening == "A new attempt begins: all 4 questions."


def test_what_opening_does_to_an_open_attempt_is_said(engine, clock: Clock) -> None:
    begin(engine, clock).grade(Grade.PARTLY)
    anew = begin(engine, clock, anew=True)
    assert anew.opening == (
        "A new attempt begins: all 12 questions. "
        "The open one of Fri 20 Nov, 1 answered, ends with its first answer."
    )
    going_on = begin(engine, clock)
    assert going_on.opening == "The attempt of Fri 20 Nov goes on: 1 of all 12 answered."
    anew.grade(Grade.GOT)
    assert begin(engine, clock).id == anew.id


def test_a_started_chapter_can_be_a_pretest_if_the_learner_says_so(engine, clock: Clock) -> None:
    assert not begin(engine, clock).pretest
    attempt = begin(engine, clock, anew=True, pretest=True)
    assert attempt.pretest
    assert not attempt.grade(Grade.MISSED)
    assert attempt.grade(Grade.GOT)
    assert [one.scheduled for one in attempt.questions[:3]] == [False, True, False]
    assert memory_of(engine, "q00") == Memory()
    assert attempt.promises()[Grade.MISSED] == STAYS


def test_an_attempt_is_resumed_where_it_was_left(engine, clock: Clock) -> None:
    first = begin(engine, clock)
    first.grade(Grade.GOT)
    first.go_to(4)
    first.write("half a sen")
    first.flag()
    first.be_sure(0.8)
    first.reveal()
    assert begin(engine, clock).current.revealed
    first.go_to(7)
    first.leave()
    clock.forward(days=20)
    second = begin(engine, clock)
    assert (second.id, second.index) == (first.id, 7)
    kept = second.questions[4]
    assert (kept.text, kept.flagged, kept.confidence) == ("half a sen", True, 0.8)
    assert [one.revealed for one in second.questions[:5]] == [False] * 5
    second.go_to(4)
    second.reveal()
    assert begin(engine, clock).questions[4].revealed
    assert [one.mark for one in second.questions[:5]].count(Mark.WRITTEN) == 1
    assert second.count(Mark.GOT) == 1


def test_starting_anew_ends_the_open_attempt(engine, clock: Clock) -> None:
    first = begin(engine, clock)
    first.write("then")
    first.grade(Grade.GOT)
    clock.forward(days=3)
    second = begin(engine, clock, anew=True)
    assert second.id != first.id
    assert second.current.text == ""
    assert [(one.text, one.grade) for one in second.earlier()] == [("then", Grade.GOT)]
    second.reveal()
    assert begin(engine, clock).id == first.id, "a slip of the hand ends nothing"
    second.write("now")
    assert begin(engine, clock).id == second.id


def test_undo_in_an_attempt_that_was_followed_by_another_leaves_it_ended(
    engine, clock: Clock
) -> None:
    first = begin(engine, clock)
    first.grade(Grade.GOT)
    second = begin(engine, clock, anew=True)
    second.write("now")
    first.undo()
    assert begin(engine, clock).id == second.id
    with reading(engine) as connection:
        waiting = questionnaires.waiting(connection, learner=1)
    assert waiting is not None
    assert waiting.answered == 1


def test_two_windows_grade_half_each(engine, clock: Clock) -> None:
    one, two = begin(engine, clock, 2), begin(engine, clock, 2)
    one.grade(Grade.GOT)
    one.grade(Grade.GOT)
    two.go_to(2)
    two.grade(Grade.GOT)
    two.grade(Grade.GOT)
    assert two.finished
    assert begin(engine, clock, 2).id != one.id


def test_two_windows_write_to_one_answer(engine, clock: Clock) -> None:
    one, two = begin(engine, clock), begin(engine, clock)
    one.write("forty lines")
    assert two.write("b") == "forty lines\n\nb"
    assert two.write("forty lines\n\nbc") == "forty lines\n\nbc"
    one.reload()
    one.grade(Grade.GOT)
    two.index = one.index - 1
    with pytest.raises(AlreadyRatedError):
        two.write("too late")


def test_what_is_gone_from_the_content_leaves_no_attempt_open(
    engine, clock: Clock, content: Path
) -> None:
    attempt = begin(engine, clock, 2)
    for _ in range(3):
        attempt.grade(Grade.GOT)
    kept = "\n\n".join(question(f"r{n}", chapter=2) for n in range(3))
    (content / "2" / "questionnaire.md").write_text(questionnaire(kept, chapter=2))
    read_again(engine, content, clock)
    assert begin(engine, clock, 2).id == attempt.id, "all of it is judged: it is ended here"
    assert begin(engine, clock, 2).id != attempt.id


def test_ticks_belong_to_points_and_not_to_places(engine, clock: Clock, content: Path) -> None:
    attempt = begin(engine, clock)
    attempt.tick(frozenset({0}))
    path = content / "1" / "questionnaire.md"
    path.write_text(
        path.read_text().replace("- [ ] first of q00", "- [ ] brand new\n- [ ] first of q00")
    )
    read_again(engine, content, clock)
    assert begin(engine, clock).current.ticked == {1}
    path.write_text(path.read_text().replace("- [ ] first of q00\n", ""))
    read_again(engine, content, clock)
    again = begin(engine, clock).current
    assert not again.ticked
    assert again.proposed is None


def test_the_last_grade_finishes_an_attempt(engine, clock: Clock) -> None:
    attempt = begin(engine, clock, 2)
    for _ in range(4):
        assert not attempt.finished
        attempt.grade(Grade.GOT)
    assert attempt.finished
    assert begin(engine, clock, 2).id != attempt.id


def test_undo_reopens_a_finished_attempt(engine, clock: Clock) -> None:
    attempt = begin(engine, clock, 2)
    for _ in range(4):
        attempt.grade(Grade.GOT)
    attempt.undo()
    assert begin(engine, clock, 2).id == attempt.id


def test_another_window_cannot_grade_twice(engine, clock: Clock) -> None:
    here, there = begin(engine, clock), begin(engine, clock)
    assert here.id == there.id
    here.grade(Grade.GOT)
    with pytest.raises(AlreadyRatedError):
        there.grade(Grade.MISSED)
    assert reviews(engine) == [("attempt", 3)]


def test_line_ends_are_kept_as_one_kind(engine, attempt) -> None:
    attempt.write("one\r\ntwo\rthree\n")
    assert attempt.current.text == "one\ntwo\nthree\n"
    assert begin(engine, attempt.desk.clock).current.text == "one\ntwo\nthree\n"


def test_a_hundred_thousand_characters_are_kept_and_no_more(engine, attempt) -> None:
    attempt.write("x" * 100_000)
    with pytest.raises(StudyError, match="100,000 characters and this one has 100,001"):
        attempt.write("x" * 100_001)
    assert len(begin(engine, attempt.desk.clock).current.text) == 100_000


def test_confidence_counts_only_before_the_answer(attempt) -> None:
    attempt.reveal()
    with pytest.raises(StudyError, match="before the answer"):
        attempt.be_sure(0.9)


@pytest.mark.parametrize(("confidence", "named"), [(0.8, 3), (0.7, 0), (None, 0)])
def test_what_was_surely_missed_and_is_right_now_is_named_at_the_end(
    engine, clock: Clock, confidence: float | None, named: int
) -> None:
    """Of a questionnaire's answers as of predictions, and all of them: it is what one had wrong."""
    attempt = begin(engine, clock)
    for name in ("q00", "q01", "q02"):
        show(attempt, name)
        attempt.be_sure(confidence)
        attempt.reveal()
        attempt.grade(Grade.MISSED)
    clock.forward(days=1)
    sitting = Sitting(desk_of(engine, clock, Settings(new_a_day=0)))
    while sitting.view is not None:
        sitting.rate(Rating.GOOD)
        clock.forward(minutes=11)
        sitting.refresh()
    told = "\n".join(summary_lines(sitting.summary(), clock()))
    assert told.count("“") == named
    assert ("Sure and wrong once, right now" in told) is bool(named)
    clock.forward(days=60)
    later = Sitting(desk_of(engine, clock, Settings(new_a_day=0)))
    while later.view is not None:
        later.rate(Rating.GOOD)
    assert later.summary().righted == ()  # it was told


def test_a_chapter_without_questions_says_so(engine, content: Path, clock: Clock) -> None:
    (content / "6.md").write_text(
        questionnaire("## 6.1 Only prose\n\nWords.", chapter=6).replace("questionnaire", "reading")
    )
    with writing(engine) as connection:
        sync.sync(connection, [content], clock())
    with pytest.raises(StudyError, match="Chapter 6, Chapter 6, has no questions yet"):
        begin(engine, clock, chapter_of(engine, "6"))


def test_questions_come_in_the_books_order(engine, content: Path, clock: Clock) -> None:
    numbered = question("late").replace("section: 1.1", "section: 1.1, number: 2")
    first = question("early").replace("section: 1.1", "section: 1.1, number: 1")
    add(engine, content, clock, numbered, first)
    names = [one.note.id for one in begin(engine, clock).questions]
    assert names[:3] == ["early", "late", "q00"]


def test_a_question_whose_text_is_gone_leaves_the_attempt(
    engine, content: Path, clock: Clock
) -> None:
    attempt = begin(engine, clock)
    attempt.go_to(11)
    attempt.leave()
    path = content / "1" / "questionnaire.md"
    path.write_text(questionnaire(*(question(f"q{number:02}") for number in range(5))))
    with writing(engine) as connection:
        sync.sync(connection, [content], clock())
    again = begin(engine, clock)
    assert (again.id, again.index, len(again.questions)) == (attempt.id, 0, 5)


def test_nothing_is_graded_by_writing_or_ticking(engine, attempt) -> None:
    attempt.write("words")
    attempt.reveal()
    attempt.tick(frozenset({0, 1}))
    assert reviews(engine) == []
    with reading(engine) as connection:
        graded = select(func.count()).where(tables.response.c.grade.is_not(None))
        assert connection.scalar(graded) == 0


# the book's own questionnaire


@pytest.fixture
def booked(engine: Engine, content: Path, clock: Clock) -> Engine:
    """Chapter 1 with four notes that three questions of its book ask, one of them a term."""
    path = content / "1" / "questionnaire.md"
    text = path.read_text()
    for name, said in (("q07", "book: 1"), ("q02", "book: 2, depth: more"), ("q09", "book: 2")):
        head, mark, rest = text.partition(f"{{#{name}}}")
        text = head + mark + rest.replace("section: 1.1", f"section: 1.1, {said}", 1)
    path.write_text(text)
    jargon = content / "1" / "jargon.md"
    jargon.write_text(jargon.read_text() + "\n<!-- book: 3 -->\n")  # of the last term
    read_again(engine, content, clock)
    return engine


def test_the_books_own_questionnaire_is_one_choice(booked: Engine, clock: Clock) -> None:
    attempt = Attempt(desk_of(booked, clock), 1, book=True)
    assert [one.note.id for one in attempt.questions] == ["q07", "q02", "q09", "t2"]
    assert attempt.questions[-1].face.front == "What does **Term 2** mean?"
    while not attempt.finished:
        attempt.grade(Grade.GOT)
    with reading(booked) as connection:
        view = chapter.view(connection, 1, clock(), learner=1)
        cards = connection.scalars(select(tables.review.c.card_id)).all()
    assert (view.questions, view.book) == (12, 3)
    (past,) = view.attempts
    assert (past.book, past.questions, past.answered, past.finished) == (True, 4, 4, True)
    assert len(cards) == 3  # the deeper one waits to be asked for, and a term is asked one way


def test_an_open_attempt_of_the_other_kind_ends_with_the_first_answer(
    booked: Engine, clock: Clock
) -> None:
    desk = desk_of(booked, clock)
    whole = Attempt(desk, 1)
    whole.write("mine")
    book = Attempt(desk, 1, book=True)
    assert book.id != whole.id
    book.write("mine, too")
    again = Attempt(desk, 1)  # whatever is open is gone on with
    assert (again.id, again.book) == (book.id, True)
    assert Attempt(desk, 1, book=True).id == book.id
    assert not Attempt(desk, 1, anew=True).book
    with reading(booked) as connection:
        waiting = questionnaires.waiting(connection, learner=1)
    assert waiting is not None
    assert (waiting.answered, waiting.questions) == (1, 4)


def test_a_book_without_questions_of_its_own_is_one_sentence(
    booked: Engine, content: Path, clock: Clock
) -> None:
    desk = desk_of(booked, clock)
    with pytest.raises(StudyError, match=r"^Chapter 2 marks no question as the book's own\.$"):
        Attempt(desk, 2, book=True)
    Attempt(desk, 1, book=True).write("mine")
    for path in (content / "1").glob("*.md"):  # of which none is left
        path.write_text(path.read_text().replace("book:", "number:"))
    read_again(booked, content, clock)
    assert not Attempt(desk, 1).book
