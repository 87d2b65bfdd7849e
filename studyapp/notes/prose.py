"""A learner's own notes in Markdown: the questions, answers and terms in them, of any shape.

A question may be numbered, a heading, bold, in a list, folded or a line of prose; its answer is
what stands below it up to the next one, on its own line, in a quote, in colour or in a string that
a piece of code assigns. What belongs to none is told with its lines. Code is never read as a card.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import replace
from itertools import groupby, pairwise
from pathlib import Path

from studyapp.notes import (
    drill,
    fronttags,
    glossary,
    org,
    passed,
    picture,
    preparation,
    reference,
    unread,
    webpage,
    wording,
)
from studyapp.notes.answer import worded
from studyapp.notes.definition import Definitions
from studyapp.notes.dialogue import Dialogue
from studyapp.notes.encoding import text_of
from studyapp.notes.foreign import Foreign, ForeignNote, LectureNote
from studyapp.notes.harvest import Harvest
from studyapp.notes.note import NoteKind, Problem
from studyapp.notes.opener import DEFINING, bold_titles
from studyapp.notes.outline import Block, Kind, Outline, dedented

_NEXT = re.compile(r"[ \t]*card-next-schedule::")
_DEEPEST = 4  # lists within lists in which questions are looked for
_LONG = 60_000  # bytes
_MAY_DEFINE = ("**", "::", "<>")


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


def parse(text: str, path: Path) -> Foreign:
    """What *text* asks, defines and plans; nothing in it makes this raise."""
    lines = re.sub(r"\r\n?", "\n", text).split("\n")
    return parse_lines(lines, range(1, len(lines) + 1), path)


def parse_lines(lines: Sequence[str], numbers: Sequence[int], path: Path) -> Foreign:
    """The same of lines that have other *numbers* in the file at *path*."""
    lines, drilled, problems = preparation.fenced(lines), list[ForeignNote](), list[Problem]()
    if org.is_one(lines, path):
        lines, drilled, problems = drill.taken(org.read(lines), numbers, path)
    elif webpage.is_one(lines, path):
        lines, numbers, problems = webpage.as_markdown(lines, numbers, path)
    else:
        lines, numbers = preparation.of_asciidoc(lines, numbers, path)
    lines, comments = passed.without_comments(preparation.with_formulas(lines))
    problems += _noted(comments, numbers, path)
    lines, linking = _without_links(lines)
    problems += _linking(linking, numbers, path)
    lines, numbers = preparation.prepared(lines, numbers)
    outline = Outline(lines)
    known = reference.definitions(outline.lines, outline.is_code) if _may_define(lines) else {}
    if known:
        lines = list(lines)
        for one in known.values():
            lines[one.first : one.end] = [""] * (one.end - one.first)
        outline = Outline(lines)
    if titles := bold_titles(outline):
        outline = Outline(_headed(outline, titles))
    reading = _Reading(outline, numbers, path)
    reading.run()
    used = set[str]()
    notes = (
        [_resolved(note, known, used) for note in reading.found.notes]
        if known
        else reading.found.notes
    )
    for key, one in known.items():
        if key not in used:
            told = unread.upto(numbers[one.first], numbers[one.end - 1])
            reading.found.report(one.first, f"{told}nothing that is read refers to this")
    notes = sorted([*drilled, *notes], key=lambda note: note.line)
    return Foreign(
        fronttags.tagged(notes, outline.lines[: outline.begins]),
        lecture=tuple(reading.found.lecture),
        tracker=tuple(reading.found.tracker),
        problems=tuple(sorted({*problems, *reading.found.problems})),
    )


def _headed(outline: Outline, titles: Set[int]) -> list[str]:
    """The lines of an outline in which the blocks that are *titles* are headings."""
    lines = list(outline.lines)
    for at in titles:
        block = outline.blocks[at]
        lines[block.first] = f"###### {wording.plain(block.text)}"
    return lines


def _noted(
    comments: Sequence[passed.Comment], numbers: Sequence[int], path: Path
) -> Iterator[Problem]:
    """A problem for each comment that holds what would be a note elsewhere."""
    for one in comments:
        if parse(one.said, path).notes:
            first, last = numbers[one.first], numbers[one.last]
            said = (
                f"{unread.upto(first, last)}this comment is left out, with what it asks or defines"
            )
            yield Problem(path, first, said)


def _without_links(lines: Sequence[str]) -> tuple[list[str], list[int]]:
    """The lines without those that only lead about in their text, and the places of these."""
    if not any("#" in line and ("](" in line or "href" in line) for line in lines):
        return list(lines), []
    found = passed.links(lines, Outline(lines).is_code)
    left = list(lines)
    for at in found:
        left[at] = ""
    return left, found


def _linking(found: Sequence[int], numbers: Sequence[int], path: Path) -> Iterator[Problem]:
    if found:
        more = f", and {len(found) - 1} more lines" if len(found) > 1 else ""
        said = f"this line{more}: links within this file are not read"
        yield Problem(path, numbers[found[0]], said)


def _may_define(lines: Sequence[str]) -> bool:
    return any("]:" in line for line in lines)


def _resolved(
    note: ForeignNote, known: Mapping[str, reference.Definition], used: set[str]
) -> ForeignNote:
    question, answer = reference.resolved(note.question, note.answer, known, used)
    return replace(note, question=question, answer=answer)


class _Reading:
    """The blocks of a text, read in turn: times and questions first, then what belongs to none."""

    def __init__(
        self, outline: Outline, numbers: Sequence[int], path: Path, depth: int = 0
    ) -> None:
        self.depth = depth  # of the list that is read
        self.outline, self.lines, self.blocks = outline, outline.lines, outline.blocks
        self.numbers = numbers
        self.found = Harvest(outline, numbers, path)
        self.definitions = Definitions(self.found)
        self.dialogue = Dialogue(self.found, self.definitions)

    def run(self) -> None:
        for at in self.outline.unclosed:
            self.found.report(at, "what begins here has no end")
        self._times()
        if self.depth == 0:
            self._tell_schedules()
        loose = self.dialogue.questions()
        for at in self.found.choices.values():
            self.found.report(at, unread.MAY_BE_A_CHOICE)
        for at in self.found.waiting.values():
            self.found.report(at, "this question has no answer yet")
        if [count > 1 for count in self.found.below.values()] == [True]:
            self.found.report(next(iter(self.found.below)), unread.MAY_BE_BELOW)
        loose = self.definitions.without_quoted_terms(loose)
        for _, run in groupby(loose, lambda at: (self.outline.above[at], self.blocks[at].kind)):
            self._loose(list(run))
        self._tell_unread()

    def _times(self) -> None:
        headings = [at for at, block in enumerate(self.blocks) if block.kind is Kind.HEADING]
        for at, after in pairwise([*headings, len(self.blocks)]):
            block = self.blocks[at]
            if time := wording.time(block.text):
                end = self.blocks[after].first if after < len(self.blocks) else len(self.lines)
                text = "\n".join(self.lines[block.end : end]).strip("\n").rstrip()
                line = self.numbers[block.first]
                self.found.lecture.append(
                    LectureNote(time.seconds, wording.tidy(time.title), text, line)
                )

    def _is_of_lecture(self, at: int) -> bool:
        above = next(self.outline.headings(at), -1)
        return above >= 0 and wording.time(self.blocks[above].text) is not None

    def _tell_schedules(self) -> None:
        """Tell what Logseq says of when its cards come again, where it begins."""
        met = [
            at
            for at, line in enumerate(self.lines)
            if _NEXT.match(line) and not self.outline.is_code(at)
        ]
        if met:
            more = f" and of {len(met) - 1} more" if len(met) > 1 else ""
            self.found.report(met[0], f"the schedule of this card{more} is not read")

    def _loose(self, run: Sequence[int]) -> None:
        """Blocks of one kind under one heading that belong to no question."""
        kind = self.blocks[run[0]].kind
        if kind is Kind.HEADING:
            for at in run:
                if not self.blocks[at].text:
                    self.found.report(self.blocks[at].first, "this heading is empty")
                elif wording.without_label(self.blocks[at].text):
                    self.found.report(self.blocks[at].first, "an answer without a question")
        elif kind is Kind.TABLE:
            self.found.unread += [at for at in run if not self.definitions.table(self.blocks[at])]
        elif kind in (Kind.BULLET, Kind.NUMBERED):
            self._list(run)
        elif kind is Kind.TEXT:
            self.definitions.prose(run)
        elif kind is not Kind.RULE:
            self.found.unread += run

    def _list(self, run: Sequence[int]) -> None:
        named = self.definitions.is_named(run[0])
        found = glossary.terms([self.outline.said_at(at) for at in run], named=named)
        inner = {at: self._inner(at) for at, term in zip(run, found, strict=True) if term is None}
        answered = sum(
            sum(bool(note.answer) for note in one.found.notes) for one in inner.values() if one
        )
        for at, term in zip(run, found, strict=True):
            if term is not None:
                name, meaning = map(worded, term)
                self.found.keep(self.blocks[at].first, name, meaning, NoteKind.TERM, DEFINING)
            elif (one := inner[at]) is not None and answered > 1:
                self._adopt(one)
            else:
                self.found.unread.append(at)

    def _inner(self, at: int) -> _Reading | None:
        """The notes below an item which asks nothing; None if most of them have no answer: some
        prose asks in passing."""
        block = self.blocks[at]
        lines = self.lines[block.first + 1 : block.end]
        named = bool(glossary.NAMED.search(block.text))
        if self.depth >= _DEEPEST or (
            not (named and any(map(str.strip, lines)))
            and not any(sign in line for line in lines for sign in wording.ASKING)
        ):
            return None
        numbers = [self.numbers[line] for line in range(block.first + 1, block.end)]
        lines = [wording.counted_by_letter(line) for line in dedented(lines)]
        inner = _Reading(Outline(lines), numbers, self.found.path, self.depth + 1)
        inner.definitions.named.update(range(len(inner.blocks)) if named else ())
        inner.run()
        answered = sum(bool(note.answer) for note in inner.found.notes)
        return inner if answered and 2 * answered >= len(inner.found.notes) else None

    def _adopt(self, inner: _Reading) -> None:
        """Keep the notes of an item, and what it has to tell."""
        for note in inner.found.notes:
            first = self.numbers.index(note.line)
            self.found.keep(first, note.question, note.answer, note.kind, note.shape, note.number)
        self.found.problems += inner.found.problems

    def _tell_unread(self) -> None:
        """One problem for what stands together, with its kinds and its last line."""
        runs: list[list[int]] = []
        for at in sorted(at for at in self.found.unread if not self._is_of_lecture(at)):
            if (
                runs
                and self._is_next(runs[-1][-1], at)
                and self._may_define(self.blocks[at]) == self._may_define(self.blocks[runs[-1][-1]])
            ):
                runs[-1].append(at)
            else:
                runs.append([at])
        for run in runs:
            kinds = list(dict.fromkeys(self.blocks[at].kind.value for at in run))
            first, last = self.blocks[run[0]].first, self.outline.last_line(self.blocks[run[-1]])
            begins, ends = self.numbers[first], self.numbers[last]
            upto = f", up to line {ends}" if ends > begins else ""
            may_define = all(self._may_define(self.blocks[at]) for at in run)
            why = unread.MAY_DEFINE if may_define else "this asks nothing and defines no term"
            self.found.report(first, f"{_joined(kinds)}{upto}: {why}")

    def _may_define(self, block: Block) -> bool:
        """Whether a block would define a term below a heading that announces terms, and begins in a
        way in which hardly anything else is said."""
        found = wording.definition(block.text) if block.kind in (Kind.TEXT, Kind.BULLET) else None
        return bool(found and found[1] in _MAY_DEFINE and not wording.is_remark(found[0], ":"))

    def _is_next(self, at: int, after: int) -> bool:
        if self.outline.above[at] != self.outline.above[after]:
            return False
        return all(self.blocks[one].kind is Kind.RULE for one in range(at + 1, after))


def _joined(words: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))
