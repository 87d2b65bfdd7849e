"""A note of Obsidian with cards of its spaced repetition, written with their schedules.

Each card has a line `?`, or `??` if it is asked both ways, between its sides, whatever is in them.
A blank line ends a card, but not in code: paragraphs are parted by `<br>`, tables end with a rule,
as HTML would be a row of them, and headings are bold. A tag names the deck of what follows
(`notes/obsidian.py` reads it).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path

from studyapp.notes import ankihtml, apart, mark
from studyapp.notes.card import FENCE, clozes, find_clozes, halves, outside_code
from studyapp.notes.foreign import Foreign, ForeignNote, Schedule, Stage
from studyapp.notes.note import CardStyle
from studyapp.notes.outgoing import (
    LEFT_OUT,
    STEP,
    Lost,
    Told,
    by_side,
    kept_here,
    sides,
    tell_extra,
    unanswered,
)

_BETWEEN = {CardStyle.ANSWER: "?", CardStyle.BOTH: "??"}
_STATES = {Stage.NEW: 0, Stage.LEARNING: 1, Stage.REVIEW: 2, Stage.RELEARNING: 3}
_NEW = "2000-01-01,1,250"  # of a sibling that was not shown yet
_EASE = 250  # per cent, with which SM-2 begins
_HEADING = re.compile(r"^ {0,3}#{1,6}[ \t]+(.*?)[ \t#]*$", re.MULTILINE)
_BLANK = re.compile(r"(?P<row>^\|[^\n]*)?\n[ \t]*(?:\n[ \t]*)*\n", re.MULTILINE)
_SEPARATOR = re.compile(r"^([ \t>]*)(\?{1,2})(?=[ \t]*$)", re.MULTILINE)


def write(path: Path, foreign: Foreign, now: datetime, told: Told) -> Lost:
    """Write the cards to *path*; says what is not in it. Raises OSError."""
    lost, known = kept_here(foreign, schedules=False), by_side(foreign.schedules)
    deck: tuple[str, ...] | None = None
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for at, note in enumerate(foreign.notes):
            if at % STEP == 0:
                told(at, len(foreign.notes))
            if note.tags:
                lost["note", "with tags, which stay here"] += 1
            if unanswered(note):
                lost["question", f"without an answer, {LEFT_OUT}"] += 1
                continue
            if note.deck != deck:
                deck = note.deck
                file.write(f"{_tag(deck, lost)}\n\n")
            card = f"{_card(note, lost)}\n{_schedules(note, known)}"
            file.write(f"{mark.written(note.guid)}\n\n{card}\n")
    return lost


def is_ours(path: Path) -> bool:
    """Whether a text of cards was written here, whoever has edited it since. Raises OSError."""
    return mark.is_in(path)


def _tag(deck: tuple[str, ...], lost: Lost) -> str:
    parts = [re.sub(r"[^\w-]+", "-", part).strip("-") for part in deck]
    if tuple(parts) != deck:
        lost["deck", "whose name as a tag has other signs"] += 1
    return "/".join(["#flashcards", *filter(None, parts)])


def _card(note: ForeignNote, lost: Lost) -> str:
    hides = note.card is CardStyle.CLOZE
    question = apart.quiet(_joined(note.question, lost), hides=hides)
    if not hides:
        answer = apart.quiet(_joined(note.answer, lost))
        said = f"{question}\n{_BETWEEN[note.card]}\n{answer}"
    else:
        tell_extra(note, lost)
        said = _joined(_hidden("\n\n***\n\n".join(filter(None, halves(note.answer)))), lost)
        if question:
            lost["heading", "of a hidden text, put in the text"] += 1
            said = f"{question}\n<br>\n{said}"
    if "::" in said and apart.may_part(said):
        lost["note", "with :: in code, which may be another card there"] += 1
    return said


def _hidden(text: str) -> str:
    """A text with its hidden ones as Obsidian has them; those of a number are one card there."""
    numbers, pieces, end = ankihtml.hidden_numbers(text), list[str](), 0
    for (key, said), place in zip(clozes(text), find_clozes(text), strict=True):
        shown = apart.quiet(text[end : place.start], hides=True)
        pieces += [shown, f"=={numbers[key]};;{apart.quiet(said, hides=True)}=="]
        end = place.end
    return "".join([*pieces, apart.quiet(text[end:], hides=True)])


def _joined(text: str, lost: Lost) -> str:
    """A text without what would end its card, or begin another one."""
    changed = _several(_HEADING, lambda found: f"**{found[1]}**" if found[1] else "")(text)
    if changed != text:
        lost["note", "with headings, which are bold there"] += 1
    parted = _without_blanks(changed)
    if parted != changed:
        lost["note", "of several paragraphs, parted by <br>"] += 1
    return _several(_SEPARATOR, lambda found: f"{found[1]}\\{found[2]}")(parted)


def _without_blanks(text: str) -> str:
    """A text without blank lines but in code, which begins and ends by itself: a line of HTML right
    behind it would take what follows for HTML, too."""
    pieces, end = list[str](), 0
    for fence in FENCE.finditer(text):
        pieces += [text[end : fence.start()], fence[0]]
        end = fence.end()
    pieces.append(text[end:])
    for at in range(0, len(pieces), 2):
        pieces[at] = _BLANK.sub(_between, pieces[at].strip("\n"))
    return "\n".join(piece for piece in pieces if piece.strip())


def _between(blank: re.Match[str]) -> str:
    return f"{blank['row']}\n***\n" if blank["row"] else "\n<br>\n"


def _several(
    pattern: re.Pattern[str], change: Callable[[re.Match[str]], str]
) -> Callable[[str], str]:
    return lambda text: outside_code(text, lambda piece: pattern.sub(change, piece))


def _schedules(note: ForeignNote, known: Mapping[tuple[str, str], Schedule]) -> str:
    """A line with the schedule of each card in order, if one of them was ever shown."""
    found = [known.get((note.guid, side)) for side in sides(note)]
    if all(one is None or one.stage is Stage.NEW or one.due is None for one in found):
        return ""
    return f"<!--SR:{''.join(f'!{_schedule(one)}' for one in found)}-->\n"


def _schedule(known: Schedule | None) -> str:
    if known is None or known.stage is Stage.NEW or known.due is None:
        return _NEW
    if known.stability is None or known.difficulty is None:
        return f"{known.due},{known.interval},{_EASE}"
    last = known.last or known.due - timedelta(days=known.interval)
    memory = f"{known.stability:.4f},{known.difficulty:.4f},{_STATES[known.stage]}"
    return f"fsrs,{known.due},{known.interval},{memory},{known.reps},{known.lapses or 0},0,{last}"
