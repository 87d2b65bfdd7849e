"""Pausing: no card of a chapter, or of any, comes until the learner lets it go on.

A pause and its end are events that are of no card, so that no memory changes and `u` takes them
back; they name pack and chapter, as the logs of two devices number theirs differently.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, select

from studyapp.errors import StudyError
from studyapp.memory.fold import EventKind
from studyapp.notes.note import chapter_name
from studyapp.store import log, record, tables
from studyapp.study import words
from studyapp.study.chapter import called, known, named

chapter = tables.chapter.c
event = tables.event.c

KINDS = (EventKind.PAUSE, EventKind.RESUME)


def paused(connection: Connection, *, learner: int) -> dict[int, date]:
    """The chapters that are paused, by id, with the study day since when: of each the newest event
    that covers it counts."""
    ever = select(event.id).where(
        event.learner_id == learner,
        event.card_id.is_(None),
        event.kind == EventKind.PAUSE.value,
    )
    if connection.scalar(ever.limit(1)) is None:
        return {}
    chapters = known(connection, learner=learner)
    found: dict[int, date] = {}
    for one in record.of_no_card(connection, learner=learner):
        covered = [row.id for row in chapters if one.payload in (None, named(row))]
        for chapter_id in covered if one.kind in KINDS else ():
            if one.kind is EventKind.PAUSE:
                found.setdefault(chapter_id, one.day or date.max)
            else:
                found.pop(chapter_id, None)
    return found


def pause(connection: Connection, chapter_id: int | None, now: datetime, *, learner: int) -> None:
    """Let no card of a chapter come, or of any where it is None, until it goes on.

    Raises StudyError if that is so already.
    """
    held, every = paused(connection, learner=learner), known(connection, learner=learner)
    if all(one.id in held for one in every if chapter_id in (None, one.id)):
        name = name_of(connection, chapter_id, learner=learner)
        raise StudyError(f"{name} is paused already; studyapp due says since when.")
    _log(connection, EventKind.PAUSE, chapter_id, now, learner=learner)


def resume(connection: Connection, chapter_id: int | None, now: datetime, *, learner: int) -> None:
    """Let a chapter go on, or all where it is None: what is overdue comes within each day's time.

    Raises StudyError if nothing of it is paused.
    """
    held = paused(connection, learner=learner)
    if not held or (chapter_id is not None and chapter_id not in held):
        name = name_of(connection, chapter_id, learner=learner)
        raise StudyError(f"{name} is not paused.")
    _log(connection, EventKind.RESUME, chapter_id, now, learner=learner)


def turn(connection: Connection, chapter_id: int, now: datetime, *, learner: int) -> bool:
    """Let a chapter go on if it is paused, else pause it; returns whether it goes on. The log says
    which, not a page, which may be of before another key or window."""
    going_on = chapter_id in paused(connection, learner=learner)
    (resume if going_on else pause)(connection, chapter_id, now, learner=learner)
    return going_on


def told(kind: EventKind, payload: Mapping[str, Any] | None) -> str:
    """What an event of these did, in words."""
    verb = "pausing" if kind is EventKind.PAUSE else "going on with"
    if payload is None:
        return f"{verb} the whole course"
    key = payload["chapter"]
    number, title = (key, "") if isinstance(key, int) else (None, key)
    return f"{verb} {chapter_name(number, title)}"


def done(name: str, *, going_on: bool) -> str:
    """What pausing *name*, or letting it go on, has come to."""
    if going_on:
        return f"{name} goes on: what is overdue comes within each day's time."
    return f"{name} is paused: no card of it comes until it goes on."


def _log(
    connection: Connection, kind: EventKind, chapter_id: int | None, now: datetime, *, learner: int
) -> None:
    row = connection.execute(
        select(chapter.pack, chapter.number, chapter.title).where(chapter.id == chapter_id)
    ).one_or_none()
    payload = None if row is None else named(row)
    log.log_of_no_card(connection, kind, now, payload=payload, learner=learner)


def name_of(connection: Connection, chapter_id: int | None, *, learner: int) -> str:
    """What is paused or goes on, as a sentence about it begins."""
    if chapter_id is None:
        return "The course"
    return words.capital(called(connection, chapter_id, learner=learner))
