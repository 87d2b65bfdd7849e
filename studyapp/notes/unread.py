"""What was passed over, as problems: of a text one for the lines that stand together, or a file."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from studyapp.errors import ContentError, StudyError
from studyapp.notes.note import Problem

MAY_BE_A_NOTE = "this may be a note, and is read as part of an answer"
MAY_BE_A_FAREWELL = "this speaks to who reads it, and is read as part of an answer"
MAY_ANSWER = "what stands behind this question may be its answer, and is read as part of it"
MAY_BE_A_CHOICE = "the options below this question may be a choice: they are read as its answer"
MAY_BE_BELOW = "what stands below the list of this question is read as its answer"

MAY_PAIR = (
    "this table may be of questions and answers, which cannot be seen for sure: call its columns "
    "Question and Answer, or Term and Meaning, and it is read"
)

MAY_DEFINE = (
    "this may define a term, which cannot be seen for sure: below a heading that says Glossary or "
    "Terms it is read"
)


def whole(path: Path, error: StudyError, so: str = "not read") -> Problem:
    """That nothing of a file came of it, and why, where it stands among others."""
    if isinstance(error, ContentError):
        return Problem(path, error.line, f"{so}: {error.message}")
    why = str(error)
    why = f"it {why.removeprefix(f'{path} ')}" if why.startswith(f"{path} ") else why
    return Problem(path, 0, f"{so}: {why}")


def told(lines: Sequence[str], read: Collection[int], path: Path, why: str) -> Iterator[Problem]:
    """Problems of the lines, counted from 0, that are not among those that were *read*."""
    first = last = -1
    for at, line in enumerate([*lines, "."]):
        if not line.strip():
            continue
        if at in read or at == len(lines):
            if first >= 0:
                yield Problem(path, first + 1, f"{upto(first + 1, last + 1)}{why}")
            first = -1
        elif first < 0:
            first = at
        last = at if at < len(lines) else last


def upto(first: int, last: int) -> str:
    """Begins a sentence about lines that go on to *last*."""
    return f"up to line {last}: " if last > first else ""
