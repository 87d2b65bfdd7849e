"""The database of hashcards, which lies at the top of a folder of decks: schedules and reviews.

A card is known there by the hash of its text, so that this has to be made as hashcards makes it:
of a hidden text by its place, in bytes of the text without brackets. Times have no zone there; they
are those of this machine, and so are the days.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import date, datetime
from pathlib import Path
from struct import pack
from typing import Any

from studyapp.errors import StudyError
from studyapp.notes import collection
from studyapp.notes.blake3 import hexdigest
from studyapp.notes.foreign import ForeignReview, Moment, Schedule, Stage

NAME = "hashcards.db"
_HIGHEST = 4  # folders above a file in which its database is looked for
_GRADES = {"forgot": 1, "hard": 2, "good": 3, "easy": 4}

# The cards of a file: guid and side by hash.
Sides = Mapping[str, tuple[str, str]]


def beside(path: Path) -> Path | None:
    """The database of the folder that a file is in, if there is one."""
    folders = [path.absolute().parent, *path.absolute().parent.parents][:_HIGHEST]
    with suppress(OSError):
        return next((folder / NAME for folder in folders if (folder / NAME).is_file()), None)
    return None


def read(path: Path, sides: Sides) -> tuple[tuple[Schedule, ...], tuple[ForeignReview, ...]]:
    """What a database says of these cards. Raises StudyError if it cannot be read."""
    try:
        with collection.database(path) as connection:
            collection.check_tables(connection, ("cards", "reviews"))
            reviews = list(_reviews(connection, sides))
            last = {(one.guid, one.side): one.day for one in reviews}
            return tuple(_schedules(connection, sides, last)), tuple(reviews)
    except StudyError as error:
        raise StudyError(f"{path} is no database of hashcards: {error}.") from None


def of_question(question: str, answer: str) -> str:
    """The hash of a card of two sides."""
    return hexdigest(b"Basic" + _bytes(question) + _bytes(answer))


def of_hidden(text: str) -> list[str]:
    """The hashes of the cards of a text with brackets, in their order."""
    shown, places, start = bytearray(), list[tuple[int, int]](), -1
    image = escaped = False
    said = _bytes(text)
    for at, byte in enumerate(said):
        sign, after = said[at : at + 1], said[at + 1 : at + 2]
        if sign not in (b"[", b"]"):
            image = image or (sign == b"!" and after == b"[")
            escaped = sign == b"\\" and after in (b"[", b"]")
            shown += b"" if escaped else bytes([byte])
        elif image or escaped:
            shown.append(byte)
            image = image and sign == b"["
            escaped = False
        elif sign == b"[":
            start = len(shown)
        elif start >= 0:
            places.append((start, len(shown) - 1))
            start = -1
    return [
        hexdigest(b"Cloze" + bytes(shown) + pack("<QQ", first, max(last, 0)))
        for first, last in places
    ]


def _reviews(connection: sqlite3.Connection, sides: Sides) -> Iterator[ForeignReview]:
    seen = set[tuple[str, str]]()
    for of, at, grade in connection.execute(
        "SELECT card_hash, reviewed_at, grade FROM reviews ORDER BY reviewed_at, review_id"
    ):
        side, rating = sides.get(of), _GRADES.get(grade)
        if side is None:
            continue
        try:
            moment = datetime.fromisoformat(at)
        except (ValueError, TypeError):
            raise StudyError(f"it has a review at {str(at)[:40]!r}") from None
        if rating is None:
            raise StudyError(f"it has a review with the grade {str(grade)[:40]!r}")
        kind = Moment.REVIEW if side in seen else Moment.LEARNING
        seen.add(side)
        yield ForeignReview(*side, moment.astimezone(), moment.date(), rating, kind)


def _schedules(
    connection: sqlite3.Connection, sides: Sides, last: Mapping[tuple[str, str], date]
) -> Iterator[Schedule]:
    for of, stability, difficulty, due, count in connection.execute(
        "SELECT card_hash, stability, difficulty, due_date, review_count FROM cards"
    ):
        side = sides.get(of)
        if side is None or due is None:
            continue
        try:
            day = date.fromisoformat(due)
        except (ValueError, TypeError):
            raise StudyError(f"it has a card that is due on {str(due)[:40]!r}") from None
        met = last.get(side)
        yield Schedule(
            *side,
            Stage.REVIEW,
            due=day,
            last=met,
            interval=max(0, (day - met).days) if met else 0,
            stability=_number(stability),
            difficulty=_number(difficulty),
            reps=count if isinstance(count, int) else 0,
            lapses=None,
            suspended=None,
            buried=None,
        )


def _number(said: Any) -> float | None:
    return float(said) if isinstance(said, (int, float)) else None


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "replace")
