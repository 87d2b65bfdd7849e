"""What a query asks of notes and their cards, as conditions in SQL."""

from __future__ import annotations

import json
import operator
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from difflib import get_close_matches
from fnmatch import fnmatchcase
from functools import cached_property, lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, false, func, not_, or_, select

from studyapp.config import Settings
from studyapp.memory import state
from studyapp.memory.clock import study_day
from studyapp.memory.scheduler import is_leech
from studyapp.notes.letters import folded
from studyapp.store import log, owner, passage, record, tables
from studyapp.store.engine import days_since, written
from studyapp.store.parameters import in_force
from studyapp.study import aside
from studyapp.study import chapter as chapters
from studyapp.study import query as typed_words
from studyapp.study.query import Compared, Property, Query, QueryError, Rated, State, Word

card = tables.card.c
chapter = tables.chapter.c
memory = tables.memory.c
note = tables.note.c
review = tables.review.c

SIGNS: Mapping[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
    "!=": operator.ne,
}


def apart(wanted: Query) -> tuple[list[str], list[Query]]:
    """The words that all have to be there, and what else has to hold."""
    parts = parts_of(wanted)
    words = [one.text for one in parts if isinstance(one, Word)]
    return words, [one for one in parts if not isinstance(one, Word)]


def words_of(part: Query) -> list[str]:
    """The words, if it is nothing else than that they are there."""
    words, rest = apart(part)
    return [] if rest else words


def parts_of(wanted: Query) -> tuple[Query, ...]:
    """All that has to hold."""
    return wanted.parts if isinstance(wanted, typed_words.All) else (wanted,)


def is_of_notes(part: Query) -> bool:
    """Whether it holds of a note with all its cards or with none, and is never null."""
    match part:
        case typed_words.All(parts) | typed_words.Any(parts):
            return all(map(is_of_notes, parts))
        case typed_words.Not(one):
            return is_of_notes(one)
    return isinstance(part, (Word, typed_words.Chapter, typed_words.Pack, typed_words.Tag))


@dataclass
class Conditions(ABC):
    """Conditions on a note, one of its cards if it has any, and the learner's memory of that, if
    there is one. How words are looked for is left to the search that they are part of."""

    connection: Connection
    now: datetime
    settings: Settings
    learner: int
    _lists: dict[str, list[str]] = field(default_factory=dict, init=False)  # those of each tag

    @abstractmethod
    def with_words(self, words: Sequence[str]) -> Iterator[ColumnElement[bool]]:
        """That a note has all *words*."""

    @cached_property
    def today(self) -> date:
        return study_day(self.now)

    def select(self, *columns: Any, wanted: Sequence[Query], cards: bool = True) -> Any:
        """Notes that are there, with their chapter, for which all that is *wanted* holds. Without
        *cards* they and their memories are there only if something asks for them."""
        source = tables.note.join(tables.chapter, chapter.id == note.chapter_id)
        if cards or not all(map(is_of_notes, wanted)):
            source = source.outerjoin(tables.card, self.of_card)
            source = source.outerjoin(tables.memory, self.of_memory)
        where = map(self.holds, wanted)
        return select(*columns).select_from(source).where(*self.there, *where)

    def condition(self, wanted: Query) -> ColumnElement[bool]:
        match wanted:
            case typed_words.All():
                words, rest = apart(wanted)
                return and_(*self.with_words(words), *map(self.condition, rest))
            case typed_words.Any(parts):
                return or_(false(), *map(self.condition, parts))
            case typed_words.Not(part):
                return not_(self.holds(part))
            case Word(text):
                return and_(*self.with_words([text]))
            case typed_words.Is(how):
                return self.stands(how)
            case typed_words.Chapter(name):
                return note.chapter_id.in_(self._chapters(name))
            case typed_words.Pack(name):
                return chapter.pack.in_(self._packs(name))
            case typed_words.Tag(name):
                return written(self.connection, note.tags).in_(self._tags(name))
            case Rated():
                # Card by card: a year may have hundreds of thousands of reviews.
                return self.rated(wanted, card.id).exists()
            case typed_words.Introduced(days):
                return self._introduced(days)
            case Compared(of, sign, number):
                return and_(card.id.is_not(None), self.compared(of, sign, number))

    def holds(self, wanted: Query) -> ColumnElement[bool]:
        """A condition that is never null: else SQLite would take an outer join for an inner one,
        and begin with all memories, of which it expects ten. What is asked of a note alone is no
        null, and has an index to begin with."""
        holds = self.condition(wanted)
        return holds if is_of_notes(wanted) else func.coalesce(holds, false())

    @property
    def of_card(self) -> ColumnElement[bool]:
        return and_(card.note_id == note.id, card.missing_since.is_(None))

    @property
    def of_memory(self) -> ColumnElement[bool]:
        return and_(memory.card_id == card.id, memory.learner_id == self.learner)

    @property
    def there(self) -> tuple[ColumnElement[bool], ...]:
        return note.missing_since.is_(None), owner.visible_of_all(learner=self.learner)

    def among(self, ids: Sequence[int], of: Any = note.id) -> ColumnElement[bool]:
        return passage.among(self.connection.dialect.name, of, ids)

    def is_mine(self, by: Any) -> ColumnElement[bool]:
        """Condition on a memory that is asked *by* a column. The index of the days on which cards
        are due begins with the learner; where another one is to be used, SQLite is told of no
        learner, as it takes what one has for ten rows."""
        of = memory.learner_id
        whole = by is None or by is memory.due
        return (of if whole else func.coalesce(of, self.learner)) == self.learner

    def stands(self, how: State) -> ColumnElement[bool]:
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

    def rated(self, part: Rated, of: ColumnElement[int] | None = None) -> Select[int]:
        """The cards that were; or a condition on the card *of*."""
        rated = self.of_days(part.days, of).where(record.not_retracted())
        return rated if part.rating is None else rated.where(review.rating == part.rating)

    def of_days(self, days: int, of: ColumnElement[int] | None = None) -> Select[int]:
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

    def compared(self, of: Property, sign: str, number: float) -> ColumnElement[bool]:
        compare: Callable[[Any, Any], ColumnElement[bool]] = SIGNS[sign]
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
                days = self.days_since(memory.last_day) - self.days_since(memory.due)
                return and_(memory.state == state.State.REVIEW, compare(days, number))
            case Property.RETRIEVABILITY:
                return self._recalled(compare, number)

    def days_since(self, day: ColumnElement[Any]) -> ColumnElement[Any]:
        return days_since(self.connection, day, self.today)

    def _recalled(self, compare: Callable[[Any, Any], Any], number: float) -> ColumnElement[bool]:
        """Retrievability today against a number. It falls with the days as a share of stability, so
        that share is compared, the other way round."""
        model = in_force(self.connection, learner=self.learner).model
        at = model.interval(1.0, number) if number > 0 else float("inf")
        days = self.days_since(memory.last_day)
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
