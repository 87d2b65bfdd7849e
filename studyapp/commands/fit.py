"""The commands that fit the model of memory to a log, and move dates to where it has them."""

from __future__ import annotations

import re
import sys
from datetime import date
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING, Any

import click

from studyapp.commands.opening import JSON, Opening, now, print_json
from studyapp.stream import progress

if TYPE_CHECKING:
    from studyapp.study.fit.child import Child

_WIDTH = 80  # columns
_NO_BREAK = "\N{NO-BREAK SPACE}"


@click.command()
@click.option(
    "--log",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Another log: CSV (also with ; tabs or |), JSON Lines, or an Anki package or collection; "
    "nothing is adopted.",
)
@JSON
@click.pass_obj
def fit(opening: Opening, log: Path | None, as_json: bool) -> None:
    """Fit the schedule to how you forget, and use it unless it predicts worse."""
    from studyapp.memory.clock import study_day
    from studyapp.study.fit import child
    from studyapp.study.reschedule import offered

    at, offer = now(), None
    if log is not None:
        found = _of_another(watched(child.of_file(log, at)))
    else:
        with opening.study(writes=True) as desk:
            found = watched(child.of_desk(desk))
            with desk.reading() as connection:
                at = desk.now()
                dates = offered(connection, at, desk.settings, learner=desk.learner)
                offer = dates and dates.offer(study_day(at))
    if as_json:
        print_json(found)
        return
    for line in told(found, study_day(at), foreign=log is not None):
        click.echo(filled(line))
    if offer:
        click.echo(filled(f"{offer}; studyapp reschedule moves them."))


def watched(child: Child) -> dict[str, Any]:
    """The result, with its progress where somebody looks on."""
    try:
        return child.result(lambda share: progress(f"{share:4.0%}"))
    finally:
        progress()


def told(found: dict[str, Any], today: date, *, foreign: bool) -> list[str]:
    """The verdict in a line, and how well each way predicts."""
    from studyapp.study.fit import adoption, unused
    from studyapp.study.words import count

    outcome = "" if foreign else f"; {_outcome(found)}"
    lines = [f"{count(found['reviews'], 'review')}: {found['reason']}{outcome}."]
    if left_out := unused.told(found["left_out"]):
        lines.append(f"{left_out[0].upper()}{left_out[1:]}.")
    rows = [(name, found[key]) for name, key in _ROWS if found[key] is not None]
    if rows:
        lines.append(f"{'':20}{'log loss':>8}  {'off by':>8}  {'AUC':>6}")
    for name, score in rows:
        figures = (score["log_loss"], score["rmse_bins"], score["auc"])
        loss, bins, auc = (_figure(value) for value in figures)
        lines.append(f"{name:20}{loss:>8}  {bins:>8}  {auc:>6}")
    if found["in_use"]:
        lines += [_in_use(found, today), *filter(None, [adoption.defaults_are_better(found)])]
    if found["difference"] and found["difference"]["low"] is not None:
        lines.append("In brackets: 95%, with the reviews of a card taken together.")
    if rows:
        lines.append("Log loss and what predictions are off by: less is better; of AUC more.")
    return lines


def filled(line: str) -> str:
    """A line within the columns of a terminal, its interval in one piece."""
    kept = re.sub(r"\[.*?\]", lambda interval: interval[0].replace(" ", _NO_BREAK), line)
    return fill(kept, _WIDTH, break_on_hyphens=False).replace(_NO_BREAK, " ")


def _of_another(found: dict[str, Any]) -> dict[str, Any]:
    """The same of a log that is not the learner's: nothing of it is adopted, and the reason says
    what would be."""
    would = "would be adopted" if found["adopted"] else "would not be adopted"
    because = f"; it {would}, {_why(found)}" if found["difference"] else ""
    return {**found, "adopted": False, "reason": found["reason"] + because}


def _outcome(found: dict[str, Any]) -> str:
    if found["difference"] is None:
        return "not adopted"
    if found["unchanged"]:
        return "nothing changes"
    return f"{'adopted' if found['adopted'] else 'not adopted'}, {_why(found)}"


def _in_use(found: dict[str, Any], today: date) -> str:
    """Which weights are in use, and how much they know of what all are judged by."""
    from studyapp.study import words

    since, seen = date.fromisoformat(found["in_use"]["since"]), found["in_use"]["seen"]
    until = "was until now" if found["adopted"] else "is"
    told = f"In use {until} what was fitted on {words.day(since, today)}"
    return f"{told}; it has seen {seen:,} of the later {found['later']:,}." if seen else f"{told}."


def _why(found: dict[str, Any]) -> str:
    if found["adopted"]:
        return "as it is no worse"
    return (
        "as it is no better" if found["difference"]["value"] > 0 else "as one card tells too little"
    )


_ROWS = (
    ("fitted", "fitted"),
    ("the defaults", "default"),
    ("in use", "in_use"),
    ("the average so far", "average"),
    ("a moving average", "moving_average"),
)


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}".removeprefix("0")


@click.command()
@click.option("--dry-run", is_flag=True, help="Only say what it would come to.")
@click.option("--yes", is_flag=True, help="Move them without being asked.")
@JSON
@click.pass_obj
def reschedule(opening: Opening, dry_run: bool, yes: bool, as_json: bool) -> None:
    """Move dates to where the weights and the goal that are in force now have them: on a terminal
    it says what that comes to, and asks."""
    from studyapp.study import reschedule as dates

    if yes and dry_run:
        raise click.UsageError("--yes goes with no --dry-run.")
    asks = sys.stdin.isatty() and not (dry_run or yes or as_json)
    with opening.study(writes=not dry_run) as desk:
        if dry_run or asks:
            with desk.reading() as connection:
                found = dates.preview(connection, desk.now(), desk.settings, learner=desk.learner)
        if asks and found.days:
            click.echo(filled(f"{found.told()}."))
            if not click.confirm("Move them?"):
                click.echo("Nothing was changed.")
                return
        if not dry_run:
            found = dates.move(desk)
    if as_json:
        print_json(found.as_json())
        return
    click.echo(f"{found.told() if dry_run else found.done()}.")
    if found.days and not dry_run:
        from studyapp.tui.keys import of

        click.echo(f"{of('undo', dict(desk.settings.keys))} in the app takes it back.")
