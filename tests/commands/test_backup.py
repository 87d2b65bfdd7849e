"""The commands backup and restore, as a learner or a script runs them."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from studyapp.commands.main import main
from studyapp.store import backup
from studyapp.store.database import connect
from studyapp.store.engine import writing


@pytest.fixture(autouse=True)
def database(tmp_path: Path, only_pack: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "learner.db"
    monkeypatch.setenv("STUDYAPP_DB", str(path))
    return path


def run(*words: str, lines: str | None = None, status: int = 0) -> Result:
    done = CliRunner().invoke(main, list(words), input=lines)
    assert done.exit_code == status, done.output
    return done


def study(ratings: str) -> None:
    run("review", "--plain", lines="".join(f"\n{rating}\n" for rating in ratings))


def reviews(database: Path) -> int:
    return backup.content_of(database).counts["reviews"]


def test_back_and_forth(database: Path, tmp_path: Path) -> None:
    study("333")
    made = json.loads(run("backup", str(tmp_path / "stick.zip"), "--json").output)
    assert made == made | {
        "path": str(tmp_path / "stick.zip"),
        "reason": "asked",
        "cards": 22,
        "reviews": 3,
        "answers": 0,
        "files": 0,
    }
    assert made["size"] == (tmp_path / "stick.zip").stat().st_size
    study("34")
    dry = run("restore", made["path"], "--dry-run").output
    assert "reviews              5           3" in dry
    assert dry.endswith("no file of yours changes\nDry run: nothing was changed.\n")
    assert reviews(database) == 5
    told = run("restore", made["path"]).output
    assert reviews(database) == 3
    undo = told.splitlines()[-1].strip()
    assert undo.startswith("studyapp restore ")
    run(*shlex.split(undo)[1:])
    assert reviews(database) == 5


def test_reviews_are_the_same_number_wherever_they_are_told(database: Path) -> None:
    run("review", "--plain", lines="\n3\n\n3\n\n3\n\nu\n")
    made = json.loads(run("backup", "--json").output)
    listed = json.loads(run("backup", "--list", "--json").output)[0]
    examined = json.loads(run("doctor", "--json").output)["database"]["counts"]
    stats = json.loads(run("stats", "--json").output)
    assert [one["reviews"] for one in (stats, made, listed, examined)] == [2] * 4
    assert reviews(database) == 3  # in the log each has its line
    assert "2 reviews" in run("backup", "--list").output
    study("3")
    told = json.loads(run("restore", made["path"], "--json").output)
    assert (told["now"]["reviews"], told["then"]["reviews"]) == (3, 2)


def test_what_takes_it_back_names_another_database(tmp_path: Path) -> None:
    other = tmp_path / "o o.db"
    run("--db", str(other), "review", "--plain", lines="\n3\n")
    made = json.loads(run("--db", str(other), "backup", "--json").output)
    done = json.loads(run("--db", str(other), "restore", made["path"], "--json").output)
    assert (done["now"]["reviews"], done["then"]["reviews"], done["aside"]) == (1, 1, None)
    words = shlex.split(done["undo"])
    assert words[:4] == ["studyapp", "--db", str(other), "restore"]
    run(*words[1:])


def test_a_day_has_one_from_its_first_use_that_writes(database: Path) -> None:
    run("due")
    run("stats", "--json")
    study("")
    assert "There is no backup in" in run("backup", "--list").output  # there is nothing to lose
    study("33")
    study("3")
    listed = run("backup", "--list").output
    assert listed.count("of the day: 22 cards, 2 reviews; ") == 1
    (told,) = json.loads(run("backup", "--list", "--json").output)
    assert (told["reason"], told["reviews"], told["device"] != "") == ("daily", 2, True)


def test_a_command_that_only_reads_makes_none(database: Path) -> None:
    study("3")
    for path in (folder := backup.folder_of(database)).glob("*.zip"):
        path.unlink()
    for words in (("due",), ("stats",), ("aside",), ("quiz", "1", "--json")):
        run(*words)
    assert not list(folder.glob("*.zip"))
    run("pause")
    assert len(list(folder.glob("*-daily.zip"))) == 1


def test_a_daily_one_that_fails_is_said_and_stops_nothing(database: Path) -> None:
    backup.folder_of(database).write_text("in the way")
    done = run("review", "--plain", lines="\n3\n")
    assert "No backup was made: " in done.output
    assert reviews(database) == 1


def test_many_notes_that_go_at_once_are_kept_first(database: Path, content: Path) -> None:
    study("3")
    (content / "1" / "questionnaire.md").write_text(
        (content / "1" / "questionnaire.md").read_text("utf-8").partition("## ")[0]
        + "## What is left? {#left}\n\nThis.\n\n- [ ] this\n"
    )
    run("sync")
    reasons = [one.reason for one in backup.named(backup.folder_of(database), "learner")]
    assert sorted(reasons) == ["change", "daily"]


def test_sentences_and_exit_codes(database: Path, tmp_path: Path) -> None:
    study("3")
    assert "is no backup" in run("restore", str(database), status=1).output
    assert "cannot be read" in run("restore", str(tmp_path / "gone.zip"), status=1).output
    assert "--list takes no FILE" in run("backup", "x.zip", "--list", status=2).output
    server = "postgresql+psycopg://me@127.0.0.1:1/study"
    for words in (("backup",), ("restore", "x.zip")):
        assert "pg_dump makes them" in run("--db", server, *words, status=1).output
    run("backup", str(tmp_path))  # a folder: under the usual name
    assert len(list(tmp_path.glob("learner-*-asked.zip"))) == 1


def test_a_database_that_cannot_be_opened_is_no_obstacle(database: Path) -> None:
    study("33")
    made = json.loads(run("backup", "--json").output)
    database.write_bytes(b"not a database" * 1000)
    run("due", status=1)
    told = run("restore", made["path"]).output
    assert "The damaged database is now" in told
    assert "damaged" in told.splitlines()[2]
    assert reviews(database) == 2
    run("due")


def test_a_lock_does_not_keep_one_from_being_made(database: Path) -> None:
    """Who writes does not keep others from reading, and a backup reads."""
    study("3")
    engine = connect(str(database))
    with writing(engine):
        run("backup")
    engine.dispose()
