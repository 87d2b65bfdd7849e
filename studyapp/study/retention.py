"""The desired retention that a chapter has of its own, where it has one.

Setting it is an event of no card: it moves no date, goes to other devices, and `u` takes it back.
Each rating keeps what its interval is for (`memory/fold.py::Chosen`), so that a card which moves to
another chapter folds to the same memory.
"""

from __future__ import annotations

import json
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import starmap
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, bindparam, func, select

from studyapp.config import RETENTION, Settings
from studyapp.errors import StudyError
from studyapp.memory.fold import EventKind
from studyapp.memory.scheduler import Parameters
from studyapp.notes.note import chapter_name
from studyapp.store import entry, log, record, tables
from studyapp.store.tally import Sums
from studyapp.study import words
from studyapp.study.chapter import called, known, named
from studyapp.study.recall import telling

_DIGITS = 6  # of a mean of goals: further ones are of floats, .9 being none of them

card = tables.card.c
event = tables.event.c
adopted = tables.parameters.c
review = tables.review.c

# Put together once, as each card that is shown asks it.
_EVER = (
    select(event.id)
    .where(
        event.learner_id == bindparam("whose"),
        event.card_id.is_(None),
        event.kind == EventKind.RETENTION.value,
    )
    .limit(1)
)


def own(connection: Connection, *, learner: int) -> dict[int, float]:
    """The chapters that have one, by id: of each the newest event counts that can be read (the
    doctor sets others aside)."""
    newest = {chapter_id: said[-1][1] for chapter_id, said in _own(connection, learner=learner)}
    return {chapter_id: kept for chapter_id, kept in newest.items() if kept is not None}


def _own(
    connection: Connection, *, learner: int
) -> Iterator[tuple[int, Sequence[tuple[date, float | None]]]]:
    """The chapters that ever had one, by id, with what it was from which study days on."""
    if connection.scalar(_EVER, {"whose": learner}) is None:
        return
    said = defaultdict[tuple[Any, ...], list[tuple[date, float | None]]](list)
    for one in record.of_no_card(connection, learner=learner):
        payload = one.payload
        if one.kind is EventKind.RETENTION and entry.is_readable(one.kind, payload):
            assert payload is not None, "it can be read"
            of, day = said[payload["pack"], payload["chapter"]], one.day or date.min
            while of and of[-1][0] > day:  # by a clock that was ahead
                of.pop()
            of.append((day, payload["retention"]))
    for row in known(connection, learner=learner):
        if found := said.get(tuple(named(row).values())):
            yield row.id, found


def aim(
    connection: Connection,
    chapter_id: int,
    retention: float | None,
    now: datetime,
    *,
    learner: int,
) -> str:
    """Give a chapter a retention of its own from now on, or take it away; says what that does."""
    name = words.capital(called(connection, chapter_id, learner=learner))
    if own(connection, learner=learner).get(chapter_id) != retention:
        row = next(one for one in known(connection, learner=learner) if one.id == chapter_id)
        payload = {**named(row), "retention": retention}
        log.log_of_no_card(connection, EventKind.RETENTION, now, payload=payload, learner=learner)
    if retention is None:
        return f"{name} is remembered as all else, from each card's next rating on."
    return f"{name}: {retention:.0%} is to be remembered, from each card's next rating on."


def read(text: str) -> float | None:
    """What a learner typed: 95, 95% or 0.95; None for nothing. Raises StudyError."""
    typed = text.strip().removesuffix("%").strip()
    if not typed:
        return None
    least, most = RETENTION
    try:
        share = float(typed)
    except ValueError:
        share = 0.0
    share = share / 100 if share > 1 else share
    if not least <= share <= most:
        raise StudyError(f"{text.strip()!r}: give a share from {least:.0%} to {most:.0%}, or none.")
    return round(share, 4)


def told(payload: Mapping[str, Any]) -> str:
    """What an event of these did, in words."""
    key = payload["chapter"]
    number, title = (key, "") if isinstance(key, int) else (None, key)
    return f"what is to be remembered of {chapter_name(number, title)}"


@dataclass(frozen=True, slots=True)
class Goals:
    """The `desired` retention of all cards but those of chapters, by id, that have their `own`."""

    desired: float
    own: Mapping[int, float]

    def of(self, chapter_id: int) -> float:
        return self.own.get(chapter_id, self.desired)


def goals(connection: Connection, settings: Settings, *, learner: int) -> Goals:
    """What the learner aims for now."""
    return Goals(settings.desired_retention, own(connection, learner=learner))


@dataclass(frozen=True, slots=True)
class Aims:
    """What was aimed for on each study day: the `desired` retention, and that which chapters, by
    id, had of their `own`, each from a day on and until the next. On the days on which dates were
    `moved` all cards got those that were aimed for then."""

    desired: Sequence[tuple[date, float]]
    own: Mapping[int, Sequence[tuple[date, float | None]]]
    moved: Sequence[date]

    @classmethod
    def read(cls, connection: Connection, *, learner: int) -> Aims:
        rows = connection.execute(
            select(adopted.day, adopted.desired_retention)
            .where(adopted.learner_id == learner)
            .order_by(adopted.day, adopted.epoch, adopted.stamp)
        )
        desired = [(date.min, Parameters().desired_retention)]
        for day, wanted in rows:
            if wanted != desired[-1][1]:
                desired.append((day, wanted))
        own = dict(_own(connection, learner=learner))
        changes = [day for said in (desired[1:], *own.values()) for day, _ in said]
        moved = _moved(connection, min(changes), learner=learner) if changes else []
        return cls(desired, own, moved)

    @property
    def are_one(self) -> bool:
        """Whether it was never another, nor for any chapter."""
        return len(self.desired) == 1 and not self.own

    def usual(self, day: date) -> float:
        """That of the chapters that have none of their own."""
        found = _last(self.desired, day)
        assert found is not None, "there is one from the beginning on"
        return found

    def of(self, chapter_id: int, since: date, day: date) -> float:
        """What a card that was asked last on a day was to be remembered by, which comes on *day*:
        that of when its date was found, be it by moving it."""
        found_on = max(since, self._moved_before(day))
        found = _last(self.own.get(chapter_id, ()), found_on)
        return self.usual(found_on) if found is None else found

    def over(self, asked: Iterable[tuple[int, date, date]]) -> float:
        """The mean over one card or more, each as `of` has it."""
        if self.are_one:
            return self.desired[0][1]
        return mean(Counter(starmap(self.of, asked)).items())

    def by_day(
        self, connection: Connection, days: Mapping[date, Sums], *, learner: int
    ) -> dict[date, float]:
        """The mean of each of *days* over its reviews that tell what is remembered, as each is held
        against its own card's."""
        if self.are_one:
            return {day: self.usual(day) for day in days}
        aimed = {day: self._usual_of(day, sums) for day, sums in days.items()}
        if self.own and days:
            first, last, of = min(days), max(days), card.chapter_id.in_(list(self.own))
            for day, since, chapter_id, reviews in _telling(
                connection, first, last, of, learner=learner
            ):
                found_on = max(since, self._moved_before(day))
                aimed[day] += [
                    (self.of(chapter_id, since, day), reviews),
                    (self.usual(found_on), -reviews),
                ]
        return {day: mean(goals) if goals else self.usual(day) for day, goals in aimed.items()}

    def _usual_of(self, day: date, sums: Sums) -> list[tuple[float, int]]:
        """What the reviews of a day would be held against if no chapter had one of its own."""
        (_, first), *changes = self.desired
        if not changes or day <= changes[0][0]:  # each was asked last on a day before
            return [(first, sums.told)] if sums.told else []
        goals, least, number = Counter[float](), self._moved_before(day), day.toordinal()
        for wait, reviews in json.loads(sums.waits):
            goals[self.usual(max(least, date.fromordinal(number - wait)))] += reviews
        return list(goals.items())

    def _moved_before(self, day: date) -> date:
        at = bisect_left(self.moved, day)
        return self.moved[at - 1] if at else date.min


def mean(goals: Iterable[tuple[float, int]]) -> float:
    """What is aimed for on average, of goals with how many reviews, one at least, have each."""
    goals = list(goals)
    reviews = sum(number for _, number in goals)
    return round(sum(goal * number for goal, number in goals) / reviews, _DIGITS)


class Goal(NamedTuple):
    """What was aimed for, as a mean over reviews where there were `several`."""

    share: float
    several: bool

    @property
    def told(self) -> str:
        return words.goal(self.share, several=self.several)


def goal(connection: Connection, first: date, last: date, *, learner: int) -> Goal:
    """What was aimed for from one day to another, over the reviews that tell what is
    remembered."""
    aims = Aims.read(connection, learner=learner)
    goals = Counter[float]()
    if not aims.are_one:
        for day, since, of, reviews in _telling(connection, first, last, learner=learner):
            goals[aims.of(of, since, day)] += reviews
    return Goal(mean(goals.items()) if goals else aims.usual(last), len(goals) > 1)


def _telling(
    connection: Connection,
    first: date,
    last: date,
    *conditions: ColumnElement[bool],
    learner: int,
) -> Sequence[tuple[date, date, int, int]]:
    """How many reviews of each day tell what is remembered, by the day on which their cards were
    asked last and their chapter."""
    by = review.effective_day, review.last_day_before, card.chapter_id
    rows = connection.execute(
        select(*by, func.count())
        .join(tables.card, card.id == review.card_id)
        .where(*telling(learner=learner), review.effective_day.between(first, last), *conditions)
        .group_by(*by)
    )
    return [
        (day, since, chapter_id, reviews)
        for day, since, chapter_id, reviews in rows
        if since is not None
    ]


def _moved(connection: Connection, first: date, *, learner: int) -> list[date]:
    """The days from *first* on on which dates were moved to where a goal had them."""
    moves = (
        event.learner_id == learner,
        event.day >= first,
        event.kind == EventKind.RESCHEDULE.value,
        record.not_retracted(event),
    )
    return list(connection.scalars(select(event.day).where(*moves).distinct().order_by(event.day)))


def _last(said: Sequence[tuple[date, float | None]], day: date) -> float | None:
    """What was in force at the end of a day; None before the first."""
    at = bisect_right(said, day, key=itemgetter(0))
    return said[at - 1][1] if at else None
