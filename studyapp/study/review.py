"""What a learner does with a card: rate it, set it aside."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Connection

from studyapp.errors import AlreadyRatedError, ChangedError
from studyapp.memory import fold
from studyapp.memory.clock import study_day
from studyapp.memory.fold import AS_DRAWN, Chosen, EventKind, ReviewKind
from studyapp.memory.scheduler import Parameters, became_leech
from studyapp.memory.state import Memory, Rating
from studyapp.store import log
from studyapp.store.memory import read_card, read_memory
from studyapp.store.parameters import in_force
from studyapp.study import aside

_LONGEST = 2**31 - 1  # milliseconds; 24 days


@dataclass(frozen=True, slots=True)
class Answered:
    """The memory after a rating, whether to tell the learner that the card is a leech, and the
    uids of what was logged."""

    memory: Memory
    leech: bool
    logged: tuple[bytes, ...]


def preview(
    memory: Memory,
    rating: Rating,
    now: datetime,
    card_uid: bytes,
    parameters: Parameters,
    kind: ReviewKind = ReviewKind.STUDY,
    due_on: date | None = None,
    chosen: Chosen = AS_DRAWN,
) -> Memory:
    """The memory that `answer` would lead to; the interval on a button is exactly what it gives."""
    at, offset = log.utc(now), now.utcoffset()
    assert offset is not None, "now carries the learner's zone"
    entry: fold.Entry = fold.Review(b"", at, offset, rating, kind, chosen=chosen)
    after = fold.apply(memory, entry, card_uid, parameters)
    if due_on is not None:
        entry = fold.Event(b"", at, offset, EventKind.SET_DUE, until=due_on)
        after = fold.apply(after, entry, card_uid, parameters)
    return after


def answer(
    connection: Connection,
    card_id: int,
    seen: bytes | None,
    rating: Rating,
    now: datetime,
    *,
    duration: timedelta = timedelta(0),
    kind: ReviewKind = ReviewKind.STUDY,
    learner: int,
    due_on: date | None = None,
    leech_lapses: int | None = None,
    variant: str | None = None,
    arm: str | None = None,
    chosen: Chosen = AS_DRAWN,
    promise: tuple[Memory, Parameters] | None = None,
) -> Answered:
    """Rate a card inside a write transaction of the caller's.

    *seen* is the last review that the screen knew of (`Memory.last_review`). Raises
    AlreadyRatedError, with nothing written, if there has been another since, and ChangedError if
    the rating leads elsewhere than from *promise*, what the buttons were drawn from; so a bury or a
    sync in between refuses nothing. *due_on* is a study
    day that takes the place of the one that the rating gives; it is an event of its own.
    *leech_lapses* is None where the learner is not told of leeches. *variant* is the one of the
    question that was shown, None for the note's own text; *arm* that of a trial in which it was
    answered. What was *chosen* is logged as the button
    showed it, whatever else falls due by now (`studyapp.study.spread`).
    """
    uid_of_card, before = read_card(connection, card_id, learner=learner)
    if before.last_review != seen:
        raise AlreadyRatedError("This card was already rated in another window; here is the next.")
    parameters = in_force(connection, learner=learner)
    head = log.head(connection, now, learner=learner)
    uid = log.new_uid()
    entry = fold.Review(uid, head.at, head.offset, rating, kind, head.day, chosen=chosen, arm=arm)
    after = fold.apply(before, entry, uid_of_card, parameters)
    if promise not in (None, (before, parameters)):
        memory, drawn_with = promise
        if fold.apply(memory, entry, uid_of_card, drawn_with) != after:
            raise ChangedError("This card has changed in another window: see the buttons again.")
    log.append_review(
        connection,
        card_id,
        entry,
        head,
        before=before,
        after=after,
        duration=milliseconds(duration),
        variant=variant,
        arm=arm,
        learner=learner,
    )
    leech = leech_lapses is not None and became_leech(before, after, leech_lapses)
    if due_on is None:
        return Answered(after, leech, (entry.uid,))
    event, after = log.log_event(
        connection, card_id, EventKind.SET_DUE, now, day=due_on, learner=learner
    )
    return Answered(after, leech, (entry.uid, event.uid))


def milliseconds(shown: timedelta) -> int:
    """How long a card was shown, as it is logged: never less than 0, though a clock went back, nor
    more than the column takes, though the app was left open for a month."""
    return min(max(0, round(shown.total_seconds() * 1000)), _LONGEST)


def suspend(connection: Connection, card_id: int, now: datetime, *, learner: int) -> bool:
    """Suspend a card, or take the suspension back; returns whether it is suspended now."""
    suspended = read_memory(connection, card_id, learner=learner).suspended
    kind = EventKind.UNSUSPEND if suspended else EventKind.SUSPEND
    return _log(connection, card_id, kind, now, learner=learner).suspended


def bury(connection: Connection, card_id: int, now: datetime, *, learner: int) -> None:
    """Leave a card out until tomorrow."""
    tomorrow = study_day(now) + timedelta(days=1)
    _log(connection, card_id, EventKind.BURY, now, day=tomorrow, learner=learner)


def bring_back(connection: Connection, card_id: int, now: datetime, *, learner: int) -> int:
    """Let a card that is suspended or buried come again; returns how many events that took."""
    before = read_memory(connection, card_id, learner=learner)
    kinds = []
    if before.suspended:
        kinds.append(EventKind.UNSUSPEND)
    if aside.is_buried(before, now):
        kinds.append(EventKind.UNBURY)
    for kind in kinds:
        _log(connection, card_id, kind, now, learner=learner)
    return len(kinds)


def mark(connection: Connection, card_id: int, now: datetime, *, learner: int) -> bool:
    """Mark a card whose text is to be mended later, or take the mark off; returns whether it has
    one now."""
    marked = card_id in aside.marked(connection, learner=learner)
    kind = EventKind.UNMARK if marked else EventKind.MARK
    _log(connection, card_id, kind, now, learner=learner)
    return not marked


def know(connection: Connection, card_id: int, now: datetime, *, learner: int) -> Memory:
    """The learner knows this already: confirmed in 30 days."""
    return _log(connection, card_id, EventKind.KNOW, now, learner=learner)


def forget(connection: Connection, card_id: int, now: datetime, *, learner: int) -> None:
    """Make a card new again; its log stays."""
    _log(connection, card_id, EventKind.FORGET, now, learner=learner)


def set_due(
    connection: Connection, card_id: int, day: date, now: datetime, *, learner: int
) -> None:
    """Make a card that is no longer new due on *day*; stability and difficulty stay."""
    _log(connection, card_id, EventKind.SET_DUE, now, day=day, learner=learner)


def _log(
    connection: Connection,
    card_id: int,
    kind: EventKind,
    now: datetime,
    *,
    target: bytes | None = None,
    day: date | None = None,
    learner: int,
) -> Memory:
    return log.log_event(connection, card_id, kind, now, target=target, day=day, learner=learner)[1]
