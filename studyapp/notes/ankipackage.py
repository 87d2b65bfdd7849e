"""Anki's package, written: notes, schedules, marks, reviews and media (`notes/apkg.py` reads it).

It is of the generation that every Anki since 2.1 reads: a collection of schema 11 in a zip. Its
types of notes have ids that never change and a note's guid is its own, so that Anki updates what it
was given before. A note counts as changed when it is written: what came last is in force there. One
that came from Anki goes back under its own type, with the fields that it had (`notes/origin.py`).
"""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
import tempfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from studyapp.errors import StudyError
from studyapp.notes import ankihtml
from studyapp.notes.card import halves
from studyapp.notes.foreign import Foreign, ForeignNote, ForeignReview, Moment, Schedule, Stage
from studyapp.notes.note import CardStyle
from studyapp.notes.origin import EASE, OURS
from studyapp.notes.outgoing import LEFT_OUT, STEP, Lost, Told, by_side, sides

_TABLES = """
CREATE TABLE col (id integer primary key, crt integer not null, mod integer not null,
  scm integer not null, ver integer not null, dty integer not null, usn integer not null,
  ls integer not null, conf text not null, models text not null, decks text not null,
  dconf text not null, tags text not null);
CREATE TABLE notes (id integer primary key, guid text not null, mid integer not null,
  mod integer not null, usn integer not null, tags text not null, flds text not null,
  sfld integer not null, csum integer not null, flags integer not null, data text not null);
CREATE TABLE cards (id integer primary key, nid integer not null, did integer not null,
  ord integer not null, mod integer not null, usn integer not null, type integer not null,
  queue integer not null, due integer not null, ivl integer not null, factor integer not null,
  reps integer not null, lapses integer not null, left integer not null, odue integer not null,
  odid integer not null, flags integer not null, data text not null);
CREATE TABLE revlog (id integer primary key, cid integer not null, usn integer not null,
  ease integer not null, ivl integer not null, lastIvl integer not null, factor integer not null,
  time integer not null, type integer not null);
CREATE TABLE graves (usn integer not null, oid integer not null, type integer not null);
CREATE INDEX ix_notes_usn ON notes (usn);
CREATE INDEX ix_cards_usn ON cards (usn);
CREATE INDEX ix_revlog_usn ON revlog (usn);
CREATE INDEX ix_cards_nid ON cards (nid);
CREATE INDEX ix_cards_sched ON cards (did, queue, due);
CREATE INDEX ix_revlog_cid ON revlog (cid);
CREATE INDEX ix_notes_csum ON notes (csum);
"""
_DAY_START = timedelta(hours=4)  # as in memory/clock.py, and in Anki unless one changes it
_NAME, _META = "collection.anki21", b"\x08\x02"
_OURS = b"studyapp"  # what the zip says of itself
_STAGES = (Stage.NEW, Stage.LEARNING, Stage.REVIEW, Stage.RELEARNING)
_QUEUES = {Stage.NEW: 0, Stage.LEARNING: 3, Stage.REVIEW: 2, Stage.RELEARNING: 3}
_SUSPENDED, _BURIED = -1, -3
_KINDS = (Moment.LEARNING, Moment.REVIEW, Moment.RELEARNING, Moment.CRAM)
_LAST_STEP = 1001  # one step is left, and one today
_TAG = re.compile(r"<[^<>]*>")
_RULE = "\n\n<hr id=answer>\n\n"
_CSS = (
    ".card { font-family: sans-serif; font-size: 20px; text-align: left; max-width: 40em; "
    "margin: 1em auto; }\n.cloze { font-weight: bold; color: blue; }\n"
    ".nightMode .cloze { color: lightblue; }\npre { overflow-x: auto; }\n"
)


class _Type(NamedTuple):
    id: int
    name: str
    fields: tuple[str, ...]
    templates: tuple[tuple[str, str, str], ...]  # name, front and back
    hides: bool = False


_TO_BACK = ("Front to back", "{{Front}}", "{{FrontSide}}" + _RULE + "{{Back}}")
_TO_FRONT = ("Back to front", "{{Back}}", "{{FrontSide}}" + _RULE + "{{Front}}")
_TYPES = {
    CardStyle.ANSWER: _Type(OURS + 1, "studyapp question", ("Front", "Back"), (_TO_BACK,)),
    CardStyle.BOTH: _Type(OURS + 2, "studyapp both ways", ("Front", "Back"), (_TO_BACK, _TO_FRONT)),
    CardStyle.CLOZE: _Type(
        OURS + 3,
        "studyapp hidden text",
        ("Text", "Heading"),
        (
            (
                "Hidden text",
                "<div>{{Heading}}</div>\n{{cloze:Text}}",
                "<div>{{Heading}}</div>" + _RULE + "{{cloze:Text}}",
            ),
        ),
        hides=True,
    ),
}
_WITH_EXTRA = _Type(  # one of its own: Anki leaves the notes of a type that has other fields now
    OURS + 4,
    "studyapp hidden text with extra",
    ("Text", "Heading", "Back Extra"),
    (
        (
            "Hidden text",
            "<div>{{Heading}}</div>\n{{cloze:Text}}",
            "<div>{{Heading}}</div>" + _RULE + "{{cloze:Text}}\n\n<hr>\n\n{{Back Extra}}",
        ),
    ),
    hides=True,
)


def write(path: Path, foreign: Foreign, now: datetime, told: Told) -> Lost:
    """Write a package to *path*; says what is not in it. Raises OSError if it cannot be written."""
    lost = Lost()
    with tempfile.TemporaryDirectory(prefix="studyapp-") as folder:
        collection = Path(folder) / _NAME
        try:
            with closing(sqlite3.connect(collection)) as connection:
                connection.executescript(f"PRAGMA synchronous = OFF;{_TABLES}")
                with connection:
                    _Writing(connection, foreign, now).write(told)
        except sqlite3.Error as error:  # the disk is full
            raise OSError(str(error)) from error
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as package:
            package.writestr("meta", _META)
            package.write(collection, _NAME)
            package.comment = _OURS
            names = list(_media(package, foreign, lost))
            package.writestr("media", json.dumps(dict(enumerate(names)), ensure_ascii=False))
    return lost


def is_ours(path: Path) -> bool:
    """Whether a package was written here: what Anki writes has the same signs but for this one."""
    try:
        with zipfile.ZipFile(path) as package:
            return package.comment == _OURS
    except (OSError, zipfile.BadZipFile):
        return False


def _media(package: zipfile.ZipFile, foreign: Foreign, lost: Lost) -> Iterator[str]:
    """Put the pictures and sounds into the package, each called by its number; their names."""
    number = 0
    for medium in foreign.media:
        try:
            data = medium.read()
        except (OSError, StudyError):
            lost["file", f"beside a note, {LEFT_OUT}, as it cannot be read"] += 1
            continue
        package.writestr(str(number), data)
        yield medium.name
        number += 1


class _Writing:
    """The rows of a collection. Notes and cards are numbered up to the moment they are written in,
    as Anki shows that as the time at which they were made."""

    def __init__(self, connection: sqlite3.Connection, foreign: Foreign, now: datetime) -> None:
        self.connection, self.foreign, self.now = connection, foreign, now
        self.stamp = int(now.timestamp())
        self.first = self._first_day()
        self.schedules = by_side(foreign.schedules)
        self.cards: dict[tuple[str, str], int] = {}
        self.last: dict[tuple[str, str], ForeignReview] = {}
        for review in foreign.reviews:
            if review.kind is not Moment.CRAM:
                self.last[review.guid, review.side] = review
        names = dict.fromkeys("::".join(note.deck) or "Default" for note in foreign.notes)
        self.decks = {name: _deck_id(name) for name in names}

    def _first_day(self) -> date:
        """The study day 0: none that is told of is before it."""
        told = [one.day for one in self.foreign.reviews]
        told += [day for one in self.foreign.schedules for day in (one.last, one.due) if day]
        return min([*told, (self.now.replace(tzinfo=None) - _DAY_START).date()])

    def write(self, told: Told) -> None:
        self._head()
        count, width = len(self.foreign.notes), max(map(_width, self.foreign.notes), default=1)
        made = 1000 * self.stamp - width * count
        notes, cards = list[tuple[Any, ...]](), list[tuple[Any, ...]]()
        numbers = dict[str, int]()  # of notes that are several here
        for at, note in enumerate(self.foreign.notes):
            if at % STEP == 0:
                told(at, count)
            guid, mark = self.foreign.origins.parts.get(note.guid, (note.guid, ""))
            first = made + width * at
            number = numbers.setdefault(guid, first)
            if number == first:
                notes.append(self._note(number, guid, note))
            cards += self._cards(number, first, guid, mark, at + 1, note)
        self._insert("notes", notes)
        self._insert("cards", cards)
        self._insert("revlog", list(self._reviews()))

    def _insert(self, table: str, rows: Sequence[tuple[Any, ...]]) -> None:
        if rows:
            marks = ", ".join("?" * len(rows[0]))
            self.connection.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)

    def _head(self) -> None:
        begun = datetime.combine(self.first, time(), self.now.tzinfo) + _DAY_START
        west = -int((self.now.utcoffset() or timedelta()) / timedelta(minutes=1))
        conf = {
            "curDeck": 1,
            "activeDecks": [1],
            "schedVer": 2,
            "sched2021": True,
            "creationOffset": west,
            "localOffset": west,
            "rollover": _DAY_START // timedelta(hours=1),
            "nextPos": len(self.foreign.notes) + 1,
        }
        models = {str(one.id): _model(one, self.stamp) for one in (*_TYPES.values(), _WITH_EXTRA)}
        models |= {str(of): one for of, one in self.foreign.origins.types.items()}
        decks = {str(of): _deck(of, name, self.stamp) for name, of in self.decks.items()}
        decks["1"] = _deck(1, "Default", self.stamp)
        said = [json.dumps(one) for one in (conf, models, decks, {"1": _OPTIONS}, {})]
        head = (1, int(begun.timestamp()), 1000 * self.stamp, 1000 * self.stamp, 11, 0, 0, 0)
        self._insert("col", [(*head, *said)])

    def _note(self, number: int, guid: str, note: ForeignNote) -> tuple[Any, ...]:
        """A note as it came, where that is known; then one that says what it did there is no newer,
        and Anki leaves its own."""
        if came := self.foreign.origins.notes.get(guid):
            kind, fields, tags = came.type, list(came.fields), came.tags
            changed = self.stamp if came.changed is None else came.changed
        else:
            kind, fields, changed = _type(note).id, _fields(note), self.stamp
            tags = f" {' '.join(note.tags)} " if note.tags else ""
        sorted_by = _TAG.sub("", fields[0])
        digest = hashlib.sha1(sorted_by.encode(), usedforsecurity=False).hexdigest()
        said = (tags, "\x1f".join(fields), sorted_by, int(digest[:8], 16))
        return (number, guid, kind, changed, -1, *said, 0, "")

    def _cards(
        self, number: int, first: int, guid: str, mark: str, place: int, note: ForeignNote
    ) -> Iterator[tuple[Any, ...]]:
        """The cards of the note *number*, which are numbered from the *first*; the *mark* of a part
        of the note that Anki calls *guid* says which of its cards it is."""
        deck = self.decks["::".join(note.deck) or "Default"]
        came = self.foreign.origins.notes.get(guid)
        keys = ankihtml.hidden_numbers(note.answer) if note.card is CardStyle.CLOZE else {}
        for nth, side in enumerate(sides(note)):
            order = keys[side.removeprefix("cloze:")] - 1 if keys else nth
            order = _place(mark) if mark else order
            known = self.schedules.get((note.guid, side), Schedule(note.guid, side, Stage.NEW))
            self.cards[note.guid, side] = first + nth
            head = (first + nth, number, deck, order, self.stamp, -1)
            ease = came.eases.get(order, EASE) if came else EASE
            state, memory = self._state(known, place, ease), json.dumps(self._memory(known))
            yield (*head, *state, 0, 0, 0, memory)

    def _state(self, known: Schedule, place: int, ease: int) -> tuple[int, ...]:
        """Type, queue, due, interval, ease, reviews, lapses and steps left."""
        queue = _BURIED if known.buried else _QUEUES[known.stage]
        queue = _SUSPENDED if known.suspended else queue
        kind = _STAGES.index(known.stage)
        if known.stage is Stage.NEW:
            return kind, queue, place, 0, 0, known.reps, known.lapses or 0, 0
        due = ((known.due or self.first) - self.first).days
        steps = 0 if known.stage is Stage.REVIEW else _LAST_STEP
        return kind, queue, due, known.interval, ease, known.reps, known.lapses or 0, steps

    def _memory(self, known: Schedule) -> Mapping[str, float]:
        """What FSRS knows there of a card."""
        if known.stage is Stage.NEW or known.stability is None or known.difficulty is None:
            return {}
        memory = {"s": round(known.stability, 4), "d": round(known.difficulty, 3)}
        if last := self.last.get((known.guid, known.side)):
            return {**memory, "lrt": int(last.at.timestamp())}
        return memory

    def _reviews(self) -> Iterator[tuple[Any, ...]]:
        """The log. An interval is how long it really was, as no more is known of it: from it Anki
        tells young cards from mature ones."""
        taken, before = set[int](), dict[tuple[str, str], date]()
        for review in self.foreign.reviews:
            key = (review.guid, review.side)
            at = int(review.at.timestamp() * 1000)
            while at in taken:
                at += 1
            taken.add(at)
            cram = review.kind is Moment.CRAM
            former = (review.day - before.get(key, review.day)).days
            took = int(review.duration / timedelta(milliseconds=1))
            kind = _KINDS.index(review.kind)
            after = 0
            if self.last.get(key) is review and key in self.schedules:
                after = self.schedules[key].interval
            figures = (after, max(0, former), 0 if cram else EASE, took, kind)
            yield (at, self.cards[key], -1, review.rating, *figures)
            if not cram:
                before[key] = review.day


def _type(note: ForeignNote) -> _Type:
    has_extra = note.card is CardStyle.CLOZE and halves(note.answer)[1]
    return _WITH_EXTRA if has_extra else _TYPES[note.card]


def _fields(note: ForeignNote) -> list[str]:
    if note.card is CardStyle.CLOZE:
        text, extra = halves(note.answer)
        fields = [ankihtml.hiding(text), ankihtml.field(note.question)]
        return [*fields, ankihtml.field(extra)] if extra else fields
    return [ankihtml.field(note.question), ankihtml.field(note.answer)]


def _place(mark: str) -> int:
    """Which card of its note a part is: the place of its template (/1), or of its gap (/c1)."""
    return int(mark[2:]) - 1 if mark.startswith("/c") else int(mark[1:])


def _width(note: ForeignNote) -> int:
    return len(sides(note))


def _deck_id(name: str) -> int:
    """The same whenever a deck of this name is written, and none of those that Anki makes."""
    if name == "Default":
        return 1
    digest = hashlib.sha1(name.encode(), usedforsecurity=False).digest()
    return (1 << 40) + int.from_bytes(digest[:4])


def _model(kind: _Type, stamp: int) -> dict[str, Any]:
    fields = [
        {"name": name, "ord": at, "sticky": False, "rtl": False, "font": "Arial", "size": 20}
        for at, name in enumerate(kind.fields)
    ]
    templates = [
        {"name": name, "ord": at, "qfmt": front, "afmt": back, "bqfmt": "", "bafmt": "",
         "did": None}
        for at, (name, front, back) in enumerate(kind.templates)
    ]  # fmt: skip
    return {
        "id": kind.id,
        "name": kind.name,
        "type": int(kind.hides),
        "mod": stamp,
        "usn": -1,
        "sortf": 0,
        "did": None,
        "tmpls": templates,
        "flds": fields,
        "css": _CSS,
        "latexPre": "",
        "latexPost": "",
        "latexsvg": False,
        "req": [[at, "any", [at]] for at in range(len(templates))],
    }


def _deck(of: int, name: str, stamp: int) -> dict[str, Any]:
    today = {f"{what}Today": [0, 0] for what in ("new", "rev", "lrn", "time")}
    shown = {"collapsed": False, "browserCollapsed": False, "desc": "", "dyn": 0, "conf": 1}
    return {"id": of, "mod": stamp, "name": name, "usn": -1, **today, **shown,
            "extendNew": 0, "extendRev": 0}  # fmt: skip


_OPTIONS = {
    "id": 1,
    "mod": 0,
    "name": "Default",
    "usn": 0,
    "maxTaken": 60,
    "autoplay": True,
    "timer": 0,
    "replayq": True,
    "new": {"bury": False, "delays": [1.0, 10.0], "initialFactor": EASE, "ints": [1, 4, 0],
            "order": 1, "perDay": 20},
    "rev": {"bury": False, "ease4": 1.3, "ivlFct": 1.0, "maxIvl": 36500, "perDay": 200,
            "hardFactor": 1.2},
    "lapse": {"delays": [10.0], "leechAction": 1, "leechFails": 8, "minInt": 1, "mult": 0.0},
    "dyn": False,
}  # fmt: skip
