"""What a learner predicts before a run, and how their predictions did (RULES: Predictions)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, exists, insert, select

from studyapp.lab import grade as grading
from studyapp.lab import knobs, wording
from studyapp.lab.catalog import Declaration
from studyapp.lab.grade import Answer, Scores, Verdict
from studyapp.lab.lines import Finished, Outcome
from studyapp.store import log, tables
from studyapp.study.lab import facts

UNSPENT = (facts.Ending.FAILED, facts.Ending.UNSEEN)  # endings that leave the first try open
RANGE = 0.8  # the share of a learner's ranges that should hold the measured interval

run = tables.run.c
prediction = tables.prediction.c
card = tables.card.c
review = tables.review.c


@dataclass(frozen=True, slots=True)
class Prediction:
    """What the learner committed to before a run.

    `question` is the text as it was asked; `choices` counts the answers to choose from, 0 for a
    range. `confidence` is None for a range (it is 80%) and where the learner gave none.
    """

    question: str
    kind: str
    answer: Answer
    choices: int
    confidence: float | None
    naive: bool

    @property
    def said(self) -> str:
        """The answer and how sure, in words: "higher (80% sure)"."""
        if not isinstance(self.answer, str):
            return f"{self.answer[0]:g} to {self.answer[1]:g} ({RANGE:.0%} sure)"
        return self.answer + ("" if self.confidence is None else f" ({self.confidence:.0%} sure)")

    @property
    def sureness(self) -> float:
        """How sure the learner was, 0 if they did not say."""
        return (self.confidence or 0.0) if isinstance(self.answer, str) else RANGE


@dataclass(frozen=True, slots=True)
class Graded:
    """A prediction beside its result. Without facts there is no grade.

    `score` is (p - hit)² of a naive choice whose confidence was given, None if unresolved.
    """

    prediction: Prediction
    grade: Verdict | None
    score: float | None


@dataclass(frozen=True, slots=True)
class Record:
    """How a learner's naive predictions did."""

    scores: Scores
    held: int
    ranges: int
    unresolved: int

    @property
    def several(self) -> bool:
        """Whether it tells more than the newest prediction does."""
        return self.scores.n > 1 or self.ranges > 0

    @property
    def words(self) -> tuple[str, ...]:
        """One line for each thing there is to say; none before the first prediction."""
        lines, scores = [], self.scores
        if scores.n:
            lines.append(
                f"right in {scores.hits} of {scores.n}, "
                f"where your confidence adds up to {scores.promised:.1f}"
            )
        # Of one alone the mean is its own cost, which beside that of guessing reads like praise.
        if scores.n > 1 and scores.mean is not None and scores.guessing is not None:
            told = f"on average they cost {scores.mean:.2f} (Brier score, lower is better)"
            told += f", guessing and saying so would cost {scores.guessing:.2f}"
            # one lesson gives one: to wait for twenty would hide it for ever
            lines.append(told + (f"; {scores.n} tell little" if scores.few else ""))
        if self.ranges:
            lines.append(f"your {RANGE:.0%} ranges held {self.held} of {self.ranges}")
        if self.unresolved:
            lines.append(f"{self.unresolved} unresolved")
        return tuple(lines)


def asked(lesson: Declaration, values: Mapping[str, object]) -> str:
    """The lesson's question as it is put at these knobs; those off their default come first, unless
    the text names them."""
    told = {name for name, _ in wording.fields(lesson.question.text)}
    changed = facts.setting(lesson, knobs.canonical(lesson.knobs, values), told)
    text = wording.filled(lesson.question.text, knobs.check(lesson.knobs, values))
    return f"With {changed} instead: {text}" if changed else text


def predict(
    connection: Connection,
    lesson: Declaration,
    values: Mapping[str, object],
    answer: Answer,
    confidence: float | None = None,
    *,
    revealed: bool = False,
    learner: int,
) -> Prediction:
    """Commit to an answer before a run at *values*. Raises SettingError if it does not fit.

    *revealed*: the learner comes from a card that cites the lesson and has seen its answer, though
    they have not rated it yet.
    """
    question = lesson.question
    grading.check_answer(question, answer, confidence)
    return Prediction(
        asked(lesson, values),
        question.kind,
        answer,
        len(question.choices),
        confidence if isinstance(answer, str) else None,
        not revealed and naive(connection, lesson.name, learner=learner),
    )


def naive(connection: Connection, lesson: str, *, besides: int | None = None, learner: int) -> bool:
    """Whether the learner has neither run the lesson (the run *besides* left out), nor seen an
    answer that cites it, nor rated a card whose note does.

    A run that failed does not count: the learner could not have it end like that to see more. One
    that they cancelled does if they had seen a curve of it, and so does a rating that was taken
    back, since it was seen.
    """
    has_run = exists().where(
        run.learner_id == learner, run.lesson == lesson, run.outcome.not_in(UNSPENT)
    )
    if besides is not None:
        has_run = has_run.where(run.id != besides)
    if connection.scalar(select(has_run)):
        return False
    sight = tables.sight.c
    if connection.scalar(
        select(sight.lesson).where(sight.learner_id == learner, sight.lesson == lesson)
    ):
        return False
    rated = (
        exists()
        .where(card.note_id.in_(list(facts.citing(connection, lesson))))
        .where(review.card_id == card.id, review.learner_id == learner)
    )
    return not connection.scalar(select(rated))


def saw(connection: Connection, lessons: Iterable[str], now: datetime, *, learner: int) -> None:
    """Keep that the learner has seen an answer which cites these lessons."""
    sight = tables.sight.c
    known = set(connection.scalars(select(sight.lesson).where(sight.learner_id == learner)))
    for lesson in sorted(set(lessons) - known):
        connection.execute(
            insert(tables.sight).values(learner_id=learner, lesson=lesson, at=log.utc(now))
        )


def graded(lesson: Declaration, made: Prediction, outcome: Outcome) -> Graded:
    """Grade a prediction against what its run measured."""
    if not isinstance(outcome, Finished):
        return Graded(made, None, None)
    result = grading.grade(lesson.question, made.answer, outcome.facts)
    if not made.naive or made.confidence is None:
        return Graded(made, result, None)
    return Graded(made, result, grading.score(made.confidence, result))


def prediction_report(connection: Connection, *, learner: int) -> Record:
    """Sum up the learner's naive predictions, those of all lessons together."""
    rows = connection.execute(
        select(
            prediction.answer, prediction.choices, prediction.confidence, prediction.grade
        ).where(
            prediction.learner_id == learner,
            prediction.naive.is_(True),
            prediction.grade.is_not(None),
        )
    ).all()
    grades = [Verdict(row.grade) for row in rows]
    held, ranges = grading.held([Verdict(row.grade) for row in rows if row.answer is None])
    return Record(
        grading.scores(
            [
                (row.confidence, row.choices, Verdict(row.grade))
                for row in rows
                if row.confidence is not None
            ]
        ),
        held,
        ranges,
        grades.count(Verdict.UNRESOLVED),
    )
