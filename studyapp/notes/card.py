"""The sides of a note that can be scheduled, and the text of each side."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass

from studyapp.notes.note import CardStyle, Note, NoteKind, Point

MEANING_TO_TERM = "term"  # unlocked once term → meaning is stable
CLOZE = re.compile(r"==(?P<text>[^=\n]+)==(?:\{#(?P<id>[a-z0-9-]+)\})?")
_ITEM = re.compile(r"^(\d+)[.)]\s+(.*(?:\n(?:[ \t]+.*|[ \t]*))*)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Face:
    """What a card shows: Markdown for both sides, and the points to judge oneself by."""

    front: str
    back: str
    points: tuple[Point, ...] = ()


def sides(note: Note) -> tuple[str, ...]:
    """Names of the cards of *note*, stable under any edit that keeps the ids."""
    match note.card:
        case CardStyle.DO:
            return ()
        case CardStyle.ORDER:
            return ("order",)
        case CardStyle.ITEMS:
            return tuple(f"item:{point.id}" for point in note.points if point.id)
        case CardStyle.CLOZE:
            return tuple(f"cloze:{key}" for key, _ in clozes(note.answer))
        case CardStyle.ANSWER:
            return ("meaning", MEANING_TO_TERM) if note.kind is NoteKind.TERM else ("answer",)


def clozes(text: str) -> list[tuple[str, str]]:
    """Return (id, hidden text) of each cloze; one without an id is numbered from 1."""
    return [
        (match["id"] or str(index), match["text"])
        for index, match in enumerate(CLOZE.finditer(text), 1)
    ]


def face(note: Note, side: str, turn: int = 0) -> Face:
    """Front and back of one card. *turn* (the count of reviews) seeds what is shuffled."""
    kind, _, key = side.partition(":")
    match kind:
        case "item":
            return _item_face(note, key)
        case "cloze":
            return _cloze_face(note, key)
        case "order":
            return _order_face(note, turn)
        case "term":
            back = f"**{note.prompt}**"
            if note.synonyms:
                back += f"\n\nAlso: {', '.join(note.synonyms)}"
            return Face(f"Which term?\n\n{note.answer}", back)
        case "meaning":
            return Face(f"What does **{note.prompt}** mean?", note.answer, note.points)
        case _:
            return Face(note.prompt, note.answer, note.points)


def _item_face(note: Note, key: str) -> Face:
    lines, hidden = [], ""
    for point in note.points:
        if point.id == key:
            hidden = point.text
            lines.append("- **[ … ]**")
        else:
            lines.append(f"- {point.text}")
    listed = "\n".join(lines)
    return Face(f"{note.prompt}\n\n{listed}", f"**{hidden}**\n\n{note.answer}".rstrip())


def _cloze_face(note: Note, key: str) -> Face:
    found = clozes(note.answer)
    ids = iter(name for name, _ in found)
    front = CLOZE.sub(
        lambda match: "**[ … ]**" if next(ids) == key else match["text"], note.answer
    )
    hidden = next((text for name, text in found if name == key), "")
    whole = CLOZE.sub(lambda match: match["text"], note.answer)
    return Face(f"{note.prompt}\n\n{front}", f"**{hidden}**\n\n{whole}")


def _order_face(note: Note, turn: int) -> Face:
    items = [match[2].strip() for match in _ITEM.finditer(note.answer)]
    shuffled = list(items)
    shuffle = random.Random(f"{note.id}:{turn}").shuffle
    while len(items) > 1 and shuffled == items:
        shuffle(shuffled)
    listed = "\n".join(f"- {item}" for item in shuffled)
    return Face(f"{note.prompt}\n\n{listed}", note.answer, note.points)
