"""The commands. Each imports what it needs inside itself, so that none pays for another."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from studyapp import config
from studyapp.commands.lab import lab
from studyapp.errors import StudyError

if TYPE_CHECKING:
    from studyapp.notes.note import Problem
    from studyapp.study.desk import Desk
    from studyapp.study.questionnaire.post import Imported


class _Group(click.Group):
    """Prints a StudyError as one sentence and exits with 1; never a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except StudyError as error:
            raise click.ClickException(str(error)) from error


_CHAPTER = click.IntRange(0, 10**6)
_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON for a program.")


@click.group(cls=_Group, invoke_without_command=True)
@click.version_option(package_name="studyapp")
@click.option("--db", metavar="PATH", help="Another database: a path or an SQLAlchemy URL.")
@click.pass_context
def main(ctx: click.Context, db: str | None) -> None:
    """A study companion for the terminal. Without a command it opens Today."""
    ctx.obj = db or config.default_database()
    if ctx.invoked_subcommand is None:
        _open_app(ctx.obj)


main.add_command(lab)


@main.command()
@click.option("--chapter", type=_CHAPTER, metavar="N", help="Only this chapter.")
@click.option("--plain", is_flag=True, help="Lines instead of a screen.")
@click.pass_obj
def review(db: str, chapter: int | None, plain: bool) -> None:
    """Go straight into the queue."""
    if not plain:
        _open_app(db, review=True, chapter=chapter)
        return
    from studyapp.commands import plain as lines
    from studyapp.study import library
    from studyapp.study.sitting import Sitting

    with _study(db) as desk:
        if chapter is not None:
            library.check_chapter(desk, chapter)
        lines.review(Sitting(desk, chapter), _read_line, _write_line)


@main.command()
@click.argument("chapter", type=_CHAPTER)
@click.option("--plain", is_flag=True, help="Lines instead of a screen.")
@_JSON
@click.pass_obj
def quiz(db: str, chapter: int, plain: bool, as_json: bool) -> None:
    """A chapter's questionnaire; with --json only how it has gone so far."""
    if not (plain or as_json):
        _open_app(db, quiz=chapter)
        return
    from studyapp.commands import plain as lines
    from studyapp.study.questionnaire import chapter as chapters
    from studyapp.study.questionnaire.attempt import Attempt

    with _study(db) as desk:
        if plain:
            lines.quiz(Attempt(desk, chapter), _read_line, _write_line)
        if as_json:
            with desk.reading() as connection:
                told = chapters.view(
                    connection,
                    chapter,
                    desk.now(),
                    on=desk.settings.exam_on,
                    learner=desk.learner,
                )
            _print_json(told.as_json())


@main.command()
@_JSON
@click.pass_obj
def due(db: str, as_json: bool) -> None:
    """What is due now, after the day's limits."""
    from studyapp.study import today

    with _study(db) as desk, desk.reading() as connection:
        counts = today.due(connection, desk.now(), desk.settings, learner=desk.learner)
    if as_json:
        _print_json(counts)
        return
    click.echo("{review} review, {learning} learning, {new} new".format(**counts))
    for row in counts["chapters"]:
        click.echo(
            "  {chapter} {title}: {review} review, {learning} learning, {new} new".format(**row)
        )


@main.command()
@_JSON
@click.pass_obj
def sync(db: str, as_json: bool) -> None:
    """Read the content files into the database and report what changed."""
    from studyapp.study import library

    desk = library.open_desk(db, config.Current(config.Settings()), _now, "")
    report = library.refresh(desk, force=True)
    desk.close()
    assert report is not None
    if as_json:
        _print_json(report.as_json())
        return
    click.echo(
        f"{report.added} added, {report.changed} changed, {report.restored} restored, "
        f"{report.missing} missing, {report.unchanged} unchanged; {report.new_cards} new cards"
    )
    for root in report.missing_roots:
        click.echo(f"{root} is not there; its notes were left as they are")
    for problem in report.problems:
        click.echo(problem)


@main.command()
@_JSON
@click.pass_obj
def stats(db: str, as_json: bool) -> None:
    """Totals, and how much is remembered."""
    from studyapp.study import words
    from studyapp.study.stats import stats as totals

    with _study(db) as desk, desk.reading() as connection:
        now = totals(
            connection,
            desk.now(),
            leech_lapses=desk.settings.leech_lapses,
            rest_days=desk.settings.rest_days,
            learner=desk.learner,
        )
        goal = desk.settings.desired_retention
    if as_json:
        _print_json(now.as_json())
        return
    cards = ", ".join(f"{count} {state}" for state, count in now.cards.items())
    click.echo(f"{words.count(now.reviews, 'review')}; cards: {cards}")
    click.echo(
        f"Remembered in the last 30 days: {words.percent(now.true_retention)} "
        f"of {words.count(now.true_retention.n, 'review')}; goal {goal:.0%}"
    )
    click.echo(f"{words.count(now.streak, 'day')} in a row; {now.leeches} that keep slipping")


@main.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--chapter", type=_CHAPTER, metavar="N", required=True, help="The chapter.")
@click.option("--format", "form", type=click.Choice(["post"]), default="post", show_default=True)
@click.pass_obj
def export(db: str, file: Path, chapter: int, form: str) -> None:
    """Write a chapter as a post: questions, your answers, references, notes, results."""
    from studyapp.lab import catalog
    from studyapp.study.questionnaire import post

    with _study(db) as desk:
        with desk.reading() as connection:
            made = post.compose(connection, chapter, catalog.read(), learner=desk.learner)
        former = post.save(file, made)
    if former is not None:
        click.echo(f"{file} was there with other text, which is now {former}")
    answered = sum(bool(answer.text) for answer in made.answers)
    click.echo(
        f"{file}: {answered} of {len(made.answers)} questions answered, "
        f"{len(made.notes)} notes of your own, {len(made.results)} experiments"
    )


@main.command("import")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--format", "form", type=click.Choice(["post"]), default="post", show_default=True)
@click.option("--dry-run", is_flag=True, help="Say what would be done and change nothing.")
@_JSON
@click.pass_obj
def import_(db: str, files: tuple[Path, ...], form: str, dry_run: bool, as_json: bool) -> None:
    """Read your answers and notes back from posts; exits with 1 if a part could not be."""
    from studyapp.study.questionnaire import post

    found = [(file, *post.load(file)) for file in files]
    done = []
    with _study(db) as desk, desk.writing() as connection:
        for file, restored, problems in found:
            report = post.restore(connection, file, restored, desk.now(), learner=desk.learner)
            done.append((file, report, [*problems, *report.problems]))
        if dry_run:
            connection.rollback()
    if as_json:
        _print_json(_imported(form, done))
    for file, report, problems in () if as_json else done:
        click.echo(
            f"{file}: {len(report.questions)} answers, {report.notes} notes"
            + (" (imported before)" if report.known else "")
            + (" (dry run: nothing was changed)" if dry_run else "")
        )
        for problem in problems:
            click.echo(problem)
    if any(problems for _, _, problems in done):
        sys.exit(1)


def _imported(form: str, done: list[tuple[Path, Imported, list[Problem]]]) -> dict[str, Any]:
    return {
        "format": form,
        "notes": [
            {"question": question, "answer": answer, "line": line}
            for _, report, _ in done
            for question, answer, line in report.questions
        ],
        "own_notes": sum(report.notes for _, report, _ in done),
        "cards": 0,
        "reviews": 0,
        "problems": [
            {"path": str(one.path), "line": one.line, "message": one.message}
            for _, _, problems in done
            for one in problems
        ],
    }


@main.command()
@click.argument("path", required=False, type=click.Path(path_type=Path))
@click.option("--fix", is_flag=True, help="Write the ids that are missing.")
@click.option(
    "--against",
    metavar="FOLDER",
    type=click.Path(path_type=Path),
    help="Texts with which no eight words in a row may be shared.",
)
@_JSON
def check(path: Path | None, fix: bool, against: Path | None, as_json: bool) -> None:
    """Every problem of the content as path:line: message; exits with 1 if there is any."""
    from studyapp.notes import check as checks
    from studyapp.study import library

    folders = [path] if path else library.roots()
    if fix:
        written = sum(checks.fix(folder) for folder in folders)
        click.echo(f"{written} ids written", err=True)
    report = checks.check(folders, _now().date(), facts=_facts(), against=against)
    if as_json:
        _print_json(checks.as_json(report))
    else:
        for problem in report.problems:
            click.echo(problem)
        click.echo(f"{report.notes} notes, {report.cards} cards, {len(report.problems)} problems")
    if report.problems:
        sys.exit(1)


def _facts() -> dict[str, set[str]]:
    """The lessons that exist, with the facts that their reference figures name."""
    from studyapp.lab import catalog, reference

    names: dict[str, set[str]] = {}
    for lesson in catalog.read().lessons:
        known = reference.read(reference.path(lesson)).get(lesson.name)
        names[lesson.name] = {fact.name for fact in known.facts} if known else set()
    return names


@contextmanager
def _study(db: str) -> Iterator[Desk]:
    """The desk, with the content in step and the settings in force."""
    from studyapp.study import library

    desk, _ = library.open_study(db, config.Current(config.load()), _now, "")
    try:
        yield desk
    finally:
        desk.close()


def _open_app(
    db: str, *, review: bool = False, chapter: int | None = None, quiz: int | None = None
) -> None:
    from studyapp.tui import run

    if failure := run(db, review=review, chapter=chapter, quiz=quiz):
        raise StudyError(failure)


def _now() -> datetime:
    return datetime.now().astimezone()


def _read_line() -> str | None:
    line = sys.stdin.readline()
    return line.rstrip("\r\n") if line else None


def _write_line(text: str) -> None:
    print(text, flush=True)


def _print_json(value: Any) -> None:
    click.echo(json.dumps(value, ensure_ascii=False))
