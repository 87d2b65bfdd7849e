"""Answers without their questions: a numbered list, or what stands below headings that are numbers.

Only who says whose questions they answer can have them read. Nothing in them need ask, so nothing
here looks for that.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from studyapp.notes import answerkey, encoding, preparation
from studyapp.notes.answer import worded
from studyapp.notes.foreign import Foreign, ForeignNote
from studyapp.notes.note import Problem
from studyapp.notes.outline import Outline, dedented

SHAPE = "numbered answer"
_ITEM = re.compile(
    r"(?P<indent>[ \t]*)(?:[-*+•][ \t]+)?(?P<bold>\*\*|__)?(?P<number>\d{1,3})"
    r"(?:[ \t]*[.):]|(?=[ \t]+[-–—]))(?(bold)(?P=bold))(?:[ \t]+[-–—])?(?:[ \t]+(?P<said>.*)|$)"
)
_TITLE = re.compile(r"#{1,6}[ \t]+\W*(?P<number>\d{1,3})\b\W*")
_HEADING = re.compile(r"#{1,6}[ \t]")
_RULE = re.compile(r"[ \t]*(?:[-*_][ \t]*){3,}")


@dataclass(frozen=True, slots=True)
class _Start:
    """Where an answer begins: its line from 0, its number, and what that line says of it."""

    at: int
    number: int
    said: str
    indent: int


def read(path: Path) -> Foreign:
    """Read the answers of a file, as notes that ask nothing, each with its number. Raises
    StudyError if it cannot be read, or is no text."""
    return parse(encoding.text_of(path), path)


def parse(text: str, path: Path) -> Foreign:
    """The answers of a *text*; what belongs to none, and is no heading, is told."""
    outline = Outline(preparation.with_formulas(re.sub(r"\r\n?", "\n", text).split("\n")))
    lines, places = outline.lines, range(outline.begins, len(outline.lines))
    outside = [at for at in places if not outline.is_inside(at)]
    starts = list(_titles(lines, outside)) or list(_items(lines, outside))
    numbers = answerkey.counted([one.number for one in starts])
    headings = {at for at in outside if _HEADING.match(lines[at])}
    ends = [*sorted(headings.union(one.at for one in starts)), len(lines)]
    notes, read_lines = list[ForeignNote](), set(headings)
    for one, number in zip(starts, numbers, strict=True):
        end = ends[bisect_right(ends, one.at)]
        answer = worded("\n".join([one.said, *dedented(lines[one.at + 1 : end])]))
        read_lines.update(range(one.at, end))
        guid = f"{SHAPE} {number}"
        notes.append(ForeignNote(guid, "", answer, line=one.at + 1, shape=SHAPE, number=number))
    left = [at for at in places if lines[at].strip() and not _RULE.fullmatch(lines[at])]
    loose = (list(run) for is_read, run in groupby(left, read_lines.__contains__) if not is_read)
    told = (Problem(path, run[0] + 1, "this has no number, and is not read") for run in loose)
    return Foreign(tuple(notes), problems=tuple(told))


def _titles(lines: list[str], places: list[int]) -> Iterator[_Start]:
    """The headings that are numbers alone."""
    for at in places:
        if found := _TITLE.fullmatch(lines[at]):
            yield _Start(at, int(found["number"]), "", 0)


def _items(lines: list[str], places: list[int]) -> Iterator[_Start]:
    """The numbered lines, but for those within others."""
    found = [
        _Start(at, int(one["number"]), one["said"] or "", len(one["indent"].expandtabs(4)))
        for at in places
        if (one := _ITEM.fullmatch(lines[at]))
    ]
    least = min((one.indent for one in found), default=0)
    yield from (one for one in found if one.indent == least)
