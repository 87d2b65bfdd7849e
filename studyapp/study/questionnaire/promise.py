"""What each grade of an answer leads to, in words and before it is given."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, select

from studyapp.memory import fold
from studyapp.memory.clock import study_day
from studyapp.memory.fold import EventKind, ReviewKind
from studyapp.memory.scheduler import Parameters
from studyapp.memory.state import Memory, Rating, State
from studyapp.store import log, tables
from studyapp.study import words
from studyapp.study.grading import Grade
from studyapp.study.questionnaire import response
from studyapp.study.questionnaire.attempt import Asked

KEPT = "kept, not scheduled"  # an attempt has scheduled the card today already
WAITS = "when you start it"  # new and missed, and its section is not started
STAYS = "as a new card"  # new and missed in a pretest

card = tables.card.c


def promises(
    connection: Connection,
    asked: Asked,
    ticked: Collection[int],
    now: datetime,
    *,
    pretest: bool = False,
    learner: int,
) -> dict[Grade, str]:
    """When the answer comes back after each grade; of several cards, the first to come.

    Says exactly what `response.grade` would do at *now*. Empty for something to do.
    """
    if asked.to_do:
        return {}
    parameters = log.in_force(connection, learner=learner)
    return {
        given: _promise(connection, asked, given, ticked, now, parameters, pretest, learner=learner)
        for given in (Grade.MISSED, Grade.PARTLY, Grade.GOT)
    }


def _promise(
    connection: Connection,
    asked: Asked,
    given: Grade,
    ticked: Collection[int],
    now: datetime,
    parameters: Parameters,
    pretest: bool,
    *,
    learner: int,
) -> str:
    outcomes, waits = list[Memory](), ""
    for card_id, said in response.cards_of(connection, asked.note, asked.note_id, given, ticked):
        before = log.read_memory(connection, card_id, learner=learner)
        if response.attempted(connection, card_id, study_day(now), learner=learner):
            continue
        if before.state is State.NEW and not said:
            started = response.let_in(connection, card_id, learner=learner)
            if pretest or not started:
                waits = STAYS if started else WAITS
                continue
        uid = connection.scalars(select(card.uid).where(card.id == card_id)).one()
        outcomes.append(_after(before, uid, said, given, now, parameters))
    if not outcomes:
        return waits or KEPT
    first = min(outcomes, key=lambda memory: (memory.due, memory.due_at or now))
    if first.due_at is not None:
        return f"again in {words.wait(first, now)}"
    tomorrow = study_day(now) + timedelta(days=1)
    return "tomorrow" if first.due == tomorrow else words.wait(first, now)


def _after(
    before: Memory, uid: bytes, said: bool, given: Grade, now: datetime, parameters: Parameters
) -> Memory:
    offset = now.utcoffset()
    assert offset is not None, "now carries the learner's zone"
    at, rating = now.astimezone(UTC), Rating.GOOD if said else Rating.AGAIN
    entry = fold.Review(b"", at, offset, rating, ReviewKind.ATTEMPT)
    after = fold.apply(before, entry, uid, parameters)
    if given is Grade.PARTLY and not said:
        day = study_day(now) + timedelta(days=1)
        set_due = fold.Event(b"", at, offset, EventKind.SET_DUE, until=day)
        after = fold.apply(after, set_due, uid, parameters)
    return after
