"""Opening the database: what will not open says so in one sentence and stays as it was."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from sqlalchemy import Connection, create_engine, inspect, text

from studyapp.errors import StoreError
from studyapp.store import backup, migrations, tables
from studyapp.store.database import connect, open_database
from studyapp.store.engine import LockedError, checkpoint, reading, wal_size, writing


def test_a_new_database_has_every_table_of_the_models(tmp_path: Path) -> None:
    engine = open_database(str(tmp_path / "deep" / "er" / "a.db"))
    pure = create_engine("sqlite://")
    tables.METADATA.create_all(pure)
    made, wanted = inspect(engine), inspect(pure)
    of_index = {one for one in made.get_table_names() if one.startswith("passage_index")}
    assert set(made.get_table_names()) - of_index == set(wanted.get_table_names())
    for table in wanted.get_table_names():
        for part in ("columns", "indexes", "foreign_keys", "unique_constraints"):
            left = getattr(made, f"get_{part}")(table)
            right = getattr(wanted, f"get_{part}")(table)
            assert _plain(left) == _plain(right), (table, part)
    engine.dispose()


def _plain(rows: list[dict[str, object]]) -> list[str]:
    """Comparable. The name of a foreign key on an added column is not read back from SQLite."""
    return sorted(
        str(
            sorted(
                (
                    key,
                    str(
                        {k: str(v) for k, v in value.items()} if isinstance(value, dict) else value
                    ),
                )
                for key, value in row.items()
                if not (key == "name" and "referred_table" in row)
            )
        )
        for row in rows
    )


def test_a_new_database_is_for_its_owner_alone_with_its_log(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    engine = open_database(str(folder / "a.db"))
    with writing(engine) as connection:
        connection.execute(text("UPDATE schema_version SET version = version"))
        modes = {one.name: one.stat().st_mode & 0o777 for one in (folder, *folder.iterdir())}
    assert modes == {"data": 0o700, "a.db": 0o600, "a.db-wal": 0o600, "a.db-shm": 0o600}
    engine.dispose()


def test_opening_again_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    open_database(str(path)).dispose()
    before = path.read_bytes()
    engine = open_database(str(path))
    assert migrations.upgrade(engine) == []
    engine.dispose()
    assert path.read_bytes() == before


def test_the_pragmas_hold_on_every_connection(tmp_path: Path) -> None:
    engine = open_database(str(tmp_path / "a.db"))
    with reading(engine) as first, reading(engine) as second:
        for connection in (first, second):
            values = [
                connection.exec_driver_sql(f"PRAGMA {name}").scalar()
                for name in ("journal_mode", "synchronous", "wal_autocheckpoint", "foreign_keys")
            ]
            assert values == ["wal", 2, 0, 1]
    engine.dispose()


@pytest.mark.parametrize(
    "name",
    ["q?x.db", "a%20b.db", "a#b.db", "file:c.db", "q?mode=memory", "a:@b.db", "a:b+c", "ü.db"],
)
def test_a_path_is_taken_as_it_is(tmp_path: Path, name: str) -> None:
    engine = open_database(str(tmp_path / name))
    engine.dispose()
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_an_address_is_one_from_its_beginning_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    open_database("./about://x").dispose()
    assert (tmp_path / "about:" / "x").is_file()
    open_database(f"sqlite:///{tmp_path / 'a.db'}").dispose()
    assert (tmp_path / "a.db").is_file()


def test_the_connection_that_was_used_last_is_used_next(tmp_path: Path) -> None:
    engine = open_database(str(tmp_path / "study.db"))
    with reading(engine) as first, reading(engine) as second:
        last = first.connection.driver_connection
        assert second.connection.driver_connection is not last
    for _ in range(2):
        with reading(engine) as next_one:
            assert next_one.connection.driver_connection is last
    engine.dispose()


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="is a folder; name a database file"):
        open_database(str(tmp_path))


@pytest.mark.parametrize("content", [b"this is not a database, but it is long enough" * 99])
def test_a_file_of_another_kind_is_refused_and_kept(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.db"
    path.write_bytes(content)
    with pytest.raises(StoreError, match="not a studyapp database or is damaged"):
        open_database(str(path))
    assert path.read_bytes() == content


def test_a_damaged_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    open_database(str(path)).dispose()
    data = bytearray(path.read_bytes())
    data[100:4000] = os.urandom(3900)
    path.write_bytes(data)
    with pytest.raises(StoreError, match="damaged"):
        open_database(str(path))
    assert path.read_bytes() == data


def test_somebody_elses_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE bookmarks (url TEXT)")
    other.commit()
    other.close()
    with pytest.raises(StoreError, match=r"another program.*'bookmarks'"):
        open_database(str(path))


def test_a_newer_schema_is_refused_with_both_versions(tmp_path: Path) -> None:
    engine = open_database(str(tmp_path / "a.db"))
    with writing(engine) as connection:
        connection.execute(text("INSERT INTO schema_version VALUES (999, '2030-01-01 00:00:00')"))
    engine.dispose()
    with pytest.raises(StoreError, match=r"version 999.*up to \d+; upgrade studyapp"):
        open_database(str(tmp_path / "a.db"))


def test_an_old_database_is_backed_up_before_it_is_migrated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.db"
    open_database(str(path)).dispose()
    broken = type(sys)("studyapp_broken_migration")
    broken.upgrade = lambda connection: connection.execute(text("CREATE TABLE half (x INT)"))
    monkeypatch.setitem(sys.modules, "studyapp_broken_migration", broken)
    newest = max(migrations.steps())
    known = {**migrations.steps(), newest + 1: "studyapp_broken_migration"}
    monkeypatch.setattr(migrations, "steps", lambda: known)
    engine = open_database(str(path))
    assert "half" in inspect(engine).get_table_names()
    engine.dispose()
    (kept,) = backup.listed(path)[0]
    assert (kept.manifest.reason, kept.manifest.content.schema) == ("migration", newest)


def test_a_backup_is_of_before_even_if_another_program_was_quicker(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.db"
    open_database(str(path)).dispose()
    step = type(sys)("studyapp_next_migration")
    step.upgrade = lambda connection: connection.execute(text("CREATE TABLE next (x INT)"))
    monkeypatch.setitem(sys.modules, "studyapp_next_migration", step)
    newest = max(migrations.steps())
    known = {**migrations.steps(), newest + 1: "studyapp_next_migration"}
    monkeypatch.setattr(migrations, "steps", lambda: known)
    look, others = migrations.current, iter([lambda: open_database(str(path)).dispose()])

    def slowly(connection: Connection) -> int:
        version = look(connection)
        next(others, lambda: None)()  # the other one begins and ends just after this look
        return version

    monkeypatch.setattr(migrations, "current", slowly)
    open_database(str(path)).dispose()
    (kept,) = backup.listed(path)[0]
    assert (kept.manifest.reason, kept.manifest.content.schema) == ("migration", newest)


def test_a_migration_that_fails_leaves_the_database_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.db"
    open_database(str(path)).dispose()

    def upgrade(connection: object) -> None:
        connection.execute(text("CREATE TABLE half (x INT)"))  # type: ignore[attr-defined]
        raise RuntimeError("power cut")

    broken = type(sys)("studyapp_broken_migration")
    broken.upgrade = upgrade
    monkeypatch.setitem(sys.modules, "studyapp_broken_migration", broken)
    known = {**migrations.steps(), 998: "studyapp_broken_migration"}
    monkeypatch.setattr(migrations, "steps", lambda: known)
    with pytest.raises(RuntimeError, match="power cut"):
        open_database(str(path))
    monkeypatch.undo()
    engine = open_database(str(path))
    assert "half" not in inspect(engine).get_table_names()
    engine.dispose()


def test_a_lock_is_waited_for_and_then_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = str(tmp_path / "a.db")
    engine = open_database(path)
    impatient = connect(path)
    with writing(engine):  # noqa: SIM117 - the second must not begin before the first holds it
        with (
            pytest.raises(LockedError, match="locked by another program"),
            writing(impatient, patience=0.05),
        ):
            pass
    (told,) = caplog.messages
    assert told.startswith("database: OperationalError, SQLITE_BUSY")
    with writing(impatient) as connection:
        assert connection.scalar(text("SELECT 1")) == 1
    impatient.dispose()
    engine.dispose()


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to drop its rights")
def test_what_this_program_writes_is_waited_for_and_no_other_one_blamed(tmp_path: Path) -> None:
    engine = open_database(str(tmp_path / "a.db"))
    begun = threading.Event()

    def write() -> None:
        with writing(engine):
            begun.set()
            waits.wait(60)

    waits = threading.Event()
    other = threading.Thread(target=write)
    other.start()
    assert begun.wait(60)
    with (
        pytest.raises(LockedError, match="studyapp itself is still writing"),
        writing(engine, patience=0.0),
    ):
        pass
    threading.Timer(0.1, waits.set).start()
    with writing(engine, patience=60.0):
        assert waits.is_set()
    other.join()
    engine.dispose()


def test_read_only_is_told(tmp_path: Path) -> None:
    """As root every file is writable, so the check runs as nobody in a process of its own."""
    folder = tmp_path / "db"
    open_database(str(folder / "a.db")).dispose()
    for path in folder.iterdir():
        path.chmod(0o444)
    folder.chmod(0o555)
    for parent in (folder, *folder.parents):
        if parent.stat().st_uid == os.geteuid() and parent != Path("/"):
            parent.chmod(parent.stat().st_mode | 0o055)
    program = (
        "import studyapp.store.database as d, studyapp.store.engine as e, studyapp.errors as x,"
        "studyapp.store.tables, sqlalchemy.dialects.sqlite, os, sys\n"
        "os.setgid(65534); os.setuid(65534)\n"
        "try:\n"
        "    engine = d.open_database(sys.argv[1])\n"
        "    with e.writing(engine): pass\n"
        "except x.StoreError as error: print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(folder / "a.db")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "read-only" in done.stdout or "cannot be opened" in done.stdout, done


def test_a_url_that_is_none_is_told() -> None:
    with pytest.raises(StoreError, match=r"^postgres://me:\*\*\*@host/a is not a database URL: "):
        connect("postgres://me:sec/ret@host/a")


def test_a_checkpoint_empties_the_log(tmp_path: Path) -> None:
    engine = open_database(str(tmp_path / "a.db"))
    for number in range(200):
        with writing(engine) as connection:
            connection.execute(
                text(
                    "INSERT INTO root (path, stamp, read_at) VALUES (:path, :stamp, '2026-01-01')"
                ),
                {"path": f"p{number}", "stamp": "x" * 5000},
            )
    full = wal_size(engine)
    checkpoint(engine, mode="TRUNCATE")
    assert full > 1_000_000 > wal_size(engine)
    engine.dispose()
