"""Families: of the cards that give each other away, which come on one day."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence, Set
from datetime import date

from sqlalchemy import Connection, select

from studyapp.memory.state import State
from studyapp.store import tables
from studyapp.study.pile import Item

memory = tables.memory.c
card = tables.card.c

TOLD_APART = (card.contrast, card.note_id, memory.first_day)


def families_met(connection: Connection, today: date, *, learner: int) -> dict[str, list[Item]]:
    """Families of which a card was rated today, with these cards."""
    rows = connection.execute(
        select(card.id, card.family, card.chapter_id, memory.state, *TOLD_APART)
        .join(tables.memory, memory.card_id == card.id)
        .where(memory.learner_id == learner, memory.last_day == today)
    )
    met: dict[str, list[Item]] = {}
    for card_id, family, of_chapter, state, contrast, note_id, first_day in rows:
        term = term_of(today, contrast, note_id, first_day)
        item = Item(card_id, family, of_chapter, State(state), term=term)
        met.setdefault(family, []).append(item)
    return met


def term_of(today: date, contrast: bool, note_id: int, first_day: date | None) -> int | None:
    """The note of a card whose term others are told apart from, once it is no longer new."""
    return note_id if contrast and first_day is not None and first_day < today else None


def first_of_a_family(
    fresh: Iterator[Item], met: Set[str], room: int
) -> tuple[list[Item], list[Item]]:
    """As many of *fresh* as there is room for, one of a family and none of one that was *met*; and
    those that were passed over."""
    taken, kept, alike = set(met), list[Item](), list[Item]()
    while len(kept) < room and (item := next(fresh, None)):
        if item.family in taken:
            alike.append(item)
        else:
            taken.add(item.family)
            kept.append(item)
    return kept, alike


def is_spoiled(item: Item, by: Sequence[Item]) -> bool:
    """Whether one of some others gives the card away; most have none."""
    return bool(by) and any(one.spoils(item) for one in by)


def not_spoiled(items: Iterable[Item], others: Sequence[Item]) -> list[Item]:
    """Those of *items* that neither *others* nor those before them give away."""
    met: dict[str, list[Item]] = {}
    for one in others:
        met.setdefault(one.family, []).append(one)
    apart = [one for one in items if not is_spoiled(one, met.get(one.family, ()))]
    return one_of_a_family(apart)


def one_of_a_family(items: Iterable[Item]) -> list[Item]:
    taken: dict[str, list[Item]] = {}
    kept = []
    for item in items:
        others = taken.setdefault(item.family, [])
        if item.today or not is_spoiled(item, others):
            others.append(item)
            kept.append(item)
    return kept


def beside_each_other(reviews: Iterable[Item]) -> list[Item]:
    """The same order, but terms that are told apart follow the first of them."""
    together: dict[str | int, list[Item]] = {}
    for item in reviews:
        key = item.card if item.term is None else item.family
        together.setdefault(key, []).append(item)
    return [item for group in together.values() for item in group]
