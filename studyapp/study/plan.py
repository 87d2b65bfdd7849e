"""Plans: what a sitting asks, what its ratings are, and when it ends."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy import Connection

from studyapp.config import Settings
from studyapp.memory.fold import ReviewKind
from studyapp.study import queue
from studyapp.study.queue import Queue


class Loader(Protocol):
    """Loads the queue of a plan; *more* is how often the learner wanted to go on."""

    def __call__(
        self, connection: Connection, now: datetime, settings: Settings, *, more: int, learner: int
    ) -> Queue: ...


@dataclass(frozen=True, slots=True)
class End:
    """When a sitting is over, whatever is left: after so many cards, after so long. Going on gives
    as much again."""

    cards: int | None = None
    time: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What one sits down to. `kind` says what a rating changes (`memory.fold.apply`): cram leaves
    every memory as it is."""

    kind: ReviewKind
    load: Loader
    end: End = End()


def due(chapter_id: int | None = None) -> Plan:
    """All that is due today within the day's budget, or in one chapter alone."""

    def load(
        connection: Connection, now: datetime, settings: Settings, *, more: int, learner: int
    ) -> Queue:
        return queue.load(
            connection, now, settings, chapter_id=chapter_id, more=more, learner=learner
        )

    return Plan(ReviewKind.STUDY, load)


def _fading(
    connection: Connection, now: datetime, settings: Settings, *, more: int, learner: int
) -> Queue:
    return queue.fading(connection, now, learner=learner)


DUE = due()
FIVE = Plan(ReviewKind.INTERVIEW, _fading, End(5, timedelta(minutes=5)))
NOTHING_TO_ASK = "Nothing to ask: what you have met was reviewed today."
