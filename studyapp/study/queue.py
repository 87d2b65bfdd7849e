"""The study queue: what is due now, in order, within the day's budget (RULES: what enters, when).

It is loaded once and then kept in step in memory, so that the next card costs no search.
"""

from __future__ import annotations

import math
from bisect import insort
from collections.abc import Collection, Iterable, Set
from contextlib import closing
from dataclasses import KW_ONLY, dataclass, field, replace
from datetime import date, datetime, timedelta
from itertools import chain
from typing import NamedTuple

from sqlalchemy import Connection, func, select

from studyapp.config import Settings
from studyapp.memory import exam as pacing
from studyapp.memory.clock import study_day
from studyapp.memory.state import Memory, State
from studyapp.store import tables
from studyapp.store.parameters import in_force
from studyapp.study import exam
from studyapp.study.counts import Counts
from studyapp.study.due import due_items, in_use, of_chapters, spare_items
from studyapp.study.exam import Exam, Stage
from studyapp.study.family import (
    beside_each_other,
    families_met,
    first_of_a_family,
    is_spoiled,
    not_spoiled,
    one_of_a_family,
)
from studyapp.study.introduction import count_new, easy_first, introduced, new_items
from studyapp.study.pace import Pace, read_pace
from studyapp.study.pause import paused
from studyapp.study.pile import Item, Kind, Pile

FORECAST_DAYS = 14
LEARN_AHEAD = timedelta(minutes=20)  # as Anki: a step may be taken early when nothing else is due

memory = tables.memory.c
card = tables.card.c


class Day(NamedTuple):
    """A day of the forecast: the new cards that it has, and the reviews that there is time for."""

    new: int
    room: int


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
    _: KW_ONLY
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
    fits: int = 0  # … and how many of these come, with those that it has had
    alike: int = 0  # those unmet that are not let in today, if fewer are than it is to meet
    empty: bool = False  # whether no card comes that the exam is about
    most_new: int = 0
    main: Pile = field(default_factory=Pile)
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
        return self.main.count(Kind.SPARE)

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
        has_time = self.fits == self.unmet - self.alike
        return Stage(
            self.exam,
            self.today,
            unmet=self.unmet,
            new=self.fits,
            spare=self.spare,
            days=days + 1,
            late=late,
            alike=self.alike if has_time else 0,
            empty=self.empty,
        )

    def days(self, more: int = 0, number: int = FORECAST_DAYS) -> list[Day]:
        """The days of the forecast, or another *number*, with so many minutes *more* each: on the
        way to an exam its new cards come first. Today has what it has."""
        longer = int(more * 60 / self.pace.review)
        days = [Day(self.counts().new, self.room)]
        if self.exam is None:
            return days + [Day(0, self.room + longer)] * (number - 1)
        let_in = self.unmet - self.alike  # what waits for a card like it does so tomorrow, too
        unmet, time = self.unmet - self.fits, (self.exam.minutes + more) * 60
        for ahead in range(1, number):
            left = self.exam.left(self.today) - ahead
            if left < 0:
                days.append(Day(0, self.usual + longer))
                continue
            wanted = pacing.pace(unmet, self.cards, self.exam.whole, left)
            new = min(wanted, pacing.most_new(time, self.pace.new), let_in)
            unmet -= new
            days.append(Day(new, int((time - new * self.pace.new) / self.pace.review)))
        return days

    def waiting_of(self, chapter_id: int) -> int:
        """How many of the waiting reviews are of one chapter."""
        return sum(item.chapter == chapter_id for item in self._waiting)

    def counts(self, chapter_id: int | None = None) -> Counts:
        """How many of each are left, in all or in one chapter: learning is what was rated today
        already, reviews are what tells what is remembered (`study.recall`)."""
        line = chain(self.main, (item for _, _, item in self._learning))
        items = [item for item in line if chapter_id in (None, item.chapter)]
        new = sum(item.state is State.NEW for item in items)
        learning = sum(item.today for item in items)
        return Counts(new, learning, len(items) - new - learning)

    def chapters(self) -> set[int]:
        """The ids of those that have a card in it."""
        return {item.chapter for item in self.main}

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
        return steps | {item.card for item in self.main if item.state is not State.NEW}

    def has(self, card_id: int) -> bool:
        """Whether a card is asked today, or waits for time alone."""
        is_step = any(item.card == card_id for _, _, item in self._learning)
        return is_step or card_id in self.main or card_id in self._waiting

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
        for pile in (self.main, self._waiting, self._later, self._spare):
            pile.drop(card_id)
        self._learning = [entry for entry in self._learning if entry[2].card != card_id]

    def _drop_spoiled(self, by: Item) -> None:
        """Let those wait until tomorrow that a card gives away."""
        piled = (one for pile in (self.main, self._waiting) for one in pile.of_family(by.family))
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
        due = len(self._waiting) + self.main.count(Kind.DUE)
        beside = left - due * self.pace.review
        left -= self._fit_new(min(left, max(beside, self.most_new * self.pace.new)))
        left = self._fit_reviews(left)
        self._fit_spare(0 if self._waiting else left)

    def _fit_reviews(self, left: float) -> float:
        """Keep those that are most likely to be remembered; returns the time that others have."""
        self._keep(Kind.DUE, left / self.pace.review, self._waiting)
        return left - self.main.count(Kind.DUE) * self.pace.review

    def _fit_new(self, left: float) -> float:
        """Keep the first new cards; returns the time that they take."""
        self._keep(Kind.NEW, left / self.pace.new, self._later)
        return self.main.count(Kind.NEW) * self.pace.new

    def _fit_spare(self, left: float) -> None:
        self._keep(Kind.SPARE, left / self.pace.review, self._spare)

    def _keep(self, kind: Kind, room: float, beside: Pile) -> None:
        """Keep as many cards of a *kind* as there is *room* for; the others lie *beside*, and come
        back when there is more."""
        whole = max(0, int(room))
        more = whole - self.main.count(kind)
        if more >= 0:
            self.main.add(beside.take(more))
            return
        items = self.main.of_kind(kind)
        if kind is Kind.DUE:
            items.sort(key=lambda item: -item.retrievability)
        for item in items[whole:]:
            self.main.drop(item.card)
        beside.put_before(items[whole:])

    def shorten(self, cards: int, begun: Set[int]) -> None:
        """Keep the cards that were *begun* and the first others, up to *cards* in all."""
        order = [item.card for _, _, item in self._learning]
        order += [item.card for item in self.main]
        others = [card_id for card_id in order if card_id not in begun]
        kept = begun | set(others[: max(0, cards - len(begun))])
        self.main = Pile(item for item in self.main if item.card in kept)
        self._learning = [entry for entry in self._learning if entry[2].card in kept]

    def put_first(self, item: Item, due: bool = False) -> None:
        """Show this card next (after an undo); one that is *due* is no waiting sibling any more. It
        counts among those of the day: a new one has the place of the last."""
        if not self.has(item.card):
            if item.kind is Kind.NEW:
                self._keep(Kind.NEW, self.main.count(Kind.NEW) - 1, self._later)
            if due:
                self.siblings = max(0, self.siblings - 1)
        known = self.main.get(item.card) or item
        self.drop(item.card)
        self.main.put_before([replace(item, term=known.term)])
        self._shown, self._first = None, item.card

    def _pick(self, now: datetime) -> Item | None:
        first = self.main.first()
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
    parameters = in_force(connection, learner=learner)
    planned = exam.in_force(connection, today, learner=learner)
    met = families_met(connection, today, learner=learner)
    steps: list[Item] = []
    reviews: list[Item] = []
    for item in due_items(connection, today, parameters, chapter_id, also, learner=learner):
        if item.card in without:
            continue
        (steps if item.due_at is not None else reviews).append(item)
    # Retrievability falls with elapsed days / interval alone: the lower, the more overdue.
    reviews.sort(key=lambda item: item.retrievability)
    due = one_of_a_family(
        item
        for item in (*steps, *reviews)
        if item.today or not is_spoiled(item, met.get(item.family, ()))
    )
    pace = read_pace(connection, today, learner=learner)
    day = (planned.minutes if planned else settings.minutes_a_day) * 60
    held = len(steps) + len(reviews) - len(due)
    room, usual = (int(time / pace.review) for time in (day, settings.minutes_a_day * 60))
    queue = Queue(
        today,
        pace,
        time=day * (1 + more),
        siblings=held,
        room=room,
        usual=usual,
        exam=planned,
    )
    queue.main.add(item for item in due if item.due_at is None)
    for item in due:
        if item.due_at is not None:
            queue._add_learning(item)
    taken = met.keys() | {item.family for item in due}

    def new(allowed: int) -> tuple[list[Item], int]:
        fresh = new_items(connection, today, chapter_id, settings, planned, learner=learner)
        with closing(fresh):
            kept, passed = first_of_a_family(fresh, taken, allowed)
        return kept, len(passed)

    had = introduced(connection, today, today, planned, learner=learner)
    if planned is not None:
        left = count_new(connection, settings, planned, learner=learner)
        queue.unmet = left + had
        queue.cards = left + introduced(
            connection, planned.planned_on, today, planned, learner=learner
        )
        queue.a_day = pacing.pace(queue.unmet, queue.cards, planned.whole, planned.left(today))
        queue.most_new = max(0, pacing.most_new(queue.time, pace.new) - had)
        fresh, _ = new(queue.a_day * (1 + more) - had)
        queue._later.add(fresh)
        if chapter_id is None and len(fresh) < queue.a_day - had:
            queue.alike = left - len(fresh)
        queue.empty = not queue.unmet and not count_known(connection, queue, learner=learner)
        known = spare_items(connection, today, parameters, chapter_id, planned, learner=learner)
        others = (*chain.from_iterable(met.values()), *due, *queue._later)
        apart = [one for one in known if one.card not in without]
        queue._spare.add(not_spoiled(apart, others))
        queue._fit()
        queue.fits = min(queue.a_day, had + queue.counts().new)
        queue.main = Pile(_in_turn(connection, queue))
        return queue
    queue._fit()
    if queue._waiting:  # a backlog: the most valuable first, and nothing new until it is gone
        queue.main = Pile(sorted(queue.main, key=lambda item: -item.retrievability))
    reviews, wanted = list(queue.main), settings.new_a_day * (1 + more)
    alike = 0
    if not queue._waiting:
        fresh, alike = new(wanted - had)
        queue._later.add(fresh)
    queue._fit()
    queue.fewer = _fewer(queue, wanted, had, alike)
    new_ones = easy_first(connection, list(queue.main)[len(reviews) :])
    queue.main = Pile(_spread(beside_each_other(reviews), new_ones))
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
    new, due = queue.main.of_kind(Kind.NEW), queue.main.of_kind(Kind.DUE)
    if queue._waiting:
        due.sort(key=lambda item: -item.retrievability)
    spare = queue.main.of_kind(Kind.SPARE)
    return [*easy_first(connection, new), *beside_each_other(due), *spare]


def _spread(reviews: list[Item], new: list[Item]) -> list[Item]:
    """New cards evenly among the reviews, a review first."""
    mixed = [((index + 0.5) / len(reviews), 0, item) for index, item in enumerate(reviews)]
    mixed += [((index + 0.5) / len(new), 1, item) for index, item in enumerate(new)]
    return [item for _, _, item in sorted(mixed, key=lambda entry: entry[:2])]


def count_known(connection: Connection, line: Queue, *, learner: int) -> int:
    """How many cards of an exam were met, one of a family, and those that are new today."""
    assert line.exam is not None
    held = paused(connection, learner=learner)
    known = (
        select(func.count(card.family.distinct()))
        .join_from(tables.memory, tables.card, card.id == memory.card_id)
        .where(
            memory.learner_id == learner,
            memory.state != State.NEW,
            *of_chapters(line.exam.chapters),
            *in_use(held, learner=learner),
        )
    )
    return (connection.scalar(known) or 0) + line.counts().new
