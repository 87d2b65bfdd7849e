"""The reviews of many cards as arrays, and their histories with what they have in common merged.

Half of all reviews follow a history that another card has, too: after Good, Good after two days.
So a model is followed through a tree of histories, all nodes of one depth at once. This imports
NumPy, which no process that answers a key may load.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

Ints: TypeAlias = NDArray[np.int64]
Floats: TypeAlias = NDArray[np.float64]
Bools: TypeAlias = NDArray[np.bool_]
Small: TypeAlias = NDArray[np.int32]

LONGEST = 1000  # reviews of one history; what comes after them is not followed
_FAR = 36500  # days: a longer wait is as long as that
_AGAIN = 1
_KIND = 4 * (_FAR + 1)  # steps of each kind
_KINDS = np.arange(3, dtype=np.int32) * np.int32(_KIND)  # the first step of each


@dataclass(frozen=True, eq=False)
class Reviews:
    """What was rated, in the order of the log: arrays of one length.

    A history begins with a card's first entry, and where `begins` says, as after a card was
    forgotten. It begins with a review, or with what is known of the card otherwise, which is
    `given`: then `rating` tells what its memory is like, as far as `stability` and `difficulty` are
    not numbers.
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

    @cached_property
    def by_card(self) -> Ints:
        """The order that has those of each card together. Sixteen bits at a time are counted, not
        compared, in a fraction of the time."""
        order, rest = np.arange(len(self.card)), self.card
        while rest.any():
            order = order[np.argsort(rest.astype(np.uint16)[order], kind="stable")]
            rest = rest >> 16
        return order

    @cached_property
    def tree(self) -> Tree:
        """Their histories."""
        return grow(self)

    def until(self, day: int) -> int:
        """How many there are before the first one of a day after *day*."""
        return int(np.searchsorted(np.maximum.accumulate(self.day), day, side="right"))

    def take(self, which: Ints | Bools) -> Reviews:
        """Some of them, or all in another order."""
        return Reviews(*(getattr(self, name)[which] for name in COLUMNS))


COLUMNS = tuple(field.name for field in fields(Reviews))


def plain(card: Ints, day: Ints, rating: Ints) -> Reviews:
    """Reviews alone, of cards that are new at their first one."""
    no, nothing = np.zeros(len(card), bool), np.full(len(card), np.nan)
    return Reviews(card, day, rating, no, no, nothing, nothing)


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


@dataclass(frozen=True, eq=False)
class Tree:
    """Histories by their length. `node` tells where each review stands among the nodes of all
    levels, the roots first; -1 is what is not followed."""

    roots: Roots
    levels: tuple[Level, ...]
    node: Ints

    @cached_property
    def scored(self) -> Bools:
        """The reviews that tell what was remembered: the first of a card in a study day."""
        later = [np.zeros(len(self.roots.rating), bool)]
        later += [np.arange(len(level.parent)) >= level.same for level in self.levels]
        return np.concatenate([*later, np.zeros(1, bool)])[self.node]  # the last of what is at -1

    def of_first(self, count: int) -> Tree:
        """The same nodes, with the first *count* reviews alone."""
        nodes = len(self.roots.rating) + sum(len(level.parent) for level in self.levels)
        reviews = np.bincount(self.node[:count] + 1, minlength=nodes + 1)[1:].astype(float)
        levels, end = list[Level](), len(self.roots.rating)
        for level in self.levels:
            start, end = end, end + len(level.parent)
            levels.append(level._replace(reviews=reviews[start:end]))
        return replace(self, levels=tuple(levels))


def grow(reviews: Reviews) -> Tree:
    """The tree of all histories in *reviews*."""
    order = reviews.by_card
    begins = reviews.begins[order] | _differs(reviews.card[order])
    start = np.flatnonzero(begins)
    length = np.diff(np.append(start, len(order)))
    longest_first = np.argsort(-length, kind="stable")  # who has a next review is a slice
    start, shorter = start[longest_first], -length[longest_first]
    step = _steps(*(one[order].astype(np.int32) for one in (reviews.day, reviews.rating)))
    at = np.full(len(order), -1)
    roots, node = _roots(reviews, order[start])
    at[start] = node
    levels, count, alone = list[Level](), len(roots.rating), False
    nodes = count
    for depth in range(1, min(int(length.max(initial=0)), LONGEST)):
        going_on = int(np.searchsorted(shorter, -depth))
        here = start[:going_on] + depth
        made, node = _level(node[:going_on], step[here].astype(np.int64), count, alone)
        at[here] = nodes + node
        levels.append(made)
        count = len(made.parent)
        nodes += count
        alone = count == going_on
    in_the_log = np.empty(len(order), np.int64)
    in_the_log[order] = at
    return Tree(roots, tuple(levels), in_the_log)


def _differs(values: Ints) -> Bools:
    """Whether each is another than the one before it; the first is."""
    differs = np.ones(len(values), bool)
    np.not_equal(values[1:], values[:-1], out=differs[1:])
    return differs


def _steps(day: Small, rating: Small) -> Small:
    """What each review adds to a history, as one number: its kind, in the order of a level's nodes,
    the days since the review before, and the rating. Of a first one it means nothing."""
    step = np.zeros(len(day), np.int32)
    np.clip(day[1:] - day[:-1], 0, _FAR, out=step[1:])
    is_later = step > 0
    step *= 4
    step += rating - 1
    kind = is_later.view(np.uint8) + (is_later & (rating != _AGAIN))
    step += _KINDS.take(kind)
    return step


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


def _level(parent: Ints, step: Ints, parents: int, alone: bool) -> tuple[Level, Ints]:
    """The nodes that follow *parents* nodes by a *step*, and which each history has come to.
    *alone*: no two histories have the same parent, so nothing can be merged."""
    if alone:
        first = np.argsort(step // _KIND, kind="stable")
        node = np.empty(len(parent), np.int64)
        node[first] = np.arange(len(parent))
        count = np.ones(len(parent))
    else:
        first, node = _merged(step * parents + parent)
        count = np.bincount(node, minlength=len(first)).astype(float)
    step = step[first]
    ends = np.searchsorted(step // _KIND, [1, 2])
    made = Level(
        parent[first],
        step % 4 + 1,
        (step % _KIND // 4).astype(float),
        count,
        int(ends[0]),
        int(ends[1]),
    )
    return made, node


def _merged(key: Ints) -> tuple[Ints, Ints]:
    """The place of one history of each *key* in the order of these, and which of them each is.
    NumPy's `unique` keeps equal ones in their order, which takes several times as long to sort."""
    order = np.argsort(key)
    differs = _differs(key[order])
    node = np.empty(len(key), np.int64)
    node[order] = np.cumsum(differs) - 1
    return order[differs], node
