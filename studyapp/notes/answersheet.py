"""Answers without their questions: a numbered list, or headings that are numbers alone.

Only who says whose questions they answer can have them read. Nothing in them need ask, so nothing
here looks for that.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from studyapp.notes import answerkey, prose
from studyapp.notes.answer import worded
from studyapp.notes.foreign import Foreign, ForeignNote
from studyapp.notes.note import Problem
from studyapp.notes.outline import Block, Kind, Outline, dedented

SHAPE = "numbered answer"
_NUMBER = re.compile(r"\W*(?:(?:question|answer|q|a)\b[ \t]*)?(\d{1,3})[.):]?\W*", re.IGNORECASE)


def read(path: Path) -> Foreign:
    """Read the answers of a file, as notes that ask nothing, each with its number. Raises
    StudyError if it cannot be read, or is no text."""
    return parse(prose.text_of(path), path)


def parse(text: str, path: Path) -> Foreign:
    """The answers of a *text*; what stands above the first one, and is no heading, is told."""
    outline = Outline(re.sub(r"\r\n?", "\n", text).split("\n"))
    titled = {at: number for at, one in enumerate(outline.blocks) if (number := _title(one))}
    listed = [at for at, one in enumerate(outline.blocks) if one.kind is Kind.NUMBERED]
    numbers = answerkey.counted([outline.blocks[at].number for at in listed])
    begins: dict[int, int | None] = {**titled} or dict(zip(listed, numbers, strict=True))
    notes, problems, number, held = list[ForeignNote](), list[Problem](), None, list[Block]()
    for at, block in enumerate(outline.blocks):
        if at in begins or block.kind is Kind.HEADING:
            notes += _answer(outline, held, number)
            number, held = begins.get(at), []
        if number is not None:
            held.append(block)
        elif block.kind not in (Kind.HEADING, Kind.RULE):
            problems.append(Problem(path, block.first + 1, "this has no number, and is not read"))
    notes += _answer(outline, held, number)
    return Foreign(tuple(notes), problems=tuple(problems))


def _title(block: Block) -> int | None:
    found = _NUMBER.fullmatch(block.text) if block.kind is Kind.HEADING else None
    return int(found[1]) if found else None


def _answer(outline: Outline, blocks: Sequence[Block], number: int | None) -> Iterator[ForeignNote]:
    """What an item says with all that follows it, or what stands below a heading."""
    if number is None:
        return
    first, *_ = blocks
    said = "" if first.kind is Kind.HEADING else first.text
    below = "\n".join(dedented(outline.lines[first.first + 1 : blocks[-1].end]))
    answer = worded(f"{said}\n{below}" if below else said)
    yield ForeignNote(
        f"{SHAPE} {number}", "", answer, line=first.first + 1, shape=SHAPE, number=number
    )
