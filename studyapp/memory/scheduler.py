"""FSRS-6 under our rules of time: memory and rating in, memory out.

The model of memory stands in `model`. Ours are the study days that it is handed, the fuzz, and what
a rating means for lapses and leeches.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cached_property, lru_cache
from typing import Any

import fsrs

from studyapp.memory.clock import noon, study_day
from studyapp.memory.model import DEFAULT_WEIGHTS, Model, Weights
from studyapp.memory.state import Cause, Memory, Rating, State

KNOWN_DAYS = 30  # "already know this" is confirmed after so many days
UNLOCK_DAYS = 7.0  # stability at which the opener lets the reverse card in
AGAINS_OF_A_LEECH = 6
LAPSES_BETWEEN = 4  # from one warning of a leech to the next
_FUZZ = ((2.5, 7.0, 0.15), (7.0, 20.0, 0.1), (20.0, float("inf"), 0.05))
_DAY = timedelta(days=1)
# Looked up: to make one of its number takes longer, and a fold does so at each review.
_STATES = {
    State.NEW: fsrs.State.Learning,
    State.LEARNING: fsrs.State.Learning,
    State.REVIEW: fsrs.State.Review,
    State.RELEARNING: fsrs.State.Relearning,
}
_RATINGS = {one: fsrs.Rating(one) for one in Rating}
_STATES_AFTER = {theirs: ours for ours, theirs in _STATES.items()}  # a rated card is not new


@dataclass(frozen=True)
class Parameters:
    """What a schedule depends on: the model's weights and the learner's choices."""

    weights: Weights = DEFAULT_WEIGHTS
    desired_retention: float = 0.9
    learning_steps: tuple[timedelta, ...] = (timedelta(minutes=10),)
    relearning_steps: tuple[timedelta, ...] = (timedelta(minutes=10),)
    maximum_interval: int = 36500

    @cached_property
    def model(self) -> Model:
        return Model(self.weights)

    @cached_property
    def _fsrs(self) -> fsrs.Scheduler:
        return self.model.stepping(
            self.desired_retention,
            self.learning_steps,
            self.relearning_steps,
            self.maximum_interval,
        )

    @cached_property
    def without_steps(self) -> Parameters:
        """The same, but a remembered card goes straight to its interval of days."""
        return replace(self, learning_steps=(), relearning_steps=())

    def aiming(self, retention: float | None) -> Parameters:
        """The same for another desired *retention*; None leaves it."""
        return self if retention is None else _aiming(self, retention)

    def forgetting_curve(self, stability: float, last_day: date, day: date) -> float:
        """Probability of recall on *day* of what had a *stability* (days) after *last_day*."""
        return self.model.recall(stability, max(0, (day - last_day).days))

    def retrievability(self, memory: Memory, day: date) -> float | None:
        """Probability of recall on *day*; None for a card never rated."""
        if memory.stability is None or memory.last_day is None:
            return None
        return self.forgetting_curve(memory.stability, memory.last_day, day)

    def review(
        self,
        memory: Memory,
        rating: Rating,
        now: datetime,
        *,
        card: bytes,
        uid: bytes,
        day: date | None = None,
        interval: int | None = None,
    ) -> Memory:
        """The memory after *rating* at *now*, an aware datetime in the learner's zone.

        *day* is the study day, if it is not that of *now*. If the last one is later, which a wrong
        clock has left behind, no day has passed. The *interval* of days is the one that was chosen,
        while that can be: what went before may be another now. Else the fuzz draws it, from *card*
        and the count of reviews alone.
        """
        day = study_day(now) if day is None else day
        midday = noon(day)
        after, _ = self._fsrs.review_card(
            _as_fsrs(memory, midday), _RATINGS[rating], review_datetime=midday
        )
        wait = after.due - midday
        state = _STATES_AFTER[after.state]
        due, due_at = day + timedelta(days=wait.days), None
        if state is State.REVIEW:
            former = _interval(memory)
            may = _spread(wait.days, self.maximum_interval, former)
            if interval is None or not (
                interval in may or may[-1] < interval <= self._longest(memory, rating, midday)
            ):
                seed = seed_of(card, memory)
                interval = fuzz(wait.days, seed, self.maximum_interval, former)
            due = day + timedelta(days=interval)
        elif wait < _DAY:
            due_at = now + wait
            due = day + (study_day(due_at) - study_day(now))
        lapsed = memory.state is State.REVIEW and rating is Rating.AGAIN
        expected = memory.expected_lapses
        if memory.state is State.REVIEW:
            expected += 1 - (self.retrievability(memory, day) or 0.0)
        again = memory.agains + 1 if rating is Rating.AGAIN else memory.agains
        return Memory(  # each field: at every rating of a log, `replace` would take thrice as long
            state=state,
            step=after.step,
            stability=after.stability,
            difficulty=after.difficulty,
            due=due,
            due_at=due_at,
            cause=Cause.RATED,
            first_day=min(memory.first_day or day, day),
            last_day=day,
            last_review=uid,
            reviews=memory.reviews + 1,
            lapses=memory.lapses + lapsed,
            agains=0 if state is State.REVIEW else again,
            expected_lapses=expected,
            suspended=memory.suspended,
            buried_until=None,
            asked=memory.asked,
            missed=rating is Rating.AGAIN,
        )

    def possible(self, memory: Memory) -> range:
        """Intervals that a card in review could have got had its last rating been given under
        these, whatever it waited before."""
        return _range(self._days(memory), self.maximum_interval)

    def allowed(self, before: Memory, after: Memory) -> range:
        """Intervals that a rating may give which takes a card from *before* to review, *after*: all
        that the fuzz could draw."""
        return _spread(self._days(after), self.maximum_interval, _interval(before))

    def _longest(self, memory: Memory, rating: Rating, midday: datetime) -> int:
        """The most days that a *rating* can be given, if worse ones get as many as the fuzz could
        draw for them."""
        longest = 0
        for one in Rating:
            if one > rating:
                break
            after, _ = self._fsrs.review_card(
                _as_fsrs(memory, midday), _RATINGS[one], review_datetime=midday
            )
            days = (after.due - midday).days
            if _STATES_AFTER[after.state] is State.REVIEW:
                days = _spread(days, self.maximum_interval, _interval(memory))[-1]
            longest = max(days, longest + margin(one))
        return min(longest, self.maximum_interval)

    def _days(self, memory: Memory) -> int:
        """The interval of a card in review, before it is spread."""
        assert memory.stability is not None, "it is in review"
        days = max(round(self.model.interval(memory.stability, self.desired_retention)), 1)
        return min(days, self.maximum_interval)

    def first(self, rating: Rating, day: date) -> fsrs.Card:
        """A card that was rated once, on *day*."""
        card, _ = self._fsrs.review_card(
            fsrs.Card(card_id=0), fsrs.Rating(rating), review_datetime=noon(day)
        )
        return card

    def known(self, memory: Memory, day: date) -> Memory:
        """The memory of a card that the learner says they know: confirmed in 30 days.

        Its stability is 30 days, whatever the goal, so that a changed goal changes no memory.
        """
        return replace(
            memory,
            state=State.REVIEW,
            step=None,
            stability=float(KNOWN_DAYS),
            difficulty=self.first(Rating.EASY, day).difficulty,
            due=day + timedelta(days=KNOWN_DAYS),
            due_at=None,
            cause=Cause.KNOWN,
            first_day=min(memory.first_day or day, day),
            last_day=day,
        )


@lru_cache(maxsize=64)  # a chapter's cards are rated one after the other, and folded so
def _aiming(parameters: Parameters, retention: float) -> Parameters:
    return replace(parameters, desired_retention=retention)


def margin(rating: Rating) -> int:
    """Days by which what a *rating* gives is to be longer than what a worse one does: as in Anki,
    Hard, Good and Easy never say the same."""
    return int(rating > Rating.HARD)


def seed_of(card: bytes, before: Memory) -> str:
    """What chance hangs on at a rating of a card: all devices draw the same."""
    return f"{card.hex()}:{before.reviews}"


def fuzz(days: int, seed: str, maximum: int, former: int = 0) -> int:
    """Spread *days* by a few percent so that cards learned together part ways.

    The draw depends on *seed* alone and never exceeds *maximum*. A card that is to wait longer than
    the *former* time does so by a day at least; one for which the former interval is in the range
    does not wait less.
    """
    every = _range(days, maximum)
    drawn = every.start
    if len(every) > 1:
        drawn += int(random.Random(seed).random() * len(every))
    return max(drawn, _spread(days, maximum, former).start)


def _spread(days: int, maximum: int, former: int) -> range:
    """What `fuzz` can come to."""
    every = _range(days, maximum)
    least = former + 1 if former < days else former
    return range(max(every.start, least), every.stop) if least in every else every


@lru_cache(maxsize=4096)  # most cards wait as long as others do
def _range(days: int, maximum: int) -> range:
    """A few percent around *days*: the range is Anki's."""
    if days < 2.5:
        return range(days, days + 1)
    delta = 1.0 + sum(share * max(0.0, min(days, end) - start) for start, end, share in _FUZZ)
    high = min(round(days + delta), maximum)
    return range(min(max(2, round(days - delta)), high), high + 1)


def _interval(memory: Memory) -> int:
    """Days that a card in review was to wait, as its last rating said; 0 if that is not known."""
    told = memory.cause in (Cause.RATED, Cause.KNOWN, Cause.IMPORTED, Cause.RESCHEDULED)
    if memory.state is not State.REVIEW or not told or not (memory.due and memory.last_day):
        return 0
    return max(0, (memory.due - memory.last_day).days)


def is_leech(lapses: Any, agains: Any, threshold: int) -> Any:
    """Whether a card is a leech: *threshold* lapses, or 6 Agains since it last graduated.

    The counts are numbers, or columns of a query, which make it a condition.
    """
    return (lapses >= threshold) | (agains >= AGAINS_OF_A_LEECH)


def became_leech(before: Memory, after: Memory, threshold: int) -> bool:
    """Whether to tell of a leech at this rating: when it becomes one, by lapses or by Agains, and
    at every fourth lapse after that."""
    lapsed = after.lapses > before.lapses and is_leech(after.lapses, 0, threshold)
    stuck = is_leech(0, after.agains, threshold) and not is_leech(0, before.agains, threshold)
    return stuck or (lapsed and (after.lapses - threshold) % LAPSES_BETWEEN == 0)


class _Card(fsrs.Card):
    """One that is made for a single rating: py-fsrs need not copy it before it changes it."""

    def __copy__(self) -> _Card:
        return self


def _as_fsrs(memory: Memory, midday: datetime) -> fsrs.Card:
    last = memory.last_day
    return _Card(
        card_id=0,
        state=_STATES[memory.state],
        step=memory.step if memory.state is not State.NEW else 0,
        stability=memory.stability,
        difficulty=memory.difficulty,
        due=midday,
        last_review=min(noon(last), midday) if last else None,
    )
