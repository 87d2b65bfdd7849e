"""Which questions are asked in nearly the same words, found without comparing each with each."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Generic, TypeVar

NEARLY = 0.8  # share of their words that two questions have in common
_SMALL = frozenset({"a", "an", "the", "is", "are", "do", "does", "of", "in", "to", "and"})

T = TypeVar("T")


class Likeness(Generic[T]):
    """Questions by their words. *texts* are all that will be compared: they say what is rare."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._counts = Counter(word for text in texts for word in _words(text))
        self._seen: dict[tuple[str, int, int], list[tuple[frozenset[str], T]]] = {}

    def add(self, text: str, of: T) -> None:
        words = _words(text)
        needed = math.ceil(NEARLY * len(words) - 1e-9)
        for at, word in enumerate(self._rarest(words)[: len(words) - needed + 1]):
            self._seen.setdefault((word, at, len(words)), []).append((words, of))

    def near(self, text: str) -> Iterator[T]:
        """What was added of nearly the same words; some of it more than once."""
        words = _words(text)
        for place in _places(self._rarest(words)):
            for others, of in self._seen.get(place, ()):
                if len(words & others) >= NEARLY * len(words | others):
                    yield of

    def _rarest(self, words: frozenset[str]) -> list[str]:
        return sorted(words, key=lambda word: (self._counts[word], word))


def shared(one: Iterable[str], other: Iterable[str]) -> float:
    """The share of their words that two texts have in common, given as words in lower case."""
    mine, theirs = frozenset(one) - _SMALL, frozenset(other) - _SMALL
    return len(mine & theirs) / len(mine | theirs) if mine | theirs else 0.0


def _words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"\w+", text.casefold())) - _SMALL


def _places(rarest: Sequence[str]) -> Iterator[tuple[str, int, int]]:
    """Where questions may be that have nearly these words, the rarest first: under a word, its
    place among theirs and how many they have. What comes before the first word that two share is
    in one of them alone, so that it comes early in both."""
    mine = len(rarest)
    for theirs in range(math.ceil(NEARLY * mine - 1e-9), math.floor(mine / NEARLY + 1e-9) + 1):
        shared = math.ceil(NEARLY * (mine + theirs) / (1 + NEARLY) - 1e-9)
        for word in rarest[: mine - shared + 1]:
            yield from ((word, at, theirs) for at in range(theirs - shared + 1))
