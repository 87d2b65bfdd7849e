"""What several tests build on: a clock that moves when told, small content files."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import datetime, timedelta, timezone

from sqlalchemy import Connection, Engine

from studyapp.config import Current, Settings
from studyapp.store.engine import LONG_PATIENCE, reading
from studyapp.study import find as finding
from studyapp.study.chapter import find
from studyapp.study.desk import Desk
from studyapp.study.order import Order

ZONE = timezone(timedelta(hours=2))
START = datetime(2026, 11, 20, 9, 0, tzinfo=ZONE)


class Clock:
    """A learner's clock that moves only when told."""

    def __init__(self, now: datetime = START) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **span: float) -> datetime:
        self.now += timedelta(**span)
        return self.now


def desk_of(
    engine: Engine,
    clock: Callable[[], datetime],
    settings: Settings | None = None,
    *,
    learner: int = 1,
    patience: float = LONG_PATIENCE,
) -> Desk:
    """A desk on an open database."""
    current = Current(settings or Settings())
    return Desk(engine, current, clock, learner=learner, patience=patience)


def chapter_of(engine: Engine, name: str, *, learner: int = 1) -> int:
    """The id of the chapter that goes by *name*."""
    with reading(engine) as connection:
        return find(connection, name, learner=learner)


def search(
    connection: Connection,
    typed: str,
    now: datetime = START,
    *,
    order: Order = Order.MATCH,
    limit: int = 50,
    learner: int = 1,
) -> list[finding.Found]:
    """What a learner finds who *typed* this, with the settings as they come."""
    return finding.find(
        connection, typed, now, Settings(), order=order, limit=limit, learner=learner
    )


def work(do: Callable[[], object]) -> int:
    """How many calls it takes, which is the same on any machine, however busy."""
    made = 0

    def count(*_: object) -> None:
        nonlocal made
        made += 1

    former = sys.getprofile()
    sys.setprofile(count)
    try:
        do()
    finally:
        sys.setprofile(former)
    return made


def questionnaire(*notes: str, chapter: int = 1, pack: str = "test") -> str:
    """A questionnaire file of the given notes."""
    head = (
        f"---\npack: {pack}\npart: 1. Part\nchapter: {chapter}\n"
        f"title: Chapter {chapter}\nkind: questionnaire\n---\n\n"
    )
    return head + "\n\n".join(notes) + "\n"


def question(name: str, *, family: str = "", text: str = "", chapter: int = 1) -> str:
    """One note with two points."""
    comment = f"<!-- section: {chapter}.1" + (f", family: {family}" if family else "") + " -->"
    return (
        f"## What is {name}? {{#{name}}}\n\n{text or f'It is {name}.'}\n\n"
        f"- [ ] first of {name}\n- [ ] extra: second of {name}\n\n{comment}"
    )
