"""Which of our questions somebody's own are: told by their words, their numbers and their order.

Who asks in our very words asks that question, whatever speaks for another. Else both sides were
worded by different people. So a word tells the more the fewer of our questions have it, and answers
are compared with ours beside the questions; a number counts once the words of the list that it
stands in have shown that its numbers are ours. Where no words are shared, neither a number nor the
order tells anything. What several of ours ask under one number, the book asks as one.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
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
_Told = tuple[int, "By", float]  # the place of ours, by what, and how alike


class By(StrEnum):
    """What a match is told by, the surest first."""

    ID = "its id"
    SAME = "the same words"
    BOTH = "number and words"
    WORDS = "words"
    NUMBER = "number"
    ORDER = "order"


@dataclass(frozen=True, slots=True)
class Ours:
    """A question that we have: the number of the book's one that it is, or is part of; what it
    asks, on its first line and below; and all that it says. `cases` ask it in other situations."""

    number: int | None
    asks: str
    says: str
    cases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Match:
    """The place of one of theirs, those of ours that it asks, and how alike they are (0 to 1)."""

    theirs: int
    ours: tuple[int, ...]
    by: By
    likeness: float

    @property
    def weight(self) -> float:
        """How much it says that theirs is about what ours is: words the most, then a number that
        goes with them."""
        return 0.1 + self.likeness + _NUMBERED / 2 * (self.by in (By.SAME, By.BOTH))


def match(theirs: Sequence[ForeignNote], ours: Sequence[Ours]) -> list[Match]:
    """The questions of *theirs* that are ours, in their order; no two are the same of ours. One is
    several only where these have a number in common and none of them is asked in its own words."""
    return sorted(_Matching(theirs, ours).run(), key=lambda one: one.theirs)


def by_number(theirs: Sequence[ForeignNote], ours: Sequence[Ours]) -> list[Match]:
    """The same of answers that stand there without their questions: their numbers alone tell. Of a
    number that is there twice, the answered one is meant, else the first."""
    places, found = defaultdict[int | None, list[int]](list), dict[int, Match]()
    for place, one in enumerate(ours):
        places[one.number].append(place)
    for at in sorted(range(len(theirs)), key=lambda at: not theirs[at].answer):
        number = theirs[at].number
        if number is not None and number in places:
            found.setdefault(number, Match(at, (*places[number],), By.NUMBER, 0.0))
    return sorted(found.values(), key=lambda one: one.theirs)


class Wordings:
    """The texts in which each of several things is asked, to find it by one of these: to the
    letter, or else word for word. What a text says below its first line may be left out."""

    def __init__(self, asked: Sequence[Iterable[str]]) -> None:
        self.places = defaultdict[str, set[int]](set)
        for place, texts in enumerate(asked):
            for text in texts:
                for key in _keys(text) + _keys(text.split("\n")[0]):
                    self.places[key].add(place)

    def __getitem__(self, question: str) -> list[int]:
        """The places of what asks *question*; more than one where words leave it open."""
        found = (self.places[key] for key in _keys(question) if key in self.places)
        return sorted(next(found, ()))


def _keys(text: str) -> list[str]:
    """A text to the letter, and what it says word for word."""
    return [key for key in (" ".join(text.split()), wording.said(text)) if key]


class _Matching:
    """Places of ours here are those of what is asked as one: a question, or the parts of one."""

    def __init__(self, theirs: Sequence[ForeignNote], ours: Sequence[Ours]) -> None:
        self.theirs = theirs
        wordings = Wordings([(one.asks, *one.cases) for one in ours])
        worded = {at: places for at, one in enumerate(theirs) if (places := wordings[one.question])}
        self.parts = _as_one(ours, {place for places in worded.values() for place in places})
        where = {place: at for at, parts in enumerate(self.parts) for place in parts}
        self.same = {at: [where[place] for place in places] for at, places in worded.items()}
        asks, says = (
            ["\n".join(getattr(ours[place], name) for place in parts) for parts in self.parts]
            for name in ("asks", "says")
        )
        self.rare = _Rarity([_words(text) for text in says])
        self.asks = _Index([_words(text) for text in asks], self.rare)
        self.says = _Index([_words(text) for text in says], self.rare)
        self.asked = [[wording.said(line) for line in text.split("\n")] for text in asks]
        self.likeness = [self._likenesses(at) for at in range(len(theirs))]
        self.numbers = defaultdict[int, list[int]](list)
        for at, parts in enumerate(self.parts):
            if (number := ours[parts[0]].number) is not None:
                self.numbers[number].append(at)
        self.numbered = defaultdict[int, set[int]](set)
        for at, place in self._numbered():
            self.numbered[at].add(place)

    def run(self) -> Iterator[Match]:
        """Take those in our words first, then the likest pairs; then what lies between two that are
        told."""
        found = self._in_our_words()
        taken = {place for place, _, _ in found.values()}
        for _, at, place in sorted(self._pairs(), reverse=True):
            if at in found or at in self.same or place in taken:
                continue
            if by := self._told_by(at, place, taken):
                found[at] = place, by, self.likeness[at].get(place, 0.0)
                taken.add(place)
        found |= dict(self._between(found, taken))
        for at, (place, by, likeness) in found.items():
            yield Match(at, self.parts[place], by, likeness)

    def _in_our_words(self) -> dict[int, _Told]:
        """Those that ask in our words: of the same ones, first those that have an answer. What
        words leave open is decided by the number, then by what is answered."""
        found, taken = dict[int, _Told](), set[int]()
        for at in sorted(self.same, key=lambda at: not self.theirs[at].answer):
            if free := [place for place in self.same[at] if place not in taken]:
                numbered = self.numbers.get(self.theirs[at].number or 0, [])
                alike = self.likeness[at]
                place = max(free, key=lambda one: (one in numbered, alike.get(one, 0.0)))
                found[at] = place, By.SAME, 1.0
                taken.add(place)
        return found

    def _likenesses(self, at: int) -> dict[int, float]:
        """How alike one is to each of ours with which it shares a word; to those alone that it asks
        in their own words."""
        note, same = self.theirs[at], self.same.get(at, [])
        if len(same) == 1:
            return {same[0]: 1.0}
        asked, all_of_it = _words(note.question), _words(f"{note.question} {note.answer}")
        found = defaultdict[int, float](float)
        for index, words in ((self.asks, asked), (self.says, all_of_it)):
            for place, cosine in index.near(self.rare.vector(words)):
                found[place] += cosine / 2
        if same:
            return {place: found.get(place, 0.0) for place in same}
        begins = wording.said(note.question)
        for place in found if asked else ():
            if any(line.startswith(begins) for line in self.asked[place]):
                found[place] = (1 + found[place]) / 2  # word for word, as far as it goes
        return found

    def _pairs(self) -> Iterator[tuple[float, int, int]]:
        for at, alike in enumerate(self.likeness):
            for place, likeness in alike.items():
                yield likeness + _NUMBERED * (place in self.numbered[at]), at, place

    def _told_by(self, at: int, place: int, taken: set[int]) -> By | None:
        """What tells that these are the same; None if nothing does."""
        if (likeness := self.likeness[at].get(place, 0.0)) < _NEAR:
            return None
        others = [alike for other, alike in self._free(at, taken) if other != place]
        if place in self.numbered[at]:
            return By.BOTH if likeness >= max(others, default=0.0) else By.NUMBER
        apart = likeness >= _APART * max(others, default=0.0)
        return By.WORDS if likeness >= _CLEAR and apart else None

    def _free(self, at: int, taken: set[int]) -> Iterator[tuple[int, float]]:
        return ((place, one) for place, one in self.likeness[at].items() if place not in taken)

    # --- numbers and order ------------------------------------------------------------------

    def _numbered(self) -> Iterator[tuple[int, int]]:
        """The questions whose number is to be believed, each with those of ours of that number: in
        a row that counts up, as far as it does, half of them at least must be the likest, too. One
        or two that are all with a number are believed if they are themselves like ours."""
        rows = list(self._rows())
        are_few = sum(map(len, rows)) <= 2
        for row in rows:
            known = [(at, self.numbers[number]) for at, number in row if number in self.numbers]
            alike = [(at, likest) for at, places in known if (likest := self._likest(at)) in places]
            if len(alike) > 1 and 2 * len(alike) >= len(known):
                yield from ((at, place) for at, places in known for place in places)
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

    def _likest(self, at: int) -> int:
        """The likest of ours; -1 if none is."""
        alike = self.likeness[at]
        return max(alike, key=alike.__getitem__) if alike else -1

    def _between(self, found: Mapping[int, _Told], taken: set[int]) -> Iterator[tuple[int, _Told]]:
        """Those between two that are told, where as many of ours lie between these."""
        in_order = [place for _, places in sorted(self.numbers.items()) for place in places]
        rank = {place: nth for nth, place in enumerate(in_order)}
        told = [(at, place) for at, (place, *_) in sorted(found.items()) if place in rank]
        for (at_before, before), (at_after, after) in pairwise(told):
            left = range(at_before + 1, at_after)
            places = in_order[rank[before] + 1 : rank[after]]
            if len(left) == len(places) and not taken & {*places} and not found.keys() & {*left}:
                for at, place in zip(left, places, strict=True):
                    if (likeness := self.likeness[at].get(place, 0.0)) >= _NEAR:
                        yield at, (place, By.ORDER, likeness)


def _as_one(ours: Sequence[Ours], worded: Collection[int]) -> list[tuple[int, ...]]:
    """The places of what is asked as one: those with a number in common, unless one of them is
    asked in its own words, and so the others are, too."""
    numbered = defaultdict[tuple[int, int], list[int]](list)
    split = {ours[place].number for place in worded}
    for place, one in enumerate(ours):
        is_whole = one.number is not None and one.number not in split
        numbered[(0, one.number or 0) if is_whole else (1, place)].append(place)
    return [*map(tuple, numbered.values())]


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


def _words(text: str) -> Counter[str]:
    """The words of a text that tell something, as far as their endings do not part them."""
    words = re.findall(r"[^\W_]+", folded(wording.plain(text)))
    return Counter(
        word.removesuffix("s")[:_STEM] for word in words if len(word) > 1 and word not in _SMALL
    )
