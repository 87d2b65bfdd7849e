"""Editing content costs no memory: notes are known by their ids alone."""

from __future__ import annotations

import os
import random
import shutil
import unicodedata
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event, func, select

from studyapp.memory.clock import study_day
from studyapp.memory.state import Cause, Memory, Rating
from studyapp.notes.card import REVERSED
from studyapp.notes.note import card_uid, note_uid
from studyapp.store import sync, tables
from studyapp.store.database import open_database
from studyapp.store.engine import reading, writing
from studyapp.store.fingerprint import is_current
from studyapp.store.memory import read_memory
from studyapp.study import review
from studyapp.study.questionnaire.history import is_question
from studyapp.study.undo import undo
from tests_support import START, Clock, question, questionnaire


def rate_all(engine: Engine, clock: Clock) -> dict[bytes, Memory]:
    """Rate every card once; memories by the uid of the card."""
    with writing(engine) as connection:
        for card_id in connection.scalars(select(tables.card.c.id)).all():
            review.answer(connection, card_id, None, Rating(card_id % 4 + 1), clock(), learner=1)
    return memories(engine)


def memories(engine: Engine) -> dict[bytes, Memory]:
    with reading(engine) as connection:
        cards = connection.execute(
            select(tables.card.c.uid, tables.card.c.id).where(tables.card.c.missing_since.is_(None))
        ).all()
        return {uid: read_memory(connection, card_id, learner=1) for uid, card_id in cards}


def rate_one(engine: Engine, clock: Clock) -> bytes:
    """Rate the card of the first question; returns its uid."""
    uid = card_uid(note_uid("test", "q00"), "answer").bytes
    with writing(engine) as connection:
        card_id = connection.scalars(select(tables.card.c.id).where(tables.card.c.uid == uid)).one()
        review.answer(connection, card_id, None, Rating.EASY, clock(), learner=1)
    return uid


def run(engine: Engine, clock: Clock, *roots: Path) -> sync.SyncReport:
    with writing(engine) as connection:
        return sync.sync(connection, roots, clock())


def test_the_first_sync_adds_everything_and_the_second_nothing(
    engine: Engine, content: Path, clock: Clock
) -> None:
    report = run(engine, clock, content)
    assert (report.added, report.changed, report.unchanged) == (0, 0, 19)
    assert report.problems == ()
    with reading(engine) as connection:
        # 16 questions with a card each, 3 terms with one in each direction
        assert connection.scalar(select(func.count()).select_from(tables.card)) == 22
        assert is_current(connection, [content])


def test_cards_know_whether_their_questionnaire_asks_them(
    engine: Engine, content: Path, clock: Clock
) -> None:
    page = content / "1" / "both.md"
    kinds = ("", "tags: apart", "tags: apartment", "card: both", "card: do")
    notes = [
        question(f"k{at}").replace("section: 1.1", f"section: 1.1, {kind}".rstrip(", "))
        for at, kind in enumerate(kinds)
    ]
    page.write_text(questionnaire(*notes))
    assert run(engine, clock, content).problems == ()
    asked = [one for one in asked_by_name(engine) if one[0].startswith("k")]
    assert asked == [("k0", "answer"), ("k2", "answer"), ("k3", "answer")]
    page.write_text(page.read_text().replace("tags: apartment", "tags: apart"))
    run(engine, clock, content)
    assert ("k2", "answer") not in asked_by_name(engine)


def asked_by_name(engine: Engine) -> list[tuple[str, str]]:
    """The cards that questionnaires ask, by note and side; they are those of its questions."""
    note, card = tables.note.c, tables.card.c
    query = select(note.name, card.side).join(tables.card, card.note_id == note.id)
    with reading(engine) as connection:
        kept = connection.execute(query.where(card.in_questionnaire)).all()
        said = connection.execute(query.where(is_question(), card.side != REVERSED)).all()
    assert sorted(kept) == sorted(said)
    return sorted((name, side) for name, side in kept)


def test_no_edit_loses_a_memory(engine: Engine, content: Path, clock: Clock) -> None:
    """Five answers edited, two questions reworded, one note moved, one file renamed, one deleted
    and restored: as in the issue."""
    before = rate_all(engine, clock)
    first, second = content / "1" / "questionnaire.md", content / "2" / "questionnaire.md"
    text = first.read_text()
    for number in range(5):
        text = text.replace(f"It is q{number:02}.", f"A better answer about {number}.")
    text = text.replace("What is q05?", "Say what q05 is.").replace("What is q06?", "And q06?")
    moved = text[text.index("## What is q11?") :]
    first.write_text(text.replace(moved, ""))
    second.write_text(second.read_text() + "\n" + moved.replace("1.1", "2.1"))
    (content / "1" / "jargon.md").rename(content / "1" / "words.md")
    report = run(engine, clock, content)
    # 5 + 2 edited, 1 moved, 3 terms in a renamed file; the notes behind the moved one keep place
    assert (report.added, report.missing) == (0, 0)
    assert report.changed >= 11
    assert memories(engine) == before

    kept = second.read_text()
    second.unlink()
    assert run(engine, clock, content).missing == 5
    assert len(memories(engine)) == len(before) - 5
    second.write_text(kept)
    assert run(engine, clock, content).restored == 5
    assert memories(engine) == before


def test_a_missing_root_changes_nothing_and_says_so(
    engine: Engine, content: Path, clock: Clock
) -> None:
    before = rate_all(engine, clock)
    shutil.move(content, content.with_name("elsewhere"))
    report = run(engine, clock, content)
    assert report.missing_roots == (str(content),)
    assert (report.missing, report.changed) == (0, 0)
    assert memories(engine) == before


def test_a_broken_file_does_not_retire_its_notes(
    engine: Engine, content: Path, clock: Clock
) -> None:
    before = rate_all(engine, clock)
    path = content / "1" / "questionnaire.md"
    good = path.read_text()
    path.write_text(good.replace("pack: test", "pack: [test"))
    report = run(engine, clock, content)
    assert report.missing == 0
    assert [problem.path for problem in report.problems] == [path]
    assert memories(engine) == before


def test_only_what_is_out_of_reach_protects_its_notes(
    engine: Engine, content: Path, clock: Clock
) -> None:
    """A note that was deleted goes, whatever else is wrong in its file."""
    path = content / "1" / "questionnaire.md"
    good = path.read_text()
    wrong = good.replace("{#q03}", "{#q03}\n\n<!-- need: 99 -->")
    assert wrong != good
    start, end = (good.index(f"{{#{name}}}") for name in ("q05", "q06"))
    without = wrong.replace(good[good.rindex("## ", 0, start) : good.rindex("## ", 0, end)], "")
    path.write_text(without)
    report = run(engine, clock, content)
    assert {problem.path for problem in report.problems} == {path}
    assert report.missing == 1
    first = without.index("## ")
    path.write_text(f"{without[:first]}```\n{without[first:]}")  # a fence that nothing closes
    report = run(engine, clock, content)
    assert {problem.path for problem in report.problems} == {path}
    assert report.missing == 0


def test_what_cannot_be_read_keeps_its_sections_and_moments(
    engine: Engine, content: Path, clock: Clock
) -> None:
    lecture, reading_page = content / "lecture.md", content / "1" / "reading.md"
    lecture.write_text(
        "---\npack: test\npart: 1. Part\nchapter: 2\ntitle: Chapter 2\nkind: reading\n"
        "lecture: 3\n---\n\n## 00:10 Begin\n\nWords.\n\n## 01:02 Later\n\nMore.\n"
    )
    reading_page.write_text(reading_page.read_text() + "\n## 1.2 The next\n")

    def there() -> tuple[list[str], list[str]]:
        run(engine, clock, content)
        with reading(engine) as connection:
            numbers = connection.scalars(
                select(tables.section.c.number)
                .where(tables.section.c.missing_since.is_(None))
                .order_by(tables.section.c.number)
            ).all()
            titles = connection.scalars(
                select(tables.moment.c.title).order_by(tables.moment.c.seconds)
            ).all()
        return list(numbers), list(titles)

    whole = ["1.1", "1.2"], ["Begin", "Later"]
    assert there() == whole
    for page, title in ((lecture, "## 01:02 Later"), (reading_page, "## 1.2 The next")):
        good = page.read_bytes()
        for broken in (
            b"\xff",
            good.replace(b"pack: test", b"pack: [test"),
            good.replace(title.encode(), f"```\n{title}".encode()),
        ):
            page.write_bytes(broken)
            assert there() == whole
        page.write_bytes(good)
        assert there() == whole
    # what was deleted goes, whatever else is wrong in its file
    text = lecture.read_text().split("## 01:02 Later")[0]
    lecture.write_text(f"{text}<!-- sectoin: 1 -->\n")
    reading_page.write_text(reading_page.read_text().split("## 1.2")[0] + "## Odd\n")
    assert there() == (["1.1"], ["Begin"])


def test_what_stands_beside_the_content_is_passed_over_or_told(
    engine: Engine, content: Path, clock: Clock
) -> None:
    folder = content / "1"
    (folder / ".#questionnaire.md").symlink_to("nobody@nowhere.4711")  # as Emacs does
    (folder / "gone.md").symlink_to(folder / "nowhere")
    (folder / "round.md").symlink_to(folder / "round.md")
    (folder / "folder.md").mkdir()
    os.mkfifo(folder / "pipe.md")
    strange = folder / os.fsdecode(b"\xff.md")
    strange.write_text(questionnaire(question("q99")))
    report = run(engine, clock, content)
    told = {problem.path.name for problem in report.problems}
    assert told == {"gone.md", "round.md", "pipe.md", strange.name}
    assert (report.added, report.missing) == (0, 0)
    with reading(engine) as connection:
        assert is_current(connection, [content])


def test_a_later_root_shadows_a_note_and_gives_it_back(
    engine: Engine, content: Path, clock: Clock, tmp_path: Path
) -> None:
    before = rate_all(engine, clock)
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "a.md").write_text(questionnaire(question("q03", text="My own words.")))
    run(engine, clock, content, mine)
    uid = note_uid("test", "q03").bytes
    answer = select(tables.note.c.answer).where(tables.note.c.uid == uid)
    with reading(engine) as connection:
        assert connection.scalar(answer) == "My own words."
    shutil.rmtree(mine)
    run(engine, clock, content)
    with reading(engine) as connection:
        assert connection.scalar(answer) == "It is q03."
    assert memories(engine) == before


def test_the_later_of_two_roots_has_a_section_that_both_have(
    engine: Engine, content: Path, clock: Clock, tmp_path: Path
) -> None:
    page = (content / "1" / "reading.md").read_text()
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        text = page.split("## ")[0] + f"## 1.9 In the {name}\n"
        (tmp_path / name / "reading.md").write_text(text)
    for _ in range(2):
        run(engine, clock, content, tmp_path / "first", tmp_path / "second")
        section = tables.section.c
        with reading(engine) as connection:
            titles = connection.scalars(select(section.title).where(section.number == "1.9"))
            assert titles.all() == ["In the second"]


def test_many_notes_take_the_statements_of_a_few(
    engine: Engine, content: Path, clock: Clock
) -> None:
    """New ones and those that move, those that get another text and those that go."""
    few, many = 3, 60
    done: list[Any] = []
    event.listen(engine, "before_cursor_execute", lambda *told: done.append(told))

    def counts(notes: int) -> list[int]:
        folder, found = content / "1" / f"{notes}", list[int]()
        folder.mkdir()
        names = [f"m{notes}-{number}" for number in range(notes)]
        term = [f"## t{notes}-{number} {{#t{notes}-{number}}}\n\nWhat." for number in range(notes)]
        for text in ("Old.", "New.", ""):
            asked = (question(name, text=text) for name in names)
            pages = questionnaire(*asked), questionnaire(*term).replace(KINDS[0], KINDS[1])
            for name, page in zip(("questionnaire.md", "jargon.md"), pages, strict=True):
                if text:
                    (folder / name).write_text(page)
                else:
                    (folder / name).unlink()
            done.clear()
            assert run(engine, clock, content).problems == ()
            found.append(len(done))
        return found

    assert counts(many) == counts(few)


def written(engine: Engine) -> list[tuple[Any, ...]]:
    """All notes with their cards, each with the installed card that it comes after."""
    note, card = tables.note.c, tables.card.c
    named = (note.uid, note.learner_id, note.answer, note.path, note.missing_since, card.side)
    shown = (card.family, card.contrast, card.missing_since, card.position)
    with reading(engine) as connection:
        rows = connection.execute(
            select(*named, tables.chapter.c.title, *shown)
            .join(tables.card, card.note_id == note.id)
            .join(tables.chapter, tables.chapter.c.id == note.chapter_id)
        ).all()
    return sorted(((*row[:-1], row.position // 1000) for row in rows), key=repr)


@pytest.mark.parametrize("seed", range(3))
def test_what_is_read_of_the_changed_alone_is_what_is_read_of_all(
    seed: int, engine: Engine, content: Path, clock: Clock, tmp_path: Path
) -> None:
    draw = random.Random(seed)
    other = open_database(str(tmp_path / "other.db"))
    folders = [tmp_path / "own" / name for name in ("deck", "words", "mine")]
    notes = ["q03", "t1", "one", "two"]  # of the pack, and own ones
    for folder in folders:
        folder.mkdir(parents=True)
    with writing(other) as connection:
        sync.sync(connection, [content], clock())
    for _ in range(15):
        files = [*(one / "a.md" for one in folders), content / "1" / "a.md"]
        for path in draw.choices(files, (1, 3, 6, 1)):  # the later one is, the less is read anew
            some = draw.sample(notes, draw.randrange(4)) if content not in path.parents else ["new"]
            text = f"Said {draw.randrange(99)}."
            asked = (question(one, text=text, family=draw.choice(("f", ""))) for one in some)
            apart = "<!-- " if draw.random() < 0.8 else APART
            told = questionnaire(*asked).replace("<!-- ", apart)
            path.write_text(told.replace("kind: questionnaire", draw.choice(KINDS)))
        clock.forward(minutes=1)
        own = folders if draw.random() < 0.9 else folders[1:]
        for changed_only, to in ((True, engine), (False, other)):
            with writing(to) as connection:
                sync.sync(
                    connection, [content], clock(), own=own, whose=1, changed_only=changed_only
                )
        assert written(engine) == written(other)
        with reading(engine) as connection:
            assert is_current(connection, [content, *own], whose=1)
    other.dispose()


KINDS = ("kind: questionnaire", "kind: jargon")
APART = "<!-- tags: contrast, "


def test_a_suspension_is_the_learners_own(engine: Engine, content: Path, clock: Clock) -> None:
    with writing(engine) as connection:
        review.suspend(connection, 1, clock(), learner=1)
    path = content / "1" / "questionnaire.md"
    text = path.read_text()
    path.unlink()
    run(engine, clock, content)
    path.write_text(text)
    run(engine, clock, content)
    with reading(engine) as connection:
        assert read_memory(connection, 1, learner=1).suspended


def test_an_item_keeps_its_memory_when_the_list_is_reordered(
    engine: Engine, content: Path, clock: Clock
) -> None:
    items = [f"- [ ] item {name} {{#i-{name}}}" for name in "abcde"]
    path = content / "1" / "list.md"

    def write(lines: list[str]) -> None:
        body = "\n".join(lines)
        path.write_text(
            questionnaire(f"## Which five? {{#five}}\n\n{body}\n\n<!-- card: items -->")
        )

    write(items)
    run(engine, clock, content)
    wanted = card_uid(note_uid("test", "five"), "item:i-d").bytes
    with writing(engine) as connection:
        card_id = connection.scalars(
            select(tables.card.c.id).where(tables.card.c.uid == wanted)
        ).one()
        after = review.answer(connection, card_id, None, Rating.GOOD, clock(), learner=1).memory
    write([items[3].replace("item d", "the fourth"), items[0], items[4]])
    run(engine, clock, content)
    again = replace(after, due=study_day(clock()), cause=Cause.CHANGED)
    assert memories(engine)[wanted] == again
    assert len(memories(engine)) == 22 + 3


def test_new_points_do_not_bring_back_the_side_that_shows_none(
    engine: Engine, content: Path, clock: Clock
) -> None:
    path = content / "1" / "both.md"
    text = questionnaire("## el perro {#perro}\n\nthe dog\n\n- [ ] a dog\n\n<!-- card: both -->")
    path.write_text(text)
    run(engine, clock, content)
    uids = [card_uid(note_uid("test", "perro"), side).bytes for side in ("answer", "reversed")]
    with writing(engine) as connection:
        for uid in uids:
            row = connection.execute(
                select(tables.card.c.id, tables.card.c.opener).where(tables.card.c.uid == uid)
            ).one()
            assert row.opener is None
            review.answer(connection, row.id, None, Rating.EASY, clock(), learner=1)
    clock.forward(days=1)
    path.write_text(text.replace("a dog", "a hound"))
    assert run(engine, clock, content).due_again == 1
    causes = [memories(engine)[uid].cause for uid in uids]
    assert causes == [Cause.CHANGED, Cause.RATED]


def test_a_changed_point_makes_a_rated_card_due_once(
    engine: Engine, content: Path, clock: Clock
) -> None:
    uid = rate_one(engine, clock)
    first = memories(engine)[uid]
    clock.forward(days=1)
    path = content / "1" / "questionnaire.md"
    path.write_text(path.read_text().replace("first of q00", "another first of q00"))
    report = run(engine, clock, content)
    assert report.due_again == 1
    changed = memories(engine)[uid]
    assert (changed.due, changed.cause) == (study_day(clock()), Cause.CHANGED)
    assert changed.stability == first.stability
    path.write_text(path.read_text() + "\n")
    assert run(engine, clock, content).due_again == 0
    with writing(engine) as connection:
        undone = undo(connection, clock(), learner=1)
    assert undone is not None
    assert undone.rating is Rating.EASY  # the sync's event is nobody's action
    assert memories(engine)[uid] == Memory()


def due_days(engine: Engine) -> list[int]:
    """In how many days each card falls due whose answer has changed."""
    found = [it for it in memories(engine).values() if it.cause is Cause.CHANGED]
    return sorted((it.due - study_day(START)).days for it in found if it.due)


def test_changed_cards_are_spread_over_days(engine: Engine, content: Path, clock: Clock) -> None:
    path = content / "1" / "questionnaire.md"
    path.write_text(questionnaire(*(question(f"q{number:02}") for number in range(25))))
    run(engine, clock, content)
    with writing(engine) as connection:
        for card_id in connection.scalars(select(tables.card.c.id)).all():
            review.answer(connection, card_id, None, Rating.EASY, clock(), learner=1)
    text = path.read_text()
    path.write_text(text.replace("first of q0", "what is new of q0"))
    assert run(engine, clock, content).due_again == 10
    path.write_text(text.replace("first of", "what is new of"))
    assert run(engine, clock, content).due_again == 15
    assert due_days(engine) == [0] * 10 + [1] * 10 + [2] * 5


def test_an_announced_change_brings_a_term_back_once(
    engine: Engine, content: Path, clock: Clock
) -> None:
    rate_all(engine, clock)
    path = content / "1" / "jargon.md"
    text = path.read_text().replace("Meaning number 1", "Something else")
    path.write_text(text)
    assert run(engine, clock, content).due_again == 0
    path.write_text(f"{text}\n<!-- changed: 2026-12 -->\n")  # of the last term, two cards
    assert run(engine, clock, content).due_again == 2
    for more in ("\n", "\n\n"):
        path.write_text(path.read_text() + more)
        assert run(engine, clock, content).due_again == 0
    clock.forward(days=60)  # who rated it later has rated what it now says
    with writing(engine) as connection:
        for card_id in connection.scalars(select(tables.card.c.id)).all():
            last = read_memory(connection, card_id, learner=1).last_review
            review.answer(connection, card_id, last, Rating.GOOD, clock(), learner=1)
    path.write_text(path.read_text().replace("2026-12", "2027-01"))
    assert run(engine, clock, content).due_again == 2
    path.write_text(path.read_text().replace("2027-01", "2026-11"))
    assert run(engine, clock, content).due_again == 0


def test_a_reworded_answer_makes_nothing_due(engine: Engine, content: Path, clock: Clock) -> None:
    rate_one(engine, clock)
    before = memories(engine)
    path = content / "1" / "questionnaire.md"
    path.write_text(path.read_text().replace("It is q00.", "It is, of course, q00."))
    report = run(engine, clock, content)
    assert (report.changed, report.due_again) == (1, 0)
    assert memories(engine) == before


def test_cards_know_the_section_that_lets_them_in(engine: Engine) -> None:
    with reading(engine) as connection:
        rows = connection.execute(
            select(tables.card.c.chapter_id, tables.section.c.number).outerjoin(
                tables.section, tables.section.c.id == tables.card.c.section_id
            )
        ).all()
    assert {number for chapter, number in rows if chapter == 1} == {"1.1"}
    assert {number for chapter, number in rows if chapter == 2} == {None}


def test_moments_of_a_lecture_point_to_sections_of_any_chapter(
    engine: Engine, content: Path, clock: Clock
) -> None:
    (content / "lecture.md").write_text(
        "---\npack: test\npart: 1. Part\nchapter: 2\ntitle: Chapter 2\nkind: reading\n"
        "lecture: 3\nvideo: https://example.org/v?id=3\n---\n\n"
        "## 00:10 Begin\n\nWords.\n\n<!-- section: 1.1 -->\n\n## 01:02:03 Later\n\nMore.\n"
    )
    for _ in range(2):  # and reading again writes none twice
        run(engine, clock, content)
        with reading(engine) as connection:
            rows = connection.execute(
                select(tables.moment.c.seconds, tables.moment.c.video, tables.section.c.number)
                .outerjoin(tables.section, tables.section.c.id == tables.moment.c.section_id)
                .order_by(tables.moment.c.seconds)
            ).all()
        video = "https://example.org/v?id=3"
        assert [tuple(row) for row in rows] == [(10, video, "1.1"), (3723, video, None)]


def test_two_devices_agree_on_identity() -> None:
    """Golden: an identity that changed would lose every learner's memory."""
    assert str(note_uid("fastai", "overfitting")) == "f4a282d5-3255-5fb9-abdc-55c6c65879df"
    assert (
        str(card_uid(note_uid("fastai", "overfitting"), "answer"))
        == "254b34ed-aabd-5b93-922b-3a4d67068c15"
    )


def test_a_file_that_is_saved_in_decomposed_characters_is_the_same(
    engine: Engine, content: Path, clock: Clock
) -> None:
    path = content / "1" / "questionnaire.md"
    path.write_text(path.read_text().replace("first of q00", "d\u00e9j\u00e0 vu"))
    run(engine, clock, content)
    before = rate_all(engine, clock)
    path.write_text(unicodedata.normalize("NFD", path.read_text()))
    report = run(engine, clock, content)
    assert (report.changed, report.due_again) == (0, 0)
    assert memories(engine) == before
