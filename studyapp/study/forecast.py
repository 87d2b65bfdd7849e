"""The next study days: what each will ask, and when nothing waits for time any more."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from datetime import date, timedelta
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, case, select

from studyapp.memory.scheduler import Parameters
from studyapp.memory.state import Rating, State
from studyapp.store import tables
from studyapp.store.parameters import in_force
from studyapp.study.due import in_use
from studyapp.study.pause import paused
from studyapp.study.queue import FORECAST_DAYS, Day, Queue, count_known

memory = tables.memory.c
card = tables.card.c


def forecast(connection: Connection, line: Queue, *, learner: int) -> list[int]:
    """Cards that each of the next 14 study days asks, today first, if what a day asks is done and
    comes no more: what it has no time for, or what waits for one of its family, comes later. On the
    way to an exam cards that are not due come as well, again and again."""
    tomorrow = line.today + timedelta(days=1)
    told_apart = and_(card.contrast, memory.first_day < tomorrow)
    alike = (card.family, case((told_apart, card.note_id)))  # as `study/family.py::term_of` has it
    coming = line.days()
    rooms = [day.room for day in coming]
    days, left = [len(line.due())], Counter[Sequence[Any]]()
    with closing(_coming(connection, line, *alike, learner=learner)) as rows:
        for ahead, one in rows:
            while len(days) < ahead:
                left = _a_day_less(days, left, rooms)
            left[one] += 1
            if len(left) >= sum(rooms[len(days) :]):  # whatever else comes
                days += rooms[len(days) :]
                break
    while len(days) < FORECAST_DAYS:
        left = _a_day_less(days, left, rooms)
    if line.exam is None:
        return days
    known = count_known(connection, line, learner=learner)
    return [_with_spare(line, coming, due, ahead, known) for ahead, due in enumerate(days)]


def _a_day_less(
    days: list[int], left: Counter[Sequence[Any]], rooms: Sequence[int]
) -> Counter[Sequence[Any]]:
    """What is *left* after a day more, which *days* is told; *rooms* has how much each has room
    for."""
    met = list(islice(left, rooms[len(days)]))
    days.append(len(met))
    left.subtract(met)
    return +left


def _with_spare(line: Queue, days: Sequence[Day], due: int, ahead: int, known: int) -> int:
    """What a later day on the way to an exam asks, of which so many are *due*: of the cards *known*
    after today as many as it has time for, if each of the *days* until then meets its new ones."""
    assert line.exam is not None
    if not 0 < ahead <= line.exam.left(line.today):
        return due
    met = sum(day.new for day in days[1:ahead])
    return max(due, min(known + met, days[ahead].room))


def caught_up(
    connection: Connection, line: Queue, days: Sequence[Day], *, learner: int
) -> int | None:
    """In how many days nothing waits for more time any more, if *days* are as `Queue.days` has
    them; None if in more than there are. A card that is forgotten takes a second look on its day
    and comes again on the next one, and every other one of those once more on the day after it. One
    that is new comes again when it has waited as long as one does that was remembered."""
    parameters = in_force(connection, learner=learner)
    rooms = [day.room for day in days]
    again = sum(1 - item.retrievability for item in line.main if item.state is not State.NEW)
    wait, remembered = _coming_back(parameters, line.today)
    left: list[float] = []
    known = (memory.stability, memory.last_day, memory.due)
    with closing(_coming(connection, line, *known, learner=learner)) as coming:
        for ahead, arriving in enumerate(_by_day(coming), 1):
            day = line.today + timedelta(days=ahead)
            left += [
                parameters.forgetting_curve(stability, last_day, max(day, due))
                for stability, last_day, due in arriving
            ]
            if ahead >= wait:
                left += [remembered] * days[ahead - wait].new
            if len(left) > sum(rooms[ahead:]):  # whatever is remembered
                return None
            left.sort(reverse=True)
            room, met, forgotten = rooms[ahead] - again, 0, 0.0
            while met < len(left) and room >= 1:
                forgotten += 1 - left[met]
                room -= 2 - left[met]
                met += 1
            del left[:met]
            if not left:
                return ahead
            again = forgotten + again / 2
    return None


def _coming_back(parameters: Parameters, today: date) -> tuple[int, float]:
    """After how many days a new card comes again that was rated Good, and how likely it is
    remembered then."""
    stability = parameters.first(Rating.GOOD, today).stability
    assert stability is not None, "it was rated"
    model = parameters.model
    wait = max(1, round(model.interval(stability, parameters.desired_retention)))
    return wait, model.recall(stability, wait)


def _coming(
    connection: Connection, line: Queue, *columns: ColumnElement[Any], learner: int
) -> Generator[tuple[int, Sequence[Any]], None, None]:
    """*columns* of the cards that the next study days bring, each with how many days ahead it is,
    but for those that today asks: what is due and has no place today comes tomorrow. No more is
    read than is asked for, as there may be very many."""
    query = (
        select(memory.card_id, memory.due, memory.buried_until, *columns)
        .join(tables.card, card.id == memory.card_id)
        .where(
            memory.learner_id == learner,
            memory.due < line.today + timedelta(days=FORECAST_DAYS),
            *in_use(paused(connection, learner=learner), learner=learner),
        )
        .order_by(memory.due)
        .execution_options(yield_per=500)
    )
    asked, later = line.due(), dict[date, list[Sequence[Any]]]()
    ahead, day = 1, line.today + timedelta(days=1)
    with closing(connection.execute(query)) as rows:
        for card_id, due, buried, *told in rows:
            while due > day:
                ahead, day = ahead + 1, day + timedelta(days=1)
                yield from ((ahead, one) for one in later.pop(day, ()))
            if card_id in asked:
                continue
            if buried is not None and buried > day:
                later.setdefault(buried, []).append(tuple(told))
            else:
                yield ahead, tuple(told)
    while (ahead := ahead + 1) < FORECAST_DAYS:
        day += timedelta(days=1)
        yield from ((ahead, one) for one in later.pop(day, ()))


def _by_day(coming: Iterable[tuple[int, Sequence[Any]]]) -> Iterator[list[Sequence[Any]]]:
    """What each of the next days brings, tomorrow first."""
    arriving, day = list[Sequence[Any]](), 1
    for ahead, one in coming:
        while day < ahead:
            yield arriving
            arriving, day = [], day + 1
        arriving.append(one)
    while day < FORECAST_DAYS:
        yield arriving
        arriving, day = [], day + 1
