"""By what the notes of a search are sorted, and the first of them in that order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Integer, bindparam, func, select

from studyapp.store import tables
from studyapp.study import query as typed_words
from studyapp.study.condition import apart, is_of_notes
from studyapp.study.query import Compared, Property, Query, State
from studyapp.study.search import Few, Notes, Search

card = tables.card.c
chapter = tables.chapter.c
memory = tables.memory.c
note = tables.note.c

_MANY_SAY = 5000  # passages with words, up to which they are found before the rest is in an order
_IN_BOOK = (*tables.IN_ORDER, note.path, note.line)


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


def ordered(search: Search, order: Order, limit: int) -> Sequence[int]:
    """The first notes for which all holds, in this order; those of which the learner knows
    nothing that it goes by come last, as in the book."""
    few = search.few
    if order is Order.MATCH:
        return _from_the_first(search, limit, None if few is None else few.notes)
    if few is not None and all(map(is_of_notes, few.left(search.parts))):
        return _by_value(search, order, few, limit)
    of_few = search.few is not None and not any(_goes_by(order, one) for one in search.parts)
    if of_few or any(map(search.is_a_small_chapter, search.parts)):
        rows = _in_order(search, order, search.few).limit(limit)
        return search.connection.scalars(rows).all()
    found = _along(search, order, limit)
    if order is Order.LAPSES and len(found) < limit:
        found |= dict.fromkeys(_from_the_first(search, limit, None, memory.lapses == 0))
    if len(found) < limit:
        few_notes = None if few is None else few.notes
        found |= dict.fromkeys(_from_the_first(search, limit, few_notes))
    return list(found)[:limit]


def _goes_by(order: Order, part: Query) -> bool:
    """Whether the *part* says where a search in this *order* begins and ends."""
    match part:
        case typed_words.Is(State.DUE) | Compared(Property.DUE):
            return order is Order.DUE
        case Compared(Property.STABILITY):
            return order is Order.STABILITY
    return False


def _in_order(search: Search, order: Order, few: Few | None) -> Any:
    """Those of a few notes, or of a chapter: each is looked at."""
    rows = search.select(note.id, wanted=search.left)
    if few is not None:
        rows = rows.where(search.among(few.ids))
    of = func.min(_BY[order])
    rows = rows.group_by(note.id, chapter.id)
    return rows.order_by(of.is_(None), of, *_IN_BOOK)


def _along(search: Search, order: Order, limit: int) -> dict[int, None]:
    """The first notes of cards of which the learner knows what this order goes by: an index has
    them in it, and no more of them is looked at than it takes. Without a lapse are most cards,
    and all of them would be put in the order of the book; so these are not."""
    by = memory.lapses if order is Order.LAPSES else _BY[order]
    found = dict[int, None]()
    source = tables.memory.join(tables.card, card.id == memory.card_id + 0)
    source = source.join(tables.note, search.of_card)
    source = source.join(tables.chapter, chapter.id == note.chapter_id)
    words, rest = apart(typed_words.All(tuple(search.parts)))
    where = [search.condition(one) if _goes_by(order, one) else search.holds(one) for one in rest]
    where += search.with_words(words, _MANY_SAY)
    where += [memory.lapses > 0] * (order is Order.LAPSES)
    rows = (
        select(note.id)
        .select_from(source)
        .where(search.is_mine(by), by.is_not(None), *search.there, *where)
        .order_by(by.desc() if order is Order.LAPSES else by)
        .order_by(*_IN_BOOK)
    )
    with search.connection.execute(rows) as result:
        for one in result.scalars():
            found[one] = None
            if len(found) == limit:
                break
    return found


def _by_value(search: Search, order: Order, few: Few, limit: int) -> Sequence[int]:
    """Those of a few cards, or of all cards of few notes. What this order goes by is known of
    each, and where its note stands in the book is asked of no more of them than it takes."""
    values = search.once((few.part, order), lambda: _values(search, order, few))
    found, placed = list[int](), _placed(search)
    for batch in _batches(values, 4 * limit):
        if len(found) >= limit:
            break
        if len(batch) == 1:
            found += _from_the_first(search, limit - len(found), batch[0])
            continue
        of = {one: at for at, notes in enumerate(batch) for ids in notes.values() for one in ids}
        rows = search.connection.execute(placed.where(search.among(list(of)))).all()
        found += [row.id for row in sorted(rows, key=lambda row: (of[row.id], *row[1:]))]
    return found[:limit]


def _values(search: Search, order: Order, few: Few) -> Sequence[Notes]:
    """The notes of these, in this order: those of which it says the same together."""
    cards = [one for *_, one in few.rows if one is not None]
    notes = [one for _, one, card_id in few.rows if card_id is None]
    by, mine = _BY[order], memory.learner_id == search.learner
    of_card = select(memory.card_id, by).where(mine, search.among(cards, memory.card_id))
    of_note = (
        select(card.note_id, func.min(by))
        .select_from(tables.card.outerjoin(tables.memory, search.of_memory))
        .where(search.among(notes, card.note_id), card.missing_since.is_(None))
        .group_by(card.note_id)
    )
    known_of_card = dict[int, Any](search.connection.execute(of_card).all())
    known_of_note = dict[int, Any](search.connection.execute(of_note).all())
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


def _placed(search: Search, *of_card: ColumnElement[bool]) -> Any:
    """The notes for which all holds that is left, with their place."""
    rows = search.select(note.id, *_IN_BOOK, wanted=search.left, cards=bool(of_card))
    return rows.where(*of_card).distinct()


def _from_the_first(
    search: Search, limit: int, few: Notes | None, *of_card: ColumnElement[bool]
) -> Sequence[int]:
    """The first notes as in the book, chapter by chapter: what holds of many notes is found
    before all of them are looked at, and of few these alone are."""
    rows = _placed(search, *of_card).order_by(*_IN_BOOK).limit(bindparam("most", type_=Integer()))
    chapters = search.connection.scalars(select(chapter.id).order_by(*tables.IN_ORDER)).all()
    chapters = [one for one in chapters if few is None or one in few]
    found, at, step = list[int](), 0, 1
    while at < len(chapters) and len(found) < limit:
        some = chapters[at : at + step]
        ids = [] if few is None else [one for of in some for one in few[of]]
        among = note.chapter_id.in_(some) if few is None else search.among(ids)
        found += search.connection.scalars(rows.where(among), {"most": limit - len(found)})
        at, step = at + step, 2 * step if few is None else len(chapters)
    return found


def _batches(values: Sequence[Notes], least: int) -> Iterator[Sequence[Notes]]:
    """Those that follow each other, *least* notes or more in one go; what has as many alone is
    alone."""
    batch, size = list[Notes](), 0
    for notes in values:
        more = sum(map(len, notes.values()))
        if batch and max(size, more) >= least:
            yield batch
            batch, size = [], 0
        batch, size = [*batch, notes], size + more
    if batch:
        yield batch
