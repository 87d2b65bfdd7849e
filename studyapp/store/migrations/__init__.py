"""Schema changes, NNN_noun.py each with `upgrade(connection)`, applied in order on opening."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from studyapp.errors import StoreError
from studyapp.journal import journal
from studyapp.store.engine import reading, writing

_OURS = {"note", "card", "review", "learner"}  # tables that every schema of ours has had


def steps() -> dict[int, str]:
    """Version → module name of each migration of this program."""
    names = sorted(path.stem for path in Path(__file__).parent.glob("[0-9]*_*.py"))
    return {int(name.split("_")[0]): f"{__name__}.{name}" for name in names}


def upgrade(engine: Engine) -> list[int]:
    """Apply the migrations that are missing, each in one transaction, after a backup.

    Returns the versions applied. Raises StoreError if the database is newer than this program.
    """
    with reading(engine) as connection:
        version = _known(connection)
    missing = [number for number in steps() if number > version]
    if missing and version:
        _back_up(engine, version)
    apply(engine, missing)
    if missing and version:
        journal.info("schema: from %d to %d", version, missing[-1])
    return missing


def apply(engine: Engine, missing: Iterable[int]) -> None:
    """Apply these migrations, but for those with which another process was quicker."""
    known = steps()
    for number in missing:
        with writing(engine) as connection:
            if current(connection) >= number:
                continue
            import_module(known[number]).upgrade(connection)
            connection.execute(
                text("INSERT INTO schema_version (version, applied_at) VALUES (:version, :at)"),
                {"version": number, "at": datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")},
            )


def _back_up(engine: Engine, version: int) -> None:
    """Keep the database as it is before it is migrated. Raises StoreError if that cannot be."""
    from studyapp.store import backup  # which no other opening needs

    path = backup.file_of(engine)
    if path is None:
        return
    with writing(engine) as connection:
        if current(connection) == version:  # else another process was quicker, and kept it
            now = datetime.now().astimezone()
            backup.make(path, backup.folder_of(path), backup.Reason.MIGRATION, now)


def is_made(connection: Connection) -> bool:
    """Whether this database can be read as it is; False for an empty one.

    Raises StoreError if it is older or newer than this program, or of another one.
    """
    version = _known(connection)
    if version and version < max(steps()):
        raise StoreError(
            f"{connection.engine.url.database} was last opened by an older studyapp; "
            "open it once with this one."
        )
    return bool(version)


def _known(connection: Connection) -> int:
    version, newest = current(connection), max(steps())
    if version > newest:
        raise StoreError(
            f"This database has schema version {version}, but this studyapp knows versions up to "
            f"{newest}; upgrade studyapp. Nothing was changed."
        )
    return version


def current(connection: Connection) -> int:
    """The newest migration applied to this database; 0 for an empty one.

    Raises StoreError for a database that holds somebody else's tables.
    """
    tables = inspect(connection).get_table_names()
    if not tables:
        return 0
    name = connection.engine.url.database
    if "schema_version" not in tables and not set(tables) >= _OURS:
        raise StoreError(
            f"{name} is a database of another program "
            f"(it has a table {tables[0]!r}); nothing was changed."
        )
    known = "SELECT max(version) FROM schema_version"
    version = connection.scalar(text(known)) if "schema_version" in tables else None
    if version is None:
        raise StoreError(
            f"{name} is a damaged database of studyapp: what says which schema it is of, "
            "the table schema_version, is lost; nothing was changed."
        )
    return int(version)
