"""Card text: Markdown and formulas in one widget that is set anew within a frame.

Textual's own `Markdown` mounts a widget for each block, parses in a thread and paints some
frames later; here the text is laid out by us and painted by one widget at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len
from textual.content import Content, Span
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.style import Style
from textual.widget import Widget

from studyapp.errors import printable
from studyapp.notes import media
from studyapp.notes.card import BLANK, JOINER
from studyapp.notes.html import visible_html
from studyapp.notes.maths import to_unicode
from studyapp.notes.media import Medium
from studyapp.notes.plain import CITES, address, is_loose, parse
from studyapp.tui.widgets.picture import Gallery, Picture, Way

if TYPE_CHECKING:
    from markdown_it.tree import SyntaxTreeNode
    from textual.highlight import HighlightTheme

_BULLETS = "•–"  # by depth, in turn
_LEAST = 12  # cells: a column narrower than this turns a table into a list
_NARROWEST = 4  # cells that a list or a quote leaves to what is within
_GAP = 3  # cells between columns
_MEDIUM = "medium"  # what marks where one stands in a text


@dataclass(frozen=True, slots=True)
class Placed:
    """A picture or a sound, and where it stands: in a text, or drawn over so many lines of it."""

    medium: Medium
    x: int
    y: int
    width: int = 0
    height: int = 0


@dataclass(frozen=True, slots=True)
class Laid:
    """A text as lines for a width, with what it shows."""

    text: Content
    placed: tuple[Placed, ...]


class Prose(Widget, inherit_bindings=False):
    """Shows Markdown text as high as it needs to be.

    `raw` shows formulas as LaTeX. Links to facts and lessons post `LinkClicked`; others are text.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "prose--heading",
        "prose--em",
        "prose--strong",
        "prose--struck",
        "prose--code",
        "prose--fence",
        "prose--comment",
        "prose--keyword",
        "prose--literal",
        "prose--mark",
        "prose--cite",
    }

    DEFAULT_CSS = """
    Prose {
        width: 1fr;
        max-width: 100;
        height: auto;
        link-style: none;
        link-color: $foreground;
        link-style-hover: underline;
        link-color-hover: $foreground;
        link-background-hover: transparent;

        .prose--heading { text-style: bold; }
        .prose--em { text-style: italic; }
        .prose--strong { text-style: bold; }
        .prose--struck { text-style: strike; }
        .prose--code { background: $foreground 9%; }
        .prose--fence { background: $foreground 6%; }
        .prose--comment { color: $foreground 60%; text-style: italic; }
        .prose--keyword { text-style: bold; }
        .prose--literal { color: $text-success; }
        .prose--mark { color: $foreground 60%; }
        .prose--cite { text-style: dim; }
    }
    """

    raw: reactive[bool] = reactive(False, layout=True)

    @dataclass
    class LinkClicked(Message):
        """The learner clicked a link to a fact or a lesson (`fact:overfit.error_gap?n=64`)."""

        href: str

    def __init__(
        self,
        text: str = "",
        *,
        raw: bool = False,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.set_reactive(Prose.raw, raw)
        self._text = text
        self._gallery: Gallery | None = None
        self._turn = asyncio.Lock()  # of its pictures
        self._cached: tuple[object, Laid] | None = None

    def show(self, text: str, gallery: Gallery | None = None) -> None:
        """Show *text* instead; layout and paint follow in the same frame. The pictures of its
        *gallery* are drawn a moment later, in lines that are free from the first."""
        if (text, gallery) != (self._text, self._gallery):
            for picture in self.query_children(Picture):  # of another text, until it is gone
                picture.display = False
        self._text, self._gallery = text, gallery
        self.refresh(layout=True)

    @property
    def placed(self) -> Sequence[Placed]:
        """The pictures and sounds of the text, each with its line."""
        return self._page(self.size.width).placed if self._gallery else ()

    def render(self) -> Content:
        return self._page(self.size.width).text

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return self.height_at(width)

    def height_at(self, width: int) -> int:
        """How many lines the text takes in *width* cells."""
        page = self._page(width).text
        return page.plain.count("\n") + 1 if page else 0

    def action_link(self, href: str) -> None:
        self.post_message(self.LinkClicked(href))

    def _page(self, width: int) -> Laid:
        """Return the text broken into lines of at most *width* cells."""
        window = self.app.size.height if self._gallery else 0
        key = (self._text, self._gallery, self.raw, width, window)
        if self._cached is None or self._cached[0] != key:
            layout = _Layout(self.raw, self._gallery, window)
            lines = layout.lines(parse(self._text).children, max(width, 8)) if width else []
            self._cached = key, Laid(Content("\n").join(lines), tuple(layout.placed(lines)))
            if self._gallery or self.children:
                self.call_later(self._hang)
        return self._cached[1]

    async def _hang(self) -> None:
        """Have a picture in each place that the text leaves for one; what stays is not drawn
        anew."""
        wanted = {
            (one.medium, (one.x, one.y, one.width, one.height)): one
            for one in self.placed
            if one.height
        }
        for picture in self.query_children(Picture):
            picture.display = wanted.pop((picture.medium, picture.place), None) is not None
            if not picture.display:
                await picture.remove()
        if self._gallery and wanted:
            way = self._gallery.way
            await self.mount_all(
                Picture(medium, way, place, self._turn) for medium, place in wanted
            )
        self.screen.refresh_bindings()  # one of them opens what is in sight


def laid_out(
    text: str, width: int, *, raw: bool = False, gallery: Gallery | None = None, window: int = 0
) -> list[Content]:
    """Return Markdown as styled lines of at most *width* cells (at least 8), with free ones for the
    pictures of a *gallery* in a *window* of so many lines."""
    return _Layout(raw, gallery, window).lines(parse(text).children, max(width, 8))


class _Layout:
    """Breaks a syntax tree into lines for a width; every method returns new lines."""

    def __init__(self, raw: bool, gallery: Gallery | None, window: int) -> None:
        self._raw, self._gallery, self._window = raw, gallery, window
        self._media: list[Medium] = []

    def placed(self, lines: Sequence[Content]) -> Iterator[Placed]:
        """Where in *lines* its media stand, in this order."""
        found: dict[int, Placed] = {}
        for y, line in enumerate(lines if self._media else ()):
            for span in line.spans:
                meta = span.style.meta if isinstance(span.style, Style) else {}
                if (number := meta.get(_MEDIUM)) is None:
                    continue
                x, width = (cell_len(line.plain[:at]) for at in (span.start, span.end))
                height = meta.get("height", 0)
                one = Placed(self._media[number], x, y, (width - x) * bool(height), height)
                found.setdefault(number, one)
        drawn = {one.medium for one in found.values() if one.height}
        return (one for one in found.values() if one.height or one.medium not in drawn)

    def lines(self, nodes: Iterable[SyntaxTreeNode], width: int, depth: int = 0) -> list[Content]:
        """Return the lines of blocks, an empty line between them except in a tight list."""
        lines: list[Content] = []
        tight = False
        for node in nodes:
            block = self._block(node, max(width, _NARROWEST), depth)
            if not block:
                continue
            if lines and not tight:
                lines.append(Content())
            lines.extend(block)
            tight = node.type == "paragraph" and node.hidden
        return lines

    def _block(self, node: SyntaxTreeNode, width: int, depth: int) -> list[Content]:
        match node.type:
            case "bullet_list" | "ordered_list":
                return self._list(node, width, depth)
            case "blockquote":
                if width - 2 < _NARROWEST:
                    return self.lines(node.children, width)
                bar = _marked("▎ ")
                return [bar + line for line in self.lines(node.children, width - 2)]
            case "fence" | "code_block":
                return _fence(node.content, node.info.strip().split(" ")[0], width)
            case "html_block":
                text = Content(printable(visible_html(node.content)))
                return text.wrap(width) if text.plain.strip() else []
            case "math_block":
                return self._display(node, width)
            case "table":
                return self._table(node, width)
            case "hr":
                return [_marked("─" * width)]
            case "heading":
                return [line.stylize(".prose--heading") for line in self._inline(node).wrap(width)]
            case "paragraph" if self._gallery and self._gallery.way is not Way.NONE:
                return self._illustrated(node, self._gallery, width)
            case _:
                text = self._inline(node)
                return text.wrap(width) if text.plain.strip() else []

    def _illustrated(self, node: SyntaxTreeNode, gallery: Gallery, width: int) -> list[Content]:
        """A paragraph with its pictures below it; one that had a line of its own is not named."""
        images = (part for part in node.walk() if part.type == "image")
        looked = {image: media.look(image, gallery.shelf) for image in images}
        drawn = {image: medium for image, medium in looked.items() if medium.is_drawn}
        text = self._inline(node, [image for image in drawn if _has_its_line(image)])
        lines = text.wrap(width) if text.plain.strip() else []
        for at in (0, -1):  # where a picture had its line
            while lines and not lines[at].plain.strip():
                lines.pop(at)
        for medium in drawn.values():
            cells, height = gallery.fitted(medium, width, self._window)
            self._media.append(medium)
            mark = Style.from_meta({_MEDIUM: len(self._media) - 1, "height": height})
            lines += [Content()] * bool(lines)
            lines += [Content.styled(" " * cells, mark)] * height
        return lines

    def _list(self, node: SyntaxTreeNode, width: int, depth: int) -> list[Content]:
        first = int(node.attrs.get("start", 1))
        if node.type == "bullet_list":
            marks = [_BULLETS[depth % len(_BULLETS)]] * len(node.children)
        else:
            marks = [f"{first + at}{node.markup}" for at in range(len(node.children))]
        indent = max(map(len, marks)) + 1
        lines: list[Content] = []
        loose = is_loose(node)
        for mark, item in zip(marks, node.children, strict=True):
            if lines and loose:
                lines.append(Content())
            if width - indent < _NARROWEST:  # so deep that what is within begins at the left again
                lines += [_marked(mark), *self.lines(item.children, width, depth + 1)]
                continue
            body = self.lines(item.children, width - indent, depth + 1) or [Content()]
            lines.append(_marked(f"{mark:>{indent - 1}} ") + body[0])
            lines.extend(line.pad_left(indent) for line in body[1:])
        return lines

    def _display(self, node: SyntaxTreeNode, width: int) -> list[Content]:
        if self._raw:
            text = Content(f"$$\n{node.content.strip()}\n$$")
            return _indented(text.wrap(width - 4), 4)
        block = Content(to_unicode(node.content.strip(), display=True))
        if "\n" in block.plain and _cells(block) > width - 4:
            block = Content(to_unicode(node.content.strip()))
        return _indented(block.wrap(width - 4), 4)

    # tables

    def _table(self, node: SyntaxTreeNode, width: int) -> list[Content]:
        rows = [
            [self._inline(cell) for cell in row.children]
            for section in node.children
            for row in section.children
        ]
        widths = _column_widths(rows, width)
        if widths is None:
            return _as_list(rows[0], rows[1:], width)
        right = [
            "right" in str(cell.attrs.get("style", ""))
            for cell in node.children[0].children[0].children
        ]
        head, *body = rows
        lines = _row([cell.stylize(".prose--strong") for cell in head], widths, right)
        lines.append(_marked((" " * _GAP).join("─" * cells for cells in widths)))
        folded = any(
            _cells(cell) > cells for row in body for cell, cells in zip(row, widths, strict=True)
        )
        for at, row in enumerate(body):
            if folded and at:
                lines.append(Content())
            lines.extend(_row(row, widths, right))
        return lines

    # text

    def _inline(self, node: SyntaxTreeNode, but: Sequence[SyntaxTreeNode] = ()) -> Content:
        """Return the styled text of a node whose children are inline, *but* for some."""
        run = _Run(self._raw, self._gallery, self._media, but)
        for child in node.children:
            run.add(child)
        return Content("".join(run.texts), run.spans)


class _Run:
    """Collects text and styles of inline nodes."""

    def __init__(
        self,
        raw: bool,
        gallery: Gallery | None,
        found: list[Medium],
        but: Sequence[SyntaxTreeNode] = (),
    ) -> None:
        """What can be opened is added to what was *found*; *but* are nodes that are left out."""
        self._raw, self._gallery, self._media, self._but = raw, gallery, found, but
        self._length = 0
        self.texts: list[str] = []
        self.spans: list[Span] = []

    def add(self, node: SyntaxTreeNode) -> None:
        if node in self._but:
            return
        match node.type:
            case "text":
                self._text(node.content)
            case "code_inline":
                self._write(node.content, ".prose--code")
            case "math_inline":
                self._write(self._formula(node))
            case "softbreak":
                self._write(" ")
            case "hardbreak":
                self._write("\n")
            case "image" | "link" if media.is_medium(node):
                self._medium(node)
            case "em":
                self._wrapped(node, ".prose--em")
            case "strong":
                self._wrapped(node, ".prose--strong")
            case "s":
                self._wrapped(node, ".prose--struck")
            case "link":
                self._link(node)
            case _:
                self._wrapped(node, None)

    def _text(self, text: str) -> None:
        for at, part in enumerate(text.split(BLANK)):
            if at:
                self._write(BLANK.strip(JOINER), ".prose--strong")
            self._write(part)

    def _medium(self, node: SyntaxTreeNode) -> None:
        """A picture or a sound by its name, which can be opened if it is there."""
        medium = media.look(node, self._gallery.shelf if self._gallery else None)
        start = self._length
        self._write(medium.told)
        if medium.file is not None:
            self._media.append(medium)
            mark = Style.from_meta({_MEDIUM: len(self._media) - 1})
            self.spans.append(Span(start, self._length, mark))

    def _link(self, node: SyntaxTreeNode) -> None:
        href = str(node.attrs.get("href", ""))
        if not href.startswith(CITES):
            self._wrapped(node, None)
            self._write(address(node), ".prose--mark")
            return
        start = self._length
        self._wrapped(node, None)
        self._write("▪", ".prose--cite")  # dim, as the link's colour wins over another
        self.spans.append(Span(start, self._length, Style.from_meta({"@click": f"link({href!r})"})))

    def _wrapped(self, node: SyntaxTreeNode, style: str | None) -> None:
        start = self._length
        for child in node.children:
            self.add(child)
        if style is not None and self._length > start:
            self.spans.append(Span(start, self._length, style))

    def _write(self, text: str, style: str | None = None) -> None:
        text = printable(text).expandtabs(4)
        if style is not None and text:
            self.spans.append(Span(self._length, self._length + len(text), style))
        self.texts.append(text)
        self._length += len(text)

    def _formula(self, node: SyntaxTreeNode) -> str:
        latex = " ".join(node.content.split())
        return f"{node.markup}{latex}{node.markup}" if self._raw else to_unicode(latex)


def _has_its_line(image: SyntaxTreeNode) -> bool:
    """Whether nothing stands beside a picture, so that no word leads to where it was."""
    parts = image.parent.children if image.parent else []
    at = parts.index(image)
    beside = [*parts[max(0, at - 1) : at], *parts[at + 1 : at + 2]]
    return all(part.type in ("softbreak", "hardbreak", "image") for part in beside)


def _marked(text: str) -> Content:
    return Content.styled(text, ".prose--mark")


def _indented(lines: Iterable[Content], cells: int) -> list[Content]:
    return [line.pad_left(cells) for line in lines]


def _cells(text: Content) -> int:
    """Return the width of the widest line."""
    return max(line.cell_length for line in text.split(allow_blank=True))


def _column_widths(rows: Sequence[Sequence[Content]], width: int) -> list[int] | None:
    """Return cells for each column, None if the table cannot be read at this width.

    Columns that fit get what they need; the others share the rest evenly.
    """
    needs = [max(1, *map(_cells, column)) for column in zip(*rows, strict=True)]
    words = [
        max((cell_len(word) for cell in column for word in cell.plain.split()), default=0)
        for column in zip(*rows, strict=True)
    ]
    widths = list(needs)
    left = width - _GAP * (len(needs) - 1)
    open_columns = set(range(len(needs)))
    while open_columns:
        share = left // len(open_columns)
        fitting = {at for at in open_columns if needs[at] <= share}
        if not fitting:
            for at in open_columns:
                widths[at] = share
            return widths if all(share >= max(_LEAST, words[at]) for at in open_columns) else None
        left -= sum(needs[at] for at in fitting)
        open_columns -= fitting
    return widths


def _row(cells: Sequence[Content], widths: Sequence[int], right: Sequence[bool]) -> list[Content]:
    columns = [cell.wrap(width) for cell, width in zip(cells, widths, strict=True)]
    lines = []
    for at in range(max(map(len, columns))):
        line = Content()
        for column, width, flush in zip(columns, widths, right, strict=True):
            cell = column[at] if at < len(column) else Content()
            pad = max(width - cell.cell_length, 0)
            cell = cell.pad_left(pad) if flush else cell.pad_right(pad)
            line = line + cell.pad_right(_GAP)
        lines.append(line.rstrip())
    return lines


def _as_list(
    head: Sequence[Content], rows: Sequence[Sequence[Content]], width: int
) -> list[Content]:
    """Return each row as an item: `Header: cell` for each cell that says something."""
    lines: list[Content] = []
    for row in rows or [head]:
        told = list(row)
        if rows:
            pairs = zip(head, row, strict=True)
            told = [name + ": " + cell if name else cell for name, cell in pairs if cell]
        if told:
            told[0] = told[0].stylize(".prose--strong")
        for at, text in enumerate(told):
            folded = text.wrap(width - 4) or [Content()]
            lines.append((_marked("• ") if at == 0 else Content("  ")) + folded[0])
            lines.extend(_indented(folded[1:], 4))
    return lines


# code


def _fence(code: str, language: str, width: int) -> list[Content]:
    """Return highlighted code on a tinted ground; long lines go on below, marked by ↪."""
    text = printable(code).rstrip("\n").expandtabs(4)
    lines: list[Content] = []
    for line in _highlighted(text, language).split(allow_blank=True):
        lines.extend(_folded(line, width - 4))
    return [
        line.pad_left(2)
        .pad_right(max(width - 2 - line.cell_length, 0))
        .stylize_before(".prose--fence")
        for line in lines
    ]


def _folded(line: Content, width: int) -> list[Content]:
    """Break a line of code at a space where that is possible, and keep its indent."""
    if line.cell_length <= width:
        return [line]
    indent = len(line.plain) - len(line.plain.lstrip(" "))
    if width - indent < _LEAST:
        indent = 0
    parts = line[indent:].wrap(max(width - indent - 2, 2))
    first = parts[0].pad_left(indent)
    return [first, *((_marked("↪ ") + part).pad_left(indent) for part in parts[1:])]


@lru_cache(maxsize=256)
def _highlighted(code: str, language: str) -> Content:
    if not language:
        return Content(code)
    from textual.highlight import highlight  # pygments, on the first piece of code

    return highlight(code, language=language, theme=_theme())


@cache
def _theme() -> type[HighlightTheme]:
    from pygments.token import Token  # type: ignore[import-untyped]
    from textual.highlight import HighlightTheme

    styles = {
        Token.Comment: ".prose--comment",
        Token.Keyword: ".prose--keyword",
        Token.Operator.Word: ".prose--keyword",
        Token.Literal: ".prose--literal",
    }
    return type("Calm", (HighlightTheme,), {"STYLES": styles})
