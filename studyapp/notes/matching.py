"""Which of our questions somebody's own are: told by their numbers, their words and their order.

Both sides were worded by different people. So a word tells the more the fewer of our questions have
it, and answers are compared with ours beside the questions; a number counts once the words of the
list that it stands in have shown that its numbers are ours. Where no words are shared, neither a
number nor the order tells anything.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from studyapp.notes import wording
from studyapp.notes.foreign import ForeignNote
from studyapp.notes.letters import folded

# Somebody's filled-in questionnaire of the course's first chapter, whose 33 questions ours reword:
# the right one has .19 to .68, the best wrong one .05 to .34. Of a chapter that it is not about the
# best has .04 to .35.
_NUMBERED = 0.25  # what a number that is to be believed adds
_CLEAR = 0.28  # from which words alone tell,
_APART = 1.25  # if nothing else comes as near
_LIKELY = 0.2  # from which a number that stands alone is believed, if it is that of the likest
_NEAR = 0.1  # below which neither number nor order tells: unanswered, the right ones have .13 to .6
_STEM = 5  # letters that tell a word
_SMALL = frozenset(
    re.findall(
        r"\w+",
        "a an and are as at be by can do does did for from give how in is it its name not of on "
        "one or that the this to was we were what when which who why with you your",
    )
)

Vector = dict[str, float]


class By(StrEnum):
    """What a match is told by, the surest first."""

    ID = "its id"
    BOTH = "number and words"
    WORDS = "words"
    NUMBER = "number"
    ORDER = "order"


@dataclass(frozen=True, slots=True)
class Ours:
    """A question that we have, be it in several parts: what it asks, and all that it says."""

    number: int | None
    asks: str
    says: str


@dataclass(frozen=True, slots=True)
class Match:
    """The place of one of theirs and of one of ours, and how alike they are (0 to 1)."""

    theirs: int
    ours: int
    by: By
    likeness: float

    @property
    def weight(self) -> float:
        """How much it says that theirs is about what ours is: words the most, then a number that
        goes with them."""
        return 0.1 + self.likeness + _NUMBERED / 2 * (self.by is By.BOTH)


def match(theirs: Sequence[ForeignNote], ours: Sequence[Ours]) -> list[Match]:
    """The questions of *theirs* that are ours, in their order; each is at most one, and no two of
    them are the same."""
    return sorted(_Matching(theirs, ours).run(), key=lambda one: one.theirs)


class _Matching:
    def __init__(self, theirs: Sequence[ForeignNote], ours: Sequence[Ours]) -> None:
        self.theirs, self.ours = theirs, ours
        asks, says = ([_words(getattr(one, name)) for one in ours] for name in ("asks", "says"))
        self.rare = _Rarity(says)
        self.asks, self.says = _Index(asks, self.rare), _Index(says, self.rare)
        self.asked = [[_said(part) for part in one.asks.split("\n")] for one in ours]
        self.likeness = [self._likenesses(one) for one in theirs]
        self.numbers = {one.number: at for at, one in enumerate(ours) if one.number is not None}
        self.numbered = dict(self._numbered())

    def run(self) -> Iterator[Match]:
        """Take the likest pairs first; then what lies between two that are told."""
        found, taken = dict[int, Match](), set[int]()
        for _, at, place in sorted(self._pairs(), reverse=True):
            if at in found or place in taken:
                continue
            if by := self._told_by(at, place, taken):
                found[at] = Match(at, place, by, self.likeness[at].get(place, 0.0))
                taken.add(place)
        found |= {one.theirs: one for one in self._between(found, taken)}
        yield from found.values()

    def _likenesses(self, note: ForeignNote) -> dict[int, float]:
        """How alike one is to each of ours with which it shares a word."""
        asked, said = _words(note.question), _words(f"{note.question} {note.answer}")
        found = defaultdict[int, float](float)
        for index, words in ((self.asks, asked), (self.says, said)):
            for place, cosine in index.near(self.rare.vector(words)):
                found[place] += cosine / 2
        begins = _said(note.question)
        for place in found if asked else ():
            if any(part.startswith(begins) for part in self.asked[place]):
                found[place] = (1 + found[place]) / 2  # word for word, as far as it goes
        return found

    def _pairs(self) -> Iterator[tuple[float, int, int]]:
        for at, alike in enumerate(self.likeness):
            for place, likeness in alike.items():
                yield likeness + _NUMBERED * (self.numbered.get(at) == place), at, place

    def _told_by(self, at: int, place: int, taken: set[int]) -> By | None:
        """What tells that these are the same; None if nothing does."""
        if (likeness := self.likeness[at].get(place, 0.0)) < _NEAR:
            return None
        others = [alike for other, alike in self._free(at, taken) if other != place]
        if self.numbered.get(at) == place:
            return By.BOTH if likeness >= max(others, default=0.0) else By.NUMBER
        apart = likeness >= _APART * max(others, default=0.0)
        return By.WORDS if likeness >= _CLEAR and apart else None

    def _free(self, at: int, taken: set[int]) -> Iterator[tuple[int, float]]:
        return ((place, one) for place, one in self.likeness[at].items() if place not in taken)

    # --- numbers and order ------------------------------------------------------------------

    def _numbered(self) -> Iterator[tuple[int, int]]:
        """The questions whose number is to be believed, each with ours of that number: in a row
        that counts up, as far as it does, half of them at least must be the likest, too. One or two
        that are all with a number are believed if they are themselves like ours."""
        rows = list(self._rows())
        are_few = sum(map(len, rows)) <= 2
        for row in rows:
            known = [(at, self.numbers[n]) for at, n in row if n in self.numbers]
            alike = [(at, place) for at, place in known if self._likest(at) == place]
            if len(alike) > 1 and 2 * len(alike) >= len(known):
                yield from known
            elif are_few:
                yield from (one for one in alike if self.likeness[one[0]][one[1]] >= _LIKELY)

    def _rows(self) -> Iterator[list[tuple[int, int]]]:
        row = list[tuple[int, int]]()
        for at, note in enumerate(self.theirs):
            if note.number is None:
                continue
            if row and note.number <= row[-1][1]:
                yield row
                row = []
            row.append((at, note.number))
        yield row

    def _likest(self, at: int) -> int | None:
        alike = self.likeness[at]
        return max(alike, key=alike.__getitem__) if alike else None

    def _between(self, found: Mapping[int, Match], taken: set[int]) -> Iterator[Match]:
        """Those between two that are told, where as many of ours lie between these."""
        by_number = [place for _, place in sorted(self.numbers.items())]
        rank = {place: nth for nth, place in enumerate(by_number)}
        told = [one for _, one in sorted(found.items()) if one.ours in rank]
        for before, after in pairwise(told):
            left = range(before.theirs + 1, after.theirs)
            places = by_number[rank[before.ours] + 1 : rank[after.ours]]
            if len(left) == len(places) and not taken & {*places} and not found.keys() & {*left}:
                for at, place in zip(left, places, strict=True):
                    if (likeness := self.likeness[at].get(place, 0.0)) >= _NEAR:
                        yield Match(at, place, By.ORDER, likeness)


class _Rarity:
    """How much a word tells: the more, the fewer of *texts* have it."""

    def __init__(self, texts: Sequence[Counter[str]]) -> None:
        self.count = len(texts)
        self.having = Counter(word for text in texts for word in text)

    def vector(self, words: Counter[str]) -> Vector:
        weights = {
            word: (1 + math.log(times)) * math.log1p(self.count / (1 + self.having[word]))
            for word, times in words.items()
        }
        length = math.hypot(*weights.values()) or 1.0
        return {word: weight / length for word, weight in weights.items()}


class _Index:
    """Texts by their words, so that one is compared only with those that share a word with it."""

    def __init__(self, texts: Sequence[Counter[str]], rare: _Rarity) -> None:
        self.having = defaultdict[str, list[tuple[int, float]]](list)
        for place, text in enumerate(texts):
            for word, weight in rare.vector(text).items():
                self.having[word].append((place, weight))

    def near(self, vector: Vector) -> Iterator[tuple[int, float]]:
        """The places of the texts, each with its cosine, from 0 to 1."""
        cosines = defaultdict[int, float](float)
        for word, weight in vector.items():
            for place, other in self.having.get(word, ()):
                cosines[place] += weight * other
        yield from cosines.items()


def _said(text: str) -> str:
    """What a text says word for word, each word with a blank behind it."""
    return "".join(f"{word} " for word in re.findall(r"[^\W_]+", folded(wording.plain(text))))


def _words(text: str) -> Counter[str]:
    """The words of a text that tell something, as far as their endings do not part them."""
    said = re.findall(r"[^\W_]+", folded(wording.plain(text)))
    return Counter(
        word.removesuffix("s")[:_STEM] for word in said if len(word) > 1 and word not in _SMALL
    )
