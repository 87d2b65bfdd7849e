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
from studyapp.study.mastery import Outlook, outlooks


@dataclass(frozen=True, slots=True)
class Prospect:
    """`lab` is the newest result in the lab, on one line."""

    lab: str
    outlooks: Mapping[int, Outlook]  # by id of the chapter


def prospect(
    connection: Connection, now: datetime, settings: Settings, *, learner: int
) -> Prospect:
    on = exam.day_of(connection, settings, study_day(now), learner=learner)
    return Prospect(
        verdict.latest(connection, now.date(), learner=learner),
        outlooks(connection, now, on=on, depth=settings.depth, learner=learner),
    )
