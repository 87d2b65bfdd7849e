"""The reviews of many cards as arrays, and their histories with what they have in common merged.

Half of all reviews follow a history that another card has, too: after Good, Good after two days.
So a model is followed through a tree of histories, all nodes of one depth at once. This imports
NumPy, which no process that answers a key may load.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

Ints: TypeAlias = NDArray[np.int64]
Floats: TypeAlias = NDArray[np.float64]
Bools: TypeAlias = NDArray[np.bool_]

LONGEST = 1000  # reviews of one history; what comes after them is not followed
_FAR = 36500  # days: a longer wait is as long as that
_AGAIN = 1


@dataclass(frozen=True, slots=True)
class Reviews:
    """What was rated, in the order of the log: arrays of one length.

    A history begins where `begins` says, as after a card was forgotten. It begins with a review, or
    with what is known of the card otherwise, which is `given`: then `rating` tells what its memory
    is like, as far as `stability` and `difficulty` are not numbers.
    """

    card: Ints
    day: Ints
    rating: Ints
    begins: Bools
    given: Bools
    stability: Floats
    difficulty: Floats

    def __len__(self) -> int:
        return len(self.card)

    @property
    def rated(self) -> int:
        """How many are reviews."""
        return len(self) - int(self.given.sum())

    def until(self, day: int) -> Reviews:
        """Those of the days up to *day*."""
        return self.take(self.day <= day)

    def take(self, which: Ints | Bools) -> Reviews:
        """Some of them, or all in another order."""
        return Reviews(*(getattr(self, name)[which] for name in Reviews.__slots__))


def plain(card: Ints, day: Ints, rating: Ints) -> Reviews:
    """Reviews alone, of cards that are new at their first one."""
    first = np.zeros(len(card), bool)
    first[np.unique(card, return_index=True)[1]] = True
    nothing = np.full(len(card), np.nan)
    return Reviews(card, day, rating, first, np.zeros(len(card), bool), nothing, nothing)


class Roots(NamedTuple):
    """How histories begin: with the ratings 1 to 4, then with each that was given."""

    rating: Ints
    stability: Floats  # NaN: as the rating says
    difficulty: Floats


class Level(NamedTuple):
    """The histories of one length. Nodes are sorted: what was reviewed on the day of the review
    before, up to `same`; then what was forgotten, up to `lapsed`; then what was remembered."""

    parent: Ints  # of each node, in the level before
    rating: Ints
    days: Floats  # since the review before
    reviews: Floats  # that came to this
    same: int
    lapsed: int


@dataclass(frozen=True, slots=True)
class Tree:
    """Histories by their length. `level` and `node` tell where each review stands: level 0 is a
    root, -1 what is not followed."""

    roots: Roots
    levels: tuple[Level, ...]
    level: Ints
    node: Ints

    @property
    def scored(self) -> Bools:
        """The reviews that tell what was remembered: the first of a card in a study day."""
        found = np.zeros(len(self.level), bool)
        for number, level in enumerate(self.levels, 1):
            here = np.flatnonzero(self.level == number)
            found[here] = self.node[here] >= level.same
        return found


def grow(reviews: Reviews) -> Tree:
    """The tree of all histories in *reviews*."""
    order = np.argsort(reviews.card, kind="stable")
    card = reviews.card[order]
    begins = reviews.begins[order] | (np.diff(card, prepend=card[:1] - 1) != 0)
    start = np.flatnonzero(begins)
    length = np.diff(np.append(start, len(order)))
    longest_first = np.argsort(-length, kind="stable")  # who has a next review is a slice
    start, length = start[longest_first], length[longest_first]
    level, at = np.full(len(order), -1), np.zeros(len(order), np.int64)
    day, rating = reviews.day[order], reviews.rating[order]
    roots, node = _roots(reviews, order[start])
    level[order[start]], at[order[start]] = 0, node
    levels, count, alone = list[Level](), len(roots.rating), False
    for depth in range(1, min(int(length.max(initial=0)), LONGEST)):
        going_on = int(np.searchsorted(-length, -depth))
        here = start[:going_on] + depth
        days = np.clip(day[here] - day[here - 1], 0, _FAR)
        made, node = _level(node[:going_on], days, rating[here], count, alone)
        level[order[here]], at[order[here]] = depth, node
        levels.append(made)
        count = len(made.parent)
        alone = count == going_on
    return Tree(roots, tuple(levels), level, at)


def _roots(reviews: Reviews, first: Ints) -> tuple[Roots, Ints]:
    """The roots, and that of each history by its *first* entry."""
    node = reviews.rating[first] - 1
    given = np.flatnonzero(reviews.given[first])
    node[given] = 4 + np.arange(len(given))
    of = first[given]
    as_rated = np.full(4, np.nan)
    roots = Roots(
        np.append(np.arange(1, 5), reviews.rating[of]),
        np.append(as_rated, reviews.stability[of]),
        np.append(as_rated, reviews.difficulty[of]),
    )
    return roots, node


def _level(parent: Ints, days: Ints, rating: Ints, parents: int, alone: bool) -> tuple[Level, Ints]:
    """The nodes that follow *parents* nodes, and which each history has come to. *alone*: no two
    histories have the same parent, so nothing can be merged."""
    kind = np.where(days == 0, 0, np.where(rating == _AGAIN, 1, 2))
    if alone:
        first = np.argsort(kind, kind="stable")
        node = np.empty(len(parent), np.int64)
        node[first] = np.arange(len(parent))
        count = np.ones(len(parent))
    else:
        key = ((kind * parents + parent) * (_FAR + 1) + days) * 4 + rating - 1
        _, first, node = np.unique(key, return_index=True, return_inverse=True)
        count = np.bincount(node, minlength=len(first)).astype(float)
    ends = np.searchsorted(kind[first], [1, 2])
    made = Level(
        parent[first],
        rating[first],
        days[first].astype(float),
        count,
        int(ends[0]),
        int(ends[1]),
    )
    return made, node
