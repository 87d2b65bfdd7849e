"""The desired retention that a chapter has of its own, where it has one.

Setting it is an event of no card: it moves no date, goes to other devices, and `u` takes it back.
Each rating keeps what its interval is for (`memory/fold.py::Chosen`), so that a card which moves to
another chapter folds to the same memory.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, func, select

from studyapp.config import RETENTION, Settings
from studyapp.errors import StudyError
from studyapp.memory.fold import EventKind
from studyapp.memory.scheduler import Parameters
from studyapp.notes.note import chapter_name
from studyapp.store import entry, log, record, tables
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
            of = payload["pack"], payload["chapter"]
            said[of].append((one.day or date.min, payload["retention"]))
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
    id, had of their `own`, each from a day on and until the next."""

    desired: Sequence[tuple[date, float]]
    own: Mapping[int, Sequence[tuple[date, float | None]]]

    @classmethod
    def read(cls, connection: Connection, *, learner: int) -> Aims:
        rows = connection.execute(
            select(adopted.day, adopted.desired_retention)
            .where(adopted.learner_id == learner)
            .order_by(adopted.day, adopted.epoch, adopted.stamp)
        )
        usual = (date.min, Parameters().desired_retention)
        desired = [usual, *((row.day, row.desired_retention) for row in rows)]
        return cls(desired, dict(_own(connection, learner=learner)))

    def of(self, chapter_id: int, day: date) -> float:
        found = _last(self.own.get(chapter_id, ()), day)
        return self.of_all(day) if found is None else found

    def of_all(self, day: date) -> float:
        """That of the chapters that have none of their own."""
        found = _last(self.desired, day)
        assert found is not None, "there is one from the beginning on"
        return found

    def by_day(
        self, connection: Connection, first: date, last: date, *, learner: int
    ) -> dict[date, float]:
        """The mean of each day from *first* to *last* over its reviews that tell what is
        remembered, as each is held against its own card's."""
        span = (last - first).days + 1
        found = {day: self.of_all(day) for day in (first + timedelta(days=n) for n in range(span))}
        if not self.own:
            return found
        aimed = defaultdict[date, list[tuple[float, int]]](list)
        for day, chapter_id, reviews in _telling(connection, first, last, learner=learner):
            aimed[day].append((self.of(chapter_id, day), reviews))
        return found | {day: mean(goals) for day, goals in aimed.items()}


def mean(goals: Iterable[tuple[float, int]]) -> float:
    """What is aimed for on average, of goals with how many reviews, one at least, have each."""
    goals = list(goals)
    reviews = sum(number for _, number in goals)
    return round(sum(goal * number for goal, number in goals) / reviews, _DIGITS)


def goal(connection: Connection, first: date, last: date, *, learner: int) -> float:
    """What was aimed for from one day to another, on average over the reviews that tell what is
    remembered."""
    aims = Aims.read(connection, learner=learner)
    usual = aims.of_all(last)
    if not aims.own and not any(first < day <= last for day, _ in aims.desired):
        return usual
    rows = _telling(connection, first, last, learner=learner)
    return mean((aims.of(of, day), reviews) for day, of, reviews in rows) if rows else usual


def _telling(
    connection: Connection, first: date, last: date, *, learner: int
) -> Sequence[tuple[date, int, int]]:
    """How many reviews of each day and chapter tell what is remembered."""
    rows = connection.execute(
        select(review.effective_day, card.chapter_id, func.count())
        .join(tables.card, card.id == review.card_id)
        .where(*telling(learner=learner), review.effective_day.between(first, last))
        .group_by(review.effective_day, card.chapter_id)
    )
    return [(day, chapter_id, reviews) for day, chapter_id, reviews in rows]


def _last(said: Sequence[tuple[date, float | None]], day: date) -> float | None:
    """What was in force at the end of a day; None before the first."""
    return next((kept for since, kept in reversed(said) if since <= day), None)
