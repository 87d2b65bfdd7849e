"""One answer in an attempt: kept from its first letter on, graded once, taken back whole."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, and_, insert, or_, select, update

from studyapp.errors import AlreadyRatedError, StudyError
from studyapp.memory.clock import study_day
from studyapp.memory.fold import EventKind, ReviewKind
from studyapp.memory.state import Rating, State
from studyapp.notes.card import question_face
from studyapp.notes.note import CardStyle, Note
from studyapp.store import log, tables
from studyapp.study import review
from studyapp.study.card import as_note
from studyapp.study.grading import Grade, core, hits

LONGEST = 100_000  # characters

response = tables.response.c
attempt = tables.attempt.c
card = tables.card.c
reviewed = tables.review.c


def put(
    connection: Connection,
    attempt_id: int,
    note_id: int,
    now: datetime,
    *,
    learner: int = 1,
    **values: Any,
) -> None:
    """Keep what a learner has done to an answer, and that it was the newest of its attempt."""
    values["changed_at"] = log.utc(now)
    changed = connection.execute(
        update(tables.response)
        .where(response.attempt_id == attempt_id, response.note_id == note_id)
        .values(**values)
    )
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
    connection.execute(
        update(tables.attempt).where(attempt.id == attempt_id).values(note_id=note_id)
    )


def checked(text: str) -> str:
    """An answer with the line ends that we keep. Raises StudyError if it is too long."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
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
    learner: int = 1,
) -> bool:
    """Grade an answer and log the review that follows (RULES: questionnaires), in the caller's
    transaction. Returns whether anything was scheduled.

    Missed is Again now; partly is Again, due on the next study day; got it is Good without steps.
    A card takes one such review a study day. A new card whose section is not started stays new
    unless it was known: what is missed in a pretest comes when the learner gets there.
    Raises AlreadyRatedError if another window has graded this answer.
    """
    kept = connection.scalar(
        select(response.grade).where(response.attempt_id == attempt_id, response.note_id == note_id)
    )
    if kept is not None:
        raise AlreadyRatedError("This answer was already graded in another window.")
    row = connection.execute(select(tables.note).where(tables.note.c.id == note_id)).one()
    note = as_note(row)
    entries: list[str] = []
    if given is not Grade.DONE:
        for card_id, said in cards_of(connection, note, note_id, given, ticked):
            entries += _schedule(connection, card_id, said, given, now, duration, learner)
            duration = timedelta(0)  # the time was spent once
    points, full = question_face(note).points, 0
    if ticked or given is Grade.MISSED:  # without ticks only a miss tells of points
        full = core(points, note.need)
    put(
        connection,
        attempt_id,
        note_id,
        now,
        learner=learner,
        grade=given.value,
        graded_at=log.stamp(connection, now),
        ticked=sorted(ticked),
        points=full,
        hits=min(hits(points, ticked), full),
        entries=entries,
    )
    return bool(entries)


def newest(connection: Connection, learner: int, attempt_id: int | None = None) -> Row[Any] | None:
    """The answer that was graded last, of all or of one attempt."""
    return connection.execute(
        select(
            response.id,
            response.attempt_id,
            response.note_id,
            response.grade,
            response.graded_at,
            response.entries,
        )
        .where(
            response.learner_id == learner,
            response.graded_at.is_not(None),
            *([response.attempt_id == attempt_id] if attempt_id is not None else []),
        )
        .order_by(response.graded_at.desc(), response.id.desc())
        .limit(1)
    ).one_or_none()


def take_back(
    connection: Connection, row: Row[Any], now: datetime, *, learner: int = 1
) -> int | None:
    """Take back the grade of a `newest` answer and every entry that it wrote to the logs.

    Returns a card that was scheduled by it, None if there was none.
    """
    first = None
    for name in reversed(row.entries):
        uid = bytes.fromhex(name)
        card_id = _card_of(connection, uid)
        log.log_event(connection, learner, card_id, EventKind.RETRACT, now, target=uid)
        first = card_id
    connection.execute(
        update(tables.response)
        .where(response.id == row.id)
        .values(grade=None, graded_at=None, entries=[], points=0, hits=0)
    )
    connection.execute(
        update(tables.attempt).where(attempt.id == row.attempt_id).values(finished_at=None)
    )
    return first


def cards_of(
    connection: Connection, note: Note, note_id: int, given: Grade, ticked: Collection[int]
) -> list[tuple[int, bool]]:
    """The cards of a note, each with whether it was remembered; a tick stands for its item."""
    rows = connection.execute(
        select(card.id, card.side)
        .where(card.note_id == note_id, card.missing_since.is_(None))
        .order_by(card.position)
    )
    if given is Grade.GOT or note.card not in (CardStyle.ITEMS, CardStyle.CLOZE):
        return [(card_id, given is Grade.GOT) for card_id, _ in rows]
    said = {point.id for index, point in enumerate(question_face(note).points) if index in ticked}
    return [(card_id, side.partition(":")[2] in said) for card_id, side in rows]


def _schedule(
    connection: Connection,
    card_id: int,
    said: bool,
    given: Grade,
    now: datetime,
    duration: timedelta,
    learner: int,
) -> list[str]:
    """Log one card's review; returns the uids (hex) of what was logged."""
    before = log.read_memory(connection, learner, card_id)
    waits = before.state is State.NEW and not said and not let_in(connection, card_id, learner)
    if waits or attempted(connection, card_id, study_day(now), learner):
        return []
    answered = review.answer(
        connection,
        card_id,
        before.last_review,
        Rating.GOOD if said else Rating.AGAIN,
        now,
        duration=duration,
        kind=ReviewKind.ATTEMPT,
        learner=learner,
    )
    assert answered.memory.last_review is not None
    entries = [answered.memory.last_review]
    if given is Grade.PARTLY and not said:
        tomorrow = study_day(now) + timedelta(days=1)
        event, _ = log.log_event(connection, learner, card_id, EventKind.SET_DUE, now, day=tomorrow)
        entries.append(event.uid)
    return [uid.hex() for uid in entries]


def let_in(connection: Connection, card_id: int, learner: int) -> bool:
    """Whether the learner has started the chapter or the section of a card."""
    chapter, section = tables.chapter_progress.c, tables.section_progress.c
    found = connection.scalar(
        select(card.id)
        .outerjoin(
            tables.chapter_progress,
            and_(chapter.chapter_id == card.chapter_id, chapter.learner_id == learner),
        )
        .outerjoin(
            tables.section_progress,
            and_(section.section_id == card.section_id, section.learner_id == learner),
        )
        .where(
            card.id == card_id,
            or_(chapter.started_at.is_not(None), section.started_at.is_not(None)),
        )
    )
    return found is not None


def attempted(connection: Connection, card_id: int, day: object, learner: int) -> bool:
    found = connection.scalar(
        select(reviewed.id)
        .where(
            reviewed.card_id == card_id,
            reviewed.learner_id == learner,
            reviewed.kind == ReviewKind.ATTEMPT.value,
            reviewed.day == day,
            log.not_retracted(),
        )
        .limit(1)
    )
    return found is not None


def _card_of(connection: Connection, uid: bytes) -> int:
    for table in (tables.review, tables.event):
        found = connection.scalar(select(table.c.card_id).where(table.c.uid == uid))
        if found is not None:
            return found
    raise AssertionError("an answer names only entries that were logged with it")
