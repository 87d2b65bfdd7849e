"""What has been found in a learner's notes: each note once, and what is to be told of the text."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from studyapp.notes import unread, wording
from studyapp.notes.answer import figure, parted
from studyapp.notes.foreign import ForeignNote, LectureNote, TrackerRow
from studyapp.notes.note import CardStyle, NoteKind, Problem
from studyapp.notes.opener import (
    BOLD,
    LABELLED,
    LISTED,
    TERM,
    asked_within,
    is_bare,
    says_so,
    takes_leave,
    without_properties,
)
from studyapp.notes.outline import Kind, Outline
from studyapp.notes.question import Question


class Harvest:
    """The notes of a text so far, its problems, and the blocks of which nothing was read."""

    def __init__(self, outline: Outline, numbers: Sequence[int], path: Path) -> None:
        self.outline, self.lines = outline, outline.lines
        self.numbers, self.path = numbers, path
        self.notes: list[ForeignNote] = []
        self.lecture: list[LectureNote] = []
        self.tracker: list[TrackerRow] = []
        self.problems: list[Problem] = []
        self.unread: list[int] = []
        self.guids: dict[str, int] = {}
        self.said: dict[tuple[str, str], int] = {}
        self.below = dict[int, int]()  # lines of items, and how many blocks outside answer them
        self.choices = dict[int, int]()  # the notes whose options may be asked, and their lines
        self.waiting = dict[int, int]()  # those that are to have an answer, the same way

    def report(self, at: int, message: str) -> None:
        """A problem of the line *at*."""
        self.problems.append(Problem(self.path, self.numbers[at], message))

    def keep(
        self,
        at: int,
        question: str,
        answer: str,
        kind: NoteKind,
        shape: str,
        number: int | None = None,
        card: CardStyle = CardStyle.ANSWER,
        tags: tuple[str, ...] = (),
    ) -> None:
        """A note that begins on line *at*; known by what it asks, or else says, and which of the
        same it is."""
        said = question or answer
        key = " ".join(wording.plain(wording.without_asides(said)).casefold().split())
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
            ForeignNote(
                guid,
                question,
                answer,
                kind,
                card,
                tags=tags,
                line=self.numbers[at],
                shape=shape,
                number=number,
            )
        )

    def answer(self, question: Question | None) -> None:
        """End a question, if there is one: keep it with its answer, or tell why not."""
        if question is None:
            return
        body, last = list(question.rest), question.block.end
        for block in question.below:
            if block.kind is not Kind.HIDDEN:
                body += [""] * (block.first > last) + self.lines[block.first : block.end]
            last = block.end
        body = without_properties(body)
        front, answer = parted(body)
        is_choice = not front and not question.own and wording.options(answer.split("\n"))
        self._tell_within(question)
        if question.shape == LISTED and question.below:
            self.below[question.block.first] = len(question.below)
        if not (front or answer or question.own):
            said, following = figure("\n".join(body)), (question.number or 0) + 1
            answer = "" if said[:-2] == f"{following}" else said  # it is to be filled in
        asked, own = question.asked, question.own
        if answer and wording.is_aside(own):
            asked, own = f"{asked} {own}", ""
        answer = f"{own}\n\n{answer}".strip("\n")
        asked = f"{asked}\n\n{front}" if front else asked
        if question.shape == LABELLED and is_bare(asked):
            last = max(at for at in range(last) if self.lines[at].strip())
            told = unread.upto(self.numbers[question.block.first], self.numbers[last])
            self.report(question.block.first, f"{told}this question has no words; not read")
            return
        says_it = question.shape == LABELLED or says_so(question.block.text)
        if not answer and not says_it and wording.may_answer(asked):
            self.report(question.block.first, unread.MAY_ANSWER)
        kind = NoteKind.TERM if question.shape == TERM else NoteKind.QUESTION
        if kind is NoteKind.TERM and not answer:
            self.report(question.block.first, "this term has no meaning")
            return
        count = len(self.notes)
        self.keep(question.block.first, asked, answer, kind, question.shape, question.number)
        if len(self.notes) > count:
            self.choices.update({count: question.block.first} if is_choice else {})
            self.waiting.update({count: question.block.first} if says_it and not answer else {})

    def _tell_within(self, question: Question) -> None:
        is_titled = question.shape == BOLD
        within = asked_within(self.outline, question.below, titled=is_titled, apart=question.apart)
        if within:
            first, last = within[0].first, self.outline.last_line(within[-1])
            told = unread.upto(self.numbers[first], self.numbers[last])
            self.report(first, told + unread.MAY_BE_A_NOTE)
        ending = question.below[-1] if question.below else None
        if ending and ending not in within and takes_leave(ending):
            self.report(ending.first, unread.MAY_BE_A_FAREWELL)
