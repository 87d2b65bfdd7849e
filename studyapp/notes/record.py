"""One note of JSON: which of an object's keys asks, which answers, and what its values say.

Its options may be a list, an object that names them or some keys; an answer names one by its words,
its letter, its key or its number.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from studyapp.notes import columns, glossary
from studyapp.notes.jsontext import Object

_INDEX = {"answer index", "correct index", "correct answer index", "correct option index"}
_STATED = {"text", "statement", "problem", "exercise"}  # which ask beside an answer
_RIGHT = re.compile(r"(?:is )?(?:correct|right|answer|true)")
_OPTION = ("text", "option", "choice", "answer", "content", "value", "label", "name", "title")
_KEY = ("key", "letter", "id", "label", "option")
_LETTERED = re.compile(r"\(?([A-Za-z])[).:][ \t]*")


@dataclass(slots=True)
class Options:
    """What a question offers: texts, what each is called, and those that are marked as right."""

    texts: list[str] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    right: list[str] = field(default_factory=list)

    def add(self, text: str, key: str = "", *, is_right: bool = False) -> None:
        self.texts.append(text)
        self.keys.append(key.casefold())
        self.right += [text] if is_right else []


@dataclass(slots=True)
class Record:
    """An object that asks. `asks` and `answers` are its keys, `used` all that have been read,
    `is_counted` says that the answer is the number of an option, `is_apart` that the right one is
    not among them. `others` are fields that stand below the answer."""

    line: int
    asks: str
    answers: str
    question: str
    answer: list[str]
    options: Options = field(default_factory=Options)
    is_counted: bool = False
    is_apart: bool = False
    tags: tuple[str, ...] = ()
    deck: tuple[str, ...] = ()
    others: dict[str, str] = field(default_factory=dict)
    settings: tuple[str, ...] = ()
    used: frozenset[str] = frozenset()

    @property
    def numbers(self) -> list[int]:
        """The answers, if all are numbers of options, and not always options themselves."""
        said = self.answer if self.options.texts and not self.is_apart else []
        is_place = self.is_counted or any(one not in self.options.texts for one in said)
        return [int(one) for one in said] if is_place and all(map(_is_number, said)) else []

    def fields(self, first: int) -> dict[str, str]:
        """Its fields by their names, what asks and what answers before all others; *first* is the
        number of the first option."""
        answer = "\n".join(self._chosen(one, first) for one in self.answer)
        offered = self.options.texts
        right = answer if self.is_apart else ""  # else it is one of them, or says more
        asked = columns.asked(self.question, right, offered, is_apart=self.is_apart)
        said = {self.asks: asked, self.answers: answer, **self.others}
        said |= {"tags": " ".join(self.tags)} if self.tags else {}
        return said | ({"deck": "::".join(self.deck)} if self.deck else {})

    def _chosen(self, said: str, first: int) -> str:
        offered = [] if self.is_apart else self.options.texts
        if offered and said.casefold() in self.options.keys and said not in offered:
            return offered[self.options.keys.index(said.casefold())]
        if self.numbers:
            at = int(said) - first
            return offered[at] if 0 <= at < len(offered) else said
        if (lettered := _LETTERED.match(said)) and said[lettered.end() :] in offered:
            return said[lettered.end() :]
        if lettered and lettered.end() == len(said) and offered:  # (b)
            return columns.chosen(lettered[1], offered, is_picked=False)
        if same := [one for one in offered if one.casefold() == said.casefold()]:  # true, "True"
            return said if said in same else same[0]
        return columns.chosen(said, offered, is_picked=False) if offered else said

    def stray(self, first: int) -> list[str]:
        """The answers that name none of the options, where none of these is marked; *first* is the
        number of the first option."""
        offered = {*self.options.texts}
        if self.is_apart or self.options.right or not offered:
            return []
        chosen = ((said, self._chosen(said, first)) for said in self.answer)
        return [said for said, one in chosen if one not in offered and {*one.split("\n")} - offered]


def of(one: Object, known: Collection[str] = ()) -> Record | None:
    """The record that an object is by the names of its keys; None if it is none. One of *known*
    keys asks, even where nothing answers."""
    names = dict(zip(one, columns.named(list(one)), strict=True))
    asks, answers = _sides(names, known)
    if not asks:
        return None
    offers, answers = _offers(one, names, asks, answers)
    options = _options([one[key] for key in offers])
    answer = _answer(one[answers] if answers and answers not in offers else None, options)
    if not answers and not answer and asks not in known:
        return None
    tags = [key for key, name in names.items() if columns.has_tags(name) or name == "tag"]
    topics = [key for key, name in names.items() if columns.is_topic(name) and key not in tags]
    decks = [key for key, name in names.items() if columns.is_of_deck(name)]
    settings = _settings(names, has_options=bool(options.texts))
    used = {asks, answers, *offers, *tags, *topics, *decks, *settings}
    return Record(
        one.line,
        asks,
        answers or "answer",
        text(one[asks]),
        answer,
        options,
        is_counted=names.get(answers) in _INDEX,
        is_apart=columns.stand_apart([names[key] for key in offers]),
        tags=(
            *(tag for key in tags for tag in _tags(one[key])),
            *("_".join(tag.split()) for key in topics for tag in _texts(one[key])),
        ),
        deck=tuple(part for key in decks for part in text(one[key]).split("::")),
        others={key: text(value) for key, value in one.items() if key not in used and text(value)},
        settings=tuple(key for key in settings if text(one[key])),
        used=frozenset(used),
    )


def _sides(names: Mapping[str, str], known: Collection[str]) -> tuple[str, str]:
    """The keys that ask and that answer, of which the second may be empty; of none, both are."""
    keys = list(names)
    if said := columns.sides(list(names.values()), []):
        return keys[said[0]], keys[said[1]]
    asking = (key for key, name in names.items() if glossary.asks(name) or key in known)
    if asks := next(asking, ""):
        return asks, ""
    stated = next((key for key, name in names.items() if name in _STATED), "")
    given = next((key for key, name in names.items() if glossary.is_of_question(name)), "")
    return (stated, given) if stated and given else ("", "")


def _offers(
    one: Object, names: Mapping[str, str], asks: str, answers: str
) -> tuple[list[str], str]:
    """The keys of options, and the one that answers. A list of answers is one of options where they
    are marked, or another key says which is right."""
    offers = [key for key, name in names.items() if columns.is_option(name) and key != asks]
    given = [key for key, name in names.items() if glossary.is_of_question(name)]
    given += [key for key, name in names.items() if name in _INDEX]
    others = [key for key in given if key not in (asks, answers) and text(one[key])]
    if not answers:
        answers = next((key for key in others if names[key] in _INDEX), "") if offers else ""
    elif not offers and _has_marks(one[answers]):
        offers = [answers]
    elif not offers and isinstance(one[answers], list) and others:
        offers, answers = [answers], others[0]
    return [key for key in offers if key != answers or _has_marks(one[key])], answers


def _answer(said: Any, options: Options) -> list[str]:
    """What is marked as right, by a list of true and false as well, and what is said besides."""
    marks = said if isinstance(said, list) and len(said) == len(options.texts) else []
    if marks and all(isinstance(one, bool) for one in marks):
        found = zip(options.texts, marks, strict=True)
        options.right, said = [one for one, is_right in found if is_right], None
    return [*dict.fromkeys([*options.right, *_texts(said)])]


def _settings(names: Mapping[str, str], *, has_options: bool) -> list[str]:
    plays = columns.settings(list(names.values())) if has_options else ()
    named = [key for key, name in names.items() if columns.is_id(name)]
    return [*(list(names)[at] for at in plays), *named]


def text(said: Any) -> str:
    """What a value says: of a list one thing below the other, of an object each with its name."""
    if isinstance(said, list):
        return "\n".join(filter(None, map(text, said)))
    if isinstance(said, dict):
        if len(said) == 1 and {*said} & {*_OPTION}:
            return text(next(iter(said.values())))
        return "\n".join(f"{key}: {text(value)}" for key, value in said.items() if text(value))
    return "" if said is None else re.sub(r"\r\n?", "\n", str(said)).strip("\n")


def is_plain(said: Any) -> bool:
    """Whether a value is a text, a number, or a list of such."""
    return all(map(is_plain, said)) if isinstance(said, list) else isinstance(said, str | bool)


def _texts(said: Any) -> list[str]:
    return [*filter(None, map(text, said if isinstance(said, list) else [said]))]


def _tags(said: Any) -> Iterator[str]:
    """Each text of a list is one tag; a text has several, between blanks and commas."""
    if isinstance(said, list):
        yield from ("_".join(text(one).split()) for one in said)
    else:
        yield from re.split(r"[\s,;]+", text(said))


def _options(values: Sequence[Any]) -> Options:
    found = Options()
    for value in values:
        if isinstance(value, dict):
            _add_named(value, found)
        elif isinstance(value, list):
            for one in value:
                _add(one, found)
        elif len(values) > 1:
            found.add(text(value))
        else:
            for one in columns.offered([text(value)]):
                found.add(one)
    letters = [_LETTERED.match(one) for one in found.texts]
    if all(one and ord(one[1].lower()) == ord("a") + at for at, one in enumerate(letters)):
        found.texts = [_LETTERED.sub("", one, count=1) for one in found.texts]
        found.right = [_LETTERED.sub("", one, count=1) for one in found.right]
    return found


def _add_named(value: Mapping[str, Any], found: Options) -> None:
    """Options by their letters; or by their texts, each true or false."""
    is_marked = all(isinstance(one, bool) for one in value.values())
    for key, one in value.items():
        if is_marked:
            found.add(key, is_right=one)
        elif isinstance(one, dict):
            _add(one, found, key)
        else:
            found.add(text(one), key)


def _add(one: Any, found: Options, key: str = "") -> None:
    if not isinstance(one, dict):
        found.add(text(one), key)
        return
    is_right = any(_is_mark(name, said) and said is not False for name, said in one.items())
    said = {name: text(value) for name, value in one.items() if not _is_mark(name, value)}
    words = next((name for name in _OPTION if said.get(name)), "")
    called = next((name for name in _KEY if said.get(name) and name != words), "")
    if not words:  # {"A": "4"}
        words = next(iter(said)) if len(said) == 1 else ""
        found.add(said.get(words, text(one)), key or words, is_right=is_right)
        return
    found.add(said[words], key or said.get(called, ""), is_right=is_right)


def _has_marks(said: Any) -> bool:
    """Whether a list has objects that say whether they are right."""
    some = said if isinstance(said, list) else []
    return any(isinstance(one, dict) and any(map(_is_mark, one, one.values())) for one in some)


def _is_mark(name: str, said: Any) -> bool:
    return isinstance(said, bool) and _RIGHT.fullmatch(columns.named([name])[0]) is not None


def _is_number(said: str) -> bool:
    return re.fullmatch(r"\d{1,2}", said) is not None
