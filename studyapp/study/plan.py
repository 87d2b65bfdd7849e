"""Plans: what a sitting asks, what its ratings are, and when it ends."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol

from sqlalchemy import ColumnElement, Connection, String, cast, or_, select

from studyapp.config import Settings
from studyapp.memory.clock import study_day
from studyapp.memory.fold import CRAMMED, ReviewKind
from studyapp.memory.scheduler import is_leech
from studyapp.store import tables
from studyapp.study import aside, queue
from studyapp.study.due import families_due
from studyapp.study.fading import crammed, fading
from studyapp.study.queue import Queue

card = tables.card.c
memory = tables.memory.c
note = tables.note.c
run = tables.run.c


class Loader(Protocol):
    """Loads the queue of a plan; *more* is how often the learner wanted to go on."""

    def __call__(
        self, connection: Connection, now: datetime, settings: Settings, *, more: int, learner: int
    ) -> Queue: ...


class Choice(Protocol):
    """Which cards a plan asks, of those that were met: conditions on a card and the memory of
    it."""

    def __call__(
        self, connection: Connection, today: date, settings: Settings, *, learner: int
    ) -> Iterable[ColumnElement[bool]]: ...


@dataclass(frozen=True, slots=True)
class End:
    """When a sitting is over, whatever is left: after so many cards, after so long. Going on gives
    as much again."""

    cards: int | None = None
    time: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What one sits down to. `kind` says what a rating changes (`memory.fold.apply`): cram leaves
    every memory as it is. `name` is shown while one sits; what the day asks by itself has none."""

    kind: ReviewKind
    load: Loader
    end: End = End()
    name: str = ""

    @property
    def changes(self) -> bool:
        """Whether a rating changes the memory of its card."""
        return self.kind not in CRAMMED

    @property
    def chosen(self) -> bool:
        """Whether the learner has chosen it beside what the day asks by itself."""
        return self.kind is not ReviewKind.STUDY


def due(chapter_id: int | None = None) -> Plan:
    """All that is due today within the day's budget, or in one chapter alone."""

    def load(
        connection: Connection, now: datetime, settings: Settings, *, more: int, learner: int
    ) -> Queue:
        return queue.load(
            connection, now, settings, chapter_id=chapter_id, more=more, learner=learner
        )

    return Plan(ReviewKind.STUDY, load)


def cram(chapter_id: int | None = None) -> Plan:
    """All that was met, or that of one chapter, once, with nothing changed."""

    def load(
        connection: Connection, now: datetime, settings: Settings, *, more: int, learner: int
    ) -> Queue:
        of = [] if chapter_id is None else [card.chapter_id == chapter_id]
        return crammed(connection, now, *of, learner=learner)

    return Plan(ReviewKind.CRAM, load, name="cram")


def ahead(days: int) -> Plan:
    """What comes due in the next *days*, and is not yet; but for what would make a card wait that
    is due today."""

    def load(
        connection: Connection, now: datetime, settings: Settings, *, more: int, learner: int
    ) -> Queue:
        today = study_day(now)
        due = set(connection.scalars(families_due(connection, today, learner=learner)))
        within = (memory.due > today, memory.due <= today + timedelta(days=days))
        return fading(connection, now, *within, without=due, learner=learner)

    return Plan(ReviewKind.AHEAD, load, name="ahead")


def _chosen(name: str, choice: Choice) -> Plan:
    """Cards that the learner has chosen, whatever their day, as a review of each."""

    def load(
        connection: Connection, now: datetime, settings: Settings, *, more: int, learner: int
    ) -> Queue:
        which = choice(connection, study_day(now), settings, learner=learner)
        return fading(connection, now, *which, learner=learner)

    return Plan(ReviewKind.AHEAD, load, name=name)


def _slipping(
    connection: Connection, today: date, settings: Settings, *, learner: int
) -> Iterable[ColumnElement[bool]]:
    yield is_leech(memory.lapses, memory.agains, settings.leech_lapses)


def _to_mend(
    connection: Connection, today: date, settings: Settings, *, learner: int
) -> Iterable[ColumnElement[bool]]:
    yield card.id.in_(aside.marked(connection, learner=learner))


def _grounded(
    connection: Connection, today: date, settings: Settings, *, learner: int
) -> Iterable[ColumnElement[bool]]:
    """What an experiment grounds that was run today: it is linked in the answer, or named by a
    tag."""
    from studyapp.study.lab import facts  # which not every sitting needs

    ended = run.outcome == facts.Ending.RESULT.value
    lessons = connection.scalars(
        select(run.lesson).where(run.learner_id == learner, run.day == today, ended).distinct()
    ).all()
    linked = {one for lesson in lessons for one in facts.citing(connection, lesson)}
    tags = cast(note.tags, String)
    tagged = [tags.contains(f'"{facts.TOPIC}{lesson}"') for lesson in lessons]
    yield card.note_id.in_(select(note.id).where(or_(note.id.in_(linked), *tagged)))


def _fading(
    connection: Connection, now: datetime, settings: Settings, *, more: int, learner: int
) -> Queue:
    return fading(connection, now, learner=learner)


DUE = due()
FIVE = Plan(ReviewKind.INTERVIEW, _fading, End(5, timedelta(minutes=5)))
LEECHES = _chosen("keeps slipping", _slipping)
TO_MEND = _chosen("to mend", _to_mend)
GROUNDED = _chosen("today's experiment", _grounded)
NOTHING_TO_ASK = "Nothing to ask: what you have met was reviewed today."
