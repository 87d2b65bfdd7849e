"""Which edits of a note let its cards ask for something else (RULES: Changed content)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from unicodedata import normalize

from studyapp.notes.card import REVERSED, clozes, numbered_items, sides
from studyapp.notes.note import CardStyle, Note, Point

_TOKEN = re.compile(r"-?\d+(?:[.,]\d+)*|[^\W\d_]+|[<>=≤≥≠±+−^/%]")
_ARTICLES = frozenset({"a", "an", "the"})
_SHORTEST = 4  # letters of a word in which one wrong one still tells which it is


def changed_sides(
    note: Note, points: Sequence[Point], answer: str, kept: Iterable[str]
) -> list[str]:
    """Of the sides in *kept* those that ask for something else than when the note had *points* and
    *answer*: a core point, a hidden text or an item of a list was added or replaced."""
    match note.card:
        case CardStyle.ITEMS:
            old = {f"item:{point.id}": point.text for point in points}
            new = {f"item:{point.id}": point.text for point in note.points}
        case CardStyle.CLOZE:
            old = {f"cloze:{key}": text for key, text in clozes(answer)}
            new = {f"cloze:{key}": text for key, text in clozes(note.answer)}
        case _:
            before = [point.text for point in points if not point.extra]
            now = [point.text for point in note.points if not point.extra]
            changed = None in _places(before, now)
            if note.card is CardStyle.ORDER:
                places = _places(numbered_items(answer), numbered_items(note.answer))
                found = [place for place in places if place is not None]
                changed = changed or len(found) < len(places) or found != sorted(found)
            asked = set(sides(note)) - {REVERSED}  # which shows no points
            return [side for side in kept if side in asked] if changed else []
    return [
        side for side in kept if side in old and side in new and not is_same(old[side], new[side])
    ]


def _places(old: Sequence[str], new: Sequence[str]) -> list[int | None]:
    """Where among *old* each of *new* is; None for one that is not there."""
    exact = {text: place for place, text in reversed(list(enumerate(old)))}
    return [
        exact.get(text, next((n for n, it in enumerate(old) if is_same(it, text)), None))
        for text in new
    ]


def is_same(old: str, new: str) -> bool:
    """Whether two texts differ by no more than case, marks, articles and slips of the pen.

    A slip is one letter too many, missing, wrong or in its neighbour's place, behind the first of
    a word of four or more. Another number or another sign is never one.
    """
    before, after = _tokens(old), _tokens(new)
    if "".join(before) == "".join(after):
        return True
    return len(before) == len(after) and all(map(_is_slip, before, after))


def _tokens(text: str) -> list[str]:
    tokens = _TOKEN.findall(normalize("NFC", text).casefold())
    return [token for token in tokens if token not in _ARTICLES]


def _is_slip(old: str, new: str) -> bool:
    if old == new:
        return True
    if not (old.isalpha() and new.isalpha() and old[0] == new[0]):
        return False
    if min(len(old), len(new)) < _SHORTEST:
        return False
    short, long = sorted((old, new), key=len)
    at = next((n for n, (a, b) in enumerate(zip(short, long, strict=False)) if a != b), len(short))
    if len(short) < len(long):
        return short[at:] == long[at + 1 :]
    swapped = old[at : at + 2] == new[at : at + 2][::-1]
    return old[at + 1 :] == new[at + 1 :] or (swapped and old[at + 2 :] == new[at + 2 :])
