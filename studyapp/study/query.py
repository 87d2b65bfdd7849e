"""What may be typed to search, read into a tree: words, and conditions such as `is:due`.

The words are Anki's, as far as they mean something here. A word with a colon that is none of them
is text like any other; one that nearly is, or that Anki has and this has not, is told.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from enum import Enum, StrEnum
from itertools import islice, takewhile
from typing import NamedTuple, TypeAlias

from studyapp.errors import StudyError
from studyapp.notes.letters import TYPED, folded

MOST_DAYS = 100_000  # that a date is reckoned with
_AS_TEXT = "in quotes it is text"
_NESTED = 50  # parentheses within one another
_LONGEST = 200  # words, conditions and what holds them together
# A quote begins a phrase where a term or the value of a name begins. Inside a word, and where three
# begin one, it is a letter, and so is \" anywhere.
_PHRASE = re.compile(r'"(?!"[^\s)])(?P<said>(?:\\"|[^"])*)(?:"|$)')
_NAMED = re.compile(rf'(?P<before>[a-z]+:(?:[^\s"]*:)?){_PHRASE.pattern}', re.IGNORECASE)
_TOKEN = re.compile(
    rf'(?P<phrase>[-(]*(?:[a-z]+:(?:[^\s"]*:)?)?{_PHRASE.pattern})\)*|\S+', re.IGNORECASE
)
_CLEAN = {0: " ", **{sign: typed for sign, typed in TYPED.items() if typed == '"'}}
_STRING = re.compile(r""""[^"]*"|'[^']*'""")  # within a word
_COMPARED = re.compile(r"(?P<sign><=|>=|!=|=|<|>)(?P<number>[-−]?(?:\d+\.?\d*|\.\d+))")
_SHARE = re.compile(r"(?P<sign><=|>=|!=|=|<|>)(?P<number>-?(?:\d+\.?\d*|\.\d+))(?P<percent>%?)")
_NUMBER = re.compile(r"(?P<sign><=|>=|!=|=|<|>|)(?P<number>[-−+]?\d+)")
_SIGNS = ("<", "<=", ">", ">=", "=", "!=")
_SIGN = re.compile(r"(?P<sign>[^\w\s.:]*?)[-−+]?(?:\d+\.?\d*|\.\d+)")  # whatever it is
_LED = re.compile(r"(?P<sign>[^\w\s.:]+)\d+")
_PART = re.compile(r"[-−+]?(?:\d+\.\d*|\.\d+)")  # of a day, too
_KEY = re.compile(r"([a-z]+):(.*)", re.DOTALL | re.IGNORECASE)


class QueryError(StudyError):
    """A word of a search means nothing; the sentence begins with it."""


class State(StrEnum):
    """How a card may stand."""

    DUE = "due"
    NEW = "new"
    LEARN = "learn"
    REVIEW = "review"
    LEECH = "leech"
    SUSPENDED = "suspended"
    BURIED = "buried"
    MEND = "mend"
    MINE = "mine"  # of a note that the learner wrote


class Property(StrEnum):
    """What of a card's memory can be compared."""

    STABILITY = "s"  # days
    DIFFICULTY = "d"
    RETRIEVABILITY = "r"  # today
    LAPSES = "lapses"
    REVIEWS = "reps"
    DUE = "due"  # days from today
    INTERVAL = "ivl"  # days from the last rating to the next review, of a card in review


@dataclass(frozen=True, slots=True)
class Word:
    """Text that a note has somewhere, folded."""

    text: str


@dataclass(frozen=True, slots=True)
class Is:
    state: State


@dataclass(frozen=True, slots=True)
class Chapter:
    """The name of a chapter or a deck, as `study/chapter.py` takes it."""

    name: str


@dataclass(frozen=True, slots=True)
class Pack:
    """A name in which * stands for anything; so in a tag."""

    name: str


@dataclass(frozen=True, slots=True)
class Tag:
    name: str


@dataclass(frozen=True, slots=True)
class Rated:
    """Rated within so many study days, today one of them; with *rating*, where it is given."""

    days: int
    rating: int | None


@dataclass(frozen=True, slots=True)
class Introduced:
    """Met for the first time within so many study days, today one of them."""

    days: int


@dataclass(frozen=True, slots=True)
class Compared:
    of: Property
    sign: str
    number: float


@dataclass(frozen=True, slots=True)
class All:
    parts: tuple[Query, ...]


@dataclass(frozen=True, slots=True)
class Any:
    parts: tuple[Query, ...]


@dataclass(frozen=True, slots=True)
class Not:
    part: Query


Query: TypeAlias = (
    Word | Is | Chapter | Pack | Tag | Rated | Introduced | Compared | All | Any | Not
)


class _Mark(Enum):
    """What holds a query together."""

    OPEN = "("
    OUT = "-("
    CLOSE = ")"
    OR = "or"
    AND = "and"


class _Item(NamedTuple):
    """A mark, or what one term asks for; neither of what says nothing: a minus alone, `""`."""

    typed: str
    mark: _Mark | None = None
    asks: Query | None = None

    @property
    def is_empty(self) -> bool:
        return self.mark is None and self.asks is None


_BETWEEN = (_Mark.OR, _Mark.AND)
_OPENING = (_Mark.OPEN, _Mark.OUT)


def parse(typed: str) -> Query | None:
    """What is searched for; None if nothing is. Raises QueryError, with one sentence that begins
    with the word that means nothing.

    What a learner is still typing is no fault: a quote or a parenthesis that is not closed ends
    with the text, and what has nothing behind it yet (`unfinished`) is passed over.
    """
    items = _read(typed)
    del items[_end(items) :]
    _check(items)
    return _Parser(items).either(0) if items else None


def unfinished(typed: str) -> str:
    """That an `or`, `and`, `-`, parenthesis or quote waits for what comes behind it; empty if none
    does. Raises QueryError as `parse` does."""
    items = _read(typed)
    if _end(items) == len(items):
        return ""
    last = items[-1].typed
    return f"{last} waits for more." if '"' in last else f"{last} waits for more; {_AS_TEXT}."


def nothing(typed: str) -> str:
    """The sentence for a query that finds nothing."""
    wanted = parse(typed)
    parts = wanted.parts if isinstance(wanted, All) else (wanted,)
    if all(isinstance(one, Word) for one in parts):
        return "Nothing has all these words."
    return "No card is so."


def _end(items: Sequence[_Item]) -> int:
    """Where what is finished ends. A word at the very end may still become another one."""
    end = len(items)
    while end and (items[end - 1].mark in (*_BETWEEN, *_OPENING) or items[end - 1].is_empty):
        end -= 1
    return end


def _check(items: Sequence[_Item]) -> None:
    """Raises QueryError for the first mark that stands where it holds nothing together."""
    for before, item, after in zip((None, *items), items, (*items[1:], None), strict=False):
        ahead, behind = before and before.mark, after and after.mark
        if item.mark in _BETWEEN:
            if before is None or ahead in (*_OPENING, *_BETWEEN):
                raise QueryError(f"{item.typed}: nothing stands before it; {_AS_TEXT}.")
            if behind is _Mark.CLOSE:
                raise QueryError(f"{item.typed}: nothing stands behind it; {_AS_TEXT}.")
        elif item.mark in _OPENING and behind is _Mark.CLOSE:
            raise QueryError(f"{item.typed}): nothing stands in it; {_AS_TEXT}.")
        elif item.is_empty and item.typed == "-":
            raise QueryError(
                f"-: it stands right before what is left out, as in -is:due; {_AS_TEXT}."
            )
        elif item.is_empty:
            raise QueryError(f"{item.typed}: nothing stands in it.")
        elif item.typed.casefold() == "not" and after is not None and _is_condition(after):
            raise QueryError(f"{item.typed}: a minus leaves out, as in -is:due; {_AS_TEXT}.")


def _is_condition(item: _Item) -> bool:
    return item.mark in _OPENING or not isinstance(item.asks, Word | None)


class _Parser:
    """Reads items that have been checked, from left to right."""

    def __init__(self, items: Sequence[_Item]) -> None:
        self._items = items
        self._at = 0

    def either(self, depth: int) -> Query:
        found = [self._both(depth)]
        while self._mark() is _Mark.OR:
            self._at += 1
            found.append(self._both(depth))
        return Any(tuple(found)) if len(found) > 1 else found[0]

    def _mark(self) -> _Mark | None:
        return self._items[self._at].mark if self._at < len(self._items) else None

    def _both(self, depth: int) -> Query:
        found = list[Query]()
        while self._at < len(self._items) and self._mark() not in (_Mark.OR, _Mark.CLOSE):
            item = self._items[self._at]
            self._at += 1
            if item.mark in _OPENING:
                found.append(self._inside(item, depth))
            elif item.asks is not None:
                found.append(item.asks)
        return All(tuple(found)) if len(found) > 1 else found[0]

    def _inside(self, opened: _Item, depth: int) -> Query:
        if depth == _NESTED:
            raise QueryError(
                "( is there too often: parentheses within parentheses, and no end of it."
            )
        found = self.either(depth + 1)
        if self._mark() is _Mark.CLOSE:
            self._at += 1
        return Not(found) if opened.mark is _Mark.OUT else found


def _read(typed: str) -> list[_Item]:
    """All items, which a pasted page would have more of than a search can be asked for."""
    items = list(islice(_items(typed), _LONGEST + 1))
    if len(items) > _LONGEST:
        beyond = items[_LONGEST].typed
        raise QueryError(f"{beyond}: no more than {_LONGEST} words are searched for at once.")
    return items


def _items(typed: str) -> Iterator[_Item]:
    """What is typed, term by term. A parenthesis opens where a term begins, and closes where one
    ends that has more of them than it opens, but for what a word before has opened: the ones of
    `f(x)` and of `f(x, y)` are letters. Half of a surrogate pair, which no database takes, is as
    good as a question mark."""
    text = typed.translate(_CLEAN).encode("utf-8", "replace").decode()
    opened = list[bool]()  # whether it is a letter
    for match in _TOKEN.finditer(text):
        term, phrase = match[0], len(match["phrase"] or "")
        bare = term[phrase:] if phrase else _STRING.sub("", term)
        while term.startswith(("(", "-(")):
            mark = _Mark.OUT if term[0] == "-" else _Mark.OPEN
            yield _Item(mark.value, mark)
            opened.append(False)
            term, bare = term.removeprefix(mark.value), bare.removeprefix(mark.value)
        more = bare.count(")") - bare.count("(")
        closed = max(0, min(more, len(term) - len(term.rstrip(")"))))
        if closed > len(opened):
            raise QueryError(f"{term}: no parenthesis is open before it; {_AS_TEXT}.")
        closes = [opened.pop() for _ in range(closed)]
        opened += [True] * -more
        term = term[: len(term) - closed + len(list(takewhile(bool, closes)))]
        if term:
            yield _item(term)
        yield from [_Item(")", _Mark.CLOSE)] * closes.count(False)


def _item(term: str) -> _Item:
    if term.casefold() in {mark.value for mark in _BETWEEN}:
        return _Item(term, _Mark(term.casefold()))
    return _Item(term, asks=None if term == "-" else _term(term))


def _term(token: str) -> Query | None:
    """One term; None if it says nothing."""
    if token.startswith("--"):
        raise QueryError(f"{token}: one minus leaves out; {_AS_TEXT}.")
    if token.startswith("-"):
        part = _term(token[1:])
        return None if part is None else Not(part)
    key = _KEY.fullmatch(token)
    if key is None or key[2].startswith("//"):
        return _word(token)
    named = _NAMED.fullmatch(token)
    value = f"{named['before']}{named['said']}".partition(":")[2] if named else key[2]
    return _condition(token, key[1].casefold(), value.replace('\\"', '"'))


def _word(token: str) -> Word | Any | None:
    """A word or a phrase. As \\" may be a quote, and code that has a backslash, it is either."""
    phrase = _PHRASE.fullmatch(token)
    said = folded(phrase["said"]) if phrase else folded(token).strip()
    forms = [Word(one) for one in dict.fromkeys((said.replace('\\"', '"'), said)) if one.strip()]
    return Any(tuple(forms)) if forms[1:] else next(iter(forms), None)


def _condition(token: str, key: str, value: str) -> Query | None:
    match key:
        case "is":
            return Is(_among(State, token, value))
        case "prop":
            return _compared(token, value)
        case "due":
            return _due(token, value)
        case "rated":
            return _rated(token, value)
        case "introduced":
            return _introduced(token, value)
        case "chapter" | "pack" | "tag":
            if not value:
                raise QueryError(f"{token} needs a name behind it, as in {_EXAMPLES[key]}.")
            kinds: dict[str, type[Chapter | Pack | Tag]] = {"chapter": Chapter, "pack": Pack}
            return kinds.get(key, Tag)(value)
    if key in _ELSEWHERE:
        raise QueryError(f"{_before(token)} {_ELSEWHERE[key]}; {_AS_TEXT}.")
    near = get_close_matches(key, _EXAMPLES, n=1, cutoff=0.7)
    if near:
        raise QueryError(
            f"{_before(token)} did you mean {near[0]}:, as in {_EXAMPLES[near[0]]}? "
            "In quotes it is text."
        )
    return _word(token)


def _before(token: str) -> str:
    """A condition before what is said about it: one that ends with a colon needs no other."""
    return f"{token.removesuffix(':')}:"


def _among(kind: type[State], token: str, value: str) -> State:
    try:
        return kind(value.casefold())
    except ValueError:
        *known, last = [one.value for one in kind]
        raise QueryError(f"{_before(token)} a card is {', '.join(known)} or {last}.") from None


def _compared(token: str, value: str) -> Compared:
    for of in sorted(Property, key=lambda one: -len(one.value)):  # due before d
        if value.casefold().startswith(of.value):
            rest = _COMPARED.fullmatch(value[len(of.value) :])
            if of is Property.RETRIEVABILITY:
                _check_share(token, value[len(of.value) :])
            if rest is not None:
                return Compared(of, rest["sign"], _checked(token, rest["number"]))
    named = re.match(r"[a-z]*", value, re.IGNORECASE)
    name = named[0].casefold() if named else ""
    if name in list(Property):
        _check_sign(token, value[len(name) :])
    if name == Property.RETRIEVABILITY:
        raise QueryError(f"{token}: compare it with a share of 1, as in prop:r<.9.")
    if name in list(Property):
        raise QueryError(f"{token}: compare it with a number, as in prop:{name}>3.")
    if name in _COMPARED_ELSEWHERE:
        raise QueryError(f"{token}: {_COMPARED_ELSEWHERE[name]}; {_AS_TEXT}.")
    *known, last = [one.value for one in Property]
    raise QueryError(f"{_before(token)} what can be compared is {', '.join(known)} and {last}.")


def _check_share(token: str, compared: str) -> None:
    """Raises QueryError for a percentage, be it told by its sign or by its size."""
    found = _SHARE.fullmatch(compared)
    if found is None or (not found["percent"] and 0 <= float(found["number"]) <= 1):
        return
    share = float(found["number"]) / 100
    meant = f"{share:g}" if share in (0, 1) else f"{share:g}".removeprefix("0")
    example = f"{found['sign']}{meant}" if 0 <= share <= 1 else "<.9"
    raise QueryError(f"{token}: give it as a share of 1, as in prop:r{example}.")


def _due(token: str, value: str) -> Compared:
    found = _NUMBER.fullmatch(value)
    if found is None:
        _check_sign(token, value)
        if _PART.fullmatch(value.lstrip("<>=!")):
            raise QueryError(f"{token}: days are whole numbers, as in due:1 for tomorrow.")
        raise QueryError(f"{token} needs days from today, as in due:1 for tomorrow, or due:<=7.")
    return Compared(Property.DUE, found["sign"] or "=", _checked(token, found["number"]))


def _checked(token: str, number: str) -> float:
    value = float(number.replace("−", "-"))
    if abs(value) > MOST_DAYS:
        raise QueryError(f"{token}: no card gets that far; {MOST_DAYS:,} is the end.")
    return value


def _check_sign(token: str, compared: str) -> None:
    """Raises QueryError for a number that is compared by a sign that says nothing."""
    sign = _SIGN.fullmatch(compared)
    if sign and sign["sign"] not in ("", *_SIGNS):
        *known, last = _SIGNS
        told = f"compare by {', '.join(known)} or {last}"
        raise QueryError(f"{token}: {sign['sign']} compares nothing; {told}.")


def _rated(token: str, value: str) -> Rated:
    days, colon, rating = value.partition(":")
    back = _days_back(token, days, "rated", ", and a rating from 1 to 4 if one is meant")
    if colon and rating not in ("1", "2", "3", "4"):
        raise QueryError(f"{_before(token)} a rating is from 1 to 4, as in {_EXAMPLES['rated']}.")
    return Rated(back, int(rating) if colon else None)


def _introduced(token: str, value: str) -> Introduced:
    days, colon, _ = value.partition(":")
    back = _days_back(token, days, "introduced")
    if colon:
        raise QueryError(f"{token}: it takes days alone, as in {_EXAMPLES['introduced']}.")
    return Introduced(back)


def _days_back(token: str, days: str, key: str, more: str = "") -> int:
    """So many study days, today one of them. Raises QueryError, with what else there may be
    (*more*), for what is none."""
    if days.isascii() and days.isdecimal():
        number = days.lstrip("0")
        if not number:
            raise QueryError(f"{token}: today is the first day, as in {key}:1.")
        if len(number) >= len(str(MOST_DAYS)):
            raise QueryError(f"{token}: nothing is that far back; {MOST_DAYS - 1:,} is the end.")
        return int(number)
    if _PART.fullmatch(days):
        raise QueryError(f"{token}: days are whole numbers, as in {key}:7.")
    if led := _LED.fullmatch(days):
        raise QueryError(f"{token}: days back are counted without {led['sign']}, as in {key}:7.")
    raise QueryError(f"{token} needs how many days back{more}, as in {_EXAMPLES[key]}.")


_EXAMPLES = {
    "is": "is:due",
    "chapter": "chapter:1",
    "pack": "pack:fastai",
    "tag": "tag:apply",
    "rated": "rated:7:1",
    "introduced": "introduced:7",
    "prop": "prop:s>30",
    "due": "due:1",
}
_ELSEWHERE = {  # what Anki has, and how it is called here
    "deck": "a deck is found by chapter:, as in chapter:Spanish, or by pack:",
    "note": "there are no note types here",
    "card": "there are no card templates here",
    "flag": "there are no flags here; is:mend finds what is to be mended",
    "preset": "there are no presets here",
    "added": "when a note came is not kept",
    "edited": "when a note was edited is not kept",
    "resched": "due: finds by the date, as in due:7",
    "nid": "a note is found by its id as text",
    "cid": "a card is found by its note's id as text",
    "re": "there are no patterns here; parts of words match anyway",
    "nc": "accents make no difference anyway",
    "w": "words of their own come first without it",
    "dupe": "there is no search for doubles",
}
_COMPARED_ELSEWHERE = {
    "ease": "there is no ease here; prop:d compares the difficulty, from 1 to 10",
    "pos": "new cards have no positions here; they come as in the book",
    "rated": "rated: finds what was rated, as in rated:7",
    "resched": "due: finds by the date, as in due:7",
}
