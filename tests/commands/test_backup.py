"""The commands backup and restore, as a learner or a script runs them."""

from __future__ import annotations

import json
import os
import shlex
import signal
import sqlite3
from collections.abc import Callable
from contextlib import closing
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from studyapp import config, disk
from studyapp.commands.main import main
from studyapp.store import archive, backup
from studyapp.store import restore as restores
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
    with closing(sqlite3.connect(database)) as plain, plain:
        at = "2026-11-20 09:00:00.000000"
        plain.execute("INSERT INTO exam VALUES (1, '2099-01-31', ?, 20, '[]', ?)", (at[:10], at))
    dry = run("restore", made["path"], "--dry-run").output
    assert "reviews                       5           3" in dry
    assert "exam plans                    1           0" in dry
    assert dry.endswith("no file of yours changes\nDry run: nothing was changed.\n")
    assert reviews(database) == 5
    told = run("restore", made["path"]).output
    assert f"{'before':>31}{'now':>12}\n" in told
    assert "\nno file of yours changed\n" in told
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
    assert listed.count("of the day: 22 cards of all depths, 2 reviews; ") == 1
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
    assert "is a folder" in run("--db", str(tmp_path), "backup", status=1).output
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


@pytest.mark.parametrize("name", [b"tablelearnerlearner", b"Zed of mine"])
def test_text_that_is_none_is_damage_and_no_obstacle(database: Path, name: bytes) -> None:
    """Of a table's name, or of a value; neither is shown."""
    study("33")
    engine = connect(str(database))
    with writing(engine) as connection:
        connection.exec_driver_sql("UPDATE device SET name = 'Zed of mine'")
    engine.dispose()
    made = json.loads(run("backup", "--json").output)
    data = database.read_bytes()
    assert name in data
    database.write_bytes(data.replace(name, name[:5] + b"\xff\xfe\xfd" + name[8:]))
    assert "damaged (malformed text)" in run("backup", status=1).output
    told = run("doctor", status=1).output
    assert "integrity: " in told
    assert "`studyapp restore learner-" in told
    assert run("doctor", "--fix", status=1).output == told
    if name.startswith(b"table"):
        assert "damaged (malformed text)" in run("due", status=1).output
    assert "The damaged database is now" in run("restore", made["path"]).output
    assert reviews(database) == 2
    run("due")


def test_going_back_that_was_killed_is_told_until_it_is_done(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own, write = config.data_folder() / "packs" / "mine" / "a.md", disk.write
    own.parent.mkdir(mode=0o700, parents=True)
    own.write_text("then")
    study("33")
    made = json.loads(run("backup", "--json").output)["path"]
    study("3")
    own.write_text("now")

    def killed(path: Path, data: str | bytes) -> None:
        if path == own:
            raise KeyboardInterrupt
        write(path, data)

    with monkeypatch.context() as patch:
        patch.setattr(disk, "write", killed)
        run("restore", made, status=130)
    assert (reviews(database), own.read_text()) == (2, "now")
    told = f"Going back to {made} was not finished; `studyapp restore {made}` does the rest."
    assert told in run("due").output
    assert f"`studyapp restore {Path(made).name}` does the rest." in run("doctor", status=1).output
    run("restore", Path(made).name)
    assert own.read_text() == "then"
    assert "not finished" not in run("due").output


def test_the_backup_that_is_gone_back_to_is_not_thinned_out(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither by the backup of now nor by those that others make before it is done."""
    study("33")
    made = Path(json.loads(run("backup", "--json").output)["path"])
    old = made.rename(made.with_name("learner-2020-01-02-090000-daily.zip"))
    newer = made.with_name("learner-2020-01-03-090000-daily.zip")
    newer.write_bytes(old.read_bytes())

    def killed(path: Path, data: str | bytes) -> None:
        raise KeyboardInterrupt

    own = config.data_folder() / "packs" / "mine" / "a.md"
    own.parent.mkdir(mode=0o700, parents=True)
    own.write_text("now")
    with monkeypatch.context() as patch:
        patch.setattr(disk, "remove", killed)
        run("restore", str(old), status=1)
    study("3")
    run("backup")
    assert old.exists()
    run("restore", str(old))
    run("backup")
    assert not old.exists()


def test_going_back_that_could_not_begin_leaves_no_word(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(restores, "LONG_PATIENCE", 0.05)
    study("3")
    made = json.loads(run("backup", "--json").output)["path"]
    engine = connect(str(database))
    with writing(engine):
        assert "locked by another program" in run("restore", made, status=1).output
    engine.dispose()
    assert "not finished" not in run("due").output


@pytest.mark.parametrize("words", [["backup"], ["restore"], ["restore", "--dry-run"]])
def test_ctrl_c_stops_it_and_leaves_nothing_behind(
    database: Path, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    study("33")
    made = json.loads(run("backup", "--json").output)["path"]
    study("3")
    before = sorted(path.name for path in database.parent.rglob("*"))
    unpack = archive.unpack

    def pressed(*given: Any) -> archive.Manifest:
        os.kill(os.getpid(), signal.SIGINT)
        return unpack(*given)

    monkeypatch.setattr(archive, "unpack", pressed)
    done = run(*words, *([made] if words[0] == "restore" else []), status=130)
    assert "Stopped; nothing was changed." in done.output
    assert sorted(path.name for path in database.parent.rglob("*")) == before
    assert reviews(database) == 3
    assert "not finished" not in run("due").output


def test_a_terminal_is_told_how_far_it_is(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(StringIO):
        def isatty(self) -> bool:
            return True

    study("3")
    for words in (["backup"], ["backup", "--json"]):
        monkeypatch.setattr("sys.__stderr__", terminal := Terminal())
        assert "%" not in run(*words).output
        assert "Backing up: 100%" in terminal.getvalue()
        assert terminal.getvalue().endswith("\r\x1b[K\r")  # nothing of it stays


def test_settings_of_a_backup_that_cannot_be_used_are_left_out(database: Path) -> None:
    settings = config.settings_path()
    settings.parent.mkdir(parents=True)
    study("3")
    settings.write_text("minutes_a_day = 0\n")
    made = json.loads(run("backup", "--json").output)["path"]
    settings.write_text("minutes_a_day = 30\n")
    study("3")
    told = run("restore", made, "--dry-run").output
    assert "no file of yours changes; your settings stay, as those of the backup cannot be" in told
    assert "settings.toml: minutes_a_day = 0 is not allowed" in told
    assert "tmp" not in told.split("cannot be used: ")[1]
    run("restore", made)
    assert (reviews(database), settings.read_text()) == (1, "minutes_a_day = 30\n")


def test_where_nothing_is_yet_no_database_is_made(database: Path) -> None:
    assert "there is no database at" in run("backup", status=1).output
    assert not database.exists()


@pytest.mark.parametrize("lost", [Path.unlink, lambda path: path.write_bytes(b"")])
def test_a_database_that_is_gone_is_missed_once(
    database: Path, lost: Callable[[Path], object]
) -> None:
    study("33")
    made = json.loads(run("backup", "--json").output)["path"]
    for daily in Path(made).parent.glob("*-daily.zip"):
        daily.unlink()
    lost(database)
    found = run("doctor", status=1).output
    assert f"`studyapp restore {Path(made).name}` goes back to " in found
    told = f"there are backups of one: `studyapp restore {made}` goes back to the newest."
    assert told in run("due").output
    assert "backups of one" not in run("due").output
    run("restore", made)
    assert reviews(database) == 2


def test_a_lock_does_not_keep_one_from_being_made(database: Path) -> None:
    """Who writes does not keep others from reading, and a backup reads."""
    study("3")
    engine = connect(str(database))
    with writing(engine):
        run("backup")
    engine.dispose()
