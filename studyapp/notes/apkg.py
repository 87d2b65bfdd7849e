"""Anki's packages and collections of all three generations: notes, schedules, reviews and media.

A note is known by Anki's own id. A card of a reversed type is the other side of its note, one of a
type that hides texts is that text; any other type with several cards becomes a note for each.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from studyapp.errors import StudyError, printable
from studyapp.notes import ankifield, collection
from studyapp.notes.ankihead import Head, json_object
from studyapp.notes.ankitype import (
    NoteType,
    back_of,
    filled,
    is_reversed,
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
_STAGES = (Stage.NEW, Stage.LEARNING, Stage.REVIEW, Stage.RELEARNING)
_MOMENTS = (Moment.LEARNING, Moment.REVIEW, Moment.RELEARNING)
_FILTERED, _SUSPENDED, _BURIED = 3, -1, (-2, -3)
_SECONDS = 1_000_000_000  # a date of a card being learned is one of seconds, or of days
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
            if package.media:
                collection.check_media(path, package.media.values())
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
        head = Head(self.connection)
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
        data = json_object(card.data)
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


def _number(said: object) -> float | None:
    return float(said) if isinstance(said, (int, float)) and abs(said) < 1e12 else None


def _shown_file(fields: Mapping[str, str]) -> str:
    """The name of the first picture in some fields."""
    found = (ankifield.read(text).media for text in fields.values())
    return next((min(names) for names in found if names), "it has no name")


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SHORT else f"{line[:_SHORT]}…"
