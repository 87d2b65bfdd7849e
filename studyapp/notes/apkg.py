"""Anki's packages and collections of all three generations: notes, schedules, reviews and media.

A note is known by Anki's own id. A card of a reversed type is the other side of its note, one of a
type that hides texts is that text; any other type with several cards becomes a note for each, and
so does each number of a note that hides texts if it cannot be hidden here.
"""

from __future__ import annotations

import hashlib
import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from studyapp.errors import StudyError, printable
from studyapp.notes import ankifield, ankigap, collection, occlusion, plaintext, written
from studyapp.notes.ankihead import Head, json_object
from studyapp.notes.ankimodel import Model, note_type
from studyapp.notes.ankitype import (
    EXTRA,
    NoteType,
    Template,
    back_of,
    filled,
    hinted,
    is_reversed,
    is_typed,
    revealed,
    unshown,
    untyped,
)
from studyapp.notes.caption import named
from studyapp.notes.card import REVERSED, with_extra
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
from studyapp.notes.origin import EASE, EASES, Original, Origins, is_ours

_TABLES = ("col", "notes", "cards", "revlog")
_STAGES = (Stage.NEW, Stage.LEARNING, Stage.REVIEW, Stage.RELEARNING)
_MOMENTS = (Moment.LEARNING, Moment.REVIEW, Moment.RELEARNING)
_FILTERED, _SUSPENDED, _BURIED = 3, -1, (-2, -3)
_SECONDS = 1_000_000_000  # a date of a card being learned is one of seconds, or of days
_OCCLUDED = re.compile(r"\{\{c[0-9,]++::image-occlusion:")
_MASKED = "io-overlay"  # in a template of that add-on, above the picture that gives all away
_RULES = re.compile(r"\A(?:\*{3}\s+)+|\A\*{3}\Z")  # which a template has above what it adds
_EMPTY = "a card whose hidden text is gone, which Anki calls empty"
_LONGEST = 12 << 20  # characters of a note with pictures in it
_BEGINS = 1000  # characters of a note, from which it is named in a problem


def recognises(head: bytes, path: Path) -> bool:
    """Whether a file is a zip or a database: nothing else that is read here is."""
    return collection.recognises(head)


def read(path: Path) -> Foreign:
    """Everything in a package. Raises StudyError if it cannot be read, or is none of Anki's."""
    try:
        with collection.opened(path) as package:
            connection = package.connection
            collection.check_tables(connection, _TABLES)
            reading = _Reading(path, package.media)
            reading.run(connection)
            if package.media:
                reading.leave_out(collection.check_media(path, package.media))
            return Foreign(
                tuple(reading.notes),
                tuple(reading.schedules),
                tuple(reading.reviews),
                tuple(reading.media()),
                origins=Origins(reading.types, reading.originals).sound,
                problems=tuple(reading.problems),
            )
    except OSError as error:
        raise StudyError(f"{path} cannot be read: {error.strerror}.") from error
    except StudyError as error:
        raise StudyError(f"{path} is not a package of Anki's that can be read: {error}.") from None


_Now: TypeAlias = tuple[
    NoteType | None, Sequence[str]
]  # a note: its type, and how its fields begin


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
    flag: int
    ease: int


def parts(kind: NoteType, fields: Sequence[str], places: Sequence[int]) -> dict[str, ForeignNote]:
    """What a note with these *fields* and the cards at *places* is here, by its marks. A picture
    with hidden parts is nothing, as that takes its package."""
    reading = _Reading(Path(), {})
    cards = [_Card(at, place, 0, 0, 0, 0, 0, 0, "", 0, 0, 0) for at, place in enumerate(places)]
    keep = partial(reading._keep, guid="", deck=(), tags=())
    reading._parts("", kind, reading._lifted(fields), cards, keep)
    return {note.guid: note for note in reading.notes}


class _Reading:
    """What has been found in a collection."""

    def __init__(self, path: Path, files: Mapping[str, str]) -> None:
        """*files* are the members of the package by the names of the media."""
        self.path, self.files = path, files
        self.types: dict[int, Model] = {}
        self.originals: dict[str, Original] = {}
        self.spoilt = set[str]()  # the files that are not what they are called
        self.drawn: dict[str, Media] = {}  # pictures of which a part is covered
        self.typed = 0  # cards that ask to type their answer
        self.notes: list[ForeignNote] = []
        self.schedules: list[Schedule] = []
        self.reviews: list[ForeignReview] = []
        self.problems: list[Problem] = []
        self.sides: dict[int, tuple[str, str]] = {}  # guid and side of each card
        self.last: dict[int, date] = {}  # the study day of a card's last review
        self.now: _Now = (None, [])  # the note being read
        self.lost: dict[str, list[_Now]] = {}  # what is left out, and of which notes
        self.shown: dict[str, _Now] = {}  # the names of media, and the first note that shows them

    def report(self, message: str) -> None:
        self.problems.append(Problem(self.path, 0, printable(message)))

    def report_note(self, message: str) -> None:
        """A problem of the note that is being read."""
        self.report(f"{_called(*self.now)}: {message}")

    def run(self, connection: sqlite3.Connection) -> None:
        head = Head(connection)
        self.clock = head.clock()
        models, decks = head.models(), head.decks()
        kinds = {of: note_type(one) for of, one in models.items()}
        cards = self._cards(connection)
        for row in connection.execute(
            "SELECT id, guid, mid, mod, tags, "
            "CASE WHEN length(flds) <= ? THEN flds WHEN length(flds) <= ? THEN "
            "CASE WHEN instr(flds, 'data:image/') THEN flds END END, "
            "CASE WHEN typeof(flds) = 'text' THEN substr(flds, 1, ?) END FROM notes ORDER BY id",
            (4 * ankifield.LONGEST, _LONGEST, _BEGINS),
        ):
            self._note(row, kinds, decks, cards)
        used = {one.type for one in self.originals.values()}
        self.types = {of: one for of, one in models.items() if of in used}
        self._reviews(connection)
        for of in cards.values():
            for card in of:
                self._schedule(card)
        self._tell_lost()
        flagged = sum(card.flag > 0 for of in cards.values() for card in of)
        for count, told in (
            (flagged, "a flag, which is left out"),
            (self.typed, "a field to type the answer in, which is left out"),
        ):
            if count:
                self.report(f"{count:,} of its cards {'has' if count == 1 else 'have'} {told}")

    def _cards(self, connection: sqlite3.Connection) -> dict[int, list[_Card]]:
        """The cards by note. In a filtered deck a card has its own deck and date beside it."""
        cards: dict[int, list[_Card]] = {}
        for nid, *said in connection.execute(
            "SELECT nid, id, ord, type, queue, CASE WHEN odid THEN odue ELSE due END, ivl, reps, "
            "lapses, data, CASE WHEN odid THEN odid ELSE did END, flags & 7, factor FROM cards "
            "ORDER BY nid, ord"
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
        nid, guid, mid, changed, tags, said, begins = row
        kind, of = kinds.get(mid), cards.get(nid, [])
        if not isinstance(guid, str) or not guid.strip():
            guid = f"anki {nid}"
        self.now = (kind, begins.split("\x1f") if begins else [])
        if not isinstance(said, str):
            self.report_note("it is longer than is read here, or no text")
            return
        if kind is None:
            self.report_note("it is of a type that the package does not have")
            return
        raw = tuple(said.split("\x1f"))
        values = self._lifted(raw)
        if "data:" in begins:
            self.now = (kind, [value[:_BEGINS] for value in values])
        if max(map(len, values)) > ankifield.LONGEST:
            self.report_note(f"it has a field longer than {ankifield.LONGEST:,} characters")
            return
        deck = decks.get(of[0].deck, ()) if of else ()
        marks = tuple(tags.split()) if isinstance(tags, str) else ()
        places = [card.place for card in of]
        began = len(self.notes)
        self._parts(guid, kind, values, of, partial(self._keep, guid=guid, deck=deck, tags=marks))
        says = {note.guid.removeprefix(guid): "" for note in self.notes[began:]}
        whole = len(values) == len(kind.fields) and isinstance(changed, int)
        whole = whole and max(map(len, raw)) <= ankifield.LONGEST
        if whole and says and not is_ours(mid):
            tagged = tags if isinstance(tags, str) else ""
            eases = {card.place: card.ease for card in of if card.ease in EASES}
            eases = {place: ease for place, ease in eases.items() if ease != EASE}
            original = Original(mid, changed, tagged, raw, tuple(places), says, eases)
            self.originals.setdefault(guid, original)

    def _lifted(self, values: Sequence[str]) -> list[str]:
        """Fields in which pictures that are written into them have names."""
        found = [written.lifted(value) for value in values]
        for _, pictures in found:
            for name, data in pictures.items():
                self.drawn[name] = Media(name, partial(bytes, data))
        return [value for value, _ in found]

    def _parts(
        self,
        guid: str,
        kind: NoteType,
        values: Sequence[str],
        of: Sequence[_Card],
        keep: Callable[..., bool],
    ) -> None:
        """The notes that a note of a type becomes here."""
        fields = dict(zip(kind.fields, values, strict=False))
        if "::image-occlusion:" in "\x1f".join(values) and any(
            _OCCLUDED.search(text) for text in fields.values()
        ):
            self._covered(guid, fields, of, keep)
        elif any(_MASKED in template.front for template in kind.templates.values()):
            told = "a picture under a mask (of Image Occlusion Enhanced) is not read"
            self.report(f"{told}: {_shown_file(fields)}")
        elif kind.is_cloze:
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
            front = self._field(filled(template.front, fields, "type", "hint"))
            back = self._field(filled(back_of(template), fields))
            answer = self._with_extra(back, [*extra, *self._hints(template, fields)], fields)
            style = CardStyle.BOTH if both else CardStyle.ANSWER
            kept = keep(front, answer, style, mark=f"/{place}" if place else "")
            if not kept:
                continue
            guid = self.notes[-1].guid
            for card in cards:
                if card.place == place or both:
                    side = REVERSED if both and card.place == 1 else "answer"
                    self.typed += is_typed(kind.templates.get(card.place, template))
                    self.sides[card.id] = (guid, side)

    def _hints(self, template: Template, fields: Mapping[str, str]) -> list[str]:
        """The fields of hints in a question, which stand below its answer here."""
        found = [name for name in hinted(template) if fields.get(name, "").strip()]
        if found:
            self.lost.setdefault("a hint of the question, which the answer shows", []).append(
                self.now
            )
        return found

    def _cloze(
        self,
        kind: NoteType,
        fields: Mapping[str, str],
        cards: Sequence[_Card],
        keep: Callable[..., bool],
    ) -> None:
        template = kind.templates.get(0)
        if template is None:
            self.report_note(f"its type {kind.name!r} has no template")
            return
        back, alone = revealed(template)
        unseen = (*alone, *unshown(kind, [0]))
        extra = [name for name in unseen if fields.get(name, "").strip()]
        extra += self._hints(template, fields)
        front = self._field(filled(template.front, fields, "cloze", "hint"))
        if not re.search(r"\w", front):
            front = ""
        *asks, below = filled(untyped(back), fields).split(EXTRA)
        text, below = ("".join(asks), ankigap.only(below, ())) if asks else (below, "")
        if shows := ankigap.unread(text):
            self.report_note(shows)
        read, rest = ankifield.parted(text)
        self._met(read)
        told = _RULES.sub("", self._field(below))
        answer = with_extra(read.text, self._with_extra(told, extra, fields))
        kept = dict[int, tuple[str, str]]()  # guid and side by number
        if read.hidden and keep(front, answer, CardStyle.CLOZE):
            guid = self.notes[-1].guid
            kept |= {number: (guid, f"cloze:c{number}") for number in read.hidden}
        left = () if read.hidden else (1,)  # Anki has a card of what hides nothing, too
        asked = filled(untyped(template.front), fields, "hint")
        numbers = rest or left
        whole = text + below
        few = ankigap.few(numbers, whole)
        if len(few) < len(numbers):
            self.report_note(ankigap.left_out(len(numbers) - len(few)))
        for number in few:
            question = self._field(ankigap.covered(asked, number))
            shown = self._field(ankigap.shown(whole, number))
            answer = self._with_extra(shown, extra, fields)
            if keep(question, answer, CardStyle.ANSWER, mark=f"/c{number}"):
                kept[number] = (self.notes[-1].guid, "answer")
        for card in cards:
            if side := kept.get(card.place + 1):
                self.sides[card.id] = side
                self.typed += is_typed(template)
            elif card.place + 1 not in numbers:
                self.lost.setdefault(_EMPTY, []).append(self.now)

    def _covered(
        self,
        guid: str,
        fields: Mapping[str, str],
        of: Sequence[_Card],
        keep: Callable[..., bool],
    ) -> None:
        """A note for each hidden part of a picture: covered, and as it is."""
        name = _shown_file(fields)
        hidden = [part for text in fields.values() for part in occlusion.parts(text)]
        read = partial(collection.medium, self.path, self.files.get(name, ""))
        try:
            if name not in self.files:
                raise StudyError("not there")
            if not hidden:
                raise StudyError("of no shape that is known here")
            occlusion.check(read())
        except StudyError as error:
            self.report(f"a picture of which parts are hidden is not read ({error}): {name}")
            return
        told = {name: text for name, text in fields.items() if not _OCCLUDED.search(text)}
        header = self._field(told.pop("Header", ""))
        answer = "\n\n".join(filter(None, map(self._field, told.values())))
        of_note = hashlib.sha256(guid.encode()).hexdigest()[:8]
        for number in sorted({number for part in hidden for number in part.numbers}):
            drawn = f"hidden-{of_note}-{number}.png"
            asked = f"What is hidden in red? ({plaintext.inline(Path(name).stem)}, {number})"
            question = "\n\n".join(filter(None, (asked, header, f"![](media/{drawn})")))
            if not keep(question, answer, CardStyle.ANSWER, mark=f"/c{number}"):
                continue
            self.drawn[drawn] = Media(drawn, partial(_drawn, read, hidden, number))
            for card in of:
                if card.place == number - 1:
                    self.sides[card.id] = (self.notes[-1].guid, "answer")

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
        for name in read.media:
            self.shown.setdefault(name, self.now)
        for lost in read.lost:
            self.lost.setdefault(lost, []).append(self.now)

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
            self.report_note("the front of a card is empty")
            return False
        self.notes.append(ForeignNote(guid + mark, front, answer, card=style, deck=deck, tags=tags))
        return True

    # --- memory -----------------------------------------------------------------------------

    def _reviews(self, connection: sqlite3.Connection) -> None:
        gone = wrong = 0
        for at, cid, ease, factor, took, kind in connection.execute(
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
            (gone, "of cards that are not in it, or not read"),
            (wrong, "of a time that there is not"),
        ):
            if count:
                self.report(f"{count:,} of its reviews {'is' if count == 1 else 'are'} {told}")

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

    def leave_out(self, wrong: Mapping[str, str]) -> None:
        """Tell the files that are not what they are called, which do not come along."""
        for name, why in wrong.items():
            self.report(f"{name} is left out: {why}")
        self.spoilt = set(wrong)

    def media(self) -> Iterator[Media]:
        absent = sorted(self.shown.keys() - self.files.keys() - self.drawn.keys())
        if absent:
            more = f" and {len(absent) - 1:,} more" if len(absent) > 1 else ""
            called = _called(*self.shown[absent[0]])
            self.report(f"not in it, though {called} shows it: {absent[0]}{more}")
        for name, member in sorted(self.files.items()):
            if name in self.spoilt:
                continue
            yield Media(name, partial(collection.medium, self.path, member))
        yield from (one for name, one in self.drawn.items() if name not in self.files)

    def _tell_lost(self) -> None:
        for lost, notes in sorted(self.lost.items()):
            places, first = ("place", "") if len(notes) == 1 else ("places", "first ")
            self.report(
                f"left out in {len(notes):,} {places}: {lost}, {first}of {_called(*notes[0])}"
            )


def _number(said: object) -> float | None:
    return float(said) if isinstance(said, (int, float)) and abs(said) < 1e12 else None


def _drawn(read: Callable[[], bytes], hidden: Sequence[occlusion.Part], number: int) -> bytes:
    return occlusion.covered(read(), hidden, number)


def _shown_file(fields: Mapping[str, str]) -> str:
    """The name of the first picture in some fields."""
    found = (ankifield.read(text).media for text in fields.values())
    return next((min(names) for names in found if names), "it has no name")


def _called(kind: NoteType | None, values: Sequence[str]) -> str:
    """How a note begins: its front, or else the first of its fields that says something. Its gaps
    say nothing here, as a report is no place for an answer."""
    fields = dict(zip(kind.fields, values, strict=False)) if kind else {}
    template = kind.templates.get(0) if kind else None
    front = filled(template.front, fields) if template else ""
    for said in (front, *values):
        text = ankifield.read(ankigap.rewritten(said, lambda _: "…")).text
        if re.search(r"\w", text):
            return named(text)
    return named("")
