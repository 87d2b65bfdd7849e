"""The last gate before the terminal: whatever a widget shows, nothing of it steers the terminal."""

from __future__ import annotations

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from studyapp.errors import printable


class Gate(LineFilter):
    """Passes on what is printable, in as many cells as the widget took it for."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        return [segment if segment.control else _passed(segment) for segment in segments]


def _passed(segment: Segment) -> Segment:
    text = printable(segment.text).replace("\n", "").replace("\t", "")
    if text == segment.text:
        return segment
    return Segment(set_cell_size(text, cell_len(segment.text)), segment.style)
