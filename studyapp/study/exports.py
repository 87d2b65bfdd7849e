"""What goes to foreign files: a learner's notes with their cards, schedules and reviews.

Here they become what every writer takes (`notes/writers.py`): notes that are asked, are asked both
ways or hide texts. A note's guid is the one with which it came from another program, else it is
made of its identity here, so that it is known again however it is reworded.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta, timezone
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import UUID

from sqlalchemy import Connection, func, select

from studyapp import disk
from studyapp.errors import StudyError
from studyapp.garbage import uncollected
from studyapp.memory.clock import study_day
from studyapp.memory.fold import CRAMMED
from studyapp.memory.state import State
from studyapp.notes import formats, origin, writers
from studyapp.notes.caption import named
from studyapp.notes.card import REVERSED, hiding_nothing, outside_code, with_extra
from studyapp.notes.deck import asked, is_made
from studyapp.notes.foreign import (
    Foreign,
    ForeignNote,
    ForeignReview,
    Media,
    Moment,
    Schedule,
    Stage,
)
from studyapp.notes.media import (
    FOLDER,
    LARGEST,
    LINK,
    Shelf,
    file_of,
    is_elsewhere,
    path_of,
    target,
)
from studyapp.notes.note import CardStyle, Depth, Note, NoteKind
from studyapp.notes.origin import Origins
from studyapp.notes.outgoing import LEFT_OUT, Lost, Told, shown
from studyapp.notes.outgoing import sides as sides_of
from studyapp.store import owner, record, tables
from studyapp.store.memory import MEMORY_COLUMNS, as_memory
from studyapp.study import aside, original, words
from studyapp.study.card import as_note
from studyapp.study.original import Part
from studyapp.study.pause import paused

card = tables.card.c
chapter = tables.chapter.c
memory = tables.memory.c
note = tables.note.c
review = tables.review.c
root = tables.root.c

_CITED = re.compile(r"\[(?P<words>[^\[\]]+)\]\(<?(?:fact|lesson):[^)\s>]+>?\)")
_EDITED = ("hashcards", "obsidian")  # by hand, so that a former file is kept, and read in a folder
_ANKI, _ANKI_TEXT = "anki", "anki-text"
_NAMED = 3  # notes that are told by name
_KEPT_THERE = (
    "from elsewhere, of which Anki keeps its own text, as conflicting, where it has a type of its "
    "own, unless the file goes into another profile"
)
_MOMENTS: Mapping[int, Moment] = {
    State.NEW: Moment.LEARNING,
    State.LEARNING: Moment.LEARNING,
    State.REVIEW: Moment.REVIEW,
    State.RELEARNING: Moment.RELEARNING,
}


@dataclass(frozen=True, slots=True)
class Outgoing:
    """What is to be written, and what of the notes is not in it whatever the format. `cards` says
    which card (its id) each side there is, `brought` how many notes came from elsewhere. Those of
    `strange` were edited so that Anki's fields cannot say it, those of `gone` ask what a card did
    that Anki has no more; `beside` is what its fields alone show."""

    foreign: Foreign
    lost: Lost
    cards: Mapping[int, tuple[str, str]]
    brought: int
    strange: tuple[ForeignNote, ...] = ()
    gone: tuple[ForeignNote, ...] = ()
    beside: tuple[Media, ...] = ()


def chapters_of(connection: Connection, pack: str | None, *, learner: int) -> list[int]:
    """The chapters and decks of a pack, or of all. Raises StudyError if there is none."""
    rows = connection.execute(
        select(chapter.id, chapter.pack)
        .where(owner.theirs(chapter, learner=learner))
        .order_by(*tables.IN_ORDER)
    ).all()
    found = [row.id for row in rows if pack in (None, row.pack)]
    if pack is not None and not found:
        there = words.listed(sorted({row.pack for row in rows})) if rows else "none"
        raise StudyError(f"There is no pack {pack!r}; the packs are {there}.")
    return found


@uncollected
def collect(
    connection: Connection, chapters: Sequence[int], now: datetime, *, learner: int
) -> Outgoing:
    """The notes of *chapters* (ids) in the order of the book, with what the learner's log knows of
    their cards. Raises StudyError if there is none."""
    gathering = _Gathering()
    names = defaultdict[int, dict[str, int]](dict)  # ids of cards by note and side
    for row in connection.execute(
        select(card.note_id, card.side, card.id).where(
            card.chapter_id.in_(chapters), card.missing_since.is_(None)
        )
    ):
        names[row.note_id][row.side] = row.id
    chosen = (
        note.chapter_id.in_(chapters),
        note.missing_since.is_(None),
        owner.visible_of_all(learner=learner),
    )
    folders = select(root.path).distinct().join(tables.note, note.root_id == root.id)
    for folder in connection.scalars(folders.where(*chosen, note.guid.is_not(None))):
        gathering.know(Path(folder))
    for row in connection.execute(
        select(tables.note, chapter.number.label("chapter"), chapter.title, chapter.pack)
        .add_columns(root.path.label("folder"))
        .join(tables.chapter, chapter.id == note.chapter_id)
        .outerjoin(tables.root, root.id == note.root_id)
        .where(*chosen)
        .order_by(*tables.IN_ORDER, note.kind, note.path, note.line)
    ):
        gathering.take(row, names[row.id])
    if not gathering.notes:
        raise StudyError("There is no note with a card in it; nothing was written.")
    variants = select(func.count()).select_from(tables.variant)
    variants = variants.join(tables.note, note.id == tables.variant.c.note_id).where(*chosen)
    gathering.lost["variant", LEFT_OUT] += connection.scalar(variants) or 0
    stopped = paused(connection, learner=learner).keys() & set(chapters)
    gathering.lost["deck", "that is paused, and is not there"] += len(stopped)
    marked = aside.marked(connection, learner=learner) & gathering.cards.keys()
    gathering.lost["card", "marked to be mended, and not marked there"] += len(marked)
    today = study_day(now)
    back = original.back(gathering.parts, gathering.origins.__getitem__)
    foreign = Foreign(
        tuple(gathering.notes),
        tuple(_schedules(connection, gathering.cards, chapters, today, learner=learner)),
        tuple(_reviews(connection, gathering.cards, chapters, learner=learner)),
        tuple({one.name: one for one in gathering.media.values()}.values()),
        origins=back.origins,
    )
    beside = tuple(gathering.beside(back.origins))
    known = (gathering.lost, gathering.cards, gathering.brought, back.strange, back.gone, beside)
    return Outgoing(foreign, *known)


@uncollected
def save(path: Path, form: str, made: Outgoing, now: datetime, told: Told) -> tuple[Lost, Path]:
    """Write *made* to a file of the format *form*, whole or not at all; what is lost, and where the
    former file is now if people may have edited it, else *path* itself.

    Raises StudyError for a file that is there and of another format, or cannot be written.
    """
    former, before = path, b""
    if disk.is_there(path):
        before = _known(path, form)
    with disk.replacing(path) as draft:
        foreign = made.foreign
        if form == _ANKI:
            foreign = replace(_without(foreign, made.gone), media=tuple(_media_there(made)))
        lost = writers.writer(form).write(draft, foreign, now, told)
        if form in _EDITED:
            lost += _put_beside(path, made.foreign.media)
        if form == _ANKI:
            lost += _kept_there(made)
        if form == _ANKI_TEXT:
            lost["note", _KEPT_THERE] += made.brought
        if before and form in _EDITED and draft.read_bytes() != before:
            former = disk.beside(path)
            disk.write(former, before)
    return made.lost + lost, former


def _without(foreign: Foreign, gone: Iterable[ForeignNote]) -> Foreign:
    """What goes to Anki without notes that would be new there, and second ones."""
    guids = {one.guid for one in gone}
    return replace(
        foreign,
        notes=tuple(one for one in foreign.notes if one.guid not in guids),
        schedules=tuple(one for one in foreign.schedules if one.guid not in guids),
        reviews=tuple(one for one in foreign.reviews if one.guid not in guids),
    )


def _media_there(made: Outgoing) -> Iterator[Media]:
    """What a package of Anki's has to show: what fields name, and of the notes without fields of
    their own what their text does. The pictures that were drawn for a text stay here."""
    back = made.foreign.origins
    others = (note for note in made.foreign.notes if note.guid not in back.parts)
    names = original.shown(back) | {one.name for one in shown(made.foreign, others)}
    yield from (one for one in (*made.foreign.media, *made.beside) if one.name in names)


def _kept_there(made: Outgoing) -> Lost:
    """The notes of which Anki keeps what it has."""
    back, strange, gone = made.foreign.origins.parts, made.strange, made.gone
    others = made.brought - len(back.keys() | {one.guid for one in (*strange, *gone)})
    told = f"edited here in a way that its fields in Anki cannot say, which stay: {_some(strange)}"
    left = f"of a card that Anki has no more, {LEFT_OUT}: {_some(gone)}"
    counts = {_KEPT_THERE: others, told: len(strange), left: len(gone)}
    return Lost({("note", becomes): count for becomes, count in counts.items()})


def _some(notes: Sequence[ForeignNote]) -> str:
    """The first of some notes by name, and how many more there are."""
    names = words.listed([named(one.question or one.answer) for one in notes[:_NAMED]])
    return names + (f" and {len(notes) - _NAMED:,} more" if len(notes) > _NAMED else "")


def _put_beside(path: Path, media: Iterable[Media]) -> Lost:
    """Put pictures and sounds where the notes of the file at *path* look for them; another file of
    the same name stays beside it. Says what could not be read."""
    lost = Lost()
    for medium in media:
        place = path.parent / FOLDER / medium.name
        try:
            data = medium.read()
            former = place.read_bytes() if place.is_file() else None
        except (OSError, StudyError):
            lost["file", f"beside a note, {LEFT_OUT}, as it cannot be read"] += 1
            continue
        if former not in (None, data):
            disk.write(disk.beside(place), former)
        if former != data:
            disk.write(place, data)
    return lost


def sentence(form: str, lost: Lost) -> str:
    """What a format cannot carry, with counts; empty if it carries all."""
    told = [
        f"{words.count(count, noun)} {becomes}"
        for (noun, becomes), count in sorted(lost.items())
        if count
    ]
    return f"What {form} cannot carry: {'; '.join(told)}." if told else ""


def _known(path: Path, form: str) -> bytes:
    """The file that is there. Raises StudyError if it is of another format, or was not written
    here."""
    try:
        there = path.read_bytes()
        same = not there or formats.recognise(path) == form
        ours = not there or writers.writer(form).is_ours(path)
    except OSError as error:
        raise StudyError(f"{path} cannot be read: {error.strerror}.") from error
    except StudyError:
        same = ours = False
    if not same:
        raise StudyError(
            f"{path} is there already and not of the format {form}; give another name."
        )
    if not ours:
        raise StudyError(f"{path} is there already and was not written here; give another name.")
    return there


@dataclass
class _Gathering:
    """The notes as they are taken one by one; `cards` says which of theirs a card here is."""

    notes: list[ForeignNote] = field(default_factory=list)
    cards: dict[int, tuple[str, str]] = field(default_factory=dict)
    media: dict[Path, Media] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    lost: Lost = field(default_factory=Lost)
    brought: int = 0
    parts: list[Part] = field(default_factory=list)
    origins: dict[Path, Origins] = field(default_factory=dict)
    fixed: dict[str, Path] = field(default_factory=dict)  # files whose names in Anki stay

    def know(self, folder: Path) -> None:
        """Learn what of a pack came from Anki. A note whose picture has the name of another one
        cannot go back."""
        came, clashing = origin.read(disk.said(folder / origin.FILE)), set[str]()
        for name in original.shown(came):
            if (path := original.file_called(name, folder)) is None:
                continue
            other = self.fixed.setdefault(name, path)
            if other != path and other.read_bytes() != path.read_bytes():
                clashing.add(name)
        if clashing:
            notes = {
                guid: one
                for guid, one in came.notes.items()
                if not clashing & original.shown(Origins(notes={guid: one}))
            }
            came = Origins(came.types, notes)
        self.origins[folder] = came
        self.names |= {name.casefold() for name in self.fixed}

    def beside(self, back: Origins) -> Iterator[Media]:
        """What fields show that no text does."""
        there = {one.name for one in self.media.values()}
        for name in sorted(original.shown(back) - there):
            if path := self.fixed.get(name):
                yield Media(name, path.read_bytes)

    def take(self, row: Any, cards: Mapping[str, int]) -> None:
        said = as_note(row)
        if said.card is CardStyle.DO:
            self.lost["task", f"{LEFT_OUT}, as it has no card"] += 1
            return
        deck = tuple(row.title.split("::"))
        if row.chapter is not None:
            deck = (row.pack, f"{row.chapter:02} {row.title}")
        guid = said.guid or UUID(bytes=row.uid).hex
        kind, question, answer = self._text(said)
        made = ForeignNote(
            guid,
            self._linked(question, row),
            self._linked(answer, row),
            card=kind,
            deck=deck,
            tags=said.tags,
        )
        self.notes.append(made)
        self.brought += said.guid is not None
        if said.guid and row.folder:
            self.parts.append(Part(made, said, _path(row.folder)))
        theirs = set(sides_of(made))
        for side, card_id in cards.items():
            if (name := _renamed(side)) in theirs:
                self.cards[card_id] = (guid, name)
            else:
                self.lost["card", LEFT_OUT] += 1

    def _text(self, said: Note) -> tuple[CardStyle, str, str]:
        """A note as it is asked elsewhere: style, question and answer."""
        if said.section or said.family or said.depth is not Depth.CORE:
            self.lost["note", "with a section, a family or a depth, which stay here"] += 1
        if said.sources:
            self.lost["note", "with sources, which stay here"] += 1
        question, answer = asked(said) if said.front else said.question, said.answer
        if said.card is CardStyle.ITEMS:
            self.lost["note", "of points, which are hidden texts there"] += 1
            listed = "\n".join(
                f"- =={hiding_nothing(point.text)}=={{#{point.id}}}" for point in said.points
            )
            return CardStyle.CLOZE, question, with_extra(listed, answer)
        below = with_extra if said.card is CardStyle.CLOZE else _below
        if said.points:
            self.lost["note", "with points, which are a list in the answer"] += 1
            extra = (("extra: " if point.extra else "") + point.text for point in said.points)
            answer = below(answer, "\n".join(f"- {text}" for text in extra))
        if said.as_of:
            answer = below(answer, f"As of {said.as_of}.")
        if said.card is CardStyle.CLOZE:
            return said.card, "" if is_made(question, answer) else question, answer
        if said.card is CardStyle.ORDER:
            self.lost["list", "to be put in order, asked for as a whole"] += 1
        if said.kind is not NoteKind.TERM:
            both = said.card is CardStyle.BOTH
            return CardStyle.BOTH if both else CardStyle.ANSWER, question, answer
        self.lost["term", "asked for as a question"] += 1
        if said.synonyms:
            question = _below(question, f"Also: {', '.join(said.synonyms)}")
        return CardStyle.BOTH if said.reverse else CardStyle.ANSWER, question, answer

    def _linked(self, text: str, row: Any) -> str:
        """A text whose links lead where other programs can follow them."""
        if "](" not in text:
            return text

        def link(piece: str) -> str:
            piece, cited = _CITED.subn(r"\g<words>", piece)
            self.lost["link", "to an experiment, written as its words"] += cited
            return LINK.sub(lambda found: self._beside(found, row), piece)

        return outside_code(text, link)

    def _beside(self, found: re.Match[str], row: Any) -> str:
        """The address of a picture or a sound that lies in the note's pack, and is to come along.
        What lies elsewhere on this machine is nobody's."""
        address = target(found)
        if is_elsewhere(address) or not Path(path_of(address)).suffix:
            return found[0]
        path = file_of(address, Shelf(Path(row.path), Path(row.folder))) if row.folder else None
        if path is None or path.stat().st_size > LARGEST:
            self.lost["link", "to a file that is not in the pack, or too large"] += 1
            return found[0]
        if path not in self.media:
            self.media[path] = Media(self._name(path), path.read_bytes)
        return f"media/{quote(self.media[path].name)}"

    def _name(self, path: Path) -> str:
        """A name that no other file has: in one folder all must lie together."""
        if self.fixed.get(path.name) == path:
            return path.name
        name, number = path.name, 1
        while name.casefold() in self.names:
            number += 1
            name = f"{path.stem}-{number}{path.suffix}"
        self.names.add(name.casefold())
        return name


@lru_cache(8)
def _path(folder: str) -> Path:
    """One value for all notes of a pack, which is hashed once."""
    return Path(folder)


@lru_cache(64)
def _zone(seconds: int) -> timezone:
    return timezone(timedelta(seconds=seconds))


def _renamed(side: str) -> str:
    """A card's side as other programs know it."""
    kind, _, key = side.partition(":")
    return {
        "meaning": "answer",
        "term": REVERSED,
        "order": "answer",
        "item": f"cloze:{key}",
    }.get(kind, side)


def _below(*parts: str) -> str:
    return "\n\n".join(part for part in parts if part)


def _schedules(
    connection: Connection,
    cards: Mapping[int, tuple[str, str]],
    chapters: Sequence[int],
    today: date,
    *,
    learner: int,
) -> Iterator[Schedule]:
    """How each card stands that was ever rated, or set aside."""
    for row in connection.execute(
        select(*MEMORY_COLUMNS, card.id)
        .join(tables.card, card.id == memory.card_id)
        .where(memory.learner_id == learner, card.chapter_id.in_(chapters))
    ):
        known = as_memory(row)
        buried = known.buried_until is not None and known.buried_until > today
        if row.id not in cards or not (known.state or known.suspended or buried):
            continue
        interval = (known.due - known.last_day).days if known.due and known.last_day else 0
        yield Schedule(
            *cards[row.id],
            Stage[known.state.name],
            due=known.due,
            last=known.last_day,
            interval=max(0, interval),
            stability=known.stability,
            difficulty=known.difficulty,
            reps=known.reviews,
            lapses=known.lapses,
            suspended=known.suspended,
            buried=buried,
        )


def _reviews(
    connection: Connection,
    cards: Mapping[int, tuple[str, str]],
    chapters: Sequence[int],
    *,
    learner: int,
) -> Iterator[ForeignReview]:
    """The log of the cards, the oldest review first."""
    for card_id, at, offset, day, rating, kind, before, duration in connection.execute(
        select(
            review.card_id,
            review.at,
            review.offset,
            review.effective_day,
            review.rating,
            review.kind,
            review.state_before,
            review.duration,
        )
        .join(tables.card, card.id == review.card_id)
        .where(review.learner_id == learner, card.chapter_id.in_(chapters), record.not_retracted())
        .order_by(review.at, review.uid)
    ):
        if card_id not in cards:
            continue
        yield ForeignReview(
            *cards[card_id],
            at.astimezone(_zone(offset)),
            day,
            rating,
            Moment.CRAM if kind in CRAMMED else _MOMENTS[before],
            timedelta(milliseconds=duration),
        )
