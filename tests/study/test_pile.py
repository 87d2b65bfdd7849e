"""The cards of the queue: what is kept in step is what going through them would tell."""

from __future__ import annotations

import random

import pytest

from studyapp.memory.state import State
from studyapp.study.pile import Item, Kind, Pile


def some(draw: random.Random, known: list[Item]) -> list[Item]:
    """A few items whose cards are not among those that are *known*."""
    free = [card for card in range(40) if card not in {item.card for item in known}]
    return [
        Item(card, draw.choice("abc"), 1, draw.choice(list(State)), spare=draw.random() < 0.2)
        for card in draw.sample(free, min(len(free), draw.randrange(4)))
    ]


@pytest.mark.parametrize("seed", range(5))
def test_a_pile_is_a_list_in_which_nothing_is_searched(seed: int) -> None:
    draw = random.Random(seed)
    pile, items = Pile(), list[Item]()
    for _ in range(100):
        more, card, number = some(draw, items), draw.randrange(40), draw.randrange(3)
        match draw.randrange(4):
            case 0:
                pile.add(more)
                items += more
            case 1:
                pile.put_before(more)
                items = more + items
            case 2:
                pile.drop(card)
                items = [item for item in items if item.card != card]
            case _:
                assert pile.take(number) == items[:number]
                del items[:number]
        assert list(pile) == items
        assert len(pile) == len(items)
        assert pile.first() == (items[0] if items else None)
        assert pile.get(card) == next((item for item in items if item.card == card), None)
        assert (card in pile) == (pile.get(card) is not None)
        for kind in Kind:
            assert pile.count(kind) == len(pile.of_kind(kind))
        for family in "abc":
            alike = [item for item in items if item.family == family]
            assert sorted(pile.of_family(family), key=items.index) == alike
