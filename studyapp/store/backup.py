"""Backups: the database, as it is at one moment while others write, and the learner's own files.

SQLite's online backup makes them; PostgreSQL has its own tool, so that `file_of` is where all else
parts from it. One program at a time works in a folder of backups: what another one has left
unfinished there is then certainly of one that was killed.
"""

from __future__ import annotations

import itertools
import platform
import re
import shutil
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import Engine

from studyapp import config, disk
from studyapp.errors import CancelledError, StoreError, StudyError
from studyapp.journal import journal
from studyapp.memory.clock import study_day
from studyapp.store import archive, marker, passage, thinning
from studyapp.store.archive import DATABASE, Content, Manifest
from studyapp.store.engine import is_garbled

PATIENCE = 60.0  # seconds to wait for another program's backup
PAGES = 2000  # copied between two looks at whether to go on
_LOCK = ".lock"
_NONE = "No backup was made: "
_COUNTED = {  # what is told of a backup, and must be the same in it as in what it was made from
    "cards": ("card", "SELECT count(*) FROM card"),
    "reviews": ("review", "SELECT count(*) FROM review"),
    archive.TAKEN_BACK: (
        "event",
        "SELECT count(*) FROM review WHERE uid IN "
        "(SELECT target FROM event WHERE kind = 'retract')",
    ),
    "answers": ("response", "SELECT count(*) FROM response"),
    "notes": ("section_progress", "SELECT count(*) FROM section_progress WHERE text <> ''"),
    "events": ("event", "SELECT count(*) FROM event"),
    "runs": ("run", "SELECT count(*) FROM run"),
    "exams": ("exam", "SELECT count(*) FROM exam WHERE day IS NOT NULL"),
}
ORPHANS = "orphans"  # among the counts: rows that name one which is not there

Progress = Callable[[int, int], None]  # bytes done and in all, about; raises CancelledError to stop


class Reason(StrEnum):
    """Why a backup was made; it is a part of its name."""

    ASKED = thinning.ASKED
    DAILY = "daily"
    MIGRATION = "migration"
    IMPORT = "import"
    CHANGE = "change"
    REPAIR = "repair"
    RESTORE = "restore"


class BackupError(StoreError):
    """No backup was made, and nothing else was changed."""


class DamagedError(BackupError):
    """No backup was made because the database itself is damaged."""


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup that is there, and what it says of itself."""

    path: Path
    size: int
    manifest: Manifest

    @property
    def made(self) -> datetime:
        return self.manifest.made

    def as_json(self) -> dict[str, Any]:
        told = self.manifest
        return {
            "path": str(self.path),
            "size": self.size,
            "made": told.made.isoformat(),
            "reason": told.reason,
            "device": told.content.device,
            "version": told.version,
            "schema": told.content.schema,
            **told.content.told,
            "files": len(told.files) - 1,
        }


@dataclass(frozen=True, slots=True)
class Named:
    """What the name of a backup says; it is enough to thin them out."""

    path: Path
    made: datetime  # on the learner's wall clock, naive
    reason: str


def file_of(engine: Engine) -> Path | None:
    """The file of a database; None if it is on a server or in memory."""
    name = engine.url.database
    if engine.dialect.name != "sqlite" or name in (None, "", ":memory:"):
        return None
    return Path(str(name)).absolute()


def folder_of(database: Path) -> Path:
    """Where the backups of a database are kept: beside it."""
    return database.parent / "backups"


def make(
    database: Path,
    folder: Path,
    reason: str,
    now: datetime,
    *,
    progress: Progress | None = None,
) -> Backup:
    """Back up *database* and the learner's files to *folder*, and thin out what is there.

    When this returns, the backup is on the disk, has been read back and holds what was backed up.
    Raises BackupError with one sentence, and leaves nothing behind, if that cannot be;
    CancelledError if *progress* does.
    """
    with alone(folder):
        return made_alone(database, folder, reason, now, progress=progress)


def made_alone(
    database: Path,
    folder: Path,
    reason: str,
    now: datetime,
    *,
    keep: Path | None = None,
    progress: Progress | None = None,
) -> Backup:
    """The same, for one who holds the folder; *keep* is not thinned out, however old it is."""
    with told(_NONE):
        path = _free(folder, database.stem, reason, now)
        made = _write(path, database, reason, now, progress)
    for one in _outlived(database, folder, now, keep):
        with suppress(OSError):  # the next time
            one.unlink()
    return made


def make_at(
    target: Path, database: Path, reason: str, now: datetime, *, progress: Progress | None = None
) -> Backup:
    """The same as a file elsewhere, a stick for example, which must not be there yet; the folder of
    the others is not needed for it."""
    with told(_NONE):
        if not target.parent.is_dir():
            raise BackupError(f"there is no folder {target.parent}.")
        if disk.is_there(target):
            raise BackupError(f"{target} is there already; give another name.")
        return _write(target, database, reason, now, progress)


def _write(
    path: Path, database: Path, reason: str, now: datetime, progress: Progress | None
) -> Backup:
    """Write the zip, and read it back."""
    files = archive.learners_files(config.data_folder(), config.settings_path())
    sizes = sum(file.stat().st_size for file in files.values())
    step = Steps(progress, 3 * _size(database) + 2 * sizes)
    with workplace(path.parent) as place, disk.replacing(path) as draft:
        content = copy(database, place / "copy.db", step)
        described = partial(Manifest, now, reason, version("studyapp"), content)
        archive.pack(draft, {DATABASE: place / "copy.db", **files}, described, step)
        (place / "copy.db").unlink()
        archive.unpack(draft, place, step)
        if examined(place / DATABASE, database).counts != content.counts:
            raise BackupError(f"what was written of {database} is not what was read; try again.")
    made = read(path)
    journal.info("backup: %s, %d bytes", reason, made.size)
    return made


def _size(database: Path) -> int:
    if not database.is_file() or not database.stat().st_size:
        raise BackupError(f"there is no database at {database} yet.")
    return database.stat().st_size


class Steps:
    """Adds up the bytes that have been dealt with."""

    def __init__(self, progress: Progress | None, whole: int) -> None:
        self._progress, self._whole, self._done = progress, max(1, whole), 0

    def __call__(self, size: int) -> None:
        self._done += size
        if self._progress is not None:
            self._progress(min(self._done, self._whole), self._whole)


def copy(database: Path, target: Path, step: archive.Step) -> Content:
    """Copy a database as it is at one moment, with the online backup, to a file that stands alone;
    returns what both hold."""
    with connected(database, database) as source, closing(sqlite3.connect(target)) as other:
        source.execute("BEGIN")  # one state for counting and copying, whoever writes meanwhile
        content = _content(source)
        (size,) = source.execute("PRAGMA page_size").fetchone()
        done = 0

        def look(_status: int, remaining: int, pages: int) -> None:
            nonlocal done
            step(size * (pages - remaining - done))
            done = pages - remaining

        source.backup(other, pages=PAGES, progress=look)
        other.execute("PRAGMA journal_mode = DELETE")  # no second file belongs to it
    return content


def content_of(database: Path) -> Content:
    """What a database holds now; nothing if there is none. Raises StoreError."""
    if not database.is_file():
        return Content(0, "", {}, dict.fromkeys((*_COUNTED, ORPHANS), 0))
    with told(), connected(database, database) as connection:
        connection.execute("BEGIN")
        return _content(connection)


def has_more(database: Path) -> bool:
    """Whether a database holds more than cards: what a learner would lose. Raises StoreError."""
    counts = content_of(database).counts
    return any(counts[name] for name in counts if name not in ("cards", ORPHANS))


def examined(copied: Path, origin: Path) -> Content:
    """What a copied database holds, after all of it was looked at. Raises DamagedError if it is
    damaged or none of ours, in the name of what it was made from."""
    with connected(copied, origin, mode="ro") as connection:
        connection.execute("PRAGMA trusted_schema = OFF")
        kinds = {kind for (kind,) in connection.execute("SELECT type FROM sqlite_master")}
        made = "SELECT sql FROM sqlite_master WHERE type = 'table' AND rootpage = 0"
        virtual = {sql for (sql,) in connection.execute(made)}
        if not kinds <= {"table", "index"} or not virtual <= {passage.INDEX}:
            raise DamagedError(f"{origin} has other things than tables in it.")
        (found,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
        if found != "ok":
            raise DamagedError(f"{origin} is damaged ({' '.join(found.split())}).")
        return _content(connection)


def _content(connection: sqlite3.Connection) -> Content:
    """Of any schema that there has been, an empty one too."""
    names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    counts = {
        told: int(connection.execute(query).fetchone()[0]) if table in names else 0
        for told, (table, query) in _COUNTED.items()
    }
    counts[ORPHANS] = len(connection.execute("PRAGMA foreign_key_check").fetchall())
    schema, device, learners = 0, platform.node(), dict[str, str]()
    if "schema_version" in names:
        (schema,) = connection.execute("SELECT max(version) FROM schema_version").fetchone()
    if "device" in names:
        (device,) = connection.execute("SELECT name FROM device WHERE own").fetchone() or (device,)
    if "learner" in names:
        learners = dict(connection.execute("SELECT CAST(id AS TEXT), name FROM learner"))
    return Content(int(schema or 0), device, learners, counts)


@contextmanager
def connected(database: Path, origin: Path, mode: str = "rw") -> Iterator[sqlite3.Connection]:
    """A connection that makes no database, and tells damage, in the name of the *origin*."""
    uri = f"{database.absolute().as_uri()}?mode={mode}"
    try:
        with closing(sqlite3.connect(uri, uri=True, isolation_level=None)) as connection:
            yield connection
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
        if isinstance(error, sqlite3.OperationalError) and not is_garbled(error):
            raise
        why = "malformed text" if is_garbled(error) else str(error)
        raise DamagedError(f"{origin} is no database of studyapp, or damaged ({why}).") from error


@contextmanager
def told(before: str = "") -> Iterator[None]:
    """Turn whatever goes wrong into one sentence, which *before* begins."""
    try:
        yield
    except CancelledError:
        raise
    except StudyError as error:
        if not before:
            raise
        kind = DamagedError if isinstance(error, DamagedError) else BackupError
        raise kind(f"{before}{error}") from error
    except OSError as error:
        named = f"{error.filename}: " if error.filename else ""
        raise BackupError(f"{before}{named}{error.strerror or error}.") from error
    except (sqlite3.Error, UnicodeError) as error:
        raise BackupError(f"{before}{error}.") from error


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Keep other programs out of a folder of backups. The lock is SQLite's own, which any system
    lets go of once its holder is gone. Raises BackupError if another one holds it for long."""
    with told(_NONE):
        disk.make_folder(folder)
        (folder / _LOCK).touch(disk.PRIVATE)
        with suppress(OSError):  # one that an earlier version made has the umask's mode
            (folder / _LOCK).chmod(disk.PRIVATE)
        lock = sqlite3.connect(folder / _LOCK, timeout=PATIENCE, isolation_level=None)
    with closing(lock):
        try:
            lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            busy = "locked" in str(error)
            at_work = f"another program is at work in {folder}"
            why = at_work if busy else f"nothing can be written in {folder} ({error})"
            raise BackupError(f"{_NONE}{why}.") from error
        _clean(folder)
        yield


def _clean(folder: Path) -> None:
    """Remove what programs that were killed have left."""
    for path in folder.glob(".*.tmp"):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            with suppress(OSError):
                path.unlink()


@contextmanager
def workplace(folder: Path) -> Iterator[Path]:
    """A folder for what is written on the way, for the owner's eyes alone."""
    with TemporaryDirectory(
        prefix=".", suffix=".tmp", dir=folder, ignore_cleanup_errors=True
    ) as name:
        yield Path(name)


def read(path: Path) -> Backup:
    """What the backup at *path* says of itself. Raises ArchiveError if it is none."""
    return Backup(path, path.stat().st_size if path.is_file() else 0, archive.read(path))


def listed(database: Path) -> tuple[list[Backup], list[str]]:
    """The backups of a database, the newest first, and a sentence for each that cannot be read."""
    found, problems = list[Backup](), list[str]()
    for one in reversed(named(folder_of(database), database.stem)):
        try:
            found.append(read(one.path))
        except (StudyError, OSError) as error:
            problems.append(str(error))
    return found, problems


def best(found: Sequence[Backup], now: datetime) -> Backup | None:
    """The newest of those that were *found* that one should go back to. One that was made before a
    repair, or has rows that lead nowhere, has what was wrong; one of the future a wrong date."""

    def worth(one: Backup) -> tuple[bool, bool, bool, datetime]:
        told = one.manifest
        whole = not told.content.counts.get(ORPHANS)
        return told.reason != Reason.REPAIR, whole, one.made <= now, one.made

    return max(found, key=worth, default=None)


def newest(found: Iterable[Backup], now: datetime) -> datetime | None:
    """When the newest of those that were *found* was made, as far as no clock was ahead."""
    return max((one.made for one in found if one.made <= now), default=None)


def named(folder: Path, stem: str) -> list[Named]:
    """The backups in a folder of the database of that *stem*, by their names, the oldest first."""
    name = re.compile(rf"{re.escape(stem)}-(\d{{4}}-\d\d-\d\d-\d{{6}})-([a-z]+)(?:-(\d+))?\.zip")
    found = []
    for path in folder.glob("*.zip"):
        if match := name.fullmatch(path.name):
            with suppress(ValueError):
                made = datetime.strptime(match[1], "%Y-%m-%d-%H%M%S")
                order = timedelta(microseconds=int(match[3] or 1))  # of those of one second
                found.append(Named(path, made + order, match[2]))
    return sorted(found, key=lambda one: one.made)


def is_made_today(database: Path, now: datetime) -> bool:
    """Whether there is a backup of the study day of *now*."""
    made = named(folder_of(database), database.stem)
    return any(study_day(one.made) == study_day(now) for one in made)


def name_of(stem: str, reason: str, now: datetime) -> str:
    """What a backup of the database of that *stem* is called."""
    return f"{stem}-{now:%Y-%m-%d-%H%M%S}-{reason}.zip"


def _free(folder: Path, stem: str, reason: str, now: datetime) -> Path:
    """A name that no backup has: a clock may stand still, or be set back."""
    first = folder / name_of(stem, reason, now)
    others = (first.with_stem(f"{first.stem}-{number}") for number in itertools.count(2))
    return next(path for path in itertools.chain([first], others) if not path.exists())


def _outlived(database: Path, folder: Path, now: datetime, keep: Path | None) -> list[Path]:
    """Those that may go. One that cannot be read takes no other's place, and stays to be seen; one
    that is being gone back to, by whoever was killed too, is still needed."""
    there = list[Named]()
    for one in named(folder, database.stem):
        with suppress(StudyError):
            archive.read(one.path)
            there.append(one)
    kept = thinning.kept(there, now.replace(tzinfo=None))
    needed = {path.resolve() for path in (keep, marker.left(database)) if path is not None}
    return [one.path for one in there if one not in kept and one.path.resolve() not in needed]
