"""The commands for backups: make one, list them, go back to one."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from studyapp.commands.opening import JSON, Opening, now, print_json, stoppable

if TYPE_CHECKING:
    from studyapp.store.backup import Backup
    from studyapp.store.restore import Difference


@click.command()
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--list", "lists", is_flag=True, help="List those that there are, the newest first.")
@JSON
@click.pass_obj
def backup(opening: Opening, file: Path | None, lists: bool, as_json: bool) -> None:
    """Keep the database, your packs and settings as one zip, in FILE or beside the others."""
    from studyapp.store import backup as backups

    if lists and file is not None:
        raise click.UsageError("--list takes no FILE.")
    database = _database(opening)
    if lists:
        _list(database, as_json)
        return
    at, asked = now(), backups.Reason.ASKED
    with stoppable("Backing up") as told:
        if file is None:
            made = backups.make(database, backups.folder_of(database), asked, at, progress=told)
        else:
            name = backups.name_of(database.stem, asked, at)
            target = file / name if file.is_dir() else file
            made = backups.make_at(target, database, asked, at, progress=told)
    if as_json:
        print_json(made.as_json())
    else:
        click.echo(f"{made.path}: {_told(made)}")


def _list(database: Path, as_json: bool) -> None:
    from studyapp.store.backup import folder_of, listed
    from studyapp.study import backup as backups

    found, problems = listed(database)
    if as_json:
        print_json([one.as_json() for one in found])
    for one, former in () if as_json else zip(found, [*found[1:], None], strict=False):
        when = backups.when(one.made, now())
        click.echo(
            f"{when}  {backups.why(one.manifest.reason)}: {_told(one, former)}\n  {one.path}"
        )
    for problem in problems:
        click.echo(problem, err=True)
    if not (found or as_json):
        click.echo(f"There is no backup in {folder_of(database)} yet; studyapp backup makes one.")


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--dry-run", is_flag=True, help="Check it, say what would change, change nothing.")
@JSON
@click.pass_obj
def restore(opening: Opening, file: Path, dry_run: bool, as_json: bool) -> None:
    """Go back to a backup, FILE or one of that name beside the others. How it is now is kept first,
    so that this can be undone."""
    from studyapp.store import restore as restores
    from studyapp.store.trace import named, typed
    from studyapp.study.backup import comes_again, restored

    database = _database(opening)
    file = named(database, file)
    if dry_run:
        with stoppable("Looking at all of it") as told:
            found = restores.compare(database, file, progress=told)
        if as_json:
            print_json(found.as_json())
        else:
            _tell(found, now())
            click.echo("Dry run: nothing was changed.")
        return
    with stoppable("Going back") as told:
        done = restored(database, file, now(), progress=told)
    undo = None if done.before is None else typed(database, done.before.path)
    if as_json:
        aside = None if done.aside is None else str(done.aside)
        print_json({**done.difference.as_json(), "undo": undo, "aside": aside})
        return
    _tell(done.difference, now(), done=True)
    if undo is not None:
        click.echo(f"Done. This takes it back:\n  {undo}")
    else:
        click.echo(f"Done. The damaged database is now {done.aside}; your files were left alone.")
    if again := comes_again():
        click.echo(again)


def _tell(found: Difference, at: datetime, *, done: bool = False) -> None:
    from studyapp.study import backup as backups

    manifest = found.manifest
    click.echo(
        f"{found.path}: made {backups.when(manifest.made, at)}, {backups.why(manifest.reason)}, "
        f"on {manifest.content.device} by studyapp {manifest.version}"
    )
    click.echo("\n".join(backups.table(found, done=done)))
    click.echo(backups.files(found, done=done))


def _told(made: Backup, former: Backup | None = None) -> str:
    from studyapp.store.archive import shown
    from studyapp.study import backup as backups

    return f"{backups.holds(made, former)}; {shown(made.size)}"


def _database(opening: Opening) -> Path:
    """The file of the database, which need not be one that can be opened, nor there; none is made.

    Raises StudyError if it is on a server.
    """
    from studyapp.errors import StudyError
    from studyapp.store.database import connect_to_read
    from studyapp.store.trace import file_at
    from studyapp.study.backup import PG_DUMP

    connect_to_read(opening.db)  # which refuses a folder, and what is no URL of ours
    database = file_at(opening.db)
    if database is None:
        raise StudyError(PG_DUMP)
    return database
