"""Text that is laid out anew for each width, so that no word is cut: rows, and rows of rows."""

from __future__ import annotations

import re
from collections.abc import Sequence

from textual.content import Content
from textual.css.styles import RulesMap
from textual.strip import Strip
from textual.style import Style
from textual.visual import RenderOptions, Visual

_ROOM = 24  # cells beside a head that are worth to be wrapped in
_UNIT = re.compile(r"(?<=\d) (?=[a-z]|[kMG]B)")  # between a figure and its unit
_HELD = "\ue000"  # in its place while lines are broken: Textual breaks at a no-break space, too
_GAP = 2  # cells between two columns
_INDENT = 2  # cells of what stands below its head, as there is no room beside it


class Laid(Visual):
    """What a widget can show in place of a text; subclasses say what its `lines` are."""

    def lines(self, width: int) -> list[Content]:
        """All of it in *width* cells."""
        raise NotImplementedError

    def render_strips(
        self, width: int, height: int | None, style: Style, options: RenderOptions
    ) -> list[Strip]:
        whole = Content("\n").join(self.lines(width))
        return whole.render_strips(width, height, style, options)

    def get_optimal_width(self, rules: RulesMap, container_width: int) -> int:
        return container_width

    def get_height(self, rules: RulesMap, width: int) -> int:
        return len(self.lines(width))


def _wrapped(text: Content, width: int) -> list[Content]:
    """The lines of *text*, in which no figure stands apart from its unit."""
    held = Content(_UNIT.sub(_HELD, text.plain), [*text.spans])
    return [Content(line.plain.replace(_HELD, " "), [*line.spans]) for line in held.wrap(width)]


class Row(Laid):
    """A head and what is said beside it, whose further lines stand below its first."""

    def __init__(self, head: Content | str, text: Content | str) -> None:
        self._head = Content(head) if isinstance(head, str) else head
        self._text = Content(text) if isinstance(text, str) else text

    def lines(self, width: int) -> list[Content]:
        indent = self._head.cell_length
        room = width - indent
        if self._text.cell_length <= room or room >= _ROOM:
            first, *others = _wrapped(self._text, max(1, room))
            return [self._head + first, *(line.pad_left(indent) for line in others)]
        below = _wrapped(self._text, max(1, width - _INDENT))
        heads = self._head.rstrip().wrap(max(1, width))
        return [*heads, *(line.pad_left(_INDENT) for line in below)]

    def is_same(self, other: Row) -> bool:
        return self._head.is_same(other._head) and self._text.is_same(other._text)


def aligned(table: Sequence[Sequence[Content | str]]) -> list[Row]:
    """Rows of a table: each column is as wide as its widest cell, so that none reaches into the
    next one; the last column is wrapped."""
    cells = [[Content(one) if isinstance(one, str) else one for one in row] for row in table]
    wide = [max(one.cell_length for one in column) for column in zip(*cells, strict=True)][:-1]
    return [
        Row(
            Content().join(
                one.pad_right(column - one.cell_length + _GAP)
                for one, column in zip(row, wide, strict=False)
            ),
            row[-1],
        )
        for row in cells
    ]


class Columned(Laid):
    """A row with figures to the right of its first line, each in a column of its width; where there
    is no room beside them, they stand below with their names."""

    def __init__(self, row: Row, figures: Sequence[tuple[str, str, int]]) -> None:
        """*figures* are text, name and width of each."""
        self._row = row
        self._figures = figures
        self._laid: tuple[int, list[Content]] = (-1, [])

    def lines(self, width: int) -> list[Content]:
        """A list asks for its height, and again for what it shows."""
        if self._laid[0] != width:
            self._laid = width, self._lines(width)
        return self._laid[1]

    def _lines(self, width: int) -> list[Content]:
        taken = _beside(width, [wide for *_, wide in self._figures])
        if not taken:
            told = " · ".join(f"{name} {text}" for text, name, _ in self._figures if text)
            below = Content.styled(told, "dim").wrap(max(1, width - _INDENT)) if told else []
            return [*self._row.lines(width), *(line.pad_left(_INDENT) for line in below)]
        first, *others = self._row.lines(width - taken)
        beside = "".join(text.rjust(wide) for text, _, wide in self._figures)
        gap = width - taken - first.cell_length
        return [first + Content.styled(" " * gap + beside, "dim"), *others]


class Heading(Laid):
    """The names of the figures, above such rows; empty where they stand below with their names."""

    def __init__(self, names: Sequence[tuple[str, int]]) -> None:
        """*names* with the width of each."""
        self._names = names

    def lines(self, width: int) -> list[Content]:
        there = _beside(width, [wide for _, wide in self._names])
        told = "".join(name.rjust(wide) for name, wide in self._names)
        return [Content(told.rjust(width) if there else "")]


def _beside(width: int, columns: Sequence[int]) -> int:
    """The cells that columns take beside a row; 0 if there is no room for them."""
    taken = sum(columns)
    return taken if width - taken >= _ROOM + _INDENT else 0


class Rows(Laid):
    """Several of them, one below the other."""

    def __init__(self, rows: Sequence[Laid]) -> None:
        self._rows = rows

    def lines(self, width: int) -> list[Content]:
        return [line for row in self._rows for line in row.lines(width)]
