"""The ids of a note whose text is being changed: each stays, as a card is known by it.

A file that lacks an id is given one; a note that had one is told which.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from difflib import get_close_matches

from studyapp.notes.note import Note, Problem
from studyapp.notes.paragraph import joined

_MARK = re.compile(r"\{#([a-z0-9-]+)\}")
_LACKS = "has no {#id}"  # what a reader says of it


def told(name: str) -> str:
    """That an id has to stay."""
    return f"the id must stay {{#{name}}}: what is known of its card hangs on it"


def kept(
    name: str, before: str, text: str, read: Note | None, problems: Sequence[Problem]
) -> tuple[Note | None, tuple[Problem, ...]]:
    """What was *read* of the new *text* of the note *name*, None if it is no longer that one, and
    what is wrong with it, with the ids that it had *before* and has to have."""
    wrong = [_advised(one, before, text) for one in problems]
    if read is not None and read.id != name:
        return None, (Problem(read.path, read.line, told(name)), *wrong)
    if read is not None:
        wrong += [Problem(read.path, line, told(was)) for line, was in _changed(before, text)]
    return read, tuple(sorted(wrong))


def _advised(problem: Problem, before: str, text: str) -> Problem:
    """A problem; where an id is missing that was there, with that one."""
    lines = text.split("\n")
    if _LACKS not in problem.message or problem.line > len(lines):
        return problem
    had = dict(_lines(before, {*_MARK.findall(before)} - {*_MARK.findall(text)}))
    near = get_close_matches(_bare(lines[problem.line - 1]), had, n=1)
    lost = had[near[0]] if near else next(iter(had.values())) if len(had) == 1 else None
    what, _, _ = problem.message.partition(_LACKS)
    advice = told(lost[0]) if lost else f"{what}{_LACKS}; write one, as {{#a-name}}"
    return replace(problem, message=advice)


def _changed(before: str, text: str) -> Iterator[tuple[int, str]]:
    """The lines that say what they did, but for an id, and that id."""
    had = dict(_lines(before, _MARK.findall(before)))
    for number, line in enumerate(text.split("\n"), start=1):
        now, was = _MARK.findall(line), had.get(_bare(line), ())
        if len(now) == len(was):
            yield from ((number, old) for old, new in zip(was, now, strict=True) if old != new)


def _lines(before: str, names: Iterable[str]) -> Iterator[tuple[str, Sequence[str]]]:
    """What stands in the lines that have one of these ids, and which, also with each paragraph on
    one line."""
    wanted = {*names}
    for line in (*before.split("\n"), *joined(before)[0].split("\n")):
        if some := [one for one in _MARK.findall(line) if one in wanted]:
            yield _bare(line), some


def _bare(line: str) -> str:
    return " ".join(_MARK.sub("", line).split())
