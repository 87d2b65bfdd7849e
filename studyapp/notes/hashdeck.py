"""Markdown of hashcards, written: `Q:` with `A:`, and `C:` with each hidden text in brackets.

A file is one deck. What would begin or end a card within a text is moved by a sign that Markdown
does not show. Each card ends with a rule, so that the mark of the next one is in none
(`notes/hashcards.py` reads it).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from studyapp.notes import mark
from studyapp.notes.card import find_clozes, outside_code
from studyapp.notes.foreign import Foreign, ForeignNote
from studyapp.notes.note import CardStyle
from studyapp.notes.outgoing import (
    LEFT_OUT,
    STEP,
    Lost,
    Told,
    kept_here,
    sides,
    tell_extra,
    unanswered,
)

_MARK = re.compile(r"^(?=[QAC]:)", re.MULTILINE)
_RULE = re.compile(r"^([ \t]*)---([ \t]*)$", re.MULTILINE)
_BRACKET = re.compile(r"!\[[^\[\]\n]*\](?:\([^()\n]*\))?|\\.|[\[\]]")


def write(path: Path, foreign: Foreign, now: datetime, told: Told) -> Lost:
    """Write the cards to *path*; says what is not in it. Raises OSError."""
    lost = kept_here(foreign)
    decks = dict.fromkeys("::".join(note.deck) for note in foreign.notes)
    if len(decks) > 1:
        lost["deck", "put into one"] = len(decks)
    name = next(iter(decks), "") if len(decks) == 1 else ""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        if name:
            file.write(f"---\nname = {json.dumps(name, ensure_ascii=False)}\n---\n\n")
        for at, note in enumerate(foreign.notes):
            if at % STEP == 0:
                told(at, len(foreign.notes))
            for nth, card in enumerate(_cards(note, lost)):
                file.write(f"{mark.written(note.guid, back=nth > 0)}\n{card}\n---\n\n")
    return lost


def is_ours(path: Path) -> bool:
    """Whether a text of cards was written here, whoever has edited it since. Raises OSError."""
    return mark.is_in(path)


def _cards(note: ForeignNote, lost: Lost) -> Iterator[str]:
    if note.tags:
        lost["note", "with tags, which stay here"] += 1
    if unanswered(note):
        lost["question", f"without an answer, {LEFT_OUT}"] += 1
        return
    question, answer = _safe(note.question), _safe(note.answer)
    tell_extra(note, lost)
    if note.card is CardStyle.CLOZE:
        yield f"C: {_hidden(note, lost)}"
        return
    yield f"Q: {question}\nA: {answer}"
    if note.card is CardStyle.BOTH:
        lost["note", "asked both ways, which is two cards there"] += 1
        yield f"Q: {answer}\nA: {question}"


def _safe(text: str) -> str:
    """A text in which no line begins or ends a card."""
    return outside_code(_MARK.sub(" ", text), lambda piece: _RULE.sub(r"\1----\2", piece))


def _hidden(note: ForeignNote, lost: Lost) -> str:
    """The text with brackets; those that are in it anyhow are no longer those of a link."""
    found = find_clozes(note.answer)
    if len(found) > len(sides(note)):
        lost["card", "with several hidden texts, which is one for each there"] += 1
    if note.question:
        lost["heading", "of a hidden text, put in the text"] += 1
    pieces, end = list[str](), 0
    for cloze in found:
        pieces += [_plain(note.answer[end : cloze.start], lost), f"[{_plain(cloze.text, lost)}]"]
        end = cloze.end
    text = "".join([*pieces, _plain(note.answer[end:], lost)])
    return _safe("\n\n".join(filter(None, [_plain(note.question, lost), text])))


def _plain(text: str, lost: Lost) -> str:
    def escaped(sign: re.Match[str]) -> str:
        if sign[0] not in ("[", "]"):
            return sign[0]
        lost["bracket", "of a link perhaps, written as a sign"] += sign[0] == "["
        return f"\\{sign[0]}"

    return outside_code(text, lambda piece: _BRACKET.sub(escaped, piece))
