"""Cards of the queue in their order, which are found and counted without going through them: there
may be thousands, and each rating asks."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from itertools import islice

from studyapp.memory.state import State


class Kind(Enum):
    """What of the day's time a card has."""

    NEW = "new"
    DUE = "due"
    SPARE = "spare"  # not due yet: what an exam's day has left


@dataclass(frozen=True, slots=True)
class Item:
    """One card in the queue."""

    card: int
    family: str
    chapter: int  # its id
    state: State
    due_at: datetime | None = None
    retrievability: float = 1.0
    today: bool = False  # rated today already
    term: int | None = None  # its note, if it was met before and is told apart from others
    spare: bool = False  # whether it is not due yet

    @property
    def kind(self) -> Kind:
        if self.state is State.NEW:
            return Kind.NEW
        return Kind.SPARE if self.spare else Kind.DUE

    def spoils(self, other: Item) -> bool:
        """Whether meeting this card today gives the other one away."""
        alike = self.term is None or other.term is None or self.term == other.term
        return self.family == other.family and alike


class Pile:
    """Items in an order, each card once."""

    def __init__(self, items: Iterable[Item] = ()) -> None:
        self._items: dict[int, Item] = {}  # by card
        self._families = defaultdict[str, dict[int, Item]](dict)
        self._kinds = Counter[Kind]()
        self.add(items)

    def __iter__(self) -> Iterator[Item]:
        return iter(self._items.values())

    def __len__(self) -> int:
        return len(self._items)

    def __eq__(self, other: object) -> bool:
        return list(self) == list(other) if isinstance(other, Pile) else NotImplemented

    def __contains__(self, card_id: int) -> bool:
        return card_id in self._items

    def get(self, card_id: int) -> Item | None:
        return self._items.get(card_id)

    def first(self) -> Item | None:
        return next(iter(self), None)

    def count(self, kind: Kind) -> int:
        return self._kinds[kind]

    def of_kind(self, kind: Kind) -> list[Item]:
        return [item for item in self if item.kind is kind]

    def of_family(self, family: str) -> list[Item]:
        return list(self._families[family].values()) if family in self._families else []

    def add(self, items: Iterable[Item]) -> None:
        """Put items behind the others; it has none of their cards."""
        for item in items:
            self._items[item.card] = item
            self._families[item.family][item.card] = item
            self._kinds[item.kind] += 1

    def put_before(self, items: Iterable[Item]) -> None:
        """Put items before the others; it has none of their cards."""
        others, self._items = self._items, {}
        self.add(items)
        self._items |= others

    def take(self, number: int) -> list[Item]:
        """Take the first items out."""
        taken = list(islice(self, number))
        for item in taken:
            self.drop(item.card)
        return taken

    def drop(self, card_id: int) -> None:
        """Take a card out, if it is there."""
        item = self._items.pop(card_id, None)
        if item is not None:
            del self._families[item.family][card_id]
            self._kinds[item.kind] -= 1
