"""Simulated days of study: what a crowd of learners would know on a later day.

Each learner has the cards that the real one has, as the scheduler sees them, and a memory of their
own, which says what they remember. All learners and cards are arrays, (learners, cards); a day is
one step. This imports NumPy, which no process that answers a key may load.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import NamedTuple, Protocol

import numpy as np

from studyapp.memory import exam
from studyapp.memory.histories import Bools, Floats, Ints
from studyapp.memory.mastery import CERTAIN, USUAL, USUAL_DAYS, Calibration
from studyapp.memory.model import Crowd
from studyapp.memory.scheduler import UNLOCK_DAYS
from studyapp.memory.state import FIRST_RATINGS, LATER_RATINGS

_AGAIN, _GOOD = 1, 3
_NEVER = np.inf  # the place of a card that a day does not ask


DOUBT = 1.75  # times as unsure as mastery: what is far off depends on how memory works, too
USUAL_RATINGS = 100  # that these count for, beside a learner's own


class Luck(Protocol):
    """Where chance comes from: NumPy's generator, or one that gives several the same."""

    def random(self, size: tuple[int, ...]) -> Floats:
        """Numbers between 0 and 1."""


@dataclass(frozen=True, slots=True)
class Same:
    """The same luck, so many *times*, one after the other: learners who differ in nothing else tell
    what a difference comes to, be they few."""

    rng: np.random.Generator
    times: int

    def random(self, size: tuple[int, ...]) -> Floats:
        one = self.rng.random((size[0] // self.times, *size[1:]))
        return np.tile(one, (self.times, *(1 for _ in size[1:])))


class Memories(Protocol):
    """What learners really remember; arrays are (learners, cards)."""

    def chance(self, day: Day) -> Floats:
        """Of recall on a day; of a card that was never met it may be anything."""

    def ratings(self, day: Day) -> Ints:
        """What each card is rated, if it is asked."""

    def learn(self, day: Day, asked: Bools, rating: Ints) -> None:
        """These were *asked*. One that was missed, or is new and was hard, passes its step."""


class Material(NamedTuple):
    """The cards as they stand on day 0, in the order of the book. `last` and `due` are days from
    then, `stability` is not a number for what is new; cards of a `family` have the same number, and
    a card waits for its `opener`, a place in these arrays (-1: none). The exam is `about` some; the
    others take their time when they are due. Where a retention is `desired` that is the card's own,
    it is a number; without it no card has one."""

    stability: Floats
    difficulty: Floats
    last: Floats
    due: Floats
    family: Ints
    opener: Ints
    about: Bools
    desired: Floats | None = None

    @classmethod
    def fresh(cls, cards: int) -> Material:
        """Cards that are all new, and give nothing away."""
        unknown, never = np.full(cards, np.nan), np.full(cards, np.inf)
        family, none = np.arange(cards), np.full(cards, -1)
        return cls(unknown, unknown, unknown, never, family, none, np.full(cards, True))


@dataclass(frozen=True, slots=True)
class Effort:
    """Seconds that a review takes, a step too, and a new card with all that its day has of it."""

    review: float = 15.0
    new: float = 45.0


class Known(NamedTuple):
    """By learner: the share of the cards of the exam that is known on the day, as it is to be
    expected and as it comes; how many were met by the end of each day, and how many seconds each
    took, (days, learners). Of these cards, (learners, cards), which are `unmet` in the end, and
    which of those wait for another card, which has `held` them."""

    expected: Floats
    drawn: Floats
    met: Ints
    took: Floats
    unmet: Bools
    held: Bools

    def of_met(self, share: Floats) -> Floats:
        """What a *share* of the cards is of those that were met in the end."""
        of_met: Floats = share * self.unmet.shape[1] / np.maximum(self.met[-1], 1)
        return of_met

    def of(self, learners: slice) -> Known:
        """Some of the learners."""
        by_day = self.met[:, learners], self.took[:, learners]
        by_card = self.unmet[learners], self.held[learners]
        return Known(self.expected[learners], self.drawn[learners], *by_day, *by_card)


class Day(NamedTuple):
    """A day as a policy sees it: (learners, cards), but for the `seconds`, which are by learner."""

    number: int
    recall: Floats  # as the scheduler sees it
    elapsed: Floats  # days since the last review
    stability: Floats
    difficulty: Floats
    due: Floats
    new: Bools
    about: Bools
    seconds: Floats
    effort: Effort

    @property
    def is_due(self) -> Bools:
        """What has come by its date."""
        return ~self.new & (self.due <= self.number)


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

    cards: int
    whole: int
    left: int
    retention: float = 0.9

    def places(self, day: Day) -> tuple[Floats, Ints]:
        due = day.is_due
        pace = np.array([self.pace(int(new), day.number) for new in day.new.sum(axis=1)])
        left = day.seconds - due.sum(axis=1) * day.effort.review
        least = np.array([exam.most_new(seconds, day.effort.new) for seconds in day.seconds])
        new = np.minimum(pace, np.maximum(least, (left / day.effort.new).astype(np.int64)))
        behind = left < np.minimum(new, pace) * day.effort.new
        spare = np.where(day.about, 2 + day.recall, _NEVER)
        place = np.where(due, np.where(behind[:, None], 2 - day.recall, 1), spare)
        return np.where(day.new, 0, place), new

    def pace(self, unmet: int, number: int) -> int:
        """New cards of a day."""
        return exam.pace(unmet, self.cards, self.whole, self.left - number)


@dataclass(frozen=True, slots=True)
class Usual:
    """Days as they are without an exam: what is due, then new cards; of what does not fit, those
    that are likeliest to be remembered, and nothing new."""

    retention: float = 0.9
    new_a_day: int = 10

    def places(self, day: Day) -> tuple[Floats, Ints]:
        due = day.is_due
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
    luck: Luck,
    spent: float = 0.0,
    told: Callable[[float], None] = lambda share: None,
) -> Known:
    """What *learners* know after so many *days* of study, of *seconds* each by learner, as the
    *policy* has it. *crowd* is the scheduler's model, which hears of ratings alone. Of the first
    day's seconds some are *spent* already."""
    deck = _Deck(material, len(seconds), crowd, policy.retention)
    met, took = np.zeros((days, len(seconds)), np.int64), np.zeros((days, len(seconds)))
    for number in range(days):
        day = deck.day(number, seconds - (0 if number else spent), effort)
        rating = learners.ratings(day)
        takes = _takes(day, rating)
        asked = deck.asked(day, *policy.places(day), takes)
        learners.learn(day, asked, rating)
        deck.rated(day, asked, rating)
        took[number] = (takes * asked).sum(axis=1)
        met[number] = (~deck.new & material.about).sum(axis=1)
        told((number + 1) / days)
    last = deck.day(days, seconds, effort)
    known = np.where(last.new, 0.0, learners.chance(last))[:, material.about]
    drawn = (luck.random(known.shape) < known).mean(axis=1)
    by_card = last.new[:, material.about], deck.held(last)[:, material.about]
    return Known(known.mean(axis=1), drawn, met, took, *by_card)


def _takes(day: Day, rating: Ints) -> Floats:
    """Seconds that each card takes, with its step."""
    review = day.effort.review * (1 + (rating == _AGAIN))
    takes: Floats = np.where(day.new, day.effort.new, review)
    return takes


class _Deck:
    """The cards of every learner, as the scheduler sees them."""

    def __init__(self, material: Material, learners: int, crowd: Crowd, retention: float) -> None:
        self._crowd = crowd
        own = np.full(len(material.about), np.nan) if material.desired is None else material.desired
        self._retention = np.where(np.isnan(own), retention, own)
        self._opener = material.opener
        self._family, self._about = material.family, material.about
        self._stability, self._difficulty, self._last, self._due = (
            np.tile(column, (learners, 1)) for column in material[:4]
        )

    @property
    def new(self) -> Bools:
        return np.isnan(self._stability)

    def day(self, number: int, seconds: Floats, effort: Effort) -> Day:
        new = self.new
        elapsed = np.where(new, 0.0, np.maximum(number - self._last, 0))  # a clock was put back
        stability = np.where(new, 1.0, self._stability)
        difficulty = np.where(new, 5.0, self._difficulty)
        recall = self._crowd.recall(stability, elapsed)
        seen = recall, elapsed, stability, difficulty, self._due
        return Day(number, *seen, new, self._about, seconds, effort)

    def asked(self, day: Day, place: Floats, new_a_day: Ints, takes: Floats) -> Bools:
        """The cards that fit in the day, in the order of their places: one of a family."""
        waits = day.new & (self._is_shut() | self._is_given_away(day.is_due))
        waits |= ~day.new & (day.elapsed <= 0)  # it was asked today
        # Most cards are not of the day: only those that are go on, learner by learner.
        row, card = np.nonzero((place < _NEVER) & ~waits)
        order = np.lexsort((place[row, card], row))
        row, card = row[order], card[order]
        of_family = row * len(self._family) + self._family[card]
        first = np.sort(np.unique(of_family, return_index=True)[1])
        row, card = row[first], card[first]
        new = day.new[row, card]
        there = ~new | (_running(new, row) <= new_a_day[row])
        row, card, new = row[there], card[there], new[there]
        seconds = takes[row, card]
        least = np.where(new, day.effort.new, day.effort.review)
        fits = _running(seconds, row) - seconds + least <= day.seconds[row]
        asked = np.zeros_like(day.new)
        asked[row[fits], card[fits]] = True
        return asked

    def held(self, day: Day) -> Bools:
        """New cards that wait for their opener, or for one of their family that is not firm yet."""
        begun = ~day.new & (day.stability < UNLOCK_DAYS)
        held: Bools = day.new & (self._is_shut() | self._is_given_away(begun))
        return held

    def _is_shut(self) -> Bools:
        """Whether the opener of a card is not firm enough to let it in."""
        opener = np.nan_to_num(self._stability[:, self._opener])
        shut: Bools = (self._opener >= 0) & (opener < UNLOCK_DAYS)
        return shut

    def _is_given_away(self, cards: Bools) -> Bools:
        """Whether a card of its family is among these *cards*."""
        row, column = np.nonzero(cards)
        there = np.zeros(cards.shape, bool)
        there[row, self._family[column]] = True
        given_away: Bools = there[:, self._family]
        return given_away

    def rated(self, day: Day, asked: Bools, rating: Ints) -> None:
        """Ratings of the cards that were *asked*, with the step that follows some of them."""
        new, rating = day.new[asked], rating[asked]
        days = np.maximum(day.elapsed[asked], 1)
        begun = self._crowd.first(rating)
        gone_on = self._crowd.after(day.stability[asked], day.difficulty[asked], days, rating)
        stability, difficulty = (np.where(new, *both) for both in zip(begun, gone_on, strict=True))
        passed = self._crowd.after(stability, difficulty, np.zeros(1), np.array([_GOOD]))
        step, after = has_step(new, rating), (stability, difficulty)
        stability, difficulty = (np.where(step, *both) for both in zip(passed, after, strict=True))
        retention = np.broadcast_to(self._retention, asked.shape)[asked]
        wait = np.maximum(np.rint(self._crowd.interval(stability, retention)), 1)
        self._stability[asked], self._difficulty[asked] = stability, difficulty
        self._due[asked], self._last[asked] = day.number + wait, day.number


def _running(values: Floats | Bools, row: Ints) -> Floats:
    """The sum of the *values* so far, by *row*, which never falls."""
    total = np.cumsum(values, dtype=np.float64)
    before = total - values
    so_far: Floats = total - before[np.searchsorted(row, row)]
    return so_far


def has_step(new: Bools, rating: Ints) -> Bools:
    """Whether a card that was rated so comes again on the same day."""
    step: Bools = rating < np.where(new, _GOOD, _AGAIN + 1)
    return step


@dataclass(frozen=True, slots=True)
class Habits:
    """How often a learner gives each rating: from Again to Easy of a card that is new, from Hard to
    Easy of one that is remembered."""

    first: Floats
    passed: Floats

    @classmethod
    def of(cls, first: Sequence[int] = (), passed: Sequence[int] = ()) -> Habits:
        """From counts of a learner's own ratings, beside those that are usual."""
        return cls(_shares(FIRST_RATINGS, first), _shares(LATER_RATINGS, passed))

    def rated(self, day: Day, chance: Floats, luck: Luck) -> Ints:
        """Ratings of all cards, with this *chance* of recall."""
        drawn, choice = luck.random(chance.shape), luck.random(chance.shape)
        first = 1 + _above(choice, np.cumsum(self.first)[:-1])
        passed = 2 + _above(choice, np.cumsum(self.passed)[:-1])
        rated: Ints = np.where(day.new, first, np.where(drawn < chance, passed, _AGAIN))
        return rated


def _above(values: Floats, bounds: Floats) -> Ints:
    """Of how many *bounds* each value is above: few, which is quicker than to search for it."""
    above: Ints = np.sum([values > bound for bound in bounds], axis=0, dtype=np.int64)
    return above


def _shares(usual: Sequence[float], counts: Sequence[int]) -> Floats:
    own = np.array(counts or [0] * len(usual), float)
    shares: Floats = (own + USUAL_RATINGS * np.array(usual)) / (own.sum() + USUAL_RATINGS)
    return shares


class Doubted:
    """Learners of whom nothing is known but what the scheduler knows of one, and how far off it has
    been: each has another one of the corrections that are likely (see `mastery.Calibration`),
    *doubt* times as far apart as those are. Without *doubt* all have the likeliest one. They are
    there as many times as *luck* is the same."""

    def __init__(
        self,
        trust: Calibration,
        habits: Habits,
        learners: int,
        luck: Same,
        doubt: float = DOUBT,
    ) -> None:
        spread, axes = np.linalg.eigh(np.array(trust.covariance))
        root = axes * np.sqrt(np.maximum(spread, 0))
        terms = trust.terms + doubt * _far_apart(luck.rng, learners, len(root)) @ root.T
        self._shift, slope, self._stretch = np.tile(terms, (luck.times, 1)).T[:, :, None]
        self._slope = np.maximum(slope, 0)
        self._habits, self._luck = habits, luck

    def chance(self, day: Day) -> Floats:
        recall = np.clip(day.recall, CERTAIN, 1 - CERTAIN)
        off = np.log(recall / (1 - recall)) - USUAL
        longer = np.log(day.stability / USUAL_DAYS)
        logit = USUAL + self._shift + self._slope * off + self._stretch * longer
        chance: Floats = 1 / (1 + np.exp(-logit))
        return chance

    def ratings(self, day: Day) -> Ints:
        return self._habits.rated(day, self.chance(day), self._luck)

    def learn(self, day: Day, asked: Bools, rating: Ints) -> None:
        """They have no other memory than the scheduler's."""


def _far_apart(rng: np.random.Generator, points: int, axes: int) -> Floats:
    """Points of independent normal numbers, (points, axes), of which each as likely part of an axis
    has one: few of them reach as far as is likely, which as many drawn at random may not (Latin
    hypercube sampling, McKay et al. 1979)."""
    levels = [NormalDist().inv_cdf((part + 0.5) / points) for part in range(points)]
    return np.stack([rng.permutation(levels) for _ in range(axes)], axis=1)


class Figure(NamedTuple):
    """A figure with the interval in which 95 of 100 learners end."""

    value: float
    low: float
    high: float


def share(known: Known) -> Figure:
    """What is known on the day: half of the learners exceed it."""
    return Figure(float(np.median(known.expected)), *_ends(known.drawn))


def minutes_a_day(sure: Known, doubted: Known) -> Figure:
    """Minutes that a day takes learners who differ by luck alone, on average; the interval is of
    those who are *doubted*. A mean of these would be that of the few who forget nearly all."""
    return Figure(float(sure.took.mean() / 60), *_ends(doubted.took.mean(axis=0) / 60))


def share_kept(sure: Known, doubted: Known) -> Figure:
    """The share that is known in the end of what was met; of whom as in `minutes_a_day`."""
    return Figure(float(sure.of_met(sure.expected).mean()), *_ends(doubted.of_met(doubted.drawn)))


def _ends(values: Floats) -> tuple[float, float]:
    """Where 95 of 100 end, if each value stands for as many (Hazen 1914)."""
    low, high = np.quantile(values, (0.025, 0.975), method="hazen")
    return float(low), float(high)
