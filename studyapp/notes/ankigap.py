"""The gaps of an Anki note, `{{c1::text::hint}}`: which there are, and the text as a card shows it.

A card covers all gaps of its number at once. They may stand in each other, in code and in formulas,
so each is found in the source, before anything reads it as HTML.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple

BLANK = "[…]"
_MOST = 1_000_000  # characters of the questions that are made of one text
_ENDS = re.compile(r"\{\{c(\d{1,3})::|\}\}")


class Gap(NamedTuple):
    """A gap; `again` if it stands in another one of its number."""

    number: int
    text: str
    hint: str
    again: bool


def rewritten(said: str, show: Callable[[Gap], str]) -> str:
    """*said* with what is to be shown for each gap, from within; one without an end is text."""
    frames, opened, met, end = [list[str]()], list[re.Match[str]](), Counter[int](), 0
    for brace in _ENDS.finditer(said):
        frames[-1].append(said[end : brace.start()])
        end = brace.end()
        if brace[1]:
            opened.append(brace)
            met[int(brace[1])] += 1
            frames.append([])
        elif opened:
            number = int(opened.pop()[1])
            met[number] -= 1
            *before, last = frames.pop()
            text, mark, hint = last.rpartition("::")
            inner = "".join([*before, text if mark else last])
            gap = Gap(number, inner, hint.strip() if mark else "", met[number] > 0)
            frames[-1].append(show(gap))
        else:
            frames[-1].append(brace[0])
    frames[-1].append(said[end:])
    while opened:
        rest = "".join(frames.pop())
        frames[-1] += [opened.pop()[0], rest]
    return "".join(frames[0])


def numbers(said: str) -> tuple[int, ...]:
    """The numbers of the gaps, in order; a gap 0 is on no card."""
    found = set[int]()

    def note(gap: Gap) -> str:
        found.add(gap.number)
        return ""

    rewritten(said, note)
    return tuple(sorted(found - {0}))


def few(found: Sequence[int], said: str) -> Sequence[int]:
    """As many of the numbers *found* as get a question each that shows all of *said*: hundreds of a
    long one would be more than anybody wrote, and take long."""
    return found[: max(1, _MOST // max(1, len(said)))]


def only(said: str, kept: Collection[int]) -> str:
    """*said* with the gaps of the *kept* numbers, and the text of all others in their places."""

    def show(gap: Gap) -> str:
        if gap.number not in kept:
            return gap.text
        hint = f"::{gap.hint}" if gap.hint else ""
        return f"{{{{c{gap.number}::{gap.text}{hint}}}}}"

    return rewritten(said, show)


def covered(said: str, number: int) -> str:
    """What the card of a *number* asks: its gaps blank, each with its hint behind it."""

    def show(gap: Gap) -> str:
        if gap.number != number or gap.again:
            return gap.text
        return f"{BLANK} ({gap.hint})" if gap.hint else BLANK

    return rewritten(said, show)


def shown(said: str, number: int) -> str:
    """What the card of a *number* answers: all of the text, what it had covered in bold."""

    def show(gap: Gap) -> str:
        marked = gap.number == number and not gap.again and gap.text.strip()
        return f"<b>{gap.text}</b>" if marked else gap.text

    return rewritten(said, show)
