"""A year of study in figures, each with its interval or its count."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from studyapp.config import Settings
from studyapp.memory.clock import study_day
from studyapp.study import exam, today
from studyapp.study.recall import model_now
from studyapp.study.statistics import answers, calibration, cards, days, sample
from studyapp.study.statistics.answers import Answers
from studyapp.study.statistics.calibration import Calibration
from studyapp.study.statistics.cards import Standing
from studyapp.study.statistics.days import Day, Period
from studyapp.study.statistics.sample import Hour, Named, Pace

LONG = timedelta(days=364)  # before today: with it 52 weeks and a day, so that weekdays meet


@dataclass(frozen=True, slots=True)
class Newest:
    """How far back the newest reviews go that were looked at one by one; `since` is None without
    any."""

    reviews: int
    since: date | None


@dataclass(frozen=True, slots=True)
class Year:
    """`days`, `weeks` and `months` are those with reviews; `forecast` are the cards of each of the
    next days, today first, as Today has them, on the way to an `exam` if one is planned, and what
    each day takes in `minutes`."""

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
        each = [asdict(one) for one in days.periods(self.days, days.same)]
        told: dict[str, Any] = _plain(asdict(self) | {"days": each})
        return told


def read(connection: Connection, now: datetime, settings: Settings, *, learner: int) -> Year:
    """All of it. It takes as long as the log is long: a page asks for it in a worker."""
    on = study_day(now)
    first = on - LONG
    each = days.read(connection, first, on, learner=learner)
    newest = sample.read(connection, first, learner=learner)
    planned = exam.in_force(connection, on, learner=learner)
    coming, seconds = today.coming(connection, now, settings, learner=learner)
    return Year(
        on,
        first,
        settings.desired_retention,
        tuple(each),
        tuple(days.periods(each, days.monday)),
        tuple(days.periods(each, days.first_of_month)),
        planned.day if planned is not None else None,
        tuple(coming),
        tuple(cards_a_day * seconds / 60 for cards_a_day in coming),
        cards.read(connection, on, learner=learner),
        Newest(len(newest), newest[-1].day if newest else None),
        tuple(sample.hours(newest)),
        sample.pace(newest, new=False),
        sample.pace(newest, new=True),
        calibration.calibration(newest, *model_now(connection, learner=learner)),
        tuple(sample.chapters(connection, newest, learner=learner)),
        tuple(sample.tags(newest)),
        answers.read(connection, learner=learner),
    )


def _plain(value: Any) -> Any:
    """Days as text, all else as JSON has it."""
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value.isoformat() if isinstance(value, date) else value
