"""Examine a study, say what is wrong with it, and put right what can be.

An examination only reads. What is put right in the database is so in one transaction, after a
backup; of what is personal nothing is deleted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, func, select

from studyapp import config, disk
from studyapp.errors import StoreError, StudyError
from studyapp.journal import journal, kind, machine_of
from studyapp.memory.fold import EventKind
from studyapp.store import backup, migrations, soundness, tables, trace
from studyapp.store.database import connect_to_read, open_database
from studyapp.store.engine import LockedError, reading, writing
from studyapp.study import backup as backups
from studyapp.study import words
from studyapp.study.doctor import content, devices, folders, memories, schema
from studyapp.study.doctor.finding import (
    RESTORE,
    Chart,
    Finding,
    Progress,
    beforehand,
    chart,
    merged,
)

_OUTDATED = "The database was last opened by an older studyapp."
_CHECKS: tuple[Callable[[Chart], Iterator[Finding]], ...] = (
    schema.pages,
    schema.versions,
    schema.structure,
    schema.values,
    schema.copies,
    schema.indexes,
    schema.device,
    schema.links,
    schema.runs,
    content.twins,
    content.content,
    content.passages,
    memories.memories,
    memories.chapters,
    memories.tallies,
    memories.clock,
    memories.backups,
    devices.devices,
)
_FIRST = (
    schema.pages,
    schema.structure,
    schema.values,
)  # what they cannot mend, no later check may build on
_COUNTED = {
    "learners": tables.learner,
    "devices": tables.device,
    "notes": tables.note,
    "cards": tables.card,
    "memories": tables.memory,
    "reviews": tables.review,
    "events": tables.event,
    "answers": tables.response,
    "runs": tables.run,
}


@dataclass(frozen=True, slots=True)
class Examination:
    """What was found, and on what; nothing of it is private."""

    machine: dict[str, str]
    database: dict[str, Any]  # empty: there is none yet
    inside: tuple[Finding, ...]  # the database
    around: tuple[Finding, ...]

    @property
    def findings(self) -> tuple[Finding, ...]:
        return self.inside + self.around

    @property
    def mendable(self) -> bool:
        return any(one.mend is not None for one in self.findings)

    def lines(self) -> Iterator[str]:
        """As text for a bug report."""
        yield ", ".join(f"{name} {value}" for name, value in self.machine.items())
        about = dict(self.database)
        counts, former = about.pop("counts", {}), about.pop("former", 0)
        more = {"cards": words.ALL_DEPTHS}
        if former:
            more["devices"] = f" ({former + 1} of this name: going back makes another)"
        counts = [f"{name} {told:,}{more.get(name, '')}" for name, told in counts.items()]
        shown = [f"{name} {told}" for name, told in about.items()]
        yield "database: " + (", ".join([*shown, *counts]) or "none yet; the first start makes it")
        yield from map(str, self.findings)

    def as_json(self) -> dict[str, Any]:
        return {
            "machine": self.machine,
            "database": self.database,
            "findings": [one.as_json() for one in self.findings],
        }


@dataclass(frozen=True, slots=True)
class Treatment:
    """What was put right, and where it is kept as it was; None on a server, or if the database had
    nothing to be mended."""

    mended: tuple[Finding, ...] = ()
    kept: Path | None = None

    def lines(self) -> Iterator[str]:
        if self.kept is not None:
            yield f"backup: {config.shown(self.kept)} is how it was before."
        for one in self.mended:
            yield f"mended: {one.wrong} {one.done}"

    def as_json(self) -> dict[str, Any]:
        return {
            "mended": [one.as_json() for one in self.mended],
            "backup": None if self.kept is None else config.shown(self.kept),
        }


def quiet(what: str, done: int, of: int) -> None:
    """Nobody listens to the progress."""


def examine(url: str, now: datetime, progress: Progress = quiet) -> Examination:
    """Look at the database at *url* and at what lies around it; nothing is written.

    Raises StoreError for a URL that is none of a database.
    """
    path, about, inside = trace.file_at(url), dict[str, Any](), list[Finding]()
    try:
        is_folder = path is not None and path.is_dir()
    except OSError as error:
        closed = merged([_closed(error), *_around(path)])
        return Examination(machine_of(), about, (), tuple(closed))
    if path is not None and is_folder:
        wrong = f"{config.shown(path)} is a folder, no database."
        folder = Finding("integrity", wrong, "Name the file of a database with --db.")
        return Examination(machine_of(), about, (folder,), tuple(_around(None)))
    engine = connect_to_read(url)
    if engine is not None:
        try:
            about = _place(engine, path, now)
            inside = _inside(engine, url, now, progress, about)
        finally:
            engine.dispose()
    elif path is not None and trace.orphan(path):
        lost = f"{config.shown(path)} is not there, but backups of it are."
        inside = [Finding("integrity", lost, RESTORE)]
    restore = _restore(path, now) if inside else ""
    inside = [replace(one, advice=one.advice.replace(RESTORE, restore)) for one in inside]
    return Examination(machine_of(), about, tuple(inside), tuple(_around(path)))


def mend(url: str, found: Examination, now: datetime, progress: Progress = quiet) -> Treatment:
    """Put right what can be of what was *found*.

    Raises StudyError, with the database as it was, if that cannot be done.
    """
    mended, kept = list[Finding](), None
    if any(one.mend is not None for one in found.inside):
        path = trace.file_at(url)
        kept = None if path is None else _back_up(path, now)
        mended += [one for one in found.inside if one.mend is beforehand]
        mended += _mend_inside(url, path, now, progress)
    mended += _mend_around(found)
    for one in mended:
        journal.info("doctor: mended %s", one.check)
    return Treatment(tuple(mended), kept)


def _mend_around(found: Examination) -> Iterator[Finding]:
    for one in found.around:
        if one.mend is not None:
            try:
                one.mend()
            except OSError as error:
                why = error.strerror or error
                raise StudyError(f"{one.wrong} That cannot be mended: {why}.") from error
            yield one


def _back_up(path: Path, now: datetime) -> Path:
    """Keep how it is. One whose indexes are damaged is no good backup, and kept as a mere copy."""
    folder = backup.folder_of(path)
    try:
        return backup.make(path, folder, backup.Reason.REPAIR, now).path
    except backup.DamagedError:
        target = folder / f"{path.stem}-{now:%Y-%m-%d-%H%M%S}-damaged.db"
        with disk.replacing(target) as draft:
            draft.chmod(0o600)
            backup.copy(path, draft, lambda size: None)
        return target


def _mend_inside(url: str, path: Path | None, now: datetime, progress: Progress) -> list[Finding]:
    """Check after check, as one may leave something to the next."""
    mended = list[Finding]()
    engine = open_database(url)
    try:
        with writing(engine) as connection:
            at = chart(connection, now, progress, path)
            for check in _CHECKS:
                for one in merged(check(at)):
                    if one.mend is not None:
                        one.mend()
                        mended.append(one)
    finally:
        engine.dispose()
    return mended


def _inside(
    engine: Engine, url: str, now: datetime, progress: Progress, about: dict[str, Any]
) -> list[Finding]:
    """What is wrong in the database; *about* gets what it holds."""
    path = trace.file_at(url)
    found = list[Finding]()
    try:
        if path is not None and (why := soundness.broken(path)):
            return [Finding("integrity", f"{config.shown(path)} {why}.", RESTORE)]
        with reading(engine) as connection:
            known, newest = migrations.current(connection), max(migrations.steps())
            about["schema"] = known
            if known > newest:
                told = f"The database is of schema {known}; this studyapp knows up to {newest}."
                return [Finding("schema", told, "Upgrade studyapp.")]
            if known < newest:
                done = "It was brought up to date."
                return [Finding("schema", _OUTDATED, done=done, mend=beforehand)]
            at = chart(connection, now, progress, path, url)
            with schema.values_ahead(engine, at) as values:
                for check in _CHECKS:
                    what = values if check is schema.values else check
                    some = merged(_looked(partial(what, at)))
                    found += some
                    if check in _FIRST and any(one.mend is None for one in some):
                        return found
            about["counts"], about["former"] = _counts(connection), _former(connection)
            at.known.save()
    except LockedError:
        raise
    except OSError as error:
        told = f"The database cannot be read: {error.strerror or error}."
        found.append(Finding("integrity", told, "See whose file it is."))
    except StoreError as error:
        if path is None:  # whose words may name host and user
            told = f"The server's database cannot be used: {kind(error.__cause__ or error)}."
            found.append(Finding("integrity", told, "Any other command says more."))
        else:
            told = str(error).replace(str(engine.url.database), config.shown(path))
            found.append(Finding("integrity", told, RESTORE))
    return found


def _restore(path: Path | None, now: datetime) -> str:
    """Which backup to go back to."""
    if path is None:
        return "Restore a dump of the server's database."
    best = backup.best(backup.listed(path)[0], now)
    if best is None:
        return "There is no backup to restore."
    return (
        f"`{trace.public(path, best.path)}` goes back to "
        f"{backups.when(best.made, now)}: {backups.holds(best)}."
    )


def _around(path: Path | None) -> list[Finding]:
    """What is wrong outside the database."""
    found = [*_looked(folders.writable), *_looked(folders.settings)]
    for check in (
        folders.modes,
        folders.backups,
        folders.copies,
        folders.unfinished,
        folders.room,
        folders.leftovers,
    ):
        found += _looked(partial(check, path))
    return merged(found)


def _looked(check: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    """What a check finds, as far as what it looks at can be seen, and is of the shape that we write
    it in: who examines what is damaged is no victim of it."""
    try:
        yield from check()
    except (TypeError, ValueError, LookupError, AttributeError) as error:
        journal.error("doctor: %s", kind(error))
        told = f"Something has another shape than studyapp writes it in ({kind(error)})."
        yield Finding("integrity", told, RESTORE)
    except OSError as error:
        yield _closed(error)
    except StudyError as error:
        if not isinstance(error.__cause__, OSError):
            raise
        yield _closed(error.__cause__)


def _closed(error: OSError) -> Finding:
    """That something may not be looked at."""
    what = config.shown(Path(str(error.filename))) if error.filename else "A folder of it"
    why = error.strerror or type(error).__name__
    return Finding("folders", f"{what} cannot be looked at: {why}.", "See whose it is.")


def _place(engine: Engine, path: Path | None, now: datetime) -> dict[str, Any]:
    if path is None:
        return {"kind": engine.dialect.name}
    found, _ = backup.listed(path)
    newest = backup.newest(found, now)
    dated = "" if newest is None else f", the newest of {newest:%Y-%m-%d}"
    return {
        "file": config.shown(path),
        "size": words.size(path.stat().st_size),
        "backups": f"{len(found)}{dated}" if found else "none",
    }


def _counts(connection: Connection) -> dict[str, int]:
    """How much there is, of every learner together."""
    counts = {
        name: connection.scalar(select(func.count()).select_from(table)) or 0
        for name, table in _COUNTED.items()
    }
    retracted = select(tables.event.c.target).where(tables.event.c.kind == EventKind.RETRACT.value)
    gone = tables.review.c.uid.in_(retracted)
    counts["reviews"] -= connection.scalar(select(func.count()).where(gone)) or 0
    return counts


def _former(connection: Connection) -> int:
    """How many others have the name of this device: going back to a backup makes a new one, and two
    machines may have one name."""
    device = tables.device.c
    name = select(device.name).where(device.own).scalar_subquery()
    alike = select(func.count()).where(device.name == name, device.own.is_(False))
    return connection.scalar(alike) or 0
