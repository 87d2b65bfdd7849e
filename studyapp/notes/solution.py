"""Solutions to several questions, and the questions above that each of them is given to.

They stand together: as a key on a line, or below a line that heads answers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import islice, takewhile

from studyapp.notes import answerkey, unread, wording
from studyapp.notes.answer import worded
from studyapp.notes.harvest import Harvest
from studyapp.notes.outline import Block, Kind
from studyapp.notes.question import Question

_MOST_OPTIONS = 8  # A to H
_Answers = Sequence[tuple[int | None, str]]  # with the numbers of their questions


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
        if end := self._chapters(at, question):
            return end
        section = self._section(at)
        answers, count = self._answers(section)
        waiting = self._unanswered(question)
        why = self._misfit(answers, waiting)
        fits_all = answers and not why and len(answers) == len(waiting)
        if section and not fits_all and self._picked(section, question):
            return at + 1 + len(section)
        if answers and (not why or len(waiting) > 1):
            self._close(question, {} if why else dict(answers))
            if why:
                self._tell(block, self.blocks[at + count], why)
            return at + 1 + count
        self.closed = len(self.found.notes)
        return 0

    def _tell(self, first: Block, last: Block, why: str) -> None:
        end = self.outline.last_line(last)
        told = unread.upto(self.found.numbers[first.first], self.found.numbers[end])
        self.found.report(first.first, f"{told}answers to several questions, and not read: {why}")

    def _chapters(self, at: int, question: Question | None) -> int:
        """Read answers that stand below headings as the questions do; the place after them, 0 if
        there are none."""
        chapters, end = list[tuple[Block, Block, _Answers]](), at + 1
        while end < len(self.blocks) and self.blocks[end].kind in (Kind.HEADING, Kind.RULE):
            heading, section = self.blocks[end], self._section(end)
            answers, count = self._answers(section)
            if heading.kind is Kind.HEADING:
                if heading.level <= self.blocks[at].level or not (
                    answers and count == len(section)
                ):
                    break
                end += count
                chapters.append((heading, self.blocks[end], answers))
            end += 1
        if not chapters:
            return 0
        titles = {_title(one) for one in self.blocks[:at] if one.kind is Kind.HEADING}
        if any(_title(heading) not in titles for heading, _, _ in chapters):
            return 0
        self.found.answer(question)
        waiting = self._open_by_title()
        for heading, last, answers in chapters:
            places = waiting[_title(heading)]
            why = self._misfit(answers, [self.found.notes[note].number for note in places])
            if why:
                self._tell(heading, last, why)
            else:
                self._give(places, dict(answers))
        self.closed = len(self.found.notes)
        return end

    def _open_by_title(self) -> Mapping[str, list[int]]:
        """The notes that have no answer yet, by what the headings say that they stand under."""
        blocks = {self.found.numbers[one.first]: at for at, one in enumerate(self.blocks)}
        found = defaultdict[str, list[int]](list)
        for note in self._open():
            above = self.outline.headings(blocks[self.found.notes[note].line])
            for title in {_title(self.blocks[heading]) for heading in above}:
                found[title].append(note)
        return found

    def _answers(self, section: Sequence[Block]) -> tuple[_Answers, int]:
        """The numbered answers of a *section*, each with the prose up to the next one, and how many
        of its blocks they are; none if it begins with something else."""
        places = [at for at, one in enumerate(section) if one.kind is Kind.NUMBERED]
        if not places or places[0] > 0:
            return [], 0
        numbers = answerkey.counted([section[at].number for at in places])
        ends = [*places[1:], places[-1] + 1]
        answers = list[tuple[int | None, str]]()
        for number, at, end in zip(numbers, places, ends, strict=True):
            prose = ("\n".join(self.outline.lines_of([one])) for one in section[at + 1 : end])
            said = "\n\n".join([self.outline.said(section[at]), *prose])
            answers.append((number, worded(said)))
        return answers, ends[-1]

    def _key(self, block: Block, key: str, question: Question | None) -> bool:
        """Read a key on a line; False if it is none, but the answer to one question."""
        answers = answerkey.entries(key)
        if self._picked([block], question, key):
            return True
        if len(answers) > 1 and not self._misfit(answers, self._unanswered(question)):
            self._close(question, dict(answers))
            return True
        if len(answers) < 2 or len(self._unanswered(question)) < 2:
            return False
        self._close(question)
        why = "their numbers are not those of the questions above that have none"
        self._tell(block, block, why)
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
        waiting = self._open()
        numbers = [self.found.notes[at].number for at in waiting]
        for number, letter in picks:
            if why := _unlike(number, [one for one, _ in picks], numbers):
                return why
            places = [at for at in waiting if self.found.notes[at].number == number]
            if not answerkey.has_option(self.found.notes[places[0]].answer, letter):
                return f"question {number} has no option {letter}"
        return ""

    def _close(
        self, question: Question | None = None, answers: Mapping[int | None, str] | None = None
    ) -> None:
        """End the *question*, give *answers* to those that have none, by their numbers, and let
        none that follow go to them."""
        self.found.answer(question)
        if answers:
            self._give(self._open(), answers)
        self.closed = len(self.found.notes)

    def _give(self, places: Sequence[int], answers: Mapping[int | None, str]) -> None:
        """Give *answers* to the notes at some *places*, by their numbers; what has none waits."""
        for at in places:
            note = self.found.notes[at]
            if note.number not in answers:
                self.found.waiting.setdefault(at, self.found.numbers.index(note.line))
                continue
            said = answerkey.chosen(note.answer, answers[note.number])
            asked = f"{note.question}\n\n{note.answer}".rstrip()
            self.found.notes[at] = replace(note, question=asked, answer=said)
            self.found.choices.pop(at, None)
            self.found.waiting.pop(at, None)

    def _section(self, at: int) -> list[Block]:
        """The numbered items or the prose below a line that heads answers, up to the next one or to
        what is neither; none if that may be within an answer."""
        for end, block in enumerate(islice(self.blocks, at + 1, None), at + 1):
            if self._ends_section(block):
                return self.blocks[at + 1 : end]
            if block.kind not in (Kind.NUMBERED, Kind.TEXT):
                return [] if self._is_within(end) else self.blocks[at + 1 : end]
        return self.blocks[at + 1 :]

    def _is_within(self, at: int) -> bool:
        """Whether a block may be within an answer: one leads on to it, or follows."""
        last = self.blocks[at - 1]
        if last.kind is Kind.NUMBERED and self.outline.leads_on(last):
            return True
        below = takewhile(lambda one: not self._ends_section(one), self.blocks[at:])
        numbered = (one.text for one in below if one.kind is Kind.NUMBERED)
        return not all(map(wording.is_asked, numbered))

    def _ends_section(self, block: Block) -> bool:
        is_line = block.kind is Kind.TEXT and wording.heads_answers(block.text)
        return is_line or block.kind in (Kind.HEADING, Kind.RULE)

    def _misfit(self, answers: _Answers, waiting: Sequence[int | None]) -> str:
        """Why *answers* are not those of the questions whose numbers are *waiting*, which may lack
        some; empty if they are."""
        if 2 * len(answers) < len(waiting):
            return "most questions above that have no answer would have none"
        given = [number for number, _ in answers]
        return next(filter(None, (_unlike(one, given, waiting) for one in given)), "")

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


def _unlike(number: int | None, given: Sequence[int | None], waiting: Sequence[int | None]) -> str:
    """Why a *number* of those *given* is not that of one question; empty if it is."""
    if given.count(number) > 1 or waiting.count(number) > 1:
        return f"the number {number} is there twice"
    return (
        "" if number in waiting else f"no question above it has the number {number} and no answer"
    )


def _title(heading: Block) -> str:
    return wording.plain(heading.text).casefold().strip(" .:")
