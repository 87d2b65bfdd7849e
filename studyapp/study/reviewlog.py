"""The learner's log of reviews as a table: CSV or JSON Lines, as `study/fit/table.py` reads them.

The first columns are those of py-fsrs, so that other programs' optimisers read them, too. A card is
called by its uid, which is the same on every device.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta, timezone
from pathlib import Path
from typing import Any, TextIO
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, func, select

from studyapp import disk
from studyapp.errors import StudyError
from studyapp.memory.fold import EventKind
from studyapp.notes.outgoing import STEP, Told
from studyapp.store import record, tables

card = tables.card.c
event = tables.event.c
review = tables.review.c

_COLUMNS = (
    "card_id", "review_rating", "review_time", "review_duration", "study_day", "kind"
)  # fmt: skip
_LONGEST = 1000  # bytes of a line
# What tells of a card's memory beside its reviews.
_OTHERS = (EventKind.FORGET, EventKind.KNOW, EventKind.IMPORT)


def save(
    connection: Connection,
    path: Path,
    form: str,
    chapters: Sequence[int],
    told: Told,
    *,
    learner: int,
) -> tuple[int, int]:
    """Write the reviews of *chapters* (ids) that count to a file, the oldest first; how many, and
    how many other entries of their cards, which no such table has a place for.

    Raises StudyError for a file that is there and no such table, or cannot be written.
    """
    _check(path)
    count = _count(connection, review, chapters, learner=learner)
    kinds = event.kind.in_([kind.value for kind in _OTHERS])
    others = _count(connection, event, chapters, kinds, learner=learner)
    with disk.replacing(path) as draft, draft.open("w", encoding="utf-8", newline="") as file:
        write = _WRITERS[form](file)
        for at, row in enumerate(_rows(connection, chapters, learner=learner)):
            if at % STEP == 0:
                told(at, count)
            write(row)
    return count, others


def _count(
    connection: Connection,
    column: Any,
    chapters: Sequence[int],
    *conditions: ColumnElement[bool],
    learner: int,
) -> int:
    """How many entries of a log there are that count, of the cards of *chapters*."""
    return connection.execute(
        select(func.count(column.uid))
        .join(tables.card, card.id == column.card_id)
        .where(
            column.learner_id == learner,
            card.chapter_id.in_(chapters),
            record.not_retracted(column),
            *conditions,
        )
    ).scalar_one()


def _rows(
    connection: Connection, chapters: Sequence[int], *, learner: int
) -> Iterator[tuple[Any, ...]]:
    for row in connection.execute(
        select(
            card.uid,
            review.rating,
            review.at,
            review.offset,
            review.duration,
            review.day,
            review.effective_day,
            review.kind,
        )
        .join(tables.card, card.id == review.card_id)
        .where(review.learner_id == learner, card.chapter_id.in_(chapters), record.not_retracted())
        .order_by(review.effective_day, review.at, review.uid)
    ):
        at = row.at.astimezone(timezone(timedelta(seconds=row.offset)))
        at += row.effective_day - row.day  # what a wrong clock said was put right by whole days
        day = row.effective_day.isoformat()
        yield UUID(bytes=row.uid).hex, row.rating, at.isoformat(), row.duration, day, row.kind


def _csv(file: TextIO) -> Callable[[tuple[Any, ...]], object]:
    rows = csv.writer(file, lineterminator="\n")
    rows.writerow(_COLUMNS)
    return rows.writerow


def _json_lines(file: TextIO) -> Callable[[tuple[Any, ...]], object]:
    return lambda row: file.write(json.dumps(dict(zip(_COLUMNS, row, strict=True))) + "\n")


_WRITERS = {"csv": _csv, "jsonl": _json_lines}
FORMATS = tuple(_WRITERS)


def _check(path: Path) -> None:
    """That nothing is lost by writing there."""
    if not disk.is_there(path):
        return
    try:
        with path.open("rb") as file:
            head = file.readline(_LONGEST)
    except OSError as error:
        raise StudyError(f"{path} cannot be read: {error.strerror}.") from error
    if head and not _is_ours(head.decode("utf-8", "replace")):
        raise StudyError(
            f"{path} is there already and no log of reviews from here; give another name."
        )


def _is_ours(head: str) -> bool:
    """Whether a line begins such a table, with all of its columns: others' have fewer."""
    if head.rstrip() == ",".join(_COLUMNS):
        return True
    try:
        said = json.loads(head)
    except (ValueError, RecursionError):
        return False
    return isinstance(said, dict) and tuple(said) == _COLUMNS
