"""`studyapp devices`: which devices there are, what of each is here, and what is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from studyapp.commands.main import main
from studyapp.store import line
from studyapp.store.line import Line


def settings(tmp_path: Path, folder: Path | None) -> None:
    path = tmp_path / "config" / "studyapp" / "settings.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("" if folder is None else f'devices = "{folder.as_posix()}"\n')


def studyapp(tmp_path: Path, who: str, *words: str, keys: str = "") -> Result:
    """One of two machines: its database is its own, and so are its packs."""
    db, home = tmp_path / f"{who}.db", str(tmp_path / who)
    env = {"XDG_DATA_HOME": home}
    return CliRunner().invoke(main, ["--db", str(db), *words], input=keys, env=env)


def test_without_the_setting_it_says_how(tmp_path: Path, only_pack: Path) -> None:
    done = studyapp(tmp_path, "a", "devices")
    assert done.exit_code == 0
    assert "settings.toml" in done.output
    found = json.loads(studyapp(tmp_path, "a", "devices", "--json").stdout)
    assert found == {"folder": None, "devices": [], "unshown": 0, "in_the_way": {}}


def test_a_review_on_one_machine_is_on_the_other(tmp_path: Path, only_pack: Path) -> None:
    folder = tmp_path / "shared"
    folder.mkdir()
    settings(tmp_path, folder)
    done = studyapp(tmp_path, "a", "review", "--plain", keys="\n3\n\n3\n")
    assert done.exit_code == 0, done.output
    told = json.loads(studyapp(tmp_path, "b", "devices", "--json").stdout)
    own, other = told["devices"]
    assert (own["own"], other["own"]) == (True, False)
    assert other["entries"] > 2
    assert (other["left"], other["torn"], other["waiting"]) == (0, 0, {})
    stats = [
        json.loads(studyapp(tmp_path, who, "stats", "--json").stdout)["reviews"] for who in "ab"
    ]
    assert stats[0] == stats[1] > 0
    text = studyapp(tmp_path, "b", "devices").output
    assert "(this device)" in text
    assert text.count("all of it is here") == 2
    assert all(f" {path.stem[:8]}" in text for path in folder.iterdir())  # both have one name


def test_a_folder_that_is_away_is_one_sentence_and_stops_nothing(
    tmp_path: Path, only_pack: Path
) -> None:
    settings(tmp_path, tmp_path / "stick")
    done = studyapp(tmp_path, "a", "review", "--plain", keys="\n3\n")
    assert done.exit_code == 0
    assert "stick, where your devices meet: No such file or directory." in done.stderr
    assert not (tmp_path / "stick").exists()
    (tmp_path / "stick").mkdir()
    assert studyapp(tmp_path, "a", "due").stderr == ""
    assert len(list((tmp_path / "stick").iterdir())) == 1


@pytest.mark.parametrize("value", ["relative/folder", "", 3])
def test_a_setting_that_names_no_folder_is_refused(tmp_path: Path, value: object) -> None:
    settings(tmp_path, None)
    path = tmp_path / "config" / "studyapp" / "settings.toml"
    path.write_text(f"devices = {json.dumps(value)}\n")
    done = studyapp(tmp_path, "a", "due")
    assert done.exit_code == 1
    assert "give a folder's whole path" in done.output


def test_going_back_says_what_comes_again(tmp_path: Path, only_pack: Path) -> None:
    folder = tmp_path / "shared"
    folder.mkdir()
    settings(tmp_path, folder)
    kept = tmp_path / "kept.zip"
    studyapp(tmp_path, "a", "review", "--plain", keys="\n3\n")
    assert studyapp(tmp_path, "a", "backup", str(kept)).exit_code == 0
    studyapp(tmp_path, "a", "review", "--plain", keys="\n3\n")
    before = json.loads(studyapp(tmp_path, "a", "stats", "--json").stdout)["reviews"]
    done = studyapp(tmp_path, "a", "restore", str(kept))
    assert "comes again when they next meet" in done.output
    assert json.loads(studyapp(tmp_path, "a", "stats", "--json").stdout)["reviews"] == before


def test_the_doctor_finds_torn_lines_and_has_them_written_anew(
    tmp_path: Path, only_pack: Path
) -> None:
    folder = tmp_path / "shared"
    folder.mkdir()
    settings(tmp_path, folder)
    studyapp(tmp_path, "a", "review", "--plain", keys="\n3\n")
    (path,) = folder.iterdir()
    whole = path.read_bytes()
    at = whole.index(b'"rating"')
    path.write_bytes(whole[:at] + b"######" + whole[at + 6 :])
    found = studyapp(tmp_path, "a", "doctor")
    assert "devices: In the file of this device 1 line is torn." in found.output
    studyapp(tmp_path, "b", "due")
    assert "devices: In the file of another device" in studyapp(tmp_path, "b", "doctor").output
    mended = studyapp(tmp_path, "a", "doctor", "--fix")
    assert "The next start writes what is missing." in mended.output
    studyapp(tmp_path, "a", "due")
    assert "devices:" not in studyapp(tmp_path, "a", "doctor").output
    studyapp(tmp_path, "b", "due")
    stats = [
        json.loads(studyapp(tmp_path, who, "stats", "--json").stdout)["reviews"] for who in "ab"
    ]
    assert stats[0] == stats[1] > 0


def test_the_doctor_finds_lines_that_did_not_count_and_an_own_file_that_is_none(
    tmp_path: Path, only_pack: Path
) -> None:
    folder = tmp_path / "shared"
    folder.mkdir()
    settings(tmp_path, folder)
    studyapp(tmp_path, "a", "due")
    (own,) = folder.iterdir()
    odd = [Line("review", b"r" * 16, "me", {}), Line("poem", b"p" * 16, "me", {}, 2)]
    (folder / line.name_of(b"x" * 16)).write_bytes(b"".join(map(line.written, odd)))
    studyapp(tmp_path, "a", "due")
    found = studyapp(tmp_path, "a", "doctor")
    assert found.exit_code == 1
    assert "In the file of another device 1 line cannot be, and did not count." in found.output
    assert "In the file of another device 1 line is of a newer studyapp." in found.output
    own.rename(tmp_path / "aside")
    own.mkdir()
    assert "is no file of this device" in studyapp(tmp_path, "a", "due").stderr
    assert (
        "this device cannot write its own. Move it away" in studyapp(tmp_path, "a", "doctor").output
    )


def test_what_sync_reads_in_is_told_by_it(tmp_path: Path, only_pack: Path) -> None:
    folder = tmp_path / "shared"
    folder.mkdir()
    settings(tmp_path, folder)
    studyapp(tmp_path, "a", "due")
    (own,) = folder.iterdir()
    mine = tmp_path / "a" / "studyapp" / "packs" / "mine" / "x.md"
    mine.parent.mkdir(parents=True)
    head = (
        "---\npack: test\npart: 1. Part\nchapter: 1\ntitle: Chapter 1\nkind: questionnaire\n---\n"
    )
    mine.write_text(f"{head}\n## Mine? {{#mine-a}}\n\nYes.\n\n- [ ] yes\n")
    done = studyapp(tmp_path, "a", "sync")
    assert "1 added" in done.output
    assert b"mine-a" in own.read_bytes()
