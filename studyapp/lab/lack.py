"""What an experiment lacks before it can teach: read from its files, and nothing of it runs.

What only a run can tell is told by the one that its author has kept: the reference figures.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from studyapp.errors import SettingError, StudyError
from studyapp.lab import knobs, reference
from studyapp.lab.catalog import Declaration
from studyapp.lab.grade import Verdict, grade, interval
from studyapp.lab.protocol import Choice, When
from studyapp.lab.reference import Reference

Part = Literal["question", "fact", "default", "interval", "meaning"]


@dataclass(frozen=True, slots=True)
class Lack:
    """One thing that is missing: in which lesson, of which part, and what to do about it."""

    lesson: str
    part: Part
    message: str

    def __str__(self) -> str:
        return f"{self.lesson}: {self.message}"


def of(lesson: Declaration) -> tuple[Lack, ...]:
    """Return what the lesson lacks, part by part."""
    found = (*_of_question(lesson), *_of_knobs(lesson), *_of_meaning(lesson), *_of_figures(lesson))
    return tuple(Lack(lesson.name, part, message) for part, message in found)


def _of_question(lesson: Declaration) -> Iterator[tuple[Part, str]]:
    question = lesson.question
    if not question.text.strip():
        yield "question", "the question has no words; say what is to be predicted."
    if any(not choice.text.strip() for choice in question.choices):
        yield "question", "an answer has no words."
    if not all(name.strip() for name in deciding(lesson)):
        yield "fact", "no figure decides the question; name one of the result's facts."


def _of_knobs(lesson: Declaration) -> Iterator[tuple[Part, str]]:
    for knob in lesson.knobs:
        if not knob.help.strip():
            what = f"{knob.name} = {knob.default}"
            yield "default", f"nothing says why {what} is a good default; its help can."


def _of_meaning(lesson: Declaration) -> Iterator[tuple[Part, str]]:
    """A text that is true whatever came out explains none of the answers."""
    if not lesson.meaning:
        yield "meaning", "nothing says what a result means."
        return
    texts = () if isinstance(lesson.meaning, str) else lesson.meaning
    own = deciding(lesson)
    told = [when for when in texts if when.fact in own] or [when for when in texts if when.fact]
    for choice in lesson.question.choices:
        if not any(_can_be_true(when, choice, lesson.question.fact) for when in told):
            yield "meaning", f"nothing says what it means if “{choice.text}” is right."


def _can_be_true(when: When, choice: Choice, fact: str) -> bool:
    """Whether a text may be true of a run that makes an answer right; of another figure than the
    one that decides, nobody can tell without a run."""
    if when.fact != (choice.fact or fact):
        return choice.fact is None and when.fact != fact
    low = max((it for it in (when.low, choice.low) if it is not None), default=-math.inf)
    high = min((it for it in (when.high, choice.high) if it is not None), default=math.inf)
    is_point = when.low == when.high or choice.low == choice.high  # ranges may share a mere end
    return low < high or (low == high and is_point)


def _of_figures(lesson: Declaration) -> Iterator[tuple[Part, str]]:
    """What a run at the defaults would show, and the one that is kept does."""
    try:
        kept = reference.read(reference.path(lesson)).get(lesson.name)
    except StudyError as error:
        yield "default", str(error)
        return
    if kept is None or not _is_of(kept, lesson):
        yield (
            "default",
            f"only a run can tell whether the defaults settle the question, and whether what "
            f"decides it has an interval; studyapp lab reference {lesson.name} makes one and keeps "
            "its figures.",
        )
        return
    lacking = False
    for name in deciding(lesson):
        if kept.fact(name) is None:
            lacking = True
            yield "fact", f"the run at the defaults measured no {name}, which decides the question."
        elif interval(name, kept.facts) is None:
            lacking = True
            yield (
                "interval",
                f"{name} has no interval and so decides nothing; repeat with several seeds, or say "
                "that it is exact.",
            )
    if not lacking and not _is_settled(lesson, kept):
        yield "default", "the run at the defaults leaves the question open; take other defaults."


def _is_of(kept: Reference, lesson: Declaration) -> bool:
    """Whether the figures are of this version at its defaults, however often they are repeated."""
    try:
        at = knobs.canonical(lesson.knobs, kept.knobs)
    except SettingError:  # of a knob that is no longer there, or allows less
        return False
    return kept.version == lesson.version and at == knobs.canonical(lesson.knobs, {})


def _is_settled(lesson: Declaration, kept: Reference) -> bool:
    choices = lesson.question.choices
    right = [grade(lesson.question, it.text, kept.facts) is Verdict.RIGHT for it in choices]
    return not choices or any(right)


def deciding(lesson: Declaration) -> tuple[str, ...]:
    """The figures that decide the question: each arm's own, or the one of all answers."""
    own = [choice.fact for choice in lesson.question.choices if choice.fact]
    return tuple(own) or (lesson.question.fact,)
