"""Find notes and their cards: by their words, however they are written, and by how they stand."""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from fnmatch import fnmatchcase
from functools import cached_property, lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    Select,
    String,
    and_,
    bindparam,
    cast,
    false,
    func,
    not_,
    or_,
    select,
)

from studyapp.config import Settings
from studyapp.memory import state
from studyapp.memory.clock import study_day
from studyapp.memory.scheduler import is_leech
from studyapp.memory.state import Memory
from studyapp.notes.card import uncovered, written_out
from studyapp.notes.letters import folded
from studyapp.store import log, owner, passage, tables
from studyapp.store.engine import days_since
from studyapp.study import aside
from studyapp.study import chapter as chapters
from studyapp.study import query as typed_words
from studyapp.study.query import Property, Query, State, Word

card = tables.card.c
chapter = tables.chapter.c
memory = tables.memory.c
note = tables.note.c
review = tables.review.c
variant = tables.variant.c
said = tables.passage.c

LIMIT = 50  # notes that a search shows
_SHORT = 200  # hits at which a search of short words stops: it looks through all that is said
_MOST = 300  # hits of which those in the question come first
_RANKED = 100  # of these, where words of their own come before parts of others
_SIGNS: Mapping[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
    "!=": operator.ne,
}


# Put together once: for each key it would take longer than the search. What is JSON is read as
# text, as of most notes nobody looks at it.
_IDS: Any = bindparam("ids", expanding=True)
_NOTES = (
    select(note.id, note.prompt, note.front, note.answer, note.kind, chapter.number)
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
def _hits(dialect: str, words: int, indexed: bool) -> Select[Any]:
    """The passages that a learner sees and that have so many words. From the fifth column on stands
    what sorts them (`_PLACE`): a note has them in its question, elsewhere, or a variant does; each
    as in the book."""
    given = [bindparam(f"word{at}", type_=String()) for at in range(words)]
    runs = bindparam("runs", type_=String()) if indexed else None
    source, where = passage.having(dialect, given, runs)
    asked = and_(*(passage.within(dialect, said.question, word) for word in given))
    learner: Any = bindparam("whose", type_=Integer())
    return (
        select(said.note_id, said.key, said.question, said.rest)
        .add_columns((said.key != "").label("varied"), not_(asked).label("answered"))
        .add_columns(chapter.number.is_(None).label("deck"), chapter.pack)
        .add_columns(func.coalesce(chapter.number, 0).label("number"), chapter.title)
        .add_columns(note.path, note.line)
        .select_from(source)
        .join(tables.note, note.id == said.note_id)
        .join(tables.chapter, chapter.id == note.chapter_id)
        .where(*where, note.missing_since.is_(None), owner.visible_of_all(learner=learner))
        .limit(bindparam("most", type_=Integer()))
    )


_PLACE = operator.itemgetter(slice(4, None))


class Order(StrEnum):
    """By what results are sorted."""

    MATCH = "best first"  # without words: as in the book
    DUE = "by due date"
    STABILITY = "by stability"
    LAPSES = "by lapses"


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
    search = _Search(connection, now, settings, learner)
    words, rest = _apart(wanted)
    if words and order is Order.MATCH:
        hits = search.best(words, rest, limit)
    else:
        hits = [(one, "") for one in search.notes(wanted, order, limit)]
    return search.shown(hits, rest)


def cards(
    connection: Connection, typed: str, now: datetime, settings: Settings, *, learner: int
) -> dict[int, list[int]]:
    """All that `find` would find without a limit: the ids of cards by that of their note."""
    wanted, found = typed_words.parse(typed), dict[int, list[int]]()
    if wanted is not None:
        search = _Search(connection, now, settings, learner)
        rows = search.select(note.id, card.id.label("card"), wanted=_parts(wanted))
        for row in connection.execute(rows.order_by(card.position)):
            found.setdefault(row.id, []).extend([row.card] if row.card is not None else [])
    return found


def _apart(wanted: Query) -> tuple[list[str], list[Query]]:
    """The words that all have to be there, and what else has to hold."""
    parts = _parts(wanted)
    words = [one.text for one in parts if isinstance(one, Word)]
    return words, [one for one in parts if not isinstance(one, Word)]


def _parts(wanted: Query) -> tuple[Query, ...]:
    """All that has to hold."""
    return wanted.parts if isinstance(wanted, typed_words.All) else (wanted,)


def _asks_for_memory(part: Query) -> bool:
    """Whether this holds of no card without a memory."""
    match part:
        case typed_words.Is(how):
            return how not in (State.NEW, State.MEND, State.MINE)
        case typed_words.Compared(of):
            return of not in (Property.LAPSES, Property.REVIEWS)
    return isinstance(part, typed_words.Rated)


@dataclass
class _Search:
    """One search: its conditions are on a note, one of its cards if it has any, and the learner's
    memory of that, if there is one."""

    connection: Connection
    now: datetime
    settings: Settings
    learner: int

    @cached_property
    def today(self) -> date:
        return study_day(self.now)

    def select(self, *columns: Any, wanted: Sequence[Query]) -> Any:
        """Notes that are there, with chapter, card and memory, for which all that is *wanted*
        holds. Where that asks for a memory, the search can begin with those."""
        known = any(map(_asks_for_memory, wanted))
        source = tables.note.join(tables.chapter, chapter.id == note.chapter_id)
        source = source.join(tables.card, self._of_card, isouter=not known)
        source = source.join(tables.memory, self._of_memory, isouter=not known)
        where = map(self.condition if known else self._holds, wanted)
        return select(*columns).select_from(source).where(*self._there, *where)

    def _holds(self, wanted: Query) -> ColumnElement[bool]:
        """A condition that is never null: else SQLite would take an outer join for an inner one,
        and begin with all memories, of which it expects ten."""
        return func.coalesce(self.condition(wanted), false())

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
        self, words: Sequence[str], rest: Sequence[Query], limit: int
    ) -> list[tuple[int, str]]:
        """Notes that have the words, and the variant ('' for none) that does, the best first."""
        runs = passage.runs(self.connection, words)
        hits = _hits(self.connection.dialect.name, len(words), runs is not None)
        if rest:
            hits = hits.outerjoin(tables.card, self._of_card)
            hits = hits.outerjoin(tables.memory, self._of_memory)
            hits = hits.where(*map(self._holds, rest))
        short = all(len(word) < passage.SHORTEST for word in words)
        given: dict[str, Any] = {f"word{at}": word for at, word in enumerate(words)}
        given |= {"runs": runs} if runs is not None else {}
        given |= {"whose": self.learner, "most": _SHORT if short else _MOST}
        rows = sorted(self.connection.execute(hits, given).all(), key=_PLACE)
        whole = [re.compile(rf"(?<!\w){re.escape(word)}(?!\w)") for word in words]
        best = sorted(rows[:_RANKED], key=lambda row: _rank(row, whole))
        found = dict[int, str]()
        for row in (*best, *rows[_RANKED:]):
            found.setdefault(row.note_id, row.key)
        return list(found.items())[:limit]

    def notes(self, wanted: Query, order: Order, limit: int) -> Sequence[int]:
        """The first notes for which *wanted* holds, in this order; those of which the learner knows
        nothing that it goes by come last."""
        rows = self.select(note.id, wanted=_parts(wanted)).group_by(note.id, chapter.id)
        if order is not Order.MATCH:
            by: dict[Order, ColumnElement[Any]] = {
                Order.DUE: func.min(memory.due),
                Order.STABILITY: func.min(memory.stability),
                Order.LAPSES: -func.max(memory.lapses),
            }
            of = by[order]
            rows = rows.order_by(of.is_(None), of)
        rows = rows.order_by(*tables.IN_ORDER, note.path, note.line)
        return self.connection.scalars(rows.limit(limit)).all()

    def shown(self, hits: Sequence[tuple[int, str]], rest: Sequence[Query]) -> list[Found]:
        """These notes as they are shown, with the learner's memory of those cards of theirs for
        which the *rest* holds."""
        ids = [one for one, _ in hits]
        of = {row.id: row for row in self.connection.execute(_NOTES, {"ids": ids})}
        texts: dict[tuple[int, str], Any] = {}
        if any(key for _, key in hits):
            for row in self.connection.execute(_VARIANTS, {"ids": ids}):
                texts[row.note_id, row.key] = row
        cards = _CARDS
        if rest:
            cards = cards.join(tables.note, note.id == card.note_id)
            cards = cards.join(tables.chapter, chapter.id == note.chapter_id)
            cards = cards.where(*map(self._holds, rest))
        held = dict[int, dict[int, Memory]]()
        for row in self.connection.execute(cards, {"ids": ids, "whose": self.learner}):
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
                return or_(*map(self.condition, parts))
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
                return cast(note.tags, String).in_(self._tags(name))
            case typed_words.Rated(days, rating):
                return self._rated(days, rating)
            case typed_words.Compared(of, sign, number):
                return self._compared(of, sign, number)

    def _with(self, words: Sequence[str]) -> Iterable[ColumnElement[bool]]:
        if words:
            runs = passage.runs(self.connection, words)
            source, where = passage.having(self.connection.dialect.name, words, runs)
            yield note.id.in_(select(said.note_id).select_from(source).where(*where))

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
                return known.in_((state.State.LEARNING, state.State.RELEARNING))
            case State.REVIEW:
                return known == state.State.REVIEW
            case State.LEECH:
                leech: ColumnElement[bool] = is_leech(
                    memory.lapses, memory.agains, self.settings.leech_lapses
                )
                return leech
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
        packs = self.connection.scalars(select(chapter.pack).distinct())
        return [one for one in packs if fnmatchcase(folded(one), _pattern(folded(name)))]

    def _tags(self, name: str) -> list[str]:
        """The lists of tags, as they are kept, that have this one: there are few that differ."""
        wanted = _pattern(folded(name))
        lists = self.connection.scalars(select(cast(note.tags, String)).distinct())
        return [
            one for one in lists if any(fnmatchcase(folded(tag), wanted) for tag in json.loads(one))
        ]

    def _rated(self, days: int, rating: int | None) -> ColumnElement[bool]:
        since = self.today - timedelta(days=min(days, self.today.toordinal()) - 1)
        rated = select(review.card_id).where(
            review.learner_id == self.learner, review.effective_day >= since, log.not_retracted()
        )
        return card.id.in_(rated if rating is None else rated.where(review.rating == rating))

    def _compared(self, of: Property, sign: str, number: float) -> ColumnElement[bool]:
        compare = _SIGNS[sign]
        match of:
            case Property.STABILITY:
                return self._is(compare(memory.stability, number))
            case Property.DIFFICULTY:
                return self._is(compare(memory.difficulty, number))
            case Property.LAPSES:
                return self._is(compare(func.coalesce(memory.lapses, 0), number))
            case Property.REVIEWS:
                return self._is(compare(func.coalesce(memory.reviews, 0), number))
            case Property.DUE:
                return self._is(compare(memory.due, self.today + timedelta(days=number)))
            case Property.RETRIEVABILITY:
                return self._is(self._recalled(compare, number))

    def _is(self, condition: ColumnElement[bool]) -> ColumnElement[bool]:
        return and_(card.id.is_not(None), condition)

    def _recalled(self, compare: Callable[[Any, Any], Any], number: float) -> ColumnElement[bool]:
        """Retrievability today against a number. It falls with the days as a share of stability, so
        that share is compared, the other way round."""
        if number > 1:
            at = -1.0  # it never was
        else:
            model = log.in_force(self.connection, learner=self.learner).model
            at = model.interval(1.0, number) if number > 0 else float("inf")
        days = days_since(self.connection, memory.last_day, self.today)
        found: ColumnElement[bool] = compare(-days, -at * memory.stability)
        return found


def _pattern(name: str) -> str:
    """What * stands for anything in, and nothing else for more than itself."""
    return name.replace("[", "[[]").replace("?", "[?]")


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
        *(of.synonyms, of.number, of.kind, held),
    )
