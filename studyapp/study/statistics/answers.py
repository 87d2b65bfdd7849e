"""What questionnaires tell of judging oneself: ticks beside the words, how sure one was beside the
result, and guesses before reading beside what was known later."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, select

from studyapp.notes.card import question_face
from studyapp.notes.note import chapter_name
from studyapp.store import tables, timeline
from studyapp.study.card import as_note, read_variants
from studyapp.study.chapter import namesakes
from studyapp.study.grading import JUDGED, Grade
from studyapp.study.questionnaire import response as responses
from studyapp.study.questionnaire.hints import FEWEST_WORDS, doubtful
from studyapp.study.stats import Share, share

MOST = 1_000  # answers whose words are looked at, the newest

response = tables.response.c
attempt = tables.attempt.c
chapter = tables.chapter.c
note = tables.note.c


@dataclass(frozen=True, slots=True)
class Sureness:
    """Answers of which one was so `sure` before they were shown, and the share that was got."""

    sure: float
    got: Share


@dataclass(frozen=True, slots=True)
class Guess:
    """The points that were said in a guess before reading, and of the same `questions` in the
    newest attempt since."""

    name: str  # of the chapter
    questions: int
    before: Share
    since: Share


@dataclass(frozen=True, slots=True)
class Answers:
    """`unsaid` is the share of ticked points of which no word is in the answer, in so many `ticked`
    answers; `unticked` how many points seem to be said and are not ticked, in all that were
    `written` and judged by their points, without a tick, too."""

    written: int
    ticked: int
    unsaid: Share
    unticked: int
    sureness: tuple[Sureness, ...]
    guesses: tuple[Guess, ...]


def read(connection: Connection, *, learner: int) -> Answers:
    return Answers(
        *_ticks(connection, learner=learner),
        tuple(_sureness(connection, learner=learner)),
        tuple(_guesses(connection, learner=learner)),
    )


def _ticks(connection: Connection, *, learner: int) -> tuple[int, int, Share, int]:
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
    written = with_ticks = ticks = unsaid = unticked = 0
    for row in rows:
        shown = as_note(row, cases.get(row.id, ())).shown(row.variant)
        points = question_face(shown, row.attempt_id).points
        ticked = responses.ticked_of(points, row.ticked)
        is_reworded = bool(row.ticked) and not ticked  # its points, since
        if is_reworded or len(row.text.split()) < FEWEST_WORDS:
            continue
        unborne = doubtful(row.text, points, ticked)
        written += 1
        with_ticks += bool(ticked)
        ticks += len(ticked)
        unsaid += len(unborne & ticked)
        unticked += len(unborne - ticked)
    return written, with_ticks, share(unsaid, ticks), unticked


def _sureness(connection: Connection, *, learner: int) -> list[Sureness]:
    rows = connection.execute(
        select(response.confidence, response.grade, func.count())
        .where(
            response.learner_id == learner,
            response.confidence.is_not(None),
            response.grade.in_([grade.value for grade in JUDGED]),
        )
        .group_by(response.confidence, response.grade)
    )
    found = defaultdict[float, dict[Grade, int]](dict)
    for sure, grade, count in rows:
        found[float(sure or 0)][Grade(str(grade))] = count
    return [
        Sureness(sure, share(counts.get(Grade.GOT, 0), sum(counts.values())))
        for sure, counts in sorted(found.items())
    ]


def _guesses(connection: Connection, *, learner: int) -> list[Guess]:
    """Of each chapter with a guess before reading: its newest, and the newest attempt after it."""
    judged = select(response.attempt_id).where(response.learner_id == learner, response.points > 0)
    rows = connection.execute(
        select(tables.attempt).where(attempt.learner_id == learner, attempt.id.in_(judged))
    ).all()
    before, since = dict[int, Any](), dict[int, Any]()
    for row in timeline.in_order(connection, rows, learner=learner):
        if row.pretest:
            before[row.chapter_id] = row
            since.pop(row.chapter_id, None)
        elif row.chapter_id in before:
            since[row.chapter_id] = row
    packs = namesakes(connection, learner=learner) if since else {}
    named = connection.execute(
        select(chapter.id, chapter.number, chapter.title)
        .where(chapter.id.in_(list(since)))
        .order_by(*tables.IN_ORDER)
    ).all()
    guesses = [
        _guess(
            connection,
            chapter_name(number, title, packs.get(of)),
            before[of].id,
            since[of].id,
            learner=learner,
        )
        for of, number, title in named
    ]
    return [one for one in guesses if one.questions]


def _guess(connection: Connection, name: str, before: int, since: int, *, learner: int) -> Guess:
    """Only questions that were judged by their points in both are compared."""
    earlier = tables.response.alias("earlier").c
    questions, *sums = connection.execute(
        select(
            func.count(),
            func.coalesce(func.sum(earlier.hits), 0),
            func.coalesce(func.sum(earlier.points), 0),
            func.coalesce(func.sum(response.hits), 0),
            func.coalesce(func.sum(response.points), 0),
        )
        .join(earlier.id.table, earlier.note_id == response.note_id)
        .where(
            response.learner_id == learner,
            response.attempt_id == since,
            response.points > 0,
            earlier.attempt_id == before,
            earlier.points > 0,
        )
    ).one()
    said, points, said_since, points_since = (int(one) for one in sums)
    return Guess(name, questions, share(said, points), share(said_since, points_since))
