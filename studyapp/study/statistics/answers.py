"""What questionnaires tell of judging oneself: ticks beside the words, how sure one was beside the
result, and guesses before reading beside what was known later."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import Connection, case, func, select

from studyapp.notes.card import question_face
from studyapp.notes.note import chapter_name
from studyapp.store import tables, timeline
from studyapp.study.card import as_note, read_variants
from studyapp.study.chapter import namesakes
from studyapp.study.grading import JUDGED, Grade
from studyapp.study.questionnaire import response as responses
from studyapp.study.questionnaire.hints import FEWEST_WORDS, doubtful
from studyapp.study.stats import Pooled, pooled

MOST = 1_000  # answers whose words are looked at, the newest

response = tables.response.c
attempt = tables.attempt.c
chapter = tables.chapter.c
note = tables.note.c


@dataclass(frozen=True, slots=True)
class Sureness:
    """Answers of which one was so `sure` before they were shown, and the share that was got: those
    of a question may be alike."""

    sure: float
    got: Pooled


@dataclass(frozen=True, slots=True)
class Guess:
    """The points that were said in guesses before reading, and of the same `questions` when each
    was judged last since."""

    name: str  # of the chapter
    questions: int
    before: Pooled
    since: Pooled


@dataclass(frozen=True, slots=True)
class Answers:
    """`unsaid` is the share of ticked points of which no word is in the answer, in so many `ticked`
    answers; `unticked` how many points seem to be said and are not ticked, in all that were
    `written` and judged by their points, without a tick, too. Points of an answer may be alike."""

    written: int
    ticked: int
    unsaid: Pooled
    unticked: int
    sureness: tuple[Sureness, ...]
    guesses: tuple[Guess, ...]


def read(connection: Connection, *, learner: int) -> Answers:
    return Answers(
        *_ticks(connection, learner=learner),
        tuple(_sureness(connection, learner=learner)),
        tuple(_guesses(connection, learner=learner)),
    )


def _ticks(connection: Connection, *, learner: int) -> tuple[int, int, Pooled, int]:
    """Answers in so many words that a hint can be given, and those with a tick; ticks without
    words, and words without a tick. One without any tick was judged by its points only if it was
    missed."""
    rows = connection.execute(
        select(
            tables.note,
            response.text,
            response.ticked,
            response.variant,
            response.attempt_id,
        )
        .join(tables.note, note.id == response.note_id)
        .where(
            response.learner_id == learner,
            response.grade.in_([grade.value for grade in JUDGED]),
            response.points > 0,
            response.text != "",
        )
        .order_by(response.changed_at.desc())
        .limit(MOST)
    ).all()
    cases = read_variants(connection, {row.id for row in rows if row.variant is not None})
    written = unticked = 0
    answers = list[tuple[int, int]]()  # of ticks without words, and ticks
    for row in rows:
        shown = as_note(row, cases.get(row.id, ())).shown(row.variant)
        points = question_face(shown, row.attempt_id).points
        ticked = responses.ticked_of(points, row.ticked)
        is_reworded = bool(row.ticked) and not ticked  # its points, since
        if is_reworded or len(row.text.split()) < FEWEST_WORDS:
            continue
        unborne = doubtful(row.text, points, ticked)
        written += 1
        unticked += len(unborne - ticked)
        if ticked:
            answers.append((len(unborne & ticked), len(ticked)))
    return written, len(answers), pooled(answers), unticked


def _sureness(connection: Connection, *, learner: int) -> list[Sureness]:
    got = case((response.grade == Grade.GOT.value, 1))
    rows = connection.execute(
        select(response.confidence, func.count(got), func.count())
        .where(
            response.learner_id == learner,
            response.confidence.is_not(None),
            response.grade.in_([grade.value for grade in JUDGED]),
        )
        .group_by(response.confidence, response.note_id)
    )
    found = defaultdict[float, list[tuple[int, int]]](list)
    for sure, hits, answers in rows:
        found[float(sure or 0)].append((hits, answers))
    return [Sureness(sure, pooled(questions)) for sure, questions in sorted(found.items())]


class _Pair(NamedTuple):
    """How many points a guess said, of how many, and the newest answer to the question since."""

    guess: tuple[int, int]
    since: tuple[int, int]


def _guesses(connection: Connection, *, learner: int) -> list[Guess]:
    """Of each chapter with a guess before reading that was answered since."""
    pairs = _pairs(connection, learner=learner)
    packs = namesakes(connection, learner=learner) if pairs else {}
    named = connection.execute(
        select(chapter.id, chapter.number, chapter.title)
        .where(chapter.id.in_(list(pairs)))
        .order_by(*tables.IN_ORDER)
    )
    return [
        Guess(
            chapter_name(number, title, packs.get(of)),
            len(pairs[of]),
            pooled(one.guess for one in pairs[of]),
            pooled(one.since for one in pairs[of]),
        )
        for of, number, title in named
    ]


def _pairs(connection: Connection, *, learner: int) -> dict[int, list[_Pair]]:
    """By chapter its questions that were judged by their points in a guess and since. Of each the
    newest answer counts, in whichever attempt it is, as a new one has few at first; another guess
    once there is an answer after it."""
    judged = select(response.note_id, attempt.chapter_id, attempt.pretest).join(
        tables.attempt, attempt.id == response.attempt_id
    )
    judged = judged.where(response.learner_id == learner, response.points > 0)
    guessed = judged.where(attempt.pretest.is_(True)).with_only_columns(response.note_id)
    rows = connection.execute(
        judged.where(response.note_id.in_(guessed)).add_columns(
            response.hits,
            response.points,
            attempt.uid,
            response.device_id,
            response.epoch,
            response.stamp,
        )
    )
    guesses, pairs = dict[int, tuple[int, int]](), defaultdict[int, dict[int, _Pair]](dict)
    for row in timeline.in_order(connection, rows, learner=learner):
        if row.pretest:
            guesses[row.note_id] = row.hits, row.points
        elif row.note_id in guesses:
            answer = row.hits, row.points
            pairs[row.chapter_id][row.note_id] = _Pair(guesses[row.note_id], answer)
    return {of: list(questions.values()) for of, questions in pairs.items()}
