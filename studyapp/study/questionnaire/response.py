"""One answer in an attempt: kept from its first letter on, graded once, taken back whole."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, exists, insert, or_, select, update

from studyapp.config import Settings
from studyapp.errors import AlreadyRatedError, ChangedError, StudyError
from studyapp.memory.fold import EventKind
from studyapp.memory.stamp import Place
from studyapp.notes.card import question_face
from studyapp.notes.note import Point
from studyapp.store import log, tables, timeline
from studyapp.study.card import as_note, read_variants
from studyapp.study.draft import merged, storable
from studyapp.study.grading import Grade, told
from studyapp.study.questionnaire import schedule
from studyapp.study.questionnaire.promise import Promise, promise
from studyapp.study.spread import Spread

LONGEST = 100_000  # characters
_GRADED = "This answer was already graded in another window."

response = tables.response.c
attempt = tables.attempt.c
card = tables.card.c

# An attempt is one once it has such an answer: what was only looked at is none.
ANSWERED = or_(response.grade.is_not(None), response.text != "")


def put(
    connection: Connection,
    attempt_id: int,
    note_id: int,
    now: datetime,
    *,
    learner: int,
    **values: Any,
) -> None:
    """Keep what a learner has done to an answer, and that it was the newest of its attempt.

    An answer of an open attempt ends earlier ones of its chapter as they are.
    """
    values["changed_at"] = log.utc(now)
    this = (response.attempt_id == attempt_id, response.note_id == note_id)
    answers = bool(values.get("text") or values.get("grade"))
    is_first = answers and not connection.scalar(select(exists().where(*this, ANSWERED)))
    changed = connection.execute(update(tables.response).where(*this).values(**values))
    if not changed.rowcount:
        empty: dict[str, Any] = {
            "text": "",
            "ticked": [],
            "points": 0,
            "hits": 0,
            "flagged": False,
            "entries": [],
        }
        connection.execute(
            insert(tables.response).values(
                **empty | values, learner_id=learner, attempt_id=attempt_id, note_id=note_id
            )
        )
    if is_first:
        _end_earlier(connection, attempt_id, now, learner=learner)
    connection.execute(
        update(tables.attempt)
        .where(attempt.id == attempt_id)
        .values(note_id=note_id, changed_at=log.utc(now))
    )


def open_attempts(connection: Connection, chapter_id: int, *, learner: int) -> list[Row[Any]]:
    """The attempts of a chapter that have not ended, the oldest first."""
    rows = connection.execute(
        select(tables.attempt).where(
            attempt.learner_id == learner,
            attempt.chapter_id == chapter_id,
            attempt.finished_at.is_(None),
        )
    ).all()
    return timeline.in_order(connection, rows, learner=learner)


def _end_earlier(connection: Connection, attempt_id: int, now: datetime, *, learner: int) -> None:
    """End what was open before an open attempt."""
    chapter_id = connection.scalars(
        select(attempt.chapter_id).where(attempt.id == attempt_id)
    ).one()
    ids = [row.id for row in open_attempts(connection, chapter_id, learner=learner)]
    if attempt_id in ids:
        connection.execute(
            update(tables.attempt)
            .where(attempt.id.in_(ids[: ids.index(attempt_id)]))
            .values(finished_at=log.utc(now), changed_at=log.utc(now))
        )


def write(
    connection: Connection,
    attempt_id: int,
    note_id: int,
    text: str,
    before: str,
    now: datetime,
    *,
    variant: str | None = None,
    learner: int,
) -> str:
    """Keep the text of an answer that said *before* when it was last looked at; returns what is
    kept: if another window has written in between, what both say (`study/draft.py::merged`).
    *variant* is the one of the question that was answered.

    Raises StudyError for a text that is too long, AlreadyRatedError if the answer is graded.
    """
    kept = connection.execute(
        select(response.text, response.grade).where(
            response.attempt_id == attempt_id, response.note_id == note_id
        )
    ).one_or_none()
    if kept is not None and kept.grade is not None:
        raise AlreadyRatedError(_GRADED)
    text = checked(merged(kept and kept.text, before, checked(text)))
    put(connection, attempt_id, note_id, now, learner=learner, text=text, variant=variant)
    return text


def point_keys(points: Sequence[Point], ticked: Collection[int]) -> list[str]:
    """What is kept of ticks: the points themselves, as their places change with the content."""
    return sorted({_key(points[index]) for index in ticked})


def ticked_of(points: Sequence[Point], keys: Collection[str]) -> frozenset[int]:
    """The places of the ticked points; one that has been taken away or reworded is not ticked."""
    return frozenset(index for index, point in enumerate(points) if _key(point) in keys)


def _key(point: Point) -> str:
    return point.id or hashlib.blake2b(point.text.encode(), digest_size=8).hexdigest()


def checked(text: str) -> str:
    """An answer as it is kept. Raises StudyError if it is too long."""
    text = storable(text)
    if len(text) > LONGEST:
        raise StudyError(
            f"An answer can have {LONGEST:,} characters and this one has {len(text):,}; "
            "the newest were not saved."
        )
    return text


def grade(
    connection: Connection,
    attempt_id: int,
    note_id: int,
    given: Grade,
    ticked: Collection[int],
    now: datetime,
    *,
    duration: timedelta = timedelta(0),
    variant: str | None = None,
    shown: Promise | None = None,
    settings: Settings,
    learner: int,
) -> bool:
    """Grade an answer and log what follows (`schedule.plan`), in the caller's transaction. Returns
    whether anything was scheduled. *ticked* are points of the *variant* that was shown.

    Raises AlreadyRatedError if another window has graded this answer, and ChangedError, with
    nothing written, if what follows is not what was *shown*.
    """
    kept = connection.execute(
        select(response.grade, response.text).where(
            response.attempt_id == attempt_id, response.note_id == note_id
        )
    ).one_or_none()
    if kept is not None and kept.grade is not None:
        raise AlreadyRatedError(_GRADED)
    typed = kept is not None and bool(kept.text.strip())
    pretest = connection.scalars(select(attempt.pretest).where(attempt.id == attempt_id)).one()
    row = connection.execute(select(tables.note).where(tables.note.c.id == note_id)).one()
    note = as_note(row, read_variants(connection, [note_id]).get(note_id, ())).shown(variant)
    leads_to = promise(
        connection,
        note,
        note_id,
        given,
        ticked,
        now,
        spread=Spread.read(connection, now, settings, learner=learner),
        shown=shown,
        pretest=pretest,
        settings=settings,
        learner=learner,
    )
    if shown is not None and leads_to.told != shown.told:
        raise ChangedError("What this leads to has changed meanwhile: see the grades again.")
    entries: list[str] = []
    for planned in leads_to.planned:
        logged = schedule.carry_out(
            connection,
            planned,
            now,
            duration=duration,
            variant=variant,
            typed=typed,
            learner=learner,
        )
        entries += [uid.hex() for uid in logged]
        if logged:
            duration = timedelta(0)  # the time was spent once
    points = question_face(note).points
    said, full = told(points, ticked, note.need, given)
    head = log.head(connection, now, learner=learner)
    put(
        connection,
        attempt_id,
        note_id,
        now,
        learner=learner,
        grade=given.value,
        graded_at=log.utc(now),
        **head.order(),
        ticked=point_keys(points, ticked),
        points=full,
        hits=said,
        entries=entries,
        variant=variant,
    )
    log.settle(connection, head, learner=learner)
    return bool(entries)


def newest(
    connection: Connection,
    attempt_id: int | None = None,
    *,
    learner: int,
    times: timeline.Timelines | None = None,
) -> tuple[Place, Row[Any]] | None:
    """The answer that was graded last, of all or of one attempt, and where that is in the log."""
    return timeline.newest(
        connection,
        tables.response,
        response.grade.is_not(None),
        *([response.attempt_id == attempt_id] if attempt_id is not None else []),
        learner=learner,
        times=times or timeline.read_timelines(connection, learner=learner),
    )


def take_back(connection: Connection, row: Row[Any], now: datetime, *, learner: int) -> int | None:
    """Take back the grade of a `newest` answer and every entry that it wrote to the logs.

    Returns a card that was scheduled by it, None if there was none.
    """
    first = None
    for name in reversed(row.entries):
        uid = bytes.fromhex(name)
        card_id = _card_of(connection, uid, learner=learner)
        log.log_event(connection, card_id, EventKind.RETRACT, now, target=uid, learner=learner)
        first = card_id
    connection.execute(
        update(tables.response)
        .where(response.id == row.id)
        .values(
            grade=None,
            graded_at=None,
            entries=[],
            points=0,
            hits=0,
            device_id=None,
            epoch=None,
            stamp=None,
            changed_at=log.utc(now),
        )
    )
    reopen(connection, row.attempt_id, now, learner=learner)
    return first


def reopen(connection: Connection, attempt_id: int, now: datetime, *, learner: int) -> None:
    """Open an attempt again, unless a later one of its chapter is open and has an answer: one is
    open at a time."""
    this = connection.execute(select(tables.attempt).where(attempt.id == attempt_id)).one()
    if this.finished_at is None:
        return
    others = open_attempts(connection, this.chapter_id, learner=learner)
    ids = [row.id for row in timeline.in_order(connection, [this, *others], learner=learner)]
    later = ids[ids.index(attempt_id) + 1 :]
    if not connection.scalar(select(exists().where(response.attempt_id.in_(later), ANSWERED))):
        connection.execute(
            update(tables.attempt)
            .where(attempt.id == attempt_id)
            .values(finished_at=None, changed_at=log.utc(now))
        )


def _card_of(connection: Connection, uid: bytes, *, learner: int) -> int:
    for table in (tables.review, tables.event):
        found = connection.scalar(
            select(table.c.card_id).where(table.c.uid == uid, table.c.learner_id == learner)
        )
        if found is not None:
            return found
    raise AssertionError("an answer names only entries that were logged with it")
