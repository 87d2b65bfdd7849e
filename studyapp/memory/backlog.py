"""How long a backlog of reviews lasts: each day takes those most likely to be remembered, and what
it answers comes back as the schedule would have it.

No chance is drawn: of what is answered as much is forgotten as the model expects. As each first
page asks, what is nearly alike is reckoned once, and of days with many reviews some are followed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from functools import lru_cache
from heapq import heappop, heappush, heapreplace
from itertools import islice
from math import exp, expm1, log, log1p
from typing import NamedTuple

from studyapp.memory.clock import noon
from studyapp.memory.model import EASIEST, HARDEST
from studyapp.memory.scheduler import Parameters
from studyapp.memory.state import FIRST_RATINGS, LATER_RATINGS, Memory, Rating, State

_FOLLOWED = 30  # reviews of a day
_STALE = 1.25  # times as overdue as when it was put in its place, a card is put in another one
_FINE = 3  # steps of a stability, and of a wait for it, to a factor of e
_RATINGS = tuple(Rating)
_DAY = date(2000, 1, 1)  # any will do


class Known(NamedTuple):
    """A card that was met: when it was `rated` last, in days from today; its memory, in days and
    from 1 to 10; the retention that is aimed for."""

    rated: int
    stability: float
    difficulty: float
    goal: float

    def overdue(self, day: int) -> float:
        """The more, the less likely it is remembered."""
        return (day - self.rated) / self.stability


def lasts(
    cards: Iterable[tuple[int, Known]],
    rooms: Sequence[float],
    new: Sequence[int],
    parameters: Parameters,
) -> int | None:
    """In how many days nothing waits for more time any more; None if in more than *rooms* has.

    *cards* come in the order of the days on which they are due. *rooms* tells for how many showings
    of reviews each day has time, today first, and *new* how many cards it meets. Ratings are as
    they usually are.
    """
    each = max(1, round(max(rooms, default=0) / _FOLLOWED))  # stands for so many
    backlog = _Backlog(_course(parameters))
    followed = islice(cards, 0, None, each)
    following = next(followed, None)
    left, met = sum(rooms) / each, 0.0
    for day, (room, fresh) in enumerate(zip(rooms, new, strict=True)):
        while following is not None and following[0] <= day:
            backlog.coming[day].append(following[1])
            following = next(followed, None)
        if day and backlog.due(day) <= room / each:
            return day
        backlog.spend(day, room / each)
        left -= room / each
        if len(backlog.waiting) > left:  # whatever is remembered
            return None
        met += fresh / each
        backlog.meet(day, int(met))
        met -= int(met)
    return None


class _Backlog:
    """Cards that are due, and those to come by their days."""

    def __init__(self, course: _Course) -> None:
        self.waiting: list[tuple[float, Known]] = []  # the least overdue first
        self.coming = defaultdict[int, list[Known]](list)
        self._course = course
        self._room = 0.0
        self._first, self._later = _Ratings(), _Ratings()

    def due(self, day: int) -> int:
        """How many there are on a *day*, those included that come on it."""
        for card in self.coming.pop(day, ()):
            heappush(self.waiting, (card.overdue(day), card))
        return len(self.waiting)

    def spend(self, day: int, room: float) -> None:
        """Answer what is due, as far as there is room for."""
        self._room = self._room % 1 + room  # of a sample's day a part of a review may be left
        self.due(day)
        while self.waiting and self._room >= 1:
            was, card = self.waiting[0]
            if (overdue := card.overdue(day)) > _STALE * was:
                heapreplace(self.waiting, (overdue, card))
                continue
            heappop(self.waiting)
            self._answer(card, day)

    def meet(self, day: int, cards: int) -> None:
        """Meet so many new cards."""
        for _ in range(cards):
            self._put(self._course.first(self._first.next(*FIRST_RATINGS), day))

    def _answer(self, card: Known, day: int) -> None:
        waited = day - card.rated
        known = self._course.recall(card.stability, waited)
        hard, good, easy = LATER_RATINGS
        rating = self._later.next(1 - known, known * hard, known * good, known * easy)
        growth, harder, shown = self._course.rated(card.stability, card.difficulty, waited, rating)
        self._room -= shown
        difficulty = min(max(EASIEST, card.difficulty + harder), HARDEST)
        self._put(Known(day, card.stability * growth, difficulty, card.goal))

    def _put(self, card: Known) -> None:
        self.coming[card.rated + self._course.wait(card)].append(card)


class _Ratings:
    """Ratings as often as they are to be expected, without chance."""

    def __init__(self) -> None:
        self._owed = [0.0] * len(Rating)

    def next(self, again: float, hard: float, good: float, easy: float) -> Rating:
        """The next one, of which these are the shares."""
        owed = self._owed
        owed[0] += again
        owed[1] += hard
        owed[2] += good
        owed[3] += easy
        most = owed.index(max(owed))
        owed[most] -= 1
        return _RATINGS[most]


class _Course:
    """What ratings make of cards under some parameters."""

    def __init__(self, parameters: Parameters) -> None:
        self._parameters = parameters
        self._rated = dict[tuple[int, int, int | None, Rating], tuple[float, float, int]]()
        self.recall = parameters.model.recall

    def wait(self, card: Known) -> int:
        """Days until a card comes again that was rated just now."""
        interval = self._parameters.model.interval(card.stability, card.goal)
        return min(max(1, round(interval)), self._parameters.maximum_interval)

    def first(self, rating: Rating, day: int) -> Known:
        """A card that is met on a day."""
        memory, _ = self._through(Memory(), rating)
        assert memory.stability is not None, "it was rated"
        assert memory.difficulty is not None, "it was rated"
        return Known(day, memory.stability, memory.difficulty, self._parameters.desired_retention)

    def rated(
        self, stability: float, difficulty: float, waited: int, rating: Rating
    ) -> tuple[float, float, int]:
        """How many times as stable a card that *waited* so many days is after a rating, and by how
        much it is harder; and in how many showings of that day."""
        steps = round(_FINE * log(stability))
        wait = round(_FINE * log1p(waited / stability)) if waited else None
        alike = steps, round(difficulty), wait, rating
        if (found := self._rated.get(alike)) is None:
            found = self._rated[alike] = self._reckoned(*alike)
        return found

    def _reckoned(
        self, steps: int, difficulty: int, wait: int | None, rating: Rating
    ) -> tuple[float, float, int]:
        """The same, of one for all that are nearly alike."""
        stability = exp(steps / _FINE)
        waited = max(1, round(stability * expm1(wait / _FINE))) if wait is not None else 0
        last = _DAY - timedelta(days=waited)
        before = Memory(
            State.REVIEW, None, stability, difficulty, due=_DAY, first_day=last, last_day=last
        )
        after, shown = self._through(before, rating)
        assert after.stability is not None, "it was rated"
        assert after.difficulty is not None, "it was rated"
        return after.stability / stability, after.difficulty - difficulty, shown

    def _through(self, before: Memory, rating: Rating) -> tuple[Memory, int]:
        """A memory after a rating, with its steps, and in how many showings."""
        after, shown = self._step(before, rating), 1
        while after.state is not State.REVIEW:
            after, shown = self._step(after, Rating.GOOD), shown + 1
        return after, shown

    def _step(self, before: Memory, rating: Rating) -> Memory:
        return self._parameters.review(before, rating, noon(_DAY), card=b"", uid=b"", day=_DAY)


@lru_cache(maxsize=1)  # what it has reckoned holds for the next page, too
def _course(parameters: Parameters) -> _Course:
    return _Course(parameters)
