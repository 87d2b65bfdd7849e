"""Cards that were met, due or not, what fades most first: what may be asked beside the day."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import date, datetime

from sqlalchemy import ColumnElement, Connection, select

from studyapp.memory.clock import study_day
from studyapp.memory.state import State
from studyapp.store import tables
from studyapp.store.parameters import in_force
from studyapp.study.due import is_open, rated_items
from studyapp.study.family import families_met, one_of_a_family
from studyapp.study.pace import read_pace
from studyapp.study.pause import paused
from studyapp.study.pile import Item, Pile
from studyapp.study.queue import Queue

memory = tables.memory.c
card = tables.card.c


def fading(
    connection: Connection,
    now: datetime,
    *conditions: ColumnElement[bool],
    without: Collection[str] = (),
    learner: int,
) -> Queue:
    """The cards seen before for which *conditions* hold, due or not, what fades most first: one of
    a family, *without* some, none rated today, no steps."""
    today = study_day(now)
    met = families_met(connection, today, learner=learner)
    faintest = _faintest(connection, today, *conditions, learner=learner)
    one_each = one_of_a_family(replace(item, term=None) for item in faintest)
    items = [it for it in one_each if it.family not in met and it.family not in without]
    rated = sum(item.today for item in faintest)
    return Queue(
        today,
        read_pace(connection, today, learner=learner),
        siblings=len(faintest) - rated - len(items),
        rated_before=rated,
        steps=False,
        main=Pile(items),
    )


def crammed(
    connection: Connection, now: datetime, *conditions: ColumnElement[bool], learner: int
) -> Queue:
    """All cards seen before for which *conditions* hold, rated today or not: first what fades most
    of each family, then the others of families, and no steps."""
    today = study_day(now)
    known = _faintest(connection, today, *conditions, learner=learner)
    faintest = [replace(item, today=False, term=None) for item in known]
    first = one_of_a_family(faintest)
    begun = {item.card for item in first}
    items = [*first, *(item for item in faintest if item.card not in begun)]
    pace = read_pace(connection, today, learner=learner)
    return Queue(today, pace, steps=False, families=False, main=Pile(items))


def _faintest(
    connection: Connection, today: date, *conditions: ColumnElement[bool], learner: int
) -> list[Item]:
    """The cards seen before, what fades most first."""
    parameters = in_force(connection, learner=learner)
    known = rated_items(connection, today, parameters, *conditions, learner=learner)
    return sorted(known, key=lambda item: item.retrievability)


def has_fading(connection: Connection, now: datetime, *, learner: int) -> bool:
    """Whether `fading` has a card to ask, without reading them all."""
    today = study_day(now)
    met = (
        select(card.family)
        .join(tables.memory, memory.card_id == card.id)
        .where(memory.learner_id == learner, memory.last_day == today)
    )
    found = (
        select(memory.card_id)
        .join(tables.card, card.id == memory.card_id)
        .where(
            memory.learner_id == learner,
            memory.state != State.NEW,
            card.family.not_in(met),
            *is_open(today, paused(connection, learner=learner), learner=learner),
        )
    )
    return connection.scalar(found.limit(1)) is not None
