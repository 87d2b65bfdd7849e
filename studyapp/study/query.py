"""What may be typed to search, read into a tree: words, and conditions such as `is:due`.

The words are Anki's, as far as they mean something here. A word with a colon that is none of them
is text like any other; one that nearly is, or that Anki has and this has not, is told.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from typing import TypeAlias

from studyapp.errors import StudyError
from studyapp.notes.letters import folded

MOST_DAYS = 100_000  # that a date is reckoned with
# Marks of their own, so that a parenthesis alone is text.
_OPEN, _OUT, _CLOSE, _OR = "\0(", "\0-(", "\0)", "\0or"
_NESTED = 50  # parentheses within one another
_TOKEN = re.compile(r'(?:"[^"]*(?:"|$)|[^\s"])+')
_COMPARED = re.compile(r"(?P<sign><=|>=|!=|=|<|>)(?P<number>[-−]?(?:\d+\.?\d*|\.\d+))")
_NUMBER = re.compile(r"(?P<sign><=|>=|!=|=|<|>|)(?P<number>[-−+]?\d+)")
_RATED = re.compile(r"(\d+)(?::([1-4]))?")
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


Query: TypeAlias = Word | Is | Chapter | Pack | Tag | Rated | Compared | All | Any | Not


def parse(typed: str) -> Query | None:
    """What is searched for; None if nothing is. Raises QueryError, with one sentence that begins
    with the word that means nothing."""
    return _Parser(typed).whole()


class _Parser:
    """Reads from left to right. What a learner is still typing is no fault: a quote or a
    parenthesis that is not closed ends with the text, an `or` with nothing beside it is a word."""

    def __init__(self, typed: str) -> None:
        self._tokens = list(_split(typed))
        self._at = 0

    def whole(self) -> Query | None:
        return self._either(0)

    def _next(self) -> str | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _either(self, depth: int) -> Query | None:
        found = [self._both(depth)]
        while self._next() == _OR:
            self._at += 1
            found.append(self._both(depth))
        there = [one for one in found if one is not None]
        return Any(tuple(there)) if len(there) > 1 else there[0] if there else None

    def _both(self, depth: int) -> Query | None:
        found = list[Query]()
        while (token := self._next()) is not None and token not in (_OR, _CLOSE):
            self._at += 1
            one = self._inside(token, depth) if token in (_OPEN, _OUT) else _term(token)
            if one is not None:
                found.append(one)
        return _all(found)

    def _inside(self, opened: str, depth: int) -> Query | None:
        if depth == _NESTED:
            raise QueryError(
                "( is there too often: parentheses within parentheses, and no end of it."
            )
        found = self._either(depth + 1)
        if self._next() == _CLOSE:
            self._at += 1
        return Not(found) if opened == _OUT and found is not None else found


def _all(parts: list[Query]) -> Query | None:
    return All(tuple(parts)) if len(parts) > 1 else parts[0] if parts else None


def _split(typed: str) -> Iterator[str]:
    """The terms as they are typed, with a mark for each parenthesis and each `or` between two.

    A parenthesis opens where a term begins, and closes where one ends, if it was opened: the ones
    of `f(x)` are its own.
    """
    tokens, opened = list[str](), 0
    for match in _TOKEN.finditer(typed.replace("\0", " ")):
        term = match[0]
        while term.startswith(("(", "-(")):
            tokens.append(_OUT if term[0] == "-" else _OPEN)
            opened, term = opened + 1, term[term.index("(") + 1 :]
        closed = 0
        while term.endswith(")") and closed < opened and term.count(")") > term.count("("):
            term, closed = term[:-1], closed + 1
        opened -= closed
        tokens += [term] * bool(term) + [_CLOSE] * closed
    return _with_or(tokens)


def _with_or(tokens: list[str]) -> Iterator[str]:
    for at, token in enumerate(tokens):
        before = tokens[at - 1] if at else _OPEN
        after = tokens[at + 1] if at + 1 < len(tokens) else _CLOSE
        ends = before not in (_OPEN, _OUT) and after != _CLOSE
        alone = "or" not in (before.casefold(), after.casefold())
        yield _OR if token.casefold() == "or" and ends and alone else token


def _term(token: str) -> Query | None:
    """One term. `-` alone, or before nothing, is text that is still being typed."""
    if len(token) > 1 and token.startswith("-"):
        part = _term(token[1:]) if token[1] != "-" else _word(token[1:])
        return None if part is None else Not(part)
    key = _KEY.fullmatch(token)
    if key is None or key[2].startswith("//"):
        return _word(token)
    return _condition(token, key[1].casefold(), key[2].replace('"', ""))


def _word(token: str) -> Word | None:
    text = folded(token.replace('"', ""))
    text = text if '"' in token else text.strip()
    return Word(text) if text.strip() else None


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
        case "chapter" | "pack" | "tag":
            if not value:
                raise QueryError(f"{token} needs a name behind it, as in {_EXAMPLES[key]}.")
            kinds: dict[str, type[Chapter | Pack | Tag]] = {"chapter": Chapter, "pack": Pack}
            return kinds.get(key, Tag)(value)
    if key in _ELSEWHERE:
        raise QueryError(f"{token}: {_ELSEWHERE[key]}; in quotes it is text.")
    near = get_close_matches(key, _EXAMPLES, n=1, cutoff=0.7)
    if near:
        raise QueryError(
            f"{token}: did you mean {near[0]}:, as in {_EXAMPLES[near[0]]}? In quotes it is text."
        )
    return _word(token)


def _among(kind: type[State], token: str, value: str) -> State:
    try:
        return kind(value.casefold())
    except ValueError:
        *known, last = [one.value for one in kind]
        raise QueryError(f"{token}: a card is {', '.join(known)} or {last}.") from None


def _compared(token: str, value: str) -> Compared:
    for of in sorted(Property, key=lambda one: -len(one.value)):  # due before d
        if value.casefold().startswith(of.value):
            rest = _COMPARED.fullmatch(value[len(of.value) :])
            if rest is not None:
                return Compared(of, rest["sign"], _checked(token, rest["number"]))
    named = re.match(r"[a-z]*", value, re.IGNORECASE)
    name = named[0].casefold() if named else ""
    if name in list(Property):
        raise QueryError(f"{token}: compare it with a number, as in prop:{name}>3.")
    *known, last = [one.value for one in Property]
    raise QueryError(f"{token}: what can be compared is {', '.join(known)} and {last}.")


def _due(token: str, value: str) -> Compared:
    found = _NUMBER.fullmatch(value)
    if found is None:
        raise QueryError(f"{token} needs days from today, as in due:1 for tomorrow, or due:<=7.")
    return Compared(Property.DUE, found["sign"] or "=", _checked(token, found["number"]))


def _checked(token: str, number: str) -> float:
    value = float(number.replace("−", "-"))
    if abs(value) > MOST_DAYS:
        raise QueryError(f"{token}: no card gets that far; {MOST_DAYS:,} is the end.")
    return value


def _rated(token: str, value: str) -> Rated:
    found = _RATED.fullmatch(value)
    if found is None or not 0 < len(found[1].lstrip("0")) <= len(str(MOST_DAYS - 1)):
        raise QueryError(
            f"{token} needs how many days back, and a rating from 1 to 4 if one is meant, "
            f"as in {_EXAMPLES['rated']}."
        )
    return Rated(int(found[1]), int(found[2]) if found[2] else None)


_EXAMPLES = {
    "is": "is:due",
    "chapter": "chapter:1",
    "pack": "pack:fastai",
    "tag": "tag:apply",
    "rated": "rated:7:1",
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
    "introduced": "rated: finds what was rated, as in rated:7",
    "resched": "due: finds by the date, as in due:7",
    "nid": "a note is found by its id as text",
    "cid": "a card is found by its note's id as text",
    "re": "there are no patterns here; parts of words match anyway",
    "nc": "accents make no difference anyway",
    "dupe": "there is no search for doubles",
}
