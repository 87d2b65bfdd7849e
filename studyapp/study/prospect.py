"""What Today adds to lines that are on the screen: mastery, and the newest result in the lab."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from studyapp.config import Settings
from studyapp.memory.clock import study_day
from studyapp.study import exam
from studyapp.study.lab import verdict
from studyapp.study.mastery import Glance, glances


@dataclass(frozen=True, slots=True)
class Prospect:
    """`lab` is the newest result in the lab, on one line; `glances`, by id, are those of
    `chapters` that have one."""

    lab: str
    chapters: frozenset[int]
    glances: Mapping[int, Glance]


def prospect(
    connection: Connection,
    now: datetime,
    settings: Settings,
    chapters: frozenset[int],
    *,
    learner: int,
) -> Prospect:
    """The mastery of *chapters* alone: to tell it of all there are may take long."""
    on = exam.day_of(connection, settings, study_day(now), learner=learner)
    return Prospect(
        verdict.latest(connection, now.date(), learner=learner),
        chapters,
        glances(connection, now, on=on, chapters=chapters, depth=settings.depth, learner=learner),
    )
