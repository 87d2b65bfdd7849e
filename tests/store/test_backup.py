"""Backups: whole or not there, and the way back, whoever has the database open."""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import IO
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import pytest
from sqlalchemy import text

from studyapp import config
from studyapp.errors import CancelledError, StoreError
from studyapp.memory.state import Rating
from studyapp.store import archive, backup, migrations, restore, sync
from studyapp.store.backup import BackupError, DamagedError, Reason
from studyapp.store.database import open_database
from studyapp.store.engine import LockedError, reading, writing
from studyapp.store.memory import read_memory
from studyapp.store.parameters import applied_settings, keep_settings
from studyapp.study import review
from studyapp.study.library import start_chapter
from tests_support import Clock


@pytest.fixture
def database(
    tmp_path: Path, empty_database: Callable[[], bytes], content: Path, clock: Clock
) -> Path:
    """A database with some reviews, and files of the learner's own."""
    path = tmp_path / "a.db"
    path.write_bytes(empty_database())
    engine = open_database(str(path))
    with writing(engine) as connection:
        sync.sync(connection, [content], clock())
        start_chapter(connection, 1, clock(), learner=1)
    engine.dispose()
    rate(path, clock, 1, 2, 3)
    write("packs/mine/questions.md", b"## What? {#what}\n")
    write("packs/mine/media/a.png", bytes(range(256)) * 300)
    write("packs-of/eva/mine/terms.md", "Größe ½\n".encode())
    write("drafts/new-1.md", b"half a thought")
    config.settings_path().parent.mkdir(parents=True, exist_ok=True)
    config.settings_path().write_text("new_a_day = 7\n")
    return path


def rate(database: Path, clock: Clock, *cards: int) -> None:
    engine = open_database(str(database))
    for card in cards:
        with writing(engine) as connection:
            seen = read_memory(connection, card, learner=1).last_review
            review.answer(connection, card, seen, Rating.GOOD, clock.forward(seconds=9), learner=1)
    engine.dispose()


def write(name: str, data: bytes) -> Path:
    path = config.data_folder() / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def make(database: Path, clock: Clock, **options: object) -> backup.Backup:
    folder = backup.folder_of(database)
    return backup.make(database, folder, Reason.DAILY, clock(), **options)  # type: ignore[arg-type]


def dump(database: Path, *, but_device: bool = False) -> list[str]:
    """All that is in it, but for the index of what is searched: going back makes it anew."""
    with closing(sqlite3.connect(database)) as connection:
        lines = list(connection.iterdump())
    lines = [line for line in lines if "passage_index" not in line]
    return [line for line in lines if not (but_device and "device" in line)]


def sums() -> dict[str, str]:
    """All that is the learner's beside the database."""
    home, settings = config.data_folder(), config.settings_path()
    files = [path for path in home.rglob("*") if path.is_file()] + [settings]
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def reviews(database: Path) -> int:
    return backup.content_of(database).counts["reviews"]


def in_folder(database: Path) -> list[str]:
    folder = backup.folder_of(database)
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


# making


def test_a_backup_says_what_it_holds(database: Path, clock: Clock) -> None:
    made = make(database, clock)
    assert made.path == backup.folder_of(database) / "a-2026-11-20-090027-daily.zip"
    assert made.manifest.made == clock()
    counts = made.manifest.content.counts
    assert (counts["cards"], counts["reviews"], counts["orphans"]) == (22, 3, 0)
    assert made.manifest.content.schema == max(migrations.steps())
    assert sorted(made.manifest.files) == [
        *("database.db", "drafts/new-1.md", "packs-of/eva/mine/terms.md"),
        *("packs/mine/media/a.png", "packs/mine/questions.md", "settings.toml"),
    ]
    modes = [stat.S_IMODE(one.stat().st_mode) for one in (made.path, made.path.parent)]
    assert modes == [0o600, 0o700]
    assert in_folder(database) == [".lock", made.path.name]
    assert make(database, clock).path.name == "a-2026-11-20-090027-daily-2.zip"


def make_at(target: Path, database: Path, clock: Clock) -> Path:
    return backup.make_at(target, database, Reason.ASKED, clock()).path


def test_it_goes_where_it_is_told_to_and_takes_no_others_place(
    database: Path, clock: Clock, tmp_path: Path
) -> None:
    target = tmp_path / "stick" / "b.zip"
    with pytest.raises(BackupError, match=r"there is no folder .*/stick"):
        make_at(target, database, clock)
    target.parent.mkdir()
    backup.folder_of(database).write_text("full or read-only, say")
    assert make_at(target, database, clock) == target
    before = target.read_bytes()
    with pytest.raises(BackupError, match=r"b\.zip is there already; give another name"):
        make_at(target, database, clock)
    assert target.read_bytes() == before
    assert [path.name for path in target.parent.iterdir()] == ["b.zip"]


def test_it_is_of_one_moment_whoever_writes_meanwhile(
    database: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backup, "PAGES", 10)
    written = []

    def meanwhile(_done: int, _whole: int) -> None:
        if len(written) < 5:
            written.append(1)
            rate(database, clock, 4 + len(written))

    made = make(database, clock, progress=meanwhile)
    assert (made.manifest.content.counts["reviews"], reviews(database)) == (3, 8)


def test_it_can_be_stopped_and_leaves_nothing(database: Path, clock: Clock) -> None:
    told = []

    def stop(done: int, whole: int) -> None:
        told.append((done, whole))
        if done > whole * 0.4:
            raise CancelledError("Stopped.")

    with pytest.raises(CancelledError):
        make(database, clock, progress=stop)
    assert in_folder(database) == [".lock"]
    told.clear()
    make(database, clock, progress=lambda *now: told.append(now))
    assert told == sorted(told)
    assert told[-1][0] == told[-1][1]


def test_what_was_written_is_read_back(
    database: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that keeps something else than it was given."""
    pack = archive.pack

    def badly(target: Path, *rest: object) -> None:
        pack(target, *rest)  # type: ignore[arg-type]
        data = bytearray(target.read_bytes())
        data[len(data) // 3] ^= 0xFF  # one bit may be of no account
        target.write_bytes(data)

    monkeypatch.setattr(archive, "pack", badly)
    with pytest.raises(BackupError, match=r"No backup was made: .* a damaged one"):
        make(database, clock)
    assert in_folder(database) == [".lock"]


def test_rows_that_did_not_arrive_are_missed(
    database: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = backup.copy

    def badly(source: Path, target: Path, step: archive.Step) -> archive.Content:
        found = copy(source, target, step)
        with closing(sqlite3.connect(target)) as connection, connection:
            connection.execute("DELETE FROM review WHERE id = 2")
        return found

    monkeypatch.setattr(backup, "copy", badly)
    with pytest.raises(BackupError, match=r"No backup was made: .* is not what was read"):
        make(database, clock)
    assert in_folder(database) == [".lock"]


def damage(database: Path) -> None:
    """Write over the second half of a database."""
    half = database.stat().st_size // 2
    with database.open("r+b") as file:
        file.seek(half)
        file.write(os.urandom(half))


def test_of_a_damaged_database_there_is_none(database: Path, clock: Clock) -> None:
    damage(database)
    with pytest.raises(DamagedError, match=r"No backup was made: \S+/a\.db is .*damaged"):
        make(database, clock)
    assert in_folder(database) == [".lock"]


@pytest.mark.parametrize(
    ("prepare", "told"),
    [
        (lambda folder, _: folder.write_text("x"), r"No backup was made: \S+/backups: File exists"),
        (lambda _, database: database.unlink(), "No backup was made: there is no database at"),
    ],
)
def test_why_there_is_none_is_said(
    database: Path, clock: Clock, prepare: Callable[[Path, Path], object], told: str
) -> None:
    prepare(backup.folder_of(database), database)
    with pytest.raises(BackupError, match=told):
        make(database, clock)


def test_a_full_disk_is_said_and_nothing_stays(
    database: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = sums(), dump(database)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(archive, "pack", full)
    with pytest.raises(BackupError, match=r"No backup was made: .* written: No space left"):
        make(database, clock)
    assert in_folder(database) == [".lock"]
    assert (sums(), dump(database)) == before


def test_a_file_that_cannot_be_read_is_named(
    database: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A backup without it would have it removed on the way back."""
    monkeypatch.setattr(Path, "open", refuse("questions.md", Path.open))
    with pytest.raises(
        BackupError, match=r"made: \S+/mine/questions\.md cannot be read: No access"
    ):
        make(database, clock)
    assert in_folder(database) == [".lock"]


def refuse(name: str, usually: Callable[..., IO[bytes]]) -> Callable[..., IO[bytes]]:
    def opened(path: Path, *rest: object, **more: object) -> IO[bytes]:
        if path.name == name:
            raise PermissionError(13, "No access", str(path))
        return usually(path, *rest, **more)

    return opened


def test_one_that_cannot_be_read_takes_no_others_place(database: Path, clock: Clock) -> None:
    first = make(database, clock).path
    torn = make(database, Clock(clock.forward(hours=2))).path
    torn.write_bytes(torn.read_bytes()[:900])
    clock.forward(days=3)
    make(database, clock)
    assert first.exists()
    assert torn.exists()


def test_one_program_at_a_time(
    database: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backup, "PATIENCE", 0.05)
    with (
        backup.alone(backup.folder_of(database)),
        pytest.raises(BackupError, match="another program is at work in"),
    ):
        make(database, clock)
    make(database, clock)


def test_the_lock_is_for_its_owner_alone(database: Path, clock: Clock) -> None:
    lock = backup.folder_of(database) / ".lock"
    make(database, clock)
    assert lock.stat().st_mode & 0o777 == 0o600
    lock.chmod(0o644)  # of an earlier version
    make(database, clock)
    assert lock.stat().st_mode & 0o777 == 0o600


def test_links_count_as_what_they_lead_to(database: Path, clock: Clock, tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "a.md").write_text("linked")
    packs = config.data_folder() / "packs"
    (packs / "linked").symlink_to(tmp_path / "notes")
    (packs / "round").symlink_to(packs)
    (packs / ".#a.md").symlink_to("nobody@nowhere")
    (packs / "mine" / ".questions.md.x1.tmp").write_text("half written")
    made = make(database, clock)
    assert {name for name in made.manifest.files if name.startswith("packs/")} == {
        *("packs/linked/a.md", "packs/mine/media/a.png", "packs/mine/questions.md"),
    }
    (tmp_path / "notes" / "a.md").write_text("changed")
    restore.restore(database, made.path, clock())
    assert (packs / "linked").is_symlink()
    assert (tmp_path / "notes" / "a.md").read_text() == "linked"


def test_old_ones_go_when_a_new_one_is_there(database: Path, clock: Clock) -> None:
    for _ in range(30):
        make(database, clock)
        clock.forward(hours=12)
    days = [one.made.date() for one in backup.named(backup.folder_of(database), "a")]
    assert len(days) == len(set(days)) + 1  # of the newest there may be two a day
    assert not list(backup.folder_of(database).glob("b-*"))
    assert [one.path for one in backup.listed(database)[0]] == [
        one.path for one in reversed(backup.named(backup.folder_of(database), "a"))
    ]


def test_what_a_killed_program_has_left_goes(database: Path, clock: Clock) -> None:
    folder = backup.folder_of(database)
    whole = make(database, clock).path.read_bytes()
    (folder / ".x.tmp").mkdir()
    (folder / ".x.tmp" / "copy.db").write_bytes(b"half")
    (folder / ".a-2026.zip.y.tmp").write_bytes(whole[:1000])
    make(database, clock)
    assert [name for name in in_folder(database) if name.endswith(".tmp")] == []
    assert (folder / "a-2026-11-20-090027-daily.zip").read_bytes() == whole


KILLED = """
import sys
from datetime import datetime
from pathlib import Path
from studyapp.store import backup, restore
database = Path(sys.argv[1])
print("begun", flush=True)
while True:
    made = backup.make(database, backup.folder_of(database), "asked", datetime.now().astimezone())
    if len(sys.argv) > 2:
        restore.restore(database, made.path, datetime.now().astimezone())
"""


@pytest.mark.slow
@pytest.mark.parametrize("also", [(), ("restore",)])
def test_a_real_kill_leaves_whole_backups_and_a_whole_database(
    database: Path, clock: Clock, also: tuple[str, ...]
) -> None:
    for _ in range(3):
        process = subprocess.Popen(
            [sys.executable, "-c", KILLED, str(database), *also], stdout=subprocess.PIPE
        )
        assert process.stdout is not None
        assert process.stdout.readline() == b"begun\n"
        time.sleep(random.uniform(0, 1.5))
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        process.stdout.close()
        found, problems = backup.listed(database)
        assert problems == []
        for one in found:
            assert restore.compare(database, one.path).manifest.content.counts["reviews"] == 3
        assert backup.examined(database, database).counts["reviews"] == 3


# going back


def test_all_comes_back_bit_for_bit(database: Path, clock: Clock) -> None:
    files, rows = sums(), dump(database)
    made = make(database, clock)
    with ZipFile(made.path) as zipped:
        for name, (size, digest) in made.manifest.files.items():
            data = zipped.read(name)
            assert (len(data), hashlib.sha256(data).hexdigest()) == (size, digest)
        zipped.extract("database.db", database.parent / "unpacked")
    assert dump(database.parent / "unpacked" / "database.db") == rows
    rate(database, clock, 4, 5)
    write("packs/mine/questions.md", b"changed")
    write("packs/mine/new.md", b"new")
    (config.data_folder() / "drafts" / "new-1.md").unlink()
    config.settings_path().unlink()
    done = restore.restore(database, made.path, clock())
    assert (done.difference.added, done.difference.changed, done.difference.removed) == (
        ["drafts/new-1.md", "settings.toml"],
        ["packs/mine/questions.md"],
        ["packs/mine/new.md"],
    )
    assert sums() == files
    assert dump(database, but_device=True) == [line for line in rows if "device" not in line]
    assert in_folder(database) == [".lock", made.path.name, done.before.path.name]


def test_going_back_can_be_undone(database: Path, clock: Clock) -> None:
    made = make(database, clock)
    rate(database, clock, 4, 5)
    write("packs/mine/new.md", b"new")
    files, rows = sums(), dump(database, but_device=True)
    done = restore.restore(database, made.path, clock())
    assert done.before is not None
    assert done.before.manifest.reason == "restore"
    assert reviews(database) == 3
    restore.restore(database, done.before.path, clock())
    assert (sums(), dump(database, but_device=True)) == (files, rows)


def test_a_dry_run_says_what_would_change_and_changes_nothing(database: Path, clock: Clock) -> None:
    made = make(database, clock)
    rate(database, clock, 4)
    write("packs/mine/new.md", b"new")
    before = sums(), dump(database), in_folder(database)
    found = restore.compare(database, made.path)
    assert found.now is not None
    assert (found.now.counts["reviews"], found.manifest.content.counts["reviews"]) == (4, 3)
    assert (found.added, found.changed, found.removed) == ([], [], ["packs/mine/new.md"])
    assert (sums(), dump(database), in_folder(database)) == before


def test_who_has_it_open_sees_the_new_state_and_writes_into_it(
    database: Path, clock: Clock
) -> None:
    made = make(database, clock)
    rate(database, clock, 4, 5)
    engine = open_database(str(database))
    count = text("SELECT count(*) FROM review")
    with reading(engine) as looking:
        assert looking.scalar(count) == 5
        restore.restore(database, made.path, clock())
        assert looking.scalar(count) == 5  # what was begun sees one state
    with reading(engine) as looking:
        assert looking.scalar(count) == 3
    with writing(engine) as connection:
        seen = read_memory(connection, 7, learner=1).last_review
        review.answer(connection, 7, seen, Rating.GOOD, clock(), learner=1)
    engine.dispose()
    assert reviews(database) == 4
    assert not list(database.parent.glob("a.db?damaged*"))


def test_what_is_written_at_the_last_moment_is_in_the_backup_before(
    database: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, made_alone, late = make(database, clock), backup.made_alone, list(range(4, 6))

    def quicker(*rest: object, **more: object) -> backup.Backup:
        done = made_alone(*rest, **more)  # type: ignore[arg-type]
        if late:
            rate(database, clock, late.pop())  # in another window
        return done

    monkeypatch.setattr(backup, "made_alone", quicker)
    done = restore.restore(database, made.path, clock())
    assert done.before is not None
    assert done.before.manifest.content.counts["reviews"] == 5
    assert reviews(database) == 3
    late[:] = range(6, 12)  # and one that never stops
    with pytest.raises(LockedError, match="is being written by another program"):
        restore.restore(database, made.path, clock())
    assert reviews(database) == 3 + 5


def test_a_lock_that_stays_is_told_and_nothing_was_changed(
    database: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(restore, "LONG_PATIENCE", 0.05)
    made = make(database, clock)
    rate(database, clock, 4)
    before = sums(), dump(database)
    engine = open_database(str(database))
    with writing(engine), pytest.raises(LockedError, match="locked by another program"):
        restore.restore(database, made.path, clock())
    engine.dispose()
    assert (sums(), dump(database)) == before


def test_it_can_be_stopped_before_anything_changes(database: Path, clock: Clock) -> None:
    made = make(database, clock)
    rate(database, clock, 4)
    before = sums(), dump(database)
    calls = [0]

    def stop(_done: int, _whole: int) -> None:
        calls[0] += 1
        if calls[0] == last:
            raise CancelledError("Stopped.")

    with pytest.raises(CancelledError):
        restore.compare(database, made.path, progress=lambda *_: stop_at_once())
    last = 0
    while not calls[0] or calls[0] == last:  # at each look in turn, until all are passed
        calls[0], last = 0, last + 1
        try:
            restore.restore(database, made.path, clock(), progress=stop)
        except CancelledError:
            assert (sums(), dump(database)) == before
    assert reviews(database) == 3
    assert last > 10


def stop_at_once() -> None:
    raise CancelledError("Stopped.")


def test_stamps_are_never_given_twice(database: Path, clock: Clock) -> None:
    """What was logged after the backup may be on another device by now; its order must hold."""
    made = make(database, clock)
    at = clock()
    rate(database, clock, 4, 5)
    elsewhere = stamps(database)
    restore.restore(database, made.path, clock())
    clock.now = at  # and the clock is set back
    rate(database, clock, 6, 7)
    again = stamps(database)
    assert len(elsewhere) == len(again) == 5
    assert len(elsewhere & again) == 3  # those of the backup, and no other device's
    with closing(sqlite3.connect(database)) as connection:
        assert connection.execute("SELECT own FROM device ORDER BY id").fetchall() == [(0,), (1,)]


def stamps(database: Path) -> set[tuple[bytes, int, str]]:
    with closing(sqlite3.connect(database)) as connection:
        return set(
            connection.execute(
                "SELECT device.uid, epoch, stamp FROM review JOIN device ON device.id = device_id"
            )
        )


def test_settings_that_were_in_force_are_so_for_the_new_device(
    database: Path, clock: Clock
) -> None:
    engine = open_database(str(database))
    with writing(engine) as connection:
        keep_settings(connection, "file", {"a": 1}, learner=1)
    engine.dispose()
    restore.restore(database, make(database, clock).path, clock())
    engine = open_database(str(database))
    with reading(engine) as connection:
        assert applied_settings(connection, "file", learner=1) == {"a": 1}
    engine.dispose()


def test_an_older_schema_is_migrated(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, known = tmp_path / "old.db", migrations.steps()
    with monkeypatch.context() as patch:
        patch.setattr(migrations, "steps", lambda: {n: known[n] for n in known if n <= 3})
        open_database(str(path)).dispose()
    open_database(str(path)).dispose()
    (kept,), _ = backup.listed(path)
    assert (kept.manifest.reason, kept.manifest.content.schema) == ("migration", 3)
    now = dump(path, but_device=True)
    restore.restore(path, kept.path, clock())
    engine = open_database(str(path))
    with reading(engine) as connection:
        assert migrations.current(connection) == max(known)
    engine.dispose()
    assert [line for line in dump(path, but_device=True) if "schema_version" not in line] == [
        line for line in now if "schema_version" not in line
    ]


@pytest.mark.parametrize("linked", [False, True])
def test_a_damaged_database_is_set_aside(
    linked: bool, database: Path, clock: Clock, tmp_path: Path
) -> None:
    real = database
    if linked:
        real = tmp_path / "elsewhere" / "real.db"
        real.parent.mkdir()
        database.rename(real)
        database.symlink_to(real)
    made = make(database, clock)
    write("packs/mine/new.md", b"new")
    damage(database)
    broken, files = database.read_bytes(), sums()
    done = restore.restore(database, made.path, clock())
    assert done.before is None
    assert done.aside is not None
    assert (done.aside.read_bytes(), done.aside.parent) == (broken, real.parent)
    assert database.is_symlink() is linked
    assert real.stat().st_mode & 0o777 == 0o600
    assert reviews(database) == 3
    assert sums() == files  # there is no backup of how they were
    rate(database, clock, 4)


def test_a_new_machine_begins_from_a_backup(
    database: Path, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, files = make(database, clock), sums()
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "elsewhere"))
    new = tmp_path / "elsewhere" / "new.db"
    new.parent.mkdir()
    restore.restore(new, made.path, clock())
    assert dump(new, but_device=True) == dump(database, but_device=True)
    assert set(files.values()) <= set(sums().values())


def test_what_may_run_is_not_for_a_backup_to_say(database: Path, clock: Clock) -> None:
    settings = config.settings_path()
    settings.write_text('new_a_day = 7\ntrusted = ["known 1.0", "other 2.0"]\nleech_lapses = 9\n')
    made = make(database, clock)
    settings.write_text('trusted = ["known 1.0"]\n')
    restore.restore(database, made.path, clock())
    assert settings.read_text() == 'new_a_day = 7\ntrusted = ["known 1.0"]\nleech_lapses = 9\n'


def test_somebody_elses_database_is_left_alone(
    database: Path, clock: Clock, tmp_path: Path
) -> None:
    made, other = make(database, clock), tmp_path / "other.db"
    with closing(sqlite3.connect(other)) as connection:
        connection.execute("CREATE TABLE bookmarks (url TEXT)")
    with pytest.raises(StoreError, match="another program"):
        restore.restore(other, made.path, clock())
    assert "bookmarks" in dump(other)[1]


# what somebody else hands over


def changed(
    path: Path, names: dict[str, bytes], *, told: dict[str, object] | None = None, fit: bool = True
) -> None:
    """Write other files into a backup, with a manifest that fits them, or other values in it."""
    with ZipFile(path) as zipped:
        parts = {name: zipped.read(name) for name in zipped.namelist()}
    manifest = json.loads(parts.pop("manifest.json"))
    parts |= names
    if fit:
        manifest["files"] = {
            name: (len(data), hashlib.sha256(data).hexdigest()) for name, data in parts.items()
        }
    with ZipFile(path, "w", ZIP_DEFLATED) as zipped:
        for name, data in parts.items():
            zipped.writestr(name, data)
        zipped.writestr("manifest.json", json.dumps(manifest | (told or {})))


def other_database(path: Path, *statements: str) -> bytes:
    with ZipFile(path) as zipped:
        (path.parent / "other.db").write_bytes(zipped.read("database.db"))
    with closing(sqlite3.connect(path.parent / "other.db")) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()
    return (path.parent / "other.db").read_bytes()


def append(path: Path, name: str, data: bytes = b"x", mode: int = stat.S_IFREG) -> None:
    info = ZipInfo(name)
    info.external_attr = (mode | 0o644) << 16
    with ZipFile(path, "a") as zipped:
        zipped.writestr(info, data)


def flag(path: Path) -> None:
    """Say of each file that it is encrypted."""
    data = path.read_bytes()
    for mark, at in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        start = data.find(mark)
        while start >= 0:
            data = data[: start + at] + bytes([data[start + at] | 1]) + data[start + at + 1 :]
            start = data.find(mark, start + 4)
    path.write_bytes(data)


NEWER = "INSERT INTO schema_version VALUES (999, '2030-01-01 00:00:00')"
OLDER = "DELETE FROM schema_version WHERE version > 3"
TRIGGER = "CREATE TRIGGER t AFTER INSERT ON review BEGIN DELETE FROM review; END"
HARMFUL: dict[str, Callable[[Path], object]] = {
    "up": lambda path: changed(path, {"packs/../../x": b"x"}),
    "up first": lambda path: changed(path, {"../x": b"x"}),
    "absolute": lambda path: changed(path, {"/tmp/x": b"x"}),
    "absolute below": lambda path: changed(path, {"packs//tmp/x": b"x"}),
    "backslash": lambda path: changed(path, {"packs\\..\\x": b"x"}),
    "elsewhere": lambda path: changed(path, {"bin/x": b"x"}),
    "folder": lambda path: append(path, "packs/x/", b""),
    "link": lambda path: append(path, "packs/x", b"/etc/passwd", stat.S_IFLNK),
    "device": lambda path: append(path, "packs/x", b"", stat.S_IFCHR),
    "twice": lambda path: append(path, "packs/mine/questions.md"),
    "one more": lambda path: append(path, "packs/x"),
    "bomb": lambda path: changed(path, {"packs/x": bytes(100 * 2**20)}),
    "too large a manifest": lambda path: changed(path, {}, told={"reason": "x" * 17 * 2**20}),
    "wrong sum": lambda path: changed(path, {"settings.toml": b"new_a_day = 9\n"}, fit=False),
    "wrong count": lambda path: changed(path, {}, told={"counts": {"cards": 22, "reviews": 900}}),
    "no manifest": lambda path: path.write_bytes(other_zip(path, "manifest.json")),
    "no database": lambda path: path.write_bytes(other_zip(path, "database.db")),
    "other manifest": lambda path: changed(path, {}, told={"studyapp": 2}),
    "list": lambda path: changed(path, {}, told={"counts": [1]}),
    "deep": lambda path: (
        path.write_bytes(other_zip(path, "manifest.json")),
        append(path, "manifest.json", b"[" * 100_000),
    ),
    "encrypted": flag,
    "cut off": lambda path: path.write_bytes(path.read_bytes()[:-300]),
    "torn in the middle": lambda path: path.write_bytes(
        path.read_bytes()[:2000] + bytes(500) + path.read_bytes()[2500:]
    ),
    "empty": lambda path: path.write_bytes(b""),
    "text": lambda path: path.write_text("hello"),
    "gone": lambda path: path.unlink(),
    "no database in it": lambda path: changed(path, {"database.db": b"hello" * 1000}),
    "a trigger": lambda path: changed(path, {"database.db": other_database(path, TRIGGER)}),
    "a table that is a program": lambda path: changed(
        path, {"database.db": other_database(path, "CREATE VIRTUAL TABLE t USING fts5(a)")}
    ),
    "another's": lambda path: changed(
        path, {"database.db": other_database(path, "DROP TABLE schema_version")}
    ),
    "no table": lambda path: changed(
        path, {"database.db": other_database(path, "DROP TABLE stale")}
    ),
    "no column": lambda path: changed(
        path, {"database.db": other_database(path, "ALTER TABLE device DROP COLUMN made_at")}
    ),
    "older in name alone": lambda path: changed(
        path, {"database.db": other_database(path, OLDER)}, told={"schema": 3}
    ),
    "newer": lambda path: changed(
        path, {"database.db": other_database(path, NEWER)}, told={"schema": 999}
    ),
}


def test_a_backup_that_counts_less_than_is_counted_now_is_one(database: Path, clock: Clock) -> None:
    made = make(database, clock)
    earlier = {name: made.manifest.content.counts[name] for name in ("cards", "reviews")}
    changed(made.path, {}, told={"counts": earlier})
    rate(database, clock, 4)
    restore.restore(database, made.path, clock())
    assert reviews(database) == 3


def other_zip(path: Path, without: str) -> bytes:
    with ZipFile(path) as zipped, ZipFile(path.parent / "other.zip", "w") as other:
        for name in zipped.namelist():
            if name != without:
                other.writestr(name, zipped.read(name))
    return (path.parent / "other.zip").read_bytes()


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("harm", HARMFUL)
def test_what_is_no_backup_is_refused_and_changes_nothing(
    database: Path, clock: Clock, tmp_path: Path, harm: str
) -> None:
    (tmp_path / "b").mkdir()
    path = make_at(tmp_path / "b" / "b.zip", database, clock)
    backup.folder_of(database).mkdir()
    (backup.folder_of(database) / ".lock").touch()
    HARMFUL[harm](path)
    rate(database, clock, 4)
    outside = sorted(tmp_path.rglob("*"))
    before = sums(), dump(database)
    with pytest.raises(StoreError) as refused:
        restore.restore(database, path, clock())
    sentence = str(refused.value)
    assert sentence.startswith(str(path))
    assert sentence.endswith(".")
    assert ("othing was changed" in sentence) == (harm != "gone"), sentence
    assert "\n" not in sentence
    assert (sums(), dump(database)) == before
    assert [path for path in sorted(tmp_path.rglob("*")) if path not in outside] == []


def test_more_than_there_is_room_for_is_not_unpacked(
    database: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = make(database, clock)
    usage = shutil.disk_usage(database.parent)._replace(free=10_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with pytest.raises(StoreError, match=r"needs \d+ kB to be unpacked, and \S+ has 10 kB"):
        restore.restore(database, made.path, clock())


def test_what_cannot_be_read_is_listed_as_such(database: Path, clock: Clock) -> None:
    made = make(database, clock)
    torn = backup.folder_of(database) / backup.name_of("a", "daily", clock.forward(days=1))
    torn.write_bytes(made.path.read_bytes()[:900])
    found, problems = backup.listed(database)
    assert [one.path for one in found] == [made.path]
    assert len(problems) == 1
    assert str(torn) in problems[0]


def test_a_day_has_one_from_its_first_use_on(database: Path, clock: Clock) -> None:
    assert not backup.is_made_today(database, clock())
    make(database, clock)
    assert backup.is_made_today(database, clock())
    clock.forward(hours=18)  # 03:00
    assert backup.is_made_today(database, clock())
    clock.now += timedelta(hours=1, minutes=1)
    assert not backup.is_made_today(database, clock())
