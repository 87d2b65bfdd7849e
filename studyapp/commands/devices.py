"""The command that shows the devices of a learner: `studyapp devices`."""

from __future__ import annotations

import click

from studyapp.commands.opening import JSON, Opening, now, print_json


@click.command()
@JSON
@click.pass_obj
def devices(opening: Opening, as_json: bool) -> None:
    """Which devices meet in the folder of the setting `devices`, and what of each is here."""
    from studyapp.study.devices.overview import overview

    with opening.study() as desk:  # which has met the others by now
        found = overview(desk)
    if as_json:
        print_json(found.as_json())
    else:
        for line in found.lines(now()):
            click.echo(line)
