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
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from hashlib import sha1
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias
from uuid import NAMESPACE_URL, uuid5

from sqlalchemy import Connection, select

from studyapp.memory import fold
from studyapp.memory.clock import noon, study_day
from studyapp.memory.fold import CRAMMED, FROM_ELSEWHERE, EventKind, ReviewKind
from studyapp.memory.state import Rating, State
from studyapp.notes.deck import Pack
from studyapp.notes.foreign import Foreign, ForeignReview, Moment, Schedule, Stage
from studyapp.notes.note import card_uid, note_uid
from studyapp.store import log, owner, record, tables
from studyapp.study import learner as learners

_SOURCES = uuid5(NAMESPACE_URL, "studyapp:source")
_TICK = timedelta(microseconds=1)
_MILLISECOND = timedelta(milliseconds=1)
_DAY = timedelta(days=1)
_YEARS = range(1970, 2200)  # in which a date may be
_LONGEST = 36500  # days
_MOST = 10**6  # reviews or lapses
_HOUR = 3_600_000  # milliseconds
_RATINGS = frozenset(Rating)
_AT_ONCE = 500  # entries in one query

Cards: TypeAlias = Mapping[tuple[str, str], bytes]  # uids of cards by guid and side

card = tables.card.c
event = tables.event.c
memory = tables.memory.c
review = tables.review.c


@dataclass(frozen=True, slots=True)
class Attached:
    """How many entries are new of what a file says; of `unknown` ones the card is not here, and
    `impossible` ones have a date or a rating that there is not. `aside` are cards that went there
    from here and are set aside there alone. `logged` are the new entries (uids)."""

    reviews: int = 0
    schedules: int = 0
    unknown: int = 0
    impossible: int = 0
    aside: int = 0
    logged: tuple[bytes, ...] = ()


def attach(
    connection: Connection,
    foreign: Foreign,
    cards: Cards,
    form: str,
    now: datetime,
    *,
    ours: Collection[str] = (),
    learner: int,
    dry_run: bool = False,
) -> Attached:
    """Log what is new of the reviews and schedules of a file in the format *form*, whose *cards*
    are in the database by now; with *dry_run* only count it. Notes that are *ours* (guids) went
    there from here: a schedule of theirs tells something only if it is newer than what is here."""
    if not foreign.reviews and all(map(is_untouched, foreign.schedules)):
        return Attached()  # nothing was rated there, or it was written without schedules
    arrival = _Arrival(connection, cards, ours, now, learner=learner, all_there=dry_run)
    for rated in foreign.reviews:
        arrival.review(rated)
    for schedule in foreign.schedules:
        arrival.schedule(schedule)
    if not dry_run and (arrival.reviews or arrival.states):
        source = log.device_of(connection, uuid5(_SOURCES, form).bytes, form, now)
        log.log_foreign(connection, source, arrival.reviews, arrival.states, learner=learner)
    return Attached(
        len(arrival.reviews),
        len(arrival.states),
        arrival.unknown,
        arrival.impossible,
        arrival.aside,
        tuple(one.uid for _, one, _ in arrival.reviews)
        + tuple(one.uid for _, one in arrival.states),
    )


def take_back(
    connection: Connection,
    entries: Collection[bytes],
    now: datetime,
    but: Collection[int] = (),
    *,
    learner: int,
) -> Attached:
    """Take back these *entries* (uids) from elsewhere, as far as they still count, *but* for those
    of some cards (ids); what was rated here stays."""
    reviews, states = (
        [one for one in _counted(connection, column, entries, learner=learner) if one[0] not in but]
        for column in (review, event)
    )
    log.retract_all(connection, [*reviews, *states], now, learner=learner)
    return Attached(len(reviews), len(states))


def cards_in(connection: Connection, notes: Mapping[Path, Collection[str]]) -> set[int]:
    """The cards (ids) of *notes*, which are known by their page and their ids there."""
    of_note, found = tables.note.c, set[int]()
    for page, names in notes.items():
        found |= set(
            connection.scalars(
                select(tables.card.c.id)
                .join(tables.note, of_note.id == tables.card.c.note_id)
                .where(of_note.path == str(page), of_note.name.in_(names))
            )
        )
    return found


def logged(connection: Connection, entries: Collection[bytes], *, learner: int) -> set[bytes]:
    """Which of these *entries* (uids) are in the log, and were not taken back."""
    return {
        uid
        for column in (review, event)
        for _, uid in _counted(connection, column, entries, learner=learner)
    }


def _counted(
    connection: Connection, column: Any, entries: Collection[bytes], *, learner: int
) -> list[tuple[int, bytes]]:
    """Those of these *entries* (uids) of one log that count, each with its card (id)."""
    wanted, found = sorted(entries), list[tuple[int, bytes]]()
    for start in range(0, len(wanted), _AT_ONCE):
        rows = connection.execute(
            select(column.card_id, column.uid).where(
                column.uid.in_(wanted[start : start + _AT_ONCE]),
                column.learner_id == learner,
                record.not_retracted(column),
            )
        )
        found += [(row.card_id, row.uid) for row in rows]
    return found


def cards_of(planned: Pack, pack: str) -> dict[tuple[str, str], bytes]:
    """The cards of the notes that are *planned* for a *pack*."""
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


class _Standing(NamedTuple):
    """How a card stands, as far as other programs know such a thing."""

    stage: State
    due: date | None
    last: date | None
    reviews: int
    suspended: bool
    buried: bool


class _Met(NamedTuple):
    """When a source showed a card last."""

    at: datetime
    day: date


class _Arrival:
    """What comes from one file, beside what is in the log already; cards go by their uids."""

    def __init__(
        self,
        connection: Connection,
        cards: Cards,
        ours: Collection[str],
        now: datetime,
        *,
        learner: int,
        all_there: bool,
    ) -> None:
        self.ours = frozenset(ours)
        self.now = log.utc(now)
        self.today = study_day(now)
        first = learner == learners.FIRST
        self.whose = "" if first else learners.name_of(connection, learner=learner)
        seen = select(card.uid, card.id).where(owner.visible(card, learner=learner))
        self.ids = dict(connection.execute(seen).all())
        self.cards = {key: uid for key, uid in cards.items() if all_there or uid in self.ids}
        self.stands = dict(_standings(connection, self.today, learner=learner))
        self.begun = {of for of, one in self.stands.items() if one.stage is not State.NEW}
        self.here = set(_rated_here(connection, learner=learner))
        self.gone = set(connection.scalars(record.retracted(learner=learner)))
        self.known = set[bytes]()
        self.met = defaultdict[bytes, list[_Met]](list)
        for uid, of, at, day, kind in _reviews(connection, learner=learner):
            self.known.add(uid)
            if kind not in CRAMMED:
                self.met[of].append(_Met(at, day))
        self.kept = dict(_states(connection, learner=learner))
        self.times = Counter[tuple[bytes, datetime]]()
        self.rated = set[bytes]()  # in this file
        self.fresh = set[bytes]()  # of these, with a review that is new
        self.reviews: list[tuple[int, fold.Review, int]] = []
        self.states: list[tuple[int, fold.Event]] = []
        self.unknown = self.impossible = self.aside = 0

    def review(self, rated: ForeignReview) -> None:
        of, offset = self.cards.get((rated.guid, rated.side)), rated.at.utcoffset()
        if of is None:
            self.unknown += 1
            return
        if offset is None or rated.rating not in _RATINGS or not _may_be(rated.at, rated.day):
            self.impossible += 1
            return
        at = rated.at.astimezone(UTC)
        if (of, _second(at)) in self.here:
            return
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
            self.fresh.add(of)
            entry = fold.Review(uid, at, offset, Rating(rated.rating), kind, rated.day)
            shown = min(max(0, round(rated.duration / _MILLISECOND)), _HOUR)
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
            self.aside += self._is_aside_there_alone(schedule, of)
            return
        day = self._day(schedule, former, met)
        payload = self._payload(schedule, of, day)
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
        a file may have been written without its schedules. One that is as it is here tells nothing,
        nor does one of ours that was rated here since."""
        if of in self.stands and of not in self.fresh:
            here = self.stands[of]
            if here == _as_there(schedule, here):
                return True
            if schedule.guid in self.ours and of in self.begun:
                last = here.last
                return schedule.last is None or (last is not None and schedule.last <= last)
        if schedule.stage is not Stage.NEW or of in self.rated:
            return False
        aside = schedule.suspended or schedule.buried
        return of in self.begun or (former is None and not aside)

    def _is_aside_there_alone(self, schedule: Schedule, of: bytes) -> bool:
        """Whether a card of ours was suspended or buried there, and does neither here."""
        here = self.stands.get(of)
        if here is None or schedule.guid not in self.ours:
            return False
        there = _as_there(schedule, here)
        return (there.suspended or there.buried) and not (here.suspended or here.buried)

    def _day(self, schedule: Schedule, former: _Kept | None, met: _Met | None) -> date:
        """The study day of the last review, as far as it is known."""
        last = schedule.last or (met and met.day)
        if last is not None:
            return last
        if schedule.due is not None and schedule.stage is not Stage.NEW:
            return min(schedule.due - _days(schedule.interval), self.today)
        return self.today if former is None else former.day

    def _payload(self, schedule: Schedule, of: bytes, day: date) -> dict[str, Any]:
        here, buried, known = self.stands.get(of), schedule.buried, dict[str, Any]()
        if buried is None:
            buried = here is not None and here.buried
        if schedule.suspended is not None:
            known["suspended"] = schedule.suspended
        if schedule.lapses is not None:
            known["lapses"] = min(max(0, schedule.lapses), _MOST)
        stability = _figure(schedule.stability)
        difficulty = _figure(schedule.difficulty)
        return {
            "state": int(State[schedule.stage.name]),
            "stability": stability and min(stability, float(_LONGEST)),
            "difficulty": difficulty and min(max(difficulty, 1.0), 10.0),
            "interval": _days(schedule.interval).days,
            "due": (schedule.due or day + _days(schedule.interval)).isoformat(),
            "reps": min(max(0, schedule.reps), _MOST),
            "buried_until": (self.today + _DAY).isoformat() if buried else None,
            **known,
        }

    def _met(self, of: bytes, last: date | None) -> _Met | None:
        """When a card was shown last, on the study day *last* if that is known."""
        met = self.met[of]
        return max((one for one in met if last is None or one.day <= last), default=None)

    def _uid(self, of: bytes, told: str) -> bytes:
        """The same for the same entry, on every device; another one if it was taken back."""
        uid = _uuid5(of, f"{self.whose}\0{told}")
        while uid in self.gone:
            uid = _uuid5(uid, "again")
        return uid


def is_untouched(one: Schedule) -> bool:
    """Whether a card is new there and not set aside."""
    return one.stage is Stage.NEW and not one.suspended and not one.buried


def _uuid5(space: bytes, name: str) -> bytes:
    """The bytes of `uuid5`, without a UUID for each of ten thousands of entries."""
    made = bytearray(sha1(space + name.encode(), usedforsecurity=False).digest()[:16])
    made[6], made[8] = made[6] & 0x0F | 0x50, made[8] & 0x3F | 0x80  # version and variant
    return bytes(made)


def _second(at: datetime) -> int:
    return int(at.timestamp())


def _is_same(payload: Mapping[str, Any], day: date, former: _Kept) -> bool:
    """A card is buried for a day, so that says nothing new."""
    known = {**former.payload, "buried_until": None}
    return day == former.day and {**known, **payload, "buried_until": None} == known


def _may_be(*dates: date | None) -> bool:
    return all(day is None or day.year in _YEARS for day in dates)


def _days(interval: int) -> timedelta:
    return timedelta(days=min(max(0, interval), _LONGEST))


def _figure(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) and value > 0 else None


def _standings(
    connection: Connection, today: date, *, learner: int
) -> Iterator[tuple[bytes, _Standing]]:
    """How each card stands here that was ever rated or set aside."""
    for row in connection.execute(
        select(card.uid, memory.state, memory.due, memory.last_day, memory.reviews)
        .add_columns(memory.suspended, memory.buried_until)
        .join(tables.memory, memory.card_id == card.id)
        .where(memory.learner_id == learner)
    ):
        buried = row.buried_until is not None and row.buried_until > today and not row.suspended
        said = (row.due, row.last_day, row.reviews, row.suspended, buried)
        yield row.uid, _Standing(State(row.state), *said)


def _as_there(said: Schedule, here: _Standing) -> _Standing:
    """How a card stands there; what its source knows nothing of is as *here*."""
    stage, reviews = State[said.stage.name], said.reps
    due, last = (None, None) if stage is State.NEW else (said.due, said.last)
    suspended = here.suspended if said.suspended is None else said.suspended
    buried = here.buried if said.buried is None else said.buried
    return _Standing(stage, due, last, reviews, suspended, buried and not suspended)


def _rated_here(connection: Connection, *, learner: int) -> Iterator[tuple[bytes, int]]:
    """The cards and seconds of what was rated here, be it taken back: other programs keep no finer
    time of it."""
    for uid, at in connection.execute(
        select(card.uid, review.at)
        .join(tables.card, card.id == review.card_id)
        .where(
            review.learner_id == learner,
            review.kind.not_in([kind.value for kind in FROM_ELSEWHERE]),
        )
    ):
        yield uid, _second(at)


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
            record.not_retracted(),
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
            record.not_retracted(event),
        )
        .order_by(event.stamp, event.uid)
    )
    for of, stamp, day, payload in rows:
        yield of, _Kept(stamp, day, payload or {})
