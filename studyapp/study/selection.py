"""What a learner does with many cards in one go: one transaction, and one undo for the whole."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection, select

from studyapp.errors import StudyError
from studyapp.memory.clock import study_day
from studyapp.memory.fold import EventKind
from studyapp.memory.state import Memory, State
from studyapp.store import log, owner, tables
from studyapp.store.memory import MEMORY_COLUMNS, as_memory
from studyapp.store.record import batches
from studyapp.study import aside, library, words
from studyapp.study.desk import Desk

card = tables.card.c
memory = tables.memory.c


class Done(NamedTuple):
    """What was done, to how many cards, how many others it says nothing new of, and how many are
    gone."""

    kind: EventKind
    cards: int
    left: int = 0
    gone: int = 0


Deed = Callable[[Connection, Sequence[int]], Done]


def do(desk: Desk, deed: Deed, cards: Sequence[int]) -> Done:
    """Do this with those of *cards* that are there, as another window may have deleted some. If it
    changes many, how they stood is in a backup. Raises StudyError, with nothing done, if that
    cannot be made."""
    with desk.writing() as connection:
        there = _there(connection, cards, learner=desk.learner)
        done = deed(connection, there)
        if done.cards >= library.MANY:
            desk.back_up("change")  # of what there was, as this is not committed yet
    return done._replace(gone=len(cards) - len(there))


def suspend(connection: Connection, cards: Collection[int], now: datetime, *, learner: int) -> Done:
    """Suspend those of *cards* that are not."""
    stand = _memories(connection, cards, learner=learner)
    awake = [one for one, value in stand if not value.suspended]
    return _log(connection, awake, EventKind.SUSPEND, now, of=cards, learner=learner)


def bury(connection: Connection, cards: Collection[int], now: datetime, *, learner: int) -> Done:
    """Leave those out until tomorrow that would come until then."""
    stand = _memories(connection, cards, learner=learner)
    out = [one for one, value in stand if not value.suspended and not aside.is_buried(value, now)]
    tomorrow = study_day(now) + timedelta(days=1)
    return _log(connection, out, EventKind.BURY, now, day=tomorrow, of=cards, learner=learner)


def bring_back(
    connection: Connection, cards: Collection[int], now: datetime, *, learner: int
) -> Done:
    """Let those come again that are suspended or buried."""
    events = list[tuple[int, EventKind, date | None]]()
    for one, value in _memories(connection, cards, learner=learner):
        if value.suspended:
            events.append((one, EventKind.UNSUSPEND, None))
        if aside.is_buried(value, now):
            events.append((one, EventKind.UNBURY, None))
    log.log_together(connection, now, events, learner=learner)
    back = len({one for one, *_ in events})
    return Done(EventKind.UNSUSPEND, back, len(cards) - back)


def mark(connection: Connection, cards: Collection[int], now: datetime, *, learner: int) -> Done:
    """Mark those to be mended later that are not, or take the mark off if all are."""
    marked = aside.marked(connection, learner=learner)
    left = [one for one in cards if one not in marked]
    kind = EventKind.MARK if left else EventKind.UNMARK
    return _log(connection, left or cards, kind, now, of=cards, learner=learner)


def forget(connection: Connection, cards: Collection[int], now: datetime, *, learner: int) -> Done:
    """Make those new again that are not; their log stays."""
    known = _known(connection, cards, learner=learner)
    return _log(connection, known, EventKind.FORGET, now, of=cards, learner=learner)


def set_due(
    connection: Connection, cards: Collection[int], day: date, now: datetime, *, learner: int
) -> Done:
    """Make those due on *day* that are not new; stability and difficulty stay."""
    known = _known(connection, cards, learner=learner)
    return _log(connection, known, EventKind.SET_DUE, now, day=day, of=cards, learner=learner)


def day_of(typed: str, now: datetime, most: int) -> date:
    """The day that a learner means by a number of days from today, or by a date, 2027-01-31.

    Raises StudyError for anything else, for a day that is past, and for one that is more than
    *most* days ahead.
    """
    today, text = study_day(now), typed.strip()
    try:
        is_number = text.lstrip("+").isdecimal()
        ahead = int(text) if is_number else (date.fromisoformat(text) - today).days
    except ValueError:
        ahead = -1
    if ahead < 0:
        raise StudyError(
            "Give a number of days, 0 for today, or a day that is not past, as 2027-01-31."
        )
    if ahead > most:
        raise StudyError(f"{text} is too far: maximum_interval ends at {words.count(most, 'day')}.")
    return today + timedelta(days=ahead)


def _known(connection: Connection, cards: Collection[int], *, learner: int) -> list[int]:
    stand = _memories(connection, cards, learner=learner)
    return [one for one, value in stand if value.state is not State.NEW]


def _there(connection: Connection, cards: Sequence[int], *, learner: int) -> list[int]:
    """Those of *cards* whose text is there, in their order."""
    found = set[int]()
    for some in batches(cards):
        there = card.missing_since.is_(None), owner.visible(card, learner=learner)
        found.update(connection.scalars(select(card.id).where(card.id.in_(some), *there)))
    return [one for one in cards if one in found]


def _memories(
    connection: Connection, cards: Collection[int], *, learner: int
) -> Iterator[tuple[int, Memory]]:
    """Each card with the memory of it, in the order of *cards*."""
    for some in batches(list(cards)):
        rows = connection.execute(
            select(*MEMORY_COLUMNS, memory.card_id).where(
                memory.learner_id == learner, memory.card_id.in_(some)
            )
        )
        found = {row.card_id: as_memory(row) for row in rows}
        for one in some:
            yield one, found.get(one) or Memory()


def _log(
    connection: Connection,
    cards: Iterable[int],
    kind: EventKind,
    now: datetime,
    *,
    day: date | None = None,
    of: Collection[int],
    learner: int,
) -> Done:
    """Log it of these *cards*, which are those *of* all for which it says something new."""
    events = [(one, kind, day) for one in cards]
    log.log_together(connection, now, events, learner=learner)
    return Done(kind, len(events), len(of) - len(events))
