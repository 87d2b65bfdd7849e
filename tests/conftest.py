"""Shared fixtures: no test sees the learner's own folders, and time stands where it is put."""

from __future__ import annotations

import gc
import os
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import settings as laws
from sqlalchemy import Engine, create_engine

import postgresql
from studyapp import disk
from studyapp.config import Settings
from studyapp.store import database, sync
from studyapp.store.database import open_database
from studyapp.store.engine import writing
from studyapp.store.fingerprint import fingerprint
from studyapp.study.library import start_chapter
from tests_support import Clock, question, questionnaire

# The same cases in every run, so that a run which fails fails again; search looks for others.
laws.register_profile("same", derandomize=True, deadline=None)
laws.register_profile("search", deadline=None)
laws.load_profile("same")


def pytest_configure() -> None:
    """No study day ends while tests run: what begins late in the night runs in a zone where it is
    morning. The programs that tests start inherit it."""
    if 2 <= datetime.now().astimezone().hour < 4:
        os.environ["TZ"] = f"EAST{_hours_west() - 6:+d}"
        time.tzset()


def _hours_west() -> int:
    """Of Greenwich, as TZ has it."""
    return round((time.altzone if time.localtime().tm_isdst > 0 else time.timezone) / 3600)


def pytest_xdist_auto_num_workers() -> int:
    """Twice as many as there are cores: for much of its time a test waits for its app."""
    return 2 * (os.cpu_count() or 1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Spread the files whose tests wait for an app evenly among those whose tests reckon: while the
    ones wait, the others have the cores."""
    files = list(dict.fromkeys(one.path for one in items))
    waiting = [one for one in files if "tui" in one.parts]
    others = [one for one in files if "tui" not in one.parts]
    place = {one: at / len(some) for some in (waiting, others) for at, one in enumerate(some)}
    items.sort(key=lambda one: place[one.path])


def pytest_collection() -> None:
    """What all tests share, their own code above all, is never garbage and not searched for it."""
    gc.disable()


def pytest_collection_finish() -> None:
    """What a test makes goes mostly by itself; a search for the rest is worth its while now and
    then: at Python's own pace it was a tenth of all that an app does."""
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    gc.enable()


@pytest.fixture(scope="session", autouse=True)
def own_temporary_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What was killed in another run, two days ago or more, is not found in this one's, nor does
    anything of the machine's go: the doctor looks there."""
    folder = str(tmp_path_factory.mktemp("temporary"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", folder)
        patch.setattr(tempfile, "tempdir", folder)
        yield


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Data and settings of the learner who runs the tests stay out of reach."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("STUDYAPP_DB", "NO_COLOR", "EDITOR", "VISUAL"):
        monkeypatch.delenv(name, raising=False)


class Compiled(dict[Any, Any]):
    """Statements by what they say and the kind of database, where SQLAlchemy's own key has the
    engine's dialect in its place."""

    def get(self, key: Any, default: Any = None) -> Any:
        return super().get((key[0].name, *key[1:]), default)

    def __setitem__(self, key: Any, compiled: Any) -> None:
        super().__setitem__((key[0].name, *key[1:]), compiled)


@pytest.fixture(scope="session", autouse=True)
def compiled_once() -> Iterator[None]:
    """A statement is compiled once for all engines: each test has its own, and for much of its
    time SQLAlchemy would say the same things anew."""
    made = partial(create_engine, execution_options={"compiled_cache": Compiled()})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database, "create_engine", made)
        yield


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], bytes]:
    """Makes databases that have been through all migrations, and nothing else: each is of another
    device."""
    path = tmp_path_factory.mktemp("empty") / "empty.db"
    open_database(str(path)).dispose()
    with closing(sqlite3.connect(path)) as base:
        (uid,) = base.execute("SELECT uid FROM device").fetchone()
    whole = path.read_bytes()
    return lambda: whole.replace(uid, uuid4().bytes)


@pytest.fixture(autouse=True)
def made_databases(empty_database: Callable[[], bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    """A new database of this process is a copy of an empty one: migrations take time, and
    tests/store, where this is left out, and every process of its own show what they do."""
    real = database.connect

    def connect(url: str) -> Engine:
        path = Path(url)
        if "://" not in url and path.parent.is_dir() and not path.exists():
            _make_at_once(path, empty_database())
        return real(url)

    monkeypatch.setattr(database, "connect", connect)


def _make_at_once(path: Path, whole: bytes) -> None:
    """Another window may open the database meanwhile: it sees none, or all of it."""
    made = path.with_name(uuid4().hex)
    made.touch(disk.PRIVATE)
    made.write_bytes(whole)
    with suppress(FileExistsError):
        os.link(made, path)
    made.unlink()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def settings() -> Settings:
    return Settings()


@pytest.fixture
def content(tmp_path: Path) -> Path:
    """A pack of two chapters: 12 questions and 3 terms in the first, 4 questions in the second."""
    root = tmp_path / "content"
    (root / "1").mkdir(parents=True)
    (root / "2").mkdir()
    (root / "1" / "questionnaire.md").write_text(
        questionnaire(*(question(f"q{number:02}") for number in range(12)))
    )
    (root / "1" / "jargon.md").write_text(
        questionnaire(
            *(f"## Term {n} {{#t{n}}}\n\nMeaning number {n}.\n" for n in range(3))
        ).replace("kind: questionnaire", "kind: jargon")
    )
    (root / "1" / "reading.md").write_text(
        questionnaire("## 1.1 The only section\n\nProse.").replace("questionnaire", "reading")
    )
    (root / "2" / "questionnaire.md").write_text(
        questionnaire(*(question(f"r{n}", chapter=2) for n in range(4)), chapter=2)
    )
    return root


@pytest.fixture(scope="session")
def read_databases() -> dict[object, tuple[Path, bytes]]:
    """The databases that `engine` has made, each with the folder that it was made of, by what there
    was to read and when."""
    return {}


@pytest.fixture
def engine(
    tmp_path: Path, content: Path, clock: Clock, read_databases: dict[object, tuple[Path, bytes]]
) -> Iterator[Engine]:
    """A database that has read `content`, with chapter 1 started."""
    path, now = tmp_path / "study.db", clock()
    files = (one for one in sorted(content.rglob("*")) if one.is_file())
    read = now, *((one.relative_to(content), one.read_bytes()) for one in files)
    if read not in read_databases:
        engine = open_database(str(path))
        with writing(engine) as connection:
            sync.sync(connection, [content], now)
            start_chapter(connection, 1, now, learner=1)
        engine.dispose()
        read_databases[read] = content, path.read_bytes()
        path.unlink()
    folder, whole = read_databases[read]
    _make_at_once(path, whole)
    _move(path, folder, content)
    engine = open_database(str(path))
    yield engine
    engine.dispose()


def _move(path: Path, folder: Path, content: Path) -> None:
    """Have a copied database be of a device of its own and have read *content*, which says the same
    as *folder* did."""
    with closing(sqlite3.connect(path)) as base, base:
        base.execute("UPDATE device SET uid = ?", (uuid4().bytes,))
        base.execute("UPDATE root SET stamp = ?", (fingerprint(content),))
        for table in ("root", "section", "note"):
            base.execute(
                f"UPDATE {table} SET path = replace(path, ?, ?)", (str(folder), str(content))
            )


@pytest.fixture(scope="session")
def server(testrun_uid: str) -> Iterator[postgresql.Server]:
    """A PostgreSQL server, where one can be started."""
    with postgresql.running(testrun_uid) as made:
        yield made


@pytest.fixture
def only_pack(content: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make `content` the only installed pack."""
    from studyapp.study import library

    monkeypatch.setattr(library, "installed_roots", lambda: [content])
    return content
