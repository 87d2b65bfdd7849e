"""Find notes and their cards: by their words, however they are written, and by how they stand."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, String, and_, bindparam, cast, select

from studyapp.config import Settings
from studyapp.memory.state import Memory
from studyapp.notes.card import uncovered, written_out
from studyapp.store import owner, tables
from studyapp.store.memory import MEMORY_COLUMNS, as_memory
from studyapp.store.record import batches
from studyapp.study import aside
from studyapp.study import query as typed_words
from studyapp.study.condition import apart, is_of_notes, parts_of
from studyapp.study.match import best
from studyapp.study.order import Order, ordered
from studyapp.study.query import Query
from studyapp.study.search import Few, Search

card = tables.card.c
chapter = tables.chapter.c
memory = tables.memory.c
note = tables.note.c
variant = tables.variant.c

LIMIT = 50  # notes that a search shows

# Put together once: for each key it would take longer than the search. What is JSON is read as
# text, as of most notes nobody looks at it.
_IDS: Any = bindparam("ids", expanding=True)
_NOTES = (
    select(note.id, note.prompt, note.front, note.answer, note.kind, note.path, chapter.number)
    .add_columns(cast(note.points, String).label("points"))
    .add_columns(cast(note.synonyms, String).label("synonyms"))
    .join(tables.chapter, chapter.id == note.chapter_id)
    .where(note.id.in_(_IDS))
)
_VARIANTS = (
    select(variant.note_id, variant.key, variant.prompt, variant.front, variant.answer)
    .add_columns(cast(variant.points, String).label("points"))
    .where(variant.note_id.in_(_IDS))
)
_CARDS = (
    select(*MEMORY_COLUMNS, card.note_id.label("note"), card.id.label("card"))
    .select_from(tables.card)
    .outerjoin(
        tables.memory, and_(memory.card_id == card.id, memory.learner_id == bindparam("whose"))
    )
    .where(card.note_id.in_(_IDS), card.missing_since.is_(None))
    .order_by(card.position, card.uid)
)


@dataclass(frozen=True, slots=True)
class Found:
    """One note that was searched for, with those of its `cards` that were, by id. `front` is what
    the question says below its heading; points and synonyms are lists as they are kept, in JSON."""

    note: int
    prompt: str
    front: str
    answer: str
    points: str
    synonyms: str
    chapter: int | None  # its number; None of a deck
    kind: str
    path: Path
    cards: Mapping[int, Memory]

    @property
    def text(self) -> str:
        """All of it as Markdown."""
        points = [str(point["text"]) for point in json.loads(self.points)]
        return written_out(self.prompt, self.front, self.answer, points, json.loads(self.synonyms))

    def first(self, now: datetime) -> Memory | None:
        """Of its cards that are not set aside, the one that comes first."""
        come = [
            one
            for one in self.cards.values()
            if not one.suspended and not aside.is_buried(one, now)
        ]
        return min(come, key=lambda one: (one.due is None, one.due or date.max), default=None)


def find(
    connection: Connection,
    typed: str,
    now: datetime,
    settings: Settings,
    *,
    order: Order = Order.MATCH,
    limit: int = LIMIT,
    learner: int,
) -> list[Found]:
    """The first *limit* notes that are what was *typed* (`study/query.py`); nothing finds nothing.

    Best first are those with all words in the question, then those that have them as words of their
    own, then as in the book; notes of which only a variant has them come last, and show that one.
    Raises StudyError for what means nothing.
    """
    wanted = typed_words.parse(typed)
    if wanted is None:
        return []
    search = Search(connection, now, settings, learner, parts_of(wanted))
    words, rest = apart(typed_words.All(tuple(search.parts)))
    if words and order is Order.MATCH:
        few = search.begun(words, rest)
        hits = best(search, words, rest, few, limit)
    else:
        few = search.few
        hits = [(one, "") for one in ordered(search, order, limit)]
    return _shown(search, hits, rest, few)


def cards(
    connection: Connection, typed: str, now: datetime, settings: Settings, *, learner: int
) -> dict[int, list[int]]:
    """All that `find` would find without a limit: the ids of cards by that of their note."""
    wanted, found = typed_words.parse(typed), dict[int, list[int]]()
    if wanted is not None:
        search = Search(connection, now, settings, learner, parts_of(wanted), whole=True)
        rows = search.select(note.id, card.id.label("card"), wanted=search.parts)
        if search.few is not None:
            rows = rows.where(search.among(search.few.ids))
        for row in connection.execute(rows.order_by(card.position)):
            found.setdefault(row.id, []).extend([row.card] if row.card is not None else [])
    return found


def there(connection: Connection, notes: Collection[int], *, learner: int) -> set[int]:
    """Those of *notes* that a search could find."""
    found = set[int]()
    for some in batches(sorted(notes)):
        found.update(
            connection.scalars(
                select(note.id).where(
                    note.id.in_(some),
                    note.missing_since.is_(None),
                    owner.visible(note, learner=learner),
                )
            )
        )
    return found


def left_out(
    connection: Connection, typed: str, now: datetime, settings: Settings, *, learner: int
) -> str:
    """Of what a search is to leave out, that there is no such thing: it finds all the same; or what
    waits for more to be typed. Else empty."""
    wanted, waits = typed_words.parse(typed), typed_words.unfinished(typed)
    if wanted is None or waits:
        return waits
    search = Search(connection, now, settings, learner, parts_of(wanted))
    return next(iter(search.left_out), "")


def _shown(
    search: Search, hits: Sequence[tuple[int, str]], rest: Sequence[Query], few: Few | None
) -> list[Found]:
    """These notes as they are shown, with the learner's memory of those cards of theirs for
    which the *rest* holds."""
    ids = [one for one, _ in hits]
    of = {row.id: row for row in search.connection.execute(_NOTES, {"ids": ids})}
    texts: dict[tuple[int, str], Any] = {}
    if any(key for _, key in hits):
        for row in search.connection.execute(_VARIANTS, {"ids": ids}):
            texts[row.note_id, row.key] = row
    cards, rest = _CARDS, [one for one in rest if not is_of_notes(one)]  # those hold already
    settled = bool(rest) and few is not None and not few.left(rest)
    if rest and not settled:
        cards = cards.join(tables.note, note.id == card.note_id)
        cards = cards.join(tables.chapter, chapter.id == note.chapter_id)
        cards = cards.where(*map(search.holds, rest))
    held = dict[int, dict[int, Memory]]()
    for row in search.connection.execute(cards, {"ids": ids, "whose": search.learner}):
        if few is not None and settled and not few.has(row.note, row.card):
            continue
        value = Memory() if row.state is None else as_memory(row)
        held.setdefault(row.note, {})[row.card] = value
    return [
        _found(of[one], texts.get((one, key), of[one]), held.get(one, {}))
        for one, key in hits
        if one in of  # a sync may have come in between
    ]


def _found(of: Any, text: Any, held: Mapping[int, Memory]) -> Found:
    """The note *of*, shown by its own *text* or by that of a variant."""
    answer = uncovered(text.answer)
    return Found(
        *(of.id, text.prompt, text.front or "", answer, text.points),
        *(of.synonyms, of.number, of.kind, Path(of.path), held),
    )
