"""A card that keeps slipping: its past against what was expected, its family, and cards made of
it."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select

from studyapp.config import Settings
from studyapp.errors import StudyError
from studyapp.memory.fold import ReviewKind
from studyapp.memory.state import Memory, Rating
from studyapp.store import sync, tables
from studyapp.store.engine import LockedError
from studyapp.store.memory import read_memory
from studyapp.study import contrast, leech, library, review, split
from studyapp.study.card import CardView, load
from studyapp.study.desk import Desk
from studyapp.study.questionnaire import chapter, history
from studyapp.study.questionnaire.attempt import Attempt
from studyapp.study.undo import undo
from tests_support import Clock, desk_of, question, questionnaire

note = tables.note.c
card = tables.card.c


@pytest.fixture
def desk(engine: Engine, only_pack: Path, clock: Clock) -> Desk:
    return desk_of(engine, clock)


def view_of(desk: Desk, name: str) -> CardView:
    with desk.reading() as connection:
        of = select(card.id).join(tables.note, note.id == card.note_id).where(note.name == name)
        return load(connection, connection.scalars(of).first() or 0, learner=1)


def rate(desk: Desk, card_id: int, rating: Rating, kind: ReviewKind = ReviewKind.STUDY) -> Memory:
    with desk.writing() as connection:
        last = read_memory(connection, card_id, learner=1).last_review
        now = desk.now()
        return review.answer(connection, card_id, last, rating, now, kind=kind, learner=1).memory


def past(desk: Desk, card_id: int) -> tuple[leech.Past, ...]:
    with desk.reading() as connection:
        return leech.of_card(connection, card_id, learner=1)[1]


def known(desk: Desk, card_id: int) -> Memory:
    with desk.reading() as connection:
        return read_memory(connection, card_id, learner=1)


def test_what_was_expected_adds_up_to_the_lapses_expected(desk: Desk, clock: Clock) -> None:
    """Whatever is undone, crammed or in its steps; with what was done in their order."""
    one = view_of(desk, "q03").id
    for rating in (Rating.EASY, Rating.AGAIN, Rating.GOOD, Rating.GOOD, Rating.AGAIN):
        rate(desk, one, rating)
        clock.forward(days=6)
    rate(desk, one, Rating.AGAIN, ReviewKind.CRAM)
    rate(desk, one, Rating.AGAIN)
    with desk.writing() as connection:
        undo(connection, clock(), learner=1)
    found, memory = past(desk, one), known(desk, one)
    told = [one.expected for one in found if one.expected is not None]
    assert sum(1 - share for share in told) == pytest.approx(memory.expected_lapses)
    assert [one.rating for one in found].count(Rating.AGAIN) == memory.lapses + 1  # the cram's
    assert [one.waited for one in found] == [None, 6, 6, 6, 6, 6]
    assert found[-1].row(clock().date())[3:] == ("again (cram)", "as is")
    assert leech.curve_lines(found, 3)[2] == ("remembered", "●✗✗")


def test_a_card_comes_first_of_its_family(desk: Desk, content: Path, clock: Clock) -> None:
    twins = (question(f"f{number}", family="twins") for number in range(3))
    (content / "1" / "twins.md").write_text(questionnaire(*twins))
    with desk.writing() as connection:
        sync.sync(connection, [content], clock())
    one = view_of(desk, "f1").id
    rate(desk, one, Rating.GOOD)
    with desk.reading() as connection:
        found = leech.family(connection, one, clock(), Settings(), learner=1)
        assert leech.family(connection, 10**9, clock(), Settings(), learner=1) == []
    assert [it.prompt for it in found] == ["What is f1?", "What is f0?", "What is f2?"]
    assert [it.told for it in found] == ["due in 2 d, on Sun 22 Nov", "new", "new"]
    assert leech.heading(found[0].memory, Settings()) == "1 review, 0 lapses; 0.0 were expected."


def own(desk: Desk) -> int:
    with desk.reading() as connection:
        there = select(func.count()).where(note.learner_id == 1, note.missing_since.is_(None))
        return connection.scalar(there) or 0


def test_a_split_shows_the_other_points_and_is_of_the_same_family(desk: Desk) -> None:
    view = view_of(desk, "q00")
    made = split.save(desk, view, split.named(desk, split.read_draft(view, learner=1)))
    first, second = (view_of(desk, name) for name in made.names)
    assert first.family == second.family == view.family
    assert first.face.front == "What is q00? (1 of 2)\n\nApart from this:\n\n- second of q00"
    assert [point.text for point in first.face.points] == ["first of q00"]
    assert known(desk, view.id).suspended
    assert split.take_back(desk, made).startswith("Undone")
    assert own(desk) == 0
    assert not known(desk, view.id).suspended
    assert split.read_draft(view, learner=1) == made.text


def test_a_heading_that_has_no_id_gets_one_and_code_does_not(desk: Desk) -> None:
    text = "## One?\n\n```python\n## no heading\n```\n\n## Two? {#two}\n\nIt is."
    first, _, rest = split.named(desk, text).partition("\n")
    assert first.startswith("## One? {#my-one-")
    assert f"## One?\n{rest}" == text


def test_a_hidden_text_of_a_split_gets_an_id(desk: Desk) -> None:
    text = "## One? {#one}\n\nIt is ==hid==.\n\n<!-- card: cloze -->"
    told = split.named(desk, text)
    assert told == text.replace("==hid==", "==hid=={#hid}")
    assert split.save(desk, view_of(desk, "q00"), told).names == ("one",)


def test_a_split_into_what_is_never_asked_leaves_the_card(desk: Desk) -> None:
    view = view_of(desk, "q00")
    text = "## So? {#so}\n\nSo.\n\n## Do? {#do}\n\nDo it.\n\n<!-- card: do -->"
    with pytest.raises(StudyError, match=r"^Line 5: a note with card: do .* Nothing was saved\.$"):
        split.save(desk, view, text)
    assert own(desk) == 0
    assert not known(desk, view.id).suspended


def test_a_split_that_was_interrupted_makes_no_card_twice(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The cards are there and the old one is not set aside yet: saving again ends it."""
    view = view_of(desk, "q00")
    text = split.named(desk, split.read_draft(view, learner=1))

    def locked(*_: object, **__: object) -> None:
        raise LockedError("Another program is writing.")

    with monkeypatch.context() as patch:
        patch.setattr(review, "suspend", locked)
        with pytest.raises(StudyError, match=r"The new cards are there.*Save again\."):
            split.save(desk, view, text)
    assert (own(desk), known(desk, view.id).suspended) == (2, False)
    assert split.save(desk, view, text).suspended
    assert (own(desk), known(desk, view.id).suspended) == (2, True)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("No heading", "Line 1: a card begins with a heading"),
        ("## Q? {#a}\n\nOne.\n\n## Q? {#a}\n\nTwo.", "Line 5"),
        ("## Q? {#a b}\n\nOne.", "Line 1"),
        ("\nKept?\n\n## Q? {#a}\n\nOne.", "Line 2: a card begins with a heading"),
        ("## Q? {#a}\n\nOne.\n\n## R? {#b}", "Line 5: the card has no answer"),
        ("## Q? {#a}\n\nSo\n\n<!-- answer -->\n\n<!-- family: a -->", "Line 1: the card has no"),
        ("## Q? {#a}\n\nOne.\n\n## Of a pack? {#q01}\n\nTwo.", "Line 5: another note has the id"),
    ],
)
def test_what_is_no_card_is_told_with_its_line_and_changes_nothing(
    text: str, told: str, desk: Desk
) -> None:
    view = view_of(desk, "q00")
    with pytest.raises(StudyError, match=told):
        split.save(desk, view, text)
    assert (own(desk), known(desk, view.id).suspended) == (0, False)


def test_a_split_leaves_a_note_alone_whose_id_it_would_take(desk: Desk) -> None:
    view = view_of(desk, "q00")
    made = library.new_question(desk, "Mine?", "Mine.", library.home_of(view))
    name = view_name(desk, made.card)
    path = view_of(desk, name).note.path
    before = path.read_bytes()
    with pytest.raises(StudyError, match=rf"Line 5: another note has the id {name}; .* saved\."):
        split.save(desk, view, f"## New? {{#new}}\n\nNew.\n\n## Other? {{#{name}}}\n\nOther.")
    assert (path.read_bytes(), known(desk, view.id).suspended) == (before, False)


def test_a_split_is_taken_back_without_what_it_has_not_written(desk: Desk) -> None:
    """A note that said the same before it, and a card that has a line more by now."""
    view = view_of(desk, "q00")
    home = library.home_of(view)
    mine, plain, more = (f"## {one}? {{#{one}}}\n\nSo." for one in ("mine", "plain", "more"))
    library.keep_note(desk, home, "mine", mine)
    made = split.save(desk, view, f"{mine}\n\n{plain}\n\n{more}")
    assert made.names == ("mine", "plain", "more")
    path = view_of(desk, "more").note.path
    path.write_text(f"{path.read_text()}\nAnd so.\n")
    told = split.take_back(desk, made)
    assert told.endswith("Left, as there before or changed since: 2 cards.")
    assert path.read_text().endswith(f"---\n\n{mine}\n\n{more}\n\nAnd so.\n")
    assert not known(desk, view.id).suspended


def test_an_answer_without_points_is_split_by_its_sentences(desk: Desk, content: Path) -> None:
    assert not split.can_be(view_of(desk, "t0"))
    path = content / "1" / "jargon.md"
    for text, can_be in (("One thing. Another, e.g. this.", True), ("One.\n\n- A. B.", False)):
        path.write_text(path.read_text().replace("Meaning number 0.", text, 1))
        library.refresh(desk)
        assert split.can_be(view_of(desk, "t0")) is can_be
        if can_be:
            draft = split.read_draft(view_of(desk, "t0"), learner=1)
            assert "Apart from this:\n\n- One thing.\n\n<!-- answer -->\n\nAnother, e.g." in draft
            path.write_text(path.read_text().replace(text, "Meaning number 0."))


def test_a_contrast_begins_with_what_both_say(desk: Desk) -> None:
    one, other = view_of(desk, "t0"), view_of(desk, "q01")
    question, _, answer = contrast.proposed(one, other).partition("\n")
    attempt = Attempt(desk, 1)
    attempt.write("It is the first.")
    asked = len(attempt.questions)
    made = library.new_question(desk, question, answer, library.home_of(one))
    kept = view_of(desk, view_name(desk, made.card))
    assert len(Attempt(desk, 1).questions) == asked  # the open one does not ask it
    with desk.reading() as connection:
        assert history.joined(connection, made.card, learner=1) == ""
        assert chapter.view(connection, 1, desk.now(), learner=1).to_know == asked
    assert kept.note.prompt == "What tells Term 0 from “What is q01?”?"
    assert kept.note.tags == ("contrast", "apart")
    assert [point.text for point in kept.note.points] == ["“What is q01?”: first of q01"]
    contrast.write_draft(one, other, "Half", "", 0.0, learner=1)
    assert contrast.read_draft(other, one, learner=1) == "Half"


def view_name(desk: Desk, card_id: int) -> str:
    with desk.reading() as connection:
        of = select(note.name).join(tables.card, card.note_id == note.id)
        return connection.scalars(of.where(card.id == card_id)).one()
