"""Values that came as JSON from another machine: each is what it should be, or ValueError.

A check takes whatever JSON can hold and returns the value as the database has it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, date, datetime
from typing import Any

Check = Callable[[Any], Any]

YEARS = range(1970, 2200)  # in which a date may be
_LONGEST = 1_000_000  # characters of a text
_ITEMS = 100_000  # of a list or an object


class NewerError(ValueError):
    """A name that only a newer studyapp may know."""


def record(fields: Mapping[str, Check], *, lacking: Collection[str] = ()) -> Check:
    """An object with these fields and no other; it may be *lacking* some of them."""

    def check(value: Any) -> dict[str, Any]:
        if not isinstance(value, dict) or not value.keys() <= fields.keys():
            raise ValueError("no object of these fields")
        there = [name for name in fields if name in value or name not in lacking]
        return {name: fields[name](value.get(name)) for name in there}

    return check


def optional(check: Check) -> Check:
    return lambda value: None if value is None else check(value)


def listed(check: Check, most: int = _ITEMS) -> Check:
    def each(value: Any) -> list[Any]:
        if not isinstance(value, list) or len(value) > most:
            raise ValueError("no list")
        return [check(one) for one in value]

    return each


def mapped(key: Check, check: Check) -> Check:
    def each(value: Any) -> dict[str, Any]:
        if not isinstance(value, dict) or len(value) > _ITEMS:
            raise ValueError("no object")
        for name in value:
            key(name)
        return {name: check(one) for name, one in value.items()}

    return each


def among(names: Collection[str]) -> Check:
    """One of these names, of which there may be more one day."""

    def check(value: Any) -> str:
        if not isinstance(value, str):
            raise ValueError("no name")
        if value not in names:
            raise NewerError(value[:40])
        return value

    return check


def whole(low: int, high: int) -> Check:
    def check(value: Any) -> int:
        if type(value) is not int or not low <= value <= high:
            raise ValueError("no such number")
        return value

    return check


def number(low: float = -1e300, high: float = 1e300) -> Check:
    def check(value: Any) -> float:
        if type(value) not in (int, float) or not math.isfinite(value) or not low <= value <= high:
            raise ValueError("no such number")
        return float(value)

    return check


def switch(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("neither true nor false")
    return value


def text(value: Any) -> str:
    """Any text that every database takes."""
    if not isinstance(value, str) or len(value) > _LONGEST or "\0" in value:
        raise ValueError("no text")
    value.encode()  # half of a surrogate pair raises
    return value


def word(value: Any) -> str:
    """A short text on one line, which steers nothing."""
    if not isinstance(value, str) or not 0 < len(value) <= 300 or not value.isprintable():
        raise ValueError("no word")
    return value


def plain(value: Any) -> Any:
    """A single value: a text, a number, true or false, or none."""
    if isinstance(value, str):
        return text(value)
    return value if isinstance(value, bool) or value is None else _figure(value)


def _figure(value: Any) -> int | float:
    number()(value)
    kept: int | float = value
    return kept


def uid(value: Any) -> bytes:
    if not isinstance(value, str) or re.fullmatch(r"[0-9a-f]{32}", value) is None:
        raise ValueError("no uid")
    return bytes.fromhex(value)


def moment(value: Any) -> datetime:
    """An instant in UTC, as `as_json` writes it."""
    found = datetime.fromisoformat(value) if isinstance(value, str) and len(value) <= 40 else None
    if found is None or found.tzinfo is None or found.year not in YEARS:
        raise ValueError("no instant")
    return found.astimezone(UTC)


def day(value: Any) -> date:
    found = date.fromisoformat(value) if isinstance(value, str) and len(value) <= 10 else None
    if found is None or found.year not in YEARS:
        raise ValueError("no day")
    return found


def as_written(check: Check) -> Check:
    """What passes the *check*, and stays as it is."""

    def same(value: Any) -> Any:
        check(value)
        return value

    return same


def as_json(value: Any) -> Any:
    """A value of a column as the checks above read it back."""
    if isinstance(value, bytes):
        return value.hex()
    return value.isoformat() if isinstance(value, date) else value
