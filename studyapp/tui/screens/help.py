"""The keys that work on the screen below, in words."""

from __future__ import annotations

from collections.abc import Mapping

from textual.app import ComposeResult
from textual.binding import ActiveBinding
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static


class HelpScreen(ModalScreen[None]):
    """Lists bindings with their tooltips; any of esc, q, ? closes it."""

    BINDINGS = [("escape,q,question_mark,enter", "dismiss", "close")]  # noqa: RUF012
    DEFAULT_CSS = """
    HelpScreen {
        align: center middle;
        & > VerticalScroll { width: 72; max-width: 94%; height: auto; max-height: 90%;
            padding: 1 2; background: $surface; border: round $foreground 30%; }
        & Static { width: 1fr; }
    }
    """

    def __init__(self, bindings: Mapping[str, ActiveBinding]) -> None:
        super().__init__()
        self._active = bindings

    def compose(self) -> ComposeResult:
        with VerticalScroll():
            yield Static(Content.assemble(*self._lines()), id="help-keys")

    def _lines(self) -> list[Content]:
        keys: dict[str, list[str]] = {}
        for active in self._active.values():
            binding = active.binding
            if binding.tooltip and active.enabled:
                keys.setdefault(binding.tooltip, []).append(self.app.get_key_display(binding))
        width = max((len(" ".join(shown)) for shown in keys.values()), default=0)
        lines = [Content.styled("Keys that work here\n\n", "bold")]
        for text, shown in keys.items():
            lines.append(
                Content.assemble(
                    (" ".join(dict.fromkeys(shown)).rjust(width), "$text-accent bold"),
                    f"  {text}\n",
                )
            )
        lines.append(Content.styled("\nesc closes this; ctrl+p finds any command", "dim"))
        return lines
