"""Counts how often a trial finds what is not there, and how often its interval covers what is.

    python benchmarks/trial.py [LEARNERS]

Simulated learners go through the trial's own dealing and reckoning: chapters of unequal size and
difficulty, families whose cards are remembered alike, outcomes that never came, boxes that were
left. Where guessing before reading is tried, the app's schedule asks them until the recall that
counts. Prints Markdown; trial.md keeps one run with what it shows.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from typing import Any

import numpy as np

from studyapp.interval import wilson
from studyapp.memory.clock import noon
from studyapp.memory.scheduler import Parameters
from studyapp.memory.state import Memory, Rating
from studyapp.study.trial.form import (
    PRETEST,
    WEEK,
    Measured,
    Strata,
    assigned,
    detectable,
    measured,
)

LEARNERS = 1000
EASE = (0.55, 0.65, 0.75, 0.85, 0.7)  # the share that is remembered, by chapter
SIZES = (1, 1, 1, 2, 2, 3, 4)  # of families, in turn
FULL = (1, 1, 1, 1, 2, 2, 2, 3, 4, 6)  # up to as many as a family of a trial has
WIDE = (*FULL[:-1], 10)  # more than that
STAYS = 0.9  # how much of a drift goes over from a family to the next
SHARE = 0.7  # about the mean ease


@dataclass(frozen=True, slots=True)
class Row:
    """So many families a chapter, and how alike the cards of one are (the correlation of their
    outcomes); the effect of the first arm on each of its cards, the share of outcomes that never
    come, and of cards on which the arm's instruction is left. Along a chapter the share that is
    remembered may `drift`, by a standard deviation of so much, so that neighbours are alike."""

    families: tuple[int, ...] = (37, 20, 11, 13, 5)
    alike: float = 0.2
    effect: float = 0.0
    lost: float = 0.0
    left: float = 0.0
    drift: float = 0.0
    sizes: tuple[int, ...] = SIZES

    @property
    def truth(self) -> float:
        """What dealing a card to the first arm does, whether the learner then follows or not."""
        return self.effect * (1 - self.left)


SMALL = (10, 8, 6)  # as few as a trial is begun with
REAL = (40, 30)  # with a few chapters started
ROWS = (
    Row(),
    Row(alike=0.0),
    Row(alike=0.5),
    Row(lost=0.15, left=0.2),
    Row(families=SMALL),
    Row(effect=0.1),
    Row(effect=0.2),
    Row(effect=-0.2),
    Row(effect=0.2, alike=0.5),
    Row(effect=0.2, lost=0.15, left=0.2),
    Row(effect=0.2, families=SMALL),
    Row(families=REAL, sizes=FULL),
    Row(families=REAL, sizes=WIDE),
    Row(alike=0.0, drift=0.25),
    Row(alike=0.0, drift=0.25, effect=0.2),
)


DAYS = (0.2, 0.4, 0.6, 0.9, 0.5)  # how strong a memory is once a card was read, by chapter
GROWS = 1.5  # what a recall makes of that
KEPT = 0.9  # the share that is remembered after so many days as a memory is strong
TRUTHS = 40_000  # cards of each arm that tell what guessing does


@dataclass(frozen=True, slots=True)
class Guessing:
    """The same where guessing makes a memory so many times as strong as reading does. What is
    `left` was read at once in the one arm, and guessed elsewhere in the other. Each review is
    `held` back so many days on the average, by siblings or for want of time."""

    factor: float = 1.0
    families: tuple[int, ...] = (37, 20, 11, 13, 5)
    alike: float = 0.2
    lost: float = 0.0
    left: float = 0.0
    held: float = 0.0
    sizes: tuple[int, ...] = SIZES


GUESSINGS = (
    Guessing(),
    Guessing(alike=0.5),
    Guessing(lost=0.15, left=0.1),
    Guessing(families=SMALL),
    Guessing(2),
    Guessing(4),
    Guessing(0.25),
    Guessing(4, alike=0.5),
    Guessing(4, lost=0.15, left=0.1),
    Guessing(4, families=SMALL),
    Guessing(families=REAL, sizes=FULL, held=2),
    Guessing(4, families=REAL, sizes=FULL, held=2),
)


def main() -> int:
    learners = int(sys.argv[1]) if len(sys.argv) > 1 else LEARNERS
    print(
        "| cards | families | largest | alike | drift | lost | left | truth | detectable | found "
        "| covered |"
    )
    print("|---:" * 11 + "|")
    for at, row in enumerate((*ROWS, *map(at_the_limit, (ROWS[0], ROWS[4])))):
        found = [*simulated(row, learners, np.random.default_rng(at))]
        print(f"| {' | '.join(told(row, found))} |", flush=True)
    print(
        "\n| guessing | cards | largest | held | alike | lost | left | remembered | truth "
        "| detectable | found | covered |"
    )
    print("|---:" * 12 + "|")
    for at, guessing in enumerate(GUESSINGS):
        rng = np.random.default_rng((1, at))
        share, truth = truth_of(guessing, rng)
        found = [*guessed(guessing, learners, rng)]
        print(f"| {' | '.join(told_of(guessing, share, truth, found))} |", flush=True)
    return 0


def guessed(row: Guessing, learners: int, rng: np.random.Generator) -> Iterator[Measured]:
    """What the trial of each learner comes to whose cards the schedule asks."""
    dealt = strata(row)
    cards = [card for stratum in dealt for family in stratum for card in family]
    for _ in range(learners):
        uid, strong = rng.bytes(16), strengths(row, dealt, rng)
        arms, crossed, lost = assigned(uid, dealt), *rng.random((2, len(cards)))
        outcomes = {
            card: recalled(strong[at] * (row.factor if first else 1.0), rng, row.held)
            for at, card in enumerate(cards)
            for first in [(arms[card] == 0) != (crossed[at] < row.left)]
            if lost[at] >= row.lost
        }
        yield measured(uid, dealt, outcomes)


def truth_of(row: Guessing, rng: np.random.Generator) -> tuple[float, float]:
    """The share of what was read that is remembered, and what dealing a card to the arm that is
    guessed does: of many cards in either arm."""
    dealt, shares = strata(row), list[float]()
    for factor in (1.0, row.factor):
        hits = list[bool]()
        while len(hits) < TRUTHS and (row.factor != 1 or not shares):
            hits.extend(recalled(one * factor, rng, row.held) for one in strengths(row, dealt, rng))
        shares.append(sum(hits) / len(hits) if hits else shares[0])
    read, guess = shares
    return read, (guess - read) * (1 - 2 * row.left)


def strengths(row: Guessing, dealt: Strata, rng: np.random.Generator) -> list[float]:
    """How strong the memory of each card is once it was read, in days: about the chapter's, and in
    a family alike."""
    found = list[float]()
    for days, stratum in zip(DAYS, dealt, strict=False):
        for family in stratum:
            whole, *own = rng.normal(size=1 + len(family))
            of = row.alike**0.5 * whole
            found.extend(days * np.exp(of + (1 - row.alike) ** 0.5 * one) for one in own)
    return found


def recalled(strong: float, rng: np.random.Generator, held: float) -> bool:
    """Whether a card is remembered when the schedule first asks for it a week or more after it was
    met, its memory being so *strong* then, and each review *held* back so many days or so."""
    first = PRETEST.first, Rating.GOOD  # the showing, and the step after it
    ratings, last, late = first, 0, 0
    while True:
        late += int(rng.poisson(held)) if held else 0
        day = due(ratings) + late
        hit = bool(rng.random() < KEPT ** ((day - last) / strong))
        if day >= WEEK:
            return hit
        ratings += (Rating.GOOD,) if hit else (Rating.AGAIN, Rating.GOOD)
        strong, last = strong * (GROWS if hit else 1), day


@cache
def due(ratings: tuple[Rating, ...]) -> int:
    """Days from meeting a card to when it comes after these ratings; a step is of the same day."""
    memory, start = Memory(), date(2026, 1, 5)
    for rating in ratings:
        day = memory.due or start
        memory = Parameters().review(memory, rating, noon(day), card=b"", uid=b"")
    assert memory.due is not None, "a card that was rated has a date"
    return (memory.due - start).days


def told_of(row: Guessing, remembered: float, truth: float, found: list[Measured]) -> Iterator[str]:
    yield f"×{row.factor:g}"
    yield f"{sum(len(family) for stratum in strata(row) for family in stratum)}"
    yield f"{max(row.sizes)}"
    yield f"{row.held:g}"
    yield f"{row.alike:g}"
    yield f"{row.lost:.0%}"
    yield f"{row.left:.0%}"
    yield f"{remembered:.0%}"
    yield f"{100 * truth:+.1f}"
    yield f"{100 * detectable(strata(row), remembered):.0f}"
    yield from shares(found, truth)


def at_the_limit(row: Row) -> Row:
    """The same with an effect that is as large as what the trial is said to detect."""
    return replace(row, effect=detectable(strata(row), SHARE))


def strata(row: Row | Guessing) -> Strata:
    """Families of cards by chapter, with uids of their own."""
    number, found = 0, list[list[list[bytes]]]()
    for count in row.families:
        found.append([])
        for at in range(count):
            size = row.sizes[at % len(row.sizes)]
            found[-1].append([(number + one).to_bytes(16, "big") for one in range(size)])
            number += size
    return found


def simulated(row: Row, learners: int, rng: np.random.Generator) -> Iterator[Measured]:
    """What the trial of each learner comes to."""
    dealt = strata(row)
    cards = [card for stratum in dealt for family in stratum for card in family]
    ease = np.repeat(EASE[: len(row.families)], row.families)
    sizes = [len(family) for stratum in dealt for family in stratum]
    known = remembered_without(row, ease, learners, rng)[:, np.repeat(np.arange(len(sizes)), sizes)]
    luck, lost, left = rng.random((3, learners, len(cards)))
    for learner in range(learners):
        uid = rng.bytes(16)
        arms = assigned(uid, dealt)
        first = np.array([arms[card] == 0 for card in cards])
        # who leaves the instruction has the first arm's effect no more
        gained = row.effect * (first & (left[learner] >= row.left))
        hits = luck[learner] < known[learner] + gained
        asked = lost[learner] >= row.lost
        outcomes = {
            card: bool(hit) for card, hit, there in zip(cards, hits, asked, strict=True) if there
        }
        yield measured(uid, dealt, outcomes)


def remembered_without(row: Row, ease: Any, learners: int, rng: np.random.Generator) -> Any:
    """How likely the cards of each family are remembered without the effect: a beta distribution
    about the chapter's ease, moved so that every card has room for the effect."""
    shape = (learners, len(ease))
    if row.drift:
        ease = np.clip(ease + row.drift * drifts(row, learners, rng), 0.05, 0.95)
    if not row.alike:
        drawn = np.broadcast_to(ease, shape)
    else:
        total = 1 / row.alike - 1
        drawn = rng.beta(ease * total, (1 - ease) * total, shape)
    return drawn * (1 - abs(row.effect)) + max(0.0, -row.effect)


def drifts(row: Row, learners: int, rng: np.random.Generator) -> Any:
    """What each family of a chapter has of its neighbour, with a standard deviation of 1."""
    found = list[Any]()
    for count in row.families:
        found.append(rng.normal(size=learners))
        for fresh in rng.normal(size=(count - 1, learners)):
            found.append(STAYS * found[-1] + (1 - STAYS**2) ** 0.5 * fresh)
    return np.array(found).T


def told(row: Row, found: list[Measured]) -> Iterator[str]:
    dealt = strata(row)
    yield f"{sum(len(family) for stratum in dealt for family in stratum)}"
    yield f"{sum(row.families)}"
    yield f"{max(row.sizes)}"
    yield f"{row.alike:g}"
    yield f"{row.drift:g}"
    yield f"{row.lost:.0%}"
    yield f"{row.left:.0%}"
    yield f"{100 * row.truth:+.1f}"
    yield f"{100 * detectable(dealt, SHARE):.0f}"
    yield from shares(found, row.truth)


def shares(found: list[Measured], truth: float) -> Iterator[str]:
    """How often a difference is found, and the truth covered."""
    yield share(sum(one.found for one in found), len(found))
    covered = sum(
        one.low <= truth <= one.high
        for one in found
        if one.low is not None and one.high is not None
    )
    yield share(covered, len(found))


def share(hits: int, n: int) -> str:
    value, low, high = wilson(hits, n)
    return f"{value:.1%} [{low:.1%}, {high:.1%}]"


if __name__ == "__main__":
    sys.exit(main())
