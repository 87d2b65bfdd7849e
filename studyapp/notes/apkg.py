"""Anki's packages and collections of all three generations: notes, schedules, reviews and media.

A note is known by Anki's own id. A card of a reversed type is the other side of its note, one of a
type that hides texts is that text; any other type with several cards becomes a note for each.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from studyapp.errors import StudyError, printable
from studyapp.notes import ankifield, collection
from studyapp.notes.ankitype import (
    NoteType,
    Template,
    back_of,
    filled,
    is_reversed,
    undecorated,
    unshown,
)
from studyapp.notes.card import REVERSED
from studyapp.notes.foreign import (
    Foreign,
    ForeignNote,
    ForeignReview,
    Media,
    Moment,
    Schedule,
    Stage,
)
from studyapp.notes.note import CardStyle, Problem

_TABLES = ("col", "notes", "cards", "revlog")
_NEWER = ("notetypes", "fields", "templates", "decks", "config")
_STAGES = (Stage.NEW, Stage.LEARNING, Stage.REVIEW, Stage.RELEARNING)
_MOMENTS = (Moment.LEARNING, Moment.REVIEW, Moment.RELEARNING)
_FILTERED, _SUSPENDED, _BURIED = 3, -1, (-2, -3)
_ROLLOVER = 4  # hours after midnight at which Anki's day begins
_SECONDS = 1_000_000_000  # a date of a card being learned is one of seconds, or of days
_LAST_TIME = 7_258_118_400  # the year 2200
_OCCLUDED = re.compile(r"\{\{c\d{1,3}::image-occlusion:")
_SHORT = 60  # characters of a note that is named in a problem


def recognises(head: bytes, path: Path) -> bool:
    """Whether a file is a zip or a database: nothing else that is read here is."""
    return collection.recognises(head)


def read(path: Path) -> Foreign:
    """Everything in a package. Raises StudyError if it cannot be read, or is none of Anki's."""
    try:
        with collection.opened(path) as package:
            connection = package.connection
            collection.check_tables(connection, _TABLES)
            reading = _Reading(connection, path)
            reading.run()
            return Foreign(
                tuple(reading.notes),
                tuple(reading.schedules),
                tuple(reading.reviews),
                tuple(reading.media(package.media)),
                problems=tuple(reading.problems),
            )
    except OSError as error:
        raise StudyError(f"{path} cannot be read: {error.strerror}.") from error
    except StudyError as error:
        raise StudyError(f"{path} is not a package of Anki's that can be read: {error}.") from None


class _Card(NamedTuple):
    id: int
    place: int
    stage: int
    queue: int
    due: int
    interval: int
    reps: int
    lapses: int
    data: str
    deck: int


@dataclass(frozen=True)
class _Clock:
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


class _Reading:
    """What has been found in a collection."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self.connection, self.path = connection, path
        self.notes: list[ForeignNote] = []
        self.schedules: list[Schedule] = []
        self.reviews: list[ForeignReview] = []
        self.problems: list[Problem] = []
        self.sides: dict[int, tuple[str, str]] = {}  # guid and side of each card
        self.last: dict[int, date] = {}  # the study day of a card's last review
        self.lost: dict[str, int] = {}
        self.shown: set[str] = set()  # the names of media that a note shows

    def report(self, message: str) -> None:
        self.problems.append(Problem(self.path, 0, printable(message)))

    def run(self) -> None:
        newer = _is_there(self.connection, "notetypes")
        if newer:
            collection.check_tables(self.connection, _NEWER)
        head = _Head(self.connection, newer=newer)
        self.clock = head.clock()
        kinds, decks = head.kinds(), head.decks()
        cards = self._cards()
        for row in self.connection.execute(
            "SELECT id, guid, mid, tags, CASE WHEN length(flds) <= ? THEN flds END FROM notes "
            "ORDER BY id",
            (4 * ankifield.LONGEST,),
        ):
            self._note(row, kinds, decks, cards)
        self._reviews()
        for of in cards.values():
            for card in of:
                self._schedule(card)
        self._tell_lost()

    def _cards(self) -> dict[int, list[_Card]]:
        """The cards by note. In a filtered deck a card has its own deck and date beside it."""
        cards: dict[int, list[_Card]] = {}
        for nid, *said in self.connection.execute(
            "SELECT nid, id, ord, type, queue, CASE WHEN odid THEN odue ELSE due END, ivl, reps, "
            "lapses, data, CASE WHEN odid THEN odid ELSE did END FROM cards ORDER BY nid, ord"
        ):
            numbers = [value for at, value in enumerate(said) if at != 8]
            if not all(isinstance(value, int) for value in (nid, *numbers)):
                raise StudyError("a card of it has something else than numbers")
            cards.setdefault(nid, []).append(_Card(*said))
        return cards

    # --- notes ------------------------------------------------------------------------------

    def _note(
        self,
        row: Sequence[Any],
        kinds: Mapping[int, NoteType],
        decks: Mapping[int, tuple[str, ...]],
        cards: Mapping[int, list[_Card]],
    ) -> None:
        nid, guid, mid, tags, said = row
        kind, of = kinds.get(mid), cards.get(nid, [])
        if not isinstance(guid, str) or not guid.strip():
            guid = f"anki {nid}"
        if not isinstance(said, str):
            self.report(f"the note {guid} is longer than is read here, or no text")
            return
        if kind is None:
            self.report(f"the note {guid} is of a type that the package does not have")
            return
        values = said.split("\x1f")
        if max(map(len, values)) > ankifield.LONGEST:
            self.report(f"the note {guid} has a field longer than {ankifield.LONGEST:,} characters")
            return
        fields = dict(zip(kind.fields, values, strict=False))
        deck = decks.get(of[0].deck, ()) if of else ()
        marks = tuple(tags.split()) if isinstance(tags, str) else ()
        keep = partial(self._keep, guid=guid, deck=deck, tags=marks)
        if kind.is_cloze:
            self._cloze(kind, fields, of, keep)
        else:
            self._plain(kind, fields, of, keep)

    def _plain(
        self,
        kind: NoteType,
        fields: Mapping[str, str],
        cards: Sequence[_Card],
        keep: Callable[..., bool],
    ) -> None:
        """A note for each card; one that is asked both ways is one note."""
        places = [card.place for card in cards if card.place in kind.templates]
        if not places:
            places = sorted(kind.templates)[:1]
        both = places == [0, 1] and is_reversed(kind)
        extra = [name for name in unshown(kind, places) if fields.get(name, "").strip()]
        for place in places[:1] if both else places:
            template = kind.templates[place]
            front = self._field(filled(template.front, fields, without="type"))
            back = self._field(filled(back_of(template), fields))
            answer = self._with_extra(back, extra, fields)
            style = CardStyle.BOTH if both else CardStyle.ANSWER
            kept = keep(front, answer, style, mark=f"/{place}" if place else "")
            if not kept:
                continue
            guid = self.notes[-1].guid
            for card in cards:
                if card.place == place or both:
                    side = REVERSED if both and card.place == 1 else "answer"
                    self.sides[card.id] = (guid, side)

    def _cloze(
        self,
        kind: NoteType,
        fields: Mapping[str, str],
        cards: Sequence[_Card],
        keep: Callable[..., bool],
    ) -> None:
        template = kind.templates.get(0)
        if template is None:
            self.report(f"the type of note {kind.name!r} has no template")
            return
        if any(_OCCLUDED.search(text) for text in fields.values()):
            self.report(f"a picture of which parts are hidden is not read: {_shown_file(fields)}")
            return
        extra = [name for name in unshown(kind, [0]) if fields.get(name, "").strip()]
        front = self._field(filled(template.front, fields, without="cloze"))
        if not re.search(r"\w", front):
            front = ""
        back = (
            back_of(template)
            if "cloze:" in back_of(template)
            else template.front + back_of(template)
        )
        read = ankifield.read(filled(back, fields), cloze=True)
        self._met(read)
        answer = self._with_extra(read.text, extra, fields)
        if not read.hidden:
            self.report(f"a note hides nothing that can be hidden here: {_short(read.text)}")
            return
        if keep(front, answer, CardStyle.CLOZE):
            guid = self.notes[-1].guid
            for card in cards:
                self.sides[card.id] = (guid, f"cloze:c{card.place + 1}")

    def _with_extra(self, answer: str, names: Sequence[str], fields: Mapping[str, str]) -> str:
        parts = [answer] if answer else []
        for name in names:
            text = self._field(fields[name])
            parts += [f"**{name}**\n\n{text}"] if text else []
        return "\n\n".join(parts)

    def _field(self, html: str) -> str:
        read = ankifield.read(html)
        self._met(read)
        return read.text

    def _met(self, read: ankifield.Field) -> None:
        self.shown |= read.media
        for lost in read.lost:
            self.lost[lost] = self.lost.get(lost, 0) + 1

    def _keep(
        self,
        front: str,
        answer: str,
        style: CardStyle,
        *,
        guid: str,
        deck: tuple[str, ...],
        tags: tuple[str, ...],
        mark: str = "",
    ) -> bool:
        if not front and style is not CardStyle.CLOZE:
            self.report(f"the front of a note is empty: {_short(answer) or guid}")
            return False
        self.notes.append(ForeignNote(guid + mark, front, answer, card=style, deck=deck, tags=tags))
        return True

    # --- memory -----------------------------------------------------------------------------

    def _reviews(self) -> None:
        gone = wrong = 0
        for at, cid, ease, factor, took, kind in self.connection.execute(
            "SELECT id, cid, ease, factor, time, type FROM revlog ORDER BY id"
        ):
            if not all(isinstance(value, int) for value in (at, cid, ease, factor, took, kind)):
                raise StudyError("a review of it has something else than numbers")
            if not 1 <= ease <= 4 or not 0 <= kind <= _FILTERED:  # set by hand
                continue
            side = self.sides.get(cid)
            if side is None:
                gone += 1
                continue
            try:
                moment = self.clock.at(at / 1000)
            except (ValueError, OverflowError, OSError):
                wrong += 1
                continue
            day = self.clock.day(moment)
            cram = kind == _FILTERED and not factor
            what = Moment.CRAM if cram else _MOMENTS[kind if kind < _FILTERED else 1]
            if not cram:
                self.last[cid] = day
            took = timedelta(milliseconds=min(max(took, 0), 3_600_000))
            self.reviews.append(ForeignReview(*side, moment, day, ease, what, took))
        for count, told in (
            (gone, "are of cards that are not in it"),
            (wrong, "are of a time that there is not"),
        ):
            if count:
                self.report(f"{count:,} of its reviews {told}")

    def _schedule(self, card: _Card) -> None:
        side = self.sides.get(card.id)
        if side is None or not 0 <= card.stage < len(_STAGES):
            return
        stage = _STAGES[card.stage]
        data = _json(card.data)
        due = self._due(card) if stage is not Stage.NEW else None
        interval = max(card.interval, 0)
        last = self.last.get(card.id) or self._said_last(data)
        if last is None and due is not None and stage is Stage.REVIEW:
            last = due - timedelta(days=min(interval, 36_500))
        self.schedules.append(
            Schedule(
                *side,
                stage,
                due=due,
                last=last if stage is not Stage.NEW else None,
                interval=interval,
                stability=_number(data.get("s")),
                difficulty=_number(data.get("d")),
                reps=max(card.reps, 0),
                lapses=max(card.lapses, 0),
                suspended=card.queue == _SUSPENDED,
                buried=card.queue in _BURIED,
            )
        )

    def _due(self, card: _Card) -> date | None:
        """The study day on which a card is due; None if it has none that there is."""
        try:
            if card.due > _SECONDS:
                return self.clock.day(self.clock.at(card.due))
            return self.clock.first + timedelta(days=card.due)
        except (ValueError, OverflowError, OSError):
            return None

    def _said_last(self, data: Mapping[str, Any]) -> date | None:
        said = _number(data.get("lrt"))
        try:
            return self.clock.day(self.clock.at(said)) if said else None
        except (ValueError, OverflowError, OSError):
            return None

    # --- the rest ---------------------------------------------------------------------------

    def media(self, names: Mapping[str, str]) -> Iterator[Media]:
        absent = sorted(self.shown - names.keys())
        if absent:
            more = f" and {len(absent) - 1:,} more" if len(absent) > 1 else ""
            self.report(f"not in it, though a note shows it: {absent[0]}{more}")
        for name, member in sorted(names.items()):
            yield Media(name, partial(collection.medium, self.path, member))

    def _tell_lost(self) -> None:
        for lost, count in sorted(self.lost.items()):
            self.report(f"left out in {count:,} {'place' if count == 1 else 'places'}: {lost}")


class _Head:
    """What a collection says of itself: in JSON, or since version 18 in tables of its own."""

    def __init__(self, connection: sqlite3.Connection, *, newer: bool) -> None:
        self.connection, self.newer = connection, newer
        row = connection.execute("SELECT crt, mod, conf, models, decks FROM col").fetchone()
        if row is None:
            raise StudyError("it is a collection without a head")
        self.created, self.changed, self.conf, self.models, self.said_decks = row

    def clock(self) -> _Clock:
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
        return _Clock(begun.date(), zone, timedelta(hours=hours))

    def _config(self) -> Mapping[str, Any]:
        if not self.newer:
            return _json(self.conf)
        names = ("rollover", "creationOffset", "localOffset")
        rows = self.connection.execute(
            "SELECT key, val FROM config WHERE key IN (?, ?, ?)", names
        ).fetchall()
        found = {key: _scalar(value) for key, value in rows}
        return {key: value for key, value in found.items() if isinstance(value, int)}

    def kinds(self) -> dict[int, NoteType]:
        return dict(self._newer_kinds() if self.newer else self._older_kinds())

    def _older_kinds(self) -> Iterator[tuple[int, NoteType]]:
        for key, said in _json(self.models).items():
            if not isinstance(said, dict) or not key.lstrip("-").isdecimal():
                continue
            templates = {
                _place(one): Template(
                    undecorated(_text(one, "qfmt")), undecorated(_text(one, "afmt"))
                )
                for one in _dicts(said.get("tmpls"))
            }
            fields = sorted(_dicts(said.get("flds")), key=_place)
            names = tuple(_text(one, "name") for one in fields)
            cloze = said.get("type") == 1
            yield int(key), NoteType(_text(said, "name"), names, templates, cloze)

    def _newer_kinds(self) -> Iterator[tuple[int, NoteType]]:
        fields: dict[int, list[str]] = {}
        for of, name in self.connection.execute("SELECT ntid, name FROM fields ORDER BY ntid, ord"):
            fields.setdefault(of, []).append(str(name))
        templates: dict[int, dict[int, Template]] = {}
        for of, place, config in self.connection.execute("SELECT ntid, ord, config FROM templates"):
            said = _strings(config)
            made = Template(undecorated(said.get(1, "")), undecorated(said.get(2, "")))
            templates.setdefault(of, {})[place] = made
        for of, name, config in self.connection.execute("SELECT id, name, config FROM notetypes"):
            cloze = any(pair == (1, 1) for pair in collection.message(_bytes(config)))
            names = tuple(fields.get(of, ()))
            yield of, NoteType(str(name), names, templates.get(of, {}), cloze)

    def decks(self) -> dict[int, tuple[str, ...]]:
        if self.newer:
            rows = self.connection.execute("SELECT id, name FROM decks").fetchall()
            return {of: _path(str(name), "\x1f") for of, name in rows}
        return {
            int(key): _path(_text(said, "name"), "::")
            for key, said in _json(self.said_decks).items()
            if isinstance(said, dict) and key.lstrip("-").isdecimal()
        }


def _is_there(connection: sqlite3.Connection, table: str) -> bool:
    rows = connection.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (table,))
    return rows.fetchone() is not None


def _json(said: object) -> dict[str, Any]:
    """An object of JSON; empty if it is none."""
    try:
        found = json.loads(said) if isinstance(said, str) and said else {}
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _scalar(said: object) -> object:
    try:
        return json.loads(bytes(said)) if isinstance(said, bytes) else None
    except (ValueError, RecursionError):
        return None


def _dicts(said: object) -> Iterator[dict[str, Any]]:
    yield from (one for one in said if isinstance(one, dict)) if isinstance(said, list) else ()


def _text(said: Mapping[str, Any], key: str) -> str:
    found = said.get(key)
    return found if isinstance(found, str) else ""


def _place(said: Mapping[str, Any]) -> int:
    found = said.get("ord")
    return found if isinstance(found, int) else 0


def _bytes(said: object) -> bytes:
    return said if isinstance(said, bytes) else b""


def _strings(said: object) -> dict[int, str]:
    return {
        field: value.decode("utf-8", "replace")
        for field, value in collection.message(_bytes(said))
        if isinstance(value, bytes)
    }


def _path(name: str, separator: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in name.split(separator) if part.strip())


def _zone(minutes_west: object) -> timezone | None:
    if not isinstance(minutes_west, int) or abs(minutes_west) >= 24 * 60:
        return None
    return timezone(timedelta(minutes=-minutes_west))


def _number(said: object) -> float | None:
    return float(said) if isinstance(said, (int, float)) and abs(said) < 1e12 else None


def _shown_file(fields: Mapping[str, str]) -> str:
    """The name of the first picture in some fields."""
    found = (ankifield.read(text).media for text in fields.values())
    return next((min(names) for names in found if names), "it has no name")


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SHORT else f"{line[:_SHORT]}…"
