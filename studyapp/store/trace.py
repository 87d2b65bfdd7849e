"""What lies beside a database and tells of what befell it: a going back that was not finished, and
backups of one that is gone. Light, as every command asks it."""

from __future__ import annotations

import shlex
from pathlib import Path

from studyapp import config, disk
from studyapp.store import marker


def file_at(db: str) -> Path | None:
    """The file that a path or an URL names; None if it is on a server, in memory or no URL."""
    name: str | None = db
    if "://" in db:
        from sqlalchemy import make_url
        from sqlalchemy.exc import ArgumentError

        try:
            url = make_url(db)
        except ArgumentError:  # whoever opens it says what is wrong
            return None
        name = url.database if url.get_backend_name() == "sqlite" else None
    return None if name in (None, "", ":memory:") else Path(str(name)).absolute()


def orphan(database: Path) -> Path | None:
    """The newest backup of a database that is not there, or an empty file; else None. One that was
    made before a repair has what was to be repaired, and counts only if there is no other."""
    folder = database.parent / "backups"
    if not folder.is_dir() or (disk.is_there(database) and database.stat().st_size):
        return None
    from studyapp.store import backup  # and all that a zip needs

    found = backup.named(folder, database.stem)
    good = [one for one in found if one.reason != backup.Reason.REPAIR]
    return (good or found)[-1].path if found else None


def told(db: str) -> str:
    """One sentence of what the learner should know before they go on; mostly empty."""
    database = file_at(db)
    if database is None:
        return ""
    if begun := marker.left(database):
        return f"Going back to {begun} was not finished; `{typed(database, begun)}` does the rest."
    if newest := orphan(database):
        return (
            f"There was no database at {database}, but there are backups of one: "
            f"`{typed(database, newest)}` goes back to the newest."
        )
    return ""


def typed(database: Path, backup: Path) -> str:
    """The command that goes back to a backup, as it is typed."""
    where = [] if _is_usual(database) else ["--db", str(database)]
    return shlex.join(["studyapp", *where, "restore", str(backup)])


def public(database: Path, backup: Path) -> str:
    """The same for a report that anybody may read: which folders it is about only the learner
    knows. One beside the others goes by its name (`named`)."""
    where = "" if _is_usual(database) else "--db … "
    beside = backup.parent == database.parent / "backups"
    name = backup.name if beside else config.shown(backup)
    return f"studyapp {where}restore {shlex.quote(name)}"


def named(database: Path, given: Path) -> Path:
    """The backup that is meant by a path, or by the mere name of one that is beside the others."""
    beside = database.parent / "backups" / given
    is_name = given.name == str(given) and not disk.is_there(given)
    return beside if is_name and disk.is_there(beside) else given


def _is_usual(database: Path) -> bool:
    return Path(config.default_database()).absolute() == database
