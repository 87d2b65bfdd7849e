"""The command line: its options, and the commands by what they are about."""

from __future__ import annotations

from typing import IO, Any

import click

from studyapp import config
from studyapp.commands import (
    add,
    backup,
    content,
    devices,
    doctor,
    exam,
    export,
    fit,
    lab,
    study,
    trial,
)
from studyapp.commands.opening import Opening
from studyapp.errors import INTERRUPTED, CancelledError, StudyError


class _Cancelled(click.ClickException):
    """What Ctrl+C ends, and a question that is left unanswered."""

    exit_code = INTERRUPTED

    def show(self, file: IO[str] | None = None) -> None:
        click.echo(self.message, file, err=True)


class _Group(click.Group):
    """Prints a StudyError as one sentence and any other error as where its report is, and exits
    with 1, or with 130 where it was cancelled; never a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except CancelledError as error:
            raise _Cancelled(str(error)) from error
        except StudyError as error:
            raise click.ClickException(str(error)) from error
        except (KeyboardInterrupt, click.Abort):
            raise _Cancelled("Cancelled.") from None
        except (click.ClickException, click.exceptions.Exit, BrokenPipeError):
            raise
        except Exception as error:
            from studyapp.study import crash

            db = ctx.obj.db if ctx.obj else config.default_database()
            raise click.ClickException(crash.told(error, db)) from error


@click.group(cls=_Group, invoke_without_command=True)
@click.version_option(package_name="studyapp")
@click.option("--db", metavar="PATH", help="Another database: a path or an SQLAlchemy URL.")
@click.option("--learner", "name", metavar="NAME", help="Whose progress, if several study here.")
@click.option("--new", is_flag=True, help="Make this learner; otherwise the name must be known.")
@click.pass_context
def main(ctx: click.Context, db: str | None, name: str | None, new: bool) -> None:
    """A study companion for the terminal. Without a command it opens Today."""
    if name is None:
        name = config.default_learner()
    ctx.obj = Opening(db or config.default_database(), name, new)
    if ctx.invoked_subcommand is None:
        ctx.obj.app()
    else:
        from studyapp.journal import begin

        begin(ctx.invoked_subcommand)


for _command in (
    study.review,
    study.quiz,
    study.due,
    study.aside,
    study.pause,
    study.resume,
    study.stats,
    exam.exam,
    exam.retention,
    fit.fit,
    fit.reschedule,
    add.add,
    content.sync,
    content.check,
    content.import_,
    export.export,
    backup.backup,
    backup.restore,
    devices.devices,
    doctor.doctor,
    lab.lab,
    trial.trial,
):
    main.add_command(_command)
