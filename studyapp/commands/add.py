"""The command that catches a question wherever one is: add."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

from studyapp.commands.opening import JSON, Opening, print_json
from studyapp.errors import StudyError, printable

if TYPE_CHECKING:
    from studyapp.study.capture import Caught, Kept
    from studyapp.study.desk import Desk

_HINT = "<!-- The question stands behind ##, its answer here; another ## begins another card. -->"
_KNOWN = ("question", "answer", "source", "tags")


@click.command()
@click.argument("question", required=False)
@click.argument("answer", required=False, default="")
@click.option(
    "--source", default="", metavar="TEXT", help="Where it comes from: an address, a page."
)
@click.option(
    "--tag", "tags", multiple=True, metavar="WORD", help="A tag; more than once for more."
)
@JSON
@click.pass_obj
def add(
    opening: Opening,
    question: str | None,
    answer: str,
    source: str,
    tags: tuple[str, ...],
    as_json: bool,
) -> None:
    """Keep a question as a draft, for Today to show until it is accepted as a card.

    Without QUESTION it is written in $EDITOR. With - or from a pipe each line is a JSON object with
    question, answer, source and tags; if one is none, nothing of them is added.
    """
    from studyapp.study.capture import Caught
    from studyapp.study.capture import add as keep

    if question == "-" and answer:
        raise click.UsageError("With - the answers come from standard input; give no ANSWER.")
    with opening.desk() as desk:
        if question not in (None, "-"):
            added = keep(desk, [Caught(question or "", answer, source, tags)])
        elif question is None and sys.stdin.isatty():
            added = _written(desk, source, tags)
        else:
            added = keep(desk, list(_lines(source, tags)))
    if as_json:
        print_json({"added": [_as_json(one) for one in added]})
        return
    from studyapp.study import words

    waits = "it waits" if len(added) == 1 else "they wait"
    click.echo(f"{words.count(len(added), 'draft')} added; {waits} on Today.")
    for one in added:
        if one.twin:
            click.echo(f"  {one.note.prompt}: nearly this is here: {one.twin}")


def _as_json(one: Kept) -> dict[str, Any]:
    return {"id": one.note.id, "question": one.note.prompt, "twin": one.twin or None}


def _lines(source: str, tags: tuple[str, ...]) -> Iterator[Caught]:
    """What comes in on standard input. Raises StudyError, with its line, for what is none."""
    lines = sys.stdin.buffer.read().removeprefix(b"\xef\xbb\xbf").split(b"\n")
    if not any(line.strip() for line in lines):
        raise StudyError(
            "Nothing came in; give QUESTION and ANSWER, or lines of JSON on standard input."
        )
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                yield _caught(json.loads(line.decode()), number, source, tags)
            except (ValueError, RecursionError) as error:
                why = error.args[0] if isinstance(error, _NoCardError) else "it is no JSON object"
                raise StudyError(f"Line {number}: {printable(why)}. Nothing was added.") from None


class _NoCardError(ValueError):
    """A line of JSON that is no question; says why."""


def _caught(value: Any, line: int, source: str, tags: Sequence[str]) -> Caught:
    from studyapp.study.capture import Caught

    if not isinstance(value, dict):
        raise _NoCardError("it is no JSON object")
    unknown = next((name for name in value if name not in _KNOWN), None)
    if unknown is not None:
        raise _NoCardError(f"there is no field {unknown[:40]!r}; known are {', '.join(_KNOWN)}")
    texts = [value.get(name) or "" for name in _KNOWN[:3]]
    wrong = next(
        (name for name, one in zip(_KNOWN, texts, strict=False) if not _is_text(one)), None
    )
    if wrong is not None:
        raise _NoCardError(f"{wrong} is no text")
    its = value.get("tags") or []
    if not isinstance(its, list) or not all(map(_is_text, its)):
        raise _NoCardError("tags is no list of texts")
    question, answer, said = texts
    return Caught(question, answer, said or source, (*its, *tags), line)


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _written(desk: Desk, source: str, tags: Sequence[str]) -> tuple[Kept, ...]:
    """What is written in $EDITOR; what is no card yet is there again the next time."""
    from studyapp.study import capture

    begun = capture.read_begun(desk)
    try:
        saved = click.edit(begun or _template(source, tags), extension=".md", require_save=True)
    except UnicodeDecodeError as error:
        raise StudyError("What was saved is no text in UTF-8, and nothing was added.") from error
    text = (saved or "").replace(_HINT, "")
    if not re.sub(r"<!--.*?-->|#", "", text, flags=re.DOTALL).strip():
        raise StudyError("Nothing was written, and nothing added.")
    try:
        added = capture.add_written(desk, text)
    except StudyError as error:
        capture.keep_begun(desk, text)
        raise StudyError(f"{error} The text is kept; add without QUESTION goes on.") from error
    capture.keep_begun(desk, "")
    return added


def _template(source: str, tags: Sequence[str]) -> str:
    parts = ["## ", _HINT]
    parts += [f"<!-- tags: {' '.join(tags)} -->"] if tags else []
    parts += [f"<!-- source: {source} -->"] if source else []
    return "\n\n".join(parts) + "\n"
