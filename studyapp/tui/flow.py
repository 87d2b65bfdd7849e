"""Lays short pieces of text side by side, as many as fit on a line; none is broken in two."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from studyapp.tui.row import Laid

GAP = "   "


class Flow(Laid):
    """Pieces on as few lines as they need; one that is longer than a line has one of its own."""

    def __init__(self, pieces: Sequence[Content]) -> None:
        self._pieces = pieces

    def lines(self, width: int) -> list[Content]:
        lines: list[Content] = []
        for piece in self._pieces:
            if lines and lines[-1].cell_length + len(GAP) + piece.cell_length <= width:
                lines[-1] = lines[-1] + GAP + piece
            else:
                lines.append(piece)
        return lines
