"""A learner's memory of one card, and the ratings that change it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import IntEnum, StrEnum


class State(IntEnum):
    NEW = 0
    LEARNING = 1
    REVIEW = 2
    RELEARNING = 3


class Rating(IntEnum):
    AGAIN = 1
    HARD = 2
    GOOD = 3
    EASY = 4


# Shares of them that are usual: from Again to Easy of a card that is new, from Hard to Easy of one
# that is remembered; fsrs-rs assumes these for learners it simulates.
FIRST_RATINGS = (0.24, 0.094, 0.495, 0.171)
LATER_RATINGS = (0.224, 0.631, 0.145)


class Cause(StrEnum):
    """Why a card is due when it is."""

    RATED = "rated"
    SET = "set"
    KNOWN = "known"
    FORGOTTEN = "forgotten"
    CHANGED = "answer changed"
    IMPORTED = "imported"
    RESCHEDULED = "rescheduled"


@dataclass(frozen=True, slots=True)
class Memory:
    """State of one card for one learner: the fold of its log.

    `due` is a study day. Steps within a day have `due_at`, an instant, as well. `stability` is
    in days; `difficulty` runs from 1 to 10. `lapses` counts Again in review; `agains` counts
    Again since the card last graduated; `expected_lapses` sums 1 - retrievability over the
    reviews in review, so a leech is shown against what was to be expected.
    """

    state: State = State.NEW
    step: int | None = None
    stability: float | None = None
    difficulty: float | None = None
    due: date | None = None
    due_at: datetime | None = None
    cause: Cause | None = None
    first_day: date | None = None
    last_day: date | None = None
    last_review: bytes | None = None  # uid of the newest rating that counts
    reviews: int = 0
    lapses: int = 0
    agains: int = 0
    expected_lapses: float = 0.0
    suspended: bool = False
    buried_until: date | None = None
    asked: bool = False  # for, though it would not come by itself
    missed: bool = False  # the newest rating that counts was Again
