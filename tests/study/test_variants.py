"""A question of several cases: each in its turn, and what was done to it says which it was."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine, event, select

from studyapp.lab.catalog import Catalog
from studyapp.memory.state import Memory, Rating, State
from studyapp.notes.note import Point, Variant
from studyapp.notes.post import read
from studyapp.notes.variant import Drawn, as_line, path_beside
from studyapp.store import sync, tables
from studyapp.store.engine import reading, writing
from studyapp.store.fingerprint import is_current
from studyapp.store.memory import read_memory, write_memory
from studyapp.study import card, library
from studyapp.study.grading import Grade
from studyapp.study.lab import facts
from studyapp.study.questionnaire import history, post
from studyapp.study.questionnaire.attempt import Attempt
from studyapp.study.sitting import Sitting
from tests_support import Clock, desk_of, question, questionnaire, search

OTHER = (
    "<!-- variant -->\n\n### And in the café, what is it?\n\n"
    "Coffee, [measured](fact:gap.error).\n\n- [ ] coffee\n- [ ] hot coffee\n- [ ] black coffee"
    "\n\n<!-- need: 1 -->"
)
NOTE = f"{question('q')}\n\n{OTHER}"
OWN, CAFE = "What is q?", "And in the café, what is it?"
DRAWN = [
    Drawn("r", seed, "aa", Variant(str(seed), f"What is {seed}?", f"{seed}.", (Point("a number"),)))
    for seed in (1, 2, 3)
]


@pytest.fixture
def content(tmp_path: Path) -> Path:
    root = tmp_path / "content"
    root.mkdir()
    path = root / "questionnaire.md"
    path.write_text(questionnaire(NOTE, question("r")))
    path_beside(path).write_text("".join(map(as_line, DRAWN)))
    (root / "reading.md").write_text(
        questionnaire("## 1.1 The only section\n\nProse.").replace("questionnaire", "reading")
    )
    return root


def read_again(engine: Engine, content: Path, clock: Clock) -> sync.SyncReport:
    with writing(engine) as connection:
        return sync.sync(connection, [content], clock())


def asked(sitting: Sitting) -> str:
    assert sitting.view is not None
    return sitting.view.face.front


def card_of(engine: Engine, name: str) -> int:
    with reading(engine) as connection:
        return connection.scalars(
            select(tables.card.c.id)
            .join(tables.note, tables.note.c.id == tables.card.c.note_id)
            .where(tables.note.c.name == name)
        ).one()


def logged(engine: Engine) -> list[str | None]:
    with reading(engine) as connection:
        return list(
            connection.scalars(select(tables.review.c.variant).order_by(tables.review.c.id))
        )


def memory(engine: Engine, name: str) -> Memory:
    with reading(engine) as connection:
        return read_memory(connection, card_of(engine, name), learner=1)


def test_cases_alternate_from_review_to_review_and_undo_shows_the_same_again(
    engine: Engine, clock: Clock
) -> None:
    desk = desk_of(engine, clock)
    seen = []
    for _ in range(4):
        sitting = Sitting(desk)
        while sitting.view is not None and sitting.view.note.id != "q":
            sitting.rate(Rating.EASY)
        assert sitting.view is not None
        seen.append(asked(sitting))
        assert sitting.view.note.need == (1 if seen[-1] == CAFE else None)
        sitting.rate(Rating.AGAIN)
        sitting.undo()
        assert asked(sitting) == seen[-1]
        due = sitting.rate(Rating.GOOD).memory.due
        assert due is not None
        clock.forward(days=(due - clock().date()).days)
    assert seen == [OWN, CAFE, OWN, CAFE]
    with reading(engine) as connection:
        review = tables.review.c
        of_q = connection.execute(
            select(review.variant, review.rating)
            .where(review.card_id == card_of(engine, "q"))
            .order_by(review.id)
        ).all()
    pairs = [(variant, rating) for variant in (None, "b") for rating in (1, 3)]
    assert [tuple(row) for row in of_q] == pairs * 2


def test_drawn_variants_come_once_each_before_one_comes_again(engine: Engine, clock: Clock) -> None:
    card_id, seen = card_of(engine, "r"), []
    for _ in range(8):
        with writing(engine) as connection:
            view = card.load(connection, card_id, learner=1)
            seen.append(view.note.prompt)
            write_memory(
                connection,
                card_id,
                Memory(state=State.REVIEW, reviews=view.memory.reviews + 1),
                learner=1,
            )
    assert seen[0] == "What is r?"
    assert set(seen[1:4]) == {"What is 1?", "What is 2?", "What is 3?"}
    assert seen[4:] == seen[:4]


def test_only_a_question_that_has_variants_is_asked_for_them(
    engine: Engine, content: Path, clock: Clock
) -> None:
    """The next card costs one query, and another where there are cases to choose from."""

    def queries() -> int:
        done: list[str] = []
        with reading(engine) as connection:
            event.listen(connection, "before_cursor_execute", lambda *told: done.append(told[2]))
            card.load(connection, card_of(engine, "q"), learner=1)
        return sum(sql.startswith("SELECT") for sql in done)

    assert queries() == 2
    (content / "questionnaire.md").write_text(questionnaire(question("q")))
    read_again(engine, content, clock)
    assert queries() == 1


def test_a_variant_that_goes_or_changes_makes_nothing_due(
    engine: Engine, content: Path, clock: Clock
) -> None:
    sitting = Sitting(desk_of(engine, clock))
    while sitting.view is not None:
        sitting.rate(Rating.EASY)
    before = memory(engine, "q")
    path = content / "questionnaire.md"
    text = path.read_text()
    for changed in (text.replace("hot coffee", "cold coffee"), text.replace(OTHER, ""), text):
        path.write_text(changed)
        report = read_again(engine, content, clock)
        assert (report.changed >= 1, report.due_again, report.new_cards) == (True, 0, 0)
        assert memory(engine, "q") == before
    assert read_again(engine, content, clock).changed == 0
    path_beside(path).unlink()
    with reading(engine) as connection:
        assert not is_current(connection, [content])
    assert read_again(engine, content, clock).changed == 1
    with reading(engine) as connection:
        keys = connection.scalars(select(tables.variant.c.key)).all()
    assert keys == ["b"]


def test_what_was_begun_in_an_attempt_stays_as_it_was_asked(engine: Engine, clock: Clock) -> None:
    desk = desk_of(engine, clock)
    attempt = Attempt(desk, 1)
    assert attempt.current.face.front == OWN
    attempt.write("It is q, of course.")
    assert attempt.grade(Grade.GOT)
    clock.forward(days=60)
    later = Attempt(desk, 1, anew=True)
    assert later.current.face.front == CAFE
    later.write("A drink.")
    now = memory(engine, "q")
    with writing(engine) as connection:  # its card is reviewed meanwhile
        write_memory(connection, card_of(engine, "q"), replace(now, reviews=2), learner=1)
    resumed = Attempt(desk, 1)
    assert resumed.current.face.front == CAFE
    assert resumed.current.text == "A drink."
    (earlier,) = resumed.earlier()
    assert (earlier.text, earlier.asked) == ("It is q, of course.", OWN)
    resumed.reveal()
    resumed.tick(frozenset({2}))
    assert Attempt(desk, 1).current.ticked == {2}
    assert resumed.current.proposed is Grade.GOT  # one of three, as its own need says
    resumed.grade(Grade.MISSED)
    resumed.undo()
    assert resumed.current.face.front == CAFE
    assert resumed.current.ticked == {2}
    resumed.grade(Grade.PARTLY)
    with reading(engine) as connection:
        row = connection.execute(
            select(tables.response).where(tables.response.c.attempt_id == resumed.id)
        ).one()
        chapter_id = resumed.chapter_id
        first, second = reversed(history.attempts(connection, chapter_id, learner=1))
        changed = history.changed(connection, first.id, second.id, learner=1)
    assert (row.variant, row.hits, row.points) == ("b", 1, 1)
    assert changed.worse == (CAFE,)
    assert logged(engine) == [None, "b", "b"]


def test_words_of_a_variant_are_found_and_it_is_what_is_shown(engine: Engine) -> None:
    with reading(engine) as connection:
        (found,) = search(connection, "café coffee", learner=1)
        assert (found.prompt, found.answer.startswith("Coffee")) == (CAFE, True)
        (own,) = search(connection, "what is q?", learner=1)
        assert own.prompt == OWN
        assert [one.prompt for one in search(connection, "what is", learner=1)] == [
            OWN,
            "What is r?",
        ]
        assert len(search(connection, "what is", limit=1, learner=1)) == 1


def test_an_answer_is_published_under_the_question_that_was_asked(
    engine: Engine, clock: Clock, tmp_path: Path
) -> None:
    desk = desk_of(engine, clock)
    Attempt(desk, 1).grade(Grade.GOT)
    attempt = Attempt(desk, 1, anew=True)
    attempt.write("With milk.")
    with reading(engine) as connection:
        made = post.compose(connection, 1, Catalog((), ()), learner=1)
    (of_q, of_r) = made.answers
    assert (of_q.question, of_q.variant, of_q.text) == (CAFE, "b", "With milk.")
    assert "hot coffee" in of_q.reference
    assert (of_r.question, of_r.variant) == ("What is r?", None)
    path = tmp_path / "post.md"
    post.save(path, made)
    given = read(path).answers
    assert given is not None
    assert [(one.note, one.text, one.variant) for one in given.answers] == [
        ("q", "With milk.", "b")
    ]
    with writing(engine) as connection:
        post.restore(connection, path, given, clock.forward(days=1), learner=1)
    with reading(engine) as connection:
        again = post.compose(connection, 1, Catalog((), ()), learner=1)
    assert again.answers == made.answers


def test_what_a_variant_cites_is_cited(engine: Engine) -> None:
    with reading(engine) as connection:
        ((_, (link,)),) = facts.citing(connection, "gap").items()
    assert (link.lesson, link.fact) == ("gap", "error")


def test_a_copy_of_ones_own_keeps_the_cases_in_its_text(
    only_pack: Path, engine: Engine, clock: Clock
) -> None:
    desk = desk_of(engine, clock)
    library.refresh(desk, force=True)
    with reading(engine) as connection:
        view = card.load(connection, card_of(engine, "q"), learner=1)
    path, _ = library.editable(desk, view)
    assert CAFE in path.read_text()
    path.write_text(path.read_text() + "\n")
    library.edited(desk, view)
    with reading(engine) as connection:
        seen = card.seen(connection, view.uid, learner=1)
        assert seen is not None
        assert seen != view.id
        log_of = tables.variant.c
        note_id = connection.scalars(
            select(tables.card.c.note_id).where(tables.card.c.id == seen)
        ).one()
        keys = connection.scalars(select(log_of.key).where(log_of.note_id == note_id)).all()
    assert keys == ["b"]
