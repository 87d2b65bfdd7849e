"""One number for a prompt or a status bar: how many cards are due.

A prompt asks it after each command, so it must be had for next to nothing. The queue's own rules
count, but to import what they stand on takes half a second. So what they came to is remembered,
with the state of all that it hangs on: the study day, the database, the settings.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from pathlib import Path

from studyapp import config, disk
from studyapp.memory.clock import study_day


def due(db: str, name: str | None, now: datetime) -> int:
    """How many cards are due for the learner *name* after the day's limits; 0 without a database.

    Only reads: nothing is made or migrated, no content is read, no lock is waited for. Raises
    StudyError if the database cannot be read or is of another version.
    """
    if "://" in db:  # of a server's state no file tells
        return _count(db, name, now)
    path = Path(db).absolute()
    if not disk.is_there(path):
        return 0
    state, memo = _state(path, name, now), config.cache_folder() / "due"
    with suppress(OSError, ValueError):
        known, kept = memo.read_text("utf-8").rsplit("\n", 1)
        if known == state:
            return int(kept)
    number = _count(db, name, now)
    with suppress(OSError):  # it is counted again the next time
        disk.make_folder(memo.parent)
        memo.touch(disk.PRIVATE)
        memo.write_text(f"{state}\n{number}", "utf-8")
    return number


def _state(path: Path, name: str | None, now: datetime) -> str:
    """All that the number hangs on, the program itself included. Taken before it is counted: what
    is written meanwhile makes the state another one."""
    wal = path.with_name(f"{path.name}-wal")  # what was written lately
    files = (path, wal, config.settings_path(), Path(__file__))
    return repr((str(path), name, str(study_day(now)), *map(_stamp, files)))


def _stamp(path: Path) -> tuple[int, ...]:
    """Another one whenever the file is; an empty one is as none, since a reader may leave it."""
    try:
        stat = path.stat()
    except OSError:
        return ()
    return (stat.st_ino, stat.st_size, stat.st_mtime_ns) if stat.st_size else ()


def _count(db: str, name: str | None, now: datetime) -> int:
    from studyapp.store.database import open_to_read
    from studyapp.store.engine import reading
    from studyapp.study import learner as learners
    from studyapp.study.today import due_in_all

    settings, engine = config.load(), open_to_read(db)
    if engine is None:
        return 0
    try:
        with reading(engine) as connection:
            whose = learners.FIRST if name is None else learners.find(connection, name)
            return due_in_all(connection, now, settings, learner=whose)
    finally:
        engine.dispose()
