"""Five questions in five minutes: what has been seen before and is fading most."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Connection

from studyapp.errors import StudyError
from studyapp.memory.fold import ReviewKind
from studyapp.memory.state import Rating
from studyapp.study import queue, review
from studyapp.study.card import CardView
from studyapp.study.desk import Desk
from studyapp.study.queue import Queue
from studyapp.study.sitting import Sitting

QUESTIONS = 5
TIME = timedelta(minutes=5)


class Interview(Sitting):
    """A sitting that ends after five cards or five minutes; running out of time grades nothing."""

    kind = ReviewKind.INTERVIEW

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.ends = desk.now() + TIME

    def rate(self, rating: Rating, *, seen: CardView | None = None) -> review.Answered:
        """Rate the current card. Raises StudyError, with nothing graded, once the time is up."""
        if self.over:
            raise StudyError("Time is up; this card was not graded.")
        return super().rate(rating, seen=seen)

    def go_on(self) -> None:
        """Five more, in five minutes from now."""
        self.ends = self.desk.now() + TIME
        super().go_on()

    def _load(self, connection: Connection) -> Queue:
        left = QUESTIONS * (1 + self.more) - len(self.done)
        return queue.interview(connection, self.desk.now(), left, learner=self.desk.learner)

    def _whole_queue(self, connection: Connection) -> Queue:
        return super()._load(connection)
