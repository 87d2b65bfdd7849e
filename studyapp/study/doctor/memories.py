"""Checks of the log against what is kept of it, and of its dates against the clock."""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import date, timedelta
from functools import partial
from importlib.metadata import version
from multiprocessing import get_context

from sqlalchemy import func, select

from studyapp.memory.fold import EventKind
from studyapp.store import backup, entry, log, record, tables, tally, timeline
from studyapp.store.database import connect_to_read
from studyapp.store.drift import Drift, drift
from studyapp.store.engine import reading
from studyapp.store.memory import begun, refold_all
from studyapp.study import dates, pause, words
from studyapp.study.doctor import known
from studyapp.study.doctor.finding import RESTORE, Chart, Finding, are, beforehand, have
from studyapp.study.statistics import days
from studyapp.study.trial import course

PART = 2_000  # cards at a time; from MANY on processes are worth their start
_OF_CARDS = "SELECT id, uid FROM card WHERE id BETWEEN ? AND ? ORDER BY id"
_OF_NO_CARD = "SELECT * FROM event WHERE card_id IS NULL AND learner_id = ? ORDER BY rowid"
_CODE = (  # that makes a memory of a log
    *("memory.clock", "memory.fold", "memory.scheduler", "memory.stamp", "memory.state"),
    *("store.drift", "store.memory", "store.parameters", "store.record", "store.timeline"),
)
_WEEK = timedelta(days=7)


def memories(at: Chart) -> Iterator[Finding]:
    """Every memory, and what each review keeps of before and after, against the fold of the log."""
    stale = set(at.connection.scalars(select(tables.stale.c.learner_id)))
    found = {
        learner: _drift(at, learner=learner)
        for learner in at.learners
        if learner not in stale  # theirs are folded anew when they come next
    }
    for what, wrong in (
        ("another memory", {whose: one.memories for whose, one in found.items()}),
        ("other values beside reviews", {whose: one.caches for whose, one in found.items()}),
    ):
        if number := sum(map(len, wrong.values())):
            yield Finding(
                "memories",
                f"{words.count(number, 'card')} {have(number)} {what} than the log gives.",
                done="Computed anew from the log.",
                mend=partial(_fold, at, wrong),
            )
    if number := sum(len(one.unreadable) for one in found.values()):
        yield Finding("log", f"The log of {words.count(number, 'card')} cannot be read.", RESTORE)


def _drift(at: Chart, *, learner: int) -> Drift:
    """Of many cards several processes fold the logs, each a part of them at a time; what was well
    before and is the same is left out."""
    told = partial(at.progress, "memories")
    cards = begun(at.connection, learner=learner)
    if at.url is None or len(cards) < known.MANY:
        return drift(at.connection, cards, told, learner=learner)
    found, done = Drift([], [], []), len(cards)
    parts = dict(_parts(at, cards, learner=learner))
    done -= sum(map(len, parts.values()))
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        folded = pool.map(partial(_part, at.url, learner=learner), parts.values())
        for (told_by, part), seen in zip(parts.items(), folded, strict=True):
            for one, more in zip(found, seen, strict=True):
                one.extend(more)
            if not any(seen) and isinstance(told_by, bytes):
                at.known.keep(told_by)
            done += len(part)
            told(done, len(cards))
    return found


def _parts(
    at: Chart, cards: Sequence[int], *, learner: int
) -> Iterator[tuple[bytes | int, Sequence[int]]]:
    """The cards that are to be looked at, each part of them with its sum; a number on a server."""
    common = _common(at, learner=learner)
    for start in range(0, len(cards), PART):
        part = cards[start : start + PART]
        if common is None:
            yield start, part
            continue
        told = known.summed(*common, *_rows(at, part, learner=learner), by=_CODE)
        if not at.known.is_well(told):
            yield told, part


def _common(at: Chart, *, learner: int) -> Sequence[Iterable[object]] | None:
    """What the fold of every card hangs on; None on a server, whose values are not as plain."""
    if at.file is None:
        return None
    query, times = (
        at.connection.exec_driver_sql,
        timeline.read_timelines(at.connection, learner=learner),
    )
    return [
        [learner, version("fsrs"), pickle.dumps(times)],
        map(tuple, query("SELECT * FROM parameters WHERE learner_id = ?", (learner,))),
        map(tuple, query(_OF_NO_CARD, (learner,))),
    ]


def _rows(at: Chart, cards: Sequence[int], *, learner: int) -> Iterator[Iterable[object]]:
    """The log of *cards* and what is kept of it, as they are in the file."""
    between = (cards[0], cards[-1])
    yield map(tuple, at.connection.exec_driver_sql(_OF_CARDS, between))
    # The plus keeps SQLite from going through all that a learner has for each part.
    for table, whose in (("review", "+"), ("event", "+"), ("memory", "")):
        query = (
            f"SELECT * FROM {table} WHERE card_id BETWEEN ? AND ? AND {whose}learner_id = ? "
            "ORDER BY card_id, rowid"
        )
        yield map(tuple, at.connection.exec_driver_sql(query, (*between, learner)))


def _part(url: str, cards: Sequence[int], *, learner: int) -> Drift:
    engine = connect_to_read(url)
    assert engine is not None, "it is open in the process that asks"
    try:
        with reading(engine) as connection:
            return drift(connection, cards, learner=learner)
    finally:
        engine.dispose()


def _fold(at: Chart, cards: Mapping[int, Sequence[int]]) -> None:
    for learner, wrong in cards.items():
        refold_all(at.connection, wrong, learner=learner)


def chapters(at: Chart) -> Iterator[Finding]:
    """What the log says of chapters and trials, as far as it can be read: what cannot counts
    nowhere, and is taken back like what a learner takes back, so that it stays in the log."""
    event = tables.event.c
    for learner in at.learners:
        rows = at.connection.execute(
            select(event.uid, event.kind, event.payload).where(
                event.learner_id == learner,
                event.card_id.is_(None),
                event.kind.in_([*pause.KINDS, *course.KINDS, EventKind.RETENTION]),
                record.not_retracted(event),
            )
        )
        lost = [row.uid for row in rows if not entry.is_readable(row.kind, row.payload)]
        if lost:
            yield Finding(
                "log",
                f"{words.count(len(lost), 'event')} about chapters or trials cannot be read.",
                done="Set aside, as if taken back.",
                mend=partial(_set_aside, at, lost, learner=learner),
            )


def _set_aside(at: Chart, uids: Sequence[bytes], *, learner: int) -> None:
    for uid in uids:
        log.log_of_no_card(at.connection, EventKind.RETRACT, at.now, target=uid, learner=learner)


def tallies(at: Chart) -> Iterator[Finding]:
    """What is kept of days that are over against the reviews of these days."""
    for learner in at.learners:
        kept = tally.read(at.connection, date.min, date.max, learner=learner)
        counted = days.count(at.connection, sorted(kept), learner=learner)
        wrong = [day for day, sums in kept.items() if sums != counted[day]]
        if wrong:
            number = len(wrong)
            yield Finding(
                "statistics",
                f"{words.count(number, 'study day')} {have(number)} other sums than the log gives.",
                done="Left out; they are counted when they are next asked for.",
                mend=partial(tally.forget, at.connection, wrong, learner=learner),
            )


def backups(at: Chart) -> Iterator[Finding]:
    """A backup is made on each day that a learner studies; that a week is in none means that they
    fail. Reviews and backups that a wrong clock has dated in the future tell nothing of it."""
    review = tables.review.c
    dates = select(func.min(review.at), func.max(review.at)).where(review.at <= log.utc(at.now))
    first, last = at.connection.execute(dates).one()
    if at.file is None or last is None:
        return
    since = last - (backup.newest(backup.listed(at.file)[0], at.now) or first)
    if since > _WEEK:
        yield Finding(
            "backups",
            f"The reviews of {since.days} days are in no backup.",
            done="One was made.",
            mend=beforehand,
        )


def clock(at: Chart) -> Iterator[Finding]:
    """Entries that a wrong clock has dated in the future."""
    for learner in at.learners:
        ahead = dates.ahead(at.connection, at.now, learner=learner)
        if ahead is not None:
            number = ahead.entries
            yield Finding(
                "clock",
                f"{number} entr{'y' if number == 1 else 'ies'} of the log {are(number)} dated in "
                f"the future, up to {ahead.latest}; see that this machine's clock is right.",
                done="Dated when they can have been written; `u` takes that back.",
                mend=partial(dates.redate_all, at.connection, at.now, learner=learner),
            )
