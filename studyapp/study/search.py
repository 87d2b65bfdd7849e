"""One search: what it begins with instead of all cards, and what it keeps for the next one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, TypeAlias, TypeVar

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    FromClause,
    Select,
    and_,
    exists,
    func,
    null,
    select,
)

from studyapp.errors import StudyError
from studyapp.memory import state
from studyapp.store import log, passage, tables
from studyapp.store.engine import changes as changes_of
from studyapp.store.parameters import in_force
from studyapp.study import aside
from studyapp.study import query as typed_words
from studyapp.study.condition import SIGNS, Conditions, apart, is_of_notes, parts_of, words_of
from studyapp.study.query import Compared, Property, Query, Rated, State, Word

card = tables.card.c
memory = tables.memory.c
note = tables.note.c
said, other = tables.passage.c, tables.passage.alias("other").c

_FEW = 3000  # cards or notes with a condition, up to which these alone are looked at
_MOST_OF_CHAPTER = 12_000  # notes of a chapter, up to which these alone are looked at
_LATE = 3000  # reviews, up to which each of them is looked at
_FEW_SAY = 1000  # notes with words, up to which these alone are looked at
_RARE = 500  # passages with the runs of words, up to which they come before what else has to hold
_ROUNDED = 1 + 1e-9  # so that no share is taken for more than it is
_KEPT, _MOST_KEPT = "studyapp_found", 24  # the name that a connection has it by; answers

_T = TypeVar("_T")
Notes: TypeAlias = Mapping[int, Sequence[int]]  # by chapter


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
    return not isinstance(part, typed_words.All) or bool(words_of(part))


@dataclass(frozen=True)
class Few:
    """All notes of which *part* holds, and some others, too, unless it `_is_led_to`."""

    part: Query
    rows: Sequence[Any]  # chapter, note, and card of which it holds, None for all of the note

    @cached_property
    def notes(self) -> Notes:
        notes = defaultdict[int, set[int]](set)
        for of, one, _ in self.rows:
            notes[of].add(one)
        return {of: sorted(ids) for of, ids in notes.items()}

    @cached_property
    def _cards(self) -> Set[tuple[int, int | None]]:
        return {(of, one) for _, of, one in self.rows}

    @property
    def ids(self) -> list[int]:
        return [one for notes in self.notes.values() for one in notes]

    def has(self, of: int, card: int) -> bool:
        """Whether the *part* holds of this card *of* a note."""
        return (of, card) in self._cards or (of, None) in self._cards

    def left(self, parts: Sequence[Query]) -> Sequence[Query]:
        """What of *parts* is still to be asked of these notes: all that has to hold of one card,
        unless it is the *part* alone."""
        others = [one for one in parts if one not in (self.part, *parts_of(self.part))]
        apart = is_of_notes(self.part) or all(map(is_of_notes, others))
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
class Search(Conditions):
    """One search: all its *parts* have to hold. `left_out` tells of names that are to be left out
    and that nothing has, which is no fault: it goes without them."""

    parts: Sequence[Query]
    whole: bool = False  # all that is found is wanted, not the first of it
    left_out: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.parts = [self._known(one) for one in self.parts]

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
    def _kept(self) -> _Kept | None:
        """What is kept for this search on its connection; None if nothing can be."""
        changes, kept = changes_of(self.connection), self.connection.info.get(_KEPT)
        if changes is None:
            return None
        under = (changes, self.today, self.learner, self.settings.leech_lapses)
        if kept is None or not kept.holds(under, self.now):
            steps = select(func.min(memory.due_at)).where(
                self.is_mine(None), tables.UNSETTLED, memory.due_at > log.utc(self.now)
            )
            kept = _Kept(under, self.now, self.connection.scalar(steps))
            self.connection.info[_KEPT] = kept
        return kept

    def once(self, what: object, ask: Callable[[], _T]) -> _T:
        return ask() if self._kept is None else self._kept.once(what, ask)

    @cached_property
    def few(self) -> Few | None:
        words, rest = apart(typed_words.All(tuple(self.parts)))
        return self._few([*rest, typed_words.All(tuple(map(Word, words)))])

    @property
    def left(self) -> Sequence[Query]:
        """What the few have not settled."""
        return self.parts if self.few is None else self.few.left(self.parts)

    def begun(self, words: Sequence[str], rest: Sequence[Query]) -> Few | None:
        """What a search of words begins with, where these are in many passages."""
        if passage.are_rare(self.connection, passage.runs(self.connection, words), _RARE):
            return None
        small = (self._chapter_notes(one) for one in rest if isinstance(one, typed_words.Chapter))
        return self._few(rest) or next((few for few in small if few is not None), None)

    def _chapter_notes(self, part: typed_words.Chapter) -> Few | None:
        """All notes of a chapter, unless it is a large one."""

        def look() -> Few | None:
            rows = self._notes(self.condition(part), _MOST_OF_CHAPTER)
            return None if rows is None else Few(part, rows)

        return self.once((part, "notes"), look)

    def is_a_small_chapter(self, part: Query) -> bool:
        if not isinstance(part, typed_words.Chapter):
            return False
        return not self._are_many(select(note.id).where(self.condition(part)), _MOST_OF_CHAPTER)

    def _few(self, parts: Sequence[Query]) -> Few | None:
        """The notes of which one of *parts* holds that a search can begin with, if they are few:
        then these are looked at, and what else has to hold is asked of them."""
        led = map(self._led, sorted(parts, key=_is_scanned))
        return next((few for few in led if few is not None), None)

    def _led(self, part: Query) -> Few | None:
        """What leads to the *part*, if these are few."""

        def lead() -> Few | None:
            rows = self._lead(part)
            return None if rows is None or len(rows) > _FEW else Few(part, rows)

        return self.once(part, lead)

    def _lead(self, part: Query) -> Sequence[Any] | None:
        """The rows of `Few`, if something leads to them that has them without looking at each: an
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
            case Word() | typed_words.All() if words := words_of(part):
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
                return self._cards(self._remembered().where(self.stands(how)))
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
        return select(memory.card_id).where(self.is_mine(by))

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
        holds = self.compared(of, sign, number)
        if of is Property.LAPSES:  # each memory has a number of them, and they an index
            holds = SIGNS[sign](memory.lapses, number)
        rows = self._looked_through(ids.where(holds))
        if of in (Property.LAPSES, Property.REVIEWS) and SIGNS[sign](0, number):
            unmet = self._cards(self._unmet) if rows is not None else None
            return None if unmet is None or rows is None else [*rows, *unmet]
        return rows

    def _rated_few(self, part: Rated) -> Sequence[Any] | None:
        """Only if these days have few reviews: each of them is looked at."""
        if self._are_many(self.of_days(part.days), _LATE):
            return None
        return self._cards(self.rated(part))

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
        model = in_force(self.connection, learner=self.learner).model
        most = self.days_since(step.c.day)
        most = most * (_ROUNDED / model.interval(1.0, number))
        mine = memory.learner_id == self.learner
        upto = and_(mine, memory.last_day == step.c.day, memory.stability <= most)
        return step.join(tables.memory, upto)

    def with_words(self, words: Sequence[str], few: int = _RARE) -> Iterator[ColumnElement[bool]]:
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
