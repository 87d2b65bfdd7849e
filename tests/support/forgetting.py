"""Learners who forget as FSRS-6 says, with weights of their own; simulated by py-fsrs alone."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

import fsrs
from sqlalchemy import Engine

from studyapp.memory.state import Rating
from studyapp.store.engine import writing
from studyapp.store.memory import read_memory
from studyapp.study import review
from tests_support import START, Clock

FIRST = datetime(2024, 1, 1, 12, tzinfo=UTC)
FIRST_RATINGS = (0.24, 0.09, 0.50, 0.17)
MISSED = 0.1  # share of days
# Far from the defaults in everything that many reviews tell.
OTHER: tuple[float, ...] = (
    *(0.45, 1.1, 3.8, 14.0, 6.9, 0.65, 2.2, 0.03, 1.55, 0.12, 1.05),
    *(1.75, 0.10, 0.33, 1.9, 0.45, 2.4, 0.75, 0.25, 0.11, 0.28),
)
Row: TypeAlias = tuple[int, int, int]  # card, day, rating


def log_of(
    reviews: int,
    seed: int,
    weights: Sequence[float] = OTHER,
    new_a_day: int = 12,
    most: int = 10**9,
) -> list[Row]:
    """So many *reviews* of a learner with *weights*, of at *most* so many cards, whose schedule
    goes by the defaults."""
    draw, rows, day = random.Random(seed), list[Row](), 0
    plain = {"learning_steps": (), "relearning_steps": (), "enable_fuzzing": False}
    planned, true = fsrs.Scheduler(**plain), fsrs.Scheduler(weights, **plain)
    due = defaultdict[int, list[int]](list)
    cards: list[tuple[fsrs.Card, fsrs.Card]] = []
    while len(rows) < reviews:
        day += 1
        now = FIRST + timedelta(days=day)
        if draw.random() < MISSED:
            due[day + 1] += due.pop(day, [])
            continue
        new = range(len(cards), min(len(cards) + new_a_day, most))
        cards += [(fsrs.Card(card_id=one), fsrs.Card(card_id=one)) for one in new]
        today = [*due.pop(day, []), *new]
        for card in today:
            rating = _rating(draw, true, cards[card][1], now)
            rows.append((card, day, rating))
            if rating == 1 and draw.random() < 0.7:  # once more on the same day
                _review(cards, card, planned, true, 1, now)
                rating = 3 if draw.random() < 0.9 else 1
                rows.append((card, day, rating))
            wait = _review(cards, card, planned, true, rating, now)
            due[day + max(1, round(wait * draw.uniform(0.9, 1.1)))].append(card)
    return rows[:reviews]


def rate(engine: Engine, clock: Clock, rows: Sequence[Row]) -> None:
    """Log these reviews, of the first cards of a database, each of 15 seconds."""
    with writing(engine) as connection:
        for card, day, rating in rows:
            clock.now = max(clock.now, START + timedelta(days=day)) + timedelta(seconds=1)
            seen = read_memory(connection, card + 1, learner=1).last_review
            review.answer(
                connection,
                card + 1,
                seen,
                Rating(rating),
                clock(),
                duration=timedelta(seconds=15),
                learner=1,
            )


def _rating(draw: random.Random, true: fsrs.Scheduler, card: fsrs.Card, now: datetime) -> int:
    if card.last_review is None:
        return draw.choices((1, 2, 3, 4), FIRST_RATINGS)[0]
    if draw.random() >= true.get_card_retrievability(card, now):
        return 1
    return draw.choices((2, 3, 4), (0.15, 0.7, 0.15))[0]


def _review(
    cards: list[tuple[fsrs.Card, fsrs.Card]],
    number: int,
    planned: fsrs.Scheduler,
    true: fsrs.Scheduler,
    rating: int,
    now: datetime,
) -> int:
    """Rate a card in both; returns the days that the schedule has it wait."""
    shown, _ = planned.review_card(cards[number][0], fsrs.Rating(rating), review_datetime=now)
    kept, _ = true.review_card(cards[number][1], fsrs.Rating(rating), review_datetime=now)
    cards[number] = shown, kept
    return (shown.due - now).days
