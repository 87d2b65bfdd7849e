"""Find notes and their cards: by their words, however they are written, and by how they stand."""

from __future__ import annotations

import json
import operator
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from difflib import get_close_matches
from enum import StrEnum
from fnmatch import fnmatchcase
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Connection,
    FromClause,
    Integer,
    Select,
    String,
    and_,
    bindparam,
    cast,
    exists,
    false,
    func,
    not_,
    null,
    or_,
    select,
)

from studyapp.config import Settings
from studyapp.errors import StudyError
from studyapp.memory import state
from studyapp.memory.clock import study_day
from studyapp.memory.scheduler import is_leech
from studyapp.memory.state import Memory
from studyapp.notes.card import uncovered, written_out
from studyapp.notes.letters import folded
from studyapp.store import log, owner, passage, tables
from studyapp.store.engine import changes as changes_of
from studyapp.store.engine import days_since, written
from studyapp.study import aside
from studyapp.study import chapter as chapters
from studyapp.study import query as typed_words
from studyapp.study.query import Compared, Property, Query, QueryError, Rated, State, Word

card = tables.card.c
chapter = tables.chapter.c
memory = tables.memory.c
note = tables.note.c
review = tables.review.c
variant = tables.variant.c
said, other = tables.passage.c, tables.passage.alias("other").c

LIMIT = 50  # notes that a search shows
_SHORT = 200  # hits at which a search of short words stops, if that is enough: it scans all text
_MOST = 300  # hits of which those in the question come first
_FEW = 3000  # cards or notes with a condition, up to which these alone are looked at
_MOST_OF_CHAPTER = 12_000  # notes of a chapter, up to which these alone are looked at
_LATE = 3000  # reviews, up to which each of them is looked at
_FEW_SAY = 1000  # notes with words, up to which these alone are looked at
_MANY_SAY = 5000  # passages with words, up to which they are found before the rest is in an order
_RARE = 500  # passages with the runs of words, up to which they come before what else has to hold
_ROUNDED = 1 + 1e-9  # so that no share is taken for more than it is
_KEPT, _MOST_KEPT = "studyapp_found", 24  # the name that a connection has it by; answers
_RANKED = 100  # of these, where words of their own come before parts of others
_SIGNS: Mapping[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
    "!=": operator.ne,
}

_T = TypeVar("_T")
_Notes: TypeAlias = Mapping[int, Sequence[int]]  # by chapter

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
    select(*log.MEMORY_COLUMNS, card.note_id.label("note"), card.id.label("card"))
    .select_from(tables.card)
    .outerjoin(
        tables.memory, and_(memory.card_id == card.id, memory.learner_id == bindparam("whose"))
    )
    .where(card.note_id.in_(_IDS), card.missing_since.is_(None))
    .order_by(card.position, card.uid)
)


@lru_cache(maxsize=64)
def _hits(dialect: str, words: int, indexed: bool, some: bool) -> Select[Any]:
    """The passages that a learner sees and that have so many words, of *some* or of all. From the
    fifth column on stands what sorts them (`_PLACE`): a note has them in its question, elsewhere,
    or a variant does; each as in the book."""
    given = [bindparam(f"word{at}", type_=String()) for at in range(words)]
    runs = bindparam("runs", type_=String()) if indexed else None
    source, where = passage.having(dialect, given, runs, "passages" if some else None)
    asked = and_(*(passage.within(dialect, said.question, word) for word in given))
    learner: Any = bindparam("whose", type_=Integer())
    return (
        select(said.note_id, said.key, said.question, said.rest)
        .add_columns((said.key != "").label("varied"), not_(asked).label("answered"))
        .add_columns(chapter.number.is_(None).label("deck"), chapter.pack)
        .add_columns(func.coalesce(chapter.number, 0).label("number"), chapter.title)
        .add_columns(note.path, note.line)
        .select_from(source)
        # The sum keeps SQLite from beginning with the notes: of most passages it needs none.
        .join(tables.note, note.id == said.note_id + 0)
        .join(tables.chapter, chapter.id == note.chapter_id)
        .where(*where, note.missing_since.is_(None), owner.visible_of_all(learner=learner))
        .limit(bindparam("most", type_=Integer()))
    )


_IN_BOOK = (*tables.IN_ORDER, note.path, note.line)
_PLACE = operator.itemgetter(slice(4, None))


class Order(StrEnum):
    """By what results are sorted."""

    MATCH = "best first"  # without words: as in the book
    DUE = "by due date"
    STABILITY = "by stability"
    LAPSES = "by lapses"


# The least of a note's cards is where it stands.
_BY: Mapping[Order, Any] = {
    Order.DUE: memory.due,
    Order.STABILITY: memory.stability,
    Order.LAPSES: -memory.lapses,
}


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
    search = _Search(connection, now, settings, learner, _parts(wanted))
    words, rest = _apart(typed_words.All(tuple(search.parts)))
    if words and order is Order.MATCH:
        few = search.begun(words, rest)
        hits = search.best(words, rest, few, limit)
    else:
        few = search.few
        hits = [(one, "") for one in search.notes(order, limit)]
    return search.shown(hits, rest, few)


def cards(
    connection: Connection, typed: str, now: datetime, settings: Settings, *, learner: int
) -> dict[int, list[int]]:
    """All that `find` would find without a limit: the ids of cards by that of their note."""
    wanted, found = typed_words.parse(typed), dict[int, list[int]]()
    if wanted is not None:
        search = _Search(connection, now, settings, learner, _parts(wanted), whole=True)
        rows = search.select(note.id, card.id.label("card"), wanted=search.parts)
        if search.few is not None:
            rows = rows.where(search.among(search.few.ids))
        for row in connection.execute(rows.order_by(card.position)):
            found.setdefault(row.id, []).extend([row.card] if row.card is not None else [])
    return found


def left_out(
    connection: Connection, typed: str, now: datetime, settings: Settings, *, learner: int
) -> str:
    """Of what a search is to leave out, that there is no such thing: it finds all the same; or what
    waits for more to be typed. Else empty."""
    wanted, waits = typed_words.parse(typed), typed_words.unfinished(typed)
    if wanted is None or waits:
        return waits
    search = _Search(connection, now, settings, learner, _parts(wanted))
    return next(iter(search.left_out), "")


def _apart(wanted: Query) -> tuple[list[str], list[Query]]:
    """The words that all have to be there, and what else has to hold."""
    parts = _parts(wanted)
    words = [one.text for one in parts if isinstance(one, Word)]
    return words, [one for one in parts if not isinstance(one, Word)]


def _words_of(part: Query) -> list[str]:
    """The words, if it is nothing else than that they are there."""
    words, rest = _apart(part)
    return [] if rest else words


def _parts(wanted: Query) -> tuple[Query, ...]:
    """All that has to hold."""
    return wanted.parts if isinstance(wanted, typed_words.All) else (wanted,)


def _is_of_notes(part: Query) -> bool:
    """Whether it holds of a note with all its cards or with none, and is never null."""
    match part:
        case typed_words.All(parts) | typed_words.Any(parts):
            return all(map(_is_of_notes, parts))
        case typed_words.Not(one):
            return _is_of_notes(one)
    return isinstance(part, (Word, typed_words.Chapter, typed_words.Pack, typed_words.Tag))


def _is_scanned(part: Query) -> bool:
    """Whether what a search can begin with for it is looked through, not looked up."""
    match part:
        case typed_words.All(parts) | typed_words.Any(parts):
            return any(map(_is_scanned, parts))
        case Compared(Property.DUE | Property.LAPSES):
            return False
    scanned = isinstance(part, (Compared, typed_words.Introduced))
    return scanned or part == typed_words.Is(State.NEW)


def _is_led_to(part: Query) -> bool:
    """Whether what leads to the *part* leads to nothing else."""
    match part:
        case typed_words.Any(parts):
            return all(map(_is_led_to, parts))
    return not isinstance(part, typed_words.All) or bool(_words_of(part))


def _goes_by(order: Order, part: Query) -> bool:
    """Whether the *part* says where a search in this *order* begins and ends."""
    match part:
        case typed_words.Is(State.DUE) | Compared(Property.DUE):
            return order is Order.DUE
        case Compared(Property.STABILITY):
            return order is Order.STABILITY
    return False


@dataclass(frozen=True)
class _Few:
    """All notes of which *part* holds, and some others, too, unless it `_is_led_to`."""

    part: Query
    rows: Sequence[Any]  # chapter, note, and card of which it holds, None for all of the note

    @cached_property
    def notes(self) -> _Notes:
        notes = defaultdict[int, set[int]](set)
        for of, one, _ in self.rows:
            notes[of].add(one)
        return {of: sorted(ids) for of, ids in notes.items()}

    @cached_property
    def _cards(self) -> Set[tuple[int, int | None]]:
        return {(of, one) for _, of, one in self.rows}

    @cached_property
    def is_of_cards(self) -> bool:
        return all(one is not None for *_, one in self.rows)

    @property
    def ids(self) -> list[int]:
        return [one for notes in self.notes.values() for one in notes]

    def has(self, of: int, card: int) -> bool:
        """Whether the *part* holds of this card *of* a note."""
        return (of, card) in self._cards or (of, None) in self._cards

    def left(self, parts: Sequence[Query]) -> Sequence[Query]:
        """What of *parts* is still to be asked of these notes: all that has to hold of one card,
        unless it is the *part* alone."""
        others = [one for one in parts if one not in (self.part, *_parts(self.part))]
        apart = _is_of_notes(self.part) or all(map(_is_of_notes, others))
        return others if _is_led_to(self.part) and apart else parts


@dataclass(frozen=True)
class _Kept:
    """What was found out for one key, for those that follow. It holds *since* that instant and
    *before* the next step of a card comes due, while *under* stays: nothing is written, it is the
    same day, and the same learner asks."""

    under: object
    since: datetime
    before: datetime | None
    answers: dict[object, Any] = field(default_factory=dict)  # what was used last is last

    def holds(self, under: object, now: datetime) -> bool:
        after = self.before is not None and now >= self.before
        return self.under == under and self.since <= now and not after

    def once(self, what: object, ask: Callable[[], _T]) -> _T:
        """The answer, which is asked for if it is not kept."""
        answer: _T = self.answers.pop(what) if what in self.answers else ask()
        self.answers[what] = answer
        if len(self.answers) > _MOST_KEPT:
            del self.answers[next(iter(self.answers))]
        return answer


@dataclass
class _Search:
    """One search: its conditions are on a note, one of its cards if it has any, and the learner's
    memory of that, if there is one. All its *parts* have to hold. `left_out` tells of names
    that are to be left out and that nothing has, which is no fault: it goes without them."""

    connection: Connection
    now: datetime
    settings: Settings
    learner: int
    parts: Sequence[Query]
    whole: bool = False  # all that is found is wanted, not the first of it
    left_out: list[str] = field(default_factory=list)
    _lists: dict[str, list[str]] = field(default_factory=dict)  # those of each tag asked for

    def __post_init__(self) -> None:
        self.parts = [self._known(one) for one in self.parts]

    @cached_property
    def today(self) -> date:
        return study_day(self.now)

    @cached_property
    def _kept(self) -> _Kept | None:
        """What is kept for this search on its connection; None if nothing can be."""
        changes, kept = changes_of(self.connection), self.connection.info.get(_KEPT)
        if changes is None:
            return None
        under = (changes, self.today, self.learner, self.settings.leech_lapses)
        if kept is None or not kept.holds(under, self.now):
            steps = select(func.min(memory.due_at)).where(
                self._is_mine(None), tables.UNSETTLED, memory.due_at > log.utc(self.now)
            )
            kept = _Kept(under, self.now, self.connection.scalar(steps))
            self.connection.info[_KEPT] = kept
        return kept

    def _once(self, what: object, ask: Callable[[], _T]) -> _T:
        return ask() if self._kept is None else self._kept.once(what, ask)

    def select(self, *columns: Any, wanted: Sequence[Query], cards: bool = True) -> Any:
        """Notes that are there, with their chapter, for which all that is *wanted* holds. Without
        *cards* they and their memories are there only if something asks for them."""
        source = tables.note.join(tables.chapter, chapter.id == note.chapter_id)
        if cards or not all(map(_is_of_notes, wanted)):
            source = source.outerjoin(tables.card, self._of_card)
            source = source.outerjoin(tables.memory, self._of_memory)
        where = map(self._holds, wanted)
        return select(*columns).select_from(source).where(*self._there, *where)

    def _holds(self, wanted: Query) -> ColumnElement[bool]:
        """A condition that is never null: else SQLite would take an outer join for an inner one,
        and begin with all memories, of which it expects ten. What is asked of a note alone is no
        null, and has an index to begin with."""
        holds = self.condition(wanted)
        return holds if _is_of_notes(wanted) else func.coalesce(holds, false())

    @property
    def _of_card(self) -> ColumnElement[bool]:
        return and_(card.note_id == note.id, card.missing_since.is_(None))

    @property
    def _of_memory(self) -> ColumnElement[bool]:
        return and_(memory.card_id == card.id, memory.learner_id == self.learner)

    @property
    def _there(self) -> tuple[ColumnElement[bool], ...]:
        return note.missing_since.is_(None), owner.visible_of_all(learner=self.learner)

    def best(
        self, words: Sequence[str], rest: Sequence[Query], few: _Few | None, limit: int
    ) -> list[tuple[int, str]]:
        """Of these *few* notes, or of all, those that have the words, and the variant ('' for none)
        that does, the best first."""
        runs = passage.runs(self.connection, words)
        passages = [] if few is None else self._passages(few)
        dialect = self.connection.dialect.name
        hits = _hits(dialect, len(words), runs is not None, few is not None)
        rest = rest if few is None else few.left(rest)
        if not all(map(_is_of_notes, rest)):
            hits = hits.outerjoin(tables.card, self._of_card)
            hits = hits.outerjoin(tables.memory, self._of_memory)
        if rest:
            hits = hits.where(*map(self._holds, rest))
        short = all(len(word) < passage.SHORTEST for word in words)
        given: dict[str, Any] = {f"word{at}": word for at, word in enumerate(words)}
        given |= {"runs": runs} if runs is not None else {}
        given |= {"passages": passage.given(dialect, passages)} if few is not None else {}
        given |= {"whose": self.learner}
        rows = self._enough(hits, given, max(limit, _SHORT if short else _MOST), limit)
        whole = [_whole(word) for word in words]
        best = sorted(rows[:_RANKED], key=lambda row: _rank(row, whole))
        found = dict[int, str]()
        for row in (*best, *rows[_RANKED:]):
            found.setdefault(row.note_id, row.key)
        return list(found.items())[:limit]

    def _enough(
        self, hits: Select[Any], given: Mapping[str, Any], most: int, limit: int
    ) -> list[Any]:
        """The first *most* hits in their order, or as many more as it takes for *limit* notes: one
        note may have many."""
        while True:
            rows = self.connection.execute(hits, {**given, "most": most}).all()
            if len(rows) < most or len({row.note_id for row in rows}) >= limit:
                return sorted(rows, key=_PLACE)
            most *= 4

    def begun(self, words: Sequence[str], rest: Sequence[Query]) -> _Few | None:
        """What a search of words begins with, where these are in many passages."""
        if passage.are_rare(self.connection, passage.runs(self.connection, words), _RARE):
            return None
        small = (self._chapter_notes(one) for one in rest if isinstance(one, typed_words.Chapter))
        return self._few(rest) or next((few for few in small if few is not None), None)

    def _chapter_notes(self, part: typed_words.Chapter) -> _Few | None:
        """All notes of a chapter, unless it is a large one."""

        def look() -> _Few | None:
            rows = self._notes(self.condition(part), _MOST_OF_CHAPTER)
            return None if rows is None else _Few(part, rows)

        return self._once((part, "notes"), look)

    def _passages(self, few: _Few) -> Sequence[int]:
        """The ids of what these notes say."""
        of = select(said.id).where(self.among(few.ids, said.note_id))
        return self._once((few.part, "passages"), lambda: self.connection.scalars(of).all())

    def notes(self, order: Order, limit: int) -> Sequence[int]:
        """The first notes for which all holds, in this order; those of which the learner knows
        nothing that it goes by come last, as in the book."""
        few = self.few
        if order is Order.MATCH:
            return self._from_the_first(limit, None if few is None else few.notes)
        if few is not None and all(map(_is_of_notes, few.left(self.parts))):
            return self._by_value(order, few, limit)
        of_few = self.few is not None and not any(_goes_by(order, one) for one in self.parts)
        if of_few or any(map(self._is_a_small_chapter, self.parts)):
            rows = self._in_order(order, self.few).limit(limit)
            return self.connection.scalars(rows).all()
        found = self._along(order, limit)
        if order is Order.LAPSES and len(found) < limit:
            found |= dict.fromkeys(self._from_the_first(limit, None, memory.lapses == 0))
        if len(found) < limit:
            few_notes = None if few is None else few.notes
            found |= dict.fromkeys(self._from_the_first(limit, few_notes))
        return list(found)[:limit]

    def _is_a_small_chapter(self, part: Query) -> bool:
        if not isinstance(part, typed_words.Chapter):
            return False
        return not self._are_many(select(note.id).where(self.condition(part)), _MOST_OF_CHAPTER)

    def _in_order(self, order: Order, few: _Few | None) -> Any:
        """Those of a few notes, or of a chapter: each is looked at."""
        rows = self.select(note.id, wanted=self._left)
        if few is not None:
            rows = rows.where(self.among(few.ids))
        of = func.min(_BY[order])
        rows = rows.group_by(note.id, chapter.id)
        return rows.order_by(of.is_(None), of, *_IN_BOOK)

    def among(self, ids: Sequence[int], of: Any = note.id) -> ColumnElement[bool]:
        return passage.among(self.connection.dialect.name, of, ids)

    def _along(self, order: Order, limit: int) -> dict[int, None]:
        """The first notes of cards of which the learner knows what this order goes by: an index has
        them in it, and no more of them is looked at than it takes. Without a lapse are most cards,
        and all of them would be put in the order of the book; so these are not."""
        by = memory.lapses if order is Order.LAPSES else _BY[order]
        found = dict[int, None]()
        source = tables.memory.join(tables.card, card.id == memory.card_id + 0)
        source = source.join(tables.note, self._of_card)
        source = source.join(tables.chapter, chapter.id == note.chapter_id)
        words, rest = _apart(typed_words.All(tuple(self.parts)))
        where = [self.condition(one) if _goes_by(order, one) else self._holds(one) for one in rest]
        where += self._with(words, _MANY_SAY)
        where += [memory.lapses > 0] * (order is Order.LAPSES)
        rows = (
            select(note.id)
            .select_from(source)
            .where(self._is_mine(by), by.is_not(None), *self._there, *where)
            .order_by(by.desc() if order is Order.LAPSES else by)
            .order_by(*_IN_BOOK)
        )
        with self.connection.execute(rows) as result:
            for one in result.scalars():
                found[one] = None
                if len(found) == limit:
                    break
        return found

    def _by_value(self, order: Order, few: _Few, limit: int) -> Sequence[int]:
        """Those of a few cards, or of all cards of few notes. What this order goes by is known of
        each, and where its note stands in the book is asked of no more of them than it takes."""
        values = self._once((few.part, order), lambda: self._values(order, few))
        found, placed = list[int](), self._placed()
        for batch in _batches(values, 4 * limit):
            if len(found) >= limit:
                break
            if len(batch) == 1:
                found += self._from_the_first(limit - len(found), batch[0])
                continue
            of = {
                one: at for at, notes in enumerate(batch) for ids in notes.values() for one in ids
            }
            rows = self.connection.execute(placed.where(self.among(list(of)))).all()
            found += [row.id for row in sorted(rows, key=lambda row: (of[row.id], *row[1:]))]
        return found[:limit]

    def _values(self, order: Order, few: _Few) -> Sequence[_Notes]:
        """The notes of these, in this order: those of which it says the same together."""
        cards = [one for *_, one in few.rows if one is not None]
        notes = [one for _, one, card_id in few.rows if card_id is None]
        by, mine = _BY[order], memory.learner_id == self.learner
        of_card = select(memory.card_id, by).where(mine, self.among(cards, memory.card_id))
        of_note = (
            select(card.note_id, func.min(by))
            .select_from(tables.card.outerjoin(tables.memory, self._of_memory))
            .where(self.among(notes, card.note_id), card.missing_since.is_(None))
            .group_by(card.note_id)
        )
        known_of_card = dict[int, Any](self.connection.execute(of_card).all())
        known_of_note = dict[int, Any](self.connection.execute(of_note).all())
        least = dict[tuple[int, int], Any]()
        for in_chapter, one, card_id in few.rows:
            value = known_of_note.get(one) if card_id is None else known_of_card.get(card_id)
            values = (value, least.get((in_chapter, one)))
            least[in_chapter, one] = min((of for of in values if of is not None), default=None)
        same = defaultdict[Any, dict[int, list[int]]](lambda: defaultdict(list))
        for (in_chapter, one), value in least.items():
            same[value][in_chapter].append(one)
        last = [same.pop(None)] if None in same else []
        return [same[value] for value in sorted(same)] + last

    @property
    def _left(self) -> Sequence[Query]:
        """What the few have not settled."""
        return self.parts if self.few is None else self.few.left(self.parts)

    def _placed(self, *of_card: ColumnElement[bool]) -> Any:
        """The notes for which all holds that is left, with their place."""
        rows = self.select(note.id, *_IN_BOOK, wanted=self._left, cards=bool(of_card))
        return rows.where(*of_card).distinct()

    def _from_the_first(
        self, limit: int, few: _Notes | None, *of_card: ColumnElement[bool]
    ) -> Sequence[int]:
        """The first notes as in the book, chapter by chapter: what holds of many notes is found
        before all of them are looked at, and of few these alone are."""
        rows = self._placed(*of_card).order_by(*_IN_BOOK).limit(bindparam("most", type_=Integer()))
        chapters = self.connection.scalars(select(chapter.id).order_by(*tables.IN_ORDER)).all()
        chapters = [one for one in chapters if few is None or one in few]
        found, at, step = list[int](), 0, 1
        while at < len(chapters) and len(found) < limit:
            some = chapters[at : at + step]
            ids = [] if few is None else [one for of in some for one in few[of]]
            among = note.chapter_id.in_(some) if few is None else self.among(ids)
            found += self.connection.scalars(rows.where(among), {"most": limit - len(found)})
            at, step = at + step, 2 * step if few is None else len(chapters)
        return found

    def shown(
        self, hits: Sequence[tuple[int, str]], rest: Sequence[Query], few: _Few | None
    ) -> list[Found]:
        """These notes as they are shown, with the learner's memory of those cards of theirs for
        which the *rest* holds."""
        ids = [one for one, _ in hits]
        of = {row.id: row for row in self.connection.execute(_NOTES, {"ids": ids})}
        texts: dict[tuple[int, str], Any] = {}
        if any(key for _, key in hits):
            for row in self.connection.execute(_VARIANTS, {"ids": ids}):
                texts[row.note_id, row.key] = row
        cards, rest = _CARDS, [one for one in rest if not _is_of_notes(one)]  # those hold already
        settled = bool(rest) and few is not None and not few.left(rest)
        if rest and not settled:
            cards = cards.join(tables.note, note.id == card.note_id)
            cards = cards.join(tables.chapter, chapter.id == note.chapter_id)
            cards = cards.where(*map(self._holds, rest))
        held = dict[int, dict[int, Memory]]()
        for row in self.connection.execute(cards, {"ids": ids, "whose": self.learner}):
            if few is not None and settled and not few.has(row.note, row.card):
                continue
            value = Memory() if row.state is None else log.as_memory(row)
            held.setdefault(row.note, {})[row.card] = value
        return [
            _found(of[one], texts.get((one, key), of[one]), held.get(one, {}))
            for one, key in hits
            if one in of  # a sync may have come in between
        ]

    def condition(self, wanted: Query) -> ColumnElement[bool]:
        match wanted:
            case typed_words.All():
                words, rest = _apart(wanted)
                return and_(*self._with(words), *map(self.condition, rest))
            case typed_words.Any(parts):
                return or_(false(), *map(self.condition, parts))
            case typed_words.Not(part):
                return not_(self._holds(part))
            case Word(text):
                return and_(*self._with([text]))
            case typed_words.Is(how):
                return self._stands(how)
            case typed_words.Chapter(name):
                return note.chapter_id.in_(self._chapters(name))
            case typed_words.Pack(name):
                return chapter.pack.in_(self._packs(name))
            case typed_words.Tag(name):
                return written(self.connection, note.tags).in_(self._tags(name))
            case Rated():
                # Card by card: a year may have hundreds of thousands of reviews.
                return self._rated(wanted, card.id).exists()
            case typed_words.Introduced(days):
                return self._introduced(days)
            case Compared(of, sign, number):
                return and_(card.id.is_not(None), self._compared(of, sign, number))

    def _known(self, wanted: Query, out: bool = False) -> Query:
        """The same without the names that nothing has, where they are to be left *out*."""
        match wanted:
            case typed_words.All(parts):
                return typed_words.All(tuple(self._known(one, out) for one in parts))
            case typed_words.Any(parts):
                return typed_words.Any(tuple(self._known(one, out) for one in parts))
            case typed_words.Not(part):
                return typed_words.Not(self._known(part, True))
            case typed_words.Chapter() | typed_words.Pack() | typed_words.Tag() if out:
                try:
                    self.condition(wanted)
                except StudyError as error:
                    self.left_out.append(str(error))
                    return typed_words.Any(())
        return wanted

    @cached_property
    def few(self) -> _Few | None:
        words, rest = _apart(typed_words.All(tuple(self.parts)))
        return self._few([*rest, typed_words.All(tuple(map(Word, words)))])

    def _few(self, parts: Sequence[Query]) -> _Few | None:
        """The notes of which one of *parts* holds that a search can begin with, if they are few:
        then these are looked at, and what else has to hold is asked of them."""
        led = map(self._led, sorted(parts, key=_is_scanned))
        return next((few for few in led if few is not None), None)

    def _led(self, part: Query) -> _Few | None:
        """What leads to the *part*, if these are few."""

        def lead() -> _Few | None:
            rows = self._lead(part)
            return None if rows is None or len(rows) > _FEW else _Few(part, rows)

        return self._once(part, lead)

    def _lead(self, part: Query) -> Sequence[Any] | None:
        """The rows of `_Few`, if something leads to them that has them without looking at each: an
        index, or what takes a tenth of the time that the rows take. None also if they are many. It
        may lead to others, too, where several things have to hold at once (`_is_led_to`)."""
        match part:
            case typed_words.Any(parts):
                found = list[Any]()
                for one in sorted(parts, key=lambda one: (_is_scanned(one), isinstance(one, Word))):
                    few = self._led(one)
                    if few is None:
                        return None
                    found += few.rows
                return found
            case Word() | typed_words.All() if words := _words_of(part):
                runs = passage.runs(self.connection, words)
                if passage.are_rare(self.connection, runs, _FEW):
                    return self._notes(note.id.in_(self._saying(words, runs)), _FEW_SAY)
            case typed_words.All(parts):
                led = map(self._led, sorted(parts, key=_is_scanned))
                return next((few.rows for few in led if few is not None), None)
            case typed_words.Is(State.MINE) | typed_words.Tag():
                return self._notes(self.condition(part))
            case typed_words.Is(State.NEW):
                unmet = self._cards(self._unmet)
                met = self._cards(self._met_and_new)
                return None if unmet is None or met is None else [*unmet, *met]
            case typed_words.Is(State.MEND):
                return self._cards(aside.marked(self.connection, learner=self.learner))
            case Rated():
                return self._rated_few(part)
            case typed_words.Introduced():
                return self._looked_through(self._remembered().where(self.condition(part)))
            case typed_words.Is(how) if how is not State.REVIEW:
                return self._cards(self._remembered().where(self._stands(how)))
            case Compared() if part.sign != "!=":
                return self._compared_few(part)
        return None

    def _cards(self, ids: Select[int] | Collection[int]) -> Sequence[Any] | None:
        """The rows of these cards, unless they are many."""
        rows = select(card.chapter_id, card.note_id, card.id).where(card.missing_since.is_(None))
        if isinstance(ids, Select):
            of = ids.subquery().c.card_id
            # The sum keeps SQLite from beginning with the cards.
            rows = rows.join(of.table, card.id == of + 0)
        elif len(ids) <= _FEW:
            rows = rows.where(self.among(list(ids), card.id))
        else:
            return None
        found = self.connection.execute(rows.limit(_FEW + 1)).all()
        return found if len(found) <= _FEW else None

    def _looked_through(self, ids: Select[int]) -> Sequence[Any] | None:
        """The same of cards for which many may have to be looked at: not once more for theirs."""
        return self._cards(self._first(ids))

    def _notes(self, holds: ColumnElement[bool], many: int = _FEW) -> Sequence[Any] | None:
        """The rows of the notes of which this holds, unless they are many."""
        rows = select(note.chapter_id, note.id, null()).where(holds).limit(many + 1)
        found = self.connection.execute(rows).all()
        return found if len(found) <= many else None

    def _are_many(self, ids: Select[int], many: int = _FEW) -> bool:
        return self.connection.scalar(ids.offset(many).limit(1)) is not None

    def _remembered(self, by: Any = None) -> Select[int]:
        """The cards of which something is known, to be asked *by* a column."""
        return select(memory.card_id).where(self._is_mine(by))

    def _is_mine(self, by: Any) -> ColumnElement[bool]:
        """Condition on a memory that is asked *by* a column. The index of the days on which cards
        are due begins with the learner; where another one is to be used, SQLite is told of no
        learner, as it takes what one has for ten rows."""
        of = memory.learner_id
        whole = by is None or by is memory.due
        return (of if whole else func.coalesce(of, self.learner)) == self.learner

    @cached_property
    def _unmet(self) -> Sequence[int]:
        """The first cards of which nothing is known: two indexes side by side, as to look each card
        up would take three times as long."""
        unmet = select(card.id).where(tables.THERE).except_(self._remembered()).order_by("id")
        return self._first(unmet)

    def _first(self, ids: Select[int] | CompoundSelect[int]) -> Sequence[int]:
        """As many of them as show whether they are few."""
        return self.connection.scalars(ids.limit(_FEW + 1)).all()

    @property
    def _met_and_new(self) -> Select[int]:
        return self._remembered().where(tables.UNSETTLED, memory.state == state.State.NEW)

    def _compared_few(self, part: Compared) -> Sequence[Any] | None:
        of, sign, number = part.of, part.sign, part.number
        ids = self._remembered(memory.due if of is Property.DUE else memory.stability)
        if of is Property.RETRIEVABILITY:
            if sign not in ("<", "<=") or not 0 < number < 1:
                return None
            ids = select(memory.card_id).select_from(self._forgotten(number))
        holds = self._compared(of, sign, number)
        if of is Property.LAPSES:  # each memory has a number of them, and they an index
            holds = _SIGNS[sign](memory.lapses, number)
        rows = self._looked_through(ids.where(holds))
        if of in (Property.LAPSES, Property.REVIEWS) and _SIGNS[sign](0, number):
            unmet = self._cards(self._unmet) if rows is not None else None
            return None if unmet is None or rows is None else [*rows, *unmet]
        return rows

    def _rated_few(self, part: Rated) -> Sequence[Any] | None:
        """Only if these days have few reviews: each of them is looked at."""
        if self._are_many(self._of_days(part.days), _LATE):
            return None
        return self._cards(self._rated(part))

    def _forgotten(self, number: float) -> FromClause:
        """Memories whose retrievability is less than this *number*, and some that are as much: for
        each last day there is a stability up to which they are, to which an index leads."""
        mine = memory.learner_id == self.learner
        step = (
            select(func.min(memory.last_day).label("day")).where(mine).cte("step", recursive=True)
        )
        later = tables.memory.alias("later").c
        after = select(func.min(later.last_day)).where(
            later.learner_id == self.learner, later.last_day > step.c.day
        )
        step = step.union_all(select(after.scalar_subquery()).where(step.c.day.is_not(None)))
        model = log.in_force(self.connection, learner=self.learner).model
        most = self._days_since(step.c.day)
        most = most * (_ROUNDED / model.interval(1.0, number))
        mine = memory.learner_id == self.learner
        upto = and_(mine, memory.last_day == step.c.day, memory.stability <= most)
        return step.join(tables.memory, upto)

    def _with(self, words: Sequence[str], few: int = _RARE) -> Iterator[ColumnElement[bool]]:
        """That a note has all *words*: one of those that an index leads to, if these are *few* or
        all are wanted; else it is asked of each."""
        runs = passage.runs(self.connection, words)
        whole = self.whole and runs is not None and self.few is None
        if whole or passage.are_rare(self.connection, runs, few):
            yield note.id.in_(self._saying(words, runs))
        elif words:
            dialect = self.connection.dialect.name
            have = [passage.has(dialect, word, other) for word in words]
            yield exists().where(other.note_id == note.id, *have)

    def _saying(self, words: Sequence[str], runs: str | None) -> Select[int]:
        source, where = passage.having(self.connection.dialect.name, words, runs)
        return select(said.note_id).select_from(source).where(*where)

    def _stands(self, how: State) -> ColumnElement[bool]:
        comes = and_(
            memory.suspended.is_(False),
            func.coalesce(memory.buried_until, self.today) <= self.today,
        )
        known = func.coalesce(memory.state, state.State.NEW)
        match how:
            case State.DUE:
                at = log.utc(self.now)
                ready = or_(memory.due_at.is_(None), memory.due_at <= at)
                return and_(memory.due <= self.today, ready, comes)
            case State.NEW:
                return and_(card.id.is_not(None), known == state.State.NEW)
            case State.LEARN:
                steps = (state.State.LEARNING, state.State.RELEARNING)
                return and_(tables.UNSETTLED, known.in_(steps))
            case State.REVIEW:
                return known == state.State.REVIEW
            case State.LEECH:
                at_most = self.settings.leech_lapses
                leech: ColumnElement[bool] = is_leech(memory.lapses, memory.agains, at_most)
                return and_(leech, *[tables.SLIPPED] * (at_most >= tables.SLIPS))
            case State.SUSPENDED:
                return memory.suspended.is_(True)
            case State.BURIED:
                return memory.buried_until > self.today
            case State.MEND:
                return card.id.in_(aside.marked(self.connection, learner=self.learner))
            case State.MINE:
                return note.learner_id == self.learner

    def _chapters(self, name: str) -> list[int]:
        """The chapters that go by this name in any pack; of a deck those below it, too."""
        of, wanted = owner.theirs(chapter, learner=self.learner), folded(name)
        rows = self.connection.execute(select(tables.chapter).where(of)).all()
        found = []
        for row in rows:
            names = [folded(chapters.typed(row.number, row.title, one)) for one in (None, row.pack)]
            below = row.number is None and any(one.startswith(f"{wanted}::") for one in names)
            if below or any(fnmatchcase(one, _pattern(wanted)) for one in names):
                found.append(row.id)
        return found or [chapters.find(self.connection, name, learner=self.learner)]

    def _packs(self, name: str) -> list[str]:
        packs = self.connection.scalars(select(chapter.pack).distinct()).all()
        found = [one for one in packs if fnmatchcase(folded(one), _pattern(folded(name)))]
        if not found:
            raise _unknown(f"pack:{name}: there is no such pack", name, packs)
        return found

    def _tags(self, name: str) -> list[str]:
        """The lists of tags, as they are kept, that have this one: there are few that differ."""
        if name in self._lists:
            return self._lists[name]
        lists, wanted = passage.lists_of_tags(self.connection), _pattern(folded(name))
        found = [one for one in lists if any(fnmatchcase(tag, wanted) for tag in _tags(one))]
        if not found:
            known = {str(tag) for one in lists for tag in json.loads(one)}
            raise _unknown(f"tag:{name}: no note has this tag", name, known)
        self._lists[name] = found
        return found

    def _rated(self, part: Rated, of: ColumnElement[int] | None = None) -> Select[int]:
        """The cards that were; or a condition on the card *of*."""
        rated = self._of_days(part.days, of).where(log.not_retracted())
        return rated if part.rating is None else rated.where(review.rating == part.rating)

    def _of_days(self, days: int, of: ColumnElement[int] | None = None) -> Select[int]:
        """The cards of all reviews of the last *days*, or those of one card."""
        rows = select(review.card_id).where(review.effective_day >= self._since(days))
        if of is None:
            return rows.where(review.learner_id == self.learner)
        mine = func.coalesce(review.learner_id, self.learner) == self.learner
        return rows.where(mine, review.card_id == of)

    def _introduced(self, days: int) -> ColumnElement[bool]:
        return memory.first_day >= self._since(days)

    def _since(self, days: int) -> date:
        """The first of the last *days*, today one of them."""
        return self.today - timedelta(days=min(days, self.today.toordinal()) - 1)

    def _compared(self, of: Property, sign: str, number: float) -> ColumnElement[bool]:
        compare: Callable[[Any, Any], ColumnElement[bool]] = _SIGNS[sign]
        match of:
            case Property.STABILITY:
                return compare(memory.stability, number)
            case Property.DIFFICULTY:
                return compare(memory.difficulty, number)
            case Property.LAPSES:
                return compare(func.coalesce(memory.lapses, 0), number)
            case Property.REVIEWS:
                return compare(func.coalesce(memory.reviews, 0), number)
            case Property.DUE:
                return compare(memory.due, self.today + timedelta(days=number))
            case Property.INTERVAL:
                days = self._days_since(memory.last_day) - self._days_since(memory.due)
                return and_(memory.state == state.State.REVIEW, compare(days, number))
            case Property.RETRIEVABILITY:
                return self._recalled(compare, number)

    def _days_since(self, day: ColumnElement[Any]) -> ColumnElement[Any]:
        return days_since(self.connection, day, self.today)

    def _recalled(self, compare: Callable[[Any, Any], Any], number: float) -> ColumnElement[bool]:
        """Retrievability today against a number. It falls with the days as a share of stability, so
        that share is compared, the other way round."""
        model = log.in_force(self.connection, learner=self.learner).model
        at = model.interval(1.0, number) if number > 0 else float("inf")
        days = self._days_since(memory.last_day)
        found: ColumnElement[bool] = compare(-days, -at * memory.stability)
        return found


@lru_cache(maxsize=10_000)
def _tags(kept: str) -> Sequence[str]:
    """The tags of a list, folded; each key asks for those of all lists."""
    return [folded(str(tag)) for tag in json.loads(kept)]


def _unknown(told: str, name: str, known: Iterable[str]) -> QueryError:
    """That there is nothing of this *name*, and which known one is nearest: one that begins so, as
    it may still be being typed, or else one that is nearly the same."""
    wanted, spelled = folded(name), {folded(one): one for one in sorted(known)}
    near = [one for one in spelled if one.startswith(wanted)] or get_close_matches(wanted, spelled)
    return QueryError(f"{told}; the nearest is {spelled[near[0]]}." if near else f"{told}.")


def _pattern(name: str) -> str:
    """What * stands for anything in, and nothing else for more than itself."""
    return name.replace("[", "[[]").replace("?", "[?]")


def _whole(word: str) -> re.Pattern[str]:
    """Finds it where no letters stand around it. It begins with the word itself, for which a text
    is looked through at once, and not with what may not be before it."""
    said = re.escape(word)
    return re.compile(rf"{said}(?<!\w{said})(?!\w)")


def _batches(values: Sequence[_Notes], least: int) -> Iterator[Sequence[_Notes]]:
    """Those that follow each other, *least* notes or more in one go; what has as many alone is
    alone."""
    batch, size = list[_Notes](), 0
    for notes in values:
        more = sum(map(len, notes.values()))
        if batch and max(size, more) >= least:
            yield batch
            batch, size = [], 0
        batch, size = [*batch, notes], size + more
    if batch:
        yield batch


def _rank(row: Any, whole: Sequence[re.Pattern[str]]) -> tuple[bool, bool, int]:
    """Where a passage stands among those that have the words; in one place they stay as they
    were."""
    asked = not (row.varied or row.answered)
    text = row.question if asked else f"{row.question}\n{row.rest}"
    return row.varied, row.answered, sum(word.search(text) is None for word in whole)


def _found(of: Any, text: Any, held: Mapping[int, Memory]) -> Found:
    """The note *of*, shown by its own *text* or by that of a variant."""
    answer = uncovered(text.answer)
    return Found(
        *(of.id, text.prompt, text.front or "", answer, text.points),
        *(of.synonyms, of.number, of.kind, Path(of.path), held),
    )
