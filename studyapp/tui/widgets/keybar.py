"""The footer: the keys that work now, on one line.

Textual's own Footer mounts a widget for each key, anew whenever one changes; with a card that
changes them twice, that was most of the time from a rating to the next card.
"""

from __future__ import annotations

from collections.abc import Iterable

from textual import events
from textual.app import RenderResult
from textual.content import Content
from textual.style import Style
from textual.widget import Widget

from studyapp.tui.keys import RARE, Row, rows


class KeyBar(Widget, can_focus=False):
    """Shows the bindings of the screen that are enabled and meant to be shown; a click is a key."""

    DEFAULT_CSS = """
    KeyBar { height: 1; padding: 0 1; text-wrap: nowrap; text-overflow: ellipsis; }
    """

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, lambda _: self.refresh())

    def on_click(self, event: events.Click) -> None:
        if key := event.style.meta.get("key"):
            self.app.simulate_key(key)

    def render(self) -> RenderResult:
        shown: dict[str, Row] = {}
        for row in rows(self.screen.active_bindings.values(), self.app.get_key_display):
            if row.binding.show:
                shown.setdefault(row.binding.action, row)
        rare = [row for row in shown.values() if row.binding.id in RARE]
        others = [row for row in shown.values() if row not in rare]
        return _fitting([*others[:1], *rare, *others[1:]], self.size.width)


def _fitting(keys: list[Row], width: int) -> Content:
    """As many keys as there is room for, each whole and apart from the next; the last two, back and
    help, stay. Where one is left out, help says that it has more."""
    line = _line(keys)
    while line.cell_length > width and keys:
        keys = [*keys[:-3], *keys[-2:]] if len(keys) > 2 else keys[:-1]
        line = _line(keys, more=True)
    return line


def _line(keys: Iterable[Row], *, more: bool = False) -> Content:
    return Content("  ").join(_told(row, more=more and row.binding.id == "help") for row in keys)


def _told(row: Row, *, more: bool) -> Content:
    does = "more" if more else row.binding.description
    press = Style.from_meta({"key": row.binding.key})
    return Content.assemble((row.keys[0], "$text-accent bold"), f" {does}").stylize(press)
