"""A chapter's questionnaire over time: its attempts, what changed, and what to continue."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, timezone
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, String, and_, case, cast, func, select

from studyapp.memory.clock import study_day
from studyapp.notes.note import APART, CardStyle, NoteKind, chapter_label, chapter_name
from studyapp.store import owner, tables, timeline
from studyapp.study import words
from studyapp.study.chapter import namesakes
from studyapp.study.grading import JUDGED, Grade
from studyapp.study.questionnaire.response import ANSWERED

attempt = tables.attempt.c
response = tables.response.c
card = tables.card.c
chapter = tables.chapter.c
note = tables.note.c
variant = tables.variant.c

# The book's questions by their numbers, then those that are not the book's.
BOOK_ORDER = (note.number.is_(None), note.number, note.path, note.line)
# The book's own questionnaire; where one of its questions is several notes, they follow each other.
BOOKS_OWN_ORDER = (note.book, *BOOK_ORDER)


@dataclass(frozen=True, slots=True)
class Past:
    """One attempt of so many `questions`, those of the `book` alone or all. `hits` of `points` core
    points were ticked in its graded answers."""

    id: int
    day: date
    pretest: bool
    book: bool
    questions: int
    finished: bool
    newest: date  # when something was last done to it
    answered: int
    grades: dict[Grade, int]
    points: int
    hits: int

    @property
    def asks(self) -> str:
        return asked_of(self.questions, book=self.book)

    @property
    def share(self) -> float | None:
        """Share of core points; None before there is a graded answer with points."""
        return self.hits / self.points if self.points else None


@dataclass(frozen=True, slots=True)
class Changed:
    """Questions judged in both of two attempts: what went up, what went down, and the rest."""

    better: tuple[str, ...]  # the questions
    worse: tuple[str, ...]
    same: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """An attempt to go on with."""

    chapter: int  # its id
    number: int | None  # None of a deck
    title: str
    of: str | None  # its pack, if another has a chapter that is called like it
    answered: int
    questions: int
    newest: date
    book: bool = False
    pretest: bool = False
    others: tuple[str, ...] = ()  # chapters that have one as well, the one left last first

    @property
    def kind(self) -> str:
        return "pretest" if self.pretest else "questionnaire"

    @property
    def asks(self) -> str:
        return asked_of(self.questions, book=self.book)

    @property
    def name(self) -> str:
        return chapter_name(self.number, self.title, self.of)

    @property
    def label(self) -> str:
        """Number, or a deck's name, as a list shows it."""
        return chapter_label(str(self.number or self.title), self.of)


def attempts(connection: Connection, chapter_id: int, *, learner: int) -> list[Past]:
    """A chapter's attempts, newest first; those without an answer are left out."""
    rows = connection.execute(
        select(tables.attempt).where(
            attempt.learner_id == learner, attempt.chapter_id == chapter_id
        )
    ).all()
    newest_first = reversed(timeline.in_order(connection, rows, learner=learner))
    questions = {
        book: count_questions(connection, chapter_id, book=book, learner=learner)
        for book in {row.book for row in rows}
    }
    answers = _answers(connection, attempt.chapter_id == chapter_id, learner=learner)
    return [
        _past(row, answers[row.id], questions[row.book])
        for row in newest_first
        if any(one.grade or one.text for one in answers.get(row.id, ()))
    ]


def changed(connection: Connection, before: int, after: int, *, learner: int) -> Changed:
    """What is different in the attempt *after* from the attempt *before* (ids). A question is named
    as *after* asked it."""
    earlier = response.grade.table.alias("earlier").c
    rows = connection.execute(
        select(func.coalesce(variant.prompt, note.prompt), earlier.grade, response.grade)
        .join(tables.note, note.id == response.note_id)
        .outerjoin(
            tables.variant,
            (variant.note_id == response.note_id) & (variant.key == response.variant),
        )
        .join(earlier.grade.table, earlier.note_id == response.note_id)
        .where(
            response.learner_id == learner,
            response.attempt_id == after,
            earlier.learner_id == learner,
            earlier.attempt_id == before,
            response.grade.in_(JUDGED),
            earlier.grade.in_(JUDGED),
        )
        .order_by(*BOOK_ORDER)
    )
    steps = [
        (prompt, JUDGED.index(Grade(now)) - JUDGED.index(Grade(then))) for prompt, then, now in rows
    ]
    return Changed(
        tuple(prompt for prompt, step in steps if step > 0),
        tuple(prompt for prompt, step in steps if step < 0),
        sum(step == 0 for _, step in steps),
    )


def waiting(connection: Connection, *, learner: int) -> Waiting | None:
    """The attempt that was left last, if one is open and has an answer."""
    found = still_open(connection, learner=learner)
    others = tuple(one.name for one in found[1:])
    return replace(found[0], others=others) if found else None


def still_open(connection: Connection, *, learner: int) -> list[Waiting]:
    """All attempts that are open and have an answer, the one left last first."""
    rows = connection.execute(
        select(
            attempt.id,
            attempt.chapter_id,
            attempt.book,
            attempt.pretest,
            attempt.offset,
            chapter.number,
            chapter.title,
            func.max(response.changed_at).label("newest"),
            func.count(case((ANSWERED, 1))).label("answered"),
        )
        .join(tables.response, response.attempt_id == attempt.id)
        .join(tables.chapter, chapter.id == attempt.chapter_id)
        .join(tables.note, note.id == response.note_id)
        .where(
            attempt.learner_id == learner,
            attempt.finished_at.is_(None),
            note.missing_since.is_(None),
        )
        .group_by(attempt.id, chapter.id)
        .having(func.count(case((ANSWERED, 1))) > 0)
        .order_by(func.max(response.changed_at).desc())
    ).all()
    named = namesakes(connection, learner=learner) if rows else {}
    return [
        Waiting(
            row.chapter_id,
            row.number,
            row.title,
            named.get(row.chapter_id),
            row.answered,
            count_questions(connection, row.chapter_id, book=row.book, learner=learner),
            _day(row.newest, row.offset),
            row.book,
            row.pretest,
        )
        for row in rows
    ]


def joined(connection: Connection, card_id: int, *, learner: int) -> str:
    """That an open attempt asks a question as well which has just come to its chapter, in a
    sentence; empty if none does."""
    chapter_id = connection.scalars(select(card.chapter_id).where(card.id == card_id)).one()
    asked = connection.scalar(
        select(note.id).where(
            note.id == select(card.note_id).where(card.id == card_id).scalar_subquery(),
            *asked_in(chapter_id, learner=learner),
        )
    )
    for past in attempts(connection, chapter_id, learner=learner) if asked else ():
        if not (past.finished or past.book):
            return f"The open attempt asks it, too: {past.asks} now."
    return ""


def is_question() -> ColumnElement[bool]:
    """Condition on a note: it is one of its chapter's questions (`Note.in_questionnaire`)."""
    return and_(
        note.kind == NoteKind.QUESTION.value,
        cast(note.tags, String).not_like(f'%"{APART}"%'),
    )


def asked_in(
    chapter_id: int, *, book: bool = False, learner: int
) -> tuple[ColumnElement[bool], ...]:
    """Conditions on a note: it is a question of the chapter (or asks for what a question of the
    *book*'s own questionnaire asks), its text is there, and it is the learner's to see."""
    return (
        note.chapter_id == chapter_id,
        note.book.is_not(None) if book else is_question(),
        note.missing_since.is_(None),
        owner.visible(note, learner=learner),
    )


def asked_of(count: int, *, book: bool, named: bool = False) -> str:
    """Of what the questions of an attempt are so many: all 74, the book's 38; *named*, all 74
    questions, the book's 38 parts."""
    told = words.count(count, "part" if book else "question") if named else f"{count:,}"
    return f"the book's {told}" if book else f"all {told}" if count > 1 else told


def count_questions(
    connection: Connection, chapter_id: int, *, book: bool = False, learner: int
) -> int:
    asked = asked_in(chapter_id, book=book, learner=learner)
    return connection.scalar(select(func.count()).where(*asked)) or 0


def count_books_own(connection: Connection, chapter_id: int, *, learner: int) -> int:
    """Questions of the book's own questionnaire, of which one may be asked in several parts."""
    asked = asked_in(chapter_id, book=True, learner=learner)
    return connection.scalar(select(func.count(note.book.distinct())).where(*asked)) or 0


def graded(connection: Connection, *, learner: int) -> list[tuple[bool, float]]:
    """Of every judged answer with ticked points: whether it was got, and its share of points.

    Where each point is a card of its own, a tick is recall itself and tells nothing about shares.
    """
    rows = connection.execute(
        select(response.grade, response.hits, response.points)
        .join(tables.note, note.id == response.note_id)
        .where(
            response.learner_id == learner,
            response.grade.in_(JUDGED),
            response.points > 0,
            note.style.not_in((CardStyle.ITEMS.value, CardStyle.CLOZE.value)),
        )
    )
    return [(given == Grade.GOT, hits / points) for given, hits, points in rows]


def _answers(
    connection: Connection, condition: ColumnElement[bool], *, learner: int
) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = {}
    for row in connection.execute(
        select(
            response.attempt_id,
            response.text,
            response.grade,
            response.points,
            response.hits,
            response.changed_at,
        )
        .join(tables.attempt, attempt.id == response.attempt_id)
        .join(tables.note, note.id == response.note_id)
        .where(response.learner_id == learner, note.missing_since.is_(None), condition)
    ):
        found.setdefault(row.attempt_id, []).append(row)
    return found


def _past(row: Row[Any], answers: list[Any], questions: int) -> Past:
    counts = Counter(Grade(one.grade) for one in answers if one.grade is not None)
    return Past(
        row.id,
        _day(row.started_at, row.offset),
        row.pretest,
        row.book,
        questions,
        row.finished_at is not None,
        _day(max(one.changed_at for one in answers), row.offset),
        sum(bool(one.grade or one.text) for one in answers),
        dict(counts),
        sum(one.points for one in answers),
        sum(one.hits for one in answers),
    )


def _day(at: datetime, offset: int) -> date:
    return study_day(at.astimezone(timezone(timedelta(seconds=offset))))
