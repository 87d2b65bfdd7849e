"""Markdown of hashcards: `Q:` with `A:`, and `C:` with a hidden text in each pair of brackets.

A file may begin with TOML between two lines of `---`, which names its deck; a line of `---` ends a
card. One dialect adds `front::back` on a line. Code is no card, whatever its lines begin with.
Where a question of another shape begins, the lines up to the next mark are read as a learner's own
notes (`notes/prose.py`); but not in a folder that hashcards has a database of, nor in a text that
went there from here.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Set
from dataclasses import replace
from pathlib import Path

from studyapp.notes import (
    fronttags,
    hashlog,
    mark,
    org,
    pairs,
    passed,
    picture,
    preparation,
    prose,
    unread,
    wording,
)
from studyapp.notes.card import REVERSED, clozes, find_clozes
from studyapp.notes.dialogue import terms_apart
from studyapp.notes.encoding import text_of
from studyapp.notes.foreign import Foreign, ForeignNote
from studyapp.notes.note import CardStyle, Problem
from studyapp.notes.opener import asked_within, asks_anew, in_brackets, openers, takes_leave
from studyapp.notes.outline import Outline

_MARK = re.compile(r"([QAC]):(.*)")
_PAIR = re.compile(r"(?P<front>\S(?:(?!::).)*+)(?<!:)::(?!:)[ \t]*(?P<back>\S.*)")


def recognises(head: bytes, path: Path) -> bool:
    """Whether the first line that says something begins a card, and a question has an answer."""
    lines = _lines(head.decode("utf-8-sig", "ignore"))
    _, begins = _front_matter(lines, path)
    said = (line for line in lines[begins:] if line.strip() and not line.startswith(("#", "<!--")))
    first = next(said, "")
    if first.startswith("Q:"):
        return any(line.startswith("A:") for line in lines)
    return first.startswith("C:") and "[" in first + "".join(lines)


def read(path: Path) -> Foreign:
    """Read a file of hashcards, with what the database of its folder says of its cards. Raises
    StudyError if one of them cannot be read, or is none."""
    text, database = text_of(path), hashlog.beside(path)
    if database is None:
        return picture.gathered(parse(text, path), path)
    reading = _read(text, path, is_mixed=False)
    schedules, reviews = hashlog.read(database, reading.hashed())
    found = picture.gathered(reading.foreign(), path)
    return replace(found, schedules=schedules, reviews=reviews)


def parse(text: str, path: Path) -> Foreign:
    """The cards in *text*; nothing in it makes this raise."""
    return _read(text, path, is_mixed=True).foreign()


def _read(text: str, path: Path, *, is_mixed: bool) -> _Reading:
    lines = _lines(text)  # as they are where their digests tell what a database says of them
    reading = _Reading([*preparation.with_formulas(lines)] if is_mixed else lines, path)
    reading.run(is_mixed=is_mixed and not mark.is_marked(reading.lines))
    return reading


def _lines(text: str) -> list[str]:
    return re.sub(r"\r\n?", "\n", text).split("\n")


def _front_matter(lines: list[str], path: Path) -> tuple[str, int]:
    """The deck's name, and the line on which the cards begin."""
    if not lines or lines[0].strip() != "---":
        return path.stem, 0
    end = next((at for at, line in enumerate(lines) if at and line.strip() == "---"), 0)
    if not end:
        return path.stem, 0
    try:
        name = tomllib.loads("\n".join(lines[1:end])).get("name")
    except (tomllib.TOMLDecodeError, RecursionError):
        return path.stem, 0
    return (name.strip() if isinstance(name, str) and name.strip() else path.stem), end + 1


class _Reading:
    """The cards that have been found in the lines of a file."""

    def __init__(self, lines: list[str], path: Path) -> None:
        self.lines, self.path = lines, path
        self.deck, self.begins = _front_matter(lines, path)
        self.notes: list[ForeignNote] = []
        self.problems: list[Problem] = []
        self.read = set(range(self.begins))
        self.met: dict[str, int] = {}
        self.said: dict[tuple[str, str], int] = {}
        self.texts: list[str] = []  # of the notes, as hashcards has them: of a hidden text alone
        self.others: list[ForeignNote] = []  # of other shapes
        self.is_mixed = True

    def foreign(self) -> Foreign:
        found = sorted((*self.notes, *self.others), key=lambda note: note.line)
        notes = fronttags.tagged(found, self.lines[: self.begins])
        return Foreign(notes, problems=tuple(sorted(self.problems)))

    def hashed(self) -> hashlog.Sides:
        """The cards by what hashcards calls them."""
        sides = {}
        for note, text in zip(self.notes, self.texts, strict=True):
            if note.card is CardStyle.CLOZE:
                names = [f"cloze:{number}" for number, _ in clozes(note.answer)]
                hashes = hashlog.of_hidden(text)
            else:
                names, hashes = ["answer"], [hashlog.of_question(note.question, note.answer)]
            if note.card is CardStyle.BOTH:
                names.append(REVERSED)
                hashes.append(hashlog.of_question(note.answer, note.question))
            if len(names) == len(hashes):
                sides.update(dict(zip(hashes, ((note.guid, name) for name in names), strict=True)))
        return sides

    def report(self, at: int, message: str) -> None:
        self.problems.append(Problem(self.path, at + 1, message))

    def run(self, *, is_mixed: bool) -> None:
        outline = Outline([_MARK.sub(r"\2", line) for line in self.lines])
        for at in outline.unclosed:
            if outline.is_code(at):
                self.report(at, "the code that begins here has no end")
        if self.begins == 0 and self.lines[0].strip() == "---":
            self.report(0, "these lines name no deck: they are no TOML between two lines of ---")
        self.is_mixed = is_mixed
        anew = set[int]()
        if is_mixed:
            anew.update(self._anew(), pairs.counting(self.lines, outline.is_code))
        others = list[int]()
        for marks in self._cards(outline, anew, others):
            self._card(marks)
        self._read_others(others)
        why = "this is in no card, and is not read"
        self.problems += unread.told(self.lines, self.read, self.path, why)

    def _anew(self) -> set[int]:
        """The lines on which a question begins that is no card of hashcards, or terms below an
        answer do, and the headings that are not below that of the card above them."""
        body, _ = passed.without_comments(self.lines[self.begins :])
        fenced = preparation.fenced(body)
        said = org.read(fenced).lines if org.is_one(fenced, self.path) else fenced
        places = range(self.begins, len(self.lines))
        lines, numbers = preparation.prepared(*preparation.of_asciidoc(said, places, self.path))
        outline = Outline(lines)
        found = openers(outline)
        terms = terms_apart(outline, numbers, self.path)
        begins = {outline.blocks[at].first for at in (*asks_anew(outline, found), *terms)}
        level, in_card = 0, False
        for block in outline.blocks:
            if block.level and (not in_card or block.level <= level):
                begins.update([block.first] if in_card else ())
                level, in_card = block.level, False
            in_card = in_card or _MARK.match(lines[block.first]) is not None
        return {numbers[at] for at in begins if not _MARK.match(self.lines[numbers[at]])}

    def _read_others(self, places: list[int]) -> None:
        if not places:
            return
        found = prose.parse_lines(
            [self.lines[at] for at in places], [at + 1 for at in places], self.path
        )
        self.others += (replace(note, deck=(self.deck,)) for note in found.notes)
        self.problems += found.problems
        self.read.update(places)

    def _cards(
        self, outline: Outline, anew: Set[int], others: list[int]
    ) -> Iterator[list[tuple[int, str, list[str]]]]:
        """The cards as lists of marked fields: line, mark and text. The lines of what begins
        *anew* go to the *others*."""
        card: list[tuple[int, str, list[str]]] = []
        is_other = False
        for at in range(self.begins, len(self.lines)):
            line = self.lines[at]
            inside = outline.is_inside(at)
            mark = None if inside else _MARK.match(line)
            ends = line.strip() == "---" and not inside
            is_other = at in anew or (is_other and (mark is None or mark[1] == "A"))
            if is_other:
                if card:
                    yield card
                    card = []
                others.append(at)
                continue
            if card and (ends or (mark and (mark[1] != "A" or card[-1][1] != "Q"))):
                yield card
                card = []
            if ends:
                self.read.add(at)
            elif mark:
                card.append((at, mark[1], [mark[2]]))
                self.read.add(at)
            elif card:
                card[-1][2].append(line)
                self.read.add(at)
            elif not inside and (pair := _PAIR.fullmatch(line.rstrip())):
                self.read.add(at)
                yield [(at, "Q", [pair["front"]]), (at, "A", [pair["back"]])]
        if card:
            yield card

    def _card(self, marks: list[tuple[int, str, list[str]]]) -> None:
        at, mark, said = marks[0]
        text = _joined(said)
        if mark == "A":
            self.report(at, "an answer without a question")
        elif not text:
            self.report(at, "a card without a text")
        elif mark == "C":
            self._cloze(at, text)
        else:
            answer = _joined(marks[1][2]) if len(marks) > 1 else ""
            if not answer:
                self.report(at, "this question has no answer yet")
            elif self.is_mixed:
                self._tell_within(at, *marks[1])
            self._keep(at, text, answer, CardStyle.ANSWER, text)

    def _tell_within(self, asked: int, at: int, mark: str, said: list[str]) -> None:
        """Tell of options that were taken for an answer, and of what in one may be a note."""
        if wording.options([f"{mark}:{said[0]}", *said[1:]]):
            self.report(asked, unread.MAY_BE_A_CHOICE)
        outline = Outline(said)
        apart = outline.blocks[1:]
        within = asked_within(outline, outline.blocks, titled=False, apart=apart)
        if within:
            first, last = at + within[0].first + 1, at + within[-1].first + 1
            message = unread.upto(first, last) + unread.MAY_BE_A_NOTE
            self.report(first - 1, message)
        if apart and apart[-1] not in within and takes_leave(apart[-1]):
            self.report(at + apart[-1].first, unread.MAY_BE_A_FAREWELL)

    def _cloze(self, at: int, text: str) -> None:
        hidden, count = in_brackets(text)
        if not count:
            self.report(at, "a text that hides nothing: it has no [brackets]")
        elif len(find_clozes(hidden)) != count:
            self.report(
                at, "a hidden text that stands in code, or on several lines, cannot be kept"
            )
        else:
            self._keep(at, "", hidden, CardStyle.CLOZE, text)

    def _keep(self, at: int, question: str, answer: str, card: CardStyle, text: str) -> None:
        key = f"{card.value}: {' '.join((question or answer).split())}"
        if known := mark.above(self.lines, at):
            self.read.add(known.at)
            guid = known.guid
            if known.back and self._is_back(guid, at, question, answer):
                return
        else:
            self.met[key] = nth = self.met.get(key, 0) + 1
            guid = key if nth == 1 else f"{key} ({nth})"
            if (former := self.said.setdefault((question, answer), at)) != at:
                self.report(at, f"this card is on line {former + 1} already, word for word")
                return
        deck = (self.deck,)
        self.notes.append(ForeignNote(guid, question, answer, card=card, deck=deck, line=at + 1))
        self.texts.append(text)

    def _is_back(self, guid: str, at: int, question: str, answer: str) -> bool:
        """Whether a card is the other side of the one before, which then is asked both ways."""
        last = self.notes[-1] if self.notes else None
        if last is None or last.guid != guid:
            return False
        if (last.question, last.answer) != (answer, question):
            self.report(at, "the other side of this card says something else, which is not read")
        self.notes[-1] = replace(last, card=CardStyle.BOTH)
        return True


def _joined(said: list[str]) -> str:
    """A field: the rest of its mark's line, and the lines below."""
    return "\n".join([said[0].strip(), *said[1:]]).strip()
