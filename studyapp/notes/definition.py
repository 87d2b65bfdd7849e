"""Terms that a learner's own notes define: in lists, paragraphs and tables, or by a quote below."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from studyapp.notes import glossary, unread, wording
from studyapp.notes.answer import cleaned, worded
from studyapp.notes.foreign import TrackerRow
from studyapp.notes.harvest import Harvest
from studyapp.notes.note import NoteKind
from studyapp.notes.outline import Block, Kind

QUESTION_OF_TABLE, TERM_OF_TABLE = "question of a table", "term of a table"
TERM_AND_QUOTE, DEFINED = "term and quote", "line that defines"


class Definitions:
    """Those of a text, and where it announces them."""

    def __init__(self, found: Harvest) -> None:
        self.found, self.numbers = found, found.numbers
        self.outline, self.lines, self.blocks = found.outline, found.lines, found.outline.blocks
        is_text = all(block.kind is Kind.TEXT for block in self.blocks)
        self.is_list = is_text and glossary.is_listed(self.lines[self.outline.begins :])  # no more
        self.named = set[int]()  # the blocks of terms that stand below an answer

    def without_quoted_terms(self, loose: Sequence[int]) -> list[int]:
        """Read each short item of a list whose meaning is a quote below it; returns the others."""
        left, taken = list[int](), set[int]()
        for at in loose:
            block = self.blocks[at]
            meaning = self.quote_below(at) if at not in taken else None
            if meaning is None:
                left += [at] if at not in taken else []
                continue
            if self.outline.below(block) != meaning:
                taken.add(at + 1)
            term = wording.tidy(wording.unwrapped(block.text)[0]).rstrip(" :")
            self.found.keep(block.first, term, worded(meaning), NoteKind.TERM, TERM_AND_QUOTE)
        return left

    def quote_below(self, at: int) -> str | None:
        """The quote that an item with a term has in it or right below; None if it has none."""
        block, below = self.blocks[at], self.outline.below(self.blocks[at])
        if block.kind is not Kind.BULLET or not wording.is_term(block.text):
            return None
        if below:
            quoted = all(line.startswith(">") for line in below.split("\n") if line.strip())
            return below if quoted else None
        after = self.blocks[at + 1] if at + 1 < len(self.blocks) else None
        if after is None or after.kind is not Kind.QUOTE:
            return None
        return "\n".join(self.lines[after.first : after.end])

    def prose(self, run: Sequence[int]) -> None:
        """Read the terms of paragraphs: what is indented below one goes on with its meaning, and
        where several have a meaning that hangs below them, each is one."""
        texts = {at: self.lines[self.blocks[at].first : self.blocks[at].end] for at in run}
        hanging = {at: pair for at, text in texts.items() if (pair := glossary.hanging(text))}
        last = -1  # a paragraph that is read
        for at, text in texts.items():
            first = self.blocks[at].first
            if at in hanging and (len(hanging) > 1 or self.is_named(at)):
                term, meaning = map(worded, hanging[at])
                self.found.keep(first, term, meaning, NoteKind.TERM, DEFINED)
                last = at
            elif last == at - 1 >= 0 and all(line[:1] in " \t" for line in text):
                said = cleaned("\n".join(line.strip() for line in text))
                self.found.notes[-1] = replace(
                    self.found.notes[-1], answer=f"{self.found.notes[-1].answer}\n\n{said}"
                )
                last = at
            else:
                count = len(self.found.notes)
                self.found.unread += [] if self._text(at) else [at]
                last = at if len(self.found.notes) > count else last

    def _text(self, at: int) -> bool:
        """Read the terms that prose defines line by line; False if a line of it is none."""
        block = self.blocks[at]
        found = glossary.defined(self.lines[block.first : block.end], named=self.is_named(at))
        for place, term, said in found:
            first = block.first + place
            meaning = said.rstrip(";") if self.is_list else said  # between rows of Quizlet
            self.found.keep(first, cleaned(term), worded(meaning), NoteKind.TERM, DEFINED)
        if found and found[0][0] > 0:
            last = block.first + found[0][0] - 1
            told = unread.upto(self.numbers[block.first], self.numbers[last])
            self.found.report(
                block.first, f"{told}what stands above the first term here is not read"
            )
        return bool(found) or self.announces(at)

    def table(self, block: Block) -> bool:
        """Read the rows of a table; False if it is left, and nothing is told of it."""
        table = glossary.read(self.lines[block.first : block.end])
        if table.kind == "plan":
            for row, (part, chapter, section) in glossary.planned(table):
                line = self.numbers[block.first + row.at]
                self.found.tracker.append(TrackerRow(part, chapter, section, line))
            return True
        term = table.kind == "terms"
        kind = NoteKind.TERM if term else NoteKind.QUESTION
        for row in table.rows if table.kind else ():
            if any(row.cells[len(table.heads) :]):
                message = "a row of this table has more cells than its head, and is not read"
                self.found.report(block.first + row.at, message)
                continue
            asked, answer = row.cell(table.left), row.cell(table.right)
            if not asked or (term and not answer):
                if any(row.cells):
                    self.found.report(block.first + row.at, "a row of this table has an empty cell")
                continue
            beside = (f"**{name}**: {said}" if name else said for name, said in table.beside(row))
            answer = "\n\n".join(filter(None, [answer, *beside]))
            shape = TERM_OF_TABLE if term else QUESTION_OF_TABLE
            said = (cleaned(asked), worded(answer))
            self.found.keep(block.first + row.at, *said, kind, shape, tags=table.tags(row))
        if not table.kind and glossary.may_pair(table):
            told = unread.upto(self.numbers[block.first], self.numbers[block.end - 1])
            self.found.report(block.first, told + unread.MAY_PAIR)
            return True
        return bool(table.kind)

    def is_named(self, at: int) -> bool:
        """Whether a heading, or a line right above, announces terms."""
        if at in self.named or self.is_list or (at > 0 and self.announces(at - 1)):
            return True
        return any(
            glossary.NAMED.search(self.blocks[above].text) for above in self.outline.headings(at)
        )

    def announces(self, at: int) -> bool:
        """Whether a block ends in a line that announces terms."""
        block = self.blocks[at]
        said = self.lines[block.end - 1].strip()
        line = wording.plain(said)
        ends = line.endswith(":") or (said.startswith("**") and said.endswith("**"))
        return block.kind is Kind.TEXT and ends and bool(glossary.NAMED.search(line))

    def heads_terms(self, at: int) -> bool:
        """The same, or whether it is a heading that does."""
        block = self.blocks[at]
        if block.kind is Kind.HEADING:
            return glossary.NAMED.search(block.text) is not None
        return self.announces(at)

    def run_of_terms(self, at: int) -> range:
        """The blocks from *at* on that define terms, two at least if nothing announces them; empty
        if they do not. What announces them is the first of them."""
        first = at + self.heads_terms(at)
        if first == len(self.blocks):
            return range(0)
        kind, mark, end = self.blocks[first].kind, self.outline.mark(self.blocks[first]), first + 1
        text = self.lines[self.blocks[first].first : self.blocks[first].end]
        if kind is Kind.TABLE:
            is_one = bool(glossary.read(text).kind)
        elif kind is Kind.TEXT:
            is_one = (
                glossary.describes(text) or len(glossary.defined(text, named=True)) == len(text) > 1
            )
        elif kind is Kind.BULLET:
            while end < len(self.blocks) and self._is_item(end, mark):
                end += 1
            some = glossary.terms(
                [self.outline.said_at(one) for one in range(first, end)], named=True
            )
            is_one = len(some) > (first == at) and None not in some
            is_one = is_one or self.quote_below(first) is not None
        else:
            is_one = False
        return range(at, end) if is_one else range(0)

    def _is_item(self, at: int, mark: str) -> bool:
        block = self.blocks[at]
        return block.kind is Kind.BULLET and self.outline.mark(block) == mark
