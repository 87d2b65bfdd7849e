"""A question of a learner's notes whose answer is looked for, and which blocks that takes."""

from __future__ import annotations

from dataclasses import dataclass, field

from studyapp.notes import wording
from studyapp.notes.opener import CALLOUT, FOLDED, LABELLED, LISTED, PROSE
from studyapp.notes.outline import Block, Kind


@dataclass
class Question:
    """A question whose answer is being looked for; `below` are the blocks that belong to it."""

    block: Block
    shape: str
    asked: str
    own: str  # what its line answers
    rest: list[str]  # its block's lines below
    number: int | None = None
    below: list[Block] = field(default_factory=list)

    @property
    def has_answer(self) -> bool:
        """Whether there is an answer so far."""
        below = any(block.kind is not Kind.RULE for block in self.below)
        return bool(self.own or any(map(str.strip, self.rest)) or below)

    @property
    def apart(self) -> list[Block]:
        """What stands below an answer that was whole before: of a label, or within its item."""
        says = bool(self.own) or any(map(str.strip, self.rest))
        if self.shape == LABELLED or (says and self.block.kind in (Kind.NUMBERED, Kind.BULLET)):
            return self.below[not says :]
        label = wording.without_label(self.below[0].text) if self.below else None
        return [] if label is None else self.below[1 + (not label) :]

    def takes(self, block: Block) -> bool:
        """Whether a block that asks nothing itself is of the answer."""
        of_heading = self.block.kind is Kind.HEADING
        if block.kind is Kind.HEADING:
            is_below = of_heading and block.level > self.block.level and bool(block.text)
            return is_below or self._is_labelled(block.text)
        if self.shape == LABELLED and self._is_next(block):
            return False
        has_answer = self.own or any(line.strip() for line in self.rest)
        if self.shape == CALLOUT or (self.shape == FOLDED and has_answer):
            return False
        if self.shape == LISTED:
            return block.kind is not Kind.RULE and not has_answer
        if self.shape == PROSE:
            return self._goes_on(block)
        if block.kind is Kind.RULE:
            return of_heading or not (has_answer or self.below)
        return True

    def _is_next(self, block: Block) -> bool:
        """Whether a block is the next item of the numbered list that has the question."""
        return self.block.number is not None and block.number == self.block.number + 1

    def _is_labelled(self, heading: str) -> bool:
        """Whether a heading that is not below that of the question says its answer all the same; a
        letter alone may head something else where there is one."""
        said = wording.without_label(heading)
        if said is None or wording.heads_answers(heading):
            return False
        return not self.has_answer or bool(said and wording.plain(heading)[1:2].isalpha())

    def _goes_on(self, block: Block) -> bool:
        """Prose answers in one paragraph or what stands in its place, and the lists below that."""
        if block.kind in (Kind.RULE, Kind.HIDDEN, Kind.HEADING):
            return False
        listed = block.kind is not Kind.TEXT
        if self.below and self.below[0].kind is Kind.HEADING:  # which says that an answer follows
            return True
        if not self.below:
            return listed or not (self.own or self.rest)
        return listed and block.kind in (self.below[-1].kind, Kind.BULLET, Kind.NUMBERED)
