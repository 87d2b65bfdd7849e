"""Counts how often the interval of mastery holds what a simulated learner gets: 92–98% is right.

    python benchmarks/mastery.py [LEARNERS]

Each learner studies one chapter for 60 days through our scheduler, misses days, and tries the
questionnaire up to three times on the way. Then it is asked, tomorrow or after 30 days without
review, and the share of points they get stands beside mastery. Prints a Markdown table;
mastery.md keeps one with what it shows.
"""

from __future__ import annotations

import math
import random
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Protocol

from fsrs.scheduler import LOWER_BOUNDS_PARAMETERS, UPPER_BOUNDS_PARAMETERS

from studyapp.interval import mean_interval, wilson
from studyapp.memory.mastery import (
    RECENT,
    Calibration,
    Questions,
    Recall,
    calibration,
    mastery,
    shares,
)
from studyapp.memory.model import DEFAULT_WEIGHTS
from studyapp.memory.scheduler import Parameters
from studyapp.memory.state import Memory, Rating, State

SCHEDULE = Parameters()
FIRST_DAY = date(2026, 1, 5)
EVENING = 20  # o'clock, when they study
DAYS = 60
AHEAD = (1, 30)  # days after the last day of study on which the questionnaire is asked
LISTS, ITEMS = 0.15, 4  # share of questions that are lists, with a card and a point an item
POINTS = (2, 5)  # core points of any other question, at least and at most
SAID, GUESSED = (0.85, 1.0), (0.2, 0.6)  # chance of each point, recalled or not, by learner
SKIPPED = (0.0, 0.3)  # share of days a learner does not study
NEW_A_DAY = (4, 10)
ATTEMPTS = (0, 3)
SECONDS = 20  # a card takes
FIRST_RATINGS = (0.24, 0.094, 0.495, 0.171)  # Again to Easy; fsrs-rs assumes these for
PASSING_RATINGS = (0.224, 0.631, 0.145)  # learners it simulates
UNCORRECTED = Calibration(covariance=((0.0,) * 3,) * 3)  # as if R were surely right


class Truth(Protocol):
    """How a learner's memory really works."""

    def chance(self, card: int, now: datetime) -> float: ...

    def rating(self, card: int, now: datetime) -> Rating: ...

    def learn(self, card: int, now: datetime, rating: Rating) -> None: ...


class Fsrs:
    """FSRS-6 with weights of the learner's own, and items that differ from what they say."""

    def __init__(self, rng: random.Random) -> None:
        strength = rng.gauss(0, 0.5)  # of all four first stabilities
        noise = [
            strength + rng.gauss(0, 0.3) if i < 4 else rng.gauss(0, 0.15)
            for i in range(len(DEFAULT_WEIGHTS))
        ]
        weights = tuple(
            min(max(weight * math.exp(by), low), high)
            for weight, by, low, high in zip(
                DEFAULT_WEIGHTS,
                noise,
                LOWER_BOUNDS_PARAMETERS,
                UPPER_BOUNDS_PARAMETERS,
                strict=True,
            )
        )
        self.parameters, self.rng = Parameters(weights=weights), rng
        self.memory: dict[int, Memory] = {}

    def chance(self, card: int, now: datetime) -> float:
        return self.parameters.retrievability(self.memory[card], now.date()) or 0.0

    def rating(self, card: int, now: datetime) -> Rating:
        if card not in self.memory:
            return Rating(self.rng.choices((1, 2, 3, 4), FIRST_RATINGS)[0])
        if self.rng.random() >= self.chance(card, now):
            return Rating.AGAIN
        return Rating(self.rng.choices((2, 3, 4), PASSING_RATINGS)[0])

    def learn(self, card: int, now: datetime, rating: Rating) -> None:
        before = self.memory.get(card, Memory())
        after = self.parameters.review(before, rating, now, card=b"", uid=b"")
        if card not in self.memory:
            difficulty = (after.difficulty or 0) + self.rng.gauss(0, 1)
            after = replace(
                after,
                difficulty=min(max(difficulty, 1.0), 10.0),
                stability=(after.stability or 0) * math.exp(self.rng.gauss(0, 0.3)),
            )
        self.memory[card] = after


class Actr:
    """Pavlik & Anderson (2005): each presentation leaves a trace, which decays the faster the
    more active the memory was. Decay, noise and the slower clock between sessions are theirs.

    The threshold is ours, by learner and item: theirs (-0.704) is for word pairs seen once for a
    few seconds, and a learner here comes from the chapter and the lecture.
    """

    DECAY, SPACING, NOISE, CLOCK = 0.177, 0.217, 0.255, 0.025
    THRESHOLD, BY_LEARNER, BY_ITEM = -1.4, 0.2, 0.25
    HARD, EASY = 0.25, 1.0  # so little above the threshold is slow, so much is at once

    def __init__(self, rng: random.Random) -> None:
        self.rng, self.level = rng, rng.gauss(self.THRESHOLD, self.BY_LEARNER)
        self.threshold: dict[int, float] = {}
        self.traces: dict[int, list[tuple[float, float]]] = {}  # (when, decay)

    def chance(self, card: int, now: datetime) -> float:
        return 1 / (1 + math.exp(-self.margin(card, now) / self.NOISE))

    def rating(self, card: int, now: datetime) -> Rating:
        if card not in self.traces:  # the chapter, half an hour ago
            self.threshold[card] = self.rng.gauss(self.level, self.BY_ITEM)
            self.traces[card] = [(self.clock(now) - 1800, self.DECAY)]
        luck = self.rng.random()
        margin = self.margin(card, now) + self.NOISE * math.log(luck / (1 - luck))
        if margin < 0:
            return Rating.AGAIN
        if margin < self.HARD:
            return Rating.HARD
        return Rating.GOOD if margin < self.EASY else Rating.EASY

    def learn(self, card: int, now: datetime, rating: Rating) -> None:
        decay = self.SPACING * math.exp(self.activation(card, now)) + self.DECAY
        self.traces[card].append((self.clock(now), decay))

    def margin(self, card: int, now: datetime) -> float:
        return self.activation(card, now) - self.threshold[card]

    def activation(self, card: int, now: datetime) -> float:
        seconds = self.clock(now)
        return math.log(
            sum(max(seconds - when, 1.0) ** -decay for when, decay in self.traces[card])
        )

    def clock(self, now: datetime) -> float:
        evening = now.replace(hour=EVENING, minute=0, second=0)
        return self.CLOCK * 86400 * (now.date() - FIRST_DAY).days + (now - evening).total_seconds()


class Exponential:
    """Exponential forgetting at a rate that recall divides and failure multiplies, as in Tabibian
    et al. (2019); the first rating of a day counts. Spacing does nothing, FSRS thinks it does:
    a hard test of the forecast."""

    HALF_LIFE = 12.0  # days, after a first Good
    FIRST = (0.4, 0.7, 1.0, 1.8)  # times that, by first rating

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.half_life = self.HALF_LIFE * math.exp(rng.gauss(0, 0.4))
        self.better, self.worse = rng.uniform(2, 4), rng.uniform(1.5, 2.5)
        self.memory: dict[int, tuple[float, date]] = {}  # (half-life, last day)

    def chance(self, card: int, now: datetime) -> float:
        half_life, last = self.memory[card]
        return float(2 ** (-(now.date() - last).days / half_life))

    def rating(self, card: int, now: datetime) -> Rating:
        if card not in self.memory:
            return Rating(self.rng.choices((1, 2, 3, 4), FIRST_RATINGS)[0])
        if self.rng.random() >= self.chance(card, now):
            return Rating.AGAIN
        return Rating(self.rng.choices((2, 3, 4), PASSING_RATINGS)[0])

    def learn(self, card: int, now: datetime, rating: Rating) -> None:
        if card not in self.memory:
            item = self.half_life * math.exp(self.rng.gauss(0, 0.4)) * self.FIRST[rating - 1]
            self.memory[card] = item, now.date()
            return
        half_life, last = self.memory[card]
        if last != now.date():
            half_life *= self.better if rating > Rating.AGAIN else 1 / self.worse
        self.memory[card] = half_life, now.date()


@dataclass(frozen=True)
class Row:
    """One kind of chapter: its questions, how many the learner starts, and for how long."""

    questions: int
    started: int
    days: int = DAYS

    def __str__(self) -> str:
        note = f", {self.started} started" if self.started < self.questions else ""
        return f"{self.questions}{note}" + (
            f", after {self.days} days" if self.days != DAYS else ""
        )


MODELS: dict[str, Callable[[random.Random], Truth]] = {
    "FSRS-6, own weights": Fsrs,
    "ACT-R": Actr,
    "exponential": Exponential,
}
ROWS = (Row(15, 15), Row(33, 33), Row(90, 90), Row(33, 16), Row(33, 33, days=15))


class Learner:
    """One simulated learner of one chapter."""

    def __init__(self, truth: Truth, row: Row, rng: random.Random) -> None:
        self.truth, self.row, self.rng = truth, row, rng
        self.said, self.guessed = rng.uniform(*SAID), rng.uniform(*GUESSED)
        self.questions: list[list[int]] = []
        self.points: list[int] = []  # of each card
        for _ in range(row.questions):
            is_list = rng.random() < LISTS
            first, cards = len(self.points), ITEMS if is_list else 1
            self.questions.append(list(range(first, first + cards)))
            self.points += [1] * cards if is_list else [rng.randint(*POINTS)]
        self.memory: dict[int, Memory] = {}
        self.outcomes: list[Recall] = []
        self.responses: list[tuple[bool, float]] = []

    def study(self) -> None:
        """The days of study, each an evening."""
        rng = self.rng
        new = [card for cards in self.questions[: self.row.started] for card in cards]
        skipped, new_a_day = rng.uniform(*SKIPPED), rng.randint(*NEW_A_DAY)
        later = range(self.row.days // 4, self.row.days)
        attempts = set(rng.sample(later, rng.randint(*ATTEMPTS)))
        for number in range(self.row.days):
            now = evening(number)
            if number in attempts:
                now = self.attempt(now)
            elif rng.random() < skipped:
                continue
            queue = [card for card in self.memory if self.due(card, now)]
            rng.shuffle(queue)
            queue += new[:new_a_day]
            del new[:new_a_day]
            while queue:
                for card in queue:
                    self.rate(card, now, self.truth.rating(card, now))
                    now += timedelta(seconds=SECONDS)
                steps = [memory.due_at for memory in self.memory.values() if memory.due_at]
                now = max(now, *steps) if steps else now
                queue = [card for card in self.memory if self.due(card, now)]

    def attempt(self, now: datetime) -> datetime:
        """One sitting of the questionnaire; a list's items are rated, and give no response."""
        for cards in self.questions:
            for card in cards:
                if card not in self.memory:
                    continue
                recalled, share = self.answer(card, now)
                if len(cards) == 1:
                    self.responses.append((recalled, share))
                self.rate(card, now, Rating.GOOD if recalled else Rating.AGAIN)
                now += timedelta(seconds=SECONDS)
        return now

    def answer(self, card: int, now: datetime) -> tuple[bool, float]:
        """Whether the card was recalled, and the share of its points that was said."""
        recalled = self.rng.random() < self.truth.chance(card, now)
        each, points = self.said if recalled else self.guessed, self.points[card]
        return recalled, sum(self.rng.random() < each for _ in range(points)) / points

    def asked(self, ahead: int) -> float:
        """The share of points in a questionnaire so many days after the last day of study."""
        now = evening(self.row.days - 1 + ahead)
        got = [
            sum(self.answer(card, now)[1] for card in cards if card in self.memory) / len(cards)
            for cards in self.questions
        ]
        return math.fsum(got) / len(got)

    def rate(self, card: int, now: datetime, rating: Rating) -> None:
        before, day = self.memory.get(card, Memory()), now.date()
        if before.state is not State.NEW and before.last_day != day:
            predicted = SCHEDULE.retrievability(before, day) or 0.0
            self.outcomes.append(Recall(predicted, before.stability or 0.0, rating > Rating.AGAIN))
        self.memory[card] = SCHEDULE.review(before, rating, now, card=bytes([card]), uid=b"")
        self.truth.learn(card, now, rating)

    def due(self, card: int, now: datetime) -> bool:
        memory = self.memory[card]
        if memory.due is None or memory.due > now.date():
            return False
        return memory.due_at is None or memory.due_at <= now

    def standing(self, today: date) -> Questions:
        cards = ((number, card) for number, cards in enumerate(self.questions) for card in cards)
        of = ((number, self.memory.get(card, Memory())) for number, card in cards)
        return Questions.of((number, one.stability, waited(one, today)) for number, one in of)


def waited(memory: Memory, today: date) -> int | None:
    """Days since the last rating; None if there is none, or it was Again."""
    return None if memory.missed or memory.last_day is None else (today - memory.last_day).days


@dataclass(frozen=True)
class Case:
    """What was predicted of a learner and what they got."""

    value: float
    low: float
    high: float
    actual: float
    uncorrected: bool  # whether the interval would have held without the correction

    @property
    def held(self) -> bool:
        return self.low <= self.actual <= self.high


def evening(number: int) -> datetime:
    return datetime(FIRST_DAY.year, FIRST_DAY.month, FIRST_DAY.day, EVENING, tzinfo=UTC) + (
        timedelta(days=number)
    )


def cases(model: str, row: Row, learner: int) -> Iterator[Case]:
    """One case for each of AHEAD."""
    rng = random.Random(f"{model} {row} {learner}")
    one = Learner(MODELS[model](rng), row, rng)
    one.study()
    last = FIRST_DAY + timedelta(days=row.days - 1)
    own, standing = shares(one.responses), one.standing(last)
    corrected = calibration(one.outcomes[-RECENT:])
    for ahead in AHEAD:
        on, actual = last + timedelta(days=ahead), one.asked(ahead)
        told = mastery(standing, SCHEDULE, own, corrected, last, on)
        plain = mastery(standing, SCHEDULE, own, UNCORRECTED, last, on)
        yield Case(told.value, told.low, told.high, actual, plain.low <= actual <= plain.high)


def line(model: str, row: Row, ahead: int, found: list[Case]) -> str:
    n = len(found)
    value, actual = (
        math.fsum(getattr(case, name) for case in found) / n for name in ("value", "actual")
    )
    width = math.fsum(case.high - case.low for case in found) / n
    off, off_low, off_high = mean_interval([case.actual - case.value for case in found])
    share, low, high = wilson(sum(case.held for case in found), n)
    plain = sum(case.uncorrected for case in found) / n
    return (
        f"| {model} | {row} | {'tomorrow' if ahead == 1 else f'in {ahead} days'} "
        f"| {value:.1%} | {actual:.1%} | {100 * off:+.1f} [{100 * (off_low or 0):+.1f}, "
        f"{100 * (off_high or 0):+.1f}] | ±{50 * width:.0f} "
        f"| {share:.1%} [{low:.1%}, {high:.1%}] | {plain:.1%} |"
    )


def main(learners: int = 1000) -> None:
    started = time.perf_counter()
    print(
        "| learners' memory | questions | asked | predicted | actual "
        "| actual − predicted, points of 100 | interval | holds it | uncorrected |\n"
        "|---|---|---|---:|---:|---:|---:|---:|---:|"
    )
    for model in MODELS:
        for row in ROWS:
            found = [list(cases(model, row, learner)) for learner in range(learners)]
            for ahead, column in zip(AHEAD, zip(*found, strict=True), strict=True):
                print(line(model, row, ahead, list(column)), flush=True)
    print(f"\n{learners} learners a row; {time.perf_counter() - started:.0f} s")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
