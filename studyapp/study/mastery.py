"""Mastery of the chapters for one learner, today and on a later day without review."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from operator import itemgetter

from sqlalchemy import Connection, and_, case, or_, select

from studyapp.config import DEPTHS
from studyapp.memory.clock import study_day
from studyapp.memory.mastery import (
    RECENT,
    Calibration,
    Mastery,
    PointShares,
    Questions,
    Recall,
    calibration,
    expected,
    mastery,
    shares,
)
from studyapp.memory.scheduler import Parameters
from studyapp.store import owner, tables
from studyapp.store.engine import days_since, plainly
from studyapp.store.parameters import in_force
from studyapp.study.admission import meant
from studyapp.study.questionnaire import history as questionnaire
from studyapp.study.recall import models, recalls

AHEAD = timedelta(days=30)  # the outlook where no date is set

adopted = tables.parameters.c
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


@dataclass(frozen=True, slots=True)
class Glance:
    """What Today tells of a chapter: of its `questions`, mastery now and later, of which there is
    no interval."""

    questions: Questions
    now: float
    later: float


def outlooks(
    connection: Connection,
    now: datetime,
    *,
    on: date | None = None,
    chapters: Collection[int],
    depth: str = DEPTHS[0],
    learner: int,
) -> dict[int, Outlook]:
    """The outlook of each of *chapters*, by its id, with questions that the learner is to know; for
    the day *on*, 30 days ahead by default."""
    today = study_day(now)
    later = later_day(on, today)
    known = _known(connection, learner=learner)
    return {
        one: Outlook(mastery(questions, *known, today), mastery(questions, *known, today, later))
        for one, questions in _questions(connection, today, chapters, depth=depth, learner=learner)
    }


def glances(
    connection: Connection,
    now: datetime,
    *,
    on: date | None,
    chapters: Collection[int],
    depth: str,
    learner: int,
) -> dict[int, Glance]:
    """As `outlooks`, in a fraction of the time."""
    today = study_day(now)
    aheads = (1, (later_day(on, today) - today).days)
    known = _known(connection, learner=learner)
    return {
        one: Glance(questions, *expected(questions, *known, aheads))
        for one, questions in _questions(connection, today, chapters, depth=depth, learner=learner)
    }


def _known(connection: Connection, *, learner: int) -> tuple[Parameters, PointShares, Calibration]:
    """What is known of the learner."""
    return (
        in_force(connection, learner=learner),
        _shares(connection, learner=learner),
        trust_of(connection, learner=learner),
    )


def _shares(connection: Connection, *, learner: int) -> PointShares:
    return shares(questionnaire.graded(connection, learner=learner))


def trust_of(connection: Connection, *, learner: int) -> Calibration:
    """How far off predictions are: from the newest reviews that tell recall. Those of before the
    weights last changed tell what a fit has made of them (`study/fit/own.py::replayed`)."""
    parameters, since, by = models(connection, learner=learner)[-1]
    outcomes = [
        Recall(
            parameters.forgetting_curve(one.stability, one.since, one.day),
            one.stability,
            one.remembered,
        )
        for one in recalls(connection, review.stamp >= since, limit=RECENT, learner=learner)
    ]
    before = _before(connection, by, RECENT - len(outcomes), learner=learner)
    return calibration(reversed(outcomes), before)


def _before(connection: Connection, by: bytes | None, most: int, *, learner: int) -> Calibration:
    """What at *most* so many outcomes have told of weights when they were brought *by* a fit."""
    fit = connection.scalar(
        select(adopted.fit).where(adopted.uid == by, adopted.learner_id == learner)
    )
    with suppress(KeyError, TypeError, ValueError):  # as another program may have written it
        kept = map(Calibration.of_json, (fit or {}).get("calibrations", ()))
        return next((one for one in kept if one.outcomes <= most), Calibration())
    return Calibration()


def _questions(
    connection: Connection, today: date, chapters: Collection[int], *, depth: str, learner: int
) -> Iterator[tuple[int, Questions]]:
    """The questions of each chapter, with the cards that they ask for; what is suspended is left
    out."""
    waited = case((memory.missed.is_(False), days_since(connection, memory.last_day, today)))
    query = (
        select(card.chapter_id, card.note_id, memory.stability, waited)
        .outerjoin(tables.memory, and_(memory.card_id == card.id, memory.learner_id == learner))
        .where(
            card.in_questionnaire,
            card.missing_since.is_(None),
            owner.visible(card, learner=learner),
            meant(depth),
            or_(memory.suspended.is_(None), memory.suspended.is_(False)),
            card.chapter_id.in_(chapters),
        )
        .order_by(card.chapter_id)
    )
    for of_chapter, rows in groupby(plainly(connection, query), itemgetter(0)):
        yield of_chapter, Questions.of((asked, s, days) for _, asked, s, days in rows)
