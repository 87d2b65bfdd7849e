"""The command that writes what is here for others: a post, notes for other programs, the log."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from studyapp.commands.opening import CHAPTER, Opening, stoppable
from studyapp.errors import StudyError
from studyapp.notes.writers import WRITERS

if TYPE_CHECKING:
    from studyapp.study.desk import Desk

_LOGS = ("csv", "jsonl")
_ENDINGS = {
    ".apkg": "anki",
    ".txt": "anki-text",
    ".tsv": "anki-text",
    ".csv": "csv",
    ".jsonl": "jsonl",
    ".zip": "native",
}


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--chapter", type=CHAPTER, metavar="N", help="This chapter, or this deck, alone.")
@click.option("--pack", metavar="NAME", help="This pack alone.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["post", *WRITERS, "native", *_LOGS]),
    help="Instead of what the file's ending says.",
)
@click.pass_obj
def export(
    opening: Opening, file: Path, chapter: str | None, pack: str | None, form: str | None
) -> None:
    """Write what you study for others: a chapter as a post (.md), notes with schedules and reviews
    for Anki (.apkg), notes as Anki's text (.txt), for hashcards or Obsidian, packs as they are
    (native: a folder or a .zip), or the log of reviews (.csv, .jsonl). Says what a format cannot
    carry."""
    if chapter is not None and pack is not None:
        raise click.UsageError("--chapter and --pack do not go together.")
    form = form or _form_of(file, chapter)
    if file.is_dir() and form != "native":
        raise click.UsageError(f"{file} is a folder; give the name of a file.")
    if form == "post" and chapter is None:
        raise click.UsageError("A post is of a chapter: give --chapter N.")
    with opening.study() as desk:
        if form == "post":
            assert chapter is not None
            _post(desk, file, chapter)
        elif form == "native":
            _native(desk, file, _chosen(desk, chapter, pack))
        elif form in _LOGS:
            _log(desk, file, form, _chosen(desk, chapter, pack))
        else:
            _notes(desk, file, form, _chosen(desk, chapter, pack))


def _form_of(file: Path, chapter: str | None) -> str:
    """The format that a file's ending means. Raises StudyError if it means none."""
    form = _ENDINGS.get(file.suffix.lower(), "post" if chapter is not None else None)
    if form is None:
        raise StudyError(
            f"{file} could be of several formats; say which with --format "
            f"({', '.join(['post', *WRITERS, 'native', *_LOGS])})."
        )
    return form


def _chosen(desk: Desk, chapter: str | None, pack: str | None) -> list[int]:
    from studyapp.study import exports
    from studyapp.study.chapter import find

    with desk.reading() as connection:
        if chapter is not None:
            return [find(connection, chapter, learner=desk.learner)]
        return exports.chapters_of(connection, pack, learner=desk.learner)


def _post(desk: Desk, file: Path, chapter: str) -> None:
    from studyapp.lab import catalog
    from studyapp.study import words
    from studyapp.study.chapter import find
    from studyapp.study.questionnaire import post

    with desk.reading() as connection:
        found = find(connection, chapter, learner=desk.learner)
        made = post.compose(connection, found, catalog.read(), learner=desk.learner)
    former = post.save(file, made)
    if former is not None:
        _say_where(file, former)
    written = sum(bool(answer.text) for answer in made.answers)
    click.echo(
        f"{file}: answers written to {written} of {words.count(len(made.answers), 'question')}, "
        f"{words.count(len(made.notes), 'section note')}, "
        f"{words.count(len(made.results), 'experiment')}"
    )


def _notes(desk: Desk, file: Path, form: str, chapters: list[int]) -> None:
    from studyapp.study import exports, library, sent, words

    with stoppable("written") as told:
        with desk.reading() as connection:
            made = exports.collect(connection, chapters, desk.now(), learner=desk.learner)
        lost, former = exports.save(file, form, made, desk.now(), told)
        sent.keep(library.packs_of(desk), [file])
    if former != file:
        _say_where(file, former)
    click.echo(f"{file}: {words.count(len(made.foreign.notes), 'note')} ({form})")
    if told_lost := exports.sentence(form, lost):
        click.echo(told_lost)


def _native(desk: Desk, file: Path, chapters: list[int]) -> None:
    from studyapp.study import exports, native, words

    with desk.reading() as connection:
        notes, lost = native.save(connection, file, chapters, learner=desk.learner)
    click.echo(f"{file}: {words.count(notes, 'note')} (native)")
    if told_lost := exports.sentence("native", lost):
        click.echo(told_lost)


def _log(desk: Desk, file: Path, form: str, chapters: list[int]) -> None:
    from studyapp.study import reviewlog, words

    with stoppable("written") as told, desk.reading() as connection:
        reviews, others = reviewlog.save(
            connection, file, form, chapters, told, learner=desk.learner
        )
    click.echo(f"{file}: {words.count(reviews, 'review')}")
    if others:
        entries = f"{others:,} other {'entry' if others == 1 else 'entries'}"
        click.echo(
            f"Not in it, as it is a table of reviews: {entries} (forgotten, known, imported)."
        )


def _say_where(file: Path, former: Path) -> None:
    click.echo(f"{file} was there with other text, which is now {former}")
