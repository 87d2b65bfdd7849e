"""What a row that names the columns of a table of text says of them: which asks, which answers and
which offers options to choose from; which has tags, and which a deck."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import count, pairwise
from string import ascii_lowercase

from studyapp.notes import glossary
from studyapp.notes.label import TAGS
from studyapp.notes.wording import plain

_REMARK = re.compile(r"[(\[][^()\[\]]*[)\]]|\s[-–—]\s.*|[#*:]")
_BREAK = re.compile(r"(?<=[a-z])(?=[A-Z])|_+|-+")
_KIND = re.compile(r"(?<=\S) (?:text|side|field)$")
_WRONG = r"(?:wrong|incorrect|false)(?: (?:answer|option|choice))?s?|distractors?"
_OF_MANY = (
    r"(?:option|choice|answer(?: option)?) ?(?:\d\d?|[a-h])|(?:answer )?(?:option|choice)s"
    r"|alternatives|possible answers"
)
_OPTION = re.compile(rf"(?:{_WRONG}) ?\w?|{_OF_MANY}")
_LETTERS = ascii_lowercase
_DECK = {
    *("deck", "deck name", "stapel", "kortlek", "mazo", "paquet", "mazzo", "baralho", "talia"),
    *("колода", "牌组", "デッキ", "덱"),
}
_TOPICS = {"category", "categories", "topic", "topics", "subject", "subjects", "tag"}
_BETWEEN = re.compile(r"\s*[\n;|]\s*|\s+(?=[B-H][).] ?\S)")
_LETTER = re.compile(r"[A-H][).] *(?=\S)")
_SETTINGS = {
    *("time", "time limit", "time in seconds", "timer", "question type", "type", "points"),
    *("image link", "question number"),
}
_IDS = {"id", "uuid", "guid"}
_NUMBERING = {"", "no", "nr", "num", "number", "index", "row", "row number"}  # "#" is ""
_PLACE = r"(?:[a-z]|[1-9]\d?)"
_AND = r"(?:[ ]*[,;&\n][ ]*(?:and[ ]+)?|[ ]+and[ ]+)"
_PICK = re.compile(rf"{_PLACE}(?:{_AND}{_PLACE})*", re.IGNORECASE)


def named(head: Sequence[str]) -> tuple[str, ...]:
    """The names of columns as they are compared: `correct_answer(s)` is "correct answer"."""
    names = (_BREAK.sub(" ", _REMARK.sub(" ", plain(cell))).casefold() for cell in head)
    found = [_KIND.sub("", " ".join(name.split())) for name in names]
    if {"a", "b"} <= {*found}:
        return tuple(f"option {name}" if name in [*_LETTERS[:8]] else name for name in found)
    return tuple(found)


def sides(names: Sequence[str], rows: Sequence[Sequence[str]]) -> tuple[int, int] | None:
    """The column that asks, and the one that answers; None if the names do not say it."""
    if said := glossary.columns(names, rows):
        return said[1], said[2]
    if "content" in names and {"deck", *TAGS} & {*names}:  # of a program of cards
        title = next((at for at, name in enumerate(names) if name in ("name", "title")), None)
        return None if title is None else (title, names.index("content"))
    return None


def options(names: Sequence[str]) -> tuple[int, ...]:
    return tuple(at for at, name in enumerate(names) if is_option(name))


def is_option(name: str) -> bool:
    return _OPTION.fullmatch(name) is not None


def stand_apart(names: Sequence[str]) -> bool:
    """Whether the right option is not among the others, which are called wrong."""
    return any(re.fullmatch(rf"(?:{_WRONG}) ?\w?", name) for name in names)


def settings(names: Sequence[str]) -> tuple[int, ...]:
    """The columns that say how a program plays its questions, where these have options."""
    found = (at for at, name in enumerate(names) if name in _SETTINGS)
    return tuple(found) if options(names) else ()


def is_id(name: str) -> bool:
    """Whether a column tells notes apart for a program."""
    return name in _IDS


def numbering(names: Sequence[str], rows: Sequence[Sequence[str]]) -> tuple[int, ...]:
    """The columns that say no more of a row than which it is: ids, and numbers that rise from the
    first row on."""
    cells = {at: [cell for row in rows for cell in row[at : at + 1]] for at in range(len(names))}
    return tuple(
        at
        for at, name in enumerate(names)
        if (is_id(name) and not any(len(cell.split()) > 1 for cell in cells[at]))
        or (may_number(name) and counts(cells[at]))
    )


def may_number(name: str) -> bool:
    """Whether a column is called as one of numbers of rows is."""
    return name.rstrip(".") in _NUMBERING


def counts(cells: Sequence[str]) -> bool:
    """Whether cells, of which some may be empty, number their rows from 0 or 1 on."""
    said = [cell.strip().rstrip(".)") for cell in cells if cell.strip()]
    if not said or not all(re.fullmatch(r"[0-9]{1,6}", one) for one in said):
        return False
    found = [*map(int, said)]
    return found[0] in (0, 1) and all(one < after for one, after in pairwise(found))


def says_one_side(names: Sequence[str]) -> bool:
    """Whether a name is one that a column of questions, answers, tags or decks has."""
    known = {*_DECK, *TAGS, *_TOPICS}
    return any(len(one) > 1 and (one in known or glossary.is_of_question(one)) for one in names)


def deck(names: Sequence[str]) -> int:
    """The place of the column that names a note's deck; −1 if there is none."""
    return next((at for at, name in enumerate(named(names)) if is_of_deck(name)), -1)


def is_of_deck(name: str) -> bool:
    return name in _DECK


def has_tags(name: str) -> bool:
    """Whether a column has several tags in each cell."""
    return name.casefold() in TAGS


def is_topic(name: str) -> bool:
    """Whether each cell of a column is one tag."""
    return name in _TOPICS


def topics(names: Sequence[str]) -> list[int]:
    """The columns of which each cell is one tag."""
    return [at for at, name in enumerate(named(names)) if is_topic(name)]


def picks(answers: Sequence[str], offered: Sequence[Sequence[str]]) -> bool:
    """Whether *answers* name the options that are *offered* by their letters or numbers, and are
    not always one of them word for word."""
    said = [answer.strip() for answer in answers if answer.strip()]
    return all(map(_PICK.fullmatch, said)) and not all(
        answer.strip() in map(str.strip, some)
        for answer, some in zip(answers, offered, strict=True)
        if answer.strip()
    )


def offered(cells: Sequence[str]) -> list[str]:
    """The options that a row offers: a cell each, or all in one, with signs between them."""
    if len(cells) != 1:
        return list(cells)
    some = _BETWEEN.split(cells[0].strip())
    some = some if len(some) > 1 else cells[0].split(",")
    return [_LETTER.sub("", one.strip()) for one in some]


def chosen(answer: str, offered: Sequence[str], *, is_picked: bool) -> str:
    """The options that an answer picks, by numbers only where all do (*is_picked*); itself if there
    are no such options."""
    said = answer.strip()
    if not is_picked and (said in offered or re.search(r"\d", said)):
        return answer
    picked = ["".join(offered[at : at + 1]).strip() for at in _places(said)]
    return "\n".join(picked) if picked and all(picked) else answer


def _places(said: str) -> list[int]:
    """The places that letters or numbers name; none if anything else is said."""
    signs = re.findall(rf"\b{_PLACE}\b", said.casefold()) if _PICK.fullmatch(said) else []
    return [int(sign) - 1 if sign.isdecimal() else _LETTERS.index(sign) for sign in signs]


def asked(question: str, answer: str, offered: Sequence[str], *, is_apart: bool = False) -> str:
    """A question with its options below it, one of which is the answer: as they are offered, or
    else, where the right one stands apart (surely if *is_apart*), by their letters."""
    some = [one.strip() for one in offered if one.strip()]
    if not some:
        return question
    said = answer.strip()
    is_there = {*answer.split("\n"), answer} & {*some}
    is_in_sight = re.search(r"\d", said) is not None or max(_places(said), default=0) < len(some)
    names_one = not is_apart and _PICK.fullmatch(said) and is_in_sight
    if said and not is_there and not names_one:
        some = sorted({*some, said} - {""}, key=str.casefold)
    signs = _LETTERS.upper() if len(some) <= len(_LETTERS) else map(str, count(1))
    listed = (f"{sign}) {one}" for sign, one in zip(signs, some, strict=False))
    return "\n".join([question, "", *listed])
