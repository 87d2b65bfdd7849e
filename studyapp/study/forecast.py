"""The next study days: what each will ask."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterable, Iterator, Sequence, Set
from contextlib import closing
from datetime import date, timedelta
from itertools import chain, islice
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, case, func, select

from studyapp.config import Settings
from studyapp.memory.state import State
from studyapp.store import tables
from studyapp.study.due import in_use, of_chapters
from studyapp.study.family import first_of_a_family
from studyapp.study.introduction import new_items
from studyapp.study.pause import paused
from studyapp.study.pile import Item, Kind
from studyapp.study.queue import FORECAST_DAYS, Queue, count_known

memory = tables.memory.c
card = tables.card.c

_Alike = tuple[str, int | None]  # a family, and of terms that are told apart their note


def forecast(connection: Connection, line: Queue, settings: Settings, *, learner: int) -> list[int]:
    """Cards that each of the next 14 study days asks, today first, if what a day asks is done and
    comes no more: what it has no time for, or what waits for one of its family, comes later. On the
    way to an exam cards that are not due come as well, again and again."""
    told_apart = and_(card.contrast, memory.first_day <= line.today)
    alike = (card.family, case((told_apart, card.note_id)))  # as `study/family.py::term_of` has it
    rooms = [day.room for day in line.days()[1:]]
    days, left = list[set[_Alike]](), Counter[_Alike]()
    with closing(_coming(connection, line, *alike, learner=learner)) as rows:
        for ahead, (family, term) in rows:
            while len(days) < ahead - 1:
                days.append(_met(left, rooms[len(days)]))
            left[family, term] += 1
            if len(left) >= sum(rooms[len(days) :]):  # whatever else comes
                break
    days += (_met(left, room) for room in rooms[len(days) :])
    asked = [len(due) for due in days]
    if line.exam is not None and (way := days[: line.exam.left(line.today)]):
        asked[: len(way)] = _on_the_way(connection, line, settings, way, learner=learner)
    return [len(line.due()), *asked]


def _met(left: Counter[_Alike], room: int) -> set[_Alike]:
    """What a day with so much *room* takes of what is *left*."""
    met = set(islice(left, room))
    for one in met:
        left[one] -= 1
        if not left[one]:
            del left[one]
    return met


def _on_the_way(
    connection: Connection,
    line: Queue,
    settings: Settings,
    days: Sequence[Set[_Alike]],
    *,
    learner: int,
) -> list[int]:
    """What the *days* before an exam and its own ask, tomorrow first, of each of which it is told
    what is due: beside that all of the exam that was met by then, as far as there is time, but
    neither two that are alike nor what a new card of the day gives away."""
    new = _new(connection, line, settings, days, learner=learner)
    longer = line.pace.new / line.pace.review  # than a review, a new card takes
    rooms = [
        day.room + int((day.new - len(fresh)) * longer)  # for of some not as many can come
        for day, fresh in zip(line.days()[1:], new[1:], strict=False)
    ]
    most = max(room + len(fresh) for room, fresh in zip(rooms, new[1:], strict=True))
    if count_known(connection, line, learner=learner) >= most:  # to look closer would take long
        return rooms
    known, alike = _known(connection, line, chain.from_iterable(new), learner=learner)
    asked = list[int]()
    for room, due, before, fresh in zip(rooms, days, new, new[1:], strict=False):
        known.update(alike[item.card] for item in before)
        come = _count_apart(known | Counter(due), {item.family for item in fresh})
        asked.append(max(len(due), min(come, room)))
    return asked


def _count_apart(cards: Counter[_Alike], given_away: Set[str]) -> int:
    """How many of such *cards* a day asks: one of a family, but all terms that are told apart. What
    else is of their family has days of its own between theirs, a card each."""
    terms, asked = Counter(family for family, term in cards if term is not None), 0.0
    for family in {family for family, _ in cards} - given_away:
        others = cards[family, None]
        asked += (terms[family] + others) / (1 + others) if family in terms else 1
    return round(asked)


def _new(
    connection: Connection,
    line: Queue,
    settings: Settings,
    days: Sequence[Set[_Alike]],
    *,
    learner: int,
) -> list[list[Item]]:
    """The new cards of today and of each of the *days* on the way to an exam, one of a family and
    none of one that is due: of those that could come today, as nobody knows when others may."""
    new = [line.main.of_kind(Kind.NEW)]
    every = new_items(connection, line.today, None, settings, line.exam, learner=learner)
    with closing(every):
        fresh: Iterator[Item] = (item for item in every if item.card not in line.main)
        for day, due in zip(line.days()[1:], days, strict=False):
            kept, passed = first_of_a_family(fresh, {family for family, _ in due}, day.new)
            fresh = chain(passed, fresh)
            new.append(kept)
    return new


def _known(
    connection: Connection, line: Queue, new: Iterable[Item], *, learner: int
) -> tuple[Counter[_Alike], dict[int, _Alike]]:
    """How many cards of an exam were met, by which are alike; and of *new* ones, by id, which will
    be once they are met."""
    assert line.exam is not None
    alike = card.family, case((card.contrast, card.note_id))
    met = (
        select(*alike, func.count())
        .join_from(tables.memory, tables.card, card.id == memory.card_id)
        .where(
            memory.learner_id == learner,
            memory.state != State.NEW,
            *of_chapters(line.exam.chapters),
            *in_use(paused(connection, learner=learner), learner=learner),
        )
        .group_by(*alike)
    )
    to_be = select(card.id, *alike).where(card.id.in_([item.card for item in new]))
    return (
        Counter({(family, term): cards for family, term, cards in connection.execute(met)}),
        {card_id: (family, term) for card_id, family, term in connection.execute(to_be)},
    )


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
