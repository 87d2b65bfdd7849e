"""Entries that a wrong clock dated in the future: name them, and put their dates right."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from typing import Any

from sqlalchemy import Connection, and_, or_, select

from studyapp.errors import StudyError
from studyapp.memory.clock import study_day
from studyapp.memory.fold import EPOCH, EventKind
from studyapp.memory.stamp import LEAD
from studyapp.store import log, record, tables, timeline
from studyapp.study.desk import Desk

review = tables.review.c
event = tables.event.c

_UNDATED = (
    EventKind.RETRACT.value,
    EventKind.REDATE.value,
    EventKind.CAUGHT_UP.value,
)  # whose date changes nothing
_DAY = timedelta(days=1)
_BATCH = 500  # as many values as any database takes in one statement


@dataclass(frozen=True, slots=True)
class Ahead:
    """How many entries are dated in the future, and the latest study day among them."""

    entries: int
    latest: date


def ahead(connection: Connection, now: datetime, *, learner: int) -> Ahead | None:
    """The entries that count and are dated more than ten minutes after *now*; None if none is."""
    rows = _ahead(connection, now, learner=learner)
    return Ahead(len(rows), max(row.day for row in rows)) if rows else None


def redate(desk: Desk) -> Ahead:
    """Put the dates of all that is dated in the future right, as one event that `u` takes back;
    returns what it was.

    What a device wrote in one go moves together, so distances stay: its newest entry goes to the
    moment at which the next entry begins a new epoch (or to now), none before the last entry that
    was dated right. Before, there is a backup. Raises StudyError if that cannot be made, or nothing
    is dated in the future.
    """
    with desk.writing() as connection:
        if _ahead(connection, desk.now(), learner=desk.learner):
            desk.back_up("change")
        return redate_all(connection, desk.now(), learner=desk.learner)


def redate_all(connection: Connection, now: datetime, *, learner: int) -> Ahead:
    """The same in the caller's transaction, and without a backup."""
    rows = _ahead(connection, now, learner=learner)
    if not rows:
        raise StudyError("Nothing is dated in the future.")
    payload = _dates(connection, rows, now, learner=learner)
    cards = sorted({row.card_id for row in rows} - {None})
    log.log_of_no_card(connection, EventKind.REDATE, now, cards, payload=payload, learner=learner)
    return Ahead(len(rows), max(row.day for row in rows))


def cards_of(connection: Connection, payload: Mapping[str, Any], *, learner: int) -> list[int]:
    """The cards whose entries a redate named."""
    uids, found = [bytes.fromhex(uid) for uid in payload], set[int]()
    for start in range(0, len(uids), _BATCH):
        some = uids[start : start + _BATCH]
        for column in (review, event):
            query = select(column.card_id).where(
                column.learner_id == learner, column.card_id.is_not(None), column.uid.in_(some)
            )
            found |= {card_id for card_id in connection.scalars(query) if card_id is not None}
    return sorted(found)


def _ahead(connection: Connection, now: datetime, *, learner: int) -> list[Any]:
    """The reviews and events that are dated in the future, in order."""
    limit, since = log.utc(now) + LEAD, study_day(now) - _DAY
    dated = event.kind.not_in(_UNDATED)
    rows = [
        row
        for column, condition in (
            (review, review.effective_day >= since),
            (event, and_(event.day >= since, dated)),
        )
        for row in connection.execute(
            select(
                column.uid,
                column.card_id,
                column.device_id,
                column.epoch,
                column.stamp,
                column.at,
                column.offset,
                column.day,
            ).where(
                column.learner_id == learner,
                condition,
                column.at > limit,
                record.not_retracted(column),
            )
        )
    ]
    if not rows:
        return []
    redates = select(event.payload).where(
        event.learner_id == learner,
        event.card_id.is_(None),
        event.kind == EventKind.REDATE.value,
        record.not_retracted(event),
    )
    right = {uid for payload in connection.scalars(redates) for uid in payload or ()}
    rows = [row for row in rows if row.uid.hex() not in right]
    return timeline.in_order(connection, rows, learner=learner)


def _dates(
    connection: Connection, rows: Iterable[Any], now: datetime, *, learner: int
) -> dict[str, list[str]]:
    times = timeline.read_timelines(connection, learner=learner)
    groups: dict[tuple[int, int], list[Any]] = {}
    for row in rows:
        groups.setdefault((row.device_id, row.epoch), []).append(row)
    dates = {}
    for group in groups.values():
        limit = min(times.place(group[-1]).time, log.utc(now))
        shift = max(row.at for row in group) - limit
        floor = _before(connection, group[0], limit, learner=learner)
        for row in group:
            at = max(row.at - shift, floor)
            day = row.day + (_study_day(at, row.offset) - _study_day(row.at, row.offset))
            dates[row.uid.hex()] = [at.isoformat(), day.isoformat()]
    return dates


def _before(connection: Connection, first: Any, limit: datetime, *, learner: int) -> datetime:
    """When the same device wrote last before *first*, if that was dated right."""
    found = [
        connection.execute(
            select(column.epoch, column.stamp, column.at)
            .where(
                column.learner_id == learner,
                column.device_id == first.device_id,
                or_(
                    column.epoch < first.epoch,
                    and_(column.epoch == first.epoch, column.stamp < first.stamp),
                ),
            )
            .order_by(column.epoch.desc(), column.stamp.desc())
            .limit(1)
        ).one_or_none()
        for column in (review, event)
    ]
    newest = max(
        (row for row in found if row is not None),
        key=lambda row: (row.epoch, row.stamp),
        default=None,
    )
    return newest.at if newest is not None and newest.at <= limit else EPOCH


def _study_day(at: datetime, offset: int) -> date:
    return study_day(at.astimezone(timezone(timedelta(seconds=offset))))
