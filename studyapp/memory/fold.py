"""The log of one card → its memory. The log is the truth; stored memory is its fold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, timezone
from enum import StrEnum
from typing import TypeAlias

from studyapp.memory.clock import study_day
from studyapp.memory.scheduler import Parameters
from studyapp.memory.state import Cause, Memory, Rating, State


class ReviewKind(StrEnum):
    STUDY = "study"
    AHEAD = "ahead"
    ATTEMPT = "attempt"
    INTERVIEW = "interview"
    CRAM = "cram"
    IMPORT = "import"


class EventKind(StrEnum):
    RETRACT = "retract"
    SUSPEND = "suspend"
    UNSUSPEND = "unsuspend"
    BURY = "bury"
    FORGET = "forget"
    SET_DUE = "set due"
    KNOW = "know"
    CHANGED = "answer changed"  # logged by a sync, not by the learner


@dataclass(frozen=True, slots=True)
class Review:
    """One rating. `at` is UTC and increases on a device; `offset` is the learner's from UTC."""

    uid: bytes
    at: datetime
    offset: timedelta
    rating: Rating
    kind: ReviewKind = ReviewKind.STUDY

    @property
    def now(self) -> datetime:
        return self.at.astimezone(timezone(self.offset))


@dataclass(frozen=True, slots=True)
class Event:
    """Anything else that changes memory. `target` is what a retract takes back; `day` is the
    study day that a bury lasts until or that a due date is set to."""

    uid: bytes
    at: datetime
    offset: timedelta
    kind: EventKind
    target: bytes | None = None
    day: date | None = None

    @property
    def now(self) -> datetime:
        return self.at.astimezone(timezone(self.offset))


Entry: TypeAlias = Review | Event


@dataclass(frozen=True, slots=True)
class Adopted:
    """Parameters in force from `at` on. The earliest also covers everything before it."""

    at: datetime
    uid: bytes
    parameters: Parameters


EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DEFAULTS = (Adopted(EPOCH, b"", Parameters()),)


def fold(log: Iterable[Entry], card: bytes, history: Sequence[Adopted] = DEFAULTS) -> Memory:
    """The memory of *card* after its whole *log*, in whatever order the log is given."""
    memory = Memory()
    for _, memory in replay(log, card, history):  # noqa: B007 - the last one counts
        pass
    return memory


def replay(
    log: Iterable[Entry], card: bytes, history: Sequence[Adopted] = DEFAULTS
) -> Iterator[tuple[Entry | None, Memory]]:
    """Yield each entry that counts with the memory after it, in order of (time, uid).

    When parameters were adopted between two entries, stability and difficulty are those that the
    new weights give to the whole past; states, steps and due dates stay as the learner saw them.
    The last pair has no entry and carries the memory under the newest parameters.
    """
    eras = sorted(history, key=lambda adopted: (adopted.at, adopted.uid))
    memory, era, done = Memory(), 0, list[Entry]()
    for entry in in_force(log):
        now = _era_at(eras, entry.at)
        memory = _adopt(memory, done, card, eras[era].parameters, eras[now].parameters)
        era = now
        memory = apply(memory, entry, card, eras[era].parameters)
        done.append(entry)
        yield entry, memory
    yield None, _adopt(memory, done, card, eras[era].parameters, eras[-1].parameters)


def in_force(log: Iterable[Entry]) -> list[Entry]:
    """The entries that nothing retracts, without the retractions, in order of (time, uid)."""
    entries = {entry.uid: entry for entry in log}
    gone = {
        entry.target
        for entry in entries.values()
        if isinstance(entry, Event) and entry.kind is EventKind.RETRACT
    }
    return sorted(
        (
            entry
            for entry in entries.values()
            if entry.uid not in gone
            and not (isinstance(entry, Event) and entry.kind is EventKind.RETRACT)
        ),
        key=lambda entry: (entry.at, entry.uid),
    )


def apply(memory: Memory, entry: Entry, card: bytes, parameters: Parameters) -> Memory:
    """The memory after one entry of the log."""
    if isinstance(entry, Review):
        if entry.kind is ReviewKind.CRAM:
            return memory
        if entry.kind is ReviewKind.ATTEMPT and entry.rating >= Rating.GOOD:
            # Written out in full, it needs no second showing today.
            parameters = parameters.without_steps
        return parameters.review(memory, entry.rating, entry.now, card=card, uid=entry.uid)
    match entry.kind:
        case EventKind.SUSPEND:
            return replace(memory, suspended=True)
        case EventKind.UNSUSPEND:
            return replace(memory, suspended=False)
        case EventKind.BURY:
            return replace(memory, buried_until=entry.day)
        case EventKind.FORGET:
            return Memory(cause=Cause.FORGOTTEN, suspended=memory.suspended)
        case EventKind.KNOW:
            return parameters.known(memory, study_day(entry.now))
        case EventKind.CHANGED if memory.due is not None and entry.day is not None:
            sooner = min(memory.due, entry.day)
            due_at = memory.due_at if sooner == memory.due else None
            return replace(memory, due=sooner, due_at=due_at, cause=Cause.CHANGED)
        case EventKind.SET_DUE if memory.state is not State.NEW:
            return replace(memory, due=entry.day, due_at=None, cause=Cause.SET)
        case _:
            return memory


def _adopt(
    memory: Memory, done: Sequence[Entry], card: bytes, old: Parameters, new: Parameters
) -> Memory:
    if old.weights == new.weights:
        return memory
    past = Memory()
    for entry in done:
        past = apply(past, entry, card, new)
    return replace(memory, stability=past.stability, difficulty=past.difficulty)


def _era_at(eras: Sequence[Adopted], at: datetime) -> int:
    index = 0
    for position, adopted in enumerate(eras):
        if adopted.at <= at:
            index = position
    return index
