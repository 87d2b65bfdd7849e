"""Answers to several questions that stand together, as a key below them does: 1a, 2b.

A letter says which option is right, a text answers the question of its number.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from studyapp.notes import wording

_LABEL = re.compile(
    r"[*_]{0,3}(?:(?:answer|solution)[ -]keys?|keys?|answers|solutions|lösungen|antworten"
    r"|facit|fasit|respuestas|soluciones|réponses|risposte|soluzioni|respostas|gabarito|ответы|答案)"
    r"[ \t]*+[*_]{0,3}[:：][*_]{0,3}\s*+(?=\(?\d)",
    re.IGNORECASE,
)
_PICK = re.compile(
    r"\(?(?P<number>\d{1,3})[ \t]*+[.):=-]?[ \t]*+\(?(?P<letter>[a-hA-H])\)?"
    r"(?:[ \t]*+[,;|/.]|(?=\s|$))\s*+"
)
_ENTRY = re.compile(
    r"(?:^|(?<=[\s,;|/]))\(?(?P<number>\d{1,3})[.):]"
    r"(?:[ \t]*+(?=[^\s\d])|(?P<digits>[ \t]++(?=\d)))"
)
_LETTERS = re.compile(
    r"\(?[A-Ha-h]\)?\.?(?:[ \t]*+(?:[,/&+]|\b(?:and|und|y|et|e)\b)[ \t]*+\(?[A-Ha-h]\)?)*+"
)
_LETTER = re.compile(r"\b[A-Ha-h]\b")
_LONGEST = 2000  # characters of a key


def said(text: str) -> str:
    """What a line says behind its label that answers to several questions follow; empty if it has
    none, or does not go on with a number."""
    label = _LABEL.match(text.strip()) if len(text) <= _LONGEST else None
    return text.strip()[label.end() :] if label else ""


def is_key(text: str) -> bool:
    """Whether a line answers several questions."""
    return bool(picks(said(text))) or len(entries(said(text))) > 1


def picks(text: str) -> list[tuple[int, str]]:
    """The numbers and letters of a text that has nothing else; empty if it has, or only one."""
    found, end = list[tuple[int, str]](), 0
    while len(text) <= _LONGEST and (pick := _PICK.match(text, end)):
        found.append((int(pick["number"]), pick["letter"]))
        end = pick.end()
    return found if len(found) > 1 and end == len(text) else []


def entries(text: str) -> list[tuple[int, str]]:
    """The numbers and what is said behind each, of a text that begins with one. Digits are said
    where all numbers follow each other; elsewhere such a number is as likely to be said itself."""
    found = _following(list(_ENTRY.finditer(text)) if len(text) <= _LONGEST else [])
    if not found or found[0].start():
        return []
    ends = [*(one.start() for one in found[1:]), len(text)]
    return [
        (int(one["number"]), text[one.end() : end].strip(" \t\n,;|/"))
        for one, end in zip(found, ends, strict=True)
    ]


def _following(found: Sequence[re.Match[str]]) -> list[re.Match[str]]:
    """The entries whose numbers follow each other; a number before digits that does not is part of
    an answer (`1. 4. 2. 9`). If any other one does not, all of those that no digits follow."""
    kept = list(found[:1])
    for one in found[1:]:
        if int(one["number"]) == int(kept[-1]["number"]) + 1:
            kept.append(one)
        elif one["digits"] is None:
            return [one for one in found if one["digits"] is None]
    return kept


def counted(numbers: Sequence[int | None]) -> list[int | None]:
    """The numbers of a list as Markdown shows it: where all are the same, they count up."""
    first = numbers[0] if numbers else None
    if first is None or len(numbers) < 2 or {*numbers} != {first}:
        return list(numbers)
    return list(range(first, first + len(numbers)))


def chosen(options: str, answer: str) -> str:
    """The options that an *answer* names by their letters alone, as they stand there; one that does
    not, or names one that is not there, as it is."""
    if not _LETTERS.fullmatch(answer):
        return answer
    known = _options(options)
    named = [known.get(letter.lower(), "") for letter in _LETTER.findall(answer)]
    return "\n".join(named) if all(named) else answer


def has_option(options: str, letter: str) -> bool:
    """Whether there is an option of this letter."""
    return letter.lower() in _options(options)


def _options(text: str) -> dict[str, str]:
    """The options in a text by their letters, in lower case; without the marks of their list."""
    lines = text.split("\n")
    places = sorted(wording.options(lines))
    found = dict[str, str]()
    for at, end in zip(places, [*places[1:], len(lines)], strict=False):
        below = "\n".join(lines[at:end]).split("\n\n")[0].rstrip()
        option = re.sub(r"^[ \t>]*(?:[-*+•][ \t]+)?(?:\[[ xX]\][ \t]+)?", "", below)
        letter = _LETTER.search(option)
        if letter:
            found.setdefault(letter[0].lower(), option)
    return found
