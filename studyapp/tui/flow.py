"""Lays short pieces of text side by side, as many as fit on a line; none is broken in two."""

from __future__ import annotations

from collections.abc import Iterable

from textual.content import Content

GAP = "   "


def flow(pieces: Iterable[Content], width: int) -> Content:
    """Return the pieces on lines of at most *width* cells; a longer one has a line of its own."""
    lines: list[Content] = []
    for piece in pieces:
        if lines and lines[-1].cell_length + len(GAP) + piece.cell_length <= width:
            lines[-1] = lines[-1] + GAP + piece
        else:
            lines.append(piece)
    return Content("\n").join(lines)
