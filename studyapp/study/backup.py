"""Backups as a learner meets them: one a day, what each holds, and the way back.

Of a database on a server there are none (`PG_DUMP`): who runs the server has the tools for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine

from studyapp.config import load
from studyapp.errors import StudyError
from studyapp.store import backup, restore
from studyapp.store.backup import Backup, Progress, Reason
from studyapp.store.database import open_database
from studyapp.store.engine import writing
from studyapp.store.restore import Difference, Restored
from studyapp.study import learner as learners
from studyapp.study import library, words
from studyapp.study.desk import Desk

PG_DUMP = (
    "This database is on a server, and so are its backups: PostgreSQL's pg_dump makes them. "
    "Your packs and settings are files, to be copied like any others."
)
_WHY = {
    Reason.ASKED: "you asked for it",
    Reason.DAILY: "of the day",
    Reason.MIGRATION: "before an upgrade",
    Reason.IMPORT: "before an import",
    Reason.CHANGE: "before many changes",
    Reason.REPAIR: "before a repair",
    Reason.RESTORE: "before going back",
}
_AGAIN = (
    "What your devices have in their folder comes again when they next meet, what was done here "
    "since that backup too; take the setting devices out first if it is not to."
)
TOLD = {
    "cards": "card",
    "reviews": "review",
    "answers": "answer",
    "notes": "section note",
    "exams": "exam plan",
}


def file_of(engine: Engine) -> Path:
    """The file of a database. Raises StudyError if it is on a server."""
    path = backup.file_of(engine)
    if path is None:
        raise StudyError(PG_DUMP)
    return path


def daily(desk: Desk, *, progress: Progress | None = None) -> Backup | None:
    """The backup of the day, if there is none yet and something to lose; else None.

    Raises StudyError if it cannot be made, which is no reason not to study.
    """
    path = backup.file_of(desk.engine)
    if path is None or backup.is_made_today(path, desk.now()):
        return None
    if not backup.has_more(path):
        return None
    return desk.back_up(Reason.DAILY, progress=progress)


def restored(
    database: Path, path: Path, now: datetime, *, progress: Progress | None = None
) -> Restored:
    """Go back to the backup at *path*, and read the content as it then is for each learner.

    Raises StudyError if it cannot be; nothing was changed then, unless it says so.
    """
    done = restore.restore(database, path, now, progress=progress)
    with suppress(StudyError):  # it is done; each start looks at the content anew
        engine = open_database(str(database))
        try:
            with writing(engine) as connection:
                library.read_for_all(connection, now)
        finally:
            engine.dispose()
    return done


def go_back(desk: Desk, path: Path, *, progress: Progress | None = None) -> Restored:
    """Go back to the backup at *path* while the app is open; content and settings follow.

    Raises StudyError if it cannot be; nothing was changed then, unless it says so.
    """
    database = file_of(desk.engine)
    with desk.reading() as connection:
        name = learners.name_of(connection, learner=desk.learner)
    if backup.read(path).manifest.content.learners.get(str(desk.learner)) != name:
        raise StudyError(
            f"In this backup there is no learner {name!r} yet; close the app, and "
            "studyapp restore goes back to it."
        )
    done = restored(database, path, desk.now(), progress=progress)
    if done.aside is not None:
        desk.engine.dispose()  # its connections have the damaged file open
    desk.rated.clear()  # not all of them are here any more, nor have to be
    with suppress(StudyError):  # it is done; what follows is looked at anew with each start
        desk.current.settings = load()
        library.fold_anew(desk)
        library.apply_settings(desk)
    return done


def comes_again() -> str:
    """What the folder where several devices meet does after going back; empty without one."""
    try:
        return _AGAIN if load().devices else ""
    except StudyError:  # of which every start tells
        return ""


def why(reason: str) -> str:
    """Why a backup was made, in words; a reason of another version as it is."""
    return _WHY[Reason(reason)] if reason in set(Reason) else reason


def holds(found: Backup, former: Backup | None = None) -> str:
    """1,234 cards of all depths, 5,678 reviews (+45), 3 files: with how many more reviews than the
    *former*."""
    counts, told = found.manifest.content.told, list[str]()
    for name, noun in TOLD.items():
        if counts.get(name):
            told.append(words.count(counts[name], noun) + _depths(name))
            if name == "reviews" and former is not None:
                more = counts[name] - former.manifest.content.told[name]
                told[-1] += words.minus(f" ({more:+,})")
    files = len(found.manifest.files) - 1
    return ", ".join([*told, *([words.count(files, "file")] if files else [])]) or "nothing yet"


def when(made: datetime, now: datetime) -> str:
    """Fri 20 Nov 09:00, on the wall clock on which it was made."""
    return f"{words.day(made.date(), now.date())} {made:%H:%M}"


def table(found: Difference, *, done: bool = False) -> list[str]:
    """A head, and a line for what there is or was: how much of it now, and how much then; or, once
    that is *done*, before it and now."""
    now: Mapping[str, int] = found.now.told if found.now else {}
    then = found.manifest.content.told
    rows = [("", "before", "now") if done else ("", "now", "then")]
    rows += [
        (
            f"{noun}s{_depths(name)}",
            f"{now[name]:,}" if name in now else "damaged",
            f"{then.get(name, 0):,}",
        )
        for name, noun in TOLD.items()
        if now.get(name) or then.get(name)
    ]
    wide = max(len(what) for what, _, _ in rows)
    return [f"{what:{wide}}{one:>12}{other:>12}" for what, one, other in rows]


def _depths(name: str) -> str:
    """What is added to a count that is not the one of `stats`, as the doctor does."""
    return words.ALL_DEPTHS if name == "cards" else ""


def files(found: Difference, *, done: bool = False) -> str:
    """What happens to the learner's files; or, once that is *done*, what has."""
    told = (
        (found.added, "comes back", "come back", "came back"),
        (found.changed, "changes", "change", "changed"),
        (found.removed, "goes", "go", "went"),
    )
    parts = [
        f"{words.count(len(names), 'file')} {did if done else one if len(names) == 1 else more}"
        for names, one, more, did in told
        if names
    ]
    changes = ", ".join(parts) or f"no file of yours {'changed' if done else 'changes'}"
    if not found.unusable:
        return changes
    stay, why = "stayed" if done else "stay", found.unusable.removesuffix(".")
    return f"{changes}; your settings {stay}, as those of the backup cannot be used: {why}"
