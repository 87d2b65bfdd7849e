"""What a note is known by while its text is being changed: its ids, and what an import wrote.

A file that lacks an id is given one; a note that had one is told which.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from difflib import get_close_matches

from studyapp.notes.mark import spelled
from studyapp.notes.note import CardStyle, Depth, Note, Problem
from studyapp.notes.paragraph import joined

_MARK = re.compile(r"\{#([a-z0-9-]+)\}")
_LACKS = "has no {#id}"  # what a reader says of it
_KEYS: Sequence[tuple[str, object]] = (  # of a comment, and what a note has without it
    ("number", None),
    ("section", None),
    ("family", None),
    ("tags", ()),
    ("card", CardStyle.ANSWER),
    ("need", None),
    ("as-of", None),
    ("synonyms", ()),
    ("long", None),
    ("depth", Depth.CORE),
    ("book", None),
    ("reverse", True),
    ("changed", None),
)


def told(name: str) -> str:
    """That an id has to stay."""
    return f"the id must stay {{#{name}}}: what is known of its card hangs on it"


def kept(
    had: Note, before: str, text: str, read: Note | None, problems: Sequence[Problem]
) -> tuple[Note | None, tuple[Problem, ...]]:
    """What was *read* of the new *text* of the note that was *had*, None if it is no longer that
    one, and what is wrong with it, with the ids that it had *before* and has to have."""
    wrong = [_advised(one, before, text) for one in problems]
    if read is not None and read.id != had.id:
        return None, (Problem(read.path, read.line, told(had.id)), *wrong)
    if read is not None and (read.guid, read.origin) != (had.guid, had.origin):
        return None, (Problem(read.path, _last_line(text), _imported(had)), *wrong)
    if read is not None:
        wrong += [Problem(read.path, line, told(was)) for line, was in _changed(before, text)]
    return read, tuple(sorted(wrong))


def lost(had: Note, now: Note) -> str:
    """What the comment of a note said, if an edit has left nothing of it: tags: verb, card: cloze.
    Who takes one key of it away has seen the others."""
    said = [_pairs(one) for one in (had, now)]
    return "" if said[1] else ", ".join(f"{key}: {value}" for key, value in said[0].items())


def _pairs(note: Note) -> dict[str, str]:
    found = ((key, getattr(note, key.replace("-", "_")), usual) for key, usual in _KEYS)
    said = {key: value for key, value, usual in found if value != usual}
    return {key: _spelled(key, value) for key, value in said.items()}


def _spelled(key: str, value: object) -> str:
    if isinstance(value, tuple):
        return ("; " if key == "synonyms" else " ").join(value)
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def _imported(had: Note) -> str:
    """That what an import wrote has to stay; nothing else has to of what it did not."""
    guid = f"guid: {spelled(had.guid)}" if had.guid else ""
    origin = f"origin: {had.origin}" if had.origin else ""
    said = ", ".join(filter(None, (guid, origin)))
    if not said:
        return "guid and origin are what an import writes: leave them out"
    return f"<!-- {said} --> must stay: the next import knows the note by it"


def _last_line(text: str) -> int:
    """The line of its last comment, or the last one."""
    lines = text.rstrip().split("\n")
    return next((at for at in range(len(lines), 0, -1) if "<!--" in lines[at - 1]), len(lines))


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
