"""`studyapp doctor` as a learner runs it, and what it never tells."""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from studyapp import config
from studyapp.commands.main import main
from studyapp.store import trace
from tests_support import question, questionnaire

NAME = "Anna Secretname"
ANSWER = "I think it falls"


def run(*words: str, lines: str | None = None) -> Result:
    return CliRunner().invoke(main, list(words), input=lines)


@pytest.fixture(autouse=True)
def database(only_pack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What two learners have: reviews, a note of one's own, and a backup."""
    path = tmp_path / "study.db"
    monkeypatch.setenv("STUDYAPP_DB", str(path))
    config.data_folder().mkdir(mode=0o700, parents=True)
    own = config.data_folder() / "packs-of" / "anna secretname" / "diary"
    own.mkdir(parents=True)
    (own / "a.md").write_text(questionnaire(question("mine", text="My own words."), pack="diary"))
    assert run("review", "--plain", lines="\n3\n\n1\n").exit_code == 0
    assert run("--learner", NAME, "--new", "review", "--plain", lines="\n3\n\n4\n").exit_code == 0
    assert run("quiz", "1", "--plain", lines=f"{ANSWER}\n.\n").exit_code == 0
    assert run("backup").exit_code == 0
    return path


def damage(database: Path, *statements: str) -> None:
    with closing(sqlite3.connect(database)) as plain, plain:
        for statement in statements:
            assert plain.execute(statement).rowcount


def test_a_healthy_study_exits_with_0() -> None:
    done = run("doctor")
    assert done.exit_code == 0, done.output
    assert "learners 2" in done.output
    assert "reviews 4" in done.output
    assert "the newest of " in done.output
    assert done.output.splitlines()[-1] == "All is well."
    told = json.loads(run("doctor", "--json").output)
    assert told["findings"] == told["mended"] == []
    assert told["database"]["counts"]["reviews"] == 4
    assert {"studyapp", "Python", "on", "terminal", "SQLite"} <= told["machine"].keys()


def test_what_is_wrong_exits_with_1_and_fix_mends_it_after_a_backup(database: Path) -> None:
    damage(database, "UPDATE memory SET due = '2031-01-01'", "DELETE FROM attempt")
    assert run("doctor").exit_code == 1
    assert "4 cards have another memory than the log gives. --fix mends it." in run("doctor").output
    done = run("doctor", "--fix")
    assert done.exit_code == 0, done.output
    (kept,) = (database.parent / "backups").glob("*-repair.zip")
    assert f"backup: …/{kept.name} is how it was before." in done.output
    assert "mended: 4 cards have another memory than the log gives. Computed anew" in done.output
    assert run("doctor").exit_code == 0


def test_a_damaged_file_is_one_sentence_that_names_the_backup(database: Path) -> None:
    for daily in (database.parent / "backups").glob("*-daily.zip"):
        daily.unlink()
    (kept,) = (database.parent / "backups").glob("*.zip")
    for damaged in (b"", b"no database" * 99, database.read_bytes()[:9000]):
        database.write_bytes(damaged)
        for options in ([], ["--fix"]):
            done = run("doctor", *options)
            assert done.exit_code == 1
            told = [line for line in done.output.splitlines() if line.startswith("integrity: ")]
            assert len(told) == 1, done.output
            assert f"`studyapp restore {kept.name}` goes back to " in told[0]
            assert "4 reviews" in told[0]
        assert database.read_bytes() == damaged


def test_what_is_wrong_for_several_learners_is_said_once(database: Path) -> None:
    damage(database, "UPDATE root SET stamp = 'other'")
    wrong = "Files have changed since they were read."
    assert run("doctor").output.count(wrong) == 1
    assert run("doctor", "--fix").output.count(wrong) == 1
    assert run("doctor").exit_code == 0


def test_a_folder_is_no_database(tmp_path: Path) -> None:
    done = run("--db", str(tmp_path / "data"), "doctor", "--json")
    assert done.exit_code == 1
    (found,) = json.loads(done.output)["findings"]
    assert (found["check"], found["wrong"]) == ("integrity", "…/data is a folder, no database.")


@pytest.mark.parametrize("wrong", ["at = 'soon'", "kind = CAST(x'ff' AS TEXT)"])
def test_a_value_that_is_none_of_its_kind_is_damage(database: Path, wrong: str) -> None:
    damage(database, f"UPDATE review SET {wrong} WHERE id = 1")
    done = run("doctor")
    assert done.exit_code == 1, done.output
    assert "integrity: Table review holds a value that cannot be read. `studyapp restore " in (
        done.output
    )


def test_after_going_back_all_is_well(database: Path) -> None:
    """Whichever learner's files came back, they have been read."""
    for own in (
        config.data_folder() / "packs",
        config.data_folder() / "packs-of" / NAME.casefold(),
    ):
        (own / "diary").mkdir(parents=True, exist_ok=True)
        (own / "diary" / "a.md").write_text(questionnaire(question("later"), pack="diary"))
    (kept,) = (database.parent / "backups").glob("*-asked.zip")
    assert run("restore", str(kept)).exit_code == 0
    left = config.data_folder() / ".note.md.abcd1234.tmp"
    left.touch()
    os.utime(left, (0, 0))
    done = run("doctor")
    assert done.exit_code == 0, done.output
    assert "devices 2 (2 of this name: going back makes another), notes " in done.output
    assert "leftovers: 1 file is half written" in done.output
    assert done.output.splitlines()[-1] == "All else is well."


def test_nothing_private_is_told(database: Path, tmp_path: Path) -> None:
    damage(
        database,
        "UPDATE memory SET due = '2031-01-01'",
        "DELETE FROM attempt",
        "UPDATE note SET missing_since = '2026-11-20'",
        "UPDATE review SET kind = 'odd' WHERE rating = 4",
    )
    own = config.data_folder() / "packs-of" / "anna secretname" / "diary"
    (own / "b.md").write_text("---\npack: diary\n---\nMy broken words.\n")
    config.settings_path().parent.mkdir(parents=True)
    told = ""
    for line, wrong in SETTINGS.items():
        config.settings_path().write_text(f"{line}\n")
        told += run("doctor").output + run("doctor", "--json").output
        assert wrong in told
    told += run("doctor", "--fix").output
    assert "orphans" in told
    assert "content" in told
    log = (config.log_folder() / "studyapp.log").read_text()
    private = (NAME, NAME.casefold(), ANSWER, "own words", "broken words", "diary", "What is")
    assert [one for one in (*private, str(tmp_path)) if one in told + log] == []


SETTINGS = {  # with a private word in each, and what is told of it
    f'theme = ["{NAME}"]': "What theme is set to is not allowed: give a name in quotes.",
    f'devices = "{NAME}/stick"': "What devices is set to is not allowed: give a folder's",
    f'"{NAME}" = 1': "A name in it is of no setting; known are ",
    f'"{NAME}" = 1\n"{NAME}" = 2': "It is not valid TOML (at line 2, column 22).",
    f'[keys]\n"{NAME}" = "x"': "[keys]: a name in it is of no action; ",
    f'[keys]\nbury = "{NAME}"': "[keys]: what bury is set to is no key.",
    "minutes_a_day = 0": "What minutes_a_day is set to is not allowed: give a whole number",
}


def test_where_things_are_is_told_without_what_a_learner_has_named(tmp_path: Path) -> None:
    """A report is for others: what the folders are called that are not the program's is not."""
    private = tmp_path / NAME
    data, own = config.data_folder(), config.data_folder() / "packs-of" / NAME / "diary" / "a.md"
    told = {
        config.settings_path(): "~/config/studyapp/settings.toml",
        config.log_folder() / "studyapp.log": "~/state/studyapp/log/studyapp.log",
        data / "backups" / "a.zip": "~/data/studyapp/backups/a.zip",
        data: "~/data/studyapp",
        own: "~/data/studyapp/packs-of/…",
        data / "drafts" / f"{NAME}.md": "~/data/studyapp/drafts/…",
        private / "study.db": "…/study.db",
        Path("/srv") / NAME / "study.db": "…/study.db",
    }
    assert {path: config.shown(path) for path in told} == told
    kept = private / "backups" / "study-2026-11-20-090000-daily.zip"
    assert trace.public(private / "study.db", kept) == f"studyapp --db … restore {kept.name}"
    assert NAME not in trace.public(private / "study.db", private / "elsewhere.zip")


def test_folders_of_a_learner_are_not_told(database: Path, tmp_path: Path) -> None:
    """The folder of devices, a file of it that is in the way, and a note that cannot be written."""
    meeting = tmp_path / NAME
    meeting.mkdir()
    config.settings_path().parent.mkdir(parents=True)
    config.settings_path().write_text(f'devices = "{meeting}"\n')
    assert run("sync").exit_code == 0
    (own,) = meeting.iterdir()
    own.unlink()
    own.mkdir()
    told = run("doctor").output
    assert f"{own.name} is no file, and this device cannot write its own." in told
    own.rmdir()
    meeting.rmdir()
    told += run("doctor").output
    assert "The folder where your devices meet is not there" in told
    assert NAME not in told


def test_keys_that_cannot_be_are_told() -> None:
    config.settings_path().parent.mkdir(parents=True)
    config.settings_path().write_text("[keys]\nburry = 'x'\n")
    done = run("doctor")
    assert done.exit_code == 1
    assert "settings: " in done.output
    assert "a name in it is of no action; did you mean bury?" in done.output


def test_a_server_that_is_not_there_is_told_without_who_asks() -> None:
    pytest.importorskip("psycopg")
    done = run("--db", "postgresql+psycopg://anna@127.0.0.1:1/study", "doctor")
    assert done.exit_code == 1
    assert "integrity: The server's database cannot be used: OperationalError" in done.output
    assert "anna" not in done.output


def test_a_url_that_is_none_is_refused() -> None:
    done = run("--db", "mysql://nowhere/x", "doctor")
    assert done.exit_code == 1
    assert "Error: " in done.output
