"""A prediction beside its result, in words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from sqlalchemy import Connection

from studyapp.lab import grade as grading
from studyapp.lab.catalog import Declaration
from studyapp.lab.grade import Verdict
from studyapp.lab.protocol import Fact
from studyapp.study import words
from studyapp.study.lab import facts, runs
from studyapp.study.lab.predictions import Graded

_NEWS = timedelta(weeks=1)  # that a result is


def verdict(lesson: Declaration, graded: Graded, measured: Sequence[Fact]) -> str:
    """What became of it: "Right.", "Wrong. It was: higher." or why the run does not settle it."""
    if graded.grade is Verdict.RIGHT:
        return "Right."
    if graded.grade is Verdict.WRONG:
        right = truth(lesson, measured)
        return f"Wrong. It was: {right}." if right else f"Wrong. Not {graded.prediction.answer}."
    if graded.grade is Verdict.UNRESOLVED:
        name = deciding(lesson, graded)
        found = next((fact for fact in measured if fact.name == name), None)
        if found is None:
            return f"Unresolved: this run did not measure the {name.replace('_', ' ')}."
        if found.low is None or found.high is None:
            return "Unresolved: a single figure has no interval; take more seeds."
        return _unresolved(lesson, found)
    return "No result, so nothing to hold it against."


def _unresolved(lesson: Declaration, found: Fact) -> str:
    figure = facts.told(lesson, found)
    if lesson.question.kind == "arms":
        return f"Unresolved: {figure}. The interval holds 0, so it may be ahead or behind."
    return f"Unresolved: {figure}. The interval lies partly in your answer and partly outside."


def truth(lesson: Declaration, measured: Sequence[Fact]) -> str:
    """The answer that the facts make right, or the figure itself; empty if they settle nothing."""
    if lesson.question.kind == "number":
        found = next((fact for fact in measured if fact.name == lesson.question.fact), None)
        return facts.measured(found) if found else ""
    return next(
        (
            choice.text
            for choice in lesson.question.choices
            if grading.grade(lesson.question, choice.text, measured) is Verdict.RIGHT
        ),
        "",
    )


def not_scored(graded: Graded) -> str:
    """Why a prediction has no part in the learner's scores; empty if it has one."""
    if not graded.prediction.naive:
        return "Kept, not scored: you had seen this experiment before."
    if graded.grade is Verdict.UNRESOLVED:
        return "Kept, not scored."
    return ""


def cost(graded: Graded) -> str:
    """What this answer costs, given how sure the learner was; empty if it is not scored."""
    sure = graded.prediction.confidence
    if graded.score is None or sure is None:
        return ""
    how = "Right" if graded.grade is Verdict.RIGHT else "Wrong"
    return f"{how} at {sure:.0%} sure costs {graded.score:.2f} (0 at best, 1 if sure and wrong)"


def deciding(lesson: Declaration, graded: Graded | None) -> str:
    """The name of the fact that a run is judged by: an arm's own, if one was chosen."""
    chosen = graded.prediction.answer if graded else None
    own = [choice.fact for choice in lesson.question.choices if choice.text == chosen]
    return (own[0] if own else None) or lesson.question.fact


def latest(connection: Connection, today: date, *, learner: int) -> str:
    """The learner's newest result of any experiment, on one line; empty before the first, and
    once it is no news."""
    results = runs.last_results(connection, learner=learner).values()
    newest = max(results, key=lambda run: (run.finished, run.id), default=None)
    if newest is None or today - newest.finished.date() >= _NEWS:
        return ""
    grade = newest.prediction.grade if newest.prediction else None
    told = f": you were {grade.value}" if grade in (Verdict.RIGHT, Verdict.WRONG) else ""
    return f"{newest.lesson} on {words.short_day(newest.finished, today)}{told}"
