"""The box that an answer is written in."""

from __future__ import annotations

from dataclasses import dataclass

from rich.text import Text
from textual import events
from textual.message import Message
from textual.strip import Strip
from textual.widgets.text_area import Edit, EditResult

from studyapp.errors import marked
from studyapp.study.questionnaire.response import LONGEST
from studyapp.tui.widgets.field import TextField

BOTH_KEPT = "Another window has written here, too: both texts are kept."
_JOINERS = ("\u200c", "\u200d")  # Persian and Indic words need them, and families of emoji
LONG = 2_000  # characters of a line from which the box paints it itself


class AnswerBox(TextField):
    """Takes every letter while it is focused. Never holds more than can be saved."""

    DEFAULT_CSS = """
    AnswerBox { height: auto; min-height: 3; border: none; padding: 0 1;
        border-left: outer $foreground 20%; background: transparent; scrollbar-gutter: stable;
        &:focus { border: none; border-left: outer $accent; }
        &.-read-only { color: $foreground 80%; } }
    """

    @dataclass
    class Full(Message):
        """What was typed or pasted is not in the box: it would be too long to save."""

        length: int  # characters that the answer would have

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(
            id=id,
            soft_wrap=True,
            tab_behavior="indent",
            highlight_cursor_line=False,
        )

    def edit(self, edit: Edit) -> EditResult:
        grows = len(edit.text) - len(self.get_text_range(edit.top, edit.bottom))
        if grows > 0 and len(self.text) + grows > LONGEST:
            self.post_message(self.Full(len(self.text) + grows))
            return EditResult(self.cursor_location, "")
        result = super().edit(edit)
        self.scroll_cursor_visible()  # TextArea does so before it knows of a new row
        return result

    async def _on_key(self, event: events.Key) -> None:
        if event.character in _JOINERS and not self.read_only:  # TextArea drops them
            event.stop()
            event.prevent_default()
            self.insert(event.character)
        else:
            await super()._on_key(event)

    def render_line(self, y: int) -> Strip:
        """One row. TextArea divides a whole line for each of its rows: in 24 rows of a line of
        100,000 characters, 280 ms a key. A long line is cut here instead, which makes it 60."""
        rows, row = self.wrapped_document._offset_to_line_info, y + self.scroll_offset.y
        if row < len(rows):
            index, section = rows[row]
            if len(self.document.get_line(index)) > LONG:
                return self._row_of_long_line(index, section)
        return super().render_line(y)

    def _row_of_long_line(self, index: int, section: int) -> Strip:
        line, breaks = self.document.get_line(index), self.wrapped_document.get_offsets(index)
        start = breaks[section - 1] if section else 0
        end = breaks[section] if section < len(breaks) else len(line) + 1
        row = Text(marked(line[start:end]).ljust(end - start), end="", no_wrap=True)
        first, last = sorted(self.selection)
        if first != last and first[0] <= index <= last[0]:
            row.stylize(
                self.get_component_rich_style("text-area--selection"),
                max(0, first[1] - start) if first[0] == index else 0,
                max(0, last[1] - start) if last[0] == index else end - start,
            )
        line_of_cursor, column = self.cursor_location
        if line_of_cursor == index and start <= column < end and self._draw_cursor:
            cursor = self.get_component_rich_style("text-area--cursor")
            row.stylize(cursor, column - start, column - start + 1)
        row.expand_tabs(self.indent_width)
        strip = Strip(row.render(self.app.console), row.cell_len)
        width = self.scrollable_content_region.width
        return strip.adjust_cell_length(width).apply_style(self.rich_style)
