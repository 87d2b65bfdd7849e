"""The command that examines a study: `studyapp doctor`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from studyapp.commands.opening import JSON, Opening, now, print_json

if TYPE_CHECKING:
    from studyapp.study.doctor.finding import Progress


@click.command()
@click.option("--fix", is_flag=True, help="Put right what can be, after a backup.")
@JSON
@click.pass_obj
def doctor(opening: Opening, fix: bool, as_json: bool) -> None:
    """Whether all is well with the database and what lies around it; exits with 1 if not.

    What it prints holds nothing private and can be pasted into a bug report.
    """
    from studyapp.study.doctor.examination import Treatment, examine, mend

    treated = Treatment((), None)
    found = examine(opening.db, now(), _progress())
    if fix and found.mendable:
        treated = mend(opening.db, found, now(), _progress())
        found = examine(opening.db, now(), _progress())
    if as_json:
        print_json({**found.as_json(), "mended": [one.as_json() for one in treated.mended]})
    else:
        for line in found.lines():
            click.echo(line)
        for line in treated.lines():
            click.echo(line)
        if not found.findings:
            click.echo("All is well.")
        elif found.mendable:
            click.echo("`studyapp doctor --fix` mends what it says it mends, after a backup.")
    if found.findings:
        sys.exit(1)


def _progress() -> Progress:
    """Shows on a terminal what is looked at; elsewhere nothing."""
    from studyapp.study.doctor.examination import quiet

    if not sys.stderr.isatty():
        return quiet

    def show(what: str, done: int, of: int) -> None:
        click.echo(f"\r\x1b[K{what} {done:,} of {of:,}\r", err=True, nl=False)

    return show
