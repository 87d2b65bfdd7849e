"""The keys that work on the screen below, in words, and what its own words mean."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen, Screen
from textual.widgets import Static

from studyapp.tui import keys, sight
from studyapp.tui.keys import bind
from studyapp.tui.row import Row, Rows


class HelpScreen(ModalScreen[None]):
    """Lists bindings with their tooltips, and below them what the page says in its `HELP`."""

    BINDINGS = [  # noqa: RUF012
        bind("help", "dismiss", "close", "Close this"),
        bind("back", "dismiss", "close", "Close this"),
        bind("go_on", "dismiss", "close", "Close this", only="enter"),
        bind("down", "line(1)", "scroll", "Scroll"),
        bind("up", "line(-1)"),
        bind("page_down", "page(1)"),
        bind("page_up", "page(-1)"),
        bind("top", "end(-1)"),
        bind("bottom", "end(1)"),
    ]
    DEFAULT_CSS = """
    HelpScreen {
        align: center middle;
        & > VerticalScroll { width: 72; max-width: 94%; height: auto; max-height: 90%;
            scrollbar-gutter: stable; padding: 1 2; background: $surface;
            border: round $foreground 30%; }
        & Static { width: 1fr; }
    }
    """

    def __init__(self, page: Screen[Any], keymap: Mapping[str, str]) -> None:
        """Of the *page* below; *keymap* has the keys that the learner has chosen."""
        super().__init__()
        self._page = page
        self._keymap = keymap

    def compose(self) -> ComposeResult:
        with VerticalScroll(can_focus=False):
            yield Static(Rows([*self._rows()]), id="help-keys")

    def on_mount(self) -> None:
        """What works may change below, as on a page that is still being read."""
        self._page.bindings_updated_signal.subscribe(self, self._show)

    def _show(self, _: object) -> None:
        self.query_one("#help-keys", Static).update(Rows([*self._rows()]))

    def _rows(self) -> Iterator[Row]:
        shown: dict[str, list[str]] = {}
        for row in keys.rows(self._page.active_bindings.values(), self.app.get_key_display):
            if row.binding.tooltip:
                told = keys.filled(row.binding.tooltip, self._keymap)
                shown.setdefault(told, []).extend(row.keys)
        width = max((len(" ".join(one)) for one in shown.values()), default=0)
        yield Row("", Content.styled("Keys that work here\n", "bold"))
        for text, names in shown.items():
            name = " ".join(dict.fromkeys(names)).rjust(width)
            yield Row(Content.styled(name, "$text-accent bold") + "  ", text)
        if self._page.HELP:
            yield Row("", f"\n{self._page.HELP}")
        back, palette = (keys.of(name, self._keymap) for name in ("back", "palette"))
        told = f"\n{back} closes this; {palette} finds any command"
        yield Row("", Content.styled(told, "dim"))

    def action_line(self, step: int) -> None:
        sight.line(self.query_one(VerticalScroll), step)

    def action_page(self, step: int) -> None:
        sight.page(self.query_one(VerticalScroll), step)

    def action_end(self, side: int) -> None:
        sight.end(self.query_one(VerticalScroll), side)
