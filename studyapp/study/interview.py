"""Five questions in five minutes: what has been seen before and is fading most."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Connection, Engine

from studyapp.config import Settings
from studyapp.errors import StudyError
from studyapp.memory.fold import ReviewKind
from studyapp.memory.state import Rating
from studyapp.store.engine import LONG_PATIENCE
from studyapp.study import queue, review
from studyapp.study.card import CardView
from studyapp.study.queue import Queue
from studyapp.study.sitting import Clock, Sitting

QUESTIONS = 5
TIME = timedelta(minutes=5)


class Interview(Sitting):
    """A sitting that ends after five cards or five minutes; running out of time grades nothing."""

    kind = ReviewKind.INTERVIEW

    def __init__(
        self, engine: Engine, settings: Settings, clock: Clock, *, patience: float = LONG_PATIENCE
    ) -> None:
        super().__init__(engine, settings, clock, patience=patience)
        self.ends = clock() + TIME

    def rate(self, rating: Rating, *, seen: CardView | None = None) -> review.Answered:
        """Rate the current card. Raises StudyError, with nothing graded, once the time is up."""
        if self.over:
            raise StudyError("Time is up; this card was not graded.")
        return super().rate(rating, seen=seen)

    def go_on(self) -> None:
        """Five more, in five minutes from now."""
        self.ends = self.clock() + TIME
        super().go_on()

    def _load(self, connection: Connection) -> Queue:
        left = QUESTIONS * (1 + self.more) - len(self.done)
        return queue.interview(connection, self.clock(), left)

    def _whole_queue(self, connection: Connection) -> Queue:
        return super()._load(connection)
