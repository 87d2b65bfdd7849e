"""The command that plans an exam, and says what the plan comes to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from studyapp.commands.fit import filled, watched
from studyapp.commands.opening import JSON, Opening, print_json
from studyapp.errors import StudyError

_AHEAD = 180  # days of which the trade-off is told
_NONE = "No exam is planned; studyapp exam 2027-01-31 plans one for that day."

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from studyapp.study.desk import Desk
    from studyapp.study.exam import Exam


@click.command()
@click.argument("day", metavar="[DATE]", required=False)
@click.option("--chapters", metavar="1,2", help='What it is about; "" is all that is started.')
@click.option("--minutes", type=int, metavar="N", help="Of each day until then.")
@click.option("--off", is_flag=True, help="Study as without an exam again.")
@click.option("--dry-run", is_flag=True, help="Only say what it would come to.")
@JSON
@click.pass_obj
def exam(
    opening: Opening,
    day: str | None,
    chapters: str | None,
    minutes: int | None,
    off: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Study for an exam on a day, and see how much will be known."""
    from studyapp.memory.clock import study_day
    from studyapp.study import exam as plans
    from studyapp.study.fit import child

    asks = (day, chapters, minutes) != (None, None, None)
    if off and (asks or dry_run):
        raise click.UsageError("--off goes with no DATE, --chapters, --minutes or --dry-run.")
    changes = off or (asks and not dry_run)
    with opening.study(writes=changes) as desk:
        if off:
            with desk.writing() as connection:
                plans.call_off(connection, desk.now(), learner=desk.learner)
            _say_none("No exam is planned any more; each day is as before.", as_json)
            return
        with desk.writing() if changes else desk.reading() as connection:
            planned = _planned(connection, desk, day, chapters, minutes, keep=changes)
        if planned is None:
            _say_none(_NONE, as_json)
            return
        found = watched(child.of_exam(desk, planned))
        today = study_day(desk.now())
    if as_json:
        print_json(found)
        return
    for line in (*plans.forecast_lines(found, today), *plans.curve_lines(found)):
        click.echo(line)


@click.command()
@JSON
@click.pass_obj
def retention(opening: Opening, as_json: bool) -> None:
    """What each desired retention takes a day, and how much it keeps."""
    from studyapp.memory.clock import study_day
    from studyapp.study import exam as plans
    from studyapp.study.fit import child

    with opening.study() as desk:
        ahead = plans.until(study_day(desk.now()), _AHEAD, desk.settings.minutes_a_day)
        found = watched(child.of_exam(desk, ahead, tradeoff=True))
    if as_json:
        print_json(found)
        return
    for line in plans.tradeoff_lines(found):
        click.echo(filled(line))


def _say_none(told: str, as_json: bool) -> None:
    if as_json:
        print_json(None)
    else:
        click.echo(told)


def _planned(
    connection: Connection,
    desk: Desk,
    day: str | None,
    chapters: str | None,
    minutes: int | None,
    *,
    keep: bool,
) -> Exam | None:
    """The plan that is asked for, of which the one that there is says what is not said; None if
    it is only asked whether there is one. Raises StudyError."""
    from studyapp.memory.clock import study_day
    from studyapp.study import exam as plans

    now, learner = desk.now(), desk.learner
    today = study_day(now)
    before = plans.in_force(connection, today, learner=learner)
    if day is None and before is None:
        if chapters is None and minutes is None:
            return None
        raise StudyError(_NONE)
    on = before.day if before is not None and day is None else plans.read_day(day or "")
    named = before.chapters if before is not None else None
    if chapters is not None:
        named = plans.read_chapters(connection, chapters, learner=learner)
    if minutes is None:
        minutes = before.minutes if before is not None else desk.settings.minutes_a_day
    if keep:
        return plans.plan(connection, on, minutes, named or (), now, learner=learner)
    return plans.proposed(connection, on, minutes, named or (), today, learner=learner)
