"""Checks of what lies around the database: modes, leftovers, room, settings."""

from __future__ import annotations

import glob
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

from studyapp import config
from studyapp.errors import SettingError
from studyapp.store import backup, marker, trace
from studyapp.study import words
from studyapp.study.doctor.finding import LEFTOVERS, Finding, are

_OTHERS = 0o077  # the bits of a mode that let others in
_DRAFT = re.compile(r"\.(?P<target>.+)\.[a-z0-9_]{8}\.tmp")  # of disk.replacing
_RUN = re.compile(r"studyapp-(?P<app>[1-9][0-9]{0,8})-[a-z0-9_]{8}")  # of lab.runner
_HOUR, _DAY = 3600.0, 86400.0
_LEAST = 50 * 2**20  # bytes that any disk should have left


def settings() -> Iterator[Finding]:
    path = config.settings_path()
    try:
        config.load()
    except SettingError as error:
        told = f"{config.shown(path)}: {error.public}"
        yield Finding("settings", told, "Correct the line, or take it out.")


def writable() -> Iterator[Finding]:
    """Folders that the app makes or writes in."""
    for what, folder in (
        ("data", config.data_folder()),
        ("settings", config.settings_path().parent),
    ):
        nearest = next(one for one in (folder, *folder.parents) if one.exists())
        if not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK):
            yield Finding(
                "folders",
                f"Nothing can be written in the folder of the {what}, {config.shown(folder)}.",
                "See whose it is, and that it is a folder.",
            )
    if _temporary() is None:
        yield Finding(
            "folders",
            "There is no folder in which temporary files can be written.",
            "Make room where they go, or name another folder in TMPDIR.",
        )


def modes(database: Path | None) -> Iterator[Finding]:
    """What other users of this machine can read. What lies in the data folder is kept from them by
    its own mode, whatever the files have."""
    if os.name != "posix":
        return
    of_database = [] if database is None else [Path(f"{database}{end}") for end in _FILES]
    if database is not None:
        of_database += backup.folder_of(database).glob("*.zip")
    for path, mode in ((config.data_folder(), 0o700), *((one, 0o600) for one in of_database)):
        if path.exists() and path.stat().st_mode & _OTHERS:
            yield Finding(
                "modes",
                f"Others on this machine can read {config.shown(path)}.",
                done=f"{config.shown(path)} is for its owner alone.",
                mend=partial(_close, path, mode),
            )


_FILES = ("", "-wal", "-shm")


def _close(path: Path, mode: int) -> None:
    """Keep others out, if it is still there: the backup before thins out older ones."""
    with suppress(FileNotFoundError):
        path.chmod(mode)


def backups(database: Path | None) -> Iterator[Finding]:
    """Files that are named like a backup and are none."""
    _, problems = ([], []) if database is None else backup.listed(database)
    if problems:
        number = len(problems)
        yield Finding(
            "backups",
            f"{words.count(number, 'backup')} cannot be read.",
            "`studyapp backup --list` says which; remove them, once there is a newer one.",
        )


def copies(database: Path | None) -> Iterator[Finding]:
    """What early versions kept before an upgrade: databases that no list of backups has."""
    if database is None:
        return
    folder = backup.folder_of(database)
    found = list(folder.glob(f"{glob.escape(database.stem)}-before-[0-9][0-9][0-9].db"))
    if found:
        number, size = len(found), words.size(sum(path.stat().st_size for path in found))
        copy = "copy" if number == 1 else "copies"
        yield Finding(
            LEFTOVERS,
            f"{number} {copy} of the database that an early version has made, {size}, "
            f"{are(number)} in {config.shown(folder)}.",
            f"Remove what is called {config.shown(found[0])} and alike, once there is a backup.",
        )


def unfinished(database: Path | None) -> Iterator[Finding]:
    """A going back whose program was killed."""
    begun = None if database is None else marker.left(database)
    if database is not None and begun is not None:
        yield Finding(
            "restore",
            f"Going back to {config.shown(begun)} was not finished.",
            f"`{trace.public(database, begun)}` does the rest.",
        )


def room(database: Path | None) -> Iterator[Finding]:
    """A backup and a write-ahead log take as much as the database, each."""
    if database is None or not database.exists():
        return
    needed, free = max(_LEAST, 3 * database.stat().st_size), shutil.disk_usage(database.parent).free
    if free < needed:
        yield Finding(
            "disk",
            f"{words.size(free)} are left; a backup and what is written meanwhile may need "
            f"{words.size(needed)}.",
            "Make room.",
        )


def leftovers(database: Path | None) -> Iterator[Finding]:
    """Files that were being written, and folders of runs, when a program was killed."""
    drafts, found = list(_drafts(database)), config.shown(config.found_folder())
    if drafts:
        number = len(drafts)
        yield Finding(
            LEFTOVERS,
            f"{words.count(number, 'file')} {are(number)} half written since a program was killed.",
            done=f"Removed, or put into {found} if it may be newer than the file itself.",
            mend=partial(_clear, drafts),
        )
    folders = list(_runs())
    if folders:
        number, place = len(folders), config.shown(folders[0].parent)
        yield Finding(
            LEFTOVERS,
            f"{words.count(number, 'folder')} of experiments that were killed {are(number)} left "
            f"in {place}.",
            done="Removed.",
            mend=partial(_remove, folders),
        )


def _drafts(database: Path | None) -> Iterator[Path]:
    data, limit = config.data_folder(), time.time() - _HOUR
    places = [*data.rglob(".*.tmp"), *config.settings_path().parent.glob(".*.tmp")]
    if database is not None and not database.is_relative_to(data):
        places += [*database.parent.glob(f".{database.name}.*.tmp")]
    for path in places:
        if _DRAFT.fullmatch(path.name) and path.is_file() and path.stat().st_mtime < limit:
            yield path


def _clear(drafts: Sequence[Path]) -> None:
    """Nothing that may be the only one is thrown away: only what is empty, or older than the file
    whose place it was to take. What has gone by now, as the backup before tidies up, too, is
    mended. A folder that was made for it alone goes with it."""
    for draft in filter(Path.exists, drafts):
        named = _DRAFT.fullmatch(draft.name)
        assert named is not None
        target = draft.with_name(named["target"])
        stat = draft.stat()
        if stat.st_size and not (target.exists() and target.stat().st_mtime >= stat.st_mtime):
            config.found_folder().mkdir(mode=0o700, parents=True, exist_ok=True)
            draft.replace(config.found_folder() / draft.name.lstrip("."))
        else:
            draft.unlink()
        with suppress(OSError):  # it has other files
            draft.parent.rmdir()


def _runs() -> Iterator[Path]:
    """Folders in which an experiment ran, of this user's apps that are there no more. The temp
    folder may be shared with apps that cannot be seen from here: what is of today stays."""
    limit, place = time.time() - 2 * _DAY, _temporary()
    for path in () if place is None else place.glob("studyapp-*"):
        named = _RUN.fullmatch(path.name)
        if named and path.is_dir() and not path.is_symlink():
            stat = path.stat()
            if _is_mine(stat) and stat.st_mtime < limit and not _is_running(int(named["app"])):
                yield path


def _temporary() -> Path | None:
    """Where temporary files go; on a full disk there may be no such folder."""
    try:
        return Path(tempfile.gettempdir())
    except OSError:
        return None


def _is_mine(stat: os.stat_result) -> bool:
    return not hasattr(os, "getuid") or stat.st_uid == os.getuid()


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # another user has its number by now
        pass
    return True


def _remove(folders: Sequence[Path]) -> None:
    """An app that has begun meanwhile may have the number of one that is gone."""
    for folder in set(folders).intersection(_runs()):
        shutil.rmtree(folder)
