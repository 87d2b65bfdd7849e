"""What a collection of Anki's says of itself: its days, its types of notes and its decks.

Up to version 11 of its schema that is JSON; since version 18 there are tables and messages.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from typing import Any

from studyapp.errors import StudyError
from studyapp.notes import ankimodel, collection, jsontext

_NEWER = ("notetypes", "fields", "templates", "decks", "config")
_ID = re.compile(r"-?[0-9]{1,18}")
_ROLLOVER = 4  # hours after midnight at which Anki's day begins
_LAST_TIME = 7_258_118_400  # seconds: the year 2200


@dataclass(frozen=True)
class Clock:
    """How a collection counts its days."""

    first: date  # the study day 0
    zone: tzinfo | None  # of the study days; None: that of this machine
    rollover: timedelta

    def at(self, seconds: float) -> datetime:
        """An instant. Raises ValueError if there is none."""
        if not 0 < seconds < _LAST_TIME:
            raise ValueError(seconds)
        return datetime.fromtimestamp(seconds, UTC).astimezone(self.zone)

    def day(self, at: datetime) -> date:
        return (at - self.rollover).date()


class Head:
    """The head of a collection. Raises StudyError if there is none."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection, self.newer = connection, _is_there(connection, "notetypes")
        if self.newer:
            collection.check_tables(connection, _NEWER)
        row = connection.execute("SELECT crt, mod, conf, models, decks FROM col").fetchone()
        if row is None:
            raise StudyError("it is a collection without a head")
        self.created, self.changed, self.conf, self.models_said, self.said_decks = row

    def clock(self) -> Clock:
        conf = self._config()
        created = self.created if isinstance(self.created, int) else 0
        rollover = conf.get("rollover")
        hours = rollover if isinstance(rollover, int) and 0 <= rollover < 24 else _ROLLOVER
        first = _zone(conf.get("creationOffset"))
        zone = _zone(conf.get("localOffset"))
        try:
            begun = datetime.fromtimestamp(created, UTC).astimezone(first)
            changed = datetime.fromtimestamp(min(self.changed / 1000, _LAST_TIME), UTC)
        except (ValueError, OverflowError, OSError, TypeError):
            raise StudyError("it was created at a time that there is not") from None
        if zone is not None and changed.astimezone().utcoffset() == zone.utcoffset(None):
            zone = None  # this machine's, which knows of summer
        return Clock(begun.date(), zone, timedelta(hours=hours))

    def _config(self) -> Mapping[str, Any]:
        if not self.newer:
            return json_object(self.conf)
        names = ("rollover", "creationOffset", "localOffset")
        rows = self.connection.execute(
            "SELECT key, val FROM config WHERE key IN (?, ?, ?)", names
        ).fetchall()
        found = {key: _scalar(value) for key, value in rows}
        return {key: value for key, value in found.items() if isinstance(value, int)}

    def models(self) -> dict[int, ankimodel.Model]:
        """The types of notes by their ids."""
        return dict(self._newer_models() if self.newer else self._older_models())

    def _older_models(self) -> Iterator[tuple[int, ankimodel.Model]]:
        for key, said in json_object(self.models_said).items():
            if isinstance(said, dict) and _ID.fullmatch(key):
                yield int(key), ankimodel.model(int(key), said)

    def _newer_models(self) -> Iterator[tuple[int, ankimodel.Model]]:
        parts: dict[str, dict[int, list[tuple[int, object, object]]]] = {}
        for table in ("fields", "templates"):
            found = parts.setdefault(table, {})
            for of, *said in self.connection.execute(
                f"SELECT ntid, ord, name, config FROM {table} ORDER BY ntid, ord"
            ):
                found.setdefault(of, []).append((said[0], said[1], said[2]))
        for of, *said in self.connection.execute(
            "SELECT id, name, mtime_secs, config FROM notetypes"
        ):
            fields, templates = (parts[table].get(of, []) for table in ("fields", "templates"))
            yield of, ankimodel.model(of, ankimodel.newer(said, fields, templates))

    def decks(self) -> dict[int, tuple[str, ...]]:
        if self.newer:
            rows = self.connection.execute("SELECT id, name FROM decks").fetchall()
            return {of: _path(str(name), "\x1f") for of, name in rows}
        return {
            int(key): _path(_text(said, "name"), "::")
            for key, said in json_object(self.said_decks).items()
            if isinstance(said, dict) and _ID.fullmatch(key)
        }


def _is_there(connection: sqlite3.Connection, table: str) -> bool:
    rows = connection.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (table,))
    return rows.fetchone() is not None


def json_object(said: object) -> dict[str, Any]:
    """An object of JSON; empty if it is none."""
    try:
        found = jsontext.loads(said) if isinstance(said, str) and said else {}
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _scalar(said: object) -> object:
    try:
        return jsontext.loads(said) if isinstance(said, bytes) else None
    except ValueError:
        return None


def _text(said: Mapping[str, Any], key: str) -> str:
    found = said.get(key)
    return found if isinstance(found, str) else ""


def _path(name: str, separator: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in name.split(separator) if part.strip())


def _zone(minutes_west: object) -> timezone | None:
    if not isinstance(minutes_west, int) or abs(minutes_west) >= 24 * 60:
        return None
    return timezone(timedelta(minutes=-minutes_west))
