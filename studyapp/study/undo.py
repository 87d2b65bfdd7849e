"""Take back what the learner did last: a rating, a grade with its review, or another action."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Table, select

from studyapp.memory.clock import study_day
from studyapp.memory.fold import CRAMMED, FROM_ELSEWHERE, EventKind, ReviewKind
from studyapp.memory.state import Rating
from studyapp.store import entry, log, record, tables, timeline
from studyapp.study import dates, pause, retention, words
from studyapp.study.questionnaire import response
from studyapp.study.trial import course
from studyapp.study.unlogged import Moment

review = tables.review.c
event = tables.event.c
card = tables.card.c
note = tables.note.c

_NOBODYS = (
    EventKind.RETRACT.value,
    EventKind.CHANGED.value,
    EventKind.IMPORT.value,
    EventKind.CAUGHT_UP.value,
)
_MARKS = (EventKind.MARK.value, EventKind.UNMARK.value)
_BACK = (EventKind.UNSUSPEND.value, EventKind.UNBURY.value)  # taken back, no queue has their card
_WORDS = {
    EventKind.SUSPEND: "suspending",
    EventKind.UNSUSPEND: "bringing back",
    EventKind.BURY: "burying until tomorrow",
    EventKind.UNBURY: "bringing back",
    EventKind.KNOW: "knowing it already",
    EventKind.FORGET: "forgetting",
    EventKind.SET_DUE: "another date",
    EventKind.MARK: "marking to be mended later",
    EventKind.UNMARK: "marking no longer",
    EventKind.TRIAL: "beginning the trial",
    EventKind.TRIAL_STOP: "stopping the trial",
    EventKind.TRIAL_OUT: "leaving it out of the trial",
    EventKind.TRIAL_ARM: "the trial's other way to answer",
}
_OF_TRIAL = (EventKind.TRIAL_OUT.value, EventKind.TRIAL_ARM.value)  # which bring no card to front
_TRIALS = {kind.value for kind in (*course.KINDS, *course.OF_A_CARD)}
_ASKING = (EventKind.ASK.value, EventKind.UNASK.value)


@dataclass(frozen=True, slots=True)
class Undone:
    """What was taken back: a rating or, where that is None, another action in words.

    `card` is None where no card was concerned. A `grade` was given in a questionnaire: its question
    is open there again, and belongs in no queue. A `mark` changes nothing of what is asked. What
    was `crammed` makes no review due when it is taken back.
    """

    card: int | None
    what: str
    rating: Rating | None = None
    grade: bool = False
    mark: bool = False
    crammed: bool = False


@dataclass(frozen=True, slots=True)
class Newest:
    """What `undo` would take back, in words, and the study day on which it was done."""

    uid: bytes
    told: str
    day: date


class _Found(NamedTuple):
    """The newest row that counts, the table that it is of, and the date that a rating came with."""

    table: Table[Any]
    row: Any
    dated: Any = None


def newest(connection: Connection, now: datetime, *, learner: int) -> Newest | None:
    """What `undo` would take back; None if there is nothing."""
    found = _newest(connection, learner=learner)
    return found and _told(connection, found, now, learner=learner)


def uid_of_newest(connection: Connection, *, learner: int) -> bytes | None:
    """What `undo` would take back, as `newest` names it, without its words."""
    found = _newest(connection, learner=learner)
    return found and _uid(found)


def is_newest(connection: Connection, moment: Moment | None, *, learner: int) -> bool:
    """Whether nothing that counts was done after a *moment*, or ever."""
    found = _newest(connection, learner=learner)
    if found is None:
        return True
    return moment is not None and moment.knew(connection, found.row, learner=learner)


def newest_grade(
    connection: Connection, attempt: int, now: datetime, *, learner: int
) -> Newest | None:
    """What an attempt would take back; None if nothing of it is graded."""
    found = response.newest(connection, attempt, learner=learner)
    of = found and _Found(tables.response, found[1])
    return of and _told(connection, of, now, learner=learner)


def _told(connection: Connection, found: _Found, now: datetime, *, learner: int) -> Newest:
    from studyapp.notes.plain import plain  # takes longer to import than a sitting

    row = found.row
    if found.table is tables.response:
        day = study_day(row.graded_at.astimezone(now.tzinfo))
        asked = note.id == row.note_id
    else:
        day = row.day
        asked = note.id.in_(select(card.note_id).where(card.id == row.card_id))
    together = _together(connection, found, learner=learner)
    told = _what(found, together)
    prompt = (
        None
        if _is_of_many(found, together)
        else connection.scalar(select(note.prompt).where(asked))
    )
    return Newest(_uid(found), f"{told} on “{plain(prompt)}”" if prompt else told, day)


def _uid(found: _Found) -> bytes:
    row = found.row
    return f"{row.id} {row.graded_at}".encode() if found.table is tables.response else row.uid


def undo(connection: Connection, now: datetime, *, learner: int) -> Undone | None:
    """Take back the newest rating or other action that still counts; None if there is none."""
    found = _newest(connection, learner=learner)
    if found is None:
        return None
    row = found.row
    if found.table is tables.response:
        scheduled = response.take_back(connection, row, now, learner=learner)
        return Undone(scheduled, _what(found), grade=True)
    if row.card_id is None:
        moved = row.payload if row.kind == EventKind.REDATE else {}
        cards = dates.cards_of(connection, moved, learner=learner)
        log.log_of_no_card(
            connection, EventKind.RETRACT, now, cards, target=row.uid, learner=learner
        )
        return Undone(None, _what(found))
    together = _together(connection, found, learner=learner)
    if _is_of_many(found, together):  # which no queue has to show
        log.retract_all(connection, together, now, learner=learner)
        return Undone(None, _what(found, together))
    log.log_event(connection, row.card_id, EventKind.RETRACT, now, target=row.uid, learner=learner)
    if found.dated is not None:
        log.log_event(
            connection,
            row.card_id,
            EventKind.RETRACT,
            now,
            target=found.dated.uid,
            learner=learner,
        )
    if found.table is tables.review:
        crammed = ReviewKind(row.kind) in CRAMMED
        return Undone(row.card_id, _what(found), Rating(row.rating), crammed=crammed)
    shown = None if row.kind in (*_MARKS, *_BACK, *_OF_TRIAL) else row.card_id
    return Undone(shown, _what(found), mark=row.kind in _MARKS)


def _newest(
    connection: Connection, kept: Sequence[EventKind] = (), *, learner: int
) -> _Found | None:
    """What is taken back next, but for the kinds of event that are *kept*."""
    times = timeline.read_timelines(connection, learner=learner)
    rated = timeline.newest(
        connection,
        tables.review,
        review.kind.not_in([kind.value for kind in FROM_ELSEWHERE]),
        record.not_retracted(),
        learner=learner,
        times=times,
    )
    done = timeline.newest(
        connection,
        tables.event,
        event.kind.not_in([*_NOBODYS, *(kind.value for kind in kept)]),
        record.not_retracted(event),
        learner=learner,
        times=times,
    )
    graded = response.newest(connection, learner=learner, times=times)
    places = [
        (one[0], _Found(table, one[1]))
        for table, one in ((tables.review, rated), (tables.event, done), (tables.response, graded))
        if one is not None
    ]
    found = max(places, key=lambda one: one[0])[1] if places else None
    if found is None or found.table is not tables.event:
        return found
    if found.row.kind in _TRIALS and not kept:
        kept = course.final(connection, learner=learner)
        if kept:
            return _newest(connection, kept, learner=learner)
    if rated is None:
        return found
    with_date = _came_with(rated[1], found.row)
    return _Found(tables.review, rated[1], found.row) if with_date else found


def _came_with(rated: Any, done: Any) -> bool:
    """Whether a rating came with its own date: both are of one card and of one instant."""
    return bool(
        done.kind == EventKind.SET_DUE.value
        and rated.card_id == done.card_id
        and rated.at == done.at
    )


def _what(found: _Found, together: Sequence[tuple[int, bytes]] = ()) -> str:
    """What was done, in words, *together* with what was done in the same go."""
    row = found.row
    if found.table is tables.response:
        return f"the grade {row.grade!r}"
    if found.table is tables.review:
        return Rating(row.rating).name.capitalize()
    if row.card_id is None and not entry.is_readable(EventKind(row.kind), row.payload):
        return "what cannot be read"
    if row.kind in pause.KINDS:
        return pause.told(EventKind(row.kind), row.payload)
    if row.kind == EventKind.RETENTION:
        return retention.told(row.payload)
    if row.card_id is None and row.kind in _WORDS:
        return _WORDS[EventKind(row.kind)]
    if row.card_id is None:
        return "the new dates"
    cards = words.count(len({card for card, _ in together}), "card")
    if row.kind == EventKind.RESCHEDULE:
        return f"the new dates of {cards}"
    if row.kind in _ASKING:
        longer = " no longer" if row.kind == EventKind.UNASK else ""
        return f"asking{longer} for {cards}"
    told = _WORDS.get(EventKind(row.kind), str(row.kind))
    return f"{told} ({cards})" if len(together) > 1 else told


def _is_of_many(found: _Found, together: Sequence[tuple[int, bytes]]) -> bool:
    """Whether it is told of as of many, though it may have come to one card."""
    of_many = (*_ASKING, EventKind.RESCHEDULE)
    return len(together) > 1 or (bool(together) and found.row.kind in of_many)


def _together(connection: Connection, found: _Found, *, learner: int) -> list[tuple[int, bytes]]:
    """What was done in one go: the card and the uid of each event. They have one stamp; those that
    ask for cards one instant instead."""
    row = found.row
    if found.table is not tables.event or row.card_id is None:
        return []
    if row.kind in _ASKING:
        alike = [event.kind == row.kind, event.at == row.at]
    else:
        alike = [event.epoch == row.epoch, event.stamp == row.stamp]
    rows = connection.execute(
        select(event.card_id, event.uid).where(
            event.learner_id == learner,
            event.device_id == row.device_id,
            event.card_id.is_not(None),
            event.kind.not_in(_NOBODYS),
            *alike,
            record.not_retracted(event),
        )
    )
    return [(one.card_id, one.uid) for one in rows]
