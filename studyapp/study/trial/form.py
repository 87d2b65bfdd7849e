"""What a trial compares, who gets which arm, and how small a difference it can tell. Pure.

Another trial is another value of `Form`: what is dealt out, asked, reckoned and told hangs on that
alone.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import NamedTuple, TypeAlias

from studyapp.errors import SettingError
from studyapp.interval import LEAST_FREEDOM, blocked_difference, t_quantile
from studyapp.lab.protocol import Choice, Question
from studyapp.memory.fold import UNASKED
from studyapp.memory.state import Rating

Family: TypeAlias = Sequence[bytes]  # uids of cards that give each other away
Strata: TypeAlias = Sequence[Sequence[Family]]  # of each chapter and depth its families in order

WEEK = 7  # study days from learning a card to the recall that counts
ALIKE = 0.2  # how alike the outcomes of one family are taken to be (their correlation)
POWER = 0.8  # with which the detectable difference is found


@dataclass(frozen=True, slots=True)
class Arm:
    """One way of studying a card; what is None is the learner's own affair.

    Its answer is `typed`, for which the review opens a box, or said in the head; or it is `shown`
    with the question, or asked for. What the review says there is `told`. What it `counts` as is a
    rating that takes the place of the learner's.
    """

    name: str
    typed: bool | None = None
    shown: bool | None = None
    counts: Rating | None = None
    told: str = ""

    def fits(self, *, typed: bool, shown: bool) -> bool:
        """Whether an answer that was given so was given as this arm has it."""
        return self.typed in (None, typed) and self.shown in (None, shown)


@dataclass(frozen=True, slots=True)
class Form:
    """A trial that can be begun. The difference is that of the first arm to the second, in the
    share of cards that are remembered; the choices of the question are ranges of it.

    The arms hold until so many study `days` after a card was met, 0 for its first showing alone;
    `after` is how all are asked from then on, None as the learner likes. What the arms come to in
    the app is `explained`. In one that is `unseen` is no card whose answer was shown before, though
    it was never rated.
    """

    name: str
    title: str
    explained: str
    arms: tuple[Arm, Arm]
    question: Question
    days: int
    after: Arm | None = None
    unseen: bool = False

    def asked(self, arm: Arm, met: int | None) -> Arm | None:
        """How a card that has an *arm* is asked now, *met* so many study days ago, None if never;
        None as the learner likes."""
        return arm if self.holds(met) else self.after

    def holds(self, met: int | None) -> bool:
        """Whether its arms hold for a card that was met so many study days ago, None if never."""
        return met is None or met < self.days

    def answered(self, *, typed: bool, shown: bool) -> Arm | None:
        """The arm in which an answer was given, if one has it so."""
        return next((arm for arm in self.arms if arm.fits(typed=typed, shown=shown)), None)

    def other(self, arm: Arm) -> Arm:
        return self.arms[arm is self.arms[0]]

    @property
    def first(self) -> Rating:
        """What the first showing of a card counts as, as far as that can be told beforehand."""
        return self.arms[0].counts or Rating.GOOD


DIFFERENCE = "difference"
_IN_THE_HEAD = Arm("in the head", typed=False)
TYPING = Form(
    "typing",
    "Does typing the answer beat saying it in the head?",
    "A card that asks for writing opens the box. What is left empty is kept, and counts where it "
    "was dealt all the same. The recall that counts is in the head for all.",
    (Arm("typed", typed=True, told="the trial asks for it in writing"), _IN_THE_HEAD),
    Question(
        "Half of the cards will ask for their answer in writing, half in the head. Which will be "
        "remembered more often, when they are first asked a week or longer after they were "
        "learned?",
        "choice",
        DIFFERENCE,
        (Choice("typed", low=0.0), Choice("in the head", high=0.0)),
        "points",
    ),
    days=WEEK,
    after=_IN_THE_HEAD,
)
PRETEST = Form(
    "pretest",
    "Does guessing before you see the answer beat reading it at once?",
    "A new card either asks for a guess, in the head and however wrong, before it shows its "
    "answer, or shows it at once, to be read. Either way that counts as Again: nothing was "
    "learned yet that could be recalled. From then on all cards are asked alike. A guess leaves no "
    "trace: one that you do not make makes the difference smaller.",
    (
        Arm(
            UNASKED[0],
            shown=False,
            counts=Rating.AGAIN,
            told="The trial asks for a guess, however wrong, before you see the answer.",
        ),
        Arm(
            UNASKED[1],
            shown=True,
            counts=Rating.AGAIN,
            told="The trial shows this one with its answer: read it.",
        ),
    ),
    Question(
        "Half of the new cards will ask for a guess before they show their answer, half will show "
        "it at once. Which will be remembered more often, when they are first asked a week or "
        "longer after that?",
        "choice",
        DIFFERENCE,
        (Choice(UNASKED[0], low=0.0), Choice(UNASKED[1], high=0.0)),
        "points",
    ),
    days=0,
    unseen=True,
)
FORMS: Mapping[str, Form] = {form.name: form for form in (TYPING, PRETEST)}


def named(name: str) -> Form:
    """The form of this name. Raises SettingError if there is none."""
    if name not in FORMS:
        raise SettingError(f"A trial is called {' or '.join(FORMS)}, not {name!r}.")
    return FORMS[name]


def assigned(trial: bytes, strata: Strata) -> dict[bytes, int]:
    """The arm, 0 or 1, of each card of *strata*: families side by side in a stratum are a block,
    and which of the two has which arm follows from the uid of the *trial* alone, so that every
    device says the same."""
    found = dict[bytes, int]()
    for at, stratum in enumerate(strata):
        for start in range(0, len(stratum), 2):
            drawn = sha256(trial + f" {at} {start}".encode()).digest()[0] % 2
            for place, family in enumerate(stratum[start : start + 2]):
                found |= dict.fromkeys(family, (place + drawn) % 2)
    return found


class Count(NamedTuple):
    """Of an arm, or of a family: how many cards it has, how many of them were asked in time, and
    how many of those were remembered."""

    cards: int
    asked: int
    remembered: int


class Measured(NamedTuple):
    """What came out: what there is of each arm, and the difference of the first to the second, in
    the share that is remembered, with its interval, where there is one."""

    arms: tuple[Count, Count]
    difference: float | None
    low: float | None
    high: float | None

    @property
    def found(self) -> bool:
        """Whether the interval leaves 0 out."""
        return self.low is not None and self.high is not None and not self.low <= 0 <= self.high


def measured(trial: bytes, strata: Strata, outcomes: Mapping[bytes, bool]) -> Measured:
    """Hold the arms against each other, each card in the one that it was dealt, whatever was then
    done with it. *outcomes* say of the cards that were asked whether they were remembered."""
    arms = assigned(trial, strata)
    counted = [
        [(arms[family[0]], _counted(family, outcomes)) for family in stratum] for stratum in strata
    ]
    found = blocked_difference(
        [[(arm, one.remembered, one.asked) for arm, one in stratum] for stratum in counted]
    )
    every = [one for stratum in counted for one in stratum]
    first, second = (_added(one for of, one in every if of == arm) for arm in (0, 1))
    return Measured((first, second), *found)


def _added(counts: Iterable[Count]) -> Count:
    return Count(*(sum(some) for some in zip(Count(0, 0, 0), *counts, strict=True)))


def _counted(family: Family, outcomes: Mapping[bytes, bool]) -> Count:
    known = [outcomes[card] for card in family if card in outcomes]
    return Count(len(family), len(known), sum(known))


def freedom_of(strata: Strata) -> int:
    """How many families there are beside what is fitted to them."""
    return sum(map(len, strata)) - len(strata) - 1


def suffices(strata: Strata) -> bool:
    """Whether there can be an interval in the end."""
    return freedom_of(strata) >= LEAST_FREEDOM


def detectable(strata: Strata, share: float) -> float:
    """The least difference that a trial of these cards finds with a power of 80%, where this
    *share* of them is remembered and the outcomes of a family are a little alike."""
    sizes = [len(family) for stratum in strata for family in stratum]
    spread = sum(size * (1 + ALIKE * (size - 1)) for size in sizes)
    error = 2 * math.sqrt(share * (1 - share) * spread) / sum(sizes)
    freedom = freedom_of(strata)
    return (t_quantile(0.975, freedom) + t_quantile(POWER, freedom)) * error
