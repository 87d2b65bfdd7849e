"""Markdown as plain text lines, for screen readers, pipes and narrow windows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import unquote

from studyapp.errors import printable
from studyapp.notes.card import BLANK, JOINER
from studyapp.notes.html import read_tags, visible_html
from studyapp.notes.maths import to_unicode

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_core import StateCore
    from markdown_it.rules_inline import StateInline
    from markdown_it.token import Token
    from markdown_it.tree import SyntaxTreeNode

DEEPEST = 100  # levels of nesting that are read; a list takes two
LONGEST = 50_000  # characters of a text that are read as Markdown; of a note 2,000 are many
_LONGEST_PARAGRAPH, _MOST_STEPS = 10_000, 300_000
CITES = ("fact:", "lesson:")  # links that the app follows itself
_SHELL = re.compile(r"\$(?:\{|[A-Z_]{2})")  # of $HOME/bin:$PATH and ${a}/${b}


def plain(markdown: str, *, maths: bool = True) -> str:
    """Return *markdown* as text without marks; lines are not wrapped.

    Formulas become Unicode on one line, or stay LaTeX between dollars with ``maths=False``. Each
    row of a table becomes a list item of `Header: cell` lines. Code is indented by four spaces.
    """
    lines = _blocks(parse(markdown).children, maths)
    return printable("\n".join(line.rstrip() for line in lines))


def parse(markdown: str) -> SyntaxTreeNode:
    """Return the syntax tree of CommonMark with tables, strikethrough and formulas.

    Formulas are nodes of type `math_inline` and `math_block`; ``markup`` is `$` or `$$`.
    Control characters are removed beforehand, but a character reference can bring a bidirectional
    override back: what is shown must pass `printable` once more. A text that is very long is all
    one block of code, and a paragraph that `is_tangled` has no marks.
    """
    from markdown_it.tree import SyntaxTreeNode

    text = printable(markdown)
    tokens = parser().parse(text + "\n") if len(text) <= LONGEST else _as_written(text)
    for block in tokens:
        read_tags(block.children or ())
        for token in (block, *(block.children or ())):
            if token.type.startswith("math"):  # where a hidden text needs no help to stay alone
                token.content = token.content.replace(JOINER, "")
    return SyntaxTreeNode(tokens)


def is_tangled(paragraph: str) -> bool:
    """Whether a paragraph is shown as it is written. For each `[` and `<!` the parser looks for
    their end: of very many in one text that would take minutes."""
    size, begun = len(paragraph), paragraph.count("[") + paragraph.count("<!")
    return size > _LONGEST_PARAGRAPH or size * begun > _MOST_STEPS


def address(link: SyntaxTreeNode) -> str:
    """Return where a link leads as it is shown after its text; empty if the text says it."""
    href = str(link.attrs.get("href", ""))
    said = "".join(part.content for part in link.children)
    inside = href.startswith(("#", *CITES)) or link.markup == "autolink"
    return "" if inside or not href or said == href else f" ({href})"


@cache
def parser() -> MarkdownIt:
    """The parser of what is shown: everything that writes Markdown in another way reads it so."""
    # 50 ms, so on first use
    from markdown_it import MarkdownIt
    from mdit_py_plugins.dollarmath import dollarmath_plugin

    made = MarkdownIt("commonmark", {"maxNesting": DEEPEST}).enable(["table", "strikethrough"])
    dollarmath_plugin(made, allow_labels=False, allow_blank_lines=False)
    made.inline.ruler.at("math_inline", _inline_maths)
    keep_footnotes(made)
    made.core.ruler.at("inline", _read_paragraphs)
    return made


def _as_written(text: str) -> list[Token]:
    from markdown_it.token import Token

    return [Token("code_block", "code", 0, content=text, block=True)]


def _read_paragraphs(state: StateCore) -> None:
    """Read the marks within paragraphs, but of those that would take too long."""
    from markdown_it.token import Token

    for token in state.tokens:
        if token.type != "inline":
            continue
        token.children = children = list[Token]()
        if not is_tangled(token.content):
            state.md.inline.parse(token.content, state.md, state.env, children)
            continue
        for line in token.content.split("\n"):
            children += [Token("hardbreak", "br", 0)] if children else []
            children.append(Token("text", "", 0, content=line))


def keep_footnotes(parser: MarkdownIt) -> None:
    """Let `[^1]: https://…` be text: as the definition of a link it would not be shown."""
    from markdown_it.rules_block import StateBlock, reference

    def read(state: StateBlock, start: int, end: int, silent: bool) -> bool:
        at = state.bMarks[start] + state.tShift[start]
        return not state.src.startswith("[^", at) and reference(state, start, end, silent)

    parser.block.ruler.at("reference", read)


def _inline_maths(state: StateInline, silent: bool) -> bool:
    """Read `$…$` or `$$…$$` as Pandoc does, so that "$5 and $6" is money.

    The plugin's own rule compares the first dollar of a text with the text's last character.
    """
    source, start = state.src, state.pos
    if source[start] != "$":
        return False
    mark = "$$" if source.startswith("$$", start) else "$"
    first = start + len(mark)
    end = _closing(source, mark, first)
    latex = source[first:end]
    if end < 0 or not latex.strip() or "`" in latex:
        return False
    if mark == "$" and (
        latex[0].isspace()
        or latex[-1].isspace()
        or source[max(start - 1, 0) : start].isdigit()
        or source[end + 1 : end + 2].isdigit()
        or (_SHELL.match(source, start) and _SHELL.match(source, end))
    ):
        return False
    if not silent:
        token = state.push("math_inline", "math", 0)
        token.content = latex
        token.markup = mark
    state.pos = end + len(mark)
    return True


def _closing(source: str, mark: str, at: int) -> int:
    """Return where the next *mark* without a backslash begins, −1 if nowhere."""
    while 0 <= at < len(source):
        if source.startswith(mark, at):
            return at
        at += 2 if source[at] == "\\" else 1
    return -1


def _blocks(nodes: Iterable[SyntaxTreeNode], maths: bool) -> list[str]:
    """Return the lines of *nodes* with an empty line between blocks, none in a tight list."""
    lines: list[str] = []
    tight = False
    for node in nodes:
        block = _block(node, maths)
        if not block:
            continue
        if lines and not tight:
            lines.append("")
        lines.extend(block)
        tight = node.type == "paragraph" and node.hidden
    return lines


def _block(node: SyntaxTreeNode, maths: bool) -> list[str]:
    match node.type:
        case "bullet_list" | "ordered_list":
            return _list(node, maths)
        case "blockquote":
            return [f"> {line}" for line in _blocks(node.children, maths)]
        case "fence" | "code_block":
            return [f"    {line}" for line in node.content.rstrip("\n").split("\n")]
        case "html_block":
            return [line for line in visible_html(node.content).split("\n") if line.strip()]
        case "math_block":
            return _formula(node, maths).split("\n")
        case "table":
            return _table(node, maths)
        case "hr":
            return ["---"]
        case _:
            text = "".join(_inline(child, maths) for child in node.children)
            return text.split("\n") if text.strip() else []


def _list(node: SyntaxTreeNode, maths: bool) -> list[str]:
    lines: list[str] = []
    number, loose = int(node.attrs.get("start", 1)), is_loose(node)
    for position, item in enumerate(node.children):
        mark = "- " if node.type == "bullet_list" else f"{number + position}{node.markup} "
        body = _blocks(item.children, maths) or [""]
        if lines and loose:
            lines.append("")
        lines.append(mark + body[0])
        lines.extend(" " * len(mark) + line for line in body[1:])
    return lines


def is_loose(items: SyntaxTreeNode) -> bool:
    """Does this list have empty lines between its items?"""
    return any(
        part.type == "paragraph" and not part.hidden
        for item in items.children
        for part in item.children
    )


def _table(node: SyntaxTreeNode, maths: bool) -> list[str]:
    head, *rows = [
        [" ".join(_said(cell, maths).split("\n")).strip() for cell in row.children]
        for section in node.children
        for row in section.children
    ]
    lines: list[str] = []
    for row in rows or [head]:
        told = _labelled(head, row) if rows else row
        lines.extend(("- " if at == 0 else "  ") + text for at, text in enumerate(told))
    return lines


def _labelled(head: Sequence[str], row: Sequence[str]) -> list[str]:
    """Return `Header: cell` for each cell of a row that says something."""
    return [
        f"{name}: {cell}" if name else cell for name, cell in zip(head, row, strict=True) if cell
    ]


def _formula(node: SyntaxTreeNode, maths: bool) -> str:
    latex = " ".join(node.content.split())
    return to_unicode(latex) if maths else f"{node.markup}{latex}{node.markup}"


def _inline(node: SyntaxTreeNode, maths: bool) -> str:
    """Return what an inline node says, without its marks."""
    match node.type:
        case "text":
            return node.content.replace(BLANK, BLANK.strip(JOINER))
        case "code_inline":
            return node.content
        case "softbreak":
            return " "
        case "hardbreak":
            return "\n"
        case "math_inline":
            return _formula(node, maths)
        case "image":
            return f"[image: {node.content or unquote(str(node.attrs.get('src', '')))}]"
        case "link":
            return _said(node, maths) + address(node)
        case "s":
            return f"~~{_said(node, maths)}~~"
        case _:
            return _said(node, maths)


def _said(node: SyntaxTreeNode, maths: bool) -> str:
    return "".join(_inline(child, maths) for child in node.children)
