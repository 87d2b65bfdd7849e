"""Mastery of the chapters for one learner, today and on a later day without review."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Connection, and_, or_, select

from studyapp.config import DEPTHS
from studyapp.memory.clock import study_day
from studyapp.memory.mastery import (
    RECENT,
    Calibration,
    Mastery,
    PointShares,
    Recall,
    Standing,
    calibration,
    mastery,
    shares,
)
from studyapp.memory.state import Rating
from studyapp.notes.card import REVERSED
from studyapp.notes.note import NoteKind
from studyapp.store import log, owner, tables
from studyapp.study.admission import meant
from studyapp.study.questionnaire import history as questionnaire
from studyapp.study.recall import model_now, recalls

AHEAD = timedelta(days=30)  # the outlook where no date is set

note = tables.note.c
card = tables.card.c
memory = tables.memory.c
review = tables.review.c


def later_day(on: date | None, today: date) -> date:
    """The day of the outlook: *on*, if that is still to come."""
    return on if on is not None and on > today else today + AHEAD


@dataclass(frozen=True, slots=True)
class Outlook:
    """A chapter's mastery now (that is, tomorrow) and on a later day if nothing is reviewed."""

    now: Mastery
    later: Mastery


def outlooks(
    connection: Connection,
    now: datetime,
    *,
    on: date | None = None,
    chapter_id: int | None = None,
    depth: str = DEPTHS[0],
    learner: int,
) -> dict[int, Outlook]:
    """The outlook of each chapter with questions that the learner is to know, or of one, by its id;
    for the day *on*, 30 days ahead by default."""
    today = study_day(now)
    later = later_day(on, today)
    parameters = log.in_force(connection, learner=learner)
    said, trust = _shares(connection, learner=learner), trust_of(connection, learner=learner)
    found = {}
    for one, questions in _standings(connection, chapter_id, depth=depth, learner=learner).items():
        cards = list(questions.values())
        found[one] = Outlook(
            mastery(cards, parameters, said, trust, today),
            mastery(cards, parameters, said, trust, today, later),
        )
    return found


def _shares(connection: Connection, *, learner: int) -> PointShares:
    return shares(questionnaire.graded(connection, learner=learner))


def trust_of(connection: Connection, *, learner: int) -> Calibration:
    """How far off predictions are: from the newest reviews that tell recall, since the weights last
    changed."""
    parameters, since = model_now(connection, learner=learner)
    outcomes = [
        Recall(
            parameters.forgetting_curve(one.stability, one.since, one.day),
            one.stability,
            one.remembered,
        )
        for one in recalls(connection, review.stamp >= since, limit=RECENT, learner=learner)
    ]
    return calibration(reversed(outcomes))


def _standings(
    connection: Connection, chapter_id: int | None, *, depth: str, learner: int
) -> dict[int, dict[int, list[Standing]]]:
    """The cards that each question asks for, by chapter; what is suspended is left out."""
    rows = connection.execute(
        select(card.chapter_id, card.note_id, memory.stability, memory.last_day, review.rating)
        .join(tables.note, note.id == card.note_id)
        .outerjoin(tables.memory, and_(memory.card_id == card.id, memory.learner_id == learner))
        .outerjoin(tables.review, review.uid == memory.last_review)
        .where(
            note.kind == NoteKind.QUESTION.value,
            card.missing_since.is_(None),
            card.side != REVERSED,
            owner.visible(card, learner=learner),
            meant(depth),
            or_(memory.suspended.is_(None), memory.suspended.is_(False)),
            *([card.chapter_id == chapter_id] if chapter_id is not None else []),
        )
    )
    found: dict[int, dict[int, list[Standing]]] = {}
    for of_chapter, note_id, stability, last_day, rating in rows:
        standing = Standing(stability, last_day, rating == Rating.AGAIN)
        found.setdefault(of_chapter, {}).setdefault(note_id, []).append(standing)
    return found
