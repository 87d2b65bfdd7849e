"""The commands for what there is to study: sync, check and import."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from studyapp.commands.opening import (
    CHAPTER,
    JSON,
    Opening,
    back_up,
    now,
    print_json,
    stoppable,
    tell,
)
from studyapp.errors import StudyError
from studyapp.notes.formats import FORMATS
from studyapp.notes.note import Problem, chapter_name

if TYPE_CHECKING:
    from studyapp.study.imports import Imported, TakenBack

_LISTED = 100  # characters of a question or an answer in a list
_UNKNOWN = (
    "nothing is taken back, as no import of it is known here; one of notes is taken back on the "
    "device that it was made on"
)


@click.command()
@JSON
@click.pass_obj
def sync(opening: Opening, as_json: bool) -> None:
    """Read the content files into the database and report what changed."""
    from studyapp.study import library, words
    from studyapp.study.chapter import called

    with opening.desk() as desk:
        report = library.refresh(desk, force=True)
        assert report is not None
        with desk.reading() as connection:
            renamed = [
                [called(connection, one, learner=desk.learner) for one in both]
                for both in report.renamed
            ]
        tell(desk)
        back_up(desk)
    if as_json:
        print_json(report.as_json())
        return
    click.echo(
        f"{report.added} added, {report.changed} changed, {report.restored} restored, "
        f"{report.missing} missing, {report.unchanged} unchanged; "
        f"{words.count(report.new_cards, 'new card')}"
    )
    for before, after in renamed:
        click.echo(f"{words.capital(before)} is {after} now, and as you had it")
    for root in report.missing_roots:
        click.echo(f"{root} is not there; its notes were left as they are")
    for told in report.left_alone:
        click.echo(told)
    for problem in report.problems:
        click.echo(problem)


@click.command("import")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--format", "form", type=click.Choice(list(FORMATS)), help="Instead of looking.")
@click.option("--dry-run", is_flag=True, help="Say what would be done and change nothing.")
@click.option("--undo", is_flag=True, help="Take their last import back: notes, reviews, answers.")
@click.option("--as-attempt", is_flag=True, help="The answers of a filled-in questionnaire alone.")
@click.option("--chapter", type=CHAPTER, metavar="N", help="Of which it is, instead of looking.")
@click.option("--yes", is_flag=True, help="Bring the answers in without asking.")
@JSON
@click.pass_obj
def import_(
    opening: Opening,
    files: tuple[Path, ...],
    form: str | None,
    dry_run: bool,
    undo: bool,
    as_attempt: bool,
    chapter: str | None,
    yes: bool,
    as_json: bool,
) -> None:
    """Take over what other files hold: notes of any shape, Anki's packages, answers from posts.
    The format is seen by the content. With --as-attempt the answers to questions of a chapter that
    is here become an attempt, to be judged. Of several files each that can be is imported. Exits
    with 1 if a part could not be read."""
    if undo and (dry_run or as_json):
        raise click.UsageError("--undo goes with neither --dry-run nor --json.")
    if (chapter is not None or yes) and not as_attempt:
        raise click.UsageError("--chapter and --yes go with --as-attempt.")
    from studyapp.commands import answers
    from studyapp.notes import formats
    from studyapp.study import imports

    failed, several = list[Problem](), len(files) > 1
    if undo and not as_attempt:
        with opening.study(writes=True) as desk:
            for file in files:
                with imports.told_apart(file, failed, several=several, so="not taken back"):
                    gone = _taken_back(imports.take_back(desk, file))
                    gone = gone or answers.taken_back(desk, file, form) or _UNKNOWN
                    click.echo(f"{file}: {gone}")
        _tell(failed)
        return
    if as_attempt:
        with opening.study(writes=not dry_run) as desk:
            how = {"dry_run": dry_run, "undo": undo, "yes": yes, "as_json": as_json}
            left = answers.take(desk, files, form, chapter, failed, **how)
            _tell(failed, err=as_json)
            sys.exit(int(left))
    sources = list[imports.Source]()
    for file in files:
        with imports.told_apart(file, failed, several=several):
            sources.append(imports.Source(file, *formats.read(file, form)))
    if not sources:
        raise StudyError("\n".join(map(str, failed)))
    with opening.study(writes=not dry_run) as desk:
        with stoppable("Importing") as heard:
            done = imports.bring(desk, sources, dry_run=dry_run, apart=several, progress=heard)
        hints = [answers.hint(desk, source) for source in sources] if dry_run else []
    if as_json:
        print_json(_imported(done, failed))
    for report in () if as_json else done:
        if not report.failed:
            click.echo(
                f"{report.source.path}: {_told(report, dry_run=dry_run)}"
                + (" (imported before)" if report.known else "")
                + (" (dry run: nothing was changed)" if dry_run else "")
            )
        for line in _listed(report, dry_run=dry_run):
            click.echo(line)
        for problem in report.problems:
            click.echo(problem)
    for told in filter(None, () if as_json else hints):
        click.echo(told)
    _tell(() if as_json else failed)
    if failed or any(report.problems for report in done):
        sys.exit(1)


def _tell(failed: Sequence[Problem], *, err: bool = False) -> None:
    """Tell of files that were passed over; that ends the command with 1."""
    for problem in failed:
        click.echo(problem, err=err)
    if failed:
        sys.exit(1)


def _listed(report: Imported, *, dry_run: bool) -> Iterator[str]:
    """What of a file would be new, in a dry run: each note with its line and shape, those of a
    folder below their file; and what would have another text. Of both what asks the same."""
    from studyapp.study import words

    below = report.source.path
    for path, notes in groupby(report.questions if dry_run else (), key=lambda one: one.path):
        inset = "  "
        if path is not None:
            yield f"  {words.place(path, 0, below)}"
            inset = "    "
        for note in notes:
            place = ", ".join(filter(None, (f"line {note.line}" if note.line else "", note.shape)))
            yield f"{inset}{place}{': ' * bool(place)}{_short(note.question or note.answer)}"
            if note.question:
                yield f"{inset}  {_short(note.answer) or '(no answer yet)'}"
    for question in report.reworded if dry_run else ():
        yield f"  changed: {_short(question)}"
    for one in report.wordings:
        of = (
            "a new wording of" if one.is_sure else "perhaps a new wording of what is here as before"
        )
        place = words.place(one.path, one.line, below)
        yield f"  {place}: {_short(one.question)}: {of}: {_short(one.before)}"
    for note, twin in report.twins:
        place = words.place(note.path, note.line, below)
        yield f"  {place}: {_short(note.question)}: nearly this is here: {_short(twin)}"


def _short(text: str) -> str:
    from textwrap import shorten

    return shorten(text, _LISTED, placeholder=" …")


def _told(report: Imported, *, dry_run: bool) -> str:
    from studyapp.study import words

    changed, logged, taken = (
        ("to change", "to log", "to take over") if dry_run else ("changed", "logged", "taken over")
    )
    if report.source.foreign.answers is not None:
        answers = words.count(len(report.questions), "answer")
        return f"{answers}, {words.count(report.own_notes, 'note')}"
    new = (
        f"{words.count(len(report.questions), 'new note')} with {words.count(report.cards, 'card')}"
    )
    told = f"{new}, {report.changed} {changed}"
    if report.source.foreign.reviews or report.source.foreign.schedules:
        told += f", {words.count(report.reviews, 'review')} {logged}"
        told += f", {words.count(report.schedules, 'schedule')} {taken}"
    told += f"; into the pack {report.home}" if report.home else ""
    if report.gone:
        told += f"; {words.count(report.gone, 'note')} no longer in it, and here as before"
    return told


def _taken_back(gone: TakenBack) -> str:
    """What is gone of notes and their log; empty if nothing is."""
    from studyapp.study import words

    reviews, schedules = gone.log.reviews, gone.log.schedules
    if not (reviews or schedules or gone.pages or gone.stays):
        return ""
    told = f"{words.count(reviews, 'review')} and {words.count(schedules, 'schedule')} taken back"
    return f"{told}; {words.count(gone.pages, 'file')} as before the import{gone.but}"


def _imported(done: list[Imported], failed: Sequence[Problem]) -> dict[str, Any]:
    problems = [*(one for report in done for one in report.problems), *failed]
    formats = sorted({report.source.format for report in done})
    return {
        "format": formats[0] if len(formats) == 1 else formats,
        "notes": [
            {
                "question": one.question,
                "answer": one.answer,
                "path": str(one.path or report.source.path),
                "line": one.line,
            }
            for report in done
            for one in report.questions
        ],
        "own_notes": sum(report.own_notes for report in done),
        "cards": sum(report.cards for report in done),
        "changed": [question for report in done for question in report.reworded],
        "reviews": sum(report.reviews for report in done),
        "schedules": sum(report.schedules for report in done),
        "gone": sum(report.gone for report in done),
        "packs": sorted({report.home for report in done if report.home}),
        "wordings": [
            {
                "path": str(one.path or report.source.path),
                "line": one.line,
                "question": one.question,
                "before": one.before,
                "sure": one.is_sure,
            }
            for report in done
            for one in report.wordings
        ],
        "twins": [
            {
                "path": str(one.path or report.source.path),
                "line": one.line,
                "question": one.question,
                "twin": twin,
            }
            for report in done
            for one, twin in report.twins
        ],
        "problems": [
            {"path": str(one.path), "line": one.line, "message": one.message} for one in problems
        ],
    }


@click.command()
@click.argument("path", required=False, type=click.Path(path_type=Path))
@click.option("--fix", is_flag=True, help="Write the ids that are missing.")
@click.option(
    "--run",
    "runs",
    is_flag=True,
    help="Run the code of PATH, which is yours: check what it prints, draw variants.",
)
@click.option(
    "--against",
    metavar="FOLDER",
    type=click.Path(path_type=Path),
    help="Texts with which no eight words in a row may be shared.",
)
@click.option("--counts", is_flag=True, help="Say how many cards of each depth a chapter has.")
@JSON
@click.pass_obj
def check(
    opening: Opening,
    path: Path | None,
    fix: bool,
    runs: bool,
    against: Path | None,
    counts: bool,
    as_json: bool,
) -> None:
    """Every problem of the content as path:line: message; exits with 1 if there is any."""
    from studyapp.lab import reference
    from studyapp.notes import check as checks
    from studyapp.notes import markdown
    from studyapp.study import library, words

    if runs and (path is None or fix):
        raise StudyError(
            "--run runs the code of the content: give it the PATH of your own, and no --fix."
        )

    folders = [path] if path else library.roots()
    own = [folder for folder in folders if library.is_own(folder)]
    if fix:
        if any(map(checks.lacks_ids, own)):
            _keep(opening)
        written = sum(checks.fix(folder, own=folder in own) for folder in folders)
        click.echo(f"{words.count(written, 'id')} written", err=True)
    ran = _run(path) if runs and path is not None else ()
    report = checks.check(folders, now().date(), facts=reference.facts(), against=against, own=own)
    report = replace(report, problems=markdown.in_order({*report.problems, *ran}))
    if as_json:
        print_json(checks.as_json(report))
    else:
        for problem in report.problems:
            click.echo(problem)
        for chapter in report.chapters if counts else ():
            pack = chapter.pack if len({one.pack for one in report.chapters}) > 1 else None
            name = chapter_name(chapter.chapter, chapter.title, pack)
            cards = ", ".join(f"{count} {depth}" for depth, count in chapter.cards.items())
            click.echo(f"{name}: {cards}")
        totals = ((report.notes, "note"), (report.cards, "card"), (len(report.problems), "problem"))
        click.echo(", ".join(words.count(number, noun) for number, noun in totals))
    if report.problems:
        sys.exit(1)


def _keep(opening: Opening) -> None:
    """Keep the learner's own files as they are, with the database, if there is one yet."""
    from studyapp.store import backup
    from studyapp.store.trace import file_at

    database = file_at(opening.db)
    if database is not None and database.is_file():
        backup.make(database, backup.folder_of(database), backup.Reason.CHANGE, now())


def _run(path: Path) -> tuple[Problem, ...]:
    """Run the code of a folder and say how it went; returns its problems."""
    from studyapp.commands import draw

    ran = draw.run(path)
    refused = ", ".join(f"{why} ({count})" for why, count in ran.refused.most_common())
    click.echo(f"{ran.written} variants written; draws refused: {refused or 'none'}", err=True)
    return ran.problems
