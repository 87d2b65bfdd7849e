"""A reading: the sections of a chapter, or the moments of a lecture."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from studyapp.notes.note import Moment, Section
from studyapp.notes.page import comment
from studyapp.notes.page.comment import Line
from studyapp.notes.page.field import PAIR, fields_of
from studyapp.notes.page.file import Chunk, File
from studyapp.notes.page.identifier import identify

_SECTION = re.compile(r"([0-9]{1,6}\.[0-9]{1,6})(?:\s+(.*))?$")
_CLOCK = re.compile(r"([0-9]+(?::[0-9]+)+)(?:\s+(.*))?$")
_TIME = re.compile(r"(?:([0-9]{1,2}):(?=[0-9]{2}:))?([0-5]?[0-9]):([0-5][0-9])")


def sections(file: File, chunks: Sequence[Chunk]) -> Iterator[Section]:
    """The sections of a chapter: one below each heading that has a number."""
    for chunk, line, title in _headings(file, chunks):
        match = _SECTION.match(title)
        if match is None or not match[2]:
            file.report(line, f"a heading here needs a section number, ## 1.19 Title: {title}")
        else:
            text = _text(comment.split(file, chunk)[1])
            yield Section(match[1], match[2], text, file.path, line)


def moments(file: File, chunks: Sequence[Chunk]) -> Iterator[Moment]:
    """The moments of a lecture, in the order of their times."""
    before = -1
    for chunk, line, title in _headings(file, chunks):
        match = _CLOCK.match(title)
        if match is None or not match[2]:
            file.report(line, f"a heading here needs a time, ## 31:20 Title: {title}")
            continue
        time = _TIME.fullmatch(match[1])
        if time is None:
            file.report(line, f"the time {match[1]} is not one like 31:20 or 1:02:48")
            continue
        seconds = 3600 * int(time[1] or 0) + 60 * int(time[2]) + int(time[3])
        if seconds <= before:
            file.report(line, f"the time {match[1]} is not after the one before it")
        before = seconds
        comments, lines = comment.split(file, chunk)
        fields: dict[str, Any] = {}
        for number, text in comments:
            if re.match(r"(?!source\b)[\w-]+\s*:", text):
                fields |= fields_of(file, number, PAIR.findall(text))
        yield Moment(seconds, match[2], fields.get("section"), _text(lines), file.path, line)


def _headings(file: File, chunks: Sequence[Chunk]) -> Iterator[tuple[Chunk, int, str]]:
    """What is below each heading that is not empty, with the heading's line and text."""
    for chunk in chunks:
        if chunk.title is not None:
            line = chunk.start + 1
            title, _ = identify(file, line, chunk.title)
            if title:
                yield chunk, line, title
            else:
                file.report(line, "the heading is empty")


def _text(lines: Sequence[Line]) -> str:
    return "\n".join(line.text for line in comment.kept(lines, set()))
