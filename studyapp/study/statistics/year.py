"""A year of study in figures, each with its interval or its count."""

from __future__ import annotations

from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Connection

from studyapp.config import Settings
from studyapp.memory.clock import study_day
from studyapp.memory.fold import ReviewKind
from studyapp.study import exam, today
from studyapp.study.desk import Desk
from studyapp.study.recall import cut_short, models
from studyapp.study.retention import Aims
from studyapp.study.statistics import answers, calibration, cards, days, sample
from studyapp.study.statistics.answers import Answers
from studyapp.study.statistics.calibration import Calibration
from studyapp.study.statistics.cards import Standing
from studyapp.study.statistics.days import Day, Period
from studyapp.study.statistics.sample import Hour, Named, Pace

LONG = timedelta(days=364)  # before today: with it 52 weeks and a day, so that weekdays meet
_IMPORT = ReviewKind.IMPORT.value
_AS_THEY_ARE = {int, float, str, type(None)}


@dataclass(frozen=True, slots=True)
class Newest:
    """How far back the newest reviews go that were looked at one by one, and how many of them were
    `imported`; `since` is None without any."""

    reviews: int
    imported: int
    since: date | None


@dataclass(frozen=True, slots=True)
class Year:
    """`days`, `weeks` and `months` are those with reviews, and `goal` is what is aimed for, on
    average over those that tell what was remembered. `forecast` are the cards of each of the next
    days, today first, as Today has them, on the way to an `exam` if one is planned, and what each
    day takes in `minutes`."""

    today: date
    first: date
    goal: float
    days: tuple[Day, ...]
    weeks: tuple[Period, ...]
    months: tuple[Period, ...]
    exam: date | None
    forecast: tuple[int, ...]
    minutes: tuple[float, ...]
    cards: Standing
    newest: Newest
    hours: tuple[Hour, ...]
    known_card: Pace
    new_card: Pace
    calibration: Calibration
    chapters: tuple[Named, ...]
    tags: tuple[Named, ...]
    answers: Answers

    @property
    def reviews(self) -> int:
        return sum(one.reviews for one in self.days)

    def as_json(self) -> dict[str, Any]:
        """All of it, days as weeks and months are told."""
        told: dict[str, Any] = _plain(replace(self, days=()))
        return told | {"days": _plain(days.periods(self.days, days.same))}


def of_desk(desk: Desk) -> Year:
    """All of it; what the days that are over came to is kept for the next time."""
    now = desk.now()
    today = study_day(now)
    days.keep(desk, today - LONG, today - timedelta(days=1))
    with desk.reading() as connection:
        return read(connection, now, desk.settings, learner=desk.learner)


def read(connection: Connection, now: datetime, settings: Settings, *, learner: int) -> Year:
    """All of it. The longer the log, the longer it takes: a page asks for it in a worker."""
    on = study_day(now)
    first = on - LONG
    each = days.read(connection, first, on, learner=learner)
    predicting = models(connection, learner=learner)
    newest = sample.read(connection, first, on, predicting, learner=learner)
    imported = [one.card for one in newest if one.kind == _IMPORT]
    cut = cut_short(connection, set(imported), learner=learner)
    aims = Aims.read(connection, learner=learner)
    planned = exam.in_force(connection, on, learner=learner)
    coming, seconds = today.coming(connection, now, settings, learner=learner)
    return Year(
        on,
        first,
        days.goal(each) if each else aims.usual(on),
        tuple(each),
        tuple(days.periods(each, days.monday)),
        tuple(days.periods(each, days.first_of_month)),
        planned.day if planned is not None else None,
        tuple(coming),
        tuple(cards_a_day * seconds / 60 for cards_a_day in coming),
        cards.read(connection, on, learner=learner),
        Newest(len(newest), len(imported), newest[-1].day if newest else None),
        tuple(sample.hours(newest)),
        sample.pace(newest, new=False),
        sample.pace(newest, new=True),
        calibration.calibration(newest, predicting, cut),
        tuple(sample.chapters(connection, newest, aims, learner=learner)),
        tuple(sample.tags(newest, aims)),
        answers.read(connection, learner=learner),
    )


def _plain(value: Any) -> Any:
    """Days as text, all else as JSON has it."""
    kind = type(value)
    if kind in _AS_THEY_ARE:  # most are
        return value
    if is_dataclass(kind):
        return {name: _plain(getattr(value, name)) for name in _names(kind)}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value.isoformat() if isinstance(value, date) else value


@cache
def _names(kind: Any) -> tuple[str, ...]:
    return tuple(one.name for one in fields(kind))
