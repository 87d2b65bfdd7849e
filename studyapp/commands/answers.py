"""What `studyapp import --as-attempt` does: answers to a chapter, shown and then brought in."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from textwrap import shorten
from typing import TYPE_CHECKING, Any

import click

from studyapp.commands.opening import print_json
from studyapp.errors import StudyError

if TYPE_CHECKING:
    from pathlib import Path

    from studyapp.notes.note import Problem
    from studyapp.study.desk import Desk
    from studyapp.study.imports import Source
    from studyapp.study.questionnaire.arrival import Proposal

_LISTED = 90  # characters of a question in a list
_MOST = 500  # questions of a file that may be a questionnaire


def take(
    desk: Desk,
    files: Sequence[Path],
    form: str | None,
    chapter: str | None,
    failed: list[Problem],
    *,
    dry_run: bool,
    undo: bool,
    yes: bool,
    as_json: bool,
) -> bool:
    """Bring each file's answers in as an attempt, once the learner has seen what they answer; or
    take them back. Whether something of them has no place. Of several files one that cannot be has
    `failed` (see `imports.told_apart`). Raises StudyError as `arrival` does for a single one."""
    from studyapp.study import imports, words
    from studyapp.study.questionnaire import arrival

    several, proposed = len(files) > 1, list[arrival.Proposal]()
    for file in files:
        with imports.told_apart(file, failed, several=several):
            one = arrival.match(desk, file, arrival.read(desk, file, form)[1], chapter)
            if not undo:
                _check_apart(one, proposed)
            proposed.append(one)
    left = any(one.unmatched for one in proposed)
    if undo:
        for one in proposed:
            click.echo(f"{one.path}: {_count(arrival.take_back(desk, one))} taken back")
        return False
    done = []
    for one in proposed:
        if not as_json:
            _show(one)
        brought = None
        if not dry_run and not one.known and _agreed(one, yes=yes, as_json=as_json):
            with imports.told_apart(one.path, failed, several=several):
                brought = arrival.bring_attempt(desk, one)
        done.append(brought)
    for one, brought in zip(proposed, done, strict=True):
        if brought is None or as_json:
            continue
        questions = words.count(brought.answers, "question")
        click.echo(f"Answers to {questions} of {one.name}; its questionnaire goes on there.")
        for problem in brought.problems:
            click.echo(problem)
    if as_json:
        rows = zip(proposed, done, strict=True)
        print_json([_as_json(one, brought.answers if brought else 0) for one, brought in rows])
    elif dry_run:
        click.echo("Dry run: nothing was changed.")
    return left or any(brought.problems for brought in done if brought)


def taken_back(desk: Desk, path: Path, form: str | None) -> str:
    """Take back what a file has brought as answers, and say so; empty if that is nothing."""
    from studyapp.study.questionnaire import arrival

    try:
        gone, stay = arrival.take_out(desk, path, arrival.read(desk, path, form)[1])
    except StudyError:  # it is not there any more, or has no answers
        return ""
    if not (gone or stay):
        return ""
    told = f"{_count(gone)} taken back"
    return f"{told}; judged or changed since, and here as before: {stay:,}" if stay else told


def hint(desk: Desk, source: Source) -> str:
    """That a file looks like a questionnaire of a chapter which somebody has filled in; empty if it
    does not."""
    from studyapp.notes.note import NoteKind
    from studyapp.study import words
    from studyapp.study.questionnaire import arrival

    asked = sum(one.kind is NoteKind.QUESTION for one in source.foreign.notes)
    if not 1 < asked <= _MOST:
        return ""
    try:
        found = arrival.match(desk, source.path, source.foreign)
    except StudyError:
        return ""
    if 2 * len(found.matched) < asked:
        return ""
    count = words.count(len(found.matched), "question")
    return f"{count} of {found.name} in it: --as-attempt brings the answers there, to be judged."


def _check_apart(one: Proposal, others: Sequence[Proposal]) -> None:
    """Raises StudyError if another file has answers to the same chapter, which this one would end
    before they are judged."""
    other = next((it for it in others if it.chapter == one.chapter and not it.known), None)
    if other is not None and not one.known:
        raise StudyError(
            f"{one.path} answers {one.name} as {other.path} does, whose answers it would end "
            "unjudged: bring it in once they are judged."
        )


def _show(one: Proposal) -> None:
    from studyapp.study import words

    count = words.count(len(one.matched), "question")
    parts = sum(len(match.notes) for match in one.matched)
    asked = f", asked here as {parts}" if parts > len(one.matched) else ""
    before = " (imported before)" if one.known else ""
    click.echo(f"{one.path}: {count} of {one.name}{asked}{before}")
    for match in one.matched:
        click.echo(f"  line {match.line}: {_short(match.said)}")
        click.echo(f"    {match.told(_short)}")
    for problem in one.unmatched:
        click.echo(problem)
    if one.ending:
        click.echo(one.ending)


def _agreed(one: Proposal, *, yes: bool, as_json: bool) -> bool:
    """Whether the learner wants it: asked on a terminal. Where nobody can be asked, only --yes says
    so. Raises StudyError without it."""
    if yes:
        return True
    if sys.stdin.isatty() and not as_json:
        return click.confirm(f"Bring {_count(len(one.answered))} in as an attempt?")
    ends = f"{one.ending} " if one.ends and as_json else ""
    raise StudyError(f"{ends}Nothing was changed; --yes brings the answers in without being asked.")


def _count(answers: int) -> str:
    from studyapp.study import words

    return words.count(answers, "answer")


def _short(text: str) -> str:
    return shorten(text, _LISTED, placeholder=" …")


def _as_json(one: Proposal, brought: int) -> dict[str, Any]:
    return {
        "path": str(one.path),
        "chapter": one.name,
        "known": one.known,
        "brought": brought,
        "ends": one.ends is not None,
        "matched": list(_matches(one)),
        "unmatched": [{"line": it.line, "message": it.message} for it in one.unmatched],
    }


def _matches(one: Proposal) -> Iterator[dict[str, Any]]:
    for match in one.matched:
        yield {
            "line": match.line,
            "question": match.question,
            "answer": match.answer,
            "number": match.number,
            "asked": list(match.asked),
            "by": match.by.value,
            "likeness": round(match.likeness, 2),
        }
