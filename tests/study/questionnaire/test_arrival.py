"""A questionnaire filled in elsewhere becomes one attempt to be judged, and goes as it came."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import Engine, func, select

from studyapp.commands.main import main
from studyapp.errors import StudyError
from studyapp.notes import formats
from studyapp.store import backup, sync, tables
from studyapp.store.database import open_database
from studyapp.store.engine import reading, writing
from studyapp.study import library
from studyapp.study.grading import Grade
from studyapp.study.library import start_chapter
from studyapp.study.questionnaire import arrival
from studyapp.study.questionnaire.arrival import Proposal
from studyapp.study.questionnaire.attempt import Attempt, Mark
from studyapp.study.questionnaire.history import attempts
from tests_support import Clock, desk_of, questionnaire

OURS = (
    ("geese", "Why do geese fly in a V?", "Each saves effort in the upwash of a wing.", 1),
    ("bones", "Which bones of a bird are hollow?", "Many long bones have struts inside.", 2),
    ("owls", "How does an owl find a mouse in the dark?", "Its ears sit at two heights.", 3),
    ("owls-silent", "Why is the flight of an owl silent?", "Combs break up the air's swirls.", 3),
    ("gizzard", "What does a gizzard do?", "It grinds seeds with swallowed grit.", 4),
    ("swallows", "Where do swallows spend the winter?", "South of the Sahara.", None),
)
MINE = """# My notes on birds

Some prose that asks nothing.

## Questionnaire

1. What use is the V in which geese fly?

    * the upwash of a wing

2. Which bones of birds are hollow?

3. How does an owl find mice in the dark, and why is its flight silent?

    * two ears, combs

4. What is the gizzard for?

    * seeds and grit

5. How is cheese made?

    * with rennet

## Glossary

| Term | Meaning |
|---|---|
| Barb | a branch of a feather |
"""


@pytest.fixture(autouse=True)
def no_backups(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each import makes one, which takes longer than the import."""
    monkeypatch.setattr(backup, "make", lambda *_, **__: None)


@pytest.fixture
def birds(tmp_path: Path) -> Path:
    """A chapter of birds, whose third question is asked in two parts, and one of something else."""
    root = tmp_path / "birds"
    for chapter in (1, 2):
        (root / str(chapter)).mkdir(parents=True)
    notes = [
        f"## {question} {{#{name}}}\n\n{answer}\n\n- [ ] {answer[:-1]}\n\n<!-- section: 1.1"
        + (f", book: {book}" if book else "")
        + " -->"
        for name, question, answer, book in OURS
    ]
    notes[-1] += (
        "\n\n<!-- variant -->\n\n### Where do cranes spend it?\n\nIn Spain.\n\n- [ ] Spain"
        "\n\n<!-- variant -->\n\n### Where do storks spend it?\n\nIn Chad.\n\n- [ ] Chad"
    )
    (root / "1" / "questionnaire.md").write_text(questionnaire(*notes))
    (root / "2" / "questionnaire.md").write_text(
        questionnaire("## What is a loss? {#loss}\n\nA figure.\n\n- [ ] a figure", chapter=2)
    )
    return root


@pytest.fixture
def own(tmp_path: Path, birds: Path, clock: Clock) -> Iterator[Engine]:
    made = open_database(str(tmp_path / "own.db"))
    with writing(made) as connection:
        sync.sync(connection, [birds], clock())
        start_chapter(connection, 1, clock(), learner=1)
    yield made
    made.dispose()


@pytest.fixture
def propose(own: Engine, tmp_path: Path, clock: Clock) -> Callable[..., Proposal]:
    """What the file of the learner's answers would bring, with this text in it."""

    def propose(text: str = MINE, chapter: str | None = None) -> Proposal:
        path = tmp_path / "mine.md"
        path.write_text(text)
        desk = desk_of(own, clock)
        return arrival.match(desk, path, arrival.read(desk, path)[1], chapter)

    return propose


def answers(engine: Engine, clock: Clock) -> dict[str, str]:
    """What stands in the attempt that is gone on with."""
    return {one.note.id: one.text for one in Attempt(desk_of(engine, clock), 1).questions}


def count(engine: Engine) -> int:
    with reading(engine) as connection:
        return connection.scalar(select(func.count()).select_from(tables.attempt)) or 0


def test_what_is_matched_and_what_is_not_is_told(propose: Callable[..., Proposal]) -> None:
    found = propose()
    assert found.name == "chapter 1"
    assert [(one.number, len(one.notes), one.answer) for one in found.matched] == [
        (1, 1, "* the upwash of a wing"),
        (2, 1, ""),
        (3, 2, "* two ears, combs"),
        (4, 1, "* seeds and grit"),
    ]
    told = {one.line: one.message for one in found.unmatched}
    assert list(told) == [3, 11, 21, 29]
    assert told[11] == "this question has no answer"
    assert told[21] == "no question of the chapter: How is cheese made?"
    assert told[29].startswith("1 term,")


def test_a_part_in_its_own_words_gets_its_own_answer(propose: Callable[..., Proposal]) -> None:
    found = propose(
        "3. How does an owl find a mouse in the dark?\n    * two ears\n\n"
        "3. Why is the flight of an owl silent?\n    * combs\n\n"
        "Where do swallows spend the winter?\nin Africa\n\n"
        "7. Why is the flight of an owl silent?\n    * soft wings\n"
    )
    assert [(one.asked, one.answer.lstrip("* "), one.sure) for one in found.matched] == [
        (("How does an owl find a mouse in the dark?",), "two ears", "the same words"),
        (("Why is the flight of an owl silent?",), "combs", "the same words"),
        (("Where do swallows spend the winter?",), "in Africa", "the same words"),
    ]
    assert [(one.line, one.message.partition(":")[0]) for one in found.unmatched] == [
        (10, "asked on line 4, too, of which the answer is taken")
    ]


def test_what_asks_in_the_words_of_a_variant_answers_that(
    propose: Callable[..., Proposal], own: Engine, clock: Clock
) -> None:
    found = propose("**Where do storks spend it?**\n\nIn Africa.\n")
    assert [one.asked for one in found.matched] == [("Where do storks spend it?",)]
    arrival.bring_attempt(desk_of(own, clock), found)
    asked = Attempt(desk_of(own, clock), 1).current
    assert (asked.note.id, asked.note.prompt, asked.text) == (
        "swallows",
        "Where do storks spend it?",
        "In Africa.",
    )


def test_of_a_notebook_which_has_no_lines_nothing_is_dropped_without_a_word(
    own: Engine, clock: Clock, tmp_path: Path
) -> None:
    cells = [{"cell_type": "markdown", "metadata": {}, "source": MINE.partition("## Gloss")[0]}]
    path = tmp_path / "mine.ipynb"
    path.write_text(
        json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells})
    )
    desk = desk_of(own, clock)
    told = [one.message for one in arrival.match(desk, path, formats.read(path)[1]).unmatched]
    assert "no question of the chapter: How is cheese made?" in told


def test_answers_without_questions_go_by_their_numbers(
    propose: Callable[..., Proposal], own: Engine, clock: Clock
) -> None:
    with pytest.raises(StudyError, match="2 numbered answers and no question; --as-attempt --chap"):
        propose("1. upwash\n2. the long ones\n")
    text = "# Mine\n\nFrom memory.\n\n1. upwash\n3. ears\n\n   and combs\n3. eyes\n9. in spring\n"
    found = propose(text, "1")
    assert [(one.number, len(one.notes), one.answer, one.sure) for one in found.matched] == [
        (1, 1, "upwash", "its number alone"),
        (3, 2, "ears\n\nand combs", "its number alone"),
    ]
    assert [(one.line, one.message) for one in found.unmatched] == [
        (3, "this has no number, and is not read"),
        (5, "these numbers of the chapter have no answer: 2 and 4"),
        (9, "number 3 is on line 6 already: eyes"),
        (10, "no question of the chapter has number 9: in spring"),
    ]
    arrival.bring_attempt(desk_of(own, clock), found)
    again = propose(text)  # it is known by now whose answers these are
    assert (again.name, again.known) == ("chapter 1", True)
    path = again.path
    desk = desk_of(own, clock)
    assert arrival.take_out(desk, path, arrival.read(desk, path)[1]) == (3, 0)


def test_numbered_answers_are_shown_as_such_and_told_of_where_no_chapter_is_named(
    command: Callable[..., str], tmp_path: Path
) -> None:
    (path := tmp_path / "mine.md").write_text("1. upwash\n4. seeds\n")
    shown = command("import", str(path), "--as-attempt", "--chapter", "1", "--dry-run")
    assert "line 2: 4. seeds\n    answers What does a gizzard do? (its number alone)" in shown
    with pytest.raises(StudyError, match=r"Numbered answers .* with --as-attempt --chapter N"):
        formats.read(path)


SHEETS = {
    "headings": "## 1\n\nupwash\n\n## 4.\n\n1. seeds\n2. grit\n",
    "bare items": "1.\n2.\n1. upwash\n4.\n  1. seeds\n  2. grit\n",
    "bold, all one": "**1.** upwash\n\n**1.**\n\n**1.** \n\n**1.** 1. seeds\n  2. grit\n",
}


@pytest.mark.parametrize("shape", SHEETS)
def test_numbered_answers_have_many_shapes(shape: str, propose: Callable[..., Proposal]) -> None:
    found = [one for one in propose(SHEETS[shape], "1").matched if one.answer]
    assert [(one.number, one.answer) for one in found] == [(1, "upwash"), (4, "1. seeds\n2. grit")]


def test_answers_are_judged_here_and_the_attempt_goes_on_at_the_first(
    own: Engine, clock: Clock, propose: Callable[..., Proposal]
) -> None:
    proposal = propose(MINE.replace("    * the upwash of a wing\n", ""))
    brought = arrival.bring_attempt(desk_of(own, clock), proposal)
    attempt = Attempt(desk_of(own, clock), 1)
    assert (attempt.id, brought.answers, attempt.begun) == (brought.attempt, 3, False)
    assert (attempt.book, attempt.pretest) == (True, False)
    assert [one.note.id for one in attempt.questions] == [name for name, *_ in OURS[:5]]
    assert (attempt.current.note.id, attempt.current.mark) == ("owls", Mark.WRITTEN)
    attempt.reveal()
    attempt.tick(frozenset({0}))
    assert attempt.grade(Grade.GOT)  # with its review, as if it had been typed here
    assert (attempt.current.note.id, attempt.current.text) == ("owls-silent", "* two ears, combs")


def test_the_same_file_makes_one_attempt_and_a_longer_one_adds_to_it(
    own: Engine, clock: Clock, propose: Callable[..., Proposal]
) -> None:
    desk = desk_of(own, clock)
    arrival.bring_attempt(desk, propose())
    attempt = Attempt(desk, 1)
    attempt.write("in my own words now")
    assert arrival.bring_attempt(desk, propose()).answers == 0
    longer = MINE.replace("hollow?\n", "hollow?\n\n    * the long ones\n")
    again = propose(longer)
    assert (again.known, again.ends) == (False, None)
    brought = arrival.bring_attempt(desk, again)
    assert (count(own), brought.answers) == (1, 1)
    assert [problem.line for problem in brought.problems] == [7]
    kept = answers(own, clock)
    assert (kept["geese"], kept["bones"]) == ("in my own words now", "* the long ones")
    attempt = Attempt(desk, 1)
    for _ in attempt.questions:
        attempt.grade(Grade.GOT)
    again = propose(longer.replace("grit", "grit, again"))
    assert (again.known, again.ends) == (False, None)
    arrival.bring_attempt(desk, again)
    assert count(own) == 2  # the first has ended: it takes nothing more
    assert propose(longer.replace("grit", "grit, again")).known


def test_files_of_one_name_have_attempts_of_their_own_wherever_they_move(
    own: Engine, clock: Clock, tmp_path: Path
) -> None:
    desk = desk_of(own, clock)

    def bring(place: str, text: str) -> tuple[int, int]:
        (path := tmp_path / place / "mine.md").parent.mkdir(exist_ok=True)
        path.write_text(text)
        brought = arrival.bring_attempt(desk, arrival.match(desk, path, formats.read(path)[1]))
        clock.forward(hours=1)
        return brought.attempt, brought.answers

    mine = MINE.replace("upwash", "draught").replace("grit", "stones")
    longer = mine.replace("hollow?\n", "hollow?\n\n    * the long ones\n")
    (first, _), (second, answered) = bring("may", MINE), bring("june", mine)
    assert (first != second, answered, count(own)) == (True, 4, 2)
    assert bring("june", mine) == (second, 0)
    assert bring("june", longer) == (second, 1)  # changed, it updates its own
    (tmp_path / "june").rename(tmp_path / "moved")
    assert bring("moved", longer) == (second, 0)
    third, _ = bring("june", MINE.replace("ears", "owls").replace("upwash", "wind"))
    assert third not in (first, second)
    assert [bring(place, text)[0] for place, text in (("may", MINE), ("moved", longer))] == [
        first,
        second,
    ]
    path = tmp_path / "moved" / "mine.md"
    proposal = arrival.match(desk, path, formats.read(path)[1])
    assert (proposal.known, arrival.take_back(desk, proposal)) == (True, 5)
    assert bring("may", MINE) == (first, 0)


def test_it_goes_as_it_came_and_what_was_open_is_open_again(
    own: Engine, clock: Clock, propose: Callable[..., Proposal]
) -> None:
    desk = desk_of(own, clock)
    before = Attempt(desk, 1, book=True)
    before.write("from before")
    clock.forward(hours=1)
    proposal = propose()
    assert proposal.ends is not None
    arrival.bring_attempt(desk, proposal)
    assert Attempt(desk, 1).id != before.id
    clock.forward(minutes=1)
    assert arrival.take_back(desk, proposal) == 4
    assert Attempt(desk, 1).id == before.id
    with reading(own) as connection:
        assert [one.finished for one in attempts(connection, 1, learner=1)] == [False]
    assert arrival.take_back(desk, proposal) == 0
    clock.forward(minutes=1)
    assert arrival.bring_attempt(desk, propose()).answers == 4
    again = Attempt(desk, 1)
    again.grade(Grade.PARTLY)
    assert arrival.take_back(desk, proposal) == 3  # what is judged stays
    assert [text for text in answers(own, clock).values() if text] == ["* the upwash of a wing"]


def test_one_or_two_answered_questions_are_offered_too(propose: Callable[..., Proposal]) -> None:
    two = "1. Why do geese fly in a V?\n    * upwash\n\n4. What does a gizzard do?\n    * seeds\n"
    for text, numbers in ((two, [1, 4]), ("## What does a gizzard do?\n\nIt grinds.\n", [4])):
        found = propose(text)
        assert (found.name, [one.number for one in found.answered]) == ("chapter 1", numbers)
        assert not found.unmatched


def test_nothing_comes_without_a_backup_or_an_answer(
    own: Engine,
    clock: Clock,
    propose: Callable[..., Proposal],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    desk = desk_of(own, clock)
    with pytest.raises(StudyError, match="No question of chapter 1 is answered"):
        arrival.bring_attempt(desk, propose("1. Why do geese fly?\n2. What is a gizzard?\n"))
    with pytest.raises(StudyError, match="none of them is known as one of a chapter"):
        propose("1. How is cheese made?\n    * with rennet\n")

    def fail(*_: object, **__: object) -> None:
        raise StudyError("no room")

    monkeypatch.setattr(backup, "make", fail)
    with pytest.raises(StudyError, match="no room"):
        arrival.bring_attempt(desk, propose())
    assert count(own) == 0


def test_the_command_shows_asks_and_brings_in(
    birds: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(library, "installed_roots", lambda: [birds])
    path = tmp_path / "mine.md"
    path.write_text(MINE)

    def run(*said: str) -> tuple[int, str]:
        start = ["--db", str(tmp_path / "study.db"), "import", str(path)]
        done = CliRunner().invoke(main, [*start, *said])
        assert done.exception is None or isinstance(done.exception, SystemExit), done.output
        return done.exit_code, done.output

    assert "4 questions of chapter 1 in it: --as-attempt brings" in run("--dry-run")[1]
    code, shown = run("--as-attempt", "--dry-run")
    assert code == 1  # one has no answer, one is of cheese
    assert "4 questions of chapter 1, asked here as 5" in shown
    assert "is Why do geese fly in a V? (number and words, " in shown
    assert "mine.md:21: no question of the chapter: How is cheese made?" in shown
    assert "nothing was changed" in shown
    assert "--yes brings the answers in without being asked" in run("--as-attempt")[1]
    assert "Answers to 4 questions of chapter 1;" in run("--as-attempt", "--yes")[1]
    assert "(imported before)" in run("--as-attempt")[1]
    (told,) = json.loads(run("--as-attempt", "--json")[1])
    assert (told["known"], told["brought"], len(told["matched"])) == (True, 0, 4)
    other = tmp_path / "other.md"
    other.write_text(MINE)
    path = other
    ends = "The open attempt of"
    assert run("--as-attempt", "--dry-run")[1].count(ends) == 1
    assert run("--as-attempt")[1].count(ends) == 1
    assert "Answers to 4 questions of chapter 1;" in run("--as-attempt", "--yes")[1]
    assert "4 answers taken back" in run("--as-attempt", "--undo")[1]
    assert run("--yes")[0] == 2


@pytest.fixture
def command(birds: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Runs `studyapp` on a study of its own, and returns what it says."""
    monkeypatch.setattr(library, "installed_roots", lambda: [birds])

    def run(*said: str) -> str:
        done = CliRunner().invoke(main, ["--db", str(tmp_path / "study.db"), *said])
        assert done.exception is None or isinstance(done.exception, SystemExit), done.output
        return done.output

    return run


def filled(command: Callable[..., str], path: Path) -> str:
    """A post of chapter 1 that somebody has filled in."""
    command("export", str(path), "--chapter", "1")
    text = path.read_text().replace("*No answer yet.*", "> mine")
    path.write_text(text)
    return str(path)


def test_a_post_that_was_filled_in_is_an_attempt_too(
    command: Callable[..., str], tmp_path: Path
) -> None:
    path = filled(command, tmp_path / "q.md")
    assert "6 questions of chapter 1" in command("import", path, "--as-attempt", "--dry-run")
    assert "Answers to 6 questions of" in command("import", path, "--as-attempt", "--yes")
    (told,) = json.loads(command("import", path, "--as-attempt", "--json"))
    assert (told["known"], {one["by"] for one in told["matched"]}) == (True, {"its id"})
    refused = command("import", path, "--as-attempt", "--chapter", "2", "--dry-run")
    assert "none of them is known as one of chapter 2" in refused


def test_of_two_files_of_one_chapter_the_second_does_not_end_the_first(
    command: Callable[..., str], tmp_path: Path
) -> None:
    (first := tmp_path / "first.md").write_text(MINE)
    (second := tmp_path / "second.md").write_text(MINE.replace("1", "2"))
    both = "import", str(first), str(second), "--as-attempt"
    for how in ("--dry-run", "--yes"):
        said = command(*both, how)
        assert f"{second}: not imported: it answers chapter 1 as {first} does, whose" in said
        assert said.count("Answers to") == (how == "--yes")
    assert "The open attempt of" not in command(*both, "--dry-run").split(str(second))[0]
    assert "The open attempt of" in command("import", str(second), "--as-attempt", "--dry-run")
    assert "4 answers taken back" in command(*both, "--undo")


@pytest.mark.parametrize("how", [("--as-attempt", "--yes"), ()])
def test_undo_takes_answers_back_however_they_came(
    command: Callable[..., str], tmp_path: Path, how: tuple[str, ...]
) -> None:
    path = filled(command, tmp_path / "q.md")
    for _ in range(2):  # what is brought again comes again
        command("import", path, *how)
        assert "6 answers taken back\n" in command("import", path, "--undo")
    assert "no import of it is known here" in command("import", path, "--undo")


def test_what_has_gone_on_since_stays_in_its_attempt(
    own: Engine, clock: Clock, propose: Callable[..., Proposal], tmp_path: Path
) -> None:
    desk, proposal = desk_of(own, clock), propose()
    arrival.bring_attempt(desk, proposal)
    Attempt(desk, 1).grade(Grade.PARTLY)
    path = tmp_path / "mine.md"
    assert arrival.take_out(desk, path, formats.read(path)[1]) == (3, 1)
    assert arrival.take_out(desk, path, formats.read(path)[1]) == (0, 1)
