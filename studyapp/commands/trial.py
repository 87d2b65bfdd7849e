"""The command of the trials on one's own memory."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from studyapp.commands.opening import JSON, Opening, print_json
from studyapp.errors import StudyError

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from studyapp.study.desk import Desk
    from studyapp.study.trial.form import Form
    from studyapp.study.trial.verdict import Standing


@click.command()
@click.argument("name", required=False)
@click.option("--predict", "said", metavar="A", help="Begin it: a choice or its beginning.")
@click.option("--sure", type=int, metavar="P", help="With it: how sure you are, in percent.")
@click.option("--leave-out", "out", metavar="ID", help="Wait for the cards of a note no more.")
@click.option("--other-arm", "other", metavar="ID", help="Have a note answered the other way.")
@click.option("--stop", is_flag=True, help="Stop it; it is never analysed then.")
@click.option("--yes", is_flag=True, help="End it with the last that is left out, unasked.")
@JSON
@click.pass_obj
def trial(
    opening: Opening,
    name: str | None,
    said: str | None,
    sure: int | None,
    out: str | None,
    other: str | None,
    stop: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Trials on your own memory, or the one called NAME: typing (does typing the answer beat saying
    it in the head?) or pretest (does guessing first beat reading question and answer at once?)."""
    from studyapp.study.trial import verdict
    from studyapp.study.trial.form import named

    form = None if name is None else named(name)
    changes = stop or any(one is not None for one in (said, out, other))
    if sure is not None and said is None:
        raise StudyError("--sure says how sure you are of what --predict says; give both.")
    if yes and out is None:
        raise click.UsageError("--yes goes with --leave-out.")
    if (said is not None) + stop + (out is not None or other is not None) > 1:
        raise click.UsageError("--predict, --stop and a change of a trial go one at a time.")
    with opening.study(writes=changes) as desk:
        if form is not None and (stop or out is not None or other is not None):
            _check(desk, form)
        if out is not None and not yes:
            _ask(desk, out, as_json=as_json)
        if changes:
            with desk.writing() as connection:
                _change(connection, desk, form, said, sure, out, other, stop=stop)
        with desk.reading() as connection:
            found = verdict.standing(connection, desk.now(), desk.settings, learner=desk.learner)
    found = found if form is None else found.of(form)
    if as_json:
        print_json(found.as_json())
        return
    told = [*found.told(), *_begins(found)] or [["None was begun, and another one runs."]]
    click.echo("\n\n".join("\n".join(some) for some in told))


def _begins(found: Standing) -> Iterator[list[str]]:
    """What could begin, with the command that begins it."""
    from studyapp.study.trial.verdict import rules

    for offer, told in zip(found.offers, found.begins(), strict=True):
        if not offer.roster.suffices:
            yield told
            continue
        choices = " or ".join(f"“{one.text}”" for one in offer.form.question.choices)
        begins = (
            f"studyapp trial {offer.form.name} --predict A --sure P begins it, where A is "
            f"{choices}, and P how sure you are, in percent."
        )
        yield [*told, rules(offer.form), begins]


def _check(desk: Desk, form: Form) -> None:
    """Raise StudyError if the trial that runs, which alone can be changed, is another one."""
    from studyapp.study.trial import course

    with desk.reading() as connection:
        runs = course.running(connection, learner=desk.learner).form
    if runs is not form:
        raise StudyError(f"No trial {form.name} runs, but {runs.name}. Nothing was changed.")


def _ask(desk: Desk, name: str, *, as_json: bool) -> None:
    """Ask whether to leave the cards of a note out that are the last: that ends the trial, for
    good. Raises StudyError where nobody agrees."""
    from studyapp.study.trial import course

    with desk.reading() as connection:
        learner = desk.learner
        ends = len(_cards(connection, name, desk.now(), learner=learner)) == len(
            course.running(connection, learner=learner).waiting
        )
    if not ends:
        return
    told = "It is the last: the trial is over then, for good."
    asked = sys.stdin.isatty() and not as_json
    if not (asked and click.confirm(f"{told} Leave it out?")):
        raise StudyError(f"{told} Nothing was changed; --yes leaves it out without being asked.")


def _change(
    connection: Connection,
    desk: Desk,
    form: Form | None,
    said: str | None,
    sure: int | None,
    out: str | None,
    other: str | None,
    *,
    stop: bool,
) -> None:
    """Do what the options ask for."""
    from studyapp.commands.lab import read_answer
    from studyapp.study.trial import course, roster
    from studyapp.study.trial.form import FORMS

    now, learner = desk.now(), desk.learner
    for name, do in ((out, course.leave_out), (other, course.change)):
        for uid in [] if name is None else _cards(connection, name, now, learner=learner):
            do(connection, uid, now, learner=learner)
    if stop:
        course.stop(connection, now, learner=learner)
    if said is not None:
        if form is None:
            raise StudyError(f"Say which trial: {' or '.join(FORMS)}, before --predict.")
        answer = read_answer(form.question, said)
        assert isinstance(answer, str), "it is one of its choices"
        cards = roster.propose(connection, form, now, desk.settings, learner=learner)
        confidence = None if sure is None else sure / 100
        course.begin(connection, form, cards, answer, confidence, now, learner=learner)


def _cards(connection: Connection, name: str, now: datetime, *, learner: int) -> list[bytes]:
    """The cards of the note with this id that the trial waits for. Raises StudyError if none."""
    from studyapp.memory.clock import study_day
    from studyapp.study.trial import course

    trial = course.running(connection, learner=learner)
    waits = course.waited_for(connection, trial, study_day(now), learner=learner)
    found = [one.uid for one in waits if one.note == name]
    if not found:
        raise StudyError(f"The trial waits for no card of a note {name!r}.")
    return found
