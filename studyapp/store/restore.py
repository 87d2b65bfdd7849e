"""Going back to a backup: all of it is checked before anything changes, and now is kept first.

The database is written into through SQLite's online backup, in one transaction: whoever has it open
sees the old state until then and the new one afterwards, and none goes on with a file that is no
longer there. The learner's files follow, one by one and each whole; killed in between, the same
command again does the rest, of which word is left beside the database (`store/marker.py`).
"""

from __future__ import annotations

import shutil
import sqlite3
import time
import tomllib
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from studyapp import config, disk
from studyapp.errors import SettingError, StoreError, StudyError
from studyapp.store import archive, backup, marker, migrations, passage, peer, soundness, watch
from studyapp.store.archive import DATABASE, ArchiveError, Content, Manifest
from studyapp.store.backup import Backup, DamagedError, Progress, Reason
from studyapp.store.database import connect, open_database
from studyapp.store.engine import LONG_PATIENCE, LockedError, explained, reading, tidy, writing

_NAP = 0.05  # seconds between two tries for another program's lock
_TRIES = 5
_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


@dataclass(frozen=True, slots=True)
class Difference:
    """What going back to a backup changes. `now` is None if the database is damaged."""

    path: Path
    manifest: Manifest
    now: Content | None
    added: Sequence[str]  # names of files that come back
    changed: Sequence[str]
    removed: Sequence[str]
    unusable: str  # why the settings of the backup are left out; empty if they are not

    def as_json(self) -> dict[str, Any]:
        return {
            "path": str(self.path),
            "made": self.manifest.made.isoformat(),
            "reason": self.manifest.reason,
            "version": self.manifest.version,
            "device": self.manifest.content.device,
            "schema": self.manifest.content.schema,
            "now": self.now.told if self.now else None,
            "then": self.manifest.content.told,
            "added": list(self.added),
            "changed": list(self.changed),
            "removed": list(self.removed),
            "unusable": self.unusable,
        }


@dataclass(frozen=True, slots=True)
class Restored:
    """What was done. `before` is the backup of how it was, which undoes it. Where the database is
    too damaged for one, it is `aside` now, and the learner's files were left alone."""

    difference: Difference
    before: Backup | None
    aside: Path | None


class _WrittenError(StudyError):
    """Another program has written since the backup."""


def compare(database: Path, path: Path, *, progress: Progress | None = None) -> Difference:
    """Check the backup at *path* whole and say what going back to it would change.

    Raises StoreError, in one sentence, if it is none or a damaged one, or of a newer studyapp;
    CancelledError if *progress* does.
    """
    folder = backup.folder_of(database)
    with (
        backup.told(),
        backup.alone(folder),
        _unpacked(path, folder, progress) as (place, manifest),
    ):
        return _difference(database, path, place, manifest)


def restore(
    database: Path, path: Path, now: datetime, *, progress: Progress | None = None
) -> Restored:
    """Go back to the backup at *path*, after a backup of how it is.

    An older schema is migrated before the database changes. Raises StoreError, and has changed
    nothing, if the backup is none or a damaged one, how it is cannot be kept, or another program
    does not let go of the database; CancelledError if *progress* does.
    """
    folder = backup.folder_of(database)
    with (
        backup.told(),
        backup.alone(folder),
        _unpacked(path, folder, progress) as (place, manifest),
    ):
        found = _difference(database, path, place, manifest)
        _prepare(place / DATABASE, now)
        if found.now is not None and not found.now.schema:  # none, or that of another program
            open_database(str(database)).dispose()
        try:
            before = _exchange(database, path, place / DATABASE, now, progress)
        except DamagedError:
            with _marked(database, path):
                done = Restored(found, None, _replace(database, place / DATABASE, now))
        else:
            with _to_be_finished():
                _write_files(found, place)
            done = Restored(found, before, None)
        with _to_be_finished():
            disk.remove(marker.place(database))
    return done


@contextmanager
def _marked(database: Path, path: Path) -> Iterator[None]:
    """Leave word that the database becomes that of the backup at *path*, unless it does not."""
    with disk.put_back(marker.place(database)):
        marker.leave(database, path)
        yield


@contextmanager
def _to_be_finished() -> Iterator[None]:
    """Once the database has changed, say of whatever goes wrong how the rest is done."""
    try:
        yield
    except (StudyError, OSError) as error:
        raise StoreError(
            f"The database is restored, but that is not yet all: {error} "
            "The same command again does the rest."
        ) from error


@contextmanager
def _unpacked(
    path: Path, folder: Path, progress: Progress | None
) -> Iterator[tuple[Path, Manifest]]:
    """A backup's files in a folder that goes away, checked as far as can be."""
    with backup.workplace(folder) as place:
        step = backup.Steps(progress, archive.read(path).size)
        manifest = archive.unpack(path, place, step)
        try:
            content = backup.examined(place / DATABASE, path)
        except (DamagedError, sqlite3.Error) as error:
            raise ArchiveError(f"{str(error).rstrip('.')}; nothing was changed.") from error
        if content.schema > max(migrations.steps()):
            raise ArchiveError(
                f"{path} has schema version {content.schema}, but this studyapp knows versions up "
                f"to {max(migrations.steps())}; upgrade studyapp. Nothing was changed."
            )
        told = manifest.content
        counts = {name: content.counts.get(name) for name in told.counts}  # of an earlier version
        if not told.schema or (told.schema, told.counts) != (content.schema, counts):
            raise ArchiveError(f"{path} does not hold what it says; nothing was changed.")
        _bring_up(place / DATABASE, path)
        yield place, manifest


def _difference(database: Path, path: Path, place: Path, manifest: Manifest) -> Difference:
    try:
        now = backup.content_of(database)
    except DamagedError:
        now = None
    here = archive.learners_files(config.data_folder(), config.settings_path())
    there = {name: place / name for name in manifest.files if name != DATABASE}
    unusable = _unusable(place / archive.SETTINGS)
    if unusable:  # those that are here stay
        for files in (here, there):
            files.pop(archive.SETTINGS, None)
    return Difference(
        path,
        manifest,
        now,
        sorted(there.keys() - here.keys()),
        sorted(
            name
            for name in there.keys() & here.keys()
            if here[name].read_bytes() != there[name].read_bytes()
        ),
        sorted(here.keys() - there.keys()),
        unusable,
    )


def _unusable(settings: Path) -> str:
    """What is wrong with the settings of a backup; empty if nothing is, or it has none."""
    try:
        config.load(settings)
    except SettingError as error:
        return str(error).replace(str(settings), archive.SETTINGS)
    return ""


def _bring_up(copied: Path, path: Path) -> None:
    """Make the unpacked database of the backup at *path* one of this schema. Raises ArchiveError
    for one that said it is of some schema and has not all of it."""
    engine = connect(str(copied))
    try:
        schema = backup.content_of(copied).schema
        migrations.apply(engine, [step for step in migrations.steps() if step > schema])
        with reading(engine) as connection:
            gap = next(soundness.gaps(connection), None)
    except StoreError as error:
        gap = str(error).replace(str(copied), str(path))
    finally:
        engine.dispose()
    if gap:
        raise ArchiveError(f"{path} holds no whole database: {gap} Nothing was changed.")


def _prepare(copied: Path, now: datetime) -> None:
    """Make an unpacked database one that can be gone on with: of a new device, for which what the
    settings of each learner have put in force goes on to hold.

    What was logged after the backup may be elsewhere by now, with stamps of the old device. Were
    they given again, the order of its log would tell nothing any more.
    """
    engine = connect(str(copied))
    try:
        with writing(engine) as connection:
            peer.renew(connection, now)
            passage.index_anew(connection)  # nothing of another's making is searched with
    finally:
        engine.dispose()


def _exchange(
    database: Path, path: Path, copied: Path, now: datetime, progress: Progress | None
) -> Backup:
    """Put what is in *copied* into *database*, after a backup of how it is; what another program
    writes between the two would be lost, so then there is another one. Raises DamagedError."""
    folder = backup.folder_of(database)
    with backup.connected(database, database) as connection:

        def written() -> object:
            """Another value once another connection has written."""
            return connection.execute("PRAGMA data_version").fetchone()

        def is_at(known: object) -> bool:
            return written() == known

        for _ in range(_TRIES):
            known = written()
            before = backup.made_alone(
                database, folder, Reason.RESTORE, now, keep=path, progress=progress
            )
            watch.outgrow(copied, connection)
            with suppress(_WrittenError), _marked(database, path):
                _write_into(database, copied, partial(is_at, known), progress)
                return before
    raise LockedError(f"{database} is being written by another program; nothing was changed.")


def _write_into(
    database: Path, copied: Path, is_same: Callable[[], bool], progress: Progress | None
) -> None:
    """Copy in one transaction. Raises _WrittenError if, once it has the lock, not all *is_same*."""
    patience, has_lock = time.monotonic() + LONG_PATIENCE, False

    def look(status: int, remaining: int, pages: int) -> None:
        nonlocal has_lock
        if status in _BUSY and time.monotonic() > patience:
            raise LockedError(f"{database} is locked by another program; nothing was changed.")
        if status not in _BUSY and not has_lock:
            has_lock = True
            if not is_same():
                raise _WrittenError
        if progress is not None and remaining:  # else it is done, and cannot be stopped
            progress(pages - remaining, max(1, pages))

    engine = connect(str(database))
    try:
        with (
            explained(engine),
            closing(sqlite3.connect(copied)) as source,
            closing(sqlite3.connect(database, timeout=_NAP)) as live,
        ):
            (pages,) = source.execute("PRAGMA page_count").fetchone()
            # The last piece commits: there are two at least, so that there is a look before.
            piece = max(1, min(backup.PAGES, pages - 1))
            source.backup(live, pages=piece, progress=look, sleep=_NAP)
        tidy(engine)
    finally:
        engine.dispose()


def _replace(database: Path, copied: Path, now: datetime) -> Path:
    """Put *copied* in the place of a damaged database, which is kept, with what belongs to it. A
    link stays one: all of this happens where it leads."""
    real = database.resolve()
    kept = real.with_name(f"{real.name}.damaged-{now:%Y-%m-%d-%H%M%S}")
    try:
        for end in ("-shm", "-wal", ""):
            with suppress(FileNotFoundError):
                real.with_name(f"{real.name}{end}").rename(f"{kept}{end}")
        with disk.replacing(real) as draft:  # which may be on another disk
            shutil.copyfile(copied, draft)
    except OSError as error:
        raise StoreError(f"{database} cannot be replaced: {error.strerror}.") from error
    return kept


def _write_files(found: Difference, place: Path) -> None:
    """Make the learner's files those of the backup. A link stays one: what it leads to is
    written."""
    data, settings = config.data_folder(), config.settings_path()

    def home(name: str) -> Path:
        return settings if name == archive.SETTINGS else data.joinpath(*name.split("/"))

    trusted = _trusted(settings)
    for name in (*found.added, *found.changed):
        disk.write(home(name), (place / name).read_bytes())
    for name in found.removed:
        disk.remove(home(name))
    if not set(told := _trusted(settings)) <= set(trusted):  # no file has a say in what may run
        config.save(settings, "trusted", tuple(one for one in told if one in trusted))


def _trusted(settings: Path) -> tuple[str, ...]:
    """Whose lessons may run, whatever else the file says."""
    try:
        told = tomllib.loads(settings.read_text("utf-8")).get("trusted", ())
    except (OSError, ValueError):
        return ()
    return tuple(map(str, told)) if isinstance(told, list) else ()
