"""A learner's own notes in Markdown: the questions, answers and terms in them, of any shape.

A question may be numbered, a heading, bold, in a list, folded or a line of prose; its answer is
what stands below it up to the next one, on its own line, in a quote, in colour or in a string that
a piece of code assigns. What belongs to none is told with its lines. Code is never read as a card.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby, pairwise
from pathlib import Path

from studyapp.errors import StudyError
from studyapp.notes import glossary, picture, wording
from studyapp.notes.answer import cleaned, parted
from studyapp.notes.foreign import Foreign, ForeignNote, LectureNote, TrackerRow
from studyapp.notes.note import NoteKind, Problem
from studyapp.notes.opener import LISTED, PROSE, SUMMARY, TERM, headline, openers
from studyapp.notes.outline import Block, Kind, Outline, dedented

_DETAILS = re.compile(r"</?details\b[^<>]*>", re.IGNORECASE)
_DEEPEST = 4  # lists within lists in which questions are looked for
_LONG = 60_000  # bytes
QUESTION_OF_TABLE, TERM_OF_TABLE = "question of a table", "term of a table"
LIST_OF_TERMS, TERM_AND_QUOTE, DEFINED = "list of terms", "term and quote", "line that defines"


def recognises(head: bytes, path: Path) -> bool:
    """Whether a text that begins with *head* asks, defines or plans something. Of a long one its
    beginning may be a table of contents alone, so it is taken for notes, too."""
    text = head.decode("utf-8-sig", "ignore")
    if "\0" in text:
        return False
    if len(head) >= _LONG and len(text.encode("utf-8", "replace")) > 0.99 * len(head):
        return True
    found = parse(text, path)
    return bool(found.notes or found.lecture or found.tracker)


def read(path: Path) -> Foreign:
    """Read notes from a file. Raises StudyError if it cannot be read, or is no text."""
    return picture.gathered(parse(text_of(path), path), path)


def text_of(path: Path) -> str:
    """A file's text. Raises StudyError if it cannot be read, or is none."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise StudyError(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise StudyError(f"{path} is not UTF-8 text (byte {error.start}).") from error
    if "\0" in text:
        raise StudyError(f"{path} is not text: it has a NUL (character {text.index(chr(0))}).")
    return text


def parse(text: str, path: Path) -> Foreign:
    """What *text* asks, defines and plans; nothing in it makes this raise."""
    lines = re.sub(r"\r\n?", "\n", text).split("\n")
    return parse_lines(lines, range(1, len(lines) + 1), path)


def parse_lines(lines: Sequence[str], numbers: Sequence[int], path: Path) -> Foreign:
    """The same of lines that have other *numbers* in the file at *path*."""
    reading = _Reading(Outline(lines), numbers, path)
    reading.run()
    return Foreign(
        tuple(sorted(reading.notes, key=lambda note: note.line)),
        lecture=tuple(reading.lecture),
        tracker=tuple(reading.tracker),
        problems=tuple(sorted(set(reading.problems))),
    )


@dataclass
class _Question:
    """A question whose answer is being looked for; `below` are the blocks that belong to it."""

    block: Block
    shape: str
    asked: str
    own: str  # what its line answers
    rest: list[str]  # its block's lines below
    below: list[Block] = field(default_factory=list)

    def takes(self, block: Block) -> bool:
        """Whether a block that asks nothing itself is of the answer."""
        of_heading = self.block.kind is Kind.HEADING
        if block.kind is Kind.HEADING:
            return of_heading and block.level > self.block.level and bool(block.text)
        has_answer = self.own or any(line.strip() for line in self.rest)
        if self.shape == LISTED:
            return block.kind is not Kind.RULE and not has_answer
        if self.shape == PROSE:
            return self._goes_on(block)
        if block.kind is Kind.RULE:
            return of_heading or not (has_answer or self.below)
        return True

    def _goes_on(self, block: Block) -> bool:
        """Prose answers in one paragraph or what stands in its place, and the lists below that."""
        if block.kind in (Kind.RULE, Kind.HIDDEN, Kind.HEADING):
            return False
        listed = block.kind is not Kind.TEXT
        if not self.below:
            return listed or not (self.own or self.rest)
        return listed and block.kind in (self.below[-1].kind, Kind.BULLET, Kind.NUMBERED)


class _Reading:
    """The blocks of a text, and what has been found in them."""

    def __init__(
        self, outline: Outline, numbers: Sequence[int], path: Path, depth: int = 0
    ) -> None:
        self.depth = depth  # of the list that is read
        self.outline, self.lines, self.blocks = outline, outline.lines, outline.blocks
        self.numbers, self.path = numbers, path
        self.notes: list[ForeignNote] = []
        self.lecture: list[LectureNote] = []
        self.tracker: list[TrackerRow] = []
        self.problems: list[Problem] = []
        self.unread: list[int] = []
        self.guids: dict[str, int] = {}
        self.said: dict[tuple[str, str], int] = {}

    def run(self) -> None:
        for at in self.outline.unclosed:
            self.report(at, "what begins here has no end")
        self._times()
        loose = self._questions()
        loose = self._without_quoted_terms(loose)
        for _, run in groupby(loose, lambda at: (self.outline.above[at], self.blocks[at].kind)):
            self._loose(list(run))
        self._tell_unread()

    def report(self, at: int, message: str) -> None:
        self.problems.append(Problem(self.path, self.numbers[at], message))

    def _keep(self, at: int, question: str, answer: str, kind: NoteKind, shape: str) -> None:
        """A note that begins on line *at*; known by what it asks, and which of the same it is."""
        key = " ".join(wording.plain(question).casefold().split())
        if not key:
            self.report(at, f"this {shape} has no words")
            return
        former = self.said.setdefault((key, answer), self.numbers[at])
        if former != self.numbers[at]:
            self.report(at, f"this is on line {former} already, word for word")
            return
        self.guids[key] = nth = self.guids.get(key, 0) + 1
        guid = f"{kind.value}: {key}" + (f" ({nth})" if nth > 1 else "")
        self.notes.append(
            ForeignNote(guid, question, answer, kind, line=self.numbers[at], shape=shape)
        )

    # --- questions --------------------------------------------------------------------------

    def _questions(self) -> list[int]:
        """Read the questions; returns the places of the blocks that belong to none."""
        shapes, loose = openers(self.outline), list[int]()
        question: _Question | None = None
        for at, block in enumerate(self.blocks):
            shape = shapes.get(at, "")
            if shape in (PROSE, LISTED) and question is not None and question.shape != shape:
                shape = "" if question.takes(block) else shape  # asked in passing
            if shape:
                self._answer(question)
                question = self._asked(block, shape)
            elif question is not None and question.takes(block):
                question.below.append(block)
            else:
                self._answer(question)
                question = None
                loose.append(at)
        self._answer(question)
        return loose

    def _answer(self, question: _Question | None) -> None:
        if question is None:
            return
        body, last = list(question.rest), question.block.end
        for block in question.below:
            if block.kind is not Kind.HIDDEN:
                body += [""] * (block.first > last) + self.lines[block.first : block.end]
            last = block.end
        front, answer = parted(body)
        answer = f"{question.own}\n\n{answer}".strip("\n")
        asked = f"{question.asked}\n\n{front}" if front else question.asked
        kind = NoteKind.TERM if question.shape == TERM else NoteKind.QUESTION
        if kind is NoteKind.TERM and not answer:
            self.report(question.block.first, "this term has no meaning")
            return
        self._keep(question.block.first, asked, answer, kind, question.shape)

    def _asked(self, block: Block, shape: str) -> _Question:
        if block.kind is Kind.DETAILS:
            return self._folded(block, shape)
        line, rest = headline(self.outline, block)
        time = wording.time(line) if block.kind is Kind.HEADING else None
        line = wording.numbered(time.title if time else line)[1]
        asked, own = wording.unwrapped(line)
        if own and not wording.may_ask(asked):
            asked, own = line, ""
        asked = wording.numbered(asked)[1]
        if not own:
            asked, own = wording.own_answer(asked, in_prose=shape in (PROSE, LISTED))
        if block.kind is not Kind.TEXT:
            rest = dedented(rest)
        return _Question(block, shape, wording.tidy(asked), cleaned(own), rest)

    def _folded(self, block: Block, shape: str) -> _Question:
        text = "\n".join(self.lines[block.first : block.end])
        found = SUMMARY.search(text)
        summary = wording.numbered(wording.tidy(found[1]))[1] if found else ""
        inner = _DETAILS.sub("", text.replace(found[0], "", 1) if found else text)
        return _Question(block, shape, wording.unwrapped(summary)[0], "", inner.split("\n"))

    # --- times of a lecture -----------------------------------------------------------------

    def _times(self) -> None:
        headings = [at for at, block in enumerate(self.blocks) if block.kind is Kind.HEADING]
        for at, after in pairwise([*headings, len(self.blocks)]):
            block = self.blocks[at]
            if time := wording.time(block.text):
                end = self.blocks[after].first if after < len(self.blocks) else len(self.lines)
                text = "\n".join(self.lines[block.end : end]).strip("\n").rstrip()
                line = self.numbers[block.first]
                self.lecture.append(LectureNote(time.seconds, wording.tidy(time.title), text, line))

    def _is_of_lecture(self, at: int) -> bool:
        above = next(self.outline.headings(at), -1)
        return above >= 0 and wording.time(self.blocks[above].text) is not None

    # --- terms, and what is left ------------------------------------------------------------

    def _without_quoted_terms(self, loose: Sequence[int]) -> list[int]:
        """Read each short item of a list whose meaning is a quote below it; returns the others."""
        left, taken = list[int](), set[int]()
        for at in loose:
            block = self.blocks[at]
            meaning = self._quote_below(at) if at not in taken else None
            if meaning is None:
                left += [at] if at not in taken else []
                continue
            if self._below(block) != meaning:
                taken.add(at + 1)
            term = wording.tidy(wording.unwrapped(block.text)[0]).rstrip(" :")
            self._keep(block.first, term, cleaned(meaning), NoteKind.TERM, TERM_AND_QUOTE)
        return left

    def _quote_below(self, at: int) -> str | None:
        block, below = self.blocks[at], self._below(self.blocks[at])
        if block.kind is not Kind.BULLET or not wording.is_term(block.text):
            return None
        if below:
            quoted = all(line.startswith(">") for line in below.split("\n") if line.strip())
            return below if quoted else None
        after = self.blocks[at + 1] if at + 1 < len(self.blocks) else None
        if after is None or after.kind is not Kind.QUOTE:
            return None
        return "\n".join(self.lines[after.first : after.end])

    def _below(self, block: Block) -> str:
        return "\n".join(dedented(self.lines[block.first + 1 : block.end])).strip("\n")

    def _loose(self, run: Sequence[int]) -> None:
        """Blocks of one kind under one heading that belong to no question."""
        kind = self.blocks[run[0]].kind
        if kind is Kind.HEADING:
            for at in run:
                if not self.blocks[at].text:
                    self.report(self.blocks[at].first, "this heading is empty")
        elif kind is Kind.TABLE:
            self.unread += [at for at in run if not self._table(self.blocks[at])]
        elif kind in (Kind.BULLET, Kind.NUMBERED):
            self._list(run)
        elif kind is Kind.TEXT:
            self.unread += [at for at in run if not self._text(at)]
        elif kind is not Kind.RULE:
            self.unread += run

    def _list(self, run: Sequence[int]) -> None:
        named = self._is_named(run[0])
        found = glossary.terms([self._item(at) for at in run], named=named)
        for at, term in zip(run, found, strict=True):
            if term is not None:
                name, meaning = map(cleaned, term)
                self._keep(self.blocks[at].first, name, meaning, NoteKind.TERM, LIST_OF_TERMS)
            elif not self._inside(at):
                self.unread.append(at)

    def _inside(self, at: int) -> bool:
        """Read the questions that stand below an item which asks nothing; False if there are none
        worth it: some prose asks in passing."""
        block = self.blocks[at]
        lines = self.lines[block.first + 1 : block.end]
        if self.depth >= _DEEPEST or not any("?" in line for line in lines):
            return False
        numbers = [self.numbers[line] for line in range(block.first + 1, block.end)]
        inner = _Reading(Outline(dedented(lines)), numbers, self.path, self.depth + 1)
        inner.run()
        answered = sum(bool(note.answer) for note in inner.notes)
        if answered < 2 or 2 * answered < len(inner.notes):
            return False
        for note in inner.notes:
            first = self.numbers.index(note.line)
            self._keep(first, note.question, note.answer, note.kind, note.shape)
        self.problems += inner.problems
        return True

    def _item(self, at: int) -> str:
        block, below = self.blocks[at], self._below(self.blocks[at])
        return f"{block.text}\n{below}" if below else block.text

    def _text(self, at: int) -> bool:
        """Read the terms that prose defines line by line; False if a line of it is none."""
        block = self.blocks[at]
        found = glossary.defined(self.lines[block.first : block.end], named=self._is_named(at))
        for place, term, meaning in found:
            first = block.first + place
            self._keep(first, cleaned(term), cleaned(meaning), NoteKind.TERM, DEFINED)
        if found and found[0][0] > 0:
            self.report(block.first, "what stands above the first term here is not read")
        return bool(found) or self._announces(at)

    def _table(self, block: Block) -> bool:
        table = glossary.read(self.lines[block.first : block.end])
        if table.kind == "plan":
            for row, (part, chapter, section) in glossary.planned(table):
                line = self.numbers[block.first + row.at]
                self.tracker.append(TrackerRow(part, chapter, section, line))
            return True
        term = table.kind == "terms"
        kind = NoteKind.TERM if term else NoteKind.QUESTION
        for row in table.rows if table.kind else ():
            asked, answer = row.cell(table.left), row.cell(table.right)
            if not asked or (term and not answer):
                if any(row.cells):
                    self.report(block.first + row.at, "a row of this table has an empty cell")
                continue
            shape = TERM_OF_TABLE if term else QUESTION_OF_TABLE
            self._keep(block.first + row.at, cleaned(asked), cleaned(answer), kind, shape)
        return bool(table.kind)

    def _is_named(self, at: int) -> bool:
        """Whether a heading, or a line right above, announces terms."""
        if at > 0 and self._announces(at - 1):
            return True
        return any(
            glossary.NAMED.search(self.blocks[above].text) for above in self.outline.headings(at)
        )

    def _announces(self, at: int) -> bool:
        block = self.blocks[at]
        line = wording.plain(self.lines[block.end - 1].strip())
        return block.kind is Kind.TEXT and line.endswith(":") and bool(glossary.NAMED.search(line))

    def _tell_unread(self) -> None:
        """One problem for what stands together, with its kinds and its last line."""
        runs: list[list[int]] = []
        for at in sorted(at for at in self.unread if not self._is_of_lecture(at)):
            if runs and self._is_next(runs[-1][-1], at):
                runs[-1].append(at)
            else:
                runs.append([at])
        for run in runs:
            kinds = list(dict.fromkeys(self.blocks[at].kind.value for at in run))
            first, last = self.blocks[run[0]].first, self._last(run[-1])
            upto = f", up to line {self.numbers[last]}" if last > first else ""
            self.report(first, f"{_joined(kinds)}{upto}: this asks nothing and defines no term")

    def _is_next(self, at: int, after: int) -> bool:
        if self.outline.above[at] != self.outline.above[after]:
            return False
        return all(self.blocks[one].kind is Kind.RULE for one in range(at + 1, after))

    def _last(self, at: int) -> int:
        block = self.blocks[at]
        return max(
            (line for line in range(block.first, block.end) if self.lines[line].strip()),
            default=block.first,
        )


def _joined(words: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))
