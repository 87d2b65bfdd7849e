"""The study queue: what is due now, in order, within the day's budget (RULES: what enters, when).

It is loaded once and then kept in step in memory, so that the next card costs no search.
"""

from __future__ import annotations

import math
from bisect import insort
from collections import Counter
from collections.abc import Collection, Generator, Iterable, Iterator, Sequence, Set
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from itertools import chain, islice, zip_longest
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    case,
    func,
    or_,
    select,
    union_all,
)

from studyapp.config import Settings
from studyapp.memory import exam as pacing
from studyapp.memory.clock import study_day
from studyapp.memory.fold import CRAMMED, ReviewKind
from studyapp.memory.scheduler import UNLOCK_DAYS, Parameters
from studyapp.memory.state import Cause, Memory, State
from studyapp.notes.note import NoteKind, Point
from studyapp.store import log, owner, tables
from studyapp.study import exam
from studyapp.study.admission import let_in
from studyapp.study.exam import Exam, Stage
from studyapp.study.grading import core
from studyapp.study.pause import paused
from studyapp.study.pile import Item, Kind, Pile

FORECAST_DAYS = 14
LEARN_AHEAD = timedelta(minutes=20)  # as Anki: a step may be taken early when nothing else is due
_PACE_SAMPLE = 500  # newest reviews from which the learner's pace is taken …
_PACE_FEWEST = 20  # … as far as so many tell it
# Milliseconds; pauses are left out before it is logged, but not in logs of before nor elsewhere.
_LONGEST = 300_000
# What is shown apart from the day's time: the learner chose it beside what was due.
_APART = (ReviewKind.ATTEMPT, ReviewKind.INTERVIEW, *CRAMMED)
# Before there are own reviews: 15 s is a usual review in Anki; a new card is read, thought about,
# and comes back within the day.
_REVIEW_SECONDS, _NEW_SECONDS = 15.0, 45.0

memory = tables.memory.c
card = tables.card.c
chapter = tables.chapter.c
note = tables.note.c
review = tables.review.c

_TOLD_APART = (card.contrast, card.note_id, memory.first_day)


@dataclass(frozen=True, slots=True)
class Counts:
    new: int = 0
    learning: int = 0
    review: int = 0

    @property
    def total(self) -> int:
        return self.new + self.learning + self.review


@dataclass(frozen=True, slots=True)
class Fewer:
    """Why a day asks fewer new cards than its number: so many were `met` today, are too `late` for
    its time, are `alike` to a card of it and wait for another day, or are `missing`, as no more are
    let in; with the new ones they add up to the number. `behind`: reviews wait, so none comes."""

    met: int = 0
    late: int = 0
    alike: int = 0
    missing: int = 0
    behind: bool = False


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds that a card takes this learner, as the days before tell, and the milliseconds that
    today has taken already: of the day's time, and in what is apart from it. What is not their own
    is usual."""

    review: float = _REVIEW_SECONDS
    new: float = _NEW_SECONDS
    taken: int = 0
    taken_apart: int = 0
    is_own_review: bool = False
    is_own_new: bool = False

    @property
    def spent(self) -> float:
        """Seconds of the day's time."""
        return self.taken / 1000

    @property
    def apart(self) -> float:
        """Seconds in what is apart from it."""
        return self.taken_apart / 1000

    def minutes(self, counts: Counts) -> float:
        return ((counts.learning + counts.review) * self.review + counts.new * self.new) / 60


@dataclass
class Queue:
    """What is to be studied today, within `time` seconds of the day.

    What is due is in it, or is among the `waiting` reviews, which did not fit, or the `siblings`,
    which wait until tomorrow for another card of their family. It is `outdated` when there is room
    again for new cards that it has not read, and when the card that was put first is rated: it may
    be paused or suspended, and what comes of it then is no part of today. On the way to an `exam`
    new cards come first, up to `most_new`, and what time is left takes cards that are not due.
    """

    today: date
    pace: Pace
    time: float = math.inf
    siblings: int = 0
    rated_before: int = 0  # today, of what was chosen beside what the day asks
    room: int = 0  # reviews for which a whole day has time …
    usual: int = 0  # … and one without an exam
    fewer: Fewer = Fewer()  # new cards, as it was loaded
    exam: Exam | None = None
    cards: int = 0  # of the exam, unmet when it was planned …
    unmet: int = 0  # … and when the day began …
    a_day: int = 0  # … how many of them it is to meet …
    fits: int = 0  # … and how many of these it has time for, with those that it has had
    alike: int = 0  # of these, those that wait for another one of the day
    empty: bool = False  # whether no card comes that the exam is about
    most_new: int = 0
    _main: Pile = field(default_factory=Pile)
    _learning: list[tuple[datetime, int, Item]] = field(default_factory=list)  # the next one first
    _waiting: Pile = field(default_factory=Pile)
    _later: Pile = field(default_factory=Pile)  # new cards for which there is no time
    _spare: Pile = field(default_factory=Pile)  # what is not due, and has no time either
    _shown: int | None = None
    _first: int | None = None  # the card that was put first
    steps: bool = True  # whether a step of today brings a rated card back
    families: bool = True  # whether a card that is rated makes those wait that it gives away
    outdated: bool = False

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    @property
    def spare(self) -> int:
        """How many are in it that are not due."""
        return self._main.count(Kind.SPARE)

    def minutes_a_day(self, settings: Settings) -> int:
        """The day's time: an exam has its own."""
        return self.exam.minutes if self.exam is not None else settings.minutes_a_day

    @property
    def stage(self) -> Stage | None:
        """Where this day is on the way to an exam."""
        if self.exam is None:
            return None
        others = most = self.unmet - self.fits
        if self.fits < self.a_day:
            most = pacing.most_new(self.exam.minutes * 60, self.pace.new)
        left = max(0, self.exam.left(self.today) - 1)
        days, late = pacing.reach(others, self.cards, self.exam.whole, left, most)
        return Stage(
            self.exam,
            self.today,
            unmet=self.unmet,
            new=self.fits,
            spare=self.spare,
            days=days + 1,
            late=late,
            alike=self.alike,
            empty=self.empty,
        )

    def rooms(self, more: int = 0) -> list[int]:
        """Reviews for which each of the days of the forecast has time, with so many minutes *more*
        a day: on the way to an exam its new cards come first."""
        if self.exam is None:
            return [self.room + int(more * 60 / self.pace.review)] * FORECAST_DAYS
        rooms, unmet, time = [self.room], self.unmet - self.fits, (self.exam.minutes + more) * 60
        for ahead in range(1, FORECAST_DAYS):
            left = self.exam.left(self.today) - ahead
            if left < 0:
                rooms.append(self.usual + int(more * 60 / self.pace.review))
                continue
            wanted = pacing.pace(unmet, self.cards, self.exam.whole, left)
            new = min(wanted, pacing.most_new(time, self.pace.new))
            unmet -= new
            rooms.append(int((time - new * self.pace.new) / self.pace.review))
        return rooms

    def waiting_of(self, chapter_id: int) -> int:
        """How many of the waiting reviews are of one chapter."""
        return sum(item.chapter == chapter_id for item in self._waiting)

    def counts(self, chapter_id: int | None = None) -> Counts:
        """How many of each are left, in all or in one chapter: learning is what was rated today
        already, reviews are what tells what is remembered (`study.recall`)."""
        line = chain(self._main, (item for _, _, item in self._learning))
        items = [item for item in line if chapter_id in (None, item.chapter)]
        new = sum(item.state is State.NEW for item in items)
        learning = sum(item.today for item in items)
        return Counts(new, learning, len(items) - new - learning)

    def chapters(self) -> set[int]:
        """The ids of those that have a card in it."""
        return {item.chapter for item in self._main}

    def held(self, cards: Iterable[int]) -> dict[int, str]:
        """Of *cards* that are due, those that do not come today, with what each waits for."""
        due, waiting = self.due(), {item.card for item in self._waiting}
        return {
            one: "waits for time" if one in waiting else "waits for a card like it"
            for one in cards
            if one not in due
        }

    def due(self) -> set[int]:
        """The cards that are left and not new."""
        steps = {item.card for _, _, item in self._learning}
        return steps | {item.card for item in self._main if item.state is not State.NEW}

    def has(self, card_id: int) -> bool:
        """Whether a card is asked today, or waits for time alone."""
        is_step = any(item.card == card_id for _, _, item in self._learning)
        return is_step or card_id in self._main or card_id in self._waiting

    def next(self, now: datetime) -> Item | None:
        """The card to show at *now*; it stays in the queue until it is rated or dropped."""
        item = self._pick(now)
        self._shown = item.card if item else None
        return item

    def next_at(self) -> datetime | None:
        """When the earliest learning step falls due, if one is left."""
        return self._learning[0][0] if self._learning else None

    def rated(self, item: Item, after: Memory, milliseconds: int = 0) -> None:
        """Take a rated card out; keep it if a step of today is left; its family waits. What the
        rating took is no longer there for the others."""
        self.drop(item.card)
        if self.families:
            self._drop_spoiled(item)
        if self.steps and after.due_at and after.due and after.due <= self.today:
            step = replace(item, state=after.state, due_at=after.due_at, today=True, spare=False)
            self._add_learning(step)
        self.most_new = max(0, self.most_new - (item.state is State.NEW))
        self.pace = replace(self.pace, taken=self.pace.taken + milliseconds)
        waited = bool(self._waiting)
        self._fit()
        self.outdated = (waited and not self._waiting) or item.card == self._first

    def drop(self, card_id: int) -> None:
        """Take a card out of today (suspended, buried, rated elsewhere)."""
        for pile in (self._main, self._waiting, self._later, self._spare):
            pile.drop(card_id)
        self._learning = [entry for entry in self._learning if entry[2].card != card_id]

    def _drop_spoiled(self, by: Item) -> None:
        """Let those wait until tomorrow that a card gives away."""
        piled = (one for pile in (self._main, self._waiting) for one in pile.of_family(by.family))
        for one in [*piled, *(step for _, _, step in self._learning)]:
            if not one.today and by.spoils(one):
                self.drop(one.card)
                self.siblings += one.kind is Kind.DUE

    def _fit(self) -> None:
        """Keep to the day's time: steps are always in, then reviews, then new cards; to an exam new
        cards, then reviews, then what is not due."""
        left = self.time - self.pace.spent - len(self._learning) * self.pace.review
        if left == math.inf:
            return
        if self.exam is None:
            left = self._fit_reviews(left)
            self._fit_new(0 if self._waiting else left)
            return
        due = len(self._waiting) + self._main.count(Kind.DUE)
        beside = left - due * self.pace.review
        left -= self._fit_new(min(left, max(beside, self.most_new * self.pace.new)))
        left = self._fit_reviews(left)
        self._fit_spare(0 if self._waiting else left)

    def _fit_reviews(self, left: float) -> float:
        """Keep those that are most likely to be remembered; returns the time that others have."""
        self._keep(Kind.DUE, left / self.pace.review, self._waiting)
        return left - self._main.count(Kind.DUE) * self.pace.review

    def _fit_new(self, left: float) -> float:
        """Keep the first new cards; returns the time that they take."""
        self._keep(Kind.NEW, left / self.pace.new, self._later)
        return self._main.count(Kind.NEW) * self.pace.new

    def _fit_spare(self, left: float) -> None:
        self._keep(Kind.SPARE, left / self.pace.review, self._spare)

    def _keep(self, kind: Kind, room: float, beside: Pile) -> None:
        """Keep as many cards of a *kind* as there is *room* for; the others lie *beside*, and come
        back when there is more."""
        whole = max(0, int(room))
        more = whole - self._main.count(kind)
        if more >= 0:
            self._main.add(beside.take(more))
            return
        items = self._main.of_kind(kind)
        if kind is Kind.DUE:
            items.sort(key=lambda item: -item.retrievability)
        for item in items[whole:]:
            self._main.drop(item.card)
        beside.put_before(items[whole:])

    def shorten(self, cards: int, begun: Set[int]) -> None:
        """Keep the cards that were *begun* and the first others, up to *cards* in all."""
        order = [item.card for _, _, item in self._learning]
        order += [item.card for item in self._main]
        others = [card_id for card_id in order if card_id not in begun]
        kept = begun | set(others[: max(0, cards - len(begun))])
        self._main = Pile(item for item in self._main if item.card in kept)
        self._learning = [entry for entry in self._learning if entry[2].card in kept]

    def put_first(self, item: Item, due: bool = False) -> None:
        """Show this card next (after an undo); one that is *due* is no waiting sibling any more. It
        counts among those of the day: a new one has the place of the last."""
        if not self.has(item.card):
            if item.kind is Kind.NEW:
                self._keep(Kind.NEW, self._main.count(Kind.NEW) - 1, self._later)
            if due:
                self.siblings = max(0, self.siblings - 1)
        known = self._main.get(item.card) or item
        self.drop(item.card)
        self._main.put_before([replace(item, term=known.term)])
        self._shown, self._first = None, item.card

    def _pick(self, now: datetime) -> Item | None:
        first = self._main.first()
        if first is not None and first.card == self._first:
            return first
        steps = self._learning[:2]  # one of them may be the card that is shown
        due = [item for at, _, item in steps if at <= now]
        fresh = [item for item in due if item.card != self._shown]
        if fresh:
            return fresh[0]
        if first is not None:
            return first
        ahead = due or [item for at, _, item in steps if at <= now + LEARN_AHEAD]
        others = [item for item in ahead if item.card != self._shown]
        return next(iter(others or ahead), None)

    def _add_learning(self, item: Item) -> None:
        assert item.due_at is not None
        insort(self._learning, (item.due_at, item.card, item))


def load(
    connection: Connection,
    now: datetime,
    settings: Settings,
    *,
    learner: int,
    chapter_id: int | None = None,
    more: int = 0,
    also: Collection[int] = (),
    without: Collection[int] = (),
) -> Queue:
    """The queue of the study day of *now*, of one chapter alone if *chapter_id* is given.

    *more* adds so many whole budgets, for a learner who wants to go on. Cards of *also* are due
    whatever their date, those of *without* are not. If nothing happens meanwhile, that of a later
    *now* is what comes then.
    """
    today = study_day(now)
    parameters = log.in_force(connection, learner=learner)
    planned = exam.in_force(connection, today, learner=learner)
    met = _families_met(connection, today, learner=learner)
    steps: list[Item] = []
    reviews: list[Item] = []
    for item in _due(connection, today, parameters, chapter_id, also, learner=learner):
        if item.card in without:
            continue
        (steps if item.due_at is not None else reviews).append(item)
    # Retrievability falls with elapsed days / interval alone: the lower, the more overdue.
    reviews.sort(key=lambda item: item.retrievability)
    due = _one_of_a_family(
        item
        for item in (*steps, *reviews)
        if item.today or not _is_spoiled(item, met.get(item.family, ()))
    )
    pace = read_pace(connection, today, learner=learner)
    day = (planned.minutes if planned else settings.minutes_a_day) * 60
    held = len(steps) + len(reviews) - len(due)
    room, usual = (int(time / pace.review) for time in (day, settings.minutes_a_day * 60))
    queue = Queue(today, pace, day * (1 + more), held, room, usual, exam=planned)
    queue._main.add(item for item in due if item.due_at is None)
    for item in due:
        if item.due_at is not None:
            queue._add_learning(item)
    taken = met.keys() | {item.family for item in due}

    def new(allowed: int) -> tuple[list[Item], int]:
        fresh = _new(connection, today, chapter_id, settings, planned, learner=learner)
        with closing(fresh):
            return _first_of_a_family(fresh, taken, allowed)

    had = introduced(connection, today, today, planned, learner=learner)
    if planned is not None:
        left = _count_new(connection, settings, planned, learner=learner)
        queue.unmet = left + had
        queue.cards = left + introduced(
            connection, planned.planned_on, today, planned, learner=learner
        )
        queue.a_day = pacing.pace(queue.unmet, queue.cards, planned.whole, planned.left(today))
        queue.most_new = max(0, pacing.most_new(queue.time, pace.new) - had)
        fresh, _ = new(queue.a_day * (1 + more) - had)
        queue._later.add(fresh)
        if chapter_id is None:
            queue.alike = max(0, queue.a_day - had - len(fresh))
        queue.empty = not queue.unmet and not _count_known(connection, queue, learner=learner)
        known = _spare(connection, today, parameters, chapter_id, planned, learner=learner)
        others = (*chain.from_iterable(met.values()), *due, *queue._later)
        apart = [one for one in known if one.card not in without]
        queue._spare.add(_not_spoiled(apart, others))
        queue._fit()
        queue.fits = had + queue.counts().new if queue._later else queue.a_day
        queue._main = Pile(_in_turn(connection, queue))
        return queue
    queue._fit()
    if queue._waiting:  # a backlog: the most valuable first, and nothing new until it is gone
        queue._main = Pile(sorted(queue._main, key=lambda item: -item.retrievability))
    reviews, wanted = list(queue._main), settings.new_a_day * (1 + more)
    alike = 0
    if not queue._waiting:
        fresh, alike = new(wanted - had)
        queue._later.add(fresh)
    queue._fit()
    queue.fewer = _fewer(queue, wanted, had, alike)
    new_ones = _easy_first(connection, list(queue._main)[len(reviews) :])
    queue._main = Pile(_spread(_beside_each_other(reviews), new_ones))
    return queue


def _fewer(queue: Queue, wanted: int, had: int, alike: int) -> Fewer:
    """Why *queue* has not as many new cards as are *wanted*, of which today has *had* some."""
    if queue._waiting:
        return Fewer(behind=wanted > 0)
    met, late = min(had, wanted), len(queue._later)
    lacking = wanted - met - late - queue.counts().new
    return Fewer(met, late, min(alike, lacking), max(0, lacking - alike))


def _in_turn(connection: Connection, queue: Queue) -> list[Item]:
    """The cards of a day on the way to an exam: what is new, what is due, what has the rest."""
    new, due = queue._main.of_kind(Kind.NEW), queue._main.of_kind(Kind.DUE)
    if queue._waiting:
        due.sort(key=lambda item: -item.retrievability)
    spare = queue._main.of_kind(Kind.SPARE)
    return [*_easy_first(connection, new), *_beside_each_other(due), *spare]


def fading(
    connection: Connection,
    now: datetime,
    *conditions: ColumnElement[bool],
    without: Collection[str] = (),
    learner: int,
) -> Queue:
    """The cards seen before for which *conditions* hold, due or not, what fades most first: one of
    a family, *without* some, none rated today, no steps."""
    today = study_day(now)
    met = _families_met(connection, today, learner=learner)
    faintest = _faintest(connection, today, *conditions, learner=learner)
    one_each = _one_of_a_family(replace(item, term=None) for item in faintest)
    items = [it for it in one_each if it.family not in met and it.family not in without]
    rated = sum(item.today for item in faintest)
    return Queue(
        today,
        read_pace(connection, today, learner=learner),
        siblings=len(faintest) - rated - len(items),
        rated_before=rated,
        steps=False,
        _main=Pile(items),
    )


def crammed(
    connection: Connection, now: datetime, *conditions: ColumnElement[bool], learner: int
) -> Queue:
    """All cards seen before for which *conditions* hold, rated today or not: first what fades most
    of each family, then the others of families, and no steps."""
    today = study_day(now)
    known = _faintest(connection, today, *conditions, learner=learner)
    faintest = [replace(item, today=False, term=None) for item in known]
    first = _one_of_a_family(faintest)
    begun = {item.card for item in first}
    items = [*first, *(item for item in faintest if item.card not in begun)]
    pace = read_pace(connection, today, learner=learner)
    return Queue(today, pace, steps=False, families=False, _main=Pile(items))


def _faintest(
    connection: Connection, today: date, *conditions: ColumnElement[bool], learner: int
) -> list[Item]:
    """The cards seen before, what fades most first."""
    parameters = log.in_force(connection, learner=learner)
    known = _rated(connection, today, parameters, *conditions, learner=learner)
    return sorted(known, key=lambda item: item.retrievability)


def families_due(connection: Connection, today: date, *, learner: int) -> Select[str]:
    """The families of which a card is due today, or waits for time."""
    return (
        select(card.family)
        .join(tables.memory, memory.card_id == card.id)
        .where(
            memory.learner_id == learner,
            memory.state != State.NEW,
            memory.due <= today,
            *_open(today, paused(connection, learner=learner), learner=learner),
        )
    )


def has_fading(connection: Connection, now: datetime, *, learner: int) -> bool:
    """Whether `fading` has a card to ask, without reading them all."""
    today = study_day(now)
    met = (
        select(card.family)
        .join(tables.memory, memory.card_id == card.id)
        .where(memory.learner_id == learner, memory.last_day == today)
    )
    found = (
        select(memory.card_id)
        .join(tables.card, card.id == memory.card_id)
        .where(
            memory.learner_id == learner,
            memory.state != State.NEW,
            card.family.not_in(met),
            *_open(today, paused(connection, learner=learner), learner=learner),
        )
    )
    return connection.scalar(found.limit(1)) is not None


def forecast(connection: Connection, line: Queue, *, learner: int) -> list[int]:
    """Cards that each of the next 14 study days asks, today first, if what a day asks is done and
    comes no more: what it has no time for, or what waits for one of its family, comes later. On the
    way to an exam cards that are not due come as well, again and again."""
    tomorrow = line.today + timedelta(days=1)
    told_apart = and_(card.contrast, memory.first_day < tomorrow)
    alike = (card.family, case((told_apart, card.note_id)))  # as `_term` has it
    days, left = [len(line.due())], Counter[Sequence[Any]]()
    with closing(_coming(connection, line, *alike, learner=learner)) as coming:
        for ahead, one in coming:
            while len(days) < ahead:
                left = _a_day_less(days, left, line.room)
            left[one] += 1
            if len(left) >= (FORECAST_DAYS - len(days)) * line.room:  # whatever else comes
                days += [line.room] * (FORECAST_DAYS - len(days))
                break
    while len(days) < FORECAST_DAYS:
        left = _a_day_less(days, left, line.room)
    if line.exam is None:
        return days
    known = _count_known(connection, line, learner=learner)
    return [_with_spare(line, due, ahead, known) for ahead, due in enumerate(days)]


def _a_day_less(days: list[int], left: Counter[Sequence[Any]], room: int) -> Counter[Sequence[Any]]:
    """What is *left* after a day more that has so much *room*, which *days* is told."""
    met = list(islice(left, room))
    days.append(len(met))
    left.subtract(met)
    return +left


def _with_spare(line: Queue, due: int, ahead: int, known: int) -> int:
    """What a later day on the way to an exam asks, of which so many are *due*: of the cards *known*
    after today as many as its time has, if each day until then has met its new ones."""
    assert line.exam is not None
    left = line.exam.left(line.today) - ahead
    if not ahead or left < 0:
        return due
    unmet = [max(0, line.unmet - line.a_day * days) for days in (1, ahead)]
    new = pacing.pace(unmet[1], line.cards, line.exam.whole, left)
    room = int((line.exam.minutes * 60 - new * line.pace.new) / line.pace.review)
    return max(due, min(known + unmet[0] - unmet[1], room))


def _count_known(connection: Connection, line: Queue, *, learner: int) -> int:
    """How many cards of an exam were met, one of a family, and those that are new today."""
    assert line.exam is not None
    held = paused(connection, learner=learner)
    known = (
        select(func.count(card.family.distinct()))
        .join_from(tables.memory, tables.card, card.id == memory.card_id)
        .where(
            memory.learner_id == learner,
            memory.state != State.NEW,
            *_of(line.exam.chapters),
            *in_use(held, learner=learner),
        )
    )
    return (connection.scalar(known) or 0) + line.counts().new


def caught_up(
    connection: Connection, line: Queue, rooms: Sequence[int], *, learner: int
) -> int | None:
    """In how many days nothing waits for more time any more, if each has time for as many reviews
    as *rooms* says (`Queue.rooms`); None if in more than the forecast has. A card that is forgotten
    takes a second look on its day and comes again on the next one, and every other one of those
    once more on the day after it."""
    parameters = log.in_force(connection, learner=learner)
    again = sum(1 - item.retrievability for item in line._main if item.state is not State.NEW)
    left: list[float] = []
    known = (memory.stability, memory.last_day, memory.due)
    with closing(_coming(connection, line, *known, learner=learner)) as coming:
        for ahead, arriving in enumerate(_by_day(coming), 1):
            day = line.today + timedelta(days=ahead)
            left += [
                parameters.forgetting_curve(stability, last_day, max(day, due))
                for stability, last_day, due in arriving
            ]
            if len(left) > sum(rooms[ahead:]):  # whatever is remembered
                return None
            left.sort(reverse=True)
            room, met, forgotten = rooms[ahead] - again, 0, 0.0
            while met < len(left) and room >= 1:
                forgotten += 1 - left[met]
                room -= 2 - left[met]
                met += 1
            del left[:met]
            if not left:
                return ahead
            again = forgotten + again / 2
    return None


def _coming(
    connection: Connection, line: Queue, *columns: ColumnElement[Any], learner: int
) -> Generator[tuple[int, Sequence[Any]], None, None]:
    """*columns* of the cards that the next study days bring, each with how many days ahead it is,
    but for those that today asks: what is due and has no place today comes tomorrow. No more is
    read than is asked for, as there may be very many."""
    query = (
        select(memory.card_id, memory.due, memory.buried_until, *columns)
        .join(tables.card, card.id == memory.card_id)
        .where(
            memory.learner_id == learner,
            memory.due < line.today + timedelta(days=FORECAST_DAYS),
            *in_use(paused(connection, learner=learner), learner=learner),
        )
        .order_by(memory.due)
        .execution_options(yield_per=500)
    )
    asked, later = line.due(), dict[date, list[Sequence[Any]]]()
    ahead, day = 1, line.today + timedelta(days=1)
    with closing(connection.execute(query)) as rows:
        for card_id, due, buried, *told in rows:
            while due > day:
                ahead, day = ahead + 1, day + timedelta(days=1)
                yield from ((ahead, one) for one in later.pop(day, ()))
            if card_id in asked:
                continue
            if buried is not None and buried > day:
                later.setdefault(buried, []).append(tuple(told))
            else:
                yield ahead, tuple(told)
    while (ahead := ahead + 1) < FORECAST_DAYS:
        day += timedelta(days=1)
        yield from ((ahead, one) for one in later.pop(day, ()))


def _by_day(coming: Iterable[tuple[int, Sequence[Any]]]) -> Iterator[list[Sequence[Any]]]:
    """What each of the next days brings, tomorrow first."""
    arriving, day = list[Sequence[Any]](), 1
    for ahead, one in coming:
        while day < ahead:
            yield arriving
            arriving, day = [], day + 1
        arriving.append(one)
    while day < FORECAST_DAYS:
        yield arriving
        arriving, day = [], day + 1


def read_pace(connection: Connection, today: date, *, learner: int) -> Pace:
    """Mean seconds of the newest reviews of the days before. Of these, imported ones count, as far
    as their source has timed them, while fewer than 20 are of here; the usual seconds until 20 are
    there. Today's own change nothing, so that what was planned in the morning stands."""
    is_here = review.kind == ReviewKind.STUDY.value
    is_timed = and_(review.kind == ReviewKind.IMPORT.value, review.duration > 0)
    recent = connection.execute(
        select(review.duration, review.state_before != State.NEW, is_here)
        .where(
            review.learner_id == learner,
            or_(is_here, is_timed),
            review.effective_day < today,
        )
        .order_by(review.effective_day.desc(), review.stamp.desc(), review.uid.desc())
        .limit(_PACE_SAMPLE)
    ).all()
    spent = connection.execute(
        select(review.kind, review.duration).where(
            review.learner_id == learner, review.effective_day == today, log.not_retracted()
        )
    ).all()
    known, new = (
        _mean([(ms, here) for ms, was_met, here in recent if was_met == met])
        for met in (True, False)
    )
    return Pace(
        known or _REVIEW_SECONDS,
        2 * new if new else _NEW_SECONDS,  # a new card is seen again within the day
        sum(counted(ms) for kind, ms in spent if kind not in _APART),
        sum(counted(ms) for kind, ms in spent if kind in _APART),
        known is not None,
        new is not None,
    )


def counted(duration: int) -> int:
    """What a rating counts for, of the *duration* that its card was shown; both milliseconds."""
    return min(max(0, duration), _LONGEST)


def of_the_day(kind: ReviewKind) -> bool:
    """Whether a rating of this *kind* is part of the day's time."""
    return kind not in _APART


def _mean(durations: Sequence[tuple[int, bool]]) -> float | None:
    """Seconds, from milliseconds of which it is said whether they were measured here; None of too
    few."""
    for some in ([ms for ms, here in durations if here], [ms for ms, _ in durations]):
        if len(some) >= _PACE_FEWEST:
            return max(1.0, sum(map(counted, some)) / len(some) / 1000)
    return None


def _due(
    connection: Connection,
    today: date,
    parameters: Parameters,
    chapter_id: int | None,
    also: Collection[int],
    *,
    learner: int,
) -> Iterator[Item]:
    """Cards in learning or review that are due today or earlier, steps later today included."""
    conditions = [memory.due <= today]
    if also:
        conditions = [or_(memory.due <= today, memory.card_id.in_(also))]
    if chapter_id is not None:
        conditions.append(card.chapter_id == chapter_id)
    return _rated(connection, today, parameters, *conditions, learner=learner)


def _rated(
    connection: Connection,
    today: date,
    parameters: Parameters,
    *conditions: ColumnElement[bool],
    learner: int,
) -> Iterator[Item]:
    """Cards that have been rated and are neither suspended, buried nor paused."""
    rows = connection.execute(
        select(
            memory.card_id,
            card.family,
            card.chapter_id,
            memory.state,
            memory.due_at,
            memory.stability,
            memory.last_day,
            *_TOLD_APART,
        )
        .join(tables.card, card.id == memory.card_id)
        .where(
            memory.learner_id == learner,
            memory.state != State.NEW,
            *conditions,
            *_open(today, paused(connection, learner=learner), learner=learner),
        )
        .execution_options(yield_per=500)
    )
    every = chain.from_iterable(rows.partitions())  # row by row takes longer
    for card_id, family, of_chapter, state, due_at, stability, last_day, *apart in every:
        if last_day is None or stability is None:
            continue  # only a rated card has a due date
        yield Item(
            card_id,
            family,
            of_chapter,
            State(state),
            due_at,
            parameters.forgetting_curve(stability, last_day, today),
            last_day == today,
            _term(today, *apart),
        )


def _of_others(held: Collection[int]) -> list[ColumnElement[bool]]:
    """The condition that a card is of another chapter than those that are *held*."""
    return [card.chapter_id.not_in(list(held))] if held else []


def in_use(held: Collection[int], *, learner: int) -> tuple[ColumnElement[bool], ...]:
    """Conditions on a card with a memory: not suspended, of none of the chapters *held* by a pause,
    text still there, the learner's to see."""
    return (
        memory.suspended.is_(False),
        *_of_others(held),
        card.missing_since.is_(None),
        owner.theirs(card, learner=learner),
    )


def _open(today: date, held: Collection[int], *, learner: int) -> tuple[ColumnElement[bool], ...]:
    """Conditions: in use, and not buried."""
    return (
        *in_use(held, learner=learner),
        or_(memory.buried_until.is_(None), memory.buried_until <= today),
    )


def _new(
    connection: Connection,
    today: date,
    chapter_id: int | None,
    settings: Settings,
    planned: Exam | None,
    *,
    learner: int,
) -> Generator[Item, None, None]:
    """The new cards that are let in, pack by pack in book order: chapter by chapter, so that no
    more of them are read than are wanted, however many there are."""
    opener = tables.memory.alias("opener").c
    query = (
        all_new(connection, settings, planned, card.id, card.family, learner=learner)
        .outerjoin(
            opener.stability.table,
            and_(opener.card_id == card.opener, opener.learner_id == learner),
        )
        .where(
            or_(memory.buried_until.is_(None), memory.buried_until <= today),
            or_(card.opener.is_(None), opener.stability >= UNLOCK_DAYS),
        )
        .order_by(card.position)
        .execution_options(yield_per=100)
    )
    for one in _in_order(connection, chapter_id, learner=learner):
        with closing(connection.execute(query.where(card.chapter_id == one))) as rows:
            for card_id, family in rows:
                yield Item(card_id, family, one, State.NEW)


def _in_order(connection: Connection, chapter_id: int | None, *, learner: int) -> Sequence[int]:
    """The chapters that are not paused, or one of them alone, in the order of their new cards."""
    held = paused(connection, learner=learner)
    query = select(chapter.id).order_by(
        chapter.number.is_(None),
        _place_of_pack(connection, learner=learner),
        *tables.IN_ORDER[1:],
    )
    found = connection.scalars(query).all()
    return [one for one in found if one not in held and chapter_id in (None, one)]


def in_book_order(connection: Connection, *, learner: int) -> tuple[ColumnElement[Any], ...]:
    """The order in which new cards come, in a query of cards and their chapters."""
    place = _place_of_pack(connection, learner=learner)
    return chapter.number.is_(None), place, *tables.IN_ORDER[1:], card.position


def all_new(
    connection: Connection,
    settings: Settings,
    planned: Exam | None,
    *columns: ColumnElement[Any],
    learner: int,
) -> Select[Any]:
    """The new cards that are let in, or that an exam is about, today or on a later day."""
    chapters = planned.chapters if planned is not None else None
    mine = and_(memory.card_id == card.id, memory.learner_id == learner)
    return (
        select(*columns)
        .select_from(tables.card)
        .join(tables.chapter, chapter.id == card.chapter_id)
        .outerjoin(tables.memory, mine)
        .where(
            or_(
                memory.card_id.is_(None),
                and_(memory.state == State.NEW, memory.suspended.is_(False)),
            ),
            *_of_others(paused(connection, learner=learner)),
            *_of(chapters),
            let_in(settings.depth, also=chapters, learner=learner),
            card.missing_since.is_(None),
            owner.visible(card, learner=learner),
        )
    )


def _of(chapters: Collection[int] | None) -> list[ColumnElement[bool]]:
    """The condition that a card is of one of these chapters, if an exam names some."""
    return [] if chapters is None else [card.chapter_id.in_(chapters)]


def _spare(
    connection: Connection,
    today: date,
    parameters: Parameters,
    chapter_id: int | None,
    planned: Exam,
    *,
    learner: int,
) -> list[Item]:
    """What an exam is about and is not due, the least likely to be remembered first."""
    conditions = [memory.due > today, memory.last_day < today, *_of(planned.chapters)]
    if chapter_id is not None:
        conditions.append(card.chapter_id == chapter_id)
    known = _rated(connection, today, parameters, *conditions, learner=learner)
    return sorted(
        (replace(item, spare=True) for item in known), key=lambda item: item.retrievability
    )


def _place_of_pack(connection: Connection, *, learner: int) -> ColumnElement[Any]:
    """Where a chapter's pack comes, in a query of chapters: what the learner began first goes on
    first, instead of the beginning of one pack in the middle of another."""
    whole, part = tables.chapter_progress.c, tables.section_progress.c
    section = tables.section.c
    begun = union_all(
        select(chapter.pack, whole.started_at)
        .join(tables.chapter_progress, whole.chapter_id == chapter.id)
        .where(whole.learner_id == learner),
        select(chapter.pack, part.started_at)
        .join(tables.section, section.chapter_id == chapter.id)
        .join(tables.section_progress, part.section_id == section.id)
        .where(part.learner_id == learner),
    ).subquery()
    packs = connection.scalars(
        select(begun.c.pack)
        .where(begun.c.started_at.is_not(None))
        .group_by(begun.c.pack)
        .order_by(func.min(begun.c.started_at), begun.c.pack)
    ).all()
    places = {pack: place for place, pack in enumerate(packs)}
    return case(places, value=chapter.pack, else_=len(places)) if places else chapter.pack


def _easy_first(connection: Connection, new: list[Item]) -> list[Item]:
    """What a chapter's first section teaches, and what is of no section, in the order of the book;
    then terms and questions in turn, of each what takes the fewest points first. So a first day is
    no list of terms, and its hard questions come to a learner who has warmed up."""
    if len(new) < 2:
        return new
    rows = connection.execute(
        select(card.id, note.kind, note.section, note.points, note.need)
        .join(tables.note, note.id == card.note_id)
        .where(card.id.in_([item.card for item in new]))
    )
    told = {row.id: row for row in rows}

    def is_first(item: Item) -> bool:
        return (told[item.card].section or ".1").endswith(".1")

    def effort(item: Item) -> int:
        row = told[item.card]
        return core([Point(**point) for point in row.points], row.need)

    first = [item for item in new if is_first(item)]
    others = sorted((item for item in new if not is_first(item)), key=effort)
    terms = [item for item in others if told[item.card].kind == NoteKind.TERM]
    questions = [item for item in others if told[item.card].kind != NoteKind.TERM]
    in_turn = chain.from_iterable(zip_longest(terms, questions))
    return [*first, *(item for item in in_turn if item is not None)]


def _families_met(connection: Connection, today: date, *, learner: int) -> dict[str, list[Item]]:
    """Families of which a card was rated today, with these cards."""
    rows = connection.execute(
        select(card.id, card.family, card.chapter_id, memory.state, *_TOLD_APART)
        .join(tables.memory, memory.card_id == card.id)
        .where(memory.learner_id == learner, memory.last_day == today)
    )
    met: dict[str, list[Item]] = {}
    for card_id, family, of_chapter, state, contrast, note_id, first_day in rows:
        term = _term(today, contrast, note_id, first_day)
        item = Item(card_id, family, of_chapter, State(state), term=term)
        met.setdefault(family, []).append(item)
    return met


def _term(today: date, contrast: bool, note_id: int, first_day: date | None) -> int | None:
    """The note of a card whose term others are told apart from, once it is no longer new."""
    return note_id if contrast and first_day is not None and first_day < today else None


def _count_new(connection: Connection, settings: Settings, planned: Exam, *, learner: int) -> int:
    """How many cards an exam is about that are not met yet."""
    every = all_new(connection, settings, planned, func.count(), learner=learner)
    return connection.scalar(every) or 0


def introduced(
    connection: Connection, since: date, today: date, planned: Exam | None, *, learner: int
) -> int:
    """How many new cards the days *since* then have had, of those that a *planned* exam is about,
    if it is; what was called known, and what an experiment has taught, cost nothing to learn."""
    prediction = tables.prediction.c
    made = (  # of an installed note it covers one, which may be new today, too
        select(card.id)
        .join(tables.prediction, prediction.card_id == card.id)
        .where(prediction.learner_id == learner, card.learner_id == learner)
    )
    of = []
    if planned is not None and planned.chapters is not None:
        theirs = select(card.id).where(*_of(planned.chapters))
        of.append(memory.card_id.in_(theirs))
    return (
        connection.scalar(
            select(func.count()).where(
                memory.learner_id == learner,
                memory.last_day >= since,
                memory.first_day.between(since, today),
                func.coalesce(memory.cause, "") != Cause.KNOWN,
                memory.card_id.not_in(made),
                *of,
            )
        )
        or 0
    )


def _first_of_a_family(fresh: Iterator[Item], met: Set[str], room: int) -> tuple[list[Item], int]:
    """As many of *fresh* as there is room for, one of a family and none of one that was *met*; and
    how many were passed over."""
    taken, kept, alike = set(met), list[Item](), 0
    while len(kept) < room and (item := next(fresh, None)):
        if item.family in taken:
            alike += 1
        else:
            taken.add(item.family)
            kept.append(item)
    return kept, alike


def _is_spoiled(item: Item, by: Sequence[Item]) -> bool:
    """Whether one of some others gives the card away; most have none."""
    return bool(by) and any(one.spoils(item) for one in by)


def _not_spoiled(items: Iterable[Item], others: Sequence[Item]) -> list[Item]:
    """Those of *items* that neither *others* nor those before them give away."""
    met: dict[str, list[Item]] = {}
    for one in others:
        met.setdefault(one.family, []).append(one)
    apart = [one for one in items if not _is_spoiled(one, met.get(one.family, ()))]
    return _one_of_a_family(apart)


def _one_of_a_family(items: Iterable[Item]) -> list[Item]:
    taken: dict[str, list[Item]] = {}
    kept = []
    for item in items:
        others = taken.setdefault(item.family, [])
        if item.today or not _is_spoiled(item, others):
            others.append(item)
            kept.append(item)
    return kept


def _beside_each_other(reviews: Iterable[Item]) -> list[Item]:
    """The same order, but terms that are told apart follow the first of them."""
    together: dict[str | int, list[Item]] = {}
    for item in reviews:
        key = item.card if item.term is None else item.family
        together.setdefault(key, []).append(item)
    return [item for group in together.values() for item in group]


def _spread(reviews: list[Item], new: list[Item]) -> list[Item]:
    """New cards evenly among the reviews, a review first."""
    mixed = [((index + 0.5) / len(reviews), 0, item) for index, item in enumerate(reviews)]
    mixed += [((index + 0.5) / len(new), 1, item) for index, item in enumerate(new)]
    return [item for _, _, item in sorted(mixed, key=lambda entry: entry[:2])]
