"""`studyapp due --short`: one number, for a prompt."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from studyapp import config
from studyapp.commands import count
from studyapp.commands.main import main
from studyapp.commands.opening import now
from studyapp.errors import StoreError
from tests_support import question, questionnaire


def run(*words: str, lines: str | None = None) -> Result:
    return CliRunner().invoke(main, list(words), input=lines)


def short(*before: str) -> int:
    """What a prompt shows: a number on a line of its own, and nothing else."""
    result = run(*before, "due", "--short")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.output == f"{int(result.output)}\n"
    return int(result.output)


def listed() -> int:
    """The same, as the whole list has it; it reads content and puts settings in force."""
    due = json.loads(run("due", "--json").output)
    return int(due["new"] + due["learning"] + due["review"])


@contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        yield other


@pytest.fixture(autouse=True)
def database(tmp_path: Path, only_pack: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "made" / "learner.db"
    monkeypatch.setenv("STUDYAPP_DB", str(path))
    return path


@pytest.fixture
def begun(database: Path) -> Path:
    assert listed() == 10
    return database


def test_without_a_database_nothing_is_due_and_none_is_made(database: Path) -> None:
    assert short() == 0
    assert short("--db", f"sqlite:///{database}") == 0
    assert not database.parent.exists()
    database.parent.mkdir()
    database.touch()
    assert short() == 0
    assert database.stat().st_size == 0


def test_it_is_the_number_of_the_list_whatever_has_changed(begun: Path, content: Path) -> None:
    assert [short(), short()] == [10, 10]
    run("review", "--plain", lines="\n3\n\n4\nq\n")
    assert [short(), short()] == [listed(), 8] == [8, 8]
    settings = config.settings_path()
    settings.parent.mkdir(parents=True)
    settings.write_text("new_a_day = 4\n")
    assert [short(), short()] == [listed(), 2] == [2, 2]
    settings.unlink()
    (content / "1" / "more.md").write_text(questionnaire(question("later")))
    assert [short(), listed(), short()] == [8, 8, 8]
    assert short("--db", f"sqlite:///{begun}") == 8
    assert count.due(str(begun), None, now() + timedelta(days=1)) == 10  # all new


def test_what_is_remembered_may_be_gone_or_broken(begun: Path, tmp_path: Path) -> None:
    assert short() == 10
    memo = config.cache_folder() / "due"
    kept = memo.read_text("utf-8")
    for text in ("", "10", kept.rpartition("\n")[0] + "\n", "\udcff\n3"):
        memo.write_text(text, "utf-8", "surrogateescape")
        assert short() == 10
        assert memo.read_text("utf-8") == kept
    memo.unlink()
    memo.parent.rmdir()
    memo.parent.touch()  # no folder can be made
    assert [short(), short()] == [10, 10]


def test_another_learner_has_another_number(begun: Path) -> None:
    run("--learner", "anna", "--new", "sync")
    run("--learner", "anna", "review", "--plain", lines="\n4\nq\n")
    assert [short(), short("--learner", "anna"), short()] == [10, 9, 10]
    result = run("--learner", "nobody", "due", "--short")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("Error: There is no learner 'nobody'")


def test_no_lock_is_waited_for(begun: Path) -> None:
    with opened(begun) as other:
        other.execute("BEGIN IMMEDIATE")
        other.execute("UPDATE learner SET name = 'else'")
        assert short() == 10  # as it stands until the other program commits
    with opened(begun) as other:
        other.execute("PRAGMA journal_mode = DELETE")
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StoreError, match="is locked by another program"):
            count.due(str(begun), None, now() + timedelta(days=1))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            "INSERT INTO schema_version SELECT max(version) + 1, applied_at FROM schema_version",
            "upgrade studyapp. Nothing was changed.",
        ),
        (
            "DELETE FROM schema_version WHERE version IN (SELECT max(version) FROM schema_version)",
            "was last opened by an older studyapp; open it once with this one.",
        ),
    ],
)
def test_a_database_of_another_version_is_told_and_left(
    begun: Path, change: str, sentence: str
) -> None:
    with opened(begun) as other:
        other.execute(change)
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    before = begun.read_bytes()
    result = run("due", "--short")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("Error: ")
    assert result.stderr.endswith(f"{sentence}\n")
    assert begun.read_bytes() == before
    assert not (begun.parent / "backups").exists()


def test_what_is_no_database_is_one_sentence(database: Path) -> None:
    database.mkdir(parents=True)
    assert "is a folder" in run("due", "--short").stderr
    database.rmdir()
    database.write_text("this is not a database, but it is long enough " * 99)
    before = database.read_bytes()
    asked = [sys.executable, "-m", "studyapp", "due", "--short"]
    told = subprocess.run(asked, capture_output=True, text=True, check=False)
    assert (told.returncode, told.stdout) == (1, "")
    assert told.stderr.startswith("Error: ")
    assert "is not a studyapp database or is damaged" in told.stderr
    assert told.stderr.count("\n") == 1
    assert database.read_bytes() == before


def test_a_path_that_cannot_be_looked_at_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / ("x" * 300)
    for db in (str(path), f"sqlite:///{path}"):
        result = run("--db", db, "due", "--short")
        assert (result.exit_code, result.stdout) == (1, "")
        assert result.stderr.startswith(f"Error: {path} cannot be read: ")


def test_only_what_it_needs_is_imported(begun: Path) -> None:
    """The first time the queue counts; then the number is there without it, and without a command
    line."""
    asked = [sys.executable, "-X", "importtime", "-m", "studyapp", "due", "--short"]
    for heavy in ({"textual", "torch", "click"}, {"textual", "torch", "click", "sqlalchemy"}):
        told = subprocess.run(asked, capture_output=True, text=True, check=True)
        assert told.stdout == "10\n"
        imported = {line.rpartition("|")[2].strip() for line in told.stderr.splitlines()}
        assert "studyapp.commands.count" in imported
        assert imported & heavy == set()
