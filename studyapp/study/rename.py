"""What the learner said of a chapter, kept when it is called otherwise.

All of it is kept by the chapter's number, or a deck's name, as two devices number theirs
differently. A sync that finds the notes of one under another name says it of that one, too.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, select

from studyapp.store import tables
from studyapp.study import exam, pause, retention
from studyapp.study.chapter import known, named

progress = tables.chapter_progress


def carry(connection: Connection, renamed: Iterable[tuple[int, int]], now: datetime) -> None:
    """Keep what each learner has said of chapters, by the ids that they had and that they have."""
    learners = connection.scalars(select(tables.learner.c.id)).all()
    for before, after in renamed:
        for learner in learners:
            _aim(connection, before, after, now, learner=learner)
            _pause(connection, before, after, now, learner=learner)
            _start(connection, before, after, learner=learner)
            _plan(connection, before, after, now, learner=learner)


def _aim(connection: Connection, before: int, after: int, now: datetime, *, learner: int) -> None:
    own = retention.own(connection, learner=learner)
    if own.get(before) != own.get(after):
        retention.aim(connection, after, own.get(before), now, learner=learner)


def _pause(connection: Connection, before: int, after: int, now: datetime, *, learner: int) -> None:
    held = pause.paused(connection, learner=learner)
    if (before in held) != (after in held):
        pause.turn(connection, after, now, learner=learner)


def _start(connection: Connection, before: int, after: int, *, learner: int) -> None:
    """It was started when it was, or stopped."""
    mine = progress.c.learner_id == learner
    row = connection.execute(progress.select().where(mine, progress.c.chapter_id == before)).first()
    if row is None:
        return
    connection.execute(progress.delete().where(mine, progress.c.chapter_id == after))
    connection.execute(progress.insert().values({**row._mapping, "chapter_id": after}))


def _plan(connection: Connection, before: int, after: int, now: datetime, *, learner: int) -> None:
    """An exam is about it as ever."""
    names = {row.id: named(row) for row in known(connection, learner=learner)}
    if {before, after} <= names.keys():
        exam.rename(connection, names[before], names[after], now, learner=learner)
