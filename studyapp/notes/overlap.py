"""Runs of words that content shares with other texts: facts carry over, sentences may not."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from studyapp.errors import StudyError
from studyapp.notes.note import ContentFile, Problem

RUN = 8  # words in a row


def overlaps(pages: Iterable[ContentFile], folder: Path) -> Iterator[Problem]:
    """Yield each place where a content file shares eight words in a row with a file of *folder*.

    Titles of the table of contents are exempt. Raises StudyError if there is no such folder.
    """
    if not folder.is_dir():
        raise StudyError(f"There is no folder {folder} to compare with.")
    theirs: dict[tuple[str, ...], str] = {}
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        words = [word for _, word in _words(path.read_text("utf-8", errors="replace"))]
        theirs.update((run, path.name) for run in _runs(words))
    kept = list(pages)
    exempt = {
        run
        for page in kept
        for section in page.sections
        for run in _runs([word for _, word in _words(f"{section.number} {section.title}")])
    }
    for path in dict.fromkeys(page.path for page in kept):
        yield from _in_file(path, theirs, exempt)


def _in_file(
    path: Path, theirs: dict[tuple[str, ...], str], exempt: set[tuple[str, ...]]
) -> Iterator[Problem]:
    ours = _words(path.read_text("utf-8"))
    last = -RUN
    for at, run in enumerate(_runs([word for _, word in ours])):
        if run in theirs and run not in exempt and at >= last + RUN:
            last = at
            words = " ".join(run)
            yield Problem(path, ours[at][0], f"shares eight words with {theirs[run]}: {words}")


def _words(text: str) -> list[tuple[int, str]]:
    """(line, word) of each word, lower-case, signs left out."""
    return [
        (line, word)
        for line, words in enumerate(text.splitlines(), 1)
        for word in re.findall(r"[^\W_]+", words.casefold())
    ]


def _runs(words: list[str]) -> Iterator[tuple[str, ...]]:
    return (tuple(words[at : at + RUN]) for at in range(len(words) - RUN + 1))
