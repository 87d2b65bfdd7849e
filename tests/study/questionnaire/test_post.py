"""Learning in public: what is published comes back byte for byte, but for what steers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import Engine, func, select

from studyapp.commands.main import main
from studyapp.config import Current, Settings
from studyapp.errors import StudyError, printable
from studyapp.lab.catalog import Catalog
from studyapp.notes.post import read
from studyapp.store import sync, tables
from studyapp.store.database import open_database
from studyapp.store.engine import reading, writing
from studyapp.study import library, tracker
from studyapp.study.grading import Grade
from studyapp.study.questionnaire import chapter, post
from studyapp.study.questionnaire.attempt import Attempt
from tests_support import Clock, desk_of

NASTY = (
    "```python\nfor x in range(3):\n    pass  # a fence that never ends",
    "````\n```\n````\n\n> quoted\n>> twice\n\n- list\n\n    indented code",
    "The sum $\\sum_i x_i$ and\n\n$$\n\\int e^{-x}\n$$",
    "<details><summary>mine</summary>\n\ninside\n\n</details> and a stray </details>",
    "<script>alert(1)</script> <!-- never closed",
    "<!-- answer: q00 -->\n> not an answer\n</details>",
    "trailing spaces  \nand a tab\t\n\n\n  leading\n\n",
    "emoji 🧑🏽\u200d🔬 and 🇩🇪, accents é e\u0301",
    "עברית וגם العربية مع English and \u202eoverride\u202c",
    "\n\n\nlines before",
    "separators \u2028 \u2029 \x0b \x0c \x85 within a line, \x1b]0;title\x07 \x1b[2J",
    "# Heading\n\n## 1. Which question?\n\n---\n\n| a | b |\n|---|---|\n| 1 | 2 |",
)


@pytest.fixture
def answered(engine: Engine, clock: Clock) -> Engine:
    """Every question of chapter 1 answered, each answer nastier than the one before."""
    attempt = Attempt(desk_of(engine, clock), 1)
    for text in NASTY:
        attempt.write(text)
        attempt.grade(Grade.GOT)
    with writing(engine) as connection:
        for section in tracker.read_course(connection, learner=1).sections:
            tracker.write_note(
                connection, section.id, NASTY[4] + "\n\n" + NASTY[6], now=clock(), learner=1
            )
    return engine


@pytest.fixture
def empty(tmp_path: Path, content: Path, clock: Clock) -> Iterator[Engine]:
    """Another database with the same content and nothing of the learner's."""
    made = open_database(str(tmp_path / "empty.db"))
    with writing(made) as connection:
        sync.sync(connection, [content], clock())
    yield made
    made.dispose()


def publish(engine: Engine, path: Path) -> bytes:
    with reading(engine) as connection:
        made = post.compose(connection, 1, Catalog((), ()), learner=1)
    post.save(path, made)
    return path.read_bytes()


def bring_in(engine: Engine, path: Path, clock: Clock) -> post.Restored:
    found = read(path)
    assert found.problems == ()
    assert found.answers is not None
    with writing(engine) as connection:
        return post.restore(connection, path, found.answers, clock(), learner=1)


def test_a_post_comes_back_byte_for_byte(
    answered: Engine, empty: Engine, tmp_path: Path, clock: Clock
) -> None:
    first = publish(answered, tmp_path / "first.md")
    report = bring_in(empty, tmp_path / "first.md", clock)
    assert [answer for _, answer, _ in report.questions] == [printable(one) for one in NASTY]
    assert printable(first.decode()) == first.decode()  # whatever terminal it is shown in
    assert (report.notes, report.problems) == (1, ())
    assert publish(empty, tmp_path / "second.md") == first
    attempt = Attempt(desk_of(empty, clock), 1)
    assert [one.text for one in attempt.earlier()] == [NASTY[0]]


def test_answers_come_back_as_an_attempt_and_grade_nothing(
    answered: Engine, empty: Engine, tmp_path: Path, clock: Clock
) -> None:
    publish(answered, tmp_path / "a.md")
    bring_in(empty, tmp_path / "a.md", clock)
    with reading(empty) as connection:
        for table, rows in ((tables.attempt, 1), (tables.review, 0), (tables.run, 0)):
            assert connection.scalar(select(func.count()).select_from(table)) == rows


def test_a_second_import_changes_nothing(
    answered: Engine, empty: Engine, tmp_path: Path, clock: Clock
) -> None:
    publish(answered, tmp_path / "a.md")
    assert not bring_in(empty, tmp_path / "a.md", clock).known
    again = bring_in(empty, tmp_path / "a.md", clock)
    assert again.known
    assert (again.questions, again.notes, again.problems) == ((), 0, ())
    at_home = bring_in(answered, tmp_path / "a.md", clock)  # but for what steers a terminal
    assert (at_home.questions, at_home.notes) == ((), 0)


def test_a_note_of_ones_own_is_not_overwritten(
    answered: Engine, empty: Engine, tmp_path: Path, clock: Clock
) -> None:
    publish(answered, tmp_path / "a.md")
    with writing(empty) as connection:
        section = tracker.read_course(connection, learner=1).sections[0]
        tracker.write_note(connection, section.id, "mine", now=clock(), learner=1)
    report = bring_in(empty, tmp_path / "a.md", clock)
    assert [one.message for one in report.problems] == [
        "section 1.1 has another note of yours already"
    ]
    with reading(empty) as connection:
        assert tracker.read_course(connection, learner=1).sections[0].own == "mine"


def test_what_is_unknown_is_said_with_its_line(
    answered: Engine, empty: Engine, tmp_path: Path, clock: Clock
) -> None:
    path = tmp_path / "a.md"
    publish(answered, path)
    path.write_bytes(path.read_bytes().replace(b"answer: q03", b"answer: no-such", 1))
    report = bring_in(empty, path, clock)
    (problem,) = report.problems
    assert problem.message == "there is no question 'no-such' in chapter 1"
    assert path.read_text("utf-8").split("\n")[problem.line - 1].startswith("<!-- answer: no-such")
    assert len(report.questions) == len(NASTY) - 1


def test_a_file_of_somebody_else_is_not_overwritten(answered: Engine, tmp_path: Path) -> None:
    path = tmp_path / "notes.md"
    path.write_text("# Mine\n")
    with pytest.raises(StudyError, match="is there already and no post of chapter 1"):
        publish(answered, path)
    assert path.read_text() == "# Mine\n"
    first = publish(answered, tmp_path / "a.md")
    assert publish(answered, tmp_path / "a.md") == first


def test_a_post_that_was_edited_is_put_aside(answered: Engine, tmp_path: Path) -> None:
    path = tmp_path / "chapter-1.md"
    with reading(answered) as connection:
        made = post.compose(connection, 1, Catalog((), ()), learner=1)
    assert post.save(path, made) is None
    assert post.save(path, made) is None
    edited = path.read_bytes() + b"\nMy own last words.\n"
    path.write_bytes(edited)
    former = post.save(path, made)
    assert former is not None
    assert former.read_bytes() == edited
    assert sorted(tmp_path.glob("chapter*")) == [path, former]


def test_an_import_leaves_the_open_attempt_open(
    answered: Engine, empty: Engine, clock: Clock, tmp_path: Path
) -> None:
    path = tmp_path / "chapter-1.md"
    with reading(answered) as connection:
        post.save(path, post.compose(connection, 1, Catalog((), ()), learner=1))
    attempt = Attempt(desk_of(empty, clock), 1)
    attempt.write("under way")
    bring_in(empty, path, clock)
    assert Attempt(desk_of(empty, clock), 1).id == attempt.id
    with reading(empty) as connection:
        view = chapter.view(connection, 1, clock(), learner=1)
    assert view.open is not None
    assert (view.open.id, view.open.answered) == (attempt.id, 1)


def test_references_are_folded_without_links_of_the_app(
    answered: Engine, content: Path, clock: Clock, tmp_path: Path
) -> None:
    path = content / "1" / "questionnaire.md"
    path.write_text(
        path.read_text().replace("It is q00.", "It [rose](fact:overfit.error_gap). `[x](fact:y.z)`")
    )
    with writing(answered) as connection:
        sync.sync(connection, [content], clock())
    text = publish(answered, tmp_path / "a.md").decode()
    assert "It rose. `[x](fact:y.z)`" in text
    assert "- extra: second of q00" in text


@pytest.mark.parametrize(
    ("content_of_file", "sentence"),
    [
        (b"# Just a note\n", "is not a post of studyapp"),
        (b"\xff\xfe\x00", "is not UTF-8 text"),
        (b"", "is not a post of studyapp"),
    ],
)
def test_bad_files_are_one_sentence(content_of_file: bytes, sentence: str, tmp_path: Path) -> None:
    path = tmp_path / "x.md"
    path.write_bytes(content_of_file)
    with pytest.raises(StudyError, match=sentence):
        read(path)
    with pytest.raises(StudyError, match="cannot be read"):
        read(tmp_path / "no.md")


def test_the_commands(only_pack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STUDYAPP_DB", str(tmp_path / "cli.db"))
    path = tmp_path / "chapter-1.md"

    def run(*words: str, code: int = 0) -> str:
        result = CliRunner().invoke(main, words)
        assert result.exit_code == code, result.output
        return result.output

    desk, _ = library.open_study(str(tmp_path / "cli.db"), Current(Settings()), Clock(), None)
    Attempt(desk, 1).write("my words")
    desk.close()
    assert "answers written to 1 of 12 questions" in run("export", str(path), "--chapter", "1")
    monkeypatch.setenv("STUDYAPP_DB", str(tmp_path / "other.db"))
    told = json.loads(run("import", str(path), "--dry-run", "--json"))
    assert [note["answer"] for note in told["notes"]] == ["my words"]
    assert "1 answer, 0 notes" in run("import", str(path))
    assert "0 answers, 0 notes (imported before)" in run("import", str(path))
    assert "Error: There is no chapter 8; the nearest is 2" in run(
        "export", str(path), "--chapter", "8", code=1
    )
