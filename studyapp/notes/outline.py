"""The blocks of a text in Markdown as learners write it: what begins where, and how far it goes.

Not CommonMark's blocks: in notes two blanks nest a list as well as three do, `1:` numbers an item,
`10.**` needs no blank, and an answer may stand unindented below its question. What is code is only
ever code. Everything is done line by line, so that any text takes time in proportion to its length.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

_FENCE = re.compile(r"[ \t>]*+(?:(?:[-*+]|\d{1,9}[.)])[ \t]++)*+(`{3,}(?=[^`]*$)|~{3,})")
_HEADING = re.compile(r" {0,3}(#{1,6}(?=[ \t]|$)|#{2,6}(?=\w))(.*)")
_ASCIIDOC = re.compile(r"(={2,6})[ \t]+([^\s=].*)")
_HEADINGS = (_HEADING, _ASCIIDOC)
_OF_MARKDOWN = re.compile(r"#{2,6}[ \t]")
_NUMBERED = re.compile(
    r"[ \t]{0,3}(?P<bold>\*\*|__)?(?P<number>\d{1,4})\\?[.:)](?:[ \t]+|(?=[*_A-Z\"`]))"
    r"(?P<text>\S.*)"
)
_BULLET = re.compile(r" {0,3}[-*+•][ \t]+(?P<text>\S.*)|(?P<empty> {0,3}[-*+•][ \t]*$)")
_TAIL = re.compile(r"(?<![ \t])(?:[ \t]*(?:<br[ \t]*/?>|\{(?:-|[#.:][^{}\n]*)\}))+$", re.IGNORECASE)
_RULE = re.compile(r" {0,3}(?:(?:-[ \t]*){3,}|(?:\*[ \t]*){3,}|(?:_[ \t]*){3,})$")
_DELIMITER = re.compile(r"[ \t]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$")
_FOLD = re.compile(r"</?details\b", re.IGNORECASE)
_HIDDEN = {"<!--": "-->", "<style": "</style>", "<script": "</script>", ":properties:": ":end:"}
_LABELLED = re.compile(
    r"(?P<mark>\*{1,3}|_{1,2})?(?:Q|Question|QUESTION|Frage|Pregunta|Domanda|Pergunta|问题?|問題?)"
    r"[ \t]*+\d{0,4}+(?:(?P=mark))?[ \t]*+[:：.)]"
)
ASKED = re.compile(r"\S.*?\?::(?:[ \t]|$)")  # of a list that describes
_UNDERLINE = re.compile(r" {0,3}(=+|-+)[ \t]*$")
_FRONT = {"---": re.compile(r"(?:---|\.\.\.)[ \t]*$"), "+++": re.compile(r"\+\+\+[ \t]*$")}
_KEY = re.compile(r"[\w-]+[ \t]*[:=]|#|$")
_LONGEST_FRONT = 300  # lines
_LONGEST_TITLE = 100  # characters
_SENTENCE = ".!;,。！"


class Kind(StrEnum):
    """What a block is; the value is how it is named where it was not understood."""

    HEADING = "a heading"
    NUMBERED = "a numbered item"
    BULLET = "a list"
    QUOTE = "a quote"
    CODE = "code"
    TABLE = "a table"
    DETAILS = "a folded text"
    HIDDEN = "what is not shown"
    RULE = "a rule"
    TEXT = "prose"


@dataclass(frozen=True, slots=True)
class Block:
    """The lines from `first` up to `end`, counted from 0. `text` is what the first of them says
    without its mark; `level` that of a heading; `number` that of an item."""

    kind: Kind
    first: int
    end: int
    text: str
    level: int = 0
    number: int | None = None


class Outline:
    """A text's lines with its blocks.

    `begins` is the line after its front matter; `above` has the heading that each block stands
    under, −1 for none; `unclosed` the lines at which code, a comment or a folded text begins that
    has no end.
    """

    def __init__(self, lines: Sequence[str]) -> None:
        self.lines = list(lines)
        self.unclosed: list[int] = []
        self._code = self._fences()
        self._folds = self._closings()
        for at, line in enumerate(self.lines):
            if at not in self._inside:
                self.lines[at] = line.replace("\xa0", " ")
        self.begins = self._front_matter()
        self.blocks = list(self._blocks())
        self.above = _above(self.blocks)

    def is_code(self, line: int) -> bool:
        """Whether a line, counted from 0, is in a fence or opens or closes one."""
        return line in self._inside

    def is_inside(self, line: int) -> bool:
        """The same, but for the line that opens a fence."""
        return line in self._inside and line not in self._code

    def headings(self, at: int) -> Iterator[int]:
        """The headings that a block stands under, the nearest first."""
        while (at := self.above[at]) >= 0:
            yield at

    def lines_of(self, blocks: Sequence[Block]) -> list[str]:
        """The lines of some blocks, one after the other."""
        return [line for block in blocks for line in self.lines[block.first : block.end]]

    def last_line(self, block: Block) -> int:
        """The last line of a block that is not empty."""
        return max(
            (line for line in range(block.first, block.end) if self.lines[line].strip()),
            default=block.first,
        )

    def leads_on(self, block: Block) -> bool:
        """Whether a block ends in a colon: it announces what follows."""
        return self.lines[self.last_line(block)].rstrip(" \t*_").endswith((":", "："))

    def mark(self, block: Block) -> str:
        """The sign that a block begins with."""
        return self.lines[block.first].lstrip()[:1]

    def below(self, block: Block) -> str:
        """What stands below the first line of a block, without its indent."""
        return "\n".join(dedented(self.lines[block.first + 1 : block.end])).strip("\n")

    def said(self, block: Block) -> str:
        """What a block says without its mark, with what stands below it."""
        below = self.below(block)
        return f"{block.text}\n{below}" if below else block.text

    def said_at(self, at: int) -> str:
        """The same of the block at a place."""
        return self.said(self.blocks[at])

    def _fences(self) -> dict[int, int]:
        """Where the code that begins on a line ends."""
        ends, self._inside = dict[int, int](), set[int]()
        opened, mark = -1, ""
        for at, line in enumerate(self.lines):
            if mark:
                self._inside.add(at)
                if re.fullmatch(rf"[ \t>]*{mark[0]}{{{len(mark)},}}[ \t]*", line):
                    ends[opened], mark = at + 1, ""
            elif found := _FENCE.match(line):
                opened, mark = at, found[1]
                self._inside.add(at)
        if mark:
            ends[opened] = len(self.lines)
            self.unclosed.append(opened)
        return ends

    def _closings(self) -> dict[int, int]:
        """Where the folded text that begins on a line ends, if it does."""
        ends, opened = dict[int, int](), list[int]()
        for at, line in enumerate(self.lines):
            for tag in () if at in self._inside or "<" not in line else _FOLD.finditer(line):
                if tag[0][1] != "/":
                    opened.append(at)
                elif opened:
                    ends[opened.pop()] = at + 1
        return ends

    def _blocks(self) -> Iterator[Block]:
        at = self.begins
        while at < len(self.lines):
            if not self.lines[at].strip():
                at += 1
                continue
            block = self._block(at)
            yield block
            at = block.end

    def _front_matter(self) -> int:
        """Where the text begins below the front matter of Jekyll, Hugo or Quarto."""
        at = self._next(0)
        closes = _FRONT.get(self._at(at).rstrip())
        if closes is None or not _KEY.match(self._at(self._next(at + 1))):
            return 0
        for end in range(at + 1, min(len(self.lines), at + _LONGEST_FRONT)):
            if closes.match(self.lines[end]):
                return end + 1
        return 0

    def _block(self, at: int) -> Block:
        line = self.lines[at]
        if at in self._code:
            return Block(Kind.CODE, at, self._code[at], line.strip())
        low = line.lstrip().lower()
        for opens, closes in _HIDDEN.items():
            if low.startswith(opens):
                return Block(Kind.HIDDEN, at, self._until(at, closes), line.strip())
        if low.startswith("<details"):
            end = self._folds.get(at) or self._until(at, None)
            return Block(Kind.DETAILS, at, end, line.strip())
        if heading := _heading(line):
            text = _TAIL.sub("", heading[2].strip())
            shown = text.rstrip("#")
            text = shown.rstrip() if shown != shown.rstrip() or not shown else text
            return Block(Kind.HEADING, at, at + 1, text, len(heading[1]))
        if _RULE.match(line):
            return Block(Kind.RULE, at, at + 1, "")
        if numbered := _NUMBERED.match(line):
            bold, text = numbered["bold"] or "", numbered["text"]
            text = text.removeprefix(bold).lstrip() if text.startswith(f"{bold} ") else bold + text
            return Block(Kind.NUMBERED, at, self._item(at), text, number=int(numbered["number"]))
        if bullet := _BULLET.match(line):
            return Block(Kind.BULLET, at, self._item(at), bullet["text"] or "")
        if line.lstrip().startswith(">"):
            end = self._run(at, lambda line: line.lstrip().startswith(">"))
            return Block(Kind.QUOTE, at, end, line.strip())
        if "|" in line and "-" in self._at(at + 1) and _DELIMITER.match(self._at(at + 1)):
            return Block(Kind.TABLE, at, self._run(at, lambda line: "|" in line), line.strip())
        return self._paragraph(at)

    def _paragraph(self, at: int) -> Block:
        end = at + 1
        while (
            end < len(self.lines) and self.lines[end].strip() and not self._opens(end, in_text=True)
        ):
            if underline := _UNDERLINE.match(self.lines[end]):
                if end == at + 1 and (underline[1][0] == "=" or self._is_title(self.lines[at])):
                    level = 1 if underline[1][0] == "=" else 2
                    return Block(Kind.HEADING, at, end + 1, self.lines[at].strip(), level)
                break
            end += 1
        return Block(Kind.TEXT, at, end, self.lines[at].strip())

    def _is_title(self, line: str) -> bool:
        """Whether a line with a rule right below it is a heading, and no sentence of the text."""
        line = line.rstrip(" \t*_")
        return line.endswith("?") or (line[-1:] not in _SENTENCE and len(line) <= _LONGEST_TITLE)

    def _item(self, at: int) -> int:
        """Where an item of a list ends: what is indented below it is its own, and so is a plain
        line right below its text."""
        least = _indent(self.lines[at]) + 2
        end = at + 1
        if at in self._code:
            return self._code[at]
        while end < len(self.lines):
            below = self._next(end)
            if below >= len(self.lines):
                break
            if _indent(self.lines[below]) >= least:
                end = self._code.get(below, below + 1)
            elif below == end and not self._opens(end):
                end += 1
            else:
                break
        return end

    def _opens(self, at: int, *, in_text: bool = False) -> bool:
        """Whether a block that is no plain text begins on a line that has text. Below plain text
        a line of - makes a heading of it."""
        line = self.lines[at]
        low = line.lstrip().lower()
        return (
            at in self._code
            or low.startswith((">", "<details", *_HIDDEN))
            or any(mark.match(line) for mark in (*_HEADINGS, _NUMBERED, _BULLET))
            or ASKED.match(line) is not None
            or _LABELLED.match(line) is not None
            or (_RULE.match(line) is not None and not (in_text and _UNDERLINE.match(line)))
            or (
                "|" in line and "-" in self._at(at + 1) and bool(_DELIMITER.match(self._at(at + 1)))
            )
        )

    def _run(self, at: int, belongs: Callable[[str], bool]) -> int:
        while at < len(self.lines) and self.lines[at].strip() and belongs(self.lines[at]):
            at += 1
        return at

    def _until(self, at: int, closes: str | None) -> int:
        """The line after the one that has *closes*; up to the next heading if there is none."""
        for end in range(at, len(self.lines)):
            is_text = end == at or end not in self._inside
            if closes and is_text and closes in self.lines[end].lower():
                return end + 1
            if end > at and end not in self._inside and _heading(self.lines[end]):
                break
        else:
            end = len(self.lines)
        self.unclosed.append(at)
        return max(end, at + 1)

    def _next(self, at: int) -> int:
        """The first line from *at* on that is not blank."""
        while at < len(self.lines) and not self.lines[at].strip():
            at += 1
        return at

    def _at(self, at: int) -> str:
        return self.lines[at] if at < len(self.lines) else ""


def has_heading(lines: Sequence[str]) -> bool:
    """Whether a text has a heading of Markdown, below that of the whole, outside code."""
    found = [at for at, line in enumerate(lines) if _OF_MARKDOWN.match(line)]
    return bool(found) and not all(map(Outline(lines).is_code, found))


def _heading(line: str) -> re.Match[str] | None:
    return next(filter(None, (head.match(line) for head in _HEADINGS)), None)


def fence(code: str) -> str:
    """What opens and closes a piece of code in which it does not stand itself."""
    return "`" * (max((len(run) for run in re.findall("`{3,}", code)), default=2) + 1)


def _above(blocks: Sequence[Block]) -> list[int]:
    above, opened = list[int](), list[int]()
    for at, block in enumerate(blocks):
        if block.kind is Kind.HEADING:
            while opened and blocks[opened[-1]].level >= block.level:
                opened.pop()
        above.append(opened[-1] if opened else -1)
        if block.kind is Kind.HEADING:
            opened.append(at)
    return above


def _indent(line: str) -> int:
    expanded = line.expandtabs(4)
    return len(expanded) - len(expanded.lstrip())


def dedented(lines: Sequence[str]) -> list[str]:
    """The lines without the indent that most of them share: lines that have less lose what they
    have."""
    depths = [_indent(line) for line in lines if line.strip()]
    least = min((depth for depth in depths if depth > 0), default=0)
    return [_without(line, least) for line in lines]


def _without(line: str, depth: int) -> str:
    if _indent(line) == 0:
        return line
    expanded = line.expandtabs(4)
    return expanded[min(depth, _indent(line)) :]
