"""Simulated days of study: what a crowd of learners would know on a later day.

Each learner has the cards that the real one has, as the scheduler sees them, and a memory of their
own, which says what they remember. All learners and cards are arrays, (learners, cards); a day is
one step. This imports NumPy, which no process that answers a key may load.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np

from studyapp.memory import exam
from studyapp.memory.histories import Bools, Floats, Ints
from studyapp.memory.model import Crowd
from studyapp.memory.scheduler import UNLOCK_DAYS

_AGAIN, _GOOD = 1, 3
_NEVER = np.inf  # the place of a card that a day does not ask


class Memories(Protocol):
    """What learners really remember; arrays are (learners, cards)."""

    def chance(self, day: int) -> Floats:
        """Of recall on a day; of a card that was never met it may be anything."""

    def ratings(self, day: int, new: Bools) -> Ints:
        """What each card is rated, if it is asked."""

    def learn(self, day: int, asked: Bools, rating: Ints) -> None:
        """These were *asked*. One that was missed, or is new and was hard, passes its step."""


class Material(NamedTuple):
    """The cards as they stand on day 0, in the order of the book. `last` and `due` are days from
    then, `stability` is not a number for what is new; cards of a `family` have the same number, and
    a card waits for its `opener`, a place in these arrays (-1: none)."""

    stability: Floats
    difficulty: Floats
    last: Floats
    due: Floats
    family: Ints
    opener: Ints

    @classmethod
    def fresh(cls, cards: int) -> Material:
        """Cards that are all new, and give nothing away."""
        unknown, never = np.full(cards, np.nan), np.full(cards, np.inf)
        return cls(unknown, unknown, unknown, never, np.arange(cards), np.full(cards, -1))


@dataclass(frozen=True, slots=True)
class Effort:
    """Seconds that a review takes, a step too, and a new card with all that its day has of it."""

    review: float = 15.0
    new: float = 45.0


class Known(NamedTuple):
    """By learner: the share of the cards that is known on the day, as it is to be expected and as
    it comes; and how many were met by the end of each day, (days, learners)."""

    expected: Floats
    drawn: Floats
    met: Ints


class Day(NamedTuple):
    """A day as a policy sees it: (learners, cards), but for the `seconds`, which are by learner."""

    number: int
    recall: Floats  # as the scheduler sees it
    elapsed: Floats  # days since the last review
    stability: Floats
    due: Floats
    new: Bools
    seconds: Floats
    effort: Effort


class Policy(Protocol):
    @property
    def retention(self) -> float:
        """That dates are set for."""

    def places(self, day: Day) -> tuple[Floats, Ints]:
        """In which order cards come, the least first, between 0 and 1 of what is new by their place
        in the book; and how many new ones may come, by learner."""


@dataclass(frozen=True, slots=True)
class Paced:
    """The plan to an exam (see `memory.exam`), *left* days after day 0 and made a while before."""

    whole: int
    left: int
    retention: float = 0.9

    def places(self, day: Day) -> tuple[Floats, Ints]:
        due = ~day.new & (day.due <= day.number)
        spread = exam.days_to_meet(self.whole, self.left - day.number)
        pace = -(-day.new.sum(axis=1) // spread)
        left = day.seconds - due.sum(axis=1) * day.effort.review
        least = np.array([exam.most_new(seconds, day.effort.new) for seconds in day.seconds])
        new = np.minimum(pace, np.maximum(least, (left / day.effort.new).astype(np.int64)))
        behind = left < np.minimum(new, pace) * day.effort.new
        place = np.where(due, np.where(behind[:, None], 2 - day.recall, 1), 2 + day.recall)
        return np.where(day.new, 0, place), new


@dataclass(frozen=True, slots=True)
class Usual:
    """Days as they are without an exam: what is due, then new cards; of what does not fit, those
    that are likeliest to be remembered, and nothing new."""

    retention: float = 0.9
    new_a_day: int = 10

    def places(self, day: Day) -> tuple[Floats, Ints]:
        due = ~day.new & (day.due <= day.number)
        room = (day.seconds / day.effort.review).astype(np.int64)
        behind = due.sum(axis=1) > room
        place = np.where(behind[:, None], 1 - day.recall, day.recall)
        place = np.where(due, place, _NEVER)
        return np.where(day.new, 1, place), np.where(behind, 0, self.new_a_day)


def rehearse(
    material: Material,
    learners: Memories,
    policy: Policy,
    crowd: Crowd,
    *,
    days: int,
    seconds: Floats,
    effort: Effort,
    rng: np.random.Generator,
    told: Callable[[float], None] = lambda share: None,
) -> Known:
    """What *learners* know after so many *days* of study, of *seconds* each by learner, as the
    *policy* has it. *crowd* is the scheduler's model, which hears of ratings alone."""
    deck = _Deck(material, len(seconds), crowd, policy.retention)
    met = np.zeros((days, len(seconds)), np.int64)
    for number in range(days):
        day = deck.day(number, seconds, effort)
        rating = learners.ratings(number, day.new)
        asked = deck.asked(day, *policy.places(day), rating)
        learners.learn(number, asked, rating)
        deck.rated(day, asked, rating)
        met[number] = (~deck.new).sum(axis=1)
        told((number + 1) / days)
    known = np.where(deck.new, 0.0, learners.chance(days))
    return Known(known.mean(axis=1), (rng.random(known.shape) < known).mean(axis=1), met)


class _Deck:
    """The cards of every learner, as the scheduler sees them."""

    def __init__(self, material: Material, learners: int, crowd: Crowd, retention: float) -> None:
        self._crowd, self._retention = crowd, retention
        self._opener = material.opener
        self._family = material.family
        self._row = np.arange(learners)[:, None]
        self._stability, self._difficulty, self._last, self._due = (
            np.tile(column, (learners, 1)) for column in material[:4]
        )

    @property
    def new(self) -> Bools:
        return np.isnan(self._stability)

    def day(self, number: int, seconds: Floats, effort: Effort) -> Day:
        new = self.new
        elapsed = np.where(new, 0.0, number - self._last)
        stability = np.where(new, 1.0, self._stability)
        recall = self._crowd.recall(stability, elapsed)
        return Day(number, recall, elapsed, stability, self._due, new, seconds, effort)

    def asked(self, day: Day, place: Floats, new_a_day: Ints, rating: Ints) -> Bools:
        """The cards that fit in the day, in the order of their places: one of a family."""
        opener = np.nan_to_num(self._stability[:, self._opener])
        waits = day.new & (self._opener >= 0) & (opener < UNLOCK_DAYS)
        order = np.argsort(np.where(waits, _NEVER, place), axis=1, kind="stable")
        there = np.take_along_axis(np.where(waits, _NEVER, place), order, axis=1) < _NEVER
        there &= self._is_first(order, there)
        new = np.take_along_axis(day.new, order, axis=1)
        there &= ~new | (np.cumsum(new & there, axis=1) <= new_a_day[:, None])
        missed = np.take_along_axis(rating == _AGAIN, order, axis=1)
        takes = np.where(new, day.effort.new, day.effort.review * (1 + missed)) * there
        least = np.where(new, day.effort.new, day.effort.review)
        fits = np.cumsum(takes, axis=1) - takes + least <= day.seconds[:, None]
        asked = np.zeros_like(day.new)
        np.put_along_axis(asked, order, there & fits, axis=1)
        return asked

    def _is_first(self, order: Ints, there: Bools) -> Bools:
        """Whether a card is the first of its family in the *order*."""
        cards = order.shape[1]
        family, position = self._family[order], np.arange(cards)
        first = np.full((len(order), cards), cards)
        np.minimum.at(first, (self._row, family), np.where(there, position, cards))
        is_first: Bools = np.take_along_axis(first, family, axis=1) == position
        return is_first

    def rated(self, day: Day, asked: Bools, rating: Ints) -> None:
        """Ratings of the cards that were *asked*, with the step that follows some of them."""
        begun = self._crowd.first(rating)
        before = day.stability, np.where(day.new, 5.0, self._difficulty)
        gone_on = self._crowd.after(*before, np.maximum(day.elapsed, 1), rating)
        stability, difficulty = (
            np.where(day.new, *both) for both in zip(begun, gone_on, strict=True)
        )
        step = has_step(day.new, rating)
        passed = self._crowd.after(stability, difficulty, np.zeros(1), np.array([_GOOD]))
        stability = np.where(step, passed[0], stability)
        difficulty = np.where(step, passed[1], difficulty)
        wait = np.maximum(np.rint(self._crowd.interval(stability, self._retention)), 1)
        for kept, value in (
            (self._stability, stability),
            (self._difficulty, difficulty),
            (self._due, day.number + wait),
            (self._last, np.full_like(stability, day.number)),
        ):
            kept[asked] = value[asked]


def has_step(new: Bools, rating: Ints) -> Bools:
    """Whether a card that was rated so comes again on the same day."""
    step: Bools = rating < np.where(new, _GOOD, _AGAIN + 1)
    return step
