"""The study queue: what is due now, in order, within the day's budget (RULES: what enters, when).

It is loaded once and then kept in step in memory, so that the next card costs no search.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select

from studyapp.config import Settings
from studyapp.memory.clock import study_day
from studyapp.memory.scheduler import Parameters
from studyapp.memory.state import Memory, State
from studyapp.store import log, owner, tables

LEARN_AHEAD = timedelta(minutes=20)  # as Anki: a step may be taken early when nothing else is due
UNLOCK_DAYS = 7.0  # stability at which the opener lets the reverse card in
_PACE_SAMPLE = 500  # newest reviews from which the learner's pace is taken
_PACE_CAP = 60.0  # seconds; a longer answer was an interruption
# Before there are own reviews: 15 s is a usual review in Anki; a new card is read, thought about,
# and comes back within the day.
_REVIEW_SECONDS, _NEW_SECONDS = 15.0, 45.0

memory = tables.memory.c
card = tables.card.c
chapter = tables.chapter.c
review = tables.review.c


@dataclass(frozen=True, slots=True)
class Item:
    """One card in the queue."""

    card: int
    family: str
    chapter: int  # its number
    state: State
    due_at: datetime | None = None
    overdue: float = 0.0  # elapsed days / the interval at desired retention
    retrievability: float = 1.0
    today: bool = False  # rated today already


@dataclass(frozen=True, slots=True)
class Counts:
    new: int = 0
    learning: int = 0
    review: int = 0

    @property
    def total(self) -> int:
        return self.new + self.learning + self.review


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds that a card takes this learner, and what today has taken already."""

    review: float = _REVIEW_SECONDS
    new: float = _NEW_SECONDS
    spent: float = 0.0

    def minutes(self, counts: Counts) -> float:
        return ((counts.learning + counts.review) * self.review + counts.new * self.new) / 60


@dataclass
class Queue:
    """What is to be studied today. `waiting` reviews did not fit into the day's budget."""

    today: date
    pace: Pace
    waiting: int = 0
    _main: list[Item] = field(default_factory=list)
    _learning: list[tuple[datetime, int, Item]] = field(default_factory=list)
    _shown: int | None = None
    steps: bool = True  # whether a step of today brings a rated card back

    def counts(self, number: int | None = None) -> Counts:
        """How many of each are left, in all or in chapter *number*."""
        items = [item for item in self._main if number is None or item.chapter == number]
        learning = [item for _, _, item in self._learning if number in (None, item.chapter)]
        new = sum(item.state is State.NEW for item in items)
        return Counts(new, len(learning), len(items) - new)

    def next(self, now: datetime) -> Item | None:
        """The card to show at *now*; it stays in the queue until it is rated or dropped."""
        item = self._pick(now)
        self._shown = item.card if item else None
        return item

    def next_at(self) -> datetime | None:
        """When the earliest learning step falls due, if one is left."""
        return self._learning[0][0] if self._learning else None

    def rated(self, item: Item, after: Memory) -> None:
        """Take a rated card out; keep it if a step of today is left; its family waits."""
        self.drop(item.card)
        self._main = [other for other in self._main if other.today or other.family != item.family]
        if self.steps and after.due_at and after.due and after.due <= self.today:
            self._add_learning(
                Item(item.card, item.family, item.chapter, after.state, after.due_at, today=True)
            )

    def drop(self, card_id: int) -> None:
        """Take a card out of today (suspended, buried, rated elsewhere)."""
        self._main = [item for item in self._main if item.card != card_id]
        self._learning = [entry for entry in self._learning if entry[2].card != card_id]
        heapq.heapify(self._learning)

    def put_first(self, item: Item) -> None:
        """Show this card next (after an undo)."""
        self.drop(item.card)
        self._main.insert(0, item)
        self._shown = None

    def _pick(self, now: datetime) -> Item | None:
        steps = sorted(self._learning)
        due = [item for at, _, item in steps if at <= now]
        fresh = [item for item in due if item.card != self._shown]
        if fresh:
            return fresh[0]
        if self._main:
            return self._main[0]
        ahead = due or [item for at, _, item in steps if at <= now + LEARN_AHEAD]
        others = [item for item in ahead if item.card != self._shown]
        return next(iter(others or ahead), None)

    def _add_learning(self, item: Item) -> None:
        assert item.due_at is not None
        heapq.heappush(self._learning, (item.due_at, item.card, item))


def load(
    connection: Connection,
    now: datetime,
    settings: Settings,
    *,
    learner: int,
    number: int | None = None,
    more: int = 0,
) -> Queue:
    """The queue of the study day of *now*, of one chapter if *number* is given.

    *more* adds so many whole budgets, for a learner who wants to go on.
    """
    today = study_day(now)
    parameters = log.in_force(connection, learner=learner)
    met = _families_met(connection, today, learner=learner)
    steps: list[Item] = []
    reviews: list[Item] = []
    for item in _due(connection, today, parameters, number, learner=learner):
        if item.today or item.family not in met:
            (steps if item.due_at is not None else reviews).append(item)
    pace = read_pace(connection, today, learner=learner)
    left = settings.minutes_a_day * 60 * (1 + more) - pace.spent - len(steps) * pace.review
    reviews = _one_of_a_family(sorted(reviews, key=lambda item: -item.overdue))
    room = max(0, int(left / pace.review))
    waiting = max(0, len(reviews) - room)
    if waiting:  # a backlog: the most valuable first, and nothing new until it is gone
        reviews = sorted(reviews, key=lambda item: -item.retrievability)[:room]
    new: list[Item] = []
    if not waiting:
        met |= {item.family for item in (*steps, *reviews)}
        room = int((left - len(reviews) * pace.review) / pace.new)
        allowed = settings.new_a_day * (1 + more) - _introduced(connection, today, learner=learner)
        new = list(
            _new(connection, today, met, number, max(0, min(room, allowed)), learner=learner)
        )
    queue = Queue(today, pace, waiting, _spread(reviews, new))
    for item in steps:
        queue._add_learning(item)
    return queue


def interview(connection: Connection, now: datetime, limit: int, *, learner: int) -> Queue:
    """The cards seen before that are fading most: one of a family, none rated today."""
    today = study_day(now)
    parameters = log.in_force(connection, learner=learner)
    met = _families_met(connection, today, learner=learner)
    known = _rated(connection, today, parameters, learner=learner)
    fading = sorted(known, key=lambda item: item.retrievability)
    items = [item for item in _one_of_a_family(fading) if item.family not in met]
    return Queue(
        today, read_pace(connection, today, learner=learner), steps=False, _main=items[:limit]
    )


def read_pace(connection: Connection, today: date, *, learner: int) -> Pace:
    """Mean seconds of the newest reviews, each capped at a minute; the usual ones until 20."""
    recent = connection.execute(
        select(review.duration, review.state_before)
        .where(review.learner_id == learner, review.kind == "study")
        .order_by(review.effective_day.desc(), review.stamp.desc(), review.uid.desc())
        .limit(_PACE_SAMPLE)
    ).all()
    spent = connection.execute(
        select(review.duration).where(
            review.learner_id == learner, review.effective_day == today, log.not_retracted()
        )
    ).scalars()
    return Pace(
        _mean([ms for ms, state in recent if state != State.NEW], _REVIEW_SECONDS),
        # a new card is seen again within the day
        2 * _mean([ms for ms, state in recent if state == State.NEW], _NEW_SECONDS / 2),
        sum(_seconds(ms) for ms in spent),
    )


def _mean(durations: list[int], usual: float) -> float:
    if len(durations) < 20:
        return usual
    return max(1.0, sum(map(_seconds, durations)) / len(durations))


def _seconds(duration: int) -> float:
    return min(duration / 1000, _PACE_CAP)


def _due(
    connection: Connection,
    today: date,
    parameters: Parameters,
    number: int | None,
    *,
    learner: int,
) -> Iterator[Item]:
    """Cards in learning or review that are due today or earlier, steps later today included."""
    conditions = [memory.due <= today]
    if number is not None:
        conditions.append(chapter.number == number)
    return _rated(connection, today, parameters, *conditions, learner=learner)


def _rated(
    connection: Connection,
    today: date,
    parameters: Parameters,
    *conditions: ColumnElement[bool],
    learner: int,
) -> Iterator[Item]:
    """Cards that have been rated and are neither suspended nor buried."""
    rows = connection.execute(
        select(
            memory.card_id,
            card.family,
            chapter.number,
            memory.state,
            memory.due_at,
            memory.stability,
            memory.last_day,
        )
        .join(tables.card, card.id == memory.card_id)
        .join(tables.chapter, chapter.id == card.chapter_id)
        .where(
            memory.learner_id == learner,
            memory.state != State.NEW,
            *conditions,
            *_open(today, learner=learner),
        )
    )
    per_day = parameters.interval(1.0)  # intervals are proportional to stability
    factor, decay = parameters.factor, parameters.decay
    for card_id, family, of_chapter, state, due_at, stability, last_day in rows:
        if last_day is None or stability is None:
            continue  # only a rated card has a due date
        elapsed = max(0, (today - last_day).days)
        yield Item(
            card_id,
            family,
            of_chapter,
            State(state),
            due_at,
            elapsed / (per_day * stability),
            (1 + factor * elapsed / stability) ** decay,
            last_day == today,
        )


def _open(today: date, *, learner: int) -> tuple[ColumnElement[bool], ...]:
    """Conditions: not suspended, not buried, text still there and the learner's to see."""
    return (
        memory.suspended.is_(False),
        or_(memory.buried_until.is_(None), memory.buried_until <= today),
        card.missing_since.is_(None),
        owner.theirs(card, learner=learner),
    )


def _new(
    connection: Connection,
    today: date,
    met: set[str],
    number: int | None,
    room: int,
    *,
    learner: int,
) -> Iterator[Item]:
    """The next new cards of the started chapters and sections in book order, one of a family."""
    if room <= 0:
        return
    opener = tables.memory.alias("opener").c
    chapter_progress, section_progress = tables.chapter_progress.c, tables.section_progress.c
    mine = and_(memory.card_id == card.id, memory.learner_id == learner)
    rows = connection.execution_options(yield_per=100).execute(
        select(card.id, card.family, chapter.number)
        .select_from(tables.card)
        .join(tables.chapter, chapter.id == card.chapter_id)
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
        .outerjoin(tables.memory, mine)
        .outerjoin(
            opener.stability.table,
            and_(opener.card_id == card.opener, opener.learner_id == learner),
        )
        .where(
            or_(
                memory.card_id.is_(None),
                and_(memory.state == State.NEW, *_open(today, learner=learner)),
            ),
            or_(chapter_progress.started_at.is_not(None), section_progress.started_at.is_not(None)),
            card.missing_since.is_(None),
            owner.visible(card, learner=learner),
            or_(card.opener.is_(None), opener.stability >= UNLOCK_DAYS),
            *([chapter.number == number] if number is not None else []),
        )
        .order_by(chapter.number, card.position)
    )
    taken = set(met)
    for card_id, family, of_chapter in rows:
        if family not in taken:
            taken.add(family)
            yield Item(card_id, family, of_chapter, State.NEW)
            room -= 1
            if not room:
                break
    rows.close()


def _families_met(connection: Connection, today: date, *, learner: int) -> set[str]:
    """Families of which a card was rated today; the others of them wait until tomorrow."""
    return set(
        connection.scalars(
            select(card.family)
            .join(tables.memory, memory.card_id == card.id)
            .where(memory.learner_id == learner, memory.last_day == today)
        )
    )


def _introduced(connection: Connection, today: date, *, learner: int) -> int:
    return (
        connection.scalar(
            select(func.count()).where(
                memory.learner_id == learner,
                memory.last_day == today,
                memory.first_day == today,
            )
        )
        or 0
    )


def _one_of_a_family(items: Iterable[Item]) -> list[Item]:
    taken: set[str] = set()
    kept = []
    for item in items:
        if item.today or item.family not in taken:
            taken.add(item.family)
            kept.append(item)
    return kept


def _spread(reviews: list[Item], new: list[Item]) -> list[Item]:
    """New cards evenly among the reviews, a review first."""
    mixed = [((index + 0.5) / len(reviews), 0, item) for index, item in enumerate(reviews)]
    mixed += [((index + 0.5) / len(new), 1, item) for index, item in enumerate(new)]
    return [item for _, _, item in sorted(mixed, key=lambda entry: entry[:2])]
