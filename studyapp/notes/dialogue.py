"""Question and answer in a learner's notes: which block asks, and which below it are its answer."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import partial
from itertools import groupby
from pathlib import Path

from studyapp.notes import ankigap, answerkey, glossary, wording
from studyapp.notes.answer import cleaned, is_string, worded
from studyapp.notes.card import find_clozes, without_code
from studyapp.notes.definition import Definitions
from studyapp.notes.harvest import Harvest
from studyapp.notes.note import CardStyle, NoteKind
from studyapp.notes.opener import (
    CALLOUT,
    DEFINING,
    FOLDED,
    HIDING,
    LABELLED,
    LISTED,
    PROSE,
    SUMMARY,
    asks_anew,
    defines_apart,
    gaps,
    headline,
    hides_in_brackets,
    in_brackets,
    in_quote,
    is_emphasised,
    openers,
    without_its_sign,
    without_properties,
)
from studyapp.notes.outline import Block, Kind, Outline, dedented
from studyapp.notes.question import Question
from studyapp.notes.solution import Solutions

_OPENS = re.compile(r"<details\b[^<>]*>", re.IGNORECASE)
_CLOSED = re.compile(r"</details>", re.IGNORECASE)
_CLOSES = re.compile(r"</(?:details|div|section|p|span|font|center)>[ \t]*$", re.IGNORECASE)


def terms_apart(outline: Outline, numbers: Sequence[int], path: Path) -> set[int]:
    """The blocks of terms that stand below an answer and are no part of it, with what announces
    them."""
    found = Harvest(outline, numbers, path)
    definitions = Definitions(found)
    Dialogue(found, definitions).questions()
    titles = (at for at, one in enumerate(outline.blocks) if one.kind is Kind.HEADING)
    headed = (definitions.run_of_terms(at) for at in titles if definitions.heads_terms(at))
    return definitions.named.union(*headed)


class Dialogue:
    """The questions of a text, each ended by the next one, or by what answers none."""

    def __init__(self, found: Harvest, definitions: Definitions) -> None:
        self.found, self.definitions, self.solutions = found, definitions, Solutions(found)
        self.outline, self.lines, self.blocks = found.outline, found.lines, found.outline.blocks
        self.counted = dict[int, int | None]()  # numbers of questions, by the lines of their items
        self.of_tasks = set[str]()  # shapes whose lines all answer themselves

    def questions(self) -> list[int]:
        """Read the questions; returns the places of the blocks that belong to none."""
        shapes, loose = openers(self.outline), list[int]()
        self._count(shapes)
        self.of_tasks = self._answering(shapes)
        anew = set(asks_anew(self.outline, shapes))
        question: Question | None = None
        ends = 0  # of a list of answers
        for at, block in enumerate(self.blocks):
            if at < ends:
                continue
            if after := self.solutions.together(at, question):
                question, ends = None, after
                continue
            shape = shapes.get(at, "")
            if not shape and question is not None and self._is_underlined(block, question):
                block = Block(Kind.TEXT, block.first, block.first + 1, block.text)
            if shape in (PROSE, LISTED) and question is not None and question.shape != shape:
                is_apart = shape == PROSE and self._is_whole(question)
                is_card = at in anew and (is_apart or question.shape in (PROSE, LABELLED))
                in_passing = question.takes(block) and not is_card
                shape = "" if in_passing else shape
            if shape == HIDING:
                self.found.answer(question)
                question = None
                self._hidden(block)
            elif shape == DEFINING:
                self.found.answer(question)
                question = None
                self._term(at)
            elif shape:
                self.found.answer(question)
                question = self._asked(block, shape)
            elif question is not None and self._is_answer(question, at, block):
                question.below.append(block)
            else:
                self.found.answer(question)
                question = None
                loose.append(at)
        self.found.answer(question)
        return loose

    def _count(self, shapes: Mapping[int, str]) -> None:
        """Number the questions of each list that are all numbered the same."""
        asked = (at for at in shapes if self.blocks[at].kind is Kind.NUMBERED)
        for _, run in groupby(sorted(asked), lambda at: self.outline.above[at]):
            places = list(run)
            numbers = answerkey.counted([self.blocks[at].number for at in places])
            self.counted.update(zip((self.blocks[at].first for at in places), numbers, strict=True))

    def _answering(self, shapes: Mapping[int, str]) -> set[str]:
        """The shapes whose lines all answer themselves."""
        lines: dict[str, list[str]] = {}
        for at, shape in shapes.items():
            lines.setdefault(shape, []).append(headline(self.outline, self.blocks[at])[0])
        return {shape for shape, said in lines.items() if wording.all_answer(said)}

    def _asked(self, block: Block, shape: str) -> Question:
        if block.kind is Kind.DETAILS:
            return self._folded(block, shape)
        if shape == CALLOUT:
            said, rest = in_quote(self.outline, block)
            number, asked = wording.number(said), wording.numbered(said)[1]
            return Question(block, shape, wording.tidy(asked), "", rest, number)
        line, rest = headline(self.outline, block)
        time = wording.time(line) if block.kind is Kind.HEADING else None
        line = time.title if time else line
        number = self.counted.get(block.first, wording.number(line))
        line = wording.numbered(line)[1]
        asked, own = wording.unwrapped(line)
        if own and not wording.may_ask(asked):
            asked, own = line, ""
        asked = wording.numbered(asked)[1]
        if not own:
            in_prose, of_tasks = shape in (PROSE, LISTED), shape in self.of_tasks and not rest
            asked, own = wording.own_answer(asked, in_prose=in_prose, of_tasks=of_tasks)
        if block.kind is not Kind.TEXT or all(line[:1] in " \t" for line in rest):
            rest = dedented(rest)
        if shape == PROSE and is_emphasised(asked):
            asked = asked.strip("*_ ")
        return Question(block, shape, wording.tidy(asked), worded(own), rest, number)

    def _folded(self, block: Block, shape: str) -> Question:
        text = "\n".join(self.lines[block.first : block.end])
        found = SUMMARY.search(text)
        said = wording.tidy(found[1]) if found else ""
        summary = wording.numbered(said)[1]
        inner = _OPENS.sub("", text.replace(found[0], "", 1) if found else text, count=1)
        *parts, end = _CLOSED.split(inner)
        inner = "</details>".join(parts) + end
        asked, number = wording.unwrapped(summary)[0], wording.number(said)
        return Question(block, shape, asked, "", dedented(inner.split("\n")), number)

    def _hidden(self, block: Block) -> None:
        """Read a paragraph or an item of a list that hides something."""
        line, rest = headline(self.outline, block)
        text = cleaned("\n".join([line, *without_properties(dedented(rest))]))
        if hides_in_brackets(text):
            self._in_brackets(block.first, text)
            return
        said = gaps(text)
        hidden, shows = ankigap.hidden(said), ankigap.unread(without_code(said))
        keep = partial(self.found.keep, block.first, kind=NoteKind.QUESTION, shape=HIDING)
        if hidden.numbers:
            keep("", hidden.text, card=CardStyle.CLOZE)
        for _, question, answer in hidden.asked:
            keep(question, answer)
        if hidden.left:
            self.found.report(block.first, ankigap.left_out(hidden.left))
        if shows or not (hidden.numbers or hidden.asked):
            self.found.report(block.first, shows or "a hidden text that cannot be kept")

    def _term(self, at: int) -> None:
        """Read an item of a list that defines a term."""
        if found := wording.definition(self.outline.said_at(at)):
            name, meaning = worded(found[0]), worded(found[2])
            self.found.keep(self.blocks[at].first, name, meaning, NoteKind.TERM, DEFINING)

    def _in_brackets(self, first: int, text: str) -> None:
        """Read a card of hashcards that hides what it has in brackets."""
        said, count = in_brackets(without_its_sign(text), has_links=True)
        if len(find_clozes(said)) == count:
            self.found.keep(first, "", said, NoteKind.QUESTION, HIDING, card=CardStyle.CLOZE)
        else:
            self.found.report(first, "a hidden text that cannot be kept")

    def _is_underlined(self, block: Block, question: Question) -> bool:
        """Whether a heading of the level 2 is a line of an answer with a rule right below it."""
        below = self.lines[block.end - 1].lstrip()
        if block.kind is not Kind.HEADING or block.end == block.first + 1 or below[:1] != "-":
            return False
        return not question.has_answer

    def _is_answer(self, question: Question, at: int, block: Block) -> bool:
        """Whether a block that asks nothing is of the answer: terms below one that has ended are
        not, nor are those that a line or a heading announces."""
        if not question.takes(block):
            self.definitions.named.update(
                self.definitions.run_of_terms(at) if question.shape == FOLDED else ()
            )
            return False
        if not (self._has_ended(question, at) or self._begins_terms(question, at)):
            return True
        run = self.definitions.run_of_terms(at)
        self.definitions.named.update(run)
        return not run

    def _has_ended(self, question: Question, at: int) -> bool:
        """Whether what stands right above a block ends an answer: a fold, an element, a rule, a
        string, an item with what it holds, a list of another kind."""
        last, block = question.below[-1] if question.below else question.block, self.blocks[at]
        describes = block.kind is Kind.TEXT and glossary.describes(
            self.lines[block.first : block.end]
        )
        if describes or self._is_list_apart(question, at):
            return self._is_whole(question)
        if last is question.block:
            is_item = last.kind in (Kind.DETAILS, Kind.NUMBERED, Kind.BULLET)
            return is_item and any(map(str.strip, question.rest))
        if last.kind is Kind.CODE:
            return is_string("\n".join(self.lines[last.first : last.end]))
        if last.kind is Kind.BULLET and block.kind is Kind.BULLET:
            return self.outline.mark(last) != self.outline.mark(block)
        ends = last.kind in (Kind.DETAILS, Kind.RULE)
        return ends or _CLOSES.search(self.lines[last.end - 1]) is not None

    def _is_list_apart(self, question: Question, at: int) -> bool:
        """Whether a list of what are surely terms stands below one paragraph that answers."""
        items = self.definitions.run_of_terms(at)
        return (
            question.shape in (LABELLED, PROSE)
            and self.blocks[at].kind is Kind.BULLET
            and [one.kind for one in question.below] in ([], [Kind.TEXT])
            and not question.apart
            and defines_apart(self.outline, self.blocks[items.start : items.stop])
            and glossary.are_clear([self.outline.said_at(one) for one in items])
        )

    def _is_whole(self, question: Question) -> bool:
        """Whether an answer below no heading is there, and announces nothing that follows."""
        if question.block.kind is Kind.HEADING or not question.has_answer:
            return False
        last = question.below[-1] if question.below else question.block
        return not self.outline.leads_on(last)

    def _begins_terms(self, question: Question, at: int) -> bool:
        """Whether a block announces terms below an answer, or is a table of questions there."""
        block = self.blocks[at]
        if not question.has_answer:
            return False
        if block.kind is Kind.TABLE:
            kind = glossary.read(self.lines[block.first : block.end]).kind
            return kind == "questions" or (kind == "terms" and self._is_whole(question))
        return self.definitions.heads_terms(at)
