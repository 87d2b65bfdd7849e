"""Cards of Obsidian's spaced repetition, with the schedules that its comments keep.

`front::back` is one card, `front:::back` two; so are a line `?` and a line `??` between paragraphs.
A card of one line ends with it, also in a paragraph that goes on with another.
`==hidden==` text makes a card of its paragraph. A tag `#flashcards/deck` names the deck of what
follows. Cards in a quote or a callout come without its marks. What looks like a field of another
plugin (`status:: open`) is no card and is told.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from studyapp.notes import ankigap, apart, fronttags, mark, picture, preparation, unread
from studyapp.notes.card import REVERSED
from studyapp.notes.encoding import text_of
from studyapp.notes.foreign import Foreign, ForeignNote, Schedule, Stage
from studyapp.notes.note import CardStyle, Problem
from studyapp.notes.outline import Outline

_SCHEDULE = re.compile(r"(?<![ \t])[ \t]*<!--\s*SR:(?P<said>[^>\n]{0,9999})-->[ \t]*")
_TAG = re.compile(r"(?<![\w/#&])#flashcards(?P<deck>(?:/[\w-]+)*)/?(?![\w/-])")
_LIST_TAG = re.compile(r"\bflashcards((?:/[\w-]+)*)")
_SEPARATOR = re.compile(r"(?<!:)(:::?)(?!:)")
_FIELD = re.compile(
    r"(?:[-*+][ \t]+)?[A-Za-z][\w-]*::(?:[ \t].*)?|.*[\[(][\w -]{1,60}::[ \t][^\])]*[\])].*"
)
_HIDES = re.compile(
    r"==(?=\S)(?:(?P<number>\d{1,3});;)?(?P<text>(?:(?!==|;;)[^\n])+)"
    r"(?:;;(?P<hint>(?:(?!==)[^\n])*))?(?<=\S)=="
)
_LISTED = re.compile(r"[-*+][ \t]+(?:\[[ xX]\][ \t]+)?|\d{1,4}[.)][ \t]+")
_QUOTES = re.compile(r"[ \t]*+(?:>[ \t]*+)*")
_CALLOUT = re.compile(r"\[![\w/-]{1,60}\][+-]?[ \t]*")
_BLOCK_ID = re.compile(r"(?<![ \t])[ \t]+\^[\w-]+$")
_MULTI = {"?": CardStyle.ANSWER, "??": CardStyle.BOTH}
_NEVER = date(2000, 1, 1)  # stands for a sibling that was not shown yet
_STATES = {
    "0": Stage.NEW, "1": Stage.LEARNING, "2": Stage.REVIEW, "3": Stage.RELEARNING,
    "new": Stage.NEW, "learning": Stage.LEARNING, "review": Stage.REVIEW,
    "relearning": Stage.RELEARNING,
}  # fmt: skip
_LONGEST = 36500  # days
_ASIDE: dict[str, Any] = {"suspended": None, "buried": None}  # which no comment says
_Lines = list[tuple[int, str]]  # with their places


def recognises(head: bytes, path: Path) -> bool:
    """Whether a text has a schedule of the plugin, its tag or one of its separators."""
    text = head.decode("utf-8-sig", "ignore")
    if "\0" in text:
        return False
    if "<!--SR:" in text or _TAG.search(text):
        return True
    found = parse(text, path)
    lines = sum(bool(line.strip()) for line in text.split("\n"))
    multi = any(note.shape == "?" for note in found.notes)
    single = sum(note.shape == "::" for note in found.notes)
    return bool(found.notes) and (multi or 2 * single >= lines)


def read(path: Path) -> Foreign:
    """Read a note of Obsidian. Raises StudyError if it cannot be read, or is no text."""
    return picture.gathered(parse(text_of(path), path), path)


def parse(text: str, path: Path) -> Foreign:
    """The cards in *text*; nothing in it makes this raise."""
    lines = preparation.with_formulas(re.sub(r"\r\n?", "\n", text).split("\n"))
    reading = _Reading([*lines], path)
    reading.run()
    notes = fronttags.tagged(reading.notes, reading.lines[: reading.outline.begins])
    return Foreign(notes, tuple(reading.schedules), problems=tuple(sorted(reading.problems)))


class _Reading:
    """The cards that have been found in the lines of a note."""

    def __init__(self, lines: list[str], path: Path) -> None:
        self.lines, self.path = lines, path
        self.outline = Outline(lines)
        self.notes: list[ForeignNote] = []
        self.schedules: list[Schedule] = []
        self.problems: list[Problem] = []
        self.comments = apart.comments(lines)
        self.apart = apart.formulas(lines) | apart.rows(lines)
        self.read = set[int]()
        self.met: dict[str, int] = {}
        self.said: dict[tuple[str, str], int] = {}
        self.deck: tuple[str, ...] = ()
        self.decks: dict[int, tuple[str, ...]] = {}  # of the lines that may begin a card

    def report(self, at: int, message: str) -> None:
        self.problems.append(Problem(self.path, at + 1, message))

    def run(self) -> None:
        begins = self.outline.begins
        self.read.update(range(begins))
        for line in self.lines[:begins]:
            if tag := _LIST_TAG.search(line):
                self.deck = _path(tag[1])
        for first, end in self._paragraphs(begins):
            self._paragraph(first, end)
        why = "this is no card, and is not read"
        headings = {block.first for block in self.outline.blocks if block.level}
        self.problems += unread.told(self.lines, self.read | headings, self.path, why)

    def _paragraphs(self, at: int) -> Iterator[tuple[int, int]]:
        """Lines that stand together: blank ones and headings part them, but not in code."""
        first = -1
        headings = {block.first for block in self.outline.blocks if block.level}
        for line in range(at, len(self.lines) + 1):
            text = self.lines[line] if line < len(self.lines) else ""
            parts = not self.outline.is_code(line) and (not text.strip() or line in headings)
            if parts and first >= 0:
                yield first, line
                first = -1
            elif not parts and first < 0:
                first = line
            if line in headings and (tag := _TAG.search(text)):
                self.deck = _path(tag["deck"])

    def _paragraph(self, first: int, end: int) -> None:
        said = _Lines()
        for at in range(first, end):
            line = self.lines[at]
            if not self.outline.is_code(at) and (tag := _TAG.search(line)):
                self.deck = _path(tag["deck"])
                self.read.add(at)
                line = (line[: tag.start()] + line[tag.end() :]).strip()
                if not line.strip(" \t>"):
                    continue
            said.append((at, line))
            self.decks[at] = self.deck
        for card in self._parts(said):
            middle = self._middle(card)
            if middle is not None:
                begins = self._begins(card, middle)
                self._singles(card[:begins])
                self._several(card[begins:], middle - begins)
            elif not self._singles(card):
                self._hidden(card)

    def _parts(self, said: _Lines) -> list[_Lines]:
        """What stands together in a paragraph that is all one quote: there a bare mark parts cards
        as a blank line does elsewhere, but not the answer to a card of several lines."""
        parts: list[_Lines] = [[]]
        if not all(_depth(line) or _SCHEDULE.fullmatch(line) for _, line in said):
            return [said]
        for at, line in said:
            if not line.strip(" \t>") and not self.outline.is_code(at):
                self.read.add(at)
                parts.append([])
            parts[-1].append((at, line))
        cards: list[_Lines] = []
        for part in parts:
            asks = self._middle(part) is not None or any(map(self._separator, part))
            if cards and self._middle(cards[-1]) is not None and not asks:
                cards[-1] += part
            else:
                cards.append(part)
        return cards

    def _middle(self, said: _Lines) -> int | None:
        """The place of the line that parts a card of several lines; None if there is none."""
        for place, (at, line) in enumerate(said):
            is_text = not self.outline.is_code(at) and at not in self.comments
            if is_text and line.strip(" \t>") in _MULTI:
                return place
        return None

    def _begins(self, said: _Lines, middle: int) -> int:
        """Where the question of a card of several lines begins: below the cards of one line, which
        end with it. A card that went there from here is as it was written."""
        begins = 0
        if mark.above(self.lines, said[0][0]):
            return begins
        for place, (at, line) in enumerate(said[: max(0, middle - 1)]):
            is_schedule = begins == place > 0 and _SCHEDULE.fullmatch(line.lstrip(" \t>"))
            is_card = self._separator((at, line)) and not _FIELD.fullmatch(line.strip())
            if is_schedule or is_card:
                begins = place + 1
        return begins

    def _several(self, said: _Lines, middle: int) -> None:
        style = _MULTI[said[middle][1].strip(" \t>")]
        lines = _without_quote(said, _depth(said[middle][1]))
        front = "\n".join(line for _, line in lines[:middle]).strip()
        back, schedule = _without_schedule("\n".join(line for _, line in lines[middle + 1 :]))
        if not front or not back.strip():
            self.report(said[middle][0], "a card of which one side is empty")
        else:
            self._asked(said[0][0], front, back.strip(), style, schedule, "?")
        self.read.update(at for at, _ in said)

    def _separator(self, said: tuple[int, str]) -> re.Match[str] | None:
        """The first `::` or `:::` of a line that stands in its text."""
        at, line = said
        if "::" not in line or self.outline.is_code(at) or at in self.apart:
            return None
        return _SEPARATOR.search(apart.covered(line))

    def _singles(self, said: _Lines) -> bool:
        """Read each line that is a card; False if there is none."""
        found = False
        for place, (at, line) in enumerate(said):
            text, schedule = _without_schedule(line)
            text = _without_quote([(at, text)], _depth(text))[0][1]
            separator = self._separator((at, text))
            if separator is None:
                continue
            self.read.add(at)
            after = said[place + 1] if place + 1 < len(said) else (at, "")
            if not schedule and _SCHEDULE.fullmatch(after[1].lstrip(" \t>")):
                schedule = _without_schedule(after[1])[1]
                self.read.add(after[0])
            if _FIELD.fullmatch(text.strip()) and not schedule:
                self.report(at, "this looks like a field of another plugin, and is no card")
                continue
            found = True
            front, back = text[: separator.start()].strip(), text[separator.end() :].strip()
            listed = _LISTED.match(front)
            front, back = front[listed.end() if listed else 0 :], _BLOCK_ID.sub("", back)
            style = CardStyle.BOTH if separator[1] == ":::" else CardStyle.ANSWER
            if front and back:
                self._asked(at, front, back, style, schedule, "::")
            else:
                self.report(at, "a card of which one side is empty")
        if found:
            self.read.update(at for at, line in said if _is_bare_callout(line))
        return found

    def _hidden(self, said: _Lines) -> None:
        """Read a paragraph that hides something."""
        depths = [_depth(line) for _, line in said if not _SCHEDULE.fullmatch(line)]
        lines = _without_quote(said, min(depths, default=0))
        text, schedule = _without_schedule("\n".join(line for _, line in lines))
        found = _clozes(text.strip())
        if not (found.numbers or found.asked):
            return
        self.read.update(at for at, _ in said)
        at, of = said[0][0], dict[int, tuple[str, str]]()  # guid and side of each number
        if found.numbers and (guid := self._keep(at, "", found.text, CardStyle.CLOZE, "==")):
            of |= {number: (guid, f"cloze:c{number}") for number in found.numbers}
        for number, question, answer in found.asked:
            part = f"/c{number}"
            if guid := self._keep(at, question, answer, CardStyle.ANSWER, "==", part):
                of[number] = (guid, "answer")
        if found.left:
            self.report(at, ankigap.left_out(found.left))
        self._schedule(at, [side for _, side in sorted(of.items())], schedule)

    def _keep(
        self,
        at: int,
        question: str,
        answer: str,
        style: CardStyle,
        shape: str,
        part: str = "",
    ) -> str:
        """Keep a card, or a *part* of one that is several here; returns what it is called, empty if
        it is there already."""
        if known := mark.above(self.lines, at):
            self.read.add(known.at)
            guid, question, answer = known.guid + part, apart.aloud(question), apart.aloud(answer)
        elif (former := self.said.setdefault((question, answer), at)) != at:
            self.report(at, f"this card is on line {former + 1} already, word for word")
            return ""
        else:
            key = f"{style.value}: {' '.join((question or answer).split())}"
            self.met[key] = nth = self.met.get(key, 0) + 1
            guid = key if nth == 1 else f"{key} ({nth})"
        self.notes.append(
            ForeignNote(
                guid, question, answer, card=style, deck=self.decks[at], line=at + 1, shape=shape
            )
        )
        return guid

    def _asked(
        self, at: int, front: str, back: str, style: CardStyle, schedule: str, shape: str
    ) -> None:
        """Keep a card of two sides with its schedule."""
        if guid := self._keep(at, front, back, style, shape):
            names = ["answer", REVERSED] if style is CardStyle.BOTH else ["answer"]
            self._schedule(at, [(guid, name) for name in names], schedule)

    def _schedule(self, at: int, sides: Sequence[tuple[str, str]], said: str) -> None:
        """One schedule for each of some sides, by guid and name, in their order."""
        segments = [part.strip() for part in said.split("!") if part.strip()]
        if len(segments) > len(sides):
            self.report(at, f"there are {len(segments)} schedules for {len(sides)} of its cards")
        for side, segment in zip(sides, segments, strict=False):
            try:
                self.schedules.append(_read_schedule(*side, segment.split(",")))
            except (ValueError, IndexError, KeyError, OverflowError):
                self.report(at, f"the schedule {segment[:60]!r} is none that is known here")


def _path(tag: str) -> tuple[str, ...]:
    return tuple(part for part in tag.split("/") if part)


def _without_schedule(text: str) -> tuple[str, str]:
    found = _SCHEDULE.search(text)
    if found is None:
        return text, ""
    return text[: found.start()] + text[found.end() :], found["said"]


def _depth(line: str) -> int:
    """How many marks of a quote a line begins with."""
    found = _QUOTES.match(line)
    return found[0].count(">") if found else 0


def _without_quote(said: _Lines, depth: int) -> _Lines:
    """Lines without the marks of the quote that carries their card, as deep as that is, and
    without what says that it is a callout."""
    lines = [(at, re.sub(rf"\A(?:[ \t]*> ?){{0,{depth}}}", "", line)) for at, line in said]
    if depth and lines and (callout := _CALLOUT.match(lines[0][1])):
        lines[0] = (lines[0][0], lines[0][1][callout.end() :])
    return lines


def _is_bare_callout(line: str) -> bool:
    return bool(_depth(line)) and _CALLOUT.fullmatch(line.lstrip(" \t>")) is not None


def _clozes(text: str) -> ankigap.Hidden:
    """A text with the hidden ones as they are here; those of a number are one card, the others are
    counted on."""
    marks = list(_HIDES.finditer(apart.shown(text)))
    pieces, end, numbers = list[str](), 0, {int(mark["number"]) for mark in marks if mark["number"]}
    for found in marks:
        number = int(found["number"]) if found["number"] else max(numbers, default=0) + 1
        numbers.add(number)
        said, hint = (ankigap.quiet(text[slice(*found.span(name))]) for name in ("text", "hint"))
        gap = f"{{{{c{number}::{said}{'::' if hint else ''}{hint}}}}}"
        pieces += [ankigap.quiet(text[end : found.start()]), gap]
        end = found.end()
    return ankigap.hidden("".join(pieces) + ankigap.quiet(text[end:]))


def _read_schedule(guid: str, side: str, said: list[str]) -> Schedule:
    """A schedule of SM-2 (due, interval, ease) or of FSRS. Raises ValueError if it is none."""
    if said[0] == "fsrs":
        interval = _days(said[2])
        met = said[9] if len(said) > 9 else ""
        return Schedule(
            guid,
            side,
            _STATES[said[5].strip().lower()],
            due=_date(said[1]),
            last=_date(met) if met.strip() else _date(said[1]) - timedelta(days=interval),
            interval=interval,
            stability=float(said[3]),
            difficulty=float(said[4]),
            reps=int(said[6]),
            lapses=int(said[7]),
            **_ASIDE,
        )
    due, interval = _date(said[0]), _days(said[1])
    float(said[2])
    if due == _NEVER:
        return Schedule(guid, side, Stage.NEW, **_ASIDE)
    return Schedule(
        guid,
        side,
        Stage.REVIEW,
        due=due,
        last=due - timedelta(days=interval),
        interval=interval,
        reps=1,
        lapses=None,
        **_ASIDE,
    )


def _date(said: str) -> date:
    return date.fromisoformat(said.strip()[:10])


def _days(said: str) -> int:
    days = round(float(said))
    if not 0 <= days <= _LONGEST:
        raise ValueError(said)
    return days
