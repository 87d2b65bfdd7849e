"""Reviews and schedules from elsewhere, as entries of the learner's log.

They have the time and the study day of their source, and a device that is named after its format.
Their uids are made of card and instant, so that the same file adds nothing twice. What another
program kept of a card stands right after its last review there: what was rated here since goes on
from it.
"""

from __future__ import annotations

import json
import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple
from uuid import NAMESPACE_URL, UUID, uuid5

from sqlalchemy import Connection, select

from studyapp.memory import fold
from studyapp.memory.clock import noon, study_day
from studyapp.memory.fold import CRAMMED, FROM_ELSEWHERE, EventKind, ReviewKind
from studyapp.memory.state import Rating, State
from studyapp.notes.deck import Pack
from studyapp.notes.foreign import Foreign, ForeignReview, Moment, Schedule, Stage
from studyapp.notes.note import card_uid, note_uid
from studyapp.store import log, owner, tables
from studyapp.study import learner as learners

_SOURCES = uuid5(NAMESPACE_URL, "studyapp:source")
_TICK = timedelta(microseconds=1)
_DAY = timedelta(days=1)
_YEARS = range(1970, 2200)  # in which a date may be
_LONGEST = 36500  # days
_MOST = 10**6  # reviews or lapses
_HOUR = 3_600_000  # milliseconds

card = tables.card.c
event = tables.event.c
memory = tables.memory.c
review = tables.review.c


@dataclass(frozen=True, slots=True)
class Attached:
    """How many entries are new of what a file says; of `unknown` ones the card is not here, and
    `impossible` ones have a date or a rating that there is not."""

    reviews: int = 0
    schedules: int = 0
    unknown: int = 0
    impossible: int = 0


def attach(
    connection: Connection,
    foreign: Foreign,
    planned: Pack,
    pack: str,
    form: str,
    now: datetime,
    *,
    learner: int,
    dry_run: bool = False,
) -> Attached:
    """Log what is new of the reviews and schedules of a file in the format *form*, whose notes are
    *planned* for a *pack* and in the database by now; with *dry_run* only count it."""
    if not foreign.reviews and not foreign.schedules:
        return Attached()
    arrival = _Arrival(connection, planned, pack, now, learner=learner, all_there=dry_run)
    for rated in foreign.reviews:
        arrival.review(rated)
    for schedule in foreign.schedules:
        arrival.schedule(schedule)
    if not dry_run and (arrival.reviews or arrival.states):
        source = log.device_of(connection, uuid5(_SOURCES, form).bytes, form, now)
        log.log_foreign(connection, source, arrival.reviews, arrival.states, learner=learner)
    return Attached(len(arrival.reviews), len(arrival.states), arrival.unknown, arrival.impossible)


def take_back(
    connection: Connection, planned: Pack, pack: str, now: datetime, *, learner: int
) -> Attached:
    """Take back all that the cards of the *planned* notes have from elsewhere; what was rated here
    stays."""
    theirs = set(_cards(planned, pack).values())
    found = []
    for column, kinds in (
        (review, [kind.value for kind in FROM_ELSEWHERE]),
        (event, [EventKind.IMPORT.value]),
    ):
        rows = connection.execute(
            select(card.id, column.uid, card.uid)
            .join(tables.card, card.id == column.card_id)
            .where(column.learner_id == learner, column.kind.in_(kinds), log.not_retracted(column))
        )
        found.append([(card_id, uid) for card_id, uid, of in rows if of in theirs])
    reviews, states = found
    log.retract_all(connection, [*reviews, *states], now, learner=learner)
    return Attached(len(reviews), len(states))


def _cards(planned: Pack, pack: str) -> dict[tuple[str, str], bytes]:
    """The uids of the cards by guid and side."""
    return {
        (guid, side): card_uid(note_uid(pack, planned.ids[guid]), side).bytes
        for guid, names in planned.sides.items()
        for side in names
    }


class _Kept(NamedTuple):
    """What a source said of a card when it was imported last."""

    stamp: datetime
    day: date
    payload: Mapping[str, Any]


class _Met(NamedTuple):
    """When a source showed a card last."""

    at: datetime
    day: date


class _Arrival:
    """What comes from one file, beside what is in the log already; cards go by their uids."""

    def __init__(
        self,
        connection: Connection,
        planned: Pack,
        pack: str,
        now: datetime,
        *,
        learner: int,
        all_there: bool,
    ) -> None:
        self.now = log.utc(now)
        self.today = study_day(now)
        first = learner == learners.FIRST
        self.whose = "" if first else learners.name_of(connection, learner=learner)
        seen = select(card.uid, card.id).where(owner.visible(card, learner=learner))
        self.ids = dict(connection.execute(seen).all())
        self.cards = {
            key: uid for key, uid in _cards(planned, pack).items() if all_there or uid in self.ids
        }
        self.begun = set(_begun(connection, learner=learner))
        self.gone = set(connection.scalars(log.retracted(learner=learner)))
        self.known = set[bytes]()
        self.met = defaultdict[bytes, list[_Met]](list)
        for uid, of, at, day, kind in _reviews(connection, learner=learner):
            self.known.add(uid)
            if kind not in CRAMMED:
                self.met[of].append(_Met(at, day))
        self.kept = dict(_states(connection, learner=learner))
        self.times = Counter[tuple[bytes, datetime]]()
        self.rated = set[bytes]()  # in this file
        self.reviews: list[tuple[int, fold.Review, int]] = []
        self.states: list[tuple[int, fold.Event]] = []
        self.unknown = self.impossible = 0

    def review(self, rated: ForeignReview) -> None:
        of, offset = self.cards.get((rated.guid, rated.side)), rated.at.utcoffset()
        if of is None:
            self.unknown += 1
            return
        if offset is None or rated.rating not in set(Rating) or not _may_be(rated.at, rated.day):
            self.impossible += 1
            return
        at = rated.at.astimezone(UTC)
        uid = self._uid(of, f"{at.isoformat()} {self.times[of, at]}")
        self.times[of, at] += 1
        kind = ReviewKind.IMPORT
        if rated.kind is Moment.CRAM:
            kind = ReviewKind.IMPORTED_CRAM
        else:
            self.rated.add(of)
            self.met[of].append(_Met(at, rated.day))
        if uid not in self.known:
            self.known.add(uid)
            entry = fold.Review(uid, at, offset, Rating(rated.rating), kind, rated.day)
            shown = min(max(0, round(rated.duration / timedelta(milliseconds=1))), _HOUR)
            self.reviews.append((self.ids.get(of, 0), entry, shown))

    def schedule(self, schedule: Schedule) -> None:
        of = self.cards.get((schedule.guid, schedule.side))
        if of is None:
            self.unknown += 1
            return
        if not _may_be(schedule.due, schedule.last):
            self.impossible += 1
            return
        former, met = self.kept.get(of), self._met(of, schedule.last)
        if self._says_nothing(schedule, of, former):
            return
        day = self._day(schedule, former, met)
        payload = self._payload(schedule, day)
        if former is not None:
            later = met is not None and met.at > former.stamp
            if day < former.day or (not later and _is_same(payload, day, former)):
                return
        at = min(noon(day), self.now)
        if met is not None:
            at = met.at + _TICK if day <= met.day else max(at, met.at + _TICK)
        if former is not None:
            at = max(at, former.stamp + _TICK)
        uid = self._uid(of, f"{at.isoformat()} {json.dumps(payload, sort_keys=True)}")
        self.kept[of] = _Kept(at, day, payload)
        entry = fold.Event(uid, at, timedelta(0), EventKind.IMPORT, payload=payload, day=day)
        self.states.append((self.ids.get(of, 0), entry))

    def _says_nothing(self, schedule: Schedule, of: bytes, former: _Kept | None) -> bool:
        """A new card tells something if it was rated there, or where it is new here and set aside:
        a file may have been written without its schedules."""
        if schedule.stage is not Stage.NEW or of in self.rated:
            return False
        aside = schedule.suspended or schedule.buried
        return of in self.begun or (former is None and not aside)

    def _day(self, schedule: Schedule, former: _Kept | None, met: _Met | None) -> date:
        """The study day of the last review, as far as it is known."""
        last = schedule.last or (met and met.day)
        if last is not None:
            return last
        if schedule.due is not None and schedule.stage is not Stage.NEW:
            return min(schedule.due - _days(schedule.interval), self.today)
        return self.today if former is None else former.day

    def _payload(self, schedule: Schedule, day: date) -> dict[str, Any]:
        stability = _figure(schedule.stability)
        difficulty = _figure(schedule.difficulty)
        return {
            "state": int(State[schedule.stage.name]),
            "stability": stability and min(stability, float(_LONGEST)),
            "difficulty": difficulty and min(max(difficulty, 1.0), 10.0),
            "interval": _days(schedule.interval).days,
            "due": (schedule.due or day + _days(schedule.interval)).isoformat(),
            "reps": min(max(0, schedule.reps), _MOST),
            "lapses": min(max(0, schedule.lapses), _MOST),
            "suspended": schedule.suspended,
            "buried_until": (self.today + _DAY).isoformat() if schedule.buried else None,
        }

    def _met(self, of: bytes, last: date | None) -> _Met | None:
        """When a card was shown last, on the study day *last* if that is known."""
        met = self.met[of]
        return max((one for one in met if last is None or one.day <= last), default=None)

    def _uid(self, of: bytes, told: str) -> bytes:
        """The same for the same entry, on every device; another one if it was taken back."""
        uid = uuid5(UUID(bytes=of), f"{self.whose}\0{told}")
        while uid.bytes in self.gone:
            uid = uuid5(uid, "again")
        return uid.bytes


def _is_same(payload: Mapping[str, Any], day: date, former: _Kept) -> bool:
    """A card is buried for a day, so that says nothing new."""
    return day == former.day and {**payload, "buried_until": None} == {
        **former.payload,
        "buried_until": None,
    }


def _may_be(*dates: date | None) -> bool:
    return all(day is None or day.year in _YEARS for day in dates)


def _days(interval: int) -> timedelta:
    return timedelta(days=min(max(0, interval), _LONGEST))


def _figure(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) and value > 0 else None


def _begun(connection: Connection, *, learner: int) -> Iterator[bytes]:
    """The cards that are no longer new here."""
    yield from connection.scalars(
        select(card.uid)
        .join(tables.memory, memory.card_id == card.id)
        .where(memory.learner_id == learner, memory.state != State.NEW)
    )


def _reviews(
    connection: Connection, *, learner: int
) -> Iterator[tuple[bytes, bytes, datetime, date, ReviewKind]]:
    """What was imported before and counts."""
    rows = connection.execute(
        select(review.uid, card.uid, review.at, review.day, review.kind)
        .join(tables.card, card.id == review.card_id)
        .where(
            review.learner_id == learner,
            review.kind.in_([kind.value for kind in FROM_ELSEWHERE]),
            log.not_retracted(),
        )
    )
    for uid, of, at, day, kind in rows:
        yield uid, of, at, day, ReviewKind(kind)


def _states(connection: Connection, *, learner: int) -> Iterator[tuple[bytes, _Kept]]:
    """What was imported of a card before and counts, the newest of a card last."""
    rows = connection.execute(
        select(card.uid, event.stamp, event.day, event.payload)
        .join(tables.card, card.id == event.card_id)
        .where(
            event.learner_id == learner,
            event.kind == EventKind.IMPORT.value,
            log.not_retracted(event),
        )
        .order_by(event.stamp, event.uid)
    )
    for of, stamp, day, payload in rows:
        yield of, _Kept(stamp, day, payload or {})
