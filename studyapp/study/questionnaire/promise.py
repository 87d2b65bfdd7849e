"""What each grade of an answer leads to, in words and before it is given."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Connection

from studyapp.config import Settings
from studyapp.memory.clock import study_day
from studyapp.memory.scheduler import Parameters
from studyapp.notes.note import CardStyle, Note
from studyapp.study import words
from studyapp.study.grading import JUDGED, Grade
from studyapp.study.questionnaire import schedule
from studyapp.study.questionnaire.schedule import Planned, Why
from studyapp.study.spread import Spread

KEPT, WAITS, STAYS = "kept, not scheduled", "when you start it", "as a new card"
DEEPER = "when you ask"
_WORDS = {Why.KEPT: KEPT, Why.WAITS: WAITS, Why.STAYS: STAYS, Why.DEEPER: DEEPER}


@dataclass(frozen=True, slots=True)
class Promise:
    """What a grade leads to, `told` in words; and what is `planned` for it, on the study `day` and
    by the `parameters` for which intervals were chosen."""

    told: str
    planned: tuple[Planned, ...]
    day: date
    parameters: Parameters


def promises(
    connection: Connection,
    note: Note,
    note_id: int,
    ticked: Collection[int],
    now: datetime,
    *,
    pretest: bool = False,
    settings: Settings,
    learner: int,
) -> dict[Grade, Promise]:
    """When the answer comes back after each grade; of several cards, the first to come.

    Says exactly what `response.grade` would do at *now*. Empty for something to do.
    """
    if note.card is CardStyle.DO:
        return {}
    spread = Spread.read(connection, now, settings, learner=learner)
    return {
        given: promise(
            connection,
            note,
            note_id,
            given,
            ticked,
            now,
            spread=spread,
            pretest=pretest,
            settings=settings,
            learner=learner,
        )
        for given in JUDGED
    }


def promise(
    connection: Connection,
    note: Note,
    note_id: int,
    given: Grade,
    ticked: Collection[int],
    now: datetime,
    *,
    spread: Spread,
    shown: Promise | None = None,
    pretest: bool,
    settings: Settings,
    learner: int,
) -> Promise:
    """What the grade *given* leads to now. Intervals of the promise that was *shown* stay as they
    are for as long as what they were chosen for does, whatever else falls due by now."""
    today = study_day(now)
    holds = shown is not None and (shown.day, shown.parameters) == (today, spread.parameters)
    planned = schedule.plan(
        connection,
        note,
        note_id,
        given,
        ticked,
        now,
        spread=spread,
        kept=shown.planned if shown is not None and holds else (),
        pretest=pretest,
        settings=settings,
        learner=learner,
    )
    told = _told(connection, planned, now, spread.parameters)
    return Promise(told, tuple(planned), today, spread.parameters)


def _told(
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
