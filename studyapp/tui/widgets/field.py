"""Fields that take what a learner types, of one line and of many."""

from __future__ import annotations

from rich.text import Text
from textual import events
from textual.strip import Strip
from textual.widgets import Input, TextArea

from studyapp.errors import marked, printable


class LineField(Input):
    """A field of one line. Several lines that are pasted become one."""

    DEFAULT_CSS = """
    LineField { border: none; height: 1; padding: 0 1; background: $boost;
        &:focus { border: none; background: $accent 20%; } }
    """

    def on_paste(self, event: events.Paste) -> None:
        event.text = " ".join(printable(event.text).split())


class TextField(TextArea):
    """A field of many lines. What could steer the terminal is not shown as it is."""

    def on_unmount(self) -> None:
        """TextArea watches the app's theme, and who watches stays until that changes, with all that
        it has painted."""
        watchers = getattr(self.app, "__watchers", {}).get("theme", [])
        watchers[:] = [one for one in watchers if one[0] is not self]

    def on_paste(self, event: events.Paste) -> None:
        event.text = printable(event.text.replace("\r\n", "\n").replace("\r", "\n"))

    def get_line(self, line_index: int) -> Text:
        """A line without what could steer the terminal; every character keeps its place. A text
        that has just become shorter is painted before it is wrapped anew: of lines that are no more
        there is nothing to show."""
        there = line_index < self.document.line_count
        line = self.document.get_line(line_index) if there else ""
        return Text(marked(line), end="", no_wrap=True)

    def render_line(self, y: int) -> Strip:
        # TextArea wraps its placeholder at any width, at 0 as well, which it has for a moment when
        # the window shrinks.
        return super().render_line(y) if self.content_size.width > 0 else Strip.blank(0)

    def _recompute_cursor_offset(self) -> None:
        """Undoing shrinks the text first and moves the cursor last: in between TextArea looks for a
        line that is no more."""
        if self.cursor_location[0] < self.document.line_count:
            super()._recompute_cursor_offset()  # type: ignore[no-untyped-call]
