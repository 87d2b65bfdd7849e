"""Solutions to several questions, and the questions above that each of them is given to.

They stand together: as a key on a line, or below a line that heads answers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from studyapp.notes import answerkey, wording
from studyapp.notes.answer import worded
from studyapp.notes.harvest import Harvest
from studyapp.notes.outline import Block, Kind
from studyapp.notes.question import Question

_MOST_OPTIONS = 8  # A to H


class Solutions:
    """Those of a text, and the questions that may still wait for one."""

    def __init__(self, found: Harvest) -> None:
        self.found, self.outline, self.blocks = found, found.outline, found.outline.blocks
        self.closed = 0  # the notes above the last answers that stood together

    def together(self, at: int, question: Question | None) -> int:
        """Read answers that stand together, as a key or below a line that heads them; the place
        after them, 0 if none begin there. A key that does not fit is told."""
        block = self.blocks[at]
        text = " ".join(self.outline.lines_of([block])) if block.kind is Kind.TEXT else ""
        if key := answerkey.said(text):
            return at + 1 if self._key(block, key, question) else 0
        is_line = block.kind is Kind.TEXT and block.end == block.first + 1
        if not (is_line or block.kind is Kind.HEADING) or not wording.heads_answers(block.text):
            return 0
        section = self._section(at)
        numbered = [one for one in section if one.kind is Kind.NUMBERED]
        numbers = answerkey.counted([one.number for one in numbered])
        if len(numbered) == len(section) and self._fits(numbers, question):
            answers = zip(numbers, map(self.outline.said, numbered), strict=True)
            self._close(question, {number: worded(said) for number, said in answers})
        elif not (section and self._picked(section, question)):
            self.closed = len(self.found.notes)
            return 0
        return at + 1 + len(section)

    def _key(self, block: Block, key: str, question: Question | None) -> bool:
        """Read a key on a line; False if it is none, but the answer to one question."""
        answers = answerkey.entries(key)
        if self._picked([block], question, key):
            return True
        if len(answers) > 1 and self._fits([number for number, _ in answers], question):
            self._close(question, dict(answers))
            return True
        if len(answers) < 2 or len(self._unanswered(question)) < 2:
            return False
        self._close(question)
        why = "their numbers are not those of the questions above that have none"
        self.found.report(block.first, f"answers to several questions, and not read: {why}")
        return True

    def _picked(self, section: Sequence[Block], question: Question | None, key: str = "") -> bool:
        """Give the options that a *key* names, or else the lines of a *section*, to their
        questions, or tell why not; False if these say something else."""
        key = key or " ".join(line.strip() for line in self.outline.lines_of(section))
        picks = answerkey.picks(key)
        if not picks:
            return False
        self.found.answer(question)
        if why := self._unfit(picks):
            self.found.report(section[0].first, f"a key to several questions, and not read: {why}")
            self._close()
        else:
            self._close(None, dict(picks))
        return True

    def _unfit(self, picks: Sequence[tuple[int, str]]) -> str:
        """Why letters do not fit the questions above; empty if they do."""
        for number, letter in picks:
            places = [at for at in self._open() if self.found.notes[at].number == number]
            if sum(number == other for other, _ in picks) > 1 or len(places) > 1:
                return f"the number {number} is there twice"
            if not places:
                return f"no question above it has the number {number} and no answer"
            if not answerkey.has_option(self.found.notes[places[0]].answer, letter):
                return f"question {number} has no option {letter}"
        return ""

    def _close(
        self, question: Question | None = None, answers: Mapping[int | None, str] | None = None
    ) -> None:
        """End the *question*, give *answers* to those that have none, by their numbers, and let
        none that follow go to them."""
        self.found.answer(question)
        for at in self._open() if answers else ():
            note = self.found.notes[at]
            if answers and note.number in answers:
                said = answerkey.chosen(note.answer, answers[note.number])
                asked = f"{note.question}\n\n{note.answer}".rstrip()
                self.found.notes[at] = replace(note, question=asked, answer=said)
                self.found.choices.pop(at, None)
        self.closed = len(self.found.notes)

    def _section(self, at: int) -> list[Block]:
        """The numbered items or the prose below a line that heads answers, if nothing else is
        there."""
        end = at + 1
        while end < len(self.blocks) and self.blocks[end].kind in (Kind.NUMBERED, Kind.TEXT):
            end += 1
        after = self.blocks[end].kind if end < len(self.blocks) else Kind.RULE
        return self.blocks[at + 1 : end] if after in (Kind.HEADING, Kind.RULE) else []

    def _fits(self, numbers: Sequence[int | None], question: Question | None) -> bool:
        """Whether these are the numbers of the questions above that have no answer, each once."""
        return 0 < len(numbers) == len({*numbers}) and self._unanswered(question) == [*numbers]

    def _unanswered(self, question: Question | None) -> list[int | None]:
        """The numbers of the questions above that have no answer, or options alone."""
        found = [self.found.notes[at].number for at in self._open()]
        if question is not None and question.number is not None:
            below = self.outline.lines_of(question.below[:_MOST_OPTIONS])
            options = wording.options([*question.rest, *below])
            found += [question.number] if options or not question.has_answer else []
        return found

    def _open(self) -> list[int]:
        """The notes with a number that have no answer yet, of which options are none."""
        places = range(self.closed, len(self.found.notes))
        notes = ((at, self.found.notes[at]) for at in places)
        return [
            at for at, one in notes if one.number and (not one.answer or at in self.found.choices)
        ]
