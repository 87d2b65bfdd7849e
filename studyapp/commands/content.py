"""The commands for what there is to study: sync, check, import and export."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from studyapp.commands.opening import CHAPTER, JSON, Opening, now, print_json
from studyapp.notes.formats import FORMATS

if TYPE_CHECKING:
    from studyapp.notes.note import Problem
    from studyapp.study.questionnaire.post import Imported


@click.command()
@JSON
@click.pass_obj
def sync(opening: Opening, as_json: bool) -> None:
    """Read the content files into the database and report what changed."""
    from studyapp.study import library

    with opening.desk() as desk:
        report = library.refresh(desk, force=True)
    assert report is not None
    if as_json:
        print_json(report.as_json())
        return
    click.echo(
        f"{report.added} added, {report.changed} changed, {report.restored} restored, "
        f"{report.missing} missing, {report.unchanged} unchanged; {report.new_cards} new cards"
    )
    for root in report.missing_roots:
        click.echo(f"{root} is not there; its notes were left as they are")
    for problem in report.problems:
        click.echo(problem)


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--chapter", type=CHAPTER, metavar="N", required=True, help="The chapter.")
@click.option("--format", "form", type=click.Choice(["post"]), default="post", show_default=True)
@click.pass_obj
def export(opening: Opening, file: Path, chapter: int, form: str) -> None:
    """Write a chapter as a post: questions, your answers, references, notes, results."""
    from studyapp.lab import catalog
    from studyapp.study.questionnaire import post

    with opening.study() as desk:
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


@click.command("import")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--format", "form", type=click.Choice(list(FORMATS)), help="Instead of looking.")
@click.option("--dry-run", is_flag=True, help="Say what would be done and change nothing.")
@JSON
@click.pass_obj
def import_(
    opening: Opening, files: tuple[Path, ...], form: str | None, dry_run: bool, as_json: bool
) -> None:
    """Read your answers and notes back from posts; exits with 1 if a part could not be."""
    from studyapp.study.questionnaire import post

    found = [(file, *post.load(file)) for file in files]
    done = []
    with opening.study() as desk, desk.writing() as connection:
        for file, restored, problems in found:
            report = post.restore(connection, file, restored, desk.now(), learner=desk.learner)
            done.append((file, report, [*problems, *report.problems]))
        if dry_run:
            connection.rollback()
    if as_json:
        print_json(_imported(form, done))
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


@click.command()
@click.argument("path", required=False, type=click.Path(path_type=Path))
@click.option("--fix", is_flag=True, help="Write the ids that are missing.")
@click.option(
    "--against",
    metavar="FOLDER",
    type=click.Path(path_type=Path),
    help="Texts with which no eight words in a row may be shared.",
)
@JSON
def check(path: Path | None, fix: bool, against: Path | None, as_json: bool) -> None:
    """Every problem of the content as path:line: message; exits with 1 if there is any."""
    from studyapp.notes import check as checks
    from studyapp.study import library

    folders = [path] if path else library.roots()
    if fix:
        own = library.own_packs().resolve()
        written = sum(
            checks.fix(folder, own=folder.resolve().is_relative_to(own)) for folder in folders
        )
        click.echo(f"{written} ids written", err=True)
    report = checks.check(folders, now().date(), facts=_facts(), against=against)
    if as_json:
        print_json(checks.as_json(report))
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
