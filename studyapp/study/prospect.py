"""What Today adds once its counts are on the screen: mastery, and where one left off."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection

from studyapp.config import Settings
from studyapp.study import tracker
from studyapp.study.aside import read, tally
from studyapp.study.lab import verdict
from studyapp.study.library import read_draft
from studyapp.study.mastery import Outlook, outlooks
from studyapp.study.questionnaire import history as questionnaire
from studyapp.study.questionnaire.history import Waiting
from studyapp.study.rewording import Reworded, untold


@dataclass(frozen=True, slots=True)
class Prospect:
    """`lab` is the newest result in the lab, on one line; `following` the section that is next."""

    lab: str
    attempt: Waiting | None
    done: str  # "12 of 110 sections done"
    following: str
    aside: str  # "2 cards: 2 to mend, 1 suspended"
    draft: bool  # whether a card of one's own is begun
    outlooks: Mapping[int, Outlook]  # by id of the chapter
    reworded: tuple[Reworded, ...]  # notes that an upgrade has changed

    @property
    def until(self) -> date | None:
        """The day of the forecast."""
        return next((one.later.day for one in self.outlooks.values()), None)


def prospect(
    connection: Connection, now: datetime, settings: Settings, *, learner: int
) -> Prospect:
    course = tracker.read_course(connection, depth=settings.depth, learner=learner)
    following = course.next_section
    return Prospect(
        verdict.latest(connection, now.date(), learner=learner),
        questionnaire.waiting(connection, learner=learner),
        f"{course.progress} done",
        f"{following.number} {following.title}" if following else "",
        tally(read(connection, now, leech_lapses=settings.leech_lapses, learner=learner)),
        bool(read_draft(learner=learner)),
        outlooks(connection, now, on=settings.exam_on, depth=settings.depth, learner=learner),
        untold(connection, learner=learner),
    )
