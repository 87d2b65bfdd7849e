"""The command that examines a study: `studyapp doctor`."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from studyapp import config
from studyapp.commands.opening import JSON, Opening, now, print_json
from studyapp.errors import SettingError
from studyapp.stream import progress

if TYPE_CHECKING:
    from studyapp.study.doctor.examination import Examination


@click.command()
@click.option("--fix", is_flag=True, help="Put right what can be, after a backup.")
@JSON
@click.pass_obj
def doctor(opening: Opening, fix: bool, as_json: bool) -> None:
    """Whether all is well with the database and what lies around it; exits with 1 if not.
    Files that are merely left over are told, and no fault.

    What it prints holds nothing private and can be pasted into a bug report.
    """
    from studyapp.study.doctor.examination import Treatment, mend

    treated, found = Treatment(), _examined(opening.db)
    if fix and found.mendable:
        treated = mend(opening.db, found, now(), _progress)
        found = _examined(opening.db)
    faulty = any(one.is_fault for one in found.findings)
    if as_json:
        print_json({**found.as_json(), **treated.as_json()})
    else:
        for line in (*found.lines(), *treated.lines()):
            click.echo(line)
        if not faulty:
            click.echo("All else is well." if found.findings else "All is well.")
    if faulty:
        sys.exit(1)


def _examined(db: str) -> Examination:
    """What is found, with the keys that a learner wants and that only the app's table can judge."""
    from studyapp.study.doctor.examination import examine
    from studyapp.study.doctor.finding import Finding
    from studyapp.tui.keys import keymap

    found = examine(db, now(), _progress)
    _progress()
    try:
        keymap(dict(config.load().keys))
    except SettingError as error:
        if not any(one.check == "settings" for one in found.around):
            wrong = Finding("settings", error.public, "Correct the line, or take it out.")
            return replace(found, around=(*found.around, wrong))
    return found


def _progress(what: str = "", done: int = 0, of: int = 0) -> None:
    """Show on a terminal what is being looked at, or no more."""
    progress(f"{what} {done:,} of {of:,}" if what else "")
