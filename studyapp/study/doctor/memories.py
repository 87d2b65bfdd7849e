"""Checks of the log against what is kept of it, and of its dates against the clock."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import timedelta
from functools import partial
from multiprocessing import get_context

from sqlalchemy import func, select

from studyapp.store import backup, log, tables
from studyapp.store.database import connect_to_read
from studyapp.store.engine import reading
from studyapp.store.log import Drift
from studyapp.study import dates, words
from studyapp.study.doctor.finding import RESTORE, Chart, Finding, are, beforehand, have

MANY, PART = 10_000, 2_000  # cards: from how many on processes are worth their start; at a time
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
    """Of many cards several processes fold the logs, each a part of them at a time."""
    told = partial(at.progress, "memories")
    cards = log.begun(at.connection, learner=learner)
    if at.url is None or len(cards) < MANY:
        return log.drift(at.connection, cards, told, learner=learner)
    found, done = Drift([], [], []), 0
    parts = [cards[start : start + PART] for start in range(0, len(cards), PART)]
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        for part, drift in zip(
            parts, pool.map(partial(_part, at.url, learner=learner), parts), strict=True
        ):
            for one, more in zip(found, drift, strict=True):
                one.extend(more)
            done += len(part)
            told(done, len(cards))
    return found


def _part(url: str, cards: Sequence[int], *, learner: int) -> Drift:
    engine = connect_to_read(url)
    assert engine is not None, "it is open in the process that asks"
    try:
        with reading(engine) as connection:
            return log.drift(connection, cards, learner=learner)
    finally:
        engine.dispose()


def _fold(at: Chart, cards: Mapping[int, Sequence[int]]) -> None:
    for learner, wrong in cards.items():
        log.refold_all(at.connection, wrong, learner=learner)


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
