"""Cards of the learner's own: kept as written, or refused with a reason, and nothing in between."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from studyapp.config import Current, Settings
from studyapp.errors import StudyError
from studyapp.notes import markdown
from studyapp.notes.note import FileKind
from studyapp.store import tables
from studyapp.study import library, tracker
from studyapp.study.card import load
from studyapp.study.desk import Desk
from studyapp.study.questionnaire.attempt import Attempt
from studyapp.study.questionnaire.history import joined
from tests_support import Clock


@pytest.fixture
def desk(tmp_path: Path, only_pack: Path, clock: Clock) -> Iterator[Desk]:
    desk, _ = library.open_study(str(tmp_path / "a.db"), Current(Settings()), clock, None)
    yield desk
    desk.close()


def own(desk: Desk) -> dict[str, str]:
    """Prompt → answer of the learner's own cards, as the database has them."""
    note = tables.note.c
    with desk.reading() as connection:
        rows = connection.execute(
            select(note.prompt, note.answer).where(note.learner_id == desk.learner)
        )
        return dict(rows.all())


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ("```\nx", "Line 1 of the answer: the code fence that begins here is never closed"),
        ("a\n\n~~~\nx", "Line 3 of the answer: the code fence that begins here is never closed"),
        ("<!-- x", "Line 1 of the answer: the comment that begins here is never closed"),
        ("<script>\nx", "Line 1 of the answer: the tag that begins here is never closed"),
        ("<pre>\nx", "Line 1 of the answer: the tag that begins here is never closed"),
        ("a\n\n## b\n\nc", "Line 3 of the answer: a heading ## would begin another note"),
        ("a\n# b", "Line 2 of the answer: a # heading within a note"),
        ("a\n---\nb", "Line 1 of the answer: a line of - right below text"),
        ("a\n\n<!-- need: 9 -->", "Line 3 of the answer: need: 9 is more than"),
        ("a\n\n<!-- card: do -->", "The card: a note with card: do is only to be done"),
    ],
)
def test_an_answer_that_would_leak_is_refused_with_its_line(
    answer: str, told: str, desk: Desk
) -> None:
    with pytest.raises(StudyError, match=r"Nothing was saved\.$") as refused:
        library.new_question(desk, "What leaks?", answer)
    assert told in str(refused.value)
    assert not library.own_packs().exists()
    library.new_question(desk, "What stays?", "This.")
    assert own(desk) == {"What stays?": "This."}


def test_a_question_of_ones_own_is_asked_by_the_open_attempt_and_counted_as_ones_own(
    desk: Desk,
) -> None:
    attempt = Attempt(desk, 1)
    home, card, _ = library.new_question(desk, "What is mine?", "This.")
    assert home.name == "chapter 1 of test"
    with desk.reading() as connection:
        assert joined(connection, card, learner=desk.learner) == ""  # nothing was done in it
    attempt.write("a word")
    with desk.reading() as connection:
        told = joined(connection, card, learner=desk.learner)
        cards = tracker.read_course(connection, learner=desk.learner).chapters[0].cards
    assert told == "The open attempt asks it, too: all 13 now."
    assert len(Attempt(desk, 1).questions) == 13
    assert (cards.new, cards.own) == (19, 1)


def test_a_card_of_ones_own_costs_the_reading_of_the_pack_that_it_is_in(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    deck = library.own_packs() / "deck" / "words.md"
    deck.parent.mkdir(parents=True)
    deck.write_text(
        "---\npack: deck\ndeck: Words\nkind: jargon\n---\n\n## Dog {#dog}\n\nIt barks.\n"
    )
    library.refresh(desk)
    read: list[str] = []

    def reads(path: Path) -> object:
        read.append(path.name)
        return of_file(path)

    of_file = markdown.read
    monkeypatch.setattr(markdown, "read", reads)
    library.new_question(desk, "Who?", "A dog.")
    library.new_question(desk, "Whose?", "Mine.")
    assert set(read) == {"chapter-1-questions.md"}
    assert own(desk) == {"Dog": "It barks.", "Who?": "A dog.", "Whose?": "Mine."}


def test_hidden_texts_and_points_get_their_ids_when_they_are_saved(desk: Desk) -> None:
    cloze = "It is ==hid==, `==not==`, ==hid== and ==had=={#hid}.\n\n<!-- card: cloze -->"
    items = "- [ ] One, *of*\n  two lines\n- [ ] Two {#one}\n\n<!-- card: items -->"
    for question, answer, told in (
        ("Which?", cloze, "It is ==hid=={#hid-2}, `==not==`, ==hid=={#hid-3} and ==had=={#hid}."),
        ("What are they?", items, "two lines {#one-of-two-lines}\n- [ ] Two {#one}"),
    ):
        made = library.new_question(desk, question, answer)
        assert told in made.text
        assert library.take_back(desk, made.card, lambda _, said=made.text: said) is None
        assert not any(path.is_file() for path in library.own_packs().rglob("*"))


def test_a_card_that_is_not_read_back_is_in_no_file(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    library.new_question(desk, "What is mine?", "This.")
    (path,) = (library.own_packs() / "mine").iterdir()
    before = path.read_bytes()
    monkeypatch.setattr(library, "refresh", lambda _: None)
    with pytest.raises(StudyError, match=r"could not be read back from .* Nothing was saved\.$"):
        library.new_question(desk, "And this?", "That.")
    assert path.read_bytes() == before


def test_a_card_with_a_line_more_by_now_is_not_taken_back(desk: Desk) -> None:
    made = library.new_question(desk, "What is mine?", "This.")
    path = next((library.own_packs() / "mine").glob("*.md"))
    path.write_text(f"{path.read_text()}\n- [ ] a point\n")
    changed = path.read_bytes()
    told = library.unwrite(desk, made, "", lambda *_: "")
    assert told == f"The new card has another text by now; it stays in {path}."
    assert path.read_bytes() == changed


@pytest.mark.parametrize("question", ["<!-- what? -->", "a \u202e b", "a\x1b b"])
def test_a_question_that_is_no_heading_is_refused(question: str, desk: Desk) -> None:
    with pytest.raises(StudyError, match="Nothing was saved"):
        library.new_question(desk, question, "This.")
    assert own(desk) == {}


@pytest.mark.parametrize(
    "occupied",
    [
        b"\xff",
        b"no front matter",
        b"---\npack: [\n---\n",
        b"\n---\npack: test\npart: P\nchapter: 1\ntitle: Chapter 1\nkind: questionnaire\n---\n",
        b"---\npack: test\npart: P\nchapter: 1\ntitle: Chapter 1\nkind: reading\n---\n",
        b"---\npack: other\npart: P\nchapter: 1\ntitle: Chapter 1\nkind: questionnaire\n---\n",
        None,
    ],
)
def test_a_file_that_cannot_hold_it_is_left_alone(occupied: bytes | None, desk: Desk) -> None:
    """A card is in the database when it is said to be saved, whatever stands in its place."""
    path = library.own_packs() / "mine" / "chapter-1-questions.md"
    path.parent.mkdir(parents=True)
    if occupied is None:
        path.mkdir()
    else:
        path.write_bytes(occupied)
    library.new_question(desk, "Where?", "Beside it.")
    library.new_question(desk, "And then?", "There, too.")
    assert own(desk) == {"Where?": "Beside it.", "And then?": "There, too."}
    assert path.is_dir() if occupied is None else path.read_bytes() == occupied


@pytest.mark.parametrize("text", ["", "words", "words\n\n## T {#t}\n\nmeaning", "```\nx", "<pre>"])
def test_what_begins_with_no_heading_is_no_note(tmp_path: Path, text: str) -> None:
    note, (problem,) = markdown.alone(text, FileKind.JARGON, tmp_path)
    assert (note, problem.line) == (None, 1)
    assert problem.message == "a note begins with a heading, ## and a space"


LINES = st.sampled_from(
    ["", "text", "```", "~~~~", "    code", "> ```", "- [ ] point", "1. one", "<!--", "-->", "\\",
     "<pre>", "</pre>", "<div>", "<?", "<![CDATA[", "## b", "# b", "### b", "===", "---", "|a|b|",
     "[x]: y", "$$", "==a=={#a}"]
)  # fmt: skip


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(LINES, min_size=1, max_size=6).map("\n".join))
def test_what_is_taken_ends_where_the_next_note_begins(tmp_path: Path, answer: str) -> None:
    text = f"## What? {{#what}}\n\n{answer}"
    note, problems = markdown.alone(text, FileKind.QUESTIONNAIRE, tmp_path)
    if note is None:
        assert problems
        return
    for after in ("## And? {#and}\n\nThat.", text.replace("#what", "#and")):
        notes, _ = markdown.notes_in(f"{text}\n\n{after}", FileKind.QUESTIONNAIRE, tmp_path)
        assert [one.id for one in notes] == ["what", "and"]
        assert (notes[0].answer, notes[0].points) == (note.answer, note.points)


def test_a_copy_of_an_installed_note_has_its_pictures_beside_it(
    desk: Desk, only_pack: Path
) -> None:
    (only_pack / "1" / "a b.png").write_bytes(b"PNG")
    (only_pack / "2" / "c.png").write_bytes(b"PNG")
    page = only_pack / "1" / "questionnaire.md"
    there = "![not beside](../2/c.png) ![gone](gone.png)"  # which nobody has to mend to change it
    page.write_text(page.read_text().replace("\n- [ ] ", f"\n{there}\n\n- [ ] ", 1))
    library.refresh(desk)
    with desk.reading() as connection:
        card = tables.card.c
        view = load(connection, connection.scalars(select(card.id)).first() or 0, learner=1)
    said, _ = library.read_edit(desk, view)
    text = said.replace(view.note.answer, f"{view.note.answer}\n\n![here](a%20b.png)")
    library.write_edit(desk, view, said, text, said, 0.0)
    library.edited(desk, view)
    mine = library.own_packs() / "mine"
    assert [path.name for path in mine.rglob("*.png")] == ["a b.png"]
    assert (mine / "a b.png").read_bytes() == b"PNG"
