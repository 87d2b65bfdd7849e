"""One answer in an attempt: kept from its first letter on, graded once, taken back whole."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, and_, exists, insert, or_, select, update

from studyapp.errors import AlreadyRatedError, StudyError
from studyapp.memory.clock import study_day
from studyapp.memory.fold import EventKind, ReviewKind
from studyapp.memory.stamp import Place
from studyapp.memory.state import Rating, State
from studyapp.notes.card import question_face
from studyapp.notes.note import CardStyle, Note, Point
from studyapp.store import log, tables
from studyapp.study import review
from studyapp.study.card import as_note
from studyapp.study.draft import merged
from studyapp.study.grading import Grade, core, hits

LONGEST = 100_000  # characters
_GRADED = "This answer was already graded in another window."

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
    learner: int,
    **values: Any,
) -> None:
    """Keep what a learner has done to an answer, and that it was the newest of its attempt.

    The first answer of an open attempt ends earlier ones of its chapter as they are.
    """
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
    return log.in_order(connection, rows, learner=learner)


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
    learner: int,
) -> str:
    """Keep the text of an answer that said *before* when it was last looked at; returns what is
    kept: if another window has written in between, its text with this one below.

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
    put(connection, attempt_id, note_id, now, learner=learner, text=text)
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
    """An answer with the line ends that we keep, of characters that can be encoded.

    Raises StudyError if it is too long.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = text.encode("utf-8", "replace").decode("utf-8")
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
    learner: int,
) -> bool:
    """Grade an answer and log the review that follows (RULES: questionnaires), in the caller's
    transaction. Returns whether anything was scheduled.

    Missed is Again now; partly is Again, due on the next study day; got it is Good without steps.
    A card takes one such review a study day. In a pretest, and where the section is not started, a
    new card stays new unless it was known: it comes when the learner gets there.
    Raises AlreadyRatedError if another window has graded this answer.
    """
    kept = connection.scalar(
        select(response.grade).where(response.attempt_id == attempt_id, response.note_id == note_id)
    )
    if kept is not None:
        raise AlreadyRatedError(_GRADED)
    pretest = connection.scalars(select(attempt.pretest).where(attempt.id == attempt_id)).one()
    row = connection.execute(select(tables.note).where(tables.note.c.id == note_id)).one()
    note = as_note(row)
    entries: list[str] = []
    if given is not Grade.DONE:
        for card_id, said in cards_of(connection, note, note_id, given, ticked):
            entries += _schedule(
                connection, card_id, said, given, now, duration, pretest, learner=learner
            )
            duration = timedelta(0)  # the time was spent once
    points, full = question_face(note).points, 0
    if ticked or given is Grade.MISSED:  # without ticks only a miss tells of points
        full = core(points, note.need)
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
        hits=min(hits(points, ticked), full),
        entries=entries,
    )
    log.settle(connection, head, learner=learner)
    return bool(entries)


def newest(
    connection: Connection,
    attempt_id: int | None = None,
    *,
    learner: int,
    times: log.Timelines | None = None,
) -> tuple[Place, Row[Any]] | None:
    """The answer that was graded last, of all or of one attempt, and where that is in the log."""
    return log.newest(
        connection,
        tables.response,
        response.grade.is_not(None),
        *([response.attempt_id == attempt_id] if attempt_id is not None else []),
        learner=learner,
        times=times or log.read_timelines(connection, learner=learner),
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
    _reopen(connection, row.attempt_id, now, learner=learner)
    return first


def _reopen(connection: Connection, attempt_id: int, now: datetime, *, learner: int) -> None:
    """Open an attempt again, unless a later one of its chapter is open and has an answer: one is
    open at a time."""
    this = connection.execute(select(tables.attempt).where(attempt.id == attempt_id)).one()
    if this.finished_at is None:
        return
    others = open_attempts(connection, this.chapter_id, learner=learner)
    ids = [row.id for row in log.in_order(connection, [this, *others], learner=learner)]
    later = ids[ids.index(attempt_id) + 1 :]
    if not connection.scalar(select(exists().where(response.attempt_id.in_(later)))):
        connection.execute(
            update(tables.attempt)
            .where(attempt.id == attempt_id)
            .values(finished_at=None, changed_at=log.utc(now))
        )


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
    pretest: bool,
    *,
    learner: int,
) -> list[str]:
    """Log one card's review; returns the uids (hex) of what was logged."""
    before = log.read_memory(connection, card_id, learner=learner)
    missed_new = before.state is State.NEW and not said
    if missed_new and (pretest or not let_in(connection, card_id, learner=learner)):
        return []
    if attempted(connection, card_id, study_day(now), learner=learner):
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
        event, _ = log.log_event(
            connection, card_id, EventKind.SET_DUE, now, day=tomorrow, learner=learner
        )
        entries.append(event.uid)
    return [uid.hex() for uid in entries]


def let_in(connection: Connection, card_id: int, *, learner: int) -> bool:
    """Whether the learner has started the chapter or the section of a card."""
    chapter_progress, section_progress = tables.chapter_progress.c, tables.section_progress.c
    found = connection.scalar(
        select(card.id)
        .outerjoin(
            tables.chapter_progress,
            and_(
                chapter_progress.chapter_id == card.chapter_id,
                chapter_progress.learner_id == learner,
            ),
        )
        .outerjoin(
            tables.section_progress,
            and_(
                section_progress.section_id == card.section_id,
                section_progress.learner_id == learner,
            ),
        )
        .where(
            card.id == card_id,
            or_(chapter_progress.started_at.is_not(None), section_progress.started_at.is_not(None)),
        )
    )
    return found is not None


def attempted(connection: Connection, card_id: int, day: object, *, learner: int) -> bool:
    found = connection.scalar(
        select(reviewed.id)
        .where(
            reviewed.card_id == card_id,
            reviewed.learner_id == learner,
            reviewed.kind == ReviewKind.ATTEMPT.value,
            reviewed.effective_day == day,
            log.not_retracted(),
        )
        .limit(1)
    )
    return found is not None


def _card_of(connection: Connection, uid: bytes, *, learner: int) -> int:
    for table in (tables.review, tables.event):
        found = connection.scalar(
            select(table.c.card_id).where(table.c.uid == uid, table.c.learner_id == learner)
        )
        if found is not None:
            return found
    raise AssertionError("an answer names only entries that were logged with it")
