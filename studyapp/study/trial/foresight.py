"""How many weeks a trial goes on for: the days to come, played through as the queue has them.

What holds a card back is what the queue makes wait: others that come before it, those that give it
away, reviews that take the day's time.
"""

from __future__ import annotations

import math
import random
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, func, select

from studyapp.config import Settings
from studyapp.memory.clock import noon, study_day
from studyapp.memory.scheduler import UNLOCK_DAYS, Parameters
from studyapp.memory.state import Memory, Rating, State
from studyapp.store import tables
from studyapp.store.parameters import in_force
from studyapp.study.due import in_use
from studyapp.study.introduction import all_new, in_book_order
from studyapp.study.pace import Pace, read_pace
from studyapp.study.pause import paused
from studyapp.study.trial.form import WEEK, Form

LONGEST = 52  # weeks that are looked ahead
_DRAWS = 8  # of what is forgotten, as the last card may come early or late
_LOOK_BACK = 28  # study days, for the pace
_SETTLED = 14  # study days after which there is a pace of one's own
_FINE = 5  # steps of stability, in each of which memories are taken for one, to a factor of e
_START = date(2026, 1, 5)  # any day: days are counted from the present one

card = tables.card.c
memory = tables.memory.c


class Weeks(NamedTuple):
    """In how many weeks a trial ends: at the least, mostly where nothing is forgotten, and at the
    most, where as much is as the learner forgets; None if in more than are looked ahead."""

    low: int
    high: int | None

    @property
    def told(self) -> str:
        if self.high is None:
            return f"more than {self.low} weeks"
        if self.low != self.high:
            return f"{self.low} to {self.high} weeks"
        return "1 week" if self.low == 1 else f"{self.low} weeks"


@dataclass(slots=True)
class Coming:
    """A card on the days to come, which are counted from the present one: when it was `learned`,
    rated `last`, and is `due`. One that was never met has no memory."""

    card: int
    family: str
    term: int | None  # its note, if it is told apart from others once it was met
    opener: int | None
    memory: Memory | None = None
    learned: int = 0
    last: int = 0
    due: int = 0

    def freshness(self, day: int) -> float:
        """What is the lower, the less likely a card that was met is remembered."""
        stability = self.memory.stability if self.memory is not None else None
        return (self.last - day) / (stability or 1.0)

    def term_on(self, day: int) -> int | None:
        return self.term if self.memory is not None and self.learned < day else None


@dataclass
class Course:
    """The days to come of a learner with so much `time` (seconds) a day, who meets `new` cards on
    each and remembers this `share` of what comes back."""

    met: Sequence[Coming]
    fresh: Sequence[Coming]
    awaited: Collection[int]
    parameters: Parameters
    pace: Pace
    time: float
    new: float
    first: Rating | None  # what the first showing of one that is awaited counts as, if not its own
    share: float = 1.0
    _after: dict[tuple[Any, ...], Memory] = field(default_factory=dict)

    def days(self, most: int, seed: int = 0) -> int | None:
        """On which day the last of those that are awaited is asked a week or more after it was
        learned; None if on none of so many. What is forgotten hangs on the *seed*."""
        draw, left = random.Random(seed), set(self.awaited)
        known = {one.card: replace(one) for one in self.met}
        fresh = [replace(one) for one in self.fresh]
        by_day, behind = defaultdict[int, list[Coming]](list), list[Coming]()
        for one in known.values():
            by_day[max(0, one.due)].append(one)
        for day in range(most):
            taken = dict[str, set[int | None]]()
            asked, behind, is_late = self._due(day, [*behind, *by_day.pop(day, ())], taken)
            for one in asked:
                if day - one.learned >= WEEK:
                    left.discard(one.card)
            if not left:
                return day
            if not is_late:
                time = self.time - len(asked) * self.pace.review
                met = self._met(day, fresh, known, taken, time)
                known.update((one.card, one) for one in met)
                fresh = [one for one in fresh if one.memory is None and one.card not in known]
                asked += met
            for one in asked:
                self._meet(one, day, draw)
                by_day[max(one.due, day + 1)].append(one)
        return None

    def _due(
        self, day: int, due: list[Coming], taken: dict[str, set[int | None]]
    ) -> tuple[list[Coming], list[Coming], bool]:
        """What a day asks of what is due, what it leaves to the next one, and whether that is for
        want of time."""
        due.sort(key=lambda one: one.freshness(day))
        asked, left = list[Coming](), list[Coming]()
        for one in due:
            (asked if _takes(one, day, taken) else left).append(one)
        room = int(self.time / self.pace.review)
        late = asked[: max(0, len(asked) - room)]  # those that are remembered least
        return asked[len(late) :], [*left, *late], bool(late)

    def _met(
        self,
        day: int,
        fresh: Sequence[Coming],
        known: dict[int, Coming],
        taken: dict[str, set[int | None]],
        time: float,
    ) -> list[Coming]:
        """The new cards of a day, one of a family."""
        wanted = math.floor((day + 1) * self.new) - math.floor(day * self.new)
        room, found = min(wanted, int(time / self.pace.new)), list[Coming]()
        for one in fresh:
            if len(found) >= room:
                break
            if _is_open(one, known) and _takes(one, day, taken):
                found.append(one)
        return found

    def _meet(self, one: Coming, day: int, draw: random.Random) -> None:
        """Rate a card, and its step on the same day Good."""
        hit = draw.random() < self.share
        rating = Rating.GOOD if hit else Rating.AGAIN
        if one.memory is None:
            one.learned = day
            if one.card in self.awaited and self.first is not None:
                rating = self.first
        one.memory = self._rated(one.memory or Memory(), day - one.last, rating)
        assert one.memory.due is not None, "it was rated"
        one.last, one.due = day, day + (one.memory.due - _START).days

    def _rated(self, before: Memory, waited: int, rating: Rating) -> Memory:
        """The memory after a day on which a card was rated, as if that day were the first of all:
        cards that are nearly alike are taken for one."""
        stable, hard = before.stability, before.difficulty
        key = (
            None
            if stable is None or hard is None
            else (round(_FINE * math.log(stable)), round(hard)),
            waited,
            rating,
        )
        if key not in self._after:
            since = before.last_day and _START - timedelta(days=waited)
            was = replace(before, last_day=since, due=before.due and _START)
            self._after[key] = self._stepped(was, rating)
        return self._after[key]

    def _stepped(self, before: Memory, rating: Rating) -> Memory:
        now = noon(_START)
        after = self.parameters.review(before, rating, now, card=b"", uid=b"")
        while after.due == _START:
            after = self.parameters.review(after, Rating.GOOD, now, card=b"", uid=b"")
        return after


def _takes(one: Coming, day: int, taken: dict[str, set[int | None]]) -> bool:
    """Whether none of what was *taken* into a day gives a card away; it is taken then."""
    terms, term = taken.setdefault(one.family, set()), one.term_on(day)
    if terms and (term is None or None in terms or term in terms):
        return False
    terms.add(term)
    return True


def _is_open(one: Coming, known: dict[int, Coming]) -> bool:
    """Whether the card on which it waits is firm."""
    if one.opener is None:
        return True
    by = known.get(one.opener)
    return by is not None and by.memory is not None and (by.memory.stability or 0) >= UNLOCK_DAYS


def weeks(
    connection: Connection,
    form: Form,
    awaited: Collection[bytes],
    share: float,
    now: datetime,
    settings: Settings,
    *,
    learner: int,
) -> Weeks | None:
    """In how many weeks the last of the *awaited* cards will have had its outcome, by what is known
    today; None where new ones are among them, and none come."""
    today = study_day(now)
    met = [*_met(connection, today, learner=learner)]
    fresh = [*_fresh(connection, settings, learner=learner)]
    new = pace(connection, today, settings, learner=learner)
    if not new and any(uid in awaited for uid, _ in fresh):
        return None
    course = Course(
        [one for _, one in met],
        [one for _, one in fresh],
        {one.card for uid, one in (*met, *fresh) if uid in awaited},
        in_force(connection, learner=learner),
        read_pace(connection, today, learner=learner),
        settings.minutes_a_day * 60,
        new,
        form.arms[0].counts,
    )
    ends, own = [course.days(7 * LONGEST)], replace(course, share=share)
    ends += [own.days(7 * LONGEST, seed) for seed in range(_DRAWS)]
    found = [math.ceil(max(1, day) / 7) for day in ends if day is not None]
    return Weeks(min(found, default=LONGEST), max(found) if len(found) == len(ends) else None)


def pace(connection: Connection, today: date, settings: Settings, *, learner: int) -> float:
    """New cards a study day, as of late; as the settings have it, where that is too short."""
    mine = memory.learner_id == learner, memory.first_day < today
    since = today - timedelta(days=_LOOK_BACK)
    first, met = connection.execute(
        select(
            func.min(memory.first_day),
            func.count().filter(memory.first_day >= since),
        ).where(*mine)
    ).one()
    days = 0 if first is None else min((today - first).days, _LOOK_BACK)
    return met / days if met and days >= _SETTLED else float(settings.new_a_day)


_COLUMNS: Sequence[ColumnElement[Any]] = (
    card.uid,
    card.id,
    card.family,
    card.contrast,
    card.note_id,
    card.opener,
)


def _met(connection: Connection, today: date, *, learner: int) -> Iterator[tuple[bytes, Coming]]:
    """The cards that were met and come again, with their uids."""
    known = (memory.stability, memory.difficulty, memory.first_day, memory.last_day, memory.due)
    rows = connection.execute(
        select(*_COLUMNS, *known)
        .join(tables.memory, memory.card_id == card.id)
        .where(
            memory.learner_id == learner,
            memory.state != State.NEW,
            memory.stability.is_not(None),
            *in_use(paused(connection, learner=learner), learner=learner),
        )
        .order_by(card.uid)
    )
    for row in rows:
        value = Memory(
            state=State.REVIEW,
            stability=row.stability,
            difficulty=row.difficulty,
            last_day=row.last_day,
        )
        first, last, due = (
            (day - today).days for day in (row.first_day or row.last_day, row.last_day, row.due)
        )
        yield row.uid, replace(_coming(row), memory=value, learned=first, last=last, due=due)


def _fresh(
    connection: Connection, settings: Settings, *, learner: int
) -> Iterator[tuple[bytes, Coming]]:
    """The new cards that are let in, in the order in which they come, with their uids."""
    query = all_new(connection, settings, None, *_COLUMNS, learner=learner)
    for row in connection.execute(query.order_by(*in_book_order(connection, learner=learner))):
        yield row.uid, _coming(row)


def _coming(row: Any) -> Coming:
    return Coming(row.id, row.family, row.note_id if row.contrast else None, row.opener)
