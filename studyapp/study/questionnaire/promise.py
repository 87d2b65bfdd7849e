"""What each grade of an answer leads to, in words and before it is given."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection

from studyapp.config import DEPTHS
from studyapp.memory.clock import study_day
from studyapp.memory.scheduler import Parameters
from studyapp.store import log
from studyapp.study import words
from studyapp.study.grading import JUDGED, Grade
from studyapp.study.questionnaire import schedule
from studyapp.study.questionnaire.attempt import Asked
from studyapp.study.questionnaire.schedule import Planned, Why

KEPT, WAITS, STAYS = "kept, not scheduled", "when you start it", "as a new card"
DEEPER = "when you ask"
_WORDS = {Why.KEPT: KEPT, Why.WAITS: WAITS, Why.STAYS: STAYS, Why.DEEPER: DEEPER}


def promises(
    connection: Connection,
    asked: Asked,
    ticked: Collection[int],
    now: datetime,
    *,
    pretest: bool = False,
    depth: str = DEPTHS[0],
    learner: int,
) -> dict[Grade, str]:
    """When the answer comes back after each grade; of several cards, the first to come.

    Says exactly what `response.grade` would do at *now*. Empty for something to do.
    """
    if asked.to_do:
        return {}
    parameters = log.in_force(connection, learner=learner)
    told = {}
    for given in JUDGED:
        planned = schedule.plan(
            connection,
            asked.note,
            asked.note_id,
            given,
            ticked,
            now,
            pretest=pretest,
            depth=depth,
            learner=learner,
        )
        told[given] = _promise(connection, planned, now, parameters)
    return told


def _promise(
    connection: Connection, planned: Sequence[Planned], now: datetime, parameters: Parameters
) -> str:
    scheduled = [
        schedule.foresee(connection, one, now, parameters) for one in planned if one.why is None
    ]
    if not scheduled:
        reasons = [one.why for one in planned if one.why not in (None, Why.KEPT)]
        return _WORDS[reasons[-1] if reasons else Why.KEPT]
    first = min(scheduled, key=lambda memory: (memory.due, memory.due_at or now))
    if first.due_at is not None:
        return f"again in {words.wait(first, now)}"
    tomorrow = study_day(now) + timedelta(days=1)
    return "tomorrow" if first.due == tomorrow else words.wait(first, now)
