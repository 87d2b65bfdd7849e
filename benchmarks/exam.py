"""What the plan to an exam is worth: the share of its cards that simulated learners know that day.

    python benchmarks/exam.py [LEARNERS]

Learners of four kinds study for an exam with five budgets of time. The same learners, with the same
items, study once as the plan has it and once as on any day, at each of four desired retentions; the
difference is of the expected recall on the day, over all cards, those never met included. Beside it
stands how often the interval that is told on the first day, and half way, holds what such a learner
gets, what a desired retention costs beside what is told of that, what the plan is worth to learners
who miss days, and what three learners get in the app's own queue, in a database. Prints Markdown
tables; exam.md keeps them with what they show.
"""

from __future__ import annotations

import math
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from sqlalchemy import select

from studyapp.config import Current, Settings
from studyapp.interval import mean_interval, wilson
from studyapp.memory.clock import study_day
from studyapp.memory.histories import Bools, Floats, Ints
from studyapp.memory.mastery import RECENT, Calibration, Recall, calibration
from studyapp.memory.model import DEFAULT_WEIGHTS, HIGHEST, LOWEST, Crowd
from studyapp.memory.rehearsal import (
    DOUBT,
    Day,
    Doubted,
    Effort,
    Figure,
    Habits,
    Known,
    Material,
    Memories,
    Paced,
    Policy,
    Same,
    Usual,
    has_step,
    minutes_a_day,
    rehearse,
    share,
    share_kept,
)
from studyapp.memory.state import Rating
from studyapp.store import sync, tables
from studyapp.store.database import open_database
from studyapp.study import exam
from studyapp.study.desk import Desk
from studyapp.study.library import start_chapter
from studyapp.study.sitting import Sitting

LEARNERS = 30
RETENTIONS = (0.80, 0.85, 0.90, 0.95)
CROWD = Crowd(DEFAULT_WEIGHTS)  # what the scheduler knows of all of them
HABITS = Habits.of()
EFFORT = Effort()  # 15 s a review, as much for a step, 45 s a new card
QUEUED = 3  # learners in the app's own queue


class Task(NamedTuple):
    cards: int
    days: int
    minutes: int

    def __str__(self) -> str:
        return f"{self.cards}, {self.days}, {self.minutes}"


TASKS = (
    Task(350, 40, 5),
    Task(350, 40, 10),
    Task(350, 40, 20),
    Task(150, 20, 10),
    Task(100, 60, 5),
)
MISSED = (Task(350, 40, 20), Task(200, 30, 30))
HALF_WAY = (Task(150, 20, 10), Task(100, 60, 5))
LONG = Task(112, 180, 600)  # as long as the trade-off is told for, with time for all that is due
COSTS = (0.80, 0.90)
QUEUE_TASK = Task(100, 24, 8)
FIRST_EVENING = datetime(2026, 1, 5, 20, tzinfo=UTC)
FIRST_SHOWN = 22.5  # seconds; a third of the new cards have a step after it
SHOWN = Effort(EFFORT.review, FIRST_SHOWN + EFFORT.review / 3)


class Learners:
    """What all kinds share: cards that were met, and ratings that are the recall itself."""

    def __init__(self, rng: np.random.Generator, learners: int, cards: int) -> None:
        self.rng, self.shape = rng, (learners, cards)
        self.last, self.met = np.zeros(self.shape), np.zeros(self.shape, bool)

    def chance(self, day: Day) -> Floats:
        raise NotImplementedError

    def ratings(self, day: Day) -> Ints:
        return HABITS.rated(day, self.chance(day), self.rng)

    def learn(self, day: Day, asked: Bools, rating: Ints) -> None:
        self.last[asked] = day.number
        self.met |= asked

    def since(self, day: Day) -> Floats:
        days: Floats = day.number - self.last
        return days

    def drawn(self, deviation: float, *, each: bool = True) -> Floats:
        """Normal numbers, one of each card or of each learner."""
        normal: Floats = self.rng.normal(0, deviation, self.shape if each else (self.shape[0], 1))
        return normal


class Fsrs(Learners):
    """FSRS-6 with weights of their own, and items that differ from what these say, as in
    benchmarks/mastery.py."""

    def __init__(self, rng: np.random.Generator, learners: int, cards: int) -> None:
        super().__init__(rng, learners, cards)
        strength = self.drawn(0.5, each=False)
        noise = [
            strength + self.drawn(0.3, each=False) if at < 4 else self.drawn(0.15, each=False)
            for at in range(len(DEFAULT_WEIGHTS))
        ]
        bounds = zip(DEFAULT_WEIGHTS, noise, LOWEST, HIGHEST, strict=True)
        self.crowd = Crowd([np.clip(w * np.exp(by), low, high) for w, by, low, high in bounds])
        self.easier, self.harder = np.exp(self.drawn(0.3)), self.drawn(1.0)
        self.stability, self.difficulty = np.ones(self.shape), np.full(self.shape, 5.0)

    def chance(self, day: Day) -> Floats:
        return self.crowd.recall(self.stability, self.since(day))

    def learn(self, day: Day, asked: Bools, rating: Ints) -> None:
        first = self.crowd.first(rating)
        first = first[0] * self.easier, np.clip(first[1] + self.harder, 1, 10)
        days = np.maximum(self.since(day), 1)
        later = self.crowd.after(self.stability, self.difficulty, days, rating)
        after = [np.where(self.met, *pair) for pair in zip(later, first, strict=True)]
        step = has_step(~self.met, rating)
        passed = self.crowd.after(*after, np.zeros(1), np.array([3]))
        for kept, value, stepped in zip(
            (self.stability, self.difficulty), after, passed, strict=True
        ):
            kept[asked] = np.where(step, stepped, value)[asked]
        super().learn(day, asked, rating)


class Actr(Learners):
    """Traces that decay the faster the more active a memory was (Pavlik & Anderson 2005), with the
    numbers of benchmarks/mastery.py. A step of ten minutes leaves a trace as well."""

    DECAY, SPACING, NOISE, CLOCK = 0.177, 0.217, 0.255, 0.025
    THRESHOLD, BY_LEARNER, BY_ITEM = -1.4, 0.2, 0.25
    MOST = 40  # traces; what comes after is no longer told apart from the newest

    def __init__(self, rng: np.random.Generator, learners: int, cards: int) -> None:
        super().__init__(rng, learners, cards)
        level = self.THRESHOLD + self.drawn(self.BY_LEARNER, each=False)
        self.threshold = level + self.drawn(self.BY_ITEM)
        self.when = np.full((self.MOST, *self.shape), np.nan)
        self.decay = np.full((self.MOST, *self.shape), np.nan)
        self.traces = np.zeros(self.shape, int)
        self.top = 0  # traces of the card that has most

    def activation(self, seconds: float) -> Floats:
        waited = np.maximum(seconds - self.when[: self.top], 1.0)
        left = np.nansum(waited ** -self.decay[: self.top], axis=0)
        active: Floats = np.log(np.maximum(left, 1e-9))
        return active

    def chance(self, day: Day) -> Floats:
        chapter = 1800.0**-self.DECAY  # it was read half an hour before a card is first met
        active = self.activation(self._clock(day.number))
        active = np.where(self.met, active, np.log(chapter))
        chance: Floats = 1 / (1 + np.exp((self.threshold - active) / self.NOISE))
        return chance

    def ratings(self, day: Day) -> Ints:
        """A new card, too, is known or not."""
        remembered = self.rng.random(self.shape) < self.chance(day)
        return np.where(remembered, HABITS.rated(day, np.ones(self.shape), self.rng).clip(2), 1)

    def learn(self, day: Day, asked: Bools, rating: Ints) -> None:
        now, first = self._clock(day.number), asked & ~self.met
        self._leave(first, now - 1800, np.full(self.shape, self.DECAY))
        step = asked & has_step(~self.met, rating)
        self._leave(asked, now, self.SPACING * np.exp(self.activation(now)) + self.DECAY)
        now += 600
        self._leave(step, now, self.SPACING * np.exp(self.activation(now)) + self.DECAY)
        super().learn(day, asked, rating)

    def _leave(self, where: Bools, when: float, decay: Floats) -> None:
        row, column = np.nonzero(where)
        at = np.minimum(self.traces[row, column], self.MOST - 1)
        self.when[at, row, column] = when
        self.decay[at, row, column] = decay[row, column]
        self.traces[row, column] = at + 1
        self.top = int(self.traces.max())

    def _clock(self, day: int) -> float:
        return self.CLOCK * 86400 * day


class Exponential(Learners):
    """Exponential forgetting at a rate that recall divides and failure multiplies (the form of
    Tabibian et al. 2019), with the numbers of benchmarks/mastery.py. Spacing does nothing."""

    HALF_LIFE, FIRST = 12.0, np.array((0.4, 0.7, 1.0, 1.8))

    def __init__(self, rng: np.random.Generator, learners: int, cards: int) -> None:
        super().__init__(rng, learners, cards)
        one = (learners, 1)
        self.first = self.HALF_LIFE * np.exp(self.drawn(0.4, each=False) + self.drawn(0.4))
        self.better, self.worse = rng.uniform(2, 4, one), rng.uniform(1.5, 2.5, one)
        self.half_life = np.ones(self.shape)

    def chance(self, day: Day) -> Floats:
        chance: Floats = 2 ** (-self.since(day) / self.half_life)
        return chance

    def learn(self, day: Day, asked: Bools, rating: Ints) -> None:
        later = self.half_life * np.where(rating > 1, self.better, 1 / self.worse)
        after = np.where(self.met, later, self.first * self.FIRST[rating - 1])
        self.half_life[asked] = after[asked]
        super().learn(day, asked, rating)


class Fixed(Learners):
    """Each card is forgotten at a rate of its own, which no review changes."""

    HALF_LIFE = 15.0

    def __init__(self, rng: np.random.Generator, learners: int, cards: int) -> None:
        super().__init__(rng, learners, cards)
        self.half_life = self.HALF_LIFE * np.exp(self.drawn(0.5, each=False) + self.drawn(0.7))

    def chance(self, day: Day) -> Floats:
        chance: Floats = 2 ** (-self.since(day) / self.half_life)
        return chance


KINDS: dict[str, Callable[[np.random.Generator, int, int], Learners]] = {
    "FSRS-6, own weights": Fsrs,
    "ACT-R": Actr,
    "exponential": Exponential,
    "fixed rate": Fixed,
}


def studied(kind: str, task: Task, policy: Policy, learners: int) -> Known:
    """The same learners and items whatever the policy."""
    seed = sum(map(ord, kind)) + 1000 * task.cards + task.days
    truth = KINDS[kind](np.random.default_rng(seed), learners, task.cards)
    truth.rng = np.random.default_rng(seed + 1)
    return rehearsed(truth, task, policy, learners, truth.rng)


def rehearsed(
    memories: Memories,
    task: Task,
    policy: Policy,
    learners: int,
    rng: np.random.Generator,
    effort: Effort = EFFORT,
) -> Known:
    return rehearse(
        Material.fresh(task.cards),
        memories,
        policy,
        CROWD,
        days=task.days,
        seconds=np.full(learners, task.minutes * 60.0),
        effort=effort,
        luck=rng,
    )


def worth(learners: int) -> Iterator[str]:
    """A row for each kind and task: paced, less what each fixed retention comes to."""
    yield (
        "| learners' memory | cards, days, minutes | paced | met | "
        + " | ".join(f"− at {one:.2f}" for one in RETENTIONS)
        + " | interval told on day 1 |"
    )
    yield "|---|---|---:|---:|" + "---:|" * len(RETENTIONS) + "---:|"
    for kind in KINDS:
        for task in TASKS:
            known = studied(kind, task, Paced(task.cards, task.days, task.days), learners)
            told = foreseen(task)
            held = sum(told.low <= one <= told.high for one in known.drawn)
            cells = [kind, str(task), f"{known.expected.mean():.3f}", f"{known.met[-1].mean():.0f}"]
            for retention in RETENTIONS:
                usual = studied(kind, task, Usual(retention), learners)
                cells.append(_difference(known.expected - usual.expected))
            _, least, most = wilson(held, learners)
            interval = f"{told.value:.0%} [{100 * told.low:.0f}, {100 * told.high:.0f}]"
            cells.append(f"{interval}: {held} of {learners} [{least:.0%}, {most:.0%}]")
            yield f"| {' | '.join(cells)} |"


@cache
def foreseen(task: Task) -> Figure:
    """What a learner of whom nothing is known is told."""
    rng = np.random.default_rng(7)
    doubted = Doubted(Calibration(), HABITS, 60, Same(rng, 1))
    return share(rehearsed(doubted, task, Paced(task.cards, task.days, task.days), 60, rng))


def _difference(values: Floats) -> str:
    mean, low, high = mean_interval(list(values))
    return f"{100 * mean:+.1f} [{100 * (low or 0):+.1f}, {100 * (high or 0):+.1f}]"


# Days that are missed


@dataclass(frozen=True, slots=True)
class Missing:
    """The *policy* of learners who have *missed* some of the days, (days, learners)."""

    policy: Policy
    missed: Bools

    @property
    def retention(self) -> float:
        return self.policy.retention

    def places(self, day: Day) -> tuple[Floats, Ints]:
        place, new = self.policy.places(day)
        missed = self.missed[day.number]
        return np.where(missed[:, None], np.inf, place), np.where(missed, 0, new)


class AllByThen(Paced):
    """The plan as it would be if two thirds of the way came first: all that is unmet until then,
    however much was missed; only after that a third of what is left."""

    def pace(self, unmet: int, number: int) -> int:
        left = self.left - number
        on_time = 2 * self.whole // 3 - (self.whole - left)
        return math.ceil(unmet / (on_time if on_time > 0 else math.ceil(left / 3)))


def absences(days: int, learners: int) -> dict[str, Bools]:
    """Which days are missed, (days, learners)."""
    whole, by_then = np.zeros((days, learners), bool), 2 * days // 3
    first, week = whole.copy(), whole.copy()
    first[: days // 3] = True
    week[by_then - 2 - 7 : by_then - 2] = True
    some = np.random.default_rng(days).random(whole.shape) < 0.2
    return {"the first third": first, "a week, until two days before": week, "one in five": some}


def missing(learners: int) -> Iterator[str]:
    """What the plan is worth to who misses days: less what no plan comes to, and another one."""
    yield f"| cards, days, minutes | missed | less | {' | '.join(KINDS)} | most new |"
    yield "|---|---|---|" + "---:|" * len(KINDS) + "---:|"
    for task in MISSED:
        paced = Paced(task.cards, task.days, task.days)
        others = {
            "at 0.90": Usual(),
            "all by two thirds": AllByThen(task.cards, task.days, task.days),
        }
        for name, missed in absences(task.days, learners).items():
            known = {kind: studied(kind, task, Missing(paced, missed), learners) for kind in KINDS}
            for less, policy in others.items():
                other = {
                    kind: studied(kind, task, Missing(policy, missed), learners) for kind in KINDS
                }
                cells = [_difference(known[kind].expected - other[kind].expected) for kind in KINDS]
                most = f"{_most_new(known.values())} / {_most_new(other.values())}"
                yield f"| {' | '.join([str(task), name, less, *cells, most])} |"


def _most_new(known: Iterable[Known]) -> int:
    """New cards of the day that has most of them."""
    return max(int(np.diff(one.met, axis=0, prepend=0).max()) for one in known)


# The interval that is told half way, when there is a log


class Watched:
    """Learners of whom all is kept that the app knows of them half way."""

    def __init__(self, learners: Learners, half: int) -> None:
        self.learners, self.half = learners, half
        self.outcomes: list[list[Recall]] = [[] for _ in range(learners.shape[0])]
        self.day: Day | None = None

    def chance(self, day: Day) -> Floats:
        return self.learners.chance(day)

    def ratings(self, day: Day) -> Ints:
        if day.number == self.half:
            self.day = day._replace(due=day.due.copy())
        return self.learners.ratings(day)

    def learn(self, day: Day, asked: Bools, rating: Ints) -> None:
        if day.number < self.half:
            for row, column in zip(*np.nonzero(asked & ~day.new), strict=True):
                seen = float(day.recall[row, column]), float(day.stability[row, column])
                self.outcomes[row].append(Recall(*seen, bool(rating[row, column] > 1)))
        self.learners.learn(day, asked, rating)

    def material(self, one: int) -> Material:
        """The cards of one learner as they stood half way."""
        day = self.day
        assert day is not None
        new = day.new[one]
        fresh = Material.fresh(len(new))
        return fresh._replace(
            stability=np.where(new, np.nan, day.stability[one]),
            difficulty=np.where(new, np.nan, day.difficulty[one]),
            last=np.where(new, np.nan, -day.elapsed[one]),
            due=day.due[one] - self.half,
        )


def half_way(learners: int) -> Iterator[str]:
    """How often the interval told half way holds what a learner gets, by kind and task."""
    yield "| learners' memory | cards, days, minutes | half the interval | off | holds |"
    yield "|---|---|---:|---:|---:|"
    for kind in KINDS:
        for task in HALF_WAY:
            seed = sum(map(ord, kind)) + task.cards
            rng = np.random.default_rng(seed)
            watched = Watched(KINDS[kind](rng, learners, task.cards), task.days // 2)
            known = rehearsed(watched, task, Paced(task.cards, task.days, task.days), learners, rng)
            told = [_told_half_way(watched, one, task) for one in range(learners)]
            pairs = list(zip(told, known.drawn, strict=True))
            held = sum(one.low <= got <= one.high for one, got in pairs)
            wide = np.mean([one.high - one.low for one in told]) / 2
            off = _difference(np.array([one.value - got for one, got in pairs]))
            _, least, most = wilson(held, learners)
            holds = f"{held} of {learners} [{least:.0%}, {most:.0%}]"
            yield f"| {kind} | {task} | ±{100 * wide:.0f} | {off} | {holds} |"


def _told_half_way(watched: Watched, one: int, task: Task) -> Figure:
    rng, left = np.random.default_rng(one), task.days - watched.half
    trust = calibration(watched.outcomes[one][-RECENT:])
    known = rehearse(
        watched.material(one),
        Doubted(trust, HABITS, 40, Same(rng, 1)),
        Paced(task.cards, task.days, left),
        CROWD,
        days=left,
        seconds=np.full(40, task.minutes * 60.0),
        effort=EFFORT,
        luck=rng,
    )
    return share(known)


# What a desired retention costs, as it is told on the first day


def costs(learners: int) -> Iterator[str]:
    """A row for each kind and retention: minutes a day and what is kept, of how many as told."""
    figures = "minutes a day | told | holds | remembered | told | holds"
    yield f"| learners' memory | retention | {figures} |"
    yield "|---|---:|---:|---:|---:|---:|---:|---:|"
    for kind in KINDS:
        for retention in COSTS:
            told = minutes_a_day(*_told_costs(retention)), share_kept(*_told_costs(retention))
            memories = KINDS[kind](np.random.default_rng(sum(map(ord, kind))), learners, LONG.cards)
            known = rehearsed(memories, LONG, Usual(retention), learners, memories.rng)
            got = known.took.mean(axis=0) / 60, known.of_met(known.drawn)
            cells = [kind, f"{retention:.2f}"]
            for told_of, values in zip(told, got, strict=True):
                held = int(((told_of.low <= values) & (values <= told_of.high)).sum())
                cells += [
                    f"{np.median(values):.2f}",
                    f"{told_of.value:.2f} [{told_of.low:.2f}, {told_of.high:.2f}]",
                    f"{held} of {learners}",
                ]
            yield f"| {' | '.join(cells)} |"


@cache
def _told_costs(retention: float) -> tuple[Known, Known]:
    """What a learner of whom nothing is known is told: of those who differ by luck, and of those
    who are doubted."""

    def of(learners: int, doubt: float) -> Known:
        luck = Same(np.random.default_rng(7), 1)
        doubted = Doubted(Calibration(), HABITS, learners, luck, doubt)
        return rehearsed(doubted, LONG, Usual(retention), learners, luck.rng)

    return of(30, 0.0), of(60, DOUBT)


# The app's own queue


def one_learner(kind: str) -> Learners:
    return KINDS[kind](np.random.default_rng(sum(map(ord, kind))), 1, QUEUE_TASK.cards)


def simulated(kind: str) -> float:
    """What the learner of `in_the_app` knows in the end as it is simulated."""
    learner = one_learner(kind)
    policy = Paced(QUEUE_TASK.cards, QUEUE_TASK.days, QUEUE_TASK.days)
    known = rehearsed(learner, QUEUE_TASK, policy, 1, learner.rng, SHOWN)
    return float(known.expected[0])


def in_the_app(kind: str) -> float:
    """What one learner knows in the end who has studied with the app, in a database of its own."""
    task, learner = QUEUE_TASK, one_learner(kind)
    clock = [FIRST_EVENING]
    met = np.zeros((1, task.cards), bool)
    with tempfile.TemporaryDirectory() as folder:
        engine = open_database(f"{folder}/study.db")
        settings = Current(Settings(minutes_a_day=task.minutes))
        desk = Desk(engine, settings, lambda: clock[0], learner=1)
        place = _planned(desk, Path(folder) / "content", task)
        for number in range(task.days):
            clock[0] = FIRST_EVENING + timedelta(days=number)
            day = _day(number, met)
            rating = learner.ratings(day)
            asked = _sat(desk, clock, place, day, rating)
            learner.learn(day, asked, rating)
            met |= asked
        engine.dispose()
    return float(np.where(met, learner.chance(_day(task.days, met)), 0).mean())


def _planned(desk: Desk, content: Path, task: Task) -> dict[int, int]:
    """A study of so many cards with an exam ahead; the place of each card by its id."""
    _write_content(content, task.cards)
    with desk.writing() as connection:
        sync.sync(connection, [content], desk.now())
        start_chapter(connection, 1, desk.now(), learner=1)
        day = study_day(desk.now()) + timedelta(days=task.days)
        exam.plan(connection, day, task.minutes, (), desk.now(), learner=1)
        cards = select(tables.card.c.id).order_by(tables.card.c.position)
        return {card: at for at, card in enumerate(connection.scalars(cards))}


def _sat(desk: Desk, clock: list[datetime], place: dict[int, int], day: Day, rating: Ints) -> Bools:
    """The cards that a day's sitting asked; a step passes."""
    asked = np.zeros_like(day.new)
    sitting = Sitting(desk)
    while sitting.view is not None:
        at = place[sitting.view.id]
        is_step, is_new = bool(asked[0, at]), bool(day.new[0, at])
        clock[0] += timedelta(seconds=FIRST_SHOWN if is_new and not is_step else EFFORT.review)
        asked[0, at] = True
        sitting.rate(Rating.GOOD if is_step else Rating(int(rating[0, at])))
    return asked


def _day(number: int, met: Bools) -> Day:
    """As much of a day as learners look at."""
    nothing = np.zeros(met.shape)
    columns = nothing, nothing, nothing, nothing, nothing
    return Day(number, *columns, ~met, met[0], np.zeros(1), EFFORT)


def _write_content(folder: Path, cards: int) -> None:
    head = "---\npack: test\npart: 1. Part\nchapter: 1\ntitle: One\nkind: questionnaire\n---\n\n"
    notes = (f"## Question {n}? {{#q{n}}}\n\nAnswer {n}.\n\n- [ ] a point" for n in range(cards))
    folder.mkdir()
    (folder / "questionnaire.md").write_text(head + "\n\n".join(notes) + "\n")


def main() -> None:
    learners = int(sys.argv[1]) if len(sys.argv) > 1 else LEARNERS
    for line in worth(learners):
        print(line, flush=True)
    print()
    for line in half_way(learners):
        print(line, flush=True)
    print()
    for line in costs(learners):
        print(line, flush=True)
    print()
    for line in missing(learners):
        print(line, flush=True)
    print(f"\n| one learner, {QUEUE_TASK} | simulated | in the app's own queue |")
    print("|---|---:|---:|")
    for kind in list(KINDS)[:QUEUED]:
        print(f"| {kind} | {simulated(kind):.3f} | {in_the_app(kind):.3f} |", flush=True)


if __name__ == "__main__":
    main()
