"""How a learner stands with a chapter's questionnaire: mastery, attempts, and what changed."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection

from studyapp.config import DEPTHS
from studyapp.errors import StudyError
from studyapp.memory.clock import study_day
from studyapp.memory.mastery import Mastery
from studyapp.study.admission import is_started
from studyapp.study.grading import Grade
from studyapp.study.mastery import Outlook, outlooks
from studyapp.study.questionnaire import history as questionnaire
from studyapp.study.questionnaire.attempt import quizzed
from studyapp.study.questionnaire.history import Changed, Past, Waiting


@dataclass(frozen=True, slots=True)
class ChapterView:
    """One chapter. `outlook` is None while every question of it is suspended or to be done."""

    pack: str
    number: int | None  # None of a deck
    title: str
    of: str | None  # its pack, if another has a chapter that is called like it
    questions: int
    book: int  # of the book's own questionnaire
    parts: int  # in which an attempt asks these
    started: bool  # the chapter, or a section of it
    outlook: Outlook | None
    attempts: tuple[Past, ...]  # newest first
    changed: Changed | None  # between the two newest attempts with judged answers
    elsewhere: tuple[Waiting, ...]  # open attempts of other chapters, the one left last first

    @property
    def to_know(self) -> int:
        """How many of its questions the learner is to know; an attempt asks the others, too."""
        return self.outlook.now.questions if self.outlook else 0

    @property
    def open(self) -> Past | None:
        """The attempt to go on with."""
        return next((past for past in self.attempts if not past.finished), None)

    def as_json(self) -> dict[str, Any]:
        """As `studyapp quiz N --json` prints it."""
        return {
            "pack": self.pack,
            "chapter": self.number,
            "title": self.title,
            "questions": self.questions,
            "to_know": self.to_know,
            "book": self.book,
            "mastery": _mastery(self.outlook.now) if self.outlook else None,
            "forecast": _mastery(self.outlook.later) if self.outlook else None,
            "attempts": [
                {
                    "day": past.day.isoformat(),
                    "pretest": past.pretest,
                    "book": past.book,
                    "questions": past.questions,
                    "finished": past.finished,
                    "answered": past.answered,
                    "grades": {grade.value: past.grades.get(grade, 0) for grade in Grade},
                    "points": past.points,
                    "hits": past.hits,
                    "share": past.share,
                }
                for past in self.attempts
            ],
            "changed": asdict(self.changed) if self.changed else None,
        }


def view(
    connection: Connection,
    chapter_id: int,
    now: datetime,
    *,
    on: date | None = None,
    depth: str = DEPTHS[0],
    learner: int,
) -> ChapterView:
    """Everything about a chapter's questionnaire, with the forecast for the day *on*.

    Raises StudyError if it has no questions.
    """
    pack, number, title, of = quizzed(connection, chapter_id, learner=learner)
    past = questionnaire.attempts(connection, chapter_id, learner=learner)
    judged = [one.id for one in past if one.grades.keys() - {Grade.DONE}]
    return ChapterView(
        pack,
        number,
        title,
        of,
        questionnaire.count_questions(connection, chapter_id, learner=learner),
        questionnaire.count_books_own(connection, chapter_id, learner=learner),
        questionnaire.count_questions(connection, chapter_id, book=True, learner=learner),
        is_started(connection, chapter_id, learner=learner),
        outlooks(connection, now, on=on, chapters=(chapter_id,), depth=depth, learner=learner).get(
            chapter_id
        ),
        tuple(past),
        questionnaire.changed(connection, judged[1], judged[0], learner=learner)
        if len(judged) > 1
        else None,
        tuple(
            one
            for one in questionnaire.still_open(connection, learner=learner)
            if one.chapter != chapter_id
        ),
    )


def exam_day(text: str, now: datetime) -> date | None:
    """The day that a learner typed, None for nothing. Raises StudyError unless it is to come."""
    if not text.strip():
        return None
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        raise StudyError(f"{text.strip()!r} is not a date; write one like 2027-01-31.") from None
    if day <= study_day(now):
        raise StudyError(f"{day} is not ahead; a forecast needs a date from tomorrow on.")
    return day


def _mastery(value: Mastery) -> dict[str, Any]:
    return asdict(value) | {"day": value.day.isoformat()}
