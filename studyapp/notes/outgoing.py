"""What goes to a file of another kind: the same value that the readers return, and what it loses.

A writer says what its format cannot carry: nothing is left out in silence. Of each kind of loss it
tells what there is of it (a noun) and what becomes of that, and how often.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias
from urllib.parse import unquote

from studyapp.notes.card import REVERSED, clozes, halves
from studyapp.notes.foreign import Foreign, ForeignNote, Media, Schedule
from studyapp.notes.note import CardStyle

Lost: TypeAlias = Counter[tuple[str, str]]  # by noun, and what becomes of it
Told: TypeAlias = Callable[[int, int], None]  # hears how much is done, and of how much
LEFT_OUT = "left out"
_FILE = re.compile(r"media/([^()<>\"\s]+)")
STEP = 500  # notes between two looks at who is told


def sides(note: ForeignNote) -> tuple[str, ...]:
    """The names of a note's cards, in the order in which other programs number them."""
    if note.card is CardStyle.CLOZE:
        return tuple(dict.fromkeys(f"cloze:{key}" for key, _ in clozes(note.answer)))
    return ("answer", REVERSED) if note.card is CardStyle.BOTH else ("answer",)


def by_side(schedules: tuple[Schedule, ...]) -> dict[tuple[str, str], Schedule]:
    return {(one.guid, one.side): one for one in schedules}


def shown(foreign: Foreign, notes: Iterable[ForeignNote]) -> Iterator[Media]:
    """Which of the pictures and sounds these *notes* show."""
    names = {
        unquote(found)
        for one in notes
        for text in (one.question, one.answer)
        if "](" in text
        for found in _FILE.findall(text)
    }
    yield from (one for one in foreign.media if one.name in names)


def kept_here(foreign: Foreign, *, schedules: bool = True) -> Lost:
    """What is lost where a text is all there is: the log, and perhaps the *schedules*."""
    lost = Lost({("review", LEFT_OUT): len(foreign.reviews)})
    if schedules:
        lost["schedule", LEFT_OUT] = len(foreign.schedules)
    else:
        aside = sum(bool(one.suspended or one.buried) for one in foreign.schedules)
        lost["card", "suspended or buried, not marked as such"] = aside
    return lost


def tell_extra(note: ForeignNote, lost: Lost) -> None:
    """Tell what only the answer of a text that hides some shows here, where all of it is asked."""
    if note.card is CardStyle.CLOZE and halves(note.answer)[1]:
        lost["hidden text", "with more for its answer alone, shown while asking there"] += 1


def unanswered(note: ForeignNote) -> bool:
    """Whether there is nothing yet that its question could be compared with."""
    return not note.answer.strip()
