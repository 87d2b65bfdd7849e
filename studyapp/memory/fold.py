"""The log of one card → its memory. The log is the truth; stored memory is its fold."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, timezone
from enum import StrEnum
from typing import Any, NamedTuple, TypeAlias

from studyapp.memory.clock import study_day
from studyapp.memory.scheduler import Parameters
from studyapp.memory.stamp import Place
from studyapp.memory.state import Cause, Memory, Rating, State


class ReviewKind(StrEnum):
    STUDY = "study"
    AHEAD = "ahead"
    ATTEMPT = "attempt"
    INTERVIEW = "interview"
    CRAM = "cram"
    IMPORT = "import"
    IMPORTED_CRAM = "imported cram"


FROM_ELSEWHERE = (ReviewKind.IMPORT, ReviewKind.IMPORTED_CRAM)
CRAMMED = (ReviewKind.CRAM, ReviewKind.IMPORTED_CRAM)  # which change no memory


# Arms of a trial in which a first showing is Again, though nobody said so.
UNASKED = ("guessed first", "read first")


class EventKind(StrEnum):
    RETRACT = "retract"
    SUSPEND = "suspend"
    UNSUSPEND = "unsuspend"
    ASK = "ask for it"
    UNASK = "ask for it no longer"
    BURY = "bury"
    UNBURY = "unbury"
    FORGET = "forget"
    SET_DUE = "set due"
    RESCHEDULE = "reschedule"  # of many cards at once, as new weights have it
    KNOW = "know"
    MARK = "mend later"  # a word to oneself about the text; it changes no memory
    UNMARK = "mend no longer"
    PAUSE = "pause"  # a chapter, or all; no memory changes
    RESUME = "resume"
    RETENTION = "retention"  # that a chapter has of its own; no memory changes
    TRIAL = "trial"  # begun, and stopped; a card is left out of it, or given its other arm
    TRIAL_STOP = "trial stopped"  # none of them changes a memory
    TRIAL_OUT = "out of the trial"
    TRIAL_ARM = "other arm of the trial"
    CHANGED = "answer changed"  # logged by a sync, not by the learner
    IMPORT = "import"  # the state that another program kept of a card
    REDATE = "redate"  # other dates for entries that were made by a wrong clock
    CAUGHT_UP = "caught up"  # what another device had written ahead of this one's clock was there


class Chosen(NamedTuple):
    """What a rating came with that does not follow from the log: the `interval` in days, of those
    that the fuzz allows, and the desired `retention` by which it was found, if that was not the
    learner's for all. Both are None in logs of before, and where the rating gave no interval."""

    interval: int | None = None
    retention: float | None = None


AS_DRAWN = Chosen()


@dataclass(frozen=True, slots=True)
class Review:
    """One rating. `at` is the wall clock in UTC, from which a step is counted; `offset` is the
    learner's from UTC; `day` is the study day, that of `at` where it is None; `place` orders the
    entry among all, by `at` where it is None; `arm` is that of a trial in which it was answered."""

    uid: bytes
    at: datetime
    offset: timedelta
    rating: Rating
    kind: ReviewKind = ReviewKind.STUDY
    day: date | None = None
    place: Place | None = None
    chosen: Chosen = AS_DRAWN
    arm: str | None = None

    @property
    def now(self) -> datetime:
        return self.at.astimezone(timezone(self.offset))

    def was_asked(self, before: Memory) -> bool:
        """Whether the learner said this rating of a card with the memory *before*."""
        is_first = before.state is State.NEW and self.kind is ReviewKind.STUDY
        return not (is_first and self.arm in UNASKED)


@dataclass(frozen=True, slots=True)
class Event:
    """Anything else that changes memory. `target` is what a retract takes back; `until` is the
    study day that a bury lasts until or that a due date is set to. The rest is as in a review.

    The `payload` of an import has state, stability and difficulty (None where the source keeps
    none of FSRS), interval (days), due (an ISO date), reps, lapses and suspended, which stay as
    they are if it has none, and buried_until (an ISO date or None), and its `day` is the day of
    the last review; that of a redate has, by uid in hex, the new at and day (ISO) of each entry;
    that of one that caught up has, by uid in hex of a device, epoch and time (ISO) of its newest
    stamp; that of a pause or its end has pack and chapter (its number, or a deck's name), and is
    None for all; that of a retention has these and the retention, None if the chapter has none of
    its own any more; that of a trial has its form, what was predicted and its cards
    (`studyapp.study.trial.course`), and what is about one later names it by its uid in hex, with
    the arm that a card is given.
    """

    uid: bytes
    at: datetime
    offset: timedelta
    kind: EventKind
    target: bytes | None = None
    until: date | None = None
    payload: Mapping[str, Any] | None = None
    day: date | None = None
    place: Place | None = None

    @property
    def now(self) -> datetime:
        return self.at.astimezone(timezone(self.offset))


Entry: TypeAlias = Review | Event


@dataclass(frozen=True, slots=True)
class Adopted:
    """Parameters in force from `place` on (from `at`, where it is None). The earliest also covers
    everything before it."""

    at: datetime
    uid: bytes
    parameters: Parameters
    place: Place | None = None


def place_of(entry: Entry | Adopted) -> Place:
    return entry.place or Place(entry.at, entry.at, 0, entry.at)


def day_of(entry: Entry) -> date:
    return entry.day or study_day(entry.now)


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
    """Yield each entry that counts with the memory after it, in order of (place, uid).

    When parameters were adopted between two entries, stability and difficulty are those that the
    new weights give to the whole past; states, steps and due dates stay as the learner saw them.
    A pair without an entry carries the memory that an adoption has left; the last one is such, too.
    """
    eras = sorted(history, key=_order)
    begun = [place_of(adopted) for adopted in eras]
    memory, era, done = Memory(), 0, list[Entry]()
    for entry in in_force(log):
        now = max(0, bisect_right(begun, place_of(entry)) - 1)
        if now != era:
            memory = _adopt(memory, done, card, eras[era].parameters, eras[now].parameters)
            era = now
            yield None, memory
        memory = apply(memory, entry, card, eras[era].parameters)
        done.append(entry)
        yield entry, memory
    yield None, _adopt(memory, done, card, eras[era].parameters, eras[-1].parameters)


def in_force(log: Iterable[Entry]) -> list[Entry]:
    """The entries that nothing retracts, in order of (place, uid), with their dates put right;
    without the retractions and redatings themselves."""
    entries = {entry.uid: entry for entry in log}
    gone = {
        entry.target
        for entry in entries.values()
        if isinstance(entry, Event) and entry.kind is EventKind.RETRACT
    }
    kept, redates = list[Entry](), list[Event]()
    for entry in sorted(entries.values(), key=_order):
        if entry.uid in gone or entry.kind is EventKind.RETRACT:
            continue
        if isinstance(entry, Event) and entry.kind is EventKind.REDATE:
            redates.append(entry)
        elif entry.kind is not EventKind.CAUGHT_UP:  # which the places tell of
            kept.append(entry)
    if not redates:
        return kept
    dates = {uid: dated for one in redates for uid, dated in (one.payload or {}).items()}
    return sorted((_redated(entry, dates.get(entry.uid.hex())) for entry in kept), key=_order)


def _redated(entry: Entry, dated: Sequence[str] | None) -> Entry:
    """An entry with other dates; what it set moves with it, and it goes before all later ones."""
    if dated is None:
        return entry
    at, day = datetime.fromisoformat(dated[0]), date.fromisoformat(dated[1])
    place = place_of(entry)
    place = place._replace(time=min(place.time, at))
    if isinstance(entry, Review):
        return replace(entry, at=at, day=day, place=place)
    until = entry.until and entry.until + (day - day_of(entry))
    return replace(entry, at=at, day=day, place=place, until=until)


def _order(entry: Entry | Adopted) -> tuple[Place, bytes]:
    return place_of(entry), entry.uid


def apply(memory: Memory, entry: Entry, card: bytes, parameters: Parameters) -> Memory:
    """The memory after one entry of the log."""
    if isinstance(entry, Review):
        if entry.kind in CRAMMED:
            return memory
        parameters = parameters.aiming(entry.chosen.retention)
        if entry.kind is ReviewKind.ATTEMPT and entry.rating >= Rating.GOOD:
            # Written out in full, it needs no second showing today.
            parameters = parameters.without_steps
        after = parameters.review(
            memory,
            entry.rating,
            entry.now,
            card=card,
            uid=entry.uid,
            day=day_of(entry),
            interval=entry.chosen.interval,
        )
        # what nobody said tells of no card that it keeps slipping
        return after if entry.was_asked(memory) else replace(after, agains=memory.agains)
    match entry.kind:
        case EventKind.SUSPEND:
            return replace(memory, suspended=True)
        case EventKind.UNSUSPEND:
            return replace(memory, suspended=False)
        case EventKind.ASK:
            return replace(memory, asked=True)
        case EventKind.UNASK:
            return replace(memory, asked=False)
        case EventKind.BURY:
            return replace(memory, buried_until=entry.until)
        case EventKind.UNBURY:
            return replace(memory, buried_until=None)
        case EventKind.FORGET:
            return Memory(cause=Cause.FORGOTTEN, suspended=memory.suspended, asked=memory.asked)
        case EventKind.KNOW:
            return parameters.known(memory, day_of(entry))
        case EventKind.CHANGED if memory.due is not None and entry.until is not None:
            sooner = min(memory.due, entry.until)
            due_at = memory.due_at if sooner == memory.due else None
            return replace(memory, due=sooner, due_at=due_at, cause=Cause.CHANGED)
        case EventKind.SET_DUE if memory.state is not State.NEW:
            return replace(memory, due=entry.until, due_at=None, cause=Cause.SET)
        case EventKind.RESCHEDULE if memory.state is State.REVIEW and entry.until is not None:
            return replace(memory, due=entry.until, due_at=None, cause=Cause.RESCHEDULED)
        case EventKind.IMPORT if entry.payload is not None:
            return _imported(memory, entry.payload, day_of(entry), parameters)
        case _:
            return memory


def _imported(
    memory: Memory, payload: Mapping[str, Any], day: date, parameters: Parameters
) -> Memory:
    """What another program kept of a card that it last showed on *day*."""
    state, until = State(payload["state"]), payload.get("buried_until")
    aside = {
        "asked": memory.asked,
        "suspended": payload.get("suspended", memory.suspended),
        "buried_until": until and date.fromisoformat(until),
    }
    if state is State.NEW:
        return Memory(cause=Cause.FORGOTTEN if memory.reviews else None, **aside)
    stability, difficulty = payload["stability"], payload["difficulty"]
    if stability is None and memory.reviews >= payload["reps"]:  # its whole log is here
        stability, difficulty = memory.stability, memory.difficulty
    if stability is None or difficulty is None:
        first = parameters.first(Rating.GOOD, day)
        stability = stability or float(payload.get("interval", 0)) or first.stability
        difficulty = difficulty or first.difficulty
    return Memory(
        state=state,
        step=None if state is State.REVIEW else 0,
        stability=stability,
        difficulty=difficulty,
        due=date.fromisoformat(payload["due"]),
        cause=Cause.IMPORTED,
        first_day=min(memory.first_day or day, day),
        last_day=day,
        last_review=memory.last_review,
        reviews=payload["reps"],
        lapses=payload.get("lapses", memory.lapses),
        agains=0 if state is State.REVIEW else memory.agains,
        expected_lapses=memory.expected_lapses,
        missed=memory.missed,
        **aside,
    )


def _adopt(
    memory: Memory, done: Sequence[Entry], card: bytes, old: Parameters, new: Parameters
) -> Memory:
    if old.weights == new.weights:
        return memory
    past = Memory()
    for entry in done:
        past = apply(past, entry, card, new)
    return replace(memory, stability=past.stability, difficulty=past.difficulty)
