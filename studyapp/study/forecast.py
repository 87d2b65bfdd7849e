"""The next study days: what each will ask."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Sequence
from contextlib import closing
from datetime import date, timedelta
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, case, select

from studyapp.store import tables
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
