"""The gaps of an Anki note, `{{c1::text::hint}}`: which there are, and the text as a card shows it.

A card covers all gaps of its number at once; `{{c1,3::text}}` is one of two cards, which is the
same as a gap of each in the other. They may stand in each other, in code and in formulas, so each
is found in the source, before anything reads it as HTML.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple

from studyapp.notes.card import JOINER, find_clozes, hiding_nothing, inside_code

BLANK = "[…]"
CARDS = range(1, 501)  # the numbers of which Anki makes cards
_MOST = 1_000_000  # characters of the questions that are made of one text
_MOST_TOLD, _MOST_SAID = 3, 80  # gaps of a text that are told, and characters of each
_NUMBERS = range(1 << 16)  # those that Anki can read
_ENDS = re.compile(r"\{\{c(?=,*[0-9])([0-9,]++)::|\}\}")
_LIKE = re.compile(
    r"\{\{\s*+c\s*+[0-9][0-9,;.&\s-]*+:(?:(?!\{\{|\}\}).)*+(?:\}\})?", re.DOTALL | re.IGNORECASE
)
_TAG = re.compile(r"<[^<>]*>")
_QUIET = str.maketrans(dict(zip("{}:", "\ue0f8\ue0f9\ue0fa", strict=True)))
_ALOUD = str.maketrans(dict(zip("\ue0f8\ue0f9\ue0fa", "{}:", strict=True)))
_STRONG = re.compile(r"(?<!\*)<b>([^\W_](?:[^<>*\n]*[^\W_])?)</b>(?!\*)")
_ADDRESS = re.compile(rf"{re.escape(BLANK)}(?=[(\[:])")


class Gap(NamedTuple):
    """A gap; `again` if it stands in another one of its number, `outer` if no other one of the same
    place is around it."""

    number: int
    text: str
    hint: str
    again: bool
    outer: bool


def rewritten(said: str, show: Callable[[Gap], str]) -> str:
    """*said* with what is to be shown for each gap, from within; one without an end is text."""
    frames, opened, met, end = [list[str]()], list[tuple[str, tuple[int, ...]]](), Counter[int](), 0
    for brace in _ENDS.finditer(said):
        found = _named(brace[1]) if brace[1] else ()
        if not (found if brace[1] else opened):  # text, as no gap begins or ends here
            continue
        frames[-1].append(said[end : brace.start()])
        end = brace.end()
        if found:
            opened.append((brace[0], found))
            met.update(found)
            frames.append([])
            continue
        text, hint = _hinted(frames.pop())
        _, closed = opened.pop()
        met.subtract(closed)
        for number in closed:
            text = show(Gap(number, text, hint, met[number] > 0, number == closed[-1]))
        frames[-1].append(text)
    frames[-1].append(said[end:])
    while opened:
        rest = "".join(frames.pop())
        frames[-1] += [opened.pop()[0], rest]
    return "".join(frames[0])


def numbered(said: str) -> tuple[int, ...]:
    """The cards that a gap names, as in 1,3."""
    return tuple(number for number in _named(said) if number in CARDS)


def _named(said: str) -> tuple[int, ...]:
    """The numbers of a gap of which there are cards; else one that has none, or nothing if these
    are no numbers for Anki."""
    shown = (one.lstrip("0") or "0" for one in said.split(",") if one)
    numbers = {int(one) for one in shown if len(one) < 6}
    found = sorted(number for number in numbers if number in _NUMBERS)
    return tuple(number for number in found if number in CARDS) or tuple(found[:1])


def _hinted(pieces: list[str]) -> tuple[str, str]:
    """The text of a gap and its hint, of *pieces* that are in turn text and what another gap shows:
    each text ends where a hint begins, and the last hint counts."""
    hint, shown = "", list(pieces)
    for at in range(0, len(pieces), 2):
        shown[at], mark, said = pieces[at].partition("::")
        hint = said.strip() if mark else hint
    return "".join(shown), hint


def numbers(said: str) -> tuple[int, ...]:
    """The numbers of the gaps, in order; those without a card are none of them."""
    found = set[int]()

    def note(gap: Gap) -> str:
        found.add(gap.number)
        return ""

    rewritten(said, note)
    return tuple(sorted(number for number in found if number in CARDS))


def unread(said: str) -> str:
    """A sentence on what looks like a gap and hides nothing, in Anki neither: a number that has no
    card, a space in it, no end. Empty if there is none."""
    found = list[str]()

    def reveal(gap: Gap) -> str:
        if gap.number not in CARDS:
            found.append(f"{{{{c{gap.number}::{gap.text}}}}}")
        return gap.text

    rest = rewritten(said, reveal)
    found += (like[0] for like in _LIKE.finditer(rest))
    if not found:
        return ""
    told = ", ".join(" ".join(_TAG.sub("", one).split())[:_MOST_SAID] for one in found[:_MOST_TOLD])
    more = f" and {len(found) - _MOST_TOLD:,} more" if len(found) > _MOST_TOLD else ""
    hides = "this hides" if len(found) == 1 else "these hide"
    return f"{told}{more}: {hides} nothing, in Anki neither"


class Hidden(NamedTuple):
    """Markdown as it hides texts here, the numbers of these, and of each number that cannot be
    hidden so the number, a question and its answer; but for those that are `left` out, as they
    would be too long."""

    text: str
    numbers: tuple[int, ...]
    asked: tuple[tuple[int, str, str], ...]
    left: int


def hidden(said: str) -> Hidden:
    """Markdown with gaps as what it hides. What stands in code is none; a number that hides several
    texts, or one that has another one around it or several lines, is asked by itself."""
    said = hiding_nothing(inside_code(said, quiet))
    found = numbers(said)
    text, kept = _hiding(said, found)
    if kept != found:  # without the marks of the others
        text, still = _hiding(said, kept)
        if still != kept:
            text, kept = _hiding(said, ())
    asked, rest = list[tuple[int, str, str]](), [one for one in found if one not in kept]
    for number in few(rest, said):
        question = _ADDRESS.sub(BLANK + JOINER, covered(said, number))
        answer = _STRONG.sub(r"**\1**", shown(said, number))
        asked.append((number, _aloud(question), _aloud(answer)))
    return Hidden(_aloud(text), kept, tuple(asked), len(rest) - len(asked))


def quiet(text: str) -> str:
    """A text in which nothing begins or ends a gap, until `hidden` has read it."""
    return text.translate(_QUIET)


def _aloud(text: str) -> str:
    return text.translate(_ALOUD)


def _hiding(said: str, kept: Collection[int]) -> tuple[str, tuple[int, ...]]:
    """Markdown that hides the texts of the *kept* numbers, and those of which it hides one each."""
    met = Counter[int]()

    def mark(gap: Gap) -> str:
        if gap.number not in kept:
            return gap.text
        met[gap.number] += 1
        hint = f" ({gap.hint})" if gap.hint else ""
        return f"=={gap.text.strip()}=={{#c{gap.number}}}{hint}"

    text = rewritten(only(said, kept), mark)
    hides = Counter(cloze.id for cloze in find_clozes(text))
    return text, tuple(one for one in kept if met[one] == hides[f"c{one}"] == 1)


def left_out(count: int) -> str:
    """A sentence on so many questions that are not made."""
    return f"too long to be asked {count:,} times more, which is left out"


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
