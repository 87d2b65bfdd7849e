"""Cards of org-drill: headings with its tag whose own text asks, or hides something in brackets,
and below which headings answer.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from studyapp.notes import wording
from studyapp.notes.answer import cleaned
from studyapp.notes.card import find_clozes, hiding_nothing, outside_code
from studyapp.notes.foreign import ForeignNote
from studyapp.notes.note import CardStyle, Problem
from studyapp.notes.org import Entry, Org

SHAPE = "card of org-drill"
_TYPE = "DRILL_CARD_TYPE"
_BOTH = {"twosided", "multisided"}
_HIDING = {"hide1cloze", "hide2cloze", "show1cloze", "show2cloze", "hidefirst", "hidelast"}
_FRONT = re.compile(r"(?:front|question|frage|pregunta|domanda|вопрос)\W*", re.IGNORECASE)
_BACK = re.compile(r"(?:the )?(?:back|answer|antwort|respuesta|risposta|ответ)\W*", re.IGNORECASE)
_HIDDEN = re.compile(
    r"(?<![!\]\\\w])\[(?!fn:|\d+[/%\]]|[ X-]\]|\d{4}-)(?P<said>[^\[\]\n|]{1,500})"
    r"(?:\|+(?P<hint>[^\[\]\n]{0,500}))?\](?!\()"
)
_SCHEDULE = re.compile(r"DRILL_LAST|FC_|NEXT_REVIEW")


def taken(
    org: Org, numbers: Sequence[int], path: Path
) -> tuple[list[str], list[ForeignNote], list[Problem]]:
    """The lines that are of no card, as many as there were; the cards; and what of them, and of
    when they come again, is not read."""
    reading = _Reading(org, numbers, path)
    for at, entry in enumerate(org.entries):
        if "drill" in entry.tags and reading.lines[entry.at]:
            reading.take(at, entry)
    reading.tell()
    return reading.lines, reading.notes, reading.problems


class _Reading:
    """The cards that have been found in a text."""

    def __init__(self, org: Org, numbers: Sequence[int], path: Path) -> None:
        self.org, self.numbers, self.path = org, numbers, path
        self.lines = list(org.lines)
        self.notes: list[ForeignNote] = []
        self.problems: list[Problem] = []
        self.hinted: list[int] = []
        self.met = Counter[str]()

    def report(self, at: int, message: str) -> None:
        self.problems.append(Problem(self.path, self.numbers[at], message))

    def take(self, at: int, entry: Entry) -> None:
        """Make a note of a heading that is a card by what is below it; leave any other one."""
        inner = self._inner(at, entry)
        if any("drill" in one.tags for one in inner):
            return
        sides = [(one.title, self._said(one, inner)) for one in inner if _is_child(one, inner)]
        body = cleaned("\n".join(self.org.lines[entry.at + 1 : entry.end]))
        text, hidden = self._hidden(entry.at, body)
        if not (sides or hidden):
            return
        kind = entry.properties.get(_TYPE, "").lower()
        if kind and kind not in _BOTH | _HIDING | {"simple"}:
            self.report(entry.at, f"cards of the type {kind} are asked as plain ones")
        if hidden:
            self._keep(entry, entry.title, _joined([("", text), *sides]), CardStyle.CLOZE)
        elif kind in _BOTH and len(sides) > 1:
            if len(sides) > 2 and kind == "multisided":
                self.report(entry.at, "of a card with many sides the first two are asked")
            front, (_, back), *others = sides
            question = f"{front[1]}\n\n{_asked(entry.title, body)}"
            self._keep(entry, question, _joined([("", back), *others]), CardStyle.BOTH)
        else:
            if _FRONT.fullmatch(sides[0][0]) and len(sides) > 1:
                body = f"{body}\n\n{sides.pop(0)[1]}".strip()
            question = _asked(entry.title, body)
            self._keep(entry, question, _joined([("", sides[0][1]), *sides[1:]]), CardStyle.ANSWER)
        end = max([entry.end, *(one.end for one in inner)])
        self.lines[entry.at : end] = [""] * (end - entry.at)

    def _inner(self, at: int, entry: Entry) -> list[Entry]:
        found = list[Entry]()
        for one in self.org.entries[at + 1 :]:
            if one.level <= entry.level:
                break
            found.append(one)
        return found

    def _said(self, child: Entry, inner: Sequence[Entry]) -> str:
        """What is below a heading, with the headings below it."""
        ends = (one.at for one in inner if one.at > child.at and one.level <= child.level)
        end = next(ends, inner[-1].end)
        return cleaned("\n".join(self.org.lines[child.at + 1 : end]))

    def _hidden(self, at: int, body: str) -> tuple[str, int]:
        """A text with what brackets hide in it, and how much that is."""
        count = 0

        def hide(found: re.Match[str]) -> str:
            nonlocal count
            count += 1
            if found["hint"]:
                self.hinted.append(at)
            return f"=={found['said'].strip()}=={{#c{count}}}"

        text = outside_code(hiding_nothing(body), lambda piece: _HIDDEN.sub(hide, piece))
        if count and len(find_clozes(text)) != count:
            self.report(at, "what brackets hide here cannot be kept as hidden")
            return body, 0
        return text, count

    def _keep(self, entry: Entry, question: str, answer: str, card: CardStyle) -> None:
        question = wording.tidy(question.strip())
        if not (question if card is not CardStyle.CLOZE else answer):
            self.report(entry.at, f"this {SHAPE} has no words")
            return
        key = f"drill: {' '.join((question or answer).casefold().split())}"
        self.met[key] += 1
        guid = key if self.met[key] == 1 else f"{key} ({self.met[key]})"
        line, tags = self.numbers[entry.at], tuple(sorted(entry.tags - {"drill", ""}))
        self.notes.append(
            ForeignNote(guid, question, answer, card=card, tags=tags, line=line, shape=SHAPE)
        )

    def tell(self) -> None:
        """Tell what all cards have lost, where it begins."""
        dated = [one.at for one in self.org.entries if any(map(_SCHEDULE.match, one.properties))]
        for met, what in (
            (sorted({*dated, *self.org.dated}), "what is dated here{} is not read"),
            (self.hinted, "the hint of what is hidden here{} is left out"),
        ):
            if met:
                more = ", and elsewhere," if len(met) > 1 else ""
                self.report(met[0], what.format(more))


def _is_child(one: Entry, inner: Sequence[Entry]) -> bool:
    return one.level == min(other.level for other in inner)


def _asked(title: str, body: str) -> str:
    """What asks: the text below a heading, with the heading where that may be a part of it."""
    if body and wording.is_asked(body.split("\n")[-1]) and not wording.is_asked(title):
        return body
    return f"{title}\n\n{body}".strip()


def _joined(sides: Sequence[tuple[str, str]]) -> str:
    """The sides that answer, each under its name but where that says so alone."""
    named = (
        said if not title or _BACK.fullmatch(title) else f"**{title}**\n\n{said}"
        for title, said in sides
        if said
    )
    return "\n\n".join(named)
