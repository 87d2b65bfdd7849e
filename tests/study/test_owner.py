"""Content has an owner: what one learner writes is nobody else's to see, mark, reword or count."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Connection, select

from studyapp.config import Current, Settings
from studyapp.memory.state import Cause, Memory, Rating
from studyapp.notes.note import card_uid, note_uid
from studyapp.store import owner, tables
from studyapp.store.memory import read_memory
from studyapp.study import card as cards
from studyapp.study import learner as learners
from studyapp.study import library, review, stats, today, tracker
from studyapp.study.desk import Desk
from studyapp.study.questionnaire.attempt import Attempt
from studyapp.study.sitting import Sitting
from tests_support import Clock, question, questionnaire, search

Open = Callable[[str | None], Desk]


@pytest.fixture
def start(tmp_path: Path, only_pack: Path, clock: Clock) -> Iterator[Open]:
    """Start the app as a learner, by name; None is the first one."""
    desks: list[Desk] = []
    known: set[str | None] = {None}

    def opened(name: str | None) -> Desk:
        new = name not in known
        known.add(name)
        desk, _ = library.open_study(
            str(tmp_path / "a.db"), Current(Settings()), clock, name, new=new
        )
        desks.append(desk)
        return desk

    yield opened
    for desk in desks:
        desk.close()


def shown(desk: Desk) -> dict[str, object]:
    """What a learner sees of the content, on every way to it."""
    with desk.reading() as connection:
        learner = desk.learner
        course = tracker.read_course(connection, learner=learner)
        return {
            "found": sorted(one.prompt for one in search(connection, "what", learner=learner)),
            "cards": stats.stats(connection, desk.now(), leech_lapses=8, learner=learner).cards,
            "due": today.due(connection, desk.now(), desk.settings, learner=learner),
            "chapters": [
                (row.number, row.title, row.cards)
                for row in today.overview(
                    connection, desk.now(), desk.settings, learner=learner
                ).chapters
            ],
            "course": [(one.number, one.new, one.known) for one in course.chapters],
            "sections": [(one.number, one.text) for one in course.sections],
            "asked": [one.note.answer for one in Attempt(desk, 1).questions],
        }


def own(desk: Desk, name: str, content: str) -> Path:
    path = library.packs_of(desk) / "mine" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    library.refresh(desk)
    return path


@contextmanager
def unseen_by(other: Desk) -> Iterator[None]:
    """Nothing of what is done in it changes what *other* sees, nor a row of theirs."""
    before, rows = shown(other), personal(other)
    yield
    library.refresh(other)
    assert shown(other) == before
    assert personal(other) == rows


def personal(desk: Desk) -> dict[str, list[tuple[object, ...]]]:
    """Every row that carries the learner."""
    with desk.reading() as connection:
        return {
            table.name: sorted(
                (
                    tuple(row)
                    for row in connection.execute(
                        select(table).where(table.c.learner_id == desk.learner)
                    )
                ),
                key=repr,
            )
            for table in tables.METADATA.sorted_tables
            if "learner_id" in table.c and table is not tables.root
        }


def test_a_question_of_ones_own_is_not_the_others(start: Open) -> None:
    me, anna = start(None), start("Anna")
    with unseen_by(anna):
        library.new_question(me, "What is mine?", "This.")
    assert "What is mine?" in str(shown(me)["found"])
    with unseen_by(me):
        library.new_question(anna, "What is Anna's?", "That.")
    assert "What is Anna's?" in str(shown(anna)["found"])
    assert library.packs_of(anna) != library.packs_of(me)


def test_the_second_learners_start_marks_nothing_of_the_first(start: Open) -> None:
    """Nor does a change in the installed pack while the second one is there."""
    me = start(None)
    library.new_question(me, "What is mine?", "This.")
    sitting = Sitting(me)
    sitting.rate(Rating.GOOD)
    with unseen_by(me):
        anna = start("Anna")
        library.refresh(anna, force=True)
        Sitting(anna).rate(Rating.AGAIN)


def test_an_edited_copy_is_read_by_its_learner_alone_and_keeps_the_memory(
    start: Open, clock: Clock
) -> None:
    me, anna = start(None), start("Anna")
    uid = card_uid(note_uid("test", "q00"), "answer").bytes
    kept = [rate(desk, uid) for desk in (me, anna)]
    with unseen_by(anna):
        path = own(me, "a.md", questionnaire(question("q00", text="My own words.")))
    assert shown(me)["asked"].count("My own words.") == 1
    assert len(shown(me)["asked"]) == len(shown(anna)["asked"]) == 12
    assert memory(me, uid) == kept[0]
    assert memory(anna, uid) == kept[1]
    clock.forward(days=1)
    path.write_text(questionnaire(question("q00").replace("first of", "another point of")))
    library.refresh(me)
    assert memory(me, uid).cause is Cause.CHANGED
    assert memory(anna, uid) == kept[1]
    path.unlink()  # and the installed one is there again, with what was logged meanwhile
    after = rate(me, uid)
    library.refresh(me)
    assert memory(me, uid).last_review == after.last_review
    assert "My own words." not in shown(me)["asked"]
    assert len(shown(me)["asked"]) == 12


def test_an_open_attempt_keeps_its_answer_when_the_note_is_edited(start: Open) -> None:
    me = start(None)
    attempt = Attempt(me, 1)
    name = attempt.current.note.id
    attempt.write("my answer")
    own(me, "a.md", questionnaire(question(name, text="My own words.")))
    again = Attempt(me, 1)
    kept = next(one for one in again.questions if one.note.id == name)
    assert (kept.text, kept.note.answer) == ("my answer", "My own words.")


def test_two_learners_may_have_a_note_of_the_same_id(start: Open) -> None:
    me, anna = start(None), start("Anna")
    for desk in (me, anna):
        text = questionnaire(question("same", text=f"Of learner {desk.learner}."))
        own(desk, "a.md", text)
    for desk in (me, anna):
        assert f"Of learner {desk.learner}." in shown(desk)["asked"]
        assert len(shown(desk)["asked"]) == 13


def test_a_chapter_of_ones_own_is_in_no_other_course(start: Open) -> None:
    me, anna = start(None), start("Anna")
    with unseen_by(anna):
        own(me, "a.md", questionnaire(question("z", chapter=7), chapter=7, pack="own"))
        section = questionnaire("## 7.1 Secret\n\nProse.", chapter=7, pack="own")
        own(me, "b.md", section.replace("kind: questionnaire", "kind: reading"))
    assert (7, "Chapter 7", 1) in shown(me)["chapters"]
    assert ("7.1", "Prose.") in shown(me)["sections"]


@pytest.mark.parametrize("place", ["part: 1. Own\nchapter: 9\ntitle: {}'s", "deck: Words"])
def test_two_learners_may_have_a_chapter_of_the_same_name(start: Open, place: str) -> None:
    """Each has it as their own files say, with its sections; and nobody else has any."""
    me, anna, ben = start(None), start("Anna"), start("Ben")

    def write(desk: Desk, who: str) -> None:
        head = f"---\npack: own\n{place.format(who)}\nkind: "
        text = f"{head}reading\n---\n\n## 9.1 By {who}\n\nProse of {who}.\n"
        own(desk, "reading.md", text)
        own(desk, "questions.md", f"{head}questionnaire\n---\n\n{question('own', chapter=9)}\n")

    with unseen_by(anna), unseen_by(ben):
        write(me, "me")
    with unseen_by(me), unseen_by(ben):
        write(anna, "Anna")
    for desk, who in ((me, "me"), (anna, "Anna")):
        last = theirs(desk)
        assert (("9.1", f"Prose of {who}.") in sections(desk)) == (last.number == 9)
        assert (last.title, last.cards) == (f"{who}'s" if last.number else "Words", 1)
    with unseen_by(anna), me.writing() as connection:
        library.start_chapter(connection, theirs(me).id, me.now(), learner=me.learner)
    with unseen_by(me):
        write(anna, "Annabel")
    assert theirs(anna).title in ("Annabel's", "Words")


def test_a_chapter_of_ones_own_becomes_that_of_a_pack_which_comes_to_have_it(
    start: Open, only_pack: Path
) -> None:
    """It stays started. If two learners have it, it stays theirs, beside that of the pack."""
    me, anna = start(None), start("Anna")
    text = questionnaire(question("own", chapter=9), chapter=9)
    own(me, "nine.md", text)
    with me.writing() as connection:
        library.start_chapter(connection, chapters(me)[-1].id, me.now(), learner=me.learner)
    before = chapters(anna)
    (only_pack / "nine.md").write_text(text.replace("own", "installed"))
    library.refresh(me)
    assert [(row.number, row.started, row.cards) for row in chapters(me)][-1] == (9, True, 2)
    assert chapters(anna)[:-1] == before
    assert (chapters(anna)[-1].number, chapters(anna)[-1].started) == (9, False)
    for desk in (me, anna):
        own(desk, "ten.md", text.replace("chapter: 9", "chapter: 10").replace("own", "ten"))
    (only_pack / "ten.md").write_text(text.replace("chapter: 9", "chapter: 10").replace("own", "x"))
    library.refresh(anna)
    for desk in (me, anna):
        assert [(row.number, row.cards) for row in chapters(desk)][-2:] == [(10, 1), (10, 1)]


def chapters(desk: Desk) -> tuple[today.ChapterRow, ...]:
    with desk.reading() as connection:
        return today.overview(connection, desk.now(), desk.settings, learner=desk.learner).chapters


def theirs(desk: Desk) -> today.ChapterRow:
    """The chapter, or the deck, of the pack `own`."""
    return next(row for row in chapters(desk) if row.pack == "own")


def sections(desk: Desk) -> list[tuple[str, str]]:
    with desk.reading() as connection:
        course = tracker.read_course(connection, learner=desk.learner)
    return [(one.number, one.text) for one in course.sections]


def test_own_notes_of_before_there_were_owners_are_the_first_learners(
    start: Open, clock: Clock
) -> None:
    """As migration 4 leaves them: without root and owner, the copy in the place of the original."""
    me = start(None)
    uid = card_uid(note_uid("test", "q00"), "answer").bytes
    path = own(me, "a.md", questionnaire(question("q00", text="My own words.")))
    kept = rate(me, uid)
    with me.writing() as connection:
        gone = select(tables.note.c.id).where(
            tables.note.c.path != str(path), tables.note.c.uid == note_uid("test", "q00").bytes
        )
        for statement in (
            tables.passage.delete().where(tables.passage.c.note_id.in_(gone)),
            tables.card.delete().where(tables.card.c.note_id.in_(gone)),
            tables.note.delete().where(tables.note.c.id.in_(gone)),
            tables.note.update().values(root_id=None, learner_id=None),
            tables.card.update().values(learner_id=None),
            tables.root.delete(),
        ):
            connection.execute(statement)
    anna = start("Anna")
    assert "My own words." not in shown(anna)["asked"]
    assert len(shown(anna)["asked"]) == 12
    assert memory(anna, uid) == Memory()
    library.refresh(me)
    assert "My own words." in shown(me)["asked"]
    assert memory(me, uid) == kept


@pytest.mark.parametrize(
    "name", ["../Eve", "a/b", "CON.", "名前", "\N{GRINNING FACE}" * 40, "ß" * 40]
)
def test_a_folder_for_any_name(name: str, tmp_path: Path) -> None:
    folder = learners.as_folder(learners.checked(name))
    made = tmp_path / "packs-of" / folder
    made.mkdir(parents=True)
    assert made.resolve().parent == tmp_path / "packs-of"
    assert folder == learners.as_folder(name.upper()) or name.upper().casefold() != name.casefold()


def rate(desk: Desk, uid: bytes) -> Memory:
    with desk.writing() as connection:
        card_id = visible(connection, uid, desk.learner)
        seen = read_memory(connection, card_id, learner=desk.learner).last_review
        return review.answer(
            connection, card_id, seen, Rating.EASY, desk.now(), learner=desk.learner
        ).memory


def memory(desk: Desk, uid: bytes) -> Memory:
    with desk.reading() as connection:
        card_id = visible(connection, uid, desk.learner)
        view = cards.load(connection, card_id, learner=desk.learner)
        return view.memory


def visible(connection: Connection, uid: bytes, learner: int) -> int:
    return connection.scalars(
        select(tables.card.c.id).where(
            tables.card.c.uid == uid,
            tables.card.c.missing_since.is_(None),
            owner.visible(tables.card.c, learner=learner),
        )
    ).one()
